/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the backends for switched and for permanent ATM circuits have in
 * common: the circuits of a link, their states, and their SDUs.  Only
 * vc_svc.c, vc_party.c, vc_pvc.c and tests include this.
 */
#ifndef MARS_VC_ATM_H
#define MARS_VC_ATM_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "table.h"
#include "timer.h"
#include "vc.h"
#include "vc_port.h"

#define VC_ATM_ASKED_MAX	32	/* calls of a link at a time */

#define VC_ATM_KINDS(X) \
	X(VC_ATM_IN, "in") \
	X(VC_ATM_OUT, "out") \
	X(VC_ATM_LEAF_END, "leaf-end") \
	X(VC_ATM_LEAF, "leaf") \
	X(VC_ATM_ROOT, "root") \
	X(VC_ATM_OWN_END, "own-end")	/* of a root of ours: vc_party.h */

enum vc_atm_kind {
	VC_ATM_KINDS(TABLE_SYM)
	VC_ATM_KIND_MAX
};

#define VC_ATM_STATES(X) \
	X(VC_ATM_WAITING, "waiting")	/* others are called first */ \
	X(VC_ATM_ASKED, "calling")	/* its owner has been asked for it */ \
	X(VC_ATM_UP, "connected") \
	X(VC_ATM_DEAD, "cleared")	/* only memory: the handle is dead */

#define VC_ATM_EVENTS(X) \
	X(VC_ATM_EV_ASK, "ask")		/* it is its turn to be called */ \
	X(VC_ATM_EV_OPENED, "opened")	/* it has its port */ \
	X(VC_ATM_EV_FAILED, "failed")	/* it gets none */ \
	X(VC_ATM_EV_LOST, "lost")	/* the other end has gone */ \
	X(VC_ATM_EV_DROP, "drop")	/* the user has released it */

#define VC_ATM_ACTIONS(X) \
	X(VC_ATM_DO_ASK, "ask") \
	X(VC_ATM_DO_UP, "up")		/* the user has its circuit */ \
	X(VC_ATM_DO_FAIL, "fail")	/* the user does not get it */ \
	X(VC_ATM_DO_LOSE, "lose")	/* the user has it no more */ \
	X(VC_ATM_DO_FORGET, "forget")	/* nobody was asked for it yet */ \
	X(VC_ATM_DO_CLOSE, "close")

enum vc_atm_state {
	VC_ATM_STATES(TABLE_SYM)
	VC_ATM_STATE_MAX
};
enum vc_atm_event {
	VC_ATM_EVENTS(TABLE_SYM)
	VC_ATM_EVENT_MAX
};
enum vc_atm_action {
	TABLE_FIRST_ACTION(VC_ATM),
	VC_ATM_ACTIONS(TABLE_SYM)
	VC_ATM_ACTION_MAX
};
extern const struct table vc_atm_table;

struct vc_atm;
struct vc_pvc_line;
struct vc_parties;

struct vc_atm_circuit {
	union {			/* the handle: of a circuit, or of a leaf */
		struct vc	 vc;
		struct vc_leaf	 leaf;
	} u;
	struct vc_atm		*atm;
	enum vc_atm_kind	 kind;
	uint8_t			 state;		/* enum vc_atm_state */
	uint32_t		 id;
	uint16_t		 cause;		/* of the event in hand */
	struct atm_addr		 peer;
	struct vc_port		*port;		/* while it is up; a root has
						 * one only with parties */
	struct vc_port		 own;		/* that of a switched one */
	uint64_t		 sdus_in, sdus_out;
	uint32_t		 queued;	/* SDUs at its port; of a root
						 * without, at its leaves' */

	struct vc_pvc_line	*line;		/* of a permanent one */
	TAILQ_ENTRY(vc_atm_circuit) of_line;

	struct vc_atm_circuit	*root;		/* of a leaf */
	TAILQ_HEAD(, vc_atm_circuit) leaves;	/* of a root */
	TAILQ_ENTRY(vc_atm_circuit) of_root;
	struct vc_parties	*parties;	/* of a root with one call */
	uint32_t		 ref;		/* of a party; 0: none yet */
	bool			 wants;		/* to be a party, and waits */

