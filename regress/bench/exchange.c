/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The least that an exchange of RFC 2334 takes: two processes, one with
 * records and one without, do what section 2.2 has any two servers do, and
 * nothing else.  For sync.py, which compares.
 *
 *	exchange NUMBER
 *
 *  - All records are summarised, a CA at a time, each answered (2.2.2).
 *  - What is missing is asked for, a CSUS at a time (2.2.3).
 *  - It comes in CSU Requests, each acknowledged by the summaries of its
 *    records (2.3).
 *
 * Packets are of 9,180 octets, over UDP, each with an HMAC-SHA-256; summaries
 * and records are as long as those of joins of IPv4.  Both ends find a record
 * by its key in a table.  Nothing is lost on loopback, so nothing is repeated:
 * there are no timers, and who waits does it for one thing.
 *
 * Prints {"cpu": seconds of both ends, "wall": seconds}.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>

#define MTU	9180
#define MAC	32
#define TYPE	MAC		/* an octet, and one: more follow */
#define HEAD	(MAC + 2)
#define SUMMARY	20		/* octets of a CSAS record */
#define RECORD	74		/* of a CSA record */

enum type { CA, CSUS, CSU_REQUEST, CSU_REPLY };

struct slot {
	uint32_t	 number;	/* which is the key; 0: none */
	uint8_t		 data[RECORD];
};

struct end {
	int		 fd;
	struct slot	*table;
	uint32_t	 mask;
	uint8_t		 in[MTU], out[MTU];
	size_t		 len, outlen;
};

static const char key[] = "a key of some length for the mac";

static void
mac(const uint8_t *p, size_t len, uint8_t *out)
{
	unsigned int n;

	if (HMAC(EVP_sha256(), key, sizeof(key) - 1, p, len, out, &n) == NULL)
		errx(1, "HMAC");
}

static void
begin(struct end *e, enum type type)
{
	e->out[TYPE] = (uint8_t)type;
	e->outlen = HEAD;
}

/* Room for so many octets more; NULL: the packet is full. */
static uint8_t *
add(struct end *e, size_t len)
{
	if (len > MTU - e->outlen)
		return NULL;
	e->outlen += len;
	return e->out + e->outlen - len;
}

static void
out(struct end *e, bool more)
{
	e->out[TYPE + 1] = more;
	mac(e->out + MAC, e->outlen - MAC, e->out);
	if (send(e->fd, e->out, e->outlen, 0) != (ssize_t)e->outlen)
		err(1, "send");
}

/* Waits for the next packet, and returns its type. */
static enum type
in(struct end *e)
{
	uint8_t sum[MAC];
	ssize_t len;

	if ((len = recv(e->fd, e->in, MTU, 0)) < HEAD)
		err(1, "recv");
	e->len = (size_t)len;
	mac(e->in + MAC, e->len - MAC, sum);
	if (memcmp(sum, e->in, MAC) != 0)
		errx(1, "another packet was sent");
	return (enum type)e->in[TYPE];
}

/* The slot of a key, or the one where it goes. */
static struct slot *
find(const struct end *e, uint32_t number)
{
	uint32_t at;

	at = number * 0x9e3779b1U & e->mask;
	while (e->table[at].number != 0 && e->table[at].number != number)
		at = (at + 1) & e->mask;
	return e->table + at;
}

static uint32_t
number_at(const uint8_t *p)
{
	uint32_t number;

	memcpy(&number, p, sizeof(number));
	return number;
}

static void
keep(struct end *e, const uint8_t *record)
{
	struct slot *s;

	s = find(e, number_at(record));
	s->number = number_at(record);
	memcpy(s->data, record, RECORD);
}

/* What is summarised and not in the table; how many there are of them. */
static uint32_t
compare(struct end *e, uint32_t *want)
{
	uint32_t n = 0;
	bool more;
	size_t i;

	do {
		if (in(e) != CA)
			errx(1, "not a CA");
		for (i = HEAD; i < e->len; i += SUMMARY)
			if (find(e, number_at(e->in + i))->number == 0)
				want[n++] = number_at(e->in + i);
		more = e->in[TYPE + 1];
		begin(e, CA);
		out(e, false);
	} while (more);
	return n;
}

/* Takes the records of a packet, and acknowledges them. */
static uint32_t
update(struct end *e)
{
	uint32_t n = 0;
	size_t i;

	if (in(e) != CSU_REQUEST)
		errx(1, "not a CSU Request");
	begin(e, CSU_REPLY);
	for (i = HEAD; i < e->len; i += RECORD, n++) {
		keep(e, e->in + i);
		memcpy(add(e, SUMMARY), e->in + i, SUMMARY);
	}
	out(e, false);
	return n;
}

