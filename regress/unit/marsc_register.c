/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsc_fake.h"

#define REGISTER(seq)	JOIN("04", "00", "0001", "20" seq, "0000", \
	"00000000", "0a")
#define DEREGISTER(seq)	JOIN("05", "00", "0001", "20" seq, "0000", \
	"00000000", "0a")
#define COPY(seq, cmi, msn)	JOIN("04", "00", "0001", "60" seq, cmi, msn, \
	"0a")

/* Every cell is written; timers that are not set are the only violations. */
static void
table(void **state)
{
	const struct table_cell *cell;
	unsigned int s, e;

	(void)state;
	for (s = 0; s < MARSC_REG_STATE_MAX; s++)
		for (e = 0; e < MARSC_REG_EVENT_MAX; e++) {
			cell = table_cell(&marsc_reg_table, s, e);
			assert_int_not_equal(cell->action, TABLE_FORGOTTEN);
			assert_true(cell->next < MARSC_REG_STATE_MAX);
			if (cell->action == TABLE_VIOLATION)
				assert_int_equal(e, MARSC_REG_EV_TIMER);
			if (cell->action == TABLE_IGNORE ||
			    cell->action == TABLE_VIOLATION)
				assert_int_equal(cell->next, s);
		}
}

/*
 * R2022-5.2.3-01, -04, -05, -06, -07, -09, R2022-5.2.1-07, -08, -14, -16, -17,
 * R2022-5.1.4.2-09, -10, R2022-5-02, R2022-5.2-08, A-15, A-97: a registration
 * has one empty pair, zero CMI, msn, copy and punched; it is repeated each 10 s
 * until the copy brings the CMI and the CSN.
 */
static void
registration(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;
	struct fvc *v;

	(void)state;
	assert_int_equal(f->c->hsn.value, 0);
	marsc_register(f->c);
	fake_silent(f); /* the circuit is not up yet */
	v = fake_ack(f, 1);
	fake_expect(f, REGISTER("01"));
	fake_wait(f, MTIME_SEC(10) - 1);
	fake_silent(f);
	fake_wait(f, 1);
	fake_expect(f, REGISTER("01"));
	/* not copies: sequence, copy flag, punched, source, op, protocol */
	fake_says(f, v, COPY("02", "0005", "00000064"));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "2001", "0005", "00000064", "0a"));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "7001", "0005", "00000064", "0a"));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6001", "0005", "00000064", "0b"));
	fake_says(
	    f, v, JOIN("05", "00", "0001", "6001", "0005", "00000064", "0a"));
	fake_says(
	    f, v, JOIN("04", "00", "0000", "6001", "0005", "00000064", "0a"));
	assert_false(marsc_is_registered(f->c));
	fake_says(f, v, COPY("01", "0005", "00000064"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(marsc_cmi(f->c), 5);
	assert_int_equal(f->c->hsn.value, 100);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REGISTERED, &n), 1);
	assert_int_equal(n.number, 5);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 0);
	fake_wait(f, MTIME_SEC(60));
	fake_silent(f);
	fake_free(f);
}

/*
 * R2022-5.2.3-10, -12, -13, -14: deregistration is a LEAVE with the register
 * flag, repeated until its copy comes; then nothing of the client is left.
 */
static void
deregistration(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f), *v = fake_vc(f, 1);

	(void)state;
	marsc_deregister(f->c);
	fake_expect(f, DEREGISTER("02"));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, DEREGISTER("02"));
	/* a late copy of the registration is no answer */
	fake_says(f, v, COPY("01", "0005", "00000065"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_DEREGISTERED, NULL), 0);
	fake_says(
	    f, v, JOIN("05", "00", "0001", "6002", "0005", "00000065", "0a"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_DEREGISTERED, NULL), 1);
	assert_true(v->dead);
	assert_true(control->dead);
	assert_int_equal(f->ts.count, 0);
	fake_free(f);
}

/* Nobody answers a deregistration: it ends after the sixth transmission. */
static void
deregistration_unheard(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_deregister(f->c);
	fake_wait(f, MTIME_SEC(60) - 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_DEREGISTERED, NULL), 0);
	fake_wait(f, 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_DEREGISTERED, NULL), 1);
	fake_free(f);
}

/*
 * R2022-5.2.2-04, R2022-5.4.1-06, -07, R2022-E-07, -09, A-124: six
 * transmissions, failure one interval later; without a backup an error, and a
 * minute until the next attempt.
 */
static void
alone(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;
	int i;

	(void)state;
	marsc_register(f->c);
	fake_ack(f, 1);
	for (i = 0; i < 6; i++) {
		fake_expect(f, REGISTER("01"));
		assert_int_equal(fake_noted(f, MARSC_NOTICE_NO_MARS, NULL), 0);
		fake_wait(f, MTIME_SEC(10));
	}
	fake_silent(f);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NO_MARS, &n), 1);
	assert_int_equal(n.number, 60);
	assert_null(fake_vc(f, 1));
	fake_wait(f, MTIME_SEC(60) - 1);
	assert_null(fake_vc(f, 1));
	fake_wait(f, 1);
	fake_ack(f, 1);
	fake_expect(f, REGISTER("02"));
	fake_free(f);
}

