/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * pledge(2) and unveil(2).  A child promises "inet" because sendto(2) with an
 * address asks for it, even on a socket that somebody else has made; "unix"
 * for accept(2) on the control socket; "recvfd" for the sockets of a reload.
 * A parent that opens interfaces of edges later on promises nothing, since no
 * promise has the ioctls of bpf(4) in it.
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
sandbox_bound(void)
{
}

const char *
sandbox_missing(void)
{
	return NULL;
}

/* A process can't ask what it has promised: to have come so far says it. */
void
sandbox_look(struct sandbox_state *st)
{
	st->filter = st->no_new_privs = (st->keep & SANDBOX_CAP_LAN) == 0;
	st->capabilities = 0;
}

bool
sandbox_full(const struct sandbox_state *st)
{
	return st->filter;
}

const char *
sandbox_print(const struct sandbox_state *st, char *buf)
{
	(void)snprintf(buf, SANDBOX_STRLEN, "%spledge%s",
	    st->filter ? "" : "no ", st->landlock != 0 ? ", unveil" : "");
	return buf;
}

void
sandbox_enter(const struct sandbox *s, struct sandbox_state *st)
{
	const char *promises = "stdio inet unix recvfd";

	if (s->role == SANDBOX_PARENT) {
		/* reads its files again, makes sockets, ends its children */
		promises = "stdio rpath cpath getpw inet unix sendfd proc";
	} else if (s->role == SANDBOX_PARTIES)
		promises = "stdio recvfd proc";
	st->landlock = s->role != SANDBOX_PARENT;
	if (s->role != SANDBOX_PARENT &&
	    (unveil("/", "") == -1 || unveil(NULL, NULL) == -1))
		fatal("unveil");
	st->keep = s->role == SANDBOX_PARENT ? s->keep : 0;
	if ((st->keep & SANDBOX_CAP_LAN) == 0 && pledge(promises, NULL) == -1)
		fatal("pledge");
	sandbox_look(st);
}
