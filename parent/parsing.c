/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the actions of all statements need; see parsing.h. */
#include <openssl/evp.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "parsing.h"
#include "sentence.h"

#define ERRORS_MAX	100	/* lines about one file */

/* A string of the file; it lives until the end. */
struct parsing_text {
	SLIST_ENTRY(parsing_text) entry;
	char			 s[];
};

static const struct {
	const char	*prefix;	/* of the names of numbers in it */
	const char	*words;		/* what an error there says */
} blocks[] = {
	[PARSING_FILE] = { "",
	    "a statement is server-id, listen, udp, enquiry-interval, "
	    "enquiry-maximum, control, user, confinement, limit, key, "
	    "cluster, server-group, edge, include or name = \"value\"" },
	[PARSING_LIMIT] = { "limit ",
	    "a limit block outside of clusters takes circuits and "
	    "circuits-per-address" },
	[PARSING_KEY] = { "",
	    "a key block takes algorithm, file and valid" },
	[PARSING_CLUSTER] = { "",
	    "a cluster block takes address, server-group, protocol, cmi, "
	    "redirect, backup, allow, limit, tombstone, hold, hop-count, "
	    "csn, strict-source, native-parties and neighbor" },
	[PARSING_CLUSTER_LIMIT] = { "limit ",
	    "a cluster's limit block takes members, joins-per-member, "
	    "joins, groups, servers, servers-known, serve-range, backlog, "
	    "rate, burst, rate-total and records" },
	[PARSING_REDIRECT] = { "redirect ",
	    "a redirect block takes interval, dead and order" },
	[PARSING_GROUP] = { "",
	    "a server-group block takes hop-count, limit and neighbor" },
	[PARSING_GROUP_LIMIT] = { "limit ",
	    "a server-group's limit block takes records" },
	[PARSING_NEIGHBOR] = { "",
	    "a neighbor block takes key, auth, replay, hello-interval, "
	    "dead-factor, csu-batch and retransmit" },
	[PARSING_RETRANSMIT] = { "retransmit ",
	    "a retransmit block takes ca, csus, csu and limit" },
	[PARSING_EDGE] = { "",
	    "an edge block takes address, cluster, servers, protocol, lan, "
	    "tun, allow, link-local, group, serve, key, mtu, queue, df, path, "
	    "hello-port and limit" },
	[PARSING_EDGE_LIMIT] = { "limit ",
	    "an edge's limit block takes flows" },
	[PARSING_RULE] = { "",
	    "a group block takes rate, ttl min and dscp" },
	[PARSING_LAN] = { "",
	    "a lan block takes querier, discovery, fast-leave, forward, "
	    "priority, igmp, mld, source, static, query and limit" },
	[PARSING_TUN] = { "",
	    "a tun block takes address and what a lan block takes" },
	[PARSING_QUERY] = { "query ",
	    "a query block takes interval, response, leave, leave-count and "
	    "robustness" },
	[PARSING_LAN_LIMIT] = { "limit ",
	    "a LAN's limit block takes groups, sources, groups-per-host, "
	    "hosts, new-flows, rate and rate-per-source" },
};

static struct parse_place *
place_new(const void *obj, const char *file, int line)
{
	struct parse_place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		fatal("parse");
	p->obj = obj;
	(void)strlcpy(p->file, file, sizeof(p->file));
	p->line = line;
	return p;
}

static void
parsing_opened(void *arg, const char *path, const char *text, size_t len)
{
	struct parsing *ps = arg;
	struct parse_place *p = place_new(NULL, path, 1);

	SLIST_INSERT_HEAD(&ps->record->files, p, entry);
	if (EVP_DigestUpdate(ps->digest, text, len) != 1)
		fatalx("parse: digest");
}