/*
 * R2022-5.4.2-01, -02, -03, -04, R2022-5.4-02, R2443-2-12, A-140: the first
 * backup at once, a minute before each later one, and from the end of the
 * table to its top.
 */
static void
backups(void **state)
{
	struct fake *f = fake_new(10, 3, false);
	struct fnote n;
	struct fvc *v;

	(void)state;
	marsc_register(f->c);
	fake_call_fails(f, 1);
	assert_non_null(fake_vc(f, 2)); /* at once */
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	fake_call_fails(f, 2);
	assert_null(fake_vc(f, 3));
	fake_wait(f, MTIME_SEC(60) - 1);
	assert_null(fake_vc(f, 3));
	fake_wait(f, 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NO_MARS, NULL), 0);
	fake_call_fails(f, 3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NO_MARS, NULL), 1);
	fake_wait(f, MTIME_SEC(60));
	fake_call_fails(f, 1); /* the top of the table */
	fake_wait(f, MTIME_SEC(60));
	v = fake_ack(f, 2);
	fake_says(f, v, COPY("05", "0007", "00000001"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_BACKUP, &n), 1);
	fake_free(f);
}

/*
 * R2022-5.4-03, R2022-5.4.1-01, -02, -03, -04, R2022-E-08, -11: four minutes
 * without a MARS_REDIRECT_MAP: 1 to 10 s later registered again, every group
 * joined again after 1 to 10 s, paths revalidated and not disturbed.
 */
static void
silent_map(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g = fake_group(224, 1, 2, 3);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	v = fake_vc(f, 1);
	marsc_join(f->c, &g, &g, true);
	assert_non_null(fake_next(f));
	fake_says(f, v,
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
	marsc_transmit(f->c, &g, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, v,
	    MULTI("0001", "8001", "00000065", "0a", "e0010203") NSAP("0b"));
	fake_leaf_ack(f, 11);
	assert_non_null(fake_next(f)); /* the packet */

	fake_wait(f, MTIME_SEC(240) - 1);
	assert_true(marsc_is_registered(f->c));
	fake_wait(f, 1);
	assert_false(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	assert_true(v->dead);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_wait(f, MTIME_SEC(1) - 1);
	assert_null(fake_vc(f, 1));
	fake_wait(f, MTIME_SEC(9) + 1);
	v = fake_ack(f, 1);
	fake_expect(f, REGISTER("03"));
	fake_says(f, v, COPY("03", "0006", "00000200"));
	assert_int_equal(marsc_cmi(f->c), 6);
	fake_wait(f, MTIME_SEC(1) - 1);
	fake_silent(f);
	assert_false(marsc_path_find(f->c, &g)->revalidate);
	fake_wait(f, MTIME_SEC(9) + 1);
	fake_expect(f,
	    JOIN("04", "04", "0001", "8004", "0000", "00000000",
	    "0a") "e0010203 e0010203");
	assert_true(marsc_path_find(f->c, &g)->revalidate);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_free(f);
}

static void
drops_leaf(struct fake *f, struct fvc *control)
{
	fake_dies(f, &control->vc);
	f->link.user->release(f->link.arg, &control->vc, control->vc.cookie,
	    VC_CAUSE_OUT_OF_ORDER);
}

/* R2022-5.4-04: the control VC of the MARS is gone */
static void
control_gone(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	drops_leaf(f, control);
	assert_false(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(10));
	fake_ack(f, 1);
	fake_expect(f, REGISTER("02"));
	fake_free(f);
}

/*
 * R2022-5-03, -05, R2022-E-01: the circuit to the MARS goes when it was idle
 * for 20 minutes, and that is no failure.
 */
static void
idle(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);
	struct paddr g = fake_group(224, 1, 2, 3);
	int i;

	(void)state;
	for (i = 0; i < 19; i++) {
		fake_wait(f, MTIME_SEC(60));
		fake_says(f, control,
		    MAP("00", "0001", "8001", "00000064", "01") NSAP("01"));
	}
	assert_non_null(fake_vc(f, 1));
	fake_wait(f, MTIME_SEC(60));
	assert_null(fake_vc(f, 1));
	assert_true(marsc_is_registered(f->c));
	marsc_join(f->c, &g, &g, true);
	assert_non_null(fake_vc(f, 1));
	fake_free(f);
}

/*
 * R2022-5.4.3-10, -12, -03: a hard redirect: the table is installed, and its
 * first MARS is registered with after 1 to 10 s; groups are joined again.
 */
static void
hard(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f), *v;
	struct paddr g = fake_group(224, 1, 2, 3);

	(void)state;
	marsc_join(f->c, &g, &g, true);
	fake_next(f);
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	fake_says(f, control,
	    MAP("80", "0002", "8001", "00000065", "01") NSAP("02") NSAP("01"));
	assert_false(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("03"));
	fake_says(f, v, COPY("03", "0009", "00000001"));
	assert_true(control->dead); /* */
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f,
	    JOIN("04", "04", "0001", "8004", "0000", "00000000",
	    "0a") "e0010203 e0010203");
	assert_int_equal(f->c->servers.n, 2);
	fake_free(f);
}

