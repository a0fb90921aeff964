/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/ioctl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "local.h"
#include "output.h"
#include "top.h"

#define TOP_INTERVAL	2000	/* ms between two looks */
#define TOP_LINES	10	/* of a section, not on a terminal */
#define TOP_LINES_MAX	50

void
top_init(struct top *t)
{
	int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < TOP_SECTIONS; i++)
		tally_init(&t->of[i]);
}

void
top_free(struct top *t)
{
	int i;

	for (i = 0; i < TOP_SECTIONS; i++)
		tally_free(&t->of[i]);
}

void
top_look(struct top *t)
{
	int i;

	/* groups grow by what happens between looks */
	for (i = 0; i < TOP_SECTIONS; i++)
		if (i != TOP_GROUPS)
			tally_look(&t->of[i]);
	t->members = t->groups = t->joins = t->neighbors = t->aligned = 0;
}

static uint64_t
top_number(struct rd row, const char *key)
{
	uint64_t n;

	return ctl_find_number(row, key, &n) ? n : 0;
}

/* Puts the row's strings of these names together, up to a NULL. */
static void
top_key(char *buf, size_t size, struct rd row, const char *const *keys)
{
	struct ctl_value v;

	buf[0] = '\0';
	for (; *keys != NULL; keys++) {
		if (!ctl_find_string(row, *keys, &v))
			continue;
		if (buf[0] != '\0')
			(void)strlcat(buf, " ", size);
		(void)strlcat(buf, v.string, size);
	}
}

static void
top_drop(struct top *t, struct rd row)
{
	static const char *const keys[] = { "process", "scope", "name", NULL };
	char key[TALLY_KEY];
	struct ctl_value kind;

	if (!ctl_find_string(row, "kind", &kind) ||
	    strcmp(kind.string, "drop") != 0)
		return;
	top_key(key, sizeof(key), row, keys);
	tally_put(&t->of[TOP_DROPS], key, top_number(row, "value"));
}

static void
top_change(struct top *t, struct rd row)
{
	static const char *const block[] = { "cluster", "group-min",
		"group-max", NULL };
	static const char *const one[] = { "cluster", "group-min", NULL };
	struct ctl_value event, min, max;
	char key[TALLY_KEY];

	if (!ctl_find_string(row, "event", &event) ||
	    (strcmp(event.string, "joined") != 0 &&
	    strcmp(event.string, "left") != 0) ||
	    !ctl_find_string(row, "group-min", &min) ||
	    !ctl_find_string(row, "group-max", &max))
		return;
	/* one group is not a block */
	top_key(key, sizeof(key), row,
	    strcmp(min.string, max.string) == 0 ? one : block);
	tally_add(&t->of[TOP_GROUPS], key, 1);
}

static void
top_neighbor(struct top *t, struct rd row)
{
	static const char *const keys[] = { "cluster", "address", "alignment",
		NULL };
	struct ctl_value state;
	char key[TALLY_KEY];

	t->neighbors++;
	if (ctl_find_string(row, "alignment", &state))
		t->aligned += strcmp(state.string, "Aligned") == 0;
	top_key(key, sizeof(key), row, keys);
	tally_put(&t->of[TOP_NEIGHBORS], key, top_number(row, "records-sent") +
	    top_number(row, "records-received"));
}

/* All circuits of one peer count together. */
static void
top_circuit(struct top *t, const char *process, struct rd row)
{
	static const char *const keys[] = { "peer", "local", "kind", NULL };
	char key[TALLY_KEY];

	if (strcmp(process, "marsd") != 0)
		return;
	top_key(key, sizeof(key), row, keys);
	tally_put(&t->of[TOP_MEMBERS], key, top_number(row, "sdus-in"));
}

void
top_row(struct top *t, const char *show, const char *process, struct rd row)
{
	if (strcmp(show, "circuits") == 0)
		top_circuit(t, process, row);
	else if (strcmp(show, "counters") == 0)
		top_drop(t, row);
	else if (strcmp(show, "neighbors") == 0)
		top_neighbor(t, row);
	else if (strcmp(show, "monitor") == 0)
		top_change(t, row);
	else if (strcmp(show, "clusters") == 0) {
		t->members += top_number(row, "members");
		t->groups += top_number(row, "groups");
		t->joins += top_number(row, "joins");
	}
}

