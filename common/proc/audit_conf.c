/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a configuration alone shows (audit.h).  A check is a function about
 * one part of it, and says at most one thing of that.
 */
#include <inttypes.h>
#include <string.h>

#include "audit.h"

#define WIDE_V4		16	/* bits: a prefix with fewer is wide */
#define WIDE_V6		48
#define WIDE_GROUP_V4	8	/* the same of multicast groups */
#define WIDE_GROUP_V6	16

static const char *
audit_name(const struct atm_addr *a, char buf[ATM_STRLEN])
{
	return atm_addr_print(a, buf, ATM_STRLEN);
}

/* --- keys */

static void
audit_key_md5(const struct audit *a, const struct conf_key *k)
{
	if (k->algorithm == CONF_HMAC_MD5)
		audit_found(a, AUDIT_KEY_MD5, k, "key %u is used with %s",
		    k->spi, conf_algorithm_name(k->algorithm));
}

static void
audit_key_short(const struct audit *a, const struct conf_key *k)
{
	if (k->len < conf_algorithm_length(k->algorithm))
		audit_found(a, AUDIT_KEY_SHORT, k,
		    "key %u has %u octets, and %s is good for %zu", k->spi,
		    k->len, conf_algorithm_name(k->algorithm),
		    conf_algorithm_length(k->algorithm));
}

/* How long it may be used, from its begin on, or from now on. */
static void
audit_key_lifetime(const struct audit *a, const struct conf_key *k)
{
	int64_t from = k->not_before != 0 ? k->not_before : a->now;
	int64_t days = (k->not_after - from) / AUDIT_DAY;

	if (k->not_after == 0)
		audit_found(a, AUDIT_KEY_LIFETIME, k, "key %u has no end",
		    k->spi);
	else if (days > AUDIT_KEY_DAYS)
		audit_found(a, AUDIT_KEY_LIFETIME, k,
		    "key %u is valid for %" PRId64 " days", k->spi, days);
}

static void
audit_key_old(const struct audit *a, const struct conf_key *k)
{
	int64_t days = (a->now - k->not_before) / AUDIT_DAY;

	if (k->not_before != 0 && days > AUDIT_KEY_DAYS &&
	    (k->not_after == 0 || k->not_after > a->now))
		audit_found(a, AUDIT_KEY_OLD, k,
		    "key %u has been valid for %" PRId64 " days", k->spi,
		    days);
}

static bool
spis_have(const uint32_t *spis, uint16_t n, uint32_t spi)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		if (spis[i] == spi)
			return true;
	return false;
}

