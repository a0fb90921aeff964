/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The children: starting them, what they may say, and their end. */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "log_audit.h"
#include "log_out.h"
#include "parent.h"

#define ARGS_MAX	4
#define LINES_MAX	1000	/* that a child may cause in one tick */
#define HANG_TICKS	3	/* without an answer: the child hangs */

void
parent_child_descriptors(const struct parent *p, int fd)
{
	int null;

	if ((null = open("/dev/null", O_RDWR)) == -1)
		fatal("/dev/null");
	if (dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		fatal("dup2");
	if (!p->foreground && dup2(null, STDERR_FILENO) == -1)
		fatal("dup2");
	/* dup2() of a descriptor to itself leaves close-on-exec as it is */
	if (fd != CHILD_FD ? dup2(fd, CHILD_FD) == -1 :
	    fcntl(fd, F_SETFD, 0) == -1)
		fatal("descriptor %d", CHILD_FD);
	closefrom(CHILD_FD + 1);
}

/* In the new process, of which nothing is left but descriptor 3. */
static void
child_exec(const struct parent_child *c, int fd)
{
	static char debug[] = "-d", verbose[] = "-v";
	char path[CONF_PATH_SIZE + 32], name[16];
	char *argv[ARGS_MAX], *envp[] = { NULL };
	int argc = 0;

	(void)snprintf(
	    path, sizeof(path), "%s/%s", c->parent->libexec, c->name);
	(void)strlcpy(name, c->name, sizeof(name));
	argv[argc++] = name;
	if (c->parent->foreground)
		argv[argc++] = debug;
	if (log_getverbose() > 0)
		argv[argc++] = verbose;
	argv[argc] = NULL;
	parent_child_descriptors(c->parent, fd);
	(void)execve(path, argv, envp);
	fatal("can't execute %s", path);
}

const char *
parent_child_user(const struct parent_child *c)
{
	const struct conf *conf = c->parent->conf;

	switch (c->id) {
	case PARENT_MARSD:
		return conf->user_marsd;
	case PARENT_EDGED:
		return conf->user_edged;
	default:
		return conf->user_scspd;
	}
}

static void
signals_default(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		(void)signal(numbers[i], SIG_DFL);
}

pid_t
parent_fork(void)
{
	sigset_t all, old;
	pid_t pid;

	/* no handler of ours may run in the new process */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	if ((pid = fork()) == 0)
		signals_default();
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* The child has closed its end; how it ended comes with SIGCHLD. */
static void
channel_closed(void *arg)
{
	struct parent_child *c = arg;

	channel_close(&c->ch);
	if (!c->parent->ending)
		log_warnx("%s %s", c->name, channel_why(&c->ch));
	parent_suite_end(c->parent, 1);
}

void
parent_child_start(struct parent_child *c)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    sv) == -1)
		fatal("socketpair");
	switch (c->pid = parent_fork()) {
	case -1:
		fatal("fork");
	case 0:
		child_exec(c, sv[1]);
		/* NOTREACHED */
	default:
		break;
	}
	(void)close(sv[1]);
	if (channel_open(&c->ch, c->parent->base, sv[0], true, IMSG_PARENT_MAX,
	    c->name, parent_message, channel_closed, c) == -1)
		fatal("channel to %s", c->name);
}

void
parent_child_send(
    struct parent_child *c, uint32_t type, int fd, const void *data, size_t len)
{
	if (!c->ch.open) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	if (channel_queued(&c->ch) >= PARENT_QUEUE_MAX) {
		if (fd != -1)
			(void)close(fd);
		parent_child_hangs(c, "asks and does not read the answers");
		return;
	}
	if (channel_send(&c->ch, type, fd, data, len) == -1) {
		log_warn("can't send to %s", c->name);
		parent_suite_end(c->parent, 1);
	}
}

/*
 * A service manager may have taken CAP_KILL away, and the child is another
 * user's: then the end of its channel tells it to end.
 */
static bool
child_signal(struct parent_child *c, int signo)
{
	if (c->pid <= 0 || kill(c->pid, signo) == 0 || errno == ESRCH)
		return true;
	if (c->ch.open)
		log_warn("can't signal %s (pid %d), whose channel is closed "
		    "instead",
		    c->name, (int)c->pid);
	channel_close(&c->ch);
	return false;
}

