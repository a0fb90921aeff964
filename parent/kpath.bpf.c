/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC OR GPL-2.0-only
 */

/*
 * What the kernel runs for each packet that comes from a LAN with a path
 * through it: packets of flows that edged has put into the table (kpath.h) go
 * to the members of their group, as the same octets that edged would send.
 * What it can't do, or does not know, goes up to edged as it came.  The packet
 * itself goes on to the programs of this machine in any case.
 *
 * Before the first copy is made it is known that all can be: edged never has
 * to do a part of the work.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "kpath.h"

#define GO_ON		(-1)		/* TCX_NEXT: others see it, too */
#define DROP		2		/* TCX_DROP */
#define FRESH		1000000000ULL	/* ns that a way to a leaf is good */
#define INET		2		/* AF_INET */
#define DONT_FRAGMENT	0x4000
#define FRAGMENTED	0x3fff		/* MF and the offset */
#define NVC_DATA	0x17		/* version 1, type 7 */
#define LARGE		512		/* octets for bpf_csum_diff() */
#define MIDDLE		32
#define OFFSET_MAX	0x3fff		/* within a packet */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct kpath);
} kpath SEC(".maps");

struct outside {
	struct iphdr	ip;
	struct udphdr	udp;
	uint8_t		nvc[4];
	uint8_t		circuit[8];
	uint8_t		llc[8];
	uint16_t	cmi, pro;
} __attribute__((__packed__));

_Static_assert(sizeof(struct outside) == KPATH_HEAD, "the head's size");

/* What is known of a packet, and of the copies so far. */
struct work {
	struct __sk_buff *skb;
	struct kpath	*table;
	struct kpath_flow *flow;
	struct kpath_key key;
	uint8_t		 mac[12];	/* as they came */
	uint8_t		 v6, tos, ttl;
	uint16_t	 head;		/* octets of its IP header */
	uint16_t	 len;		/* by it */
	uint32_t	 hash;
	uint32_t	 leaves;
	uint32_t	 ip_sum, udp_sum;	/* of what copies share */
	uint64_t	 now;
	uint32_t	 why;		/* enum kpath_up */
	int		 verdict;
};

static __always_inline uint16_t
fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static __always_inline uint64_t
halves(uint32_t word)
{
	return (uint64_t)(word & 0xffff) + (word >> 16);
}

#define DATA(skb)	((uint8_t *)(long)(skb)->data)
#define END(skb)	((uint8_t *)(long)(skb)->data_end)

/* A sum under way. */
struct sum {
	struct __sk_buff *skb;
	uint32_t	 at, end;
	uint64_t	 sum;
};

/* A piece of so many octets, into the sum; 1: the packet has no such piece. */
#define PIECE(s, size) do { \
	uint32_t at_ = (s)->at & OFFSET_MAX; \
	uint8_t *p_ = DATA((s)->skb) + at_; \
	if (at_ + (size) > (s)->end || p_ + (size) > END((s)->skb)) \
		return 1; \
	(s)->sum = (uint32_t)bpf_csum_diff( \
	    NULL, 0, (void *)p_, (size), (uint32_t)(s)->sum); \
	(s)->at = at_ + (size); \
} while (0)

static long
sum_large(uint64_t i, struct sum *s)
{
	(void)i;
	PIECE(s, LARGE);
	return 0;
}

static long
sum_middle(uint64_t i, struct sum *s)
{
	(void)i;
	PIECE(s, MIDDLE);
	return 0;
}

static long
sum_small(uint64_t i, struct sum *s)
{
	(void)i;
	PIECE(s, 4);
	return 0;
}

/* What is left, of less than 4 octets. */
static long
sum_rest(uint64_t i, struct sum *s)
{
	uint32_t at = s->at & OFFSET_MAX;
	uint8_t *p = DATA(s->skb) + at;

	if (at >= s->end || p + 1 > END(s->skb))
		return 1;
	/* octets have the place that they have in a word of the packet */
	s->sum += (i & 1) == 0 ? bpf_htons((uint16_t)(*p << 8)) :
	    bpf_htons(*p);
	s->at = at + 1;
	return 0;
}

