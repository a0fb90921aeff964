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
enum what { W_CALL, W_ACK, W_FAIL, W_RELEASE, W_SDU, W_LACK, W_LFAIL, W_LDROP };

struct up {
	enum what	 what;
	void		*handle, *cookie;
	uint16_t	 cause;
	size_t		 len;
	uint8_t		 first;		/* octet of an SDU */
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

static const struct vc_user user = {
	up_call, up_ack, up_fail, up_release, up_sdu, up_lack, up_lfail,
	up_ldrop
};

static const struct nvc_params defaults = { 2022, 10, 131072, 64 };

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
	    p, "\x13\0\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 12);
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
	assert_memory_equal(p, "\x11\0\0\0\0\0\0\0\0\0\0\0", 12);
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
		if (i == 0 || i > 7)
			nvc_input(e.n, &from, b, 64);
	}
	assert_int_equal(counter(&e, "type"), 9);
	b[0] = 0x11;
	put64(b + 12, 0);
	nvc_input(e.n, &from, b, 64);
	assert_int_equal(counter(&e, "zero-circuit"), 1);
	sent(&e, 0, 0);
	vc_close(e.l);
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
		call_in(&e, 1, 0, NULL);
		call_in(&e, 2, 0, NULL);
		call_in(&e, 3, 0, NULL);
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

/* The output queue is bounded. */
static void
queue_full(void **state)
{
	static struct end e;
	struct timers ts;
	struct vc_sdu *s = vc_sdu_new("x", 1);
	int i;

	(void)state;
	timers_init(&ts, (mtime_t){ 0 });
	begin(&e, &ts, 1);
	call_in(&e, CALLER, 0, NULL);
	for (i = 0; i < NVC_QUEUE_COUNT; i++)
		assert_int_equal(vc_send(e.called, vc_sdu_ref(s)), 0);
	assert_int_equal(vc_send(e.called, vc_sdu_ref(s)), -1);
	assert_int_equal(counter(&e, "sdus-dropped"), 1);
	vc_release(e.called, 16); /* control still goes */
	assert_int_equal(counter(&e, "queue-full"), 0);
	vc_close(e.l);
	assert_int_equal(s->refs, 1);
	vc_sdu_free(s);
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

/* Answers the SETUP that is last in e's output as 192.0.2.9's own 900 + i. */
static void
connect_leaf(struct end *e, uint64_t i)
{
	struct nvc_dest peer;
	uint8_t b[24] = { 0x13 };

	vc_flush(e->l);
	assert_int_equal(e->nout, 1);
	assert_int_equal(e->out[0].buf[0], 0x11);
	assert_int_equal(e->out[0].buf[1], 0x80);
	memcpy(b + 4, e->out[0].buf + 12, 8);
	put64(b + 12, 900 + i);
	b[20] = 0x23;
	b[21] = 0xe4;
	b[22] = 10;
	peer = e->out[0].to;
	e->nout = 0;
	nvc_input(e->n, &peer, b, 24);
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
			continue; /* lost */
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

/* Whatever the network does: each call ends as one report, and both ends
 * agree once it has been quiet. */
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
		size_t len = rnd(&dice) % sizeof(b), k;

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
		b[0] = (uint8_t)(0x10 | rnd(&dice) % 8);
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
		cmocka_unit_test(sizes),
		cmocka_unit_test(malformed),
		cmocka_unit_test(limits),
		cmocka_unit_test(queue_full),
		cmocka_unit_test(leaf_end),
		cmocka_unit_test(leaf_cause),
		cmocka_unit_test(multipoint),
		cmocka_unit_test(staggered),
		cmocka_unit_test(from_within),
		cmocka_unit_test(bad_network),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("nvc", tests, NULL, NULL);
}
