/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* marsctl probe, at the edge that asks and at one that answers. */
#include "common/codec/ctl.h"
#include "edged_sitenet.h"

/* behind the IP header: kind, number, size, nonce, asker 127.0.0.x */
#define PROBE(kind, number, size, nonce, x) \
	"6d617273 01 " kind " " number " " size " 0000 " nonce " 14" \
	"350001 7f0000" x " 000000000000000000000000 00 000000"
#define ASK(x)	"45000040 0000 4000 00fd 89bf 00000000 ef010101" \
	PROBE("01", "0000", "0040", "0123456789abcdef", x)
#define FROM(cmi, ip)	"aaaa03 00005e 0001 " cmi " 0800 " ip

struct verdict {
	int	 n;
	bool	 answered;
	char	 why[256];
};

static void
probed(void *arg, const char *why)
{
	struct verdict *v = arg;

	v->n++;
	v->answered = why == NULL;
	(void)strlcpy(v->why, why == NULL ? "" : why, sizeof(v->why));
}

static const struct paddr group = { 4, { 239, 1, 1, 1 } };

static const char *
ask(struct site *s, const char *edge, struct verdict *v)
{
	*v = (struct verdict){ 0 };
	return edged_probe_start(s->edged, &group, edge, probed, v);
}

/* --- the edge that asks */

/* What is missing is said at once, and nothing is sent. */
static void
who_can_not_ask_says_why(void **state)
{
	static const struct paddr v6 = { 16, { 0xff, 0x0e, [15] = 1 } };
	static const struct paddr other = { 4, { 225, 1, 1, 1 } };
	struct site *s = site_new();
	struct verdict v;

	(void)state;
	assert_string_equal(ask(s, "x", &v), "there is no edge of that name");
	assert_non_null(strstr(ask(s, "e", &v), "edge \"e\" has no MARS: "));
	assert_non_null(strstr(ask(s, NULL, &v), " has not registered it"));
	site_register(s);
	assert_non_null(
	    strstr(edged_probe_start(s->edged, &v6, "e", probed, &v),
	    "edge \"e\" has no protocol ipv6"));
	assert_non_null(
	    strstr(edged_probe_start(s->edged, &other, NULL, probed, &v),
	    "edge \"e\" is not allowed to send to it: no allow group"));
	s->ports[0].lan.forward = EDGED_LAN_FORWARD_NEVER;
	s->ports[1].lan.forward = EDGED_LAN_FORWARD_NEVER;
	site_configure(s);
	assert_non_null(strstr(ask(s, NULL, &v), "is not the forwarder"));
	s->conf.nedges = 0;
	site_configure(s);
	assert_string_equal(ask(s, NULL, &v), "there is no edge");
	assert_int_equal(v.n, 0);
	assert_int_equal(site_shown(s, edged_show_probe, "answered"), 0);
	site_free(s);
}

/* The IP packet of a probe as it goes out; its number and size. */
static void
next_probe(struct site *s, uint16_t *number, uint16_t *size, uint8_t nonce[8])
{
	struct host_packet h;

	site_sent(s, &h);
	assert_int_equal(h.p[8], 0); /* nvc.md: no edge passes it on */
	assert_int_equal(h.p[9], 253);
	assert_memory_equal(h.p + 16, group.a, 4);
	assert_memory_equal(h.p + 20, "mars\1\1", 6);
	*number = (uint16_t)(h.p[26] << 8 | h.p[27]);
	*size = (uint16_t)(h.p[28] << 8 | h.p[29]);
	assert_int_equal(h.len, *size);
	memcpy(nonce, h.p + 32, 8);
}

