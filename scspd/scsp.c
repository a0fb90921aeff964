/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of scspd: server groups, their records, and which neighbor a
 * packet is for.  Each PID/SGID is an instance of its own (RFC 2334
 * section 2); all groups between two addresses share the circuits.
 */
#include <stdlib.h>
#include <string.h>

#include "scsp.h"

int
scsp_group_cmp(const struct scsp_group *a, const struct scsp_group *b)
{
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->sgid < b->sgid ? -1 : a->sgid > b->sgid;
}

RB_GENERATE(scsp_group_tree, scsp_group, node, scsp_group_cmp)

static void	on_mortal(void *);

void
scsp_oid_octets(uint32_t id, uint8_t oid[4])
{
	oid[0] = (uint8_t)(id >> 24);
	oid[1] = (uint8_t)(id >> 16);
	oid[2] = (uint8_t)(id >> 8);
	oid[3] = (uint8_t)id;
}

static uint32_t
oid_number(const uint8_t oid[4])
{
	struct rd r;

	rd_init(&r, oid, 4);
	return rd_u32(&r);
}

/* NULL: no memory, or the library has no HMAC. */
struct scsp *
scsp_new(const struct scsp_ops *ops, void *arg, struct timers *ts)
{
	struct scsp *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->ops = ops;
	s->arg = arg;
	s->timers = ts;
	RB_INIT(&s->groups);
	RB_INIT(&s->peers);
	SLIST_INIT(&s->keys);
	SLIST_INIT(&s->links);
	if ((s->auth = scsp_auth_new()) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

struct scsp_group *
scsp_group_get(struct scsp *s, uint16_t pid, uint16_t sgid)
{
	struct scsp_group key;

	key.pid = pid;
	key.sgid = sgid;
	return RB_FIND(scsp_group_tree, &s->groups, &key);
}

struct scsp_group *
scsp_group_find(struct scsp *s, uint16_t sgid)
{
	return scsp_group_get(s, PID_MARS, sgid);
}

bool
scsp_group_is_mars(const struct scsp_group *g)
{
	return g->pid == PID_MARS;
}

/* What fits into a packet of ours is passed on; else nobody could have it. */
static enum csa_verdict
judge_opaque(const void *data, size_t len)
{
	(void)data;
	return len <= CONTENTS_MAX ? CSA_LIVE : CSA_STRANGE;
}

enum csa_verdict (*scsp_group_judge(const struct scsp_group *g))(
    const void *, size_t)
{
	return scsp_group_is_mars(g) ? g->scsp->ops->judge : judge_opaque;
}

/* Is it a record that marsd answers for? */
bool
scsp_group_owns(const struct scsp_group *g, record_id id)
{
	return scsp_group_is_mars(g) && RECORD_OID(id) == g->scsp->lsid;
}

void
scsp_group_tell_update(
    struct scsp_group *g, const struct scsp_csas *c, uint8_t how)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(RECORD_OID(c->id), oid);
	s->ops->update(s->arg, g->sgid, oid, RECORD_KEY(c->id), c->seq, how,
	    c->data, c->len);
}

void
scsp_group_tell_gone(struct scsp_group *g, record_id id)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(RECORD_OID(id), oid);
	s->ops->gone(s->arg, g->sgid, oid, RECORD_KEY(id));
}

void
scsp_group_tell_neighbor(struct scsp_group *g, uint32_t id, bool aligned)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(id, oid);
	s->ops->neighbor(s->arg, g->sgid, oid, aligned);
}

static struct scsp_group *
group_new(struct scsp *s, uint16_t pid, uint16_t sgid)
{
	struct scsp_group *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->scsp = s;
	g->pid = pid;
	g->sgid = sgid;
	g->holding = true;
	scsp_reborn_init(g);
	scsp_cache_init(&g->cache);
	TAILQ_INIT(&g->neighbors);
	TAILQ_INIT(&g->renewals);
	timer_init(&g->mortal_timer, on_mortal, g);
	RB_INSERT(scsp_group_tree, &s->groups, g);
	return g;
}

