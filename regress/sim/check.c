/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What has to be true once nothing happens any more.  The reference is what
 * the hosts want, which the cores have no part in; the servers are asked
 * as an operator (the objects of marsctl) and as a client (MARS_REQUEST)
 * would ask them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "regress/unit/marssums.h"
#include "sim.h"

#define COMPLAINTS_MAX	12
#define SETUP_TIME	MTIME_SEC(16)	/* until a call has failed */
#define HEARD		MTIME_SEC(3)	/* from one server to all */
#define KEY_REDIRECT	0x20000U	/* below: refreshed all the time */

/* One thing that is the case at a server. */
struct fact {
	uint8_t		 proto;
	bool		 serve;
	struct paddr	 min, max;
	struct atm_addr	 who;
};

struct member {
	uint8_t		 proto;
	struct atm_addr	 who;
	uint32_t	 cmi, joins, confirmed;
	char		 server[PADDR_STRLEN];
};

struct record {
	char		 oid[PADDR_STRLEN];
	uint32_t	 key;
	int32_t		 seq;
	char		 state;		/* live, tombstone, hidden, strange */
};

struct facts {
	struct fact	*v;
	size_t		 n, max;
};
struct members {
	struct member	*v;
	size_t		 n, max;
};
struct records {
	struct record	*v;
	size_t		 n, max;
};

/* room for one more */
#define GROW(list) do { \
	if ((list)->n == (list)->max) { \
		(list)->max = (list)->max == 0 ? 256 : (list)->max * 2; \
		(list)->v = reallocarray((list)->v, (list)->max, \
		    sizeof(*(list)->v)); \
		if ((list)->v == NULL) \
			abort(); \
	} \
} while (0)

/* --- complaints: counted, and printed where they are meant */

struct check {
	struct world	*w;
	bool		 loud;
	uint32_t	 wrong;
	struct facts	 ghosts;	/* what nobody wants, D9 */
};

static void	wrong(struct check *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

static void
wrong(struct check *c, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (c->wrong++ >= COMPLAINTS_MAX || !c->loud)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fail(c->w, "%s", line);
}

/* --- rows */

struct rows {
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE];
	uint8_t		 buf[CTL_ROW_MAX];
	struct rd	 r;
};

static bool
row(struct rows *rows, struct wr *w, bool more, struct check *c)
{
	if (!more)
		return false;
	if (wr_failed(w))
		wrong(c, "a row of a show does not fit");
	rd_init(&rows->r, rows->buf, w->len);
	return true;
}

#define ROW(rows, show, core, c) \
	(wr_init(&wr, (rows)->buf, sizeof((rows)->buf)), \
	row((rows), &wr, show((core), (rows)->cursor, &wr), (c)))

static uint8_t
proto_named(const struct world *w, const char *name)
{
	char text[PADDR_STRLEN];
	uint8_t i;

	for (i = 0; i < w->nprotos; i++)
		if (strcmp(mars_pro_print(&w->pro[i], text, sizeof(text)),
		    name) == 0)
			break;
	return i;
}

/* --- ghosts */

static struct host *
host_of(struct world *w, const struct atm_addr *a, uint8_t proto)
{
	uint8_t ip[16], sel;
	struct host *h;
	uint32_t n;
	bool v6;

	if (!atm_addr_to_ip(a, &v6, ip, &sel) || v6 || ip[1] == 0)
		return NULL;
	n = (uint32_t)(ip[1] - 1) << 16 | (uint32_t)ip[2] << 8 | ip[3];
	if (n >= w->nhosts)
		return NULL;
	h = &w->host[n];
	return h->lodger != NULL && h->lodger->proto == proto ? h->lodger : h;
}

static uint32_t
ghosts(struct world *w, const struct atm_addr *a, uint8_t proto)
{
	const struct host *h = host_of(w, a, proto);

	return h == NULL || !h->moved ? 0 : h->ghosts;
}

/* --- group map: host map and server map */

static int
fact_cmp(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int r;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->serve != y->serve)
		return x->serve ? 1 : -1;
	if ((r = paddr_cmp(&x->min, &y->min)) != 0 ||
	    (r = paddr_cmp(&x->max, &y->max)) != 0)
		return r;
	return atm_addr_cmp(&x->who, &y->who);
}

static void
fact_add(struct facts *l, uint8_t proto, bool serve, const struct paddr *min,
    const struct paddr *max, const struct atm_addr *who)
{
	GROW(l);
	l->v[l->n++] = (struct fact){ proto, serve, *min, *max, *who };
}

