/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The commands that ask no daemon: they write the first files. */
#ifndef MARSCTL_FIRST_H
#define MARSCTL_FIRST_H

#include <stdbool.h>

/*
 * A command with the words that follow, itself among them; returns the status
 * for exit(3).
 */
typedef int	marsctl_first_run(int argc, char **argv);
/* "keygen" or "init"; NULL: it is none of these. */
marsctl_first_run *marsctl_first(int argc, char **argv);

/* --- keygen.c */

/*
 * Makes a file of mode 0600 with this text, and ends marsctl with a sentence
 * if that fails: one that is there is never written over.
 */
void	marsctl_write_new(const char *path, const char *text);
/* "0x", 64 hexadecimal digits and a newline: a key as mars.conf(5) has it. */
#define MARSCTL_KEY_SIZE	(2 + 128 + 1 + 1)
void	marsctl_key_make(char[MARSCTL_KEY_SIZE]);
int	marsctl_keygen(int argc, char **argv);

/* --- init.c */

int	marsctl_init(int argc, char **argv);

#endif
