/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One buffer: every function with its errors. */
#include <sys/types.h>
#include <sys/wait.h>
#include <endian.h>
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
opening(void **state)
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
	assert_non_null(ibuf_seek(b, 0, 0));
	ibuf_free(b);

	FAILS_NULL(ibuf_dynamic(0, 0), EINVAL);
	FAILS_NULL(ibuf_dynamic(2, 1), EINVAL);
#ifndef SANITIZE_BUILD /* whose allocator ends the process instead */
	FAILS_NULL(ibuf_open(SIZE_MAX / 2), ENOMEM);
#endif
	ibuf_free(NULL);
	errno = E2BIG;
	ibuf_free(NULL);
	assert_int_equal(errno, E2BIG);
}

/* Grows to its limit, one octet at a time, and keeps what it has. */
static void
growing(void **state)
{
	struct ibuf *b;
	size_t i;

	(void)state;
	assert_non_null(b = ibuf_dynamic(0, 1000));
	for (i = 0; i < 1000; i++) {
		assert_int_equal(ibuf_left(b), 1000 - i);
		assert_int_equal(ibuf_add_n8(b, i & 0xff), 0);
	}
	FAILS(ibuf_add_n8(b, 0), ERANGE);
	FAILS(ibuf_add_zero(b, 1), ERANGE);
	FAILS_NULL(ibuf_reserve(b, SIZE_MAX), ERANGE);
	for (i = 0; i < 1000; i++)
		assert_int_equal(((unsigned char *)ibuf_data(b))[i], i & 0xff);
	ibuf_free(b);
}

static void
appending(void **state)
{
	struct ibuf *a, *b;
	char *p;

	(void)state;
	a = ibuf_dynamic(1, 64);
	b = ibuf_dynamic(1, 64);
	assert_non_null(p = ibuf_reserve(a, 2));
	memcpy(p, "xy", 2);
	assert_int_equal(ibuf_add_zero(a, 2), 0);
	assert_int_equal(ibuf_add_zero(a, 0), 0);
	assert_int_equal(ibuf_skip(a, 1), 0);
	assert_int_equal(ibuf_add(b, "<", 1), 0);
	assert_int_equal(ibuf_add_ibuf(b, a), 0);
	CONTENTS(b, "<y\0\0");
	CONTENTS(a, "y\0\0");
	ibuf_free(b);

	b = ibuf_open(8);
	assert_int_equal(ibuf_add_strbuf(b, "ab", 5), 0);
	CONTENTS(b, "ab\0\0\0");
	FAILS(ibuf_add_strbuf(b, "abc", 3), EOVERFLOW);
	ibuf_free(b);
	b = ibuf_open(2);
	FAILS(ibuf_add_strbuf(b, "a", 3), ERANGE);
	FAILS(ibuf_add_strbuf(b, "", 0), EOVERFLOW);
	assert_int_equal(ibuf_add_strbuf(b, "", 1), 0);
	CONTENTS(b, "\0");
	ibuf_free(a);
	ibuf_free(b);
}

