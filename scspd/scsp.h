/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the modules of the core know of each other.
 *
 *	scsp.c		server groups, configuration, where a packet goes
 *	peer.c		circuits to the servers at one address
 *	neighbor.c	one server of one group: packets out, its end
 *	hello.c		2.1: is it there, does it hear us
 *	align.c		2.2: summaries in lock step
 *	solicit.c	2.2.3: what it has and we have not
 *	update.c	2.3: flooding, acknowledgement, retransmission
 *	show.c		what marsctl shows
 *	cache.c, message.c, auth.c, replay.c	need none of the others
 */
#ifndef SCSP_H
#define SCSP_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "auth.h"
#include "cache.h"
#include "message.h"
#include "replay.h"
#include "scsp_core.h"

/* octets kept free in every packet for the longest extensions */
#define EXT_RESERVE	(4 + 4 + AUTH_MAC_MAX + 4 + SCSP_REPLAY_LEN + 4)
#define RECORDS_MAX	((SCSP_MTU - EXT_RESERVE - SCSP_FIXED_LEN - \
			    SCSP_COMMON_LEN) / SCSP_CSAS_LEN)
#define FLUSH_DELAY	MTIME_MS(5)	/* how long a record waits for others */
/* octets of a record's contents that every packet has room for */
#define CONTENTS_MAX	(SCSP_MTU - EXT_RESERVE - SCSP_FIXED_LEN - \
			    SCSP_COMMON_LEN - SCSP_CSAS_LEN)
#define WINDOW_OCTETS	(14 * SCSP_MTU)	/* CSA records not acknowledged */
#define CALL_WAIT	MTIME_SEC(3)	/* */
#define CALL_RETRY	MTIME_SEC(1)
#define AGAIN_MAX	3		/* old copies of one CA */
#define PROMPT_PAUSE	MTIME_SEC(1)	/* */
#define CIRCUITS_MAX	4		/* calls of one neighbor at a time */

#define SCSP_HELLO_STATES(X) \
	X(SCSP_HELLO_DOWN, "Down") X(SCSP_HELLO_WAITING, "Waiting") \
	X(SCSP_HELLO_UNI, "Unidirectional") X(SCSP_HELLO_BIDI, "Bidirectional")
enum scsp_hello_state {
#define X(sym, name) sym,
	SCSP_HELLO_STATES(X)
#undef X
	SCSP_HELLO_STATE_MAX
};

#define SCSP_HELLO_EVENTS(X) \
	X(SCSP_HELLO_EV_VC_UP, "circuit up") \
	X(SCSP_HELLO_EV_VC_DOWN, "circuit down") \
	X(SCSP_HELLO_EV_LISTED, "hello that lists us") \
	X(SCSP_HELLO_EV_UNLISTED, "hello that does not list us") \
	X(SCSP_HELLO_EV_STALL_HEARD, "no hello that lists us in time") \
	X(SCSP_HELLO_EV_STALL_SILENT, "no hello in time") \
	X(SCSP_HELLO_EV_ABNORMAL, "abnormal event") \
	X(SCSP_HELLO_EV_NEW_ID, "another server or another boot")
enum scsp_hello_event {
#define X(sym, name) sym,
	SCSP_HELLO_EVENTS(X)
#undef X
	SCSP_HELLO_EV_MAX
};

#define SCSP_ALIGN_STATES(X) \
	X(SCSP_ALIGN_DOWN, "Down") X(SCSP_ALIGN_NEGOTIATION, "Negotiation") \
	X(SCSP_ALIGN_SUMMARIZE, "Summarize") X(SCSP_ALIGN_UPDATE, "Update") \
	X(SCSP_ALIGN_ALIGNED, "Aligned")
enum scsp_align_state {
#define X(sym, name) sym,
	SCSP_ALIGN_STATES(X)
#undef X
	SCSP_ALIGN_STATE_MAX
};

