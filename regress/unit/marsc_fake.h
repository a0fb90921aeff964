/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A client under test in virtual time, over circuits that the test plays by
 * hand.  What a MARS says is written as hex from RFC 2022, and so is what the
 * client should say.
 */
#ifndef MARSC_FAKE_H
#define MARSC_FAKE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "marsc/client.h"
#include "unhex.h"

#define FAKE_MAX	256
#define FAKE_CIRCUITS	2048

/* An IPv4 endpoint 127.0.0.x as RFC 4548 has it; x is two hex digits. */
#define NSAP(x)	"350001 7f0000" x " 000000000000000000000000 00 "
#define MARS_LLC	"aaaa03 00005e 0003 "
/* mar$afn to mar$op for IPv4; the checksum 0 is "none" */
#define HEAD(op)	MARS_LLC \
	"000f 0800 0000000000 000000 0000 0000 00" op " "
/* JOIN and kin: lengths, pnum, flags, cmi, msn, source */
#define JOIN(op, tpln, pnum, flags, cmi, msn, src) \
	HEAD(op) "14 00 00 " tpln " " pnum " " flags " " cmi " " msn " " \
	NSAP(src)
/* MULTI: lengths, tnum, seqxy, msn, source, group */
#define MULTI(tnum, xy, msn, src, group) \
	HEAD("02") "14 00 00 14 00 04 " tnum " " xy " " msn " " NSAP(src) \
	group " "
#define NAK(src, group) \
	HEAD("06") "14 00 00 00 00 04 0000000000000000 " NSAP(src) group
#define MIGRATE(tnum, msn, group) \
	HEAD("0d") "14 00 00 14 00 04 " tnum " 0000 " msn " " NSAP("01") \
	group " "
#define MAP(redirf, tnum, xy, msn, src) \
	HEAD("0c") "14 00 00 14 00 " redirf " " tnum " " xy " " msn " " \
	NSAP(src)

struct fvc {
	struct vc	 vc;
	struct atm_addr	 peer;
	bool		 used, root, up, dead, incoming, watched;
};
struct fleaf {
	struct vc_leaf	 leaf;
	struct atm_addr	 peer;
	bool		 used, up, dead;
};
struct fsent {
	int		 vc;		/* index */
	size_t		 len;
	uint8_t		 data[2048];
	bool		 seen;
};
struct fnote {
	enum marsc_notice_code code;
	uint32_t	 number, members;
	size_t		 n;
	struct atm_addr	 server, first;
	bool		 seen;
};

struct fake {
	struct vc_link	 link;		/* first */
	struct timers	 ts;
	struct marsc_host *host;
	struct marsc	*c;
	struct fvc	 vcs[FAKE_CIRCUITS];
	struct fleaf	 leaves[FAKE_CIRCUITS];
	struct fsent	 sent[FAKE_MAX];
	struct fnote	 notes[FAKE_MAX];
	int		 nvcs, nleaves, nsent, nnotes, npackets;
	uint32_t	 random;
	uint32_t	(*die)(void *);	/* of walks; NULL: of random */
	void		*die_arg;
	void		(*told)(struct fake *);	/* or NULL: of a notice */
	int		 telling;
	bool		 low;		/* random numbers are all 0 */
	uint16_t		 port;	/* of UDP, of all leaves */
	bool			 foreign; /* our CMI is another's, too */
	uint8_t		 packet[1024];	/* the last one that came up */
	size_t		 packet_len;
	struct marsc_packet info;
	struct atm_addr	 sender;
};

struct atm_addr	fake_addr(uint8_t last);
struct paddr	fake_group(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* --- the client and its owner */

/* An endpoint 127.0.0.x alone, of which somebody else is the user. */
struct fake *fake_bare(uint8_t x);
/* A client 127.0.0.x with MARSs 127.0.0.1 to .nservers, not started. */
struct fake *fake_new_pro(uint8_t x, size_t nservers, bool mcs, uint16_t pro);
struct fake *fake_new(uint8_t x, size_t nservers, bool mcs);
void	fake_free(struct fake *f);
/* what the client and its endpoint have dropped for that reason */
uint64_t	fake_drops(const struct fake *f, enum marsc_drop d);
/* Lets virtual time pass. */
void	fake_wait(struct fake *f, int64_t us);

/* --- the other end of circuits */

/* The live circuit to a MARS; NULL: none */
struct fvc *fake_vc(struct fake *f, uint8_t x);
/* L_ACK of a call to 127.0.0.x */
struct fvc *fake_ack(struct fake *f, uint8_t x);
void	fake_call_fails(struct fake *f, uint8_t x);
/* the circuit is no more, and its leaves with it: before release, rqfailed */
void	fake_dies(struct fake *, struct vc *);
/* 127.0.0.x calls us as a leaf; NULL: refused */
struct fvc *fake_calls(struct fake *f, uint8_t x, bool leaf);
void	fake_says(struct fake *f, struct fvc *v, const char *hex);
/* The live leaf 127.0.0.x of some root; NULL: none */
struct fleaf *fake_leaf(struct fake *f, uint8_t x);
void	fake_leaf_ack(struct fake *f, uint8_t x);
void	fake_leaf_fails(struct fake *f, uint8_t x, uint16_t cause);
void	fake_leaf_drops(struct fake *f, uint8_t x);
int	fake_live_leaves(const struct fake *f);
int	fake_live_roots(const struct fake *f);

/* --- what the client said */

/* The next SDU that was not looked at; NULL: none.  Checksums are cleared. */
struct fsent *fake_next(struct fake *f);
void	fake_expect(struct fake *f, const char *hex);
#define fake_silent(f)	assert_null(fake_next(f))
/* how often a notice came since the last look at it; the last of them */
int	fake_noted(struct fake *f, enum marsc_notice_code code,
	    struct fnote *last);
/* Registers at 127.0.0.1 with CMI 5 at CSN 100; its control VC. */
struct fvc *fake_registered(struct fake *f);

#endif
