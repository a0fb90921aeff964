/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsctl(8): asks the daemons over their control sockets and prints what
 * they answer, row by row as it comes, so that an answer may have any length.
 *
 *	parser.c	the words of a command, made a request
 *	keygen.c, init.c	commands that ask no daemon (first.h)
 *	show.c		what can be shown, and the columns of its table
 *	daemon.c	sends it to the daemons, and reads what they answer
 *	marsctl.c	puts these together (this file)
 *	output.c	rows as a table; output_json.c: as JSON
 *
 * Some commands ask for several listings and make something of them: local.h.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "first.h"
#include "local.h"
#include "output.h"
#include "parser.h"
#include "version.h"

#define CONTROL_DIR	"/var/run/mars"
#define SILENCE		5	/* s that a daemon may be silent */
#define SILENCE_RELOAD	15	/* the same of a reload, which mars gives 10 */

/* Commands that are not one request. */
static const struct {
	const char	*first, *second;	/* NULL: any or none */
	const char	*options;		/* that it takes */
	int		(*run)(const struct marsctl_local *);
} locals[] = {
	{ "audit", NULL, "jost", marsctl_audit },
	{ "capture", NULL, "nstw", marsctl_capture },
	{ "health", NULL, "jst", marsctl_health },
	{ "http", NULL, "st", marsctl_http },
	{ "monitor", NULL, "jst", marsctl_monitor },
	{ "show", "metrics", "st", marsctl_show_metrics },
	{ "show", "topology", "ost", marsctl_show_topology },
	{ "top", NULL, "nst", marsctl_top },
};

static void
synopsis(void)
{
	fprintf(stderr, "usage: marsctl [-jV] [-n count] [-o format] "
	    "[-s directory|socket]\n"
	    "               [-t seconds] [-w file] command ...\n"
	    "       marsctl keygen [file]\n"
	    "       marsctl init [word value] ...\n");
}

static void
usage(void)
{
	synopsis();
	exit(1);
}

static bool
print_row(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct marsctl_output *o = arg;

	if (!marsctl_output_row(o, process, row)) {
		marsctl_wrong(a, "%s: malformed answer", process);
		return false;
	}
	if (ferror(o->f)) {
		marsctl_wrong(a, "output: %s", strerror(errno));
		return false;
	}
	return true;
}

/* mars has been told to end: it has ended when its sockets are gone. */
static void
await_end(const struct marsctl_where *where, struct marsctl_answer *a)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int i;

	for (i = 0; a->ok && marsctl_daemons(where) != 0; i++) {
		if (i == where->seconds * 20)
			marsctl_wrong(a, "mars has not ended for %d s",
			    where->seconds);
		(void)nanosleep(&pause, NULL);
	}
}

/* Nobody was asked: says why, in JSON, too, if that is wanted. */
static void
print_failure(bool json, const char *why)
{
	if (!json)
		return;
	putchar('{');
	marsctl_output_result(stdout, false, why);
	(void)fflush(stdout);
}

/* What would be ignored is an error. */
static void
check_options(const struct marsctl_local *l, const char *taken)
{
	const struct {
		char	 option;
		bool	 given;
	} all[] = {
		{ 'j', l->json },
		{ 'n', l->count != 0 },
		{ 'o', l->format != NULL },
		{ 's', l->where.path != NULL },
		{ 't', l->where.seconds != 0 },
		{ 'w', l->file != NULL },
	};
	char why[64];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].given && strchr(taken, all[i].option) == NULL) {
			snprintf(why, sizeof(why),
			    "this command does not take -%c", all[i].option);
			print_failure(l->json, why);
			errx(1, "%s", why);
		}
}

/* What was not given. */
static void
set_defaults(struct marsctl_local *l)
{
	if (l->where.path == NULL)
		l->where.path = CONTROL_DIR;
	if (l->where.seconds == 0)
		l->where.seconds = strcmp(l->request->argv[0], "reload") == 0 ?
		    SILENCE_RELOAD : SILENCE;
}

