/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The life of the suite: start, signals, end. */

#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "log_audit.h"
#include "log_out.h"
#include "parent.h"
#include "version.h"

#define START_WAIT	60	/* s until the children have to be at work */
#define END_WAIT	1800	/* ms for them to end by themselves */
#define KILL_WAIT	1000	/* ms for them to end when they are killed */
#define NSIGNALS	4

/*
 * Will this child run as a user of its own?  Under root it will, unless the
 * user is "none"; a name that does not exist ends mars, since who mistypes a
 * name must not get a daemon that keeps root.
 */
static bool
check_user(const struct parent_child *c)
{
	const char *user = parent_child_user(c);

	if (geteuid() != 0)
		return false;
	if (strcmp(user, "none") == 0) {
		log_warnx("%s keeps root and is not confined by chroot, as "
		    "user %s none says: leave that to tests",
		    c->name, c->name);
		return false;
	}
	if (getpwnam(user) == NULL)
		fatalx("there is no user %s: create it, or write user %s with "
		    "the name of another one",
		    user, c->name);
	return true;
}

/* Nothing may be in a directory that is to be somebody's root. */
static bool
is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (d == NULL)
		return true; /* others may not look: nor can we say it */
	while (n <= 2 && readdir(d) != NULL)
		n++; /* . and .. are always there */
	(void)closedir(d);
	return n <= 2;
}

static void
user_check(const char *child, const char *user)
{
	const struct passwd *pw;
	struct stat st;

	if (strcmp(user, "none") == 0)
		return;
	if ((pw = getpwnam(user)) == NULL)
		log_warnx("there is no user %s for %s: create it, or name "
		    "another one with user %s",
		    user, child, child);
	else if (pw->pw_uid == 0)
		log_warnx("user %s of %s is root: name another one", user,
		    child);
	else if (stat(pw->pw_dir, &st) == -1 || !S_ISDIR(st.st_mode))
		log_warnx("%s, the home of user %s, is no directory: make it, "
		    "owned by root and empty",
		    pw->pw_dir, user);
	else if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		log_warnx("%s, the home of user %s, has to be root's, and "
		    "nobody else may write to it",
		    pw->pw_dir, user);
	else if (!is_empty(pw->pw_dir))
		log_warnx("%s, the home of user %s, is not empty: %s would "
		    "have those files in reach",
		    pw->pw_dir, user, child);
}

static void
group_check(const char *group)
{
	if (*group != '\0' && getgrnam(group) == NULL)
		log_warnx("there is no group %s for control group: create it, "
		    "or name another one",
		    group);
}

/* What the children, and then mars(8) itself, would fail for. */
static void
confinement_check(const struct conf *c)
{
	const char *why = sandbox_missing();

	if (why != NULL && !c->best_effort)
		fatalx("%s; or write confinement best-effort", why);
}

void
parent_users_check(const struct conf *c)
{
	confinement_check(c);
	group_check(c->control_group);
	group_check(c->control_readers);
	if (conf_has_server(c)) {
		user_check("marsd", c->user_marsd);
		user_check("scspd", c->user_scspd);
	}
	if (!TAILQ_EMPTY(&c->edges))
		user_check("edged", c->user_edged);
}

static void
check_program(const struct parent *p, const char *name)
{
	char path[CONF_PATH_SIZE + 32];

	(void)snprintf(path, sizeof(path), "%s/%s", p->libexec, name);
	if (access(path, X_OK) == -1)
		fatal("can't execute %s: say where it is with -L", path);
}

/*
 * Leaves the terminal.  The process that was started stays until the suite
 * is at work, so that its exit status tells whether it is.
 */
static void
suite_detach(struct parent *p)
{
	int fds[2];
	char c;

	p->detach_fd = -1;
	if (p->foreground)
		return;
	p->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (p->null_fd == -1)
		fatal("/dev/null");
	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		break;
	default:
		(void)close(fds[1]);
		_exit(read(fds[0], &c, 1) == 1 ? 0 : 1);
	}
	(void)close(fds[0]);
	p->detach_fd = fds[1];
	if (setsid() == -1)
		fatal("setsid");
}

static void
detach_done(struct parent *p)
{
	int fd;

	if (p->detach_fd == -1)
		return;
	log_init("mars", false);
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(p->null_fd, fd) == -1)
			fatal("can't leave the terminal");
	(void)close(p->null_fd);
	p->null_fd = -1;
	if (write(p->detach_fd, "", 1) != 1)
		log_warn("can't tell that mars has started");
	(void)close(p->detach_fd);
	p->detach_fd = -1;
}

