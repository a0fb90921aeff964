/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One buffer, and a queue of them: every function with its errors. */
#include <sys/types.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <imsg.h>

/* The call fails so. */
#define FAILS(call, error) do {						\
	errno = 0;							\
	assert_int_equal(call, -1);					\
	assert_int_equal(errno, error);					\
} while (0)
#define FAILS_NULL(call, error) do {					\
	errno = 0;							\
	assert_null(call);						\
	assert_int_equal(errno, error);					\
} while (0)
#define CONTENTS(b, s) do {						\
	assert_int_equal(ibuf_size(b), sizeof(s) - 1);			\
	assert_memory_equal(ibuf_data(b), s, sizeof(s) - 1);		\
} while (0)

static void
open_gives_room_for_len(void **state)
{
	struct ibuf *b;

	(void)state;
	assert_non_null(b = ibuf_open(4));
	assert_int_equal(ibuf_size(b), 0);
	assert_int_equal(ibuf_left(b), 4);
	assert_int_equal(ibuf_add(b, "abcd", 4), 0);
	assert_int_equal(ibuf_left(b), 0);
	FAILS(ibuf_add(b, "e", 1), ERANGE);
	CONTENTS(b, "abcd");
	ibuf_free(b);

	assert_non_null(b = ibuf_open(0));
	assert_int_equal(ibuf_left(b), 0);
	FAILS(ibuf_add(b, "e", 1), ERANGE);
	assert_int_equal(ibuf_add(b, NULL, 0), 0);
	ibuf_free(b);

#ifndef SANITIZE_BUILD /* whose allocator ends the process instead */
	/* half of it, a machine of 32 bits may have */
	FAILS_NULL(ibuf_open(SIZE_MAX / 2 + 1), ENOMEM);
#endif
	ibuf_free(NULL);
	errno = E2BIG;
	ibuf_free(NULL);
	assert_int_equal(errno, E2BIG);
}

/* Takes what fits, one octet at a time, and keeps what it has. */
static void
takes_what_fits(void **state)
{
	struct ibuf *b;
	unsigned char c;
	size_t i;

	(void)state;
	assert_non_null(b = ibuf_open(1000));
	for (i = 0; i < 1000; i++) {
		assert_int_equal(ibuf_left(b), 1000 - i);
		c = i & 0xff;
		assert_int_equal(ibuf_add(b, &c, 1), 0);
	}
	FAILS(ibuf_add(b, &c, 1), ERANGE);
	FAILS(ibuf_add(b, &c, SIZE_MAX), ERANGE);
	for (i = 0; i < 1000; i++)
		assert_int_equal(((unsigned char *)ibuf_data(b))[i], i & 0xff);
	ibuf_free(b);
}

static void
reads_no_further_than_the_contents(void **state)
{
	struct ibuf *b = ibuf_open(16), v;
	char buf[16];

	(void)state;
	assert_int_equal(ibuf_add(b, "abc\0xyz0123", 11), 0);
	FAILS(ibuf_get(b, buf, 12), EBADMSG);
	FAILS(ibuf_get_ibuf(b, 12, &v), EBADMSG);
	assert_int_equal(ibuf_size(b), 11);
	assert_int_equal(ibuf_get(b, buf, 7), 0);
	assert_memory_equal(buf, "abc\0xyz", 7);
	assert_int_equal(ibuf_get_ibuf(b, 2, &v), 0);
	CONTENTS(&v, "01");
	CONTENTS(b, "23");
	assert_int_equal(ibuf_get(b, buf, 2), 0);
	assert_memory_equal(buf, "23", 2);
	FAILS(ibuf_get(b, buf, 1), EBADMSG);
	ibuf_free(b);
}

