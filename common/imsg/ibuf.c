/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One buffer, and queues of them. */

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"
#include "ibufq.h"

/* Handing on a view as if it owned its memory is a programming error. */
static void
owned(const struct ibuf *b)
{
	if (b->fd == FD_VIEW)
		abort();
}

/* A buffer of exactly len octets. */
struct ibuf *
ibuf_open(size_t len)
{
	struct ibuf *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if (len > 0 && (b->buf = calloc(1, len)) == NULL) {
		free(b);
		return NULL;
	}
	b->size = b->max = len;
	b->fd = FD_NONE;
	return b;
}

/* A buffer of len octets that grows on demand to max. */
struct ibuf *
ibuf_dynamic(size_t len, size_t max)
{
	struct ibuf *b;

	if (max == 0 || max < len) {
		errno = EINVAL;
		return NULL;
	}
	if ((b = ibuf_open(len)) != NULL)
		b->max = max;
	return b;
}

static int
ibuf_grow(struct ibuf *b, size_t need)
{
	unsigned char *p;
	size_t size = b->size < 64 ? 64 : b->size;

	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	if (size > b->max)
		size = b->max;
	if ((p = recallocarray(b->buf, b->size, size, 1)) == NULL)
		return -1;
	b->buf = p;
	b->size = size;
	return 0;
}

/* Appends len octets of room and says where it is until the next append. */
void *
ibuf_reserve(struct ibuf *b, size_t len)
{
	void *p;

	if (b->fd == FD_VIEW) {
		errno = EINVAL;
		return NULL;
	}
	if (len > b->max - b->wpos) {
		errno = ERANGE;
		return NULL;
	}
	if (len > b->size - b->wpos && ibuf_grow(b, b->wpos + len) == -1)
		return NULL;
	if (b->buf == NULL)
		return NULL;
	p = b->buf + b->wpos;
	b->wpos += len;
	return p;
}

int
ibuf_add(struct ibuf *b, const void *data, size_t len)
{
	void *p;

	if (len == 0)
		return 0;
	if ((p = ibuf_reserve(b, len)) == NULL)
		return -1;
	memcpy(p, data, len);
	return 0;
}

int
ibuf_add_ibuf(struct ibuf *b, const struct ibuf *from)
{
	return ibuf_add(b, ibuf_data(from), ibuf_size(from));
}

int
ibuf_add_zero(struct ibuf *b, size_t len)
{
	void *p;

	if (len == 0)
		return 0;
	if ((p = ibuf_reserve(b, len)) == NULL)
		return -1;
	memset(p, 0, len);
	return 0;
}

static int
fits(uint64_t v, uint64_t max)
{
	if (v <= max)
		return 1;
	errno = EINVAL;
	return 0;
}

int
ibuf_add_n8(struct ibuf *b, uint64_t v)
{
	uint8_t n = (uint8_t)v;

	return fits(v, UINT8_MAX) ? ibuf_add(b, &n, sizeof(n)) : -1;
}

int
ibuf_add_n16(struct ibuf *b, uint64_t v)
{
	uint16_t n = htobe16((uint16_t)v);

	return fits(v, UINT16_MAX) ? ibuf_add(b, &n, sizeof(n)) : -1;
}

int
ibuf_add_n32(struct ibuf *b, uint64_t v)
{
	uint32_t n = htobe32((uint32_t)v);

	return fits(v, UINT32_MAX) ? ibuf_add(b, &n, sizeof(n)) : -1;
}

int
ibuf_add_n64(struct ibuf *b, uint64_t v)
{
	v = htobe64(v);
	return ibuf_add(b, &v, sizeof(v));
}

int
ibuf_add_h16(struct ibuf *b, uint64_t v)
{
	uint16_t n = (uint16_t)v;

	return fits(v, UINT16_MAX) ? ibuf_add(b, &n, sizeof(n)) : -1;
}

int
ibuf_add_h32(struct ibuf *b, uint64_t v)
{
	uint32_t n = (uint32_t)v;

	return fits(v, UINT32_MAX) ? ibuf_add(b, &n, sizeof(n)) : -1;
}

int
ibuf_add_h64(struct ibuf *b, uint64_t v)
{
	return ibuf_add(b, &v, sizeof(v));
}

/* Appends a field of len octets: s, a NUL, zeros. */
int
ibuf_add_strbuf(struct ibuf *b, const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *p;

	if (len > 0) {
		if ((p = ibuf_reserve(b, len)) == NULL)
			return -1;
		memset(p, 0, len);
		memcpy(p, s, n < len ? n : len - 1);
	}
	if (n >= len) {
		errno = EOVERFLOW;
		return -1;
	}
	return 0;
}

