/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl makes of rows: metrics, health, top, lines, pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctl.h"
#include "marsctl/health.h"
#include "marsctl/http.h"
#include "marsctl/local.h"
#include "marsctl/metrics.h"
#include "marsctl/output.h"
#include "marsctl/tally.h"
#include "marsctl/top.h"
#include "marsctl/topology.h"

static uint8_t octets[4096];
static struct wr w;

static void
row_begin(void)
{
	wr_init(&w, octets, sizeof(octets));
}

static struct rd
row_end(void)
{
	struct rd r;

	assert_false(wr_failed(&w));
	rd_init(&r, octets, w.len);
	return r;
}

struct sheet {
	FILE	*f;
	char	*text;
	size_t	 size;
};

static void
sheet_open(struct sheet *s)
{
	assert_non_null(s->f = open_memstream(&s->text, &s->size));
}

static void
sheet_has(struct sheet *s, const char *expected)
{
	fclose(s->f);
	assert_string_equal(s->text, expected);
	free(s->text);
}

/* --- tally */

static void
counters_grow_and_begin_anew(void **state)
{
	const struct tally_item *top[2];
	struct tally t;

	(void)state;
	tally_init(&t);
	tally_look(&t);
	tally_put(&t, "a", 100);
	tally_put(&t, "b", 7);
	tally_put(&t, "c", 0);
	/* what is seen for the first time has not grown */
	assert_int_equal(tally_top(&t, top, 2), 0);
	tally_look(&t);
	tally_put(&t, "a", 103);
	tally_put(&t, "b", 2); /* it has begun anew */
	tally_put(&t, "c", 9);
	assert_int_equal(tally_top(&t, top, 2), 2);
	assert_string_equal(top[0]->key, "c");
	assert_int_equal(top[0]->grown, 9);
	assert_string_equal(top[1]->key, "a");
	assert_int_equal(top[1]->grown, 3);
	tally_look(&t);
	tally_put(&t, "a", 104);
	tally_sweep(&t);
	assert_int_equal(t.n, 1);
	assert_null(tally_find(&t, "b"));
	assert_non_null(tally_find(&t, "a"));
	tally_add(&t, "d", 5);
	tally_add(&t, "d", 1);
	assert_int_equal(tally_find(&t, "d")->grown, 6);
	tally_free(&t);
}

/* --- metrics */

static void
metrics_cluster(struct metrics *m, const char *name, uint64_t members)
{
	row_begin();
	ctl_string(&w, "cluster", name);
	ctl_string(&w, "protocol", "ipv4");
	ctl_uint(&w, "members", members);
	metrics_row(m, "clusters", "marsd", row_end());
}

/*
 * Samples of one name stand together, and a label can hold any text: quotes,
 * backslashes and newlines are escaped, and what is no UTF-8 is not let out.
 */
static void
samples_are_sorted_and_labels_escaped(void **state)
{
	struct metrics m;
	struct sheet s;

	(void)state;
	metrics_init(&m);
	metrics_cluster(&m, "z", 2);
	metrics_up(&m, "marsd", true);
	metrics_cluster(&m, "a\"\\\n\377", 1);
	sheet_open(&s);
	metrics_print(&m, s.f);
	sheet_has(&s,
	    "# HELP mars_cluster_members Members registered at this server.\n"
	    "# TYPE mars_cluster_members gauge\n"
	    "mars_cluster_members{cluster=\"a\\\"\\\\\\n?\",protocol=\"ipv4\"} "
	    "1\n"
	    "mars_cluster_members{cluster=\"z\",protocol=\"ipv4\"} 2\n"
	    "# HELP mars_up Whether the process answers.\n"
	    "# TYPE mars_up gauge\n"
	    "mars_up{process=\"marsd\"} 1\n"
	    "# EOF\n");
	metrics_free(&m);
}

static void
metrics_counter(struct metrics *m, const char *name, const char *kind,
    uint64_t value)
{
	row_begin();
	ctl_string(&w, "scope", "x");
	ctl_string(&w, "name", name);
	ctl_string(&w, "kind", kind);
	ctl_uint(&w, "value", value);
	metrics_row(m, "counters", "scspd", row_end());
}

/*
 * A counter is a metric, a drop one of a reason; of two groups with one
 * neighbor it is the sum; a gauge among counters is left to others.
 */
