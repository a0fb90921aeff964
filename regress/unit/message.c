/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * SCSP messages octet by octet.  The vectors were written from RFC 2334
 * appendix B; their checksums were added up by another program.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/message.h"
#include "scspd/packet.h"

static const uint8_t hello_none[] = {
	0x01, 0x05, 0x00, 0x20, 0xf0, 0xc9, 0x00, 0x00, 0x00, 0x03, 0x00, 0x03,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x01,
};
static const uint8_t hello_one[] = {
	0x01, 0x05, 0x00, 0x24, 0xe6, 0xbf, 0x00, 0x00, 0x00, 0x03, 0x00, 0x03,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x04, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
};
static const uint8_t hello_three[] = {
	0x01, 0x05, 0x00, 0x2e, 0xd5, 0x99, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x04,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x04, 0x00, 0x02, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
	0x04, 0x0a, 0x00, 0x00, 0x03, 0x04, 0x0a, 0x00, 0x00, 0x04,
};
static const uint8_t ca[] = {
	0x01, 0x01, 0x00, 0x48, 0xd4, 0x06, 0x00, 0x00, 0x65, 0x53, 0xf1, 0x00,
	0x00, 0x03, 0x00, 0x07, 0x00, 0x00, 0xa0, 0x00, 0x04, 0x04, 0x00, 0x02,
	0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02, 0x00, 0x01, 0x00, 0x14,
	0x04, 0x04, 0x00, 0x00, 0x80, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05,
	0x0a, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x14, 0x04, 0x04, 0x00, 0x00,
	0x7f, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x06, 0x0a, 0x00, 0x00, 0x09,
};
static const uint8_t csu_request[] = {
	0x01, 0x02, 0x00, 0x48, 0x1d, 0x85, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x00, 0x02, 0x0a, 0x00, 0x00, 0x01,
	0x0a, 0x00, 0x00, 0x02, 0x00, 0x10, 0x00, 0x18, 0x04, 0x04, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x00, 0x00, 0x01,
	0x4a, 0x61, 0x62, 0x63, 0x00, 0x01, 0x00, 0x14, 0x04, 0x04, 0x80, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x09, 0x0a, 0x00, 0x00, 0x01,
};
static const uint8_t csu_reply[] = {
	0x01, 0x03, 0x00, 0x30, 0x58, 0x99, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
	0x0a, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x14, 0x04, 0x04, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x00, 0x00, 0x01,
};
static const uint8_t csus[] = {
	0x01, 0x04, 0x00, 0x30, 0xd8, 0x9a, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
	0x0a, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x14, 0x04, 0x04, 0x00, 0x00,
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x00, 0x00, 0x01,
};
static const uint8_t odd[] = {
	0x01, 0x02, 0x00, 0x33, 0x15, 0x0d, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x01,
	0x0a, 0x00, 0x00, 0x02, 0x00, 0x10, 0x00, 0x17, 0x04, 0x04, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x0a, 0x00, 0x00, 0x01,
	0x4a, 0x78, 0x79,
};
static const uint8_t extended[] = {
	0x01, 0x05, 0x00, 0x3a, 0xbe, 0x27, 0x00, 0x24, 0x00, 0x03, 0x00, 0x03,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x04, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
	0x00, 0x02, 0x00, 0x05, 0x00, 0x00, 0x0c, 0x01, 0x02, 0x00, 0x09, 0x00,
	0x01, 0x55, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static enum csa_verdict
judge(const void *data, size_t len)
{
	return len > 0 && *(const uint8_t *)data == 'J' ? CSA_LIVE :
	    CSA_MALFORMED;
}

static enum scsp_drop
parse(const uint8_t *p, size_t len, struct scsp_message *m)
{
	enum scsp_type type;
	struct scsp_ext x;
	uint16_t pid, sgid;
	enum scsp_drop why;

	if ((why = scsp_message_peek(p, len, &type, &pid, &sgid)) !=
	    SCSP_DROP_NONE)
		return why;
	scsp_message_extensions(p, len, &x);
	why = scsp_message_parse(p, len, &x, judge, m);
	if (why == SCSP_DROP_NONE) {
		assert_int_equal(m->type, type);
		assert_int_equal(m->pid, pid);
		assert_int_equal(m->sgid, sgid);
	}
	return why;
}

/* Mends the checksum of a copy that a test has changed. */
static void
mend(uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	p[4] = p[5] = 0;
	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum;
	p[4] = (uint8_t)(sum >> 8);
	p[5] = (uint8_t)sum;
}

/*
 * R2334-B.1-01, R2334-B.1-02, R2334-B.1-03, R2334-B.1-04, R2334-B.1-05,
 * R2334-B.1-06, R2334-B.2.0.1-01, R2334-B.2.5-01, R2334-B.2.5-07,
 * R2334-B.2.5-08, R2334-B.2.5-09, R2334-B.2.5-11, R2334-B.2.5-12,
 * R2334-B.2.5-13: a Hello that heard nobody, one, three.
 */
static void
a_hello_is_read_with_its_receivers(void **state)
{
	struct scsp_message m;

	(void)state;
	assert_int_equal(parse(hello_none, sizeof(hello_none), &m), 0);
	assert_int_equal(m.type, SCSP_HELLO);
	assert_int_equal(m.pid, 3);
	assert_int_equal(m.sgid, 7);
	assert_int_equal(m.interval, 3);
	assert_int_equal(m.dead, 3);
	assert_true(m.sender == 0x0a000001);
	assert_true(m.no_receiver);
	assert_false(scsp_message_lists(&m, 0));
	assert_int_equal(parse(hello_one, sizeof(hello_one), &m), 0);
	assert_true(scsp_message_lists(&m, 0x0a000002));
	assert_false(scsp_message_lists(&m, 0x0a000003));
	assert_int_equal(parse(hello_three, sizeof(hello_three), &m), 0);
	assert_int_equal(m.interval, 10);
	assert_int_equal(m.dead, 4);
	assert_int_equal(m.nrecords, 2);
	assert_true(scsp_message_lists(&m, 0x0a000002));
	assert_true(scsp_message_lists(&m, 0x0a000003));
	assert_true(scsp_message_lists(&m, 0x0a000004));
	assert_false(scsp_message_lists(&m, 0x0a000001));
}

/*
 * R2334-B.2.1-01, R2334-B.2.1-07, R2334-B.2.1-08, R2334-B.2.0.2-01,
 * R2334-B.2.0.2-04, R2334-B.2.0.2-07, R2334-B.2.0.2-14.
 */
static void
a_ca_is_read_with_its_summaries(void **state)
{
	struct scsp_message m;
	struct scsp_csas c;

	(void)state;
	assert_int_equal(parse(ca, sizeof(ca), &m), 0);
	assert_int_equal(m.type, SCSP_CA);
	assert_int_equal(m.nrecords, 2);
	assert_true(m.ca_seq == 0x6553f100);
	assert_int_equal(m.flags, CA_M | CA_O);
	assert_true(m.receiver == 0x0a000002);
	c = m.record[0];
	assert_int_equal(c.hops, 1);
	assert_int_equal(c.seq, INT32_MIN + 1);
	assert_true(c.id == 0x0a00000100000005ULL);
	assert_false(c.null);
	c = m.record[1];
	assert_int_equal(c.seq, INT32_MAX);
	assert_true(c.id == 0x0a00000900000006ULL);
	assert_int_equal(m.nrecords, 2);
}

/*
 * R2334-B.2.2-01, R2334-B.2.2-02, R2334-B.2.2-03, R2334-B.2.2.1-01,
 * R2334-B.2.0.2-08, R2334-B.2.0.2-09, R2334-2.3-31, R2334-B.2.3-01,
 * R2334-B.2.4-01.
 */
static void
csu_messages_are_read_with_their_records(void **state)
{
	struct scsp_message m;
	struct scsp_csas c;

	(void)state;
	assert_int_equal(parse(csu_request, sizeof(csu_request), &m), 0);
	assert_int_equal(m.type, SCSP_CSU_REQUEST);
	c = m.record[0];
	assert_int_equal(c.hops, 16);
	assert_int_equal(c.seq, INT32_MIN + 2);
	assert_int_equal(c.len, 4);
	assert_memory_equal(c.data, "Jabc", 4);
	assert_int_equal(c.verdict, CSA_LIVE);
	c = m.record[1];
	assert_true(c.null);
	assert_int_equal(c.len, 0);
	assert_int_equal(m.nrecords, 2);
	assert_int_equal(parse(csu_reply, sizeof(csu_reply), &m), 0);
	assert_int_equal(m.type, SCSP_CSU_REPLY);
	assert_int_equal(m.nrecords, 1);
	assert_int_equal(parse(csus, sizeof(csus), &m), 0);
	assert_int_equal(m.type, SCSP_CSUS);
	assert_int_equal(m.nrecords, 1);
	c = m.record[0];
	assert_int_equal(c.seq, -1);
	/* an odd length is summed as if padded (B.1) */
	assert_int_equal(sizeof(odd) % 2, 1);
	assert_int_equal(parse(odd, sizeof(odd), &m), 0);
}

/*
 * R2334-B-03, R2334-B.2.2-03, R2334-B.2.5-08: the same octets out, what is
 * unused being zero: what a peer has to be able to read.
 */
static void
what_is_written_is_what_is_read(void **state)
{
	struct scsp_packet p;
	struct scsp_csas c = {
		.id = 0x0a00000100000005ULL, .seq = INT32_MIN + 1, .hops = 9
	};
	struct scsp_csas d = { .id = 0x0a00000900000006ULL, .seq = INT32_MAX };
	struct scsp_csas e = { .id = 0x0a00000100000005ULL,
		.seq = INT32_MIN + 2,
		.hops = 16,
		.len = 4,
		.data = (const uint8_t *)"Jabc" };
	struct scsp_csas f = {
		.id = 0x0a00000100000009ULL, .seq = 1, .hops = 1, .null = true
	};

	(void)state;
	scsp_packet_begin(&p, SCSP_HELLO);
	wr_u16(&p.w, 3);
	wr_u16(&p.w, 3);
	wr_u32(&p.w, 0);
	scsp_packet_hello_common(&p, 3, 7, 0x0a000001, false, 0);
	wr_at_u16(&p.w, 2, (uint16_t)p.w.len);
	scsp_packet_checksum(&p);
	assert_int_equal(p.w.len, sizeof(hello_none));
	assert_memory_equal(p.buf, hello_none, sizeof(hello_none));

	scsp_packet_begin(&p, SCSP_CA);
	wr_u32(&p.w, 0x6553f100);
	scsp_packet_common(&p, 3, 7, CA_M | CA_O, 0x0a000001, 0x0a000002);
	scsp_packet_csas(&p, &c); /* stand-alone: one hop */
	scsp_packet_csas(&p, &d);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
	wr_at_u16(&p.w, 2, (uint16_t)p.w.len);
	scsp_packet_checksum(&p);
	assert_int_equal(p.w.len, sizeof(ca));
	assert_memory_equal(p.buf, ca, sizeof(ca));

	scsp_packet_begin(&p, SCSP_CSU_REQUEST);
	scsp_packet_common(&p, 3, 7, 0, 0x0a000001, 0x0a000002);
	scsp_packet_csa(&p, &e);
	scsp_packet_csa(&p, &f);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
	wr_at_u16(&p.w, 2, (uint16_t)p.w.len);
	scsp_packet_checksum(&p);
	assert_int_equal(p.w.len, sizeof(csu_request));
	assert_memory_equal(p.buf, csu_request, sizeof(csu_request));

	/* the answers, of the other one */
	scsp_packet_begin(&p, SCSP_CSU_REPLY);
	scsp_packet_common(&p, 3, 7, 0, 0x0a000002, 0x0a000001);
	scsp_packet_csas(&p, &e);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
	wr_at_u16(&p.w, 2, (uint16_t)p.w.len);
	scsp_packet_checksum(&p);
	assert_int_equal(p.w.len, sizeof(csu_reply));
	assert_memory_equal(p.buf, csu_reply, sizeof(csu_reply));

	c.seq = -1;
	scsp_packet_begin(&p, SCSP_CSUS);
	scsp_packet_common(&p, 3, 7, 0, 0x0a000002, 0x0a000001);
	scsp_packet_csas(&p, &c);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
	wr_at_u16(&p.w, 2, (uint16_t)p.w.len);
	scsp_packet_checksum(&p);
	assert_int_equal(p.w.len, sizeof(csus));
	assert_memory_equal(p.buf, csus, sizeof(csus));
}

/*
 * R2334-B.3.2-02, R2334-B.3.2-03, R2334-B.3-01, R2334-B.3-02, R2334-B.3-03,
 * extensions in any order, unknown ones skipped, the end required.
 */
static void
extensions_come_in_any_order_and_end(void **state)
{
	struct scsp_message m;
	struct scsp_ext x;
	uint8_t p[sizeof(extended)];

	(void)state;
	assert_int_equal(parse(extended, sizeof(extended), &m), 0);
	assert_true(scsp_message_lists(&m, 0x0a000002));
	scsp_message_extensions(extended, sizeof(extended), &x);
	assert_true(x.ok);
	assert_false(x.has_auth);
	assert_null(x.replay);
	/* without its end */
	memcpy(p, extended, sizeof(p));
	p[3] = (uint8_t)(sizeof(p) - 4);
	mend(p, sizeof(p) - 4);
	assert_int_equal(
	    parse(p, sizeof(p) - 4, &m), SCSP_DROP_MALFORMED_EXTENSION);
	/* an end with a length */
	memcpy(p, extended, sizeof(p));
	p[sizeof(p) - 1] = 1;
	mend(p, sizeof(p));
	assert_int_equal(
	    parse(p, sizeof(p), &m), SCSP_DROP_MALFORMED_EXTENSION);
	/* the start inside the mandatory part, and behind the packet */
	memcpy(p, extended, sizeof(p));
	p[7] = 7;
	mend(p, sizeof(p));
	assert_int_equal(
	    parse(p, sizeof(p), &m), SCSP_DROP_MALFORMED_EXTENSION);
	p[7] = (uint8_t)sizeof(p);
	mend(p, sizeof(p));
	assert_int_equal(
	    parse(p, sizeof(p), &m), SCSP_DROP_MALFORMED_EXTENSION);
	/* R2334-B.3-04: the same vendor twice */
	memcpy(p, extended, sizeof(p));
	p[45] = 0;
	p[46] = 2; /* the unknown one: type 2, too short */
	mend(p, sizeof(p));
	assert_int_equal(
	    parse(p, sizeof(p), &m), SCSP_DROP_MALFORMED_EXTENSION);
}

/* appends an extension whose value is n octets from this one on */
static size_t
extend(uint8_t *p, size_t at, uint8_t type, uint8_t n, uint8_t value)
{
	uint8_t i;

	p[at++] = 0;
	p[at++] = type;
	p[at++] = 0;
	p[at++] = n;
	for (i = 0; i < n; i++)
		p[at++] = (uint8_t)(value + i);
	return at;
}

/*
 * R2334-B.3-04, R2334-B.3.2-01, R2334-B.3.2-02, A-86: authentication once,
 * vendor-private once for each vendor.
 */
static void
an_extension_comes_once_or_once_a_vendor(void **state)
{
	static const struct {
		uint8_t type[2], value[2];
		enum scsp_drop why;
	} cases[] = {
		{ { 2, 1 }, { 9, 50 }, SCSP_DROP_NONE },
		{ { 1, 2 }, { 50, 9 }, SCSP_DROP_NONE },
		{ { 2, 2 }, { 9, 10 }, SCSP_DROP_NONE },
		{ { 2, 2 }, { 9, 9 }, SCSP_DROP_MALFORMED_EXTENSION },
		{ { 1, 1 }, { 50, 51 }, SCSP_DROP_MALFORMED_EXTENSION },
	};
	struct scsp_message m;
	uint8_t p[128];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p, hello_one, sizeof(hello_one));
		p[7] = (uint8_t)sizeof(hello_one);
		len = extend(p, sizeof(hello_one), cases[i].type[0], 20,
		    cases[i].value[0]);
		len = extend(p, len, cases[i].type[1], 20, cases[i].value[1]);
		len = extend(p, len, 0, 0, 0);
		p[3] = (uint8_t)len;
		mend(p, len);
		assert_int_equal(parse(p, len, &m), cases[i].why);
	}
}

