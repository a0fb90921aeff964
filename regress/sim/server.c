/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A server: the cores of marsd and scspd, and what they tell each other. */
#include <stdlib.h>
#include <string.h>

#include "csa.h"
#include "endpoint.h"
#include "ipc.h"
#include "replica.h"
#include "sim.h"

#define MARSD_SEL	0

/* --- the channel between the two: in order, and never re-entrant */

struct carried {
	struct timer	 timer;
	struct server	*server;
	uint32_t	 boot;
	uint32_t	 type;
	size_t		 len;
	uint8_t		 data[];
};

static void
to_marsd(struct server *s, uint32_t type, const struct replica_msg *m)
{
	switch (type) {
	case IMSG_CSA_UPDATE:
		marsd_csa_update(s->mars, m->sgid, m->oid, m->key, m->seq,
		    m->how, m->data, m->len);
		break;
	case IMSG_CSA_OWN:
		marsd_csa_own(
		    s->mars, m->sgid, m->key, m->seq, m->data, m->len);
		break;
	case IMSG_CSA_GONE:
		marsd_csa_gone(s->mars, m->sgid, m->oid, m->key);
		break;
	default:
		break;
	}
}

static void
to_scspd(struct server *s, uint32_t type, const struct replica_msg *m)
{
	uint32_t i;

	if (type == IMSG_CSA_PUBLISH)
		scsp_publish(s->scsp, m->sgid, m->key, m->data, m->len);
	else if (type == IMSG_CSA_REALIGN)
		scsp_realign(s->scsp, m->sgid);
	else
		for (i = 0; i < m->nkeys; i++) {
			uint32_t key = replica_key(m, i);

			if (type == IMSG_CSA_HIDE)
				scsp_hide(s->scsp, m->sgid, m->oid, key);
			else if (type == IMSG_CSA_REVIVE)
				scsp_revive(s->scsp, m->sgid, m->oid, key);
			else
				scsp_erase(s->scsp, m->sgid, m->oid, key);
		}
}

static void
delivered(void *arg)
{
	struct carried *c = arg;
	struct server *s = c->server;
	struct replica_msg m;
	struct rd r;

	s->carried--;
	if (s->alive && s->boots == c->boot) {
		rd_init(&r, c->data, c->len);
		node_enter(&s->node);
		if (!replica_decode(&m, c->type, &r))
			fail(s->node.w,
			    "server %u: a replica message of type"
			    " %u can't be decoded",
			    s->node.n, c->type);
		else if (replica_from(c->type, true))
			to_scspd(s, c->type, &m);
		else
			to_marsd(s, c->type, &m);
		node_settle(&s->node);
	}
	free(c);
}

/* What is known of a record, for the trace. */
static void
trace_record(struct server *s, uint32_t type, const struct replica_msg *m)
{
	static const char *const names[IMSG_TYPE_MAX] = { [IMSG_CSA_PUBLISH] =
							      "publish",
		[IMSG_CSA_HIDE] = "hide",
		[IMSG_CSA_REVIVE] = "revive",
		[IMSG_CSA_ERASE] = "erase",
		[IMSG_CSA_REALIGN] = "realign",
		[IMSG_CSA_UPDATE] = "update",
		[IMSG_CSA_OWN] = "own",
		[IMSG_CSA_GONE] = "gone",
		[IMSG_CSA_NEIGHBOR] = "neighbor" };
	char who[ATM_STRLEN] = "", min[PADDR_STRLEN] = "";
	struct csa c = { .state = 0 };

	if (m->len != 0) {
		(void)csa_decode(&c, m->data, m->len);
		atm_addr_print(&c.atm, who, sizeof(who));
		paddr_print(&c.min, min, sizeof(min));
	}
	trace(s->node.w, 2, &s->node,
	    "%s %u/%u seq %d how %u: state %u %s %s"
	    " cmi %u, %u keys",
	    names[type], m->oid[3], m->key, m->seq, m->how, c.state, who, min,
	    c.cmi, m->nkeys);
}

static void
carry(struct server *s, uint32_t type, const struct replica_msg *m)
{
	struct world *w = s->node.w;
	int way = replica_from(type, true);
	uint8_t buf[REPLICA_MAX];
	struct carried *c;
	struct wr wr;

	if (w->verbose > 1)
		trace_record(s, type, m);
	if (s->mars == NULL && way == 0)
		return;		/* to the marsd of a liar */
	wr_init(&wr, buf, sizeof(buf));
	replica_encode(&wr, type, m);
	if (wr_failed(&wr)) {
		fail(w, "server %u: replica message too long", s->node.n);
		return;
	}
	if ((c = calloc(1, sizeof(*c) + wr.len)) == NULL)
		abort();
	c->server = s;
	c->boot = s->boots;
	c->type = type;
	c->len = wr.len;
	memcpy(c->data, buf, wr.len);
	/* a turn of the loop later, and never before what went before */
	if (s->bridge[way] < w->ts.now.us)
		s->bridge[way] = w->ts.now.us;
	s->bridge[way] += between(w, 0, 200);
	timer_init(&c->timer, delivered, c);
	timer_set(&w->ts, &c->timer, s->bridge[way] - w->ts.now.us);
	s->carried++;
}

