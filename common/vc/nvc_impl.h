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

/*
 * How many circuits one IP address has called, or all of an IPv6 prefix;
 * while there is one.
 */
struct nvc_peer {
	RB_ENTRY(nvc_peer)	 entry;
	struct nvc_dest	 ip;		/* the port is the prefix length */
	uint32_t	 count;
};
RB_HEAD(nvc_peers, nvc_peer);

struct nvc_token {
	uint8_t		 len;
	uint8_t		 octets[NVC_TOKEN_MAX];
};

/*
 * What waits for output on one circuit, or on one root for its leaves: SDUs,
 * and a RELEASE behind those that were sent before it.
 */
struct nvc_out;
STAILQ_HEAD(nvc_outs, nvc_out);
struct nvc_stream {
	struct nvc_outs	 outs;
	uint32_t	 sdus;		/* of these */
};

/* A circuit: point-to-point, a leaf's end, or one leaf of a root. */
struct nvc_circuit {
	struct nvc_head	 h;
	uint8_t		 state;		/* enum nvc_state */
	uint8_t		 tries;		/* SETUPs or ENQUIRYs unanswered */
	uint8_t		 offered;	/* enquiry interval we told, s */
	uint8_t		 interval;	/* in force, s: rule 6 */
	bool		 watched;	/* by vc_watch() */
	bool		 bundles;	/* the peer takes BUNDLE */
	bool		 numbered;	/* a numbered SDU has come */
	uint16_t	 number_in;	/* of the last that was delivered */
	uint8_t		 overtaken;	/* in a row since then */
	uint16_t	 number_out;	/* of the next */
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
	struct nvc_peer	*prefix;	/* likewise, if its peer has IPv6 */
	bool		 indexed;	/* by_peer */
	RB_ENTRY(nvc_circuit) by_peer;	/* connected, or called in */
	RB_ENTRY(nvc_circuit) by_dest;	/* a leaf that is connected */
	TAILQ_ENTRY(nvc_circuit) entry;	/* root's leaves; failing calls;
					 * silent ones */
	bool		 silent;	/* called in, and no SDU yet */
	uint64_t	 from, until;	/* leaf: of the SDUs that it still
					 * gets */
	struct nvc_stream stream;	/* not of a leaf: its root has one */
	TAILQ_ENTRY(nvc_circuit) ready;	/* while something waits */
};
RB_HEAD(nvc_by_peer, nvc_circuit);
RB_HEAD(nvc_by_dest, nvc_circuit);
TAILQ_HEAD(nvc_circuits, nvc_circuit);

/* The root of a point-to-multipoint call: one circuit for each leaf. */
struct nvc_root {
	struct nvc_head	 h;
	bool		 released;
	uint32_t	 connected;	/* leaves */
	uint32_t	 bundlers;	/* of these: they take BUNDLE */
	uint32_t	 dropped;	/* leaves that wait for some SDUs */
	uint16_t	 least;		/* SDU that a leaf takes, if ... */
	uint32_t	 nleast;	/* ... so many leaves take no more */
	struct nvc_circuits leaves;	/* in the order of their calls, and
					 * those dropped that still get SDUs */
	LIST_ENTRY(nvc_root) entry;

	/* the SDUs that wait, and the pass of the first ones over the leaves */
	struct nvc_stream stream;
	TAILQ_ENTRY(nvc_root) ready;	/* while something waits */
	uint32_t	 batch;		/* SDUs that go together; 0: no pass */
	struct vc_sdu	*body;		/* all of them as a BUNDLE, or NULL */
	struct nvc_circuit *cursor;	/* the leaf whose turn it is */

	/* what its user is to be told at the end of the flush */
	TAILQ_ENTRY(nvc_root) tell;
	bool		 telling, drained, overflow;
};
LIST_HEAD(nvc_roots, nvc_root);
TAILQ_HEAD(nvc_root_list, nvc_root);

/*
 * What waits for output, in the order of this struct: control messages, which
 * keep circuits alive and let others begin; circuits; roots.  Circuits and
 * roots have their turn one after the other.
 */
