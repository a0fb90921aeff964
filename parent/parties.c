/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Native point-to-multipoint calls, as mars(8) sees them: a root is a call
 * that parties can be added to.  To add one waits for the signalling daemon,
 * so each root has a process of its own that waits (party.c), and this file
 * stands between marsd, which asks (IMSG_ATM_PARTY), and that process.
 *
 * marsd asks for one thing at a time for each root.  If the process does not
 * answer in time it never will: it is left behind, marsd is told that the
 * root is stuck, and from then on there are no native parties any more.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "log.h"
#include "parent.h"
#include "vc.h"

#define ANSWER_WAIT	20	/* s; UNI 3.1's own timer, T399, is 14 s */
#define ROOTS_MAX	256

struct parent_party_root {
	LIST_ENTRY(parent_party_root) entry;
	struct parent_child	*child;
	uint32_t		 id;		/* that the child gave it */
	struct atm_addr		 local;
	int			 fd;		/* to its process */
	struct event		 readable;
	struct event		 patience;	/* with an answer */
	uint8_t			 asked;		/* ATM_PARTY_*, 0: nothing */
	bool			 ended;		/* for marsd: it is freed when
						 * asked has been answered */
};

bool
parent_parties_wanted(const struct conf *c)
{
	const struct conf_cluster *cl;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (conf_parties(c, &cl->addr))
			return true;
	return false;
}

static struct parent_party_root *
root_find(struct parent_child *c, uint32_t id, const struct atm_addr *local)
{
	struct parent_party_root *r;

	LIST_FOREACH(r, &c->roots, entry)
		if (!r->ended && r->id == id &&
		    atm_addr_equal(&r->local, local))
			return r;
	return NULL;
}

/*
 * The process of the root ends when its channel does, or, if it waits for the
 * signalling daemon, when that ends.
 */
static void
root_free(struct parent_party_root *r)
{
	(void)event_del(&r->readable);
	(void)event_del(&r->patience);
	(void)close(r->fd);
	LIST_REMOVE(r, entry);
	r->child->nroots--;
	free(r);
}

static void
parties_answer(struct parent_child *c, uint32_t id,
    const struct atm_addr *local, enum atm_party what, uint32_t ref,
    uint16_t cause)
{
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, id);
	wr_u8(&w, (uint8_t)what);
	wr_u32(&w, ref);
	wr_atm_addr(&w, local);
	wr_u16(&w, cause);
	parent_child_send(c, IMSG_ATM_PARTY_RES, -1, buf, w.len);
}

/*
 * Gives up this root, and native parties altogether: what has happened to this
 * root would happen to the next one, too.  That is logged once.
 */
static void
root_stuck(struct parent_party_root *r, const char *why)
{
	struct parent *p = r->child->parent;

	if (!p->parties_stuck)
		log_warnx("native-parties: %s; from now on each leaf gets a "
		    "call of its own",
		    why);
	p->parties_stuck = true;
	if (!r->ended)
		parties_answer(r->child, r->id, &r->local, ATM_PARTY_STUCK, 0,
		    VC_CAUSE_TEMPORARY);
	root_free(r);
}

/* --- what the processes say */

/* The answer to what was asked, or a party that has left by itself. */
static void
root_message(struct parent_party_root *r, struct rd *rd)
{
	uint8_t what = rd_u8(rd);
	uint32_t ref = rd_u32(rd);
	uint16_t cause = rd_u16(rd);

	if (!rd_done(rd) ||
	    (what != ATM_PARTY_LEFT && (what == 0 || what != r->asked))) {
		root_stuck(r, "its process said what it was not asked");
		return;
	}
	if (what == r->asked) {
		(void)event_del(&r->patience);
		r->asked = 0;
	}
	if (r->ended) {
		if (r->asked == 0)
			root_free(r);
		return;
	}
	parties_answer(r->child, r->id, &r->local, what, ref, cause);
}

static void
parties_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct parent_party_root *r = arg;
	uint8_t buf[PARTY_ANSWER];
	struct rd rd;
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)what;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		root_stuck(r, "its process has ended");
		return;
	}
	rd_init(&rd, buf, (size_t)n);
	root_message(r, &rd);
}

static void
parties_on_patience(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	root_stuck(arg,
	    "the signalling daemon does not answer ADD PARTY: write "
	    "native-parties no in mars.conf, or use one that does");
}

/* --- what marsd asks for */

/* Has the maker fork a process for the call, with fd as its channel. */
static int
process_ask(const struct parent *p, int call, int fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} control = { .buf = { 0 } };
	char c = 0;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	int fds[2] = { call, fd };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(h), fds, sizeof(fds));
	return sendmsg(p->parties_fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ?
	    0 :
	    -1;
}

