/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Handing a configuration to the children, at the start and again whenever
 * it is asked for.  A new one takes effect as a whole or not at all: it is
 * parsed and checked, and its sockets are open, before a child hears of it.
 */

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "log_audit.h"
#include "parent.h"
#include "parser.h"

#define RELOAD_LINES	20	/* what one costs, asked for by a child, of
				 * those that it may cause in a tick */
#define PIECE	8192		/* octets of a configuration in one message */

static void
reload_send_setup(struct parent_child *c)
{
	uint8_t buf[NAME_SIZE + 16];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (c->privileged ? SETUP_PRIVILEGED : 0) |
	    (c->parent->conf->best_effort ? SETUP_BEST_EFFORT : 0));
	wr_string(&w, parent_child_user(c));
	wr_u32(&w, (uint32_t)log_getverbose());
	parent_child_send(c, IMSG_SETUP, -1, buf, w.len);
	if (c->id == PARENT_EDGED)
		parent_lans_kernel(c->parent);
}

static void
send_listeners(struct parent_child *c, struct parent_listeners *ls)
{
	uint8_t buf[128];
	struct wr w;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		wr_init(&w, buf, sizeof(buf));
		wr_u8(&w, (uint8_t)ls->v[i].at.transport);
		wr_atm_addr(&w, &ls->v[i].at.local);
		wr_atm_addr(&w, &ls->v[i].at.peer);
		wr_u16(&w, ls->v[i].mtu);
		parent_child_send(c, IMSG_LISTEN, ls->v[i].fd, buf, w.len);
		ls->v[i].fd = -1;
	}
}

static enum conf_reader
reader_of(enum parent_child_id id)
{
	switch (id) {
	case PARENT_MARSD:
		return CONF_FOR_MARSD;
	case PARENT_EDGED:
		return CONF_FOR_EDGED;
	default:
		return CONF_FOR_SCSPD;
	}
}

/*
 * Sends CONF_BEGIN, DATA..., LISTEN..., EDGE_LAN..., CONF_END.  buf has
 * CONF_SIZE_MAX octets, which fits() has found to be enough.
 */
static void
send_conf(struct parent_child *c, const struct conf *conf,
    struct parent_listeners *ls, uint8_t *buf)
{
	uint8_t head[4];
	struct wr w, h;
	size_t at, n;

	wr_init(&w, buf, CONF_SIZE_MAX);
	conf_write(&w, conf, reader_of(c->id));
	c->configured = false;
	wr_init(&h, head, sizeof(head));
	wr_u32(&h, (uint32_t)w.len);
	parent_child_send(c, IMSG_CONF_BEGIN, -1, head, h.len);
	for (at = 0; at < w.len; at += n) {
		n = w.len - at < PIECE ? w.len - at : PIECE;
		parent_child_send(c, IMSG_CONF_DATA, -1, buf + at, n);
	}
	send_listeners(c, ls);
	if (c->id == PARENT_EDGED)
		parent_lans_send(c->parent, &c->parent->lans_next, conf);
	parent_child_send(c, IMSG_CONF_END, -1, NULL, 0);
	explicit_bzero(buf, w.len);
}

/* Do CONF_SIZE_MAX octets suffice for each child?  Wipes buf. */
static bool
fits(const struct conf *conf, uint8_t *buf)
{
	struct wr w;
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++) {
		wr_init(&w, buf, CONF_SIZE_MAX);
		conf_write(&w, conf, reader_of((enum parent_child_id)i));
		explicit_bzero(buf, w.len);
		if (wr_failed(&w))
			return false;
	}
	return true;
}

/* Gives up what is ready for the children and has not been sent. */
static void
unstage(struct parent *p)
{
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++)
		parent_listeners_close(&p->listeners[i]);
	parent_lans_free(&p->lans_next);
	free(p->octets);
	p->octets = NULL;
}

/*
 * Makes ready all that the children need for it, so that nothing of that can
 * fail any more when the first of them has heard of it.  False: why says what
 * is wrong.
 */
static bool
stage(struct parent *p, const struct conf *new, const struct conf *old,
    char *why, size_t size)
{
	size_t i;
	bool ok;

	p->octets = malloc(CONF_SIZE_MAX);
	ok = p->octets != NULL && fits(new, p->octets);
	if (!ok)
		(void)snprintf(why, size, "%s",
		    p->octets == NULL ?
		    "not enough memory" :
		    "the configuration is too large: make it smaller");
	for (i = 0; i < PARENT_NCHILDREN && ok; i++)
		ok = !p->children[i].wanted ||
		    parent_listeners_open(&p->listeners[i],
		    (enum parent_child_id)i, new, old, why, size);
	ok = ok && parent_lans_open(p, &p->lans_next, new, why, size);
	if (!ok)
		unstage(p);
	return ok;
}

/*
 * One child after the other is sent it.  The first can refuse it, and nobody
 * else hears of it then; so it is scspd, where a key may turn out to be of no
 * use.  marsd is the last, since it gets no keys.
 */
