/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The path through the kernel of Linux: its program, its table. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kpath.h"
#include "log.h"
#include "parent.h"

/* kpath.bpf.c, compiled; its alignment is what libbpf reads it with */
static const uint8_t parent_kernel_object[] __attribute__((__aligned__(8))) = {
#include PARENT_KPATH
};

/* Of Linux 6.6, which older headers don't know. */
#define TCX_INGRESS	46

/* Its lines go to whom asks for debugging; what matters is said by us. */
static int
kernel_print(enum libbpf_print_level level, const char *format, va_list ap)
{
	char line[512];

	(void)level;
	(void)vsnprintf(line, sizeof(line), format, ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

/* The TTL that this system gives its own packets. */
static uint32_t
kernel_ttl(void)
{
	char buf[16] = "";
	uint32_t ttl;
	ssize_t n;
	int fd;

	fd = open("/proc/sys/net/ipv4/ip_default_ttl", O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (fd != -1)
		(void)close(fd);
	ttl = n <= 0 ? 0 : (uint32_t)strtoul(buf, NULL, 10);
	return ttl > 0 && ttl < 256 ? ttl : 64;
}

/* The table is empty but for what edged can't know. */
static bool
kernel_begin(int table)
{
	struct kpath *t;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, table,
	    0);
	if (t == MAP_FAILED)
		return false;
	t->ttl = kernel_ttl();
	t->version = KPATH_VERSION;
	(void)munmap(t, sizeof(*t));
	return true;
}

/* Loads the object and keeps what outlives it; errno on failure. */
static bool
kernel_load(struct parent_kernel *k, struct bpf_object *o)
{
	const struct bpf_program *p;
	int map;

	if (bpf_object__load(o) != 0)
		return false;
	p = bpf_object__find_program_by_name(o, "kpath_lan");
	map = bpf_object__find_map_fd_by_name(o, "kpath");
	if (p == NULL || map < 0)
		return false;
	k->program = fcntl(bpf_program__fd(p), F_DUPFD_CLOEXEC, 3);
	k->table = fcntl(map, F_DUPFD_CLOEXEC, 3);
	return k->program != -1 && k->table != -1 && kernel_begin(k->table);
}

bool
parent_kernel_open(struct parent_kernel *k, char *why, size_t size)
{
	struct bpf_object *o;
	bool ok;

	k->table = k->program = -1;
	(void)libbpf_set_print(kernel_print);
	o = bpf_object__open_mem(
	    parent_kernel_object, sizeof(parent_kernel_object), NULL);
	ok = o != NULL && kernel_load(k, o);
	if (!ok)
		(void)snprintf(why, size, "the kernel does not take its "
		    "program: %s%s", strerror(errno),
		    errno == EPERM ? ": start mars as root" : "");
	bpf_object__close(o);
	if (!ok)
		parent_kernel_close(k);
	return ok;
}

void
parent_kernel_close(struct parent_kernel *k)
{
	if (k->program != -1)
		(void)close(k->program);
	if (k->table != -1)
		(void)close(k->table);
	k->program = k->table = -1;
}

/*
 * A link, so that the program is off the interface when the descriptor is
 * closed, whatever becomes of this process.  By the system call: libbpf has a
 * function for it since 1.3 only.
 */
int
parent_kernel_attach(const struct parent_kernel *k, uint32_t ifindex)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.link_create.prog_fd = (uint32_t)k->program;
	a.link_create.target_ifindex = ifindex;
	a.link_create.attach_type = TCX_INGRESS;
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &a,
	    sizeof(a.link_create));
}
