/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Virtual circuits: the primitives of RFC 2022 section 3.4 over backends
 * that nobody above can tell apart.  The protocols include this header of
 * the directory and no other; who opens a link includes a backend's.
 *
 *	vc.c		the functions below: they call the backend
 *	nvc*.c		NVC, circuits over UDP (doc/nvc.md), without a socket
 *	vc_udp.c	backend: NVC and its socket
 *	vc_svc.c	backend: switched ATM circuits
 *	vc_party.c	the leaves of such a call as parties of one call
 *	vc_pvc.c	backend: permanent ATM circuits
 *	vc_atm.c	what the last two backends have in common
 *	vc_port.c	one descriptor, and the SDUs that wait for it
 *	atm*.c		the sockets of the system's ATM stack
 *
 * The directory stands on codecs and timers.  It knows nothing of processes:
 * descriptors, random numbers and the clock are given to it.  The backends
 * use libevent; nvc*.c and vc.c do not, so that the simulator and the unit
 * tests can have networks of their own below them.
 *
 * A link is one local address.  Calls are asynchronous: whatever comes of a
 * call down, nothing goes up before it has returned.  SDUs are queued and
 * flushed once per turn of the owner's loop.  Those of one circuit go in the
 * order in which they were sent, and so do those of one root.  Between them,
 * answers go first: what is sent on point-to-point circuits does not wait for
 * the copies that roots make, and no root waits for all of another's.
 */
#ifndef MARS_VC_H
#define MARS_VC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "table.h"

/* Q.850 causes that we use or are told (doc/nvc.md) */
#define VC_CAUSE_NONE		0
#define VC_CAUSE_UNALLOCATED	1
#define VC_CAUSE_NORMAL		16
#define VC_CAUSE_REJECTED	21
#define VC_CAUSE_OUT_OF_ORDER	27
#define VC_CAUSE_UNSPECIFIED	31
#define VC_CAUSE_RATE_31	37	/* cell rate not available, UNI 3.1 */
#define VC_CAUSE_TEMPORARY	41
#define VC_CAUSE_RESOURCE	47
#define VC_CAUSE_QOS		49	/* quality of service not available */
#define VC_CAUSE_RATE_30	51	/* cell rate not available, UNI 3.0 */
#define VC_CAUSE_INVALID_REF	81

/*
 * Is this a cause that may pass, so that the call is worth another try?  Of
 * leaves RFC 2022 section 5.1.3 says so; A-111 has the server do the same.
 */
bool	vc_cause_is_temporary(uint16_t);

#define VC_SDU_MAX		9188	/* MTU 9180 and 8 octets LLC/SNAP */
/* What every peer can be sent: an IPv4 host takes 576 octets, 40 are ours. */
#define VC_SDU_MIN		536

/*
 * What waits for output on a link is bounded by the memory that it takes, for
 * SDUs of circuits and for copies of roots apart: an SDU counts with what
 * keeps it, one of a root once for each leaf that has not had it yet.  A root
 * with nothing waiting is always good for one more.  An SDU that has waited
 * for too long is dropped.
 */
#define VC_QUEUE_OCTETS		(32U << 20)	/* of circuits */
#define VC_COPIES_OCTETS	(64U << 20)	/* of roots */
#define VC_SDU_KEPT		160	/* octets that keep one, at most */
#define VC_QUEUE_TIME		MTIME_SEC(2)

/*
 * The handles.  A struct vc is a point-to-point circuit, the end of a
 * point-to-multipoint call of which we are a leaf, or a call of which we are
 * the root; a struct vc_leaf is one leaf of the latter.
 */
struct vc;
struct vc_leaf;
struct vc_link;

/* A data unit, built once whatever the number of leaves; counted. */
struct vc_sdu {
	uint32_t	refs;
	uint32_t	len;
	uint8_t		tos;	/* of the IP packet that carries it; 0 */
	uint8_t		data[];
};
/*
 * A data unit of that many octets, copied from there (NULL: zeros), with one
 * reference.  NULL: no memory.
 */
struct vc_sdu	*vc_sdu_new(const void *, size_t);
/* One reference more, and one less. */
struct vc_sdu	*vc_sdu_ref(struct vc_sdu *);
void		 vc_sdu_free(struct vc_sdu *);	/* NULL is fine */

/*
 * What goes up, to the user of a link.  arg is the link's; cookie is what
 * the user gave for that circuit or leaf.  After rqfailed, release (for a
 * circuit), leaf_failed and leaf_drop (for a leaf) the handle is dead.
 */
