/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Sections are those of RFC 9776; RFC 9777 has the same rules.  A state is
 * written as IN(a160 b2) or EX(a160 b2, c d) G160: sources that are wanted
 * with the seconds of their timers, sources that are not, the group timer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/listener.h"
#include "edged_host.h"
#include "unhex.h"

#define GROUP	"239.1.1.1"
#define A	"10.1.7.1"
#define B	"10.1.7.2"
#define C	"10.1.7.3"

struct lan {
	struct edged_listener	 l;
	struct timers		 timers;
	char			 trace[512];	/* what was told and asked */
	bool			 refuse;	/* the policy does */
	/* of a test that answers queries */
	void			(*asked)(struct lan *, const struct paddr *,
				    const struct paddr *, uint16_t);
};

static void
note(struct lan *n, const char *text)
{
	strlcat(n->trace, text, sizeof(n->trace));
}

static bool
admit(void *arg, const struct paddr *group)
{
	const struct lan *n = arg;

	(void)group;
	return !n->refuse;
}

static void
changed(void *arg, const struct edged_listener_group *g,
    enum edged_listener_change change)
{
	static const char *const names[] = { "wanted ", "unwanted ",
		"filter " };

	(void)g;
	note(arg, names[change]);
}

/* the name of a source: 10.2.0.1 is a */
static char
letter(const struct paddr *a)
{
	return (char)('a' + a->a[3] - 1);
}

static void
query(void *arg, const struct paddr *group, const struct paddr *sources,
    uint16_t n, bool suppress)
{
	struct lan *lan = arg;
	char text[80] = "Q", *p = text + 1;
	uint16_t i;

	if (n > 0)
		*p++ = '(';
	for (i = 0; i < n && i < 60; i++)
		*p++ = letter(&sources[i]);
	if (n > 0)
		*p++ = ')';
	if (suppress)
		*p++ = 'S';
	*p++ = ' ';
	*p = '\0';
	note(lan, text);
	if (lan->asked != NULL)
		lan->asked(lan, group, sources, n);
}

static const struct edged_listener_ops ops = { admit, changed, query };

static struct lan *
lan_new(void)
{
	struct lan *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	timers_init(&n->timers, (mtime_t){ MTIME_SEC(1000) });
	edged_listener_init(&n->l, &ops, n, &n->timers);
	n->l.querier = true;
	return n;
}

static void
lan_free(struct lan *n)
{
	edged_listener_clear(&n->l);
	assert_int_equal(n->l.ngroups, 0);
	assert_int_equal(n->l.nhosts, 0);
	assert_int_equal(n->timers.count, 0);
	assert_int_equal(n->l.faults.count, 0);
	free(n);
}

static void
pass(struct lan *n, int64_t ms)
{
	mtime_t end = { n->timers.now.us + MTIME_MS(ms) }, next;

	while (timers_next(&n->timers, &next) && next.us <= end.us)
		timers_run(&n->timers, next);
	timers_run(&n->timers, end);
}

/* A record of version 3; the sources by their letters. */
static void
record3(struct lan *n, const char *host, enum edged_gmp_type type,
    const char *group, const char *sources)
{
	uint8_t buf[8 + 4 * 64];
	struct paddr g = host_addr(group);
	struct edged_gmp m = { .kind = EDGED_GMP_REPORT,
		.version = EDGED_GMP_V3,
		.alen = 4,
		.nrecords = 1 };
	const uint8_t source[3] = { 10, 2, 0 };
	struct wr w;

	m.src = host_addr(host);
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)type);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)strlen(sources));
	wr_bytes(&w, g.a, 4);
	for (; *sources != '\0'; sources++) {
		wr_bytes(&w, source, 3);
		wr_u8(&w, (uint8_t)(*sources - 'a' + 1));
	}
	assert_false(wr_failed(&w));
	rd_init(&m.records, buf, w.len);
	edged_listener_report(&n->l, &m);
}

static void
older(struct lan *n, const char *host, enum edged_gmp_kind kind,
    enum edged_gmp_version version, const char *group)
{
	struct edged_gmp m = {
		.kind = kind, .version = version, .alen = 4, .nrecords = 1
	};

	m.src = host_addr(host);
	m.group = host_addr(group);
	edged_listener_report(&n->l, &m);
}

static bool
wants(struct lan *n, const char *group, char source)
{
	struct paddr g = host_addr(group);
	struct paddr s = { 4, { 10, 2, 0, (uint8_t)(source - 'a' + 1) } };

	return edged_listener_wants(&n->l, &g, &s);
}

static long
seconds(struct lan *n, const struct timer *t)
{
	return (long)(mtime_diff(n->timers.now, t->due) / 1000000);
}

