/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Text within JSON strings: RFC 8259 section 7, and UTF-8 by RFC 3629. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"

static void
written(const char *in, const char *expected)
{
	char out[1024] = "", buf[JSON_CHAR_SIZE];

	while (*in != '\0')
		assert_true(strlcat(out, json_char(&in, buf), sizeof(out)) <
		    sizeof(out));
	assert_string_equal(out, expected);
}

static void
quotes_and_backslashes_are_escaped(void **state)
{
	(void)state;
	written("", "");
	written("a\"b\\c/", "a\\\"b\\\\c/");
	written("\"\"", "\\\"\\\"");
}

/* Every control character, and DEL, which JSON would allow as it is. */
static void
control_characters_are_numbers(void **state)
{
	char in[2] = "", out[8];
	int i;

	(void)state;
	for (i = 1; i < 0x80; i++) {
		in[0] = (char)i;
		if (i < 0x20 || i == 0x7f)
			snprintf(out, sizeof(out), "\\u%04x", (unsigned int)i);
		else if (i == '"' || i == '\\')
			snprintf(out, sizeof(out), "\\%c", i);
		else
			(void)strlcpy(out, in, sizeof(out));
		written(in, out);
	}
}

/* The first and the last character of each length. */
static void
well_formed_utf8_stays(void **state)
{
	static const char *const good[] = {
		"\302\200", "\337\277",
		"\340\240\200", "\355\237\277", "\356\200\200", "\357\277\277",
		"\360\220\200\200", "\364\217\277\277",
		"\303\244\342\202\254\360\237\230\200",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		written(good[i], good[i]);
		if (i < 8)
			assert_int_equal(
			    json_utf8_length(good[i]), strlen(good[i]));
	}
	assert_int_equal(json_utf8_length(""), 0);
	assert_int_equal(json_utf8_length("ab"), 1);
}

/* One replacement for each octet, and what follows is read as usual. */
static void
other_octets_are_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "\377x\200", "\\ufffdx\\ufffd" },
		/* overlong, also of NUL */
		{ "\300\200", "\\ufffd\\ufffd" },
		{ "\300\257", "\\ufffd\\ufffd" },
		{ "\340\200\257", "\\ufffd\\ufffd\\ufffd" },
		{ "\340\237\277", "\\ufffd\\ufffd\\ufffd" },
		{ "\360\217\277\277", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		/* a surrogate, above U+10FFFF */
		{ "\355\240\200", "\\ufffd\\ufffd\\ufffd" },
		{ "\364\220\200\200", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "\365\200\200\200", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		/* cut short by the end, by another character, by a quote */
		{ "\303", "\\ufffd" },
		{ "\342\202", "\\ufffd\\ufffd" },
		{ "\360\237\230", "\\ufffd\\ufffd\\ufffd" },
		{ "\342\202x", "\\ufffd\\ufffdx" },
		{ "\303\"", "\\ufffd\\\"" },
		{ "\342\303\244", "\\ufffd\303\244" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		written(t[i].in, t[i].out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_and_backslashes_are_escaped),
		cmocka_unit_test(control_characters_are_numbers),
		cmocka_unit_test(well_formed_utf8_stays),
		cmocka_unit_test(other_octets_are_replaced),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
