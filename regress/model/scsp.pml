/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 *
 * SCSP (RFC 2334) between N servers: hello, cache alignment, cache state
 * update, over links that lose, duplicate and reorder.  README says what is
 * abstracted and how it is checked.
 *
 * -DN=2|3	servers; 3 are a line 0 - 1 - 2, or a ring with -DRING
 * -DLOSS -DDUP -DSWAP	how many messages may be lost, doubled, overtaken
 * -DCHANGE	how many times an owner changes its entry
 * -DRESTART	how many times a server starts again with an empty memory
 * -DPRINTED_O	master's first O bit as 2.2.1 2d prints it (A-53)
 * -DPRINTED_SLAVE	no answer where 2.2.2 rule 5c has none (A-54)
 * -DPRINTED_CHANGE	changes during summarize are not queued (A-63)
 */
#ifndef N
#define N 2
#endif
#ifndef LOSS
#define LOSS 1
#endif
#ifndef DUP
#define DUP 0
#endif
#ifndef SWAP
#define SWAP 0
#endif
#ifndef CHANGE
#define CHANGE 0
#endif
#ifndef RESTART
#define RESTART 0
#endif

#define NONE	15
#define CAP	4

/* message types; CA: seq, flags, entry, version; others: entry, version */
#define HELLO	1	/* a: does the sender hear the receiver? */
#define CA	2
#define CSUS	3
#define CSUQ	4
#define CSUR	5

#define F_M	4
#define F_I	2
#define F_O	1

/* hello states of 2.1 (Down is left out: circuits are always there) */
#define WAITING	0
#define UNI	1
#define BI	2

/* alignment states of 2.2 */
#define DOWN	0
#define NEG	1
#define SUMM	2
#define UPD	3
#define ALIGNED	4

/* two lanes per direction: a message on the second may be overtaken */
chan q[N * N * 2] = [CAP] of { byte, byte, byte, byte, byte };

byte losses = LOSS, dups = DUP, swaps = SWAP;

#define K(s, n)	((s) * N + (n))
#define V(s, e)	ver[(s) * N + (e)]

byte ver[N * N];	/* what each server knows of each entry; 0: nothing */
byte h[N * N];		/* hello state towards a neighbor */
byte ca[N * N];		/* alignment state */
bool master[N * N];
byte seq[N * N];	/* CA sequence number */
byte next[N * N];	/* next entry to be summarized */
byte lastf[N * N], laste[N * N], lastv[N * N];	/* the CA sent last */
bool saved[N * N];	/* former slave's copy of it (A-57) */
byte crl[N * N];	/* entries to be solicited, a bit each */
byte want[N * N * N];	/* their versions */
byte pend[N * N];	/* entries waiting for a CSU Reply */
byte due[N];		/* neighbors whose timers have expired */

#ifdef RING
#define LINKED(s, n)	((s) != (n))
#else
#define LINKED(s, n)	((s) + 1 == (n) || (n) + 1 == (s))
#endif

inline put(k, t, a, b, c, d) {
	if
	:: true -> q[(k) * 2]!t, a, b, c, d
	:: losses > 0 -> losses--
	:: dups > 0 -> dups--;
		q[(k) * 2]!t, a, b, c, d; q[(k) * 2]!t, a, b, c, d
	:: swaps > 0 -> swaps--; q[(k) * 2 + 1]!t, a, b, c, d
	fi
}

/* the entry summarized next, from next[k]; ce NONE if there is none */
inline cursor(s, k) {
	ce = next[k];
	do
	:: ce < N && V(s, ce) == 0 -> ce++
	:: else -> break
	od;
	if :: ce >= N -> ce = NONE :: else fi
}

/* sends the next summary, or an empty CA; O: records follow (B.2.1) */
inline send_summary(s, k, mbit, force) {
	cursor(s, k);
	lastf[k] = mbit;
	laste[k] = ce;
	if
	:: ce == NONE -> lastv[k] = 0
	:: else ->
		lastv[k] = V(s, ce);
		next[k] = ce + 1;
		cursor(s, k);
		if
		:: ce != NONE || force -> lastf[k] = lastf[k] | F_O
		:: else
		fi
	fi;
	put(k, CA, seq[k], lastf[k], laste[k], lastv[k])
}

