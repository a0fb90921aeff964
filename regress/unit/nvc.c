/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * NVC's rules (nvc.md) on hand-written datagrams, then two engines on a
 * network that loses, doubles and reorders, then octets at random.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "nvc.h"
#include "timer.h"
#include "vc.h"

#define OUT_MAX	4096

struct datagram {
	struct nvc_dest	to;
	size_t		len;
	uint8_t		buf[512];
};

/* What came up, in order. */
enum what {
	W_CALL, W_ACK, W_FAIL, W_RELEASE, W_SDU, W_LACK, W_LFAIL, W_LDROP,
	W_DRAINED, W_OVERFLOW
};

struct up {
	enum what	 what;
	void		*handle, *cookie;
	uint16_t	 cause;
	size_t		 len;
	uint8_t		 first, last;	/* octet of an SDU */
};

struct end {
	struct nvc	*n;
	struct vc_link	*l;
	struct timers	*ts;
	uint64_t	 seed;
	struct datagram	 out[OUT_MAX];
	size_t		 nout, room;
	struct up	 up[1024];
	size_t		 nup;
	uint16_t	 answer;	/* to L_REMOTE_CALL */
	struct vc	*called;
	bool		 drop_in_sdu, drop_in_call, drop_in_release;
	bool		 drop_in_drained, drop_in_overflow;
	uint32_t	 more;		/* SDUs that it sends when drained */
	struct vc	*drop_too;
	uint64_t	 sdus, last;	/* of the order test */
	bool		 order;
};

static uint64_t
rnd(void *arg)
{
	struct end *e = arg;

	e->seed ^= e->seed << 13;
	e->seed ^= e->seed >> 7;
	e->seed ^= e->seed << 17;
	return e->seed;
}

static bool
take(void *arg, const struct nvc_dest *to, const uint8_t *head, size_t len,
    struct vc_sdu *s)
{
	struct end *e = arg;
	struct datagram *d;

	if (e->room == 0 || e->nout == OUT_MAX)
		return false;
	e->room--;
	d = &e->out[e->nout++];
	d->to = *to;
	memcpy(d->buf, head, len);
	d->len = len;
	if (s != NULL) {
		size_t n = s->len < sizeof(d->buf) - len ? s->len :
		    sizeof(d->buf) - len;

		memcpy(d->buf + len, s->data, n);
		d->len += n;
	}
	return true;
}

static const struct nvc_ops ops = { .random = rnd, .output = take };

static void
note(void *arg, enum what w, void *handle, void *cookie, uint16_t cause,
    const uint8_t *p, size_t len)
{
	struct end *e = arg;
	struct up *u = &e->up[e->nup++ % 1024];

	u->what = w;
	u->handle = handle;
	u->cookie = cookie;
	u->cause = cause;
	u->len = len;
	u->first = len > 0 ? *p : 0;
	u->last = len > 0 ? p[len - 1] : 0;
}

static uint16_t
up_call(void *arg, struct vc *vc, const struct atm_addr *who, bool leaf,
    void **cookie)
{
	struct end *e = arg;

	assert_true(atm_addr_equal(who, vc_peer(vc)));
	note(arg, W_CALL, vc, NULL, leaf, NULL, 0);
	*cookie = e;
	e->called = vc;
	if (e->drop_in_call)
		vc_release(vc, VC_CAUSE_REJECTED);
	return e->answer;
}

static void
up_ack(void *arg, struct vc *vc, void *cookie)
{
	note(arg, W_ACK, vc, cookie, 0, NULL, 0);
}

static void
up_fail(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	note(arg, W_FAIL, vc, cookie, cause, NULL, 0);
}

static void
up_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct end *e = arg;

	note(arg, W_RELEASE, vc, cookie, cause, NULL, 0);
	if (e->drop_in_release)
		vc_release(vc, VC_CAUSE_NORMAL); /* dead, and must not hurt */
}

static void
up_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct end *e = arg;

	note(arg, W_SDU, vc, cookie, 0, p, len);
	if (e->drop_in_sdu)
		vc_release(vc, VC_CAUSE_NORMAL);
	if (e->drop_too != NULL) {
		vc_release(e->drop_too, VC_CAUSE_NORMAL);
		e->drop_too = NULL;
	}
}

static void
up_lack(void *arg, struct vc_leaf *l, void *cookie)
{
	note(arg, W_LACK, l, cookie, 0, NULL, 0);
}

static void
up_lfail(void *arg, struct vc_leaf *l, void *cookie, uint16_t cause)
{
	note(arg, W_LFAIL, l, cookie, cause, NULL, 0);
}

static void
up_ldrop(void *arg, struct vc_leaf *l, void *cookie, uint16_t cause)
{
	note(arg, W_LDROP, l, cookie, cause, NULL, 0);
}

static void
up_drained(void *arg, struct vc *root, void *cookie)
{
	struct end *e = arg;

	note(arg, W_DRAINED, root, cookie, 0, NULL, 0);
	assert_int_equal(vc_backlog(root), 0);
	if (e->more > 0) {
		e->more--;
		assert_int_equal(vc_send(root, vc_sdu_new("m", 1)), 0);
	}
	if (e->drop_in_drained)
		vc_release(root, VC_CAUSE_NORMAL);
}

static void
up_overflow(void *arg, struct vc *root, void *cookie)
{
	struct end *e = arg;

	note(arg, W_OVERFLOW, root, cookie, 0, NULL, 0);
	if (e->drop_in_overflow)
		vc_release(root, VC_CAUSE_NORMAL);
}

static const struct vc_user user = {
	.remote_call = up_call,
	.ack = up_ack,
	.rqfailed = up_fail,
	.release = up_release,
	.sdu = up_sdu,
	.leaf_ack = up_lack,
	.leaf_failed = up_lfail,
	.leaf_drop = up_ldrop,
	.drained = up_drained,
	.overflow = up_overflow,
};

static const struct nvc_params defaults = {
	.base_port = 2022,
	.enquiry_interval = 10,
	.max_circuits = 131072,
	.circuits_per_address = 64,
};

/* 192.0.2.last%sel */
static struct atm_addr
nsapa(uint8_t last, uint8_t sel)
{
	struct atm_addr a = { .num_tl = 20, .num = { 0x35, 0, 1, 192, 0, 2 } };

	a.num[6] = last;
	a.num[19] = sel;
	return a;
}

static struct nvc_dest
at(uint8_t last, uint16_t port)
{
	struct nvc_dest d = { .port = port, .ip = { 192, 0, 2 } };

	d.ip[3] = last;
	return d;
}

static void
begin_with(
    struct end *e, struct timers *ts, uint8_t last, const struct nvc_params *p)
{
	struct atm_addr a = nsapa(last, 0);

	memset(e, 0, sizeof(*e));
	e->seed = 88172645463325252ULL + last;
	e->ts = ts;
	e->room = SIZE_MAX;
	e->n = nvc_new(&ops, e, ts, &nvc_backend, &a, p, &user, e);
	assert_non_null(e->n);
	e->l = nvc_link(e->n);
}

static void
begin(struct end *e, struct timers *ts, uint8_t last)
{
	begin_with(e, ts, last, &defaults);
}

static uint64_t
counter(const struct end *e, const char *name)
{
	const char *n;
	uint64_t v;
	size_t i;

	for (i = 0; nvc_counter(e->n, i, &n, &v); i++)
		if (strcmp(n, name) == 0)
			return v;
	fail_msg("no counter %s", name);
	return 0;
}

static void
put64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint64_t
get64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* The datagram that was output last; there must be exactly n since `from`. */
static const uint8_t *
sent(struct end *e, size_t n, size_t len)
{
	vc_flush(e->l);
	assert_int_equal(e->nout, n);
	if (n > 0)
		assert_int_equal(e->out[n - 1].len, len);
	e->nout = 0;
	return n == 0 ? NULL : e->out[n - 1].buf;
}

/* SETUP from 192.0.2.2%3, caller's circuit 0x1122334455667788 */
static const uint8_t setup[64] = {
	0x11, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x23, 0xe4, 10, 0,
	0x35, 0, 1, 192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3,
	0x35, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
};
#define CALLER	0x1122334455667788ULL

/* Calls e as 192.0.2.2 port 2025, number num: SETUP, RETRY, SETUP, CONNECT. */
static uint64_t
call_in(struct end *e, uint64_t num, uint8_t flags, uint8_t retry[80])
{
	struct nvc_dest from = at(2, 2025);
	uint8_t b[80];
	const uint8_t *p;

	memcpy(b, setup, sizeof(setup));
	b[1] = flags;
	put64(b + 12, num);
	nvc_input(e->n, &from, b, 64);
	p = sent(e, 1, 28);
	assert_int_equal(p[0], 0x12);
	assert_int_equal(get64(p + 4), num);
	memcpy(b + 64, p + 12, 16);
	b[23] = 16;
	nvc_input(e->n, &from, b, 80);
	if (retry != NULL)
		memcpy(retry, b, 80);
	p = sent(e, 1, 24);
	assert_int_equal(p[0], 0x13);
	assert_int_equal(get64(p + 4), num);
	return get64(p + 12);
}

/* nvc.md, types and rule 1: RETRY, no state; then CONNECT, octet by octet. */
static void
accepted(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc_circuit_info info;
	struct nvc_dest from = at(2, 2025), other = at(2, 2026);
	uint8_t b[80];
	const uint8_t *p;
	uint32_t cursor = 0;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	nvc_input(e.n, &from, setup, 64);
	p = sent(&e, 1, 28);
	assert_memory_equal(
	    p, "\x12\0\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 12);
	assert_false(nvc_circuit(e.n, &cursor, &info));
	assert_int_equal(e.nup, 0);
	memcpy(b, setup, 64);
	memcpy(b + 64, p + 12, 16);
	b[23] = 16;
	/* the token is for that port, circuit and NSAPA only */
	nvc_input(e.n, &other, b, 80);
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	b[19] ^= 1;
	nvc_input(e.n, &from, b, 80);
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	b[19] ^= 1;
	b[43] ^= 1;
	nvc_input(e.n, &from, b, 80);
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	b[43] ^= 1;
	b[79] ^= 1;
	nvc_input(e.n, &from, b, 80);
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	b[79] ^= 1;
	b[23] = 15;
	nvc_input(e.n, &from, b, 79);
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	assert_int_equal(counter(&e, "token-bad"), 5);
	b[23] = 16;
	nvc_input(e.n, &from, b, 80);
	p = sent(&e, 1, 24);
	assert_memory_equal(
	    p, "\x13\x40\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 12);
	assert_memory_equal(p + 20, "\x23\xe4\x0a\0", 4);
	assert_true(get64(p + 12) != 0);
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].cause, 0); /* not as a leaf */
	assert_true(nvc_circuit(e.n, &cursor, &info));
	assert_string_equal(info.kind, "in");
	assert_string_equal(info.state, "connected");
	assert_true(info.number == get64(p + 12));
	assert_false(nvc_circuit(e.n, &cursor, &info));
	vc_close(e.l);
}

