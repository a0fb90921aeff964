/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The grammar of mars.conf(5), and its keywords.  The actions are in
 * parsing_*.c.  yacc(1) wants its state outside of functions: nothing of it
 * is used after parse_config() has returned.
 */
%{
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "parsing.h"

static struct parsing	 parsing;
static struct parsing	*const ps = &parsing;

/* Of the statement that is being read, for an error in it. */
static const char	*usage;		/* how it is written */
static const char	*begun;		/* its first word, if no keyword */
static bool		 first;		/* the next token begins one */
static bool		 bad_token;	/* reported by the lexer */

static int	 yylex(void);
static void	 yyerror(const char *);
%}

%union {
	uint64_t	 number;
	char		*string;
}

%token	ADDRESS ALGORITHM ALLOW ATM_PVC ATM_SVC AUTH BACKUP BASE_PORT
%token	CLUSTER CMI CONFINEMENT CONTROL CSN FROM INCLUDE KEY KEYFILE LIMIT
%token	LISTEN MARSD
%token	NATIVE_PARTIES NEIGHBOR ON ORDER PEER PROTOCOL PROTOCOL_ID REDIRECT
%token	READ_ONLY
%token	REPLAY RETRANSMIT SCSPD SERVER_GROUP SERVER_ID SNAP STRICT_SOURCE UDP
%token	UNTIL USER VALID
%token	DF DISCOVERY DSCP EDGE EDGED FAST_LEAVE FORWARD GROUP LAN LINK_LOCAL
%token	PATHS QUERIER QUERY SERVE SERVERS SOURCE STATICS TTL TUN
%token	BAD
%token	<string>	STRING NUMERIC
%token	<number>	NUMBER
%type	<string>	strings onoff path_word

%%

file		: /* empty */
		| file '\n'
		| file statement '\n'
		| file include
		| file error '\n'	{
			parsing_cluster_end(ps);
			parsing_edge_end(ps);
			yyerrok;
		}
		;

sep		: '\n'
		| ','
		;

/* the file is pushed when its line has ended, as the last thing of a rule */
include		: INCLUDE STRING '\n'	{ parsing_include(ps, $2); }
		;

statement	: STRING '=' strings	{ parsing_macro(ps, $1, $3); }
		| SERVER_ID STRING	{ parsing_server_id(ps, $2); }
		| LISTEN ON UDP STRING	{
			parsing_listen(ps, CONF_LISTEN_UDP, $4, NULL, NULL);
		}
		| LISTEN ON UDP STRING NUMERIC NUMBER {
			parsing_listen(ps, CONF_LISTEN_UDP, $4, NULL, NULL);
			parsing_mtu(ps, $5, $6);
		}
		| LISTEN ON ATM_SVC STRING {
			parsing_listen(ps, CONF_LISTEN_ATM_SVC, $4, NULL, NULL);
		}
		| LISTEN ON ATM_PVC STRING PEER STRING {
			parsing_listen(ps, CONF_LISTEN_ATM_PVC, NULL, $4, $6);
		}
		| LISTEN ON ATM_PVC STRING PEER STRING ADDRESS STRING {
			parsing_listen(ps, CONF_LISTEN_ATM_PVC, $8, $4, $6);
		}
		| UDP BASE_PORT NUMBER	{
			parsing_number(ps, "udp base-port", $3);
		}
		| NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| CONTROL STRING	{ parsing_control(ps, $2); }
		| CONTROL GROUP STRING	{
			parsing_name(ps, ps->conf->control_group, $3);
		}
		| CONTROL READ_ONLY GROUP STRING {
			parsing_name(ps, ps->conf->control_readers, $4);
		}
		| USER MARSD STRING	{
			parsing_name(ps, ps->conf->user_marsd, $3);
		}
		| USER SCSPD STRING	{
			parsing_name(ps, ps->conf->user_scspd, $3);
		}
		| USER EDGED STRING	{
			parsing_name(ps, ps->conf->user_edged, $3);
		}
		| CONFINEMENT STRING	{
			ps->conf->best_effort = parsing_choice(
			    ps, $2, "required", "best-effort");
		}
		| LIMIT limit_begin NUMERIC NUMBER {
			parsing_number(ps, $3, $4);
			parsing_enter(ps, PARSING_FILE);
		}
		| LIMIT limit_begin '{' numbers '}' {
			parsing_enter(ps, PARSING_FILE);
		}
		| KEY NUMBER '{'	{ parsing_key_begin(ps, $2); }
		  key_body '}'		{ parsing_key_end(ps); }
		| CLUSTER STRING '{'	{ parsing_cluster_begin(ps, $2); }
		  cluster_body '}'	{ parsing_cluster_end(ps); }
		| SERVER_GROUP NUMBER PROTOCOL_ID NUMBER '{' {
			parsing_group_begin(ps, $2, $4);
		}
		  group_body '}'	{ parsing_cluster_end(ps); }
		| EDGE STRING '{'	{ parsing_edge_begin(ps, $2); }
		  edge_body '}'		{ parsing_edge_end(ps); }
		;