/* The octets are written out here; h is the host's order. */
static void
numbers(void **state)
{
	struct ibuf *b = ibuf_dynamic(1, 64);
	uint8_t n8;
	uint16_t n16;
	uint32_t n32;
	uint64_t n64;

	(void)state;
	assert_int_equal(ibuf_add_n8(b, 0x01), 0);
	assert_int_equal(ibuf_add_n16(b, 0x0203), 0);
	assert_int_equal(ibuf_add_n32(b, 0x04050607), 0);
	assert_int_equal(ibuf_add_n64(b, 0x08090a0b0c0d0e0fULL), 0);
	CONTENTS(b, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17");
	FAILS(ibuf_add_n8(b, 0x100), EINVAL);
	FAILS(ibuf_add_n16(b, 0x10000), EINVAL);
	FAILS(ibuf_add_n32(b, 0x100000000ULL), EINVAL);
	FAILS(ibuf_add_h16(b, 0x10000), EINVAL);
	FAILS(ibuf_add_h32(b, 0x100000000ULL), EINVAL);
	assert_int_equal(ibuf_size(b), 15);
	assert_int_equal(ibuf_get_n8(b, &n8), 0);
	assert_int_equal(ibuf_get_n16(b, &n16), 0);
	assert_int_equal(ibuf_get_n32(b, &n32), 0);
	assert_int_equal(ibuf_get_n64(b, &n64), 0);
	assert_int_equal(n8, 1);
	assert_int_equal(n16, 0x0203);
	assert_int_equal(n32, 0x04050607);
	assert_true(n64 == 0x08090a0b0c0d0e0fULL);
	assert_int_equal(ibuf_size(b), 0);

	assert_int_equal(ibuf_add_h16(b, 0x1234), 0);
	assert_int_equal(ibuf_add_h32(b, 0x12345678), 0);
	assert_int_equal(ibuf_add_h64(b, 0x123456789abcdef0ULL), 0);
	n64 = 0x123456789abcdef0ULL;
	assert_memory_equal((char *)ibuf_data(b) + 6, &n64, 8);
	n32 = 0x12345678;
	assert_memory_equal((char *)ibuf_data(b) + 2, &n32, 4);
	n16 = 0x1234;
	assert_memory_equal(ibuf_data(b), &n16, 2);
	n16 = 0, n32 = 0, n64 = 0;
	assert_int_equal(ibuf_get_h16(b, &n16), 0);
	assert_int_equal(ibuf_get_h32(b, &n32), 0);
	assert_int_equal(ibuf_get_h64(b, &n64), 0);
	assert_int_equal(n16, 0x1234);
	assert_int_equal(n32, 0x12345678);
	assert_true(n64 == 0x123456789abcdef0ULL);

	/* too few are left: nothing is consumed, the number stays [ours] */
	assert_int_equal(ibuf_add_n8(b, 9), 0);
	n16 = 7, n32 = 7, n64 = 7;
	FAILS(ibuf_get_n16(b, &n16), EBADMSG);
	FAILS(ibuf_get_n32(b, &n32), EBADMSG);
	FAILS(ibuf_get_n64(b, &n64), EBADMSG);
	FAILS(ibuf_get_h16(b, &n16), EBADMSG);
	FAILS(ibuf_get_h32(b, &n32), EBADMSG);
	FAILS(ibuf_get_h64(b, &n64), EBADMSG);
	assert_true(n16 == 7 && n32 == 7 && n64 == 7);
	assert_int_equal(ibuf_get_n8(b, &n8), 0);
	FAILS(ibuf_get_n8(b, &n8), EBADMSG);
	assert_int_equal(n8, 9);
	ibuf_free(b);
}

/* Positions count from what has not been read. */
static void
overwriting(void **state)
{
	struct ibuf *b = ibuf_open(32);
	uint16_t h16 = 0xabcd;

	(void)state;
	assert_int_equal(ibuf_add(b, "-0123456789abcdef", 17), 0);
	assert_int_equal(ibuf_skip(b, 1), 0);
	assert_ptr_equal(ibuf_seek(b, 3, 2), (char *)ibuf_data(b) + 3);
	assert_non_null(ibuf_seek(b, 16, 0));
	FAILS_NULL(ibuf_seek(b, 16, 1), ERANGE);
	FAILS_NULL(ibuf_seek(b, 17, 0), ERANGE);
	FAILS_NULL(ibuf_seek(b, 1, SIZE_MAX), ERANGE);
	assert_int_equal(ibuf_set(b, 14, "XY", 2), 0);
	FAILS(ibuf_set(b, 15, "XY", 2), ERANGE);
	assert_int_equal(ibuf_set_n8(b, 0, 'A'), 0);
	assert_int_equal(ibuf_set_n16(b, 1, 0x4243), 0);
	assert_int_equal(ibuf_set_n32(b, 3, 0x44454647), 0);
	assert_int_equal(ibuf_set_h16(b, 10, h16), 0);
	assert_memory_equal(ibuf_data(b), "ABCDEFG789", 10);
	assert_memory_equal((char *)ibuf_data(b) + 10, &h16, 2);
	assert_memory_equal((char *)ibuf_data(b) + 12, "cdXY", 4);
	assert_int_equal(ibuf_set_n64(b, 8, 0x3132333435363738ULL), 0);
	CONTENTS(b, "ABCDEFG712345678");
	FAILS(ibuf_set_n8(b, 0, 0x100), EINVAL);
	FAILS(ibuf_set_n16(b, 0, 0x10000), EINVAL);
	FAILS(ibuf_set_n32(b, 0, 1ULL << 32), EINVAL);
	FAILS(ibuf_set_h16(b, 0, 0x10000), EINVAL);
	FAILS(ibuf_set_h32(b, 0, 1ULL << 32), EINVAL);
	FAILS(ibuf_set_n8(b, 16, 0), ERANGE);
	FAILS(ibuf_set_n64(b, 9, 0), ERANGE);
	FAILS(ibuf_set_h64(b, 9, 0), ERANGE);
	FAILS(ibuf_set_h32(b, 13, 0), ERANGE);
	CONTENTS(b, "ABCDEFG712345678");
	ibuf_free(b);
}

static void
limits(void **state)
{
	struct ibuf *b = ibuf_dynamic(4, 100), v;

	(void)state;
	assert_int_equal(ibuf_add(b, "abcdef", 6), 0);
	FAILS(ibuf_set_maxsize(b, 101), ERANGE);
	assert_int_equal(ibuf_set_maxsize(b, 8), 0);
	assert_int_equal(ibuf_left(b), 2);
	FAILS(ibuf_add(b, "ghi", 3), ERANGE);
	FAILS(ibuf_set_maxsize(b, 9), ERANGE);
	FAILS(ibuf_set_maxsize(b, 5), ERANGE);
	assert_int_equal(ibuf_truncate(b, 8), 0);
	CONTENTS(b, "abcdef\0\0");
	FAILS(ibuf_truncate(b, 9), ERANGE);
	assert_int_equal(ibuf_truncate(b, 3), 0);
	assert_int_equal(ibuf_skip(b, 1), 0);
	assert_int_equal(ibuf_truncate(b, 3), 0);
	CONTENTS(b, "bc\0");
	ibuf_from_ibuf(&v, b);
	FAILS(ibuf_set_maxsize(&v, 1), EINVAL);
	ibuf_rewind(b);
	CONTENTS(b, "abc\0");
	ibuf_free(b);
}

static void
reading(void **state)
{
	struct ibuf *b = ibuf_open(16), v;
	char buf[16], *s;

	(void)state;
	assert_int_equal(ibuf_add(b, "abc\0xyz0123", 11), 0);
	FAILS(ibuf_get(b, buf, 12), EBADMSG);
	FAILS(ibuf_skip(b, 12), EBADMSG);
	FAILS(ibuf_get_ibuf(b, 12, &v), EBADMSG);
	FAILS_NULL(ibuf_get_string(b, 12), EBADMSG);
	FAILS(ibuf_get_strbuf(b, buf, 12), EBADMSG);
	FAILS(ibuf_get_strbuf(b, buf, 0), EINVAL);
	assert_int_equal(ibuf_size(b), 11);
	assert_non_null(s = ibuf_get_string(b, 5));
	assert_string_equal(s, "abc");
	free(s);
	assert_int_equal(ibuf_size(b), 6);
	assert_non_null(s = ibuf_get_string(b, 2));
	assert_string_equal(s, "yz");
	free(s);
	assert_int_equal(ibuf_get_ibuf(b, 2, &v), 0);
	CONTENTS(&v, "01");
	CONTENTS(b, "23");
	assert_int_equal(ibuf_get(b, buf, 2), 0);
	assert_memory_equal(buf, "23", 2);

	ibuf_rewind(b);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(ibuf_get_strbuf(b, buf, 4), 0);
	assert_memory_equal(buf, "abc\0x", 5);
	FAILS(ibuf_get_strbuf(b, buf, 3), EOVERFLOW);
	assert_memory_equal(buf, "xy\0", 3);
	assert_int_equal(ibuf_size(b), 4);
	ibuf_rewind(b);
	assert_int_equal(ibuf_get_strbuf(b, buf, 7), 0);
	assert_memory_equal(buf, "abc\0\0\0\0", 7);
	ibuf_free(b);
}

static void
views(void **state)
{
	struct ibuf *b = ibuf_open(8), v, w, empty;
	char mem[] = "hello";
	uint8_t n;

	(void)state;
	ibuf_from_buffer(&v, mem, 5);
	CONTENTS(&v, "hello");
	assert_int_equal(ibuf_left(&v), 0);
	FAILS(ibuf_add(&v, "x", 1), EINVAL);
	FAILS(ibuf_add_n8(&v, 1), EINVAL);
	FAILS(ibuf_add_zero(&v, 1), EINVAL);
	FAILS_NULL(ibuf_reserve(&v, 1), EINVAL);
	FAILS(ibuf_truncate(&v, 6), ERANGE);
	assert_int_equal(ibuf_fd_avail(&v), 0);
	assert_int_equal(ibuf_fd_get(&v), -1);
	ibuf_from_ibuf(&w, &v);
	assert_int_equal(ibuf_get_n8(&w, &n), 0);
	assert_int_equal(n, 'h');
	CONTENTS(&v, "hello");
	assert_int_equal(ibuf_truncate(&w, 2), 0);
	CONTENTS(&w, "el");
	assert_int_equal(ibuf_add_ibuf(b, &w), 0);
	CONTENTS(b, "el");
	ibuf_from_buffer(&empty, NULL, 0);
	assert_int_equal(ibuf_size(&empty), 0);
	assert_int_equal(ibuf_add_ibuf(b, &empty), 0);
	assert_int_equal(ibuf_get(&empty, NULL, 0), 0);
	FAILS(ibuf_skip(&empty, 1), EBADMSG);
	ibuf_free(b);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
descriptors(void **state)
{
	struct ibuf *b = ibuf_open(1);
	int a = dup(0), c = dup(0);

	(void)state;
	assert_true(a != -1 && c != -1);
	assert_false(ibuf_fd_avail(b));
	assert_int_equal(ibuf_fd_get(b), -1);
	ibuf_fd_set(b, a);
	assert_true(ibuf_fd_avail(b));
	ibuf_fd_set(b, c);
	assert_false(is_open(a));
	assert_int_equal(ibuf_fd_get(b), c);
	assert_false(ibuf_fd_avail(b));
	ibuf_fd_set(b, c);
	ibuf_fd_set(b, -7);
	assert_false(ibuf_fd_avail(b));
	assert_false(is_open(c));
	assert_true((a = dup(0)) != -1);
	ibuf_fd_set(b, a);
	errno = E2BIG;
	ibuf_free(b);
	assert_int_equal(errno, E2BIG);
	assert_false(is_open(a));
}

/* A view where a buffer has to be owned is a mistake in the program. */
static void
aborts(void **state)
{
	struct ibufqueue *q = ibufq_new();
	struct msgbuf *m = msgbuf_new();
	struct ibuf v;
	char mem[4] = "";
	int i, status;
	pid_t pid;

	(void)state;
	ibuf_from_buffer(&v, mem, sizeof(mem));
	for (i = 0; i < 5; i++) {
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
				ibufq_push(q, &v);
				break;
			case 3:
				ibuf_fd_set(&v, -1);
				break;
			}
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (i == 4) /* the test itself: nothing done, no abort */
			assert_true(WIFEXITED(status));
		else
			assert_true(
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
	ibufq_free(q);
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
queues(void **state)
{
	struct ibufqueue *a = ibufq_new(), *c = ibufq_new();
	struct msgbuf *m = msgbuf_new();
	struct ibuf *b;
	int i;

	(void)state;
	assert_null(ibufq_pop(a));
	ibufq_concat(a, c);
	ibufq_push(a, one("1"));
	ibufq_push(c, one("2"));
	ibufq_push(c, one("3"));
	ibufq_concat(a, c);
	assert_int_equal(ibufq_queuelen(a), 3);
	assert_int_equal(ibufq_queuelen(c), 0);
	assert_null(ibufq_pop(c));
	for (i = '1'; i <= '3'; i++) {
		assert_non_null(b = ibufq_pop(a));
		assert_int_equal(*(char *)ibuf_data(b), i);
		ibuf_free(b);
	}
	ibufq_push(a, one("4"));
	ibufq_push(a, one("5"));
	msgbuf_concat(m, a);
	assert_int_equal(msgbuf_queuelen(m), 2);
	assert_int_equal(ibufq_queuelen(a), 0);
	assert_null(msgbuf_get(m));
	FAILS(ibuf_read(0, m), EINVAL);
	FAILS(msgbuf_read(0, m), EINVAL);
	FAILS_NULL(msgbuf_new_reader(0, NULL, NULL), EINVAL);
	FAILS_NULL(msgbuf_new_reader(32768, NULL, NULL), EINVAL);
	ibufq_push(a, one("6"));
	ibufq_flush(a);
	assert_int_equal(ibufq_queuelen(a), 0);
	ibufq_push(a, one("7"));
	ibufq_free(a);
	ibufq_free(c);
	ibufq_free(NULL);
	msgbuf_clear(m);
	assert_int_equal(msgbuf_queuelen(m), 0);
	msgbuf_free(m);
	msgbuf_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(growing),
		cmocka_unit_test(appending),
		cmocka_unit_test(numbers),
		cmocka_unit_test(overwriting),
		cmocka_unit_test(limits),
		cmocka_unit_test(reading),
		cmocka_unit_test(views),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(aborts),
		cmocka_unit_test(queues),
	};

	return cmocka_run_group_tests_name("ibuf", tests, NULL, NULL);
}
