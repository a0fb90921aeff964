/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of the servers of the group, and of the redirect map. */
#include <string.h>

#include "redirect.h"
#include "show_impl.h"

static void
put_peer(struct wr *w, struct marsd_peer *peer)
{
	struct marsd_proto *p = peer->proto;

	marsd_put_proto(w, p);
	ctl_oid(w, "oid", peer->owner->oid);
	if (peer->state == MARSD_PEER_SELF)
		ctl_atm(w, "address", &p->cluster->conf->addr);
	else
		ctl_atm(w, "address", &peer->addr);
	ctl_string(w, "state", marsd_peer_table.states[peer->state]);
	ctl_uint(w, "records", peer->records);
	marsd_put_age(w, "age", p->cluster->mars,
	    peer->heard_once && peer->state != MARSD_PEER_SELF, peer->heard);
}

static struct conf_backup *
nth_backup(const struct marsd_cluster *c, uint32_t n)
{
	struct conf_backup *b;

	TAILQ_FOREACH(b, &c->conf->backups, entry)
		if (n-- == 0)
			return b;
	return NULL;
}

static void
put_backup(
    struct wr *w, const struct marsd_proto *p, const struct conf_backup *b)
{
	marsd_put_proto(w, p);
	ctl_string(w, "oid", "");
	ctl_atm(w, "address", &b->addr);
	ctl_string(w, "state", "backup");
	ctl_null(w, "records");
	ctl_null(w, "age");
}

/*
 * The next server after the cursor's OID, or NULL.  begun is 2 when all have
 * been shown and the backups follow.
 */
static struct marsd_peer *
next_peer(struct marsd_proto *p, struct marsd_cursor *cur)
{
	struct marsd_peer *peer;

	if (cur->begun == 2)
		return NULL;
	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (!cur->begun || memcmp(peer->owner->oid, cur->oid, 4) > 0)
			return peer;
	return NULL;
}

bool
marsd_show_servers(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct conf_backup *b;
	struct marsd_peer *peer;
	struct marsd_proto *p;

	while ((p = marsd_show_proto(m, cur)) != NULL) {
		if ((peer = next_peer(p, cur)) != NULL) {
			cur->begun = 1;
			memcpy(cur->oid, peer->owner->oid, 4);
			put_peer(w, peer);
			return true;
		}
		cur->begun = 2;
		if ((b = nth_backup(p->cluster, cur->number)) != NULL) {
			cur->number++;
			put_backup(w, p, b);
			return true;
		}
		marsd_show_next_proto(cur);
	}
	return false;
}

/* --- the redirect map, as it is sent now */

static struct marsd_peer *
peer_at(struct marsd_proto *p, const struct atm_addr *addr)
{
	struct marsd_peer *peer;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state == MARSD_PEER_ALIVE &&
		    atm_addr_equal(&peer->addr, addr))
			return peer;
	return NULL;
}

bool
marsd_show_redirects(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_peer *peer;
	struct marsd_proto *p;
	struct atm_addr addr;

	while ((p = marsd_show_proto(m, cur)) != NULL) {
		if (!marsd_redirect_at(p, cur->number, &addr)) {
			marsd_show_next_proto(cur);
			continue;
		}
		peer = peer_at(p, &addr);
		marsd_put_proto(w, p);
		ctl_uint(w, "place", ++cur->number);
		ctl_atm(w, "address", &addr);
		if (atm_addr_equal(&addr, &p->cluster->conf->addr))
			ctl_oid(w, "oid", m->oid);
		else if (peer != NULL)
			ctl_oid(w, "oid", peer->owner->oid);
		else
			ctl_null(w, "oid");
		ctl_age(w, "next", (uint64_t)((p->redirect.due.us -
		    m->ts->now.us + MTIME_SEC(1) - 1) / MTIME_SEC(1)));
		return true;
	}
	return false;
}
