/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What can be shown, and the columns of each table. */
#include <string.h>

#include "parser.h"
#include "show.h"

#define COLUMNS(name)	name, sizeof(name) / sizeof(name[0])

static const struct marsctl_column clusters[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 16, MARSCTL_COL_PLAIN },
	{ "MEMBERS", "members", 8, MARSCTL_COL_PLAIN },
	{ "GROUPS", "groups", 7, MARSCTL_COL_PLAIN },
	{ "JOINS", "joins", 8, MARSCTL_COL_PLAIN },
	{ "CSN", "csn", 8, MARSCTL_COL_PLAIN },
	{ "REMOTE", "records-remote", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column members[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "MEMBER", "address", 18, MARSCTL_COL_PLAIN },
	{ "CMI", "cmi", 6, MARSCTL_COL_PLAIN },
	{ "SERVER", "server", 16, MARSCTL_COL_PLAIN },
	{ "JOINS", "joins", 6, MARSCTL_COL_PLAIN },
	{ "SINCE", "since", 0, MARSCTL_COL_AGE },
};

static const struct marsctl_column groups[] = {
	{ "CLUSTER", "cluster", 8, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 24, MARSCTL_COL_RANGE },
	{ "SERVERS", "servers", 8, MARSCTL_COL_PLAIN },
	{ "MEMBERS", "members", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column servers[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "SERVER", "oid", 16, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 20, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 8, MARSCTL_COL_PLAIN },
	{ "AGE", "age", 0, MARSCTL_COL_AGE },
};

static const struct marsctl_column neighbors[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "NEIGHBOR", "address", 16, MARSCTL_COL_PLAIN },
	{ "HELLO", "hello", 15, MARSCTL_COL_PLAIN },
	{ "ALIGNMENT", "alignment", 12, MARSCTL_COL_PLAIN },
	{ "AUTH", "auth", 12, MARSCTL_COL_PLAIN },
	{ "REPLAY", "replay", 12, MARSCTL_COL_PLAIN },
	{ "SINCE", "since", 0, MARSCTL_COL_AGE },
};

static const struct marsctl_column cache[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "SERVER", "oid", 16, MARSCTL_COL_PLAIN },
	{ "KEY", "key", 11, MARSCTL_COL_PLAIN },
	{ "SEQUENCE", "sequence", 12, MARSCTL_COL_PLAIN },
	{ "LENGTH", "length", 7, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 10, MARSCTL_COL_PLAIN },
	{ "OWN", "own", 4, MARSCTL_COL_PLAIN },
	{ "AGE", "age", 0, MARSCTL_COL_AGE },
};

static const struct marsctl_column counters[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "SCOPE", "scope", 18, MARSCTL_COL_PLAIN },
	{ "NAME", "name", 32, MARSCTL_COL_PLAIN },
	{ "VALUE", "value", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column circuits[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "LOCAL", "local", 16, MARSCTL_COL_PLAIN },
	{ "PEER", "peer", 16, MARSCTL_COL_PLAIN },
	{ "KIND", "kind", 6, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 12, MARSCTL_COL_PLAIN },
	{ "IN", "sdus-in", 7, MARSCTL_COL_PLAIN },
	{ "OUT", "sdus-out", 7, MARSCTL_COL_PLAIN },
	{ "IDLE", "idle", 0, MARSCTL_COL_AGE },
};

