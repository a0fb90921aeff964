/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The engine of NVC: what comes in as datagrams, and what its user asks for
 * by the functions of vc.h.
 */

#include <stdlib.h>
#include <string.h>

#include "nvc_impl.h"

void
nvc_dropped(struct nvc *n, enum nvc_drop why)
{
	n->drops[why]++;
}

/* --- datagrams in */

/* What a datagram of an accepted circuit is to its state machine. */
static const enum nvc_event events[NVC_TYPE_MAX] = {
	[NVC_SETUP] = NVC_EV_SETUP,
	[NVC_RETRY] = NVC_EV_RETRY,
	[NVC_CONNECT] = NVC_EV_CONNECT,
	[NVC_RELEASE] = NVC_EV_RELEASE,
	[NVC_ENQUIRY] = NVC_EV_ENQUIRY,
	[NVC_STATUS] = NVC_EV_STATUS,
	[NVC_DATA] = NVC_EV_DATA,
};

static void
nvc_refuse(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m,
    uint16_t cause, enum nvc_drop why)
{
	n->calls_refused++;
	nvc_dropped(n, why);
	nvc_queue_stranger(n, from,
	    &(struct nvc_msg){ .type = NVC_RELEASE,
	    .cause = cause,
	    .circuit = m->number });
}

/* Rule 1: is the SETUP's token one of ours?  If not, answers RETRY. */
static bool
token_ok(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	uint8_t token[NVC_TOKEN_LEN];
	const struct nvc_msg retry = {
		.type = NVC_RETRY,
		.circuit = m->number,
		.token = token,
		.token_len = sizeof(token),
	};

	switch (nvc_token_check(n, from, m, token)) {
	case NVC_TOKEN_GOOD:
		return true;
	case NVC_TOKEN_FAILED:
		nvc_dropped(n, NVC_DROP_MEMORY);
		return false;
	case NVC_TOKEN_BAD:
		nvc_dropped(n, NVC_DROP_TOKEN_BAD);
		break;
	case NVC_TOKEN_NONE:
		break;
	}
	nvc_queue_stranger(n, from, &retry);
	return false;
}

static void
input_setup(struct nvc *n, const struct nvc_dest *from, struct nvc_msg *m)
{
	struct nvc_dest caller = { .v6 = 0 };
	struct nvc_circuit *c;
	enum nvc_drop why;
	bool v6;
	uint8_t sel;

	if (!atm_addr_to_ip(&m->calling, &v6, caller.ip, &sel)) {
		nvc_refuse(n, from, m, VC_CAUSE_REJECTED, NVC_DROP_SOURCE);
		return;
	}
	caller.v6 = v6;
	caller.port = from->port;
	if (nvc_dest_cmp(&caller, from) != 0) {
		nvc_refuse(n, from, m, VC_CAUSE_REJECTED, NVC_DROP_SOURCE);
		return;
	}
	if (!atm_addr_equal(&m->called, &n->link.local)) {
		nvc_refuse(n, from, m, VC_CAUSE_UNALLOCATED, NVC_DROP_CALLED);
		return;
	}
	if ((c = nvc_circuit_by_peer(n, from, m->number, true)) != NULL) {
		nvc_circuit_heard(c);
		nvc_step(c, NVC_EV_SETUP, m);
		return;
	}
	if (!token_ok(n, from, m))
		return;
	if ((c = nvc_circuit_in(n, from, m, &why)) == NULL) {
		nvc_refuse(n, from, m, VC_CAUSE_RESOURCE, why);
		return;
	}
	n->depth++;
	m->cause = n->link.user->remote_call(n->link.arg, &c->h.u.vc, &c->addr,
	    c->h.kind == NVC_LEAF_END, &c->h.u.vc.cookie);
	n->depth--;
	nvc_step(
	    c, m->cause == VC_CAUSE_NONE ? NVC_EV_ACCEPT : NVC_EV_REFUSE, m);
}

static bool
has_sdu(const struct nvc_msg *m)
{
	return m->type == NVC_DATA || m->type == NVC_BUNDLE;
}

/* Rule 5: at most 100 in any second. */
static void
unknown(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	mtime_t *oldest = &n->released[n->oldest];

	nvc_dropped(n, NVC_DROP_UNKNOWN);
	if (!has_sdu(m) && m->type != NVC_ENQUIRY)
		return;
	if (n->wrapped && mtime_diff(*oldest, n->timers->now) < MTIME_SEC(1)) {
		nvc_dropped(n, NVC_DROP_RELEASE_RATE);
		return;
	}
	*oldest = n->timers->now;
	n->oldest = (n->oldest + 1) % NVC_RELEASES;
	n->wrapped = n->wrapped || n->oldest == 0;
	nvc_queue_stranger(n, from,
	    &(struct nvc_msg){ .type = NVC_RELEASE,
	    .cause = VC_CAUSE_INVALID_REF,
	    .number = m->circuit });
}