static const char *
state_of(struct lan *n, const char *group)
{
	static char text[400];
	char x[160] = "", y[80] = "", one[20];
	struct paddr addr = host_addr(group);
	struct edged_listener_group *g = edged_listener_find(&n->l, &addr);
	struct edged_source *s;

	if (g == NULL)
		return "none";
	for (s = edged_listener_source_after(g, NULL); s != NULL;
	    s = edged_listener_source_after(g, &s->addr)) {
		if (edged_listener_source_runs(s)) {
			snprintf(one, sizeof(one), "%s%c%ld", x[0] ? " " : "",
			    letter(&s->addr), seconds(n, &s->timer));
			strlcat(x, one, sizeof(x));
		} else {
			snprintf(one, sizeof(one), "%s%c", y[0] ? " " : "",
			    letter(&s->addr));
			strlcat(y, one, sizeof(y));
		}
	}
	if (g->state == EDGED_LISTENER_INCLUDE)
		snprintf(text, sizeof(text), "IN(%s)%s", x,
		    y[0] || timer_isset(&g->timer) ? "!" : "");
	else
		snprintf(text, sizeof(text), "EX(%s, %s) G%ld", x, y,
		    seconds(n, &g->timer));
	return text;
}

static void
is(struct lan *n, const char *state, const char *trace)
{
	assert_string_equal(state_of(n, GROUP), state);
	assert_string_equal(n->trace, trace);
	n->trace[0] = '\0';
}

/* IN(a160 b160) */
static struct lan *
include(void)
{
	struct lan *n = lan_new();

	record3(n, A, EDGED_GMP_IS_IN, GROUP, "ab");
	pass(n, 100000);
	is(n, "IN(a160 b160)", "wanted ");
	return n;
}

/* EX(a160 b160, c d) G160 */
static struct lan *
exclude(void)
{
	struct lan *n = lan_new();

	record3(n, A, EDGED_GMP_IS_EX, GROUP, "abcd");
	record3(n, A, EDGED_GMP_ALLOW, GROUP, "ab");
	pass(n, 100000);
	is(n, "EX(a160 b160, c d) G160", "wanted filter ");
	return n;
}

/*
 * RFC 9776 8.5: the querier has died.  What would be over before the new one's
 * first query is answered stays until then, and no longer.
 */
static void
who_takes_over_waits_for_answers(void **state)
{
	struct lan *n = include();

	(void)state;
	pass(n, 155000);
	edged_listener_taken_over(&n->l);
	is(n, "IN(a11 b11)", "");
	edged_listener_taken_over(&n->l);
	pass(n, 10999);
	is(n, "IN(a0 b0)", "");
	pass(n, 1);
	assert_int_equal(n->l.ngroups, 0);
	lan_free(n);
	n = exclude();
	edged_listener_taken_over(&n->l);
	is(n, "EX(a160 b160, c d) G160", "");
	pass(n, 155000);
	edged_listener_taken_over(&n->l);
	is(n, "EX(a11 b11, c d) G11", "");
	lan_free(n);
}