strings		: STRING		{ $$ = $1; }
		| NUMBER		{
			char buf[24];

			(void)snprintf(buf, sizeof(buf), "%llu",
			    (unsigned long long)$1);
			$$ = parsing_join(ps, buf, "");
		}
		| strings STRING	{ $$ = parsing_join(ps, $1, $2); }
		;

limit_begin	: /* empty */		{ parsing_limit_begin(ps); }
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

number		: NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| SERVERS NUMBER	{ parsing_number(ps, "servers", $2); }
		| LIMIT NUMBER		{ parsing_number(ps, "limit", $2); }
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

key_item	: ALGORITHM STRING	{ parsing_key_algorithm(ps, $2); }
		| KEYFILE STRING	{
			parsing_path(ps, ps->key->file, sizeof(ps->key->file),
			    "file", $2);
		}
		| VALID from
		| VALID until
		| VALID from until
		;

from		: FROM STRING		{
			ps->key->not_before = parsing_time(ps, $2);
		}
		;

until		: UNTIL STRING		{
			ps->key->not_after = parsing_time(ps, $2);
		}
		;

cluster_body	: cluster_lines
		| cluster_lines cluster_item
		| cluster_lines error
		;

cluster_lines	: /* empty */
		| cluster_lines sep
		| cluster_lines cluster_item sep
		| cluster_lines error '\n'	{
			parsing_enter(ps, PARSING_CLUSTER);
			yyerrok;
		}
		;

cluster_item	: NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| SERVER_GROUP NUMBER	{
			parsing_number(ps, "server-group", $2);
		}
		| ADDRESS STRING	{
			parsing_address(ps, &ps->cluster->addr, $2);
		}
		| PROTOCOL STRING	{ parsing_protocol(ps, $2, NULL); }
		| PROTOCOL SNAP STRING	{ parsing_protocol(ps, NULL, $3); }
		| CMI NUMBER '-' NUMBER	{ parsing_cmi(ps, $2, $4); }
		| BACKUP STRING		{ parsing_backup(ps, $2); }
		| ALLOW FROM STRING	{ parsing_allow(ps, $3); }
		| REDIRECT redirect_begin redirect_item {
			parsing_enter(ps, PARSING_CLUSTER);
		}
		| REDIRECT redirect_begin '{' redirect_body '}' {
			parsing_enter(ps, PARSING_CLUSTER);
		}
		| LIMIT limit_begin number {
			parsing_enter(ps, PARSING_CLUSTER);
		}
		| LIMIT limit_begin '{' numbers '}' {
			parsing_enter(ps, PARSING_CLUSTER);
		}
		| CSN STRING		{
			ps->cluster->csn_before =
			    parsing_choice(ps, $2, "after", "before");
		}
		| STRICT_SOURCE STRING	{
			ps->cluster->strict_source =
			    parsing_choice(ps, $2, "no", "yes");
		}
		| NATIVE_PARTIES	{ ps->cluster->native_parties = true; }
		| NATIVE_PARTIES STRING	{
			ps->cluster->native_parties =
			    parsing_choice(ps, $2, "no", "yes");
		}
		| neighbor
		;

