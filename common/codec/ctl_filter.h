/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which rows of a listing are wanted.  A request may have filters, each a
 * word and a value, and a row is wanted if all of them let it through.  They
 * look at the named values of a row as it was written, so what writes rows
 * does not know of filters.
 */
#ifndef MARS_CTL_FILTER_H
#define MARS_CTL_FILTER_H

#include <stdbool.h>

#include "addr.h"
#include "ctl.h"

struct ctl_filter_kind;

struct ctl_filter {
	const struct ctl_filter_kind *kind;
	char		 value[CTL_ARG_SIZE];
	/* the value as what its kind takes it for, or null */
	struct paddr	 addr;
	struct atm_addr	 atm;
	struct ip_prefix prefix;
	uint64_t	 number;
};

/*
 * The filter of that word.  NULL, or a sentence that says what is wrong with
 * the word or the value.
 */
const char	*ctl_filter_set(struct ctl_filter *, const char *word,
		    const char *value);
bool		 ctl_filter_wants(const struct ctl_filter *, struct rd row);
/* do all of them? */
bool		 ctl_filters_want(const struct ctl_filter *, size_t n,
		    struct rd row);

#endif
