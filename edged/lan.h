/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One LAN of an edge: what comes from it is a hello, IGMP, MLD or data, and
 * what goes out on it is wanted there.  This ties listener.h, querier.h,
 * mrd.h, elect.h, policy.h and rate.h together; the shell only moves packets.
 */
#ifndef EDGED_LAN_H
#define EDGED_LAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elect.h"
#include "gmp.h"
#include "hello.h"
#include "ip.h"
#include "listener.h"
#include "mrd.h"
#include "policy.h"
#include "querier.h"
#include "quiet.h"
#include "rate.h"
#include "timer.h"

/* Why data goes no further here: symbol, name in marsctl, text. */
#define EDGED_LAN_DROPS(X) \
	X(EDGED_LAN_DROP_DOWN, "down", "the LAN is not there") \
	X(EDGED_LAN_DROP_NOT_FORWARDER, "not-forwarder", \
	    "another edge forwards on this LAN") \
	X(EDGED_LAN_DROP_NOT_WANTED, "not-wanted", "nobody wants its group") \
	X(EDGED_LAN_DROP_FILTERED, "filtered", \
	    "nobody wants this source of its group")

enum edged_lan_drop {
	EDGED_LAN_OK = 0,
#define X(sym, name, text) sym,
	EDGED_LAN_DROPS(X)
#undef X
	EDGED_LAN_DROP_MAX
};

/* What a packet from the LAN was. */
enum edged_lan_input {
	EDGED_LAN_CONTROL,	/* a hello, IGMP or MLD; done with */
	EDGED_LAN_DATA,		/* for the members of its group */
	EDGED_LAN_DROPPED	/* counted by its reason */
};

enum edged_lan_forward {
	EDGED_LAN_FORWARD_ELECTED,
	EDGED_LAN_FORWARD_ALWAYS,	/* no other edge is on it; no hello */
	EDGED_LAN_FORWARD_NEVER
};

/* Groups, from one to another. */
struct edged_range {
	struct paddr	min, max;
};

/* is the address one of the range? */
bool	edged_range_has(const struct edged_range *, const struct paddr *);

/* The configuration of a LAN; pointers are the owner's and have to last. */
struct edged_lan_conf {
	const struct edged_policy	*policy;
	bool				 querier;
	bool				 discovery;	/* MRD */
	enum edged_lan_forward		 forward;
	uint8_t				 priority;
	enum edged_gmp_version		 version4, version6;
	struct edged_listener_timing	 timing;
	struct edged_listener_limits	 limits;
	bool				 fast_leave;
	uint64_t			 rate;		/* bit/s out of the
							 * LAN; 0: no limit */
	uint64_t			 source_rate;	/* of one source */
	const struct paddr		*fixed;		/* static joins */
	size_t				 nfixed;
	const struct edged_range	*blocks;	/* the same: prefixes */
	size_t				 nblocks;
	const struct ip_prefix		*sources;	/* besides its nets */
	size_t				 nsources;
	/* of the hello */
	struct paddr			 id;
	uint8_t				 cluster[EDGED_HELLO_CLUSTER];
	uint16_t			 port;
	struct edged_hello_key		 key;
};

#define EDGED_LAN_SENDERS	1024	/* sources that are remembered */
#define EDGED_LAN_NETS		32	/* prefixes that are on the link */
#define EDGED_LAN_STRANGERS	256	/* link-local ones from elsewhere */
#define EDGED_LAN_LATELY	MTIME_SEC(2)

struct edged_lan;

/* What the owner supplies.  None of it may change the LAN. */
struct edged_lan_ops {
	/* an IP packet to a group, out on the LAN */
	void	(*send)(void *, const void *, size_t);
	/* somebody wants the group, nobody does, or other sources */
	void	(*wanted)(void *, const struct edged_listener_group *,
		    enum edged_listener_change);
	/* we forward from now on, or no longer */
	void	(*role)(void *, bool forwarder);
	/* has no server registered us? */
	bool	(*no_mars)(void *);
	uint64_t (*random)(void *);
	/* a hello that nobody sends who means well; more: that were not told */
	void	(*refused)(void *, const struct paddr *source,
		    enum edged_hello_drop, uint64_t more);
	/* a table was violated; see struct table_faults */
	void	(*violated)(void *, const struct table *, uint8_t state,
		    uint8_t event);
};