static void
facts_wanted(const struct world *w, struct facts *l)
{
	const struct host *h;
	uint32_t i;
	size_t j;

	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		for (j = 0; h->alive && j < h->nwant; j++)
			fact_add(l, h->proto, h->mcs, &h->want[j].min,
			    &h->want[j].max, &h->addr);
	}
	if (l->n != 0)
		qsort(l->v, l->n, sizeof(*l->v), fact_cmp);
}

static size_t
facts_count(const struct facts *l, uint8_t proto, bool serve,
    const struct paddr *min, const struct paddr *max)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (l->v[i].proto == proto && l->v[i].serve == serve &&
		    paddr_equal(&l->v[i].min, min) &&
		    paddr_equal(&l->v[i].max, max))
			n++;
	return n;
}

/*
 * A row may hold only as many members as fit: then those that it leaves
 * out are taken from the wanted ones, if the count is right.
 */
static void
facts_fill(struct check *c, const struct server *s, struct facts *l,
    size_t from, const struct facts *wanted, uint64_t count, uint8_t proto,
    bool serve, const struct paddr *min, const struct paddr *max)
{
	size_t i, had = l->n - from;

	if (had == count)
		return;
	if (count != facts_count(wanted, proto, serve, min, max)) {
		wrong(c, "server %u: %llu members counted, %zu listed",
		    s->node.n, (unsigned long long)count, had);
		return;
	}
	l->n = from;
	for (i = 0; i < wanted->n; i++)
		if (wanted->v[i].proto == proto &&
		    wanted->v[i].serve == serve &&
		    paddr_equal(&wanted->v[i].min, min) &&
		    paddr_equal(&wanted->v[i].max, max))
			fact_add(l, proto, serve, min, max, &wanted->v[i].who);
}

static void
facts_row(struct check *c, const struct server *s, struct rd *r,
    struct facts *l, const struct facts *wanted)
{
	struct paddr min = { 0 }, max = { 0 };
	uint64_t count[2] = { 0, 0 };
	struct ctl_value v;
	struct atm_addr a;
	uint8_t proto = 0;
	size_t from = l->n;
	int serve = -1;

	while (ctl_next(r, &v)) {
		if (strcmp(v.name, "protocol") == 0)
			proto = proto_named(c->w, v.string);
		else if (strcmp(v.name, "group-min") == 0)
			(void)paddr_parse(&min, v.string);
		else if (strcmp(v.name, "group-max") == 0)
			(void)paddr_parse(&max, v.string);
		else if (strcmp(v.name, "member-count") == 0)
			count[0] = v.number;
		else if (strcmp(v.name, "server-count") == 0)
			count[1] = v.number;
		else if (v.tag == CTL_ARRAY) {
			serve = strcmp(v.name, "servers") == 0;
			from = l->n;
		} else if (v.tag == CTL_CLOSE)
			facts_fill(c, s, l, from, wanted, count[serve], proto,
			    serve, &min, &max);
		else if (serve >= 0 && atm_addr_parse(&a, v.string) == 0)
			fact_add(l, proto, serve, &min, &max, &a);
	}
}

static void
fact_complain(struct check *c, const struct server *s, const struct fact *f,
    const char *what)
{
	char who[ATM_STRLEN], min[PADDR_STRLEN], max[PADDR_STRLEN];

	wrong(c, "server %u %s: %s %s %s - %s", s->node.n, what,
	    atm_addr_print(&f->who, who, sizeof(who)),
	    f->serve ? "serves" : "in", paddr_print(&f->min, min, sizeof(min)),
	    paddr_print(&f->max, max, sizeof(max)));
}

static void
facts_of(struct check *c, struct server *s, struct facts *l,
    const struct facts *wanted)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	struct wr wr;

	if (rows == NULL)
		abort();
	while (ROW(rows, marsd_show_groups, s->mars, c))
		facts_row(c, s, &rows->r, l, wanted);
	if (l->n != 0)
		qsort(l->v, l->n, sizeof(*l->v), fact_cmp);
	free(rows);
}

static void
check_groups(struct check *c, struct server *s, const struct facts *wanted)
{
	struct facts l = { 0 };
	size_t i = 0, j = 0;
	int r;

	facts_of(c, s, &l, wanted);
	while (i < l.n || j < wanted->n) {
		r = i == l.n	   ? 1 :
		    j == wanted->n ? -1 :
		    fact_cmp(&l.v[i], &wanted->v[j]);
		if (r < 0 && ghosts(c->w, &l.v[i].who, l.v[i].proto) != 0)
			fact_add(&c->ghosts, l.v[i].proto, l.v[i].serve,
			    &l.v[i].min, &l.v[i].max, &l.v[i].who);
		else if (r < 0)
			fact_complain(c, s, &l.v[i], "has too much");
		else if (r > 0)
			fact_complain(c, s, &wanted->v[j], "lacks");
		i += r <= 0;
		j += r >= 0;
	}
	free(l.v);
}

