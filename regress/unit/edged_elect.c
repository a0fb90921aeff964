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

#include "edged/elect.h"
#include "edged_host.h"
#include "unhex.h"

/* --- the hello on the wire */

/* a MAC that is easy to write by hand: the sum of all octets, 32 times */
static bool
sign(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	const uint8_t *p = data, *key = arg;
	uint8_t sum = *key;

	while (len-- > 0)
		sum = (uint8_t)(sum + *p++);
	memset(mac, sum, EDGED_HELLO_MAC);
	return true;
}

static bool
verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	uint8_t want[EDGED_HELLO_MAC];

	sign(arg, data, len, want);
	return memcmp(want, mac, sizeof(want)) == 0;
}

static uint8_t secret = 7, other_secret = 8;
static const struct edged_hello_key key = { sign, verify, &secret };
static const struct edged_hello_key wrong = { sign, verify, &other_secret };
static const uint8_t cluster[EDGED_HELLO_CLUSTER] = "mars";

static bool
no_key(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	(void)arg;
	(void)data;
	(void)len;
	(void)mac;
	return false;
}

/* 10.200.0.7 says it forwards, priority 100, hold 2 s; its sum is 0x24 */
#define MAC8	"2424242424242424"
#define HELLO \
	"4d454801 01 64 07d0 04 01 0000 0ac80007000000000000000000000000" \
	"6d617273000000000000000000000000 1112131415161718" \
	"0000000000000009 2122232425262728 3132333435363738" \
	MAC8 MAC8 MAC8 MAC8
#define UDP	"03fd03fd 0074"

static struct edged_hello
example(void)
{
	struct edged_hello h = { .forwarder = true,
		.priority = 100,
		.hold = 2000,
		.id = { 4, { 10, 200, 0, 7 } },
		.life = 0x1112131415161718,
		.sequence = 9,
		.challenge = 0x2122232425262728,
		.n = 1,
		.list = { 0x3132333435363738 } };

	memcpy(h.cluster, cluster, sizeof(cluster));
	return h;
}

static void
written(void **state)
{
	struct edged_hello h = example();
	struct paddr src = host_addr("10.1.7.254");
	struct edged_hello_key none = { no_key, NULL, NULL };
	uint8_t buf[EDGED_HELLO_MAX], *want, *udp;
	struct edged_ip ip;
	size_t len, n;

	(void)state;
	want = unhex(HELLO, &len);
	udp = unhex(UDP, &n);
	n = edged_hello_write(&h, &src, 1021, &key, buf, sizeof(buf));
	assert_int_equal(n, 20 + 8 + len);
	/* RFC 5082: TTL 255; to all systems */
	assert_int_equal(edged_ip_read_data(&ip, buf, n), EDGED_IP_OK);
	assert_int_equal(ip.ttl, 255);
	assert_memory_equal(ip.dst.a, "\xe0\0\0\x01", 4);
	assert_memory_equal(ip.src.a, src.a, 4);
	assert_memory_equal(buf + 20, udp, 6);
	assert_int_equal(edged_ip_sum(&ip), 0);
	assert_memory_equal(buf + 28, want, len);
	for (; n > 0; n--)
		assert_int_equal(
		    edged_hello_write(&h, &src, 1021, &key, buf, n - 1), 0);
	assert_int_equal(
	    edged_hello_write(&h, &src, 1021, &none, buf, sizeof(buf)), 0);

	src = host_addr("fe80::1");
	n = edged_hello_write(&h, &src, 1021, &key, buf, sizeof(buf));
	assert_int_equal(n, 40 + 8 + len);
	assert_int_equal(edged_ip_read_data(&ip, buf, n), EDGED_IP_OK);
	assert_int_equal(ip.ttl, 255);
	assert_int_equal(edged_ip_sum(&ip), 0);
	assert_true(edged_hello_is(&ip, 1021));
	assert_false(edged_hello_is(&ip, 1022));
	assert_memory_equal(buf + 48, want, len);
	/* the largest */
	h.n = EDGED_HELLO_LIST;
	assert_int_equal(
	    edged_hello_write(&h, &src, 1021, &key, buf, sizeof(buf)),
	    EDGED_HELLO_MAX);
	free(udp);
	free(want);
}

