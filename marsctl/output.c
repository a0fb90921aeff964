/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A row is a line of a table, or in detail a block of lines, one for each
 * value.  Neither is wider than a terminal: what does not fit into its column
 * or its line goes on in the next line, below where it began.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "output.h"
#include "json_out.h"
#include "output_json.h"

#define LINE_WIDTH	80
#define KEY_INDENT	2
#define KEY_WIDTH	20	/* of the names in a block, with the gap */

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

/* --- words on a line */

/* Octets of the next character; *obeyed: a terminal would, or it is none. */
static size_t
next_char(const char *s, bool *obeyed)
{
	size_t n = json_utf8_length(s);

	/* C0, DEL, and C1 (U+0080 to U+009F) */
	*obeyed = n == 0 ||
	    (n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f)) ||
	    (n == 2 && (unsigned char)s[0] == 0xc2 &&
	    (unsigned char)s[1] < 0xa0);
	return n == 0 ? 1 : n;
}

int
marsctl_text(FILE *f, const char *s)
{
	int columns = 0;
	bool obeyed;
	size_t n;

	for (; *s != '\0'; s += n) {
		n = next_char(s, &obeyed);
		if (obeyed)
			putc('?', f);
		else
			fwrite(s, 1, n, f);
		columns++;
	}
	return columns;
}

void
marsctl_plain(char *s)
{
	const char *from = s;
	bool obeyed;
	size_t n;

	for (; *from != '\0'; from += n) {
		n = next_char(from, &obeyed);
		memmove(s, obeyed ? "?" : from, obeyed ? 1 : n);
		s += obeyed ? 1 : n;
	}
	*s = '\0';
}

static int
text_columns(const char *s)
{
	int columns = 0;
	bool obeyed;

	for (; *s != '\0'; s += next_char(s, &obeyed))
		columns++;
	return columns;
}

static void
put_text(struct marsctl_output *o, const char *s)
{
	o->at += marsctl_text(o->f, s);
}

static void
put_newline(struct marsctl_output *o)
{
	putc('\n', o->f);
	o->at = 0;
}

/* Goes on at that column, on the next line if this one is longer. */
static void
put_indent(struct marsctl_output *o, int column)
{
	if (o->at > column)
		put_newline(o);
	fprintf(o->f, "%*s", column - o->at, "");
	o->at = column;
}

/* A word of a value that began at o->left; the first has no blank before it. */
static void
put_word(struct marsctl_output *o, const char *s)
{
	if (o->at > o->left &&
	    o->at + 1 + text_columns(s) > LINE_WIDTH) {
		put_newline(o);
		put_indent(o, o->left);
	}
	if (o->at > o->left)
		put_text(o, " ");
	put_text(o, s);
}

/* A string: one word, unless it has blanks and is longer than the line. */
static void
put_string(struct marsctl_output *o, const char *s)
{
	char word[LINE_WIDTH + 1];
	size_t n;

	if (o->at + 1 + text_columns(s) <= LINE_WIDTH) {
		put_word(o, s);
		return;
	}
	while (*s != '\0') {
		n = strcspn(s, " ");
		if (n > sizeof(word) - 1) {
			put_word(o, s);
			return;
		}
		memcpy(word, s, n);
		word[n] = '\0';
		put_word(o, word);
		s += n + strspn(s + n, " ");
	}
}

/* --- values */

static void
put_scalar(struct marsctl_output *o, const struct ctl_value *v)
{
	char buf[32];

	switch (v->tag) {
	case CTL_STRING:
		put_string(o, *v->string == '\0' ? "-" : v->string);
		return;
	case CTL_BOOL:
		put_word(o, v->number != 0 ? "yes" : "no");
		return;
	case CTL_AGE:
		put_word(o, marsctl_age_print(v->number, buf, sizeof(buf)));
		return;
	case CTL_INT:
		snprintf(buf, sizeof(buf), "%" PRId64, (int64_t)v->number);
		put_word(o, buf);
		return;
	case CTL_UINT:
		snprintf(buf, sizeof(buf), "%" PRIu64, v->number);
		put_word(o, buf);
		return;
	default:
		put_word(o, "-");
	}
}

/*
 * A value.  Of an array or an object all values are printed, one after the
 * other, with their names if they have any; objects in an array each have a
 * line.
 */
