/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_REDIRECT_MAP (RFC 2022 sections 5.4.3 and 6.1.3, RFC 2443 section
 * 5.1): regularly on both control VCs, together with our Redirect Entry,
 * and when an operator orders a redirect.
 *
 * RFC 2443 sections 2 and 5.1 order the servers by ascending Sender ID, and
 * by RFC 2022 section 5.4.3 a client goes to the first one: all clients would
 * go to the lowest server.  Ours (A-1, D7): our own address first, then the
 * live servers by ascending OID, then the configured backups.  mars.conf(5)
 * can ask for the literal order.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "own.h"
#include "redirect.h"
#include "send.h"

struct marsd_map {
	const struct atm_addr	**v;
	size_t			  n;
};

static void
map_add(struct marsd_map *map, const struct atm_addr *a)
{
	map->v[map->n++] = a;
}

/* An address, and where it is in the map. */
struct marsd_place {
	const struct atm_addr	*addr;
	size_t			 at;
};

static int
place_cmp(const void *a, const void *b)
{
	const struct marsd_place *x = a, *y = b;
	int c = atm_addr_cmp(x->addr, y->addr);

	return c != 0 ? c : x->at < y->at ? -1 : x->at > y->at;
}

/* Each address once, at its first position; 0, or -1: no memory. */
static int
map_unique(struct marsd_map *map)
{
	struct marsd_place *p = calloc(map->n, sizeof(*p));
	size_t i, n = 0;

	if (p == NULL)
		return -1;
	for (i = 0; i < map->n; i++)
		p[i] = (struct marsd_place){ map->v[i], i };
	qsort(p, map->n, sizeof(*p), place_cmp);
	for (i = 1; i < map->n; i++)
		if (atm_addr_equal(p[i].addr, p[i - 1].addr))
			map->v[p[i].at] = NULL;
	free(p);
	for (i = 0; i < map->n; i++)
		if (map->v[i] != NULL)
			map->v[n++] = map->v[i];
	map->n = n;
	return 0;
}

/* The live servers of the group, ascending by OID. */
static void
map_peers(struct marsd_map *map, struct marsd_proto *p, bool with_self)
{
	struct marsd_peer *peer;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers) {
		if (peer->state == MARSD_PEER_ALIVE &&
		    !atm_addr_is_null(&peer->addr))
			map_add(map, &peer->addr);
		else if (peer->state == MARSD_PEER_SELF && with_self)
			map_add(map, &p->cluster->conf->addr);
	}
}

/*
 * Makes the map: to first, unless that is NULL, then the order of D7.  Returns
 * 0, or -1: no memory.
 */
static int
map_build(
    struct marsd_map *map, struct marsd_proto *p, const struct atm_addr *to)
{
	const struct conf_cluster *conf = p->cluster->conf;
	struct conf_backup *b;
	struct marsd_peer *peer;
	size_t n = 3;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		n++;
	TAILQ_FOREACH(b, &conf->backups, entry)
		n++;
	map->n = 0;
	if ((map->v = calloc(n, sizeof(*map->v))) == NULL)
		return -1;
	if (to != NULL)
		map_add(map, to);
	if (conf->redirect_order == CONF_ORDER_SELF)
		map_add(map, &conf->addr);
	map_peers(map, p, conf->redirect_order != CONF_ORDER_SELF);
	TAILQ_FOREACH(b, &conf->backups, entry)
		map_add(map, &b->addr);
	if (map_unique(map) == -1) {
		free(map->v);
		return -1;
	}
	return 0;
}

bool
marsd_redirect_at(struct marsd_proto *p, uint32_t place, struct atm_addr *addr)
{
	struct marsd_map map;
	bool found;

	if (map_build(&map, p, NULL) == -1)
		return false;
	found = place < map.n;
	if (found)
		*addr = *map.v[place];
	free(map.v);
	return found;
}

/*
 * A client that is redirected softly joins nothing again (5.4.3).  So it may
 * only go to a server that knows its groups: one of the group, and alive (D9).
 */
static bool
can_be_soft(struct marsd_proto *p, const struct atm_addr *to)
{
	struct marsd_peer *peer;

	if (atm_addr_equal(&p->cluster->conf->addr, to))
		return true;
	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state == MARSD_PEER_ALIVE &&
		    atm_addr_equal(&peer->addr, to))
			return true;
	return false;
}

