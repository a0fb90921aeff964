/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The configuration in force.  parse.y makes it, mars(8) sends it to its
 * children as octets (keys only to scspd), and they hold it; once made, it is
 * const.
 */
#ifndef MARS_CONF_H
#define MARS_CONF_H

#include <sys/types.h>
#include <sys/queue.h>
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "wire.h"

#define PID_MARS	3	/* RFC 2334 section B.2.0.1 */
#define NAME_SIZE	64	/* buffer for a cluster's name and the like */
#define KEY_SIZE	128	/* octets of a key at most */
#define CONF_PATH_SIZE	256
#define CONF_MTU_MIN	576	/* of IPv4; 1280 is that of IPv6 */
#define CONF_MTU_MIN_V6	1280
#define CONF_SIZE_MAX	(16U << 20)	/* octets of one as sent by imsg */
#define CONF_KEYS_MAX	16	/* of a neighbor, of an edge */
/*
 * Seconds that a key is accepted before and after it signs, where another can:
 * by so much clocks may differ, and what is on its way be late.
 */
#define CONF_KEY_MARGIN	60

enum conf_transport {
	CONF_LISTEN_UDP,
	CONF_LISTEN_ATM_SVC,
	CONF_LISTEN_ATM_PVC
};

struct conf_listen {
	TAILQ_ENTRY(conf_listen) entry;
	enum conf_transport	 transport;
	struct atm_addr		 addr;	/* with SEL 0; PVC: our own address */
	struct atm_addr		 peer;	/* PVC: who is at the other end */
	int			 itf, vpi, vci;		/* PVC */
	uint16_t		 mtu;	/* UDP; 0: the interface's */
};
TAILQ_HEAD(conf_listens, conf_listen);

enum conf_algorithm {		/* marsctl and mars.conf use these names */
	CONF_HMAC_MD5,		/* RFC 2334 B.3.1, RFC 2104 */
	CONF_HMAC_SHA256,
	CONF_HMAC_SHA384,
	CONF_HMAC_SHA512
};

struct conf_key {
	TAILQ_ENTRY(conf_key)	 entry;
	uint32_t		 spi;
	enum conf_algorithm	 algorithm;
	int64_t			 not_before;	/* time(3), 0: always */
	int64_t			 not_after;	/* time(3), 0: for ever */
	char			 file[CONF_PATH_SIZE];	/* empty at children */
	uint16_t		 len;
	bool			 wiped;	/* len is what the secret had */
	uint8_t			 secret[KEY_SIZE];
};
TAILQ_HEAD(conf_keys, conf_key);

struct conf_neighbor {
	TAILQ_ENTRY(conf_neighbor) entry;
	struct atm_addr		 addr;		/* of its scspd: SEL 1 */
	uint16_t		 nspis;
	uint32_t		 spis[CONF_KEYS_MAX];	/* which is preferred */
	bool			 auth;		/* default true */
	bool			 replay_required;
	uint16_t		 hello_interval;	/* s */
	uint16_t		 dead_factor;
	uint16_t		 rexmt_ca, rexmt_csus, rexmt_csu;	/* s */
	uint16_t		 rexmt_limit;
	uint16_t		 csu_batch;	/* records; 0: as many as fit */
};
TAILQ_HEAD(conf_neighbors, conf_neighbor);

struct conf_protocol {
	TAILQ_ENTRY(conf_protocol) entry;
	struct mars_pro		 pro;
};
TAILQ_HEAD(conf_protocols, conf_protocol);

struct conf_prefix {
	TAILQ_ENTRY(conf_prefix) entry;
	struct ip_prefix	 prefix;
};
TAILQ_HEAD(conf_prefixes, conf_prefix);

struct conf_backup {
	TAILQ_ENTRY(conf_backup) entry;
	struct atm_addr		 addr;
};
TAILQ_HEAD(conf_backups, conf_backup);

enum conf_order {		/* */
	CONF_ORDER_SELF,		/* own address first: default */
	CONF_ORDER_LOWEST		/* literal RFC 2443 section 2 */
};

