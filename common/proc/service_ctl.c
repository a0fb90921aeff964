/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl(8) asks of the process itself, whatever its core is. */
#include <string.h>

#include "ipc.h"
#include "service_parts.h"

/* Cursor of listings over all links: which one, and where in it. */
struct service_cursor {
	uint32_t	link;
	uint32_t	at;
};

static bool
service_circuits(void *arg, void *cursor, struct wr *w)
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
		ctl_uint(w, "idle", (uint64_t)(info.idle / MTIME_SEC(1)));
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
 * The counters of the process come first.  When they are done, the last octet
 * of the cursor says so, and the rest of it belongs to the owner.
 */
static bool
service_counters(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;
	uint8_t *stage = (uint8_t *)cursor + CTL_CURSOR_SIZE - 1;

	if (*stage == 0) {
		if (own_counters(s, cursor, w))
			return true;
		memset(cursor, 0, CTL_CURSOR_SIZE);
		*stage = 1;
	}
	if (!s->hooks->counters(s->arg, cursor, w))
		return false;
	ctl_string(w, "process", s->hooks->name);
	return true;
}

/* One object: the owner's values, then those of the process. */
static bool
service_summary(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;
	struct service_cursor at = { 0, 0 };
	struct vc_circuit_info info;
	struct service_link *l;
	uint64_t n = 0;

	if (!s->hooks->summary(s->arg, cursor, w))
		return false;
	for (; (l = service_link_at(s, at.link)) != NULL; at.link++, at.at = 0)
		while (vc_circuit(l->vc, &at.at, &info))
			n++;
	ctl_uint(w, "circuits", n);
	ctl_string(w, "sandbox", s->sandbox);
	return true;
}

/* --- what mars(8) is to do */

static const char *
ask_parent(struct service *s, uint32_t type, uint32_t value)
{
	uint8_t buf[4];
	struct wr w;

	if (!s->parent.open)
		return "mars is ending";
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, value);
	service_tell_parent(s, type, &w);
	return NULL;
}

static const char *
service_reload(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	const char *wrong;

	(void)argc;
	(void)argv;
	wrong = ask_parent(arg, IMSG_CTL_RELOAD_REQ, ctl_conn_id(c));
	return wrong != NULL ? wrong : CTL_LATER;
}

/* mars(8) has done, or has not done, what was asked: the client hears it. */
void
service_on_reload_res(struct service *s, struct rd *r, int fd)
{
	char text[1024];
	uint32_t id = rd_u32(r);
	bool ok = rd_u8(r) != 0;

	(void)fd;
	(void)rd_string(r, text, sizeof(text));
	if (!rd_failed(r) && s->control != NULL)
		ctl_finish(s->control, id, ok, text);
}

static const char *
service_verbose(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return ask_parent(arg, IMSG_VERBOSE_REQ, 1);
}

static const char *
service_brief(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return ask_parent(arg, IMSG_VERBOSE_REQ, 0);
}

static const struct ctl_command in_common[] = {
	{ "show summary", service_summary, NULL },
	{ "show counters", service_counters, NULL },
	{ "show circuits", service_circuits, NULL },
	{ "monitor", NULL, NULL },
	{ "reload", NULL, service_reload },
	{ "log verbose", NULL, service_verbose },
	{ "log brief", NULL, service_brief },
};

static const char *
missing(void *arg, const char *word, const char *value)
{
	const struct service *s = arg;

	return strcmp(word, "cluster") == 0 &&
	    conf_cluster_find(s->conf, value) == NULL ?
	    "there is no cluster of that name" :
	    NULL;
}

struct ctlserver *
service_ctl_open(struct service *s, int fd)
{
	const struct ctl_commands lists[] = {
		{ in_common, sizeof(in_common) / sizeof(in_common[0]), s },
		{ s->hooks->commands, s->hooks->ncommands, s->arg },
	};

	struct ctlserver *c;

	c = ctlserver_new(
	    &s->loop, fd, lists, sizeof(lists) / sizeof(lists[0]));
	if (c != NULL)
		ctlserver_filters(c, missing, s);
	return c;
}