inline resend(k) {
	put(k, CA, seq[k], lastf[k], laste[k], lastv[k])
}

inline negotiate(k) {
	ca[k] = NEG;
	seq[k] = seq[k] + 1;
	next[k] = 0;
	crl[k] = 0;
	pend[k] = 0;
	saved[k] = false;
	lastf[k] = F_M | F_I | F_O;
	laste[k] = NONE;
	lastv[k] = 0;
	resend(k)
}

inline ca_down(k) {
	ca[k] = DOWN;
	crl[k] = 0;
	pend[k] = 0;
	saved[k] = false
}

/* 2.2.2.1 */
inline summary(s, k, e, v) {
	if
	:: e != NONE && v > V(s, e) ->
		crl[k] = crl[k] | (1 << e);
		want[(k) * N + e] = v
	:: else
	fi
}

inline lowest(mask) {
	ce = 0;
	do
	:: (mask & (1 << ce)) == 0 -> ce++
	:: else -> break
	od
}

/* one CSUS outstanding: the lowest entry of the list (2.2.3) */
inline solicit(k) {
	if
	:: crl[k] != 0 ->
		lowest(crl[k]);
		put(k, CSUS, 0, 0, ce, want[(k) * N + ce])
	:: else
	fi
}

inline request(s, k, e) {
	pend[k] = pend[k] | (1 << e);
	put(k, CSUQ, 0, 0, e, V(s, e))
}

inline update_cache(s, k) {
	ca[k] = UPD;
	saved[k] = !master[k];
	if
	:: crl[k] == 0 -> ca[k] = ALIGNED
	:: else -> solicit(k)
	fi;
	/* what changed meanwhile (A-63) */
	if
	:: pend[k] != 0 -> lowest(pend[k]); request(s, k, ce)
	:: else
	fi
}

/* entry e has changed: to every neighbor but x (2.3) */
inline flood(s, e, x) {
	fn = 0;
	do
	:: fn < N ->
		if
		:: LINKED(s, fn) && fn != x && ca[K(s, fn)] >= UPD ->
			request(s, K(s, fn), e)
#ifndef PRINTED_CHANGE
		:: LINKED(s, fn) && fn != x && (ca[K(s, fn)] == NEG ||
		    ca[K(s, fn)] == SUMM) ->
			pend[K(s, fn)] = pend[K(s, fn)] | (1 << e)
#endif
		:: else
		fi;
		fn++
	:: else -> break
	od;
	fn = 0
}

/* list entries that the cache satisfies, whoever sent them (A-72) */
inline satisfied(s) {
	fn = 0;
	do
	:: fn < N ->
		if
		:: LINKED(s, fn) && crl[K(s, fn)] != 0 ->
			e2 = 0;
			do
			:: e2 < N ->
				if
				:: (crl[K(s, fn)] & (1 << e2)) != 0 &&
				    V(s, e2) >= want[K(s, fn) * N + e2] ->
					crl[K(s, fn)] = crl[K(s, fn)] & ~(1 << e2);
					if
					:: crl[K(s, fn)] != 0 && ca[K(s, fn)] >= UPD ->
						solicit(K(s, fn))
					:: else
					fi
				:: else
				fi;
				e2++
			:: else -> break
			od;
			if
			:: crl[K(s, fn)] == 0 && ca[K(s, fn)] == UPD ->
				ca[K(s, fn)] = ALIGNED
			:: else
			fi
		:: else
		fi;
		fn++
	:: else -> break
	od;
	fn = 0; e2 = 0
}

