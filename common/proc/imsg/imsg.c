/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Messages with a header; see imsg.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define FD_MARK		0x80000000U	/* in hdr.len: a descriptor belongs */
#define ALLOW_FDPASS	0x01		/* in flags */

_Static_assert(sizeof(struct imsg_hdr) == 16, "four words, no padding");

/* Called by the msgbuf as soon as a header is complete. */
static struct ibuf *
read_header(struct ibuf *view, void *arg, int *fd)
{
	struct imsgbuf *ib = arg;
	struct imsg_hdr hdr;
	struct ibuf *b;
	uint32_t len;

	if (ibuf_get(view, &hdr, sizeof(hdr)) == -1)
		return NULL;
	len = hdr.len & ~FD_MARK;
	if (len < IMSG_HEADER_SIZE || len > ib->maxsize) {
		errno = ERANGE;
		return NULL;
	}
	if ((b = ibuf_open(len)) == NULL)
		return NULL;
	if (hdr.len & FD_MARK) {
		ibuf_fd_set(b, *fd);
		*fd = -1;
	}
	return b;
}

int
imsgbuf_init(struct imsgbuf *ib, int fd)
{
	memset(ib, 0, sizeof(*ib));
	ib->w = msgbuf_new_reader(IMSG_HEADER_SIZE, read_header, ib);
	if (ib->w == NULL)
		return -1;
	ib->pid = getpid();
	ib->maxsize = MAX_IMSGSIZE;
	ib->fd = fd;
	return 0;
}

void
imsgbuf_allow_fdpass(struct imsgbuf *ib)
{
	ib->flags |= ALLOW_FDPASS;
}

int
imsgbuf_set_maxsize(struct imsgbuf *ib, uint32_t max)
{
	if (max > UINT32_MAX - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return -1;
	}
	max += IMSG_HEADER_SIZE;
	if (max & FD_MARK) {
		errno = EINVAL;
		return -1;
	}
	ib->maxsize = max;
	return 0;
}

int
imsgbuf_read(struct imsgbuf *ib)
{
	return ib->flags & ALLOW_FDPASS ? msgbuf_read(ib->fd, ib->w) :
	    ibuf_read(ib->fd, ib->w);
}

int
imsgbuf_write(struct imsgbuf *ib)
{
	return ib->flags & ALLOW_FDPASS ? msgbuf_write(ib->fd, ib->w) :
	    ibuf_write(ib->fd, ib->w);
}

int
imsgbuf_flush(struct imsgbuf *ib)
{
	while (imsgbuf_queuelen(ib) > 0)
		if (imsgbuf_write(ib) == -1)
			return -1;
	return 0;
}

uint32_t
imsgbuf_queuelen(const struct imsgbuf *ib)
{
	return msgbuf_queuelen(ib->w);
}

void
imsgbuf_clear(struct imsgbuf *ib)
{
	msgbuf_free(ib->w);
	ib->w = NULL;
}

int
imsgbuf_get(struct imsgbuf *ib, struct imsg *imsg)
{
	struct ibuf *b = msgbuf_get(ib->w);

	if (b == NULL)
		return 0;
	if (ibuf_get(b, &imsg->hdr, sizeof(imsg->hdr)) == -1) {
		ibuf_free(b);
		return -1;
	}
	imsg->hdr.len &= ~FD_MARK;
	imsg->data = ibuf_size(b) == 0 ? NULL : ibuf_data(b);
	imsg->buf = b;
	return 1;
}

void
imsg_free(struct imsg *imsg)
{
	ibuf_free(imsg->buf);
	imsg->buf = NULL;
	imsg->data = NULL;
}

int
imsg_compose(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, int fd,
    const void *data, size_t len)
{
	struct imsg_hdr hdr = { .type = type, .peerid = id };
	struct ibuf *b;

	if (len > ib->maxsize - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return -1;
	}
	hdr.len = (uint32_t)(len + IMSG_HEADER_SIZE);
	if (fd >= 0)
		hdr.len |= FD_MARK;
	hdr.pid = (uint32_t)(pid == 0 ? ib->pid : pid);
	if ((b = ibuf_open(len + IMSG_HEADER_SIZE)) == NULL)
		return -1;
	if (ibuf_add(b, &hdr, sizeof(hdr)) == -1 ||
	    ibuf_add(b, data, len) == -1) {
		ibuf_free(b);
		return -1;
	}
	ibuf_fd_set(b, fd);
	ibuf_close(ib->w, b);
	return 1;
}

uint32_t
imsg_get_type(const struct imsg *imsg)
{
	return imsg->hdr.type;
}

int
imsg_get_fd(struct imsg *imsg)
{
	return ibuf_fd_get(imsg->buf);
}

int
imsg_get_ibuf(struct imsg *imsg, struct ibuf *v)
{
	if (ibuf_size(imsg->buf) == 0) {
		errno = EBADMSG;
		return -1;
	}
	return ibuf_get_ibuf(imsg->buf, ibuf_size(imsg->buf), v);
}
