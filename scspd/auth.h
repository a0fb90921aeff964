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

struct scsp_auth_key;	/* one SPI with its key and lifetime */

/* NULL: no memory, or an algorithm that the library does not have. */
struct scsp_auth_key *scsp_auth_key_new(const struct conf_key *);
/* One more of the same; NULL: no memory. */
struct scsp_auth_key *scsp_auth_key_copy(const struct scsp_auth_key *);
void	 scsp_auth_key_free(struct scsp_auth_key *);
uint32_t scsp_auth_key_spi(const struct scsp_auth_key *);
size_t	 scsp_auth_key_maclen(const struct scsp_auth_key *);
struct conf_period scsp_auth_key_time(const struct scsp_auth_key *);
const char *scsp_auth_key_algorithm(const struct scsp_auth_key *);

/*
 * Of n <= CONF_KEYS_MAX keys that which signs now (as time(3)); NULL: none is
 * valid.
 */
struct scsp_auth_key *scsp_auth_sign_key(struct scsp_auth_key *const *,
	    size_t n, int64_t now);
/* when none of them is valid any more, as conf_periods_end() */
int64_t	 scsp_auth_keys_end(struct scsp_auth_key *const *, size_t n,
	    int64_t now);
/*
 * The MAC of a whole packet, where the checksum and the MAC's own octets, from
 * mac_at on, count as zero (B.3.1.4, A-79).  False: they don't fit into it, or
 * the library has failed.
 */
bool	 scsp_auth_mac(struct scsp_auth_key *, const uint8_t *, size_t len,
	    size_t mac_at, uint8_t mac[AUTH_MAC_MAX]);
/* SCSP_DROP_NONE: the packet is from a holder of one of n keys, valid now */
enum scsp_drop scsp_auth_verify(struct scsp_auth_key *const *, size_t n,
	    int64_t now, const uint8_t *, size_t len, const struct scsp_ext *);

#endif
