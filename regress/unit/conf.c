/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "conf.h"

#define SIZE	8192

static struct atm_addr
endpoint(uint8_t last, uint8_t sel)
{
	struct atm_addr a;

	memset(&a, 0, sizeof(a));
	a.num_tl = NSAPA_LEN;
	a.num[0] = 0x35;
	a.num[2] = 0x01;
	a.num[3] = 192;
	a.num[5] = 2;
	a.num[6] = last;
	a.num[19] = sel;
	return a;
}

#define ADD(head, item) do { \
	item = calloc(1, sizeof(*item)); \
	assert_non_null(item); \
	TAILQ_INSERT_TAIL(head, item, entry); \
} while (0)

/* Two listeners, two keys, two clusters; no number has its default. */
static struct conf *
example(void)
{
	struct conf *c = conf_new();
	struct conf_listen *l;
	struct conf_key *k;
	struct conf_cluster *cl;
	struct conf_protocol *p;
	struct conf_backup *b;
	struct conf_prefix *a;
	struct conf_neighbor *n;

	assert_non_null(c);
	memcpy(c->server_id, "\xc0\x00\x02\x01", 4);
	c->base_port = 20220;
	c->enquiry_interval = 2;
	c->enquiry_max = 90;
	c->max_circuits = 70000;
	(void)strlcpy(c->control, "/run/m", sizeof(c->control));
	ADD(&c->listens, l);
	l->addr = endpoint(1, 0);
	l->mtu = 1420;
	ADD(&c->listens, l);
	l->transport = CONF_LISTEN_ATM_PVC;
	l->addr = endpoint(3, 0);
	l->peer = endpoint(4, 0);
	l->itf = 1;
	l->vpi = 2;
	l->vci = 100;
	ADD(&c->keys, k);
	k->spi = 257;
	k->algorithm = CONF_HMAC_SHA256;
	k->not_before = 1000;
	k->not_after = INT64_MAX;
	k->len = 6;
	memcpy(k->secret, "secret", 6);
	ADD(&c->keys, k);
	k->spi = UINT32_MAX;
	k->algorithm = CONF_HMAC_SHA512;
	k->len = KEY_SIZE;
	memset(k->secret, 0x5a, KEY_SIZE);

	cl = conf_cluster_new(c, "lis1");
	assert_non_null(cl);
	cl->addr = endpoint(1, 0);
	cl->cmi_min = 7;
	cl->cmi_max = 4095;
	cl->redirect_order = CONF_ORDER_LOWEST;
	cl->csn_before = true;
	cl->strict_source = false;
	ADD(&cl->protocols, p);
	p->pro.type = PRO_SNAP;
	memcpy(p->pro.snap, "\x01\x02\x03\x04\x05", 5);
	ADD(&cl->backups, b);
	b->addr = endpoint(200, 0);
	ADD(&cl->allow, a);
	a->prefix.bits = 24;
	memcpy(a->prefix.a, "\xc0\x00\x02\x00", 4);
	n = conf_neighbor_new(cl);
	assert_non_null(n);
	n->addr = endpoint(2, 1);
	n->nspis = 2;
	n->spis[0] = 257;
	n->spis[1] = UINT32_MAX;
	n->replay_required = true;
	n->hello_interval = 1;
	n = conf_neighbor_new(cl);
	assert_non_null(n);
	n->addr = endpoint(5, 1);
	n->auth = false;

	cl = conf_cluster_new(c, "lis2");
	assert_non_null(cl);
	cl->addr = endpoint(1, 2);
	cl->server_group = 9;

	cl = conf_group_new(c, 8, 5);
	assert_non_null(cl);
	cl->hop_count = 3;
	n = conf_neighbor_new(cl);
	assert_non_null(n);
	n->addr = endpoint(6, 1);
	n->auth = false;
	return c;
}

static size_t
written(uint8_t *buf, enum conf_reader reader)
{
	struct conf *c = example();
	struct wr w;

	wr_init(&w, buf, SIZE);
	conf_write(&w, c, reader);
	assert_false(wr_failed(&w));
	conf_free(c);
	return w.len;
}