static void
set_patience(struct parent *p, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	if (evtimer_add(p->patience, &tv) == -1)
		log_warnx("can't set a timer");
}

static void
start_audit(const struct parent *p)
{
	struct log_audit a;
	size_t i;

	log_audit_begin(&a, "start");
	log_audit_add(&a, "version", MARS_VERSION);
	log_audit_add(&a, "file", p->file);
	log_audit_add(&a, "sha256", p->digest);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].wanted)
			log_audit_number(&a, p->children[i].name,
			    (uint64_t)p->children[i].pid);
	log_audit_end(&a, NULL, (mtime_t){ 0 });
}

static void
end_audit(const struct parent *p)
{
	struct log_audit a;

	log_audit_begin(&a, "end");
	log_audit_number(&a, "status", (uint64_t)p->status);
	log_audit_end(&a, NULL, (mtime_t){ 0 });
}

void
parent_suite_started(struct parent *p)
{
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (!p->children[i].ready || !p->children[i].configured)
			return;
	if (p->started || p->ending)
		return;
	p->started = true;
	(void)evtimer_del(p->patience);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].wanted)
			log_info("%s is at work, pid %d; %s",
			    p->children[i].name, (int)p->children[i].pid,
			    p->children[i].sandbox);
	parent_notify(p, "READY=1");
	detach_done(p);
	start_audit(p);
}

void
parent_suite_end(struct parent *p, int status)
{
	if (p->ending)
		return;
	p->ending = true;
	p->status = status;
	parent_notify(p, "STOPPING=1");
	(void)evtimer_del(p->reload_patience);
	(void)parent_children_signal(p, SIGTERM);
	set_patience(p, END_WAIT);
}

/* There is nothing more that mars can do about who is still there. */
static void
suite_give_up(struct parent *p)
{
	p->status = 1;
	(void)event_base_loopbreak(p->base);
}

static void
suite_kill(struct parent *p)
{
	p->killed = true;
	if (parent_children_signal(p, SIGKILL))
		set_patience(p, KILL_WAIT);
	else
		suite_give_up(p);
}

/* A child did not start, or does not end, in time. */
static void
suite_on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	size_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->ending && p->children[i].pid > 0)
			log_warnx("%s does not end and is %s",
			    p->children[i].name,
			    p->killed ? "left behind" : "killed");
		else if (!p->ending &&
		    (!p->children[i].ready || !p->children[i].configured))
			log_warnx("%s is not at work after %d s",
			    p->children[i].name, START_WAIT);
	if (!p->ending)
		parent_suite_end(p, 1);
	else if (p->killed)
		suite_give_up(p);
	else
		suite_kill(p);
}

static void
log_writable(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;

	(void)what;
	if (log_out_flush() != (int)fd)
		(void)event_del(p->log_event);
}

/* Lines of the log wait: they go on when somebody reads again. */
static void
watch_log(struct parent *p)
{
	int fd = log_out_flush();

	(void)event_del(p->log_event);
	if (fd != -1 &&
	    event_assign(p->log_event, p->base, fd, EV_WRITE | EV_PERSIST,
	    log_writable, p) == 0)
		(void)event_add(p->log_event, NULL);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct parent *p = arg;
	size_t i;

	(void)fd;
	(void)what;
	watch_log(p);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].wanted)
			parent_child_tick(&p->children[i]);
	parent_notify_watchdog(p);
}

static void
on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct parent *p = arg;

	(void)what;
	switch (signo) {
	case SIGCHLD:
		if (parent_children_reap(p))
			(void)event_base_loopbreak(p->base);
		break;
	case SIGHUP:
		parent_reload_signal(p);
		break;
	default:
		if (!p->ending)
			log_info("terminating");
		parent_suite_end(p, 0);
		break;
	}
}

static void
init_events(struct parent *p, struct event *signals[NSIGNALS])
{
	static const int numbers[NSIGNALS] = { SIGHUP, SIGINT, SIGTERM,
		SIGCHLD };
	const struct timeval tick = { .tv_sec = PARENT_TICK };
	size_t i;

	(void)signal(SIGPIPE, SIG_IGN);
	/*
	 * Where all processes are told to end at once, by the keyboard or by a
	 * service manager, children may have ended before we look: that we
	 * were told has to be known first, or their end would be a failure.
	 */
	if ((p->base = event_base_new()) == NULL ||
	    event_base_priority_init(p->base, 2) == -1)
		fatalx("event_base_new");
	for (i = 0; i < NSIGNALS; i++) {
		signals[i] = evsignal_new(p->base, numbers[i], on_signal, p);
		if (signals[i] == NULL ||
		    event_priority_set(signals[i], 0) == -1 ||
		    evsignal_add(signals[i], NULL) == -1)
			fatalx("can't catch signals");
	}
	p->patience = evtimer_new(p->base, suite_on_patience, p);
	p->reload_patience =
	    evtimer_new(p->base, parent_reload_on_patience, p);
	p->tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
	p->log_event = evtimer_new(p->base, log_writable, p);
	if (p->log_event == NULL || p->patience == NULL ||
	    p->reload_patience == NULL ||
	    p->tick == NULL || evtimer_add(p->tick, &tick) == -1)
		fatalx("can't make timers");
}

