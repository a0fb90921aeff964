/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * libmarsc: the client side of RFC 2022, for programs to link.
 *
 * A host is an endpoint: one ATM address on one link.  It has a client for
 * each protocol, IPv4 and IPv6 say, and each of these is a cluster member or a
 * multicast server for itself: it registers, joins, asks and sends.
 *
 * The library makes no socket, reads no clock and logs nothing.  Its owner
 * gives it three things:
 *
 * - timers (timer.h), for which the owner says what time it is;
 * - a link (vc.h), which the owner opens: for UDP by vc_udp_open() of vc_udp.h,
 *   on a socket that may have been handed in, so that a confined program need
 *   not be able to make one;
 * - functions (struct marsc_ops) that are called with what has happened.
 *
 * Nothing is called from another thread, and nothing blocks.
 *
 * Addresses.  One ATM address, so one host, serves a member for IPv4 and one
 * for IPv6: what comes in says of which protocol it is.  A MARS takes one
 * registration from an address for each protocol, as a member or as a
 * multicast server.  So who wants to be both of one protocol needs two hosts
 * with two addresses, which over UDP differ in the selector: 192.0.2.1%16 for
 * the members, 192.0.2.1%17 for the servers, say.  0 and 1 are marsd's and
 * scspd's where they run on that machine; each selector is a UDP port.
 *
 * The turn.  What the owner does and what a link brings only queues data
 * units on the link; none is sent before vc_flush(link).  So a program has a
 * loop, and each turn of it is:
 *
 *   1. what has arrived: the link reads its descriptors and calls up;
 *   2. what is due: timers_run() with the time of this turn;
 *   3. what the owner wants: joins, packets to send;
 *   4. vc_flush(link), once, at the end, and also before the first turn if
 *      something was asked for before it.
 *
 * Without 4 nothing ever leaves, not even a registration.  It is done once,
 * and not after each call, because all that a turn has for one circuit then
 * goes out in few datagrams and system calls, in the order in which it was
 * sent (nvc.md, rules 9 and 10).  loop_run() of loop.h does 1 and 2 and then
 * calls a function for 3 and 4; doc/example.c is a whole program.
 */
#ifndef MARSC_H
#define MARSC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "timer.h"
#include "vc.h"

struct marsc_host;		/* an endpoint */
struct marsc;			/* one client of it: one protocol */

/*
 * The timers of RFC 2022 appendix E and section 5: symbol, name as an option,
 * default in seconds, what it is.
 */
#define MARSC_TIMERS(X) \
	X(mars_idle, "mars-idle", 1200, "circuit to the MARS is idle") \
	X(connect, "connect", 4, "for a circuit to a MARS, if there are more") \
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
	X(map, "redirect-map", 240, "longest silence of REDIRECT_MAP") \
	X(settle, "settle", 40, "and loop: members stay that may not be back")

struct marsc_timers {		/* microseconds */
#define X(sym, name, seconds, text) int64_t sym;
	MARSC_TIMERS(X)
#undef X
	uint32_t	rexmt_limit;	/* 5; of REQUEST too, A-123 */
};

void	marsc_timers_default(struct marsc_timers *);
/*
 * Sets the timer of that name to so many microseconds.  False: there is no such
 * timer.  rexmt_limit is no timer, and is set by itself.
 */
bool	marsc_timers_set(struct marsc_timers *, const char *, int64_t);

/*
 * What a client may have at a time, so that whoever makes it send or join can
 * cost it neither its MARS nor its memory: symbol, default, what it is.
 */
#define MARSC_LIMITS(X) \
	X(paths, 4096, "groups that are sent to") \
	X(leaves, 131072, "members of all of them") \
	X(requests, 64, "requests without an answer yet") \
	X(requests_waiting, 64, "other new groups that are to be asked about") \
	X(request_rate, 50, "new requests a second, while none is lost") \
	X(request_burst, 64, "and so many at once") \
	X(joins, 64, "JOINs and LEAVEs without a copy yet; others wait") \
	X(join_rate, 100, "JOINs and LEAVEs a second, while none is lost") \
	X(join_burst, 100, "and so many at once") \
	X(held, 64, "packets that wait for the path of one group") \
	X(held_octets, 262144, "and their octets, with 160 for each") \
	X(held_octets_all, 4194304, "octets that wait for all paths") \
	/* 400,000 members; all answers that are not complete count */ \
	X(answers_octets, 16777216, "octets of answers in parts") \
	X(first_wait, 100000, "us that packets wait for more than one leaf")

