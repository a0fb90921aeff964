/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Changes of membership on the control VCs.
 *
 * RFC 2022 has a MARS send every change at once, and does not say what it
 * does when they come faster than copies go out to a thousand members.  Ours:
 * see backlog.h.  A message may have as many pairs as fit (5.2.1), so a node's
 * changes make few messages; a MARS_MIGRATE names one group only (5.1.6).
 */
#include "cluster.h"
#include "redirect.h"
#include "send.h"
#include "tell.h"

/* What one turn hands to a VC, in octets, with a few nodes and with many. */
#define TURN_MAX	65536
#define TURN_MIN	MARS_MTU
#define TURN_COPIES	(16 << 20)	/* octets, leaves counted */
#define OVERHEAD	96		/* octets of a JOIN but its pairs */
#define JUMP_MIN	MTIME_SEC(10)	/* from one revalidation to the next */
/*
 * While changes come, a VC that has more to say rests for as long as it took to
 * say the last, but no longer than this.  So copies take half of the time at
 * most, and what comes meanwhile is merged and makes fewer of them.
 */
#define REST_MAX	MTIME_MS(50)

/*
 * By section 6.1.4 a private message carries the number that the next message
 * on the VC will have.  A node that has seen one does not notice that the
 * number was raised by one, but by two it does.
 */
#define JUMP_BY		2

/*
 * Ranges that are freed in one turn.  All that a backlog may have take tens of
 * milliseconds, in which nobody would be answered.
 */
#define SHRINK		2048

static void	jump_expired(void *);
static void	shrink_expired(void *);
static void	rest_expired(void *);
static void	tell_some(struct marsd_control *);

void
marsd_tell_init(struct marsd_control *ctl)
{
	marsd_backlog_init(&ctl->backlog);
	timer_init(&ctl->jump, jump_expired, ctl);
	timer_init(&ctl->shrink, shrink_expired, ctl);
	timer_init(&ctl->rest, rest_expired, ctl);
	ctl->begun = marsd_proto_timers(ctl->proto)->now;
	ctl->jumped = marsd_proto_timers(ctl->proto)->now;
	ctl->jumped.us -= JUMP_MIN;
}

static void
behind_no_more(struct marsd_control *ctl)
{
	ctl->behind = false;
	timer_clear(marsd_proto_timers(ctl->proto), &ctl->shrink);
	marsd_backlog_clear(&ctl->backlog);
}

static void
shrink_expired(void *arg)
{
	struct marsd_control *ctl = arg;

	if (marsd_backlog_shrink(&ctl->backlog, SHRINK))
		timer_set(marsd_proto_timers(ctl->proto), &ctl->shrink, 0);
	else if (!timer_isset(&ctl->jump))
		jump_expired(ctl);
}

void
marsd_tell_clear(struct marsd_control *ctl)
{
	timer_clear(marsd_proto_timers(ctl->proto), &ctl->jump);
	timer_clear(marsd_proto_timers(ctl->proto), &ctl->rest);
	behind_no_more(ctl);
}

/* Is there anybody to be told? */
static bool
has_leaves(const struct marsd_control *ctl)
{
	return ctl->root != NULL && ctl->leaves != 0;
}

bool
marsd_tell_waits(const struct marsd_control *ctl)
{
	return has_leaves(ctl) && (ctl->behind ||
	    !marsd_backlog_empty(&ctl->backlog) || vc_backlog(ctl->root) > 0);
}

void
marsd_tell_revalidate(struct marsd_control *ctl)
{
	struct marsd_proto *p = ctl->proto;
	struct timers *ts = marsd_proto_timers(p);
	struct marsd_event ev = { .pro = &p->pro,
		.why = ctl->role == MARSD_ROLE_CLIENT ? "ClusterControlVC" :
		    "ServerControlVC",
		.number = ctl->backlog.ranges };
	int64_t wait;

	if (ctl->behind)
		return;
	if (!has_leaves(ctl) || p->cluster->mars->stopping) {
		marsd_backlog_clear(&ctl->backlog);
		return;
	}
	ctl->behind = true;
	timer_set(ts, &ctl->shrink, 0);
	p->cluster->counts.revalidations++;
	marsd_cluster_event(p->cluster, MARSD_EV_REVALIDATE, &ev);
	wait = JUMP_MIN - mtime_diff(ctl->jumped, ts->now);
	timer_set(ts, &ctl->jump, wait < 0 ? 0 : wait);
}

