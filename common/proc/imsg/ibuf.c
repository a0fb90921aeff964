/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One buffer; see imsg.h. */
#include <errno.h>
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

struct ibuf *
ibuf_open(size_t len)
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
	b->fd = NO_FD;
	return b;
}

/* It keeps errno, so that error paths can use it. */
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

int
ibuf_add(struct ibuf *b, const void *data, size_t len)
{
	if (len == 0)
		return 0;
	if (b->fd == VIEW)
		return fail(EINVAL);
	if (len > ibuf_left(b))
		return fail(ERANGE);
	memcpy(b->buf + b->wpos, data, len);
	b->wpos += len;
	return 0;
}

void *
ibuf_data(const struct ibuf *b)
{
	/* an empty view may have none, to which nothing can be added */
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
	return b->fd == VIEW ? 0 : b->size - b->wpos;
}

void
ibuf_from_buffer(struct ibuf *v, void *data, size_t len)
{
	memset(v, 0, sizeof(*v));
	v->buf = data;
	v->size = v->wpos = len;
	v->fd = VIEW;
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