struct vc_user {
	/*
	 * L_REMOTE_CALL.  leaf: we are a leaf of a point-to-multipoint call
	 * and can only receive.  Returns VC_CAUSE_NONE to accept the call,
	 * and then has set *cookie, or the cause why it is refused.
	 */
	uint16_t (*remote_call)(void *arg, struct vc *,
	    const struct atm_addr *caller, bool leaf, void **cookie);
	void	(*ack)(void *arg, struct vc *, void *cookie);	/* L_ACK */
	void	(*rqfailed)(void *arg, struct vc *, void *cookie,
	    uint16_t cause);				/* ERR_L_RQFAILED */
	void	(*release)(void *arg, struct vc *, void *cookie,
	    uint16_t cause);				/* ERR_L_RELEASE */
	void	(*sdu)(void *arg, struct vc *, void *cookie,
	    const uint8_t *, size_t);
	/* the same for one leaf of a root */
	void	(*leaf_ack)(void *arg, struct vc_leaf *, void *cookie);
	void	(*leaf_failed)(void *arg, struct vc_leaf *, void *cookie,
	    uint16_t cause);				/* ERR_L_RQFAILED */
	void	(*leaf_drop)(void *arg, struct vc_leaf *, void *cookie,
	    uint16_t cause);				/* ERR_L_DROP */
	/*
	 * Of a root, and told by the flush or by a timer; both may be NULL.
	 * drained: its vc_backlog() was more than 0, and is 0 now.
	 * overflow: an SDU that had been taken was dropped, because it had
	 * waited for too long.  Some leaf may have missed something.
	 */
	void	(*drained)(void *arg, struct vc *root, void *cookie);
	void	(*overflow)(void *arg, struct vc *root, void *cookie);
};

/* A circuit as marsctl shows it; a root is shown as its leaves. */
struct vc_circuit_info {
	struct atm_addr	 local, peer;
	const char	*kind;		/* in, out, leaf-end, leaf, own-end */
	const char	*state;		/* calling, connected, ... */
	uint64_t	 number;	/* our own number of it */
	/* the peer's, which is what DATA carries over NVC; 0: none yet */
	uint64_t	 peer_number;
	uint16_t	 peer_port;	/* over NVC: of UDP; else 0 */
	uint64_t	 sdus_in, sdus_out;
	int64_t		 idle;		/* us since something came in */
};

/* What a backend supplies; users call the functions below. */
struct vc_backend {
	const char	*name;
	bool		 knows_caller;	/* can vouch for a caller's address */
	/* leaves of a root may be called before the first has answered, which
	 * UNI signalling does not know (RFC 2022 5.1.3) */
	bool		 calls_at_once;
	struct vc	*(*call)(struct vc_link *, const struct atm_addr *,
			    void *);
	struct vc	*(*multi)(struct vc_link *, void *);
	struct vc_leaf	*(*multi_add)(struct vc *, const struct atm_addr *,
			    void *);
	void		 (*multi_drop)(struct vc_leaf *);
	void		 (*release)(struct vc *, uint16_t);
	int		 (*send)(struct vc *, struct vc_sdu *);
	const struct atm_addr *(*peer)(const struct vc *);
	void		 (*flush)(struct vc_link *);
	void		 (*close)(struct vc_link *);
	/* these may be NULL: then it has nothing of the kind */
	void		 (*pause)(struct vc_link *, bool);
	bool		 (*counter)(const struct vc_link *, size_t,
			    const char **, uint64_t *);
	bool		 (*circuit)(const struct vc_link *, uint32_t *,
			    struct vc_circuit_info *);
	bool		 (*leads_to)(const struct vc_link *,
			    const struct atm_addr *);
	void		 (*watch)(struct vc *);
	void		 (*leaf)(const struct vc_leaf *,
			    struct vc_circuit_info *);
	void		 (*discard)(struct vc_link *);
	uint32_t	 (*backlog)(const struct vc *);
	size_t		 (*sdu_max)(const struct vc *);
};

/* The head of every backend's own link, circuit and leaf. */
struct vc_link {
	const struct vc_backend	*backend;
	struct atm_addr		 local;
	const struct vc_user	*user;
	void			*arg;
	/* while an SDU goes up: TOS of the IP packet that carried it, if the
	 * system tells; else 0 */
	uint8_t			 tos;
	/*
	 * The owner may set this: it is shown every SDU that goes up, and every
	 * one that was taken to be sent, of a root once.  NULL: nobody looks.
	 */
	void			(*capture)(void *, struct vc *, bool out,
				    const uint8_t *, size_t);
	void			*capture_arg;
	/* of the states of its circuits; the owner may set the hook */
	struct table_faults	 faults;
};
struct vc {
	struct vc_link	*link;
	void		*cookie;
};
struct vc_leaf {
	struct vc	*root;
	void		*cookie;
};