struct marsc_limits {		/* 0: the default */
#define X(sym, value, text) uint32_t sym;
	MARSC_LIMITS(X)
#undef X
};

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
	/* what was held has gone out: min, number of packets, members */ \
	X(MARSC_NOTICE_SENT, "sent") \
	/* what was held will not go out: min, number of packets, why */ \
	X(MARSC_NOTICE_NOT_SENT, "not-sent") \
	X(MARSC_NOTICE_HEARD, "heard")		/* server, msg: control VC */ \
	X(MARSC_NOTICE_NO_MEMORY, "no-memory")	/* why: what was given up */ \
	/* table, state, event: something that can't happen has happened */ \
	X(MARSC_NOTICE_VIOLATION, "violation")

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
	uint32_t		 number, members;
	const char		*table, *state, *event;
};

/* A layer 3 packet that came in, and what is known about where from. */
struct marsc_packet {
	const struct mars_pro	*pro;
	/*
	 * The group that it was sent to, as the head of an IPv4 or IPv6 packet
	 * says, and who it says that it is from; nothing is checked.  The null
	 * address for other protocols, and for a packet that is too short.
	 */
	struct paddr		 group, source;
	/*
	 * Who has called us and sends on this circuit: a member of the cluster,
	 * or a multicast server on behalf of one.  known: the link vouches for
	 * it (NVC does: nobody can call from an address where he gets no
	 * answer); else it is what the caller says.
	 */
	const struct atm_addr	*sender;
	bool			 known;
	/*
	 * The member that has sent it first, where the encapsulation says so
	 * (5.5.1; not 5.5.2).  A number that the MARS has given out, for this
	 * protocol; 0: by somebody who was not registered.
	 */
	bool			 has_cmi;
	uint16_t		 cmi;
	const uint8_t		*data;	/* valid until the function returns */
	size_t			 len;
};

/*
 * What the owner supplies; arg is the host's.  Any function of this header may
 * be called from a notice or a packet, except those that free and
 * marsc_host_attach().
 */
struct marsc_ops {
	/* 32 bits; arc4random() will do */
	uint32_t (*random)(void *arg);
	void	(*notice)(void *arg, struct marsc *,
		    const struct marsc_notice *);
	/* or NULL; a multicast server sends packets on and does not call it */
	void	(*packet)(void *arg, struct marsc *,
		    const struct marsc_packet *);
	/*
	 * A packet with our own CMI has come back from a multicast server
	 * (5.5.1), or so it seems: a MARS that has restarted gives numbers
	 * that others still have.  Whoever can tell by other means says so:
	 * false, it is somebody else's.  NULL: it is ours, and dropped.
	 */
	bool	(*own)(void *arg, struct marsc *,
		    const struct marsc_packet *);
};

struct marsc_conf {
	struct mars_pro		 pro;
	struct paddr		 spa;		/* may be null, 5.2.3 */
	bool			 mcs;		/* a multicast server, 7 */
	const struct atm_addr	*servers;	/* best first, at least one */
	size_t			 nservers;
	struct marsc_timers	 timers;
	struct marsc_limits	 limits;	/* 0: the default, each */
};

/* Why something was not used, or not sent: symbol, name, text. */
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
	/* the rest: packets that were to be sent */ \
	X(MARSC_DROP_HELD, "held", "as many wait for the path as may") \
	X(MARSC_DROP_BUSY, "busy", "too many groups are sent to at a time") \
	X(MARSC_DROP_EMPTY, "empty", "nobody else is in the group") \
	X(MARSC_DROP_UNANSWERED, "unanswered", \
	    "the MARS does not say who is in the group") \
	X(MARSC_DROP_CIRCUIT, "circuit", "no link or circuit takes it") \
	X(MARSC_DROP_GROUP, "group", "not to an address") \
	/* and a member that gets none */ \
	X(MARSC_DROP_LEAVES, "leaves", \
	    "too many members of all groups that are sent to") \
	X(MARSC_DROP_MEMORY, "memory", "out of memory")

