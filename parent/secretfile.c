/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Reading files that decide what root does, and keys; see secretfile.h. */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secretfile.h"

/*
 * Checks owner, mode and length.  The file is open already, so nobody can
 * exchange it.
 */
static bool
file_check(int fd, const char *path, bool secret, size_t max, size_t *len,
    char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		(void)snprintf(why, size, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		(void)snprintf(
		    why, size, "%s is not a regular file: name a file", path);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		(void)snprintf(why, size,
		    "%s belongs to neither root nor the user who runs mars: "
		    "chown it",
		    path);
	else if (secret && (st.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0)
		(void)snprintf(why, size,
		    "%s holds a secret and others may read or write it: chmod "
		    "600 it",
		    path);
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		(void)snprintf(why, size,
		    "%s can be written by others: chmod go-w it", path);
	else if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		(void)snprintf(why, size,
		    "%s is longer than %zu octets: make it shorter", path, max);
	else {
		*len = (size_t)st.st_size;
		return true;
	}
	return false;
}

/* Reads *len octets at most, and sets it to how many there were. */
static bool
read_all(int fd, char *text, size_t *len)
{
	size_t have = 0;
	ssize_t n;

	while (have < *len) {
		if ((n = read(fd, text + have, *len - have)) == -1) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*len = have;
	return true;
}

bool
secretfile_read(const char *path, bool secret, size_t max, char **text,
    size_t *len, char *why, size_t size)
{
	int fd;

	*text = NULL;
	/* non-blocking, so that a FIFO does not stop us */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		(void)snprintf(
		    why, size, "can't open %s: %s", path, strerror(errno));
		return false;
	}
	if (!file_check(fd, path, secret, max, len, why, size)) {
		(void)close(fd);
		return false;
	}
	if ((*text = calloc(1, *len + 1)) == NULL ||
	    !read_all(fd, *text, len)) {
		(void)snprintf(
		    why, size, "can't read %s: %s", path, strerror(errno));
		freezero(*text, *len + 1);
		*text = NULL;
		(void)close(fd);
		return false;
	}
	(void)close(fd);
	return true;
}

/* What follows 0x: pairs of hex digits; false if it is anything else. */
static bool
key_hex(struct conf_key *k, const char *s, size_t len)
{
	size_t i;

	if (len % 2 != 0 || len / 2 > KEY_SIZE)
		return false;
	/* sscanf(3) would also take blanks and signs */
	for (i = 0; i < len; i += 2)
		if (!isxdigit((unsigned char)s[i]) ||
		    !isxdigit((unsigned char)s[i + 1]) ||
		    sscanf(s + i, "%2hhx", &k->secret[i / 2]) != 1)
			return false;
	k->len = (uint16_t)(len / 2);
	return true;
}

/* Printable characters as they are; false if it is anything else. */
static bool
key_text(struct conf_key *k, const char *s, size_t len)
{
	size_t i;

	if (len > KEY_SIZE)
		return false;
	for (i = 0; i < len; i++)
		if (!isprint((unsigned char)s[i]))
			return false;
	memcpy(k->secret, s, len);
	k->len = (uint16_t)len;
	return true;
}

bool
secretfile_key(struct conf_key *k, char *why, size_t size)
{
	char *text;
	size_t room, len;
	bool ok;

	if (!secretfile_read(
	    k->file, true, 4 * KEY_SIZE, &text, &len, why, size))
		return false;
	room = len + 1;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		ok = key_hex(k, text + 2, len - 2);
	else
		ok = key_text(k, text, len);
	if (ok && k->len != 0 && isblank((unsigned char)text[len - 1])) {
		(void)snprintf(why, size,
		    "%s ends with a blank, which would belong to the key: "
		    "remove it",
		    k->file);
		explicit_bzero(k->secret, sizeof(k->secret));
		k->len = 0;
		ok = false;
	} else if (!ok || k->len == 0) {
		(void)snprintf(why, size,
		    "%s holds no key: write one line of 1 to %d printable "
		    "characters, or 0x and hex digits in pairs",
		    k->file, KEY_SIZE);
		explicit_bzero(k->secret, sizeof(k->secret));
		k->len = 0;
		ok = false;
	}
	freezero(text, room);
	return ok;
}
