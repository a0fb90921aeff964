/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * mars -n -A: what a configuration lets happen that it should not (audit.h),
 * with the file and the line of each.  What only this machine can tell is
 * looked at here: files, addresses, memory, sockets.
 */
#include <sys/stat.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_report.h"
#include "conf_memory.h"
#include "endpoint.h"
#include "parent_audit.h"

/* A finding about a part is at the place where that was defined. */
static void
parent_audit_note(
    void *arg, enum audit_id id, const void *at, const char *sentence)
{
	struct parent_audit *p = arg;
	const struct parse_place *place =
	    at == NULL ? NULL : parse_place_of(p->record, at);

	audit_report_add(p->report, id,
	    place == NULL ? p->report->subject : place->file,
	    place == NULL ? 0 : place->line, sentence);
}

/* --- users and sockets */

static void
audit_user(const struct parent_audit *p, const char *program,
    const char *user)
{
	if (strcmp(user, "none") == 0)
		audit_found(&p->audit, AUDIT_USER_ROOT, NULL,
		    "user %s none: it keeps the user of mars, and no "
		    "directory is its root", program);
}

static void
audit_confinement(const struct parent_audit *p, const struct conf *c)
{
	if (c->best_effort)
		audit_found(&p->audit, AUDIT_CONFINEMENT_BEST, NULL,
		    "confinement best-effort: without Landlock mars and its "
		    "programs run with less confinement");
}

static void
audit_users(const struct parent_audit *p, const struct conf *c)
{
	if (conf_has_server(c)) {
		audit_user(p, "marsd", c->user_marsd);
		audit_user(p, "scspd", c->user_scspd);
	}
	if (!TAILQ_EMPTY(&c->edges))
		audit_user(p, "edged", c->user_edged);
}

static void
audit_control(const struct parent_audit *p, const struct conf *c)
{
	char why[AUDIT_TEXT];

	if (*c->control_group != '\0')
		audit_found(&p->audit, AUDIT_CONTROL_GROUP, NULL,
		    "control group %s: its members may stop the service, "
		    "change its log and read its packets", c->control_group);
	if (!parent_audit_path(c->control, why, sizeof(why)))
		audit_found(&p->audit, AUDIT_CONTROL_OPEN, NULL,
		    "control \"%s\": %s", c->control, why);
}

/* --- files */

static void
audit_key_file(const struct parent_audit *p, const struct conf_key *k)
{
	char why[AUDIT_TEXT];
	struct stat st;
	int64_t days;

	if (!parent_audit_path(k->file, why, sizeof(why)))
		audit_found(&p->audit, AUDIT_FILE_WRITABLE, k, "key %u: %s",
		    k->spi, why);
	if (stat(k->file, &st) == -1)
		return;
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		audit_found(&p->audit, AUDIT_FILE_READABLE, k,
		    "key %u: others than its owner may read %s (mode %04o)",
		    k->spi, k->file, (unsigned int)st.st_mode & 07777);
	/* where it does not say from when on it counts */
	days = (p->audit.now - (int64_t)st.st_mtime) / AUDIT_DAY;
	if (k->not_before == 0 && days > AUDIT_KEY_DAYS)
		audit_found(&p->audit, AUDIT_KEY_OLD, k,
		    "key %u: %s was written %" PRId64 " days ago", k->spi,
		    k->file, days);
}

static void
audit_files(const struct parent_audit *p, const struct conf *c)
{
	const struct parse_place *file;
	const struct conf_key *k;
	char why[AUDIT_TEXT];

	SLIST_FOREACH(file, &p->record->files, entry)
		if (!parent_audit_path(file->file, why, sizeof(why)))
			audit_report_add(p->report, AUDIT_FILE_WRITABLE,
			    file->file, 0, why);
	TAILQ_FOREACH(k, &c->keys, entry)
		audit_key_file(p, k);
}

/* --- programs */

static void
audit_program(const struct parent_audit *p, const char *path)
{
	char why[AUDIT_TEXT];

	if (!parent_audit_path(path, why, sizeof(why)))
		audit_report_add(
		    p->report, AUDIT_PROGRAM_WRITABLE, path, 0, why);
}

static void
audit_child(const struct parent_audit *p, const char *libexec,
    const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", libexec, name);
	audit_program(p, path);
}

/* Itself, where the system says which file that is, and its children. */
static void
audit_programs(
    const struct parent_audit *p, const struct conf *c, const char *libexec)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		audit_program(p, self);
	}
	if (conf_has_server(c)) {
		audit_child(p, libexec, "marsd");
		audit_child(p, libexec, "scspd");
	}
	if (!TAILQ_EMPTY(&c->edges))
		audit_child(p, libexec, "edged");
}

/* --- where it listens */

/* The cluster at this address, whatever its selector is; NULL: none. */
static const struct conf_cluster *
audit_cluster_at(const struct conf *c, const struct atm_addr *addr)
{
	const struct conf_cluster *cl;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (endpoint_same(&cl->addr, addr))
			return cl;
	return NULL;
}

/*
 * NVC makes sure that a caller can be reached at its address (nvc.md), so
 * whoever is on the way can have any.
 */
static void
audit_listen(const struct parent_audit *p, const struct conf *c,
    const struct conf_listen *l)
{
	const struct conf_cluster *cl = audit_cluster_at(c, &l->addr);
	char text[ATM_STRLEN], name[64];

	if (l->transport != CONF_LISTEN_UDP ||
	    parent_underlay(&l->addr, name, sizeof(name)) != UNDERLAY_OPEN)
		return;
	(void)atm_addr_print(&l->addr, text, sizeof(text));
	if (cl != NULL)
		audit_found(&p->audit, AUDIT_ALLOW_UNPROVEN, l,
		    "cluster \"%s\" is at %s of %s, where nothing proves who "
		    "sends: a client is known by its address alone", cl->name,
		    text, name);
	else
		audit_found(&p->audit, AUDIT_LISTEN_OPEN, l,
		    "scspd is at %s of %s, which is no tunnel: UDP port %d can "
		    "be reached from elsewhere", text, name,
		    c->base_port + SEL_SCSPD);
}

/* --- memory */

static void
audit_memory(const struct parent_audit *p, const struct conf *c)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	struct conf_memory m;
	uint64_t have, may;

	if (pages <= 0 || size <= 0)
		return;
	conf_memory(c, &m);
	have = ((uint64_t)pages * (uint64_t)size) >> 20;
	may = (m.mars + m.marsd + m.scspd + m.edged) >> 20;
	if (may > have)
		audit_found(&p->audit, AUDIT_LIMIT_MEMORY, NULL,
		    "mars and what it starts may take %" PRIu64 " MB, and this "
		    "machine has %" PRIu64, may, have);
}

int
parent_audit(const struct parent *mars, const struct parse_record *record,
    enum audit_format format)
{
	const struct conf *c = mars->conf;
	struct audit_report report;
	struct parent_audit p = {
		.audit = { parent_audit_note, &p, (int64_t)time(NULL) },
		.report = &report,
		.record = record,
	};
	const struct conf_listen *l;
	int status;

	audit_report_init(&report, AUDIT_FILE, mars->file);
	report.digest = record->digest;
	audit_conf(&p.audit, c, AUDIT_OF_ALL);
	audit_users(&p, c);
	audit_confinement(&p, c);
	audit_control(&p, c);
	audit_files(&p, c);
	audit_programs(&p, c, mars->libexec);
	TAILQ_FOREACH(l, &c->listens, entry)
		audit_listen(&p, c, l);
	audit_memory(&p, c);
	status = audit_report_print(&report, stdout, format);
	audit_report_free(&report);
	return status;
}
