/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* `show topology`: asks for what a server knows, or reads what several do. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "local.h"
#include "output.h"
#include "tally.h"
#include "topology.h"

#define LINE_MAX_OCTETS	1024

struct topology_taker {
	struct topology	*t;
	struct tally	 members;	/* by the identifier of their server */
	char		 self[TOPOLOGY_WORD];
	const char	*show;
};

/* A word of a line: without blanks and what a terminal would obey. */
static void
line_word_of(char *buf, struct rd row, const char *key)
{
	struct ctl_value v;
	char *p;

	if (!ctl_find_string(row, key, &v) || v.string[0] == '\0')
		(void)strlcpy(v.string, "-", sizeof(v.string));
	(void)strlcpy(buf, v.string, TOPOLOGY_WORD);
	marsctl_plain(buf);
	for (p = buf; *p != '\0'; p++)
		if (*p == ' ' || *p == '"' || *p == '\\')
			*p = '_';
}

static uint64_t
topology_number(struct rd row, const char *key)
{
	uint64_t n;

	return ctl_find_number(row, key, &n) ? n : 0;
}

static void
take_server(struct topology_taker *t, struct rd row)
{
	char id[TOPOLOGY_WORD], address[TOPOLOGY_WORD], state[TOPOLOGY_WORD];
	char line[LINE_MAX_OCTETS];

	line_word_of(id, row, "oid");
	line_word_of(address, row, "address");
	line_word_of(state, row, "state");
	if (strcmp(state, "self") == 0)
		(void)strlcpy(t->self, id, sizeof(t->self));
	if (strcmp(id, "-") == 0)
		return; /* a backup, which has no identifier that is known */
	snprintf(line, sizeof(line), "server %s %s %s 0", id, address, state);
	(void)topology_line(t->t, line);
}

/* One that was never heard has no identifier: its address stands for it. */
static void
take_neighbor(struct topology_taker *t, struct rd row)
{
	char id[TOPOLOGY_WORD], state[TOPOLOGY_WORD], line[LINE_MAX_OCTETS];

	line_word_of(id, row, "id");
	if (strcmp(id, "-") == 0)
		line_word_of(id, row, "address");
	line_word_of(state, row, "alignment");
	snprintf(line, sizeof(line), "adjacency %s %s %s %" PRIu64, t->self,
	    id, state, topology_number(row, "delay"));
	(void)topology_line(t->t, line);
}

static void
take_edge(struct topology_taker *t, struct rd row)
{
	char name[TOPOLOGY_WORD], address[TOPOLOGY_WORD];
	char server[TOPOLOGY_WORD], line[LINE_MAX_OCTETS];

	line_word_of(name, row, "edge");
	line_word_of(address, row, "address");
	line_word_of(server, row, "server");
	snprintf(line, sizeof(line), "edge %s %s %s %s", name, address,
	    server, topology_number(row, "registered") != 0 ? "up" : "down");
	(void)topology_line(t->t, line);
}

static void
take_member(struct topology_taker *t, struct rd row)
{
	char server[TOPOLOGY_WORD];

	line_word_of(server, row, "server");
	if (strcmp(server, "local") == 0)
		(void)strlcpy(server, t->self, sizeof(server));
	tally_add(&t->members, server, 1);
}

static bool
topology_take(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct topology_taker *t = arg;

	(void)process;
	(void)a;
	if (strcmp(t->show, "servers") == 0)
		take_server(t, row);
	else if (strcmp(t->show, "neighbors") == 0)
		take_neighbor(t, row);
	else if (strcmp(t->show, "members") == 0)
		take_member(t, row);
	else
		take_edge(t, row);
	return true;
}

static void
ask_daemons(struct topology *topology, const struct marsctl_where *where,
    struct marsctl_answer *a)
{
	/* servers come first: they say who we are */
	static const char *const shows[] = { "servers", "neighbors", "members",
		"edges" };
	struct topology_taker t = { .t = topology, .self = "-" };
	unsigned int have = marsctl_daemons(where);
	struct topology_server *s;
	struct tally_item *item;
	size_t i;

	tally_init(&t.members);
	if (have == 0)
		marsctl_wrong(a, "there is no control socket in %s; "
		    "is mars running?", where->path);
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]) && a->ok; i++) {
		t.show = shows[i];
		marsctl_collect(where, have, t.show, topology_take, &t, a);
	}
	for (s = topology->servers; s < topology->servers + topology->nservers;
	    s++)
		if ((item = tally_find(&t.members, s->id)) != NULL)
			s->members = item->value;
	tally_free(&t.members);
}

/* Lines that earlier commands have printed, at this or other servers. */
static void
read_lines(struct topology *t, const char *path, struct marsctl_answer *a)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char line[LINE_MAX_OCTETS];
	const char *why;
	size_t n = 0;

	if (f == NULL) {
		marsctl_wrong(a, "%s: %s", path, strerror(errno));
		return;
	}
	while (a->ok && fgets(line, sizeof(line), f) != NULL) {
		n++;
		line[strcspn(line, "\r\n")] = '\0';
		if ((why = topology_line(t, line)) != NULL)
			marsctl_wrong(a, "%s: line %zu: %s", path, n, why);
	}
	if (ferror(f))
		marsctl_wrong(a, "%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
}

int
marsctl_show_topology(const struct marsctl_local *l)
{
	const char *format = l->format == NULL ? "text" : l->format;
	void (*print)(const struct topology *, FILE *) = NULL;
	struct marsctl_answer a;
	struct topology t;

	marsctl_answer_init(&a);
	if (strcmp(format, "text") == 0)
		print = topology_text;
	else if (strcmp(format, "dot") == 0)
		print = topology_dot;
	else if (strcmp(format, "svg") == 0)
		print = topology_svg;
	else
		marsctl_wrong(&a, "-o %s: write text, dot or svg", format);
	if (a.ok && topology_init(&t) == -1)
		marsctl_wrong(&a, "no memory");
	if (!a.ok)
		return marsctl_answer_tell(&a);
	if (l->request->argc > 2)
		read_lines(&t, l->request->argv[2], &a);
	else
		ask_daemons(&t, &l->where, &a);
	if (a.ok)
		print(&t, stdout);
	topology_free(&t);
	if (fflush(stdout) == EOF)
		marsctl_wrong(&a, "output: %s", strerror(errno));
	return marsctl_answer_tell(&a);
}
