/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Files that decide what a process run by root does, and those with keys. */
#ifndef MARS_SECRETFILE_H
#define MARS_SECRETFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "sentence.h"

/*
 * Reads a whole regular file of at most max octets, owned by root or by who
 * runs us, which nobody else can write; a secret one nobody else can read.
 * The text is for free(3).  False: why says what to do.
 */
bool	secretfile_read(const char *path, bool secret, size_t max, char **text,
	    size_t *len, char *why, size_t);
/* Reads k->secret and k->len from k->file.  False: why says what to do. */
bool	secretfile_key(struct conf_key *k, char *why, size_t);

#endif
