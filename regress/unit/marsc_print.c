/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsc prints, as marsc(1) says.  */
#include <stdio.h>

#include "marsc_fake.h"
#include "marsc/tool/print.h"

/* what was printed; every use frees what the one before gave */
static char *text;
static size_t text_len;

static struct marsc_printer
open_printer(bool json)
{
	free(text);
	text = NULL;
	return (struct marsc_printer){ .out = open_memstream(&text, &text_len),
	    .json = json };
}

static void
printed(struct marsc_printer *p, const char *want)
{
	fclose(p->out);
	assert_string_equal(text, want);
	free(text);
	text = NULL;
}

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };
static const struct paddr last = { .len = 4, .a = { 224, 1, 2, 9 } };
static struct atm_addr client, server, leaves[2];

static int
setup(void **state)
{
	(void)state;
	client = fake_addr(10);
	server = fake_addr(1);
	leaves[0] = fake_addr(11);
	leaves[1] = fake_addr(12);
	return 0;
}

#define C	"\"client\":\"127.0.0.10\""
#define S	",\"server\":\"127.0.0.1\""
#define G	",\"group\":\"224.1.2.3\""
#define SERVER	.server = &server
#define GROUP	.min = &group, .max = &group
#define BLOCK	.min = &group, .max = &last

static const struct paddr groups[2] = {
	{ .len = 4, .a = { 224, 1, 2, 3 } },
	{ .len = 4, .a = { 224, 1, 2, 9 } },
};

