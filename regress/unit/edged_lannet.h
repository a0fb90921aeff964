/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A LAN of an edge in virtual time, against which random packets are given
 * (edged_fuzz.c, regress/fuzz/lan.c): nothing is sent that a reader would not
 * take, no state machine is violated, and what is held is limited.
 */
#ifndef EDGED_LANNET_H
#define EDGED_LANNET_H

#include <stddef.h>
#include <stdint.h>

#include "edged/hello.h"
#include "edged/lan.h"

struct lannet {
	struct edged_lan	 lan;
	struct timers		 timers;
	uint32_t		 seed;
	long			 wanted;
	uint8_t			 hello[EDGED_HELLO_MAX];	/* ours */
	size_t			 hello_len;
};

/* a LAN that is up; a seed is not 0 */
struct lannet *lannet_new(uint32_t seed);
void	lannet_free(struct lannet *);	/* nothing may be left */
/* lets time pass, in milliseconds */
void	lannet_pass(struct lannet *, int64_t ms);
/* fails if more is held than may be */
void	lannet_within_limits(struct edged_listener *);
/* Gives the LAN exactly len octets, so that a sanitizer sees all reads. */
void	lannet_give(struct lannet *, const uint8_t *, size_t len);
/* A hello like our own, of another id, which is octet 15; false: no own yet. */
bool	lannet_hello(const struct lannet *, uint8_t p[EDGED_HELLO_MAX],
	    uint8_t id);
/* signs it, as somebody who has the key */
void	lannet_sign(uint8_t *hello, size_t len);
/* Afterwards an honest host is served in both families. */
void	lannet_works(struct lannet *);

#endif
