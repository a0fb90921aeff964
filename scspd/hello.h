/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The Hello protocol (RFC 2334 section 2.1): is the neighbor there, and
 * does it hear us?  One machine per neighbor, and so per server group.
 */
#ifndef SCSP_HELLO_H
#define SCSP_HELLO_H

#include "message.h"
#include "table.h"

struct scsp_circuit;
struct scsp_neighbor;

#define SCSP_HELLO_STATES(X) \
	X(SCSP_HELLO_DOWN, "Down") \
	X(SCSP_HELLO_WAITING, "Waiting") \
	X(SCSP_HELLO_UNI, "Unidirectional") \
	X(SCSP_HELLO_BIDI, "Bidirectional")

#define SCSP_HELLO_EVENTS(X) \
	X(SCSP_HELLO_EV_VC_UP, "circuit up") \
	X(SCSP_HELLO_EV_VC_DOWN, "circuit down") \
	X(SCSP_HELLO_EV_LISTED, "hello that lists us") \
	X(SCSP_HELLO_EV_UNLISTED, "hello that does not list us") \
	X(SCSP_HELLO_EV_STALL_HEARD, "no hello that lists us in time") \
	X(SCSP_HELLO_EV_STALL_SILENT, "no hello in time") \
	X(SCSP_HELLO_EV_ABNORMAL, "abnormal event") \
	X(SCSP_HELLO_EV_NEW_ID, "another server or another boot")

#define SCSP_HELLO_ACTIONS(X) \
	X(SCSP_HELLO_DO_START, "start") \
	X(SCSP_HELLO_DO_STOP, "stop") \
	X(SCSP_HELLO_DO_UP, "up") \
	X(SCSP_HELLO_DO_LOST, "lost") \
	X(SCSP_HELLO_DO_FORGET, "forget") \
	X(SCSP_HELLO_DO_RESET, "reset")

enum scsp_hello_state {
	SCSP_HELLO_STATES(TABLE_SYM)
	SCSP_HELLO_STATE_MAX
};
enum scsp_hello_event {
	SCSP_HELLO_EVENTS(TABLE_SYM)
	SCSP_HELLO_EV_MAX
};
enum scsp_hello_action {
	TABLE_FIRST_ACTION(SCSP_HELLO),
	SCSP_HELLO_ACTIONS(TABLE_SYM)
	SCSP_HELLO_DO_MAX
};
extern const struct table scsp_hello_table;

void	scsp_hello_init(struct scsp_neighbor *);
void	scsp_hello_run(struct scsp_neighbor *, enum scsp_hello_event);
/* takes a Hello that may be believed and is not our own */
void	scsp_hello_input(struct scsp_neighbor *, const struct scsp_message *);
/* the answer to SCSP_REPLAY_ANSWER, on the circuit that asked for it */
void	scsp_hello_answer(struct scsp_neighbor *, struct scsp_circuit *);
/* sends a Hello now, on every circuit of the neighbor */
void	scsp_hello_send(struct scsp_neighbor *);
/* our Hello says something new: sends it now, or as soon as A-60 allows */
void	scsp_hello_prompt(struct scsp_neighbor *);

#endif
