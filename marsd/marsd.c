/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsd(8): serves the members of clusters and multicast servers (RFC 2022),
 * and keeps its database the same as that of other servers through scspd(8)
 * (RFC 2443).  This file ties the core to the process: it has no protocol.
 */
#include <arpa/inet.h>

#include "endpoint.h"
#include "ipc.h"
#include "marsd.h"

/* --- what the core asks for */

static void
op_publish(void *arg, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	struct marsd_shell *d = arg;
	const struct replica_msg m = {
		.sgid = sgid,
		.key = key,
		.data = data,
		.len = len,
	};

	service_replicate(&d->service, IMSG_CSA_PUBLISH, &m);
}

static void
op_hide(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *keys,
    uint32_t n)
{
	struct marsd_shell *d = arg;

	service_replicate_keys(&d->service, IMSG_CSA_HIDE, sgid, oid, keys, n);
}

static void
op_revive(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *keys,
    uint32_t n)
{
	struct marsd_shell *d = arg;

	service_replicate_keys(
	    &d->service, IMSG_CSA_REVIVE, sgid, oid, keys, n);
}

static void
op_erase(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *keys,
    uint32_t n)
{
	struct marsd_shell *d = arg;

	service_replicate_keys(&d->service, IMSG_CSA_ERASE, sgid, oid, keys, n);
}

static void
op_realign(void *arg, uint16_t sgid)
{
	struct marsd_shell *d = arg;
	const struct replica_msg m = { .sgid = sgid };

	service_replicate(&d->service, IMSG_CSA_REALIGN, &m);
}

static bool
op_congested(void *arg)
{
	const struct marsd_shell *d = arg;

	return service_congested(&d->service);
}

/* What happened, in the core's words, and what an operator can do about it. */
static const char *const event_text[MARSD_EV_MAX] = {
#define X(sym, text) [sym] = text,
	MARSD_EVENTS(X)
#undef X
};
static const char *const event_advice[MARSD_EV_MAX] = {
	[MARSD_EV_CMI_EXHAUSTED] = "widen cmi in mars.conf",
	[MARSD_EV_CMI_OVERLAP] =
	    "give every server of the group a cmi range of its own",
	[MARSD_EV_SERVER_DEAD] = "look at that server and the way to it",
	[MARSD_EV_NOT_ALLOWED] =
	    "widen allow of that cluster, if it is one of its clients",
	[MARSD_EV_UNSERVED] =
	    "write that protocol in the cluster, if it is to be served",
	[MARSD_EV_NEAR] = "raise that limit in mars.conf, or see who uses it",
};
_Static_assert(MARSD_EV_MAX <= SERVICE_EVENT_MAX, "too many kinds of events");

/* The same in one word, where the monitor has one; else: a notice. */
static const char *const event_word[MARSD_EV_MAX] = {
	[MARSD_EV_CMI_EXHAUSTED] = "limit",
	[MARSD_EV_MOVED] = "moved",
	[MARSD_EV_SERVER_DEAD] = "server-dead",
	[MARSD_EV_SERVER_BACK] = "server-back",
	[MARSD_EV_REFUSED] = "refused",
	[MARSD_EV_NEAR] = "limit",
};

static const char *const event_audit[MARSD_EV_MAX] = {
	[MARSD_EV_CMI_EXHAUSTED] = "limit",
	[MARSD_EV_CMI_OVERLAP] = "cmi-overlap",
	[MARSD_EV_SERVER_DEAD] = "server-dead",
	[MARSD_EV_SERVER_BACK] = "server-back",
	[MARSD_EV_REFUSED] = "registration-refused",
	[MARSD_EV_NOT_ALLOWED] = "registration-refused",
	[MARSD_EV_NEAR] = "limit",
};

