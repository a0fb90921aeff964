/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsd's core as its owner sees it: the shell (marsd.c), the unit tests,
 * the fuzzers and the simulator.  No I/O, no clock, no global state: it is
 * given circuits (vc.h), timers (timer.h), and the functions below.
 */
#ifndef MARS_CORE_H
#define MARS_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "timer.h"
#include "vc.h"
#include "wire.h"

struct mars;		/* all clusters of one server */
struct cluster;

/* What an operator is told: symbol, level, format of the line's end. */
#define MARS_EVENTS(X) \
	X(MARS_EV_CMI_EXHAUSTED, "no cluster member id left") \
	X(MARS_EV_CMI_OVERLAP, "one CMI from two servers") \
	X(MARS_EV_MOVED, "client moved to another server") \
	X(MARS_EV_SERVER_DEAD, "server is silent: its members are flushed") \
	X(MARS_EV_SERVER_BACK, "server is back: its members are revived") \
	X(MARS_EV_REFUSED, "refused")

enum mars_event_code {
#define X(sym, text) sym,
	MARS_EVENTS(X)
#undef X
	MARS_EV_MAX
};

struct mars_event {
	enum mars_event_code	 code;
	const char		*cluster;
	const struct mars_pro	*pro;		/* or NULL */
	const struct atm_addr	*who;		/* or NULL */
	const uint8_t		*oid;		/* or NULL: 4 octets */
	const char		*why;		/* or NULL: a counter's name */
	uint64_t		 number;
};

/* What the owner supplies.  Nothing here calls back into the core. */
struct mars_ops {
	uint32_t (*random)(void *);
	/* towards scspd, ipc.h IMSG_CSA_*; in this order on the wire */
	void	(*publish)(void *, uint16_t sgid, uint32_t key, const void *,
		    size_t);
	void	(*hide)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*revive)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*erase)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*realign)(void *, uint16_t sgid);
	void	(*event)(void *, const struct mars_event *);
};

struct mars	*mars_new(const struct mars_ops *, void *, struct timers *);
void		 mars_free(struct mars *);
/*
 * Applies a configuration, which has to outlive the next call.  Clusters
 * that are still in it keep their members.  0, or -1: no memory, unchanged.
 */
int		 mars_configure(struct mars *, const struct conf *);
struct cluster	*mars_cluster(struct mars *, const char *name);
/*
 * The link of a cluster's address; its user is cluster_vc_user.  Whatever the
 * cluster has on the link that it had before is released; NULL: none now.
 */
void		 cluster_attach(struct cluster *, struct vc_link *);
extern const struct vc_user cluster_vc_user;	/* arg: struct cluster */
/* last words: hard redirect, deregistrations */
void		 mars_shutdown(struct mars *);

/* from scspd */
void		 mars_csa_update(struct mars *, uint16_t sgid,
		    const uint8_t oid[4], uint32_t key, int32_t seq,
		    uint8_t how, const void *, size_t);
void		 mars_csa_own(struct mars *, uint16_t sgid, uint32_t key,
		    int32_t seq, const void *, size_t);
void		 mars_csa_gone(struct mars *, uint16_t sgid,
		    const uint8_t oid[4], uint32_t key);
void		 mars_csa_neighbor(struct mars *, uint16_t sgid,
		    const uint8_t oid[4], bool aligned);

/*
 * For marsctl: each writes the next object after what cursor
 * (CTL_CURSOR_SIZE octets, zero at the start) remembers; false: no more.
 * Cursors hold keys, not pointers: anything may go in between.
 */
bool		 mars_show_summary(struct mars *, void *cursor, struct wr *);
bool		 mars_show_clusters(struct mars *, void *cursor, struct wr *);
bool		 mars_show_members(struct mars *, void *cursor, struct wr *);
bool		 mars_show_groups(struct mars *, void *cursor, struct wr *);
bool		 mars_show_servers(struct mars *, void *cursor, struct wr *);
/* "scope" (cluster, or "all"), "name", "value"; the shell adds "process" */
bool		 mars_show_counters(struct mars *, void *cursor, struct wr *);
/* order a redirect: cluster, hard, or NULL member for everybody (5.4.3) */
const char	*mars_redirect(struct mars *, const char *cluster, bool hard,
		    const struct atm_addr *to, const struct atm_addr *member);

#endif
