/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsctl, which reads what a daemon answers, or who has taken one over: as
 * tables, JSON, metrics, health, top and the lines of monitor.  Nothing that a
 * terminal would obey is printed.  Input that begins with a NUL is lines of
 * topology.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "ipc.h"
#include "marsctl/daemon.h"
#include "marsctl/health.h"
#include "marsctl/local.h"
#include "marsctl/metrics.h"
#include "marsctl/output.h"
#include "marsctl/top.h"
#include "marsctl/topology.h"

struct reader {
	const char	*show;
	FILE		*f;
	struct marsctl_output table, json;
	struct health	 health;
	struct top	 top;
	struct metrics	 metrics;
};

static bool
row(void *arg, const char *process, struct rd r, struct marsctl_answer *a)
{
	struct reader *x = arg;

	MUST(marsctl_row_valid(r));
	if (!marsctl_output_row(&x->table, process, r) ||
	    !marsctl_output_row(&x->json, process, r)) {
		marsctl_wrong(a, "malformed");
		return false;
	}
	health_row(&x->health, x->show, r);
	top_row(&x->top, x->show, process, r);
	metrics_row(&x->metrics, x->show, process, r);
	marsctl_monitor_line(x->f, r);
	return true;
}

/* What is printed is text: no control but the end of a line and a tab. */
static void
text(const char *p, size_t len)
{
	for (; len > 0; len--, p++)
		MUST((unsigned char)*p >= ' ' ? *p != 0x7f :
		    *p == '\n' || *p == '\t');
}

/*
 * Messages of any type that hold rows of the input, or octets of it alone, as
 * many as the socket takes before anybody reads.
 */
static void
answer(int fd, struct rd *r)
{
	static uint8_t buf[CTL_ROW_MAX];
	struct imsgbuf ib;
	uint8_t what;
	size_t len;

	MUST(imsgbuf_init(&ib, fd) == 0);
	while (fuzz_more(r)) {
		what = rd_u8(r);
		len = fuzz_octets(r, buf, 2048);
		if (what == 255) {
			if (write(fd, buf, len) == -1)
				break;
			continue;
		}
		if (imsg_compose(&ib, what < 200 ? IMSG_CTL_ROW :
		    what < 240 ? IMSG_CTL_END : what, 0, 0, -1, buf,
		    len) == -1 || imsgbuf_write(&ib) == -1 ||
		    imsgbuf_queuelen(&ib) != 0)
			break;
	}
	imsgbuf_clear(&ib);
	(void)shutdown(fd, SHUT_WR);
}

static void
reader_print(struct reader *x, const struct marsctl_answer *a)
{
	char why[2 * MARSCTL_WHY];

	health_end(&x->health);
	health_print(&x->health, why, sizeof(why));
	marsctl_output_end(&x->table, a->ok, a->why);
	marsctl_output_end(&x->json, a->ok, a->why);
	top_print(&x->top, x->f, 1000, 20);
	metrics_print(&x->metrics, x->f);
}

static void
session(struct rd *r)
{
	static const char *const shows[] = { "summary", "clusters", "members",
		"groups", "neighbors", "counters", "limits", "servers",
		"flows", "lans", "keys", "memory" };
	struct marsctl_request q = { .argc = 2, .ask = ASK_MARSD };
	struct marsctl_session s = { .where = { "/none", 1 } };
	struct marsctl_answer a;
	struct reader x;
	char *printed = NULL;
	size_t len;
	int sv[2];

	memset(&x, 0, sizeof(x));
	x.show = fuzz_pick(r, shows);
	q.argv[0] = "show";
	q.argv[1] = x.show;
	q.show = marsctl_show_find(x.show);
	MUST(q.show != NULL);
	q.detail = rd_u8(r) & 1;
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	s.daemons[0].name = "marsd";
	MUST(imsgbuf_init(&s.daemons[0].ibuf, sv[0]) == 0);
	MUST(imsgbuf_set_maxsize(&s.daemons[0].ibuf, CTL_ROW_MAX) == 0);
	s.daemons[0].connected = true;
	MUST(fcntl(sv[1], F_SETFL, O_NONBLOCK) == 0);
	answer(sv[1], r);
	MUST((x.f = open_memstream(&printed, &len)) != NULL);
	marsctl_output_begin(&x.table, x.f, false, &q);
	marsctl_output_begin(&x.json, x.f, true, &q);
	health_init(&x.health, HEALTH_DAYS);
	top_init(&x.top);
	top_look(&x.top);
	metrics_init(&x.metrics);
	marsctl_answer_init(&a);
	marsctl_session_ask(&s, &q, row, &x, &a);
	marsctl_session_close(&s);
	(void)close(sv[1]);
	reader_print(&x, &a);
	top_free(&x.top);
	metrics_free(&x.metrics);
	MUST(fclose(x.f) == 0);
	text(printed, len);
	free(printed);
}

static void
lines(struct rd *r)
{
	char *copy = calloc(1, r->left + 1), *next = copy, *line;
	struct topology t;
	char *printed = NULL;
	size_t len;
	FILE *f;

	MUST(copy != NULL && topology_init(&t) == 0);
	rd_copy(r, copy, r->left);
	while ((line = strsep(&next, "\n")) != NULL)
		(void)topology_line(&t, line);
	MUST((f = open_memstream(&printed, &len)) != NULL);
	topology_text(&t, f);
	topology_dot(&t, f);
	topology_svg(&t, f);
	MUST(fclose(f) == 0);
	free(printed);
	topology_free(&t);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r;

	rd_init(&r, data, size);
	if (size > 0 && data[0] == 0) {
		rd_skip(&r, 1);
		lines(&r);
	} else
		session(&r);
	return 0;
}
