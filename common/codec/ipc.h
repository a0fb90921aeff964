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

#define CHILD_FD	3	/* a child's channel to the parent */
#define IMSG_PARENT_MAX	16000	/* octets of a payload on that channel */

/*
 * What each message carries.  addr is an address as wr_atm_addr() writes it,
 * string is what wr_string() writes; a null address is atm_addr_is_null().
 */
enum imsg_type {
	IMSG_NONE,

	/* parent -> child: once, in this order, before anything else */
	IMSG_SETUP,		/* u8 SETUP_* flags, string user, u32 verbose */
	IMSG_SIBLING,		/* fd: socketpair with the other child */
	IMSG_CONTROL,		/* fd: listening control socket */
	IMSG_CONTROL_READERS,	/* fd: one for who may only be shown things;
				 * not always */

	/* parent -> child: at the start, and again at every reload */
	IMSG_CONF_BEGIN,	/* u32 octets to come */
	IMSG_CONF_DATA,		/* a piece of conf_write()'s octets */
	IMSG_LISTEN,		/* fd: a socket that is new; u8 transport, addr
				 * local with its SEL, addr peer of a permanent
				 * circuit, else null, u16 MTU of the interface,
				 * 0 where nobody knows */
	IMSG_CONF_END,		/* empty: apply it, and answer CONF_DONE */

	/* child -> parent */
	IMSG_CONF_DONE,		/* string: empty, or why nothing was changed */
	IMSG_READY,		/* string sandbox: it is confined */
	IMSG_CTL_RELOAD_REQ,	/* u32 id of the control connection */
	IMSG_CTL_STOP,		/* u32 0: a client wants the suite to end */
	/* parent -> child */
	IMSG_CTL_RELOAD_RES,	/* u32 id, u8 ok, string what went wrong */
	IMSG_VERBOSE,		/* u32 level */
	IMSG_SANDBOX,		/* u8 1: all that was asked for, string: what
				 * confines mars(8) itself */
	/* child -> parent */
	IMSG_VERBOSE_REQ,	/* u32 level, for all processes */
	IMSG_LOG,		/* u8 priority as in syslog(3), string text */
	/* parent -> child, which answers with PONG at once: it does not hang */
	IMSG_PING,		/* u32 */
	/* child -> parent */
	IMSG_PONG,		/* u32, the same */

	/* child -> parent, which answers each one with ATM_FD */
	IMSG_ATM_OPEN,		/* u32 id, u8 ATM_OPEN_*, addr local, addr peer
				 * (LISTEN: null) */
	/* parent -> child */
	IMSG_ATM_FD,		/* u32 id, u8 ATM_OPEN_*, addr local, addr
				 * peer, u16 cause; fd if the cause is
				 * VC_CAUSE_NONE */
	/*
	 * marsd -> parent: ADD and DROP are answered with ATM_PARTY_RES, and
	 * for each root only one of them is asked for at a time
	 */
	IMSG_ATM_PARTY,		/* u32 id of a root, u8 ATM_PARTY_*, u32
				 * reference (DROP), addr local, addr peer
				 * (ADD, else null) */
	/* parent -> marsd */
	IMSG_ATM_PARTY_RES,	/* u32 id of the root, u8 ATM_PARTY_*, u32
				 * reference, addr local, u16 cause */

	/*
	 * marsd <-> scspd: one or more of the following, each with u16 type
	 * and u16 octets before it; every one begins with u16 SGID
	 */
	IMSG_REPLICA,
	IMSG_CSA_PUBLISH,	/* marsd: u32 key, rest data; we originate */
	IMSG_CSA_HIDE,		/* marsd: oid(4), u32 n, n x u32 key; A-8 */
	IMSG_CSA_REVIVE,	/* the same */
	IMSG_CSA_ERASE,		/* the same */
	IMSG_CSA_REALIGN,	/* marsd: all CAFSMs to negotiation; A-8 (a) */
	IMSG_CSA_RETELL,	/* marsd: say UPDATE of all records of others
				 * once more: there is a protocol that had none
				 * to take them in */
	IMSG_CSA_UPDATE,	/* scspd: oid(4), u32 key, u32 seq (two's
				 * complement), u8 CSA_HOW_*, u64 when it came
				 * in microseconds, rest data: this instance
				 * is in the cache now */
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

	IMSG_EDGE_KERNEL,	/* to edged, once: nothing; fd: the table by
				 * which the kernel copies, kpath.h */
	/*
	 * parent -> edged: interfaces of its LANs and tuns, with the sockets
	 * before CONF_END, and whenever something changes
	 */
	IMSG_EDGE_LAN,		/* lanif.h; fd: it is there now, this is its
				 * packet socket or tun device, in the place of
				 * an earlier one, or one more of them; no fd:
				 * something of it has changed, the descriptor
				 * stays */
	IMSG_EDGE_LAN_GONE,	/* string its name: it has gone, or is down */

	IMSG_TYPE_MAX
};

#define SETUP_PRIVILEGED	0x01	/* started as root: chroot and setuid */
#define SETUP_BEST_EFFORT	0x02	/* confinement best-effort */

enum atm_open {			/* which socket of the ATM stack: */
	ATM_OPEN_CALL = 1,	/* a switched circuit, connected */
	ATM_OPEN_LEAF,		/* the same, as a root with one leaf */
	ATM_OPEN_LISTEN,	/* for calls to local, after one was lost */
	ATM_OPEN_PVC,		/* permanent circuit to peer, after a loss */
	ATM_OPEN_ROOT		/* a call to local itself, to add parties to */
};

enum atm_party {		/* what is to be done, or was, at a root: */
	ATM_PARTY_ADD = 1,	/* add peer; answer: its reference, or 0 and
				 * the cause why there is none */
	ATM_PARTY_DROP,		/* drop that party; answer: 0, or the reference
				 * of another one that has left meanwhile */
	ATM_PARTY_END,		/* end the root; no answer */
	ATM_PARTY_LEFT,		/* answer only: that one has left by itself */
	ATM_PARTY_STUCK		/* answer only: the root can do no more */
};

enum csa_how {			/* how scspd learned it; A-6 */
	CSA_HOW_FLOODED = 1,
	CSA_HOW_ALIGNED = 2	/* solicited during alignment */
};

/*
 * By how much scspd goes past the number of an earlier life (RFC 2334 section
 * B.2.0.2, A-11).  By it marsd sees that nothing else has changed.
 */
#define SEQ_RESTART	16

#endif
