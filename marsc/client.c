/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The client as its owner sees it, and the way in for what circuits bring.
 */
#include <stdlib.h>
#include <string.h>

#include "marsc_impl.h"
#include "encap.h"
#include "llc.h"

/* --- names */

const char *
marsc_notice_name(enum marsc_notice_code code)
{
	static const char *const names[] = {
#define X(sym, name) [sym] = name,
		MARSC_NOTICES(X)
#undef X
	};

	return names[code];
}

const char *
marsc_drop_name(enum marsc_drop d)
{
	static const char *const names[] = {
#define X(sym, name, text) [sym] = name,
		MARSC_DROPS(X)
#undef X
	};

	return names[d];
}

const char *
marsc_strerror(enum marsc_error e)
{
	static const char *const names[MARSC_E_MAX] = {
		[MARSC_OK] = "no error",
		[MARSC_E_RANGE] = "not a group or an ascending range",
		[MARSC_E_OVERLAP] = "overlaps a block that is joined",
		[MARSC_E_NOT_JOINED] = "not joined",
		[MARSC_E_BUSY] = "another list is being asked for",
		[MARSC_E_MEMORY] = "out of memory",
	};

	return names[e];
}

/* --- timers */

void
marsc_timers_default(struct marsc_timers *t)
{
#define X(sym, name, seconds, text) t->sym = MTIME_SEC(seconds);
	MARSC_TIMERS(X)
#undef X
	t->rexmt_limit = 5;
}

bool
marsc_timers_set(struct marsc_timers *t, const char *option, int64_t us)
{
#define X(sym, name, seconds, text)      \
	if (strcmp(option, name) == 0) { \
		t->sym = us;             \
		return true;             \
	}
	MARSC_TIMERS(X)
#undef X
	return false;
}

int64_t
marsc_delay(struct marsc *c, int64_t min, int64_t max)
{
	uint64_t width;

	if (max <= min)
		return min;
	width = (uint64_t)(max - min) + 1;
	return min +
	    (int64_t)(((uint64_t)c->ops->random(c->arg) << 32 |
			  c->ops->random(c->arg)) %
		width);
}

/* --- what the modules share */

void
marsc_notify(
    struct marsc *c, enum marsc_notice_code code, const struct marsc_notice *n)
{
	struct marsc_notice out = *n;

	out.code = code;
	c->ops->notice(c->arg, &out);
}

void
marsc_no_memory(struct marsc *c, const char *what)
{
	marsc_notify(
	    c, MARSC_NOTICE_NO_MEMORY, &(struct marsc_notice){ .why = what });
}

/*
 * Our own scheme for mar$flags.sequence (5.2.2): each new message has the next
 * number, its retransmissions the same; an MCS does without.  0 is in what
 * servers tell by other servers' records.
 */
uint8_t
marsc_next_sequence(struct marsc *c)
{
	if (!c->role->test_sequence)
		return 0;
	if (++c->sequence == 0)
		c->sequence = 1;
	return c->sequence;
}

void
marsc_msg(const struct marsc *c, struct mars_msg *m, uint8_t op)
{
	*m = (struct mars_msg){ .pro = c->pro, .op = op, .spa = c->spa };
	if (c->link != NULL)
		m->src = c->link->local;
}

void
marsc_send(struct marsc *c, const struct mars_msg *m)
{
	if (marsc_reg_is_on(c))
		marsc_marsvc_send(c->mars, m);
}

bool
marsc_is_self(const struct marsc *c, const struct atm_addr *a)
{
	return c->link != NULL && atm_addr_equal(&c->link->local, a);
}

/* --- REDIRECT_MAP in parts (5.4.3) */

void
marsc_forget_map(struct marsc *c)
{
	timer_clear(c->ts, &c->map_part);
	marsc_parts_reset(&c->map);
}

static void
map_timer(void *arg)
{
	marsc_forget_map(arg);
}

