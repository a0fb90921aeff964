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
#define EXT_RESERVE	(4 + 4 + AUTH_MAC_MAX + 4 + REPLAY_LEN + 4)
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

#define HELLO_STATES(X) \
	X(HELLO_DOWN, "Down") X(HELLO_WAITING, "Waiting") \
	X(HELLO_UNI, "Unidirectional") X(HELLO_BIDI, "Bidirectional")
enum hello_state {
#define X(sym, name) sym,
	HELLO_STATES(X)
#undef X
	HELLO_STATE_MAX
};

#define HELLO_EVENTS(X) \
	X(HELLO_EV_VC_UP, "circuit up") \
	X(HELLO_EV_VC_DOWN, "circuit down") \
	X(HELLO_EV_LISTED, "hello that lists us") \
	X(HELLO_EV_UNLISTED, "hello that does not list us") \
	X(HELLO_EV_STALL_HEARD, "no hello that lists us in time") \
	X(HELLO_EV_STALL_SILENT, "no hello in time") \
	X(HELLO_EV_ABNORMAL, "abnormal event") \
	X(HELLO_EV_NEW_ID, "another server or another boot")
enum hello_event {
#define X(sym, name) sym,
	HELLO_EVENTS(X)
#undef X
	HELLO_EV_MAX
};

#define ALIGN_STATES(X) \
	X(ALIGN_DOWN, "Down") X(ALIGN_NEGOTIATION, "Negotiation") \
	X(ALIGN_SUMMARIZE, "Summarize") X(ALIGN_UPDATE, "Update") \
	X(ALIGN_ALIGNED, "Aligned")
enum align_state {
#define X(sym, name) sym,
	ALIGN_STATES(X)
#undef X
	ALIGN_STATE_MAX
};

/* the choices of 2.2.1 and 2.2.2 are made before the table is asked */
#define ALIGN_EVENTS(X) \
	X(ALIGN_EV_UP, "bidirectional") \
	X(ALIGN_EV_DOWN, "no longer bidirectional") \
	X(ALIGN_EV_INIT, "first CA of a larger ID") \
	X(ALIGN_EV_INIT_AGAIN, "old copy of the first CA") \
	X(ALIGN_EV_ANSWER, "the slave's answer to our first CA") \
	X(ALIGN_EV_NEXT, "next CA, and more will follow") \
	X(ALIGN_EV_DONE, "the slave's last CA") \
	X(ALIGN_EV_FINAL, "the master's last CA") \
	X(ALIGN_EV_REPEATED, "the master's CA again") \
	X(ALIGN_EV_TWICE, "next CA, after either of two answers") \
	X(ALIGN_EV_STALE, "the slave's CA again") \
	X(ALIGN_EV_ERROR, "CA out of step") \
	X(ALIGN_EV_STRAY, "CA that does not matter here") \
	X(ALIGN_EV_TIMER, "no CA in time") \
	X(ALIGN_EV_STUCK, "no master any more, or no copy to repeat") \
	X(ALIGN_EV_SYNCED, "everything solicited is here") \
	X(ALIGN_EV_REALIGN, "told to start over")
