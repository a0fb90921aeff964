/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl shows: one object for each call.  A cursor remembers where it
 * is by numbers and keys, never by pointers, since anything may happen
 * between two calls.
 */
#include <string.h>

#include "ctl.h"
#include "edge_impl.h"

struct edged_cursor {
	uint32_t	edge, port;	/* how many are behind us */
	uint32_t	at;		/* within that */
	uint8_t		v6;
	struct paddr	last;
};
_Static_assert(sizeof(struct edged_cursor) < CTL_CURSOR_SIZE, "cursor fits");

static struct edged_edge *
nth_edge(struct edged *d, uint32_t n)
{
	struct edged_edge *e;

	TAILQ_FOREACH(e, &d->edges, entry)
		if (n-- == 0)
			break;
	return e;
}

/* The port that the cursor is at, or the next one; NULL: no more. */
static struct edged_port *
cursor_port(struct edged *d, struct edged_cursor *cur)
{
	struct edged_edge *e;
	struct edged_port *p;
	uint32_t n;

	for (; (e = nth_edge(d, cur->edge)) != NULL;
	    *cur = (struct edged_cursor){ .edge = cur->edge + 1 }) {
		n = cur->port;
		TAILQ_FOREACH(p, &e->ports, entry)
			if (n-- == 0)
				return p;
	}
	return NULL;
}

static void
cursor_next_port(struct edged_cursor *cur)
{
	*cur =
(struct edged_cursor){ .edge = cur->edge, .port = cur->port + 1 };
}

static uint64_t
edged_seconds(const struct edged *d, mtime_t since)
{
	return (uint64_t)(mtime_diff(since, d->timers->now) / MTIME_SEC(1));
}

static uint64_t
sum_of(const uint64_t *list, size_t n)
{
	uint64_t sum = 0;

	while (n-- > 0)
		sum += *list++;
	return sum;
}
#define SUM(list)	sum_of(list, sizeof(list) / sizeof((list)[0]))

static uint64_t
port_dropped(const struct edged_port *p)
{
	const struct edged_lan *l = &p->lan;

	return SUM(l->ip_drops) + SUM(l->policy_drops) + SUM(l->rate_drops) +
	    l->drops[EDGED_LAN_DROP_NOT_FORWARDER] +
	    l->drops[EDGED_LAN_DROP_DOWN] + p->no_room;
}

static uint64_t
edge_dropped(const struct edged_edge *e)
{
	return SUM(e->ip_drops) + SUM(e->policy_drops) + SUM(e->flow_drops);
}

/* --- summary */

bool
edged_show_summary(struct edged *d, void *cursor, struct wr *w)
{
	uint64_t edges = 0, lans = 0, forwards = 0, joins = 0, flows = 0;
	uint64_t registered = 0, clients = 0, drops = 0;
	struct edged_cursor *cur = cursor;
	struct edged_edge *e;
	struct edged_port *p;
	int i;

	if (cur->at++ > 0)
		return false;
	TAILQ_FOREACH(e, &d->edges, entry) {
		edges++;
		joins += e->njoins + e->blocks.n;
		flows += e->flows.used;
		drops += edge_dropped(e);
		for (i = 0; i < EDGED_FAMILIES; i++)
			if (e->self.client[i] != NULL) {
				clients++;
				registered +=
				    marsc_is_registered(e->self.client[i]);
			}
		TAILQ_FOREACH(p, &e->ports, entry) {
			lans++;
			forwards += p->forwards;
			drops += port_dropped(p);
		}
	}
	ctl_age(w, "started", edged_seconds(d, d->started));
	ctl_uint(w, "edges", edges);
	ctl_uint(w, "clients", clients);
	ctl_uint(w, "registered", registered);
	ctl_uint(w, "lans", lans);
	ctl_uint(w, "forwards", forwards);
	ctl_uint(w, "joins", joins);
	ctl_uint(w, "flows", flows);
	ctl_uint(w, "dropped", drops);
	return true;
}

/* --- edges: one object for each of their protocols */

