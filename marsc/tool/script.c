/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "timer.h"

#define WORDS_MAX	6
#define LINE_SIZE	SCRIPT_TEXT_MAX

struct marsc_line {
	char	 buf[LINE_SIZE];
	char	*word[WORDS_MAX];
	int	 n;
	char	 rest[LINE_SIZE];	/* what follows the second word */
};

static int
addr_cmp(const void *a, const void *b)
{
	return atm_addr_cmp(a, b);
}

void
marsc_script_sort(struct atm_addr *v, size_t n)
{
	if (n > 0)
		qsort(v, n, sizeof(*v), addr_cmp);
}

bool
marsc_script_same(
    const struct atm_addr *a, size_t na, const struct atm_addr *b, size_t nb)
{
	size_t i;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (!atm_addr_equal(&a[i], &b[i]))
			return false;
	return true;
}

bool
marsc_script_seconds(const char *s, int64_t *us)
{
	char *end;
	double d;

	errno = 0;
	d = strtod(s, &end);
	if (end == s || *end != '\0' || errno != 0 || !(d >= 0 && d <= 1e6))
		return false;
	*us = (int64_t)(d * 1e6 + 0.5);
	return true;
}

bool
marsc_script_range(const char *s, const struct mars_pro *pro, struct paddr *min,
    struct paddr *max)
{
	char buf[2 * PADDR_STRLEN], *dash;

	if (strlcpy(buf, s, sizeof(buf)) >= sizeof(buf))
		return false;
	if ((dash = strchr(buf, '-')) != NULL)
		*dash++ = '\0';
	if (paddr_parse(min, buf) == -1 ||
	    paddr_parse(max, dash == NULL ? buf : dash) == -1)
		return false;
	return min->len == mars_pro_addrlen(pro) && max->len == min->len &&
	    paddr_cmp(min, max) <= 0;
}

/* ADDR,ADDR,... or none */
static const char *
parse_addrs(struct marsc_step *s, char *list)
{
	struct atm_addr *v;
	char *a;

	if (strcmp(list, "none") == 0)
		return NULL;
	while ((a = strsep(&list, ",")) != NULL) {
		v = reallocarray(s->addrs, s->naddrs + 1, sizeof(*v));
		if (v == NULL)
			return "out of memory";
		s->addrs = v;
		if (atm_addr_parse(&v[s->naddrs++], a) == -1)
			return "bad ATM address";
	}
	marsc_script_sort(s->addrs, s->naddrs);
	return NULL;
}

/* expect members GROUP ADDR,ADDR|none [within SECONDS] */
static const char *
parse_expect(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	if ((l->n != 4 && l->n != 6) || strcmp(l->word[1], "members") != 0 ||
	    (l->n == 6 && strcmp(l->word[4], "within") != 0))
		return "expect members GROUP ADDRESS,...|none "
		    "[within SECONDS]";
	if (!marsc_script_range(l->word[2], pro, &s->min, &s->max) ||
	    !paddr_equal(&s->min, &s->max))
		return "bad group";
	if (l->n == 6 && !marsc_script_seconds(l->word[5], &s->us))
		return "bad number of seconds";
	return parse_addrs(s, l->word[3]);
}

static const char *
parse_none(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	(void)s;
	(void)pro;
	return l->n == 1 ? NULL : "takes no argument";
}

/* register [server] */
static const char *
parse_register(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	(void)pro;
	s->server = l->n == 2 && strcmp(l->word[1], "server") == 0;
	return l->n == 1 || s->server ? NULL : "register [server]";
}

static const char *
parse_range(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	if (l->n != 2 || !marsc_script_range(l->word[1], pro, &s->min, &s->max))
		return "needs one group or MIN-MAX";
	return NULL;
}

/* Without an argument all groups of the protocol, as 8.5 recommends. */
static const char *
parse_grouplist(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	const char *all = mars_pro_addrlen(pro) == 4 ?
	    "224.0.0.0-239.255.255.255" :
	    "ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

	if (l->n > 1)
		return parse_range(s, l, pro);
	return marsc_script_range(all, pro, &s->min, &s->max) ?
	    NULL :
	    "needs one group or MIN-MAX";
}

static const char *
parse_group(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	if (parse_range(s, l, pro) != NULL || !paddr_equal(&s->min, &s->max))
		return "needs one group";
	return NULL;
}

