/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the limits allow in memory: the arithmetic, and the objects counted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "conf_memory.h"
#include "nvc_impl.h"
#include "ctlserver.h"
#include "edged/edge_impl.h"
#include "kpath.h"
#include "lanif.h"
#include "marsc/client.h"
#include "vc_atm.h"
#include "marsd/caller.h"
#include "marsd/circuit.h"
#include "marsd/cluster.h"
#include "marsd/entry.h"
#include "marsd/group.h"
#include "marsd/member.h"
#include "parent/parent.h"
#include "parent/parser.h"
#include "scspd/cache.h"
#include "scspd/hold.h"
#include "scspd/neighbor.h"
#include "scspd/queue.h"
#include "scspd/solicit.h"

#define MB	UINT64_C(1000000)

/*
 * As malloc(3) does it at worst, from a slab, of which a fifth may not be in
 * use yet, and half full nodes of a B+-tree with keys of so many octets; and a
 * range of addresses of so many.
 */
#define HEAP(type)	(sizeof(struct type) + 24)
#define EIGHTS(octets)	(((octets) + 7) / 8 * 8)
#define SMALL(type)	EIGHTS(sizeof(struct type))
#define SLAB_OF(octets)	(EIGHTS(octets) * 5 / 4)
#define SLAB(type)	SLAB_OF(sizeof(struct type))
#define BLOCK		(2U << 20)	/* of a pool of 24 MB or more */
#define BTREE(octets)	(2 * ((octets) + sizeof(uint32_t)))
#define RANGE(len) \
	SLAB_OF(offsetof(struct marsd_range, span) + MARSD_SPAN_LEN(len))
#define CONTENTS	SLAB_OF(48 + 24) /* of a record of a join */

static struct conf *
conf_of(uint32_t protocols, uint32_t neighbors)
{
	struct conf *c = conf_new();
	struct conf_cluster *cl = conf_cluster_new(c, "c");
	struct conf_listen *l = calloc(1, sizeof(*l));
	struct conf_protocol *p;

	assert_true(c != NULL && cl != NULL && l != NULL);
	TAILQ_INSERT_TAIL(&c->listens, l, entry);
	for (; protocols > 0; protocols--) {
		p = calloc(1, sizeof(*p));
		assert_non_null(p);
		TAILQ_INSERT_TAIL(&cl->protocols, p, entry);
	}
	for (; neighbors > 0; neighbors--)
		assert_non_null(conf_neighbor_new(cl));
	return c;
}

/*
 * Issue 12, A: all that the default limits allow, at once, leaves 64 MB of 512
 * for the rest of a router; with IPv6 and two neighbors it still fits.
 */
static void
the_defaults_fit_a_router(void **state)
{
	struct conf_memory m;
	struct conf *c;

	(void)state;
	c = conf_of(1, 1);
	conf_memory(c, &m);
	assert_true(m.mars + m.marsd + m.scspd <= 448 * MB);
	assert_int_equal(m.edged, 0);
	conf_free(c);
	c = conf_of(2, 2);
	conf_memory(c, &m);
	assert_true(m.mars + m.marsd + m.scspd <= 600 * MB);
	conf_free(c);
}

/* By hand, with numbers that show where each comes from. */
static void
each_limit_is_in_the_sum(void **state)
{
	const uint64_t link = 100 * (950 + 224) + (33U << 20);
	const uint64_t copies = (64U << 20) + 2 * 9500;
	const uint64_t controls = 9U << 20;
	struct conf *c = conf_of(1, 2);
	uint64_t file;
	struct conf_cluster *cl = TAILQ_FIRST(&c->clusters), *g;
	struct conf_memory m;

	(void)state;
	c->max_circuits = 100;
	cl->max_members = 10;
	cl->max_servers = 1;
	cl->max_total = 1000;
	cl->max_known = 5;
	cl->max_backlog = 50;
	cl->max_records = 3000;
	conf_memory(c, &m);
	file = m.marsd - (controls + link + copies + (3U << 20) + 11 * 600 +
	    1000 * 240 + 5 * 2000 + 2 * 50 * 120 + 3000 * 240);
	/* what it is sent, 32 for each octet: some hundreds */
	assert_in_range(file, 32 * 100, 32 * 1000);
	file = m.scspd - (controls + link +
	    (3000 + 1011) * (220 + 2 * 120) + 2 * (480U << 10));
	assert_in_range(file, 32 * 100, 32 * 1000);
	g = conf_group_new(c, 7, 9);
	assert_non_null(g);
	g->max_records = 1000;
	assert_non_null(conf_neighbor_new(g));
	conf_memory(c, &m);
	file = m.scspd - (controls + link + 4011 * (220 + 2 * 120) +
	    1000 * (220 + 120) + 3 * (480U << 10));
	assert_in_range(file, 32 * 100, 32 * 1000);
	conf_free(c);
}