/* nvc.md rule 1: a secret is used for 60 s and valid for 120. */
static void
secrets(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[80];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		timers_init(&ts, (mtime_t){ 0 });
		begin(&e, &ts, 1);
		timers_run(&ts, (mtime_t){ MTIME_SEC(59) });
		nvc_input(e.n, &from, setup, 64);
		memcpy(b, setup, 64);
		memcpy(b + 64, sent(&e, 1, 28) + 12, 16);
		b[23] = 16;
		timers_run(&ts, (mtime_t){ MTIME_SEC(60) });
		nvc_input(e.n, &from, setup, 64);
		/* replaced at 60 s: another token */
		assert_memory_not_equal(b + 64, sent(&e, 1, 28) + 12, 16);
		timers_run(&ts, (mtime_t){ MTIME_SEC(119 + i) });
		nvc_input(e.n, &from, b, 80);
		assert_int_equal(
		    sent(&e, 1, i == 0 ? 24 : 28)[0], i == 0 ? 0x13 : 0x12);
		vc_close(e.l);
	}
}

/* nvc.md rule 2: source and called address; causes 21, 1; the user's. */
static void
refused(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest liar = at(3, 2025), from = at(2, 2025);
	uint8_t b[80];
	const uint8_t *p;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	nvc_input(e.n, &liar, setup, 64);
	assert_memory_equal(sent(&e, 1, 20),
	    "\x14\0\0\x15"
	    "\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\0\0\0\0\0",
	    20);
	assert_int_equal(counter(&e, "source-mismatch"), 1);
	memcpy(b, setup, 64);
	b[24] = 0x47; /* not an embedded address */
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(sent(&e, 1, 20)[3], 21);
	memcpy(b, setup, 64);
	b[63] = 1; /* another SEL */
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(sent(&e, 1, 20)[3], 1);
	assert_int_equal(counter(&e, "called-unknown"), 1);
	e.answer = VC_CAUSE_REJECTED;
	nvc_input(e.n, &from, setup, 64);
	memcpy(b, setup, 64);
	memcpy(b + 64, sent(&e, 1, 28) + 12, 16);
	b[23] = 16;
	nvc_input(e.n, &from, b, 80);
	p = sent(&e, 1, 20);
	assert_memory_equal(p,
	    "\x14\0\0\x15"
	    "\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\0\0\0\0\0",
	    20);
	assert_int_equal(counter(&e, "refused"), 1);
	/* released while it is offered, then accepted: still refused */
	e.answer = VC_CAUSE_NONE;
	e.drop_in_call = true;
	nvc_input(e.n, &from, b, 80);
	assert_int_equal(sent(&e, 1, 20)[3], 21);
	vc_close(e.l);
}

/* nvc.md rule 3, and that the repetition needs no token: the same CONNECT. */
static void
idempotent(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025), other = at(2, 2026);
	uint8_t b[80];
	const uint8_t *p;
	uint64_t num;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	num = call_in(&e, CALLER, 0, b);
	nvc_input(e.n, &from, b, 80);
	p = sent(&e, 1, 24);
	assert_int_equal(p[0], 0x13);
	assert_true(get64(p + 12) == num);
	nvc_input(e.n, &from, setup, 64);
	assert_true(get64(sent(&e, 1, 24) + 12) == num);
	assert_int_equal(e.nup, 1);
	nvc_input(e.n, &other, setup, 64); /* another source */
	assert_int_equal(sent(&e, 1, 28)[0], 0x12);
	vc_close(e.l);
}

/* nvc.md rule 4: repeated after 0.5, 1, 2 and 4 s, then cause 27. */
static void
repeated(void **state)
{
	static const int64_t when[] = { 500, 1500, 3500, 7500 };
	static struct end e;
	struct timers ts;
	struct atm_addr to = nsapa(9, 4);
	const uint8_t *p;
	size_t i;
	int cookie;
	struct vc *vc;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	vc = vc_call(e.l, &to, &cookie);
	p = sent(&e, 1, 64);
	assert_int_equal(e.out[0].to.port, 2026);
	assert_memory_equal(e.out[0].to.ip, "\xc0\0\2\x09", 4);
	assert_memory_equal(p, "\x11\x40\0\0\0\0\0\0\0\0\0\0", 12);
	assert_memory_equal(p + 20,
	    "\x23\xe4\x0a\0"
	    "\x35\0\1\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\x35\0\1\xc0\0\2\x09\0\0\0\0\0\0\0\0\0\0\0\0\4",
	    44);
	for (i = 0; i < 4; i++) {
		timers_run(&ts, (mtime_t){ MTIME_MS(when[i]) - 1 });
		sent(&e, 0, 0);
		timers_run(&ts, (mtime_t){ MTIME_MS(when[i]) });
		assert_int_equal(sent(&e, 1, 64)[0], 0x11);
	}
	assert_int_equal(e.nup, 0);
	timers_run(&ts, (mtime_t){ MTIME_SEC(60) });
	sent(&e, 0, 0);
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].what, W_FAIL);
	assert_int_equal(e.up[0].cause, 27);
	assert_ptr_equal(e.up[0].handle, vc);
	assert_ptr_equal(e.up[0].cookie, &cookie);
	vc_close(e.l);
}

/* The caller's end: RETRY with any token, CONNECT, refusal, abandonment. */
static void
caller(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr to = nsapa(9, 0);
	struct nvc_dest peer = at(9, 2022), other = at(9, 2023);
	uint8_t b[64] = { 0x12 }, *num = b + 4;
	const uint8_t *p;
	struct vc *vc;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	vc = vc_call(e.l, &to, NULL);
	memcpy(num, sent(&e, 1, 64) + 12, 8);
	memset(b + 12, 0xa5, 33);
	nvc_input(e.n, &peer, b, 12 + 7);
	nvc_input(e.n, &peer, b, 12 + 33);
	assert_int_equal(counter(&e, "token-length"), 2);
	nvc_input(e.n, &other, b, 12 + 8);
	assert_int_equal(counter(&e, "wrong-peer"), 1);
	sent(&e, 0, 0);
	nvc_input(e.n, &peer, b, 12 + 32);
	p = sent(&e, 1, 96);
	assert_int_equal(p[23], 32);
	assert_memory_equal(p + 64, b + 12, 32);
	/* CONNECT: circuit 0 is none */
	b[0] = 0x13;
	memset(b + 12, 0, 8);
	memcpy(b + 20, "\x23\xe4\x1e\0", 4);
	nvc_input(e.n, &peer, b, 24);
	assert_int_equal(counter(&e, "zero-circuit"), 1);
	b[19] = 7;
	nvc_input(e.n, &peer, b, 23);
	assert_int_equal(counter(&e, "short"), 1);
	assert_int_equal(e.nup, 0);
	nvc_input(e.n, &peer, b, 30); /* trailing octets are ignored */
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].what, W_ACK);
	nvc_input(e.n, &peer, b, 24);
	assert_int_equal(e.nup, 1);
	vc_release(vc, VC_CAUSE_NORMAL);
	p = sent(&e, 1, 20);
	assert_memory_equal(p, "\x14\0\0\x10\0\0\0\0\0\0\0\7", 12);
	assert_memory_equal(p + 12, num, 8);
	/* refused */
	e.nup = 0;
	vc = vc_call(e.l, &to, NULL);
	memcpy(num, sent(&e, 1, 64) + 12, 8);
	b[0] = 0x14;
	b[3] = 47;
	memset(b + 12, 0, 8);
	nvc_input(e.n, &peer, b, 20);
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].what, W_FAIL);
	assert_int_equal(e.up[0].cause, 47);
	/* abandoned: the callee finds it by our number */
	vc = vc_call(e.l, &to, NULL);
	memcpy(num, sent(&e, 1, 64) + 12, 8);
	vc_release(vc, VC_CAUSE_NORMAL);
	p = sent(&e, 1, 20);
	assert_memory_equal(p, "\x14\0\0\x10\0\0\0\0\0\0\0\0", 12);
	assert_memory_equal(p + 12, num, 8);
	timers_run(&ts, (mtime_t){ MTIME_SEC(30) });
	sent(&e, 0, 0);
	assert_int_equal(e.nup, 1);
	vc_close(e.l);
}

/* A call that can't be made fails from the loop, never from within it. */
static void
hopeless(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct atm_addr v6 = { .num_tl = 20, .num = { 0x35, 0, 0, 0x20, 1 } };
	struct atm_addr native = { .num_tl = 20, .num = { 0x47 } };
	struct atm_addr far = nsapa(9, 255), near = nsapa(9, 0);
	struct vc *root;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.base_port = 65400;
	p.max_circuits = 1;
	begin_with(&e, &ts, 1, &p);
	vc_release(vc_call(e.l, &native, NULL), 16);
	vc_call(e.l, &native, NULL);
	vc_call(e.l, &v6, NULL);
	vc_call(e.l, &far, NULL); /* port 65655 */
	root = vc_multi(e.l, NULL);
	vc_multi_add(root, &native, NULL);
	vc_call(e.l, &near, NULL);
	vc_call(e.l, &near, NULL); /* beyond max_circuits */
	assert_int_equal(e.nup, 0);
	timers_run(&ts, (mtime_t){ 0 });
	assert_int_equal(e.nup, 5);
	assert_int_equal(e.up[0].cause, 1);
	assert_int_equal(e.up[1].cause, 1);
	assert_int_equal(e.up[2].cause, 1);
	assert_int_equal(e.up[3].what, W_LFAIL);
	assert_int_equal(e.up[4].cause, 47);
	vc_call(e.l, &native, NULL); /* and at the end there is one */
	vc_close(e.l);
}

/* nvc.md rule 5: DATA counts from the peer only; unknown is answered. */
static void
data(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025), other = at(2, 2026),
	    far = at(3, 2025);
	uint8_t b[20] = { 0x17 };
	uint64_t num;
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	num = call_in(&e, CALLER, 0, NULL);
	e.nup = 0;
	put64(b + 4, num);
	memcpy(b + 12, "\xaa\xaa\3\0\0\x5e\0\3", 8);
	nvc_input(e.n, &other, b, 20);
	nvc_input(e.n, &far, b, 20);
	assert_int_equal(counter(&e, "wrong-peer"), 2);
	sent(&e, 0, 0);
	assert_int_equal(e.nup, 0);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].what, W_SDU);
	assert_int_equal(e.up[0].len, 8);
	assert_int_equal(e.up[0].first, 0xaa);
	assert_ptr_equal(e.up[0].cookie, &e);
	/* its own direction */
	assert_int_equal(vc_send(e.called, vc_sdu_new("\xaa\xbb", 2)), 0);
	assert_memory_equal(sent(&e, 1, 14),
	    "\x17\0\0\0"
	    "\x11\x22\x33\x44\x55\x66\x77\x88\xaa\xbb",
	    14);
	/* unknown: RELEASE, cause 81, 100 a second and no more */
	put64(b + 4, num ^ 1ULL << 40);
	nvc_input(e.n, &from, b, 20);
	memcpy(b + 12, b + 4, 8);
	assert_memory_equal(
	    sent(&e, 1, 20), "\x14\0\0\x51\0\0\0\0\0\0\0\0", 12);
	assert_memory_equal(e.out[0].buf + 12, b + 4, 8);
	for (i = 0; i < 300; i++) {
		b[0] = i % 2 == 0 ? 0x17 : 0x15;
		nvc_input(e.n, &far, b, 20);
	}
	sent(&e, 99, 20);
	timers_run(&ts, (mtime_t){ MTIME_SEC(1) - 1 });
	nvc_input(e.n, &far, b, 20);
	sent(&e, 0, 0);
	timers_run(&ts, (mtime_t){ MTIME_SEC(1) });
	for (i = 0; i < 300; i++)
		nvc_input(e.n, &far, b, 20);
	sent(&e, 100, 20);
	/* nothing else is answered */
	for (i = 2; i < 7; i++) {
		if (i == 5)
			continue;
		b[0] = (uint8_t)(0x10 | i);
		timers_run(&ts, (mtime_t){ MTIME_SEC(2) });
		nvc_input(e.n, &far, b, 20);
		sent(&e, 0, 0);
	}
	vc_close(e.l);
}