/*
 * R2022-5.4.3-13, -14, -15, A-15, A-131: a soft redirect: a circuit to the
 * new MARS, a registration; then the old circuits are shut; nothing is joined
 * again or revalidated, and the unrelated CSN is no jump.
 */
static void
soft(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *old, *v, *new;
	struct paddr g = fake_group(224, 1, 2, 3);

	(void)state;
	old = fake_vc(f, 1);
	marsc_join(f->c, &g, &g, true);
	fake_next(f);
	fake_says(f, old,
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	assert_null(fake_calls(f, 2, true)); /* not our MARS yet */
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000065", "01") NSAP("02") NSAP("01"));
	assert_true(marsc_is_registered(f->c));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("03"));
	new = fake_calls(f, 2, true);
	assert_non_null(new);
	assert_false(old->dead);
	/* until the copy it is not our MARS: nothing else counts */
	fake_says(f, new,
	    JOIN("04", "04", "0001", "4000", "0000", "00000999",
	    "0b") "e0010203 e0010203");
	assert_int_equal(f->c->hsn.value, 0x65);
	assert_int_equal(fake_drops(f, MARSC_DROP_STRANGER), 1);
	fake_says(f, v, COPY("03", "0009", "00000001"));
	assert_true(old->dead);
	assert_true(control->dead);
	assert_false(new->dead);
	assert_int_equal(marsc_cmi(f->c), 9);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 0);
	fake_wait(f, MTIME_SEC(30));
	fake_silent(f);
	/* it is where the map says: no redirect */
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REDIRECT, NULL), 1);
	fake_says(f, new,
	    MAP("00", "0002", "8001", "00000001", "02") NSAP("02") NSAP("01"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REDIRECT, NULL), 0);
	fake_silent(f);
	/* and the new circuit is the one in use */
	marsc_leave(f->c, &g, &g);
	fake_expect(f,
	    JOIN("05", "04", "0001", "8004", "0000", "00000000",
	    "0a") "e0010203 e0010203");
	assert_int_equal(f->sent[f->nsent - 1].vc, v - f->vcs);
	fake_free(f);
}

/*
 * R2022-5.4.3-15, D9: a JOIN is still on its way when a soft redirect comes:
 * to the new MARS, which may know that group, a JOIN of it says that all are
 * joined again; so they are.
 */
static void
soft_joining(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *v;
	struct paddr g = fake_group(224, 1, 2, 3), h = fake_group(224, 1, 2, 4);
	struct fsent *s;
	int i, last = 0;

	(void)state;
	marsc_join(f->c, &g, &g, true);
	fake_next(f);
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	marsc_join(f->c, &h, &h, true);
	fake_next(f);
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000065", "01") NSAP("02") NSAP("01"));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("04"));
	fake_says(f, v, COPY("04", "0009", "00000001"));
	fake_silent(f);
	fake_wait(f, MTIME_SEC(10) - 1);
	for (i = 0; i < 2; i++) {
		s = fake_next(f);
		assert_non_null(s);
		assert_int_equal(s->vc, v - f->vcs);
		/* op 4, and the last octet of the group */
		assert_int_equal(s->data[8 + 17], 4);
		last ^= s->data[s->len - 1];
	}
	assert_int_equal(last, 3 ^ 4);
	fake_silent(f);
	fake_free(f);
}

/* JOINs that went out since: the last octets of their groups, as bits */
static unsigned
joins_out(struct fake *f)
{
	unsigned groups = 0;
	struct fsent *s;

	while ((s = fake_next(f)) != NULL)
		if (s->data[8 + 17] == 4)
			groups |= 1U << s->data[s->len - 1];
	return groups;
}

/* It has joined 224.1.2.3 and .4. */
static void
in_two_groups(struct fake *f)
{
	struct paddr g = fake_group(224, 1, 2, 3), h = fake_group(224, 1, 2, 4);

	marsc_join(f->c, &g, &g, true);
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	marsc_join(f->c, &h, &h, true);
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "c003", "0000", "00000066",
	    "0a") "e0010204 e0010204");
}

/*
 * R2022-5.4.3-15, D9: and so with a LEAVE that is on its way when the soft
 * redirect comes, or that is not confirmed yet by the new MARS when the group
 * is wanted again; a group that is new is just joined.
 */
