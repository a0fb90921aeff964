/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* marsctl keygen: a key for mars.conf(5), from the system's random source. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "first.h"

#define KEY_OCTETS	64	/* as long as the MAC of HMAC-SHA-512 */

void
marsctl_write_new(const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1 && errno == EEXIST)
		errx(1, "%s is there already: move it away, or name another "
		    "one",
		    path);
	if (fd == -1)
		err(1, "%s", path);
	n = write(fd, text, len);
	if (n != (ssize_t)len || fsync(fd) == -1 || close(fd) == -1) {
		warn("%s", path);
		(void)unlink(path);
		exit(1);
	}
}

void
marsctl_key_make(char key[MARSCTL_KEY_SIZE])
{
	uint8_t octets[KEY_OCTETS];
	size_t i;

	if (getentropy(octets, sizeof(octets)) == -1)
		err(1, "no random numbers");
	(void)strlcpy(key, "0x", MARSCTL_KEY_SIZE);
	for (i = 0; i < sizeof(octets); i++)
		(void)snprintf(key + 2 + 2 * i, 3, "%02x", octets[i]);
	(void)strlcat(key, "\n", MARSCTL_KEY_SIZE);
	explicit_bzero(octets, sizeof(octets));
}

int
marsctl_keygen(int argc, char **argv)
{
	char key[MARSCTL_KEY_SIZE];

	if (argc > 2)
		errx(1, "keygen %s: write keygen, or keygen and a file",
		    argv[1]);
	marsctl_key_make(key);
	if (argc == 2)
		marsctl_write_new(argv[1], key);
	else if (fputs(key, stdout) == EOF || fflush(stdout) == EOF)
		err(1, "output");
	explicit_bzero(key, sizeof(key));
	return 0;
}

marsctl_first_run *
marsctl_first(int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "keygen") == 0)
		return marsctl_keygen;
	if (argc > 0 && strcmp(argv[0], "init") == 0)
		return marsctl_init;
	return NULL;
}
