/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Values as JSON (RFC 8259). */
#ifndef MARSCTL_OUTPUT_JSON_H
#define MARSCTL_OUTPUT_JSON_H

#include <stdio.h>

#include "wire.h"

/* the row's values in braces; it was checked with marsctl_row_valid() */
void	marsctl_json_object(FILE *, struct rd row);

#endif
