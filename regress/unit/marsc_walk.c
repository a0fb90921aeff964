/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsc_walk.h"

#define G	"e0010203"
#define G3	"e0010203 e0010203"
/* an IPv4 packet's first 20 octets, to 224.1.2.3, of a sender with CMI 7 */
#define DATA	"aaaa03 00005e 0001 0007 0800 " \
	"45000014 00000000 40110000 0a000001 e0010203"

/* The next number: of the seed, or of who chooses it (marsc_fake.h). */
static uint32_t
walk_die(struct fake *f)
{
	return f->die == NULL ? dice(&f->random) : f->die(f->die_arg);
}

/* As mutate(), by those numbers. */
static size_t
walk_mutate(struct fake *f, uint8_t *buf, size_t len)
{
	uint32_t seed = walk_die(f) | 1;

	return mutate(buf, len, &seed);
}

static struct paddr
walk_group(struct fake *f)
{
	return fake_group(224, 1, 2, (uint8_t)(walk_die(f) % 4));
}

/* Other MARSs, some of them, and not always the one in use. */
static void
walk_servers(struct fake *f)
{
	struct atm_addr v[3];
	size_t i, n = 1 + walk_die(f) % 3;

	for (i = 0; i < n; i++)
		v[i] = fake_addr((uint8_t)(1 + walk_die(f) % 3));
	assert_int_equal(marsc_set_servers(f->c, v, n), MARSC_OK);
}

static void
walk_owner(struct fake *f)
{
	struct paddr a = walk_group(f), b = walk_group(f);

	switch (walk_die(f) % 11) {
	case 9:
		if (walk_die(f) % 4 == 0)
			walk_servers(f);
		break;
	case 10:
		if (f->telling > 0)
			break; /* marsc.h does not allow it there */
		if (f->host->link == NULL)
			marsc_host_attach(f->host, &f->link);
		else if (walk_die(f) % 8 == 0)
			marsc_host_attach(f->host, NULL);
		break;
	case 0:
	case 1:
		marsc_register(f->c);
		break;
	case 2:
		if (walk_die(f) % 8 == 0)
			marsc_deregister(f->c);
		break;
	case 3:
		marsc_join(f->c, &a, walk_die(f) % 2 ? &a : &b, true);
		break;
	case 4:
		marsc_leave(f->c, &a, walk_die(f) % 2 ? &a : &b);
		break;
	case 5:
		marsc_request(f->c, &a);
		break;
	case 6:
		marsc_grouplist(f->c, &a, &b);
		break;
	default:
		marsc_transmit(f->c, &a, "walk", 4);
		break;
	}
}

void
walk_told(struct fake *f)
{
	if (f->telling <= 2 && walk_die(f) % 4 == 0 && walk_room(f))
		walk_owner(f);
}

/* A live circuit, the later ones rather; NULL: none. */
struct fvc *
walk_vc(struct fake *f)
{
	struct fvc *found = NULL;
	int i;

	for (i = f->nvcs - 1; i >= 0; i--)
		if (!f->vcs[i].dead) {
			found = &f->vcs[i];
			if (walk_die(f) % 3 == 0)
				break;
		}
	return found;
}

/* What a MARS answers to the last message, with some of it changed. */
static void
walk_answer(struct fake *f)
{
	static const char *const answers[] = {
		MULTI("0002", "8001", "00000066", "0a", G) NSAP("0b")
		    NSAP("0c"),
		MULTI("0001", "0001", "00000066", "0a", G) NSAP("0d"),
		MULTI("0001", "8002", "00000066", "0a", G) NSAP("0e"),
		NAK("0a", G),
		MAP("00", "0002", "8001", "00000067", "01") NSAP("02")
		    NSAP("01"),
		MAP("80", "0001", "8001", "00000068", "01") NSAP("03"),
		MIGRATE("0001", "00000066", G) NSAP("0e"),
		JOIN("04", "04", "0001", "4000", "0000", "00000067", "0d") G3,
		JOIN("05", "04", "0001", "4000", "0000", "00000068", "0b") G3,
		JOIN("08", "04", "0001", "4000", "0000", "00000069", "0d") G3,
		HEAD("0b") "14 00 00 00 00 04 0001 8001 00000069 " NSAP("0a") G,
		DATA,
	};
	struct fvc *v = walk_vc(f);
	const struct fsent *last =
	    f->nsent == 0 ? NULL : &f->sent[f->nsent - 1];
	bool asked = last != NULL && last->data[7] == 0x03 &&
	    last->data[8 + 17] == MARS_REQUEST;
	uint8_t *data;
	size_t len;

	if (v == NULL || v->root || (!v->up && !v->incoming))
		return;
	if (asked && walk_die(f) % 2 == 0) {
		data = unhex(answers[walk_die(f) % 4], &len);
		data[8 + 55] = last->data[8 + 55]; /* its group */
	} else if (last != NULL && walk_die(f) % 2 == 0) {
		len = last->len;
		data = clone(last->data, len);
		if (data[7] == 0x03) {
			memset(data + 8 + 12, 0, 2); /* no checksum */
			data[8 + 24] |= 0x40; /* a copy */
		}
	} else
		data = unhex(answers[walk_die(f) %
		    (sizeof(answers) / sizeof(answers[0]))],
		    &len);
	if (walk_die(f) % 16 == 0)
		len = walk_mutate(f, data, len);
	f->link.user->sdu(f->link.arg, &v->vc, v->vc.cookie, data, len);
	free(data);
}

