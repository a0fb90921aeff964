/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <unistd.h>

#include "marsc_fake.h"
#include "vc_udp.h"

#define G	"e0010203"
#define G3	"e0010203 e0010203"
#define REQUEST	HEAD("01") "14 00 00 00 00 04 0000000000000000 " NSAP("0a") G
/* an IPv4 packet's first 20 octets, to 224.1.2.3, of a sender with CMI 7 */
#define PACKET	"aaaa03 00005e 0001 0007 0800 " \
	"4500001400000000 40110000 0a000001 e0010203"

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };

/*
 * R2022-6.2.3-01, -03, -04, -06, R2022-7.1-01, R2022-6.2.2-01, A-118: an MCS
 * registers with MARS_MSERV and deregisters with MARS_UNSERV; the CMI is zero.
 */
static void
registration(void **state)
{
	struct fake *f = fake_new(10, 1, true);
	struct fvc *v;

	(void)state;
	marsc_register(f->c);
	v = fake_ack(f, 1);
	fake_expect(
	    f, JOIN("03", "00", "0001", "2000", "0000", "00000000", "0a"));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(
	    f, JOIN("03", "00", "0001", "2000", "0000", "00000000", "0a"));
	/* a JOIN is no copy of an MSERV */
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6000", "0000", "00000010", "0a"));
	assert_false(marsc_is_registered(f->c));
	fake_says(
	    f, v, JOIN("03", "00", "0001", "6000", "0000", "00000010", "0a"));
	assert_true(marsc_is_registered(f->c));
	assert_int_equal(f->c->hsn.value, 0x10); /* the SSN */
	marsc_deregister(f->c);
	fake_expect(
	    f, JOIN("07", "00", "0001", "2000", "0000", "00000000", "0a"));
	fake_says(
	    f, v, JOIN("07", "00", "0001", "6000", "0000", "00000011", "0a"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_DEREGISTERED, NULL), 1);
	fake_free(f);
}

/*
 * R2022-6.2.2-02, -03, -05, -17: MARS_MSERV and MARS_UNSERV of <X,X> on the
 * point-to-point circuit, without register and without layer3grp.
 */
