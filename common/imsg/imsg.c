/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Messages between processes of one machine, header in host byte order. */

#include <sys/types.h>
#include <sys/uio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define ALLOW_FDPASS	0x01
#define FD_MARK		0x80000000U	/* in len: a descriptor belongs here */

/* Checks a header and makes the buffer of its whole message. */
static struct ibuf *
imsg_readhdr(struct ibuf *view, void *arg, int *fd)
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
	ib->w = msgbuf_new_reader(IMSG_HEADER_SIZE, imsg_readhdr, ib);
	if (ib->w == NULL)
		return -1;
	ib->pid = getpid();
	ib->maxsize = MAX_IMSGSIZE;
	ib->fd = fd;
	ib->flags = 0;
	return 0;
}

void
imsgbuf_allow_fdpass(struct imsgbuf *ib)
{
	ib->flags |= ALLOW_FDPASS;
}

/* Limits the payload of what is made and received from now on. */
int
imsgbuf_set_maxsize(struct imsgbuf *ib, uint32_t max)
{
	if (max > UINT32_MAX - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return -1;
	}
	max += (uint32_t)IMSG_HEADER_SIZE;
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
	if (ib->flags & ALLOW_FDPASS)
		return msgbuf_read(ib->fd, ib->w);
	return ibuf_read(ib->fd, ib->w);
}

int
imsgbuf_write(struct imsgbuf *ib)
{
	if (ib->flags & ALLOW_FDPASS)
		return msgbuf_write(ib->fd, ib->w);
	return ibuf_write(ib->fd, ib->w);
}

int
imsgbuf_flush(struct imsgbuf *ib)
{
	while (imsgbuf_queuelen(ib) > 0)
		if (imsgbuf_write(ib) == -1)
			return -1;
	return 0;
}

void
imsgbuf_clear(struct imsgbuf *ib)
{
	msgbuf_free(ib->w);
	ib->w = NULL;
}

uint32_t
imsgbuf_queuelen(struct imsgbuf *ib)
{
	return msgbuf_queuelen(ib->w);
}

/* Makes *m of a whole message: 1, or -1 with b freed. */
static int
imsg_from_ibuf(struct imsg *m, struct ibuf *b)
{
	if (ibuf_get(b, &m->hdr, sizeof(m->hdr)) == -1) {
		ibuf_free(b);
		return -1;
	}
	m->hdr.len &= ~FD_MARK;
	m->data = ibuf_size(b) > 0 ? ibuf_data(b) : NULL;
	m->buf = b;
	return 1;
}

/* The next received message: 1, 0 if there is none, -1. */
int
imsgbuf_get(struct imsgbuf *ib, struct imsg *m)
{
	struct ibuf *b;

	if ((b = msgbuf_get(ib->w)) == NULL)
		return 0;
	return imsg_from_ibuf(m, b);
}

struct ibuf *
imsg_create(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid,
    size_t len)
{
	struct imsg_hdr hdr;
	struct ibuf *b;

	if (len > ib->maxsize - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return NULL;
	}
	if ((b = ibuf_dynamic(len + IMSG_HEADER_SIZE, ib->maxsize)) == NULL)
		return NULL;
	memset(&hdr, 0, sizeof(hdr));
	hdr.type = type;
	hdr.peerid = id;
	hdr.pid = (uint32_t)(pid != 0 ? pid : ib->pid);
	if (ibuf_add(b, &hdr, sizeof(hdr)) == -1) {
		ibuf_free(b);
		return NULL;
	}
	return b;
}

int
imsg_add(struct ibuf *b, const void *data, size_t len)
{
	if (ibuf_add(b, data, len) == -1) {
		ibuf_free(b);
		return -1;
	}
	return (int)len;
}

int
imsg_set_maxsize(struct ibuf *b, size_t max)
{
	if (max > UINT32_MAX - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return -1;
	}
	return ibuf_set_maxsize(b, max + IMSG_HEADER_SIZE);
}

/* Writes the length into the header. */
static void
imsg_seal(struct ibuf *b, size_t len)
{
	struct imsg_hdr hdr;

	memcpy(&hdr, ibuf_data(b), sizeof(hdr));
	hdr.len = (uint32_t)len;
	if (ibuf_fd_avail(b))
		hdr.len |= FD_MARK;
	(void)ibuf_set(b, 0, &hdr, sizeof(hdr));
}

