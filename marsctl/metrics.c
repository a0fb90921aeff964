/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The text format of Prometheus, version 0.0.4, with the end mark of
 * OpenMetrics: so Prometheus, node_exporter's textfile collector and promtool
 * all take it.  OpenMetrics proper would have the name of a counter without
 * its _total in the two comments, and there the other two lose its type.
 *
 * Names are never renamed, and have no number of their own in them: what there
 * are several of is told by labels.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "local.h"
#include "metrics.h"
#include "version.h"

/* A value of a listing's row that is a metric. */
struct metrics_rule {
	const char	*show, *key;
	const char	*name;
	enum metrics_type type;
	enum metrics_unit unit;
	bool		 sum;
	const char	*is;	/* of a string: 1 if it is one of these words,
				 * otherwise 0 */
	const char	*labels;	/* keys of the row that are labels, or
					 * key=label, with blanks between */
	const char	*help;
};

#define CLUSTER	"cluster protocol"
#define NEIGHBOR "cluster address=neighbor"
#define LAN	"edge lan"
#define G	METRICS_GAUGE, METRICS_ONE, false, NULL
#define US	METRICS_GAUGE, METRICS_MICROSECONDS, false, NULL
#define IS	METRICS_GAUGE, METRICS_ONE, false
#define SUM	METRICS_GAUGE, METRICS_ONE, true, NULL
#define C	METRICS_COUNTER, METRICS_ONE, false, NULL

static const struct metrics_rule rules[] = {
	{ "clusters", "members", "mars_cluster_members", G, CLUSTER,
	    "Members registered at this server." },
	{ "clusters", "servers", "mars_cluster_servers", G, CLUSTER,
	    "Multicast servers registered at this server." },
	{ "clusters", "groups", "mars_cluster_groups", G, CLUSTER,
	    "Groups and blocks of groups that have members." },
	{ "clusters", "joins", "mars_cluster_joins", G, CLUSTER,
	    "Memberships of members registered here." },
	{ "clusters", "csn", "mars_cluster_sequence_number", G, CLUSTER,
	    "Cluster Sequence Number." },
	{ "clusters", "ssn", "mars_cluster_server_sequence_number", G, CLUSTER,
	    "Server Sequence Number." },
	{ "clusters", "cmi-used", "mars_cluster_cmi_used", G, CLUSTER,
	    "Cluster Member IDs given." },
	{ "clusters", "cmi-free", "mars_cluster_cmi_free", G, CLUSTER,
	    "Cluster Member IDs left." },
	{ "clusters", "records-remote", "mars_cluster_records_remote", G,
	    CLUSTER, "Records of other servers in effect." },

	{ "limits", "used", "mars_limit_used", G, "process scope protocol "
	    "name=limit", "How much of a limit is used." },
	{ "limits", "limit", "mars_limit_max", G, "process scope protocol "
	    "name=limit", "The limit, as configured." },

	{ "memory", "octets", "mars_memory_octets", SUM, "process name=what",
	    "Octets that something takes in memory." },

	{ "keys", "ends-in", "mars_key_seconds", G, "spi",
	    "Time until the key is not valid any more." },

	{ "servers", "state", "mars_server_alive", IS, "alive self",
	    CLUSTER " oid=server", "Whether a server of the group is alive, "
	    "as its Redirect Entries tell." },
	{ "servers", "age", "mars_server_heard_seconds", G,
	    CLUSTER " oid=server", "Time since a server was last heard." },

	{ "neighbors", "alignment", "mars_neighbor_up", IS,
	    "Aligned", NEIGHBOR, "Whether the cache is aligned with this "
	    "neighbor's." },
	{ "neighbors", "since", "mars_neighbor_state_seconds", G, NEIGHBOR,
	    "Time since the state of the alignment changed." },
	{ "neighbors", "csu-queue", "mars_neighbor_queue", G, NEIGHBOR,
	    "Records that the neighbor has not acknowledged." },
	{ "neighbors", "csus-pending", "mars_neighbor_pending", G, NEIGHBOR,
	    "Records that the neighbor was asked for and has not sent." },
	{ "neighbors", "delay", "mars_neighbor_delay_seconds", US, NEIGHBOR,
	    "Time until it acknowledges a record, on average." },

	{ "edges", "registered", "mars_edge_registered", G, "edge protocol",
	    "Whether a server has registered the edge." },
	{ "edges", "joins", "mars_edge_joins", G, "edge protocol",
	    "Groups joined for the networks of the edge." },
	{ "edges", "out-packets", "mars_edge_out_packets_total", C, "edge",
	    "Packets of the networks of the edge that may pass." },
	{ "edges", "out-copies", "mars_edge_out_copies_total", C, "edge",
	    "Copies of these to other sites." },
	{ "edges", "in-packets", "mars_edge_in_packets_total", C, "edge",
	    "Packets of other sites." },
	{ "edges", "in-copies", "mars_edge_in_copies_total", C, "edge",
	    "Copies of these to networks of the edge." },
	{ "edges", "dropped", "mars_edge_dropped_total", C, "edge",
	    "Packets dropped at the edge, for any reason." },

	{ "lans", "up", "mars_lan_up", G, LAN,
	    "Whether the interface is there." },
	{ "lans", "forwards", "mars_lan_forwards", G, LAN,
	    "Whether the edge forwards on this network." },
	{ "lans", "other-edges", "mars_lan_other_edges", G, LAN,
	    "Other edges on this network." },
	{ "lans", "groups4", "mars_lan_groups_ipv4", G, LAN,
	    "Groups of IPv4 that hosts of this network want." },
	{ "lans", "groups6", "mars_lan_groups_ipv6", G, LAN,
	    "Groups of IPv6 that hosts of this network want." },
	{ "lans", "hosts", "mars_lan_hosts", G, LAN,
	    "Hosts of this network that want groups." },
	{ "lans", "in-packets", "mars_lan_in_packets_total", C, LAN,
	    "Packets of this network that may pass." },
	{ "lans", "out-packets", "mars_lan_out_packets_total", C, LAN,
	    "Packets sent to this network." },
	{ "lans", "out-octets", "mars_lan_out_octets_total", C, LAN,
	    "Octets sent to this network." },
	{ "lans", "dropped", "mars_lan_dropped_total", C, LAN,
	    "Packets dropped at this network, for any reason." },

	{ "flows", "rate", "mars_edge_flow_bits_per_second", SUM,
	    "edge direction", "Bits of all flows in the last second." },
	{ "flows", "members", "mars_edge_flow_members", SUM, "edge direction",
	    "Sites or networks that the last packets of all flows went to." },
};

