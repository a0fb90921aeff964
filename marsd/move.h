/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Nodes that change their server.
 */
#ifndef MARSD_MOVE_H
#define MARSD_MOVE_H

#include "table.h"

struct marsd_join;
struct marsd_peer;
struct marsd_reg;

/*
 * Where a registered node is, for all that we know: the last
 * registration wins, whichever server it was at.
 *
 *	new		its leaf has not been up yet: not registered
 *	here		it is ours
 *	moving		another server (reg.moving) has it now; what we say of
 *			it stays until that server has said as much, or 5 s
 *	returning	it is back, and its leaf is not up yet: only then do
 *			the others hear of it
 *	contested	returning, and another server says that it is there
 */
#define MARSD_MOVE_STATES(X) \
	X(MARSD_MOVE_NEW, "new") \
	X(MARSD_MOVE_HERE, "here") \
	X(MARSD_MOVE_MOVING, "moving") \
	X(MARSD_MOVE_RETURNING, "returning") \
	X(MARSD_MOVE_CONTESTED, "contested")
#define MARSD_MOVE_EVENTS(X) \
	/* its leaf has come up, or is up when it registers once more */ \
	X(MARSD_MOVE_EV_LEAF_UP, "leaf-up") \
	/* it registers once more, on the circuit that it has */ \
	X(MARSD_MOVE_EV_REPEAT, "repeat") \
	/* it registers once more, on another circuit */ \
	X(MARSD_MOVE_EV_ANEW, "anew") \
	/* it registers once more, after it had cleared its leaf */ \
	X(MARSD_MOVE_EV_BACK, "back") \
	/* a fresh record says that it is at a server, and not the one that \
	 * it is known to move to */ \
	X(MARSD_MOVE_EV_ELSEWHERE, "elsewhere") \
	/* the server that it is moving to says so once more */ \
	X(MARSD_MOVE_EV_STILL, "still") \
	/* the server that it is moving to now says all that we do of it */ \
	X(MARSD_MOVE_EV_COVERED, "covered") \
	/* the server that it was moving to does not have it */ \
	X(MARSD_MOVE_EV_OFF, "off") \
	X(MARSD_MOVE_EV_TIMER, "timer")
#define MARSD_MOVE_ACTIONS(X) \
	/* it is registered: publish that, and adopt what others say */ \
	X(MARSD_MOVE_DO_REGISTER, "register") \
	/* publish and adopt, of a node that was registered before */ \
	X(MARSD_MOVE_DO_TELL, "tell") \
	/* the same, and wait until who else has it has given it up */ \
	X(MARSD_MOVE_DO_INSIST, "insist") \
	/* it has to ask for its joins again, if it has not just come */ \
	X(MARSD_MOVE_DO_ANEW, "anew") \
	/* it was nowhere else: it has to ask for its joins again, in time */ \
	X(MARSD_MOVE_DO_RESTART, "restart") \
	/* it was elsewhere: give up what it left there, doubt the rest */ \
	X(MARSD_MOVE_DO_RETURN, "return") \
	/* count what the other server lacks, and wait for it */ \
	X(MARSD_MOVE_DO_MOVE, "move") \
	/* wait anew */ \
	X(MARSD_MOVE_DO_WAIT, "wait") \
	/* wait no longer: it has left nothing */ \
	X(MARSD_MOVE_DO_STAY, "stay") \
	/* take back all that we say of it; the registration goes */ \
	X(MARSD_MOVE_DO_GIVE_UP, "give-up")

enum marsd_move_state {
	MARSD_MOVE_STATES(TABLE_SYM)
	MARSD_MOVE_STATE_MAX
};
enum marsd_move_event {
	MARSD_MOVE_EVENTS(TABLE_SYM)
	MARSD_MOVE_EVENT_MAX
};
enum marsd_move_action {
	TABLE_FIRST_ACTION(MARSD_MOVE),
	MARSD_MOVE_ACTIONS(TABLE_SYM)
	MARSD_MOVE_ACTION_MAX
};
extern const struct table marsd_move_table;

/* takes an event; the timer's frees the registration */
void	marsd_move_step(struct marsd_reg *, enum marsd_move_event);
/* it waits for no other server any more; also before it is freed */
void	marsd_move_stop(struct marsd_reg *);
/* arg: struct marsd_reg */
void	marsd_move_timer(void *arg);
/* a fresh record says that the node is at that server now */
void	marsd_move_elsewhere(struct marsd_reg *, struct marsd_peer *to);
/* a server has told of a join of the node, or has taken one back */
void	marsd_move_joined(struct marsd_reg *, const struct marsd_peer *,
	    struct marsd_join *);
void	marsd_move_left(struct marsd_reg *, const struct marsd_peer *,
	    struct marsd_join *);
/* a server says that the node is not there, or no more */
void	marsd_move_off(struct marsd_reg *, const struct marsd_peer *);

#endif
