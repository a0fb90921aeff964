/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The client side of RFC 2022: one cluster member, or one multicast server,
 * of one protocol on one link.  No I/O, no clock, no global state: it is
 * given circuits (vc.h), timers (timer.h) and the functions below; the tool
 * marsc, the tests, the simulator and edge programs stand on it alike.
 */
#ifndef MARSC_CLIENT_H
#define MARSC_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "timer.h"
#include "vc.h"

struct marsc;

/*
 * The timers of RFC 2022 appendix E and section 5: symbol, name as an option,
 * default in seconds, what it is.
 */
#define MARSC_TIMERS(X) \
	X(mars_idle, "mars-idle", 1200, "circuit to the MARS is idle") \
	X(path_idle, "path-idle", 1200, "outgoing circuit is idle") \
	X(part, "part", 10, "longest wait for an answer or its next part") \
	X(quiet_min, "quiet-min", 5, "no request after an empty answer, from") \
	X(quiet_max, "quiet-max", 10, "and to") \
	X(add_min, "add-min", 5, "first wait until a leaf is tried again") \
	X(add_max, "add-max", 10, "and to") \
	X(stale_min, "revalidate-min", 1, "until VC_revalidate is set, from") \
	X(stale_max, "revalidate-max", 10, "and to") \
	X(rexmt, "retransmit", 10, "between transmissions of JOIN and LEAVE") \
	X(again_min, "reregister-min", 1, "before registering again, from") \
	X(again_max, "reregister-max", 10, "and to") \
	X(rejoin_min, "rejoin-min", 1, "before each join is repeated, from") \
	X(rejoin_max, "rejoin-max", 10, "and to") \
	X(loop, "loop", 60, "between attempts when no MARS answers") \
	X(map, "redirect-map", 240, "longest silence of REDIRECT_MAP")

struct marsc_timers {		/* microseconds */
#define X(sym, name, seconds, text) int64_t sym;
	MARSC_TIMERS(X)
#undef X
	uint32_t	rexmt_limit;	/* 5; of REQUEST too, A-123 */
};

void	marsc_timers_default(struct marsc_timers *);
/* by its name, in microseconds; "retransmit-limit" too.  false: no such */
bool	marsc_timers_set(struct marsc_timers *, const char *, int64_t);

/* What the owner is told: symbol, name (marsc -j), what is filled in. */
#define MARSC_NOTICES(X) \
	X(MARSC_NOTICE_REGISTERED, "registered") /* server, number: the CMI */ \
	X(MARSC_NOTICE_DEREGISTERED, "deregistered")	/* server; why */ \
	X(MARSC_NOTICE_JOINED, "joined")	/* min, max; MCS: serves */ \
	X(MARSC_NOTICE_LEFT, "left")			/* min, max */ \
	X(MARSC_NOTICE_MEMBERS, "members")	/* min, addrs, n; 0: empty */ \
	X(MARSC_NOTICE_GROUPS, "groups")	/* min, max, groups, n */ \
	X(MARSC_NOTICE_QUERY_FAILED, "request-failed") /* min, max */ \
	X(MARSC_NOTICE_MARS_FAILED, "mars-failed")	/* server, why */ \
	X(MARSC_NOTICE_NO_MARS, "no-mars")	/* server, wait in s */ \
	X(MARSC_NOTICE_BACKUP, "backup")	/* server in use now */ \
	X(MARSC_NOTICE_REDIRECT, "redirect")	/* server, soft or hard */ \
	X(MARSC_NOTICE_REDIRECT_FAILED, "redirect-failed") /* server */ \
	X(MARSC_NOTICE_JUMP, "jump")	/* number: the new HSN */ \
	X(MARSC_NOTICE_PATH_UP, "path-up")		/* min */ \
	X(MARSC_NOTICE_PATH_DOWN, "path-down")	/* min, why */ \
	X(MARSC_NOTICE_LEAF_ADDED, "leaf-added")	/* min, addrs */ \
	X(MARSC_NOTICE_LEAF_DROPPED, "leaf-dropped")	/* min, addrs */ \
	X(MARSC_NOTICE_REVALIDATE, "revalidate")	/* min */ \
	X(MARSC_NOTICE_HEARD, "heard")		/* server, msg: control VC */ \
	X(MARSC_NOTICE_NO_MEMORY, "no-memory")	/* why: what was given up */

enum marsc_notice_code {
#define X(sym, name) sym,
	MARSC_NOTICES(X)
#undef X
	MARSC_NOTICE_MAX
};

const char	*marsc_notice_name(enum marsc_notice_code);

