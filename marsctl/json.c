/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdbool.h>

#include "ctl.h"
#include "json.h"

/*
 * Well-formed by RFC 3629: nothing overlong, no surrogate, nothing above
 * U+10FFFF.
 */
size_t
marsctl_utf8_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i, n;

	if (p[0] == '\0')
		return 0;
	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 :
	    p[0] >= 0xe0 && p[0] <= 0xef ? 3 :
	    p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 :
					   0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void
marsctl_json_string(FILE *f, const char *s)
{
	size_t n;

	putc('"', f);
	while (*s != '\0') {
		n = marsctl_utf8_length(s);
		if (n == 0) {
			/* what is no text must not make the whole invalid */
			fputs("\\ufffd", f);
			n = 1;
		} else if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f))
			fprintf(f, "\\u%04x", (unsigned int)*s);
		else
			fwrite(s, 1, n, f);
		s += n;
	}
	putc('"', f);
}

static void
json_value(FILE *f, const struct ctl_value *v)
{
	switch (v->tag) {
	case CTL_STRING:
		marsctl_json_string(f, v->string);
		break;
	case CTL_UINT:
		fprintf(f, "%" PRIu64, v->number);
		break;
	case CTL_INT:
		fprintf(f, "%" PRId64, (int64_t)v->number);
		break;
	case CTL_BOOL:
		fputs(v->number != 0 ? "true" : "false", f);
		break;
	case CTL_ARRAY:
	case CTL_OBJECT:
	case CTL_CLOSE:
		break;
	}
}

/* The values up to the end of what was opened; depth is that of ctl.h. */
static void
json_members(FILE *f, struct rd *r, bool array)
{
	struct ctl_value v;
	const char *comma = "";

	putc(array ? '[' : '{', f);
	while (ctl_next(r, &v) && v.tag != CTL_CLOSE) {
		fputs(comma, f);
		comma = ",";
		if (!array) {
			marsctl_json_string(f, v.name);
			putc(':', f);
		}
		if (v.tag == CTL_ARRAY || v.tag == CTL_OBJECT)
			json_members(f, r, v.tag == CTL_ARRAY);
		else
			json_value(f, &v);
	}
	putc(array ? ']' : '}', f);
}

void
marsctl_json_object(FILE *f, struct rd r)
{
	json_members(f, &r, false);
}