/* A hello in an IPv4 packet, changed at one octet, with a right MAC again. */
static enum edged_hello_drop
changed_at(struct edged_hello *h, size_t at, uint8_t octet, bool resign,
    const struct edged_hello_key *with)
{
	struct edged_hello from = example();
	struct paddr src = host_addr("10.1.7.254");
	uint8_t buf[EDGED_HELLO_MAX];
	struct edged_ip ip;
	size_t n;

	n = edged_hello_write(&from, &src, 1021, &key, buf, sizeof(buf));
	buf[at] = octet;
	if (resign)
		sign(&secret, buf + 28, n - 28 - EDGED_HELLO_MAC,
		    buf + n - EDGED_HELLO_MAC);
	host_sum4(buf, 20);
	assert_int_equal(edged_ip_read(&ip, buf, n), EDGED_IP_OK);
	return edged_hello_read(h, &ip, cluster, with);
}

static void
read_back(void **state)
{
	struct edged_hello h, want = example();

	(void)state;
	assert_int_equal(changed_at(&h, 8, 255, false, &key), EDGED_HELLO_OK);
	assert_memory_equal(&h.id, &want.id, sizeof(h.id));
	assert_true(h.forwarder && !h.leaving && !h.waiting && !h.no_mars);
	assert_int_equal(changed_at(&h, 32, 8, true, &key), EDGED_HELLO_OK);
	assert_true(!h.forwarder && !h.leaving && !h.waiting && h.no_mars);
	assert_int_equal(h.priority, 100);
	assert_int_equal(h.hold, 2000);
	assert_true(h.life == want.life && h.sequence == 9 &&
	    h.challenge == want.challenge && h.n == 1 &&
	    h.list[0] == want.list[0]);

	assert_int_equal(
	    changed_at(&h, 8, 254, false, &key), EDGED_HELLO_DROP_TTL);
	assert_int_equal(
	    changed_at(&h, 31, 2, true, &key), EDGED_HELLO_DROP_VERSION);
	assert_int_equal(
	    changed_at(&h, 36, 5, true, &key), EDGED_HELLO_DROP_ID);
	assert_int_equal(
	    changed_at(&h, 40, 224, true, &key), EDGED_HELLO_DROP_ID);
	/* the list */
	assert_int_equal(
	    changed_at(&h, 37, 0, true, &key), EDGED_HELLO_DROP_TRUNCATED);
	assert_int_equal(
	    changed_at(&h, 37, 255, true, &key), EDGED_HELLO_DROP_TRUNCATED);
	/* UDP says more or less than there is */
	assert_int_equal(
	    changed_at(&h, 25, 0x75, false, &key), EDGED_HELLO_DROP_TRUNCATED);
	assert_int_equal(
	    changed_at(&h, 25, 7, false, &key), EDGED_HELLO_DROP_TRUNCATED);
	assert_int_equal(
	    changed_at(&h, 56, 'M', true, &key), EDGED_HELLO_DROP_CLUSTER);
	assert_int_equal(
	    changed_at(&h, 33, 101, false, &key), EDGED_HELLO_DROP_MAC);
	assert_int_equal(
	    changed_at(&h, 8, 255, false, &wrong), EDGED_HELLO_DROP_MAC);
	assert_string_equal(edged_hello_drop_name(EDGED_HELLO_DROP_MAC), "mac");
}

/* --- a LAN with edges, a millisecond apart */

#define NODES	5
#define INBOX	256
#define TAPE	4096

struct net;

struct node {
	struct net		*net;
	struct edged_elect	 e;
	struct edged_hello	 inbox[INBOX];
	int			 n;
	bool			 alive, forwards, no_mars;
	uint64_t		 drops[EDGED_HELLO_DROP_MAX];
};

struct net {
	struct timers		timers;
	struct node		node[NODES];
	uint32_t		seed;
	uint32_t		loss;		/* percent */
	int			deaf;		/* hears nobody; -1: none */
	struct edged_hello	tape[TAPE];	/* all that was said */
	int			taped;
	uint64_t		said;
};

