/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Registration with this server, of clients and of MCSs.
 */
#ifndef MARSD_MEMBER_H
#define MARSD_MEMBER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "backlog.h"
#include "circuit.h"
#include "group.h"
#include "incoming.h"
#include "table.h"
#include "timer.h"

/* ClusterControlVC or ServerControlVC of one protocol. */
struct marsd_control {
	enum marsd_cookie	 cookie;
	struct marsd_proto	*proto;
	enum marsd_role		 role;
	struct vc		*root;		/* or NULL */
	uint32_t		 msn;		/* CSN or SSN (6.1.4, 6.2.5) */
	uint32_t		 leaves;	/* connected now */
	uint32_t		 registered;
	uint32_t		 nregs;	/* these, and those to be registered */
	TAILQ_HEAD(, marsd_reg)	 regs;
	/* tell.h: what its leaves do not know yet */
	struct marsd_backlog	 backlog;
	bool			 behind;	/* they have to revalidate */
	struct timer		 jump;		/* not before that */
	struct timer		 shrink;	/* frees what is pending */
	mtime_t			 jumped;	/* they were told to, last */
	mtime_t			 begun;		/* of what goes out */
	bool			 grows;		/* more is pending since then */
	struct timer		 rest;		/* until more goes out */
	uint64_t		 octets;	/* sent, whatever the leaves */
};

/*
 * The leaf of a registered node on its control VC.  NONE is before the
 * first call and after the last: the registration goes with it.  LEFT is a
 * node that cleared its leaf without a word: it may have moved, and then
 * another server's records are on their way (A-131, D9).
 */
#define MARSD_LEAF_STATES(X) \
	X(MARSD_LEAF_NONE, "none") \
	X(MARSD_LEAF_ADDING, "adding") \
	X(MARSD_LEAF_RETRY, "retry") \
	X(MARSD_LEAF_UP, "up") \
	X(MARSD_LEAF_LEFT, "left")
#define MARSD_LEAF_EVENTS(X) \
	/* a registration has arrived */ \
	X(MARSD_LEAF_EV_REGISTER, "register") \
	/* L_ACK */ \
	X(MARSD_LEAF_EV_ACK, "ack") \
	/* the call failed, for a cause that may pass (A-111) */ \
	X(MARSD_LEAF_EV_BUSY, "busy") \
	/* the call failed for good */ \
	X(MARSD_LEAF_EV_FAIL, "fail") \
	/* ERR_L_DROP, and the node is believed to have gone */ \
	X(MARSD_LEAF_EV_DROP, "drop") \
	/* ERR_L_DROP, but the node has registered while the leaf was up */ \
	X(MARSD_LEAF_EV_STALE, "stale") \
	/* ERR_L_DROP: the node cleared the leaf itself, and there is another \
	 * server to which it may have moved */ \
	X(MARSD_LEAF_EV_LEFT, "left") \
	/* the whole control VC has gone (A-110) */ \
	X(MARSD_LEAF_EV_ROOT, "root") \
	X(MARSD_LEAF_EV_TIMER, "timer")
#define MARSD_LEAF_ACTIONS(X) \
	/* L_MULTI_ADD */ \
	X(MARSD_LEAF_DO_ADD, "add") \
	/* wait for another try */ \
	X(MARSD_LEAF_DO_WAIT, "wait") \
	/* the node is registered now: answer */ \
	X(MARSD_LEAF_DO_UP, "up") \
	/* the node was registered already: answer */ \
	X(MARSD_LEAF_DO_ANSWER, "answer") \
	/* wait for what another server may say */ \
	X(MARSD_LEAF_DO_LINGER, "linger") \
	/* the node has gone (RFC 2022 section 6.1.2) */ \
	X(MARSD_LEAF_DO_LOST, "lost")

enum marsd_leaf_state {
	MARSD_LEAF_STATES(TABLE_SYM)
	MARSD_LEAF_STATE_MAX
};
enum marsd_leaf_event {
	MARSD_LEAF_EVENTS(TABLE_SYM)
	MARSD_LEAF_EVENT_MAX
};
enum marsd_leaf_action {
	TABLE_FIRST_ACTION(MARSD_LEAF),
	MARSD_LEAF_ACTIONS(TABLE_SYM)
	MARSD_LEAF_ACTION_MAX
};
extern const struct table marsd_leaf_table;

/* A registration with us. */
struct marsd_reg {
	TAILQ_ENTRY(marsd_reg)	 control_entry;
	TAILQ_ENTRY(marsd_reg)	 circuit_entry;
	struct marsd_node	*node;
	struct marsd_control	*control;
	struct vc_leaf		*leaf;		/* or NULL */
	struct vc_sdu		*pending; /* registration to be answered */
	struct marsd_circuit	*circuit; /* of its last message, or NULL */
	struct marsd_peer	*moving;	/* to whom; else NULL */
	mtime_t			 since;		/* when it came, last */
	mtime_t			 again_at;
	struct timer		 timer;		/* of RETRY and LEFT */
	struct timer		 move;		/* of MOVING and CONTESTED */
	struct timer		 adopt;		/* of TIMED */
	uint32_t		 uncovered;	/* own joins that it lacks */
	uint16_t		 cmi;
	uint8_t			 tries;
	uint8_t			 state;		/* enum marsd_leaf_state */
	uint8_t			 place;		/* enum marsd_move_state */
	uint8_t			 adoption;	/* enum marsd_adopt_state */
	bool			 again;	/* it registered with the leaf up */
};

/* a MARS_JOIN or MARS_MSERV with the register flag */
enum marsd_drop	 marsd_member_register(struct marsd_incoming *,
		    enum marsd_role);
/* a MARS_LEAVE or MARS_UNSERV with it */
enum marsd_drop	 marsd_member_deregister(struct marsd_incoming *,
		    enum marsd_role);
/* the local registration of a message's source, or NULL */
struct marsd_reg *marsd_member_source(struct marsd_incoming *,
		    enum marsd_role);
/* takes an event of its leaf; may free the registration */
void		 marsd_leaf_step(struct marsd_reg *, enum marsd_leaf_event);
/* ERR_L_DROP */
void		 marsd_leaf_dropped(struct marsd_reg *, uint16_t cause);
/*
 * The node is registered no more: it leaves everything by our records, and
 * its leaf is dropped.
 */
void		 marsd_member_gone(struct marsd_reg *);
/* frees the registration and nothing else of the node */
void		 marsd_member_free(struct marsd_reg *);
/* the whole control VC has gone: makes another one, with the same leaves */
void		 marsd_control_rebuild(struct marsd_control *);

#endif
