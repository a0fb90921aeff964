/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The configuration as a structure: its numbers with their ranges and
 * defaults, and how its parts are made, found and freed.
 */

#include <stdlib.h>
#include <string.h>

#include "conf_parts.h"

/* A UDP port is the base port and a SEL of at most 255 (doc/nvc.md). */
const struct conf_number conf_numbers[] = {
	NUMBER(conf, base_port, "udp base-port", 1, 65535 - 255, 2022),
	NUMBER(conf, enquiry_interval, "enquiry-interval", 1, 255, 10),
	NUMBER(conf, enquiry_max, "enquiry-maximum", 1, 255, 60),
	NUMBER(conf, max_circuits, "limit circuits", 1, 4000000, 32768),
	NUMBER(conf, circuits_per_address, "limit circuits-per-address",
	    1, 1000000, 64),
	NUMBERS_END
};

/*
 * At most two minutes between two MARS_REDIRECT_MAPs and between two Redirect
 * Entries (RFC 2022 section 5.4.3, RFC 2443 section 5.1).
 */
const struct conf_number conf_cluster_numbers[] = {
	NUMBER(conf_cluster, server_group, "server-group", 1, 65535, 1),
	NUMBER(conf_cluster, cmi_min, "cmi", 1, 65535, 1),
	NUMBER(conf_cluster, cmi_max, "cmi -", 1, 65535, 65535),
	NUMBER(conf_cluster, redirect_interval, "redirect interval",
	    1, 120, 60),
	NUMBER(conf_cluster, redirect_dead, "redirect dead", 1, 86400, 240),
	NUMBER(conf_cluster, tombstone, "tombstone", 1, 604800, 600),
	NUMBER(conf_cluster, hold, "hold", 1, 86400, 240),
	NUMBER(conf_cluster, hop_count, "hop-count", 1, 65535, 16),
	NUMBER(conf_cluster, max_members, "limit members",
	    1, 1000000, 16000),
	NUMBER(conf_cluster, max_joins, "limit joins-per-member",
	    1, 1000000, 4096),
	NUMBER(conf_cluster, max_total, "limit joins",
	    1, 100000000, 100000),
	NUMBER(conf_cluster, max_groups, "limit groups",
	    1, 10000000, 100000),
	NUMBER(conf_cluster, max_servers, "limit servers", 1, 65535, 256),
	NUMBER(conf_cluster, max_serve_range, "limit serve-range",
	    1, 268435456, 65536),
	NUMBER(conf_cluster, max_known, "limit servers-known",
	    1, 65535, 1024),
	NUMBER(conf_cluster, max_backlog, "limit backlog",
	    1, 10000000, 65536),
	NUMBER(conf_cluster, rate, "limit rate", 1, 1000000, 200),
	NUMBER(conf_cluster, burst, "limit burst", 1, 1000000, 4096),
	NUMBER(conf_cluster, rate_total, "limit rate-total",
	    1, 100000000, 100000),
	NUMBER(conf_cluster, max_records, "limit records",
	    1, 100000000, 150000),
	NUMBERS_END
};

const struct conf_number conf_neighbor_numbers[] = {
	NUMBER(conf_neighbor, hello_interval, "hello-interval", 1, 3600, 3),
	NUMBER(conf_neighbor, dead_factor, "dead-factor", 1, 100, 3),
	NUMBER(conf_neighbor, rexmt_ca, "retransmit ca", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_csus, "retransmit csus", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_csu, "retransmit csu", 1, 3600, 3),
	NUMBER(conf_neighbor, rexmt_limit, "retransmit limit", 1, 100, 5),
	NUMBER(conf_neighbor, csu_batch, "csu-batch", 0, 500, 0),
	NUMBERS_END
};

static const char *const algorithm_names[] = {
	[CONF_HMAC_MD5] = "hmac-md5",
	[CONF_HMAC_SHA256] = "hmac-sha256",
	[CONF_HMAC_SHA384] = "hmac-sha384",
	[CONF_HMAC_SHA512] = "hmac-sha512"
};
#define NALGORITHMS	(sizeof(algorithm_names) / sizeof(*algorithm_names))

