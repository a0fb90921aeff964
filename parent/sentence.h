/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#ifndef MARS_SENTENCE_H
#define MARS_SENTENCE_H

#define SENTENCE_SIZE	512	/* buffer for what is wrong, as a sentence */

#endif
