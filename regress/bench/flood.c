/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Plays very many clients of a MARS over NVC in one process, for flood.py,
 * which says what they do and prints what comes of it (crowd.h).
 *
 *	flood BASE-PORT SERVER...
 *
 * Each line of standard input is a command, answered by one line of JSON:
 *
 *	register FIRST N SERVER		N clients, at the SERVERth server
 *	join FIRST N COUNT GROUP RATE	each joins COUNT groups of its own, one
 *					a message, RATE messages a second
 *	serve FIRST			registers as a multicast server
 *	block CLIENT LOW HIGH		one join
 *	timed CLIENT SERVER RATE GROUP	registers, which is answered; then it
 *					joins a group after the other, until
 *					the next line, and says how long the
 *					echoes took
 *	ask NUMBER WINDOW		a member asks, so many outstanding
 *	mute FIRST N			they answer nothing from now on
 *	again FIRST			a probe registers these members anew,
 *					and no new clients
 *	usual SECONDS			TIMES probes without a load; the least
 *					time in which MOST of what was asked
 *					came is what is usual
 *	probe SECONDS AFTER LOAD [FIRST N RATE]
 *
 * A probe asks ASKS times a second who is in a group, and registers NEWS new
 * clients a second, for so long and AFTER seconds more.  It says how much of
 * what was asked in the first SECONDS had its answer in twice the usual time.
 * The load is there in these only: "toggle" and "all" have each of N clients
 * join and leave a group, or all groups, "joins" has them join new groups, at
 * RATE a second each; "mservs" joins everything, and then serves 20 blocks of
 * 256; "setups" calls from addresses that do not call, RATE a second; "clients"
 * has N new clients register, RATE a second, which go on asking until it is
 * granted; "joiners" the same, and each of them joins a group of its own;
 * "leafless" the same, and none of them takes a leaf.  In IPv6 these are of one
 * /64, and so are the addresses that do not call.
 */
#include <sys/types.h>
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mars.h"
#include "regress/bench/crowd.h"

#define ASKS		50
#define ASKER		1U	/* of the members */
#define NEWS		10
#define TIMES		3
#define MOST		0.9
#define QUIET		0.3	/* s without a copy: there are no more */
#define FORGED_IP	0x7f400000U
#define BLOCKS		20
#define JOIN_BEHIND	100	/* clients: of those that register one after
				 * the other */
#define TOGGLED_GROUP	0xe8000000U
#define EVERYTHING_LOW	0xe0000000U
#define EVERYTHING_HIGH	0xefffffffU

static uint32_t again;		/* the first that registers anew; or 0 */

static void
register_all(uint32_t first, uint32_t n, uint8_t server, bool mcs, bool apart)
{
	double began = crowd.now, end = crowd.now + 60;
	uint32_t i, done = 0, begun = 0;

	while (done < n && crowd.now < end) {
		/* as many at a time as a listener may have in its buffer */
		while (begun < n && begun < done + 200) {
			i = first + begun++;
			crowd_start(i, server, mcs, apart || i == ASKER);
		}
		crowd_receive(1);
		crowd_again();
		for (done = i = 0; i < n; i++)
			done += crowd.players[first + i].registered;
	}
	printf("{\"registered\": %u, \"seconds\": %.3f}\n", done,
	    crowd.now - began);
}

/* The k-th of the groups that a client joins. */
static void
send_join(uint32_t i, uint32_t k)
{
	uint32_t g = crowd.players[i].group + k;

	crowd_send_pair(i, MARS_JOIN, g, g);
}

/* How many were not echoed; those are sent again. */
static uint32_t
joins_again(uint32_t first, uint32_t n, bool send)
{
	uint32_t i, k, missing = 0;

	for (i = first; i < first + n; i++)
		for (k = 0; k < crowd.players[i].many; k++) {
			if (crowd.players[i].seen[k])
				continue;
			missing++;
			if (!send)
				continue;
			send_join(i, k);
			if (k % 16 == 0)
				crowd_receive(0);
		}
	return missing;
}

