/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

#include "atm.h"
#include "vc_atm.h"
#include "vc_party.h"
#include "vc_svc.h"

#define ACCEPTS		16		/* calls before others have a turn */
#define LISTEN_AGAIN	MTIME_SEC(2)	/* after the listener was lost */

struct vc_svc {
	struct vc_atm		 atm;
	struct vc_svc_params	 params;
	int			 fd;		/* -1: the listener is lost */
	struct event		 acceptable;
	struct timer		 listen_again;
	bool			 given_up;	/* on parties, for good */
	uint32_t		 roots;		/* that have parties */
	uint32_t		 own_ends;	/* of their calls */
};

static struct vc_svc *
svc_of(struct vc_atm *a)
{
	return (struct vc_svc *)(void *)a;
}

static struct vc_svc *
link_svc(const struct vc_link *l)
{
	return svc_of(vc_atm_of(l));
}

/* --- circuits */

static void
circuit_sdu(void *arg, const uint8_t *p, size_t len)
{
	struct vc_atm_circuit *c = arg;
	struct vc_atm *a = c->atm;

	if (c->kind == VC_ATM_OWN_END)
		return; /* it is what we have sent ourselves */
	/* a leaf has nothing to say (RFC 2022 section 3.4) */
	if (c->kind == VC_ATM_LEAF || c->kind == VC_ATM_ROOT) {
		a->counters.sdus_dropped++;
		return;
	}
	vc_atm_enter(a);
	vc_atm_sdu(c, p, len);
	vc_atm_leave(a);
}

static void
circuit_lost(void *arg, int error)
{
	struct vc_atm_circuit *c = arg;
	struct vc_atm *a = c->atm;

	vc_atm_enter(a);
	c->cause = atm_cause(error);
	if (c->parties != NULL)
		vc_party_step(c, VC_PARTY_EV_LOST);
	else
		vc_atm_step(c, VC_ATM_EV_LOST);
	vc_atm_leave(a);
}

static void
circuit_gone(
    void *arg, void *whose, enum vc_port_prio prio, size_t len, bool was_sent)
{
	struct vc_atm_circuit *c = arg;

	vc_atm_gone(c->atm, whose, prio, len, was_sent);
}

static const struct vc_port_ops port_ops = {
	circuit_sdu, circuit_lost, circuit_gone
};

static int
circuit_port(struct vc_atm_circuit *c, int fd)
{
	struct vc_atm *a = c->atm;

	if (vc_port_open(&c->own, a->base, a->timers, fd, &a->counters,
	    &port_ops, c) == -1)
		return -1;
	c->port = &c->own;
	/* a root has nothing to say but that it is gone */
	if (a->paused && c->kind != VC_ATM_ROOT)
		vc_port_pause(c->port, true);
	return 0;
}

static bool
is_party(const struct vc_atm_circuit *c)
{
	return c->root != NULL && c->root->parties != NULL;
}

/* The call ends as a whole, so that none of its leaves is dropped first. */
static void
circuit_release(struct vc_atm_circuit *c)
{
	if (c->parties != NULL)
		vc_party_step(c, VC_PARTY_EV_END);
}

static void
vc_svc_circuit_close(struct vc_atm_circuit *c)
{
	struct vc_svc *s = svc_of(c->atm);

	if (is_party(c)) {
		vc_party_leave(c);
		return;
	}
	circuit_release(c);
	s->roots -= c->parties != NULL;
	s->own_ends -= c->kind == VC_ATM_OWN_END;
	if (c->parties != NULL && c->port != NULL)
		(void)s->params.party(
		    s->params.arg, &s->atm.link, c->id, ATM_PARTY_END, 0, NULL);
	vc_port_close(&c->own);
}

static void
vc_svc_circuit_ask(struct vc_atm_circuit *c)
{
	struct vc_svc *s = svc_of(c->atm);

	if (is_party(c)) {
		s->atm.asked--;
		vc_party_want(c);
		return;
	}
	if (s->params.open(s->params.arg, &s->atm.link, c->id, &c->peer,
	    c->kind == VC_ATM_LEAF) == 0)
		return;
	s->atm.asked--;
	c->cause = VC_CAUSE_TEMPORARY;
	vc_atm_step(c, VC_ATM_EV_FAILED);
}

/* --- roots with parties */

static int
root_call(struct vc_atm_circuit *root)
{
	struct vc_svc *s = svc_of(root->atm);

	if (s->params.root(s->params.arg, &s->atm.link, root->id) == -1)
		return -1;
	s->atm.asked++;
	return 0;
}

static int
vc_svc_root_ask(struct vc_atm_circuit *root, enum atm_party what, uint32_t ref,
    const struct atm_addr *to)
{
	struct vc_svc *s = svc_of(root->atm);

	return s->params.party(
	    s->params.arg, &s->atm.link, root->id, what, ref, to);
}

