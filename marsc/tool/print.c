/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "print.h"

/* --- JSON */

static void
json_string(FILE *f, const char *s)
{
	char buf[JSON_CHAR_SIZE];

	fputc('"', f);
	while (*s != '\0')
		fputs(json_char(&s, buf), f);
	fputc('"', f);
}

static void
json_pair(FILE *f, const char *name, const char *value)
{
	fprintf(f, ",\"%s\":", name);
	json_string(f, value);
}

static void
json_atm(FILE *f, const char *name, const struct atm_addr *a)
{
	char buf[ATM_STRLEN];

	if (a != NULL)
		json_pair(f, name, atm_addr_print(a, buf, sizeof(buf)));
}

static void
json_range(FILE *f, const struct paddr *min, const struct paddr *max)
{
	char buf[PADDR_STRLEN];

	if (min == NULL)
		return;
	if (max == NULL || paddr_equal(min, max)) {
		json_pair(f, "group", paddr_print(min, buf, sizeof(buf)));
		return;
	}
	json_pair(f, "min", paddr_print(min, buf, sizeof(buf)));
	json_pair(f, "max", paddr_print(max, buf, sizeof(buf)));
}

static void
json_lists(FILE *f, const struct marsc_notice *n)
{
	char abuf[ATM_STRLEN], pbuf[PADDR_STRLEN];
	size_t i;

	if (n->code != MARSC_NOTICE_MEMBERS && n->code != MARSC_NOTICE_GROUPS &&
	    n->code != MARSC_NOTICE_SENT) {
		if (n->n > 0)
			json_atm(f, "leaf", &n->addrs[0]);
		return;
	}
	fprintf(f, ",\"%s\":[",
	    n->code == MARSC_NOTICE_GROUPS ? "groups" : "members");
	for (i = 0; i < n->n; i++) {
		if (i > 0)
			fputc(',', f);
		json_string(f,
		    n->code == MARSC_NOTICE_GROUPS ?
		    paddr_print(&n->groups[i], pbuf, sizeof(pbuf)) :
		    atm_addr_print(&n->addrs[i], abuf, sizeof(abuf)));
	}
	fputc(']', f);
}

static void
json_heard(FILE *f, const struct mars_msg *m)
{
	char buf[PADDR_STRLEN];
	struct paddr min, max;
	uint16_t i;

	json_pair(f, "op", mars_op_name(m->op));
	json_atm(f, "source", &m->src);
	fprintf(f, ",\"msn\":%u", m->msn);
	if (m->op == MARS_MIGRATE || m->op == MARS_REDIRECT_MAP) {
		fprintf(f, ",\"addresses\":%u", m->tnum);
		return;
	}
	fprintf(f, ",\"flags\":%u,\"pairs\":[", m->flags);
	for (i = 0; i < m->pnum && m->tpln > 0; i++) {
		mars_pair(m, i, &min, &max);
		fprintf(f, "%s[", i > 0 ? "," : "");
		json_string(f, paddr_print(&min, buf, sizeof(buf)));
		fputc(',', f);
		json_string(f, paddr_print(&max, buf, sizeof(buf)));
		fputc(']', f);
	}
	fputc(']', f);
}

static void
json_notice(
    FILE *f, const struct atm_addr *client, const struct marsc_notice *n)
{
	fprintf(f, "{\"event\":\"%s\"", marsc_notice_name(n->code));
	json_atm(f, "client", client);
	json_atm(f, "server", n->server);
	if (n->code == MARSC_NOTICE_REGISTERED)
		fprintf(f, ",\"cmi\":%u", n->number);
	else if (n->code == MARSC_NOTICE_JUMP)
		fprintf(f, ",\"msn\":%u", n->number);
	else if (n->code == MARSC_NOTICE_NO_MARS)
		fprintf(f, ",\"wait\":%u", n->number);
	json_range(f, n->min, n->max);
	if (n->code == MARSC_NOTICE_SENT || n->code == MARSC_NOTICE_NOT_SENT)
		fprintf(f, ",\"packets\":%u", n->number);
	json_lists(f, n);
	if (n->why != NULL)
		json_pair(f, "why", n->why);
	if (n->msg != NULL)
		json_heard(f, n->msg);
	if (n->code == MARSC_NOTICE_VIOLATION) {
		json_pair(f, "table", n->table);
		json_pair(f, "state", n->state);
		json_pair(f, "input", n->event);
	}
	fputs("}\n", f);
}