static uint64_t
random_of(void *arg)
{
	struct node *nd = arg;
	uint64_t hi = dice(&nd->net->seed);

	return hi << 32 | dice(&nd->net->seed);
}

static void
give(struct node *nd, const struct edged_hello *h)
{
	nd->drops[edged_elect_heard(&nd->e, h)]++;
}

static void
deliver(struct node *nd, const struct edged_hello *h)
{
	if (nd->alive && nd->n < INBOX &&
	    dice(&nd->net->seed) % 100 >= nd->net->loss)
		nd->inbox[nd->n++] = *h;
}

static void
send_to_all(void *arg, const struct edged_hello *h)
{
	struct node *nd = arg;
	struct net *n = nd->net;
	int i;

	if (!nd->alive)
		return;
	n->said++;
	if (n->taped < TAPE)
		n->tape[n->taped++] = *h;
	for (i = 0; i < NODES; i++)
		if (i != n->deaf)
			deliver(&n->node[i], h); /* its own echo too */
}

static void
role_of(void *arg, bool forwards)
{
	struct node *nd = arg;

	nd->forwards = forwards;
}

static bool
no_mars_of(void *arg)
{
	return ((struct node *)arg)->no_mars;
}

static const struct edged_elect_ops ops = { random_of, send_to_all, role_of,
	no_mars_of };

static struct net *
net_new(uint32_t seed)
{
	struct net *n = calloc(1, sizeof(*n));
	struct paddr id;
	int i;

	assert_non_null(n);
	n->seed = seed;
	n->deaf = -1;
	timers_init(&n->timers, (mtime_t){ MTIME_SEC(5) });
	for (i = 0; i < NODES; i++) {
		n->node[i].net = n;
		id = (struct paddr){ 4, { 10, 200, 0, (uint8_t)(i + 1) } };
		edged_elect_init(&n->node[i].e, &ops, &n->node[i], &n->timers,
		    &id, cluster, 100);
	}
	return n;
}

static void
up(struct net *n, int i)
{
	n->node[i].alive = true;
	n->node[i].n = 0;
	edged_elect_start(&n->node[i].e);
}

/* It is gone without a word; what it remembers goes too. */
static void
die(struct net *n, int i)
{
	n->node[i].alive = false;
	edged_elect_stop(&n->node[i].e);
	n->node[i].forwards = false;
}

static int
forwarders(const struct net *n)
{
	int i, count = 0;

	for (i = 0; i < NODES; i++) {
		assert_int_equal(n->node[i].forwards,
		    n->node[i].e.state == EDGED_ELECT_FORWARDER);
		if (n->node[i].forwards)
			count++;
	}
	return count;
}

/* one millisecond */
static void
turn(struct net *n)
{
	struct edged_hello h[INBOX];
	int i, k, count;

	for (i = 0; i < NODES; i++) {
		count = n->node[i].n;
		memcpy(h, n->node[i].inbox, (size_t)count * sizeof(*h));
		n->node[i].n = 0;
		for (k = 0; k < count; k++)
			give(&n->node[i], &h[k]);
	}
	timers_run(&n->timers, (mtime_t){ n->timers.now.us + MTIME_MS(1) });
}

static void
run(struct net *n, int ms)
{
	while (ms-- > 0)
		turn(n);
}

static void
net_free(struct net *n)
{
	int i;

	for (i = 0; i < NODES; i++) {
		edged_elect_stop(&n->node[i].e);
		assert_int_equal(n->node[i].e.faults.count, 0);
	}
	assert_int_equal(n->timers.count, 0);
	free(n);
}

static void
priority_then_address(void **state)
{
	struct net *n = net_new(1);

	(void)state;
	up(n, 1);
	up(n, 2);
	run(n, 1900);
	assert_int_equal(forwarders(n), 0);
	run(n, 400);
	assert_int_equal(forwarders(n), 1);
	assert_true(n->node[1].forwards);
	/* a higher priority, while it runs */
	edged_elect_set_priority(&n->node[2].e, 101);
	run(n, 60);
	assert_true(n->node[2].forwards);
	assert_int_equal(forwarders(n), 1);
	/* one that can't for now */
	edged_elect_set_priority(&n->node[2].e, 0);
	run(n, 60);
	assert_true(n->node[1].forwards);
	assert_int_equal(forwarders(n), 1);
	/* and does it if there is nobody else */
	edged_elect_stop(&n->node[1].e);
	run(n, 5);
	assert_true(n->node[2].forwards);
	net_free(n);
}

