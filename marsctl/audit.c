/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `audit`: what the processes find in their configuration, and what the
 * kernel and the file system say of them and of their sockets.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_process.h"
#include "audit_report.h"
#include "local.h"
#include "output.h"

#define PROC_TEXT	8192	/* octets of a file of /proc, but for maps */

struct marsctl_audit {
	struct audit_report	 report;
	struct audit		 audit;
	struct marsctl_audit_process v[MARSCTL_DAEMONS + 1];
	size_t			 n;
	bool			 blind;		/* something can't be read */
};

static void
marsctl_audit_note(
    void *arg, enum audit_id id, const void *at, const char *sentence)
{
	struct marsctl_audit *m = arg;
	const struct marsctl_audit_process *p = at;

	audit_report_add(&m->report, id,
	    p == NULL ? m->report.subject : p->name, 0, sentence);
}

/* --- rows */

static void
audit_process(struct marsctl_audit *m, const char *process, struct rd row)
{
	struct marsctl_audit_process *p = &m->v[m->n++];
	const struct passwd *pw;
	struct ctl_value user;
	uint64_t n;

	(void)strlcpy(p->name, process, sizeof(p->name));
	p->pid = ctl_find_number(row, "pid", &n) ? (pid_t)n : 0;
	p->keys = ctl_find_number(row, "keys", &n) && n != 0;
	if (ctl_find_string(row, "user", &user) &&
	    (pw = getpwnam(user.string)) != NULL) {
		p->has_user = true;
		p->uid = pw->pw_uid;
	}
}

static bool
audit_take(void *arg, const char *process, struct rd row,
    struct marsctl_answer *a)
{
	struct marsctl_audit *m = arg;
	struct ctl_value id, text;
	enum audit_id what;
	uint64_t n;

	if (ctl_find_number(row, "pid", &n)) {
		if (m->n < MARSCTL_DAEMONS)
			audit_process(m, process, row);
		return true;
	}
	if (!ctl_find_string(row, "id", &id) ||
	    !audit_find(id.string, &what) ||
	    !ctl_find_string(row, "text", &text)) {
		marsctl_wrong(a, "%s: another version of mars runs", process);
		return false;
	}
	marsctl_plain(text.string);
	audit_report_add(&m->report, what, process, 0, text.string);
	return true;
}

/* --- processes */

static FILE *
proc_open(struct marsctl_audit *m, const struct marsctl_audit_process *p,
    const char *what)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)p->pid, what);
	if ((f = fopen(path, "re")) == NULL) {
		warn("%s: %s", p->name, path);
		m->blind = true;
	}
	return f;
}

/* All of a small file; false: it was said why not. */
static bool
proc_read(struct marsctl_audit *m, const struct marsctl_audit_process *p,
    const char *what, char text[PROC_TEXT])
{
	FILE *f = proc_open(m, p, what);
	size_t n;

	if (f == NULL)
		return false;
	n = fread(text, 1, PROC_TEXT - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return true;
}

/* The first program or library that was replaced. */
static void
audit_build(struct marsctl_audit *m, const struct marsctl_audit_process *p)
{
	FILE *f = proc_open(m, p, "maps");
	char *line = NULL;
	size_t size = 0;

	if (f == NULL)
		return;
	errno = 0;
	while (getline(&line, &size, f) != -1)
		if (marsctl_audit_gone(line)) {
			line[strcspn(line, "\n")] = '\0';
			audit_found(&m->audit, AUDIT_BUILD_OTHER, p,
			    "%s runs %s", p->name, strchr(line, '/'));
			break;
		}
	if (ferror(f)) {
		warn("%s: /proc/%d/maps", p->name, (int)p->pid);
		m->blind = true;
	}
	free(line);
	(void)fclose(f);
}

/* Returns the parent's process id, or 0. */
static pid_t
audit_kernel(struct marsctl_audit *m, const struct marsctl_audit_process *p)
{
	char text[PROC_TEXT];
	pid_t parent = 0;

	if (proc_read(m, p, "status", text))
		parent = marsctl_audit_status(&m->audit, p, text);
	if (proc_read(m, p, "limits", text))
		marsctl_audit_core(&m->audit, p, text);
	audit_build(m, p);
	return parent;
}

static void
audit_processes(struct marsctl_audit *m)
{
	struct marsctl_audit_process *mars = &m->v[m->n];
	size_t i;

	for (i = 0; i < m->n; i++)
		mars->pid = audit_kernel(m, &m->v[i]);
	if (mars->pid == 0)
		return;
	(void)strlcpy(mars->name, "mars", sizeof(mars->name));
	mars->parent = true;
	(void)audit_kernel(m, mars);
}

/* --- sockets */

static void
audit_socket(struct marsctl_audit *m, const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		audit_found(&m->audit, AUDIT_CONTROL_OPEN, NULL,
		    "%s belongs to user %u", path, (unsigned int)st.st_uid);
	else if ((st.st_mode & S_IWOTH) != 0)
		audit_found(&m->audit, AUDIT_CONTROL_OPEN, NULL,
		    "everybody may write to %s (mode %04o)", path,
		    (unsigned int)st.st_mode & 07777);
	else if (S_ISSOCK(st.st_mode) && st.st_gid != 0 &&
	    (st.st_mode & S_IWGRP) != 0)
		audit_found(&m->audit, AUDIT_CONTROL_GROUP, NULL,
		    "group %u may use %s", (unsigned int)st.st_gid, path);
}

static void
audit_sockets(struct marsctl_audit *m, const char *dir)
{
	static const char *const names[] = { "marsd", "scspd", "edged" };
	char path[1024];
	size_t i;

	audit_socket(m, dir);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.sock", dir, names[i]);
		audit_socket(m, path);
	}
}

/* --- the command */

int
marsctl_audit(const struct marsctl_local *l)
{
	enum audit_format format = l->json ? AUDIT_JSON : AUDIT_LINES;
	struct marsctl_answer a;
	struct marsctl_audit m;
	int status;

	if (l->format != NULL && !audit_format_find(l->format, &format))
		errx(AUDIT_STATUS_FAILED,
		    "-o %s: write -o text or -o sarif", l->format);
	memset(&m, 0, sizeof(m));
	audit_report_init(&m.report, AUDIT_RUN, l->where.path);
	m.audit = (struct audit){ marsctl_audit_note, &m, (int64_t)time(NULL) };
	marsctl_answer_init(&a);
	marsctl_collect(&l->where, marsctl_daemons(&l->where), "audit",
	    audit_take, &m, &a);
	if (a.ok && m.n == 0)
		marsctl_wrong(&a, "there is no control socket in %s: is mars "
		    "running?", l->where.path);
	if (!a.ok) {
		audit_report_free(&m.report);
		return marsctl_answer_tell(&a);
	}
	audit_processes(&m);
	audit_sockets(&m, l->where.path);
	status = audit_report_print(&m.report, stdout, format);
	audit_report_free(&m.report);
	if (m.blind) {
		warnx("not all could be looked at: be root");
		return AUDIT_STATUS_FAILED;
	}
	return status;
}
