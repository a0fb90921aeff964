/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Sending messages to nodes.
 */
#ifndef MARSD_SEND_H
#define MARSD_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "mars.h"

struct marsd_circuit;
struct marsd_control;
struct marsd_incoming;
struct marsd_proto;
struct vc;

/*
 * The octets of the longest message that a VC takes: MARS_MTU, or less
 * (doc/nvc.md, rule 7).
 */
size_t		 marsd_send_room(const struct vc *);
/* begins a message of the MARS's own */
void		 marsd_own_message(struct marsd_proto *, struct mars_msg *,
		    uint8_t op);
/* on the VC that a node has to us; NULL: it has none, and nothing is sent */
void		 marsd_send_private(struct marsd_circuit *,
		    struct marsd_proto *, enum marsd_role, struct mars_msg *);
/* the octets of a message as they are */
void		 marsd_send_raw(struct marsd_circuit *, const void *, size_t);
/* a JOIN or the like back to its source */
void		 marsd_send_echo(struct marsd_incoming *, enum marsd_role);
/*
 * On a control VC, each message with its next number, a JOIN or the like with
 * these pairs.  Nothing is sent or counted if it has no leaf.
 */
void		 marsd_send_spans(struct marsd_control *, struct mars_msg *,
		    const struct marsd_spans *, bool punched);
/* the same with a list of addresses; to one node if to is not NULL */
void		 marsd_send_parts(struct marsd_control *,
		    struct marsd_circuit *to, struct mars_msg *,
		    const struct atm_addr *const *, size_t);

#endif