/* One request, and what is answered. */
static int
marsctl_run(const struct marsctl_local *l)
{
	struct marsctl_request q = *l->request;
	bool stop = strcmp(q.argv[0], "stop") == 0;
	struct marsctl_session s;
	struct marsctl_answer a;
	struct marsctl_output o;

	marsctl_answer_init(&a);
	if (!marsctl_session_open(&s, &l->where, &q, &a)) {
		print_failure(l->json, a.why);
		errx(a.status, "%s", a.why);
	}
#ifdef __OpenBSD__
	if (pledge(stop ? "stdio rpath" : "stdio", NULL) == -1)
		err(1, "pledge");
#endif
	marsctl_output_begin(&o, stdout, l->json, &q);
	marsctl_session_ask(&s, &q, print_row, &o, &a);
	if (stop)
		await_end(&l->where, &a);
	marsctl_session_close(&s);
	marsctl_output_end(&o, a.ok, a.why);
	if (fflush(stdout) == EOF)
		marsctl_wrong(&a, "output: %s", strerror(errno));
	if (!a.ok)
		warnx("%s", a.why);
	return a.status;
}

static int
dispatch(struct marsctl_local *l)
{
	const struct marsctl_request *q = l->request;
	size_t i;

	for (i = 0; i < sizeof(locals) / sizeof(locals[0]); i++)
		if (strcmp(q->argv[0], locals[i].first) == 0 &&
		    (locals[i].second == NULL ||
		    (q->argc > 1 &&
		    strcmp(q->argv[1], locals[i].second) == 0))) {
			check_options(l, locals[i].options);
			set_defaults(l);
#ifdef __OpenBSD__
			if (pledge(l->file == NULL ? "stdio rpath unix" :
			    "stdio rpath wpath cpath unix", NULL) == -1)
				err(1, "pledge");
#endif
			return locals[i].run(l);
		}
	check_options(l, "jst");
	set_defaults(l);
	return marsctl_run(l);
}

/* What is no command is said with what could stand there. */
static void
parse(struct marsctl_request *q, bool json, int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	if ((f = open_memstream(&text, &size)) == NULL)
		err(1, NULL);
	if (marsctl_parse(q, argc, argv, f) == 0) {
		fclose(f);
		free(text);
		return;
	}
	if (fclose(f) == EOF)
		err(1, NULL);
	fputs(text, stderr);
	print_failure(json, text);
	exit(1);
}

/* The number of an option. */
static int
number(char option, const char *arg)
{
	const char *why;
	int n = (int)strtonum(arg, 1, INT_MAX / 1000, &why);

	if (why != NULL)
		errx(1, "-%c %s: %s: write a number", option, arg, why);
	return n;
}

/* -V also says when nobody could read it. */
static int
version(void)
{
	if (printf("marsctl %s\n", MARS_VERSION) < 0 || fflush(stdout) == EOF)
		err(1, "output");
	return 0;
}

/*
 * Options may stand before the words of the command, among them, or after
 * them; what getopt(3) does with that differs, so it is asked about one group
 * of options after the other.  Returns how many words there are, of argc at
 * most, or -1: -V.
 */
static int
read_options(struct marsctl_local *l, int argc, char **argv, char **words)
{
	int c, n = 0;

	while (optind < argc) {
		while ((c = getopt(argc, argv, "+jn:o:s:t:Vw:")) != -1) {
			switch (c) {
			case 'j':
				l->json = true;
				break;
			case 'n':
				l->count = number('n', optarg);
				break;
			case 'o':
				l->format = optarg;
				break;
			case 's':
				l->where.path = optarg;
				break;
			case 't':
				l->where.seconds = number('t', optarg);
				break;
			case 'V':
				return -1;
			case 'w':
				l->file = optarg;
				break;
			default:
				usage();
			}
		}
		if (optind < argc)
			words[n++] = argv[optind++];
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct marsctl_request q;
	struct marsctl_local l = {
		.request = &q,
	};
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	marsctl_first_run *first;
	int n;

	if (words == NULL)
		err(1, NULL);
	if ((n = read_options(&l, argc, argv, words)) == -1)
		return version();
	if ((first = marsctl_first(n, words)) != NULL) {
		check_options(&l, "");
		return first(n, words);
	}
	if (n == 0)
		synopsis(); /* and the parser lists the commands */
	parse(&q, l.json, n, words);
	signal(SIGPIPE, SIG_IGN);
	n = dispatch(&l);
	free(words);
	return n;
}