static void
serving(void **state)
{
	struct fake *f = fake_new(10, 1, true);
	struct fvc *control = fake_registered(f);

	(void)state;
	marsc_join(f->c, &group, &group, true);
	fake_expect(
	    f, JOIN("03", "04", "0001", "0000", "0000", "00000000", "0a") G3);
	assert_ptr_equal(&f->vcs[f->sent[f->nsent - 1].vc], fake_vc(f, 1));
	fake_says(f, control,
	    JOIN("03", "04", "0001", "4000", "0000", "00000065", "0a") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
	marsc_leave(f->c, &group, &group);
	fake_expect(
	    f, JOIN("07", "04", "0001", "0000", "0000", "00000000", "0a") G3);
	/* another server's is not ours */
	fake_says(f, control,
	    JOIN("07", "04", "0001", "4000", "0000", "00000066", "0b") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 0);
	fake_says(f, control,
	    JOIN("07", "04", "0001", "4000", "0000", "00000067", "0a") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 0);
	fake_free(f);
}

/*
 * R2022-7.2-01, R2022-7.3-01, -02, -03, R2022-6.2.5-04, A-96: data goes out as
 * it came; the members are asked for once, then SJOIN and SLEAVE move them, and
 * a jump of the SSN revalidates.
 */
static void
forwarding(void **state)
{
	struct fake *f = fake_new(10, 1, true);
	struct fvc *control = fake_registered(f), *v;

	(void)state;
	v = fake_calls(f, 77, true);
	assert_non_null(v);
	fake_says(f, v, PACKET); /* not served: nowhere to go */
	fake_silent(f);
	marsc_join(f->c, &group, &group, true);
	assert_non_null(fake_next(f));
	fake_says(f, v, PACKET); /* nor yet */
	fake_silent(f);
	fake_says(f, control,
	    JOIN("03", "04", "0001", "4000", "0000", "00000065", "0a") G3);
	fake_says(f, v, PACKET);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000065", "0a", G) NSAP("0b"));
	fake_leaf_ack(f, 11);
	fake_expect(f, PACKET);
	fake_says(f, control,
	    JOIN("08", "04", "0001", "4000", "0000", "00000066", "0d") G3);
	assert_non_null(fake_leaf(f, 13));
	fake_says(f, control,
	    JOIN("09", "04", "0001", "4000", "0000", "00000067", "0b") G3);
	assert_null(fake_leaf(f, 11));
	/* a member's JOIN is nothing to a server */
	fake_says(f, control,
	    JOIN("04", "04", "0001", "4000", "0000", "00000068", "0e") G3);
	assert_null(fake_leaf(f, 14));
	fake_says(f, control,
	    JOIN("09", "04", "0001", "4000", "0000", "0000006a", "0e") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 1);
	fake_wait(f, MTIME_SEC(10));
	fake_says(f, v, PACKET);
	fake_expect(f, PACKET);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/* R2022-7.4-01: MARS_REDIRECT_MAP on ServerControlVC is followed */
static void
redirect(void **state)
{
	struct fake *f = fake_new(10, 1, true);
	struct fvc *control = fake_registered(f);

	(void)state;
	fake_says(
	    f, control, MAP("80", "0001", "8001", "00000065", "01") NSAP("02"));
	fake_wait(f, MTIME_SEC(10));
	fake_ack(f, 2);
	fake_expect(
	    f, JOIN("03", "00", "0001", "2000", "0000", "00000000", "0a"));
	fake_free(f);
}

/* A server with members 0b of 224.1.2.3: its path is up. */
static struct fvc *
served(struct fake *f, struct fvc *control)
{
	struct fvc *v = fake_calls(f, 77, true);

	marsc_join(f->c, &group, &group, true);
	assert_non_null(fake_next(f));
	fake_says(f, control,
	    JOIN("03", "04", "0001", "4000", "0000", "00000065", "0a") G3);
	fake_says(f, v, PACKET);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000065", "0a", G) NSAP("0b"));
	fake_leaf_ack(f, 11);
	fake_expect(f, PACKET);
	return v;
}

/*
 * R2022-6.2.2-17: the only server of a group with members may go; what still
 * comes for the group is not sent on.
 */
static void
withdrawn(void **state)
{
	struct fake *f = fake_new(10, 1, true);
	struct fvc *control = fake_registered(f), *v = served(f, control);

	(void)state;
	assert_int_equal(marsc_leave(f->c, &group, &group), MARSC_OK);
	fake_expect(
	    f, JOIN("07", "04", "0001", "0000", "0000", "00000000", "0a") G3);
	fake_says(f, control,
	    JOIN("07", "04", "0001", "4000", "0000", "00000066", "0a") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	fake_says(f, v, PACKET);
	fake_silent(f);
	assert_int_equal(fake_drops(f, MARSC_DROP_DATA), 1);
	fake_free(f);
}

/*
 * R2022-7.1-04, R2022-7.3-01: one server for two groups: a circuit for each,
 * whose members differ; one that is shut leaves the other.
 */
static void
two_groups(void **state)
{
	static const char *const packet4 =
	    "aaaa03 00005e 0001 0007 0800 "
	    "4500001400000000 40110000 0a000001 e0010204";
	struct fake *f = fake_new(10, 1, true);
	struct fvc *control = fake_registered(f), *v = served(f, control);
	struct paddr other = fake_group(224, 1, 2, 4);

	(void)state;
	marsc_join(f->c, &other, &other, true);
	fake_expect(f,
	    JOIN("03", "04", "0001", "0000", "0000", "00000000",
	    "0a") "e0010204 e0010204");
	fake_says(f, control,
	    JOIN("03", "04", "0001", "4000", "0000", "00000066",
	    "0a") "e0010204 e0010204");
	fake_says(f, v, packet4);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000066", "0a", "e0010204") NSAP("0c"));
	fake_leaf_ack(f, 12);
	fake_expect(f, packet4);
	assert_int_equal(fake_live_roots(f), 2);
	assert_ptr_not_equal(
	    fake_leaf(f, 11)->leaf.root, fake_leaf(f, 12)->leaf.root);
	assert_ptr_equal(
	    &f->vcs[f->sent[f->nsent - 1].vc], fake_leaf(f, 12)->leaf.root);
	fake_says(f, control,
	    JOIN("09", "04", "0001", "4000", "0000", "00000067",
	    "0c") "e0010204 e0010204");
	assert_int_equal(fake_live_roots(f), 1);
	fake_says(f, v, PACKET);
	fake_expect(f, PACKET);
	fake_free(f);
}

/*
 * R2022-7.1-02, R2022-6.2.3-08: two servers and a member on one interface:
 * each registers for itself, with its own address.
 */
static void
logical(void **state)
{
	struct fake *a = fake_new(10, 1, true), *b = fake_new(11, 1, true);
	struct fake *m = fake_new(12, 1, false);
	struct fvc *v;

	(void)state;
	fake_registered(a);
	marsc_register(b->c);
	v = fake_ack(b, 1);
	fake_expect(
	    b, JOIN("03", "00", "0001", "2000", "0000", "00000000", "0b"));
	/* a's is no copy for b */
	fake_says(
	    b, v, JOIN("03", "00", "0001", "6000", "0000", "00000064", "0a"));
	assert_false(marsc_is_registered(b->c));
	fake_says(
	    b, v, JOIN("03", "00", "0001", "6000", "0000", "00000064", "0b"));
	assert_true(marsc_is_registered(b->c));
	marsc_register(m->c);
	v = fake_ack(m, 1);
	fake_expect(
	    m, JOIN("04", "00", "0001", "2001", "0000", "00000000", "0c"));
	fake_free(a);
	fake_free(b);
	fake_free(m);
}

/*
 * R2022-6.2.3-09, R2022-7.1-03: an address is one entity's: nobody else on
 * this interface can have it, but its neighbor by SEL can be had.
 */
static void
own_address(void **state)
{
	struct atm_addr a, b;
	uint16_t port;
	int fd, other;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "127.0.0.43%1"), 0);
	assert_int_equal(atm_addr_parse(&b, "127.0.0.43%2"), 0);
	do { /* until a port is free */
		port = (uint16_t)(20000 + arc4random_uniform(9000));
		fd = vc_udp_socket(&a, port);
	} while (fd == -1 && errno == EADDRINUSE);
	if (fd == -1) /* no such address on this machine */
		skip();
	assert_int_equal(vc_udp_socket(&a, port), -1);
	assert_int_equal(errno, EADDRINUSE);
	other = vc_udp_socket(&b, port);
	assert_int_not_equal(other, -1);
	close(fd);
	close(other);
}

/*
 * R2022-7.4-01, R2443-5.2-03, R2443-2-12: the MARS dies: a server goes to the
 * next one, registers there alone, and serves there what it served.
 */
static void
backup(void **state)
{
	struct fake *f = fake_new(10, 3, true);
	struct fvc *control = fake_registered(f), *v;

	(void)state;
	marsc_join(f->c, &group, &group, true);
	assert_non_null(fake_next(f));
	fake_says(f, control,
	    JOIN("03", "04", "0001", "4000", "0000", "00000065", "0a") G3);
	assert_null(fake_vc(f, 2));
	control->dead = true;
	f->link.user->release(f->link.arg, &control->vc, control->vc.cookie,
	    VC_CAUSE_OUT_OF_ORDER);
	fake_wait(f, MTIME_SEC(10));
	fake_call_fails(f, 1);
	v = fake_ack(f, 2);
	fake_expect(
	    f, JOIN("03", "00", "0001", "2000", "0000", "00000000", "0a"));
	fake_says(
	    f, v, JOIN("03", "00", "0001", "6000", "0000", "00000001", "0a"));
	assert_true(marsc_is_registered(f->c));
	assert_null(fake_vc(f, 1));
	assert_null(fake_vc(f, 3));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(
	    f, JOIN("03", "04", "0001", "0000", "0000", "00000000", "0a") G3);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration),
		cmocka_unit_test(serving),
		cmocka_unit_test(forwarding),
		cmocka_unit_test(redirect),
		cmocka_unit_test(withdrawn),
		cmocka_unit_test(two_groups),
		cmocka_unit_test(logical),
		cmocka_unit_test(own_address),
		cmocka_unit_test(backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
