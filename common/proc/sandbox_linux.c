/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * seccomp and Landlock.  Three answers to a system call:
 *
 * - what the role needs works, where it matters only with certain arguments;
 * - what no part of a daemon or of its libraries has a reason to try (start a
 *   program, trace, mount, and in a child open a file) ends the process, so
 *   that the suite stops and somebody looks;
 * - the rest gets ENOSYS, as on an older kernel, so that a new libc falls
 *   back to what it did before.
 *
 * socket(2) and connect(2) get EACCES in a child: syslog(3) calls them when
 * the system's log daemon has been restarted, and that must end neither
 * this process nor, because of it, the service.  The child's lines are lost
 * from then on; where the log daemon's socket outlives it (systemd's does)
 * nothing happens at all.
 *
 * Calls are resolved by name: those that this libseccomp or this machine
 * doesn't know are skipped.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/atm.h>
#include <linux/atmdev.h>
#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "log.h"

void
sandbox_undumpable(void)
{
#ifndef SANITIZE_BUILD
	/* LeakSanitizer traces its own process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_DUMPABLE");
#endif
}

void
sandbox_no_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_NO_NEW_PRIVS");
}

/* --- capabilities */

static const struct sandbox_cap {
	unsigned int	 keep;		/* SANDBOX_CAP_* */
	unsigned int	 cap;		/* the kernel's number */
	const char	*name;
} sandbox_caps[] = {
	{ SANDBOX_CAP_KILL, CAP_KILL, "cap_kill" },
	{ SANDBOX_CAP_BIND, CAP_NET_BIND_SERVICE, "cap_net_bind_service" },
	{ SANDBOX_CAP_LAN, CAP_NET_ADMIN, "cap_net_admin" },
	{ SANDBOX_CAP_LAN, CAP_NET_RAW, "cap_net_raw" },
};
#define NCAPS	(sizeof(sandbox_caps) / sizeof(sandbox_caps[0]))

static uint64_t
caps_asked(unsigned int keep)
{
	uint64_t mask = 0;
	size_t i;

	for (i = 0; i < NCAPS; i++)
		if ((keep & sandbox_caps[i].keep) != 0)
			mask |= UINT64_C(1) << sandbox_caps[i].cap;
	return mask;
}

/* Those of any set: what is permitted can be made effective at any time. */
static uint64_t
caps_get(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capget, &head, d) == -1)
		fatal("capget");
	return (d[0].permitted | d[0].effective | d[0].inheritable) |
	    (uint64_t)(d[1].permitted | d[1].effective | d[1].inheritable)
	    << 32;
}

/* Nor would a program get others.  Who may not do this starts none anyway. */
static void
caps_bound(uint64_t keep)
{
	unsigned long cap;

	for (cap = 0; cap < 64; cap++)
		if ((keep >> cap & 1) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

void
sandbox_bound(void)
{
	caps_bound(0);
}

/* Gives up all but these, of which it keeps what it has. */
static void
caps_drop(uint64_t keep)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];
	int i;

	caps_bound(keep);
	memset(d, 0, sizeof(d));
	if (syscall(SYS_capget, &head, d) == -1)
		fatal("capget");
	d[0].permitted &= (uint32_t)keep;
	d[1].permitted &= (uint32_t)(keep >> 32);
	for (i = 0; i < 2; i++) {
		d[i].effective = d[i].permitted;
		d[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, d) == -1)
		fatal("capset");
}

/* --- what is in force */

void
sandbox_look(struct sandbox_state *st)
{
	st->filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
	st->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	st->capabilities = caps_get();
}

bool
sandbox_full(const struct sandbox_state *st)
{
	return st->filter && st->landlock > 0 && st->no_new_privs &&
	    (st->capabilities & ~st->keep) == 0;
}

