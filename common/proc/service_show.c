/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl(8) shows of the process itself, whatever its core is. */
#include <string.h>
#include <unistd.h>

#include "service_parts.h"

/* Cursor of listings over all links: which one, and where in it. */
struct service_cursor {
	uint32_t	link;
	uint32_t	at;
};

bool
service_show_circuits(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;
	struct service_cursor *at = cursor;
	struct vc_circuit_info info;
	struct service_link *l;

	for (; (l = service_link_at(s, at->link)) != NULL;
	    at->link++, at->at = 0) {
		if (!vc_circuit(l->vc, &at->at, &info))
			continue;
		ctl_string(w, "process", s->hooks->name);
		ctl_atm(w, "local", &info.local);
		ctl_atm(w, "peer", &info.peer);
		ctl_string(w, "kind", info.kind);
		ctl_string(w, "state", info.state);
		ctl_uint(w, "sdus-in", info.sdus_in);
		ctl_uint(w, "sdus-out", info.sdus_out);
		ctl_age(w, "idle", (uint64_t)(info.idle / MTIME_SEC(1)));
		return true;
	}
	return false;
}

/*
 * All links count what VC_COUNTERS names; what a link counts besides is why it
 * dropped something.
 */
static const char *
link_kind(const char *name)
{
	static const char *const counted[] = {
#define X(sym, name) name,
		VC_COUNTERS(X)
#undef X
	};
	size_t i;

	if (strcmp(name, "sdus-dropped") == 0 ||
	    strcmp(name, "sdus-too-big") == 0)
		return "drop";
	for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (strcmp(name, counted[i]) == 0)
			return "counter";
	return "drop";
}

static void
show_counter(struct service *s, struct wr *w, const char *scope,
    const char *name, const char *kind, uint64_t value)
{
	ctl_string(w, "process", s->hooks->name);
	ctl_string(w, "scope", scope);
	ctl_string(w, "name", name);
	ctl_string(w, "kind", kind);
	ctl_uint(w, "value", value);
}

/* Of each link, then of the process as a whole. */
static bool
own_counters(struct service *s, void *cursor, struct wr *w)
{
	const struct {
		const char	*name;
		uint64_t	 value;
	} own[] = {
		{ "sibling-pauses", s->congestions },
		{ "control-refused", ctlserver_refused(s->control) },
	};
	struct service_cursor *at = cursor;
	struct service_link *l;
	char scope[ATM_STRLEN];
	const char *name;
	uint64_t value;

	for (; (l = service_link_at(s, at->link)) != NULL;
	    at->link++, at->at = 0) {
		if (!vc_counter(l->vc, at->at, &name, &value))
			continue;
		if (at->at < SERVICE_LINK_COUNTERS)
			value -= l->cleared[at->at];
		at->at++;
		show_counter(s, w,
		    atm_addr_print(&l->local, scope, sizeof(scope)), name,
		    link_kind(name), value);
		return true;
	}
	if (at->at == sizeof(own) / sizeof(own[0]))
		return false;
	show_counter(
	    s, w, "all", own[at->at].name, "counter", own[at->at].value);
	at->at++;
	return true;
}

/*
 * Rows of the process come first.  When they are done, the last octet of the
 * cursor says so, and the rest of it belongs to the owner, who may have none.
 */
static bool
in_stages(struct service *s, void *cursor, struct wr *w,
    bool (*own)(struct service *, void *, struct wr *),
    bool (*owner)(void *, void *, struct wr *))
{
	uint8_t *stage = (uint8_t *)cursor + CTL_CURSOR_SIZE - 1;

	if (*stage == 0) {
		if (own(s, cursor, w))
			return true;
		memset(cursor, 0, CTL_CURSOR_SIZE);
		*stage = 1;
	}
	if (owner == NULL || !owner(s->arg, cursor, w))
		return false;
	ctl_string(w, "process", s->hooks->name);
	return true;
}

bool
service_show_counters(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;

	return in_stages(s, cursor, w, own_counters, s->hooks->counters);
}

static uint64_t
link_circuits(const struct service_link *l)
{
	struct vc_circuit_info info;
	uint32_t at = 0;
	uint64_t n = 0;

	while (vc_circuit(l->vc, &at, &info))
		n++;
	return n;
}

/* Of all links. */
static uint64_t
service_circuits(struct service *s)
{
	struct service_link *l;
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; (l = service_link_at(s, i)) != NULL; i++)
		n += link_circuits(l);
	return n;
}

static const char *
confinement(bool full)
{
	return full ? "full" : "less";
}

