/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsctl(8): asks the daemons over their control sockets and prints what
 * they answer, row by row as it comes, so that an answer may have any length.
 *
 *	parser.c	the words of a command, made a request
 *	keygen.c, init.c	commands that ask no daemon (local.h)
 *	show.c		what can be shown, and the columns of its table
 *	marsctl.c	sends the request, and reads the answer (this file)
 *	output.c	rows as a table; output_json.c: as JSON
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <imsg.h>

#include "ctl.h"
#include "ipc.h"
#include "local.h"
#include "log.h"
#include "output.h"
#include "parser.h"
#include "version.h"

#define CONTROL_DIR	"/var/run/mars"
#define WHY_SIZE	1024
#define SILENCE		5	/* s that a daemon may be silent */
#define SILENCE_RELOAD	15	/* the same of a reload, which mars gives 10 */

/* how marsctl ends */
enum {
	MARSCTL_DONE,
	MARSCTL_FAILED,
	MARSCTL_SILENT = 3	/* a daemon does not answer */
};

struct marsctl_daemon {
	const char	*name;		/* of its socket, without ".sock" */
	unsigned int	 ask;		/* its bit of a request */
	struct imsgbuf	 ibuf;
	bool		 connected;
};

static struct marsctl_daemon daemons[] = {
	{ .name = "marsd", .ask = ASK_MARSD },
	{ .name = "scspd", .ask = ASK_SCSPD },
	{ .name = "edged", .ask = ASK_EDGED },
};
#define NDAEMONS	(sizeof(daemons) / sizeof(daemons[0]))

/* How a request ended, of all daemons that were asked together. */
struct marsctl_answer {
	bool	ok;
	int	status;			/* of exit(3) */
	char	why[WHY_SIZE];		/* else: a sentence */
};

static bool json;			/* -j */

static void	wrong(struct marsctl_answer *, const char *, ...) PRINTFLIKE(2,
    3);
static void	quit(int, const char *, ...) PRINTFLIKE(2, 3)
    __attribute__((__noreturn__));

static void
synopsis(void)
{
	fprintf(stderr, "usage: marsctl [-jV] [-s directory|socket] "
	    "[-t seconds] command ...\n"
	    "       marsctl keygen [file]\n"
	    "       marsctl init [word value] ...\n");
}

static void
usage(void)
{
	synopsis();
	exit(1);
}

/* Nobody was asked: ends, and says why, in JSON, too, if that is wanted. */
static void
quit(int status, const char *fmt, ...)
{
	char why[WHY_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (json) {
		putchar('{');
		marsctl_output_result(stdout, false, why);
		(void)fflush(stdout);
	}
	errx(status, "%s", why);
}

/* Notes what went wrong; of several things the first one. */
static void
wrong(struct marsctl_answer *a, const char *fmt, ...)
{
	va_list ap;

	if (!a->ok)
		return;
	a->ok = false;
	a->status = MARSCTL_FAILED;
	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
}

/* It has said nothing for so long: it is stopped, or hangs. */
static void
silent(struct marsctl_answer *a, const struct marsctl_daemon *d, int seconds)
{
	if (!a->ok)
		return;
	wrong(a, "%s does not answer for %d s: is it stopped?", d->name,
	    seconds);
	a->status = MARSCTL_SILENT;
}

/* DIR/NAME.sock, or with another ending.  False: too long. */
static bool
socket_path(struct sockaddr_un *sun, const char *dir, const char *name,
    const char *ending)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s%s", dir,
	    name, ending);
	return n > 0 && (size_t)n < sizeof(sun->sun_path);
}

/*
 * Its socket; or the one for those who may only be shown things, where we may
 * not use the other.
 */
static void
socket_name(struct sockaddr_un *sun, const struct marsctl_daemon *d,
    const char *where)
{
	struct sockaddr_un reader;
	struct stat st;

	if (stat(where, &st) == 0 && !S_ISDIR(st.st_mode)) {
		memset(sun, 0, sizeof(*sun));
		sun->sun_family = AF_UNIX;
		if (strlcpy(sun->sun_path, where, sizeof(sun->sun_path)) <
		    sizeof(sun->sun_path))
			return;
	} else if (socket_path(sun, where, d->name, ".sock")) {
		if (access(sun->sun_path, W_OK) == -1 && errno == EACCES &&
		    socket_path(&reader, where, d->name, "-read.sock") &&
		    access(reader.sun_path, W_OK) == 0)
			*sun = reader;
		return;
	}
	quit(1, "%s: too long a path for a socket", where);
}

/*
 * Connects to a daemon: where is the directory of its socket, or the socket.
 * False: it has none, and may_lack; whatever else fails ends marsctl, with a
 * sentence.
 */
