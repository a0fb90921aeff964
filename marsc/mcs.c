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
 * Section 7.1: a multicast server that looks into packets can serve many groups
 * from one address.  The SDU is sent on as it came, with the CMI of its sender:
 * if that is a member too, it knows its own packet by it (5.5.1).
 */
void
marsc_mcs_forward(struct marsc *c, const struct marsc_encap *e,
    const uint8_t *data, size_t len)
{
	struct marsc_joined *j, key;
	struct vc_sdu *s;

	if (!marsc_data_group(&e->pro, e->packet, &key.min)) {
		/*
		 * we can't look into the packet, so only one group can be
		 * served
		 */
		j = RB_MIN(marsc_joined_tree, &c->singles);
	} else {
		key.max = key.min;
		j = RB_FIND(marsc_joined_tree, &c->singles, &key);
	}
	if (j == NULL || j->state != MARSC_JOIN_IN) {
		c->drops[MARSC_DROP_DATA]++;
		return;
	}
	if ((s = vc_sdu_new(data, len)) == NULL)
		marsc_no_memory(c, "a packet");
	else
		(void)marsc_path_send(c, &j->min, s);
}