/* The same of an edge, which may be a multicast server besides. */
static void
each_limit_of_an_edge_is_in_the_sum(void **state)
{
	const uint64_t link = 100 * (950 + 224) + (33U << 20) + (64U << 20);
	const uint64_t client = (32U << 20) + 100 * 640 +
	    4096 * (1100 + 1300 + 256);
	const uint64_t lan = (160U << 10) +
	    (2 * 10 + 1) * (2 * 640 + 3 * 152 + 2 * 184);
	const uint64_t fixed = (9U << 20) + (3U << 20);
	struct conf_prefix *serve = calloc(1, sizeof(*serve));
	struct conf_prefix *group = calloc(1, sizeof(*group));
	struct conf *c = conf_new();
	struct conf_edge *e = conf_edge_new(c, "e");
	struct conf_lan *l = conf_lan_new(e, "eth0", false);
	struct conf_memory m;

	(void)state;
	assert_true(l != NULL && serve != NULL && group != NULL);
	c->max_circuits = 100;
	e->ipv4 = e->ipv6 = true;
	e->mtu = 1300;
	e->max_flows = 50;
	l->max_groups = 10;
	l->max_sources = 3;
	l->max_hosts = 2;
	TAILQ_INSERT_TAIL(&l->statics, group, entry);
	conf_memory(c, &m);
	assert_int_equal(m.marsd, 0);
	assert_int_equal(m.scspd, 0);
	assert_in_range(
	    m.edged - (fixed + link + 2 * client + 50 * 384 + lan), 32 * 100,
	    32 * 1000);
	TAILQ_INSERT_TAIL(&e->serves, serve, entry);
	conf_memory(c, &m);
	assert_in_range(
	    m.edged - (fixed + 2 * (link + 2 * client) + 50 * 384 + lan),
	    32 * 100, 32 * 1000);
	conf_free(c);
}

/* The numbers are not smaller than the objects, or much larger. */
static void
numbers_are_those_of_the_objects(void **state)
{
	/* of IPv6: in the node, in the map, and by its key */
	const size_t join = SLAB(marsd_join) + SLAB(marsd_entry) +
	    RANGE(16) + 2 * BTREE(16) + BTREE(4);
	const size_t record = SLAB(scsp_entry) + CONTENTS + BTREE(8);
	const size_t member = HEAP(marsd_reg) + SMALL(marsd_node) +
	    SMALL(marsd_claim) + SMALL(marsd_entry) + BTREE(16) + BTREE(4);
	const size_t many = 12 * BLOCK / member;
	/* by_cmi, heard_cmi and two pools, with two bits for each */
	const size_t tables = 2 * 65536 * sizeof(void *) +
	    2 * (65536 * sizeof(uint16_t) + 65536 / 4);

	(void)state;
	assert_true(CONF_OCTETS_JOIN >= join);
	assert_true(CONF_OCTETS_RECORD >= record);
	assert_true(CONF_OCTETS_MEMBER >= member);
	/* a piece of each size of nodes, of three widths, may be new */
	assert_true(CONF_OCTETS_PROTOCOL - tables >= 2 * 3 * 10 * SLAB_PIECE);
	/* with that many there is a block that is not in use */
	assert_true(many * (CONF_OCTETS_MEMBER - member) +
	    CONF_OCTETS_PROTOCOL - tables >= BLOCK);
	assert_true(CONF_OCTETS_TOLD >= HEAP(scsp_link) +
	    sizeof(struct scsp_want));
	assert_true(CONF_OCTETS_SERVER >= HEAP(marsd_owner) +
	    HEAP(marsd_peer));
	/* a message is 32 octets at least, to which the allocator adds 16 */
	assert_true(CONF_OCTETS_HELD >= SCSP_HOLD_OCTETS * 3 / 2);
	assert_true(CONF_OCTETS_HELD < SCSP_HOLD_OCTETS * 2);
	if (sizeof(void *) < 8)
		return;
	assert_true(CONF_OCTETS_JOIN < 2 * join);
	assert_true(CONF_OCTETS_RECORD < 2 * record);
	assert_true(CONF_OCTETS_MEMBER < 2 * member);
}

