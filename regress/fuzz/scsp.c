/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of scspd: two servers that agree, and a neighbor of one of them
 * that says what it likes and is believed.  No state machine is violated, what
 * is held and asked for is limited, and when the neighbor has gone the two
 * agree as before.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "regress/unit/scspnet.h"

#define HONEST	2		/* nodes 0 and 1 */
#define MAD	2		/* and this one, a neighbor of 1 */
#define RECORDS	64

static struct net *
servers(void)
{
	struct net *n = net_new(7, 3);
	struct conf_cluster *c;
	int i;

	for (i = 0; i < HONEST; i++) {
		c = node_conf(&n->node[i]);
		c->max_records = RECORDS;
		node_conf_neighbor(&n->node[i], 1 - i);
	}
	node_conf_neighbor(&n->node[1], MAD);
	n->node[MAD].raw = true;
	net_start(n);
	for (i = 0; i < HONEST; i++)
		node_fill(&n->node[i], 3);
	net_run(n, 3500);
	return n;
}

static void
limits(struct net *n)
{
	const struct scsp_neighbor *nb;
	struct scsp_group *g;
	struct scsp_entry *e;
	uint32_t own;
	int i;

	for (i = 0; i < HONEST; i++) {
		MUST(n->node[i].events[SCSP_EV_VIOLATION] == 0);
		g = node_group(&n->node[i]);
		own = 0;
		for (e = scsp_cache_first(&g->cache); e != NULL;
		    e = scsp_cache_after(&g->cache, e->id))
			own += RECORD_OID(e->id) == RAW_ID(i);
		MUST(g->cache.count <= g->max_records + own);
		TAILQ_FOREACH(nb, &g->neighbors, of_group)
			MUST(nb->ncrl + nb->nopen <= g->max_records);
	}
}

static void
look(struct node *nd)
{
	static bool (*const all[])(struct scsp *, void *, struct wr *) = {
		scsp_show_summary, scsp_show_neighbors, scsp_show_cache,
		scsp_show_record, scsp_show_keys, scsp_show_limits,
		scsp_show_memory, scsp_show_counters };
	uint32_t rows;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		FUZZ_ROWS(rows, all[i], nd->s);
}

/* --- what the neighbor says */

/* True: one has so few hops left that it is passed on to nobody. */
static bool
mad_records(struct rawpkt *p, struct rd *r, bool contents)
{
	static const char *const texts[] = { "", "J", "T", "S", "Jx", "Jother",
		"?" };
	uint32_t n = fuzz_below(r, 8);
	bool stays = false;
	uint8_t what, hops;

	for (; n > 0; n--) {
		what = rd_u8(r);
		hops = what & 1 ? 16 : rd_u8(r);
		stays |= hops < 2;
		raw_record(p, hops,
		    RAW_ID(fuzz_below(r, 4)), fuzz_below(r, 96),
		    what & 2 ? INT32_MIN + 1 + (int32_t)fuzz_below(r, 8) :
		    (int32_t)rd_u32(r),
		    (what & 4) != 0,
		    contents ? texts[what / 8 % 7] : NULL);
	}
	return stays;
}

/* True: as mad_records(); or who knows how many hops are left. */
static bool
mad_packet(struct net *n, struct rd *r)
{
	bool stays = false;
	uint8_t type = (uint8_t)(1 + fuzz_below(r, 5)), how = rd_u8(r);
	uint32_t me = how & 1 ? RAW_ID(rd_u8(r)) : RAW_ID(MAD);
	uint32_t you = how & 2 ? RAW_ID(rd_u8(r)) : RAW_ID(1);
	const struct heard *last = raw_nth(n, MAD, 1,
	    raw_count(n, MAD, 1) == 0 ? 0 : raw_count(n, MAD, 1) - 1);
	struct rawpkt p;

	raw_begin(&p, type, me, you);
	if (type == 5) {
		raw_put(&p, 2, how & 4 ? rd_u16(r) : 3);
		raw_put(&p, 2, how & 8 ? rd_u16(r) : 3);
		raw_put(&p, 4, 0);
		raw_common(&p, 0, me, how & 16 ? 0 : you);
	} else if (type == 1) {
		raw_put(&p, 4, (last != NULL ? raw_get(last, 8, 4) : 0) +
		    fuzz_below(r, 4) - 1);
		raw_common(&p, (uint16_t)(rd_u8(r) << 8), me, you);
	}
	if (type != 5)
		stays = mad_records(&p, r, type != 1 && type != 4);
	if (how & 32 && p.len < 1000)
		p.len += fuzz_octets(r, p.b + p.len, 64);
	if (how & 64)
		p.b[fuzz_below(r, (uint32_t)p.len)] ^= rd_u8(r);
	raw_done(n, MAD, &p);
	return stays || (how & (32 | 64)) != 0;
}

