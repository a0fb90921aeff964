/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "command.h"
#include "endpoint.h"
#include "ipc.h"
#include "log.h"
#include "service.h"
#include "vc_pvc.h"
#include "vc_svc.h"
#include "vc_udp.h"

#define PARENT_MAX	16000		/* octets of one message of mars(8)'s */
#define PATIENCE	MTIME_SEC(1)
#define LAST_TURNS	3		/* of the loop, for what is queued */

/* --- links */

static uint64_t
random64(void *arg)
{
	uint64_t n;

	(void)arg;
	arc4random_buf(&n, sizeof(n));
	return n;
}

static struct vc_udp_params
params(const struct conf *c)
{
	struct vc_udp_params p = {
		.base_port = c->base_port,
		.enquiry_interval = c->enquiry_interval,
		.max_circuits = c->max_circuits,
		.circuits_per_address = c->circuits_per_address,
		.random = random64,
	};

	return p;
}

static struct service_link *
link_find(struct service *s, enum conf_transport transport,
    const struct atm_addr *local)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->transport == transport &&
		    atm_addr_equal(&l->local, local))
			return l;
	return NULL;
}

/* The socket waits until the configuration that it came with is complete. */
static struct service_link *
link_add(struct service *s, enum conf_transport transport,
    const struct atm_addr *local, int fd)
{
	struct service_link *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("link");
	l->transport = transport;
	l->local = *local;
	l->fd = fd;
	TAILQ_INSERT_TAIL(&s->links, l, entry);
	return l;
}

/* The same for one permanent circuit, many of which make a link. */
static void
line_add(struct service_link *l, const struct atm_addr *peer, int fd)
{
	struct service_line *v;

	v = reallocarray(l->lines, l->nlines + 1, sizeof(*v));
	if (v == NULL)
		fatal("permanent circuit");
	l->lines = v;
	v[l->nlines].peer = *peer;
	v[l->nlines++].fd = fd;
}

/* Nobody has a circuit on it any more. */
static void
link_remove(struct service *s, struct service_link *l)
{
	if (l->vc != NULL) {
		vc_flush(l->vc);
		vc_close(l->vc);
	}
	if (l->fd != -1)
		(void)close(l->fd);
	while (l->nlines > 0)
		(void)close(l->lines[--l->nlines].fd);
	free(l->lines);
	TAILQ_REMOVE(&s->links, l, entry);
	free(l);
}

static void
link_attach(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	(void)strlcpy(l->owner, u->name, sizeof(l->owner));
	l->vc->user = u->user;
	l->vc->arg = u->arg;
	s->hooks->attach(s->arg, u, l->vc);
}

/* How each kind of link is opened, and follows a new configuration. */

static struct vc_link *
service_udp_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_udp_params p = params(s->conf);

	return vc_udp_open(s->loop.base, &s->loop.timers, l->fd, &l->local, &p,
	    u->user, u->arg);
}

static void
udp_apply(struct service *s, struct service_link *l)
{
	struct vc_udp_params p = params(s->conf);

	vc_udp_set_params(l->vc, &p);
}

/* A confined process asks mars(8) for its ATM sockets. */
static int
atm_open(struct service *s, uint32_t id, enum atm_open kind,
    const struct atm_addr *local, const struct atm_addr *peer)
{
	static const struct atm_addr none;
	uint8_t buf[128];
	struct wr w;

	if (!s->parent.open)
		return -1;
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, id);
	wr_u8(&w, (uint8_t)kind);
	wr_atm_addr(&w, local);
	wr_atm_addr(&w, peer == NULL ? &none : peer);
	return channel_send(&s->parent, IMSG_ATM_OPEN, -1, buf, w.len);
}

static int
svc_ask(void *arg, struct vc_link *l, uint32_t id, const struct atm_addr *to,
    bool leaf)
{
	return atm_open(arg, id,
	    to == NULL ? ATM_OPEN_LISTEN :
		leaf   ? ATM_OPEN_LEAF :
			 ATM_OPEN_CALL,
	    &l->local, to);
}

