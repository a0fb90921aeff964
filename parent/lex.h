/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The lexer of mars.conf: files (included ones too), macros, words, numbers,
 * quoted strings.  It knows nothing about keywords.
 */
#ifndef MARS_LEX_H
#define MARS_LEX_H

#include <sys/queue.h>
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEX_TEXT_SIZE	1024	/* buffer for one token */
#define LEX_FILE_MAX	(1 << 20)
#define LEX_DEPTH_MAX	16	/* files and macros inside one another */

/* name = "value"; what -D sets can't be changed by a file */
struct macro {
	SLIST_ENTRY(macro)	 entry;
	char			*name;
	char			*value;
	bool			 persist;
};
SLIST_HEAD(macros, macro);

enum lex_kind {
	LEX_EOF,
	LEX_NEWLINE,
	LEX_CHAR,	/* punctuation, text[0] */
	LEX_NUMBER,
	LEX_WORD,
	LEX_QUOTED,
	LEX_ERROR	/* reported already */
};

struct source;
struct lexer {
	struct source	*top;
	unsigned	 depth;
	struct macros	*macros;
	void		(*report)(const char *);	/* one sentence */
	bool		 midline;	/* something since the last newline */
	/* the token that was read last, until the next one is */
	char		 text[LEX_TEXT_SIZE];
	uint64_t	 number;
	char		 file[256];
	int		 line;
};

bool	macro_set(struct macros *, const char *, const char *, bool persist);
void	macros_free(struct macros *, bool all);

void	lex_init(struct lexer *, struct macros *, void (*)(const char *));
void	lex_free(struct lexer *);
/* reads from that file until its end; false: reported */
bool	lex_push_file(struct lexer *, const char *);
enum lex_kind lex_next(struct lexer *);
/* path as seen from the directory of the file being read; false: too long */
bool	lex_path(const struct lexer *, const char *, char *, size_t);

#endif