struct nvc_queue {
	struct nvc_outs	 control;
	struct nvc_outs	 later;		/* control messages that may wait */
	struct nvc_circuits circuits;
	struct nvc_root_list roots;
	struct nvc_root_list tell;
	uint32_t	 ncontrol;	/* with each RELEASE in a stream */
	size_t		 octets, copies;	/* of SDUs of circuits, and of
						 * roots, as vc.h counts */
	uint64_t	 seq;		/* of the next SDU of a root */
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
	struct nvc_by_dest by_dest;
	struct nvc_peers peers;
	struct nvc_circuits failing;
	struct nvc_circuits silent;	/* called in, no SDU yet; oldest
					 * first */
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
	const uint8_t	*sdu;		/* of DATA, BUNDLE; decoded only */
	size_t		 sdu_len;
};

/* nvc_codec.c */

/*
 * Decodes one datagram.  NVC_DROP_MAX: *m is good as far as can be said of a
 * datagram by itself; or why it is not.
 */
enum nvc_drop	 nvc_decode(struct nvc_msg *, const void *, size_t);
/* Encodes all of it, but of DATA and BUNDLE the header alone. */
void		 nvc_encode(struct wr *, const struct nvc_msg *);
/*
 * A BUNDLE as the DATA of its next SDU: changes that of *m.  False: there was
 * none left.  The rest of it is in *r, which begins with all that came.
 */
bool		 nvc_unbundle(struct rd *r, struct nvc_msg *m);

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
/*
 * Any message without an SDU.  Where it does not fit, it is lost and counted.
 */
void		 nvc_queue_msg(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *);
/*
 * One that may wait until others have theirs: who has no circuit here, whose
 * number is not bounded, is answered so, and lost before it takes memory.
 */
void		 nvc_queue_stranger(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *);
/* The same for those that we call or enquire of, all at once perhaps. */
void		 nvc_queue_later(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *);
/* One whose body is a circuit's number. */
void		 nvc_queue_number(struct nvc *, const struct nvc_dest *,
		    enum nvc_type, uint16_t cause, uint64_t circuit,
		    uint64_t number);
/* RELEASE, behind what has been sent on the circuit. */
void		 nvc_queue_release(struct nvc_circuit *, uint16_t cause);
/*
 * An SDU for a circuit that is connected, or for the leaves that a root has
 * now.  Takes over the reference.  -1, and counted: it does not fit.
 */
int		 nvc_queue_sdu(struct nvc_circuit *, struct vc_sdu *);
int		 nvc_queue_copies(struct nvc_root *, struct vc_sdu *);
/* Drops what waits on a circuit whose peer has gone. */
void		 nvc_queue_drop(struct nvc_circuit *);
/* The leaf is about to leave its root's list. */
void		 nvc_queue_skip(struct nvc_root *, const struct nvc_circuit *);
/* The user of the root is told nothing more. */
void		 nvc_queue_hush(struct nvc *, struct nvc_root *);
/* The octets that an SDU may have to go in one piece, and a BUNDLE's body. */
uint16_t	 nvc_sdu_fits(const struct nvc *);

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
/* The first leaf there that is connected, and the next one; or NULL. */
struct nvc_circuit *nvc_leaf_at(struct nvc *, const struct nvc_dest *);
struct nvc_circuit *nvc_leaf_next(struct nvc_circuit *);
/* From now on it is found by its peer's number. */
void		 nvc_circuit_index(struct nvc_circuit *);
/*
 * A circuit for a call that has come in, to be offered to the user.  NULL,
 * and *why: a limit, or no memory.
 */
struct nvc_circuit *nvc_circuit_in(struct nvc *, const struct nvc_dest *,
		    const struct nvc_msg *, enum nvc_drop *why);
/* Takes over what its peer said of itself in SETUP or CONNECT. */
void		 nvc_circuit_agree(struct nvc_circuit *,
		    const struct nvc_msg *);
/* Something has come from its peer. */
void		 nvc_circuit_heard(struct nvc_circuit *);
/* An SDU has come or gone on it. */
void		 nvc_circuit_used(struct nvc_circuit *);
/*
 * Takes it out of everything but what waits for output, here or at its root.
 * Its memory stays until nvc_reap() after that.
 */
void		 nvc_circuit_detach(struct nvc_circuit *);
/* Nothing waits on it any more. */
void		 nvc_circuit_sent(struct nvc_circuit *);
/* A leaf is connected. */
void		 nvc_root_gained(struct nvc_root *, struct nvc_circuit *);
/* The root's SDUs up to that number have gone to every leaf. */
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