/* Where len octets at pos of the contents are. */
void *
ibuf_seek(struct ibuf *b, size_t pos, size_t len)
{
	if (len > ibuf_size(b) || pos > ibuf_size(b) - len) {
		errno = ERANGE;
		return NULL;
	}
	return (unsigned char *)ibuf_data(b) + pos;
}

int
ibuf_set(struct ibuf *b, size_t pos, const void *data, size_t len)
{
	void *p;

	if ((p = ibuf_seek(b, pos, len)) == NULL)
		return -1;
	memcpy(p, data, len);
	return 0;
}

int
ibuf_set_n8(struct ibuf *b, size_t pos, uint64_t v)
{
	uint8_t n = (uint8_t)v;

	return fits(v, UINT8_MAX) ? ibuf_set(b, pos, &n, sizeof(n)) : -1;
}

int
ibuf_set_n16(struct ibuf *b, size_t pos, uint64_t v)
{
	uint16_t n = htobe16((uint16_t)v);

	return fits(v, UINT16_MAX) ? ibuf_set(b, pos, &n, sizeof(n)) : -1;
}

int
ibuf_set_n32(struct ibuf *b, size_t pos, uint64_t v)
{
	uint32_t n = htobe32((uint32_t)v);

	return fits(v, UINT32_MAX) ? ibuf_set(b, pos, &n, sizeof(n)) : -1;
}

int
ibuf_set_n64(struct ibuf *b, size_t pos, uint64_t v)
{
	v = htobe64(v);
	return ibuf_set(b, pos, &v, sizeof(v));
}

int
ibuf_set_h16(struct ibuf *b, size_t pos, uint64_t v)
{
	uint16_t n = (uint16_t)v;

	return fits(v, UINT16_MAX) ? ibuf_set(b, pos, &n, sizeof(n)) : -1;
}

int
ibuf_set_h32(struct ibuf *b, size_t pos, uint64_t v)
{
	uint32_t n = (uint32_t)v;

	return fits(v, UINT32_MAX) ? ibuf_set(b, pos, &n, sizeof(n)) : -1;
}

int
ibuf_set_h64(struct ibuf *b, size_t pos, uint64_t v)
{
	return ibuf_set(b, pos, &v, sizeof(v));
}

int
ibuf_set_maxsize(struct ibuf *b, size_t max)
{
	if (b->fd == FD_VIEW) {
		errno = EINVAL;
		return -1;
	}
	if (max > b->max || max < b->wpos) {
		errno = ERANGE;
		return -1;
	}
	b->max = max;
	if (b->size > max)
		b->size = max;
	return 0;
}

void *
ibuf_data(const struct ibuf *b)
{
	return b->buf == NULL ? NULL : b->buf + b->rpos;
}

size_t
ibuf_size(const struct ibuf *b)
{
	return b->wpos - b->rpos;
}

size_t
ibuf_left(const struct ibuf *b)
{
	return b->fd == FD_VIEW ? 0 : b->max - b->wpos;
}

/* Makes the contents len octets long: cuts, or appends zeros. */
int
ibuf_truncate(struct ibuf *b, size_t len)
{
	if (len <= ibuf_size(b)) {
		b->wpos = b->rpos + len;
		return 0;
	}
	if (b->fd == FD_VIEW) {
		errno = ERANGE;
		return -1;
	}
	return ibuf_add_zero(b, len - ibuf_size(b));
}

void
ibuf_rewind(struct ibuf *b)
{
	b->rpos = 0;
}

void
ibuf_free(struct ibuf *b)
{
	int saved = errno;

	if (b == NULL)
		return;
	owned(b);
	if (b->fd >= 0)
		close(b->fd);
	freezero(b->buf, b->size);
	free(b);
	errno = saved;
}

void
ibuf_from_buffer(struct ibuf *v, void *data, size_t len)
{
	memset(v, 0, sizeof(*v));
	v->buf = data;
	v->size = v->max = v->wpos = len;
	v->fd = FD_VIEW;
}

void
ibuf_from_ibuf(struct ibuf *v, const struct ibuf *from)
{
	ibuf_from_buffer(v, ibuf_data(from), ibuf_size(from));
}

int
ibuf_get(struct ibuf *b, void *data, size_t len)
{
	if (ibuf_size(b) < len) {
		errno = EBADMSG;
		return -1;
	}
	if (len > 0)
		memcpy(data, ibuf_data(b), len);
	b->rpos += len;
	return 0;
}

