/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "ctl.h"
#include "marsnet.h"
#include "marssums.h"

/* --- addresses */

/* RFC 4548: 35 0001, the IPv4 address, twelve zeros, SEL */
struct atm_addr
net_addr(uint32_t ip, uint8_t sel)
{
	struct atm_addr a;

	memset(&a, 0, sizeof(a));
	a.num_tl = 20;
	a.num[0] = 0x35;
	a.num[2] = 0x01;
	a.num[3] = (uint8_t)(ip >> 24);
	a.num[4] = (uint8_t)(ip >> 16);
	a.num[5] = (uint8_t)(ip >> 8);
	a.num[6] = (uint8_t)ip;
	a.num[19] = sel;
	return a;
}

/* --- time */

void
net_oid(int n, uint8_t oid[4])
{
	oid[0] = 192;
	oid[1] = 0;
	oid[2] = 2;
	oid[3] = (uint8_t)(n + 1);
}

/* Delivers what waits: leaves' acks and records, until nothing does. */
void
net_settle(struct net *net)
{
	struct delivery *d;
	struct nleaf *l;
	uint8_t oid[4];
	bool again = true;

	while (again) {
		again = false;
		timers_run(&net->ts, net->ts.now);
		TAILQ_FOREACH(l, &net->leaves, entry) {
			if (l->acked || net->leaf_hold)
				continue;
			l->acked = true;
			again = true;
			marsd_vc_user.leaf_ack(
			    l->leaf.root->link->arg, &l->leaf, l->leaf.cookie);
			break;
		}
		if ((d = net->queue) != NULL) {
			if ((net->queue = d->next) == NULL)
				net->tail = &net->queue;
			net_oid(d->from, oid);
			if (net->s[d->to].up && !net->s[d->to].cut)
				marsd_csa_update(net->s[d->to].mars, 1, oid,
				    d->r.key, d->r.seq, CSA_HOW_FLOODED,
				    d->r.data, d->r.len);
			free(d);
			again = true;
		}
	}
}

void
net_wait(struct net *net, int64_t us)
{
	int64_t end = net->ts.now.us + us;
	mtime_t due;

	net_settle(net);
	while (timers_next(&net->ts, &due) && due.us <= end) {
		timers_run(&net->ts, due);
		net_settle(net);
	}
	timers_run(&net->ts, (mtime_t){ end });
	net_settle(net);
}

/* --- servers */

struct conf_cluster *
net_conf(struct nserver *s, int n)
{
	struct conf_cluster *c;
	struct conf_protocol *p;

	s->conf = conf_new();
	assert_non_null(s->conf);
	net_oid(n, s->conf->server_id);
	c = conf_cluster_new(s->conf, "lis1");
	assert_non_null(c);
	c->addr = SERVER(n);
	c->server_group = 1;
	c->cmi_min = (uint16_t)(1 + 1000 * n);
	c->cmi_max = (uint16_t)(1000 + 1000 * n);
	p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->pro.type = 0x0800;
	TAILQ_INSERT_TAIL(&c->protocols, p, entry);
	return c;
}

/* its configuration, to be changed before net_start() */
struct conf_cluster *
net_cluster_conf(struct net *net, int n)
{
	return TAILQ_FIRST(&net->s[n].conf->clusters);
}

void
net_start(struct net *net, int n)
{
	struct nserver *s = &net->s[n];
	struct marsd_cluster *c;

	s->mars = marsd_new(&net_ops, s, &net->ts);
	assert_non_null(s->mars);
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	c = marsd_cluster(s->mars, "lis1");
	assert_non_null(c);
	s->link.backend = &net_backend;
	s->link.local = SERVER(n);
	s->link.user = &marsd_vc_user;
	s->link.arg = c;
	marsd_cluster_attach(c, &s->link);
	s->up = true;
}

void
net_crash(struct net *net, int n)
{
	assert_true(marssums_hold(net->s[n].mars));
	marsd_free(net->s[n].mars);
	net->s[n].mars = NULL;
	net->s[n].up = false;
}

struct net *
net_new(void)
{
	struct net *net = calloc(1, sizeof(*net));
	int i;

	assert_non_null(net);
	timers_init(&net->ts, (mtime_t){ MTIME_SEC(1000) });
	TAILQ_INIT(&net->leaves);
	net->tail = &net->queue;
	net->random = 1;
	for (i = 0; i < SERVERS; i++) {
		net->s[i].net = net;
		net->s[i].n = i;
		net_conf(&net->s[i], i);
	}
	return net;
}

void
net_clear(struct net *net)
{
	size_t i;

	for (i = 0; i < net->nsent && !net->quiet; i++)
		free(net->sent[i].p);
	net->nsent = 0;
}

