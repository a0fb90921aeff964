/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Of OpenBSD: pledge(2) and unveil(2). */
#include_next <unistd.h>
#ifndef REGRESS_OPENBSD_UNISTD_H
#define REGRESS_OPENBSD_UNISTD_H

int	pledge(const char *, const char *);
int	unveil(const char *, const char *);

#endif
