/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A network for tests of scspd's core: servers in virtual time, circuits
 * that lose, repeat, delay and reorder, all from one seed; and raw nodes,
 * whose packets a test writes and reads octet by octet.
 */
#ifndef SCSPNET_H
#define SCSPNET_H

#include <stdbool.h>
#include <stdint.h>

#include "llc.h"
#include "scspd/align.h"
#include "scspd/hello.h"
#include "scspd/scsp.h"

#define NET_NODES	6
#define NET_KEYS	4096
#define NET_HEARD	512
#define NET_SGID	7

struct net;
struct node;

struct fvc {			/* one end of a circuit */
	struct vc		 vc;	/* first: the backend's own */
	TAILQ_ENTRY(fvc)	 entry;
	struct node		*node;
	struct atm_addr		 peer_addr;
	uint32_t		 id, peer_id;
	int			 peer;	/* node number */
	bool			 up;
};

struct heard {
	size_t			 len;
	uint8_t			*data;
	mtime_t			 at;
};

struct node {
	struct net		*net;
	int			 number;
	bool			 raw, alive;
	struct scsp		*s;
	struct conf		*conf;
	int64_t			 ahead;		/* of its clock, in seconds */
	struct vc_link		 link;
	TAILQ_HEAD(fvc_last, fvc) fvcs;
	/* what its marsd would have: key -> contents, len 0: nothing */
	uint8_t			 mine[NET_KEYS][16];
	uint8_t			 mine_len[NET_KEYS];
	uint32_t		 owned[NET_KEYS];	/* to be answered */
	uint32_t		 nowned;
	struct timer		 answer;
	bool			 silent;	/* no answer to own() */
	uint64_t		 updates, owns, gones, ups, downs;
	uint64_t		 aligned_how, flooded_how;
	uint64_t		 events[SCSP_EV_MAX];
	char			 why[128];	/* of the last that had one */
	struct heard		 heard[NET_HEARD];
	uint32_t		 nheard;
};

struct net {
	struct timers		 ts;
	uint64_t		 rng;
	uint32_t		 ids;
	int64_t			 wall;		/* time(3) at the start */
	uint32_t		 loss, dup;	/* per thousand */
	int64_t			 delay, jitter;	/* microseconds */
	bool			 cut[NET_NODES][NET_NODES];
	int			 n;
	uint64_t		 sdus, octets;
	/* sees every SDU; true: it is lost */
	bool			(*tap)(struct net *, int from, int to,
				    const uint8_t *, size_t);
	void			*taparg;
	struct node		 node[NET_NODES];
};

enum { MSG_SETUP, MSG_CONNECT, MSG_REFUSE, MSG_RELEASE, MSG_DATA };

/*
 * A packet written octet by octet, not by the code under test.  raw_sum()
 * fills in size and checksum.
 */
struct rawpkt {
	size_t	len, common;
	uint8_t	b[SCSP_MTU];
};

#define RAW_ID(i)	(0x0a000001U + (uint32_t)(i))

/* --- the network */

/* nodes that are not configured yet, all random from this seed */
struct net	*net_new(uint64_t seed, int nodes);
/* stops every node, and takes everything down */
void		 net_free(struct net *);
/* a line (or, ring, a ring) of servers that are configured, not started */
struct net	*net_line(uint64_t seed, int nodes, bool ring);
void		 net_start(struct net *);
/* runs for so long; in milliseconds */
void		 net_run(struct net *, int64_t ms);
/* until all are aligned, equal and quiet: true; or so many ms: false */
bool		 net_settle(struct net *, int64_t ms);
bool		 net_aligned(struct net *);
/* have the two, or have all, the same records that neighbors get to see? */
bool		 net_equal(struct node *, struct node *);
bool		 net_all_equal(struct net *);
/* is nothing queued anywhere? */
bool		 net_quiet(struct net *);

/* --- its parts, for tests that do something special */

uint64_t	 net_random(struct net *);
void		 net_addr(struct atm_addr *, int node);
struct fvc	*net_fvc_new(struct node *, int peer, uint32_t peer_id,
		    const struct atm_addr *);
void		 net_release(struct vc *, uint16_t cause);
/* a message arrives after the network's delay; takes over the SDU */
void		 net_post(struct net *, int kind, int from, uint32_t from_id,
		    int to, uint32_t to_id, uint16_t cause, struct vc_sdu *);

/* --- servers */

/* a configuration without neighbors: server 10.0.0.(i + 1), one group */
struct conf_cluster *node_conf(struct node *);
struct conf_neighbor *node_conf_neighbor(struct node *, int to);
void		 node_key(struct node *, uint32_t spi, enum conf_algorithm,
		    const char *secret, int64_t from, int64_t to);
