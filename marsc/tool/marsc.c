/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsc(1): options and arguments, and what they are made into.
 */
#include <sys/resource.h>

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"
#include "version.h"

static void
usage(void)
{
	fprintf(stderr,
	    "usage: marsc [-jVx] [-b base-port] [-c circuit,address] "
	    "[-n count]\n"
	    "             [-p ipv4|ipv6] [-t timer=value]\n"
	    "             -l address -s server[,server ...] command "
	    "[argument ...]\n");
	exit(EXIT_USAGE);
}

static uint64_t
tool_random64(void *arg)
{
	uint64_t v;

	(void)arg;
	arc4random_buf(&v, sizeof(v));
	return v;
}

/* Adds i to the embedded IP address, or to the ESI.  false: it overflows. */
static bool
address_plus(struct atm_addr *a, size_t i)
{
	uint8_t ip[16], sel;
	size_t at, carry = i;
	bool v6;

	if (carry == 0)
		return true;
	if (!atm_addr_to_ip(a, &v6, ip, &sel)) {
		for (at = NSAPA_LEN - 1; at-- > 13 && carry > 0; carry >>= 8) {
			carry += a->num[at];
			a->num[at] = (uint8_t)carry;
		}
		return carry == 0 && a->num_tl == NSAPA_LEN;
	}
	for (at = v6 ? 16 : 4; at-- > 0 && carry > 0; carry >>= 8) {
		carry += ip[at];
		ip[at] = (uint8_t)carry;
	}
	atm_addr_from_ip(a, v6, ip, sel);
	return carry == 0;
}

static void
member_open(struct marsc_tool *t, struct marsc_member *m,
    const struct atm_addr *first, size_t i)
{
	char buf[ATM_STRLEN], why[256];

	m->tool = t;
	m->addr = *first;
	if (!address_plus(&m->addr, i))
		errx(1, "too many clients for the address that -l names");
	m->host = marsc_host_new(&marsc_tool_ops, m, &t->loop.timers);
	if (m->host == NULL ||
	    (m->client = marsc_new(m->host, &t->conf)) == NULL)
		err(1, NULL);
	m->link = marsc_links_open(&t->links, &m->addr, why, sizeof(why));
	if (m->link == NULL)
		errx(1, "%s: %s", atm_addr_print(&m->addr, buf, sizeof(buf)),
		    why);
	marsc_host_attach(m->host, m->link);
}

/* Each client has a socket, so as many descriptors as we may have are used. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

static void
read_script(struct marsc_tool *t, const char *path)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	const char *error;
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (f == NULL)
		err(1, "%s", path);
	while (getline(&line, &size, f) != -1) {
		number++;
		error = marsc_script_line(&t->script, line, &t->conf.pro);
		if (error != NULL)
			errx(EXIT_USAGE, "%s:%zu: %s", path, number, error);
	}
	if (ferror(f))
		err(1, "%s", path);
	free(line);
	if (f != stdin)
		fclose(f);
}

/*
 * A command of the command line is a short script: `join 224.1.2.3' stands for
 * register, then join 224.1.2.3.
 */
static void
read_command(struct marsc_tool *t, int argc, char **argv)
{
	char line[1024] = "";
	const char *error;
	int i;

	if (!marsc_script_add(&t->script, MARSC_VERB_REGISTER))
		err(1, NULL);
	if (strcmp(argv[0], "watch") == 0) {
		if (argc != 1)
			usage();
		if (!marsc_script_add(&t->script, MARSC_VERB_STAY))
			err(1, NULL);
		return;
	}
	for (i = 0; i < argc; i++) {
		if (i > 0)
			(void)strlcat(line, " ", sizeof(line));
		if (strlcat(line, argv[i], sizeof(line)) >= sizeof(line))
			errx(EXIT_USAGE, "command is too long");
	}
	error = marsc_script_line(&t->script, line, &t->conf.pro);
	if (error != NULL)
		errx(EXIT_USAGE, "%s: %s", argv[0], error);
	if ((strcmp(argv[0], "serve") == 0 || strcmp(argv[0], "join") == 0) &&
	    !marsc_script_add(&t->script, MARSC_VERB_STAY))
		err(1, NULL);
}

static void
find_role(struct marsc_tool *t)
{
	const char *error = marsc_script_role(&t->script, &t->conf.mcs);

	if (error != NULL)
		errx(EXIT_USAGE, "%s", error);
	t->printer.mcs = t->conf.mcs;
}

static void
parse_servers(struct marsc_tool *t, char *list)
{
	struct atm_addr *v = NULL;
	size_t n = 0;
	char *s;

	while ((s = strsep(&list, ",")) != NULL) {
		if ((v = reallocarray(v, n + 1, sizeof(*v))) == NULL)
			err(1, NULL);
		if (atm_addr_parse(&v[n++], s) == -1)
			errx(EXIT_USAGE, "%s: no ATM address", s);
	}
	free((void *)(uintptr_t)t->conf.servers);
	t->conf.servers = v;
	t->conf.nservers = n;
}

static void
parse_timer(struct marsc_tool *t, char *arg)
{
	char *value = strchr(arg, '=');
	const char *error;
	int64_t us;

	if (value == NULL)
		usage();
	*value++ = '\0';
	if (strcmp(arg, "retransmit-limit") == 0) {
		t->conf.timers.rexmt_limit =
		    (uint32_t)strtonum(value, 0, 1000, &error);
		if (error != NULL)
			errx(EXIT_USAGE, "%s is %s", arg, error);
		return;
	}
	if (strcmp(arg, "enquiry") == 0) {
		t->links.udp.enquiry_interval =
		    (uint16_t)strtonum(value, 1, 255, &error);
		if (error != NULL)
			errx(EXIT_USAGE, "%s is %s", arg, error);
		return;
	}
	if (!marsc_script_seconds(value, &us))
		errx(EXIT_USAGE, "%s: not a number of seconds", value);
	if (!marsc_timers_set(&t->conf.timers, arg, us))
		errx(EXIT_USAGE, "%s: no such timer", arg);
}