void
net_free(struct net *net)
{
	struct delivery *d;
	struct record *r;
	int i;

	for (i = 0; i < SERVERS; i++) {
		/* no state machine met what cannot be */
		assert_int_equal(net->s[i].events[MARSD_EV_VIOLATION], 0);
		if (net->s[i].up)
			net_crash(net, i);
		conf_free(net->s[i].conf);
		while ((r = net->s[i].records) != NULL) {
			net->s[i].records = r->next;
			free(r);
		}
	}
	assert_int_equal(net->ts.count, 0); /* no timer leaked */
	assert_true(TAILQ_EMPTY(&net->leaves));
	while ((d = net->queue) != NULL) {
		net->queue = d->next;
		free(d);
	}
	net_clear(net);
	free(net->sent);
	free(net);
}

struct marsd_proto *
net_proto(struct net *net, int n)
{
	return TAILQ_FIRST(&marsd_cluster(net->s[n].mars, "lis1")->protos);
}

/* A value in a row as marsctl is sent it. */
static void
row_value(const uint8_t *row, size_t len, const char *name, struct ctl_value *v)
{
	struct rd r;

	rd_init(&r, row, len);
	while (ctl_next(&r, v))
		if (strcmp(v->name, name) == 0)
			return;
	fail_msg("no %s", name);
}

uint64_t
net_row(struct net *net, int n, int k, const char *name)
{
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE] = { 0 };
	uint8_t row[CTL_ROW_MAX];
	struct ctl_value v;
	struct wr w;

	do {
		wr_init(&w, row, sizeof(row));
		assert_true(marsd_show_clusters(net->s[n].mars, cursor, &w));
	} while (k-- > 0);
	row_value(row, w.len, name, &v);
	return v.number;
}

uint64_t
net_show(struct net *net, int n, const char *name)
{
	return net_row(net, n, 0, name);
}

void
net_set_numbers(struct net *net, int n, int k, uint32_t csn, uint32_t ssn)
{
	struct marsd_proto *p = net_proto(net, n);

	while (k-- > 0)
		p = TAILQ_NEXT(p, entry);
	p->control[CCVC].msn = csn;
	p->control[SCVC].msn = ssn;
}

uint32_t
net_number(struct net *net, int n, int role)
{
	return (uint32_t)net_show(net, n, role == CCVC ? "csn" : "ssn");
}

uint64_t
net_counter(struct net *net, int n, const char *name)
{
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE] = { 0 };
	uint8_t row[CTL_ROW_MAX];
	struct ctl_value v;
	struct wr w;

	do {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_counters(net->s[n].mars, cursor, &w))
			fail_msg("no counter %s", name);
		row_value(row, w.len, "name", &v);
	} while (strcmp(v.string, name) != 0);
	row_value(row, w.len, "value", &v);
	return v.number;
}

uint64_t
net_dropped(struct net *net, int n, enum marsd_drop d)
{
	char name[64];

	snprintf(name, sizeof(name), "dropped-%s", marsd_drop_name(d));
	return net_counter(net, n, name);
}

uint32_t
net_leaves(struct net *net, int n, enum marsd_role role)
{
	const struct marsd_control *ctl;
	struct nleaf *l;
	uint32_t found = 0;

	TAILQ_FOREACH(l, &net->leaves, entry) {
		ctl = l->leaf.root->cookie;
		if (l->acked &&
		    ((const struct nvc *)l->leaf.root)->server == n &&
		    ctl->role == role)
			found++;
	}
	assert_int_equal(net_proto(net, n)->control[role].leaves, found);
	return found;
}

/* --- clients */

struct nvc *
net_call(struct net *net, int server, struct atm_addr from)
{
	struct nvc *v = nvc_new(net, server, NULL, false);
	void *cookie = NULL;

	v->peer = from;
	if (marsd_vc_user.remote_call(net->s[server].link.arg, &v->vc, &v->peer,
	    false, &cookie) != VC_CAUSE_NONE) {
		free(v);
		return NULL;
	}
	v->vc.cookie = cookie;
	return v;
}

void
net_hangup(struct nvc *v)
{
	marsd_vc_user.release(
	    v->vc.link->arg, &v->vc, v->vc.cookie, VC_CAUSE_NORMAL);
	free(v);
}

/* the end of a test: these circuits, up to NULL, and everything */
void
net_end(struct net *net, ...)
{
	struct nvc *v;
	va_list ap;

	va_start(ap, net);
	while ((v = va_arg(ap, struct nvc *)) != NULL)
		net_hangup(v);
	va_end(ap);
	net_free(net);
}

/* the first leaf of this node leaves its control VC */
void
net_drop(struct net *net, struct atm_addr who, uint16_t cause)
{
	struct nleaf *l;

	TAILQ_FOREACH(l, &net->leaves, entry)
		if (atm_addr_equal(&l->addr, &who))
			break;
	assert_non_null(l);
	TAILQ_REMOVE(&net->leaves, l, entry);
	marsd_vc_user.leaf_drop(
	    l->leaf.root->link->arg, &l->leaf, l->leaf.cookie, cause);
	free(l);
}

void
net_drain(struct net *net, int server)
{
	struct marsd_control *ctl = net_proto(net, server)->control;
	int role;

	net->busy = net->full = false;
	for (role = 0; role < MARSD_ROLES; role++)
		if (ctl[role].root != NULL)
			marsd_vc_user.drained(ctl[role].root->link->arg,
			    ctl[role].root, &ctl[role]);
	net_settle(net);
}