void		 node_start(struct node *);
/* it dies without a word; what it had published goes with it */
void		 node_stop(struct node *);
/* marsd publishes key with these contents; NULL: withdraws it */
void		 node_publish(struct node *, uint32_t key, const char *text);
/* and so many keys from 0 on, each with contents of its own */
void		 node_fill(struct node *, uint32_t n);

/* --- a listener on the wire */

#define NET_KEPT	2000
struct kept {			/* with its LLC/SNAP header */
	size_t			 len;
	uint8_t			 data[LLC_LEN + SCSP_MTU];
};
extern struct kept net_kept[NET_KEPT];
extern uint32_t net_nkept;
/* from now on keeps what node 0 says to node 1, at most so many SDUs */
void		 net_listen(struct net *, uint32_t max);
/* and does no longer */
void		 net_listen_end(struct net *);

/* --- what marsctl shows of a server */

/*
 * A column of show neighbors, of the one at another node's address: its text,
 * valid until the next call, or its number.
 */
const char	*node_shows(struct node *, int to, const char *column);
uint64_t	 node_shows_number(struct node *, int to, const char *column);
/* a counter, of that neighbor or (-1) of all; what is not shown is 0 */
uint64_t	 node_counter(struct node *, int to, const char *name);
/* a value of show summary */
uint64_t	 node_summary(struct node *, const char *name);

/* a row of show cache */
struct shown {
	int32_t		 seq;
	uint64_t	 len;
	char		 state[16];
	bool		 own;
};
/* the record of a node's OID; NULL: there is none */
const struct shown *node_record(struct node *, int owner, uint32_t key);

/*
 * What it has to be; side is a server and a neighbor, as node_shows() takes
 * them: #define SIDE &n->node[LS], DCS.
 */
#define assert_shows(side, column, text) \
	assert_string_equal(node_shows(side, column), text)
#define assert_shows_number(side, column, number) \
	assert_int_equal(node_shows_number(side, column), number)
#define assert_counter(side, name, number) \
	assert_int_equal(node_counter(side, name), number)

/* --- and what nobody shows */

struct scsp_group *node_group(struct node *);
/* the neighbor at another node's address */
struct scsp_neighbor *node_neighbor_of(struct node *, int to);
struct scsp_entry *node_entry(struct node *, int owner, uint32_t key);

/* --- raw nodes: the other end of their latest circuit */

/* a server and a raw neighbor of it, with a circuit, nothing said yet */
struct net	*raw_net(int server, int raw);
void		 raw_begin(struct rawpkt *, uint8_t type, uint32_t sender,
		    uint32_t receiver);
void		 raw_common(struct rawpkt *, uint16_t flags, uint32_t sender,
		    uint32_t receiver);
/* the low octets of v */
void		 raw_put(struct rawpkt *, int octets, uint32_t v);
void		 raw_record(struct rawpkt *, uint16_t hops, uint32_t oid,
		    uint32_t key, int32_t seq, bool null, const char *data);
/* size and checksum */
void		 raw_sum(struct rawpkt *);
/* these octets, behind an LLC/SNAP header, are on their way */
void		 raw_post(struct net *, int raw, const uint8_t *, size_t);
/* the same, and runs until they are there */
void		 raw_send(struct net *, int raw, const uint8_t *, size_t);
/* raw_sum() and raw_send() */
void		 raw_done(struct net *, int raw, struct rawpkt *);
/*
 * A server in the middle of its adjacencies: both are aligned, the caches are
 * empty, and of what was said nothing is kept.  other: another raw node, with
 * a larger ID than the server's, or -1.
 */
struct net	*raw_aligned(int server, int raw, int other);
/* one record in a CSU Request (type 2), a Reply (3) or a CSUS (4) */
void		 raw_say(struct net *, int raw, int server, uint8_t type,
		    uint16_t hops, int owner, uint32_t key, int32_t seq,
		    const char *data);
/* the i-th packet of a type from the server has one record, this one */
void		 raw_expect(struct net *, int raw, int server, uint8_t type,
		    uint32_t i, uint16_t hops, int owner, uint32_t key,
		    int32_t seq, const char *data);
void		 raw_hello(struct net *, int raw, uint16_t interval,
		    uint16_t dead, uint32_t sender, uint32_t receiver);
/* forgets what was heard */
void		 raw_clear(struct net *, int raw);
/* a number of so many octets in a heard packet */
uint32_t	 raw_get(const struct heard *, size_t at, int octets);
/* the n-th heard packet of a type, or NULL; type 0: of any */
const struct heard *raw_nth(struct net *, int raw, uint8_t type, uint32_t n);
uint32_t	 raw_count(struct net *, int raw, uint8_t type);

#endif
