/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The daemon's end of its control socket.  A listing is a function that is
 * asked for one row after the other while the client's queue has room, and
 * only for so many in one turn of the loop.  So a client that reads slowly
 * costs a bounded amount of memory and nobody else's time, and a listing of a
 * million rows, of which a filter may want none, never stops the loop.
 */
#ifndef MARS_CTLSERVER_H
#define MARS_CTLSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl.h"
#include "loop.h"

/*
 * What clients may cost: how many there are, and how many of them follow;
 * octets of rows that wait for one, and of a follower, with one row more.
 */
#define CTLSERVER_CLIENTS		16
#define CTLSERVER_FOLLOWERS		8
#define CTLSERVER_OCTETS		(128U << 10)
#define CTLSERVER_FOLLOWED_OCTETS	(512U << 10)

struct ctlserver;
struct ctl_conn;

/* What a client can follow. */
enum ctl_stream {
	CTL_STREAM_EVENTS,
	CTL_STREAM_SDUS,	/* contents: not for those who may only read */
	CTL_STREAMS
};

/*
 * What can be asked for: either a listing or something to do; with neither
 * function, the client is told what happens from now on.
 */
struct ctl_command {
	const char	*name;		/* its words: "show members" */
	/*
	 * writes the row that follows what cursor (CTL_CURSOR_SIZE octets)
	 * remembers; false: nothing was written, that was all
	 */
	bool		(*show)(void *arg, void *cursor, struct wr *);
	/*
	 * acts at once: NULL and the client is told "ok", or a sentence that
	 * says what is wrong; or CTL_LATER, and ctl_finish() ends it
	 */
	const char	*(*act)(void *arg, struct ctl_conn *, int argc,
			    char **argv);
};
extern const char CTL_LATER[];

/* An act function: the client follows the SDUs from now on. */
const char	*ctl_capture(void *arg, struct ctl_conn *, int argc,
		    char **argv);

/* Commands whose functions have the same arg. */
struct ctl_commands {
	const struct ctl_command *command;
	size_t			 n;
	void			*arg;
};

/*
 * Defines name() as the show function of a core's listing, show().  Its arg
 * is a struct shell, which has the core in its member core.
 */
#define CTL_LISTING(name, shell, core, show) \
bool \
name(void *arg, void *cursor, struct wr *w) \
{ \
	struct shell *d = arg; \
\
	return show(d->core, cursor, w); \
} \
bool	name(void *, void *, struct wr *)	/* takes the semicolon */

/*
 * Serves the listening socket fd, which it then owns, with all these
 * commands; of two that have the same words the first is found.  The array is
 * copied, the commands are not.  NULL: no memory, and fd is still the
 * caller's.
 */
struct ctlserver *ctlserver_new(struct loop *, int fd,
		    const struct ctl_commands *, size_t n);
/*
 * Serves one more socket, whose clients are shown things and order nothing; of
 * all clients, half may be such ones.  False: fd is still the caller's.
 */
bool		 ctlserver_readers(struct ctlserver *, int fd);
void		 ctlserver_free(struct ctlserver *);
/*
 * Whom to ask whether there is what a filter names: NULL, or a sentence that
 * says what there is not.  Without it nobody is asked.
 */
void		 ctlserver_filters(struct ctlserver *, const char *(*missing)(
		    void *arg, const char *word, const char *value), void *arg);
/*
 * Something has happened: a row for those clients that follow that stream, and
 * whose filters let it through.  A client that does not read loses rows, and
 * is told how many when it reads again.  Who makes the row asks first whether
 * anybody follows.
 */
bool		 ctlserver_followed(const struct ctlserver *,
		    enum ctl_stream);
void		 ctlserver_tell(struct ctlserver *, enum ctl_stream,
		    const struct wr *row);
uint32_t	 ctl_conn_id(const struct ctl_conn *);
void		 ctl_finish(struct ctlserver *, uint32_t id, bool ok,
		    const char *);
/*
 * Ends it by a listing, whose rows are of now; then by that sentence, or with
 * NULL by "ok".  The command lasts.
 */
void		 ctl_finish_rows(struct ctlserver *, uint32_t id,
		    const struct ctl_command *, void *arg, const char *wrong);
/* clients turned away or cut off, since the start */
uint64_t	 ctlserver_refused(const struct ctlserver *);

#endif
