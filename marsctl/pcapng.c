/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "pcapng.h"

/* draft-ietf-opsawg-pcapng, sections 3.5, 4.1 to 4.3 */
#define BLOCK_SECTION	0x0a0d0d0a
#define BLOCK_INTERFACE	1
#define BLOCK_PACKET	6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define OPT_END		0
#define OPT_COMMENT	1
#define OPT_IF_NAME	2
#define OPT_FLAGS	2
#define OPT_DROPCOUNT	4
#define FLAG_INBOUND	1
#define FLAG_OUTBOUND	2

/* Returns where the block begins. */
static size_t
block_begin(struct wr *w, uint32_t type)
{
	size_t at = w->len;

	wr_u32(w, type);
	wr_u32(w, 0); /* its length, when that is known */
	return at;
}

/* The length stands at both ends. */
static void
block_end(struct wr *w, size_t at)
{
	size_t len = w->len - at + 4;

	if (len > UINT16_MAX)
		w->failed = true;
	wr_u32(w, (uint32_t)len);
	if (!wr_failed(w))
		wr_at_u16(w, at + 6, (uint16_t)len);
}

static void
padded(struct wr *w, const void *p, size_t len)
{
	wr_bytes(w, p, len);
	wr_zero(w, -len % 4);
}

static void
option(struct wr *w, uint16_t code, const void *p, size_t len)
{
	wr_u16(w, code);
	wr_u16(w, (uint16_t)len);
	padded(w, p, len);
}

void
pcapng_section(struct wr *w)
{
	size_t at = block_begin(w, BLOCK_SECTION);

	wr_u32(w, BYTE_ORDER_MAGIC);
	wr_u16(w, 1);
	wr_u16(w, 0);
	wr_u64(w, UINT64_MAX); /* nobody knows how long it will be */
	block_end(w, at);
}

/* Its times are in microseconds, if nothing else is said. */
void
pcapng_interface(struct wr *w, const char *name)
{
	size_t at = block_begin(w, BLOCK_INTERFACE);

	wr_u16(w, PCAPNG_LINKTYPE);
	wr_u16(w, 0);
	wr_u32(w, 0); /* no packet is cut */
	option(w, OPT_IF_NAME, name, strlen(name));
	option(w, OPT_END, NULL, 0);
	block_end(w, at);
}

void
pcapng_packet(struct wr *w, const struct pcapng_packet *p)
{
	size_t at = block_begin(w, BLOCK_PACKET);

	wr_u32(w, p->interface);
	wr_u64(w, p->time);
	wr_u32(w, (uint32_t)p->len);
	wr_u32(w, (uint32_t)p->len);
	padded(w, p->data, p->len);
	option(w, OPT_COMMENT, p->comment, strlen(p->comment));
	wr_u16(w, OPT_FLAGS);
	wr_u16(w, 4);
	wr_u32(w, p->out ? FLAG_OUTBOUND : FLAG_INBOUND);
	if (p->lost != 0) {
		wr_u16(w, OPT_DROPCOUNT);
		wr_u16(w, 8);
		wr_u64(w, p->lost);
	}
	option(w, OPT_END, NULL, 0);
	block_end(w, at);
}
