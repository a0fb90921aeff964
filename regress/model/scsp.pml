/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * SCSP (RFC 2334) between N servers: hello, cache alignment, cache state
 * update, over links that lose, double, overtake and delay messages.
 * README says what is abstracted, how it is checked, and what the names
 * PRINTED_x and NO_x take away.
 *
 * Every inline is expanded where it is used, so each is used once: a step
 * of a server takes one event, notes what it has to send in out, and the
 * links' faults are decided in one place at its end.
 */
#ifndef N
#define N 2		/* servers; 3 are a line 0 - 1 - 2, or a RING */
#endif
#ifndef LOSS
#define LOSS 0		/* how many messages may be lost, */
#endif
#ifndef DUP
#define DUP 0		/* doubled, the copy arriving any time later, */
#endif
#ifndef SWAP
#define SWAP 0		/* overtaken by any number of others */
#endif
#ifndef EARLY
#define EARLY 0		/* times that timers expire before all arrived */
#endif
#ifndef CHANGE
#define CHANGE 0	/* times that an owner changes an entry of its own */
#endif
#ifndef RESTART
#define RESTART 0	/* times that a server loses its memory */
#endif
#ifndef OWN0
#define OWN0 1		/* entries that a server has at the start */
#endif
#ifndef OWN1
#define OWN1 1
#endif
#ifndef OWN2
#define OWN2 1
#endif
#if N == 2
#define NE	(OWN0 + OWN1)
#else
#define NE	(OWN0 + OWN1 + OWN2)
#endif
#define OWNER(e) ((e) < OWN0 -> 0 : ((e) < OWN0 + OWN1 -> 1 : 2))
#define NONE	15
#if N == 2
#define CAP	(8 + 6 * EARLY)
#else
#define CAP	(12 + 6 * EARLY)
#endif

/* messages: CA: seq, flags, entry, version; others: -, -, entry, version */
#define HELLO	1	/* a: does the sender hear the receiver? */
#define CA	2
#define CSUS	3
#define CSUQ	4
#define CSUR	5
/* other events of a server */
#define TIMERS	6
#define CHANGED	7
#define RESTARTED 8

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

/* two lanes per direction: the second holds what is overtaken */
chan q[N * N * 2] = [CAP] of { byte, byte, byte, byte, byte };
/* what the step at hand sends: link, message; empty between steps */
chan out = [10] of { byte, byte, byte, byte, byte, byte };

byte losses = LOSS, dups = DUP, swaps = SWAP, earlies = EARLY;
byte changes = CHANGE, restarts = RESTART;

#define K(s, n)	((s) * N + (n))
#define V(s, e)	ver[(s) * NE + (e)]
#define WANT(k, e) want[(k) * NE + (e)]

byte ver[N * NE];	/* what each server knows of each entry; 0: nothing */
byte h[N * N];		/* hello state towards a neighbor */
byte ca[N * N];		/* alignment state */
bool master[N * N];
byte seq[N * N];	/* CA sequence number; a restart keeps it (A-91) */
byte next[N * N];	/* next entry to be summarized; NE: none is left */
/* the CA sent last */
byte lasts[N * N], lastf[N * N], laste[N * N], lastv[N * N];
bool saved[N * N];	/* the former slave's copy of it (A-57) */
byte crl[N * N];	/* entries to be solicited, a bit each */
byte want[N * N * NE];	/* their versions */
byte pend[N * N];	/* entries waiting for a CSU Reply */
byte first[N * N];	/* slave: the number that alignment began with */
byte waited[N * N];	/* slave in Summarize: intervals without a CA */
byte due[N];		/* neighbors whose timers have expired */

#ifdef RING
#define LINKED(s, n)	((s) != (n))
#else
#define LINKED(s, n)	((s) + 1 == (n) || (n) + 1 == (s))
#endif

/* does anything of this adjacency still have to happen? */
#define BUSY(k)	(h[k] != BI || ca[k] != ALIGNED || pend[k] != 0 || crl[k] != 0)

#define EMPTY(s, n) (len(q[K(s, n) * 2]) + len(q[K(s, n) * 2 + 1]) == 0)
#if N == 2
#define QUIET	(EMPTY(0, 1) && EMPTY(1, 0))
#define UNDONE	(BUSY(K(0, 1)) || BUSY(K(1, 0)))
#define NODUE	(due[0] == 0 && due[1] == 0)
#else
#ifdef RING
#define QUIET	(EMPTY(0, 1) && EMPTY(1, 0) && EMPTY(1, 2) && \
		EMPTY(2, 1) && EMPTY(0, 2) && EMPTY(2, 0))
