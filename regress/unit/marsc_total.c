/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Every cell of marsc's state machines is gone through, in a client that was
 * brought into its state by what brings it there, and ends where it should:
 * one letter a cell, events in the order of the headers.  Ten minutes pass
 * after it; a sanitizer sees what is left behind.  Then random walks.
 */
#include "marsc_walk.h"

#define G	"e0010203"
#define G3	"e0010203 e0010203"
/* an IPv4 packet's first 20 octets, to 224.1.2.3, of a sender with CMI 7 */
#define DATA	"aaaa03 00005e 0001 0007 0800 " \
	"45000014 00000000 40110000 0a000001 e0010203"

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };

static void
afterwards(struct fake *f)
{
	struct timers ts;

	fake_wait(f, MTIME_SEC(600));
	marsc_host_free(f->host);
	ts = f->ts;
	free(f);
	assert_int_equal(ts.count, 0);
}

/* --- registration */

static struct fake *
reg_in(enum marsc_reg_state s)
{
	struct fake *f = fake_new(10, 3, false);
	struct fvc *control;

	if (s == MARSC_REG_OFF)
		return f;
	if (s == MARSC_REG_ASKING || s == MARSC_REG_LOOP)
		marsc_register(f->c);
	else {
		control = fake_registered(f);
		if (s == MARSC_REG_MOVING)
			fake_says(f, control,
			    MAP("00", "0001", "8001", "00000064", "01")
				NSAP("02"));
		else if (s == MARSC_REG_PAUSE)
			marsc_reg_problem(f->c, "test");
		else if (s == MARSC_REG_LEAVING)
			marsc_deregister(f->c);
	}
	if (s == MARSC_REG_LOOP) {
		fake_call_fails(f, 1);
		fake_call_fails(f, 2);
	}
	return f;
}

static void
registration(void **state)
{
	static const char letters[] = "oarmplv";
	static const char *const ends[MARSC_REG_STATE_MAX] = {
		[MARSC_REG_OFF] = "aoooooooooooooo",
		[MARSC_REG_ASKING] = "avraaalalaapaaa",
		[MARSC_REG_ON] = "rvrrrrppprppmaa",
		[MARSC_REG_MOVING] = "mvmrmmaaarapmaa",
		[MARSC_REG_PAUSE] = "popppapppppppaa",
		[MARSC_REG_LOOP] = "lolllalllllplaa",
		[MARSC_REG_LEAVING] = "avvvovooovvvvov",
	};
	struct atm_addr other = fake_addr(3);
	struct fake *f;
	int s, e;

	(void)state;
	for (s = 0; s < MARSC_REG_STATE_MAX; s++)
		for (e = 0; e < MARSC_REG_EVENT_MAX; e++) {
			f = reg_in((enum marsc_reg_state)s);
			assert_int_equal(f->c->reg.state, s);
			/* what a redirect has installed */
			if (e == MARSC_REG_EV_HARD || e == MARSC_REG_EV_SOFT)
				assert_int_equal(marsc_servers_learn(
				    &f->c->servers, &other, 1),
				    0);
			marsc_reg_event(f->c, (enum marsc_reg_event)e);
			assert_int_equal(letters[f->c->reg.state], ends[s][e]);
			afterwards(f);
		}
}

/* --- joins */

static struct marsc_joined *
the_join(const struct fake *f)
{
	return RB_ROOT(&f->c->singles);
}

static struct fake *
join_in(enum marsc_join_state s)
{
	struct fake *f = fake_new(10, 1, false);

	if (s != MARSC_JOIN_WANTED)
		fake_registered(f);
	marsc_join(f->c, &group, &group, true);
	if (s == MARSC_JOIN_WANTED || s == MARSC_JOIN_JOINING)
		return f;
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "c002", "0000", "00000065", "0a") G3);
	if (s == MARSC_JOIN_LEAVING || s == MARSC_JOIN_OWED)
		marsc_leave(f->c, &group, &group);
	if (s == MARSC_JOIN_LAPSED || s == MARSC_JOIN_DELAY ||
	    s == MARSC_JOIN_OWED)
		marsc_reg_problem(f->c, "test");
	if (s == MARSC_JOIN_DELAY) {
		fake_wait(f, MTIME_SEC(10));
		fake_ack(f, 1);
		fake_says(f, fake_vc(f, 1),
		    JOIN("04", "00", "0001", "6003", "0005", "00000066", "0a"));
	}
	return f;
}

