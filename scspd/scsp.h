/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* All server groups of one server: what the modules of the core share. */
#ifndef SCSP_H
#define SCSP_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stdint.h>

#include "auth.h"
#include "group.h"
#include "message.h"
#include "neighbor.h"
#include "peer.h"
#include "problem.h"
#include "quiet.h"
#include "scsp_core.h"
#include "slab.h"
#include "table.h"

/* A link on which we may call. */
struct scsp_attached {
	SLIST_ENTRY(scsp_attached) entry;
	struct vc_link		*link;
};

struct scsp_key {
	SLIST_ENTRY(scsp_key)	 entry;
	struct scsp_auth_key	*key;
};
SLIST_HEAD(scsp_key_list, scsp_key);

struct scsp {
	const struct scsp_ops	*ops;
	void			*arg;
	struct timers		*timers;
	uint32_t		 lsid;
	struct scsp_group_tree	 groups;
	struct scsp_peer_tree	 peers;
	struct scsp_key_list	 keys;
	SLIST_HEAD(, scsp_attached) links;
	struct slab_pool	 pool;	/* of all that is in slabs */
	struct slab		 queued;	/* for entries of queues */
	struct scsp_message	 heard;		/* that is dealt with now */
	struct table_faults	 faults;
	struct scsp_neighbor	*stepping;	/* its machine takes a step */
	struct quiet_strangers	 strangers;
	struct scsp_problem	 problem;	/* with no neighbor */
	uint64_t		 calls_refused;
	uint64_t		 drops[SCSP_DROP_MAX];	/* of no neighbor */
};

/* tells the owner, if it listens */
void		 scsp_tell_trace(struct scsp *, const struct scsp_trace *);
/* configure.c: frees all groups with their neighbors, and all peers */
void		 scsp_groups_free(struct scsp *);
void		 scsp_keys_free(struct scsp_key_list *);

/* an ID as octets and as the number that we compare (RFC 2443 4.1) */
void		 scsp_oid_octets(uint32_t, uint8_t [4]);
uint32_t	 scsp_oid_number(const uint8_t [4]);

#endif
