/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A string as JSON has it (json.h), in quotes. */
#ifndef MARS_JSON_OUT_H
#define MARS_JSON_OUT_H

#include <stdio.h>

void	json_out(FILE *, const char *);

#endif
