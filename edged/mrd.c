/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "igmp.h"
#include "mld.h"
#include "mrd.h"
#include "wire.h"

/* The types of IGMP, and of ICMPv6 (section 7). */
#define MRD4_ADVERTISE	0x30
#define MRD4_SOLICIT	0x31
#define MRD4_TERMINATE	0x32
#define MRD6_ADVERTISE	151
#define MRD6_SOLICIT	152
#define MRD6_TERMINATE	153
#define MRD_ADVERTISEMENT 8	/* octets */
#define MRD_OTHER	4

static const struct paddr snoopers4 = { .len = 4, .a = { 224, 0, 0, 106 } };
static const struct paddr snoopers6 = { .len = 16,
	.a = { 0xff, 0x02, [15] = 0x6a } };

static void
mrd_send(struct edged_mrd *m, bool terminate)
{
	bool v6 = m->addr.len == 16;
	size_t len = terminate ? MRD_OTHER : MRD_ADVERTISEMENT;
	uint8_t buf[EDGED_MRD_MAX];
	struct edged_ip ip;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	edged_gmp_write_head(
	    &w, &ip, &m->addr, v6 ? &snoopers6 : &snoopers4, len);
	if (v6)
		wr_u8(&w, terminate ? MRD6_TERMINATE : MRD6_ADVERTISE);
	else
		wr_u8(&w, terminate ? MRD4_TERMINATE : MRD4_ADVERTISE);
	wr_u8(&w, terminate ? 0 : EDGED_MRD_INTERVAL);
	wr_u16(&w, 0); /* checksum, below */
	if (!terminate) {
		wr_u16(&w, m->interval);
		wr_u16(&w, m->robustness);
	}
	if ((len = edged_ip_write_sum(&w, &ip, 2)) > 0)
		m->ops->send(m->arg, buf, len);
}

/* Within so many ms, at random: the routers of a LAN don't speak at once. */
static void
mrd_within(struct edged_mrd *m, uint64_t ms)
{
	timer_set(
	    m->timers, &m->timer, MTIME_MS(m->ops->random(m->arg) % (ms + 1)));
}

static void
mrd_expired(void *arg)
{
	struct edged_mrd *m = arg;
	/* 3.1.2: a fortieth, each way */
	uint64_t jitter = EDGED_MRD_INTERVAL * 1000 / 40;

	if (m->initial > 0)
		m->initial--;
	if (m->initial > 0)
		mrd_within(m, EDGED_MRD_SOON);
	else
		timer_set(m->timers, &m->timer,
		    MTIME_SEC(EDGED_MRD_INTERVAL) - MTIME_MS(jitter) +
		    MTIME_MS(m->ops->random(m->arg) % (2 * jitter + 1)));
	mrd_send(m, false);
}

void
edged_mrd_init(struct edged_mrd *m, const struct edged_mrd_ops *ops, void *arg,
    struct timers *timers)
{
	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->arg = arg;
	m->timers = timers;
	timer_init(&m->timer, mrd_expired, m);
}

void
edged_mrd_start(struct edged_mrd *m, const struct paddr *addr,
    uint32_t interval, uint8_t robustness)
{
	edged_mrd_stop(m);
	if (addr->len == 0)
		return;
	m->addr = *addr;
	m->interval = interval > 0xffff ? 0xffff : (uint16_t)interval;
	m->robustness = robustness;
	m->initial = EDGED_MRD_INITIAL;
	mrd_within(m, EDGED_MRD_SOON);
}

void
edged_mrd_stop(struct edged_mrd *m)
{
	if (m->addr.len == 0)
		return;
	timer_clear(m->timers, &m->timer);
	mrd_send(m, true);
	m->addr.len = 0;
}

bool
edged_mrd_is(const struct edged_ip *ip)
{
	bool icmp6 = ip->v6 && ip->proto == EDGED_PROTO_ICMPV6;

	if (ip->fragment || ip->len - ip->head < MRD_OTHER ||
	    (!icmp6 && !edged_igmp_is(ip)))
		return false;
	return ip->p[ip->head] == (icmp6 ? MRD6_SOLICIT : MRD4_SOLICIT);
}

/*
 * 3.3, 4: with TTL 1, Router Alert and a right checksum.  An answer comes
 * within 2 s, and once for all who ask meanwhile.
 */
void
edged_mrd_heard(struct edged_mrd *m, const struct edged_ip *ip)
{
	mtime_t soon = { m->timers->now.us + MTIME_MS(EDGED_MRD_SOON) };

	if (m->addr.len == 0 || ip->ttl != 1 || !ip->alert ||
	    edged_ip_sum(ip) != 0)
		return;
	if (m->timer.due.us > soon.us)
		mrd_within(m, EDGED_MRD_SOON);
}
