/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "json.h"

/* What UTF-8 (RFC 3629) allows: nothing overlong, no surrogates, U+10FFFF. */
size_t
json_utf8_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i, n;

	if (p[0] == '\0')
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

const char *
json_char(const char **s, char buf[JSON_CHAR_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	size_t n = json_utf8_length(*s);
	unsigned char c = (unsigned char)**s;
	char *p = buf;

	if (n == 0) {
		(void)strlcpy(buf, "\\ufffd", JSON_CHAR_SIZE);
		*s += 1;
		return buf;
	}
	if (c < 0x20 || c == 0x7f) {
		(void)strlcpy(buf, "\\u00", JSON_CHAR_SIZE);
		buf[4] = hex[c >> 4];
		buf[5] = hex[c & 0xf];
		buf[6] = '\0';
	} else {
		if (c == '"' || c == '\\')
			*p++ = '\\';
		memcpy(p, *s, n);
		p[n] = '\0';
	}
	*s += n;
	return buf;
}
