/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of the records. */
#include "csa.h"
#include "show_impl.h"

/* Records are many and come and go: the name of the last one. */
struct scsp_cache_place {
	bool		 started;
	uint16_t	 pid, sgid;
	scsp_record_id	 id;
};

static const char *
entry_state(const struct scsp_entry *e)
{
	if (e->flags & ENTRY_BARE)
		return "strange";
	if (e->flags & ENTRY_HIDDEN)
		return "hidden";
	return e->flags & ENTRY_TOMB ? "tombstone" : "live";
}

/* The next record of all groups, or NULL; at is behind it then. */
static struct scsp_entry *
next_record(
    struct scsp *s, struct scsp_cache_place *at, struct scsp_group **group)
{
	struct scsp_group *g, key;
	struct scsp_entry *e = NULL;

	key.pid = at->pid;
	key.sgid = at->sgid;
	for (g = RB_NFIND(scsp_group_tree, &s->groups, &key); g != NULL;
	    g = RB_NEXT(scsp_group_tree, &s->groups, g)) {
		e = at->started && scsp_group_cmp(g, &key) == 0 ?
		    scsp_cache_after(&g->cache, at->id) :
		    scsp_cache_first(&g->cache);
		if (e != NULL)
			break;
	}
	if (g == NULL)
		return NULL;
	at->started = true;
	at->pid = g->pid;
	at->sgid = g->sgid;
	at->id = e->id;
	*group = g;
	return e;
}

static void
put_record(struct wr *w, const struct scsp *s, const struct scsp_group *g,
    const struct scsp_entry *e)
{
	ctl_string(w, "cluster", g->name);
	ctl_uint(w, "server-group", g->sgid);
	ctl_uint(w, "protocol-id", g->pid);
	scsp_put_id(w, "oid", RECORD_OID(e->id));
	ctl_uint(w, "key", RECORD_KEY(e->id));
	ctl_int(w, "sequence", e->flags & ENTRY_BARE ? e->seen : e->seq);
	ctl_uint(w, "length", e->len);
	ctl_string(w, "state", entry_state(e));
	ctl_bool(w, "own", (e->flags & ENTRY_OWN) != 0);
	scsp_put_age(w, "age", s, e->since);
}

bool
scsp_show_cache(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_group *g;
	struct scsp_entry *e;

	if ((e = next_record(s, cursor, &g)) == NULL)
		return false;
	put_record(w, s, g, e);
	return true;
}

/* RFC 2443 section 3; what is not understood is shown as octets alone. */
static void
put_csa(struct wr *w, const struct csa *c)
{
	static const char *const states[] = {
		[CSA_REDIRECT] = "redirect", [CSA_SERVE] = "serve",
		[CSA_JOIN] = "join", [CSA_LEAVE] = "leave",
		[CSA_UNSERVE] = "unserve"
	};
	char text[PADDR_STRLEN];

	ctl_string(w, "says", states[c->state]);
	ctl_string(w, "protocol", mars_pro_print(&c->pro, text, sizeof(text)));
	ctl_bool(w, "register", (c->flags & CSA_F_REGISTER) != 0);
	ctl_bool(w, "layer3", (c->flags & CSA_F_LAYER3GRP) != 0);
	ctl_uint(w, "cmi", c->cmi);
	ctl_atm(w, "address", &c->atm);
	ctl_paddr(w, "protocol-address", &c->spa);
	ctl_paddr(w, "group-min", &c->min);
	ctl_paddr(w, "group-max", &c->max);
}

static void
put_octets(struct wr *w, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * 128 + 1];
	size_t i;

	for (i = 0; i < len && i < sizeof(text) / 2; i++) {
		text[2 * i] = digits[p[i] >> 4];
		text[2 * i + 1] = digits[p[i] & 15];
	}
	text[2 * i] = '\0';
	ctl_string(w, "octets", text);
}

bool
scsp_show_record(struct scsp *s, void *cursor, struct wr *w)
{
	enum csa_verdict verdict = CSA_STRANGE;
	struct scsp_group *g;
	struct scsp_entry *e;
	struct csa c;

	if ((e = next_record(s, cursor, &g)) == NULL)
		return false;
	put_record(w, s, g, e);
	if (e->data != NULL && scsp_group_is_mars(g))
		verdict = csa_decode(&c, e->data, e->len);
	if (verdict == CSA_LIVE || verdict == CSA_TOMBSTONE)
		put_csa(w, &c);
	else
		ctl_null(w, "says");
	if (e->data != NULL)
		put_octets(w, e->data, e->len);
	else
		ctl_null(w, "octets");
	return true;
}