enum marsc_drop {
#define X(sym, name, text) sym,
	MARSC_DROPS(X)
#undef X
	MARSC_DROP_MAX
};
const char	*marsc_drop_name(enum marsc_drop);
const char	*marsc_drop_text(enum marsc_drop);

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

/* --- the endpoint */

/* NULL: no memory.  It has no link yet, and no clients. */
struct marsc_host *marsc_host_new(const struct marsc_ops *, void *arg,
		    struct timers *);
/*
 * Frees its clients, too.  Circuits are released, without a notice; the link
 * is the owner's to flush and to close, afterwards.
 */
void		 marsc_host_free(struct marsc_host *);
/*
 * From now on this is the link, and its local address ours; the host is its
 * user, before anything is read from it.  A link that there was before must
 * still be open: its circuits are released, then the owner flushes it and may
 * close it.  Each client that is not off registers anew from the new address,
 * at once, and joins again what it had joined; paths are opened again by the
 * next packet.  NULL: no link for now; clients keep what was joined, and go on
 * trying.
 */
void		 marsc_host_attach(struct marsc_host *, struct vc_link *);
/* Replaces the functions; their argument stays the same. */
void		 marsc_host_set_ops(struct marsc_host *,
		    const struct marsc_ops *);

/* --- its clients */

/*
 * A client of one protocol, which does nothing until marsc_register().  conf
 * is copied.  NULL: no memory, no server, or the host has a client of that
 * protocol (RFC 2022 knows one registration of an address for each protocol,
 * and a MARS takes no address for both roles).
 */
struct marsc	*marsc_new(struct marsc_host *, const struct marsc_conf *);
/*
 * Releases its circuits, without a notice.  Not needed before
 * marsc_host_free().
 */
void		 marsc_free(struct marsc *);
/*
 * Other MARSs, best first, from now on.  What a MARS_REDIRECT_MAP said is
 * forgotten until the next one comes.  The MARS in use stays in use where it
 * is among them; else the client registers with the first of them, at once,
 * and joins again what it had joined.  MARSC_E_RANGE: none is given.
 */
enum marsc_error marsc_set_servers(struct marsc *, const struct atm_addr *,
		    size_t);

/*
 * marsc_register() asks to become a member of the cluster, marsc_deregister()
 * to leave it; notices say when that has happened.  A client goes on trying,
 * with one MARS after the other (5.4), until marsc_deregister().
 */
void		 marsc_register(struct marsc *);
void		 marsc_deregister(struct marsc *);
/*
 * Joins a group or a block (5.2).  layer3: the layer 3 protocol asked for it
 * (5.2.1); ignored for a block.  What is joined is kept until it is left:
 * before the client is registered, and over every change of MARS, address and
 * link.  A multicast server serves the group or block instead, and stops
 * serving it.
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
/*
 * Sends a layer 3 packet to a group, and opens a path to its members where
 * there is none (5.1).  The packet is copied.  What is said is what has
 * happened now.  The first packets are held until all members have answered
 * their calls, or 100 ms are over since the first did; MARSC_NOTICE_SENT says
 * that they have gone out, and to how many.  Where it turns out that there is
 * nobody, they are dropped and counted: MARSC_NOTICE_NOT_SENT.
 */
enum marsc_outcome {
	MARSC_SENT_DROPPED,	/* why */
	MARSC_SENT_HELD,	/* until the members are reached; few are */
	MARSC_SENT_OUT		/* to so many members, or servers of theirs */
};
struct marsc_sent {
	enum marsc_outcome	outcome;
	uint32_t		members;
	enum marsc_drop		why;
};
struct marsc_sent marsc_transmit(struct marsc *, const struct paddr *,
		    const void *, size_t);
/*
 * The same of a packet that is in its SDU already, behind marsc_head_len()
 * octets of room, so that nothing is allocated or copied.  The SDU's reference
 * is taken over; who keeps another may use the SDU again, for another packet,
 * when its refs are 1, and leaves it alone until then.
 */
size_t		 marsc_head_len(const struct marsc *);
struct marsc_sent marsc_transmit_sdu(struct marsc *, const struct paddr *,
		    struct vc_sdu *);