/* Every notice but HEARD, in both forms. */
static const struct {
	struct marsc_notice n;
	const char *json, *plain;
} notices[] = {
	{ { .code = MARSC_NOTICE_REGISTERED, SERVER, .number = 7 },
	    "{\"event\":\"registered\"," C S ",\"cmi\":7}\n",
	    "registered with 127.0.0.1 cmi 7\n" },
	{ { .code = MARSC_NOTICE_REGISTERED, SERVER, .number = 7,
	    .why = "soft" },
	    "{\"event\":\"registered\"," C S ",\"cmi\":7,\"why\":\"soft\"}\n",
	    "registered with 127.0.0.1 cmi 7\n" },
	{ { .code = MARSC_NOTICE_DEREGISTERED, SERVER },
	    "{\"event\":\"deregistered\"," C S "}\n",
	    "deregistered from 127.0.0.1\n" },
	{ { .code = MARSC_NOTICE_DEREGISTERED, SERVER, .why = "no answer" },
	    "{\"event\":\"deregistered\"," C S ",\"why\":\"no answer\"}\n",
	    "deregistered from 127.0.0.1 (no answer)\n" },
	{ { .code = MARSC_NOTICE_JOINED, SERVER, GROUP },
	    "{\"event\":\"joined\"," C S G "}\n",
	    "joined 224.1.2.3\n" },
	{ { .code = MARSC_NOTICE_JOINED, SERVER, BLOCK },
	    "{\"event\":\"joined\"," C S
	    ",\"min\":\"224.1.2.3\",\"max\":\"224.1.2.9\"}\n",
	    "joined 224.1.2.3-224.1.2.9\n" },
	{ { .code = MARSC_NOTICE_LEFT, SERVER, GROUP },
	    "{\"event\":\"left\"," C S G "}\n",
	    "left 224.1.2.3\n" },
	{ { .code = MARSC_NOTICE_MEMBERS, SERVER, GROUP, .addrs = leaves,
	    .n = 2 },
	    "{\"event\":\"members\"," C S G
	    ",\"members\":[\"127.0.0.11\",\"127.0.0.12\"]}\n",
	    "members of 224.1.2.3: 127.0.0.11 127.0.0.12\n" },
	{ { .code = MARSC_NOTICE_MEMBERS, SERVER, GROUP },
	    "{\"event\":\"members\"," C S G ",\"members\":[]}\n",
	    "members of 224.1.2.3: none\n" },
	{ { .code = MARSC_NOTICE_GROUPS, SERVER, BLOCK, .groups = groups,
	    .n = 2 },
	    "{\"event\":\"groups\"," C S ",\"min\":\"224.1.2.3\","
	    "\"max\":\"224.1.2.9\",\"groups\":[\"224.1.2.3\","
	    "\"224.1.2.9\"]}\n",
	    "groups in 224.1.2.3-224.1.2.9: 224.1.2.3 224.1.2.9\n" },
	{ { .code = MARSC_NOTICE_GROUPS, SERVER, GROUP },
	    "{\"event\":\"groups\"," C S G ",\"groups\":[]}\n",
	    "groups in 224.1.2.3: none\n" },
	{ { .code = MARSC_NOTICE_QUERY_FAILED, SERVER, GROUP },
	    "{\"event\":\"request-failed\"," C S G "}\n",
	    "no answer about 224.1.2.3\n" },
	{ { .code = MARSC_NOTICE_MARS_FAILED, SERVER, .why = "no circuit" },
	    "{\"event\":\"mars-failed\"," C S ",\"why\":\"no circuit\"}\n",
	    "lost 127.0.0.1 (no circuit)\n" },
	{ { .code = MARSC_NOTICE_NO_MARS, SERVER, .number = 60 },
	    "{\"event\":\"no-mars\"," C S ",\"wait\":60}\n",
	    "no MARS answers, the last was 127.0.0.1\n" },
	{ { .code = MARSC_NOTICE_BACKUP, SERVER },
	    "{\"event\":\"backup\"," C S "}\n",
	    "using backup 127.0.0.1\n" },
	{ { .code = MARSC_NOTICE_REDIRECT, SERVER, .why = "hard" },
	    "{\"event\":\"redirect\"," C S ",\"why\":\"hard\"}\n",
	    "redirected to 127.0.0.1 (hard)\n" },
	{ { .code = MARSC_NOTICE_REDIRECT_FAILED, SERVER },
	    "{\"event\":\"redirect-failed\"," C S "}\n",
	    "no redirect to 127.0.0.1\n" },
	{ { .code = MARSC_NOTICE_JUMP, SERVER, .number = 0xffffffff },
	    "{\"event\":\"jump\"," C S ",\"msn\":4294967295}\n",
	    "missed messages before number 4294967295\n" },
	{ { .code = MARSC_NOTICE_PATH_UP, GROUP },
	    "{\"event\":\"path-up\"," C G "}\n",
	    "path up to 224.1.2.3\n" },
	{ { .code = MARSC_NOTICE_PATH_DOWN, GROUP, .why = "idle" },
	    "{\"event\":\"path-down\"," C G ",\"why\":\"idle\"}\n",
	    "path down to 224.1.2.3 (idle)\n" },
	{ { .code = MARSC_NOTICE_LEAF_ADDED, GROUP, .addrs = leaves, .n = 1 },
	    "{\"event\":\"leaf-added\"," C G ",\"leaf\":\"127.0.0.11\"}\n",
	    "leaf added to 224.1.2.3: 127.0.0.11\n" },
	{ { .code = MARSC_NOTICE_LEAF_DROPPED, GROUP, .addrs = leaves, .n = 1 },
	    "{\"event\":\"leaf-dropped\"," C G
	    ",\"leaf\":\"127.0.0.11\"}\n",
	    "leaf dropped from 224.1.2.3: 127.0.0.11\n" },
	{ { .code = MARSC_NOTICE_REVALIDATE, GROUP },
	    "{\"event\":\"revalidate\"," C G "}\n",
	    "revalidating 224.1.2.3\n" },
	{ { .code = MARSC_NOTICE_SENT, GROUP, .number = 1, .members = 2,
	    .addrs = leaves, .n = 2 },
	    "{\"event\":\"sent\"," C G ",\"packets\":1,"
	    "\"members\":[\"127.0.0.11\",\"127.0.0.12\"]}\n",
	    "sent to 224.1.2.3: 127.0.0.11 127.0.0.12\n" },
	{ { .code = MARSC_NOTICE_SENT, GROUP, .number = 3, .members = 1,
	    .addrs = leaves, .n = 1 },
	    "{\"event\":\"sent\"," C G ",\"packets\":3,"
	    "\"members\":[\"127.0.0.11\"]}\n",
	    "sent 3 packets to 224.1.2.3: 127.0.0.11\n" },
	{ { .code = MARSC_NOTICE_NOT_SENT, GROUP, .number = 1,
	    .why = "nobody else is in the group" },
	    "{\"event\":\"not-sent\"," C G ",\"packets\":1,"
	    "\"why\":\"nobody else is in the group\"}\n",
	    "not sent to 224.1.2.3 (nobody else is in the group)\n" },
	{ { .code = MARSC_NOTICE_NO_MEMORY, .why = "a leaf" },
	    "{\"event\":\"no-memory\"," C ",\"why\":\"a leaf\"}\n",
	    "out of memory (a leaf)\n" },
	{ { .code = MARSC_NOTICE_VIOLATION,
	      .table = "join",
	      .state = "in",
	      .event = "timer" },
	    "{\"event\":\"violation\"," C
	    ",\"table\":\"join\",\"state\":\"in\","
	    "\"input\":\"timer\"}\n",
	    "impossible: timer in state in of table join\n" },
};
#define NOTICES	(sizeof(notices) / sizeof(notices[0]))

