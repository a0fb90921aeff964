/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The messages between our own processes.  Every payload is written with
 * wire.h and read with wire.h, and has to be consumed to its last octet.
 * A wrong length or an unknown type from one of our own processes is fatal;
 * on a control socket it is refused and counted.
 */
#ifndef MARS_IPC_H
#define MARS_IPC_H

#include <stdint.h>

/* descriptor 3 of a child is its channel to the parent */
#define CHILD_FD	3

enum imsg_type {
	IMSG_NONE,

	/* parent -> child, once, in this order, before anything else */
	IMSG_SETUP,		/* u8 SETUP_* flags, string user, u32 verbose */
	IMSG_SIBLING,		/* fd: socketpair with the other child */
	IMSG_CONTROL,		/* fd: listening control socket */
	/* parent -> child, at start and again at every reload */
	IMSG_CONF_BEGIN,	/* u32 octets to come */
	IMSG_CONF_DATA,		/* a piece of conf_write()'s octets */
	IMSG_LISTEN,		/* fd; u8 transport, addr: a socket for the
				 * local address addr (with its SEL); addr:
				 * the peer of a permanent circuit, or null */
	IMSG_CONF_END,		/* apply it; the child answers CONF_DONE */
	/* child -> parent */
	IMSG_CONF_DONE,		/* empty */
	IMSG_READY,		/* confined; sandbox state: string */
	IMSG_CTL_RELOAD_REQ,	/* u32 id of the control connection */
	/* parent -> child */
	IMSG_CTL_RELOAD_RES,	/* u32 id, u8 ok, string what went wrong */
	IMSG_VERBOSE,		/* u32 level */
	IMSG_VERBOSE_REQ,	/* child -> parent: u32 level, for all */
	IMSG_ATM_OPEN,		/* child -> parent: u32 id, u8 ATM_OPEN_*,
				 * addr local, addr peer (null: LISTEN); each
				 * one is answered */
	IMSG_ATM_FD,		/* parent -> child: u32 id, u8 ATM_OPEN_*,
				 * addr local, addr peer, u16 cause; fd where
				 * the cause is VC_CAUSE_NONE */
	IMSG_ATM_PARTY,		/* marsd -> parent: u32 id of a root, u8
				 * ATM_PARTY_*, u32 reference (DROP), addr
				 * local, addr peer (ADD); ADD and DROP are
				 * answered, and one at a time is asked for */
	IMSG_ATM_PARTY_RES,	/* parent -> marsd: u32 id of the root, u8
				 * ATM_PARTY_*, u32 reference, addr local, u16
				 * cause */

	/* marsd <-> scspd; every one begins with u16 SGID */
	IMSG_CSA_PUBLISH,	/* marsd: u32 key, rest data; we originate */
	IMSG_CSA_HIDE,		/* marsd: oid(4), u32 n, n x u32 key; A-8 */
	IMSG_CSA_REVIVE,	/* the same */
	IMSG_CSA_ERASE,		/* the same */
	IMSG_CSA_REALIGN,	/* marsd: all CAFSMs to negotiation; A-8 (a) */
	IMSG_CSA_UPDATE,	/* scspd: oid(4), u32 key, u32 seq (two's
				 * complement), u8 CSA_HOW_*, rest data: this
				 * instance is in the cache now */
	IMSG_CSA_OWN,		/* scspd: u32 key, u32 seq, rest data: a record
				 * with our OID that nothing local backs, or
				 * newer than ours.  marsd answers
				 * with PUBLISH for that key: as it is now, or
				 * withdrawn */
	IMSG_CSA_GONE,		/* scspd: oid(4), u32 key: no longer in the
				 * cache */
	IMSG_CSA_NEIGHBOR,	/* scspd: oid(4), u8 aligned */

	/* control clients; see ctl.h */
	IMSG_CTL_REQUEST,	/* u8 n, n x string command and arguments, then
				 * per filter string word, string value */
	IMSG_CTL_ROW,		/* one object, ctl.h */
	IMSG_CTL_END,		/* u8 ok, string what went wrong */

	IMSG_TYPE_MAX
};

#define SETUP_PRIVILEGED	0x01	/* started as root: chroot and setuid */

enum atm_open {			/* a socket of the ATM stack */
	ATM_OPEN_CALL = 1,	/* a switched circuit, connected */
	ATM_OPEN_LEAF,		/* the same as the root of one leaf */
	ATM_OPEN_LISTEN,	/* for calls to local, after one was lost */
	ATM_OPEN_PVC,		/* the permanent circuit to peer, likewise */
	ATM_OPEN_ROOT		/* a call to local itself, to add parties to */
};

enum atm_party {		/* of a root: */
	ATM_PARTY_ADD = 1,	/* one to peer; the reference, or 0: failed */
	ATM_PARTY_DROP,		/* 0, or one that has left meanwhile */
	ATM_PARTY_END,		/* the root is over: no answer */
	ATM_PARTY_LEFT,		/* answer only: that one has, by itself */
	ATM_PARTY_STUCK		/* answer only: it can't be done any more */
};

enum csa_how {			/* how scspd learned it; A-6 */
	CSA_HOW_FLOODED = 1,
	CSA_HOW_ALIGNED = 2	/* solicited during alignment */
};

/*
 * By how much scspd goes past the number of an earlier life (RFC 2334 section
 * B.2.0.2, A-11), and marsd knows that nothing else has happened.
 */
#define SEQ_RESTART	16

#endif