/* What has been joined for so long that every server has heard of it. */
static void
facts_known(const struct world *w, struct facts *l)
{
	const struct want *v;
	const struct host *h;
	uint32_t i;
	size_t j;

	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		for (j = 0; h->alive && !h->leaving && j < h->nwant; j++) {
			v = &h->want[j];
			if (v->joined && v->since + HEARD < w->ts.now.us)
				fact_add(l, h->proto, h->mcs, &v->min, &v->max,
				    &h->addr);
		}
	}
	if (l->n != 0)
		qsort(l->v, l->n, sizeof(*l->v), fact_cmp);
}

/*
 * While nothing is lost and nobody dies: no server may be without a member
 * that stays joined, whatever moves, is redirected or comes and goes.
 */
void
check_throughout(struct world *w)
{
	struct check c = { .w = w, .loud = true };
	struct facts known = { 0 }, l;
	uint32_t i;
	size_t j, k;

	w->st.checks++;
	facts_known(w, &known);
	for (i = 0; i < w->nservers; i++) {
		if (!w->server[i].alive)
			continue;
		l = (struct facts){ 0 };
		facts_of(&c, &w->server[i], &l, &known);
		for (j = k = 0; k < known.n; k++) {
			while (j < l.n && fact_cmp(&l.v[j], &known.v[k]) < 0)
				j++;
			if (j == l.n || fact_cmp(&l.v[j], &known.v[k]) != 0)
				fact_complain(&c, &w->server[i], &known.v[k],
				    "is for a moment without");
		}
		free(l.v);
	}
	free(known.v);
}

/* --- members */

static int
member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return atm_addr_cmp(&x->who, &y->who);
}

static int
cmi_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return x->cmi < y->cmi ? -1 : x->cmi > y->cmi;
}

static void
oid_text(const struct server *s, char *buf, size_t len)
{
	struct paddr a = { .len = 4 };

	memcpy(a.a, s->node.ip, 4);
	paddr_print(&a, buf, len);
}

/* What every host believes of itself. */
static void
members_wanted(struct check *c, struct members *l)
{
	struct world *w = c->w;
	const struct server *s;
	struct member *m;
	struct host *h;
	uint32_t i;
	size_t j;

	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		if (!h->alive)
			continue;
		s = server_at(w, marsc_server(h->client));
		if (!marsc_is_registered(h->client) || s == NULL || !s->alive) {
			wrong(c, "host %u is not registered", i);
			continue;
		}
		for (j = 0; j < h->nwant; j++)
			if (!h->want[j].joined)
				wrong(c, "host %u has not joined all it wants",
				    i);
		if (h->mcs)
			continue;
		GROW(l);
		m = &l->v[l->n++];
		*m = (struct member){ .proto = h->proto,
		    .who = h->addr,
		    .cmi = marsc_cmi(h->client),
		    .joins = (uint32_t)h->nwant };
		oid_text(s, m->server, sizeof(m->server));
	}
	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(*l->v), cmi_cmp);
	for (j = 1; j < l->n; j++)
		if (cmi_cmp(&l->v[j - 1], &l->v[j]) == 0)
			wrong(c, "CMI %u is given out twice", l->v[j].cmi);
	qsort(l->v, l->n, sizeof(*l->v), member_cmp);
}

static void
member_row(
    struct check *c, const struct server *s, struct rd *r, struct members *l)
{
	struct ctl_value v;
	struct member *m;

	GROW(l);
	m = &l->v[l->n++];
	*m = (struct member){ 0 };
	while (ctl_next(r, &v)) {
		if (strcmp(v.name, "protocol") == 0)
			m->proto = proto_named(c->w, v.string);
		else if (strcmp(v.name, "address") == 0)
			(void)atm_addr_parse(&m->who, v.string);
		else if (strcmp(v.name, "cmi") == 0)
			m->cmi = (uint32_t)v.number;
		else if (strcmp(v.name, "joins") == 0)
			m->joins = (uint32_t)v.number;
		else if (strcmp(v.name, "confirmed") == 0)
			m->confirmed = (uint32_t)v.number;
		else if (strcmp(v.name, "server") != 0)
			continue;
		else if (strcmp(v.string, "local") == 0)
			oid_text(s, m->server, sizeof(m->server));
		else
			snprintf(
			    m->server, sizeof(m->server), "%.63s", v.string);
	}
}

