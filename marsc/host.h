/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An endpoint: one address on one link, with a client for each protocol.  All
 * that circuits bring comes in here and is handed to the client whose it is.
 */
#ifndef MARSC_HOST_H
#define MARSC_HOST_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "marsc.h"
#include "timer.h"
#include "vc.h"

/* Every cookie that we give to a circuit points at one of these. */
enum marsc_end_kind {
	MARSC_END_MARS,		/* struct marsc_marsvc */
	MARSC_END_IN,		/* struct marsc_incoming */
	MARSC_END_PATH,		/* struct marsc_path: the root of its circuit */
	MARSC_END_LEAF,		/* struct marsc_leaf of a path */
	MARSC_END_REPLY		/* struct marsc_reply: its root, and its leaf */
};
struct marsc_end {
	enum marsc_end_kind	 kind;
	struct marsc		*client;
};

/*
 * A circuit that somebody else has opened, with us as a leaf.  A control VC is
 * for one protocol (D8), but the call does not say which one.  So at first the
 * client is a guess, or NULL where several may be meant; the first message
 * tells.  On a circuit for data the client is NULL, because one circuit may
 * bring packets of every protocol.
 */
struct marsc_incoming {
	struct marsc_end	 end;
	LIST_ENTRY(marsc_incoming) entry;
	struct vc		*vc;
	struct atm_addr		 caller;
	bool			 control; /* Cluster- or ServerControlVC */
};
LIST_HEAD(marsc_incoming_list, marsc_incoming);

struct marsc_host {
	const struct marsc_ops		*ops;
	void				*arg;
	struct timers			*ts;
	struct vc_link			*link;	/* or NULL */
	LIST_HEAD(, marsc)		 clients;
	struct marsc_incoming_list	 in;
	/* what came in and belongs to no client */
	uint64_t			 drops[MARSC_DROP_MAX];
};

/* The client of a protocol, or NULL. */
struct marsc	*marsc_host_client(const struct marsc_host *,
		    const struct mars_pro *);
/* Is this a MARS control message?  No more than its LLC/SNAP is looked at. */
bool		 marsc_is_control(const uint8_t *, size_t);
void		 marsc_incoming_release(struct marsc_incoming *);
void		 marsc_incoming_control(struct marsc_incoming *);
/*
 * Releases the control VCs of a client that come from other MARSs than keep,
 * or, with keep NULL, all of them.
 */
void		 marsc_drop_incoming(struct marsc *,
		    const struct atm_addr *keep);
/* A client is going: releases the circuits that no other client wants. */
void		 marsc_host_forget(struct marsc_host *, const struct marsc *);

#endif
