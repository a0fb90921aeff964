/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The version of the suite, which all programs print with -V.  It stands only
 * here, and the first line of CHANGES names it too (regress/lint/doc.py).
 */
#ifndef MARS_VERSION_H
#define MARS_VERSION_H

#define MARS_VERSION	"0.1"

#endif
