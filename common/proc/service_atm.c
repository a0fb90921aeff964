/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * ATM circuits of a service.  A confined process makes no sockets, so it asks
 * mars(8) for each one that a call needs, and for each party that is to be
 * added to a call.
 */
#include <unistd.h>

#include "atm.h"
#include "ipc.h"
#include "log.h"
#include "service_parts.h"

/* Adds the addresses to a question, and sends it: 0, or -1. */
static int
atm_ask(struct service *s, uint32_t type, struct wr *w,
    const struct atm_addr *local, const struct atm_addr *peer)
{
	static const struct atm_addr none;

	if (!s->parent.open)
		return -1;
	wr_atm_addr(w, local);
	wr_atm_addr(w, peer == NULL ? &none : peer);
	return channel_send(&s->parent, type, -1, w->buf, w->len);
}

/* Asks for a socket; id is what the answer will say. */
static int
atm_open(struct service *s, uint32_t id, enum atm_open kind,
    const struct atm_addr *local, const struct atm_addr *peer)
{
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, id);
	wr_u8(&w, (uint8_t)kind);
	return atm_ask(s, IMSG_ATM_OPEN, &w, local, peer);
}

static int
svc_ask(void *arg, struct vc_link *l, uint32_t id, const struct atm_addr *to,
    bool leaf)
{
	return atm_open(arg, id,
	    to == NULL ? ATM_OPEN_LISTEN :
	    leaf   ? ATM_OPEN_LEAF :
	    ATM_OPEN_CALL,
	    &l->local, to);
}

static int
pvc_ask(void *arg, struct vc_link *l, const struct atm_addr *peer)
{
	return atm_open(arg, 0, ATM_OPEN_PVC, &l->local, peer);
}

static int
svc_root(void *arg, struct vc_link *l, uint32_t id)
{
	return atm_open(arg, id, ATM_OPEN_ROOT, &l->local, &l->local);
}

/* Asks mars(8) to add or drop a party of a root, or to end the root. */
static int
party(struct service *s, const struct atm_addr *local, uint32_t root,
    enum atm_party what, uint32_t ref, const struct atm_addr *to)
{
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, root);
	wr_u8(&w, (uint8_t)what);
	wr_u32(&w, ref);
	return atm_ask(s, IMSG_ATM_PARTY, &w, local, to);
}

static int
svc_party(void *arg, struct vc_link *l, uint32_t root, enum atm_party what,
    uint32_t ref, const struct atm_addr *to)
{
	return party(arg, &l->local, root, what, ref, to);
}

struct vc_svc_params
service_svc_params(struct service *s, const struct atm_addr *local)
{
	struct vc_svc_params p = {
		.max_circuits = s->conf->max_circuits,
		.open = svc_ask,
		.accept = atm_svc_accept,
		.parties = s->hooks->parties != NULL &&
		    s->hooks->parties(s->conf, local),
		.root = svc_root,
		.party = svc_party,
		.arg = s,
	};

	return p;
}

struct vc_pvc_params
service_pvc_params(struct service *s)
{
	return (struct vc_pvc_params){ .open = pvc_ask, .arg = s };
}

/* Answers atm_open().  The link may have gone in the meantime. */
void
service_on_atm_fd(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local, peer;
	struct service_link *l;
	uint32_t id = rd_u32(r);
	enum atm_open kind = rd_u8(r);
	bool used = false;
	uint16_t cause;

	(void)rd_atm_addr(r, &local);
	(void)rd_atm_addr(r, &peer);
	cause = rd_u16(r);
	if (rd_failed(r) || (fd == -1) != (cause != VC_CAUSE_NONE))
		fatalx("an ATM socket was not expected");
	l = service_link_find(s,
	    kind == ATM_OPEN_PVC ? CONF_LISTEN_ATM_PVC : CONF_LISTEN_ATM_SVC,
	    &local);
	if (l != NULL && l->vc != NULL && kind != ATM_OPEN_PVC)
		used = vc_svc_answer(l->vc, id, fd, cause);
	else if (l != NULL && l->vc != NULL && vc_leads_to(l->vc, &peer))
		(void)vc_pvc_line(l->vc, &peer, fd);
	else if (fd != -1)
		(void)close(fd);
	/*
	 * mars(8) has a descriptor of such a call too, for the parties that
	 * are to be added: nobody will ask for any.
	 */
	if (kind == ATM_OPEN_ROOT && fd != -1 && !used)
		(void)party(s, &local, id, ATM_PARTY_END, 0, NULL);
}

void
service_on_atm_party(struct service *s, struct rd *r, int fd)
{
	struct atm_addr local;
	struct service_link *l;
	uint32_t root = rd_u32(r);
	enum atm_party what = rd_u8(r);
	uint32_t ref = rd_u32(r);
	uint16_t cause;

	(void)fd;
	(void)rd_atm_addr(r, &local);
	cause = rd_u16(r);
	if (what != ATM_PARTY_ADD && what != ATM_PARTY_DROP &&
	    what != ATM_PARTY_LEFT && what != ATM_PARTY_STUCK)
		fatalx("news of a party were not expected");
	l = service_link_find(s, CONF_LISTEN_ATM_SVC, &local);
	if (l != NULL && l->vc != NULL && !rd_failed(r))
		vc_svc_party(l->vc, root, what, ref, cause);
}
