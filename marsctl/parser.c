/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The grammar is a set of tables.  A table is a place in a command: which
 * words may stand there, what each one does to the request, and which place
 * comes after it.  A keyword may be cut short as long as no other one of the
 * place begins so.
 */
#include <stdbool.h>
#include <string.h>

#include "parser.h"

enum marsctl_token_type {
	MARSCTL_TOKEN_NONE,		/* ends a table */
	MARSCTL_TOKEN_END,		/* the command may be complete here */
	MARSCTL_TOKEN_KEYWORD,
	MARSCTL_TOKEN_VALUE		/* any word; messages call it so */
};

enum marsctl_effect {
	MARSCTL_EFFECT_NONE,
	MARSCTL_EFFECT_SEND,		/* the daemon is sent the word */
	MARSCTL_EFFECT_SHOW,		/* and the word says what to show */
	MARSCTL_EFFECT_FILTER,		/* a filter that may stand once */
	MARSCTL_EFFECT_VALUE,		/* and its value */
	MARSCTL_EFFECT_ONE,		/* that value; of one object, all */
	MARSCTL_EFFECT_DETAIL		/* of all of them, all */
};

struct marsctl_token {
	enum marsctl_token_type	 type;
	const char	*word;
	enum marsctl_effect	 effect;
	unsigned int	 ask;		/* ASK_*, where that is clear now */
	unsigned int	 instead;	/* of a request */
	const struct marsctl_token *next; /* NULL: again what follows a show */
	const char	*filter;	/* that the word begins, or is of */
};

#define KEYWORD(word, effect, ask, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, effect, ask, 0, next, NULL }
/* to mars(8) itself, by way of the one or the other */
#define KEYWORD_ANY(word, effect, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, effect, ASK_MARSD, ASK_EDGED, next, \
	    NULL }
#define VALUE(word, effect, next) \
	{ MARSCTL_TOKEN_VALUE, word, effect, 0, 0, next, NULL }
#define FILTER(word, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, MARSCTL_EFFECT_FILTER, 0, 0, next, \
	    word }
/* the one object that has this value */
#define ONE(word, filter, next) \
	{ MARSCTL_TOKEN_VALUE, word, MARSCTL_EFFECT_ONE, 0, 0, next, filter }
#define END	{ MARSCTL_TOKEN_END, NULL, MARSCTL_EFFECT_NONE, 0, 0, NULL, \
		    NULL }
#define NONE	{ MARSCTL_TOKEN_NONE, NULL, MARSCTL_EFFECT_NONE, 0, 0, NULL, \
		    NULL }

static const struct marsctl_token t_end[] = { END, NONE };

