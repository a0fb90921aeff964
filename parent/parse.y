/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The grammar of mars.conf(5).  An action only fills in the configuration
 * that is being made; an error is reported with its place and parsing goes
 * on, so that one run shows them all.  yacc(1) wants its state outside of
 * functions: nothing here is used after parse_config() has returned.
 */
%{
#include <arpa/inet.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "parser.h"
#include "secretfile.h"

/* Where an object of the configuration was defined. */
struct origin {
	SLIST_ENTRY(origin)	 entry;
	const void		*obj;
	char			 file[256];
	int			 line;
};

/* Strings of tokens live until the end of the parse. */
struct text {
	SLIST_ENTRY(text)	 entry;
	char			 s[];
};

static struct lex		 lx;
static SLIST_HEAD(, origin)	 origins;
static SLIST_HEAD(, text)	 texts;
static struct conf		*conf;
static struct conf_key		*key;
static struct conf_cluster	*cluster;
static struct conf_neighbor	*neighbor;
static const char		*prefix;	/* "redirect ", of numbers */
static const char		*block;		/* what we are in, and what
						 * it takes */
static const char		*usage;		/* of the statement begun */
static const char		*begun;		/* it began with this, which is
						 * no keyword */
static bool			 more_keys;	/* key N was just read */
static bool			 first;		/* token of a statement */
static bool			 bad_token;	/* reported by the lexer */
static int			 errors;
static char			*first_error;
static size_t			 first_error_size;

static const char	 in_file[] = "a statement is server-id, listen, udp, "
    "enquiry-interval, control, user, limit, key, cluster, server-group, "
    "include or name = \"value\"";
static const char	 in_key[] = "a key block takes algorithm, file and "
    "valid";
static const char	 in_cluster[] = "a cluster block takes address, "
    "server-group, protocol, cmi, redirect, backup, allow, limit, tombstone, "
    "hold, hop-count, csn, strict-source, native-parties and neighbor";
static const char	 in_group[] = "a server-group block takes hop-count, "
    "limit and neighbor";
static const char	 in_glimit[] = "a server-group's limit block takes "
    "records";
static const char	 in_redirect[] = "a redirect block takes interval, "
    "dead and order";
static const char	 in_climit[] = "a cluster's limit block takes members, "
    "joins-per-member, groups, servers, serve-range, rate, rate-total and "
    "records";
static const char	 in_limit[] = "a limit block outside of clusters takes "
    "circuits and circuits-per-address";
static const char	 in_neighbor[] = "a neighbor block takes key, auth, "
    "replay, hello-interval, dead-factor and retransmit";
static const char	 in_retransmit[] = "a retransmit block takes ca, csus, "
    "csu and limit";

static int	 yylex(void);
static void	 yyerror(const char *);
static void	 complain(const void *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));
static void	 wrong(const char *, ...)
		    __attribute__((__format__(printf, 1, 2)));
static void	 report(const char *);
static void	 origin(const void *);
static void	*item(size_t);
static void	 enter(const char *);
static void	 leave(const char *);
static void	 number(const char *, uint64_t);
static void	 address(struct atm_addr *, const char *);
static void	 copy_path(char *, size_t, const char *, const char *);
static void	 copy_name(char *, const char *);
static void	 control(const char *);
static bool	 choice(const char *, const char *, const char *);
static void	 server_id(const char *);
static void	 listen_on(enum conf_transport, const char *, const char *,
		    const char *);
static void	 key_begin(uint64_t);
static void	 key_end(void);
static void	 key_algorithm(const char *);
static int64_t	 point_in_time(const char *);
static void	 cluster_begin(const char *);
static void	 group_begin(uint64_t, uint64_t);
static void	 group_number(const char *, uint64_t);
static const char *in_outer(void);
static void	 protocol(const char *, const char *);
static void	 cmi(uint64_t, uint64_t);
static void	 allow_from(const char *);
static void	 backup(const char *);
static void	 neighbor_begin(const char *);
static void	 neighbor_key(uint64_t);
static void	 macro(const char *, const char *);
static char	*join(const char *, const char *);
%}

%union {
	uint64_t	 number;
	char		*string;
}

