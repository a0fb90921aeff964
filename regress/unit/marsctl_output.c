/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl prints of what it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctl.h"
#include "common/proc/json_out.h"
#include "marsctl/output.h"

struct paper {
	struct marsctl_output	 o;
	struct marsctl_request	 q;
	FILE		*f;
	char		*text;
	size_t		 size;
	uint8_t		 buf[2048];
	struct wr	 w;
};

static void
begin(struct paper *p, const char *show, bool json)
{
	memset(p, 0, sizeof(*p));
	p->q.show = show == NULL ? NULL : marsctl_show_find(show);
	assert_non_null(p->f = open_memstream(&p->text, &p->size));
	marsctl_output_begin(&p->o, p->f, json, &p->q);
	wr_init(&p->w, p->buf, sizeof(p->buf));
}

/* Prints the row in p->w, and makes room for another. */
static bool
row(struct paper *p, const char *process)
{
	struct rd r;
	bool ok;

	rd_init(&r, p->buf, p->w.len);
	ok = marsctl_output_row(&p->o, process, r);
	wr_init(&p->w, p->buf, sizeof(p->buf));
	return ok;
}

static void
done(struct paper *p, const char *expected)
{
	marsctl_output_end(&p->o, true, "");
	fclose(p->f);
	assert_string_equal(p->text, expected);
	free(p->text);
}

/* Quotes, controls, bytes that are no UTF-8: RFC 8259 section 7. */
static void
strings(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", "\"\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\001\n\037 \177", "\"\\u0001\\u000a\\u001f \\u007f\"" },
		{ "\303\244\342\202\254\360\237\230\200",
		    "\"\303\244\342\202\254\360\237\230\200\"" },
		{ "\377x\200", "\"\\ufffdx\\ufffd\"" },
		/* overlong, surrogate, above U+10FFFF, cut short */
		{ "\300\257", "\"\\ufffd\\ufffd\"" },
		{ "\340\200\257", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\355\240\200", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\364\220\200\200", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\342\202", "\"\\ufffd\\ufffd\"" },
		{ "\342\202x", "\"\\ufffd\\ufffdx\"" },
	};
	size_t i, size;
	char *text;
	FILE *f;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_non_null(f = open_memstream(&text, &size));
		json_out(f, t[i].in);
		fclose(f);
		assert_string_equal(text, t[i].out);
		free(text);
	}
}

/* Every kind of value, nested, in an array of rows. */
static void
json_rows(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, "groups", true);
	done(&p, "{\"groups\":[],\"ok\":true}\n");

	begin(&p, "groups", true);
	ctl_string(&p.w, "s", "x\"y");
	ctl_uint(&p.w, "u", UINT64_MAX);
	ctl_int(&p.w, "i", INT64_MIN);
	ctl_bool(&p.w, "b", true);
	ctl_array(&p.w, "a");
	ctl_uint(&p.w, "", 1);
	ctl_object(&p.w, "");
	ctl_bool(&p.w, "c", false);
	ctl_close(&p.w);
	ctl_array(&p.w, "");
	ctl_close(&p.w);
	ctl_close(&p.w);
	ctl_object(&p.w, "o");
	ctl_close(&p.w);
	ctl_uint(&p.w, "last", 0);
	assert_true(row(&p, "marsd"));
	ctl_uint(&p.w, "n", 2);
	assert_true(row(&p, "marsd"));
	done(&p,
	    "{\"groups\":[\n"
	    "{\"s\":\"x\\\"y\",\"u\":18446744073709551615,"
	    "\"i\":-9223372036854775808,\"b\":true,"
	    "\"a\":[1,{\"c\":false},[]],\"o\":{},\"last\":0},\n"
	    "{\"n\":2}],\"ok\":true}\n");
}

