/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * NVC (NBMA virtual circuits over UDP): the backend of vc.h for links whose
 * address embeds an IP address.  nvc*.c are the protocol; here is its socket.
 * The owner of the loop runs timers_run() on `timers` and then vc_flush()
 * once per turn.  The loop may have waited for long before the socket was
 * readable, so that the handler first asks the timers' clock.
 */
#ifndef MARS_VC_UDP_H
#define MARS_VC_UDP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "nvc.h"
#include "timer.h"
#include "vc.h"

struct vc_udp_params {
	uint16_t	 base_port;	/* of peers: base port + SEL; 2022 */
	uint16_t	 enquiry_interval;	/* s, 1 to 255; 10 */
	uint32_t	 max_circuits;		/* of this link; 32768 */
	uint32_t	 circuits_per_address;	/* that one IP address has
						 * called; 64 */
	uint64_t	 (*random)(void *);	/* 64 unpredictable bits */
	void		*random_arg;
	uint16_t	 mtu;		/* octets of an IP packet; 0: not
					 * known, see nvc.h */
	/*
	 * Datagrams are not fragmented, where the system can do that; if it
	 * says that the way to a peer takes less than the mtu, the link does
	 * with less until vc_udp_set_params().  False: as the socket is.
	 */
	bool		 whole;
	uint16_t	 enquiry_max;	/* s, of a peer's; 0: 60 */
	int64_t		 queue_time;	/* us, of data; see nvc.h */
	uint16_t	 row;		/* of data; see nvc.h */
};

/*
 * A datagram socket bound to local's IP address and base_port + SEL, non-
 * blocking, close-on-exec, its buffers as large as the system allows.  A
 * descriptor, or -1 with errno (EAFNOSUPPORT: local embeds no IP address).
 */
int	vc_udp_socket(const struct atm_addr *local, uint16_t base_port);

/*
 * A link on such a socket, which it owns from then on; arg is handed to
 * every function of the user.  NULL: no memory, the socket is still yours.
 * vc_close() releases every circuit (nothing more comes up) and closes it.
 */
struct vc_link *vc_udp_open(struct event_base *, struct timers *, int fd,
	    const struct atm_addr *local, const struct vc_udp_params *,
	    const struct vc_user *, void *arg);
/* Counts for calls from now on. */
void	vc_udp_set_params(struct vc_link *, const struct vc_udp_params *);

#endif
