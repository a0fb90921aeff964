/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Messages and descriptors over a socket. */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

#define MARK	0x80000000U
#define FAILS(call, error) do {						\
	errno = 0;							\
	assert_int_equal(call, -1);					\
	assert_int_equal(errno, error);					\
} while (0)

struct link {
	int		 fds;		/* open before */
	struct imsgbuf	 a, b;
};

/* How many descriptors we have. */
static int
open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static int
setup(void **state)
{
	struct link *l = calloc(1, sizeof(*l));
	int s[2];

	assert_non_null(l);
	signal(SIGPIPE, SIG_IGN);
	l->fds = open_fds();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(imsgbuf_init(&l->a, s[0]), 0);
	assert_int_equal(imsgbuf_init(&l->b, s[1]), 0);
	imsgbuf_allow_fdpass(&l->a);
	imsgbuf_allow_fdpass(&l->b);
	*state = l;
	return 0;
}

/* Every test gives back every descriptor. */
static int
teardown(void **state)
{
	struct link *l = *state;
	int fds = l->fds;

	close(l->a.fd);
	close(l->b.fd);
	imsgbuf_clear(&l->a);
	imsgbuf_clear(&l->b);
	free(l);
	assert_int_equal(open_fds(), fds);
	return 0;
}

/* A descriptor to send. */
static int
new_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	return fd;
}

static void
compose(struct imsgbuf *ib, uint32_t type, int fd, size_t len)
{
	unsigned char data[MAX_IMSGSIZE];

	memset(data, (int)type, sizeof(data));
	assert_int_equal(imsg_compose(ib, type, 0, 0, fd, data, len), 1);
}

/* The next message is so; with or without a descriptor, which is closed. */
static void
expect(struct imsgbuf *ib, uint32_t type, bool has_fd, size_t len)
{
	unsigned char *p;
	struct imsg m;
	size_t i;
	int fd;

	assert_int_equal(imsgbuf_get(ib, &m), 1);
	assert_int_equal(imsg_get_type(&m), type);
	assert_int_equal(ibuf_size(m.buf), len);
	p = m.data;
	for (i = 0; i < len; i++)
		assert_int_equal(p[i], type & 0xff);
	fd = imsg_get_fd(&m);
	assert_int_equal(fd != -1, has_fd);
	if (fd != -1) {
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(imsg_get_fd(&m), -1);
		close(fd);
	}
	imsg_free(&m);
}

static void
expect_none(struct imsgbuf *ib)
{
	struct imsg m;

	assert_int_equal(imsgbuf_get(ib, &m), 0);
}

/* Plain octets to the reader, with descriptors if there are some. */
static void
raw(int s, const void *data, size_t len, const int *fds, int nfds)
{
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union {
		struct cmsghdr hdr;
		unsigned char space[CMSG_SPACE(4 * sizeof(int))];
	} u;
	struct cmsghdr *c;
	unsigned char copy[64];

	assert_true(len <= sizeof(copy));
	memcpy(copy, data, len);
	iov.iov_base = copy;
	memset(&u, 0, sizeof(u));
	if (nfds > 0) {
		msg.msg_control = &u;
		msg.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(s, &msg, 0), len);
}

static struct imsg_hdr
header(uint32_t type, uint32_t len)
{
	struct imsg_hdr h = { .type = type, .len = len };

	return h;
}

/* 1: an empty message; the limit, and one past it. */
static void
limit_of_the_payload(void **state)
{
	struct link *l = *state;
	unsigned char data[MAX_IMSGSIZE] = { 0 };
	struct imsg m;
	int fd = new_fd();

	assert_int_equal(imsg_compose(&l->a, 5, 6, 7, -1, NULL, 0), 1);
	assert_int_equal(imsgbuf_queuelen(&l->a), 1);
	assert_int_equal(imsgbuf_write(&l->a), 0);
	assert_int_equal(imsgbuf_queuelen(&l->a), 0);
	assert_int_equal(imsgbuf_write(&l->a), 0);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(imsgbuf_get(&l->b, &m), 1);
	assert_int_equal(m.hdr.len, 16);
	assert_null(m.data);
	assert_int_equal(imsg_get_type(&m), 5);
	assert_int_equal(m.hdr.peerid, 6);
	assert_int_equal(m.hdr.pid, 7);
	assert_int_equal(ibuf_size(m.buf), 0);
	FAILS(imsg_get_ibuf(&m, &(struct ibuf){ 0 }), EBADMSG);
	imsg_free(&m);
	assert_int_equal(imsgbuf_read(&l->b), 1); /* would block */
	expect_none(&l->b);

	compose(&l->a, 1, -1, 16368);
	FAILS(imsg_compose(&l->a, 1, 0, 0, fd, data, 16369), ERANGE);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	close(fd);
	assert_int_equal(imsgbuf_flush(&l->a), 0);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	expect(&l->b, 1, false, 16368);

	FAILS(imsgbuf_set_maxsize(&l->a, UINT32_MAX - 15), ERANGE);
	FAILS(imsgbuf_set_maxsize(&l->a, MARK - 16), EINVAL);
	FAILS(imsgbuf_set_maxsize(&l->a, UINT32_MAX - 16), EINVAL);
	assert_int_equal(imsgbuf_set_maxsize(&l->a, 10), 0);
	FAILS(imsg_compose(&l->a, 1, 0, 0, -1, data, 11), ERANGE);
	compose(&l->a, 1, -1, 10);
}

