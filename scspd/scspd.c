/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * scspd(8): keeps the databases of the servers of a group the same
 * (RFC 2334) for marsd(8).  This file ties the core to the process: it has
 * no protocol.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "endpoint.h"
#include "ipc.h"
#include "log.h"
#include "scspd.h"

#define LINGER	MTIME_SEC(2)	/* that a removed cluster stays */

/* --- what the core asks for */

static int64_t
op_wallclock(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static void
op_update(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    int32_t seq, uint8_t how, const void *data, size_t len)
{
	struct scspd_shell *d = arg;
	struct replica_msg m = {
		.sgid = sgid,
		.key = key,
		.seq = seq,
		.how = how,
		.when = (uint64_t)d->service.loop.timers.now.us,
		.data = data,
		.len = len,
	};

	memcpy(m.oid, oid, sizeof(m.oid));
	service_replicate(&d->service, IMSG_CSA_UPDATE, &m);
}

static void
op_own(void *arg, uint16_t sgid, uint32_t key, int32_t seq, const void *data,
    size_t len)
{
	struct scspd_shell *d = arg;
	const struct replica_msg m = {
		.sgid = sgid,
		.key = key,
		.seq = seq,
		.data = data,
		.len = len,
	};

	service_replicate(&d->service, IMSG_CSA_OWN, &m);
}

static void
op_gone(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scspd_shell *d = arg;
	struct replica_msg m = { .sgid = sgid, .key = key };

	memcpy(m.oid, oid, sizeof(m.oid));
	service_replicate(&d->service, IMSG_CSA_GONE, &m);
}

static void
op_neighbor(void *arg, uint16_t sgid, const uint8_t oid[4], bool aligned)
{
	struct scspd_shell *d = arg;
	struct replica_msg m = { .sgid = sgid, .aligned = aligned };

	memcpy(m.oid, oid, sizeof(m.oid));
	service_replicate(&d->service, IMSG_CSA_NEIGHBOR, &m);
}

/* Is marsd behind?  Then neighbors are asked to slow down. */
static bool
op_scspd_congested(void *arg)
{
	const struct scspd_shell *d = arg;

	return service_congested(&d->service);
}

/* Redirect Entries, and what is withdrawn already, have no such record. */
static size_t
op_withdraw(const void *data, size_t len, void *out, size_t size)
{
	struct csa c;

	if (csa_decode(&c, data, len) != CSA_LIVE || c.state == CSA_REDIRECT)
		return 0;
	csa_withdraw(&c);
	return csa_encode(&c, out, size);
}

/* What happened, in the core's words, and what an operator can do about it. */
static const char *const event_text[SCSP_EV_MAX] = {
#define X(sym, text) [sym] = text,
	SCSP_EVENTS(X)
#undef X
};
static const char *const event_advice[SCSP_EV_MAX] = {
	[SCSP_EV_AUTH] = "compare the keys of both servers and their validity",
	[SCSP_EV_GROUP] = "write the same server-group at both servers, and "
	    "neighbor in the same cluster",
	[SCSP_EV_STRANGER] = "write neighbor with that address in its "
	    "cluster, if it is one of the group",
	[SCSP_EV_REJECTED] = "write neighbor with our address in mars.conf "
	    "there",
	[SCSP_EV_CALL] = "look whether mars runs there, and at the way to it",
	[SCSP_EV_OWN_ID] = "give every server a server-id of its own",
	[SCSP_EV_LIMIT] = "raise the limit in mars.conf or look who fills it",
	[SCSP_EV_NEAR] = "raise the limit in mars.conf or look who fills it",
	[SCSP_EV_KEY_ENDS] = "give its successor to both: "
	    "mars-operations(7), NEW KEYS",
	[SCSP_EV_MISSING] = "look at the log of that server",
	[SCSP_EV_SIZE] = "look for what drops fragments on the way",
};
_Static_assert(SCSP_EV_MAX <= SERVICE_EVENT_MAX, "too many kinds of events");

/* The same in one word, where the monitor has one; else: a notice. */
static const char *const event_word[SCSP_EV_MAX] = {
	[SCSP_EV_HELLO] = "hello",
	[SCSP_EV_ALIGN] = "alignment",
	[SCSP_EV_AUTH] = "refused",
	[SCSP_EV_REPLAY] = "refused",
	[SCSP_EV_LIMIT] = "limit",
	[SCSP_EV_NEAR] = "limit",
};

static const char *const event_audit[SCSP_EV_MAX] = {
	[SCSP_EV_AUTH] = "auth-failure",
	[SCSP_EV_REPLAY] = "auth-failure",
	[SCSP_EV_OWN_ID] = "server-id-taken",
	[SCSP_EV_LIMIT] = "limit",
	[SCSP_EV_NEAR] = "limit",
	[SCSP_EV_STRANGER] = "neighbor-refused",
	[SCSP_EV_KEY] = "key-in-use",
	[SCSP_EV_KEY_ENDS] = "key-ends",
};

/* Of the states of an adjacency only whether it is there. */
static const char *
scspd_audit_word(const struct scsp_event *e)
{
	if (e->code != SCSP_EV_ALIGN)
		return event_audit[e->code];
	if (strcmp(e->to, "Aligned") == 0)
		return "neighbor-up";
	return e->from != NULL && strcmp(e->from, "Aligned") == 0 ?
	    "neighbor-down" : NULL;
}

/* States that change say that the protocol works: no reason to warn. */
static bool
ordinary(enum scsp_event_code code)
{
	return code == SCSP_EV_HELLO || code == SCSP_EV_ALIGN ||
	    code == SCSP_EV_KEY;
}

static bool
has_cluster(const struct scsp_event *e)
{
	return e->cluster != NULL && *e->cluster != '\0';
}

/* As the operator has named it: a cluster, or a group without a name. */
static void
append_group(char *where, size_t size, const struct scsp_event *e)
{
	if (has_cluster(e))
		log_append(where, size, "cluster %s: ", e->cluster);
	else if (e->pid != PID_MARS)
		log_append(where, size, "protocol %u: server group %u: ",
		    e->pid, e->sgid);
}

static void
scspd_hook_event(void *arg, const struct scsp_event *e)
{
	struct scspd_shell *d = arg;
	char where[256] = "", why[256] = "", text[ATM_STRLEN];
	const struct service_event line = {
		.event = event_word[e->code],
		.audit = scspd_audit_word(e),
		.cluster = has_cluster(e) ? e->cluster : NULL,
		.who = e->neighbor,
		.quiet = e->quiet,
		.where = where,
		.oid = e->oid,
		.text = event_text[e->code],
		.from = e->from,
		.to = e->to,
		.why = e->why != NULL || e->more != 0 ? why : NULL,
		.number = e->number,
		.spi = e->has_spi ? e->spi : 0,
		.advice = event_advice[e->code],
		.ordinary = ordinary(e->code),
	};

	if (e->why != NULL)
		log_append(why, sizeof(why), "%s", e->why);
	if (e->has_spi)
		log_append(why, sizeof(why), ", key %lu",
		    (unsigned long)e->spi);
	if (e->more != 0)
		log_append(why, sizeof(why), "%s%llu more since",
		    e->why != NULL ? ", " : "", (unsigned long long)e->more);
	append_group(where, sizeof(where), e);
	if (e->neighbor != NULL)
		log_append(where, sizeof(where), "%s%s: ",
		    e->code == SCSP_EV_STRANGER ? "" : "neighbor ",
		    atm_addr_print(e->neighbor, text, sizeof(text)));
	service_log_event(&d->service, e->code, &line);
}

/* "cluster lis1: 192.0.2.2%1 sent us Hello" */
static void
scspd_hook_trace(void *arg, const struct scsp_trace *t)
{
	struct scspd_shell *d = arg;
	char text[ATM_STRLEN], line[512] = "";

	if (!service_traces(&d->service, t->level, t->who))
		return;
	if (t->cluster != NULL && *t->cluster != '\0')
		log_append(line, sizeof(line), "cluster %s: ", t->cluster);
	log_append(line, sizeof(line), "neighbor %s: %s",
	    atm_addr_print(t->who, text, sizeof(text)), t->what);
	if (t->type != NULL)
		log_append(line, sizeof(line), " %s", t->type);
	if (t->cause != 0)
		log_append(line, sizeof(line), ", cause %u", t->cause);
	log_info("%s", line);
}

static const struct scsp_ops ops = {
	.random = service_random64,
	.wallclock = op_wallclock,
	.judge = csa_judge,
	.withdraw = op_withdraw,
	.update = op_update,
	.own = op_own,
	.gone = op_gone,
	.neighbor = op_neighbor,
	.congested = op_scspd_congested,
	.event = scspd_hook_event,
	.trace = scspd_hook_trace,
};

/* --- what the process asks for */

/* Warns at the start and at each reload, so that the operator knows. */
static void
warn_unauthenticated(const struct conf_clusters *clusters)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;
	char where[256], text[ATM_STRLEN];

	TAILQ_FOREACH(cl, clusters, entry) {
		const struct scsp_event of = { .cluster = cl->name,
			.pid = cl->protocol_id, .sgid = cl->server_group };

		*where = '\0';
		append_group(where, sizeof(where), &of);
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			if (!n->auth)
				log_warnx("%sneighbor %s: auth off: anybody "
				    "who can send packets in its name can "
				    "change every group: write key NUMBER",
				    where, atm_addr_print(&n->addr, text,
				    sizeof(text)));
	}
}

