/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The raw nodes of scspnet.h. */
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

void
raw_post(struct net *n, int raw, const uint8_t *p, size_t len)
{
	struct fvc *f = TAILQ_LAST(&n->node[raw].fvcs, fvc_last);
	uint8_t buf[LLC_LEN + SCSP_MTU + 100] = { 0xaa, 0xaa, 0x03, 0x00, 0x00,
		0x5e, 0x00, 0x05 };
	struct vc_sdu *u;

	assert(f != NULL);
	memcpy(buf + LLC_LEN, p, len);
	u = vc_sdu_new(buf, LLC_LEN + len);
	net_post(n, MSG_DATA, raw, f->id, f->peer, f->peer_id, 0, u);
}

void
raw_send(struct net *n, int raw, const uint8_t *p, size_t len)
{
	raw_post(n, raw, p, len);
	net_run(n, 2);
}

void
raw_put(struct rawpkt *p, int octets, uint32_t v)
{
	while (octets-- > 0)
		p->b[p->len++] = (uint8_t)(v >> 8 * octets);
}

void
raw_common(struct rawpkt *p, uint16_t flags, uint32_t sender, uint32_t receiver)
{
	p->common = p->len;
	raw_put(p, 2, 3);
	raw_put(p, 2, NET_SGID);
	raw_put(p, 2, 0);
	raw_put(p, 2, flags);
	raw_put(p, 1, 4);
	raw_put(p, 1, receiver == 0 ? 0 : 4);
	raw_put(p, 2, 0);
	raw_put(p, 4, sender);
	if (receiver != 0)
		raw_put(p, 4, receiver);
}

void
raw_begin(struct rawpkt *p, uint8_t type, uint32_t sender, uint32_t receiver)
{
	p->len = 0;
	raw_put(p, 1, 1);
	raw_put(p, 1, type);
	raw_put(p, 4, 0);
	raw_put(p, 2, 0);
	if (type != 1 && type != 5)
		raw_common(p, 0, sender, receiver);
}

void
raw_record(struct rawpkt *p, uint16_t hops, uint32_t oid, uint32_t key,
    int32_t seq, bool null, const char *data)
{
	size_t n = data == NULL ? 0 : strlen(data);

	raw_put(p, 2, hops);
	raw_put(p, 2, (uint32_t)(20 + n));
	raw_put(p, 2, 0x0404);
	raw_put(p, 2, null ? 0x8000 : 0);
	raw_put(p, 4, (uint32_t)seq);
	raw_put(p, 4, key);
	raw_put(p, 4, oid);
	if (n != 0)
		memcpy(p->b + p->len, data, n);
	p->len += n;
	p->b[p->common + 11]++;
}

void
raw_sum(struct rawpkt *p)
{
	uint32_t sum = 0;
	size_t i;

	p->b[2] = (uint8_t)(p->len >> 8);
	p->b[3] = (uint8_t)p->len;
	p->b[4] = p->b[5] = 0;
	for (i = 0; i < p->len; i++)
		sum += i % 2 ? p->b[i] : (uint32_t)p->b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum;
	p->b[4] = (uint8_t)(sum >> 8);
	p->b[5] = (uint8_t)sum;
}

void
raw_done(struct net *n, int raw, struct rawpkt *p)
{
	raw_sum(p);
	raw_send(n, raw, p->b, p->len);
}

void
raw_hello(struct net *n, int raw, uint16_t interval, uint16_t dead,
    uint32_t sender, uint32_t receiver)
{
	struct rawpkt p;

	raw_begin(&p, 5, 0, 0);
	raw_put(&p, 2, interval);
	raw_put(&p, 2, dead);
	raw_put(&p, 4, 0);
	raw_common(&p, 0, sender, receiver);
	raw_done(n, raw, &p);
}

void
raw_clear(struct net *n, int raw)
{
	struct node *nd = &n->node[raw];

	while (nd->nheard > 0)
		free(nd->heard[--nd->nheard].data);
}

uint32_t
raw_get(const struct heard *h, size_t at, int octets)
{
	uint32_t v = 0;

	assert(LLC_LEN + at + (size_t)octets <= h->len);
	while (octets-- > 0)
		v = v << 8 | h->data[LLC_LEN + at++];
	return v;
}