void
marsd_tell_lost(struct marsd_control *ctl)
{
	if (ctl->leaves != 0)
		ctl->msn += JUMP_BY;
	marsd_tell_clear(ctl);
}

/*
 * The MARS_REDIRECT_MAP is what carries the number: it says nothing that a
 * node does not know, and is what section 6.1.4 counts on as well.
 */
static void
jump_now(struct marsd_control *ctl)
{
	behind_no_more(ctl);
	ctl->jumped = marsd_proto_timers(ctl->proto)->now;
	ctl->msn += JUMP_BY;
	marsd_redirect_tell(ctl);
}

/*
 * What it has still to send goes first; then it is told that it has.  What was
 * given up is all freed by then, and not at once here.
 */
static void
jump_expired(void *arg)
{
	struct marsd_control *ctl = arg;

	if (!has_leaves(ctl))
		behind_no_more(ctl);
	else if (vc_backlog(ctl->root) == 0 &&
	    marsd_backlog_empty(&ctl->backlog))
		jump_now(ctl);
}

static struct marsd_subject
subject_of(const struct marsd_node *n, bool layer3)
{
	return (struct marsd_subject){
		.role = n->role, .layer3 = layer3, .atm = n->atm, .spa = n->spa
	};
}

/*
 * What is pending where the VC has nothing to send is told at once: nobody
 * would say that it has drained.
 */
static void
tell_idle(struct marsd_control *ctl)
{
	if (!ctl->behind && vc_backlog(ctl->root) == 0 &&
	    !timer_isset(&ctl->rest))
		tell_some(ctl);
}

/* Is a list too long to be copied to all leaves within one turn? */
static bool
is_heavy(const struct marsd_control *ctl, const struct marsd_spans *l)
{
	return (uint64_t)l->n * 2 * ctl->proto->addrlen * ctl->leaves >
	    TURN_COPIES;
}

void
marsd_tell_change(struct marsd_control *ctl, struct marsd_node *n, bool joined,
    struct mars_msg *m, const struct marsd_spans *l, bool punched)
{
	struct marsd_cluster *c = ctl->proto->cluster;
	struct marsd_subject who =
	    subject_of(n, (m->flags & MARS_F_LAYER3GRP) != 0);
	size_t i;

	if (!marsd_tell_waits(ctl) && !is_heavy(ctl, l)) {
		ctl->begun = c->mars->ts->now;
		marsd_send_spans(ctl, m, l, punched);
		return;
	}
	/* whoever revalidates hears of it then, and who stops is silent */
	if (ctl->behind || c->mars->stopping)
		return;
	if (l->failed) {
		marsd_tell_revalidate(ctl);
		return;
	}
	c->counts.pended += l->n;
	ctl->grows = true;
	for (i = 0; i < l->n; i++)
		if (!marsd_backlog_change(&ctl->backlog, &who, joined,
		    &l->v[i], c->conf->max_backlog)) {
			marsd_tell_revalidate(ctl);
			return;
		}
	tell_idle(ctl);
}

static void
migrate_send(struct marsd_control *ctl, const struct atm_addr *to,
    const struct paddr *group)
{
	struct mars_msg m;

	marsd_own_message(ctl->proto, &m, MARS_MIGRATE);
	m.tpa = *group;
	marsd_send_parts(ctl, NULL, &m, &to, 1);
}

void
marsd_tell_migrate(struct marsd_control *ctl, struct marsd_node *n,
    const struct paddr *group)
{
	struct marsd_cluster *c = ctl->proto->cluster;
	struct marsd_subject to = subject_of(n, false);

	if (!marsd_tell_waits(ctl)) {
		migrate_send(ctl, &n->atm, group);
		return;
	}
	if (ctl->behind || c->mars->stopping)
		return;
	c->counts.pended++;
	ctl->grows = true;
	if (!marsd_backlog_migrate(&ctl->backlog, &to, group))
		marsd_tell_revalidate(ctl);
	else
		tell_idle(ctl);
}

void
marsd_tell_asked(struct marsd_control *ctl, const struct paddr *group)
{
	marsd_backlog_asked(&ctl->backlog, group);
}