static void
root_give_up(struct vc_atm_circuit *root)
{
	svc_of(root->atm)->given_up = true;
}

static const struct vc_party_ops parties_ops = {
	root_call, vc_svc_root_ask, root_give_up
};

/* Without memory for parties the root has a call for each leaf. */
static struct vc *
svc_multi(struct vc_link *l, void *cookie)
{
	struct vc_svc *s = link_svc(l);
	struct vc *vc = vc_atm_multi(l, cookie);

	if (vc != NULL && s->params.parties && !s->given_up &&
	    vc_party_new((struct vc_atm_circuit *)(void *)vc, &parties_ops) ==
	    0)
		s->roots++;
	return vc;
}

/*
 * The call to ourselves may fail only because we can't be called at present:
 * signalling is away, our listener is lost or paused, or there are no
 * descriptors.  That is no reason to give parties up.
 */
static bool
root_answer(struct vc_atm_circuit *root, int fd, uint16_t cause)
{
	struct vc_atm *a = root->atm;
	bool open =
	    fd != -1 && root->port == NULL && circuit_port(root, fd) == 0;

	if (fd != -1 && !open)
		(void)close(fd);
	if (!open &&
	    (fd != -1 || svc_of(a)->fd == -1 || a->paused ||
	    cause == VC_CAUSE_RESOURCE))
		cause = VC_CAUSE_TEMPORARY;
	root->cause = cause;
	vc_atm_enter(a);
	vc_party_step(root,
	    open			    ? VC_PARTY_EV_OPENED :
	    cause == VC_CAUSE_TEMPORARY ? VC_PARTY_EV_BUSY :
	    VC_PARTY_EV_FAILED);
	vc_atm_leave(a);
	return open;
}

/* The root may have gone in the meantime. */
void
vc_svc_party(struct vc_link *l, uint32_t root, enum atm_party what,
    uint32_t ref, uint16_t cause)
{
	struct vc_atm *a = vc_atm_of(l);
	struct vc_atm_circuit *c = vc_atm_find(a, root);

	if (c == NULL || c->parties == NULL)
		return;
	vc_atm_enter(a);
	vc_party_told(c, what, ref, cause);
	vc_atm_leave(a);
}

/* --- calls that come in */

/*
 * The first party of each root of ours is this link itself.  As many leaf
 * calls from our own address as there are such roots are these parties.
 */
static enum vc_atm_kind
kind_of(const struct vc_svc *s, const struct atm_addr *caller, bool leaf)
{
	if (!leaf)
		return VC_ATM_IN;
	return s->own_ends < s->roots &&
	    atm_addr_equal(caller, &s->atm.link.local) ?
	    VC_ATM_OWN_END :
	    VC_ATM_LEAF_END;
}

/*
 * The descriptor is connected already, so that a refusal can only release it.
 * The own end of a root does not count for the limit of circuits.
 */
static void
offered(struct vc_svc *s, int fd, const struct atm_addr *caller, bool leaf)
{
	struct vc_atm *a = &s->atm;
	enum vc_atm_kind kind = kind_of(s, caller, leaf);
	struct vc_atm_circuit *c = NULL;

	if (a->many < a->max || kind == VC_ATM_OWN_END)
		c = vc_atm_new(a, kind, caller, VC_ATM_UP);
	if (c != NULL)
		s->own_ends += kind == VC_ATM_OWN_END;
	if (c != NULL && circuit_port(c, fd) == 0) {
		if (c->kind != VC_ATM_OWN_END)
			(void)vc_atm_offer(c);
		return;
	}
	if (c != NULL)
		vc_atm_step(c, VC_ATM_EV_DROP);
	a->counters.calls_refused++;
	(void)close(fd);
}

static void
listener_lost(struct vc_svc *s)
{
	(void)event_del(&s->acceptable);
	(void)close(s->fd);
	s->fd = -1;
	timer_set(s->atm.timers, &s->listen_again, LISTEN_AGAIN);
}

static void
on_acceptable(evutil_socket_t listener, short what, void *arg)
{
	struct vc_svc *s = arg;
	struct atm_addr caller;
	bool leaf;
	int i, fd;

	(void)listener;
	(void)what;
	timers_clock(s->atm.timers);
	vc_atm_enter(&s->atm);
	for (i = 0; i < ACCEPTS && s->fd != -1 && !s->atm.paused; i++) {
		fd = s->params.accept(s->fd, &caller, &leaf);
		if (fd != -1)
			offered(s, fd, &caller, leaf);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno == EUNATCH || errno == EBADF ||
		    errno == EINVAL || errno == EMFILE || errno == ENFILE)
			/* no daemon, or no descriptor: again in a while */
			listener_lost(s);
		else /* only this call has failed */
			s->atm.counters.calls_refused++;
	}
	vc_atm_leave(&s->atm);
}