/* Of a process as a whole. */
static const struct metrics_rule summary[] = {
	{ "summary", "started", "mars_uptime_seconds", G, NULL,
	    "Time that the process serves." },
	{ "summary", "circuits", "mars_circuits", G, NULL,
	    "Virtual circuits." },
	{ "summary", "records", "mars_records", G, NULL,
	    "Records in the cache." },
	{ "summary", "tombstones", "mars_records_tombstones", G, NULL,
	    "Withdrawn records that are kept for a while." },
	{ "summary", "hidden", "mars_records_hidden", G, NULL,
	    "Records not in effect since their server is silent." },
	{ "summary", "strange", "mars_records_strange", G, NULL,
	    "Records with content that could not be understood." },
	{ "summary", "neighbors", "mars_neighbors", G, NULL,
	    "Neighbors configured." },
	{ "summary", "aligned", "mars_neighbors_aligned", G, NULL,
	    "Neighbors whose cache is aligned with ours." },
	{ "summary", "flows", "mars_edge_flows", G, NULL,
	    "Flows counted." },
};

void
metrics_init(struct metrics *m)
{
	memset(m, 0, sizeof(*m));
	m->flows = SIZE_MAX;
}

void
metrics_free(struct metrics *m)
{
	free(m->samples);
	metrics_init(m);
}

/* A new sample, to be filled in; NULL: no memory, which is noted. */
static struct metrics_sample *
metrics_add(struct metrics *m, const char *name, enum metrics_type type,
    const char *help)
{
	size_t size = m->size == 0 ? 256 : m->size * 2;
	struct metrics_sample *s;

	if (m->n == m->size) {
		s = reallocarray(m->samples, size, sizeof(*s));
		if (s == NULL) {
			m->short_of_memory = true;
			return NULL;
		}
		m->samples = s;
		m->size = size;
	}
	s = &m->samples[m->n++];
	memset(s, 0, sizeof(*s));
	(void)strlcpy(s->name, name, sizeof(s->name));
	s->type = type;
	s->help = help;
	s->suffix = "";
	return s;
}

