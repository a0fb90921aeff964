/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The table of MARSs, best first (RFC 2022 sections 5.4.2, 5.4.3).  The servers
 * of the last MARS_REDIRECT_MAP stand above those that were configured.  A new
 * map replaces the one before, so that the table does not grow, and of
 * a map no more than the first LEARNT_MAX are kept: a client that could not
 * reach any of these has other troubles, and a map may have thousands.
 */
#include <stdlib.h>
#include <string.h>

#include "servers.h"

#define LEARNT_MAX	256

int
marsc_servers_init(struct marsc_servers *s, const struct atm_addr *v, size_t n)
{
	*s = (struct marsc_servers){ 0 };
	return marsc_servers_configure(s, v, n);
}

void
marsc_servers_free(struct marsc_servers *s)
{
	free(s->v);
	free(s->configured);
	*s = (struct marsc_servers){ 0 };
}

/* Those that are not there yet, as long as there are fewer than max. */
static void
servers_add(
    struct marsc_servers *s, const struct atm_addr *v, size_t n, size_t max)
{
	size_t i;

	for (i = 0; i < n && s->n < max; i++)
		if (!atm_addr_is_null(&v[i]) && !marsc_servers_have(s, &v[i]))
			s->v[s->n++] = v[i];
}

int
marsc_servers_learn(struct marsc_servers *s, const struct atm_addr *v, size_t n)
{
	struct marsc_servers old = *s;
	size_t room = n;

	/* there is room for the current one, which the map may leave out */
	if (n > LEARNT_MAX)
		room = LEARNT_MAX;
	s->v = reallocarray(NULL, room + s->nconfigured + 1, sizeof(*v));
	if (s->v == NULL) {
		*s = old;
		return -1;
	}
	s->n = s->at = 0;
	servers_add(s, v, n, LEARNT_MAX);
	servers_add(s, s->configured, s->nconfigured, SIZE_MAX);
	if (old.n > 0) {
		servers_add(s, &old.v[old.at], 1, SIZE_MAX);
		marsc_servers_use(s, &old.v[old.at]);
	}
	free(old.v);
	return 0;
}

int
marsc_servers_configure(
    struct marsc_servers *s, const struct atm_addr *v, size_t n)
{
	struct marsc_servers new = { 0 };

	if (n == 0)
		return -1;
	new.configured = reallocarray(NULL, n, sizeof(*v));
	if (new.configured == NULL)
		return -1;
	memcpy(new.configured, v, n * sizeof(*v));
	new.nconfigured = n;
	if (marsc_servers_learn(&new, NULL, 0) == -1) {
		marsc_servers_free(&new);
		return -1;
	}
	if (s->n > 0)
		marsc_servers_use(&new, marsc_servers_current(s));
	marsc_servers_free(s);
	*s = new;
	return 0;
}

bool
marsc_servers_configured(
    const struct marsc_servers *s, const struct atm_addr *v, size_t n)
{
	size_t i;

	if (n != s->nconfigured)
		return false;
	for (i = 0; i < n; i++)
		if (!atm_addr_equal(&v[i], &s->configured[i]))
			return false;
	return true;
}

void
marsc_servers_use(struct marsc_servers *s, const struct atm_addr *a)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (atm_addr_equal(&s->v[i], a))
			s->at = i;
}

bool
marsc_servers_have(const struct marsc_servers *s, const struct atm_addr *a)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (atm_addr_equal(&s->v[i], a))
			return true;
	return false;
}

void
marsc_servers_next(struct marsc_servers *s)
{
	s->at = s->at + 1 < s->n ? s->at + 1 : 0;
}

const struct atm_addr *
marsc_servers_current(const struct marsc_servers *s)
{
	return &s->v[s->at];
}