/* 3 s, 3, 3 s, 5: 240, 240, 600 s, 16 hops. */
static void
defaults(void **state)
{
	struct conf *c = conf_new();
	struct conf_cluster *cl;
	struct conf_neighbor *n;

	(void)state;
	assert_non_null(c);
	cl = conf_cluster_new(c, "x");
	assert_non_null(cl);
	n = conf_neighbor_new(cl);
	assert_non_null(n);
	assert_string_equal(c->control, "/var/run/mars");
	assert_string_equal(c->user_marsd, "_marsd");
	assert_string_equal(c->user_scspd, "_scspd");
	assert_string_equal(c->user_edged, "_edged");
	assert_int_equal(c->base_port, 2022);
	assert_int_equal(c->enquiry_interval, 10);
	assert_int_equal(c->enquiry_max, 60);
	assert_int_equal(c->max_circuits, 32768);
	assert_int_equal(c->circuits_per_address, 64);
	assert_int_equal(cl->server_group, 1);
	assert_int_equal(cl->cmi_min, 1);
	assert_int_equal(cl->cmi_max, 65535);
	assert_int_equal(cl->redirect_interval, 60);
	assert_int_equal(cl->redirect_dead, 240);
	assert_int_equal(cl->redirect_order, CONF_ORDER_SELF);
	assert_int_equal(cl->tombstone, 600);
	assert_int_equal(cl->hold, 240);
	assert_int_equal(cl->hop_count, 16);
	assert_false(cl->csn_before);
	assert_true(cl->strict_source);
	assert_false(cl->native_parties);
	assert_int_equal(cl->max_members, 16000);
	assert_int_equal(cl->max_joins, 4096);
	assert_int_equal(cl->max_total, 100000);
	assert_int_equal(cl->max_groups, 100000);
	assert_int_equal(cl->max_servers, 256);
	assert_int_equal(cl->max_serve_range, 65536);
	assert_int_equal(cl->rate, 200);
	assert_int_equal(cl->rate_total, 100000);
	assert_int_equal(cl->max_records, 150000);
	assert_true(n->auth);
	assert_false(n->replay_required);
	assert_int_equal(n->hello_interval, 3);
	assert_int_equal(n->dead_factor, 3);
	assert_int_equal(n->csu_batch, 0);
	assert_int_equal(n->rexmt_ca, 3);
	assert_int_equal(n->rexmt_csus, 3);
	assert_int_equal(n->rexmt_csu, 3);
	assert_int_equal(n->rexmt_limit, 5);
	conf_free(c);
}

/* What was written is read, and written again it is the same octets. */
static void
round_trip(void **state)
{
	uint8_t one[SIZE], two[SIZE];
	size_t len = written(one, CONF_FOR_SCSPD);
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;
	const struct conf_listen *l;
	const struct conf_key *k;
	struct conf *c;
	struct rd r;
	struct wr w;

	(void)state;
	rd_init(&r, one, len);
	c = conf_read(&r);
	assert_non_null(c);
	assert_memory_equal(c->server_id, "\xc0\x00\x02\x01", 4);
	assert_int_equal(c->base_port, 20220);
	assert_int_equal(c->enquiry_max, 90);
	assert_int_equal(TAILQ_FIRST(&c->listens)->mtu, 1420);
	assert_int_equal(c->max_circuits, 70000);
	assert_string_equal(c->control, "/run/m");
	l = TAILQ_LAST(&c->listens, conf_listens);
	assert_int_equal(l->transport, CONF_LISTEN_ATM_PVC);
	assert_int_equal(l->vci, 100);
	assert_int_equal(l->peer.num[6], 4);
	k = conf_key_find(c, 257);
	assert_non_null(k);
	assert_int_equal(k->len, 6);
	assert_memory_equal(k->secret, "secret", 6);
	assert_true(k->not_after == INT64_MAX);
	assert_null(conf_key_find(c, 256));
	cl = conf_cluster_find(c, "lis1");
	assert_non_null(cl);
	assert_int_equal(cl->redirect_order, CONF_ORDER_LOWEST);
	assert_false(cl->strict_source);
	assert_int_equal(TAILQ_FIRST(&cl->protocols)->pro.snap[4], 5);
	assert_int_equal(TAILQ_FIRST(&cl->allow)->prefix.bits, 24);
	n = TAILQ_FIRST(&cl->neighbors);
	assert_int_equal(n->nspis, 2);
	assert_true(n->spis[1] == UINT32_MAX);
	assert_true(n->auth && n->replay_required);
	assert_false(TAILQ_NEXT(n, entry)->auth);
	assert_int_equal(conf_cluster_find(c, "lis2")->server_group, 9);
	assert_null(conf_cluster_find(c, "lis"));
	cl = TAILQ_FIRST(&c->groups);
	assert_non_null(cl);
	assert_int_equal(cl->server_group, 8);
	assert_int_equal(cl->protocol_id, 5);
	assert_int_equal(cl->hop_count, 3);
	assert_int_equal(TAILQ_FIRST(&cl->neighbors)->addr.num[6],
	    TAILQ_FIRST(&conf_cluster_find(c, "lis1")->neighbors)->addr.num[6] +
	    4);
	assert_null(TAILQ_NEXT(cl, entry));
	assert_int_equal(TAILQ_FIRST(&c->clusters)->protocol_id, 3);

	wr_init(&w, two, sizeof(two));
	conf_write(&w, c, CONF_FOR_SCSPD);
	assert_int_equal(w.len, len);
	assert_memory_equal(one, two, len);
	conf_free(c);
}

