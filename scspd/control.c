/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl(8) can ask scspd alone; common/proc/service_ctl.c has what marsd
 * can be asked, too.  The values of all listings are described in marsctl(8).
 */
#include "endpoint.h"
#include "scspd.h"

CTL_LISTING(scspd_ctl_summary, scspd_shell, scsp, scsp_show_summary);
CTL_LISTING(scspd_ctl_counters, scspd_shell, scsp, scsp_show_counters);
CTL_LISTING(scspd_ctl_limits, scspd_shell, scsp, scsp_show_limits);
CTL_LISTING(scspd_ctl_memory, scspd_shell, scsp, scsp_show_memory);
static CTL_LISTING(scspd_ctl_keys, scspd_shell, scsp, scsp_show_keys);
static CTL_LISTING(scspd_ctl_record, scspd_shell, scsp, scsp_show_record);
static CTL_LISTING(
    scspd_ctl_neighbors, scspd_shell, scsp, scsp_show_neighbors);
static CTL_LISTING(scspd_ctl_cache, scspd_shell, scsp, scsp_show_cache);

/* clear neighbor ADDRESS; without a SEL, that of its scspd is meant */
static const char *
scspd_ctl_clear_neighbor(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct scspd_shell *d = arg;
	struct atm_addr addr;

	(void)c;
	if (argc != 1)
		return "say: clear neighbor ADDRESS";
	if (atm_addr_parse(&addr, argv[0]) == -1)
		return "that is not an address";
	if (atm_addr_sel(&addr) == 0)
		atm_addr_set_sel(&addr, SEL_SCSPD);
	return scsp_neighbor_clear(d->scsp, &addr);
}

void
scspd_ctl_clear(void *arg)
{
	struct scspd_shell *d = arg;

	scsp_clear_counters(d->scsp);
}

const struct ctl_command scspd_commands[] = {
	{ "show neighbor", scspd_ctl_neighbors, NULL },
	{ "show keys", scspd_ctl_keys, NULL },
	{ "show record", scspd_ctl_record, NULL },
	{ "clear neighbor", NULL, scspd_ctl_clear_neighbor },
	{ "show neighbors", scspd_ctl_neighbors, NULL },
	{ "show cache", scspd_ctl_cache, NULL },
	{ "neighbor clear", NULL, scspd_ctl_clear_neighbor },
};
const size_t scspd_ncommands = sizeof(scspd_commands) /
    sizeof(scspd_commands[0]);