/*
 * The sum of the octets from there to there, folded; -1: they are not there.
 * Global, so that the verifier looks at it once.
 */
__noinline int
kpath_sum(struct __sk_buff *skb, uint32_t at, uint32_t end)
{
	struct sum s = { .skb = skb, .at = at, .end = end };

	bpf_loop(OFFSET_MAX / LARGE + 1, sum_large, &s, 0);
	bpf_loop(LARGE / MIDDLE, sum_middle, &s, 0);
	bpf_loop(MIDDLE / 4, sum_small, &s, 0);
	bpf_loop(4, sum_rest, &s, 0);
	return s.at == end ? fold(s.sum) : -1;
}

/* Looks at the i-th place where the flow may be. */
static long
find(uint64_t i, struct work *w)
{
	uint32_t at = (w->hash + (uint32_t)i) & (KPATH_FLOWS - 1);
	struct kpath_flow *f = &w->table->flows[at];
	const struct kpath_key *key = &w->key;
	uint32_t other, k;

	other = *(volatile uint32_t *)&f->on ^ 1;
	other |= f->key.ifindex ^ key->ifindex;
	for (k = 0; k < 4; k++)
		other |= (f->key.source[k] ^ key->source[k]) |
		    (f->key.group[k] ^ key->group[k]);
	if (other != 0)
		return 0;
	w->flow = f;
	return 1;
}

/* Reads the IP header; 0: not one of a multicast packet. */
static __always_inline int
read_key(struct work *w)
{
	struct __sk_buff *skb = w->skb;
	struct ethhdr *eth = (void *)DATA(skb);
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);

	if ((uint8_t *)(ip + 1) > END(skb) || (eth->h_dest[0] & 1) == 0)
		return 0;
	__builtin_memcpy(w->mac, eth, sizeof(w->mac));
	w->key.ifindex = skb->ifindex;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		w->key.source[0] = ip->saddr;
		w->key.group[0] = ip->daddr;
		w->head = sizeof(*ip);
		w->len = bpf_ntohs(ip->tot_len);
		w->tos = ip->tos;
		w->ttl = ip->ttl;
		return 1;
	}
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) ||
	    (uint8_t *)(ip6 + 1) > END(skb))
		return 0;
	__builtin_memcpy(w->key.source, &ip6->saddr, 16);
	__builtin_memcpy(w->key.group, &ip6->daddr, 16);
	w->v6 = 1;
	w->head = sizeof(*ip6);
	w->len = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
	w->tos = (uint8_t)(bpf_ntohl(*(uint32_t *)(void *)ip6) >> 20);
	w->ttl = ip6->hop_limit;
	return 1;
}

/*
 * Nothing but a whole packet without options, with nothing behind it: one that
 * a machine has joined (GRO) is several.
 */
static __always_inline enum kpath_up
check_form(struct work *w)
{
	struct __sk_buff *skb = w->skb;
	struct iphdr *ip = (void *)(DATA(skb) + ETH_HLEN);
	struct ipv6hdr *ip6 = (void *)(DATA(skb) + ETH_HLEN);
	uint8_t proto;

	if (skb->gso_segs > 1 || skb->len != (uint32_t)w->len + ETH_HLEN)
		return KPATH_UP_FORM;
	if (w->v6) {
		if ((uint8_t *)(ip6 + 1) > END(skb) || ip6->version != 6)
			return KPATH_UP_FORM;
		proto = ip6->nexthdr;
	} else {
		if ((uint8_t *)(ip + 1) > END(skb) || ip->version != 4 ||
		    ip->ihl != 5 ||
		    (ip->frag_off & bpf_htons(FRAGMENTED)) != 0)
			return KPATH_UP_FORM;
		proto = ip->protocol;
	}
	if (w->len < w->head + sizeof(struct udphdr))
		return KPATH_UP_FORM;
	if (proto != IPPROTO_UDP)
		return KPATH_UP_PROTOCOL;
	if (w->ttl < 2 || w->ttl < w->flow->ttl_min)
		return KPATH_UP_TTL;
	return w->len > w->flow->mtu ? KPATH_UP_SIZE : KPATH_UP_NONE;
}