/* The tables of 6.4.1 and 6.4.2, cell by cell. */
static void
the_tables(void **state)
{
	static const struct {
		struct lan *(*from)(void);
		enum edged_gmp_type type;
		const char *sources, *to, *trace;
	} t[] = {
		/* 6.4.1: (B)=GMI */
		{ include, EDGED_GMP_IS_IN, "bc", "IN(a160 b260 c260)",
		    "filter " },
		/* (B-A)=0, Delete (A-B), Group Timer=GMI */
		{ include, EDGED_GMP_IS_EX, "bc", "EX(b160, c) G260",
		    "filter " },
		/* (A)=GMI */
		{ exclude, EDGED_GMP_IS_IN, "bde",
		    "EX(a160 b260 d260 e260, c) G160", "filter " },
		/* (A-X-Y)=GMI, Delete (X-A), Delete (Y-A), Group Timer=GMI */
		{ exclude, EDGED_GMP_IS_EX, "bde", "EX(b160 e260, d) G260",
		    "filter " },
		/* 6.4.2: (B)=GMI */
		{ include, EDGED_GMP_ALLOW, "bc", "IN(a160 b260 c260)",
		    "filter " },
		/* Send Q(G,A*B) */
		{ include, EDGED_GMP_BLOCK, "bc", "IN(a160 b2)", "Q(b) " },
		/* (B-A)=0, Delete (A-B), Send Q(G,A*B), Group Timer=GMI */
		{ include, EDGED_GMP_TO_EX, "bc", "EX(b2, c) G260",
		    "Q(b) filter " },
		/* (B)=GMI, Send Q(G,A-B) */
		{ include, EDGED_GMP_TO_IN, "bc", "IN(a2 b260 c260)",
		    "Q(a) filter " },
		/* (A)=GMI */
		{ exclude, EDGED_GMP_ALLOW, "bde",
		    "EX(a160 b260 d260 e260, c) G160", "filter " },
		/* (A-X-Y)=Group Timer, Send Q(G,A-Y) */
		{ exclude, EDGED_GMP_BLOCK, "bde", "EX(a160 b2 e2, c d) G160",
		    "Q(be) filter " },
		/* (A-X-Y)=Group Timer, Delete (X-A), Delete (Y-A),
		 * Send Q(G,A-Y), Group Timer=GMI */
		{ exclude, EDGED_GMP_TO_EX, "bde", "EX(b2 e2, d) G260",
		    "Q(be) filter " },
		/* (A)=GMI, Send Q(G,X-A), Send Q(G) */
		{ exclude, EDGED_GMP_TO_IN, "bde",
		    "EX(a2 b260 d260 e260, c) G2", "Q Q(a) filter " },
		/* the ends of the sets */
		{ include, EDGED_GMP_TO_IN, "", "IN(a2 b2)", "Q(ab) " },
		{ include, EDGED_GMP_IS_IN, "", "IN(a160 b160)", "" },
		{ include, EDGED_GMP_TO_EX, "", "EX(, ) G260", "filter " },
		{ exclude, EDGED_GMP_TO_EX, "", "EX(, ) G260", "filter " },
		{ exclude, EDGED_GMP_TO_IN, "", "EX(a2 b2, c d) G2",
		    "Q Q(ab) " },
		{ exclude, EDGED_GMP_BLOCK, "cd", "EX(a160 b160, c d) G160",
		    "" },
	};
	struct lan *n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = t[i].from();
		record3(n, A, t[i].type, GROUP, t[i].sources);
		is(n, t[i].to, t[i].trace);
		lan_free(n);
	}
}

/* The cells themselves, and that no report is about nothing (6.2.1). */
static void
the_cells(void **state)
{
	const struct table_cell *c;
	struct lan *n = lan_new();

	(void)state;
	c = table_cell(&edged_listener_table, EDGED_LISTENER_INCLUDE,
	    EDGED_LISTENER_EV_GROUP_TIMER);
	assert_int_equal(c->action, TABLE_VIOLATION);
	c = table_cell(&edged_listener_table, EDGED_LISTENER_EXCLUDE,
	    EDGED_LISTENER_EV_GROUP_TIMER);
	assert_int_equal(c->next, EDGED_LISTENER_INCLUDE);
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	record3(n, A, EDGED_GMP_IS_IN, GROUP, "");
	is(n, "none", "");
	lan_free(n);
}

/* 6.2.2, 6.3, 6.5: who reports and vanishes is forgotten after GMI. */
static void
timers_run_out(void **state)
{
	struct lan *n = include();

	(void)state;
	record3(n, A, EDGED_GMP_ALLOW, GROUP, "b");
	pass(n, 159000);
	is(n, "IN(a1 b101)", "");
	pass(n, 1000);
	is(n, "IN(b100)", "filter ");
	pass(n, 100000);
	is(n, "none", "unwanted ");
	lan_free(n);

	/* 6.3: in EXCLUDE mode the source stays, and is not wanted */
	n = exclude();
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "abcd");
	pass(n, 160000);
	is(n, "EX(, a b c d) G100", "filter filter ");
	assert_false(wants(n, GROUP, 'a'));
	assert_true(wants(n, GROUP, 'e'));
	/* 6.5: the group timer ends, X are left, Y are deleted */
	record3(n, A, EDGED_GMP_ALLOW, GROUP, "a");
	pass(n, 100000);
	is(n, "IN(a160)", "filter filter ");
	lan_free(n);
}

static void
wants_exactly(void **state)
{
	struct lan *n = include();
	struct paddr group = host_addr(GROUP), s = host_addr("10.2.0.1");

	(void)state;
	assert_true(wants(n, GROUP, 'a'));
	assert_false(wants(n, GROUP, 'c'));
	assert_false(wants(n, "239.1.1.2", 'a'));
	lan_free(n);
	n = exclude();
	assert_true(wants(n, GROUP, 'a'));
	assert_true(wants(n, GROUP, 'e'));
	assert_false(wants(n, GROUP, 'c'));
	/* a static join wants all of them */
	assert_int_equal(edged_listener_fix(&n->l, &group, true), 0);
	assert_true(wants(n, GROUP, 'c'));
	assert_int_equal(
	    edged_listener_expires(edged_listener_find(&n->l, &group)), -1);
	assert_int_equal(edged_listener_fix(&n->l, &group, false), 0);
	assert_false(wants(n, GROUP, 'c'));
	assert_false(edged_listener_wants(&n->l, &s, &s));
	lan_free(n);
}

