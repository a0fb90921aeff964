/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Prints a configuration so that it parses again, without its secrets. */

#include <string.h>
#include <time.h>

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
	uint16_t i;

	print_addr(f, "\tneighbor ", &n->addr);
	(void)fprintf(f, " {\n");
	for (i = 0; i < n->nspis; i++)
		(void)fprintf(f, "%s%u%s", i == 0 ? "\t\tkey " : ", ",
		    n->spis[i], i + 1 == n->nspis ? "\n" : "");
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
	char buf[ATM_STRLEN];
	const struct conf_protocol *p;
	const struct conf_backup *b;
	const struct conf_prefix *a;

	TAILQ_FOREACH(p, &cl->protocols, entry)
		print_protocol(f, &p->pro);
	TAILQ_FOREACH(b, &cl->backups, entry) {
		print_addr(f, "\tbackup ", &b->addr);
		(void)fputc('\n', f);
	}
	TAILQ_FOREACH(a, &cl->allow, entry)
		(void)fprintf(f, "\tallow from %s\n",
		    ip_prefix_print(&a->prefix, buf, sizeof(buf)));
}

static void
print_cluster(FILE *f, const struct conf_cluster *cl)
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

void
parent_print_config(FILE *f, const struct conf *c)
{
	const struct conf_listen *l;
	const struct conf_key *k;
	const struct conf_cluster *cl;

	(void)fprintf(f, "server-id %u.%u.%u.%u\ncontrol ", c->server_id[0],
	    c->server_id[1], c->server_id[2], c->server_id[3]);
	print_quoted(f, c->control);
	(void)fprintf(f, "\nuser marsd ");
	print_quoted(f, c->user_marsd);
	(void)fprintf(f, "\nuser scspd ");
	print_quoted(f, c->user_scspd);
	(void)fputc('\n', f);
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
	TAILQ_FOREACH(cl, &c->clusters, entry)
		print_cluster(f, cl);
	TAILQ_FOREACH(cl, &c->groups, entry)
		print_group(f, cl);
}
