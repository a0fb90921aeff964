/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * edged(8): a multicast router towards LANs, a MARS client towards the rest.
 * This file ties the core to the process: it has no protocol.  Interfaces and
 * sockets come from mars(8), which alone can open them.
 */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edged.h"
#include "endpoint.h"
#include "vc_udp.h"

#define ROW	16	/* packets to one site before the next has its turn */

/* --- what the core asks for */

static bool
edged_op_send(void *shell, const void *packet, size_t len)
{
	struct edged_lanif *l = shell;

	return l->io != NULL && edged_lanio_send(l->io, packet, len);
}

static const char *const event_text[EDGED_EV_MAX] = {
#define X(sym, text) [sym] = text,
	EDGED_EVENTS(X)
#undef X
};
static const char *const event_advice[EDGED_EV_MAX] = {
	[EDGED_EV_SERVE_FAILED] = "where the MARS logs limit-serve-range, "
	    "write a larger limit serve-range in its cluster",
	[EDGED_EV_HELLO] = "counters hello- say why; who is not an edge of "
	    "this cluster does not belong there, and edges need one key",
	[EDGED_EV_NO_MARS] = "look at the servers and the way to them",
	[EDGED_EV_NO_MEMORY] = "look at the limits of the edge",
};
_Static_assert(EDGED_EV_MAX <= SERVICE_EVENT_MAX, "too many kinds of events");

static bool
edged_event_ordinary(enum edged_event_code code)
{
	switch (code) {
	case EDGED_EV_REGISTERED:
	case EDGED_EV_REDIRECT:
	case EDGED_EV_UP:
	case EDGED_EV_DOWN:
	case EDGED_EV_FORWARDER:
	case EDGED_EV_BACKUP:
		return true;
	default:
		return false;
	}
}

static void
edged_op_event(void *arg, const struct edged_event *e)
{
	struct edged_shell *d = arg;
	char where[256] = "", why[256] = "", text[ATM_STRLEN];
	struct atm_addr host = { 0 };
	const struct service_event line = {
		.event = e->code == EDGED_EV_HELLO ? "refused" : NULL,
		.audit = e->code == EDGED_EV_HELLO ? "hello-refused" : NULL,
		.edge = e->edge,
		.lan = e->lan,
		.who = e->host == NULL ? NULL : &host,
		.where = where,
		.text = event_text[e->code],
		.why = why[0] == '\0' && e->why == NULL ? NULL : why,
		.number = e->number,
		.more = e->more,
		.advice = event_advice[e->code],
		.ordinary = edged_event_ordinary(e->code),
	};

	log_append(where, sizeof(where), "edge %s: ", e->edge);
	if (e->lan != NULL)
		log_append(where, sizeof(where), "%s: ", e->lan);
	if (e->pro != NULL)
		log_append(where, sizeof(where),
		    "%s: ", mars_pro_print(e->pro, text, sizeof(text)));
	if (e->server != NULL)
		log_append(where, sizeof(where), "server %s: ",
		    atm_addr_print(e->server, text, sizeof(text)));
	if (e->host != NULL) {
		atm_addr_from_ip(&host, e->host->len == 16, e->host->a, 0);
		log_append(where, sizeof(where),
		    "%s: ", atm_addr_print(&host, text, sizeof(text)));
	}
	if (e->table != NULL)
		log_append(where, sizeof(where),
		    "table %s, state %s, event "
		    "%s: ",
		    e->table, e->state, e->event);
	if (e->why != NULL)
		log_append(why, sizeof(why), "%s", e->why);
	service_log_event(&d->service, e->code, &line);
}

/* "edge site1: ipv4: 192.0.2.9 is sent 239.1.1.1" */
static void
edged_op_trace(void *arg, const struct edged_trace *t)
{
	struct edged_shell *d = arg;

	service_trace(&d->service,
	    &(struct service_trace){ .level = t->level,
	    .kind = "edge",
	    .name = t->edge,
	    .pro = t->pro,
	    .who = t->who,
	    .what = t->what,
	    .op = t->op,
	    .min = t->group });
}

static const struct edged_ops edged_ops = {
	.random = service_random64,
	.send = edged_op_send,
	.event = edged_op_event,
	.trace = edged_op_trace,
};

/* --- interfaces */

static struct edged_lanif *
edged_lanif_find(struct edged_shell *d, const char *name)
{
	struct edged_lanif *l;

	TAILQ_FOREACH(l, &d->lanifs, entry)
		if (strcmp(l->lanif.name, name) == 0)
			break;
	return l;
}