/*
 * R2334-B-03, A-87, A-47: every length that does not add up is malformed.
 */
static void
every_length_that_does_not_add_up_is_malformed(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum scsp_drop why;
	} cases[] = {
		{ 0, 2, SCSP_DROP_VERSION },
		{ 1, 6, SCSP_DROP_TYPE },
		{ 1, 0, SCSP_DROP_TYPE },
		{ 3, 71, SCSP_DROP_MALFORMED_SIZE }, /* packet size */
		{ 16, 3, SCSP_DROP_MALFORMED_ID }, /* sender ID length */
		{ 17, 0, SCSP_DROP_MALFORMED_ID }, /* receiver ID length */
		{ 17, 5, SCSP_DROP_MALFORMED_ID },
		{ 19, 1, SCSP_DROP_MALFORMED_RECORD }, /* a record too few */
		{ 19, 3, SCSP_DROP_MALFORMED_RECORD },
		{ 31, 19, SCSP_DROP_MALFORMED_RECORD }, /* record length */
		{ 31, 25, SCSP_DROP_MALFORMED_RECORD },
		{ 32, 5, SCSP_DROP_MALFORMED_RECORD }, /* key length */
		{ 33, 3, SCSP_DROP_MALFORMED_RECORD }, /* OID length */
		{ 48, 'X', SCSP_DROP_MALFORMED_RECORD }, /* contents, A-49 */
		{ 12, 0xff, SCSP_DROP_NONE }, /* unused: ignored */
		{ 35, 0x7f, SCSP_DROP_NONE },
	};
	uint8_t p[sizeof(csu_request) + 1];
	struct scsp_message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p, csu_request, sizeof(csu_request));
		p[cases[i].at] = cases[i].value;
		mend(p, sizeof(csu_request));
		assert_int_equal(
		    parse(p, sizeof(csu_request), &m), cases[i].why);
	}
	/* trailing octets, and every possible cut */
	memcpy(p, csu_request, sizeof(csu_request));
	p[sizeof(csu_request)] = 0;
	mend(p, sizeof(p));
	assert_int_equal(parse(p, sizeof(p), &m), SCSP_DROP_MALFORMED_SIZE);
	for (i = 0; i < sizeof(csu_request); i++) {
		memcpy(p, csu_request, sizeof(csu_request));
		if (i >= 8) {
			p[3] = (uint8_t)i;
			mend(p, i);
		}
		assert_int_not_equal(parse(p, i, &m), SCSP_DROP_NONE);
	}
}

