/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Very many clients of a MARS over NVC, with two sockets: client i has the
 * address 127.1.0.0 + i, or one of IPv6 where its server has one, and the
 * selector SEL; or SEL_APART, if how long it waits is measured.  In a socket
 * with what all others are told, an answer would wait behind that, as it would
 * nowhere else.  How long it took ends when the kernel has the answer: what
 * this process does meanwhile is not the server's fault.
 * Clients do no more than is asked of them: they call, register, take the
 * leaves of the MARS and answer its enquiries.
 */
#ifndef FLOOD_CROWD_H
#define FLOOD_CROWD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define SEL		9
#define SEL_APART	10
#define FIRST_IP	0x7f010000U	/* of client 0 */
#define CLIENTS		65536
#define NEWCOMER	49152U		/* the first of those that are
					 * measured, each of them once */
#define SERVERS		8
#define ASKED_GROUP	0xe1000000U	/* 225.0.0.0 and what follows it */
#define ASKED_MAX	65536
/* what clients join to be learnt: 228.0.0.0 and what follows it */
#define JOINED_GROUP	0xe4000000U
#define JOINED_GROUPS	131072

/* nvc.md */
enum { SETUP = 1, RETRY, CONNECT, RELEASE, ENQUIRY, STATUS, DATA, BUNDLE };

struct player {
	bool		 mute, called, up, registered, mcs, apart;
	bool		 leafless;	/* takes no leaf */
	bool		 crowded;	/* its IPv6 address is in PREFIX */
	uint8_t		 server;
	uint64_t	 theirs;	/* the MARS's number of the circuit */
	uint64_t	 leaf;		/* and of the one that it called last */
	double		 sent;
	double		 asked;		/* the wall's: what it waits for now */
	double		 took;		/* s, all that it has waited for */
	int		 tries;
	uint8_t		*seen;		/* which of the groups asked for */
	uint32_t	 many, group;
};

struct crowd {
	struct player	 players[CLIENTS];
	uint32_t	 nplayers;		/* that were ever used */
	struct paddr	 servers[SERVERS];
	uint16_t	 base_port;
	int		 fd[2], apart[2];	/* [1]: IPv6; or -1 */
	double		 now;			/* s */
	uint64_t	 datagrams, copies;	/* that came */
	double		 first_copy, last_copy;	/* since the probe began */
	/* what a probe asked: the i-th is about ASKED_GROUP + i; the wall's */
	struct {
		double	 at, answered;
	} asked[ASKED_MAX];
	uint32_t	 nasked;
};
extern struct crowd crowd;

/* of the monotonic clock */
double	 crowd_seconds(void);
/* the same of the wall's, as the kernel stamps what has come */
double	 crowd_wall(void);
/* binds the sockets; the servers are known */
void	 crowd_open(void);
/* client i's number of its circuit to the MARS */
uint64_t crowd_number(uint32_t i);

/*
 * The datagrams of nvc.md; host: IPv4, or of the prefix where the server has
 * IPv6: of whoever calls; token: NULL at first.
 */
void	 crowd_setup(uint32_t host, uint64_t mine, const struct paddr *server,
	    const uint8_t *token, size_t len);
void	 crowd_reply(uint32_t i, uint8_t type, uint64_t circuit,
	    uint64_t mine);
/* messages of client i: about one pair, and a question */
void	 crowd_send_pair(uint32_t i, uint8_t op, uint32_t low, uint32_t high);
void	 crowd_request(uint32_t i, uint32_t group);
/* takes what has come, waiting at most so many milliseconds for it */
void	 crowd_receive(int wait);
/* it calls, and registers when it is through; apart: it is measured */
void	 crowd_start(uint32_t i, uint8_t server, bool mcs, bool apart);
/* a group's address as a number; 0: it is none */
uint32_t crowd_group(const struct paddr *);
/* a member registers once more, over the circuit that it has */
void	 crowd_register_anew(uint32_t i);
/* all that wait for an answer ask again when it is time */
void	 crowd_again(void);

/* watch.c: member i has got a copy, an SDU without its LLC; from now on */
void	 watch_copy(uint32_t i, const uint8_t *p, size_t len);
void	 watch_begin(void);
/*
 * How many of JOINED_GROUPS are joined, by what each of those has heard who
 * watch: the least, or -1 where the number of all has jumped.  jumped: of how
 * many it has.
 */
int	 watch_told(uint32_t *jumped);

#endif
