/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "local.h"
#include "output.h"
#include "json_out.h"

#define DAY	(24 * 60 * 60)

void
health_init(struct health *h, uint64_t days)
{
	memset(h, 0, sizeof(*h));
	h->days = days;
}

void
health_wrong(struct health *h, enum health_level level, const char *fmt, ...)
{
	va_list ap;

	if (h->level != HEALTH_OK)
		h->more++;
	if (level <= h->level)
		return;
	h->level = level;
	va_start(ap, fmt);
	vsnprintf(h->why, sizeof(h->why), fmt, ap);
	va_end(ap);
	marsctl_plain(h->why);
}

static uint64_t
health_number(struct rd row, const char *key, uint64_t otherwise)
{
	uint64_t n;

	return ctl_find_number(row, key, &n) ? n : otherwise;
}

static const char *
health_string(struct rd row, const char *key, struct ctl_value *v)
{
	if (!ctl_find_string(row, key, v))
		v->string[0] = '\0';
	return v->string;
}

static void
health_neighbor(struct health *h, struct rd row)
{
	struct ctl_value cluster, address, state, auth;

	h->neighbors++;
	(void)health_string(row, "cluster", &cluster);
	(void)health_string(row, "address", &address);
	if (strcmp(health_string(row, "auth", &auth), "no valid key") == 0)
		health_wrong(h, HEALTH_CRITICAL,
		    "no key for neighbor %s of cluster %s is valid now",
		    address.string, cluster.string);
	if (strcmp(health_string(row, "alignment", &state), "Aligned") == 0)
		h->aligned++;
	else
		health_wrong(h, HEALTH_WARNING,
		    "neighbor %s of cluster %s is not aligned but %s",
		    address.string, cluster.string, state.string);
}

static void
health_limit(struct health *h, struct rd row)
{
	uint64_t used = health_number(row, "used", 0);
	uint64_t max = health_number(row, "limit", 0);
	struct ctl_value scope, name;

	/* one of one is what it is meant to be */
	if (max <= 1 || used < max / 100 * HEALTH_NEAR +
	    max % 100 * HEALTH_NEAR / 100)
		return;
	(void)health_string(row, "scope", &scope);
	(void)health_string(row, "name", &name);
	health_wrong(h, used >= max ? HEALTH_CRITICAL : HEALTH_WARNING,
	    "%" PRIu64 " of %" PRIu64 " %s are used (%s)", used, max,
	    name.string, scope.string);
}

/* The keys of an edge were all there are. */
static void
health_edge_end(struct health *h)
{
	if (h->edge[0] != '\0' && !h->edge_valid)
		health_wrong(h, HEALTH_WARNING,
		    "no key for the hellos of edge %s is valid now", h->edge);
	h->edge[0] = '\0';
	h->edge_valid = false;
}

static void
health_edge_key(struct health *h, const char *edge, bool valid)
{
	if (strcmp(h->edge, edge) != 0) {
		health_edge_end(h);
		(void)strlcpy(h->edge, edge, sizeof(h->edge));
	}
	h->edge_valid = h->edge_valid || valid;
}

/* One that is not valid any more is no fault where others have taken over. */
static void
health_key(struct health *h, struct rd row)
{
	uint64_t left = health_number(row, "ends-in", UINT64_MAX);
	struct ctl_value state, edge;
	bool valid =
	    strcmp(health_string(row, "state", &state), "valid") == 0;

	if (ctl_find_string(row, "edge", &edge))
		health_edge_key(h, edge.string, valid);
	if (valid && left < h->days * DAY)
		health_wrong(h, HEALTH_WARNING,
		    "the key with SPI %" PRIu64 " ends in %" PRIu64 " days",
		    health_number(row, "spi", 0), left / DAY);
}

static void
health_edge(struct health *h, struct rd row)
{
	struct ctl_value edge, protocol;

	h->clients++;
	if (health_number(row, "registered", 0) != 0) {
		h->registered++;
		return;
	}
	(void)health_string(row, "edge", &edge);
	(void)health_string(row, "protocol", &protocol);
	health_wrong(h, HEALTH_WARNING,
	    "edge %s is registered at no server (%s)", edge.string,
	    protocol.string);
}

