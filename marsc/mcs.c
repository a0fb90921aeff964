/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A multicast server (RFC 2022 section 7) is a client with other operations:
 * it registers with MARS_MSERV, follows MARS_SJOIN and MARS_SLEAVE, counts the
 * SSN, and sends on what it receives.
 */
#include "marsc_impl.h"
#include "encap.h"

const struct marsc_role marsc_role_member = {
	MARS_JOIN, MARS_LEAVE, MARS_JOIN, MARS_LEAVE, true
};
const struct marsc_role marsc_role_server = {
	MARS_MSERV, MARS_UNSERV, MARS_SJOIN, MARS_SLEAVE, false
};

/*
 * The group that a layer 3 packet is for; false where the protocol does not
 * let us see.
 */
static bool
mcs_group(const struct mars_pro *pro, struct rd r, struct paddr *g)
{
	*g = (struct paddr){ .len = mars_pro_addrlen(pro) };
	if (pro->type == PRO_IPV4)
		rd_skip(&r, 16);
	else if (pro->type == PRO_IPV6)
		rd_skip(&r, 24);
	else
		return false;
	rd_copy(&r, g->a, g->len);
	return !rd_failed(&r);
}

/*
 * Section 7.1: an MCS that looks inside serves many groups from one address.
 * The SDU goes out as it came, with its sender's CMI, so that a sender which
 * is also a member knows its own packet (5.5.1).
 */
void
marsc_mcs_forward(struct marsc *c, const uint8_t *data, size_t len)
{
	struct marsc_encap e;
	struct paddr group;
	struct marsc_joined *j, key;
	struct vc_sdu *s;

	if (marsc_encap_decode(&e, data, len) != MARSC_ENCAP_OK ||
	    !mars_pro_equal(&e.pro, &c->pro)) {
		c->drops[MARSC_DROP_DATA]++;
		return;
	}
	if (!mcs_group(&e.pro, e.packet, &group)) {
		/* the simple kind: all that comes is for the one group */
		j = RB_MIN(marsc_joined_tree, &c->singles);
	} else {
		key.min = key.max = group;
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
