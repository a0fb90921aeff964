/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What can be shown, and the columns of each table. */
#include <string.h>

#include "parser.h"
#include "show.h"

#define COLUMNS(name)	name, sizeof(name) / sizeof((name)[0])

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
	{ "SINCE", "since", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column protocols[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "CSN", "csn", 11, MARSCTL_COL_PLAIN },
	{ "SSN", "ssn", 11, MARSCTL_COL_PLAIN },
	{ "LEAVES", "leaves", 8, MARSCTL_COL_PLAIN },
	{ "MCS-LEAVES", "server-leaves", 11, MARSCTL_COL_PLAIN },
	{ "CMI", "cmi", 12, MARSCTL_COL_RANGE },
	{ "WAITING", "waiting", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column joins[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 24, MARSCTL_COL_RANGE },
	{ "MAP", "map", 7, MARSCTL_COL_PLAIN },
	{ "MEMBER", "address", 16, MARSCTL_COL_PLAIN },
	{ "SERVER", "server", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column groups[] = {
	{ "CLUSTER", "cluster", 8, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 24, MARSCTL_COL_RANGE },
	{ "SERVERS", "servers", 8, MARSCTL_COL_PLAIN },
	{ "MEMBERS", "members", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column mcs[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "MCS", "address", 18, MARSCTL_COL_PLAIN },
	{ "SERVER", "server", 16, MARSCTL_COL_PLAIN },
	{ "SERVES", "joins", 7, MARSCTL_COL_PLAIN },
	{ "SINCE", "since", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column servers[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "SERVER", "oid", 16, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 20, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 8, MARSCTL_COL_PLAIN },
	{ "RECORDS", "records", 9, MARSCTL_COL_PLAIN },
	{ "AGE", "age", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column redirects[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "PLACE", "place", 6, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 20, MARSCTL_COL_PLAIN },
	{ "SERVER", "oid", 16, MARSCTL_COL_PLAIN },
	{ "NEXT MAP", "next", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column neighbors[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "NEIGHBOR", "address", 16, MARSCTL_COL_PLAIN },
	{ "HELLO", "hello", 15, MARSCTL_COL_PLAIN },
	{ "ALIGNMENT", "alignment", 12, MARSCTL_COL_PLAIN },
	{ "AUTH", "auth", 13, MARSCTL_COL_PLAIN },
	{ "SINCE", "since", 9, MARSCTL_COL_PLAIN },
	{ "ERROR", "last-error-age", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column cache[] = {
	{ "CLUSTER", "cluster", 9, MARSCTL_COL_PLAIN },
	{ "SERVER", "oid", 16, MARSCTL_COL_PLAIN },
	{ "KEY", "key", 11, MARSCTL_COL_PLAIN },
	{ "SEQUENCE", "sequence", 12, MARSCTL_COL_PLAIN },
	{ "LENGTH", "length", 7, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 10, MARSCTL_COL_PLAIN },
	{ "OWN", "own", 4, MARSCTL_COL_PLAIN },
	{ "AGE", "age", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column keys[] = {
	{ "SPI", "spi", 11, MARSCTL_COL_PLAIN },
	{ "ALGORITHM", "algorithm", 13, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 9, MARSCTL_COL_PLAIN },
	{ "BEGINS IN", "begins-in", 10, MARSCTL_COL_PLAIN },
	{ "ENDS IN", "ends-in", 9, MARSCTL_COL_PLAIN },
	{ "EDGE", "edge", 8, MARSCTL_COL_PLAIN },
	{ "NEIGHBORS", "neighbors", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column limits[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "SCOPE", "scope", 18, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "LIMIT", "name", 15, MARSCTL_COL_PLAIN },
	{ "USED", "used", 9, MARSCTL_COL_PLAIN },
	{ "MAXIMUM", "limit", 9, MARSCTL_COL_PLAIN },
	{ "PERCENT", "percent", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column memory[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "WHAT", "name", 24, MARSCTL_COL_PLAIN },
	{ "COUNT", "count", 12, MARSCTL_COL_PLAIN },
	{ "OCTETS", "octets", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column interfaces[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 20, MARSCTL_COL_PLAIN },
	{ "KIND", "kind", 5, MARSCTL_COL_PLAIN },
	{ "USER", "user", 12, MARSCTL_COL_PLAIN },
	{ "MTU", "mtu", 6, MARSCTL_COL_PLAIN },
	{ "IN", "sdus-in", 10, MARSCTL_COL_PLAIN },
	{ "OUT", "sdus-out", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column counters[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "SCOPE", "scope", 18, MARSCTL_COL_PLAIN },
	{ "NAME", "name", 32, MARSCTL_COL_PLAIN },
	{ "VALUE", "value", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column circuits[] = {
	{ "PROCESS", "process", 8, MARSCTL_COL_PLAIN },
	{ "LOCAL", "local", 15, MARSCTL_COL_PLAIN },
	{ "PEER", "peer", 16, MARSCTL_COL_PLAIN },
	{ "KIND", "kind", 9, MARSCTL_COL_PLAIN },
	{ "STATE", "state", 10, MARSCTL_COL_PLAIN },
	{ "IN", "sdus-in", 7, MARSCTL_COL_PLAIN },
	{ "OUT", "sdus-out", 7, MARSCTL_COL_PLAIN },
	{ "IDLE", "idle", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column edges[] = {
	{ "EDGE", "edge", 8, MARSCTL_COL_PLAIN },
	{ "PROTO", "protocol", 6, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address", 16, MARSCTL_COL_PLAIN },
	{ "MARS", "server", 16, MARSCTL_COL_PLAIN },
	{ "UP", "registered", 4, MARSCTL_COL_PLAIN },
	{ "JOINS", "joins", 6, MARSCTL_COL_PLAIN },
	{ "OUT", "out-packets", 9, MARSCTL_COL_PLAIN },
	{ "IN", "in-packets", 9, MARSCTL_COL_PLAIN },
	{ "DROPS", "dropped", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column lans[] = {
	{ "EDGE", "edge", 8, MARSCTL_COL_PLAIN },
	{ "LAN", "lan", 10, MARSCTL_COL_PLAIN },
	{ "ROLE", "role", 10, MARSCTL_COL_PLAIN },
	{ "ADDRESS", "address4", 16, MARSCTL_COL_PLAIN },
	{ "GROUPS", "groups4", 7, MARSCTL_COL_PLAIN },
	{ "IN", "in-packets", 9, MARSCTL_COL_PLAIN },
	{ "OUT", "out-packets", 9, MARSCTL_COL_PLAIN },
	{ "DROPS", "dropped", 0, MARSCTL_COL_PLAIN },
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
	{ "EDGE", "edge", 8, MARSCTL_COL_PLAIN },
	{ "SOURCE", "source", 16, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 16, MARSCTL_COL_PLAIN },
	{ "DIR", "direction", 4, MARSCTL_COL_PLAIN },
	{ "PACKETS", "packets", 9, MARSCTL_COL_PLAIN },
	{ "MEMBERS", "members", 8, MARSCTL_COL_PLAIN },
	{ "BIT/S", "rate", 10, MARSCTL_COL_PLAIN },
	{ "DROPS", "dropped", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column latencies[] = {
	{ "NAME", "name", 12, MARSCTL_COL_PLAIN },
	{ "COUNT", "count", 10, MARSCTL_COL_PLAIN },
	{ "MEAN", "mean", 10, MARSCTL_COL_PLAIN },
	{ "MAX", "max", 0, MARSCTL_COL_PLAIN },
};

static const struct marsctl_column probe[] = {
	{ "EDGE", "edge", 10, MARSCTL_COL_PLAIN },
	{ "GROUP", "group", 18, MARSCTL_COL_PLAIN },
	{ "MEMBER", "member", 18, MARSCTL_COL_PLAIN },
	{ "ANSWERED", "answered", 10, MARSCTL_COL_PLAIN },
	{ "US", "round-trip", 10, MARSCTL_COL_PLAIN },
	{ "LARGEST", "largest", 0, MARSCTL_COL_PLAIN },
};

#define ASK_SERVER	(ASK_MARSD | ASK_SCSPD)

const struct marsctl_show marsctl_shows[] = {
	{ "summary", NULL, ASK_SERVER, ASK_EDGED, NULL, 0 },
	{ "clusters", NULL, ASK_MARSD, 0, COLUMNS(clusters) },
	{ "protocols", NULL, ASK_MARSD, 0, COLUMNS(protocols) },
	{ "members", "member", ASK_MARSD, 0, COLUMNS(members) },
	{ "joins", NULL, ASK_MARSD, 0, COLUMNS(joins) },
	{ "groups", "group", ASK_MARSD, 0, COLUMNS(groups) },
	{ "multicast-servers", "multicast-server", ASK_MARSD, 0,
	    COLUMNS(mcs) },
	{ "servers", NULL, ASK_MARSD, 0, COLUMNS(servers) },
	{ "redirect-map", NULL, ASK_MARSD, 0, COLUMNS(redirects) },
	{ "neighbors", "neighbor", ASK_SCSPD, 0, COLUMNS(neighbors) },
	{ "cache", "record", ASK_SCSPD, 0, COLUMNS(cache) },
	{ "keys", NULL, ASK_SCSPD | ASK_EDGED, 0, COLUMNS(keys) },
	{ "limits", NULL, ASK_SERVER, ASK_EDGED, COLUMNS(limits) },
	{ "memory", NULL, ASK_SERVER, ASK_EDGED, COLUMNS(memory) },
	{ "interfaces", NULL, ASK_SERVER, ASK_EDGED, COLUMNS(interfaces) },
	{ "counters", NULL, ASK_SERVER, ASK_EDGED, COLUMNS(counters) },
	{ "circuits", NULL, ASK_SERVER, ASK_EDGED, COLUMNS(circuits) },
	{ "edges", NULL, ASK_EDGED, 0, COLUMNS(edges) },
	{ "lans", NULL, ASK_EDGED, 0, COLUMNS(lans) },
	{ "listeners", NULL, ASK_EDGED, 0, COLUMNS(listeners) },
	{ "flows", NULL, ASK_EDGED, 0, COLUMNS(flows) },
	{ "latencies", NULL, ASK_MARSD, 0, COLUMNS(latencies) },
	/* only for audit.c */
	{ "audit", NULL, ASK_SERVER | ASK_EDGED, 0, NULL, 0 },
	/* no listing, but an order that ends with rows */
	{ "probe", NULL, ASK_EDGED, 0, COLUMNS(probe) },
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
