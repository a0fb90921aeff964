/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Switched and permanent circuits over socketpairs: what the user of vc.h
 * sees, and what is asked of the owner of the descriptors.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "vc_atm.h"
#include "vc_party.h"
#include "vc_pvc.h"
#include "vc_svc.h"

#define LOG_MAX	1024

/* What has happened, as words; the tests compare them. */
static char		 story[LOG_MAX];
static struct loop	 loop;
static struct vc_link	*l;
static uint32_t		 asked_id;
static uint32_t		 root_id;	/* the last that was asked for */
static uint8_t		 caller_id;	/* who calls next */
static int		 offered_fd;	/* the next that accept() finds */
static bool		 offered_leaf;
static uint16_t		 verdict;	/* on a call that comes in */
static struct vc	*offered_vc;
static bool		 cannot_ask;
static bool		 close_in_sdu;

static void
told(const char *fmt, ...)
{
	size_t len = strlen(story);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(story + len, sizeof(story) - len, fmt, ap);
	va_end(ap);
}

#define STORY(text) do { \
	assert_string_equal(story, text); \
	story[0] = '\0'; \
} while (0)

static struct atm_addr
addr(uint8_t n)
{
	struct atm_addr a = { .num_tl = NSAPA_LEN, .num = { 0x47 } };

	a.num[18] = n;
	return a;
}

/* --- a user who tells everything; cookies are names */

static uint16_t
on_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	static char in[] = "in";

	(void)arg;
	told("call from %u%s; ", caller->num[18], leaf ? " as leaf" : "");
	offered_vc = vc;
	*cookie = in;
	return verdict;
}

static void
on_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)arg;
	(void)vc;
	told("ack %s; ", (char *)cookie);
}

static void
on_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	told("failed %s %u; ", (char *)cookie, cause);
}

static void
on_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	told("release %s %u; ", (char *)cookie, cause);
}

static void
on_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	(void)arg;
	(void)vc;
	told("%s: %.*s; ", (char *)cookie, (int)len, (const char *)p);
	if (close_in_sdu) {
		vc_close(l);
		l = NULL;
	}
}

static void
on_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	told("leaf ack %s; ", (char *)cookie);
}

static void
on_leaf_failed(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)leaf;
	told("leaf failed %s %u; ", (char *)cookie, cause);
}

static void
on_leaf_drop(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)leaf;
	told("leaf drop %s %u; ", (char *)cookie, cause);
}

static const struct vc_user user = {
	.remote_call = on_remote_call,
	.ack = on_ack,
	.rqfailed = on_rqfailed,
	.release = on_release,
	.sdu = on_sdu,
	.leaf_ack = on_leaf_ack,
	.leaf_failed = on_leaf_failed,
	.leaf_drop = on_leaf_drop,
};

/* --- the owner of the descriptors */

static int
src_open(void *arg, struct vc_link *link, uint32_t id,
    const struct atm_addr *to, bool leaf)
{
	(void)arg;
	(void)link;
	if (cannot_ask)
		return -1;
	if (to == NULL)
		told("listen again; ");
	else
		told("ask %u%s; ", to->num[18], leaf ? " leaf" : "");
	asked_id = id;
	return 0;
}

static int
src_root(void *arg, struct vc_link *link, uint32_t id)
{
	(void)arg;
	(void)link;
	if (cannot_ask)
		return -1;
	told("root; ");
	root_id = id;
	return 0;
}

static int
src_party(void *arg, struct vc_link *link, uint32_t root, enum atm_party what,
    uint32_t ref, const struct atm_addr *to)
{
	(void)arg;
	(void)link;
	assert_int_equal(root, root_id);
	if (cannot_ask)
		return -1;
	if (what == ATM_PARTY_ADD)
		told("add %u; ", to->num[18]);
	else if (what == ATM_PARTY_DROP)
		told("drop ref %u; ", ref);
	else
		told("end; ");
	return 0;
}

static int
src_accept(int fd, struct atm_addr *caller, bool *leaf)
{
	char c;
	int r = offered_fd;

	if (read(fd, &c, 1) != 1) {
		errno = EAGAIN;
		return -1;
	}
	if (c == 'x') {
		errno = EUNATCH;
		return -1;
	}
	*caller = addr(caller_id);
	*leaf = offered_leaf;
	return r;
}

static int
line_open(void *arg, struct vc_link *link, const struct atm_addr *peer)
{
	(void)arg;
	(void)link;
	told("line to %u again; ", peer->num[18]);
	return 0;
}