/* For backends: the SDU goes up. */
void		 vc_deliver(struct vc *, const uint8_t *, size_t);

/* L_CALL_RQ: a bidirectional circuit.  NULL: no memory.  L_ACK follows. */
struct vc	*vc_call(struct vc_link *, const struct atm_addr *, void *);
/* L_MULTI_RQ without a leaf yet: we are the root. */
struct vc	*vc_multi(struct vc_link *, void *);
/* L_MULTI_ADD; leaf_ack or leaf_failed follows.  NULL: no memory. */
struct vc_leaf	*vc_multi_add(struct vc *, const struct atm_addr *, void *);
/* L_MULTI_DROP: the handle is dead, nothing more comes up for it. */
void		 vc_multi_drop(struct vc_leaf *);
/* L_RELEASE: the handle is dead, nothing more comes up for it. */
void		 vc_release(struct vc *, uint16_t);
/*
 * Queues one SDU; takes over the caller's reference, always.  On a root it
 * goes to every leaf that is connected now.  0, or -1 (and counted): larger
 * than the peer takes, not connected, or the queue is full.
 */
int		 vc_send(struct vc *, struct vc_sdu *);
/*
 * The SDUs of this circuit or root that wait: those that have not been handed
 * to the system, or not yet for every leaf.
 */
uint32_t	 vc_backlog(const struct vc *);
/*
 * The octets of the largest SDU that should be sent on it: what the peer takes
 * (of a root, the least of its leaves), or what the link's mtu carries in one
 * piece, whichever is less.  At least VC_SDU_MIN, at most VC_SDU_MAX.
 */
size_t		 vc_sdu_max(const struct vc *);
/* The address at the other end; of a root, nothing that is of use. */
const struct atm_addr *vc_peer(const struct vc *);
/* Can the link vouch for who is at the other end? */
bool		 vc_knows_caller(const struct vc *);
/* Sends what is queued; once per turn of the loop. */
void		 vc_flush(struct vc_link *);
/*
 * Releases every circuit and ends the link: nothing more comes up.  May be
 * called from within a function of the user.
 */
void		 vc_close(struct vc_link *);
/*
 * The SDUs that wait now count as too old, as far as no leaf has had them: so
 * what is sent next is the next to go.  For the last words of a process.
 */
void		 vc_discard(struct vc_link *);
/* true: nothing is read until false; what is queued is still sent */
void		 vc_pause(struct vc_link *, bool);
/*
 * The i-th counter by name, i from 0; false: there are no more.  The last is
 * "table-violations", of every backend.
 */
bool		 vc_counter(const struct vc_link *, size_t i, const char **name,
		    uint64_t *value);
/*
 * The next circuit after *cursor, which is 0 at the start; false: no more.
 * Anything may happen to circuits in between.
 */
bool		 vc_circuit(const struct vc_link *, uint32_t *cursor,
		    struct vc_circuit_info *);
/* The same of one leaf.  false: the backend can't tell. */
bool		 vc_leaf_circuit(const struct vc_leaf *,
		    struct vc_circuit_info *);
/*
 * Of a circuit, not of a root: that its other end has died has to be known
 * soon.  Over NVC it is within 4.25 s.  It is asked more often for that, so it
 * is for the few circuits without which nothing goes on.
 */
void		 vc_watch(struct vc *);
/* Has it a permanent circuit to that address? */
bool		 vc_leads_to(const struct vc_link *, const struct atm_addr *);
/* Does it lead to such addresses and no others, so that one can't call? */
bool		 vc_leads_only(const struct vc_link *);

/* Counters of a link; every backend has these, marsctl shows them. */
#define VC_COUNTERS(X) \
	X(calls_in, "calls-in") X(calls_out, "calls-out") \
	X(calls_refused, "calls-refused") X(calls_failed, "calls-failed") \
	X(cleared, "cleared") X(sdus_in, "sdus-in") X(sdus_out, "sdus-out") \
	X(octets_in, "octets-in") X(octets_out, "octets-out") \
	X(sdus_too_big, "sdus-too-big") X(sdus_dropped, "sdus-dropped")

#endif
