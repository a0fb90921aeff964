/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/stat.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lex.h"
#include "secretfile.h"

#define END	(-1)

/* Text that is being read: a file, or the value of a macro. */
struct lex_source {
	struct lex_source	*below;
	char		*file;		/* NULL: a macro's value */
	char		*text;
	size_t		 len, pos;
	int		 line;
};

/* Sets a macro; one that persists is not changed.  False: no memory. */
bool
lex_macro_set(
    struct lex_macros *ms, const char *name, const char *value, bool persist)
{
	struct lex_macro *m;
	char *copy = strdup(value);

	if (copy == NULL)
		return false;
	SLIST_FOREACH(m, ms, entry)
		if (strcmp(m->name, name) == 0)
			break;
	if (m == NULL) {
		if ((m = calloc(1, sizeof(*m))) == NULL ||
		    (m->name = strdup(name)) == NULL) {
			free(m);
			free(copy);
			return false;
		}
		SLIST_INSERT_HEAD(ms, m, entry);
	} else if (m->persist && !persist) {
		free(copy);
		return true;
	}
	free(m->value);
	m->value = copy;
	m->persist = persist;
	return true;
}

/* Forgets what files have set, or everything. */
void
lex_macros_free(struct lex_macros *ms, bool all)
{
	struct lex_macro *m, *next;

	for (m = SLIST_FIRST(ms); m != NULL; m = next) {
		next = SLIST_NEXT(m, entry);
		if (m->persist && !all)
			continue;
		SLIST_REMOVE(ms, m, lex_macro, entry);
		free(m->name);
		free(m->value);
		free(m);
	}
}

void
lex_init(struct lex *lx, struct lex_macros *ms,
    void (*report)(void *, const char *), void *arg)
{
	memset(lx, 0, sizeof(*lx));
	lx->macros = ms;
	lx->report = report;
	lx->arg = arg;
}

static void
pop(struct lex *lx)
{
	struct lex_source *s = lx->top;

	lx->top = s->below;
	lx->depth--;
	free(s->file);
	free(s->text);
	free(s);
}

void
lex_free(struct lex *lx)
{
	while (lx->top != NULL)
		pop(lx);
}

