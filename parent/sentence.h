/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An error that an operator can cause is said as a sentence that ends with
 * what to do: "WHAT is wrong: write THIS".  It is written into a buffer why.
 */
#ifndef MARS_SENTENCE_H
#define MARS_SENTENCE_H

#define SENTENCE_SIZE	512	/* buffer for what is wrong, as a sentence */

#endif
