/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Every role, every kind of call: what is needed works, what is refused gets
 * the errno that the design says, what is never legitimate ends the process
 * with SIGSYS.  Each attempt is made by a process of its own.
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <linux/atm.h>
#include <linux/atmdev.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "log.h"

#define ENDS		-1	/* the process is ended by SIGSYS */

/*
 * Where all calls of sockets are one, the filter does not see which kind of
 * socket is asked for.
 */
#ifdef __i386__
#define OTHER_SOCKET	0
#else
#define OTHER_SOCKET	ENOSYS
#endif
#define EXIT_STATE	100

static int pair[2];	/* a connected pair, made before the sandbox */

/* Each returns 0, or the errno of what it tried. */
static int
result(long r)
{
	return r == -1 ? errno : 0;
}

static int
try_execve(void)
{
	static char name[] = "/bin/true";
	char *argv[] = { name, NULL };

	return result(execve(name, argv, argv + 1));
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
try_clone3(void)
{
	/* too short: EINVAL where the call is there */
	return result(syscall(SYS_clone3, NULL, (size_t)0));
}

static int
try_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
try_mount(void)
{
	return result(mount("none", "/nonexistent", "tmpfs", 0, NULL));
}

static int
try_setuid(void)
{
	return result(setuid(0));
}

static int
try_open(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int
try_open_write(void)
{
	return result(open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static int
try_unlink(void)
{
	return result(unlink("/nonexistent"));
}

static int
try_stat(void)
{
	struct stat st;

	return result(stat("/", &st));
}

static int
try_socket(void)
{
	return result(socket(AF_INET, SOCK_DGRAM, 0));
}

static int
try_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "/nonexistent");
	return result(connect(pair[0], (struct sockaddr *)&sun, sizeof(sun)));
}

static int
try_bind(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	/* too short: EINVAL where the call is there */
	return result(bind(pair[0], (struct sockaddr *)&sun, 1));
}

static int
try_kill(void)
{
	return result(kill(getpid(), 0));
}

static int
try_kill_other(void)
{
	return result(kill(getppid(), 0));
}

/* no configuration names one of these */
static int
try_socket_other(void)
{
	return result(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int
try_chmod(void)
{
	return result(chmod("/nonexistent", 0600));
}

static int
try_dumpable(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
try_capset(void)
{
	return result(syscall(SYS_capset, NULL, NULL));
}

static int
try_tgkill_other(void)
{
	return result(syscall(SYS_tgkill, 1, 1, 0));
}

/* What abort(3) of musl is made of, whose process has one thread. */
static int
try_tkill_own(void)
{
	return result(syscall(SYS_tkill, getpid(), 0));
}

static int
try_tkill_other(void)
{
	return result(syscall(SYS_tkill, 1, 0));
}

static int
try_mmap_exec(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANON,
	    -1, 0) == MAP_FAILED ?
	    errno :
	    0;
}

static int
try_mprotect_exec(void)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);

	return p == MAP_FAILED ?
	    0 :
	    result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_unknown(void)
{
	return result(syscall(100000));
}

static int
try_setrlimit(void)
{
	struct {
		uint64_t cur, max;
	} r = { 1, 1 };

	return result(syscall(SYS_prlimit64, 0, 0, &r, NULL));
}

static int
try_add_party(void)
{
	return result(ioctl(pair[0], ATM_ADDPARTY, NULL));
}

static int
try_epoll_create(void)
{
	return result(epoll_create1(EPOLL_CLOEXEC));
}

static int
try_setfl_async(void)
{
	return result(fcntl(pair[0], F_SETOWN, getpid()));
}

/* The allowed ones, all in one: 0, or the line that failed. */
static int
try_work(void)
{
	struct msghdr mh = { 0 };
	struct mmsghdr mm = { 0 };
	struct pollfd pfd = { .fd = pair[0], .events = POLLIN };
	struct timespec ts = { 0, 1000 };
	struct iovec iov;
	struct stat st;
	char c = 'x';
	void *p;
	int n;
	socklen_t len = sizeof(n);

#define WORKS(x)                                  \
	do {                                      \
		if (!(x))                         \
			return __LINE__ % 90 + 1; \
	} while (0)
	iov.iov_base = &c;
	iov.iov_len = 1;
	mh.msg_iov = mm.msg_hdr.msg_iov = &iov;
	mh.msg_iovlen = mm.msg_hdr.msg_iovlen = 1;
	WORKS(write(pair[1], &c, 1) == 1);
	WORKS(poll(&pfd, 1, -1) == 1);
	WORKS(read(pair[0], &c, 1) == 1);
	WORKS(sendmsg(pair[1], &mh, 0) == 1);
	WORKS(recvmsg(pair[0], &mh, 0) == 1);
	WORKS(sendmmsg(pair[1], &mm, 1, 0) == 1);
	WORKS(recvmmsg(pair[0], &mm, 1, 0, NULL) == 1);
	WORKS(send(pair[1], &c, 1, 0) == 1);
	WORKS(recv(pair[0], &c, 1, 0) == 1);
	WORKS(fstat(pair[0], &st) == 0);
	WORKS(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	WORKS(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &n, &len) == 0);
	WORKS((p = malloc(1 << 24)) != NULL);
	free(p);
	WORKS(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	ts.tv_sec = 0;
	ts.tv_nsec = 1;
	WORKS(nanosleep(&ts, NULL) == 0);
	WORKS(arc4random() != arc4random() || arc4random() != arc4random());
	WORKS(time(NULL) > 0);
	WORKS(sysconf(_SC_OPEN_MAX) > 0);
	WORKS(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	WORKS(accept(pair[0], NULL, NULL) == -1 && errno == EINVAL);
	WORKS(close(pair[0]) == 0);
	return 0;
}

/* What a restart of the log daemon makes of syslog(3). */
static int
try_syslog(void)
{
	closelog();
	syslog(LOG_DEBUG, "regress: sandbox");
	return 0;
}

/* --- edged: it sends to addresses on its pinned sockets only */

#define NPINNED	2

static int pinned[NPINNED];	/* UDP sockets with the numbers for it */
static int unpinned;		/* the same without */

static struct sockaddr_in discard;	/* an address on this machine */

static int
result_of_mmsg(int fd)
{
	struct mmsghdr mm = { 0 };
	struct iovec iov;
	char c = 'x';

	iov.iov_base = &c;
	iov.iov_len = 1;
	mm.msg_hdr.msg_name = &discard;
	mm.msg_hdr.msg_namelen = sizeof(discard);
	mm.msg_hdr.msg_iov = &iov;
	mm.msg_hdr.msg_iovlen = 1;
	return result(sendmmsg(fd, &mm, 1, 0));
}

/* What edged does all the time. */
static int
try_edged_work(void)
{
	struct iovec iov;
	char buf[8] = "x";

	iov.iov_base = buf;
	iov.iov_len = 1;
	WORKS(result_of_mmsg(pinned[0]) == 0);
	WORKS(result_of_mmsg(pinned[NPINNED - 1]) == 0);
	WORKS(write(pair[1], buf, 1) == 1);
	WORKS(writev(pair[1], &iov, 1) == 1);
	WORKS(send(pair[1], buf, 1, 0) == 1);
	WORKS(read(pair[0], buf, 3) == 3);
	WORKS(arc4random() != arc4random() || arc4random() != arc4random());
	WORKS(close(unpinned) == 0);
	WORKS(close(pair[0]) == 0);
	return 0;
}

static int
try_mmsg_unpinned(void)
{
	return result_of_mmsg(unpinned);
}

/* The kernel looks at the lower half of the argument only. */
static int
try_mmsg_high(void)
{
	struct mmsghdr mm = { 0 };

	return result(syscall(SYS_sendmmsg, (UINT64_C(1) << 32) |
	    (uint64_t)unpinned, &mm, 1UL, 0UL));
}

static int
try_sendto_address(void)
{
	return result(sendto(pinned[0], "x", 1, 0,
	    (const struct sockaddr *)&discard, sizeof(discard)));
}

static int
try_sendmsg(void)
{
	struct msghdr mh = { 0 };

	return result(sendmsg(pair[1], &mh, 0));
}

static int
try_setsockopt(void)
{
	const int on = 1;

	return result(setsockopt(
	    pinned[0], SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
}

static int
try_close_pinned(void)
{
	return result(close(pinned[NPINNED - 1]));
}

static int
try_close_pinned_high(void)
{
	return result(syscall(SYS_close, (UINT64_C(1) << 32) |
	    (uint64_t)pinned[0]));
}

static int
try_dup2_pinned(void)
{
	return result(dup2(unpinned, pinned[0]));
}

static int
try_dup_to_pinned(void)
{
	int fd = fcntl(unpinned, F_DUPFD_CLOEXEC, SANDBOX_PIN);

	return fd >= SANDBOX_PIN + NPINNED ? 0 : 99;
}

static const struct {
	const char	*name;
	int		(*try)(void);
	int		 expected;
} edged_attempts[] = {
	{ "work", try_edged_work, 0 },
	{ "sendmmsg(2) on another descriptor", try_mmsg_unpinned, ENOSYS },
	{ "the same with other high bits", try_mmsg_high, ENOSYS },
	{ "sendto(2) with an address", try_sendto_address, EPERM },
	{ "sendmsg(2)", try_sendmsg, EPERM },
	{ "setsockopt(2)", try_setsockopt, EPERM },
	{ "close(2) of a pinned one", try_close_pinned, ENOSYS },
	{ "the same with other high bits", try_close_pinned_high, ENOSYS },
	{ "dup2(2) over a pinned one", try_dup2_pinned, ENOSYS },
	{ "a new descriptor among them", try_dup_to_pinned, 0 },
};

static const struct attempt {
	const char	*name;
	int		(*try)(void);
	int		 child, parent;	/* 0, an errno, or ENDS */
	int		 parties;	/* the same */
} attempts[] = {
	{ "work", try_work, 0, 0, 0 },
	{ "execve", try_execve, ENDS, ENDS, ENDS },
	{ "fork", try_fork, ENDS, ENDS, 0 },
	{ "clone3", try_clone3, ENOSYS, ENOSYS, ENOSYS },
	{ "ptrace", try_ptrace, ENDS, ENDS, ENDS },
	{ "mount", try_mount, ENDS, ENDS, ENDS },
	{ "setuid", try_setuid, ENDS, ENDS, ENDS },
	{ "open", try_open, ENDS, 0, ENDS },
	{ "open for writing", try_open_write, ENDS, ENOSYS, ENDS },
	{ "unlink", try_unlink, ENDS, ENOENT, ENDS },
	{ "stat", try_stat, ENOSYS, 0, ENOSYS },
	{ "socket", try_socket, EACCES, 0, EACCES },
	{ "connect", try_connect, EACCES, ENOENT, EACCES },
	{ "bind", try_bind, ENDS, EINVAL, ENDS },
	{ "kill", try_kill, ENDS, 0, ENDS },
	{ "kill of another", try_kill_other, ENDS, ENOSYS, ENDS },
	{ "another kind of socket", try_socket_other, EACCES, OTHER_SOCKET,
	    EACCES },
	{ "chmod", try_chmod, ENDS, ENOSYS, ENDS },
	{ "to be dumped again", try_dumpable, ENOSYS, ENOSYS, ENOSYS },
	{ "capset", try_capset, ENDS, ENDS, ENDS },
	{ "tgkill of another", try_tgkill_other, ENOSYS, ENOSYS, ENOSYS },
	{ "tkill of itself", try_tkill_own, 0, 0, 0 },
	{ "tkill of another", try_tkill_other, ENOSYS, ENOSYS, ENOSYS },
	{ "mmap for execution", try_mmap_exec, ENOSYS, ENOSYS, ENOSYS },
	{ "mprotect for execution", try_mprotect_exec, ENOSYS, ENOSYS, ENOSYS },
	{ "a call of the future", try_unknown, ENOSYS, ENOSYS, ENOSYS },
	{ "setrlimit", try_setrlimit, ENOSYS, 0, ENOSYS },
	{ "F_SETOWN", try_setfl_async, ENOSYS, 0, ENOSYS },
	{ "a party", try_add_party, ENOSYS, ENOTTY, ENOTTY },
	{ "epoll_create1", try_epoll_create, ENOSYS, ENOSYS, 0 },
	{ "syslog", try_syslog, 0, 0, 0 },
};

/* UDP sockets where the sandbox of edged wants them. */
static void
pin_sockets(void)
{
	int i, fd;

	discard.sin_family = AF_INET;
	discard.sin_port = htons(9);
	discard.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	unpinned = socket(AF_INET, SOCK_DGRAM, 0);
	for (i = 0; i < NPINNED; i++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		pinned[i] = fcntl(fd, F_DUPFD_CLOEXEC, SANDBOX_PIN);
		(void)close(fd);
	}
}

/* Runs one attempt in a process in that role; its wait status. */
static int
confined(enum sandbox_role role, int (*try)(void))
{
	struct sandbox_state state;
	struct sandbox asked = { 0 };
	pid_t pid, self;
	int status;

	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		log_init("regress", false);
		pin_sockets();
		asked.role = role;
		asked.npinned = NPINNED;
		asked.best_effort = true; /* which is another test */
		self = getpid();
		asked.signals = &self;
		asked.nsignals = 1;
		sandbox_enter(&asked, &state);
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
check(enum sandbox_role role, const struct attempt *a, int expected)
{
	int status = confined(role, a->try);

	if (expected == ENDS ?
	    !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS :
	    !WIFEXITED(status) || WEXITSTATUS(status) != expected)
		fail_msg("role %d, %s: wait status 0x%x, expected %d",
		    (int)role, a->name, (unsigned int)status, expected);
}

static void
each_role_may_do_what_it_needs_only(void **unused)
{
	size_t i;

	(void)unused;
#ifdef SANITIZE_BUILD
	print_message("the sandbox is off in this build: not tested\n");
	skip();
#endif
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		check(SANDBOX_MARSD, &attempts[i], attempts[i].child);
		check(SANDBOX_SCSPD, &attempts[i], attempts[i].child);
		check(SANDBOX_PARENT, &attempts[i], attempts[i].parent);
		check(SANDBOX_PARTIES, &attempts[i], attempts[i].parties);
		/* but for how it sends, edged is a child as the others are */
		if (attempts[i].try != try_work)
			check(SANDBOX_EDGED, &attempts[i], attempts[i].child);
	}
}

static void
edged_sends_where_it_may(void **unused)
{
	struct attempt a = { 0 };
	size_t i;

	(void)unused;
#ifdef SANITIZE_BUILD
	print_message("the sandbox is off in this build: not tested\n");
	skip();
#endif
	for (i = 0; i < sizeof(edged_attempts) / sizeof(edged_attempts[0]);
	    i++) {
		a.name = edged_attempts[i].name;
		a.try = edged_attempts[i].try;
		check(SANDBOX_EDGED, &a, edged_attempts[i].expected);
	}
}

/* abort(3) has to end a child as abort, so that the log tells the cause */
static int
try_abort(void)
{
	abort();
}

static void
abort_is_told_apart(void **unused)
{
	int status = confined(SANDBOX_MARSD, try_abort);

	(void)unused;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* Landlock by itself: seccomp lets the parent bind(2) */
static int
try_tcp(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return result(bind(socket(AF_INET, SOCK_STREAM, 0),
	    (struct sockaddr *)&sin, sizeof(sin)));
}

/* In a process of its own: 0, or what is not as it should be. */
static int
state_of(const struct sandbox *asked)
{
	char buf[SANDBOX_STRLEN];
	struct sandbox_state st;
	const bool can = sandbox_missing() == NULL;

	sandbox_enter(asked, &st);
	memset(buf, 'x', sizeof(buf));
	if (sandbox_print(&st, buf) != buf ||
	    memchr(buf, '\0', sizeof(buf)) == NULL)
		return 1;
	if (!st.no_new_privs || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if ((st.capabilities & ~st.keep) != 0)
		return 3;
#ifdef SANITIZE_BUILD
	if (st.filter || strcmp(buf, "off (sanitizer build)") != 0 ||
	    sandbox_full(&st))
		return 4;
	(void)try_tcp;
	(void)can;
#else
	if (!st.filter || strncmp(buf, "seccomp, ", 9) != 0 ||
	    strstr(buf, ", no_new_privs, ") == NULL ||
	    (st.capabilities == 0) != (strstr(buf, "no cap") != NULL))
		return 4;
	if (sandbox_full(&st) != can)
		return 5;
	/* since ABI 4; an older kernel says so in its state */
	if (asked->role == SANDBOX_PARENT && st.landlock >= 4 &&
	    try_tcp() != EACCES)
		return 6;
	/* what was true once is looked at again */
	st.filter = st.no_new_privs = false;
	st.capabilities = ~UINT64_C(0);
	sandbox_look(&st);
	if (!st.filter || !st.no_new_privs ||
	    (st.capabilities & ~st.keep) != 0)
		return 7;
#endif
	return 0;
}

static void
state_says_what_is_in_force(void **unused)
{
	const struct sandbox asked[] = {
		{ .role = SANDBOX_MARSD, .best_effort = true },
		{ .role = SANDBOX_PARENT, .best_effort = true },
		{ .role = SANDBOX_PARENT, .best_effort = true,
		    .keep = SANDBOX_CAP_KILL | SANDBOX_CAP_LAN },
	};
	int status;
	size_t i;
	pid_t pid;

	(void)unused;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0)
			_exit(state_of(&asked[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

#ifndef SANITIZE_BUILD
/* As a filter of a service manager does: Landlock can't be used. */
static void
hide_landlock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
	    SYS_landlock_create_ruleset, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    seccomp_load(ctx) != 0)
		_exit(99);
}

static int
confined_without_landlock(bool best_effort)
{
	struct sandbox asked = { .role = SANDBOX_MARSD };
	struct sandbox_state st;
	int status;
	pid_t pid;

	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		hide_landlock();
		asked.best_effort = best_effort;
		sandbox_enter(&asked, &st);
		_exit(st.filter && st.landlock == 0 && !sandbox_full(&st) ?
		    EXIT_STATE :
		    98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What is asked for and can't be had ends the process, or is said. */
static void
less_than_asked_for_is_an_error(void **unused)
{
	(void)unused;
	assert_int_equal(confined_without_landlock(false), 1);
	assert_int_equal(confined_without_landlock(true), EXIT_STATE);
}
#endif

static int
setup(void **unused)
{
	(void)unused;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_says_what_is_in_force),
		cmocka_unit_test(each_role_may_do_what_it_needs_only),
		cmocka_unit_test(edged_sends_where_it_may),
		cmocka_unit_test(abort_is_told_apart),
#ifndef SANITIZE_BUILD
		cmocka_unit_test(less_than_asked_for_is_an_error),
#endif
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