static void
put_value(struct marsctl_output *o, struct rd *r, const struct ctl_value *v)
{
	struct ctl_value in;
	bool first = true;

	if (v->tag != CTL_ARRAY && v->tag != CTL_OBJECT) {
		put_scalar(o, v);
		return;
	}
	while (ctl_next(r, &in) && in.tag != CTL_CLOSE) {
		if (v->tag == CTL_ARRAY && in.tag == CTL_OBJECT && !first) {
			put_newline(o);
			put_indent(o, o->left);
		}
		first = false;
		if (*in.name != '\0')
			put_word(o, in.name);
		put_value(o, r, &in);
	}
	if (first)
		put_word(o, "-");
}

/* min, or min-max */
static void
put_range(struct marsctl_output *o, struct rd r, const char *key)
{
	struct ctl_value min, max;
	char name[32];

	snprintf(name, sizeof(name), "%s-min", key);
	if (!ctl_find_string(r, name, &min)) {
		put_word(o, "-");
		return;
	}
	put_word(o, min.string);
	snprintf(name, sizeof(name), "%s-max", key);
	if (ctl_find_string(r, name, &max) &&
	    strcmp(min.string, max.string) != 0) {
		put_text(o, "-");
		put_text(o, max.string);
	}
}

/* --- rows */

static void
text_head(struct marsctl_output *o)
{
	const struct marsctl_show *s = o->request->show;
	size_t i;

	for (i = 0; i < s->ncolumns; i++) {
		put_text(o, s->columns[i].head);
		if (s->columns[i].width > 0)
			fprintf(o->f, "%*s", s->columns[i].width -
			    text_columns(s->columns[i].head), "");
	}
	put_newline(o);
}

static void
text_line(struct marsctl_output *o, struct rd row)
{
	const struct marsctl_show *s = o->request->show;
	const struct marsctl_column *c;
	struct ctl_value v;
	struct rd r;
	size_t i;

	o->left = 0;
	for (i = 0; i < s->ncolumns; i++) {
		c = &s->columns[i];
		r = row;
		if (o->left > 0 && o->at > o->left - 1)
			put_newline(o);
		put_indent(o, o->left);
		if (c->kind == MARSCTL_COL_RANGE)
			put_range(o, row, c->key);
		else if (ctl_find(&r, c->key, &v))
			put_value(o, &r, &v);
		else
			put_word(o, "-");
		o->left += c->width;
	}
	put_newline(o);
}

/* A block: each value on a line of its own. */
static void
text_block(struct marsctl_output *o, struct rd r)
{
	struct ctl_value v;

	while (ctl_next(&r, &v)) {
		put_indent(o, KEY_INDENT);
		put_text(o, v.name);
		o->left = KEY_INDENT + KEY_WIDTH;
		put_indent(o, o->left);
		put_value(o, &r, &v);
		put_newline(o);
	}
}

static void
text_row(struct marsctl_output *o, const char *process, struct rd r)
{
	if (!o->detail) {
		text_line(o, r);
		return;
	}
	if (o->begun)
		put_newline(o);
	if (o->request->show->columns == NULL) {
		put_text(o, process);
		put_text(o, ":");
		put_newline(o);
	}
	text_block(o, r);
}

/* --- an answer */

void
marsctl_output_begin(struct marsctl_output *o, FILE *f, bool json,
    const struct marsctl_request *q)
{
	memset(o, 0, sizeof(*o));
	o->f = f;
	o->json = json;
	o->request = q;
	if (q->show == NULL)
		return;
	o->detail = q->detail || q->show->columns == NULL;
	if (json)
		fprintf(f, "{\"%s\":%c", q->show->name,
		    q->show->columns == NULL ? '{' : '[');
	else if (!o->detail)
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
	} else
		text_row(o, process, r);
	o->begun = true;
	return true;
}

void
marsctl_output_result(FILE *f, bool ok, const char *text)
{
	fprintf(f, "\"ok\":%s", ok ? "true" : "false");
	if (*text != '\0') {
		fprintf(f, ",\"%s\":", ok ? "answer" : "error");
		json_out(f, text);
	}
	fputs("}\n", f);
}

void
marsctl_output_end(struct marsctl_output *o, bool ok, const char *text)
{
	const struct marsctl_show *s = o->request->show;

	if (o->json) {
		fputs(s == NULL ? "{" : s->columns == NULL ? "}," : "],", o->f);
		marsctl_output_result(o->f, ok, text);
	} else if (s == NULL && ok && *text != '\0') {
		put_text(o, text);
		put_newline(o);
	}
}
