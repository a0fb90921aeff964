/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the files of NVC know of each other; nobody else includes this.
 *
 *	nvc.c		the engine: datagrams in, calls from above, counters
 *	nvc_circuit.c	circuits, roots and leaves, and how they are found
 *	nvc_state.c	the states of a circuit
 *	nvc_queue.c	what waits for output
 *	nvc_token.c	the tokens of rule 1
 *	nvc_codec.c	datagrams as octets
 *
 * The rules that comments cite by number are those of doc/nvc.md.
 */
#ifndef MARS_NVC_IMPL_H
#define MARS_NVC_IMPL_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvc.h"
#include "wire.h"

#define NVC_RELEASES	100	/* a second; rule 5 */
#define NVC_NEVER	UINT64_MAX

#define NVC_KINDS(X) \
	X(NVC_IN, "in") \
	X(NVC_OUT, "out") \
	X(NVC_LEAF_END, "leaf-end") \
	X(NVC_LEAF, "leaf") \
	X(NVC_ROOT, "root")

enum nvc_kind {
	NVC_KINDS(TABLE_SYM)
	NVC_KIND_MAX
};

#define NVC_STATES(X) \
	X(NVC_FAILING, "failing")	/* impossible call: report it */ \
	X(NVC_CALLING, "calling")	/* SETUP sent */ \
	X(NVC_OFFERED, "offered")	/* the user is being asked */ \
	X(NVC_CONNECTED, "connected") \
	X(NVC_CLEARED, "cleared")	/* only memory: the handle is dead */

#define NVC_EVENTS(X) \
	X(NVC_EV_ACCEPT, "accept")	/* the user takes a call */ \
	X(NVC_EV_REFUSE, "refuse") \
	X(NVC_EV_SETUP, "setup")	/* a datagram of that type */ \
	X(NVC_EV_RETRY, "retry") \
	X(NVC_EV_CONNECT, "connect") \
	X(NVC_EV_RELEASE, "release") \
	X(NVC_EV_ENQUIRY, "enquiry") \
	X(NVC_EV_STATUS, "status") \
	X(NVC_EV_DATA, "data") \
	X(NVC_EV_TIMEOUT, "timeout")	/* no answer: ask again */ \
	X(NVC_EV_EXPIRED, "expired")	/* asked for the last time */ \
	X(NVC_EV_DROP, "drop")		/* the user releases it */

#define NVC_ACTIONS(X) \
	X(NVC_DO_STRAY, "stray")	/* drop the datagram, count it */ \
	X(NVC_DO_ACCEPT, "accept") \
	X(NVC_DO_REFUSE, "refuse") \
	X(NVC_DO_CONNECT_AGAIN, "connect-again") \
	X(NVC_DO_RETRY, "retry") \
	X(NVC_DO_REPEAT, "repeat") \
	X(NVC_DO_CONNECTED, "connected") \
	X(NVC_DO_STATUS, "status") \
	X(NVC_DO_ENQUIRE, "enquire") \
	X(NVC_DO_DELIVER, "deliver") \
	X(NVC_DO_FAIL, "fail") \
	X(NVC_DO_CLEAR, "clear") \
	X(NVC_DO_EXPIRE, "expire") \
	X(NVC_DO_RELEASE, "release") \
	X(NVC_DO_ABANDON, "abandon") \
	X(NVC_DO_FORGET, "forget")

enum nvc_state {
	NVC_STATES(TABLE_SYM)
	NVC_STATE_MAX
};
enum nvc_event {
	NVC_EVENTS(TABLE_SYM)
	NVC_EVENT_MAX
};
enum nvc_action {
	TABLE_FIRST_ACTION(NVC),
	NVC_ACTIONS(TABLE_SYM)
	NVC_ACTION_MAX
};

/* What circuits and roots begin with, so that a handle tells which it is. */
struct nvc_head {
	union {
		struct vc	 vc;
		struct vc_leaf	 leaf;		/* NVC_LEAF */
	} u;
	struct nvc_head	*dead;		/* next in the graveyard */
	uint8_t		 kind;		/* enum nvc_kind */
};

/* How many circuits one IP address has called; while there is one. */
struct nvc_peer {
	RB_ENTRY(nvc_peer)	 entry;
	struct nvc_dest	 ip;		/* port 0 */
	uint32_t	 count;
};
RB_HEAD(nvc_peers, nvc_peer);

struct nvc_token {
	uint8_t		 len;
	uint8_t		 octets[NVC_TOKEN_MAX];
};

