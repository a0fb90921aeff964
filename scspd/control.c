/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl(8) can ask scspd; the values are described there. */
#include "scspd.h"

/* The core's listings are all alike. */
#define SHOW(name) \
static enum ctl_more \
show_##name(void *arg, int argc, char **argv, void *cursor, struct wr *w) \
{ \
	struct service *s = service_asked(arg); \
	struct scspd_shell *d = s->arg; \
\
	(void)argc; \
	(void)argv; \
	return scsp_show_##name(d->scsp, cursor, w) ? CTL_MORE : CTL_DONE; \
}

SHOW(neighbors)
SHOW(cache)

/* One object: the core's values, then those of the process. */
static enum ctl_more
show_summary(void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	struct service *s = service_asked(arg);
	struct scspd_shell *d = s->arg;

	(void)argc;
	(void)argv;
	if (!scsp_show_summary(d->scsp, cursor, w))
		return CTL_DONE;
	service_summary(s, w);
	return CTL_MORE;
}

static bool
scspd_ctl_core_counters(void *arg, void *cursor, struct wr *w)
{
	struct scspd_shell *d = arg;

	return scsp_show_counters(d->scsp, cursor, w);
}

static enum ctl_more
scspd_ctl_show_counters(
    void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	(void)argc;
	(void)argv;
	return service_show_counters(
		   service_asked(arg), scspd_ctl_core_counters, cursor, w) ?
	    CTL_MORE :
	    CTL_DONE;
}

static enum ctl_more
scspd_ctl_show_circuits(
    void *arg, int argc, char **argv, void *cursor, struct wr *w)
{
	(void)argc;
	(void)argv;
	return service_show_circuits(service_asked(arg), cursor, w) ? CTL_MORE :
								      CTL_DONE;
}

/* neighbor clear ADDRESS; without a SEL, that of its scspd is meant */
static const char *
neighbor_clear(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct service *s = service_asked(arg);
	struct scspd_shell *d = s->arg;
	struct atm_addr addr;

	(void)c;
	if (argc != 1)
		return "say: neighbor clear ADDRESS";
	if (atm_addr_parse(&addr, argv[0]) == -1)
		return "that is not an address";
	if (atm_addr_sel(&addr) == 0)
		atm_addr_set_sel(&addr, SCSPD_SEL);
	return scsp_neighbor_clear(d->scsp, &addr);
}

const struct ctl_command scspd_commands[] = {
	{ "show summary", show_summary, NULL },
	{ "show neighbors", show_neighbors, NULL },
	{ "show cache", show_cache, NULL },
	{ "show counters", scspd_ctl_show_counters, NULL },
	{ "show circuits", scspd_ctl_show_circuits, NULL },
	{ "neighbor clear", NULL, neighbor_clear },
	{ "log verbose", NULL, service_ctl_verbose },
	{ "log brief", NULL, service_ctl_brief },
};
const size_t scspd_ncommands = sizeof(scspd_commands) /
    sizeof(scspd_commands[0]);