/* R2334-B-03: what is unused may be anything in every message. */
static void
unused_fields_are_ignored_in_every_message(void **state)
{
	static const struct {
		const uint8_t *p;
		size_t len, at;
		uint8_t bits;
	} cases[] = {
		{ hello_three, sizeof(hello_three), 12, 0xff },
		{ hello_three, sizeof(hello_three), 13, 0xff },
		{ hello_three, sizeof(hello_three), 20, 0xff },
		{ hello_three, sizeof(hello_three), 21, 0xff },
		{ hello_three, sizeof(hello_three), 22, 0xff },
		{ hello_three, sizeof(hello_three), 23, 0xff },
		{ ca, sizeof(ca), 16, 0xff },
		{ ca, sizeof(ca), 17, 0xff },
		{ ca, sizeof(ca), 18, 0x1f }, /* beside M, I and O */
		{ ca, sizeof(ca), 19, 0xff },
		{ ca, sizeof(ca), 38, 0x7f }, /* beside N */
		{ ca, sizeof(ca), 39, 0xff },
		{ csu_request, sizeof(csu_request), 12, 0xff },
		{ csu_request, sizeof(csu_request), 13, 0xff },
		{ csu_request, sizeof(csu_request), 14, 0xff },
		{ csu_request, sizeof(csu_request), 15, 0xff },
		{ csu_request, sizeof(csu_request), 34, 0x7f },
		{ csu_request, sizeof(csu_request), 35, 0xff },
		{ csu_reply, sizeof(csu_reply), 12, 0xff },
		{ csu_reply, sizeof(csu_reply), 13, 0xff },
		{ csu_reply, sizeof(csu_reply), 14, 0xff },
		{ csu_reply, sizeof(csu_reply), 15, 0xff },
		{ csu_reply, sizeof(csu_reply), 34, 0x7f },
		{ csu_reply, sizeof(csu_reply), 35, 0xff },
		{ csus, sizeof(csus), 12, 0xff },
		{ csus, sizeof(csus), 13, 0xff },
		{ csus, sizeof(csus), 14, 0xff },
		{ csus, sizeof(csus), 15, 0xff },
		{ csus, sizeof(csus), 34, 0x7f },
		{ csus, sizeof(csus), 35, 0xff },
	};
	const uint16_t used = CA_M | CA_I | CA_O;
	struct scsp_message m, plain;
	uint8_t p[128];
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p, cases[i].p, cases[i].len);
		assert_int_equal(p[cases[i].at] & cases[i].bits, 0);
		assert_int_equal(parse(p, cases[i].len, &plain), 0);
		p[cases[i].at] |= cases[i].bits;
		mend(p, cases[i].len);
		assert_int_equal(parse(p, cases[i].len, &m), 0);
		assert_int_equal(m.type, plain.type);
		assert_true(m.sender == plain.sender);
		assert_true(m.receiver == plain.receiver);
		assert_int_equal(m.interval, plain.interval);
		assert_int_equal(m.dead, plain.dead);
		if (m.type == SCSP_CA)
			assert_int_equal(m.flags & used, plain.flags & used);
		assert_int_equal(m.nrecords, plain.nrecords);
		if (m.type == SCSP_HELLO)
			continue;
		for (r = 0; r < m.nrecords; r++) {
			assert_true(m.record[r].id == plain.record[r].id);
			assert_int_equal(
			    m.record[r].seq, plain.record[r].seq);
			assert_int_equal(
			    m.record[r].hops, plain.record[r].hops);
			assert_int_equal(
			    m.record[r].null, plain.record[r].null);
			assert_int_equal(m.record[r].len, plain.record[r].len);
		}
	}
}