/* nvc.md rule 5: RELEASE by our number, and with Circuit 0 by theirs. */
static void
released(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025), other = at(2, 2026);
	uint8_t b[20] = { 0x14, 0, 0, 81 };

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	call_in(&e, CALLER, 0, NULL);
	put64(b + 12, CALLER);
	e.drop_in_release = true;
	nvc_input(e.n, &other, b, 20);
	assert_int_equal(e.nup, 1);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[1].what, W_RELEASE);
	assert_int_equal(e.up[1].cause, 81);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 2);
	b[3] = 0;
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	nvc_input(e.n, &from, b, 19);
	assert_int_equal(e.nup, 3);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 4);
	assert_int_equal(e.up[3].cause, 31); /* 0 says nothing */
	sent(&e, 0, 0);
	vc_close(e.l);
}

/* nvc.md rule 6: the larger interval; three without answer; STATUS. */
static void
enquiry(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x15 };
	const uint8_t *d;
	uint64_t num;
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 4;
	begin_with(&e, &ts, 1, &p);
	/* rule 3's 24 octets say 4, the circuit takes 10 from the SETUP */
	num = call_in(&e, CALLER, 0, NULL);
	timers_run(&ts, (mtime_t){ MTIME_SEC(10) - 1 });
	sent(&e, 0, 0);
	timers_run(&ts, (mtime_t){ MTIME_SEC(10) });
	d = sent(&e, 1, 20);
	assert_memory_equal(
	    d, "\x15\0\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 12);
	assert_true(get64(d + 12) == num);
	/* the peer's number has to be right */
	put64(b + 4, num);
	put64(b + 12, CALLER + 1);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(counter(&e, "wrong-number"), 1);
	sent(&e, 0, 0);
	put64(b + 12, CALLER);
	timers_run(&ts, (mtime_t){ MTIME_SEC(12) });
	nvc_input(e.n, &from, b, 20);
	d = sent(&e, 1, 20);
	assert_memory_equal(
	    d, "\x16\0\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 12);
	assert_true(get64(d + 12) == num);
	/* heard at 12 s: three in vain from 22 s on, cleared at 52 s */
	for (i = 20; i < 52; i++) {
		timers_run(&ts, (mtime_t){ MTIME_SEC(i) });
		sent(&e, i == 22 || i == 32 || i == 42, 20);
	}
	assert_int_equal(e.nup, 1);
	timers_run(&ts, (mtime_t){ MTIME_SEC(52) });
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[1].what, W_RELEASE);
	assert_int_equal(e.up[1].cause, 27);
	assert_int_equal(sent(&e, 1, 20)[0], 0x14);
	vc_close(e.l);
}

/*
 * Rule 6: a circuit that is watched is asked after 2 s of silence, and then
 * every 750 ms: that its peer has died is known within 4.25 s.
 */
static void
watched(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	struct vc *root;
	uint8_t b[20] = { 0x16 };
	int64_t ms;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	put64(b + 12, CALLER);
	timers_run(&ts, (mtime_t){ MTIME_SEC(1) });
	vc_watch(e.called);
	vc_watch(e.called);
	root = vc_multi(e.l, NULL);
	vc_watch(root); /* nothing of that kind */
	vc_release(root, 16);
	timers_run(&ts, (mtime_t){ MTIME_SEC(2) - 1 });
	sent(&e, 0, 0);
	timers_run(&ts, (mtime_t){ MTIME_SEC(2) });
	assert_int_equal(sent(&e, 1, 20)[0], 0x15);
	/* the third time it answers */
	timers_run(&ts, (mtime_t){ MTIME_MS(2750) });
	assert_int_equal(sent(&e, 1, 20)[0], 0x15);
	timers_run(&ts, (mtime_t){ MTIME_MS(3500) });
	assert_int_equal(sent(&e, 1, 20)[0], 0x15);
	nvc_input(e.n, &from, b, 20);
	for (ms = 3510; ms < 7750; ms += 10) {
		timers_run(&ts, (mtime_t){ MTIME_MS(ms) });
		sent(&e, ms == 5500 || ms == 6250 || ms == 7000, 20);
	}
	assert_int_equal(e.nup, 1);
	timers_run(&ts, (mtime_t){ MTIME_MS(7750) });
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[1].what, W_RELEASE);
	assert_int_equal(e.up[1].cause, 27);
	vc_close(e.l);
}

/* nvc.md rule 6: answers count however late the timers run. */
static void
enquiry_late(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x16 };
	int64_t now = 0;
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 1;
	begin_with(&e, &ts, 1, &p);
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	put64(b + 12, CALLER);
	for (i = 0; i < 20; i++) {
		/* 5 ms later than it was set for */
		now += MTIME_SEC(10) + MTIME_MS(5);
		timers_run(&ts, (mtime_t){ now });
		sent(&e, 1, 20);
		now += MTIME_MS(1);
		timers_run(&ts, (mtime_t){ now });
		nvc_input(e.n, &from, b, 20);
	}
	assert_int_equal(e.nup, 1);
	vc_close(e.l);
}

/* nvc.md rule 7: too big for the peer, too big for us. */
static void
sizes(void **state)
{
	static struct end e;
	static uint8_t big[NVC_DATAGRAM_MAX + 1] = { 0x17 };
	struct timers ts;
	struct nvc_dest from = at(2, 2025);

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	put64(big + 4, call_in(&e, CALLER, 0, NULL));
	assert_int_equal(vc_send(e.called, vc_sdu_new(NULL, 9189)), -1);
	assert_int_equal(counter(&e, "sdus-too-big"), 1);
	assert_int_equal(vc_send(e.called, vc_sdu_new(NULL, 9188)), 0);
	sent(&e, 1, 512);
	nvc_input(e.n, &from, big, NVC_DATAGRAM_MAX + 1);
	assert_int_equal(counter(&e, "long"), 1);
	assert_int_equal(e.nup, 1);
	nvc_input(e.n, &from, big, NVC_DATAGRAM_MAX);
	assert_int_equal(e.up[1].len, 9188);
	vc_close(e.l);
}

/* What is malformed by itself has a reason each, and no effect. */
static void
malformed(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[80];
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	memcpy(b, setup, 64);
	for (i = 0; i < 64; i++)
		nvc_input(e.n, &from, b, i);
	assert_int_equal(counter(&e, "short"), 64);
	b[23] = 1; /* a token that is not there */
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(counter(&e, "short"), 65);
	b[23] = 0;
	b[0] = 0x21;
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(counter(&e, "version"), 1);
	for (i = 0; i < 16; i++) {
		b[0] = (uint8_t)(0x10 | i);
		if (i == 0 || i > 8)
			nvc_input(e.n, &from, b, 64);
	}
	assert_int_equal(counter(&e, "type"), 8);
	b[0] = 0x11;
	put64(b + 12, 0);
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(counter(&e, "zero-circuit"), 1);
	sent(&e, 0, 0);
	vc_close(e.l);
}

/* The same, and an SDU goes on it: it is no silent one. */
static void
call_used(struct end *e, uint64_t num)
{
	(void)call_in(e, num, 0, NULL);
	assert_int_equal(vc_send(e->called, vc_sdu_new("x", 1)), 0);
	sent(e, 1, 13);
}

/* nvc.md rule 2: a refusal by a limit is 47; at the maximum and beyond. */
static void
limits(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[80];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		timers_init(&ts, (mtime_t){ 0 });
		p.max_circuits = i == 0 ? 3 : 100;
		p.circuits_per_address = i == 0 ? 100 : 3;
		begin_with(&e, &ts, 1, &p);
		call_used(&e, 1);
		call_used(&e, 2);
		call_used(&e, 3);
		memcpy(b, setup, 64);
		nvc_input(e.n, &from, b, 64);
		memcpy(b + 64, sent(&e, 1, 28) + 12, 16);
		b[23] = 16;
		nvc_input(e.n, &from, b, 80);
		assert_int_equal(sent(&e, 1, 20)[3], 47);
		assert_int_equal(
		    counter(
		    &e, i == 0 ? "limit-circuits" : "limit-per-address"),
		    1);
		vc_release(e.called, 16);
		sent(&e, 1, 20);
		nvc_input(e.n, &from, b, 80);
		sent(&e, 1, 24);
		vc_close(e.l);
	}
}

/* The output queue is bounded by the memory that it takes. */
static void
queue_full(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc_sdu *s = vc_sdu_new("x", 1);
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	call_in(&e, CALLER, 0, NULL);
	for (i = 0; i < VC_QUEUE_OCTETS / (1 + VC_SDU_KEPT); i++)
		assert_int_equal(vc_send(e.called, vc_sdu_ref(s)), 0);
	assert_int_equal(vc_send(e.called, vc_sdu_ref(s)), -1);
	assert_int_equal(counter(&e, "sdus-dropped"), 1);
	vc_release(e.called, 16); /* control still goes */
	assert_int_equal(counter(&e, "queue-full"), 0);
	vc_close(e.l);
	assert_int_equal(s->refs, 1);
	vc_sdu_free(s);
}

/*
 * Control messages are as many as circuits may be, and some for strangers: of
 * one who asks and asks the rest is lost.
 */
static void
control_full(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x15 };
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.max_circuits = 10;
	begin_with(&e, &ts, 1, &p);
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	put64(b + 12, CALLER);
	for (i = 0; i < NVC_STRANGER_COUNT + 10; i++)
		nvc_input(e.n, &from, b, sizeof(b));
	assert_int_equal(counter(&e, "queue-full"), 0);
	nvc_input(e.n, &from, b, sizeof(b));
	assert_int_equal(counter(&e, "queue-full"), 1);
	vc_close(e.l);
}

/* nvc.md, P: the leaf's end receives only. */
static void
leaf_end(void **state)
{
	static struct end e;
	struct timers ts;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	call_in(&e, CALLER, 0xff, NULL);
	assert_int_equal(e.up[0].cause, 1);
	assert_int_equal(vc_send(e.called, vc_sdu_new("x", 1)), -1);
	sent(&e, 0, 0);
	vc_close(e.l);
}

