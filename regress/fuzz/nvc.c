/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * NVC (doc/nvc.md): an engine whose peers send what they like, built from
 * the numbers and tokens that they have been told, and whose user does what
 * it may.  Nothing comes up for a handle that is dead, no state machine is
 * violated, the limits hold, a stranger's SETUP is answered by fewer octets
 * than it had (rule 1), and in the end nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "nvc.h"

#define HANDLES		64
#define PEERS		6
#define CIRCUITS_MAX	24

struct handle {
	struct vc	*vc;		/* or */
	struct vc_leaf	*leaf;
	struct vc	*root;		/* of a leaf */
	bool		 is_root, dead;
};

struct peer {
	struct nvc_dest	 at;
	uint64_t	 ours, theirs;	/* numbers as they were told last */
	uint8_t		 token[NVC_TOKEN_LEN];
	bool		 has_token;
	size_t		 asked, retried;	/* octets: said, RETRY to it */
};

struct engine {
	struct nvc	*nvc;
	struct timers	 ts;
	uint64_t	 seed;
	size_t		 room;		/* datagrams that are taken */
	uint16_t	 answer;	/* to calls */
	uint32_t	 drop;		/* which upcall releases its circuit */
	struct handle	 handles[HANDLES];
	size_t		 nhandles;
	struct peer	 peers[PEERS];
};

static uint64_t
engine_random(void *arg)
{
	struct engine *e = arg;

	e->seed = e->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return e->seed ^ e->seed >> 29;
}

static uint64_t
number_at(const uint8_t *p)
{
	struct rd r;

	rd_init(&r, p, 8);
	return rd_u64(&r);
}

static struct peer *
peer_at(struct engine *e, const struct nvc_dest *d)
{
	size_t i;

	for (i = 0; i < PEERS; i++)
		if (memcmp(&e->peers[i].at, d, sizeof(*d)) == 0)
			return &e->peers[i];
	return NULL;
}

/* What it says is well-formed, and is remembered. */
static bool
engine_output(void *arg, const struct nvc_dest *to, const uint8_t *head,
    size_t len, struct vc_sdu *sdu)
{
	struct engine *e = arg;
	struct peer *p = peer_at(e, to);
	uint8_t type;

	if (e->room == 0)
		return false;
	e->room--;
	MUST(len >= NVC_HDRLEN && head[0] >> 4 == NVC_VERSION);
	type = head[0] & 15;
	MUST(type >= NVC_SETUP && type < NVC_TYPE_MAX);
	MUST(len + (sdu == NULL ? 0 : sdu->len) <= NVC_DATAGRAM_MAX);
	MUST(p != NULL);
	if (type == NVC_RETRY)
		MUST((p->retried += len) < p->asked);
	if (type == NVC_RETRY && len >= 12 + NVC_TOKEN_LEN) {
		p->theirs = number_at(head + 4);
		memcpy(p->token, head + 12, NVC_TOKEN_LEN);
		p->has_token = true;
	} else if (type == NVC_CONNECT && len >= 20) {
		p->theirs = number_at(head + 4);
		p->ours = number_at(head + 12);
	} else if (type == NVC_SETUP && len >= 20)
		p->ours = number_at(head + 12);
	return true;
}

static const struct nvc_ops engine_ops = { .random = engine_random,
	.output = engine_output };

/* --- the user: a cookie is a handle */

static struct handle *
handle_new(struct engine *e)
{
	MUST(e->nhandles < HANDLES);
	return &e->handles[e->nhandles++];
}

static void
handle_release(struct handle *h)
{
	if (h->dead)
		return;
	h->dead = true;
	if (h->leaf != NULL)
		vc_multi_drop(h->leaf);
	else
		vc_release(h->vc, VC_CAUSE_NORMAL);
}

