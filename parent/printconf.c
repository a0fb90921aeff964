/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Prints a configuration so that it parses again, without its secrets. */

#include <string.h>
#include <time.h>

#include "conf_memory.h"
#include "parser.h"

static const char *
yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void
print_quoted(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			(void)fputc('\\', f);
		(void)fputc(*s, f);
	}
	(void)fputc('"', f);
}

static void
print_addr(FILE *f, const char *what, const struct atm_addr *a)
{
	char buf[ATM_STRLEN];

	(void)fprintf(f, "%s%s", what, atm_addr_print(a, buf, sizeof(buf)));
}

/* Prints the numbers whose name begins with prefix, one line each. */
static void
print_numbers(FILE *f, const char *indent, const char *prefix,
    const struct conf_number *n, const void *base)
{
	size_t len = strlen(prefix);

	for (; n->name != NULL; n++)
		if (strncmp(n->name, prefix, len) == 0)
			(void)fprintf(f, "%s%s %u\n", indent, n->name + len,
			    conf_number_get(n, base));
}

/* One number, by its full name. */
static void
print_number(FILE *f, const char *indent, const char *name,
    const struct conf_number *n, const void *base)
{
	for (; n->name != NULL; n++)
		if (strcmp(n->name, name) == 0)
			(void)fprintf(f, "%s%s %u\n", indent, name,
			    conf_number_get(n, base));
}

static void
print_prefixes(FILE *f, const char *what, const struct conf_prefixes *head)
{
	char buf[PADDR_STRLEN];
	const struct conf_prefix *p;

	TAILQ_FOREACH(p, head, entry)
		(void)fprintf(f, "%s %s\n", what,
		    ip_prefix_print(&p->prefix, buf, sizeof(buf)));
}

/* The keys as a list, on a line of its own if there is any. */
static void
print_keys(FILE *f, const char *what, const uint32_t *spis, uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		(void)fprintf(f, "%s%u%s", i == 0 ? what : ", ", spis[i],
		    i + 1 == n ? "\n" : "");
}

static void
print_listen(FILE *f, const struct conf_listen *l)
{
	switch (l->transport) {
	case CONF_LISTEN_UDP:
		print_addr(f, "listen on udp ", &l->addr);
		if (l->mtu != 0)
			(void)fprintf(f, " mtu %u", l->mtu);
		break;
	case CONF_LISTEN_ATM_SVC:
		print_addr(f, "listen on atm-svc ", &l->addr);
		break;
	case CONF_LISTEN_ATM_PVC:
		(void)fprintf(
		    f, "listen on atm-pvc %d.%d.%d", l->itf, l->vpi, l->vci);
		print_addr(f, " peer ", &l->peer);
		print_addr(f, " address ", &l->addr);
		break;
	}
	(void)fputc('\n', f);
}