static void
every_notice(void **state)
{
	bool seen[MARSC_NOTICE_MAX] = { [MARSC_NOTICE_HEARD] = true };
	struct marsc_printer p;
	size_t i;

	(void)state;
	for (i = 0; i < NOTICES; i++) {
		p = open_printer(true);
		marsc_print_notice(&p, &client, &notices[i].n);
		printed(&p, notices[i].json);
		p = open_printer(false);
		marsc_print_notice(&p, &client, &notices[i].n);
		printed(&p, notices[i].plain);
		seen[notices[i].n.code] = true;
	}
	for (i = 0; i < MARSC_NOTICE_MAX; i++)
		assert_true(seen[i]);
}

/* With -n a plain line begins with the client; a server serves. */
static void
many_and_servers(void **state)
{
	struct marsc_printer p;

	(void)state;
	p = open_printer(false);
	p.many = p.mcs = true;
	marsc_print_notice(&p, &client,
	    &(struct marsc_notice){ .code = MARSC_NOTICE_REGISTERED, SERVER });
	marsc_print_notice(&p, &client,
	    &(struct marsc_notice){
		.code = MARSC_NOTICE_JOINED, SERVER, GROUP });
	marsc_print_notice(&p, &client,
	    &(struct marsc_notice){ .code = MARSC_NOTICE_LEFT, SERVER, GROUP });
	marsc_print_packet(&p, &client, NULL, 1500);
	printed(&p,
	    "127.0.0.10: registered with 127.0.0.1 as a multicast "
	    "server\n"
	    "127.0.0.10: serving 224.1.2.3\n"
	    "127.0.0.10: no longer serving 224.1.2.3\n"
	    "127.0.0.10: packet of 1500 octets\n");
}

/* A message of the control VC, as it is on the wire. */
static void
heard(const struct marsc_printer *p, const char *hex)
{
	size_t len;
	uint8_t *data = unhex(hex, &len);
	struct mars_msg m;

	assert_int_equal(mars_decode(&m, data + 8, len - 8), MARS_DROP_NONE);
	marsc_print_notice(p, &client,
	    &(struct marsc_notice){
		.code = MARSC_NOTICE_HEARD, SERVER, .msg = &m });
	free(data);
}

#define PUNCHED	JOIN("04", "04", "0002", "d007", "0000", "00000065", "0b") \
	"e0010203 e0010203 e0010205 e0010209"

