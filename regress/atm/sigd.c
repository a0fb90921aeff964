/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * sigd ITF ITF: a signalling daemon for the ATM test that adds parties, which
 * the packaged one does not.  It makes these two interfaces (atmtcp), and is
 * the network between them as well: calls go from socket to socket without a
 * protocol, and AAL5 frames are switched, copied on multipoint calls.
 *
 * Two processes, since the kernel holds a listening socket while the
 * interface opens a circuit for it: who answers for the interfaces must not
 * be who waits for that socket.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <linux/atm.h>
#include <linux/atmdev.h>
#include <linux/atmsvc.h>
#include <linux/atm_tcp.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITFS		2
#define VCI_MIN		100
#define VCI_MAX		4095
#define PARTIES		16
#define FRAME_MAX	10240
#define ADDRS		16	/* of one interface */

/* Where frames of a circuit go: itf index << 16 | VCI; 0: nowhere. */
struct route {
	_Atomic uint32_t	 to[PARTIES];
};

/* One end of a call, or a socket that listens. */
struct end {
	LIST_ENTRY(end)		 entry;
	atm_kptr_t		 vcc;		/* the kernel's name for it */
	enum { LISTENS, CALLS, OFFERED, UP, RELEASED } state;
	struct sockaddr_atmsvc	 addr;
	struct end		*listener;	/* OFFERED: at which */
	struct end		*root;		/* of who was called */
	struct atm_qos		 qos;
	bool			 multipoint;
	int			 ref, last_ref;
	int			 itf, vci;
};

static LIST_HEAD(, end)	 ends = LIST_HEAD_INITIALIZER(ends);
static struct route	(*routes)[VCI_MAX + 1];	/* by index and VCI */
static int		 itfs[ITFS], tcp[ITFS], kernel;