static void
pair(int fds[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
}

static void
turn(void *arg)
{
	(void)arg;
	if (l != NULL)
		vc_flush(l);
}

/* Until nothing more can happen without time passing. */
static void
turns(void)
{
	int i;

	for (i = 0; i < 4; i++)
		loop_poll(&loop, turn, NULL);
}

static int	listener[2];

static void
begin(void)
{
	story[0] = '\0';
	verdict = VC_CAUSE_NONE;
	caller_id = 7;
	cannot_ask = close_in_sdu = offered_leaf = false;
	assert_int_equal(loop_init(&loop), 0);
}

static int
svc_open(bool parties)
{
	struct vc_svc_params p = { .max_circuits = 100,
		.open = src_open,
		.accept = src_accept,
		.parties = parties,
		.root = src_root,
		.party = src_party };
	struct atm_addr own = addr(1);

	begin();
	pair(listener);
	l = vc_svc_open(
	    loop.base, &loop.timers, listener[0], &own, &p, &user, NULL);
	return l == NULL ? -1 : 0;
}

static int
svc_setup(void **state)
{
	(void)state;
	return svc_open(false);
}

static int
parties_setup(void **state)
{
	(void)state;
	return svc_open(true);
}

static int
pvc_setup(void **state)
{
	struct vc_pvc_params p = { .open = line_open };
	struct atm_addr own = addr(1);

	(void)state;
	begin();
	listener[1] = -1;
	l = vc_pvc_open(loop.base, &loop.timers, &own, &p, &user, NULL);
	return l == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (l != NULL)
		vc_close(l);
	l = NULL;
	turns();
	loop_free(&loop);
	if (listener[1] != -1)
		(void)close(listener[1]);
	return 0;
}

static void
put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void
got(int fd, const char *text)
{
	char buf[64];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, (size_t)n);
}

static void
got_end(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), 0);
	(void)close(fd);
}

static void
say(struct vc *vc, const char *text, int want)
{
	assert_int_equal(vc_send(vc, vc_sdu_new(text, strlen(text))), want);
}

static uint64_t
counter(const char *name)
{
	const char *n;
	uint64_t v;
	size_t i;

	for (i = 0; vc_counter(l, i, &n, &v); i++)
		if (strcmp(n, name) == 0)
			return v;
	fail_msg("no counter %s", name);
	return 0;
}

/* A call to address n that is up; the other end of its descriptor. */
static struct vc *
called(uint8_t n, char *name, int *fd)
{
	struct atm_addr to = addr(n);
	struct vc *vc = vc_call(l, &to, name);
	int fds[2];

	assert_non_null(vc);
	turns();
	story[0] = '\0';
	pair(fds);
	*fd = fds[1];
	vc_svc_answer(l, asked_id, fds[0], VC_CAUSE_NONE);
	return vc;
}

/* --- switched circuits */

/* R2022-3.4: L_CALL_RQ, L_ACK, SDUs both ways, L_RELEASE */
static void
call(void **state)
{
	struct atm_addr to = addr(2);
	static char name[] = "c";
	struct vc *vc;
	int fds[2];

	(void)state;
	assert_non_null(vc = vc_call(l, &to, name));
	STORY(""); /* nothing goes up from within a call */
	turns();
	STORY("ask 2; ");
	say(vc, "early", -1);
	pair(fds);
	vc_svc_answer(l, asked_id, fds[0], VC_CAUSE_NONE);
	STORY("ack c; ");
	say(vc, "hello", 0);
	turns();
	got(fds[1], "hello");
	put(fds[1], "one");
	put(fds[1], "two");
	turns();
	STORY("c: one; c: two; ");
	assert_true(atm_addr_equal(vc_peer(vc), &to));
	assert_true(vc_knows_caller(vc));
	/* what was queued before the release still goes */
	say(vc, "bye", 0);
	vc_release(vc, VC_CAUSE_NORMAL);
	got(fds[1], "bye");
	got_end(fds[1]);
	turns();
	STORY("");
}

/* R2022-3.4: ERR_L_RQFAILED with its cause; ERR_L_RELEASE */
static void
call_fails(void **state)
{
	struct atm_addr to = addr(2);
	static char a[] = "a", b[] = "b", c[] = "c";
	int fd;

	(void)state;
	assert_non_null(vc_call(l, &to, a));
	turns();
	vc_svc_answer(l, asked_id, -1, VC_CAUSE_OUT_OF_ORDER);
	STORY("ask 2; failed a 27; ");
	cannot_ask = true;
	assert_non_null(vc_call(l, &to, b));
	STORY("");
	turns();
	STORY("failed b 41; ");
	cannot_ask = false;
	(void)called(2, c, &fd);
	STORY("ack c; ");
	(void)close(fd);
	turns();
	STORY("release c 16; ");
	assert_int_equal(counter("calls-failed"), 2);
	assert_int_equal(counter("cleared"), 1);
}

/* what was given up finds nobody, and its descriptor is closed */
static void
abandoned(void **state)
{
	struct atm_addr to = addr(2);
	static char a[] = "a";
	struct vc *vc;
	int fds[2];

	(void)state;
	vc = vc_call(l, &to, a);
	vc_release(vc, VC_CAUSE_NORMAL);
	turns();
	STORY("");
	vc = vc_call(l, &to, a);
	turns();
	STORY("ask 2; ");
	vc_release(vc, VC_CAUSE_NORMAL);
	turns();
	pair(fds);
	vc_svc_answer(l, asked_id, fds[0], VC_CAUSE_NONE);
	turns();
	STORY("");
	got_end(fds[1]);
}

