/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One directly connected server of one server group: its packets, and who
 * may say what to whom.
 *
 *  - RFC 2334 section 2.1 makes a malformed message an abnormal event, and
 *    B.3.1 a failed authentication, so that whoever can inject one packet
 *    ends the adjacency.  Here what is not authentic is counted, told and has
 *    no other effect.  Malformed is what is ours by its checksum,
 *    PID, SGID and circuit, but has lengths or counts that do not agree; all
 *    else that is wrong is counted.
 *  - What to do with a sender ID that is not the saved one is not said.  Here
 *    a Hello with another ID is that of another server or boot (hello.c), and
 *    another message is dropped.  A Hello with our own ID is dropped
 *    and told.
 *  - A CSU message before Update Cache is not foreseen.  Here it is dropped;
 *    its sender repeats it.
 *  - Packets to all servers (receiver ID of all ones) are taken, and never
 *    sent: a MAC is for one receiver.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "group.h"
#include "hello.h"
#include "hold.h"
#include "llc.h"
#include "neighbor.h"
#include "queue.h"
#include "scsp.h"
#include "solicit.h"
#include "update.h"

#define SIZE_SMALL	1280	/* octets of a packet that any path takes */
#define SIZE_TRIES	4
#define KEY_ENDS_AGAIN	86400	/* s until it is told once more */
#define KEY_ENDS_SOON	(14 * KEY_ENDS_AGAIN)

static void	on_log_timer(void *);

int64_t
scsp_seconds(uint32_t n)
{
	return MTIME_SEC(n == 0 ? 1 : n);
}

struct scsp_neighbor *
scsp_neighbor_new(
    struct scsp_group *g, struct scsp_peer *p, const struct conf_neighbor *c)
{
	struct scsp *s = g->scsp;
	struct scsp_neighbor *nb;

	if ((nb = calloc(1, sizeof(*nb))) == NULL)
		return NULL;
	if ((nb->share = scsp_cache_share(&g->cache)) == NULL) {
		free(nb);
		return NULL;
	}
	nb->scsp = s;
	nb->group = g;
	nb->peer = p;
	nb->conf = *c;
	nb->mtu = SCSP_MTU;
	scsp_replay_init(&nb->replay, s->ops->random(s->arg));
	scsp_hello_init(nb);
	scsp_align_init(nb);
	scsp_solicit_init(nb);
	scsp_hold_init(nb);
	scsp_queue_init(nb);
	timer_init(&nb->log_timer, on_log_timer, nb);
	TAILQ_INSERT_TAIL(&g->neighbors, nb, of_group);
	TAILQ_INSERT_TAIL(&p->neighbors, nb, of_peer);
	return nb;
}

void
scsp_neighbor_free(struct scsp_neighbor *nb)
{
	scsp_hello_run(nb, SCSP_HELLO_EV_VC_DOWN);
	scsp_align_clear(nb);
	timer_clear(nb->scsp->timers, &nb->log_timer);
	scsp_cache_discharge(&nb->group->cache, nb->share);
	TAILQ_REMOVE(&nb->group->neighbors, nb, of_group);
	TAILQ_REMOVE(&nb->peer->neighbors, nb, of_peer);
	free(nb);
}

void
scsp_neighbor_drop(struct scsp_neighbor *nb, enum scsp_drop why)
{
	nb->drops[why]++;
}

/* How many events of a kind are told at once; further ones are spaced. */
static uint32_t
burst(enum scsp_event_code code)
{
	switch (code) {
	case SCSP_EV_HELLO:
	case SCSP_EV_ALIGN:
	case SCSP_EV_MISSING:
	case SCSP_EV_KEY:
		return 10; /* an adjacency that comes up, twice */
	default:
		return 1;
	}
}

/* Is this event one that the log does without?  Counts those. */
static void
space(struct scsp_neighbor *nb, struct scsp_event *ev)
{
	struct quiet *q = &nb->quiet[ev->code];
	struct timers *ts = nb->scsp->timers;

	ev->quiet = !quiet_pass(q, ts->now, burst(ev->code), &ev->more);
	if (ev->code != SCSP_EV_ALIGN)
		return;
	if (ev->quiet)
		timer_set(ts, &nb->log_timer, q->pause / 2 + QUIET_MIN);
	else
		timer_clear(ts, &nb->log_timer);
}