/* A pid of our own; the payload is read once. */
static void
header_and_payload_arrive(void **state)
{
	struct link *l = *state;
	struct ibuf v;
	struct imsg m;

	assert_int_equal(imsg_compose(&l->a, 1, 2, 0, -1, "abcde", 5), 1);
	assert_int_equal(imsg_compose(&l->a, 3, 4, 5, -1, "yz", 2), 1);
	assert_int_equal(imsgbuf_queuelen(&l->a), 2);
	assert_int_equal(imsgbuf_flush(&l->a), 0);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(imsgbuf_get(&l->b, &m), 1);
	assert_int_equal(m.hdr.pid, getpid());
	assert_int_equal(ibuf_size(m.buf), 5);
	assert_memory_equal(m.data, "abcde", 5);
	imsg_free(&m);
	assert_int_equal(imsgbuf_get(&l->b, &m), 1);
	assert_int_equal(m.hdr.len, 18);
	assert_int_equal(m.hdr.peerid, 4);
	assert_int_equal(m.hdr.pid, 5);
	assert_int_equal(imsg_get_ibuf(&m, &v), 0);
	assert_int_equal(ibuf_size(&v), 2);
	assert_memory_equal(ibuf_data(&v), "yz", 2);
	assert_int_equal(ibuf_size(m.buf), 0);
	FAILS(imsg_get_ibuf(&m, &v), EBADMSG);
	imsg_free(&m);
	expect_none(&l->b);
}

/* 2: a stream cut after each of its octets arrives the same. */
static void
stream_cut_anywhere_is_the_same(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 0, 40, 3 };
	struct link *l = *state;
	unsigned char stream[512];
	ssize_t size;
	size_t i;
	ssize_t at;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		compose(&l->a, (uint32_t)i + 1, -1, lens[i]);
	assert_int_equal(imsgbuf_flush(&l->a), 0);
	size = read(l->b.fd, stream, sizeof(stream));
	assert_int_equal(size, 8 * 16 + 92);
	for (at = 0; at <= size; at++) {
		if (at > 0)
			assert_int_equal(
			    write(l->a.fd, stream, (size_t)at), at);
		assert_int_equal(imsgbuf_read(&l->b), 1);
		if (at < size)
			assert_int_equal(
			    write(l->a.fd, stream + at, (size_t)(size - at)),
			    size - at);
		assert_int_equal(imsgbuf_read(&l->b), 1);
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			expect(&l->b, (uint32_t)i + 1, false, lens[i]);
		expect_none(&l->b);
	}
}

/* 3: lengths in the header, with and without the mark. */
static void
length_in_the_header_is_checked(void **state)
{
	static const struct {
		uint32_t len;
		bool good;
	} t[] = {
		{ 0, false },
		{ 15, false },
		{ 16, true },
		{ 48, true },
		{ 49, false },
		{ 0x7fffffff, false },
	};
	struct link *l = *state;
	unsigned char octets[48];
	struct imsg_hdr h;
	size_t i;
	int marked, s[2];

	for (i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
		marked = i & 1;
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
		close(l->b.fd);
		imsgbuf_clear(&l->b);
		assert_int_equal(imsgbuf_init(&l->b, s[1]), 0);
		imsgbuf_allow_fdpass(&l->b);
		assert_int_equal(imsgbuf_set_maxsize(&l->b, 32), 0);
		h = header(9, t[i / 2].len | (marked ? MARK : 0));
		memset(octets, 9, sizeof(octets));
		memcpy(octets, &h, sizeof(h));
		raw(s[0], octets, t[i / 2].len == 48 ? 48 : 16, NULL, 0);
		if (t[i / 2].good) {
			assert_int_equal(imsgbuf_read(&l->b), 1);
			expect(&l->b, 9, false, t[i / 2].len - 16);
		} else {
			FAILS(imsgbuf_read(&l->b), ERANGE);
			expect_none(&l->b);
		}
		close(s[0]);
	}
}

