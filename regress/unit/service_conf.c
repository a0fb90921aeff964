/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A child of mars(8) from start to end, with an owner of the test's own in
 * the place of a core: the test is its parent and its sibling.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "endpoint.h"
#include "ipc.h"
#include "service.h"
#include "vc_udp.h"

#define BASE_PORT	29022
#define SEEN_MAX	64

/* keys by which the owner tells what it was asked for */
#define KEY_CONFIGURE	1
#define KEY_ATTACH	2
#define KEY_DETACH	3
#define KEY_SHUTDOWN	4
#define KEY_ECHO	5
#define KEY_FLOOD	6
#define KEY_CONGESTED	7
#define KEY_RELIEVED	8
#define EACH		80	/* octets, and some more */
#define FLOOD		(8 * SIBLING_HIGH * REPLICA_MAX / EACH)

/* --- the child: says everything to its sibling */

static struct service service;

static uint16_t
refuse(void *arg, struct vc *vc, const struct atm_addr *caller, bool leaf,
    void **cookie)
{
	(void)arg;
	(void)vc;
	(void)caller;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_REJECTED;
}

static const struct vc_user nobody = { .remote_call = refuse };

static void
say(uint32_t key)
{
	static const uint8_t data[EACH];
	const struct replica_msg m = { .key = key,
		.data = data,
		.len = sizeof(data) };

	service_replicate(&service, IMSG_CSA_PUBLISH, &m);
}

static int
owner_configure(void *arg, struct conf *c)
{
	(void)arg;
	(void)c;
	if (!TAILQ_EMPTY(&c->clusters) &&
	    strcmp(TAILQ_FIRST(&c->clusters)->name, "refused") == 0)
		return -1;
	say(KEY_CONFIGURE);
	return 0;
}

static bool
owner_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	const struct conf_listen *l;
	struct endpoint e;

	if (!conf_has_endpoint(
	    c, ENDPOINT_MARSD, transport, local, peer, &e))
		return false;
	TAILQ_FOREACH(l, &c->listens, entry)
		if (atm_addr_equal(&l->addr, local)) {
			u->name = "owner";
			u->user = &nobody;
			u->arg = arg;
			return true;
		}
	return false;
}

static void
owner_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	(void)arg;
	(void)u;
	(void)link;
	say(KEY_ATTACH);
}

static void
owner_detach(void *arg, struct vc_link *link)
{
	(void)arg;
	(void)link;
	say(KEY_DETACH);
}

/* Something to say once a second, whenever the sibling is looked at. */
static struct timer beat;

static void
on_beat(void *arg)
{
	(void)arg;
	say(KEY_ECHO);
	timer_set(&service.loop.timers, &beat, MTIME_SEC(1));
}

static void
begin_beat(void)
{
	struct timers *ts = &service.loop.timers;

	timer_init(&beat, on_beat, NULL);
	timer_set(ts, &beat, service.sibling_look.due.us - ts->now.us - 1);
}

static bool
owner_replica(void *arg, uint32_t type, const struct replica_msg *m)
{
	int i;

	(void)arg;
	if (type == IMSG_CSA_GONE && m->key == 7)
		say(KEY_ECHO);
	if (type == IMSG_CSA_GONE && m->key == 10)
		begin_beat();
	if (type == IMSG_CSA_GONE && m->key == 8) {
		say(service_congested(&service) ? KEY_CONGESTED : KEY_RELIEVED);
		for (i = 0; i < FLOOD; i++)
			say(KEY_FLOOD);
		say(service_congested(&service) ? KEY_CONGESTED : KEY_RELIEVED);
	}
	if (type == IMSG_CSA_GONE && m->key == 9)
		say(service_congested(&service) ? KEY_CONGESTED : KEY_RELIEVED);
	return replica_from(type, false);
}

static void
owner_shutdown(void *arg)
{
	(void)arg;
	say(KEY_SHUTDOWN);
}

static void
owner_destroy(void *arg)
{
	(void)arg;
}

