/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Who forwards between a LAN and a cluster: of all edges of the cluster on
 * that LAN the one with the highest priority, of equal ones the one with the
 * lowest id.  Two that forwarded would double each packet, and pass on each
 * other's.
 *
 * Each says a hello (hello.h) twice a second; who is silent for 2 s is gone,
 * and the next one takes over.  Who starts listens for as long before it
 * stands for election, and says so, so that whoever forwards goes on until
 * it is ready.
 *
 * An edge without a MARS says so.  It goes on with its streams, which need
 * none, and a MARS that dies and comes back is missed by all edges, but found
 * again by each in its own time: a minute for each server that is tried (RFC
 * 2022 5.4.2).  So only when another has had one for five minutes in which it
 * had none it stands back, with priority 0, until it has had one for as long.
 * Who starts without one stands back at once: it has no stream.
 *
 * A hello is signed, but it could be an old one, said by an edge that has
 * gone, which would then forward nothing for ever.  So an edge is believed
 * only after it has put our challenge, a random number, into its list: then it
 * has heard us in this life of ours.  From then on its sequence number has
 * to grow.  Whenever an edge that was believed is forgotten, or has begun a
 * new life, we draw another challenge: what it has signed before proves
 * nothing any more.
 */
#ifndef EDGED_ELECT_H
#define EDGED_ELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "hello.h"
#include "table.h"
#include "timer.h"

#define EDGED_ELECT_STATES(X) \
	X(EDGED_ELECT_DOWN, "down") \
	X(EDGED_ELECT_WAIT, "waiting") \
	X(EDGED_ELECT_BACKUP, "backup") \
	X(EDGED_ELECT_FORWARDER, "forwarder")

#define EDGED_ELECT_EVENTS(X) \
	X(EDGED_ELECT_EV_START, "start") \
	X(EDGED_ELECT_EV_STOP, "stop") \
	X(EDGED_ELECT_EV_WAITED, "wait-timer") \
	/* after each change, one of these two */ \
	X(EDGED_ELECT_EV_BETTER, "there-is-a-better-one") \
	X(EDGED_ELECT_EV_BEST, "we-are-the-best")

#define EDGED_ELECT_ACTIONS(X) \
	X(EDGED_ELECT_DO_WAIT, "wait") \
	/* of the wait timer only: a better one may be there already */ \
	X(EDGED_ELECT_DO_COMPARE, "compare") \
	X(EDGED_ELECT_DO_TAKE_OVER, "take-over") \
	X(EDGED_ELECT_DO_YIELD, "yield") \
	X(EDGED_ELECT_DO_LEAVE, "leave")

enum edged_elect_state {
	EDGED_ELECT_STATES(TABLE_SYM)
	EDGED_ELECT_STATE_MAX
};
enum edged_elect_event {
	EDGED_ELECT_EVENTS(TABLE_SYM)
	EDGED_ELECT_EVENT_MAX
};
enum edged_elect_action {
	TABLE_FIRST_ACTION(EDGED_ELECT),
	EDGED_ELECT_ACTIONS(TABLE_SYM)
	EDGED_ELECT_ACTION_MAX
};

extern const struct table edged_elect_table;

#define EDGED_ELECT_PEERS	8	/* other edges on a LAN */
#define EDGED_ELECT_INTERVAL	500	/* ms between hellos */
#define EDGED_ELECT_HOLD	2000	/* ms */
/* ms: before it stands back, and before it returns */
#define EDGED_ELECT_TRACK	300000
/* ms: how fast an edge that has to be given proof gets it, at most */
#define EDGED_ELECT_ANSWER	50

struct edged_elect;

/* another edge on the LAN */
struct edged_peer {
	struct edged_elect	*elect;
	bool			 used;
	struct paddr		 id;
	bool			 believed;
	/* of a peer that is believed: as it last said */
	uint64_t		 life, sequence;
	uint8_t			 priority;
	bool			 forwarder, waiting, no_mars;
	/* its challenges: of the life that is believed, and of one that has
	 * not given proof yet; 0: none */
	uint64_t		 challenge, unproven;
	struct timer		 gone;
};

/* What the owner supplies.  None of it may change the election. */
struct edged_elect_ops {
	uint64_t (*random)(void *);
	/* sign it, write it and send it (edged_hello_write()) */
	void	(*send)(void *, const struct edged_hello *);
	/* do we forward from now on? */
	void	(*role)(void *, bool);
	/* has no server registered us?  Asked for each hello. */
	bool	(*no_mars)(void *);
};

struct edged_elect {
	const struct edged_elect_ops	*ops;
	void				*arg;
	struct timers			*timers;
	uint8_t				 state;
	struct paddr			 id;		/* of the edge */
	uint8_t				 cluster[EDGED_HELLO_CLUSTER];
	uint8_t				 priority;	/* as configured */
	bool				 no_mars, stands_back;
	uint64_t			 life, sequence, challenge;
	struct edged_peer		 peers[EDGED_ELECT_PEERS];
	struct timer			 hello;		/* next regular one */
	struct timer			 answer;	/* one in between */
	struct timer			 wait;
	struct timer			 track;	/* while stands_back is wrong */
	struct table_faults		 faults;
};

/* Not started.  cluster tells clusters on one LAN apart. */
void	edged_elect_init(struct edged_elect *, const struct edged_elect_ops *,
	    void *, struct timers *, const struct paddr *id,
	    const uint8_t cluster[EDGED_HELLO_CLUSTER], uint8_t priority);
/* the LAN is there, and so are the groups; it waits first */
void	edged_elect_start(struct edged_elect *);
/* says that we leave, so that another takes over at once */
void	edged_elect_stop(struct edged_elect *);
/*
 * Another priority at any time: an edge that had better not forward says 0,
 * and still does it if there is nobody else.
 */
void	edged_elect_set_priority(struct edged_elect *, uint8_t);
/* that with which it stands now */
uint8_t	edged_elect_priority(const struct edged_elect *);
/* A hello that edged_hello_read() found good; why it is ignored after all. */
enum edged_hello_drop	edged_elect_heard(struct edged_elect *,
			    const struct edged_hello *);

#endif
