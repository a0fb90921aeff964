/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * sim [-lqrv] [-k kind,...] [-n seeds] [-t seconds] [-f file] [seed ...]
 *
 * Runs seeds, each in a process of its own, and prints TAP: those of the
 * file first, one a line (the rest of a line says what it once found), then
 * those named, or the numbers from 1 to n.  -k: only these kinds of trouble;
 * all: also servers that lie, which are not among the default ones.  -t: no
 * new one after so many seconds.  -l: with LANs, edges and their hosts
 * (lan.h).  -v tells what happens, as is done of the first seeds that fail
 * anyway; -vv also every record and packet on a control VC, -vvv every
 * datagram.  -q prints only failures and the sums.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

#define HANG	300		/* s of the processor for one seed */
#define TRACES	3		/* that are printed of failed seeds */

struct options {
	uint32_t	 kinds;
	int		 verbose;
	bool		 quiet, same, lans;
	uint64_t	 seeds;
	long		 seconds;
	const char	*file;
};

struct totals {
	uint64_t	 runs, failed;
	struct stats	 sum;
	time_t		 began;
};

static void
run_seed(const struct options *o, uint64_t seed, struct stats *st)
{
	struct world *w = calloc(1, sizeof(*w));
	mtime_t start = { 0 };
	int64_t before;

	if (w == NULL)
		abort();
	before = alive_allocations;
	w->seed = w->rng = seed;
	w->kinds = o->kinds;
	w->verbose = o->verbose;
	timers_init(&w->ts, start);
	if (o->lans)
		lans_run(w);
	else {
		plan_make(w);
		plan_run(w);
	}
	w->st.virtual_us = w->ts.now.us;
	plan_end(w);
	if (alive_allocations != before)
		fail(w, "%lld allocations are left",
		    (long long)(alive_allocations - before));
	w->st.failed = w->failed;
	*st = w->st;
	free(w);
}