static void
mad_octets(struct net *n, struct rd *r)
{
	struct rawpkt p;

	p.len = fuzz_octets(r, p.b, 1024);
	if (p.len >= 8)
		raw_sum(&p);
	raw_send(n, MAD, p.b, p.len);
}

static void
mad_call(struct net *n)
{
	struct atm_addr a;
	struct fvc *f;

	net_addr(&a, 1);
	f = net_fvc_new(&n->node[MAD], 1, 0, &a);
	net_post(n, MSG_SETUP, MAD, f->id, 1, 0, 0, NULL);
	net_run(n, 5);
}

/*
 * True: one of the two may have what the other one has not; marsd had it forget
 * that, or the neighbor has said something to it alone.
 */
static bool
event(struct net *n, struct rd *r)
{
	bool alone = false;
	uint8_t what = rd_u8(r), key = what / 16;
	const uint8_t oid[4] = { 10, 0, 0, (uint8_t)(1 + key % 4) };
	struct node *nd = &n->node[key % HONEST];
	bool circuit = !TAILQ_EMPTY(&n->node[MAD].fvcs);

	switch (what % 14) {
	case 0:
		if (circuit)
			mad_octets(n, r);
		alone = circuit;
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		if (circuit)
			alone = mad_packet(n, r);
		break;
	case 5:
		if (circuit)
			net_release(
			    &TAILQ_FIRST(&n->node[MAD].fvcs)->vc, 16);
		else
			mad_call(n);
		break;
	case 6:
		node_publish(nd, key, key % 3 == 0 ? NULL : "new");
		break;
	case 7:
		scsp_realign(nd->s, NET_SGID);
		break;
	case 8:
		scsp_hide(nd->s, NET_SGID, oid, rd_u8(r));
		break;
	case 9:
		scsp_revive(nd->s, NET_SGID, oid, rd_u8(r));
		break;
	case 10:
		scsp_erase(nd->s, NET_SGID, oid, rd_u8(r));
		break;
	case 12:
		look(nd);
		break;
	case 13:
		scsp_retell(nd->s, NET_SGID);
		break;
	case 11:
		/* so long that it knows of what it is asked */
		net_run(n, fuzz_time(r) / 16000);
		break;
	}
	if (n->node[MAD].nheard > NET_HEARD / 2)
		raw_clear(n, MAD);
	return alone || what % 14 == 8 || what % 14 == 10;
}

/* Has one of the two not taken what it would have, for want of room? */
static bool
was_full(struct net *n)
{
	static const enum scsp_drop full[] = { SCSP_DROP_RECORD_LIMIT,
		SCSP_DROP_REQUEST_LIMIT, SCSP_DROP_CONGESTED };
	const struct scsp_neighbor *nb;
	size_t k;
	int i;

	for (i = 0; i < HONEST; i++)
		TAILQ_FOREACH(nb, &node_group(&n->node[i])->neighbors, of_group)
			for (k = 0; k < sizeof(full) / sizeof(full[0]); k++)
				if (nb->drops[full[k]] != 0)
					return true;
	return false;
}

/*
 * It has gone for good: the two agree, on what is new, too; and on all, unless
 * one of them alone has heard or forgotten something.
 */
static void
works(struct net *n, bool alone)
{
	struct scsp_neighbor *nb;
	bool full;
	int i, k;

	raw_clear(n, MAD);
	n->cut[1][MAD] = n->cut[MAD][1] = true;
	net_run(n, 60000);
	for (i = 0; i < HONEST; i++) {
		nb = node_neighbor_of(&n->node[i], 1 - i);
		MUST(nb->align == SCSP_ALIGN_ALIGNED);
		node_publish(&n->node[i], 4000, "after");
	}
	net_run(n, 20000);
	/* what there was no room for may be anything, also what is new */
	full = was_full(n);
	for (i = 0; i < HONEST; i++)
		for (k = 0; k < HONEST; k++) {
			if (i != k && full)
				continue;
			MUST(node_entry(&n->node[k], i, 4000) != NULL);
			MUST(memcmp(node_entry(&n->node[k], i, 4000)->data,
			    "Jafter", 6) == 0);
		}
	limits(n);
	if (!alone && !full)
		MUST(net_equal(&n->node[0], &n->node[1]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net *n = servers();
	bool alone = false;
	int left = 200;
	struct rd r;

	rd_init(&r, data, size);
	while (fuzz_more(&r) && left-- > 0) {
		alone |= event(n, &r);
		limits(n);
	}
	look(&n->node[1]);
	works(n, alone);
	net_free(n);
	return 0;
}
