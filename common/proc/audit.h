/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What an audit may find, in one table; mars.audit(7) says of each why it
 * matters.  What is found in a configuration is found here, in that of a file
 * (mars -n -A) as in that of a process (marsctl audit).
 */
#ifndef MARS_AUDIT_H
#define MARS_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

enum audit_severity {
	AUDIT_LOW,
	AUDIT_MEDIUM,
	AUDIT_HIGH,
	AUDIT_SEVERITIES
};

#define AUDIT_FILE	0x01	/* mars -n -A looks for it */
#define AUDIT_RUN	0x02	/* marsctl audit does */
#define AUDIT_BOTH	(AUDIT_FILE | AUDIT_RUN)

/* X(symbol, id, severity, who looks for it, title, remedy) */
#define AUDIT_RULES(X) \
	X(AUDIT_ALLOW_NONE, "allow-none", HIGH, BOTH, \
	    "anybody may register in a cluster", \
	    "write allow from PREFIX with the addresses of its clients") \
	X(AUDIT_ALLOW_UNPROVEN, "allow-unproven", MEDIUM, FILE, \
	    "clients are known by addresses that are not authenticated", \
	    "let the cluster listen at an address within a tunnel, such as " \
	    "WireGuard, or accept this where nobody else can send on the " \
	    "network") \
	X(AUDIT_ALLOW_WIDE, "allow-wide", MEDIUM, BOTH, \
	    "a wide prefix of addresses may register", \
	    "write the prefixes that clients have") \
	X(AUDIT_BUILD_OTHER, "build-other", MEDIUM, RUN, \
	    "a process runs another program or library than is installed", \
	    "restart mars") \
	X(AUDIT_CMI_OVERLAP, "cmi-overlap", HIGH, RUN, \
	    "another server of the group gives out our CMIs", \
	    "write a cmi range for each server that no other one has") \
	X(AUDIT_CMI_UNDIVIDED, "cmi-undivided", MEDIUM, BOTH, \
	    "a cluster with neighbors has all CMIs for itself", \
	    "write a cmi range for each server that no other one has") \
	X(AUDIT_CONFINEMENT, "confinement-less", HIGH, RUN, \
	    "a process has more rights than it should have", \
	    "look at the log for what could not be given up, and start mars " \
	    "as root") \
	X(AUDIT_CONFINEMENT_BEST, "confinement-best-effort", MEDIUM, FILE, \
	    "mars goes on where it can't be confined", \
	    "remove confinement best-effort") \
	X(AUDIT_CONTROL_GROUP, "control-group", LOW, BOTH, \
	    "a group may order what mars does", \
	    "write control group only if each of its members may stop the " \
	    "service and read its packets") \
	X(AUDIT_CONTROL_OPEN, "control-open", HIGH, BOTH, \
	    "others may use or replace a control socket", \
	    "let only root write to the directory of the sockets and to " \
	    "those above it") \
	X(AUDIT_CORE, "core-dumps", MEDIUM, RUN, \
	    "a process may leave its memory in a core", \
	    "set the limit of the size of cores to 0 (LimitCORE=0)") \
	X(AUDIT_EDGE_LIMIT_NONE, "edge-limit-none", LOW, BOTH, \
	    "nothing limits the rate of a LAN", \
	    "write limit { rate NUMBER, rate-per-source NUMBER }") \
	X(AUDIT_EDGE_LINK_LOCAL, "edge-link-local", MEDIUM, BOTH, \
	    "link-local groups leave their link", \
	    "remove link-local, or accept that sites see each other's names") \
	X(AUDIT_EDGE_SCOPED, "edge-scoped", MEDIUM, BOTH, \
	    "groups of a site leave it", \
	    "remove the allow group of 239.255.0.0/16, or of an IPv6 scope " \
	    "from 3 to 5, or write in") \
	X(AUDIT_EDGE_WIDE, "edge-wide", LOW, BOTH, \
	    "every group may leave, from every source", \
	    "write allow group with the groups that are used, and source") \
	X(AUDIT_FILE_READABLE, "file-readable", HIGH, FILE, \
	    "others may read a key", \
	    "chmod 600 it") \
	X(AUDIT_FILE_WRITABLE, "file-writable", HIGH, FILE, \
	    "others may change or replace a file that mars reads", \
	    "let only root write to it and to each directory above it") \
	X(AUDIT_KEY_EXPIRED, "key-expired", HIGH, BOTH, \
	    "no key is valid now", \
	    "write a key that is valid, at both ends") \
	X(AUDIT_KEY_EXPIRING, "key-expiring", MEDIUM, BOTH, \
	    "there is no valid key within 30 days", \
	    "give its successor to both ends: mars-operations(7), NEW KEYS") \
	X(AUDIT_KEY_LIFETIME, "key-lifetime", MEDIUM, BOTH, \
	    "a key is valid for more than 180 days", \
	    "write valid from TIME until TIME, at most 180 days later") \
	X(AUDIT_KEY_MD5, "key-md5", MEDIUM, BOTH, \
	    "a key is used with MD5", \
	    "write algorithm hmac-sha256, or a longer one") \
	X(AUDIT_KEY_OLD, "key-old", MEDIUM, BOTH, \
	    "a key is older than 180 days", \
	    "replace it: mars-operations(7), NEW KEYS") \
	X(AUDIT_KEY_SHARED, "key-shared", MEDIUM, BOTH, \
	    "a key is that of several neighbors", \
	    "make one for each pair of servers with marsctl keygen") \
	X(AUDIT_KEY_SHORT, "key-short", MEDIUM, BOTH, \
	    "a key is shorter than its algorithm is good for", \
	    "make one with marsctl keygen") \
	X(AUDIT_KEY_SWAPPABLE, "key-swappable", LOW, RUN, \
	    "keys are in memory that may be swapped out", \
	    "let the service lock memory (LimitMEMLOCK=8M)") \
	X(AUDIT_LIMIT_DEFAULT, "limit-default", LOW, BOTH, \
	    "no limit of a cluster was chosen", \
	    "write limit { members NUMBER, joins NUMBER, rate NUMBER } as " \
	    "this network needs them") \
	X(AUDIT_LIMIT_MEMORY, "limit-memory", MEDIUM, FILE, \
	    "the limits allow more memory than there is", \
	    "write lower limits: mars -nv says what they add up to") \
	X(AUDIT_LISTEN_OPEN, "listen-open", LOW, FILE, \
	    "the ports can be reached from outside of any tunnel", \
	    "listen at an address within a tunnel, or let a firewall pass " \
	    "these ports only from neighbors and clients") \
	X(AUDIT_UNAUTHENTICATED, "neighbor-unauthenticated", HIGH, BOTH, \
	    "a neighbor is not authenticated", \
	    "remove auth off and write key NUMBER, at both ends") \
	X(AUDIT_PROGRAM_WRITABLE, "program-writable", HIGH, FILE, \
	    "others may change or replace a program that mars executes", \
	    "let only root write to it and to each directory above it") \
	X(AUDIT_REPLAY, "replay-optional", MEDIUM, BOTH, \
	    "packets of a neighbor may be replayed", \
	    "write replay required, at both ends") \
	X(AUDIT_STRICT_SOURCE, "strict-source-off", MEDIUM, BOTH, \
	    "a client may speak for others", \
	    "remove strict-source no") \
	X(AUDIT_USER_ROOT, "user-root", HIGH, BOTH, \
	    "a program that reads the network is root", \
	    "create its user, and remove user ... none")