/*
 * Moves a cluster that the new configuration has not, and its keys to the end
 * of the others.  Returns how many these are.
 */
static size_t
cluster_move(struct conf *from, struct conf *to, struct conf_cluster *cl)
{
	const struct conf_neighbor *n;
	struct conf_key *k, *next;
	size_t moved = 0;
	uint16_t i;

	TAILQ_REMOVE(&from->clusters, cl, entry);
	TAILQ_INSERT_TAIL(&to->clusters, cl, entry);
	TAILQ_FOREACH(n, &cl->neighbors, entry)
		for (i = 0; i < n->nspis; i++)
			TAILQ_FOREACH_SAFE(k, &from->keys, entry, next)
				if (k->spi == n->spis[i] &&
				    conf_key_find(to, k->spi) == NULL) {
					TAILQ_REMOVE(&from->keys, k, entry);
					TAILQ_INSERT_TAIL(&to->keys, k, entry);
					moved++;
				}
	return moved;
}

/*
 * A cluster that the configuration has no longer stays for a moment, so that
 * the neighbors hear from marsd that its members have gone.
 */
static void
keep_removed(struct scspd_shell *d, struct conf *old, struct conf *new)
{
	struct conf_cluster *o, *next, *n;

	d->nlingering = d->nkeys = 0;
	TAILQ_FOREACH_SAFE(o, &old->clusters, entry, next) {
		TAILQ_FOREACH(n, &new->clusters, entry)
			if (n->server_group == o->server_group)
				break;
		if (n != NULL)
			continue;
		d->nkeys += cluster_move(old, new, o);
		d->nlingering++;
	}
}