/* Taken over within 3 s of a death, and at once when it is announced. */
static void
take_over(void **state)
{
	struct net *n = net_new(2);
	int i, none;

	(void)state;
	for (i = 0; i < 3; i++)
		up(n, i);
	run(n, 5000);
	assert_true(n->node[0].forwards);
	assert_int_equal(forwarders(n), 1);
	die(n, 0);
	for (none = 0; forwarders(n) == 0; none++)
		turn(n);
	assert_true(none <= 2000);
	assert_true(n->node[1].forwards);
	run(n, 1000);
	edged_elect_stop(&n->node[1].e);
	run(n, 3);
	assert_true(n->node[2].forwards);
	net_free(n);
}

/* Who returns takes over only when it is ready: there is no gap. */
static void
return_without_a_gap(void **state)
{
	struct net *n = net_new(3);
	int i, both = 0;

	(void)state;
	up(n, 1);
	run(n, 4000);
	up(n, 0);
	for (i = 0; i < 4000; i++) {
		turn(n);
		assert_true(forwarders(n) >= 1);
		if (forwarders(n) == 2)
			both++;
	}
	assert_true(n->node[0].forwards);
	assert_int_equal(forwarders(n), 1);
	/* for as long as a packet is on the LAN */
	assert_true(both <= 2);
	net_free(n);
}

/* A restart is quicker than the hold time: the old life does not hold us up. */
static void
restart(void **state)
{
	struct net *n = net_new(4);
	int none;

	(void)state;
	up(n, 0);
	up(n, 1);
	run(n, 5000);
	die(n, 0);
	run(n, 100);
	up(n, 0);
	for (none = 0; forwarders(n) == 0; none++)
		turn(n);
	assert_true(none < 300);
	assert_true(n->node[1].forwards);
	run(n, 4000);
	assert_true(n->node[0].forwards);
	assert_int_equal(forwarders(n), 1);
	net_free(n);
}

/* All edges miss a MARS that dies, one of them later: nobody takes over. */
static void
a_mars_that_dies_changes_nothing(void **state)
{
	struct net *n = net_new(21);
	int i, late;

	(void)state;
	for (i = 0; i < 3; i++)
		up(n, i);
	run(n, 5000);
	for (late = 0; late < 3; late++) {
		for (i = 0; i < 3; i++)
			if (i != late)
				n->node[i].no_mars = true;
		for (i = 0; i < 60000; i++) {
			n->node[late].no_mars = i >= 55000;
			turn(n);
			assert_true(n->node[0].forwards);
			assert_int_equal(forwarders(n), 1);
		}
		/* and when it is back, one of them finds it later */
		for (i = 0; i < 300000; i++) {
			n->node[0].no_mars = i < 250000;
			n->node[1].no_mars = n->node[2].no_mars = false;
			turn(n);
			assert_true(n->node[0].forwards);
			assert_int_equal(forwarders(n), 1);
		}
	}
	net_free(n);
}

/*
 * The forwarder alone has lost its MARS: another goes on after 300 s, and it
 * returns when it has had one for as long, without a gap.
 */