/*
 * Answers the SETUP that is last in e's output as 192.0.2.9's own 900 + i,
 * who takes SDUs of that many octets, and BUNDLE or not.
 */
static void
connect_as(struct end *e, uint64_t i, uint16_t takes, bool bundles)
{
	struct nvc_dest peer;
	uint8_t b[24] = { 0x13, bundles ? 0x40 : 0 };

	if (e->nout == 0)
		vc_flush(e->l);
	assert_int_equal(e->nout, 1);
	assert_int_equal(e->out[0].buf[0], 0x11);
	assert_int_equal(e->out[0].buf[1], 0xc0);
	memcpy(b + 4, e->out[0].buf + 12, 8);
	put64(b + 12, 900 + i);
	b[20] = (uint8_t)(takes >> 8);
	b[21] = (uint8_t)takes;
	b[22] = 10;
	peer = e->out[0].to;
	e->nout = 0;
	nvc_input(e->n, &peer, b, 24);
}

static void
connect_leaf(struct end *e, uint64_t i)
{
	connect_as(e, i, 9188, false);
}

/* R2022-5.1.3-09: the cause of a leaf's refusal goes up as it came. */
static void
leaf_cause(void **state)
{
	static const uint16_t causes[] = { 1, 37, 41, 49, 51 };
	static struct end e;
	struct timers ts;
	struct atm_addr to = nsapa(10, 0);
	struct nvc_dest peer;
	struct vc_leaf *leaf;
	uint8_t b[20];
	struct vc *root;
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		e.nup = e.nout = 0;
		leaf = vc_multi_add(root, &to, &e);
		vc_flush(e.l);
		assert_int_equal(e.nout, 1);
		peer = e.out[0].to;
		memset(b, 0, sizeof(b));
		b[0] = 0x14;
		b[3] = (uint8_t)causes[i];
		memcpy(b + 4, e.out[0].buf + 12, 8);
		nvc_input(e.n, &peer, b, 20);
		assert_int_equal(e.nup, 1);
		assert_int_equal(e.up[0].what, W_LFAIL);
		assert_ptr_equal(e.up[0].handle, leaf);
		assert_int_equal(e.up[0].cause, causes[i]);
	}
	vc_close(e.l);
}

/* which leaves (their own numbers - 900) were sent which first octets */
static const char *
trace(struct end *e)
{
	static char s[256];
	size_t i, n = 0;

	for (i = 0; i < e->nout && n < sizeof(s) - 3; i++) {
		const uint8_t *b = e->out[i].buf;

		s[n++] = (char)(b[0] == 0x17 ? b[12] : '!');
		s[n++] = (char)('0' + (int)(get64(b + 4) - 900));
	}
	s[n] = '\0';
	e->nout = 0;
	return s;
}

/*
 * nvc.md rule 8, R2022-3.4-01, -02: one SDU to every leaf connected when it
 * was sent, in order, over partial flushes and leaves that come and go.
 */
static void
multipoint(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr to;
	struct vc_leaf *leaf[5];
	struct datagram call;
	struct nvc_dest peer = at(11, 2022);
	uint8_t b[20] = { 0x17 };
	struct vc *root;
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	assert_int_equal(vc_send(root, vc_sdu_new("-", 1)), 0); /* */
	for (i = 0; i < 4; i++) {
		to = nsapa((uint8_t)(10 + i), 0);
		leaf[i] = vc_multi_add(root, &to, (void *)(uintptr_t)i);
		connect_leaf(&e, i);
		assert_int_equal(e.up[i].what, W_LACK);
		assert_ptr_equal(e.up[i].handle, leaf[i]);
	}
	assert_int_equal(vc_send(root, vc_sdu_new("a", 1)), 0);
	assert_int_equal(vc_send(root, vc_sdu_new("b", 1)), 0);
	e.room = 2;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "a0a1");
	/* one before the cursor, one at it; each still gets what was sent */
	vc_multi_drop(leaf[0]);
	vc_multi_drop(leaf[2]);
	assert_int_equal(vc_send(root, vc_sdu_new("c", 1)), 0);
	e.room = 1;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "a2");
	e.room = SIZE_MAX;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "a3b0b1b2b3!0!2c1c3");
	/* a later leaf does not get an earlier SDU */
	e.room = 0;
	assert_int_equal(vc_send(root, vc_sdu_new("d", 1)), 0);
	e.room = SIZE_MAX;
	to = nsapa(14, 0);
	leaf[4] = vc_multi_add(root, &to, NULL);
	vc_flush(e.l);
	assert_int_equal(e.nout, 3);
	/* and what is no SDU waits for none */
	call = e.out[0];
	e.out[0] = e.out[2];
	e.nout = 2;
	assert_string_equal(trace(&e), "d3d1");
	e.out[0] = call;
	e.nout = 1;
	connect_leaf(&e, 4);
	assert_int_equal(vc_send(root, vc_sdu_new("e", 1)), 0);
	vc_flush(e.l);
	assert_string_equal(trace(&e), "e1e3e4");
	/* a leaf may not send; its end is a drop of that leaf alone */
	e.nup = 0;
	to = nsapa(15, 0);
	vc_multi_add(root, &to, NULL);
	vc_flush(e.l);
	peer = e.out[0].to;
	memcpy(b + 4, e.out[0].buf + 12, 8);
	connect_leaf(&e, 5);
	nvc_input(e.n, &peer, b, 20);
	assert_int_equal(counter(&e, "leaf-data"), 1);
	b[0] = 0x14;
	b[3] = 16;
	nvc_input(e.n, &peer, b, 20);
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[1].what, W_LDROP);
	/* the root goes, what was sent before still goes out */
	e.nout = 0;
	assert_int_equal(vc_send(root, vc_sdu_new("f", 1)), 0);
	vc_release(root, VC_CAUSE_NORMAL);
	e.room = 1;
	vc_flush(e.l);
	e.room = SIZE_MAX;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "f1f3f4!1!3!4");
	vc_close(e.l);
}

static size_t
circuits(const struct end *e)
{
	struct vc_circuit_info info;
	uint32_t cursor = 0;
	size_t n = 0;

	while (nvc_circuit(e->n, &cursor, &info))
		n++;
	return n;
}

/* Calls e as call_in() does, whatever else it has to say then. */
static void
call_flood(struct end *e, uint64_t num)
{
	struct nvc_dest from = at(2, 2025);
	uint8_t b[80];

	memcpy(b, setup, sizeof(setup));
	put64(b + 12, num);
	nvc_input(e->n, &from, b, 64);
	memcpy(b + 64, sent(e, 1, 28) + 12, 16);
	b[23] = 16;
	nvc_input(e->n, &from, b, 80);
	vc_flush(e->l);
	e->nout = 0;
}

/* A root with that many leaves, 192.0.2.10 and on, their own 900 and on. */
static struct vc *
root_with(struct end *e, uint64_t first, uint64_t leaves)
{
	struct vc *root = vc_multi(e->l, e);
	struct atm_addr to;
	uint64_t i;

	for (i = first; i < first + leaves; i++) {
		to = nsapa((uint8_t)(10 + i), 0);
		assert_non_null(vc_multi_add(root, &to, e));
		connect_leaf(e, i);
	}
	return root;
}

static void
say(struct vc *vc, const char *text)
{
	assert_int_equal(vc_send(vc, vc_sdu_new(text, strlen(text))), 0);
}

/* A circuit on which the peer's own number is 900 + i. */
static struct vc *
circuit_to(struct end *e, uint64_t i)
{
	(void)call_in(e, 900 + i, 0, NULL);
	return e->called;
}

/*
 * vc.h, issue 16: control messages, then SDUs of circuits, then copies; what
 * comes in a later turn passes the copies that wait.
 */
static void
answers_first(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest caller = at(2, 2025);
	uint8_t again[80];
	struct vc *root, *a, *b;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	a = circuit_to(&e, 8);
	b = circuit_to(&e, 9);
	(void)call_in(&e, CALLER, 0, again);
	root = root_with(&e, 0, 3);
	say(root, "x");
	say(root, "y");
	say(a, "p");
	say(a, "q");
	say(b, "r");
	e.room = 1;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "p8");
	/* rule 3: a CONNECT */
	nvc_input(e.n, &caller, again, sizeof(again));
	e.room = 1;
	vc_flush(e.l);
	assert_int_equal(e.out[0].buf[0], 0x13);
	e.nout = 0;
	/* among circuits one has not to wait for all of another's either */
	e.room = 4;
	vc_flush(e.l);
	assert_string_equal(trace(&e), "r9q8x0x1");
	say(b, "s");
	e.room = SIZE_MAX;
	assert_false(nvc_flush(e.n, 2)); /* the bound of a turn */
	assert_string_equal(trace(&e), "s9x2");
	/* a RELEASE stays behind what was sent on its circuit */
	say(a, "t");
	vc_release(a, VC_CAUSE_NORMAL);
	assert_true(nvc_flush(e.n, SIZE_MAX));
	assert_string_equal(trace(&e), "t8!8y0y1y2");
	/* and goes before others' if nothing waits there */
	say(root, "z");
	vc_release(b, VC_CAUSE_NORMAL);
	vc_flush(e.l);
	assert_string_equal(trace(&e), "!9z0z1z2");
	vc_close(e.l);
}

/* A SETUP of 192.0.2.2, with a caller's circuit of this number. */
static void
setup_in(struct end *e, uint64_t num)
{
	struct nvc_dest from = at(2, 2025);
	uint8_t b[64];

	memcpy(b, setup, sizeof(b));
	put64(b + 12, num);
	nvc_input(e->n, &from, b, sizeof(b));
}

/*
 * Issue 14, denial of service: RETRYs, calls and enquiries, of which there may
 * be any number, keep out neither answers nor copies, and the other way round.
 */
static void
strangers_wait(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr to = nsapa(99, 0);
	struct vc *root, *a, *b, *c;
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	a = circuit_to(&e, 8);
	b = circuit_to(&e, 9);
	root = root_with(&e, 0, 1);
	for (i = 901; i < 904; i++)
		setup_in(&e, i);
	say(root, "x");
	say(a, "p");
	say(a, "q");
	say(b, "r");
	assert_false(nvc_flush(e.n, 3));
	assert_string_equal(trace(&e), "p8!1r9");
	assert_true(nvc_flush(e.n, 4));
	assert_string_equal(trace(&e), "q8!2!3x0");
	/* they take no more memory than this, and an answer does still */
	for (i = 0; i < NVC_STRANGER_COUNT + 10; i++)
		setup_in(&e, 901);
	assert_int_equal(counter(&e, "queue-full"), 10);
	say(a, "s");
	vc_release(b, VC_CAUSE_NORMAL);
	assert_false(nvc_flush(e.n, 3));
	assert_string_equal(trace(&e), "!9s8!1");
	/* a call is asked for its token again once there is room */
	setup_in(&e, 902);
	assert_int_equal(counter(&e, "queue-full"), 10);
	e.nout = 0;
	timers_run(&ts, (mtime_t){ MTIME_SEC(10) });
	say(a, "t");
	assert_false(nvc_flush(e.n, 1));
	assert_string_equal(trace(&e), "t8");
	while (!nvc_flush(e.n, 1000))
		e.nout = 0;
	e.nout = 0;
	/* a call, and what takes it back stays behind it */
	c = vc_call(e.l, &to, NULL);
	say(a, "u");
	vc_release(c, VC_CAUSE_NORMAL);
	assert_true(nvc_flush(e.n, 3));
	assert_int_equal(e.nout, 3);
	assert_int_equal(e.out[0].buf[0], 0x17);
	assert_int_equal(e.out[1].buf[0], 0x11);
	assert_int_equal(e.out[2].buf[0], 0x14);
	vc_close(e.l);
}

