/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "ipc.h"
#include "log.h"
#include "secret.h"

#define CHILD_NOFILE	262144	/* control clients; each ATM circuit is one */
#define CHILD_KEYS	(4 << 20)	/* octets for keys: 16384 of them */
#define CHILD_KEY_MIN	64		/* octets of the smallest piece */
#define CHILD_FORKS	512	/* processes of one user that forks */

/*
 * OpenSSL opens files when it is first used (its configuration) and when an
 * algorithm is first fetched: use each one once, while files can be opened.
 */
static void
warm_crypto(enum conf_algorithm a)
{
	uint8_t key[16] = { 0 }, mac[SECRET_MAC_MAX];
	const struct secret_part part = { key, sizeof(key) };
	struct secret *s = secret_new(a, key, sizeof(key));

	/* MD5 is missing where policy forbids it: then its keys fail */
	if (s == NULL || !secret_mac(s, &part, 1, mac))
		log_debug("OpenSSL has no %s", conf_algorithm_name(a));
	secret_free(s);
}

/*
 * OpenSSL's secure heap, for secret.c: locked, not in a core, between pages
 * that nobody may touch, and wiped when it is freed.
 */
static void
lock_keys(void)
{
	if (CRYPTO_secure_malloc_init(CHILD_KEYS, CHILD_KEY_MIN) != 1)
		log_warnx("memory for keys can't be locked, so that they may "
		    "be swapped out: let the service lock %d MB "
		    "(LimitMEMLOCK of systemd)", CHILD_KEYS >> 20);
}

void
child_init(bool keys)
{
	struct stat st;
	uint32_t some;

	if (fstat(CHILD_FD, &st) == -1 || !S_ISSOCK(st.st_mode))
		fatalx("started by hand: mars(8) starts this program");
	closefrom(CHILD_FD + 1);
	(void)umask(077);
	/* a peer that has closed its end is an error of write(2) */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signal");
	/*
	 * Soon after the machine's own start there may be no randomness yet:
	 * then glibc opens /dev/random to wait for it, which is possible now
	 * and is not needed ever after.
	 */
	arc4random_buf(&some, sizeof(some));
	if (keys)
		lock_keys();
	warm_crypto(CONF_HMAC_MD5);
	warm_crypto(CONF_HMAC_SHA256);
	warm_crypto(CONF_HMAC_SHA384);
	warm_crypto(CONF_HMAC_SHA512);
}

/* A root directory that its future inhabitant can't change. */
static void
enter_home(const struct passwd *pw)
{
	struct stat st;

	if (stat(pw->pw_dir, &st) == -1)
		fatal("%s", pw->pw_dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		fatalx("%s: has to be a directory that root owns and nobody "
		    "else can write to",
		    pw->pw_dir);
	if (chroot(pw->pw_dir) == -1)
		fatal("chroot %s", pw->pw_dir);
	if (chdir("/") == -1)
		fatal("chdir");
}

static void
become(const char *user)
{
	struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(user)) == NULL)
		fatalx("no such user: %s", user);
	if (pw->pw_uid == 0)
		fatalx("user %s is root: choose another", user);
	enter_home(pw);
	if (setgroups(1, &pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		fatal("can't become user %s", user);
	if (setuid(0) != -1 || seteuid(0) != -1)
		fatalx("user %s can become root again", user);
}

/* glibc has made an enumeration of what is an int elsewhere */
#ifdef __GLIBC__
typedef __rlimit_resource_t resource_t;
#else
typedef int resource_t;
#endif

static void
limit(resource_t resource, rlim_t max)
{
	struct rlimit r;

	if (getrlimit(resource, &r) == -1)
		fatal("getrlimit");
	if (r.rlim_max != RLIM_INFINITY && r.rlim_max < max)
		max = r.rlim_max;
	r.rlim_cur = r.rlim_max = max;
	if (setrlimit(resource, &r) == -1)
		fatal("setrlimit");
}

static void
limits(void)
{
	struct stat st;

	/*
	 * In the foreground the log may go to a file: a limit on the size of
	 * files would end the process at its next line.
	 */
	if (fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode))
		limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, CHILD_NOFILE);
}

void
child_drop_forking(bool privileged, const char *user)
{
	sandbox_bound();
	if (privileged)
		become(user);
	/* the kernel resets this when the ids change: so not before */
	sandbox_undumpable();
	limits();
	if (privileged) /* of this user: its own are few */
		limit(RLIMIT_NPROC, CHILD_FORKS);
	sandbox_no_new_privs();
}

void
child_drop(bool privileged, const char *user)
{
	child_drop_forking(privileged, user);
#ifndef SANITIZE_BUILD
	/* LeakSanitizer starts a process of its own at the end */
	limit(RLIMIT_NPROC, 0);
#endif
}
