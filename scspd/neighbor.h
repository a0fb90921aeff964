/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One server of one server group: its state in all parts of the protocol,
 * and its packets on their way out and in.
 */
#ifndef SCSP_NEIGHBOR_H
#define SCSP_NEIGHBOR_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "cache.h"
#include "conf.h"
#include "message.h"
#include "packet.h"
#include "peer.h"
#include "problem.h"
#include "queue.h"
#include "quiet.h"
#include "replay.h"
#include "scsp_core.h"
#include "solicit.h"
#include "table.h"
#include "timer.h"

struct scsp_group;

#define NEIGHBOR_COUNTERS(X) \
	X(hellos_in, "hellos-in") X(hellos_out, "hellos-out") \
	X(cas_in, "cas-in") X(cas_out, "cas-out") \
	X(csus_in, "csus-in") X(csus_out, "csus-out") \
	X(requests_in, "csu-requests-in") X(requests_out, "csu-requests-out") \
	X(replies_in, "csu-replies-in") X(replies_out, "csu-replies-out") \
	X(records_in, "records-received") X(records_out, "records-sent") \
	X(retransmissions, "retransmissions") \
	X(abnormal, "abnormal-events") \
	X(conflicts, "conflicts")

struct scsp_neighbor {
	TAILQ_ENTRY(scsp_neighbor) of_group;
	TAILQ_ENTRY(scsp_neighbor) of_peer;
	struct scsp		*scsp;
	struct scsp_group	*group;
	struct scsp_peer	*peer;
	struct conf_neighbor	 conf;
	struct scsp_auth_key	*keys[CONF_KEYS_MAX];
	size_t			 nkeys;
	uint32_t		 signs;		/* SPI of what signed last */
	int64_t			 ends_told;	/* time(3), or 0 */
	struct scsp_replay	 replay;
	bool			 wanted, made;	/* while it is configured */
	uint32_t		 mtu;		/* octets of a packet */
	size_t			 takes;		/* octets of an SDU, as told */
	struct scsp_share	*share;		/* of the cache */
	bool			 refused;	/* some of it: no room */
	int64_t			 delay;		/* us, of acknowledgements; 0:
						 * not known */
	struct quiet		 quiet[SCSP_EV_MAX];
	struct scsp_problem	 problem;
	struct timer		 log_timer;	/* tells the state at last */
	/* large messages that were repeated in vain, one after the other */
	uint32_t		 large_tries;
	uint64_t		 large_hellos;	/* hellos_in at the last one */
	bool			 large_told;

	/* hold.c */
	TAILQ_HEAD(, scsp_held)	 held;
	size_t			 held_octets;
	struct timer		 held_timer;
	mtime_t			 grace_at;	/* since then */
	int64_t			 grace;		/* records are taken still */

	/* hello.c */
	uint8_t			 hello;		/* enum scsp_hello_state */
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
	uint8_t			 align;		/* enum scsp_align_state */
	mtime_t			 align_since;
	bool			 master;
	uint32_t		 ca_seq;
	uint32_t		 ca_sent;	/* number of the last sent */
	uint32_t		 ca_used;	/* last one negotiated with */
	uint32_t		 ca_first;	/* slave: master's first one */
	uint32_t		 ca_highest;	/* highest ca_first so far */
	bool			 begun;		/* ca_highest is set */
	bool			 twice;		/* ca_first was not new */
	uint32_t		 nagain;	/* old copies of its first CA */
	uint32_t		 ntwice;	/* since it got through */
	scsp_record_id		 cursor;	/* summarised up to here */
	bool			 cursor_set, summarised;
	bool			 skipped;	/* not told of hidden ones */
	struct timer		 ca_timer;
	uint8_t			*saved;		/* last CA, mandatory part */
	size_t			 saved_len;

	/* solicit.c */
	struct scsp_want_list	 crl;
	uint32_t		 ncrl;
	struct scsp_want	*out;	/* in the CSUS, sorted */
	uint32_t		 nout, nopen;
	uint32_t		 csus_tries;
	size_t			 csus_octets;	/* of the last CSUS */
	bool			 csus_progress, crl_failed;
	bool			 crl_full;	/* told so */
	bool			 csus_single;	/* one record to a CSUS, A-73 */
	bool			 csus_ignored;	/* begun anew for it, A-73 */
	bool			 exchanged;	/* it answers CSU messages */
	struct timer		 csus_timer;

