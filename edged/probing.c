/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The probes of an edge (probe.h): those that marsctl orders, and those of
 * other edges, that are answered.
 */
#include <string.h>

#include "ctl.h"
#include "edge_impl.h"

/* --- what is missing, in a sentence */

/* A sentence about that edge. */
static const char *
probing_say(const struct edged_edge *e, const char *text, const char *word,
    const char *rest)
{
	char *why = e->edged->probing.why;
	const size_t size = sizeof(e->edged->probing.why);

	(void)strlcpy(why, "edge \"", size);
	(void)strlcat(why, e->conf.name, size);
	(void)strlcat(why, "\" ", size);
	(void)strlcat(why, text, size);
	(void)strlcat(why, word, size);
	(void)strlcat(why, rest, size);
	return why;
}

static bool
probing_forwards(const struct edged_edge *e)
{
	const struct edged_port *p;

	TAILQ_FOREACH(p, &e->ports, entry)
		if (p->forwards)
			return true;
	return TAILQ_EMPTY(&e->ports);
}

/* Why that edge can send nothing to the group; NULL: it can. */
static const char *
probing_missing(struct edged_edge *e, const struct paddr *group)
{
	const struct marsc *c = edged_end_client(&e->self, group);
	enum edged_policy_drop drop;
	char server[ATM_STRLEN];

	if (c == NULL)
		return probing_say(e, "has no protocol ",
		    group->len == 16 ? "ipv6" : "ipv4", "");
	drop = edged_policy_group(e->policy, group, EDGED_DIR_OUT);
	if (drop != EDGED_POLICY_OK)
		return probing_say(e, "is not allowed to send to it: ",
		    edged_policy_drop_text(drop), "");
	if (!marsc_is_registered(c))
		return probing_say(e, "has no MARS: ",
		    atm_addr_print(marsc_server(c), server, sizeof(server)),
		    " has not registered it");
	if (!probing_forwards(e))
		return probing_say(e, "is not the forwarder of a LAN: ",
		    "they are down, or another edge has been elected", "");
	return NULL;
}

/* Is a circuit up to any of the members? */
static bool
probing_reached(const struct edged_edge *e, const struct paddr *group)
{
	struct marsc_cursor cur = { 0 };
	struct marsc_leaf_info leaf;

	while (
	    marsc_leaves(edged_end_client(&e->self, group), group, &cur, &leaf))
		if (leaf.up)
			return true;
	return false;
}

/* Why nobody has answered. */
static const char *
probing_silence(struct edged *d)
{
	const struct edged_probing *g = &d->probing;

	if (g->prober.nmembers == 0 && g->lost != NULL &&
	    strcmp(g->lost, marsc_drop_text(MARSC_DROP_EMPTY)) != 0)
		return probing_say(g->edge, "could send nothing: ", g->lost,
		    "");
	if (g->prober.nmembers == 0)
		return probing_say(g->edge, "finds no member: ",
		    "no other site has joined the group", "");
	if (!probing_reached(g->edge, &g->group))
		return probing_say(g->edge, "has no circuit to any member: ",
		    "look at the way to them", "");
	return probing_say(g->edge, "hears no answer: ",
	    "those that are reached don't allow the group, are no edges that "
	    "know probes, or have answered as often as they may", "");
}

/* --- what marsctl orders */

static void
probing_expect(struct edged_probing *g)
{
	struct marsc_cursor cur = { 0 };
	struct marsc_leaf_info leaf;

	while (marsc_leaves(edged_end_client(&g->edge->self, &g->group),
	    &g->group, &cur, &leaf) &&
	    edged_prober_expect(&g->prober, &leaf.addr))
		;
}

static void
probing_send(void *arg, uint16_t number, uint16_t size)
{
	struct edged *d = arg;
	struct edged_probing *g = &d->probing;
	struct marsc *c = edged_end_client(&g->edge->self, &g->group);
	const struct edged_probe p = { .kind = EDGED_PROBE_ASK,
		.group = g->group,
		.nonce = g->prober.nonce,
		.number = number,
		.size = size,
		.asker = g->edge->conf.addr };
	struct marsc_sent sent;
	size_t len;

	len = edged_probe_encode(&p, d->fragment, sizeof(d->fragment));
	sent = marsc_transmit(c, &g->group, d->fragment, len);
	if (number == 0 && sent.outcome == MARSC_SENT_DROPPED)
		g->lost = marsc_drop_text(sent.why);
}

static void
probing_end(struct edged *d, const char *why)
{
	struct edged_probing *g = &d->probing;

	edged_prober_stop(&g->prober);
	g->edge = NULL;
	if (g->done != NULL)
		g->done(g->arg, why);
}

static void
probing_over(void *arg)
{
	struct edged *d = arg;

	probing_expect(&d->probing);
	probing_end(d, edged_prober_answered(&d->probing.prober) > 0 ? NULL :
	    probing_silence(d));
}

