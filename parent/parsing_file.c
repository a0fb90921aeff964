/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Statements that stand outside of blocks; see parsing.h. */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "parsing.h"

void
parsing_macro(struct parsing *ps, const char *name, const char *value)
{
	static const char head[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char more[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	if (*name == '\0' || strchr(head, *name) == NULL ||
	    strspn(name, more) != strlen(name) || strlen(name) > 63)
		parsing_wrong(ps,
		    "\"%s\" is no name of a macro: write a letter, then "
		    "letters, digits and _",
		    name);
	else if (!lex_macro_set(ps->lex.macros, name, value, false))
		fatal("parse");
}

void
parsing_include(struct parsing *ps, const char *name)
{
	char path[CONF_PATH_SIZE];

	parsing_path(ps, path, sizeof(path), "include", name);
	if (*path != '\0')
		(void)lex_push_file(&ps->lex, path);
}

void
parsing_server_id(struct parsing *ps, const char *s)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };

	if (inet_pton(AF_INET, s, ps->conf->server_id) != 1)
		parsing_wrong(ps,
		    "server-id %s: write four numbers with dots, such as "
		    "192.0.2.1",
		    s);
	else if (memcmp(ps->conf->server_id, none, sizeof(none)) == 0 ||
	    memcmp(ps->conf->server_id, all, sizeof(all)) == 0)
		parsing_wrong(ps,
		    "server-id %s is reserved: write an address that is unique "
		    "in the server group",
		    s);
	else
		return;
	/* not the default, so that nothing is said about a missing one */
	memcpy(ps->conf->server_id, "\x01", 1);
}

/* Where the control sockets are; seen from the working directory. */
void
parsing_control(struct parsing *ps, const char *path)
{
	if (*path == '\0' ||
	    strlcpy(ps->conf->control, path, sizeof(ps->conf->control)) >=
	    sizeof(ps->conf->control))
		parsing_wrong(
		    ps, "control \"%s\": write the path of a directory", path);
}

void
parsing_listen(struct parsing *ps, enum conf_transport t, const char *addr,
    const char *pvc, const char *peer)
{
	struct conf_listen *l = parsing_item(ps, sizeof(*l));
	struct atm_pvc c = { 0, 0, 0 };

	TAILQ_INSERT_TAIL(&ps->conf->listens, l, entry);
	l->transport = t;
	if (addr != NULL)
		parsing_address(ps, &l->addr, addr);
	if (peer != NULL)
		parsing_address(ps, &l->peer, peer);
	if (pvc != NULL && !atm_pvc_parse(&c, pvc))
		parsing_wrong(ps,
		    "%s is no circuit: write [ITF.]VPI.VCI, such as 0.0.100 "
		    "(VPI up to 4095, VCI 32 to 65535)",
		    pvc);
	l->itf = c.itf;
	l->vpi = c.vpi;
	l->vci = c.vci;
}

/* Of the listener that was read last: the word has to be mtu. */
void
parsing_mtu(struct parsing *ps, const char *word, uint64_t mtu)
{
	struct conf_listen *l = TAILQ_LAST(&ps->conf->listens, conf_listens);

	if (strcmp(word, "mtu") != 0)
		parsing_wrong(ps, "unexpected %s: write listen on udp ADDRESS "
		    "mtu OCTETS", word);
	else if (mtu < CONF_MTU_MIN || mtu > UINT16_MAX)
		parsing_wrong(ps, "mtu %llu: write a number from %u to %u",
		    (unsigned long long)mtu, CONF_MTU_MIN, UINT16_MAX);
	else
		l->mtu = (uint16_t)mtu;
}