static const char *
parse_wait(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	(void)pro;
	if (l->n != 2 || !marsc_script_seconds(l->word[1], &s->us))
		return "needs a number of seconds";
	return NULL;
}

static const char *
parse_echo(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	(void)pro;
	s->text = strdup(l->rest);
	return s->text == NULL ? "out of memory" : NULL;
}

/* send GROUP TEXT */
static const char *
parse_send(
    struct marsc_step *s, struct marsc_line *l, const struct mars_pro *pro)
{
	const char *text;

	if (l->n < 3 || !marsc_script_range(l->word[1], pro, &s->min, &s->max))
		return "needs a group and a text";
	text = l->rest + strcspn(l->rest, " \t");
	s->text = strdup(text + strspn(text, " \t"));
	return s->text == NULL ? "out of memory" : NULL;
}

static const struct {
	const char	*name;
	enum marsc_verb	 verb;
	const char	*(*parse)(struct marsc_step *, struct marsc_line *,
			    const struct mars_pro *);
} verbs[] = {
	{ "register", MARSC_VERB_REGISTER, parse_register },
	{ "deregister", MARSC_VERB_DEREGISTER, parse_none },
	{ "join", MARSC_VERB_JOIN, parse_range },
	{ "leave", MARSC_VERB_LEAVE, parse_range },
	{ "serve", MARSC_VERB_SERVE, parse_range },
	{ "unserve", MARSC_VERB_UNSERVE, parse_range },
	{ "request", MARSC_VERB_REQUEST, parse_group },
	{ "grouplist", MARSC_VERB_GROUPLIST, parse_grouplist },
	{ "send", MARSC_VERB_SEND, parse_send },
	{ "wait", MARSC_VERB_WAIT, parse_wait },
	{ "expect", MARSC_VERB_EXPECT, parse_expect },
	{ "echo", MARSC_VERB_ECHO, parse_echo },
	{ "counters", MARSC_VERB_COUNTERS, parse_none },
	{ "stay", MARSC_VERB_STAY, parse_none },
};

static const char *
split(struct marsc_line *l, const char *text)
{
	const char *p;
	char *next = l->buf, *w;

	l->n = 0;
	if (strlcpy(l->buf, text, sizeof(l->buf)) >= sizeof(l->buf))
		return "line is too long";
	l->buf[strcspn(l->buf, "\r\n")] = '\0';
	p = l->buf + strspn(l->buf, " \t");
	p += strcspn(p, " \t");
	(void)strlcpy(l->rest, p + strspn(p, " \t"), sizeof(l->rest));
	while ((w = strsep(&next, " \t")) != NULL)
		if (*w != '\0' && l->n < WORDS_MAX)
			l->word[l->n++] = w;
		else if (*w != '\0')
			break;
	return NULL;
}

static void
step_free(struct marsc_step *s)
{
	free(s->addrs);
	free(s->text);
	free(s);
}

const char *
marsc_script_line(
    struct marsc_script *script, const char *text, const struct mars_pro *pro)
{
	struct marsc_line l;
	const char *error;
	struct marsc_step *s;
	size_t i;

	if ((error = split(&l, text)) != NULL)
		return error;
	if (l.n == 0 || l.word[0][0] == '#')
		return NULL;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, l.word[0]) == 0)
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return "unknown command";
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return "out of memory";
	s->verb = verbs[i].verb;
	if ((error = verbs[i].parse(s, &l, pro)) != NULL) {
		step_free(s);
		return error;
	}
	STAILQ_INSERT_TAIL(script, s, entry);
	return NULL;
}

bool
marsc_script_add(struct marsc_script *script, enum marsc_verb verb)
{
	struct marsc_step *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return false;
	s->verb = verb;
	STAILQ_INSERT_TAIL(script, s, entry);
	return true;
}

const char *
marsc_script_role(const struct marsc_script *script, bool *mcs)
{
	const struct marsc_step *s;
	bool member = false;

	*mcs = false;
	STAILQ_FOREACH(s, script, entry) {
		if (s->verb == MARSC_VERB_SERVE || s->server)
			*mcs = true;
		if (s->verb == MARSC_VERB_JOIN)
			member = true;
	}
	return *mcs && member ? "a client can't both join and serve" : NULL;
}

void
marsc_script_free(struct marsc_script *script)
{
	struct marsc_step *s;

	while ((s = STAILQ_FIRST(script)) != NULL) {
		STAILQ_REMOVE_HEAD(script, entry);
		step_free(s);
	}
}