static bool
marsctl_attach(struct marsctl_daemon *d, const char *where, int seconds,
    bool may_lack)
{
	const struct timeval tv = { .tv_sec = seconds };
	struct sockaddr_un sun;
	int fd;

	socket_name(&sun, d, where);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	/* connect(2) waits where as many wait already as may */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1)
		err(1, "socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		if (errno == ENOENT && may_lack) {
			close(fd);
			return false;
		}
		if (errno == EACCES)
			quit(1, "%s: %s", sun.sun_path, strerror(errno));
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			quit(MARSCTL_SILENT, "%s does not answer for %d s: is "
			    "it stopped?",
			    d->name, seconds);
		quit(1, "%s: %s; is mars running?", sun.sun_path,
		    strerror(errno));
	}
	if (imsgbuf_init(&d->ibuf, fd) == -1 ||
	    imsgbuf_set_maxsize(&d->ibuf, CTL_ROW_MAX) == -1)
		err(1, "%s", d->name);
	d->connected = true;
	return true;
}

/*
 * Where one of the sockets is named instead of their directory, only its
 * daemon is asked.  Its name tells which one that is.
 */
static void
choose_daemon(struct marsctl_request *q, const char *where)
{
	const char *base = strrchr(where, '/');
	struct stat st;
	size_t i, n;

	base = base == NULL ? where : base + 1;
	if (stat(where, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	for (i = 0; i < NDAEMONS; i++) {
		n = strlen(daemons[i].name);
		if (strncmp(base, daemons[i].name, n) != 0)
			continue;
		if (((q->ask | q->also | q->instead) & daemons[i].ask) == 0)
			quit(1, "%s: not what %s is asked", where,
			    daemons[i].name);
		q->ask = daemons[i].ask;
		q->also = q->instead = 0;
	}
}

/* How many of these daemons run, to each of which it then is connected. */
static int
attach_some(unsigned int ask, const char *where, int seconds, bool may_lack)
{
	size_t i;
	int n = 0;

	for (i = 0; i < NDAEMONS; i++)
		if ((ask & daemons[i].ask) != 0 &&
		    marsctl_attach(&daemons[i], where, seconds, may_lack))
			n++;
	return n;
}

/* If none runs it ends, with a sentence about the one that is asked first. */
static void
attach_all(struct marsctl_request *q, const char *where, int seconds)
{
	choose_daemon(q, where);
	if (attach_some(q->ask | q->also, where, seconds, true) > 0 ||
	    attach_some(q->instead, where, seconds, true) > 0)
		return;
	(void)attach_some(q->ask, where, seconds, false);
}

static int
marsctl_send_request(struct marsctl_daemon *d, const struct marsctl_request *q)
{
	uint8_t buf[CTL_REQUEST_MAX];
	struct wr w;
	size_t f;
	int i;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)q->argc);
	for (i = 0; i < q->argc; i++)
		wr_string(&w, q->argv[i]);
	for (f = 0; f < q->nfilters; f++) {
		wr_string(&w, q->filters[f].word);
		wr_string(&w, q->filters[f].value);
	}
	if (imsg_compose(&d->ibuf, IMSG_CTL_REQUEST, 0, 0, -1, buf, w.len) ==
	    -1)
		return -1;
	return imsgbuf_flush(&d->ibuf);
}

/* One message of the answer.  True: it was the last. */
static bool
on_message(struct marsctl_daemon *d, struct imsg *m, struct marsctl_output *o,
    struct marsctl_answer *a)
{
	char text[WHY_SIZE];
	struct ibuf v;
	struct rd r;
	bool ok;

	rd_init(&r, NULL, 0);
	if (imsg_get_ibuf(m, &v) == 0)
		rd_init(&r, ibuf_data(&v), ibuf_size(&v));
	switch (imsg_get_type(m)) {
	case IMSG_CTL_ROW:
		if (!marsctl_output_row(o, d->name, r)) {
			wrong(a, "%s: malformed answer", d->name);
			return true;
		}
		if (ferror(o->f)) {
			wrong(a, "output: %s", strerror(errno));
			return true;
		}
		return false;
	case IMSG_CTL_END:
		ok = rd_u8(&r) != 0;
		(void)rd_string(&r, text, sizeof(text));
		if (rd_failed(&r))
			wrong(a, "%s: malformed answer", d->name);
		else if (!ok)
			wrong(a, "%s: %s", d->name, text);
		else if (a->ok)
			(void)strlcpy(a->why, text, sizeof(a->why));
		return true;
	default:
		wrong(a, "%s: not an answer (type %u)", d->name,
		    imsg_get_type(m));
		return true;
	}
}