/* RELEASE with Circuit 0: the sender knows no circuit of that number. */
static void
input_release0(
    struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	struct nvc_circuit *c;

	if ((c = nvc_circuit_by_peer(n, from, m->number, false)) == NULL &&
	    (c = nvc_circuit_by_peer(n, from, m->number, true)) == NULL) {
		nvc_dropped(n, NVC_DROP_UNKNOWN);
		return;
	}
	nvc_step(c, NVC_EV_RELEASE, m);
}

/* Rule 10; the user may release the circuit at any of them. */
static void
input_bundle(struct nvc_circuit *c, struct nvc_msg *m)
{
	struct rd r;

	rd_init(&r, m->sdu, m->sdu_len);
	while (c->state != NVC_CLEARED && nvc_unbundle(&r, m))
		nvc_step(c, NVC_EV_DATA, m);
}

static void
input_circuit(struct nvc *n, const struct nvc_dest *from, struct nvc_msg *m)
{
	struct nvc_circuit *c;

	if ((c = nvc_circuit_find(n, m->circuit)) == NULL) {
		unknown(n, from, m);
		return;
	}
	if (nvc_dest_cmp(&c->dest, from) != 0) {
		nvc_dropped(n, NVC_DROP_PEER);
		return;
	}
	if ((m->type == NVC_ENQUIRY || m->type == NVC_STATUS) &&
	    c->state == NVC_CONNECTED && m->number != c->peer_num) {
		nvc_dropped(n, NVC_DROP_NUMBER);
		return;
	}
	if (has_sdu(m) && c->h.kind == NVC_LEAF) {
		nvc_dropped(n, NVC_DROP_LEAF_DATA);
		return;
	}
	nvc_circuit_heard(c);
	if (m->type == NVC_BUNDLE)
		input_bundle(c, m);
	else
		nvc_step(c, events[m->type], m);
}

void
nvc_input(struct nvc *n, const struct nvc_dest *from, const void *p, size_t len)
{
	struct nvc_msg m = { .type = NVC_NO_TYPE };
	enum nvc_drop why;

	nvc_reap(n);
	if (n->quiet)
		return;
	if ((why = nvc_decode(&m, p, len)) != NVC_DROP_MAX)
		nvc_dropped(n, why);
	else if (m.type == NVC_SETUP)
		input_setup(n, from, &m);
	else if (m.type == NVC_RELEASE && m.circuit == 0)
		input_release0(n, from, &m);
	else
		input_circuit(n, from, &m);
}

/* --- from above: the functions of vc.h */

/* Where c->addr is.  False: it can't be called, and c->cause says why. */
static bool
resolve(const struct nvc *n, struct nvc_circuit *c)
{
	bool v6, local_v6;
	uint8_t sel, ip[16];
	uint32_t port;

	memset(&c->dest, 0, sizeof(c->dest));
	c->cause = VC_CAUSE_UNALLOCATED;
	if (!atm_addr_to_ip(&c->addr, &v6, c->dest.ip, &sel) ||
	    !atm_addr_to_ip(&n->link.local, &local_v6, ip, &ip[0]) ||
	    v6 != local_v6)
		return false;
	port = (uint32_t)n->params.base_port + sel;
	if (port > UINT16_MAX)
		return false;
	c->dest.v6 = v6;
	c->dest.port = (uint16_t)port;
	c->cause = VC_CAUSE_RESOURCE;
	if (n->ncircuits >= n->params.max_circuits)
		return false;
	c->cause = VC_CAUSE_OUT_OF_ORDER;
	return true;
}

/*
 * Begins a call with a circuit that has its handle.  If the call can't be
 * made the user is told from the timers.  False: no memory.
 */
static bool
call_out(struct nvc *n, struct nvc_circuit *c, enum nvc_kind kind,
    const struct atm_addr *to)
{
	nvc_circuit_init(n, c, kind, NVC_CALLING);
	c->addr = *to;
	n->calls_out++;
	if (!resolve(n, c)) {
		c->state = NVC_FAILING;
		timer_set(n->timers, &c->timer, 0);
		return true;
	}
	if (!nvc_circuit_number(n, c))
		return false;
	nvc_circuit_call(c);
	return true;
}