neighbor	: NEIGHBOR STRING	{
			parsing_neighbor_begin(ps, $2);
			parsing_neighbor_end(ps);
		}
		| NEIGHBOR STRING '{'	{ parsing_neighbor_begin(ps, $2); }
		  neighbor_body '}'	{ parsing_neighbor_end(ps); }
		;

group_body	: group_lines
		| group_lines group_item
		| group_lines error
		;

group_lines	: /* empty */
		| group_lines sep
		| group_lines group_item sep
		| group_lines error '\n'	{
			parsing_enter(ps, PARSING_GROUP);
			yyerrok;
		}
		;

group_item	: NUMERIC NUMBER	{ parsing_group_number(ps, $1, $2); }
		| LIMIT limit_begin NUMERIC NUMBER {
			parsing_group_number(ps, $3, $4);
			parsing_enter(ps, PARSING_GROUP);
		}
		| neighbor
		;

redirect_begin	: /* empty */		{
			parsing_enter(ps, PARSING_REDIRECT);
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

redirect_item	: NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| ORDER STRING		{
			ps->cluster->redirect_order =
			    parsing_choice(ps, $2, "self", "lowest") ?
			    CONF_ORDER_LOWEST : CONF_ORDER_SELF;
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
			parsing_enter(ps, PARSING_NEIGHBOR);
			yyerrok;
		}
		;

/* a number alone goes on with a list of keys: key 1, 2 */
neighbor_item	: KEY NUMBER		{
			parsing_neighbor_key(ps, $2);
			ps->more_keys = true;
		}
		| NUMBER		{
			if (ps->more_keys)
				parsing_neighbor_key(ps, $1);
			else
				parsing_wrong(ps, "unexpected %llu: %s",
				    (unsigned long long)$1, parsing_words(ps));
		}
		| NUMERIC NUMBER	{
			parsing_number(ps, $1, $2);
			ps->more_keys = false;
		}
		| AUTH STRING		{
			ps->neighbor->auth =
			    parsing_choice(ps, $2, "off", "required");
			ps->more_keys = false;
		}
		| REPLAY STRING		{
			ps->neighbor->replay_required =
			    parsing_choice(ps, $2, "optional", "required");
			ps->more_keys = false;
		}
		| RETRANSMIT retransmit_begin '{' numbers '}' {
			parsing_enter(ps, PARSING_NEIGHBOR);
			ps->more_keys = false;
		}
		;

retransmit_begin : /* empty */		{
			parsing_enter(ps, PARSING_RETRANSMIT);
		}
		;

edge_body	: edge_lines
		| edge_lines edge_item
		| edge_lines error
		;

edge_lines	: /* empty */
		| edge_lines sep
		| edge_lines edge_item sep
		| edge_lines error '\n'	{
			parsing_edge_resume(ps);
			yyerrok;
		}
		;

edge_item	: edge_list
		| edge_other		{ ps->list = PARSING_NO_LIST; }
		;

/* what may go on as a list: a word or a number alone is one item more */
edge_list	: SERVERS STRING	{
			parsing_list(ps, PARSING_SERVERS, $2);
		}
		| LINK_LOCAL STRING	{
			parsing_list(ps, PARSING_LINK_LOCALS, $2);
		}
		| SERVE STRING		{
			parsing_list(ps, PARSING_SERVES, $2);
		}
		| KEY NUMBER		{
			ps->list = PARSING_EDGE_KEYS;
			parsing_edge_key(ps, $2);
		}
		| NUMBER		{ parsing_edge_key(ps, $1); }
		| STRING		{ parsing_list_more(ps, $1); }
		;

edge_other	: NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| ADDRESS STRING	{
			parsing_address(ps, &ps->edge->addr, $2);
		}
		| CLUSTER STRING	{ parsing_edge_cluster(ps, $2); }
		| PROTOCOL STRING	{ parsing_edge_protocol(ps, $2); }
		| ALLOW GROUP STRING	{
			parsing_edge_allow(ps, $3, NULL, NULL);
		}
		| ALLOW GROUP STRING STRING {
			parsing_edge_allow(ps, $3, NULL, $4);
		}
		| ALLOW GROUP STRING SOURCE STRING {
			parsing_edge_allow(ps, $3, $5, NULL);
		}
		| ALLOW GROUP STRING SOURCE STRING STRING {
			parsing_edge_allow(ps, $3, $5, $6);
		}
		| DF onoff		{
			ps->edge->df = parsing_choice(ps, $2, "off", "on");
		}
		| PATHS path_word	{ parsing_edge_path(ps, $2); }
		| LIMIT limit_begin NUMERIC NUMBER {
			parsing_number(ps, $3, $4);
			parsing_edge_resume(ps);
		}
		| LIMIT limit_begin '{' numbers '}' {
			parsing_edge_resume(ps);
		}
		| GROUP STRING '{'	{ parsing_rule_begin(ps, $2); }
		  rule_body '}'		{ parsing_rule_end(ps); }
		| LAN STRING		{
			parsing_lan_begin(ps, $2, false);
			parsing_lan_end(ps);
		}
		| LAN STRING '{'	{ parsing_lan_begin(ps, $2, false); }
		  lan_body '}'		{ parsing_lan_end(ps); }
		| TUN STRING '{'	{ parsing_lan_begin(ps, $2, true); }
		  lan_body '}'		{ parsing_lan_end(ps); }
		;

/* keywords of other statements that are a value here */
onoff		: STRING		{ $$ = $1; }
		| ON			{ $$ = parsing_join(ps, "on", ""); }
		;

path_word	: STRING		{ $$ = $1; }
		| USER			{ $$ = parsing_join(ps, "user", ""); }
		;

rule_body	: rule_lines
		| rule_lines rule_item
		| rule_lines error
		;

rule_lines	: /* empty */
		| rule_lines sep
		| rule_lines rule_item sep
		| rule_lines error '\n'	{ yyerrok; }
		;

rule_item	: NUMERIC NUMBER	{ parsing_rate_number(ps, $1, $2); }
		| NUMERIC STRING	{ parsing_rate(ps, $1, $2); }
		| TTL STRING NUMBER	{ parsing_rule_ttl(ps, $2, $3); }
		| DSCP NUMBER		{
			if ($2 < CONF_DSCP_COPY)
				parsing_number(ps, "dscp", $2);
			else
				parsing_rule_dscp(ps, "");
		}
		| DSCP STRING		{ parsing_rule_dscp(ps, $2); }
		;

lan_body	: lan_lines
		| lan_lines lan_item
		| lan_lines error
		;

lan_lines	: /* empty */
		| lan_lines sep
		| lan_lines lan_item sep
		| lan_lines error '\n'	{
			parsing_lan_resume(ps);
			yyerrok;
		}
		;

lan_item	: lan_list
		| lan_other		{ ps->list = PARSING_NO_LIST; }
		;

lan_list	: ADDRESS STRING	{
			parsing_list(ps, PARSING_ADDRESSES, $2);
		}
		| SOURCE STRING		{
			parsing_list(ps, PARSING_SOURCES, $2);
		}
		| STATICS STRING	{
			parsing_list(ps, PARSING_STATICS, $2);
		}
		| STRING		{ parsing_list_more(ps, $1); }
		;

lan_other	: NUMERIC NUMBER	{ parsing_number(ps, $1, $2); }
		| QUERIER onoff		{
			ps->lan->querier = parsing_choice(ps, $2, "off", "on");
		}
		| DISCOVERY onoff	{
			ps->lan->discovery =
			    parsing_choice(ps, $2, "off", "on");
		}
		| FAST_LEAVE onoff	{
			ps->lan->fast_leave =
			    parsing_choice(ps, $2, "off", "on");
		}
		| FORWARD STRING	{ parsing_lan_forward(ps, $2); }
		| QUERY query_begin '{' numbers '}' {
			parsing_lan_resume(ps);
		}
		| LIMIT limit_begin rate {
			parsing_lan_resume(ps);
		}
		| LIMIT limit_begin '{' rates '}' {
			parsing_lan_resume(ps);
		}
		;

query_begin	: /* empty */		{ parsing_enter(ps, PARSING_QUERY); }
		;

rates		: rate_lines
		| rate_lines rate
		| rate_lines error
		;

rate_lines	: /* empty */
		| rate_lines sep
		| rate_lines rate sep
		| rate_lines error '\n'	{ yyerrok; }
		;

rate		: NUMERIC NUMBER	{ parsing_rate_number(ps, $1, $2); }
		| NUMERIC STRING	{ parsing_rate(ps, $1, $2); }
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
	{ "allow", ALLOW, "allow from 192.0.2.0/24, or in an edge allow group "
	    "239.0.0.0/8 [source 10.0.0.0/8] [in|out]" },
	{ "atm-pvc", ATM_PVC, NULL },
	{ "atm-svc", ATM_SVC, NULL },
	{ "auth", AUTH, "auth required or auth off" },
	{ "backlog", NUMERIC, "backlog NUMBER" },
	{ "backup", BACKUP, "backup 192.0.2.200" },
	{ "base-port", BASE_PORT, NULL },
	{ "burst", NUMERIC, "burst NUMBER" },
	{ "ca", NUMERIC, "ca SECONDS" },
	{ "circuits", NUMERIC, "circuits NUMBER" },
	{ "circuits-per-address", NUMERIC, "circuits-per-address NUMBER" },
	{ "cluster", CLUSTER, "cluster \"name\" { protocol ipv4 }" },
	{ "cmi", CMI, "cmi 1 - 4095" },
	{ "confinement", CONFINEMENT, "confinement required or confinement "
	    "best-effort" },
	{ "control", CONTROL, "control \"/var/run/mars\", control group "
	    "NAME or control read-only group NAME" },
	{ "csn", CSN, "csn before or csn after" },
	{ "csu", NUMERIC, "csu SECONDS" },
	{ "csu-batch", NUMERIC, "csu-batch NUMBER" },
	{ "csus", NUMERIC, "csus SECONDS" },
	{ "dead", NUMERIC, "dead SECONDS" },
	{ "dead-factor", NUMERIC, "dead-factor NUMBER" },
	{ "df", DF, "df on or df off" },
	{ "discovery", DISCOVERY, "discovery on or discovery off" },
	{ "dscp", DSCP, "dscp copy, or a number from 0 to 63" },
	{ "edge", EDGE, "edge \"name\" { ... }" },
	{ "edged", EDGED, NULL },
	{ "enquiry-interval", NUMERIC, "enquiry-interval SECONDS" },
	{ "enquiry-maximum", NUMERIC, "enquiry-maximum SECONDS" },
	{ "fast-leave", FAST_LEAVE, "fast-leave on or fast-leave off" },
	{ "file", KEYFILE, "file \"/etc/mars/257.key\"" },
	{ "flows", NUMERIC, "flows NUMBER" },
	{ "forward", FORWARD, "forward elected, always or never" },
	{ "from", FROM, NULL },
	{ "group", GROUP, "group 239.1.0.0/16 { rate 20M, ttl min 2, dscp "
	    "copy }" },
	{ "groups", NUMERIC, "groups NUMBER" },
	{ "groups-per-host", NUMERIC, "groups-per-host NUMBER" },
	{ "hello-interval", NUMERIC, "hello-interval SECONDS" },
	{ "hello-port", NUMERIC, "hello-port NUMBER" },
	{ "hold", NUMERIC, "hold SECONDS" },
	{ "hop-count", NUMERIC, "hop-count NUMBER" },
	{ "hosts", NUMERIC, "hosts NUMBER" },
	{ "igmp", NUMERIC, "igmp 1, 2 or 3" },
	{ "include", INCLUDE, "include \"file\"" },
	{ "interval", NUMERIC, "interval SECONDS" },
	{ "joins", NUMERIC, "joins NUMBER" },
	{ "joins-per-member", NUMERIC, "joins-per-member NUMBER" },
	{ "key", KEY, "key NUMBER { algorithm hmac-sha256, file \"...\" }, "
	    "or key NUMBER for a neighbor" },
	{ "lan", LAN, "lan \"eth1\", or lan \"eth1\" { ... }" },
	{ "leave", NUMERIC, "leave MILLISECONDS" },
	{ "leave-count", NUMERIC, "leave-count NUMBER" },
	{ "limit", LIMIT, "limit { ... } with a number for each, or limit "
	    "NUMBER in a retransmit block" },
	{ "link-local", LINK_LOCAL, "link-local 224.0.0.251" },
	{ "listen", LISTEN, "listen on udp ADDRESS [mtu OCTETS], listen on "
	    "atm-svc ADDRESS or listen on atm-pvc [ITF.]VPI.VCI peer ADDRESS" },
	{ "marsd", MARSD, NULL },
	{ "members", NUMERIC, "members NUMBER" },
	{ "mld", NUMERIC, "mld 1 or 2" },
	{ "mtu", NUMERIC, "mtu OCTETS" },
	{ "native-parties", NATIVE_PARTIES, "native-parties yes or no" },
	{ "neighbor", NEIGHBOR, "neighbor ADDRESS { key NUMBER }" },
	{ "new-flows", NUMERIC, "new-flows NUMBER" },
	{ "on", ON, NULL },
	{ "order", ORDER, "order self or order lowest" },
	{ "path", PATHS, "path auto, user or kernel" },
	{ "peer", PEER, NULL },
	{ "priority", NUMERIC, "priority NUMBER" },
	{ "protocol", PROTOCOL, "protocol ipv4, ipv6, 0xNNNN or snap "
	    "\"xx-xx-xx-xx-xx\"" },
	{ "protocol-id", PROTOCOL_ID, NULL },
	{ "querier", QUERIER, "querier on or querier off" },
	{ "query", QUERY, "query { interval SECONDS, response MILLISECONDS, "
	    "leave MILLISECONDS, leave-count NUMBER, robustness NUMBER }" },
	{ "queue", NUMERIC, "queue MILLISECONDS" },
	{ "rate", NUMERIC, "rate NUMBER" },
	{ "rate-per-source", NUMERIC, "rate-per-source NUMBER" },
	{ "rate-total", NUMERIC, "rate-total NUMBER" },
	{ "read-only", READ_ONLY, "control read-only group NAME" },
	{ "records", NUMERIC, "records NUMBER" },
	{ "redirect", REDIRECT, "redirect { interval SECONDS, dead SECONDS, "
	    "order self or lowest }" },
	{ "replay", REPLAY, "replay required or replay optional" },
	{ "response", NUMERIC, "response MILLISECONDS" },
	{ "retransmit", RETRANSMIT, "retransmit { ca SECONDS, csus SECONDS, "
	    "csu SECONDS, limit NUMBER }" },
	{ "robustness", NUMERIC, "robustness NUMBER" },
	{ "scspd", SCSPD, NULL },
	{ "serve", SERVE, "serve 239.2.0.0/16" },
	{ "serve-range", NUMERIC, "serve-range NUMBER" },
	{ "server-group", SERVER_GROUP, "server-group NUMBER in a cluster, or "
	    "server-group NUMBER protocol-id NUMBER { neighbor ADDRESS } "
	    "outside" },
	{ "server-id", SERVER_ID, "server-id 192.0.2.1" },
	{ "servers", SERVERS, "servers NUMBER for a limit, or servers "
	    "192.0.2.1 in an edge" },
	{ "servers-known", NUMERIC, "servers-known NUMBER" },
	{ "snap", SNAP, NULL },
	{ "source", SOURCE, "source 10.1.7.0/24" },
	{ "sources", NUMERIC, "sources NUMBER" },
	{ "static", STATICS, "static 239.1.1.1, or a block 239.1.1.0/24" },
	{ "strict-source", STRICT_SOURCE, "strict-source yes or no" },
	{ "tombstone", NUMERIC, "tombstone SECONDS" },
	{ "ttl", TTL, "ttl min NUMBER" },
	{ "tun", TUN, "tun \"mars0\" { address 10.1.7.254/32 }" },
	{ "udp", UDP, "udp base-port NUMBER" },
	{ "until", UNTIL, NULL },
	{ "user", USER, "user marsd NAME, user scspd NAME or user "
	    "edged NAME" },
	{ "valid", VALID, "valid from 2026-01-01 until 2026-06-30T12:00" }
};