static int
pvc_ask(void *arg, struct vc_link *l, const struct atm_addr *peer)
{
	return atm_open(arg, 0, ATM_OPEN_PVC, &l->local, peer);
}

static int
svc_root(void *arg, struct vc_link *l, uint32_t id)
{
	return atm_open(arg, id, ATM_OPEN_ROOT, &l->local, &l->local);
}

static int
party(struct service *s, const struct atm_addr *local, uint32_t root,
    enum atm_party what, uint32_t ref, const struct atm_addr *to)
{
	static const struct atm_addr none;
	uint8_t buf[128];
	struct wr w;

	if (!s->parent.open)
		return -1;
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, root);
	wr_u8(&w, (uint8_t)what);
	wr_u32(&w, ref);
	wr_atm_addr(&w, local);
	wr_atm_addr(&w, to == NULL ? &none : to);
	return channel_send(&s->parent, IMSG_ATM_PARTY, -1, buf, w.len);
}

static int
svc_party(void *arg, struct vc_link *l, uint32_t root, enum atm_party what,
    uint32_t ref, const struct atm_addr *to)
{
	return party(arg, &l->local, root, what, ref, to);
}

static struct vc_svc_params
svc_params(struct service *s, const struct atm_addr *local)
{
	struct vc_svc_params p = {
		.max_circuits = s->conf->max_circuits,
		.open = svc_ask,
		.accept = atm_svc_accept,
		.parties = s->hooks->marsd && conf_parties(s->conf, local),
		.root = svc_root,
		.party = svc_party,
		.arg = s,
	};

	return p;
}

static struct vc_link *
service_svc_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_svc_params p = svc_params(s, &l->local);

	return vc_svc_open(s->loop.base, &s->loop.timers, l->fd, &l->local, &p,
	    u->user, u->arg);
}

static void
svc_apply(struct service *s, struct service_link *l)
{
	struct vc_svc_params p = svc_params(s, &l->local);

	vc_svc_set_params(l->vc, &p);
}

/* What has come; what is no longer configured, or is another circuit now. */
static void
pvc_apply(struct service *s, struct service_link *l)
{
	const struct atm_addr *peer;
	struct endpoint e;
	size_t i;

	for (i = 0; i < l->nlines; i++) {
		vc_pvc_remove(l->vc, &l->lines[i].peer);
		if (vc_pvc_line(l->vc, &l->lines[i].peer, l->lines[i].fd) == -1)
			fatal("permanent circuit");
	}
	l->nlines = 0;
	for (i = 0; (peer = vc_pvc_peer(l->vc, i)) != NULL;)
		if (conf_has_endpoint(s->conf, s->hooks->marsd,
			CONF_LISTEN_ATM_PVC, &l->local, peer, &e))
			i++;
		else
			vc_pvc_remove(l->vc, peer);
}

static struct vc_link *
service_pvc_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_pvc_params p = { .open = pvc_ask, .arg = s };

	l->vc = vc_pvc_open(
	    s->loop.base, &s->loop.timers, &l->local, &p, u->user, u->arg);
	if (l->vc != NULL)
		pvc_apply(s, l);
	return l->vc;
}

static const struct {
	struct vc_link	*(*open)(struct service *, struct service_link *,
			    const struct service_user *);
	void		 (*apply)(struct service *, struct service_link *);
} transports[] = {
	[CONF_LISTEN_UDP] = { service_udp_open, udp_apply },
	[CONF_LISTEN_ATM_SVC] = { service_svc_open, svc_apply },
	[CONF_LISTEN_ATM_PVC] = { service_pvc_open, pvc_apply },
};

static void
link_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	l->vc = transports[l->transport].open(s, l, u);
	if (l->vc == NULL)
		fatal("link");
	l->fd = -1;
	if (s->paused)
		vc_pause(l->vc, true);
	link_attach(s, l, u);
}