%token	ADDRESS ALGORITHM ALLOW ATM_PVC ATM_SVC AUTH BACKUP BASE_PORT
%token	CLUSTER CMI CONTROL CSN FROM INCLUDE KEY KEYFILE LIMIT LISTEN MARSD
%token	NATIVE_PARTIES NEIGHBOR ON ORDER PEER PROTOCOL PROTOCOL_ID REDIRECT
%token	REPLAY RETRANSMIT SCSPD SERVER_GROUP SERVER_ID SNAP STRICT_SOURCE UDP
%token	UNTIL USER VALID
%token	BAD
%token	<string>	STRING NUMERIC
%token	<number>	NUMBER
%type	<string>	strings

%%

file		: /* empty */
		| file '\n'
		| file statement '\n'
		| file include
		| file error '\n'	{
			cluster = NULL;
			leave(in_file);
			yyerrok;
		}
		;

sep		: '\n'
		| ','
		;

/* the file is pushed when its line has ended, as the last thing of a rule */
include		: INCLUDE STRING '\n'	{
			char path[CONF_PATH_SIZE];

			copy_path(path, sizeof(path), "include", $2);
			if (*path != '\0')
				(void)lex_push_file(&lx, path);
		}
		;

statement	: STRING '=' strings	{ macro($1, $3); }
		| SERVER_ID STRING	{ server_id($2); }
		| LISTEN ON UDP STRING	{
			listen_on(CONF_LISTEN_UDP, $4, NULL, NULL);
		}
		| LISTEN ON ATM_SVC STRING {
			listen_on(CONF_LISTEN_ATM_SVC, $4, NULL, NULL);
		}
		| LISTEN ON ATM_PVC STRING PEER STRING {
			listen_on(CONF_LISTEN_ATM_PVC, NULL, $4, $6);
		}
		| LISTEN ON ATM_PVC STRING PEER STRING ADDRESS STRING {
			listen_on(CONF_LISTEN_ATM_PVC, $8, $4, $6);
		}
		| UDP BASE_PORT NUMBER	{ number("udp base-port", $3); }
		| NUMERIC NUMBER	{ number($1, $2); }
		| CONTROL STRING	{ control($2); }
		| USER MARSD STRING	{ copy_name(conf->user_marsd,
		    $3); }
		| USER SCSPD STRING	{ copy_name(conf->user_scspd,
		    $3); }
		| LIMIT limit_begin NUMERIC NUMBER {
			number($3, $4);
			leave(in_file);
		}
		| LIMIT limit_begin '{' numbers '}' { leave(in_file); }
		| KEY NUMBER '{'	{ key_begin($2); }
		  key_body '}'		{ key_end(); }
		| CLUSTER STRING '{'	{ cluster_begin($2); }
		  cluster_body '}'	{
			cluster = NULL;
			leave(in_file);
		}
		| SERVER_GROUP NUMBER PROTOCOL_ID NUMBER '{' {
			group_begin($2, $4);
		}
		  group_body '}'	{
			cluster = NULL;
			leave(in_file);
		}
		;

strings		: STRING		{ $$ = $1; }
		| NUMBER		{
			char buf[24];

			(void)snprintf(buf, sizeof(buf), "%llu",
			    (unsigned long long)$1);
			$$ = join(buf, "");
		}
		| strings STRING	{ $$ = join($1, $2); }
		;

limit_begin	: /* empty */		{
			prefix = "limit ";
			enter(cluster == NULL ? in_limit : cluster->protocol_id
			    == PID_MARS ? in_climit : in_glimit);
		}
		;

/* a block of numbers only */
numbers		: number_lines
		| number_lines number
		| number_lines error
		;

number_lines	: /* empty */
		| number_lines sep
		| number_lines number sep
		| number_lines error '\n'	{ yyerrok; }
		;

number		: NUMERIC NUMBER	{ number($1, $2); }
		| LIMIT NUMBER		{ number("limit", $2); }
		;

key_body	: key_lines
		| key_lines key_item
		| key_lines error
		;

key_lines	: /* empty */
		| key_lines sep
		| key_lines key_item sep
		| key_lines error '\n'	{ yyerrok; }
		;

key_item	: ALGORITHM STRING	{ key_algorithm($2); }
		| KEYFILE STRING	{
			copy_path(key->file, sizeof(key->file), "file", $2);
		}
		| VALID from
		| VALID until
		| VALID from until
		;

from		: FROM STRING		{ key->not_before = point_in_time($2); }
		;

until		: UNTIL STRING		{ key->not_after = point_in_time($2); }
		;

cluster_body	: cluster_lines
		| cluster_lines cluster_item
		| cluster_lines error
		;