static void
put_edge(struct wr *w, struct edged_edge *e, struct marsc *c)
{
	char text[PADDR_STRLEN];
	struct edged_port *p;
	uint64_t lans = 0, forwards = 0;
	bool kernel = false;

	TAILQ_FOREACH(p, &e->ports, entry) {
		kernel = kernel || (e->conf.kernel && p->ifindex != 0);
		lans++;
		forwards += p->forwards;
	}
	ctl_string(w, "edge", e->conf.name);
	ctl_string(w, "protocol",
	    mars_pro_print(marsc_protocol(c), text, sizeof(text)));
	ctl_atm(w, "address", &e->conf.addr);
	ctl_bool(w, "registered", marsc_is_registered(c));
	ctl_atm(w, "server", marsc_server(c));
	ctl_uint(w, "cmi", marsc_cmi(c));
	ctl_uint(w, "lans", lans);
	ctl_uint(w, "forwards", forwards);
	ctl_uint(w, "joins", e->njoins + e->blocks.n);
	ctl_uint(w, "serves", e->served.n);
	ctl_uint(w, "flows", e->flows.used);
	ctl_uint(w, "out-packets", e->out_packets);
	ctl_uint(w, "out-copies", e->out_copies);
	ctl_uint(w, "in-packets", e->in_packets);
	ctl_uint(w, "in-copies", e->in_copies);
	ctl_uint(w, "dropped", edge_dropped(e));
	ctl_string(w, "path", kernel ? "kernel" : "user");
}

bool
edged_show_edges(struct edged *d, void *cursor, struct wr *w)
{
	struct edged_cursor *cur = cursor;
	struct edged_edge *e;
	struct marsc *c;

	while ((e = nth_edge(d, cur->edge)) != NULL) {
		if (cur->at == EDGED_FAMILIES) {
			cur->edge++;
			cur->at = 0;
			continue;
		}
		if ((c = e->self.client[cur->at++]) == NULL)
			continue;
		put_edge(w, e, c);
		return true;
	}
	return false;
}

/* --- LANs */

static const char *
port_role(const struct edged_port *p)
{
	if (!p->lan.up)
		return "down";
	if (p->lan.conf.forward == EDGED_LAN_FORWARD_NEVER)
		return "never";
	if (p->lan.conf.forward == EDGED_LAN_FORWARD_ALWAYS)
		return "always";
	return edged_elect_table.states[p->lan.elect.state];
}

static void
put_family(struct wr *w, const struct edged_family *f, const char *address,
    const char *querier, const char *groups)
{
	ctl_paddr(w, address, &f->addr);
	ctl_string(w, querier, edged_querier_table.states[f->querier.state]);
	ctl_uint(w, groups, f->listener.ngroups);
}

/* Both, one after the other, as far as there is room. */
static void
text_join(char *buf, size_t size, const char *first, const char *second)
{
	(void)strlcpy(buf, first, size);
	(void)strlcat(buf, second, size);
}

/* "no-member 12"; nothing if there was none */
static void
put_drop(struct wr *w, const char *what, const char *name, uint64_t n)
{
	char text[CTL_NAME_SIZE], digits[24] = { 0 };
	char *p = digits + sizeof(digits) - 1;

	if (n == 0)
		return;
	for (; n > 0; n /= 10)
		*--p = (char)('0' + n % 10);
	*--p = ' ';
	text_join(text, sizeof(text), what, name);
	(void)strlcat(text, p, sizeof(text));
	ctl_string(w, "", text);
}

static void
put_port_drops(struct wr *w, const struct edged_port *p)
{
	const struct edged_lan *l = &p->lan;
	unsigned int i;

	ctl_uint(w, "dropped", port_dropped(p));
	ctl_array(w, "drops");
	for (i = 1; i < EDGED_IP_DROP_MAX; i++)
		put_drop(w, "", edged_ip_drop_name(i), l->ip_drops[i]);
	for (i = 1; i < EDGED_POLICY_DROP_MAX; i++)
		put_drop(w, "not-allowed-", edged_policy_drop_name(i),
		    l->policy_drops[i]);
	for (i = 1; i < EDGED_RATE_DROP_MAX; i++)
		put_drop(w, "", edged_rate_drop_name(i), l->rate_drops[i]);
	put_drop(
	    w, "", "not-forwarder", l->drops[EDGED_LAN_DROP_NOT_FORWARDER]);
	put_drop(w, "", "down", l->drops[EDGED_LAN_DROP_DOWN]);
	put_drop(w, "", "no-room", p->no_room);
	ctl_close(w);
}