/* The leaves of a root die with it. */
static void
handle_end(struct engine *e, struct handle *h)
{
	size_t i;

	for (i = 0; h->is_root && i < e->nhandles; i++)
		if (e->handles[i].leaf != NULL && e->handles[i].root == h->vc)
			e->handles[i].dead = true;
	handle_release(h);
}

static struct handle *
up(struct vc *vc, void *cookie)
{
	struct handle *h = cookie;

	MUST(h != NULL && !h->dead && h->vc == vc);
	return h;
}

static void
up_may_drop(void *arg, struct handle *h, uint32_t which)
{
	struct engine *e = arg;

	if (e->drop == which)
		handle_end(e, h);
}

static uint16_t
up_call(void *arg, struct vc *vc, const struct atm_addr *who, bool leaf,
    void **cookie)
{
	struct engine *e = arg;
	struct handle *h;

	(void)leaf;
	MUST(atm_addr_equal(who, vc_peer(vc)));
	if (e->answer != VC_CAUSE_NONE || e->nhandles == HANDLES)
		return VC_CAUSE_REJECTED;
	h = handle_new(e);
	h->vc = vc;
	*cookie = h;
	return VC_CAUSE_NONE;
}

static void
up_ack(void *arg, struct vc *vc, void *cookie)
{
	up_may_drop(arg, up(vc, cookie), 1);
}

static void
up_gone(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)cause;
	up(vc, cookie)->dead = true;
}

static void
up_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	free(fuzz_copy(p, len));	/* all of it is there */
	MUST(len <= VC_SDU_MAX);
	up_may_drop(arg, up(vc, cookie), 2);
}

static struct handle *
up_leaf(struct vc_leaf *leaf, void *cookie)
{
	struct handle *h = cookie;

	MUST(h != NULL && !h->dead && h->leaf == leaf);
	return h;
}

static void
up_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	up_may_drop(arg, up_leaf(leaf, cookie), 3);
}

static void
up_leaf_gone(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)cause;
	up_leaf(leaf, cookie)->dead = true;
}

static void
up_drained(void *arg, struct vc *root, void *cookie)
{
	MUST(vc_backlog(root) == 0);
	up_may_drop(arg, up(root, cookie), 4);
}

static void
up_overflow(void *arg, struct vc *root, void *cookie)
{
	up_may_drop(arg, up(root, cookie), 5);
}

static const struct vc_user engine_user = { .remote_call = up_call,
	.ack = up_ack,
	.rqfailed = up_gone,
	.release = up_gone,
	.sdu = up_sdu,
	.leaf_ack = up_leaf_ack,
	.leaf_failed = up_leaf_gone,
	.leaf_drop = up_leaf_gone,
	.drained = up_drained,
	.overflow = up_overflow };

/* --- the peers */

/* Two machines of IPv4, with two ports each, and two of IPv6. */
static void
peer_init(struct engine *e, size_t i)
{
	struct nvc_dest *d = &e->peers[i].at;

	d->v6 = i >= 4;
	d->port = (uint16_t)(2022 + i % 2);
	if (d->v6) {
		d->ip[0] = 0x20;
		d->ip[1] = 1;
		d->ip[15] = (uint8_t)i;
	} else {
		d->ip[0] = 192;
		d->ip[2] = 2;
		d->ip[3] = (uint8_t)(2 + i / 2);
	}
}

static void
peer_addr(const struct peer *p, struct atm_addr *a)
{
	atm_addr_from_ip(
	    a, p->at.v6 != 0, p->at.ip, (uint8_t)(p->at.port - 2022));
}

static void
hear(struct engine *e, struct peer *p, const uint8_t *buf, size_t len)
{
	uint8_t *copy = fuzz_copy(buf, len);

	p->asked += len;
	nvc_input(e->nvc, &p->at, copy, len);
	free(copy);
}

