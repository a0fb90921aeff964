/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Messages with a header; see imsg.h. */
#include <sys/uio.h>
#include <errno.h>
#include <stddef.h>
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

/* A whole message, header first, becomes *imsg, which owns b then. */
static int
imsg_from(struct imsg *imsg, struct ibuf *b)
{
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

int
imsgbuf_get(struct imsgbuf *ib, struct imsg *imsg)
{
	return imsg_from(imsg, msgbuf_get(ib->w));
}

void
imsg_free(struct imsg *imsg)
{
	ibuf_free(imsg->buf);
	imsg->buf = NULL;
	imsg->data = NULL;
}

/* A buffer with the header in it; pid is taken as it is. */
static struct ibuf *
header(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, size_t size,
    size_t max)
{
	struct imsg_hdr hdr = { .type = type, .len = 0, .peerid = id };
	struct ibuf *b;

	if (size > ib->maxsize - IMSG_HEADER_SIZE) {
		errno = ERANGE;
		return NULL;
	}
	hdr.pid = (uint32_t)pid;
	if ((b = ibuf_dynamic(
		 max == IMSG_HEADER_SIZE ? max : size + IMSG_HEADER_SIZE,
		 max)) == NULL)
		return NULL;
	if (ibuf_add(b, &hdr, sizeof(hdr)) == -1) {
		ibuf_free(b);
		return NULL;
	}
	return b;
}

static pid_t
sender(const struct imsgbuf *ib, pid_t pid)
{
	return pid == 0 ? ib->pid : pid;
}

struct ibuf *
imsg_create(
    struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, size_t len)
{
	return header(ib, type, id, sender(ib, pid), len, ib->maxsize);
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

/* Completes the header in b for a payload of len octets. */
static void
seal(struct ibuf *b, size_t len)
{
	uint32_t n = (uint32_t)(len + IMSG_HEADER_SIZE);

	if (ibuf_fd_avail(b))
		n |= FD_MARK;
	(void)ibuf_set_h32(b, offsetof(struct imsg_hdr, len), n);
}

void
imsg_close(struct imsgbuf *ib, struct ibuf *b)
{
	seal(b, ibuf_size(b) - IMSG_HEADER_SIZE);
	ibuf_close(ib->w, b);
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

int
imsg_composev(struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, int fd,
    const struct iovec *iov, int n)
{
	struct ibuf *b;
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > ib->maxsize - len) {
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

/* b follows its header in the queue as it is: two buffers, no copy. */
int
imsg_compose_ibuf(
    struct imsgbuf *ib, uint32_t type, uint32_t id, pid_t pid, struct ibuf *b)
{
	struct ibuf *h;

	if ((h = header(ib, type, id, sender(ib, pid), ibuf_size(b),
		 IMSG_HEADER_SIZE)) == NULL) {
		ibuf_free(b);
		return -1;
	}
	seal(h, ibuf_size(b));
	ibuf_close(ib->w, h);
	ibuf_close(ib->w, b);
	return 1;
}

/* Back to the first octet of the payload. */
static void
rewind_payload(struct imsg *imsg)
{
	ibuf_rewind(imsg->buf);
	(void)ibuf_skip(imsg->buf, IMSG_HEADER_SIZE);
}

int
imsg_forward(struct imsgbuf *ib, struct imsg *imsg)
{
	struct ibuf *b;

	rewind_payload(imsg);
	if ((b = header(ib, imsg->hdr.type, imsg->hdr.peerid,
		 (pid_t)imsg->hdr.pid, ibuf_size(imsg->buf), ib->maxsize)) ==
	    NULL)
		return -1;
	if (ibuf_add_ibuf(b, imsg->buf) == -1) {
		ibuf_free(b);
		return -1;
	}
	imsg_close(ib, b);
	return 1;
}

uint32_t
imsg_get_type(const struct imsg *imsg)
{
	return imsg->hdr.type;
}

uint32_t
imsg_get_id(const struct imsg *imsg)
{
	return imsg->hdr.peerid;
}

pid_t
imsg_get_pid(const struct imsg *imsg)
{
	return (pid_t)imsg->hdr.pid;
}

size_t
imsg_get_len(const struct imsg *imsg)
{
	return ibuf_size(imsg->buf);
}

int
imsg_get_fd(struct imsg *imsg)
{
	return ibuf_fd_get(imsg->buf);
}

int
imsg_get_data(struct imsg *imsg, void *data, size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	if (ibuf_size(imsg->buf) != len) {
		errno = EBADMSG;
		return -1;
	}
	return ibuf_get(imsg->buf, data, len);
}

int
imsg_get_buf(struct imsg *imsg, void *data, size_t len)
{
	return ibuf_get(imsg->buf, data, len);
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

int
imsg_get_strbuf(struct imsg *imsg, char *s, size_t len)
{
	return ibuf_get_strbuf(imsg->buf, s, len);
}

void
imsg_ibufq_push(struct ibufqueue *q, struct imsg *imsg)
{
	ibuf_rewind(imsg->buf);
	ibufq_push(q, imsg->buf);
	memset(imsg, 0, sizeof(*imsg));
}

int
imsg_ibufq_pop(struct ibufqueue *q, struct imsg *imsg)
{
	return imsg_from(imsg, ibufq_pop(q));
}