static void
on_map(struct marsc *c, const struct mars_msg *m)
{
	if (m->seq == 1)
		c->map_redirf = m->redirf;
	switch (marsc_parts_input(&c->map, m)) {
	case MARSC_PARTS_R_DONE:
		timer_clear(c->ts, &c->map_part);
		marsc_reg_map(c, (c->map_redirf & MARS_REDIRF_HARD) != 0,
		    c->map.addrs, c->map.n);
		break;
	case MARSC_PARTS_R_FAILED:
		c->drops[MARSC_DROP_PARTS]++;
		timer_clear(c->ts, &c->map_part);
		break;
	default:
		timer_set(c->ts, &c->map_part, c->t.part);
		break;
	}
}

/* --- messages of the current MARS */

/* JOIN and LEAVE, for an MCS SJOIN and SLEAVE, of whoever it is (5.1.4.1) */
static void
on_change(struct marsc *c, const struct mars_msg *m)
{
	bool join = m->op == c->role->heard_join;
	struct paddr min, max;
	uint16_t i;

	if ((m->flags & MARS_F_REGISTER) != 0 || m->tpln == 0)
		return;
	for (i = 0; i < m->pnum; i++) {
		mars_pair(m, i, &min, &max);
		marsc_path_update(c, join, &m->src, &min, &max);
	}
}

/*
 * Operations that the MARS sends, and whether their mar$msn moves the HSN at
 * once: that of an answer in parts counts at its end (5.1.4.2).
 */
static void
client_message(struct marsc *c, const struct mars_msg *m)
{
	bool jump;

	switch (m->op) {
	case MARS_MULTI:
		marsc_query_multi(c, m);
		return;
	case MARS_GROUPLIST_REPLY:
		marsc_grouplist_reply(c, m);
		return;
	case MARS_NAK: /* carries no mar$msn */
		marsc_query_nak(c, m);
		return;
	case MARS_REQUEST:
	case MARS_GROUPLIST_REQUEST:
		c->drops[MARSC_DROP_OP]++;
		return;
	case MARS_REDIRECT_MAP:
	case MARS_MIGRATE:
		break;
	default:
		/* meant for a MARS, should one live with us (5.2.1) */
		if ((m->flags & MARS_F_COPY) == 0) {
			c->drops[MARSC_DROP_COPY]++;
			return;
		}
		break;
	}
	jump = marsc_hsn_update(&c->hsn, m->msn);
	if (m->op == MARS_REDIRECT_MAP)
		on_map(c, m);
	else if (m->op == MARS_MIGRATE)
		marsc_path_migrate(c, m);
	else if (m->op == c->role->heard_join || m->op == c->role->heard_leave)
		on_change(c, m);
	if (m->op == c->role->join || m->op == c->role->leave)
		(void)marsc_join_copy(c, m);
	if (!jump)
		return;
	marsc_notify(c, MARSC_NOTICE_JUMP,
	    &(struct marsc_notice){
		.number = m->msn, .server = &c->mars->addr });
	marsc_path_stale_all(c);
}

/*
 * Section 10.3: the list is walked before the operation.  We know no TLV but
 * the Null TLV, so Type.x decides: 1 and 2 drop the message, 0 and 3 skip.
 */
static bool
client_tlvs(const struct mars_msg *m)
{
	struct mars_tlv tlv;
	struct rd r;

	if (m->tlvs == NULL)
		return true;
	rd_init(&r, m->tlvs, m->tlvs_len);
	while (mars_tlv_next(&r, &tlv))
		if (tlv.x == 1 || tlv.x == 2)
			return false;
	return true;
}

static bool
is_control(const uint8_t *data, size_t len)
{
	uint32_t oui;
	uint16_t pid;

	return llc_decode(data, len, &oui, &pid) && oui == LLC_OUI_IANA &&
	    pid == LLC_PID_MARS;
}

/*
 * A control message that came from this address.  Only the current MARS is
 * listened to, and while a soft redirect is out its target, for the
 * copy of the registration.
 */
