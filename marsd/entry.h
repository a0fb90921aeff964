/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Claims and entries: what servers say of nodes, and by which records.
 */
#ifndef MARSD_ENTRY_H
#define MARSD_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "btree.h"
#include "group.h"
#include "itree.h"
#include "table.h"

struct marsd_owner;
struct marsd_peer;

/*
 * What one server says about one node.
 *
 *	plain		it is registered there, or has only joins there
 *	double		it is registered there as well as here, and nobody
 *			knows where it was last
 *	ended		the register record is a tombstone: nothing that the
 *			server says of the node counts
 */
#define MARSD_CLAIM_STATES(X) \
	X(MARSD_CLAIM_PLAIN, "plain") \
	X(MARSD_CLAIM_DOUBLE, "double") \
	X(MARSD_CLAIM_ENDED, "ended")
#define MARSD_CLAIM_EVENTS(X) \
	/* a Register record */ \
	X(MARSD_CLAIM_EV_REGISTER, "register") \
	/* which came by an alignment, of a node that is registered here */ \
	X(MARSD_CLAIM_EV_ALIGNED, "aligned") \
	/* a Deregister record */ \
	X(MARSD_CLAIM_EV_DEREGISTER, "deregister") \
	/* the register record is held no longer */ \
	X(MARSD_CLAIM_EV_FORGET, "forget")
#define MARSD_CLAIM_ACTIONS(X) \
	/* the state is all that changes */ \
	X(MARSD_CLAIM_DO_NOTE, "note") \
	/* what the server says of the node counts again: for the caller */ \
	X(MARSD_CLAIM_DO_REFRESH, "refresh")

enum marsd_claim_state {
	MARSD_CLAIM_STATES(TABLE_SYM)
	MARSD_CLAIM_STATE_MAX
};
enum marsd_claim_event {
	MARSD_CLAIM_EVENTS(TABLE_SYM)
	MARSD_CLAIM_EVENT_MAX
};
enum marsd_claim_action {
	TABLE_FIRST_ACTION(MARSD_CLAIM),
	MARSD_CLAIM_ACTIONS(TABLE_SYM)
	MARSD_CLAIM_ACTION_MAX
};
extern const struct table marsd_claim_table;

/* Redirect Entries are about no node: each peer has a claim for them. */
struct marsd_claim {
	struct marsd_node	*node;	/* or NULL */
	struct marsd_peer	*peer;
	struct marsd_entry	*reg;	/* its register record, or NULL */
	/* a server that is sound has one; of several the last said counts */
	struct btree		 regs;	/* by key */
	int32_t			 seq;	/* of reg; of a peer's */
	uint8_t			 state;	/* enum marsd_claim_state */
	uint16_t		 cmi;	/* known to be its, or 0 */
	uint32_t		 entries; /* the register record included */
};

/*
 * What a record of a registration or of a join rests on.  A peer's record is
 * new, sure and at last ending; the others are states of our own records.
 *
 *	new		just made: does not count yet
 *	sure		its server says so; of ours: because the node does
 *	adopted		ours, on another server's word or on the node's word
 *			of before it registered once more (D9)
 *	left		sure, but the server that the node is moving to has
 *			taken it back: it goes when the move is over
 *	adopted-left	adopted, and left as above
 *	old		ours from before a restart, of which neighbors told us,
 *			and nobody here has asked for it yet: does not count,
 *			and is withdrawn with others if nobody does
 *	ending		does not count any more; freed when everybody who has
 *			to hear of it has been told
 */
#define MARSD_ENTRY_STATES(X) \
	X(MARSD_ENTRY_NEW, "new") \
	X(MARSD_ENTRY_SURE, "sure") \
	X(MARSD_ENTRY_ADOPTED, "adopted") \
	X(MARSD_ENTRY_LEFT, "left") \
	X(MARSD_ENTRY_ADOPTED_LEFT, "adopted-left") \
	X(MARSD_ENTRY_OLD, "old") \
	X(MARSD_ENTRY_ENDING, "ending")
#define MARSD_ENTRY_EVENTS(X) \
	/* the node asks for it, or its server says so */ \
	X(MARSD_ENTRY_EV_SAY, "say") \
	X(MARSD_ENTRY_EV_ADOPT, "adopt") \
	/* a neighbor has it of us from before a restart */ \
	X(MARSD_ENTRY_EV_FOUND, "found") \
	/* the node has registered once more, and has to ask for it again */ \
	X(MARSD_ENTRY_EV_DOUBT, "doubt") \
	/* the server that the node is moving to has taken it back */ \
	X(MARSD_ENTRY_EV_LEAVE, "leave") \
	/* the node is not at that server after all */ \
	X(MARSD_ENTRY_EV_STAY, "stay") \
	X(MARSD_ENTRY_EV_END, "end")
#define MARSD_ENTRY_ACTIONS(X) \
	/* the state is all that changes */ \
	X(MARSD_ENTRY_DO_NOTE, "note") \
	/* if it is a join of a client of ours: count it */ \
	X(MARSD_ENTRY_DO_COUNT, "count") \
	/* if it is a join of a client of ours: count it no longer */ \
	X(MARSD_ENTRY_DO_UNCOUNT, "uncount")