static void
group_free(struct scsp_group *g)
{
	struct scsp_neighbor *nb;
	struct scsp_renewal *r;

	while ((nb = TAILQ_FIRST(&g->neighbors)) != NULL)
		scsp_neighbor_free(nb);
	while ((r = TAILQ_FIRST(&g->renewals)) != NULL) {
		TAILQ_REMOVE(&g->renewals, r, entry);
		free(r);
	}
	timer_clear(g->scsp->timers, &g->mortal_timer);
	timer_clear(g->scsp->timers, &g->forgotten);
	scsp_cache_free(&g->cache);
	RB_REMOVE(scsp_group_tree, &g->scsp->groups, g);
	free(g);
}

static void
keys_free(struct scsp_key_list *keys)
{
	struct scsp_key *k;

	while ((k = SLIST_FIRST(keys)) != NULL) {
		SLIST_REMOVE_HEAD(keys, entry);
		scsp_auth_key_free(k->key);
		free(k);
	}
}

static void
idle_peers_free(struct scsp *s)
{
	struct scsp_peer *p, *next;

	for (p = RB_MIN(scsp_peer_tree, &s->peers); p != NULL; p = next) {
		next = RB_NEXT(scsp_peer_tree, &s->peers, p);
		if (TAILQ_EMPTY(&p->neighbors))
			scsp_peer_free(p);
	}
}

static void
everything_free(struct scsp *s)
{
	struct scsp_group *g;

	while ((g = RB_ROOT(&s->groups)) != NULL)
		group_free(g);
	idle_peers_free(s);
}

void
scsp_free(struct scsp *s)
{
	struct scsp_attached *a;

	if (s == NULL)
		return;
	everything_free(s);
	keys_free(&s->keys);
	while ((a = SLIST_FIRST(&s->links)) != NULL) {
		SLIST_REMOVE_HEAD(&s->links, entry);
		free(a);
	}
	scsp_auth_free(s->auth);
	free(s);
}

static bool
keys_read(struct scsp *s, const struct conf *conf, struct scsp_key_list *keys)
{
	const struct conf_key *c;
	struct scsp_key *k;

	TAILQ_FOREACH(c, &conf->keys, entry) {
		if ((k = calloc(1, sizeof(*k))) == NULL ||
		    (k->key = scsp_auth_key_new(s->auth, c)) == NULL) {
			free(k);
			return false;
		}
		SLIST_INSERT_HEAD(keys, k, entry);
	}
	return true;
}

/* The keys of a neighbor, in the order of the configuration. */
static void
neighbor_keys(struct scsp_neighbor *nb)
{
	struct scsp_key *k;
	size_t i;

	nb->nkeys = 0;
	for (i = 0; i < nb->conf.nspis && i < 16; i++)
		SLIST_FOREACH(k, &nb->scsp->keys, entry)
			if (scsp_auth_key_spi(k->key) == nb->conf.spis[i])
				nb->keys[nb->nkeys++] = k->key;
}

static struct scsp_neighbor *
neighbor_find(const struct scsp_group *g, const struct atm_addr *addr)
{
	struct scsp_neighbor *nb;

	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (atm_addr_equal(&nb->peer->addr, addr))
			return nb;
	return NULL;
}

/*
 * Marks what the configuration has, and makes what we do not have of it;
 * nothing of that runs yet.  False: no memory.
 */
static bool
prepare(struct scsp *s, const struct conf_clusters *clusters)
{
	const struct conf_cluster *cc;
	const struct conf_neighbor *cn;
	struct scsp_group *g;
	struct scsp_peer *p;
	struct scsp_neighbor *nb;
	struct atm_addr addr;

	TAILQ_FOREACH(cc, clusters, entry) {
		g = scsp_group_get(s, cc->protocol_id, cc->server_group);
		if (g == NULL) {
			if ((g = group_new(
				 s, cc->protocol_id, cc->server_group)) == NULL)
				return false;
			g->made = true;
			scsp_reborn_start(g, cc);
		}
		g->wanted = true;
		TAILQ_FOREACH(cn, &cc->neighbors, entry) {
			addr = cn->addr;
			atm_addr_set_sel(&addr, 1);
			if ((nb = neighbor_find(g, &addr)) == NULL) {
				if ((p = scsp_peer_new(s, &addr)) == NULL ||
				    (nb = scsp_neighbor_new(g, p, cn)) == NULL)
					return false;
				nb->made = true;
			}
			nb->wanted = true;
		}
	}
	return true;
}