bool
parent_children_signal(struct parent *p, int signo)
{
	bool all = true;
	size_t i;

	for (i = 0; i < PARENT_NCHILDREN; i++)
		all &= child_signal(&p->children[i], signo);
	return all;
}

void
parent_child_hangs(struct parent_child *c, const char *why)
{
	if (c->parent->ending)
		return;
	log_warnx("%s (pid %d) %s: it is killed, and the suite ends", c->name,
	    (int)c->pid, why);
	(void)child_signal(c, SIGKILL);
	parent_suite_end(c->parent, 1);
}

bool
parent_child_may(struct parent_child *c, unsigned int lines)
{
	if (c->lines < lines) {
		c->unlogged++;
		return false;
	}
	c->lines -= lines;
	return true;
}

void
parent_child_blame(struct parent_child *c, const char *fmt, ...)
{
	char text[LOG_TEXT];
	va_list ap;

	if (!parent_child_may(c, 1))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warnx("%s", text);
}

/* A busy child answers late, one that hangs never does. */
void
parent_child_tick(struct parent_child *c)
{
	uint8_t buf[4];
	struct wr w;

	if (c->unlogged != 0)
		log_warnx("%llu lines of %s were not logged: it says, or "
		    "orders, too much",
		    c->unlogged, c->name);
	c->unlogged = 0;
	c->lines = LINES_MAX;
	if (!c->parent->started || c->parent->ending)
		return;
	if (c->unanswered > HANG_TICKS) {
		parent_child_hangs(c, "hangs: it has not answered for 8 s");
		return;
	}
	if (c->unanswered++ == 0) {
		wr_init(&w, buf, sizeof(buf));
		wr_u32(&w, 0);
		parent_child_send(c, IMSG_PING, -1, buf, w.len);
	}
}

static void
child_audit(const struct parent_child *c, int status)
{
	struct log_audit a;

	log_audit_begin(&a, "process-end");
	log_audit_add(&a, "process", c->name);
	log_audit_number(&a, "of", (uint64_t)c->pid);
	if (WIFSIGNALED(status))
		log_audit_number(&a, "signal", (uint64_t)WTERMSIG(status));
	else
		log_audit_number(&a, "status", (uint64_t)WEXITSTATUS(status));
	log_audit_end(&a, NULL, (mtime_t){ 0 });
}

static void
log_end(const struct parent_child *c, int status)
{
	if (WIFSIGNALED(status))
		log_warnx("%s (pid %d) was killed by signal %d, %s", c->name,
		    (int)c->pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0 || !c->parent->ending)
		log_warnx("%s (pid %d) ended with status %d", c->name,
		    (int)c->pid, WEXITSTATUS(status));
	else
		log_debug("%s (pid %d) has ended", c->name, (int)c->pid);
}

bool
parent_children_reap(struct parent *p)
{
	struct parent_child *c;
	bool left = false;
	int status;
	pid_t pid;
	size_t i;

	parent_parties_reap(p);
	for (i = 0; i < PARENT_NCHILDREN; i++) {
		c = &p->children[i];
		if (c->pid <= 0)
			continue;
		do
			pid = waitpid(c->pid, &status, WNOHANG);
		while (pid == -1 && errno == EINTR);
		if (pid == 0) {
			left = true;
			continue;
		}
		if (pid != -1) {
			log_end(c, status);
			child_audit(c, status);
		}
		c->pid = 0;
		if (c->id == PARENT_EDGED)
			parent_lans_detach(p);
		parent_suite_end(p, 1);
	}
	return !left;
}

static void
on_ready(struct parent_child *c, struct rd *r)
{
	if (!rd_string(r, c->sandbox, sizeof(c->sandbox)) || !rd_done(r)) {
		parent_child_blame(
		    c, "%s: malformed message that it is ready", c->name);
		return;
	}
	if (c->ready) {
		parent_child_blame(
		    c, "%s says again that it is ready", c->name);
		return;
	}
	log_debug("%s is ready: %s", c->name, c->sandbox);
	c->ready = true;
	parent_suite_started(c->parent);
}

static void
on_applied(struct parent_child *c, struct rd *r)
{
	char why[SENTENCE_SIZE];

	if (!rd_string(r, why, sizeof(why)) || !rd_done(r))
		parent_child_blame(c,
		    "%s: malformed message about its configuration", c->name);
	else
		parent_reload_applied(c, why);
}

