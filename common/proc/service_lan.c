/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Interfaces of edges.  mars(8) finds them and opens their sockets.  Those that
 * come with a configuration are kept until it is in force, so that the owner
 * never hears of one that it does not know.
 */
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "service_parts.h"

void
service_on_kernel(struct service *s, struct rd *r, int fd)
{
	(void)r;
	if (s->hooks->kernel == NULL)
		fatalx("a table of the kernel was not expected");
	s->hooks->kernel(s->arg, fd);
}

/* With a descriptor or, where that of before goes on, without. */
void
service_on_lan(struct service *s, struct rd *r, int fd)
{
	struct service_lan *l;

	if (s->hooks->lan == NULL || (s->octets == NULL && !s->serving))
		fatalx("an interface was not expected");
	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("interface");
	if (!rd_lanif(r, &l->is) || !rd_done(r))
		fatalx("malformed interface");
	l->fd = fd;
	TAILQ_INSERT_TAIL(&s->lans, l, entry);
	if (s->octets == NULL)
		service_lans_apply(s);
}

void
service_lans_apply(struct service *s)
{
	struct service_lan *l;

	while ((l = TAILQ_FIRST(&s->lans)) != NULL) {
		TAILQ_REMOVE(&s->lans, l, entry);
		if (conf_lan_find(s->conf, l->is.name, NULL) != NULL)
			s->hooks->lan(s->arg, &l->is, l->fd);
		else if (l->fd != -1)
			(void)close(l->fd);
		free(l);
	}
}

void
service_lans_close(struct service *s)
{
	struct service_lan *l;

	while ((l = TAILQ_FIRST(&s->lans)) != NULL) {
		TAILQ_REMOVE(&s->lans, l, entry);
		if (l->fd != -1)
			(void)close(l->fd);
		free(l);
	}
}

void
service_on_lan_gone(struct service *s, struct rd *r, int fd)
{
	char name[CONF_IF_SIZE];

	(void)fd;
	if (s->hooks->lan_gone == NULL)
		fatalx("an interface was not expected");
	if (!rd_string(r, name, sizeof(name)))
		fatalx("malformed interface");
	if (conf_lan_find(s->conf, name, NULL) != NULL)
		s->hooks->lan_gone(s->arg, name);
}
