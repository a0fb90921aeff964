/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Control messages of the MARS: which client each is for, whether that client
 * listens to who sends it, and what the message means to it.
 */
#include "client.h"
#include "control.h"
#include "llc.h"

/* --- REDIRECT_MAP in parts (5.4.3) */

void
marsc_forget_map(struct marsc *c)
{
	timer_clear(c->ts, &c->map_part);
	marsc_parts_reset(&c->map);
}

static void
map_timer(void *arg)
{
	marsc_forget_map(arg);
}

void
marsc_map_init(struct marsc *c)
{
	marsc_parts_init(&c->map, &c->answers, true);
	timer_init(&c->map_part, map_timer, c);
}

static void
control_map(struct marsc *c, const struct mars_msg *m)
{
	if (m->seq == 1)
		c->map_redirf = m->redirf;
	switch (marsc_parts_input(&c->map, m)) {
	case MARSC_PARTS_R_DONE:
		timer_clear(c->ts, &c->map_part);
		marsc_reg_map(c, (c->map_redirf & MARS_REDIRF_HARD) != 0,
		    c->map.addrs, c->map.n);
		break;
	case MARSC_PARTS_R_FAILED:
		c->drops[MARSC_DROP_PARTS]++;
		timer_clear(c->ts, &c->map_part);
		break;
	default:
		timer_set(c->ts, &c->map_part, c->t.part);
		break;
	}
}

/* --- messages of the current MARS */

/*
 * Somebody has joined or left: MARS_JOIN and MARS_LEAVE, and for a multicast
 * server MARS_SJOIN and MARS_SLEAVE (5.1.4.1).
 *
 * The pairs of one message do not overlap, so that they concern each group
 * once.  A MARS with which they do would have us go through all of them a
 * thousand times for one message: all groups are revalidated instead.
 */
static void
control_change(struct marsc *c, const struct mars_msg *m)
{
	bool join = m->op == c->role->heard_join;
	bool news = join && !marsc_is_self(c, &m->src);
	uint32_t left = UINT32_MAX, n;
	struct paddr min, max;
	uint16_t i;

	if ((m->flags & MARS_F_REGISTER) != 0 || m->tpln == 0)
		return;
	if (m->pnum > 1)
		left = c->npaths + marsc_query_count(c);
	for (i = 0; i < m->pnum; i++) {
		mars_pair(m, i, &min, &max);
		n = marsc_path_update(c, join, &m->src, &min, &max);
		if (news)
			n += marsc_query_news(c, &min, &max);
		if (n > left) {
			c->drops[MARSC_DROP_DECODE]++;
			marsc_path_stale_all(c);
			return;
		}
		left -= n;
	}
}

/*
 * Does what the MARS says.  The mar$msn of most messages moves the HSN at once;
 * that of an answer in parts counts when the last part has come (5.1.4.2).
 */
static void
control_operation(struct marsc *c, const struct mars_msg *m)
{
	bool jump;

	switch (m->op) {
	case MARS_MULTI:
		marsc_query_multi(c, m);
		return;
	case MARS_GROUPLIST_REPLY:
		marsc_grouplist_reply(c, m);
		return;
	case MARS_NAK: /* carries no mar$msn */
		marsc_query_nak(c, m);
		return;
	case MARS_REQUEST:
	case MARS_GROUPLIST_REQUEST:
		c->drops[MARSC_DROP_OP]++;
		return;
	case MARS_REDIRECT_MAP:
	case MARS_MIGRATE:
		break;
	default:
		/* without the copy flag it is meant for a MARS (5.2.1) */
		if ((m->flags & MARS_F_COPY) == 0) {
			c->drops[MARSC_DROP_COPY]++;
			return;
		}
		break;
	}
	jump = marsc_hsn_update(&c->hsn, m->msn);
	if (m->op == MARS_REDIRECT_MAP)
		control_map(c, m);
	else if (m->op == MARS_MIGRATE)
		marsc_path_migrate(c, m);
	else if (m->op == c->role->heard_join || m->op == c->role->heard_leave)
		control_change(c, m);
	if (m->op == c->role->join || m->op == c->role->leave)
		(void)marsc_join_copy(c, m);
	if (!jump)
		return;
	marsc_notify(c, MARSC_NOTICE_JUMP,
	    &(struct marsc_notice){
		.number = m->msn, .server = &c->mars->addr });
	marsc_path_stale_all(c);
}

