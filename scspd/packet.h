/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* SCSP messages to be sent, and how much goes into one. */
#ifndef SCSP_PACKET_H
#define SCSP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "message.h"
#include "wire.h"

/* octets kept free in every packet for the longest extensions */
#define EXT_RESERVE	(4 + 4 + AUTH_MAC_MAX + 4 + SCSP_REPLAY_LEN + 4)
/* summaries of a packet of ours */
#define RECORDS_MAX	((SCSP_MTU - EXT_RESERVE - SCSP_FIXED_LEN - \
			    SCSP_COMMON_LEN) / SCSP_CSAS_LEN)
/* octets of a record's contents that every packet has room for */
#define CONTENTS_MAX	(SCSP_MTU - EXT_RESERVE - SCSP_FIXED_LEN - \
			    SCSP_COMMON_LEN - SCSP_CSAS_LEN)

/* A packet being built, after its LLC/SNAP header. */
struct scsp_packet {
	struct wr	 w;
	size_t		 common_at;	/* mandatory common part */
	uint16_t	 nrecords;
	uint8_t		 buf[SCSP_MTU];
};
/*
 * A packet is written in this order; wr_failed(&p->w) tells at the end if it
 * did not fit.  First the fixed part, and for a CA or a Hello what stands
 * before the mandatory common part, which the caller writes.
 */
void	scsp_packet_begin(struct scsp_packet *, enum scsp_type);
/* the mandatory common part (B.2.0.1) */
void	scsp_packet_common(struct scsp_packet *, uint16_t pid, uint16_t sgid,
	    uint16_t flags, uint32_t sender, uint32_t receiver);
/* that of a Hello, which names nobody until somebody was heard (B.2.5) */
void	scsp_packet_hello_common(struct scsp_packet *, uint16_t pid,
	    uint16_t sgid, uint32_t sender, bool heard, uint32_t receiver);
/* a summary, which stands alone and so has hop count 1 (B.2.0.2) */
void	scsp_packet_csas(struct scsp_packet *, const struct scsp_csas *);
/* a record with its contents */
void	scsp_packet_csa(struct scsp_packet *, const struct scsp_csas *);
/* room for records when this much has to stay free for extensions */
size_t	scsp_packet_left(const struct scsp_packet *, size_t reserve);
/* other flags than scsp_packet_common() was given */
void	scsp_packet_flags(struct scsp_packet *, uint16_t);
/* all records are there: notes how many */
void	scsp_packet_count(struct scsp_packet *);
/* everything is there: notes how long it is */
void	scsp_packet_size(struct scsp_packet *);
/* the mandatory part is complete: notes that extensions follow it */
void	scsp_packet_extensions(struct scsp_packet *);
/* writes the checksum over the whole packet; this comes last */
void	scsp_packet_checksum(struct scsp_packet *);

#endif