/*
 * The sums of the packet.  One whose sender has left the checksum to a network
 * card has to be completed, which edged does: nobody here can see it but by
 * the checksum that is wrong.
 */
static __always_inline enum kpath_up
check_sums(struct work *w)
{
	uint32_t at = ETH_HLEN + w->head, end = ETH_HLEN + w->len, i;
	int head, body;
	uint64_t pseudo;
	struct udphdr *udp;

	if (bpf_skb_pull_data(w->skb, end) != 0)
		return KPATH_UP_MEMORY;
	head = kpath_sum(w->skb, ETH_HLEN, at);
	if (!w->v6 && head != 0xffff)
		return KPATH_UP_CHECKSUM;
	body = kpath_sum(w->skb, at, end);
	udp = (void *)(DATA(w->skb) + ETH_HLEN +
	    (w->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)));
	if (head < 0 || body < 0 || (uint8_t *)(udp + 1) > END(w->skb) ||
	    udp->len != bpf_htons((uint16_t)(end - at)))
		return KPATH_UP_FORM;
	pseudo = (uint64_t)bpf_htons(IPPROTO_UDP) + udp->len;
	for (i = 0; i < 4; i++)
		pseudo += halves(w->key.source[i]) + halves(w->key.group[i]);
	if (udp->check == 0 ? w->v6 :
	    fold(pseudo + (uint64_t)body) != 0xffff)
		return KPATH_UP_CHECKSUM;
	/* its TTL will be one less: in IPv4 its checksum makes up for that */
	w->udp_sum = (uint32_t)head + (uint32_t)body;
	if (w->v6)
		w->udp_sum += 0xffff - bpf_htons(1);
	return KPATH_UP_NONE;
}

static __always_inline struct kpath_leaf *
leaf_at(struct work *w, uint64_t i)
{
	uint32_t at = (w->flow->first + (uint32_t)i) & (KPATH_LEAVES - 1);

	return &w->table->leaves[at];
}

/* How is this leaf reached?  The answer is good for a while. */
static __always_inline enum kpath_up
leaf_look(struct work *w, struct kpath_leaf *l)
{
	struct bpf_fib_lookup how = {
		.family = INET,
		.l4_protocol = IPPROTO_UDP,
		.sport = w->flow->sport,
		.dport = l->port,
		.tot_len = w->len + KPATH_HEAD,
		.ifindex = w->skb->ifindex,
		.ipv4_src = w->flow->saddr,
		.ipv4_dst = l->dst,
	};

	switch (bpf_fib_lookup(w->skb, &how, sizeof(how), 0)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		break;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		return KPATH_UP_NEIGHBOR;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return KPATH_UP_PATH;
	default:
		return KPATH_UP_ROUTE;
	}
	l->ifindex = how.ifindex;
	l->mtu = how.mtu_result;
	__builtin_memcpy(l->dmac, how.dmac, sizeof(l->dmac));
	__builtin_memcpy(l->smac, how.smac, sizeof(l->smac));
	l->until = w->now + FRESH;
	return KPATH_UP_NONE;
}

static long
check_leaf(uint64_t i, struct work *w)
{
	struct kpath_leaf *l = leaf_at(w, i);

	if (l->until < w->now)
		w->why = leaf_look(w, l);
	else if (l->mtu < (uint32_t)w->len + KPATH_HEAD)
		w->why = KPATH_UP_PATH;
	return w->why != KPATH_UP_NONE;
}

