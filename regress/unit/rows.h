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

/* The listing that is read, and its last row. */
struct rows {
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE];
	uint8_t		 buf[CTL_ROW_MAX];
	struct wr	 w;
};
extern struct rows rows;

/* A listing from its start. */
#define ROWS_BEGIN()	memset(rows.cursor, 0, sizeof(rows.cursor))
/* Its next row, which has to fit; false: there are no more. */
#define ROWS_NEXT(show, core) \
	(wr_init(&rows.w, rows.buf, sizeof(rows.buf)), \
	rows_check(show((core), rows.cursor, &rows.w)))
bool	rows_check(bool more);

/* The value of this name in the last row, which has it. */
struct ctl_value *rows_value(const char *name);
/* It has this value, with one of these types. */
void	rows_string(const char *name, const char *expected);
void	rows_number(const char *name, uint64_t expected);
/* There is no such value now. */
void	rows_null(const char *name);
/* It is an array of strings, in this order, with blanks between. */
void	rows_array(const char *name, const char *expected);

#endif
