/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The links of a service: their sockets come from mars(8), and what is to be
 * open is what the configuration in force says.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "log.h"
#include "service_parts.h"
#include "vc_udp.h"

/* What the listener says counts, and else what its interface has. */
static uint16_t
udp_mtu(const struct conf *c, const struct service_link *l)
{
	const struct conf_listen *at;

	TAILQ_FOREACH(at, &c->listens, entry)
		if (at->transport == CONF_LISTEN_UDP && at->mtu != 0 &&
		    endpoint_same(&at->addr, &l->local))
			return at->mtu;
	return l->mtu;
}

static struct vc_udp_params
udp_params(struct service *s, const struct service_link *l)
{
	const struct conf *c = s->conf;
	struct vc_udp_params p = {
		.base_port = c->base_port,
		.enquiry_interval = c->enquiry_interval,
		.max_circuits = c->max_circuits,
		.circuits_per_address = c->circuits_per_address,
		.random = service_random64,
		.mtu = udp_mtu(c, l),
		.enquiry_max = c->enquiry_max,
	};

	p.whole = p.mtu != 0;
	if (s->hooks->udp != NULL)
		s->hooks->udp(s->arg, c, &l->local, &p);
	return p;
}

struct service_link *
service_link_find(struct service *s, enum conf_transport transport,
    const struct atm_addr *local)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->transport == transport &&
		    atm_addr_equal(&l->local, local))
			return l;
	return NULL;
}

struct service_link *
service_link_at(struct service *s, uint32_t n)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL && n-- == 0)
			return l;
	return NULL;
}

/* Keeps a socket until the configuration that it came with is complete. */
static struct service_link *
link_add(struct service *s, enum conf_transport transport,
    const struct atm_addr *local, int fd, uint16_t mtu)
{
	struct service_link *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("link");
	l->service = s;
	l->transport = transport;
	l->local = *local;
	l->fd = fd;
	l->mtu = mtu;
	TAILQ_INSERT_TAIL(&s->links, l, entry);
	return l;
}

/* Keeps a permanent circuit in the same way.  Many of them make one link. */
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

/* Closes a link, on which nobody has a circuit any more. */
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

/*
 * Finds the user of a link by the configuration in force.  False: it has none.
 */
static bool
link_whose(struct service *s, const struct service_link *l,
    const struct atm_addr *peer, struct service_user *u)
{
	return s->hooks->whose(
	    s->arg, s->conf, l->transport, &l->local, peer, u);
}

static void
link_attach(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	(void)strlcpy(l->owner, u->name, sizeof(l->owner));
	l->vc->user = u->user;
	l->vc->arg = u->arg;
	service_capture_apply(s, l);
	s->hooks->attach(s->arg, u, l->vc);
}

/* How each kind of link is opened, and follows a new configuration. */

static struct vc_link *
udp_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_udp_params p = udp_params(s, l);

	return vc_udp_open(s->loop.base, &s->loop.timers, l->fd, &l->local, &p,
	    u->user, u->arg);
}

static void
udp_apply(struct service *s, struct service_link *l)
{
	struct vc_udp_params p = udp_params(s, l);

	vc_udp_set_params(l->vc, &p);
}

static struct vc_link *
svc_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_svc_params p = service_svc_params(s, &l->local);

	return vc_svc_open(s->loop.base, &s->loop.timers, l->fd, &l->local, &p,
	    u->user, u->arg);
}

static void
svc_apply(struct service *s, struct service_link *l)
{
	struct vc_svc_params p = service_svc_params(s, &l->local);

	vc_svc_set_params(l->vc, &p);
}

/*
 * Takes over the circuits that have come, each in the place of an older one
 * to the same peer, and closes those that are no longer configured.
 */
