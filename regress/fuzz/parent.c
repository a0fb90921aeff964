/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the children say to mars(8), by its handlers (parent/children.c): any
 * type, from any of them, in any state, once or many times.  A child that means
 * harm can end the suite, and nothing else: what waits for it, and what it
 * causes to be logged, is bounded.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "log.h"
#include "log_out.h"
#include "parent/parent.h"

#define WAITS_MAX	16385
/* that a child may cause between two ticks, and what is said of that */
#define LINES_MAX	1010
#define OFTEN		64	/* a message that is sent again and again */

static struct parent p;
static int far[PARENT_NCHILDREN];
static unsigned int lines;	/* since the last tick */

static bool
count_line(void *arg, int priority, const char *text)
{
	(void)arg;
	(void)priority;
	MUST(strlen(text) < LOG_TEXT);
	lines++;
	return true;
}

static void
no_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
no_close(void *arg)
{
	(void)arg;
}

static void
child_begin(int id)
{
	static const char *const names[] = { "marsd", "scspd", "edged" };
	struct parent_child *c = &p.children[id];
	int sv[2];

	c->parent = &p;
	c->id = (enum parent_child_id)id;
	c->name = names[id];
	c->control_fd = c->readers_fd = -1;
	c->wanted = c->ready = c->configured = true;
	LIST_INIT(&c->openings);
	LIST_INIT(&c->roots);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == 0);
	far[id] = sv[1];
	MUST(channel_open(&c->ch, p.base, sv[0], true, IMSG_PARENT_MAX,
	    c->name, parent_message, no_close, c) == 0);
	parent_child_tick(c);
}

/* A switched link that is configured, so that its sockets may be asked for. */
static void
configure(void)
{
	struct conf_listen *l = calloc(1, sizeof(*l));

	MUST(l != NULL);
	l->transport = CONF_LISTEN_ATM_SVC;
	l->addr = (struct atm_addr){ .num_tl = NSAPA_LEN, .num = { 0x47 } };
	TAILQ_INSERT_TAIL(&p.conf->listens, l, entry);
	conf_cluster_new(p.conf, "a")->addr = l->addr;
}

static void
begin(void)
{
	int i;

	memset(&p, 0, sizeof(p));
	lines = 0;
	log_through(count_line, NULL, NULL);
	MUST((p.base = event_base_new()) != NULL);
	MUST((p.conf = conf_new()) != NULL);
	configure();
	p.patience = evtimer_new(p.base, no_timer, NULL);
	p.reload_patience = evtimer_new(p.base, no_timer, NULL);
	p.file = "/nonexistent";
	p.detach_fd = p.null_fd = p.notify_fd = p.parties_fd = -1;
	TAILQ_INIT(&p.lans);
	TAILQ_INIT(&p.lans_next);
	p.started = true;
	for (i = 0; i < PARENT_NCHILDREN; i++)
		child_begin(i);
}

static void
end(void)
{
	int i;

	log_through(NULL, NULL, NULL);
	for (i = 0; i < PARENT_NCHILDREN; i++) {
		parent_openings_end(&p.children[i]);
		parent_roots_end(&p.children[i]);
		channel_close(&p.children[i].ch);
		(void)close(far[i]);
	}
	event_free(p.patience);
	event_free(p.reload_patience);
	conf_free(p.conf);
	conf_free(p.next);
	lex_macros_free(&p.macros, true);
	event_base_free(p.base);
}

static void
says(struct rd *r)
{
	uint8_t buf[2048], what = rd_u8(r), *copy;
	struct parent_child *c = &p.children[what % PARENT_NCHILDREN];
	int times = what & 32 ? OFTEN : 1;
	uint32_t type = rd_u8(r);
	struct rd payload;
	size_t len;

	if (!c->ch.open)
		return;
	if (what & 128) {
		/* a socket that the configuration names, or almost */
		type = what & 64 ? IMSG_ATM_OPEN : IMSG_ATM_PARTY;
		len = fuzz_octets(r, buf, 4 + 1 + 4 + 2 * ATM_IPC_LEN);
		if (len > 8) {
			buf[5] = NSAPA_LEN;
			buf[7] = 0x47;
		}
	} else
		len = fuzz_octets(r, buf, sizeof(buf));
	copy = fuzz_copy(buf, len);
	for (; times > 0 && c->ch.open; times--) {
		rd_init(&payload, copy, len);
		parent_message(c, type, &payload, -1);
	}
	free(copy);
}

static void
look(void)
{
	int i;

	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p.children[i].ch.open)
			MUST(channel_queued(&p.children[i].ch) <= WAITS_MAX);
	MUST(p.conf != NULL);
	MUST(lines <= PARENT_NCHILDREN * LINES_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int left = 400, i;
	struct rd r;

	begin();
	rd_init(&r, data, size);
	while (fuzz_more(&r) && left-- > 0 && !p.ending) {
		says(&r);
		look();
		if (rd_u8(&r) != 0)
			continue;
		(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
		lines = 0;
		for (i = 0; i < PARENT_NCHILDREN; i++)
			parent_child_tick(&p.children[i]);
	}
	end();
	return 0;
}