cluster_lines	: /* empty */
		| cluster_lines sep
		| cluster_lines cluster_item sep
		| cluster_lines error '\n'	{
			leave(in_cluster);
			yyerrok;
		}
		;

cluster_item	: NUMERIC NUMBER	{ number($1, $2); }
		| SERVER_GROUP NUMBER	{ number("server-group", $2); }
		| ADDRESS STRING	{ address(&cluster->addr, $2); }
		| PROTOCOL STRING	{ protocol($2, NULL); }
		| PROTOCOL SNAP STRING	{ protocol(NULL, $3); }
		| CMI NUMBER '-' NUMBER	{ cmi($2, $4); }
		| BACKUP STRING		{ backup($2); }
		| ALLOW FROM STRING	{ allow_from($3); }
		| REDIRECT redirect_begin redirect_item { leave(in_cluster); }
		| REDIRECT redirect_begin '{' redirect_body '}' {
			leave(in_cluster);
		}
		| LIMIT limit_begin NUMERIC NUMBER {
			number($3, $4);
			leave(in_cluster);
		}
		| LIMIT limit_begin '{' numbers '}' { leave(in_cluster); }
		| CSN STRING		{
			cluster->csn_before = choice($2, "after", "before");
		}
		| STRICT_SOURCE STRING	{
			cluster->strict_source = choice($2, "no", "yes");
		}
		| NATIVE_PARTIES	{ cluster->native_parties = true; }
		| NATIVE_PARTIES STRING	{
			cluster->native_parties = choice($2, "no", "yes");
		}
		| neighbor
		;

neighbor	: NEIGHBOR STRING	{
			neighbor_begin($2);
			leave(in_outer());
		}
		| NEIGHBOR STRING '{'	{ neighbor_begin($2); }
		  neighbor_body '}'	{ leave(in_outer()); }
		;

group_body	: group_lines
		| group_lines group_item
		| group_lines error
		;

group_lines	: /* empty */
		| group_lines sep
		| group_lines group_item sep
		| group_lines error '\n'	{
			leave(in_group);
			yyerrok;
		}
		;

group_item	: NUMERIC NUMBER	{ group_number($1, $2); }
		| LIMIT limit_begin NUMERIC NUMBER {
			group_number($3, $4);
			leave(in_group);
		}
		| neighbor
		;

redirect_begin	: /* empty */		{
			prefix = "redirect ";
			enter(in_redirect);
		}
		;

redirect_body	: redirect_lines
		| redirect_lines redirect_item
		| redirect_lines error
		;

redirect_lines	: /* empty */
		| redirect_lines sep
		| redirect_lines redirect_item sep
		| redirect_lines error '\n'	{ yyerrok; }
		;

redirect_item	: NUMERIC NUMBER	{ number($1, $2); }
		| ORDER STRING		{
			cluster->redirect_order = choice($2, "self",
			    "lowest") ? CONF_ORDER_LOWEST : CONF_ORDER_SELF;
		}
		;

neighbor_body	: neighbor_lines
		| neighbor_lines neighbor_item
		| neighbor_lines error
		;

neighbor_lines	: /* empty */
		| neighbor_lines sep
		| neighbor_lines neighbor_item sep
		| neighbor_lines error '\n'	{
			leave(in_neighbor);
			yyerrok;
		}
		;

/* a number alone goes on with a list of keys: key 1, 2 */
neighbor_item	: KEY NUMBER		{
			neighbor_key($2);
			more_keys = true;
		}
		| NUMBER		{
			if (more_keys)
				neighbor_key($1);
			else
				wrong("unexpected %llu: %s",
				    (unsigned long long)$1, block);
		}
		| NUMERIC NUMBER	{
			number($1, $2);
			more_keys = false;
		}
		| AUTH STRING		{
			neighbor->auth = choice($2, "off", "required");
			more_keys = false;
		}
		| REPLAY STRING		{
			neighbor->replay_required = choice($2, "optional",
			    "required");
			more_keys = false;
		}
		| RETRANSMIT retransmit_begin '{' numbers '}' {
			leave(in_neighbor);
			more_keys = false;
		}
		;

retransmit_begin : /* empty */		{
			prefix = "retransmit ";
			enter(in_retransmit);
		}
		;

%%

struct keyword {
	const char	*name;
	int		 token;
	const char	*usage;
};

