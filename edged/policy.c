/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "policy.h"
#include "scope.h"

const char *
edged_policy_drop_name(enum edged_policy_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_POLICY_DROPS(X)
#undef X
	};

	return drop < EDGED_POLICY_DROP_MAX ? names[drop] : "unknown";
}

const char *
edged_policy_drop_text(enum edged_policy_drop drop)
{
	static const char *const texts[] = { "it may",
#define X(sym, name, text) text,
		EDGED_POLICY_DROPS(X)
#undef X
	};

	return drop < EDGED_POLICY_DROP_MAX ? texts[drop] : "unknown";
}

static bool
named(const struct edged_policy *p, const struct paddr *group)
{
	size_t i;

	for (i = 0; i < p->nlink_local; i++)
		if (paddr_equal(&p->link_local[i], group))
			return true;
	return false;
}

/* A scope that ends within an organisation has to be said by its prefix
 * (RFC 2365 section 5: a boundary is configured, never crossed by chance). */
static bool
has_boundary(enum edged_scope scope)
{
	return scope == EDGED_SCOPE_REALM || scope == EDGED_SCOPE_ADMIN ||
	    scope == EDGED_SCOPE_SITE;
}

/* source NULL: any will do */
static enum edged_policy_drop
allow_says(const struct edged_policy *p, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	enum edged_policy_drop drop = EDGED_POLICY_DROP_GROUP;
	bool boundary = has_boundary(edged_scope(group));
	const struct edged_allow *a;

	for (a = p->allow; a < p->allow + p->nallow; a++) {
		if ((a->dirs & dir) == 0 || !edged_prefix_has(&a->group, group))
			continue;
		if (boundary && !edged_scope_said(&a->group)) {
			if (drop == EDGED_POLICY_DROP_GROUP)
				drop = EDGED_POLICY_DROP_SCOPE;
			continue;
		}
		if (source == NULL || !a->has_source ||
		    edged_prefix_has(&a->source, source))
			return EDGED_POLICY_OK;
		drop = EDGED_POLICY_DROP_SOURCE;
	}
	return drop;
}

static enum edged_policy_drop
judge(const struct edged_policy *p, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	if (edged_scope_never(group))
		return EDGED_POLICY_DROP_NEVER;
	if (edged_scope(group) == EDGED_SCOPE_LINK)
		return named(p, group) ? EDGED_POLICY_OK :
		    EDGED_POLICY_DROP_LINK_LOCAL;
	/* RFC 4291 2.5.6, RFC 3927 2.7: such a source stays on its link */
	if (source != NULL && edged_addr_link_local(source))
		return EDGED_POLICY_DROP_LINK_SOURCE;
	return allow_says(p, source, group, dir);
}

enum edged_policy_drop
edged_policy_group(
    const struct edged_policy *p, const struct paddr *group, uint8_t dir)
{
	return judge(p, NULL, group, dir);
}

enum edged_policy_drop
edged_policy_flow(const struct edged_policy *p, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	return judge(p, source, group, dir);
}

enum edged_policy_drop
edged_policy_packet(const struct edged_policy *p, const struct edged_ip *ip,
    uint8_t dir, const struct ip_prefix *nets, size_t n)
{
	const struct edged_group_rule *rule;
	enum edged_policy_drop drop;

	if (edged_scope_never_packet(ip))
		return EDGED_POLICY_DROP_NEVER;
	drop = edged_policy_flow(p, &ip->src, &ip->dst, dir);
	if (drop != EDGED_POLICY_OK)
		return drop;
	if (dir != EDGED_DIR_OUT)
		return EDGED_POLICY_OK;
	/* a link-local source of IPv6 is on the LAN, whatever its nets are */
	if (!edged_on_link(nets, n, &ip->src) &&
	    !(ip->v6 && edged_addr_link_local(&ip->src)))
		return EDGED_POLICY_DROP_OFF_LINK;
	rule = edged_policy_rule(p, &ip->dst);
	if (rule != NULL && ip->ttl < rule->ttl_min &&
	    !edged_policy_keeps_ttl(&ip->dst))
		return EDGED_POLICY_DROP_TTL;
	return EDGED_POLICY_OK;
}

const struct edged_group_rule *
edged_policy_rule(const struct edged_policy *p, const struct paddr *group)
{
	const struct edged_group_rule *r, *best = NULL;

	for (r = p->rules; r < p->rules + p->nrules; r++)
		if (edged_prefix_has(&r->group, group) &&
		    (best == NULL || r->group.bits > best->group.bits))
			best = r;
	return best;
}

bool
edged_policy_keeps_ttl(const struct paddr *group)
{
	return edged_scope(group) == EDGED_SCOPE_LINK;
}
