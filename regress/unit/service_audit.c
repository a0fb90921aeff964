/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The listing for marsctl audit, of a process that never runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "regress/unit/rows.h"
#include "service_parts.h"

#define KEYS	300

static struct service service;
static unsigned int asked;	/* the core, what it finds */

static void
core_finds(void *arg, const struct audit *a)
{
	(void)arg;
	asked++;
	audit_found(a, AUDIT_CMI_OVERLAP, NULL, "one of the core");
	audit_found(a, AUDIT_CMI_OVERLAP, NULL, "two of the core");
}

static const struct service_hooks hooks = {
	.name = "scspd",
	.has_keys = true,
	.audit_of = AUDIT_OF_SCSPD,
	.audit = core_finds,
};

/* Keys of one octet, no two of which are the same, that never end. */
static void
keys_make(struct conf *c)
{
	struct conf_key *k;
	uint32_t i;

	for (i = 0; i < KEYS; i++) {
		assert_non_null(k = calloc(1, sizeof(*k)));
		k->spi = 1000 + i;
		k->algorithm = CONF_HMAC_SHA256;
		k->len = 2;
		k->secret[0] = (uint8_t)(i >> 8);
		k->secret[1] = (uint8_t)i;
		TAILQ_INSERT_TAIL(&c->keys, k, entry);
	}
}

/* How often each was told in the listing. */
struct told {
	unsigned int	confinement, core, endless, brief;
};

static void
tell(struct told *t)
{
	const char *id = rows_value("id")->string;

	t->confinement += strcmp(id, "confinement-less") == 0;
	t->core += strcmp(id, "cmi-overlap") == 0;
	t->endless += strcmp(id, "key-lifetime") == 0;
	t->brief += strcmp(id, "key-short") == 0;
	rows_string("process", "scspd");
}

/*
 * The whole of a configuration was looked at anew for each row: with
 * thousands of keys scspd hung.
 */
static void
nothing_is_looked_for_in_each_row(void **state)
{
	struct told t = { 0 };

	(void)state;
	service.hooks = &hooks;
	assert_non_null(service.conf = conf_new());
	keys_make(service.conf);
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(service_show_audit, &service));
	rows_null("user");
	rows_number("keys", 1);
	while (ROWS_NEXT(service_show_audit, &service))
		tell(&t);
	assert_int_equal(t.core, 2);
	assert_int_equal(t.endless, KEYS);
	assert_int_equal(t.brief, KEYS);
	assert_in_range(t.confinement, 1, 2);
	/* for each row of its own, and to see that there are no more */
	assert_in_range(asked, 1, 3);
	conf_free(service.conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_looked_for_in_each_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
