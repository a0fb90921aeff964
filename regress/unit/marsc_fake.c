/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsc_fake.h"

struct atm_addr
fake_addr(uint8_t last)
{
	struct atm_addr a = { .num_tl = 20 };

	a.num[0] = 0x35;
	a.num[2] = 0x01;
	a.num[3] = 127;
	a.num[6] = last;
	return a;
}

struct paddr
fake_group(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct paddr){ .len = 4, .a = { a, b, c, d } };
}

/* --- the backend */

static struct vc *
fake_open(struct fake *f, const struct atm_addr *to, bool root, void *cookie)
{
	struct fvc *v;

	assert_true(f->nvcs < FAKE_CIRCUITS);
	v = &f->vcs[f->nvcs++];
	v->used = true;
	v->root = root;
	if (to != NULL)
		v->peer = *to;
	v->vc.link = &f->link;
	v->vc.cookie = cookie;
	return &v->vc;
}

static struct vc *
fake_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	return fake_open((struct fake *)(void *)l, to, false, cookie);
}

static struct vc *
fake_multi(struct vc_link *l, void *cookie)
{
	return fake_open((struct fake *)(void *)l, NULL, true, cookie);
}

static struct vc_leaf *
fake_multi_add(struct vc *root, const struct atm_addr *to, void *cookie)
{
	struct fake *f = (struct fake *)(void *)root->link;
	struct fleaf *l;

	assert_true(f->nleaves < FAKE_CIRCUITS);
	l = &f->leaves[f->nleaves++];
	l->used = true;
	l->peer = *to;
	l->leaf.root = root;
	l->leaf.cookie = cookie;
	return &l->leaf;
}

static void
fake_multi_drop(struct vc_leaf *leaf)
{
	struct fleaf *l = (struct fleaf *)(void *)leaf;

	assert_false(l->dead);
	l->dead = true;
}

void
fake_dies(struct fake *f, struct vc *vc)
{
	struct fvc *v = (struct fvc *)(void *)vc;
	int i;

	assert_false(v->dead);
	v->dead = true;
	for (i = 0; i < f->nleaves; i++)
		if (f->leaves[i].leaf.root == vc)
			f->leaves[i].dead = true;
}

static void
fake_release(struct vc *vc, uint16_t cause)
{
	(void)cause;
	fake_dies((struct fake *)(void *)vc->link, vc);
}

static int
fake_send(struct vc *vc, struct vc_sdu *s)
{
	struct fake *f = (struct fake *)(void *)vc->link;
	struct fsent *out;

	assert_true(f->nsent < FAKE_MAX);
	assert_false(((struct fvc *)(void *)vc)->dead);
	out = &f->sent[f->nsent++];
	assert_true(s->len <= sizeof(out->data));
	out->vc = (int)((struct fvc *)(void *)vc - f->vcs);
	out->len = s->len;
	out->seen = false;
	memcpy(out->data, s->data, s->len);
	vc_sdu_free(s);
	return 0;
}

static void
fake_watch(struct vc *vc)
{
	((struct fvc *)(void *)vc)->watched = true;
}

/* The number of a leaf's circuit is the last octet of its address. */
static void
fake_leaf_info(const struct vc_leaf *leaf, struct vc_circuit_info *info)
{
	const struct fleaf *l = (const struct fleaf *)(const void *)leaf;

	*info = (struct vc_circuit_info){ .peer = l->peer };
	info->peer_number = l->peer.num[6];
	info->peer_port = ((struct fake *)(void *)l->leaf.root->link)->port;
}

static const struct atm_addr *
fake_peer(const struct vc *vc)
{
	return &((const struct fvc *)(const void *)vc)->peer;
}

static const struct vc_backend fake_backend = {
	.name = "fake", .knows_caller = true, .call = fake_call,
	.multi = fake_multi, .multi_add = fake_multi_add,
	.multi_drop = fake_multi_drop, .release = fake_release,
	.send = fake_send, .peer = fake_peer, .watch = fake_watch,
	.leaf = fake_leaf_info,
};

/* --- the owner */