/* Two processors at once may take too much, which edged makes up for. */
static __always_inline enum kpath_up
take_credit(struct work *w)
{
	struct kpath_flow *f = w->flow;

	if (!f->limited)
		return KPATH_UP_NONE;
	if (*(volatile int64_t *)&f->credit < w->len)
		return KPATH_UP_RATE;
	__sync_fetch_and_add(&f->credit, -(int64_t)w->len);
	return KPATH_UP_NONE;
}

/* --- copies */

/* The head outside, but for what is a leaf's. */
static __always_inline void
write_head(struct work *w, struct outside *o)
{
	const struct kpath_flow *f = w->flow;
	uint16_t len = w->len + KPATH_HEAD;
	uint16_t *p = (void *)o;
	uint64_t sum = 0;
	uint32_t i;

	__builtin_memset(o, 0, sizeof(*o));
	o->ip.version = 4;
	o->ip.ihl = 5;
	o->ip.tos = f->dscp_set ? (uint8_t)(f->dscp << 2 | (w->tos & 3)) :
	    w->tos;
	o->ip.tot_len = bpf_htons(len);
	o->ip.frag_off = bpf_htons(DONT_FRAGMENT);
	o->ip.ttl = f->ttl;
	o->ip.protocol = IPPROTO_UDP;
	o->ip.saddr = f->saddr;
	o->udp.source = f->sport;
	o->udp.len = bpf_htons(len - sizeof(o->ip));
	o->nvc[0] = NVC_DATA;
	o->llc[0] = o->llc[1] = 0xaa;
	o->llc[2] = 3;
	o->llc[5] = 0x5e;
	o->llc[7] = 1;
	o->cmi = f->cmi;
	o->pro = w->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
#pragma unroll
	for (i = 0; i < sizeof(o->ip) / 2; i++)
		sum += p[i];
	w->ip_sum = (uint32_t)sum;
	sum = halves(f->saddr) + bpf_htons(IPPROTO_UDP) + o->udp.len;
#pragma unroll
	for (i = sizeof(o->ip) / 2; i < sizeof(*o) / 2; i++)
		sum += p[i];
	w->udp_sum += fold(sum);
}

static long
copy(uint64_t i, struct work *w)
{
	struct kpath_leaf *l = leaf_at(w, i);
	struct __sk_buff *skb = w->skb;
	struct ethhdr *eth = (void *)DATA(skb);
	struct outside *o = (void *)(eth + 1);
	uint16_t sum;

	if ((uint8_t *)(o + 1) > END(skb))
		return 1;
	__builtin_memcpy(eth->h_dest, l->dmac, sizeof(l->dmac));
	__builtin_memcpy(eth->h_source, l->smac, sizeof(l->smac));
	o->ip.daddr = l->dst;
	o->ip.check = ~fold((uint64_t)w->ip_sum + halves(l->dst));
	o->udp.dest = l->port;
	__builtin_memcpy(o->circuit, &l->circuit, sizeof(o->circuit));
	sum = ~fold((uint64_t)w->udp_sum + halves(l->dst) + l->port +
	    halves((uint32_t)l->circuit) + halves(l->circuit >> 32));
	o->udp.check = sum == 0 ? 0xffff : sum;
	if (bpf_clone_redirect(skb, l->ifindex, 0) == 0)
		__sync_fetch_and_add(&w->flow->copies, 1);
	else
		__sync_fetch_and_add(&w->flow->failed, 1);
	return 0;
}

/* The TTL of the packet that is in it, one less or one more. */
static __always_inline void
change_ttl(struct work *w, uint8_t *packet, int down)
{
	struct ipv6hdr *ip6 = (void *)packet;
	struct iphdr *ip = (void *)packet;
	uint32_t sum;

	if (w->v6) {
		ip6->hop_limit = down ? w->ttl - 1 : w->ttl;
		return;
	}
	/* RFC 1624: the checksum changes by as much, the other way */
	sum = (uint32_t)ip->check +
	    (down ? bpf_htons(0x0100) : 0xffff - bpf_htons(0x0100));
	ip->check = (uint16_t)((sum & 0xffff) + (sum >> 16));
	ip->ttl = down ? w->ttl - 1 : w->ttl;
}