static void
check_registered(
    struct check *c, struct server *s, const struct members *wanted)
{
	struct members l = { 0 };
	struct rows *rows = calloc(1, sizeof(*rows));
	const struct member *have, *want;
	char who[ATM_STRLEN];
	struct wr wr;
	size_t i = 0, j = 0;
	int r;

	if (rows == NULL)
		abort();
	while (ROW(rows, marsd_show_members, s->mars, c))
		member_row(c, s, &rows->r, &l);
	if (l.n != 0)
		qsort(l.v, l.n, sizeof(*l.v), member_cmp);
	while (i < l.n || j < wanted->n) {
		have = &l.v[i];
		want = &wanted->v[j];
		r = i == l.n ? 1 : j == wanted->n ? -1 : member_cmp(have, want);
		if (r < 0)
			wrong(c,
			    "server %u has a member too much: %s (cmi %u,"
			    " %u joins, at %s)",
			    s->node.n,
			    atm_addr_print(&have->who, who, sizeof(who)),
			    have->cmi, have->joins, have->server);
		else if (r > 0)
			wrong(c, "server %u lacks member %s", s->node.n,
			    atm_addr_print(&want->who, who, sizeof(who)));
		else if (have->cmi != want->cmi ||
		    (have->joins != want->joins &&
		    have->joins > want->joins +
		    ghosts(c->w, &want->who, want->proto)) ||
		    strcmp(have->server, want->server) != 0)
			wrong(c,
			    "server %u: %s has cmi %u, %u joins, is at"
			    " %s; it says %u, %u, %s",
			    s->node.n,
			    atm_addr_print(&have->who, who, sizeof(who)),
			    have->cmi, have->joins, have->server, want->cmi,
			    want->joins, want->server);
		i += r <= 0;
		j += r >= 0;
	}
	free(l.v);
	free(rows);
}

/* --- the other servers, as marsd and as scspd see them */

static void
check_alive(struct check *c, struct server *s)
{
	struct world *w = c->w;
	struct rows *rows = calloc(1, sizeof(*rows));
	bool seen[SERVERS_MAX][PROTOS] = { { false } };
	struct paddr oid = { 0 };
	struct ctl_value v;
	struct wr wr;
	uint32_t i, p = 0;
	bool up;

	if (rows == NULL)
		abort();
	while (ROW(rows, marsd_show_servers, s->mars, c)) {
		up = false;
		oid.a[3] = 0;
		while (ctl_next(&rows->r, &v)) {
			if (strcmp(v.name, "protocol") == 0)
				p = proto_named(w, v.string);
			else if (strcmp(v.name, "oid") == 0)
				(void)paddr_parse(&oid, v.string);
			else if (strcmp(v.name, "state") == 0)
				up = strcmp(v.string, "alive") == 0 ||
				    strcmp(v.string, "self") == 0;
		}
		/* of others, who are invented, nothing is said here */
		if (up && memcmp(oid.a, w->server[0].node.ip, 3) == 0 &&
		    oid.a[3] >= 1 && oid.a[3] <= w->nservers)
			seen[oid.a[3] - 1][p] = true;
	}
	for (i = 0; i < w->nservers; i++)
		for (p = 0; p < w->nprotos; p++)
			if (seen[i][p] != w->server[i].alive)
				wrong(c, "server %u: server %u is %s",
				    s->node.n, i,
				    seen[i][p] ? "alive" : "not alive");
	free(rows);
}

/* Every CAFSM to a server that lives is Aligned, and nothing is queued. */
static void
check_neighbors(struct check *c, struct server *s)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	const struct server *other;
	struct atm_addr a = { 0 };
	struct ctl_value v;
	uint64_t queued;
	struct wr wr;
	bool aligned;

	if (rows == NULL)
		abort();
	while (ROW(rows, scsp_show_neighbors, s->scsp, c)) {
		aligned = false;
		queued = 0;
		while (ctl_next(&rows->r, &v)) {
			if (strcmp(v.name, "address") == 0)
				(void)atm_addr_parse(&a, v.string);
			else if (strcmp(v.name, "alignment") == 0)
				aligned = strcmp(v.string, "Aligned") == 0;
			else if (strcmp(v.name, "csus-pending") == 0)
				queued += v.number;
		}
		atm_addr_set_sel(&a, 0);
		other = server_at(c->w, &a);
		if (other == NULL || aligned != other->alive || queued != 0)
			wrong(c,
			    "server %u: neighbor %u is %saligned, %llu"
			    " wanted",
			    s->node.n, other == NULL ? 99 : other->node.n,
			    aligned ? "" : "not ", (unsigned long long)queued);
	}
	free(rows);
}