static uint32_t
port_edges(const struct edged_port *p)
{
	uint32_t n = 0, i;

	for (i = 0; i < EDGED_ELECT_PEERS; i++)
		n += p->lan.elect.peers[i].used;
	return n;
}

bool
edged_show_lans(struct edged *d, void *cursor, struct wr *w)
{
	struct edged_cursor *cur = cursor;
	struct edged_port *p = cursor_port(d, cur);

	if (p == NULL)
		return false;
	ctl_string(w, "edge", p->edge->conf.name);
	ctl_string(w, "lan", p->name);
	ctl_bool(w, "tun", p->tun);
	ctl_bool(w, "up", p->lan.up);
	ctl_string(w, "role", port_role(p));
	ctl_bool(w, "forwards", p->forwards);
	ctl_uint(w, "priority", edged_elect_priority(&p->lan.elect));
	ctl_uint(w, "other-edges", port_edges(p));
	put_family(w, &p->lan.v4, "address4", "querier4", "groups4");
	put_family(w, &p->lan.v6, "address6", "querier6", "groups6");
	ctl_uint(
	    w, "hosts", p->lan.v4.listener.nhosts + p->lan.v6.listener.nhosts);
	ctl_uint(w, "mtu", p->mtu);
	ctl_uint(w, "in-packets", p->packets_in);
	ctl_uint(w, "out-packets", p->packets_out);
	ctl_uint(w, "out-octets", p->octets_out);
	put_port_drops(w, p);
	cursor_next_port(cur);
	return true;
}

/* --- listeners */

/* As many as fit; the count says how many there are. */
static void
put_sources(struct wr *w, struct edged_listener_group *g)
{
	bool include = g->state == EDGED_LISTENER_INCLUDE;
	struct edged_source *s;

	ctl_uint(w, "source-count", g->nsources);
	ctl_array(w, "sources");
	for (s = edged_listener_source_after(g, NULL);
	    s != NULL && wr_left(w) > 1024;
	    s = edged_listener_source_after(g, &s->addr))
		/* those that are let in, or those that are kept out */
		if (edged_listener_source_runs(s) == include)
			ctl_paddr(w, "", &s->addr);
	ctl_close(w);
}

static void
put_listener(struct wr *w, struct edged_port *p, struct edged_listener_group *g)
{
	int64_t expires = edged_listener_expires(g);

	ctl_string(w, "edge", p->edge->conf.name);
	ctl_string(w, "lan", p->name);
	ctl_paddr(w, "group", &g->addr);
	ctl_string(w, "mode", edged_listener_table.states[g->state]);
	put_sources(w, g);
	ctl_bool(w, "static", g->fixed);
	ctl_uint(w, "version",
	    (uint64_t)edged_listener_compat(g) - (g->addr.len == 16));
	ctl_paddr(w, "reporter", &g->last);
	ctl_uint(w, "reporters", g->nreporters);
	ctl_int(w, "expires", expires < 0 ? -1 : expires / MTIME_SEC(1));
}

bool
edged_show_listeners(struct edged *d, void *cursor, struct wr *w)
{
	struct edged_cursor *cur = cursor;
	struct edged_listener_group *g;
	struct edged_port *p;

	while ((p = cursor_port(d, cur)) != NULL) {
		g = edged_listener_after(
		    cur->v6 ? &p->lan.v6.listener : &p->lan.v4.listener,
		    cur->last.len == 0 ? NULL : &cur->last);
		if (g != NULL) {
			cur->last = g->addr;
			put_listener(w, p, g);
			return true;
		}
		cur->last.len = 0;
		if (cur->v6)
			cursor_next_port(cur);
		else
			cur->v6 = 1;
	}
	return false;
}

/* --- flows */

static void
put_flow(struct wr *w, const struct edged_edge *e, const struct edged_flow *f)
{
	mtime_t now = e->edged->timers->now;
	unsigned int i;

	ctl_string(w, "edge", e->conf.name);
	ctl_paddr(w, "source", &f->source);
	ctl_paddr(w, "group", &f->group->addr);
	ctl_string(w, "direction", f->dir == EDGED_DIR_OUT ? "out" : "in");
	ctl_uint(w, "packets", f->packets);
	ctl_uint(w, "octets", f->octets);
	ctl_uint(w, "members", f->members);
	ctl_uint(w, "copies", f->copies);
	ctl_uint(w, "rate", edged_flow_rate(f, now));
	ctl_uint(w, "dropped", SUM(f->drops));
	ctl_array(w, "drops");
	for (i = 1; i < EDGED_FLOW_DROP_MAX; i++)
		put_drop(w, "", edged_flow_drop_name(i), f->drops[i]);
	ctl_close(w);
	ctl_string(w, "path", edged_offload_has(e, f) ? "kernel" : "user");
	ctl_age(w, "since", edged_seconds(e->edged, f->since));
	ctl_age(w, "idle", edged_seconds(e->edged, f->last));
}

