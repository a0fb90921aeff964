/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * scspd's core as its owner sees it: the shell (scspd.c), the unit tests,
 * the fuzzers and the simulator.  No I/O, no clock, no global state.
 *
 * The core is in these files, from a circuit to a record.
 *
 *	scsp.c		what the owner makes; which neighbor a packet is for
 *	configure.c	which groups and neighbors there are
 *	peer.c		the circuits to one address, which its neighbors share
 *	neighbor.c	one server of one group: its packets in and out
 *	message.c	packets, read; packet.c: written
 *	auth.c		the MAC; replay.c: protection against replay
 *	hello.c		is the neighbor there?
 *	align.c		what does each of us hold? solicit.c: asks for it
 *	update.c	the messages that bring and acknowledge records
 *	hold.c		those that wait until marsd can take them
 *	record.c	what becomes of one record
 *	queue.c		what waits to be sent or acknowledged
 *	group.c		a server group; cache.c: its records
 *	problem.c	what went wrong last
 *	publish.c	what marsd says of records; reborn.c: numbers of a life
 *			before
 *	show*.c		what marsctl shows
 *
 * Its shell, the process around it, is scspd.c and control.c.
 */
#ifndef SCSP_CORE_H
#define SCSP_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "csa.h"
#include "timer.h"
#include "vc.h"
#include "wire.h"

struct scsp;		/* all server groups of one server */

#define SCSP_EVENTS(X) \
	X(SCSP_EV_HELLO, "hello state") \
	X(SCSP_EV_ALIGN, "cache alignment state") \
	X(SCSP_EV_ABNORMAL, "abnormal event") \
	X(SCSP_EV_AUTH, "authentication failed") \
	X(SCSP_EV_REPLAY, "replay refused") \
	X(SCSP_EV_OWN_ID, "another server has our id") \
	X(SCSP_EV_CONFLICT, "two contents with one sequence number") \
	X(SCSP_EV_STRANGE, "record not understood, acknowledged and ignored") \
	X(SCSP_EV_LIMIT, "limit reached") \
	X(SCSP_EV_VIOLATION, "event that its state rules out") \
	X(SCSP_EV_NEAR, "nine tenths of a limit are used") \
	X(SCSP_EV_MISSING, "record that never came, given up") \
	X(SCSP_EV_GROUP, "packet of a server group that is not configured " \
	    "with that server here") \
	X(SCSP_EV_STRANGER, "call from a server that is no neighbor here") \
	X(SCSP_EV_REJECTED, "our call is refused: cause") \
	X(SCSP_EV_CALL, "our call has failed: cause") \
	X(SCSP_EV_KEY, "signed from now on by") \
	X(SCSP_EV_KEY_ENDS, "the last key ends, in days") \
	X(SCSP_EV_SIZE, "large messages are not answered, small ones are: " \
	    "octets")

enum scsp_event_code {
#define X(sym, text) sym,
	SCSP_EVENTS(X)
#undef X
	SCSP_EV_MAX
};

struct scsp_event {
	enum scsp_event_code	 code;
	uint16_t		 pid, sgid;
	const char		*cluster;	/* or NULL: of none */
	const struct atm_addr	*neighbor;	/* or NULL */
	const char		*from, *to;	/* states by name, or NULL */
	/* a counter's name; of VIOLATION table, state and event; or NULL */
	const char		*why;
	const uint8_t		*oid;		/* or NULL */
	uint64_t		 number;
	bool			 has_spi;
	uint32_t		 spi;		/* of the key in question */
	/*
	 * Events of one kind that a neighbor causes again and again are told
	 * at doubling intervals, up to once an hour: the owner hears of each,
	 * but logs none that is quiet.
	 */
	bool			 quiet;
	uint64_t		 more;	/* quiet ones since the last told */
};

/*
 * What an operator may want to see of what goes well.  Level 1: calls and
 * their ends; level 2: every message.
 */
struct scsp_trace {
	int			 level;
	const char		*cluster;	/* or NULL: of all groups */
	const struct atm_addr	*who;
	const char		*what;
	const char		*type;		/* of a message; or NULL */
	uint16_t		 cause;		/* of an end (vc.h), or 0 */
};

