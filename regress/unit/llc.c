/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "llc.h"
#include "unhex.h"

/*
 * R2022-4.2-01, R2022-5.5-01, R2022-5.5-02: MARS, both kinds of data, and
 * SCSP (RFC 2334 appendix B).
 */
static void
code_points(void **state)
{
	static const struct {
		const char *hex;
		uint32_t oui;
		uint16_t pid;
	} t[] = {
		{ "aaaa03 00005e 0001", LLC_OUI_IANA, LLC_PID_T1 },
		{ "aaaa03 00005e 0003", LLC_OUI_IANA, LLC_PID_MARS },
		{ "aaaa03 00005e 0004", LLC_OUI_IANA, LLC_PID_T2 },
		{ "aaaa03 00005e 0005", LLC_OUI_IANA, LLC_PID_SCSP },
		{ "aaaa03 000000 0806", LLC_OUI_ETHER, 0x0806 },
		{ "aaaa03 123456 789a", 0x123456, 0x789a },
	};
	uint8_t *want, got[LLC_LEN + 1];
	uint32_t oui;
	uint16_t pid;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		want = unhex(t[i].hex, &len);
		got[LLC_LEN] = 0x5a;
		llc_encode(got, t[i].oui, t[i].pid);
		assert_memory_equal(got, want, LLC_LEN);
		assert_int_equal(got[LLC_LEN], 0x5a);
		assert_true(llc_decode(want, len, &oui, &pid));
		assert_int_equal(oui, t[i].oui);
		assert_int_equal(pid, t[i].pid);
		free(want);
	}
}

/* R2022-4.2-04: nothing else, and nothing shorter, is LLC/SNAP. */
static void
refused(void **state)
{
	size_t len, n;
	uint8_t *buf = unhex("aaaa03 00005e 0003", &len), *cut;
	uint32_t oui;
	uint16_t pid;

	(void)state;
	for (n = 0; n < len; n++) {
		cut = clone(buf, n);
		assert_false(llc_decode(cut, n, &oui, &pid));
		free(cut);
	}
	for (n = 0; n < 3; n++) {
		buf[n] ^= 1;
		assert_false(llc_decode(buf, len, &oui, &pid));
		buf[n] ^= 1;
	}
	assert_true(llc_decode(buf, len, &oui, &pid));
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_points),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
