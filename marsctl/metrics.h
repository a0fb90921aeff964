/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `show metrics`: what other listings say, as numbers for Prometheus.  A
 * sample is put into the set row by row, and the set is printed at the end:
 * the format wants all samples of a name together.
 */
#ifndef MARSCTL_METRICS_H
#define MARSCTL_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon.h"

#define METRICS_NAME	96	/* octets of a name, its NUL included */
#define METRICS_LABELS	512	/* the same of labels */

enum metrics_type {
	METRICS_GAUGE,
	METRICS_COUNTER,
	METRICS_HISTOGRAM
};

/* How a number is written; all are integers within. */
enum metrics_unit {
	METRICS_ONE,
	METRICS_MICROSECONDS	/* printed in seconds */
};

struct metrics_sample {
	char		 name[METRICS_NAME];
	const char	*help;
	const char	*suffix;	/* of a histogram: "_sum" */
	enum metrics_type type;
	enum metrics_unit unit;
	bool		 sum;		/* of all with these labels; or the
					 * first of them counts */
	uint32_t	 rank;		/* within the same labels */
	char		 labels[METRICS_LABELS];	/* a="b",c="d" */
	uint64_t	 value;
};

struct metrics {
	struct metrics_sample *samples;
	size_t		 n, size;
	size_t		 flows;		/* their first; SIZE_MAX: none yet */
	bool		 short_of_memory;
};

void	metrics_init(struct metrics *);
void	metrics_free(struct metrics *);
/* Puts in what that listing's row says. */
void	metrics_row(struct metrics *, const char *show, const char *process,
	    struct rd row);
/* Whether that process answers. */
void	metrics_up(struct metrics *, const char *process, bool);
/* Prints all, sorted, with its end mark. */
void	metrics_print(struct metrics *, FILE *);

/*
 * Asks the daemons for all that is known and prints it.  Daemons that do not
 * answer are samples, too: 0, or -1 if no memory or nothing can be printed.
 */
int	marsctl_metrics(const struct marsctl_where *, FILE *);

#endif