static void
soft_leaving(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *v;
	struct paddr g = fake_group(224, 1, 2, 3);
	struct paddr k = fake_group(224, 1, 2, 5);

	(void)state;
	in_two_groups(f);
	marsc_leave(f->c, &g, &g);
	(void)joins_out(f);
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("02") NSAP("01"));
	v = fake_ack(f, 2);
	fake_next(f);
	fake_says(f, v, COPY("05", "0009", "00000001"));
	fake_wait(f, MTIME_SEC(10) - 1);
	assert_int_equal(joins_out(f), 1 << 4);
	fake_free(f);

	f = fake_new(10, 2, false);
	control = fake_registered(f);
	in_two_groups(f);
	(void)joins_out(f);
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("02") NSAP("01"));
	v = fake_ack(f, 2);
	fake_next(f);
	fake_says(f, v, COPY("04", "0009", "00000001"));
	marsc_join(f->c, &k, &k, true);
	fake_wait(f, MTIME_SEC(9));
	assert_int_equal(joins_out(f), 1 << 5);
	fake_says(f, v,
	    JOIN("04", "04", "0001", "c005", "0000", "00000001",
	    "0a") "e0010205 e0010205");
	marsc_leave(f->c, &g, &g);
	assert_int_equal(joins_out(f), 0);
	marsc_join(f->c, &g, &g, true);
	fake_wait(f, MTIME_SEC(10) - 1);
	assert_int_equal(joins_out(f), 1 << 3 | 1 << 4 | 1 << 5);
	fake_free(f);
}

/*
 * R2022-5.4.3-15, D9: the new MARS answers only when it is asked once more: it
 * may have begun anew meanwhile, and have heard nothing from the old one.  All
 * are joined again.
 */
static void
soft_late(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *v;

	(void)state;
	in_two_groups(f);
	(void)joins_out(f);
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("02") NSAP("01"));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("04"));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, REGISTER("04"));
	fake_says(f, v, COPY("04", "0009", "00000001"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(marsc_server(f->c)->num[6], 2);
	fake_wait(f, MTIME_SEC(10) - 1);
	assert_int_equal(joins_out(f), 1U << 3 | 1U << 4);
	fake_free(f);
}

/*
 * a circuit that a MARS which we did not know opened before a redirect
 * made it ours is its control VC.
 */
static void
control_from_before(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f), *new, *v;

	(void)state;
	new = fake_calls(f, 7, true);
	assert_non_null(new);
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000065", "01") NSAP("07") NSAP("01"));
	v = fake_ack(f, 7);
	fake_expect(f, REGISTER("02"));
	fake_says(f, v, COPY("02", "0009", "00000001"));
	fake_says(f, new,
	    MAP("00", "0002", "8001", "00000001", "07") NSAP("07") NSAP("01"));
	assert_false(new->dead);
	assert_int_equal(fake_drops(f, MARSC_DROP_STRANGER), 0);
	assert_true(marsc_is_registered(f->c));
	fake_free(f);
}

/*
 * R2022-5.4.3-10, R2022-5.4-04, A-6: the old MARS hears sooner than we that the
 * new one has us, and drops our leaf: we are still on our way to the new one,
 * and join there again, because the old one may have failed as well.
 */
static void
soft_old_gone(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *v;
	struct fnote n;

	(void)state;
	in_two_groups(f);
	while (fake_next(f) != NULL)
		continue;
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("02") NSAP("01"));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("04"));
	assert_non_null(fake_calls(f, 2, true));
	drops_leaf(f, control);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, &n), 1);
	assert_int_equal(n.server.num[6], 1);
	fake_silent(f);
	fake_says(f, v, COPY("04", "0009", "00000001"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(marsc_cmi(f->c), 9);
	assert_int_equal(marsc_server(f->c)->num[6], 2);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_BACKUP, NULL), 0);
	fake_wait(f, MTIME_SEC(10) - 1);
	assert_int_equal(joins_out(f), 1U << 3 | 1U << 4);
	fake_free(f);
}

/* The same, and the new MARS does not answer: it has failed, as any may. */
static void
soft_both_gone(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f);
	int i;

	(void)state;
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("02") NSAP("01"));
	fake_ack(f, 2);
	fake_expect(f, REGISTER("02"));
	drops_leaf(f, control);
	assert_false(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, REGISTER("02"));
	fake_wait(f, MTIME_SEC(50));
	fake_ack(f, 1);
	for (i = 0; i < 4; i++)
		fake_expect(f, REGISTER("02"));
	fake_expect(f, REGISTER("03"));
	fake_free(f);
}

/* a soft redirect that fails keeps the MARS; the next map tries again */
static void
soft_fails(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	fake_says(
	    f, control, MAP("00", "0001", "8001", "00000064", "01") NSAP("02"));
	fake_call_fails(f, 2);
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REDIRECT_FAILED, NULL), 1);
	assert_false(control->dead);
	fake_says(
	    f, control, MAP("00", "0001", "8001", "00000065", "01") NSAP("02"));
	assert_non_null(fake_vc(f, 2));
	/* no copy in six transmissions */
	fake_ack(f, 2);
	fake_wait(f, MTIME_SEC(60));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REDIRECT_FAILED, NULL), 1);
	assert_true(marsc_is_registered(f->c));
	fake_free(f);
}