static const uint8_t *
find(const uint8_t *p, size_t len, const char *what, size_t n)
{
	return memmem(p, len, what, n);
}

/* The secrets go to scspd only. */
static void
without_keys(void **state)
{
	uint8_t buf[SIZE];
	size_t len = written(buf, CONF_FOR_SCSPD);
	struct conf *c;
	struct rd r;

	(void)state;
	assert_non_null(find(buf, len, "secret", 6));
	len = written(buf, CONF_FOR_MARSD);
	assert_null(find(buf, len, "secret", 6));
	rd_init(&r, buf, len);
	c = conf_read(&r);
	assert_non_null(c);
	assert_true(TAILQ_EMPTY(&c->keys));
	conf_free(c);
}

/* Cut at every octet, and with one too many, it is malformed. */
static void
truncated(void **state)
{
	uint8_t buf[SIZE], *cut;
	size_t len = written(buf, CONF_FOR_SCSPD), i;
	struct rd r;

	(void)state;
	for (i = 0; i < len; i++) {
		/* a copy of its own, so that the sanitizer sees its end */
		cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut, buf, i);
		rd_init(&r, cut, i);
		assert_null(conf_read(&r));
		free(cut);
	}
	buf[len] = 0;
	rd_init(&r, buf, len + 1);
	assert_null(conf_read(&r));
}

/* Any one octet changed: refused, or a configuration that obeys the rules. */
static void
damaged(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	const struct conf_cluster *cl;
	const struct conf_number *n;
	uint8_t buf[SIZE], old;
	size_t len = written(buf, CONF_FOR_SCSPD), i, j, refused = 0;
	struct conf *c;
	struct rd r;

	(void)state;
	for (i = 0; i < len; i++) {
		old = buf[i];
		for (j = 0; j < sizeof(values); j++) {
			buf[i] = values[j];
			rd_init(&r, buf, len);
			if ((c = conf_read(&r)) == NULL) {
				refused++;
				continue;
			}
			TAILQ_FOREACH(cl, &c->clusters, entry) {
				assert_true(cl->cmi_min <= cl->cmi_max);
				for (n = conf_cluster_numbers; n->name != NULL;
				    n++)
					assert_in_range(conf_number_get(n, cl),
					    n->min, n->max);
			}
			conf_free(c);
		}
		buf[i] = old;
	}
	assert_true(refused > len);
}