static void
view_can_be_read_only(void **state)
{
	struct ibuf v, w, empty;
	char mem[] = "hello", c;

	(void)state;
	ibuf_from_buffer(&v, mem, 5);
	CONTENTS(&v, "hello");
	assert_int_equal(ibuf_left(&v), 0);
	FAILS(ibuf_add(&v, "x", 1), EINVAL);
	assert_int_equal(ibuf_fd_get(&v), -1);
	/* a view of a view; the octets are those of the memory */
	assert_int_equal(ibuf_get(&v, &c, 1), 0);
	assert_int_equal(c, 'h');
	assert_int_equal(ibuf_get_ibuf(&v, 2, &w), 0);
	CONTENTS(&w, "el");
	CONTENTS(&v, "lo");
	assert_ptr_equal(ibuf_data(&w), mem + 1);
	ibuf_from_buffer(&empty, NULL, 0);
	assert_int_equal(ibuf_size(&empty), 0);
	assert_null(ibuf_data(&empty));
	assert_int_equal(ibuf_get(&empty, NULL, 0), 0);
	FAILS(ibuf_get(&empty, &c, 1), EBADMSG);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
descriptor_has_one_owner(void **state)
{
	struct ibuf *b = ibuf_open(1);
	int a = dup(0), c = dup(0);

	(void)state;
	assert_true(a != -1 && c != -1);
	assert_int_equal(ibuf_fd_get(b), -1);
	ibuf_fd_set(b, a);
	ibuf_fd_set(b, c);
	assert_false(is_open(a));
	assert_int_equal(ibuf_fd_get(b), c);
	assert_int_equal(ibuf_fd_get(b), -1);
	ibuf_fd_set(b, c);
	ibuf_fd_set(b, -7);
	assert_int_equal(ibuf_fd_get(b), -1);
	assert_false(is_open(c));
	assert_true((a = dup(0)) != -1);
	ibuf_fd_set(b, a);
	errno = E2BIG;
	ibuf_free(b);
	assert_int_equal(errno, E2BIG);
	assert_false(is_open(a));
}

/* Reads headers of one octet, which are the whole message. */
static struct ibuf *
whole(struct ibuf *hdr, void *arg, int *fd)
{
	(void)arg;
	(void)fd;
	return ibuf_open(ibuf_size(hdr));
}

/* A view where a buffer has to be owned is a mistake in the program. */
static void
owning_a_view_aborts(void **state)
{
	struct msgbuf *m = msgbuf_new_reader(1, whole, NULL);
	struct ibuf v;
	char mem[4] = "";
	int i, status;
	pid_t pid;

	(void)state;
	ibuf_from_buffer(&v, mem, sizeof(mem));
	for (i = 0; i < 4; i++) {
		if ((pid = fork()) == 0) {
			signal(SIGABRT, SIG_DFL);
			switch (i) {
			case 0:
				ibuf_free(&v);
				break;
			case 1:
				ibuf_close(m, &v);
				break;
			case 2:
				ibuf_fd_set(&v, -1);
				break;
			}
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (i == 3) /* the test itself: nothing done, no abort */
			assert_true(WIFEXITED(status));
		else
			assert_true(
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
	msgbuf_free(m);
}

static struct ibuf *
one(const char *s)
{
	struct ibuf *b = ibuf_open(strlen(s));

	assert_non_null(b);
	assert_int_equal(ibuf_add(b, s, strlen(s)), 0);
	return b;
}

static void
queue_counts_what_waits(void **state)
{
	struct msgbuf *m = msgbuf_new_reader(1, whole, NULL);

	(void)state;
	assert_non_null(m);
	assert_int_equal(msgbuf_queuelen(m), 0);
	ibuf_close(m, one("1"));
	ibuf_close(m, one("2"));
	assert_int_equal(msgbuf_queuelen(m), 2);
	assert_null(msgbuf_get(m));
	msgbuf_clear(m);
	assert_int_equal(msgbuf_queuelen(m), 0);
	ibuf_close(m, one("3"));
	msgbuf_free(m);
	msgbuf_free(NULL);
	FAILS_NULL(msgbuf_new_reader(0, whole, NULL), EINVAL);
	FAILS_NULL(msgbuf_new_reader(32768, whole, NULL), EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_gives_room_for_len),
		cmocka_unit_test(takes_what_fits),
		cmocka_unit_test(reads_no_further_than_the_contents),
		cmocka_unit_test(view_can_be_read_only),
		cmocka_unit_test(descriptor_has_one_owner),
		cmocka_unit_test(owning_a_view_aborts),
		cmocka_unit_test(queue_counts_what_waits),
	};

	return cmocka_run_group_tests_name("ibuf", tests, NULL, NULL);
}