static uint32_t
fake_random(void *arg)
{
	struct fake *f = arg;

	return f->low ? 0 : dice(&f->random);
}

static void
fake_notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	struct fake *f = arg;
	struct fnote *o;

	(void)c;
	assert_true(f->nnotes < FAKE_MAX);
	o = &f->notes[f->nnotes++];
	*o = (struct fnote){ .code = n->code,
	    .number = n->number,
	    .members = n->members,
	    .n = n->n };
	if (n->server != NULL)
		o->server = *n->server;
	if (n->addrs != NULL && n->n > 0)
		o->first = n->addrs[0];
	if (f->told == NULL)
		return;
	f->telling++;
	f->told(f);
	f->telling--;
}

static void
fake_packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	struct fake *f = arg;

	(void)c;
	f->npackets++;
	assert_true(p->len <= sizeof(f->packet));
	memcpy(f->packet, p->data, p->len);
	f->packet_len = p->len;
	f->info = *p;
	f->sender = *p->sender;
}

static bool
fake_own(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	const struct fake *f = arg;

	(void)c;
	(void)p;
	return !f->foreign;
}

static const struct marsc_ops fake_ops = {
	fake_random, fake_notice, fake_packet, fake_own
};

struct fake *
fake_bare(uint8_t x)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	timers_init(&f->ts, (mtime_t){ 0 });
	f->random = 1;
	f->link.backend = &fake_backend;
	f->link.local = fake_addr(x);
	return f;
}

struct fake *
fake_new_pro(uint8_t x, size_t nservers, bool mcs, uint16_t pro)
{
	struct atm_addr servers[8];
	struct marsc_conf conf = { .pro = { .type = pro },
		.mcs = mcs,
		.servers = servers,
		.nservers = nservers };
	struct fake *f = fake_bare(x);
	size_t i;

	for (i = 0; i < nservers; i++)
		servers[i] = fake_addr((uint8_t)(i + 1));
	marsc_timers_default(&conf.timers);
	f->low = true; /* the first mar$flags.sequence is 1 */
	f->host = marsc_host_new(&fake_ops, f, &f->ts);
	assert_non_null(f->host);
	f->c = marsc_new(f->host, &conf);
	assert_non_null(f->c);
	f->low = false;
	marsc_host_attach(f->host, &f->link);
	return f;
}

struct fake *
fake_new(uint8_t x, size_t nservers, bool mcs)
{
	return fake_new_pro(x, nservers, mcs, PRO_IPV4);
}

void
fake_free(struct fake *f)
{
	marsc_host_free(f->host);
	free(f);
}

uint64_t
fake_drops(const struct fake *f, enum marsc_drop d)
{
	return marsc_drops(f->c, d) + marsc_host_drops(f->host, d);
}

void
fake_wait(struct fake *f, int64_t us)
{
	mtime_t end = { f->ts.now.us + us }, due;

	while (timers_next(&f->ts, &due) && due.us <= end.us)
		timers_run(&f->ts, due);
	timers_run(&f->ts, end);
}

/* --- the other end of circuits */

struct fvc *
fake_vc(struct fake *f, uint8_t x)
{
	struct atm_addr a = fake_addr(x);
	int i;

	for (i = f->nvcs - 1; i >= 0; i--)
		if (!f->vcs[i].dead && !f->vcs[i].root && !f->vcs[i].incoming &&
		    atm_addr_equal(&f->vcs[i].peer, &a))
			return &f->vcs[i];
	return NULL;
}

struct fvc *
fake_ack(struct fake *f, uint8_t x)
{
	struct fvc *v = fake_vc(f, x);

	assert_non_null(v);
	v->up = true;
	f->link.user->ack(f->link.arg, &v->vc, v->vc.cookie);
	return v;
}

void
fake_call_fails(struct fake *f, uint8_t x)
{
	struct fvc *v = fake_vc(f, x);

	assert_non_null(v);
	v->dead = true;
	f->link.user->rqfailed(f->link.arg, &v->vc, v->vc.cookie, 27);
}