/* --- caches */

static int
record_cmp(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int r = strcmp(x->oid, y->oid);

	if (r != 0)
		return r;
	return x->key < y->key ? -1 : x->key > y->key;
}

/*
 * Is it a name of a server that there is?  Others are invented, and it is the
 * affair of a server that lies how long it keeps what it says of them.
 */
static bool
honest(const struct world *w, const char *oid)
{
	struct paddr a;
	uint32_t i;

	if (paddr_parse(&a, oid) == -1)
		return false;
	for (i = 0; i < w->nservers; i++)
		if (memcmp(w->server[i].node.ip, a.a, 4) == 0)
			return true;
	return false;
}

static void
records_of(struct check *c, struct server *s, struct records *l)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	struct ctl_value v;
	struct record *r;
	struct wr wr;

	if (rows == NULL)
		abort();
	while (ROW(rows, scsp_show_cache, s->scsp, c)) {
		GROW(l);
		r = &l->v[l->n++];
		*r = (struct record){ 0 };
		while (ctl_next(&rows->r, &v)) {
			if (strcmp(v.name, "oid") == 0)
				snprintf(
				    r->oid, sizeof(r->oid), "%.63s", v.string);
			else if (strcmp(v.name, "key") == 0)
				r->key = (uint32_t)v.number;
			else if (strcmp(v.name, "sequence") == 0)
				r->seq = (int32_t)(int64_t)v.number;
			else if (strcmp(v.name, "state") == 0)
				r->state = v.string[0];
		}
		if (r->state == 'h' || r->state == 's' ||
		    !honest(c->w, r->oid))
			l->n--;
	}
	if (l->n != 0)
		qsort(l->v, l->n, sizeof(*l->v), record_cmp);
	free(rows);
}

/*
 * Does it have to be everywhere?  Where a liar has given a Redirect Entry
 * nearly the last number it comes to its end soon, and for a moment nobody
 * has it; check_alive() says whether it was missed.
 */
static bool
to_be_had(const struct world *w, const struct record *r)
{
	return r->state == 'l' && (w->nliars == 0 || r->key >= KEY_REDIRECT);
}

/*
 * The same live records everywhere; tombstones expire at each server in
 * its own time, but where both are they are the same.
 */
static void
compare_caches(struct check *c, const struct server *a, const struct records *x,
    const struct server *b, const struct records *y)
{
	const struct record *p, *q;
	size_t i = 0, j = 0;
	int r;

	while (i < x->n || j < y->n) {
		p = &x->v[i];
		q = &y->v[j];
		r = i == x->n ? 1 : j == y->n ? -1 : record_cmp(p, q);
		if (r < 0 && to_be_had(c->w, p))
			wrong(c, "only server %u, not %u, has record %s/%u",
			    a->node.n, b->node.n, p->oid, p->key);
		else if (r > 0 && to_be_had(c->w, q))
			wrong(c, "only server %u, not %u, has record %s/%u",
			    b->node.n, a->node.n, q->oid, q->key);
		else if (r == 0 &&
		    (p->state != q->state ||
		    (p->seq != q->seq && p->key >= KEY_REDIRECT)))
			wrong(c,
			    "record %s/%u is %c %d at server %u, %c %d at"
			    " %u",
			    p->oid, p->key, p->state, p->seq, a->node.n,
			    q->state, q->seq, b->node.n);
		i += r <= 0;
		j += r >= 0;
	}
}

static void
check_caches(struct check *c)
{
	struct records first = { 0 }, l;
	struct server *one = NULL, *s;
	uint32_t i;

	for (i = 0; i < c->w->nservers; i++) {
		s = &c->w->server[i];
		if (!s->alive)
			continue;
		l = (struct records){ 0 };
		records_of(c, s, &l);
		if (one == NULL) {
			one = s;
			first = l;
			continue;
		}
		compare_caches(c, one, &first, s, &l);
		free(l.v);
	}
	free(first.v);
}

/*
 * Joins that a host's server adopted and the host never confirmed: nobody
 * can tell a host that moved softly from one that moved hard and wants
 * nothing (D9).  They are counted, not complained of.
 */
