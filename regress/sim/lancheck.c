/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Each LAN gets exactly the packets that its hosts want, once.  Who wants what
 * is asked of the stations, and what may pass is said here once more, apart
 * from edged's policy.
 */
#include <stdlib.h>
#include <string.h>

#include "lan.h"

static bool
lan_is_joined(const struct lan *l)
{
	uint32_t i;

	for (i = 0; i < l->ngates; i++)
		if (l->gate[i]->gate->alive && l->gate[i]->up)
			return true;
	return false;
}

/* 239.1, .2 and .4, ff05::1:0 and ff0e::2:0; .4 of the first LAN only. */
static bool
lan_may(const struct lan *from, const struct paddr *g)
{
	if (g->len == 16 && from->s->w->nprotos == 1)
		return false;
	if (g->len == 16)
		return (g->a[1] & 15) == 2 ? g->a[15] == 0xfb :
		    g->a[13] == 1 || g->a[13] == 2;
	if (g->a[0] == 224)
		return g->a[3] == 251;
	return g->a[1] == 1 || g->a[1] == 2 || (g->a[1] == 4 && from->n == 0);
}

/* May it have a multicast server? */
bool
lan_is_served(const struct paddr *g)
{
	return g->len == 4 ? g->a[1] == 2 : g->a[1] == 14 && g->a[13] == 2;
}

static bool
lan_wants(const struct lan *l, const struct probe *p)
{
	uint32_t i;

	for (i = 0; i < l->nfixed; i++)
		if (paddr_equal(&l->fixed[i], &p->group))
			return true;
	for (i = 0; i < l->nstations; i++)
		if (station_wants(&l->station[i], &p->group, &p->source))
			return true;
	return false;
}

bool
lan_expects(const struct lan *l, const struct probe *p)
{
	return l != p->lan && lan_is_joined(l) && lan_is_joined(p->lan) &&
	    lan_may(p->lan, &p->group) && lan_wants(l, p);
}

/* What an edge says on a LAN. */
void
lan_heard(struct lan *l, const void *octets, size_t len)
{
	struct lans *s = l->s;
	struct probe *p;
	uint32_t tag;

	if (!message_is_probe(octets, len, &tag) || tag >= s->nprobes) {
		s->w->st.lan_late++;
		return;
	}
	p = &s->probe[tag];
	if (!message_intact(p, octets, len))
		fail(s->w, "lan%u: packet %u is not what was sent", l->n, tag);
	if (p->seen[l->n] < UINT8_MAX)
		p->seen[l->n]++;
	s->w->st.lan_copies++;
}

/* The station sends a packet now. */
struct probe *
probe_send(struct lans *s, struct lan *l, const struct station *st,
    const struct paddr *group)
{
	bool link = group->len == 16 ? (group->a[1] & 15) == 2 :
	    group->a[0] == 224;
	uint8_t buf[PACKET_MAX];
	struct probe *p;

	if (s->nprobes == s->room) {
		s->room = s->room * 2 + 64;
		s->probe = reallocarray(
		    s->probe, s->room, sizeof(*s->probe));
		if (s->probe == NULL)
			abort();
	}
	p = &s->probe[s->nprobes++];
	memset(p, 0, sizeof(*p));
	p->lan = l;
	p->group = *group;
	p->ttl = link ? 1 : 16;
	p->at = s->w->ts.now.us;
	lan_addr(l, LAN_STATION_BASE + st->n, group->len == 16, false,
	    &p->source);
	s->w->st.lan_probes++;
	lan_say_data(l, buf,
	    message_probe(buf, p, (uint32_t)(p - s->probe)));
	return p;
}

static void
probe_wrong(const struct lan *l, const struct probe *p, const char *what)
{
	char source[PADDR_STRLEN], group[PADDR_STRLEN];
	bool expects = lan_expects(l, p);

	fail(l->s->w, "%s: %s -> %s of lan%u, sent at %.3f: %u times on lan%u,"
	    " which %s",
	    what, paddr_print(&p->source, source, sizeof(source)),
	    paddr_print(&p->group, group, sizeof(group)), p->lan->n,
	    (double)p->at / 1e6, p->seen[l->n], l->n,
	    expects ? "wants it" : "does not want it");
}

/*
 * What was lost on a control VC may have gone unnoticed where the CSN counts
 * after transmission: then a sender's view of a group is an old one for
 * as long as it sends to it, and nothing of it comes to that LAN.
 */
static bool
old_view(const struct lans *s, const struct probe *p, const struct lan *l,
    int64_t from, int64_t to)
{
	const struct probe *q;

	if (!s->lossy || s->w->csn_before)
		return false;
	for (q = s->probe; q < s->probe + s->nprobes; q++)
		if (q->at >= from && q->at < to && q->lan == p->lan &&
		    paddr_equal(&q->group, &p->group) && q->seen[l->n] != 0)
			return false;
	return true;
}

/* All that were sent from then to then; on that LAN some may be missing. */
void
probes_check(struct lans *s, const char *what, int64_t from, int64_t to,
    const struct lan *but)
{
	const struct probe *p;
	const struct lan *l;
	uint32_t n = 0;

	for (p = s->probe; p < s->probe + s->nprobes; p++) {
		if (p->at < from || p->at >= to)
			continue;
		for (l = s->lan; l < s->lan + s->nlans && n < 80; l++) {
			bool less = s->first ||
			    (but != NULL && (l == but || p->lan == but));
			uint8_t is = p->seen[l->n], want = lan_expects(l, p);

			s->w->st.lan_checks++;
			if (is == want || (less && is < want) ||
			    (s->first && lan_is_served(&p->group)))
				continue;
			if (is < want && old_view(s, p, l, from, to)) {
				s->w->st.views_excused++;
				continue;
			}
			probe_wrong(l, p, what);
			n++;
		}
	}
}

void
probes_forget(struct lans *s)
{
	free(s->probe);
	s->probe = NULL;
	s->nprobes = s->room = 0;
}
