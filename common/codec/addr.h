/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Addresses.  Every endpoint has an ATM address: a number and perhaps a
 * subaddress, each an ATM Forum NSAPA or a native E.164 number (RFC 2022
 * section 5.1.2).  An IP endpoint is an NSAPA that embeds its IP address
 * (RFC 4548, nvc.md).
 */
#ifndef MARS_ADDR_H
#define MARS_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define NSAPA_LEN	20
#define ATM_NUM_MAX	20	/* octets: an NSAPA, or at most 15 digits */
#define ATM_TL_E164	0x40	/* type bit of a type/length octet */
#define ATM_TL_LEN	0x3f
#define PADDR_MAX	20	/* octets: IPv4 4, IPv6 16, an OSI NSAP 20 */
#define ATM_STRLEN	128	/* buffer for an address as text */
#define PADDR_STRLEN	64

/* Number and subaddress as on the wire; unused octets are always zero. */
struct atm_addr {
	uint8_t	num_tl;			/* bit 6 type, bits 0-5 length */
	uint8_t	sub_tl;
	uint8_t	num[ATM_NUM_MAX];
	uint8_t	sub[ATM_NUM_MAX];
};

/* A protocol (layer 3) address; len 0 is the null address. */
struct paddr {
	uint8_t	len;
	uint8_t	a[PADDR_MAX];
};

/* A protocol by mar$pro; snap is zero unless type is 0x80 (4.3.2). */
struct mars_pro {
	uint16_t type;
	uint8_t	 snap[5];
};

#define PRO_IPV4	0x0800
#define PRO_IPV6	0x86dd
#define PRO_SNAP	0x0080

/* A permanent circuit, as it is at the interface. */
struct atm_pvc {
	int	itf, vpi, vci;
};

/* an IP address and a mask length: a net, or an address on one */
struct ip_prefix {
	uint8_t	v6;		/* 0: IPv4 in a[0..3] */
	uint8_t	bits;
	uint8_t	a[16];
};

/* An order of all addresses: below 0, 0, above 0, as of memcmp(3). */
int	atm_addr_cmp(const struct atm_addr *, const struct atm_addr *);
bool	atm_addr_equal(const struct atm_addr *, const struct atm_addr *);
/* Has it no number?  Then it is no address. */
bool	atm_addr_is_null(const struct atm_addr *);
/*
 * Have number and subaddress the same type and length?  One MARS_MULTI has
 * addresses of one kind (5.1.1).
 */
bool	atm_addr_same_kind(const struct atm_addr *, const struct atm_addr *);
/*
 * Reads an ADDRESS as in mars.conf(5).  Returns 0, or -1 if it is none; then *a
 * is null.
 */
int	atm_addr_parse(struct atm_addr *, const char *);
/*
 * Prints what atm_addr_parse() reads into a buffer, for which ATM_STRLEN is
 * enough, and returns that.  The null address is "-".
 */
char	*atm_addr_print(const struct atm_addr *, char *, size_t);
/*
 * ITF.VPI.VCI or VPI.VCI in decimal.  False: it is neither, or one of them is
 * out of range.
 */
bool	atm_pvc_parse(struct atm_pvc *, const char *);
/* The selector, an NSAPA's last octet.  E.164 has none: 0, and not set. */
uint8_t	atm_addr_sel(const struct atm_addr *);
void	atm_addr_set_sel(struct atm_addr *, uint8_t);

/*
 * A type/length octet of the wire as we keep it: without the reserved bit, and
 * 0 where there is no number, whose type says nothing (5.1.2).
 */
uint8_t	atm_addr_tl_normalise(uint8_t);
/*
 * Can a number of this kind be used?  An NSAPA has 20 octets, a native E.164
 * number at most 20 digits.  The kind is as normalised.
 */
bool	atm_addr_tl_usable(uint8_t);
/*
 * The same for a number with its octets: the digits of E.164 are checked, too.
 */
bool	atm_addr_number_usable(uint8_t, const uint8_t *);
/*
 * Reads a number of the kind *tl, and normalises that.  False: it can't be
 * used, and is null.  Where octets are missing only the reader has failed.
 */