static void
joins(void **state)
{
	static const char letters[] = "xwldjivo";
	static const char *const ends[MARSC_JOIN_STATE_MAX] = {
		[MARSC_JOIN_WANTED] = "wxxwwwwjd",
		[MARSC_JOIN_LAPSED] = "loxlllljd",
		[MARSC_JOIN_DELAY] = "dvxdjdljd",
		[MARSC_JOIN_JOINING] = "jvxijlljj",
		[MARSC_JOIN_IN] = "iviiiilii",
		[MARSC_JOIN_LEAVING] = "jvvxvoovv",
		[MARSC_JOIN_OWED] = "loooooovv",
	};
	struct marsc_joined *j;
	struct fake *f;
	int s, e;

	(void)state;
	for (s = MARSC_JOIN_OUT + 1; s < MARSC_JOIN_STATE_MAX; s++)
		for (e = 0; e < MARSC_JOIN_EVENT_MAX; e++) {
			f = join_in((enum marsc_join_state)s);
			assert_int_equal(the_join(f)->state, s);
			marsc_join_all(f->c, (enum marsc_join_event)e);
			j = the_join(f);
			assert_int_equal(
			    j == NULL ? 'x' : letters[j->state], ends[s][e]);
			afterwards(f);
		}
}

/* --- queries */

static struct marsc_query *
the_query(struct fake *f, bool list)
{
	return list ? &f->c->list : RB_ROOT(&f->c->queries);
}

static struct fake *
query_in(enum marsc_query_state s, bool list)
{
	struct fake *f = fake_new(10, 1, false);

	fake_registered(f);
	if (s == MARSC_QUERY_IDLE)
		return f;
	if (s == MARSC_QUERY_WAITING)
		f->c->limits.requests = 0; /* none has its turn */
	if (list)
		marsc_grouplist(f->c, &group, &group);
	else
		marsc_request(f->c, &group);
	if (s == MARSC_QUERY_QUIET || s == MARSC_QUERY_LATER)
		fake_says(f, fake_vc(f, 1), NAK("0a", G));
	if (s == MARSC_QUERY_LATER)
		marsc_request(f->c, &group);
	return f;
}

static void
one_query(
    enum marsc_query_state s, enum marsc_query_event e, bool list, char end)
{
	static const char letters[] = "xaqlw";
	struct fake *f = query_in(s, list);
	struct marsc_query *q = the_query(f, list);

	assert_int_equal(q->state, s);
	marsc_query_event(q, e);
	q = the_query(f, list);
	assert_int_equal(q == NULL ? 'x' : letters[q->state], end);
	afterwards(f);
}

/* An idle question about a group is none; a list is never empty. */
static void
queries(void **state)
{
	static const char *const ends[MARSC_QUERY_STATE_MAX] = {
		[MARSC_QUERY_IDLE] = "axxxxxxxxxx",
		[MARSC_QUERY_ASKING] = "aaxqaaaxaaa",
		[MARSC_QUERY_QUIET] = "lqqqqxqqqxq",
		[MARSC_QUERY_LATER] = "lllllalllal",
		[MARSC_QUERY_WAITING] = "wwwwwwwwawx",
	};
	int s, e;

	(void)state;
	for (s = 0; s < MARSC_QUERY_STATE_MAX; s++)
		for (e = 0; e < MARSC_QUERY_EVENT_MAX; e++) {
			if (s != MARSC_QUERY_IDLE)
				one_query((enum marsc_query_state)s,
				    (enum marsc_query_event)e, false,
				    ends[s][e]);
			if ((s <= MARSC_QUERY_ASKING ||
			    s == MARSC_QUERY_WAITING) &&
			    e != MARSC_QUERY_EV_EMPTY)
				one_query((enum marsc_query_state)s,
				    (enum marsc_query_event)e, true,
				    ends[s][e]);
		}
}

/* --- paths */

