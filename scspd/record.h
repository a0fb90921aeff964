/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What becomes of one CSA record of a CSU Request.  It is classified first,
 * by three looks that change nothing: what the record is, how the entry
 * under its name compares with it, and what a table says about the two.
 * Then it is done.
 */
#ifndef SCSP_RECORD_H
#define SCSP_RECORD_H

#include <stdbool.h>

#include "message.h"

struct scsp_entry;
struct scsp_group;
struct scsp_neighbor;

/* What a record is, and where it matters what the entry here is. */
#define SCSP_RECORDS(X) \
	X(SCSP_RECORD_RESERVED, "number that no instance has") \
	X(SCSP_RECORD_NULL_STRAY, "null record that nobody asked for") \
	X(SCSP_RECORD_NULL, "null record of another server") \
	X(SCSP_RECORD_NULL_OWN, "null record of ours") \
	X(SCSP_RECORD_NULL_IDLE, "null record of ours, not numbered here") \
	X(SCSP_RECORD_PURGE_ASKED, "last number, and asked for") \
	X(SCSP_RECORD_FOREIGN, "record of another server") \
	X(SCSP_RECORD_HIDDEN, "record of another server, hidden here") \
	X(SCSP_RECORD_STRANGE, "record that is not understood") \
	X(SCSP_RECORD_STRANGE_HIDDEN, "not understood, and hidden here") \
	X(SCSP_RECORD_OWN_UNBACKED, "record of ours that marsd has not") \
	X(SCSP_RECORD_OWN_HELD, "record of ours, not numbered here") \
	X(SCSP_RECORD_OWN, "record of ours")

/* How the entry under its name compares with it. */
#define SCSP_STANDINGS(X) \
	X(SCSP_STANDING_NONE, "no entry") \
	X(SCSP_STANDING_FULL, "no entry and no room") \
	X(SCSP_STANDING_OLDER, "older than the record") \
	X(SCSP_STANDING_SEEN, "older, but the number is known") \
	X(SCSP_STANDING_SAME, "the same") \
	X(SCSP_STANDING_OTHER, "the same number, other contents") \
	X(SCSP_STANDING_NEWER, "newer than the record")

/* What is done about it. */
#define SCSP_VERDICTS(X) \
	X(SCSP_VERDICT_RESERVED, "count a reserved number") \
	X(SCSP_VERDICT_STRAY, "count a null record") \
	X(SCSP_VERDICT_NOTHING, "acknowledge") \
	X(SCSP_VERDICT_FORGET, "forget the entry") \
	X(SCSP_VERDICT_LOST, "our record was lost there") \
	X(SCSP_VERDICT_KNOWN, "the neighbor has it") \
	X(SCSP_VERDICT_CONFLICT, "the neighbor has another") \
	X(SCSP_VERDICT_OURS, "acknowledge with our number") \
	X(SCSP_VERDICT_SHOW, "acknowledge with our number, and show it") \
	X(SCSP_VERDICT_FULL, "no room") \
	X(SCSP_VERDICT_STRANGE, "remember the number only") \
	X(SCSP_VERDICT_INSTALL, "install and pass on") \
	X(SCSP_VERDICT_EARLIER, "ours of an earlier life") \
	X(SCSP_VERDICT_BACK, "ours, but not as we have it") \
	X(SCSP_VERDICT_OFFER, "acknowledge, and send what is here")

#define SCSP_RECORD_SYM(sym, name)	sym,
enum scsp_record {
	SCSP_RECORDS(SCSP_RECORD_SYM)
	SCSP_RECORD_MAX
};
enum scsp_standing {
	SCSP_STANDINGS(SCSP_RECORD_SYM)
	SCSP_STANDING_MAX
};
enum scsp_verdict {
	SCSP_VERDICTS(SCSP_RECORD_SYM)
	SCSP_VERDICT_MAX
};
#undef SCSP_RECORD_SYM

/* solicited: as scsp_solicit_answered() has said; e: the entry, or NULL */
enum scsp_record scsp_record_classify(const struct scsp_group *,
	    const struct scsp_entry *e, const struct scsp_csas *,
	    bool solicited);
enum scsp_standing scsp_record_compare(const struct scsp_group *,
	    const struct scsp_entry *e, const struct scsp_csas *);
enum scsp_verdict scsp_record_verdict(enum scsp_record, enum scsp_standing);

/*
 * Does all that one CSA record of a CSU Request asks for, and acknowledges it.
 */
void	scsp_record_input(struct scsp_neighbor *, const struct scsp_csas *);

#endif