/* Takes away what was made in vain, or what is not wanted any more. */
static void
scsp_sweep(struct scsp *s, bool failed)
{
	struct scsp_group *g, *gnext;
	struct scsp_neighbor *nb, *nnext;

	for (g = RB_MIN(scsp_group_tree, &s->groups); g != NULL; g = gnext) {
		gnext = RB_NEXT(scsp_group_tree, &s->groups, g);
		if (failed ? g->made : !g->wanted) {
			group_free(g);
			continue;
		}
		TAILQ_FOREACH_SAFE(nb, &g->neighbors, of_group, nnext) {
			if (failed ? nb->made : !nb->wanted)
				scsp_neighbor_free(nb);
			else
				nb->made = nb->wanted = false;
		}
		g->made = g->wanted = false;
	}
	idle_peers_free(s);
}

/* The values of the configuration, which may have changed. */
static void
adopt(struct scsp *s, const struct conf_clusters *clusters)
{
	const struct conf_cluster *cc;
	const struct conf_neighbor *cn;
	struct scsp_group *g;
	struct scsp_neighbor *nb;
	struct atm_addr addr;

	TAILQ_FOREACH(cc, clusters, entry) {
		/* prepare() has seen to it that they are there */
		g = scsp_group_get(s, cc->protocol_id, cc->server_group);
		if (g == NULL)
			continue;
		memcpy(g->name, cc->name, sizeof(g->name));
		g->hop_count = cc->hop_count;
		g->tombstone = scsp_seconds(cc->tombstone);
		g->max_records = cc->max_records;
		TAILQ_FOREACH(cn, &cc->neighbors, entry) {
			addr = cn->addr;
			atm_addr_set_sel(&addr, 1);
			if ((nb = neighbor_find(g, &addr)) == NULL)
				continue;
			nb->conf = *cn;
			neighbor_keys(nb);
		}
		scsp_group_mortals(g);
	}
}

/*
 * Applies a configuration.  Groups and neighbors that are still in it keep
 * their state; another server ID begins anew.  0, or -1: no memory (or a
 * key that cannot be used), and nothing has changed.
 */
int
scsp_configure(struct scsp *s, const struct conf *conf)
{
	struct scsp_key_list keys = SLIST_HEAD_INITIALIZER(keys), old;
	uint32_t lsid = oid_number(conf->server_id);
	struct scsp_peer *p;

	if (!keys_read(s, conf, &keys)) {
		keys_free(&keys);
		return -1;
	}
	if (s->lsid != lsid)
		everything_free(s);
	s->lsid = lsid;
	if (!prepare(s, &conf->clusters) || !prepare(s, &conf->groups)) {
		scsp_sweep(s, true);
		keys_free(&keys);
		return -1;
	}
	scsp_sweep(s, false);
	old = s->keys;
	s->keys = keys;
	adopt(s, &conf->clusters);
	adopt(s, &conf->groups);
	keys_free(&old);
	if (!SLIST_EMPTY(&s->links))
		RB_FOREACH(p, scsp_peer_tree, &s->peers)
			scsp_peer_start(p);
	return 0;
}

void
scsp_attach(struct scsp *s, struct vc_link *l)
{
	struct scsp_attached *a;
	struct scsp_peer *p;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return;
	a->link = l;
	SLIST_INSERT_HEAD(&s->links, a, entry);
	RB_FOREACH(p, scsp_peer_tree, &s->peers)
		scsp_peer_start(p);
}

void
scsp_detach(struct scsp *s, struct vc_link *l)
{
	struct scsp_attached *a;

	scsp_peer_forget_link(s, l);
	SLIST_FOREACH(a, &s->links, entry)
		if (a->link == l)
			break;
	if (a != NULL)
		SLIST_REMOVE(&s->links, a, scsp_attached, entry);
	free(a);
}

