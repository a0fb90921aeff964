/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What may pass between a LAN and the other sites.  Nothing may unless it is
 * said; what never may (scope.h) can't be said.
 */
#ifndef EDGED_POLICY_H
#define EDGED_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "ip.h"

/* Why not: symbol, name in marsctl, text. */
#define EDGED_POLICY_DROPS(X) \
	X(EDGED_POLICY_DROP_NEVER, "never", "between the machines of a LAN") \
	X(EDGED_POLICY_DROP_LINK_LOCAL, "link-local", \
	    "a link-local group that is not named") \
	X(EDGED_POLICY_DROP_GROUP, "group", "no allow group for it") \
	X(EDGED_POLICY_DROP_SCOPE, "scope", \
	    "no allow group that says this scope") \
	X(EDGED_POLICY_DROP_SOURCE, "source", \
	    "no allow group for this source") \
	X(EDGED_POLICY_DROP_LINK_SOURCE, "link-local-source", \
	    "a source that nobody elsewhere could answer") \
	X(EDGED_POLICY_DROP_OFF_LINK, "off-link", \
	    "its source is not of this LAN") \
	X(EDGED_POLICY_DROP_TTL, "ttl-min", "its TTL is below ttl min")

enum edged_policy_drop {
	EDGED_POLICY_OK = 0,
#define X(sym, name, text) sym,
	EDGED_POLICY_DROPS(X)
#undef X
	EDGED_POLICY_DROP_MAX
};

#define EDGED_DIR_IN	1	/* from other sites to our LANs */
#define EDGED_DIR_OUT	2	/* from our LANs to other sites */

/* allow group PREFIX [source PREFIX] [in|out] */
struct edged_allow {
	struct ip_prefix	group;
	bool			has_source;
	struct ip_prefix	source;
	uint8_t			dirs;
};

/* group PREFIX { rate N, ttl min N, dscp N|copy } */
struct edged_group_rule {
	struct ip_prefix	group;
	uint64_t		rate;		/* bit/s; 0: no limit */
	uint8_t			ttl_min;
	int8_t			dscp;		/* outer; -1: copy */
};

/* An edge's; the arrays are the owner's. */
struct edged_policy {
	const struct edged_allow	*allow;
	size_t				 nallow;
	const struct paddr		*link_local;	/* by name */
	size_t				 nlink_local;
	const struct edged_group_rule	*rules;
	size_t				 nrules;
};

const char	*edged_policy_drop_name(enum edged_policy_drop);
const char	*edged_policy_drop_text(enum edged_policy_drop);

/* may the group pass at all in that direction, from some source? */
enum edged_policy_drop	 edged_policy_group(const struct edged_policy *,
			    const struct paddr *group, uint8_t dir);
/* may this source send to it? */
enum edged_policy_drop	 edged_policy_flow(const struct edged_policy *,
			    const struct paddr *source,
			    const struct paddr *group, uint8_t dir);
/*
 * May this packet pass?  For EDGED_DIR_OUT the n nets are those that the
 * source has to be of: the LAN's own and those that are configured.  Without
 * that check two edges on a LAN pass on each other's packets (RFC 1812
 * 5.2.1.3).  The TTL is looked at as it came.
 */
enum edged_policy_drop	 edged_policy_packet(const struct edged_policy *,
			    const struct edged_ip *, uint8_t dir,
			    const struct ip_prefix *nets, size_t n);
/* the rule with the longest prefix that has the group, or NULL */
const struct edged_group_rule	*edged_policy_rule(const struct edged_policy *,
				    const struct paddr *group);
/*
 * A link-local group keeps its TTL: hosts look for 255 or 1 in it, and a loop
 * can't be, because each edge takes only what comes from its own LAN, and puts
 * nothing back there (edged_lan_returns()).
 */
bool	edged_policy_keeps_ttl(const struct paddr *group);

#endif