/* --- plain lines */

static void
text_atm(FILE *f, const struct atm_addr *a)
{
	char buf[ATM_STRLEN];

	fputs(a == NULL ? "?" : atm_addr_print(a, buf, sizeof(buf)), f);
}

static void
text_range(FILE *f, const struct paddr *min, const struct paddr *max)
{
	char buf[PADDR_STRLEN];

	fputs(paddr_print(min, buf, sizeof(buf)), f);
	if (max != NULL && !paddr_equal(min, max))
		fprintf(f, "-%s", paddr_print(max, buf, sizeof(buf)));
}

static void
text_lists(FILE *f, const struct marsc_notice *n)
{
	char abuf[ATM_STRLEN], pbuf[PADDR_STRLEN];
	size_t i;

	if (n->code != MARSC_NOTICE_SENT)
		fputs(n->code == MARSC_NOTICE_GROUPS ? "groups in " :
		    "members of ", f);
	else if (n->number == 1)
		fputs("sent to ", f);
	else
		fprintf(f, "sent %u packets to ", n->number);
	text_range(f, n->min, n->max);
	fputs(n->n == 0 ? ": none" : ":", f);
	for (i = 0; i < n->n; i++)
		fprintf(f, " %s",
		    n->code == MARSC_NOTICE_GROUPS ?
		    paddr_print(&n->groups[i], pbuf, sizeof(pbuf)) :
		    atm_addr_print(&n->addrs[i], abuf, sizeof(abuf)));
}

static void
text_heard(FILE *f, const struct mars_msg *m)
{
	struct paddr min, max;
	uint16_t i;

	fprintf(f, "heard %s from ", mars_op_name(m->op));
	text_atm(f, &m->src);
	fprintf(f, " number %u", m->msn);
	if (m->op == MARS_MIGRATE || m->op == MARS_REDIRECT_MAP) {
		fprintf(f, " addresses %u", m->tnum);
		return;
	}
	for (i = 0; i < m->pnum && m->tpln > 0; i++) {
		mars_pair(m, i, &min, &max);
		fputc(' ', f);
		text_range(f, &min, &max);
	}
}

/* how a plain line begins, and which parts of the notice follow */
static const struct {
	const char	*words;
	bool		 range, server, leaf, why;
} text_forms[MARSC_NOTICE_MAX] = {
	[MARSC_NOTICE_DEREGISTERED] = { "deregistered from", false, true, false,
	    true },
	[MARSC_NOTICE_JOINED] = { "joined", true, false, false, false },
	[MARSC_NOTICE_LEFT] = { "left", true, false, false, false },
	[MARSC_NOTICE_QUERY_FAILED] = { "no answer about", true, false, false,
	    false },
	[MARSC_NOTICE_MARS_FAILED] = { "lost", false, true, false, true },
	[MARSC_NOTICE_NO_MARS] = { "no MARS answers, the last was", false, true,
	    false, false },
	[MARSC_NOTICE_BACKUP] = { "using backup", false, true, false, false },
	[MARSC_NOTICE_REDIRECT] = { "redirected to", false, true, false, true },
	[MARSC_NOTICE_REDIRECT_FAILED] = { "no redirect to", false, true, false,
	    false },
	[MARSC_NOTICE_PATH_UP] = { "path up to", true, false, false, false },
	[MARSC_NOTICE_PATH_DOWN] = { "path down to", true, false, false, true },
	[MARSC_NOTICE_LEAF_ADDED] =
	    { "leaf added to", true, false, true, false },
	[MARSC_NOTICE_LEAF_DROPPED] = { "leaf dropped from", true, false, true,
	    false },
	[MARSC_NOTICE_REVALIDATE] =
	    { "revalidating", true, false, false, false },
	[MARSC_NOTICE_NOT_SENT] = { "not sent to", true, false, false, true },
	[MARSC_NOTICE_NO_MEMORY] =
	    { "out of memory", false, false, false, true },
};