const char *
sandbox_print(const struct sandbox_state *st, char *buf)
{
	uint64_t left = st->capabilities;
	char landlock[32] = "no landlock";
	size_t i;

#ifdef SANITIZE_BUILD
	(void)snprintf(buf, SANDBOX_STRLEN, "off (sanitizer build)");
	return buf;
#endif
	if (st->landlock > 0)
		(void)snprintf(landlock, sizeof(landlock), "landlock ABI %d",
		    st->landlock);
	(void)snprintf(buf, SANDBOX_STRLEN, "%s, %s, %s, %s",
	    st->filter ? "seccomp" : "no seccomp", landlock,
	    st->no_new_privs ? "no_new_privs" : "privileges by exec",
	    left == 0 ? "no capabilities" : "");
	for (i = 0; i < NCAPS; i++)
		if ((left >> sandbox_caps[i].cap & 1) != 0) {
			left &= ~(UINT64_C(1) << sandbox_caps[i].cap);
			log_append(buf, SANDBOX_STRLEN, "%s%s",
			    sandbox_caps[i].name, left == 0 ? "" : " ");
		}
	if (left != 0)
		log_append(buf, SANDBOX_STRLEN, "capabilities 0x%llx",
		    (unsigned long long)left);
	return buf;
}

#ifdef SANITIZE_BUILD

const char *
sandbox_missing(void)
{
	return NULL;
}

/* The sanitizers open files, start threads and trace: tests only. */
void
sandbox_enter(const struct sandbox *s, struct sandbox_state *st)
{
	sandbox_no_new_privs();
	caps_drop(caps_asked(s->keep));
	st->landlock = 0;
	st->keep = caps_asked(s->keep);
	sandbox_look(st);
}

#else

/* --- Landlock; constants of our own, as the system's header may be old */

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset	444
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self	446
#endif
#define LL_VERSION	1U	/* flag: which ABI is there? */

#define LL_FS_READ_FILE		(UINT64_C(1) << 2)
#define LL_FS_READ_DIR		(UINT64_C(1) << 3)
#define LL_FS_REMOVE_FILE	(UINT64_C(1) << 5)
#define LL_FS_MAKE_SOCK		(UINT64_C(1) << 9)
#define LL_SCOPE_SIGNAL		(UINT64_C(1) << 1)

/* What mars(8) still does: read its files, replace its control sockets. */
#define LL_FS_PARENT	(LL_FS_READ_FILE | LL_FS_READ_DIR | \
    LL_FS_REMOVE_FILE | LL_FS_MAKE_SOCK)

struct sandbox_ll_ruleset {		/* the kernel's layout */
	uint64_t	fs;
	uint64_t	net;		/* since ABI 4 */
	uint64_t	scoped;		/* since ABI 6 */
};
_Static_assert(sizeof(struct sandbox_ll_ruleset) == 24,
    "landlock_ruleset_attr");

/* Everything that each ABI can restrict, the newest first. */
static const struct sandbox_ll_abi {
	int			 abi;
	size_t			 size;		/* of its ruleset */
	struct sandbox_ll_ruleset all;
} ll_abis[] = {
	{ 6, 24, { 0xffff, 0x3, 0x3 } },	/* signals, abstract sockets */
	{ 5, 16, { 0xffff, 0x3, 0 } },		/* ioctl on devices */
	{ 4, 16, { 0x7fff, 0x3, 0 } },		/* TCP */
	{ 3, 8, { 0x7fff, 0, 0 } },		/* truncate */
	{ 2, 8, { 0x3fff, 0, 0 } },		/* refer */
	{ 1, 8, { 0x1fff, 0, 0 } },
};

static long
landlock_abi(void)
{
	return syscall(
	    __NR_landlock_create_ruleset, NULL, (size_t)0, LL_VERSION);
}

const char *
sandbox_missing(void)
{
	if (landlock_abi() >= 1)
		return NULL;
	return errno == EOPNOTSUPP ?
	    "Landlock is switched off: add landlock to lsm= of the kernel" :
	    errno == ENOSYS ?
	    "this kernel has no Landlock, or a filter of a service manager "
	    "hides it" :
	    "Landlock can't be used: a filter of a service manager forbids "
	    "landlock_create_ruleset";
}

