/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * For `marsctl capture`: the SDUs of all circuits as rows, for those clients
 * that follow them.  While there is none, the links know nothing of it.
 */
#include "service_parts.h"

#define CAPTURE_ROW	(VC_SDU_MAX + 1024)	/* octets of a row */

/* A root has many peers, and names none. */
static void
capture_peer(struct wr *w, const struct vc *vc)
{
	const struct atm_addr *peer = vc_peer(vc);

	if (atm_addr_is_null(peer) || atm_addr_equal(peer, &vc->link->local))
		ctl_null(w, "peer");
	else
		ctl_atm(w, "peer", peer);
}

static void
capture_sdu(
    void *arg, struct vc *vc, bool out, const uint8_t *data, size_t len)
{
	struct service_link *l = arg;
	struct service *s = l->service;
	uint8_t buf[CAPTURE_ROW];
	struct wr w;

	if (s->control == NULL ||
	    !ctlserver_followed(s->control, CTL_STREAM_SDUS))
		return;
	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "process", s->hooks->name);
	ctl_uint(&w, "time", loop_wallclock_us());
	ctl_string(&w, "event", "sdu");
	ctl_string(&w, "scope", l->owner);
	ctl_atm(&w, "local", &l->local);
	capture_peer(&w, vc);
	ctl_string(&w, "direction", out ? "out" : "in");
	ctl_octets(&w, "octets", data, len);
	ctlserver_tell(s->control, CTL_STREAM_SDUS, &w);
}

void
service_capture_apply(struct service *s, struct service_link *l)
{
	l->vc->capture_arg = l;
	l->vc->capture = s->capturing ? capture_sdu : NULL;
}

void
service_capture_turn(struct service *s)
{
	struct service_link *l;
	bool on = s->control != NULL &&
	    ctlserver_followed(s->control, CTL_STREAM_SDUS);

	if (on == s->capturing)
		return;
	s->capturing = on;
	TAILQ_FOREACH(l, &s->links, entry)
		if (l->vc != NULL)
			service_capture_apply(s, l);
}