/* the choices of 2.2.1 and 2.2.2 are made before the table is asked */
#define SCSP_ALIGN_EVENTS(X) \
	X(SCSP_ALIGN_EV_UP, "bidirectional") \
	X(SCSP_ALIGN_EV_DOWN, "no longer bidirectional") \
	X(SCSP_ALIGN_EV_INIT, "first CA of a larger ID") \
	X(SCSP_ALIGN_EV_INIT_AGAIN, "old copy of the first CA") \
	X(SCSP_ALIGN_EV_ANSWER, "the slave's answer to our first CA") \
	X(SCSP_ALIGN_EV_NEXT, "next CA, and more will follow") \
	X(SCSP_ALIGN_EV_DONE, "the slave's last CA") \
	X(SCSP_ALIGN_EV_FINAL, "the master's last CA") \
	X(SCSP_ALIGN_EV_REPEATED, "the master's CA again") \
	X(SCSP_ALIGN_EV_TWICE, "next CA, after either of two answers") \
	X(SCSP_ALIGN_EV_STALE, "the slave's CA again") \
	X(SCSP_ALIGN_EV_ERROR, "CA out of step") \
	X(SCSP_ALIGN_EV_STRAY, "CA that does not matter here") \
	X(SCSP_ALIGN_EV_TIMER, "no CA in time") \
	X(SCSP_ALIGN_EV_STUCK, "no master any more, or no copy to repeat") \
	X(SCSP_ALIGN_EV_SYNCED, "everything solicited is here") \
	X(SCSP_ALIGN_EV_REALIGN, "told to start over")
enum scsp_align_event {
#define X(sym, name) sym,
	SCSP_ALIGN_EVENTS(X)
#undef X
	SCSP_ALIGN_EV_MAX
};

#define NEIGHBOR_COUNTERS(X) \
	X(hellos_in, "hellos-in") X(hellos_out, "hellos-out") \
	X(cas_in, "cas-in") X(cas_out, "cas-out") \
	X(csus_in, "csus-in") X(csus_out, "csus-out") \
	X(requests_in, "csu-requests-in") X(requests_out, "csu-requests-out") \
	X(replies_in, "csu-replies-in") X(replies_out, "csu-replies-out") \
	X(records_in, "records-received") X(records_out, "records-sent") \
	X(retransmissions, "retransmissions") \
	X(abnormal, "abnormal-events")

struct scsp;
struct scsp_group;
struct scsp_peer;
struct scsp_neighbor;

/* One circuit to or from a peer; the cookie of its vc. */
struct scsp_circuit {
	TAILQ_ENTRY(scsp_circuit)	 entry;
	struct scsp_peer		*peer;
	struct vc		*vc;
	bool			 outgoing;
	bool			 leaf;		/* only for receiving */
	bool			 connected;
	bool			 greeted;	/* our first Hello went out */
	bool			 proven;	/* a Hello of its came on it */
};
TAILQ_HEAD(scsp_circuit_list, scsp_circuit);
TAILQ_HEAD(scsp_neighbor_list, scsp_neighbor);

/* The servers at one address; all groups share its circuits. */
struct scsp_peer {
	RB_ENTRY(scsp_peer)		 node;
	struct scsp		*scsp;
	struct atm_addr		 addr;
	struct scsp_circuit_list	 circuits;	/* newest first */
	uint32_t		 ncircuits;
	struct scsp_circuit		*best;		/* the one to send on */
	struct scsp_neighbor_list	 neighbors;	/* one per group */
	struct timer		 call;
	struct timer		 settle;
	bool			 started;
	bool			 has_id;	/* from its last Hello */
	uint32_t		 id;
};
RB_HEAD(scsp_peer_tree, scsp_peer);

/* An entry on a neighbor's retransmit queue (2.3); never a copy of it. */
TAILQ_HEAD(scsp_link_queue, scsp_link);
struct scsp_link {
	LIST_ENTRY(scsp_link)	 of_entry;
	TAILQ_ENTRY(scsp_link)	 of_neighbor;
	struct scsp_entry		*entry;
	struct scsp_neighbor		*neighbor;
	mtime_t			 sent_at;
	uint32_t		 octets;	/* as counted in its list */
	bool			 flying;	/* sent, not acknowledged */
	uint16_t		 hops;
	uint16_t		 tries;		/* retransmissions so far */
};