static void
walk_leaf(struct fake *f)
{
	static const uint16_t causes[] = { 1, 41, 49 };
	struct fleaf *l = NULL;
	int i;

	for (i = f->nleaves - 1; i >= 0; i--)
		if (!f->leaves[i].dead) {
			l = &f->leaves[i];
			if (walk_die(f) % 2 == 0)
				break;
		}
	if (l == NULL)
		return;
	if (l->up) {
		l->dead = true;
		f->link.user->leaf_drop(
		    f->link.arg, &l->leaf, l->leaf.cookie, 16);
	} else if (walk_die(f) % 3 == 0) {
		l->dead = true;
		f->link.user->leaf_failed(f->link.arg, &l->leaf, l->leaf.cookie,
		    causes[walk_die(f) % 3]);
	} else {
		l->up = true;
		f->link.user->leaf_ack(f->link.arg, &l->leaf, l->leaf.cookie);
	}
}

/* The end of a circuit, without or with a reason; a root's leaves go too. */
static void
walk_end(struct fake *f, struct fvc *v, bool failed)
{
	fake_dies(f, &v->vc);
	if (failed)
		f->link.user->rqfailed(f->link.arg, &v->vc, v->vc.cookie, 1);
	else
		f->link.user->release(f->link.arg, &v->vc, v->vc.cookie, 16);
}

static void
walk_circuit(struct fake *f)
{
	static const uint8_t callers[] = { 1, 2, 3, 77 };
	struct fvc *v = walk_vc(f);

	if (walk_die(f) % 4 == 0)
		fake_calls(f, callers[walk_die(f) % 4],
		    walk_die(f) % 8 != 0);
	else if (v == NULL)
		return;
	else if (!v->root && !v->incoming && !v->up) {
		if (walk_die(f) % 4 == 0) {
			walk_end(f, v, true);
			return;
		}
		v->up = true;
		f->link.user->ack(f->link.arg, &v->vc, v->vc.cookie);
	} else if (walk_die(f) % 8 == 0)
		walk_end(f, v, false);
}

void
walk_network(struct fake *f, uint32_t what)
{
	switch (what) {
	case 0:
	case 1:
		walk_leaf(f);
		break;
	case 2:
	case 3:
		walk_circuit(f);
		break;
	case 4:
		fake_wait(f, MTIME_MS(walk_die(f) % 6000));
		break;
	default:
		walk_answer(f);
		break;
	}
}

bool
walk_step(struct fake *f)
{
	uint32_t what = walk_die(f) % 8;

	if (what == 0)
		walk_owner(f);
	else
		walk_network(f, what - 1);
	return walk_room(f);
}

bool
walk_room(struct fake *f)
{
	if (f->nsent > FAKE_MAX / 2)
		f->nsent = 0;
	if (f->nnotes > FAKE_MAX / 2)
		f->nnotes = 0;
	return f->nvcs < FAKE_CIRCUITS - 8 && f->nleaves < FAKE_CIRCUITS - 16;
}

void
walk_over(struct fake *f)
{
	int i;

	assert_int_equal(f->ts.count, 0);
	for (i = 0; i < f->nvcs; i++)
		assert_true(f->vcs[i].dead);
	for (i = 0; i < f->nleaves; i++)
		assert_true(f->leaves[i].dead);
	free(f);
}