enum align_event {
#define X(sym, name) sym,
	ALIGN_EVENTS(X)
#undef X
	ALIGN_EV_MAX
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
struct group;
struct peer;
struct neighbor;

/* One circuit to or from a peer; the cookie of its vc. */
struct circuit {
	TAILQ_ENTRY(circuit)	 entry;
	struct peer		*peer;
	struct vc		*vc;
	bool			 outgoing;
	bool			 leaf;		/* only for receiving */
	bool			 connected;
	bool			 greeted;	/* our first Hello went out */
	bool			 proven;	/* a Hello of its came on it */
};
TAILQ_HEAD(circuit_list, circuit);
TAILQ_HEAD(neighbor_list, neighbor);

/* The servers at one address; all groups share its circuits. */
struct peer {
	RB_ENTRY(peer)		 node;
	struct scsp		*scsp;
	struct atm_addr		 addr;
	struct circuit_list	 circuits;	/* newest first */
	uint32_t		 ncircuits;
	struct circuit		*best;		/* the one to send on */
	struct neighbor_list	 neighbors;	/* one per group */
	struct timer		 call;
	struct timer		 settle;
	bool			 started;
	bool			 has_id;	/* from its last Hello */
	uint32_t		 id;
};
RB_HEAD(peer_tree, peer);

/* An entry on a neighbor's retransmit queue (2.3); never a copy of it. */
TAILQ_HEAD(link_queue, link);
struct link {
	LIST_ENTRY(link)	 of_entry;
	TAILQ_ENTRY(link)	 of_neighbor;
	struct entry		*entry;
	struct neighbor		*neighbor;
	mtime_t			 sent_at;
	uint32_t		 octets;	/* as counted in its list */
	bool			 flying;	/* sent, not acknowledged */
	uint16_t		 hops;
	uint16_t		 tries;		/* retransmissions so far */
};

struct want {		/* an element of the CSA Request List */
	record_id	 id;
	int32_t		 seq;
	bool		 answered;
};
struct want_block {
	TAILQ_ENTRY(want_block) entry;
	uint32_t		 first, n;
	struct want		 want[RECORDS_MAX];
};
TAILQ_HEAD(want_list, want_block);

struct neighbor {
	TAILQ_ENTRY(neighbor)	 of_group;
	TAILQ_ENTRY(neighbor)	 of_peer;
	struct scsp		*scsp;
	struct group		*group;
	struct peer		*peer;
	struct conf_neighbor	 conf;
	struct auth_key		*keys[16];
	size_t			 nkeys;
	struct replay		 replay;
	bool			 wanted, made;	/* while it is configured */
	uint32_t		 mtu;		/* octets of a packet */

	/* hello.c */
	enum hello_state	 hello;
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
	enum align_state	 align;
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
	struct want_list	 crl;
	uint32_t		 ncrl;
	struct want		*out;		/* in the CSUS, sorted */
	uint32_t		 nout, nopen;
	uint32_t		 csus_tries;
	bool			 csus_progress, crl_failed;
	struct timer		 csus_timer;