/*
 * R2022-5.4.3-16, A-131: only the current MARS is listened to: not another
 * that calls, nor a stranger whose circuit is one of data.
 */
static void
trust(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *stranger;

	(void)state;
	fake_registered(f);
	assert_null(fake_calls(f, 2, true));
	assert_null(fake_calls(f, 1, false));
	stranger = fake_calls(f, 77, true);
	assert_non_null(stranger);
	fake_says(f, stranger,
	    MAP("80", "0001", "8001", "00000064", "01") NSAP("4d"));
	/* it takes us for its member: it is told that we are not */
	assert_true(stranger->dead);
	stranger = fake_calls(f, 78, true);
	assert_non_null(stranger);
	fake_says(f, stranger,
	    JOIN("04", "04", "0001", "4000", "0000", "000000ff",
	    "4d") "e0010203 e0010203");
	assert_true(stranger->dead);
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(f->c->hsn.value, 100);
	assert_int_equal(fake_drops(f, MARSC_DROP_STRANGER), 2);
	fake_free(f);
}

/*
 * R2022-5.4.3-07, A-108: a map in parts; mar$msn may stand or go up by one a
 * part; a lost part, another jump or 10 s between parts discard all of it.
 */
static void
map_parts(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	fake_says(
	    f, control, MAP("00", "0001", "0001", "00000065", "01") NSAP("01"));
	fake_says(
	    f, control, MAP("00", "0001", "8002", "00000066", "01") NSAP("05"));
	assert_int_equal(f->c->servers.n, 2);
	/* a part is lost */
	fake_says(
	    f, control, MAP("80", "0001", "0001", "00000067", "01") NSAP("06"));
	fake_says(
	    f, control, MAP("80", "0001", "8003", "00000068", "01") NSAP("07"));
	/* msn jumps by 2 */
	fake_says(
	    f, control, MAP("80", "0001", "0001", "00000069", "01") NSAP("06"));
	fake_says(
	    f, control, MAP("80", "0001", "8002", "0000006b", "01") NSAP("07"));
	/* too late */
	fake_says(
	    f, control, MAP("80", "0001", "0001", "0000006c", "01") NSAP("06"));
	fake_wait(f, MTIME_SEC(10));
	fake_says(
	    f, control, MAP("80", "0001", "8002", "0000006d", "01") NSAP("07"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(f->c->servers.n, 2);
	assert_int_equal(fake_drops(f, MARSC_DROP_PARTS), 3);
	fake_free(f);
}

/*
 * R2022-5.4.3-03, A-133: what a map says stands above what was configured and
 * replaces what the map before said.
 */
static void
map_table(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f);
	struct atm_addr a5 = fake_addr(5), a6 = fake_addr(6);
	struct atm_addr a1 = fake_addr(1), a2 = fake_addr(2);

	(void)state;
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000064", "01") NSAP("01") NSAP("05"));
	assert_int_equal(f->c->servers.n, 3);
	assert_true(atm_addr_equal(&f->c->servers.v[0], &a1));
	assert_true(atm_addr_equal(&f->c->servers.v[1], &a5));
	assert_true(atm_addr_equal(&f->c->servers.v[2], &a2));
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000065", "01") NSAP("01") NSAP("06"));
	assert_int_equal(f->c->servers.n, 3);
	assert_true(atm_addr_equal(&f->c->servers.v[1], &a6));
	assert_false(marsc_servers_have(&f->c->servers, &a5));
	fake_free(f);
}

/*
 * R2022-5-07, R2022-5.2-08: until it registers nobody calls a client; then its
 * MARS makes it a leaf of ClusterControlVC, before the copy or after it, and
 * is heard there.
 */
static void
called(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control, *v;

	(void)state;
	assert_null(fake_calls(f, 1, true));
	marsc_register(f->c);
	v = fake_ack(f, 1);
	fake_expect(f, REGISTER("01"));
	control = fake_calls(f, 1, true);
	assert_non_null(control);
	fake_says(f, v, COPY("01", "0005", "00000064"));
	fake_says(f, control,
	    JOIN("04", "04", "0001", "4000", "0000", "00000065",
	    "0b") "e0010203 e0010203");
	assert_int_equal(fake_noted(f, MARSC_NOTICE_HEARD, NULL), 1);
	assert_int_equal(f->c->hsn.value, 0x65);
	fake_free(f);
}

/*
 * R2022-5-01, R2022-8.6-01: interfaces of one host: each has an address, a
 * table of MARSs, a registration and a CMI of its own, which is the one that
 * it filters on.
 */
static void
interfaces(void **state)
{
	struct fake *f = fake_new(10, 1, false), *g = fake_new(20, 2, false);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	marsc_register(g->c);
	fake_call_fails(g, 1); /* another cluster's */
	v = fake_ack(g, 2);
	fake_expect(
	    g, JOIN("04", "00", "0001", "2002", "0000", "00000000", "14"));
	fake_says(
	    g, v, JOIN("04", "00", "0001", "6002", "0007", "00000001", "14"));
	assert_int_equal(marsc_cmi(f->c), 5);
	assert_int_equal(marsc_cmi(g->c), 7);
	assert_false(atm_addr_equal(marsc_server(f->c), marsc_server(g->c)));
	v = fake_calls(f, 33, true);
	fake_says(f, v, "aaaa03 00005e 0001 0007 0800 61");
	assert_int_equal(f->npackets, 1);
	fake_says(f, v, "aaaa03 00005e 0001 0005 0800 61");
	assert_int_equal(f->npackets, 1);
	v = fake_calls(g, 33, true);
	fake_says(g, v, "aaaa03 00005e 0001 0005 0800 61");
	assert_int_equal(g->npackets, 1);
	fake_says(g, v, "aaaa03 00005e 0001 0007 0800 61");
	assert_int_equal(g->npackets, 1);
	marsc_deregister(f->c);
	assert_false(marsc_is_registered(f->c));
	assert_true(marsc_is_registered(g->c));
	fake_free(f);
	fake_free(g);
}

/* JOIN and kin, and data, of IPv6 */
#define HEAD6	MARS_LLC "000f 86dd 0000000000 000000 0000 0000 0004 "
#define JOIN6(tpln, flags, cmi, msn)	HEAD6 "14 00 00 " tpln " 0001 " flags \
	" " cmi " " msn " " NSAP("0a")
#define FF02_1	"ff020000000000000000000000000001"

/*
 * R2022-6.3-03, R2022-9-02, -04, -06, -07: IPv6 is 0x86dd in messages and in
 * data; each protocol has its own registration, CMI and HSN, and a message of
 * the other one is nothing to it.
 */
static void
protocols(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fake *g = fake_new_pro(10, 1, false, 0x86dd);
	struct paddr all = { .len = 16, .a = { 0xff, 0x02, [15] = 1 } };
	struct fvc *v, *control;

	(void)state;
	fake_registered(f);
	marsc_register(g->c);
	v = fake_ack(g, 1);
	fake_expect(g, JOIN6("00", "2001", "0000", "00000000"));
	control = fake_calls(g, 1, true);
	fake_says(g, v, COPY("01", "0009", "00000300")); /* IPv4's */
	assert_false(marsc_is_registered(g->c));
	fake_says(g, v, JOIN6("00", "6001", "0009", "00000300"));
	assert_int_equal(marsc_cmi(g->c), 9);
	assert_int_equal(marsc_cmi(f->c), 5);
	assert_int_equal(g->c->hsn.value, 0x300);
	assert_int_equal(f->c->hsn.value, 100);
	fake_says(g, control,
	    JOIN("04", "04", "0001", "4000", "0000", "00000999",
	    "0b") "e0010203 e0010203");
	assert_int_equal(g->c->hsn.value, 0x300);
	assert_int_equal(fake_noted(g, MARSC_NOTICE_JUMP, NULL), 0);
	assert_int_equal(fake_drops(g, MARSC_DROP_PRO), 2);

	marsc_join(g->c, &all, &all, true);
	fake_expect(g, JOIN6("10", "8002", "0000", "00000000") FF02_1 FF02_1);
	marsc_transmit(g->c, &all, "a", 1);
	fake_expect(g,
	    MARS_LLC "000f 86dd 0000000000 000000 0000 0000 0001 "
	    "14 00 00 00 00 10 0000000000000000 " NSAP("0a") FF02_1);
	fake_says(g, v,
	    MARS_LLC "000f 86dd 0000000000 000000 0000 0000 0002 "
	    "14 00 00 14 00 10 0001 8001 00000300 " NSAP("0a")
	    FF02_1 NSAP("0b"));
	fake_leaf_ack(g, 11);
	fake_expect(g, "aaaa03 00005e 0001 0009 86dd 61");
	v = fake_calls(g, 33, true);
	fake_says(g, v, "aaaa03 00005e 0001 0005 0800 61");
	assert_int_equal(g->npackets, 0);
	fake_says(g, v, "aaaa03 00005e 0001 0005 86dd 61");
	assert_int_equal(g->npackets, 1);
	fake_free(f);
	fake_free(g);
}

/*
 * R2022-5.4-03: a circuit to the MARS that can't be established when there is
 * something to say is a problem with the MARS.
 */
static void
call_fails_later(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g = fake_group(224, 1, 2, 3);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	v = fake_vc(f, 1);
	v->dead = true;
	f->link.user->release(f->link.arg, &v->vc, v->vc.cookie, 16);
	assert_true(marsc_is_registered(f->c));
	marsc_join(f->c, &g, &g, true);
	fake_call_fails(f, 1);
	assert_false(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	fake_free(f);
}

/* Joins, and says the copy; what the client sent is looked at elsewhere. */
static void
join_one(struct fake *f, uint8_t min, uint8_t max, const char *copy)
{
	struct paddr a = fake_group(224, 1, 2, min);
	struct paddr b = fake_group(224, 1, 2, max);

	assert_int_equal(marsc_join(f->c, &a, &b, true), MARSC_OK);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1), copy);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
}

