/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What has a name that an operator sees: notices, drops, errors, timers. */
#include <string.h>

#include "marsc.h"

const char *
marsc_notice_name(enum marsc_notice_code code)
{
	static const char *const names[] = {
#define X(sym, name) [sym] = name,
		MARSC_NOTICES(X)
#undef X
	};

	return names[code];
}

const char *
marsc_drop_name(enum marsc_drop d)
{
	static const char *const names[] = {
#define X(sym, name, text) [sym] = name,
		MARSC_DROPS(X)
#undef X
	};

	return names[d];
}

const char *
marsc_drop_text(enum marsc_drop d)
{
	static const char *const texts[] = {
#define X(sym, name, text) [sym] = text,
		MARSC_DROPS(X)
#undef X
	};

	return texts[d];
}

const char *
marsc_strerror(enum marsc_error e)
{
	static const char *const names[MARSC_E_MAX] = {
		[MARSC_OK] = "no error",
		[MARSC_E_RANGE] = "not a group or an ascending range",
		[MARSC_E_OVERLAP] = "overlaps a block that is joined",
		[MARSC_E_NOT_JOINED] = "not joined",
		[MARSC_E_BUSY] = "another list is being asked for",
		[MARSC_E_MEMORY] = "out of memory",
	};

	return names[e];
}

void
marsc_timers_default(struct marsc_timers *t)
{
#define X(sym, name, seconds, text) t->sym = MTIME_SEC(seconds);
	MARSC_TIMERS(X)
#undef X
	t->rexmt_limit = 5;
}

bool
marsc_timers_set(struct marsc_timers *t, const char *option, int64_t us)
{
#define X(sym, name, seconds, text)      \
	if (strcmp(option, name) == 0) { \
		t->sym = us;             \
		return true;             \
	}
	MARSC_TIMERS(X)
#undef X
	return false;
}
