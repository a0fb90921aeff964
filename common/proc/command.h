/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl(8) can ask a service: the commands that marsd and scspd have
 * in common, and those of the owner.
 */
#ifndef MARS_COMMAND_H
#define MARS_COMMAND_H

#include "ctlserver.h"

struct service;

/* Serves the listening socket fd; as ctlserver_new(). */
struct ctlserver *command_serve(struct service *, int fd);

#endif
