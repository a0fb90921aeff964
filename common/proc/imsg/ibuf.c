/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One buffer; see imsg.h. */
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define NO_FD	(-1)
#define VIEW	(-2)	/* in fd: the memory is somebody else's */

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* A NULL buffer (an empty view) must not be added to, even nothing. */
static unsigned char *
at(const struct ibuf *b, size_t pos)
{
	return b->buf == NULL ? NULL : b->buf + pos;
}

static struct ibuf *
ibuf_new(size_t len, size_t max)
{
	struct ibuf *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	/* never NULL, so that a pointer into it is always one */
	if ((b->buf = calloc(1, len == 0 ? 1 : len)) == NULL) {
		free(b);
		return NULL;
	}
	b->size = len;
	b->max = max;
	b->fd = NO_FD;
	return b;
}

struct ibuf *
ibuf_open(size_t len)
{
	return ibuf_new(len, len);
}

struct ibuf *
ibuf_dynamic(size_t len, size_t max)
{
	if (max == 0 || max < len) {
		errno = EINVAL;
		return NULL;
	}
	return ibuf_new(len, max);
}

/* Wipes and frees; keeps errno, for use on error paths. */
void
ibuf_free(struct ibuf *b)
{
	int saved = errno;

	if (b == NULL)
		return;
	if (b->fd == VIEW)
		abort();
	if (b->fd >= 0)
		close(b->fd);
	freezero(b->buf, b->size);
	freezero(b, sizeof(*b));
	errno = saved;
}

/* Makes room for need octets, need <= max: at least doubles. */
static int
grow(struct ibuf *b, size_t need)
{
	size_t size = b->size > b->max / 2 ? b->max : b->size * 2;
	unsigned char *p;

	if (size < need)
		size = need;
	if ((p = calloc(1, size)) == NULL)
		return -1;
	memcpy(p, b->buf, b->wpos);
	freezero(b->buf, b->size);
	b->buf = p;
	b->size = size;
	return 0;
}

void *
ibuf_reserve(struct ibuf *b, size_t len)
{
	unsigned char *p;

	if (b->fd == VIEW) {
		errno = EINVAL;
		return NULL;
	}
	if (len > b->max - b->wpos) {
		errno = ERANGE;
		return NULL;
	}
	if (len > b->size - b->wpos && grow(b, b->wpos + len) == -1)
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

int
ibuf_add_strbuf(struct ibuf *b, const char *s, size_t len)
{
	char *p;

	if (len == 0)
		return fail(EOVERFLOW);
	if ((p = ibuf_reserve(b, len)) == NULL)
		return -1;
	memset(p, 0, len);
	if (strlcpy(p, s, len) >= len)
		return fail(EOVERFLOW);
	return 0;
}

void *
ibuf_seek(struct ibuf *b, size_t pos, size_t len)
{
	if (pos > ibuf_size(b) || len > ibuf_size(b) - pos) {
		errno = ERANGE;
		return NULL;
	}
	return at(b, b->rpos + pos);
}

int
ibuf_set(struct ibuf *b, size_t pos, const void *data, size_t len)
{
	void *p = ibuf_seek(b, pos, len);

	if (p == NULL)
		return -1;
	memcpy(p, data, len);
	return 0;
}

/* Copies len octets between a number's order and the host's. */
static void
reorder(unsigned char *to, const unsigned char *from, size_t len, bool host)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] =
		    from[host || BYTE_ORDER == BIG_ENDIAN ? i : len - 1 - i];
}

/* The len octets of v, in network or in host order. */
static int
ibuf_number(unsigned char *to, uint64_t v, size_t len, bool host)
{
	unsigned char octets[sizeof(v)];

	if (len < sizeof(v) && v >> (8 * len) != 0)
		return fail(EINVAL);
	memcpy(octets, &v, sizeof(v));
	reorder(to,
	    BYTE_ORDER == BIG_ENDIAN ? octets + sizeof(v) - len : octets, len,
	    host);
	return 0;
}

static int
add_number(struct ibuf *b, uint64_t v, size_t len, bool host)
{
	unsigned char octets[sizeof(v)];

	if (ibuf_number(octets, v, len, host) == -1)
		return -1;
	return ibuf_add(b, octets, len);
}

static int
set_number(struct ibuf *b, size_t pos, uint64_t v, size_t len, bool host)
{
	unsigned char octets[sizeof(v)];

	if (ibuf_number(octets, v, len, host) == -1)
		return -1;
	return ibuf_set(b, pos, octets, len);
}

