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

#include "conf_parts.h"

/* An endpoint has a number (RFC 2022 section 5.1.2). */
void
conf_rd_endpoint(struct rd *r, struct atm_addr *a)
{
	if (!rd_atm_addr(r, a) || (a->num_tl & ATM_TL_LEN) == 0)
		r->failed = true;
}

bool
conf_rd_bool(struct rd *r)
{
	uint8_t v = rd_u8(r);

	if (v > 1)
		r->failed = true;
	return v == 1;
}

void
conf_rd_name(struct rd *r, char *buf, size_t size)
{
	if (!rd_string(r, buf, size) || *buf == '\0')
		r->failed = true;
}

void
conf_wr_numbers(struct wr *w, const struct conf_number *n, const void *base)
{
	for (; n->name != NULL; n++)
		wr_u32(w, conf_number_get(n, base));
}

void
conf_rd_numbers(struct rd *r, const struct conf_number *n, void *base)
{
	for (; n->name != NULL; n++)
		if (!conf_number_set(n, base, rd_u32(r)))
			r->failed = true;
}

void
conf_wr_spis(struct wr *w, const uint32_t *spis, uint16_t n)
{
	uint16_t i;

	wr_u16(w, n);
	for (i = 0; i < n; i++)
		wr_u32(w, spis[i]);
}

uint16_t
conf_rd_spis(struct rd *r, uint32_t *spis)
{
	uint16_t n = rd_u16(r), i;

	if (n > CONF_KEYS_MAX) {
		r->failed = true;
		return 0;
	}
	for (i = 0; i < n; i++)
		spis[i] = rd_u32(r);
	return n;
}

void
conf_wr_backups(struct wr *w, const struct conf_backups *head)
{
	const struct conf_backup *b;

	CONF_LIST_COUNT(w, head, b);
	TAILQ_FOREACH(b, head, entry)
		wr_atm_addr(w, &b->addr);
}

void
conf_rd_backups(struct rd *r, struct conf_backups *head)
{
	struct conf_backup *b;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		CONF_LIST_ADD(r, head, b);
		if (b != NULL)
			conf_rd_endpoint(r, &b->addr);
	}
}

void
conf_wr_prefix(struct wr *w, const struct ip_prefix *p)
{
	wr_u8(w, p->v6);
	wr_u8(w, p->bits);
	wr_bytes(w, p->a, sizeof(p->a));
}

void
conf_rd_prefix(struct rd *r, struct ip_prefix *p)
{
	p->v6 = conf_rd_bool(r);
	p->bits = rd_u8(r);
	if (p->bits > (p->v6 ? 128 : 32))
		r->failed = true;
	rd_copy(r, p->a, sizeof(p->a));
}

void
conf_wr_prefixes(struct wr *w, const struct conf_prefixes *head)
{
	const struct conf_prefix *p;

	CONF_LIST_COUNT(w, head, p);
	TAILQ_FOREACH(p, head, entry)
		conf_wr_prefix(w, &p->prefix);
}

void
conf_rd_prefixes(struct rd *r, struct conf_prefixes *head)
{
	struct conf_prefix *p;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		CONF_LIST_ADD(r, head, p);
		if (p != NULL)
			conf_rd_prefix(r, &p->prefix);
	}
}

static void
wr_listens(struct wr *w, const struct conf *c)
{
	const struct conf_listen *l;

	CONF_LIST_COUNT(w, &c->listens, l);
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
		CONF_LIST_ADD(r, &c->listens, l);
		if (l == NULL)
			return;
		l->transport = rd_u8(r);
		if (l->transport > CONF_LISTEN_ATM_PVC)
			r->failed = true;
		conf_rd_endpoint(r, &l->addr);
		(void)rd_atm_addr(r, &l->peer);
		l->itf = rd_u16(r);
		l->vpi = rd_u16(r);
		l->vci = rd_u16(r);
		l->mtu = rd_u16(r);
		if (l->mtu != 0 && l->mtu < CONF_MTU_MIN)
			r->failed = true;
	}
}

static bool
neighbors_have_key(const struct conf_clusters *head, uint32_t spi)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;
	uint16_t i;

	TAILQ_FOREACH(cl, head, entry)
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			for (i = 0; i < n->nspis; i++)
				if (n->spis[i] == spi)
					return true;
	return false;
}

/* A key that nobody uses so far is scspd's, too: marsctl shows it. */
static bool
key_is_for(const struct conf *c, uint32_t spi, enum conf_reader reader)
{
	bool edge = conf_edges_have_key(c, spi);

	if (reader == CONF_FOR_EDGED)
		return edge;
	return reader == CONF_FOR_SCSPD &&
	    (!edge || neighbors_have_key(&c->clusters, spi) ||
	    neighbors_have_key(&c->groups, spi));
}

static void
wr_key(struct wr *w, const struct conf_key *k)
{
	wr_u32(w, k->spi);
	wr_u8(w, (uint8_t)k->algorithm);
	wr_u64(w, (uint64_t)k->not_before);
	wr_u64(w, (uint64_t)k->not_after);
	wr_u16(w, k->len);
	wr_bytes(w, k->secret, k->len);
}

static void
wr_keys(struct wr *w, const struct conf *c, enum conf_reader reader)
{
	const struct conf_key *k;
	uint32_t n = 0;

	TAILQ_FOREACH(k, &c->keys, entry)
		n += key_is_for(c, k->spi, reader);
	wr_u32(w, n);
	TAILQ_FOREACH(k, &c->keys, entry)
		if (key_is_for(c, k->spi, reader))
			wr_key(w, k);
}