/* The configuration that they were to be kept in could not be applied. */
static void
give_back(struct scspd_shell *d, struct conf *old, struct conf *new)
{
	for (; d->nlingering > 0; d->nlingering--)
		(void)cluster_move(new, old,
		    TAILQ_LAST(&new->clusters, conf_clusters));
	d->nkeys = 0;
}

static void
on_linger(void *arg)
{
	struct scspd_shell *d = arg;
	struct conf *c = d->service.conf;
	struct conf_cluster *cl;
	struct conf_key *k;

	for (; d->nlingering > 0; d->nlingering--) {
		cl = TAILQ_LAST(&c->clusters, conf_clusters);
		TAILQ_REMOVE(&c->clusters, cl, entry);
		conf_cluster_free(cl);
	}
	for (; d->nkeys > 0; d->nkeys--) {
		k = TAILQ_LAST(&c->keys, conf_keys);
		TAILQ_REMOVE(&c->keys, k, entry);
		free(k); /* it is wiped */
	}
	if (scsp_configure(d->scsp, c) == -1)
		timer_set(&d->service.loop.timers, &d->linger, LINGER);
}

static int
scspd_hook_configure(void *arg, struct conf *c)
{
	struct scspd_shell *d = arg;
	struct conf *old = d->service.conf;

	if (d->scsp == NULL)
		d->scsp = scsp_new(&ops, d, &d->service.loop.timers);
	if (d->scsp == NULL)
		return -1;
	if (old == NULL)
		timer_init(&d->linger, on_linger, d);
	else
		keep_removed(d, old, c);
	if (scsp_configure(d->scsp, c) == -1) {
		if (old != NULL)
			give_back(d, old, c);
		return -1;
	}
	if (d->nlingering > 0)
		timer_set(&d->service.loop.timers, &d->linger, LINGER);
	warn_unauthenticated(&c->clusters);
	warn_unauthenticated(&c->groups);
	return 0;
}