static void
without_a_mars_it_stands_back(void **state)
{
	struct net *n = net_new(22);
	int ms, none;

	(void)state;
	up(n, 0);
	up(n, 1);
	edged_elect_set_priority(&n->node[1].e, 1);
	run(n, 5000);
	assert_true(n->node[0].forwards);
	n->node[0].no_mars = true;
	for (ms = none = 0; !n->node[1].forwards; ms++) {
		turn(n);
		none += forwarders(n) == 0;
	}
	assert_in_range(ms, 300000, 301000);
	/* for as long as a packet is on the LAN */
	assert_true(none <= 2);
	assert_int_equal(forwarders(n), 1);
	assert_int_equal(edged_elect_priority(&n->node[0].e), 0);
	/* the other has lost it, too: it is the one with a stream */
	n->node[1].no_mars = true;
	run(n, 400000);
	assert_true(n->node[1].forwards);
	assert_int_equal(forwarders(n), 1);
	/* that one dies */
	die(n, 1);
	run(n, 2500);
	assert_true(n->node[0].forwards);
	n->node[1].no_mars = false;
	up(n, 1);
	run(n, 4000);
	assert_true(n->node[1].forwards);
	n->node[0].no_mars = false;
	for (ms = 0; !n->node[0].forwards; ms++) {
		turn(n);
		assert_true(forwarders(n) >= 1);
	}
	assert_in_range(ms, 300000, 301000);
	run(n, 1000);
	assert_int_equal(forwarders(n), 1);
	assert_int_equal(edged_elect_priority(&n->node[0].e), 100);
	net_free(n);
}

/* Who starts and finds no MARS does not take over from one who has one. */
static void
a_start_without_a_mars(void **state)
{
	struct net *n = net_new(23);
	int i;

	(void)state;
	up(n, 1);
	run(n, 5000);
	n->node[0].no_mars = true;
	up(n, 0);
	for (i = 0; i < 400000; i++) {
		turn(n);
		assert_true(n->node[1].forwards);
		assert_int_equal(forwarders(n), 1);
	}
	/* alone it stands, with or without */
	edged_elect_stop(&n->node[1].e);
	run(n, 5);
	assert_true(n->node[0].forwards);
	net_free(n);
}

/* Everything that dead edges have ever said, said again: nobody believes. */
static void
replay(void **state)
{
	struct net *n = net_new(5);
	int i, life, recorded;

	(void)state;
	up(n, 1);
	for (life = 0; life < 3; life++) {
		up(n, 0);
		run(n, 5000);
		assert_true(n->node[0].forwards);
		die(n, 0);
		run(n, life == 1 ? 100 : 2100);
	}
	assert_true(n->node[1].forwards);
	recorded = n->taped;
	assert_true(recorded > 60 && recorded < TAPE);
	for (i = 0; i < recorded; i++) {
		deliver(&n->node[1], &n->tape[i]);
		run(n, 7);
		assert_true(n->node[1].forwards);
	}
	/* our own of this life, and nothing was believed */
	assert_true(n->node[1].drops[EDGED_HELLO_DROP_OWN] > 0);
	assert_true(n->node[1].drops[EDGED_HELLO_DROP_UNPROVEN] >= 30);
	/* and one that lives is, all the same */
	for (i = 0; i < recorded; i++) {
		if (i == 20)
			up(n, 0);
		deliver(&n->node[1], &n->tape[i]);
		run(n, 40);
	}
	run(n, 3000);
	assert_true(n->node[0].forwards);
	assert_int_equal(forwarders(n), 1);
	/* while it lives, what it has said counts once */
	for (i = n->taped - 1; n->tape[i].id.a[3] != 1; i--)
		;
	deliver(&n->node[1], &n->tape[i]);
	run(n, 2);
	assert_true(n->node[1].drops[EDGED_HELLO_DROP_REPLAY] > 0);
	net_free(n);
}

/* What a living edge has said in an earlier life does not count either. */
static void
replay_of_an_earlier_life(void **state)
{
	struct net *n = net_new(10);
	const struct edged_peer *p = &n->node[1].e.peers[0];
	int i, recorded;

	(void)state;
	up(n, 1);
	up(n, 0);
	run(n, 5000);
	recorded = n->taped;
	die(n, 0);
	run(n, 100);
	up(n, 0);
	run(n, 3000);
	assert_true(p->believed && p->life == n->node[0].e.life);
	for (i = 0; i < recorded; i++) {
		deliver(&n->node[1], &n->tape[i]);
		turn(n);
		assert_true(p->believed && p->life == n->node[0].e.life);
	}
	net_free(n);
}

