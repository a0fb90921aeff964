/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Text within a JSON string (RFC 8259 section 7), a character at a time, so
 * that a string of any length needs no buffer of its own.
 */
#ifndef MARS_JSON_H
#define MARS_JSON_H

#include <stddef.h>

#define JSON_CHAR_SIZE	7	/* the longest character, "\u001f", and NUL */

/*
 * Octets of the character that s begins with; 0 where s is empty or begins
 * with what is no well-formed UTF-8.
 */
size_t		 json_utf8_length(const char *s);
/*
 * Takes the next character off *s, which is not empty, and returns it as it
 * stands within quotes, in buf.  An octet that is no part of well-formed UTF-8
 * is replaced by U+FFFD: one bad string must not make the whole invalid.
 */
const char	*json_char(const char **s, char buf[JSON_CHAR_SIZE]);

#endif