struct conf_cluster {
	TAILQ_ENTRY(conf_cluster) entry;
	char			 name[NAME_SIZE];
	struct atm_addr		 addr;		/* NSAPA, told apart by SEL */
	uint16_t		 server_group;	/* SGID */
	uint16_t		 protocol_id;	/* PID: 3, or of a group */
	struct conf_protocols	 protocols;
	uint16_t		 cmi_min, cmi_max;
	struct conf_backups	 backups;
	struct conf_prefixes	 allow;		/* none: everybody may */
	struct conf_neighbors	 neighbors;

	uint32_t		 redirect_interval;	/* s, 60; RFC 2022 5.4.3
							 * and 2443 5.1 */
	uint32_t		 redirect_dead;		/* s, 240; A-7 */
	enum conf_order	 redirect_order;
	uint32_t		 tombstone;		/* s, 600; A-9 */
	uint32_t		 hold;			/* s, 240; H of A-8 */
	uint16_t		 hop_count;		/* 16; A-48 */
	bool			 csn_before;		/* A-107, no */
	bool			 strict_source;		/* A-130, yes */
	bool			 native_parties;	/* ATM_ADDPARTY */

	/* limits; each refusal is counted */
	uint32_t		 max_members;		/* 16000 */
	uint32_t		 max_joins;		/* per member, 4096 */
	uint32_t		 max_total;		/* of all, 100000 */
	uint32_t		 max_groups;		/* of these, 100000 */
	uint32_t		 max_servers;		/* MCSs, 256 */
	uint32_t		 max_serve_range; /* groups, 65536; A-46 */
	uint32_t		 max_known;		/* of the group, 1024 */
	uint32_t		 max_backlog;		/* ranges, 65536 */
	uint32_t		 rate;			/* of a client, 200/s */
	uint32_t		 burst;			/* at once, 4096 */
	uint32_t		 rate_total;		/* in all, 100000/s */
	uint32_t		 max_records;		/* of scspd, 150000 */
};
TAILQ_HEAD(conf_clusters, conf_cluster);

/*
 * --- edges: edged(8).  An edge is a multicast router towards LANs and a
 * MARS client, at addr, towards the rest.  At addr with the next SEL it is a
 * multicast server, since a MARS takes no address for both.
 */

#define CONF_IF_SIZE		16	/* buffer for an interface's name */
#define CONF_EDGE_CLUSTER	16	/* octets, as in a hello */
#define CONF_EDGE_SEL		16	/* of an address without SEL */
#define CONF_RATE_MAX		UINT64_C(1000000000000)	/* bit/s */

enum conf_forward {		/* between a LAN and the other sites */
	CONF_FORWARD_ELECTED,	/* if it is the one of the LAN's edges */
	CONF_FORWARD_ALWAYS,	/* there is no other edge; no hello */
	CONF_FORWARD_NEVER,
	CONF_FORWARD_MAX
};

enum conf_path {
	CONF_PATH_AUTO,
	CONF_PATH_USER,
	CONF_PATH_KERNEL,
	CONF_PATH_MAX
};

/* A LAN, or a device (tun) through which programs of this machine are one. */
struct conf_lan {
	TAILQ_ENTRY(conf_lan)	 entry;
	char			 name[CONF_IF_SIZE];	/* of the interface */
	bool			 tun;
	bool			 querier;	/* yes */
	bool			 discovery;	/* RFC 4286; yes */
	bool			 fast_leave;	/* yes */
	enum conf_forward	 forward;	/* tun: always or never */
	uint16_t		 priority;	/* 100; the highest forwards */
	uint16_t		 igmp, mld;	/* version of queries: 3, 2 */
	uint32_t		 query_interval;	/* s, 125 */
	uint32_t		 query_response;	/* ms, 10000 */
	uint32_t		 query_leave;	/* ms, 1000: last member */
	uint16_t		 leave_count;	/* 2 */
	uint16_t		 robustness;	/* 2 */
	struct conf_prefixes	 addrs;		/* tun: ours, not masked */
	struct conf_prefixes	 sources;	/* that may send, besides those
						 * of the interface's nets */
	struct conf_prefixes	 statics;	/* groups or blocks, joined */
	uint32_t		 max_groups;	/* 256 */
	uint32_t		 max_sources;	/* of a group, 64 */
	uint32_t		 max_host_groups;	/* of a host, 128 */
	uint32_t		 max_hosts;	/* remembered of a group, 32 */
	uint32_t		 new_flows;	/* of a source, 250/s */
	uint64_t		 rate;		/* bit/s, 0: no limit */
	uint64_t		 source_rate;	/* of a source, the same */
};
TAILQ_HEAD(conf_lans, conf_lan);