static void
marsd_hook_event(void *arg, const struct marsd_event *e)
{
	struct marsd_shell *d = arg;
	char where[256] = "", text[ATM_STRLEN];
	const struct service_event line = {
		.event = event_word[e->code],
		.audit = event_audit[e->code],
		.cluster = e->cluster,
		.who = e->who,
		.where = where,
		.oid = e->oid,
		.text = event_text[e->code],
		.why = e->why,
		.number = e->number,
		.more = e->more,
		.advice = event_advice[e->code],
	};

	if (e->code == MARSD_EV_CMI_OVERLAP)
		d->cmi_overlaps++;
	if (e->cluster != NULL)
		log_append(where, sizeof(where), "cluster %s: ", e->cluster);
	if (e->pro != NULL)
		log_append(where, sizeof(where),
		    "%s: ", mars_pro_print(e->pro, text, sizeof(text)));
	if (e->who != NULL)
		log_append(where, sizeof(where),
		    "%s: ", atm_addr_print(e->who, text, sizeof(text)));
	service_log_event(&d->service, e->code, &line);
}

static const char *const news_word[MARSD_CHANGED_MAX] = {
#define X(sym, word) [sym] = word,
	MARSD_CHANGES(X)
#undef X
};

static void
marsd_hook_news(void *arg, const struct marsd_news *n)
{
	struct marsd_shell *d = arg;
	char text[PADDR_STRLEN];
	uint8_t buf[SERVICE_ROW];
	struct wr w;

	if (!service_followed(&d->service))
		return;
	service_tell_begin(&d->service, &w, buf, news_word[n->what]);
	ctl_string(&w, "cluster", n->cluster);
	ctl_string(
	    &w, "protocol", mars_pro_print(n->pro, text, sizeof(text)));
	ctl_atm(&w, "address", n->who);
	ctl_string(&w, "role", n->mcs ? "server" : "member");
	if (n->min != NULL) {
		ctl_paddr(&w, "group-min", n->min);
		ctl_paddr(&w, "group-max", n->max);
	}
	service_tell(&d->service, &w);
}

/* "cluster lis1: ipv4: 192.0.2.9 has joined 239.1.1.1" */
static void
marsd_hook_trace(void *arg, const struct marsd_trace *t)
{
	struct marsd_shell *d = arg;

	service_trace(&d->service,
	    &(struct service_trace){ .level = t->level,
	    .kind = "cluster",
	    .name = t->cluster,
	    .pro = t->pro,
	    .who = t->who,
	    .what = t->what,
	    .op = t->op,
	    .min = t->min,
	    .max = t->max,
	    .cause = t->cause });
}

static const struct marsd_ops ops = {
	.random = service_random32,
	.publish = op_publish,
	.hide = op_hide,
	.revive = op_revive,
	.erase = op_erase,
	.realign = op_realign,
	.congested = op_congested,
	.event = marsd_hook_event,
	.news = marsd_hook_news,
	.trace = marsd_hook_trace,
};

/* --- what the process asks for */

static bool
has_protocols(const struct conf_cluster *have, const struct conf_cluster *want)
{
	const struct conf_protocol *w, *h;

	TAILQ_FOREACH(w, &want->protocols, entry) {
		TAILQ_FOREACH(h, &have->protocols, entry)
			if (mars_pro_equal(&h->pro, &w->pro))
				break;
		if (h == NULL)
			return false;
	}
	return true;
}

/*
 * scspd has told the records of other servers when they came.  Those of a
 * cluster or a protocol that is new here found nobody then.
 */
static void
learn_anew(
    struct marsd_shell *d, const struct conf *old, const struct conf *new)
{
	const struct conf_cluster *o, *n;
	struct replica_msg m;

	TAILQ_FOREACH(n, &new->clusters, entry) {
		TAILQ_FOREACH(o, &old->clusters, entry)
			if (o->server_group == n->server_group)
				break;
		if (o != NULL && has_protocols(o, n))
			continue;
		m = (struct replica_msg){ .sgid = n->server_group };
		service_replicate(&d->service, IMSG_CSA_RETELL, &m);
	}
}

static int
marsd_hook_configure(void *arg, struct conf *c)
{
	struct marsd_shell *d = arg;

	if (d->mars == NULL)
		d->mars = marsd_new(&ops, d, &d->service.loop.timers);
	if (d->mars == NULL)
		return -1;
	if (marsd_configure(d->mars, c) == -1)
		return -1;
	if (d->service.conf != NULL)
		learn_anew(d, d->service.conf, c);
	return 0;
}

