/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * inject PID CALL [ARGUMENT...]: has another process make a system call, as it
 * is and as it runs: its own filter, domain, root directory, capabilities and
 * descriptors judge it.  confined.py is what starts it.  An argument is a
 * number, or =HEX: octets, of which it gets the address.  Prints
 * "result N", N as the kernel has it, or "killed SIGNAL".
 *
 * The process is stopped with ptrace(2), its registers are set for the call,
 * it makes one step, and gets its registers back.
 */
#include <sys/types.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS		6
#define SCRATCH		8192	/* octets below its stack, for arguments */
#define NOWHERE		77	/* exit status: not on this machine */

#ifdef __x86_64__

static int mem = -1;		/* its memory */

/* Where it has the instruction. */
static uint64_t
find_instruction(pid_t pid)
{
	static const uint8_t wanted[] = { 0x0f, 0x05 };
	static uint8_t code[1 << 22];
	unsigned long long from, to;
	char path[64], line[512], mode[8];
	const uint8_t *at;
	ssize_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		err(NOWHERE, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) != 3 ||
		    strchr(mode, 'x') == NULL)
			continue;
		if (to - from > sizeof(code))
			to = from + sizeof(code);
		n = pread(mem, code, (size_t)(to - from), (off_t)from);
		at = n <= 0 ? NULL :
		    memmem(code, (size_t)n, wanted, sizeof(wanted));
		if (at == NULL)
			continue;
		(void)fclose(f);
		return from + (uint64_t)(at - code);
	}
	errx(1, "it has no system call");
}

static void
stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		err(1, "waitpid");
	if (WIFSIGNALED(status)) {
		printf("killed %d\n", WTERMSIG(status));
		exit(0);
	}
	if (!WIFSTOPPED(status))
		errx(1, "it has ended");
}

/* A number, or the address of octets that are put there. */
static uint64_t
argument(const char *text, uint64_t *scratch)
{
	uint8_t octets[SCRATCH / 8];
	unsigned int octet;
	size_t n;

	if (*text != '=')
		return (uint64_t)strtoll(text, NULL, 0);
	for (n = 0, text++; n < sizeof(octets) &&
	    sscanf(text + 2 * n, "%2x", &octet) == 1; n++)
		octets[n] = (uint8_t)octet;
	*scratch -= SCRATCH / 8;
	if (pwrite(mem, octets, n, (off_t)*scratch) != (ssize_t)n)
		err(1, "its memory");
	return *scratch;
}

static void
registers(pid_t pid, enum __ptrace_request what, struct user_regs_struct *r)
{
	struct iovec iov;

	iov.iov_base = r;
	iov.iov_len = sizeof(*r);
	if (ptrace(what, pid, (void *)NT_PRSTATUS, &iov) == -1)
		err(1, "registers");
}

static long long
inject_call(pid_t pid, int nr, int argc, char **argv)
{
	struct user_regs_struct was, r;
	uint64_t a[ARGS] = { 0 }, scratch;
	int i;

	registers(pid, PTRACE_GETREGSET, &was);
	r = was;
	scratch = (was.rsp - SCRATCH) & ~UINT64_C(15);
	for (i = 0; i < argc && i < ARGS; i++)
		a[i] = argument(argv[i], &scratch);
	r.rip = find_instruction(pid);
	r.rax = (unsigned int)nr;
	r.orig_rax = UINT64_MAX; /* no call is to be restarted */
	r.rdi = a[0];
	r.rsi = a[1];
	r.rdx = a[2];
	r.r10 = a[3];
	r.r8 = a[4];
	r.r9 = a[5];
	registers(pid, PTRACE_SETREGSET, &r);
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == -1)
		err(1, "step");
	stopped(pid);
	registers(pid, PTRACE_GETREGSET, &r);
	registers(pid, PTRACE_SETREGSET, &was);
	return (long long)r.rax;
}

int
main(int argc, char **argv)
{
	char path[64];
	long long res;
	pid_t pid;
	int nr;

	if (argc < 3)
		errx(1, "usage: inject pid call [argument ...]");
	pid = (pid_t)atoi(argv[1]);
	if ((nr = seccomp_syscall_resolve_name(argv[2])) < 0)
		errx(NOWHERE, "there is no %s here", argv[2]);
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1)
		err(NOWHERE, "it can't be traced");
	stopped(pid);
	if ((mem = open(path, O_RDWR | O_CLOEXEC)) == -1)
		err(NOWHERE, "%s", path);
	res = inject_call(pid, nr, argc - 3, argv + 3);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) == -1)
		err(1, "detach");
	printf("result %lld\n", res);
	return 0;
}

#else

int
main(void)
{
	errx(NOWHERE, "written for x86-64 only");
}

#endif