/* Two servers may have several clusters: then the key is still theirs. */
static unsigned int
key_neighbors(const struct conf *c, uint32_t spi)
{
	const struct conf_clusters *both[] = { &c->clusters, &c->groups };
	const struct atm_addr *first = NULL;
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;
	unsigned int others = 0;
	size_t i;

	for (i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		TAILQ_FOREACH(cl, both[i], entry)
			TAILQ_FOREACH(n, &cl->neighbors, entry) {
				if (!spis_have(n->spis, n->nspis, spi))
					continue;
				if (first == NULL)
					first = &n->addr;
				others += !atm_addr_equal(first, &n->addr);
			}
	return first == NULL ? 0 : 1 + others;
}

/* All edges of a LAN have one key: so these count as one user. */
static bool
key_edges(const struct conf *c, uint32_t spi)
{
	const struct conf_edge *e;

	TAILQ_FOREACH(e, &c->edges, entry)
		if (spis_have(e->spis, e->nspis, spi))
			return true;
	return false;
}

/* Another key with the same secret, of those before it; NULL: none. */
static const struct conf_key *
key_twin(const struct conf *c, const struct conf_key *k)
{
	const struct conf_key *o;

	for (o = TAILQ_FIRST(&c->keys); o != k; o = TAILQ_NEXT(o, entry))
		if (!o->wiped && !k->wiped && o->len == k->len &&
		    memcmp(o->secret, k->secret, k->len) == 0)
			return o;
	return NULL;
}

static void
audit_key_shared(
    const struct audit *a, const struct conf *c, const struct conf_key *k)
{
	unsigned int users =
	    key_neighbors(c, k->spi) + key_edges(c, k->spi);
	const struct conf_key *twin = key_twin(c, k);

	if (users > 1)
		audit_found(a, AUDIT_KEY_SHARED, k,
		    "key %u is that of more than one neighbor, or of a "
		    "neighbor and an edge: each can speak for the others",
		    k->spi);
	else if (twin != NULL)
		audit_found(a, AUDIT_KEY_SHARED, k,
		    "keys %u and %u are the same", twin->spi, k->spi);
}

static void
audit_key(
    const struct audit *a, const struct conf *c, const struct conf_key *k)
{
	audit_key_md5(a, k);
	audit_key_short(a, k);
	audit_key_lifetime(a, k);
	audit_key_old(a, k);
	audit_key_shared(a, c, k);
}

/* --- who uses keys: neighbors and edges */

struct audit_user {
	const char	*kind, *name;
	const void	*at;
	const uint32_t	*spis;
	uint16_t	 nspis;
};

/* Is there a key now, and for a while, without a gap between two? */
static void
audit_expiry(
    const struct audit *a, const struct conf *c, const struct audit_user *u)
{
	struct conf_period when[CONF_KEYS_MAX];
	const struct conf_key *k;
	uint16_t i, n = 0;
	int64_t end;

	for (i = 0; i < u->nspis; i++)
		if ((k = conf_key_find(c, u->spis[i])) != NULL)
			when[n++] = (struct conf_period){ k->not_before,
			    k->not_after };
	if (n == 0 || (end = conf_periods_end(when, n, a->now)) == 0)
		return;
	if (end < a->now)
		audit_found(a, AUDIT_KEY_EXPIRED, u->at,
		    "%s %s has no key that is valid now", u->kind, u->name);
	else if (end - a->now < AUDIT_EXPIRY_DAYS * AUDIT_DAY)
		audit_found(a, AUDIT_KEY_EXPIRING, u->at,
		    "in %" PRId64 " days %s %s has no key that is valid",
		    (end - a->now) / AUDIT_DAY, u->kind, u->name);
}

static void
audit_neighbor(
    const struct audit *a, const struct conf *c, const struct conf_neighbor *n)
{
	char text[ATM_STRLEN];
	const char *name = audit_name(&n->addr, text);

	if (!n->auth) {
		audit_found(a, AUDIT_UNAUTHENTICATED, n,
		    "neighbor %s is not authenticated: whoever sends packets "
		    "in its name can change every group", name);
		return;
	}
	if (!n->replay_required)
		audit_found(a, AUDIT_REPLAY, n,
		    "packets of neighbor %s may be recorded and sent again "
		    "if it does not offer protection", name);
	audit_expiry(a, c,
	    &(struct audit_user){ "neighbor", name, n, n->spis, n->nspis });
}

/* --- clusters */

static void
audit_allow(const struct audit *a, const struct conf_cluster *cl)
{
	const struct conf_prefix *p;
	char text[PADDR_STRLEN];

	if (TAILQ_EMPTY(&cl->allow))
		audit_found(a, AUDIT_ALLOW_NONE, cl,
		    "cluster \"%s\" takes calls from every address", cl->name);
	TAILQ_FOREACH(p, &cl->allow, entry)
		if (p->prefix.bits < (p->prefix.v6 ? WIDE_V6 : WIDE_V4))
			audit_found(a, AUDIT_ALLOW_WIDE, p,
			    "cluster \"%s\" takes calls from %s", cl->name,
			    ip_prefix_print(&p->prefix, text, sizeof(text)));
}

/* Has it been thought of what this network needs? */
static void
audit_limits(const struct audit *a, const struct conf_cluster *cl)
{
	static const char of[] = "limit ";
	const struct conf_number *n;

	for (n = conf_cluster_numbers; n->name != NULL; n++)
		if (strncmp(n->name, of, sizeof(of) - 1) == 0 &&
		    conf_number_get(n, cl) != n->dflt)
			return;
	audit_found(a, AUDIT_LIMIT_DEFAULT, cl,
	    "cluster \"%s\" has no limits of its own", cl->name);
}

static void
audit_cluster(const struct audit *a, const struct conf_cluster *cl)
{
	audit_allow(a, cl);
	audit_limits(a, cl);
	if (!cl->strict_source)
		audit_found(a, AUDIT_STRICT_SOURCE, cl,
		    "cluster \"%s\" has strict-source no: a client may join "
		    "and leave in the name of another", cl->name);
	if (!TAILQ_EMPTY(&cl->neighbors) && cl->cmi_min == 1 &&
	    cl->cmi_max == UINT16_MAX)
		audit_found(a, AUDIT_CMI_UNDIVIDED, cl,
		    "cluster \"%s\" has neighbors, which give out CMIs, too, "
		    "and no cmi", cl->name);
}

/* --- edges */

/*
 * Groups that end at the boundary of a site, by a prefix that says so, as
 * edged's scope.c has them: others don't pass by it.
 */
static bool
is_scoped(const struct ip_prefix *p)
{
	if (p->v6)
		return p->bits >= 16 && (p->a[1] & 0x0f) >= 3 &&
		    (p->a[1] & 0x0f) <= 5;
	return p->bits >= 16 && p->a[0] == 239 && p->a[1] == 255;
}

static void
audit_edge_allow(const struct audit *a, const struct conf_edge *e,
    const struct conf_allow *allow)
{
	char text[PADDR_STRLEN];
	const char *group =
	    ip_prefix_print(&allow->group, text, sizeof(text));

	if ((allow->dirs & CONF_DIR_OUT) == 0)
		return;
	if (is_scoped(&allow->group))
		audit_found(a, AUDIT_EDGE_SCOPED, allow,
		    "edge \"%s\" sends %s, which is meant to stay at its site, "
		    "to others", e->name, group);
	if (!allow->has_source && allow->group.bits <
	    (allow->group.v6 ? WIDE_GROUP_V6 : WIDE_GROUP_V4))
		audit_found(a, AUDIT_EDGE_WIDE, allow,
		    "edge \"%s\" sends %s to other sites, from any source",
		    e->name, group);
}

static void
audit_edge(
    const struct audit *a, const struct conf *c, const struct conf_edge *e)
{
	const struct conf_allow *allow;
	const struct conf_prefix *p;
	const struct conf_lan *l;
	char text[PADDR_STRLEN];

	audit_expiry(a, c,
	    &(struct audit_user){ "edge", e->name, e, e->spis, e->nspis });
	TAILQ_FOREACH(p, &e->link_locals, entry)
		audit_found(a, AUDIT_EDGE_LINK_LOCAL, p,
		    "edge \"%s\" sends link-local group %s to other sites",
		    e->name, ip_prefix_print(&p->prefix, text, sizeof(text)));
	TAILQ_FOREACH(allow, &e->allows, entry)
		audit_edge_allow(a, e, allow);
	TAILQ_FOREACH(l, &e->lans, entry)
		if (l->rate == 0)
			audit_found(a, AUDIT_EDGE_LIMIT_NONE, l,
			    "hosts of %s may send to other sites at any rate",
			    l->name);
}

/* --- parts, by their number; less those that are none of it */

static const struct conf_key *
part_key(const struct conf *c, uint32_t *number)
{
	const struct conf_key *k;

	TAILQ_FOREACH(k, &c->keys, entry)
		if ((*number)-- == 0)
			return k;
	return NULL;
}

static const struct conf_neighbor *
part_neighbor(const struct conf_clusters *clusters, uint32_t *number)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;

	TAILQ_FOREACH(cl, clusters, entry)
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			if ((*number)-- == 0)
				return n;
	return NULL;
}