/* --- marsd's functions */

static uint32_t
mars_op_random(void *arg)
{
	return node_random32(&((struct server *)arg)->node);
}

static void
op_publish(void *arg, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	const struct replica_msg m = {
		.sgid = sgid, .key = key, .data = data, .len = len
	};

	carry(arg, IMSG_CSA_PUBLISH, &m);
}

static void
keys(struct server *s, uint32_t type, uint16_t sgid, const uint8_t oid[4],
    const uint32_t *k, uint32_t n)
{
	struct replica_msg m = { .sgid = sgid, .keys = k, .nkeys = n };

	memcpy(m.oid, oid, sizeof(m.oid));
	carry(s, type, &m);
}

static void
op_hide(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	keys(arg, IMSG_CSA_HIDE, sgid, oid, k, n);
}

static void
op_revive(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	keys(arg, IMSG_CSA_REVIVE, sgid, oid, k, n);
}

static void
op_erase(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	keys(arg, IMSG_CSA_ERASE, sgid, oid, k, n);
}

static void
op_realign(void *arg, uint16_t sgid)
{
	const struct replica_msg m = { .sgid = sgid };

	carry(arg, IMSG_CSA_REALIGN, &m);
}

static void
mars_op_event(void *arg, const struct marsd_event *e)
{
	static const char *const text[MARSD_EV_MAX] = {
#define X(sym, text) [sym] = text,
		MARSD_EVENTS(X)
#undef X
	};
	struct server *s = arg;
	char who[ATM_STRLEN] = "";

	if (e->who != NULL)
		atm_addr_print(e->who, who, sizeof(who));
	trace(s->node.w, 1, &s->node, "marsd: %s %s (server %d) %s %llu",
	    text[e->code], who, e->oid == NULL ? -1 : e->oid[3] - 1,
	    e->why == NULL ? "" : e->why, (unsigned long long)e->number);
	s->node.w->st.revalidations += e->code == MARSD_EV_REVALIDATE;
	if (e->code == MARSD_EV_VIOLATION)
		fail(s->node.w, "server %u: %s", s->node.n, e->why);
	/* every server has a range of its own: nothing may overlap */
	if (e->code == MARSD_EV_CMI_OVERLAP && s->node.w->nliars == 0)
		fail(s->node.w, "server %u: CMI %llu of %s is not unique",
		    s->node.n, (unsigned long long)e->number, who);
}

static const struct marsd_ops mars_ops = {
	.random = mars_op_random,
	.publish = op_publish,
	.hide = op_hide,
	.revive = op_revive,
	.erase = op_erase,
	.realign = op_realign,
	.event = mars_op_event,
};

/* --- scspd's functions */

static uint64_t
scsp_op_random(void *arg)
{
	return node_random64(&((struct server *)arg)->node);
}

/* Nobody has set the clocks: servers differ by days. */
static int64_t
op_wallclock(void *arg)
{
	const struct server *s = arg;

	return 1700000000 + s->node.offset / 100000 +
	    s->node.w->ts.now.us / 1000000 + s->clock;
}

