/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "cmi.h"

/*
 * Cluster member ids (RFC 2022 section 5.2.3): never zero, unique in the
 * cluster by configuration (RFC 2443 section 2), and the one that has been
 * unused for longest comes first, so that a packet that is still on its way
 * is not taken for a reflection.
 */

int
marsd_cmi_init(struct marsd_cmi_pool *p, uint16_t min, uint16_t max)
{
	uint32_t i;

	p->min = min;
	p->max = max;
	p->head = p->count = p->used = p->left = p->size = 0;
	p->queue = NULL;
	p->bad = p->given = NULL;
	if (min == 0 || min > max)
		return -1;
	p->size = (uint32_t)max - min + 1;
	p->queue = calloc(p->size, sizeof(*p->queue));
	p->bad = calloc(MARSD_CMI_BAD_SIZE, 1);
	p->given = calloc(MARSD_CMI_BAD_SIZE, 1);
	if (p->queue == NULL || p->bad == NULL || p->given == NULL) {
		marsd_cmi_free_pool(p);
		return -1;
	}
	for (i = 0; i < p->size; i++)
		p->queue[i] = (uint16_t)(min + i);
	p->count = p->left = p->size;
	return 0;
}

void
marsd_cmi_free_pool(struct marsd_cmi_pool *p)
{
	free(p->queue);
	free(p->bad);
	free(p->given);
	p->queue = NULL;
	p->bad = p->given = NULL;
	p->size = p->count = p->left = 0;
}

static bool
is_marked(const uint8_t *bits, uint16_t cmi)
{
	return (bits[cmi / 8] & 1 << cmi % 8) != 0;
}

static void
mark(uint8_t *bits, uint16_t cmi)
{
	bits[cmi / 8] = (uint8_t)(bits[cmi / 8] | 1 << cmi % 8);
}

static void
unmark(uint8_t *bits, uint16_t cmi)
{
	bits[cmi / 8] = (uint8_t)(bits[cmi / 8] & ~(1 << cmi % 8));
}

uint16_t
marsd_cmi_get(struct marsd_cmi_pool *p)
{
	uint16_t cmi;

	while (p->count > 0) {
		cmi = p->queue[p->head];
		p->head = (p->head + 1) % p->size;
		p->count--;
		if (is_marked(p->bad, cmi))
			continue; /* never allocated again, A-20 */
		mark(p->given, cmi);
		p->left--;
		p->used++;
		return cmi;
	}
	return 0;
}

/* A CMI of a range that a reload took from us does not come back. */
void
marsd_cmi_put(struct marsd_cmi_pool *p, uint16_t cmi)
{
	if (cmi == 0)
		return;
	if (p->used > 0)
		p->used--;
	if (!marsd_cmi_ours(p, cmi))
		return;
	unmark(p->given, cmi);
	if (is_marked(p->bad, cmi) || p->count == p->size)
		return;
	p->queue[(p->head + p->count) % p->size] = cmi;
	p->count++;
	p->left++;
}

bool
marsd_cmi_ours(const struct marsd_cmi_pool *p, uint16_t cmi)
{
	return p->size != 0 && cmi >= p->min && cmi <= p->max;
}

void
marsd_cmi_taken(struct marsd_cmi_pool *p, uint16_t cmi)
{
	if (is_marked(p->bad, cmi))
		return;
	mark(p->bad, cmi);
	if (marsd_cmi_ours(p, cmi) && !is_marked(p->given, cmi))
		p->left--;
}

void
marsd_cmi_bar(struct marsd_cmi_pool *p, const struct marsd_cmi_pool *as)
{
	uint32_t cmi;

	for (cmi = 1; cmi <= UINT16_MAX; cmi++)
		if (is_marked(as->bad, (uint16_t)cmi))
			marsd_cmi_taken(p, (uint16_t)cmi);
}
