/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Authentication of packets (RFC 2334 section B.3.1) by an HMAC.
 *
 *  - B.1 has the checksum cover the MAC, and B.3.1.4 the MAC the checksum.
 *    Here the MAC is computed with the checksum as zero, and the checksum
 *    over the finished packet, so that the receiver can check it first
 *    (A-79).
 *  - Where keys are configured, a packet without authentication has failed;
 *    where none are, the extension is skipped.
 *  - Keys are found by SPI among those of the neighbor; all that are valid
 *    now verify. The first of them signs, but not close to where its time
 *    begins or ends if another can: there it may not be valid by the
 *    neighbor's clock, or when it arrives.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "secret.h"

struct scsp_auth_key {
	struct secret	*secret;
	uint32_t	 spi;
	enum conf_algorithm algorithm;
	size_t		 maclen;
	struct conf_period when;
};

_Static_assert(AUTH_MAC_MAX == SECRET_MAC_MAX, "any MAC");

static const uint8_t zeros[AUTH_MAC_MAX];

/* The secret is its from now on. */
static struct scsp_auth_key *
key_with(const struct scsp_auth_key *of, struct secret *secret)
{
	struct scsp_auth_key *k;

	if (secret == NULL)
		return NULL;
	if ((k = malloc(sizeof(*k))) == NULL) {
		secret_free(secret);
		return NULL;
	}
	*k = *of;
	k->secret = secret;
	k->maclen = secret_mac_length(secret);
	return k;
}

struct scsp_auth_key *
scsp_auth_key_new(const struct conf_key *c)
{
	const struct scsp_auth_key of = {
		.spi = c->spi,
		.algorithm = c->algorithm,
		.when = { c->not_before, c->not_after },
	};

	if (c->len == 0)
		return NULL;
	return key_with(&of, secret_new(c->algorithm, c->secret, c->len));
}

struct scsp_auth_key *
scsp_auth_key_copy(const struct scsp_auth_key *k)
{
	return key_with(k, secret_copy(k->secret));
}

void
scsp_auth_key_free(struct scsp_auth_key *k)
{
	if (k == NULL)
		return;
	secret_free(k->secret);
	free(k);
}

uint32_t
scsp_auth_key_spi(const struct scsp_auth_key *k)
{
	return k->spi;
}

size_t
scsp_auth_key_maclen(const struct scsp_auth_key *k)
{
	return k->maclen;
}

struct conf_period
scsp_auth_key_time(const struct scsp_auth_key *k)
{
	return k->when;
}

const char *
scsp_auth_key_algorithm(const struct scsp_auth_key *k)
{
	return conf_algorithm_name(k->algorithm);
}

static void
key_times(struct scsp_auth_key *const *keys, size_t n,
    struct conf_period when[CONF_KEYS_MAX])
{
	size_t i;

	for (i = 0; i < n; i++)
		when[i] = keys[i]->when;
}

struct scsp_auth_key *
scsp_auth_sign_key(struct scsp_auth_key *const *keys, size_t n, int64_t now)
{
	struct conf_period when[CONF_KEYS_MAX] = { { 0, 0 } };
	size_t i;

	key_times(keys, n, when);
	return (i = conf_periods_sign(when, n, now)) < n ? keys[i] : NULL;
}

int64_t
scsp_auth_keys_end(struct scsp_auth_key *const *keys, size_t n, int64_t now)
{
	struct conf_period when[CONF_KEYS_MAX] = { { 0, 0 } };

	key_times(keys, n, when);
	return conf_periods_end(when, n, now);
}

/* Octets 4 and 5 are the checksum. */
bool
scsp_auth_mac(struct scsp_auth_key *k, const uint8_t *p, size_t len,
    size_t mac_at, uint8_t mac[AUTH_MAC_MAX])
{
	size_t end = mac_at + k->maclen;
	const struct secret_part parts[] = {
		{ p, 4 },
		{ zeros, 2 },
		{ p + 6, mac_at - 6 },
		{ zeros, k->maclen },
		{ p + end, len - end },
	};

	if (mac_at < 6 || end > len)
		return false;
	return secret_mac(
	    k->secret, parts, sizeof(parts) / sizeof(parts[0]), mac);
}

/* All keys that are valid now verify, so that keys roll over. */
enum scsp_drop
scsp_auth_verify(struct scsp_auth_key *const *keys, size_t n, int64_t now,
    const uint8_t *p, size_t len, const struct scsp_ext *x)
{
	uint8_t mac[AUTH_MAC_MAX];
	enum scsp_drop why = SCSP_DROP_AUTH_SPI;
	size_t i;

	if (!x->has_auth)
		return SCSP_DROP_AUTH_MISSING;
	for (i = 0; i < n; i++) {
		if (keys[i]->spi != x->spi)
			continue;
		if (!conf_period_has(&keys[i]->when, now)) {
			why = SCSP_DROP_AUTH_TIME;
			continue;
		}
		why = SCSP_DROP_AUTH_MAC;
		if (x->mac_len == keys[i]->maclen &&
		    scsp_auth_mac(keys[i], p, len, x->mac_at, mac) &&
		    CRYPTO_memcmp(mac, p + x->mac_at, x->mac_len) == 0)
			return SCSP_DROP_NONE;
	}
	return why;
}