/* SETUP, with a token that is right, wrong or missing. */
static void
hear_setup(struct engine *e, struct peer *p, struct rd *r)
{
	static const struct atm_addr us = { .num_tl = NSAPA_LEN,
		.num = { 0x35, 0, 1, 192, 0, 2, 1 } };
	uint8_t buf[NVC_CONTROL_MAX], flags = rd_u8(r), how = rd_u8(r);
	struct atm_addr caller;
	struct wr w;

	peer_addr(p, &caller);
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, 0x10 | NVC_SETUP);
	wr_u8(&w, flags);
	wr_u16(&w, 0);
	wr_u64(&w, 0);
	/* with a token: of the number that it was given for */
	wr_u64(&w, p->has_token && (how & 1) ? p->theirs : 1U + how);
	wr_u16(&w, how & 2 ? rd_u16(r) : VC_SDU_MAX);
	wr_u8(&w, how & 4 ? rd_u8(r) : 10);
	wr_u8(&w, how & 1 ? NVC_TOKEN_LEN : 0);
	wr_bytes(&w, caller.num, NSAPA_LEN);
	wr_bytes(&w, us.num, NSAPA_LEN);
	if (how & 1)
		wr_bytes(&w, p->token, NVC_TOKEN_LEN);
	if (how & 8)
		buf[12 + fuzz_below(r, (uint32_t)w.len - 12)] ^= rd_u8(r);
	hear(e, p, buf, w.len);
}

/* Any other type, about a circuit that the peer knows. */
static void
hear_about(struct engine *e, struct peer *p, struct rd *r)
{
	uint8_t buf[2048], type = rd_u8(r), how = rd_u8(r);
	size_t len;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)(0x10 | (NVC_RETRY + type % 7)));
	wr_u8(&w, rd_u8(r));
	wr_u16(&w, rd_u16(r));
	wr_u64(&w, how & 1 ? p->ours : how & 2 ? 0 : p->ours + 1);
	if (how & 4) {
		wr_u64(&w, how & 8 ? p->theirs : p->ours);
		wr_u32(&w, how & 16 ? rd_u32(r) : VC_SDU_MAX << 16 | 10 << 8);
	}
	if (type % 7 == NVC_CONNECT - NVC_RETRY && (how & 32))
		p->theirs = how & 8 ? p->theirs : p->ours;
	len = fuzz_octets(r, buf + w.len, 1024);
	hear(e, p, buf, w.len + len);
}

/* --- what the user does */

static struct handle *
some_handle(struct engine *e, struct rd *r)
{
	struct handle *h;

	if (e->nhandles == 0)
		return NULL;
	h = &e->handles[fuzz_below(r, (uint32_t)e->nhandles)];
	return h->dead ? NULL : h;
}

static void
call(struct engine *e, const struct peer *p, bool root)
{
	struct atm_addr a;
	struct handle *h;

	if (e->nhandles == HANDLES)
		return;
	h = handle_new(e);
	peer_addr(p, &a);
	h->is_root = root;
	h->vc = root ? vc_multi(nvc_link(e->nvc), h) :
	    vc_call(nvc_link(e->nvc), &a, h);
	MUST(h->vc != NULL);
}

static void
add(struct engine *e, const struct peer *p, struct handle *root)
{
	struct atm_addr a;
	struct handle *h;

	if (root == NULL || !root->is_root || e->nhandles == HANDLES)
		return;
	h = handle_new(e);
	peer_addr(p, &a);
	h->root = root->vc;
	h->leaf = vc_multi_add(root->vc, &a, h);
	MUST(h->leaf != NULL);
}

static void
say(struct handle *h, struct rd *r)
{
	static const uint8_t llc[] = { 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 3 };
	uint8_t buf[VC_SDU_MAX + 8] = { 0 };
	uint16_t len = rd_u16(r);

	if (h == NULL || h->leaf != NULL)
		return;
	if (len % 2 == 0)
		memcpy(buf, llc, sizeof(llc));
	(void)vc_send(h->vc, vc_sdu_new(buf, len % sizeof(buf)));
}

