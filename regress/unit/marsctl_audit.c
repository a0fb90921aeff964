/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl audit makes of what Linux says of a process in /proc. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "marsctl/audit_process.h"

static char found[512];

static void
note(void *arg, enum audit_id id, const void *at, const char *sentence)
{
	(void)arg;
	(void)at;
	(void)strlcat(found, audit_rules[id].id, sizeof(found));
	(void)strlcat(found, ": ", sizeof(found));
	(void)strlcat(found, sentence, sizeof(found));
	(void)strlcat(found, "\n", sizeof(found));
}

static const struct audit audit = { note, NULL, 0 };

static const struct marsctl_audit_process scspd = { .name = "scspd",
	.keys = true, .has_user = true, .uid = 321 };
static const struct marsctl_audit_process mars = { .name = "mars",
	.parent = true };

#define STATUS(uid, lck, cap, nnp, seccomp) \
	"Name:\tscspd\nPPid:\t77\nUid:\t" uid "\t0\t0\t0\nVmLck:\t  " lck \
	" kB\nCapEff:\t" cap "\nNoNewPrivs:\t" nnp "\nSeccomp:\t" seccomp \
	"\nSeccomp_filters:\t1\n"
#define NONE	"0000000000000000"

static void
a_process_is_what_the_kernel_says(void **state)
{
	const struct {
		const struct marsctl_audit_process *p;
		const char	*status, *found;
	} t[] = {
		{ &scspd, STATUS("321", "4096", NONE, "1", "2"), "" },
		{ &mars, STATUS("0", "0", "000001ffffffffff", "1", "2"), "" },
		{ &scspd, STATUS("322", "4096", NONE, "1", "2"),
		    "confinement-less: scspd has user id 322, and should have "
		    "321\n" },
		{ &scspd, STATUS("321", "4096", "0000000000000400", "1", "2"),
		    "confinement-less: scspd has capabilities\n" },
		{ &scspd, STATUS("321", "4096", NONE, "0", "2"),
		    "confinement-less: scspd can gain rights by a program that "
		    "it executes\n" },
		{ &scspd, STATUS("321", "4096", NONE, "1", "0"),
		    "confinement-less: scspd has no filter of system calls\n" },
		{ &scspd, STATUS("321", "0", NONE, "1", "2"),
		    "key-swappable: scspd has locked no memory\n" },
		{ &mars, STATUS("0", "0", "000001ffffffffff", "1", "0"),
		    "confinement-less: mars has no filter of system calls\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		*found = '\0';
		assert_int_equal(
		    marsctl_audit_status(&audit, t[i].p, t[i].status), 77);
		assert_string_equal(found, t[i].found);
	}
	/* what is not said is not believed */
	*found = '\0';
	assert_int_equal(marsctl_audit_status(&audit, &scspd, ""), 0);
	assert_non_null(strstr(found, "user id 0"));
	assert_non_null(strstr(found, "no filter"));
}

static void
a_core_has_to_be_impossible(void **state)
{
#define LIMITS(core) \
	"Limit                     Soft Limit           Hard Limit\n" \
	"Max data size             unlimited            unlimited\n" \
	"Max core file size        " core "                    0   bytes\n"

	(void)state;
	*found = '\0';
	marsctl_audit_core(&audit, &scspd, LIMITS("0"));
	assert_string_equal(found, "");
	marsctl_audit_core(&audit, &scspd, LIMITS("4096"));
	assert_string_equal(
	    found, "core-dumps: scspd may leave a core of 4096 octets\n");
	*found = '\0';
	marsctl_audit_core(&audit, &scspd, LIMITS("unlimited"));
	assert_string_equal(found,
	    "core-dumps: scspd may leave a core of unlimited octets\n");
}

static void
what_was_replaced_is_gone(void **state)
{
	(void)state;
#define MAP(perms, path) "7f00-7f10 " perms " 0000 08:01 42   " path "\n"
	assert_true(marsctl_audit_gone(MAP("r-xp", "/usr/lib/x (deleted)")));
	assert_false(marsctl_audit_gone(MAP("r-xp", "/usr/lib/x")));
	/* data of no program */
	assert_false(marsctl_audit_gone(MAP("rw-s", "/dev/zero (deleted)")));
	assert_false(marsctl_audit_gone(MAP("r-xp", "[vdso]")));
	assert_false(marsctl_audit_gone(MAP("r-xp", "/x deleted)")));
	assert_false(marsctl_audit_gone(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_what_the_kernel_says),
		cmocka_unit_test(a_core_has_to_be_impossible),
		cmocka_unit_test(what_was_replaced_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
