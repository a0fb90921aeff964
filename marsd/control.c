/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl(8) can ask marsd alone; common/proc/service_ctl.c has what scspd
 * can be asked, too.  The values of all listings are described in marsctl(8).
 */
#include <string.h>

#include "marsd.h"

CTL_LISTING(marsd_ctl_summary, marsd_shell, mars, marsd_show_summary);
CTL_LISTING(marsd_ctl_counters, marsd_shell, mars, marsd_show_counters);
CTL_LISTING(marsd_ctl_limits, marsd_shell, mars, marsd_show_limits);
CTL_LISTING(marsd_ctl_memory, marsd_shell, mars, marsd_show_memory);
static CTL_LISTING(
    marsd_ctl_protocols, marsd_shell, mars, marsd_show_protocols);
static CTL_LISTING(marsd_ctl_joins, marsd_shell, mars, marsd_show_joins);
static CTL_LISTING(marsd_ctl_mcs, marsd_shell, mars, marsd_show_mcs);
static CTL_LISTING(
    marsd_ctl_redirects, marsd_shell, mars, marsd_show_redirects);
static CTL_LISTING(marsd_ctl_member, marsd_shell, mars, marsd_show_member);
static CTL_LISTING(marsd_ctl_mcs_one, marsd_shell, mars, marsd_show_mcs_one);
static CTL_LISTING(marsd_ctl_group, marsd_shell, mars, marsd_show_group);
static CTL_LISTING(marsd_ctl_clusters, marsd_shell, mars, marsd_show_clusters);
static CTL_LISTING(marsd_ctl_members, marsd_shell, mars, marsd_show_members);
static CTL_LISTING(marsd_ctl_groups, marsd_shell, mars, marsd_show_groups);
static CTL_LISTING(marsd_ctl_servers, marsd_shell, mars, marsd_show_servers);

/* redirect CLUSTER soft|hard ADDRESS [MEMBER] (RFC 2022 section 5.4.3) */
static const char *
marsd_ctl_redirect(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct marsd_shell *d = arg;
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

/* an order about one address: CLUSTER ADDRESS */
static const char *
about_one(void *arg, int argc, char **argv, const char *(*order)(
    struct marsd *, const char *, const struct atm_addr *))
{
	struct marsd_shell *d = arg;
	struct atm_addr who;

	if (argc != 2)
		return "say: CLUSTER ADDRESS";
	if (atm_addr_parse(&who, argv[1]) == -1)
		return "that is not an address";
	return order(d->mars, argv[0], &who);
}

static const char *
marsd_ctl_deregister(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	return about_one(arg, argc, argv, marsd_deregister);
}

static const char *
marsd_ctl_drop_member(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	return about_one(arg, argc, argv, marsd_drop_member);
}

static const char *
marsd_ctl_drop_circuit(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	return about_one(arg, argc, argv, marsd_drop_circuit);
}

void
marsd_ctl_clear(void *arg)
{
	struct marsd_shell *d = arg;

	marsd_clear_counters(d->mars);
}

const struct ctl_command marsd_commands[] = {
	{ "show protocols", marsd_ctl_protocols, NULL },
	{ "show joins", marsd_ctl_joins, NULL },
	{ "show multicast-servers", marsd_ctl_mcs, NULL },
	{ "show redirect-map", marsd_ctl_redirects, NULL },
	{ "show member", marsd_ctl_member, NULL },
	{ "show multicast-server", marsd_ctl_mcs_one, NULL },
	{ "show group", marsd_ctl_group, NULL },
	{ "deregister", NULL, marsd_ctl_deregister },
	{ "drop member", NULL, marsd_ctl_drop_member },
	{ "drop circuit", NULL, marsd_ctl_drop_circuit },
	{ "show clusters", marsd_ctl_clusters, NULL },
	{ "show members", marsd_ctl_members, NULL },
	{ "show groups", marsd_ctl_groups, NULL },
	{ "show servers", marsd_ctl_servers, NULL },
	{ "show latencies", marsd_ctl_latencies, NULL },
	{ "redirect", NULL, marsd_ctl_redirect },
};
const size_t marsd_ncommands = sizeof(marsd_commands) /
    sizeof(marsd_commands[0]);
