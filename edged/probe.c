/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "ip.h"
#include "probe.h"
#include "wire.h"

#define PROBE_MAGIC	0x6d617273	/* "mars" */
#define PROBE_VERSION	1
#define NUMBER_MAX	20		/* octets of an address */

/* --- on the wire */

static size_t
probe_min(bool v6)
{
	return v6 ? EDGED_PROBE_MIN6 : EDGED_PROBE_MIN4;
}

size_t
edged_probe_encode(const struct edged_probe *p, uint8_t *buf, size_t room)
{
	bool v6 = p->group.len == 16;
	size_t len = p->kind == EDGED_PROBE_ASK ? p->size : probe_min(v6);
	/* a TTL that is no more; the source is nobody: nothing goes back */
	struct edged_ip ip = { .dst = p->group,
		.proto = EDGED_PROBE_PROTO,
		.df = true };
	struct wr w;

	if (len > room || p->size < probe_min(v6))
		return 0;
	wr_init(&w, buf, len);
	edged_ip_write_head(
	    &w, &ip, len - (v6 ? EDGED_IP6_HEAD : EDGED_IP4_HEAD));
	wr_u32(&w, PROBE_MAGIC);
	wr_u8(&w, PROBE_VERSION);
	wr_u8(&w, (uint8_t)p->kind);
	wr_u16(&w, p->number);
	wr_u16(&w, p->size);
	wr_u16(&w, 0);
	wr_u64(&w, p->nonce);
	wr_u8(&w, p->asker.num_tl);
	wr_bytes(&w, p->asker.num, NUMBER_MAX);
	wr_zero(&w, len - w.len);
	return len;
}

/* Is it the IP header of one?  The reader is then behind it. */
static bool
rd_probe_head(struct rd *r, struct paddr *group, const uint8_t *p, size_t len)
{
	bool v6 = len > 0 && p[0] >> 4 == 6;

	if (len < probe_min(v6))
		return false;
	if (v6) {
		if (p[6] != EDGED_PROBE_PROTO || p[7] != 0 ||
		    (size_t)(p[4] << 8 | p[5]) != len - 40)
			return false;
	} else if (p[0] != 0x45 || p[8] != 0 || p[9] != EDGED_PROBE_PROTO ||
	    (size_t)(p[2] << 8 | p[3]) != len || in_cksum(p, 20) != 0)
		return false;
	*group = (struct paddr){ .len = v6 ? 16 : 4 };
	rd_skip(r, v6 ? 24 : 16);
	rd_copy(r, group->a, group->len);
	return true;
}

bool
edged_probe_decode(struct edged_probe *p, const uint8_t *data, size_t len)
{
	struct rd r;
	uint8_t kind;

	*p = (struct edged_probe){ 0 };
	rd_init(&r, data, len);
	if (!rd_probe_head(&r, &p->group, data, len) ||
	    rd_u32(&r) != PROBE_MAGIC || rd_u8(&r) != PROBE_VERSION)
		return false;
	kind = rd_u8(&r);
	p->kind = kind == EDGED_PROBE_ASK ? EDGED_PROBE_ASK :
	    EDGED_PROBE_ANSWER;
	p->number = rd_u16(&r);
	p->size = rd_u16(&r);
	rd_skip(&r, 2);
	p->nonce = rd_u64(&r);
	p->asker.num_tl = rd_u8(&r);
	rd_copy(&r, p->asker.num, NUMBER_MAX);
	if (rd_failed(&r) || (kind != EDGED_PROBE_ASK &&
	    kind != EDGED_PROBE_ANSWER))
		return false;
	if (p->kind == EDGED_PROBE_ASK && p->size != len)
		return false;
	return atm_addr_tl_normalise(p->asker.num_tl) == p->asker.num_tl &&
	    p->asker.num_tl != 0 && atm_addr_tl_usable(p->asker.num_tl) &&
	    atm_addr_number_usable(p->asker.num_tl, p->asker.num);
}

/* --- who is answered */

/* The one that has asked, or in its place the one that did so first. */
static struct edged_probe_asker *
probe_asker(struct edged_probe_limit *l, const struct atm_addr *addr)
{
	struct edged_probe_asker *a, *oldest = l->askers;

	for (a = l->askers; a < l->askers + EDGED_PROBE_ASKERS; a++) {
		if (atm_addr_equal(&a->addr, addr))
			return a;
		if (mtime_diff(a->bucket.last, oldest->bucket.last) > 0)
			oldest = a;
	}
	*oldest = (struct edged_probe_asker){ .addr = *addr };
	return oldest;
}

