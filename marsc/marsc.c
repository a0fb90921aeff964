/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsc(1): one client or many, driven by a list of commands.  Every client
 * runs the same command; the next one begins when all are done.
 */
#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "marsc.h"
#include "link.h"
#include "loop.h"
#include "packet.h"
#include "print.h"
#include "script.h"

#define EXIT_USAGE	2
#define STARTS_A_TURN	64	/* clients that begin a command at once */
#define POLL_AGAIN	MTIME_MS(200)	/* `expect` asks again */
#define LAST_WORDS	MTIME_SEC(3)	/* for a deregistration at the end */

struct marsc_member {
	struct marsc_tool	*tool;
	struct marsc_host	*host;
	struct marsc	*client;
	struct vc_link	*link;
	struct atm_addr	 addr;
	bool		 done;		/* with the current command */
};

struct marsc_tool {
	struct loop	 loop;
	struct marsc_printer	 printer;
	struct marsc_conf conf;
	struct marsc_links	 links;
	struct marsc_script	 script;
	struct marsc_step	*step;	/* the current command, or NULL */
	struct marsc_member	*members;
	size_t		 n, started, pending;
	struct timer	 timer;		/* WAIT, and EXPECT's poll */
	struct timer	 starter;
	mtime_t		 deadline;	/* EXPECT */
	bool		 advance;	/* to the next command, this turn */
	bool		 ending;
	int		 status;
	struct event	 term, intr;
};

static void
usage(void)
{
	fprintf(stderr,
	    "usage: marsc [-j] [-b base-port] [-c circuit,address] "
	    "[-n count]\n"
	    "             [-p ipv4|ipv6] [-t timer=value]\n"
	    "             -l address -s server[,server ...] command "
	    "[argument ...]\n");
	exit(EXIT_USAGE);
}

static uint32_t
tool_random(void *arg)
{
	(void)arg;
	return arc4random();
}

static uint64_t
tool_random64(void *arg)
{
	uint64_t v;

	(void)arg;
	arc4random_buf(&v, sizeof(v));
	return v;
}

/* --- commands */

static void
tool_end(struct marsc_tool *t, int status)
{
	if (t->status == 0)
		t->status = status;
	t->ending = true;
	loop_end(&t->loop);
}

static void
tool_fail(struct marsc_tool *t, const char *why)
{
	marsc_print_text(&t->printer, "failed", why);
	tool_end(t, 1);
}

static void
member_done(struct marsc_member *m)
{
	struct marsc_tool *t = m->tool;

	if (m->done || t->ending)
		return;
	m->done = true;
	if (--t->pending == 0)
		t->advance = true;
}

static void
member_check(struct marsc_member *m, enum marsc_error e)
{
	if (e != MARSC_OK)
		tool_fail(m->tool, marsc_strerror(e));
}

static void
member_send(struct marsc_member *m, const struct marsc_step *s)
{
	uint8_t buf[PACKET_HEAD_MAX + SCRIPT_TEXT_MAX];
	struct marsc_sent sent;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	marsc_packet_write(&w, &m->addr, &s->min, s->text, strlen(s->text));
	sent = marsc_transmit(m->client, &s->min, buf, w.len);
	if (sent.outcome == MARSC_SENT_DROPPED && sent.why == MARSC_DROP_MEMORY)
		member_check(m, MARSC_E_MEMORY);
	member_done(m);
}

static uint64_t
member_drops(const struct marsc_member *m, enum marsc_drop d)
{
	return marsc_drops(m->client, d) + marsc_host_drops(m->host, d);
}

/* What all clients together did not use. */
static void
tool_counters(struct marsc_tool *t)
{
	uint64_t sum[MARSC_DROP_MAX] = { 0 };
	size_t i;
	int d;

	for (i = 0; i < t->n; i++)
		for (d = 0; d < MARSC_DROP_MAX; d++)
			sum[d] += member_drops(
			    &t->members[i], (enum marsc_drop)d);
	marsc_print_counters(&t->printer, t->n, sum);
}

/* Hands the current command to one client. */
static void
member_start(struct marsc_member *m)
{
	struct marsc_step *s = m->tool->step;
	struct marsc *c = m->client;

	switch (s->verb) {
	case MARSC_VERB_REGISTER:
		if (marsc_is_registered(c))
			member_done(m);
		else
			marsc_register(c);
		break;
	case MARSC_VERB_DEREGISTER:
		marsc_deregister(c);
		break;
	case MARSC_VERB_JOIN:
	case MARSC_VERB_SERVE:
		member_check(m, marsc_join(c, &s->min, &s->max, true));
		break;
	case MARSC_VERB_LEAVE:
	case MARSC_VERB_UNSERVE:
		member_check(m, marsc_leave(c, &s->min, &s->max));
		break;
	case MARSC_VERB_REQUEST:
		member_check(m, marsc_request(c, &s->min));
		break;
	case MARSC_VERB_GROUPLIST:
		member_check(m, marsc_grouplist(c, &s->min, &s->max));
		break;
	case MARSC_VERB_SEND:
		member_send(m, s);
		break;
	default:
		break;
	}
}

