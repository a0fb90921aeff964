/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A multicast server (RFC 2022 section 7) is a client with other operations:
 * it registers with MARS_MSERV, follows MARS_SJOIN and MARS_SLEAVE, counts the
 * SSN, and sends on what it receives.
 */
#include "client.h"
#include "data.h"
#include "encap.h"

const struct marsc_role marsc_role_member = {
	MARS_JOIN, MARS_LEAVE, MARS_JOIN, MARS_LEAVE, true
};
const struct marsc_role marsc_role_server = {
	MARS_MSERV, MARS_UNSERV, MARS_SJOIN, MARS_SLEAVE, false
};

/*
 * What makes us serve the group: the group itself, or a block with it.  NULL:
 * nothing does.
 */
static const struct marsc_joined *
mcs_serves(struct marsc *c, const struct paddr *group)
{
	struct marsc_joined *j, key = { .min = *group, .max = *group };

	j = RB_FIND(marsc_joined_tree, &c->singles, &key);
	if (j == NULL) {
		/* blocks don't overlap: it is the last that begins before */
		j = RB_NFIND(marsc_joined_tree, &c->blocks, &key);
		if (j == NULL)
			j = RB_MAX(marsc_joined_tree, &c->blocks);
		else if (!paddr_equal(&j->min, group))
			j = RB_PREV(marsc_joined_tree, &c->blocks, j);
		if (j != NULL && paddr_cmp(&j->max, group) < 0)
			j = NULL;
	}
	return j != NULL && j->state == MARSC_JOIN_IN ? j : NULL;
}

/*
 * Section 7.1: a multicast server that looks into packets can serve many groups
 * from one address.  The SDU is sent on as it came, with the CMI of its sender:
 * if that is a member too, it knows its own packet by it (5.5.1).
 */
void
marsc_mcs_forward(struct marsc *c, const struct marsc_encap *e,
    const uint8_t *data, size_t len)
{
	const struct marsc_joined *j;
	struct paddr group;
	struct vc_sdu *s;

	if (marsc_data_group(&e->pro, e->packet, &group))
		j = mcs_serves(c, &group);
	else {
		/*
		 * we can't look into the packet, so only one group can be
		 * served
		 */
		j = RB_MIN(marsc_joined_tree, &c->singles);
		if (j != NULL && j->state != MARSC_JOIN_IN)
			j = NULL;
		if (j != NULL)
			group = j->min;
	}
	if (j == NULL) {
		c->drops[MARSC_DROP_DATA]++;
		return;
	}
	if ((s = vc_sdu_new(data, len)) == NULL)
		marsc_no_memory(c, "a packet");
	else
		(void)marsc_path_send(c, &group, s);
}
