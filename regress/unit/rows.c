/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rows.h"

struct rows rows;

bool
rows_check(bool more)
{
	assert_false(wr_failed(&rows.w));
	if (!more)
		assert_int_equal(rows.w.len, 0);
	return more;
}

static struct rd
rows_last(void)
{
	struct rd r;

	rd_init(&r, rows.buf, rows.w.len);
	return r;
}

struct ctl_value *
rows_value(const char *name)
{
	static struct ctl_value v;
	struct rd r = rows_last();

	if (!ctl_find(&r, name, &v))
		fail_msg("no %s", name);
	return &v;
}

void
rows_string(const char *name, const char *expected)
{
	struct ctl_value *v = rows_value(name);

	assert_int_equal(v->tag, CTL_STRING);
	assert_string_equal(v->string, expected);
}

void
rows_number(const char *name, uint64_t expected)
{
	struct ctl_value *v = rows_value(name);

	assert_true(v->tag == CTL_UINT || v->tag == CTL_INT ||
	    v->tag == CTL_AGE || v->tag == CTL_BOOL);
	assert_int_equal(v->number, expected);
}

void
rows_null(const char *name)
{
	assert_int_equal(rows_value(name)->tag, CTL_NULL);
}

void
rows_array(const char *name, const char *expected)
{
	struct rd r = rows_last();
	struct ctl_value v;
	char all[1024] = "";

	assert_true(ctl_find(&r, name, &v));
	assert_int_equal(v.tag, CTL_ARRAY);
	while (ctl_next(&r, &v) && v.tag == CTL_STRING) {
		if (*all != '\0')
			(void)strlcat(all, " ", sizeof(all));
		(void)strlcat(all, v.string, sizeof(all));
	}
	assert_int_equal(v.tag, CTL_CLOSE);
	assert_string_equal(all, expected);
}