/* The same of edged's. */
static void
numbers_are_those_of_edges(void **state)
{
	const size_t path = HEAP(marsc_path) + HEAP(marsc_query) +
	    HEAP(nvc_root);
	const size_t wanted = HEAP(edged_listener_group) + HEAP(edged_join) +
	    HEAP(marsc_joined);
	/* heads of hash chains are at most twice as many as there are flows */
	const size_t flow = sizeof(struct edged_flow) +
	    sizeof(struct edged_flow_group) + 2 * 2 * sizeof(void *);
	struct marsc_limits limits = {
#define X(sym, value, text) .sym = value,
		MARSC_LIMITS(X)
#undef X
	};

	(void)state;
	assert_true(CONF_OCTETS_PATH >= path);
	assert_true(CONF_OCTETS_WANTED >= wanted);
	assert_true(CONF_OCTETS_SOURCE >= HEAP(edged_source));
	assert_true(CONF_OCTETS_REPORTER >=
	    HEAP(edged_host) + HEAP(edged_reporter));
	assert_true(CONF_OCTETS_FLOW >= flow);
	assert_true(CONF_OCTETS_LAN >= HEAP(edged_port) +
	    (EDGED_LAN_SENDERS + EDGED_LAN_STRANGERS) *
	    (sizeof(struct edged_sender) + 2 * sizeof(void *)));
	/* LLC/SNAP and the envelope, and as much before it for IP and UDP */
	assert_true(CONF_OCTETS_ENVELOPE >= VC_SDU_KEPT + 2 * 32);
	assert_int_equal(CONF_PATHS, limits.paths);
	assert_true(CONF_OCTETS_LEAF >= HEAP(marsc_leaf) + HEAP(nvc_circuit));
	/*
	 * what waits for paths, answers in parts, one of which may just be
	 * growing by half, and who is known as empty
	 */
	assert_true(CONF_OCTETS_CLIENT >= HEAP(marsc) + limits.held_octets_all +
	    limits.answers_octets * 5 / 3 + HEAP(marsc_query) *
	    (limits.requests + limits.requests_waiting + limits.request_burst +
	    10 * limits.request_rate));
	assert_true(CONF_OCTETS_TABLES >= sizeof(struct kpath) +
	    sizeof(struct edged_kernel) + sizeof(struct edged) +
	    64 * (size_t)EDGED_PACKET_MAX);
	/* a leaf, or who has called */
	assert_true(CONF_OCTETS_CIRCUIT >= HEAP(nvc_circuit) +
	    2 * HEAP(nvc_peer) + 2 * sizeof(struct nvc_slot) +
	    HEAP(marsc_leaf));
	if (sizeof(void *) < 8)
		return;
	assert_true(CONF_OCTETS_PATH < 2 * path);
	assert_true(CONF_OCTETS_WANTED < 2 * wanted);
	assert_true(CONF_OCTETS_FLOW < 2 * flow);
}

/* What clients of a control socket may leave unread, and have begun to send. */
static void
what_waits_for_marsctl_is_bounded(void **state)
{
	const size_t each = CTLSERVER_OCTETS + CTL_ROW_MAX;

	(void)state;
	assert_true(CONF_OCTETS_CONTROLS >=
	    CTLSERVER_CLIENTS * (each + 2 * CTL_ROW_MAX) +
	    CTLSERVER_FOLLOWERS *
	    (CTLSERVER_FOLLOWED_OCTETS - CTLSERVER_OCTETS));
}

