/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a child takes from mars(8) and from its sibling (service_parent.c and
 * others): messages of any type, in any order, with and without descriptors,
 * and octets that are none.  It obeys, or it ends by fatalx(), which is where
 * this goes on; it never takes what is malformed.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* its handlers are its own */
#include "common/proc/service_parent.c"
#include "endpoint.h"
#include "fuzz.h"
#include "log_out.h"

#define FIRST_FD	100	/* that a descriptor of ours has, or more */

const char *__asan_default_options(void);
void	__wrap_service_confine(struct service *);
void	__wrap_fatal(const char *, ...) __attribute__((__noreturn__));
void	__wrap_fatalx(const char *, ...) __attribute__((__noreturn__));

static struct service s;
static jmp_buf over;

/* Who ends by fatalx() frees nothing. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

void
__wrap_service_confine(struct service *arg)
{
	(void)arg;
}

void
__wrap_fatal(const char *fmt, ...)
{
	(void)fmt;
	longjmp(over, 1);
}

void
__wrap_fatalx(const char *fmt, ...)
{
	(void)fmt;
	longjmp(over, 1);
}

static bool
silence(void *arg, int priority, const char *text)
{
	(void)arg;
	(void)priority;
	(void)text;
	return true;
}

/* --- the owner */

static uint16_t
refuse(void *arg, struct vc *vc, const struct atm_addr *caller, bool leaf,
    void **cookie)
{
	(void)arg;
	(void)vc;
	(void)caller;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_REJECTED;
}

static const struct vc_user nobody = { .remote_call = refuse };

static int
owner_configure(void *arg, struct conf *c)
{
	(void)arg;
	return TAILQ_EMPTY(&c->clusters) ? 0 : -1;
}

static bool
owner_whose(void *arg, const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, const struct atm_addr *peer,
    struct service_user *u)
{
	(void)c;
	(void)local;
	(void)peer;
	u->name = "owner";
	u->user = &nobody;
	u->arg = arg;
	return transport == CONF_LISTEN_UDP;
}

static void
owner_attach(void *arg, const struct service_user *u, struct vc_link *link)
{
	(void)arg;
	(void)u;
	(void)link;
}

static bool
owner_replica(void *arg, uint32_t type, const struct replica_msg *m)
{
	(void)arg;
	MUST(m->nkeys <= REPLICA_KEYS_MAX);
	return replica_from(type, false);
}

static void
owner_nothing(void *arg)
{
	(void)arg;
}

static void
owner_kernel(void *arg, int fd)
{
	(void)arg;
	(void)close(fd);
}

static void
owner_lan(void *arg, const struct lanif *l, int fd)
{
	(void)arg;
	MUST(l->naddrs <= LANIF_ADDRS);
	if (fd != -1)
		(void)close(fd);
}

static void
owner_lan_gone(void *arg, const char *name)
{
	(void)arg;
	MUST(strlen(name) < CONF_IF_SIZE);
}

static const struct service_hooks hooks = { .name = "owner",
	.sibling = "sibling",
	.role = SANDBOX_MARSD,
	.configure = owner_configure,
	.whose = owner_whose,
	.attach = owner_attach,
	.replica = owner_replica,
	.kernel = owner_kernel,
	.lan = owner_lan,
	.lan_gone = owner_lan_gone,
	.shutdown = owner_nothing,
	.destroy = owner_nothing };

/* --- mars(8) and the sibling */

struct world {
	struct imsgbuf	parent, sibling;
};

/* A descriptor that is high, so that all of them can be closed again. */
static int
high(int fd)
{
	int to = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

	MUST(fd != -1 && to != -1);
	(void)close(fd);
	return to;
}

