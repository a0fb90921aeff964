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
	MARSCTL_EFFECT_VALUE		/* and its value */
};

struct marsctl_token {
	enum marsctl_token_type	 type;
	const char	*word;
	enum marsctl_effect	 effect;
	unsigned int	 ask;		/* ASK_*, where that is clear now */
	unsigned int	 instead;	/* of a request */
	const struct marsctl_token *next; /* NULL: where the filter began */
};

#define KEYWORD(word, effect, ask, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, effect, ask, 0, next }
/* to mars(8) itself, by way of the one or the other */
#define KEYWORD_ANY(word, effect, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, effect, ASK_MARSD, ASK_EDGED, next }
#define VALUE(word, effect, next) \
	{ MARSCTL_TOKEN_VALUE, word, effect, 0, 0, next }
#define END	{ MARSCTL_TOKEN_END, NULL, MARSCTL_EFFECT_NONE, 0, 0, NULL }
#define NONE	{ MARSCTL_TOKEN_NONE, NULL, MARSCTL_EFFECT_NONE, 0, 0, NULL }

static const struct marsctl_token t_end[] = { END, NONE };

/* the value of a filter; then comes again what could stand before the filter */
static const struct marsctl_token t_filter_name[] = {
	VALUE("NAME", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_filter_address[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};

static const struct marsctl_token t_filter[] = {
	END,
	KEYWORD("cluster", MARSCTL_EFFECT_FILTER, 0, t_filter_name),
	NONE
};
static const struct marsctl_token t_group_filter[] = {
	END,
	KEYWORD("cluster", MARSCTL_EFFECT_FILTER, 0, t_filter_name),
	KEYWORD("group", MARSCTL_EFFECT_FILTER, 0, t_filter_address),
	NONE
};

static const struct marsctl_token t_filter_event[] = {
	VALUE("WORD", MARSCTL_EFFECT_VALUE, NULL),
	NONE
};
static const struct marsctl_token t_monitor[] = {
	END,
	KEYWORD("cluster", MARSCTL_EFFECT_FILTER, 0, t_filter_name),
	KEYWORD("event", MARSCTL_EFFECT_FILTER, 0, t_filter_event),
	KEYWORD("group", MARSCTL_EFFECT_FILTER, 0, t_filter_address),
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
	KEYWORD("summary", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("clusters", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("members", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("groups", MARSCTL_EFFECT_SHOW, 0, t_group_filter),
	KEYWORD("servers", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("neighbors", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("cache", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("counters", MARSCTL_EFFECT_SHOW, 0, t_filter),
	KEYWORD("circuits", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("edges", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("lans", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("listeners", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("flows", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("latencies", MARSCTL_EFFECT_SHOW, 0, t_end),
	KEYWORD("metrics", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD("topology", MARSCTL_EFFECT_SEND, 0, t_topology),
	NONE
};

static const struct marsctl_token t_log[] = {
	KEYWORD("verbose", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD("brief", MARSCTL_EFFECT_SEND, 0, t_end),
	NONE
};

static const struct marsctl_token t_clear[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_SEND, t_end),
	NONE
};
static const struct marsctl_token t_neighbor[] = {
	KEYWORD("clear", MARSCTL_EFFECT_SEND, 0, t_clear),
	NONE
};

static const struct marsctl_token t_member[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_SEND, t_end),
	NONE
};
static const struct marsctl_token t_redirect_member[] = {
	END,
	KEYWORD("member", MARSCTL_EFFECT_NONE, 0, t_member),
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

static const struct marsctl_token t_main[] = {
	KEYWORD("show", MARSCTL_EFFECT_SEND, 0, t_show),
	KEYWORD("monitor", MARSCTL_EFFECT_SEND, 0, t_monitor),
	KEYWORD("top", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD("health", MARSCTL_EFFECT_SEND, 0, t_health),
	KEYWORD("http", MARSCTL_EFFECT_SEND, 0, t_end),
	KEYWORD_ANY("reload", MARSCTL_EFFECT_SEND, t_end),
	KEYWORD_ANY("log", MARSCTL_EFFECT_SEND, t_log),
	KEYWORD("neighbor", MARSCTL_EFFECT_SEND, ASK_SCSPD, t_neighbor),
	KEYWORD("redirect", MARSCTL_EFFECT_SEND, ASK_MARSD, t_redirect),
	NONE
};

/* A filter that was given already may not stand again. */
static bool
valid(const struct marsctl_request *q, const struct marsctl_token *t)
{
	size_t i;

	if (t->effect == MARSCTL_EFFECT_FILTER)
		for (i = 0; i < q->nfilters; i++)
			if (strcmp(q->filters[i].word, t->word) == 0)
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
		if (t->type == MARSCTL_TOKEN_VALUE)
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
	q->ask |= t->ask;
	q->instead |= t->instead;
	switch (t->effect) {
	case MARSCTL_EFFECT_FILTER:
		if (q->nfilters == CTL_FILTERS_MAX)
			return false;
		q->filters[q->nfilters].word = word;
		break;
	case MARSCTL_EFFECT_VALUE:
		q->filters[q->nfilters++].value = word;
		break;
	case MARSCTL_EFFECT_SHOW:
		q->show = marsctl_show_find(word);
		q->ask |= q->show->ask;
		q->also |= q->show->also;
		/* FALLTHROUGH */
	case MARSCTL_EFFECT_SEND:
		if (q->argc == CTL_ARGS_MAX)
			return false;
		q->argv[q->argc++] = word;
		break;
	case MARSCTL_EFFECT_NONE:
		break;
	}
	return true;
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
		if (t->effect == MARSCTL_EFFECT_FILTER)
			filters = place;
		place = t->next == NULL ? filters : t->next;
	}
	for (t = place; t->type != MARSCTL_TOKEN_NONE; t++)
		if (t->type == MARSCTL_TOKEN_END)
			return 0;
	fprintf(err, "something is missing at the end\n");
	list_valid(q, place, err);
	return -1;
}