/* A static join needs nobody and never ends by itself. */
static void
static_joins(void **state)
{
	struct lan *n = lan_new();
	struct paddr group = host_addr(GROUP);

	(void)state;
	n->l.limits.groups = 0;
	assert_int_equal(edged_listener_fix(&n->l, &group, true), 0);
	assert_int_equal(edged_listener_fix(&n->l, &group, true), 0);
	is(n, "IN()", "wanted ");
	pass(n, 1000000);
	assert_true(wants(n, GROUP, 'a'));
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	pass(n, 3000);
	assert_true(wants(n, GROUP, 'a'));
	n->trace[0] = '\0';
	assert_int_equal(edged_listener_fix(&n->l, &group, false), 0);
	is(n, "none", "unwanted ");
	assert_int_equal(edged_listener_fix(&n->l, &group, false), 0);
	lan_free(n);
}

/* 6.6.3.1: LMQC queries, LMQI apart, and the group is over at LMQT. */
static void
group_queries(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	/* again: it is being asked already */
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "");
	pass(n, 999);
	is(n, "EX(, ) G1", "");
	pass(n, 1);
	is(n, "EX(, ) G1", "Q ");
	pass(n, 999);
	is(n, "EX(, ) G0", "");
	pass(n, 1);
	is(n, "none", "unwanted ");

	/* somebody answers: the second query has the S bit (6.6.3.1) */
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	pass(n, 500);
	record3(n, B, EDGED_GMP_IS_EX, GROUP, "");
	is(n, "EX(, ) G260", "wanted Q ");
	pass(n, 600);
	is(n, "EX(, ) G259", "QS ");
	pass(n, 10000);
	is(n, "EX(, ) G249", "");
	lan_free(n);
}

/* 6.6.3.2: one with, one without the S bit. */
static void
source_queries(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	record3(n, A, EDGED_GMP_IS_IN, GROUP, "abc");
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "ab");
	is(n, "IN(a2 b2 c260)", "wanted Q(ab) ");
	pass(n, 500);
	/* nothing is asked twice */
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	record3(n, B, EDGED_GMP_IS_IN, GROUP, "b");
	is(n, "IN(a1 b260 c259)", "");
	pass(n, 500);
	is(n, "IN(a1 b259 c259)", "Q(b)S Q(a) ");
	pass(n, 1000);
	is(n, "IN(b258 c258)", "filter ");
	lan_free(n);
}

/* A host that changes its mind does not use up what others are asked. */
static void
repetitions_are_not_used_up(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	record3(n, A, EDGED_GMP_IS_IN, GROUP, "ab");
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	is(n, "IN(a2 b260)", "wanted Q(a) ");
	pass(n, 10);
	record3(n, B, EDGED_GMP_BLOCK, GROUP, "b");
	is(n, "IN(a1 b2)", "Q(b) ");
	pass(n, 990);
	is(n, "IN(a1 b1)", "Q(ab) ");
	lan_free(n);
}

/* More sources than a query holds are asked for in several. */
static void
many_sources(void **state)
{
	char all[61], trace[200];
	struct lan *n = lan_new();
	int i;

	(void)state;
	n->l.limits.sources = 200;
	for (i = 0; i < 60; i++)
		all[i] = (char)('a' + i);
	all[60] = '\0';
	record3(n, A, EDGED_GMP_IS_IN, GROUP, all);
	for (i = 0; i < 60; i++)
		all[i] = (char)('a' + 60 + i);
	record3(n, A, EDGED_GMP_IS_IN, GROUP, all);
	n->trace[0] = '\0';
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	strlcpy(trace, n->trace, sizeof(trace));
	/* 64 and 56, of which the trace writes 60 each at most */
	assert_int_equal(strlen(trace), 60 + 4 + 56 + 4);
	lan_free(n);
}

/* 6.6.3: who is not the querier waits for the querier's queries. */
static void
not_the_querier(void **state)
{
	struct lan *n = exclude();
	struct edged_gmp m = { .kind = EDGED_GMP_QUERY,
		.version = EDGED_GMP_V3,
		.alen = 4,
		.response = 1000 };
	uint8_t source[4] = { 10, 2, 0, 1 };

	(void)state;
	n->l.querier = false;
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	is(n, "EX(a160 b160, c d) G160", "");
	/* 6.6.1: a general query lowers nothing, nor does one with S */
	m.src = host_addr("10.1.7.200");
	m.group.len = 4;
	edged_listener_query(&n->l, &m);
	m.group = host_addr(GROUP);
	m.suppress = true;
	edged_listener_query(&n->l, &m);
	is(n, "EX(a160 b160, c d) G160", "");
	m.suppress = false;
	m.nsources = 1;
	rd_init(&m.sources, source, 4);
	edged_listener_query(&n->l, &m);
	is(n, "EX(a2 b160, c d) G160", "");
	m.nsources = 0;
	m.response = 5000;
	edged_listener_query(&n->l, &m);
	is(n, "EX(a2 b160, c d) G10", "");
	/* timers are lowered, never raised */
	m.response = 90000;
	edged_listener_query(&n->l, &m);
	is(n, "EX(a2 b160, c d) G10", "");
	/* 9.1: a forged one without time ends nothing at once */
	m.response = 0;
	edged_listener_query(&n->l, &m);
	is(n, "EX(a2 b160, c d) G2", "");
	lan_free(n);
	/* and none counts that competes with ours */
	n = exclude();
	edged_listener_query(&n->l, &m);
	is(n, "EX(a160 b160, c d) G160", "");
	lan_free(n);
}

