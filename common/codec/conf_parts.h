/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What conf.c, conf_edge.c and the two that make octets share. */
#ifndef MARS_CONF_PARTS_H
#define MARS_CONF_PARTS_H

#include <stdlib.h>

#include "conf.h"

/* A line of a table of numbers, and its end. */
#define NUMBER(type, member, name, min, max, dflt) \
	{ name, offsetof(struct type, member), \
	    sizeof(((struct type *)NULL)->member), min, max, dflt }
#define NUMBERS_END	{ NULL, 0, 0, 0, 0, 0 }

/* Frees every element of a list whose link is called entry. */
#define CONF_LIST_FREE(head, type) do { \
	struct type *item_; \
	while ((item_ = TAILQ_FIRST(head)) != NULL) { \
		TAILQ_REMOVE(head, item_, entry); \
		free(item_); \
	} \
} while (0)

/* Appends a zeroed element; without memory the reader fails. */
#define CONF_LIST_ADD(r, head, item) do { \
	(item) = calloc(1, sizeof(*(item))); \
	if ((item) == NULL) \
		(r)->failed = true; \
	else \
		TAILQ_INSERT_TAIL(head, item, entry); \
} while (0)

#define CONF_LIST_COUNT(w, head, item) do { \
	uint32_t n_ = 0; \
	TAILQ_FOREACH(item, head, entry) \
		n_++; \
	wr_u32(w, n_); \
} while (0)

/* --- conf.c */

void	conf_numbers_default(const struct conf_number *, void *base);

/* --- conf_wire.c */

/* An address that has a number. */
void	conf_rd_endpoint(struct rd *, struct atm_addr *);
bool	conf_rd_bool(struct rd *);
/* A name or a path, which is never empty. */
void	conf_rd_name(struct rd *, char *, size_t);
void	conf_wr_numbers(struct wr *, const struct conf_number *, const void *);
void	conf_rd_numbers(struct rd *, const struct conf_number *, void *);
/* Keys by their SPIs, at most CONF_KEYS_MAX. */
void	conf_wr_spis(struct wr *, const uint32_t *, uint16_t);
uint16_t conf_rd_spis(struct rd *, uint32_t *);
/* Addresses of servers. */
void	conf_wr_backups(struct wr *, const struct conf_backups *);
void	conf_rd_backups(struct rd *, struct conf_backups *);
/* bits within the family's */
void	conf_wr_prefix(struct wr *, const struct ip_prefix *);
void	conf_rd_prefix(struct rd *, struct ip_prefix *);
void	conf_wr_prefixes(struct wr *, const struct conf_prefixes *);
void	conf_rd_prefixes(struct rd *, struct conf_prefixes *);

/* --- conf_edge.c, conf_edge_wire.c */

void	conf_edges_free(struct conf *);
/* Does an edge use that key? */
bool	conf_edges_have_key(const struct conf *, uint32_t spi);
void	conf_wr_edges(struct wr *, const struct conf *);
void	conf_rd_edges(struct rd *, struct conf *);

#endif