static void
rd_keys(struct rd *r, struct conf *c)
{
	struct conf_key *k;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		CONF_LIST_ADD(r, &c->keys, k);
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
	wr_atm_addr(w, &n->addr);
	conf_wr_spis(w, n->spis, n->nspis);
	wr_u8(w, n->auth);
	wr_u8(w, n->replay_required);
	conf_wr_numbers(w, conf_neighbor_numbers, n);
}

static void
rd_neighbor(struct rd *r, struct conf_neighbor *n)
{
	conf_rd_endpoint(r, &n->addr);
	n->nspis = conf_rd_spis(r, n->spis);
	n->auth = conf_rd_bool(r);
	n->replay_required = conf_rd_bool(r);
	conf_rd_numbers(r, conf_neighbor_numbers, n);
}

static void
wr_neighbors(struct wr *w, const struct conf_cluster *cl)
{
	const struct conf_neighbor *n;

	CONF_LIST_COUNT(w, &cl->neighbors, n);
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

	wr_string(w, cl->name);
	wr_atm_addr(w, &cl->addr);
	conf_wr_numbers(w, conf_cluster_numbers, cl);
	wr_u8(w, (uint8_t)cl->redirect_order);
	wr_u8(w, cl->csn_before);
	wr_u8(w, cl->strict_source);
	wr_u8(w, cl->native_parties);
	CONF_LIST_COUNT(w, &cl->protocols, p);
	TAILQ_FOREACH(p, &cl->protocols, entry) {
		wr_u16(w, p->pro.type);
		wr_bytes(w, p->pro.snap, sizeof(p->pro.snap));
	}
	conf_wr_backups(w, &cl->backups);
	conf_wr_prefixes(w, &cl->allow);
	wr_neighbors(w, cl);
}

static void
wr_group(struct wr *w, const struct conf_cluster *g)
{
	wr_u16(w, g->protocol_id);
	conf_wr_numbers(w, conf_cluster_numbers, g);
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
	conf_rd_numbers(r, conf_cluster_numbers, g);
	rd_neighbors(r, g);
}

static void
rd_protocols(struct rd *r, struct conf_cluster *cl)
{
	struct conf_protocol *p;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		CONF_LIST_ADD(r, &cl->protocols, p);
		if (p == NULL)
			return;
		p->pro.type = rd_u16(r);
		rd_copy(r, p->pro.snap, sizeof(p->pro.snap));
	}
}

static void
rd_cluster(struct rd *r, struct conf *c)
{
	char name[NAME_SIZE];
	struct conf_cluster *cl;

	conf_rd_name(r, name, sizeof(name));
	if ((cl = conf_cluster_new(c, name)) == NULL) {
		r->failed = true;
		return;
	}
	conf_rd_endpoint(r, &cl->addr);
	conf_rd_numbers(r, conf_cluster_numbers, cl);
	if (cl->cmi_min > cl->cmi_max)
		r->failed = true;
	cl->redirect_order =
	    conf_rd_bool(r) ? CONF_ORDER_LOWEST : CONF_ORDER_SELF;
	cl->csn_before = conf_rd_bool(r);
	cl->strict_source = conf_rd_bool(r);
	cl->native_parties = conf_rd_bool(r);
	rd_protocols(r, cl);
	conf_rd_backups(r, &cl->backups);
	conf_rd_prefixes(r, &cl->allow);
	rd_neighbors(r, cl);
}

static void
wr_server(struct wr *w, const struct conf *c)
{
	const struct conf_cluster *cl;

	wr_listens(w, c);
	CONF_LIST_COUNT(w, &c->clusters, cl);
	TAILQ_FOREACH(cl, &c->clusters, entry)
		wr_cluster(w, cl);
	CONF_LIST_COUNT(w, &c->groups, cl);
	TAILQ_FOREACH(cl, &c->groups, entry)
		wr_group(w, cl);
	wr_u32(w, 0); /* edges */
}

void
conf_write(struct wr *w, const struct conf *c, enum conf_reader reader)
{
	wr_bytes(w, c->server_id, sizeof(c->server_id));
	wr_string(w, c->control);
	wr_string(w, c->user_marsd);
	wr_string(w, c->user_scspd);
	wr_string(w, c->user_edged);
	conf_wr_numbers(w, conf_numbers, c);
	wr_keys(w, c, reader);
	if (reader != CONF_FOR_EDGED) {
		wr_server(w, c);
		return;
	}
	/* no listener, cluster or group */
	wr_u32(w, 0);
	wr_u32(w, 0);
	wr_u32(w, 0);
	conf_wr_edges(w, c);
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
	conf_rd_name(r, c->control, sizeof(c->control));
	conf_rd_name(r, c->user_marsd, sizeof(c->user_marsd));
	conf_rd_name(r, c->user_scspd, sizeof(c->user_scspd));
	conf_rd_name(r, c->user_edged, sizeof(c->user_edged));
	conf_rd_numbers(r, conf_numbers, c);
	rd_keys(r, c);
	rd_listens(r, c);
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_cluster(r, c);
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_group(r, c);
	conf_rd_edges(r, c);
	if (!rd_done(r)) {
		conf_free(c);
		return NULL;
	}
	return c;
}
