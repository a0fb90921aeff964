/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Whom an operator wants to see more of: a few addresses, each as long as the
 * process runs, or until it is taken back.
 */
#include <string.h>

#include "log.h"
#include "service.h"

static struct atm_addr
without_sel(const struct atm_addr *a)
{
	struct atm_addr r = *a;

	atm_addr_set_sel(&r, 0);
	return r;
}

bool
service_traces(const struct service *s, int level, const struct atm_addr *who)
{
	struct atm_addr a;
	size_t i;

	if (log_getverbose() >= level)
		return true;
	if (atm_addr_is_null(&s->watches[0]) || who == NULL)
		return false;
	a = without_sel(who);
	for (i = 0; i < SERVICE_WATCHES; i++)
		if (atm_addr_equal(&s->watches[i], &a))
			return true;
	return false;
}

/* They have no holes between them. */
const char *
service_watch(struct service *s, const struct atm_addr *who, bool on)
{
	struct atm_addr a = without_sel(who);
	size_t i, n = 0;

	while (n < SERVICE_WATCHES && !atm_addr_is_null(&s->watches[n]))
		n++;
	for (i = 0; i < n; i++)
		if (atm_addr_equal(&s->watches[i], &a))
			break;
	if (on) {
		if (i == SERVICE_WATCHES)
			return "so many addresses are watched already that "
			    "there is no room: say log brief with one of them";
		s->watches[i] = a;
		return NULL;
	}
	if (i == n)
		return "that address is not watched";
	s->watches[i] = s->watches[n - 1];
	memset(&s->watches[n - 1], 0, sizeof(s->watches[n - 1]));
	return NULL;
}
