/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdbool.h>

#include "ctl.h"
#include "json_out.h"
#include "output_json.h"

/* As hexadecimal digits. */
static void
json_octets(FILE *f, const struct ctl_value *v)
{
	size_t i;

	putc('"', f);
	for (i = 0; i < v->length; i++)
		fprintf(f, "%02x", v->octets[i]);
	putc('"', f);
}

static void
json_value(FILE *f, const struct ctl_value *v)
{
	switch (v->tag) {
	case CTL_STRING:
		json_out(f, v->string);
		break;
	case CTL_UINT:
	case CTL_AGE:
		fprintf(f, "%" PRIu64, v->number);
		break;
	case CTL_INT:
		fprintf(f, "%" PRId64, (int64_t)v->number);
		break;
	case CTL_BOOL:
		fputs(v->number != 0 ? "true" : "false", f);
		break;
	case CTL_OCTETS:
		json_octets(f, v);
		break;
	case CTL_NULL:
		fputs("null", f);
		break;
	case CTL_ARRAY:
	case CTL_OBJECT:
	case CTL_CLOSE:
		break;
	}
}

/* The values of an array or object that was opened, to its end. */
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
			json_out(f, v.name);
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