/* Does it deny what it was told to?  seccomp, which would, is not there yet. */
static bool
landlock_denies(enum sandbox_role role)
{
	int fd;

	fd = role == SANDBOX_PARENT ?
	    open("/dev/null", O_WRONLY | O_CLOEXEC) :
	    open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1)
		(void)close(fd);
	return fd == -1 && errno == EACCES;
}

/*
 * Denies everything that this kernel can deny, but for what mars(8) needs.
 * Returns the ABI that is in force; 0: there is no Landlock.
 */
static int
landlock(enum sandbox_role role)
{
	const struct sandbox_ll_abi *a = ll_abis;
	struct sandbox_ll_ruleset rules;
	long abi;
	int fd;

	if ((abi = landlock_abi()) < 1)
		return 0; /* not in this kernel, or not switched on */
	while (a->abi > abi)
		a++;
	rules = a->all;
	if (role == SANDBOX_PARENT) {
		rules.fs &= ~LL_FS_PARENT;
		rules.scoped &= ~LL_SCOPE_SIGNAL; /* ends its children */
	}
	fd = (int)syscall(__NR_landlock_create_ruleset, &rules, a->size, 0U);
	if (fd == -1)
		fatal("landlock_create_ruleset");
	if (syscall(__NR_landlock_restrict_self, fd, 0U) == -1)
		fatal("landlock_restrict_self");
	(void)close(fd);
	return landlock_denies(role) ? a->abi : 0;
}

/* --- seccomp */

/* These work in every role, whatever their arguments are. */
static const char *const allow_all[] = {
	/* data on descriptors that are there */
	"read", "write", "readv", "writev", "recvmsg", "recvmmsg",
	"recvmmsg_time64", "recvfrom", "recv", "send", "shutdown", "lseek",
	"_llseek", "fstat", "fstat64", "getsockopt", "getsockname",
	"getpeername", "accept", "accept4",
	/* waiting */
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl",
	"epoll_ctl_old", "epoll_wait_old", "poll", "ppoll", "ppoll_time64",
	"select", "_newselect", "pselect6", "pselect6_time64",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_getres",
	"clock_getres_time64", "gettimeofday", "time", "nanosleep",
	"clock_nanosleep", "clock_nanosleep_time64",
	/* memory; mmap and mprotect are below */
	"brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock",
	/* the process itself */
	"getrandom", "futex", "futex_time64", "sched_yield", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigreturn",
	"sigaltstack", "restart_syscall", "exit", "exit_group", "getpid",
	"gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
	"getuid32", "geteuid32", "getgid32", "getegid32", "sysinfo", "capget",
};

/* These work in every role but edged's, where it depends: rules_edged(). */
static const char *const allow_sending[] = {
	"close", "sendmsg", "sendmmsg", "sendto", "setsockopt",
};

/* These work in mars(8), too, which reads its configuration again. */
static const char *const allow_parent[] = {
	/* files to read: opening them is below */
	"stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64",
	"statx", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "getcwd", "pread64", "getdents64", "getdents",
	"umask", "uname", "fcntl", "fcntl64", "ioctl",
	/* control sockets, and the pid file, at the end */
	"unlink", "unlinkat",
	/* sockets for the children; socket is below */
	"socketpair", "bind", "listen", "connect", "dup", "dup2", "dup3",
	"pipe2",
	/* the children; kill is below */
	"wait4", "waitid", "waitpid", "rt_sigtimedwait", "rt_sigsuspend",
	/* a user's name may have changed in the file */
	"prlimit64", "getrlimit", "ugetrlimit", "getgroups", "getgroups32",
	"getresuid", "getresuid32", "getresgid", "getresgid32",
};

/* These end the process, but not that one which forks (party.c). */
static const char *const kill_fork[] = { "fork", "vfork", "clone" };

