/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Keys; see parsing.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "parsing.h"
#include "secretfile.h"

void
parsing_key_begin(struct parsing *ps, uint64_t spi)
{
	parsing_enter(ps, PARSING_KEY);
	if (spi == 0 || spi > UINT32_MAX)
		parsing_wrong(ps,
		    "key %llu: write a number from 1 to 4294967295",
		    (unsigned long long)spi);
	else if (conf_key_find(ps->conf, (uint32_t)spi) != NULL)
		parsing_wrong(ps,
		    "key %llu is defined twice: give each key a number of its "
		    "own",
		    (unsigned long long)spi);
	ps->key = parsing_item(ps, sizeof(*ps->key));
	ps->key->spi = (uint32_t)spi;
	ps->key->algorithm = CONF_HMAC_SHA256;
	TAILQ_INSERT_TAIL(&ps->conf->keys, ps->key, entry);
}

void
parsing_key_end(struct parsing *ps)
{
	char why[SENTENCE_SIZE];

	parsing_enter(ps, PARSING_FILE);
	if (*ps->key->file == '\0')
		parsing_complain(ps, ps->key,
		    "key %u has no file: write file \"/etc/mars/%u.key\"",
		    ps->key->spi, ps->key->spi);
	else if (!secretfile_key(ps->key, why, sizeof(why)))
		parsing_complain(ps, ps->key, "%s", why);
	else if (ps->key->len < conf_algorithm_length(ps->key->algorithm))
		parsing_remark(ps, ps->key,
		    "key %u has %u octets, and %s is good for %zu: make it "
		    "with marsctl keygen",
		    ps->key->spi, ps->key->len,
		    conf_algorithm_name(ps->key->algorithm),
		    conf_algorithm_length(ps->key->algorithm));
	ps->key = NULL;
}

void
parsing_key_algorithm(struct parsing *ps, const char *name)
{
	if (!conf_algorithm_find(name, &ps->key->algorithm))
		parsing_wrong(ps,
		    "algorithm %s is not known: write hmac-sha256, "
		    "hmac-sha384, hmac-sha512 or hmac-md5",
		    name);
	else if (ps->key->algorithm == CONF_HMAC_MD5)
		log_warnx("%s:%d: hmac-md5 is weak: write hmac-sha256 unless "
		    "the neighbor knows nothing else",
		    ps->lex.file, ps->lex.line);
}

/* YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z], in UTC. */
int64_t
parsing_time(struct parsing *ps, const char *s)
{
	static const char *const formats[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M",
		"%Y-%m-%dT%H:%M:%S" };
	struct tm tm;
	const char *end;
	time_t t;
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(s, formats[i], &tm);
		if (end == NULL || strcmp(end, *end == 'Z' ? "Z" : "") != 0)
			continue;
		if ((t = timegm(&tm)) > 0)
			return t;
	}
	parsing_wrong(ps,
	    "%s is no time: write 2026-06-30 or 2026-06-30T12:00, in UTC", s);
	return 0;
}