/* one of IGMP and MLD on a LAN */
struct edged_family {
	struct edged_lan	*lan;
	bool			 v6;
	struct paddr		 addr;		/* ours; len 0: none */
	struct edged_listener	 listener;
	struct edged_querier	 querier;
	struct edged_mrd	 mrd;
	uint64_t		 drops[EDGED_GMP_DROP_MAX];
};

struct edged_lan {
	const struct edged_lan_ops	*ops;
	void				*arg;
	struct timers			*timers;
	struct edged_lan_conf		 conf;
	bool				 up, forwarder;
	struct edged_family		 v4, v6;
	struct edged_elect		 elect;
	/* of our addresses */
	struct ip_prefix		 nets[EDGED_LAN_NETS];
	size_t				 nnets;
	struct edged_senders		 senders, strangers;
	struct edged_bucket		 octets;
	uint64_t			 ip_drops[EDGED_IP_DROP_MAX];
	uint64_t			 hello_drops[EDGED_HELLO_DROP_MAX];
	struct quiet_strangers		 refused;
	uint64_t			 policy_drops[EDGED_POLICY_DROP_MAX];
	uint64_t			 rate_drops[EDGED_RATE_DROP_MAX];
	uint64_t			 drops[EDGED_LAN_DROP_MAX];
};

const char	*edged_lan_drop_name(enum edged_lan_drop);

/* A LAN that is down.  0, or -1: no memory. */
int	edged_lan_init(struct edged_lan *, const struct edged_lan_ops *, void *,
	    struct timers *, const struct edged_lan_conf *);
void	edged_lan_free(struct edged_lan *);
/* another configuration, at any time; listeners stay */
void	edged_lan_configure(struct edged_lan *, const struct edged_lan_conf *);
/*
 * The addresses of the LAN as they are now: ours of IPv4 (or len 0), our
 * link-local one of IPv6 (or len 0), and the n nets that are on the link.
 */
void	edged_lan_addresses(struct edged_lan *, const struct paddr *v4,
	    const struct paddr *v6, const struct ip_prefix *, size_t n);
/* the interface is there, or has gone; what its hosts wanted goes with it */
void	edged_lan_up(struct edged_lan *);
void	edged_lan_down(struct edged_lan *);

/*
 * A packet of at most len octets that came from the LAN; undone: its sender
 * left a checksum to a network card.  Data is ready to be sent to the members
 * of its group: its TTL is one less, its checksum is done.
 */
enum edged_lan_input	 edged_lan_input(struct edged_lan *, struct edged_ip *,
			    uint8_t *, size_t len, bool undone);
/*
 * Does a packet that came from another site go out on this LAN?  It may have
 * been changed for another LAN before: only looks, and counts.
 */
enum edged_lan_drop	 edged_lan_output(struct edged_lan *,
			    const struct edged_ip *);
/* the same for a source and a group, without counting */
enum edged_lan_drop	 edged_lan_wants(struct edged_lan *,
			    const struct paddr *source,
			    const struct paddr *group);
/* may hosts of this LAN have that address, since it has its net, or since that
 * is configured? */
bool	edged_lan_on_link(const struct edged_lan *, const struct paddr *);
/*
 * A packet of this source has come from elsewhere: has it been here before,
 * since the source is of this LAN?  Then another edge on it forwards, too.  The
 * net of a link-local address is that of every LAN, so such a source is of this
 * one if it was heard here lately; and what was said to come from elsewhere
 * lately is not taken from the LAN.  So two that forward at once, as they
 * should not, send each other a packet no more than once, though its TTL stays.
 */
bool	edged_lan_returns(struct edged_lan *, const struct paddr *);

#endif