/* Waits until there is something to read: 1, or 0 after so long, or -1. */
static int
await(const struct marsctl_daemon *d, int seconds)
{
	struct pollfd p = { .fd = d->ibuf.fd, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, seconds * 1000)) == -1 && errno == EINTR)
		;
	return n;
}

/* Reads and prints until the end of the answer. */
static void
ask(struct marsctl_daemon *d, const struct marsctl_request *q,
    struct marsctl_output *o, struct marsctl_answer *a, int seconds)
{
	struct imsg m;
	bool last;
	int n;

	if (marsctl_send_request(d, q) == -1) {
		wrong(a, "%s: %s", d->name, strerror(errno));
		return;
	}
	for (;;) {
		while ((n = imsgbuf_get(&d->ibuf, &m)) == 1) {
			last = on_message(d, &m, o, a);
			imsg_free(&m);
			if (last)
				return;
		}
		if (n == 0 && (n = await(d, seconds)) == 0) {
			silent(a, d, seconds);
			return;
		}
		if (n == -1 || (n = imsgbuf_read(&d->ibuf)) == -1) {
			wrong(a, "%s: %s", d->name, strerror(errno));
			return;
		}
		if (n == 0) {
			wrong(a, "%s closed the connection", d->name);
			return;
		}
	}
}

/* Is there any socket of a daemon yet? */
static bool
any_socket(const char *where)
{
	char path[PATH_MAX];
	struct stat st;
	size_t i;

	if (stat(where, &st) == -1)
		return false;
	if (!S_ISDIR(st.st_mode))
		return true;
	for (i = 0; i < NDAEMONS; i++) {
		snprintf(path, sizeof(path), "%s/%s.sock", where,
		    daemons[i].name);
		if (lstat(path, &st) == 0)
			return true;
	}
	return false;
}

/* mars has been told to end: it has ended when its sockets are gone. */
static void
await_end(const char *where, int seconds, struct marsctl_answer *a)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int i;

	for (i = 0; a->ok && any_socket(where); i++) {
		if (i == seconds * 20)
			wrong(a, "mars has not ended for %d s", seconds);
		(void)nanosleep(&pause, NULL);
	}
}

static bool
is_stop(const struct marsctl_request *q)
{
	return strcmp(q->argv[0], "stop") == 0;
}

static int
marsctl_run(
    const struct marsctl_request *q, const char *where, int seconds)
{
	struct marsctl_answer a = { .ok = true };
	struct marsctl_output o;
	size_t i;

	marsctl_output_begin(&o, stdout, json, q);
	for (i = 0; i < NDAEMONS; i++)
		if (daemons[i].connected)
			ask(&daemons[i], q, &o, &a, seconds);
	if (is_stop(q))
		await_end(where, seconds, &a);
	marsctl_output_end(&o, a.ok, a.why);
	if (fflush(stdout) == EOF)
		wrong(&a, "output: %s", strerror(errno));
	if (!a.ok)
		warnx("%s", a.why);
	return a.status;
}

/* What is no command is said with what could stand there. */
static void
parse(struct marsctl_request *q, int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	if ((f = open_memstream(&text, &size)) == NULL)
		err(1, NULL);
	if (marsctl_parse(q, argc, argv, f) == 0) {
		fclose(f);
		free(text);
		return;
	}
	if (fclose(f) == EOF)
		err(1, NULL);
	fputs(text, stderr);
	if (json) {
		putchar('{');
		marsctl_output_result(stdout, false, text);
		(void)fflush(stdout);
	}
	exit(1);
}

/* Seconds of -t. */
static int
patience(const char *arg)
{
	const char *why;
	int n = (int)strtonum(arg, 1, INT_MAX / 1000, &why);

	if (why != NULL)
		errx(1, "-t %s: %s: write a number of seconds", arg, why);
	return n;
}

/* -V also says when nobody could read it. */
static int
version(void)
{
	if (printf("marsctl %s\n", MARS_VERSION) < 0 || fflush(stdout) == EOF)
		err(1, "output");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *where = CONTROL_DIR;
	struct marsctl_request q;
	int c, status, seconds = 0;

	while ((c = getopt(argc, argv, "js:t:V")) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 's':
			where = optarg;
			break;
		case 't':
			seconds = patience(optarg);
			break;
		case 'V':
			return version();
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if ((status = marsctl_local(argc, argv)) != -1)
		return status;
	if (argc == 0)
		synopsis(); /* and the parser lists the commands */
	parse(&q, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	if (seconds == 0)
		seconds = strcmp(q.argv[0], "reload") == 0 ? SILENCE_RELOAD :
		    SILENCE;
	attach_all(&q, where, seconds);
#ifdef __OpenBSD__
	if (pledge(is_stop(&q) ? "stdio rpath" : "stdio", NULL) == -1)
		err(1, "pledge");
#endif
	return marsctl_run(&q, where, seconds);
}