/* Finds out which neighbor a packet is for, and hands it on. */
static void
on_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct scsp *s = arg;
	struct scsp_circuit *c = cookie;
	struct scsp_neighbor *nb;
	enum scsp_type type;
	enum scsp_drop why;
	uint32_t oui;
	uint16_t llc, pid, sgid;

	(void)vc;
	if (!llc_decode(p, len, &oui, &llc) || oui != LLC_OUI_IANA ||
	    llc != LLC_PID_SCSP) {
		s->drops[DROP_LLC]++;
		return;
	}
	p += LLC_LEN;
	len -= LLC_LEN;
	if ((why = scsp_message_peek(p, len, &type, &pid, &sgid)) !=
	    DROP_NONE) {
		s->drops[why]++;
		return;
	}
	TAILQ_FOREACH(nb, &c->peer->neighbors, of_peer) /* one per group */
		if (nb->group->sgid == sgid && nb->group->pid == pid)
			break;
	if (nb == NULL) {
		s->drops[DROP_GROUP]++;
		return;
	}
	/* an SDU may be here before the call was taken notice of */
	if (c->peer->best == NULL)
		scsp_peer_settle(c->peer);
	scsp_neighbor_input(nb, c, p, len, type);
}

static void
no_leaf(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	(void)cookie;
}

static void
no_leaf_cause(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)cause;
	no_leaf(arg, leaf, cookie);
}

const struct vc_user scsp_vc_user = {
	.remote_call = scsp_peer_remote_call,
	.ack = scsp_peer_ack,
	.rqfailed = scsp_peer_rqfailed,
	.release = scsp_peer_release,
	.sdu = on_sdu,
	.leaf_ack = no_leaf,		/* we are no root: A-84 */
	.leaf_failed = no_leaf_cause,
	.leaf_drop = no_leaf_cause,
};

/* Sets the timer for the oldest of those that go in time. */
void
scsp_group_mortals(struct scsp_group *g)
{
	struct scsp_entry *e = TAILQ_FIRST(&g->cache.mortals);
	struct timers *ts = g->scsp->timers;

	if (e == NULL)
		timer_clear(ts, &g->mortal_timer);
	else if (!timer_isset(&g->mortal_timer))
		timer_set(ts, &g->mortal_timer,
		    g->tombstone - mtime_diff(e->since, ts->now));
}

static void
on_mortal(void *arg)
{
	struct scsp_group *g = arg;
	mtime_t now = g->scsp->timers->now;
	struct scsp_entry *e;

	while ((e = TAILQ_FIRST(&g->cache.mortals)) != NULL &&
	    mtime_diff(e->since, now) >= g->tombstone) {
		scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
		scsp_entry_settle(g, e);
	}
	scsp_group_mortals(g);
}

void
scsp_entry_remove(struct scsp_group *g, struct scsp_entry *e)
{
	struct scsp_link *l;

	while ((l = LIST_FIRST(&e->links)) != NULL)
		scsp_update_unqueue(l);
	scsp_cache_erase(&g->cache, e);
}

/* A purge is over: the record begins anew with what waits. */
static void
renew(struct scsp_group *g, uint32_t key)
{
	struct scsp_renewal *r;

	TAILQ_FOREACH(r, &g->renewals, entry)
		if (r->key == key)
			break;
	if (r == NULL)
		return;
	TAILQ_REMOVE(&g->renewals, r, entry);
	scsp_publish(g->scsp, g->sgid, key, r->data, r->len);
	free(r);
}

void
scsp_entry_settle(struct scsp_group *g, struct scsp_entry *e)
{
	record_id id = e->id;
	uint8_t flags = e->flags;

	if ((flags & ENTRY_EXPIRED) == 0 || !LIST_EMPTY(&e->links))
		return;
	scsp_cache_erase(&g->cache, e);
	if ((flags & ENTRY_BARE) == 0)
		scsp_group_tell_gone(g, id);
	if ((flags & ENTRY_OWN) != 0)
		renew(g, RECORD_KEY(id));
}