/* These end the process in every role. */
static const char *const kill_all[] = {
	"execve", "execveat", "ptrace", "process_vm_readv",
	"process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	"mount", "umount", "umount2", "pivot_root",
	"move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "chroot", "swapon", "swapoff", "setns", "unshare",
	"perf_event_open", "userfaultfd", "init_module",
	"finit_module", "delete_module", "kexec_load", "kexec_file_load",
	"reboot", "iopl", "ioperm", "modify_ldt", "acct", "syslog",
	"add_key", "request_key", "keyctl", "personality", "setuid",
	"setgid", "setreuid", "setregid", "setresuid", "setresgid",
	"setgroups", "setfsuid", "setfsgid", "setuid32", "setgid32",
	"setreuid32", "setregid32", "setresuid32", "setresgid32",
	"setgroups32", "setfsuid32", "setfsgid32", "capset",
	"settimeofday", "clock_settime", "clock_settime64", "clock_adjtime",
	"clock_adjtime64", "adjtimex", "sethostname",
	"setdomainname", "quotactl", "open_by_handle_at",
	"name_to_handle_at", "io_uring_setup", "io_uring_enter",
	"io_uring_register", "mknod", "mknodat", "memfd_create",
	"memfd_secret", "setxattr", "lsetxattr", "fsetxattr",
};

/* The same but in mars(8), which attaches a program that it has loaded. */
static const char *const kill_bpf[] = { "bpf" };
#define BPF_ATTACH	28	/* BPF_LINK_CREATE */

/* These end a child: it is given its descriptors, and makes none itself. */
static const char *const kill_child[] = {
	"open", "openat", "openat2", "creat", "symlink", "symlinkat", "link",
	"linkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
	"rmdir", "truncate", "truncate64", "unlink", "unlinkat", "chmod",
	"fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat",
	"chown32", "fchown32", "lchown32", "bind", "listen", "socketpair",
	"kill", "pidfd_open", "pidfd_send_signal",
};

/* These are refused in a child, see the head of this file. */
static const char *const refuse_child[] = { "socket", "connect" };

/* One rule for one call; args: the n conditions on its arguments. */
static void
rule(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned int n,
    const struct scmp_arg_cmp *args)
{
	int nr, error;

	nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR)
		return;
	error = seccomp_rule_add_array(ctx, action, nr, n, args);
	/* a call that this architecture does not have */
	if (error != 0 && error != -EDOM)
		fatalx("seccomp rule for %s: error %d", name, -error);
}

static void
rules(scmp_filter_ctx ctx, uint32_t action, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		rule(ctx, action, names[i], 0, NULL);
}
#define RULES(ctx, action, names) \
	rules(ctx, action, names, sizeof(names) / sizeof((names)[0]))

/* Calls of both children and the parent that depend on their arguments. */
static void
rules_by_argument(scmp_filter_ctx ctx)
{
	static const char *const maps[] = { "mmap", "mmap2", "mprotect" };
	static const uint64_t asks[] = { PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS };
	struct scmp_arg_cmp cmp;
	const struct scmp_arg_cmp no_exec =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp own =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	size_t i;

	/* memory that can be written must never be executed */
	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		rule(ctx, SCMP_ACT_ALLOW, maps[i], 1, &no_exec);
	/*
	 * abort(3) sends a signal to its own process; musl's does it to the
	 * thread, which has the same number where there is one only
	 */
	rule(ctx, SCMP_ACT_ALLOW, "tgkill", 1, &own);
	rule(ctx, SCMP_ACT_ALLOW, "tkill", 1, &own);
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		cmp = SCMP_A0(SCMP_CMP_EQ, asks[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "prctl", 1, &cmp);
	}
}

