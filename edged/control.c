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
#include "ip.h"

CTL_LISTING(edged_ctl_summary, edged_shell, edged, edged_show_summary);
CTL_LISTING(edged_ctl_counters, edged_shell, edged, edged_show_counters);
static CTL_LISTING(edged_ctl_edges, edged_shell, edged, edged_show_edges);
static CTL_LISTING(edged_ctl_lans, edged_shell, edged, edged_show_lans);
static CTL_LISTING(edged_ctl_listeners, edged_shell, edged,
    edged_show_listeners);
static CTL_LISTING(edged_ctl_flows, edged_shell, edged, edged_show_flows);

static CTL_LISTING(edged_ctl_probed, edged_shell, edged, edged_show_probe);

struct edged_key_cursor {
	uint32_t	edge;
	uint16_t	key;
};

/* The keys of each edge's hellos. */
static bool
edged_ctl_keys(void *arg, void *cursor, struct wr *w)
{
	struct edged_shell *d = arg;
	struct edged_key_cursor *at = cursor;
	const struct edged_conf *c = edged_built_conf(d->built);
	const struct edged_edge_conf *e;

	for (; at->edge < c->nedges; at->edge++, at->key = 0) {
		e = &c->edges[at->edge];
		if (e->nports == 0 ||
		    !edged_keys_show(e->ports[0].lan.key.arg, at->key, w))
			continue;
		at->key++;
		ctl_string(w, "edge", e->name);
		return true;
	}
	return false;
}

/* What follows a probe. */
static const struct ctl_command edged_probe_rows = {
	"probe", edged_ctl_probed, NULL
};

static void
edged_ctl_probe_done(void *arg, const char *why)
{
	struct edged_shell *d = arg;

	if (d->service.control != NULL)
		ctl_finish_rows(d->service.control, d->prober,
		    &edged_probe_rows, d, why);
}

/* probe GROUP [edge NAME] */
static const char *
edged_ctl_probe(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct edged_shell *d = arg;
	struct paddr group;
	const char *why;

	if (argc < 1 || argc > 2 || paddr_parse(&group, argv[0]) == -1 ||
	    (group.len != 4 && group.len != 16) ||
	    !edged_addr_multicast(&group))
		return "that is not a group of IPv4 or IPv6";
	if (d->edged == NULL)
		return "there is no edge yet";
	why = edged_probe_start(d->edged, &group, argc == 2 ? argv[1] : NULL,
	    edged_ctl_probe_done, d);
	if (why != NULL)
		return why;
	d->prober = ctl_conn_id(c);
	return CTL_LATER;
}

void
edged_ctl_clear(void *arg)
{
	struct edged_shell *d = arg;

	if (d->edged != NULL)
		edged_clear_counters(d->edged);
}

const struct ctl_command edged_commands[] = {
	{ "show edges", edged_ctl_edges, NULL },
	{ "show lans", edged_ctl_lans, NULL },
	{ "show listeners", edged_ctl_listeners, NULL },
	{ "show flows", edged_ctl_flows, NULL },
	{ "show keys", edged_ctl_keys, NULL },
	{ "probe", NULL, edged_ctl_probe },
};
const size_t edged_ncommands = sizeof(edged_commands) /
    sizeof(edged_commands[0]);
