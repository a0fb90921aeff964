/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Telling others that mars runs: a service manager by the datagrams of
 * sd_notify(3), everybody else by a file with our process id.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "parent.h"

/*
 * A watchdog must not bark at what is only busy: mars asks its children every
 * PARENT_TICK, and itself ends the suite if one has not answered for 8 s.
 */
#define WATCHDOG_MIN	10	/* s */

/* The watchdog is ours if WATCHDOG_PID is our own, or is not there. */
static bool
watched(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL ||
	    (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
		return false;
	if (strtoull(usec, NULL, 10) < WATCHDOG_MIN * UINT64_C(1000000))
		log_warnx("the watchdog's time is too short and may end what "
		    "is only busy: set WatchdogSec to %d or more",
		    WATCHDOG_MIN);
	return true;
}

void
parent_notify_open(struct parent *p)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;

	p->notify_fd = -1;
	p->watchdog = false;
	if (path == NULL)
		return;
	len = strlen(path);
	if ((*path != '/' && *path != '@') || len >= sizeof(sun.sun_path)) {
		log_warnx("NOTIFY_SOCKET %s names no socket: nobody is told "
		    "that mars has started",
		    path);
		return;
	}
	memcpy(sun.sun_path, path, len);
	if (*path == '@')
		sun.sun_path[0] = '\0'; /* Linux: a name outside of files */
	p->notify_fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->notify_fd == -1 ||
	    connect(p->notify_fd, (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1) {
		log_warn("%s: nobody is told that mars has started", path);
		if (p->notify_fd != -1)
			(void)close(p->notify_fd);
		p->notify_fd = -1;
		return;
	}
	p->watchdog = watched();
}

void
parent_notify(struct parent *p, const char *state)
{
	size_t len = strlen(state);

	if (p->notify_fd != -1 &&
	    send(p->notify_fd, state, len, MSG_NOSIGNAL) != (ssize_t)len)
		log_debug("can't tell the service manager: %s",
		    strerror(errno));
}

void
parent_notify_watchdog(struct parent *p)
{
	size_t i;

	if (!p->watchdog || !p->started || p->ending)
		return;
	/* one question may be open: it has just been asked */
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].unanswered > 1)
			return;
	parent_notify(p, "WATCHDOG=1");
}

void
parent_notify_close(struct parent *p)
{
	if (p->notify_fd != -1)
		(void)close(p->notify_fd);
	p->notify_fd = -1;
	if (p->pid_file != NULL && unlink(p->pid_file) == -1 &&
	    errno != ENOENT)
		log_warn("%s", p->pid_file);
}

void
parent_pid_write(const struct parent *p)
{
	int fd;

	if (p->pid_file == NULL)
		return;
	/* one that a dead mars has left behind is written over */
	fd = open(p->pid_file,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd == -1 || dprintf(fd, "%d\n", (int)getpid()) < 0 ||
	    close(fd) == -1)
		fatal("%s", p->pid_file);
}
