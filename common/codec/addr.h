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

/* an IP address and a mask length, for allow lists */
struct ip_prefix {
	uint8_t	v6;		/* 0: IPv4 in a[0..3] */
	uint8_t	bits;
	uint8_t	a[16];
};

int	atm_addr_cmp(const struct atm_addr *, const struct atm_addr *);
bool	atm_addr_equal(const struct atm_addr *, const struct atm_addr *);
bool	atm_addr_is_null(const struct atm_addr *);
/* same type and length of number and of subaddress (one MARS_MULTI, 5.1.1) */
bool	atm_addr_same_kind(const struct atm_addr *, const struct atm_addr *);
int	atm_addr_parse(struct atm_addr *, const char *);
char	*atm_addr_print(const struct atm_addr *, char *, size_t);
uint8_t	atm_addr_sel(const struct atm_addr *);
void	atm_addr_set_sel(struct atm_addr *, uint8_t);

/*
 * On the wire: a type/length octet without the reserved bit, and 0 for a null
 * number; whether a number of that kind, or these octets of one, can be used
 * (an NSAPA has 20 octets, E.164 at most 20 digits); reading of addresses.
 */
uint8_t	atm_addr_tl_normalise(uint8_t);
bool	atm_addr_tl_usable(uint8_t);
bool	atm_addr_number_usable(uint8_t, const uint8_t *);
bool	rd_atm_number(struct rd *, uint8_t *, uint8_t[ATM_NUM_MAX]);
bool	rd_paddr(struct rd *, uint8_t, struct paddr *);

/* embedded IP (v6 false: 4 octets, true: 16); false if it is not one */
void	atm_addr_from_ip(struct atm_addr *, bool, const uint8_t *, uint8_t);
bool	atm_addr_to_ip(const struct atm_addr *, bool *, uint8_t *, uint8_t *);
void	ip_prefix_mask(struct ip_prefix *);
bool	ip_prefix_parse(struct ip_prefix *, const char *);
bool	ip_prefix_match(const struct ip_prefix *, const struct atm_addr *);
char	*ip_prefix_print(const struct ip_prefix *, char *, size_t);

int	paddr_cmp(const struct paddr *, const struct paddr *);
bool	paddr_equal(const struct paddr *, const struct paddr *);
int	paddr_parse(struct paddr *, const char *);
char	*paddr_print(const struct paddr *, char *, size_t);
bool	paddr_next(struct paddr *);	/* + 1; false at all ones */
bool	paddr_prev(struct paddr *);	/* - 1; false at zero */

int	mars_pro_cmp(const struct mars_pro *, const struct mars_pro *);
bool	mars_pro_equal(const struct mars_pro *, const struct mars_pro *);
void	mars_pro_normalise(struct mars_pro *);	/* long form to short, A-135 */
bool	mars_pro_usable(const struct mars_pro *); /* not 0x80 with zero SNAP */
int	mars_pro_parse(struct mars_pro *, const char *);
char	*mars_pro_print(const struct mars_pro *, char *, size_t);
/* length of a group address of this protocol, 0 if it is not known */
uint8_t	mars_pro_addrlen(const struct mars_pro *);

#endif