/* 127.0.0.x answers a probe; its IP header is that of one to nobody. */
static void
answer(struct site *s, uint8_t x, uint16_t number, uint16_t size,
    const uint8_t nonce[8])
{
	struct host_packet h;

	site_packet(&h, "0.0.0.0", "0.0.0.0", 64, 0, 0x4000);
	memset(h.p + 20, 0, 44);
	memcpy(h.p + 20, "mars\1\2", 6);
	h.p[9] = 253;
	h.p[26] = (uint8_t)(number >> 8);
	h.p[27] = (uint8_t)number;
	h.p[28] = (uint8_t)(size >> 8);
	h.p[29] = (uint8_t)size;
	memcpy(h.p + 32, nonce, 8);
	h.p[40] = 20;
	memcpy(h.p + 41, "\x35\0\1\x7f\0\0\x0a", 7);
	host_sum4(h.p, 20);
	site_hears(s, x, 6, &h);
}

/*
 * One small probe opens the circuits; when its answers have come the rest go,
 * one of each size.  Who has answered, what came through and in how long is
 * shown; who has not is shown as well.
 */
static void
members_that_answer_are_shown(void **state)
{
	static const uint8_t strange[8] = { 1, 2, 3 };
	static const uint16_t sizes[] = { 64, 64, 576, 1280, 1380, 1400 };
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE] = { 0 };
	struct site *s = site_new();
	uint8_t buf[CTL_ROW_MAX], nonce[8];
	uint16_t number, size, i;
	struct ctl_value value;
	struct verdict v;
	uint64_t n;
	struct wr w;
	struct rd r;

	(void)state;
	site_register(s);
	assert_null(ask(s, NULL, &v));
	assert_string_equal(
	    ask(s, NULL, &(struct verdict){ 0 }),
	    "another probe is under way: try again in 2 s");
	assert_non_null(fake_next(s->net)); /* MARS_REQUEST */
	site_members(s);
	next_probe(s, &number, &size, nonce);
	assert_int_equal(number, 0);
	site_wait(s, MTIME_MS(3));
	answer(s, 11, 0, 64, nonce);
	answer(s, 11, 0, 64, strange);
	fake_silent(s->net);
	site_wait(s, MTIME_MS(497));
	for (i = 1; i < 6; i++) {
		next_probe(s, &number, &size, nonce);
		assert_int_equal(number, i);
		assert_int_equal(size, sizes[i]);
		if (size <= 1380)
			answer(s, 11, number, size, nonce);
	}
	fake_silent(s->net);
	assert_int_equal(v.n, 0);
	site_wait(s, MTIME_SEC(1));
	assert_int_equal(v.n, 1);
	assert_true(v.answered);
	wr_init(&w, buf, sizeof(buf));
	assert_true(edged_show_probe(s->edged, cursor, &w));
	rd_init(&r, buf, w.len);
	assert_true(ctl_find_string(r, "member", &value));
	assert_string_equal(value.string, "127.0.0.11");
	assert_true(ctl_find_number(r, "answered", &n) && n == 1);
	assert_true(ctl_find_number(r, "largest", &n) && n == 1380);
	/* the small ones of the second round were at once */
	assert_true(ctl_find(&r, "round-trip", &value) && value.number == 0);
	wr_init(&w, buf, sizeof(buf));
	assert_true(edged_show_probe(s->edged, cursor, &w));
	rd_init(&r, buf, w.len);
	assert_true(ctl_find_string(r, "member", &value));
	assert_string_equal(value.string, "127.0.0.12");
	assert_true(ctl_find_number(r, "answered", &n) && n == 0);
	assert_false(edged_show_probe(s->edged, cursor, &w));
	assert_int_equal(site_counter(s, "probe-answers"), 5);
	assert_int_equal(site_counter(s, "probe-answers-unasked"), 1);
	/* afterwards nobody waits for answers */
	answer(s, 12, 0, 64, nonce);
	assert_int_equal(site_counter(s, "probe-answers-unasked"), 2);
	site_free(s);
}