static void
look(struct engine *e)
{
	struct vc_circuit_info info;
	uint32_t cursor = 0, n = 0;
	const char *name;
	uint64_t v;
	size_t i;

	while (vc_circuit(nvc_link(e->nvc), &cursor, &info))
		n++;
	MUST(n <= CIRCUITS_MAX + HANDLES);
	for (i = 0; nvc_counter(e->nvc, i, &name, &v); i++)
		MUST(strcmp(name, "table-violations") != 0 || v == 0);
	for (i = 0; i < e->nhandles; i++) {
		if (e->handles[i].dead || e->handles[i].leaf != NULL)
			continue;
		v = vc_sdu_max(e->handles[i].vc);
		MUST(v >= VC_SDU_MIN && v <= VC_SDU_MAX);
		(void)vc_backlog(e->handles[i].vc);
	}
}

static void
event(struct engine *e, struct rd *r, struct nvc_params *params)
{
	uint8_t what = rd_u8(r);
	struct peer *p = &e->peers[what / 16 % PEERS];
	uint8_t buf[2048];
	struct handle *h;
	size_t len;

	switch (what % 16) {
	case 0:
		len = fuzz_octets(r, buf, sizeof(buf));
		hear(e, p, buf, len);
		break;
	case 1:
	case 2:
		hear_setup(e, p, r);
		break;
	case 3:
	case 4:
	case 5:
		hear_about(e, p, r);
		break;
	case 6:
		call(e, p, what >= 128);
		break;
	case 7:
		add(e, p, some_handle(e, r));
		break;
	case 8:
		if ((h = some_handle(e, r)) != NULL)
			handle_end(e, h);
		break;
	case 9:
		say(some_handle(e, r), r);
		break;
	case 10:
		e->room = rd_u8(r);
		(void)nvc_flush(e->nvc, rd_u8(r));
		break;
	case 11:
		fuzz_wait(&e->ts, fuzz_time(r));
		break;
	case 12:
		e->answer = what >= 128 ? VC_CAUSE_REJECTED : VC_CAUSE_NONE;
		e->drop = rd_u8(r) % 8;
		break;
	case 13:
		(void)nvc_path_takes(e->nvc, &p->at, rd_u16(r));
		break;
	case 14:
		params->mtu = rd_u16(r);
		params->row = rd_u8(r);
		params->enquiry_interval = rd_u8(r);
		nvc_set_params(e->nvc, params);
		break;
	case 15:
		if (what < 128)
			nvc_discard(e->nvc);
		else if ((h = some_handle(e, r)) != NULL && h->leaf == NULL &&
		    !h->is_root)
			vc_watch(h->vc);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nvc_params params = { .base_port = 2022,
		.enquiry_interval = 10,
		.max_circuits = CIRCUITS_MAX,
		.circuits_per_address = 8 };
	static struct engine e;
	struct atm_addr us;
	struct rd r;
	size_t i;

	memset(&e, 0, sizeof(e));
	e.seed = 1;
	e.room = SIZE_MAX;
	for (i = 0; i < PEERS; i++)
		peer_init(&e, i);
	timers_init(&e.ts, (mtime_t){ MTIME_SEC(1) });
	atm_addr_from_ip(&us, false, (const uint8_t[4]){ 192, 0, 2, 1 }, 0);
	e.nvc = nvc_new(&engine_ops, &e, &e.ts, &nvc_backend, &us, &params,
	    &engine_user, &e);
	MUST(e.nvc != NULL);
	nvc_link(e.nvc)->faults.violated = fuzz_violated;
	rd_init(&r, data, size);
	while (fuzz_more(&r))
		event(&e, &r, &params);
	look(&e);
	e.room = SIZE_MAX;
	(void)nvc_flush(e.nvc, SIZE_MAX);
	/* whoever is silent for so long has no circuit, but for who waits */
	fuzz_wait(&e.ts, MTIME_SEC(600));
	look(&e);
	nvc_free(e.nvc);
	MUST(e.ts.count == 0);
	return 0;
}
