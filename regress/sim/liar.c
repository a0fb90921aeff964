/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A server that lies: the core of scspd, which has a valid key and whose
 * Hellos, alignments and numbers are in order until it likes otherwise, and
 * no marsd.  What it says follows from the world's numbers.  Whatever that
 * is, the honest servers stay within their limits while it goes on
 * (liar_check), and once it is over everything is compared as in a world
 * without liars: of honest servers and their members nothing but the truth
 * may be left.
 *
 * It lies for as long as there are faults.  Then it dies, or comes back with
 * nothing but what the others tell it.
 */
#include <stdlib.h>
#include <string.h>

#include "csa.h"
#include "ipc.h"
#include "marsd/cluster.h"
#include "scspd/align.h"
#include "scspd/cache.h"
#include "scspd/group.h"
#include "scspd/neighbor.h"
#include "scspd/packet.h"
#include "scspd/queue.h"
#include "scspd/scsp.h"
#include "sim.h"

#define INVENTED	1000	/* names of servers that there are not */
#define RECORD_ALLOCS	16	/* of both daemons, for one record */
#define ALLOCS_SPARE	60000	/* of hosts, circuits, the network */

/* What it does with what an honest neighbor sends. */
enum deafness {
	HEARS = 0, NO_REPLIES = 1, NO_REQUESTS = 2, NO_SOLICITS = 4,
	NO_SUMMARIES = 8, NO_HELLOS = 16
};

static struct scsp_group *
group(const struct server *s)
{
	return scsp_group_find(s->scsp, SGID);
}

/* Some neighbor that hears it, or NULL. */
static struct scsp_neighbor *
victim(const struct server *s)
{
	struct scsp_neighbor *nb;
	uint32_t n = 0, pick;

	TAILQ_FOREACH(nb, &group(s)->neighbors, of_group)
		n++;
	if (n == 0)
		return NULL;
	pick = (uint32_t)rnd(s->node.w, n);
	TAILQ_FOREACH(nb, &group(s)->neighbors, of_group)
		if (pick-- == 0)
			break;
	return nb;
}

/* --- a record */

static uint32_t
some_oid(struct server *s)
{
	struct world *w = s->node.w;

	switch (rnd(w, 8)) {
	case 0:
		return s->scsp->lsid;
	case 1:		/* few of them */
		return 0x0a000100U + (uint32_t)rnd(w, 16);
	case 2:		/* without end */
		return 0x0a010000U + (uint32_t)rnd(w, INVENTED);
	case 3:
		return node_random32(&s->node);
	default:
		return 0x0a000001U + (uint32_t)rnd(w, w->nservers);
	}
}

/*
 * Not a number that the owner has come to, or might by itself: that there are
 * two contents under one number no summary shows, so where a flood has
 * not shown it nobody can find out.
 */
static int32_t
another(const struct world *w, scsp_record_id id, const struct scsp_entry *e,
    int32_t seq)
{
	bool owned = RECORD_OID(id) - 0x0a000001U < w->nservers;
	bool near = e == NULL ? owned : seq >= e->seq &&
	    (int64_t)seq - e->seq < 1000;

	return near ? SEQ_PURGE : seq;
}

static int32_t
some_number(
    struct server *s, scsp_record_id id, const struct scsp_entry *e)
{
	struct world *w = s->node.w;
	int32_t seq = e == NULL || e->seq > SEQ_LAST - 2000000 ? SEQ_FIRST :
	    e->seq;

	switch (rnd(w, 12)) {
	case 0:
		return SEQ_PURGE;
	case 1:
		return another(w, id, e, SEQ_LAST - (int32_t)rnd(w, 40));
	case 2:
		return SEQ_RESERVED;
	case 3:
		return another(w, id, e, SEQ_FIRST + (int32_t)rnd(w, 100));
	case 4:
		return (int32_t)node_random32(&s->node);
	case 5:
		return another(w, id, e, seq > SEQ_FIRST ? seq - 1 : seq);
	default:
		return seq + 1000 + (int32_t)rnd(w, 1000000);
	}
}

