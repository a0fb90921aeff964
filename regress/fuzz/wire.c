/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What our own processes read from one another: a configuration as octets, an
 * interface, a row and a filter of it.  What is taken is what its own octets
 * say.  The first octet says which it is.
 */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ctl_filter.h"
#include "fuzz.h"
#include "lanif.h"

static void
wire_conf(struct rd *r)
{
	static uint8_t one[1 << 16], two[1 << 16];
	struct conf *c, *d;
	struct wr w, v;

	if ((c = conf_read(r)) == NULL)
		return;
	/* whoever reads, keys of edges alone are not written for scspd */
	wr_init(&w, one, sizeof(one));
	conf_write(&w, c, CONF_FOR_SCSPD);
	MUST(!wr_failed(&w));
	rd_init(r, one, w.len);
	MUST((d = conf_read(r)) != NULL);
	wr_init(&v, two, sizeof(two));
	conf_write(&v, d, CONF_FOR_SCSPD);
	MUST(v.len == w.len && memcmp(one, two, v.len) == 0);
	wr_init(&v, two, sizeof(two));
	conf_write(&v, c, CONF_FOR_EDGED);
	MUST(!wr_failed(&v));
	conf_free(c);
	conf_free(d);
}

static void
wire_lanif(struct rd *r)
{
	uint8_t buf[LANIF_IPC_MAX];
	struct lanif a, b;
	struct wr w;

	if (!rd_lanif(r, &a))
		return;
	wr_init(&w, buf, sizeof(buf));
	wr_lanif(&w, &a);
	MUST(!wr_failed(&w));
	rd_init(r, buf, w.len);
	MUST(rd_lanif(r, &b) && rd_done(r));
	MUST(lanif_equal(&a, &b));
}

/* A filter of two strings, and a row that is the rest. */
static void
wire_row(struct rd *r)
{
	static const char *const words[] = { "cluster", "client", "group",
		"server", "neighbor", "protocol", "edge", "lan", "key",
		"state", "source", "prefix", "sequence" };
	char value[CTL_ARG_SIZE];
	struct ctl_filter f;
	struct ctl_value v;
	struct rd row;
	uint64_t n;

	memset(&f, 0, sizeof(f));
	if (!rd_string(r, value, sizeof(value)))
		return;
	row = *r;
	if (ctl_filter_set(&f, words[row.left %
	    (sizeof(words) / sizeof(words[0]))], value) == NULL)
		(void)ctl_filter_wants(&f, row);
	(void)ctl_find_number(row, "n", &n);
	(void)ctl_find_string(row, "s", &v);
	while (ctl_next(&row, &v))
		if (v.tag == CTL_OCTETS && v.length != 0)
			free(fuzz_copy(v.octets, v.length));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p;
	struct rd r;

	if (size == 0)
		return 0;
	p = fuzz_copy(data + 1, size - 1);
	rd_init(&r, p, size - 1);
	switch (data[0] % 4) {
	case 0:
	case 1:
		wire_conf(&r);
		break;
	case 2:
		wire_lanif(&r);
		break;
	case 3:
		wire_row(&r);
		break;
	}
	free(p);
	return 0;
}