static void
counters_are_metrics(void **state)
{
	struct metrics m;
	struct sheet s;

	(void)state;
	metrics_init(&m);
	metrics_counter(&m, "hellos-in", "counter", 3);
	metrics_counter(&m, "hellos-in", "counter", 4);
	metrics_counter(&m, "checksum", "drop", 1);
	metrics_counter(&m, "flows", "gauge", 1);
	sheet_open(&s);
	metrics_print(&m, s.f);
	sheet_has(&s, "# HELP mars_drops_total What was dropped, by reason.\n"
	    "# TYPE mars_drops_total counter\n"
	    "mars_drops_total{process=\"scspd\",scope=\"x\","
	    "reason=\"checksum\"} 1\n"
	    "# HELP mars_scspd_hellos_in_total A counter of marsctl show "
	    "counters.\n"
	    "# TYPE mars_scspd_hellos_in_total counter\n"
	    "mars_scspd_hellos_in_total{scope=\"x\"} 7\n"
	    "# EOF\n");
	metrics_free(&m);
}

static void
a_latency_is_a_histogram_in_seconds(void **state)
{
	struct metrics m;
	struct sheet s;

	(void)state;
	metrics_init(&m);
	row_begin();
	ctl_string(&w, "name", "request");
	ctl_uint(&w, "count", 9);
	ctl_uint(&w, "sum", 2000001);
	ctl_array(&w, "buckets");
	ctl_uint(&w, "", 30);
	ctl_uint(&w, "", 5);
	ctl_uint(&w, "", 1000000);
	ctl_uint(&w, "", 8);
	ctl_close(&w);
	metrics_row(&m, "latencies", "marsd", row_end());
	sheet_open(&s);
	metrics_print(&m, s.f);
	sheet_has(&s, "# HELP mars_request_seconds A latency of marsctl show "
	    "latencies.\n"
	    "# TYPE mars_request_seconds histogram\n"
	    "mars_request_seconds_bucket{le=\"0.000030\"} 5\n"
	    "mars_request_seconds_bucket{le=\"1.000000\"} 8\n"
	    "mars_request_seconds_bucket{le=\"+Inf\"} 9\n"
	    "mars_request_seconds_sum 2.000001\n"
	    "mars_request_seconds_count 9\n"
	    "# EOF\n");
	metrics_free(&m);
}

static void
metrics_flow(struct metrics *m, const char *direction, uint64_t rate)
{
	row_begin();
	ctl_string(&w, "edge", "e");
	ctl_string(&w, "direction", direction);
	ctl_uint(&w, "rate", rate);
	metrics_row(m, "flows", "edged", row_end());
}

/* Flows are too many to be metrics each; what is no number is none. */
static void
flows_are_summed(void **state)
{
	struct metrics m;
	struct sheet s;

	(void)state;
	metrics_init(&m);
	metrics_flow(&m, "out", 100);
	metrics_flow(&m, "in", 5);
	metrics_flow(&m, "out", 20);
	sheet_open(&s);
	metrics_print(&m, s.f);
	sheet_has(&s, "# HELP mars_edge_flow_bits_per_second Bits of all flows "
	    "in the last second.\n"
	    "# TYPE mars_edge_flow_bits_per_second gauge\n"
	    "mars_edge_flow_bits_per_second{edge=\"e\",direction=\"in\"} 5\n"
	    "mars_edge_flow_bits_per_second{edge=\"e\",direction=\"out\"} 120\n"
	    "# HELP mars_edge_flows_counted Flows by their direction.\n"
	    "# TYPE mars_edge_flows_counted gauge\n"
	    "mars_edge_flows_counted{edge=\"e\",direction=\"in\"} 1\n"
	    "mars_edge_flows_counted{edge=\"e\",direction=\"out\"} 2\n"
	    "# EOF\n");
	metrics_free(&m);
}

/* --- health */

static void
health_is(struct health *h, enum health_level level, const char *text)
{
	char buf[256];

	health_end(h);
	health_print(h, buf, sizeof(buf));
	assert_string_equal(buf, text);
	assert_int_equal(h->level, level);
}

static void
a_neighbor(struct health *h, const char *alignment, const char *auth)
{
	row_begin();
	ctl_string(&w, "cluster", "c");
	ctl_string(&w, "address", "192.0.2.2");
	ctl_string(&w, "alignment", alignment);
	ctl_string(&w, "auth", auth);
	health_row(h, "neighbors", row_end());
}