/* sorted, for bsearch(3) */
static const struct keyword keywords[] = {
	{ "address", ADDRESS, "address 192.0.2.1%0" },
	{ "algorithm", ALGORITHM, "algorithm hmac-sha256, hmac-sha384, "
	    "hmac-sha512 or hmac-md5" },
	{ "allow", ALLOW, "allow from 192.0.2.0/24" },
	{ "atm-pvc", ATM_PVC, NULL },
	{ "atm-svc", ATM_SVC, NULL },
	{ "auth", AUTH, "auth required or auth off" },
	{ "backup", BACKUP, "backup 192.0.2.200" },
	{ "base-port", BASE_PORT, NULL },
	{ "ca", NUMERIC, "ca SECONDS" },
	{ "circuits", NUMERIC, "circuits NUMBER" },
	{ "circuits-per-address", NUMERIC, "circuits-per-address NUMBER" },
	{ "cluster", CLUSTER, "cluster \"name\" { protocol ipv4 }" },
	{ "cmi", CMI, "cmi 1 - 4095" },
	{ "control", CONTROL, "control \"/var/run/mars\"" },
	{ "csn", CSN, "csn before or csn after" },
	{ "csu", NUMERIC, "csu SECONDS" },
	{ "csus", NUMERIC, "csus SECONDS" },
	{ "dead", NUMERIC, "dead SECONDS" },
	{ "dead-factor", NUMERIC, "dead-factor NUMBER" },
	{ "enquiry-interval", NUMERIC, "enquiry-interval SECONDS" },
	{ "file", KEYFILE, "file \"/etc/mars/257.key\"" },
	{ "from", FROM, NULL },
	{ "groups", NUMERIC, "groups NUMBER" },
	{ "hello-interval", NUMERIC, "hello-interval SECONDS" },
	{ "hold", NUMERIC, "hold SECONDS" },
	{ "hop-count", NUMERIC, "hop-count NUMBER" },
	{ "include", INCLUDE, "include \"file\"" },
	{ "interval", NUMERIC, "interval SECONDS" },
	{ "joins-per-member", NUMERIC, "joins-per-member NUMBER" },
	{ "key", KEY, "key NUMBER { algorithm hmac-sha256, file \"...\" }, "
	    "or key NUMBER for a neighbor" },
	{ "limit", LIMIT, "limit { ... } with a number for each, or limit "
	    "NUMBER in a retransmit block" },
	{ "listen", LISTEN, "listen on udp ADDRESS, listen on atm-svc ADDRESS "
	    "or listen on atm-pvc [ITF.]VPI.VCI peer ADDRESS" },
	{ "marsd", MARSD, NULL },
	{ "members", NUMERIC, "members NUMBER" },
	{ "native-parties", NATIVE_PARTIES, "native-parties yes or no" },
	{ "neighbor", NEIGHBOR, "neighbor ADDRESS { key NUMBER }" },
	{ "on", ON, NULL },
	{ "order", ORDER, "order self or order lowest" },
	{ "peer", PEER, NULL },
	{ "protocol", PROTOCOL, "protocol ipv4, ipv6, 0xNNNN or snap "
	    "\"xx-xx-xx-xx-xx\"" },
	{ "protocol-id", PROTOCOL_ID, NULL },
	{ "rate", NUMERIC, "rate NUMBER" },
	{ "rate-total", NUMERIC, "rate-total NUMBER" },
	{ "records", NUMERIC, "records NUMBER" },
	{ "redirect", REDIRECT, "redirect { interval SECONDS, dead SECONDS, "
	    "order self or lowest }" },
	{ "replay", REPLAY, "replay required or replay optional" },
	{ "retransmit", RETRANSMIT, "retransmit { ca SECONDS, csus SECONDS, "
	    "csu SECONDS, limit NUMBER }" },
	{ "scspd", SCSPD, NULL },
	{ "serve-range", NUMERIC, "serve-range NUMBER" },
	{ "server-group", SERVER_GROUP, "server-group NUMBER in a cluster, or "
	    "server-group NUMBER protocol-id NUMBER { neighbor ADDRESS } "
	    "outside" },
	{ "server-id", SERVER_ID, "server-id 192.0.2.1" },
	{ "servers", NUMERIC, "servers NUMBER" },
	{ "snap", SNAP, NULL },
	{ "strict-source", STRICT_SOURCE, "strict-source yes or no" },
	{ "tombstone", NUMERIC, "tombstone SECONDS" },
	{ "udp", UDP, "udp base-port NUMBER" },
	{ "until", UNTIL, NULL },
	{ "user", USER, "user marsd NAME or user scspd NAME" },
	{ "valid", VALID, "valid from 2026-01-01 until 2026-06-30T12:00" }
};

