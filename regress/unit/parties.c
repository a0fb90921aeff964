/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Who adds parties: the parent's side against a process that is played here,
 * and the process against a call that is played here, since it takes an ATM
 * stack and a signalling daemon to add any.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/atm.h>
#include <linux/atmdev.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "log.h"
#include "parent/parent.h"
#include "vc.h"

#define TURNS	8

static struct parent	 p;
static struct channel	 marsd;		/* its end */
static char		 story[256];
static int		 maker;		/* the end of who makes processes */

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

/* --- the parent's side */

static void
on_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	size_t len = strlen(story);
	struct atm_addr local;
	uint32_t id, ref;
	uint8_t what;

	(void)arg;
	assert_int_equal(type, IMSG_ATM_PARTY_RES);
	assert_int_equal(fd, -1);
	id = rd_u32(r);
	what = rd_u8(r);
	ref = rd_u32(r);
	(void)rd_atm_addr(r, &local);
	assert_int_equal(local.num[18], 1);
	(void)snprintf(story + len, sizeof(story) - len,
	    "root %u: %s %u cause %u; ", id,
	    what == ATM_PARTY_ADD      ? "add" :
	    what == ATM_PARTY_DROP ? "drop" :
	    what == ATM_PARTY_LEFT ? "left" :
	    "stuck",
	    ref, rd_u16(r));
	assert_true(rd_done(r));
}

static void
on_closed(void *arg)
{
	(void)arg;
	fail();
}

static void
turns(void)
{
	int i;

	for (i = 0; i < TURNS; i++)
		(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
}

static int
setup(void **state)
{
	struct parent_child *c = &p.children[PARENT_MARSD];
	int sv[2];

	(void)state;
	memset(&p, 0, sizeof(p));
	story[0] = '\0';
	log_init("regress", true);
	p.base = event_base_new();
	p.parties_wait = 1000;
	c->parent = &p;
	c->id = PARENT_MARSD;
	c->name = "marsd";
	LIST_INIT(&c->roots);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) == -1)
		return -1;
	p.parties_fd = sv[0];
	maker = sv[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == -1)
		return -1;
	return channel_open(&c->ch, p.base, sv[0], true, IMSG_PARENT_MAX,
	    "marsd", parent_message, on_closed, c) == -1 ||
	    channel_open(&marsd, p.base, sv[1], true, IMSG_PARENT_MAX, "mars",
	    on_message, on_closed, NULL) == -1;
}

static int
teardown(void **state)
{
	(void)state;
	parent_roots_end(&p.children[PARENT_MARSD]);
	assert_int_equal(p.children[PARENT_MARSD].nroots, 0);
	channel_close(&p.children[PARENT_MARSD].ch);
	channel_close(&marsd);
	parent_parties_end(&p);
	(void)close(maker);
	event_base_free(p.base);
	return 0;
}

/* What the maker is sent: one octet and the two descriptors. */
static void
made(int fds[2])
{
	char control[CMSG_SPACE(2 * sizeof(int))], c;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	assert_int_equal(recvmsg(maker, &m, MSG_DONTWAIT), 1);
	assert_int_equal(
	    CMSG_FIRSTHDR(&m)->cmsg_len, CMSG_LEN(2 * sizeof(int)));
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), 2 * sizeof(int));
}

/* Root 5, whose process is we. */
static int
root(void)
{
	struct atm_addr own = addr(1);
	int call[2], fds[2];
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, call), 0);
	assert_true(
	    parent_parties_root(&p.children[PARENT_MARSD], 5, &own, call[0]));
	(void)close(call[0]);
	made(fds);
	/* what it has is the call, even though the parent has it no more */
	assert_int_equal(send(fds[0], "x", 1, 0), 1);
	assert_int_equal(recv(call[1], &c, 1, MSG_DONTWAIT), 1);
	(void)close(call[1]);
	(void)close(fds[0]);
	return fds[1];
}

static void
ask(uint8_t what, uint32_t id, uint32_t ref, uint8_t to)
{
	struct atm_addr own = addr(1), peer = addr(to), none = { 0 };
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, id);
	wr_u8(&w, what);
	wr_u32(&w, ref);
	wr_atm_addr(&w, &own);
	wr_atm_addr(&w, to == 0 ? &none : &peer);
	assert_int_equal(
	    channel_send(&marsd, IMSG_ATM_PARTY, -1, buf, w.len), 0);
	turns();
}

/* ATM_PARTY_*, reference, address */
static void
asked(int fd, uint8_t what, uint8_t ref, uint8_t to)
{
	uint8_t buf[64];

	assert_int_equal(
	    recv(fd, buf, sizeof(buf), MSG_DONTWAIT), PARTY_REQUEST);
	assert_int_equal(buf[0], what);
	assert_int_equal(buf[4], ref);
	/* type and length of number and subaddress before the number */
	assert_int_equal(buf[PARTY_REQUEST - 40 + 18], to);
}

static void
say(int fd, uint8_t what, uint8_t ref, uint8_t cause)
{
	const uint8_t octets[7] = { what, 0, 0, 0, ref, 0, cause };

	assert_int_equal(send(fd, octets, sizeof(octets), 0), sizeof(octets));
	turns();
}