static void
find_ghosts(struct check *c)
{
	struct world *w = c->w;
	struct rows *rows = calloc(1, sizeof(*rows));
	struct members l = { 0 };
	struct server *s;
	struct host *h;
	struct wr wr;
	uint32_t i;

	if (rows == NULL)
		abort();
	for (i = 0; i < w->nhosts; i++)
		w->host[i].ghosts = 0;
	for (i = 0; i < w->nservers; i++) {
		s = &w->server[i];
		memset(rows->cursor, 0, sizeof(rows->cursor));
		while (s->alive && ROW(rows, marsd_show_members, s->mars, c)) {
			l.n = 0;
			member_row(c, s, &rows->r, &l);
			h = host_of(w, &l.v[0].who, l.v[0].proto);
			if (h != NULL && l.v[0].joins > l.v[0].confirmed)
				h->ghosts = l.v[0].joins - l.v[0].confirmed;
		}
	}
	/* of multicast servers nobody shows it */
	for (i = 0; i < w->nhosts; i++)
		if (w->host[i].alive && w->host[i].mcs)
			w->host[i].ghosts = UINT32_MAX;
	free(l.v);
	free(rows);
}

/* What a server counts is what there is, whoever has lied to it. */
static void
check_sums(struct check *c, struct server *s)
{
	if (!marssums_hold(s->mars))
		wrong(c, "server %u counts something else", s->node.n);
}

/* All servers against the hosts, and against each other. */
static void
compare(struct check *c)
{
	struct world *w = c->w;
	struct facts wanted = { 0 };
	struct members members = { 0 };
	struct server *s;
	uint32_t i;

	w->st.checks++;
	find_ghosts(c);
	facts_wanted(w, &wanted);
	members_wanted(c, &members);
	for (i = 0; i < w->nservers && (c->loud || c->wrong == 0); i++) {
		s = &w->server[i];
		if (!s->alive)
			continue;
		check_sums(c, s);
		check_alive(c, s);
		check_neighbors(c, s);
		check_registered(c, s, &members);
		check_groups(c, s, &wanted);
	}
	if (c->loud || c->wrong == 0)
		check_caches(c);
	free(wanted.v);
	free(members.v);
}

bool
check_servers(struct world *w, bool loud)
{
	struct check c = { .w = w, .loud = loud };

	compare(&c);
	free(c.ghosts.v);
	return c.wrong == 0;
}

/* --- the members' side */

/* Who ought to be in a group, or to serve it, without one. */
static size_t
group_wanted(const struct world *w, uint8_t proto, const struct paddr *g,
    bool mcs, const struct host *but, const struct host **list)
{
	const struct host *h;
	uint32_t i;
	size_t n = 0;

	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		if (h->alive && h->mcs == mcs && h->proto == proto &&
		    h != but && host_is_in(h, g))
			list[n++] = h;
	}
	return n;
}

/* Is somebody in it, or serves it, who does not want that any more? */
static bool
haunted(const struct check *c, uint8_t proto, const struct paddr *g)
{
	const struct fact *f;
	size_t i;

	for (i = 0; i < c->ghosts.n; i++) {
		f = &c->ghosts.v[i];
		if (f->proto == proto && paddr_cmp(&f->min, g) <= 0 &&
		    paddr_cmp(g, &f->max) <= 0)
			return true;
	}
	return false;
}

static bool
has_addr(const struct atm_addr *a, size_t n, const struct atm_addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (atm_addr_equal(&a[i], addr))
			return true;
	return false;
}

static bool
has_host(const struct host **list, size_t n, const struct atm_addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (atm_addr_equal(&list[i]->addr, addr))
			return true;
	return false;
}

/* Are these addresses those hosts? */
static bool
same_hosts(
    const struct host **list, size_t n, const struct atm_addr *a, size_t na)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!has_addr(a, na, &list[i]->addr))
			return false;
	return n == na;
}

/*
 * A call that began before its host restarted reaches the life after, which
 * may not want the group any more; that it was gone for a moment nobody saw.
 */
static bool
called_across(
    struct world *w, uint8_t proto, const struct view *v, size_t i)
{
	const struct host *h = host_of(w, &v->leaf[i], proto);

	return h != NULL && h->alive && h->node.started <= v->added[i] &&
	    v->added[i] <= h->node.started + SETUP_TIME;
}

/*
 * Where two protocols share an endpoint, one of its clients may go and the
 * circuits of the endpoint stay: no leaf drops, by which senders learn of a
 * member that has deregistered.
 */
