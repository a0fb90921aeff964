/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Whom an operator wants to see more of: a few addresses, each as long as the
 * process runs, or until it is taken back.
 */
#include <string.h>

#include "endpoint.h"
#include "log.h"
#include "service.h"

bool
service_traces(const struct service *s, int level, const struct atm_addr *who)
{
	size_t i;

	if (log_getverbose() >= level)
		return true;
	if (atm_addr_is_null(&s->watches[0]) || who == NULL)
		return false;
	for (i = 0; i < SERVICE_WATCHES; i++)
		if (endpoint_same(&s->watches[i], who))
			return true;
	return false;
}

void
service_trace(const struct service *s, const struct service_trace *t)
{
	char text[ATM_STRLEN], line[512] = "";

	if (!service_traces(s, t->level, t->who))
		return;
	log_append(line, sizeof(line), "%s %s: ", t->kind, t->name);
	if (t->pro != NULL)
		log_append(line, sizeof(line),
		    "%s: ", mars_pro_print(t->pro, text, sizeof(text)));
	log_append(line, sizeof(line), "%s %s",
	    atm_addr_print(t->who, text, sizeof(text)), t->what);
	if (t->op != NULL)
		log_append(line, sizeof(line), " %s", t->op);
	if (t->min != NULL)
		log_append(line, sizeof(line), " %s",
		    paddr_print(t->min, text, sizeof(text)));
	if (t->max != NULL && !paddr_equal(t->min, t->max))
		log_append(line, sizeof(line), "-%s",
		    paddr_print(t->max, text, sizeof(text)));
	if (t->cause != 0)
		log_append(line, sizeof(line), ", cause %u", t->cause);
	log_info("%s", line);
}

/* They have no holes between them. */
const char *
service_watch(struct service *s, const struct atm_addr *who, bool on)
{
	size_t i, n = 0;

	while (n < SERVICE_WATCHES && !atm_addr_is_null(&s->watches[n]))
		n++;
	for (i = 0; i < n; i++)
		if (endpoint_same(&s->watches[i], who))
			break;
	if (on) {
		if (i == SERVICE_WATCHES)
			return "so many addresses are watched already that "
			    "there is no room: say log brief with one of them";
		s->watches[i] = *who;
		return NULL;
	}
	if (i == n)
		return "that address is not watched";
	s->watches[i] = s->watches[n - 1];
	memset(&s->watches[n - 1], 0, sizeof(s->watches[n - 1]));
	return NULL;
}