/* Who has this link by the configuration in force; false: nobody. */
static bool
link_whose(
    struct service *s, const struct service_link *l, struct service_user *u)
{
	struct endpoint e;

	return conf_has_endpoint(s->conf, s->hooks->marsd, l->transport,
		   &l->local, NULL, &e) &&
	    s->hooks->whose(s->arg, s->conf, &l->local, u);
}

/*
 * As the configuration in force has it.  An address may have passed to
 * another user (a cluster renamed): what was on it has been released, and
 * the link is handed on.
 */
static void
links_apply(struct service *s)
{
	struct service_link *l, *next;
	struct service_user u;

	TAILQ_FOREACH_SAFE(l, &s->links, entry, next) {
		if (!link_whose(s, l, &u))
			continue;
		if (l->vc == NULL) {
			link_open(s, l, &u);
			continue;
		}
		transports[l->transport].apply(s, l);
		if (strcmp(l->owner, u.name) != 0)
			link_attach(s, l, &u);
	}
	/* after the new ones: nobody is left with a link that has gone */
	TAILQ_FOREACH_SAFE(l, &s->links, entry, next) {
		if (link_whose(s, l, &u))
			continue;
		if (l->vc != NULL && s->hooks->detach != NULL)
			s->hooks->detach(s->arg, l->vc);
		link_remove(s, l);
	}
}

static void
links_flush(struct service *s)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL)
			vc_flush(l->vc);
}

/*
 * A sibling that is slower than the network: what it has not read yet must
 * not grow without bound, so the network waits.
 */
static void
links_pause(struct service *s)
{
	struct service_link *l;
	uint32_t queued;

	if (!s->serving || !s->sibling.open)
		return;
	queued = channel_queued(&s->sibling);
	if (s->paused ? queued >= SIBLING_LOW : queued <= SIBLING_HIGH)
		return;
	s->paused = !s->paused;
	if (s->paused)
		s->pauses++;
	log_debug("%u messages wait for %s: the network %s", queued,
	    s->hooks->sibling, s->paused ? "waits too" : "is read again");
	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL)
			vc_pause(l->vc, s->paused);
}

static void
turn(void *arg)
{
	struct service *s = arg;

	links_flush(s);
	links_pause(s);
}

/* --- the end */

/* The sibling has had its time: that is all. */
static void
patience_over(void *arg)
{
	struct service *s = arg;

	if (!s->ending)
		log_warnx("%s has gone: %s can't go on alone",
		    s->hooks->sibling, s->hooks->name);
	loop_end(&s->loop);
}

/*
 * mars(8) ends the suite.  marsd's last words go through scspd to the other
 * servers, so scspd goes on until marsd has closed, for a second at most.
 */
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
	s->hooks->shutdown(s->arg);
	if (s->hooks->marsd || !s->sibling.open)
		loop_end(&s->loop);
	else
		timer_set(&s->loop.timers, &s->patience, PATIENCE);
}

static void
on_sigterm(evutil_socket_t signo, short what, void *arg)
{
	struct service *s = arg;

	(void)signo;
	(void)what;
	loop_clock(&s->loop.timers);
	service_end(s);
}

static void
parent_closed(void *arg)
{
	struct service *s = arg;

	loop_clock(&s->loop.timers);
	channel_close(&s->parent);
	service_end(s);
}

/* Where the suite ends, mars(8) says so in a moment; otherwise it died. */
static void
sibling_closed(void *arg)
{
	struct service *s = arg;

	loop_clock(&s->loop.timers);
	channel_close(&s->sibling);
	if (s->ending)
		loop_end(&s->loop);
	else
		timer_set(&s->loop.timers, &s->patience, PATIENCE);
}

/* --- the sibling */

