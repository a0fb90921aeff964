/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Sockets of the system's ATM stack, for LLC/SNAP over AAL5 and UBR as RFC
 * 1755 has it.  One send or receive is one AAL5 frame.  Every descriptor is
 * non-blocking and close-on-exec; -1 is with errno, EAFNOSUPPORT where the
 * system has no ATM.
 */
#ifndef MARS_ATM_H
#define MARS_ATM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* A socket that switched calls to this address arrive at. */
int	atm_svc_listen(const struct atm_addr *local);
/*
 * The next call, already accepted, for there is no other way; leaf: it is
 * one of a point-to-multipoint call, and only its root sends.
 */
int	atm_svc_accept(int fd, struct atm_addr *caller, bool *leaf);
/*
 * Begins a call; when the descriptor can be written, or fails, or now and
 * then, atm_svc_finish() says whether it is there: 0, or -1 with EALREADY
 * (not yet) or with the reason why not.
 */
int	atm_svc_call(const struct atm_addr *local, const struct atm_addr *to,
	    bool leaf);
int	atm_svc_finish(int fd, const struct atm_addr *to);
/*
 * For a connected one of which we are the root: adds a party (its reference,
 * above 0, comes back), drops one, tells which has left by itself (0: none,
 * ask again).  If one leaves while the first two wait, its reference is what
 * comes back from them, and their own answer is lost.  They wait for the
 * signalling daemon, for ever where it does not know how, and no signal ends
 * that: not for a process that has anything else to do.
 */
int	atm_party_add(int fd, const struct atm_addr *);
int	atm_party_drop(int fd, int ref);
int	atm_party_left(int fd);
/*
 * A descriptor for atm_party_wait(), which waits until there may be something
 * to read from ctl, or a party may have left.
 */
int	atm_party_watch(int fd, int ctl);
void	atm_party_wait(int watch);
/* A permanent circuit; vpi and vci as at the interface. */
int	atm_pvc_open(int itf, int vpi, int vci);

/* The Q.850 cause (vc.h) that the stack has put into errno. */
uint16_t atm_cause(int error);
/* What is missing or wrong, as a sentence without its subject. */
void	atm_explain(bool svc, int error, char *, size_t);

/* A call under way, in a process that may make sockets. */
struct atm_call;
typedef void atm_called(void *arg, int fd, uint16_t cause);
/*
 * Calls; done is told later, once, the connected descriptor, which it then
 * owns, or -1 and why not, and the handle is dead.  NULL: no memory.
 */
struct atm_call	*atm_call_new(struct event_base *, const struct atm_addr *local,
		    const struct atm_addr *to, bool leaf, atm_called *done,
		    void *arg);
/* Gives up: done is not told. */
void		 atm_call_free(struct atm_call *);

#endif