static void
top_section(struct top *t, FILE *f, enum top_section s, const char *title,
    uint64_t ms, size_t lines)
{
	const struct tally_item *top[TOP_LINES_MAX];
	uint64_t tenths;
	size_t i, n;

	n = tally_top(&t->of[s], top,
	    lines > TOP_LINES_MAX ? TOP_LINES_MAX : lines);
	fprintf(f, "\n%9s  %s\n", "PER S", title);
	for (i = 0; i < n; i++) {
		tenths = top[i]->grown * 10000 / ms;
		fprintf(f, "%7" PRIu64 ".%" PRIu64 "  ", tenths / 10,
		    tenths % 10);
		(void)marsctl_text(f, top[i]->key);
		putc('\n', f);
	}
	if (n == 0)
		fprintf(f, "%9s\n", "-");
}

void
top_print(struct top *t, FILE *f, uint64_t ms, size_t lines)
{
	fprintf(f, "members %" PRIu64 "  groups %" PRIu64 "  joins %" PRIu64
	    "  neighbors aligned %" PRIu64 "/%" PRIu64 "\n",
	    t->members, t->groups, t->joins, t->aligned, t->neighbors);
	top_section(t, f, TOP_MEMBERS, "MESSAGES FROM", ms, lines);
	top_section(t, f, TOP_GROUPS, "CHANGES OF GROUP", ms, lines);
	top_section(t, f, TOP_NEIGHBORS, "RECORDS WITH NEIGHBOR", ms, lines);
	top_section(t, f, TOP_DROPS, "DROPS", ms, lines);
	/* they are counted anew */
	tally_free(&t->of[TOP_GROUPS]);
}

/* --- the command */

struct top_screen {
	const struct marsctl_local *local;
	struct top	 top;
	const char	*show;		/* what rows are of now */
	uint64_t	 last;		/* ms, of the last look; 0: none */
	int		 left;		/* screens; -1: without end */
	bool		 terminal;
	struct marsctl_answer *answer;
};

static bool
top_take(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct top_screen *s = arg;

	(void)a;
	top_row(&s->top, s->show, process, row);
	return true;
}

static uint64_t
top_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* How many lines of a section fit on the terminal, with four titles. */
static size_t
top_lines(const struct top_screen *s)
{
	struct winsize w;

	if (!s->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1 ||
	    w.ws_row < 16)
		return s->terminal ? 1 : TOP_LINES;
	return (size_t)(w.ws_row - 12) / TOP_SECTIONS;
}

/* False: somebody does not answer, and what is shown would be of others. */
static bool
top_ask(struct top_screen *s)
{
	static const char *const shows[] = { "clusters", "neighbors",
		"circuits", "counters" };
	const unsigned int have = marsctl_daemons(&s->local->where);
	size_t i;
	int t;

	top_look(&s->top);
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]) && s->answer->ok;
	    i++) {
		s->show = shows[i];
		marsctl_collect(&s->local->where, have, s->show, top_take, s,
		    s->answer);
	}
	for (t = 0; t < TOP_SECTIONS; t++)
		if (t != TOP_GROUPS)
			tally_sweep(&s->top.of[t]);
	s->show = "monitor";
	return s->answer->ok;
}

/* A look when it is time, and after the first one a screen. */
static bool
top_idle(void *arg)
{
	struct top_screen *s = arg;
	uint64_t now = top_clock();

	if (s->last != 0 && now - s->last < TOP_INTERVAL)
		return true;
	if (!top_ask(s))
		return false;
	if (s->last != 0) {
		if (s->terminal)
			fputs("\033[H\033[2J", stdout);
		top_print(&s->top, stdout, now - s->last, top_lines(s));
		if (s->left > 0)
			s->left--;
	}
	s->last = now;
	if (fflush(stdout) == EOF) {
		marsctl_wrong(s->answer, "output can't be written");
		return false;
	}
	return s->left != 0;
}

int
marsctl_top(const struct marsctl_local *l)
{
	struct marsctl_request q = { .argc = 1, .argv = { "monitor" } };
	struct marsctl_session session;
	struct marsctl_answer a;
	struct top_screen s = { .local = l, .answer = &a };

	s.terminal = isatty(STDOUT_FILENO) == 1;
	s.left = l->count > 0 ? l->count : s.terminal ? -1 : 1;
	top_init(&s.top);
	marsctl_answer_init(&a);
	q.ask = ASK_MARSD | ASK_SCSPD | ASK_EDGED;
	if (marsctl_session_open(&session, &l->where, &q, &a)) {
		s.show = "monitor";
		marsctl_session_follow(&session, &q, top_take, &s, top_idle,
		    TOP_INTERVAL / 20, &a);
		marsctl_session_close(&session);
	}
	top_free(&s.top);
	return marsctl_answer_tell(&a);
}