/* The child is believed its text, not that it keeps to one line. */
static void
on_log(struct parent_child *c, struct rd *r)
{
	int priority = rd_u8(r);
	char text[LOG_TEXT];

	if (!rd_string(r, text, sizeof(text)) || !rd_done(r) ||
	    (priority > LOG_DEBUG &&
	    priority != (LOG_AUTHPRIV | LOG_NOTICE))) {
		c->unlogged++;
		return;
	}
	if (!parent_child_may(c, 1))
		return;
	log_out(priority, c->name, c->pid, text);
}

static void
on_pong(struct parent_child *c, struct rd *r)
{
	(void)r;
	c->unanswered = 0;
}

static void
on_reload(struct parent_child *c, struct rd *r)
{
	parent_reload_request(c, rd_u32(r));
}

static void
children_on_stop(struct parent_child *c, struct rd *r)
{
	(void)r;
	if (!c->parent->ending)
		log_info("terminating, asked for by a client of %s", c->name);
	parent_suite_end(c->parent, 0);
}

static void
children_on_verbose(struct parent_child *c, struct rd *r)
{
	struct parent *p = c->parent;
	uint32_t level = rd_u32(r);
	uint8_t buf[4];
	struct wr w;
	size_t i;

	if ((level > 0) == (log_getverbose() > 0) || !parent_child_may(c, 1))
		return;
	log_info("log %s, asked for by a client of %s",
	    level > 0 ? "verbose" : "brief", c->name);
	log_verbose(level > 0);
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, level > 0);
	for (i = 0; i < PARENT_NCHILDREN; i++)
		parent_child_send(
		    &p->children[i], IMSG_VERBOSE, -1, buf, w.len);
}

static void
on_atm_open(struct parent_child *c, struct rd *r)
{
	parent_opening_request(c, r);
}

static void
children_on_atm_party(struct parent_child *c, struct rd *r)
{
	parent_parties_request(c, r);
}

/* octets of these messages, see ipc.h */
#define ATM_OPEN_LEN	(4 + 1 + 2 * ATM_IPC_LEN)
#define ATM_PARTY_LEN	(4 + 1 + 4 + 2 * ATM_IPC_LEN)

#define FROM(id)	(1U << (id))
#define FROM_SERVER	(FROM(PARENT_MARSD) | FROM(PARENT_SCSPD))
#define FROM_ANY	(FROM_SERVER | FROM(PARENT_EDGED))

/*
 * What the children may say: who, and how long.  It is looked at before
 * anything else is, and a message that is not expected is logged and ignored:
 * a child that is broken must not break mars(8).
 */
static const struct children_message {
	uint32_t	 type;
	uint32_t	 from;		/* FROM() of those who may send it */
	size_t		 min, max;	/* octets */
	void		(*handle)(struct parent_child *, struct rd *);
} messages[] = {
	{ IMSG_READY, FROM_ANY, 2, 2 + SANDBOX_STRLEN, on_ready },
	{ IMSG_CONF_DONE, FROM_ANY, 2, 2 + SENTENCE_SIZE, on_applied },
	{ IMSG_LOG, FROM_ANY, 1 + 2, 1 + 2 + LOG_TEXT, on_log },
	{ IMSG_PONG, FROM_ANY, 4, 4, on_pong },
	{ IMSG_CTL_RELOAD_REQ, FROM_ANY, 4, 4, on_reload },
	{ IMSG_CTL_STOP, FROM_ANY, 4, 4, children_on_stop },
	{ IMSG_VERBOSE_REQ, FROM_ANY, 4, 4, children_on_verbose },
	{ IMSG_ATM_OPEN, FROM_SERVER, ATM_OPEN_LEN, ATM_OPEN_LEN,
	    on_atm_open },
	{ IMSG_ATM_PARTY, FROM(PARENT_MARSD), ATM_PARTY_LEN, ATM_PARTY_LEN,
	    children_on_atm_party }
};

void
parent_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct parent_child *c = arg;
	const struct children_message *m;
	size_t i;

	if (fd != -1) {
		parent_child_blame(
		    c, "%s sent a descriptor, which is closed", c->name);
		(void)close(fd);
	}
	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		m = &messages[i];
		if (m->type != type || (m->from & FROM(c->id)) == 0)
			continue;
		if (r->left < m->min || r->left > m->max)
			break;
		m->handle(c, r);
		return;
	}
	parent_child_blame(c,
	    "%s sent a message of type %u and %zu octets, which is ignored",
	    c->name, type, r->left);
}
