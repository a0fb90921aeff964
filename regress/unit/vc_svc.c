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
#include "vc_pvc.h"
#include "vc_svc.h"

#define LOG_MAX	1024

/* What has happened, as words; the tests compare them. */
static char		 story[LOG_MAX];
static struct loop	 loop;
static struct vc_link	*l;
static uint32_t		 asked_id;
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
	*caller = addr(7);
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
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK,
	    0, fds), 0);
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
	verdict = CAUSE_NONE;
	cannot_ask = close_in_sdu = offered_leaf = false;
	assert_int_equal(loop_init(&loop), 0);
}

static int
svc_setup(void **state)
{
	struct vc_svc_params p = { .max_circuits = 100, .open = src_open,
	    .accept = src_accept };
	struct atm_addr own = addr(1);

	(void)state;
	begin();
	pair(listener);
	l = vc_svc_open(loop.base, &loop.timers, listener[0], &own, &p, &user,
	    NULL);
	return l == NULL ? -1 : 0;
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
	assert_int_equal(vc_send(vc, sdu_new(text, strlen(text))), want);
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
	vc_svc_answer(l, asked_id, fds[0], CAUSE_NONE);
	return vc;
}

/* --- switched circuits */

/* every cell of the state table is written */
static void
table(void **state)
{
	int s, e;

	(void)state;
	for (s = 0; s < VC_ATM_STATE_MAX; s++)
		for (e = 0; e < VC_ATM_EVENT_MAX; e++)
			assert_true(vc_atm_cell((enum vc_atm_state)s,
			    (enum vc_atm_event)e));
}

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
	STORY("");		/* nothing goes up from within a call */
	turns();
	STORY("ask 2; ");
	say(vc, "early", -1);
	pair(fds);
	vc_svc_answer(l, asked_id, fds[0], CAUSE_NONE);
	STORY("ack c; ");
	say(vc, "hello", 0);
	turns();
	got(fds[1], "hello");
	put(fds[1], "one");
	put(fds[1], "two");
	turns();
	STORY("c: one; c: two; ");
	assert_true(atm_equal(vc_peer(vc), &to));
	assert_true(vc_knows_caller(vc));
	/* what was queued before the release still goes */
	say(vc, "bye", 0);
	vc_release(vc, CAUSE_NORMAL);
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
	vc_svc_answer(l, asked_id, -1, CAUSE_OUT_OF_ORDER);
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
	vc_release(vc, CAUSE_NORMAL);
	turns();
	STORY("");
	vc = vc_call(l, &to, a);
	turns();
	STORY("ask 2; ");
	vc_release(vc, CAUSE_NORMAL);
	turns();
	pair(fds);
	vc_svc_answer(l, asked_id, fds[0], CAUSE_NONE);
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
	vc_svc_answer(l, asked_id, -1, CAUSE_REJECTED);
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
	vc_svc_answer(l, asked_id, a[0], CAUSE_NONE);
	assert_non_null(vc_multi_add(vc, &to3, three));
	turns();
	pair(b);
	vc_svc_answer(l, asked_id, b[0], CAUSE_NONE);
	assert_non_null(vc_multi_add(vc, &to4, four));
	turns();
	vc_svc_answer(l, asked_id, -1, CAUSE_UNALLOCATED);
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
	vc_release(vc, CAUSE_NORMAL);
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
	verdict = CAUSE_REJECTED;
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
	struct vc_svc_params p = { .max_circuits = 0, .open = src_open,
	    .accept = src_accept };
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
	vc_svc_answer(l, 0, next[0], CAUSE_NONE);
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
	assert_int_equal(vc_send(vc, sdu_new(NULL, sizeof(big))), -1);
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
	assert_true(atm_equal(&info.peer, &to));
	assert_false(vc_circuit(l, &cursor, &info));
	vc_release(root, CAUSE_NORMAL);
	(void)close(fd);
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
	vc_release(offered_vc, CAUSE_NORMAL);
	verdict = CAUSE_REJECTED;
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

#define SVC(f) cmocka_unit_test_setup_teardown(f, svc_setup, teardown)
#define PVC(f) cmocka_unit_test_setup_teardown(f, pvc_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		SVC(call), SVC(call_fails), SVC(abandoned), SVC(in_turn),
		SVC(multi), SVC(remote_call), SVC(too_many),
		SVC(listener_lost), SVC(paused_and_long), SVC(close_within),
		SVC(listing),
		PVC(pvc_call), PVC(pvc_incoming), PVC(pvc_multi),
		PVC(pvc_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