static int
keyword_cmp(const void *name, const void *kw)
{
	return strcmp(name, ((const struct keyword *)kw)->name);
}

/* One line about an error; the first is kept for who asked for a reload. */
static void
blame(const char *file, int line, const char *text)
{
	if (errors++ == 0)
		(void)snprintf(first_error, first_error_size, "%s:%d: %s",
		    file, line, text);
	log_warnx("%s:%d: %s", file, line, text);
}

/* What the lexer found wrong. */
static void
report(const char *text)
{
	blame(lx.file, lx.line, text);
}

/* What an action finds wrong with the line being read. */
static void
wrong(const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(text);
}

/* What is wrong with an object, at the line where it was defined. */
static void
complain(const void *obj, const char *fmt, ...)
{
	char text[SENTENCE_SIZE];
	const struct origin *o;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	SLIST_FOREACH(o, &origins, entry)
		if (o->obj == obj) {
			blame(o->file, o->line, text);
			return;
		}
	report(text);
}

/*
 * A syntax error: says how the statement is written that was begun, or what
 * may stand here.
 */
static void
yyerror(const char *what)
{
	const char *found = lx.text;

	if (bad_token) {
		bad_token = false;
		return;
	}
	if (strcmp(what, "syntax error") != 0) {
		wrong("%s: make the file simpler", what);
		return;
	}
	if (begun != NULL)
		found = begun;
	else if (*found == '\0')
		found = lx.midline ? "\"\"" : "end of line or file";
	if (usage != NULL)
		wrong("unexpected %s: write %s", found, usage);
	else
		wrong("unexpected %s: %s", found, block);
}

static void
origin(const void *obj)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL)
		fatal("parse");
	o->obj = obj;
	(void)strlcpy(o->file, lx.file, sizeof(o->file));
	o->line = lx.line;
	SLIST_INSERT_HEAD(&origins, o, entry);
}

/* A new element of the configuration, defined in this line. */
static void *
item(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		fatal("parse");
	origin(p);
	return p;
}

static char *
join(const char *a, const char *b)
{
	size_t size = strlen(a) + strlen(b) + 1;
	struct text *t = malloc(sizeof(*t) + size);

	if (t == NULL)
		fatal("parse");
	(void)snprintf(t->s, size, "%s%s", a, b);
	SLIST_INSERT_HEAD(&texts, t, entry);
	return t->s;
}

static int
lookup(const char *name, bool begins)
{
	const struct keyword *k;

	k = bsearch(name, keywords, sizeof(keywords) / sizeof(*keywords),
	    sizeof(*keywords), keyword_cmp);
	if (begins)
		usage = k == NULL ? NULL : k->usage;
	return k == NULL ? STRING : k->token;
}

/* A token for the grammar; notes which statement it begins, if it does. */
static int
yylex(void)
{
	bool was_first = first;
	int token;

	if (was_first)
		begun = NULL;

	switch (lex_next(&lx)) {
	case LEX_EOF:
		first = true;
		usage = NULL;
		return 0;
	case LEX_NEWLINE:
		first = true;
		return '\n';
	case LEX_CHAR:
		first = strchr(",{}", lx.text[0]) != NULL;
		if (was_first)
			usage = NULL;
		return lx.text[0] > 0 ? lx.text[0] : BAD;
	case LEX_NUMBER:
		first = false;
		if (was_first)
			usage = NULL;
		yylval.number = lx.number;
		return NUMBER;
	case LEX_WORD:
		first = false;
		token = lookup(lx.text, was_first);
		yylval.string = join(lx.text, "");
		if (was_first && token == STRING)
			begun = yylval.string;
		return token;
	case LEX_QUOTED:
		first = false;
		if (was_first)
			usage = NULL;
		yylval.string = join(lx.text, "");
		return STRING;
	case LEX_ERROR:
		first = false;
		bad_token = true;
		break;
	}
	return BAD;
}

/* Inside a block: numbers have a prefix, errors another list of words. */
static void
enter(const char *words)
{
	block = words;
}

static void
leave(const char *words)
{
	block = words;
	prefix = "";
	if (words != in_neighbor)
		neighbor = NULL;
}