static void
some_node(struct world *w, struct atm_addr *a)
{
	uint8_t ip[4] = { 10, 99, 0, 0 };

	switch (rnd(w, 8)) {
	case 0:
		*a = w->server[rnd(w, w->nservers)].addr;
		return;
	case 1:
	case 2:		/* nobody's */
		ip[2] = (uint8_t)rnd(w, 4);
		ip[3] = (uint8_t)rnd(w, 256);
		atm_addr_from_ip(a, false, ip, 2);
		return;
	default:
		*a = w->host[rnd(w, w->nhosts)].addr;
	}
}

/* One group, a few, or as many as there are addresses. */
static void
some_range(struct world *w, struct csa *c)
{
	uint8_t proto = (uint8_t)rnd(w, w->nprotos);

	c->pro = w->pro[proto];
	group_addr(w, proto, (uint32_t)rnd(w, w->ngroups), &c->min);
	c->max = c->min;
	switch (rnd(w, 4)) {
	case 0:
		group_addr(w, proto, 0xffff, &c->max);
		break;
	case 1:
		memset(c->min.a, 0, c->min.len);
		memset(c->max.a, 0xff, c->max.len);
		break;
	default:
		break;
	}
}

static void
some_contents(struct server *s, struct csa *c)
{
	static const uint8_t states[] = { CSA_JOIN, CSA_JOIN, CSA_SERVE,
		CSA_LEAVE, CSA_UNSERVE, CSA_REDIRECT };
	struct world *w = s->node.w;

	memset(c, 0, sizeof(*c));
	some_range(w, c);
	c->state = states[rnd(w, sizeof(states))];
	some_node(w, &c->atm);
	c->cmi = (uint16_t)rnd(w, 65536);
	if (c->state == CSA_REDIRECT || chance(w, 40)) {
		c->flags = c->state == CSA_REDIRECT ? 0 : CSA_F_REGISTER;
		memset(&c->min, 0, sizeof(c->min));
		memset(&c->max, 0, sizeof(c->max));
	}
}

struct lie {
	struct scsp_csas	 c;
	uint8_t			 data[CSA_MAX];
};

/* An honest record with something in it changed, or a new one. */
static void
invent(struct server *s, struct lie *l)
{
	struct world *w = s->node.w;
	uint32_t oid = some_oid(s);
	struct scsp_entry *e = NULL;
	struct csa c;

	memset(l, 0, sizeof(*l));
	l->c.id = RECORD_ID(oid, chance(w, 20) ? w->pro[0].type :
	    node_random32(&s->node));
	if (chance(w, 70))
		e = scsp_cache_after(&group(s)->cache, l->c.id);
	if (e != NULL && (e->flags & ENTRY_BARE) == 0)
		l->c.id = e->id;
	else
		e = scsp_cache_find(&group(s)->cache, l->c.id);
	l->c.seq = some_number(s, l->c.id, e);
	l->c.hops = (uint16_t)rnd(w, 300);
	l->c.null = chance(w, 3);
	l->c.data = l->data;
	if (e != NULL && e->len != 0 && chance(w, 60)) {
		memcpy(l->data, e->data, e->len);
		l->c.len = e->len;
		if (chance(w, 50) && csa_decode(&c, e->data, e->len) !=
		    CSA_MALFORMED) {
			if (chance(w, 50))
				csa_withdraw(&c);
			else
				some_node(w, &c.atm);
			l->c.len = (uint16_t)csa_encode(
			    &c, l->data, sizeof(l->data));
		} else if (chance(w, 30))
			l->data[rnd(w, l->c.len)] ^=
			    (uint8_t)(1U << rnd(w, 8));
		return;
	}
	some_contents(s, &c);
	l->c.len = (uint16_t)csa_encode(&c, l->data, sizeof(l->data));
}

/* Is it one that its own core would take? */
static bool
storable(struct server *s, const struct lie *l)
{
	enum csa_verdict v = csa_judge(l->data, l->c.len);

	return (v == CSA_LIVE || v == CSA_TOMBSTONE) && !l->c.null &&
	    scsp_seq_valid(l->c.seq) &&
	    group(s)->cache.count < s->node.w->max_records;
}

