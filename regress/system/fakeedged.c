/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What mars(8) hands to edged: a service in its place that logs what it gets,
 * what it reads from its interfaces, and what it may do with them.  edges.py
 * starts mars with it.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>

#include <linux/if_packet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "service.h"

#define FAKE_LANS	16

struct fake_lan {
	char		 name[CONF_IF_SIZE];	/* empty: free */
	struct lanif	 is;
	int		 fd;
	struct event	*ev;
};

static struct service service;
static struct fake_lan fake_lans[FAKE_LANS];

static uint16_t
fake_refuse(void *arg, struct vc *vc, const struct atm_addr *caller, bool leaf,
    void **cookie)
{
	(void)arg;
	(void)vc;
	(void)caller;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_REJECTED;
}

static const struct vc_user fake_nobody = { .remote_call = fake_refuse };

static int
fake_configure(void *arg, struct conf *c)
{
	const struct conf_edge *e;
	const struct conf_key *k;
	const struct conf_lan *l;

	(void)arg;
	TAILQ_FOREACH(e, &c->edges, entry) {
		log_info("fake: edge %s mtu %u", e->name, e->mtu);
		TAILQ_FOREACH(l, &e->lans, entry)
			log_info("fake: has %s %s priority %u",
			    l->tun ? "tun" : "lan", l->name, l->priority);
	}
	TAILQ_FOREACH(k, &c->keys, entry)
		log_info("fake: key %u of %u octets", k->spi, k->len);
	return 0;
}

static bool
fake_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	const struct conf_edge *e;
	bool server;

	(void)transport;
	(void)peer;
	if ((e = conf_edge_at(c, local, &server)) == NULL)
		return false;
	u->name = server ? "server" : e->name;
	u->user = &fake_nobody;
	u->arg = arg;
	return true;
}

static void
fake_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	char text[ATM_STRLEN];
	int mode = -1;
	socklen_t len = sizeof(mode);

	(void)arg;
	(void)getsockopt(
	    SANDBOX_PIN, IPPROTO_IP, IP_MTU_DISCOVER, &mode, &len);
	log_info("fake: link %s at %s, df %s", u->name,
	    atm_addr_print(&link->local, text, sizeof(text)),
	    mode == IP_PMTUDISC_DO ? "on" : "off");
}

/* What must not work on a packet socket, and what does. */
static void
fake_try(const struct fake_lan *l)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = 1 };
	uint8_t frame[60] = { 1, 0, 0x5e, 1, 1, 1, 2, 0, 0, 0, 0, 1, 0x88,
		0xb5 };
	struct mmsghdr mm = { 0 };
	const int on = 1;

	if (sendto(l->fd, frame, sizeof(frame), 0, (struct sockaddr *)&ll,
	    sizeof(ll)) != -1 ||
	    sendmsg(l->fd, &mm.msg_hdr, 0) != -1 ||
	    sendmmsg(l->fd, &mm, 1, 0) != -1 ||
	    setsockopt(l->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) !=
	    -1 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof(on)) !=
	    -1)
		log_warnx("fake: %s: may do too much", l->name);
	else if (send(l->fd, frame, sizeof(frame), 0) == -1)
		log_warn("fake: %s: can't send", l->name);
	else
		log_info("fake: %s: may do what it needs", l->name);
}

static void
fake_readable(evutil_socket_t fd, short what, void *arg)
{
	const struct fake_lan *l = arg;
	uint8_t buf[2048];
	ssize_t n;

	(void)what;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		log_info("fake: %s: heard %zd octets, %02x%02x", l->name, n,
		    buf[l->is.linklen == 0 ? 0 : 12], buf[n - 1]);
}

static void
fake_close(struct fake_lan *l)
{
	if (l->ev != NULL)
		event_free(l->ev);
	if (l->fd != -1)
		(void)close(l->fd);
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

static struct fake_lan *
fake_find(const char *name)
{
	size_t i;

	for (i = 0; i < FAKE_LANS; i++)
		if (strcmp(fake_lans[i].name, name) == 0)
			return &fake_lans[i];
	return NULL;
}

static void
fake_lan(void *arg, const struct lanif *is, int fd)
{
	struct fake_lan *l = fake_find(is->name);
	char text[PADDR_STRLEN];
	uint8_t i;

	(void)arg;
	if (l == NULL && (l = fake_find("")) == NULL)
		fatalx("fake: too many interfaces");
	log_info("fake: lan %s mtu %u linklen %u descriptor %s", is->name,
	    is->mtu, is->linklen, fd == -1 ? "stays" : "new");
	for (i = 0; i < is->naddrs; i++)
		log_info("fake: lan %s address %s", is->name,
		    ip_prefix_print(&is->addrs[i], text, sizeof(text)));
	if (fd != -1) {
		if (*l->name != '\0')
			fake_close(l);
		l->fd = fd;
		l->ev = event_new(service.loop.base, fd, EV_READ | EV_PERSIST,
		    fake_readable, l);
		if (l->ev == NULL || event_add(l->ev, NULL) == -1)
			fatalx("fake: event");
	}
	(void)strlcpy(l->name, is->name, sizeof(l->name));
	l->is = *is;
	if (fd != -1 && !is->tun)
		fake_try(l);
}

static void
fake_lan_gone(void *arg, const char *name)
{
	struct fake_lan *l = fake_find(name);

	(void)arg;
	log_info("fake: lan %s gone", name);
	if (l != NULL)
		fake_close(l);
}

static bool
fake_nothing(void *arg, void *cursor, struct wr *w)
{
	(void)arg;
	(void)cursor;
	(void)w;
	return false;
}

static void
fake_no_last_words(void *arg)
{
	(void)arg;
}

static void
fake_destroy(void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < FAKE_LANS; i++)
		if (*fake_lans[i].name != '\0')
			fake_close(&fake_lans[i]);
}

/* Nothing goes through the kernel here. */
static void
fake_kernel(void *arg, int fd)
{
	(void)arg;
	(void)close(fd);
}

static const struct service_hooks hooks = {
	.name = "edged",
	.role = SANDBOX_EDGED,
	.summary = fake_nothing,
	.counters = fake_nothing,
	.configure = fake_configure,
	.whose = fake_whose,
	.attach = fake_attach,
	.kernel = fake_kernel,
	.lan = fake_lan,
	.lan_gone = fake_lan_gone,
	.shutdown = fake_no_last_words,
	.destroy = fake_destroy
};

int
main(int argc, char **argv)
{
	return service_main(&service, &hooks, NULL, argc, argv);
}
