/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * bpf(4) of OpenBSD.  It has been compiled against declarations only, and has
 * never run (regress/openbsd).
 *
 * A read has to be of the size that mars(8) has set, and gives as many frames
 * as there are; without any it gives 0 octets, or EAGAIN.  A write is one
 * frame, whose source address the system fills in.
 */
#include <sys/types.h>
#include <sys/uio.h>

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf.h"
#include "ether.h"
#include "lanio.h"
#include "log.h"

#define READS	4	/* system calls before others have a turn */

struct edged_lanio {
	int			 fd;
	struct timers		*timers;
	struct lanif		 lanif;
	const struct edged_lanio_user	*user;
	void			*arg;
	struct event		 readable;
	struct ratelimit	 bad;
};

/*
 * What was read, whoever it is of, since none is read from while another one
 * is.  The headers in it have to be aligned for nobody: they are read by
 * octets.
 */
static uint8_t lanio_in[LANIF_BPF_BUFFER];

/* --- in */

static bool
lanio_big_endian(void)
{
	const uint16_t one = 1;

	return *(const uint8_t *)&one == 0;
}

static void
lanio_frames(struct edged_lanio *l, size_t len)
{
	struct edged_bpf_frame f;
	struct edged_bpf b;

	edged_bpf_init(&b, lanio_in, len, lanio_big_endian());
	while (edged_bpf_next(&b, &f))
		if (f.len > EDGED_ETHER_HEAD)
			l->user->packet(l->arg, f.p + EDGED_ETHER_HEAD,
			    f.len - EDGED_ETHER_HEAD, f.undone);
	if (b.bad)
		log_limited(&l->bad, l->timers->now,
		    "%s: bpf(4) gave what is no record", l->lanif.name);
}

static void
lanio_on_readable(int fd, short what, void *arg)
{
	struct edged_lanio *l = arg;
	ssize_t len = 0;
	int reads;

	(void)what;
	timers_clock(l->timers);
	for (reads = 0; reads < READS; reads++) {
		if ((len = read(fd, lanio_in, sizeof(lanio_in))) <= 0)
			break;
		lanio_frames(l, (size_t)len);
	}
	if (len == -1 && errno != EAGAIN && errno != EINTR) {
		(void)event_del(&l->readable);
		l->user->gone(l->arg);
	}
}

/* --- out */

bool
edged_lanio_send(struct edged_lanio *l, const void *packet, size_t len)
{
	union {
		const void *from;
		void *base;
	} p = { packet };
	uint8_t head[EDGED_ETHER_HEAD];
	struct iovec iov[2] = { { head, sizeof(head) }, { p.base, len } };
	ssize_t n;

	if (len < 20 || len > LANIF_BPF_BUFFER - EDGED_ETHER_HEAD)
		return false;
	edged_ether_head(head, l->lanif.link, packet);
	do
		n = writev(l->fd, iov, 2);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)(sizeof(head) + len);
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
	l->timers = timers;
	l->lanif = *lanif;
	l->user = user;
	l->arg = arg;
	ratelimit_init(&l->bad, timers->now);
	if (event_assign(&l->readable, base, fd, EV_READ | EV_PERSIST,
	    lanio_on_readable, l) == -1 ||
	    event_add(&l->readable, NULL) == -1) {
		free(l);
		return NULL;
	}
	return l;
}

/* There is no path through the kernel, and so no second descriptor. */
int
edged_lanio_more(struct edged_lanio *l, struct event_base *base, int fd)
{
	(void)l;
	(void)base;
	(void)fd;
	return -1;
}

void
edged_lanio_free(struct edged_lanio *l)
{
	(void)event_del(&l->readable);
	(void)close(l->fd);
	free(l);
}