/* What the last querier has left to ask is not asked by the next one. */
static void
a_querier_no_more(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	n->l.querier = false;
	pass(n, 1500);
	is(n, "EX(, ) G0", "");
	lan_free(n);
}

/* 7.3.2 */
static void
older_hosts(void **state)
{
	struct lan *n = lan_new();
	struct paddr group = host_addr(GROUP);
	struct edged_listener_group *g;

	(void)state;
	older(n, B, EDGED_GMP_REPORT, EDGED_GMP_V2, GROUP);
	is(n, "EX(, ) G260", "wanted ");
	g = edged_listener_find(&n->l, &group);
	assert_int_equal(edged_listener_compat(g), EDGED_GMP_V2);
	/* BLOCK and the sources of TO_EX are ignored */
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "ab");
	is(n, "EX(, ) G260", "");
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_OLDER], 1);
	/* a leave counts, and is asked about */
	older(n, B, EDGED_GMP_LEAVE, EDGED_GMP_V2, GROUP);
	is(n, "EX(, ) G2", "Q ");
	pass(n, 1000);
	older(n, C, EDGED_GMP_REPORT, EDGED_GMP_V2, GROUP);
	is(n, "EX(, ) G260", "Q ");

	/* IGMPv1: nobody can leave */
	older(n, C, EDGED_GMP_REPORT, EDGED_GMP_V1, GROUP);
	assert_int_equal(edged_listener_compat(g), EDGED_GMP_V1);
	older(n, C, EDGED_GMP_LEAVE, EDGED_GMP_V2, GROUP);
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G260", "");
	/* 8.13: the version 1 host is present for 260 s */
	pass(n, 200000);
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 60000);
	assert_int_equal(edged_listener_compat(g), EDGED_GMP_V3);
	lan_free(n);
}

/* RFC 2236 3: a leave of one of two version 2 hosts cuts nobody off. */
static void
two_older_hosts(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	pass(n, 1000000);
	/* B reports, C hears it and keeps still */
	older(n, B, EDGED_GMP_REPORT, EDGED_GMP_V2, GROUP);
	older(n, B, EDGED_GMP_LEAVE, EDGED_GMP_V2, GROUP);
	is(n, "EX(, ) G2", "wanted Q ");
	pass(n, 1500);
	older(n, C, EDGED_GMP_REPORT, EDGED_GMP_V2, GROUP);
	pass(n, 10000);
	assert_true(wants(n, GROUP, 'a'));
	lan_free(n);
}

/* The last of the hosts that are known leaves at once. */
static void
fast_leave(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	/* nobody has had the time to answer yet */
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	pass(n, 260000);
	n->trace[0] = '\0';

	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "wanted Q unwanted ");

	/* the first of two is asked about, the second is not */
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, B, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	record3(n, B, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 5000);
	is(n, "EX(, ) G255", "QS ");
	record3(n, B, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "Q unwanted ");

	/* sources too: an SSM receiver leaves by BLOCK (6.4.2) */
	record3(n, A, EDGED_GMP_ALLOW, GROUP, "ab");
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "a");
	is(n, "IN(b260)", "wanted Q filter ");
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "c");
	is(n, "EX(, c) G260", "filter ");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "c");
	is(n, "IN(c260)", "Q filter ");
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "c");
	is(n, "none", "Q unwanted ");

	/* who only leaves and blocks is no member */
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, B, EDGED_GMP_TO_IN, GROUP, "");
	record3(n, B, EDGED_GMP_BLOCK, GROUP, "a");
	pass(n, 500);
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "a");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "wanted Q filter Q unwanted ");

	/* not asked for */
	n->l.fast_leave = false;
	record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	lan_free(n);
}

/*
 * The querier has died: what is known of hosts that have not been asked for so
 * long may be over before they have answered us, as it is with the group.
 */
