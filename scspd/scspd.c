/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * scspd(8): keeps the databases of the servers of a group the same
 * (RFC 2334) for marsd(8).  This file ties the core to the process: it has
 * no protocol.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipc.h"
#include "scspd.h"

/* --- what the core asks for */

static uint64_t
scspd_hook_op_random(void *arg)
{
	uint64_t n;

	(void)arg;
	arc4random_buf(&n, sizeof(n));
	return n;
}

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

/* Texts of the core, and what an operator can do about it. */
static const char *const event_text[SCSP_EV_MAX] = {
#define X(sym, text) [sym] = text,
	SCSP_EVENTS(X)
#undef X
};
static const char *const event_advice[SCSP_EV_MAX] = {
	[SCSP_EV_AUTH] = "compare the keys of both servers and their validity",
	[SCSP_EV_OWN_ID] = "give every server a server-id of its own",
	[SCSP_EV_LIMIT] = "raise the limit in mars.conf or look who fills it",
};

/* States that change say that the protocol works: no reason to warn. */
static bool
ordinary(enum scsp_event_code code)
{
	return code == SCSP_EV_HELLO || code == SCSP_EV_ALIGN;
}

static void
scspd_hook_op_event(void *arg, const struct scsp_event *e)
{
	struct scspd_shell *d = arg;
	void (*say)(struct ratelimit *, mtime_t, const char *, ...) =
	    ordinary(e->code) ? log_limited_info : log_limited;
	char line[512] = "", text[ATM_STRLEN];
	const char *advice = event_advice[e->code];
	size_t n = 0;

#define ADD(...)                                                      \
	do {                                                          \
		if (n < sizeof(line))                                 \
			n += (size_t)snprintf(                        \
			    line + n, sizeof(line) - n, __VA_ARGS__); \
	} while (0)
	if (e->pid != PID_MARS)
		ADD("protocol %u: ", e->pid);
	ADD("server group %u: ", e->sgid);
	if (e->neighbor != NULL)
		ADD("neighbor %s: ",
		    atm_addr_print(e->neighbor, text, sizeof(text)));
	if (e->oid != NULL)
		ADD("server %u.%u.%u.%u: ", e->oid[0], e->oid[1], e->oid[2],
		    e->oid[3]);
	ADD("%s", event_text[e->code]);
	if (e->to != NULL)
		ADD(" %s%s%s", e->from == NULL ? "" : e->from,
		    e->from == NULL ? "" : " to ", e->to);
	if (e->why != NULL)
		ADD(": %s", e->why);
	if (e->number != 0)
		ADD(" (%llu)", (unsigned long long)e->number);
	if (advice != NULL)
		ADD(": %s", advice);
#undef ADD
	say(&d->limits[e->code], d->service.loop.timers.now, "%s", line);
}

static const struct scsp_ops ops = {
	.random = scspd_hook_op_random,
	.wallclock = op_wallclock,
	.judge = csa_judge,
	.withdraw = op_withdraw,
	.update = op_update,
	.own = op_own,
	.gone = op_gone,
	.neighbor = op_neighbor,
	.event = scspd_hook_op_event,
};

/* --- what the process asks for */

/* At the start and at each reload: nobody shall say that he was not told. */
static void
warn_unauthenticated(const struct conf_clusters *clusters)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;
	char text[ATM_STRLEN];

	TAILQ_FOREACH(cl, clusters, entry)
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			if (!n->auth)
				log_warnx(
				    "server group %u: neighbor %s: auth "
				    "off: anybody who can send packets in its "
				    "name can change every group: write key "
				    "NUMBER",
				    cl->server_group,
				    atm_addr_print(
					&n->addr, text, sizeof(text)));
}

static int
scspd_hook_configure(void *arg, const struct conf *c)
{
	struct scspd_shell *d = arg;
	size_t i;

	if (d->scsp == NULL) {
		for (i = 0; i < SCSP_EV_MAX; i++)
			ratelimit_init(
			    &d->limits[i], d->service.loop.timers.now);
		d->scsp = scsp_new(&ops, d, &d->service.loop.timers);
		if (d->scsp == NULL)
			return -1;
	}
	if (scsp_configure(d->scsp, c) == -1)
		return -1;
	warn_unauthenticated(&c->clusters);
	warn_unauthenticated(&c->groups);
	return 0;
}

/* SEL 1 of every listener. */
static bool
scspd_hook_whose(void *arg, const struct conf *c, const struct atm_addr *local,
    struct service_user *u)
{
	struct scspd_shell *d = arg;
	const struct conf_listen *l;
	struct atm_addr addr;

	TAILQ_FOREACH(l, &c->listens, entry) {
		addr = l->addr;
		atm_addr_set_sel(&addr, SCSPD_SEL);
		if (!atm_addr_equal(&addr, local))
			continue;
		u->name = "scspd";
		u->user = &scsp_vc_user;
		u->arg = d->scsp;
		return true;
	}
	return false;
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

static void
scspd_hook_replica(void *arg, uint32_t type, const struct replica_msg *m)
{
	struct scspd_shell *d = arg;
	void (*act)(struct scsp *, uint16_t, const uint8_t *, uint32_t);
	uint32_t i;

	switch (type) {
	case IMSG_CSA_PUBLISH:
		scsp_publish(d->scsp, m->sgid, m->key, m->data, m->len);
		return;
	case IMSG_CSA_REALIGN:
		scsp_realign(d->scsp, m->sgid);
		return;
	case IMSG_CSA_HIDE:
		act = scsp_hide;
		break;
	case IMSG_CSA_REVIVE:
		act = scsp_revive;
		break;
	default: /* service.c lets no other pass */
		act = scsp_erase;
		break;
	}
	for (i = 0; i < m->nkeys; i++)
		act(d->scsp, m->sgid, m->oid, replica_key(m, i));
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
		.marsd = false,
		.commands = scspd_commands,
		.ncommands = scspd_ncommands,
		.summary = scspd_ctl_summary,
		.counters = scspd_ctl_counters,
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