/*
 * an answer does not pass the copies for its own receiver, so that the
 * sequence number in it is no gap; the pass then leaves these out.
 */
static void
answer_behind_its_copies(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr same = nsapa(2, 3); /* where call_in() calls from */
	struct vc *root, *late_root, *a;
	int bundles;

	(void)state;
	for (bundles = 0; bundles < 2; bundles++) {
		timers_init(&ts, (mtime_t){ 0 });
		begin(&e, &ts, 1);
		a = circuit_to(&e, 8);
		root = root_with(&e, 0, 2);
		late_root = root_with(&e, 3, 1);
		assert_non_null(vc_multi_add(root, &same, NULL));
		connect_as(&e, 2, 9188, bundles);
		assert_non_null(vc_multi_add(late_root, &same, NULL));
		connect_as(&e, 4, 9188, false);
		say(root, "x");
		assert_false(nvc_flush(e.n, 1)); /* the pass has begun */
		say(root, "y");
		say(late_root, "w");
		say(a, "p");
		say(root, "z");
		say(a, "q");
		assert_false(nvc_flush(e.n, bundles ? 4 : 5));
		if (bundles) {
			assert_int_equal(e.out[1].buf[0], 0x18);
			assert_memory_equal(e.out[1].buf + 12, "\0\1x\0\1y", 6);
			e.out[1].buf[0] = 0x17;
			e.out[1].buf[12] = 'B';
		}
		assert_string_equal(
		    trace(&e), bundles ? "x0B2w4p8z2" : "x0x2y2w4p8z2");
		assert_int_equal(vc_backlog(root), 3);
		assert_true(nvc_flush(e.n, SIZE_MAX));
		assert_string_equal(
		    trace(&e), bundles ? "q8x1y0z0y1z1w3" : "q8x1y0y1z0z1w3");
		assert_int_equal(vc_backlog(root), 0);
		vc_close(e.l);
	}
}

/* issue 16: roots have their turn one after the other. */
static void
roots_in_turn(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *big, *small;
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	big = root_with(&e, 0, 200);
	small = root_with(&e, 200, 1);
	for (i = 0; i < 10; i++)
		say(big, "b");
	say(small, "s");
	vc_flush(e.l);
	assert_int_equal(e.nout, 2001);
	for (i = 0; e.out[i].buf[12] != 's'; i++)
		;
	assert_in_range(i, 0, 199);
	vc_close(e.l);
}

/* vc.h: what waits is counted till every leaf has had it; then drained. */
static void
backlog(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *root, *a;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	a = circuit_to(&e, 8);
	root = root_with(&e, 0, 3);
	e.nup = 0;
	assert_int_equal(vc_backlog(root), 0);
	say(root, "x");
	say(root, "y");
	say(a, "p");
	assert_int_equal(vc_backlog(root), 2);
	assert_int_equal(vc_backlog(a), 1);
	assert_false(nvc_flush(e.n, 3));
	assert_int_equal(vc_backlog(a), 0);
	assert_int_equal(vc_backlog(root), 2);
	assert_false(nvc_flush(e.n, 1));
	assert_int_equal(vc_backlog(root), 1);
	assert_int_equal(e.nup, 0);
	/* what the user says when it is told goes out in the same flush */
	e.more = 1;
	assert_true(nvc_flush(e.n, SIZE_MAX));
	assert_string_equal(trace(&e), "p8x0x1x2y0y1y2m0m1m2");
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[0].what, W_DRAINED);
	assert_ptr_equal(e.up[0].handle, root);
	assert_ptr_equal(e.up[0].cookie, &e);
	assert_true(nvc_flush(e.n, SIZE_MAX));
	assert_int_equal(e.nup, 2);
	vc_close(e.l);
}

/*
 * vc_discard(): what waits is dropped, but for what some leaf has had, and
 * what is sent then goes at once (issue 16, stopping).
 */
static void
discards(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *root, *a;
	struct nvc_params p = defaults;
	uint32_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 255;
	begin_with(&e, &ts, 1, &p);
	a = circuit_to(&e, 8);
	root = root_with(&e, 0, 100);
	for (i = 0; i < 50; i++)
		assert_int_equal(vc_send(root, vc_sdu_new(NULL, 9000)), 0);
	/* one of them is on its way to half of the leaves */
	assert_false(nvc_flush(e.n, 50));
	for (i = 0; i < 50; i++)
		assert_int_equal(vc_send(a, vc_sdu_new(NULL, 9000)), 0);
	nvc_discard(e.n);
	say(root, "the last");
	say(a, "the last");
	e.nout = 0;
	assert_true(nvc_flush(e.n, 1000));
	assert_in_range(e.nout, 1 + 50 + 100, 1 + 50 + 100 + 100);
	assert_in_range(counter(&e, "sdus-dropped"), 50 + 48, 50 + 49);
	assert_int_equal(vc_backlog(root), 0);
	vc_close(e.l);
}

/*
 * vc.h: a queue is bounded by octets, leaves counted, and by time.  What is
 * too much is said at once, what waits for too long later.
 */
static void
overflows(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *root, *other, *a;
	uint32_t fit = VC_COPIES_OCTETS / (9000 * 100 + VC_SDU_KEPT), i;
	struct nvc_params p = defaults;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 255;
	begin_with(&e, &ts, 1, &p);
	a = circuit_to(&e, 8);
	root = root_with(&e, 0, 100);
	other = root_with(&e, 100, 50);
	e.nup = 0;
	for (i = 0; i < fit; i++)
		assert_int_equal(vc_send(root, vc_sdu_new(NULL, 9000)), 0);
	assert_int_equal(vc_send(root, vc_sdu_new(NULL, 9000)), -1);
	assert_int_equal(counter(&e, "sdus-dropped"), 1);
	/* neither another root nor a circuit is kept out by that */
	assert_int_equal(vc_send(other, vc_sdu_new(NULL, 9000)), 0);
	assert_int_equal(vc_send(other, vc_sdu_new(NULL, 9000)), -1);
	assert_int_equal(vc_send(a, vc_sdu_new(NULL, 9000)), 0);
	/* leaves that have had it count no more */
	assert_false(nvc_flush(e.n, 1 + 100 + 50 + 50));
	assert_int_equal(e.nup, 1);
	assert_int_equal(e.up[0].what, W_DRAINED);
	assert_ptr_equal(e.up[0].handle, other);
	assert_int_equal(vc_send(root, vc_sdu_new(NULL, 9000)), 0);
	assert_int_equal(vc_backlog(root), fit);
	e.nout = 0;
	/* the one that is under way ends, the others are too old */
	timers_run(&ts, (mtime_t){ VC_QUEUE_TIME });
	say(root, "n");
	timers_run(&ts, (mtime_t){ VC_QUEUE_TIME + 1 });
	assert_int_equal(e.nup, 1);
	vc_flush(e.l);
	assert_int_equal(counter(&e, "sdus-dropped"), 2 + fit - 1);
	assert_in_range(e.nout, 101, 199);
	assert_int_equal(e.out[e.nout - 1].buf[12], 'n');
	assert_int_equal(e.nup, 3);
	assert_int_equal(e.up[1].what, W_OVERFLOW);
	assert_ptr_equal(e.up[1].handle, root);
	assert_int_equal(e.up[2].what, W_DRAINED);
	e.nout = 0;
	/* one alone is good for any number of leaves; answers get old too */
	assert_int_equal(vc_send(root, vc_sdu_new(NULL, 9000)), 0);
	say(a, "o");
	timers_run(&ts, (mtime_t){ 3 * VC_QUEUE_TIME });
	vc_flush(e.l);
	assert_int_equal(e.nout, 0);
	assert_int_equal(vc_backlog(root), 0);
	vc_close(e.l);
}

/* The smallest copies take memory, too, until the last leaf has them. */
static void
copies_full(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc_sdu *s = vc_sdu_new("x", 1);
	size_t fit = VC_COPIES_OCTETS / (2 + VC_SDU_KEPT), i;
	struct vc *root;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = root_with(&e, 0, 2);
	for (i = 0; i < fit; i++)
		assert_int_equal(vc_send(root, vc_sdu_ref(s)), 0);
	assert_int_equal(vc_send(root, vc_sdu_ref(s)), -1);
	assert_false(nvc_flush(e.n, 1));
	assert_int_equal(vc_backlog(root), fit);
	assert_int_equal(vc_send(root, vc_sdu_ref(s)), -1);
	assert_false(nvc_flush(e.n, 1));
	assert_int_equal(vc_send(root, vc_sdu_ref(s)), 0);
	vc_close(e.l);
	assert_int_equal(s->refs, 1);
	vc_sdu_free(s);
}

/*
 * Issue 11: data waits for as long as is configured, and what is oldest goes
 * first; what is said besides is not behind it, and what has a number stays.
 */
static void
data_waits_for_its_time(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct vc *root, *a;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 255;
	p.queue_time = MTIME_MS(50);
	p.row = 16;
	begin_with(&e, &ts, 1, &p);
	a = circuit_to(&e, 8);
	root = root_with(&e, 0, 2);
	e.nout = e.nup = 0;
	e.room = 0;
	say(root, "a");
	say(root, "b");
	say(root, "c");
	assert_false(nvc_flush(e.n, SIZE_MAX));
	timers_run(&ts, (mtime_t){ MTIME_MS(30) });
	say(root, "d");
	say(root, "e");
	timers_run(&ts, (mtime_t){ MTIME_MS(50) });
	assert_false(nvc_flush(e.n, SIZE_MAX));
	assert_int_equal(counter(&e, "sdus-dropped"), 0);
	timers_run(&ts, (mtime_t){ MTIME_MS(51) });
	say(a, "p");
	e.room = SIZE_MAX;
	assert_true(nvc_flush(e.n, SIZE_MAX));
	assert_string_equal(trace(&e), "p8d0e0d1e1");
	assert_int_equal(counter(&e, "sdus-dropped"), 3);
	assert_int_equal(e.up[0].what, W_OVERFLOW);
	/* LLC/SNAP of MARS */
	e.room = 0;
	assert_int_equal(vc_send(root, vc_sdu_new("\xaa\xaa\x03\0\0\x5e\0\x03",
	    8)), 0);
	assert_false(nvc_flush(e.n, SIZE_MAX));
	timers_run(&ts, (mtime_t){ MTIME_MS(1051) });
	e.room = SIZE_MAX;
	assert_true(nvc_flush(e.n, SIZE_MAX));
	assert_int_equal(e.nout, 2);
	assert_int_equal(counter(&e, "sdus-dropped"), 3);
	vc_close(e.l);
}

