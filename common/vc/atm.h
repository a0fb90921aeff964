/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Sockets of the system's ATM stack, for LLC/SNAP over AAL5 and UBR as RFC
 * 1755 has it.  One send or receive is one AAL5 frame.  Every descriptor is
 * non-blocking and close-on-exec.  -1 comes with errno, which is EAFNOSUPPORT
 * where the system has no ATM.
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
 * The next call that has come in.  It is accepted already, since the system
 * tells nothing of a call before that.  *leaf: we are the leaf of a
 * point-to-multipoint call, on which only its root sends.
 */
int	atm_svc_accept(int fd, struct atm_addr *caller, bool *leaf);
/*
 * Begins a call.  atm_svc_finish() says whether it is connected: 0, or -1
 * with EALREADY (not yet) or the reason why not.  It is to be asked when the
 * descriptor can be written or fails, and now and then besides.
 */
int	atm_svc_call(const struct atm_addr *local, const struct atm_addr *to,
	    bool leaf);
int	atm_svc_finish(int fd, const struct atm_addr *to);
/*
 * The parties of a connected call of which we are the root.  add returns the
 * new party's reference, which is above 0.  left returns that of a party that
 * has left by itself, or 0: none has, ask again.
 *
 * add and drop wait for the answer of the signalling daemon.  Where the daemon
 * does not know about parties they wait for ever, and no signal ends that: so
 * they are for a process that has nothing else to do.  If a party leaves by
 * itself while they wait, they return its reference, and their own answer is
 * lost.
 */
int	atm_party_add(int fd, const struct atm_addr *);
int	atm_party_drop(int fd, int ref);
int	atm_party_left(int fd);
/*
 * A descriptor for atm_party_wait(), which waits until there may be something
 * to read from ctl, or a party of fd may have left.
 */
int	atm_party_watch(int fd, int ctl);
void	atm_party_wait(int watch);
/* A permanent circuit; vpi and vci as at the interface. */
int	atm_pvc_open(int itf, int vpi, int vci);

/* The Q.850 cause (vc.h) that the stack has put into errno. */
uint16_t atm_cause(int error);
/* What is missing or wrong, as a sentence for an operator. */
void	atm_explain(bool svc, int error, char *, size_t);

/* A call under way, in a process that may make sockets. */
struct atm_call;
typedef void atm_called(void *arg, int fd, uint16_t cause);
/*
 * Begins a call.  done is called once, later: with the connected descriptor,
 * which it then owns, or with -1 and the cause.  After that the handle is
 * dead.  NULL: no memory.
 */
struct atm_call	*atm_call_new(struct event_base *, const struct atm_addr *local,
		    const struct atm_addr *to, bool leaf, atm_called *done,
		    void *arg);
/* Gives the call up: done is not called. */
void		 atm_call_free(struct atm_call *);

#endif
