/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The log of a service.  It goes through mars(8), which can reach the system's
 * log when that has been started again, as a confined process can't.
 */
#include <string.h>

#include "ipc.h"
#include "log.h"
#include "log_out.h"
#include "service_parts.h"

#define LINES_MAX	1024	/* messages waiting for mars: no more lines */

static bool
log_to_parent(void *arg, int priority, const char *text)
{
	uint8_t buf[LOG_TEXT + 8];
	struct service *s = arg;
	struct wr w;

	if (!s->parent.open || channel_queued(&s->parent) >= LINES_MAX)
		return false;
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)priority);
	wr_string(&w, text);
	return channel_send(&s->parent, IMSG_LOG, -1, buf, w.len) == 0;
}

/* Whoever ends for a reason wants it to be read. */
static void
log_deliver(void *arg)
{
	struct service *s = arg;

	(void)channel_flush(&s->parent);
}

void
service_log_open(struct service *s)
{
	log_through(log_to_parent, log_deliver, s);
}

void
service_log_close(void)
{
	log_through(NULL, NULL, NULL);
}
