/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Where there is no path through the kernel, or nothing to build it with. */
#include <stdio.h>

#include "parent.h"

bool
parent_kernel_open(struct parent_kernel *k, char *why, size_t size)
{
	k->table = k->program = -1;
	(void)snprintf(why, size, "this mars was built without it, since there "
	    "was no clang, or no libbpf, or the system has none");
	return false;
}

void
parent_kernel_close(struct parent_kernel *k)
{
	(void)k;
}

int
parent_kernel_attach(const struct parent_kernel *k, uint32_t ifindex)
{
	(void)k;
	(void)ifindex;
	return -1;
}