/* 2.2.1 */
inline negotiation(s, n, k) {
	if
	:: b == (F_M | F_I | F_O) && c == NONE && n > s ->
		ca[k] = SUMM;
		master[k] = false;
		seq[k] = a;
		send_summary(s, k, 0, false)
	:: (b & (F_M | F_I)) == 0 && n < s && a == seq[k] ->
		ca[k] = SUMM;
		master[k] = true;
		summary(s, k, c, d);
		seq[k] = seq[k] + 1;
#ifdef PRINTED_O
		send_summary(s, k, F_M, true)
#else
		send_summary(s, k, F_M, false)
#endif
	:: else
	fi
}

/*
 * Back to negotiation, which sees the same message (A-55, A-56).  Where that
 * message makes the LS a slave at once, its own initial CA is not sent: it
 * would throw the master back, whose next initial CA would throw the slave
 * back, for ever (found here).
 */
inline again(s, n, k) {
#ifdef PRINTED_AGAIN
	negotiate(k);
	negotiation(s, n, k)
#else
	if
	:: b == (F_M | F_I | F_O) && c == NONE && n > s ->
		ca_down(k);
		next[k] = 0;
		negotiation(s, n, k)
	:: else ->
		negotiate(k);
		negotiation(s, n, k)
	fi
#endif
}

/* 2.2.2 as master */
inline summarize_master(s, n, k) {
	if
	:: (b & (F_M | F_I)) != 0 -> again(s, n, k)
	:: (b & (F_M | F_I)) == 0 && a + 1 == seq[k]	/* rule 2 */
	:: (b & (F_M | F_I)) == 0 && a == seq[k] ->
		summary(s, k, c, d);
		seq[k] = seq[k] + 1;
		cursor(s, k);
		if
		:: ce == NONE && (b & F_O) == 0 -> update_cache(s, k)
		:: else -> send_summary(s, k, F_M, false)
		fi
	:: (b & (F_M | F_I)) == 0 && a != seq[k] && a + 1 != seq[k] ->
		again(s, n, k)				/* A-67 */
	fi
}

/* 2.2.2 as slave */
inline summarize_slave(s, n, k) {
	if
	:: (b & F_M) == 0 || (b & F_I) != 0 -> again(s, n, k)
	:: (b & F_M) != 0 && (b & F_I) == 0 && a == seq[k] -> resend(k)
	:: (b & F_M) != 0 && (b & F_I) == 0 && a == seq[k] + 1 ->
		summary(s, k, c, d);
		seq[k] = a;
		cursor(s, k);
		if
		:: ce == NONE && (lastf[k] & F_O) == 0 && (b & F_O) == 0 ->
			send_summary(s, k, 0, false);
			update_cache(s, k)
		:: ce != NONE ->
			send_summary(s, k, 0, false);
			if
			:: (lastf[k] & F_O) == 0 && (b & F_O) == 0 ->
				update_cache(s, k)
			:: else
			fi
		:: else ->
#ifdef PRINTED_SLAVE
			skip
#else
			send_summary(s, k, 0, false)
#endif
		fi
	:: else -> again(s, n, k)			/* rule 6 */
	fi
}

/* A CA when alignment is over (A-56) */
inline late_ca(s, n, k) {
	if
	:: saved[k] && a == seq[k] && (b & F_M) != 0 && (b & F_I) == 0 ->
		resend(k)
	:: !saved[k] && master[k] && (b & (F_M | F_I)) == 0 &&
	    (a + 1 == seq[k] || a + 2 == seq[k])
	:: else -> again(s, n, k)
	fi
}

inline got_ca(s, n, k) {
	if
	:: ca[k] == DOWN
	:: ca[k] == NEG -> negotiation(s, n, k)
	:: ca[k] == SUMM && master[k] -> summarize_master(s, n, k)
	:: ca[k] == SUMM && !master[k] -> summarize_slave(s, n, k)
	:: ca[k] >= UPD -> late_ca(s, n, k)
	fi
}

