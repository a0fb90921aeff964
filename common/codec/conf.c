/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define NUMBER(type, member, name, min, max, dflt) \
	{ name, offsetof(struct type, member), \
	    sizeof(((struct type *)NULL)->member), min, max, dflt }
#define NUMBERS_END	{ NULL, 0, 0, 0, 0, 0 }

/* A UDP port is the base port and a SEL, at most 255 (nvc.md). */
const struct conf_number conf_numbers[] = {
	NUMBER(conf, base_port, "udp base-port", 1, 65535 - 255, 2022),
	NUMBER(conf, enquiry_interval, "enquiry-interval", 1, 255, 10),
	NUMBER(conf, max_circuits, "limit circuits", 1, 4000000, 131072),
	NUMBER(conf, circuits_per_address, "limit circuits-per-address",
	    1, 1000000, 64),
	NUMBERS_END
};

/*
 * At most two minutes between two MARS_REDIRECT_MAPs and between two Redirect
 * Entries (RFC 2022 section 5.4.3, RFC 2443 section 5.1).
 */
const struct conf_number conf_cluster_numbers[] = {
	NUMBER(conf_cluster, server_group, "server-group", 1, 65535, 1),
	NUMBER(conf_cluster, cmi_min, "cmi", 1, 65535, 1),
	NUMBER(conf_cluster, cmi_max, "cmi -", 1, 65535, 65535),
	NUMBER(conf_cluster, redirect_interval, "redirect interval",
	    1, 120, 60),
	NUMBER(conf_cluster, redirect_dead, "redirect dead", 1, 86400, 240),
	NUMBER(conf_cluster, tombstone, "tombstone", 1, 604800, 600),
	NUMBER(conf_cluster, hold, "hold", 1, 86400, 240),
	NUMBER(conf_cluster, hop_count, "hop-count", 1, 65535, 16),
	NUMBER(conf_cluster, max_members, "limit members",
	    1, 1000000, 60000),
	NUMBER(conf_cluster, max_joins, "limit joins-per-member",
	    1, 1000000, 4096),
	NUMBER(conf_cluster, max_groups, "limit groups",
	    1, 10000000, 1000000),
	NUMBER(conf_cluster, max_servers, "limit servers", 1, 65535, 256),
	NUMBER(conf_cluster, max_serve_range, "limit serve-range",
	    1, 65536, 256),
	NUMBER(conf_cluster, rate, "limit rate", 1, 1000000, 200),
	NUMBER(conf_cluster, rate_total, "limit rate-total",
	    1, 100000000, 100000),
	NUMBER(conf_cluster, max_records, "limit records",
	    1, 100000000, 2000000),
	NUMBERS_END
};

const struct conf_number conf_neighbor_numbers[] = {
	NUMBER(conf_neighbor, hello_interval, "hello-interval", 1, 3600, 3),
	NUMBER(conf_neighbor, dead_factor, "dead-factor", 1, 100, 3),
	NUMBER(conf_neighbor, rexmt_ca, "retransmit ca", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_csus, "retransmit csus", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_csu, "retransmit csu", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_limit, "retransmit limit", 1, 100, 5),
	NUMBERS_END
};

static const char *const algorithm_names[] = {
	[CONF_HMAC_MD5] = "hmac-md5",
	[CONF_HMAC_SHA256] = "hmac-sha256",
	[CONF_HMAC_SHA384] = "hmac-sha384",
	[CONF_HMAC_SHA512] = "hmac-sha512"
};
#define NALGORITHMS	(sizeof(algorithm_names) / sizeof(*algorithm_names))

_Static_assert(NALGORITHMS == CONF_HMAC_SHA512 + 1, "one name per algorithm");

/* The value of a number in the struct at base. */
uint32_t
conf_number_get(const struct conf_number *n, const void *base)
{
	const uint8_t *p = (const uint8_t *)base + n->offset;
	uint32_t v32;
	uint16_t v16;

	if (n->size == sizeof(v16)) {
		memcpy(&v16, p, sizeof(v16));
		return v16;
	}
	memcpy(&v32, p, sizeof(v32));
	return v32;
}