const struct heard *
raw_nth(struct net *n, int raw, uint8_t type, uint32_t nth)
{
	struct node *nd = &n->node[raw];
	uint32_t i;

	for (i = 0; i < nd->nheard; i++)
		if ((type == 0 || raw_get(&nd->heard[i], 1, 1) == type) &&
		    nth-- == 0)
			return &nd->heard[i];
	return NULL;
}

uint32_t
raw_count(struct net *n, int raw, uint8_t type)
{
	uint32_t i = 0;

	while (raw_nth(n, raw, type, i) != NULL)
		i++;
	return i;
}

struct net *
raw_net(int server, int raw)
{
	struct net *n = net_new(7, 2);

	n->node[raw].raw = true;
	node_conf(&n->node[server]);
	node_conf_neighbor(&n->node[server], raw);
	net_start(n);
	net_run(n, 3500); /* either calls at last */
	assert(!TAILQ_EMPTY(&n->node[raw].fvcs));
	return n;
}

/* Says what it takes to be aligned, with nothing in the cache. */
static void
align(struct net *n, int server, int raw)
{
	uint32_t me = RAW_ID(raw), ls = RAW_ID(server), seq;
	struct rawpkt p;

	raw_clear(n, raw);
	raw_hello(n, raw, 600, 600, me, ls);
	raw_begin(&p, 1, 0, 0);
	if (raw > server) { /* the server becomes slave */
		seq = 7;
		raw_put(&p, 4, seq);
		raw_common(&p, 0xe000, me, ls);
	} else {
		net_run(n, 3);
		seq =
		    raw_get(raw_nth(n, raw, 1, raw_count(n, raw, 1) - 1), 8, 4);
		raw_put(&p, 4, seq);
		raw_common(&p, 0, me, ls);
	}
	raw_done(n, raw, &p);
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, seq + 1);
	raw_common(&p, raw > server ? 0x8000 : 0, me, ls);
	raw_done(n, raw, &p);
	raw_clear(n, raw);
	assert_string_equal(
	    node_shows(&n->node[server], raw, "alignment"), "Aligned");
}

struct net *
raw_aligned(int server, int raw, int other)
{
	struct net *n = net_new(7, other == -1 ? 2 : 3);

	n->node[raw].raw = true;
	node_conf(&n->node[server]);
	node_conf_neighbor(&n->node[server], raw);
	if (other != -1) {
		n->node[other].raw = true;
		node_conf_neighbor(&n->node[server], other);
	}
	net_start(n);
	net_run(n, 3500);
	align(n, server, raw);
	if (other != -1)
		align(n, server, other);
	return n;
}

void
raw_say(struct net *n, int raw, int server, uint8_t type, uint16_t hops,
    int owner, uint32_t key, int32_t seq, const char *data)
{
	struct rawpkt p;

	raw_begin(&p, type, RAW_ID(raw), RAW_ID(server));
	raw_record(&p, hops, RAW_ID(owner), key, seq, false, data);
	raw_done(n, raw, &p);
	net_run(n, 10);
}

void
raw_expect(struct net *n, int raw, int server, uint8_t type, uint32_t i,
    uint16_t hops, int owner, uint32_t key, int32_t seq, const char *data)
{
	const struct heard *h = raw_nth(n, raw, type, i);
	size_t len = data == NULL ? 0 : strlen(data);

	assert_non_null(h);
	assert_int_equal(raw_get(h, 18, 2), 1);
	assert_true(raw_get(h, 20, 4) == RAW_ID(server));
	assert_true(raw_get(h, 24, 4) == RAW_ID(raw));
	assert_int_equal(raw_get(h, 28, 2), hops);
	assert_int_equal(raw_get(h, 30, 2), 20 + len);
	assert_true(raw_get(h, 36, 4) == (uint32_t)seq);
	assert_true(raw_get(h, 40, 4) == key);
	assert_true(raw_get(h, 44, 4) == RAW_ID(owner));
	assert_int_equal(h->len, 8 + 48 + len);
	if (len != 0) {
		assert_int_equal(raw_get(h, 34, 2), 0); /* R2334-B.2.0.2-10 */
		assert_memory_equal(h->data + 8 + 48, data, len);
	}
}