/* Changes were not logged, and there are no more: what is the state now? */
static void
on_log_timer(void *arg)
{
	struct scsp_neighbor *nb = arg;
	struct quiet *q = &nb->quiet[SCSP_EV_ALIGN];
	struct scsp_event ev = { .code = SCSP_EV_ALIGN,
		.pid = nb->group->pid,
		.sgid = nb->group->sgid,
		.cluster = nb->group->name,
		.neighbor = &nb->peer->addr,
		.to = scsp_align_table.states[nb->align],
		.more = q->more };

	q->more = 0;
	nb->scsp->ops->event(nb->scsp->arg, &ev);
}

void
scsp_neighbor_tell(struct scsp_neighbor *nb, struct scsp_event *ev)
{
	ev->pid = nb->group->pid;
	ev->sgid = nb->group->sgid;
	ev->cluster = nb->group->name;
	ev->neighbor = &nb->peer->addr;
	space(nb, ev);
	scsp_problem_note(&nb->problem, ev, nb->scsp->timers->now);
	nb->scsp->ops->event(nb->scsp->arg, ev);
}

void
scsp_neighbor_event(struct scsp_neighbor *nb, enum scsp_event_code code,
    const char *from, const char *to, const char *why, uint64_t number)
{
	uint8_t oid[4];
	struct scsp_event ev = { .code = code,
		.from = from,
		.to = to,
		.why = why,
		.oid = nb->has_id ? oid : NULL,
		.number = number };

	scsp_oid_octets(nb->id, oid);
	scsp_neighbor_tell(nb, &ev);
}

void
scsp_neighbor_tell_record(struct scsp_neighbor *nb, enum scsp_event_code code,
    scsp_record_id id, enum scsp_drop why, uint64_t number)
{
	uint8_t oid[4];
	struct scsp_event ev = { .code = code,
		.why = why == SCSP_DROP_NONE ? NULL : scsp_drop_name(why),
		.oid = oid,
		.number = number };

	scsp_oid_octets(RECORD_OID(id), oid);
	scsp_neighbor_tell(nb, &ev);
}

void
scsp_neighbor_resize(struct scsp_neighbor *nb, size_t sdu_max)
{
	if (sdu_max == nb->takes)
		return;
	nb->takes = sdu_max;
	nb->mtu = SCSP_MTU;
	if (sdu_max < LLC_LEN + SCSP_MTU) /* and not less than VC_SDU_MIN */
		nb->mtu = (uint32_t)(sdu_max - LLC_LEN);
	/* the CA that may have to be repeated does not fit any more */
	if (nb->saved_len + EXT_RESERVE > nb->mtu &&
	    !scsp_align_exchanging(nb))
		scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
}

bool
scsp_neighbor_congested(const struct scsp_neighbor *nb)
{
	const struct scsp *s = nb->scsp;

	return s->ops->congested != NULL && s->ops->congested(s->arg);
}

void
scsp_neighbor_repeats(struct scsp_neighbor *nb, size_t octets)
{
	/* without a Hello since, nothing at all may get through */
	if (octets <= SIZE_SMALL || nb->hellos_in == nb->large_hellos)
		return;
	nb->large_hellos = nb->hellos_in;
	if (++nb->large_tries < SIZE_TRIES || nb->large_told)
		return;
	nb->large_told = true;
	scsp_neighbor_event(nb, SCSP_EV_SIZE, NULL, NULL, NULL, octets);
}

void
scsp_neighbor_answers(struct scsp_neighbor *nb, size_t octets)
{
	if (octets > SIZE_SMALL) {
		nb->large_tries = 0;
		nb->large_told = false;
	}
}

void
scsp_neighbor_violated(
    void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	struct scsp *s = arg;
	const char *const part[] = { t->name, ", ", t->states[state], ", ",
		t->events[event] };
	char why[128] = "";
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		strlcat(why, part[i], sizeof(why));
	scsp_neighbor_event(s->stepping, SCSP_EV_VIOLATION, NULL, NULL, why, 0);
}