#define UNDONE	(BUSY(K(0, 1)) || BUSY(K(1, 0)) || BUSY(K(1, 2)) || \
		BUSY(K(2, 1)) || BUSY(K(0, 2)) || BUSY(K(2, 0)))
#else
#define QUIET	(EMPTY(0, 1) && EMPTY(1, 0) && EMPTY(1, 2) && EMPTY(2, 1))
#define UNDONE	(BUSY(K(0, 1)) || BUSY(K(1, 0)) || BUSY(K(1, 2)) || \
		BUSY(K(2, 1)))
#endif
#define NODUE	(due[0] == 0 && due[1] == 0 && due[2] == 0)
#endif

#define INITIAL	(b == (F_M | F_I | F_O) && c == NONE && n > me)

#ifndef NO_A68
#define FITS	(a == seq[k])
#else
#define FITS	true
#endif

/*
 * The initial CA that this alignment began with, again.  A-55 and A-56 have
 * the slave begin once more, with the same number: found here to be wrong.
 */
#ifdef PRINTED_A55
#define FROM	UPD
#else
#define FROM	SUMM
#endif
#ifdef PRINTED_A56
#define TO	SUMM
#else
#define TO	ALIGNED
#endif
#define AGAIN	(ca[k] >= FROM && ca[k] <= TO && !master[k] && INITIAL && \
		a == first[k])

