/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How a process gives up what it does not need, before it reads its first
 * octet from the network.  child.c is for every system, sandbox_*.c for one.
 */
#ifndef MARS_CHILD_H
#define MARS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_role {
	SANDBOX_MARSD,
	SANDBOX_SCSPD,
	SANDBOX_EDGED,	/* as a child, and sends where it is meant to only */
	SANDBOX_PARENT,	/* keeps files and sockets; no exec, ptrace, mount */
	SANDBOX_PARTIES	/* as a child; may also fork, and add ATM parties */
};

#define SANDBOX_STRLEN	160	/* buffer for what is in force */

/*
 * The first step of a child's main(): nothing but the standard descriptors
 * and the channel to the parent is open, and OpenSSL has loaded what it will
 * need.  keys: from now on it keeps keys in memory that is never written to a
 * disk; where that can't be had the log says so.  fatal() on failure.
 */
void	child_init(bool keys);

/*
 * Gives up whatever can be given up: chroot to the user's home directory and
 * change to it, groups, gid, uid (privileged only), undumpable, limits
 * (no files, no processes, no core), no_new_privs.  fatal() on failure.
 */
void	child_drop(bool privileged, const char *user);
/* The same for a process that forks: it may have a few processes. */
void	child_drop_forking(bool privileged, const char *user);

/*
 * The last step: seccomp (default deny) and Landlock, or pledge and unveil.
 * Writes what is in force, for the log and for marsctl, into buf, which has
 * SANDBOX_STRLEN octets.  fatal() on failure.
 */
void	sandbox_enter(enum sandbox_role, char *buf, size_t);

/*
 * edged has packet sockets, on which an address would lead out of any
 * interface.  So the n sockets on which it may send to addresses get the
 * numbers from SANDBOX_PIN on before it enters.  It can't close them, so that
 * no other descriptor ever has such a number.  Everywhere else it sends
 * without an address: to where the descriptor is bound.  n is not looked at in
 * other roles.
 */
#define SANDBOX_PIN	512
void	sandbox_enter_pinned(enum sandbox_role, int n, char *buf, size_t);

/* The system's own part of child_drop(): undumpable, no_new_privs. */
void	sandbox_undumpable(void);
void	sandbox_no_new_privs(void);

#endif
