/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of scspd when there is no memory for a record.
 * The cache is compiled in here, with an allocator that fails when told to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "slab.h"

static uint32_t	fail_at;	/* which of the next calls fails; 0: none */

static void *
short_malloc(size_t n)
{
	return fail_at != 0 && --fail_at == 0 ? NULL : malloc(n);
}

static void *
short_get(struct slab *s)
{
	return fail_at != 0 && --fail_at == 0 ? NULL : slab_get(s);
}

#define malloc		short_malloc
#define slab_get	short_get
#include "scspd/cache.c"
#undef malloc
#undef slab_get

#include "scspnet.h"

#define LS	1
#define DCS	0
#define SIDE	&n->node[LS], DCS	/* under test, and its neighbor */

/*
 * R2334-2.3-10, R2334-B.2.3-02: what could not be kept is not acknowledged,
 * though the rest of its message is; it comes again, and then it is.
 */
static void
what_could_not_be_kept_is_not_acknowledged(void **state)
{
	struct net *n;
	struct rawpkt p;
	const struct heard *h;
	uint32_t at;

	(void)state;
	for (at = 1; at <= 2; at++) { /* the entry, its contents */
		n = raw_aligned(LS, DCS, -1);
		fail_at = at;
		raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
		raw_record(&p, 9, RAW_ID(DCS), 4, 10, false, "Jno");
		raw_record(&p, 9, RAW_ID(DCS), 5, 10, false, "Jyes");
		raw_done(n, DCS, &p);
		net_run(n, 10);
		assert_int_equal(fail_at, 0);
		assert_null(node_entry(&n->node[LS], DCS, 4));
		assert_non_null(node_entry(&n->node[LS], DCS, 5));
		assert_counter(SIDE, "memory", 1);
		assert_shows(SIDE, "alignment", "Aligned");
		h = raw_nth(n, DCS, 3, 0);
		assert_non_null(h);
		assert_int_equal(raw_get(h, 18, 2), 1);
		assert_int_equal(raw_get(h, 40, 4), 5);
		raw_done(n, DCS, &p);
		net_run(n, 10);
		assert_non_null(node_entry(&n->node[LS], DCS, 4));
		assert_int_equal(raw_get(raw_nth(n, DCS, 3, 1), 18, 2), 2);
		net_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_not_be_kept_is_not_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