/* A summary has an object for each process. */
static void
summary(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, "summary", true);
	ctl_uint(&p.w, "members", 3);
	assert_true(row(&p, "marsd"));
	ctl_uint(&p.w, "records", 4);
	assert_true(row(&p, "scspd"));
	done(&p,
	    "{\"summary\":{\n\"marsd\":{\"members\":3},\n"
	    "\"scspd\":{\"records\":4}},\"ok\":true}\n");

	begin(&p, "summary", false);
	ctl_uint(&p.w, "members", 3);
	ctl_age(&p.w, "started", 61);
	ctl_null(&p.w, "last-error");
	ctl_string(&p.w, "parent-sandbox", "seccomp, landlock ABI 6, "
	    "no_new_privs, cap_kill cap_net_bind_service cap_net_admin");
	assert_true(row(&p, "marsd"));
	ctl_uint(&p.w, "records", 4);
	assert_true(row(&p, "scspd"));
	done(&p,
	    "marsd:\n  members             3\n"
	    "  started             00:01:01\n"
	    "  last-error          -\n"
	    "  parent-sandbox      seccomp, landlock ABI 6, no_new_privs, "
	    "cap_kill\n"
	    "                      cap_net_bind_service cap_net_admin\n\n"
	    "scspd:\n  records             4\n");
}

static void
a_group(struct paper *p, const char *cluster, const char *min, const char *max,
    const char *one, const char *two)
{
	ctl_string(&p->w, "protocol", "ipv4");
	ctl_uint(&p->w, "unknown", 1);
	ctl_string(&p->w, "cluster", cluster);
	ctl_string(&p->w, "group-min", min);
	ctl_string(&p->w, "group-max", max);
	ctl_array(&p->w, "servers");
	ctl_close(&p->w);
	ctl_array(&p->w, "members");
	ctl_string(&p->w, "", one);
	ctl_string(&p->w, "", two);
	ctl_close(&p->w);
}

/* Columns by key in any order; what is unknown or missing does no harm. */
static void
table(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, "groups", false);
	a_group(&p, "a", "239.1.1.1", "239.1.1.1", "127.0.0.1", "127.0.0.2");
	assert_true(row(&p, "marsd"));
	a_group(&p, "longer-than-it", "239.1.1.0", "239.1.1.255", "x", "y");
	assert_true(row(&p, "marsd"));
	ctl_string(&p.w, "cluster", "b");
	assert_true(row(&p, "marsd"));
	done(&p,
	    "CLUSTER PROTO GROUP                   SERVERS MEMBERS\n"
	    "a       ipv4  239.1.1.1               -       "
	    "127.0.0.1 127.0.0.2\n"
	    "longer-than-it\n"
	    "        ipv4  239.1.1.0-239.1.1.255   -       x y\n"
	    "b       -     -                       -       -\n");
}

/* A terminal gets nothing that it would obey. */
static void
terminal(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, "counters", false);
	ctl_string(&p.w, "process", "m\033[2J");
	ctl_string(&p.w, "scope", "\302\233x\303\244");
	ctl_string(&p.w, "name", "");
	ctl_int(&p.w, "value", -5);
	assert_true(row(&p, "marsd"));
	done(&p,
	    "PROCESS SCOPE             NAME                            "
	    "VALUE\n"
	    "m?[2J   ?x\303\244               -                               "
	    "-5\n");
}

static void
ages(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(marsctl_age_print(0, buf, sizeof(buf)), "00:00:00");
	assert_string_equal(
	    marsctl_age_print(86399, buf, sizeof(buf)), "23:59:59");
	assert_string_equal(
	    marsctl_age_print(86400, buf, sizeof(buf)), "1d00h");
	assert_string_equal(
	    marsctl_age_print(604799, buf, sizeof(buf)), "6d23h");
	assert_string_equal(
	    marsctl_age_print(604800, buf, sizeof(buf)), "1w0d");
	assert_string_equal(marsctl_age_print(UINT64_MAX, buf, sizeof(buf)),
	    "30500568904943w0d");
}

/* Nothing is printed of a row that can't be read to its end. */
static void
malformed(void **state)
{
	struct paper p;
	struct rd r;
	int i;

	(void)state;
	begin(&p, "members", true);
	ctl_uint(&p.w, "n", 1);
	p.w.len--;
	assert_false(row(&p, "marsd"));
	ctl_array(&p.w, "never closed");
	assert_false(row(&p, "marsd"));
	ctl_close(&p.w);
	assert_false(row(&p, "marsd"));
	ctl_array(&p.w, "a");
	ctl_close(&p.w);
	ctl_close(&p.w);
	ctl_array(&p.w, "b");
	assert_false(row(&p, "marsd"));
	for (i = 0; i < ROW_DEPTH + 1; i++)
		ctl_array(&p.w, "");
	for (i = 0; i < ROW_DEPTH + 1; i++)
		ctl_close(&p.w);
	assert_false(row(&p, "marsd"));
	for (i = 0; i < ROW_DEPTH; i++)
		ctl_array(&p.w, "");
	for (i = 0; i < ROW_DEPTH; i++)
		ctl_close(&p.w);
	rd_init(&r, p.buf, p.w.len);
	assert_true(marsctl_row_valid(r));
	done(&p, "{\"members\":[],\"ok\":true}\n");
}