void
net_vanish(struct net *net, struct atm_addr who)
{
	net_drop(net, who, VC_CAUSE_OUT_OF_ORDER);
}

void
net_put(struct nvc *v, const struct buf *b)
{
	marsd_vc_user.sdu(v->vc.link->arg, &v->vc, v->vc.cookie, b->p, b->len);
}

void
net_join(struct nvc *v, unsigned op, unsigned flags, uint32_t min, uint32_t max)
{
	struct buf b;

	b_join(&b, op, flags, v->peer, flags & 0x2000 ? 0 : 1, min, max);
	net_put(v, &b);
	net_settle(v->net);
}

void
net_request(struct nvc *v, uint32_t group)
{
	struct buf b;

	b_request(&b, v->peer, group);
	net_put(v, &b);
}

/* a registered client, what was sent for it forgotten */
struct nvc *
net_client(struct net *net, int server, int host)
{
	struct nvc *v = net_call(net, server, HOST(host));

	assert_non_null(v);
	net_join(v, 4, 0x2000, 0, 0);
	net_clear(net);
	return v;
}

struct nvc *
net_mcs(struct net *net, int server, int host)
{
	struct nvc *v = net_call(net, server, HOST(host));

	assert_non_null(v);
	net_join(v, 3, 0x2000, 0, 0);
	net_clear(net);
	return v;
}

struct net *
net_watched(struct nvc **watcher)
{
	struct net *net = net_new();

	net_start(net, 0);
	net_start(net, 1);
	net_start(net, 2);
	net_settle(net);
	*watcher = net_client(net, 2, 50);
	return net;
}

void
net_tell(struct net *net, int from, int to, bool registration, bool joins)
{
	uint8_t oid[4] = { 192, 0, 2, (uint8_t)(from + 1) };
	struct record *r, *newer;
	struct csa c;

	for (r = net->s[from].records; r != NULL; r = r->next) {
		for (newer = net->s[from].records; newer->key != r->key;)
			newer = newer->next;
		(void)csa_decode(&c, r->data, r->len);
		if (newer == r &&
		    ((c.flags & CSA_F_REGISTER) != 0 ? registration : joins))
			marsd_csa_update(net->s[to].mars, 1, oid, r->key,
			    r->seq, CSA_HOW_FLOODED, r->data, r->len);
	}
}

/* --- reading what was sent */

/* how many messages: control VC of a role, or private (role -1), any server */
size_t
net_count(struct net *net, int server, int role, unsigned op)
{
	size_t i, n = 0;

	for (i = 0; i < net->nsent; i++) {
		const struct sent *t = &net->sent[i];

		if (t->server == server && OP(t) == op &&
		    (role < 0 ? !t->control :
		    t->control && (int)t->role == role))
			n++;
	}
	return n;
}

/* the only message of its sort */
const struct sent *
net_only(struct net *net, int server, int role, unsigned op)
{
	size_t i;

	assert_int_equal(net_count(net, server, role, op), 1);
	for (i = 0; i < net->nsent; i++) {
		const struct sent *t = &net->sent[i];

		if (t->server == server && OP(t) == op &&
		    (role < 0 ? !t->control :
		    t->control && (int)t->role == role))
			return t;
	}
	return NULL;
}

/* does a request by this client find this member? */
bool
net_finds(struct nvc *v, uint32_t group, struct atm_addr who)
{
	struct net *net = v->net;
	size_t i, j, from = net->nsent;
	bool found = false;

	net_request(v, group);
	for (i = from; i < net->nsent; i++) {
		const struct sent *t = &net->sent[i];

		if (OP(t) != 2)
			continue;
		for (j = 0; j < TNUM(t); j++)
			if (memcmp(t->p + OFF(list_at(t)) + 20 * j, who.num,
			    20) == 0)
				found = true;
	}
	while (net->nsent > from)
		free(net->sent[--net->nsent].p);
	return found;
}

/*
 * A state machine, cell by cell: a row for each state, in it an event each.
 * `.' is an event that means nothing, `!' one that cannot come, and else it
 * is the next state and the action.
 */
void
check_table(const struct table *t, const char *const *rows)
{
	const struct table_cell *c;
	char row[512], cell[64];
	unsigned int s, e;
	size_t n;

	for (s = 0; s < t->nstates; s++) {
		n = (size_t)snprintf(row, sizeof(row), "%s:", t->states[s]);
		for (e = 0; e < t->nevents; e++) {
			c = table_cell(t, s, e);
			if (c->action == TABLE_VIOLATION && c->next == s)
				snprintf(cell, sizeof(cell), "!");
			else if (c->action == TABLE_IGNORE && c->next == s)
				snprintf(cell, sizeof(cell), ".");
			else
				snprintf(cell, sizeof(cell), "%s/%s",
				    t->states[c->next], t->actions[c->action]);
			n += (size_t)snprintf(
			    row + n, sizeof(row) - n, " %s", cell);
		}
		assert_true(n < sizeof(row));
		assert_string_equal(row, rows[s]);
	}
}