static void
sibling_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct service *s = arg;
	struct replica_msg m;

	loop_clock(&s->loop.timers);
	if (fd != -1 || !replica_from(type, !s->hooks->marsd) ||
	    !replica_decode(&m, type, r))
		fatalx("malformed message of type %u from %s", type,
		    s->hooks->sibling);
	s->hooks->replica(s->arg, type, &m);
}

void
service_replicate(struct service *s, uint32_t type, const struct replica_msg *m)
{
	static uint8_t buf[REPLICA_MAX];
	struct wr w;

	if (!s->sibling.open)
		return; /* it has gone, and so do we */
	wr_init(&w, buf, sizeof(buf));
	replica_encode(&w, type, m);
	if (wr_failed(&w))
		fatalx("message of type %u for %s is too long", type,
		    s->hooks->sibling);
	/* the two databases would differ for ever */
	if (channel_send(&s->sibling, type, -1, buf, w.len) == -1)
		fatal("message for %s", s->hooks->sibling);
}

void
service_replicate_keys(struct service *s, uint32_t type, uint16_t sgid,
    const uint8_t oid[4], const uint32_t *keys, uint32_t n)
{
	struct replica_msg m = { .sgid = sgid };
	uint32_t i;

	memcpy(m.oid, oid, sizeof(m.oid));
	for (i = 0; i < n; i += m.nkeys) {
		m.keys = keys + i;
		m.nkeys = n - i < REPLICA_KEYS_MAX ? n - i : REPLICA_KEYS_MAX;
		service_replicate(s, type, &m);
	}
}

/* --- the parent */

static void
tell_parent(struct service *s, uint32_t type, const struct wr *w)
{
	if (channel_send(&s->parent, type, -1, w == NULL ? NULL : w->buf,
		w == NULL ? 0 : w->len) == -1)
		fatal("message for mars");
}

/* What has been awaited is there: from now on nothing else can be opened. */
static void
confine(struct service *s)
{
	child_drop(s->privileged, s->user);
	sandbox_enter(s->hooks->role, s->sandbox, sizeof(s->sandbox));
	log_info("confined: %s", s->sandbox);
}

/* The sibling first: the owner's first words are for it. */
static void
meet_sibling(struct service *s)
{
	if (channel_open(&s->sibling, s->loop.base, s->sibling_fd, false,
		REPLICA_MAX, s->hooks->sibling, sibling_message, sibling_closed,
		s) == -1)
		fatal("channel to %s", s->hooks->sibling);
}

static void
serve(struct service *s)
{
	uint8_t buf[SANDBOX_STRLEN + 2];
	struct wr w;

	s->control = command_serve(s, s->control_fd);
	if (s->control == NULL)
		fatal("control socket");
	s->serving = true;
	wr_init(&w, buf, sizeof(buf));
	wr_string(&w, s->sandbox);
	tell_parent(s, IMSG_READY, &w);
}

