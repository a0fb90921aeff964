/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * mars(8), the parent: reads the configuration, makes every socket, starts
 * marsd and scspd and hands both over.  From then on it parses nothing that
 * came from a network.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "parent.h"
#include "parent_audit.h"
#include "parser.h"
#include "version.h"

#define MARS_CONF	"/etc/mars/mars.conf"

struct parent_options {
	const char	*file;
	const char	*libexec;
	const char	*pid_file;
	bool		 foreground;
	bool		 check;
	bool		 audit;
	enum audit_format format;
	int		 verbose;
};

static void __attribute__((__noreturn__)) usage(void)
{
	fprintf(stderr,
	    "usage: mars [-dnVv] [-D macro=value] [-f file] "
	    "[-L directory] [-p file]\n"
	    "       mars -n -A [-j] [-D macro=value] [-L directory] "
	    "[-o text|sarif]\n"
	    "            [file]\n");
	exit(1);
}

/* What was printed has to have arrived. */
static void
printed(void)
{
	if (ferror(stdout) || fflush(stdout) == EOF)
		err(1, "standard output");
}

/* -n: says what is right, or what is not in order on this machine. */
static void
mars_check(const struct parent_options *o, const struct conf *c)
{
	if (o->verbose > 0) {
		parent_print_config(stdout, c);
		printed();
		return;
	}
	parent_users_check(c);
	fprintf(stderr, "configuration OK\n");
}

static enum audit_format
format_of(const char *name)
{
	enum audit_format format;

	if (!audit_format_find(name, &format))
		errx(1, "-o %s: write -o text or -o sarif", name);
	return format;
}

/* -D name=value */
static void
define(struct lex_macros *ms, const char *arg)
{
	char name[64];
	const char *eq = strchr(arg, '=');
	size_t len = eq == NULL ? 0 : (size_t)(eq - arg);

	if (len == 0 || len >= sizeof(name))
		errx(1, "-D %s: write -D macro=value", arg);
	memcpy(name, arg, len);
	name[len] = '\0';
	if (!lex_macro_set(ms, name, eq + 1, true))
		err(1, "-D");
}

static void
mars_parse_options(
    struct parent_options *o, struct lex_macros *ms, int argc, char **argv)
{
	int ch;

	o->file = MARS_CONF;
	o->libexec = LIBEXECDIR;
	while ((ch = getopt(argc, argv, "AdD:f:jL:no:p:Vv")) != -1)
		switch (ch) {
		case 'A':
			o->audit = true;
			break;
		case 'd':
			o->foreground = true;
			break;
		case 'D':
			define(ms, optarg);
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'j':
			o->format = AUDIT_JSON;
			break;
		case 'L':
			o->libexec = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'o':
			o->format = format_of(optarg);
			break;
		case 'p':
			o->pid_file = optarg;
			break;
		case 'V':
			printf("mars %s\n", MARS_VERSION);
			printed();
			exit(0);
		case 'v':
			o->verbose++;
			break;
		default:
			usage();
		}
	if (o->audit && optind < argc)
		o->file = argv[optind++];
	if (optind != argc || (o->audit && !o->check) ||
	    (!o->audit && o->format != AUDIT_LINES))
		usage();
}

int
main(int argc, char **argv)
{
	struct parent_options o = { .file = NULL };
	struct parent p = { .detach_fd = -1, .null_fd = -1, .notify_fd = -1,
		.parties_fd = -1 };
	struct parse_record record;
	char why[SENTENCE_SIZE];

	if (argc > 2 && strcmp(argv[1], PARENT_PARTY_FLAG) == 0)
		parent_party_main(argv[2], argc > 3);
	closefrom(STDERR_FILENO + 1);
	log_init("mars", true);
	mars_parse_options(&o, &p.macros, argc, argv);
	p.file = o.file;
	p.libexec = o.libexec;
	p.pid_file = o.pid_file;
	p.foreground = o.foreground;
	log_verbose(o.verbose);

	p.conf = parse_config(p.file, &p.macros, why, sizeof(why), &record);
	if (p.conf == NULL)
		return 1;
	if (o.audit)
		p.status = parent_audit(&p, &record, o.format);
	else if (o.check)
		mars_check(&o, p.conf);
	(void)strlcpy(p.digest, record.digest, sizeof(p.digest));
	parse_record_free(&record);
	if (!o.check)
		p.status = parent_suite_run(&p);
	conf_free(p.conf);
	conf_free(p.next);
	lex_macros_free(&p.macros, true);
	return p.status;
}
