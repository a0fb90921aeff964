/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The client as its owner sees it, and the way in for what circuits bring.
 */
#include <stdlib.h>
#include <string.h>

#include "client_impl.h"
#include "encap.h"
#include "llc.h"

/* --- names */

const char *
client_notice_name(enum client_notice_code code)
{
	static const char *const names[] = {
#define X(sym, name) [sym] = name,
		CLIENT_NOTICES(X)
#undef X
	};

	return names[code];
}

const char *
client_drop_name(enum client_drop d)
{
	static const char *const names[] = {
#define X(sym, name, text) [sym] = name,
		CLIENT_DROPS(X)
#undef X
	};

	return names[d];
}

const char *
client_strerror(enum client_error e)
{
	static const char *const names[CLIENT_E_MAX] = {
		[CLIENT_OK] = "no error",
		[CLIENT_E_RANGE] = "not a group or an ascending range",
		[CLIENT_E_OVERLAP] = "overlaps a block that is joined",
		[CLIENT_E_NOT_JOINED] = "not joined",
		[CLIENT_E_BUSY] = "another list is being asked for",
		[CLIENT_E_MEMORY] = "out of memory",
	};

	return names[e];
}

/* --- timers */

void
client_timers_default(struct client_timers *t)
{
#define X(sym, name, seconds, text) t->sym = MTIME_SEC(seconds);
	CLIENT_TIMERS(X)
#undef X
	t->rexmt_limit = 5;
}

bool
client_timers_set(struct client_timers *t, const char *option, int64_t us)
{
#define X(sym, name, seconds, text) \
	if (strcmp(option, name) == 0) { \
		t->sym = us; \
		return true; \
	}
	CLIENT_TIMERS(X)
#undef X
	return false;
}

int64_t
client_delay(struct client *c, int64_t min, int64_t max)
{
	uint64_t width;

	if (max <= min)
		return min;
	width = (uint64_t)(max - min) + 1;
	return min + (int64_t)(((uint64_t)c->ops->random(c->arg) << 32 |
	    c->ops->random(c->arg)) % width);
}

/* --- what the modules share */

void
client_notify(struct client *c, enum client_notice_code code,
    const struct client_notice *n)
{
	struct client_notice out = *n;

	out.code = code;
	c->ops->notice(c->arg, &out);
}

void
client_no_memory(struct client *c, const char *what)
{
	client_notify(c, CLIENT_NO_MEMORY, &(struct client_notice){
	    .why = what });
}

/*
 * Our own scheme for mar$flags.sequence (5.2.2): each new message has the next
 * number, its retransmissions the same; an MCS does without.  0 is in what
 * servers tell by other servers' records.
 */
uint8_t
client_next_sequence(struct client *c)
{
	if (!c->role->test_sequence)
		return 0;
	if (++c->sequence == 0)
		c->sequence = 1;
	return c->sequence;
}

void
client_msg(const struct client *c, struct mars_msg *m, uint8_t op)
{
	*m = (struct mars_msg){ .pro = c->pro, .op = op, .spa = c->spa };
	if (c->link != NULL)
		m->src = c->link->local;
}

void
client_send(struct client *c, const struct mars_msg *m)
{
	if (reg_is_on(c))
		marsvc_send(c->mars, m);
}

bool
client_is_self(const struct client *c, const struct atm_addr *a)
{
	return c->link != NULL && atm_equal(&c->link->local, a);
}

/* --- REDIRECT_MAP in parts (5.4.3) */

void
client_forget_map(struct client *c)
{
	timer_clear(c->ts, &c->map_part);
	parts_reset(&c->map);
}

static void
map_timer(void *arg)
{
	client_forget_map(arg);
}