static void
client_control(struct marsc *c, const struct atm_addr *from, bool vc,
    const uint8_t *data, size_t len)
{
	bool current = atm_addr_equal(from, &c->mars->addr);
	enum marsc_drop drop = MARSC_DROP_MAX;
	struct mars_msg m;

	if (!is_control(data, len))
		drop = MARSC_DROP_LLC;
	else if (mars_decode(&m, data + LLC_LEN, len - LLC_LEN) !=
	    MARS_DROP_NONE)
		drop = MARSC_DROP_DECODE;
	else if (!mars_pro_equal(&m.pro, &c->pro))
		drop = MARSC_DROP_PRO;
	else if (!client_tlvs(&m))
		drop = MARSC_DROP_TLV;
	else if (marsc_reg_copy(c, &m, current))
		return;
	else if (!current || !marsc_reg_is_on(c))
		drop = MARSC_DROP_STRANGER;
	if (drop != MARSC_DROP_MAX) {
		c->drops[drop]++;
		return;
	}
	if (vc)
		marsc_notify(c, MARSC_NOTICE_HEARD,
		    &(struct marsc_notice){ .server = from, .msg = &m });
	client_message(c, &m);
}

/* Multicast data (5.5). */
static void
client_data(struct marsc *c, const uint8_t *data, size_t len)
{
	struct marsc_encap e;

	if (c->role == &marsc_role_server) {
		marsc_mcs_forward(c, data, len);
		return;
	}
	switch (marsc_encap_decode(&e, data, len)) {
	case MARSC_ENCAP_OTHER:
		c->drops[MARSC_DROP_LLC]++;
		return;
	case MARSC_ENCAP_SHORT:
		c->drops[MARSC_DROP_DATA]++;
		return;
	case MARSC_ENCAP_OK:
		break;
	}
	if (!mars_pro_equal(&e.pro, &c->pro))
		c->drops[MARSC_DROP_PRO]++;
	else if (marsc_encap_reflected(&e, c->reg.cmi))
		c->drops[MARSC_DROP_REFLECTED]++;
	else if (c->ops->packet != NULL)
		c->ops->packet(c->arg, &e.pro, e.packet.p, e.packet.left);
}

/* --- circuits */

static void
incoming_free(struct marsc_incoming *in)
{
	LIST_REMOVE(in, entry);
	free(in);
}

/* keep NULL: all control VCs; else those of other MARSs */
void
marsc_drop_incoming(struct marsc *c, const struct atm_addr *keep)
{
	struct marsc_incoming *in, *next;

	LIST_FOREACH_SAFE(in, &c->in, entry, next) {
		if (!in->control ||
		    (keep != NULL && atm_addr_equal(&in->caller, keep)))
			continue;
		vc_release(in->vc, VC_CAUSE_NORMAL);
		incoming_free(in);
	}
}

/*
 * We are called only as a leaf: by the current MARS, whose circuit is then
 * ClusterControlVC or ServerControlVC, or by senders to our groups.  Another
 * MARS of the table has no business with us.
 */
static uint16_t
client_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct marsc *c = arg;
	bool active =
	    c->reg.state != MARSC_REG_OFF && c->reg.state != MARSC_REG_LEAVING;
	bool control = active &&
	    (atm_addr_equal(caller, &c->mars->addr) ||
		(c->reg.state == MARSC_REG_MOVING &&
		    atm_addr_equal(caller, &c->next->addr)));
	struct marsc_incoming *in;

	if (!leaf || (!control && marsc_servers_have(&c->servers, caller)))
		return VC_CAUSE_REJECTED;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		return VC_CAUSE_RESOURCE;
	in->end = (struct marsc_end){ MARSC_END_IN, c };
	in->vc = vc;
	in->caller = *caller;
	in->control = control;
	LIST_INSERT_HEAD(&c->in, in, entry);
	*cookie = &in->end;
	return VC_CAUSE_NONE;
}

static struct marsc_marsvc *
client_marsvc(struct marsc *c, const struct marsc_end *end)
{
	return end == &c->mars->end ? c->mars : c->next;
}

static void
client_ack(void *arg, struct vc *vc, void *cookie)
{
	struct marsc *c = arg;
	struct marsc_end *end = cookie;

	(void)vc;
	if (end->kind == MARSC_END_MARS)
		marsc_marsvc_up(client_marsvc(c, end));
}