/*
 * R2022-5.4.1-02, -03, -05, R2443-2-12: the MARS dies, then its first backup:
 * the third one is registered with, every group and block is joined there
 * again, each after its own 1 to 10 s; data flows all the time.
 */
static void
failover(void **state)
{
	struct fake *f = fake_new(10, 3, false);
	struct fvc *control = fake_registered(f), *v;
	struct paddr g = fake_group(224, 1, 2, 3);
	int64_t at[3];
	int i, n, ms = 0;

	(void)state;
	join_one(f, 3, 3,
	    JOIN("04", "04", "0001", "c002", "0000", "00000065",
	    "0a") "e0010203 e0010203");
	join_one(f, 4, 4,
	    JOIN("04", "04", "0001", "c003", "0000", "00000066",
	    "0a") "e0010204 e0010204");
	join_one(f, 10, 20,
	    JOIN("04", "04", "0001", "4004", "0000", "00000067",
	    "0a") "e001020a e0010214");
	marsc_transmit(f->c, &g, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000067", "0a", "e0010203") NSAP("0b"));
	fake_leaf_ack(f, 11);
	assert_non_null(fake_next(f));
	control->dead = true;
	f->link.user->release(f->link.arg, &control->vc, control->vc.cookie,
	    VC_CAUSE_OUT_OF_ORDER);
	fake_wait(f, MTIME_SEC(10));
	fake_call_fails(f, 1);
	fake_call_fails(f, 2);
	marsc_transmit(f->c, &g, "y", 1);
	fake_expect(f, "aaaa03 00005e 0001 0005 0800 79");
	assert_int_equal(fake_live_leaves(f), 1);
	fake_wait(f, MTIME_SEC(60));
	v = fake_ack(f, 3);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6007", "0005", "00000001", "0a"));
	assert_true(marsc_is_registered(f->c));
	for (i = 0; i < 3; i++) {
		for (n = f->nsent; f->nsent == n && ms < 20000; ms++)
			fake_wait(f, MTIME_MS(1));
		assert_int_equal(f->sent[n].vc, v - f->vcs);
		assert_int_equal(f->sent[n].data[8 + 17], 4); /* mar$op */
		at[i] = ms;
	}
	assert_in_range(at[0], 1000, at[1] - 1);
	assert_in_range(at[2], at[1] + 1, 10000);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_free(f);
}

/* R2022-5.4.3-15: a soft redirect leaves what is sent to as it is */
static void
soft_paths(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f), *v;
	struct paddr g = fake_group(224, 1, 2, 3);

	(void)state;
	marsc_transmit(f->c, &g, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0a", "e0010203") NSAP("0b"));
	fake_leaf_ack(f, 11);
	assert_non_null(fake_next(f));
	fake_says(
	    f, control, MAP("00", "0001", "8001", "00000064", "01") NSAP("02"));
	v = fake_ack(f, 2);
	fake_expect(f, REGISTER("02"));
	fake_says(f, v, COPY("02", "0009", "00000777"));
	assert_int_equal(marsc_cmi(f->c), 9);
	fake_wait(f, MTIME_SEC(30));
	assert_false(marsc_path_find(f->c, &g)->revalidate);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_silent(f);
	fake_free(f);
}

/*
 * R2022-6.4-01: a map of two addresses makes a backup, where none was
 * configured: it is tried at once.
 */
static void
map_backup(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	fake_says(f, control,
	    MAP("00", "0002", "8001", "00000064", "01") NSAP("01") NSAP("02"));
	fake_wait(f, MTIME_SEC(240));
	assert_false(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(10));
	assert_null(fake_vc(f, 2));
	fake_call_fails(f, 1);
	fake_ack(f, 2);
	fake_expect(f, REGISTER("03"));
	fake_free(f);
}

/*
 * R2443-2-04, R2443-5.3-03: of several servers one is registered with; the
 * others hear nothing, and may not make us a leaf.
 */
static void
one_server(void **state)
{
	struct fake *f = fake_new(10, 3, false);
	struct paddr g = fake_group(224, 1, 2, 3);
	int i;

	(void)state;
	fake_registered(f);
	marsc_join(f->c, &g, &g, true);
	fake_wait(f, MTIME_SEC(30));
	for (i = 0; i < f->nsent; i++)
		assert_ptr_equal(&f->vcs[f->sent[i].vc], fake_vc(f, 1));
	assert_null(fake_vc(f, 2));
	assert_null(fake_vc(f, 3));
	assert_null(fake_calls(f, 2, true));
	assert_null(fake_calls(f, 3, true));
	fake_free(f);
}

/* R2022-5-03, R2022-5-02: transient, for as long as the owner says */
static void
idle_configured(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g = fake_group(224, 1, 2, 3);
	int n;

	(void)state;
	assert_true(marsc_timers_set(&f->c->t, "mars-idle", MTIME_SEC(70)));
	fake_registered(f);
	assert_false(fake_vc(f, 1)->root);
	fake_wait(f, MTIME_SEC(70) - 1);
	assert_non_null(fake_vc(f, 1));
	fake_wait(f, 1);
	assert_null(fake_vc(f, 1));
	/* the next query opens it, and is answered on it */
	marsc_request(f->c, &g);
	fake_ack(f, 1);
	n = f->nsent - 1;
	assert_ptr_equal(&f->vcs[f->sent[n].vc], fake_vc(f, 1));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0a", "e0010203") NSAP("0b"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 1);
	fake_free(f);
}

/*
 * R2022-5.4-04: the circuit that tells whether the MARS is alive is watched;
 * circuits of senders are not.
 */
static void
watched(void **state)
{
	struct fake *f = fake_new(10, 2, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	assert_true(control->watched);
	assert_false(fake_vc(f, 1)->watched);
	assert_false(fake_calls(f, 77, true)->watched);
	control->dead = true;
	f->link.user->release(
	    f->link.arg, &control->vc, control->vc.cookie, 27);
	assert_false(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	fake_free(f);
}

/*
 * R2022-5.4-03, R2022-5.4.2-01: a circuit to a MARS that is not there after 4 s
 * can't be established, if there is another MARS; without one the call may
 * take its time.
 */
static void
connects_late(void **state)
{
	struct fake *f = fake_new(10, 2, false);

	(void)state;
	marsc_register(f->c);
	fake_wait(f, MTIME_SEC(4) - 1);
	assert_non_null(fake_vc(f, 1));
	assert_null(fake_vc(f, 2));
	fake_wait(f, 1);
	assert_null(fake_vc(f, 1));
	assert_non_null(fake_vc(f, 2));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	/* once it is there, it may be idle for longer */
	fake_ack(f, 2);
	fake_wait(f, MTIME_SEC(9));
	assert_non_null(fake_vc(f, 2));
	fake_free(f);
	f = fake_new(10, 1, false);
	marsc_register(f->c);
	fake_wait(f, MTIME_SEC(9));
	assert_non_null(fake_vc(f, 1));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 0);
	fake_free(f);
}

/* The owner gives up as soon as it hears that its MARS has failed. */
static void
gives_up(struct fake *f)
{
	if (f->notes[f->nnotes - 1].code == MARSC_NOTICE_MARS_FAILED)
		marsc_deregister(f->c);
}

/* Then nothing goes on: not the same MARS, nor the next one. */
static void
who_gives_up_when_told_is_left_alone(void **state)
{
	struct fake *f;
	size_t servers;

	(void)state;
	for (servers = 1; servers <= 2; servers++) {
		f = fake_new(10, servers, false);
		f->told = gives_up;
		marsc_register(f->c);
		fake_call_fails(f, 1);
		if (servers == 2)
			fake_call_fails(f, 2);
		assert_int_equal(f->c->reg.state, MARSC_REG_OFF);
		assert_int_equal(fake_noted(f, MARSC_NOTICE_NO_MARS, NULL), 0);
		fake_wait(f, MTIME_SEC(100));
		assert_int_equal(f->ts.count, 0);
		fake_silent(f);
		assert_int_equal(marsc_violations(f->c), 0);
		fake_free(f);
	}
	f = fake_new(10, 2, false);
	fake_registered(f);
	f->told = gives_up;
	marsc_reg_problem(f->c, "test");
	assert_int_equal(f->c->reg.state, MARSC_REG_OFF);
	fake_wait(f, MTIME_SEC(100));
	assert_int_equal(f->ts.count, 0);
	assert_int_equal(marsc_violations(f->c), 0);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(registration),
		cmocka_unit_test(deregistration),
		cmocka_unit_test(deregistration_unheard),
		cmocka_unit_test(alone),
		cmocka_unit_test(backups),
		cmocka_unit_test(silent_map),
		cmocka_unit_test(control_gone),
		cmocka_unit_test(idle),
		cmocka_unit_test(hard),
		cmocka_unit_test(soft),
		cmocka_unit_test(soft_joining),
		cmocka_unit_test(soft_leaving),
		cmocka_unit_test(soft_late),
		cmocka_unit_test(control_from_before),
		cmocka_unit_test(soft_old_gone),
		cmocka_unit_test(soft_both_gone),
		cmocka_unit_test(soft_fails),
		cmocka_unit_test(trust),
		cmocka_unit_test(map_parts),
		cmocka_unit_test(map_table),
		cmocka_unit_test(called),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(protocols),
		cmocka_unit_test(call_fails_later),
		cmocka_unit_test(failover),
		cmocka_unit_test(soft_paths),
		cmocka_unit_test(map_backup),
		cmocka_unit_test(one_server),
		cmocka_unit_test(idle_configured),
		cmocka_unit_test(watched),
		cmocka_unit_test(connects_late),
		cmocka_unit_test(who_gives_up_when_told_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