/* When nobody answers it is said how far it came. */
static void
silence_has_a_reason(void **state)
{
	struct site *s = site_new();
	struct verdict v;

	(void)state;
	site_register(s);
	/* nobody is in the group */
	assert_null(ask(s, NULL, &v));
	fake_says(s->net, fake_vc(s->net, 1), NAK("0a", SITE_GROUP));
	site_wait(s, MTIME_SEC(2));
	assert_int_equal(v.n, 1);
	assert_string_equal(v.why, "edge \"e\" finds no member: no other site "
	    "has joined the group");
	site_free(s);
	/* the MARS does not answer */
	s = site_new();
	site_register(s);
	assert_null(ask(s, "e", &v));
	site_wait(s, MTIME_SEC(2));
	assert_int_equal(v.n, 1);
	assert_non_null(strstr(v.why, "finds no member"));
	site_free(s);
	/* members, and no way to them */
	s = site_new();
	site_register(s);
	assert_null(ask(s, NULL, &v));
	fake_says(s->net, fake_vc(s->net, 1),
	    SITE_MEMBERS("0001", NSAP("0b")));
	site_wait(s, MTIME_SEC(2));
	assert_int_equal(v.n, 1);
	assert_non_null(strstr(v.why, "has no circuit to any member"));
	site_free(s);
	/* a way, and no answer */
	s = site_new();
	site_register(s);
	assert_null(ask(s, NULL, &v));
	site_members(s);
	site_wait(s, MTIME_SEC(2));
	assert_int_equal(v.n, 1);
	assert_non_null(strstr(v.why, "hears no answer"));
	assert_int_equal(site_counter(s, "probe-answers"), 0);
	site_free(s);
}

/* The edge goes while it asks: who has asked is told. */
static void
an_edge_that_goes_ends_its_probe(void **state)
{
	struct site *s = site_new();
	struct verdict v;

	(void)state;
	site_register(s);
	assert_null(ask(s, NULL, &v));
	s->conf.nedges = 0;
	site_configure(s);
	assert_int_equal(v.n, 1);
	assert_string_equal(v.why, "the edge has gone");
	site_wait(s, MTIME_SEC(5));
	assert_int_equal(v.n, 1);
	site_free(s);
}

/* --- an edge that answers */

static struct fvc *
asked(struct site *s, const char *hex)
{
	struct fvc *v = fake_calls(s->net, 11, true);

	assert_non_null(v);
	fake_says(s->net, v, hex);
	return v;
}

/*
 * nvc.md, Probes: who has joined the group answers to who asks, by a circuit of
 * its own, which goes when it is idle.
 */
static void
a_member_answers_the_asker(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	assert_non_null(fake_next(s->net)); /* MARS_JOIN */
	(void)asked(s, FROM("0006", ASK("0d")));
	fake_silent(s->net);
	fake_leaf_ack(s->net, 13);
	fake_expect(s->net,
	    FROM("0005", "45000040 0000 4000 00fd 79c2 00000000 00000000")
	    PROBE("02", "0000", "0040", "0123456789abcdef", "0d"));
	assert_int_equal(site_counter(s, "probes-answered"), 1);
	/* the next by the same circuit, which stays as long as it is used */
	site_wait(s, MTIME_SEC(9));
	(void)asked(s, FROM("0006", ASK("0d")));
	assert_non_null(fake_next(s->net));
	assert_int_equal(fake_live_roots(s->net), 1);
	site_wait(s, MTIME_SEC(9));
	assert_int_equal(fake_live_roots(s->net), 1);
	site_wait(s, MTIME_SEC(2));
	assert_int_equal(fake_live_roots(s->net), 0);
	/* a probe is nothing for a LAN */
	assert_int_equal(s->lans[0].sent, 0);
	assert_int_equal(site_counter(s, "in-packets"), 0);
	site_free(s);
}

