/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The interfaces of edges.  edged may open nothing, so it is given a
 * descriptor for each interface that is there, and is told when one comes,
 * goes, or gets another address.  What the system says of such a change only
 * wakes us: then all of them are looked at anew, so that nothing depends on
 * the order of what was said, nor on whether all of it was heard.
 */

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "parent.h"

#define WAIT	100000	/* us after a change, for others that follow it */
#define AGAIN	1	/* s, where the system would not have it */
#define READS	64	/* messages about changes that are read at once */

static void
lan_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
lan_free(struct parent_lan *l)
{
	lan_close(&l->fd);
	lan_close(&l->more_fd);
	lan_close(&l->link);
	free(l);
}

void
parent_lans_free(struct parent_lans *lans)
{
	struct parent_lan *l;

	while ((l = TAILQ_FIRST(lans)) != NULL) {
		TAILQ_REMOVE(lans, l, entry);
		lan_free(l);
	}
}

static struct parent_lan *
lan_find(const struct parent_lans *lans, const char *name, bool tun)
{
	struct parent_lan *l;

	TAILQ_FOREACH(l, lans, entry)
		if (l->tun == tun && strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

/* fd: -1, or edged's from then on. */
static void
lan_tell(struct parent *p, const struct parent_lan *l, int fd)
{
	uint8_t buf[LANIF_IPC_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_lanif(&w, &l->is);
	parent_child_send(
	    &p->children[PARENT_EDGED], IMSG_EDGE_LAN, fd, buf, w.len);
}

static void
lan_tell_gone(struct parent *p, const struct parent_lan *l)
{
	uint8_t buf[CONF_IF_SIZE + 2];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_string(&w, l->name);
	parent_child_send(
	    &p->children[PARENT_EDGED], IMSG_EDGE_LAN_GONE, -1, buf, w.len);
}

/* The descriptor for edged.  That of a tun is kept: with it goes the device. */
static int
lan_descriptor(struct parent_lan *l)
{
	int fd = l->fd;

	if (l->tun)
		return dup(fd);
	l->fd = -1;
	return fd;
}

/* It is there, and edged has no descriptor for it.  False: nor have we. */
static bool
lan_came(struct parent *p, struct parent_lan *l)
{
	int fd = lan_descriptor(l);

	if (fd == -1) {
		if (!l->waits)
			log_warn("%s", l->name);
		return false;
	}
	l->there = true;
	log_info("interface %s is there, index %u, mtu %u%s", l->name,
	    l->is.index, l->is.mtu,
	    l->is.kernel ? ", with a path through the kernel" : "");
	lan_tell(p, l, fd);
	if (l->more_fd == -1)
		return true;
	l->is.more = true;
	lan_tell(p, l, l->more_fd);
	l->is.more = false;
	l->more_fd = -1;
	return true;
}

static bool
lan_may_kernel(const struct parent *p, const struct parent_lan *l)
{
	return l->path != CONF_PATH_USER && p->kernel.program != -1 &&
	    l->is.linklen != 0;
}

/*
 * Its packet socket, or two of them where the kernel has a path; false: why
 * says what to do.
 */
static bool
lan_sockets(struct parent *p, struct parent_lan *l, char *why, size_t size)
{
	int error;

	lan_close(&l->link);
	if (lan_may_kernel(p, l) && !l->slave)
		l->link = parent_kernel_attach(&p->kernel, l->is.index);
	l->is.kernel = l->link != -1;
	if (!l->is.kernel && l->path == CONF_PATH_KERNEL) {
		(void)snprintf(why, size, "%s: no path through the kernel, "
		    "which has to be Linux 6.6 or later, and the interface "
		    "an Ethernet that is no port of a bridge or bond: write "
		    "path auto", l->name);
		return false;
	}
	l->fd = parent_lan_socket(&l->is, l->is.kernel ? PARENT_LAN_IPV4 :
	    PARENT_LAN_ALL, why, size);
	if (l->fd != -1 && l->is.kernel)
		l->more_fd =
		    parent_lan_socket(&l->is, PARENT_LAN_IPV6, why, size);
	if (l->fd != -1 && (l->more_fd != -1 || !l->is.kernel))
		return true;
	error = errno;
	lan_close(&l->fd);
	lan_close(&l->link);
	errno = error;
	return false;
}

/* Is that a want of what others may give back, and of nothing else? */
static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

static void
lan_gone(struct parent *p, struct parent_lan *l, const char *how)
{
	log_info("interface %s %s", l->name, how);
	l->there = false;
	lan_close(&l->link);
	lan_tell_gone(p, l);
}

/*
 * A bridge, or a bond, takes the packets of its ports before the sockets of
 * one protocol see them, which the kernel's path needs: so its ports have the
 * user path.  For edged it is another interface from then on.
 */
static void
lan_look_master(struct parent *p, struct parent_lan *l, uint32_t ifindex)
{
	bool slave = !l->tun && parent_lan_master(ifindex);

	if (l->there && slave != l->slave && lan_may_kernel(p, l))
		lan_gone(p, l, slave ? "is a port of another now, and has no "
		    "path through the kernel" : "is no port of another now");
	l->slave = slave;
}

/* Where something is short that is said once, and it is tried again. */
static void
lan_take(struct parent *p, struct parent_lan *l)
{
	char why[SENTENCE_SIZE];

	errno = 0; /* nothing is short where the kernel is not even asked */
	if (l->tun || lan_sockets(p, l, why, sizeof(why))) {
		l->waits = !lan_came(p, l);
		return;
	}
	if (!l->waits)
		log_warnx("%s", why);
	l->waits = is_shortage(errno);
}

/* It is there, and like this; or it is not. */
static void
lan_is(struct parent *p, struct parent_lan *l, struct lanif *now, bool there)
{
	/* a tun of that name that is not ours is of no use */
	if (l->tun && there && now->index != l->is.index)
		there = false;
	if (l->there && (!there || now->index != l->is.index))
		lan_gone(p, l, "has gone");
	if (there)
		lan_look_master(p, l, now->index);
	now->kernel = l->there && l->is.kernel;
	l->waits = l->waits && there;
	if (!there || (l->there && lanif_equal(now, &l->is)))
		return;
	l->is = *now;
	if (l->there)
		lan_tell(p, l, -1);
	else
		lan_take(p, l);
}

/* What is not known has not changed; false: it has to be looked at again. */
static bool
lan_look_again(struct parent *p, struct parent_lan *l)
{
	enum parent_lan_seen seen;
	struct lanif now;

	seen = parent_lan_look(&now, l->name, l->tun);
	if (seen == PARENT_LAN_UNKNOWN && !p->lans_unseen)
		log_warn("can't look for interfaces");
	p->lans_unseen = seen == PARENT_LAN_UNKNOWN;
	if (!p->lans_unseen)
		lan_is(p, l, &now, seen == PARENT_LAN_THERE);
	return !p->lans_unseen;
}

static void
lans_again(struct parent *p)
{
	const struct timeval tv = { AGAIN, 0 };

	p->lans_again = true;
	if (p->lan_wait != NULL && evtimer_add(p->lan_wait, &tv) == -1)
		log_warnx("can't set a timer");
}

static void
lans_on_wait(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	struct parent_lan *l;
	bool known = true, waits = false;

	(void)fd;
	(void)what;
	p->lans_again = false;
	TAILQ_FOREACH(l, &p->lans, entry) {
		if (known)
			known = lan_look_again(p, l);
		waits |= l->waits;
	}
	if (!known || waits)
		lans_again(p);
}

/* Something has changed, perhaps on another interface. */
static void
lans_on_change(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { 0, WAIT };
	struct parent *p = arg;
	uint8_t buf[8192];
	int i;

	(void)what;
	/* one that was lost is an error here, and as good as one that came */
	for (i = 0; i < READS; i++)
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 &&
		    errno != ENOBUFS && errno != EINTR)
			break;
	if (evtimer_pending(p->lan_wait, NULL) && !p->lans_again)
		return;
	p->lans_again = false;
	if (evtimer_add(p->lan_wait, &tv) == -1)
		log_warnx("can't set a timer");
}

/* Where any edge has a use for the kernel's path, and it can be had. */
static void
kernel_start(struct parent *p)
{
	const struct conf_edge *e, *first = NULL, *must = NULL;
	char why[SENTENCE_SIZE];

	TAILQ_FOREACH(e, &p->conf->edges, entry) {
		if (e->path != CONF_PATH_USER && first == NULL)
			first = e;
		if (e->path == CONF_PATH_KERNEL)
			must = e;
	}
	if (first == NULL ||
	    parent_kernel_open(&p->kernel, why, sizeof(why)))
		return;
	if (must != NULL)
		fatalx("edge \"%s\": no path through the kernel: %s: write "
		    "path auto", must->name, why);
	log_info("no path through the kernel: %s", why);
}

void
parent_lans_kernel(struct parent *p)
{
	int fd;

	if (p->kernel.table == -1)
		return;
	if ((fd = dup(p->kernel.table)) == -1)
		fatal("dup");
	parent_child_send(
	    &p->children[PARENT_EDGED], IMSG_EDGE_KERNEL, fd, NULL, 0);
}

void
parent_lans_detach(struct parent *p)
{
	struct parent_lan *l;

	if (p->lan_watch != NULL)
		(void)event_del(p->lan_watch);
	if (p->lan_wait != NULL)
		(void)evtimer_del(p->lan_wait);
	TAILQ_FOREACH(l, &p->lans, entry)
		lan_close(&l->link);
}

void
parent_lans_start(struct parent *p)
{
	int fd;

	TAILQ_INIT(&p->lans);
	TAILQ_INIT(&p->lans_next);
	p->kernel.program = p->kernel.table = -1;
	if (!p->children[PARENT_EDGED].wanted)
		return;
	kernel_start(p);
	if ((fd = parent_lan_watch()) == -1)
		fatal("can't watch interfaces");
	p->lan_wait = evtimer_new(p->base, lans_on_wait, p);
	p->lan_watch =
	    event_new(p->base, fd, EV_READ | EV_PERSIST, lans_on_change, p);
	if (p->lan_wait == NULL || p->lan_watch == NULL ||
	    event_add(p->lan_watch, NULL) == -1)
		fatalx("can't watch interfaces");
}

void
parent_lans_end(struct parent *p)
{
	if (p->lan_watch != NULL) {
		(void)close(event_get_fd(p->lan_watch));
		event_free(p->lan_watch);
	}
	if (p->lan_wait != NULL)
		event_free(p->lan_wait);
	parent_lans_free(&p->lans);
	parent_lans_free(&p->lans_next);
	parent_kernel_close(&p->kernel);
}

static bool
lan_open(struct parent *p, struct parent_lan *l, const struct conf_edge *e,
    const struct conf_lan *conf, char *why, size_t size)
{
	enum parent_lan_seen seen;

	l->path = e->path;
	if (conf->tun) {
		l->fd = parent_lan_tun(conf, e->mtu, why, size);
		if (l->fd == -1)
			return false;
	}
	seen = parent_lan_look(&l->is, l->name, l->tun);
	if (seen == PARENT_LAN_UNKNOWN) {
		(void)snprintf(why, size, "can't look for interfaces");
		return false;
	}
	l->there = seen == PARENT_LAN_THERE;
	if (!l->there && conf->tun) {
		(void)snprintf(why, size, "tun %s is not there after it was "
		    "made: see whether something else removes it", l->name);
		return false;
	}
	if (!l->there || conf->tun)
		return true;
	l->slave = parent_lan_master(l->is.index);
	return lan_sockets(p, l, why, size);
}

bool
parent_lans_open(struct parent *p, struct parent_lans *lans,
    const struct conf *c, char *why, size_t size)
{
	const struct conf_edge *e;
	const struct conf_lan *conf;
	struct parent_lan *l;

	TAILQ_FOREACH(e, &c->edges, entry)
		TAILQ_FOREACH(conf, &e->lans, entry) {
			if (lan_find(&p->lans, conf->name, conf->tun) != NULL)
				continue;
			if ((l = calloc(1, sizeof(*l))) == NULL) {
				(void)snprintf(why, size, "not enough memory");
				return false;
			}
			(void)strlcpy(l->name, conf->name, sizeof(l->name));
			l->tun = conf->tun;
			l->fd = l->more_fd = l->link = -1;
			TAILQ_INSERT_TAIL(lans, l, entry);
			if (!lan_open(p, l, e, conf, why, size))
				return false;
		}
	return true;
}

void
parent_lans_send(
    struct parent *p, struct parent_lans *lans, const struct conf *c)
{
	const struct conf_lan *conf;
	struct parent_lan *l, *next;

	TAILQ_FOREACH_SAFE(l, &p->lans, entry, next) {
		conf = conf_lan_find(c, l->name, NULL);
		if (conf != NULL && conf->tun == l->tun)
			continue;
		/* edged closes what its configuration no longer has */
		TAILQ_REMOVE(&p->lans, l, entry);
		lan_free(l);
	}
	while ((l = TAILQ_FIRST(lans)) != NULL) {
		TAILQ_REMOVE(lans, l, entry);
		TAILQ_INSERT_TAIL(&p->lans, l, entry);
		if (!l->there)
			log_info("interface %s is not there yet, or it is down",
			    l->name);
		else if (!lan_came(p, l)) {
			l->there = false;
			l->waits = true;
			lans_again(p);
		}
	}
}

static bool
same_prefixes(const struct conf_prefixes *a, const struct conf_prefixes *b)
{
	const struct conf_prefix *x = TAILQ_FIRST(a), *y = TAILQ_FIRST(b);

	for (; x != NULL && y != NULL;
	    x = TAILQ_NEXT(x, entry), y = TAILQ_NEXT(y, entry))
		if (memcmp(&x->prefix, &y->prefix, sizeof(x->prefix)) != 0)
			return false;
	return x == NULL && y == NULL;
}

/* A tun is made before mars(8) confines itself, and stays as it was made. */
static bool
tun_new(const struct conf *old, const struct conf_edge *e,
    const struct conf_lan *l)
{
	const struct conf_lan *was;
	struct conf_edge *of = NULL;

	if (!l->tun)
		return false;
	was = conf_lan_find(old, l->name, &of);
	return was == NULL || !was->tun || of->mtu != e->mtu ||
	    !same_prefixes(&was->addrs, &l->addrs);
}

/* It is another edge's now, and its sockets are as that one has them. */
static bool
lan_path_new(const struct conf *old, const struct conf_edge *e,
    const struct conf_lan *l)
{
	struct conf_edge *of = NULL;

	return conf_lan_find(old, l->name, &of) != NULL && of->path != e->path;
}

const char *
parent_edges_fixed(const struct conf *old, const struct conf *new)
{
	const struct conf_edge *e, *was;
	const struct conf_lan *l;
	bool server;
	int n = 0;

	TAILQ_FOREACH(e, &old->edges, entry)
		n++;
	TAILQ_FOREACH(e, &new->edges, entry) {
		n--;
		was = conf_edge_at(old, &e->addr, &server);
		if (was == NULL || server)
			return "the address of an edge";
		if (was->df != e->df)
			return "df";
		if (was->path != e->path)
			return "path";
		TAILQ_FOREACH(l, &e->lans, entry) {
			if (tun_new(old, e, l))
				return "tun, its address or its mtu";
			if (lan_path_new(old, e, l))
				return "the path of a lan";
		}
	}
	return n == 0 ? NULL : "the number of edges";
}
