/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Cluster member ids of one protocol (RFC 2022 section 5.2.3, A-21).
 */
#ifndef MARSD_CMI_H
#define MARSD_CMI_H

#include <stdbool.h>
#include <stdint.h>

#define MARSD_CMI_BAD_SIZE	8192	/* octets, a bit for each CMI */

struct marsd_cmi_pool {
	uint16_t	 min, max;
	uint16_t	*queue;		/* a ring: the longest unused first */
	uint32_t	 size, head, count;	/* some of these may be bad */
	uint32_t	 used, left;
	uint8_t		*bad;		/* a bit each: given out by others */
	uint8_t		*given;		/* the same: by us, and in use */
};

/* all from min to max; 0, or -1: no memory or an empty range */
int	 marsd_cmi_init(struct marsd_cmi_pool *, uint16_t min, uint16_t max);
void	 marsd_cmi_free_pool(struct marsd_cmi_pool *);
/* one that nobody has; 0: none is left */
uint16_t marsd_cmi_get(struct marsd_cmi_pool *);
void	 marsd_cmi_put(struct marsd_cmi_pool *, uint16_t);
/* is it in the range that this server gives out? */
bool	 marsd_cmi_ours(const struct marsd_cmi_pool *, uint16_t);
/* another server has given it out: never again by us */
void	 marsd_cmi_taken(struct marsd_cmi_pool *, uint16_t);
/* the same of all that are so in another pool */
void	 marsd_cmi_bar(struct marsd_cmi_pool *, const struct marsd_cmi_pool *);

#endif