/* only so many are asked for at a time, the others in their order */
static void
in_turn(void **state)
{
	struct atm_addr to = addr(2), last = addr(3);
	static char a[] = "a";
	int i;

	(void)state;
	for (i = 0; i < VC_ATM_ASKED_MAX; i++)
		assert_non_null(vc_call(l, &to, a));
	assert_non_null(vc_call(l, &last, a));
	turns();
	assert_null(strstr(story, "ask 3"));
	vc_svc_answer(l, asked_id, -1, VC_CAUSE_REJECTED);
	turns();
	assert_non_null(strstr(story, "failed a 21; ask 3; "));
}

/* R2022-3.4: L_MULTI_RQ, L_MULTI_ADD, L_MULTI_DROP, ERR_L_DROP */
static void
multi(void **state)
{
	struct atm_addr to2 = addr(2), to3 = addr(3), to4 = addr(4);
	static char root[] = "root", two[] = "2", three[] = "3", four[] = "4";
	struct vc *vc = vc_multi(l, root);
	struct vc_leaf *leaf;
	int a[2], b[2];

	(void)state;
	assert_non_null(vc);
	say(vc, "to nobody", 0);
	assert_non_null(leaf = vc_multi_add(vc, &to2, two));
	turns();
	pair(a);
	vc_svc_answer(l, asked_id, a[0], VC_CAUSE_NONE);
	assert_non_null(vc_multi_add(vc, &to3, three));
	turns();
	pair(b);
	vc_svc_answer(l, asked_id, b[0], VC_CAUSE_NONE);
	assert_non_null(vc_multi_add(vc, &to4, four));
	turns();
	vc_svc_answer(l, asked_id, -1, VC_CAUSE_UNALLOCATED);
	STORY("ask 2 leaf; leaf ack 2; ask 3 leaf; leaf ack 3; "
	    "ask 4 leaf; leaf failed 4 1; ");
	say(vc, "all", 0);
	turns();
	got(a[1], "all");
	got(b[1], "all");
	/* a leaf has nothing to say */
	put(a[1], "psst");
	turns();
	STORY("");
	(void)close(b[1]);
	turns();
	STORY("leaf drop 3 16; ");
	say(vc, "rest", 0);
	turns();
	got(a[1], "rest");
	vc_multi_drop(leaf);
	got_end(a[1]);
	vc_release(vc, VC_CAUSE_NORMAL);
	turns();
	STORY("");
}

/* R2022-3.4: L_REMOTE_CALL, taken and refused; a leaf can't send */
static void
remote_call(void **state)
{
	int fds[2];

	(void)state;
	pair(fds);
	offered_fd = fds[0];
	put(listener[1], "c");
	put(fds[1], "first");
	turns();
	STORY("call from 7; in: first; ");
	say(offered_vc, "answer", 0);
	turns();
	got(fds[1], "answer");
	(void)close(fds[1]);
	turns();
	STORY("release in 16; ");

	pair(fds);
	offered_fd = fds[0];
	offered_leaf = true;
	put(listener[1], "c");
	turns();
	STORY("call from 7 as leaf; ");
	say(offered_vc, "no", -1);
	(void)close(fds[1]);
	turns();
	STORY("release in 16; ");

	pair(fds);
	offered_fd = fds[0];
	verdict = VC_CAUSE_REJECTED;
	put(listener[1], "c");
	turns();
	STORY("call from 7 as leaf; ");
	got_end(fds[1]);
	assert_int_equal(counter("calls-refused"), 1);
	assert_int_equal(counter("calls-in"), 2);
}

/* more circuits than configured: refused, and the user hears nothing */
static void
too_many(void **state)
{
	struct vc_svc_params p = {
		.max_circuits = 0, .open = src_open, .accept = src_accept
	};
	int fds[2];

	(void)state;
	vc_svc_set_params(l, &p);
	pair(fds);
	offered_fd = fds[0];
	put(listener[1], "c");
	turns();
	STORY("");
	got_end(fds[1]);
	assert_int_equal(counter("calls-refused"), 1);
}

/* the listener is lost with the signalling daemon: another is asked for */
static void
listener_lost(void **state)
{
	int fds[2], next[2];
	mtime_t later;

	(void)state;
	put(listener[1], "x");
	turns();
	STORY("");
	later = loop.timers.now;
	later.us += MTIME_SEC(3);
	timers_run(&loop.timers, later);
	STORY("listen again; ");
	assert_int_equal(asked_id, 0);
	pair(next);
	vc_svc_answer(l, 0, next[0], VC_CAUSE_NONE);
	pair(fds);
	offered_fd = fds[0];
	put(next[1], "c");
	turns();
	STORY("call from 7; ");
	(void)close(next[1]);
	(void)close(fds[1]);
}

/* nothing is read while paused; what is longer than 9188 octets is dropped */
static void
paused_and_long(void **state)
{
	static uint8_t big[VC_SDU_MAX + 1];
	static char a[] = "a";
	struct vc *vc;
	int fd;

	(void)state;
	vc = called(2, a, &fd);
	STORY("ack a; ");
	vc_pause(l, true);
	put(fd, "x");
	turns();
	STORY("");
	vc_pause(l, false);
	turns();
	STORY("a: x; ");
	assert_int_equal(send(fd, big, sizeof(big), 0), sizeof(big));
	turns();
	STORY("");
	assert_int_equal(counter("sdus-too-big"), 1);
	assert_int_equal(vc_send(vc, vc_sdu_new(NULL, sizeof(big))), -1);
	assert_int_equal(counter("sdus-too-big"), 2);
	(void)close(fd);
}