/* Calls of a child that depend on their arguments, and what ends it. */
static void
rules_child(scmp_filter_ctx ctx)
{
	static const uint64_t fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL,
		F_DUPFD_CLOEXEC };
	static const uint64_t ioctls[] = { FIONREAD, FIONBIO };
	const struct scmp_arg_cmp ask[] = { SCMP_A0(SCMP_CMP_EQ, 0, 0),
		SCMP_A2(SCMP_CMP_EQ, 0, 0) };
	const struct scmp_arg_cmp empty =
	    SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0);
	struct scmp_arg_cmp cmp;
	size_t i;

	for (i = 0; i < sizeof(fcntls) / sizeof(fcntls[0]); i++) {
		cmp = SCMP_A1(SCMP_CMP_EQ, fcntls[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "fcntl", 1, &cmp);
		rule(ctx, SCMP_ACT_ALLOW, "fcntl64", 1, &cmp);
	}
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		cmp = SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "ioctl", 1, &cmp);
	}
	/* sysconf(3) asks for limits of its own process, and sets none */
	rule(ctx, SCMP_ACT_ALLOW, "prlimit64", 2, ask);
	/* what fstat(3) calls in glibc */
	rule(ctx, SCMP_ACT_ALLOW, "newfstatat", 1, &empty);
	rule(ctx, SCMP_ACT_ALLOW, "fstatat64", 1, &empty);
	RULES(ctx, SCMP_ACT_KILL_PROCESS, kill_child);
	RULES(ctx, SCMP_ACT_ERRNO(EACCES), refuse_child);
}

/*
 * A number of a descriptor that is none of the n pinned ones, nor of the next
 * to fill up a power of two: then it differs from SANDBOX_PIN in one of the
 * other bits.  Only the lower 32 bits count in the kernel, and so here.
 */
static void
rules_close(scmp_filter_ctx ctx, int n)
{
	struct scmp_arg_cmp cmp;
	uint64_t bit;
	int i = 0;

	if (n == 0) {
		rule(ctx, SCMP_ACT_ALLOW, "close", 0, NULL);
		return;
	}
	while (1 << i < n)
		i++;
	for (; i < 32; i++) {
		bit = UINT64_C(1) << i;
		cmp = SCMP_A0(SCMP_CMP_MASKED_EQ, bit,
		    bit == SANDBOX_PIN ? 0 : bit);
		rule(ctx, SCMP_ACT_ALLOW, "close", 1, &cmp);
	}
}

/*
 * edged: to addresses on the pinned descriptors only.  None of what is refused
 * here ends the process: the end of a link closes its socket, and what sends
 * elsewhere in common/ has other ways.
 */
static void
rules_edged(scmp_filter_ctx ctx, int n)
{
	const struct scmp_arg_cmp nowhere = SCMP_A4(SCMP_CMP_EQ, 0, 0);
	const struct scmp_arg_cmp somewhere = SCMP_A4(SCMP_CMP_NE, 0, 0);
	struct scmp_arg_cmp cmp;
	int i;

	rule(ctx, SCMP_ACT_ALLOW, "sendto", 1, &nowhere);
	rule(ctx, SCMP_ACT_ERRNO(EPERM), "sendto", 1, &somewhere);
	rule(ctx, SCMP_ACT_ERRNO(EPERM), "sendmsg", 0, NULL);
	rule(ctx, SCMP_ACT_ERRNO(EPERM), "setsockopt", 0, NULL);
	for (i = 0; i < n; i++) {
		cmp = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)(SANDBOX_PIN + i), 0);
		rule(ctx, SCMP_ACT_ALLOW, "sendmmsg", 1, &cmp);
	}
	rules_close(ctx, n);
}

/* Where clone(2) has its flags. */
#ifdef __s390__
#define CLONE_FLAGS	SCMP_A1
#else
#define CLONE_FLAGS	SCMP_A0
#endif

/* A plain fork(2): no namespace of its own, nothing shared. */
static void
rules_parties(scmp_filter_ctx ctx)
{
	static const uint64_t ioctls[] = { ATM_ADDPARTY, ATM_DROPPARTY };
	const struct scmp_arg_cmp plain = CLONE_FLAGS(SCMP_CMP_MASKED_EQ,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_NEWNS | CLONE_NEWCGROUP |
	    CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
	    CLONE_NEWNET | CLONE_PTRACE | CLONE_PARENT,
	    0);
	struct scmp_arg_cmp cmp;
	size_t i;

	rule(ctx, SCMP_ACT_ALLOW, "fork", 0, NULL);
	rule(ctx, SCMP_ACT_ALLOW, "epoll_create1", 0, NULL);
	rule(ctx, SCMP_ACT_ALLOW, "clone", 1, &plain);
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		cmp = SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "ioctl", 1, &cmp);
	}
}