/* In a process of its own, so that a crash is one seed's. */
static bool
fork_seed(const struct options *o, uint64_t seed, struct stats *st)
{
	const struct rlimit hang = { HANG, HANG };
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	memset(st, 0, sizeof(*st));
	fflush(stdout);
	if (pipe(fds) == -1 || (pid = fork()) == -1) {
		perror("sim");
		exit(1);
	}
	if (pid == 0) {
		close(fds[0]);
		(void)setrlimit(RLIMIT_CPU, &hang);
		run_seed(o, seed, st);
		n = write(fds[1], st, sizeof(*st));
		exit(n == (ssize_t)sizeof(*st) ? 0 : 1);
	}
	close(fds[1]);
	n = read(fds[0], st, sizeof(*st));
	close(fds[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(*st) && status == 0)
		return !st->failed;
	fprintf(stderr, "# FAILED seed %" PRIu64 ": ended by %s %d\n", seed,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	st->failed = true;
	return false;
}

static void
add(struct totals *t, const struct stats *s)
{
	struct stats *u = &t->sum;

	u->datagrams += s->datagrams;
	u->lost += s->lost;
	u->duplicated += s->duplicated;
	u->sdus += s->sdus;
	u->expired += s->expired;
	u->crashes += s->crashes;
	u->moves += s->moves;
	u->redirects += s->redirects;
	u->refused += s->refused;
	u->changes += s->changes;
	u->views += s->views;
	u->views_excused += s->views_excused;
	u->probes += s->probes;
	u->delivered += s->delivered;
	u->untried += s->untried;
	u->conflicts += s->conflicts;
	u->checks += s->checks;
	u->revalidations += s->revalidations;
	u->ghosts += s->ghosts != 0;
	u->shared += s->shared != 0;
	u->lan_probes += s->lan_probes;
	u->lan_copies += s->lan_copies;
	u->lan_checks += s->lan_checks;
	u->lan_late += s->lan_late;
	u->virtual_us += s->virtual_us;
	if (u->slowest_us < s->slowest_us)
		u->slowest_us = s->slowest_us;
}

/* What happened, and how to see more of it. */
static void
tell(const struct options *o, uint64_t seed)
{
	struct options loud = *o;
	struct stats s;

	fprintf(stderr,
	    "# what happened in seed %" PRIu64 " (more of it: "
	    "regress/sim/sim %s-vv %" PRIu64 "):\n",
	    seed, o->lans ? "-l " : "", seed);
	loud.verbose = 1;
	(void)fork_seed(&loud, seed, &s);
}

static void
one(const struct options *o, uint64_t seed, const char *why, struct totals *t)
{
	struct stats s, again;
	bool ok = fork_seed(o, seed, &s);

	if (ok && o->same) {
		ok = fork_seed(o, seed, &again) &&
		    memcmp(&s, &again, sizeof(s)) == 0;
		if (!ok)
			fprintf(stderr,
			    "# FAILED seed %" PRIu64 ": two runs differ\n",
			    seed);
	}
	t->runs++;
	add(t, &s);
	if (!ok && t->failed++ < TRACES && o->verbose == 0)
		tell(o, seed);
	if (ok && o->quiet)
		return;
	printf("%s %" PRIu64 " - seed %" PRIu64 ": %u servers, %u hosts, %lld"
	    " s, %" PRIu64 " datagrams%s%s\n",
	    ok ? "ok" : "not ok", t->runs, seed, s.servers, s.hosts,
	    (long long)(s.virtual_us / MTIME_SEC(1)), s.datagrams,
	    *why == '\0' ? "" : "; found ", why);
}

/* Line n of the file of kept seeds, from 0; false behind the last. */
static bool
kept_line(const char *file, uint64_t n, char *line, int size)
{
	FILE *f = fopen(file, "r");
	bool found = true;

	if (f == NULL) {
		perror(file);
		exit(1);
	}
	do
		found = fgets(line, size, f) != NULL;
	while (found && n-- > 0);
	fclose(f);
	return found;
}

/*
 * The seeds that found something once: "SEED what it found".  The file is
 * not open while a seed runs: the child's exit would move its offset.
 */
static void
kept(const struct options *o, struct totals *t)
{
	char line[512], *end;
	uint64_t seed, n;

	for (n = 0; kept_line(o->file, n, line, sizeof(line)); n++) {
		line[strcspn(line, "\n")] = '\0';
		seed = strtoull(line, &end, 0);
		if (end == line)
			continue;
		while (isspace((unsigned char)*end))
			end++;
		one(o, seed, end, t);
	}
}

static void
sums(const struct totals *t)
{
	const struct stats *s = &t->sum;

	printf("1..%" PRIu64 "\n", t->runs);
	printf("# %" PRIu64 " seeds, %" PRIu64 " failed, %.1f simulated"
	    " hours in %lld s\n",
	    t->runs, t->failed, (double)s->virtual_us / 3.6e9,
	    (long long)(time(NULL) - t->began));
	printf("# %" PRIu64 " datagrams, %" PRIu64 " lost, %" PRIu64 " twice;"
	    " %" PRIu64 " data units, %" PRIu64 " not sent\n",
	    s->datagrams, s->lost, s->duplicated, s->sdus, s->expired);
	printf("# %" PRIu64 " crashes, %" PRIu64 " moves, %" PRIu64
	    " redirects (%" PRIu64 " refused), %" PRIu64
	    " joins and leaves\n",
	    s->crashes, s->moves, s->redirects, s->refused, s->changes);
	if (s->lan_probes != 0)
		printf("# %" PRIu64 " packets of hosts, %" PRIu64
		    " copies on LANs, %" PRIu64 " too late; %" PRIu64
		    " times a LAN was looked at\n",
		    s->lan_probes, s->lan_copies, s->lan_late, s->lan_checks);
	printf("# %" PRIu64 " comparisons, slowest agreement %lld s; %" PRIu64
	    " answers; %" PRIu64 " paths, %" PRIu64 " old (A-107); %" PRIu64
	    " packets delivered, %" PRIu64 " not tried; %" PRIu64
	    " conflicts; %" PRIu64 " revalidations; %" PRIu64
	    " seeds with ghosts (D9), %" PRIu64
	    " with two protocols at an address\n",
	    s->checks, (long long)(s->slowest_us / MTIME_SEC(1)), s->probes,
	    s->views, s->views_excused, s->delivered, s->untried, s->conflicts,
	    s->revalidations, s->ghosts, s->shared);
}

static uint32_t
kinds(char *list)
{
	static const char *const names[] = {
#define X(sym, name) name,
		KINDS(X)
#undef X
	};
	uint32_t mask = 0, i;
	char *p;

	while ((p = strsep(&list, ",")) != NULL) {
		for (i = 0; i < KIND_MAX; i++)
			if (strcmp(p, names[i]) == 0)
				break;
		if (i < KIND_MAX)
			mask |= 1U << i;
		else if (strcmp(p, "all") == 0)
			mask |= K_ALL;
		else if (strcmp(p, "none") != 0) {
			fprintf(stderr, "sim: no such kind: %s\n", p);
			exit(1);
		}
	}
	return mask;
}

int
main(int argc, char **argv)
{
	struct options o = { .kinds = K_DEFAULT, .seeds = 0 };
	struct totals t = { .began = time(NULL) };
	uint64_t i;
	int ch;

	while ((ch = getopt(argc, argv, "f:k:ln:qrt:v")) != -1)
		switch (ch) {
		case 'f':
			o.file = optarg;
			break;
		case 'k':
			o.kinds = kinds(optarg);
			break;
		case 'l':
			o.lans = true;
			break;
		case 'n':
			o.seeds = strtoull(optarg, NULL, 0);
			break;
		case 'q':
			o.quiet = true;
			break;
		case 'r':
			o.same = true;
			break;
		case 't':
			o.seconds = strtol(optarg, NULL, 0);
			break;
		case 'v':
			o.verbose++;
			break;
		default:
			fprintf(stderr,
			    "usage: sim [-lqrv] [-f file] [-k kind,"
			    "...] [-n seeds] [-t seconds] [seed ...]\n");
			return 1;
		}
	if (o.file != NULL)
		kept(&o, &t);
	for (; optind < argc; optind++)
		one(&o, strtoull(argv[optind], NULL, 0), "", &t);
	for (i = 1; i <= o.seeds; i++) {
		if (o.seconds != 0 && time(NULL) - t.began >= o.seconds)
			break;
		one(&o, i, "", &t);
	}
	sums(&t);
	return t.failed == 0 ? 0 : 1;
}