/* The ends of a range are inside it; what is outside changes nothing. */
static void
ranges(void **state)
{
	struct conf *c = conf_new();
	struct conf_cluster *cl;
	const struct conf_number *n;

	(void)state;
	assert_non_null(c);
	cl = conf_cluster_new(c, "x");
	assert_non_null(cl);
	for (n = conf_cluster_numbers; n->name != NULL; n++) {
		assert_in_range(n->dflt, n->min, n->max);
		assert_true(conf_number_set(n, cl, n->min));
		assert_int_equal(conf_number_get(n, cl), n->min);
		assert_true(conf_number_set(n, cl, n->max));
		assert_false(conf_number_set(n, cl, (uint64_t)n->max + 1));
		assert_false(conf_number_set(n, cl, (uint64_t)n->min - 1));
		assert_false(conf_number_set(n, cl, (1ULL << 32) + n->min));
		assert_true(conf_number_get(n, cl) == n->max);
	}
	conf_free(c);
}

/* --- edges */

static void
add_prefix(struct conf_prefixes *head, const char *text)
{
	struct conf_prefix *p;

	ADD(head, p);
	assert_true(ip_prefix_parse_address(&p->prefix, text));
}

static void
set_prefix(struct ip_prefix *p, const char *text)
{
	assert_true(ip_prefix_parse(p, text));
}

/* Adds one with a LAN and a tun; no number has its default. */
static void
add_edge(struct conf *c)
{
	struct conf_edge *e = conf_edge_new(c, "site7");
	struct conf_backup *b;
	struct conf_allow *a;
	struct conf_rule *g;
	struct conf_lan *l;

	assert_non_null(e);
	(void)strlcpy(e->cluster, "blue", sizeof(e->cluster));
	e->addr = endpoint(7, 16);
	ADD(&e->servers, b);
	b->addr = endpoint(1, 0);
	ADD(&e->servers, b);
	b->addr = endpoint(2, 0);
	e->ipv4 = true;
	e->df = false;
	e->path = CONF_PATH_KERNEL;
	e->mtu = 1400;
	e->queue = 20;
	e->hello_port = 2021;
	e->max_flows = 5;
	e->nspis = 2;
	e->spis[0] = 300;
	e->spis[1] = 257;
	ADD(&e->allows, a);
	set_prefix(&a->group, "239.0.0.0/8");
	a->has_source = true;
	set_prefix(&a->source, "10.0.0.0/8");
	a->dirs = CONF_DIR_OUT;
	add_prefix(&e->link_locals, "224.0.0.251");
	add_prefix(&e->serves, "239.2.0.0/16");
	assert_non_null(g = conf_rule_new(e));
	set_prefix(&g->group, "239.1.0.0/16");
	g->rate = 20000000;
	g->ttl_min = 2;
	g->dscp = 46;
	l = conf_lan_new(e, "eth1", false);
	assert_non_null(l);
	l->querier = false;
	l->forward = CONF_FORWARD_NEVER;
	l->priority = 7;
	l->igmp = 2;
	l->query_leave = 200;
	l->max_hosts = 9;
	l->rate = CONF_RATE_MAX;
	add_prefix(&l->sources, "10.1.7.0/24");
	add_prefix(&l->statics, "239.1.1.1");
	l = conf_lan_new(e, "mars0", true);
	assert_non_null(l);
	add_prefix(&l->addrs, "10.1.7.254/24");
}

/* All that there is: example(), and an edge with a key of its own. */
static size_t
written_with_edge(uint8_t *buf, enum conf_reader reader)
{
	struct conf *c = example();
	struct conf_key *k;
	struct wr w;

	ADD(&c->keys, k);
	k->spi = 300;
	k->algorithm = CONF_HMAC_SHA256;
	k->len = 5;
	memcpy(k->secret, "hello", 5);
	add_edge(c);
	wr_init(&w, buf, SIZE);
	conf_write(&w, c, reader);
	assert_false(wr_failed(&w));
	conf_free(c);
	return w.len;
}

static struct conf *
read_for(enum conf_reader reader)
{
	uint8_t buf[SIZE];
	size_t len = written_with_edge(buf, reader);
	struct conf *c;
	struct rd r;

	rd_init(&r, buf, len);
	c = conf_read(&r);
	assert_non_null(c);
	return c;
}

