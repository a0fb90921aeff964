/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_report.h"
#include "json_out.h"
#include "log.h"
#include "version.h"

#define SARIF_SCHEMA	"https://json.schemastore.org/sarif-2.1.0.json"

static const char *const formats[] = {
	[AUDIT_LINES] = "lines",
	[AUDIT_JSON] = "json",
	[AUDIT_REPORT] = "text",
	[AUDIT_SARIF] = "sarif",
};

bool
audit_format_find(const char *name, enum audit_format *format)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i], name) == 0) {
			*format = (enum audit_format)i;
			return true;
		}
	return false;
}

void
audit_report_init(
    struct audit_report *r, unsigned int who, const char *subject)
{
	memset(r, 0, sizeof(*r));
	r->who = who;
	r->subject = subject;
}

void
audit_report_free(struct audit_report *r)
{
	free(r->v);
}

void
audit_report_add(struct audit_report *r, enum audit_id id, const char *place,
    int line, const char *text)
{
	struct audit_finding *f;

	if (r->n == r->room) {
		r->room = 2 * r->room + 16;
		r->v = reallocarray(r->v, r->room, sizeof(*r->v));
		if (r->v == NULL)
			fatal("audit");
	}
	f = &r->v[r->n++];
	f->id = id;
	f->line = line;
	(void)strlcpy(f->place, place, sizeof(f->place));
	(void)strlcpy(f->text, text, sizeof(f->text));
}

static const struct audit_rule *
rule_of(const struct audit_finding *f)
{
	return &audit_rules[f->id];
}

/* The worst first, then as they stand in the file. */
static int
finding_order(const void *one, const void *other)
{
	const struct audit_finding *a = one, *b = other;
	int c = (int)rule_of(b)->severity - (int)rule_of(a)->severity;

	if (c == 0)
		c = strcmp(a->place, b->place);
	if (c == 0)
		c = (a->line > b->line) - (a->line < b->line);
	if (c == 0)
		c = (int)a->id - (int)b->id;
	return c != 0 ? c : strcmp(a->text, b->text);
}

static void
print_place(FILE *f, const struct audit_finding *a)
{
	fprintf(f, "%s", a->place);
	if (a->line != 0)
		fprintf(f, ":%d", a->line);
}

static void
print_lines(FILE *f, const struct audit_report *r)
{
	const struct audit_finding *a;

	for (a = r->v; a < r->v + r->n; a++) {
		print_place(f, a);
		fprintf(f, ": %s: %s: %s: %s\n",
		    audit_severity_name(rule_of(a)->severity),
		    rule_of(a)->id, a->text, rule_of(a)->remedy);
	}
}

static void
report_time(FILE *f, const char *format)
{
	time_t now = time(NULL);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(text, sizeof(text), format, &tm);
	fputs(text, f);
}

static void
audit_host(char *buf, size_t size)
{
	if (gethostname(buf, size) == -1)
		*buf = '\0';
	buf[size - 1] = '\0';
}

static size_t
count_rule(const struct audit_report *r, enum audit_id id)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->v[i].id == id;
	return n;
}

static size_t
count_severity(const struct audit_report *r, enum audit_severity s)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += rule_of(&r->v[i])->severity == s;
	return n;
}

/* --- text, to be filed */

static void
report_head(FILE *f, const struct audit_report *r)
{
	char host[256];

	audit_host(host, sizeof(host));
	fprintf(f, "Security audit of %s%s\n\n",
	    r->who == AUDIT_RUN ? "what runs, by " : "", r->subject);
	if (r->digest != NULL)
		fprintf(f, "sha256    %s\n", r->digest);
	fprintf(f, "host      %s\ntime      ", host);
	report_time(f, "%Y-%m-%d %H:%M:%S UTC");
	fprintf(f, "\nprogram   mars %s\nfindings  %zu high, %zu medium, "
	    "%zu low\n", MARS_VERSION, count_severity(r, AUDIT_HIGH),
	    count_severity(r, AUDIT_MEDIUM), count_severity(r, AUDIT_LOW));
}

static void
print_text(FILE *f, const struct audit_report *r)
{
	const struct audit_finding *a;
	size_t i;

	report_head(f, r);
	for (a = r->v; a < r->v + r->n; a++) {
		fprintf(f, "\n%s  %s  ",
		    audit_severity_name(rule_of(a)->severity),
		    rule_of(a)->id);
		print_place(f, a);
		fprintf(f, "\n\t%s\n\tremedy: %s\n", a->text,
		    rule_of(a)->remedy);
	}
	fprintf(f, "\nlooked for and not found:\n");
	for (i = 0; i < AUDIT_MAX; i++)
		if ((audit_rules[i].who & r->who) != 0 &&
		    count_rule(r, (enum audit_id)i) == 0)
			fprintf(f, "\t%s: %s\n", audit_rules[i].id,
			    audit_rules[i].title);
	fprintf(f, "not looked for here:\n");
	for (i = 0; i < AUDIT_MAX; i++)
		if ((audit_rules[i].who & r->who) == 0)
			fprintf(f, "\t%s: %s\n", audit_rules[i].id,
			    audit_rules[i].title);
}

/* --- JSON */

static void
print_member(FILE *f, const char *name, const char *value, const char *next)
{
	fprintf(f, "\"%s\":", name);
	json_out(f, value);
	fputs(next, f);
}