struct scsp_want {		/* an element of the CSA Request List */
	record_id	 id;
	int32_t		 seq;
	bool		 answered;
};
struct scsp_want_block {
	TAILQ_ENTRY(scsp_want_block) entry;
	uint32_t		 first, n;
	struct scsp_want		 want[RECORDS_MAX];
};
TAILQ_HEAD(scsp_want_list, scsp_want_block);

struct scsp_neighbor {
	TAILQ_ENTRY(scsp_neighbor)	 of_group;
	TAILQ_ENTRY(scsp_neighbor)	 of_peer;
	struct scsp		*scsp;
	struct scsp_group		*group;
	struct scsp_peer		*peer;
	struct conf_neighbor	 conf;
	struct scsp_auth_key		*keys[16];
	size_t			 nkeys;
	struct scsp_replay		 replay;
	bool			 wanted, made;	/* while it is configured */
	uint32_t		 mtu;		/* octets of a packet */

	/* hello.c */
	enum scsp_hello_state	 hello;
	mtime_t			 hello_since;
	bool			 has_id;	/* id is saved (2.1) */
	bool			 heard;		/* and listed in our Hellos */
	uint32_t		 id;		/* DCSID */
	uint16_t		 interval, dead;	/* as advertised */
	struct timer		 hello_timer;	/* our next Hello */
	struct timer		 heard_timer;	/* any Hello */
	struct timer		 listed_timer;	/* a Hello that lists us */
	bool			 prompted, answered;
	mtime_t			 prompt_at, answer_at;

	/* align.c */
	enum scsp_align_state	 align;
	mtime_t			 align_since;
	bool			 master;
	uint32_t		 ca_seq;
	uint32_t		 ca_sent;	/* number of the last sent */
	uint32_t		 ca_used;	/* last one negotiated with */
	uint32_t		 ca_first;	/* slave: that it began with */
	uint32_t		 ca_highest;	/* that it ever began with, */
	bool			 begun;		/* if it did */
	bool			 twice;		/* ca_first is not newer */
	uint32_t		 nagain;	/* old copies of its first CA */
	uint32_t		 ntwice;	/* since it got through */
	record_id		 cursor;	/* summarised up to here */
	bool			 cursor_set, summarised;
	bool			 skipped;	/* not told of hidden ones */
	struct timer		 ca_timer;
	uint8_t			*saved;		/* last CA, mandatory part */
	size_t			 saved_len;

	/* solicit.c */
	struct scsp_want_list	 crl;
	uint32_t		 ncrl;
	struct scsp_want		*out;	/* in the CSUS, sorted */
	uint32_t		 nout, nopen;
	uint32_t		 csus_tries;
	bool			 csus_progress, crl_failed;
	struct timer		 csus_timer;

	/* update.c */
	struct scsp_link_queue	 fresh, sent;
	uint32_t		 nqueued;
	uint64_t		 waiting, flying;	/* octets */
	struct scsp_csas		*acks;
	uint32_t		 nacks;
	struct timer		 flush_timer;
	struct timer		 csu_timer;

#define X(sym, name) uint64_t sym;
	NEIGHBOR_COUNTERS(X)
#undef X
	uint64_t		 drops[DROP_MAX];
};

/* New contents of a record of ours that is being purged. */
struct scsp_renewal {
	TAILQ_ENTRY(scsp_renewal)	 entry;
	uint32_t		 key;
	uint16_t		 len;
	uint8_t			 data[];
};

struct scsp_group {
	RB_ENTRY(scsp_group)		 node;
	struct scsp		*scsp;
	uint16_t		 pid, sgid;
	char			 name[NAME_SIZE];
	uint16_t		 hop_count;
	int64_t			 tombstone;	/* microseconds */
	uint32_t		 max_records;
	bool			 holding;	/* own records wait, A-11 */
	bool			 reborn;	/* an earlier life turned up */
	int32_t			 past;		/* beyond all of that life's */
	struct timer		 forgotten;	/* it is, by everybody */
	bool			 wanted, made;	/* while it is configured */
	struct scsp_cache		 cache;
	struct scsp_neighbor_list	 neighbors;
	TAILQ_HEAD(, scsp_renewal)	 renewals;
	struct timer		 mortal_timer;
};
RB_HEAD(scsp_group_tree, scsp_group);