static void
join_all(uint32_t first, uint32_t n, uint32_t many, uint32_t from, double rate)
{
	double began = crowd.now, last;
	uint32_t i, sent = 0, missing = n * many;

	for (i = 0; i < n; i++) {
		crowd.players[first + i].many = many;
		crowd.players[first + i].group = from + i * many;
		crowd.players[first + i].seen = calloc(many, 1);
		if (crowd.players[first + i].seen == NULL)
			err(1, NULL);
	}
	while (sent < many) {
		for (; sent < many && sent <= (crowd.now - began) * rate;
		    sent++)
			for (i = first; i < first + n; i++) {
				send_join(i, sent);
				if (i % 16 == 0)
					crowd_receive(0);
			}
		crowd_receive(1);
	}
	last = crowd.now;
	while (missing > 0 && crowd.now < began + 90) {
		crowd_receive(1);
		missing = joins_again(first, n, crowd.now - last >= 2);
		if (crowd.now - last >= 2)
			last = crowd.now;
	}
	printf("{\"missing\": %u, \"seconds\": %.3f}\n", missing,
	    crowd.now - began);
}

/* NUMBER groups, in order; an answer that does not come ends it. */
static void
ask_all(uint32_t n, uint32_t window)
{
	double began = crowd_seconds(), last = began;
	uint32_t done = 0;

	memset(crowd.asked, 0, sizeof(crowd.asked));
	for (crowd.nasked = 0; done < n && crowd.now - last < 1;) {
		for (; crowd.nasked < n && crowd.nasked < done + window;
		    crowd.nasked++)
			crowd_request(ASKER, ASKED_GROUP + crowd.nasked);
		crowd_receive(1);
		for (; done < n && crowd.asked[done].answered != 0; done++)
			last = crowd.now;
	}
	printf("{\"answered\": %u, \"seconds\": %.4f}\n", done,
	    crowd_seconds() - began);
}

/* --- probes */

enum load { NONE, TOGGLE, ALL, JOINS, MSERVS, SETUPS, NEWCOMERS, JOINERS,
	LEAFLESS };
static const char *const loads[] = { "none", "toggle", "all", "joins",
	"mservs", "setups", "clients", "joiners", "leafless" };

/* Is each turn of the load another client? */
static bool
is_of_clients(enum load load)
{
	return load == NEWCOMERS || load == JOINERS || load == LEAFLESS;
}

struct probe {
	double		 began, during, after;
	enum load	 load;
	uint32_t	 first, n;	/* clients that are the load */
	double		 rate;
	uint32_t	 sent;		/* loads, of each of them */
	uint32_t	 newcomer, news;	/* the first, and how many */
	uint64_t	 datagrams, copies;	/* before */
};

static void
load_one(const struct probe *p, uint32_t i)
{
	uint32_t turn = p->sent, g = TOGGLED_GROUP + (i << 12) + turn;

	switch (p->load) {
	case TOGGLE:
		g = TOGGLED_GROUP;
		crowd_send_pair(i, turn % 2 ? MARS_LEAVE : MARS_JOIN, g, g);
		break;
	case ALL:
		crowd_send_pair(i, turn % 2 ? MARS_LEAVE : MARS_JOIN,
		    EVERYTHING_LOW, EVERYTHING_HIGH);
		break;
	case JOINS:
		crowd_send_pair(i, MARS_JOIN, g, g);
		break;
	case MSERVS:
		/* the first is a multicast server, the second a member */
		g = TOGGLED_GROUP + turn * 256;
		if (turn == 0)
			crowd_send_pair(i + 1, MARS_JOIN, EVERYTHING_LOW,
			    EVERYTHING_HIGH);
		else if (turn <= BLOCKS)
			crowd_send_pair(i, MARS_MSERV, g, g + 255);
		break;
	case SETUPS:
		crowd_setup(FORGED_IP + turn % 65536, (uint64_t)turn << 32 | 1,
		    &crowd.servers[0], NULL, 0);
		break;
	case NEWCOMERS:	/* of these one at a time */
	case JOINERS:
	case LEAFLESS:
	case NONE:
		break;
	}
}