static long long
tool_number(const char *arg, long long min, long long max, const char *what)
{
	const char *error;
	long long v = strtonum(arg, min, max, &error);

	if (error != NULL)
		errx(EXIT_USAGE, "%s %s is %s", what, arg, error);
	return v;
}

/* Reads the options.  *local becomes the address of the first client. */
static void
tool_parse_options(
    struct marsc_tool *t, int argc, char **argv, struct atm_addr *local)
{
	int ch;

	while ((ch = getopt(argc, argv, "b:c:jl:n:p:s:t:Vx")) != -1)
		switch (ch) {
		case 'b':
			t->links.udp.base_port = (uint16_t)tool_number(
			    optarg, 1, 65535 - 255, "base port");
			break;
		case 'c':
			if (!marsc_links_line(&t->links, optarg))
				errx(EXIT_USAGE,
				    "%s: no circuit, write "
				    "[itf.]vpi.vci,ADDRESS",
				    optarg);
			break;
		case 'j':
			t->printer.json = true;
			break;
		case 'l':
			if (atm_addr_parse(local, optarg) == -1)
				errx(EXIT_USAGE, "%s: no ATM address", optarg);
			break;
		case 'n':
			t->n = (size_t)tool_number(optarg, 1, 1000000, "count");
			break;
		case 'p':
			if (mars_pro_parse(&t->conf.pro, optarg) == -1 ||
			    mars_pro_addrlen(&t->conf.pro) == 0)
				errx(EXIT_USAGE, "%s: no protocol", optarg);
			break;
		case 's':
			parse_servers(t, optarg);
			break;
		case 't':
			parse_timer(t, optarg);
			break;
		case 'V':
			printf("marsc %s\n", MARS_VERSION);
			exit(0);
		case 'x':
			t->printer.payload = true;
			break;
		default:
			usage();
		}
}

static void
tool_defaults(struct marsc_tool *t)
{
	*t = (struct marsc_tool){ .n = 1 };
	t->printer.out = stdout;
	t->conf.pro.type = PRO_IPV4;
	marsc_timers_default(&t->conf.timers);
	LIST_INIT(&t->links.calls);
	t->links.udp = (struct vc_udp_params){ .base_port = 2022,
	    .enquiry_interval = 10,
	    .max_circuits = 131072,
	    .circuits_per_address = 64,
	    .random = tool_random64 };
	STAILQ_INIT(&t->script);
	marsc_tool_init(t);
}

static void
tool_open(struct marsc_tool *t, const struct atm_addr *local)
{
	size_t i;

	if (loop_init(&t->loop) == -1)
		err(1, NULL);
	t->links.base = t->loop.base;
	t->links.timers = &t->loop.timers;
	raise_limit();
	t->members = calloc(t->n, sizeof(*t->members));
	if (t->members == NULL)
		err(1, NULL);
	for (i = 0; i < t->n; i++)
		member_open(t, &t->members[i], local, i);
	if (evsignal_assign(
	    &t->term, t->loop.base, SIGTERM, marsc_tool_signal, t) == -1 ||
	    evsignal_assign(
	    &t->intr, t->loop.base, SIGINT, marsc_tool_signal, t) == -1 ||
	    evsignal_add(&t->term, NULL) == -1 ||
	    evsignal_add(&t->intr, NULL) == -1)
		err(1, NULL);
}

static void
tool_close(struct marsc_tool *t)
{
	size_t i;

	marsc_links_end(&t->links);
	for (i = 0; i < t->n; i++) {
		marsc_host_free(t->members[i].host);
		vc_close(t->members[i].link);
	}
	(void)evsignal_del(&t->term);
	(void)evsignal_del(&t->intr);
	timer_clear(&t->loop.timers, &t->timer);
	timer_clear(&t->loop.timers, &t->starter);
	free(t->members);
	free((void *)(uintptr_t)t->conf.servers);
	marsc_script_free(&t->script);
	loop_free(&t->loop);
}

int
main(int argc, char **argv)
{
	static struct marsc_tool t;
	struct atm_addr local = { 0 };
	bool counters;

	tool_defaults(&t);
	tool_parse_options(&t, argc, argv, &local);
	argc -= optind;
	argv += optind;
	if (argc == 0 || atm_addr_is_null(&local) || t.conf.nservers == 0)
		usage();
	if (t.n > 1 && t.links.nlines > 0)
		errx(EXIT_USAGE, "a permanent circuit is one client's");
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[0], "run") == 0) {
		if (argc != 2)
			usage();
		if (strcmp(argv[1], "-") == 0 && marsc_input_comes())
			marsc_input_first(&t);
		else
			read_script(&t, argv[1]);
	} else
		read_command(&t, argc, argv);
	find_role(&t);
	t.printer.many = t.n > 1;
	t.printer.heard = strcmp(argv[0], "watch") == 0;
	counters =
	    t.printer.json && (t.printer.heard || strcmp(argv[0], "run") == 0);
	tool_open(&t, &local);
	marsc_tool_run(&t);
	if (counters)
		marsc_tool_counters(&t);
	tool_close(&t);
	return t.status;
}