static void
init_children(struct parent *p)
{
	static const char *const names[PARENT_NCHILDREN] = {
		[PARENT_MARSD] = "marsd",
		[PARENT_SCSPD] = "scspd",
		[PARENT_EDGED] = "edged"
	};
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++) {
		p->children[i].parent = p;
		p->children[i].id = (enum parent_child_id)i;
		p->children[i].name = names[i];
		parent_child_tick(&p->children[i]);
		LIST_INIT(&p->children[i].openings);
		LIST_INIT(&p->children[i].roots);
		p->children[i].control_fd = -1;
		p->children[i].readers_fd = -1;
		p->children[i].wanted = i == PARENT_EDGED ?
		    !TAILQ_EMPTY(&p->conf->edges) :
		    conf_has_server(p->conf);
		if (!p->children[i].wanted) {
			/* nobody waits for one that is not started */
			p->children[i].ready = true;
			p->children[i].configured = true;
			continue;
		}
		check_program(p, names[i]);
		p->children[i].privileged = check_user(&p->children[i]);
	}
}

/*
 * Gives up what was needed for the start.  What is left is for sockets of a
 * reload, for interfaces that come, and to end the children.
 */
static void
suite_confine(struct parent *p)
{
	pid_t pids[PARENT_NCHILDREN];
	struct sandbox asked = { .role = SANDBOX_PARENT,
		.best_effort = p->conf->best_effort,
		.keep = SANDBOX_CAP_KILL | SANDBOX_CAP_BIND,
		.signals = pids };
	struct sandbox_state state;
	uint8_t buf[SANDBOX_STRLEN + 3];
	char text[SANDBOX_STRLEN];
	struct wr w;
	size_t i;

	if (p->children[PARENT_EDGED].wanted)
		asked.keep |= SANDBOX_CAP_LAN;
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].pid > 0)
			pids[asked.nsignals++] = p->children[i].pid;
	sandbox_enter(&asked, &state);
	log_info("confined: %s", sandbox_print(&state, text));
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, sandbox_full(&state));
	wr_string(&w, text);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		parent_child_send(
		    &p->children[i], IMSG_SANDBOX, -1, buf, w.len);
}

int
parent_suite_run(struct parent *p)
{
	const struct rlimit no_core = { 0, 0 };
	struct event *signals[NSIGNALS];
	size_t i;

	confinement_check(p->conf);
	sandbox_undumpable();
	if (setrlimit(RLIMIT_CORE, &no_core) == -1)
		log_warn("can't do without cores");
	log_never_wait();
	if (geteuid() != 0)
		log_info("not started as root: the children keep this user and "
		    "are not confined by chroot");
	init_children(p);
	suite_detach(p);
	init_events(p, signals);
	/* before anything runs, so that a second mars disturbs nothing */
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].wanted)
			parent_control_open(p, (enum parent_child_id)i);
	parent_pid_write(p);
	parent_notify_open(p);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		if (p->children[i].wanted)
			parent_child_start(&p->children[i]);
	parent_parties_start(p);
	parent_lans_start(p);
	set_patience(p, START_WAIT * 1000);
	parent_suite_setup(p);
	suite_confine(p);
	(void)event_base_dispatch(p->base);

	for (i = 0; i < PARENT_NCHILDREN; i++) {
		parent_openings_end(&p->children[i]);
		parent_roots_end(&p->children[i]);
		channel_close(&p->children[i].ch);
		parent_listeners_close(&p->listeners[i]);
	}
	parent_parties_end(p);
	parent_lans_end(p);
	parent_control_remove(p);
	parent_notify_close(p);
	for (i = 0; i < NSIGNALS; i++)
		event_free(signals[i]);
	event_free(p->patience);
	event_free(p->reload_patience);
	event_free(p->tick);
	event_free(p->log_event);
	event_base_free(p->base);
	end_audit(p);
	log_info("ended");
	log_last();
	return p->status;
}
