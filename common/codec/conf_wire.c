/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The configuration as octets, from mars(8) to its children.  Each list is
 * preceded by the number of its elements.  What does not keep the rules of
 * mars.conf(5) is malformed, whoever sent it.
 */

#include <stdlib.h>
#include <string.h>

#include "conf.h"

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
		wr_u16(w, l->mtu);
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
		l->mtu = rd_u16(r);
		if (l->mtu != 0 && l->mtu < CONF_MTU_MIN)
			r->failed = true;
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
		if (k->algorithm > CONF_HMAC_SHA512 || k->not_before < 0 ||
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

/* Every value is checked again, since the parent may have made a mistake. */
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
