/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A child of mars(8): its start, its confinement, and its end (service.h). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "log_out.h"
#include "service_parts.h"

#define PATIENCE	MTIME_SEC(1)	/* for the sibling's end */
#define LAST_TURNS	3		/* of the loop, for what is queued */
#define LAST_WORDS	MTIME_MS(400)	/* for the sibling to read it */

void
service_confine(struct service *s)
{
	const struct sandbox asked = {
		.role = s->hooks->role,
		.best_effort = s->best_effort,
		.npinned = s->npinned,
	};
	char text[SANDBOX_STRLEN];

	child_drop(s->privileged, s->user);
	sandbox_enter(&asked, &s->sandbox);
	log_info("confined: %s", sandbox_print(&s->sandbox, text));
}

void
service_serve(struct service *s)
{
	uint8_t buf[SANDBOX_STRLEN + 2];
	char text[SANDBOX_STRLEN];
	struct wr w;

	s->control = service_ctl_open(s, s->control_fd);
	if (s->control == NULL)
		fatal("control socket");
	if (s->readers_fd != -1 &&
	    !ctlserver_readers(s->control, s->readers_fd))
		fatal("control socket for readers");
	s->serving = true;
	wr_init(&w, buf, sizeof(buf));
	wr_string(&w, sandbox_print(&s->sandbox, text));
	service_tell_parent(s, IMSG_READY, &w);
}

/*
 * Either the sibling has gone and mars(8) has not ended the suite, so something
 * is wrong; or it is the end, and the sibling takes too long over it.
 */
static void
patience_over(void *arg)
{
	struct service *s = arg;

	if (!s->ending)
		log_warnx("%s has gone: %s can't go on alone",
		    s->hooks->sibling, s->hooks->name);
	loop_end(&s->loop);
}

/* mars(8) ends the suite. */
static void
service_end(struct service *s)
{
	if (s->ending)
		return;
	s->ending = true;
	if (!s->serving) {
		loop_end(&s->loop);
		return;
	}
	/* what the sibling has to say at its end is not old */
	if (!s->hooks->ends_last)
		service_links_discard(s);
	s->hooks->shutdown(s->arg);
	if (s->hooks->ends_last && s->sibling.open)
		timer_set(&s->loop.timers, &s->patience, PATIENCE);
	else
		loop_end(&s->loop);
}

static void
on_sigterm(evutil_socket_t signo, short what, void *arg)
{
	struct service *s = arg;

	(void)signo;
	(void)what;
	timers_clock(&s->loop.timers);
	service_end(s);
}

void
service_parent_closed(void *arg)
{
	struct service *s = arg;

	timers_clock(&s->loop.timers);
	service_log_close();
	channel_close(&s->parent);
	service_end(s);
}

/*
 * If the suite ends, mars(8) will say so in a moment.  If it does not, the
 * sibling has died and this process can't go on alone.
 */
void
service_sibling_closed(void *arg)
{
	struct service *s = arg;

	timers_clock(&s->loop.timers);
	if (s->sibling.error != 0)
		log_warnx(
		    "%s %s", s->hooks->sibling, channel_why(&s->sibling));
	service_sibling_close(s);
	if (s->ending)
		loop_end(&s->loop);
	else
		timer_set(&s->loop.timers, &s->patience, PATIENCE);
}

static void
init(struct service *s, const struct service_hooks *hooks, void *arg)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->hooks = hooks;
	s->arg = arg;
	s->sibling_fd = s->control_fd = s->readers_fd = -1;
	TAILQ_INIT(&s->links);
	TAILQ_INIT(&s->lans);
	if (loop_init(&s->loop) == -1)
		fatal("event loop");
	timer_init(&s->patience, patience_over, s);
	/* an interrupt from the keyboard is for mars(8), which then ends us */
	if (signal(SIGINT, SIG_IGN) == SIG_ERR ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR)
		fatal("signal");
	if (evsignal_assign(
	    &s->sigterm, s->loop.base, SIGTERM, on_sigterm, s) == -1 ||
	    evsignal_add(&s->sigterm, NULL) == -1)
		fatal("SIGTERM");
	for (i = 0; i < SERVICE_EVENT_MAX; i++) {
		ratelimit_init(&s->limits[i], s->loop.timers.now);
		ratelimit_init(&s->audits[i], s->loop.timers.now);
	}
	service_parent_open(s);
	service_log_open(s);
}

static void
last_words_turn(void *arg)
{
	struct service *s = arg;

	service_links_turn(s);
	if (!service_sibling_waits(s))
		loop_end(&s->loop);
}

/*
 * What is still queued goes out as far as that is possible in a short time.
 * Nothing more is read from the network: it could go on for ever.
 */
static void
last_words(struct service *s)
{
	int i;

	service_links_deaf(s);
	for (i = 0; i < LAST_TURNS; i++)
		loop_poll(&s->loop, last_words_turn, s);
	if (!service_sibling_waits(s))
		return;
	s->loop.ended = false;
	timer_set(&s->loop.timers, &s->patience, LAST_WORDS);
	loop_run(&s->loop, last_words_turn, s);
	if (service_sibling_waits(s))
		log_debug("%s did not hear our last words", s->hooks->sibling);
}

/* Says what is to be said, then gives everything back. */
static void
finish(struct service *s)
{
	last_words(s);
	if (s->control != NULL)
		ctlserver_free(s->control);
	s->control = NULL; /* what ends now is told to nobody */
	s->hooks->destroy(s->arg);
	service_links_close(s);
	service_lans_close(s);
	service_sibling_close(s);
	log_last();
	service_log_close();
	if (s->parent.open)
		channel_close(&s->parent);
	(void)event_del(&s->sigterm);
	timer_clear(&s->loop.timers, &s->patience);
	if (s->octets != NULL)
		freezero(s->octets, s->noctets);
	if (s->conf != NULL)
		conf_free(s->conf);
	loop_free(&s->loop);
}

int
service_main(struct service *s, const struct service_hooks *hooks, void *arg,
    int argc, char **argv)
{
	bool foreground = false, debug = false;
	int ch;

	while ((ch = getopt(argc, argv, "dv")) != -1)
		switch (ch) {
		case 'd':
			foreground = true;
			break;
		case 'v':
			debug = true;
			break;
		default:
			fprintf(stderr, "usage: %s [-dv]\n", hooks->name);
			return 1;
		}
	/* to standard error until the inherited descriptors are closed */
	log_init(hooks->name, true);
	child_init(hooks->has_keys);
	log_init(hooks->name, foreground);
	log_never_wait();
	log_verbose(debug ? 1 : 0);
	init(s, hooks, arg);
	loop_run(&s->loop, service_links_turn, s);
	if (s->ending)
		log_debug("ending");
	finish(s);
	return s->ending ? 0 : 1;
}