struct scsp_attached {
	SLIST_ENTRY(scsp_attached)	 entry;
	struct vc_link		*link;
};

struct scsp_key {
	SLIST_ENTRY(scsp_key)	 entry;
	struct scsp_auth_key		*key;
};
SLIST_HEAD(scsp_key_list, scsp_key);

struct scsp {
	const struct scsp_ops	*ops;
	void			*arg;
	struct timers		*timers;
	struct scsp_auth		*auth;
	uint32_t		 lsid;
	struct scsp_group_tree	 groups;
	struct scsp_peer_tree	 peers;
	struct scsp_key_list		 keys;
	SLIST_HEAD(, scsp_attached)	 links;
	uint64_t		 calls_refused;
	uint64_t		 drops[DROP_MAX];	/* of no neighbor */
};

RB_PROTOTYPE(scsp_group_tree, scsp_group, node, scsp_group_cmp)
RB_PROTOTYPE(scsp_peer_tree, scsp_peer, node, scsp_peer_cmp)
int		 scsp_group_cmp(const struct scsp_group *,
		    const struct scsp_group *);
int		 scsp_peer_cmp(const struct scsp_peer *,
		    const struct scsp_peer *);

/* scsp.c */
/* of PID_MARS */
struct scsp_group	*scsp_group_find(struct scsp *, uint16_t);
struct scsp_group	*scsp_group_get(struct scsp *, uint16_t pid,
		    uint16_t sgid);
/*
 * Groups of other protocols are kept in step without being understood: any
 * contents are good, nothing in them is ours, and marsd is not told.
 */
bool		 scsp_group_is_mars(const struct scsp_group *);
enum csa_verdict (*scsp_group_judge(const struct scsp_group *))(const void *,
    size_t);
bool		 scsp_group_owns(const struct scsp_group *, record_id);
void		 scsp_group_tell_update(struct scsp_group *,
		    const struct scsp_csas *,
		    uint8_t how);
void		 scsp_group_tell_gone(struct scsp_group *, record_id);
void		 scsp_group_tell_neighbor(struct scsp_group *, uint32_t id,
		    bool);
/* number and flood what was held back, now that a DCS is aligned */
void		 scsp_group_release(struct scsp_group *);
/* the last neighbor that had to hear of e may have: is that its end? */
void		 scsp_entry_settle(struct scsp_group *, struct scsp_entry *);
/* off every queue and out of the cache */
void		 scsp_entry_remove(struct scsp_group *, struct scsp_entry *);
/* one of ours, with the same contents under this number */
void		 scsp_entry_renumber(struct scsp_group *, struct scsp_entry *,
		    int32_t);
void		 scsp_group_mortals(struct scsp_group *); /* sets their timer */
void		 scsp_oid_octets(uint32_t, uint8_t [4]);

/* reborn.c */
void		 scsp_reborn_init(struct scsp_group *);
void		 scsp_reborn_start(struct scsp_group *,
		    const struct conf_cluster *);
/* of an own instance, with this number, that is not of now */
/* it exists */
void		 scsp_reborn_heard(struct scsp_group *, int32_t);
/* it is here */
void		 scsp_reborn_proven(struct scsp_group *, int32_t);

/* peer.c */
struct scsp_peer	*scsp_peer_find(struct scsp *, const struct atm_addr *);
struct scsp_peer	*scsp_peer_new(struct scsp *, const struct atm_addr *);
void		 scsp_peer_free(struct scsp_peer *);
void		 scsp_peer_start(struct scsp_peer *);
void		 scsp_peer_settle(struct scsp_peer *);
void		 scsp_peer_proven(struct scsp_circuit *, uint32_t id);
void		 scsp_peer_forget_link(struct scsp *, struct vc_link *);
uint16_t	 scsp_peer_remote_call(void *, struct vc *,
		    const struct atm_addr *, bool, void **);
