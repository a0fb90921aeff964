/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Words to requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "marsctl/parser.h"

struct result {
	struct marsctl_request	 q;
	int		 status;
	char		*err;
	char		*argv[16];
	char		 words[1024];
};

static void
setup_parse(struct result *r, const char *words)
{
	char *p, *next;
	size_t size;
	FILE *err;
	int n = 0;

	(void)strlcpy(r->words, words, sizeof(r->words));
	next = *words == '\0' ? NULL : r->words;
	while ((p = strsep(&next, " ")) != NULL)
		r->argv[n++] = p;
	assert_non_null(err = open_memstream(&r->err, &size));
	r->status = marsctl_parse(&r->q, n, r->argv, err);
	fclose(err);
}

/* The words are taken, and sent so. */
static void
good(const char *words, unsigned int to, const char *sent)
{
	struct result r;
	char out[512] = "";
	int i;

	setup_parse(&r, words);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_int_equal(r.q.ask, to);
	for (i = 0; i < r.q.argc; i++) {
		(void)strlcat(out, i > 0 ? " " : "", sizeof(out));
		(void)strlcat(out, r.q.argv[i], sizeof(out));
	}
	assert_string_equal(out, sent);
	free(r.err);
}

/* The words are refused, and the message has these parts. */
static void
bad(const char *words, const char *says, const char *lists)
{
	struct result r;

	setup_parse(&r, words);
	assert_int_equal(r.status, -1);
	if (strstr(r.err, says) == NULL || strstr(r.err, lists) == NULL)
		fail_msg("%s: %s", words, r.err);
	free(r.err);
}

static void
every_command(void **state)
{
	(void)state;
	good("show summary", ASK_MARSD | ASK_SCSPD, "show summary");
	good("show clusters", ASK_MARSD, "show clusters");
	good("show latencies", ASK_MARSD, "show latencies");
	good("show metrics", 0, "show metrics");
	good("show topology", 0, "show topology");
	good("show topology from x", 0, "show topology x");
	good("monitor", ASK_MARSD | ASK_SCSPD | ASK_EDGED, "monitor");
	good("monitor event drop cluster x", ASK_MARSD | ASK_SCSPD, "monitor");
	good("top", 0, "top");
	good("health", 0, "health");
	good("health days 30", 0, "health 30");
	good("http", 0, "http");
	good("show members", ASK_MARSD, "show members");
	good("show groups", ASK_MARSD, "show groups");
	good("show servers", ASK_MARSD, "show servers");
	good("show neighbors", ASK_SCSPD, "show neighbors");
	good("show cache", ASK_SCSPD, "show cache");
	good("show counters", ASK_MARSD | ASK_SCSPD, "show counters");
	good("show circuits", ASK_MARSD | ASK_SCSPD, "show circuits");
	good("show edges", ASK_EDGED, "show edges");
	good("show lans", ASK_EDGED, "show lans");
	good("show listeners", ASK_EDGED, "show listeners");
	good("show flows", ASK_EDGED, "show flows");
	good("probe 239.1.1.1", ASK_EDGED, "probe 239.1.1.1");
	good("probe ff0e::1 edge site1", ASK_EDGED, "probe ff0e::1 site1");
	good("show protocols", ASK_MARSD, "show protocols");
	good("show joins", ASK_MARSD, "show joins");
	good("show multicast-servers", ASK_MARSD, "show multicast-servers");
	good("show redirect-map", ASK_MARSD, "show redirect-map");
	good("show keys", ASK_SCSPD | ASK_EDGED, "show keys");
	good("show limits", ASK_MARSD | ASK_SCSPD, "show limits");
	good("show memory", ASK_MARSD | ASK_SCSPD, "show memory");
	good("show interfaces", ASK_MARSD | ASK_SCSPD, "show interfaces");
	good("stop", ASK_MARSD, "stop");
	good("log verbose client 192.0.2.9", ASK_MARSD | ASK_EDGED,
	    "log verbose client 192.0.2.9");
	good("log brief neighbor 192.0.2.2", ASK_SCSPD,
	    "log brief neighbor 192.0.2.2");
	good("clear neighbor 192.0.2.2", ASK_SCSPD,
	    "clear neighbor 192.0.2.2");
	good("clear counters", ASK_MARSD | ASK_SCSPD | ASK_EDGED,
	    "clear counters");
	good("drop member lis1 192.0.2.9", ASK_MARSD,
	    "drop member lis1 192.0.2.9");
	good("drop circuit lis1 192.0.2.9", ASK_MARSD,
	    "drop circuit lis1 192.0.2.9");
	good("deregister lis1 192.0.2.9", ASK_MARSD,
	    "deregister lis1 192.0.2.9");
	good("reload", ASK_MARSD, "reload");
	good("log verbose", ASK_MARSD, "log verbose");
	good("log brief", ASK_MARSD, "log brief");
	good("neighbor clear 192.0.2.2", ASK_SCSPD, "neighbor clear 192.0.2.2");
	good("redirect lis1 hard to 192.0.2.2", ASK_MARSD,
	    "redirect lis1 hard 192.0.2.2");
	good("redirect lis1 soft to 192.0.2.2 member 192.0.2.9", ASK_MARSD,
	    "redirect lis1 soft 192.0.2.2 192.0.2.9");
}