bool	rd_atm_number(struct rd *, uint8_t *tl, uint8_t[ATM_NUM_MAX]);
/* The same for a protocol address of that many octets: at most PADDR_MAX. */
bool	rd_paddr(struct rd *, uint8_t, struct paddr *);

/*
 * Between our own processes an address has always as many octets.  False
 * where these are no address: then it is null, and the reader has failed.
 */
#define ATM_IPC_LEN	(2 + 2 * ATM_NUM_MAX)
void	wr_atm_addr(struct wr *, const struct atm_addr *);
bool	rd_atm_addr(struct rd *, struct atm_addr *);

/* The NSAPA of an IP address: 4 octets, with v6 16 (RFC 4548, doc/nvc.md). */
void	atm_addr_from_ip(struct atm_addr *, bool v6, const uint8_t *ip,
	    uint8_t sel);
/*
 * The IP address that the NSAPA embeds.  ip has 16 octets, of which IPv4 uses
 * the first 4; the others are set to zero.  False: it embeds no IP address.
 */
bool	atm_addr_to_ip(const struct atm_addr *, bool *v6, uint8_t *ip,
	    uint8_t *sel);
/* Clears the bits behind the mask. */
void	ip_prefix_mask(struct ip_prefix *);
/* Reads ADDRESS or ADDRESS/BITS.  False: it is neither. */
bool	ip_prefix_parse(struct ip_prefix *, const char *);
/* The same, with the bits behind the mask as they are. */
bool	ip_prefix_parse_address(struct ip_prefix *, const char *);
/* Is it one address? */
bool	ip_prefix_single(const struct ip_prefix *);
/* Are all of its addresses groups; groups that stay on their link? */
bool	ip_prefix_multicast(const struct ip_prefix *);
bool	ip_prefix_link_local(const struct ip_prefix *);
/* Does the first, whose bits behind the mask are 0, contain the second? */
bool	ip_prefix_covers(const struct ip_prefix *, const struct ip_prefix *);
/*
 * Does the prefix cover the IP address in this NSAPA?  False also where there
 * is none.
 */
bool	ip_prefix_match(const struct ip_prefix *, const struct atm_addr *);
char	*ip_prefix_print(const struct ip_prefix *, char *, size_t);

/* As numbers, the first octet counting most; a shorter one is less. */
int	paddr_cmp(const struct paddr *, const struct paddr *);
bool	paddr_equal(const struct paddr *, const struct paddr *);
/*
 * Reads an IPv4 or IPv6 address, or 0x and hex digits.  Returns 0, or -1 if it
 * is none of these; then *a is null.
 */
int	paddr_parse(struct paddr *, const char *);
/*
 * Prints what paddr_parse() reads into a buffer, for which PADDR_STRLEN is
 * enough.  The null address is "-".
 */
char	*paddr_print(const struct paddr *, char *, size_t);
bool	paddr_next(struct paddr *);	/* + 1; false at all ones */
bool	paddr_prev(struct paddr *);	/* - 1; false at zero */

bool	mars_pro_equal(const struct mars_pro *, const struct mars_pro *);
/*
 * The SNAP part counts only where the type is 0x80 (RFC 2022 section 4.3.2).
 * OUI 00-00-00 and an Ethertype (0x0600 and more) there name what the
 * short form names.
 */
void	mars_pro_normalise(struct mars_pro *);
/* False for the long form with zeros, which names nothing. */
bool	mars_pro_usable(const struct mars_pro *);
/*
 * Reads ipv4, ipv6, 0xNNNN, or snap: and ten hex digits.  Returns 0, or -1 if
 * it is none of these.
 */
int	mars_pro_parse(struct mars_pro *, const char *);
char	*mars_pro_print(const struct mars_pro *, char *, size_t);
/*
 * How many octets a group address of this protocol has; 0 if that is not known.
 */
uint8_t	mars_pro_addrlen(const struct mars_pro *);

#endif
