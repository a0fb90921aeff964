/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What can be said only about a whole configuration: defaults that follow
 * from other statements, and contradictions between statements.
 */

#include <sys/un.h>

#include <string.h>
#include <time.h>

#include "endpoint.h"
#include "parsing.h"

static const char *
print(const struct atm_addr *a)
{
	static char buf[2][ATM_STRLEN];
	static int turn;

	turn = !turn;
	return atm_addr_print(a, buf[turn], sizeof(buf[turn]));
}

static bool
is_local(const struct conf *c, const struct atm_addr *a)
{
	const struct conf_listen *l;

	TAILQ_FOREACH(l, &c->listens, entry)
		if (endpoint_same(&l->addr, a))
			return true;
	return false;
}

static bool
is_ip(const struct atm_addr *a, bool *v6, uint8_t ip[16])
{
	uint8_t sel;

	return atm_addr_to_ip(a, v6, ip, &sel);
}

/*
 * Why nobody can be called at an address, or by it: the address of a listener
 * is also that which members are told.
 */
static const char *
useless(bool v6, const uint8_t ip[16])
{
	static const uint8_t none[16];

	if (memcmp(ip, none, v6 ? 16 : 4) == 0)
		return "that is every address and none";
	if (v6 ? ip[0] == 0xff : (ip[0] & 0xf0) == 0xe0)
		return "that is a multicast address";
	if (!v6 && memcmp(ip, "\xff\xff\xff\xff", 4) == 0)
		return "that is the broadcast address";
	if (v6 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return "a link-local address needs an interface, and other "
		    "servers could not name it";
	return NULL;
}

static void
check_listen(const struct conf *c, struct conf_listen *l, struct parsing *ps)
{
	const struct conf_listen *m;
	uint8_t ip[16];
	bool v6;

	if (l->transport == CONF_LISTEN_ATM_PVC && atm_addr_is_null(&l->addr)) {
		/* our own address: that of another listener */
		TAILQ_FOREACH(m, &c->listens, entry)
			if (m->transport != CONF_LISTEN_ATM_PVC)
				break;
		if (m == NULL) {
			parsing_complain(ps, l,
			    "a permanent circuit needs our own address: write "
			    "listen on atm-pvc ... peer %s address ADDRESS",
			    print(&l->peer));
			return;
		}
		l->addr = m->addr;
	}
	if (l->transport == CONF_LISTEN_UDP && !is_ip(&l->addr, &v6, ip))
		parsing_complain(ps, l, "listen on udp %s: write an IP address",
		    print(&l->addr));
	else if (l->transport == CONF_LISTEN_UDP && useless(v6, ip) != NULL)
		parsing_complain(ps, l, "listen on udp %s: %s: write an "
		    "address of this machine that clients can reach",
		    print(&l->addr), useless(v6, ip));
	else if (l->transport != CONF_LISTEN_ATM_PVC &&
	    atm_addr_sel(&l->addr) != 0)
		parsing_complain(ps, l,
		    "listen on %s: write the address without a SEL, each "
		    "cluster has its own",
		    print(&l->addr));
	else if (l->transport == CONF_LISTEN_UDP && v6 && l->mtu != 0 &&
	    l->mtu < CONF_MTU_MIN_V6)
		parsing_complain(ps, l,
		    "listen on udp %s mtu %u: IPv6 has at least %u",
		    print(&l->addr), l->mtu, CONF_MTU_MIN_V6);
	for (m = TAILQ_FIRST(&c->listens); m != l; m = TAILQ_NEXT(m, entry))
		if (m->transport == l->transport &&
		    (m->transport == CONF_LISTEN_ATM_PVC ?
		    m->itf == l->itf && m->vpi == l->vpi &&
		    m->vci == l->vci :
		    atm_addr_equal(&m->addr, &l->addr))) {
			parsing_complain(ps, l,
			    "this is listened on already: remove one of the "
			    "two");
			return;
		}
}

static void
default_server_id(struct conf *c, struct parsing *ps)
{
	static const uint8_t none[4];
	const struct conf_listen *l;
	uint8_t ip[16];
	bool v6;

	if (!conf_has_server(c) ||
	    memcmp(c->server_id, none, sizeof(none)) != 0)
		return;
	TAILQ_FOREACH(l, &c->listens, entry)
		if (is_ip(&l->addr, &v6, ip) && !v6) {
			memcpy(c->server_id, ip, sizeof(c->server_id));
			break;
		}
	/* A-52; 0.0.0.0 would also be a listener on every address */
	if (memcmp(c->server_id, none, sizeof(none)) == 0)
		parsing_complain(ps, NULL,
		    "no listener has an IPv4 address to take the server-id "
		    "from: write server-id 192.0.2.1");
}

static void
check_server_group(
    const struct conf *c, const struct conf_cluster *cl, struct parsing *ps)
{
	const struct conf_cluster *o;

	for (o = TAILQ_FIRST(&c->clusters); o != cl; o = TAILQ_NEXT(o, entry)) {
		if (o->server_group == cl->server_group)
			parsing_complain(ps, cl,
			    "clusters \"%s\" and \"%s\" are both server-group "
			    "%u: write another server-group",
			    o->name, cl->name, cl->server_group);
		if (atm_addr_equal(&o->addr, &cl->addr))
			parsing_complain(ps, cl,
			    "clusters \"%s\" and \"%s\" have one address, %s: "
			    "write another SEL",
			    o->name, cl->name, print(&cl->addr));
		if (o->cmi_min <= cl->cmi_max && cl->cmi_min <= o->cmi_max)
			parsing_complain(ps, cl,
			    "the CMIs of clusters \"%s\" (%u - %u) and \"%s\" "
			    "(%u - %u) overlap: write a cmi range for each",
			    o->name, o->cmi_min, o->cmi_max, cl->name,
			    cl->cmi_min, cl->cmi_max);
	}
}

static void
check_times(const struct conf_cluster *cl, struct parsing *ps)
{
	if (cl->redirect_dead < 2 * cl->redirect_interval) /* */
		parsing_complain(ps, cl,
		    "redirect dead %u is less than two intervals of %u s: "
		    "write redirect { dead %u } or more",
		    cl->redirect_dead, cl->redirect_interval,
		    2 * cl->redirect_interval);
	if (cl->tombstone <= cl->redirect_dead + cl->hold) /* */
		parsing_complain(ps, cl,
		    "tombstone %u does not exceed redirect dead %u + hold %u: "
		    "write tombstone %u or more",
		    cl->tombstone, cl->redirect_dead, cl->hold,
		    cl->redirect_dead + cl->hold + 1);
}

/* Is there no key that is valid now, or will be? */
static bool
all_expired(const struct conf *c, const struct conf_neighbor *n)
{
	const struct conf_key *k;
	int64_t now = (int64_t)time(NULL);
	uint16_t i;

	for (i = 0; i < n->nspis; i++)
		if ((k = conf_key_find(c, n->spis[i])) == NULL ||
		    k->not_after == 0 || k->not_after > now)
			return false;
	return true;
}

static void
check_keys(
    const struct conf *c, const struct conf_neighbor *n, struct parsing *ps)
{
	uint16_t i, j;

	if (n->auth && n->nspis == 0)
		parsing_complain(ps, n,
		    "neighbor %s has no key: write key NUMBER, or auth off if "
		    "anybody may speak for it",
		    print(&n->addr));
	if (!n->auth && n->nspis != 0)
		parsing_complain(ps, n,
		    "neighbor %s has keys and auth off: remove one of the two",
		    print(&n->addr));
	if (!n->auth && n->replay_required)
		parsing_complain(ps, n,
		    "neighbor %s: replay required needs keys: remove auth off "
		    "and write key NUMBER",
		    print(&n->addr));
	if (n->auth && n->nspis != 0 && all_expired(c, n))
		parsing_remark(ps, n,
		    "neighbor %s: every key has expired: write one that is "
		    "valid",
		    print(&n->addr));
	for (i = 0; i < n->nspis; i++) {
		if (conf_key_find(c, n->spis[i]) == NULL)
			parsing_complain(ps, n,
			    "key %u is not defined: write key %u { algorithm "
			    "hmac-sha256, file \"...\" }",
			    n->spis[i], n->spis[i]);
		for (j = 0; j < i; j++)
			if (n->spis[j] == n->spis[i])
				parsing_complain(ps, n,
				    "key %u is there twice: remove one",
				    n->spis[i]);
	}
}

static void
check_neighbor(const struct conf *c, const struct conf_cluster *cl,
    struct conf_neighbor *n, struct parsing *ps)
{
	const struct conf_neighbor *o;

	/* the neighbor's address is that of its scspd */
	if (atm_addr_sel(&n->addr) == 0)
		atm_addr_set_sel(&n->addr, SEL_SCSPD);
	if (is_local(c, &n->addr))
		parsing_complain(ps, n,
		    "neighbor %s is this server itself: write the address of "
		    "another one",
		    print(&n->addr));
	for (o = TAILQ_FIRST(&cl->neighbors); o != n; o = TAILQ_NEXT(o, entry))
		if (atm_addr_equal(&o->addr, &n->addr))
			parsing_complain(ps, n,
			    "neighbor %s is there twice: remove one",
			    print(&n->addr));
	check_keys(c, n, ps);
}

/* SEL 0 for the first cluster, then 2, 3, ...: 1 is scspd's. */
static void
default_address(const struct conf *c, struct conf_cluster *cl, unsigned nth,
    struct parsing *ps)
{
	const struct conf_listen *l = TAILQ_FIRST(&c->listens);

	if (!atm_addr_is_null(&cl->addr) || l == NULL)
		return;
	if (nth >= 254) {
		parsing_complain(ps, cl,
		    "cluster \"%s\" comes after 254 others: there are no more "
		    "SELs, write address ADDRESS",
		    cl->name);
		return;
	}
	cl->addr = l->addr;
	atm_addr_set_sel(&cl->addr, (uint8_t)(nth == 0 ? 0 : nth + 1));
}

/* The members of a cluster must be on one link, or it could not copy to all. */
static void
check_transport(
    const struct conf *c, const struct conf_cluster *cl, struct parsing *ps)
{
	struct endpoint e;
	int kinds = 0, t;

	for (t = CONF_LISTEN_UDP; t <= CONF_LISTEN_ATM_PVC; t++)
		kinds += conf_has_endpoint(c, ENDPOINT_MARSD,
		    (enum conf_transport)t, &cl->addr, NULL, &e);
	if (kinds > 1)
		parsing_complain(ps, cl,
		    "cluster \"%s\" is reached at %s by circuits of more than "
		    "one kind: write another address for one of them",
		    cl->name, print(&cl->addr));
}

static void
check_cluster(const struct conf *c, struct conf_cluster *cl, struct parsing *ps)
{
	struct conf_neighbor *n;
	struct conf_backup *b;

	if (TAILQ_EMPTY(&cl->protocols))
		parsing_complain(ps, cl,
		    "cluster \"%s\" has no protocol: write protocol ipv4",
		    cl->name);
	if (atm_addr_sel(&cl->addr) == SEL_SCSPD)
		parsing_complain(ps, cl,
		    "cluster \"%s\" has SEL 1, which is scspd's: write another "
		    "SEL",
		    cl->name);
	if (!is_local(c, &cl->addr))
		parsing_complain(ps, cl,
		    "cluster \"%s\" has address %s, which is not listened on: "
		    "write listen on udp with it",
		    cl->name, print(&cl->addr));
	check_transport(c, cl, ps);
	check_server_group(c, cl, ps);
	check_times(cl, ps);
	TAILQ_FOREACH(b, &cl->backups, entry)
		if (atm_addr_equal(&b->addr, &cl->addr))
			parsing_complain(ps, b,
			    "backup %s is this cluster itself: write the "
			    "address of another server",
			    print(&b->addr));
	TAILQ_FOREACH(n, &cl->neighbors, entry)
		check_neighbor(c, cl, n, ps);
}

static void
check_group(const struct conf *c, struct conf_cluster *g, struct parsing *ps)
{
	const struct conf_cluster *o;
	struct conf_neighbor *n;

	for (o = TAILQ_FIRST(&c->groups); o != g; o = TAILQ_NEXT(o, entry))
		if (o->server_group == g->server_group &&
		    o->protocol_id == g->protocol_id)
			parsing_complain(ps, g,
			    "server-group %u protocol-id %u is there twice: "
			    "remove one",
			    g->server_group, g->protocol_id);
	if (TAILQ_EMPTY(&g->neighbors))
		parsing_complain(ps, g,
		    "server-group %u protocol-id %u has no neighbor: write "
		    "neighbor ADDRESS { key NUMBER }",
		    g->server_group, g->protocol_id);
	TAILQ_FOREACH(n, &g->neighbors, entry)
		check_neighbor(c, g, n, ps);
}

/* The sockets' names have to fit into an address. */
static void
check_control(const struct conf *c, struct parsing *ps)
{
	struct sockaddr_un sun;
	const size_t max = sizeof(sun.sun_path) - sizeof("/marsd-read.sock");

	if (strlen(c->control) > max)
		parsing_complain(ps, NULL,
		    "control \"%s\" is longer than %zu characters: write a "
		    "shorter path",
		    c->control, max);
}

/* Said last: whose it is follows from clusters and neighbors. */
static void
check_circuit(
    const struct conf *c, struct conf_listen *l, struct parsing *ps)
{
	if (l->transport == CONF_LISTEN_ATM_PVC && !conf_circuit_used(c, l))
		parsing_remark(ps, l,
		    "listen on atm-pvc ... peer %s: nobody uses this circuit: "
		    "its peer is no neighbor and no cluster has address %s",
		    print(&l->peer), print(&l->addr));
}

void
parsing_check(struct parsing *ps)
{
	struct conf *c = ps->conf;
	struct conf_cluster *cl;
	struct conf_listen *l;
	struct conf_edge *e;
	struct conf_key *k;
	bool edges = !TAILQ_EMPTY(&c->edges);
	unsigned n = 0;

	if (TAILQ_EMPTY(&c->listens) && (conf_has_server(c) || !edges)) {
		parsing_complain(ps, NULL,
		    "nothing to listen on: write listen on udp 192.0.2.1");
		return;
	}
	if (TAILQ_EMPTY(&c->clusters) && !edges)
		parsing_complain(ps, NULL,
		    "no cluster: write cluster \"name\" { protocol ipv4 }");
	if (edges && !conf_has_server(c))
		TAILQ_FOREACH(l, &c->listens, entry)
			parsing_complain(ps, l,
			    "without a cluster nobody listens here: remove it, "
			    "an edge has an address of its own");
	TAILQ_FOREACH(l, &c->listens, entry)
		check_listen(c, l, ps);
	default_server_id(c, ps);
	check_control(c, ps);
	TAILQ_FOREACH(k, &c->keys, entry)
		if (k->not_after != 0 && k->not_before >= k->not_after)
			parsing_complain(ps, k,
			    "key %u ends before it begins: write the earlier "
			    "time after from",
			    k->spi);
	TAILQ_FOREACH(cl, &c->clusters, entry) {
		default_address(c, cl, n++, ps);
		check_cluster(c, cl, ps);
	}
	TAILQ_FOREACH(cl, &c->groups, entry)
		check_group(c, cl, ps);
	TAILQ_FOREACH(l, &c->listens, entry)
		check_circuit(c, l, ps);
	TAILQ_FOREACH(e, &c->edges, entry)
		parsing_check_edge(ps, e);
}