static bool
over(int fd)
{
	char c;
	bool end = recv(fd, &c, 1, MSG_DONTWAIT) == 0;

	(void)close(fd);
	return end;
}

/* asked for, answered, and what happens by itself */
static void
request_and_answer_are_relayed(void **state)
{
	int fd = root();

	(void)state;
	ask(ATM_PARTY_ADD, 5, 0, 9);
	asked(fd, ATM_PARTY_ADD, 0, 9);
	STORY("");
	say(fd, ATM_PARTY_LEFT, 3, 16);
	STORY("root 5: left 3 cause 16; ");
	say(fd, ATM_PARTY_ADD, 4, 0);
	STORY("root 5: add 4 cause 0; ");
	ask(ATM_PARTY_DROP, 5, 4, 0);
	asked(fd, ATM_PARTY_DROP, 4, 0);
	say(fd, ATM_PARTY_DROP, 0, 0);
	STORY("root 5: drop 0 cause 0; ");
	ask(ATM_PARTY_END, 5, 0, 0);
	assert_int_equal(p.children[PARENT_MARSD].nroots, 0);
	assert_true(over(fd));
	/* of one that has ended, nothing is said */
	ask(ATM_PARTY_ADD, 5, 0, 9);
	STORY("");
}

/* what marsd may not ask for */
static void
what_marsd_may_not_ask_is_ignored(void **state)
{
	struct atm_addr own = addr(1);
	int fd = root();
	char c;

	(void)state;
	assert_false(
	    parent_parties_root(&p.children[PARENT_MARSD], 5, &own, maker));
	ask(ATM_PARTY_ADD, 5, 0, 0); /* nobody */
	ask(ATM_PARTY_DROP, 5, 1, 9); /* somebody */
	ask(ATM_PARTY_LEFT, 5, 1, 0);
	ask(ATM_PARTY_STUCK, 5, 0, 0);
	ask(0, 5, 0, 0);
	ask(ATM_PARTY_ADD, 6, 0, 9); /* no such root */
	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	ask(ATM_PARTY_ADD, 5, 0, 9);
	asked(fd, ATM_PARTY_ADD, 0, 9);
	ask(ATM_PARTY_ADD, 5, 0, 9); /* two at once */
	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	STORY("");
	(void)close(fd);
}

/* no answer: marsd is told, and there are no roots from then on */
static void
no_answer_in_time_ends_native_parties(void **state)
{
	struct atm_addr own = addr(1);
	int fd = root();

	(void)state;
	p.parties_wait = 0;
	assert_true(parent_parties_ready(&p));
	ask(ATM_PARTY_ADD, 5, 0, 9);
	STORY("root 5: stuck 0 cause 41; ");
	assert_int_equal(p.children[PARENT_MARSD].nroots, 0);
	assert_false(parent_parties_ready(&p));
	assert_false(
	    parent_parties_root(&p.children[PARENT_MARSD], 7, &own, maker));
	asked(fd, ATM_PARTY_ADD, 0, 9);
	assert_true(over(fd));
}

/*
 * A root that ends while its process waits for the daemon: it counts until
 * that is over, and marsd hears no more of it.
 */
static void
root_that_ended_counts_until_answered(void **state)
{
	struct atm_addr own = addr(1);
	int fd = root();

	(void)state;
	ask(ATM_PARTY_ADD, 5, 0, 9);
	ask(ATM_PARTY_END, 5, 0, 0);
	asked(fd, ATM_PARTY_ADD, 0, 9);
	assert_int_equal(p.children[PARENT_MARSD].nroots, 1);
	say(fd, ATM_PARTY_LEFT, 3, 16);
	assert_int_equal(p.children[PARENT_MARSD].nroots, 1);
	say(fd, ATM_PARTY_ADD, 4, 0);
	assert_int_equal(p.children[PARENT_MARSD].nroots, 0);
	assert_true(over(fd));
	STORY("");
	/* and where that never comes there are no parties any more */
	fd = root();
	p.parties_wait = 0;
	ask(ATM_PARTY_ADD, 5, 0, 9);
	STORY("root 5: stuck 0 cause 41; ");
	p.parties_stuck = false;
	(void)close(fd);
	fd = root();
	p.parties_wait = 1;
	ask(ATM_PARTY_ADD, 5, 0, 9);
	ask(ATM_PARTY_END, 5, 0, 0);
	assert_true(parent_parties_ready(&p));
	while (p.children[PARENT_MARSD].nroots != 0)
		(void)event_base_loop(p.base, EVLOOP_ONCE);
	STORY("");
	assert_false(parent_parties_ready(&p));
	assert_false(
	    parent_parties_root(&p.children[PARENT_MARSD], 7, &own, maker));
	(void)close(fd);
}