uint8_t
scsp_neighbor_step(struct scsp_neighbor *nb, const struct table *t,
    uint8_t *state, mtime_t *since, enum scsp_event_code code,
    unsigned int event)
{
	uint8_t old = *state, action;

	nb->scsp->stepping = nb;
	action = table_step(t, state, event, &nb->scsp->faults);
	if (*state != old) {
		*since = nb->scsp->timers->now;
		scsp_neighbor_event(
		    nb, code, t->states[old], t->states[*state], NULL, 0);
	}
	return action;
}

void
scsp_neighbor_begin(struct scsp_neighbor *nb, struct scsp_packet *p,
    enum scsp_type type, uint16_t flags)
{
	scsp_packet_begin(p, type);
	p->w.max = nb->mtu;
	if (type == SCSP_CA)
		wr_u32(&p->w, nb->ca_seq);
	scsp_packet_common(
	    p, nb->group->pid, nb->group->sgid, flags, nb->scsp->lsid, nb->id);
}

uint32_t
scsp_neighbor_records(const struct scsp_neighbor *nb, uint32_t head)
{
	return (nb->mtu - EXT_RESERVE - SCSP_FIXED_LEN - head -
	    SCSP_COMMON_LEN) /
	    SCSP_CSAS_LEN;
}

void
scsp_neighbor_abnormal(struct scsp_neighbor *nb, const char *why)
{
	nb->abnormal++;
	scsp_neighbor_event(nb, SCSP_EV_ABNORMAL, NULL, NULL, why, 0);
	scsp_hello_run(nb, SCSP_HELLO_EV_ABNORMAL);
}

/*
 * Appends what goes under the MAC and leaves room for the MAC itself, at
 * *mac_at.
 */
static void
extend(struct scsp_neighbor *nb, struct scsp_packet *p,
    const struct scsp_auth_key *key, bool echo_heard, size_t *mac_at)
{
	size_t maclen = scsp_auth_key_maclen(key);

	scsp_packet_extensions(p);
	wr_u16(&p->w, EXT_AUTH);
	wr_u16(&p->w, (uint16_t)(4 + maclen));
	wr_u32(&p->w, scsp_auth_key_spi(key));
	*mac_at = p->w.len;
	wr_zero(&p->w, maclen);
	scsp_replay_put(&nb->replay, &p->w, echo_heard);
	wr_u32(&p->w, EXT_END);
}

static bool
sign(struct scsp_packet *p, struct scsp_auth_key *key, size_t mac_at)
{
	uint8_t mac[AUTH_MAC_MAX];

	if (wr_failed(&p->w) ||
	    !scsp_auth_mac(key, p->w.buf, p->w.len, mac_at, mac))
		return false;
	memcpy(p->w.buf + mac_at, mac, scsp_auth_key_maclen(key));
	return true;
}

static void
trace_message(struct scsp_neighbor *nb, const char *what, uint8_t type)
{
	static const char *const names[] = {
		[SCSP_CA] = "CA", [SCSP_CSU_REQUEST] = "CSU Request",
		[SCSP_CSU_REPLY] = "CSU Reply", [SCSP_CSUS] = "CSUS",
		[SCSP_HELLO] = "Hello"
	};
	const struct scsp_trace t = {
		.level = 2,
		.cluster = nb->group->name,
		.who = &nb->peer->addr,
		.what = what,
		.type = type <= SCSP_HELLO ? names[type] : NULL,
	};

	scsp_tell_trace(nb->scsp, &t);
}

/* The circuit that a packet goes out on, or NULL. */
static struct scsp_circuit *
way_out(struct scsp_neighbor *nb, struct scsp_circuit *via)
{
	return via != NULL ? via : nb->peer->best;
}

/* Is it another key than before, and does the last one end soon? */
static void
watch_keys(
    struct scsp_neighbor *nb, const struct scsp_auth_key *key, int64_t now)
{
	struct scsp_event ev = { .code = SCSP_EV_KEY,
		.why = scsp_auth_key_algorithm(key),
		.has_spi = true,
		.spi = scsp_auth_key_spi(key) };
	int64_t end = scsp_auth_keys_end(nb->keys, nb->nkeys, now);

