/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The keys that sign the hellos of an edge, by HMAC-SHA-256.  All that are
 * valid now verify, and which of them signs goes by the rule of scspd's
 * so that a key can be replaced by another.  Without any key the hello
 * is signed by the empty one: that finds damage and nobody who means it.
 */
#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edged.h"
#include "secret.h"

struct edged_key {
	uint32_t	 spi;	/* 0: the empty key */
	struct secret	*secret;
};

struct edged_keys {
	uint16_t		n;
	struct edged_key	key[CONF_KEYS_MAX];
	struct conf_period	when[CONF_KEYS_MAX];	/* of each */
};

_Static_assert(EDGED_HELLO_MAC <= SECRET_MAC_MAX, "a MAC of a hello");

static bool
key_add(struct edged_keys *k, const struct conf_key *from)
{
	struct edged_key *to = &k->key[k->n];

	to->spi = from->spi;
	k->when[k->n] =
	    (struct conf_period){ from->not_before, from->not_after };
	to->secret = secret_new(CONF_HMAC_SHA256, from->secret, from->len);
	if (to->secret == NULL)
		return false;
	k->n++;
	return true;
}

struct edged_keys *
edged_keys_new(const struct conf *c, const struct conf_edge *e)
{
	static const struct conf_key empty;
	struct edged_keys *k = calloc(1, sizeof(*k));
	const struct conf_key *from;
	bool ok = true;
	uint16_t i;

	if (k == NULL)
		return NULL;
	for (i = 0; i < e->nspis && ok; i++)
		if ((from = conf_key_find(c, e->spis[i])) != NULL)
			ok = key_add(k, from);
	if (e->nspis == 0)
		ok = key_add(k, &empty);
	if (ok)
		return k;
	edged_keys_free(k);
	return NULL;
}

void
edged_keys_free(struct edged_keys *k)
{
	uint16_t i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n; i++)
		secret_free(k->key[i].secret);
	free(k);
}

static bool
edged_key_mac(const struct edged_key *k, const void *data, size_t len,
    uint8_t mac[EDGED_HELLO_MAC])
{
	const struct secret_part all = { data, len };
	uint8_t whole[SECRET_MAC_MAX];

	if (!secret_mac(k->secret, &all, 1, whole))
		return false;
	memcpy(mac, whole, EDGED_HELLO_MAC);
	return true;
}

static bool
edged_keys_sign(
    void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	const struct edged_keys *k = arg;
	size_t i = conf_periods_sign(k->when, k->n, time(NULL));

	return i < k->n && edged_key_mac(&k->key[i], data, len, mac);
}

static bool
edged_keys_verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	const struct edged_keys *k = arg;
	uint8_t good[EDGED_HELLO_MAC];
	int64_t now = time(NULL);
	uint16_t i;

	for (i = 0; i < k->n; i++)
		if (conf_period_has(&k->when[i], now) &&
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
	ctl_validity(w, k->when[i].from, k->when[i].until, time(NULL));
	return true;
}