/* it has ended, or says what it was not asked */
static void
process_that_fails_ends_native_parties(void **state)
{
	int fd = root();

	(void)state;
	(void)close(fd);
	turns();
	STORY("root 5: stuck 0 cause 41; ");
	p.parties_stuck = false;
	fd = root();
	say(fd, ATM_PARTY_ADD, 1, 0);
	STORY("root 5: stuck 0 cause 41; ");
	assert_true(over(fd));
	p.parties_stuck = false;
	fd = root();
	say(fd, 0, 1, 0);
	STORY("root 5: stuck 0 cause 41; ");
	assert_true(over(fd));
}

/* who makes the processes has gone */
static void
no_root_without_the_maker(void **state)
{
	struct atm_addr own = addr(1);

	(void)state;
	(void)close(maker);
	maker = -1;
	assert_false(parent_parties_root(
	    &p.children[PARENT_MARSD], 5, &own, STDIN_FILENO));
	assert_int_equal(p.children[PARENT_MARSD].nroots, 0);
}

/* --- the process */

static int	pending;		/* what SO_ERROR will show */

/*
 * The network has addresses below 100, which get the reference 200 more;
 * after 50 has been added it says that 207 has left.
 */
int
ioctl(int fd, unsigned long request, ...)
{
	const struct sockaddr_atmsvc *sa;
	va_list ap;
	int n;

	(void)fd;
	va_start(ap, request);
	sa = va_arg(ap, const void *);
	va_end(ap);
	if (request == ATM_DROPPARTY) {
		memcpy(&n, sa, sizeof(n));
		if (n == 206)
			return 208; /* who has left meanwhile */
		pending = n; /* who is dropped is named once more */
		return n;
	}
	n = sa->sas_addr.prv[18];
	if (n == 0)
		return 0; /* the daemon has ended */
	if (n >= 100) {
		errno = EHOSTUNREACH;
		return -1;
	}
	if (n == 50)
		pending = -207;
	return 200 + n;
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	(void)fd;
	assert_int_equal(level, SOL_SOCKET);
	assert_int_equal(option, SO_ERROR);
	assert_int_equal(*len, sizeof(int));
	memcpy(value, &pending, sizeof(int));
	pending = 0;
	return 0;
}

static pid_t	pid;
static int	ctl, call;

static int
process_setup(void **state)
{
	int a[2], b[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, a) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, b) == -1)
		return -1;
	(void)fflush(NULL);
	if ((pid = fork()) == -1)
		return -1;
	if (pid == 0) {
		(void)close(a[0]);
		(void)close(b[0]);
		parent_party_serve(a[1], b[1]);
	}
	(void)close(a[1]);
	(void)close(b[1]);
	call = a[0];
	ctl = b[0];
	return 0;
}

/* it ends with who asks */
static int
process_teardown(void **state)
{
	int status;

	(void)state;
	(void)close(ctl);
	(void)close(call);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}

static void
request(uint8_t what, uint8_t ref, uint8_t to)
{
	struct atm_addr a = addr(to);
	uint8_t buf[PARTY_REQUEST];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, what);
	wr_u32(&w, ref);
	wr_atm_addr(&w, &a);
	assert_int_equal(w.len, PARTY_REQUEST);
	assert_int_equal(send(ctl, buf, w.len, 0), (ssize_t)w.len);
}

static void
hears(uint8_t what, uint8_t ref, uint8_t cause)
{
	const uint8_t octets[7] = { what, 0, 0, 0, ref, 0, cause };
	uint8_t buf[16];

	assert_int_equal(recv(ctl, buf, sizeof(buf), 0), sizeof(octets));
	assert_memory_equal(buf, octets, sizeof(octets));
}

static void
adds_and_tells_the_cause(void **state)
{
	(void)state;
	request(ATM_PARTY_ADD, 0, 5);
	hears(ATM_PARTY_ADD, 205, 0);
	request(ATM_PARTY_ADD, 0, 100);
	hears(ATM_PARTY_ADD, 0, VC_CAUSE_OUT_OF_ORDER);
	request(ATM_PARTY_ADD, 0, 0);
	hears(ATM_PARTY_ADD, 0, VC_CAUSE_TEMPORARY);
}

/* whatever the sign that the system has for it */
static void
party_that_left_is_told(void **state)
{
	(void)state;
	request(ATM_PARTY_ADD, 0, 50);
	hears(ATM_PARTY_ADD, 250, 0);
	hears(ATM_PARTY_LEFT, 207, VC_CAUSE_NORMAL);
	request(ATM_PARTY_DROP, 205, 0);
	hears(ATM_PARTY_DROP, 0, 0);
	hears(ATM_PARTY_LEFT, 205, VC_CAUSE_NORMAL);
	request(ATM_PARTY_DROP, 206, 0);
	hears(ATM_PARTY_DROP, 208, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define P(f) cmocka_unit_test_setup_teardown(f, process_setup, \
	process_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(request_and_answer_are_relayed),
		T(what_marsd_may_not_ask_is_ignored),
		T(no_answer_in_time_ends_native_parties),
		T(root_that_ended_counts_until_answered),
		T(process_that_fails_ends_native_parties),
		T(no_root_without_the_maker),
		P(adds_and_tells_the_cause),
		P(party_that_left_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
