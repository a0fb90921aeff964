/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* edged(8)'s shell: the process around the core (edge.h). */
#ifndef EDGED_EDGED_H
#define EDGED_EDGED_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>

#include "edge.h"
#include "kpath.h"
#include "lanio.h"
#include "service.h"

/* configure.c: what a struct conf says, as the core wants to have it */
struct edged_built;

/* Both are the caller's to free.  NULL: no memory. */
struct edged_built	*edged_build(const struct conf *);
void			 edged_built_free(struct edged_built *);
const struct edged_conf	*edged_built_conf(const struct edged_built *);

/* key.c: the keys of an edge's hellos; arg is a struct conf_edge */
struct edged_keys;
/* NULL: no memory.  The keys are copied, as they are not wiped yet. */
struct edged_keys	*edged_keys_new(const struct conf *,
			    const struct conf_edge *);
void			 edged_keys_free(struct edged_keys *);
struct edged_hello_key	 edged_keys_hello(struct edged_keys *);
/* for marsctl: the i-th of them; false: there is none */
bool			 edged_keys_show(const struct edged_keys *, uint16_t i,
			    struct wr *);

/* An interface that mars(8) has told of: there, or there once more. */
struct edged_lanif {
	TAILQ_ENTRY(edged_lanif) entry;
	struct edged_shell	*shell;
	struct lanif		 lanif;
	struct edged_lanio	*io;		/* NULL: not there */
	struct edged_port	*port;		/* whose it is, or NULL */
};

struct edged_shell {
	struct service		 service;
	struct edged		*edged;
	struct kpath		*kernel;	/* or NULL; kpath.h */
	struct edged_built	*built;		/* in force */
	uint32_t		 prober;	/* who has asked for a probe */
	TAILQ_HEAD(, edged_lanif) lanifs;
};

/* control.c: for marsctl; arg is a struct edged_shell */
extern const struct ctl_command edged_commands[];
extern const size_t edged_ncommands;
bool	edged_ctl_summary(void *arg, void *cursor, struct wr *);
bool	edged_ctl_counters(void *arg, void *cursor, struct wr *);
void	edged_ctl_clear(void *arg);

#endif
