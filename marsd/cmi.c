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
	p->head = p->count = p->used = p->size = 0;
	p->queue = NULL;
	p->bad = NULL;
	if (min == 0 || min > max)
		return -1;
	p->size = (uint32_t)max - min + 1;
	p->queue = calloc(p->size, sizeof(*p->queue));
	p->bad = calloc(MARSD_CMI_BAD_SIZE, 1);
	if (p->queue == NULL || p->bad == NULL) {
		marsd_cmi_free_pool(p);
		return -1;
	}
	for (i = 0; i < p->size; i++)
		p->queue[i] = (uint16_t)(min + i);
	p->count = p->size;
	return 0;
}

void
marsd_cmi_free_pool(struct marsd_cmi_pool *p)
{
	free(p->queue);
	free(p->bad);
	p->queue = NULL;
	p->bad = NULL;
	p->size = p->count = 0;
}

static bool
is_bad(const struct marsd_cmi_pool *p, uint16_t cmi)
{
	return (p->bad[cmi / 8] & 1 << cmi % 8) != 0;
}

uint16_t
marsd_cmi_get(struct marsd_cmi_pool *p)
{
	uint16_t cmi;

	while (p->count > 0) {
		cmi = p->queue[p->head];
		p->head = (p->head + 1) % p->size;
		p->count--;
		if (is_bad(p, cmi))
			continue; /* never allocated again, A-20 */
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
	if (!marsd_cmi_ours(p, cmi) || is_bad(p, cmi) || p->count == p->size)
		return;
	p->queue[(p->head + p->count) % p->size] = cmi;
	p->count++;
}

bool
marsd_cmi_ours(const struct marsd_cmi_pool *p, uint16_t cmi)
{
	return p->size != 0 && cmi >= p->min && cmi <= p->max;
}

void
marsd_cmi_taken(struct marsd_cmi_pool *p, uint16_t cmi)
{
	p->bad[cmi / 8] = (uint8_t)(p->bad[cmi / 8] | 1 << cmi % 8);
}
