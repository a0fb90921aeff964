/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Rule 1: who calls has to show that it gets what is sent to its address, so
 * its SETUP needs a token that we have sent there in a RETRY.  A token is a
 * hash of the caller under a secret of ours, so that nothing is kept for a
 * caller before it has shown one.
 */

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

#include "nvc_impl.h"

#define SECRET_LIFE	60	/* s; rule 1 */

static bool
secret_draw(struct nvc *n, EVP_MAC_CTX *ctx)
{
	char sha[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_MAC_PARAM_DIGEST, sha, 0),
		OSSL_PARAM_construct_end() };
	uint8_t key[32];
	struct wr w;
	bool ok;

	wr_init(&w, key, sizeof(key));
	while (wr_left(&w) > 0)
		wr_u64(&w, n->ops->random(n->arg));
	ok = EVP_MAC_init(ctx, key, sizeof(key), params) == 1;
	OPENSSL_cleanse(key, sizeof(key));
	return ok;
}

bool
nvc_secrets_init(struct nvc *n)
{
	struct nvc_secrets *s = &n->secrets;

	if ((s->mac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL ||
	    (s->key[0] = EVP_MAC_CTX_new(s->mac)) == NULL ||
	    (s->key[1] = EVP_MAC_CTX_new(s->mac)) == NULL)
		return false;
	s->drawn = n->timers->now;
	return secret_draw(n, s->key[0]) && secret_draw(n, s->key[1]);
}

void
nvc_secrets_free(struct nvc_secrets *s)
{
	EVP_MAC_CTX_free(s->key[0]);
	EVP_MAC_CTX_free(s->key[1]);
	EVP_MAC_free(s->mac);
}

/*
 * Replaces the secret every 60 s.  No timer does that: it is soon enough when
 * the secret is next asked for.
 */
static bool
secrets_age(struct nvc *n)
{
	struct nvc_secrets *s = &n->secrets;
	EVP_MAC_CTX *ctx;
	int64_t age = mtime_diff(s->drawn, n->timers->now);

	if (age < MTIME_SEC(SECRET_LIFE))
		return true;
	if (age >= MTIME_SEC(2 * SECRET_LIFE)) {
		/* the one before is that old too */
		if (!secret_draw(n, s->key[0]))
			return false;
		s->drawn = n->timers->now;
	} else
		s->drawn.us += MTIME_SEC(SECRET_LIFE);
	ctx = s->key[1];
	s->key[1] = s->key[0];
	s->key[0] = ctx;
	return secret_draw(n, ctx);
}

static bool
token_make(EVP_MAC_CTX *ctx, const struct nvc_dest *from,
    const struct nvc_msg *m, uint8_t token[NVC_TOKEN_LEN])
{
	uint8_t buf[16 + 2 + 8 + NSAPA_LEN], mac[EVP_MAX_MD_SIZE];
	size_t len;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_bytes(&w, from->ip, from->v6 ? 16 : 4);
	wr_u16(&w, from->port);
	wr_u64(&w, m->number);
	wr_bytes(&w, m->calling.num, NSAPA_LEN);
	if (EVP_MAC_init(ctx, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(ctx, buf, w.len) != 1 ||
	    EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1)
		return false;
	memcpy(token, mac, NVC_TOKEN_LEN);
	return true;
}

/* The newer secret comes last: a token of it is what is answered with. */
enum nvc_token_verdict
nvc_token_check(struct nvc *n, const struct nvc_dest *from,
    const struct nvc_msg *m, uint8_t token[NVC_TOKEN_LEN])
{
	int i;

	if (!secrets_age(n))
		return NVC_TOKEN_FAILED;
	for (i = m->token_len == NVC_TOKEN_LEN ? 1 : 0; i >= 0; i--) {
		if (!token_make(n->secrets.key[i], from, m, token))
			return NVC_TOKEN_FAILED;
		if (m->token_len == NVC_TOKEN_LEN &&
		    CRYPTO_memcmp(m->token, token, NVC_TOKEN_LEN) == 0)
			return NVC_TOKEN_GOOD;
	}
	return m->token_len > 0 ? NVC_TOKEN_BAD : NVC_TOKEN_NONE;
}
