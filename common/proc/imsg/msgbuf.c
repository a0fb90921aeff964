/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Queues of buffers, and sending and receiving them; see imsg.h. */
#include <sys/socket.h>
#include <sys/uio.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define HEADER_MAX	32767

/* First in, first out. */
struct ibufqueue {
	TAILQ_HEAD(, ibuf) bufs;
	uint32_t	 len;
};

struct msgbuf {
	struct ibufqueue out;
	struct ibufqueue in;		/* complete messages */
	unsigned char	*octets;	/* IBUF_READ_SIZE of them */
	size_t		 have;		/* octets of an incomplete header */
	int		 fd;		/* arrived with them, or -1 */
	struct ibuf	*partial;	/* message being assembled */
	size_t		 hdrsz;
	struct ibuf	*(*readhdr)(struct ibuf *, void *, int *);
	void		*arg;
};

static void
ibufq_init(struct ibufqueue *q)
{
	TAILQ_INIT(&q->bufs);
	q->len = 0;
}

static void
ibufq_push(struct ibufqueue *q, struct ibuf *b)
{
	/* a view dies with what it looks at; only -1 means "no descriptor" */
	if (b->fd < -1)
		abort();
	TAILQ_INSERT_TAIL(&q->bufs, b, entry);
	q->len++;
}

static struct ibuf *
ibufq_pop(struct ibufqueue *q)
{
	struct ibuf *b = TAILQ_FIRST(&q->bufs);

	if (b != NULL) {
		TAILQ_REMOVE(&q->bufs, b, entry);
		q->len--;
	}
	return b;
}

static void
ibufq_flush(struct ibufqueue *q)
{
	struct ibuf *b;

	while ((b = ibufq_pop(q)) != NULL)
		ibuf_free(b);
}

struct msgbuf *
msgbuf_new_reader(size_t hdrsz,
    struct ibuf *(*readhdr)(struct ibuf *, void *, int *), void *arg)
{
	struct msgbuf *m;

	if (hdrsz == 0 || hdrsz > HEADER_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	if ((m->octets = calloc(1, IBUF_READ_SIZE)) == NULL) {
		free(m);
		return NULL;
	}
	ibufq_init(&m->out);
	ibufq_init(&m->in);
	m->fd = -1;
	m->hdrsz = hdrsz;
	m->readhdr = readhdr;
	m->arg = arg;
	return m;
}

static void
drop_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* Forgets what was half received. */
static void
msgbuf_forget(struct msgbuf *m)
{
	ibuf_free(m->partial);
	m->partial = NULL;
	m->have = 0;
	drop_fd(&m->fd);
}

void
msgbuf_clear(struct msgbuf *m)
{
	msgbuf_forget(m);
	ibufq_flush(&m->out);
	ibufq_flush(&m->in);
}

void
msgbuf_free(struct msgbuf *m)
{
	if (m == NULL)
		return;
	msgbuf_clear(m);
	freezero(m->octets, IBUF_READ_SIZE);
	free(m);
}

uint32_t
msgbuf_queuelen(const struct msgbuf *m)
{
	return m->out.len;
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

/*
 * What one call may send.  With descriptors it ends before a further buffer
 * that has one, so that a descriptor goes with the first octet of a call.
 */
static int
gather(const struct msgbuf *m, struct iovec *iov, bool fds)
{
	struct ibuf *b;
	int n = 0;

	TAILQ_FOREACH(b, &m->out.bufs, entry) {
		if (n == IOV_MAX || (fds && n > 0 && b->fd != -1))
			break;
		iov[n].iov_base = ibuf_data(b);
		iov[n++].iov_len = ibuf_size(b);
	}
	return n;
}

/* len octets have been sent. */
static void
drain(struct msgbuf *m, size_t len)
{
	struct ibuf *b;

	while ((b = TAILQ_FIRST(&m->out.bufs)) != NULL) {
		if (len < ibuf_size(b)) {
			b->rpos += len;
			return;
		}
		len -= ibuf_size(b);
		ibuf_free(ibufq_pop(&m->out));
	}
}

/*
 * Room for two descriptors: for one alone there would be room for two where
 * padding makes it, and elsewhere the system would drop the second unseen.
 */
union control {
	struct cmsghdr	 hdr;
	unsigned char	 space[CMSG_SPACE(2 * sizeof(int))];
};

static ssize_t
send_fd(int s, struct iovec *iov, int n, int fd)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 0 };
	union control control;
	struct cmsghdr *c;

	/* edged's sandbox lets it send to where it is connected, no more */
	if (fd < 0)
		return writev(s, iov, n);
	memset(&control, 0, sizeof(control));
	msg.msg_iovlen = (__typeof__(msg.msg_iovlen))n;
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(sizeof(int));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(s, &msg, 0);
}