/* Who may not know it, or asks too often, is not answered. */
static void
others_are_not_answered(void **state)
{
	struct site *s = site_new();
	int i;

	(void)state;
	site_register(s);
	/* nobody here has joined */
	(void)asked(s, FROM("0006", ASK("0d")));
	assert_int_equal(site_counter(s, "probes-refused"), 1);
	site_report(s, 0, true);
	assert_non_null(fake_next(s->net));
	/* it would be us: no circuit */
	(void)asked(s, FROM("0006", ASK("0a")));
	assert_int_equal(site_counter(s, "probes-refused"), 2);
	assert_int_equal(site_counter(s, "ipv4-circuit"), 1);
	/* one waits for the circuit, and no more */
	(void)asked(s, FROM("0006", ASK("0d")));
	(void)asked(s, FROM("0006", ASK("0d")));
	assert_int_equal(site_counter(s, "probes-refused"), 3);
	assert_int_equal(site_counter(s, "ipv4-held"), 1);
	assert_int_equal(site_counter(s, "probes-answered"), 1);
	fake_leaf_ack(s->net, 13);
	/* 32 of one asker, then one a second */
	for (i = 0; i < 40; i++)
		(void)asked(s, FROM("0006", ASK("0d")));
	assert_int_equal(site_counter(s, "probes-answered"), 1 + 30);
	/* not what may come in */
	s->allow[0].dirs = EDGED_DIR_OUT;
	site_configure(s);
	site_wait(s, MTIME_SEC(5));
	(void)asked(s, FROM("0006", ASK("0e")));
	assert_int_equal(site_counter(s, "probes-answered"), 1 + 30);
	assert_int_equal(site_counter(s, "probes-in"), 45);
	site_free(s);
}

/* Whoever forges askers gets 16 circuits out of us, and no more. */
static void
circuits_to_askers_are_bounded(void **state)
{
	static const char *const hex[] = { ASK("20"), ASK("21"), ASK("22"),
		ASK("23"), ASK("24"), ASK("25"), ASK("26"), ASK("27"),
		ASK("28"), ASK("29"), ASK("2a"), ASK("2b"), ASK("2c"),
		ASK("2d"), ASK("2e"), ASK("2f"), ASK("30"), ASK("31") };
	struct site *s = site_new();
	char text[1024];
	size_t i;

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	for (i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
		(void)strlcpy(text, FROM("0006", ""), sizeof(text));
		(void)strlcat(text, hex[i], sizeof(text));
		(void)asked(s, text);
	}
	assert_int_equal(fake_live_roots(s->net), 16);
	assert_int_equal(site_counter(s, "ipv4-busy"), 2);
	assert_int_equal(site_counter(s, "probes-refused"), 2);
	/* whom nobody reaches has its circuit released, and is counted */
	fake_leaf_fails(s->net, 0x20, 27);
	assert_int_equal(fake_live_roots(s->net), 15);
	assert_int_equal(site_counter(s, "ipv4-circuit"), 1);
	/* and one that is up and then lost */
	fake_leaf_ack(s->net, 0x21);
	fake_leaf_drops(s->net, 0x21);
	assert_int_equal(fake_live_roots(s->net), 14);
	assert_int_equal(site_counter(s, "ipv4-circuit"), 1);
	/* without the link there are none */
	edged_detach(s->edged, &s->net->link);
	assert_int_equal(fake_live_roots(s->net), 0);
	site_free(s);
}

/* What only looks like a probe is a packet like others. */
static void
a_damaged_probe_is_none(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	/* version 2 */
	(void)asked(s,
	    FROM("0006", "45000040 0000 4000 00fd 89bf 00000000 ef010101")
	    "6d617273 02 01 0000 0040 0000 0123456789abcdef 14"
	    "350001 7f00000d 000000000000000000000000 00 000000");
	assert_int_equal(site_counter(s, "probes-in"), 0);
	assert_int_equal(site_counter(s, "in-packets"), 1);
	assert_int_equal(s->lans[0].sent, 0);
	site_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_can_not_ask_says_why),
		cmocka_unit_test(members_that_answer_are_shown),
		cmocka_unit_test(silence_has_a_reason),
		cmocka_unit_test(an_edge_that_goes_ends_its_probe),
		cmocka_unit_test(a_member_answers_the_asker),
		cmocka_unit_test(others_are_not_answered),
		cmocka_unit_test(circuits_to_askers_are_bounded),
		cmocka_unit_test(a_damaged_probe_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
