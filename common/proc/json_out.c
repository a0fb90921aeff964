/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "json.h"
#include "json_out.h"

void
json_out(FILE *f, const char *s)
{
	char buf[JSON_CHAR_SIZE];

	putc('"', f);
	while (*s != '\0')
		fputs(json_char(&s, buf), f);
	putc('"', f);
}