static int
cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The quantile q of n latencies. */
static double
quantile(double *v, size_t n, double q)
{
	size_t i = (size_t)((double)n * q);

	if (n == 0)
		return -1;
	qsort(v, n, sizeof(*v), cmp);
	return v[i < n ? i : n - 1];
}

/* What answers take, and registrations, in ms: what MOST do not exceed. */
static double usual_answer, usual_registration;

/* Of n latencies in ms: how many are no longer than twice that. */
static size_t
within(const double *v, size_t n, double usual)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += v[i] <= 2 * usual;
	return count;
}

/* The first n of what was asked, in ms; their number in v. */
static size_t
answers(double *v, uint32_t n)
{
	uint32_t i;
	size_t got = 0;

	for (i = 0; i < n; i++)
		if (crowd.asked[i].answered != 0)
			v[got++] = 1000 * (crowd.asked[i].answered -
			    crowd.asked[i].at);
	return got;
}

/* The same of registrations. */
static size_t
registrations(double *v, const struct probe *p, uint32_t n)
{
	const struct player *e = &crowd.players[p->newcomer];
	uint32_t i;
	size_t got = 0;

	for (i = 0; i < n; i++)
		if (e[i].registered)
			v[got++] = 1000 * e[i].took;
	return got;
}

/* So many of what is done RATE times a second are of the time of the load. */
static uint32_t
of_the_load(const struct probe *p, uint32_t rate, uint32_t all)
{
	uint32_t n = (uint32_t)(p->during * rate);

	return n < all ? n : all;
}

static void
print_within(const struct probe *p)
{
	static double v[ASKED_MAX];
	uint32_t asked = of_the_load(p, ASKS, crowd.nasked);
	uint32_t news = of_the_load(p, NEWS, p->news);
	size_t in_time;
	size_t n;

	n = answers(v, asked);
	in_time = within(v, n, usual_answer);
	printf("\"p90-during\": %.3f, ", quantile(v, n, MOST));
	n = registrations(v, p, news);
	in_time += within(v, n, usual_registration);
	printf("\"registration-p90-during\": %.3f, ", quantile(v, n, MOST));
	printf("\"usual\": %.3f, \"usual-registration\": %.3f, "
	    "\"due\": %u, \"in-time\": %zu, ",
	    usual_answer, usual_registration, asked + news, in_time);
}

static void
probe_print(const struct probe *p)
{
	static double v[ASKED_MAX];
	uint32_t jumped;
	int told = watch_told(&jumped);
	size_t n = answers(v, crowd.nasked);

	printf("{\"asked\": %u, \"answered\": %zu, \"p50\": %.2f, "
	    "\"p90\": %.2f, \"p99\": %.2f, ",
	    crowd.nasked, n, quantile(v, n, 0.5), quantile(v, n, 0.9),
	    quantile(v, n, 0.99));
	n = registrations(v, p, p->news);
	printf("\"registering\": %u, \"registered\": %zu, "
	    "\"registration-p99\": %.2f, ", p->news, n, quantile(v, n, 0.99));
	print_within(p);
	printf("\"load\": %u, \"datagrams\": %llu, \"copies\": %llu, "
	    "\"told-in\": %.3f, \"told\": %d, \"jumped\": %u}\n",
	    is_of_clients(p->load) ? p->sent : p->sent * p->n,
	    (unsigned long long)(crowd.datagrams - p->datagrams),
	    (unsigned long long)(crowd.copies - p->copies),
	    crowd.last_copy - crowd.first_copy, told, jumped);
}

/* So many of these have been due since the begin, and at most within max. */
static uint32_t
due(const struct probe *p, double rate, double max)
{
	double since = crowd.now - p->began;
	double n = (since < max ? since : max) * rate;

	return n < 0 ? 0 : (uint32_t)n;
}