bool
edged_probe_may(
    struct edged_probe_limit *l, mtime_t now, const struct atm_addr *addr)
{
	struct edged_probe_asker *a;

	if (!edged_bucket_has(
	    &l->all, now, EDGED_PROBE_RATE, EDGED_PROBE_BURST, 1))
		return false;
	a = probe_asker(l, addr);
	return edged_bucket_take(&a->bucket, now, EDGED_PROBE_ASKER_RATE,
	    EDGED_PROBE_ASKER_BURST, 1) &&
	    edged_bucket_take(
	    &l->all, now, EDGED_PROBE_RATE, EDGED_PROBE_BURST, 1);
}

/* --- who asks */

static void
prober_send(struct edged_prober *p)
{
	uint16_t i = p->sent++;

	p->at[i] = p->timers->now;
	p->ops->send(p->arg, i, p->sizes[i]);
}

static void
prober_due(void *arg)
{
	struct edged_prober *p = arg;

	if (p->sent == p->n) {
		p->ops->over(p->arg);
		return;
	}
	while (p->sent < p->n)
		prober_send(p);
	timer_set(p->timers, &p->timer, EDGED_PROBE_WAIT);
}

/*
 * What every host takes, what IPv6 needs, what is left by tunnels that are
 * common, and of an Ethernet; then all that is configured.
 */
static void
prober_sizes(struct edged_prober *p, uint16_t min, uint16_t max)
{
	static const uint16_t steps[] = { 576, 1280, 1380, 1420, 1500 };
	size_t i;

	p->n = 0;
	p->sizes[p->n++] = min;
	p->sizes[p->n++] = min;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i] > min && steps[i] < max)
			p->sizes[p->n++] = steps[i];
	if (max > min)
		p->sizes[p->n++] = max;
}

void
edged_prober_start(struct edged_prober *p, const struct edged_prober_ops *ops,
    void *arg, struct timers *timers, uint64_t nonce, uint16_t min,
    uint16_t max)
{
	*p = (struct edged_prober){ .ops = ops,
.arg = arg,
.timers = timers,
.nonce = nonce };
	timer_init(&p->timer, prober_due, p);
	prober_sizes(p, min, max);
	timer_set(timers, &p->timer, EDGED_PROBE_FIRST);
	prober_send(p);
}

void
edged_prober_stop(struct edged_prober *p)
{
	if (p->timers != NULL)
		timer_clear(p->timers, &p->timer);
}

static struct edged_probe_member *
prober_member(struct edged_prober *p, const struct atm_addr *addr)
{
	struct edged_probe_member *m;

	for (m = p->members; m < p->members + p->nmembers; m++)
		if (atm_addr_equal(&m->addr, addr))
			return m;
	if (p->nmembers == EDGED_PROBE_MEMBERS)
		return NULL;
	p->nmembers++;
	*m = (struct edged_probe_member){ .addr = *addr };
	return m;
}

bool
edged_prober_expect(struct edged_prober *p, const struct atm_addr *addr)
{
	struct edged_probe_member *m = prober_member(p, addr);

	if (m == NULL)
		return false;
	m->expected = true;
	return true;
}

/* Has everybody who should answered all that was sent? */
static bool
prober_complete(const struct edged_prober *p)
{
	const struct edged_probe_member *m;
	uint32_t all = (1U << p->sent) - 1;

	for (m = p->members; m < p->members + p->nmembers; m++)
		if (m->expected && m->answered != all)
			return false;
	return true;
}

bool
edged_prober_answer(struct edged_prober *p, const struct atm_addr *from,
    const struct edged_probe *a)
{
	struct edged_probe_member *m;
	int64_t trip;

	if (p->timers == NULL || !timer_isset(&p->timer) ||
	    a->nonce != p->nonce || a->number >= p->sent ||
	    a->size != p->sizes[a->number] ||
	    (m = prober_member(p, from)) == NULL)
		return false;
	trip = mtime_diff(p->at[a->number], p->timers->now);
	if (m->answered == 0 || trip < m->trip)
		m->trip = trip;
	m->answered |= 1U << a->number;
	if (a->size > m->largest)
		m->largest = a->size;
	if (prober_complete(p))
		timer_set(p->timers, &p->timer, 0);
	return true;
}

size_t
edged_prober_answered(const struct edged_prober *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nmembers; i++)
		n += p->members[i].answered != 0;
	return n;
}