static void
digest_begin(struct parsing *ps)
{
	if ((ps->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(ps->digest, EVP_sha256(), NULL) != 1)
		fatalx("parse: digest");
}

static void
digest_end(struct parsing *ps)
{
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned int n = 0, i;

	if (EVP_DigestFinal_ex(ps->digest, octets, &n) != 1)
		fatalx("parse: digest");
	EVP_MD_CTX_free(ps->digest);
	for (i = 0; i < n && 2 * i + 2 < PARSE_DIGEST_SIZE; i++)
		(void)snprintf(
		    ps->record->digest + 2 * i, 3, "%02x", octets[i]);
}

void
parsing_init(struct parsing *ps, struct lex_macros *macros, const char *file,
    char *why, size_t size, struct parse_record *record)
{
	memset(ps, 0, sizeof(*ps));
	SLIST_INIT(&record->places);
	SLIST_INIT(&record->files);
	ps->record = record;
	SLIST_INIT(&ps->texts);
	digest_begin(ps);
	ps->why = why;
	ps->why_size = size;
	*why = '\0';
	if ((ps->conf = conf_new()) == NULL)
		fatal("parse");
	lex_init(&ps->lex, macros, parsing_report, ps);
	ps->lex.opened = parsing_opened;
	/* until there is a first line, errors are about the file */
	ps->lex.line = 1;
	(void)strlcpy(ps->lex.file, file, sizeof(ps->lex.file));
}

struct conf *
parsing_end(struct parsing *ps)
{
	struct parsing_text *t;

	lex_free(&ps->lex);
	digest_end(ps);
	while ((t = SLIST_FIRST(&ps->texts)) != NULL) {
		SLIST_REMOVE_HEAD(&ps->texts, entry);
		free(t);
	}
	lex_macros_free(ps->lex.macros, false);
	if (ps->errors == 0)
		return ps->conf;
	conf_free(ps->conf);
	return NULL;
}

void
parse_record_free(struct parse_record *r)
{
	struct parse_place *p;

	while ((p = SLIST_FIRST(&r->places)) != NULL) {
		SLIST_REMOVE_HEAD(&r->places, entry);
		free(p);
	}
	while ((p = SLIST_FIRST(&r->files)) != NULL) {
		SLIST_REMOVE_HEAD(&r->files, entry);
		free(p);
	}
}

const struct parse_place *
parse_place_of(const struct parse_record *r, const void *obj)
{
	const struct parse_place *p;

	SLIST_FOREACH(p, &r->places, entry)
		if (p->obj == obj)
			break;
	return p;
}

/* One line about an error; the first is kept for who asked for a reload. */
static void
blame(struct parsing *ps, const char *file, int line, const char *text)
{
	if (ps->errors++ == 0)
		(void)snprintf(
		    ps->why, ps->why_size, "%s:%d: %s", file, line, text);
	if (ps->errors == ERRORS_MAX + 1)
		log_warnx("there are more errors, which are not listed");
	if (ps->errors > ERRORS_MAX)
		return;
	log_warnx("%s:%d: %s", file, line, text);
}

void
parsing_report(void *arg, const char *text)
{
	struct parsing *ps = arg;

	blame(ps, ps->lex.file, ps->lex.line, text);
}

void
parsing_wrong(struct parsing *ps, const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	parsing_report(ps, text);
}

void
parsing_complain(struct parsing *ps, const void *obj, const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	const struct parse_place *o;
	va_list ap;

	/* each looks for its place in a list */
	if (ps->errors > ERRORS_MAX) {
		ps->errors++;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((o = parse_place_of(ps->record, obj)) != NULL)
		blame(ps, o->file, o->line, text);
	else
		parsing_report(ps, text);
}

void
parsing_remark(struct parsing *ps, const void *obj, const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	const struct parse_place *o;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o = parse_place_of(ps->record, obj);
	log_warnx("%s:%d: %s", o == NULL ? ps->lex.file : o->file,
	    o == NULL ? ps->lex.line : o->line, text);
}

void
parsing_origin(struct parsing *ps, const void *obj)
{
	struct parse_place *p = place_new(obj, ps->lex.file, ps->lex.line);

	SLIST_INSERT_HEAD(&ps->record->places, p, entry);
}

void *
parsing_item(struct parsing *ps, size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		fatal("parse");
	parsing_origin(ps, p);
	return p;
}

char *
parsing_join(struct parsing *ps, const char *a, const char *b)
{
	size_t size = strlen(a) + strlen(b) + 1;
	struct parsing_text *t = malloc(sizeof(*t) + size);

	if (t == NULL)
		fatal("parse");
	(void)snprintf(t->s, size, "%s%s", a, b);
	SLIST_INSERT_HEAD(&ps->texts, t, entry);
	return t->s;
}

void
parsing_enter(struct parsing *ps, enum parsing_block block)
{
	ps->block = block;
	if (block != PARSING_NEIGHBOR && block != PARSING_RETRANSMIT)
		ps->neighbor = NULL;
}

const char *
parsing_words(const struct parsing *ps)
{
	return blocks[ps->block].words;
}

void
parsing_number(struct parsing *ps, const char *name, uint64_t value)
{
	const struct conf_number *n;
	char full[64];
	void *base;

	if (ps->neighbor != NULL) {
		n = conf_neighbor_numbers;
		base = ps->neighbor;
	} else if (ps->cluster != NULL) {
		n = conf_cluster_numbers;
		base = ps->cluster;
	} else if (ps->rule != NULL) {
		n = conf_rule_numbers;
		base = ps->rule;
	} else if (ps->lan != NULL) {
		n = conf_lan_numbers;
		base = ps->lan;
	} else if (ps->edge != NULL) {
		n = conf_edge_numbers;
		base = ps->edge;
	} else {
		n = conf_numbers;
		base = ps->conf;
	}
	(void)snprintf(
	    full, sizeof(full), "%s%s", blocks[ps->block].prefix, name);
	for (; n->name != NULL; n++)
		if (strcmp(n->name, full) == 0)
			break;
	if (n->name == NULL)
		parsing_wrong(ps, "unexpected %s: %s", name, parsing_words(ps));
	else if (!conf_number_set(n, base, value))
		parsing_wrong(ps, "%s is %llu: write a number from %u to %u",
		    full, (unsigned long long)value, n->min, n->max);
}

void
parsing_address(struct parsing *ps, struct atm_addr *a, const char *s)
{
	if (atm_addr_parse(a, s) == -1) {
		parsing_wrong(ps,
		    "%s is no address: write an IP address, 192.0.2.1%%SEL, an "
		    "NSAPA of 40 hex digits or +digits",
		    s);
		memset(a, 0, sizeof(*a));
	}
}

void
parsing_path(struct parsing *ps, char *buf, size_t size, const char *what,
    const char *path)
{
	*buf = '\0';
	if (*path == '\0')
		parsing_wrong(
		    ps, "%s names no path: write one in quotes", what);
	else if (!lex_path(&ps->lex, path, buf, size)) {
		*buf = '\0';
		parsing_wrong(ps,
		    "the path of %s is longer than %d characters: use a "
		    "shorter one",
		    what, CONF_PATH_SIZE - 1);
	}
}

void
parsing_name(struct parsing *ps, char *buf, const char *name)
{
	if (*name == '\0' || strlcpy(buf, name, NAME_SIZE) >= NAME_SIZE)
		parsing_wrong(ps, "\"%s\" is no name: write 1 to %d characters",
		    name, NAME_SIZE - 1);
}

bool
parsing_choice(
    struct parsing *ps, const char *s, const char *no, const char *yes)
{
	if (strcmp(s, yes) == 0)
		return true;
	if (strcmp(s, no) != 0)
		parsing_wrong(ps, "unexpected %s: write %s or %s", s, yes, no);
	return false;
}