struct marsc_notice {
	enum marsc_notice_code	 code;
	const struct atm_addr	*server;
	const struct paddr	*min, *max;	/* a group: min is max */
	const struct atm_addr	*addrs;
	const struct paddr	*groups;
	size_t			 n;		/* of addrs or groups */
	const struct mars_msg	*msg;
	const char		*why;
	uint32_t		 number;
};

/*
 * What the owner supplies.  A notice may be answered by calls into the
 * client, but not by marsc_free().
 */
struct marsc_ops {
	uint32_t (*random)(void *);
	void	(*notice)(void *, const struct marsc_notice *);
	/* a layer 3 packet of a group came in; may be NULL */
	void	(*packet)(void *, const struct mars_pro *, const uint8_t *,
		    size_t);
};

struct marsc_conf {
	struct mars_pro		 pro;
	struct paddr		 spa;		/* may be null, 5.2.3 */
	bool			 mcs;		/* a multicast server, 7 */
	const struct atm_addr	*servers;	/* best first, at least one */
	size_t			 nservers;
	struct marsc_timers	 timers;
};

enum marsc_error {
	MARSC_OK,
	MARSC_E_RANGE,		/* lengths differ, or min is above max */
	MARSC_E_OVERLAP,	/* with a block joined before (5.2) */
	MARSC_E_NOT_JOINED,
	MARSC_E_BUSY,		/* a list of groups is being asked for */
	MARSC_E_MEMORY,
	MARSC_E_MAX
};
const char	*marsc_strerror(enum marsc_error);

/* NULL: no memory, or no server.  conf is copied. */
struct marsc	*marsc_new(const struct marsc_ops *, void *, struct timers *,
		    const struct marsc_conf *);
/* The link, whose user is marsc_vc_user and whose arg is the client. */
void		 marsc_attach(struct marsc *, struct vc_link *);
extern const struct vc_user marsc_vc_user;
/* Other functions from now on, with the same argument. */
void		 marsc_set_ops(struct marsc *, const struct marsc_ops *);
/* Releases every circuit, quietly. */
void		 marsc_free(struct marsc *);

void		 marsc_register(struct marsc *);
void		 marsc_deregister(struct marsc *);
/*
 * Joins a group or a block (5.2).  layer3: the layer 3 protocol asked for
 * it; ignored for a block.  The state is kept over changes of MARS.  For a
 * multicast server: serve and no longer serve.
 */
enum marsc_error marsc_join(struct marsc *, const struct paddr *min,
		    const struct paddr *max, bool layer3);
enum marsc_error marsc_leave(struct marsc *, const struct paddr *min,
		    const struct paddr *max);
/*
 * Asks who the members are: MARSC_NOTICE_MEMBERS or
 * MARSC_NOTICE_QUERY_FAILED (5.1.1).
 */
enum marsc_error marsc_request(struct marsc *, const struct paddr *);
/* Asks for the groups in a block: MARSC_NOTICE_GROUPS (5.3); one at a time. */
enum marsc_error marsc_grouplist(struct marsc *, const struct paddr *min,
		    const struct paddr *max);
/* Sends a layer 3 packet to a group, opening a path on demand (5.1). */
enum marsc_error marsc_transmit(struct marsc *, const struct paddr *,
		    const void *, size_t);

bool		 marsc_is_registered(const struct marsc *);
uint16_t	 marsc_cmi(const struct marsc *);
const struct atm_addr *marsc_server(const struct marsc *);

/* Why something that came in was not used: symbol, name, text. */
#define MARSC_DROPS(X) \
	X(MARSC_DROP_LLC, "llc", "not a code point of RFC 2022") \
	X(MARSC_DROP_DECODE, "decode", "malformed MARS message") \
	X(MARSC_DROP_PRO, "protocol", "message of another protocol") \
	X(MARSC_DROP_TLV, "tlv", "a TLV asks for the message to be dropped") \
	X(MARSC_DROP_STRANGER, "stranger", "not from the current MARS") \
	X(MARSC_DROP_OP, "op", "operation is not for this role") \
	X(MARSC_DROP_COPY, "copy", "copy flag is 0") \
	X(MARSC_DROP_UNASKED, "unasked", "an answer that nobody waits for") \
	X(MARSC_DROP_PARTS, "parts", "an answer in parts was incomplete") \
	X(MARSC_DROP_REFLECTED, "reflected", "own packet came back") \
	X(MARSC_DROP_DATA, "data", "malformed data packet") \
	X(MARSC_DROP_HELD, "held", "packet for a path that is not up yet")

enum marsc_drop {
#define X(sym, name, text) sym,
	MARSC_DROPS(X)
#undef X
	MARSC_DROP_MAX
};
const char	*marsc_drop_name(enum marsc_drop);
uint64_t	 marsc_drops(const struct marsc *, enum marsc_drop);

#endif
