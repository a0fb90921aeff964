/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What a scraper asks for. */
#ifndef MARSCTL_HTTP_H
#define MARSCTL_HTTP_H

#include <stdbool.h>

enum http_status {
	HTTP_OK,
	HTTP_BAD,
	HTTP_NOT_FOUND,
	HTTP_METHOD,
	HTTP_FAILED
};

/*
 * The answer to a request, of which the first line counts.  *head: without
 * what follows the head.
 */
enum http_status http_judge(const char *request, bool *head);

#endif
