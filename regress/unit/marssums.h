/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsd counts as it goes on, so that it need not walk, is what a walk
 * finds.  For the tests, the fuzzers and the simulator.
 */
#ifndef MARSSUMS_H
#define MARSSUMS_H

#include <stdbool.h>

struct marsd;

/* false: a counter has drifted, and which one is printed */
bool	marssums_hold(struct marsd *);

#endif