/* a user may close the link from within a function of its own */
static void
close_within(void **state)
{
	static char a[] = "a";
	int fd;

	(void)state;
	(void)called(2, a, &fd);
	close_in_sdu = true;
	put(fd, "x");
	put(fd, "y");
	turns();
	STORY("ack a; a: x; ");
	turns();
	assert_int_equal(close(fd), 0);
}

/* what marsctl lists: every circuit once, no roots */
static void
listing(void **state)
{
	static char a[] = "a", r[] = "r", f[] = "f";
	struct atm_addr to = addr(3);
	struct vc_circuit_info info;
	uint32_t cursor = 0;
	struct vc *root;
	int fd;

	(void)state;
	(void)called(2, a, &fd);
	root = vc_multi(l, r);
	assert_non_null(vc_multi_add(root, &to, f));
	assert_true(vc_circuit(l, &cursor, &info));
	assert_string_equal(info.kind, "out");
	assert_string_equal(info.state, "connected");
	assert_true(vc_circuit(l, &cursor, &info));
	assert_string_equal(info.kind, "leaf");
	assert_string_equal(info.state, "waiting");
	assert_true(atm_addr_equal(&info.peer, &to));
	assert_false(vc_circuit(l, &cursor, &info));
	vc_release(root, VC_CAUSE_NORMAL);
	(void)close(fd);
}

/* --- native parties of switched circuits */

static char root_name[] = "root", name2[] = "2", name3[] = "3",
	name4[] = "4";

static struct vc_leaf *
leaf(struct vc *root, uint8_t n, char *name)
{
	struct atm_addr to = addr(n);
	struct vc_leaf *f = vc_multi_add(root, &to, name);

	assert_non_null(f);
	return f;
}

/* What has come of adding one: its reference, or 0. */
static void
party(enum atm_party what, uint32_t ref, uint16_t cause)
{
	vc_svc_party(l, root_id, what, ref, cause);
}

/* A root whose call is there, with leaves 2 and 3, references 1 and 2. */
static struct vc *
root_up(struct vc_leaf **f, int *fd)
{
	struct vc *vc = vc_multi(l, root_name);
	int fds[2];

	assert_non_null(vc);
	f[0] = leaf(vc, 2, name2);
	f[1] = leaf(vc, 3, name3);
	STORY(""); /* nothing goes up, or out, from within it */
	turns();
	STORY("root; ");
	pair(fds);
	*fd = fds[1];
	assert_true(vc_svc_answer(l, root_id, fds[0], VC_CAUSE_NONE));
	turns();
	STORY("add 2; "); /* one at a time */
	party(ATM_PARTY_ADD, 1, VC_CAUSE_NONE);
	turns();
	STORY("leaf ack 2; add 3; ");
	party(ATM_PARTY_ADD, 2, VC_CAUSE_NONE);
	turns();
	STORY("leaf ack 3; ");
	return vc;
}