/* Keeps what is to be said once the purge is over.  False: no memory. */
static bool
renew_later(struct scsp_group *g, uint32_t key, const void *data, uint16_t len)
{
	struct scsp_renewal *r, *old;

	if ((r = malloc(sizeof(*r) + len)) == NULL)
		return false;
	r->key = key;
	r->len = len;
	memcpy(r->data, data, len);
	TAILQ_FOREACH(old, &g->renewals, entry)
		if (old->key == key)
			break;
	if (old != NULL) {
		TAILQ_REMOVE(&g->renewals, old, entry);
		free(old);
	}
	TAILQ_INSERT_TAIL(&g->renewals, r, entry);
	return true;
}

/* An instance of ours with its number, on its way to everybody. */
static bool
originate(struct scsp_group *g, struct scsp_entry *e, int32_t seq,
    const void *data, uint16_t len, bool tomb)
{
	scsp_cache_unflag(&g->cache, e, ENTRY_HELD);
	if (!scsp_cache_set(
		&g->cache, e, seq, data, len, tomb, g->scsp->timers->now))
		return false;
	scsp_cache_flag(&g->cache, e, ENTRY_OWN);
	scsp_group_mortals(g);
	scsp_update_flood(g, e, NULL, g->hop_count);
	return true;
}

void
scsp_entry_renumber(struct scsp_group *g, struct scsp_entry *e, int32_t seq)
{
	(void)originate(
	    g, e, seq, e->data, e->len, (e->flags & ENTRY_TOMB) != 0);
}

static void
stuck(struct scsp_group *g, uint32_t key)
{
	struct scsp_event ev = { .code = SCSP_EV_LIMIT,
		.pid = g->pid,
		.sgid = g->sgid,
		.why = "sequence",
		.number = key };

	g->scsp->ops->event(g->scsp->arg, &ev);
}

/*
 * The number has reached 2^31-2: the entry goes from the SG first, by a
 * record with 2^31-1 that withdraws it, and comes again afterwards.  What
 * cannot be withdrawn (a Redirect Entry) stops there.
 */
static void
purge(struct scsp_group *g, struct scsp_entry *e, const void *data,
    uint16_t len, bool tomb)
{
	struct scsp *s = g->scsp;
	uint8_t buf[CSA_MAX];
	const void *last = data;
	size_t n = len;
	uint32_t key = RECORD_KEY(e->id);

	if (!tomb) {
		n = s->ops->withdraw == NULL || (e->flags & ENTRY_BARE) ?
		    0 :
		    s->ops->withdraw(e->data, e->len, buf, sizeof(buf));
		last = buf;
		if (n == 0 || !renew_later(g, key, data, len)) {
			stuck(g, key);
			return;
		}
	}
	if (!originate(g, e, SEQ_PURGE, last, (uint16_t)n, true))
		return;
	scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
	scsp_entry_settle(g, e);
}

/* Numbers an entry of ours: what it holds, or this. */
static void
scsp_number(struct scsp_group *g, struct scsp_entry *e, bool known,
    const void *data, uint16_t len, bool tomb)
{
	int32_t seq = scsp_seq_next(
	    known, e->seq, e->seen, (e->flags & ENTRY_AGAIN) != 0);

	if (seq == SEQ_RESERVED) {
		/* purged already, and not forgotten yet */
		if ((e->flags & ENTRY_OWN) == 0 ||
		    !renew_later(g, RECORD_KEY(e->id), data, len))
			stuck(g, RECORD_KEY(e->id));
	} else if (seq == SEQ_PURGE)
		purge(g, e, data, len, tomb);
	else
		(void)originate(g, e, seq, data, len, tomb);
}

/*
 * A record of ours.  Until the first DCS is aligned nobody knows what the
 * SG remembers of us, so it is kept without a scsp_number.
 */
