/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The keys that sign the hellos of an edge, by HMAC-SHA-256.  The first that
 * is valid now signs, and all that are valid now verify, so that a key can be
 * replaced by another.  Without any key the hello is signed by the empty one:
 * that finds damage and nobody who means it.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edged.h"

struct edged_key {
	uint32_t	spi;			/* 0: the empty key */
	int64_t		not_before, not_after;	/* 0: no bound */
	size_t		len;
	uint8_t		secret[KEY_SIZE];
};

struct edged_keys {
	uint16_t		n;
	struct edged_key	key[CONF_KEYS_MAX];
};

struct edged_keys *
edged_keys_new(const struct conf *c, const struct conf_edge *e)
{
	struct edged_keys *k = calloc(1, sizeof(*k));
	const struct conf_key *from;
	struct edged_key *to;
	uint16_t i;

	if (k == NULL)
		return NULL;
	for (i = 0; i < e->nspis; i++) {
		if ((from = conf_key_find(c, e->spis[i])) == NULL)
			continue;
		to = &k->key[k->n++];
		to->spi = from->spi;
		to->not_before = from->not_before;
		to->not_after = from->not_after;
		to->len = from->len;
		memcpy(to->secret, from->secret, from->len);
	}
	if (e->nspis == 0)
		k->n = 1;
	return k;
}

void
edged_keys_free(struct edged_keys *k)
{
	if (k != NULL)
		freezero(k, sizeof(*k));
}

static bool
edged_key_valid(const struct edged_key *k)
{
	int64_t now = time(NULL);

	return (k->not_before == 0 || k->not_before <= now) &&
	    (k->not_after == 0 || now <= k->not_after);
}

static bool
edged_key_mac(const struct edged_key *k, const void *data, size_t len,
    uint8_t mac[EDGED_HELLO_MAC])
{
	size_t n = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, k->secret, k->len,
	    data, len, mac, EDGED_HELLO_MAC, &n) != NULL &&
	    n == EDGED_HELLO_MAC;
}

static bool
edged_keys_sign(
    void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	const struct edged_keys *k = arg;
	uint16_t i;

	for (i = 0; i < k->n; i++)
		if (edged_key_valid(&k->key[i]))
			return edged_key_mac(&k->key[i], data, len, mac);
	return false;
}

static bool
edged_keys_verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	const struct edged_keys *k = arg;
	uint8_t good[EDGED_HELLO_MAC];
	uint16_t i;

	for (i = 0; i < k->n; i++)
		if (edged_key_valid(&k->key[i]) &&
		    edged_key_mac(&k->key[i], data, len, good) &&
		    CRYPTO_memcmp(good, mac, sizeof(good)) == 0)
			return true;
	return false;
}

struct edged_hello_key
edged_keys_hello(struct edged_keys *k)
{
	return (
	    struct edged_hello_key){ edged_keys_sign, edged_keys_verify, k };
}

bool
edged_keys_show(const struct edged_keys *k, uint16_t i, struct wr *w)
{
	if (i >= k->n || k->key[i].spi == 0)
		return false;
	ctl_uint(w, "spi", k->key[i].spi);
	ctl_string(w, "algorithm", "hmac-sha256");
	ctl_validity(
	    w, k->key[i].not_before, k->key[i].not_after, time(NULL));
	return true;
}