static int
listener_set(struct vc_svc *s, int fd)
{
	if (event_assign(&s->acceptable, s->atm.base, fd, EV_READ | EV_PERSIST,
	    on_acceptable, s) == -1 ||
	    (!s->atm.paused && event_add(&s->acceptable, NULL) == -1))
		return -1;
	s->fd = fd;
	return 0;
}

static void
on_listen_again(void *arg)
{
	struct vc_svc *s = arg;

	if (s->params.open(s->params.arg, &s->atm.link, 0, NULL, false) == -1)
		timer_set(s->atm.timers, &s->listen_again, LISTEN_AGAIN);
}

static bool
listener_answer(struct vc_svc *s, int fd)
{
	if (s->fd == -1 && fd != -1 && listener_set(s, fd) == 0)
		return true;
	if (fd != -1)
		(void)close(fd);
	if (s->fd == -1)
		timer_set(s->atm.timers, &s->listen_again, LISTEN_AGAIN);
	return false;
}

static bool
circuit_answer(struct vc_atm_circuit *c, int fd, uint16_t cause)
{
	struct vc_atm *a = c->atm;
	bool open = fd != -1 && circuit_port(c, fd) == 0;

	if (fd != -1 && !open) {
		(void)close(fd);
		cause = VC_CAUSE_RESOURCE;
	}
	c->cause = cause;
	vc_atm_enter(a);
	vc_atm_step(c, open ? VC_ATM_EV_OPENED : VC_ATM_EV_FAILED);
	vc_atm_leave(a);
	return open;
}

bool
vc_svc_answer(struct vc_link *l, uint32_t id, int fd, uint16_t cause)
{
	struct vc_svc *s = link_svc(l);
	struct vc_atm *a = &s->atm;
	struct vc_atm_circuit *c;

	if (id == 0)
		return listener_answer(s, fd);
	if (a->asked > 0)
		a->asked--;
	timer_set(a->timers, &a->later, 0); /* others may be waiting */
	c = vc_atm_find(a, id);
	if (c != NULL && c->parties != NULL)
		return root_answer(c, fd, cause);
	if (c != NULL && c->state == VC_ATM_ASKED)
		return circuit_answer(c, fd, cause);
	if (fd != -1) /* the user has given it up */
		(void)close(fd);
	return false;
}

/* --- links */

static void
svc_destroy(struct vc_atm *a)
{
	struct vc_svc *s = svc_of(a);

	timer_clear(a->timers, &s->listen_again);
	free(s);
}

static void
svc_close(struct vc_link *l)
{
	struct vc_svc *s = link_svc(l);

	if (s->fd != -1) {
		(void)event_del(&s->acceptable);
		(void)close(s->fd);
	}
	s->fd = -1;
	vc_atm_close(l);
}

static void
svc_pause(struct vc_link *l, bool pause)
{
	struct vc_svc *s = link_svc(l);
	struct vc_circuit_info info;
	uint32_t cursor = 0;

	s->atm.paused = pause;
	while (vc_atm_circuit(l, &cursor, &info))
		vc_port_pause(&vc_atm_find(&s->atm, cursor)->own, pause);
	if (s->fd == -1)
		return;
	if (pause)
		(void)event_del(&s->acceptable);
	else
		(void)event_add(&s->acceptable, NULL);
}

static const struct vc_atm_ops ops = {
	.ask = vc_svc_circuit_ask,
	.close = vc_svc_circuit_close,
	.release = circuit_release,
	.destroy = svc_destroy,
};

static const struct vc_backend backend = {
	.name = "atm-svc",
	.knows_caller = true,
	.call = vc_atm_call,
	.multi = svc_multi,
	.multi_add = vc_atm_multi_add,
	.multi_drop = vc_atm_multi_drop,
	.release = vc_atm_release,
	.send = vc_atm_send,
	.peer = vc_atm_peer,
	.flush = vc_atm_flush,
	.close = svc_close,
	.pause = svc_pause,
	.counter = vc_atm_counter,
	.circuit = vc_atm_circuit,
	.backlog = vc_atm_backlog,
};

void
vc_svc_set_params(struct vc_link *l, const struct vc_svc_params *p)
{
	struct vc_svc *s = link_svc(l);

	s->params = *p;
	s->atm.max = p->max_circuits;
}

struct vc_link *
vc_svc_open(struct event_base *base, struct timers *ts, int fd,
    const struct atm_addr *local, const struct vc_svc_params *p,
    const struct vc_user *user, void *arg)
{
	struct vc_svc *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	vc_atm_init(&s->atm, base, ts, &ops, &backend, local, p->max_circuits,
	    user, arg);
	s->params = *p;
	s->fd = -1;
	timer_init(&s->listen_again, on_listen_again, s);
	if (listener_set(s, fd) == -1) {
		free(s);
		return NULL;
	}
	return &s->atm.link;
}