/* The address of each cluster, and its permanent circuits. */
static bool
marsd_hook_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	struct marsd_shell *d = arg;
	const struct conf_cluster *cl;
	struct endpoint e;

	if (!conf_has_endpoint(
	    c, ENDPOINT_MARSD, transport, local, peer, &e))
		return false;
	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (atm_addr_equal(&cl->addr, local)) {
			u->name = cl->name;
			u->user = &marsd_vc_user;
			u->arg = marsd_cluster(d->mars, cl->name);
			return u->arg != NULL;
		}
	return false;
}

static void
marsd_hook_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	(void)arg;
	marsd_cluster_attach(u->arg, link);
}

static bool
marsd_hook_replica(void *arg, uint32_t type, const struct replica_msg *m)
{
	struct marsd_shell *d = arg;

	switch (type) {
	case IMSG_CSA_UPDATE:
		marsd_csa_update(d->mars, m->sgid, m->oid, m->key, m->seq,
		    m->how, m->data, m->len);
		marsd_latency_record(d, m->when);
		break;
	case IMSG_CSA_OWN:
		marsd_csa_own(
		    d->mars, m->sgid, m->key, m->seq, m->data, m->len);
		break;
	case IMSG_CSA_GONE:
		marsd_csa_gone(d->mars, m->sgid, m->oid, m->key);
		break;
	case IMSG_CSA_NEIGHBOR:
		break; /* whoever is aligned, nodes have their time */
	default:
		return false;
	}
	return true;
}

static void
marsd_hook_audit(void *arg, const struct audit *a)
{
	const struct marsd_shell *d = arg;
	char pro[ATM_STRLEN], oid[INET_ADDRSTRLEN];
	struct marsd_overlap o;
	uint32_t at = 0;

	while (marsd_overlap(d->mars, &at, &o))
		audit_found(a, AUDIT_CMI_OVERLAP, NULL,
		    "cluster \"%s\", %s: of the CMIs %u - %u, which are ours, "
		    "others have given out %u, from %u to %u; the first is "
		    "%s's", o.cluster, mars_pro_print(o.pro, pro, sizeof(pro)),
		    o.min, o.max, o.n, o.first, o.last,
		    inet_ntop(AF_INET, o.oid, oid, sizeof(oid)));
	if (at == 0 && d->cmi_overlaps != 0)
		audit_found(a, AUDIT_CMI_OVERLAP, NULL,
		    "since the start %llu CMIs were given out by two servers: "
		    "the log says which",
		    (unsigned long long)d->cmi_overlaps);
}

static void
marsd_hook_end(void *arg)
{
	struct marsd_shell *d = arg;

	marsd_shutdown(d->mars);
}

static void
marsd_hook_destroy(void *arg)
{
	struct marsd_shell *d = arg;

	if (d->mars != NULL)
		marsd_free(d->mars);
	d->mars = NULL;
}

int
main(int argc, char **argv)
{
	static struct marsd_shell d;
	struct service_hooks hooks = {
		.name = "marsd",
		.sibling = "scspd",
		.role = SANDBOX_MARSD,
		.audit_of = AUDIT_OF_MARSD,
		.audit = marsd_hook_audit,
		.commands = marsd_commands,
		.ncommands = marsd_ncommands,
		.summary = marsd_ctl_summary,
		.counters = marsd_ctl_counters,
		.limits = marsd_ctl_limits,
		.memory = marsd_ctl_memory,
		.clear = marsd_ctl_clear,
		.configure = marsd_hook_configure,
		.whose = marsd_hook_whose,
		.parties = conf_parties,
		.attach = marsd_hook_attach,
		.replica = marsd_hook_replica,
		.turn = marsd_latency_turn,
		.shutdown = marsd_hook_end,
		.destroy = marsd_hook_destroy,
	};

	return service_main(&d.service, &hooks, &d, argc, argv);
}