struct fvc *
fake_calls(struct fake *f, uint8_t x, bool leaf)
{
	struct atm_addr a = fake_addr(x);
	struct fvc *v = (struct fvc *)(void *)fake_open(f, &a, false, NULL);
	uint16_t cause;

	v->incoming = true;
	cause = f->link.user->remote_call(
	    f->link.arg, &v->vc, &a, leaf, &v->vc.cookie);
	if (cause == VC_CAUSE_NONE) {
		assert_non_null(v->vc.cookie);
		return v;
	}
	v->dead = true;
	return NULL;
}

void
fake_says(struct fake *f, struct fvc *v, const char *hex)
{
	size_t len;
	uint8_t *data = unhex(hex, &len);

	assert_false(v->dead);
	f->link.user->sdu(f->link.arg, &v->vc, v->vc.cookie, data, len);
	free(data);
}

struct fleaf *
fake_leaf(struct fake *f, uint8_t x)
{
	struct atm_addr a = fake_addr(x);
	int i;

	for (i = f->nleaves - 1; i >= 0; i--)
		if (!f->leaves[i].dead &&
		    atm_addr_equal(&f->leaves[i].peer, &a))
			return &f->leaves[i];
	return NULL;
}

void
fake_leaf_ack(struct fake *f, uint8_t x)
{
	struct fleaf *l = fake_leaf(f, x);

	assert_non_null(l);
	l->up = true;
	f->link.user->leaf_ack(f->link.arg, &l->leaf, l->leaf.cookie);
}

void
fake_leaf_fails(struct fake *f, uint8_t x, uint16_t cause)
{
	struct fleaf *l = fake_leaf(f, x);

	assert_non_null(l);
	l->dead = true;
	f->link.user->leaf_failed(f->link.arg, &l->leaf, l->leaf.cookie, cause);
}

void
fake_leaf_drops(struct fake *f, uint8_t x)
{
	struct fleaf *l = fake_leaf(f, x);

	assert_non_null(l);
	l->dead = true;
	f->link.user->leaf_drop(f->link.arg, &l->leaf, l->leaf.cookie, 16);
}

int
fake_live_leaves(const struct fake *f)
{
	int i, n = 0;

	for (i = 0; i < f->nleaves; i++)
		n += !f->leaves[i].dead;
	return n;
}

int
fake_live_roots(const struct fake *f)
{
	int i, n = 0;

	for (i = 0; i < f->nvcs; i++)
		n += f->vcs[i].root && !f->vcs[i].dead;
	return n;
}

/* --- what the client said */

struct fsent *
fake_next(struct fake *f)
{
	int i;

	for (i = 0; i < f->nsent; i++)
		if (!f->sent[i].seen) {
			f->sent[i].seen = true;
			/* mar$chksum: octets 12 and 13 after LLC/SNAP */
			if (f->sent[i].data[7] == 0x03)
				memset(f->sent[i].data + 8 + 12, 0, 2);
			return &f->sent[i];
		}
	return NULL;
}

void
fake_expect(struct fake *f, const char *hex)
{
	struct fsent *s = fake_next(f);
	size_t len;
	uint8_t *data = unhex(hex, &len);

	assert_non_null(s);
	assert_int_equal(s->len, len);
	assert_memory_equal(s->data, data, len);
	free(data);
}

int
fake_noted(struct fake *f, enum marsc_notice_code code, struct fnote *last)
{
	int i, n = 0;

	for (i = 0; i < f->nnotes; i++)
		if (f->notes[i].code == code && !f->notes[i].seen) {
			f->notes[i].seen = true;
			if (last != NULL)
				*last = f->notes[i];
			n++;
		}
	return n;
}

struct fvc *
fake_registered(struct fake *f)
{
	struct fvc *p2p, *control;

	marsc_register(f->c);
	p2p = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	control = fake_calls(f, 1, true);
	assert_non_null(control);
	if (f->c->role == &marsc_role_server)
		fake_says(f, p2p,
		    JOIN("03", "00", "0001", "6000", "0000", "00000064", "0a"));
	else
		fake_says(f, p2p,
		    JOIN("04", "00", "0001", "6001", "0005", "00000064", "0a"));
	assert_true(marsc_is_registered(f->c));
	return control;
}
