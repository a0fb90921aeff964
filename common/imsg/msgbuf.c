/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Queues of buffers on a descriptor: sending, and receiving whole messages. */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"
#include "ibufq.h"

#ifndef IOV_MAX
#define IOV_MAX 1024
#endif

struct msgbuf {
	struct ibufqueue	 out;
	struct ibufqueue	 in;		/* complete messages */
	unsigned char		*rbuf;		/* NULL: does not receive */
	size_t			 rlen;		/* octets in rbuf */
	size_t			 hdrsz;
	struct ibuf		*(*readhdr)(struct ibuf *, void *, int *);
	void			*arg;
	struct ibuf		*partial;	/* being assembled */
	/*
	 * A descriptor that came with octets whose header is not complete
	 * yet; kept until it is, so that none is lost where the end of the
	 * buffer cuts a header.
	 */
	int			 fd;
};

struct msgbuf *
msgbuf_new(void)
{
	struct msgbuf *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	TAILQ_INIT(&m->out.bufs);
	TAILQ_INIT(&m->in.bufs);
	m->fd = -1;
	return m;
}

/* readhdr makes the buffer of a message from its hdrsz octets of header. */
struct msgbuf *
msgbuf_new_reader(size_t hdrsz, struct ibuf *(*readhdr)(struct ibuf *, void *,
    int *), void *arg)
{
	struct msgbuf *m;

	if (hdrsz == 0 || hdrsz > IBUF_READ_SIZE / 2) {
		errno = EINVAL;
		return NULL;
	}
	if ((m = msgbuf_new()) == NULL)
		return NULL;
	if ((m->rbuf = calloc(1, IBUF_READ_SIZE)) == NULL) {
		free(m);
		return NULL;
	}
	m->hdrsz = hdrsz;
	m->readhdr = readhdr;
	m->arg = arg;
	return m;
}

void
msgbuf_free(struct msgbuf *m)
{
	if (m == NULL)
		return;
	msgbuf_clear(m);
	if (m->rbuf != NULL)
		freezero(m->rbuf, IBUF_READ_SIZE);
	free(m);
}

void
msgbuf_clear(struct msgbuf *m)
{
	ibufq_flush(&m->out);
	ibufq_flush(&m->in);
	ibuf_free(m->partial);
	m->partial = NULL;
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
	m->rlen = 0;
}

void
msgbuf_concat(struct msgbuf *m, struct ibufqueue *q)
{
	ibufq_concat(&m->out, q);
}

uint32_t
msgbuf_queuelen(struct msgbuf *m)
{
	return m->out.count;
}

void
ibuf_close(struct msgbuf *m, struct ibuf *b)
{
	ibufq_push(&m->out, b);
}

struct ibuf *
msgbuf_get(struct msgbuf *m)
{
	return ibufq_pop(&m->in);
}

/* n octets have gone. */
static void
drain(struct msgbuf *m, size_t n)
{
	struct ibuf *b;

	while ((b = TAILQ_FIRST(&m->out.bufs)) != NULL && n >= ibuf_size(b)) {
		n -= ibuf_size(b);
		ibuf_free(ibufq_pop(&m->out));
	}
	if (b != NULL)
		b->rpos += n;
}

/*
 * What goes in one call: up to IOV_MAX buffers, and with stop_at_fd none
 * after the first that has a descriptor of its own.
 */
static int
gather(struct msgbuf *m, struct iovec *iov, int stop_at_fd)
{
	struct ibuf *b;
	int n = 0;

	TAILQ_FOREACH(b, &m->out.bufs, entry) {
		if (n == IOV_MAX || (stop_at_fd && n > 0 && b->fd >= 0))
			break;
		iov[n].iov_base = ibuf_data(b);
		iov[n].iov_len = ibuf_size(b);
		n++;
	}
	return n;
}

static int
later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
}