/* A number of the innermost block, with its name in that block. */
static void
number(const char *name, uint64_t value)
{
	const struct conf_number *n = neighbor != NULL ?
	    conf_neighbor_numbers : cluster != NULL ? conf_cluster_numbers :
	    conf_numbers;
	void *base = neighbor != NULL ? (void *)neighbor : cluster != NULL ?
	    (void *)cluster : (void *)conf;
	char full[64];

	(void)snprintf(full, sizeof(full), "%s%s", prefix, name);
	for (; n->name != NULL; n++)
		if (strcmp(n->name, full) == 0)
			break;
	if (n->name == NULL)
		wrong("unexpected %s: %s", name, block);
	else if (!conf_number_set(n, base, value))
		wrong("%s is %llu: write a number from %u to %u", full,
		    (unsigned long long)value, n->min, n->max);
}

static void
address(struct atm_addr *a, const char *s)
{
	if (atm_addr_parse(a, s) == -1) {
		wrong("%s is no address: write an IP address, 192.0.2.1%%SEL, "
		    "an NSAPA of 40 hex digits or +digits", s);
		memset(a, 0, sizeof(*a));
	}
}

/* A path, seen from the directory of the file that names it. */
static void
copy_path(char *buf, size_t size, const char *what, const char *path)
{
	*buf = '\0';
	if (*path == '\0')
		wrong("%s names no path: write one in quotes", what);
	else if (!lex_path(&lx, path, buf, size)) {
		*buf = '\0';
		wrong("the path of %s is longer than %d characters: use a "
		    "shorter one", what, CONF_PATH_SIZE - 1);
	}
}

/* Where the control sockets are; seen from the working directory. */
static void
control(const char *path)
{
	if (*path == '\0' || strlcpy(conf->control, path,
	    sizeof(conf->control)) >= sizeof(conf->control))
		wrong("control \"%s\": write the path of a directory", path);
}

static void
copy_name(char *buf, const char *name)
{
	if (*name == '\0' || strlcpy(buf, name, NAME_SIZE) >= NAME_SIZE)
		wrong("\"%s\" is no name: write 1 to %d characters", name,
		    NAME_SIZE - 1);
}

/* true if s is the second word, false if it is the first. */
static bool
choice(const char *s, const char *no, const char *yes)
{
	if (strcmp(s, yes) == 0)
		return true;
	if (strcmp(s, no) != 0)
		wrong("unexpected %s: write %s or %s", s, yes, no);
	return false;
}

static void
server_id(const char *s)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };

	if (inet_pton(AF_INET, s, conf->server_id) != 1)
		wrong("server-id %s: write four numbers with dots, such as "
		    "192.0.2.1", s);
	else if (memcmp(conf->server_id, none, sizeof(none)) == 0 ||
	    memcmp(conf->server_id, all, sizeof(all)) == 0)
		wrong("server-id %s is reserved: write an address that is "
		    "unique in the server group", s);
	else
		return;
	/* not the default, so that nothing is said about a missing one */
	memcpy(conf->server_id, "\x01", 1);
}

static void
listen_on(enum conf_transport t, const char *addr, const char *pvc,
    const char *peer)
{
	struct conf_listen *l = item(sizeof(*l));
	struct atm_pvc c = { 0, 0, 0 };

	TAILQ_INSERT_TAIL(&conf->listens, l, entry);
	l->transport = t;
	if (addr != NULL)
		address(&l->addr, addr);
	if (peer != NULL)
		address(&l->peer, peer);
	if (pvc != NULL && !atm_pvc_parse(&c, pvc))
		wrong("%s is no circuit: write [ITF.]VPI.VCI, such as 0.0.100 "
		    "(VPI up to 4095, VCI 32 to 65535)", pvc);
	l->itf = c.itf;
	l->vpi = c.vpi;
	l->vci = c.vci;
}

static void
key_begin(uint64_t spi)
{
	enter(in_key);
	if (spi == 0 || spi > UINT32_MAX)
		wrong("key %llu: write a number from 1 to 4294967295",
		    (unsigned long long)spi);
	else if (conf_key_find(conf, (uint32_t)spi) != NULL)
		wrong("key %llu is defined twice: give each key a number of "
		    "its own", (unsigned long long)spi);
	key = item(sizeof(*key));
	key->spi = (uint32_t)spi;
	key->algorithm = CONF_HMAC_SHA256;
	TAILQ_INSERT_TAIL(&conf->keys, key, entry);
}