	TAILQ_ENTRY(vc_atm_circuit) entry;	/* in waiting, in dead, or
						 * in want of vc_party.c */
	TAILQ_ENTRY(vc_atm_circuit) to_flush;
	bool			 unsent;	/* it is in such a list */
	TAILQ_ENTRY(vc_atm_circuit) to_tell;	/* a root */
	bool			 telling, drained, overflow;
	RB_ENTRY(vc_atm_circuit) node;
};
TAILQ_HEAD(vc_atm_circuits, vc_atm_circuit);
RB_HEAD(vc_atm_tree, vc_atm_circuit);

struct vc_atm_ops {
	/*
	 * It is this circuit's turn: OPENED with its port set, or FAILED
	 * with a cause, follows, now or later.
	 */
	void	(*ask)(struct vc_atm_circuit *);
	/* it is over: frees what the backend has given it, if anything */
	void	(*close)(struct vc_atm_circuit *);
	/* the user releases it; NULL: nothing to be done before close */
	void	(*release)(struct vc_atm_circuit *);
	void	(*destroy)(struct vc_atm *);	/* the link's own memory */
};

/* The head of both backends' links. */
struct vc_atm {
	struct vc_link		 link;
	struct event_base	*base;
	struct timers		*timers;
	const struct vc_atm_ops	*ops;
	struct vc_atm_tree	 circuits;	/* by id, no dead ones */
	struct vc_atm_circuits	 waiting, dead;
	struct vc_atm_circuits	 unsent[VC_PORT_PRIOS];
	struct vc_atm_circuits	 tell;		/* roots whose user is told */
	size_t			 octets[VC_PORT_PRIOS];	/* that wait */
	uint32_t		 last_id;
	uint32_t		 many;		/* circuits */
	uint32_t		 max;		/* before calls are refused */
	uint32_t		 asked;		/* calls under way */
	struct timer		 later;		/* ask, and bury the dead */
	struct vc_counters	 counters;
	unsigned int		 busy;		/* handlers that are running */
	bool			 paused, closing;
};

void	vc_atm_init(struct vc_atm *, struct event_base *, struct timers *,
	    const struct vc_atm_ops *, const struct vc_backend *,
	    const struct atm_addr *local, uint32_t max, const struct vc_user *,
	    void *arg);
struct vc_atm *vc_atm_of(const struct vc_link *);
/* Around everything that may call the user: vc_close() waits for the end. */
void	vc_atm_enter(struct vc_atm *);
void	vc_atm_leave(struct vc_atm *);

struct vc_atm_circuit *vc_atm_find(struct vc_atm *, uint32_t id);
void	vc_atm_step(struct vc_atm_circuit *, enum vc_atm_event);
/*
 * Offers the user a call that has come in and has its port.  False: the user
 * has refused it, and the circuit is dead.
 */
bool	vc_atm_offer(struct vc_atm_circuit *);
/* A circuit in that state, WAITING or UP.  NULL: no memory. */
struct vc_atm_circuit *vc_atm_new(struct vc_atm *, enum vc_atm_kind,
	    const struct atm_addr *peer, enum vc_atm_state);
/* What gone() of a port's functions is, given the circuit that sent. */
void	vc_atm_gone(struct vc_atm *, struct vc_atm_circuit *,
	    enum vc_port_prio, size_t, bool sent);
/* An SDU for the user. */
void	vc_atm_sdu(struct vc_atm_circuit *, const uint8_t *, size_t);

/* The functions of vc.h, for both backends. */
struct vc	*vc_atm_call(struct vc_link *, const struct atm_addr *, void *);
struct vc	*vc_atm_multi(struct vc_link *, void *);
struct vc_leaf	*vc_atm_multi_add(struct vc *, const struct atm_addr *, void *);
void		 vc_atm_multi_drop(struct vc_leaf *);
void		 vc_atm_release(struct vc *, uint16_t);
int		 vc_atm_send(struct vc *, struct vc_sdu *);
uint32_t	 vc_atm_backlog(const struct vc *);
const struct atm_addr *vc_atm_peer(const struct vc *);
void		 vc_atm_flush(struct vc_link *);
void		 vc_atm_close(struct vc_link *);
bool		 vc_atm_counter(const struct vc_link *, size_t, const char **,
		    uint64_t *);
bool		 vc_atm_circuit(const struct vc_link *, uint32_t *,
		    struct vc_circuit_info *);

#endif
