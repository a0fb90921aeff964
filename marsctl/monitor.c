/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `monitor`: what happens, a line each.  The daemons tell it as it happens,
 * but for what they drop: of that there can be more than anybody wants lines
 * of, so once a second their counters are looked at.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl_filter.h"
#include "local.h"
#include "output.h"
#include "output_json.h"
#include "tally.h"

struct monitor {
	const struct marsctl_local *local;
	unsigned int	 ask;		/* of the drops */
	struct ctl_filter filters[CTL_FILTERS_MAX];
	struct tally	 drops;
	bool		 looked;	/* once */
	time_t		 look;		/* the last one */
	struct marsctl_answer *answer;
};

/* Hours, minutes, seconds of the row's time; of one without, of now. */
static void
line_time(FILE *f, struct rd row)
{
	struct ctl_value v;
	char text[32] = "-";
	uint64_t ms = (uint64_t)time(NULL) * 1000;
	struct tm tm;
	time_t t;

	if (ctl_find(&row, "time", &v) && v.tag == CTL_UINT)
		ms = v.number;
	t = (time_t)(ms / 1000);
	if (localtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(f, "%s.%03u", text, (unsigned int)(ms % 1000));
}

static void
line_word(FILE *f, struct rd row, const char *key, const char *before)
{
	struct ctl_value v;

	if (!ctl_find_string(row, key, &v) || v.string[0] == '\0')
		return;
	fputs(before, f);
	marsctl_text(f, v.string);
}

static void
line_number(FILE *f, struct rd row)
{
	struct ctl_value v;

	if (ctl_find(&row, "number", &v) && v.tag == CTL_UINT)
		fprintf(f, " %" PRIu64, v.number);
}

void
marsctl_monitor_line(FILE *f, struct rd row)
{
	struct ctl_value min, max;

	line_time(f, row);
	line_word(f, row, "process", " ");
	line_word(f, row, "event", " ");
	if (ctl_find_string(row, "text", &min)) {
		line_word(f, row, "text", ": ");
		putc('\n', f);
		return;
	}
	line_word(f, row, "cluster", " ");
	line_word(f, row, "protocol", " ");
	line_word(f, row, "address", " ");
	line_word(f, row, "scope", " ");
	line_word(f, row, "name", " ");
	line_word(f, row, "group-min", " ");
	if (ctl_find_string(row, "group-min", &min) &&
	    ctl_find_string(row, "group-max", &max) &&
	    strcmp(min.string, max.string) != 0)
		line_word(f, row, "group-max", "-");
	line_number(f, row);
	putc('\n', f);
}

static bool
monitor_row(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct monitor *m = arg;

	(void)process;
	if (m->local->json) {
		marsctl_json_object(stdout, row);
		putchar('\n');
	} else
		marsctl_monitor_line(stdout, row);
	if (ferror(stdout)) {
		marsctl_wrong(a, "output: %s", strerror(errno));
		return false;
	}
	return true;
}

static bool
monitor_wants(const struct monitor *m, struct rd row)
{
	return ctl_filters_want(
	    m->filters, m->local->request->nfilters, row);
}

static void
say_drop(struct monitor *m, const struct tally_item *item)
{
	char key[TALLY_KEY], *scope, *name;
	uint8_t buf[1024];
	struct wr w;
	struct rd r;

	(void)strlcpy(key, item->key, sizeof(key));
	name = key;
	(void)strsep(&name, "\n");
	scope = strsep(&name, "\n");
	if (scope == NULL || name == NULL)
		return;
	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "process", key);
	ctl_uint(&w, "time", (uint64_t)time(NULL) * 1000);
	ctl_string(&w, "event", "drop");
	ctl_string(&w, "scope", scope);
	ctl_string(&w, "name", name);
	ctl_uint(&w, "number", item->grown);
	rd_init(&r, buf, w.len);
	if (!wr_failed(&w) && monitor_wants(m, r))
		(void)monitor_row(m, key, r, m->answer);
}

/* One of `show counters`. */
static bool
monitor_counter(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct ctl_value scope, name, kind, value;
	struct monitor *m = arg;
	char key[TALLY_KEY];

	(void)a;
	if (ctl_find_string(row, "kind", &kind) &&
	    strcmp(kind.string, "drop") == 0 &&
	    ctl_find_string(row, "scope", &scope) &&
	    ctl_find_string(row, "name", &name) &&
	    ctl_find(&row, "value", &value)) {
		snprintf(key, sizeof(key), "%s\n%.100s\n%.100s", process,
		    scope.string, name.string);
		tally_put(&m->drops, key, value.number);
	}
	return true;
}

/* What was dropped since the last look, of what there was one before. */
static void
monitor_look(struct monitor *m)
{
	const struct tally_item *top[32];
	struct marsctl_answer a;
	size_t i, n;

	marsctl_answer_init(&a);
	tally_look(&m->drops);
	marsctl_collect(&m->local->where, m->ask, "counters", monitor_counter,
	    m, &a);
	if (!a.ok)
		return; /* whom we follow will say so, too */
	tally_sweep(&m->drops);
	n = tally_top(&m->drops, top, sizeof(top) / sizeof(top[0]));
	for (i = 0; i < n && m->looked; i++)
		say_drop(m, top[i]);
	m->looked = true;
}

static bool
monitor_idle(void *arg)
{
	struct monitor *m = arg;
	struct timespec now;

	if (m->ask != 0 && clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
	    (!m->looked || now.tv_sec != m->look)) {
		m->look = now.tv_sec;
		monitor_look(m);
	}
	return fflush(stdout) != EOF;
}

/* The filters are the daemons' business, but for drops.  False: one is bad. */
static bool
monitor_filters(struct monitor *m, struct marsctl_answer *a)
{
	const struct marsctl_request *q = m->local->request;
	const char *why;
	size_t i;

	for (i = 0; i < q->nfilters; i++) {
		why = ctl_filter_set(&m->filters[i], q->filters[i].word,
		    q->filters[i].value);
		if (why != NULL) {
			marsctl_wrong(a, "%s %s: %s", q->filters[i].word,
			    q->filters[i].value, why);
			return false;
		}
		/* others never let a drop through: don't look for any */
		if (strcmp(q->filters[i].word, "cluster") != 0 &&
		    (strcmp(q->filters[i].word, "event") != 0 ||
		    strcmp(q->filters[i].value, "drop") != 0))
			m->ask = 0;
	}
	return true;
}

int
marsctl_monitor(const struct marsctl_local *l)
{
	struct marsctl_request q = *l->request;
	struct marsctl_session s;
	struct marsctl_answer a;
	struct monitor m;

	memset(&m, 0, sizeof(m));
	m.local = l;
	m.ask = q.ask;
	m.answer = &a;
	tally_init(&m.drops);
	marsctl_answer_init(&a);
	if (monitor_filters(&m, &a) &&
	    marsctl_session_open(&s, &l->where, &q, &a)) {
		marsctl_session_follow(&s, &q, monitor_row, &m, monitor_idle,
		    1000, &a);
		marsctl_session_close(&s);
	}
	tally_free(&m.drops);
	return marsctl_answer_tell(&a);
}