void
imsg_close(struct imsgbuf *ib, struct ibuf *b)
{
	imsg_seal(b, ibuf_size(b));
	ibuf_close(ib->w, b);
}

int
imsg_composev(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid,
    int fd, const struct iovec *iov, int n)
{
	struct ibuf *b;
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > SIZE_MAX - len) {
			errno = ERANGE;
			return -1;
		}
		len += iov[i].iov_len;
	}
	if ((b = imsg_create(ib, type, id, pid, len)) == NULL)
		return -1;
	for (i = 0; i < n; i++)
		if (imsg_add(b, iov[i].iov_base, iov[i].iov_len) == -1)
			return -1;
	ibuf_fd_set(b, fd);
	imsg_close(ib, b);
	return 1;
}

int
imsg_compose(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, int fd,
    const void *data, size_t len)
{
	struct ibuf *b;

	if ((b = imsg_create(ib, type, id, pid, len)) == NULL)
		return -1;
	if (imsg_add(b, data, len) == -1)
		return -1;
	ibuf_fd_set(b, fd);
	imsg_close(ib, b);
	return 1;
}

/* The payload is b, which is consumed in every case. */
int
imsg_compose_ibuf(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid,
    struct ibuf *b)
{
	struct ibuf *h;
	int saved;

	if (ibuf_size(b) > ib->maxsize - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		goto fail;
	}
	if ((h = imsg_create(ib, type, id, pid, 0)) == NULL)
		goto fail;
	imsg_seal(h, IMSG_HEADER_SIZE + ibuf_size(b));
	ibuf_close(ib->w, h);
	ibuf_close(ib->w, b);
	return 1;
fail:
	saved = errno;
	ibuf_free(b);
	errno = saved;
	return -1;
}

/* Queues a copy of the whole payload, without the descriptor. */
int
imsg_forward(struct imsgbuf *ib, struct imsg *m)
{
	ibuf_rewind(m->buf);
	(void)ibuf_skip(m->buf, IMSG_HEADER_SIZE);
	return imsg_compose(ib, m->hdr.type, m->hdr.peerid,
	    (pid_t)m->hdr.pid, -1, ibuf_data(m->buf), ibuf_size(m->buf));
}

void
imsg_free(struct imsg *m)
{
	ibuf_free(m->buf);
	m->buf = NULL;
	m->data = NULL;
}

int
imsg_get_ibuf(struct imsg *m, struct ibuf *v)
{
	if (ibuf_size(m->buf) == 0) {
		errno = EBADMSG;
		return -1;
	}
	return ibuf_get_ibuf(m->buf, ibuf_size(m->buf), v);
}

int
imsg_get_data(struct imsg *m, void *data, size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	if (ibuf_size(m->buf) != len) {
		errno = EBADMSG;
		return -1;
	}
	return ibuf_get(m->buf, data, len);
}

int
imsg_get_buf(struct imsg *m, void *data, size_t len)
{
	return ibuf_get(m->buf, data, len);
}

int
imsg_get_strbuf(struct imsg *m, char *s, size_t len)
{
	return ibuf_get_strbuf(m->buf, s, len);
}

int
imsg_get_fd(struct imsg *m)
{
	return ibuf_fd_get(m->buf);
}

uint32_t
imsg_get_id(struct imsg *m)
{
	return m->hdr.peerid;
}

size_t
imsg_get_len(struct imsg *m)
{
	return ibuf_size(m->buf);
}

pid_t
imsg_get_pid(struct imsg *m)
{
	return (pid_t)m->hdr.pid;
}

uint32_t
imsg_get_type(struct imsg *m)
{
	return m->hdr.type;
}

/* Parks a received message, its descriptor with it. */
void
imsg_ibufq_push(struct ibufqueue *q, struct imsg *m)
{
	ibuf_rewind(m->buf);
	ibufq_push(q, m->buf);
	memset(m, 0, sizeof(*m));
}

int
imsg_ibufq_pop(struct ibufqueue *q, struct imsg *m)
{
	struct ibuf *b;

	if ((b = ibufq_pop(q)) == NULL)
		return 0;
	return imsg_from_ibuf(m, b);
}