static void
a_limit(struct health *h, uint64_t used, uint64_t max)
{
	row_begin();
	ctl_string(&w, "scope", "c");
	ctl_string(&w, "name", "joins");
	ctl_uint(&w, "used", used);
	ctl_uint(&w, "limit", max);
	health_row(h, "limits", row_end());
}

static void
a_key(struct health *h, const char *state, int64_t left)
{
	row_begin();
	ctl_uint(&w, "spi", 257);
	ctl_string(&w, "state", state);
	if (left >= 0)
		ctl_age(&w, "ends-in", (uint64_t)left);
	health_row(h, "keys", row_end());
}

static void
neighbors_make_health(void **state)
{
	struct health h;

	(void)state;
	health_init(&h, 14);
	health_is(&h, HEALTH_OK, "0 members");
	health_init(&h, 14);
	a_neighbor(&h, "Aligned", "hmac-sha256");
	health_is(&h, HEALTH_OK, "0 members, 1 of 1 neighbors aligned");
	health_init(&h, 14);
	a_neighbor(&h, "Aligned", "hmac-sha256");
	a_neighbor(&h, "Down", "hmac-sha256");
	health_is(&h, HEALTH_WARNING,
	    "neighbor 192.0.2.2 of cluster c is not aligned but Down");
	/* none at all is worse, and says so */
	health_init(&h, 14);
	a_neighbor(&h, "Down", "hmac-sha256");
	a_neighbor(&h, "Down", "hmac-sha256");
	health_is(&h, HEALTH_CRITICAL,
	    "none of 2 neighbors is aligned, and 2 more");
	health_init(&h, 14);
	a_neighbor(&h, "Aligned", "no valid key");
	health_is(&h, HEALTH_CRITICAL,
	    "no key for neighbor 192.0.2.2 of cluster c is valid now");
}

/* What a process says may not tell the terminal of who asks what to do. */
static void
sentences_are_plain(void **state)
{
	struct marsctl_answer a;
	struct health h;
	char s[] = "\033]0;x\007 \302\233m \303\251 \377 \n.";

	(void)state;
	marsctl_plain(s);
	assert_string_equal(s, "?]0;x? ?m \303\251 ? ?.");
	marsctl_answer_init(&a);
	marsctl_wrong(&a, "scspd: %s", "\033[31mred");
	assert_string_equal(a.why, "scspd: ?[31mred");
	health_init(&h, 14);
	a_neighbor(&h, "Aligned", "hmac-sha256");
	a_neighbor(&h, "\033[5mDown\n", "hmac-sha256");
	health_is(&h, HEALTH_WARNING,
	    "neighbor 192.0.2.2 of cluster c is not aligned but ?[5mDown?");
	/* nor does what it does not say */
	health_init(&h, 14);
	a_neighbor(&h, "Aligned", "hmac-sha256");
	row_begin();
	ctl_string(&w, "alignment", "Down");
	health_row(&h, "neighbors", row_end());
	health_is(&h, HEALTH_WARNING,
	    "neighbor  of cluster  is not aligned but Down");
}

static void
limits_and_keys_make_health(void **state)
{
	struct health h;

	(void)state;
	health_init(&h, 14);
	a_limit(&h, 89, 100);
	a_limit(&h, 1, 1);
	a_key(&h, "valid", 14 * 86400);
	a_key(&h, "valid", -1);
	a_key(&h, "expired", 0);
	health_is(&h, HEALTH_OK, "0 members");
	a_limit(&h, 90, 100);
	health_is(&h, HEALTH_WARNING, "90 of 100 joins are used (c)");
	health_init(&h, 14);
	a_limit(&h, 100, 100);
	health_is(&h, HEALTH_CRITICAL, "100 of 100 joins are used (c)");
	health_init(&h, 14);
	a_limit(&h, UINT64_MAX / 100 * 89, UINT64_MAX);
	health_is(&h, HEALTH_OK, "0 members");
	a_key(&h, "valid", 14 * 86400 - 1);
	health_is(&h, HEALTH_WARNING, "the key with SPI 257 ends in 13 days");
}

