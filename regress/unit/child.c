/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What a child has given up; each test in a process of its own. */
#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/params.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "ipc.h"

#define OK	100

static int
apart(int (*what)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0)
		_exit(what());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
limited(__rlimit_resource_t resource, rlim_t max)
{
	struct rlimit r;

	return getrlimit(resource, &r) == 0 && r.rlim_max <= max &&
	    r.rlim_cur == r.rlim_max;
}

/* what holds with and without privileges; 0, or which did not */
static int
common_part(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	if (!limited(RLIMIT_CORE, 0))
		return 2;
	if (!limited(RLIMIT_NOFILE, 262144))
		return 3;
#ifndef SANITIZE_BUILD
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 4;
	if (!limited(RLIMIT_NPROC, 0))
		return 5;
#endif
	return 0;
}

/* standard error to a pipe's end, a socket, or a file */
static void
log_to(int fd)
{
	(void)dup2(fd, STDERR_FILENO);
}

static int
unprivileged_part(void)
{
	uid_t uid = getuid();
	int fds[2];

	if (pipe(fds) == -1)
		return 10;
	log_to(fds[1]);
	child_drop(false, "no such user");
	if (getuid() != uid)
		return 11;
	if (!limited(RLIMIT_FSIZE, 0))
		return 12;
	return common_part() == 0 ? OK : common_part();
}

/* A start without root: ids and root directory stay, the rest is given up. */
static void
without_root_the_ids_stay(void **unused)
{
	(void)unused;
	assert_int_equal(apart(unprivileged_part), OK);
}

static int
file_part(void)
{
	FILE *f = tmpfile();
	struct stat st;

	if (f == NULL)
		return 10;
	log_to(fileno(f));
	child_drop(false, "");
	fprintf(stderr, "a line\n");
	if (fstat(STDERR_FILENO, &st) == -1 || st.st_size != 7)
		return 11;
	return OK;
}

/* A log that goes to a file goes on. */
static void
log_to_a_file_goes_on(void **unused)
{
	(void)unused;
	assert_int_equal(apart(file_part), OK);
}

static int
privileged_part(void)
{
	struct passwd *pw = getpwnam("daemon");
	struct stat before, after;
	uid_t uid, u[3];
	gid_t gid, g[3], groups[8];

	if (pw == NULL || stat(pw->pw_dir, &before) == -1)
		return 10;
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	child_drop(true, "daemon");
	if (getresuid(&u[0], &u[1], &u[2]) == -1 ||
	    getresgid(&g[0], &g[1], &g[2]) == -1)
		return 11;
	if (u[0] != uid || u[1] != uid || u[2] != uid)
		return 12;
	if (g[0] != gid || g[1] != gid || g[2] != gid)
		return 13;
	if (getgroups(8, groups) != 1 || groups[0] != gid)
		return 14;
	if (setuid(0) != -1 || seteuid(0) != -1 || setgid(0) != -1)
		return 15;
	/* "/" is the home directory, and the way out is none */
	if (stat("/..", &after) == -1 || before.st_ino != after.st_ino ||
	    before.st_dev != after.st_dev)
		return 16;
	if (stat(".", &after) == -1 || before.st_ino != after.st_ino)
		return 17;
	return common_part() == 0 ? OK : common_part();
}

static void
root_is_given_up(void **unused)
{
	(void)unused;
	if (geteuid() != 0) {
		print_message("needs root: not tested\n");
		skip();
	}
	assert_int_equal(apart(privileged_part), OK);
}

static int
unknown_part(void)
{
	child_drop(true, "no such user");
	return OK;
}

static int
root_part(void)
{
	child_drop(true, "root");
	return OK;
}

/* fatal() ends with 1: never on as root because a name was wrong */
static void
wrong_user_is_fatal(void **unused)
{
	(void)unused;
	assert_int_equal(apart(unknown_part), 1);
	assert_int_equal(apart(root_part), 1);
}

static int
start_part(void)
{
	int fds[2], stray;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return 10;
	if (fds[0] != CHILD_FD && dup2(fds[0], CHILD_FD) == -1)
		return 11;
	if ((stray = fcntl(STDERR_FILENO, F_DUPFD, 20)) == -1)
		return 12;
	child_init(true);
	if (fcntl(CHILD_FD, F_GETFD) == -1)
		return 13;
	if (fcntl(stray, F_GETFD) != -1 || errno != EBADF)
		return 14;
	return OK;
}

/* Nothing is inherited but descriptors 0 to 3. */
static void
nothing_is_inherited_but_four_descriptors(void **unused)
{
	(void)unused;
	assert_int_equal(apart(start_part), OK);
}

static bool
hmac(const char *digest)
{
	char name[16];
	unsigned char out[EVP_MAX_MD_SIZE];
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	size_t len;
	bool ok;

	(void)snprintf(name, sizeof(name), "%s", digest);
	params[0] = OSSL_PARAM_construct_utf8_string("digest", name, 0);
	params[1] = OSSL_PARAM_construct_end();
	ok = ctx != NULL &&
	    EVP_MAC_init(ctx, (const unsigned char *)"key", 3, params) == 1 &&
	    EVP_MAC_update(ctx, (const unsigned char *)"text", 4) == 1 &&
	    EVP_MAC_final(ctx, out, &len, sizeof(out)) == 1;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return ok;
}

static int
crypto_part(void)
{
	const struct sandbox asked = { .role = SANDBOX_SCSPD,
		.best_effort = true };
	struct sandbox_state state;
	int status = start_part();

	if (status != OK)
		return status;
	child_drop(false, "");
	sandbox_enter(&asked, &state);
	return hmac("SHA256") && hmac("SHA384") && hmac("SHA512") &&
	    hmac("MD5") ?
	    OK :
	    20;
}

/*
 * RFC 2334 B.3.1: keys are taken into use by a process that can open no file
 * any more, so what OpenSSL reads it has read before.
 */
static void
keys_work_without_files(void **unused)
{
	(void)unused;
	assert_int_equal(apart(crypto_part), OK);
}

static int
by_hand_part(void)
{
	(void)close(CHILD_FD);
	child_init(true);
	return OK;
}

static void
start_by_hand_is_refused(void **unused)
{
	(void)unused;
	assert_int_equal(apart(by_hand_part), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_root_the_ids_stay),
		cmocka_unit_test(log_to_a_file_goes_on),
		cmocka_unit_test(root_is_given_up),
		cmocka_unit_test(wrong_user_is_fatal),
		cmocka_unit_test(nothing_is_inherited_but_four_descriptors),
		cmocka_unit_test(keys_work_without_files),
		cmocka_unit_test(start_by_hand_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