static void
got_nothing(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* R2022-3.4: one call, and an SDU for all its leaves is sent once */
static void
parties_send(void **state)
{
	struct vc_circuit_info info;
	struct vc_leaf *f[2];
	uint32_t cursor = 0;
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	say(vc, "all", 0);
	turns();
	got(fd, "all");
	got_nothing(fd);
	assert_int_equal(counter("sdus-out"), 1);
	assert_int_equal(counter("calls-out"), 2);
	assert_true(vc_circuit(l, &cursor, &info));
	assert_string_equal(info.kind, "leaf");
	assert_int_equal(info.sdus_out, 1);
	/* nobody is left: the call stays, and nothing is sent on it */
	party(ATM_PARTY_LEFT, 1, VC_CAUSE_NORMAL);
	party(ATM_PARTY_LEFT, 2, VC_CAUSE_NORMAL);
	STORY("leaf drop 2 16; leaf drop 3 16; ");
	say(vc, "none", 0);
	turns();
	got_nothing(fd);
	/* what was queued before the release still goes, and none is dropped */
	(void)leaf(vc, 4, name4);
	turns();
	party(ATM_PARTY_ADD, 3, VC_CAUSE_NONE);
	STORY("add 4; leaf ack 4; ");
	say(vc, "bye", 0);
	vc_release(vc, VC_CAUSE_NORMAL);
	turns();
	STORY("end; ");
	got(fd, "bye");
	got_end(fd);
}

/* nothing is sent while the system has the socket locked, nor forgotten */
static void
parties_held(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	uint32_t i;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	STORY("add 4; ");
	say(vc, "one", 0);
	say(vc, "two", 0);
	turns();
	got_nothing(fd);
	party(ATM_PARTY_ADD, 3, VC_CAUSE_NONE);
	STORY("leaf ack 4; ");
	got(fd, "one");
	got(fd, "two");
	/* the same while one is dropped; what waits has a bound */
	vc_multi_drop(f[0]);
	STORY("");
	turns();
	STORY("drop ref 1; ");
	for (i = 0; i < VC_PORT_QUEUE_MAX; i++)
		say(vc, "x", 0);
	say(vc, "y", -1);
	turns();
	got_nothing(fd);
	assert_int_equal(counter("sdus-dropped"), 1);
	/* released meanwhile, it does not wait either */
	vc_release(vc, VC_CAUSE_NORMAL);
	STORY("end; ");
	got_end(fd);
	assert_int_equal(counter("sdus-dropped"), VC_PORT_QUEUE_MAX + 1);
	party(ATM_PARTY_DROP, 0, VC_CAUSE_NONE);
	turns();
	STORY("");
}

/* R2022-3.4: ERR_L_RQFAILED and ERR_L_DROP are one leaf's alone */
static void
parties_fail(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	party(ATM_PARTY_ADD, 0, VC_CAUSE_UNALLOCATED);
	turns();
	STORY("add 4; leaf failed 4 1; ");
	party(ATM_PARTY_LEFT, 2, VC_CAUSE_NORMAL);
	turns();
	STORY("leaf drop 3 16; ");
	party(ATM_PARTY_LEFT, 2, VC_CAUSE_NORMAL);
	party(ATM_PARTY_LEFT, 0, VC_CAUSE_NORMAL);
	party(ATM_PARTY_LEFT, 77, VC_CAUSE_NORMAL);
	STORY("");
	say(vc, "rest", 0);
	turns();
	got(fd, "rest");
	(void)close(fd);
}

/* who is given up while it waits, or while it is added */
static void
parties_given_up(void **state)
{
	struct vc_leaf *f[2], *a, *b;
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	a = leaf(vc, 4, name4);
	b = leaf(vc, 5, name2);
	turns();
	STORY("add 4; ");
	vc_multi_drop(b);
	vc_multi_drop(a);
	turns();
	STORY("");
	party(ATM_PARTY_ADD, 3, VC_CAUSE_NONE);
	turns();
	STORY("drop ref 3; ");
	/* an answer that was not asked for adds nobody */
	party(ATM_PARTY_DROP, 0, VC_CAUSE_NONE);
	party(ATM_PARTY_ADD, 4, VC_CAUSE_NONE);
	turns();
	STORY("");
	(void)close(fd);
}

/* the call has gone, and the next is one call again */
static void
parties_lost(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd;

	(void)state;
	(void)root_up(f, &fd);
	(void)close(fd);
	turns();
	STORY("end; release root 16; ");
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	cannot_ask = true;
	turns();
	STORY("release root 41; ");
	got_end(fd);
}

/* one that leaves while another is added or dropped is the answer to that */
static void
parties_confused(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	STORY("add 4; ");
	party(ATM_PARTY_ADD, 2, VC_CAUSE_NONE);
	STORY("end; release root 41; ");
	got_end(fd);
	vc = root_up(f, &fd);
	vc_multi_drop(f[0]);
	(void)leaf(vc, 4, name4);
	turns();
	STORY("drop ref 1; ");
	party(ATM_PARTY_DROP, 2, VC_CAUSE_NONE);
	STORY("end; release root 41; ");
	got_end(fd);
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	vc_multi_drop(f[0]);
	party(ATM_PARTY_ADD, 1, VC_CAUSE_NONE);
	STORY("add 4; end; release root 41; ");
	got_end(fd);
}

static void
table_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	char *told = arg;

	(void)snprintf(told, 64, "%s: %s in %s", t->name, t->events[event],
	    t->states[state]);
}

/* an answer that nobody asked for changes nothing, is counted and told */
static void
parties_unasked(void **state)
{
	struct vc_leaf *f[2];
	char told[64] = "";
	int fd;

	(void)state;
	(void)root_up(f, &fd);
	assert_int_equal(counter("table-violations"), 0);
	l->faults.violated = table_violated;
	l->faults.arg = told;
	party(ATM_PARTY_DROP, 0, VC_CAUSE_NONE);
	turns();
	STORY("");
	assert_string_equal(told, "vc_party: answer in ready");
	assert_int_equal(counter("table-violations"), 1);
	got_nothing(fd);
	close(fd);
}

/* signalling does not add parties: from now on one call for each leaf */
static void
parties_stuck(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd, i;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	say(vc, "lost", 0);
	party(ATM_PARTY_STUCK, 0, VC_CAUSE_TEMPORARY);
	STORY("add 4; end; release root 41; ");
	got_end(fd);
	for (i = 0; i < 2; i++) {
		assert_non_null(vc = vc_multi(l, root_name));
		(void)leaf(vc, 2, name2);
		turns();
		STORY("ask 2 leaf; ");
		vc_svc_answer(l, asked_id, -1, VC_CAUSE_TEMPORARY);
		STORY("leaf failed 2 41; ");
	}
}