_Static_assert(NALGORITHMS == CONF_HMAC_SHA512 + 1, "one name per algorithm");

uint32_t
conf_number_get(const struct conf_number *n, const void *base)
{
	const uint8_t *p = (const uint8_t *)base + n->offset;
	uint32_t v32;
	uint16_t v16;

	if (n->size == sizeof(v16)) {
		memcpy(&v16, p, sizeof(v16));
		return v16;
	}
	memcpy(&v32, p, sizeof(v32));
	return v32;
}

bool
conf_number_set(const struct conf_number *n, void *base, uint64_t value)
{
	uint8_t *p = (uint8_t *)base + n->offset;
	uint32_t v32;
	uint16_t v16;

	if (value < n->min || value > n->max)
		return false;
	if (n->size == sizeof(v16)) {
		v16 = (uint16_t)value;
		memcpy(p, &v16, sizeof(v16));
	} else {
		v32 = (uint32_t)value;
		memcpy(p, &v32, sizeof(v32));
	}
	return true;
}

void
conf_numbers_default(const struct conf_number *n, void *base)
{
	for (; n->name != NULL; n++)
		(void)conf_number_set(n, base, n->dflt);
}

struct conf *
conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	TAILQ_INIT(&c->listens);
	TAILQ_INIT(&c->keys);
	TAILQ_INIT(&c->clusters);
	TAILQ_INIT(&c->groups);
	TAILQ_INIT(&c->edges);
	conf_numbers_default(conf_numbers, c);
	(void)strlcpy(c->control, "/var/run/mars", sizeof(c->control));
	(void)strlcpy(c->user_marsd, "_marsd", sizeof(c->user_marsd));
	(void)strlcpy(c->user_scspd, "_scspd", sizeof(c->user_scspd));
	(void)strlcpy(c->user_edged, "_edged", sizeof(c->user_edged));
	return c;
}

static struct conf_cluster *
conf_cluster_blank(void)
{
	struct conf_cluster *cl = calloc(1, sizeof(*cl));

	if (cl == NULL)
		return NULL;
	TAILQ_INIT(&cl->protocols);
	TAILQ_INIT(&cl->backups);
	TAILQ_INIT(&cl->allow);
	TAILQ_INIT(&cl->neighbors);
	conf_numbers_default(conf_cluster_numbers, cl);
	cl->strict_source = true;
	cl->protocol_id = PID_MARS;
	return cl;
}

struct conf_cluster *
conf_cluster_new(struct conf *c, const char *name)
{
	struct conf_cluster *cl;

	if ((cl = conf_cluster_blank()) == NULL)
		return NULL;
	(void)strlcpy(cl->name, name, sizeof(cl->name));
	TAILQ_INSERT_TAIL(&c->clusters, cl, entry);
	return cl;
}

struct conf_cluster *
conf_group_new(struct conf *c, uint16_t sgid, uint16_t pid)
{
	struct conf_cluster *g;

	if ((g = conf_cluster_blank()) == NULL)
		return NULL;
	g->server_group = sgid;
	g->protocol_id = pid;
	TAILQ_INSERT_TAIL(&c->groups, g, entry);
	return g;
}

struct conf_neighbor *
conf_neighbor_new(struct conf_cluster *cl)
{
	struct conf_neighbor *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	conf_numbers_default(conf_neighbor_numbers, n);
	n->auth = true;
	TAILQ_INSERT_TAIL(&cl->neighbors, n, entry);
	return n;
}

void
conf_cluster_free(struct conf_cluster *cl)
{
	CONF_LIST_FREE(&cl->protocols, conf_protocol);
	CONF_LIST_FREE(&cl->backups, conf_backup);
	CONF_LIST_FREE(&cl->allow, conf_prefix);
	CONF_LIST_FREE(&cl->neighbors, conf_neighbor);
	free(cl);
}