void
scsp_publish(
    struct scsp *s, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	struct scsp_group *g = scsp_group_find(s, sgid);
	enum csa_verdict verdict = s->ops->judge(data, len);
	struct scsp_entry *e;
	bool tomb = verdict == CSA_TOMBSTONE, known;

	if (g == NULL || len > CSA_MAX || verdict == CSA_MALFORMED)
		return;
	e = scsp_cache_find(&g->cache, RECORD_ID(s->lsid, key));
	if (e == NULL &&
	    (e = scsp_cache_add(
		 &g->cache, RECORD_ID(s->lsid, key), s->timers->now)) == NULL)
		return;
	known = e->seen != SEQ_RESERVED;
	if (!g->holding) {
		scsp_number(g, e, known, data, (uint16_t)len, tomb);
		return;
	}
	scsp_cache_flag(
	    &g->cache, e, ENTRY_OWN | ENTRY_HELD | (known ? ENTRY_AGAIN : 0));
	known = (e->flags & ENTRY_AGAIN) != 0;
	if (!scsp_cache_set(&g->cache, e, e->seq, data, (uint16_t)len, tomb,
		s->timers->now))
		return;
	if (known)
		scsp_cache_flag(&g->cache, e, ENTRY_AGAIN);
	scsp_group_mortals(g);
}

void
scsp_group_release(struct scsp_group *g)
{
	struct scsp_cache *c = &g->cache;
	struct scsp_entry *e, *next;
	uint32_t lsid = g->scsp->lsid;
	uint8_t *data;
	uint16_t len;

	if (!g->holding)
		return;
	g->holding = false;
	e = scsp_cache_after(c, RECORD_ID(lsid, 0) - 1);
	for (; c->held != 0 && e != NULL && RECORD_OID(e->id) == lsid;
	     e = next) {
		next = scsp_cache_after(c, e->id);
		if ((e->flags & ENTRY_HELD) == 0)
			continue;
		/* the contents stay where they are, under a number */
		data = e->data;
		len = e->len;
		scsp_number(g, e, e->seen != SEQ_RESERVED, data, len,
		    (e->flags & ENTRY_TOMB) != 0);
	}
}

static struct scsp_entry *
foreign(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    struct scsp_group **g)
{
	struct scsp_entry *e;

	if ((*g = scsp_group_find(s, sgid)) == NULL)
		return NULL;
	e = scsp_cache_find(&(*g)->cache, RECORD_ID(oid_number(oid), key));
	return e == NULL || (e->flags & (ENTRY_OWN | ENTRY_BARE)) != 0 ? NULL :
									 e;
}

/* neither listed nor given away, but still compared. */
void
scsp_hide(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);
	struct scsp_link *l;

	if (e == NULL)
		return;
	scsp_cache_flag(&g->cache, e, ENTRY_HIDDEN);
	while ((l = LIST_FIRST(&e->links)) != NULL) {
		l->neighbor->skipped = true;
		scsp_update_unqueue(l);
	}
	scsp_entry_settle(g, e);
}

void
scsp_revive(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);

	if (e == NULL || (e->flags & ENTRY_HIDDEN) == 0)
		return;
	scsp_cache_unflag(&g->cache, e, ENTRY_HIDDEN | ENTRY_SHOWN);
	scsp_update_revived(g, e);
}

void
scsp_erase(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);

	if (e != NULL)
		scsp_entry_remove(g, e);
}

void
scsp_realign(struct scsp *s, uint16_t sgid)
{
	struct scsp_group *g = scsp_group_find(s, sgid);
	struct scsp_neighbor *nb;

	if (g != NULL)
		TAILQ_FOREACH(nb, &g->neighbors, of_group)
			scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
}

const char *
scsp_neighbor_clear(struct scsp *s, const struct atm_addr *addr)
{
	struct atm_addr with_sel = *addr;
	struct scsp_peer *p;
	struct scsp_neighbor *nb;

	atm_addr_set_sel(&with_sel, 1);
	if ((p = scsp_peer_find(s, &with_sel)) == NULL)
		return "no such neighbor";
	TAILQ_FOREACH(nb, &p->neighbors, of_peer)
		scsp_hello_run(nb, SCSP_HELLO_EV_ABNORMAL);
	return NULL;
}