/* Thousands of clients begin a few at a time, so that no queue overflows. */
static void
tool_start_some(void *arg)
{
	struct marsc_tool *t = arg;
	size_t i;

	for (i = 0; i < STARTS_A_TURN && t->started < t->n && !t->ending; i++)
		member_start(&t->members[t->started++]);
	if (t->started < t->n)
		timer_set(&t->loop.timers, &t->starter, MTIME_MS(2));
}

static void
tool_begin(struct marsc_tool *t, struct marsc_step *s)
{
	size_t i;

	t->step = s;
	if (s == NULL) {
		tool_end(t, 0);
		return;
	}
	t->started = 0;
	t->pending = t->n;
	for (i = 0; i < t->n; i++)
		t->members[i].done = false;
	switch (s->verb) {
	case MARSC_VERB_ECHO:
		marsc_print_text(&t->printer, "echo", s->text);
		t->advance = true;
		break;
	case MARSC_VERB_COUNTERS:
		tool_counters(t);
		t->advance = true;
		break;
	case MARSC_VERB_WAIT:
		timer_set(&t->loop.timers, &t->timer, s->us);
		break;
	case MARSC_VERB_EXPECT:
		t->deadline.us = t->loop.timers.now.us + s->us;
		member_check(&t->members[0],
		    marsc_request(t->members[0].client, &s->min));
		break;
	case MARSC_VERB_STAY:
		break;
	default:
		tool_start_some(t);
		break;
	}
}

static void
tool_timer(void *arg)
{
	struct marsc_tool *t = arg;

	if (t->step == NULL)
		return;
	if (t->step->verb == MARSC_VERB_WAIT)
		t->advance = true;
	else if (t->step->verb == MARSC_VERB_EXPECT)
		member_check(&t->members[0],
		    marsc_request(t->members[0].client, &t->step->min));
}

/* The answer to `expect`: right, wrong for now, or wrong for good. */
static void
tool_expected(struct marsc_tool *t, const struct atm_addr *v, size_t n)
{
	struct marsc_step *s = t->step;

	if (marsc_script_same(s->addrs, s->naddrs, v, n))
		t->advance = true;
	else if (mtime_diff(t->loop.timers.now, t->deadline) <= 0)
		tool_fail(t, "these are not the members expected");
	else
		timer_set(&t->loop.timers, &t->timer, POLL_AGAIN);
}

/* --- from the clients */

static bool
step_is(const struct marsc_tool *t, const struct marsc_notice *n)
{
	return t->step != NULL && n->min != NULL && n->max != NULL &&
	    paddr_equal(n->min, &t->step->min) &&
	    paddr_equal(n->max, &t->step->max);
}

/* Does this notice end the current command for its client, and how? */
static void
member_follow(struct marsc_member *m, const struct marsc_notice *n)
{
	static const struct {
		enum marsc_verb verb;
		enum marsc_notice_code code;
		bool range;
	} ends[] = {
		{ MARSC_VERB_REGISTER, MARSC_NOTICE_REGISTERED, false },
		{ MARSC_VERB_DEREGISTER, MARSC_NOTICE_DEREGISTERED, false },
		{ MARSC_VERB_JOIN, MARSC_NOTICE_JOINED, true },
		{ MARSC_VERB_SERVE, MARSC_NOTICE_JOINED, true },
		{ MARSC_VERB_LEAVE, MARSC_NOTICE_LEFT, true },
		{ MARSC_VERB_UNSERVE, MARSC_NOTICE_LEFT, true },
		{ MARSC_VERB_REQUEST, MARSC_NOTICE_MEMBERS, true },
		{ MARSC_VERB_GROUPLIST, MARSC_NOTICE_GROUPS, true },
	};
	struct marsc_tool *t = m->tool;
	size_t i;

	if (t->step == NULL || t->ending)
		return;
	if (n->code == MARSC_NOTICE_NO_MARS &&
	    t->step->verb != MARSC_VERB_STAY &&
	    t->step->verb != MARSC_VERB_WAIT)
		tool_fail(t, "no MARS answers");
	else if (n->code == MARSC_NOTICE_QUERY_FAILED && step_is(t, n))
		tool_fail(t, "no answer");
	else if (n->code == MARSC_NOTICE_MEMBERS &&
	    t->step->verb == MARSC_VERB_EXPECT && step_is(t, n) &&
	    m == &t->members[0])
		tool_expected(t, n->addrs, n->n);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].verb == t->step->verb && ends[i].code == n->code &&
		    (!ends[i].range || step_is(t, n)))
			member_done(m);
}