/*
 * R2334-B.2.0.2-07: 12 + 4 + 4, wherever a summary stands alone: in a CA, a
 * CSU Reply and a CSUS, received and written.
 */
static void
a_summary_has_20_octets_in_every_message(void **state)
{
	static const struct {
		const uint8_t *p;
		size_t len, at;
	} cases[] = {
		{ ca, sizeof(ca), 35 }, /* not the last one: a hole */
		{ ca, sizeof(ca), 55 },
		{ csu_reply, sizeof(csu_reply), 31 },
		{ csus, sizeof(csus), 31 },
	};
	const struct scsp_csas c = { .id = RECORD_ID(1, 2), .seq = 3 };
	struct scsp_packet pkt;
	struct scsp_message m;
	uint8_t p[128];
	size_t i, before;
	int len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (len = 0; len < 256; len++) {
			memcpy(p, cases[i].p, cases[i].len);
			p[cases[i].at] = (uint8_t)len;
			mend(p, cases[i].len);
			assert_int_equal(parse(p, cases[i].len, &m),
			    len == 20 ? SCSP_DROP_NONE :
			    SCSP_DROP_MALFORMED_RECORD);
		}
	for (i = SCSP_CA; i <= SCSP_CSUS; i++) {
		if (i == SCSP_CSU_REQUEST)
			continue;
		scsp_packet_begin(&pkt, (enum scsp_type)i);
		scsp_packet_common(&pkt, 3, 7, 0, 1, 2);
		before = pkt.w.len;
		scsp_packet_csas(&pkt, &c);
		assert_int_equal(pkt.w.len - before, 20);
		assert_int_equal(pkt.buf[before + 2], 0);
		assert_int_equal(pkt.buf[before + 3], 20);
	}
}

/* R2334-B.1-05: a changed bit anywhere is found. */
static void
a_changed_bit_anywhere_is_found(void **state)
{
	uint8_t p[sizeof(csus)];
	struct scsp_message m;
	size_t i;

	(void)state;
	for (i = 8; i < sizeof(csus); i++) {
		memcpy(p, csus, sizeof(csus));
		p[i] ^= 0x10;
		assert_int_equal(parse(p, sizeof(p), &m), SCSP_DROP_CHECKSUM);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_is_read_with_its_receivers),
		cmocka_unit_test(a_ca_is_read_with_its_summaries),
		cmocka_unit_test(csu_messages_are_read_with_their_records),
		cmocka_unit_test(what_is_written_is_what_is_read),
		cmocka_unit_test(extensions_come_in_any_order_and_end),
		cmocka_unit_test(an_extension_comes_once_or_once_a_vendor),
		cmocka_unit_test(
		    every_length_that_does_not_add_up_is_malformed),
		cmocka_unit_test(unused_fields_are_ignored_in_every_message),
		cmocka_unit_test(a_summary_has_20_octets_in_every_message),
		cmocka_unit_test(a_changed_bit_anywhere_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