/* The entry summarized next; ce NONE if there is none. */
inline cursor() {
	ce = next[k];
	do
	:: ce < NE && V(me, ce) == 0 -> ce++
	:: else -> break
	od;
	if
	:: ce >= NE -> ce = NONE; next[k] = NE
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

inline ca_clear() {				/* A-74 */
	ca[k] = DOWN;
	master[k] = false;
	next[k] = 0;
	crl[k] = 0;
	pend[k] = 0;
	saved[k] = false;
	lasts[k] = 0; lastf[k] = 0; laste[k] = 0; lastv[k] = 0;
	first[k] = 0; waited[k] = 0
}

/* 2.2.2.1 and A-61: an entry of a CA */
inline process() {
	if
	:: c != NONE && d > V(me, c) ->
		crl[k] = crl[k] | (1 << c);
		WANT(k, c) = d
	:: else
	fi
}

/* What a CA asks for: at most one of these, in this order. */
#define DO_NOTHING	0
#define DO_NEGOTIATE	1	/* clear all, send the initial CA */
#define DO_SLAVE	2	/* clear all, 2.2.1 rule 1 */
#define DO_MASTER	3	/* 2.2.1 rule 2 */
#define DO_NEXT		4	/* process, next CA */
#define DO_DONE		5	/* process, Update Cache: master */
#define DO_RESEND	6

inline judge_ca() {
	waited[k] = 0;
	if
	:: AGAIN ->
		if
#ifndef NO_REPEAT
		:: a == seq[k] && ca[k] == SUMM -> act = DO_RESEND
#endif
		:: else			/* the master is past it */
		fi
	:: else ->
	if
	:: ca[k] == DOWN
	:: ca[k] == NEG && INITIAL -> act = DO_SLAVE
	:: ca[k] == NEG && !INITIAL && (b & (F_M | F_I)) == 0 && n < me &&
	    FITS -> act = DO_MASTER
	:: ca[k] == SUMM && ((b & F_I) != 0 || ((b & F_M) != 0) == master[k])
	    ->					/* 2.2.2 rule 1 */
#ifndef NO_A55
		act = DO_NEGOTIATE
#else
		skip
#endif
	:: ca[k] == SUMM && (b & (F_M | F_I)) == 0 && master[k] ->
		cursor();
		if
		:: a + 1 == seq[k]		/* rule 2 */
		:: a == seq[k] && ce == NONE && (b & F_O) == 0 ->
			act = DO_DONE
		:: a == seq[k] && !(ce == NONE && (b & F_O) == 0) ->
			act = DO_NEXT
		:: else ->			/* A-67 */
#ifndef NO_A67
			act = DO_NEGOTIATE
#else
			skip
#endif
		fi
	:: ca[k] == SUMM && (b & (F_M | F_I)) == F_M && !master[k] ->
		cursor();
		if
		:: a == seq[k] -> act = DO_RESEND	/* rule 4 */
#ifdef PRINTED_SLAVE
		:: a == seq[k] + 1 && ce == NONE &&
		    ((lastf[k] | b) & F_O) != 0 ->
			process();
			seq[k] = a		/* rule 5, but 5c is silent */
		:: a == seq[k] + 1 && !(ce == NONE &&
		    ((lastf[k] | b) & F_O) != 0) -> act = DO_NEXT
#else
		:: a == seq[k] + 1 -> act = DO_NEXT
#endif
		:: else -> act = DO_NEGOTIATE	/* rule 6 */
		fi
#ifndef NO_A56
	:: ca[k] >= UPD && saved[k] && a == seq[k] &&
	    (b & (F_M | F_I)) == F_M -> act = DO_RESEND
	:: ca[k] >= UPD && master[k] && (b & (F_M | F_I)) == 0 &&
	    (a + 1 == seq[k] || a + 2 == seq[k])
	:: ca[k] >= UPD && !(saved[k] && a == seq[k] &&
	    (b & (F_M | F_I)) == F_M) && !(master[k] &&
	    (b & (F_M | F_I)) == 0 && (a + 1 == seq[k] || a + 2 == seq[k])) ->
		act = DO_NEGOTIATE
#endif
	:: else
	fi
	fi;
	ce = 0;
	/*
	 * A-55: the CA that throws us back makes us slave at once.  Then no
	 * initial CA of our own goes out: it would throw the master back,
	 * whose next one would throw us back, for ever.
	 */
	if
	:: act == DO_NEGOTIATE && INITIAL ->
		ca_clear();
#ifdef PRINTED_AGAIN
		seq[k] = seq[k] + 1;
		out!k, CA, seq[k], F_M | F_I | F_O, NONE, 0;
#endif
		act = DO_SLAVE
	:: else
	fi
}

inline align() {
	if
	:: act == DO_NEGOTIATE ->
		ca_clear();
		ca[k] = NEG;
		seq[k] = seq[k] + 1;
		lasts[k] = seq[k];
		lastf[k] = F_M | F_I | F_O;
		laste[k] = NONE;
		act = DO_RESEND
	:: act == DO_SLAVE ->
		ca[k] = SUMM;
		master[k] = false;
		seq[k] = a;
		first[k] = a;
		next[k] = 0;
		b = b | F_O;		/* not the end */
		c = NONE
	:: act == DO_MASTER ->
		ca[k] = SUMM;
		master[k] = true;
		next[k] = 0;
		process();
		b = b | F_O;
		seq[k] = seq[k] + 1
	:: act == DO_NEXT || act == DO_DONE ->
		process();
		seq[k] = seq[k] + 1
	:: else
	fi;
	/* the next summary, or an empty CA; O: records follow (B.2.1) */
	if
	:: act == DO_SLAVE || act == DO_MASTER || act == DO_NEXT ->
		cursor();
		lasts[k] = seq[k];
		lastf[k] = (master[k] -> F_M : 0);
		laste[k] = ce;
		lastv[k] = 0;
		if
		:: ce == NONE
		:: else ->
			lastv[k] = V(me, ce);
			next[k] = ce + 1;
			cursor();
			if
#ifdef PRINTED_O
			:: act == DO_MASTER -> lastf[k] = lastf[k] | F_O
			:: act != DO_MASTER && ce != NONE ->
				lastf[k] = lastf[k] | F_O
#else
			:: ce != NONE -> lastf[k] = lastf[k] | F_O
#endif
			:: else
			fi
		fi;
		if
		:: !master[k] && ((lastf[k] | b) & F_O) == 0 ->
#ifndef NO_A57
			saved[k] = true;
#endif
			enter = true
		:: else
		fi;
		act = DO_RESEND
	:: act == DO_DONE -> enter = true
	:: else
	fi;
	if
	:: act == DO_RESEND ->
		out!k, CA, lasts[k], lastf[k], laste[k], lastv[k]
	:: else
	fi;
	ce = 0; act = DO_NOTHING;
	if
	:: enter ->
		ca[k] = UPD;
		solicit = true;
		if
		:: pend[k] != 0 -> resend = true	/* A-63 */
		:: else
		fi
	:: else
	fi;
	enter = false
}

inline csu_request() {
	saved[k] = false;
	v = V(me, c);
	if
	:: d > v && OWNER(c) == me ->
		/* our own from before a restart: go past it (A-11) */
		V(me, c) = d + 1;
		flood = c; from = NONE
	:: d > v && OWNER(c) != me ->
		V(me, c) = d;
#ifndef NO_A90
		pend[k] = pend[k] & ~(1 << c);
#endif
		flood = c; from = n
	:: d == v -> pend[k] = pend[k] & ~(1 << c)	/* implicit */
	:: d < v -> d = v
	fi;
	v = 0;
	out!k, CSUR, 0, 0, c, d;
	solicit = true
}

inline csu_reply() {
	saved[k] = false;
	if
	:: (pend[k] & (1 << c)) != 0 && d >= V(me, c) ->
		pend[k] = pend[k] & ~(1 << c);
		if
		:: d > V(me, c) ->
			crl[k] = crl[k] | (1 << c);
			WANT(k, c) = d;
			solicit = true
		:: else
		fi
	:: else
	fi
}

inline hello() {
	if
	:: h[k] == BI && a == 0 ->
#ifndef NO_A58
		h[k] = UNI;
		ca_clear()
#else
		skip
#endif
	:: h[k] == WAITING ->
		out!k, HELLO, 1, 0, 0, 0;	/* A-60 */
		if
		:: a == 1 -> h[k] = BI; act = DO_NEGOTIATE
		:: else -> h[k] = UNI
		fi
	:: h[k] == UNI && a == 1 -> h[k] = BI; act = DO_NEGOTIATE
	:: else
	fi
}

inline timers() {
	due[me] = due[me] & ~(1 << n);
	/* the periodic Hello, while it can change anything */
	if
	:: BUSY(k) || BUSY(K(n, me)) ->
		out!k, HELLO, (h[k] != WAITING), 0, 0, 0
	:: else
	fi;
	if
#ifndef NO_WATCH
	:: ca[k] == SUMM && !master[k] ->	/* A-69 has no such rule */
		if
		:: waited[k] == 2 -> act = DO_NEGOTIATE
		:: else -> waited[k] = waited[k] + 1
		fi
#endif
#ifndef NO_CA_TIMER
	:: ca[k] == NEG || (ca[k] == SUMM && master[k]) -> act = DO_RESEND
#endif
	:: ca[k] >= UPD ->
#ifndef NO_CSUS_TIMER
		solicit = true;
#endif
#ifndef NO_CSU_TIMER
		resend = true;
#endif
		skip
	:: else
	fi
}

inline restart() {
	n = 0;
	do
	:: n < NE -> V(me, n) = (OWNER(n) == me -> 1 : 0); n++
	:: else -> break
	od;
	n = 0;
	do
	:: n < N ->
		k = K(me, n);
		if
		:: LINKED(me, n) ->
			h[k] = WAITING;
			ca_clear()
		:: else
		fi;
		n++
	:: else -> break
	od;
	n = 0; k = 0
}

/* Entry flood has changed: to every neighbor but the one it is from (2.3). */
inline flooding() {
	j = 0;
	do
	:: j < N ->
		if
		:: LINKED(me, j) && j != from && ca[K(me, j)] >= UPD ->
			pend[K(me, j)] = pend[K(me, j)] | (1 << flood);
			out!K(me, j), CSUQ, 0, 0, flood, V(me, flood)
#ifndef PRINTED_CHANGE
		:: LINKED(me, j) && j != from && ca[K(me, j)] == SUMM &&
		    flood < next[K(me, j)] ->
			pend[K(me, j)] = pend[K(me, j)] | (1 << flood)
#endif
		:: else
		fi;
		j++
	:: else -> break
	od;
	flood = NONE; from = NONE; j = 0
}

/* One CSUS outstanding: the lowest entry that the cache lacks (2.2.3). */
inline soliciting() {
	ce = 0;
	do
	:: ce < NE ->
		if
		:: (crl[k] & (1 << ce)) != 0 && V(me, ce) >= WANT(k, ce) ->
			crl[k] = crl[k] & ~(1 << ce)	/* A-72 */
		:: else
		fi;
		if
		:: (crl[k] & (1 << ce)) == 0 -> WANT(k, ce) = 0
		:: else
		fi;
		ce++
	:: else -> break
	od;
	if
	:: crl[k] != 0 ->
		lowest(crl[k]);
		out!k, CSUS, 0, 0, ce, WANT(k, ce)
	:: else ->
		if
		:: ca[k] == UPD -> ca[k] = ALIGNED
		:: else
		fi
	fi;
	ce = 0
}

/* What the links make of a message. */
inline links() {
	do
	:: len(out) > 0 ->
		out?k, t, a, b, c, d;
		assert(len(q[k * 2]) < CAP && len(q[k * 2 + 1]) < CAP);
		if
		:: true -> q[k * 2]!t, a, b, c, d
		:: losses > 0 -> losses--
		:: dups > 0 -> dups--;
			q[k * 2]!t, a, b, c, d; q[k * 2 + 1]!t, a, b, c, d
		:: swaps > 0 -> swaps--; q[k * 2 + 1]!t, a, b, c, d
		fi
	:: else -> break
	od
}

#define ARRIVE(s, lane) (LINKED(me, s) && len(q[K(s, me) * 2 + lane]) > 0) -> \
	n = s; q[K(s, me) * 2 + lane]?t, a, b, c, d

proctype server(byte me) {
	byte t, a, b, c, d, ce, n, k, j, v, act;
	byte flood = NONE, from = NONE;
	bool solicit, resend, enter;

end:	do
	:: atomic {
		if
		:: ARRIVE(0, 0)
		:: ARRIVE(0, 1)
		:: ARRIVE(1, 0)
		:: ARRIVE(1, 1)
#if N > 2
		:: ARRIVE(2, 0)
		:: ARRIVE(2, 1)
#endif
		:: (due[me] & 1) != 0 -> n = 0; t = TIMERS
		:: (due[me] & 2) != 0 -> n = 1; t = TIMERS
		:: (due[me] & 4) != 0 -> n = 2; t = TIMERS
#if CHANGE > 0
		:: changes > 0 -> changes--; t = CHANGED
#endif
#if RESTART > 0
		:: restarts > 0 -> restarts--; t = RESTARTED
#endif
		fi;
		k = K(me, n);
		if
		:: t == HELLO -> hello()
		:: t == CA -> judge_ca()
		:: t == CSUS && ca[k] >= UPD ->
			saved[k] = false;
			pend[k] = pend[k] | (1 << c);
			out!k, CSUQ, 0, 0, c, V(me, c)
		:: t == CSUQ && ca[k] >= UPD -> csu_request()
		:: t == CSUR && ca[k] >= UPD -> csu_reply()
		:: t == TIMERS -> timers()
#if CHANGE > 0
		:: t == CHANGED ->
			flood = (me == 0 -> 0 : (me == 1 -> OWN0 :
			    OWN0 + OWN1));
			V(me, flood) = V(me, flood) + 1
#endif
#if RESTART > 0
		:: t == RESTARTED -> restart()
#endif
		:: else					/* A-94 */
		fi;
		align();
		if
		:: solicit && ca[k] >= UPD -> soliciting()
		:: else
		fi;
		if
		:: resend && pend[k] != 0 ->
			lowest(pend[k]);
			out!k, CSUQ, 0, 0, ce, V(me, ce)
		:: else
		fi;
		if
		:: flood != NONE -> flooding()
		:: else
		fi;
		links();
		t = 0; a = 0; b = 0; c = 0; d = 0; ce = 0; n = 0; k = 0;
		solicit = false; resend = false
	}
	od
}

/*
 * Time passes only when everything that was sent has arrived or is lost,
 * but for earlies; then every timer that is set expires: none is starved.
 */
active proctype clock() {
end:	do
	:: atomic { UNDONE && NODUE && (QUIET || earlies > 0) ->
		if
		:: QUIET
		:: else -> earlies--
		fi;
#if N == 2
		due[0] = 2; due[1] = 1
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
	byte i;

end:	atomic {
		timeout;
		assert(!UNDONE);
		do
		:: i < NE ->
			assert(V(0, i) != 0 && V(0, i) == V(1, i));
#if N > 2
			assert(V(0, i) == V(2, i));
#endif
			i++
		:: else -> break
		od
	}
}

init {
	byte i;

	atomic {
		do
		:: i < NE -> V(OWNER(i), i) = 1; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < N -> run server(i); i++
		:: else -> break
		od
	}
}