/* SEL 1 of each listener, and permanent circuits to neighbors. */
static bool
scspd_hook_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	struct scspd_shell *d = arg;
	struct endpoint e;

	u->name = "scspd";
	u->user = &scsp_vc_user;
	u->arg = d->scsp;
	return conf_has_endpoint(
	    c, ENDPOINT_SCSPD, transport, local, peer, &e);
}

static void
scspd_hook_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	struct scspd_shell *d = arg;

	(void)u;
	scsp_attach(d->scsp, link);
}

static void
scspd_hook_detach(void *arg, struct vc_link *link)
{
	struct scspd_shell *d = arg;

	scsp_detach(d->scsp, link);
}

static bool
scspd_hook_replica(void *arg, uint32_t type, const struct replica_msg *m)
{
	struct scspd_shell *d = arg;
	void (*act)(struct scsp *, uint16_t, const uint8_t *, uint32_t);
	uint32_t i;

	switch (type) {
	case IMSG_CSA_PUBLISH:
		scsp_publish(d->scsp, m->sgid, m->key, m->data, m->len);
		return true;
	case IMSG_CSA_REALIGN:
		scsp_realign(d->scsp, m->sgid);
		return true;
	case IMSG_CSA_RETELL:
		scsp_retell(d->scsp, m->sgid);
		return true;
	case IMSG_CSA_HIDE:
		act = scsp_hide;
		break;
	case IMSG_CSA_REVIVE:
		act = scsp_revive;
		break;
	case IMSG_CSA_ERASE:
		act = scsp_erase;
		break;
	default:
		return false;
	}
	for (i = 0; i < m->nkeys; i++)
		act(d->scsp, m->sgid, m->oid, replica_key(m, i));
	return true;
}

/* Other servers notice by our silence: SCSP has no farewell. */
static void
scspd_hook_end(void *arg)
{
	(void)arg;
}

static void
scspd_hook_destroy(void *arg)
{
	struct scspd_shell *d = arg;

	timer_clear(&d->service.loop.timers, &d->linger);
	if (d->scsp != NULL)
		scsp_free(d->scsp);
	d->scsp = NULL;
}

int
main(int argc, char **argv)
{
	static struct scspd_shell d;
	struct service_hooks hooks = {
		.name = "scspd",
		.sibling = "marsd",
		.role = SANDBOX_SCSPD,
		.has_keys = true,
		.audit_of = AUDIT_OF_SCSPD,
		.ends_last = true,
		.commands = scspd_commands,
		.ncommands = scspd_ncommands,
		.summary = scspd_ctl_summary,
		.counters = scspd_ctl_counters,
		.limits = scspd_ctl_limits,
		.memory = scspd_ctl_memory,
		.clear = scspd_ctl_clear,
		.configure = scspd_hook_configure,
		.whose = scspd_hook_whose,
		.attach = scspd_hook_attach,
		.detach = scspd_hook_detach,
		.replica = scspd_hook_replica,
		.shutdown = scspd_hook_end,
		.destroy = scspd_hook_destroy,
	};

	return service_main(&d.service, &hooks, &d, argc, argv);
}
