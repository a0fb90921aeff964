/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Groups with a meaning of their own. */
#ifndef MARS_GROUP_H
#define MARS_GROUP_H

#include <stdbool.h>

#include "addr.h"

/*
 * A link-local group by which the routers and switches of one LAN speak with
 * each other: IGMP, MLD, OSPF, RIP, EIGRP, PIM, VRRP, HSRP, neighbor
 * discovery.  None of it means anything on another LAN.
 */
bool	group_is_control(const struct paddr *);

#endif