static void
on_setup(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	s->privileged = (rd_u8(r) & SETUP_PRIVILEGED) != 0;
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
on_conf_begin(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	s->octets_max = rd_u32(r);
	if (s->octets != NULL || s->octets_max > CONF_SIZE_MAX || !s->setup ||
	    s->sibling_fd == -1 || s->control_fd == -1)
		fatalx("a configuration was not expected");
	s->noctets = 0;
	if ((s->octets = malloc(s->octets_max + 1)) == NULL)
		fatal("configuration");
}

static void
on_conf_data(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	if (s->octets == NULL || r->left > s->octets_max - s->noctets)
		fatalx("a piece of a configuration was not expected");
	memcpy(s->octets + s->noctets, r->p, r->left);
	s->noctets += r->left;
	rd_skip(r, r->left);
}

static void
on_listen(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local, peer;
	uint8_t transport = rd_u8(r);
	struct service_link *l;

	if (s->octets == NULL || transport > CONF_LISTEN_ATM_PVC ||
	    !rd_atm_addr(r, &local) || !rd_atm_addr(r, &peer))
		fatalx("a socket was not expected");
	l = link_find(s, transport, &local);
	if (transport == CONF_LISTEN_ATM_PVC) {
		if (l == NULL)
			l = link_add(s, transport, &local, -1);
		line_add(l, &peer, fd);
	} else if (l == NULL)
		(void)link_add(s, transport, &local, fd);
	else
		(void)close(fd); /* the one that there is goes on */
}

/* The answer to atm_open(); the link may have gone in the meantime. */
static void
on_atm_fd(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local, peer;
	struct service_link *l;
	uint32_t id = rd_u32(r);
	enum atm_open kind = rd_u8(r);
	bool used = false;
	uint16_t cause;

	(void)rd_atm_addr(r, &local);
	(void)rd_atm_addr(r, &peer);
	cause = rd_u16(r);
	if (rd_failed(r) || (fd == -1) != (cause != VC_CAUSE_NONE))
		fatalx("an ATM socket was not expected");
	l = link_find(s,
	    kind == ATM_OPEN_PVC ? CONF_LISTEN_ATM_PVC : CONF_LISTEN_ATM_SVC,
	    &local);
	if (l != NULL && l->vc != NULL && kind != ATM_OPEN_PVC)
		used = vc_svc_answer(l->vc, id, fd, cause);
	else if (l != NULL && l->vc != NULL && vc_leads_to(l->vc, &peer))
		(void)vc_pvc_line(l->vc, &peer, fd);
	else if (fd != -1)
		(void)close(fd);
	/* mars(8) has kept one of these, too */
	if (kind == ATM_OPEN_ROOT && fd != -1 && !used)
		(void)party(s, &local, id, ATM_PARTY_END, 0, NULL);
}

static void
service_on_atm_party(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local;
	struct service_link *l;
	uint32_t root = rd_u32(r);
	enum atm_party what = rd_u8(r);
	uint32_t ref = rd_u32(r);
	uint16_t cause;

	(void)fd;
	(void)rd_atm_addr(r, &local);
	cause = rd_u16(r);
	if (what != ATM_PARTY_ADD && what != ATM_PARTY_DROP &&
	    what != ATM_PARTY_LEFT && what != ATM_PARTY_STUCK)
		fatalx("news of a party were not expected");
	l = link_find(s, CONF_LISTEN_ATM_SVC, &local);
	if (l != NULL && l->vc != NULL && !rd_failed(r))
		vc_svc_party(l->vc, root, what, ref, cause);
}

static void
on_conf_end(struct service *s, struct rd *r, int fd)
{
	struct conf *new, *old = s->conf;
	struct rd octets;

	(void)r;
	(void)fd;
	if (s->octets == NULL || s->noctets != s->octets_max)
		fatalx("a configuration is incomplete");
	rd_init(&octets, s->octets, s->noctets);
	if ((new = conf_read(&octets)) == NULL || !rd_done(&octets))
		fatalx("malformed configuration");
	freezero(s->octets, s->noctets); /* keys */
	s->octets = NULL;
	if (!s->serving) {
		confine(s);
		meet_sibling(s);
	}
	if (s->hooks->configure(s->arg, new) == -1) {
		if (!s->serving)
			fatal("configuration");
		log_warnx("no memory for the new configuration: the old one "
			  "stays in force");
		conf_free(new);
	} else {
		s->conf = new;
		if (old != NULL)
			conf_free(old);
	}
	links_apply(s);
	if (!s->serving)
		serve(s);
	tell_parent(s, IMSG_CONF_DONE, NULL);
}

static void
service_on_verbose(struct service *s, struct rd *r, int fd)
{
	(void)s;
	(void)fd;
	log_verbose((int)rd_u32(r));
}

static void
on_reload_res(struct service *s, struct rd *r, int fd)
{
	char text[1024];
	uint32_t id = rd_u32(r);
	bool ok = rd_u8(r) != 0;

	(void)fd;
	(void)rd_string(r, text, sizeof(text));
	if (!rd_failed(r) && s->control != NULL)
		ctl_finish(s->control, id, ok, text);
}

/* What mars(8) says, whether a descriptor comes with it, and when. */
static const struct service_message {
	uint32_t	 type;
	enum { SERVICE_WITHOUT, SERVICE_WITH, SERVICE_MAYBE } fd;
	/* SERVICE_ONCE: before it serves */
	enum { SERVICE_ONCE, SERVICE_ALWAYS, SERVICE_SERVING } when;
	void		(*handle)(struct service *, struct rd *, int);
} parent_types[] = {
	{ IMSG_SETUP, SERVICE_WITHOUT, SERVICE_ONCE, on_setup },
	{ IMSG_SIBLING, SERVICE_WITH, SERVICE_ONCE, on_sibling },
	{ IMSG_CONTROL, SERVICE_WITH, SERVICE_ONCE, on_control },
	{ IMSG_CONF_BEGIN, SERVICE_WITHOUT, SERVICE_ALWAYS, on_conf_begin },
	{ IMSG_CONF_DATA, SERVICE_WITHOUT, SERVICE_ALWAYS, on_conf_data },
	{ IMSG_LISTEN, SERVICE_WITH, SERVICE_ALWAYS, on_listen },
	{ IMSG_ATM_FD, SERVICE_MAYBE, SERVICE_SERVING, on_atm_fd },
	{ IMSG_ATM_PARTY_RES, SERVICE_WITHOUT, SERVICE_SERVING,
	    service_on_atm_party },
	{ IMSG_CONF_END, SERVICE_WITHOUT, SERVICE_ALWAYS, on_conf_end },
	{ IMSG_VERBOSE, SERVICE_WITHOUT, SERVICE_ALWAYS, service_on_verbose },
	{ IMSG_CTL_RELOAD_RES, SERVICE_WITHOUT, SERVICE_SERVING,
	    on_reload_res },
};

static void
service_parent_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct service *s = arg;
	const struct service_message *t = NULL;
	size_t i;

	loop_clock(&s->loop.timers);
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

/* --- for marsctl */

/* Cursor of listings over all links: which one, and where in it. */
struct service_cursor {
	uint32_t	link;
	uint32_t	at;
};

static struct service_link *
link_at(struct service *s, uint32_t n)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL && n-- == 0)
			return l;
	return NULL;
}