static void
no_fast_leave_of_who_takes_over(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	pass(n, 260000);
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 9000);
	record3(n, B, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 250000);
	edged_listener_taken_over(&n->l);
	pass(n, 2000);
	/* B has answered, A has not yet */
	record3(n, B, EDGED_GMP_IS_EX, GROUP, "");
	record3(n, B, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 11000);
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "QS Q unwanted ");
	lan_free(n);
}

/* Where it is not certain that there is nobody else, all are asked. */
static void
no_fast_leave(void **state)
{
	struct lan *n = lan_new();
	char host[20];
	int i;

	(void)state;
	pass(n, 260000);
	/* somebody without an address (4.2.13): it may be two */
	record3(n, "0.0.0.0", EDGED_GMP_TO_EX, GROUP, "");
	record3(n, "0.0.0.0", EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G2", "wanted Q ");
	pass(n, 10000);
	n->trace[0] = '\0';
	/* more hosts than are remembered, all but one leave */
	n->l.limits.reporters = 4;
	for (i = 1; i < 8; i++) {
		snprintf(host, sizeof(host), "10.1.7.%d", i);
		record3(n, host, EDGED_GMP_IS_EX, GROUP, "");
	}
	for (i = 1; i < 5; i++) {
		snprintf(host, sizeof(host), "10.1.7.%d", i);
		record3(n, host, EDGED_GMP_TO_IN, GROUP, "");
	}
	is(n, "EX(, ) G2", "wanted Q ");
	/* a host that has gone without a word is no other */
	pass(n, 10000);
	n->trace[0] = '\0';
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 200000);
	record3(n, B, EDGED_GMP_IS_EX, GROUP, "");
	pass(n, 60000);
	record3(n, B, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "wanted Q unwanted ");
	lan_free(n);
}

static void
limit_of_groups(void **state)
{
	struct lan *n = lan_new();
	char group[20];
	int i;

	(void)state;
	n->l.limits.host_groups = 20000;
	for (i = 0; i < 20000; i++) {
		snprintf(
		    group, sizeof(group), "239.1.%d.%d", i / 250, i % 250 + 1);
		record3(n, A, EDGED_GMP_IS_EX, group, "");
	}
	assert_int_equal(n->l.ngroups, 256);
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_GROUPS], 20000 - 256);
	/* those that are there go on */
	assert_true(wants(n, "239.1.0.1", 'a'));
	assert_false(wants(n, "239.1.70.1", 'a'));
	pass(n, 261000);
	assert_int_equal(n->l.ngroups, 0);
	lan_free(n);
}

/* A host that joins and leaves as fast as it can: queries are bounded. */
static void
limit_of_queries(void **state)
{
	struct lan *n = lan_new();
	int i, queries = 0;

	(void)state;
	pass(n, 300000);
	for (i = 0; i < 2000; i++) {
		record3(n, A, EDGED_GMP_TO_EX, GROUP, "");
		record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
		queries += strchr(n->trace, 'Q') != NULL;
		n->trace[0] = '\0';
	}
	assert_int_equal(queries, 500);
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_ASKED], 1500);
	/* who is there is not affected */
	record3(n, B, EDGED_GMP_TO_EX, GROUP, "");
	record3(n, A, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "EX(, ) G260", "");
	/* and it recovers */
	pass(n, 1000);
	record3(n, B, EDGED_GMP_TO_IN, GROUP, "");
	is(n, "none", "Q unwanted ");
	lan_free(n);
}

static void
limit_of_a_host(void **state)
{
	struct lan *n = lan_new();
	char group[20];
	int i;

	(void)state;
	for (i = 1; i < 200; i++) {
		snprintf(group, sizeof(group), "239.1.1.%d", i);
		record3(n, A, EDGED_GMP_IS_EX, group, "");
	}
	assert_int_equal(n->l.ngroups, 128);
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_HOST], 199 - 128);
	/* another host still has room */
	record3(n, B, EDGED_GMP_IS_EX, "239.1.1.199", "");
	assert_int_equal(n->l.ngroups, 129);
	/* a group that others want is renewed by anyone, but whoever has no
	 * room is not remembered, and so nothing is over at once */
	pass(n, 1000);
	record3(n, A, EDGED_GMP_IS_EX, "239.1.1.199", "");
	assert_string_equal(state_of(n, "239.1.1.199"), "EX(, ) G260");
	/* what it left gives room */
	record3(n, A, EDGED_GMP_TO_IN, "239.1.1.1", "");
	record3(n, A, EDGED_GMP_IS_EX, "239.1.1.198", "");
	assert_true(wants(n, "239.1.1.198", 'a'));
	/* what it has not mentioned for GMI gives room too, although others
	 * keep the group */
	for (i = 1; i < 199; i++) {
		snprintf(group, sizeof(group), "239.1.1.%d", i);
		record3(n, C, EDGED_GMP_IS_EX, group, "");
	}
	pass(n, 200000);
	for (i = 1; i < 199; i++) {
		snprintf(group, sizeof(group), "239.1.1.%d", i);
		record3(n, C, EDGED_GMP_IS_EX, group, "");
	}
	pass(n, 61000);
	record3(n, A, EDGED_GMP_IS_EX, "239.2.2.2", "");
	assert_true(wants(n, "239.2.2.2", 'a'));
	lan_free(n);
}

