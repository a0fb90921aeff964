/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * pledge(2) and unveil(2).  A child promises "inet" because sendto(2) with an
 * address asks for it, even on a socket that somebody else has made; "unix"
 * for accept(2) on the control socket; "recvfd" for the sockets of a reload.
 */
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "log.h"

/* A process that has changed its ids can't be dumped or traced here. */
void
sandbox_undumpable(void)
{
}

/* A pledge without "exec" has the same effect. */
void
sandbox_no_new_privs(void)
{
}

void
sandbox_enter_pinned(enum sandbox_role role, int n, char *buf, size_t size)
{
	(void)n;
	sandbox_enter(role, buf, size);
}

void
sandbox_enter(enum sandbox_role role, char *buf, size_t size)
{
	const char *promises = "stdio inet unix recvfd";

	if (role == SANDBOX_PARENT) {
		/* reads its files again, makes sockets, ends its children */
		promises = "stdio rpath cpath fattr getpw inet unix sendfd "
		    "proc";
	} else if (role == SANDBOX_PARTIES)
		promises = "stdio recvfd proc";
	if (role != SANDBOX_PARENT &&
	    (unveil("/", "") == -1 || unveil(NULL, NULL) == -1))
		fatal("unveil");
	if (pledge(promises, NULL) == -1)
		fatal("pledge");
	(void)snprintf(buf, size, "pledge \"%s\"%s", promises,
	    role == SANDBOX_PARENT ? "" : ", unveil");
}
