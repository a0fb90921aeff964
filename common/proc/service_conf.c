/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The configuration of a service.  mars(8) sends it in pieces, since it may
 * be longer than a message, then the sockets that are new in it, then
 * IMSG_CONF_END; so at the start, and again at each reload.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "log.h"
#include "service_parts.h"

void
service_on_conf_begin(struct service *s, struct rd *r, int fd)
{
	(void)fd;
	s->octets_max = rd_u32(r);
	if (s->octets != NULL || s->octets_max > CONF_SIZE_MAX || !s->setup ||
	    (s->hooks->sibling != NULL && s->sibling_fd == -1) ||
	    s->control_fd == -1)
		fatalx("a configuration was not expected");
	s->noctets = 0;
	if ((s->octets = malloc(s->octets_max + 1)) == NULL)
		fatal("configuration");
}

void
service_on_conf_data(struct service *s, struct rd *r, int fd)
{
	size_t len = r->left;

	(void)fd;
	if (s->octets == NULL || len > s->octets_max - s->noctets)
		fatalx("a piece of a configuration was not expected");
	rd_copy(r, s->octets + s->noctets, len);
	s->noctets += len;
}

/* The configuration that the pieces are; fatalx() if they are none. */
static struct conf *
assemble(struct service *s)
{
	struct rd octets;
	struct conf *c;

	if (s->octets == NULL || s->noctets != s->octets_max)
		fatalx("a configuration is incomplete");
	rd_init(&octets, s->octets, s->noctets);
	if ((c = conf_read(&octets)) == NULL || !rd_done(&octets))
		fatalx("malformed configuration");
	freezero(s->octets, s->noctets); /* keys */
	s->octets = NULL;
	return c;
}

/*
 * Puts it in force; where that fails the old one stays so.  Empty, or why it
 * has failed.
 */
static const char *
service_apply(struct service *s, struct conf *new)
{
	struct conf *old = s->conf;

	if (s->hooks->configure(s->arg, new) == -1) {
		if (!s->serving)
			fatal("configuration");
		conf_free(new);
		return "there is no memory for it, or a key can't be used";
	}
	/* whoever uses keys has its own copies, in the one place for them */
	conf_keys_wipe(new);
	s->conf = new;
	if (old != NULL)
		conf_free(old);
	return "";
}

/* For marsctl monitor: a configuration is in force, or why not. */
static void
tell_reload(struct service *s, const char *why)
{
	uint8_t buf[SERVICE_ROW];
	struct wr w;

	if (!service_followed(s))
		return;
	service_tell_begin(s, &w, buf, "reload");
	ctl_bool(&w, "ok", *why == '\0');
	ctl_string(&w, "text", *why == '\0' ?
	    "the configuration was read again" : why);
	service_tell(s, &w);
}

/*
 * The configuration and its sockets are complete.  The first time this is the
 * start of service.
 */
void
service_on_conf_end(struct service *s, struct rd *r, int fd)
{
	struct conf *new = assemble(s);
	uint8_t buf[128];
	const char *why;
	struct wr w;

	(void)r;
	(void)fd;
	if (!s->serving) {
		service_confine(s);
		/*
		 * this comes before configure(), when the owner may have its
		 * first words for the sibling
		 */
		if (s->hooks->sibling != NULL)
			service_sibling_open(s);
	}
	why = service_apply(s, new);
	tell_reload(s, why);
	/* where it failed, what came for it is closed again */
	service_links_apply(s);
	service_lans_apply(s);
	if (!s->serving)
		service_serve(s);
	wr_init(&w, buf, sizeof(buf));
	wr_string(&w, why);
	service_tell_parent(s, IMSG_CONF_DONE, &w);
}
