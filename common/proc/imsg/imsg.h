/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Framed messages with descriptors over a local stream socket, for systems
 * that have no imsg(3).  This is the part of the interface of OpenBSD's
 * libutil (imsg_init(3), ibuf_add(3), msgbuf_new(3); OpenBSD 7.8) that this
 * suite uses, with the same names, arguments and results, so that OpenBSD's
 * own can stand in its place.  It is an independent implementation.
 *
 * A message is a header of four words in host byte order and a payload; it
 * arrives whole or not at all, and at most one descriptor travels with it.
 * From below: an ibuf is one buffer (ibuf.c); a msgbuf is a queue of them to
 * be sent and one of those received (msgbuf.c); an imsgbuf is a msgbuf on a
 * socket whose buffers are messages with a header (imsg.c).  Programs use the
 * last, and look into a payload as an ibuf.
 *
 * Functions that return int give -1 with errno on failure.
 */
#ifndef IMSG_H
#define IMSG_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Octets that one read takes at most.  Whoever reads handles all that came
 * before it looks at anything else: with 65535 of them, 600 records of a
 * neighbor, marsd answered nobody for 10 ms (make bench-flood).
 */
#define IBUF_READ_SIZE		16384
#define IMSG_HEADER_SIZE	sizeof(struct imsg_hdr)
#define MAX_IMSGSIZE		16384	/* octets of a message, by default */

struct msgbuf;

/* rpos <= wpos <= size; the contents are the octets from rpos to wpos. */
struct ibuf {
	TAILQ_ENTRY(ibuf) entry;
	unsigned char	*buf;
	size_t		 size;		/* octets allocated */
	size_t		 wpos;		/* where the next one is written */
	size_t		 rpos;		/* where the next one is read */
	int		 fd;		/* owned; -1 none; -2: this is a view,
					 * whose memory is somebody else's */
};

struct imsgbuf {
	struct msgbuf	*w;
	pid_t		 pid;
	uint32_t	 maxsize;	/* of a message, with its header */
	int		 fd;
	int		 flags;
};

struct imsg_hdr {
	uint32_t	 type;
	uint32_t	 len;		/* header and payload */
	uint32_t	 peerid;
	uint32_t	 pid;
};

struct imsg {
	struct imsg_hdr	 hdr;
	void		*data;		/* the payload; NULL if it is empty */
	struct ibuf	*buf;
};

/*
 * ibuf.c.  To give a view to ibuf_free(), ibuf_close() or ibuf_fd_set() is a
 * mistake in the program, which ends by abort(3).
 */

/* A buffer for len octets; NULL with errno. */
struct ibuf	*ibuf_open(size_t len);
/* Wipes it, closes its descriptor; keeps errno.  NULL is fine. */
void		 ibuf_free(struct ibuf *);
/* Appends.  ERANGE: no room for all of it; EINVAL: it is a view. */
int		 ibuf_add(struct ibuf *, const void *, size_t);
/* The contents, their length, and the room behind them. */
void		*ibuf_data(const struct ibuf *);
size_t		 ibuf_size(const struct ibuf *);
size_t		 ibuf_left(const struct ibuf *);
/* Makes a view of len octets, which is never freed. */
void		 ibuf_from_buffer(struct ibuf *, void *, size_t len);
/* Take the next octets, as a copy, as a view.  EBADMSG: there are fewer. */
int		 ibuf_get(struct ibuf *, void *, size_t);
int		 ibuf_get_ibuf(struct ibuf *, size_t, struct ibuf *);
/* The descriptor, or -1; it is the caller's from then on. */
int		 ibuf_fd_get(struct ibuf *);
/* Attaches one, which is the buffer's from then on; below 0: none. */
void		 ibuf_fd_set(struct ibuf *, int);

/* msgbuf.c */

/*
 * For messages whose header has that many octets.  readhdr is called with a
 * view of each header that has come and the descriptor that came with it, or
 * -1; it returns an ibuf_open() of the length of the whole message, header
 * included, or NULL with errno.  If it takes the descriptor it sets it to -1.
 */
struct msgbuf	*msgbuf_new_reader(size_t,
		    struct ibuf *(*readhdr)(struct ibuf *, void *, int *),
		    void *);
void		 msgbuf_free(struct msgbuf *);
/* Drops what is queued, either way, and what is half received. */
void		 msgbuf_clear(struct msgbuf *);
/* Buffers that wait to be sent. */
uint32_t	 msgbuf_queuelen(const struct msgbuf *);
/* Queues the buffer, which is the msgbuf's from then on. */
void		 ibuf_close(struct msgbuf *, struct ibuf *);
/* Send what the socket takes, without and with descriptors: 0, or -1. */
int		 ibuf_write(int, struct msgbuf *);
int		 msgbuf_write(int, struct msgbuf *);
/*
 * Receive once, without and with descriptors: 1, also where there was
 * nothing; 0: the other end has closed; -1: the stream is of no use any more.
 */
int		 ibuf_read(int, struct msgbuf *);
int		 msgbuf_read(int, struct msgbuf *);
/* The next message that is complete, which is the caller's, or NULL. */
struct ibuf	*msgbuf_get(struct msgbuf *);

/* imsg.c */

/* The descriptor stays the caller's to close. */
int		 imsgbuf_init(struct imsgbuf *, int);
/* From now on descriptors travel, both ways. */
void		 imsgbuf_allow_fdpass(struct imsgbuf *);
/* Limits the payload of a message, either way. */
int		 imsgbuf_set_maxsize(struct imsgbuf *, uint32_t);
/* As msgbuf_read(); a message beyond the limit is an error, ERANGE. */
int		 imsgbuf_read(struct imsgbuf *);
/* 1: a message, for imsg_free(); 0: there is none. */
int		 imsgbuf_get(struct imsgbuf *, struct imsg *);
int		 imsgbuf_write(struct imsgbuf *);
/* Writes until nothing is queued; spins where the socket does not block. */
int		 imsgbuf_flush(struct imsgbuf *);
uint32_t	 imsgbuf_queuelen(const struct imsgbuf *);
/* Frees everything but the struct. */
void		 imsgbuf_clear(struct imsgbuf *);
/*
 * Queues a message of that type, id and pid (0: our own), with a descriptor
 * (-1: none) and a payload.  1, and the descriptor is taken; -1, and it is
 * still the caller's: ERANGE, beyond the limit; ENOMEM.
 */
int		 imsg_compose(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
		    const void *, size_t);
void		 imsg_free(struct imsg *);
uint32_t	 imsg_get_type(const struct imsg *);
/* As ibuf_fd_get(). */
int		 imsg_get_fd(struct imsg *);
/* A view of the payload until imsg_free(); EBADMSG: it is empty. */
int		 imsg_get_ibuf(struct imsg *, struct ibuf *);

#endif
