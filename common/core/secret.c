/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <string.h>

#include "secret.h"

#define BLOCK_MAX	128	/* octets of a block of SHA-384 and SHA-512 */
#define INNER		0x36	/* RFC 2104 section 2: ipad and opad */
#define OUTER		0x5c

struct secret {
	EVP_MD		*md;
	EVP_MD_CTX	*ctx;
	size_t		 block, length;		/* octets, of md */
	uint8_t		 key[BLOCK_MAX];	/* zeros follow it */
};

static const char *const digests[] = {
	[CONF_HMAC_MD5] = "MD5",
	[CONF_HMAC_SHA256] = "SHA256",
	[CONF_HMAC_SHA384] = "SHA384",
	[CONF_HMAC_SHA512] = "SHA512",
};
#define NDIGESTS	(sizeof(digests) / sizeof(digests[0]))

_Static_assert(NDIGESTS == CONF_HMAC_SHA512 + 1, "one digest per algorithm");
_Static_assert(KEY_SIZE <= BLOCK_MAX, "a key fits into a block");

/* A key that is longer than a block is replaced by its digest. */
static bool
secret_take(struct secret *s, const void *key, size_t len)
{
	unsigned int n;

	if (len <= s->block) {
		if (len != 0)
			memcpy(s->key, key, len);
		return true;
	}
	return EVP_DigestInit_ex2(s->ctx, s->md, NULL) == 1 &&
	    EVP_DigestUpdate(s->ctx, key, len) == 1 &&
	    EVP_DigestFinal_ex(s->ctx, s->key, &n) == 1;
}

struct secret *
secret_new(enum conf_algorithm a, const void *key, size_t len)
{
	struct secret *s;

	if ((size_t)a >= NDIGESTS || len > KEY_SIZE ||
	    (s = OPENSSL_secure_zalloc(sizeof(*s))) == NULL)
		return NULL;
	if ((s->md = EVP_MD_fetch(NULL, digests[a], NULL)) == NULL ||
	    (s->ctx = EVP_MD_CTX_new()) == NULL) {
		secret_free(s);
		return NULL;
	}
	s->block = (size_t)EVP_MD_get_block_size(s->md);
	s->length = (size_t)EVP_MD_get_size(s->md);
	if (s->block > BLOCK_MAX || s->length > SECRET_MAC_MAX ||
	    !secret_take(s, key, len)) {
		secret_free(s);
		return NULL;
	}
	return s;
}

struct secret *
secret_copy(const struct secret *from)
{
	struct secret *s = OPENSSL_secure_zalloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	*s = *from;
	if (EVP_MD_up_ref(s->md) != 1)
		s->md = NULL;
	if ((s->ctx = EVP_MD_CTX_new()) == NULL || s->md == NULL) {
		secret_free(s);
		return NULL;
	}
	return s;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	EVP_MD_free(s->md);
	OPENSSL_secure_clear_free(s, sizeof(*s));
}

size_t
secret_mac_length(const struct secret *s)
{
	return s->length;
}

/* Begins a digest with a block that is the key with that octet added. */
static bool
secret_begin(const struct secret *s, uint8_t with)
{
	uint8_t pad[BLOCK_MAX];
	bool ok;
	size_t i;

	for (i = 0; i < s->block; i++)
		pad[i] = s->key[i] ^ with;
	ok = EVP_DigestInit_ex2(s->ctx, s->md, NULL) == 1 &&
	    EVP_DigestUpdate(s->ctx, pad, s->block) == 1;
	explicit_bzero(pad, sizeof(pad));
	return ok;
}

bool
secret_mac(const struct secret *s, const struct secret_part *parts, size_t n,
    uint8_t mac[SECRET_MAC_MAX])
{
	unsigned int len = 0;
	size_t i;

	if (!secret_begin(s, INNER))
		return false;
	for (i = 0; i < n; i++)
		if (EVP_DigestUpdate(s->ctx, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(s->ctx, mac, &len) == 1 &&
	    secret_begin(s, OUTER) &&
	    EVP_DigestUpdate(s->ctx, mac, len) == 1 &&
	    EVP_DigestFinal_ex(s->ctx, mac, &len) == 1 && len == s->length;
}
