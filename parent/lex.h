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
#define LEX_FILES_MAX	16384	/* files in all */

/* name = "value"; what -D sets can't be changed by a file */
struct lex_macro {
	SLIST_ENTRY(lex_macro)	 entry;
	char			*name;
	char			*value;
	bool			 persist;
};
SLIST_HEAD(lex_macros, lex_macro);

enum lex_kind {
	LEX_EOF,
	LEX_NEWLINE,
	LEX_CHAR,	/* punctuation, text[0] */
	LEX_NUMBER,
	LEX_WORD,
	LEX_QUOTED,
	LEX_ERROR	/* reported already */
};

struct lex_source;
struct lex {
	struct lex_source	*top;
	unsigned	 depth;
	unsigned	 files;		/* that were opened so far */
	struct lex_macros	*macros;
	/* what is wrong, as a sentence */
	void		(*report)(void *arg, const char *);
	/* each file that is opened, and all that is in it; or NULL */
	void		(*opened)(void *arg, const char *path, const char *text,
			    size_t len);
	void		*arg;
	bool		 midline;	/* something since the last newline */
	/* the token that was read last, until the next one is */
	char		 text[LEX_TEXT_SIZE];
	uint64_t	 number;
	char		 file[256];
	int		 line;
};

bool	lex_macro_set(struct lex_macros *, const char *, const char *,
	    bool persist);
void	lex_macros_free(struct lex_macros *, bool all);

void	lex_init(struct lex *, struct lex_macros *,
	    void (*report)(void *arg, const char *), void *arg);
void	lex_free(struct lex *);
/* reads from that file until its end; false: reported */
bool	lex_push_file(struct lex *, const char *);
enum lex_kind lex_next(struct lex *);
/* path as seen from the directory of the file being read; false: too long */
bool	lex_path(const struct lex *, const char *, char *, size_t);

#endif