static void
pvc_apply(struct service *s, struct service_link *l)
{
	const struct atm_addr *peer;
	struct service_user u;
	size_t i;

	for (i = 0; i < l->nlines; i++) {
		vc_pvc_remove(l->vc, &l->lines[i].peer);
		if (vc_pvc_line(l->vc, &l->lines[i].peer, l->lines[i].fd) == -1)
			fatal("permanent circuit");
	}
	l->nlines = 0;
	for (i = 0; (peer = vc_pvc_peer(l->vc, i)) != NULL;)
		if (link_whose(s, l, peer, &u))
			i++;
		else
			vc_pvc_remove(l->vc, peer);
}

static struct vc_link *
pvc_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	struct vc_pvc_params p = service_pvc_params(s);

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
	[CONF_LISTEN_UDP] = { udp_open, udp_apply },
	[CONF_LISTEN_ATM_SVC] = { svc_open, svc_apply },
	[CONF_LISTEN_ATM_PVC] = { pvc_open, pvc_apply },
};

static void
link_open(
    struct service *s, struct service_link *l, const struct service_user *u)
{
	l->vc = transports[l->transport].open(s, l, u);
	if (l->vc == NULL)
		fatal("link");
	l->fd = -1;
	link_attach(s, l, u);
}

/*
 * An address may have passed to another user, where a cluster was renamed:
 * then configure() has released what the old one had on the link, and the
 * link is handed on.
 */
void
service_links_apply(struct service *s)
{
	struct service_link *l, *next;
	struct service_user u;

	TAILQ_FOREACH_SAFE(l, &s->links, entry, next) {
		if (!link_whose(s, l, NULL, &u))
			continue;
		if (l->vc == NULL) {
			link_open(s, l, &u);
			continue;
		}
		transports[l->transport].apply(s, l);
		if (strcmp(l->owner, u.name) != 0)
			link_attach(s, l, &u);
	}
	/* the old ones last: meanwhile every user has a link that is open */
	TAILQ_FOREACH_SAFE(l, &s->links, entry, next) {
		if (link_whose(s, l, NULL, &u))
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

void
service_links_turn(void *arg)
{
	struct service *s = arg;

	/* the longest way goes first, and copies to leaves may take long */
	service_sibling_turn(s);
	links_flush(s);
	service_capture_turn(s);
	if (s->hooks->turn != NULL && s->serving)
		s->hooks->turn(s->arg);
	service_sibling_turn(s);
}

void
service_links_discard(struct service *s)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL)
			vc_discard(l->vc);
}

void
service_links_deaf(struct service *s)
{
	struct service_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL)
			vc_pause(l->vc, true);
}

void
service_links_close(struct service *s)
{
	struct service_link *l;

	while ((l = TAILQ_FIRST(&s->links)) != NULL)
		link_remove(s, l);
}

/*
 * edged may send to addresses on the UDP sockets of its start only: they get
 * the numbers that its sandbox knows.  Others stay as they are.
 */
static int
pin(struct service *s, int fd)
{
	int to;

	if (s->hooks->role != SANDBOX_EDGED || s->serving)
		return fd;
	to = fcntl(fd, F_DUPFD_CLOEXEC, SANDBOX_PIN + s->npinned);
	if (to != SANDBOX_PIN + s->npinned)
		fatal("descriptor %d", SANDBOX_PIN + s->npinned);
	s->npinned++;
	(void)close(fd);
	return to;
}

/* A socket that the configuration to come has and the old one had not. */
void
service_on_listen(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local, peer;
	uint8_t transport = rd_u8(r);
	struct service_link *l;
	uint16_t mtu;

	if (s->octets == NULL || transport > CONF_LISTEN_ATM_PVC ||
	    !rd_atm_addr(r, &local) || !rd_atm_addr(r, &peer))
		fatalx("a socket was not expected");
	mtu = rd_u16(r);
	fd = pin(s, fd);
	l = service_link_find(s, transport, &local);
	if (transport == CONF_LISTEN_ATM_PVC) {
		if (l == NULL)
			l = link_add(s, transport, &local, -1, 0);
		line_add(l, &peer, fd);
	} else if (l == NULL)
		(void)link_add(s, transport, &local, fd, mtu);
	else
		(void)close(fd); /* there is one already, which stays */
}