enum marsd_entry_state {
	MARSD_ENTRY_STATES(TABLE_SYM)
	MARSD_ENTRY_STATE_MAX
};
enum marsd_entry_event {
	MARSD_ENTRY_EVENTS(TABLE_SYM)
	MARSD_ENTRY_EVENT_MAX
};
enum marsd_entry_action {
	TABLE_FIRST_ACTION(MARSD_ENTRY),
	MARSD_ENTRY_ACTIONS(TABLE_SYM)
	MARSD_ENTRY_ACTION_MAX
};
extern const struct table marsd_entry_table;

/* One record: (OID, key) is its identity (D1). */
struct marsd_entry {
	/* references, for marsd_claim_of() and marsd_join_of() */
	uint32_t		 claim;
	uint32_t		 join;	/* 0: a registration, a redirect */
	uint32_t		 key;
	uint16_t		 cmi;
	bool			 layer3 : 1;
	/* in what its join has counted */
	bool			 counted : 1;
	bool			 counted_layer3 : 1;
	/* the node has left since, at its present server; of a peer's */
	bool			 over : 1;
	uint8_t			 state;	/* enum marsd_entry_state */
};

/* what it is a part of; the join that it says, or NULL */
struct marsd_claim	*marsd_claim_of(const struct marsd_entry *);
struct marsd_join	*marsd_join_of(const struct marsd_entry *);
/* whose word it is */
struct marsd_peer	*marsd_entry_peer(const struct marsd_entry *);
/* is it a Redirect Entry? */
bool			 marsd_entry_is_redirect(const struct marsd_entry *);
/* the entries of a server, of a join; the claims on a node: none */
void			 marsd_entries_init(struct marsd_owner *);
void			 marsd_join_init(struct marsd_join *);
void			 marsd_claims_init(struct marsd_node *);
/* the Redirect Entries of a server: none */
void			 marsd_redirects_init(struct marsd_peer *);
/* the next in the order of servers, from the first after NULL; or NULL */
struct marsd_claim	*marsd_claim_next(const struct marsd_node *,
			    const struct marsd_claim *);
struct marsd_claim	*marsd_claim_find(struct marsd_node *,
			    const struct marsd_peer *);
/*
 * Notes the CMI that another server gave to the node.  False: a third server
 * says that it gave the same one to another node.
 */
bool			 marsd_claim_cmi(struct marsd_claim *, uint16_t);
/* Is what it says still in force, by the word of its server? */
bool			 marsd_claim_counts(const struct marsd_claim *);
/* has the server one other record at least of its registration? */
bool			 marsd_claim_has_more(const struct marsd_claim *);
/* takes an event; returns the action, which the caller has to take */
uint8_t			 marsd_claim_step(struct marsd_claim *,
			    enum marsd_claim_event);

/* what this server says under this key, or NULL */
struct marsd_entry	*marsd_entry_find(struct marsd_owner *, uint32_t key);
/* the first that a server says under this key or a higher one; NULL: none */
struct marsd_entry	*marsd_entry_from(const struct marsd_peer *,
			    uint64_t key);
/* records under a key that is free, in state new; NULL: no memory */
struct marsd_entry	*marsd_entry_redirect(struct marsd_peer *,
			    uint32_t key);
struct marsd_entry	*marsd_entry_register(struct marsd_peer *,
			    struct marsd_node *, uint32_t key);
struct marsd_entry	*marsd_entry_join(struct marsd_peer *,
			    struct marsd_node *, const struct marsd_span *,
			    uint32_t key);
void			 marsd_entry_step(struct marsd_entry *,
			    enum marsd_entry_event);
/* the first record by which that server says the join, or NULL */
struct marsd_entry	*marsd_join_entry(const struct marsd_join *,
			    const struct marsd_peer *);
/* the next by which the same server says the same join; or NULL */
struct marsd_entry	*marsd_said_next(const struct marsd_entry *);
/*
 * the next in the order of servers and keys, from the first after NULL; or NULL
 */
struct marsd_entry	*marsd_join_next(const struct marsd_join *,
			    const struct marsd_entry *);
/*
 * Something has changed of an entry, or of what it rests on: counts it in its
 * join, or not, and says what that changed for the join.  What changes of a
 * claim or a peer is for its entries.
 */
enum marsd_change	 marsd_entry_refresh(struct marsd_entry *);
/* the same of all by which that server says the join */
enum marsd_change	 marsd_join_refresh(struct marsd_join *,
			    const struct marsd_peer *);
/*
 * Takes a record away.  The join that it was of goes with its last record,
 * and so do claim and node: whoever wants to know what changed lets the
 * record end first.
 */
void			 marsd_entry_free(struct marsd_entry *);
/*
 * The node has left.  If its present server says so, what servers that are
 * dead, or were not heard of since it came there, say of the same does not
 * count either, until they say it anew.
 */
/* by this record, which ends; the join does not count any more, or does */
enum marsd_change	 marsd_entry_left(struct marsd_entry *);
/* the same of all by which that server says the join; they have changed */
enum marsd_change	 marsd_join_left(struct marsd_join *,
			    const struct marsd_peer *);
/* the same of registrations: it has deregistered at that server */
void			 marsd_node_left(struct marsd_node *,
			    const struct marsd_peer *);
/* it is said anew; what that changes is for the caller to find out */
void			 marsd_entry_anew(struct marsd_entry *);
/* does it count, by its own state, its claim's and its server's? */
bool			 marsd_entry_counts(const struct marsd_entry *);
/* does it count by its own state: sure or adopted, and not yet ended? */
bool			 marsd_entry_stands(const struct marsd_entry *);
bool			 marsd_entry_is_adopted(const struct marsd_entry *);

#endif