bool
conf_number_set(const struct conf_number *n, void *base, uint64_t value)
{
	uint8_t *p = (uint8_t *)base + n->offset;
	uint32_t v32;
	uint16_t v16;

	if (value < n->min || value > n->max)
		return false;
	if (n->size == sizeof(v16)) {
		v16 = (uint16_t)value;
		memcpy(p, &v16, sizeof(v16));
	} else {
		v32 = (uint32_t)value;
		memcpy(p, &v32, sizeof(v32));
	}
	return true;
}

static void
numbers_default(const struct conf_number *n, void *base)
{
	for (; n->name != NULL; n++)
		(void)conf_number_set(n, base, n->dflt);
}

struct conf *
conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	TAILQ_INIT(&c->listens);
	TAILQ_INIT(&c->keys);
	TAILQ_INIT(&c->clusters);
	TAILQ_INIT(&c->groups);
	numbers_default(conf_numbers, c);
	(void)strlcpy(c->control, "/var/run/mars", sizeof(c->control));
	(void)strlcpy(c->user_marsd, "_marsd", sizeof(c->user_marsd));
	(void)strlcpy(c->user_scspd, "_scspd", sizeof(c->user_scspd));
	return c;
}

static struct conf_cluster *
conf_cluster_blank(void)
{
	struct conf_cluster *cl = calloc(1, sizeof(*cl));

	if (cl == NULL)
		return NULL;
	TAILQ_INIT(&cl->protocols);
	TAILQ_INIT(&cl->backups);
	TAILQ_INIT(&cl->allow);
	TAILQ_INIT(&cl->neighbors);
	numbers_default(conf_cluster_numbers, cl);
	cl->strict_source = true;
	cl->protocol_id = PID_MARS;
	return cl;
}

/* A cluster with every default, at the end of the list; NULL: no memory. */
struct conf_cluster *
conf_cluster_new(struct conf *c, const char *name)
{
	struct conf_cluster *cl;

	if ((cl = conf_cluster_blank()) == NULL)
		return NULL;
	(void)strlcpy(cl->name, name, sizeof(cl->name));
	TAILQ_INSERT_TAIL(&c->clusters, cl, entry);
	return cl;
}

struct conf_cluster *
conf_group_new(struct conf *c, uint16_t sgid, uint16_t pid)
{
	struct conf_cluster *g;

	if ((g = conf_cluster_blank()) == NULL)
		return NULL;
	g->server_group = sgid;
	g->protocol_id = pid;
	TAILQ_INSERT_TAIL(&c->groups, g, entry);
	return g;
}

struct conf_neighbor *
conf_neighbor_new(struct conf_cluster *cl)
{
	struct conf_neighbor *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	numbers_default(conf_neighbor_numbers, n);
	n->auth = true;
	TAILQ_INSERT_TAIL(&cl->neighbors, n, entry);
	return n;
}

/* Frees every element of a list whose link is called entry. */
#define LIST_FREE(head, type) do { \
	struct type *item_; \
	while ((item_ = TAILQ_FIRST(head)) != NULL) { \
		TAILQ_REMOVE(head, item_, entry); \
		free(item_); \
	} \
} while (0)

static void
conf_cluster_free(struct conf_cluster *cl)
{
	LIST_FREE(&cl->protocols, conf_protocol);
	LIST_FREE(&cl->backups, conf_backup);
	LIST_FREE(&cl->allow, conf_prefix);
	LIST_FREE(&cl->neighbors, conf_neighbor);
	free(cl);
}

void
conf_free(struct conf *c)
{
	struct conf_cluster *cl;
	struct conf_key *k;

	if (c == NULL)
		return;
	LIST_FREE(&c->listens, conf_listen);
	while ((k = TAILQ_FIRST(&c->keys)) != NULL) {
		TAILQ_REMOVE(&c->keys, k, entry);
		explicit_bzero(k, sizeof(*k));
		free(k);
	}
	while ((cl = TAILQ_FIRST(&c->clusters)) != NULL) {
		TAILQ_REMOVE(&c->clusters, cl, entry);
		conf_cluster_free(cl);
	}
	while ((cl = TAILQ_FIRST(&c->groups)) != NULL) {
		TAILQ_REMOVE(&c->groups, cl, entry);
		conf_cluster_free(cl);
	}
	free(c);
}

