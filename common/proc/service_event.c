/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* How an event of a core is logged; and the random numbers of a core. */
#include <stdio.h>
#include <stdlib.h>

#include "log_audit.h"
#include "service.h"

#define EVENT_LINE	512	/* octets of a line, its NUL included */

/*
 * Numbers are drawn by the dozen: each call of arc4random(3) may ask the system
 * which process this is.  None is given out twice, nor kept.
 */
uint64_t
service_random64(void *arg)
{
	static uint64_t drawn[32];
	static unsigned int left;
	uint64_t n;

	(void)arg;
	if (left == 0) {
		arc4random_buf(drawn, sizeof(drawn));
		left = sizeof(drawn) / sizeof(drawn[0]);
	}
	n = drawn[--left];
	drawn[left] = 0;
	return n;
}

uint32_t
service_random32(void *arg)
{
	return (uint32_t)service_random64(arg);
}

bool
service_followed(const struct service *s)
{
	return s->control != NULL &&
	    ctlserver_followed(s->control, CTL_STREAM_EVENTS);
}

void
service_tell_begin(
    struct service *s, struct wr *w, uint8_t *buf, const char *event)
{
	wr_init(w, buf, SERVICE_ROW);
	ctl_string(w, "process", s->hooks->name);
	ctl_uint(w, "time", loop_wallclock());
	ctl_string(w, "event", event);
}

void
service_tell(struct service *s, const struct wr *w)
{
	ctlserver_tell(s->control, CTL_STREAM_EVENTS, w);
}

static void
tell_event(struct service *s, const struct service_event *e, const char *line)
{
	uint8_t buf[SERVICE_ROW];
	struct wr w;

	if (!service_followed(s))
		return;
	service_tell_begin(
	    s, &w, buf, e->event == NULL ? "notice" : e->event);
	if (e->cluster != NULL)
		ctl_string(&w, "cluster", e->cluster);
	if (e->who != NULL)
		ctl_atm(&w, "address", e->who);
	if (e->from != NULL)
		ctl_string(&w, "from", e->from);
	if (e->to != NULL)
		ctl_string(&w, "to", e->to);
	if (e->number != 0)
		ctl_uint(&w, "number", e->number);
	ctl_string(&w, "text", line);
	service_tell(s, &w);
}

/* For the audit log, unless the core holds it back: then a later one counts. */
static void
audit_event(struct service *s, unsigned int code, const struct service_event *e)
{
	char text[ATM_STRLEN];
	struct log_audit a;

	log_audit_begin(&a, e->audit);
	log_audit_add(&a, "cluster", e->cluster);
	log_audit_add(&a, "edge", e->edge);
	log_audit_add(&a, "lan", e->lan);
	if (e->who != NULL)
		log_audit_add(
		    &a, "address", atm_addr_print(e->who, text, sizeof(text)));
	if (e->oid != NULL) {
		(void)snprintf(text, sizeof(text), "%u.%u.%u.%u", e->oid[0],
		    e->oid[1], e->oid[2], e->oid[3]);
		log_audit_add(&a, "server", text);
	}
	if (e->spi != 0)
		log_audit_number(&a, "spi", e->spi);
	log_audit_add(&a, "from", e->from);
	log_audit_add(&a, "to", e->to);
	log_audit_add(&a, "reason", e->why != NULL ? e->why : e->text);
	if (e->number != 0)
		log_audit_number(&a, "number", e->number);
	if (e->more != 0)
		log_audit_number(&a, "more", e->more);
	log_audit_end(&a, &s->audits[code], s->loop.timers.now);
}

void
service_log_event(
    struct service *s, unsigned int code, const struct service_event *e)
{
	void (*say)(struct ratelimit *, mtime_t, const char *, ...) =
	    e->ordinary ? log_limited_info : log_limited;
	char line[EVENT_LINE] = "";

	if (e->quiet && !service_followed(s))
		return;
	if (e->where != NULL)
		log_append(line, sizeof(line), "%s", e->where);
	if (e->oid != NULL)
		log_append(line, sizeof(line),
		    "server %u.%u.%u.%u: ", e->oid[0], e->oid[1], e->oid[2],
		    e->oid[3]);
	log_append(line, sizeof(line), "%s", e->text);
	if (e->to != NULL && e->from != NULL)
		log_append(line, sizeof(line), " %s to", e->from);
	if (e->to != NULL)
		log_append(line, sizeof(line), " %s", e->to);
	if (e->why != NULL)
		log_append(line, sizeof(line), ": %s", e->why);
	if (e->more != 0)
		log_append(line, sizeof(line), ", %llu more since",
		    (unsigned long long)e->more);
	if (e->number != 0)
		log_append(line, sizeof(line), " (%llu)",
		    (unsigned long long)e->number);
	if (e->advice != NULL)
		log_append(line, sizeof(line), ": %s", e->advice);
	tell_event(s, e, line);
	if (!e->quiet && e->audit != NULL)
		audit_event(s, code, e);
	if (!e->quiet)
		say(&s->limits[code], s->loop.timers.now, "%s", line);
}