/* What of these ranges is so now: who is in them, or is not. */
static void
still_so(struct marsd_control *ctl, const struct marsd_subject *who,
    bool joined, const struct marsd_spans *in, struct marsd_spans *out)
{
	struct marsd_node *n =
	    marsd_node_find(ctl->proto, who->role, &who->atm);
	size_t i;

	out->failed = in->failed;
	for (i = 0; i < in->n; i++) {
		if (n != NULL)
			marsd_node_parts(n, &in->v[i], joined, out);
		else if (!joined)
			marsd_spans_add(out, &in->v[i]);
	}
}

static uint8_t
change_op(const struct marsd_control *ctl, enum marsd_role role, bool joined)
{
	if (ctl->role == MARSD_ROLE_CLIENT)
		return joined ? MARS_JOIN : MARS_LEAVE;
	if (role == MARSD_ROLE_MCS)
		return joined ? MARS_MSERV : MARS_UNSERV;
	return joined ? MARS_SJOIN : MARS_SLEAVE;
}

/* One node's changes of one kind; in a list of several pairs, punched. */
static void
tell_ranges(struct marsd_control *ctl, const struct marsd_subject *who,
    bool joined, const struct marsd_spans *l)
{
	struct marsd_spans so, mesh;
	struct mars_msg m;

	marsd_spans_init(&so);
	marsd_spans_init(&mesh);
	still_so(ctl, who, joined, l, &so);
	marsd_own_message(ctl->proto, &m, change_op(ctl, who->role, joined));
	m.src = who->atm;
	m.spa = who->spa;
	m.flags = who->layer3 ? MARS_F_LAYER3GRP : 0;
	if (ctl->role == MARSD_ROLE_CLIENT && joined &&
	    who->role == MARSD_ROLE_CLIENT) {
		marsd_spans_unserved(ctl->proto, &so, &mesh);
		marsd_send_spans(ctl, &m, &mesh, mesh.n > 1);
	} else
		marsd_send_spans(ctl, &m, &so, so.n > 1);
	marsd_spans_free(&mesh);
	marsd_spans_free(&so);
}

static void
tell_next(struct marsd_control *ctl)
{
	size_t len = ctl->proto->addrlen;
	size_t room = marsd_send_room(ctl->root) - OVERHEAD;
	enum marsd_backlog_kind kind;
	struct marsd_subject who;
	struct marsd_spans l;

	marsd_spans_init(&l);
	if (!marsd_backlog_next(&ctl->backlog, &kind, &who, &l,
	    room / (2 * (len == 0 ? PADDR_MAX : len))))
		return;
	if (l.failed)
		marsd_tell_revalidate(ctl);
	else if (kind == MARSD_BACKLOG_MIGRATE)
		migrate_send(ctl, &who.atm, &l.v[0].min);
	else
		tell_ranges(ctl, &who,
		    kind == MARSD_BACKLOG_MCS_JOIN ||
		    kind == MARSD_BACKLOG_CLIENT_JOIN, &l);
	marsd_spans_free(&l);
}

/*
 * As much as fills a few bundles (doc/nvc.md, rule 10) and no queue; the rest
 * stays pending, where it can still change.
 */
static void
tell_some(struct marsd_control *ctl)
{
	size_t turn = TURN_COPIES / (ctl->leaves == 0 ? 1 : ctl->leaves);
	uint64_t end;

	ctl->begun = marsd_proto_timers(ctl->proto)->now;
	ctl->grows = false;
	turn = turn > TURN_MAX ? TURN_MAX : turn < TURN_MIN ? TURN_MIN : turn;
	end = ctl->octets + turn;
	while (has_leaves(ctl) && !marsd_backlog_empty(&ctl->backlog) &&
	    ctl->octets < end)
		tell_next(ctl);
	if (!has_leaves(ctl))
		marsd_backlog_clear(&ctl->backlog);
}

static void
rest_expired(void *arg)
{
	struct marsd_control *ctl = arg;

	if (!ctl->behind)
		tell_some(ctl);
}

void
marsd_tell_drained(struct marsd_control *ctl)
{
	struct timers *ts = marsd_proto_timers(ctl->proto);
	int64_t took = mtime_diff(ctl->begun, ts->now);

	if (ctl->behind) {
		if (!timer_isset(&ctl->jump))
			jump_expired(ctl);
		return;
	}
	if (timer_isset(&ctl->rest))
		return;
	if (took == 0 || !ctl->grows)
		tell_some(ctl);
	else
		timer_set(ts, &ctl->rest, took < REST_MAX ? took : REST_MAX);
}