/* the value of a filter; then comes again what could stand before the filter */
static const struct marsctl_token t_name[] = {
	VALUE("NAME", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_address[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_prefix[] = {
	VALUE("PREFIX", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_server[] = {
	VALUE("ID", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_protocol[] = {
	VALUE("PROTOCOL", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_key[] = {
	ONE("KEY", "key", NULL),
	NONE
};

#define DETAIL \
	END, \
	KEYWORD("detail", MARSCTL_EFFECT_DETAIL, 0, NULL)
#define BY_CLUSTER	FILTER("cluster", t_name)
#define BY_PROTOCOL	FILTER("protocol", t_protocol)
#define BY_SERVER	FILTER("server", t_server)
#define BY_GROUP	FILTER("group", t_address)
#define BY_ADDRESS \
	FILTER("address", t_address), \
	FILTER("prefix", t_prefix)
#define BY_BLOCK \
	BY_GROUP, \
	FILTER("prefix", t_prefix)

static const struct marsctl_token t_plain[] = { DETAIL, NONE };
static const struct marsctl_token t_of_cluster[] = {
	DETAIL, BY_CLUSTER, NONE
};
static const struct marsctl_token t_of_protocol[] = {
	DETAIL, BY_CLUSTER, BY_PROTOCOL, NONE
};
static const struct marsctl_token t_of_group[] = {
	DETAIL, BY_CLUSTER, BY_PROTOCOL, BY_BLOCK,
	ONE("GROUP", "group", NULL), NONE
};
static const struct marsctl_token t_of_member[] = {
	DETAIL, BY_CLUSTER, BY_PROTOCOL, BY_SERVER, BY_ADDRESS,
	ONE("ADDRESS", "address", NULL), NONE
};
static const struct marsctl_token t_of_join[] = {
	DETAIL, BY_CLUSTER, BY_PROTOCOL, BY_SERVER, BY_BLOCK,
	FILTER("address", t_address), NONE
};
static const struct marsctl_token t_of_server[] = {
	DETAIL, BY_CLUSTER, BY_PROTOCOL, BY_SERVER, BY_ADDRESS, NONE
};
static const struct marsctl_token t_of_neighbor[] = {
	DETAIL, BY_CLUSTER, BY_SERVER, BY_ADDRESS,
	ONE("ADDRESS", "address", NULL), NONE
};
static const struct marsctl_token t_of_cache[] = {
	DETAIL, BY_CLUSTER, BY_SERVER, ONE("ID", "server", t_key), NONE
};
static const struct marsctl_token t_of_address[] = {
	DETAIL, BY_ADDRESS, NONE
};
static const struct marsctl_token t_of_block[] = { DETAIL, BY_BLOCK, NONE };

#define SHOW(word, next)	KEYWORD(word, MARSCTL_EFFECT_SHOW, 0, next)
static const struct marsctl_token t_monitor[] = {
	END, BY_CLUSTER, BY_PROTOCOL, BY_BLOCK,
	FILTER("address", t_address), FILTER("event", t_name), NONE
};

/* the address of a neighbor is the peer of scspd(8) */
static const struct marsctl_token t_capture[] = {
	END, BY_CLUSTER, BY_ADDRESS,
	{ MARSCTL_TOKEN_KEYWORD, "neighbor", MARSCTL_EFFECT_FILTER, ASK_SCSPD,
	    0, t_address, "address" },
	NONE
};

static const struct marsctl_token t_days_number[] = {
	VALUE("NUMBER", MARSCTL_EFFECT_SEND, t_end),
	NONE
};
static const struct marsctl_token t_health[] = {
	END,
	KEYWORD("days", MARSCTL_EFFECT_NONE, 0, t_days_number),
	NONE
};

static const struct marsctl_token t_from_file[] = {
	VALUE("FILE", MARSCTL_EFFECT_SEND, t_end),
	NONE
};
static const struct marsctl_token t_topology[] = {
	END,
	KEYWORD("from", MARSCTL_EFFECT_NONE, 0, t_from_file),
	NONE
};

static const struct marsctl_token t_show[] = {
	SHOW("summary", t_end),
	SHOW("clusters", t_of_protocol),
	SHOW("protocols", t_of_protocol),
	SHOW("members", t_of_member),
	SHOW("joins", t_of_join),
	SHOW("groups", t_of_group),
	SHOW("multicast-servers", t_of_member),
	SHOW("servers", t_of_server),
	SHOW("redirect-map", t_of_protocol),
	SHOW("neighbors", t_of_neighbor),
	SHOW("cache", t_of_cache),
	SHOW("keys", t_plain),
	SHOW("limits", t_of_protocol),
	SHOW("memory", t_plain),
	SHOW("interfaces", t_of_address),
	SHOW("counters", t_of_cluster),
	SHOW("circuits", t_of_address),
	SHOW("edges", t_plain),
	SHOW("lans", t_plain),
	SHOW("listeners", t_of_block),
	SHOW("flows", t_of_block),
	SHOW("latencies", t_plain),
	KEYWORD("metrics", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD("topology", MARSCTL_EFFECT_SEND, 0, t_topology),
	NONE
};

static const struct marsctl_token t_to_address[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_SEND, t_end),
	NONE
};

static const struct marsctl_token t_log_whom[] = {
	END,
	KEYWORD("client", MARSCTL_EFFECT_SEND, ASK_MARSD | ASK_EDGED,
	    t_to_address),
	KEYWORD("neighbor", MARSCTL_EFFECT_SEND, ASK_SCSPD, t_to_address),
	NONE
};
static const struct marsctl_token t_log[] = {
	KEYWORD("verbose", MARSCTL_EFFECT_SEND, 0, t_log_whom),
	KEYWORD("brief", MARSCTL_EFFECT_SEND, 0, t_log_whom),
	NONE
};

static const struct marsctl_token t_clear[] = {
	KEYWORD("neighbor", MARSCTL_EFFECT_SEND, ASK_SCSPD, t_to_address),
	KEYWORD("counters", MARSCTL_EFFECT_SEND,
	    ASK_MARSD | ASK_SCSPD | ASK_EDGED, t_end),
	NONE
};
static const struct marsctl_token t_neighbor[] = {
	KEYWORD("clear", MARSCTL_EFFECT_SEND, 0, t_to_address),
	NONE
};

static const struct marsctl_token t_in_cluster[] = {
	VALUE("CLUSTER", MARSCTL_EFFECT_SEND, t_to_address),
	NONE
};
static const struct marsctl_token t_drop[] = {
	KEYWORD("member", MARSCTL_EFFECT_SEND, 0, t_in_cluster),
	KEYWORD("circuit", MARSCTL_EFFECT_SEND, 0, t_in_cluster),
	NONE
};

static const struct marsctl_token t_redirect_member[] = {
	END,
	KEYWORD("member", MARSCTL_EFFECT_NONE, 0, t_to_address),
	NONE
};
static const struct marsctl_token t_redirect_address[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_SEND, t_redirect_member),
	NONE
};
static const struct marsctl_token t_redirect_to[] = {
	KEYWORD("to", MARSCTL_EFFECT_NONE, 0, t_redirect_address),
	NONE
};
static const struct marsctl_token t_redirect_how[] = {
	KEYWORD("hard", MARSCTL_EFFECT_SEND, 0, t_redirect_to),
	KEYWORD("soft", MARSCTL_EFFECT_SEND, 0, t_redirect_to),
	NONE
};
static const struct marsctl_token t_redirect[] = {
	VALUE("CLUSTER", MARSCTL_EFFECT_SEND, t_redirect_how),
	NONE
};

static const struct marsctl_token t_probe_edge[] = {
	VALUE("NAME", MARSCTL_EFFECT_SEND, t_end),
	NONE
};
static const struct marsctl_token t_probe_by[] = {
	END,
	KEYWORD("edge", MARSCTL_EFFECT_NONE, 0, t_probe_edge),
	NONE
};
static const struct marsctl_token t_probe[] = {
	VALUE("GROUP", MARSCTL_EFFECT_SEND, t_probe_by),
	NONE
};

static const struct marsctl_token t_main[] = {
	KEYWORD("show", MARSCTL_EFFECT_SEND, 0, t_show),
	KEYWORD("monitor", MARSCTL_EFFECT_SEND,
	    ASK_MARSD | ASK_SCSPD | ASK_EDGED, t_monitor),
	KEYWORD("top", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD("capture", MARSCTL_EFFECT_SEND,
	    ASK_MARSD | ASK_SCSPD | ASK_EDGED, t_capture),
	KEYWORD("audit", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("health", MARSCTL_EFFECT_SEND, 0, t_health),
	KEYWORD("http", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD_ANY("reload", MARSCTL_EFFECT_SEND, t_end),
	KEYWORD_ANY("stop", MARSCTL_EFFECT_SEND, t_end),
	KEYWORD_ANY("log", MARSCTL_EFFECT_SEND, t_log),
	KEYWORD("clear", MARSCTL_EFFECT_SEND, 0, t_clear),
	KEYWORD("neighbor", MARSCTL_EFFECT_SEND, ASK_SCSPD, t_neighbor),
	KEYWORD("drop", MARSCTL_EFFECT_SEND, ASK_MARSD, t_drop),
	KEYWORD("deregister", MARSCTL_EFFECT_SEND, ASK_MARSD, t_in_cluster),
	KEYWORD("redirect", MARSCTL_EFFECT_SEND, ASK_MARSD, t_redirect),
	KEYWORD("probe", MARSCTL_EFFECT_SHOW, 0, t_probe),
	NONE
};

/* A filter that was given already may not stand again, nor may "detail". */
static bool
valid(const struct marsctl_request *q, const struct marsctl_token *t)
{
	size_t i;

	if (t->effect == MARSCTL_EFFECT_DETAIL)
		return !q->detail;
	for (i = 0; t->filter != NULL && i < q->nfilters; i++)
		if (strcmp(q->filters[i].word, t->filter) == 0)
			return false;
	return true;
}

/* What may stand here, one a line. */
static void
list_valid(
    const struct marsctl_request *q, const struct marsctl_token *t, FILE *err)
{
	fprintf(err, "valid here:\n");
	for (; t->type != MARSCTL_TOKEN_NONE; t++)
		if (t->type == MARSCTL_TOKEN_END)
			fprintf(err, "  <end of the command>\n");
		else if (valid(q, t))
			fprintf(err, "  %s\n", t->word);
}

/* As an address and a number have; a word that is mistyped is no value. */
static bool
has_digit(const char *word)
{
	return strpbrk(word, "0123456789:") != NULL;
}

/*
 * The token that a word stands for: a keyword in full, the only keyword that
 * begins so, or else the value.  NULL: there is none, or more than one keyword
 * begins so (*ambiguous).
 */
static const struct marsctl_token *
match(const struct marsctl_request *q, const struct marsctl_token *t,
    const char *word, bool *ambiguous)
{
	const struct marsctl_token *found = NULL, *value = NULL;
	int n = 0;

	*ambiguous = false;
	for (; t->type != MARSCTL_TOKEN_NONE; t++) {
		if (t->type == MARSCTL_TOKEN_VALUE && valid(q, t) &&
		    (t->effect != MARSCTL_EFFECT_ONE || has_digit(word)))
			value = t;
		if (t->type != MARSCTL_TOKEN_KEYWORD || *word == '\0' ||
		    strncmp(t->word, word, strlen(word)) != 0 || !valid(q, t))
			continue;
		if (strlen(t->word) == strlen(word))
			return t;
		found = t;
		n++;
	}
	if (n > 1)
		*ambiguous = true;
	return n == 1 ? found : n == 0 && *word != '\0' ? value : NULL;
}

/* False: there are more words than a request has. */
static bool
apply_send(struct marsctl_request *q, const char *word)
{
	if (q->argc == CTL_ARGS_MAX)
		return false;
	q->argv[q->argc++] = word;
	return true;
}

static bool
apply_show(struct marsctl_request *q, const char *word)
{
	q->show = marsctl_show_find(word);
	q->ask |= q->show->ask;
	q->also |= q->show->also;
	return apply_send(q, word);
}

/* False: more filters than a request has. */
static bool
apply_filter(struct marsctl_request *q, const char *filter, const char *value)
{
	if (q->nfilters == CTL_FILTERS_MAX)
		return false;
	q->filters[q->nfilters].word = filter;
	q->filters[q->nfilters].value = value;
	q->nfilters++;
	return true;
}

/* The listing of which there is one row is another one, with more in it. */
static bool
apply_one(
    struct marsctl_request *q, const struct marsctl_token *t, const char *word)
{
	q->argv[q->argc - 1] = q->show->one;
	q->detail = true;
	return apply_filter(q, t->filter, word);
}

/*
 * Notes in the request what the word means.  False: the word, or all of them
 * together, are longer than a request.
 */
static bool
apply(
    struct marsctl_request *q, const struct marsctl_token *t, const char *word)
{
	if (t->type == MARSCTL_TOKEN_KEYWORD)
		word = t->word; /* in full */
	if (strlen(word) >= CTL_ARG_SIZE)
		return false;
	if (t->ask != 0) {
		q->ask = t->ask;
		q->instead = t->instead;
	}
	switch (t->effect) {
	case MARSCTL_EFFECT_FILTER:
		return apply_filter(q, t->filter, NULL);
	case MARSCTL_EFFECT_VALUE:
		q->filters[q->nfilters - 1].value = word;
		break;
	case MARSCTL_EFFECT_ONE:
		return apply_one(q, t, word);
	case MARSCTL_EFFECT_DETAIL:
		q->detail = true;
		break;
	case MARSCTL_EFFECT_SHOW:
		return apply_show(q, word);
	case MARSCTL_EFFECT_SEND:
		return apply_send(q, word);
	case MARSCTL_EFFECT_NONE:
		break;
	}
	return true;
}

/* edged has neither clusters nor their protocols, and would refuse such. */
static void
ask_who_knows(struct marsctl_request *q)
{
	size_t i;

	for (i = 0; i < q->nfilters; i++)
		if (strcmp(q->filters[i].word, "cluster") == 0 ||
		    strcmp(q->filters[i].word, "protocol") == 0) {
			q->ask &= ~(unsigned int)ASK_EDGED;
			q->also &= ~(unsigned int)ASK_EDGED;
		}
}

int
marsctl_parse(struct marsctl_request *q, int argc, char **argv, FILE *err)
{
	const struct marsctl_token *place = t_main, *filters = NULL, *t;
	bool ambiguous;
	int i;

	memset(q, 0, sizeof(*q));
	for (i = 0; i < argc; i++) {
		if ((t = match(q, place, argv[i], &ambiguous)) == NULL) {
			fprintf(err, "%s: %s\n",
			    ambiguous ? "ambiguous word" : "unknown word",
			    argv[i]);
			list_valid(q, place, err);
			return -1;
		}
		if (!apply(q, t, argv[i])) {
			fprintf(err, "too long: %s\n", argv[i]);
			return -1;
		}
		if (t->effect == MARSCTL_EFFECT_SHOW)
			filters = t->next;
		else if (t->effect == MARSCTL_EFFECT_FILTER && filters == NULL)
			filters = place; /* of what is no listing */
		place = t->next == NULL ? filters : t->next;
	}
	for (t = place; t->type != MARSCTL_TOKEN_NONE; t++)
		if (t->type == MARSCTL_TOKEN_END) {
			ask_who_knows(q);
			return 0;
		}
	fprintf(err, "something is missing at the end\n");
	list_valid(q, place, err);
	return -1;
}
