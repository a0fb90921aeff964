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
 *    now verify, and the first of them signs.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"

struct scsp_auth {
	EVP_MAC		*hmac;
};

struct scsp_auth_key {
	EVP_MAC_CTX	*ctx;		/* holds the key */
	uint32_t	 spi;
	enum conf_algorithm algorithm;
	size_t		 maclen;
	int64_t		 not_before, not_after;	/* 0: no bound */
};

static const struct {
	const char	*digest;
	size_t		 maclen;
} algorithms[] = {
	[CONF_HMAC_MD5] = { "MD5", 16 },
	[CONF_HMAC_SHA256] = { "SHA256", 32 },
	[CONF_HMAC_SHA384] = { "SHA384", 48 },
	[CONF_HMAC_SHA512] = { "SHA512", 64 },
};
#define NALGORITHMS	(sizeof(algorithms) / sizeof(algorithms[0]))

static const uint8_t zeros[AUTH_MAC_MAX];

struct scsp_auth *
scsp_auth_new(void)
{
	struct scsp_auth *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	if ((a->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void
scsp_auth_free(struct scsp_auth *a)
{
	if (a == NULL)
		return;
	EVP_MAC_free(a->hmac);
	free(a);
}

struct scsp_auth_key *
scsp_auth_key_new(struct scsp_auth *a, const struct conf_key *c)
{
	struct scsp_auth_key *k;
	char digest[16];
	OSSL_PARAM params[2];

	if ((size_t)c->algorithm >= NALGORITHMS || c->len == 0 ||
	    c->len > sizeof(c->secret) || (k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->spi = c->spi;
	k->algorithm = c->algorithm;
	k->maclen = algorithms[c->algorithm].maclen;
	k->not_before = c->not_before;
	k->not_after = c->not_after;
	/* the library wants it writable, though it only reads it */
	strncpy(digest, algorithms[c->algorithm].digest, sizeof(digest) - 1);
	digest[sizeof(digest) - 1] = '\0';
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if ((k->ctx = EVP_MAC_CTX_new(a->hmac)) == NULL ||
	    EVP_MAC_init(k->ctx, c->secret, c->len, params) != 1) {
		scsp_auth_key_free(k);
		return NULL;
	}
	return k;
}

void
scsp_auth_key_free(struct scsp_auth_key *k)
{
	if (k == NULL)
		return;
	EVP_MAC_CTX_free(k->ctx); /* wipes the key */
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

void
scsp_auth_key_time(
    const struct scsp_auth_key *k, int64_t *from, int64_t *until)
{
	*from = k->not_before;
	*until = k->not_after;
}

const char *
scsp_auth_key_algorithm(const struct scsp_auth_key *k)
{
	return conf_algorithm_name(k->algorithm);
}

bool
scsp_auth_key_valid(const struct scsp_auth_key *k, int64_t now)
{
	return (k->not_before == 0 || now >= k->not_before) &&
	    (k->not_after == 0 || now <= k->not_after);
}

struct scsp_auth_key *
scsp_auth_sign_key(struct scsp_auth_key *const *keys, size_t n, int64_t now)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (scsp_auth_key_valid(keys[i], now))
			return keys[i];
	return NULL;
}

/* Octets 4 and 5 are the checksum. */
bool
scsp_auth_mac(struct scsp_auth_key *k, const uint8_t *p, size_t len,
    size_t mac_at, uint8_t mac[AUTH_MAC_MAX])
{
	size_t end = mac_at + k->maclen, n = 0;

	if (mac_at < 6 || end > len)
		return false;
	return EVP_MAC_init(k->ctx, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(k->ctx, p, 4) == 1 &&
	    EVP_MAC_update(k->ctx, zeros, 2) == 1 &&
	    EVP_MAC_update(k->ctx, p + 6, mac_at - 6) == 1 &&
	    EVP_MAC_update(k->ctx, zeros, k->maclen) == 1 &&
	    EVP_MAC_update(k->ctx, p + end, len - end) == 1 &&
	    EVP_MAC_final(k->ctx, mac, &n, AUTH_MAC_MAX) == 1 && n == k->maclen;
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
		if (!scsp_auth_key_valid(keys[i], now)) {
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
