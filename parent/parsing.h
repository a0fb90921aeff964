/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the actions of the grammar (parse.y) do.  An action only fills in the
 * configuration that is being made.  What is wrong is said with its place,
 * and reading goes on, so that one run shows all errors; but then there is
 * no configuration in the end.
 */
#ifndef MARS_PARSING_H
#define MARS_PARSING_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "lex.h"
#include "parser.h"

/* The blocks of the file: what they take, and the prefix of their numbers. */
enum parsing_block {
	PARSING_FILE,			/* outside of any block */
	PARSING_LIMIT,
	PARSING_KEY,
	PARSING_CLUSTER,
	PARSING_CLUSTER_LIMIT,
	PARSING_REDIRECT,
	PARSING_GROUP,
	PARSING_GROUP_LIMIT,
	PARSING_NEIGHBOR,
	PARSING_RETRANSMIT,
	PARSING_EDGE,
	PARSING_EDGE_LIMIT,
	PARSING_RULE,
	PARSING_LAN,
	PARSING_TUN,
	PARSING_QUERY,
	PARSING_LAN_LIMIT
};

/* Lists of an edge whose items may follow each other with commas alone. */
enum parsing_list {
	PARSING_NO_LIST,
	PARSING_SERVERS,
	PARSING_LINK_LOCALS,
	PARSING_SERVES,
	PARSING_EDGE_KEYS,
	PARSING_ADDRESSES,	/* of a tun */
	PARSING_SOURCES,
	PARSING_STATICS
};

struct parsing_text;

/* One reading of a file. */
struct parsing {
	struct lex		 lex;
	struct conf		*conf;		/* that is being made */
	enum parsing_block	 block;		/* where we are */
	struct conf_key		*key;		/* its block, or NULL */
	struct conf_cluster	*cluster;	/* or group, or NULL */
	struct conf_neighbor	*neighbor;	/* the same */
	bool			 more_keys;	/* key N was just read */
	struct conf_edge	*edge;		/* its block, or NULL */
	struct conf_lan		*lan;		/* the same */
	struct conf_rule	*rule;		/* the same */
	enum parsing_list	 list;		/* that a word alone adds to */
	int			 errors;
	char			*why;		/* gets the first error */
	size_t			 why_size;
	SLIST_HEAD(, parsing_text)	 texts;	/* strings, until the end */
	struct parse_record	*record;
	void			*digest;	/* of the files */
};

/* --- parsing.c: what all statements need */

/* why: size octets, for the first error.  Without memory: fatal(). */
void	parsing_init(struct parsing *, struct lex_macros *, const char *file,
	    char *why, size_t size, struct parse_record *);
/* The configuration is the caller's, or NULL if there was an error. */
struct conf *parsing_end(struct parsing *);

/*
 * Says what is wrong with the line being read; parsing_report() takes it as one
 * sentence.
 */