#define CONF_DIR_IN	0x01	/* from other sites to our LANs */
#define CONF_DIR_OUT	0x02	/* from our LANs to other sites */

/* What may pass; nothing else does. */
struct conf_allow {
	TAILQ_ENTRY(conf_allow)	 entry;
	struct ip_prefix	 group;
	bool			 has_source;
	struct ip_prefix	 source;
	uint8_t			 dirs;		/* CONF_DIR_ */
};
TAILQ_HEAD(conf_allows, conf_allow);

#define CONF_DSCP_COPY	64	/* what the packet has */

struct conf_rule {		/* of a group; the longest prefix counts */
	TAILQ_ENTRY(conf_rule)	 entry;
	struct ip_prefix	 group;
	uint64_t		 rate;		/* bit/s, 0: no limit */
	uint16_t		 ttl_min;	/* 1 */
	uint16_t		 dscp;		/* outside: 0 to 63, or COPY */
};
TAILQ_HEAD(conf_rules, conf_rule);

struct conf_edge {
	TAILQ_ENTRY(conf_edge)	 entry;
	char			 name[NAME_SIZE];
	/* of the election: edges of other clusters are none of its */
	char			 cluster[CONF_EDGE_CLUSTER + 1];
	struct atm_addr		 addr;		/* IP; SEL 2 to 254 */
	struct conf_backups	 servers;	/* MARSs, best first */
	bool			 ipv4, ipv6;
	struct conf_lans	 lans;
	struct conf_allows	 allows;
	struct conf_prefixes	 link_locals;	/* single groups */
	struct conf_rules	 rules;
	struct conf_prefixes	 serves;
	uint16_t		 mtu;		/* inner octets, 1348 */
	uint16_t		 queue;		/* ms of data, 50 */
	uint16_t		 hello_port;	/* UDP, 1021 */
	uint32_t		 max_flows;	/* source and group, 4096 */
	bool			 df;		/* outside; yes */
	enum conf_path		 path;
	uint16_t		 nspis;		/* of hellos: SHA-256 */
	uint32_t		 spis[CONF_KEYS_MAX];	/* which is preferred */
};
TAILQ_HEAD(conf_edges, conf_edge);

struct conf {
	uint8_t			 server_id[4];	/* LSID and OID; A-25 */
	char			 control[CONF_PATH_SIZE];
	/* who may use the control sockets, and read: empty: nobody else; only
	 * the parent has them */
	char			 control_group[NAME_SIZE];
	char			 control_readers[NAME_SIZE];
	char			 user_marsd[NAME_SIZE];
	char			 user_scspd[NAME_SIZE];
	char			 user_edged[NAME_SIZE];
	bool			 best_effort;	/* confinement; the parent's */
	uint16_t		 base_port;		/* 2022 */
	uint16_t		 enquiry_interval;	/* s, 10; NVC rule 6 */
	uint16_t		 enquiry_max;	/* s, 60; of a peer's */
	uint32_t		 max_circuits;		/* per link, 32768 */
	uint32_t		 circuits_per_address;	/* 64 */
	struct conf_listens	 listens;
	struct conf_keys	 keys;
	struct conf_clusters	 clusters;
	/*
	 * Server groups of other protocols than MARS, which scspd keeps in
	 * step without knowing what they hold: their PID and SGID, hop count,
	 * limit of records and neighbors are used, and no name.
	 */
	struct conf_clusters	 groups;
	struct conf_edges	 edges;
};

/*
 * Every number that can be configured: its keywords, where it is, its range
 * and its default.  Parser, printer and codec all go by these tables, which
 * end with a NULL name.
 */
