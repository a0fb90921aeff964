/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The SCSP Authentication Extension (RFC 2334 B.3.1): HMAC by SPI. */
#ifndef SCSP_AUTH_H
#define SCSP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "message.h"

#define AUTH_MAC_MAX	64

struct auth;		/* what is fetched from the library, once */
struct auth_key;	/* one SPI with its key and lifetime */

struct auth	*auth_new(void);		/* NULL: not available */
void		 auth_free(struct auth *);
struct auth_key	*auth_key_new(struct auth *, const struct conf_key *);
void		 auth_key_free(struct auth_key *);
uint32_t	 auth_key_spi(const struct auth_key *);
size_t		 auth_key_maclen(const struct auth_key *);
bool		 auth_key_valid(const struct auth_key *, int64_t now);
const char	*auth_key_algorithm(const struct auth_key *);

/* the first key that is valid now, or NULL */
struct auth_key	*auth_sign_key(struct auth_key *const *, size_t, int64_t);
/* the MAC of a packet whose mac_len octets at mac_at count as zero */
bool		 auth_mac(struct auth_key *, const uint8_t *, size_t len,
		    size_t mac_at, uint8_t mac[AUTH_MAC_MAX]);
enum scsp_drop	 auth_verify(struct auth_key *const *, size_t, int64_t now,
		    const uint8_t *, size_t, const struct scsp_ext *);

#endif