/* the same where we can't call ourselves, or can't ask for it */
static void
parties_no_root(void **state)
{
	struct vc *vc = vc_multi(l, root_name);

	(void)state;
	(void)leaf(vc, 2, name2);
	turns();
	assert_false(vc_svc_answer(l, root_id, -1, VC_CAUSE_OUT_OF_ORDER));
	STORY("root; release root 27; ");
	assert_non_null(vc = vc_multi(l, root_name));
	(void)leaf(vc, 2, name2);
	turns();
	STORY("ask 2 leaf; ");
}

/* signalling is away, or the listener with it: it may come back */
static void
parties_busy(void **state)
{
	struct vc *vc = vc_multi(l, root_name);
	int fds[2];

	(void)state;
	(void)leaf(vc, 2, name2);
	(void)leaf(vc, 3, name3);
	turns();
	STORY("root; ");
	vc_svc_answer(l, root_id, -1, VC_CAUSE_TEMPORARY);
	STORY("leaf failed 2 41; leaf failed 3 41; ");
	put(listener[1], "x");
	turns();
	(void)leaf(vc, 2, name2);
	turns();
	vc_svc_answer(l, root_id, -1, VC_CAUSE_UNALLOCATED);
	STORY("root; leaf failed 2 41; ");
	(void)leaf(vc, 2, name2);
	turns();
	pair(fds);
	assert_true(vc_svc_answer(l, root_id, fds[0], VC_CAUSE_NONE));
	turns();
	STORY("root; add 2; ");
	(void)close(fds[1]);
}

static void
parties_no_asking(void **state)
{
	struct vc *vc = vc_multi(l, root_name);

	(void)state;
	(void)leaf(vc, 2, name2);
	cannot_ask = true;
	turns();
	STORY("release root 41; ");
}

/* released before its call is there: who asked is told that it is not used */
static void
parties_abandoned(void **state)
{
	struct vc *vc = vc_multi(l, root_name);
	int fds[2];

	(void)state;
	(void)leaf(vc, 2, name2);
	turns();
	vc_release(vc, VC_CAUSE_NORMAL);
	STORY("root; ");
	pair(fds);
	assert_false(vc_svc_answer(l, root_id, fds[0], VC_CAUSE_NONE));
	got_end(fds[1]);
	party(ATM_PARTY_ADD, 1, VC_CAUSE_NONE);
	turns();
	STORY("");
}

/*
 * The first party is we ourselves: nobody else hears of that, and it is one for
 * each root; another call by our own name is a call.
 */
static void
parties_own_end(void **state)
{
	struct vc_circuit_info info;
	uint32_t cursor = 0;
	struct vc *vc;
	int fds[2];

	(void)state;
	assert_non_null(vc = vc_multi(l, root_name));
	pair(fds);
	offered_fd = fds[0];
	offered_leaf = true;
	caller_id = 1;
	put(listener[1], "c");
	put(fds[1], "x");
	turns();
	STORY("");
	assert_true(vc_circuit(l, &cursor, &info));
	assert_string_equal(info.kind, "own-end");
	assert_int_equal(counter("sdus-dropped"), 0);
	(void)close(fds[1]);
	turns();
	STORY("");
	cursor = 0;
	assert_false(vc_circuit(l, &cursor, &info));
	vc_release(vc, VC_CAUSE_NORMAL);
	STORY("");
	pair(fds);
	offered_fd = fds[0];
	put(listener[1], "c");
	turns();
	STORY("call from 1 as leaf; ");
	(void)close(fds[1]);
	turns();
}

/* one that waits to be dropped leaves by itself: nothing is left to drop */
static void
parties_left_first(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	turns();
	STORY("add 4; ");
	vc_multi_drop(f[0]);
	party(ATM_PARTY_LEFT, 1, VC_CAUSE_NORMAL);
	party(ATM_PARTY_ADD, 3, VC_CAUSE_NONE);
	turns();
	STORY("leaf ack 4; ");
	/* and one that does not leave is dropped */
	vc_multi_drop(f[1]);
	turns();
	STORY("drop ref 2; ");
	vc_release(vc, VC_CAUSE_NORMAL);
	(void)close(fd);
}

/* the link is closed with leaves in every state */
static void
parties_close(void **state)
{
	struct vc_leaf *f[2];
	struct vc *vc;
	int fd;

	(void)state;
	vc = root_up(f, &fd);
	(void)leaf(vc, 4, name4);
	(void)leaf(vc, 5, name4);
	turns();
	(void)leaf(vc, 6, name4);
	vc_multi_drop(f[0]);
	(void)leaf(vc_multi(l, root_name), 2, name2);
	story[0] = '\0';
	vc_close(l);
	l = NULL;
	STORY("end; ");
	got_end(fd);
}

/* --- permanent circuits */

static int
line(uint8_t n)
{
	struct atm_addr peer = addr(n);
	int fds[2];

	pair(fds);
	assert_int_equal(vc_pvc_line(l, &peer, fds[0]), 0);
	return fds[1];
}