static bool
kept_by_other(
    struct world *w, uint8_t proto, const struct view *v, size_t i)
{
	const struct host *h = host_of(w, &v->leaf[i], proto), *other;

	if (h == NULL)
		return false;
	other = h->lodger != NULL ? h->lodger : h->landlord;
	return other != NULL && other->alive &&
	    other->node.started <= v->added[i] &&
	    (!h->alive || h->node.started > v->added[i]);
}

/*
 * May the view be an old one?  What was lost on a control VC may have gone
 * unnoticed, and servers that die take members with them silently
 * a member that was dead when its leaf was called is left out
 * (RFC 2022 section 5.1.3), and nobody hears that it is back where another
 * server never missed it.
 */
static bool
excused(struct world *w, uint8_t proto, const struct view *v,
    const struct host **list, size_t n)
{
	size_t i;

	if (v->since <= w->trouble)
		return true;
	for (i = 0; i < n; i++)
		if (!has_addr(v->leaf, v->n, &list[i]->addr) &&
		    list[i]->node.started + SETUP_TIME < v->since)
			return false;
	for (i = 0; i < v->n; i++)
		if (!has_host(list, n, &v->leaf[i]) &&
		    !called_across(w, proto, v, i) &&
		    !kept_by_other(w, proto, v, i))
			return false;
	return true;
}

static void
check_view(struct world *w, const struct host *h, const struct view *v,
    const struct host **list)
{
	char g[PADDR_STRLEN], who[ATM_STRLEN];
	size_t i,
	    n = h->mcs ? 0 :
	    group_wanted(w, h->proto, &v->group, true, h, list);

	if (n == 0)
		n = group_wanted(w, h->proto, &v->group, false, h, list);
	w->st.views++;
	if (same_hosts(list, n, v->leaf, v->n))
		return;
	if (excused(w, h->proto, v, list, n)) {
		w->st.views_excused++;
		trace(w, 1, &h->node, "has an old view of %s: %zu, not %zu",
		    paddr_print(&v->group, g, sizeof(g)), v->n, n);
		return;
	}
	fail(w, "host %u: its path to %s has %zu leaves, not %zu", h->node.n,
	    paddr_print(&v->group, g, sizeof(g)), v->n, n);
	for (i = 0; i < n; i++)
		if (!has_addr(v->leaf, v->n, &list[i]->addr))
			fail(w, "it lacks %s %u", list[i]->mcs ? "MCS" : "host",
			    list[i]->node.n);
	for (i = 0; i < v->n; i++)
		if (!has_host(list, n, &v->leaf[i]))
			fail(w, "it has %s too much",
			    atm_addr_print(&v->leaf[i], who, sizeof(who)));
}

static void
transmit_all(struct world *w)
{
	struct host *h;
	uint32_t i;
	size_t j;

	w->tag++;
	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		for (j = 0; !h->mcs && j < h->nviews; j++)
			host_packet(h, &h->view[j].group);
	}
}

/*
 * An MCS has a view of its own, by ServerControlVC, and it may be an old one
 * as a sender's may.
 */
static bool
old_server(const struct world *w, const struct host *mcs, const struct paddr *g)
{
	size_t i;

	for (i = 0; i < mcs->nwant; i++)
		if (paddr_equal(&mcs->want[i].min, g))
			return mcs->want[i].asked != 0 &&
			    mcs->want[i].asked <= w->trouble;
	return true;
}

/* A packet of one sender: at every member of its group, once. */
static void
check_delivery(struct world *w, struct host *from, const struct view *v,
    const struct host **list)
{
	char g[PADDR_STRLEN];
	size_t n, i, servers;

	servers = group_wanted(w, from->proto, &v->group, true, from, list);
	for (n = 0; n < servers; n++)
		if (old_server(w, list[n], &v->group)) {
			w->st.untried++;
			return;
		}
	w->tag++;
	for (i = 0; i < w->nhosts; i++)
		w->host[i].heard = 0;
	host_packet(from, &v->group);
	run_for(w, MTIME_SEC(1));
	n = group_wanted(w, from->proto, &v->group, false, from, list);
	for (i = 0; i < n; i++)
		if (list[i]->heard == 0 || (servers < 2 && list[i]->heard > 1))
			fail(w, "host %u got %u packets of host %u to %s",
			    list[i]->node.n, list[i]->heard, from->node.n,
			    paddr_print(&v->group, g, sizeof(g)));
	w->st.delivered += n;
}

