/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The process that adds parties to one call, and the maker of such processes.
 * (What mars(8) does about them is in parties.c.)
 *
 * To add a party waits for the signalling daemon: on Linux for ever, if that
 * does not answer, and so that not even SIGKILL ends it.  Therefore each call
 * has a process of its own, which mars(8) can leave behind.
 *
 * mars(8) can't fork once it is confined, so before that it has started the
 * maker, which forks for it.  A message of the maker's channel has two
 * descriptors: the call, and the channel of the process to be made for it.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "log.h"
#include "parent.h"
#include "vc.h"

static void __attribute__((__noreturn__)) party_end(void)
{
	_exit(0);
}

/*
 * Tells mars(8) an answer, or what has happened.  The process ends when mars(8)
 * has gone.
 */
static void
tell(int ctl, enum atm_party what, int ref, uint16_t cause)
{
	uint8_t buf[PARTY_ANSWER];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)what);
	wr_u32(&w, (uint32_t)ref);
	wr_u16(&w, cause);
	if (send(ctl, buf, w.len, MSG_NOSIGNAL) != (ssize_t)w.len)
		party_end();
}

/* Does what is asked for, and answers. */
static void
perform(int root, int ctl, struct rd *r)
{
	struct atm_addr to;
	enum atm_party what = rd_u8(r);
	int left, ref = (int)rd_u32(r);

	(void)rd_atm_addr(r, &to);
	if (!rd_done(r))
		party_end();
	if (what == ATM_PARTY_DROP) {
		left = atm_party_drop(root, ref);
		tell(ctl, what, left > 0 && left != ref ? left : 0,
		    VC_CAUSE_NONE);
		return;
	}
	ref = atm_party_add(root, &to);
	if (ref > 0)
		tell(ctl, ATM_PARTY_ADD, ref, VC_CAUSE_NONE);
	else
		tell(ctl, ATM_PARTY_ADD, 0, atm_cause(errno));
}

/* Takes one request, if there is one. */
static void
request(int root, int ctl)
{
	uint8_t buf[PARTY_REQUEST];
	struct rd r;
	ssize_t n = recv(ctl, buf, sizeof(buf), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		party_end();
	rd_init(&r, buf, (size_t)n);
	perform(root, ctl, &r);
}

void
parent_party_serve(int root, int ctl)
{
	int ref, watch = atm_party_watch(root, ctl);

	if (watch == -1)
		party_end();
	for (;;) {
		atm_party_wait(watch);
		if ((ref = atm_party_left(root)) != 0)
			tell(ctl, ATM_PARTY_LEFT, ref, VC_CAUSE_NORMAL);
		request(root, ctl);
	}
}

/*
 * Receives a message and its two descriptors.  False: none has come yet.  Ends
 * with mars(8).
 */
static bool
party_receive(int fds[2])
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} control;
	char c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	struct cmsghdr *h;
	ssize_t n = recvmsg(CHILD_FD, &m, MSG_CMSG_CLOEXEC);

	if (n == -1 && errno == EINTR)
		return false;
	if (n <= 0)
		party_end();
	h = CMSG_FIRSTHDR(&m);
	if (h == NULL || h->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		party_end();
	memcpy(fds, CMSG_DATA(h), 2 * sizeof(int));
	return true;
}

/* If it can't fork, mars(8) learns that by the end of the channel. */
static void
start(int fds[2])
{
	if (fork() == 0) {
		(void)close(CHILD_FD);
		parent_party_serve(fds[0], fds[1]);
	}
	(void)close(fds[0]);
	(void)close(fds[1]);
}

void
parent_party_main(const char *user, bool foreground)
{
	/* mars(8) itself is what sees to it that there is Landlock */
	const struct sandbox asked = { .role = SANDBOX_PARTIES,
		.best_effort = true };
	struct sandbox_state state;
	struct stat st;
	sigset_t all;
	int fds[2];

	closefrom(CHILD_FD + 1);
	log_init("mars", foreground);
	if (fstat(CHILD_FD, &st) == -1 || !S_ISSOCK(st.st_mode))
		fatalx("started by hand: mars(8) starts this by itself");
	/* a pending signal would make the system's wait a busy one */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGCHLD, SIG_IGN);
	child_drop_forking(strcmp(user, "none") != 0, user);
	sandbox_enter(&asked, &state);
	for (;;)
		if (party_receive(fds))
			start(fds);
}
