/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "output.h"
#include "output_json.h"

bool
marsctl_row_valid(struct rd r)
{
	struct ctl_value v;
	int depth = 0;

	while (ctl_next(&r, &v)) {
		if (v.tag == CTL_ARRAY || v.tag == CTL_OBJECT)
			depth++;
		else if (v.tag == CTL_CLOSE)
			depth--;
		if (depth < 0 || depth > ROW_DEPTH)
			return false;
	}
	return rd_done(&r) && depth == 0;
}

char *
marsctl_age_print(uint64_t s, char *buf, size_t size)
{
	uint64_t m = s / 60, h = m / 60, d = h / 24, w = d / 7;

	if (w > 0)
		snprintf(buf, size, "%" PRIu64 "w%" PRIu64 "d", w, d % 7);
	else if (d > 0)
		snprintf(buf, size, "%" PRIu64 "d%02" PRIu64 "h", d, h % 24);
	else
		snprintf(buf, size, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, h,
		    m % 60, s % 60);
	return buf;
}

/*
 * Prints text for a terminal.  A character that a terminal would obey, or an
 * octet that is no text, becomes a question mark.  Returns the columns used.
 */
static int
put_text(FILE *f, const char *s)
{
	int columns = 0;
	size_t n;

	for (; *s != '\0'; s += n) {
		n = json_utf8_length(s);
		/* C0, DEL, and C1 (U+0080 to U+009F) */
		if (n == 0 ||
		    (n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f)) ||
		    (n == 2 && (unsigned char)s[0] == 0xc2 &&
		    (unsigned char)s[1] < 0xa0)) {
			putc('?', f);
			n = n == 0 ? 1 : n;
		} else
			fwrite(s, 1, n, f);
		columns++;
	}
	return columns;
}

int
marsctl_text(FILE *f, const char *s)
{
	return put_text(f, s);
}

static int
put_scalar(FILE *f, const struct ctl_value *v, enum marsctl_column_kind kind)
{
	char buf[32];

	if (v->tag == CTL_STRING)
		return put_text(f, *v->string == '\0' ? "-" : v->string);
	if (v->tag == CTL_BOOL)
		return put_text(f, v->number != 0 ? "yes" : "no");
	if (kind == MARSCTL_COL_AGE)
		return put_text(
		    f, marsctl_age_print(v->number, buf, sizeof(buf)));
	if (v->tag == CTL_INT)
		snprintf(buf, sizeof(buf), "%" PRId64, (int64_t)v->number);
	else
		snprintf(buf, sizeof(buf), "%" PRIu64, v->number);
	return put_text(f, buf);
}

/*
 * A value.  Of an array or an object all values are printed, one after the
 * other, with their names if they have any.
 */
static int
put_value(FILE *f, struct rd *r, const struct ctl_value *v,
    enum marsctl_column_kind kind)
{
	struct ctl_value in;
	int columns = 0;

	if (v->tag != CTL_ARRAY && v->tag != CTL_OBJECT)
		return put_scalar(f, v, kind);
	while (ctl_next(r, &in) && in.tag != CTL_CLOSE) {
		if (columns > 0)
			columns += put_text(f, " ");
		if (*in.name != '\0')
			columns += put_text(f, in.name) + put_text(f, " ");
		columns += put_value(f, r, &in, kind);
	}
	return columns > 0 ? columns : put_text(f, "-");
}

/* min, or min-max */
static int
put_range(FILE *f, struct rd r, const char *key)
{
	struct ctl_value min, max;
	char name[32];
	int columns;

	snprintf(name, sizeof(name), "%s-min", key);
	if (!ctl_find_string(r, name, &min))
		return put_text(f, "-");
	columns = put_text(f, min.string);
	snprintf(name, sizeof(name), "%s-max", key);
	if (ctl_find_string(r, name, &max) &&
	    strcmp(min.string, max.string) != 0)
		columns += put_text(f, "-") + put_text(f, max.string);
	return columns;
}

/* Goes to the next column, which is at least one blank away. */
static void
marsctl_output_pad(FILE *f, int used, int width)
{
	if (width > 0)
		fprintf(f, "%*s", used < width ? width - used : 1, "");
}

static void
text_head(struct marsctl_output *o)
{
	const struct marsctl_show *s = o->request->show;
	size_t i;

	for (i = 0; i < s->ncolumns; i++)
		marsctl_output_pad(o->f, put_text(o->f, s->columns[i].head),
		    s->columns[i].width);
	putc('\n', o->f);
}

static void
text_row(struct marsctl_output *o, struct rd row)
{
	const struct marsctl_show *s = o->request->show;
	const struct marsctl_column *c;
	struct ctl_value v;
	struct rd r;
	size_t i;
	int n;

	for (i = 0; i < s->ncolumns; i++) {
		c = &s->columns[i];
		r = row;
		if (c->kind == MARSCTL_COL_RANGE)
			n = put_range(o->f, row, c->key);
		else if (ctl_find(&r, c->key, &v))
			n = put_value(o->f, &r, &v, c->kind);
		else
			n = put_text(o->f, "-");
		marsctl_output_pad(o->f, n, c->width);
	}
	putc('\n', o->f);
}

/* One object of a process: each value on a line of its own. */
static void
text_object(struct marsctl_output *o, const char *process, struct rd r)
{
	struct ctl_value v;

	fprintf(o->f, "%s%s:\n", o->begun ? "\n" : "", process);
	while (ctl_next(&r, &v)) {
		fputs("  ", o->f);
		marsctl_output_pad(o->f, put_text(o->f, v.name), 18);
		put_value(o->f, &r, &v,
		    strcmp(v.name, "started") == 0 ? MARSCTL_COL_AGE :
		    MARSCTL_COL_PLAIN);
		putc('\n', o->f);
	}
}

void
marsctl_output_begin(struct marsctl_output *o, FILE *f, bool json,
    const struct marsctl_request *q)
{
	o->f = f;
	o->json = json;
	o->request = q;
	o->begun = false;
	if (q->show == NULL)
		return;
	if (json)
		fprintf(f, "{\"%s\":%c", q->show->name,
		    q->show->columns == NULL ? '{' : '[');
	else if (q->show->columns != NULL)
		text_head(o);
}

bool
marsctl_output_row(struct marsctl_output *o, const char *process, struct rd r)
{
	const struct marsctl_show *s = o->request->show;

	if (s == NULL || !marsctl_row_valid(r))
		return false;
	if (o->json) {
		fputs(o->begun ? ",\n" : "\n", o->f);
		if (s->columns == NULL)
			fprintf(o->f, "\"%s\":", process);
		marsctl_json_object(o->f, r);
	} else if (s->columns == NULL)
		text_object(o, process, r);
	else
		text_row(o, r);
	o->begun = true;
	return true;
}

void
marsctl_output_end(struct marsctl_output *o, bool ok, const char *wrong)
{
	const struct marsctl_show *s = o->request->show;

	if (!o->json)
		return;
	if (s != NULL) {
		fputs(s->columns == NULL ? "}}\n" : "]}\n", o->f);
		return;
	}
	fprintf(o->f, "{\"ok\":%s", ok ? "true" : "false");
	if (!ok) {
		fputs(",\"error\":", o->f);
		marsctl_json_string(o->f, wrong);
	}
	fputs("}\n", o->f);
}