void		 scsp_peer_ack(void *, struct vc *, void *);
void		 scsp_peer_rqfailed(void *, struct vc *, void *, uint16_t);
void		 scsp_peer_release(void *, struct vc *, void *, uint16_t);

/* neighbor.c */
struct scsp_neighbor	*scsp_neighbor_new(struct scsp_group *,
		    struct scsp_peer *,
		    const struct conf_neighbor *);
void		 scsp_neighbor_free(struct scsp_neighbor *);
void		 scsp_neighbor_drop(struct scsp_neighbor *, enum scsp_drop);
void		 scsp_neighbor_event(struct scsp_neighbor *,
		    enum scsp_event_code,
		    const char *from, const char *to, const char *why,
		    uint64_t number);
void		 scsp_neighbor_abnormal(struct scsp_neighbor *,
		    const char *why);
/* adds extensions, MAC and checksum, and sends; via NULL: the best one */
void		 scsp_neighbor_send(struct scsp_neighbor *,
		    struct scsp_packet *,
		    struct scsp_circuit *via, bool echo_heard);
void		 scsp_neighbor_input(struct scsp_neighbor *,
		    struct scsp_circuit *,
		    const uint8_t *, size_t, enum scsp_type);
int64_t		 scsp_seconds(uint32_t);
/* begins a packet, down to its records */
void		 scsp_neighbor_begin(struct scsp_neighbor *,
		    struct scsp_packet *,
		    enum scsp_type, uint16_t flags);
/* summaries that go into a packet whose head has so many octets more */
uint32_t	 scsp_neighbor_records(const struct scsp_neighbor *,
		    uint32_t head);

/* hello.c */
extern const char *const scsp_hello_state_names[];
void		 scsp_hello_init(struct scsp_neighbor *);
void		 scsp_hello_run(struct scsp_neighbor *, enum scsp_hello_event);
void		 scsp_hello_input(struct scsp_neighbor *,
		    const struct scsp_message *);
void		 scsp_hello_answer(struct scsp_neighbor *,
		    struct scsp_circuit *);
void		 scsp_hello_send(struct scsp_neighbor *);
void		 scsp_hello_prompt(struct scsp_neighbor *);

/* align.c */
extern const char *const scsp_align_state_names[];
void		 scsp_align_init(struct scsp_neighbor *);
void		 scsp_align_clear(struct scsp_neighbor *);
void		 scsp_align_run(struct scsp_neighbor *, enum scsp_align_event);
void		 scsp_align_ca(struct scsp_neighbor *,
		    const struct scsp_message *);
void		 scsp_align_release_saved(struct scsp_neighbor *);
bool		 scsp_align_exchanging(const struct scsp_neighbor *);

/* solicit.c */
void		 scsp_solicit_init(struct scsp_neighbor *);
void		 scsp_solicit_clear(struct scsp_neighbor *);
void		 scsp_solicit_add(struct scsp_neighbor *, record_id, int32_t);
void		 scsp_solicit_kick(struct scsp_neighbor *);
/* was it asked for? */
bool		 scsp_solicit_answered(struct scsp_neighbor *,
		    const struct scsp_csas *);
uint32_t	 scsp_solicit_pending(const struct scsp_neighbor *);

/* update.c */
void		 scsp_update_init(struct scsp_neighbor *);
void		 scsp_update_clear(struct scsp_neighbor *);
/* all: even what does not fill a packet */
void		 scsp_update_flush(struct scsp_neighbor *, bool all);
void		 scsp_update_request(struct scsp_neighbor *,
		    const struct scsp_message *);
void		 scsp_update_reply(struct scsp_neighbor *,
		    const struct scsp_message *);
void		 scsp_update_csus(struct scsp_neighbor *,
		    const struct scsp_message *);
/* to every DCS but one (NULL: to all) that may not know this instance */
void		 scsp_update_flood(struct scsp_group *, struct scsp_entry *,
		    const struct scsp_neighbor *, uint16_t hops);
void		 scsp_update_revived(struct scsp_group *, struct scsp_entry *);
void		 scsp_update_unqueue(struct scsp_link *);

#endif
