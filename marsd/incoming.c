/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The way of a message to its handler (RFC 2022 sections 4.1, 4.2, 6 and
 * 10.3).  The checks are in the order of A-105.
 */
#include "cluster.h"
#include "join.h"
#include "llc.h"
#include "mcs.h"
#include "request.h"

/* What costs as much as a message does; chosen by what they take. */
#define COPIES_A_TOKEN	256
#define WALK_A_TOKEN	16
#define WALK_FREE	64
#define LIST_A_TOKEN	64	/* and their addresses are sent */
#define SPARED_MAX	4096	/* of either kind, while scspd is behind */

struct marsd_handler {
	enum marsd_drop	(*handle)(struct marsd_incoming *);
	bool		 copies;	/* mar$flags.copy has to be 0 */
};

/* What a MARS takes; all other messages are for its clients. */
static const struct marsd_handler handlers[MARS_OP_MAX + 1] = {
	[MARS_REQUEST] = { marsd_request_message, false },
	[MARS_JOIN] = { marsd_join_message, true },
	[MARS_LEAVE] = { marsd_leave_message, true },
	[MARS_MSERV] = { marsd_mserv_message, true },
	[MARS_UNSERV] = { marsd_unserv_message, true },
	[MARS_GROUPLIST_REQUEST] = { marsd_grouplist_message, false },
};

/* The TLVs decide whether the operation takes place at all (10.3). */
static enum marsd_drop
walk_tlvs(struct marsd_incoming *in)
{
	switch (mars_tlvs_verdict(&in->msg)) {
	case MARS_TLVS_DROP:
		return MARSD_DROP_TLV;
	case MARS_TLVS_ERROR:
		return marsd_cluster_refused(
		    in->proto, MARSD_DROP_TLV_ERROR, &in->msg.src);
	case MARS_TLVS_SKIP:
		break;
	}
	return MARSD_DROP_NONE;
}

/* Is the source who made the call, as far as that is known? */
static bool
source_ok(const struct marsd_circuit *ci, const struct atm_addr *src)
{
	if (!ci->cluster->conf->strict_source || !vc_knows_caller(ci->vc))
		return true;
	return atm_addr_equal(vc_peer(ci->vc), src);
}

/*
 * Is there too much that scspd has not read yet for what this message changes?
 * Its sender says it once more.  But a number of messages goes on, of which
 * each caller has a share: who has kept scspd busy uses up its own and nobody
 * else's.  Registrations have a number of their own, since who waits for one
 * can do nothing else.
 */
static bool
is_congested(struct marsd *m, const struct marsd_incoming *in)
{
	struct marsd_caller *k = in->circuit->caller;

	if (m->ops->congested == NULL || !m->ops->congested(m->arg)) {
		m->congested = false;
		return false;
	}
	if (!m->congested) {
		m->congested = true;
		marsd_reserve_fill(&m->registrations, SPARED_MAX);
		marsd_reserve_fill(&m->changes, SPARED_MAX);
	}
	if ((in->msg.flags & MARS_F_REGISTER) != 0)
		return !marsd_reserve_take(
		    &m->registrations, &k->registrations);
	return !marsd_reserve_take(&m->changes, &k->changes);
}

static enum marsd_drop
marsd_dispatch(struct marsd_cluster *c, struct marsd_circuit *ci,
    const uint8_t *octets, size_t len)
{
	struct marsd *m = c->mars;
	const struct marsd_handler *h;
	struct marsd_incoming in;
	enum mars_drop bad;
	enum marsd_drop d;

	in.circuit = ci;
	in.octets = octets;
	in.len = len;
	if ((bad = mars_decode(&in.msg, octets, len)) != MARS_DROP_NONE) {
		if (bad == MARS_DROP_VERSION && mars_is_nhrp(octets, len))
			return MARSD_DROP_NHRP;
		c->bad[bad]++;
		marsd_circuit_refused(ci, marsd_bad_name(bad));
		return MARSD_DROP_NONE;
	}
	if ((in.proto = marsd_proto_find(c, &in.msg.pro)) == NULL) {
		marsd_cluster_stranger(c, MARSD_EV_UNSERVED,
		    &(struct marsd_event){
		    .pro = &in.msg.pro, .who = &in.msg.src });
		return MARSD_DROP_PRO;
	}
	marsd_cluster_trace(c,
	    &(struct marsd_trace){ .level = 2, .pro = &in.msg.pro,
	    .who = vc_peer(ci->vc), .what = "sent us",
	    .op = mars_op_name(in.msg.op) });
	if ((d = walk_tlvs(&in)) != MARSD_DROP_NONE)
		return d;
	h = in.msg.op <= MARS_OP_MAX ? &handlers[in.msg.op] : NULL;
	if (h == NULL || h->handle == NULL)
		return MARSD_DROP_OP;
	if (!source_ok(ci, &in.msg.src))
		return marsd_cluster_refused(
		    in.proto, MARSD_DROP_SOURCE, &in.msg.src);
	if (h->copies && (in.msg.flags & MARS_F_COPY))
		return MARSD_DROP_COPY;
	/* what is copied changes something */
	if (h->copies && is_congested(m, &in))
		return MARSD_DROP_CONGESTED;
	d = h->handle(&in);
	marsd_limits_watch(in.proto);
	return d;
}

/*
 * A client pays for what its message has caused: what is ordinary is in the
 * price of a message, and so are a few copies and ranges.  An answer may name
 * all members of a group, or all groups: many such would keep all others
 * waiting, and fill the queue in which their answers are.
 */
static void
charge(struct marsd_cluster *c, struct marsd_caller *k)
{
	uint64_t n = c->copies / COPIES_A_TOKEN + c->listed / LIST_A_TOKEN;

	if (c->walked >= WALK_FREE)
		n += c->walked / WALK_A_TOKEN;
	if (n != 0 && c->conf->rate != 0)
		marsd_bucket_charge(&k->bucket, n, c->conf->burst);
}

enum marsd_drop
marsd_receive(struct marsd_cluster *c, struct marsd_circuit *ci,
    const uint8_t *p, size_t len)
{
	struct marsd_caller *k = ci->caller;
	mtime_t now = c->mars->ts->now;
	enum marsd_drop d;
	uint32_t oui;
	uint16_t pid;

	/* a client's own limit first, so that it does not use up the total */
	if (!marsd_bucket_take(&k->bucket, now, c->conf->rate, c->conf->burst))
		return MARSD_DROP_RATE;
	if (!marsd_bucket_take(
	    &c->bucket, now, c->conf->rate_total, c->conf->rate_total))
		return MARSD_DROP_RATE_TOTAL;
	if (!llc_decode(p, len, &oui, &pid))
		return MARSD_DROP_LLC;
	if (oui != LLC_OUI_IANA || pid != LLC_PID_MARS)
		return MARSD_DROP_CODEPOINT;
	c->copies = c->walked = c->listed = 0;
	d = marsd_dispatch(c, ci, p + LLC_LEN, len - LLC_LEN);
	charge(c, k);
	return d;
}

bool
marsd_incoming_span(const struct marsd_incoming *in, struct marsd_span *s)
{
	const struct marsd_proto *p = in->proto;

	if (in->msg.pnum != 1 || in->msg.tpln == 0)
		return false;
	if (p->addrlen != 0 && in->msg.tpln != p->addrlen)
		return false;
	mars_pair(&in->msg, 0, &s->min, &s->max);
	return s->min.len == in->msg.tpln && paddr_cmp(&s->min, &s->max) <= 0;
}