static void
text_form(FILE *f, const struct marsc_notice *n, bool mcs)
{
	const char *words = text_forms[n->code].words;

	if (mcs && n->code == MARSC_NOTICE_JOINED)
		words = "serving";
	else if (mcs && n->code == MARSC_NOTICE_LEFT)
		words = "no longer serving";
	fputs(words, f);
	if (text_forms[n->code].range || text_forms[n->code].server)
		fputc(' ', f);
	if (text_forms[n->code].range)
		text_range(f, n->min, n->max);
	if (text_forms[n->code].server)
		text_atm(f, n->server);
	if (text_forms[n->code].leaf) {
		fputs(": ", f);
		text_atm(f, n->addrs);
	}
	if (text_forms[n->code].why && n->why != NULL)
		fprintf(f, " (%s)", n->why);
}

static void
text_notice(const struct marsc_printer *p, const struct atm_addr *client,
    const struct marsc_notice *n)
{
	FILE *f = p->out;

	if (p->many) {
		text_atm(f, client);
		fputs(": ", f);
	}
	switch (n->code) {
	case MARSC_NOTICE_REGISTERED:
		fputs("registered with ", f);
		text_atm(f, n->server);
		if (p->mcs)
			fputs(" as a multicast server", f);
		else
			fprintf(f, " cmi %u", n->number);
		break;
	case MARSC_NOTICE_MEMBERS:
	case MARSC_NOTICE_GROUPS:
	case MARSC_NOTICE_SENT:
		text_lists(f, n);
		break;
	case MARSC_NOTICE_JUMP:
		fprintf(f, "missed messages before number %u", n->number);
		break;
	case MARSC_NOTICE_HEARD:
		text_heard(f, n->msg);
		break;
	case MARSC_NOTICE_VIOLATION:
		fprintf(f, "impossible: %s in state %s of table %s", n->event,
		    n->state, n->table);
		break;
	default:
		text_form(f, n, p->mcs);
		break;
	}
	fputc('\n', f);
}

void
marsc_print_notice(const struct marsc_printer *p, const struct atm_addr *client,
    const struct marsc_notice *n)
{
	if (n->code == MARSC_NOTICE_HEARD && !p->heard)
		return;
	if (p->json)
		json_notice(p->out, client, n);
	else
		text_notice(p, client, n);
	fflush(p->out);
}

static void
print_hex(FILE *f, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		fprintf(f, "%02x", data[i]);
}

void
marsc_print_packet(const struct marsc_printer *p, const struct atm_addr *client,
    const uint8_t *data, size_t len)
{
	if (p->json) {
		fputs("{\"event\":\"packet\"", p->out);
		json_atm(p->out, "client", client);
		fprintf(p->out, ",\"octets\":%zu", len);
		if (p->payload) {
			fputs(",\"data\":\"", p->out);
			print_hex(p->out, data, len);
			fputc('"', p->out);
		}
		fputs("}\n", p->out);
	} else {
		if (p->many) {
			text_atm(p->out, client);
			fputs(": ", p->out);
		}
		fprintf(p->out, "packet of %zu octets", len);
		if (p->payload) {
			fputs(": ", p->out);
			print_hex(p->out, data, len);
		}
		fputc('\n', p->out);
	}
	fflush(p->out);
}

void
marsc_print_counters(const struct marsc_printer *p, size_t clients,
    const uint64_t v[MARSC_DROP_MAX])
{
	FILE *f = p->out;
	bool none = true;
	int d;

	if (p->json)
		fprintf(f, "{\"event\":\"counters\",\"clients\":%zu", clients);
	else
		fputs("not used:", f);
	for (d = 0; d < MARSC_DROP_MAX; d++) {
		none &= v[d] == 0;
		if (p->json)
			fprintf(f, ",\"%s\":%" PRIu64,
			    marsc_drop_name((enum marsc_drop)d), v[d]);
		else if (v[d] != 0)
			fprintf(f, " %s %" PRIu64,
			    marsc_drop_name((enum marsc_drop)d), v[d]);
	}
	fputs(p->json ? "}\n" : none ? " nothing\n" : "\n", f);
	fflush(f);
}

void
marsc_print_text(
    const struct marsc_printer *p, const char *event, const char *text)
{
	if (p->json) {
		fprintf(p->out, "{\"event\":\"%s\"", event);
		json_pair(p->out, "text", text);
		fputs("}\n", p->out);
	} else
		fprintf(p->out, "%s\n", text);
	fflush(p->out);
}