static void __attribute__((__format__(printf, 1, 2)))
told(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* --- the interfaces and the switch */

static int
interface(int number)
{
	int fd = socket(AF_ATMPVC, SOCK_DGRAM, 0);

	if (fd == -1 || ioctl(fd, SIOCSIFATMTCP, number) < 0)
		err(1, "interface %d", number);
	return fd;
}

static void
forward(int from, struct atmtcp_hdr *h, size_t len)
{
	uint16_t vci = ntohs(h->vci);
	uint32_t to;
	int i;

	if (ntohs(h->vpi) != 0 || vci > VCI_MAX)
		return;
	for (i = 0; i < PARTIES; i++) {
		if ((to = routes[from][vci].to[i]) == 0)
			continue;
		h->vci = htons(to & 0xffff);
		(void)!write(tcp[to >> 16], h, len);
	}
}

/* A circuit is opened or closed: whatever the kernel asks for. */
static void
agree(int fd, struct atmtcp_control *c)
{
	c->result = 0;
	if (write(fd, c, sizeof(*c)) == -1)
		warn("control");
}

static void
switch_frames(void)
{
	static union {
		struct atmtcp_hdr	hdr;
		struct atmtcp_control	control;
		uint8_t			octets[FRAME_MAX];
	} u;
	struct pollfd pfd[ITFS];
	ssize_t n;
	int i;

	for (i = 0; i < ITFS; i++)
		pfd[i] = (struct pollfd){ .fd = tcp[i], .events = POLLIN };
	for (;;) {
		if (poll(pfd, ITFS, -1) == -1)
			err(1, "poll");
		for (i = 0; i < ITFS; i++) {
			if (pfd[i].revents == 0)
				continue;
			if ((n = read(tcp[i], &u, sizeof(u))) <= 0)
				err(1, "interface");
			if (u.hdr.length == (uint32_t)ATMTCP_HDR_MAGIC)
				agree(tcp[i], &u.control);
			else
				forward(i, &u.hdr, (size_t)n);
		}
	}
}

static void
route_add(const struct end *from, const struct end *to)
{
	struct route *r = &routes[from->itf][from->vci];
	int i;

	for (i = 0; i < PARTIES; i++)
		if (r->to[i] == 0) {
			r->to[i] = (uint32_t)to->itf << 16 | (uint32_t)to->vci;
			return;
		}
	warnx("too many parties");
}

static void
route_remove(const struct end *from, const struct end *to)
{
	struct route *r = &routes[from->itf][from->vci];
	int i;

	for (i = 0; i < PARTIES; i++)
		if (r->to[i] ==
		    ((uint32_t)to->itf << 16 | (uint32_t)to->vci))
			r->to[i] = 0;
}

/* --- ends */

/* On which interface an address is; -1: on none.  The selector is free. */
static int
itf_of(const struct sockaddr_atmsvc *a)
{
	struct sockaddr_atmsvc have[ADDRS];
	struct atmif_sioc req;
	size_t i;
	int itf;

	for (itf = 0; itf < ITFS; itf++) {
		memset(have, 0, sizeof(have));
		req = (struct atmif_sioc){ itfs[itf], sizeof(have), have };
		if (ioctl(kernel, ATM_GETADDR, &req) < 0)
			err(1, "ATM_GETADDR");
		for (i = 0; i < ADDRS; i++)
			if (have[i].sas_addr.prv[0] != 0 &&
			    memcmp(have[i].sas_addr.prv, a->sas_addr.prv,
			    ATM_ESA_LEN - 1) == 0)
				return itf;
	}
	return -1;
}

static bool
same_vcc(const atm_kptr_t *a, const atm_kptr_t *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static struct end *
end_of(const atm_kptr_t *vcc)
{
	struct end *e;

	LIST_FOREACH(e, &ends, entry)
		if (e->state != OFFERED && same_vcc(&e->vcc, vcc))
			return e;
	return NULL;
}

static struct end *
listener_of(const struct sockaddr_atmsvc *a)
{
	struct end *e;

	LIST_FOREACH(e, &ends, entry)
		if (e->state == LISTENS && memcmp(e->addr.sas_addr.prv,
		    a->sas_addr.prv, ATM_ESA_LEN) == 0)
			return e;
	return NULL;
}

/* The kernel takes offers in their order, and the list begins with the last */
static struct end *
oldest_offer(const struct end *listener)
{
	struct end *e, *oldest = NULL;

	LIST_FOREACH(e, &ends, entry)
		if (e->state == OFFERED && e->listener == listener)
			oldest = e;
	return oldest;
}

static struct end *
end_new(const struct sockaddr_atmsvc *addr)
{
	static int last = VCI_MIN;
	struct end *e = calloc(1, sizeof(*e));

	if (e == NULL)
		err(1, NULL);
	e->addr = *addr;
	e->itf = itf_of(addr);
	/* not soon again: who has it may not have closed it yet */
	e->vci = last = last == VCI_MAX ? VCI_MIN : last + 1;
	LIST_INSERT_HEAD(&ends, e, entry);
	return e;
}

static void
end_free(struct end *e)
{
	LIST_REMOVE(e, entry);
	free(e);
}

/* --- what the kernel is told */

static void
say(struct atmsvc_msg *m, enum atmsvc_msg_type type, const struct end *e,
    int reply)
{
	m->type = type;
	m->vcc = e->vcc;
	m->reply = reply;
	if (write(kernel, m, sizeof(*m)) != sizeof(*m))
		warn("message %d for the kernel", (int)type);
}

static void
say_short(enum atmsvc_msg_type type, const struct end *e, int reply)
{
	struct atmsvc_msg m;

	memset(&m, 0, sizeof(m));
	say(&m, type, e, reply);
}

/* The caller hears whether the called end is there: ref 0 is the first. */
static void
say_called(struct end *root, int ref, int error)
{
	struct atmsvc_msg m;

	if (ref != 0) {
		say_short(as_addparty, root, error != 0 ? -error : ref);
		return;
	}
	if (error != 0) {
		say_short(as_error, root, -error);
		end_free(root);
		return;
	}
	memset(&m, 0, sizeof(m));
	m.pvc.sap_family = AF_ATMPVC;
	m.pvc.sap_addr.itf = (short)itfs[root->itf];
	m.pvc.sap_addr.vci = root->vci;
	m.qos = root->qos;
	root->state = UP;
	say(&m, as_okay, root, 0);
}

/* It has gone for the kernel, which closes it once more. */
static void
release(struct end *e)
{
	e->state = RELEASED;
	e->root = NULL;
	say_short(as_close, e, 0);
}

/* 0, or an errno: the call is offered to who listens there. */
static int
offer(struct end *root, const struct sockaddr_atmsvc *to, int ref)
{
	struct end *e, *listener = listener_of(to);
	struct atmsvc_msg m;

	if (listener == NULL || listener->itf == -1 || root->itf == -1)
		return EADDRNOTAVAIL;
	e = end_new(to);
	e->state = OFFERED;
	e->listener = listener;
	e->root = root;
	e->ref = ref;
	memset(&m, 0, sizeof(m));
	m.listen_vcc = listener->vcc;
	m.pvc.sap_family = AF_ATMPVC;
	m.pvc.sap_addr.itf = (short)itfs[e->itf];
	m.pvc.sap_addr.vci = e->vci;
	m.svc = root->addr;
	m.local = *to;
	m.qos = root->qos;
	m.qos.txtp = root->qos.rxtp;
	m.qos.rxtp = root->qos.txtp;
	say(&m, as_indicate, e, 0);
	return 0;
}

/* --- what the kernel says */

static void
on_bind(const struct atmsvc_msg *m)
{
	struct end e = { .vcc = m->vcc };
	struct atmsvc_msg answer;

	memset(&answer, 0, sizeof(answer));
	answer.local = m->svc;
	say(&answer, as_okay, &e, itf_of(&m->svc) == -1 ? -EADDRNOTAVAIL : 0);
}

static void
on_listen(const struct atmsvc_msg *m)
{
	struct end *e = end_new(&m->local);

	e->vcc = m->vcc;
	e->state = LISTENS;
	say_short(as_okay, e, 0);
}

static unsigned int
short_name(const struct sockaddr_atmsvc *a)
{
	return a->sas_addr.prv[ATM_ESA_LEN - 2];
}

static void
on_connect(const struct atmsvc_msg *m)
{
	struct end *e = end_new(&m->local);
	int error;

	e->vcc = m->vcc;
	e->state = CALLS;
	e->qos = m->qos;
	e->multipoint = m->session != 0;
	told("%s from %02x to %02x", e->multipoint ? "MULTIPOINT CALL" :
	    "CALL", short_name(&m->local), short_name(&m->svc));
	if ((error = offer(e, &m->svc, 0)) != 0)
		say_called(e, 0, error);
}

static void
on_addparty(const struct atmsvc_msg *m)
{
	struct end *root = end_of(&m->vcc);
	int error;

	if (root == NULL || !root->multipoint || root->state != UP) {
		warnx("ADD PARTY for what is no multipoint call");
		return;
	}
	root->last_ref++;
	told("ADD PARTY %d from %02x to %02x", root->last_ref,
	    short_name(&root->addr), short_name(&m->svc));
	if ((error = offer(root, &m->svc, root->last_ref)) != 0)
		say_called(root, root->last_ref, error);
}

static void
on_accept(const struct atmsvc_msg *m)
{
	struct end gone = { .vcc = m->vcc }, *root;
	struct end *listener = end_of(&m->listen_vcc);
	struct end *e = listener == NULL ? NULL : oldest_offer(listener);

	if (e == NULL || (root = e->root) == NULL) {
		say_short(as_error, &gone, -ECONNRESET);
		if (e != NULL)
			end_free(e);
		return;
	}
	e->vcc = m->vcc;
	e->state = UP;
	say_short(as_okay, e, 0);
	route_add(root, e);
	if (!root->multipoint)
		route_add(e, root);
	say_called(root, e->ref, 0);
}

static void
on_reject(const struct atmsvc_msg *m)
{
	struct end *listener = end_of(&m->listen_vcc);
	struct end *e = listener == NULL ? NULL : oldest_offer(listener);

	if (e == NULL)
		return;
	if (e->root != NULL)
		say_called(e->root, e->ref, ECONNREFUSED);
	end_free(e);
}

/* Who has been offered to it, nobody will take any more. */
static void
listener_closed(struct end *listener)
{
	struct end *e;

	while ((e = oldest_offer(listener)) != NULL) {
		if (e->root != NULL)
			say_called(e->root, e->ref, ECONNREFUSED);
		end_free(e);
	}
}

static void
root_closed(struct end *root)
{
	struct end *e, *next;

	for (e = LIST_FIRST(&ends); e != NULL; e = next) {
		next = LIST_NEXT(e, entry);
		if (e->root != root)
			continue;
		route_remove(root, e);
		route_remove(e, root);
		if (e->state == UP)
			release(e);
		e->root = NULL;
	}
}

/* The last one of a call takes it away, and any other is but a party. */
static void
party_closed(struct end *e)
{
	struct end *other, *root = e->root;

	route_remove(root, e);
	route_remove(e, root);
	LIST_FOREACH(other, &ends, entry)
		if (other != e && other->root == root)
			break;
	if (other == NULL) {
		release(root);
		return;
	}
	told("LEFT %d from %02x", e->ref, short_name(&root->addr));
	say_short(as_dropparty, root, e->ref);
}

/* One that we have released is freed after this: no answer to it. */
static void
on_close(const struct atmsvc_msg *m)
{
	struct end unknown = { .vcc = m->vcc }, *e = end_of(&m->vcc);

	if (e == NULL) {
		say_short(as_close, &unknown, 0);
		return;
	}
	if (e->state != RELEASED) {
		if (e->state == LISTENS)
			listener_closed(e);
		else if (e->root != NULL)
			party_closed(e);
		else
			root_closed(e);
		say_short(as_close, e, 0);
	}
	end_free(e);
}

static void
on_dropparty(const struct atmsvc_msg *m)
{
	struct end *e, *root = end_of(&m->vcc);

	if (root == NULL)
		return;
	told("DROP PARTY %d from %02x", m->reply, short_name(&root->addr));
	LIST_FOREACH(e, &ends, entry)
		if (e->root == root && e->ref == m->reply)
			break;
	if (e != NULL) {
		route_remove(root, e);
		if (e->state == UP)
			release(e);
		e->root = NULL;
	}
	say_short(as_dropparty, root, 0);
}

static void
on_message(const struct atmsvc_msg *m)
{
	switch (m->type) {
	case as_bind:
		on_bind(m);
		break;
	case as_listen:
		on_listen(m);
		break;
	case as_connect:
		on_connect(m);
		break;
	case as_accept:
		on_accept(m);
		break;
	case as_reject:
		on_reject(m);
		break;
	case as_close:
		on_close(m);
		break;
	case as_addparty:
		on_addparty(m);
		break;
	case as_dropparty:
		on_dropparty(m);
		break;
	case as_identify:	/* nobody asks who is at the other end */
	case as_itf_notify:	/* addresses are looked up when needed */
		break;
	default:
		told("message %d is not known", (int)m->type);
		break;
	}
}

int
main(int argc, char **argv)
{
	struct atmsvc_msg m;
	int i;

	if (argc != 1 + ITFS)
		errx(1, "usage: sigd interface interface");
	routes = mmap(NULL, ITFS * sizeof(*routes), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (routes == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < ITFS; i++) {
		itfs[i] = atoi(argv[i + 1]);
		tcp[i] = interface(itfs[i]);
	}
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		switch_frames();
	default:
		break;
	}
	kernel = socket(AF_ATMSVC, SOCK_DGRAM, 0);
	if (kernel == -1 || ioctl(kernel, ATMSIGD_CTRL) < 0)
		err(1, "can't be the signalling daemon");
	told("ready");
	while (read(kernel, &m, sizeof(m)) == sizeof(m))
		on_message(&m);
	err(1, "the kernel");
}