/*
 * The same where the network takes less than comes: the copies of one packet
 * don't make all others late, and each member has its share.
 */
static void
a_late_pass_ends(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct vc *root;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 255;
	p.queue_time = MTIME_MS(50);
	p.row = 16;
	begin_with(&e, &ts, 1, &p);
	root = root_with(&e, 0, 5);
	e.nout = 0;
	say(root, "a");
	say(root, "b");
	assert_false(nvc_flush(e.n, 5));
	assert_string_equal(trace(&e), "a0b0a1b1a2");
	timers_run(&ts, (mtime_t){ MTIME_MS(40) });
	say(root, "c");
	timers_run(&ts, (mtime_t){ MTIME_MS(51) });
	assert_false(nvc_flush(e.n, 3));
	assert_string_equal(trace(&e), "c2c3c4");
	assert_int_equal(counter(&e, "sdus-dropped"), 2);
	assert_true(nvc_flush(e.n, 3));
	assert_string_equal(trace(&e), "c0c1");
	say(root, "d");
	assert_true(nvc_flush(e.n, 5));
	assert_string_equal(trace(&e), "d2d3d4d0d1");
	vc_close(e.l);
}

/* A root may be released by what it is told. */
static void
told_within(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct vc *root;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.enquiry_interval = 255;
	begin_with(&e, &ts, 1, &p);
	root = root_with(&e, 0, 2);
	e.nup = 0;
	e.drop_in_drained = true;
	say(root, "x");
	vc_flush(e.l);
	assert_string_equal(trace(&e), "x0x1!0!1");
	assert_int_equal(e.nup, 1);
	root = root_with(&e, 0, 2);
	e.nup = 0;
	e.drop_in_overflow = true;
	say(root, "x");
	timers_run(&ts, (mtime_t){ MTIME_SEC(3) });
	vc_flush(e.l);
	assert_string_equal(trace(&e), "!0!1");
	assert_int_equal(e.nup, 1);
	/* who has released it is told nothing */
	e.drop_in_overflow = e.drop_in_drained = false;
	root = root_with(&e, 0, 2);
	e.nup = 0;
	say(root, "x");
	vc_release(root, VC_CAUSE_NORMAL);
	vc_flush(e.l);
	assert_string_equal(trace(&e), "x0x1!0!1");
	assert_int_equal(e.nup, 0);
	vc_close(e.l);
}

#define MARS_SDU	"\xaa\xaa\x03\0\0\x5e\0\x03"
#define SCSP_SDU	"\xaa\xaa\x03\0\0\x5e\0\x05"
#define DATA_SDU	"\xaa\xaa\x03\0\0\x5e\0\x01"
#define IPV4_SDU	"\xaa\xaa\x03\0\0\0\x08\0"

static void
say_octets(struct vc *vc, const char *octets)
{
	assert_int_equal(vc_send(vc, vc_sdu_new(octets, 8)), 0);
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/*
 * nvc.md rule 9: MARS and SCSP are numbered for each circuit and direction
 * from a random start; layer 3 packets are not, and use no number up.
 */
static void
numbered(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *root, *a, *b;
	uint16_t start;
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	a = circuit_to(&e, 1);
	b = circuit_to(&e, 2);
	say_octets(a, MARS_SDU);
	say_octets(a, DATA_SDU);
	say_octets(a, IPV4_SDU);
	say_octets(a, SCSP_SDU);
	vc_flush(e.l);
	assert_int_equal(e.nout, 4);
	start = get16(e.out[0].buf + 2);
	assert_memory_equal(e.out[0].buf, "\x17\x20", 2);
	assert_memory_equal(e.out[1].buf, "\x17\0\0\0", 4);
	assert_memory_equal(e.out[2].buf, "\x17\0\0\0", 4);
	assert_memory_equal(e.out[3].buf, "\x17\x20", 2);
	assert_int_equal(get16(e.out[3].buf + 2), (uint16_t)(start + 1));
	say_octets(b, MARS_SDU);
	e.nout = 0;
	vc_flush(e.l);
	assert_int_not_equal(get16(e.out[0].buf + 2), start);
	/* each leaf has its own */
	e.nout = 0;
	root = root_with(&e, 3, 2);
	say_octets(root, MARS_SDU);
	say_octets(root, IPV4_SDU);
	say_octets(root, MARS_SDU);
	e.nout = 0;
	vc_flush(e.l);
	assert_int_equal(e.nout, 6);
	for (i = 0; i < 2; i++) {
		assert_int_equal(get16(e.out[4 + i].buf + 2),
		    (uint16_t)(get16(e.out[i].buf + 2) + 1));
		assert_int_equal(e.out[2 + i].buf[1], 0);
	}
	assert_int_not_equal(get16(e.out[0].buf + 2), get16(e.out[1].buf + 2));
	/* modulo 2^16 */
	for (i = 0; i < 65536; i++) {
		e.nout = 0;
		say_octets(a, MARS_SDU);
		vc_flush(e.l);
	}
	assert_int_equal(get16(e.out[0].buf + 2), (uint16_t)(start + 1));
	vc_close(e.l);
}

/*
 * nvc.md rule 9: a numbered SDU that is not newer than the last one delivered
 * is dropped and counted, nothing is waited for, and what has no number
 * counts as it comes.
 */
static void
late(void **state)
{
	static const struct {
		uint16_t number;
		bool flag, good;
	} in[] = {
		{ 0xfffe, true, true },
		{ 0xfffe, true, false },
		{ 0, true, true },
		{ 0xffff, true, false },
		{ 7, false, true },
		{ 7, false, true },
		{ 1, true, true },
		{ 0x8001, true, false },
		{ 0x8000, true, true },
		{ 1, true, false },
		{ 0x8001, true, true },
	};
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x17 };
	size_t i, good = 0;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	memcpy(b + 12, MARS_SDU, 8);
	e.nup = 0;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		b[1] = in[i].flag ? 0x20 : 0;
		b[2] = (uint8_t)(in[i].number >> 8);
		b[3] = (uint8_t)in[i].number;
		nvc_input(e.n, &from, b, 20);
		good += in[i].good;
		assert_int_equal(e.nup, good);
		assert_int_equal(counter(&e, "late"), i + 1 - good);
	}
	vc_close(e.l);
}

/*
 * nvc.md rule 9: what comes first may be of a circuit that the peer had before
 * this one.  Then its number says nothing about those of now, and after 16 in
 * a row that seem late the next one is not; one that is newer begins anew.
 */
static void
numbers_of_another_circuit_are_forgotten(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x17, 0x20 };
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	put64(b + 4, call_in(&e, CALLER, 0, NULL));
	memcpy(b + 12, MARS_SDU, 8);
	e.nup = 0;
	b[2] = 0x40;
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 1);
	/* 15 late ones and a newer one: those that follow are late again */
	for (i = 1; i <= 15; i++) {
		b[2] = 0x20;
		b[3] = (uint8_t)i;
		nvc_input(e.n, &from, b, 20);
	}
	b[2] = 0x41;
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(e.nup, 2);
	assert_int_equal(counter(&e, "late"), 15);
	for (i = 1; i <= 20; i++) {
		b[2] = 0x20;
		b[3] = (uint8_t)(100 + i);
		nvc_input(e.n, &from, b, 20);
		assert_int_equal(e.nup, i <= 16 ? 2 : i - 14);
	}
	assert_int_equal(counter(&e, "late"), 31);
	vc_close(e.l);
}

/* A circuit whose caller takes BUNDLE or not. */
static struct vc *
bundler(struct end *e, uint64_t i, bool bundles)
{
	(void)call_in(e, 900 + i, bundles ? 0x40 : 0, NULL);
	return e->called;
}

/*
 * nvc.md rule 10: several SDUs that wait for a circuit go in one BUNDLE, the
 * numbers one after the other; never a single one, and to nobody who did not
 * say B.
 */
static void
bundled(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc *a, *old;
	uint16_t start;
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	a = bundler(&e, 1, true);
	old = bundler(&e, 2, false);
	say_octets(a, MARS_SDU);
	say_octets(a, SCSP_SDU);
	say_octets(a, IPV4_SDU);
	say_octets(a, MARS_SDU);
	say_octets(old, IPV4_SDU);
	say_octets(old, IPV4_SDU);
	vc_flush(e.l);
	assert_int_equal(e.nout, 5);
	assert_int_equal(e.out[0].len, 12 + 2 * 10);
	assert_memory_equal(e.out[0].buf, "\x18\x20", 2);
	assert_true(get64(e.out[0].buf + 4) == 901);
	assert_memory_equal(
	    e.out[0].buf + 12, "\0\x08" MARS_SDU "\0\x08" SCSP_SDU, 20);
	start = get16(e.out[0].buf + 2);
	/* the other one had its turns in between */
	for (i = 1; i < 4; i++)
		assert_memory_equal(e.out[i].buf, "\x17\0\0\0", 4);
	assert_memory_equal(e.out[4].buf, "\x17\x20", 2);
	assert_int_equal(get16(e.out[4].buf + 2), (uint16_t)(start + 2));
	assert_int_equal(counter(&e, "sdus-out"), 6);
	/* what has no number goes in one, too */
	e.nout = 0;
	say_octets(a, IPV4_SDU);
	say_octets(a, IPV4_SDU);
	vc_flush(e.l);
	assert_int_equal(e.nout, 1);
	assert_memory_equal(e.out[0].buf, "\x18\0\0\0", 4);
	vc_close(e.l);
}

/* nvc.md rules 7, 10: a BUNDLE never exceeds the link's mtu. */
static void
bundle_sizes(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct vc *a;
	int i, j;

	(void)state;
	for (i = 0; i < 2; i++) {
		timers_init(&ts, (mtime_t){ 0 });
		/* not known: 1400 octets */
		p.mtu = i == 0 ? 0 : 576;
		begin_with(&e, &ts, 1, &p);
		a = bundler(&e, 1, true);
		for (j = 0; j < 20; j++)
			assert_int_equal(vc_send(a, vc_sdu_new(NULL, 100)), 0);
		vc_flush(e.l);
		/* 13 of 102 octets are 1326 and 12; 5 are 510, 12 and 28 */
		assert_int_equal(e.nout, i == 0 ? 2 : 4);
		assert_int_equal(get16(e.out[0].buf + 12), 100);
		e.nout = 0;
		/* too long to share a datagram with another */
		assert_int_equal(vc_send(a, vc_sdu_new(NULL, 1387)), 0);
		assert_int_equal(vc_send(a, vc_sdu_new(NULL, 1)), 0);
		vc_flush(e.l);
		assert_int_equal(e.nout, 2);
		assert_int_equal(e.out[0].buf[0], 0x17);
		assert_int_equal(e.out[1].buf[0], 0x17);
		vc_close(e.l);
	}
}

/*
 * nvc.md rules 8, 10: SDUs of a root that wait go to each leaf in one BUNDLE,
 * to one that did not say B or came in between one by one.
 */