/* Sends what the descriptor takes: 0, or -1 with errno and all kept. */
int
ibuf_write(int fd, struct msgbuf *m)
{
	struct iovec iov[IOV_MAX];
	ssize_t n;
	int c;

	if ((c = gather(m, iov, 0)) == 0)
		return 0;
	while ((n = writev(fd, iov, c)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return later() ? 0 : -1;
	drain(m, (size_t)n);
	return 0;
}

union fdmsg {
	struct cmsghdr	hdr;
	char		buf[CMSG_SPACE(sizeof(int))];
};

/* The same, with descriptors. */
int
msgbuf_write(int fd, struct msgbuf *m)
{
	struct iovec iov[IOV_MAX];
	struct ibuf *b = TAILQ_FIRST(&m->out.bufs);
	struct msghdr msg = { .msg_iov = iov };
	struct cmsghdr *c;
	union fdmsg u;
	ssize_t n;
	int count;

	if ((count = gather(m, iov, 1)) == 0)
		return 0;
	msg.msg_iovlen = (size_t)count;
	if (b->fd >= 0) {
		memset(&u, 0, sizeof(u));
		msg.msg_control = u.buf;
		msg.msg_controllen = sizeof(u.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_len = CMSG_LEN(sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(c), &b->fd, sizeof(int));
	}
	while ((n = sendmsg(fd, &msg, 0)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return later() ? 0 : -1;
	if (n > 0 && b->fd >= 0) {
		close(b->fd);
		b->fd = FD_NONE;
	}
	drain(m, (size_t)n);
	return 0;
}

/* Makes messages of the octets in rbuf: 1, or -1 with readhdr's errno. */
static int
parse(struct msgbuf *m)
{
	struct ibuf hdr;
	size_t pos = 0, n;
	int rv = 1;

	while (pos < m->rlen) {
		if (m->partial == NULL) {
			if (m->rlen - pos < m->hdrsz)
				break;
			ibuf_from_buffer(&hdr, m->rbuf + pos, m->hdrsz);
			m->partial = m->readhdr(&hdr, m->arg, &m->fd);
			if (m->partial == NULL) {
				rv = -1;
				break;
			}
		}
		n = ibuf_left(m->partial);
		if (n > m->rlen - pos)
			n = m->rlen - pos;
		if (ibuf_add(m->partial, m->rbuf + pos, n) == -1) {
			rv = -1;
			break;
		}
		pos += n;
		if (ibuf_left(m->partial) == 0) {
			ibufq_push(&m->in, m->partial);
			m->partial = NULL;
		}
	}
	m->rlen -= pos;
	memmove(m->rbuf, m->rbuf + pos, m->rlen);
	/* on a message's boundary a descriptor belongs to nothing */
	if (m->fd != -1 && (m->rlen == 0 || m->partial != NULL)) {
		close(m->fd);
		m->fd = -1;
	}
	return rv;
}

/* After a receive call of n octets: 1 go on and parse, else its answer. */
static int
received(struct msgbuf *m, ssize_t n, int *rv)
{
	if (n == -1)
		*rv = later() ? 1 : -1;
	else if (n == 0) {
		m->rlen = 0;
		ibuf_free(m->partial);
		m->partial = NULL;
		*rv = 0;
	}
	if (n <= 0)
		return 0;
	m->rlen += (size_t)n;
	return 1;
}

int
ibuf_read(int fd, struct msgbuf *m)
{
	ssize_t n;
	int rv;

	if (m->rbuf == NULL) {
		errno = EINVAL;
		return -1;
	}
	while ((n = read(fd, m->rbuf + m->rlen, IBUF_READ_SIZE - m->rlen)) ==
	    -1 && errno == EINTR)
		;
	return received(m, n, &rv) ? parse(m) : rv;
}

/* Keeps the first descriptor and closes the others; -1: too many. */
static int
take_fds(struct msgbuf *m, struct msghdr *msg)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd, count = 0;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, (char *)CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			count++;
			if (m->fd == -1 && count == 1)
				m->fd = fd;
			else {
				close(fd);
				count++;
			}
		}
	}
	if (count > 1) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

int
msgbuf_read(int fd, struct msgbuf *m)
{
	struct iovec iov;
	struct msghdr msg;
	union fdmsg u;
	ssize_t n;
	int rv;

	if (m->rbuf == NULL) {
		errno = EINVAL;
		return -1;
	}
	for (;;) {
		memset(&msg, 0, sizeof(msg));
		memset(&u, 0, sizeof(u));
		iov.iov_base = m->rbuf + m->rlen;
		iov.iov_len = IBUF_READ_SIZE - m->rlen;
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		msg.msg_control = u.buf;
		msg.msg_controllen = sizeof(u.buf);
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
		if (n != -1 || errno != EINTR)
			break;
	}
	if (n > 0 && take_fds(m, &msg) == -1)
		return -1;
	return received(m, n, &rv) ? parse(m) : rv;
}