bool
edged_show_flows(struct edged *d, void *cursor, struct wr *w)
{
	struct edged_cursor *cur = cursor;
	const struct edged_flow *f;
	struct edged_edge *e;

	while ((e = nth_edge(d, cur->edge)) != NULL) {
		f = edged_flows_nth(&e->flows, cur->at);
		if (f == NULL) {
			cur->edge++;
			cur->at = 0;
			continue;
		}
		cur->at++;
		put_flow(w, e, f);
		return true;
	}
	return false;
}

/* --- counters: first those of the edges, then those of their LANs */

/* One list of counters after the other: the one that has number *i. */
struct edged_tally {
	uint32_t	 left;		/* *i, less what is behind us */
	bool		 found;
	char		 name[CTL_NAME_SIZE];
	const char	*kind;		/* "counter", "drop" or "gauge" */
	uint64_t	 value;
};

static void
tally_any(struct edged_tally *t, const char *kind, const char *prefix,
    const char *name, uint64_t value)
{
	if (t->found || t->left-- > 0)
		return;
	t->found = true;
	text_join(t->name, sizeof(t->name), prefix, name);
	t->kind = kind;
	t->value = value;
}

static void
tally_one(struct edged_tally *t, const char *name, uint64_t value)
{
	tally_any(t, "counter", "", name, value);
}

static void
tally_drop(
    struct edged_tally *t, const char *prefix, const char *name, uint64_t value)
{
	tally_any(t, "drop", prefix, name, value);
}

/* Names are numbered from 1, as the drops are. */
#define TALLY(t, prefix, list, name, max) do { \
	for (unsigned int i_ = 1; i_ < (max); i_++) \
		tally_drop(t, prefix, name(i_), (list)[i_]); \
} while (0)

/* Of the path through the kernel: why a packet came up all the same. */
static void
tally_kernel(struct edged_tally *t, const struct edged_kernel *k)
{
	static const char *const ups[KPATH_UP_MAX] = { "none",
#define X(sym, name, text) name,
		KPATH_UPS(X)
#undef X
	};
	unsigned int i;

	for (i = 1; i < KPATH_UP_MAX; i++)
		tally_any(t, "counter", "up-", ups[i], k->table->up[i]);
	tally_any(t, "gauge", "", "flows", k->on);
	tally_one(t, "no-place", k->full);
}

static void
tally_client(struct edged_tally *t, const struct marsc *c, const char *prefix)
{
	unsigned int i;

	if (c == NULL)
		return;
	for (i = 0; i < MARSC_DROP_MAX; i++)
		tally_drop(t, prefix, marsc_drop_name(i), marsc_drops(c, i));
	tally_any(t, "counter", prefix, "table-violations",
	    marsc_violations(c));
}

static void
tally_edge(struct edged_tally *t, const struct edged_edge *e)
{
	tally_one(t, "out-packets", e->out_packets);
	tally_one(t, "out-copies", e->out_copies);
	tally_one(t, "kernel-packets", e->kernel_packets);
	tally_one(t, "kernel-copies", e->kernel_copies);
	tally_one(t, "in-packets", e->in_packets);
	tally_one(t, "in-copies", e->in_copies);
	tally_one(t, "probes-in", e->probes_in);
	tally_one(t, "probes-answered", e->probes_answered);
	tally_one(t, "probes-refused", e->probes_refused);
	tally_one(t, "probe-answers", e->probe_answers);
	tally_one(t, "probe-answers-unasked", e->probe_unasked);
	tally_any(t, "gauge", "", "joins", e->njoins + e->blocks.n);
	tally_any(t, "gauge", "", "flows", e->flows.used);
	tally_one(t, "flows-evicted", e->flows.evicted);
	TALLY(t, "in-", e->ip_drops, edged_ip_drop_name, EDGED_IP_DROP_MAX);
	TALLY(t, "in-not-allowed-", e->policy_drops, edged_policy_drop_name,
	    EDGED_POLICY_DROP_MAX);
	TALLY(t, "flow-", e->flow_drops, edged_flow_drop_name,
	    EDGED_FLOW_DROP_MAX);
	tally_client(t, e->self.client[EDGED_V4], "ipv4-");
	tally_client(t, e->self.client[EDGED_V6], "ipv6-");
	tally_client(t, e->server.client[EDGED_V4], "serve-ipv4-");
	tally_client(t, e->server.client[EDGED_V6], "serve-ipv6-");
}

