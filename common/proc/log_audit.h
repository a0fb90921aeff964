/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The audit log: a line for each event that concerns security, with the
 * facility authpriv of syslog(3).  mars-operations(7) lists them.
 *
 *	audit pid=4711 seq=3 event=command uid=0 client=815 command="show keys"
 *
 * Each process numbers its lines from 1, so that one that was lost shows.
 */
#ifndef MARS_LOG_AUDIT_H
#define MARS_LOG_AUDIT_H

#include <stdint.h>

#include "log.h"

#define LOG_AUDIT_SIZE	896	/* octets of a line; a number and a head fit in
				 * front of it */

struct log_audit {
	char	 text[LOG_AUDIT_SIZE];
};

/* What happened, in one word with dashes. */
void	log_audit_begin(struct log_audit *, const char *event);
/* Put in quotes where it is not one plain word.  NULL: nothing is added. */
void	log_audit_add(struct log_audit *, const char *key, const char *value);
void	log_audit_number(struct log_audit *, const char *key, uint64_t);
/*
 * Logs it.  limit: of its kind, what others can cause as often as they like;
 * what was held back is counted, and said by the next one as held=; NULL:
 * it is never held back.
 */
void	log_audit_end(struct log_audit *, struct ratelimit *limit, mtime_t now);

#endif