static struct marsc_path *
client_path(struct marsc_end *end)
{
	return (struct marsc_path *)(void *)((char *)end -
	    offsetof(struct marsc_path, end));
}

static struct marsc_leaf *
client_leaf(void *cookie)
{
	return (struct marsc_leaf *)(void *)((char *)cookie -
	    offsetof(struct marsc_leaf, end));
}

static struct marsc_incoming *
client_incoming(struct marsc_end *end)
{
	return (struct marsc_incoming *)(void *)((char *)end -
	    offsetof(struct marsc_incoming, end));
}

static void
client_path_lost(struct marsc_end *end)
{
	struct marsc_path *p = client_path(end);

	p->vc = NULL;
	p->why = "released";
	marsc_path_event(p, MARSC_PATH_EV_RELEASED);
}

static void
client_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct marsc *c = arg;
	struct marsc_end *end = cookie;
	struct marsc_marsvc *m;

	(void)vc;
	(void)cause;
	if (end->kind == MARSC_END_PATH)
		client_path_lost(end);
	if (end->kind != MARSC_END_MARS)
		return;
	m = client_marsvc(c, end);
	marsc_marsvc_lost(m);
	marsc_reg_call_failed(c, m);
}

/* Is there still a control VC of the current MARS? */
static bool
client_has_control(const struct marsc *c)
{
	const struct marsc_incoming *in;

	LIST_FOREACH(in, &c->in, entry)
		if (in->control && atm_addr_equal(&in->caller, &c->mars->addr))
			return true;
	return false;
}

static void
client_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct marsc *c = arg;
	struct marsc_end *end = cookie;
	bool control;

	(void)vc;
	(void)cause;
	if (end->kind == MARSC_END_MARS)
		marsc_marsvc_lost(client_marsvc(c, end));
	else if (end->kind == MARSC_END_PATH)
		client_path_lost(end);
	else if (end->kind == MARSC_END_IN) {
		control = client_incoming(end)->control;
		incoming_free(client_incoming(end));
		/* 5.4: a sign that something is wrong with the MARS */
		if (control && marsc_reg_is_on(c) && !client_has_control(c))
			marsc_reg_problem(c, "the control VC is gone");
	}
}

/*
 * A control message where data are expected.  A MARS that is not in our table
 * has us on its control VC, from a life of ours before this one.  It would
 * keep us for ever; so it is told, by the leaf that drops.  Unless a
 * redirect has made it ours since it called.
 */
static void
client_stray(
    struct marsc *c, struct marsc_incoming *in, const uint8_t *data, size_t len)
{
	if (marsc_reg_is_on(c) && atm_addr_equal(&in->caller, &c->mars->addr)) {
		in->control = true;
		client_control(c, &in->caller, true, data, len);
		return;
	}
	c->drops[MARSC_DROP_STRANGER]++;
	vc_release(in->vc, VC_CAUSE_NORMAL);
	incoming_free(in);
}

static void
client_sdu(
    void *arg, struct vc *vc, void *cookie, const uint8_t *data, size_t len)
{
	struct marsc *c = arg;
	struct marsc_end *end = cookie;
	struct marsc_incoming *in;

	(void)vc;
	if (end->kind == MARSC_END_MARS)
		client_control(
		    c, &client_marsvc(c, end)->addr, false, data, len);
	if (end->kind != MARSC_END_IN)
		return;
	in = client_incoming(end);
	if (in->control)
		client_control(c, &in->caller, true, data, len);
	else if (is_control(data, len))
		client_stray(c, in, data, len);
	else
		client_data(c, data, len);
}

static void
client_leaf_ack(void *arg, struct vc_leaf *vcleaf, void *cookie)
{
	(void)arg;
	(void)vcleaf;
	marsc_path_leaf_up(client_leaf(cookie));
}

static void
client_leaf_failed(
    void *arg, struct vc_leaf *vcleaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vcleaf;
	marsc_path_leaf_failed(client_leaf(cookie), cause);
}

static void
client_leaf_drop(
    void *arg, struct vc_leaf *vcleaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vcleaf;
	(void)cause;
	marsc_path_leaf_drop(client_leaf(cookie));
}