inline got_request(s, n, k, e, v) {
	saved[k] = false;
	if
	:: v > V(s, e) && e == s ->
		/* our own from before a restart: go past it (A-11) */
		V(s, e) = v + 1;
		put(k, CSUR, 0, 0, e, v);
		flood(s, e, NONE);
		satisfied(s)
	:: v > V(s, e) && e != s ->
		V(s, e) = v;
		pend[k] = pend[k] & ~(1 << e);		/* A-90 */
		put(k, CSUR, 0, 0, e, v);
		flood(s, e, n);
		satisfied(s)
	:: v == V(s, e) ->
		pend[k] = pend[k] & ~(1 << e);
		put(k, CSUR, 0, 0, e, v);
		satisfied(s)
	:: v < V(s, e) ->
		put(k, CSUR, 0, 0, e, V(s, e))
	fi
}

inline got_reply(s, k, e, v) {
	saved[k] = false;
	if
	:: v >= V(s, e) -> pend[k] = pend[k] & ~(1 << e)
	:: else
	fi;
	if
	:: v > V(s, e) ->
		summary(s, k, e, v);
		solicit(k)
	:: else
	fi
}

inline got_hello(k) {
	if
	:: h[k] == BI && a == 0 -> h[k] = UNI; ca_down(k); put(k, HELLO, 1, 0, 0, 0)
	:: h[k] == BI && a == 1
	:: h[k] == UNI && a == 0
	:: h[k] == WAITING && a == 0 -> h[k] = UNI; put(k, HELLO, 1, 0, 0, 0)
	:: h[k] != BI && a == 1 ->
		if
		:: h[k] == WAITING -> put(k, HELLO, 1, 0, 0, 0)
		:: else
		fi;
		h[k] = BI;
		negotiate(k)
	fi
}

inline got(s, n, k) {
	if
	:: t == HELLO -> got_hello(k)
	:: t == CA -> got_ca(s, n, k)
	:: t == CSUS && ca[k] >= UPD -> saved[k] = false; request(s, k, c)
	:: t == CSUQ && ca[k] >= UPD -> got_request(s, n, k, c, d)
	:: t == CSUR && ca[k] >= UPD -> got_reply(s, k, c, d)
	:: else			/* A-94 */
	fi;
	printf("%d<-%d type %d a %d b %d c %d d %d: h %d ca %d seq %d\n", s, n, t, a, b, c, d, h[k], ca[k], seq[k]);
	t = 0; a = 0; b = 0; c = 0; d = 0; ce = 0
}

/* does anything of this adjacency still have to happen? */
#define BUSY(k)	(h[k] != BI || ca[k] != ALIGNED || pend[k] != 0 || crl[k] != 0)

inline expire(s, n, k) {
	due[s] = due[s] & ~(1 << (n));
	/* the periodic Hello, while it can change anything */
	if
	:: BUSY(k) || BUSY(K(n, s)) ->
		put(k, HELLO, (h[k] != WAITING), 0, 0, 0)
	:: else
	fi;
	if
	:: ca[k] == NEG || (ca[k] == SUMM && master[k]) -> resend(k)
	:: ca[k] >= UPD && crl[k] != 0 -> solicit(k)
	:: else
	fi;
	if
	:: ca[k] >= UPD && pend[k] != 0 -> lowest(pend[k]); request(s, k, ce)
	:: else
	fi;
	ce = 0
}

byte changes = CHANGE, restarts = RESTART;