static void
ctl_addr(struct wr *w, const char *name, const struct atm_addr *a)
{
	char text[ATM_STRLEN];

	ctl_string(w, name, atm_addr_print(a, text, sizeof(text)));
}

bool
service_show_circuits(struct service *s, void *cursor, struct wr *w)
{
	struct service_cursor *at = cursor;
	struct vc_circuit_info info;
	struct service_link *l;

	for (; (l = link_at(s, at->link)) != NULL; at->link++, at->at = 0) {
		if (!vc_circuit(l->vc, &at->at, &info))
			continue;
		ctl_string(w, "process", s->hooks->name);
		ctl_addr(w, "local", &info.local);
		ctl_addr(w, "peer", &info.peer);
		ctl_string(w, "kind", info.kind);
		ctl_string(w, "state", info.state);
		ctl_uint(w, "sdus-in", info.sdus_in);
		ctl_uint(w, "sdus-out", info.sdus_out);
		ctl_uint(w, "idle", (uint64_t)(info.idle / MTIME_SEC(1)));
		return true;
	}
	return false;
}

static void
show_counter(struct service *s, struct wr *w, const char *scope,
    const char *name, uint64_t value)
{
	ctl_string(w, "process", s->hooks->name);
	ctl_string(w, "scope", scope);
	ctl_string(w, "name", name);
	ctl_uint(w, "value", value);
}

