/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Logging: to standard error in the foreground, else to the system's log, and
 * in a child by way of mars(8).  Where lines go is log_out.h's.
 */
#ifndef MARS_LOG_H
#define MARS_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"

#define PRINTFLIKE(f, a)	__attribute__((__format__(printf, f, a)))

void	log_init(const char *, bool);	/* name of the process, foreground */
/*
 * From now on a line that can't be written at once never stops the process
 * (log_out.h).  Whoever only prints and ends does not call it.
 */
void	log_never_wait(void);
void	log_verbose(int);		/* 0 brief, 1 debug */
int	log_getverbose(void);

void	log_warn(const char *, ...) PRINTFLIKE(1, 2);	/* with errno */
void	log_warnx(const char *, ...) PRINTFLIKE(1, 2);
void	log_info(const char *, ...) PRINTFLIKE(1, 2);
void	log_debug(const char *, ...) PRINTFLIKE(1, 2);
void	fatal(const char *, ...) PRINTFLIKE(1, 2)
	    __attribute__((__noreturn__));		/* with errno */
void	fatalx(const char *, ...) PRINTFLIKE(1, 2)
	    __attribute__((__noreturn__));

/*
 * What a peer can cause is logged at a limited rate: ten lines at once, then
 * one a second.  A line that may pass is preceded by one that says how many
 * were held back before it.
 */
struct ratelimit {
	mtime_t		last;
	uint32_t	tokens;		/* lines that may still pass */
	uint64_t	missed;		/* lines, since one has passed */
};

/*
 * Appends to the text in buf, which has size octets and ends with a NUL; what
 * does not fit is cut off.
 */
void	log_append(char *buf, size_t size, const char *, ...)
	    PRINTFLIKE(3, 4);

void	ratelimit_init(struct ratelimit *, mtime_t now);
/* May one more line pass?  It is counted if it may not. */
bool	ratelimit_pass(struct ratelimit *, mtime_t now);
/*
 * log_limited() logs a warning, log_limited_info() what is in the ordinary
 * course of things.
 */
void	log_limited(struct ratelimit *, mtime_t now, const char *, ...)
	    PRINTFLIKE(3, 4);
void	log_limited_info(struct ratelimit *, mtime_t now, const char *, ...)
	    PRINTFLIKE(3, 4);

#endif