static void
print_time(FILE *f, const char *what, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char buf[64];

	if (when == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	(void)fprintf(f, " %s %s", what, buf);
}

static void
print_key(FILE *f, const struct conf_key *k)
{
	(void)fprintf(f, "key %u {\n\talgorithm %s\n\tfile ", k->spi,
	    conf_algorithm_name(k->algorithm));
	print_quoted(f, k->file);
	if (k->not_before != 0 || k->not_after != 0) {
		(void)fprintf(f, "\n\tvalid");
		print_time(f, "from", k->not_before);
		print_time(f, "until", k->not_after);
	}
	(void)fprintf(f, "\n}\n");
}

static void
print_neighbor(FILE *f, const struct conf_neighbor *n)
{
	print_addr(f, "\tneighbor ", &n->addr);
	(void)fprintf(f, " {\n");
	print_keys(f, "\t\tkey ", n->spis, n->nspis);
	(void)fprintf(f, "\t\tauth %s\n", n->auth ? "required" : "off");
	(void)fprintf(
	    f, "\t\treplay %s\n", n->replay_required ? "required" : "optional");
	print_number(f, "\t\t", "hello-interval", conf_neighbor_numbers, n);
	print_number(f, "\t\t", "dead-factor", conf_neighbor_numbers, n);
	print_number(f, "\t\t", "csu-batch", conf_neighbor_numbers, n);
	(void)fprintf(f, "\t\tretransmit {\n");
	print_numbers(f, "\t\t\t", "retransmit ", conf_neighbor_numbers, n);
	(void)fprintf(f, "\t\t}\n\t}\n");
}

static void
print_protocol(FILE *f, const struct mars_pro *p)
{
	if (p->type == PRO_IPV4)
		(void)fprintf(f, "\tprotocol ipv4\n");
	else if (p->type == PRO_IPV6)
		(void)fprintf(f, "\tprotocol ipv6\n");
	else if (p->type != PRO_SNAP)
		(void)fprintf(f, "\tprotocol 0x%04x\n", p->type);
	else
		(void)fprintf(f,
		    "\tprotocol snap \"%02x-%02x-%02x-%02x-%02x\"\n",
		    p->snap[0], p->snap[1], p->snap[2], p->snap[3], p->snap[4]);
}

static void
print_lists(FILE *f, const struct conf_cluster *cl)
{
	const struct conf_protocol *p;
	const struct conf_backup *b;

	TAILQ_FOREACH(p, &cl->protocols, entry)
		print_protocol(f, &p->pro);
	TAILQ_FOREACH(b, &cl->backups, entry) {
		print_addr(f, "\tbackup ", &b->addr);
		(void)fputc('\n', f);
	}
	print_prefixes(f, "\tallow from", &cl->allow);
}

void
parent_print_cluster(FILE *f, const struct conf_cluster *cl)
{
	static const char *const single[] = { "server-group", "tombstone",
		"hold", "hop-count" };
	const struct conf_number *n = conf_cluster_numbers;
	const struct conf_neighbor *nb;
	size_t i;

	(void)fprintf(f, "cluster ");
	print_quoted(f, cl->name);
	print_addr(f, " {\n\taddress ", &cl->addr);
	(void)fputc('\n', f);
	for (i = 0; i < sizeof(single) / sizeof(*single); i++)
		print_number(f, "\t", single[i], n, cl);
	(void)fprintf(f, "\tcmi %u - %u\n", cl->cmi_min, cl->cmi_max);
	print_lists(f, cl);
	(void)fprintf(f, "\tredirect {\n");
	print_numbers(f, "\t\t", "redirect ", n, cl);
	(void)fprintf(f, "\t\torder %s\n\t}\n",
	    cl->redirect_order == CONF_ORDER_LOWEST ? "lowest" : "self");
	(void)fprintf(f, "\tlimit {\n");
	print_numbers(f, "\t\t", "limit ", n, cl);
	(void)fprintf(
	    f, "\t}\n\tcsn %s\n", cl->csn_before ? "before" : "after");
	(void)fprintf(f, "\tstrict-source %s\n", yes_no(cl->strict_source));
	(void)fprintf(f, "\tnative-parties %s\n", yes_no(cl->native_parties));
	TAILQ_FOREACH(nb, &cl->neighbors, entry)
		print_neighbor(f, nb);
	(void)fprintf(f, "}\n");
}

static void
print_group(FILE *f, const struct conf_cluster *g)
{
	const struct conf_neighbor *nb;

	(void)fprintf(f, "server-group %u protocol-id %u {\n", g->server_group,
	    g->protocol_id);
	print_number(f, "\t", "hop-count", conf_cluster_numbers, g);
	print_number(f, "\t", "limit records", conf_cluster_numbers, g);
	TAILQ_FOREACH(nb, &g->neighbors, entry)
		print_neighbor(f, nb);
	(void)fprintf(f, "}\n");
}

static const char *
on_off(bool on)
{
	return on ? "on" : "off";
}

/* With the largest unit that gives a whole number. */
static void
print_rate(FILE *f, const char *what, uint64_t rate)
{
	static const char *const units[] = { "", "K", "M", "G" };
	size_t u;

	for (u = 0; rate != 0 && rate % 1000 == 0 && u < 3; u++)
		rate /= 1000;
	(void)fprintf(
	    f, "%s %llu%s\n", what, (unsigned long long)rate, units[u]);
}

static void
print_lan(FILE *f, const struct conf_lan *l)
{
	static const char *const forwards[CONF_FORWARD_MAX] = {
		[CONF_FORWARD_ELECTED] = "elected",
		[CONF_FORWARD_ALWAYS] = "always",
		[CONF_FORWARD_NEVER] = "never"
	};
	const struct conf_number *n = conf_lan_numbers;

	(void)fprintf(f, "\t%s ", l->tun ? "tun" : "lan");
	print_quoted(f, l->name);
	(void)fprintf(f, " {\n");
	print_prefixes(f, "\t\taddress", &l->addrs);
	(void)fprintf(f, "\t\tquerier %s\n\t\tdiscovery %s\n",
	    on_off(l->querier), on_off(l->discovery));
	(void)fprintf(f, "\t\tfast-leave %s\n\t\tforward %s\n",
	    on_off(l->fast_leave), forwards[l->forward]);
	print_number(f, "\t\t", "priority", n, l);
	print_number(f, "\t\t", "igmp", n, l);
	print_number(f, "\t\t", "mld", n, l);
	print_prefixes(f, "\t\tsource", &l->sources);
	print_prefixes(f, "\t\tstatic", &l->statics);
	(void)fprintf(f, "\t\tquery {\n");
	print_numbers(f, "\t\t\t", "query ", n, l);
	(void)fprintf(f, "\t\t}\n\t\tlimit {\n");
	print_numbers(f, "\t\t\t", "limit ", n, l);
	print_rate(f, "\t\t\trate", l->rate);
	print_rate(f, "\t\t\trate-per-source", l->source_rate);
	(void)fprintf(f, "\t\t}\n\t}\n");
}

static void
print_allow(FILE *f, const struct conf_allow *a)
{
	char buf[PADDR_STRLEN];

	(void)fprintf(f, "\tallow group %s",
	    ip_prefix_print(&a->group, buf, sizeof(buf)));
	if (a->has_source)
		(void)fprintf(f, " source %s",
		    ip_prefix_print(&a->source, buf, sizeof(buf)));
	(void)fprintf(f, "%s\n",
	    a->dirs == CONF_DIR_IN ? " in" :
	    a->dirs == CONF_DIR_OUT ? " out" :
	    "");
}

static void
print_rule(FILE *f, const struct conf_rule *r)
{
	char buf[PADDR_STRLEN];

	(void)fprintf(f, "\tgroup %s {\n",
	    ip_prefix_print(&r->group, buf, sizeof(buf)));
	print_rate(f, "\t\trate", r->rate);
	print_number(f, "\t\t", "ttl min", conf_rule_numbers, r);
	if (r->dscp == CONF_DSCP_COPY)
		(void)fprintf(f, "\t\tdscp copy\n\t}\n");
	else
		(void)fprintf(f, "\t\tdscp %u\n\t}\n", r->dscp);
}

void
parent_print_edge(FILE *f, const struct conf_edge *e)
{
	static const char *const paths[CONF_PATH_MAX] = {
		[CONF_PATH_AUTO] = "auto",
		[CONF_PATH_USER] = "user",
		[CONF_PATH_KERNEL] = "kernel"
	};
	const struct conf_number *n = conf_edge_numbers;
	const struct conf_backup *b;
	const struct conf_allow *a;
	const struct conf_rule *r;
	const struct conf_lan *l;

	(void)fprintf(f, "edge ");
	print_quoted(f, e->name);
	print_addr(f, " {\n\taddress ", &e->addr);
	(void)fprintf(f, "\n\tcluster ");
	print_quoted(f, e->cluster);
	TAILQ_FOREACH(b, &e->servers, entry)
		print_addr(f, "\n\tservers ", &b->addr);
	(void)fprintf(f, "\n%s%s", e->ipv4 ? "\tprotocol ipv4\n" : "",
	    e->ipv6 ? "\tprotocol ipv6\n" : "");
	print_keys(f, "\tkey ", e->spis, e->nspis);
	TAILQ_FOREACH(l, &e->lans, entry)
		print_lan(f, l);
	TAILQ_FOREACH(a, &e->allows, entry)
		print_allow(f, a);
	print_prefixes(f, "\tlink-local", &e->link_locals);
	TAILQ_FOREACH(r, &e->rules, entry)
		print_rule(f, r);
	print_prefixes(f, "\tserve", &e->serves);
	print_number(f, "\t", "mtu", n, e);
	print_number(f, "\t", "queue", n, e);
	print_number(f, "\t", "hello-port", n, e);
	print_number(f, "\t", "limit flows", n, e);
	(void)fprintf(
	    f, "\tdf %s\n\tpath %s\n}\n", on_off(e->df), paths[e->path]);
}

void
parent_print_top(FILE *f, const struct conf *c)
{
	const struct conf_listen *l;
	const struct conf_key *k;

	/* edges alone need none */
	if (conf_has_server(c))
		(void)fprintf(f, "server-id %u.%u.%u.%u\n", c->server_id[0],
		    c->server_id[1], c->server_id[2], c->server_id[3]);
	(void)fprintf(f, "control ");
	print_quoted(f, c->control);
	if (*c->control_group != '\0') {
		(void)fprintf(f, "\ncontrol group ");
		print_quoted(f, c->control_group);
	}
	if (*c->control_readers != '\0') {
		(void)fprintf(f, "\ncontrol read-only group ");
		print_quoted(f, c->control_readers);
	}
	(void)fprintf(f, "\nuser marsd ");
	print_quoted(f, c->user_marsd);
	(void)fprintf(f, "\nuser scspd ");
	print_quoted(f, c->user_scspd);
	(void)fprintf(f, "\nuser edged ");
	print_quoted(f, c->user_edged);
	(void)fprintf(f, "\nconfinement %s\n",
	    c->best_effort ? "best-effort" : "required");
	print_number(f, "", "udp base-port", conf_numbers, c);
	print_number(f, "", "enquiry-interval", conf_numbers, c);
	print_number(f, "", "enquiry-maximum", conf_numbers, c);
	(void)fprintf(f, "limit {\n");
	print_numbers(f, "\t", "limit ", conf_numbers, c);
	(void)fprintf(f, "}\n");
	TAILQ_FOREACH(l, &c->listens, entry)
		print_listen(f, l);
	TAILQ_FOREACH(k, &c->keys, entry)
		print_key(f, k);
}

/* A comment, so that what is printed can be read. */
static void
print_megabytes(FILE *f, const char *who, uint64_t octets)
{
	if (octets == 0)
		return;
	(void)fprintf(f, "# %s: %llu MB\n", who,
	    (unsigned long long)(octets + 999999) / 1000000);
}

static void
print_memory(FILE *f, const struct conf *c)
{
	struct conf_memory m;

	conf_memory(c, &m);
	print_megabytes(f, "the most memory that this lets mars take", m.mars);
	print_megabytes(f, "marsd", m.marsd);
	print_megabytes(f, "scspd", m.scspd);
	print_megabytes(f, "edged", m.edged);
}

void
parent_print_config(FILE *f, const struct conf *c)
{
	const struct conf_cluster *cl;
	const struct conf_edge *e;

	parent_print_top(f, c);
	TAILQ_FOREACH(cl, &c->clusters, entry)
		parent_print_cluster(f, cl);
	TAILQ_FOREACH(cl, &c->groups, entry)
		print_group(f, cl);
	TAILQ_FOREACH(e, &c->edges, entry)
		parent_print_edge(f, e);
	print_memory(f, c);
}
