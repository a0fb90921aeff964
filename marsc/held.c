/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "held.h"

int
marsc_held_add(struct marsc_held_list *list, struct vc_sdu *sdu)
{
	struct marsc_held *h = malloc(sizeof(*h));

	if (h == NULL) {
		vc_sdu_free(sdu);
		return -1;
	}
	h->sdu = sdu;
	STAILQ_INSERT_TAIL(list, h, entry);
	return 0;
}

struct vc_sdu *
marsc_held_take(struct marsc_held_list *list)
{
	struct marsc_held *h = STAILQ_FIRST(list);
	struct vc_sdu *sdu;

	if (h == NULL)
		return NULL;
	sdu = h->sdu;
	STAILQ_REMOVE_HEAD(list, entry);
	free(h);
	return sdu;
}

uint32_t
marsc_held_clear(struct marsc_held_list *list)
{
	struct vc_sdu *sdu;
	uint32_t n = 0;

	while ((sdu = marsc_held_take(list)) != NULL) {
		vc_sdu_free(sdu);
		n++;
	}
	return n;
}