static void
key_end(void)
{
	char why[SENTENCE_SIZE];

	leave(in_file);
	if (*key->file == '\0')
		complain(key, "key %u has no file: write file \"/etc/mars/%u."
		    "key\"", key->spi, key->spi);
	else if (!secretfile_key(key, why, sizeof(why)))
		complain(key, "%s", why);
	key = NULL;
}

static void
key_algorithm(const char *name)
{
	if (!conf_algorithm_find(name, &key->algorithm))
		wrong("algorithm %s is not known: write hmac-sha256, "
		    "hmac-sha384, hmac-sha512 or hmac-md5", name);
	else if (key->algorithm == CONF_HMAC_MD5)
		log_warnx("%s:%d: hmac-md5 is weak: write hmac-sha256 unless "
		    "the neighbor knows nothing else", lx.file, lx.line);
}

/* YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z], in UTC. */
static int64_t
point_in_time(const char *s)
{
	static const char *const formats[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M",
	    "%Y-%m-%dT%H:%M:%S" };
	struct tm tm;
	const char *end;
	time_t t;
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(s, formats[i], &tm);
		if (end == NULL || strcmp(end, *end == 'Z' ? "Z" : "") != 0)
			continue;
		if ((t = timegm(&tm)) > 0)
			return t;
	}
	wrong("%s is no time: write 2026-06-30 or 2026-06-30T12:00, in UTC",
	    s);
	return 0;
}

static void
cluster_begin(const char *name)
{
	enter(in_cluster);
	if (*name == '\0' || strlen(name) >= NAME_SIZE)
		wrong("\"%s\" is no name of a cluster: write 1 to %d "
		    "characters", name, NAME_SIZE - 1);
	else if (conf_cluster_find(conf, name) != NULL)
		wrong("cluster \"%s\" is defined twice: give each a name of "
		    "its own", name);
	if ((cluster = conf_cluster_new(conf, name)) == NULL)
		fatal("parse");
	origin(cluster);
}

/* Of another protocol: MARS has clusters. */
static void
group_begin(uint64_t sgid, uint64_t pid)
{
	enter(in_group);
	if (pid < 1 || pid > UINT16_MAX || pid == PID_MARS) {
		wrong("protocol-id %llu: write a number from 1 to 65535 but "
		    "%d, which is that of MARS and of clusters",
		    (unsigned long long)pid, PID_MARS);
		pid = UINT16_MAX;
	}
	if ((cluster = conf_group_new(conf, 1, (uint16_t)pid)) == NULL)
		fatal("parse");
	origin(cluster);
	number("server-group", sgid);
}

/* What a cluster takes is more than what a group takes. */
static void
group_number(const char *name, uint64_t value)
{
	if (strcmp(name, "hop-count") == 0 || (*prefix != '\0' &&
	    strcmp(name, "records") == 0))
		number(name, value);
	else
		wrong("unexpected %s: %s", name, block);
}

/* The words of the block that a neighbor is in. */
static const char *
in_outer(void)
{
	return cluster->protocol_id == PID_MARS ? in_cluster : in_group;
}

/* Five octets in hex with dashes. */
static bool
snap_parse(uint8_t *snap, const char *s)
{
	unsigned v[5];
	char end;
	size_t i;

	if (strspn(s, "0123456789abcdefABCDEF-") != strlen(s) ||
	    sscanf(s, "%2x-%2x-%2x-%2x-%2x%c", &v[0], &v[1], &v[2], &v[3],
	    &v[4], &end) != 5)
		return false;
	for (i = 0; i < 5; i++)
		snap[i] = (uint8_t)v[i];
	return true;
}

/* 0x and up to four hex digits; 0x80 announces a SNAP (RFC 2022 4.3.2). */
static bool
type_parse(uint16_t *type, const char *s)
{
	size_t n = strlen(s);

	if (strncmp(s, "0x", 2) != 0 || n < 3 || n > 6 ||
	    strspn(s + 2, "0123456789abcdefABCDEF") != n - 2)
		return false;
	*type = (uint16_t)strtoul(s, NULL, 16);
	return *type != 0 && *type != PRO_SNAP;
}

static void
protocol(const char *name, const char *snap)
{
	struct conf_protocol *p, *have;

