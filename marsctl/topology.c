/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topology.h"

#define WORDS	5

int
topology_init(struct topology *t)
{
	memset(t, 0, sizeof(*t));
	t->servers = calloc(TOPOLOGY_SERVERS, sizeof(*t->servers));
	t->adjacencies = calloc(TOPOLOGY_ADJACENCIES,
	    sizeof(*t->adjacencies));
	t->edges = calloc(TOPOLOGY_EDGES, sizeof(*t->edges));
	if (t->servers != NULL && t->adjacencies != NULL && t->edges != NULL)
		return 0;
	topology_free(t);
	return -1;
}

void
topology_free(struct topology *t)
{
	free(t->servers);
	free(t->adjacencies);
	free(t->edges);
	memset(t, 0, sizeof(*t));
}

/* The server of that identifier, new if need be; SIZE_MAX: no room for it. */
static size_t
server_index(struct topology *t, const char *id)
{
	struct topology_server *s;
	size_t i;

	for (i = 0; i < t->nservers; i++)
		if (strcmp(t->servers[i].id, id) == 0)
			return i;
	if (i == TOPOLOGY_SERVERS)
		return SIZE_MAX;
	s = &t->servers[t->nservers++];
	(void)strlcpy(s->id, id, sizeof(s->id));
	(void)strlcpy(s->address, "-", sizeof(s->address));
	(void)strlcpy(s->state, "-", sizeof(s->state));
	return i;
}

/* A server knows itself best; otherwise, bad news of it count. */
static bool
state_counts(const char *new, const char *old)
{
	return strcmp(old, "-") == 0 || strcmp(new, "self") == 0 ||
	    (strcmp(old, "self") != 0 && strcmp(new, "alive") != 0);
}

static const char *
line_server(struct topology *t, char words[][TOPOLOGY_WORD])
{
	uint64_t members = strtoull(words[4], NULL, 10);
	struct topology_server *s;
	size_t i;

	if ((i = server_index(t, words[1])) == SIZE_MAX)
		return "too many servers";
	s = &t->servers[i];
	if (strcmp(words[2], "-") != 0)
		(void)strlcpy(s->address, words[2], sizeof(s->address));
	if (state_counts(words[3], s->state))
		(void)strlcpy(s->state, words[3], sizeof(s->state));
	if (members > s->members)
		s->members = members;
	return NULL;
}

static struct topology_adjacency *
adjacency_get(struct topology *t, size_t a, size_t b)
{
	struct topology_adjacency *adj;
	size_t i;

	for (i = 0; i < t->nadjacencies; i++)
		if (t->adjacencies[i].a == a && t->adjacencies[i].b == b)
			return &t->adjacencies[i];
	if (i == TOPOLOGY_ADJACENCIES)
		return NULL;
	adj = &t->adjacencies[t->nadjacencies++];
	adj->a = a;
	adj->b = b;
	(void)strlcpy(adj->state, "Aligned", sizeof(adj->state));
	return adj;
}

static const char *
line_adjacency(struct topology *t, char words[][TOPOLOGY_WORD])
{
	size_t a = server_index(t, words[1]), b = server_index(t, words[2]);
	uint64_t us = strtoull(words[4], NULL, 10);
	struct topology_adjacency *adj;

	if (a == SIZE_MAX || b == SIZE_MAX)
		return "too many servers";
	if (a == b)
		return "no server is its own neighbor";
	adj = adjacency_get(t, a < b ? a : b, a < b ? b : a);
	if (adj == NULL)
		return "too many adjacencies";
	if (strcmp(words[3], "Aligned") != 0)
		(void)strlcpy(adj->state, words[3], sizeof(adj->state));
	if (us > adj->us)
		adj->us = us;
	return NULL;
}

static const char *
line_edge(struct topology *t, char words[][TOPOLOGY_WORD])
{
	bool up = strcmp(words[4], "up") == 0;
	struct topology_edge *e;
	size_t i;

	/* one for both protocols */
	for (i = 0; i < t->nedges; i++) {
		e = &t->edges[i];
		if (strcmp(e->name, words[1]) == 0 &&
		    strcmp(e->address, words[2]) == 0) {
			e->up = e->up && up;
			return NULL;
		}
	}
	if (i == TOPOLOGY_EDGES)
		return "too many edges";
	e = &t->edges[t->nedges++];
	(void)strlcpy(e->name, words[1], sizeof(e->name));
	(void)strlcpy(e->address, words[2], sizeof(e->address));
	(void)strlcpy(e->server, words[3], sizeof(e->server));
	e->up = up;
	return NULL;
}

const char *
topology_line(struct topology *t, const char *line)
{
	char words[WORDS][TOPOLOGY_WORD];
	size_t n = 0, len;

	for (line += strspn(line, " "); *line != '\0';
	    line += strspn(line, " ")) {
		len = strcspn(line, " ");
		if (n == WORDS)
			return "too many words";
		if (len >= TOPOLOGY_WORD)
			return "a word is too long";
		memcpy(words[n], line, len);
		words[n++][len] = '\0';
		line += len;
	}
	if (n == 0)
		return NULL;
	if (n != WORDS)
		return "too few words";
	if (strcmp(words[0], "server") == 0)
		return line_server(t, words);
	if (strcmp(words[0], "adjacency") == 0)
		return line_adjacency(t, words);
	if (strcmp(words[0], "edge") == 0)
		return line_edge(t, words);
	return "it begins with no word that is known";
}

void
topology_text(const struct topology *t, FILE *f)
{
	const struct topology_adjacency *a;
	const struct topology_server *s;
	const struct topology_edge *e;

	for (s = t->servers; s < t->servers + t->nservers; s++)
		fprintf(f, "server %s %s %s %" PRIu64 "\n", s->id, s->address,
		    s->state, s->members);
	for (a = t->adjacencies; a < t->adjacencies + t->nadjacencies; a++)
		fprintf(f, "adjacency %s %s %s %" PRIu64 "\n",
		    t->servers[a->a].id, t->servers[a->b].id, a->state, a->us);
	for (e = t->edges; e < t->edges + t->nedges; e++)
		fprintf(f, "edge %s %s %s %s\n", e->name, e->address,
		    e->server, e->up ? "up" : "down");
}
