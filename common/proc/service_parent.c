/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What mars(8) says to a service: which messages there are, and when. */
#include "ipc.h"
#include "log.h"
#include "service_parts.h"

void
service_tell_parent(struct service *s, uint32_t type, const struct wr *w)
{
	if (channel_send(&s->parent, type, -1, w == NULL ? NULL : w->buf,
	    w == NULL ? 0 : w->len) == -1)
		fatal("message for mars");
}

static void
on_setup(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	uint8_t flags = rd_u8(r);

	s->privileged = (flags & SETUP_PRIVILEGED) != 0;
	s->best_effort = (flags & SETUP_BEST_EFFORT) != 0;
	(void)rd_string(r, s->user, sizeof(s->user));
	log_verbose((int)rd_u32(r));
	s->setup = true;
}

static void
on_sibling(struct service *s, struct rd *r, int fd)
{
	(void)r;
	s->sibling_fd = fd;
}

static void
on_control(struct service *s, struct rd *r, int fd)
{
	(void)r;
	s->control_fd = fd;
}

static void
on_readers(struct service *s, struct rd *r, int fd)
{
	(void)r;
	s->readers_fd = fd;
}

static void
on_verbose(struct service *s, struct rd *r, int fd)
{
	(void)s;
	(void)fd;
	log_verbose((int)rd_u32(r));
}

static void
on_sandbox(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	s->parent_full = rd_u8(r) != 0;
	(void)rd_string(r, s->parent_sandbox, sizeof(s->parent_sandbox));
}

/* mars(8) asks whether this process hangs. */
static void
on_ping(struct service *s, struct rd *r, int fd)
{
	uint8_t buf[4];
	struct wr w;

	(void)fd;
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, rd_u32(r));
	service_tell_parent(s, IMSG_PONG, &w);
}

/* What mars(8) says, whether a descriptor comes with it, and when it may. */
static const struct service_message {
	uint32_t	 type;
	enum { SERVICE_WITHOUT, SERVICE_WITH, SERVICE_MAYBE } fd;
	enum {
		SERVICE_ONCE,		/* before it serves */
		SERVICE_ALWAYS,
		SERVICE_SERVING
	} when;
	service_handler	*handle;
} parent_types[] = {
	{ IMSG_SETUP, SERVICE_WITHOUT, SERVICE_ONCE, on_setup },
	{ IMSG_SIBLING, SERVICE_WITH, SERVICE_ONCE, on_sibling },
	{ IMSG_CONTROL, SERVICE_WITH, SERVICE_ONCE, on_control },
	{ IMSG_CONTROL_READERS, SERVICE_WITH, SERVICE_ONCE, on_readers },
	{ IMSG_CONF_BEGIN, SERVICE_WITHOUT, SERVICE_ALWAYS,
	    service_on_conf_begin },
	{ IMSG_CONF_DATA, SERVICE_WITHOUT, SERVICE_ALWAYS,
	    service_on_conf_data },
	{ IMSG_LISTEN, SERVICE_WITH, SERVICE_ALWAYS, service_on_listen },
	{ IMSG_CONF_END, SERVICE_WITHOUT, SERVICE_ALWAYS, service_on_conf_end },
	{ IMSG_VERBOSE, SERVICE_WITHOUT, SERVICE_ALWAYS, on_verbose },
	{ IMSG_EDGE_KERNEL, SERVICE_WITH, SERVICE_ONCE, service_on_kernel },
	{ IMSG_EDGE_LAN, SERVICE_MAYBE, SERVICE_ALWAYS, service_on_lan },
	{ IMSG_EDGE_LAN_GONE, SERVICE_WITHOUT, SERVICE_SERVING,
	    service_on_lan_gone },
	{ IMSG_SANDBOX, SERVICE_WITHOUT, SERVICE_ALWAYS, on_sandbox },
	{ IMSG_PING, SERVICE_WITHOUT, SERVICE_ALWAYS, on_ping },
	{ IMSG_ATM_FD, SERVICE_MAYBE, SERVICE_SERVING, service_on_atm_fd },
	{ IMSG_ATM_PARTY_RES, SERVICE_WITHOUT, SERVICE_SERVING,
	    service_on_atm_party },
	{ IMSG_CTL_RELOAD_RES, SERVICE_WITHOUT, SERVICE_SERVING,
	    service_on_reload_res },
};

/* Nothing of a message is looked at before it is known to be expected. */
static void
service_parent_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct service *s = arg;
	const struct service_message *t = NULL;
	size_t i;

	timers_clock(&s->loop.timers);
	for (i = 0; i < sizeof(parent_types) / sizeof(parent_types[0]); i++)
		if (parent_types[i].type == type)
			t = &parent_types[i];
	if (t == NULL || (t->fd == SERVICE_WITH && fd == -1) ||
	    (t->fd == SERVICE_WITHOUT && fd != -1) ||
	    (t->when == SERVICE_ONCE && s->serving) ||
	    (t->when == SERVICE_SERVING && !s->serving))
		fatalx("message of type %u from mars was not expected", type);
	t->handle(s, r, fd);
	if (!rd_done(r))
		fatalx("malformed message of type %u from mars", type);
}

void
service_parent_open(struct service *s)
{
	if (channel_open(&s->parent, s->loop.base, CHILD_FD, true,
	    IMSG_PARENT_MAX, "mars", service_parent_message,
	    service_parent_closed, s) == -1)
		fatal("channel to mars");
}
