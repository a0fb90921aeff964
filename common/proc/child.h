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

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * edged has packet sockets, on which an address would lead out of any
 * interface.  So the sockets on which it may send to addresses get the
 * numbers from SANDBOX_PIN on before it enters.  It can't close them, so that
 * no other descriptor ever has such a number.  Everywhere else it sends
 * without an address: to where the descriptor is bound.
 */
#define SANDBOX_PIN	512

/* Capabilities that the parent may keep; a child has none. */
#define SANDBOX_CAP_KILL	0x1	/* its children are other users' */
#define SANDBOX_CAP_BIND	0x2	/* low ports, reserved VCIs */
#define SANDBOX_CAP_LAN		0x4	/* packet sockets, their buffers, and
					 * the path through the kernel */

/* What is asked for. */
struct sandbox {
	enum sandbox_role role;
	/* goes on where the system has no Landlock, and says so */
	bool		 best_effort;
	int		 npinned;	/* SANDBOX_EDGED: see SANDBOX_PIN */
	/* SANDBOX_PARENT: */
	unsigned int	 keep;		/* SANDBOX_CAP_* */
	const pid_t	*signals;	/* whom it may send one to: no more */
	size_t		 nsignals;
};

/* What is in force, as the kernel says; see sandbox_look(). */
struct sandbox_state {
	bool		 filter;	/* of system calls: seccomp, pledge */
	int		 landlock;	/* its ABI; 0: none.  OpenBSD: unveil */
	bool		 no_new_privs;
	uint64_t	 capabilities;	/* in any set of its own */
	uint64_t	 keep;		/* those that were asked for */
};

/*
 * The last step: seccomp (default deny), Landlock and no capabilities, or
 * pledge and unveil.  fatal() where less than that can be had, but for
 * best_effort.
 */
void	sandbox_enter(const struct sandbox *, struct sandbox_state *);
/* Asks the kernel anew, but for Landlock, which was tried when it began. */
void	sandbox_look(struct sandbox_state *);
/* Is that all that was asked for? */
bool	sandbox_full(const struct sandbox_state *);
/* For the log and marsctl(8): buf has SANDBOX_STRLEN octets; returns it. */
const char *sandbox_print(const struct sandbox_state *, char *buf);
/*
 * Why a process can't be confined on this system as far as it is meant to, or
 * NULL: so that this is said before anything is started.
 */
const char *sandbox_missing(void);

/* The system's own part of child_drop(): undumpable, no_new_privs. */
void	sandbox_undumpable(void);
void	sandbox_no_new_privs(void);
/* Nothing gives it a capability again; before it becomes another user. */
void	sandbox_bound(void);

#endif
