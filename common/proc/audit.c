/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"

const struct audit_rule audit_rules[AUDIT_MAX] = {
#define X(sym, id, severity, who, title, remedy) \
	[sym] = { id, AUDIT_##severity, AUDIT_##who, title, remedy },
	AUDIT_RULES(X)
#undef X
};

bool
audit_find(const char *name, enum audit_id *id)
{
	size_t i;

	for (i = 0; i < AUDIT_MAX; i++)
		if (strcmp(audit_rules[i].id, name) == 0) {
			*id = (enum audit_id)i;
			return true;
		}
	return false;
}

const char *
audit_severity_name(enum audit_severity s)
{
	static const char *const names[AUDIT_SEVERITIES] = { "low", "medium",
		"high" };

	return s < AUDIT_SEVERITIES ? names[s] : "unknown";
}

void
audit_found(const struct audit *a, enum audit_id id, const void *at,
    const char *fmt, ...)
{
	char text[AUDIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	a->found(a->arg, id, at, text);
}
