/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "vc.h"

bool
vc_cause_is_temporary(uint16_t cause)
{
	return cause == VC_CAUSE_QOS || cause == VC_CAUSE_RATE_30 ||
	    cause == VC_CAUSE_RATE_31 || cause == VC_CAUSE_TEMPORARY;
}

struct vc_sdu *
vc_sdu_new(const void *data, size_t len)
{
	struct vc_sdu *s;

	if (len > UINT32_MAX || (s = malloc(sizeof(*s) + len)) == NULL)
		return NULL;
	s->refs = 1;
	s->len = (uint32_t)len;
	s->tos = 0;
	if (data != NULL)
		memcpy(s->data, data, len);
	else
		memset(s->data, 0, len);
	return s;
}

struct vc_sdu *
vc_sdu_ref(struct vc_sdu *s)
{
	s->refs++;
	return s;
}

void
vc_sdu_free(struct vc_sdu *s)
{
	if (s != NULL && --s->refs == 0)
		free(s);
}

struct vc *
vc_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	return l->backend->call(l, to, cookie);
}

struct vc *
vc_multi(struct vc_link *l, void *cookie)
{
	return l->backend->multi(l, cookie);
}

struct vc_leaf *
vc_multi_add(struct vc *root, const struct atm_addr *leaf, void *cookie)
{
	return root->link->backend->multi_add(root, leaf, cookie);
}

void
vc_multi_drop(struct vc_leaf *leaf)
{
	leaf->root->link->backend->multi_drop(leaf);
}

void
vc_release(struct vc *vc, uint16_t cause)
{
	vc->link->backend->release(vc, cause);
}

/* The same as vc_send(); what was taken is shown, too. */
static int
send_shown(struct vc *vc, struct vc_sdu *s)
{
	struct vc_link *l = vc->link;
	int r = l->backend->send(vc, vc_sdu_ref(s));

	if (r == 0)
		l->capture(l->capture_arg, vc, true, s->data, s->len);
	vc_sdu_free(s);
	return r;
}

int
vc_send(struct vc *vc, struct vc_sdu *s)
{
	if (vc->link->capture != NULL)
		return send_shown(vc, s);
	return vc->link->backend->send(vc, s);
}

void
vc_deliver(struct vc *vc, const uint8_t *p, size_t len)
{
	struct vc_link *l = vc->link;

	if (l->capture != NULL)
		l->capture(l->capture_arg, vc, false, p, len);
	l->user->sdu(l->arg, vc, vc->cookie, p, len);
}

uint32_t
vc_backlog(const struct vc *vc)
{
	const struct vc_backend *b = vc->link->backend;

	return b->backlog == NULL ? 0 : b->backlog(vc);
}

size_t
vc_sdu_max(const struct vc *vc)
{
	const struct vc_backend *b = vc->link->backend;
	size_t max = b->sdu_max == NULL ? VC_SDU_MAX : b->sdu_max(vc);

	return max < VC_SDU_MIN ? VC_SDU_MIN : max;
}

const struct atm_addr *
vc_peer(const struct vc *vc)
{
	return vc->link->backend->peer(vc);
}

bool
vc_knows_caller(const struct vc *vc)
{
	return vc->link->backend->knows_caller;
}

void
vc_flush(struct vc_link *l)
{
	l->backend->flush(l);
}

void
vc_close(struct vc_link *l)
{
	l->backend->close(l);
}

void
vc_discard(struct vc_link *l)
{
	if (l->backend->discard != NULL)
		l->backend->discard(l);
}

void
vc_pause(struct vc_link *l, bool pause)
{
	if (l->backend->pause != NULL)
		l->backend->pause(l, pause);
}

static bool
backend_counter(
    const struct vc_link *l, size_t i, const char **name, uint64_t *value)
{
	return l->backend->counter != NULL &&
	    l->backend->counter(l, i, name, value);
}

bool
vc_counter(
    const struct vc_link *l, size_t i, const char **name, uint64_t *value)
{
	if (backend_counter(l, i, name, value))
		return true;
	if (i > 0 && !backend_counter(l, i - 1, name, value))
		return false;
	*name = "table-violations";
	*value = l->faults.count;
	return true;
}

bool
vc_circuit(
    const struct vc_link *l, uint32_t *cursor, struct vc_circuit_info *info)
{
	return l->backend->circuit != NULL &&
	    l->backend->circuit(l, cursor, info);
}

bool
vc_leaf_circuit(const struct vc_leaf *leaf, struct vc_circuit_info *info)
{
	const struct vc_backend *b = leaf->root->link->backend;

	if (b->leaf == NULL)
		return false;
	b->leaf(leaf, info);
	return true;
}

void
vc_watch(struct vc *vc)
{
	if (vc->link->backend->watch != NULL)
		vc->link->backend->watch(vc);
}

bool
vc_leads_to(const struct vc_link *l, const struct atm_addr *to)
{
	return l->backend->leads_to != NULL && l->backend->leads_to(l, to);
}

bool
vc_leads_only(const struct vc_link *l)
{
	return l->backend->leads_to != NULL;
}