/* The end that has nothing: until it has what the other has. */
static void
learn(struct end *e, uint32_t *want)
{
	uint32_t n, next = 0, asked, got;
	uint8_t *p;

	n = compare(e, want);
	while (next < n) {
		begin(e, CSUS);
		for (asked = 0; next < n && (p = add(e, SUMMARY)) != NULL;
		    asked++, next++)
			memcpy(p, &want[next], sizeof(want[next]));
		out(e, next < n);
		for (got = 0; got < asked;)
			got += update(e);
	}
}

static void
summarise(struct end *e, uint32_t n)
{
	uint32_t next = 1;
	uint8_t *p;

	while (next <= n) {
		begin(e, CA);
		for (; next <= n && (p = add(e, SUMMARY)) != NULL; next++)
			memcpy(p, find(e, next)->data, SUMMARY);
		out(e, next <= n);
		if (in(e) != CA)
			errx(1, "not a CA");
	}
}

static void
acknowledged(struct end *e)
{
	size_t i;

	if (in(e) != CSU_REPLY)
		errx(1, "not a CSU Reply");
	for (i = HEAD; i < e->len; i += SUMMARY)
		if (find(e, number_at(e->in + i))->number == 0)
			errx(1, "nobody sent this");
}

/* Sends what a CSUS asks for, and waits until the other end has it. */
static void
answer(struct end *e)
{
	uint32_t flying = 0;
	uint8_t *p;
	size_t i;

	begin(e, CSU_REQUEST);
	for (i = HEAD; i < e->len; i += SUMMARY) {
		if ((p = add(e, RECORD)) == NULL) {
			out(e, false);
			flying++;
			begin(e, CSU_REQUEST);
			p = add(e, RECORD);
		}
		memcpy(p, find(e, number_at(e->in + i))->data, RECORD);
	}
	out(e, false);
	for (flying++; flying > 0; flying--)
		acknowledged(e);
}

/* The end that has all. */
static void
tell(struct end *e, uint32_t n)
{
	bool more;

	summarise(e, n);
	do {
		if (in(e) != CSUS)
			errx(1, "not a CSUS");
		more = e->in[TYPE + 1];
		answer(e);
	} while (more);
}

static void
room(struct end *e, uint32_t n)
{
	e->mask = 1;
	while (e->mask < n * 2)
		e->mask = e->mask << 1 | 1;
	e->table = calloc((size_t)e->mask + 1, sizeof(*e->table));
	if (e->table == NULL)
		err(1, NULL);
}

static void
connect_both(struct end e[2])
{
	struct sockaddr_in sin[2];
	socklen_t len = sizeof(*sin);
	int i;

	for (i = 0; i < 2; i++) {
		sin[i] = (struct sockaddr_in){ .sin_family = AF_INET,
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		e[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (e[i].fd == -1 ||
		    bind(e[i].fd, (struct sockaddr *)&sin[i], len) == -1 ||
		    getsockname(e[i].fd, (struct sockaddr *)&sin[i], &len) ==
		    -1)
			err(1, "socket");
	}
	for (i = 0; i < 2; i++)
		if (connect(e[i].fd, (struct sockaddr *)&sin[!i], len) == -1)
			err(1, "connect");
}

static double
cpu(int who)
{
	struct rusage u;

	if (getrusage(who, &u) == -1)
		err(1, "getrusage");
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
learner(struct end *e, uint32_t n)
{
	uint32_t *want;

	room(e, n);
	if ((want = calloc(n, sizeof(*want))) == NULL)
		err(1, NULL);
	learn(e, want);
	exit(0);
}

int
main(int argc, char *argv[])
{
	uint32_t n = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0, i;
	static struct end e[2];
	uint8_t record[RECORD] = { 0 };
	struct timespec from, to;
	int status;
	double before;

	if (n == 0)
		errx(1, "usage: exchange NUMBER");
	connect_both(e);
	room(&e[0], n);
	for (i = 1; i <= n; i++) {
		memcpy(record, &i, sizeof(i));
		keep(&e[0], record);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	before = cpu(RUSAGE_SELF);
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		learner(&e[1], n);
	}
	tell(&e[0], n);
	if (wait(&status) == -1 || status != 0)
		errx(1, "the other end has failed");
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	printf("{\"cpu\": %.4f, \"wall\": %.4f}\n",
	    cpu(RUSAGE_SELF) - before + cpu(RUSAGE_CHILDREN),
	    (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