static struct fake *
path_in(enum marsc_path_state s)
{
	struct fake *f = fake_new(10, 1, false);
	struct marsc_path *p;

	fake_registered(f);
	marsc_transmit(f->c, &group, "a", 1);
	p = marsc_path_find(f->c, &group);
	if (s == MARSC_PATH_NONE) { /* as it is before its first packet */
		marsc_held_clear(&p->held);
		p->nheld = 0;
		p->state = MARSC_PATH_NONE;
	}
	if (s == MARSC_PATH_NONE || s == MARSC_PATH_ASKING)
		return f;
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	if (s == MARSC_PATH_CALLING)
		return f;
	fake_leaf_ack(f, 11);
	if (s == MARSC_PATH_FILLING)
		return f;
	fake_leaf_ack(f, 12);
	if (s == MARSC_PATH_UP)
		return f;
	p->revalidate = true;
	marsc_transmit(f->c, &group, "b", 1);
	return f;
}

/* What host.c does before it hands RELEASED on. */
static void
path_loses(struct marsc_path *p)
{
	if (p->vc != NULL)
		((struct fvc *)(void *)p->vc)->dead = true;
	p->vc = NULL;
}

static void
paths(void **state)
{
	static const char letters[] = "nacurf";
	static const char *const ends[MARSC_PATH_STATE_MAX] = {
		[MARSC_PATH_NONE] = "annnnnnnnnnnn",
		[MARSC_PATH_ASKING] = "aacnnaaaaaaan",
		[MARSC_PATH_CALLING] = "cccccfcnncccn",
		[MARSC_PATH_UP] = "uruuuuunnncun",
		[MARSC_PATH_REVALIDATING] = "rrunurrnnncrn",
		[MARSC_PATH_FILLING] = "fffffffnnncun",
	};
	struct atm_addr set = fake_addr(13);
	struct fake *f;
	struct marsc_path *p;
	struct vc_sdu *sdu;
	int s, e;

	(void)state;
	for (s = 0; s < MARSC_PATH_STATE_MAX; s++)
		for (e = 0; e < MARSC_PATH_EVENT_MAX; e++) {
			f = path_in((enum marsc_path_state)s);
			p = marsc_path_find(f->c, &group);
			assert_int_equal(p->state, s);
			sdu = vc_sdu_new("aaaa0300005e0001", 12);
			p->packet = sdu;
			p->set = &set;
			p->nset = 1;
			if (e == MARSC_PATH_EV_RELEASED)
				path_loses(p);
			marsc_path_event(p, (enum marsc_path_event)e);
			vc_sdu_free(sdu);
			p = marsc_path_find(f->c, &group);
			assert_int_equal(
			    p == NULL ? 'n' : letters[p->state], ends[s][e]);
			afterwards(f);
		}
}

/* --- parts */

static void
part(struct marsc_parts *p, uint16_t seq, bool last, enum marsc_parts_result r,
    enum marsc_parts_state s)
{
	static const uint8_t list[20] = { 0x35 };
	struct mars_msg m = { .op = MARS_MULTI,
		.tnum = 1,
		.seq = seq,
		.last = last,
		.msn = 7,
		.tgt_num_tl = 20,
		.list = list,
		.list_len = sizeof(list) };

	assert_int_equal(marsc_parts_input(p, &m), r);
	assert_int_equal(p->state, s);
}

/* a part after none, after some, after a bad one */
static void
parts(void **state)
{
	static const struct {
		uint16_t seq;
		bool last;
		enum marsc_parts_result r[3];
		enum marsc_parts_state s[3];
	} t[] = {
		/* part 1 is good after none, 2 after some, 4 when spoilt */
		{ 0, false,
		    { MARSC_PARTS_R_MORE, MARSC_PARTS_R_MORE,
			MARSC_PARTS_R_WAIT },
		    { MARSC_PARTS_SOME, MARSC_PARTS_SOME,
			MARSC_PARTS_SPOILT } },
		{ 0, true,
		    { MARSC_PARTS_R_DONE, MARSC_PARTS_R_DONE,
			MARSC_PARTS_R_FAILED },
		    { MARSC_PARTS_NONE, MARSC_PARTS_NONE, MARSC_PARTS_NONE } },
		{ 9, false,
		    { MARSC_PARTS_R_WAIT, MARSC_PARTS_R_WAIT,
			MARSC_PARTS_R_WAIT },
		    { MARSC_PARTS_SPOILT, MARSC_PARTS_SPOILT,
			MARSC_PARTS_SPOILT } },
		{ 9, true,
		    { MARSC_PARTS_R_FAILED, MARSC_PARTS_R_FAILED,
			MARSC_PARTS_R_FAILED },
		    { MARSC_PARTS_NONE, MARSC_PARTS_NONE, MARSC_PARTS_NONE } },
	};
	struct marsc_parts_room room = { 0, 65536 };
	struct marsc_parts p;
	size_t i;
	int s;

	(void)state;
	for (i = 0; i < 5; i++)
		for (s = 0; s < 3; s++) {
			marsc_parts_init(&p, &room, false);
			if (s > 0)
				part(&p, 1, false, MARSC_PARTS_R_MORE,
				    MARSC_PARTS_SOME);
			if (s > 1)
				part(&p, 3, false, MARSC_PARTS_R_WAIT,
				    MARSC_PARTS_SPOILT);
			if (i < 4)
				part(&p,
				    t[i].seq != 0 ?
				    t[i].seq :
				    (uint16_t)(s == 2 ? 4 : s + 1),
				    t[i].last, t[i].r[s], t[i].s[s]);
			else
				marsc_parts_reset(&p);
			if (i == 4)
				assert_int_equal(p.state, MARSC_PARTS_NONE);
			/* and then a whole answer is one */
			if (p.state == MARSC_PARTS_NONE) {
				part(&p, 1, false, MARSC_PARTS_R_MORE,
				    MARSC_PARTS_SOME);
				part(&p, 2, true, MARSC_PARTS_R_DONE,
				    MARSC_PARTS_NONE);
				assert_int_equal(p.n, 2);
			}
			marsc_parts_free(&p);
		}
}