	/* queue.c */
	struct scsp_link_queue	 fresh, sent;
	uint32_t		 nqueued;
	uint64_t		 waiting, flying;	/* octets */
	struct scsp_csas	*acks;
	uint32_t		 nacks;
	struct timer		 flush_timer;
	struct timer		 csu_timer;

#define X(sym, name) uint64_t sym;
	NEIGHBOR_COUNTERS(X)
#undef X
	uint64_t		 drops[SCSP_DROP_MAX];
};

/* NULL: no memory */
struct scsp_neighbor *scsp_neighbor_new(struct scsp_group *,
	    struct scsp_peer *, const struct conf_neighbor *);
/* takes it to Down first, so that marsd is told */
void	 scsp_neighbor_free(struct scsp_neighbor *);
/* counts */
void	 scsp_neighbor_drop(struct scsp_neighbor *, enum scsp_drop);
/* tells the owner; from, to and why may be NULL, number may be 0 */
void	 scsp_neighbor_event(struct scsp_neighbor *, enum scsp_event_code,
	    const char *from, const char *to, const char *why,
	    uint64_t number);
/* the same, with everything in it that is not the neighbor's */
void	 scsp_neighbor_tell(struct scsp_neighbor *, struct scsp_event *);
/* about one record: why may be SCSP_DROP_NONE */
void	 scsp_neighbor_tell_record(struct scsp_neighbor *,
	    enum scsp_event_code, scsp_record_id, enum scsp_drop why,
	    uint64_t number);
/* a circuit takes SDUs of so many octets: packets are made to fit */
void	 scsp_neighbor_resize(struct scsp_neighbor *, size_t sdu_max);
/*
 * Is marsd so far behind that no more records should come?  It catches up
 * within milliseconds: who waits for that looks again so soon.
 */
#define SCSP_LOOK_AGAIN	MTIME_MS(2)
bool	 scsp_neighbor_congested(const struct scsp_neighbor *);
/*
 * A message of so many octets is repeated, or was answered.  Where large ones
 * are never answered while Hellos come, the owner is told, once: something on
 * the way drops fragments.
 */
void	 scsp_neighbor_repeats(struct scsp_neighbor *, size_t octets);
void	 scsp_neighbor_answers(struct scsp_neighbor *, size_t octets);
/*
 * One step of a machine of this neighbor.  A change of the state is noted
 * in *since and told to the owner as code.  Returns the action to be taken.
 */
uint8_t	 scsp_neighbor_step(struct scsp_neighbor *, const struct table *,
	    uint8_t *state, mtime_t *since, enum scsp_event_code code,
	    unsigned int event);
/*
 * the hook of struct table_faults; arg is the scsp; tells the owner which
 * neighbor the machine belongs to
 */
void	 scsp_neighbor_violated(void *, const struct table *, uint8_t state,
	    uint8_t event);
/* an abnormal event (2.1): the adjacency goes back to Waiting */
void	 scsp_neighbor_abnormal(struct scsp_neighbor *, const char *why);
/* begins a packet, down to its records */
void	 scsp_neighbor_begin(struct scsp_neighbor *, struct scsp_packet *,
	    enum scsp_type, uint16_t flags);
/* how many summaries fit into a packet whose head has so many octets more */
uint32_t scsp_neighbor_records(const struct scsp_neighbor *, uint32_t head);
/* adds extensions, MAC and checksum, and sends; via NULL: the best circuit */
void	 scsp_neighbor_send(struct scsp_neighbor *, struct scsp_packet *,
	    struct scsp_circuit *via, bool echo_heard);
/* a packet that scsp_message_peek() let pass, on a circuit of the neighbor */
void	 scsp_neighbor_input(struct scsp_neighbor *, struct scsp_circuit *,
	    const uint8_t *, size_t, enum scsp_type);
/* in microseconds; at least one second */
int64_t	 scsp_seconds(uint32_t);

#endif
