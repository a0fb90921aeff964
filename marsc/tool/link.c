/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "link.h"
#include "vc_pvc.h"
#include "vc_svc.h"

#define LINE_STRLEN	32	/* buffer for [itf.]vpi.vci */

struct marsc_link_call {
	LIST_ENTRY(marsc_link_call)	 entry;
	struct atm_call		*call;
	struct vc_link		*link;
	uint32_t		 id;
};

bool
marsc_links_line(struct marsc_links *ls, const char *arg)
{
	char circuit[LINE_STRLEN];
	const char *comma = strchr(arg, ',');
	struct marsc_link_line *v, l;
	struct atm_pvc c;

	if (comma == NULL || (size_t)(comma - arg) >= sizeof(circuit))
		return false;
	memcpy(circuit, arg, (size_t)(comma - arg));
	circuit[comma - arg] = '\0';
	if (!atm_pvc_parse(&c, circuit) ||
	    atm_addr_parse(&l.peer, comma + 1) == -1)
		return false;
	l.itf = c.itf;
	l.vpi = c.vpi;
	l.vci = c.vci;
	v = reallocarray(ls->lines, ls->nlines + 1, sizeof(*v));
	if (v == NULL)
		return false;
	ls->lines = v;
	v[ls->nlines++] = l;
	return true;
}

/* --- switched circuits */

static void
called(void *arg, int fd, uint16_t cause)
{
	struct marsc_link_call call = *(struct marsc_link_call *)arg;

	LIST_REMOVE((struct marsc_link_call *)arg, entry);
	free(arg);
	(void)vc_svc_answer(call.link, call.id, fd, cause);
}

static int
svc_call(void *arg, struct vc_link *link, uint32_t id,
    const struct atm_addr *to, bool leaf)
{
	struct marsc_links *ls = arg;
	struct marsc_link_call *c;
	int fd;

	if (to == NULL) {
		if ((fd = atm_svc_listen(&link->local)) == -1)
			return -1;
		(void)vc_svc_answer(link, id, fd, VC_CAUSE_NONE);
		return 0;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->link = link;
	c->id = id;
	c->call = atm_call_new(ls->base, &link->local, to, leaf, called, c);
	if (c->call == NULL) {
		free(c);
		return -1;
	}
	LIST_INSERT_HEAD(&ls->calls, c, entry);
	return 0;
}

static struct vc_link *
marsc_link_svc_open(struct marsc_links *ls, const struct atm_addr *local,
    char *why, size_t size)
{
	struct vc_svc_params p = {
		.max_circuits = ls->udp.max_circuits,
		.open = svc_call,
		.accept = atm_svc_accept,
		.arg = ls,
	};
	struct vc_link *l;
	int fd;

	if ((fd = atm_svc_listen(local)) == -1) {
		atm_explain(true, errno, why, size);
		return NULL;
	}
	l = vc_svc_open(ls->base, ls->timers, fd, local, &p, NULL, NULL);
	if (l == NULL)
		(void)close(fd);
	return l;
}

/* --- permanent circuits */

static int
line_fd(const struct marsc_link_line *l)
{
	return atm_pvc_open(l->itf, l->vpi, l->vci);
}

static int
pvc_again(void *arg, struct vc_link *link, const struct atm_addr *peer)
{
	struct marsc_links *ls = arg;
	size_t i;
	int fd;

	for (i = 0; i < ls->nlines; i++)
		if (atm_addr_equal(&ls->lines[i].peer, peer))
			break;
	if (i == ls->nlines || (fd = line_fd(&ls->lines[i])) == -1)
		return -1;
	return vc_pvc_line(link, peer, fd);
}

static struct vc_link *
marsc_link_pvc_open(struct marsc_links *ls, const struct atm_addr *local,
    char *why, size_t size)
{
	struct vc_pvc_params p = { .open = pvc_again, .arg = ls };
	struct vc_link *l;
	size_t i;
	int fd;

	l = vc_pvc_open(ls->base, ls->timers, local, &p, NULL, NULL);
	for (i = 0; l != NULL && i < ls->nlines; i++) {
		fd = line_fd(&ls->lines[i]);
		if (fd == -1)
			atm_explain(false, errno, why, size);
		if (fd == -1 || vc_pvc_line(l, &ls->lines[i].peer, fd) == -1) {
			vc_close(l);
			return NULL;
		}
	}
	return l;
}

/* --- any link */

static struct vc_link *
marsc_link_udp_open(struct marsc_links *ls, const struct atm_addr *local,
    char *why, size_t size)
{
	struct vc_link *l;
	int fd;

	if ((fd = vc_udp_socket(local, ls->udp.base_port)) == -1) {
		(void)snprintf(why, size, "%s",
		    errno != EADDRINUSE ?
		    strerror(errno) :
		    "another endpoint has this address: give this one a "
		    "selector of its own, as in 192.0.2.1%16");
		return NULL;
	}
	l = vc_udp_open(ls->base, ls->timers, fd, local, &ls->udp, NULL, NULL);
	if (l == NULL)
		(void)close(fd);
	return l;
}

struct vc_link *
marsc_links_open(struct marsc_links *ls, const struct atm_addr *local,
    char *why, size_t size)
{
	uint8_t ip[16], sel;
	bool v6;

	(void)snprintf(why, size, "not enough memory");
	if (ls->nlines > 0)
		return marsc_link_pvc_open(ls, local, why, size);
	if (atm_addr_to_ip(local, &v6, ip, &sel))
		return marsc_link_udp_open(ls, local, why, size);
	return marsc_link_svc_open(ls, local, why, size);
}

void
marsc_links_end(struct marsc_links *ls)
{
	struct marsc_link_call *c;

	while ((c = LIST_FIRST(&ls->calls)) != NULL) {
		LIST_REMOVE(c, entry);
		atm_call_free(c->call);
		free(c);
	}
	free(ls->lines);
	ls->lines = NULL;
	ls->nlines = 0;
}