/* A circuit: point-to-point, a leaf's end, or one leaf of a root. */
struct nvc_circuit {
	struct nvc_head	 h;
	uint8_t		 state;		/* enum nvc_state */
	uint8_t		 tries;		/* SETUPs or ENQUIRYs unanswered */
	uint8_t		 offered;	/* enquiry interval we told, s */
	uint8_t		 interval;	/* the larger of both, s */
	uint16_t	 max_sdu;	/* that the peer takes */
	uint16_t	 cause;		/* why our call will have failed */
	struct nvc_dest	 dest;
	struct atm_addr	 addr;		/* the peer's */
	uint64_t	 num;		/* ours; 0 while failing */
	uint64_t	 peer_num;	/* to send with */
	mtime_t		 heard;
	uint64_t	 sdus_in, sdus_out;
	struct timer	 timer;
	struct nvc_token *token;	/* while calling, after a RETRY */
	struct nvc_peer	*peer;		/* of a circuit that was called in */
	bool		 indexed;	/* by_peer */
	RB_ENTRY(nvc_circuit) by_peer;	/* connected, or called in */
	TAILQ_ENTRY(nvc_circuit) entry;	/* root's leaves; failing calls */
	uint64_t	 from, until;	/* leaf: of the SDUs that it gets */
};
RB_HEAD(nvc_by_peer, nvc_circuit);
TAILQ_HEAD(nvc_circuits, nvc_circuit);

/* The root of a point-to-multipoint call: one circuit for each leaf. */
struct nvc_root {
	struct nvc_head	 h;
	bool		 released;
	uint32_t	 connected;	/* leaves */
	uint32_t	 pending;	/* SDUs in the queue */
	uint32_t	 dropped;	/* leaves that wait for some of them */
	struct nvc_circuits leaves;	/* in the order of their calls, and
					 * those dropped that still get SDUs */
	LIST_ENTRY(nvc_root) entry;
};
LIST_HEAD(nvc_roots, nvc_root);

/*
 * What waits for output.  SDUs, and a RELEASE after them, are in one queue
 * so that none overtakes another.  What keeps circuits alive is in a queue
 * that goes first: behind the copies for very many leaves it would come so
 * late that the circuits were cleared.
 */
struct nvc_out;
STAILQ_HEAD(nvc_outs, nvc_out);
struct nvc_queue {
	struct nvc_outs	 outs, first;
	uint32_t	 count;		/* in both */
	size_t		 octets;	/* of the SDUs */
	uint64_t	 seq;		/* of the next one */
	struct nvc_circuit *cursor;	/* the leaf that outs' head is at */
	bool		 iterating;	/* over the leaves of outs' head */
};

/* The secrets that tokens are made with. */
struct nvc_secrets {
	EVP_MAC		*mac;
	EVP_MAC_CTX	*key[2];	/* now, before */
	mtime_t		 drawn;		/* when key[0] was */
};

struct nvc_slot {
	struct nvc_circuit *circuit;
	uint32_t	 next;		/* free slot after this one, + 1 */
};

struct nvc {
	struct vc_link	 link;		/* first: this is the link */
	const struct nvc_ops *ops;
	void		*arg;
	struct timers	*timers;
	struct nvc_params params;
	bool		 quiet;		/* closing: nothing goes up */
	uint32_t	 depth;		/* of calls up */

	struct nvc_slot	*slots;		/* low half of a number: index + 1 */
	uint32_t	 nslots, free;	/* free: index + 1, or 0 */
	uint32_t	 ncircuits;
	struct nvc_by_peer by_peer;
	struct nvc_peers peers;
	struct nvc_circuits failing;
	struct nvc_roots roots;
	struct nvc_head	*graveyard;

	struct nvc_queue queue;
	struct nvc_secrets secrets;
	mtime_t		 released[NVC_RELEASES];	/* a ring: rule 5 */
	uint32_t	 oldest;
	bool		 wrapped;

	uint64_t	 drops[NVC_DROP_MAX];
#define X(sym, name) uint64_t sym;
	VC_COUNTERS(X)
#undef X
};

/* A datagram as a struct; of a decoded one token and sdu are views. */
struct nvc_msg {
	enum nvc_type	 type;
	uint8_t		 flags;
	uint16_t	 cause;
	uint64_t	 circuit;	/* the receiver's number */
	uint64_t	 number;	/* the sender's */
	uint16_t	 max_sdu;
	uint8_t		 interval;	/* s */
	uint8_t		 token_len;
	const uint8_t	*token;
	struct atm_addr	 calling, called;
	const uint8_t	*sdu;		/* of DATA; decoded only */
	size_t		 sdu_len;
};

/* nvc_codec.c */