/* One more client; and one that has had time to register joins a group. */
static void
load_client(const struct probe *p)
{
	uint32_t i = p->first + p->sent, joiner = i - JOIN_BEHIND;

	crowd.players[i].crowded = true;
	crowd.players[i].leafless = p->load == LEAFLESS;
	crowd_start(i, 0, false, false);
	if (p->load != NEWCOMERS && p->sent >= JOIN_BEHIND &&
	    crowd.players[joiner].registered)
		crowd_send_pair(joiner, MARS_JOIN, TOGGLED_GROUP + joiner,
		    TOGGLED_GROUP + joiner);
}

/* Some of the load that is due; is it all? */
static bool
probe_load(struct probe *p)
{
	uint32_t end = due(p, p->rate, p->during), burst, i;

	if (is_of_clients(p->load) && end > p->n)
		end = p->n;
	for (burst = 0; p->sent < end && burst < 64; burst++, p->sent++)
		if (is_of_clients(p->load))
			load_client(p);
		else
			for (i = p->first; i < p->first + p->n; i++)
				load_one(p, i);
	return p->sent == end;
}

static void
probe_ask(struct probe *p)
{
	double all = p->during + p->after;

	for (; crowd.nasked < due(p, ASKS, all); crowd.nasked++) {
		crowd.asked[crowd.nasked].at = crowd_wall();
		crowd_request(ASKER, ASKED_GROUP + crowd.nasked);
	}
	for (; p->news < due(p, NEWS, all); p->news++)
		if (again != 0)
			crowd_register_anew(p->newcomer + p->news);
		else
			crowd_start(p->newcomer + p->news, 0, false, true);
}

/* What is asked last gets its time, too: 2 s, or until there is nothing. */
static bool
probe_over(const struct probe *p)
{
	double since = crowd.now - (p->began + p->during + p->after);
	uint32_t i;

	if (since < 0 || since >= 2)
		return since >= 2;
	if (crowd.now - crowd.last_copy < QUIET)
		return false;
	for (i = 0; i < crowd.nasked; i++)
		if (crowd.asked[i].answered == 0)
			return false;
	for (i = 0; i < p->news; i++)
		if (!crowd.players[p->newcomer + i].registered)
			return false;
	return true;
}

static void
probe(struct probe *p)
{
	static uint32_t newcomer = NEWCOMER;
	uint32_t i;

	p->began = crowd.now;
	p->newcomer = again != 0 ? again : newcomer;
	p->datagrams = crowd.datagrams;
	p->copies = crowd.copies;
	memset(crowd.asked, 0, sizeof(crowd.asked));
	crowd.nasked = 0;
	crowd.first_copy = crowd.last_copy = 0;
	watch_begin();
	while (!probe_over(p)) {
		bool all = probe_load(p);

		probe_ask(p);
		crowd_receive(all ? 1 : 0);
		crowd_again();
	}
	if (again == 0)
		newcomer += p->news;
	/* they go as they came */
	for (i = p->newcomer; again == 0 && i < p->newcomer + p->news; i++)
		if (crowd.players[i].up)
			crowd_reply(i, RELEASE, crowd.players[i].theirs,
			    crowd_number(i));
}

static double
least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

/* What else runs on the machine makes it longer, never shorter. */
static void
measure_usual(double seconds)
{
	static double v[ASKED_MAX];
	int i;

	usual_answer = usual_registration = 0;
	for (i = 0; i < TIMES; i++) {
		struct probe p = { .during = seconds / TIMES };

		probe(&p);
		usual_answer = least(usual_answer,
		    quantile(v, answers(v, crowd.nasked), MOST));
		usual_registration = least(usual_registration,
		    quantile(v, registrations(v, &p, p.news), MOST));
	}
	printf("{\"usual\": %.3f, \"usual-registration\": %.3f}\n",
	    usual_answer, usual_registration);
}

/* --- joins of one client */

static bool
has_input(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) != 0;
}

/*
 * The last is waited for, at most 2 s.  One that has no echo by then takes that
 * much.
 */