static bool
own_counters(struct service *s, void *cursor, struct wr *w)
{
	struct service_cursor *at = cursor;
	struct service_link *l;
	char scope[ATM_STRLEN];
	const char *name;
	uint64_t value;

	for (; (l = link_at(s, at->link)) != NULL; at->link++, at->at = 0) {
		if (!vc_counter(l->vc, at->at, &name, &value))
			continue;
		at->at++;
		show_counter(s, w,
		    atm_addr_print(&l->local, scope, sizeof(scope)), name,
		    value);
		return true;
	}
	if (at->at != 0)
		return false;
	at->at++;
	show_counter(s, w, "all", "sibling-pauses", s->pauses);
	return true;
}

/* Ours first; then the last octet of the cursor says that they are done. */
bool
service_show_counters(struct service *s,
    bool (*core)(void *, void *, struct wr *), void *cursor, struct wr *w)
{
	uint8_t *stage = (uint8_t *)cursor + CTL_CURSOR_SIZE - 1;

	if (*stage == 0) {
		if (own_counters(s, cursor, w))
			return true;
		memset(cursor, 0, CTL_CURSOR_SIZE);
		*stage = 1;
	}
	if (!core(s->arg, cursor, w))
		return false;
	ctl_string(w, "process", s->hooks->name);
	return true;
}

void
service_summary(struct service *s, struct wr *w)
{
	struct service_cursor at = { 0, 0 };
	struct vc_circuit_info info;
	struct service_link *l;
	uint64_t n = 0;

	for (; (l = link_at(s, at.link)) != NULL; at.link++, at.at = 0)
		while (vc_circuit(l->vc, &at.at, &info))
			n++;
	ctl_uint(w, "circuits", n);
	ctl_string(w, "sandbox", s->sandbox);
}

struct service *
service_asked(void *arg)
{
	struct service *s = arg;

	loop_clock(&s->loop.timers);
	return s;
}

static const char *
ask_parent(struct service *s, uint32_t type, uint32_t value)
{
	uint8_t buf[4];
	struct wr w;

	if (!s->parent.open)
		return "mars is ending";
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, value);
	tell_parent(s, type, &w);
	return NULL;
}

const char *
service_ctl_reload(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	const char *wrong;

	(void)argc;
	(void)argv;
	wrong = ask_parent(arg, IMSG_CTL_RELOAD_REQ, ctl_conn_id(c));
	return wrong != NULL ? wrong : CTL_LATER;
}

const char *
service_ctl_verbose(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return ask_parent(arg, IMSG_VERBOSE_REQ, 1);
}

const char *
service_ctl_brief(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return ask_parent(arg, IMSG_VERBOSE_REQ, 0);
}

/* --- main */

static void
init(struct service *s, const struct service_hooks *hooks, void *arg)
{
	memset(s, 0, sizeof(*s));
	s->hooks = hooks;
	s->arg = arg;
	s->sibling_fd = s->control_fd = -1;
	TAILQ_INIT(&s->links);
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
	if (channel_open(&s->parent, s->loop.base, CHILD_FD, true, PARENT_MAX,
		"mars", service_parent_message, parent_closed, s) == -1)
		fatal("channel to mars");
}

/* What is still queued goes out, then everything is given back. */
static void
finish(struct service *s)
{
	struct service_link *l;
	int i;

	if (s->sibling.open && channel_flush(&s->sibling) == -1)
		log_debug("%s did not hear our last words", s->hooks->sibling);
	for (i = 0; i < LAST_TURNS; i++)
		loop_poll(&s->loop, turn, s);
	if (s->control != NULL)
		ctlserver_free(s->control);
	s->hooks->destroy(s->arg);
	while ((l = TAILQ_FIRST(&s->links)) != NULL)
		link_remove(s, l);
	if (s->sibling.open)
		channel_close(&s->sibling);
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
	child_init();
	log_init(hooks->name, foreground);
	log_verbose(debug ? 1 : 0);
	init(s, hooks, arg);
	loop_run(&s->loop, turn, s);
	if (s->ending)
		log_debug("ending");
	finish(s);
	return s->ending ? 0 : 1;
}
