/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl(8) can ask marsd; the values are described there. */
#include <string.h>

#include "marsd.h"

/* The core's listings are all alike. */
#define SHOW(name) \
static enum ctl_more \
show_##name(void *arg, int argc, char **argv, void *cursor, struct wr *w) \
{ \
	struct service *s = service_asked(arg); \
	struct marsd_shell *d = s->arg; \
\
	(void)argc; \
	(void)argv; \
	return marsd_show_##name(d->mars, cursor, w) ? CTL_MORE : CTL_DONE; \
}

SHOW(clusters)
SHOW(members)
SHOW(groups)
SHOW(servers)

/* One object: the core's values, then those of the process. */
static enum ctl_more
show_summary(void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	struct service *s = service_asked(arg);
	struct marsd_shell *d = s->arg;

	(void)argc;
	(void)argv;
	if (!marsd_show_summary(d->mars, cursor, w))
		return CTL_DONE;
	service_summary(s, w);
	return CTL_MORE;
}

static bool
marsd_ctl_core_counters(void *arg, void *cursor, struct wr *w)
{
	struct marsd_shell *d = arg;

	return marsd_show_counters(d->mars, cursor, w);
}

static enum ctl_more
marsd_ctl_show_counters(
    void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	(void)argc;
	(void)argv;
	return service_show_counters(
		   service_asked(arg), marsd_ctl_core_counters, cursor, w) ?
	    CTL_MORE :
	    CTL_DONE;
}

static enum ctl_more
marsd_ctl_show_circuits(
    void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	(void)argc;
	(void)argv;
	return service_show_circuits(service_asked(arg), cursor, w) ? CTL_MORE :
								      CTL_DONE;
}

/* redirect CLUSTER soft|hard ADDRESS [MEMBER] (RFC 2022 section 5.4.3) */
static const char *
redirect(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct service *s = service_asked(arg);
	struct marsd_shell *d = s->arg;
	struct atm_addr to, member;
	bool hard;

	(void)c;
	if (argc != 3 && argc != 4)
		return "say: redirect CLUSTER soft|hard ADDRESS [MEMBER]";
	hard = strcmp(argv[1], "hard") == 0;
	if (!hard && strcmp(argv[1], "soft") != 0)
		return "a redirect is soft or hard";
	if (atm_addr_parse(&to, argv[2]) == -1)
		return "the address to redirect to is not an address";
	if (argc == 4 && atm_addr_parse(&member, argv[3]) == -1)
		return "the address of the member is not an address";
	return marsd_redirect(
	    d->mars, argv[0], hard, &to, argc == 4 ? &member : NULL);
}

const struct ctl_command marsd_commands[] = {
	{ "show summary", show_summary, NULL },
	{ "show clusters", show_clusters, NULL },
	{ "show members", show_members, NULL },
	{ "show groups", show_groups, NULL },
	{ "show servers", show_servers, NULL },
	{ "show counters", marsd_ctl_show_counters, NULL },
	{ "show circuits", marsd_ctl_show_circuits, NULL },
	{ "redirect", NULL, redirect },
	{ "reload", NULL, service_ctl_reload },
	{ "log verbose", NULL, service_ctl_verbose },
	{ "log brief", NULL, service_ctl_brief },
};
const size_t marsd_ncommands = sizeof(marsd_commands) /
    sizeof(marsd_commands[0]);
