/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log_audit.h"
#include "log_out.h"

/* lines of this process; part of its log, and so of its global state */
static uint64_t sequence;

void
log_audit_begin(struct log_audit *a, const char *event)
{
	a->text[0] = '\0';
	log_audit_add(a, "event", event);
}

/* What needs no quotes in any reader of such lines. */
static bool
is_plain(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) &&
		    strchr("-_.:/%+,", *s) == NULL)
			return false;
	return true;
}

/*
 * In quotes, a quote or a backslash behind a backslash.  Control characters
 * are made harmless where the line is written (log_out.h).
 */
static void
quote(char *to, size_t size, const char *s)
{
	size_t n = 0;

	to[n++] = '"';
	for (; *s != '\0' && n + 4 < size; s++) {
		if (*s == '"' || *s == '\\')
			to[n++] = '\\';
		to[n++] = *s;
	}
	to[n++] = '"';
	to[n] = '\0';
}

void
log_audit_add(struct log_audit *a, const char *key, const char *value)
{
	char text[LOG_AUDIT_SIZE / 2];
	size_t len = strlen(a->text);

	if (value == NULL)
		return;
	if (is_plain(value))
		(void)strlcpy(text, value, sizeof(text));
	else
		quote(text, sizeof(text), value);
	/* half a pair would be worse than none */
	if (len + strlen(key) + strlen(text) + 3 > sizeof(a->text))
		return;
	log_append(a->text, sizeof(a->text), "%s%s=%s", len == 0 ? "" : " ",
	    key, text);
}

void
log_audit_number(struct log_audit *a, const char *key, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	log_audit_add(a, key, text);
}

void
log_audit_end(struct log_audit *a, struct ratelimit *limit, mtime_t now)
{
	char line[LOG_TEXT];

	if (limit != NULL && !ratelimit_pass(limit, now))
		return;
	if (limit != NULL && limit->missed != 0) {
		log_audit_number(a, "held", limit->missed);
		limit->missed = 0;
	}
	(void)snprintf(line, sizeof(line), "audit pid=%d seq=%" PRIu64 " %s",
	    (int)getpid(), ++sequence, a->text);
	log_line(LOG_AUTHPRIV | LOG_NOTICE, line);
}
