/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A record of bpf(4): its header, the frame, and up to 3 octets that make it a
 * multiple of 4, but perhaps not behind the last one.
 *
 *	 0	8	time
 *	 8	4	octets of the frame that are here
 *	12	4	octets that it had
 *	16	2	octets of the header, with what aligns the frame
 *	24	2	checksums (M_UDP_CSUM_OUT and others), where the header
 *			has 28 octets or more: older systems have none
 *
 * Of a frame that is not all here, edged sees that its IP packet is not.
 */
#include "bpf.h"

#define HEAD_MIN	18
#define HEAD_CHECKSUMS	28	/* of that length it has them */
#define CHECKSUM_UNDONE	0x0006	/* of TCP, of UDP */

static uint32_t
bpf_u16(const struct edged_bpf *b, size_t at)
{
	const uint8_t *p = b->p + at;

	return b->big ? (uint32_t)(p[0] << 8 | p[1]) :
	    (uint32_t)(p[1] << 8 | p[0]);
}

static uint32_t
bpf_u32(const struct edged_bpf *b, size_t at)
{
	uint32_t one = bpf_u16(b, at), two = bpf_u16(b, at + 2);

	return b->big ? one << 16 | two : two << 16 | one;
}

void
edged_bpf_init(struct edged_bpf *b, uint8_t *p, size_t len, bool big)
{
	*b = (struct edged_bpf){ .p = p, .len = len, .big = big };
}

bool
edged_bpf_next(struct edged_bpf *b, struct edged_bpf_frame *f)
{
	size_t head = 0, len = 0, all;

	if (b->len == 0 || b->bad)
		return false;
	if (b->len >= HEAD_MIN) {
		head = bpf_u16(b, 16);
		len = bpf_u32(b, 8);
	}
	if (head < HEAD_MIN || head > b->len || len > b->len - head) {
		b->bad = true;
		return false;
	}
	f->p = b->p + head;
	f->len = len;
	f->undone = head >= HEAD_CHECKSUMS &&
	    (bpf_u16(b, 24) & CHECKSUM_UNDONE) != 0;
	all = head + len;
	all += -all & 3;
	if (all > b->len)
		all = b->len;
	b->p += all;
	b->len -= all;
	return true;
}