static void
tally_family(struct edged_tally *t, const struct edged_family *f,
    const char *gmp, const char *listener)
{
	unsigned int i;

	tally_any(t, "counter", gmp, "older-queries", f->querier.older);
	TALLY(t, gmp, f->drops, edged_gmp_drop_name, EDGED_GMP_DROP_MAX);
	for (i = 0; i < EDGED_LISTENER_DROP_MAX; i++)
		tally_drop(t, listener, edged_listener_drop_name(i),
		    f->listener.drops[i]);
}

static void
tally_port(struct edged_tally *t, const struct edged_port *p)
{
	const struct edged_lan *l = &p->lan;

	tally_one(t, "in-packets", p->packets_in);
	tally_one(t, "out-packets", p->packets_out);
	tally_one(t, "out-octets", p->octets_out);
	tally_drop(t, "", "no-room", p->no_room);
	tally_one(t, "senders-evicted", l->senders.evicted);
	TALLY(t, "", l->ip_drops, edged_ip_drop_name, EDGED_IP_DROP_MAX);
	TALLY(t, "not-allowed-", l->policy_drops, edged_policy_drop_name,
	    EDGED_POLICY_DROP_MAX);
	TALLY(t, "", l->rate_drops, edged_rate_drop_name, EDGED_RATE_DROP_MAX);
	TALLY(t, "out-", l->drops, edged_lan_drop_name, EDGED_LAN_DROP_MAX);
	TALLY(t, "hello-", l->hello_drops, edged_hello_drop_name,
	    EDGED_HELLO_DROP_MAX);
	tally_family(t, &l->v4, "igmp-", "igmp-record-");
	tally_family(t, &l->v6, "mld-", "mld-record-");
	tally_one(t, "table-violations",
	    l->v4.listener.faults.count + l->v6.listener.faults.count +
	    l->v4.querier.faults.count + l->v6.querier.faults.count +
	    l->elect.faults.count);
}

static void
put_counter(struct wr *w, const char *what, const char *name,
    const struct edged_tally *t)
{
	char scope[NAME_SIZE + 8];

	text_join(scope, sizeof(scope), what, name);
	ctl_string(w, "scope", scope);
	ctl_string(w, "name", t->name);
	ctl_string(w, "kind", t->kind);
	ctl_uint(w, "value", t->value);
}

/* Of an edge where v6 is 0, then of all LANs, and of the kernel's path. */
bool
edged_show_counters(struct edged *d, void *cursor, struct wr *w)
{
	struct edged_cursor *cur = cursor;
	struct edged_tally t;
	struct edged_edge *e;
	struct edged_port *p;

	while (cur->v6 == 0 && (e = nth_edge(d, cur->edge)) != NULL) {
		t = (struct edged_tally){ .left = cur->at++ };
		tally_edge(&t, e);
		if (t.found) {
			put_counter(w, "edge ", e->conf.name, &t);
			return true;
		}
		*cur = (struct edged_cursor){ .edge = cur->edge + 1 };
	}
	if (cur->v6 == 0)
		*cur = (struct edged_cursor){ 0 };
	while (cur->v6 != 2 && (p = cursor_port(d, cur)) != NULL) {
		cur->v6 = 1;
		t = (struct edged_tally){ .left = cur->at++ };
		tally_port(&t, p);
		if (t.found) {
			put_counter(w, "lan ", p->name, &t);
			return true;
		}
		cursor_next_port(cur);
	}
	if (cur->v6 != 2)
		*cur = (struct edged_cursor){ .v6 = 2 };
	t = (struct edged_tally){ .left = cur->at++ };
	if (d->kernel != NULL)
		tally_kernel(&t, d->kernel);
	if (t.found)
		put_counter(w, "kernel", "", &t);
	return t.found;
}