static void
edge_defaults(void **state)
{
	struct conf *c = conf_new();
	struct conf_edge *e;
	struct conf_rule *g;
	struct conf_lan *l;

	(void)state;
	assert_non_null(c);
	assert_non_null(e = conf_edge_new(c, "e"));
	assert_int_equal(e->mtu, 1348);
	assert_int_equal(e->queue, 50);
	assert_int_equal(e->hello_port, 1021);
	assert_int_equal(e->max_flows, 4096);
	assert_int_equal(e->path, CONF_PATH_AUTO);
	assert_true(e->df && !e->ipv4 && !e->ipv6);
	assert_non_null(g = conf_rule_new(e));
	assert_int_equal(g->ttl_min, 1);
	assert_int_equal(g->dscp, CONF_DSCP_COPY);
	assert_true(g->rate == 0);
	assert_non_null(l = conf_lan_new(e, "eth1", false));
	assert_true(l->querier && l->discovery && l->fast_leave);
	assert_int_equal(l->forward, CONF_FORWARD_ELECTED);
	assert_int_equal(l->priority, 100);
	assert_int_equal(l->igmp, 3);
	assert_int_equal(l->mld, 2);
	/* RFC 9776 section 8 */
	assert_int_equal(l->query_interval, 125);
	assert_int_equal(l->query_response, 10000);
	assert_int_equal(l->query_leave, 1000);
	assert_int_equal(l->leave_count, 2);
	assert_int_equal(l->robustness, 2);
	assert_int_equal(l->max_groups, 256);
	assert_int_equal(l->max_sources, 64);
	assert_int_equal(l->max_host_groups, 128);
	assert_int_equal(l->max_hosts, 32);
	assert_int_equal(l->new_flows, 250);
	assert_true(l->rate == 0 && l->source_rate == 0);
	assert_non_null(l = conf_lan_new(e, "mars0", true));
	assert_int_equal(l->forward, CONF_FORWARD_ALWAYS);
	conf_free(c);
}

/* What edged reads is what there was, and written again the same octets. */
static void
edge_round_trip(void **state)
{
	uint8_t one[SIZE], two[SIZE];
	size_t len = written_with_edge(one, CONF_FOR_EDGED);
	struct conf *c = read_for(CONF_FOR_EDGED);
	const struct conf_allow *a;
	struct conf_edge *e, *of;
	struct conf_lan *l;
	struct wr w;

	(void)state;
	e = conf_edge_find(c, "site7");
	assert_non_null(e);
	assert_null(conf_edge_find(c, "site"));
	assert_string_equal(e->cluster, "blue");
	assert_int_equal(atm_addr_sel(&e->addr), 16);
	assert_true(e->ipv4 && !e->ipv6 && !e->df);
	assert_int_equal(e->path, CONF_PATH_KERNEL);
	assert_int_equal(e->mtu, 1400);
	assert_int_equal(e->queue, 20);
	assert_int_equal(e->nspis, 2);
	assert_int_equal(e->spis[1], 257);
	a = TAILQ_FIRST(&e->allows);
	assert_int_equal(a->group.bits, 8);
	assert_true(a->has_source && a->source.a[0] == 10);
	assert_int_equal(a->dirs, CONF_DIR_OUT);
	assert_true(TAILQ_FIRST(&e->rules)->rate == 20000000);
	assert_int_equal(TAILQ_FIRST(&e->rules)->dscp, 46);
	l = conf_lan_find(c, "eth1", &of);
	assert_non_null(l);
	assert_ptr_equal(of, e);
	assert_true(!l->tun && !l->querier && l->discovery);
	assert_int_equal(l->forward, CONF_FORWARD_NEVER);
	assert_true(l->rate == CONF_RATE_MAX);
	assert_int_equal(TAILQ_FIRST(&l->statics)->prefix.bits, 32);
	l = conf_lan_find(c, "mars0", NULL);
	assert_non_null(l);
	assert_true(l->tun);
	assert_int_equal(TAILQ_FIRST(&l->addrs)->prefix.a[3], 254);
	assert_null(conf_lan_find(c, "eth2", NULL));
	wr_init(&w, two, sizeof(two));
	conf_write(&w, c, CONF_FOR_EDGED);
	assert_int_equal(w.len, len);
	assert_memory_equal(one, two, len);
	conf_free(c);
}

