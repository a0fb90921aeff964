/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the files of a service (service.h) do for one another. */
#ifndef MARS_SERVICE_PARTS_H
#define MARS_SERVICE_PARTS_H

#include "service.h"
#include "vc_pvc.h"
#include "vc_svc.h"

/*
 * Handlers of messages of mars(8): the payload, of which nothing may be left
 * over, and the descriptor that came with it, which is theirs, or -1.
 */
typedef void	service_handler(struct service *, struct rd *, int fd);

/* service.c */
/* What was awaited is there: gives up every right to open anything else. */
void	service_confine(struct service *);
/* Opens the control socket and tells mars(8) that it is at work. */
void	service_serve(struct service *);
/* The other end of a channel has gone; for channel_open(). */
void	service_parent_closed(void *);
void	service_sibling_closed(void *);

/* service_parent.c */
void	service_parent_open(struct service *);		/* fatal() */
/* w: the payload, or NULL: none.  A message that can't be queued: fatal(). */
void	service_tell_parent(struct service *, uint32_t type, const struct wr *);

/* service_log.c: what this process logs goes through mars(8), until it ends */
void	service_log_open(struct service *);
void	service_log_close(void);

/* service_conf.c */
service_handler	service_on_conf_begin, service_on_conf_data;
service_handler	service_on_conf_end;

/* service_capture.c */
/* A link that is open: are its SDUs to be shown? */
void	service_capture_apply(struct service *, struct service_link *);
/* Begins to, or ends, as clients come and go: once each turn. */
void	service_capture_turn(struct service *);

/* service_link.c */
struct service_link *service_link_find(struct service *, enum conf_transport,
	    const struct atm_addr *local);
/* The nth link that is open, from 0; NULL: there are no more. */
struct service_link *service_link_at(struct service *, uint32_t n);
/* Opens, hands on and closes links as the configuration in force says. */
void	service_links_apply(struct service *);
/* Sends what is queued: once each turn. */
void	service_links_turn(void *);
/* Drops what waits to be sent: something more important is to come. */
void	service_links_discard(struct service *);
/* From now on nothing is read any more, and what is queued is still sent. */
void	service_links_deaf(struct service *);
void	service_links_close(struct service *);
service_handler	service_on_listen;

/* service_lan.c */
/* Those that came with the configuration that is in force now. */
void	service_lans_apply(struct service *);
void	service_lans_close(struct service *);
service_handler	service_on_kernel, service_on_lan, service_on_lan_gone;

/* service_atm.c */
struct vc_svc_params service_svc_params(struct service *,
	    const struct atm_addr *local);
struct vc_pvc_params service_pvc_params(struct service *);
service_handler	service_on_atm_fd, service_on_atm_party;

/* service_sibling.c */
void	service_sibling_open(struct service *);		/* fatal() */
void	service_sibling_close(struct service *);
/* Hands over what has gathered: once each turn. */
void	service_sibling_turn(struct service *);
/* Is anything left that it has to hear? */
bool	service_sibling_waits(const struct service *);

/* service_audit.c: a listing for marsctl audit */
bool	service_show_audit(void *, void *cursor, struct wr *);

/* service_show.c: listings, for ctlserver.h; arg is the service */
bool	service_show_circuits(void *, void *cursor, struct wr *);
bool	service_show_counters(void *, void *cursor, struct wr *);
bool	service_show_interfaces(void *, void *cursor, struct wr *);
bool	service_show_limits(void *, void *cursor, struct wr *);
bool	service_show_memory(void *, void *cursor, struct wr *);
bool	service_show_summary(void *, void *cursor, struct wr *);
/* the links' counters, and its own, begin at 0 again */
void	service_counters_clear(struct service *);

/* service_ctl.c */
/* Serves the listening control socket fd; as ctlserver_new(). */
struct ctlserver *service_ctl_open(struct service *, int fd);
service_handler	service_on_reload_res;

#endif
