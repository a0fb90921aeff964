/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A server group of another protocol than MARS, whose records are kept in
 * step without being understood (RFC 2334 section 1).
 * Node 0 is raw, 1 and 2 are servers; 1 and 2 are in a group of MARS as well,
 * with the same SGID.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

#define PID	5

static struct net *n;
static struct scsp_neighbor *nb;	/* node 0, as node 1 sees it */

static struct scsp_group *
group(int node)
{
	return scsp_group_get(n->node[node].s, PID, NET_SGID);
}

static struct scsp_entry *
entry(int node, int owner, uint32_t key)
{
	return scsp_cache_find(
	    &group(node)->cache, RECORD_ID(RAW_ID(owner), key));
}

static void
neighbor(struct conf_cluster *g, int to)
{
	struct conf_neighbor *cn = conf_neighbor_new(g);

	assert_non_null(cn);
	net_addr(&cn->addr, to);
	cn->auth = false;
}

/* what raw_begin() and the others wrote, of the other protocol */
static void
done(struct rawpkt *p)
{
	p->b[p->common + 1] = PID;
	raw_done(n, 0, p);
}

static void
ca(uint32_t seq)
{
	struct rawpkt p;

	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, seq);
	raw_common(&p, 0, RAW_ID(0), RAW_ID(1));
	done(&p);
}

/* one record in a CSU Request */
static void
say(int owner, uint32_t key, int32_t seq, const char *data)
{
	struct rawpkt p;

	raw_begin(&p, 2, RAW_ID(0), RAW_ID(1));
	raw_record(&p, 9, RAW_ID(owner), key, seq, false, data);
	done(&p);
	net_run(n, 50);
}

static void
begin(void)
{
	struct conf_cluster *g;
	struct rawpkt p;
	int i;

	n = net_new(7, 3);
	n->node[0].raw = true;
	for (i = 1; i < 3; i++) {
		node_conf(&n->node[i]);
		node_conf_neighbor(&n->node[i], 3 - i);
		g = conf_group_new(n->node[i].conf, NET_SGID, PID);
		assert_non_null(g);
		g->hop_count = 7;
		neighbor(g, 3 - i);
		if (i == 1)
			neighbor(g, 0);
	}
	net_start(n);
	net_run(n, 3500);
	TAILQ_FOREACH(nb, &group(1)->neighbors, of_group)
		if (atm_addr_equal(&nb->peer->addr, &n->node[0].link.local))
			break;
	assert_non_null(nb);
	raw_begin(&p, 5, 0, 0);
	raw_put(&p, 4, 0x02580258);
	raw_put(&p, 4, 0);
	raw_common(&p, 0, RAW_ID(0), RAW_ID(1));
	done(&p);
	ca(nb->ca_seq);
	ca(nb->ca_seq);
	assert_int_equal(nb->align, SCSP_ALIGN_ALIGNED);
	raw_clear(n, 0);
}

/*
 * R2334-1-01, R2334-B.2.0.1-02, R2334-B.2.0.1-03: whatever is in them,
 * records go on to who is in that group, and nowhere else; those in our own
 * name too, as nobody here originates any.
 */
static void
opaque_records_go_on_within_their_group(void **state)
{
	const struct heard *h;
	int i;

	(void)state;
	begin();
	say(0, 4, 10, "?\xff\x01 whatever");
	say(1, 4, 3, "in the name of 1");
	say(2, 5, 3, NULL);
	for (i = 1; i < 3; i++) {
		assert_int_equal(group(i)->cache.count, 3);
		assert_int_equal(entry(i, 0, 4)->seq, 10);
		assert_memory_equal(
		    entry(i, 0, 4)->data, "?\xff\x01 whatever", 12);
		assert_int_equal(entry(i, 1, 4)->len, 16);
		assert_int_equal(entry(i, 2, 5)->len, 0);
		assert_int_equal(node_group(&n->node[i])->cache.count, 0);
		/* marsd hears of its own group only */
		assert_int_equal(n->node[i].ups, 1);
		assert_int_equal(n->node[i].updates, 0);
		assert_int_equal(n->node[i].owns, 0);
	}
	h = raw_nth(n, 0, 3, 0);
	assert_non_null(h);
	assert_int_equal(raw_get(h, 8, 2), PID);
	assert_int_equal(raw_get(h, 10, 2), NET_SGID);
	/* a newer one takes its place; one of MARS does not belong here */
	say(0, 4, 11, "new");
	assert_memory_equal(entry(2, 0, 4)->data, "new", 3);
	raw_hello(n, 0, 3, 3, RAW_ID(0), RAW_ID(1));
	assert_int_equal(n->node[1].s->drops[SCSP_DROP_GROUP], 1);
	/* and the other group works on */
	node_publish(&n->node[1], 4, "mars");
	net_run(n, 50);
	assert_memory_equal(node_entry(&n->node[2], 1, 4)->data, "Jmars", 5);
	assert_int_equal(entry(2, 1, 4)->len, 16);
	net_free(n);
}

/* 2^31-1 purges, whatever is in it (R2334-B.2.0.2-18). */
static void
the_last_number_purges_opaque_records(void **state)
{
	(void)state;
	begin();
	say(0, 4, 10, "x");
	assert_non_null(entry(2, 0, 4));
	say(0, 4, INT32_MAX, "gone");
	assert_null(entry(1, 0, 4));
	assert_null(entry(2, 0, 4));
	assert_int_equal(n->node[1].gones + n->node[2].gones, 0);
	say(0, 4, SEQ_FIRST, "again");
	assert_int_equal(entry(2, 0, 4)->seq, SEQ_FIRST);
	net_free(n);
}

/* The largest that any neighbor can be sent, and one that is larger. */
static void
what_fits_into_a_packet_is_passed_on(void **state)
{
	static char data[CONTENTS_MAX + 2];

	(void)state;
	begin();
	memset(data, 'x', CONTENTS_MAX);
	say(0, 4, 10, data);
	assert_int_equal(entry(2, 0, 4)->len, CONTENTS_MAX);
	data[CONTENTS_MAX] = 'x';
	say(0, 5, 10, data);
	assert_null(entry(2, 0, 5));
	assert_int_equal(nb->drops[SCSP_DROP_RECORD_STRANGE], 1);
	assert_int_equal(raw_count(n, 0, 3), 2); /* */
	net_run(n, 20000);
	assert_int_equal(nb->align, SCSP_ALIGN_ALIGNED);
	assert_true(net_aligned(n));
	net_free(n);
}

/* What a configuration has no more goes; marsd has never known it. */
static void
a_group_no_longer_configured_goes(void **state)
{
	struct conf_cluster *g;

	(void)state;
	begin();
	say(0, 4, 10, "x");
	g = TAILQ_FIRST(&n->node[1].conf->groups);
	TAILQ_REMOVE(&n->node[1].conf->groups, g, entry);
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	assert_null(group(1));
	assert_non_null(node_group(&n->node[1]));
	TAILQ_INSERT_TAIL(&n->node[1].conf->groups, g, entry);
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	net_run(n, 20000); /* and it comes again, from 2 */
	assert_non_null(entry(1, 0, 4));
	assert_int_equal(n->node[1].downs, 0);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opaque_records_go_on_within_their_group),
		cmocka_unit_test(the_last_number_purges_opaque_records),
		cmocka_unit_test(what_fits_into_a_packet_is_passed_on),
		cmocka_unit_test(a_group_no_longer_configured_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