	/* update.c */
	struct link_queue	 fresh, sent;
	uint32_t		 nqueued;
	uint64_t		 waiting, flying;	/* octets */
	struct csas		*acks;
	uint32_t		 nacks;
	struct timer		 flush_timer;
	struct timer		 csu_timer;

#define X(sym, name) uint64_t sym;
	NEIGHBOR_COUNTERS(X)
#undef X
	uint64_t		 drops[DROP_MAX];
};

/* New contents of a record of ours that is being purged. */
struct renewal {
	TAILQ_ENTRY(renewal)	 entry;
	uint32_t		 key;
	uint16_t		 len;
	uint8_t			 data[];
};

struct group {
	RB_ENTRY(group)		 node;
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
	struct cache		 cache;
	struct neighbor_list	 neighbors;
	TAILQ_HEAD(, renewal)	 renewals;
	struct timer		 mortal_timer;
};
RB_HEAD(group_tree, group);

struct attached {
	SLIST_ENTRY(attached)	 entry;
	struct vc_link		*link;
};

struct scsp_key {
	SLIST_ENTRY(scsp_key)	 entry;
	struct auth_key		*key;
};
SLIST_HEAD(key_list, scsp_key);

struct scsp {
	const struct scsp_ops	*ops;
	void			*arg;
	struct timers		*timers;
	struct auth		*auth;
	uint32_t		 lsid;
	struct group_tree	 groups;
	struct peer_tree	 peers;
	struct key_list		 keys;
	SLIST_HEAD(, attached)	 links;
	uint64_t		 calls_refused;
	uint64_t		 drops[DROP_MAX];	/* of no neighbor */
};

RB_PROTOTYPE(group_tree, group, node, group_cmp)
RB_PROTOTYPE(peer_tree, peer, node, peer_cmp)
int		 group_cmp(const struct group *, const struct group *);
int		 peer_cmp(const struct peer *, const struct peer *);

/* scsp.c */
struct group	*group_find(struct scsp *, uint16_t);	/* of PID_MARS */
struct group	*group_get(struct scsp *, uint16_t pid, uint16_t sgid);
/*
 * Groups of other protocols are kept in step without being understood: any
 * contents are good, nothing in them is ours, and marsd is not told.
 */
bool		 group_is_mars(const struct group *);
enum csa_verdict (*group_judge(const struct group *))(const void *, size_t);
bool		 group_owns(const struct group *, record_id);
void		 group_tell_update(struct group *, const struct csas *,
		    uint8_t how);
void		 group_tell_gone(struct group *, record_id);
void		 group_tell_neighbor(struct group *, uint32_t id, bool);
/* number and flood what was held back, now that a DCS is aligned */
void		 group_release(struct group *);
/* the last neighbor that had to hear of e may have: is that its end? */
void		 entry_settle(struct group *, struct entry *);
/* off every queue and out of the cache */
void		 entry_remove(struct group *, struct entry *);
/* one of ours, with the same contents under this number */
void		 entry_renumber(struct group *, struct entry *, int32_t);
void		 group_mortals(struct group *);	/* sets their timer */
void		 oid_octets(uint32_t, uint8_t [4]);

/* reborn.c */
void		 reborn_init(struct group *);
void		 reborn_start(struct group *, const struct conf_cluster *);
/* of an own instance, with this number, that is not of now */
void		 reborn_heard(struct group *, int32_t);	/* it exists */
void		 reborn_proven(struct group *, int32_t);	/* it is here */

/* peer.c */
struct peer	*peer_find(struct scsp *, const struct atm_addr *);
struct peer	*peer_new(struct scsp *, const struct atm_addr *);
void		 peer_free(struct peer *);
void		 peer_start(struct peer *);
void		 peer_settle(struct peer *);
void		 peer_proven(struct circuit *, uint32_t id);
void		 peer_forget_link(struct scsp *, struct vc_link *);
uint16_t	 peer_remote_call(void *, struct vc *,
		    const struct atm_addr *, bool, void **);
void		 peer_ack(void *, struct vc *, void *);
void		 peer_rqfailed(void *, struct vc *, void *, uint16_t);
void		 peer_release(void *, struct vc *, void *, uint16_t);

/* neighbor.c */
struct neighbor	*neighbor_new(struct group *, struct peer *,
		    const struct conf_neighbor *);
void		 neighbor_free(struct neighbor *);
void		 neighbor_drop(struct neighbor *, enum scsp_drop);
void		 neighbor_event(struct neighbor *, enum scsp_event_code,
		    const char *from, const char *to, const char *why,
		    uint64_t number);
void		 neighbor_abnormal(struct neighbor *, const char *why);
/* adds extensions, MAC and checksum, and sends; via NULL: the best one */
void		 neighbor_send(struct neighbor *, struct packet *,
		    struct circuit *via, bool echo_heard);
void		 neighbor_input(struct neighbor *, struct circuit *,
		    const uint8_t *, size_t, enum scsp_type);
int64_t		 seconds(uint32_t);
/* begins a packet, down to its records */
void		 neighbor_begin(struct neighbor *, struct packet *,
		    enum scsp_type, uint16_t flags);
/* summaries that go into a packet whose head has so many octets more */
uint32_t	 neighbor_records(const struct neighbor *, uint32_t head);

/* hello.c */
extern const char *const hello_state_names[];
void		 hello_init(struct neighbor *);
void		 hello_run(struct neighbor *, enum hello_event);
void		 hello_input(struct neighbor *, const struct scsp_message *);
void		 hello_answer(struct neighbor *, struct circuit *);
void		 hello_send(struct neighbor *);
void		 hello_prompt(struct neighbor *);

/* align.c */
extern const char *const align_state_names[];
void		 align_init(struct neighbor *);
void		 align_clear(struct neighbor *);
void		 align_run(struct neighbor *, enum align_event);
void		 align_ca(struct neighbor *, const struct scsp_message *);
void		 align_release_saved(struct neighbor *);
bool		 align_exchanging(const struct neighbor *);

/* solicit.c */
void		 solicit_init(struct neighbor *);
void		 solicit_clear(struct neighbor *);
void		 solicit_add(struct neighbor *, record_id, int32_t);
void		 solicit_kick(struct neighbor *);
/* was it asked for? */
bool		 solicit_answered(struct neighbor *, const struct csas *);
uint32_t	 solicit_pending(const struct neighbor *);

/* update.c */
void		 update_init(struct neighbor *);
void		 update_clear(struct neighbor *);
/* all: even what does not fill a packet */
void		 update_flush(struct neighbor *, bool all);
void		 update_request(struct neighbor *,
		    const struct scsp_message *);
void		 update_reply(struct neighbor *, const struct scsp_message *);
void		 update_csus(struct neighbor *, const struct scsp_message *);
/* to every DCS but one (NULL: to all) that may not know this instance */
void		 update_flood(struct group *, struct entry *,
		    const struct neighbor *, uint16_t hops);
void		 update_revived(struct group *, struct entry *);
void		 update_unqueue(struct link *);

#endif
