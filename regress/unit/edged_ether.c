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

#include "edged/ether.h"
#include "unhex.h"

#define LINK	"02aabbccddee"
#define FROM4	"45000014 00000000 0811 0000 0a010101"
#define FROM6	"60000000 00001108 fe80000000000000 0000000000000001"

static void
head_is(const char *ip, const char *expected)
{
	uint8_t *link, *packet, *e, head[EDGED_ETHER_HEAD];
	size_t len;

	link = unhex(LINK, &len);
	packet = unhex(ip, &len);
	e = unhex(expected, &len);
	assert_int_equal(len, EDGED_ETHER_HEAD);
	edged_ether_head(head, link, packet);
	assert_memory_equal(head, e, EDGED_ETHER_HEAD);
	free(link);
	free(packet);
	free(e);
}

/* RFC 1112 6.4: the low 23 bits of the group */
static void
groups_of_ipv4(void **state)
{
	(void)state;
	head_is(FROM4 "ef010203", "01005e010203" LINK "0800");
	head_is(FROM4 "e0ffffff", "01005e7fffff" LINK "0800");
}

/* RFC 2464 7: the last four octets of the group */
static void
groups_of_ipv6(void **state)
{
	(void)state;
	head_is(FROM6 "ff0e000000000000 00000000a1b2c3d4",
	    "3333a1b2c3d4" LINK "86dd");
}

/*
 * RFC 4291 2.7.1: a host listens to the group of the low 24 bits of its
 * address, behind ff; its own link-layer address is not known
 */
static void
hosts_of_ipv6(void **state)
{
	(void)state;
	head_is(FROM6 "20010db800000000 00000000a1b2c3d4",
	    "3333ffb2c3d4" LINK "86dd");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_of_ipv4),
		cmocka_unit_test(groups_of_ipv6),
		cmocka_unit_test(hosts_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
