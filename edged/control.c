/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl(8) can ask edged alone; common/proc/service_ctl.c has what the
 * others can be asked, too.  The values of all listings are described in
 * marsctl(8).
 */
#include "edged.h"

CTL_LISTING(edged_ctl_summary, edged_shell, edged, edged_show_summary);
CTL_LISTING(edged_ctl_counters, edged_shell, edged, edged_show_counters);
static CTL_LISTING(edged_ctl_edges, edged_shell, edged, edged_show_edges);
static CTL_LISTING(edged_ctl_lans, edged_shell, edged, edged_show_lans);
static CTL_LISTING(edged_ctl_listeners, edged_shell, edged,
    edged_show_listeners);
static CTL_LISTING(edged_ctl_flows, edged_shell, edged, edged_show_flows);

const struct ctl_command edged_commands[] = {
	{ "show edges", edged_ctl_edges, NULL },
	{ "show lans", edged_ctl_lans, NULL },
	{ "show listeners", edged_ctl_listeners, NULL },
	{ "show flows", edged_ctl_flows, NULL },
};
const size_t edged_ncommands = sizeof(edged_commands) /
    sizeof(edged_commands[0]);
