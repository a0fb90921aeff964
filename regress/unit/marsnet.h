/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Whole cores of marsd in virtual time: a circuit backend that keeps what is
 * sent, and a scspd that hands every record to the other servers.  What
 * they say is written and read octet by octet (marsoctets.h).
 */
#ifndef MARSNET_H
#define MARSNET_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "marsd/cluster.h"
#include "csa.h"
#include "ipc.h"
#include "marsoctets.h"

#define SERVERS		4

struct net;

struct nvc {			/* a point-to-point VC, or a root */
	struct vc	 vc;
	struct net	*net;
	int		 server;
	bool		 root;
	struct atm_addr	 peer;
};

struct nleaf {
	struct vc_leaf	 leaf;
	TAILQ_ENTRY(nleaf) entry;
	struct net	*net;
	struct atm_addr	 addr;
	bool		 acked;
};

struct record {			/* as a fake scspd has it */
	struct record	*next;
	uint16_t	 sgid;
	uint32_t	 key;
	int32_t		 seq;
	size_t		 len;
	uint8_t		 data[CSA_MAX];
};

struct nserver {
	struct net	*net;
	int		 n;
	struct marsd	*mars;
	struct conf	*conf;
	struct vc_link	 link;
	bool		 up, cut;	/* alive; records go nowhere */
	struct record	*records;	/* newest publication first */
	uint64_t	 published, hidden, revived, erased, realigned;
	uint64_t	 events[MARSD_EV_MAX];
	char		 why[128];	/* of the last event that said */
};

struct delivery {
	struct delivery	*next;
	int		 from, to;
	struct record	 r;
};

struct net {
	struct timers	 ts;
	struct nserver	 s[SERVERS];
	TAILQ_HEAD(nleaf_list, nleaf) leaves;
	bool		 leaf_hold;	/* leaves are not acked */
	bool		 quiet;		/* count, don't keep */
	bool		 busy;		/* roots have not sent all they got */
	bool		 full;		/* and take no more */
	size_t		 sdu_max;	/* 0: as usual */
	bool		 congested;	/* what scspd is */
	struct sent	*sent;
	size_t		 nsent, maxsent;
	struct delivery	*queue, **tail;
	uint32_t	 random;
};

/* --- addresses */

/* RFC 4548: 35 0001, the IPv4 address, twelve zeros, SEL */
struct atm_addr	net_addr(uint32_t ip, uint8_t sel);
#define HOST(n)		net_addr(0x0a000000U + (uint32_t)(n), 0)
#define SERVER(n)	net_addr(0xc0000201U + (uint32_t)(n), 0)

/* --- what the core is given (marsfake.c) */

extern const struct vc_backend net_backend;
extern const struct marsd_ops net_ops;
struct nvc *nvc_new(struct net *net, int server, void *cookie, bool root);

/* --- time */

/* Delivers what waits: leaves' acks and records, until nothing does. */
void	net_settle(struct net *net);
void	net_wait(struct net *net, int64_t us);

/* --- servers */

void	net_oid(int n, uint8_t oid[4]);
struct conf_cluster *net_conf(struct nserver *s, int n);
/* its configuration, to be changed before net_start() */
struct conf_cluster *net_cluster_conf(struct net *net, int n);
void	net_start(struct net *net, int n);
void	net_crash(struct net *net, int n);
struct net *net_new(void);
void	net_clear(struct net *net);
void	net_free(struct net *net);
struct marsd_proto *net_proto(struct net *net, int n);
/* a number of marsctl's: of the first row of "show clusters" of a server */
uint64_t	net_show(struct net *net, int n, const char *name);
/* the same of row k, from 0: a row for each protocol of each cluster */
uint64_t	net_row(struct net *net, int n, int k, const char *name);
/* the CSN (CCVC) or SSN (SCVC) of its first cluster */
uint32_t	net_number(struct net *net, int n, int role);
/* sets both, in row k's protocol, as if so many messages had gone out */
void	net_set_numbers(struct net *net, int n, int k, uint32_t csn,
	    uint32_t ssn);
/* and a counter of it */
uint64_t	net_counter(struct net *net, int n, const char *name);
uint64_t	net_dropped(struct net *net, int n, enum marsd_drop d);
/* leaves that are up on a control VC of a server, by its count and ours */
uint32_t	net_leaves(struct net *net, int n, enum marsd_role role);

/* --- clients */

struct nvc *net_call(struct net *net, int server, struct atm_addr from);
void	net_hangup(struct nvc *v);
/* the end of a test: these circuits, up to NULL, and everything */
void	net_end(struct net *net, ...);
/* the first leaf of this node leaves its control VC */
void	net_drop(struct net *net, struct atm_addr who, uint16_t cause);
void	net_vanish(struct net *net, struct atm_addr who);
void	net_put(struct nvc *v, const struct buf *b);
void	net_join(struct nvc *v, unsigned op, unsigned flags, uint32_t min,
	    uint32_t max);
void	net_request(struct nvc *v, uint32_t group);
/* a registered client, what was sent for it forgotten */
struct nvc *net_client(struct net *net, int server, int host);
struct nvc *net_mcs(struct net *net, int server, int host);

/* servers 0 to 2, and a client of 2 that sees what members see */
struct net *net_watched(struct nvc **watcher);
/*
 * Floods the newest of what one server has published to another: its
 * registrations, or its joins and the like, or both.
 */
void	net_tell(struct net *net, int from, int to, bool registration,
	    bool joins);

/* the roots of a server have sent all */
void	net_drain(struct net *net, int server);

/* --- reading what was sent */

/* how many messages: on the control VC of a role, or private (PRIV) */
size_t	net_count(struct net *net, int server, int role, unsigned op);
/* the only message of its sort */
const struct sent *net_only(struct net *net, int server, int role,
	    unsigned op);
/*
 * A state machine, cell by cell: a row for each state, in it an event each.
 * `.' is an event that means nothing, `!' one that cannot come, and else it
 * is the next state and the action.
 */
void	check_table(const struct table *t, const char *const *rows);
/* does a request by this client find this member? */
bool	net_finds(struct nvc *v, uint32_t group, struct atm_addr who);

/* a role, for its control VC, or any circuit but those */
#define CCVC		MARSD_ROLE_CLIENT
#define SCVC		MARSD_ROLE_MCS
#define PRIV		(-1)

#endif