static const struct marsctl_column edges[] = {
	{ "EDGE", "edge", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 18, MARSCTL_COL_PLAIN },
	{ "MARS", "server", 16, MARSCTL_COL_PLAIN },
	{ "UP", "registered", 4, MARSCTL_COL_PLAIN },
	{ "LANS", "lans", 5, MARSCTL_COL_PLAIN },
	{ "JOINS", "joins", 6, MARSCTL_COL_PLAIN },
	{ "OUT", "out-packets", 9, MARSCTL_COL_PLAIN },
	{ "COPIES", "out-copies", 9, MARSCTL_COL_PLAIN },
	{ "IN", "in-packets", 9, MARSCTL_COL_PLAIN },
	{ "DROPPED", "dropped", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column lans[] = {
	{ "EDGE", "edge", 9, MARSCTL_COL_PLAIN },
	{ "LAN", "lan", 10, MARSCTL_COL_PLAIN },
	{ "ROLE", "role", 10, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address4", 16, MARSCTL_COL_PLAIN },
	{ "QUERIER", "querier4", 10, MARSCTL_COL_PLAIN },
	{ "GROUPS", "groups4", 7, MARSCTL_COL_PLAIN },
	{ "GROUPS6", "groups6", 8, MARSCTL_COL_PLAIN },
	{ "IN", "in-packets", 9, MARSCTL_COL_PLAIN },
	{ "OUT", "out-packets", 9, MARSCTL_COL_PLAIN },
	{ "DROPS", "drops", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column listeners[] = {
	{ "EDGE", "edge", 9, MARSCTL_COL_PLAIN },
	{ "LAN", "lan", 10, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 18, MARSCTL_COL_PLAIN },
	{ "MODE", "mode", 8, MARSCTL_COL_PLAIN },
	{ "V", "version", 3, MARSCTL_COL_PLAIN },
	{ "REPORTER", "reporter", 16, MARSCTL_COL_PLAIN },
	{ "EXPIRES", "expires", 8, MARSCTL_COL_PLAIN },
	{ "SOURCES", "sources", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column flows[] = {
	{ "EDGE", "edge", 9, MARSCTL_COL_PLAIN },
	{ "SOURCE", "source", 16, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 16, MARSCTL_COL_PLAIN },
	{ "DIR", "direction", 4, MARSCTL_COL_PLAIN },
	{ "PACKETS", "packets", 9, MARSCTL_COL_PLAIN },
	{ "MEMBERS", "members", 8, MARSCTL_COL_PLAIN },
	{ "COPIES", "copies", 9, MARSCTL_COL_PLAIN },
	{ "BIT/S", "rate", 10, MARSCTL_COL_PLAIN },
	{ "DROPS", "drops", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column latencies[] = {
	{ "NAME", "name", 12, MARSCTL_COL_PLAIN },
	{ "COUNT", "count", 10, MARSCTL_COL_PLAIN },
	{ "MEAN", "mean", 10, MARSCTL_COL_PLAIN },
	{ "MAX", "max", 0, MARSCTL_COL_PLAIN },
};

const struct marsctl_show marsctl_shows[] = {
	{ "summary", ASK_MARSD | ASK_SCSPD, ASK_EDGED, NULL, 0 },
	{ "clusters", ASK_MARSD, 0, COLUMNS(clusters) },
	{ "members", ASK_MARSD, 0, COLUMNS(members) },
	{ "groups", ASK_MARSD, 0, COLUMNS(groups) },
	{ "servers", ASK_MARSD, 0, COLUMNS(servers) },
	{ "neighbors", ASK_SCSPD, 0, COLUMNS(neighbors) },
	{ "cache", ASK_SCSPD, 0, COLUMNS(cache) },
	{ "counters", ASK_MARSD | ASK_SCSPD, ASK_EDGED, COLUMNS(counters) },
	{ "circuits", ASK_MARSD | ASK_SCSPD, ASK_EDGED, COLUMNS(circuits) },
	{ "edges", ASK_EDGED, 0, COLUMNS(edges) },
	{ "lans", ASK_EDGED, 0, COLUMNS(lans) },
	{ "listeners", ASK_EDGED, 0, COLUMNS(listeners) },
	{ "flows", ASK_EDGED, 0, COLUMNS(flows) },
	{ "latencies", ASK_MARSD, 0, COLUMNS(latencies) },
};
const size_t marsctl_nshows = sizeof(marsctl_shows) / sizeof(marsctl_shows[0]);

const struct marsctl_show *
marsctl_show_find(const char *name)
{
	size_t i;

	for (i = 0; i < marsctl_nshows; i++)
		if (strcmp(marsctl_shows[i].name, name) == 0)
			return &marsctl_shows[i];
	return NULL;
}
