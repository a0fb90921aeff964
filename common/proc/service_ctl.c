/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl(8) asks of the process itself, whatever its core is. */
#include <string.h>

#include "ipc.h"
#include "service_parts.h"

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

/*
 * Of all processes, by way of mars(8); of this one at once, so that what comes
 * after the answer is logged as was asked.
 */
static const char *
set_verbose(struct service *s, int level)
{
	log_verbose(level);
	return ask_parent(s, IMSG_VERBOSE_REQ, (uint32_t)level);
}

static const char *
service_verbose(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return set_verbose(arg, 1);
}

static const char *
service_brief(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return set_verbose(arg, 0);
}

static const char *
service_stop(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return ask_parent(arg, IMSG_CTL_STOP, 0);
}

/* log verbose|brief client|neighbor ADDRESS */
static const char *
watch(void *arg, int argc, char **argv, bool on)
{
	struct atm_addr who;

	if (argc != 1 || atm_addr_parse(&who, argv[0]) == -1)
		return "that is not an address";
	return service_watch(arg, &who, on);
}

static const char *
service_watch_on(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	return watch(arg, argc, argv, true);
}

static const char *
service_watch_off(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	return watch(arg, argc, argv, false);
}

static const char *
service_clear(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct service *s = arg;

	(void)c;
	(void)argc;
	(void)argv;
	if (s->hooks->clear == NULL)
		return "its counters can't be cleared";
	service_counters_clear(s);
	s->hooks->clear(s->arg);
	return NULL;
}

static const struct ctl_command in_common[] = {
	{ "show summary", service_show_summary, NULL },
	{ "show counters", service_show_counters, NULL },
	{ "show circuits", service_show_circuits, NULL },
	{ "show interfaces", service_show_interfaces, NULL },
	{ "show limits", service_show_limits, NULL },
	{ "show memory", service_show_memory, NULL },
	{ "show audit", service_show_audit, NULL },
	{ "monitor", NULL, NULL },
	{ "capture", NULL, ctl_capture },
	{ "reload", NULL, service_reload },
	{ "stop", NULL, service_stop },
	{ "clear counters", NULL, service_clear },
	{ "log verbose client", NULL, service_watch_on },
	{ "log verbose neighbor", NULL, service_watch_on },
	{ "log brief client", NULL, service_watch_off },
	{ "log brief neighbor", NULL, service_watch_off },
	{ "log verbose", NULL, service_verbose },
	{ "log brief", NULL, service_brief },
};

static bool
has_protocol(const struct conf *c, const char *text)
{
	const struct conf_protocol *p;
	const struct conf_cluster *cl;
	struct mars_pro pro;

	if (mars_pro_parse(&pro, text) == -1)
		return false;
	TAILQ_FOREACH(cl, &c->clusters, entry)
		TAILQ_FOREACH(p, &cl->protocols, entry)
			if (mars_pro_equal(&p->pro, &pro))
				return true;
	return false;
}

static const char *
missing(void *arg, const char *word, const char *value)
{
	const struct service *s = arg;

	if (strcmp(word, "cluster") == 0 &&
	    conf_cluster_find(s->conf, value) == NULL)
		return "there is no cluster of that name";
	if (strcmp(word, "protocol") == 0 && !has_protocol(s->conf, value))
		return "no cluster has that protocol";
	return NULL;
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