void
marsd_redirect_tell(struct marsd_control *ctl)
{
	struct mars_msg m;
	struct marsd_map map;

	if (map_build(&map, ctl->proto, NULL) == -1) {
		ctl->proto->cluster->drops[MARSD_DROP_MEMORY]++;
		return;
	}
	marsd_own_message(ctl->proto, &m, MARS_REDIRECT_MAP);
	marsd_send_parts(ctl, NULL, &m, map.v, map.n);
	free(map.v);
}

/*
 * Sends a map with to first, unless that is NULL.  reg is the one node that it
 * is sent to, on the circuit that the node has to us.  With NULL it goes to
 * all, on each control VC, with the number of that.
 */
static void
redirect_send(struct marsd_proto *p, bool hard, const struct atm_addr *to,
    struct marsd_reg *reg)
{
	struct mars_msg m;
	struct marsd_map map;
	int role;

	if (map_build(&map, p, to) == -1) {
		p->cluster->drops[MARSD_DROP_MEMORY]++;
		return;
	}
	marsd_own_message(p, &m, MARS_REDIRECT_MAP);
	m.redirf = hard ? MARS_REDIRF_HARD : 0;
	if (reg != NULL)
		marsd_send_parts(reg->control, reg->circuit, &m, map.v, map.n);
	for (role = 0; reg == NULL && role < MARSD_ROLES; role++)
		marsd_send_parts(&p->control[role], NULL, &m, map.v, map.n);
	free(map.v);
}

/*
 * The regular map, which goes out even if another redirect has just been sent.
 */
static void
redirect_expired(void *arg)
{
	struct marsd_proto *p = arg;

	timer_set(marsd_proto_timers(p), &p->redirect,
	    MTIME_SEC(p->cluster->conf->redirect_interval));
	marsd_publish_redirect(p);
	redirect_send(p, false, NULL, NULL);
}

/* The other servers hear of us as soon as we serve. */
void
marsd_redirect_start(struct marsd_proto *p)
{
	timer_init(&p->redirect, redirect_expired, p);
	timer_set(marsd_proto_timers(p), &p->redirect,
	    MTIME_SEC(p->cluster->conf->redirect_interval));
	marsd_publish_redirect(p);
}

void
marsd_redirect_stop(struct marsd_proto *p)
{
	timer_clear(marsd_proto_timers(p), &p->redirect);
}

/* Another server that the clients may go to, or NULL. */
static const struct atm_addr *
successor(struct marsd_proto *p)
{
	struct conf_backup *b = TAILQ_FIRST(&p->cluster->conf->backups);
	struct marsd_peer *peer;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state == MARSD_PEER_ALIVE &&
		    !atm_addr_is_null(&peer->addr))
			return &peer->addr;
	return b == NULL ? NULL : &b->addr;
}

void
marsd_redirect_away(struct marsd_proto *p)
{
	const struct atm_addr *to = successor(p);

	if (to != NULL)
		redirect_send(p, true, to, NULL);
}

/* Is there anybody to be redirected? */
static bool
redirects_any(struct marsd_proto *p, const struct atm_addr *member)
{
	const struct marsd_node *n;
	int role;

	if (member == NULL)
		return p->control[MARSD_ROLE_CLIENT].nregs != 0 ||
		    p->control[MARSD_ROLE_MCS].nregs != 0;
	for (role = 0; role < MARSD_ROLES; role++) {
		n = marsd_node_find(p, (enum marsd_role)role, member);
		if (n != NULL && n->reg != NULL)
			return true;
	}
	return false;
}

const char *
marsd_redirect(struct marsd *m, const char *cluster, bool hard,
    const struct atm_addr *to, const struct atm_addr *member)
{
	struct marsd_cluster *c = marsd_cluster(m, cluster);
	struct marsd_proto *p;
	struct marsd_node *n;
	bool told = false;
	int role;

	if (c == NULL)
		return "no such cluster";
	TAILQ_FOREACH(p, &c->protos, entry)
		if (!hard && redirects_any(p, member) && !can_be_soft(p, to))
			return "no server of the group that is alive has that "
			    "address: its clients' groups are unknown "
			    "there, so say hard";
	TAILQ_FOREACH(p, &c->protos, entry) {
		if (member == NULL) {
			redirect_send(p, hard, to, NULL);
			told = true;
			continue;
		}
		for (role = 0; role < MARSD_ROLES; role++) {
			n = marsd_node_find(p, (enum marsd_role)role, member);
			if (n == NULL || n->reg == NULL ||
			    n->reg->circuit == NULL)
				continue;
			redirect_send(p, hard, to, n->reg);
			told = true;
		}
	}
	return told ? NULL : "no such member with a circuit to us";
}
