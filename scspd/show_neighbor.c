/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of neighbors, and of the keys that they share with us. */
#include "align.h"
#include "hello.h"
#include "show_impl.h"

static const char *
replay_state(const struct scsp_neighbor *nb)
{
	if (!nb->conf.auth)
		return "off";
	if (nb->replay.proven != 0)
		return "in force";
	return nb->conf.replay_required || nb->replay.shown ? "pending" :
	    "not offered";
}

static void
put_keys(struct wr *w, const struct scsp_neighbor *nb)
{
	const struct scsp_auth_key *k = scsp_auth_sign_key(
	    nb->keys, nb->nkeys, nb->scsp->ops->wallclock(nb->scsp->arg));

	if (!nb->conf.auth)
		ctl_string(w, "auth", "off");
	else if (k == NULL)
		ctl_string(w, "auth", "no valid key");
	else {
		ctl_string(w, "auth", scsp_auth_key_algorithm(k));
		ctl_uint(w, "spi", scsp_auth_key_spi(k));
	}
	ctl_string(w, "replay", replay_state(nb));
}

/* Seconds until it expires, or null. */
static void
put_timer(struct wr *w, const char *name, const struct scsp *s,
    const struct timer *t)
{
	int64_t us = t->due.us - s->timers->now.us;

	if (!timer_isset(t))
		ctl_null(w, name);
	else
		ctl_age(w, name, us < 0 ? 0 :
		    (uint64_t)((us + MTIME_SEC(1) - 1) / MTIME_SEC(1)));
}

/* What is said, when it is said next, and when silence counts. */
static void
put_timers(struct wr *w, const struct scsp_neighbor *nb)
{
	const struct scsp *s = nb->scsp;

	ctl_uint(w, "hello-interval", nb->conf.hello_interval);
	ctl_uint(w, "dead-factor", nb->conf.dead_factor);
	if (nb->has_id) {
		ctl_uint(w, "hello-interval-theirs", nb->interval);
		ctl_uint(w, "dead-factor-theirs", nb->dead);
	} else {
		ctl_null(w, "hello-interval-theirs");
		ctl_null(w, "dead-factor-theirs");
	}
	put_timer(w, "next-hello", s, &nb->hello_timer);
	put_timer(w, "silent-in", s, &nb->heard_timer);
	put_timer(w, "unlisted-in", s, &nb->listed_timer);
	put_timer(w, "ca-again-in", s, &nb->ca_timer);
	put_timer(w, "csus-again-in", s, &nb->csus_timer);
	put_timer(w, "csu-again-in", s, &nb->csu_timer);
}

bool
scsp_show_neighbors(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_place *at = cursor;
	struct scsp_neighbor *nb;

	if ((nb = scsp_show_neighbor_at(s, at->n)) == NULL)
		return false;
	at->n++;
	ctl_string(w, "cluster", nb->group->name);
	ctl_uint(w, "server-group", nb->group->sgid);
	ctl_uint(w, "protocol-id", nb->group->pid);
	ctl_atm(w, "address", &nb->peer->addr);
	if (nb->has_id)
		scsp_put_id(w, "id", nb->id);
	else
		ctl_string(w, "id", "");
	ctl_string(w, "hello", scsp_hello_table.states[nb->hello]);
	ctl_string(w, "alignment", scsp_align_table.states[nb->align]);
	scsp_put_age(w, "since", s, nb->align_since);
	scsp_put_age(w, "hello-since", s, nb->hello_since);
	ctl_uint(w, "records-sent", nb->records_out);
	ctl_uint(w, "records-received", nb->records_in);
	if (nb->delay > 0)
		ctl_uint(w, "delay", (uint64_t)nb->delay);
	ctl_uint(w, "csu-queue", nb->nqueued);
	ctl_uint(w, "csus-pending", scsp_solicit_pending(nb));
	put_keys(w, nb);
	ctl_uint(w, "hellos-in", nb->hellos_in);
	ctl_uint(w, "hellos-out", nb->hellos_out);
	ctl_uint(w, "retransmissions", nb->retransmissions);
	ctl_uint(w, "dropped", scsp_show_dropped(nb->drops));
	ctl_bool(w, "master", nb->master);
	ctl_uint(w, "circuits", nb->peer->ncircuits);
	ctl_uint(w, "octets-max", nb->mtu);
	put_timers(w, nb);
	scsp_problem_show(w, &nb->problem, s->timers->now);
	return true;
}

/* --- keys */

static struct scsp_auth_key *
key_at(struct scsp *s, uint32_t n)
{
	struct scsp_key *k;

	SLIST_FOREACH(k, &s->keys, entry)
		if (n-- == 0)
			return k->key;
	return NULL;
}

/* Whose key it is, and to whom it signs. */
static void
put_key_users(struct wr *w, struct scsp *s, const struct scsp_auth_key *key,
    int64_t now)
{
	const struct scsp_neighbor *nb;
	uint64_t signs = 0;
	uint32_t i;
	size_t j;

	ctl_array(w, "neighbors");
	for (i = 0; (nb = scsp_show_neighbor_at(s, i)) != NULL; i++) {
		for (j = 0; j < nb->nkeys && nb->keys[j] != key; j++)
			;
		if (j == nb->nkeys || wr_left(w) < 1024)
			continue;
		ctl_atm(w, "", &nb->peer->addr);
		signs += scsp_auth_sign_key(nb->keys, nb->nkeys, now) == key;
	}
	ctl_close(w);
	ctl_uint(w, "signs", signs);
}

bool
scsp_show_keys(struct scsp *s, void *cursor, struct wr *w)
{
	int64_t now = s->ops->wallclock(s->arg);
	struct scsp_place *at = cursor;
	struct scsp_auth_key *key = key_at(s, at->n);
	struct conf_period when;

	if (key == NULL)
		return false;
	at->n++;
	when = scsp_auth_key_time(key);
	ctl_uint(w, "spi", scsp_auth_key_spi(key));
	ctl_string(w, "algorithm", scsp_auth_key_algorithm(key));
	ctl_validity(w, when.from, when.until, now);
	put_key_users(w, s, key, now);
	return true;
}