const struct vc_user marsc_vc_user = {
	.remote_call = client_remote_call,
	.ack = client_ack,
	.rqfailed = client_rqfailed,
	.release = client_release,
	.sdu = client_sdu,
	.leaf_ack = client_leaf_ack,
	.leaf_failed = client_leaf_failed,
	.leaf_drop = client_leaf_drop,
};

/* --- the owner's functions */

struct marsc *
marsc_new(const struct marsc_ops *ops, void *arg, struct timers *ts,
    const struct marsc_conf *conf)
{
	struct marsc *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if (marsc_servers_init(&c->servers, conf->servers, conf->nservers) ==
	    -1) {
		free(c);
		return NULL;
	}
	c->ops = ops;
	c->arg = arg;
	c->ts = ts;
	c->t = conf->timers;
	/* a life after a restart is told from the one before (5.2.2) */
	c->sequence = (uint8_t)ops->random(arg);
	c->pro = conf->pro;
	c->spa = conf->spa;
	c->role = conf->mcs ? &marsc_role_server : &marsc_role_member;
	c->mars = &c->vcs[0];
	c->next = &c->vcs[1];
	marsc_marsvc_init(c->mars, c);
	marsc_marsvc_init(c->next, c);
	marsc_marsvc_aim(c->mars, marsc_servers_current(&c->servers));
	LIST_INIT(&c->in);
	RB_INIT(&c->singles);
	RB_INIT(&c->blocks);
	RB_INIT(&c->queries);
	RB_INIT(&c->paths);
	marsc_query_init(&c->list, c, true);
	marsc_parts_init(&c->map, true);
	timer_init(&c->map_part, map_timer, c);
	marsc_reg_init(c);
	return c;
}

void
marsc_attach(struct marsc *c, struct vc_link *link)
{
	c->link = link;
	link->user = &marsc_vc_user;
	link->arg = c;
}

void
marsc_set_ops(struct marsc *c, const struct marsc_ops *ops)
{
	c->ops = ops;
}

void
marsc_free(struct marsc *c)
{
	struct marsc_incoming *in;

	marsc_join_free(c);
	marsc_query_free(c);
	marsc_path_free(c);
	marsc_marsvc_close(c->mars);
	marsc_marsvc_close(c->next);
	while ((in = LIST_FIRST(&c->in)) != NULL) {
		vc_release(in->vc, VC_CAUSE_NORMAL);
		incoming_free(in);
	}
	timer_clear(c->ts, &c->reg.timer);
	timer_clear(c->ts, &c->reg.map);
	timer_clear(c->ts, &c->map_part);
	marsc_parts_free(&c->map);
	marsc_servers_free(&c->servers);
	free(c);
}

void
marsc_register(struct marsc *c)
{
	marsc_reg_event(c, MARSC_REG_EV_START);
}

void
marsc_deregister(struct marsc *c)
{
	marsc_reg_event(c, MARSC_REG_EV_STOP);
}

/* 5.5: Type #1 with the CMI of our registration, never Type #2. */
enum marsc_error
marsc_transmit(
    struct marsc *c, const struct paddr *group, const void *packet, size_t len)
{
	struct vc_sdu *s;
	struct wr w;
	uint8_t head[MARSC_ENCAP_MAX];

	if (group->len == 0)
		return MARSC_E_RANGE;
	wr_init(&w, head, sizeof(head));
	marsc_encap_write(&w, &c->pro, c->reg.cmi);
	if ((s = vc_sdu_new(NULL, w.len + len)) == NULL)
		return MARSC_E_MEMORY;
	memcpy(s->data, head, w.len);
	if (len > 0)
		memcpy(s->data + w.len, packet, len);
	return marsc_path_send(c, group, s);
}

bool
marsc_is_registered(const struct marsc *c)
{
	return marsc_reg_is_on(c);
}

uint16_t
marsc_cmi(const struct marsc *c)
{
	return c->reg.cmi;
}

const struct atm_addr *
marsc_server(const struct marsc *c)
{
	return &c->mars->addr;
}

uint64_t
marsc_drops(const struct marsc *c, enum marsc_drop d)
{
	return c->drops[d];
}