static void
bundled_copies(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr to;
	struct vc *root;
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	for (i = 0; i < 4; i++) {
		if (i == 3)
			say_octets(root, MARS_SDU);
		to = nsapa((uint8_t)(10 + i), 0);
		assert_non_null(vc_multi_add(root, &to, NULL));
		if (i == 3)
			assert_false(nvc_flush(e.n, 1));
		connect_as(&e, i, i == 2 ? 7 : 9188, i != 1);
		e.nout = 0;
		if (i < 3)
			continue;
		say_octets(root, SCSP_SDU);
	}
	e.nup = 0;
	assert_int_equal(vc_backlog(root), 2);
	assert_true(nvc_flush(e.n, SIZE_MAX));
	/* 0: both; 1: one by one; 2: too big; 3: the second alone */
	assert_int_equal(e.nout, 4);
	assert_int_equal(e.out[0].len, 12 + 2 * 10);
	assert_memory_equal(e.out[0].buf, "\x18\x20", 2);
	assert_memory_equal(
	    e.out[0].buf + 12, "\0\x08" MARS_SDU "\0\x08" SCSP_SDU, 20);
	assert_memory_equal(e.out[1].buf, "\x17\x20", 2);
	assert_memory_equal(e.out[1].buf + 12, MARS_SDU, 8);
	assert_int_equal(
	    get16(e.out[2].buf + 2), (uint16_t)(get16(e.out[1].buf + 2) + 1));
	assert_memory_equal(e.out[2].buf + 12, SCSP_SDU, 8);
	assert_true(get64(e.out[3].buf + 4) == 903);
	assert_memory_equal(e.out[3].buf + 12, SCSP_SDU, 8);
	assert_int_equal(counter(&e, "sdus-out"), 5);
	assert_int_equal(counter(&e, "sdus-too-big"), 2);
	assert_int_equal(e.nup, 1);
	/* the next is newer than the bundle by two */
	say_octets(root, MARS_SDU);
	i = get16(e.out[0].buf + 2);
	e.nout = 0;
	vc_flush(e.l);
	assert_int_equal(get16(e.out[0].buf + 2), (uint16_t)(i + 2));
	vc_close(e.l);
}

/* nvc.md rules 9, 10: what a BUNDLE is to its receiver. */
static void
unbundled(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[12 + 3 * 10 + 1] = { 0x18, 0x20, 0xff, 0xff };
	uint64_t num;
	size_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	num = call_in(&e, CALLER, 0, NULL);
	put64(b + 4, num);
	for (i = 0; i < 3; i++)
		memcpy(b + 12 + i * 10, "\0\x08" MARS_SDU, 10);
	e.nup = 0;
	/* cut anywhere but between two, none of it counts */
	for (i = 13; i < 43; i++)
		if (i % 10 != 2)
			nvc_input(e.n, &from, b, i);
	nvc_input(e.n, &from, b, 43);
	assert_int_equal(e.nup, 0);
	assert_int_equal(counter(&e, "short"), 28);
	nvc_input(e.n, &from, b, 12);
	assert_int_equal(e.nup, 0);
	/* 65535, 0, 1 */
	nvc_input(e.n, &from, b, 42);
	assert_int_equal(e.nup, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(e.up[i].what, W_SDU);
		assert_int_equal(e.up[i].len, 8);
	}
	/* 0, 1, 2: two of them have come already */
	b[2] = b[3] = 0;
	nvc_input(e.n, &from, b, 42);
	assert_int_equal(e.nup, 4);
	assert_int_equal(counter(&e, "late"), 2);
	/* no numbers */
	b[1] = 0;
	nvc_input(e.n, &from, b, 42);
	assert_int_equal(e.nup, 7);
	/* unknown: answered as DATA is */
	put64(b + 4, num ^ 1ULL << 40);
	nvc_input(e.n, &from, b, 42);
	assert_memory_equal(sent(&e, 1, 20), "\x14\0\0\x51", 4);
	/* released at the first of them: nothing more comes up */
	put64(b + 4, num);
	e.drop_in_sdu = true;
	nvc_input(e.n, &from, b, 42);
	assert_int_equal(e.nup, 8);
	vc_close(e.l);
}

/* nvc.md rule 7: what the peer, the leaves and the link's mtu take. */
static void
what_fits(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	static const uint16_t takes[] = { 9188, 1508, 3000, 1508, 100 };
	struct vc_leaf *leaf[5];
	struct timers ts;
	struct atm_addr to;
	struct vc *root, *a;
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	assert_int_equal(vc_sdu_max(root), 9188);
	a = circuit_to(&e, 8);
	assert_int_equal(vc_sdu_max(a), 9188);
	for (i = 0; i < 5; i++) {
		to = nsapa((uint8_t)(10 + i), 0);
		leaf[i] = vc_multi_add(root, &to, NULL);
		connect_as(&e, i, takes[i], true);
		assert_int_equal(vc_sdu_max(root),
		    i == 0     ? 9188 :
		    i == 4 ? VC_SDU_MIN :
		    1508);
	}
	vc_multi_drop(leaf[4]);
	assert_int_equal(vc_sdu_max(root), 1508);
	vc_multi_drop(leaf[1]);
	assert_int_equal(vc_sdu_max(root), 1508);
	vc_multi_drop(leaf[3]);
	assert_int_equal(vc_sdu_max(root), 3000);
	/* an IP packet of 1420 octets: 20, 8 and 12 are headers */
	p.mtu = 1420;
	nvc_set_params(e.n, &p);
	assert_int_equal(vc_sdu_max(a), 1380);
	assert_int_equal(vc_sdu_max(root), 1380);
	vc_multi_drop(leaf[2]);
	vc_multi_drop(leaf[0]);
	p.mtu = 65535;
	nvc_set_params(e.n, &p);
	assert_int_equal(vc_sdu_max(root), 9188);
	p.mtu = 1;
	nvc_set_params(e.n, &p);
	assert_int_equal(vc_sdu_max(a), VC_SDU_MIN);
	vc_close(e.l);
}

/* Rule 7: what is learned of the way to one peer concerns leaves there. */
static void
path_of_one_peer(void **state)
{
	static struct end e;
	struct vc *root, *other;
	struct nvc_dest d;
	struct atm_addr near = nsapa(10, 0), far = nsapa(11, 0);
	struct timers ts;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	other = vc_multi(e.l, &e);
	(void)vc_multi_add(root, &near, NULL);
	connect_as(&e, 0, 9188, true);
	d = e.out[0].to;
	(void)vc_multi_add(other, &far, NULL);
	connect_as(&e, 1, 9188, true);
	assert_true(nvc_path_takes(e.n, &d, 1280));
	assert_int_equal(vc_sdu_max(root), 1240);
	assert_int_equal(vc_sdu_max(other), 9188);
	/* one more there is the same way */
	(void)vc_multi_add(other, &near, NULL);
	connect_as(&e, 2, 9188, true);
	assert_int_equal(vc_sdu_max(other), 1240);
	/* it never gets more by it */
	assert_true(nvc_path_takes(e.n, &d, 1400));
	assert_int_equal(vc_sdu_max(root), 1240);
	d.port++;
	assert_false(nvc_path_takes(e.n, &d, 1280));
	vc_close(e.l);
}

/*
 * nvc.md rules 2 and 6: where there is no room, circuits that never carried
 * an SDU go first, the oldest before the others; a peer's longer interval is
 * cut to what is configured.
 */
static void
silent(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct nvc_dest from = at(2, 2025);
	struct timers ts;
	uint8_t b[80];

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.max_circuits = 3;
	p.enquiry_max = 20;
	begin_with(&e, &ts, 1, &p);
	call_used(&e, 1);
	(void)call_in(&e, 2, 0, NULL);
	(void)call_in(&e, 3, 0, NULL);
	e.nup = 0;
	memcpy(b, setup, 64);
	b[22] = 255;
	nvc_input(e.n, &from, b, 64);
	memcpy(b + 64, sent(&e, 1, 28) + 12, 16);
	b[23] = 16;
	nvc_input(e.n, &from, b, 80);
	/* number 2 has gone: cause 47, and its user knows */
	vc_flush(e.l);
	assert_int_equal(e.nout, 2);
	assert_memory_equal(e.out[0].buf, "\x14\0\0\x2f\0\0\0\0\0\0\0\2", 12);
	assert_int_equal(e.out[1].buf[0], 0x13);
	assert_int_equal(e.nup, 2);
	assert_int_equal(e.up[0].what, W_RELEASE);
	assert_int_equal(e.up[0].cause, 47);
	assert_int_equal(e.up[1].what, W_CALL);
	assert_int_equal(counter(&e, "silent"), 1);
	assert_int_equal(counter(&e, "limit-circuits"), 0);
	e.nout = 0;
	/* 1 and 3 are asked after 10 s, that with 255 after 20 s */
	timers_run(&ts, (mtime_t){ MTIME_SEC(10) });
	sent(&e, 2, 20);
	timers_run(&ts, (mtime_t){ MTIME_SEC(20) - 1 });
	sent(&e, 0, 0);
	timers_run(&ts, (mtime_t){ MTIME_SEC(20) });
	sent(&e, 3, 20);
	vc_close(e.l);
}

/* However many silent circuits there are, we can still call. */
static void
silent_leaves_room(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct timers ts;
	struct atm_addr to = nsapa(9, 0);
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.max_circuits = 128;
	p.circuits_per_address = 1000;
	begin_with(&e, &ts, 1, &p);
	for (i = 1; i < 300; i++)
		call_flood(&e, i);
	assert_int_equal(circuits(&e), 126);
	e.nup = 0;
	vc_call(e.l, &to, NULL);
	vc_call(e.l, &to, NULL);
	timers_run(&ts, (mtime_t){ 0 });
	assert_int_equal(e.nup, 0);
	vc_close(e.l);
}

/*
 * issue 12 A: an IPv6 host has a /64 of addresses; all of it may have so many
 * times the circuits of one address, and no more.
 */
static void
prefix(void **state)
{
	static struct end e;
	struct nvc_params p = defaults;
	struct nvc_dest from = {
		.v6 = 1, .port = 2025, .ip = { 0x20, 1, 0xd, 0xb8 }
	};
	struct atm_addr a = { .num_tl = 20,
		.num = { 0x35, 0, 0, 0x20, 1, 0xd, 0xb8 } };
	struct timers ts;
	uint8_t b[80];
	int i, n = 0;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	p.circuits_per_address = 2;
	memset(&e, 0, sizeof(e));
	e.seed = 99;
	e.ts = &ts;
	e.room = SIZE_MAX;
	a.num[18] = 1;
	e.n = nvc_new(&ops, &e, &ts, &nvc_backend, &a, &p, &user, &e);
	e.l = nvc_link(e.n);
	for (i = 0; i < 120; i++) {
		/* three from each address; the last network is another */
		from.ip[15] = (uint8_t)(10 + i / 3);
		from.ip[7] = i >= 117;
		memcpy(b, setup, 64);
		put64(b + 12, (uint64_t)i + 1);
		memcpy(b + 24, "\x35\0\0", 3);
		memcpy(b + 27, from.ip, 16);
		memcpy(b + 44, a.num, 20);
		nvc_input(e.n, &from, b, 64);
		memcpy(b + 64, sent(&e, 1, 28) + 12, 16);
		b[23] = 16;
		nvc_input(e.n, &from, b, 80);
		vc_flush(e.l);
		n += e.out[0].buf[0] == 0x13;
		e.nout = 0;
	}
	assert_int_equal(n, 2 * NVC_PER_PREFIX + 2);
	assert_int_equal(counter(&e, "limit-per-address"), 120 - n);
	vc_release(e.called, VC_CAUSE_NORMAL);
	vc_close(e.l);
}

