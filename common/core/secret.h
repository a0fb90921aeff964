/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A key, and the HMACs that are made by it (RFC 2104).  The key is in one
 * place, OpenSSL's secure heap: child_init() has locked it, and it is in no
 * core.  A library that keeps a key for later has a copy of it wherever
 * malloc(3) put that; so only digests are the library's, and nothing of the
 * key is left anywhere else when secret_mac() returns.
 */
#ifndef MARS_SECRET_H
#define MARS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

#define SECRET_MAC_MAX	64	/* octets of the longest MAC */

struct secret;

/* One piece of what is signed. */
struct secret_part {
	const void	*p;
	size_t		 len;
};

/*
 * Its digest is fetched: nothing is looked up later.  No more than KEY_SIZE
 * octets; none is a key, too.  NULL: no memory, or an algorithm that the
 * library does not have.
 */
struct secret	*secret_new(enum conf_algorithm, const void *key, size_t len);
struct secret	*secret_copy(const struct secret *);	/* NULL: no memory */
void		 secret_free(struct secret *);		/* NULL is fine */
size_t		 secret_mac_length(const struct secret *);
/* Of all the parts, one after the other.  False: the library has failed. */
bool		 secret_mac(const struct secret *, const struct secret_part *,
		    size_t n, uint8_t mac[SECRET_MAC_MAX]);

#endif