static void
on_map(struct client *c, const struct mars_msg *m)
{
	if (m->seq == 1)
		c->map_redirf = m->redirf;
	switch (parts_input(&c->map, m)) {
	case PARTS_R_DONE:
		timer_clear(c->ts, &c->map_part);
		reg_map(c, (c->map_redirf & MARS_REDIRF_HARD) != 0,
		    c->map.addrs, c->map.n);
		break;
	case PARTS_R_FAILED:
		c->drops[CLIENT_DROP_PARTS]++;
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
on_change(struct client *c, const struct mars_msg *m)
{
	bool join = m->op == c->role->heard_join;
	struct paddr min, max;
	uint16_t i;

	if ((m->flags & MARS_F_REGISTER) != 0 || m->tpln == 0)
		return;
	for (i = 0; i < m->pnum; i++) {
		mars_pair(m, i, &min, &max);
		path_update(c, join, &m->src, &min, &max);
	}
}

/*
 * Operations that the MARS sends, and whether their mar$msn moves the HSN at
 * once: that of an answer in parts counts at its end (5.1.4.2).
 */
static void
client_message(struct client *c, const struct mars_msg *m)
{
	bool jump;

	switch (m->op) {
	case MARS_MULTI:
		query_multi(c, m);
		return;
	case MARS_GROUPLIST_REPLY:
		grouplist_reply(c, m);
		return;
	case MARS_NAK:		/* carries no mar$msn */
		query_nak(c, m);
		return;
	case MARS_REQUEST:
	case MARS_GROUPLIST_REQUEST:
		c->drops[CLIENT_DROP_OP]++;
		return;
	case MARS_REDIRECT_MAP:
	case MARS_MIGRATE:
		break;
	default:
		/* meant for a MARS, should one live with us (5.2.1) */
		if ((m->flags & MARS_F_COPY) == 0) {
			c->drops[CLIENT_DROP_COPY]++;
			return;
		}
		break;
	}
	jump = hsn_update(&c->hsn, m->msn);
	if (m->op == MARS_REDIRECT_MAP)
		on_map(c, m);
	else if (m->op == MARS_MIGRATE)
		path_migrate(c, m);
	else if (m->op == c->role->heard_join ||
	    m->op == c->role->heard_leave)
		on_change(c, m);
	if (m->op == c->role->join || m->op == c->role->leave)
		(void)join_copy(c, m);
	if (!jump)
		return;
	client_notify(c, CLIENT_JUMP, &(struct client_notice){
	    .number = m->msn, .server = &c->mars->addr });
	path_stale_all(c);
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
client_control(struct client *c, const struct atm_addr *from, bool vc,
    const uint8_t *data, size_t len)
{
	bool current = atm_equal(from, &c->mars->addr);
	enum client_drop drop = CLIENT_DROP_MAX;
	struct mars_msg m;

	if (!is_control(data, len))
		drop = CLIENT_DROP_LLC;
	else if (mars_decode(&m, data + LLC_LEN, len - LLC_LEN) !=
	    MARS_DROP_NONE)
		drop = CLIENT_DROP_DECODE;
	else if (!pro_equal(&m.pro, &c->pro))
		drop = CLIENT_DROP_PRO;
	else if (!client_tlvs(&m))
		drop = CLIENT_DROP_TLV;
	else if (reg_copy(c, &m, current))
		return;
	else if (!current || !reg_is_on(c))
		drop = CLIENT_DROP_STRANGER;
	if (drop != CLIENT_DROP_MAX) {
		c->drops[drop]++;
		return;
	}
	if (vc)
		client_notify(c, CLIENT_HEARD, &(struct client_notice){
		    .server = from, .msg = &m });
	client_message(c, &m);
}

/* Multicast data (5.5). */
static void
client_data(struct client *c, const uint8_t *data, size_t len)
{
	struct encap e;

	if (c->role == &role_server) {
		mcs_forward(c, data, len);
		return;
	}
	switch (encap_decode(&e, data, len)) {
	case ENCAP_OTHER:
		c->drops[CLIENT_DROP_LLC]++;
		return;
	case ENCAP_SHORT:
		c->drops[CLIENT_DROP_DATA]++;
		return;
	case ENCAP_OK:
		break;
	}
	if (!pro_equal(&e.pro, &c->pro))
		c->drops[CLIENT_DROP_PRO]++;
	else if (encap_reflected(&e, c->reg.cmi))
		c->drops[CLIENT_DROP_REFLECTED]++;
	else if (c->ops->packet != NULL)
		c->ops->packet(c->arg, &e.pro, e.packet.p, e.packet.left);
}

/* --- circuits */

static void
incoming_free(struct incoming *in)
{
	LIST_REMOVE(in, entry);
	free(in);
}

/* keep NULL: all control VCs; else those of other MARSs */
void
client_drop_incoming(struct client *c, const struct atm_addr *keep)
{
	struct incoming *in, *next;

	LIST_FOREACH_SAFE(in, &c->in, entry, next) {
		if (!in->control ||
		    (keep != NULL && atm_equal(&in->caller, keep)))
			continue;
		vc_release(in->vc, CAUSE_NORMAL);
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
	struct client *c = arg;
	bool active = c->reg.state != REG_OFF && c->reg.state != REG_LEAVING;
	bool control = active && (atm_equal(caller, &c->mars->addr) ||
	    (c->reg.state == REG_MOVING && atm_equal(caller, &c->next->addr)));
	struct incoming *in;

	if (!leaf || (!control && servers_have(&c->servers, caller)))
		return CAUSE_REJECTED;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		return CAUSE_RESOURCE;
	in->end = (struct end){ END_IN, c };
	in->vc = vc;
	in->caller = *caller;
	in->control = control;
	LIST_INSERT_HEAD(&c->in, in, entry);
	*cookie = &in->end;
	return CAUSE_NONE;
}

static struct marsvc *
client_marsvc(struct client *c, const struct end *end)
{
	return end == &c->mars->end ? c->mars : c->next;
}

static void
client_ack(void *arg, struct vc *vc, void *cookie)
{
	struct client *c = arg;
	struct end *end = cookie;

	(void)vc;
	if (end->kind == END_MARS)
		marsvc_up(client_marsvc(c, end));
}

static struct path *
client_path(struct end *end)
{
	return (struct path *)(void *)((char *)end -
	    offsetof(struct path, end));
}

static struct leaf *
client_leaf(void *cookie)
{
	return (struct leaf *)(void *)((char *)cookie -
	    offsetof(struct leaf, end));
}

static struct incoming *
client_incoming(struct end *end)
{
	return (struct incoming *)(void *)((char *)end -
	    offsetof(struct incoming, end));
}

static void
client_path_lost(struct end *end)
{
	struct path *p = client_path(end);

	p->vc = NULL;
	p->why = "released";
	path_event(p, PATH_EV_RELEASED);
}

static void
client_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct client *c = arg;
	struct end *end = cookie;
	struct marsvc *m;

	(void)vc;
	(void)cause;
	if (end->kind == END_PATH)
		client_path_lost(end);
	if (end->kind != END_MARS)
		return;
	m = client_marsvc(c, end);
	marsvc_lost(m);
	reg_call_failed(c, m);
}

/* Is there still a control VC of the current MARS? */
static bool
client_has_control(const struct client *c)
{
	const struct incoming *in;

	LIST_FOREACH(in, &c->in, entry)
		if (in->control && atm_equal(&in->caller, &c->mars->addr))
			return true;
	return false;
}

static void
client_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct client *c = arg;
	struct end *end = cookie;
	bool control;

	(void)vc;
	(void)cause;
	if (end->kind == END_MARS)
		marsvc_lost(client_marsvc(c, end));
	else if (end->kind == END_PATH)
		client_path_lost(end);
	else if (end->kind == END_IN) {
		control = client_incoming(end)->control;
		incoming_free(client_incoming(end));
		/* 5.4: a sign that something is wrong with the MARS */
		if (control && reg_is_on(c) && !client_has_control(c))
			reg_problem(c, "the control VC is gone");
	}
}

/*
 * A control message where data are expected.  A MARS that is not in our table
 * has us on its control VC, from a life of ours before this one.  It would
 * keep us for ever; so it is told, by the leaf that drops.  Unless a
 * redirect has made it ours since it called.
 */
static void
client_stray(struct client *c, struct incoming *in, const uint8_t *data,
    size_t len)
{
	if (reg_is_on(c) && atm_equal(&in->caller, &c->mars->addr)) {
		in->control = true;
		client_control(c, &in->caller, true, data, len);
		return;
	}
	c->drops[CLIENT_DROP_STRANGER]++;
	vc_release(in->vc, CAUSE_NORMAL);
	incoming_free(in);
}

static void
client_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *data,
    size_t len)
{
	struct client *c = arg;
	struct end *end = cookie;
	struct incoming *in;

	(void)vc;
	if (end->kind == END_MARS)
		client_control(c, &client_marsvc(c, end)->addr, false, data,
		    len);
	if (end->kind != END_IN)
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
	path_leaf_up(client_leaf(cookie));
}

static void
client_leaf_failed(void *arg, struct vc_leaf *vcleaf, void *cookie,
    uint16_t cause)
{
	(void)arg;
	(void)vcleaf;
	path_leaf_failed(client_leaf(cookie), cause);
}

static void
client_leaf_drop(void *arg, struct vc_leaf *vcleaf, void *cookie,
    uint16_t cause)
{
	(void)arg;
	(void)vcleaf;
	(void)cause;
	path_leaf_drop(client_leaf(cookie));
}

const struct vc_user client_vc_user = {
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

struct client *
client_new(const struct client_ops *ops, void *arg, struct timers *ts,
    const struct client_conf *conf)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if (servers_init(&c->servers, conf->servers, conf->nservers) == -1) {
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
	c->role = conf->mcs ? &role_server : &role_member;
	c->mars = &c->vcs[0];
	c->next = &c->vcs[1];
	marsvc_init(c->mars, c);
	marsvc_init(c->next, c);
	marsvc_aim(c->mars, servers_current(&c->servers));
	LIST_INIT(&c->in);
	RB_INIT(&c->singles);
	RB_INIT(&c->blocks);
	RB_INIT(&c->queries);
	RB_INIT(&c->paths);
	query_init(&c->list, c, true);
	parts_init(&c->map, true);
	timer_init(&c->map_part, map_timer, c);
	reg_init(c);
	return c;
}

void
client_attach(struct client *c, struct vc_link *link)
{
	c->link = link;
	link->user = &client_vc_user;
	link->arg = c;
}

void
client_set_ops(struct client *c, const struct client_ops *ops)
{
	c->ops = ops;
}

void
client_free(struct client *c)
{
	struct incoming *in;

	join_free(c);
	query_free(c);
	path_free(c);
	marsvc_close(c->mars);
	marsvc_close(c->next);
	while ((in = LIST_FIRST(&c->in)) != NULL) {
		vc_release(in->vc, CAUSE_NORMAL);
		incoming_free(in);
	}
	timer_clear(c->ts, &c->reg.timer);
	timer_clear(c->ts, &c->reg.map);
	timer_clear(c->ts, &c->map_part);
	parts_free(&c->map);
	servers_free(&c->servers);
	free(c);
}

void
client_register(struct client *c)
{
	reg_event(c, REG_EV_START);
}

void
client_deregister(struct client *c)
{
	reg_event(c, REG_EV_STOP);
}

/* 5.5: Type #1 with the CMI of our registration, never Type #2. */
enum client_error
client_transmit(struct client *c, const struct paddr *group,
    const void *packet, size_t len)
{
	struct sdu *s;
	struct wr w;
	uint8_t head[ENCAP_MAX];

	if (group->len == 0)
		return CLIENT_E_RANGE;
	wr_init(&w, head, sizeof(head));
	encap_write(&w, &c->pro, c->reg.cmi);
	if ((s = sdu_new(NULL, w.len + len)) == NULL)
		return CLIENT_E_MEMORY;
	memcpy(s->data, head, w.len);
	if (len > 0)
		memcpy(s->data + w.len, packet, len);
	return path_send(c, group, s);
}

bool
client_is_registered(const struct client *c)
{
	return reg_is_on(c);
}

uint16_t
client_cmi(const struct client *c)
{
	return c->reg.cmi;
}

const struct atm_addr *
client_server(const struct client *c)
{
	return &c->mars->addr;
}

uint64_t
client_drops(const struct client *c, enum client_drop d)
{
	return c->drops[d];
}
