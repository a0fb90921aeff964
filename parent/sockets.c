/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The sockets that the children listen on, which are handed to them with each
 * configuration, and their control sockets.  Calls are in opening.c.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "log.h"
#include "parent.h"
#include "vc_udp.h"

#define CONTROL_BACKLOG	16

int
parent_atm_socket(const struct endpoint *e, char *why, size_t size)
{
	char text[ATM_STRLEN], reason[128];
	bool svc = e->transport == CONF_LISTEN_ATM_SVC;
	int fd;

	fd = svc ? atm_svc_listen(&e->local) :
	    atm_pvc_open(e->itf, e->vpi, e->vci);
	if (fd != -1)
		return fd;
	atm_explain(svc, errno, reason, sizeof(reason));
	if (svc)
		(void)snprintf(why, size, "can't listen on atm-svc %s: %s",
		    atm_addr_print(&e->local, text, sizeof(text)), reason);
	else
		(void)snprintf(why, size,
		    "can't listen on atm-pvc %d.%d.%d: %s", e->itf, e->vpi,
		    e->vci, reason);
	return -1;
}

static int
udp_socket(const struct endpoint *e, uint16_t base_port, char *why, size_t size)
{
	char buf[ATM_STRLEN];
	int fd;

	if ((fd = vc_udp_socket(&e->local, base_port)) == -1)
		(void)snprintf(why, size, "can't listen on %s, UDP port %d: %s",
		    atm_addr_print(&e->local, buf, sizeof(buf)),
		    base_port + atm_addr_sel(&e->local), strerror(errno));
	return fd;
}

#ifdef __linux__
/* The MTU of the interface of that name; 0: the system does not say. */
static uint16_t
mtu_of(const char *name)
{
	struct ifreq r;
	int fd, mtu = 0;

	memset(&r, 0, sizeof(r));
	(void)strlcpy(r.ifr_name, name, sizeof(r.ifr_name));
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return 0;
	if (ioctl(fd, SIOCGIFMTU, &r) == 0)
		mtu = r.ifr_mtu;
	(void)close(fd);
	/* a length of IP is 16 bits, and loopback has more than that */
	return (uint16_t)(mtu < 0 ? 0 : mtu > UINT16_MAX ? UINT16_MAX : mtu);
}

/* Has that interface this address? */
static bool
is_at(const struct sockaddr *sa, bool v6, const uint8_t ip[16])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa == NULL || sa->sa_family != (v6 ? AF_INET6 : AF_INET))
		return false;
	if (v6) {
		memcpy(&in6, sa, sizeof(in6));
		return memcmp(&in6.sin6_addr, ip, 16) == 0;
	}
	memcpy(&in, sa, sizeof(in));
	/* the whole of 127.0.0.0/8 is the loopback interface's */
	return memcmp(&in.sin_addr, ip, 4) == 0 ||
	    (ip[0] == IN_LOOPBACKNET &&
	    ntohl(in.sin_addr.s_addr) == INADDR_LOOPBACK);
}

/*
 * What the interface of our own address sends in one piece; 0: nobody knows.
 * What the way to a peer takes may be less: the link learns that as it sends.
 */
static uint16_t
interface_mtu(const struct atm_addr *local)
{
	struct ifaddrs *all, *i;
	uint8_t ip[16], sel;
	uint16_t mtu = 0;
	bool v6;

	if (!atm_addr_to_ip(local, &v6, ip, &sel) || getifaddrs(&all) == -1)
		return 0;
	for (i = all; i != NULL && mtu == 0; i = i->ifa_next)
		if (is_at(i->ifa_addr, v6, ip))
			mtu = mtu_of(i->ifa_name);
	freeifaddrs(all);
	return mtu;
}
#else
/* A parent under pledge(2) may not ask for it: mtu N in the file does that. */
static uint16_t
interface_mtu(const struct atm_addr *local)
{
	(void)local;
	return 0;
}
#endif

