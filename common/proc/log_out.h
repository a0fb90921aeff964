/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Where lines of the log go: standard error, the system's log, or in a child
 * the channel to mars(8), which writes them for it.  Once log_never_wait() has
 * been called, a reader that does not read stops nobody: lines wait in a
 * buffer of a fixed size, those for which it has no room are counted, and how
 * many they were is said when lines can be written again.
 */
#ifndef MARS_LOG_OUT_H
#define MARS_LOG_OUT_H

#include <sys/types.h>
#include <stdbool.h>

#define LOG_TEXT	1024	/* octets of a line's text, its NUL included */

/* Lines go to standard error, or else to the system's log. */
void	log_out_init(bool foreground);
/*
 * One line of a process: priority as in syslog(3), and its facility, if it is
 * another one than LOG_DAEMON.  Control characters in
 * text are written as \ and three octal digits, so that nobody can forge
 * lines of others.  pid is for the system's log.
 */
void	log_out(int priority, const char *name, pid_t, const char *text);
/* The same of this process, as it is. */
void	log_line(int priority, const char *text);
/*
 * Writes what still waits, as far as that can be done without waiting.
 * Returns the descriptor that does not take more now, or -1: nothing waits.
 */
int	log_out_flush(void);

/*
 * What this process logs goes to send() from now on, instead; false: it can't
 * take the line now.  last() has what was sent delivered, before the process
 * ends.  NULL: no longer.
 */
void	log_through(bool (*send)(void *, int priority, const char *text),
	    void (*last)(void *), void *arg);
/* The process is about to end: what it has said goes out, if it can. */
void	log_last(void);

#endif