/*
 * Kinds of sockets that a configuration can name, and those of the log.  Where
 * all calls of sockets are one, socketcall(2), nobody sees the kind.
 */
static const uint64_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK,
	AF_PACKET, AF_ATMSVC, AF_ATMPVC };

/* What mars(8) may do and a child may not. */
static void
rules_parent(scmp_filter_ctx ctx, const struct sandbox *s)
{
	static const char *const names[] = { "open", "openat" };
	static const unsigned int flags[] = { 1, 2 }; /* which argument */
	const struct scmp_arg_cmp attach =
	    SCMP_A0(SCMP_CMP_EQ, BPF_ATTACH, 0);
	const struct scmp_arg_cmp other =
	    SCMP_A0(SCMP_CMP_NE, BPF_ATTACH, 0);
	struct scmp_arg_cmp cmp;
	size_t i;

	RULES(ctx, SCMP_ACT_ALLOW, allow_parent);
	rule(ctx, SCMP_ACT_ALLOW, "bpf", 1, &attach);
	rule(ctx, SCMP_ACT_KILL_PROCESS, "bpf", 1, &other);
	/* mars(8) writes no file */
	for (i = 0; i < 2; i++) {
		cmp = SCMP_CMP(flags[i], SCMP_CMP_MASKED_EQ,
		    O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
		rule(ctx, SCMP_ACT_ALLOW, names[i], 1, &cmp);
	}
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		cmp = SCMP_A0(SCMP_CMP_EQ, families[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "socket", 1, &cmp);
	}
	for (i = 0; i < s->nsignals; i++) {
		cmp = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)s->signals[i], 0);
		rule(ctx, SCMP_ACT_ALLOW, "kill", 1, &cmp);
	}
}

/* Puts the filter of that role in force: everything else is denied. */
static void
seccomp(const struct sandbox *s)
{
	enum sandbox_role role = s->role;
	scmp_filter_ctx ctx;
	int error;

	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) == NULL)
		fatalx("seccomp_init");
	if (seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0)
		fatalx("seccomp_attr_set");
	RULES(ctx, SCMP_ACT_ALLOW, allow_all);
	if (role == SANDBOX_EDGED)
		rules_edged(ctx, s->npinned);
	else
		RULES(ctx, SCMP_ACT_ALLOW, allow_sending);
	RULES(ctx, SCMP_ACT_KILL_PROCESS, kill_all);
	if (role != SANDBOX_PARENT)
		RULES(ctx, SCMP_ACT_KILL_PROCESS, kill_bpf);
	if (role == SANDBOX_PARTIES)
		rules_parties(ctx);
	else
		RULES(ctx, SCMP_ACT_KILL_PROCESS, kill_fork);
	rules_by_argument(ctx);
	if (role == SANDBOX_PARENT)
		rules_parent(ctx, s);
	else
		rules_child(ctx);
	if ((error = seccomp_load(ctx)) != 0)
		fatalx(
		    "seccomp: the kernel refuses the filter: error %d", -error);
	seccomp_release(ctx);
}

void
sandbox_enter(const struct sandbox *s, struct sandbox_state *st)
{
	char text[SANDBOX_STRLEN];
	const char *why = sandbox_missing();

	st->keep = caps_asked(s->keep);
	caps_drop(st->keep);
	sandbox_no_new_privs();
	st->landlock = landlock(s->role);
	seccomp(s);
	sandbox_look(st);
	if (sandbox_full(st))
		return;
	if (!s->best_effort)
		fatalx("not confined as it has to be (%s): %s; or write "
		    "confinement best-effort",
		    sandbox_print(st, text), why != NULL ? why :
		    "the kernel does not do what it said");
	log_warnx("confined less than it could be (%s), which confinement "
	    "best-effort allows", sandbox_print(st, text));
}

#endif