proctype server(byte me) {
	byte t, a, b, c, d, ce, fn, e2;
	byte n;

end:	do
	:: atomic { (me > 0 && LINKED(me, 0) &&
	    nempty(q[K(0, me) * 2])) ->
		q[K(0, me) * 2]?t, a, b, c, d; got(me, 0, K(me, 0)) }
	:: atomic { (me > 0 && LINKED(me, 0) &&
	    nempty(q[K(0, me) * 2 + 1])) ->
		q[K(0, me) * 2 + 1]?t, a, b, c, d; got(me, 0, K(me, 0)) }
	:: atomic { (me != 1 && LINKED(me, 1) &&
	    nempty(q[K(1, me) * 2])) ->
		q[K(1, me) * 2]?t, a, b, c, d; got(me, 1, K(me, 1)) }
	:: atomic { (me != 1 && LINKED(me, 1) &&
	    nempty(q[K(1, me) * 2 + 1])) ->
		q[K(1, me) * 2 + 1]?t, a, b, c, d; got(me, 1, K(me, 1)) }
#if N > 2
	:: atomic { (me != 2 && LINKED(me, 2) &&
	    nempty(q[K(2, me) * 2])) ->
		q[K(2, me) * 2]?t, a, b, c, d; got(me, 2, K(me, 2)) }
	:: atomic { (me != 2 && LINKED(me, 2) &&
	    nempty(q[K(2, me) * 2 + 1])) ->
		q[K(2, me) * 2 + 1]?t, a, b, c, d; got(me, 2, K(me, 2)) }
#endif
	:: atomic { (due[me] & 1) != 0 -> expire(me, 0, K(me, 0)) }
	:: atomic { (due[me] & 2) != 0 -> expire(me, 1, K(me, 1)) }
#if N > 2
	:: atomic { (due[me] & 4) != 0 -> expire(me, 2, K(me, 2)) }
#endif
#if CHANGE > 0
	:: atomic { changes > 0 -> changes--; V(me, me) = V(me, me) + 1;
		flood(me, me, NONE); ce = 0 }
#endif
#if RESTART > 0
	:: atomic { restarts > 0 -> restarts--;
		n = 0;
		do
		:: n < N ->
			V(me, n) = (n == me -> 1 : 0);
			if
			:: LINKED(me, n) ->
				h[K(me, n)] = WAITING;
				ca_down(K(me, n))
			:: else
			fi;
			n++
		:: else -> break
		od;
		n = 0 }
#endif
	od
}

#if N > 2
#define QUIET12	(empty(q[K(1,2)*2]) && empty(q[K(1,2)*2+1]) && \
		empty(q[K(2,1)*2]) && empty(q[K(2,1)*2+1]) && \
		empty(q[K(0,2)*2]) && empty(q[K(0,2)*2+1]) && \
		empty(q[K(2,0)*2]) && empty(q[K(2,0)*2+1]) && due[2] == 0)
#else
#define QUIET12	true
#endif
#define QUIET	(empty(q[K(0,1)*2]) && empty(q[K(0,1)*2+1]) && \
		empty(q[K(1,0)*2]) && empty(q[K(1,0)*2+1]) && \
		due[0] == 0 && due[1] == 0 && QUIET12)

#if N == 2
#define UNDONE	(BUSY(K(0,1)) || BUSY(K(1,0)))
#define EQUAL	(V(0,0) == V(1,0) && V(0,1) == V(1,1))
#elif defined(RING)
#define UNDONE	(BUSY(K(0,1)) || BUSY(K(1,0)) || BUSY(K(1,2)) || \
		BUSY(K(2,1)) || BUSY(K(0,2)) || BUSY(K(2,0)))
#else
#define UNDONE	(BUSY(K(0,1)) || BUSY(K(1,0)) || BUSY(K(1,2)) || BUSY(K(2,1)))
#endif
#if N > 2
#define EQUAL	(V(0,0) == V(1,0) && V(0,1) == V(1,1) && V(0,2) == V(1,2) && \
		V(2,0) == V(1,0) && V(2,1) == V(1,1) && V(2,2) == V(1,2))
#endif

/*
 * Time passes only when everything that was sent has arrived or is lost;
 * then every timer that is set expires, so that none is starved.
 */
active proctype clock() {
end:	do
	:: atomic { QUIET && UNDONE ->
#if N == 2
		printf("tick\n"); due[0] = 2; due[1] = 1
#elif defined(RING)
		due[0] = 6; due[1] = 5; due[2] = 3
#else
		due[0] = 2; due[1] = 5; due[2] = 2
#endif
	}
	od
}

/* Where nothing can happen any more, everybody knows the same. */
active proctype monitor() {
end:	do
	:: timeout -> assert(!UNDONE && EQUAL); break
	od
}

init {
	byte i;

	atomic {
		do
		:: i < N -> V(i, i) = 1; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < N -> run server(i); i++
		:: else -> break
		od
	}
}