static const struct edged_prober_ops probing_ops = {
	.send = probing_send,
	.over = probing_over,
};

/* The edge of that name, or the first that can; else *why says what is so. */
static struct edged_edge *
probing_choose(struct edged *d, const struct paddr *group, const char *name,
    const char **why)
{
	struct edged_edge *e, *first = NULL;

	TAILQ_FOREACH(e, &d->edges, entry) {
		if (name != NULL && strcmp(e->conf.name, name) != 0)
			continue;
		if ((*why = probing_missing(e, group)) == NULL)
			return e;
		if (first == NULL)
			first = e;
	}
	*why = first != NULL ? probing_missing(first, group) :
	    name == NULL ? "there is no edge" :
	    "there is no edge of that name";
	return NULL;
}

const char *
edged_probe_start(struct edged *d, const struct paddr *group,
    const char *edge, edged_probed *done, void *arg)
{
	struct edged_probing *g = &d->probing;
	struct edged_edge *e;
	const char *why;

	if (g->edge != NULL)
		return "another probe is under way: try again in 2 s";
	if ((e = probing_choose(d, group, edge, &why)) == NULL)
		return why;
	g->edge = e;
	memcpy(g->name, e->conf.name, sizeof(g->name));
	g->group = *group;
	g->done = done;
	g->arg = arg;
	g->lost = NULL;
	edged_prober_start(&g->prober, &probing_ops, d, d->timers,
	    d->ops->random(d->arg),
	    group->len == 16 ? EDGED_PROBE_MIN6 : EDGED_PROBE_MIN4,
	    (uint16_t)e->conf.mtu);
	return NULL;
}

void
edged_probing_lost(
    struct edged_edge *e, const struct paddr *group, const char *why)
{
	struct edged_probing *g = &e->edged->probing;

	if (g->edge == e && paddr_equal(&g->group, group))
		g->lost = why;
}

void
edged_probing_forget(struct edged_edge *e)
{
	if (e->edged->probing.edge == e)
		probing_end(e->edged, "the edge has gone");
}

/* --- what other edges ask */

/* May it know that we are a member, and now? */
static bool
probing_may(struct edged_edge *e, const struct edged_probe *p)
{
	return edged_policy_group(e->policy, &p->group, EDGED_DIR_IN) ==
	    EDGED_POLICY_OK &&
	    edged_joined(e, &p->group) &&
	    edged_probe_may(&e->probe_limit, e->edged->timers->now, &p->asker);
}

/*
 * It goes to who asks by what is in the probe, since a multicast server may
 * have brought it.
 */
static bool
probing_answer(struct marsc *c, const struct edged_probe *p)
{
	struct edged_probe a = *p;
	uint8_t buf[EDGED_PROBE_MIN6];
	size_t len;

	a.kind = EDGED_PROBE_ANSWER;
	a.group = (struct paddr){ .len = p->group.len };
	len = edged_probe_encode(&a, buf, sizeof(buf));
	return marsc_transmit_to(c, &p->asker, buf, len).outcome !=
	    MARSC_SENT_DROPPED;
}

static void
probing_answered(struct edged_edge *e, const struct marsc_packet *m,
    const struct edged_probe *p)
{
	struct edged_probing *g = &e->edged->probing;

	if (g->edge != e || !m->known || p->nonce != g->prober.nonce) {
		e->probe_unasked++;
		return;
	}
	probing_expect(g);
	if (edged_prober_answer(&g->prober, m->sender, p))
		e->probe_answers++;
	else
		e->probe_unasked++;
}

bool
edged_probing_input(
    struct edged_edge *e, struct marsc *c, const struct marsc_packet *m)
{
	struct edged_probe p;

	if (!edged_probe_decode(&p, m->data, m->len) ||
	    (p.group.len == 16) != (m->pro->type == PRO_IPV6))
		return false;
	if (p.kind == EDGED_PROBE_ANSWER) {
		probing_answered(e, m, &p);
		return true;
	}
	e->probes_in++;
	if (probing_may(e, &p) && probing_answer(c, &p))
		e->probes_answered++;
	else
		e->probes_refused++;
	return true;
}

/* --- for marsctl */

bool
edged_show_probe(struct edged *d, void *cursor, struct wr *w)
{
	const struct edged_probing *g = &d->probing;
	const struct edged_probe_member *m;
	uint32_t *i = cursor;

	if (*i >= g->prober.nmembers)
		return false;
	m = &g->prober.members[(*i)++];
	ctl_string(w, "edge", g->name);
	ctl_paddr(w, "group", &g->group);
	ctl_atm(w, "member", &m->addr);
	ctl_bool(w, "answered", m->answered != 0);
	if (m->answered == 0) {
		ctl_null(w, "round-trip");
		ctl_null(w, "largest");
		return true;
	}
	ctl_int(w, "round-trip", m->trip);
	ctl_uint(w, "largest", m->largest);
	return true;
}
