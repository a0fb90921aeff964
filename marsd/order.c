/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What an operator orders about members (marsctl). */
#include <string.h>

#include "cluster.h"

/* Its registrations, of all protocols and in both roles. */
static bool
members_gone(struct marsd_cluster *c, const struct atm_addr *who)
{
	struct marsd_proto *p;
	struct marsd_node *n;
	bool any = false;
	int role;

	TAILQ_FOREACH(p, &c->protos, entry)
		for (role = 0; role < MARSD_ROLES; role++) {
			n = marsd_node_find(p, (enum marsd_role)role, who);
			if (n == NULL || n->reg == NULL)
				continue;
			c->counts.deregistrations++;
			marsd_node_trace(n, "is deregistered", NULL);
			marsd_member_gone(n->reg);
			any = true;
		}
	return any;
}

const char *
marsd_deregister(
    struct marsd *m, const char *cluster, const struct atm_addr *who)
{
	struct marsd_cluster *c = marsd_cluster(m, cluster);

	if (c == NULL)
		return "no such cluster";
	return members_gone(c, who) ? NULL :
	    "nobody with that address is registered here";
}

const char *
marsd_drop_circuit(
    struct marsd *m, const char *cluster, const struct atm_addr *who)
{
	struct marsd_cluster *c = marsd_cluster(m, cluster);

	if (c == NULL)
		return "no such cluster";
	return marsd_circuits_drop(c, who) ? NULL :
	    "nobody with that address has a circuit to us";
}

const char *
marsd_drop_member(
    struct marsd *m, const char *cluster, const struct atm_addr *who)
{
	const char *wrong = marsd_deregister(m, cluster, who);

	if (wrong == NULL)
		(void)marsd_circuits_drop(marsd_cluster(m, cluster), who);
	return wrong;
}

/* Also what went wrong last is over. */
void
marsd_clear_counters(struct marsd *m)
{
	struct marsd_cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry) {
		memset(&c->counts, 0, sizeof(c->counts));
		memset(c->drops, 0, sizeof(c->drops));
		memset(c->bad, 0, sizeof(c->bad));
		memset(&c->problem, 0, sizeof(c->problem));
		c->faults.count = 0;
	}
}
