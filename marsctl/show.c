/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The tables that marsctl knows; two of them fit side by side in 158. */
#include <string.h>

#include "parser.h"
#include "show.h"

#define COLUMNS(name)	name, sizeof(name) / sizeof(name[0])

static const struct column clusters[] = {
	{ "CLUSTER", "cluster", 9, COL_PLAIN },
	{ "PROTO", "protocol", 6, COL_PLAIN },
	{ "ADDRESS", "address", 16, COL_PLAIN },
	{ "MEMBERS", "members", 8, COL_PLAIN },
	{ "GROUPS", "groups", 7, COL_PLAIN },
	{ "JOINS", "joins", 8, COL_PLAIN },
	{ "CSN", "csn", 8, COL_PLAIN },
	{ "REMOTE", "records-remote", 0, COL_PLAIN },
};

static const struct column members[] = {
	{ "CLUSTER", "cluster", 9, COL_PLAIN },
	{ "PROTO", "protocol", 6, COL_PLAIN },
	{ "MEMBER", "address", 18, COL_PLAIN },
	{ "CMI", "cmi", 6, COL_PLAIN },
	{ "SERVER", "server", 16, COL_PLAIN },
	{ "JOINS", "joins", 6, COL_PLAIN },
	{ "SINCE", "since", 0, COL_AGE },
};

static const struct column groups[] = {
	{ "CLUSTER", "cluster", 8, COL_PLAIN },
	{ "PROTO", "protocol", 6, COL_PLAIN },
	{ "GROUP", "group", 24, COL_RANGE },
	{ "SERVERS", "servers", 8, COL_PLAIN },
	{ "MEMBERS", "members", 0, COL_PLAIN },
};

static const struct column servers[] = {
	{ "CLUSTER", "cluster", 9, COL_PLAIN },
	{ "PROTO", "protocol", 6, COL_PLAIN },
	{ "SERVER", "oid", 16, COL_PLAIN },
	{ "ADDRESS", "address", 20, COL_PLAIN },
	{ "STATE", "state", 8, COL_PLAIN },
	{ "AGE", "age", 0, COL_AGE },
};

static const struct column neighbors[] = {
	{ "CLUSTER", "cluster", 9, COL_PLAIN },
	{ "NEIGHBOR", "address", 16, COL_PLAIN },
	{ "HELLO", "hello", 15, COL_PLAIN },
	{ "ALIGNMENT", "alignment", 12, COL_PLAIN },
	{ "AUTH", "auth", 12, COL_PLAIN },
	{ "REPLAY", "replay", 12, COL_PLAIN },
	{ "SINCE", "since", 0, COL_AGE },
};

static const struct column cache[] = {
	{ "CLUSTER", "cluster", 9, COL_PLAIN },
	{ "SERVER", "oid", 16, COL_PLAIN },
	{ "KEY", "key", 11, COL_PLAIN },
	{ "SEQUENCE", "sequence", 12, COL_PLAIN },
	{ "LENGTH", "length", 7, COL_PLAIN },
	{ "STATE", "state", 10, COL_PLAIN },
	{ "OWN", "own", 4, COL_PLAIN },
	{ "AGE", "age", 0, COL_AGE },
};

static const struct column counters[] = {
	{ "PROCESS", "process", 8, COL_PLAIN },
	{ "SCOPE", "scope", 18, COL_PLAIN },
	{ "NAME", "name", 32, COL_PLAIN },
	{ "VALUE", "value", 0, COL_PLAIN },
};

static const struct column circuits[] = {
	{ "PROCESS", "process", 8, COL_PLAIN },
	{ "LOCAL", "local", 16, COL_PLAIN },
	{ "PEER", "peer", 16, COL_PLAIN },
	{ "KIND", "kind", 6, COL_PLAIN },
	{ "STATE", "state", 12, COL_PLAIN },
	{ "IN", "sdus-in", 7, COL_PLAIN },
	{ "OUT", "sdus-out", 7, COL_PLAIN },
	{ "IDLE", "idle", 0, COL_AGE },
};

const struct show shows[] = {
	{ "summary", ASK_MARSD | ASK_SCSPD, NULL, 0 },
	{ "clusters", ASK_MARSD, COLUMNS(clusters) },
	{ "members", ASK_MARSD, COLUMNS(members) },
	{ "groups", ASK_MARSD, COLUMNS(groups) },
	{ "servers", ASK_MARSD, COLUMNS(servers) },
	{ "neighbors", ASK_SCSPD, COLUMNS(neighbors) },
	{ "cache", ASK_SCSPD, COLUMNS(cache) },
	{ "counters", ASK_MARSD | ASK_SCSPD, COLUMNS(counters) },
	{ "circuits", ASK_MARSD | ASK_SCSPD, COLUMNS(circuits) },
};
const size_t nshows = sizeof(shows) / sizeof(shows[0]);

const struct show *
show_find(const char *name)
{
	size_t i;

	for (i = 0; i < nshows; i++)
		if (strcmp(shows[i].name, name) == 0)
			return &shows[i];
	return NULL;
}