	if (ev.spi != nb->signs) {
		nb->signs = ev.spi;
		scsp_neighbor_tell(nb, &ev);
	}
	if (end == 0 || end - now >= KEY_ENDS_SOON ||
	    (nb->ends_told != 0 && now - nb->ends_told < KEY_ENDS_AGAIN))
		return;
	nb->ends_told = now;
	ev.code = SCSP_EV_KEY_ENDS;
	ev.why = NULL;
	ev.number = (uint64_t)(end - now) / KEY_ENDS_AGAIN;
	scsp_neighbor_tell(nb, &ev);
}

void
scsp_neighbor_send(struct scsp_neighbor *nb, struct scsp_packet *p,
    struct scsp_circuit *via, bool echo_heard)
{
	struct scsp *s = nb->scsp;
	int64_t now = s->ops->wallclock(s->arg);
	struct scsp_auth_key *key = NULL;
	struct vc_sdu *u;
	size_t mac_at = 0;

	if ((via = way_out(nb, via)) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_SEND);
		return;
	}
	if (nb->conf.auth &&
	    (key = scsp_auth_sign_key(nb->keys, nb->nkeys, now)) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_SEND_KEY); /* B.3.1.4 */
		scsp_neighbor_event(nb, SCSP_EV_AUTH, NULL, NULL,
		    scsp_drop_name(SCSP_DROP_SEND_KEY), 0);
		return;
	}
	if (p->common_at != 0)
		scsp_packet_count(p);
	if (key != NULL) {
		watch_keys(nb, key, now);
		extend(nb, p, key, echo_heard, &mac_at);
	}
	scsp_packet_size(p);
	if ((key != NULL && !sign(p, key, mac_at)) || wr_failed(&p->w)) {
		scsp_neighbor_drop(nb, SCSP_DROP_SEND);
		return;
	}
	scsp_packet_checksum(p);
	if ((u = vc_sdu_new(NULL, LLC_LEN + p->w.len)) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		return;
	}
	llc_encode(u->data, LLC_OUI_IANA, LLC_PID_SCSP);
	memcpy(u->data + LLC_LEN, p->w.buf, p->w.len);
	trace_message(nb, "is sent", p->w.buf[1]);
	if (vc_send(via->vc, u) == -1)
		scsp_neighbor_drop(nb, SCSP_DROP_SEND);
}

/*
 * The packet is counted and told, and has no other effect.  x:
 * what it says of its key, or NULL.
 */
static void
scsp_neighbor_refuse(struct scsp_neighbor *nb, enum scsp_event_code code,
    enum scsp_drop why, const struct scsp_ext *x)
{
	uint8_t oid[4];
	struct scsp_event ev = {
		.code = code,
		.why = scsp_drop_name(why),
		.oid = nb->has_id ? oid : NULL,
		.has_spi = x != NULL && x->has_auth,
		.spi = x != NULL ? x->spi : 0,
	};

	scsp_neighbor_drop(nb, why);
	ev.number = nb->drops[why];
	scsp_oid_octets(nb->id, oid);
	scsp_neighbor_tell(nb, &ev);
}

/*
 * Is the packet the neighbor's, and not an old one?  Until here nothing
 * behind the fixed part was believed.  False: nothing more is to be done
 * with it.
 */
static bool
authentic(struct scsp_neighbor *nb, struct scsp_circuit *c, const uint8_t *p,
    size_t len, const struct scsp_ext *x, bool hello,
    enum scsp_replay_verdict *replay)
{
	struct scsp *s = nb->scsp;
	enum scsp_drop why;

