/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Who sends the general queries of a LAN: the router with the lowest address
 * (RFC 9776 6.6.2, RFC 9777 7.6.2), one querier for each of IGMP and MLD.
 * Who forwards is another question (elect.h): a switch may be the querier.
 */
#ifndef EDGED_QUERIER_H
#define EDGED_QUERIER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "gmp.h"
#include "listener.h"
#include "table.h"
#include "timer.h"

#define EDGED_QUERIER_STATES(X) \
	X(EDGED_QUERIER_DOWN, "down") \
	/* by configuration, or without an address: never sends a query */ \
	X(EDGED_QUERIER_LISTEN, "listen") \
	X(EDGED_QUERIER_QUERIER, "querier") \
	X(EDGED_QUERIER_OTHER, "non-querier")

#define EDGED_QUERIER_EVENTS(X) \
	X(EDGED_QUERIER_EV_START, "start") \
	X(EDGED_QUERIER_EV_START_OFF, "start-off") \
	X(EDGED_QUERIER_EV_STOP, "stop") \
	X(EDGED_QUERIER_EV_LOWER, "query-of-a-lower-address") \
	X(EDGED_QUERIER_EV_HIGHER, "query-of-a-higher-address") \
	X(EDGED_QUERIER_EV_TICK, "general-query-timer") \
	X(EDGED_QUERIER_EV_GONE, "other-querier-present-timer")

#define EDGED_QUERIER_ACTIONS(X) \
	/* the first of the startup queries (8.6, 8.7) */ \
	X(EDGED_QUERIER_DO_BEGIN, "begin") \
	X(EDGED_QUERIER_DO_SEND, "send") \
	/* the Other Querier Present Timer starts anew (8.5) */ \
	X(EDGED_QUERIER_DO_NOTE, "note") \
	X(EDGED_QUERIER_DO_YIELD, "yield") \
	X(EDGED_QUERIER_DO_TAKE_OVER, "take-over") \
	X(EDGED_QUERIER_DO_FORGET, "forget") \
	X(EDGED_QUERIER_DO_STOP, "stop")

enum edged_querier_state {
	EDGED_QUERIER_STATES(TABLE_SYM)
	EDGED_QUERIER_STATE_MAX
};
enum edged_querier_event {
	EDGED_QUERIER_EVENTS(TABLE_SYM)
	EDGED_QUERIER_EVENT_MAX
};
enum edged_querier_action {
	TABLE_FIRST_ACTION(EDGED_QUERIER),
	EDGED_QUERIER_ACTIONS(TABLE_SYM)
	EDGED_QUERIER_ACTION_MAX
};

extern const struct table edged_querier_table;

/* What the owner supplies.  None of it may change the querier. */
struct edged_querier_ops {
	/* send a general query with edged_querier.timing */
	void	(*general)(void *);
	/* are we the querier from now on? */
	void	(*role)(void *, bool);
	/* what the querier of the LAN says of robustness and interval (4.1.6,
	 * 4.1.7), or our own again */
	void	(*timing)(void *, const struct edged_listener_timing *);
};

/* No querier asks more seldom than that; whoever says so is not believed. */
#define EDGED_QUERIER_INTERVAL_MAX	3600	/* s */

struct edged_querier {
	const struct edged_querier_ops	*ops;
	void				*arg;
	struct timers			*timers;
	uint8_t				 state;
	struct edged_listener_timing	 timing;	/* our own */
	struct edged_listener_timing	 heard;		/* as is in force */
	enum edged_gmp_version		 version;	/* that we send */
	struct paddr			 addr;		/* ours */
	struct paddr			 other;		/* len 0: none */
	struct timer			 tick, gone;
	uint8_t				 startup;	/* queries left */
	uint64_t			 older;		/* queries of an older
							 * version (7.3.1) */
	struct table_faults		 faults;
};

/* Not started; timing and version are the owner's to set before a start. */
void	edged_querier_init(struct edged_querier *,
	    const struct edged_querier_ops *, void *, struct timers *);
/*
 * Starts, or starts anew with another address or another configuration.
 * Without an address (len 0) nothing is sent, and on is as if false.
 */
void	edged_querier_start(struct edged_querier *, const struct paddr *,
	    bool on);
void	edged_querier_stop(struct edged_querier *);
/* a query that edged_igmp_read() or edged_mld_read() gave */
void	edged_querier_heard(struct edged_querier *, const struct edged_gmp *);

#endif
