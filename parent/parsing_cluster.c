/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Clusters, groups of other protocols, neighbors; see parsing.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "parsing.h"

void
parsing_cluster_begin(struct parsing *ps, const char *name)
{
	parsing_enter(ps, PARSING_CLUSTER);
	if (*name == '\0' || strlen(name) >= NAME_SIZE)
		parsing_wrong(ps,
		    "\"%s\" is no name of a cluster: write 1 to %d characters",
		    name, NAME_SIZE - 1);
	else if (conf_cluster_find(ps->conf, name) != NULL)
		parsing_wrong(ps,
		    "cluster \"%s\" is defined twice: give each a name of its "
		    "own",
		    name);
	if ((ps->cluster = conf_cluster_new(ps->conf, name)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->cluster);
}

/* Of another protocol: MARS has clusters. */
void
parsing_group_begin(struct parsing *ps, uint64_t sgid, uint64_t pid)
{
	parsing_enter(ps, PARSING_GROUP);
	if (pid < 1 || pid > UINT16_MAX || pid == PID_MARS) {
		parsing_wrong(ps,
		    "protocol-id %llu: write a number from 1 to 65535 but %d, "
		    "which is that of MARS and of clusters",
		    (unsigned long long)pid, PID_MARS);
		pid = UINT16_MAX;
	}
	if ((ps->cluster = conf_group_new(ps->conf, 1, (uint16_t)pid)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->cluster);
	parsing_number(ps, "server-group", sgid);
}

/* What a cluster takes is more than what a group takes. */
void
parsing_group_number(struct parsing *ps, const char *name, uint64_t value)
{
	if (strcmp(name, "hop-count") == 0 ||
	    (ps->block == PARSING_GROUP_LIMIT && strcmp(name, "records") == 0))
		parsing_number(ps, name, value);
	else
		parsing_wrong(ps, "unexpected %s: %s", name, parsing_words(ps));
}

void
parsing_cluster_end(struct parsing *ps)
{
	ps->cluster = NULL;
	parsing_enter(ps, PARSING_FILE);
}

void
parsing_limit_begin(struct parsing *ps)
{
	if (ps->lan != NULL)
		parsing_enter(ps, PARSING_LAN_LIMIT);
	else if (ps->edge != NULL)
		parsing_enter(ps, PARSING_EDGE_LIMIT);
	else if (ps->cluster == NULL)
		parsing_enter(ps, PARSING_LIMIT);
	else if (ps->cluster->protocol_id == PID_MARS)
		parsing_enter(ps, PARSING_CLUSTER_LIMIT);
	else
		parsing_enter(ps, PARSING_GROUP_LIMIT);
}

/* Five octets in hex with dashes. */
static bool
snap_parse(uint8_t *snap, const char *s)
{
	unsigned v[5];
	char end;
	size_t i;

	if (strspn(s, "0123456789abcdefABCDEF-") != strlen(s) ||
	    sscanf(s, "%2x-%2x-%2x-%2x-%2x%c", &v[0], &v[1], &v[2], &v[3],
	    &v[4], &end) != 5)
		return false;
	for (i = 0; i < 5; i++)
		snap[i] = (uint8_t)v[i];
	return true;
}

/* 0x and up to four hex digits; 0x80 announces a SNAP (RFC 2022 4.3.2). */
static bool
type_parse(uint16_t *type, const char *s)
{
	size_t n = strlen(s);

	if (strncmp(s, "0x", 2) != 0 || n < 3 || n > 6 ||
	    strspn(s + 2, "0123456789abcdefABCDEF") != n - 2)
		return false;
	*type = (uint16_t)strtoul(s, NULL, 16);
	return *type != 0 && *type != PRO_SNAP;
}

void
parsing_protocol(struct parsing *ps, const char *name, const char *snap)
{
	struct conf_protocol *p = parsing_item(ps, sizeof(*p)), *have;

	if (snap != NULL) {
		p->pro.type = PRO_SNAP;
		if (!snap_parse(p->pro.snap, snap))
			parsing_wrong(ps,
			    "snap \"%s\": write five octets, such as "
			    "\"00-00-00-08-00\"",
			    snap);
		mars_pro_normalise(&p->pro);
	} else if (strcmp(name, "ipv4") == 0)
		p->pro.type = PRO_IPV4;
	else if (strcmp(name, "ipv6") == 0)
		p->pro.type = PRO_IPV6;
	else if (!type_parse(&p->pro.type, name))
		parsing_wrong(ps,
		    "protocol %s: write ipv4, ipv6, an Ethertype 0xNNNN or "
		    "snap \"xx-xx-xx-xx-xx\"",
		    name);
	TAILQ_FOREACH(have, &ps->cluster->protocols, entry)
		if (mars_pro_equal(&have->pro, &p->pro)) {
			parsing_wrong(ps,
			    "protocol %s is there twice: remove one",
			    snap != NULL ? snap : name);
			break;
		}
	TAILQ_INSERT_TAIL(&ps->cluster->protocols, p, entry);
}

void
parsing_cmi(struct parsing *ps, uint64_t min, uint64_t max)
{
	if (min < 1 || max > 65535 || min > max)
		parsing_wrong(ps,
		    "cmi %llu - %llu: write the smaller number first, both "
		    "from 1 to 65535",
		    (unsigned long long)min, (unsigned long long)max);
	else {
		ps->cluster->cmi_min = (uint16_t)min;
		ps->cluster->cmi_max = (uint16_t)max;
	}
}

/* Is there more in the text of a prefix than what its mask leaves? */
static bool
host_bits(const struct ip_prefix *p, const char *s)
{
	char addr[PADDR_STRLEN];
	struct ip_prefix whole;

	(void)strlcpy(addr, s, sizeof(addr));
	addr[strcspn(addr, "/")] = '\0';
	return ip_prefix_parse(&whole, addr) &&
	    memcmp(whole.a, p->a, sizeof(p->a)) != 0;
}

void
parsing_allow(struct parsing *ps, const char *s)
{
	struct conf_prefix *p = parsing_item(ps, sizeof(*p));
	char text[PADDR_STRLEN];

	TAILQ_INSERT_TAIL(&ps->cluster->allow, p, entry);
	if (!ip_prefix_parse(&p->prefix, s))
		parsing_wrong(ps,
		    "allow from %s: write an IP address and a mask length, "
		    "such as 192.0.2.0/24",
		    s);
	else if (host_bits(&p->prefix, s))
		parsing_wrong(ps,
		    "allow from %s: the address has bits that the mask leaves "
		    "out: write %s",
		    s, ip_prefix_print(&p->prefix, text, sizeof(text)));
}

void
parsing_backup(struct parsing *ps, const char *s)
{
	struct conf_backup *b = parsing_item(ps, sizeof(*b));

	TAILQ_INSERT_TAIL(&ps->cluster->backups, b, entry);
	parsing_address(ps, &b->addr, s);
}

void
parsing_neighbor_begin(struct parsing *ps, const char *s)
{
	parsing_enter(ps, PARSING_NEIGHBOR);
	ps->more_keys = false;
	if ((ps->neighbor = conf_neighbor_new(ps->cluster)) == NULL)
		fatal("parse");
	parsing_origin(ps, ps->neighbor);
	parsing_address(ps, &ps->neighbor->addr, s);
}

/* Back to the block that the neighbor is in. */
void
parsing_neighbor_end(struct parsing *ps)
{
	parsing_enter(ps,
	    ps->cluster->protocol_id == PID_MARS ? PARSING_CLUSTER :
	    PARSING_GROUP);
}

void
parsing_neighbor_key(struct parsing *ps, uint64_t spi)
{
	const size_t max =
	    sizeof(ps->neighbor->spis) / sizeof(ps->neighbor->spis[0]);

	if (spi == 0 || spi > UINT32_MAX)
		parsing_wrong(ps,
		    "key %llu: write a number from 1 to 4294967295",
		    (unsigned long long)spi);
	else if (ps->neighbor->nspis == max)
		parsing_wrong(ps,
		    "a neighbor has at most %zu keys: remove those that are no "
		    "longer valid",
		    max);
	else
		ps->neighbor->spis[ps->neighbor->nspis++] = (uint32_t)spi;
}