/* Random, but not of the world's numbers: old seeds stay what they are. */
static uint64_t
clock_random(const struct server *s, uint32_t boot)
{
	uint64_t x = s->node.w->seed * 0x9e3779b97f4a7c15ULL +
	    s->node.n * 0x100000001b3ULL + boot;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/*
 * A clock is right, or at each start the same, in 1970 or later, or at each
 * start somewhere else.
 */
static void
set_clock(struct server *s)
{
	s->clock = 0;
	if ((s->node.w->kinds & K_CLOCK) == 0)
		return;
	switch (clock_random(s, 0) % 4) {
	case 0:
		s->clock = 86400 - op_wallclock(s);
		break;
	case 1:
		s->clock = 1650000000 - op_wallclock(s);
		break;
	case 2:
		s->clock = (int64_t)(clock_random(s, s->boots) % 1728000) -
		    864000;
		break;
	default:
		break;
	}
}

/* Somebody sets the clock of a server that runs: up to ten days either way. */
void
server_step_clock(struct server *s)
{
	int64_t by = (int64_t)(clock_random(s,
	    (uint32_t)(s->node.w->ts.now.us / 1000)) % 1728000) - 864000;

	s->clock += by;
	trace(s->node.w, 1, &s->node, "its clock is set, by %lld s",
	    (long long)by);
}

static void
op_update(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    int32_t seq, uint8_t how, const void *data, size_t len)
{
	struct replica_msg m = { .sgid = sgid,
		.key = key,
		.seq = seq,
		.how = how,
		.data = data,
		.len = len };

	memcpy(m.oid, oid, sizeof(m.oid));
	carry(arg, IMSG_CSA_UPDATE, &m);
}

static void
op_own(void *arg, uint16_t sgid, uint32_t key, int32_t seq, const void *data,
    size_t len)
{
	const struct replica_msg m = {
		.sgid = sgid, .key = key, .seq = seq, .data = data, .len = len
	};

	carry(arg, IMSG_CSA_OWN, &m);
}

static void
op_gone(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct replica_msg m = { .sgid = sgid, .key = key };

	memcpy(m.oid, oid, sizeof(m.oid));
	carry(arg, IMSG_CSA_GONE, &m);
}

static size_t
op_withdraw(const void *data, size_t len, void *out, size_t size)
{
	struct csa c;

	if (csa_decode(&c, data, len) != CSA_LIVE || c.state == CSA_REDIRECT)
		return 0;
	csa_withdraw(&c);
	return csa_encode(&c, out, size);
}

static void
op_neighbor(void *arg, uint16_t sgid, const uint8_t oid[4], bool aligned)
{
	struct replica_msg m = { .sgid = sgid, .aligned = aligned };

	memcpy(m.oid, oid, sizeof(m.oid));
	carry(arg, IMSG_CSA_NEIGHBOR, &m);
}

static void
scsp_op_event(void *arg, const struct scsp_event *e)
{
	static const char *const text[SCSP_EV_MAX] = {
#define X(sym, text) [sym] = text,
		SCSP_EVENTS(X)
#undef X
	};
	struct server *s = arg;
	char who[ATM_STRLEN] = "";

	if (e->neighbor != NULL)
		atm_addr_print(e->neighbor, who, sizeof(who));
	trace(s->node.w, 1, &s->node, "scspd: %s: %s %s -> %s %s %llu", who,
	    text[e->code], e->from == NULL ? "" : e->from,
	    e->to == NULL ? "" : e->to, e->why == NULL ? "" : e->why,
	    (unsigned long long)e->number);
	if (e->code == SCSP_EV_CONFLICT)
		s->node.w->st.conflicts++;
	if (e->code == SCSP_EV_VIOLATION && !s->liar)
		fail(s->node.w, "server %u: %s", s->node.n, e->why);
}

static const struct scsp_ops scsp_ops = {
	.random = scsp_op_random,
	.wallclock = op_wallclock,
	.judge = csa_judge,
	.update = op_update,
	.own = op_own,
	.gone = op_gone,
	.neighbor = op_neighbor,
	.event = scsp_op_event,
	.withdraw = op_withdraw,
};

/* --- its configuration and its life */

static void
configure_key(struct conf *c)
{
	static const char secret[] = "shared by all servers of the group";
	struct conf_key *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort();
	k->spi = 257;
	k->algorithm = CONF_HMAC_SHA256;
	k->len = sizeof(secret) - 1;
	memcpy(k->secret, secret, k->len);
	TAILQ_INSERT_TAIL(&c->keys, k, entry);
}

static void
configure_neighbor(struct server *s, struct conf_cluster *cc, uint32_t to)
{
	struct world *w = s->node.w;
	struct conf_neighbor *cn = conf_neighbor_new(cc);

	if (cn == NULL)
		abort();
	cn->addr = w->server[to].addr;
	atm_addr_set_sel(&cn->addr, SEL_SCSPD);
	cn->auth = w->keys;
	if (w->keys) {
		cn->nspis = 1;
		cn->spis[0] = 257;
	}
	cn->hello_interval = (uint16_t)w->hello;
	cn->dead_factor = 3;
	cn->rexmt_ca = cn->rexmt_csus = cn->rexmt_csu = (uint16_t)w->rexmt;
	cn->rexmt_limit = 5;
}

static void
configure(struct server *s)
{
	struct world *w = s->node.w;
	uint32_t width = 65000 / SERVERS_MAX, i;
	struct conf_protocol *cp;
	struct conf_cluster *cc;

	if ((s->conf = conf_new()) == NULL ||
	    (cc = conf_cluster_new(s->conf, CLUSTER)) == NULL)
		abort();
	memcpy(s->conf->server_id, s->node.ip, 4);
	cc->addr = s->addr;
	cc->server_group = SGID;
	cc->cmi_min = (uint16_t)(1 + s->node.n * width);
	cc->cmi_max = (uint16_t)((s->node.n + 1) * width);
	cc->redirect_interval = w->interval;
	cc->redirect_dead = w->dead;
	cc->hold = w->hold;
	cc->tombstone = w->tombstone;
	cc->csn_before = w->csn_before;
	if (w->nliars != 0) {
		cc->max_records = w->max_records;
		cc->max_known = w->max_known;
	}
	if (w->kinds & K_OVERFLOW)
		cc->max_backlog = (uint32_t)between(w, 2, 60);
	for (i = 0; i < w->nprotos; i++) {
		if ((cp = calloc(1, sizeof(*cp))) == NULL)
			abort();
		cp->pro = w->pro[i];
		TAILQ_INSERT_TAIL(&cc->protocols, cp, entry);
	}
	if (w->keys)
		configure_key(s->conf);
	for (i = 0; i < w->nservers + w->nliars; i++)
		if (w->edge[s->node.n][i])
			configure_neighbor(s, cc, i);
}

static void
on_comeback(void *arg)
{
	struct server *s = arg;

	if (s->stopping) {
		server_crash(s);
		timer_set(&s->node.w->ts, &s->comeback,
		    between(s->node.w, 0, MTIME_SEC(20)));
	} else if (!s->alive)
		server_start(s);
}

void
server_init(struct world *w, uint32_t n)
{
	struct server *s = &w->server[n];

	node_init(&s->node, w, true, n);
	atm_addr_from_ip(&s->addr, false, s->node.ip, MARSD_SEL);
	timer_init(&s->comeback, on_comeback, s);
}

static void
start_marsd(struct server *s)
{
	struct nvc *nvc;

	s->mars = marsd_new(&mars_ops, s, &s->node.ts);
	if (s->mars == NULL || marsd_configure(s->mars, s->conf) == -1)
		abort();
	nvc = node_open(&s->node, 0, MARSD_SEL, &marsd_vc_user,
	    marsd_cluster(s->mars, CLUSTER));
	marsd_cluster_attach(marsd_cluster(s->mars, CLUSTER), nvc_link(nvc));
}

void
server_start(struct server *s)
{
	struct nvc *nvc;

	timer_clear(&s->node.w->ts, &s->comeback);
	trace(s->node.w, 1, &s->node, "starts");
	node_enter(&s->node);
	s->boots++;
	s->alive = true;
	s->node.started = s->node.w->ts.now.us;
	set_clock(s);
	if (s->conf == NULL)
		configure(s);
	if (!s->liar)
		start_marsd(s);
	s->scsp = scsp_new(&scsp_ops, s, &s->node.ts);
	if (s->scsp == NULL || scsp_configure(s->scsp, s->conf) == -1)
		abort();
	nvc = s->liar ?
	    node_open(&s->node, 1, SEL_SCSPD, &liar_vc_user, s) :
	    node_open(&s->node, 1, SEL_SCSPD, &scsp_vc_user, s->scsp);
	scsp_attach(s->scsp, nvc_link(nvc));
	node_settle(&s->node);
}

/* It loses everything, and nobody is told. */
void
server_crash(struct server *s)
{
	if (!s->alive)
		return;
	trace(s->node.w, 1, &s->node, "dies");
	timer_clear(&s->node.w->ts, &s->comeback);
	s->node.silent = true;
	s->alive = s->stopping = false;
	if (s->mars != NULL)
		marsd_free(s->mars);
	scsp_free(s->scsp);
	s->mars = NULL;
	s->scsp = NULL;
	node_close(&s->node);
}

/* As an operator stops it: a hard redirect, and a moment to say so. */
void
server_stop(struct server *s, int64_t moment)
{
	if (!s->alive || s->stopping)
		return;
	trace(s->node.w, 1, &s->node, "is stopped");
	s->stopping = true;
	node_enter(&s->node);
	marsd_shutdown(s->mars);
	node_settle(&s->node);
	timer_set(&s->node.w->ts, &s->comeback, moment);
}

void
server_fini(struct server *s)
{
	timer_clear(&s->node.w->ts, &s->comeback);
	if (s->liar)
		timer_clear(&s->node.w->ts, &s->lie);
	server_crash(s);
	if (s->conf != NULL)
		conf_free(s->conf);
	s->conf = NULL;
}

struct server *
server_at(struct world *w, const struct atm_addr *a)
{
	uint32_t i;

	for (i = 0; i < w->nservers + w->nliars; i++)
		if (atm_addr_equal(&w->server[i].addr, a))
			return &w->server[i];
	return NULL;
}