struct vc *
nvc_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	struct nvc *n = nvc_of_link(l);
	struct nvc_circuit *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->h.u.vc.link = l;
	c->h.u.vc.cookie = cookie;
	if (!call_out(n, c, NVC_OUT, to)) {
		free(c);
		return NULL;
	}
	if (c->state == NVC_FAILING)
		TAILQ_INSERT_TAIL(&n->failing, c, entry);
	return &c->h.u.vc;
}

struct vc *
nvc_multi(struct vc_link *l, void *cookie)
{
	struct nvc *n = nvc_of_link(l);
	struct nvc_root *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->h.kind = NVC_ROOT;
	r->h.u.vc.link = l;
	r->h.u.vc.cookie = cookie;
	TAILQ_INIT(&r->leaves);
	STAILQ_INIT(&r->stream.outs);
	LIST_INSERT_HEAD(&n->roots, r, entry);
	return &r->h.u.vc;
}

/* Rule 8: one SETUP for each leaf. */
struct vc_leaf *
nvc_multi_add(struct vc *vc, const struct atm_addr *to, void *cookie)
{
	struct nvc_root *r = (struct nvc_root *)vc;
	struct nvc_circuit *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->h.u.leaf.root = vc;
	c->h.u.leaf.cookie = cookie;
	c->h.kind = NVC_LEAF;
	if (!call_out(nvc_of_link(vc->link), c, NVC_LEAF, to)) {
		free(c);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&r->leaves, c, entry);
	return &c->h.u.leaf;
}

void
nvc_multi_drop(struct vc_leaf *leaf)
{
	const struct nvc_msg m = { .cause = VC_CAUSE_NORMAL };

	nvc_step((struct nvc_circuit *)leaf, NVC_EV_DROP, &m);
}

static void
root_release(struct nvc *n, struct nvc_root *r, const struct nvc_msg *m)
{
	struct nvc_circuit *c, *next;

	if (r->released)
		return;
	TAILQ_FOREACH_SAFE(c, &r->leaves, entry, next)
		nvc_step(c, NVC_EV_DROP, m);
	nvc_root_end(n, r);
}

void
nvc_release(struct vc *vc, uint16_t cause)
{
	const struct nvc_msg m = { .cause = cause };

	if (((struct nvc_head *)vc)->kind == NVC_ROOT)
		root_release(nvc_of_link(vc->link), (struct nvc_root *)vc, &m);
	else
		nvc_step((struct nvc_circuit *)vc, NVC_EV_DROP, &m);
}

static int
root_send(struct nvc_root *r, struct vc_sdu *s)
{
	if (r->connected == 0) {
		vc_sdu_free(s); /* nobody there is no error, A-132 */
		return 0;
	}
	return nvc_queue_copies(r, s);
}

int
nvc_send(struct vc *vc, struct vc_sdu *s)
{
	struct nvc_circuit *c = (struct nvc_circuit *)vc;
	struct nvc *n = nvc_of_link(vc->link);

	if (c->h.kind == NVC_ROOT)
		return root_send((struct nvc_root *)vc, s);
	if (c->state == NVC_CONNECTED && s->len > c->max_sdu) {
		n->sdus_too_big++;
		vc_sdu_free(s);
		return -1;
	}
	if (c->state != NVC_CONNECTED || c->h.kind == NVC_LEAF_END) {
		n->sdus_dropped++;
		vc_sdu_free(s);
		return -1;
	}
	return nvc_queue_sdu(c, s);
}

/* The address at the other end; a root's is its own. */
const struct atm_addr *
nvc_peer(const struct vc *vc)
{
	const struct nvc_circuit *c = (const struct nvc_circuit *)vc;

	return c->h.kind == NVC_ROOT ? &vc->link->local : &c->addr;
}

/* --- an engine */

void
nvc_set_params(struct nvc *n, const struct nvc_params *p)
{
	n->params = *p;
	if (n->params.enquiry_interval < 1)
		n->params.enquiry_interval = 1;
	if (n->params.enquiry_interval > UINT8_MAX)
		n->params.enquiry_interval = UINT8_MAX;
	if (n->params.enquiry_max == 0)
		n->params.enquiry_max = NVC_ENQUIRY_MAX;
	/* the table's index is half of a number */
	if (n->params.max_circuits > UINT32_MAX / 2)
		n->params.max_circuits = UINT32_MAX / 2;
}

