/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A system without an ATM stack. */

#include <errno.h>

#include "atm.h"

static int
none(void)
{
	errno = EAFNOSUPPORT;
	return -1;
}

int
atm_svc_listen(const struct atm_addr *local)
{
	(void)local;
	return none();
}

int
atm_svc_accept(int fd, struct atm_addr *caller, bool *leaf)
{
	(void)fd;
	(void)caller;
	(void)leaf;
	return none();
}

int
atm_svc_call(const struct atm_addr *local, const struct atm_addr *to, bool leaf)
{
	(void)local;
	(void)to;
	(void)leaf;
	return none();
}

int
atm_svc_finish(int fd, const struct atm_addr *to)
{
	(void)fd;
	(void)to;
	return none();
}

int
atm_party_add(int fd, const struct atm_addr *a)
{
	(void)fd;
	(void)a;
	return none();
}

int
atm_party_drop(int fd, int ref)
{
	(void)fd;
	(void)ref;
	return none();
}

int
atm_party_left(int fd)
{
	(void)fd;
	return 0;
}

int
atm_party_watch(int fd, int ctl)
{
	(void)fd;
	(void)ctl;
	return none();
}

void
atm_party_wait(int watch)
{
	(void)watch;
}

int
atm_pvc_open(int itf, int vpi, int vci)
{
	(void)itf;
	(void)vpi;
	(void)vci;
	return none();
}