/* --- walks */

/* A client of another protocol, which nobody answers, at the same address. */
static void
walk_beside(struct fake *f)
{
	struct atm_addr v[2] = { fake_addr(1), fake_addr(2) };
	struct marsc_conf conf = {
		.pro = { .type = PRO_IPV6 }, .servers = v, .nservers = 2
	};
	struct marsc *c;

	marsc_timers_default(&conf.timers);
	c = marsc_new(f->host, &conf);
	assert_non_null(c);
	marsc_register(c);
}

/*
 * Whatever owner, MARS, network and time do, in whatever order: no dead
 * circuit is used (marsc_fake.h), nothing is left.  What all walks together
 * reached is checked, so that they stay worth their time.
 */
static void
walks(void **state)
{
	bool reg[MARSC_REG_STATE_MAX] = { false },
	     path[MARSC_PATH_STATE_MAX] = { true };
	bool join[MARSC_JOIN_STATE_MAX] = { true };
	bool query[MARSC_QUERY_STATE_MAX] = { true };
	struct marsc_joined *j;
	struct fake *f;
	uint32_t seed;
	struct marsc_path *p;
	struct marsc_query *q;
	uint64_t evicted = 0;
	int i;

	(void)state;
	for (seed = 1; seed <= 500; seed++) {
		f = fake_new(10, 3, seed % 4 == 0);
		if (seed % 5 == 0) { /* everything is scarce */
			f->c->limits.paths = 2;
			f->c->limits.requests = 1;
			f->c->limits.requests_waiting = 1;
			f->c->limits.joins = 1;
			f->c->limits.held = 2;
		}
		f->random = seed * 2654435761u;
		marsc_register(f->c);
		if (seed % 3 == 0)
			walk_beside(f);
		if (seed % 2 == 0)
			f->told = walk_told;
		for (i = 0; i < 2000 && walk_step(f); i++) {
			reg[f->c->reg.state] = true;
			RB_FOREACH(p, marsc_path_tree, &f->c->paths)
				path[p->state] = true;
			RB_FOREACH(j, marsc_joined_tree, &f->c->singles)
				join[j->state] = true;
			RB_FOREACH(q, marsc_query_tree, &f->c->queries)
				query[q->state] = true;
		}
		evicted += f->c->evicted;
		assert_int_equal(marsc_violations(f->c), 0);
		marsc_host_free(f->host);
		walk_over(f);
	}
	for (i = 0; i < MARSC_REG_STATE_MAX; i++)
		assert_true(reg[i]);
	for (i = 0; i < MARSC_PATH_STATE_MAX; i++)
		assert_true(path[i]);
	for (i = 0; i < MARSC_JOIN_STATE_MAX; i++)
		assert_true(join[i]);
	for (i = 0; i < MARSC_QUERY_STATE_MAX; i++)
		assert_true(query[i]);
	assert_true(evicted > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration),
		cmocka_unit_test(joins),
		cmocka_unit_test(queries),
		cmocka_unit_test(paths),
		cmocka_unit_test(parts),
		cmocka_unit_test(walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