/* The addresses of the interface as the core wants them. */
static void
edged_lanif_addresses(const struct edged_lanif *l, struct edged_port *p)
{
	struct ip_prefix nets[LANIF_ADDRS];
	struct paddr v4 = { 0 }, v6 = { 0 }, a;
	uint8_t i;

	for (i = 0; i < l->lanif.naddrs; i++) {
		nets[i] = l->lanif.addrs[i];
		a = (struct paddr){ .len = nets[i].v6 ? 16 : 4 };
		memcpy(a.a, nets[i].a, a.len);
		if (a.len == 4 && v4.len == 0)
			v4 = a;
		else if (a.len == 16 && v6.len == 0 &&
		    edged_addr_link_local(&a))
			v6 = a;
		ip_prefix_mask(&nets[i]);
	}
	edged_port_addresses(p, &v4, &v6, nets, l->lanif.naddrs, l->lanif.mtu);
}

/*
 * The port of that name has this interface, if there is one.  Ports come and go
 * with the configuration only; then all interfaces are tied anew.
 */
static void
edged_lanif_tie(struct edged_shell *d, struct edged_lanif *l)
{
	struct edged_port *p = NULL;

	if (d->edged != NULL && l->io != NULL)
		p = edged_port_find(d->edged, l->lanif.name);
	if ((l->port = p) == NULL)
		return;
	edged_port_set_shell(p, l);
	edged_port_set_kernel(p, l->lanif.kernel ? l->lanif.index : 0);
	edged_lanif_addresses(l, p);
	edged_port_up(p);
}

static void
edged_lanif_close(struct edged_lanif *l)
{
	struct edged_port *p = l->port;

	if (l->io == NULL)
		return;
	l->port = NULL;
	if (p != NULL) {
		edged_port_down(p); /* has last words */
		edged_port_set_shell(p, NULL);
		edged_port_set_kernel(p, 0);
	}
	edged_lanio_free(l->io);
	l->io = NULL;
}

static void
edged_lanif_packet(void *arg, uint8_t *packet, size_t len, bool undone)
{
	struct edged_lanif *l = arg;

	if (l->port != NULL)
		edged_port_input(l->port, packet, len, undone);
}

/* mars(8) will say so, too; nothing is to be read from it until it is back. */
static void
edged_lanif_gone(void *arg)
{
	struct edged_lanif *l = arg;

	log_warnx("%s: can't be read", l->lanif.name);
}

static const struct edged_lanio_user edged_lanio_user = {
	.packet = edged_lanif_packet,
	.gone = edged_lanif_gone,
};

/* --- what the process asks for */

static void
edged_hook_kernel(void *arg, int fd)
{
	struct edged_shell *d = arg;
	void *p = mmap(NULL, sizeof(*d->kernel), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	(void)close(fd);
	if (p == MAP_FAILED)
		fatal("the table of the kernel");
	d->kernel = p;
}

/* A second descriptor of an interface that has one. */
static void
edged_lanif_more(struct edged_shell *d, struct edged_lanif *l, int fd)
{
	if (l == NULL || l->io == NULL ||
	    edged_lanio_more(l->io, d->service.loop.base, fd) == -1) {
		log_warnx("an interface can't be used for IPv6");
		(void)close(fd);
	}
}

/* fd: of an interface that is there now; -1: something of it has changed. */
static void
edged_hook_lan(void *arg, const struct lanif *lanif, int fd)
{
	struct edged_shell *d = arg;
	struct edged_lanif *l = edged_lanif_find(d, lanif->name);

	if (fd != -1 && lanif->more) {
		edged_lanif_more(d, l, fd);
		return;
	}
	if (l == NULL) {
		if ((l = calloc(1, sizeof(*l))) == NULL)
			fatal("interface");
		l->shell = d;
		TAILQ_INSERT_TAIL(&d->lanifs, l, entry);
	}
	if (fd != -1)
		edged_lanif_close(l);
	l->lanif = *lanif;
	if (fd == -1 && l->io != NULL)
		edged_lanio_set(l->io, lanif);
	if (fd != -1) {
		l->io = edged_lanio_new(d->service.loop.base,
		    &d->service.loop.timers,
		    fd, lanif, &edged_lanio_user, l);
		if (l->io == NULL) {
			log_warn("%s: can't be used", lanif->name);
			(void)close(fd);
		}
	}
	edged_lanif_tie(d, l);
}

static void
edged_hook_lan_gone(void *arg, const char *name)
{
	struct edged_shell *d = arg;
	struct edged_lanif *l = edged_lanif_find(d, name);

	if (l == NULL)
		return;
	edged_lanif_close(l);
	TAILQ_REMOVE(&d->lanifs, l, entry);
	free(l);
}

static bool
edged_shell_new(struct edged_shell *d)
{
	d->edged = edged_new(&edged_ops, d, &d->service.loop.timers);
	if (d->edged == NULL)
		return false;
	if (d->kernel != NULL &&
	    edged_set_kernel(d->edged, d->kernel) == -1)
		log_warnx("no memory for the path through the kernel");
	return true;
}

/*
 * Ports have come and gone: mars(8) says nothing of interfaces that the
 * configuration has no longer.
 */
static void
edged_lanifs_tie(struct edged_shell *d, const struct conf *c)
{
	struct edged_lanif *l, *next;

	TAILQ_FOREACH_SAFE(l, &d->lanifs, entry, next) {
		l->port = NULL;
		if (conf_lan_find(c, l->lanif.name, NULL) == NULL)
			edged_hook_lan_gone(d, l->lanif.name);
		else
			edged_lanif_tie(d, l);
	}
}

static int
edged_hook_configure(void *arg, struct conf *c)
{
	struct edged_shell *d = arg;
	struct edged_built *built;
	int res;

	if (d->edged == NULL && !edged_shell_new(d))
		return -1;
	if ((built = edged_build(c)) == NULL)
		return -1;
	res = edged_configure(d->edged, edged_built_conf(built));
	edged_built_free(d->built);
	d->built = built;
	edged_lanifs_tie(d, c);
	if (res == -1)
		log_warnx("no memory for all of the new configuration");
	return 0;
}

/* The address of each edge, and the next SEL, of its multicast server. */
static bool
edged_hook_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	struct edged_shell *d = arg;
	struct edged_edge *e;
	bool mcs;

	(void)c;
	(void)peer;
	if (transport != CONF_LISTEN_UDP ||
	    (e = edged_at(d->edged, local, &mcs)) == NULL)
		return false;
	u->name = edged_edge_name(e);
	u->user = &edged_nobody;
	u->arg = e;
	return true;
}

