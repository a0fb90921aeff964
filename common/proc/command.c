/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "command.h"
#include "service.h"

/* One object: the owner's values, then those of the process. */
static bool
command_summary(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;

	if (!s->hooks->summary(s->arg, cursor, w))
		return false;
	service_summary(s, w);
	return true;
}

static bool
command_counters(void *arg, void *cursor, struct wr *w)
{
	struct service *s = arg;

	return service_show_counters(s, s->hooks->counters, cursor, w);
}

static bool
command_circuits(void *arg, void *cursor, struct wr *w)
{
	return service_show_circuits(arg, cursor, w);
}

static const struct ctl_command in_common[] = {
	{ "show summary", command_summary, NULL },
	{ "show counters", command_counters, NULL },
	{ "show circuits", command_circuits, NULL },
	{ "reload", NULL, service_ctl_reload },
	{ "log verbose", NULL, service_ctl_verbose },
	{ "log brief", NULL, service_ctl_brief },
};

struct ctlserver *
command_serve(struct service *s, int fd)
{
	const struct ctl_commands lists[] = {
		{ in_common, sizeof(in_common) / sizeof(in_common[0]), s },
		{ s->hooks->commands, s->hooks->ncommands, s->arg },
	};

	return ctlserver_new(
	    &s->loop, fd, lists, sizeof(lists) / sizeof(lists[0]));
}