/* nvc.md rule 6: leaves are asked at different times, each every interval. */
static void
staggered(void **state)
{
	static struct end e;
	struct timers ts;
	struct atm_addr to;
	struct vc *root;
	size_t most = 0, all = 0;
	uint64_t i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	root = vc_multi(e.l, &e);
	for (i = 0; i < 100; i++) {
		to = nsapa((uint8_t)(10 + i), 0);
		vc_multi_add(root, &to, NULL);
		connect_leaf(&e, i);
	}
	for (i = 1; i <= 10; i++) {
		vc_send(root, vc_sdu_new("x", 1));
		vc_flush(e.l);
		e.nout = 0;
		timers_run(&ts, (mtime_t){ MTIME_SEC(i) });
		vc_flush(e.l);
		all += e.nout;
		most = e.nout > most ? e.nout : most;
		e.nout = 0;
	}
	assert_int_equal(all, 100);
	assert_true(most < 30);
	vc_close(e.l);
}

/* A user may release the circuit at hand and any other from within. */
static void
from_within(void **state)
{
	static struct end e;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	uint8_t b[20] = { 0x17 };
	uint64_t num;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	call_in(&e, 5, 0, NULL);
	e.drop_too = e.called;
	num = call_in(&e, 6, 0, NULL);
	put64(b + 4, num);
	e.drop_in_sdu = true;
	nvc_input(e.n, &from, b, 20);
	sent(&e, 2, 20);
	nvc_input(e.n, &from, b, 20);
	assert_int_equal(counter(&e, "unknown-circuit"), 1);
	vc_close(e.l);
}

/* Carries what from sent to to, as a bad network does. */
static void
carry(struct end *from, uint8_t last, struct end *to, struct end *dice)
{
	static struct datagram held[64];
	static uint8_t held_for[64];
	static size_t nheld;
	struct nvc_dest src = at(last, 2022);
	size_t i;

	vc_flush(from->l);
	for (i = 0; i < from->nout; i++) {
		uint64_t r = rnd(dice) % 10;

		if (r < 2)
			continue;	    /* lost */
		if (r == 2 && nheld < 64) { /* late */
			held[nheld] = from->out[i];
			held_for[nheld++] = last;
			continue;
		}
		nvc_input(to->n, &src, from->out[i].buf, from->out[i].len);
		if (r == 3) /* twice */
			nvc_input(
			    to->n, &src, from->out[i].buf, from->out[i].len);
	}
	from->nout = 0;
	for (i = 0; i < nheld; i++)
		if (held_for[i] == last) {
			nvc_input(to->n, &src, held[i].buf, held[i].len);
			held[i] = held[nheld - 1];
			held_for[i--] = held_for[--nheld];
		}
}

/*
 * Whatever the network does: each call ends as one report, and both ends
 * agree once it has been quiet.
 */
static void
bad_network(void **state)
{
	static struct end a, b, dice;
	struct timers ts;
	struct atm_addr to = nsapa(2, 0);
	int64_t now = 0;
	size_t i, j, reports = 0, calls = 0;

	(void)state;
	dice.seed = 42;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&a, &ts, 1);
	begin(&b, &ts, 2);
	for (i = 0; i < 60; i++) {
		if (i < 40) {
			assert_non_null(vc_call(a.l, &to, NULL));
			calls++;
		}
		for (j = 0; j < 40; j++) {
			carry(&a, 1, &b, &dice);
			carry(&b, 2, &a, &dice);
			now += MTIME_MS(50);
			timers_run(&ts, (mtime_t){ now });
		}
	}
	for (i = 0; i < a.nup; i++)
		reports += a.up[i].what == W_ACK || a.up[i].what == W_FAIL;
	assert_int_equal(reports, calls);
	assert_true(counter(&b, "calls-in") > 30);
	/* a perfect network from here on */
	for (i = 0; i < 300; i++) {
		dice.seed = 0; /* rnd() of 0 is 0 */
		vc_flush(a.l);
		for (j = 0; j < a.nout; j++) {
			struct nvc_dest src = at(1, 2022);

			nvc_input(b.n, &src, a.out[j].buf, a.out[j].len);
		}
		a.nout = 0;
		vc_flush(b.l);
		for (j = 0; j < b.nout; j++) {
			struct nvc_dest src = at(2, 2022);

			nvc_input(a.n, &src, b.out[j].buf, b.out[j].len);
		}
		b.nout = 0;
		now += MTIME_MS(200);
		timers_run(&ts, (mtime_t){ now });
	}
	assert_int_equal(circuits(&a), circuits(&b));
	vc_close(a.l);
	vc_close(b.l);
}

/*
 * nvc.md rule 9: whatever is lost, late or comes twice on a bad network, in
 * bundles or not, what arrives is in order, and most of it arrives.
 */
static void
in_order(void **state)
{
	static struct end a, b, dice;
	struct timers ts;
	struct atm_addr to = nsapa(2, 0);
	uint8_t octets[9] = MARS_SDU;
	struct vc *vc;
	size_t i, j, got = 0, said = 0, twice = 0;
	int last = -1;

	(void)state;
	dice.seed = 4242;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&a, &ts, 1);
	begin(&b, &ts, 2);
	vc = vc_call(a.l, &to, NULL);
	for (i = 0; a.nup == 0 || a.up[0].what != W_ACK; i++) {
		carry(&a, 1, &b, &dice);
		carry(&b, 2, &a, &dice);
		timers_run(&ts, (mtime_t){ MTIME_MS(100) * (int64_t)i });
		assert_true(i < 100);
	}
	for (i = 0; i < 2000; i++) {
		b.nup = 0;
		for (j = rnd(&dice) % 4; j > 0; j--) {
			octets[8] = (uint8_t)said++;
			assert_int_equal(vc_send(vc, vc_sdu_new(octets, 9)), 0);
		}
		carry(&a, 1, &b, &dice);
		b.nout = 0;
		for (j = 0; j < b.nup; j++) {
			if (b.up[j].what != W_SDU)
				continue;
			/* none so many that this is not the newer one */
			assert_in_range((uint8_t)(b.up[j].last - last), 1, 100);
			twice += b.up[j].last == last;
			last = b.up[j].last;
			got++;
		}
	}
	assert_int_equal(twice, 0);
	assert_true(got > said / 2 && got < said);
	assert_true(counter(&b, "late") > 20);
	vc_close(a.l);
	vc_close(b.l);
}

/* Octets at random, near to what is valid: no fault, bounded state. */
static void
mutations(void **state)
{
	static struct end e, dice;
	struct nvc_params p = defaults;
	struct timers ts;
	struct nvc_dest from = at(2, 2025);
	struct atm_addr to = nsapa(2, 3);
	uint8_t b[96];
	uint64_t num[2];
	int i;

	(void)state;
	dice.seed = 4711;
	p.max_circuits = 32;
	timers_init(&ts, (mtime_t){ 0 });
	begin_with(&e, &ts, 1, &p);
	for (i = 0; i < 100000; i++) {
		size_t len = (size_t)(rnd(&dice) % sizeof(b)), k;

		if (i % 500 == 0) {
			struct vc *root = vc_multi(e.l, NULL);

			vc_multi_add(root, &to, NULL);
			vc_send(root, vc_sdu_new("abc", 3));
			num[0] = num[1] = 0;
			vc_flush(e.l);
			if (e.nout > 0)
				num[0] = get64(e.out[e.nout - 1].buf + 12);
		}
		memset(b, 0, sizeof(b));
		memcpy(b, setup, sizeof(setup));
		b[0] = (uint8_t)(0x10 | rnd(&dice) % 9);
		if (b[0] != 0x11)
			put64(b + 4, num[rnd(&dice) % 2]);
		if (b[0] == 0x11 && e.nout > 0 && rnd(&dice) % 2 == 0) {
			memcpy(b + 64, e.out[e.nout - 1].buf + 12, 16);
			b[23] = 16;
			len = 80;
		}
		for (k = rnd(&dice) % 4; k > 0; k--)
			b[rnd(&dice) % sizeof(b)] ^=
			    (uint8_t)(1U << rnd(&dice) % 8);
		e.nout = 0;
		nvc_input(e.n, &from, b, len);
		vc_flush(e.l);
		if (e.nout > 0 && e.out[e.nout - 1].buf[0] == 0x13)
			num[1] = get64(e.out[e.nout - 1].buf + 12);
		if (i % 100 == 0)
			timers_run(&ts, (mtime_t){ (int64_t)i * 1000 });
		assert_true(circuits(&e) <= 32);
	}
	assert_true(counter(&e, "calls-in") > 10);
	vc_close(e.l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(secrets),
		cmocka_unit_test(refused),
		cmocka_unit_test(idempotent),
		cmocka_unit_test(repeated),
		cmocka_unit_test(caller),
		cmocka_unit_test(hopeless),
		cmocka_unit_test(data),
		cmocka_unit_test(released),
		cmocka_unit_test(enquiry),
		cmocka_unit_test(enquiry_late),
		cmocka_unit_test(watched),
		cmocka_unit_test(sizes),
		cmocka_unit_test(malformed),
		cmocka_unit_test(limits),
		cmocka_unit_test(queue_full),
		cmocka_unit_test(control_full),
		cmocka_unit_test(copies_full),
		cmocka_unit_test(leaf_end),
		cmocka_unit_test(leaf_cause),
		cmocka_unit_test(multipoint),
		cmocka_unit_test(answers_first),
		cmocka_unit_test(strangers_wait),
		cmocka_unit_test(answer_behind_its_copies),
		cmocka_unit_test(roots_in_turn),
		cmocka_unit_test(backlog),
		cmocka_unit_test(overflows),
		cmocka_unit_test(data_waits_for_its_time),
		cmocka_unit_test(a_late_pass_ends),
		cmocka_unit_test(discards),
		cmocka_unit_test(told_within),
		cmocka_unit_test(numbered),
		cmocka_unit_test(late),
		cmocka_unit_test(numbers_of_another_circuit_are_forgotten),
		cmocka_unit_test(bundled),
		cmocka_unit_test(bundle_sizes),
		cmocka_unit_test(bundled_copies),
		cmocka_unit_test(unbundled),
		cmocka_unit_test(what_fits),
		cmocka_unit_test(path_of_one_peer),
		cmocka_unit_test(silent),
		cmocka_unit_test(silent_leaves_room),
		cmocka_unit_test(prefix),
		cmocka_unit_test(staggered),
		cmocka_unit_test(from_within),
		cmocka_unit_test(bad_network),
		cmocka_unit_test(in_order),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("nvc", tests, NULL, NULL);
}