static void
a_key_of_an_edge(struct health *h, const char *edge, const char *state)
{
	row_begin();
	ctl_uint(&w, "spi", 257);
	ctl_string(&w, "state", state);
	ctl_null(&w, "ends-in");
	ctl_string(&w, "edge", edge);
	health_row(h, "keys", row_end());
}

/* Whose hellos nobody believes forwards, and so does the other edge. */
static void
keys_of_edges_make_health(void **state)
{
	struct health h;

	(void)state;
	health_init(&h, 14);
	a_key_of_an_edge(&h, "a", "expired");
	a_key_of_an_edge(&h, "a", "valid");
	a_key_of_an_edge(&h, "b", "valid");
	a_key_of_an_edge(&h, "b", "expired");
	health_is(&h, HEALTH_OK, "0 members");
	a_key_of_an_edge(&h, "a", "expired");
	a_key_of_an_edge(&h, "a", "not yet");
	a_key_of_an_edge(&h, "b", "valid");
	health_is(&h, HEALTH_WARNING,
	    "no key for the hellos of edge a is valid now");
	health_init(&h, 14);
	a_key_of_an_edge(&h, "a", "valid");
	a_key_of_an_edge(&h, "b", "expired");
	health_is(&h, HEALTH_WARNING,
	    "no key for the hellos of edge b is valid now");
}

static void
edges_make_health(void **state)
{
	struct health h;

	(void)state;
	health_init(&h, 14);
	row_begin();
	ctl_string(&w, "edge", "e");
	ctl_string(&w, "protocol", "ipv4");
	ctl_bool(&w, "registered", true);
	health_row(&h, "edges", row_end());
	health_is(&h, HEALTH_OK,
	    "0 members, 1 of 1 clients of edges registered");
	row_begin();
	ctl_string(&w, "edge", "e");
	ctl_string(&w, "protocol", "ipv6");
	ctl_bool(&w, "registered", false);
	health_row(&h, "edges", row_end());
	health_is(&h, HEALTH_WARNING,
	    "edge e is registered at no server (ipv6)");
}

/* --- http */