/* *v stays as it is after a failure. */
static int
get_number(struct ibuf *b, void *v, size_t len, bool host)
{
	unsigned char octets[sizeof(uint64_t)];

	if (ibuf_get(b, octets, len) == -1)
		return -1;
	reorder(v, octets, len, host);
	return 0;
}

#define NUMBER(name, type, host)					\
int									\
ibuf_add_##name(struct ibuf *b, uint64_t v)				\
{									\
	return add_number(b, v, sizeof(type), host);			\
}									\
int									\
ibuf_set_##name(struct ibuf *b, size_t pos, uint64_t v)			\
{									\
	return set_number(b, pos, v, sizeof(type), host);		\
}
#define NUMBER_GET(name, type, host)					\
NUMBER(name, type, host)						\
int									\
ibuf_get_##name(struct ibuf *b, type *v)				\
{									\
	return get_number(b, v, sizeof(type), host);			\
}

NUMBER_GET(n8, uint8_t, false)
NUMBER_GET(n16, uint16_t, false)
NUMBER_GET(n32, uint32_t, false)
NUMBER_GET(n64, uint64_t, false)
NUMBER_GET(h16, uint16_t, true)
NUMBER_GET(h32, uint32_t, true)
NUMBER_GET(h64, uint64_t, true)

int
ibuf_set_maxsize(struct ibuf *b, size_t max)
{
	if (b->fd == VIEW)
		return fail(EINVAL);
	if (max > b->max || max < b->wpos)
		return fail(ERANGE);
	b->max = max;
	/* what is cut off was never written, so it needs no wiping */
	if (b->size > max)
		b->size = max;
	return 0;
}

void *
ibuf_data(const struct ibuf *b)
{
	return at(b, b->rpos);
}

size_t
ibuf_size(const struct ibuf *b)
{
	return b->wpos - b->rpos;
}

size_t
ibuf_left(const struct ibuf *b)
{
	return b->fd == VIEW ? 0 : b->max - b->wpos;
}

int
ibuf_truncate(struct ibuf *b, size_t len)
{
	if (len <= ibuf_size(b)) {
		b->wpos = b->rpos + len;
		return 0;
	}
	if (b->fd == VIEW)
		return fail(ERANGE);
	return ibuf_add_zero(b, len - ibuf_size(b));
}

void
ibuf_rewind(struct ibuf *b)
{
	b->rpos = 0;
}

void
ibuf_from_buffer(struct ibuf *v, void *data, size_t len)
{
	memset(v, 0, sizeof(*v));
	v->buf = data;
	v->size = v->max = v->wpos = len;
	v->fd = VIEW;
}

void
ibuf_from_ibuf(struct ibuf *v, const struct ibuf *from)
{
	ibuf_from_buffer(v, ibuf_data(from), ibuf_size(from));
}

int
ibuf_get(struct ibuf *b, void *data, size_t len)
{
	if (ibuf_size(b) < len)
		return fail(EBADMSG);
	if (len != 0)
		memcpy(data, ibuf_data(b), len);
	b->rpos += len;
	return 0;
}

int
ibuf_get_ibuf(struct ibuf *b, size_t len, struct ibuf *v)
{
	if (ibuf_size(b) < len)
		return fail(EBADMSG);
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
	if ((s = strndup(len == 0 ? "" : ibuf_data(b), len)) == NULL)
		return NULL;
	b->rpos += len;
	return s;
}

int
ibuf_get_strbuf(struct ibuf *b, char *s, size_t len)
{
	char *end;

	if (len == 0)
		return fail(EINVAL);
	if (ibuf_get(b, s, len) == -1)
		return -1;
	if ((end = memchr(s, '\0', len)) == NULL) {
		s[len - 1] = '\0';
		return fail(EOVERFLOW);
	}
	memset(end, 0, len - (size_t)(end - s));
	return 0;
}

int
ibuf_skip(struct ibuf *b, size_t len)
{
	if (ibuf_size(b) < len)
		return fail(EBADMSG);
	b->rpos += len;
	return 0;
}

int
ibuf_fd_avail(const struct ibuf *b)
{
	return b->fd >= 0;
}

int
ibuf_fd_get(struct ibuf *b)
{
	int fd = b->fd;

	if (fd < 0)
		return -1;
	b->fd = NO_FD;
	return fd;
}

void
ibuf_fd_set(struct ibuf *b, int fd)
{
	if (b->fd == VIEW)
		abort();
	if (b->fd >= 0)
		close(b->fd);
	b->fd = fd < 0 ? NO_FD : fd;
}