int
ibuf_get_n8(struct ibuf *b, uint8_t *v)
{
	return ibuf_get(b, v, sizeof(*v));
}

int
ibuf_get_n16(struct ibuf *b, uint16_t *v)
{
	if (ibuf_get(b, v, sizeof(*v)) == -1)
		return -1;
	*v = be16toh(*v);
	return 0;
}

int
ibuf_get_n32(struct ibuf *b, uint32_t *v)
{
	if (ibuf_get(b, v, sizeof(*v)) == -1)
		return -1;
	*v = be32toh(*v);
	return 0;
}

int
ibuf_get_n64(struct ibuf *b, uint64_t *v)
{
	if (ibuf_get(b, v, sizeof(*v)) == -1)
		return -1;
	*v = be64toh(*v);
	return 0;
}

int
ibuf_get_h16(struct ibuf *b, uint16_t *v)
{
	return ibuf_get(b, v, sizeof(*v));
}

int
ibuf_get_h32(struct ibuf *b, uint32_t *v)
{
	return ibuf_get(b, v, sizeof(*v));
}

int
ibuf_get_h64(struct ibuf *b, uint64_t *v)
{
	return ibuf_get(b, v, sizeof(*v));
}

/* *v: a view of the next len octets, which are consumed. */
int
ibuf_get_ibuf(struct ibuf *b, size_t len, struct ibuf *v)
{
	if (ibuf_size(b) < len) {
		errno = EBADMSG;
		return -1;
	}
	ibuf_from_buffer(v, ibuf_data(b), len);
	b->rpos += len;
	return 0;
}

char *
ibuf_get_string(struct ibuf *b, size_t len)
{
	char *s;

	if (ibuf_size(b) < len) {
		errno = EBADMSG;
		return NULL;
	}
	if (len == 0)
		return strdup("");
	if ((s = strndup(ibuf_data(b), len)) != NULL)
		b->rpos += len;
	return s;
}

/* Consumes a field of len octets into s. */
int
ibuf_get_strbuf(struct ibuf *b, char *s, size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	if (ibuf_get(b, s, len) == -1)
		return -1;
	if (memchr(s, '\0', len) == NULL) {
		s[len - 1] = '\0';
		errno = EOVERFLOW;
		return -1;
	}
	memset(s + strlen(s), 0, len - strlen(s));
	return 0;
}

int
ibuf_skip(struct ibuf *b, size_t len)
{
	if (ibuf_size(b) < len) {
		errno = EBADMSG;
		return -1;
	}
	b->rpos += len;
	return 0;
}

int
ibuf_fd_avail(struct ibuf *b)
{
	return b->fd >= 0;
}

int
ibuf_fd_get(struct ibuf *b)
{
	int fd = b->fd;

	if (fd < 0)
		return -1;
	b->fd = FD_NONE;
	return fd;
}

void
ibuf_fd_set(struct ibuf *b, int fd)
{
	owned(b);
	if (b->fd >= 0)
		close(b->fd);
	b->fd = fd >= 0 ? fd : FD_NONE;
}

struct ibufqueue *
ibufq_new(void)
{
	struct ibufqueue *q;

	if ((q = calloc(1, sizeof(*q))) != NULL)
		TAILQ_INIT(&q->bufs);
	return q;
}

void
ibufq_free(struct ibufqueue *q)
{
	if (q == NULL)
		return;
	ibufq_flush(q);
	free(q);
}

struct ibuf *
ibufq_pop(struct ibufqueue *q)
{
	struct ibuf *b = TAILQ_FIRST(&q->bufs);

	if (b == NULL)
		return NULL;
	TAILQ_REMOVE(&q->bufs, b, entry);
	q->count--;
	return b;
}

void
ibufq_push(struct ibufqueue *q, struct ibuf *b)
{
	owned(b);
	TAILQ_INSERT_TAIL(&q->bufs, b, entry);
	q->count++;
}

uint32_t
ibufq_queuelen(struct ibufqueue *q)
{
	return q->count;
}

void
ibufq_concat(struct ibufqueue *to, struct ibufqueue *from)
{
	TAILQ_CONCAT(&to->bufs, &from->bufs, entry);
	to->count += from->count;
	from->count = 0;
}

void
ibufq_flush(struct ibufqueue *q)
{
	struct ibuf *b;

	while ((b = ibufq_pop(q)) != NULL)
		ibuf_free(b);
}
