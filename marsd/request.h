/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_REQUEST and MARS_GROUPLIST_REQUEST.
 */
#ifndef MARSD_REQUEST_H
#define MARSD_REQUEST_H

#include "incoming.h"

enum marsd_drop	 marsd_request_message(struct marsd_incoming *);
enum marsd_drop	 marsd_grouplist_message(struct marsd_incoming *);

#endif