/* Keeps it, so that it is in summaries, and floods it. */
static void
keep(struct server *s, const struct lie *l, bool flood)
{
	struct scsp_group *g = group(s);
	struct scsp_entry *e = scsp_cache_find(&g->cache, l->c.id);

	if (!storable(s, l))
		return;
	if (e == NULL && (e = scsp_cache_add(
	    &g->cache, l->c.id, s->node.ts.now)) == NULL)
		abort();
	if (!scsp_cache_set(&g->cache, e, l->c.seq, l->data, l->c.len,
	    csa_judge(l->data, l->c.len) == CSA_TOMBSTONE, s->node.ts.now))
		abort();
	scsp_group_mortals(g);
	if (flood)
		scsp_queue_flood(g, e, NULL, (uint16_t)(1 + l->c.hops));
}

/* Sends some in a CSU Request of its own, whatever is acknowledged. */
static void
lie_request(struct server *s, struct scsp_neighbor *nb)
{
	uint32_t n = (uint32_t)between(s->node.w, 1, 30);
	struct scsp_packet p;
	struct lie l;

	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	while (n-- > 0) {
		invent(s, &l);
		if (scsp_packet_left(&p, EXT_RESERVE) <
		    (size_t)SCSP_CSAS_LEN + l.c.len)
			break;
		scsp_packet_csa(&p, &l.c);
	}
	scsp_neighbor_send(nb, &p, NULL, false);
}

static void
lie_records(struct server *s, struct scsp_neighbor *nb)
{
	uint32_t n = (uint32_t)between(s->node.w, 1, 40);
	struct lie l;

	(void)nb;
	while (n-- > 0) {
		invent(s, &l);
		keep(s, &l, true);
	}
}

/* One server that says that it lives, then another. */
static void
lie_alive(struct server *s, struct scsp_neighbor *nb)
{
	struct world *w = s->node.w;
	struct csa c = { .state = CSA_REDIRECT };
	struct lie l = { .c = { .data = l.data } };

	(void)nb;
	c.pro = w->pro[rnd(w, w->nprotos)];
	some_node(w, &c.atm);
	if (chance(w, 50))
		c.atm = s->addr;
	l.c.id = RECORD_ID(some_oid(s), c.pro.type);
	l.c.seq = some_number(s, l.c.id,
	    scsp_cache_find(&group(s)->cache, l.c.id));
	l.c.len = (uint16_t)csa_encode(&c, l.data, sizeof(l.data));
	keep(s, &l, true);
}

/* Acknowledges, or asks for, what was never sent. */
static void
lie_summaries(struct server *s, struct scsp_neighbor *nb)
{
	struct world *w = s->node.w;
	uint32_t n = (uint32_t)between(w, 1, 300);
	struct scsp_packet p;
	struct lie l;

	scsp_neighbor_begin(nb, &p,
	    chance(w, 50) ? SCSP_CSUS : SCSP_CSU_REPLY, 0);
	while (n-- > 0 && scsp_packet_left(&p, EXT_RESERVE) >= SCSP_CSAS_LEN) {
		invent(s, &l);
		scsp_packet_csas(&p, &l.c);
	}
	scsp_neighbor_send(nb, &p, NULL, false);
}

/* A CA that nobody waits for, or the one that they wait for, with lies. */
static void
lie_ca(struct server *s, struct scsp_neighbor *nb)
{
	static const uint16_t flags[] = { CA_M | CA_I | CA_O, CA_M, CA_M | CA_O,
		CA_O, 0, CA_I };
	struct world *w = s->node.w;
	uint32_t n = (uint32_t)rnd(w, 300), real = nb->ca_seq;
	struct scsp_packet p;
	struct lie l;

	nb->ca_seq += (uint32_t)rnd(w, 4) - 1;
	scsp_neighbor_begin(nb, &p, SCSP_CA, flags[rnd(w, 6)]);
	nb->ca_seq = real;
	while (n-- > 0 && scsp_packet_left(&p, EXT_RESERVE) >= SCSP_CSAS_LEN) {
		invent(s, &l);
		scsp_packet_csas(&p, &l.c);
	}
	scsp_neighbor_send(nb, &p, NULL, false);
}