static const size_t order[PARENT_NCHILDREN] = { PARENT_SCSPD, PARENT_EDGED,
	PARENT_MARSD };

static bool
is_first(const struct parent_child *c)
{
	size_t i = 0;

	while (!c->parent->children[order[i]].wanted)
		i++;
	return order[i] == (size_t)c->id;
}

/* Sends what is ready to the next one.  False: all have been sent it. */
static bool
send_next(struct parent *p, struct conf *conf)
{
	struct parent_child *c;

	while (p->asked < PARENT_NCHILDREN) {
		c = &p->children[order[p->asked++]];
		if (c->id == PARENT_MARSD) /* it gets no keys */
			conf_keys_wipe(conf);
		if (!c->wanted)
			continue;
		send_conf(c, conf, &p->listeners[c->id], p->octets);
		parent_listeners_close(&p->listeners[c->id]);
		return true;
	}
	return false;
}

void
parent_suite_setup(struct parent *p)
{
	char why[SENTENCE_SIZE];
	int sv[2];
	size_t i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    sv) == -1)
		fatal("socketpair");
	for (i = 0; i < PARENT_NCHILDREN; i++) {
		reload_send_setup(&p->children[i]);
		/* edged has none */
		if (i != PARENT_EDGED)
			parent_child_send(
			    &p->children[i], IMSG_SIBLING, sv[i], NULL, 0);
		parent_child_send(&p->children[i], IMSG_CONTROL,
		    p->children[i].control_fd, NULL, 0);
		p->children[i].control_fd = -1;
		if (p->children[i].readers_fd != -1)
			parent_child_send(&p->children[i], IMSG_CONTROL_READERS,
			    p->children[i].readers_fd, NULL, 0);
		p->children[i].readers_fd = -1;
	}
	p->requester = PARENT_BY_START;
	if (!stage(p, p->conf, NULL, why, sizeof(why))) {
		log_warnx("%s", why);
		parent_suite_end(p, 1);
		return;
	}
	while (send_next(p, p->conf))
		continue;
	unstage(p);
}

/* For the audit log: which file is in force, by its digest, and which was. */
static void
reload_audit(const struct parent *p, enum parent_requester who, const char *why)
{
	struct log_audit a;

	log_audit_begin(&a, "reload");
	log_audit_add(&a, "result", why == NULL ? "done" : "refused");
	log_audit_add(&a, "by", who == PARENT_BY_CHILD ? "command" : "signal");
	log_audit_add(&a, "sha256", p->next_digest);
	log_audit_add(&a, "before", p->digest);
	log_audit_add(&a, why == NULL ? "changes" : "reason",
	    why == NULL ? p->changes : why);
	log_audit_end(&a, NULL, (mtime_t){ 0 });
}

/*
 * Tells the one who asked for the reload how it went; why is NULL if it went
 * well.
 */
static void
reload_answer(struct parent *p, const char *why)
{
	uint8_t buf[SENTENCE_SIZE + 16];
	enum parent_requester who = p->requester;
	struct wr w;

	p->requester = PARENT_BY_NOBODY;
	(void)evtimer_del(p->reload_patience);
	if (who != PARENT_BY_START) {
		if (why == NULL)
			log_info("configuration reloaded: %s", p->changes);
		else
			log_warnx("configuration not reloaded: %s", why);
		reload_audit(p, who, why);
		if (why == NULL)
			memcpy(p->digest, p->next_digest, sizeof(p->digest));
	}
	if (who == PARENT_BY_CHILD) {
		wr_init(&w, buf, sizeof(buf));
		wr_u32(&w, p->ask_id);
		wr_u8(&w, why == NULL);
		wr_string(&w, why == NULL ? p->changes : why);
		parent_child_send(&p->children[p->asker], IMSG_CTL_RELOAD_RES,
		    -1, buf, w.len);
	}
	if (p->again && !p->ending) {
		p->again = false;
		parent_reload(p, PARENT_BY_SIGNAL);
	}
}

/*
 * Does a cluster change its server group?  The records that it has published
 * belong to the group for as long as their tombstones live, so it must not.
 */
static bool
regrouped(const struct conf *old, const struct conf *new)
{
	const struct conf_cluster *o, *n;

	TAILQ_FOREACH(o, &old->clusters, entry)
		TAILQ_FOREACH(n, &new->clusters, entry)
			if (strcmp(o->name, n->name) == 0 &&
			    o->server_group != n->server_group)
				return true;
	return false;
}

/* The statement that new changes, of those that can't change; or NULL. */
static const char *
fixed(const struct conf *old, const struct conf *new)
{
	/* what starts marsd and scspd; of edged, see parent_edges_fixed() */
	if (conf_has_server(old) != conf_has_server(new))
		return "whether there is a cluster";
	if (memcmp(old->server_id, new->server_id, sizeof(old->server_id)) != 0)
		return "server-id";
	if (old->base_port != new->base_port)
		return "udp base-port";
	if (strcmp(old->control, new->control) != 0)
		return "control";
	if (strcmp(old->control_group, new->control_group) != 0 ||
	    strcmp(old->control_readers, new->control_readers) != 0)
		return "control group";
	if (strcmp(old->user_marsd, new->user_marsd) != 0 ||
	    strcmp(old->user_scspd, new->user_scspd) != 0 ||
	    strcmp(old->user_edged, new->user_edged) != 0)
		return "user";
	if (old->best_effort != new->best_effort)
		return "confinement";
	if (regrouped(old, new))
		return "server-group";
	return parent_edges_fixed(old, new);
}