static void
limit_of_sources(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	n->l.limits.sources = 3;
	record3(n, A, EDGED_GMP_IS_IN, GROUP, "abcde");
	is(n, "IN(a260 b260 c260)", "wanted ");
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_SOURCES], 2);
	/* what goes makes room first */
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "cde");
	is(n, "EX(c260, d e) G260", "filter ");
	/* what finds no room is not blocked: too much rather than too little */
	record3(n, A, EDGED_GMP_BLOCK, GROUP, "f");
	assert_true(wants(n, GROUP, 'f'));
	lan_free(n);
}

/* Groups that nobody may report, and sources that are none. */
static void
refused(void **state)
{
	struct lan *n = lan_new();

	(void)state;
	record3(n, A, EDGED_GMP_IS_EX, "224.0.0.1", "");
	record3(n, A, EDGED_GMP_IS_EX, "224.0.0.5", "");
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_GROUP], 2);
	n->refuse = true;
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	assert_int_equal(n->l.drops[EDGED_LISTENER_DROP_POLICY], 1);
	assert_int_equal(n->l.ngroups, 0);
	n->refuse = false;
	record3(n, A, EDGED_GMP_IS_EX, GROUP, "");
	is(n, "EX(, ) G260", "wanted ");
	/* a policy that has changed */
	edged_listener_review(&n->l);
	is(n, "EX(, ) G260", "");
	n->refuse = true;
	edged_listener_review(&n->l);
	is(n, "none", "unwanted ");
	assert_string_equal(
	    edged_listener_drop_name(EDGED_LISTENER_DROP_POLICY),
	    "not-allowed");
	lan_free(n);
}

static void
iteration(void **state)
{
	static const char *const groups[] = { "239.1.1.1", "239.1.1.3",
		"239.1.1.7" };
	struct lan *n = lan_new();
	struct paddr at = host_addr("239.1.1.4"), want;
	struct edged_listener_group *g;
	int i;

	(void)state;
	for (i = 2; i >= 0; i--)
		record3(n, A, EDGED_GMP_IS_EX, groups[i], "");
	for (g = edged_listener_after(&n->l, NULL), i = 0; g != NULL;
	    g = edged_listener_after(&n->l, &g->addr), i++) {
		want = host_addr(groups[i]);
		assert_true(paddr_equal(&g->addr, &want));
		want = host_addr(A);
		assert_true(paddr_equal(&g->last, &want));
		assert_int_equal(edged_listener_expires(g), MTIME_SEC(260));
	}
	assert_int_equal(i, 3);
	/* a cursor whose group has gone */
	g = edged_listener_after(&n->l, &at);
	want = host_addr("239.1.1.7");
	assert_true(paddr_equal(&g->addr, &want));
	lan_free(n);
}

/* --- hosts that change their minds at random, and answer as 5.1 and 5.2 say */

#define HOSTS	4
#define SOURCES	6

static struct {
	bool		exclude;
	uint8_t		set;		/* a bit a source */
} hosts[HOSTS];

static void
letters(char *to, uint8_t set)
{
	int i;

	for (i = 0; i < SOURCES; i++)
		if (set & 1 << i)
			*to++ = (char)('a' + i);
	*to = '\0';
}

static void
host_says(struct lan *n, int h, enum edged_gmp_type type, uint8_t set)
{
	char text[SOURCES + 1], host[20];

	letters(text, set);
	snprintf(host, sizeof(host), "10.1.7.%d", h + 1);
	record3(n, host, type, GROUP, text);
}

/* 5.2: current state, or of the sources asked about those that it wants */
static void
answer(struct lan *n, const struct paddr *group, const struct paddr *sources,
    uint16_t count)
{
	uint8_t asked = 0, set;
	uint16_t i;
	int h;

	(void)group;
	for (i = 0; i < count; i++)
		asked |= (uint8_t)(1 << (sources[i].a[3] - 1));
	for (h = 0; h < HOSTS; h++) {
		if (!hosts[h].exclude && hosts[h].set == 0)
			continue;
		set = hosts[h].set;
		if (count == 0)
			host_says(n, h,
			    hosts[h].exclude ? EDGED_GMP_IS_EX :
			    EDGED_GMP_IS_IN,
			    set);
		else {
			set = hosts[h].exclude ? asked & (uint8_t)~set :
			    asked & set;
			if (set != 0)
				host_says(n, h, EDGED_GMP_IS_IN, set);
		}
	}
}