enum audit_id {
#define X(sym, id, severity, who, title, remedy) sym,
	AUDIT_RULES(X)
#undef X
	AUDIT_MAX
};

struct audit_rule {
	const char		*id;
	enum audit_severity	 severity;
	unsigned int		 who;		/* AUDIT_FILE, AUDIT_RUN */
	const char		*title;
	const char		*remedy;
};
extern const struct audit_rule audit_rules[AUDIT_MAX];

/* The rule of that name; false: there is none. */
bool		 audit_find(const char *, enum audit_id *);
const char	*audit_severity_name(enum audit_severity);

/* --- a configuration */

#define AUDIT_KEY_DAYS		180	/* V-216984: how long a key may live */
#define AUDIT_EXPIRY_DAYS	30
#define AUDIT_DAY		INT64_C(86400)
#define AUDIT_TEXT		512	/* octets of a sentence, NUL included */

/* What mars(8) gives to its children, so that each looks at its own part. */
#define AUDIT_OF_SCSPD	0x01		/* keys and neighbors */
#define AUDIT_OF_MARSD	0x02		/* clusters */
#define AUDIT_OF_EDGED	0x04		/* edges, and their keys */
#define AUDIT_OF_ALL	0x07

struct audit {
	/* at: the part of the configuration that it is about, or NULL */
	void		(*found)(void *arg, enum audit_id, const void *at,
			    const char *sentence);
	void		*arg;
	int64_t		 now;		/* time(3) */
};

void	audit_conf(const struct audit *, const struct conf *, unsigned int of);
/*
 * The same of one key, neighbor, cluster or edge, whose number it is; false:
 * there are not so many.
 */
bool	audit_conf_part(const struct audit *, const struct conf *,
	    unsigned int of, uint32_t number);
void	audit_found(const struct audit *, enum audit_id, const void *at,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));

#endif
