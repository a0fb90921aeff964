/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A site, for the tests of edged: an edge 127.0.0.10 with two LANs, whose hosts
 * and cluster are played by the test in virtual time.  What a MARS and other
 * sites say is hex, by marsc_fake.h.
 */
#ifndef EDGED_SITENET_H
#define EDGED_SITENET_H

#include "edged/edge.h"
#include "edged_host.h"
#include "marsc_fake.h"

/* 239.1.1.1, which may leave and come in */
#define SITE_GROUP	"ef010101"
/* what the MARS says of a group: members, or none */
#define SITE_MEMBERS(tnum, who) \
	MULTI(tnum, "8001", "00000064", "0a", SITE_GROUP) who

struct site_lan {
	struct site		*site;
	struct host_packet	 last;	/* that went out: no signalling */
	int			 sent;	/* how many */
};

struct site {
	struct fake		*net;		/* its circuits */
	struct fake		*server;	/* of its multicast server */
	struct edged		*edged;
	struct edged_conf	 conf;
	struct edged_edge_conf	 edge;
	struct edged_port_conf	 ports[2];
	struct edged_allow	 allow[2];
	struct atm_addr		 mars;
	struct site_lan		 lans[2];
	bool			 full;		/* LANs have no room */
	int			 events[EDGED_EV_MAX];
};

/* Its LANs "a", 10.1.1.0/24, and "b", 10.1.2.0/24, are up. */
struct site *site_new(void);
/* Checks that nothing is left, and that nothing was violated. */
void	site_free(struct site *);
/* The configuration as it is now; LANs that are new are up. */
void	site_configure(struct site *);
/* Registers with CMI 5; on its circuit the MARS says the rest. */
void	site_register(struct site *);
void	site_wait(struct site *, int64_t us);

/* --- its hosts */

/* A report that a host wants 239.1.1.1 from everybody, or no longer. */
void	site_report(struct site *, int lan, bool join);
/*
 * An IPv4 packet as a host sends it, with UDP in it: to these addresses, of so
 * many octets, with that TTL and that flags field.
 */
void	site_packet(struct host_packet *, const char *src, const char *dst,
	    size_t len, uint8_t ttl, uint16_t flags);
/* 28 octets with TTL 5 from 10.1.LAN.2 to that group */
void	site_data(struct site *, int lan, const char *group);
void	site_input(struct site *, int lan, const struct host_packet *);

/* --- the cluster */

/* 239.1.1.1 has the members .11 and .12, whose circuits are up. */
void	site_members(struct site *);
/* 127.0.0.x, with that CMI, sends us a packet by a circuit of its own. */
void	site_hears(struct site *, uint8_t x, uint8_t cmi,
	    const struct host_packet *);
/* The next SDU that was sent is data: the packet in it. */
void	site_sent(struct site *, struct host_packet *);

/* --- what is shown */

/* A value of the first row of a listing; 0 where there is none. */
uint64_t site_shown(struct site *,
	    bool (*)(struct edged *, void *, struct wr *), const char *name);
/* a counter of any scope */
uint64_t site_counter(struct site *, const char *name);

#endif
