/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The grammar is a set of tables: what may stand at a place, what it does,
 * and the place after it.  A keyword may be cut as long as it is the only one
 * that begins so.
 */
#include <stdbool.h>
#include <string.h>

#include "parser.h"

enum marsctl_token_type {
	MARSCTL_TOKEN_NONE,		/* ends a table */
	MARSCTL_TOKEN_END,		/* the command may be complete here */
	MARSCTL_TOKEN_KEYWORD,
	MARSCTL_TOKEN_VALUE		/* any word; called so in messages */
};

enum marsctl_effect {
	MARSCTL_EFFECT_NONE,
	MARSCTL_EFFECT_SEND,		/* the daemon is sent the word */
	MARSCTL_EFFECT_SHOW,		/* and it is what to show */
	MARSCTL_EFFECT_CLUSTER,
	MARSCTL_EFFECT_GROUP
};

struct marsctl_token {
	enum marsctl_token_type	 type;
	const char	*word;
	enum marsctl_effect	 effect;
	unsigned int	 ask;		/* ASK_*, where that is clear now */
	const struct marsctl_token *next;
};

#define KEYWORD(word, effect, ask, next) \
	{ MARSCTL_TOKEN_KEYWORD, word, effect, ask, next }
#define VALUE(word, effect, next) \
	{ MARSCTL_TOKEN_VALUE, word, effect, 0, next }
#define END	{ MARSCTL_TOKEN_END, NULL, MARSCTL_EFFECT_NONE, 0, NULL }
#define NONE	{ MARSCTL_TOKEN_NONE, NULL, MARSCTL_EFFECT_NONE, 0, NULL }

static const struct marsctl_token t_end[] = { END, NONE };

static const struct marsctl_token t_in_cluster[] = {
	VALUE("NAME", MARSCTL_EFFECT_CLUSTER, t_end),
	NONE
};
static const struct marsctl_token t_filter[] = {
	END,
	KEYWORD("cluster", MARSCTL_EFFECT_NONE, 0, t_in_cluster),
	NONE
};

/* of groups: both filters, in any order */
static const struct marsctl_token t_last_group[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_GROUP, t_end),
	NONE
};
static const struct marsctl_token t_after_cluster[] = {
	END,
	KEYWORD("group", MARSCTL_EFFECT_NONE, 0, t_last_group),
	NONE
};
static const struct marsctl_token t_groups_cluster[] = {
	VALUE("NAME", MARSCTL_EFFECT_CLUSTER, t_after_cluster),
	NONE
};
static const struct marsctl_token t_group[] = {
	VALUE("ADDRESS", MARSCTL_EFFECT_GROUP, t_filter),
	NONE
};
static const struct marsctl_token t_group_filter[] = {
	END,
	KEYWORD("cluster", MARSCTL_EFFECT_NONE, 0, t_groups_cluster),
	KEYWORD("group", MARSCTL_EFFECT_NONE, 0, t_group),
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
	KEYWORD("reload", MARSCTL_EFFECT_SEND, ASK_MARSD, t_end),
	KEYWORD("log", MARSCTL_EFFECT_SEND, ASK_MARSD, t_log),
	KEYWORD("neighbor", MARSCTL_EFFECT_SEND, ASK_SCSPD, t_neighbor),
	KEYWORD("redirect", MARSCTL_EFFECT_SEND, ASK_MARSD, t_redirect),
	NONE
};

/* What may stand here, one a line. */
static void
list(const struct marsctl_token *t, FILE *err)
{
	fprintf(err, "valid here:\n");
	for (; t->type != MARSCTL_TOKEN_NONE; t++)
		fprintf(err, "  %s\n",
		    t->type == MARSCTL_TOKEN_END ? "<end of the command>" :
						   t->word);
}

/* The token that a word is: exactly, by its beginning, or as a value. */
static const struct marsctl_token *
match(const struct marsctl_token *t, const char *word, bool *ambiguous)
{
	const struct marsctl_token *found = NULL, *value = NULL;
	int n = 0;

	*ambiguous = false;
	for (; t->type != MARSCTL_TOKEN_NONE; t++) {
		if (t->type == MARSCTL_TOKEN_VALUE)
			value = t;
		if (t->type != MARSCTL_TOKEN_KEYWORD || *word == '\0' ||
		    strncmp(t->word, word, strlen(word)) != 0)
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

/* False: more words than a request has room for. */
static bool
apply(
    struct marsctl_request *q, const struct marsctl_token *t, const char *word)
{
	if (t->type == MARSCTL_TOKEN_KEYWORD)
		word = t->word; /* in full */
	q->ask |= t->ask;
	switch (t->effect) {
	case MARSCTL_EFFECT_CLUSTER:
		q->cluster = word;
		break;
	case MARSCTL_EFFECT_GROUP:
		q->group = word;
		break;
	case MARSCTL_EFFECT_SHOW:
		q->show = marsctl_show_find(word);
		q->ask |= q->show->ask;
		/* FALLTHROUGH */
	case MARSCTL_EFFECT_SEND:
		if (q->argc == CTL_ARGS_MAX || strlen(word) >= CTL_ARG_SIZE)
			return false;
		q->argv[q->argc++] = word;
		break;
	case MARSCTL_EFFECT_NONE:
		break;
	}
	return true;
}

/*
 * Makes a request of the words of a command.  -1: they are none, and err was
 * told why and what would have been.  The request points to the words.
 */
int
marsctl_parse(struct marsctl_request *q, int argc, char **argv, FILE *err)
{
	const struct marsctl_token *place = t_main, *t;
	bool ambiguous;
	int i;

	memset(q, 0, sizeof(*q));
	for (i = 0; i < argc; i++) {
		if ((t = match(place, argv[i], &ambiguous)) == NULL) {
			fprintf(err, "%s: %s\n",
			    ambiguous ? "ambiguous word" : "unknown word",
			    argv[i]);
			list(place, err);
			return -1;
		}
		if (!apply(q, t, argv[i])) {
			fprintf(err, "too long: %s\n", argv[i]);
			return -1;
		}
		place = t->next;
	}
	for (t = place; t->type != MARSCTL_TOKEN_NONE; t++)
		if (t->type == MARSCTL_TOKEN_END)
			return 0;
	fprintf(err, "something is missing at the end\n");
	list(place, err);
	return -1;
}