	*replay = SCSP_REPLAY_OK;
	if (!nb->conf.auth)
		return true;
	why = scsp_auth_verify(
	    nb->keys, nb->nkeys, s->ops->wallclock(s->arg), p, len, x);
	if (why != SCSP_DROP_NONE) {
		scsp_neighbor_refuse(nb, SCSP_EV_AUTH, why, x);
		return false;
	}
	*replay = scsp_replay_check(&nb->replay, x->replay, hello,
	    nb->conf.replay_required, s->ops->random(s->arg));
	switch (*replay) {
	case SCSP_REPLAY_OK:
	case SCSP_REPLAY_NEW:
		return true;
	case SCSP_REPLAY_ANSWER:
		scsp_hello_answer(nb, c);
		return false;
	case SCSP_REPLAY_MISSING:
		scsp_neighbor_refuse(
		    nb, SCSP_EV_REPLAY, SCSP_DROP_REPLAY_MISSING, x);
		return false;
	case SCSP_REPLAY_NONCE:
		scsp_neighbor_refuse(
		    nb, SCSP_EV_REPLAY, SCSP_DROP_REPLAY_NONCE, x);
		return false;
	case SCSP_REPLAY_SEEN:
		scsp_neighbor_refuse(
		    nb, SCSP_EV_REPLAY, SCSP_DROP_REPLAY_SEEN, x);
		return false;
	}
	return false;
}

/* 2.1, 2.2.3, 2.3: may it say this to us, in the state that it is in? */
static enum scsp_drop
expected(const struct scsp_neighbor *nb, const struct scsp_message *m)
{
	bool csu = m->type == SCSP_CSU_REQUEST || m->type == SCSP_CSU_REPLY;

	if (nb->hello != SCSP_HELLO_BIDI)
		return SCSP_DROP_STATE;
	if (m->sender != nb->id)
		return SCSP_DROP_SENDER;
	if (m->receiver != nb->scsp->lsid &&
	    !(csu && m->receiver == SCSP_ID_ALL))
		return SCSP_DROP_RECEIVER;
	if (m->type != SCSP_CA && !scsp_align_exchanging(nb))
		return SCSP_DROP_STATE; /* */
	return SCSP_DROP_NONE;
}

static void
scsp_neighbor_dispatch(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	switch (m->type) {
	case SCSP_CA:
		scsp_align_ca(nb, m);
		break;
	case SCSP_CSU_REQUEST:
		scsp_update_request(nb, m);
		break;
	case SCSP_CSU_REPLY:
		scsp_update_reply(nb, m);
		break;
	case SCSP_CSUS:
		scsp_update_csus(nb, m);
		break;
	case SCSP_HELLO:
		break;
	}
}

static void
input_hello(struct scsp_neighbor *nb, struct scsp_circuit *c,
    const struct scsp_message *m, bool boot)
{
	nb->hellos_in++;
	if (m->sender == nb->scsp->lsid) { /* */
		scsp_neighbor_refuse(
		    nb, SCSP_EV_OWN_ID, SCSP_DROP_OWN_ID, NULL);
		return;
	}
	if (boot)
		scsp_hello_run(nb, SCSP_HELLO_EV_NEW_ID);
	scsp_hello_input(nb, m);
	scsp_peer_proven(c, m->sender);
}

void
scsp_neighbor_input(struct scsp_neighbor *nb, struct scsp_circuit *c,
    const uint8_t *p, size_t len, enum scsp_type type)
{
	/* too large to be cleared each time, as what is on the stack is */
	struct scsp_message *m = &nb->scsp->heard;
	struct scsp_ext x;
	enum scsp_drop why;
	enum scsp_replay_verdict replay;

	scsp_message_extensions(p, len, &x);
	if (!authentic(nb, c, p, len, &x, type == SCSP_HELLO, &replay))
		return;
	trace_message(nb, "sent us", (uint8_t)type);
	why = scsp_message_parse(p, len, &x, scsp_group_judge(nb->group), m);
	if (why != SCSP_DROP_NONE) { /* */
		scsp_neighbor_drop(nb, why);
		scsp_neighbor_abnormal(nb, scsp_drop_name(why));
		return;
	}
	if (m->type == SCSP_HELLO) {
		input_hello(nb, c, m, replay == SCSP_REPLAY_NEW);
		return;
	}
	why = expected(nb, m);
	if (why != SCSP_DROP_NONE)
		scsp_neighbor_drop(nb, why);
	else
		scsp_neighbor_dispatch(nb, m);
}