struct conf_cluster *
conf_cluster_find(const struct conf *c, const char *name)
{
	struct conf_cluster *cl;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (strcmp(cl->name, name) == 0)
			return cl;
	return NULL;
}

const struct conf_key *
conf_key_find(const struct conf *c, uint32_t spi)
{
	const struct conf_key *k;

	TAILQ_FOREACH(k, &c->keys, entry)
		if (k->spi == spi)
			return k;
	return NULL;
}

const char *
conf_algorithm_name(enum conf_algorithm a)
{
	return (size_t)a < NALGORITHMS ? algorithm_names[a] : "unknown";
}

/* The algorithm of that name; false if there is none. */
bool
conf_algorithm_find(const char *name, enum conf_algorithm *a)
{
	size_t i;

	for (i = 0; i < NALGORITHMS; i++)
		if (strcmp(algorithm_names[i], name) == 0) {
			*a = (enum conf_algorithm)i;
			return true;
		}
	return false;
}

/*
 * The same as octets.  Lists are preceded by the number of their elements;
 * what does not fit the rules of mars.conf(5) is malformed, whoever sent it.
 */

/* An endpoint has a number (RFC 2022 section 5.1.2). */
static void
rd_endpoint(struct rd *r, struct atm_addr *a)
{
	if (!rd_atm_addr(r, a) || (a->num_tl & ATM_TL_LEN) == 0)
		r->failed = true;
}

static bool
rd_bool(struct rd *r)
{
	uint8_t v = rd_u8(r);

	if (v > 1)
		r->failed = true;
	return v == 1;
}

/* A name or a path, which is never empty. */
static void
rd_name(struct rd *r, char *buf, size_t size)
{
	if (!rd_string(r, buf, size) || *buf == '\0')
		r->failed = true;
}

static void
wr_numbers(struct wr *w, const struct conf_number *n, const void *base)
{
	for (; n->name != NULL; n++)
		wr_u32(w, conf_number_get(n, base));
}

static void
rd_numbers(struct rd *r, const struct conf_number *n, void *base)
{
	for (; n->name != NULL; n++)
		if (!conf_number_set(n, base, rd_u32(r)))
			r->failed = true;
}

/* Appends a zeroed element; without memory the reader fails. */
#define LIST_ADD(r, head, item) do { \
	(item) = calloc(1, sizeof(*(item))); \
	if ((item) == NULL) \
		(r)->failed = true; \
	else \
		TAILQ_INSERT_TAIL(head, item, entry); \
} while (0)

#define LIST_WRITE_COUNT(w, head, item) do { \
	uint32_t n_ = 0; \
	TAILQ_FOREACH(item, head, entry) \
		n_++; \
	wr_u32(w, n_); \
} while (0)

static void
wr_listens(struct wr *w, const struct conf *c)
{
	const struct conf_listen *l;

	LIST_WRITE_COUNT(w, &c->listens, l);
	TAILQ_FOREACH(l, &c->listens, entry) {
		wr_u8(w, (uint8_t)l->transport);
		wr_atm_addr(w, &l->addr);
		wr_atm_addr(w, &l->peer);
		wr_u16(w, (uint16_t)l->itf);
		wr_u16(w, (uint16_t)l->vpi);
		wr_u16(w, (uint16_t)l->vci);
	}
}

static void
rd_listens(struct rd *r, struct conf *c)
{
	struct conf_listen *l;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		LIST_ADD(r, &c->listens, l);
		if (l == NULL)
			return;
		l->transport = rd_u8(r);
		if (l->transport > CONF_LISTEN_ATM_PVC)
			r->failed = true;
		rd_endpoint(r, &l->addr);
		(void)rd_atm_addr(r, &l->peer);
		l->itf = rd_u16(r);
		l->vpi = rd_u16(r);
		l->vci = rd_u16(r);
	}
}