/* One object: the owner's values, then those of the process. */
bool
service_show_summary(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;
	char text[SANDBOX_STRLEN];

	if (!s->hooks->summary(s->arg, cursor, w))
		return false;
	ctl_uint(w, "circuits", service_circuits(s));
	sandbox_look(&s->sandbox);
	ctl_string(w, "sandbox", sandbox_print(&s->sandbox, text));
	ctl_string(w, "confinement", confinement(sandbox_full(&s->sandbox)));
	ctl_uint(w, "uid", getuid());
	if (*s->parent_sandbox == '\0') { /* it has not said so yet */
		ctl_null(w, "parent-sandbox");
		ctl_null(w, "parent-confinement");
		return true;
	}
	ctl_string(w, "parent-sandbox", s->parent_sandbox);
	ctl_string(w, "parent-confinement", confinement(s->parent_full));
	return true;
}

/* --- limits: each row is given how near it is */

static bool
own_limits(struct service *s, void *cursor, struct wr *w)
{
	struct service_cursor *at = cursor;
	struct service_link *l = service_link_at(s, at->link);

	if (l == NULL)
		return false;
	at->link++;
	ctl_string(w, "process", s->hooks->name);
	ctl_atm(w, "scope", &l->local);
	ctl_null(w, "protocol");
	ctl_string(w, "name", "circuits");
	ctl_uint(w, "used", link_circuits(l));
	ctl_uint(w, "limit", s->conf->max_circuits);
	return true;
}

/* What a row that was written says under that name. */
static uint64_t
row_number(const struct wr *w, const char *name)
{
	uint64_t n;
	struct rd r;

	rd_init(&r, w->buf, w->len);
	return ctl_find_number(r, name, &n) ? n : 0;
}

bool
service_show_limits(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;
	uint64_t limit;

	if (!in_stages(s, cursor, w, own_limits, s->hooks->limits))
		return false;
	limit = row_number(w, "limit");
	if (limit != 0)
		ctl_uint(w, "percent", row_number(w, "used") * 100 / limit);
	else
		ctl_null(w, "percent");
	return true;
}

/* --- memory */

static bool
own_memory(struct service *s, void *cursor, struct wr *w)
{
	struct service_cursor *at = cursor;

	if (at->at++ > 0)
		return false;
	ctl_string(w, "process", s->hooks->name);
	ctl_string(w, "name", "circuits");
	ctl_uint(w, "count", service_circuits(s));
	ctl_null(w, "octets");
	return true;
}

bool
service_show_memory(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;

	return in_stages(s, cursor, w, own_memory, s->hooks->memory);
}

/* --- interfaces: the addresses that it listens on */

/* Of a link, by name; 0 if it has no such counter. */
static uint64_t
link_counter(const struct service_link *l, const char *wanted)
{
	const char *name;
	uint64_t value;
	size_t i;

	for (i = 0; i < SERVICE_LINK_COUNTERS &&
	    vc_counter(l->vc, i, &name, &value); i++)
		if (strcmp(name, wanted) == 0)
			return value - l->cleared[i];
	return 0;
}

bool
service_show_interfaces(void *arg, void *cursor, struct wr *w)
{
	static const char *const kinds[] = {
		[CONF_LISTEN_UDP] = "udp",
		[CONF_LISTEN_ATM_SVC] = "svc",
		[CONF_LISTEN_ATM_PVC] = "pvc",
	};
	static const char *const names[] = { "sdus-in", "sdus-out",
		"octets-in", "octets-out", "calls-in", "calls-out",
		"calls-refused", "calls-failed" };
	struct service *s = arg;
	struct service_cursor *at = cursor;
	struct service_link *l = service_link_at(s, at->link);
	size_t i;

	if (l == NULL)
		return false;
	at->link++;
	ctl_string(w, "process", s->hooks->name);
	ctl_atm(w, "address", &l->local);
	ctl_string(w, "kind", kinds[l->transport]);
	ctl_string(w, "user", l->owner);
	if (l->transport == CONF_LISTEN_UDP && l->mtu != 0)
		ctl_uint(w, "mtu", l->mtu);
	else
		ctl_null(w, "mtu");
	ctl_uint(w, "circuits", link_circuits(l));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ctl_uint(w, names[i], link_counter(l, names[i]));
	return true;
}

void
service_counters_clear(struct service *s)
{
	struct service_link *l;
	const char *name;
	uint64_t value;
	uint32_t i;
	size_t j;

	s->congestions = 0;
	for (i = 0; (l = service_link_at(s, i)) != NULL; i++)
		for (j = 0; j < SERVICE_LINK_COUNTERS &&
		    vc_counter(l->vc, j, &name, &value); j++)
			l->cleared[j] = value;
}