static int
udp(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = high(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	return fd;
}

/* The name of a local socket that listens is the system's. */
static int
listening(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = high(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

	MUST(bind(fd, (struct sockaddr *)&sun, sizeof(sa_family_t)) == 0);
	MUST(listen(fd, 4) == 0);
	return fd;
}

static void
say(struct imsgbuf *ib, uint32_t type, int fd, const void *p, size_t len)
{
	if (imsg_compose(ib, type, 0, 0, fd, p, len) == -1) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	(void)imsgbuf_write(ib);
}

/* The first messages, as mars(8) sends them, up to a configuration. */
static void
begin_well(struct world *w, int sv[2], uint8_t how)
{
	static uint8_t buf[16000];
	struct conf *c = conf_new();
	struct wr wr;

	MUST(c != NULL);
	wr_init(&wr, buf, sizeof(buf));
	wr_u8(&wr, 0);
	wr_string(&wr, "none");
	wr_u32(&wr, 0);
	say(&w->parent, IMSG_SETUP, -1, buf, wr.len);
	say(&w->parent, IMSG_SIBLING, sv[1], NULL, 0);
	say(&w->parent, IMSG_CONTROL, listening(), NULL, 0);
	(void)strlcpy(c->control, "/c", sizeof(c->control));
	wr_init(&wr, buf, sizeof(buf));
	conf_write(&wr, c, CONF_FOR_SCSPD);
	conf_free(c);
	if (how & 2) {
		uint8_t len[4] = { 0, 0, (uint8_t)(wr.len >> 8),
			(uint8_t)wr.len };

		say(&w->parent, IMSG_CONF_BEGIN, -1, len, sizeof(len));
		say(&w->parent, IMSG_CONF_DATA, -1, buf, wr.len);
	}
	if (how & 4)
		say(&w->parent, IMSG_CONF_END, -1, NULL, 0);
}

static void
event(struct world *w, struct rd *r)
{
	uint8_t buf[2048], what = rd_u8(r), type = rd_u8(r);
	struct imsgbuf *ib = what & 1 ? &w->sibling : &w->parent;
	size_t len = fuzz_octets(r, buf, sizeof(buf));
	int fd = -1;

	if (what & 2)
		fd = what & 4 ? udp() : listening();
	if ((what & 0xf0) == 0xf0) {
		(void)send(ib->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (fd != -1)
			(void)close(fd);
		return;
	}
	type %= IMSG_TYPE_MAX;
	/* the sibling's come in a frame, of which there may be more behind */
	if ((what & 9) == 9 && len >= 4) {
		buf[0] = 0;
		buf[1] = type;
		buf[2] = what & 16 ? 0 : (uint8_t)((len - 4) >> 8);
		buf[3] = what & 16 ? buf[3] : (uint8_t)(len - 4);
		type = IMSG_REPLICA;
	}
	say(ib, type, fd, buf, len);
}

static void
turn(void)
{
	loop_poll(&s.loop, service_links_turn, &s);
}

static void
serve(struct world *w, struct rd *r)
{
	uint8_t how = rd_u8(r);
	int pp[2], sv[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pp) == 0);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == 0);
	pp[0] = high(pp[0]);
	pp[1] = high(pp[1]);
	sv[0] = high(sv[0]);
	sv[1] = high(sv[1]);
	MUST(imsgbuf_init(&w->parent, pp[0]) == 0);
	MUST(imsgbuf_init(&w->sibling, sv[0]) == 0);
	imsgbuf_allow_fdpass(&w->parent);
	imsgbuf_allow_fdpass(&w->sibling);
	MUST(channel_open(&s.parent, s.loop.base, pp[1], true, IMSG_PARENT_MAX,
	    "mars", service_parent_message, service_parent_closed, &s) == 0);
	if (how & 1)
		begin_well(w, sv, how);
	else
		(void)close(sv[1]);
	turn();
	while (fuzz_more(r) && !s.loop.ended) {
		event(w, r);
		turn();
	}
}

static void
close_all(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	MUST(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (atoi(e->d_name) >= FIRST_FD && atoi(e->d_name) != dirfd(d))
			(void)close(atoi(e->d_name));
	(void)closedir(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rd r;
	size_t i;

	MUST(w != NULL);
	memset(&s, 0, sizeof(s));
	log_through(silence, NULL, NULL);
	s.hooks = &hooks;
	s.sibling_fd = s.control_fd = s.readers_fd = -1;
	TAILQ_INIT(&s.links);
	TAILQ_INIT(&s.lans);
	MUST(loop_init(&s.loop) == 0);
	timer_init(&s.patience, owner_nothing, &s);
	for (i = 0; i < SERVICE_EVENT_MAX; i++)
		ratelimit_init(&s.limits[i], s.loop.timers.now);
	rd_init(&r, data, size);
	if (setjmp(over) == 0)
		serve(w, &r);
	/* what it had: as after the end of a process */
	if (setjmp(over) == 0) {
		if (s.control != NULL)
			ctlserver_free(s.control);
		service_links_close(&s);
		service_lans_close(&s);
		service_sibling_close(&s);
		if (s.parent.open)
			channel_close(&s.parent);
		if (s.conf != NULL)
			conf_free(s.conf);
		free(s.octets);
		timer_clear(&s.loop.timers, &s.patience);
		loop_free(&s.loop);
	}
	imsgbuf_clear(&w->parent);
	imsgbuf_clear(&w->sibling);
	free(w);
	log_through(NULL, NULL, NULL);
	close_all();
	return 0;
}