static struct parent_party_root *
root_new(
    struct parent_child *c, uint32_t id, const struct atm_addr *local, int fd)
{
	struct parent_party_root *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->child = c;
	r->id = id;
	r->local = *local;
	r->fd = fd;
	if (event_assign(&r->readable, c->parent->base, fd,
	    EV_READ | EV_PERSIST, parties_on_readable, r) == -1 ||
	    evtimer_assign(
	    &r->patience, c->parent->base, parties_on_patience, r) == -1 ||
	    event_add(&r->readable, NULL) == -1) {
		free(r);
		return NULL;
	}
	LIST_INSERT_HEAD(&c->roots, r, entry);
	c->nroots++;
	return r;
}

bool
parent_parties_root(
    struct parent_child *c, uint32_t id, const struct atm_addr *local, int call)
{
	int sv[2];
	bool made;

	if (!parent_parties_ready(c->parent) || c->nroots >= ROOTS_MAX ||
	    root_find(c, id, local) != NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return false;
	made = process_ask(c->parent, call, sv[1]) == 0 &&
	    root_new(c, id, local, sv[0]) != NULL;
	(void)close(sv[1]);
	if (!made)
		(void)close(sv[0]);
	return made;
}

static void
parties_root_ask(struct parent_party_root *r, uint8_t what, uint32_t ref,
    const struct atm_addr *to)
{
	struct timeval tv = { .tv_sec = r->child->parent->parties_wait };
	uint8_t buf[PARTY_REQUEST];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, what);
	wr_u32(&w, ref);
	wr_atm_addr(&w, to);
	if (send(r->fd, buf, w.len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)w.len ||
	    evtimer_add(&r->patience, &tv) == -1) {
		root_stuck(r, "its process can't be asked");
		return;
	}
	r->asked = what;
}

/*
 * Does what marsd asks.  If the root is not there it has ended, and marsd has
 * been told that.
 */
void
parent_parties_request(struct parent_child *c, struct rd *rd)
{
	struct atm_addr local, to;
	struct parent_party_root *r;
	uint32_t id = rd_u32(rd), ref;
	uint8_t what = rd_u8(rd);

	ref = rd_u32(rd);
	(void)rd_atm_addr(rd, &local);
	(void)rd_atm_addr(rd, &to);
	if (!rd_done(rd) ||
	    (what != ATM_PARTY_ADD && what != ATM_PARTY_DROP &&
	    what != ATM_PARTY_END) ||
	    (what == ATM_PARTY_ADD) == atm_addr_is_null(&to)) {
		parent_child_blame(c,
		    "%s asks for a party in a malformed message", c->name);
		return;
	}
	if ((r = root_find(c, id, &local)) == NULL)
		return;
	/* until the process has answered, it still counts as one */
	if (what == ATM_PARTY_END && r->asked != 0)
		r->ended = true;
	else if (what == ATM_PARTY_END)
		root_free(r);
	else if (r->asked != 0)
		parent_child_blame(c,
		    "%s asks for two parties at once", c->name);
	else
		parties_root_ask(r, what, ref, &to);
}

/* --- the maker: the process that forks those of the roots */

static void __attribute__((__noreturn__))
execute(const struct parent *p, int fd)
{
	static char name[] = "mars: parties", flag[] = PARENT_PARTY_FLAG;
	static char debug[] = "-d";
	const struct parent_child *marsd = &p->children[PARENT_MARSD];
	char user[NAME_SIZE];
	char *argv[] = { name, flag, user, p->foreground ? debug : NULL, NULL },
	     *envp[] = { NULL };

	(void)strlcpy(user,
	    marsd->privileged ? parent_child_user(marsd) : "none",
	    sizeof(user));
	parent_child_descriptors(p, fd);
	/* the image that runs, whatever has become of its file */
	(void)execve("/proc/self/exe", argv, envp);
	fatal("can't execute /proc/self/exe");
}

void
parent_parties_start(struct parent *p)
{
	int sv[2];

	p->parties_wait = ANSWER_WAIT;
	if (!parent_parties_wanted(p->conf))
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		fatal("socketpair");
	switch (p->parties_pid = parent_fork()) {
	case -1:
		fatal("fork");
	case 0:
		execute(p, sv[1]);
		/* NOTREACHED */
	default:
		break;
	}
	(void)close(sv[1]);
	p->parties_fd = sv[0];
}

bool
parent_parties_ready(const struct parent *p)
{
	return p->parties_fd != -1 && !p->parties_stuck;
}

void
parent_parties_reap(struct parent *p)
{
	int status;

	if (p->parties_pid <= 0 ||
	    waitpid(p->parties_pid, &status, WNOHANG) != p->parties_pid)
		return;
	p->parties_pid = 0;
	if (!p->ending)
		log_warnx("the process that makes those for parties has ended: "
		    "from now on each leaf gets a call of its own");
	parent_parties_end(p);
}

void
parent_parties_end(struct parent *p)
{
	if (p->parties_fd != -1)
		(void)close(p->parties_fd);
	p->parties_fd = -1;
}

void
parent_roots_end(struct parent_child *c)
{
	struct parent_party_root *r;

	while ((r = LIST_FIRST(&c->roots)) != NULL)
		root_free(r);
}
