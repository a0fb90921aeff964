/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a read of bpf(4) of OpenBSD gives: frames, each behind a header of the
 * system, in its byte order.
 */
#ifndef EDGED_BPF_H
#define EDGED_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct edged_bpf {
	uint8_t	*p;		/* the next record */
	size_t	 len;		/* from there on */
	bool	 big;		/* byte order of the headers */
	bool	 bad;		/* what comes is no record: the rest is lost */
};

struct edged_bpf_frame {
	uint8_t	*p;		/* within what was read; may be changed */
	size_t	 len;
	bool	 undone;	/* a checksum was left to a network card */
};

/* What a read gave, and whether this machine is big-endian. */
void	edged_bpf_init(struct edged_bpf *, uint8_t *, size_t len, bool big);
/* The next frame; false: no more, or bad. */
bool	edged_bpf_next(struct edged_bpf *, struct edged_bpf_frame *);

#endif