/*
 * Data waits for as long as is configured, and what goes to one site in a turn
 * goes in a row.  mtu is of a packet that is in ours: outside are the headers
 * of IP, of UDP and of NVC, LLC/SNAP, and 4 octets of RFC 2022 (5.5.1).
 */
static void
edged_hook_udp(void *arg, const struct conf *c, const struct atm_addr *local,
    struct vc_udp_params *p)
{
	const struct conf_edge *e;
	uint8_t ip[16], sel;
	bool server, v6 = false;

	(void)arg;
	if ((e = conf_edge_at(c, local, &server)) == NULL)
		return;
	(void)atm_addr_to_ip(local, &v6, ip, &sel);
	p->mtu = (uint16_t)(e->mtu + 4 + 8 + 12 + 8 + (v6 ? 40 : 20));
	p->whole = false; /* df in its statement says what the socket does */
	p->queue_time = MTIME_MS(e->queue);
	p->row = ROW;
}

static void
edged_hook_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	struct edged_shell *d = arg;
	struct edged_edge *e;
	bool mcs;

	(void)u;
	if ((e = edged_at(d->edged, &link->local, &mcs)) != NULL)
		edged_attach(e, mcs, link);
}

static void
edged_hook_detach(void *arg, struct vc_link *link)
{
	struct edged_shell *d = arg;

	edged_detach(d->edged, link);
}

static void
edged_hook_end(void *arg)
{
	struct edged_shell *d = arg;

	edged_shutdown(d->edged);
}

static void
edged_hook_destroy(void *arg)
{
	struct edged_shell *d = arg;
	struct edged_lanif *l;

	while ((l = TAILQ_FIRST(&d->lanifs)) != NULL)
		edged_hook_lan_gone(d, l->lanif.name);
	if (d->edged != NULL)
		edged_free(d->edged);
	d->edged = NULL;
	edged_built_free(d->built);
}

int
main(int argc, char **argv)
{
	static struct edged_shell d;
	struct service_hooks hooks = {
		.name = "edged",
		.role = SANDBOX_EDGED,
		.has_keys = true,
		.audit_of = AUDIT_OF_EDGED,
		.commands = edged_commands,
		.ncommands = edged_ncommands,
		.summary = edged_ctl_summary,
		.counters = edged_ctl_counters,
		.clear = edged_ctl_clear,
		.configure = edged_hook_configure,
		.whose = edged_hook_whose,
		.udp = edged_hook_udp,
		.attach = edged_hook_attach,
		.detach = edged_hook_detach,
		.kernel = edged_hook_kernel,
		.lan = edged_hook_lan,
		.lan_gone = edged_hook_lan_gone,
		.shutdown = edged_hook_end,
		.destroy = edged_hook_destroy,
	};

	TAILQ_INIT(&d.lanifs);
	return service_main(&d.service, &hooks, &d, argc, argv);
}