void	parsing_report(void *parsing, const char *);
void	parsing_wrong(struct parsing *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/*
 * Says what is wrong with a part of the configuration, with the place where it
 * was defined.
 */
void	parsing_complain(struct parsing *, const void *obj, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
/* The same about what is no error, but not what anybody can want. */
void	parsing_remark(struct parsing *, const void *obj, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
/* Notes that this part of the configuration is defined in this line. */
void	parsing_origin(struct parsing *, const void *obj);
/* A new one, all zero, which is defined in this line. */
void	*parsing_item(struct parsing *, size_t);
/* Joins two strings; the result lives until parsing_end(). */
char	*parsing_join(struct parsing *, const char *, const char *);

void	parsing_enter(struct parsing *, enum parsing_block);
/* The words that the block we are in takes, as a sentence. */
const char *parsing_words(const struct parsing *);
/* A number of the block we are in, by its name there. */
void	parsing_number(struct parsing *, const char *name, uint64_t);
void	parsing_address(struct parsing *, struct atm_addr *, const char *);
/* A path as seen from the file that names it; what: of which statement. */
void	parsing_path(struct parsing *, char *, size_t, const char *what,
	    const char *path);
/* A name of NAME_SIZE octets at most, its NUL included. */
void	parsing_name(struct parsing *, char *, const char *);
/* True if s is the second word, false if it is the first. */
bool	parsing_choice(struct parsing *, const char *s, const char *no,
	    const char *yes);

/* --- parsing_file.c: statements outside of blocks */
void	parsing_macro(struct parsing *, const char *name, const char *value);
void	parsing_include(struct parsing *, const char *path);
void	parsing_server_id(struct parsing *, const char *);
void	parsing_control(struct parsing *, const char *path);
/* addr, pvc, peer: NULL where the statement has none */
void	parsing_listen(struct parsing *, enum conf_transport, const char *addr,
	    const char *pvc, const char *peer);
void	parsing_mtu(struct parsing *, const char *word, uint64_t);

/* --- parsing_key.c */
void	parsing_key_begin(struct parsing *, uint64_t spi);
void	parsing_key_end(struct parsing *);
void	parsing_key_algorithm(struct parsing *, const char *);
/* A time in UTC as of time(3); 0 if it is none. */
int64_t	parsing_time(struct parsing *, const char *);

/* --- parsing_cluster.c: clusters, groups, and their neighbors */
void	parsing_cluster_begin(struct parsing *, const char *name);
void	parsing_group_begin(struct parsing *, uint64_t sgid, uint64_t pid);
void	parsing_cluster_end(struct parsing *);		/* of both */
/* The limit block of what is open: an edge, a LAN, a cluster, the file. */
void	parsing_limit_begin(struct parsing *);
/* A number of a group, which takes fewer than a cluster. */
void	parsing_group_number(struct parsing *, const char *, uint64_t);
/* name: the protocol, or NULL; then snap has its five octets of SNAP. */
void	parsing_protocol(struct parsing *, const char *name, const char *snap);
void	parsing_cmi(struct parsing *, uint64_t min, uint64_t max);
void	parsing_allow(struct parsing *, const char *);
void	parsing_backup(struct parsing *, const char *);
void	parsing_neighbor_begin(struct parsing *, const char *);
void	parsing_neighbor_end(struct parsing *);
void	parsing_neighbor_key(struct parsing *, uint64_t spi);

/* --- parsing_edge.c: edges, their LANs, and what may pass */
void	parsing_edge_begin(struct parsing *, const char *name);
void	parsing_edge_end(struct parsing *);
/* After an error: back in the block of the edge, or of the LAN. */
void	parsing_edge_resume(struct parsing *);
void	parsing_lan_resume(struct parsing *);
void	parsing_edge_cluster(struct parsing *, const char *);
void	parsing_edge_protocol(struct parsing *, const char *);
void	parsing_edge_path(struct parsing *, const char *);
/* source, dir: NULL where the statement has none */
void	parsing_edge_allow(struct parsing *, const char *group,
	    const char *source, const char *dir);
void	parsing_edge_key(struct parsing *, uint64_t spi);
void	parsing_lan_begin(struct parsing *, const char *name, bool tun);
void	parsing_lan_end(struct parsing *);
void	parsing_lan_forward(struct parsing *, const char *);
void	parsing_rule_begin(struct parsing *, const char *group);
void	parsing_rule_end(struct parsing *);
void	parsing_rule_ttl(struct parsing *, const char *min, uint64_t);
void	parsing_rule_dscp(struct parsing *, const char *);
/* A statement of a list, and another item for the one that was last. */
void	parsing_list(struct parsing *, enum parsing_list, const char *);
void	parsing_list_more(struct parsing *, const char *);
/* A number of a block that also has rates, and such a rate: 20M. */
void	parsing_rate_number(struct parsing *, const char *name, uint64_t);
void	parsing_rate(struct parsing *, const char *name, const char *);

/*
 * check.c: fills in what follows from other statements, and says what is
 * wrong with the whole.
 */
void	parsing_check(struct parsing *);
/* check_edge.c: the same for an edge */
void	parsing_check_edge(struct parsing *, struct conf_edge *);

#endif