static const struct service_hooks hooks = {
	.name = "owner",
	.sibling = "sibling",
	.role = SANDBOX_MARSD,
	.configure = owner_configure,
	.whose = owner_whose,
	.attach = owner_attach,
	.detach = owner_detach,
	.replica = owner_replica,
	.shutdown = owner_shutdown,
	.destroy = owner_destroy,
};

/* --- the test: parent and sibling */

struct end {
	struct channel	ch;
	uint32_t	types[SEEN_MAX];	/* the last ones */
	uint32_t	keys[SEEN_MAX];	/* of PUBLISH */
	char		state[SANDBOX_STRLEN];	/* of READY */
	char		line[1024];		/* the last of LOG */
	size_t		nlines;
	char		why[1024];		/* of CONF_DONE */
	uint32_t	pong;
	size_t		n;
	bool		closed;
};

static struct fixture {
	struct event_base *base;
	struct end	parent, sibling;
	int		sibling_theirs, control;
	pid_t		pid;
	int		status;
} f;

static void
heard(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct end *e = arg;
	struct replica_msg m;

	assert_int_equal(fd, -1);
	if (type == IMSG_LOG) {
		assert_true(rd_u8(r) <= LOG_DEBUG);
		assert_true(rd_string(r, e->line, sizeof(e->line)));
		assert_true(rd_done(r));
		e->nlines++;
		return;
	}
	if (type == IMSG_CONF_DONE) {
		assert_true(rd_string(r, e->why, sizeof(e->why)));
		assert_true(rd_done(r));
	}
	if (type == IMSG_PONG)
		e->pong = rd_u32(r);
	if (type == IMSG_REPLICA) {
		for (; r->left != 0; e->types[e->n++ % SEEN_MAX] = type) {
			assert_true(replica_next(&m, &type, r));
			e->keys[e->n % SEEN_MAX] = m.key;
		}
		return;
	}
	if (type == IMSG_READY) {
		assert_true(rd_string(r, e->state, sizeof(e->state)));
		assert_true(rd_done(r));
	}
	e->types[e->n++ % SEEN_MAX] = type;
}

static void
gone(void *arg)
{
	struct end *e = arg;

	e->closed = true;
	channel_close(&e->ch);
}