#define GROW_V6	(BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP)
#define SHRINK_V6	(1ULL << 8)	/* BPF_F_ADJ_ROOM_DECAP_L3_IPV6 */

/* All copies; then the packet is as it came. */
static __always_inline enum kpath_up
copies(struct work *w)
{
	struct __sk_buff *skb = w->skb;
	struct ethhdr *eth;
	struct outside *o;

	if (bpf_skb_adjust_room(skb, KPATH_HEAD, BPF_ADJ_ROOM_MAC,
	    w->v6 ? GROW_V6 : 0) != 0)
		return KPATH_UP_MEMORY;
	w->verdict = DROP; /* until it is what it was */
	eth = (void *)DATA(skb);
	o = (void *)(eth + 1);
	if ((uint8_t *)(o + 1) + sizeof(struct ipv6hdr) <= END(skb)) {
		eth->h_proto = bpf_htons(ETH_P_IP);
		write_head(w, o);
		change_ttl(w, (uint8_t *)(o + 1), 1);
		bpf_loop(w->leaves, copy, w, 0);
	}
	if (bpf_skb_adjust_room(skb, -KPATH_HEAD, BPF_ADJ_ROOM_MAC,
	    w->v6 ? SHRINK_V6 : 0) != 0)
		return KPATH_UP_NONE;
	eth = (void *)DATA(skb);
	if ((uint8_t *)(eth + 1) + sizeof(struct iphdr) > END(skb))
		return KPATH_UP_NONE;
	w->verdict = GO_ON;
	__builtin_memcpy(eth, w->mac, sizeof(w->mac));
	eth->h_proto = w->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	change_ttl(w, (uint8_t *)(eth + 1), 0);
	return KPATH_UP_NONE;
}

static __always_inline void
run(struct work *w)
{
	struct kpath_flow *f;

	if (!read_key(w))
		return;
	w->hash = kpath_hash(&w->key, w->table->seed);
	bpf_loop(KPATH_PROBES, find, w, 0);
	if ((f = w->flow) == NULL)
		return;
	/* read once: edged may write it at any time, and may be taken over */
	w->leaves = *(volatile uint32_t *)&f->n;
	if (w->leaves > KPATH_MEMBERS)
		return;
	w->why = check_form(w);
	if (w->why == KPATH_UP_NONE)
		w->why = check_sums(w);
	if (w->why == KPATH_UP_NONE) {
		w->now = bpf_ktime_get_ns();
		bpf_loop(w->leaves, check_leaf, w, 0);
	}
	if (w->why == KPATH_UP_NONE)
		w->why = take_credit(w);
	if (w->why == KPATH_UP_NONE)
		w->why = copies(w);
	if (w->why != KPATH_UP_NONE) {
		if (w->why < KPATH_UP_MAX)
			__sync_fetch_and_add(&w->table->up[w->why], 1);
		return;
	}
	__sync_fetch_and_add(&f->packets, 1);
	__sync_fetch_and_add(&f->octets, w->len);
	bpf_set_hash(w->skb, KPATH_DONE);
}

SEC("tc")
int
kpath_lan(struct __sk_buff *skb)
{
	struct work w = { .skb = skb, .verdict = GO_ON };
	uint32_t zero = 0;

	if (skb->hash == KPATH_DONE)
		bpf_set_hash(skb, KPATH_DONE + 1);
	if (skb->vlan_present)
		return GO_ON;
	w.table = bpf_map_lookup_elem(&kpath, &zero);
	if (w.table != NULL)
		run(&w);
	return w.verdict;
}

/* Which the way to a member is, only such a program may ask. */
char kpath_license[] SEC("license") = "Dual BSD/GPL";