/* Does any client listen to this MARS?  The message is not looked at. */
static bool
control_has_listener(const struct marsc_host *h, const struct atm_addr *from)
{
	const struct marsc *c;

	LIST_FOREACH(c, &h->clients, entry)
		if (marsc_reg_is_on(c) && atm_addr_equal(from, &c->mars->addr))
			return true;
	return false;
}

/*
 * Has a control message come on a circuit that is for data?  Then a MARS that
 * is not in our table has us on its control VC, because we were its client
 * before we were restarted.  It would keep us for ever, so we leave
 * its circuit, and it is told that the leaf has dropped.  But if a redirect
 * has made it our MARS since it called, the circuit is a control VC from now
 * on.
 */
static bool
control_is_stray(struct marsc_host *h, struct marsc_incoming *in)
{
	if (in == NULL || in->control)
		return false;
	if (control_has_listener(h, &in->caller)) {
		marsc_incoming_control(in);
		return false;
	}
	h->drops[MARSC_DROP_STRANGER]++;
	marsc_incoming_release(in);
	return true;
}

/*
 * Is the control VC one that a client no longer wants?  The first message says
 * of which protocol the VC is.  If the client of that protocol has turned to
 * another MARS meanwhile, the VC is released.
 */
static bool
control_is_left(struct marsc *c, struct marsc_incoming *in)
{
	if (in == NULL || in->end.client == c)
		return false;
	in->end.client = c;
	if (!marsc_reg_is_on(c) || marsc_reg_expects(c, &in->caller))
		return false;
	c->drops[MARSC_DROP_STRANGER]++;
	marsc_incoming_release(in);
	return true;
}

/*
 * A message of a protocol that no client here has.  Did it come on a control VC
 * that is nobody's, then it is that of a client which has gone: the MARS would
 * keep it for ever, because another one lives at its address.
 */
static void
control_of_nobody(struct marsc_host *h, struct marsc_incoming *in)
{
	h->drops[MARSC_DROP_PRO]++;
	if (in != NULL && in->end.client == NULL)
		marsc_incoming_release(in);
}

/*
 * Only the current MARS is listened to.  While a soft redirect is under
 * way its target is, too, but only for the copy of the registration.
 */
static void
control_message(struct marsc *c, const struct atm_addr *from, bool vc,
    const struct mars_msg *m)
{
	bool current = atm_addr_equal(from, &c->mars->addr);

	if (mars_tlvs_verdict(m) != MARS_TLVS_SKIP) {
		c->drops[MARSC_DROP_TLV]++;
		return;
	}
	if (marsc_reg_copy(c, m, current))
		return;
	if (!current || !marsc_reg_is_on(c)) {
		c->drops[MARSC_DROP_STRANGER]++;
		return;
	}
	if (vc)
		marsc_notify(c, MARSC_NOTICE_HEARD,
		    &(struct marsc_notice){ .server = from, .msg = m });
	control_operation(c, m);
}

void
marsc_control_input(struct marsc_host *h, struct marsc_incoming *in,
    const struct atm_addr *from, const uint8_t *data, size_t len)
{
	struct mars_msg m;
	struct marsc *c;

	if (!marsc_is_control(data, len))
		h->drops[MARSC_DROP_LLC]++;
	else if (control_is_stray(h, in))
		return;
	else if (mars_decode(&m, data + LLC_LEN, len - LLC_LEN) !=
	    MARS_DROP_NONE)
		h->drops[MARSC_DROP_DECODE]++;
	else if ((c = marsc_host_client(h, &m.pro)) == NULL)
		control_of_nobody(h, in);
	else if (!control_is_left(c, in))
		control_message(c, from, in != NULL, &m);
}
