/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `capture`: the SDUs of circuits into a file, as the daemons tell them.  What
 * wireshark calls an interface is a local address of one of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local.h"
#include "pcapng.h"

#define BLOCK_MAX	16384	/* octets: an SDU, and what is said of it */

struct capture {
	const struct marsctl_local *local;
	FILE		*f;
	char		**names;	/* of the interfaces, in their order */
	uint32_t	 nnames;
	uint64_t	 lost[MARSCTL_DAEMONS];	/* since its last SDU */
	int		 count;		/* SDUs written */
	struct marsctl_answer *answer;
};

static bool
capture_write(struct capture *c, const struct wr *w)
{
	if (!wr_failed(w) && fwrite(w->buf, 1, w->len, c->f) == w->len)
		return true;
	marsctl_wrong(c->answer, "%s: %s", c->local->file,
	    wr_failed(w) ? "an SDU is too large" : strerror(errno));
	return false;
}

static bool
capture_flush(void *arg)
{
	struct capture *c = arg;

	if (fflush(c->f) != EOF)
		return true;
	marsctl_wrong(c->answer, "%s: %s", c->local->file, strerror(errno));
	return false;
}

/* The interface of that name, which is written when it is a new one. */
static bool
capture_interface(struct capture *c, const char *name, uint32_t *n)
{
	uint8_t buf[BLOCK_MAX];
	char **names;
	struct wr w;

	for (*n = 0; *n < c->nnames; (*n)++)
		if (strcmp(c->names[*n], name) == 0)
			return true;
	names = reallocarray(c->names, c->nnames + 1, sizeof(*names));
	if (names == NULL || (c->names = names,
	    names[c->nnames] = strdup(name)) == NULL) {
		marsctl_wrong(c->answer, "%s", strerror(errno));
		return false;
	}
	c->nnames++;
	wr_init(&w, buf, sizeof(buf));
	pcapng_interface(&w, name);
	return capture_write(c, &w);
}

static uint64_t *
lost_of(struct capture *c, const char *process)
{
	return &c->lost[marsctl_daemon_number(process)];
}

/* As a row has it, or "-". */
static const char *
text_of(struct rd row, const char *key, struct ctl_value *v)
{
	return ctl_find_string(row, key, v) ? v->string : "-";
}

static bool
capture_packet(struct capture *c, const char *process, struct rd row,
    const struct ctl_value *octets)
{
	char name[1200], comment[600];
	struct pcapng_packet p = {
		.data = octets->octets,
		.len = octets->length,
		.comment = comment,
	};
	uint64_t *lost = lost_of(c, process);
	struct ctl_value v, local;
	uint8_t buf[BLOCK_MAX];
	struct rd at = row;
	struct wr w;

	p.out = strcmp(text_of(row, "direction", &v), "out") == 0;
	if (ctl_find(&at, "time", &v))
		p.time = v.number;
	snprintf(name, sizeof(name), "%s %s %s", process,
	    text_of(row, "scope", &v), text_of(row, "local", &local));
	snprintf(comment, sizeof(comment), "%s %s", p.out ? "to" : "from",
	    ctl_find_string(row, "peer", &v) ? v.string : "all leaves");
	if (!capture_interface(c, name, &p.interface))
		return false;
	p.lost = *lost;
	*lost = 0;
	wr_init(&w, buf, sizeof(buf));
	pcapng_packet(&w, &p);
	return capture_write(c, &w) &&
	    (++c->count != c->local->count);
}

static bool
capture_row(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct capture *c = arg;
	struct rd at = row;
	struct ctl_value v;

	(void)a;
	if (ctl_find(&at, "octets", &v) && v.tag == CTL_OCTETS)
		return capture_packet(c, process, row, &v);
	at = row;
	if (strcmp(text_of(row, "event", &v), "lost") == 0 &&
	    ctl_find(&at, "number", &v)) {
		*lost_of(c, process) += v.number;
		fprintf(stderr, "%s: %llu SDUs were lost\n", process,
		    (unsigned long long)v.number);
	}
	return true;
}

/* It shows what is said: nobody else may read it. */
static FILE *
capture_open(const char *path)
{
	FILE *f;
	int fd;

	if (strcmp(path, "-") == 0)
		return stdout;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return NULL;
	if ((f = fdopen(fd, "w")) == NULL)
		(void)close(fd);
	return f;
}

/* What the daemons tell, into the file, until one of them ends. */
static void
capture_follow(struct capture *c, struct marsctl_session *s)
{
	uint8_t buf[64];
	struct wr w;

	if ((c->f = capture_open(c->local->file)) == NULL) {
		marsctl_wrong(
		    c->answer, "%s: %s", c->local->file, strerror(errno));
		return;
	}
	wr_init(&w, buf, sizeof(buf));
	pcapng_section(&w);
	if (capture_write(c, &w) && capture_flush(c))
		marsctl_session_follow(s, c->local->request, capture_row, c,
		    capture_flush, -1, c->answer);
	if (fclose(c->f) == EOF)
		marsctl_wrong(
		    c->answer, "%s: %s", c->local->file, strerror(errno));
}

int
marsctl_capture(const struct marsctl_local *l)
{
	struct marsctl_request q = *l->request;
	struct marsctl_session s;
	struct marsctl_answer a;
	struct capture c;

	memset(&c, 0, sizeof(c));
	c.local = l;
	c.answer = &a;
	marsctl_answer_init(&a);
	if (l->file == NULL)
		marsctl_wrong(&a, "capture: where to? Write -w and the name of "
		    "a file, or -w - for standard output");
	else if (marsctl_session_open(&s, &l->where, &q, &a)) {
		capture_follow(&c, &s);
		marsctl_session_close(&s);
	}
	while (c.nnames > 0)
		free(c.names[--c.nnames]);
	free(c.names);
	return marsctl_answer_tell(&a);
}