/* Appends octets to labels, if all of them fit. */
static bool
label_text(struct metrics_sample *s, const char *text, size_t n)
{
	size_t at = strlen(s->labels);

	if (at + n >= sizeof(s->labels))
		return false;
	memcpy(s->labels + at, text, n);
	s->labels[at + n] = '\0';
	return true;
}

/* A value between quotes; what is no UTF-8 becomes a question mark. */
static bool
label_value(struct metrics_sample *s, const char *v)
{
	bool fits = true;
	size_t n;

	for (; *v != '\0' && fits; v += n == 0 ? 1 : n) {
		n = json_utf8_length(v);
		if (n == 0)
			fits = label_text(s, "?", 1);
		else if (*v == '\n')
			fits = label_text(s, "\\n", 2);
		else if (*v == '"' || *v == '\\')
			fits = label_text(s, "\\", 1) && label_text(s, v, 1);
		else
			fits = label_text(s, v, n);
	}
	return fits;
}

/* One that does not fit is left out: the labels stay readable. */
static void
metrics_label(struct metrics_sample *s, const char *name, size_t len,
    const char *value)
{
	size_t before = strlen(s->labels);

	if ((before > 0 && !label_text(s, ",", 1)) ||
	    !label_text(s, name, len) || !label_text(s, "=\"", 2) ||
	    !label_value(s, value) || !label_text(s, "\"", 1))
		s->labels[before] = '\0';
}

/* The row's value of that name as text; false: it has none. */
static bool
row_text(struct rd row, const char *key, struct ctl_value *v)
{
	if (!ctl_find(&row, key, v))
		return false;
	if (v->tag == CTL_UINT)
		snprintf(v->string, sizeof(v->string), "%" PRIu64, v->number);
	return v->tag == CTL_UINT || v->tag == CTL_STRING;
}

/* The labels that keys of the row are: "cluster address=neighbor". */
static void
label_row(struct metrics_sample *s, const char *keys, struct rd row)
{
	char key[CTL_NAME_SIZE];
	struct ctl_value v;
	const char *name;
	size_t n, len;

	while (keys != NULL && *keys != '\0') {
		n = strcspn(keys, " ");
		len = strcspn(keys, "= ");
		name = len < n ? keys + len + 1 : keys;
		(void)strlcpy(key, keys,
		    len < sizeof(key) ? len + 1 : sizeof(key));
		if (row_text(row, key, &v))
			metrics_label(s, name, (size_t)(keys + n - name),
			    v.string);
		keys += n + (keys[n] == ' ');
	}
}

/* Is it one of the words, which have blanks between them? */
static bool
is_word_of(const char *word, const char *words)
{
	size_t n, len = strlen(word);

	for (; *words != '\0'; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		if (n == len && memcmp(words, word, len) == 0)
			return true;
	}
	return false;
}

/* The row's value of that name as a number; false: it has none. */
static bool
sample_number(struct rd row, const char *key, const char *is, uint64_t *n)
{
	struct ctl_value v;

	if (is == NULL || !ctl_find_string(row, key, &v))
		return ctl_find_number(row, key, n);
	*n = is_word_of(v.string, is);
	return true;
}

/*
 * Adds a sample of the flows to the one with the same labels, if there is one
 * already: flows are very many, and their edges few.
 */
static void
flow_fold(struct metrics *m, const struct metrics_sample *s)
{
	struct metrics_sample *t;

	for (t = &m->samples[m->flows]; t < s; t++)
		if (strcmp(t->name, s->name) == 0 &&
		    strcmp(t->labels, s->labels) == 0) {
			t->value += s->value;
			m->n--;
			return;
		}
}

static void
by_rule(struct metrics *m, const struct metrics_rule *rule,
    const char *process, struct rd row)
{
	struct metrics_sample *s;
	uint64_t value;

	if (!sample_number(row, rule->key, rule->is, &value) ||
	    (s = metrics_add(m, rule->name, rule->type, rule->help)) == NULL)
		return;
	s->sum = rule->sum;
	s->unit = rule->unit;
	s->value = value;
	if (rule->labels == NULL)
		metrics_label(s, "process", strlen("process"), process);
	else
		label_row(s, rule->labels, row);
	if (s->sum && m->flows != SIZE_MAX)
		flow_fold(m, s);
}

/* mars_PROCESS_NAME_total: letters, digits, and the rest as underscores. */
static void
counter_name(char *buf, size_t size, const char *process, const char *name)
{
	char *p;

	snprintf(buf, size, "mars_%s_%.48s_total", process, name);
	for (p = buf; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *p) ==
		    NULL)
			*p = '_';
}