void
health_row(struct health *h, const char *show, struct rd row)
{
	if (strcmp(show, "neighbors") == 0)
		health_neighbor(h, row);
	else if (strcmp(show, "limits") == 0)
		health_limit(h, row);
	else if (strcmp(show, "keys") == 0)
		health_key(h, row);
	else if (strcmp(show, "edges") == 0)
		health_edge(h, row);
	else if (strcmp(show, "clusters") == 0)
		h->members += health_number(row, "members", 0);
}

void
health_end(struct health *h)
{
	health_edge_end(h);
	if (h->neighbors > 0 && h->aligned == 0)
		health_wrong(h, HEALTH_CRITICAL,
		    "none of %" PRIu64 " neighbors is aligned", h->neighbors);
	if (h->clients > 0 && h->registered == 0)
		health_wrong(h, HEALTH_CRITICAL,
		    "no edge is registered at a server");
}

void
health_print(const struct health *h, char *buf, size_t size)
{
	int n;

	if (h->level == HEALTH_OK) {
		n = snprintf(buf, size, "%" PRIu64 " members", h->members);
		if (h->neighbors > 0 && n >= 0 && (size_t)n < size)
			n += snprintf(buf + n, size - (size_t)n, ", %" PRIu64
			    " of %" PRIu64 " neighbors aligned", h->aligned,
			    h->neighbors);
		if (h->clients > 0 && n >= 0 && (size_t)n < size)
			(void)snprintf(buf + n, size - (size_t)n, ", %" PRIu64
			    " of %" PRIu64 " clients of edges registered",
			    h->registered, h->clients);
		return;
	}
	if (h->more == 0)
		(void)strlcpy(buf, h->why, size);
	else
		snprintf(buf, size, "%s, and %zu more", h->why, h->more);
}

/* --- the command */

struct health_taker {
	struct health	*h;
	const char	*show;
};

static bool
health_take(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct health_taker *t = arg;

	(void)process;
	(void)a;
	health_row(t->h, t->show, row);
	return true;
}

static void
health_said(void *arg, const char *daemon, const struct marsctl_answer *a)
{
	struct health_taker *t = arg;

	(void)daemon;
	if (!a->ok)
		health_wrong(t->h, HEALTH_CRITICAL, "%s", a->why);
}

static void
health_ask(struct health *h, const struct marsctl_where *where)
{
	static const char *const shows[] = { "neighbors", "clusters",
		"limits", "keys", "edges" };
	struct health_taker t = { .h = h, .show = "summary" };
	struct marsctl_answer a;
	unsigned int up;
	size_t i;

	if (marsctl_daemons(where) == 0)
		health_wrong(h, HEALTH_CRITICAL,
		    "there is no control socket in %s: is mars running?",
		    where->path);
	up = marsctl_collect_summaries(where, health_take, health_said, &t);
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		t.show = shows[i];
		marsctl_answer_init(&a);
		marsctl_collect(where, up, t.show, health_take, &t, &a);
		if (!a.ok)
			health_wrong(h, HEALTH_CRITICAL, "%s", a.why);
	}
	health_end(h);
}

int
marsctl_health(const struct marsctl_local *l)
{
	static const char *const levels[] = { "OK", "WARNING", "CRITICAL" };
	const struct marsctl_request *q = l->request;
	char text[MARSCTL_WHY + 64];
	const char *why = NULL;
	uint64_t days = HEALTH_DAYS;
	struct health h;

	if (q->argc > 1)
		days = (uint64_t)strtonum(q->argv[1], 0, 36500, &why);
	if (why != NULL) {
		fprintf(stderr, "marsctl: days %s: %s: write a number\n",
		    q->argv[1], why);
		return HEALTH_CRITICAL;
	}
	health_init(&h, days);
	health_ask(&h, &l->where);
	health_print(&h, text, sizeof(text));
	if (l->json) {
		printf("{\"ok\":%s,\"level\":\"%s\",\"text\":",
		    h.level == HEALTH_OK ? "true" : "false", levels[h.level]);
		json_out(stdout, text);
		puts("}");
	} else
		printf("mars %s: %s\n", levels[h.level], text);
	return fflush(stdout) == EOF ? HEALTH_CRITICAL : (int)h.level;
}
