/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a configuration gives to each child to listen on.  mars(8) opens it, and
 * the children decide by it what to keep, so both of them ask here.
 */
#ifndef MARS_ENDPOINT_H
#define MARS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "conf.h"

#define SEL_SCSPD	1	/* nvc.md: SEL 1 is scspd */

enum endpoint_owner {
	ENDPOINT_SCSPD,
	ENDPOINT_MARSD,
	ENDPOINT_EDGED
};

struct endpoint {
	enum conf_transport	 transport;
	struct atm_addr		 local;		/* with its SEL */
	struct atm_addr		 peer;		/* PVC only, else null */
	int			 itf, vpi, vci;	/* PVC only */
};

/*
 * The nth endpoint of a child, from 0; false: there are no more.  On UDP and on
 * switched circuits marsd has the addresses of its clusters, and scspd has SEL
 * 1 of each listener.  A permanent circuit is scspd's if its peer is a
 * configured neighbor or our own end has SEL 1.  Otherwise it is marsd's, and
 * belongs to the cluster with the address of our own end, or, if there is none,
 * to the first cluster whose address differs from it only in the SEL.  edged
 * has two for each edge, on UDP: its address, and the same with the next SEL
 * for the multicast server, whether it serves any group now or not.
 */
bool	conf_endpoint(const struct conf *, enum endpoint_owner, size_t nth,
	    struct endpoint *);
/* Is this permanent circuit anybody's? */
bool	conf_circuit_used(const struct conf *, const struct conf_listen *);
/* Is there one with this transport, local address and (not NULL) peer? */
bool	conf_has_endpoint(const struct conf *, enum endpoint_owner,
	    enum conf_transport, const struct atm_addr *local,
	    const struct atm_addr *peer, struct endpoint *);
/*
 * The edge at that address of its, and whether it is that of its multicast
 * server; NULL: none.
 */
const struct conf_edge	*conf_edge_at(const struct conf *,
			    const struct atm_addr *local, bool *server);
/* Has the cluster at that address switched circuits with native parties? */
bool	conf_parties(const struct conf *, const struct atm_addr *);
/* Do these differ in nothing but the SEL? */
bool	endpoint_same(const struct atm_addr *, const struct atm_addr *);

#endif