/*
 * Decodes one datagram.  NVC_DROP_MAX: *m is good as far as can be said of a
 * datagram by itself; or why it is not.
 */
enum nvc_drop	 nvc_decode(struct nvc_msg *, const void *, size_t);
/* Encodes all of it, but of DATA the header alone. */
void		 nvc_encode(struct wr *, const struct nvc_msg *);
/* The header of DATA for the receiver's circuit of that number. */
void		 nvc_encode_data(uint8_t head[NVC_HDRLEN], uint64_t circuit);

/* nvc_token.c */

enum nvc_token_verdict {
	NVC_TOKEN_GOOD,		/* the SETUP has one of ours */
	NVC_TOKEN_NONE,		/* it has none: the caller is given one */
	NVC_TOKEN_BAD,		/* the same, but it has one that is not ours */
	NVC_TOKEN_FAILED	/* no memory */
};

/* Draws two secrets.  False: no memory; nvc_secrets_free() all the same. */
bool		 nvc_secrets_init(struct nvc *);
void		 nvc_secrets_free(struct nvc_secrets *);
/*
 * Judges the token of a SETUP from there.  Unless that is good or it failed,
 * token is the one to answer with.
 */
enum nvc_token_verdict nvc_token_check(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *, uint8_t token[NVC_TOKEN_LEN]);

/* nvc_queue.c */

void		 nvc_queue_init(struct nvc_queue *);
/* Drops what waits, counting nothing. */
void		 nvc_queue_free(struct nvc *);
/* Any message but DATA.  Where it does not fit, it is lost and counted. */
void		 nvc_queue_msg(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *);
/* One whose body is a circuit's number. */
void		 nvc_queue_number(struct nvc *, const struct nvc_dest *,
		    enum nvc_type, uint16_t cause, uint64_t circuit,
		    uint64_t number);
/*
 * An SDU for a circuit that is connected, or for the leaves that a root has
 * now.  Takes over the reference.  -1, and counted: it does not fit.
 */
int		 nvc_queue_sdu(struct nvc_circuit *, struct vc_sdu *);
int		 nvc_queue_copies(struct nvc_root *, struct vc_sdu *);
/* The leaf is about to leave its root's list. */
void		 nvc_queue_skip(struct nvc *, const struct nvc_circuit *);

/* nvc_circuit.c */

int		 nvc_dest_cmp(const struct nvc_dest *,
		    const struct nvc_dest *);
struct nvc	*nvc_of_link(struct vc_link *);
struct nvc	*nvc_of(const struct nvc_circuit *);
struct nvc_root	*nvc_leaf_root(const struct nvc_circuit *);
/* Frees what has been buried, unless a function of the user is running. */
void		 nvc_reap(struct nvc *);
/* Sets up a circuit that its owner has zeroed and given a handle. */
void		 nvc_circuit_init(struct nvc *, struct nvc_circuit *,
		    enum nvc_kind, enum nvc_state);
/* Gives it our number.  False: no memory. */
bool		 nvc_circuit_number(struct nvc *, struct nvc_circuit *);
/* The circuit that has this number of ours, or NULL. */
struct nvc_circuit *nvc_circuit_find(const struct nvc *, uint64_t);
/* The circuit that this peer calls so: of those called in, or called. */
struct nvc_circuit *nvc_circuit_by_peer(struct nvc *,
		    const struct nvc_dest *, uint64_t, bool in);
/* From now on it is found by its peer's number. */
void		 nvc_circuit_index(struct nvc_circuit *);
/*
 * A circuit for a call that has come in, to be offered to the user.  NULL,
 * and *why: a limit, or no memory.
 */
struct nvc_circuit *nvc_circuit_in(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *, enum nvc_drop *why);
/* Something has come from its peer. */
void		 nvc_circuit_heard(struct nvc_circuit *);
/*
 * Takes it out of everything but its root, if SDUs wait for it there.  Its
 * memory stays until nvc_reap().
 */
void		 nvc_circuit_detach(struct nvc_circuit *);
/* The root's SDU of that number has gone to every leaf. */
void		 nvc_root_sent(struct nvc *, struct nvc_root *, uint64_t seq);
/* The user has released it; every leaf has been dropped. */
void		 nvc_root_end(struct nvc *, struct nvc_root *);

/* nvc_state.c */

void		 nvc_step(struct nvc_circuit *, enum nvc_event,
		    const struct nvc_msg *);
/* Sends the first SETUP of a call. */
void		 nvc_circuit_call(struct nvc_circuit *);
/* What its timer calls. */
void		 nvc_circuit_timer(void *);

#endif