/* Every show names one of the tables, and the other way round. */
static void
every_show(void **state)
{
	struct result r;
	char words[64];
	size_t i;

	(void)state;
	for (i = 0; i < marsctl_nshows; i++) {
		snprintf(
		    words, sizeof(words), "show %s", marsctl_shows[i].name);
		if (strcmp(marsctl_shows[i].name, "probe") == 0)
			(void)strlcpy(words, "probe 239.1.1.1", sizeof(words));
		if (strcmp(marsctl_shows[i].name, "audit") == 0)
			(void)strlcpy(words, "audit", sizeof(words));
		setup_parse(&r, words);
		assert_int_equal(r.status, 0);
		assert_ptr_equal(r.q.show, &marsctl_shows[i]);
		free(r.err);
	}
	assert_null(marsctl_show_find("nothing"));
	setup_parse(&r, "reload");
	assert_null(r.q.show);
	free(r.err);
}

/* edged is asked, too, or where nobody else is there. */
static void
where_only_edges_are(void **state)
{
	struct result r;

	(void)state;
	setup_parse(&r, "show summary");
	assert_int_equal(r.q.also, ASK_EDGED);
	assert_int_equal(r.q.instead, 0);
	free(r.err);
	setup_parse(&r, "reload");
	assert_int_equal(r.q.also, 0);
	assert_int_equal(r.q.instead, ASK_EDGED);
	free(r.err);
	setup_parse(&r, "show groups");
	assert_int_equal(r.q.also | r.q.instead, 0);
	free(r.err);
}

/* A word may be cut while it is clear which one it is. */
static void
abbreviations(void **state)
{
	(void)state;
	good("sh su", ASK_MARSD | ASK_SCSPD, "show summary");
	good("sho cl", ASK_MARSD, "show clusters");
	good("rel", ASK_MARSD, "reload");
	good("l v", ASK_MARSD, "log verbose");
	good("n c 1.2.3.4", ASK_SCSPD, "neighbor clear 1.2.3.4");
	good("red x s t 1.2.3.4 m 1.2.3.5", ASK_MARSD,
	    "redirect x soft 1.2.3.4 1.2.3.5");
	bad("re", "ambiguous word: re", "  redirect\n");
	bad("s", "ambiguous word: s", "  stop\n");
	bad("show c", "ambiguous word: c", "  circuits\n");
	bad("show s", "ambiguous word: s", "  servers\n");
}

/* The value of the filter of that word. */
static const char *
filter(const struct result *r, const char *word)
{
	size_t i;

	for (i = 0; i < r->q.nfilters; i++)
		if (strcmp(r->q.filters[i].word, word) == 0)
			return r->q.filters[i].value;
	fail_msg("no filter %s", word);
	return NULL;
}

static void
filters(void **state)
{
	struct result r;

	(void)state;
	setup_parse(&r, "show groups cluster group group 239.1.1.1");
	assert_int_equal(r.status, 0);
	assert_string_equal(filter(&r, "cluster"), "group");
	assert_string_equal(filter(&r, "group"), "239.1.1.1");
	assert_int_equal(r.q.nfilters, 2);
	assert_int_equal(r.q.argc, 2);
	free(r.err);
	setup_parse(&r, "show gr gr ff0e::1 cl lis1");
	assert_int_equal(r.status, 0);
	assert_string_equal(filter(&r, "cluster"), "lis1");
	assert_string_equal(filter(&r, "group"), "ff0e::1");
	assert_int_equal(r.q.nfilters, 2);
	free(r.err);
	bad("show summary cluster x", "unknown word: cluster",
	    "<end of the command>");
	bad("show members group 239.1.1.1", "unknown word: group", "cluster");
	bad("show groups cluster", "missing", "NAME");
	/* each of them once */
	bad("show members cluster a cluster b", "unknown word: cluster",
	    "valid here:\n  <end of the command>\n  detail\n  protocol\n");
	bad("show groups group a cluster b group c", "unknown word: group",
	    "valid here:\n  <end of the command>\n  detail\n  protocol\n");
	/* of one of them, that value stands alone */
	bad("show groups group a b", "unknown word: b",
	    "valid here:\n  <end of the command>\n  detail\n  cluster\n");
}

