/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Octets from hex digits, and mutations of them, for the tests of codecs. */
#ifndef UNHEX_H
#define UNHEX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * The octets that hex says, blanks skipped, in memory of exactly that size,
 * so that a sanitizer sees every read behind the end.  The caller frees it.
 */
static inline uint8_t *
unhex(const char *hex, size_t *len)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *buf = calloc(1, strlen(hex) / 2 + 1), *fit;
	const char *d;
	size_t n = 0;

	if (buf == NULL)
		abort();
	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		if ((d = strchr(digits, *hex)) == NULL)
			abort();
		buf[n / 2] = (uint8_t)(buf[n / 2] << 4 | (d - digits));
		n++;
	}
	if (n == 0 || n % 2 != 0)
		abort();
	*len = n / 2;
	if ((fit = malloc(*len)) == NULL)
		abort();
	memcpy(fit, buf, *len);
	free(buf);
	return fit;
}

/* A copy of exactly len octets. */
static inline uint8_t *
clone(const uint8_t *from, size_t len)
{
	uint8_t *to = malloc(len == 0 ? 1 : len);

	if (to == NULL)
		abort();
	if (len != 0)
		memcpy(to, from, len);
	return to;
}

/* The same numbers from the same seed (xorshift32; never 0). */
static inline uint32_t
dice(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Changes one to four octets, and sometimes cuts the end; the new length. */
static inline size_t
mutate(uint8_t *buf, size_t len, uint32_t *seed)
{
	uint32_t n;

	for (n = 1 + dice(seed) % 4; n > 0; n--)
		buf[dice(seed) % len] = (uint8_t)dice(seed);
	return dice(seed) % 4 == 0 ? dice(seed) % (len + 1) : len;
}

#endif