/* 4: a small socket buffer: order and octets stay, the descriptor goes once. */
static void
short_writes_lose_nothing(void **state)
{
	struct link *l = *state;
	int size = 4096, sent = new_fd(), fd, i, got = 0;
	uint32_t last;
	struct imsg m;

	assert_int_equal(
	    setsockopt(l->a.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	for (i = 0; i < 100; i++)
		compose(&l->a, (uint32_t)i, i == 50 ? sent : -1, 3000);
	for (i = 0; i < 10000 && got < 100; i++) {
		last = imsgbuf_queuelen(&l->a);
		assert_int_equal(imsgbuf_write(&l->a), 0);
		assert_true(imsgbuf_queuelen(&l->a) <= last);
		assert_int_equal(imsgbuf_read(&l->b), 1);
		while (imsgbuf_get(&l->b, &m) == 1) {
			assert_int_equal(imsg_get_type(&m), got);
			assert_int_equal(ibuf_size(m.buf), 3000);
			assert_int_equal(*(unsigned char *)m.data, got);
			fd = imsg_get_fd(&m);
			assert_int_equal(fd != -1, got == 50);
			if (fd != -1)
				close(fd);
			got++;
			imsg_free(&m);
		}
	}
	assert_int_equal(got, 100);
	assert_int_equal(imsgbuf_queuelen(&l->a), 0);
	assert_int_equal(fcntl(sent, F_GETFD), -1);

	/* the other end is gone: the queue stays, end of file here */
	shutdown(l->b.fd, SHUT_RDWR);
	compose(&l->a, 1, -1, 1);
	FAILS(imsgbuf_write(&l->a), EPIPE);
	FAILS(imsgbuf_flush(&l->a), EPIPE);
	assert_int_equal(imsgbuf_queuelen(&l->a), 1);
	assert_int_equal(imsgbuf_read(&l->a), 0);
}

static void
pass(struct link *l)
{
	while (imsgbuf_queuelen(&l->a) > 0) {
		assert_int_equal(imsgbuf_write(&l->a), 0);
		assert_int_equal(imsgbuf_read(&l->b), 1);
	}
	assert_int_equal(imsgbuf_read(&l->b), 1);
}

/* 5: with the first, a middle and the last message of a burst, and with two. */
static void
descriptor_stays_with_its_message(void **state)
{
	struct link *l = *state;
	uint32_t i, with;

	for (with = 1; with < 32; with++) {
		for (i = 0; i < 5; i++)
			compose(&l->a, i, with & 1U << i ? new_fd() : -1, i);
		if (with & 0x10) /* all sent before any is read */
			assert_int_equal(imsgbuf_flush(&l->a), 0);
		pass(l);
		for (i = 0; i < 5; i++) /* no read passes a descriptor */
			assert_int_equal(imsgbuf_read(&l->b), 1);
		for (i = 0; i < 5; i++)
			expect(&l->b, i, (with & 1U << i) != 0, i);
		expect_none(&l->b);
	}
	/* nobody asks for it: freed with the message */
	compose(&l->a, 1, new_fd(), 1);
	pass(l);
}

/* 5: what the mark says is not what came. */
static void
mark_and_descriptor_may_disagree(void **state)
{
	struct link *l = *state;
	struct imsgbuf plain;
	struct imsg_hdr h = header(3, 16), two[2];
	int fds[2], fd;

	/* the sender may pass none: closed there, and the mark is set */
	assert_int_equal(imsgbuf_init(&plain, l->a.fd), 0);
	fd = new_fd();
	compose(&plain, 2, fd, 4);
	assert_int_equal(imsgbuf_flush(&plain), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	imsgbuf_clear(&plain);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	expect(&l->b, 2, false, 4);

	/* a descriptor without a mark */
	fd = new_fd();
	raw(l->a.fd, &h, sizeof(h), &fd, 1);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	expect(&l->b, 3, false, 0);
	close(fd);

	/* it goes with the one that is marked */
	two[0] = header(3, 16);
	two[1] = header(4, 16 | MARK);
	fd = new_fd();
	raw(l->a.fd, two, sizeof(two), &fd, 1);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	expect(&l->b, 3, false, 0);
	expect(&l->b, 4, true, 0);
	close(fd);

	/* two in one control message [ours] */
	fds[0] = new_fd();
	fds[1] = new_fd();
	h = header(3, 16 | MARK);
	raw(l->a.fd, &h, sizeof(h), fds, 2);
	FAILS(imsgbuf_read(&l->b), EBADMSG);
	expect_none(&l->b);
	close(fds[0]);
	close(fds[1]);

	/* the receiver may take none */
	assert_int_equal(imsgbuf_init(&plain, l->b.fd), 0);
	compose(&l->a, 5, new_fd(), 1);
	assert_int_equal(imsgbuf_flush(&l->a), 0);
	assert_int_equal(imsgbuf_read(&plain), 1);
	expect(&plain, 5, false, 1);
	imsgbuf_clear(&plain);
}

/* 5: no room in our table: the message comes, its descriptor does not. */
static void
full_table_loses_the_descriptor_only(void **state)
{
	struct link *l = *state;
	struct rlimit old, few;
	int fd;

	compose(&l->a, 1, new_fd(), 4);
	assert_int_equal(imsgbuf_flush(&l->a), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	fd = new_fd(); /* the lowest that is free */
	close(fd);
	few = old;
	few.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	expect(&l->b, 1, false, 4);
}

/* Fills the reader's buffer but for n octets. */
static void
fill(struct link *l, size_t n)
{
	int i;

	for (i = 0; i < 3; i++)
		compose(&l->a, 1, -1, 4080);
	compose(&l->a, 1, -1, IBUF_READ_SIZE - 3 * 4096 - n - 16);
}

/*
 * 5: the buffer ends inside the header of a message with a descriptor, and
 * the kernel gives it with the first part [ours].  The next one comes with
 * the rest.
 */
static void
descriptor_at_the_end_of_the_buffer(void **state)
{
	struct link *l = *state;
	size_t n;
	int i;

	for (n = 0; n <= 17; n++) {
		fill(l, n);
		compose(&l->a, 2, new_fd(), 4);
		compose(&l->a, 3, -1, 5);
		compose(&l->a, 4, new_fd(), 6);
		assert_int_equal(imsgbuf_flush(&l->a), 0);
		for (i = 0; i < 4; i++)
			assert_int_equal(imsgbuf_read(&l->b), 1);
		for (i = 0; i < 3; i++)
			expect(&l->b, 1, false, 4080);
		expect(&l->b, 1, false, IBUF_READ_SIZE - 3 * 4096 - n - 16);
		expect(&l->b, 2, true, 4);
		expect(&l->b, 3, false, 5);
		expect(&l->b, 4, true, 6);
		expect_none(&l->b);
	}
}

/* A descriptor that is kept, and what ends its wait [ours]. */
static void
kept_descriptor_is_closed_in_the_end(void **state)
{
	struct link *l = *state;
	struct imsg_hdr h = header(3, 16);
	unsigned char *p = (unsigned char *)&h;
	int fd = new_fd(), n = open_fds();

	/* a header without a mark */
	raw(l->a.fd, p, 5, &fd, 1);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(open_fds(), n + 1);
	raw(l->a.fd, p + 5, 11, NULL, 0);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(open_fds(), n);
	expect(&l->b, 3, false, 0);

	/* a second descriptor before the header is complete */
	raw(l->a.fd, p, 5, &fd, 1);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	raw(l->a.fd, p + 5, 5, &fd, 1);
	FAILS(imsgbuf_read(&l->b), EBADMSG);
	assert_int_equal(open_fds(), n);

	/* the end of the stream, and of the buffer */
	raw(l->a.fd, p, 5, &fd, 1);
	assert_int_equal(imsgbuf_read(&l->b), 1);
	assert_int_equal(open_fds(), n + 1);
	shutdown(l->a.fd, SHUT_WR);
	assert_int_equal(imsgbuf_read(&l->b), 0);
	assert_int_equal(open_fds(), n);
	raw(l->b.fd, p, 5, &fd, 1);
	assert_int_equal(imsgbuf_read(&l->a), 1);
	assert_int_equal(open_fds(), n + 1);
	close(fd);
}

/* --- 9: random streams against a parser of a few lines */

#define LIMIT	256
#define STREAM	2000

struct reference {
	unsigned char	octets[STREAM];
	size_t		size, at;
	bool		bad;
};

/* The next message's header, or NULL at the end or at what is none. */
static const unsigned char *
reference_next(struct reference *r, struct imsg_hdr *h)
{
	const unsigned char *p = r->octets + r->at;

	if (r->bad || r->size - r->at < sizeof(*h))
		return NULL;
	memcpy(h, p, sizeof(*h));
	h->len &= ~MARK;
	if (h->len < sizeof(*h) || h->len > LIMIT + sizeof(*h)) {
		r->bad = true;
		return NULL;
	}
	if (r->size - r->at < h->len)
		return NULL;
	r->at += h->len;
	return p;
}

static uint32_t seed;

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525U + 1013904223U;
	return (seed >> 8) % n;
}

static void
make_stream(struct reference *r)
{
	struct imsg_hdr h;
	size_t i;

	memset(r, 0, sizeof(*r));
	while (r->size < STREAM - 400 && dice(20) != 0) {
		h = header(dice(5), 16 + dice(dice(2) ? LIMIT + 1 : 20));
		if (dice(40) == 0)
			h.len = dice(600);
		if (dice(8) == 0)
			h.len |= MARK;
		memcpy(r->octets + r->size, &h, sizeof(h));
		r->size += sizeof(h);
		for (i = 16; i < (h.len & ~MARK) && i < 300; i++)
			r->octets[r->size++] = (unsigned char)dice(256);
	}
	r->size -= dice(4) ? 0 : dice((uint32_t)r->size + 1);
}

/* Whatever has come so far is what the reference finds, or less. */
static void
compare(struct reference *r, struct imsgbuf *ib)
{
	const unsigned char *p;
	struct imsg_hdr h;
	struct imsg m;

	while (imsgbuf_get(ib, &m) == 1) {
		assert_non_null(p = reference_next(r, &h));
		assert_memory_equal(&m.hdr, &h, sizeof(h));
		assert_int_equal(ibuf_size(m.buf), h.len - 16);
		if (m.data != NULL)
			assert_memory_equal(m.data, p + 16, h.len - 16);
		imsg_free(&m);
	}
}

static void
random_stream(struct link *l)
{
	struct reference r;
	struct imsgbuf ib;
	struct imsg_hdr h;
	size_t at, n;
	int s[2], fd, rv = 1;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(imsgbuf_init(&ib, s[1]), 0);
	assert_int_equal(imsgbuf_set_maxsize(&ib, LIMIT), 0);
	imsgbuf_allow_fdpass(&ib);
	make_stream(&r);
	for (at = 0; at < r.size && rv == 1; at += n) {
		n = 1 + dice(64);
		if (n > r.size - at)
			n = r.size - at;
		/* descriptors only at once before what a read takes */
		fd = dice(6) == 0 ? l->a.fd : -1;
		raw(s[0], r.octets + at, n, &fd, fd != -1);
		errno = 0;
		rv = imsgbuf_read(&ib);
		compare(&r, &ib);
	}
	if (rv == 1) {
		assert_null(reference_next(&r, &h));
		assert_false(r.bad);
	} else if (errno == ERANGE) {
		assert_null(reference_next(&r, &h));
		assert_true(r.bad);
	} else
		assert_int_equal(errno, EBADMSG);
	imsgbuf_clear(&ib);
	close(s[0]);
	close(s[1]);
}

static void
random_streams_as_the_reference_parser(void **state)
{
	struct link *l = *state;
	int i, fds = open_fds();

	for (i = 0; i < 2000; i++) {
		seed = (uint32_t)i;
		random_stream(l);
		if (open_fds() != fds)
			fail_msg("seed %d: descriptors lost", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(limit_of_the_payload),
		T(header_and_payload_arrive),
		T(stream_cut_anywhere_is_the_same),
		T(length_in_the_header_is_checked),
		T(short_writes_lose_nothing),
		T(descriptor_stays_with_its_message),
		T(mark_and_descriptor_may_disagree),
		T(full_table_loses_the_descriptor_only),
		T(descriptor_at_the_end_of_the_buffer),
		T(kept_descriptor_is_closed_in_the_end),
		T(random_streams_as_the_reference_parser),
	};

	return cmocka_run_group_tests_name("imsg", tests, NULL, NULL);
}