static int
send_queue(int s, struct msgbuf *m, bool fds)
{
	struct iovec iov[IOV_MAX];
	struct ibuf *first = TAILQ_FIRST(&m->out.bufs);
	ssize_t sent;
	bool with_fd;
	int n;

	if (first == NULL)
		return 0;
	n = gather(m, iov, fds);
	/* a process that sends no descriptor may be denied sendmsg(2) */
	with_fd = fds && first->fd >= 0;
	do {
		sent = with_fd ? send_fd(s, iov, n, first->fd) :
		    writev(s, iov, n);
	} while (sent == -1 && errno == EINTR);
	if (sent == -1)
		return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
	if (with_fd && sent > 0)
		drop_fd(&first->fd);
	drain(m, (size_t)sent);
	return 0;
}

int
ibuf_write(int s, struct msgbuf *m)
{
	return send_queue(s, m, false);
}

int
msgbuf_write(int s, struct msgbuf *m)
{
	return send_queue(s, m, true);
}

/*
 * Lets readhdr see the next header.  A descriptor that arrived with the
 * beginning of this header belongs to it or to none; else one that came with
 * this read is offered until a header takes it.
 */
static int
begin_message(struct msgbuf *m, unsigned char *p, int *fd)
{
	struct ibuf hdr;
	bool kept = m->fd != -1;

	ibuf_from_buffer(&hdr, p, m->hdrsz);
	m->partial = m->readhdr(&hdr, m->arg, kept ? &m->fd : fd);
	if (kept)
		drop_fd(&m->fd);
	if (m->partial == NULL)
		return -1;
	if (ibuf_left(m->partial) < m->hdrsz) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* Cuts the len octets received into messages. */
static int
msgbuf_parse(struct msgbuf *m, size_t len, int *fd)
{
	size_t off = 0, n;

	while (off < len) {
		if (m->partial == NULL) {
			if (len - off < m->hdrsz)
				break;
			if (begin_message(m, m->octets + off, fd) == -1)
				return -1;
		}
		n = ibuf_left(m->partial);
		if (n > len - off)
			n = len - off;
		if (ibuf_add(m->partial, m->octets + off, n) == -1)
			return -1;
		off += n;
		if (ibuf_left(m->partial) == 0) {
			ibufq_push(&m->in, m->partial);
			m->partial = NULL;
		}
	}
	m->have = len - off;
	memmove(m->octets, m->octets + off, m->have);
	/* a key may have been in it */
	explicit_bzero(m->octets + m->have, len - m->have);
	if (m->have == 0)
		return 0;
	/* the start of a header: the descriptor may be its */
	if (*fd != -1 && m->fd != -1) {
		errno = EBADMSG;
		return -1;
	}
	if (*fd != -1) {
		m->fd = *fd;
		*fd = -1;
	}
	return 0;
}

/*
 * The first descriptor of the control message; the others are closed.  Not
 * one of our senders sends two, so that is an error.
 */
static int
take_fd(struct msghdr *msg, int *fd)
{
	struct cmsghdr *c;
	size_t i, n;
	int f, count = 0;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&f, CMSG_DATA(c) + i * sizeof(f), sizeof(f));
			if (count++ == 0)
				*fd = f;
			else
				close(f);
		}
	}
	if (count > 1) {
		drop_fd(fd);
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

static ssize_t
receive_fd(int s, struct iovec *iov, int *fd)
{
	union control control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	ssize_t n;

	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control.space);
	n = recvmsg(s, &msg, MSG_CMSG_CLOEXEC);
	if (n == -1 && errno == EMSGSIZE) {
		/* OpenBSD: no room for the descriptor in our table */
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		n = recvmsg(s, &msg, MSG_CMSG_CLOEXEC);
	}
	if (n >= 0 && msg.msg_controllen > 0 && take_fd(&msg, fd) == -1)
		return -1;
	return n;
}

static int
msgbuf_receive(int s, struct msgbuf *m, bool fds)
{
	struct iovec iov;
	ssize_t n;
	int fd = -1, error;

	iov.iov_base = m->octets + m->have;
	iov.iov_len = IBUF_READ_SIZE - m->have;
	do {
		n = fds ? receive_fd(s, &iov, &fd) : readv(s, &iov, 1);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? 1 : -1;
	if (n == 0) {
		drop_fd(&fd);
		msgbuf_forget(m);
		return 0;
	}
	error = msgbuf_parse(m, m->have + (size_t)n, &fd);
	drop_fd(&fd);
	if (error == -1) {
		msgbuf_forget(m);
		return -1;
	}
	return 1;
}

int
ibuf_read(int s, struct msgbuf *m)
{
	return msgbuf_receive(s, m, false);
}

int
msgbuf_read(int s, struct msgbuf *m)
{
	return msgbuf_receive(s, m, true);
}
