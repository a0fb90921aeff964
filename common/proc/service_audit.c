/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl audit asks of a process: first which one it is and who it
 * should be, then what is found (audit.h) in its part of the configuration.
 * What it really is, marsctl asks the kernel.
 */
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "service_parts.h"

struct service_audit_nth {
	struct wr	*w;
	uint32_t	 left;		/* findings before it */
	bool		 done;
};

static void
audit_nth(void *arg, enum audit_id id, const void *at, const char *sentence)
{
	struct service_audit_nth *n = arg;

	(void)at; /* a process knows of no file */
	if (n->done || n->left-- > 0)
		return;
	ctl_string(n->w, "id", audit_rules[id].id);
	ctl_string(n->w, "text", sentence);
	n->done = true;
}

static void
audit_self(const struct service *s, struct wr *w)
{
	ctl_uint(w, "pid", (uint64_t)getpid());
	/* else: that of mars(8) */
	if (s->privileged)
		ctl_string(w, "user", s->user);
	else
		ctl_null(w, "user");
	ctl_bool(w, "keys", s->hooks->has_keys);
}

/* The kernel tells others the rest (/proc), but not this. */
static void
audit_confined(const struct service *s, const struct audit *a)
{
#ifndef SANITIZE_BUILD
	if (s->sandbox.landlock == 0)
		audit_found(a, AUDIT_CONFINEMENT, NULL,
		    "%s is not confined by Landlock, or unveil(2)",
		    s->hooks->name);
#endif
	if (!s->parent_full)
		audit_found(a, AUDIT_CONFINEMENT, NULL,
		    "mars is less confined than it should be");
}

/* Parts of what is looked at, each of which may have several findings. */
static bool
audit_part(const struct service *s, const struct audit *a, uint32_t part)
{
	switch (part) {
	case 0:
		audit_confined(s, a);
		return true;
	case 1:
		if (s->hooks->audit != NULL)
			s->hooks->audit(s->arg, a);
		return true;
	default:
		return audit_conf_part(
		    a, s->conf, s->hooks->audit_of, part - 2);
	}
}

struct service_audit_cursor {
	bool		 told;		/* which process it is */
	uint32_t	 part, nth;	/* the finding that is next */
};

/* A part is looked at anew for each of its findings, but no other is. */
static bool
audit_next(const struct service *s, struct service_audit_cursor *at,
    struct wr *w)
{
	struct service_audit_nth nth = { w, at->nth, false };
	const struct audit a = { audit_nth, &nth, (int64_t)time(NULL) };

	while (audit_part(s, &a, at->part)) {
		if (nth.done) {
			at->nth++;
			return true;
		}
		at->part++;
		at->nth = nth.left = 0;
	}
	return false;
}

bool
service_show_audit(void *arg, void *cursor, struct wr *w)
{
	struct service_audit_cursor *at = cursor;
	const struct service *s = arg;

	if (!at->told)
		audit_self(s, w);
	else if (!audit_next(s, at, w))
		return false;
	at->told = true;
	ctl_string(w, "process", s->hooks->name);
	return true;
}