/* Takes over text; false: too deep or no memory, which is reported. */
static bool
push(struct lex *lx, const char *file, char *text, size_t len)
{
	struct lex_source *s;

	if (lx->depth >= LEX_DEPTH_MAX) {
		lx->report(lx->arg,
		    "more than 16 files and macros inside one another: does "
		    "one contain itself?");
		free(text);
		return false;
	}
	if (text == NULL || (s = calloc(1, sizeof(*s))) == NULL ||
	    (file != NULL && (s->file = strdup(file)) == NULL)) {
		lx->report(lx->arg, "not enough memory");
		free(text);
		return false;
	}
	s->text = text;
	s->len = len;
	/* a byte order mark, as some editors put in front of a file */
	if (file != NULL && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s->pos = 3;
	s->line = 1;
	s->below = lx->top;
	lx->top = s;
	lx->depth++;
	return true;
}

/* Is this file, by whatever path, being read already? */
static bool
is_open(const struct lex *lx, const char *path)
{
	const struct lex_source *s;
	struct stat a, b;

	if (stat(path, &a) == -1)
		return false;
	for (s = lx->top; s != NULL; s = s->below)
		if (s->file != NULL && stat(s->file, &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	return false;
}

bool
lex_push_file(struct lex *lx, const char *path)
{
	char why[SENTENCE_SIZE], *text;
	size_t len;
	bool ok;

	if (is_open(lx, path)) {
		(void)snprintf(why, sizeof(why),
		    "%s is being read already: it can't include itself", path);
		lx->report(lx->arg, why);
		return false;
	}
	if (lx->files++ == LEX_FILES_MAX) {
		lx->report(lx->arg, "more than 16384 files: include fewer");
		return false;
	}
	if (lx->files > LEX_FILES_MAX)
		return false;
	if (!secretfile_read(
	    path, false, LEX_FILE_MAX, &text, &len, why, sizeof(why))) {
		lx->report(lx->arg, why);
		return false;
	}
	if (lx->opened != NULL)
		lx->opened(lx->arg, path, text, len);
	ok = push(lx, path, text, len);
	if (ok && lx->depth == 1) {
		(void)strlcpy(lx->file, path, sizeof(lx->file));
		lx->line = 1;
	}
	return ok;
}

static const struct lex_source *
current_file(const struct lex *lx)
{
	const struct lex_source *s = lx->top;

	while (s != NULL && s->file == NULL)
		s = s->below;
	return s;
}

bool
lex_path(const struct lex *lx, const char *path, char *buf, size_t size)
{
	const struct lex_source *s = current_file(lx);
	const char *slash = s == NULL ? NULL : strrchr(s->file, '/');
	int dir, n;

	dir = *path == '/' || slash == NULL ? 0 : (int)(slash - s->file) + 1;
	n = snprintf(buf, size, "%.*s%s", dir, s == NULL ? "" : s->file, path);
	return n >= 0 && (size_t)n < size;
}

/* The octets of the end of a line that goes on, or 0: it is none. */
static size_t
continued(const struct lex_source *s)
{
	const char *p = s->text + s->pos;
	size_t left = s->len - s->pos;

	if (left >= 2 && memcmp(p, "\\\n", 2) == 0)
		return 2;
	if (left >= 3 && memcmp(p, "\\\r\n", 3) == 0)
		return 3;
	return 0;
}

/*
 * The next character, without consuming it.  Macros that have been read to
 * their end and continued lines are skipped; the end of a file is END.
 */
static int
peek(struct lex *lx)
{
	struct lex_source *s;
	size_t n;

	while ((s = lx->top) != NULL) {
		if (s->pos == s->len) {
			if (s->file != NULL)
				return END;
			pop(lx);
		} else if ((n = continued(s)) > 0) {
			s->pos += n;
			s->line++;
		} else
			return (unsigned char)s->text[s->pos];
	}
	return END;
}

/* Consumes what peek() has shown. */
static void
lex_skip(struct lex *lx)
{
	struct lex_source *s = lx->top;

	if (s->text[s->pos++] == '\n')
		s->line++;
}

static bool
is_word(int c)
{
	return c != END &&
	    (isalnum(c) || (c != 0 && strchr("_./:%+-@*~", c) != NULL));
}

static bool
add(struct lex *lx, size_t *n, int c)
{
	if (*n + 1 >= sizeof(lx->text)) {
		lx->report(lx->arg, "a word of more than 1022 characters");
		return false;
	}
	lx->text[(*n)++] = (char)c;
	lx->text[*n] = '\0';
	return true;
}

/* At a $: what is read next is the value of the macro. */
static bool
expand(struct lex *lx)
{
	char name[64], why[SENTENCE_SIZE];
	size_t n = 0;
	struct lex_macro *m;
	int c;

	lex_skip(lx);
	while ((c = peek(lx)) != END && (isalnum(c) || c == '_')) {
		if (n + 1 < sizeof(name))
			name[n++] = (char)c;
		lex_skip(lx);
	}
	name[n] = '\0';
	SLIST_FOREACH(m, lx->macros, entry)
		if (strcmp(m->name, name) == 0)
			return push(
			    lx, NULL, strdup(m->value), strlen(m->value));
	(void)snprintf(why, sizeof(why),
	    "macro $%s is not defined: write %s = \"value\" above this line, "
	    "or -D %s=value",
	    name, name, name);
	lx->report(lx->arg, why);
	return false;
}

/* Is it a number?  With more than 18 digits it is an address. */
static bool
all_digits(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 18 && s[n] == '\0';
}

/*
 * "1-4095" is read as one word but is a number, a '-' and a number: gives all
 * but the first number back.
 */
static bool
split_range(struct lex *lx)
{
	char *dash = lx->text + strspn(lx->text, "0123456789");
	char *rest;

	if (dash == lx->text || *dash != '-' ||
	    dash[1 + strspn(dash + 1, "0123456789")] != '\0')
		return true;
	rest = strdup(dash);
	*dash = '\0';
	return push(lx, NULL, rest, rest == NULL ? 0 : strlen(rest));
}

static enum lex_kind
word(struct lex *lx)
{
	size_t n = 0;
	int c;

	while (is_word(c = peek(lx)) || c == '$') {
		if (c == '$') {
			if (!expand(lx))
				return LEX_ERROR;
			continue;
		}
		if (n == 0 && c == '-')
			break;
		if (!add(lx, &n, c))
			return LEX_ERROR;
		lex_skip(lx);
	}
	if (n == 0) /* the macro begins with something else */
		return lex_next(lx);
	if (!split_range(lx))
		return LEX_ERROR;
	if (!all_digits(lx->text))
		return LEX_WORD;
	lx->number = strtoull(lx->text, NULL, 10);
	return LEX_NUMBER;
}

static enum lex_kind
quoted(struct lex *lx, int quote)
{
	size_t n = 0;
	int c;

	lex_skip(lx);
	for (;;) {
		c = peek(lx);
		if (c == END || c == '\n') {
			lx->report(lx->arg,
			    "the quoted string does not end on this line: "
			    "close the quotes");
			return LEX_ERROR;
		}
		lex_skip(lx);
		if (c == quote)
			return LEX_QUOTED;
		if (c == '\\' && (peek(lx) == quote || peek(lx) == '\\')) {
			c = peek(lx);
			lex_skip(lx);
		}
		if (!add(lx, &n, c))
			return LEX_ERROR;
	}
}

/* At the end of a file, which always ends a line too. */
static enum lex_kind
end_of_file(struct lex *lx)
{
	if (lx->midline) {
		lx->midline = false;
		return LEX_NEWLINE;
	}
	if (lx->top == NULL || lx->top->below == NULL) {
		/*
		 * what is missing at the end of a file is missing in its last
		 * line
		 */
		if (lx->line > 1)
			lx->line--;
		return LEX_EOF;
	}
	pop(lx);
	return LEX_NEWLINE;
}

static void
skip_blanks(struct lex *lx)
{
	int c;

	while ((c = peek(lx)) == ' ' || c == '\t' || c == '\r')
		lex_skip(lx);
	if (c == '#')
		while ((c = peek(lx)) != END && c != '\n')
			lex_skip(lx);
}

/* The next token; text, number, file and line say which and where. */
enum lex_kind
lex_next(struct lex *lx)
{
	const struct lex_source *s;
	int c;

	skip_blanks(lx);
	if ((s = current_file(lx)) != NULL) {
		(void)strlcpy(lx->file, s->file, sizeof(lx->file));
		lx->line = s->line;
	}
	lx->text[0] = '\0';
	c = peek(lx);
	if (c == END)
		return end_of_file(lx);
	if (c == '\n') {
		lex_skip(lx);
		lx->midline = false;
		return LEX_NEWLINE;
	}
	lx->midline = true;
	if (c == '"' || c == '\'')
		return quoted(lx, c);
	if (c == '$' || (is_word(c) && c != '-'))
		return word(lx);
	lex_skip(lx);
	lx->text[0] = (char)c;
	lx->text[1] = '\0';
	return LEX_CHAR;
}