/* A counter is a metric of its own; a drop is one that has a reason. */
static void
by_counter(struct metrics *m, const char *process, struct rd row)
{
	struct ctl_value name, kind;
	struct metrics_sample *s;
	char text[METRICS_NAME];
	uint64_t value;
	bool drop;

	if (!ctl_find_string(row, "name", &name) ||
	    !sample_number(row, "value", NULL, &value))
		return;
	if (!ctl_find_string(row, "kind", &kind))
		kind.string[0] = '\0';
	if (strcmp(kind.string, "gauge") == 0)
		return; /* another listing has it */
	drop = strcmp(kind.string, "drop") == 0;
	counter_name(text, sizeof(text), process, name.string);
	s = metrics_add(m, drop ? "mars_drops_total" : text, METRICS_COUNTER,
	    drop ? "What was dropped, by reason." :
	    "A counter of marsctl show counters.");
	if (s == NULL)
		return;
	s->sum = true; /* of several groups with one neighbor */
	s->value = value;
	if (drop)
		metrics_label(s, "process", strlen("process"), process);
	label_row(s, drop ? "scope name=reason" : "scope", row);
}

/* A bucket, the sum or the count of a histogram. */
static void
metrics_part(struct metrics *m, const char *name, const char *suffix,
    uint32_t rank, uint64_t value)
{
	struct metrics_sample *s;

	s = metrics_add(m, name, METRICS_HISTOGRAM,
	    "A latency of marsctl show latencies.");
	if (s == NULL)
		return;
	s->suffix = suffix;
	s->rank = rank;
	s->value = value;
	if (strcmp(suffix, "_sum") == 0)
		s->unit = METRICS_MICROSECONDS;
}

/* Labels the last part with its bound, which is in microseconds. */
static void
metrics_le(struct metrics *m, uint64_t us)
{
	char text[32];

	if (m->short_of_memory)
		return;
	if (us == UINT64_MAX)
		(void)strlcpy(text, "+Inf", sizeof(text));
	else
		snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64,
		    us / 1000000, us % 1000000);
	metrics_label(&m->samples[m->n - 1], "le", 2, text);
}

static void
by_latency(struct metrics *m, struct rd row)
{
	struct ctl_value name, v;
	uint64_t count, sum, bound;
	char text[METRICS_NAME];
	struct rd r = row;
	uint32_t rank = 0;

	if (!ctl_find_string(row, "name", &name) ||
	    !sample_number(row, "count", NULL, &count) ||
	    !sample_number(row, "sum", NULL, &sum) ||
	    !ctl_find(&r, "buckets", &v) || v.tag != CTL_ARRAY)
		return;
	snprintf(text, sizeof(text), "mars_%.48s_seconds", name.string);
	/* pairs of a bound and how many were not longer */
	while (ctl_next(&r, &v) && v.tag == CTL_UINT) {
		bound = v.number;
		if (!ctl_next(&r, &v) || v.tag != CTL_UINT)
			break;
		metrics_part(m, text, "_bucket", rank++, v.number);
		metrics_le(m, bound);
	}
	metrics_part(m, text, "_bucket", rank++, count);
	metrics_le(m, UINT64_MAX);
	metrics_part(m, text, "_sum", rank++, sum);
	metrics_part(m, text, "_count", rank, count);
}

/* Each flow counts as one, beside what its values say. */
static void
by_flow(struct metrics *m, struct rd row)
{
	struct metrics_sample *s;

	s = metrics_add(m, "mars_edge_flows_counted", METRICS_GAUGE,
	    "Flows by their direction.");
	if (s == NULL)
		return;
	s->sum = true;
	s->value = 1;
	label_row(s, "edge direction", row);
	flow_fold(m, s);
}

void
metrics_row(struct metrics *m, const char *show, const char *process,
    struct rd row)
{
	size_t i;

	if (m->flows == SIZE_MAX && strcmp(show, "flows") == 0)
		m->flows = m->n;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].show, show) == 0)
			by_rule(m, &rules[i], process, row);
	if (strcmp(show, "summary") == 0)
		for (i = 0; i < sizeof(summary) / sizeof(summary[0]); i++)
			by_rule(m, &summary[i], process, row);
	else if (strcmp(show, "counters") == 0)
		by_counter(m, process, row);
	else if (strcmp(show, "latencies") == 0)
		by_latency(m, row);
	else if (strcmp(show, "flows") == 0)
		by_flow(m, row);
}