void
parent_reload(struct parent *p, enum parent_requester who)
{
	const struct timeval patience = { .tv_sec = PARENT_RELOAD_WAIT };
	char why[SENTENCE_SIZE] = "not enough memory";
	struct parse_record record;
	struct conf *new;
	const char *what;

	p->requester = who;
	new = parse_config(p->file, &p->macros, why, sizeof(why), &record);
	(void)strlcpy(
	    p->next_digest, record.digest, sizeof(p->next_digest));
	parse_record_free(&record);
	if (new == NULL) {
		reload_answer(p, why);
		return;
	}
	what = fixed(p->conf, new);
	/* the maker is started before mars is confined, or never */
	if (what == NULL && p->parties_fd == -1 && parent_parties_wanted(new) &&
	    !parent_parties_wanted(p->conf))
		what = "native-parties";
	if (what != NULL) {
		(void)snprintf(why, sizeof(why),
		    "%s: %s can't change while mars runs: leave it, or restart "
		    "mars",
		    p->file, what);
		conf_free(new);
		reload_answer(p, why);
		return;
	}
	if (!stage(p, new, p->conf, why, sizeof(why)) ||
	    evtimer_add(p->reload_patience, &patience) == -1) {
		unstage(p);
		conf_free(new);
		reload_answer(p, why);
		return;
	}
	p->next = new;
	p->asked = 0;
	(void)send_next(p, new);
}

void
parent_reload_signal(struct parent *p)
{
	if (p->ending)
		return;
	if (p->requester == PARENT_BY_NOBODY) {
		parent_reload(p, PARENT_BY_SIGNAL);
		return;
	}
	if (!p->again && p->requester != PARENT_BY_START)
		log_info("SIGHUP while a reload is under way: the file is read "
		    "once more after it");
	p->again = true;
}

/* The configuration to come does not come into force. */
static void
give_up_next(struct parent *p, const char *why)
{
	conf_free(p->next);
	p->next = NULL;
	unstage(p);
	reload_answer(p, why);
}

void
parent_reload_on_patience(evutil_socket_t fd, short what, void *arg)
{
	static const char why[] = "a process does not say that it has taken it";
	struct parent *p = arg;
	size_t i;

	(void)fd;
	(void)what;
	p->again = false;
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (!p->children[i].configured) {
			give_up_next(p, why);
			parent_child_hangs(&p->children[i],
			    "has not taken the new configuration for 10 s");
			return;
		}
}

/*
 * A child has refused it.  If it is the first nothing has changed.  For those
 * after it there is only memory that can fail, and others have it already: the
 * suite ends, and whoever supervises it starts it with the new file.
 */
static void
refused(struct parent_child *c, const char *why)
{
	struct parent *p = c->parent;
	char text[SENTENCE_SIZE];

	(void)snprintf(text, sizeof(text), "%s: %s", c->name, why);
	if (!is_first(c) || p->next == NULL)
		p->again = false;
	give_up_next(p, text);
	if (!is_first(c))
		parent_suite_end(p, 1);
}

void
parent_reload_request(struct parent_child *c, uint32_t id)
{
	struct parent *p = c->parent;
	static const char busy[] = "a reload is under way: try again";
	uint8_t buf[sizeof(busy) + 16];
	struct wr w;

	if (p->requester == PARENT_BY_NOBODY && !p->ending &&
	    parent_child_may(c, RELOAD_LINES)) {
		p->asker = c->id;
		p->ask_id = id;
		parent_reload(p, PARENT_BY_CHILD);
		return;
	}
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, id);
	wr_u8(&w, 0);
	wr_string(&w, busy);
	parent_child_send(c, IMSG_CTL_RELOAD_RES, -1, buf, w.len);
}

void
parent_reload_applied(struct parent_child *c, const char *why)
{
	struct parent *p = c->parent;
	size_t i;

	if (p->requester == PARENT_BY_NOBODY || c->configured) {
		parent_child_blame(c,
		    "%s applied a configuration that it was not sent", c->name);
		return;
	}
	c->configured = true;
	if (*why != '\0') {
		refused(c, why);
		return;
	}
	if (p->next != NULL) {
		if (send_next(p, p->next))
			return;
		unstage(p);
	}
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (!p->children[i].configured)
			return;
	if (p->next != NULL) {
		parent_changes(
		    p->conf, p->next, p->changes, sizeof(p->changes));
		conf_free(p->conf);
		p->conf = p->next;
		p->next = NULL;
	}
	reload_answer(p, NULL);
	parent_suite_started(p);
}
