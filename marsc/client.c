/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One client as its owner sees it, and what its modules share.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "control.h"

int64_t
marsc_delay(struct marsc *c, int64_t min, int64_t max)
{
	const struct marsc_host *h = c->host;
	uint64_t width, r;

	if (max <= min)
		return min;
	width = (uint64_t)(max - min) + 1;
	r = (uint64_t)h->ops->random(h->arg) << 32;
	r |= h->ops->random(h->arg);
	return min + (int64_t)(r % width);
}

void
marsc_notify(
    struct marsc *c, enum marsc_notice_code code, const struct marsc_notice *n)
{
	struct marsc_notice out = *n;

	out.code = code;
	c->host->ops->notice(c->host->arg, c, &out);
}

void
marsc_no_memory(struct marsc *c, const char *what)
{
	marsc_notify(
	    c, MARSC_NOTICE_NO_MEMORY, &(struct marsc_notice){ .why = what });
}

/*
 * An event has come in a state where it can't.  A circuit or a timer has broken
 * its promise, or we have a bug.
 */
static void
client_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	marsc_notify(arg, MARSC_NOTICE_VIOLATION,
	    &(struct marsc_notice){ .table = t->name,
	    .state = t->states[state],
	    .event = t->events[event] });
}

uint8_t
marsc_next_sequence(struct marsc *c)
{
	if (!c->role->test_sequence)
		return 0;
	if (++c->sequence == 0)
		c->sequence = 1;
	return c->sequence;
}

void
marsc_msg(const struct marsc *c, struct mars_msg *m, uint8_t op)
{
	*m = (struct mars_msg){ .pro = c->pro, .op = op, .spa = c->spa };
	if (c->host->link != NULL)
		m->src = c->host->link->local;
}

void
marsc_send(struct marsc *c, const struct mars_msg *m)
{
	if (marsc_reg_is_on(c))
		marsc_marsvc_send(c->mars, m);
}

bool
marsc_is_self(const struct marsc *c, const struct atm_addr *a)
{
	const struct vc_link *link = c->host->link;

	return link != NULL && atm_addr_equal(&link->local, a);
}

/* --- the owner's functions */

static void
client_limits(struct marsc_limits *l)
{
#define X(sym, value, text) \
	if (l->sym == 0)    \
		l->sym = value;
	MARSC_LIMITS(X)
#undef X
}

static void
client_init(
    struct marsc *c, struct marsc_host *h, const struct marsc_conf *conf)
{
	c->host = h;
	c->ts = h->ts;
	c->t = conf->timers;
	c->limits = conf->limits;
	client_limits(&c->limits);
	c->answers.most = c->limits.answers_octets;
	/*
	 * A random start, so that what we send after a restart is not taken
	 * for what we sent before it (5.2.2).
	 */
	c->sequence = (uint8_t)h->ops->random(h->arg);
	c->pro = conf->pro;
	c->spa = conf->spa;
	c->role = conf->mcs ? &marsc_role_server : &marsc_role_member;
	c->faults =
	    (struct table_faults){ .violated = client_violated, .arg = c };
	c->mars = &c->vcs[0];
	c->next = &c->vcs[1];
	marsc_marsvc_init(c->mars, c);
	marsc_marsvc_init(c->next, c);
	marsc_marsvc_aim(c->mars, marsc_servers_current(&c->servers));
	RB_INIT(&c->singles);
	RB_INIT(&c->blocks);
	RB_INIT(&c->queries);
	RB_INIT(&c->paths);
	TAILQ_INIT(&c->use[0]);
	TAILQ_INIT(&c->use[1]);
	TAILQ_INIT(&c->replies);
	marsc_join_init(c);
	marsc_turn_init(c);
	marsc_query_init(&c->list, c, true);
	marsc_map_init(c);
	marsc_reg_init(c);
}

struct marsc *
marsc_new(struct marsc_host *h, const struct marsc_conf *conf)
{
	struct marsc *c;

	if (marsc_host_client(h, &conf->pro) != NULL ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (marsc_servers_init(&c->servers, conf->servers, conf->nservers) ==
	    -1) {
		free(c);
		return NULL;
	}
	client_init(c, h, conf);
	LIST_INSERT_HEAD(&h->clients, c, entry);
	return c;
}

void
marsc_free(struct marsc *c)
{
	LIST_REMOVE(c, entry);
	marsc_join_free(c);
	marsc_query_free(c);
	marsc_path_free(c);
	marsc_reply_free(c);
	marsc_marsvc_close(c->mars);
	marsc_marsvc_close(c->next);
	marsc_host_forget(c->host, c);
	timer_clear(c->ts, &c->reg.timer);
	timer_clear(c->ts, &c->reg.map);
	marsc_forget_map(c);
	marsc_parts_free(&c->map);
	marsc_servers_free(&c->servers);
	free(c);
}

void
marsc_register(struct marsc *c)
{
	marsc_reg_event(c, MARSC_REG_EV_START);
}

void
marsc_deregister(struct marsc *c)
{
	marsc_reg_event(c, MARSC_REG_EV_STOP);
}

enum marsc_error
marsc_set_servers(struct marsc *c, const struct atm_addr *v, size_t n)
{
	struct marsc_servers *s = &c->servers;

	if (n == 0)
		return MARSC_E_RANGE;
	if (marsc_servers_configured(s, v, n))
		return MARSC_OK;
	if (marsc_servers_configure(s, v, n) == -1)
		return MARSC_E_MEMORY;
	if (!marsc_servers_have(s, &c->mars->addr) ||
	    (c->reg.state == MARSC_REG_MOVING &&
	    !marsc_servers_have(s, &c->next->addr)))
		marsc_reg_event(c, MARSC_REG_EV_SERVERS);
	return MARSC_OK;
}

bool
marsc_is_registered(const struct marsc *c)
{
	return marsc_reg_is_on(c);
}

uint16_t
marsc_cmi(const struct marsc *c)
{
	return c->reg.cmi;
}

const struct mars_pro *
marsc_protocol(const struct marsc *c)
{
	return &c->pro;
}

const struct atm_addr *
marsc_server(const struct marsc *c)
{
	return &c->mars->addr;
}

uint64_t
marsc_drops(const struct marsc *c, enum marsc_drop d)
{
	return c->drops[d];
}

void
marsc_clear_counters(struct marsc *c)
{
	memset(c->drops, 0, sizeof(c->drops));
	c->faults.count = 0;
}

uint64_t
marsc_violations(const struct marsc *c)
{
	return c->faults.count;
}