struct nvc *
nvc_new(const struct nvc_ops *ops, void *arg, struct timers *ts,
    const struct vc_backend *backend, const struct atm_addr *local,
    const struct nvc_params *params, const struct vc_user *user, void *user_arg)
{
	struct nvc *n;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->link.backend = backend;
	n->link.local = *local;
	n->link.user = user;
	n->link.arg = user_arg;
	n->ops = ops;
	n->arg = arg;
	n->timers = ts;
	nvc_set_params(n, params);
	RB_INIT(&n->by_peer);
	RB_INIT(&n->by_dest);
	RB_INIT(&n->peers);
	TAILQ_INIT(&n->failing);
	TAILQ_INIT(&n->silent);
	LIST_INIT(&n->roots);
	nvc_queue_init(&n->queue);
	if (!nvc_secrets_init(n)) {
		nvc_free(n);
		return NULL;
	}
	return n;
}

/* Roots take their leaves along. */
void
nvc_release_all(struct nvc *n)
{
	const struct nvc_msg m = { .cause = VC_CAUSE_NORMAL };
	struct nvc_circuit *c;
	struct nvc_root *r, *next;
	uint32_t i;

	n->quiet = true;
	LIST_FOREACH_SAFE(r, &n->roots, entry, next)
		root_release(n, r, &m);
	while ((c = TAILQ_FIRST(&n->failing)) != NULL)
		nvc_step(c, NVC_EV_DROP, &m);
	for (i = 0; i < n->nslots; i++)
		if (n->slots[i].circuit != NULL)
			nvc_step(n->slots[i].circuit, NVC_EV_DROP, &m);
}

void
nvc_free(struct nvc *n)
{
	nvc_release_all(n);
	nvc_queue_free(n);
	nvc_reap(n);
	nvc_secrets_free(&n->secrets);
	free(n->slots);
	free(n);
}

struct vc_link *
nvc_link(struct nvc *n)
{
	return &n->link;
}

void *
nvc_arg(const struct vc_link *l)
{
	return ((const struct nvc *)l)->arg;
}

bool
nvc_busy(const struct nvc *n)
{
	return n->depth > 0;
}

/* --- for marsctl */

bool
nvc_counter(const struct nvc *n, size_t i, const char **name, uint64_t *value)
{
	static const char *const counters[] = {
#define X(sym, text) text,
		VC_COUNTERS(X)
#undef X
	};
	static const char *const drops[] = {
#define X(sym, text, why) text,
		NVC_DROPS(X)
#undef X
	};
	const uint64_t values[] = {
#define X(sym, text) n->sym,
		VC_COUNTERS(X)
#undef X
	};
	const size_t many = sizeof(values) / sizeof(values[0]);

	if (i < many) {
		*name = counters[i];
		*value = values[i];
		return true;
	}
	if (i - many >= NVC_DROP_MAX)
		return false;
	*name = drops[i - many];
	*value = n->drops[i - many];
	return true;
}

static void
circuit_tell(const struct nvc_circuit *c, struct vc_circuit_info *info)
{
	static const char *const kinds[] = { NVC_KINDS(TABLE_NAME) };
	const struct nvc *n = nvc_of(c);

	info->local = n->link.local;
	info->peer = c->addr;
	info->kind = kinds[c->h.kind];
	info->state = nvc_table.states[c->state];
	info->number = c->num;
	info->peer_number = c->peer_num;
	info->peer_port = c->dest.port;
	info->sdus_in = c->sdus_in;
	info->sdus_out = c->sdus_out;
	info->idle = mtime_diff(c->heard, n->timers->now);
}

void
nvc_leaf(const struct vc_leaf *leaf, struct vc_circuit_info *info)
{
	circuit_tell((const struct nvc_circuit *)leaf, info);
}

bool
nvc_circuit(const struct nvc *n, uint32_t *cursor, struct vc_circuit_info *info)
{
	const struct nvc_circuit *c = NULL;

	while (c == NULL) {
		if (*cursor >= n->nslots)
			return false;
		c = n->slots[(*cursor)++].circuit;
	}
	circuit_tell(c, info);
	return true;
}

static void
flush_all(struct vc_link *l)
{
	(void)nvc_flush(nvc_of_link(l), SIZE_MAX);
}

static void
close_now(struct vc_link *l)
{
	nvc_free(nvc_of_link(l));
}

const struct vc_backend nvc_backend = {
	.calls_at_once = true,
	.name = "nvc",
	.knows_caller = true,
	.call = nvc_call,
	.multi = nvc_multi,
	.multi_add = nvc_multi_add,
	.multi_drop = nvc_multi_drop,
	.release = nvc_release,
	.send = nvc_send,
	.peer = nvc_peer,
	.flush = flush_all,
	.close = close_now,
	.watch = nvc_watch,
	.leaf = nvc_leaf,
	.backlog = nvc_backlog,
	.sdu_max = nvc_sdu_max,
};