static const struct conf_cluster *
part_cluster(const struct conf *c, uint32_t *number)
{
	const struct conf_cluster *cl;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if ((*number)-- == 0)
			return cl;
	return NULL;
}

static const struct conf_edge *
part_edge(const struct conf *c, uint32_t *number)
{
	const struct conf_edge *e;

	TAILQ_FOREACH(e, &c->edges, entry)
		if ((*number)-- == 0)
			return e;
	return NULL;
}

bool
audit_conf_part(const struct audit *a, const struct conf *c, unsigned int of,
    uint32_t number)
{
	const struct conf_neighbor *n;
	const struct conf_cluster *cl;
	const struct conf_edge *e;
	const struct conf_key *k;

	if ((of & (AUDIT_OF_SCSPD | AUDIT_OF_EDGED)) != 0 &&
	    (k = part_key(c, &number)) != NULL)
		audit_key(a, c, k);
	else if ((of & AUDIT_OF_SCSPD) != 0 &&
	    ((n = part_neighbor(&c->clusters, &number)) != NULL ||
	    (n = part_neighbor(&c->groups, &number)) != NULL))
		audit_neighbor(a, c, n);
	else if ((of & AUDIT_OF_MARSD) != 0 &&
	    (cl = part_cluster(c, &number)) != NULL)
		audit_cluster(a, cl);
	else if ((of & AUDIT_OF_EDGED) != 0 &&
	    (e = part_edge(c, &number)) != NULL)
		audit_edge(a, c, e);
	else
		return false;
	return true;
}

void
audit_conf(const struct audit *a, const struct conf *c, unsigned int of)
{
	uint32_t number = 0;

	while (audit_conf_part(a, c, of, number))
		number++;
}