static bool
listener_add(struct parent_listeners *ls, const struct endpoint *e,
    uint16_t base_port, char *why, size_t size)
{
	struct parent_listener *v;
	int fd;

	v = reallocarray(ls->v, ls->n + 1, sizeof(*v));
	if (v == NULL) {
		(void)snprintf(why, size, "not enough memory");
		return false;
	}
	ls->v = v;
	fd = e->transport == CONF_LISTEN_UDP ?
	    udp_socket(e, base_port, why, size) :
	    parent_atm_socket(e, why, size);
	if (fd == -1)
		return false;
	v[ls->n].at = *e;
	v[ls->n].mtu =
	    e->transport == CONF_LISTEN_UDP ? interface_mtu(&e->local) : 0;
	v[ls->n++].fd = fd;
	return true;
}

/* Does the old configuration have it, too, and on the same circuit? */
static bool
listens_on(const struct conf *c, enum endpoint_owner owner,
    const struct endpoint *e)
{
	struct endpoint old;

	return c != NULL &&
	    conf_has_endpoint(
	    c, owner, e->transport, &e->local, &e->peer, &old) &&
	    old.itf == e->itf && old.vpi == e->vpi && old.vci == e->vci;
}

enum endpoint_owner
parent_endpoint_owner(enum parent_child_id id)
{
	switch (id) {
	case PARENT_MARSD:
		return ENDPOINT_MARSD;
	case PARENT_EDGED:
		return ENDPOINT_EDGED;
	default:
		return ENDPOINT_SCSPD;
	}
}

/* What goes for all UDP sockets of an edge. */
static bool
edge_socket(int fd, const struct conf *c, const struct endpoint *e, char *why,
    size_t size)
{
	const struct conf_edge *edge;
	uint8_t ip[16], sel;
	bool server, v6;

	edge = conf_edge_at(c, &e->local, &server);
	if (edge == NULL || !atm_addr_to_ip(&e->local, &v6, ip, &sel))
		return true;
	if (parent_lan_udp(fd, v6, edge->df))
		return true;
	(void)snprintf(why, size,
	    "can't set up a UDP socket of edge \"%s\": %s", edge->name,
	    strerror(errno));
	return false;
}

bool
parent_listeners_open(struct parent_listeners *ls, enum parent_child_id id,
    const struct conf *c, const struct conf *old, char *why, size_t size)
{
	enum endpoint_owner owner = parent_endpoint_owner(id);
	struct endpoint e;
	size_t i;

	ls->v = NULL;
	ls->n = 0;
	for (i = 0; conf_endpoint(c, owner, i, &e); i++)
		if (!listens_on(old, owner, &e) &&
		    (!listener_add(ls, &e, c->base_port, why, size) ||
		    !edge_socket(ls->v[ls->n - 1].fd, c, &e, why, size))) {
			parent_listeners_close(ls);
			return false;
		}
	return true;
}

void
parent_listeners_close(struct parent_listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (ls->v[i].fd != -1)
			(void)close(ls->v[i].fd);
	free(ls->v);
	ls->v = NULL;
	ls->n = 0;
}

/*
 * Makes the directory of the control sockets, which others must not be able to
 * write to.
 */
static void
control_dir(const char *dir)
{
	struct stat st;
	mode_t old = umask(0027);

	if (mkdir(dir, 0750) == -1 && errno != EEXIST)
		fatal("can't make the control directory %s", dir);
	(void)umask(old);
	if (stat(dir, &st) == -1)
		fatal("control directory %s", dir);
	if (!S_ISDIR(st.st_mode))
		fatalx("control %s is not a directory: name another one", dir);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		fatalx("control directory %s belongs to neither root nor the "
		    "user who runs mars: chown it",
		    dir);
	if ((st.st_mode & S_IWOTH) != 0)
		fatalx("control directory %s can be written by others: chmod "
		    "o-w it",
		    dir);
}