void
conf_keys_wipe(struct conf *c)
{
	struct conf_key *k;

	TAILQ_FOREACH(k, &c->keys, entry) {
		explicit_bzero(k->secret, sizeof(k->secret));
		k->wiped = true;
	}
}

void
conf_free(struct conf *c)
{
	struct conf_cluster *cl;
	struct conf_key *k;

	if (c == NULL)
		return;
	CONF_LIST_FREE(&c->listens, conf_listen);
	while ((k = TAILQ_FIRST(&c->keys)) != NULL) {
		TAILQ_REMOVE(&c->keys, k, entry);
		explicit_bzero(k, sizeof(*k));
		free(k);
	}
	while ((cl = TAILQ_FIRST(&c->clusters)) != NULL) {
		TAILQ_REMOVE(&c->clusters, cl, entry);
		conf_cluster_free(cl);
	}
	while ((cl = TAILQ_FIRST(&c->groups)) != NULL) {
		TAILQ_REMOVE(&c->groups, cl, entry);
		conf_cluster_free(cl);
	}
	conf_edges_free(c);
	free(c);
}

struct conf_cluster *
conf_cluster_find(const struct conf *c, const char *name)
{
	struct conf_cluster *cl;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (strcmp(cl->name, name) == 0)
			return cl;
	return NULL;
}

bool
conf_has_server(const struct conf *c)
{
	return !TAILQ_EMPTY(&c->clusters) || !TAILQ_EMPTY(&c->groups);
}

const struct conf_key *
conf_key_find(const struct conf *c, uint32_t spi)
{
	const struct conf_key *k;

	TAILQ_FOREACH(k, &c->keys, entry)
		if (k->spi == spi)
			return k;
	return NULL;
}

bool
conf_period_has(const struct conf_period *p, int64_t when)
{
	/* no bound: also by a clock that is before 1970 */
	return (p->from == 0 || p->from <= when) &&
	    (p->until == 0 || when <= p->until);
}

/* Each turn goes on to the end of a key that was not looked at before. */
int64_t
conf_periods_end(const struct conf_period *v, size_t n, int64_t now)
{
	int64_t end = now - 1, before;
	size_t i;

	do {
		before = end;
		for (i = 0; i < n; i++) {
			if (!conf_period_has(&v[i], end + 1))
				continue;
			if (v[i].until == 0)
				return 0;
			end = v[i].until;
		}
	} while (end != before);
	return end;
}

/* How far it is from its begin and its end, as far as that counts; -1: out. */
static int64_t
period_room(const struct conf_period *p, int64_t now)
{
	int64_t room = CONF_KEY_MARGIN;

	if (!conf_period_has(p, now))
		return -1;
	if (p->from != 0 && now - p->from < room)
		room = now - p->from;
	if (p->until != 0 && p->until - now < room)
		room = p->until - now;
	return room;
}

size_t
conf_periods_sign(const struct conf_period *v, size_t n, int64_t now)
{
	int64_t room, most = -1;
	size_t i, best = n;

	for (i = 0; i < n; i++)
		if ((room = period_room(&v[i], now)) > most) {
			most = room;
			best = i;
		}
	return best;
}

const char *
conf_algorithm_name(enum conf_algorithm a)
{
	return (size_t)a < NALGORITHMS ? algorithm_names[a] : "unknown";
}

size_t
conf_algorithm_length(enum conf_algorithm a)
{
	static const size_t lengths[NALGORITHMS] = { [CONF_HMAC_MD5] = 16,
		[CONF_HMAC_SHA256] = 32, [CONF_HMAC_SHA384] = 48,
		[CONF_HMAC_SHA512] = 64 };

	return (size_t)a < NALGORITHMS ? lengths[a] : 0;
}

bool
conf_algorithm_find(const char *name, enum conf_algorithm *a)
{
	size_t i;

	for (i = 0; i < NALGORITHMS; i++)
		if (strcmp(algorithm_names[i], name) == 0) {
			*a = (enum conf_algorithm)i;
			return true;
		}
	return false;
}