/*
 * The same to one endpoint, which takes it as a packet of a group: an answer to
 * who has sent one.  At most 16 endpoints at a time have a circuit for that,
 * which ends when it is not used for 10 s.  MARSC_SENT_HELD: it is being
 * opened, and nobody is told what becomes of the packet; one waits, no more.
 */
struct marsc_sent marsc_transmit_to(struct marsc *, const struct atm_addr *,
		    const void *, size_t);
/*
 * The octets of the largest packet that goes to all members of that group in
 * one piece, as far as is known by now.
 */
size_t		 marsc_packet_max(const struct marsc *, const struct paddr *);

/* --- what there is, to be shown */

/*
 * A place in a list; all zero is its beginning.  Anything may happen to the
 * list between two calls: what stays is told once, in ascending order.
 */
struct marsc_cursor {
	bool		begun, blocks;
	struct paddr	min, max;
	struct atm_addr	leaf;
};

struct marsc_join_info {
	struct paddr	 min, max;
	bool		 layer3;
	bool		 joined;	/* the MARS has confirmed it */
	const char	*state;
};
/* A group that is sent to.  What has gone out and what was dropped: ever. */
struct marsc_path_info {
	struct paddr	 group;
	const char	*state;
	uint32_t	 leaves;	/* members, or servers of theirs */
	uint32_t	 members;	/* of these: connected */
	uint32_t	 held;		/* packets that wait */
	uint64_t	 packets;
	uint64_t	 octets;	/* with the header before each packet */
	uint64_t	 copies;	/* packets times members */
	uint64_t	 dropped;
	int64_t		 idle;		/* us since the last packet */
};
struct marsc_leaf_info {
	struct atm_addr	 addr;
	const char	*state;
	bool		 up;
	/* its circuit, where the link can tell: numbers, SDUs */
	bool		 has_circuit;
	struct vc_circuit_info circuit;
};
/* The next one behind the cursor; false: no more. */
bool		 marsc_joins(const struct marsc *, struct marsc_cursor *,
		    struct marsc_join_info *);
bool		 marsc_paths(const struct marsc *, struct marsc_cursor *,
		    struct marsc_path_info *);
bool		 marsc_leaves(const struct marsc *, const struct paddr *group,
		    struct marsc_cursor *, struct marsc_leaf_info *);

/*
 * Is the path of that group open to all of its members, and nothing of it to be
 * asked or waiting?  Then somebody else may send to its leaves for a while, as
 * long as this says the same: the version is another with each change of them.
 */
struct marsc_steady {
	uint64_t	 version;
	uint32_t	 members;
};
bool		 marsc_path_steady(const struct marsc *, const struct paddr *,
		    struct marsc_steady *);

struct marsc_stats {
	uint32_t	 paths;
	uint64_t	 evicted;	/* paths given up for others, ever */
	uint64_t	 held_octets;	/* that wait for paths, 160 more of
					 * each packet included */
	uint32_t	 requests, requests_waiting;
	uint32_t	 request_rate;	/* a second, now */
	uint32_t	 joins, joins_waiting;	/* JOINs and LEAVEs */
	uint32_t	 join_rate;
	uint64_t	 joins_lost;	/* dropped by the MARS, it seems */
};
void		 marsc_stats(const struct marsc *, struct marsc_stats *);

bool		 marsc_is_registered(const struct marsc *);
uint16_t	 marsc_cmi(const struct marsc *);
const struct mars_pro *marsc_protocol(const struct marsc *);
/* The MARS in use, or the one that is tried. */
const struct atm_addr *marsc_server(const struct marsc *);
/*
 * How many packets and messages were dropped for that reason.  What came in and
 * can't be said to be for one client is counted by the host alone.
 */
uint64_t	 marsc_drops(const struct marsc *, enum marsc_drop);
uint64_t	 marsc_host_drops(const struct marsc_host *, enum marsc_drop);
/* How many MARSC_NOTICE_VIOLATIONs there were. */
uint64_t	 marsc_violations(const struct marsc *);
/* Both are 0 from now on, but not those of the host. */
void		 marsc_clear_counters(struct marsc *);

#endif
