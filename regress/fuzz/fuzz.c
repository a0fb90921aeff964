/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * What the unit tests' doubles assert ends the process, too; and who writes to
 * nobody is told, as in every process of the suite.
 */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
	return 0;
}

void
fuzz_failed(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

void
fuzz_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	(void)arg;
	(void)fprintf(stderr, "%s: %s in state %s\n", t->name,
	    t->events[event], t->states[state]);
	abort();
}

bool
fuzz_more(const struct rd *r)
{
	return !rd_failed(r) && r->left > 0;
}

uint32_t
fuzz_below(struct rd *r, uint32_t n)
{
	return n <= 256 ? rd_u8(r) % n : rd_u16(r) % n;
}

int64_t
fuzz_time(struct rd *r)
{
	static const int64_t times[] = { 0, 1, MTIME_MS(1), MTIME_MS(20),
		MTIME_MS(300), MTIME_SEC(1), MTIME_SEC(2), MTIME_SEC(4),
		MTIME_SEC(11), MTIME_SEC(31), MTIME_SEC(61), MTIME_SEC(125),
		MTIME_SEC(300), MTIME_SEC(700), MTIME_SEC(1300),
		MTIME_SEC(3600) };

	return times[rd_u8(r) % (sizeof(times) / sizeof(times[0]))];
}

size_t
fuzz_octets(struct rd *r, uint8_t *to, size_t max)
{
	size_t len = rd_u8(r);

	if (len == 255)
		len = rd_u16(r);
	if (len > max)
		len = max;
	if (len > r->left)
		len = r->left;
	rd_copy(r, to, len);
	return len;
}

uint8_t *
fuzz_copy(const void *from, size_t len)
{
	uint8_t *to = malloc(len == 0 ? 1 : len);

	MUST(to != NULL);
	if (len != 0)
		memcpy(to, from, len);
	return to;
}

void
fuzz_row_begin(struct wr *w)
{
	static uint8_t buf[CTL_ROW_MAX];

	wr_init(w, buf, sizeof(buf));
}

void
fuzz_row_end(const struct wr *w, uint32_t n)
{
	struct ctl_value v;
	struct rd r;

	MUST(!wr_failed(w) && n < 10000);
	rd_init(&r, w->buf, w->len);
	while (ctl_next(&r, &v))
		;
	MUST(rd_done(&r));
}

void
fuzz_wait(struct timers *ts, int64_t us)
{
	mtime_t end = { ts->now.us + us }, due;

	while (timers_next(ts, &due) && due.us <= end.us)
		timers_run(ts, due);
	timers_run(ts, end);
}