static void
print_json(FILE *f, const struct audit_report *r)
{
	const struct audit_finding *a;

	putc('{', f);
	print_member(f, "subject", r->subject, ",");
	if (r->digest != NULL)
		print_member(f, "sha256", r->digest, ",");
	fputs("\"findings\":[", f);
	for (a = r->v; a < r->v + r->n; a++) {
		fputs(a == r->v ? "{" : ",{", f);
		print_member(f, "id", rule_of(a)->id, ",");
		print_member(f, "severity",
		    audit_severity_name(rule_of(a)->severity), ",");
		print_member(f, r->who == AUDIT_RUN ? "process" : "file",
		    a->place, ",");
		if (a->line != 0)
			fprintf(f, "\"line\":%d,", a->line);
		print_member(f, "text", a->text, ",");
		print_member(f, "remedy", rule_of(a)->remedy, "}");
	}
	fputs("]}\n", f);
}

/* --- SARIF 2.1.0 */

static const char *
sarif_level(enum audit_severity s)
{
	static const char *const levels[AUDIT_SEVERITIES] = { "note",
		"warning", "error" };

	return levels[s];
}

/* Of a severity; tools sort by it. */
static const char *
sarif_score(enum audit_severity s)
{
	static const char *const scores[AUDIT_SEVERITIES] = { "3.0", "5.5",
		"8.0" };

	return scores[s];
}

static void
sarif_text(FILE *f, const char *name, const char *text, const char *next)
{
	fprintf(f, "\"%s\":{", name);
	print_member(f, "text", text, "}");
	fputs(next, f);
}

static void
sarif_rules(FILE *f)
{
	const struct audit_rule *rule;

	fputs("\"rules\":[", f);
	for (rule = audit_rules; rule < audit_rules + AUDIT_MAX; rule++) {
		fputs(rule == audit_rules ? "\n{" : ",\n{", f);
		print_member(f, "id", rule->id, ",");
		sarif_text(f, "shortDescription", rule->title, ",");
		sarif_text(f, "help", rule->remedy, ",");
		fprintf(f, "\"defaultConfiguration\":{\"level\":\"%s\"},"
		    "\"properties\":{\"security-severity\":\"%s\"}}",
		    sarif_level(rule->severity), sarif_score(rule->severity));
	}
	fputs("]", f);
}

/* A path is made a part of a URI (RFC 3986). */
static void
sarif_uri(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s != '\0'; s++)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("/._-~", *s) != NULL)
			putc(*s, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*s);
	putc('"', f);
}

static void
sarif_location(
    FILE *f, const struct audit_report *r, const struct audit_finding *a)
{
	fputs("\"locations\":[{", f);
	if (r->who == AUDIT_RUN) {
		fputs("\"logicalLocations\":[{", f);
		print_member(f, "name", a->place, ",\"kind\":\"process\"}]");
	} else {
		fputs("\"physicalLocation\":{\"artifactLocation\":{\"uri\":",
		    f);
		sarif_uri(f, a->place);
		putc('}', f);
		if (a->line != 0)
			fprintf(f, ",\"region\":{\"startLine\":%d}", a->line);
		putc('}', f);
	}
	fputs("}]", f);
}

static void
print_sarif(FILE *f, const struct audit_report *r)
{
	const struct audit_finding *a;

	fputs("{\"$schema\":\"" SARIF_SCHEMA "\",\"version\":\"2.1.0\","
	    "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"mars\","
	    "\"version\":\"" MARS_VERSION "\",", f);
	sarif_rules(f);
	fputs("}},\n\"invocations\":[{\"executionSuccessful\":true,"
	    "\"endTimeUtc\":\"", f);
	report_time(f, "%Y-%m-%dT%H:%M:%SZ");
	fputs("\"}],\n\"properties\":{", f);
	print_member(f, "subject", r->subject, "");
	if (r->digest != NULL) {
		putc(',', f);
		print_member(f, "sha256", r->digest, "");
	}
	fputs("},\n\"results\":[", f);
	for (a = r->v; a < r->v + r->n; a++) {
		fputs(a == r->v ? "\n{" : ",\n{", f);
		print_member(f, "ruleId", rule_of(a)->id, ",");
		fprintf(f, "\"ruleIndex\":%d,\"level\":\"%s\",", (int)a->id,
		    sarif_level(rule_of(a)->severity));
		sarif_text(f, "message", a->text, ",");
		sarif_location(f, r, a);
		putc('}', f);
	}
	fputs("]}]}\n", f);
}

int
audit_report_print(struct audit_report *r, FILE *f, enum audit_format format)
{
	static void (*const print[])(FILE *, const struct audit_report *) = {
		[AUDIT_LINES] = print_lines,
		[AUDIT_JSON] = print_json,
		[AUDIT_REPORT] = print_text,
		[AUDIT_SARIF] = print_sarif,
	};

	if (r->n > 1)
		qsort(r->v, r->n, sizeof(*r->v), finding_order);
	print[format](f, r);
	if (ferror(f) || fflush(f) == EOF)
		return AUDIT_STATUS_FAILED;
	return r->n == 0 ? AUDIT_STATUS_CLEAN :
	    AUDIT_STATUS_LOW + (int)rule_of(&r->v[0])->severity;
}