	p = item(sizeof(*p));
	if (snap != NULL) {
		p->pro.type = PRO_SNAP;
		if (!snap_parse(p->pro.snap, snap))
			wrong("snap \"%s\": write five octets, such as "
			    "\"00-00-00-08-00\"", snap);
		mars_pro_normalise(&p->pro);
	} else if (strcmp(name, "ipv4") == 0)
		p->pro.type = PRO_IPV4;
	else if (strcmp(name, "ipv6") == 0)
		p->pro.type = PRO_IPV6;
	else if (!type_parse(&p->pro.type, name))
		wrong("protocol %s: write ipv4, ipv6, an Ethertype 0xNNNN or "
		    "snap \"xx-xx-xx-xx-xx\"", name);
	TAILQ_FOREACH(have, &cluster->protocols, entry)
		if (mars_pro_equal(&have->pro, &p->pro)) {
			wrong("protocol %s is there twice: remove one",
			    snap != NULL ? snap : name);
			break;
		}
	TAILQ_INSERT_TAIL(&cluster->protocols, p, entry);
}

static void
cmi(uint64_t min, uint64_t max)
{
	if (min < 1 || max > 65535 || min > max)
		wrong("cmi %llu - %llu: write the smaller number first, both "
		    "from 1 to 65535", (unsigned long long)min,
		    (unsigned long long)max);
	else {
		cluster->cmi_min = (uint16_t)min;
		cluster->cmi_max = (uint16_t)max;
	}
}

static void
allow_from(const char *s)
{
	struct conf_prefix *p = item(sizeof(*p));

	TAILQ_INSERT_TAIL(&cluster->allow, p, entry);
	if (!ip_prefix_parse(&p->prefix, s))
		wrong("allow from %s: write an IP address and a mask length, "
		    "such as 192.0.2.0/24", s);
}

static void
backup(const char *s)
{
	struct conf_backup *b = item(sizeof(*b));

	TAILQ_INSERT_TAIL(&cluster->backups, b, entry);
	address(&b->addr, s);
}

static void
neighbor_begin(const char *s)
{
	enter(in_neighbor);
	more_keys = false;
	if ((neighbor = conf_neighbor_new(cluster)) == NULL)
		fatal("parse");
	origin(neighbor);
	address(&neighbor->addr, s);
}

static void
neighbor_key(uint64_t spi)
{
	const size_t max = sizeof(neighbor->spis) / sizeof(neighbor->spis[0]);

	if (spi == 0 || spi > UINT32_MAX)
		wrong("key %llu: write a number from 1 to 4294967295",
		    (unsigned long long)spi);
	else if (neighbor->nspis == max)
		wrong("a neighbor has at most %zu keys: remove those that are "
		    "no longer valid", max);
	else
		neighbor->spis[neighbor->nspis++] = (uint32_t)spi;
}

static void
macro(const char *name, const char *value)
{
	static const char head[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	if (*name == '\0' || strchr(head, *name) == NULL ||
	    strspn(name, more) != strlen(name) || strlen(name) > 63)
		wrong("\"%s\" is no name of a macro: write a letter, then "
		    "letters, digits and _", name);
	else if (!lex_macro_set(lx.macros, name, value, false))
		fatal("parse");
}

static void
forget(void)
{
	struct origin *o;
	struct text *t;

	while ((o = SLIST_FIRST(&origins)) != NULL) {
		SLIST_REMOVE_HEAD(&origins, entry);
		free(o);
	}
	while ((t = SLIST_FIRST(&texts)) != NULL) {
		SLIST_REMOVE_HEAD(&texts, entry);
		free(t);
	}
}

struct conf *
parse_config(const char *file, struct lex_macros *ms, char *why, size_t size)
{
	struct conf *result;

	errors = 0;
	first_error = why;
	first_error_size = size;
	*why = '\0';
	key = NULL;
	cluster = NULL;
	neighbor = NULL;
	prefix = "";
	block = in_file;
	usage = NULL;
	begun = NULL;
	first = true;
	bad_token = false;
	if ((conf = conf_new()) == NULL)
		fatal("parse");
	lex_init(&lx, ms, report);
	lx.line = 1;
	(void)strlcpy(lx.file, file, sizeof(lx.file));
	if (lex_push_file(&lx, file)) {
		if (yyparse() != 0 && errors == 0)
			report("the file can't be parsed");
		if (errors == 0)
			parent_check_conf(conf, complain);
	}
	lex_free(&lx);
	forget();
	lex_macros_free(ms, false);
	result = conf;
	conf = NULL;
	if (errors != 0) {
		conf_free(result);
		return NULL;
	}
	return result;
}