/* The value alone asks for one of them, with all that there is to say. */
static void
one_of_them(void **state)
{
	struct result r;

	(void)state;
	setup_parse(&r, "show memb 192.0.2.9 cl lis1");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.q.argv[1], "member");
	assert_string_equal(filter(&r, "address"), "192.0.2.9");
	assert_string_equal(filter(&r, "cluster"), "lis1");
	assert_true(r.q.detail);
	free(r.err);
	setup_parse(&r, "show groups 239.1.1.1");
	assert_string_equal(r.q.argv[1], "group");
	assert_string_equal(filter(&r, "group"), "239.1.1.1");
	free(r.err);
	setup_parse(&r, "show cache 192.0.2.1 17 cluster lis1");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.q.argv[1], "record");
	assert_string_equal(filter(&r, "server"), "192.0.2.1");
	assert_string_equal(filter(&r, "key"), "17");
	free(r.err);
	bad("show cache 192.0.2.1", "missing", "  KEY\n");
	bad("show members 192.0.2.9 192.0.2.8", "unknown word: 192.0.2.8",
	    "<end");
	/* all of them, with all that there is to say of each */
	setup_parse(&r, "show members det prefix 192.0.2.0/24");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.q.argv[1], "members");
	assert_true(r.q.detail);
	free(r.err);
	bad("show members detail detail", "unknown word: detail", "cluster");
}

/* Who has no clusters is not asked about one. */
static void
who_is_asked(void **state)
{
	(void)state;
	good("monitor", ASK_MARSD | ASK_SCSPD | ASK_EDGED, "monitor");
	good("monitor event drop", ASK_MARSD | ASK_SCSPD | ASK_EDGED,
	    "monitor");
	good("monitor cluster x", ASK_MARSD | ASK_SCSPD, "monitor");
	good("monitor protocol ipv4", ASK_MARSD | ASK_SCSPD, "monitor");
	good("capture", ASK_MARSD | ASK_SCSPD | ASK_EDGED, "capture");
	good("capture cluster x", ASK_MARSD | ASK_SCSPD, "capture");
	good("capture neighbor 192.0.2.1", ASK_SCSPD, "capture");
	bad("capture address 192.0.2.1 neighbor 192.0.2.1",
	    "unknown word: neighbor", "  cluster\n");
}

static void
wrong_words(void **state)
{
	char words[CTL_ARG_SIZE + 32];

	(void)state;
	bad("", "missing", "  show\n");
	bad("show", "missing", "  neighbors\n");
	bad("shows summary", "unknown word: shows", "  reload\n");
	bad("reload now", "unknown word: now", "<end of the command>");
	bad("redirect lis1 gently to x", "unknown word: gently", "  soft\n");
	bad("redirect lis1 hard", "missing", "  to\n");
	bad("neighbor clear", "missing", "ADDRESS");
	/* an empty argument is no word, and no value either */
	bad("show  ", "unknown word: \n", "  summary\n");
	bad("neighbor clear  x", "unknown word: \n", "ADDRESS");
	memset(words, 'a', sizeof(words));
	memcpy(words, "neighbor clear ", 15);
	words[15 + CTL_ARG_SIZE - 1] = '\0';
	good(words, ASK_SCSPD, words);
	words[15 + CTL_ARG_SIZE - 1] = 'a';
	words[15 + CTL_ARG_SIZE] = '\0';
	bad(words, "too long", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command),
		cmocka_unit_test(every_show),
		cmocka_unit_test(where_only_edges_are),
		cmocka_unit_test(abbreviations),
		cmocka_unit_test(filters),
		cmocka_unit_test(one_of_them),
		cmocka_unit_test(who_is_asked),
		cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests_name("marsctl parser", tests, NULL, NULL);
}