/* A command has no rows; its answer is the end. */
static void
command(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, NULL, true);
	ctl_uint(&p.w, "n", 1);
	assert_false(row(&p, "marsd"));
	done(&p, "{\"ok\":true}\n");
	begin(&p, NULL, false);
	done(&p, "");
	begin(&p, NULL, true);
	marsctl_output_end(&p.o, false, "line \"1\"");
	fclose(p.f);
	assert_string_equal(
	    p.text, "{\"ok\":false,\"error\":\"line \\\"1\\\"\"}\n");
	free(p.text);
}

/* An order that went well may have an answer; a listing ends with an error. */
static void
results(void **state)
{
	struct paper p;

	(void)state;
	begin(&p, NULL, true);
	marsctl_output_end(&p.o, true, "nothing changed");
	fclose(p.f);
	assert_string_equal(
	    p.text, "{\"ok\":true,\"answer\":\"nothing changed\"}\n");
	free(p.text);
	begin(&p, NULL, false);
	marsctl_output_end(&p.o, true, "nothing changed");
	fclose(p.f);
	assert_string_equal(p.text, "nothing changed\n");
	free(p.text);
	begin(&p, "members", true);
	ctl_uint(&p.w, "n", 1);
	assert_true(row(&p, "marsd"));
	marsctl_output_end(&p.o, false, "gone");
	fclose(p.f);
	assert_string_equal(p.text, "{\"members\":[\n{\"n\":1}],"
	    "\"ok\":false,\"error\":\"gone\"}\n");
	free(p.text);
}

/* Each value has a line, a long list as many as it needs. */
static void
blocks(void **state)
{
	struct paper p;
	int i;

	(void)state;
	memset(&p, 0, sizeof(p));
	p.q.show = marsctl_show_find("members");
	p.q.detail = true;
	assert_non_null(p.f = open_memstream(&p.text, &p.size));
	marsctl_output_begin(&p.o, p.f, false, &p.q);
	wr_init(&p.w, p.buf, sizeof(p.buf));
	ctl_string(&p.w, "cluster", "a");
	ctl_array(&p.w, "groups");
	for (i = 0; i < 6; i++)
		ctl_string(&p.w, "", "239.1.1.1");
	ctl_close(&p.w);
	assert_true(row(&p, "marsd"));
	ctl_string(&p.w, "cluster", "b");
	ctl_array(&p.w, "by");
	for (i = 0; i < 2; i++) {
		ctl_object(&p.w, "");
		ctl_string(&p.w, "server", "local");
		ctl_close(&p.w);
	}
	ctl_close(&p.w);
	assert_true(row(&p, "marsd"));
	done(&p,
	    "  cluster             a\n"
	    "  groups              239.1.1.1 239.1.1.1 239.1.1.1 239.1.1.1 "
	    "239.1.1.1\n"
	    "                      239.1.1.1\n"
	    "\n"
	    "  cluster             b\n"
	    "  by                  server local\n"
	    "                      server local\n");
}

/* What a table has in each column fits a terminal, if it is not too long. */
static void
tables_fit(void **state)
{
	const struct marsctl_show *s;
	size_t i, j;
	int width;

	(void)state;
	for (i = 0; i < marsctl_nshows; i++) {
		s = &marsctl_shows[i];
		width = 0;
		for (j = 0; j < s->ncolumns; j++) {
			if (s->columns[j].width == 0)
				width += (int)strlen(s->columns[j].head);
			else
				assert_true(s->columns[j].width >
				    (int)strlen(s->columns[j].head));
			width += s->columns[j].width;
		}
		if (width > 80)
			fail_msg("%s: %d columns", s->name, width);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(json_rows),
		cmocka_unit_test(summary),
		cmocka_unit_test(table),
		cmocka_unit_test(terminal),
		cmocka_unit_test(ages),
		cmocka_unit_test(malformed),
		cmocka_unit_test(command),
		cmocka_unit_test(results),
		cmocka_unit_test(blocks),
		cmocka_unit_test(tables_fit),
	};

	return cmocka_run_group_tests_name("marsctl output", tests, NULL, NULL);
}
