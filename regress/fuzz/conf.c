/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * mars.conf, and files with keys, which begin with a NUL here.  What is taken
 * is printed as a file that says the same, and its octets, for each process,
 * are read again.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "log_out.h"
#include "parent/parser.h"
#include "parent/secretfile.h"

/* A file in memory, and its name. */
struct paper {
	int	fd;
	char	path[32];
};

static bool
silence(void *arg, int priority, const char *text)
{
	(void)arg;
	(void)priority;
	MUST(strlen(text) < LOG_TEXT);
	return true;
}

static void
paper_begin(struct paper *p, const void *text, size_t len)
{
	MUST((p->fd = memfd_create("conf", MFD_CLOEXEC)) != -1);
	MUST(fchmod(p->fd, 0600) == 0);
	MUST(write(p->fd, text, len) == (ssize_t)len);
	(void)snprintf(p->path, sizeof(p->path), "/proc/self/fd/%d", p->fd);
}

static struct conf *
parse(const struct paper *p)
{
	struct lex_macros macros = SLIST_HEAD_INITIALIZER(macros);
	char why[SENTENCE_SIZE] = "";
	struct parse_record record;
	struct conf *c =
	    parse_config(p->path, &macros, why, sizeof(why), &record);

	MUST(c != NULL || *why != '\0');
	MUST(strlen(record.digest) == PARSE_DIGEST_SIZE - 1);
	parse_record_free(&record);
	lex_macros_free(&macros, true);
	return c;
}

static char *
print(const struct conf *c, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	MUST(f != NULL);
	parent_print_config(f, c);
	MUST(fclose(f) == 0);
	return text;
}

static void
octets(const struct conf *c, enum conf_reader reader)
{
	static uint8_t buf[1 << 18];
	struct conf *d;
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	conf_write(&w, c, reader);
	MUST(!wr_failed(&w));
	rd_init(&r, buf, w.len);
	MUST((d = conf_read(&r)) != NULL);
	conf_free(d);
}

static void
config(const uint8_t *data, size_t size)
{
	struct paper file, printed;
	char *text, *again;
	size_t len, n;
	struct conf *c, *d;

	paper_begin(&file, data, size);
	if ((c = parse(&file)) != NULL) {
		text = print(c, &len);
		paper_begin(&printed, text, len);
		MUST((d = parse(&printed)) != NULL);
		again = print(d, &n);
		MUST(len == n && memcmp(text, again, n) == 0);
		octets(c, CONF_FOR_MARSD);
		octets(c, CONF_FOR_SCSPD);
		octets(c, CONF_FOR_EDGED);
		free(again);
		free(text);
		conf_free(d);
		conf_free(c);
		(void)close(printed.fd);
	}
	(void)close(file.fd);
}

static void
key(const uint8_t *data, size_t size)
{
	static const struct conf_key none;
	struct conf_key k = none;
	char why[SENTENCE_SIZE] = "";
	struct paper file;

	paper_begin(&file, data, size);
	(void)strlcpy(k.file, file.path, sizeof(k.file));
	if (secretfile_key(&k, why, sizeof(why)))
		MUST(k.len > 0 && k.len <= KEY_SIZE);
	else {
		MUST(*why != '\0' && k.len == 0);
		MUST(memcmp(k.secret, none.secret, sizeof(k.secret)) == 0);
	}
	(void)close(file.fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	log_through(silence, NULL, NULL);
	if (size > 0 && data[0] == '\0')
		key(data + 1, size - 1);
	else
		config(data, size);
	log_through(NULL, NULL, NULL);
	return 0;
}