static void
only_metrics_are_asked_for(void **state)
{
	static const struct {
		const char	*request;
		enum http_status status;
		bool		 head;
	} t[] = {
		{ "GET /metrics HTTP/1.1\r\n\r\n", HTTP_OK, false },
		{ "GET /metrics?x=y HTTP/1.0\r\n\r\n", HTTP_OK, false },
		{ "HEAD /metrics HTTP/1.1\r\n\r\n", HTTP_OK, true },
		{ "GET / HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND, false },
		{ "GET /metricsx HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND, false },
		{ "GET /metric HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND, false },
		{ "GET /../metrics HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND, false },
		{ "POST /metrics HTTP/1.1\r\n\r\n", HTTP_METHOD, false },
		{ "GET /metrics\r\n\r\n", HTTP_BAD, false },
		{ "GET /metrics FTP/1.1\r\n\r\n", HTTP_BAD, false },
		{ " /metrics HTTP/1.1\r\n\r\n", HTTP_BAD, false },
		{ "GET\r\n\r\n", HTTP_BAD, false },
		{ "\r\n\r\n", HTTP_BAD, false },
		{ "", HTTP_BAD, false },
		{ "GET ", HTTP_BAD, false },
	};
	size_t i;
	bool head;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(
		    http_judge(t[i].request, &head), t[i].status);
		assert_int_equal(head, t[i].head);
	}
}

/* --- top and monitor */

static void
top_change_of(struct top *t, const char *event, const char *max)
{
	row_begin();
	ctl_string(&w, "event", event);
	ctl_string(&w, "cluster", "c");
	ctl_string(&w, "group-min", "224.1.0.0");
	ctl_string(&w, "group-max", max);
	top_row(t, "monitor", "marsd", row_end());
}

static void
top_circuit_of(struct top *t, const char *peer, uint64_t in)
{
	row_begin();
	ctl_string(&w, "local", "192.0.2.1");
	ctl_string(&w, "peer", peer);
	ctl_string(&w, "kind", "in");
	ctl_uint(&w, "sdus-in", in);
	top_row(t, "circuits", "marsd", row_end());
}

static void
the_busiest_come_first(void **state)
{
	struct sheet s;
	struct top t;

	(void)state;
	top_init(&t);
	top_look(&t);
	top_circuit_of(&t, "192.0.2.7", 10);
	top_circuit_of(&t, "192.0.2.8", 10);
	top_look(&t);
	top_circuit_of(&t, "192.0.2.7", 13);
	top_circuit_of(&t, "192.0.2.8", 30);
	top_change_of(&t, "joined", "224.1.0.0");
	top_change_of(&t, "left", "224.1.0.0");
	top_change_of(&t, "joined", "224.1.255.255");
	top_change_of(&t, "registered", "224.1.255.255");
	sheet_open(&s);
	top_print(&t, s.f, 2000, 5);
	sheet_has(&s, "members 0  groups 0  joins 0  neighbors aligned 0/0\n"
	    "\n    PER S  MESSAGES FROM\n"
	    "     10.0  192.0.2.8 192.0.2.1 in\n"
	    "      1.5  192.0.2.7 192.0.2.1 in\n"
	    "\n    PER S  CHANGES OF GROUP\n"
	    "      1.0  c 224.1.0.0\n"
	    "      0.5  c 224.1.0.0 224.1.255.255\n"
	    "\n    PER S  RECORDS WITH NEIGHBOR\n        -\n"
	    "\n    PER S  DROPS\n        -\n");
	/* what has happened since is counted anew */
	sheet_open(&s);
	top_look(&t);
	top_print(&t, s.f, 1000, 1);
	sheet_has(&s, "members 0  groups 0  joins 0  neighbors aligned 0/0\n"
	    "\n    PER S  MESSAGES FROM\n        -\n"
	    "\n    PER S  CHANGES OF GROUP\n        -\n"
	    "\n    PER S  RECORDS WITH NEIGHBOR\n        -\n"
	    "\n    PER S  DROPS\n        -\n");
	top_free(&t);
}

/* Two clients of one host have two circuits, which are not told apart. */
static void
circuits_of_one_peer_are_added_up(void **state)
{
	static const uint64_t in[][2] = { { 1000, 10 }, { 1002, 18 },
		{ 1004, 0 }, { 3, 2 } };
	static const char *const text[] = { "        -\n",
		"      5.0  192.0.2.7 192.0.2.1 in\n", "        -\n",
		"      2.5  192.0.2.7 192.0.2.1 in\n" };
	struct sheet s;
	struct top t;
	char line[512];
	size_t i;

	(void)state;
	top_init(&t);
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		top_look(&t);
		top_circuit_of(&t, "192.0.2.7", in[i][0]);
		/* the third time it has gone; then both have begun anew */
		if (in[i][1] != 0)
			top_circuit_of(&t, "192.0.2.7", in[i][1]);
		sheet_open(&s);
		top_print(&t, s.f, 2000, 5);
		snprintf(line, sizeof(line),
		    "members 0  groups 0  joins 0  neighbors aligned 0/0\n"
		    "\n    PER S  MESSAGES FROM\n%s"
		    "\n    PER S  CHANGES OF GROUP\n        -\n"
		    "\n    PER S  RECORDS WITH NEIGHBOR\n        -\n"
		    "\n    PER S  DROPS\n        -\n", text[i]);
		sheet_has(&s, line);
	}
	top_free(&t);
}

static void
check_long_group(size_t len)
{
	struct sheet s;
	struct top t;
	char group[512], line[1024];

	memset(group, '7', len);
	group[len] = '\0';
	top_init(&t);
	top_look(&t);
	row_begin();
	ctl_string(&w, "event", "joined");
	ctl_string(&w, "cluster", "c");
	ctl_string(&w, "group-min", group);
	ctl_string(&w, "group-max", group);
	top_row(&t, "monitor", "marsd", row_end());
	sheet_open(&s);
	top_print(&t, s.f, 1000, 5);
	snprintf(line, sizeof(line),
	    "members 0  groups 0  joins 0  neighbors aligned 0/0\n"
	    "\n    PER S  MESSAGES FROM\n        -\n"
	    "\n    PER S  CHANGES OF GROUP\n      1.0  c %.*s\n"
	    "\n    PER S  RECORDS WITH NEIGHBOR\n        -\n"
	    "\n    PER S  DROPS\n        -\n", TALLY_KEY - 3, group);
	sheet_has(&s, line);
	top_free(&t);
}

/* What a process says may be longer than a name. */
static void
a_long_group_is_cut(void **state)
{
	(void)state;
	check_long_group(200);
	check_long_group(511);
}

static void
an_event_is_a_line(void **state)
{
	struct sheet s;

	(void)state;
	setenv("TZ", "UTC", 1);
	row_begin();
	ctl_string(&w, "process", "marsd");
	ctl_uint(&w, "time", 3661007);
	ctl_string(&w, "event", "joined");
	ctl_string(&w, "cluster", "c\033[2J");
	ctl_string(&w, "address", "192.0.2.7");
	ctl_string(&w, "group-min", "224.1.0.0");
	ctl_string(&w, "group-max", "224.1.0.9");
	sheet_open(&s);
	marsctl_monitor_line(s.f, row_end());
	/* nothing that a terminal obeys gets through */
	sheet_has(&s, "01:01:01.007 marsd joined c?[2J 192.0.2.7 "
	    "224.1.0.0-224.1.0.9\n");
	row_begin();
	ctl_string(&w, "process", "scspd");
	ctl_uint(&w, "time", 1);
	ctl_string(&w, "event", "lost");
	ctl_uint(&w, "number", 12);
	sheet_open(&s);
	marsctl_monitor_line(s.f, row_end());
	sheet_has(&s, "00:00:00.001 scspd lost 12\n");
}

/* --- topology */

static void
lines_are_put_together(void **state)
{
	struct topology t;
	struct sheet s;

	(void)state;
	assert_int_equal(topology_init(&t), 0);
	assert_null(topology_line(&t, "server a 192.0.2.1 self 3"));
	assert_null(topology_line(&t, "server b 192.0.2.2 alive 4"));
	assert_null(topology_line(&t, ""));
	/* b's own word of the same, and the worse of both */
	assert_null(topology_line(&t, "adjacency a b Aligned 300"));
	assert_null(topology_line(&t, "adjacency  b a Update 200"));
	assert_null(topology_line(&t, "server a 192.0.2.1 hidden 1"));
	assert_null(topology_line(&t, "edge e 192.0.2.9 192.0.2.1 up"));
	assert_null(topology_line(&t, "edge e 192.0.2.9 192.0.2.1 down"));
	sheet_open(&s);
	topology_text(&t, s.f);
	sheet_has(&s, "server a 192.0.2.1 self 3\n"
	    "server b 192.0.2.2 alive 4\n"
	    "adjacency a b Update 300\n"
	    "edge e 192.0.2.9 192.0.2.1 down\n");
	sheet_open(&s);
	topology_dot(&t, s.f);
	sheet_has(&s, "graph mars {\n\tlayout=circo;\n\tnode [shape=box];\n"
	    "\t\"a\" [label=\"a\\n192.0.2.1\\nself, members 3\", "
	    "color=\"#2b7a3d\"];\n"
	    "\t\"b\" [label=\"b\\n192.0.2.2\\nalive, members 4\", "
	    "color=\"#2b7a3d\"];\n"
	    "\t\"a\" -- \"b\" [label=\"Update\", color=\"#b3261e\", "
	    "style=dashed];\n"
	    "\t\"e\" [shape=ellipse, color=\"#b3261e\"];\n"
	    "\t\"e\" -- \"a\" [style=dashed];\n}\n");
	topology_free(&t);
}

static void
wrong_lines_are_refused(void **state)
{
	static const struct {
		const char *line, *why;
	} bad[] = {
		{ "server a 192.0.2.1 self", "too few words" },
		{ "server a 192.0.2.1 self 3 4", "too many words" },
		{ "router a 192.0.2.1 self 3",
		    "it begins with no word that is known" },
		{ "adjacency a a Aligned 3",
		    "no server is its own neighbor" },
		{ "server aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaa b self 3", "a word is too long" },
	};
	struct topology t;
	char line[64];
	const char *why = NULL;
	size_t i;

	(void)state;
	assert_int_equal(topology_init(&t), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(
		    topology_line(&t, bad[i].line), bad[i].why);
	/* more of anything than there is room for */
	for (i = 0; why == NULL && i < 100000; i++) {
		snprintf(line, sizeof(line), "adjacency %zu %zu Aligned 0",
		    i / 250, i % 250 + 1);
		if (i / 250 != i % 250 + 1)
			why = topology_line(&t, line);
	}
	assert_string_equal(why, "too many adjacencies");
	for (why = NULL, i = 0; why == NULL && i < 100000; i++) {
		snprintf(line, sizeof(line), "server s%zu - - 0", i);
		why = topology_line(&t, line);
	}
	assert_string_equal(why, "too many servers");
	for (why = NULL, i = 0; why == NULL && i < 100000; i++) {
		snprintf(line, sizeof(line), "edge e%zu - - up", i);
		why = topology_line(&t, line);
	}
	assert_string_equal(why, "too many edges");
	topology_free(&t);
}

/* Whatever the words are, they can't end an element of the picture. */
static void
a_picture_escapes_its_words(void **state)
{
	struct topology t;
	struct sheet s;

	(void)state;
	assert_int_equal(topology_init(&t), 0);
	assert_null(topology_line(&t, "server <a&\"> x self 3"));
	sheet_open(&s);
	topology_svg(&t, s.f);
	fclose(s.f);
	assert_non_null(strstr(s.text, ">&lt;a&amp;&quot;&gt;</text>"));
	assert_non_null(strstr(s.text, "</svg>\n"));
	free(s.text);
	sheet_open(&s);
	topology_dot(&t, s.f);
	fclose(s.f);
	assert_non_null(strstr(s.text, "\"<a&\\\">\" [label=\"<a&\\\">\\nx"));
	free(s.text);
	topology_free(&t);
	/* and one without servers is a picture, too */
	assert_int_equal(topology_init(&t), 0);
	sheet_open(&s);
	topology_svg(&t, s.f);
	fclose(s.f);
	assert_non_null(strstr(s.text, "</svg>\n"));
	free(s.text);
	topology_free(&t);
}

/* Boxes of an SVG, each of which has to be within it. */
static unsigned int
boxes_within(const char *svg)
{
	int size, x, y, width, height;
	unsigned int n = 0;
	const char *p;

	assert_non_null(p = strstr(svg, "viewBox=\"0 0 "));
	assert_int_equal(sscanf(p, "viewBox=\"0 0 %d", &size), 1);
	for (p = svg; (p = strstr(p, "<rect x=")) != NULL; p++) {
		assert_int_equal(sscanf(p,
		    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"",
		    &x, &y, &width, &height), 4);
		assert_in_range(x, 0, size - width);
		assert_in_range(y, 0, size - height);
		n++;
	}
	return n;
}

/* Also where a server has many, and those of none that is known. */
static void
each_edge_is_in_the_picture(void **state)
{
	struct topology t;
	struct sheet s;
	char line[128];
	int i;

	(void)state;
	assert_int_equal(topology_init(&t), 0);
	assert_null(topology_line(&t, "server a 192.0.2.1 self 3"));
	assert_null(topology_line(&t, "server b 192.0.2.2 alive 3"));
	for (i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "edge e%d 10.0.0.%d %s up", i, i,
		    i < 20 ? "192.0.2.1" : i < 30 ? "192.0.2.2" : "192.0.2.3");
		assert_null(topology_line(&t, line));
	}
	sheet_open(&s);
	topology_svg(&t, s.f);
	fclose(s.f);
	assert_int_equal(boxes_within(s.text), 42);
	for (i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), ">e%d</text>", i);
		assert_non_null(strstr(s.text, line));
	}
	free(s.text);
	topology_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_grow_and_begin_anew),
		cmocka_unit_test(samples_are_sorted_and_labels_escaped),
		cmocka_unit_test(counters_are_metrics),
		cmocka_unit_test(a_latency_is_a_histogram_in_seconds),
		cmocka_unit_test(flows_are_summed),
		cmocka_unit_test(neighbors_make_health),
		cmocka_unit_test(sentences_are_plain),
		cmocka_unit_test(limits_and_keys_make_health),
		cmocka_unit_test(keys_of_edges_make_health),
		cmocka_unit_test(edges_make_health),
		cmocka_unit_test(only_metrics_are_asked_for),
		cmocka_unit_test(the_busiest_come_first),
		cmocka_unit_test(circuits_of_one_peer_are_added_up),
		cmocka_unit_test(a_long_group_is_cut),
		cmocka_unit_test(an_event_is_a_line),
		cmocka_unit_test(lines_are_put_together),
		cmocka_unit_test(wrong_lines_are_refused),
		cmocka_unit_test(a_picture_escapes_its_words),
		cmocka_unit_test(each_edge_is_in_the_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