/* What the owner supplies.  Nothing here calls back into the core. */
struct scsp_ops {
	uint64_t (*random)(void *);
	int64_t	 (*wallclock)(void *);	/* time(3), for keys' validity and the
					 * first CA sequence number */
	/* the protocol specific part */
	enum csa_verdict (*judge)(const void *, size_t);
	/* towards marsd, ipc.h IMSG_CSA_*: groups of PID_MARS only */
	void	(*update)(void *, uint16_t sgid, const uint8_t oid[4],
		    uint32_t key, int32_t seq, uint8_t how, const void *,
		    size_t);
	void	(*own)(void *, uint16_t sgid, uint32_t key, int32_t seq,
		    const void *, size_t);
	void	(*gone)(void *, uint16_t sgid, const uint8_t oid[4],
		    uint32_t key);
	void	(*neighbor)(void *, uint16_t sgid, const uint8_t oid[4],
		    bool aligned);
	void	(*event)(void *, const struct scsp_event *);
	void	(*trace)(void *, const struct scsp_trace *);	/* or NULL */
	/*
	 * Is there so much for marsd that waits that no more should come?
	 * Then records wait, and what is too much of them is dropped,
	 * unacknowledged (hold.c).  NULL: never.
	 */
	bool	(*congested)(void *);
	/* writes the record that undoes this one; 0: there is none */
	size_t	(*withdraw)(const void *, size_t, void *, size_t);
};

struct scsp	*scsp_new(const struct scsp_ops *, void *, struct timers *);
/* tells the owner first that the neighbors are gone; NULL is fine */
void		 scsp_free(struct scsp *);
/*
 * What stays configured keeps its state.  0, or -1: no memory, or a key that
 * cannot be used.
 */
int		 scsp_configure(struct scsp *, const struct conf *);
/* A link for SEL 1 of a listener; its user is scsp_vc_user, arg the scsp. */
void		 scsp_attach(struct scsp *, struct vc_link *);
/* Releases every circuit on it: the owner is about to close it. */
void		 scsp_detach(struct scsp *, struct vc_link *);
extern const struct vc_user scsp_vc_user;

/* from marsd; what is not known is ignored */
void		 scsp_publish(struct scsp *, uint16_t sgid, uint32_t key,
		    const void *, size_t);
void		 scsp_hide(struct scsp *, uint16_t sgid, const uint8_t oid[4],
		    uint32_t key);
void		 scsp_revive(struct scsp *, uint16_t sgid,
		    const uint8_t oid[4], uint32_t key);
void		 scsp_erase(struct scsp *, uint16_t sgid, const uint8_t oid[4],
		    uint32_t key);
void		 scsp_realign(struct scsp *, uint16_t sgid);
/* tells every record of other servers once more, also those that are hidden */
void		 scsp_retell(struct scsp *, uint16_t sgid);

/*
 * For marsctl: each writes the next object of a listing and returns true, or
 * false at its end.  cursor: CTL_CURSOR_SIZE octets, zero at the start.
 */
bool		 scsp_show_summary(struct scsp *, void *cursor, struct wr *);
bool		 scsp_show_neighbors(struct scsp *, void *cursor, struct wr *);
bool		 scsp_show_cache(struct scsp *, void *cursor, struct wr *);
/* the same with what the record says */
bool		 scsp_show_record(struct scsp *, void *cursor, struct wr *);
bool		 scsp_show_keys(struct scsp *, void *cursor, struct wr *);
bool		 scsp_show_limits(struct scsp *, void *cursor, struct wr *);
bool		 scsp_show_memory(struct scsp *, void *cursor, struct wr *);
void		 scsp_clear_counters(struct scsp *);
/* "scope" (a neighbor's address, or "all"), "name", "value" */
bool		 scsp_show_counters(struct scsp *, void *cursor, struct wr *);
/* starts over with all neighbors at an address.  NULL, or what is wrong */
const char	*scsp_neighbor_clear(struct scsp *, const struct atm_addr *);

#endif