/* A summary that goes on: more is there behind what was told already. */
static void
lie_endless(struct server *s, struct scsp_neighbor *nb)
{
	struct scsp_cache *cache = &group(s)->cache;
	struct scsp_entry *e;
	struct lie l;
	uint32_t i;

	if (nb->align != SCSP_ALIGN_SUMMARIZE) {
		scsp_realign(s->scsp, SGID);
		return;
	}
	for (i = 0; i < 500; i++) {
		if (cache->count >= s->node.w->max_records &&
		    (e = scsp_cache_first(cache)) != NULL &&
		    RECORD_OID(e->id) != s->scsp->lsid)
			scsp_entry_remove(group(s), e);
		invent(s, &l);
		l.c.id = nb->cursor + 1 + i * 7;
		nb->summarised = false;
		keep(s, &l, false);
	}
}

/* For whom, from whom, and how often: whatever comes to its mind. */
static void
lie_hello(struct server *s, struct scsp_neighbor *nb)
{
	struct world *w = s->node.w;
	struct scsp_packet p;
	uint32_t n = (uint32_t)rnd(w, 4);

	scsp_packet_begin(&p, SCSP_HELLO);
	wr_u16(&p.w, (uint16_t)(chance(w, 70) ? w->hello : rnd(w, 65536)));
	wr_u16(&p.w, (uint16_t)(chance(w, 70) ? 3 : rnd(w, 65536)));
	wr_u32(&p.w, 0);
	scsp_packet_hello_common(&p, group(s)->pid, SGID,
	    chance(w, 70) ? s->scsp->lsid : some_oid(s), chance(w, 70),
	    chance(w, 50) ? nb->id : some_oid(s));
	while (n-- > 0 && chance(w, 50)) {
		wr_u8(&p.w, 4);
		wr_u32(&p.w, some_oid(s));
	}
	scsp_neighbor_send(nb, &p, NULL, chance(w, 50));
}

/* What was said is not so any more, and is again. */
static void
lie_forget(struct server *s, struct scsp_neighbor *nb)
{
	struct scsp_group *g = group(s);
	uint32_t n = (uint32_t)rnd(s->node.w, 200);
	struct scsp_entry *e;

	(void)nb;
	while (n-- > 0) {
		e = scsp_cache_after(
		    &g->cache, RECORD_ID(some_oid(s), node_random32(&s->node)));
		if (e != NULL && (e->flags & ENTRY_OWN) == 0)
			scsp_entry_remove(g, e);
	}
}

static void
lie_realign(struct server *s, struct scsp_neighbor *nb)
{
	(void)nb;
	scsp_realign(s->scsp, SGID);
}

static void
lie_deaf(struct server *s, struct scsp_neighbor *nb)
{
	(void)nb;
	s->deaf = (uint8_t)(
	    chance(s->node.w, 40) ? HEARS : 1U << rnd(s->node.w, 5));
	trace(s->node.w, 1, &s->node, "does not hear %u", s->deaf);
}

/* the same with no rests between */
static const struct {
	uint32_t	 percent;
	void		(*tell)(struct server *, struct scsp_neighbor *);
} lies[] = {
	{ 22, lie_request }, { 22, lie_records }, { 10, lie_alive },
	{ 8, lie_summaries }, { 6, lie_ca }, { 16, lie_endless },
	{ 4, lie_hello }, { 6, lie_forget }, { 2, lie_realign },
	{ 4, lie_deaf },
};

static void
on_lie(void *arg)
{
	struct server *s = arg;
	struct world *w = s->node.w;
	uint32_t p = (uint32_t)rnd(w, 100), i = 0;
	struct scsp_neighbor *nb;

	if (!w->faulty || !s->alive)
		return;
	timer_set(&w->ts, &s->lie, chance(w, 5) ?
	    between(w, 0, MTIME_SEC(20)) : between(w, 0, w->lies_pause));
	node_enter(&s->node);
	if ((nb = victim(s)) != NULL) {
		while (p >= lies[i].percent)
			p -= lies[i++].percent;
		lies[i].tell(s, nb);
	}
	node_settle(&s->node);
}