static void
wr_keys(struct wr *w, const struct conf *c)
{
	const struct conf_key *k;

	LIST_WRITE_COUNT(w, &c->keys, k);
	TAILQ_FOREACH(k, &c->keys, entry) {
		wr_u32(w, k->spi);
		wr_u8(w, (uint8_t)k->algorithm);
		wr_u64(w, (uint64_t)k->not_before);
		wr_u64(w, (uint64_t)k->not_after);
		wr_u16(w, k->len);
		wr_bytes(w, k->secret, k->len);
	}
}

static void
rd_keys(struct rd *r, struct conf *c)
{
	struct conf_key *k;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		LIST_ADD(r, &c->keys, k);
		if (k == NULL)
			return;
		k->spi = rd_u32(r);
		k->algorithm = rd_u8(r);
		k->not_before = (int64_t)rd_u64(r);
		k->not_after = (int64_t)rd_u64(r);
		k->len = rd_u16(r);
		if (k->algorithm >= NALGORITHMS || k->not_before < 0 ||
		    k->not_after < 0 || k->len == 0 || k->len > KEY_SIZE) {
			r->failed = true;
			return;
		}
		rd_copy(r, k->secret, k->len);
	}
}

static void
wr_neighbor(struct wr *w, const struct conf_neighbor *n)
{
	uint16_t i;

	wr_atm_addr(w, &n->addr);
	wr_u16(w, n->nspis);
	for (i = 0; i < n->nspis; i++)
		wr_u32(w, n->spis[i]);
	wr_u8(w, n->auth);
	wr_u8(w, n->replay_required);
	wr_numbers(w, conf_neighbor_numbers, n);
}

static void
rd_neighbor(struct rd *r, struct conf_neighbor *n)
{
	uint16_t i;

	rd_endpoint(r, &n->addr);
	n->nspis = rd_u16(r);
	if (n->nspis > sizeof(n->spis) / sizeof(n->spis[0])) {
		n->nspis = 0;
		r->failed = true;
	}
	for (i = 0; i < n->nspis; i++)
		n->spis[i] = rd_u32(r);
	n->auth = rd_bool(r);
	n->replay_required = rd_bool(r);
	rd_numbers(r, conf_neighbor_numbers, n);
}

static void
wr_neighbors(struct wr *w, const struct conf_cluster *cl)
{
	const struct conf_neighbor *n;

	LIST_WRITE_COUNT(w, &cl->neighbors, n);
	TAILQ_FOREACH(n, &cl->neighbors, entry)
		wr_neighbor(w, n);
}

static void
rd_neighbors(struct rd *r, struct conf_cluster *cl)
{
	struct conf_neighbor *nb;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		if ((nb = conf_neighbor_new(cl)) == NULL)
			r->failed = true;
		else
			rd_neighbor(r, nb);
	}
}

static void
wr_cluster(struct wr *w, const struct conf_cluster *cl)
{
	const struct conf_protocol *p;
	const struct conf_backup *b;
	const struct conf_prefix *a;

	wr_string(w, cl->name);
	wr_atm_addr(w, &cl->addr);
	wr_numbers(w, conf_cluster_numbers, cl);
	wr_u8(w, (uint8_t)cl->redirect_order);
	wr_u8(w, cl->csn_before);
	wr_u8(w, cl->strict_source);
	wr_u8(w, cl->native_parties);
	LIST_WRITE_COUNT(w, &cl->protocols, p);
	TAILQ_FOREACH(p, &cl->protocols, entry) {
		wr_u16(w, p->pro.type);
		wr_bytes(w, p->pro.snap, sizeof(p->pro.snap));
	}
	LIST_WRITE_COUNT(w, &cl->backups, b);
	TAILQ_FOREACH(b, &cl->backups, entry)
		wr_atm_addr(w, &b->addr);
	LIST_WRITE_COUNT(w, &cl->allow, a);
	TAILQ_FOREACH(a, &cl->allow, entry) {
		wr_u8(w, a->prefix.v6);
		wr_u8(w, a->prefix.bits);
		wr_bytes(w, a->prefix.a, sizeof(a->prefix.a));
	}
	wr_neighbors(w, cl);
}

static void
wr_group(struct wr *w, const struct conf_cluster *g)
{
	wr_u16(w, g->protocol_id);
	wr_numbers(w, conf_cluster_numbers, g);
	wr_neighbors(w, g);
}

