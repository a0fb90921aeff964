/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The configuration: which groups and neighbors there are, and with which
 * keys and times.
 */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "group.h"
#include "neighbor.h"
#include "reborn.h"
#include "scsp.h"

void
scsp_keys_free(struct scsp_key_list *keys)
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

void
scsp_groups_free(struct scsp *s)
{
	struct scsp_group *g;

	while ((g = RB_ROOT(&s->groups)) != NULL)
		scsp_group_free(g);
	idle_peers_free(s);
}

/* What the configuration has no secret of any more we have already. */
static struct scsp_auth_key *
key_read(struct scsp *s, const struct conf_key *c)
{
	const struct scsp_key *k;

	if (!c->wiped)
		return scsp_auth_key_new(c);
	SLIST_FOREACH(k, &s->keys, entry)
		if (scsp_auth_key_spi(k->key) == c->spi)
			return scsp_auth_key_copy(k->key);
	return NULL;
}

static bool
keys_read(struct scsp *s, const struct conf *conf, struct scsp_key_list *keys)
{
	const struct conf_key *c;
	struct scsp_key *k;

	TAILQ_FOREACH(c, &conf->keys, entry) {
		if ((k = calloc(1, sizeof(*k))) == NULL ||
		    (k->key = key_read(s, c)) == NULL) {
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
	for (i = 0; i < nb->conf.nspis && i < CONF_KEYS_MAX; i++)
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
 * Marks the groups and neighbors that the configuration has, and makes those
 * that we don't have; they don't run yet.  False: no memory.
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
			if ((g = scsp_group_new(
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

/*
 * failed: prepare() has failed, so what it has made is freed.  Otherwise what
 * the configuration no longer has is freed.
 */
static void
scsp_sweep(struct scsp *s, bool failed)
{
	struct scsp_group *g, *gnext;
	struct scsp_neighbor *nb, *nnext;

	for (g = RB_MIN(scsp_group_tree, &s->groups); g != NULL; g = gnext) {
		gnext = RB_NEXT(scsp_group_tree, &s->groups, g);
		if (failed ? g->made : !g->wanted) {
			scsp_group_free(g);
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
		/* it is there: prepare() has made it */
		g = scsp_group_get(s, cc->protocol_id, cc->server_group);
		if (g == NULL)
			continue;
		memcpy(g->name, cc->name, sizeof(g->name));
		g->hop_count = cc->hop_count;
		g->tombstone = scsp_seconds(cc->tombstone);
		g->max_records = cc->max_records;
		scsp_group_emptied(g);
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
 * their state.  Where the server ID is another one there is no state to keep,
 * and all begin anew.  Returns 0, or -1: no memory, or a key that cannot be
 * used.  Then what runs goes on as it was; but if memory was short when the
 * server ID changed, nothing runs any more.
 */
int
scsp_configure(struct scsp *s, const struct conf *conf)
{
	struct scsp_key_list keys = SLIST_HEAD_INITIALIZER(keys), old;
	uint32_t lsid = scsp_oid_number(conf->server_id);
	struct scsp_peer *p;

	if (!keys_read(s, conf, &keys)) {
		scsp_keys_free(&keys);
		return -1;
	}
	if (s->lsid != lsid)
		scsp_groups_free(s);
	s->lsid = lsid;
	if (!prepare(s, &conf->clusters) || !prepare(s, &conf->groups)) {
		scsp_sweep(s, true);
		scsp_keys_free(&keys);
		return -1;
	}
	scsp_sweep(s, false);
	old = s->keys;
	s->keys = keys;
	adopt(s, &conf->clusters);
	adopt(s, &conf->groups);
	scsp_keys_free(&old);
	if (!SLIST_EMPTY(&s->links))
		RB_FOREACH(p, scsp_peer_tree, &s->peers)
			scsp_peer_start(p);
	return 0;
}