/* A flood of old hellos makes nobody talk more than 20 times a second. */
static void
flood(void **state)
{
	struct net *n = net_new(6);
	uint64_t said;
	int i;

	(void)state;
	up(n, 0);
	run(n, 3000);
	die(n, 0);
	up(n, 1);
	run(n, 3000);
	said = n->said;
	for (i = 0; i < 1000; i++) {
		deliver(&n->node[1], &n->tape[0]);
		turn(n);
	}
	assert_true(n->said - said <= 22);
	net_free(n);
}

static void
twins(void **state)
{
	struct net *n = net_new(7);
	struct edged_hello h = example();

	(void)state;
	up(n, 0);
	h.id = n->node[0].e.id;
	give(&n->node[0], &h);
	assert_int_equal(n->node[0].drops[EDGED_HELLO_DROP_TWIN], 1);
	net_free(n);
}

/* More edges than are remembered: those that are there count. */
static void
too_many(void **state)
{
	struct net *n = net_new(8);
	struct edged_hello h = example();
	int i;

	(void)state;
	up(n, 0);
	for (i = 0; i < 20; i++) {
		h.id.a[3] = (uint8_t)(100 + i);
		give(&n->node[0], &h);
	}
	assert_int_equal(n->node[0].drops[EDGED_HELLO_DROP_UNPROVEN], 8);
	assert_int_equal(n->node[0].drops[EDGED_HELLO_DROP_PEERS], 12);
	/* they give no proof and are forgotten */
	run(n, 2100);
	give(&n->node[0], &h);
	assert_int_equal(n->node[0].drops[EDGED_HELLO_DROP_UNPROVEN], 9);
	net_free(n);
}

/* Who is cut off forwards for its part; afterwards it is one again. */
static void
cut_off(void **state)
{
	struct net *n = net_new(9);

	(void)state;
	up(n, 0);
	up(n, 1);
	run(n, 5000);
	n->loss = 100;
	run(n, 3000);
	assert_int_equal(forwarders(n), 2);
	n->loss = 0;
	run(n, 1500);
	assert_int_equal(forwarders(n), 1);
	assert_true(n->node[0].forwards);
	net_free(n);
}

/* Any order of deaths and returns with loss; in quiet times it is one. */
static void
at_random(void **state)
{
	struct net *n;
	uint32_t seed, r;
	int i, k, best;

	(void)state;
	for (seed = 1; seed <= 30; seed++) {
		n = net_new(seed);
		r = seed * 31;
		for (k = 0; k < 6; k++) {
			n->loss = 20;
			for (i = 0; i < 12; i++) {
				int who = (int)(dice(&r) % NODES);

				switch (dice(&r) % 4) {
				case 0:
					die(n, who);
					break;
				case 1:
					edged_elect_stop(&n->node[who].e);
					n->node[who].alive = false;
					break;
				case 2:
					edged_elect_set_priority(
					    &n->node[who].e,
					    (uint8_t)(dice(&r) % 3));
					break;
				default:
					if (!n->node[who].alive)
						up(n, who);
				}
				run(n, (int)(dice(&r) % 900));
			}
			n->loss = 0;
			up(n, 2);
			run(n, 5000);
			best = -1;
			for (i = 0; i < NODES; i++)
				if (n->node[i].alive &&
				    (best == -1 ||
				    n->node[i].e.priority >
				    n->node[best].e.priority))
					best = i;
			assert_int_equal(forwarders(n), 1);
			assert_true(n->node[best].forwards);
		}
		net_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(written),
		cmocka_unit_test(read_back),
		cmocka_unit_test(priority_then_address),
		cmocka_unit_test(take_over),
		cmocka_unit_test(a_mars_that_dies_changes_nothing),
		cmocka_unit_test(without_a_mars_it_stands_back),
		cmocka_unit_test(a_start_without_a_mars),
		cmocka_unit_test(return_without_a_gap),
		cmocka_unit_test(restart), cmocka_unit_test(replay),
		cmocka_unit_test(replay_of_an_earlier_life),
		cmocka_unit_test(flood), cmocka_unit_test(twins),
		cmocka_unit_test(too_many), cmocka_unit_test(cut_off),
		cmocka_unit_test(at_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