/* --- what it hears */

static void
liar_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	static const uint8_t unheard[] = { [SCSP_CA] = NO_SUMMARIES,
		[SCSP_CSU_REQUEST] = NO_REQUESTS, [SCSP_CSU_REPLY] = NO_REPLIES,
		[SCSP_CSUS] = NO_SOLICITS, [SCSP_HELLO] = NO_HELLOS };
	struct server *s = arg;
	uint8_t type = len > LLC_LEN + 1 ? p[LLC_LEN + 1] : 0;

	if (type >= SCSP_CA && type <= SCSP_HELLO &&
	    (s->deaf & unheard[type]) != 0)
		return;
	scsp_vc_user.sdu(s->scsp, vc, cookie, p, len);
}

static uint16_t
liar_call(void *arg, struct vc *vc, const struct atm_addr *caller, bool leaf,
    void **cookie)
{
	struct server *s = arg;

	return scsp_vc_user.remote_call(s->scsp, vc, caller, leaf, cookie);
}

static void
liar_ack(void *arg, struct vc *vc, void *cookie)
{
	scsp_vc_user.ack(((struct server *)arg)->scsp, vc, cookie);
}

static void
liar_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	scsp_vc_user.rqfailed(((struct server *)arg)->scsp, vc, cookie, cause);
}

static void
liar_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	scsp_vc_user.release(((struct server *)arg)->scsp, vc, cookie, cause);
}

const struct vc_user liar_vc_user = {
	.remote_call = liar_call,
	.ack = liar_ack,
	.rqfailed = liar_rqfailed,
	.release = liar_release,
	.sdu = liar_sdu,
};

/* --- its life */

void
liar_init(struct server *s)
{
	s->liar = true;
	timer_init(&s->lie, on_lie, s);
}

void
liar_begins(struct server *s)
{
	struct world *w = s->node.w;

	if (!s->alive)
		server_start(s);
	trace(w, 1, &s->node, "begins to lie");
	timer_set(&w->ts, &s->lie, between(w, 0, MTIME_SEC(5)));
}

void
liar_ends(struct server *s)
{
	struct world *w = s->node.w;

	timer_clear(&w->ts, &s->lie);
	s->deaf = HEARS;
	trace(w, 1, &s->node, "lies no more");
	server_crash(s);
	if (chance(w, 50))
		server_start(s);
}

/* --- what it must not make others do */

/* An honest server while others lie: what it holds is limited. */
static void
check_limits(struct server *s)
{
	struct world *w = s->node.w;
	struct scsp_group *g = group(s);
	const struct scsp_neighbor *nb;
	uint32_t own = 0;
	struct scsp_entry *e;

	for (e = scsp_cache_after(&g->cache, RECORD_ID(s->scsp->lsid, 0) - 1);
	    e != NULL && RECORD_OID(e->id) == s->scsp->lsid;
	    e = scsp_cache_after(&g->cache, e->id))
		own++;
	if (g->cache.count > g->max_records + own)
		fail(w, "server %u: %u records, %u of its own, limit %u",
		    s->node.n, g->cache.count, own, g->max_records);
	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb->ncrl + nb->nopen > g->max_records)
			fail(w, "server %u: asks for %u records, limit %u",
			    s->node.n, nb->ncrl + nb->nopen, g->max_records);
}

void
liar_check(struct world *w)
{
	const struct marsd_cluster *c;
	struct server *s;
	uint32_t i;
	int64_t most = (int64_t)w->max_records * RECORD_ALLOCS *
	    (w->nservers + w->nliars) + ALLOCS_SPARE;

	for (i = 0; i < w->nservers; i++) {
		s = &w->server[i];
		if (!s->alive)
			continue;
		check_limits(s);
		c = marsd_cluster(s->mars, CLUSTER);
		/* and itself */
		if (c->nowners > w->max_known + 1)
			fail(w, "server %u: %u servers known, limit %u", i,
			    c->nowners, w->max_known);
	}
	if (alive_allocations > most)
		fail(w, "%lld allocations are alive",
		    (long long)alive_allocations);
}