/* a call to the peer is there at once; to others it fails: cause 1 */
static void
pvc_call(void **state)
{
	static char a[] = "a", b[] = "b";
	struct atm_addr two = addr(2), three = addr(3);
	int fd = line(2);
	struct vc *vc;

	(void)state;
	assert_true(vc_leads_to(l, &two));
	assert_false(vc_leads_to(l, &three));
	assert_non_null(vc = vc_call(l, &two, a));
	assert_non_null(vc_call(l, &three, b));
	STORY("");
	turns();
	STORY("ack a; failed b 1; ");
	say(vc, "x", 0);
	turns();
	got(fd, "x");
	put(fd, "y");
	turns();
	STORY("a: y; ");
	(void)close(fd);
}

/* what comes when there is no call: one from the peer, or as its leaf */
static void
pvc_incoming(void **state)
{
	int fd = line(2);

	(void)state;
	put(fd, "x");
	turns();
	STORY("call from 2; in: x; ");
	put(fd, "y");
	turns();
	STORY("in: y; ");
	vc_release(offered_vc, VC_CAUSE_NORMAL);
	verdict = VC_CAUSE_REJECTED;
	put(fd, "z");
	turns();
	STORY("call from 2; call from 2 as leaf; ");
	assert_int_equal(counter("sdus-dropped"), 1);
	(void)close(fd);
}

/* leaves of several roots and a call are all on the one line */
static void
pvc_multi(void **state)
{
	static char r[] = "r", f[] = "f", g[] = "g";
	struct atm_addr two = addr(2), three = addr(3);
	int a = line(2), b = line(3);
	struct vc *vc = vc_multi(l, r);

	(void)state;
	assert_non_null(vc_multi_add(vc, &two, f));
	assert_non_null(vc_multi_add(vc, &three, g));
	turns();
	STORY("leaf ack f; leaf ack g; ");
	say(vc, "all", 0);
	turns();
	got(a, "all");
	got(b, "all");
	(void)close(a);
	(void)close(b);
}

/* a lost line is nobody's business above; taken away, its circuits go */
static void
pvc_lost(void **state)
{
	static char a[] = "a";
	struct atm_addr two = addr(2);
	struct vc *vc = NULL;
	mtime_t later;
	int fd = line(2);

	(void)state;
	assert_non_null(vc = vc_call(l, &two, a));
	turns();
	STORY("ack a; ");
	(void)close(fd);
	turns();
	STORY("");
	say(vc, "lost", -1);
	later = loop.timers.now;
	later.us += MTIME_SEC(3);
	timers_run(&loop.timers, later);
	STORY("line to 2 again; ");
	fd = line(2);
	say(vc, "found", 0);
	turns();
	got(fd, "found");
	vc_pvc_remove(l, &two);
	STORY("release a 27; ");
	assert_null(vc_pvc_peer(l, 0));
	turns();
	got_end(fd);
}

/* issue 16: on a line that they share, answers go before copies */
static void
pvc_answers_first(void **state)
{
	static char a[] = "a", r[] = "r", f[] = "f";
	struct atm_addr two = addr(2);
	int fd = line(2);
	struct vc *vc = vc_call(l, &two, a), *root = vc_multi(l, r);

	(void)state;
	assert_non_null(vc_multi_add(root, &two, f));
	turns();
	STORY("ack a; leaf ack f; ");
	say(root, "copy", 0);
	say(root, "copy too", 0);
	say(vc, "answer", 0);
	assert_int_equal(vc_backlog(root), 2);
	assert_int_equal(vc_backlog(vc), 1);
	assert_int_equal(vc_sdu_max(root), VC_SDU_MAX);
	turns();
	got(fd, "answer");
	got(fd, "copy");
	got(fd, "copy too");
	assert_int_equal(vc_backlog(root), 0);
	/* what was sent before a release still goes */
	say(root, "bye", 0);
	vc_release(root, VC_CAUSE_NORMAL);
	turns();
	got(fd, "bye");
	(void)close(fd);
}

static void
on_drained(void *arg, struct vc *root, void *cookie)
{
	(void)arg;
	assert_int_equal(vc_backlog(root), 0);
	told("drained %s; ", (char *)cookie);
}

static void
on_overflow(void *arg, struct vc *root, void *cookie)
{
	(void)arg;
	(void)root;
	told("overflow %s; ", (char *)cookie);
}

/* A root whose user hears more than others, with leaves 2 and 3. */
static struct vc *
root_told(struct vc_user *u, int fds[2])
{
	static char r[] = "r", f[] = "f", g[] = "g";
	struct atm_addr two = addr(2), three = addr(3);
	struct vc *root = vc_multi(l, r);

	*u = user;
	u->drained = on_drained;
	u->overflow = on_overflow;
	l->user = u;
	fds[0] = line(2);
	fds[1] = line(3);
	assert_non_null(vc_multi_add(root, &two, f));
	assert_non_null(vc_multi_add(root, &three, g));
	turns();
	STORY("leaf ack f; leaf ack g; ");
	return root;
}

static void
read_all(int fd)
{
	char c;

	while (recv(fd, &c, 1, MSG_DONTWAIT) == 1)
		;
	assert_int_equal(errno, EAGAIN);
}