static void
rd_group(struct rd *r, struct conf *c)
{
	uint16_t pid = rd_u16(r);
	struct conf_cluster *g;

	if (rd_failed(r) || pid == 0 || pid == PID_MARS ||
	    (g = conf_group_new(c, 0, pid)) == NULL) {
		r->failed = true;
		return;
	}
	rd_numbers(r, conf_cluster_numbers, g);
	rd_neighbors(r, g);
}

static void
rd_protocols(struct rd *r, struct conf_cluster *cl)
{
	struct conf_protocol *p;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		LIST_ADD(r, &cl->protocols, p);
		if (p == NULL)
			return;
		p->pro.type = rd_u16(r);
		rd_copy(r, p->pro.snap, sizeof(p->pro.snap));
	}
}

static void
rd_backups(struct rd *r, struct conf_cluster *cl)
{
	struct conf_backup *b;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		LIST_ADD(r, &cl->backups, b);
		if (b != NULL)
			rd_endpoint(r, &b->addr);
	}
}

static void
rd_allow(struct rd *r, struct conf_cluster *cl)
{
	struct conf_prefix *a;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		LIST_ADD(r, &cl->allow, a);
		if (a == NULL)
			return;
		a->prefix.v6 = rd_bool(r);
		a->prefix.bits = rd_u8(r);
		if (a->prefix.bits > (a->prefix.v6 ? 128 : 32))
			r->failed = true;
		rd_copy(r, a->prefix.a, sizeof(a->prefix.a));
	}
}

static void
rd_cluster(struct rd *r, struct conf *c)
{
	char name[NAME_SIZE];
	struct conf_cluster *cl;

	rd_name(r, name, sizeof(name));
	if ((cl = conf_cluster_new(c, name)) == NULL) {
		r->failed = true;
		return;
	}
	rd_endpoint(r, &cl->addr);
	rd_numbers(r, conf_cluster_numbers, cl);
	if (cl->cmi_min > cl->cmi_max)
		r->failed = true;
	cl->redirect_order = rd_bool(r) ? CONF_ORDER_LOWEST : CONF_ORDER_SELF;
	cl->csn_before = rd_bool(r);
	cl->strict_source = rd_bool(r);
	cl->native_parties = rd_bool(r);
	rd_protocols(r, cl);
	rd_backups(r, cl);
	rd_allow(r, cl);
	rd_neighbors(r, cl);
}

/* Writes c; marsd gets no keys, and so an empty list of them. */
void
conf_write(struct wr *w, const struct conf *c, bool with_keys)
{
	const struct conf_cluster *cl;

	wr_bytes(w, c->server_id, sizeof(c->server_id));
	wr_string(w, c->control);
	wr_string(w, c->user_marsd);
	wr_string(w, c->user_scspd);
	wr_numbers(w, conf_numbers, c);
	wr_listens(w, c);
	if (with_keys)
		wr_keys(w, c);
	else
		wr_u32(w, 0);
	LIST_WRITE_COUNT(w, &c->clusters, cl);
	TAILQ_FOREACH(cl, &c->clusters, entry)
		wr_cluster(w, cl);
	LIST_WRITE_COUNT(w, &c->groups, cl);
	TAILQ_FOREACH(cl, &c->groups, entry)
		wr_group(w, cl);
}

/*
 * Reads what conf_write() wrote, to its last octet.  Every value is checked
 * again: the parent is trusted, a mistake in it is not.
 */
struct conf *
conf_read(struct rd *r)
{
	struct conf *c = conf_new();
	uint32_t n;

	if (c == NULL)
		return NULL;
	rd_copy(r, c->server_id, sizeof(c->server_id));
	rd_name(r, c->control, sizeof(c->control));
	rd_name(r, c->user_marsd, sizeof(c->user_marsd));
	rd_name(r, c->user_scspd, sizeof(c->user_scspd));
	rd_numbers(r, conf_numbers, c);
	rd_listens(r, c);
	rd_keys(r, c);
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_cluster(r, c);
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_group(r, c);
	if (!rd_done(r)) {
		conf_free(c);
		return NULL;
	}
	return c;
}