static void
check_views(const struct check *c, const struct host **list)
{
	struct world *w = c->w;
	uint64_t excused = w->st.views_excused;
	struct host *h;
	uint32_t i;
	size_t j;

	transmit_all(w);
	run_for(w, MTIME_SEC(15));
	transmit_all(w);
	run_for(w, MTIME_SEC(10));
	for (i = 0; i < w->nhosts && !w->failed; i++) {
		h = &w->host[i];
		if (!h->alive || h->mcs)
			continue;
		for (j = 0; j < h->nviews; j++)
			if (!haunted(c, h->proto, &h->view[j].group))
				check_view(w, h, &h->view[j], list);
		if (h->nviews != 0 && w->st.views_excused == excused &&
		    !haunted(c, h->proto, &h->view[0].group) && rnd(w, 4) == 0)
			check_delivery(w, h, &h->view[0], list);
	}
}

/* Some ask their servers who is in a group. */
static void
check_answers(const struct check *c, const struct host **list)
{
	struct world *w = c->w;
	struct host *h;
	struct paddr g;
	char text[PADDR_STRLEN];
	uint32_t i;
	size_t n;

	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		h->asked = false;
		if (!h->alive || rnd(w, 10 + w->nhosts / 16) >= 10)
			continue;
		if (h->mcs && h->nwant == 0)
			continue;
		group_addr(w, h->proto, (uint32_t)rnd(w, w->ngroups), &g);
		host_ask(h, h->mcs ? &h->want[0].min : &g);
	}
	run_for(w, MTIME_SEC(20));
	for (i = 0; i < w->nhosts; i++) {
		h = &w->host[i];
		if (!h->asked || !h->alive ||
		    haunted(c, h->proto, &h->question))
			continue;
		w->st.probes++;
		n = h->mcs ?
		    0 :
		    group_wanted(w, h->proto, &h->question, true, NULL, list);
		if (n == 0)
			n = group_wanted(
			    w, h->proto, &h->question, false, NULL, list);
		paddr_print(&h->question, text, sizeof(text));
		if (!h->answered)
			fail(w, "host %u: no answer about %s", i, text);
		else if (!same_hosts(list, n, h->answer, h->nanswer))
			fail(w,
			    "host %u: %s has %zu members, its server says"
			    " %zu",
			    i, text, n, h->nanswer);
		h->asked = false;
	}
}

void
check_members(struct world *w)
{
	const struct host **list = calloc(w->nhosts + 1, sizeof(*list));
	struct check c = { .w = w, .loud = true };

	if (list == NULL)
		abort();
	compare(&c);
	w->st.ghosts += c.ghosts.n;
	check_views(&c, list);
	check_answers(&c, list);
	free(c.ghosts.v);
	free(list);
}

/* --- the end */

static size_t
circuits(const struct vc_port *p)
{
	struct vc_circuit_info info;
	uint32_t cursor = 0;
	size_t n = 0;

	while (nvc_circuit(p->nvc, &cursor, &info))
		if (strcmp(info.state, "connected") == 0)
			n++;
	return n;
}

/* Everybody has left, and all tombstones had their time: what is there? */
void
check_empty(struct world *w)
{
	struct check c = { .w = w, .loud = true };
	struct records l;
	struct server *s;
	uint32_t i, j, up, n = 0;

	for (i = 0; i < w->nservers; i++)
		n += w->server[i].alive;
	for (i = 0; i < w->nservers; i++) {
		s = &w->server[i];
		if (!s->alive)
			continue;
		check_sums(&c, s);
		l = (struct records){ 0 };
		records_of(&c, s, &l);
		for (j = 0; j < l.n; j++)
			if (l.v[j].key >= KEY_REDIRECT)
				wrong(&c, "server %u keeps record %s/%u (%c)",
				    i, l.v[j].oid, l.v[j].key, l.v[j].state);
		if (l.n > n * w->nprotos)
			wrong(&c, "server %u keeps %zu records", i, l.n);
		free(l.v);
		up = 0;
		for (j = 0; j < w->nservers + w->nliars; j++)
			up += w->edge[i][j] && w->server[j].alive;
		if (circuits(&s->node.port[0]) != 0)
			wrong(&c, "server %u keeps %zu circuits of clients", i,
			    circuits(&s->node.port[0]));
		if (circuits(&s->node.port[1]) < up ||
		    circuits(&s->node.port[1]) > 2 * up)
			wrong(&c, "server %u has %zu circuits to %u servers", i,
			    circuits(&s->node.port[1]), up);
	}
}