/* vc.h: what waits for the slowest leaf, when it has gone, when it is old */
static void
told_of_roots(void **state)
{
	struct vc_user u;
	mtime_t later;
	int fds[2], i;
	struct vc *root = root_told(&u, fds);

	(void)state;
	for (i = 0; i < 3000 && vc_backlog(root) == 0; i++) {
		say(root, "x", 0);
		vc_flush(l);
		read_all(fds[1]);
	}
	assert_int_equal(vc_backlog(root), 1);
	story[0] = '\0';
	say(root, "y", 0);
	vc_flush(l);
	assert_int_equal(vc_backlog(root), 2);
	STORY("");
	read_all(fds[0]);
	turns();
	STORY("drained r; ");
	for (i = 0; i < 3000 && vc_backlog(root) == 0; i++) {
		say(root, "x", 0);
		vc_flush(l);
	}
	story[0] = '\0';
	later = loop.timers.now;
	later.us += VC_QUEUE_TIME + 1;
	timers_run(&loop.timers, later);
	say(root, "z", 0);
	STORY("");
	vc_flush(l);
	STORY("overflow r; ");
	assert_int_equal(vc_backlog(root), 1);
	/* without the leaf that is slow nobody waits */
	vc_pvc_remove(l,
	    &(struct atm_addr){
		.num_tl = NSAPA_LEN, .num = { 0x47, [18] = 2 } });
	read_all(fds[1]);
	vc_flush(l);
	turns();
	STORY("leaf drop f 27; drained r; ");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/*
 * vc.h: all circuits together have a bound, and one that is slow leaves the
 * last quarter to those with nothing waiting
 */
static void
circuits_bounded(void **state)
{
	static char a[] = "a", b[] = "b";
	struct vc_sdu *s = vc_sdu_new(NULL, VC_SDU_MAX);
	struct atm_addr two = addr(2), three = addr(3);
	const uint32_t each = VC_SDU_MAX + VC_SDU_KEPT;
	int fds[2] = { line(2), line(3) };
	struct vc *slow, *other;
	uint32_t n = 0;

	(void)state;
	slow = vc_call(l, &two, a);
	other = vc_call(l, &three, b);
	turns();
	while (vc_send(slow, vc_sdu_ref(s)) == 0)
		n++;
	assert_int_equal(n, VC_QUEUE_OCTETS / 4 * 3 / each);
	assert_int_equal(vc_send(other, vc_sdu_ref(s)), 0);
	assert_int_equal(vc_send(other, vc_sdu_ref(s)), -1);
	assert_int_equal(counter("sdus-dropped"), 2);
	vc_close(l);
	l = NULL;
	assert_int_equal(s->refs, 1);
	vc_sdu_free(s);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* vc.h: octets are counted for each leaf; one more is always good if idle */
static void
roots_bounded(void **state)
{
	struct vc_sdu *s = vc_sdu_new(NULL, VC_SDU_MAX);
	struct vc_user u;
	uint32_t n = 0;
	int fds[2];
	struct vc *root = root_told(&u, fds), *other = vc_multi(l, root_name);
	struct atm_addr two = addr(2);

	(void)state;
	assert_non_null(vc_multi_add(other, &two, name2));
	turns();
	while (vc_send(root, vc_sdu_ref(s)) == 0)
		n++;
	assert_int_equal(n, VC_COPIES_OCTETS /
	    (2 * (VC_SDU_MAX + VC_SDU_KEPT)));
	assert_int_equal(vc_backlog(root), n);
	assert_int_equal(counter("sdus-dropped"), 1);
	assert_int_equal(vc_send(other, vc_sdu_ref(s)), 0);
	assert_int_equal(vc_send(other, vc_sdu_ref(s)), -1);
	story[0] = '\0';
	vc_close(l);
	l = NULL;
	STORY("");
	assert_int_equal(s->refs, 1);
	vc_sdu_free(s);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#define SVC(f) cmocka_unit_test_setup_teardown(f, svc_setup, teardown)
#define PARTIES(f) \
	cmocka_unit_test_setup_teardown(f, parties_setup, teardown)
#define PVC(f) cmocka_unit_test_setup_teardown(f, pvc_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SVC(call),
		SVC(call_fails),
		SVC(abandoned),
		SVC(in_turn),
		SVC(multi),
		SVC(remote_call),
		SVC(too_many),
		SVC(listener_lost),
		SVC(paused_and_long),
		SVC(close_within),
		SVC(listing),
		PARTIES(parties_send),
		PARTIES(parties_held),
		PARTIES(parties_fail),
		PARTIES(parties_given_up),
		PARTIES(parties_lost),
		PARTIES(parties_confused),
		PARTIES(parties_unasked),
		PARTIES(parties_stuck),
		PARTIES(parties_no_root),
		PARTIES(parties_busy),
		PARTIES(parties_no_asking),
		PARTIES(parties_abandoned),
		PARTIES(parties_own_end),
		PARTIES(parties_left_first),
		PARTIES(parties_close),
		PVC(pvc_call),
		PVC(pvc_incoming),
		PVC(pvc_multi),
		PVC(pvc_lost),
		PVC(pvc_answers_first),
		PVC(told_of_roots),
		PVC(circuits_bounded),
		PVC(roots_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
