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

struct client;

/*
 * The timers of RFC 2022 appendix E and section 5: symbol, name as an option,
 * default in seconds, what it is.
 */
#define CLIENT_TIMERS(X) \
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

struct client_timers {		/* microseconds */
#define X(sym, name, seconds, text) int64_t sym;
	CLIENT_TIMERS(X)
#undef X
	uint32_t	rexmt_limit;	/* 5; of REQUEST too, A-123 */
};

void	client_timers_default(struct client_timers *);
/* by its name, in microseconds; "retransmit-limit" too.  false: no such */
bool	client_timers_set(struct client_timers *, const char *, int64_t);

/* What the owner is told: symbol, name (marsc -j), what is filled in. */
#define CLIENT_NOTICES(X) \
	X(CLIENT_REGISTERED, "registered")	/* server, number: the CMI */ \
	X(CLIENT_DEREGISTERED, "deregistered")	/* server; why */ \
	X(CLIENT_JOINED, "joined")		/* min, max; MCS: serves */ \
	X(CLIENT_LEFT, "left")			/* min, max */ \
	X(CLIENT_MEMBERS, "members")		/* min, addrs, n; 0: empty */ \
	X(CLIENT_GROUPS, "groups")		/* min, max, groups, n */ \
	X(CLIENT_QUERY_FAILED, "request-failed") /* min, max */ \
	X(CLIENT_MARS_FAILED, "mars-failed")	/* server, why */ \
	X(CLIENT_NO_MARS, "no-mars")		/* server, wait in s */ \
	X(CLIENT_BACKUP, "backup")		/* server in use now */ \
	X(CLIENT_REDIRECT, "redirect")		/* server, soft or hard */ \
	X(CLIENT_REDIRECT_FAILED, "redirect-failed") /* server */ \
	X(CLIENT_JUMP, "jump")			/* number: the new HSN */ \
	X(CLIENT_PATH_UP, "path-up")		/* min */ \
	X(CLIENT_PATH_DOWN, "path-down")	/* min, why */ \
	X(CLIENT_LEAF_ADDED, "leaf-added")	/* min, addrs */ \
	X(CLIENT_LEAF_DROPPED, "leaf-dropped")	/* min, addrs */ \
	X(CLIENT_REVALIDATE, "revalidate")	/* min */ \
	X(CLIENT_HEARD, "heard")		/* server, msg: control VC */ \
	X(CLIENT_NO_MEMORY, "no-memory")	/* why: what was given up */

enum client_notice_code {
#define X(sym, name) sym,
	CLIENT_NOTICES(X)
#undef X
	CLIENT_NOTICE_MAX
};

const char	*client_notice_name(enum client_notice_code);

struct client_notice {
	enum client_notice_code	 code;
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
 * client, but not by client_free().
 */
struct client_ops {
	uint32_t (*random)(void *);
	void	(*notice)(void *, const struct client_notice *);
	/* a layer 3 packet of a group came in; may be NULL */
	void	(*packet)(void *, const struct mars_pro *, const uint8_t *,
		    size_t);
};

struct client_conf {
	struct mars_pro		 pro;
	struct paddr		 spa;		/* may be null, 5.2.3 */
	bool			 mcs;		/* a multicast server, 7 */
	const struct atm_addr	*servers;	/* best first, at least one */
	size_t			 nservers;
	struct client_timers	 timers;
};

enum client_error {
	CLIENT_OK,
	CLIENT_E_RANGE,		/* lengths differ, or min is above max */
	CLIENT_E_OVERLAP,	/* with a block joined before (5.2) */
	CLIENT_E_NOT_JOINED,
	CLIENT_E_BUSY,		/* a list of groups is being asked for */
	CLIENT_E_MEMORY,
	CLIENT_E_MAX
};
const char	*client_strerror(enum client_error);

/* NULL: no memory, or no server.  conf is copied. */
struct client	*client_new(const struct client_ops *, void *, struct timers *,
		    const struct client_conf *);
/* The link, whose user is client_vc_user and whose arg is the client. */
void		 client_attach(struct client *, struct vc_link *);
extern const struct vc_user client_vc_user;
/* Other functions from now on, with the same argument. */
void		 client_set_ops(struct client *, const struct client_ops *);
/* Releases every circuit, quietly. */
void		 client_free(struct client *);

void		 client_register(struct client *);
void		 client_deregister(struct client *);
/*
 * Joins a group or a block (5.2).  layer3: the layer 3 protocol asked for
 * it; ignored for a block.  The state is kept over changes of MARS.  For a
 * multicast server: serve and no longer serve.
 */
enum client_error client_join(struct client *, const struct paddr *min,
		    const struct paddr *max, bool layer3);
enum client_error client_leave(struct client *, const struct paddr *min,
		    const struct paddr *max);
/* Asks who the members are: CLIENT_MEMBERS or CLIENT_QUERY_FAILED (5.1.1). */
enum client_error client_request(struct client *, const struct paddr *);
/* Asks for the groups in a block: CLIENT_GROUPS (5.3); one at a time. */
enum client_error client_grouplist(struct client *, const struct paddr *min,
		    const struct paddr *max);
/* Sends a layer 3 packet to a group, opening a path on demand (5.1). */
enum client_error client_transmit(struct client *, const struct paddr *,
		    const void *, size_t);

bool		 client_is_registered(const struct client *);
uint16_t	 client_cmi(const struct client *);
const struct atm_addr *client_server(const struct client *);

/* Why something that came in was not used: symbol, name, text. */
#define CLIENT_DROPS(X) \
	X(CLIENT_DROP_LLC, "llc", "not a code point of RFC 2022") \
	X(CLIENT_DROP_DECODE, "decode", "malformed MARS message") \
	X(CLIENT_DROP_PRO, "protocol", "message of another protocol") \
	X(CLIENT_DROP_TLV, "tlv", "a TLV asks for the message to be dropped") \
	X(CLIENT_DROP_STRANGER, "stranger", "not from the current MARS") \
	X(CLIENT_DROP_OP, "op", "operation is not for this role") \
	X(CLIENT_DROP_COPY, "copy", "copy flag is 0") \
	X(CLIENT_DROP_UNASKED, "unasked", "an answer that nobody waits for") \
	X(CLIENT_DROP_PARTS, "parts", "an answer in parts was incomplete") \
	X(CLIENT_DROP_REFLECTED, "reflected", "own packet came back") \
	X(CLIENT_DROP_DATA, "data", "malformed data packet") \
	X(CLIENT_DROP_HELD, "held", "packet for a path that is not up yet")

enum client_drop {
#define X(sym, name, text) sym,
	CLIENT_DROPS(X)
#undef X
	CLIENT_DROP_MAX
};
const char	*client_drop_name(enum client_drop);
uint64_t	 client_drops(const struct client *, enum client_drop);

#endif
