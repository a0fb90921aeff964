/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Rows of a listing, as marsctl would be sent them. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ctl.h"

static struct {
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE];
	uint8_t		 buf[CTL_ROW_MAX];
	struct wr	 w;
} rows;

/* A listing from its start. */
#define ROWS_BEGIN() memset(rows.cursor, 0, sizeof(rows.cursor))

/* Its next row, which has to fit; false: there are no more. */
#define ROWS_NEXT(show, core) \
	(wr_init(&rows.w, rows.buf, sizeof(rows.buf)), \
	rows_check(show((core), rows.cursor, &rows.w)))

static inline bool
rows_check(bool more)
{
	assert_false(wr_failed(&rows.w));
	if (!more)
		assert_int_equal(rows.w.len, 0);
	return more;
}

static inline struct rd
rows_last(void)
{
	struct rd r;

	rd_init(&r, rows.buf, rows.w.len);
	return r;
}

/* The value of this name in the last row. */
static inline struct ctl_value *
rows_value(const char *name)
{
	static struct ctl_value v;
	struct rd r = rows_last();

	if (!ctl_find(&r, name, &v))
		fail_msg("no %s", name);
	return &v;
}

static inline void
rows_string(const char *name, const char *expected)
{
	struct ctl_value *v = rows_value(name);

	assert_int_equal(v->tag, CTL_STRING);
	assert_string_equal(v->string, expected);
}

static inline void
rows_number(const char *name, uint64_t expected)
{
	struct ctl_value *v = rows_value(name);

	assert_true(v->tag == CTL_UINT || v->tag == CTL_INT ||
	    v->tag == CTL_BOOL);
	assert_int_equal(v->number, expected);
}

/* An array of strings, in this order, separated by blanks. */
static inline void
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

#endif
