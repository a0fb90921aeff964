/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * CMIs of our range that another server has given out.  No message says
 * what the range of a server is: what is known of it are the CMIs in its
 * records.
 */
#include "cluster.h"
#include "entry.h"
#include "overlap.h"
#include "peer.h"

/* The claims that are in force, from that CMI on: the next, or NULL. */
static const struct marsd_claim *
overlap_next(const struct marsd_proto *p, uint32_t *cmi)
{
	const struct marsd_claim *c;

	for (; *cmi <= p->cmi.max; ++*cmi) {
		c = p->heard_cmi[*cmi];
		if (c != NULL && marsd_claim_counts(c))
			return c;
	}
	return NULL;
}

static bool
overlap_find(const struct marsd_proto *p, struct marsd_overlap *o)
{
	const struct marsd_claim *c, *first = NULL;
	uint32_t cmi = p->cmi.min;

	o->n = 0;
	for (; (c = overlap_next(p, &cmi)) != NULL; cmi++) {
		if (first == NULL) {
			first = c;
			o->first = (uint16_t)cmi;
		}
		o->last = (uint16_t)cmi;
		o->n++;
	}
	if (first == NULL)
		return false;
	o->cluster = p->cluster->name;
	o->pro = &p->pro;
	o->min = p->cmi.min;
	o->max = p->cmi.max;
	o->oid = first->peer->owner->oid;
	o->who = &first->node->atm;
	return true;
}

bool
marsd_overlap(struct marsd *m, uint32_t *at, struct marsd_overlap *o)
{
	const struct marsd_cluster *c;
	const struct marsd_proto *p;
	uint32_t n = 0;

	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			if (n++ >= *at && overlap_find(p, o)) {
				*at = n;
				return true;
			}
	return false;
}

void
marsd_overlap_bar(struct marsd_proto *p)
{
	struct marsd_overlap o;
	uint32_t cmi;

	for (cmi = p->cmi.min; cmi <= p->cmi.max; cmi++)
		if (p->heard_cmi[cmi] != NULL)
			marsd_cmi_taken(&p->cmi, (uint16_t)cmi);
	if (!overlap_find(p, &o))
		return;
	marsd_cluster_event(p->cluster, MARSD_EV_CMI_OVERLAP,
	    &(struct marsd_event){ .pro = o.pro,
	    .who = o.who,
	    .oid = o.oid,
	    .number = o.first,
	    .more = o.n - 1 });
}
