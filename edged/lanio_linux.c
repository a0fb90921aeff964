/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Packet sockets (packet(7)) and TUN devices of Linux. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <linux/if_packet.h>

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ether.h"
#include "lanio.h"

#define BATCH		64	/* packets in one system call */
#define READS		4	/* system calls before others have a turn */
#define FRAME_MAX	(EDGED_ETHER_HEAD + 9216)

struct edged_lanio {
	int			 fd, fd6;	/* fd6: -1, or IPv6's */
	struct timers		*timers;
	struct lanif		 lanif;
	const struct edged_lanio_user	*user;
	void			*arg;
	struct event		 readable, readable6;
};

/* Where packets arrive.  All interfaces share it, since none is read from
 * while another one is. */
static uint8_t lanio_in[BATCH][FRAME_MAX];

/* --- in */

struct edged_lanio_batch {
	int		used;		/* from here on they are as they were
					 * before a call */
	struct mmsghdr	msgs[BATCH];
	struct iovec	iov[BATCH];
	struct {
		_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(
		    sizeof(struct tpacket_auxdata))];
	} aux[BATCH];
};

/* Those of the last call are made ready for the next. */
static void
lanio_batch_init(struct edged_lanio_batch *b)
{
	struct msghdr *h;
	int i;

	for (i = 0; i < b->used; i++) {
		b->iov[i].iov_base = lanio_in[i];
		b->iov[i].iov_len = FRAME_MAX;
		h = &b->msgs[i].msg_hdr;
		memset(h, 0, sizeof(*h));
		h->msg_iov = &b->iov[i];
		h->msg_iovlen = 1;
		h->msg_control = &b->aux[i];
		h->msg_controllen = sizeof(b->aux[i]);
	}
}

/*
 * What a program of this machine, of a container or of a virtual machine has
 * sent has no checksum yet: it is left to a network card, and there is none.
 */
static bool
lanio_undone(struct msghdr *h)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_PACKET &&
		    c->cmsg_type == PACKET_AUXDATA &&
		    c->cmsg_len >= CMSG_LEN(sizeof(aux))) {
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			return (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
		}
	return false;
}

static void
lanio_frame(struct edged_lanio *l, uint8_t *p, size_t len, bool undone)
{
	if (l->lanif.linklen > 0) {
		if (len <= EDGED_ETHER_HEAD)
			return;
		p += EDGED_ETHER_HEAD;
		len -= EDGED_ETHER_HEAD;
	}
	l->user->packet(l->arg, p, len, undone);
}

/* How many came; -1: none, see errno. */
static int
lanio_read_packets(struct edged_lanio *l, int fd)
{
	static struct edged_lanio_batch b = { .used = BATCH };
	int i, n;

	lanio_batch_init(&b);
	n = recvmmsg(fd, b.msgs, BATCH, MSG_DONTWAIT, NULL);
	b.used = n < BATCH ? n + 1 : BATCH; /* and one that it has tried */
	/* of one that was too long it is seen, and counted, that it is cut */
	for (i = 0; i < n; i++)
		lanio_frame(l, lanio_in[i], b.msgs[i].msg_len,
		    lanio_undone(&b.msgs[i].msg_hdr));
	return n;
}

static int
lanio_read_tun(struct edged_lanio *l)
{
	ssize_t len;
	int n;

	for (n = 0; n < BATCH; n++) {
		len = read(l->fd, lanio_in[0], FRAME_MAX);
		if (len <= 0)
			break;
		/* without an offload of the device all checksums are done */
		l->user->packet(l->arg, lanio_in[0], (size_t)len, false);
	}
	return n == 0 ? -1 : n;
}

static int
lanio_read(struct edged_lanio *l, int fd)
{
	return l->lanif.tun ? lanio_read_tun(l) : lanio_read_packets(l, fd);
}

static void
lanio_deaf(struct edged_lanio *l)
{
	(void)event_del(&l->readable);
	if (l->fd6 != -1)
		(void)event_del(&l->readable6);
}

static void
lanio_on_readable(int fd, short what, void *arg)
{
	struct edged_lanio *l = arg;
	int n = 0, reads;

	(void)what;
	timers_clock(l->timers);
	for (reads = 0; reads < READS; reads++) {
		n = lanio_read(l, fd);
		if (n < BATCH)
			break;
	}
	/* a network that is down for a while is said once, and no end */
	if (n == -1 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN &&
	    errno != EIO) {
		lanio_deaf(l);
		l->user->gone(l->arg);
	}
}

/* --- out */

/*
 * One by one: edged's sandbox can't see into the arguments of sendmmsg(2), and
 * lets it send many at once only on its UDP sockets.
 */
bool
edged_lanio_send(struct edged_lanio *l, const void *packet, size_t len)
{
	union {
		const void *from;
		void *base;
	} p = { packet };
	uint8_t head[EDGED_ETHER_HEAD];
	struct iovec iov[2] = { { head, 0 }, { p.base, len } };
	ssize_t n;
	int fd;

	if (len < 20 || len > FRAME_MAX - EDGED_ETHER_HEAD)
		return false;
	if (l->lanif.linklen > 0) {
		edged_ether_head(head, l->lanif.link, packet);
		iov[0].iov_len = EDGED_ETHER_HEAD;
	}
	fd = l->fd6 != -1 && *(const uint8_t *)packet >> 4 == 6 ? l->fd6 :
	    l->fd;
	do
		n = writev(fd, iov, 2);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)(iov[0].iov_len + len);
}

/* --- life */

void
edged_lanio_set(struct edged_lanio *l, const struct lanif *lanif)
{
	l->lanif = *lanif;
}

struct edged_lanio *
edged_lanio_new(struct event_base *base, struct timers *timers, int fd,
    const struct lanif *lanif, const struct edged_lanio_user *user, void *arg)
{
	struct edged_lanio *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->fd6 = -1;
	l->timers = timers;
	l->lanif = *lanif;
	l->user = user;
	l->arg = arg;
	if (event_assign(&l->readable, base, fd, EV_READ | EV_PERSIST,
	    lanio_on_readable, l) == -1 ||
	    event_add(&l->readable, NULL) == -1) {
		free(l);
		return NULL;
	}
	return l;
}

int
edged_lanio_more(struct edged_lanio *l, struct event_base *base, int fd)
{
	if (l->fd6 != -1 ||
	    event_assign(&l->readable6, base, fd, EV_READ | EV_PERSIST,
	    lanio_on_readable, l) == -1 ||
	    event_add(&l->readable6, NULL) == -1)
		return -1;
	l->fd6 = fd;
	return 0;
}

void
edged_lanio_free(struct edged_lanio *l)
{
	lanio_deaf(l);
	(void)close(l->fd);
	if (l->fd6 != -1)
		(void)close(l->fd6);
	free(l);
}
