/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `http`: one request of a scraper on standard input, one answer on standard
 * output.  Who listens is systemd or inetd: it starts one of these for each
 * connection, as a user who may do nothing but read the control sockets, and
 * limits how many there are.  So there is nothing here that a hostile reader
 * could hold up or take over but itself.
 *
 * HTTP/1.0 is enough: the request's line counts, its headers are read and not
 * looked at, and the end of the connection ends the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "local.h"
#include "metrics.h"

#define REQUEST_MAX	8192	/* octets of a request */
#define REQUEST_TIME	5000	/* ms for all of it */
#define ANSWER_TIME	10000	/* the same of the answer */

static const char *const heads[] = {
	[HTTP_OK] = "200 OK",
	[HTTP_BAD] = "400 Bad Request",
	[HTTP_NOT_FOUND] = "404 Not Found",
	[HTTP_METHOD] = "405 Method Not Allowed",
	[HTTP_FAILED] = "500 Internal Server Error",
};

enum http_status
http_judge(const char *request, bool *head)
{
	const char *path = strchr(request, ' '), *end;

	*head = false;
	if (path == NULL || path == request)
		return HTTP_BAD;
	path++;
	end = path + strcspn(path, " \r\n");
	if (strncmp(end, " HTTP/1.", 8) != 0)
		return HTTP_BAD;
	*head = strncmp(request, "HEAD ", 5) == 0;
	if (!*head && strncmp(request, "GET ", 4) != 0)
		return HTTP_METHOD;
	/* a question may follow, which nobody reads */
	end = path + strcspn(path, "? ");
	if (end - path != 8 || strncmp(path, "/metrics", 8) != 0)
		return HTTP_NOT_FOUND;
	return HTTP_OK;
}

/* Milliseconds until then, at least 0. */
static int
left(const struct timespec *end)
{
	struct timespec now;
	int64_t ms;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(end->tv_sec - now.tv_sec) * 1000 +
	    (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : (int)ms;
}

static void
deadline(struct timespec *end, int ms)
{
	(void)clock_gettime(CLOCK_MONOTONIC, end);
	end->tv_sec += ms / 1000;
}

/* Waits for one event of a descriptor; false: in vain. */
static bool
ready(int fd, short events, const struct timespec *end)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	while ((n = poll(&p, 1, left(end))) == -1 && errno == EINTR)
		;
	return n == 1;
}

/* A whole request, to its empty line.  False: none came, in that time. */
static bool
read_http(int fd, char *buf, size_t size)
{
	struct timespec end;
	size_t len = 0;
	ssize_t n;

	deadline(&end, REQUEST_TIME);
	while (len + 1 < size) {
		if (!ready(fd, POLLIN, &end))
			return false;
		if ((n = read(fd, buf + len, size - 1 - len)) <= 0)
			return false;
		/* no octet of a request is 0 */
		if (memchr(buf + len, '\0', (size_t)n) != NULL)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		if (strstr(buf, "\r\n\r\n") != NULL ||
		    strstr(buf, "\n\n") != NULL)
			return true;
	}
	return false;
}

static bool
write_all(int fd, const char *p, size_t len)
{
	struct timespec end;
	ssize_t n;

	deadline(&end, ANSWER_TIME);
	for (; len > 0; p += n, len -= (size_t)n) {
		if (!ready(fd, POLLOUT, &end))
			return false;
		n = write(fd, p, len);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* The answer's head, and what follows it, at once. */
static bool
answer(int fd, enum http_status status, const char *body, size_t len)
{
	char head[256];
	int n;

	n = snprintf(head, sizeof(head), "HTTP/1.0 %s\r\n"
	    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	    "Connection: close\r\n\r\n", heads[status]);
	return write_all(fd, head, (size_t)n) && write_all(fd, body, len);
}

int
marsctl_http(const struct marsctl_local *l)
{
	char request[REQUEST_MAX], *body = NULL;
	enum http_status status = HTTP_BAD;
	bool head = false, ok;
	size_t len = 0;
	FILE *f;

	/* nobody else uses this connection: it waits only where we say */
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	if (read_http(STDIN_FILENO, request, sizeof(request)))
		status = http_judge(request, &head);
	if (status == HTTP_OK && (f = open_memstream(&body, &len)) != NULL) {
		if (marsctl_metrics(&l->where, f) == -1)
			status = HTTP_FAILED;
		if (fclose(f) == EOF)
			status = HTTP_FAILED;
	}
	if (body == NULL || status != HTTP_OK || head)
		len = 0;
	ok = answer(STDOUT_FILENO, status, body, len);
	free(body);
	return ok && status == HTTP_OK ? MARSCTL_DONE : MARSCTL_FAILED;
}