static void
timed(uint32_t i, uint8_t server, double rate, uint32_t from)
{
	static double at[ASKED_MAX], took[ASKED_MAX];
	struct player *e = &crowd.players[i];
	uint32_t sent = 0, heard = 0;
	double began, end = 0;

	register_all(i, 1, server, false, true);
	(void)fflush(stdout);
	e->many = ASKED_MAX;
	e->group = from;
	if ((e->seen = calloc(e->many, 1)) == NULL)
		err(1, NULL);
	for (began = crowd.now; heard < sent || end == 0;) {
		if (end == 0 && sent < ASKED_MAX &&
		    sent <= (crowd.now - began) * rate) {
			at[sent] = crowd.now;
			send_join(i, sent++);
		}
		crowd_receive(1);
		while (heard < sent && (e->seen[heard] ||
		    crowd.now - at[heard] >= 2)) {
			took[heard] = crowd.now - at[heard];
			heard++;
		}
		if (end == 0 && has_input())
			end = crowd.now;
	}
	printf("{\"joins\": %u, \"p50\": %.2f, \"p99\": %.2f}\n", heard,
	    1000 * quantile(took, heard, 0.5),
	    1000 * quantile(took, heard, 0.99));
	free(e->seen);
	e->seen = NULL;
}

/* --- commands */

static bool
command_probe(const char *line)
{
	struct probe p = { 0 };
	char load[16];
	size_t i;
	int got;

	got = sscanf(line, "probe %lf %lf %15s %u %u %lf", &p.during,
	    &p.after, load, &p.first, &p.n, &p.rate);
	if (got < 3)
		return false;
	for (i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		if (strcmp(loads[i], load) == 0) {
			p.load = (enum load)i;
			probe(&p);
			probe_print(&p);
		}
	return true;
}

static void
command(const char *line)
{
	double rate = 0;
	uint32_t first = 0, n = 0, many, from;
	size_t i;

	if (sscanf(line, "register %u %u %u", &first, &n, &many) == 3)
		register_all(first, n, (uint8_t)(many % SERVERS), false,
		    false);
	else if (sscanf(line, "timed %u %u %lf %x", &first, &many, &rate,
	    &from) == 4)
		timed(first, (uint8_t)(many % SERVERS), rate, from);
	else if (strncmp(line, "stop", 4) == 0)
		return; /* of what was timed */
	else if (sscanf(line, "ask %u %u", &n, &many) == 2 && n <= ASKED_MAX)
		ask_all(n, many);
	else if (sscanf(line, "usual %lf", &rate) == 1)
		measure_usual(rate);
	else if (sscanf(line, "serve %u", &first) == 1)
		register_all(first, 1, 0, true, false);
	else if (sscanf(line, "join %u %u %u %x %lf", &first, &n, &many, &from,
	    &rate) == 5)
		join_all(first, n, many, from, rate);
	else if (sscanf(line, "block %u %x %x", &first, &many, &from) == 3) {
		crowd_send_pair(first, MARS_JOIN, many, from);
		printf("{}\n");
	} else if (sscanf(line, "mute %u %u", &first, &n) == 2) {
		for (i = first; i < first + n && i < CLIENTS; i++)
			crowd.players[i].mute = true;
		printf("{}\n");
	} else if (sscanf(line, "again %u", &again) == 1)
		printf("{}\n");
	else if (!command_probe(line))
		errx(1, "no command: %s", line);
	(void)fflush(stdout);
}

static struct paddr
server(const char *text)
{
	struct paddr p = { .len = 4 };

	if (inet_pton(AF_INET, text, p.a) == 1)
		return p;
	p.len = 16;
	if (inet_pton(AF_INET6, text, p.a) != 1)
		errx(1, "%s", text);
	return p;
}

int
main(int argc, char *argv[])
{
	char line[256];
	int i;

	if (argc < 3 || argc - 2 > SERVERS)
		errx(1, "usage: flood BASE-PORT SERVER...");
	crowd.base_port = (uint16_t)strtoul(argv[1], NULL, 10);
	for (i = 2; i < argc; i++)
		crowd.servers[i - 2] = server(argv[i]);
	crowd_open();
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		/* enquiries are answered between two commands, too */
		crowd_receive(5);
		if (!has_input())
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 0;
		crowd.now = crowd_seconds();
		command(line);
	}
}