/* Each child gets what it needs, and the keys that it uses. */
static void
to_whom(void **state)
{
	struct conf *c = read_for(CONF_FOR_EDGED);

	(void)state;
	assert_false(conf_has_server(c));
	assert_true(TAILQ_EMPTY(&c->listens));
	assert_non_null(conf_key_find(c, 300));
	assert_non_null(conf_key_find(c, 257));
	assert_null(conf_key_find(c, UINT32_MAX));
	conf_free(c);
	c = read_for(CONF_FOR_SCSPD);
	assert_true(TAILQ_EMPTY(&c->edges));
	assert_true(conf_has_server(c));
	assert_null(conf_key_find(c, 300));
	assert_non_null(conf_key_find(c, 257));
	assert_non_null(conf_key_find(c, UINT32_MAX));
	conf_free(c);
	c = read_for(CONF_FOR_MARSD);
	assert_true(TAILQ_EMPTY(&c->edges));
	assert_true(TAILQ_EMPTY(&c->keys));
	assert_non_null(conf_cluster_find(c, "lis1"));
	conf_free(c);
}

static void
edge_truncated(void **state)
{
	uint8_t buf[SIZE], *cut;
	size_t len = written_with_edge(buf, CONF_FOR_EDGED), i;
	struct rd r;

	(void)state;
	for (i = 0; i < len; i++) {
		cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut, buf, i);
		rd_init(&r, cut, i);
		assert_null(conf_read(&r));
		free(cut);
	}
}

static void
obeys(const struct conf_number *n, const void *base)
{
	for (; n->name != NULL; n++)
		assert_in_range(conf_number_get(n, base), n->min, n->max);
}

/* Any one octet changed: refused, or within the rules. */
static void
edge_damaged(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint8_t buf[SIZE], old;
	size_t len = written_with_edge(buf, CONF_FOR_EDGED), i, j, refused = 0;
	const struct conf_edge *e;
	const struct conf_allow *a;
	const struct conf_lan *l;
	struct conf *c;
	struct rd r;

	(void)state;
	for (i = 0; i < len; i++) {
		old = buf[i];
		for (j = 0; j < sizeof(values); j++) {
			buf[i] = values[j];
			rd_init(&r, buf, len);
			if ((c = conf_read(&r)) == NULL) {
				refused++;
				continue;
			}
			TAILQ_FOREACH(e, &c->edges, entry) {
				obeys(conf_edge_numbers, e);
				assert_true(e->ipv4 || e->ipv6);
				assert_true(e->nspis <= CONF_KEYS_MAX);
				TAILQ_FOREACH(a, &e->allows, entry)
					assert_true(a->dirs != 0 &&
					    ip_prefix_multicast(&a->group));
				TAILQ_FOREACH(l, &e->lans, entry) {
					obeys(conf_lan_numbers, l);
					assert_true(l->rate <= CONF_RATE_MAX);
					assert_true(l->forward <
					    CONF_FORWARD_MAX);
				}
			}
			conf_free(c);
		}
		buf[i] = old;
	}
	assert_true(refused > len);
}

static void
algorithms(void **state)
{
	enum conf_algorithm a;

	(void)state;
	assert_string_equal(conf_algorithm_name(CONF_HMAC_MD5), "hmac-md5");
	assert_string_equal(
	    conf_algorithm_name(CONF_HMAC_SHA384), "hmac-sha384");
	assert_true(conf_algorithm_find("hmac-sha512", &a));
	assert_int_equal(a, CONF_HMAC_SHA512);
	assert_false(conf_algorithm_find("hmac-sha1", &a));
}