void
metrics_up(struct metrics *m, const char *process, bool up)
{
	struct metrics_sample *s;

	s = metrics_add(m, "mars_up", METRICS_GAUGE,
	    "Whether the process answers.");
	if (s == NULL)
		return;
	s->value = up;
	metrics_label(s, "process", strlen("process"), process);
}

static void
metrics_version(struct metrics *m)
{
	struct metrics_sample *s;

	s = metrics_add(m, "mars_build_info", METRICS_GAUGE,
	    "The version of marsctl, as a label.");
	if (s == NULL)
		return;
	s->value = 1;
	metrics_label(s, "version", strlen("version"), MARS_VERSION);
}

/* --- out */

/* The same labels but for the last one, le, are the same histogram. */
static int
metrics_cmp(const void *x, const void *y)
{
	const struct metrics_sample *a = x, *b = y;
	int c = strcmp(a->name, b->name);

	if (c == 0 && a->type != METRICS_HISTOGRAM)
		c = strcmp(a->labels, b->labels);
	if (c == 0)
		c = (a->rank > b->rank) - (a->rank < b->rank);
	return c;
}

static void
print_head(const struct metrics_sample *s, FILE *f)
{
	static const char *const types[] = {
		[METRICS_GAUGE] = "gauge",
		[METRICS_COUNTER] = "counter",
		[METRICS_HISTOGRAM] = "histogram",
	};

	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", s->name, s->help, s->name,
	    types[s->type]);
}

static void
print_sample(const struct metrics_sample *s, uint64_t value, FILE *f)
{
	fprintf(f, "%s%s", s->name, s->suffix);
	if (s->labels[0] != '\0')
		fprintf(f, "{%s}", s->labels);
	if (s->unit == METRICS_MICROSECONDS)
		fprintf(f, " %" PRIu64 ".%06" PRIu64 "\n", value / 1000000,
		    value % 1000000);
	else
		fprintf(f, " %" PRIu64 "\n", value);
}

void
metrics_print(struct metrics *m, FILE *f)
{
	const struct metrics_sample *s, *head = NULL;
	uint64_t value;
	size_t i;

	if (m->n > 0)
		qsort(m->samples, m->n, sizeof(*m->samples), metrics_cmp);
	for (i = 0; i < m->n; i++) {
		s = &m->samples[i];
		if (head == NULL || strcmp(head->name, s->name) != 0)
			print_head(head = s, f);
		value = s->value;
		for (; i + 1 < m->n && metrics_cmp(s, s + 1) == 0; i++) {
			value += m->samples[i + 1].sum ?
			    m->samples[i + 1].value : 0;
			s = &m->samples[i + 1];
		}
		print_sample(s, value, f);
	}
	fputs("# EOF\n", f);
}

/* --- in */

struct metrics_taker {
	struct metrics	*m;
	const char	*show;
};

static bool
take_row(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct metrics_taker *t = arg;

	(void)a;
	metrics_row(t->m, t->show, process, row);
	return true;
}

static void
take_up(void *arg, const char *daemon, const struct marsctl_answer *a)
{
	struct metrics_taker *t = arg;

	metrics_up(t->m, daemon, a->ok);
}

int
marsctl_metrics(const struct marsctl_where *where, FILE *f)
{
	static const char *const shows[] = { "clusters", "servers", "limits",
		"memory", "keys", "neighbors", "counters", "latencies",
		"edges", "lans", "flows" };
	struct marsctl_answer a;
	struct metrics m;
	struct metrics_taker t = { .m = &m, .show = "summary" };
	unsigned int up;
	bool ok = false;
	size_t i;

	metrics_init(&m);
	metrics_version(&m);
	up = marsctl_collect_summaries(where, take_row, take_up, &t);
	metrics_up(&m, "mars", up != 0);
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		t.show = shows[i];
		marsctl_answer_init(&a);
		marsctl_collect(where, up, shows[i], take_row, &t, &a);
	}
	if (!m.short_of_memory) {
		metrics_print(&m, f);
		ok = fflush(f) != EOF;
	}
	metrics_free(&m);
	return ok ? 0 : -1;
}

int
marsctl_show_metrics(const struct marsctl_local *l)
{
	return marsctl_metrics(&l->where, stdout) == 0 ? MARSCTL_DONE :
	    MARSCTL_FAILED;
}