/* What is heard is printed by `watch` only. */
static void
what_is_heard(void **state)
{
	struct marsc_printer p;

	(void)state;
	p = open_printer(true);
	heard(&p, PUNCHED);
	p.heard = true;
	heard(&p, PUNCHED);
	heard(&p,
	    MAP("00", "0002", "8001", "00000066", "01") NSAP("01") NSAP("02"));
	heard(&p, JOIN("04", "00", "0001", "6000", "0007", "00000067", "0c"));
	printed(&p,
	    "{\"event\":\"heard\"," C S ",\"op\":\"MARS_JOIN\",\"source\":"
	    "\"127.0.0.11\",\"msn\":101,\"flags\":53255,\"pairs\":["
	    "[\"224.1.2.3\",\"224.1.2.3\"],[\"224.1.2.5\",\"224.1.2.9\"]]}\n"
	    "{\"event\":\"heard\"," C S ",\"op\":\"MARS_REDIRECT_MAP\","
	    "\"source\":\"127.0.0.1\",\"msn\":102,\"addresses\":2}\n"
	    "{\"event\":\"heard\"," C S ",\"op\":\"MARS_JOIN\",\"source\":"
	    "\"127.0.0.12\",\"msn\":103,\"flags\":24576,\"pairs\":[]}\n");
	p = open_printer(false);
	heard(&p, PUNCHED);
	p.heard = true;
	heard(&p, PUNCHED);
	heard(&p, MIGRATE("0001", "00000066", "e0010203") NSAP("0b"));
	printed(&p,
	    "heard MARS_JOIN from 127.0.0.11 number 101 224.1.2.3 "
	    "224.1.2.5-224.1.2.9\n"
	    "heard MARS_MIGRATE from 127.0.0.1 number 102 addresses 1\n");
}

/* Whatever a text holds, a line of JSON stays one. */
static void
strings(void **state)
{
	struct marsc_printer p;

	(void)state;
	p = open_printer(true);
	marsc_print_text(&p, "echo", "a \"b\" \\c\t\n\x01\x7f \xc3\xa4");
	marsc_print_packet(&p, &client, NULL, 20);
	printed(&p,
	    "{\"event\":\"echo\",\"text\":\"a \\\"b\\\" \\\\c\\u0009"
	    "\\u000a\\u0001\\u007f \xc3\xa4\"}\n"
	    "{\"event\":\"packet\"," C ",\"octets\":20}\n");
	p = open_printer(false);
	marsc_print_text(&p, "echo", "a \"b\"");
	printed(&p, "a \"b\"\n");
}

/* Option -x: what is in a packet. */
static void
payload(void **state)
{
	static const uint8_t data[] = { 0x45, 0x00, 0xff };
	struct marsc_printer p;

	(void)state;
	p = open_printer(true);
	p.payload = true;
	marsc_print_packet(&p, &client, data, 3);
	printed(&p,
	    "{\"event\":\"packet\"," C
	    ",\"octets\":3,\"data\":\"4500ff\"}\n");
	p = open_printer(false);
	p.payload = true;
	marsc_print_packet(&p, &client, data, 3);
	printed(&p, "packet of 3 octets: 4500ff\n");
}

/* JSON has every counter, a plain line those that are not 0. */
static void
counters(void **state)
{
	uint64_t v[MARSC_DROP_MAX] = { 0 };
	struct marsc_printer p;

	(void)state;
	p = open_printer(false);
	marsc_print_counters(&p, 1, v);
	printed(&p, "not used: nothing\n");
	v[MARSC_DROP_COPY] = 3;
	v[MARSC_DROP_HELD] = UINT64_MAX;
	p = open_printer(false);
	marsc_print_counters(&p, 1, v);
	printed(&p, "not used: copy 3 held 18446744073709551615\n");
	p = open_printer(true);
	marsc_print_counters(&p, 1000, v);
	printed(&p,
	    "{\"event\":\"counters\",\"clients\":1000,\"llc\":0,"
	    "\"decode\":0,\"protocol\":0,\"tlv\":0,\"stranger\":0,\"op\":0,"
	    "\"copy\":3,\"unasked\":0,\"parts\":0,\"reflected\":0,\"data\":0,"
	    "\"held\":18446744073709551615,\"busy\":0,\"empty\":0,"
	    "\"unanswered\":0,"
	    "\"circuit\":0,\"group\":0,\"leaves\":0,\"memory\":0}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_notice),
		cmocka_unit_test(many_and_servers),
		cmocka_unit_test(what_is_heard),
		cmocka_unit_test(strings),
		cmocka_unit_test(payload),
		cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