/* Until when there is always a key, of those that begin and end so. */
static void
keys_follow_each_other(void **state)
{
	static const struct {
		struct conf_period v[3];
		size_t n;
		int64_t end;
	} t[] = {
		{ { { 0, 0 } }, 1, 0 },
		{ { { 0, 150 } }, 1, 150 },
		{ { { 0, 99 } }, 1, 99 },	 /* none is valid at 100 */
		{ { { 101, 0 } }, 1, 99 },	 /* not yet */
		{ { { 100, 100 } }, 1, 100 },
		{ { { 0, 150 }, { 151, 0 } }, 2, 0 },
		{ { { 0, 150 }, { 152, 0 } }, 2, 150 }, /* a gap of 1 s */
		{ { { 180, 300 }, { 140, 200 }, { 50, 150 } }, 3, 300 },
		{ { { 50, 300 }, { 60, 120 } }, 2, 300 },
		{ { { 10, 20 }, { 30, 40 } }, 2, 99 },
		{ { { 0, 0 } }, 0, 99 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(
		    conf_periods_end(t[i].v, t[i].n, 100), t[i].end);
	/* a clock that has never been set may be before 1970 */
	assert_true(conf_period_has(&(struct conf_period){ 0, 0 }, -5));
	assert_true(conf_period_has(&(struct conf_period){ 0, 9 }, -5));
	assert_false(conf_period_has(&(struct conf_period){ 1, 9 }, -5));
}

/*
 * R2334-B.3.1.3-02, A-82: the first that is a minute away from its begin and
 * its end signs, else the one that is furthest from them.
 */
static void
a_key_signs_away_from_its_begin_and_its_end(void **state)
{
	static const struct {
		struct conf_period v[3];
		size_t n, signs;
	} t[] = {
		{ { { 0, 0 } }, 0, 0 },
		{ { { 0, 0 } }, 1, 0 },
		{ { { 0, 999 } }, 1, 1 },		/* has ended */
		{ { { 1001, 0 } }, 1, 1 },		/* not yet */
		{ { { 1000, 1000 } }, 1, 0 },		/* no other */
		{ { { 0, 0 }, { 0, 0 } }, 2, 0 },	/* by their order */
		/* one goes, and the other has no end, or is older */
		{ { { 0, 1060 }, { 0, 0 } }, 2, 0 },
		{ { { 0, 1059 }, { 0, 0 } }, 2, 1 },
		{ { { 0, 1059 }, { 940, 0 } }, 2, 1 },
		{ { { 0, 1059 }, { 941, 0 } }, 2, 0 },	/* 59 and 59 */
		{ { { 0, 1058 }, { 941, 0 } }, 2, 1 },	/* 58 and 59 */
		/* the same with the newest first */
		{ { { 940, 0 }, { 0, 1060 } }, 2, 0 },
		{ { { 941, 0 }, { 0, 1060 } }, 2, 1 },
		/* both are valid for 4 s: until their middle */
		{ { { 0, 1003 }, { 1000, 0 } }, 2, 0 },
		{ { { 0, 1002 }, { 999, 0 } }, 2, 0 },
		{ { { 0, 1001 }, { 998, 0 } }, 2, 1 },
		{ { { 0, 1000 }, { 997, 0 } }, 2, 1 },
		/* what has ended or not begun is none, however the others */
		{ { { 0, 999 }, { 1000, 1000 }, { 1001, 0 } }, 3, 1 },
		{ { { 995, 2000 }, { 0, 1010 }, { 0, 1011 } }, 3, 2 },
		/* also before 1970 */
		{ { { 1, 0 }, { 0, 1 } }, 2, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]) - 1; i++)
		assert_int_equal(
		    conf_periods_sign(t[i].v, t[i].n, 1000), t[i].signs);
	assert_int_equal(conf_periods_sign(t[i].v, t[i].n, -5), t[i].signs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(defaults),
		cmocka_unit_test(round_trip), cmocka_unit_test(without_keys),
		cmocka_unit_test(truncated), cmocka_unit_test(damaged),
		cmocka_unit_test(ranges), cmocka_unit_test(algorithms),
		cmocka_unit_test(keys_follow_each_other),
		cmocka_unit_test(a_key_signs_away_from_its_begin_and_its_end),
		cmocka_unit_test(edge_defaults),
		cmocka_unit_test(edge_round_trip), cmocka_unit_test(to_whom),
		cmocka_unit_test(edge_truncated),
		cmocka_unit_test(edge_damaged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