/* the answers come after the query, not within it */
static struct {
	bool		pending;
	struct paddr	sources[EDGED_GMP_SOURCES_MAX];
	uint16_t	n;
} queries[64];
static int nqueries;

static void
remember(struct lan *n, const struct paddr *group, const struct paddr *sources,
    uint16_t count)
{
	(void)n;
	(void)group;
	assert_true(nqueries < 64);
	if (count > 0)
		memcpy(queries[nqueries].sources, sources,
		    count * sizeof(*sources));
	queries[nqueries++].n = count;
}

static void
answer_all(struct lan *n)
{
	struct paddr group = host_addr(GROUP);
	int i;

	for (i = 0; i < nqueries; i++)
		answer(n, &group, queries[i].sources, queries[i].n);
	nqueries = 0;
}

/* 5.1: the records of a change */
static void
host_changes(struct lan *n, int h, bool to_exclude, uint8_t set)
{
	uint8_t old = hosts[h].set;
	bool was = hosts[h].exclude;

	hosts[h].exclude = to_exclude;
	hosts[h].set = set;
	if (was != to_exclude) {
		host_says(
		    n, h, to_exclude ? EDGED_GMP_TO_EX : EDGED_GMP_TO_IN, set);
		return;
	}
	/* INCLUDE: ALLOW (B-A), BLOCK (A-B); EXCLUDE: the other way round */
	if (to_exclude) {
		uint8_t swap = old;

		old = set;
		set = swap;
	}
	if (set & ~old)
		host_says(n, h, EDGED_GMP_ALLOW, set & (uint8_t)~old);
	if (old & ~set)
		host_says(n, h, EDGED_GMP_BLOCK, old & (uint8_t)~set);
}

static bool
anyone_wants(int source)
{
	int h;

	for (h = 0; h < HOSTS; h++)
		if (hosts[h].exclude != ((hosts[h].set >> source & 1) != 0))
			return true;
	return false;
}

static void
nobody_is_cut_off(struct lan *n, bool exact)
{
	int i;

	for (i = 0; i < SOURCES; i++) {
		if (anyone_wants(i))
			assert_true(wants(n, GROUP, (char)('a' + i)));
		else if (exact)
			assert_false(wants(n, GROUP, (char)('a' + i)));
	}
}

static void
hosts_at_random(void **state)
{
	struct lan *n;
	uint32_t seed, r;
	int i, k, round;

	(void)state;
	for (seed = 1; seed < 60; seed++) {
		n = lan_new();
		n->asked = remember;
		n->l.fast_leave = seed % 2 != 0;
		memset(hosts, 0, sizeof(hosts));
		nqueries = 0;
		r = seed * 7919;
		for (round = 0; round < 4; round++) {
			for (i = 0; i < 60; i++) {
				host_changes(n, (int)(dice(&r) % HOSTS),
				    dice(&r) % 3 == 0,
				    dice(&r) % 2 ? 0 :
				    (uint8_t)(dice(&r) % 64));
				nobody_is_cut_off(n, false);
				for (k = (int)(dice(&r) % 8); k > 0; k--) {
					pass(n, 300);
					answer_all(n);
					nobody_is_cut_off(n, false);
				}
				n->trace[0] = '\0';
			}
			/* quiet, but for general queries */
			for (i = 0; i < 6; i++) {
				remember(n, NULL, NULL, 0);
				answer_all(n);
				pass(n, 125000);
				answer_all(n);
				nobody_is_cut_off(n, i == 5);
			}
		}
		lan_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_tables),
		cmocka_unit_test(who_takes_over_waits_for_answers),
		cmocka_unit_test(the_cells), cmocka_unit_test(timers_run_out),
		cmocka_unit_test(wants_exactly), cmocka_unit_test(static_joins),
		cmocka_unit_test(group_queries),
		cmocka_unit_test(source_queries),
		cmocka_unit_test(repetitions_are_not_used_up),
		cmocka_unit_test(many_sources),
		cmocka_unit_test(not_the_querier),
		cmocka_unit_test(a_querier_no_more),
		cmocka_unit_test(older_hosts),
		cmocka_unit_test(two_older_hosts), cmocka_unit_test(fast_leave),
		cmocka_unit_test(no_fast_leave),
		cmocka_unit_test(no_fast_leave_of_who_takes_over),
		cmocka_unit_test(limit_of_groups),
		cmocka_unit_test(limit_of_queries),
		cmocka_unit_test(limit_of_a_host),
		cmocka_unit_test(limit_of_sources), cmocka_unit_test(refused),
		cmocka_unit_test(iteration),
		cmocka_unit_test(hosts_at_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