static int
keyword_cmp(const void *name, const void *kw)
{
	return strcmp(name, ((const struct keyword *)kw)->name);
}

/*
 * A syntax error: says how the statement is written that was begun, or what
 * may stand here.
 */
static void
yyerror(const char *what)
{
	const char *found = ps->lex.text;

	if (bad_token) {
		bad_token = false;
		return;
	}
	if (strcmp(what, "syntax error") != 0) {
		parsing_wrong(ps, "%s: make the file simpler", what);
		return;
	}
	if (begun != NULL)
		found = begun;
	else if (*found == '\0')
		found = ps->lex.midline ? "\"\"" : "end of line or file";
	if (usage != NULL)
		parsing_wrong(ps, "unexpected %s: write %s", found, usage);
	else
		parsing_wrong(ps, "unexpected %s: %s", found,
		    parsing_words(ps));
}

static int
keyword_find(const char *name, bool begins)
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

	switch (lex_next(&ps->lex)) {
	case LEX_EOF:
		first = true;
		usage = NULL;
		return 0;
	case LEX_NEWLINE:
		first = true;
		return '\n';
	case LEX_CHAR:
		first = strchr(",{}", ps->lex.text[0]) != NULL;
		if (was_first)
			usage = NULL;
		return ps->lex.text[0] > 0 ? ps->lex.text[0] : BAD;
	case LEX_NUMBER:
		first = false;
		if (was_first)
			usage = NULL;
		yylval.number = ps->lex.number;
		return NUMBER;
	case LEX_WORD:
		first = false;
		token = keyword_find(ps->lex.text, was_first);
		yylval.string = parsing_join(ps, ps->lex.text, "");
		if (was_first && token == STRING)
			begun = yylval.string;
		return token;
	case LEX_QUOTED:
		first = false;
		if (was_first)
			usage = NULL;
		yylval.string = parsing_join(ps, ps->lex.text, "");
		return STRING;
	case LEX_ERROR:
		first = false;
		bad_token = true;
		break;
	}
	return BAD;
}

struct conf *
parse_config(const char *file, struct lex_macros *ms, char *why, size_t size,
    struct parse_record *record)
{
	parsing_init(ps, ms, file, why, size, record);
	usage = NULL;
	begun = NULL;
	first = true;
	bad_token = false;
	if (lex_push_file(&ps->lex, file)) {
		if (yyparse() != 0 && ps->errors == 0)
			parsing_report(ps, "the file can't be parsed");
		if (ps->errors == 0)
			parsing_check(ps);
	}
	return parsing_end(ps);
}