static void
pair(int fds[2])
{
	assert_int_equal(
	    socketpair(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
	    0);
}

/* A listening socket that needs no name in the file system. */
static int
listening(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&sun, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void
child(int fd)
{
	static char name[] = "owner", debug[] = "-d";
	char *argv[] = { name, debug, NULL };

	/* what the child says when it is made to fail is none of the log's */
	(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	if (fd == CHILD_FD)
		(void)fcntl(fd, F_SETFD, 0);
	else
		(void)dup2(fd, CHILD_FD);
	optind = 1;
	exit(service_main(&service, &hooks, &service, 2, argv));
}

static int
setup(void **unused)
{
	int up[2], across[2];

	(void)unused;
	memset(&f, 0, sizeof(f));
	alarm(20); /* a test that hangs has failed */
	pair(up);
	pair(across);
	fflush(NULL);
	assert_int_not_equal(f.pid = fork(), -1);
	if (f.pid == 0)
		child(up[1]);
	(void)close(up[1]);
	f.sibling_theirs = across[1];
	f.control = listening();
	f.base = event_base_new();
	assert_non_null(f.base);
	assert_int_equal(channel_open(&f.parent.ch, f.base, up[0], true, 16000,
	    "owner", heard, gone, &f.parent),
	    0);
	assert_int_equal(channel_open(&f.sibling.ch, f.base, across[0], false,
	    REPLICA_MAX, "owner", heard, gone, &f.sibling),
	    0);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	if (f.pid > 0) {
		(void)kill(f.pid, SIGKILL);
		(void)waitpid(f.pid, &f.status, 0);
	}
	if (!f.parent.closed)
		channel_close(&f.parent.ch);
	if (!f.sibling.closed)
		channel_close(&f.sibling.ch);
	if (f.sibling_theirs != -1)
		(void)close(f.sibling_theirs);
	if (f.control != -1)
		(void)close(f.control);
	event_base_free(f.base);
	alarm(0);
	return 0;
}

static void
send_octets(uint32_t type, int fd, const void *data, size_t len)
{
	assert_int_equal(channel_send(&f.parent.ch, type, fd, data, len), 0);
}

static struct atm_addr
local(uint8_t last)
{
	const uint8_t ip[4] = { 127, 0, 0, last };
	struct atm_addr a;

	atm_addr_from_ip(&a, false, ip, 0);
	return a;
}

static void
send_setup(void)
{
	uint8_t buf[64];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, 0);
	wr_string(&w, "_owner");
	wr_u32(&w, 0);
	send_octets(IMSG_SETUP, -1, buf, w.len);
}

/* The descriptors that come once. */
static void
send_start(void)
{
	send_setup();
	send_octets(IMSG_SIBLING, f.sibling_theirs, NULL, 0);
	f.sibling_theirs = -1;
	send_octets(IMSG_CONTROL, f.control, NULL, 0);
	f.control = -1;
}

static void
send_listen(uint8_t last)
{
	struct atm_addr a = local(last);
	static const struct atm_addr none;
	uint8_t buf[128];
	struct wr w;
	int fd = vc_udp_socket(&a, BASE_PORT);

	assert_int_not_equal(fd, -1);
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, CONF_LISTEN_UDP);
	wr_atm_addr(&w, &a);
	wr_atm_addr(&w, &none);
	wr_u16(&w, 1500);
	send_octets(IMSG_LISTEN, fd, buf, w.len);
}

/* A configuration that listens on 127.0.0.LAST, in pieces of seven octets. */
static void
send_named(uint8_t last, bool new, const char *name)
{
	static uint8_t buf[8192];
	struct conf *c = conf_new();
	struct conf_listen *l = calloc(1, sizeof(*l));
	uint8_t head[4];
	struct wr w, h;
	size_t at, n;

	assert_non_null(c);
	assert_non_null(l);
	l->transport = CONF_LISTEN_UDP;
	l->addr = local(last);
	TAILQ_INSERT_TAIL(&c->listens, l, entry);
	conf_cluster_new(c, name)->addr = l->addr;
	c->base_port = BASE_PORT;
	wr_init(&w, buf, sizeof(buf));
	conf_write(&w, c, CONF_FOR_MARSD);
	assert_false(wr_failed(&w));
	conf_free(c);
	wr_init(&h, head, sizeof(head));
	wr_u32(&h, (uint32_t)w.len);
	send_octets(IMSG_CONF_BEGIN, -1, head, 4);
	for (at = 0; at < w.len; at += n) {
		n = w.len - at < 7 ? w.len - at : 7;
		send_octets(IMSG_CONF_DATA, -1, buf + at, n);
	}
	if (new)
		send_listen(last);
	send_octets(IMSG_CONF_END, -1, NULL, 0);
}

static void
send_conf(uint8_t last, bool new)
{
	send_named(last, new, "a");
}

/* Turns until that end has heard n messages, or is closed. */
static void
await(struct end *e, size_t n)
{
	while (e->n < n && !e->closed)
		assert_int_not_equal(event_base_loop(f.base, EVLOOP_ONCE), -1);
}

/* Turns until the child has closed everything; how it ended. */
static int
ended(void)
{
	await(&f.parent, SIZE_MAX);
	if (!f.sibling.closed && f.sibling_theirs == -1)
		await(&f.sibling, SIZE_MAX);
	assert_int_equal(waitpid(f.pid, &f.status, 0), f.pid);
	f.pid = 0;
	assert_true(WIFEXITED(f.status));
	return WEXITSTATUS(f.status);
}

static void
serve(void)
{
	send_start();
	send_conf(91, true);
	await(&f.parent, 2);
	assert_int_equal(f.parent.n, 2);
	assert_int_equal(f.parent.types[0], IMSG_READY);
	assert_int_equal(f.parent.types[1], IMSG_CONF_DONE);
	/* what the owner said when it was configured is not lost */
	await(&f.sibling, 2);
	assert_int_equal(f.sibling.keys[0], KEY_CONFIGURE);
	assert_int_equal(f.sibling.keys[1], KEY_ATTACH);
	f.sibling.n = 0;
}

/* Confined, it says how, and that the configuration is in force. */
static void
says_how_it_is_confined(void **unused)
{
	(void)unused;
	serve();
#ifdef SANITIZE_BUILD
	assert_string_equal(f.parent.state, "off (sanitizer build)");
#else
	assert_memory_equal(f.parent.state, "seccomp", 7);
#endif
}

static void
send_gone(uint8_t key)
{
	const uint8_t octets[] = { 0, IMSG_CSA_GONE, 0, 10, 0, 1, 192, 0, 2, 1,
		0, 0, 0, key };

	assert_int_equal(channel_send(&f.sibling.ch, IMSG_REPLICA, -1, octets,
	    sizeof(octets)),
	    0);
}

static void
answers_the_sibling(void **unused)
{
	(void)unused;
	serve();
	send_gone(7);
	await(&f.sibling, 1);
	assert_int_equal(f.sibling.keys[0], KEY_ECHO);
}

/* A socket of 127.0.0.1 that talks to the link of 127.0.0.91. */
static int
caller(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	sin.sin_addr.s_addr = htonl(0x7f000001);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	sin.sin_addr.s_addr = htonl(0x7f00005b);
	sin.sin_port = htons(BASE_PORT);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

#define SETUP_LEN	64
#define SETUP	{ 0x11, [19] = 7, 0x23, 0xe4, 10, 0, \
	0x35, 0, 1, 127, 0, 0, 1, [44] = 0x35, 0, 1, 127, 0, 0, 91 }

/*
 * NVC works under the sandbox, its token's HMAC included: a call gets a
 * RETRY, and with the token what the owner says to it (nvc.md rule 1).
 */
static void
calls_work_under_the_sandbox(void **unused)
{
	uint8_t call[SETUP_LEN + 32] = SETUP, in[128];
	size_t len = SETUP_LEN;
	ssize_t n;
	int fd;

	(void)unused;
	serve();
	fd = caller();
	assert_int_equal(send(fd, call, len, 0), len);
	n = recv(fd, in, sizeof(in), 0);
	assert_true(n >= 12 + 8 && n <= 12 + 32);
	assert_int_equal(in[0], 0x12); /* RETRY */
	call[23] = (uint8_t)(n - 12);
	memcpy(call + len, in + 12, (size_t)n - 12);
	len += (size_t)n - 12;
	assert_int_equal(send(fd, call, len, 0), len);
	n = recv(fd, in, sizeof(in), 0);
	assert_true(n >= 12);
	assert_int_equal(in[0], 0x14); /* RELEASE */
	assert_int_equal(in[3], 21); /* call rejected */
	(void)close(fd);
}

/* The child has come round: it has read what was there to be read before. */
static void
come_round(void)
{
	size_t n = f.parent.n;

	send_conf(91, false);
	while (f.parent.n == n)
		assert_int_not_equal(event_base_loop(f.base, EVLOOP_ONCE), -1);
}

/* Is it among the last that came?  What came beside them moves it a little. */
static bool
was_said(const struct end *e, uint32_t key)
{
	size_t i;

	for (i = 0; i < SEEN_MAX; i++)
		if (e->keys[i] == key)
			return true;
	return false;
}

/*
 * A sibling that does not read is congestion, of which the owner is told; the
 * network is read and answered all the same (issue 16).
 */
static void
network_is_answered_while_the_sibling_is_slow(void **unused)
{
	const uint8_t call[SETUP_LEN] = SETUP;
	uint8_t in[128];
	int fd;

	(void)unused;
	serve();
	fd = caller();
	send_gone(8);
	assert_int_equal(channel_flush(&f.sibling.ch), 0);
	(void)event_del(&f.sibling.ch.ev); /* reads nothing */
	come_round();
	come_round();
	assert_int_equal(send(fd, call, SETUP_LEN, 0), SETUP_LEN);
	assert_true(recv(fd, in, sizeof(in), 0) > 0);
	assert_int_equal(in[0], 0x12); /* RETRY */
	assert_int_equal(event_add(&f.sibling.ch.ev, NULL), 0);
	/* with what it says about itself before and after the flood */
	await(&f.sibling, 4 + FLOOD);
	assert_true(was_said(&f.sibling, KEY_CONGESTED));
	send_gone(9);
	await(&f.sibling, 5 + FLOOD);
	assert_int_equal(
	    f.sibling.keys[(f.sibling.n - 1) % SEEN_MAX], KEY_RELIEVED);
	(void)close(fd);
}

/* One that never reads is named, and the suite ends (issue 16). */
static void
gives_up_a_sibling_that_never_reads(void **unused)
{
	(void)unused;
	serve();
	send_gone(8);
	assert_int_equal(channel_flush(&f.sibling.ch), 0);
	(void)event_del(&f.sibling.ch.ev);
	f.sibling.closed = true;
	assert_int_equal(ended(), 1);
	assert_non_null(strstr(f.parent.line, "sibling has read nothing for"));
	channel_close(&f.sibling.ch);
}

/* One that reads all that it is told in time is not, whenever that is told. */
static void
keeps_a_sibling_that_reads(void **unused)
{
	(void)unused;
	serve();
	send_gone(10);
	await(&f.sibling, SIBLING_WAIT + 3);
	assert_false(f.sibling.closed);
	send_gone(7);
	await(&f.sibling, SIBLING_WAIT + 4);
	assert_false(f.sibling.closed);
}

/* What it could not do it says, and the old configuration goes on. */
static void
says_why_it_is_not_configured(void **unused)
{
	(void)unused;
	serve();
	assert_string_equal(f.parent.why, "");
	send_named(92, true, "refused");
	await(&f.parent, 3);
	assert_int_equal(f.parent.types[2], IMSG_CONF_DONE);
	assert_non_null(strstr(f.parent.why, "no memory"));
	/* the socket that came with it is closed, and may come again */
	send_conf(92, true);
	await(&f.parent, 4);
	assert_string_equal(f.parent.why, "");
	await(&f.sibling, 3);
	assert_int_equal(f.sibling.keys[0], KEY_CONFIGURE);
	assert_int_equal(f.sibling.keys[1], KEY_ATTACH);
	assert_int_equal(f.sibling.keys[2], KEY_DETACH);
}

static void
answers_a_ping(void **unused)
{
	const uint8_t number[4] = { 1, 2, 3, 4 };

	(void)unused;
	serve();
	send_octets(IMSG_PING, -1, number, sizeof(number));
	await(&f.parent, 3);
	assert_int_equal(f.parent.types[2], IMSG_PONG);
	assert_int_equal(f.parent.pong, 0x01020304);
}

/* A reload: the new link before the old one goes, and the answer. */
static void
opens_the_new_link_before_closing_the_old(void **unused)
{
	(void)unused;
	serve();
	send_conf(92, true);
	await(&f.parent, 3);
	assert_int_equal(f.parent.types[2], IMSG_CONF_DONE);
	await(&f.sibling, 3);
	assert_int_equal(f.sibling.keys[0], KEY_CONFIGURE);
	assert_int_equal(f.sibling.keys[1], KEY_ATTACH);
	assert_int_equal(f.sibling.keys[2], KEY_DETACH);
	/* the address is free again */
	send_conf(91, true);
	await(&f.sibling, 6);
	/* nothing changes: no socket comes, no link goes */
	send_conf(91, false);
	await(&f.parent, 5);
	await(&f.sibling, 7);
	assert_int_equal(f.sibling.keys[6], KEY_CONFIGURE);
	assert_int_equal(f.sibling.n, 7);
}

static void
sigterm_ends_after_last_words(void **unused)
{
	(void)unused;
	serve();
	assert_int_equal(kill(f.pid, SIGTERM), 0);
	assert_int_equal(ended(), 0);
	assert_int_equal(f.sibling.n, 1);
	assert_int_equal(f.sibling.keys[0], KEY_SHUTDOWN);
}

static void
ends_when_the_parent_has_gone(void **unused)
{
	(void)unused;
	serve();
	gone(&f.parent);
	assert_int_equal(ended(), 0);
	assert_int_equal(f.sibling.keys[0], KEY_SHUTDOWN);
}

/* The interrupt key reaches every process: only mars(8) acts on it. */
static void
interrupt_key_is_for_the_parent(void **unused)
{
	(void)unused;
	serve();
	assert_int_equal(kill(f.pid, SIGINT), 0);
	send_conf(91, false);
	await(&f.parent, 3);
	assert_int_equal(f.parent.n, 3);
}

static void
fails_when_the_sibling_has_died(void **unused)
{
	(void)unused;
	serve();
	gone(&f.sibling);
	assert_int_equal(ended(), 1);
}

/* The sibling was told first to end: that is no failure. */
static void
sibling_may_end_first(void **unused)
{
	(void)unused;
	serve();
	gone(&f.sibling);
	assert_int_equal(kill(f.pid, SIGTERM), 0);
	assert_int_equal(ended(), 0);
}

/* What one's own processes never say is the end: 1, and not a crash. */
static void
conf_before_its_descriptors_ends_it(void **unused)
{
	(void)unused;
	send_setup();
	send_conf(91, false);
	assert_int_equal(ended(), 1);
}

static void
setup_while_serving_ends_it(void **unused)
{
	(void)unused;
	serve();
	send_setup();
	assert_int_equal(ended(), 1);
}

static void
octets_left_over_end_it(void **unused)
{
	const uint8_t octets[] = { 0, 0, 1, 'u', 0, 0, 0, 0, 9 };

	(void)unused;
	send_octets(IMSG_SETUP, -1, octets, sizeof(octets));
	assert_int_equal(ended(), 1);
}

static void
missing_descriptor_ends_it(void **unused)
{
	(void)unused;
	send_setup();
	send_octets(IMSG_SIBLING, -1, NULL, 0);
	assert_int_equal(ended(), 1);
}

static void
conf_longer_than_announced_ends_it(void **unused)
{
	const uint8_t head[4] = { 0, 0, 0, 1 };

	(void)unused;
	send_start();
	send_octets(IMSG_CONF_BEGIN, -1, head, 4);
	send_octets(IMSG_CONF_DATA, -1, head, 2);
	assert_int_equal(ended(), 1);
}

static void
conf_beyond_the_limit_ends_it(void **unused)
{
	const uint8_t head[4] = { 1, 0, 0, 1 };

	(void)unused;
	send_start();
	send_octets(IMSG_CONF_BEGIN, -1, head, 4);
	assert_int_equal(ended(), 1);
}

static void
malformed_message_of_the_sibling_ends_it(void **unused)
{
	(void)unused;
	serve();
	assert_int_equal(
	    channel_send(&f.sibling.ch, IMSG_REPLICA, -1, "x", 1), 0);
	assert_int_equal(ended(), 1);
}

/* Nothing is no message either, and what follows a good one is looked at. */
static void
imsg_of_the_sibling_has_whole_messages(void **unused)
{
	const uint8_t octets[] = { 0, IMSG_CSA_GONE, 0, 10, 0, 1, 192, 0, 2, 1,
		0, 0, 0, 1, 0, IMSG_CSA_GONE, 0 };

	(void)unused;
	serve();
	assert_int_equal(channel_send(&f.sibling.ch, IMSG_REPLICA, -1, octets,
	    sizeof(octets)),
	    0);
	assert_int_equal(ended(), 1);
}

static void
empty_imsg_of_the_sibling_ends_it(void **unused)
{
	(void)unused;
	serve();
	assert_int_equal(
	    channel_send(&f.sibling.ch, IMSG_REPLICA, -1, NULL, 0), 0);
	assert_int_equal(ended(), 1);
}

/* PUBLISH goes from marsd to scspd, never the other way. */
static void
message_the_sibling_never_sends_ends_it(void **unused)
{
	const uint8_t octets[] = { 0, IMSG_CSA_PUBLISH, 0, 6, 0, 1, 0, 0, 0,
		1 };

	(void)unused;
	serve();
	assert_int_equal(channel_send(&f.sibling.ch, IMSG_REPLICA, -1,
	    octets, sizeof(octets)),
	    0);
	assert_int_equal(ended(), 1);
}

/* What an event of a core becomes in the log: everything, and the least. */
static void
event_is_logged_with_all_it_says(void **unused)
{
	static struct service s;
	const uint8_t oid[4] = { 192, 0, 2, 7 };
	const struct service_event all = {
		.where = "cluster a: ",
		.oid = oid,
		.text = "hello state",
		.from = "down",
		.to = "waiting",
		.why = "a reason",
		.number = 3,
		.advice = "do this",
		.ordinary = true,
	}, least = { .text = "refused" };
	char got[4096];
	FILE *out = tmpfile();
	int saved = dup(STDERR_FILENO), i;
	size_t n;

	(void)unused;
	assert_non_null(out);
	ratelimit_init(&s.limits[0], s.loop.timers.now);
	ratelimit_init(&s.limits[1], s.loop.timers.now);
	log_init("t", true);
	fflush(stderr);
	assert_int_not_equal(dup2(fileno(out), STDERR_FILENO), -1);
	service_log_event(&s, 0, &all);
	/* one kind at its limit does not silence another */
	for (i = 0; i < 100; i++)
		service_log_event(&s, 0, &all);
	service_log_event(&s, 1, &least);
	assert_int_not_equal(dup2(saved, STDERR_FILENO), -1);
	(void)close(saved);
	rewind(out);
	n = fread(got, 1, sizeof(got) - 1, out);
	got[n] = '\0';
	(void)fclose(out);
	assert_memory_equal(got,
	    "t: cluster a: server 192.0.2.7: hello state down to waiting: "
	    "a reason (3): do this\n",
	    83);
	assert_true(n < 11 * 90);
	assert_string_equal(got + n - 11, "t: refused\n");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_how_it_is_confined),
		TEST(answers_the_sibling),
		TEST(calls_work_under_the_sandbox),
		TEST(network_is_answered_while_the_sibling_is_slow),
		TEST(gives_up_a_sibling_that_never_reads),
		TEST(keeps_a_sibling_that_reads),
		TEST(says_why_it_is_not_configured),
		TEST(answers_a_ping),
		TEST(opens_the_new_link_before_closing_the_old),
		TEST(sigterm_ends_after_last_words),
		TEST(ends_when_the_parent_has_gone),
		TEST(interrupt_key_is_for_the_parent),
		TEST(fails_when_the_sibling_has_died),
		TEST(sibling_may_end_first),
		TEST(conf_before_its_descriptors_ends_it),
		TEST(setup_while_serving_ends_it),
		TEST(octets_left_over_end_it),
		TEST(missing_descriptor_ends_it),
		TEST(conf_longer_than_announced_ends_it),
		TEST(conf_beyond_the_limit_ends_it),
		TEST(malformed_message_of_the_sibling_ends_it),
		TEST(imsg_of_the_sibling_has_whole_messages),
		TEST(empty_imsg_of_the_sibling_ends_it),
		TEST(message_the_sibling_never_sends_ends_it),
		cmocka_unit_test(event_is_logged_with_all_it_says),
	};

	/* a child that ends at once makes our write fail, no more */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