static void
member_notice(
    void *arg, struct marsc *c, const struct marsc_notice *notice)
{
	struct marsc_member *m = arg;
	struct marsc_notice n = *notice;
	struct atm_addr *sorted = NULL;

	(void)c;
	if (n.code == MARSC_NOTICE_MEMBERS && n.n > 0) {
		sorted = reallocarray(NULL, n.n, sizeof(*sorted));
		if (sorted == NULL)
			err(1, NULL);
		memcpy(sorted, n.addrs, n.n * sizeof(*sorted));
		marsc_script_sort(sorted, n.n);
		n.addrs = sorted;
	}
	marsc_print_notice(&m->tool->printer, &m->addr, &n);
	member_follow(m, &n);
	free(sorted);
}

static void
member_packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	struct marsc_member *m = arg;

	(void)c;
	marsc_print_packet(&m->tool->printer, &m->addr, p->data, p->len);
}

static const struct marsc_ops ops = {
	.random = tool_random,
	.notice = member_notice,
	.packet = member_packet,
};

/* --- the loop */

static void
tool_flush(struct marsc_tool *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		vc_flush(t->members[i].link);
}

static void
tool_turn(void *arg)
{
	struct marsc_tool *t = arg;

	while (t->advance && !t->ending) {
		t->advance = false;
		tool_begin(t, STAILQ_NEXT(t->step, entry));
	}
	tool_flush(t);
}

static void
tool_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tool_end(arg, 0);
}

static void
last_turn(void *arg)
{
	struct marsc_tool *t = arg;
	size_t i;

	tool_flush(t);
	for (i = 0; i < t->n; i++)
		if (!t->members[i].done)
			return;
	loop_end(&t->loop);
}

static void
last_notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	struct marsc_member *m = arg;

	(void)c;
	if (n->code != MARSC_NOTICE_DEREGISTERED)
		return;
	marsc_print_notice(&m->tool->printer, &m->addr, n);
	m->done = true;
}

static void
last_timeout(void *arg)
{
	struct marsc_tool *t = arg;

	loop_end(&t->loop);
}

static const struct marsc_ops last_ops = {
	.random = tool_random,
	.notice = last_notice,
};

/* Whoever is registered says that it goes; not for longer than a moment. */
static void
tool_last_words(struct marsc_tool *t)
{
	struct timer limit;
	size_t i;

	t->loop.ended = false;
	timer_init(&limit, last_timeout, t);
	timer_set(&t->loop.timers, &limit, LAST_WORDS);
	for (i = 0; i < t->n; i++) {
		marsc_host_set_ops(t->members[i].host, &last_ops);
		t->members[i].done = !marsc_is_registered(t->members[i].client);
		if (!t->members[i].done)
			marsc_deregister(t->members[i].client);
	}
	last_turn(t);
	loop_run(&t->loop, last_turn, t);
	tool_flush(t);
	timer_clear(&t->loop.timers, &limit);
}

/* --- setting up */

/* the i-th address after a: its IP address, or its ESI */
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
	m->host = marsc_host_new(&ops, m, &t->loop.timers);
	if (m->host == NULL ||
	    (m->client = marsc_new(m->host, &t->conf)) == NULL)
		err(1, NULL);
	m->link = marsc_links_open(&t->links, &m->addr, why, sizeof(why));
	if (m->link == NULL)
		errx(1, "%s: %s", atm_addr_print(&m->addr, buf, sizeof(buf)),
		    why);
	marsc_host_attach(m->host, m->link);
}

/* A socket for each client: as many descriptors as we may have. */
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

/* join 224.1.2.3 is: register, join 224.1.2.3, and the end. */
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
		(void)strlcat(line, argv[i], sizeof(line));
		if (strlcat(line, " ", sizeof(line)) >= sizeof(line))
			errx(EXIT_USAGE, "command is too long");
	}
	error = marsc_script_line(&t->script, line, &t->conf.pro);
	if (error != NULL)
		errx(EXIT_USAGE, "%s: %s", argv[0], error);
	if (strcmp(argv[0], "serve") == 0 &&
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

/* Options; the address of the first client into *local. */
static void
tool_parse_options(
    struct marsc_tool *t, int argc, char **argv, struct atm_addr *local)
{
	int ch;

	while ((ch = getopt(argc, argv, "b:c:jl:n:p:s:t:")) != -1)
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
	timer_init(&t->timer, tool_timer, t);
	timer_init(&t->starter, tool_start_some, t);
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
	if (evsignal_assign(&t->term, t->loop.base, SIGTERM, tool_signal, t) ==
		-1 ||
	    evsignal_assign(&t->intr, t->loop.base, SIGINT, tool_signal, t) ==
		-1 ||
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
		read_script(&t, argv[1]);
	} else
		read_command(&t, argc, argv);
	find_role(&t);
	t.printer.many = t.n > 1;
	t.printer.heard = strcmp(argv[0], "watch") == 0;
	counters =
	    t.printer.json && (t.printer.heard || strcmp(argv[0], "run") == 0);
	tool_open(&t, &local);
	tool_begin(&t, STAILQ_FIRST(&t.script));
	tool_flush(&t); /* the first turn waits before it sends */
	loop_run(&t.loop, tool_turn, &t);
	tool_last_words(&t);
	if (counters)
		tool_counters(&t);
	tool_close(&t);
	return t.status;
}
