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
written(uint8_t *buf, bool with_keys)
{
	struct conf *c = example();
	struct wr w;

	wr_init(&w, buf, SIZE);
	conf_write(&w, c, with_keys);
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
	assert_int_equal(c->base_port, 2022);
	assert_int_equal(c->enquiry_interval, 10);
	assert_int_equal(c->enquiry_max, 60);
	assert_int_equal(c->max_circuits, 131072);
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
	assert_int_equal(cl->max_members, 60000);
	assert_int_equal(cl->max_joins, 4096);
	assert_int_equal(cl->max_total, 200000);
	assert_int_equal(cl->max_groups, 200000);
	assert_int_equal(cl->max_servers, 256);
	assert_int_equal(cl->max_serve_range, 256);
	assert_int_equal(cl->rate, 200);
	assert_int_equal(cl->rate_total, 100000);
	assert_int_equal(cl->max_records, 2000000);
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
	size_t len = written(one, true);
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
	conf_write(&w, c, true);
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
	size_t len = written(buf, true);
	struct conf *c;
	struct rd r;

	(void)state;
	assert_non_null(find(buf, len, "secret", 6));
	len = written(buf, false);
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
	size_t len = written(buf, true), i;
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
	size_t len = written(buf, true), i, j, refused = 0;
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

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(defaults),
		cmocka_unit_test(round_trip), cmocka_unit_test(without_keys),
		cmocka_unit_test(truncated), cmocka_unit_test(damaged),
		cmocka_unit_test(ranges), cmocka_unit_test(algorithms) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
