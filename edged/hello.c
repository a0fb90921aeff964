/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "hello.h"
#include "wire.h"

#define MAGIC		0x4d454801	/* "MEH", version 1 */
#define FORWARDER	1
#define LEAVING		2
#define WAITING		4
#define NO_MARS		8
#define FIXED		68	/* octets before the list */
#define UDP_HEAD	8
#define HELLO_TTL	255

const char *
edged_hello_drop_name(enum edged_hello_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_HELLO_DROPS(X)
#undef X
	};

	return drop < EDGED_HELLO_DROP_MAX ? names[drop] : "unknown";
}

static const struct paddr all4 = { 4, { 224, 0, 0, 1 } };
static const struct paddr all6 = { 16, { 0xff, 0x02, [15] = 1 } };

bool
edged_hello_is(const struct edged_ip *ip, uint16_t port)
{
	const uint8_t *udp = ip->p + ip->head;

	return ip->proto == EDGED_PROTO_UDP && !ip->fragment &&
	    ip->len - ip->head >= UDP_HEAD && (udp[2] << 8 | udp[3]) == port &&
	    paddr_equal(&ip->dst, ip->v6 ? &all6 : &all4);
}

static enum edged_hello_drop
read_id(struct edged_hello *h, struct rd *r, uint8_t len)
{
	const uint8_t *id = rd_bytes(r, 16);

	if (id == NULL || (len != 4 && len != 16))
		return EDGED_HELLO_DROP_ID;
	edged_addr(&h->id, id, len);
	return edged_addr_host(&h->id) ? EDGED_HELLO_OK : EDGED_HELLO_DROP_ID;
}

/* Everything but the HMAC, of which n octets are left in r afterwards. */
static enum edged_hello_drop
read_fields(struct edged_hello *h, struct rd *r)
{
	enum edged_hello_drop drop;
	uint8_t flags, idlen, i;

	if (rd_u32(r) != MAGIC)
		return EDGED_HELLO_DROP_VERSION;
	flags = rd_u8(r);
	h->forwarder = (flags & FORWARDER) != 0;
	h->leaving = (flags & LEAVING) != 0;
	h->waiting = (flags & WAITING) != 0;
	h->no_mars = (flags & NO_MARS) != 0;
	h->priority = rd_u8(r);
	h->hold = rd_u16(r);
	idlen = rd_u8(r);
	h->n = rd_u8(r);
	rd_skip(r, 2);
	drop = read_id(h, r, idlen);
	rd_copy(r, h->cluster, sizeof(h->cluster));
	h->life = rd_u64(r);
	h->sequence = rd_u64(r);
	h->challenge = rd_u64(r);
	if (h->n > EDGED_HELLO_LIST)
		return EDGED_HELLO_DROP_TRUNCATED;
	for (i = 0; i < h->n; i++)
		h->list[i] = rd_u64(r);
	if (rd_failed(r) || r->left != EDGED_HELLO_MAC)
		return EDGED_HELLO_DROP_TRUNCATED;
	return drop;
}

/*
 * UDP's checksum is not looked at: the HMAC says more.  Nor is the source,
 * because what is signed has the id.
 */
enum edged_hello_drop
edged_hello_read(struct edged_hello *h, const struct edged_ip *ip,
    const uint8_t cluster[EDGED_HELLO_CLUSTER],
    const struct edged_hello_key *key)
{
	const uint8_t *udp = ip->p + ip->head;
	size_t len = (size_t)udp[4] << 8 | udp[5];
	enum edged_hello_drop drop;
	struct rd r;

	memset(h, 0, sizeof(*h));
	if (ip->ttl != HELLO_TTL)
		return EDGED_HELLO_DROP_TTL;
	if (len < UDP_HEAD || len > ip->len - ip->head)
		return EDGED_HELLO_DROP_TRUNCATED;
	rd_init(&r, udp + UDP_HEAD, len - UDP_HEAD);
	if ((drop = read_fields(h, &r)) != EDGED_HELLO_OK)
		return drop;
	if (memcmp(h->cluster, cluster, EDGED_HELLO_CLUSTER) != 0)
		return EDGED_HELLO_DROP_CLUSTER;
	if (!key->verify(key->arg, udp + UDP_HEAD,
	    len - UDP_HEAD - EDGED_HELLO_MAC, r.p))
		return EDGED_HELLO_DROP_MAC;
	return EDGED_HELLO_OK;
}

static void
write_fields(struct wr *w, const struct edged_hello *h)
{
	uint8_t i;

	wr_u32(w, MAGIC);
	wr_u8(w,
	    (uint8_t)((h->forwarder ? FORWARDER : 0) |
	    (h->leaving ? LEAVING : 0) | (h->waiting ? WAITING : 0) |
	    (h->no_mars ? NO_MARS : 0)));
	wr_u8(w, h->priority);
	wr_u16(w, h->hold);
	wr_u8(w, h->id.len);
	wr_u8(w, h->n);
	wr_u16(w, 0);
	wr_bytes(w, h->id.a, 16);
	wr_bytes(w, h->cluster, sizeof(h->cluster));
	wr_u64(w, h->life);
	wr_u64(w, h->sequence);
	wr_u64(w, h->challenge);
	for (i = 0; i < h->n; i++)
		wr_u64(w, h->list[i]);
}

size_t
edged_hello_write(const struct edged_hello *h, const struct paddr *src,
    uint16_t port, const struct edged_hello_key *key, uint8_t *buf, size_t max)
{
	size_t len = UDP_HEAD + FIXED + 8 * (size_t)h->n + EDGED_HELLO_MAC;
	uint8_t mac[EDGED_HELLO_MAC];
	struct edged_ip ip = { .src = *src,
		.dst = src->len == 16 ? all6 : all4,
		.proto = EDGED_PROTO_UDP,
		.ttl = HELLO_TTL,
		.tos = 0xc0 }; /* Internetwork Control */
	size_t start;
	struct wr w;

	wr_init(&w, buf, max);
	edged_ip_write_head(&w, &ip, len);
	wr_u16(&w, port);
	wr_u16(&w, port);
	wr_u16(&w, (uint16_t)len);
	wr_u16(&w, 0); /* checksum, below */
	start = w.len;
	write_fields(&w, h);
	if (wr_failed(&w) ||
	    !key->sign(key->arg, buf + start, w.len - start, mac))
		return 0;
	wr_bytes(&w, mac, sizeof(mac));
	return edged_ip_write_sum(&w, &ip, 6);
}
