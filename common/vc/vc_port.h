/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A descriptor on which one send or receive is one SDU, and the SDUs that
 * wait for it: what circuits of vc_svc.c and vc_pvc.c have in common.
 */
#ifndef MARS_VC_PORT_H
#define MARS_VC_PORT_H

#include <sys/types.h>
#include <sys/queue.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"
#include "vc.h"

/* SDUs of each priority that wait for one descriptor */
#define VC_PORT_QUEUE_MAX	4096

/* What goes first; within each of them the order stays. */
enum vc_port_prio {
	VC_PORT_ANSWER,		/* of a circuit */
	VC_PORT_COPY,		/* of a root, for a leaf or for all of them */
	VC_PORT_PRIOS
};

/* Counters of a link, all of VC_COUNTERS. */
struct vc_counters {
#define X(member, name) uint64_t member;
	VC_COUNTERS(X)
#undef X
};
bool	vc_counters_get(const struct vc_counters *, size_t, const char **,
	    uint64_t *);

struct vc_port;
struct vc_port_ops {
	void	(*sdu)(void *, const uint8_t *, size_t);
	/* the other end has gone; the owner calls vc_port_close() */
	void	(*lost)(void *, int error);
	/*
	 * An SDU of that many octets that whose has queued waits no longer:
	 * it was sent, or dropped.  Nothing may be sent from within this.
	 */
	void	(*gone)(void *, void *whose, enum vc_port_prio, size_t,
		    bool sent);
};

struct vc_port_sdu;
STAILQ_HEAD(vc_port_sdus, vc_port_sdu);

/* Its memory has to stay until the handler that it is in has returned. */
struct vc_port {
	int			 fd;		/* -1: closed */
	const struct vc_port_ops *ops;
	void			*arg;
	struct timers		*timers;
	struct vc_counters	*counters;
	struct event		 readable, writable;
	struct {
		struct vc_port_sdus	 sdus;
		uint32_t		 many;
	} queue[VC_PORT_PRIOS];
	bool			 held;		/* see vc_port_hold() */
	mtime_t			 last;		/* when something came in */
};

/* Takes fd over.  0, or -1: no memory, fd is still yours. */
int	vc_port_open(struct vc_port *, struct event_base *, struct timers *,
	    int fd, struct vc_counters *, const struct vc_port_ops *,
	    void *arg);
/* Sends what goes without waiting, and closes. */
void	vc_port_close(struct vc_port *);
/* Takes the reference over, always.  -1, and counted: it was not queued. */
int	vc_port_send(struct vc_port *, enum vc_port_prio, void *whose,
	    struct vc_sdu *);
/* Sends what goes without waiting; drops what has waited for too long. */
void	vc_port_flush(struct vc_port *);
/* What that one has queued is still sent; gone() is told of NULL. */
void	vc_port_forget(struct vc_port *, const void *whose);
/*
 * true: what is sent waits in the queue until false, since a send might wait
 * in the system; vc_port_close() drops what is held.
 */
void	vc_port_hold(struct vc_port *, bool);
/* true: nothing is read until false */
void	vc_port_pause(struct vc_port *, bool);

#endif