/* Removes the socket of a mars that has gone, if there is one. */
static void
control_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd;

	if (lstat(sun->sun_path, &st) == -1) {
		if (errno != ENOENT)
			fatal("%s", sun->sun_path);
		return;
	}
	if (!S_ISSOCK(st.st_mode))
		fatalx("%s is not a socket: remove it", sun->sun_path);
	if ((fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		fatal("socket");
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	    errno != ECONNREFUSED)
		fatalx("another mars is running with %s: stop it, or name "
		    "another control directory",
		    sun->sun_path);
	(void)close(fd);
	if (unlink(sun->sun_path) == -1)
		fatal("can't remove %s", sun->sun_path);
}

/* What mars.conf names has to exist. */
static gid_t
group_id(const char *name)
{
	const struct group *gr = getgrnam(name);

	if (gr == NULL)
		fatalx("there is no group %s: create it, or write control "
		    "group with another one",
		    name);
	return gr->gr_gid;
}

/*
 * Gives a file of ours to a group.  Who is of the group may, so that this
 * needs no CAP_CHOWN, which the unit does not have.
 */
static int
group_give(const char *path, const char *group)
{
	const gid_t own = getegid(), gid = group_id(group);
	int res, e;

	if (setegid(gid) == -1)
		return -1;
	res = chown(path, (uid_t)-1, gid);
	e = errno;
	if (setegid(own) == -1)
		fatal("setegid");
	errno = e;
	return res;
}

/*
 * A socket of that path, which mars removes at its end: only a name that is in
 * control[] is ours.  group: who may use it, or empty: that of mars.
 */
static int
control_listen(char *control, size_t size, const char *path, const char *group)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t old;
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		fatalx("%s: name too long", path);
	control_stale(&sun);
	if ((fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		fatal("socket");
	old = umask(0177);
	if (bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("can't bind %s", sun.sun_path);
	(void)umask(old);
	(void)strlcpy(control, sun.sun_path, size);
	if (*group != '\0' && group_give(path, group) == -1)
		fatal("can't give %s to the group %s", path, group);
	if (chmod(path, 0660) == -1 || listen(fd, CONTROL_BACKLOG) == -1)
		fatal("can't listen on %s", path);
	return fd;
}

/* Those groups have to come through the directory, too, if it is ours. */
static void
control_dir_open(const struct conf *c)
{
	const bool readers = *c->control_readers != '\0';
	struct stat st;

	if ((!readers && *c->control_group == '\0') ||
	    stat(c->control, &st) == -1 || st.st_uid != geteuid())
		return;
	if (*c->control_group != '\0' &&
	    group_give(c->control, c->control_group) == -1)
		fatal("can't give %s to the group %s", c->control,
		    c->control_group);
	if (chmod(c->control, readers ? 0751 : 0750) == -1)
		fatal("chmod %s", c->control);
}

void
parent_control_open(struct parent *p, enum parent_child_id id)
{
	char path[sizeof(p->readers[id])];
	struct parent_child *c = &p->children[id];

	control_dir(p->conf->control);
	control_dir_open(p->conf);
	(void)snprintf(path, sizeof(path), "%s/%s.sock", p->conf->control,
	    c->name);
	c->control_fd = control_listen(p->control[id], sizeof(p->control[id]),
	    path, p->conf->control_group);
	if (*p->conf->control_readers == '\0')
		return;
	(void)snprintf(path, sizeof(path), "%s/%s-read.sock",
	    p->conf->control, c->name);
	c->readers_fd = control_listen(p->readers[id], sizeof(p->readers[id]),
	    path, p->conf->control_readers);
}

void
parent_control_remove(struct parent *p)
{
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++) {
		if (*p->control[i] != '\0')
			(void)unlink(p->control[i]);
		if (*p->readers[i] != '\0')
			(void)unlink(p->readers[i]);
	}
}