struct conf_number {
	const char	*name;		/* "redirect interval": in order */
	size_t		 offset;	/* in conf, cluster, neighbor, ... */
	size_t		 size;		/* 2 or 4 octets */
	uint32_t	 min, max;
	uint32_t	 dflt;
};
extern const struct conf_number conf_numbers[];
extern const struct conf_number conf_cluster_numbers[];
extern const struct conf_number conf_neighbor_numbers[];
extern const struct conf_number conf_edge_numbers[];
extern const struct conf_number conf_lan_numbers[];
extern const struct conf_number conf_rule_numbers[];

/* The number in the struct at base that it is of. */
uint32_t conf_number_get(const struct conf_number *, const void *base);
/* False: out of range, and nothing was set. */
bool	 conf_number_set(const struct conf_number *, void *base, uint64_t);

/*
 * Make a configuration, a cluster, a group, a neighbor, with every default.
 * All but the first are put at the end of their list.  NULL: no memory.
 */
struct conf		*conf_new(void);
struct conf_cluster	*conf_cluster_new(struct conf *, const char *name);
/* It is in no list any more. */
void			 conf_cluster_free(struct conf_cluster *);
/* pid: any but PID_MARS */
struct conf_cluster	*conf_group_new(struct conf *, uint16_t sgid,
			    uint16_t pid);
struct conf_neighbor	*conf_neighbor_new(struct conf_cluster *);
struct conf_edge	*conf_edge_new(struct conf *, const char *name);
struct conf_lan		*conf_lan_new(struct conf_edge *, const char *name,
			    bool tun);
struct conf_rule	*conf_rule_new(struct conf_edge *);
/* Those who need the keys have them, and nobody finds them here any more. */
void			 conf_keys_wipe(struct conf *);
/* Frees all of it and wipes the keys; NULL is fine. */
void			 conf_free(struct conf *);
/* The one of that name, or SPI; NULL: there is none. */
struct conf_cluster	*conf_cluster_find(const struct conf *, const char *);
struct conf_edge	*conf_edge_find(const struct conf *, const char *);
/* No interface is in two edges.  edge: whose it is, unless NULL. */
struct conf_lan		*conf_lan_find(const struct conf *, const char *,
			    struct conf_edge **edge);
const struct conf_key	*conf_key_find(const struct conf *, uint32_t);
/* When a key is valid: the first and the last second; 0: no bound. */
struct conf_period {
	int64_t	 from, until;
};
bool			 conf_period_has(const struct conf_period *,
			    int64_t when);
/*
 * From now on, when there is no key for the first time.  Returns the second
 * before that, which is now - 1 where none is valid now; 0: there always is.
 */
int64_t			 conf_periods_end(const struct conf_period *, size_t n,
			    int64_t now);
/*
 * Which key signs now: the first that has been valid for CONF_KEY_MARGIN and
 * will be; else of those that are valid the one that is furthest from its
 * begin and its end.  n: none is valid.
 */
size_t			 conf_periods_sign(const struct conf_period *, size_t n,
			    int64_t now);
/* The name of an algorithm, and the way back; false: there is none. */
const char		*conf_algorithm_name(enum conf_algorithm);
bool			 conf_algorithm_find(const char *,
			    enum conf_algorithm *);

/* Octets of its MAC: a key should not have fewer (RFC 2104 section 3). */
size_t			 conf_algorithm_length(enum conf_algorithm);

/* Are there clusters or groups, so that marsd and scspd are needed? */
bool			 conf_has_server(const struct conf *);

/*
 * As octets, for one of the children, which gets what it needs and no more:
 * edges and their keys are edged's alone, clusters and listeners are those of
 * the two others, and all other keys are scspd's.
 */
enum conf_reader {
	CONF_FOR_MARSD,
	CONF_FOR_SCSPD,
	CONF_FOR_EDGED
};
void			 conf_write(struct wr *, const struct conf *,
			    enum conf_reader);
/* Reads that, to its last octet.  NULL: malformed, or no memory. */
struct conf		*conf_read(struct rd *);

#endif
