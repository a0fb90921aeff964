/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* `health`: what rows of listings say, made one sentence. */
#ifndef MARSCTL_HEALTH_H
#define MARSCTL_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "daemon.h"

#define HEALTH_DAYS	14	/* a key that ends earlier is a warning */
#define HEALTH_NEAR	90	/* the same of a limit: percent used */

/* Also what marsctl exits with. */
enum health_level {
	HEALTH_OK,
	HEALTH_WARNING,
	HEALTH_CRITICAL
};

struct health {
	uint64_t	 days;
	enum health_level level;
	char		 why[MARSCTL_WHY];	/* the worst, the first of
						 * these */
	size_t		 more;		/* others that are as bad or less */
	/* counted */
	uint64_t	 neighbors, aligned, members, clients, registered;
	char		 edge[NAME_SIZE];	/* of the last key; or empty */
	bool		 edge_valid;		/* any key of it is */
};

void	health_init(struct health *, uint64_t days);
/* Something is wrong. */
void	health_wrong(struct health *, enum health_level, const char *, ...)
	    PRINTFLIKE(3, 4);
/* What this listing's row says. */
void	health_row(struct health *, const char *show, struct rd row);
/* There are no more rows. */
void	health_end(struct health *);
/* The sentence, without its level. */
void	health_print(const struct health *, char *buf, size_t);

#endif