/*
 * What waits on a link: each number is that by which the code bounds it, and
 * a circuit of either kind, with who called and what its user keeps, is not
 * more than what is counted.  An ATM circuit that is a leaf has, besides, an
 * entry for the one SDU that a root may always send.
 */
static void
what_waits_on_a_link_is_bounded(void **state)
{
	const size_t called = HEAP(marsd_circuit) + HEAP(marsd_caller);
	const size_t nvc = HEAP(nvc_circuit) + 2 * HEAP(nvc_peer) +
	    2 * sizeof(struct nvc_slot);

	(void)state;
	assert_true(CONF_OCTETS_QUEUE >= VC_QUEUE_OCTETS +
	    NVC_STRANGER_COUNT * NVC_CONTROL_KEPT);
	assert_int_equal(CONF_OCTETS_COPIES, VC_COPIES_OCTETS);
	assert_true(CONF_OCTETS_ROOT >= VC_SDU_MAX + VC_SDU_KEPT);
	assert_int_equal(CONF_OCTETS_CONTROL, NVC_CONTROL_KEPT);
	assert_true(CONF_OCTETS_CIRCUIT >= nvc + called);
	/* control messages of UDP, or the entry */
	assert_true(CONF_OCTETS_CIRCUIT + CONF_OCTETS_CONTROL >=
	    HEAP(vc_atm_circuit) + called + VC_SDU_KEPT);
}

/*
 * mars has each part of a configuration twice, where it was read once, and as
 * octets for its children: that is covered for the smallest part.
 */
static void
each_part_of_a_file_is_in_the_sum(void **state)
{
	struct conf *c = conf_of(1, 1);
	struct conf_prefix *p = calloc(1, sizeof(*p));
	struct conf_memory before, after;

	(void)state;
	assert_non_null(p);
	assert_true(ip_prefix_parse(&p->prefix, "192.0.2.1/32"));
	conf_memory(c, &before);
	assert_true(before.mars >= CONF_OCTETS_MARS);
	TAILQ_INSERT_TAIL(&TAILQ_FIRST(&c->clusters)->allow, p, entry);
	conf_memory(c, &after);
	/* two children are sent it; an edge's, which is no smaller, is one's */
	assert_int_equal(after.marsd - before.marsd,
	    (after.mars - before.mars) / 2);
	assert_in_range((after.mars - before.mars) / 2,
	    2 * HEAP(conf_prefix) + HEAP(parse_place) + 3 * 18,
	    2 * (2 * HEAP(conf_prefix) + HEAP(parse_place)));
	conf_free(c);
}

/*
 * What mars may have besides: the files that are being read; of each child
 * what it leaves unread, where the longest messages that are not of the
 * configuration are edged's, of its LANs; and the calls that it has asked for.
 */
static void
what_mars_does_for_others_is_in_the_sum(void **state)
{
	const size_t kept = HEAP(ibuf) + sizeof(struct imsg_hdr) + 24;
	const size_t unread = PARENT_QUEUE_MAX * (kept + LANIF_IPC_MAX) +
	    2 * PARENT_QUEUE_MAX * (kept + 2 * ATM_STRLEN);

	(void)state;
	assert_true(CONF_OCTETS_MARS > LEX_DEPTH_MAX * LEX_FILE_MAX + unread +
	    3 * PARENT_OPENINGS_MAX * 512);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_fit_a_router),
		cmocka_unit_test(each_limit_is_in_the_sum),
		cmocka_unit_test(each_limit_of_an_edge_is_in_the_sum),
		cmocka_unit_test(numbers_are_those_of_the_objects),
		cmocka_unit_test(numbers_are_those_of_edges),
		cmocka_unit_test(what_waits_for_marsctl_is_bounded),
		cmocka_unit_test(what_waits_on_a_link_is_bounded),
		cmocka_unit_test(each_part_of_a_file_is_in_the_sum),
		cmocka_unit_test(what_mars_does_for_others_is_in_the_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
