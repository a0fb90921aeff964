/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Edges, their LANs, and what may pass through them; see parsing.h. */
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "log.h"
#include "parsing.h"

void
parsing_edge_begin(struct parsing *ps, const char *name)
{
	parsing_enter(ps, PARSING_EDGE);
	ps->list = PARSING_NO_LIST;
	if (*name == '\0' || strlen(name) >= NAME_SIZE)
		parsing_wrong(ps,
		    "\"%s\" is no name of an edge: write 1 to %d characters",
		    name, NAME_SIZE - 1);
	else if (conf_edge_find(ps->conf, name) != NULL)
		parsing_wrong(ps,
		    "edge \"%s\" is defined twice: give each a name of its own",
		    name);
	if ((ps->edge = conf_edge_new(ps->conf, name)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->edge);
}

void
parsing_edge_end(struct parsing *ps)
{
	ps->edge = NULL;
	ps->lan = NULL;
	ps->rule = NULL;
	parsing_enter(ps, PARSING_FILE);
}

void
parsing_edge_resume(struct parsing *ps)
{
	ps->lan = NULL;
	ps->rule = NULL;
	ps->list = PARSING_NO_LIST;
	parsing_enter(ps, PARSING_EDGE);
}

void
parsing_lan_resume(struct parsing *ps)
{
	ps->list = PARSING_NO_LIST;
	parsing_enter(ps, ps->lan->tun ? PARSING_TUN : PARSING_LAN);
}

void
parsing_edge_cluster(struct parsing *ps, const char *name)
{
	if (strlcpy(ps->edge->cluster, name, sizeof(ps->edge->cluster)) >=
	    sizeof(ps->edge->cluster))
		parsing_wrong(ps, "cluster \"%s\": write at most %d characters",
		    name, CONF_EDGE_CLUSTER);
}

void
parsing_edge_protocol(struct parsing *ps, const char *name)
{
	bool *on;

	if (strcmp(name, "ipv4") == 0)
		on = &ps->edge->ipv4;
	else if (strcmp(name, "ipv6") == 0)
		on = &ps->edge->ipv6;
	else {
		parsing_wrong(ps,
		    "protocol %s: an edge knows IP: write ipv4 or ipv6", name);
		return;
	}
	if (*on)
		parsing_wrong(ps, "protocol %s is there twice: remove one",
		    name);
	*on = true;
}

void
parsing_edge_path(struct parsing *ps, const char *name)
{
	static const char *const names[CONF_PATH_MAX] = {
		[CONF_PATH_AUTO] = "auto",
		[CONF_PATH_USER] = "user",
		[CONF_PATH_KERNEL] = "kernel"
	};
	int i;

	for (i = 0; i < CONF_PATH_MAX; i++)
		if (strcmp(names[i], name) == 0) {
			ps->edge->path = (enum conf_path)i;
			return;
		}
	parsing_wrong(ps, "path %s: write auto, user or kernel", name);
}

/* A prefix of groups.  False: said what is wrong. */
static bool
group_prefix(struct parsing *ps, const char *what, struct ip_prefix *p,
    const char *s)
{
	if (!ip_prefix_parse(p, s))
		parsing_wrong(ps,
		    "%s %s: write a group or groups, such as 239.1.1.1 or "
		    "239.1.0.0/16",
		    what, s);
	else if (!ip_prefix_multicast(p))
		parsing_wrong(ps,
		    "%s %s: these are no multicast groups, which lie within "
		    "224.0.0.0/4 or ff00::/8",
		    what, s);
	else
		return true;
	return false;
}

static void
no_link_local(struct parsing *ps, const char *what, const struct ip_prefix *p,
    const char *s)
{
	if (ip_prefix_link_local(p))
		parsing_wrong(ps,
		    "%s %s: groups of one link pass only by name: write "
		    "link-local GROUP for each",
		    what, s);
}

void
parsing_edge_allow(struct parsing *ps, const char *group, const char *source,
    const char *dir)
{
	struct conf_allow *a = parsing_item(ps, sizeof(*a));

	TAILQ_INSERT_TAIL(&ps->edge->allows, a, entry);
	if (group_prefix(ps, "allow group", &a->group, group))
		no_link_local(ps, "allow group", &a->group, group);
	if (source != NULL) {
		a->has_source = true;
		if (!ip_prefix_parse(&a->source, source))
			parsing_wrong(ps,
			    "source %s: write an IP address and a mask length, "
			    "such as 10.1.0.0/16",
			    source);
		else if (a->source.v6 != a->group.v6)
			parsing_wrong(ps,
			    "allow group %s source %s: one is IPv4 and the "
			    "other IPv6: write both of one kind",
			    group, source);
		else if (ip_prefix_multicast(&a->source))
			parsing_wrong(ps,
			    "source %s is a group: write the addresses of "
			    "those who send",
			    source);
	}
	if (dir == NULL)
		a->dirs = CONF_DIR_IN | CONF_DIR_OUT;
	else
		a->dirs = parsing_choice(ps, dir, "in", "out") ? CONF_DIR_OUT :
		    CONF_DIR_IN;
}

/* KEY NUMBER, or a number alone that goes on with the list. */
void
parsing_edge_key(struct parsing *ps, uint64_t spi)
{
	struct conf_edge *e = ps->edge;

	if (ps->list != PARSING_EDGE_KEYS)
		parsing_wrong(ps, "unexpected %llu: %s",
		    (unsigned long long)spi, parsing_words(ps));
	else if (spi == 0 || spi > UINT32_MAX)
		parsing_wrong(ps,
		    "key %llu: write a number from 1 to 4294967295",
		    (unsigned long long)spi);
	else if (e->nspis == CONF_KEYS_MAX)
		parsing_wrong(ps,
		    "an edge has at most %d keys: remove those that are no "
		    "longer valid",
		    CONF_KEYS_MAX);
	else
		e->spis[e->nspis++] = (uint32_t)spi;
}

void
parsing_lan_begin(struct parsing *ps, const char *name, bool tun)
{
	const char *what = tun ? "tun" : "lan";
	struct conf_edge *other;

	parsing_enter(ps, tun ? PARSING_TUN : PARSING_LAN);
	ps->list = PARSING_NO_LIST;
	/* as the system has it: these never name an interface */
	if (*name == '\0' || strlen(name) >= CONF_IF_SIZE ||
	    strcspn(name, "/: \t%") != strlen(name) || *name == '.')
		parsing_wrong(ps,
		    "%s \"%s\" is no name of an interface: write 1 to %d "
		    "characters, such as \"%s\"",
		    what, name, CONF_IF_SIZE - 1, tun ? "mars0" : "eth1");
	else if (conf_lan_find(ps->conf, name, &other) != NULL)
		parsing_wrong(ps,
		    "interface %s is in edge \"%s\" already: remove one of the "
		    "two",
		    name, other->name);
	if ((ps->lan = conf_lan_new(ps->edge, name, tun)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->lan);
}

void
parsing_lan_end(struct parsing *ps)
{
	parsing_edge_resume(ps);
}

void
parsing_lan_forward(struct parsing *ps, const char *name)
{
	if (strcmp(name, "always") == 0)
		ps->lan->forward = CONF_FORWARD_ALWAYS;
	else if (strcmp(name, "never") == 0)
		ps->lan->forward = CONF_FORWARD_NEVER;
	else if (strcmp(name, "elected") != 0)
		parsing_wrong(ps,
		    "forward %s: write elected, always or never", name);
	else if (ps->lan->tun)
		parsing_wrong(ps,
		    "forward elected: no other edge is on a tun: write always "
		    "or never");
	else
		ps->lan->forward = CONF_FORWARD_ELECTED;
}

void
parsing_rule_begin(struct parsing *ps, const char *group)
{
	const struct conf_rule *r;

	parsing_enter(ps, PARSING_RULE);
	if ((ps->rule = conf_rule_new(ps->edge)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->rule);
	if (!group_prefix(ps, "group", &ps->rule->group, group))
		return;
	TAILQ_FOREACH(r, &ps->edge->rules, entry)
		if (r != ps->rule &&
		    r->group.bits == ps->rule->group.bits &&
		    ip_prefix_covers(&r->group, &ps->rule->group)) {
			parsing_wrong(ps, "group %s is there twice: remove one",
			    group);
			break;
		}
}

void
parsing_rule_end(struct parsing *ps)
{
	parsing_edge_resume(ps);
}

void
parsing_rule_ttl(struct parsing *ps, const char *min, uint64_t value)
{
	if (strcmp(min, "min") != 0)
		parsing_wrong(ps, "unexpected %s: write ttl min NUMBER", min);
	else
		parsing_number(ps, "ttl min", value);
}

void
parsing_rule_dscp(struct parsing *ps, const char *s)
{
	if (strcmp(s, "copy") == 0)
		ps->rule->dscp = CONF_DSCP_COPY;
	else
		parsing_wrong(ps, "dscp: write copy, or a number from 0 to 63");
}

/* Appends it, without its value so far. */
static struct ip_prefix *
prefix_add(struct parsing *ps, struct conf_prefixes *head)
{
	struct conf_prefix *p = parsing_item(ps, sizeof(*p));

	TAILQ_INSERT_TAIL(head, p, entry);
	return &p->prefix;
}

static void
list_server(struct parsing *ps, const char *s)
{
	struct conf_backup *b = parsing_item(ps, sizeof(*b));

	TAILQ_INSERT_TAIL(&ps->edge->servers, b, entry);
	parsing_address(ps, &b->addr, s);
}

static void
list_link_local(struct parsing *ps, const char *s)
{
	struct ip_prefix *p = prefix_add(ps, &ps->edge->link_locals);
	struct paddr group;

	if (!ip_prefix_parse(p, s) || !ip_prefix_link_local(p) ||
	    !ip_prefix_single(p))
		parsing_wrong(ps,
		    "link-local %s: write one group of 224.0.0.0/24 or "
		    "ff02::/16, such as 224.0.0.251",
		    s);
	else if (paddr_parse(&group, s) == 0 && group_is_control(&group))
		parsing_wrong(ps,
		    "link-local %s: by this group the routers of one LAN speak "
		    "with each other, and it never leaves it: remove it",
		    s);
}

static void
list_serve(struct parsing *ps, const char *s)
{
	struct ip_prefix *p = prefix_add(ps, &ps->edge->serves);

	if (group_prefix(ps, "serve", p, s))
		no_link_local(ps, "serve", p, s);
}

static void
list_address(struct parsing *ps, const char *s)
{
	struct ip_prefix *p;

	if (!ps->lan->tun) {
		parsing_wrong(ps,
		    "a lan has the addresses of its interface: remove address "
		    "%s",
		    s);
		return;
	}
	p = prefix_add(ps, &ps->lan->addrs);
	if (!ip_prefix_parse_address(p, s) || ip_prefix_multicast(p))
		parsing_wrong(ps,
		    "address %s: write an IP address and a mask length, such "
		    "as 10.1.7.254/32",
		    s);
}

static void
list_source(struct parsing *ps, const char *s)
{
	struct ip_prefix *p = prefix_add(ps, &ps->lan->sources);

	if (!ip_prefix_parse(p, s) || ip_prefix_multicast(p))
		parsing_wrong(ps,
		    "source %s: write an IP address and a mask length, such as "
		    "10.1.7.0/24",
		    s);
}

static void
list_static(struct parsing *ps, const char *s)
{
	struct ip_prefix *p = prefix_add(ps, &ps->lan->statics);

	if (group_prefix(ps, "static", p, s) && ip_prefix_link_local(p) &&
	    !ip_prefix_single(p))
		parsing_wrong(ps,
		    "static %s: groups of one link are joined one by one", s);
}

void
parsing_list(struct parsing *ps, enum parsing_list list, const char *s)
{
	static void (*const add[])(struct parsing *, const char *) = {
		[PARSING_SERVERS] = list_server,
		[PARSING_LINK_LOCALS] = list_link_local,
		[PARSING_SERVES] = list_serve,
		[PARSING_ADDRESSES] = list_address,
		[PARSING_SOURCES] = list_source,
		[PARSING_STATICS] = list_static
	};

	ps->list = list;
	add[list](ps, s);
}

void
parsing_list_more(struct parsing *ps, const char *s)
{
	if (ps->list == PARSING_NO_LIST || ps->list == PARSING_EDGE_KEYS)
		parsing_wrong(ps, "unexpected %s: %s", s, parsing_words(ps));
	else
		parsing_list(ps, ps->list, s);
}

/* Where a rate of that name is here; NULL: the name is not of a rate. */
static uint64_t *
rate_at(struct parsing *ps, const char *name)
{
	bool all = strcmp(name, "rate") == 0;

	if (ps->rule != NULL)
		return all ? &ps->rule->rate : NULL;
	if (all)
		return &ps->lan->rate;
	return strcmp(name, "rate-per-source") == 0 ? &ps->lan->source_rate :
	    NULL;
}

static void
rate_set(struct parsing *ps, uint64_t *rate, const char *name, uint64_t value,
    uint64_t unit)
{
	if (value > CONF_RATE_MAX / unit)
		parsing_wrong(ps,
		    "%s: write at most 1000G bits a second, or 0 for no limit",
		    name);
	else
		*rate = value * unit;
}

void
parsing_rate_number(struct parsing *ps, const char *name, uint64_t value)
{
	uint64_t *rate = rate_at(ps, name);

	if (rate == NULL)
		parsing_number(ps, name, value);
	else
		rate_set(ps, rate, name, value, 1);
}

void
parsing_rate(struct parsing *ps, const char *name, const char *s)
{
	static const char units[] = "KMG";
	size_t digits = strspn(s, "0123456789");
	uint64_t *rate = rate_at(ps, name), unit = 1000;
	const char *u;

	if (rate == NULL) {
		parsing_wrong(ps, "unexpected %s: write a number after %s", s,
		    name);
		return;
	}
	u = strchr(units, s[digits]);
	if (digits == 0 || digits > 15 || s[digits] == '\0' || u == NULL ||
	    s[digits + 1] != '\0') {
		parsing_wrong(ps,
		    "%s %s: write bits a second, such as 500K, 20M or 1G", name,
		    s);
		return;
	}
	for (; u > units; u--)
		unit *= 1000;
	rate_set(ps, rate, name, strtoull(s, NULL, 10), unit);
}
