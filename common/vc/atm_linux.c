/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The ATM stack of Linux: AF_ATMSVC, whose calls a daemon signals (UNI 3.x),
 * and AF_ATMPVC.
 */

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/atm.h>
#include <linux/atmsap.h>
#include <linux/atmdev.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "vc.h"

#define BACKLOG		64
#define PARTY_LOOK	1000	/* ms; in case a wakeup was missed */

/* Closes fd, leaving errno as it is. */
static int
failed(int fd)
{
	int error = errno;

	(void)close(fd);
	errno = error;
	return -1;
}

/* The digits are text in the kernel as they are here. */
static bool
number_set(char *pub, size_t size, uint8_t tl, const uint8_t *num)
{
	size_t len = tl & ATM_TL_LEN;

	if (len >= size)
		return false;
	memcpy(pub, num, len);
	return true;
}

/* false: not an address that signalling can carry */
static bool
atm_address_set(struct sockaddr_atmsvc *s, const struct atm_addr *a)
{
	memset(s, 0, sizeof(*s));
	s->sas_family = AF_ATMSVC;
	if (a->num_tl == NSAPA_LEN) {
		memcpy(s->sas_addr.prv, a->num, NSAPA_LEN);
		return a->sub_tl == 0;
	}
	if (a->sub_tl == NSAPA_LEN)
		memcpy(s->sas_addr.prv, a->sub, NSAPA_LEN);
	else if (a->sub_tl != 0)
		return false;
	return (a->num_tl & ATM_TL_E164) != 0 &&
	    number_set(
	    s->sas_addr.pub, sizeof(s->sas_addr.pub), a->num_tl, a->num);
}

static void
atm_address_get(const struct sockaddr_atmsvc *s, struct atm_addr *a)
{
	size_t len = strnlen(s->sas_addr.pub, sizeof(s->sas_addr.pub) - 1);

	memset(a, 0, sizeof(*a));
	if (len == 0) {
		a->num_tl = NSAPA_LEN;
		memcpy(a->num, s->sas_addr.prv, NSAPA_LEN);
		return;
	}
	a->num_tl = (uint8_t)(ATM_TL_E164 | len);
	memcpy(a->num, s->sas_addr.pub, len);
	if (s->sas_addr.prv[0] != 0) {
		a->sub_tl = NSAPA_LEN;
		memcpy(a->sub, s->sas_addr.prv, NSAPA_LEN);
	}
}

/*
 * UBR with as many cells as the interface has, AAL5, frames of an MTU of
 * 9180 octets and LLC/SNAP (RFC 1755 sections 3.2 and 3.4, RFC 2022 5.1.2).
 */
static int
set_qos(int fd, bool leaf)
{
	struct atm_qos qos;

	memset(&qos, 0, sizeof(qos));
	qos.aal = ATM_AAL5;
	qos.txtp.traffic_class = ATM_UBR;
	qos.txtp.max_pcr = ATM_MAX_PCR;
	qos.txtp.max_sdu = VC_SDU_MAX;
	qos.rxtp = qos.txtp;
	if (leaf) {
		/* leaves have nothing to say */
		memset(&qos.rxtp, 0, sizeof(qos.rxtp));
		qos.rxtp.traffic_class = ATM_NONE;
	}
	return setsockopt(fd, SOL_ATM, SO_ATMQOS, &qos, sizeof(qos));
}

/* B-LLI: LAN LLC (RFC 1755 section 3.5); all the rest is absent. */
static int
set_sap(int fd)
{
	struct atm_sap sap;

	memset(&sap, 0, sizeof(sap));
	sap.bhli.hl_type = ATM_HL_NONE;
	sap.blli[0].l2_proto = ATM_L2_ISO8802;
	sap.blli[0].l3_proto = ATM_L3_NONE;
	return setsockopt(fd, SOL_ATM, SO_ATMSAP, &sap, sizeof(sap));
}

/* A socket that is bound to local and has everything that a call needs. */
static int
svc_socket(const struct atm_addr *local, bool leaf)
{
	struct sockaddr_atmsvc sa;
	int fd, on = 1;

	if (!atm_address_set(&sa, local)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(AF_ATMSVC, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* bind waits for the daemon, which answers at once: so it may block */
	if (set_qos(fd, leaf) == -1 || set_sap(fd) == -1 ||
	    (leaf &&
	    setsockopt(fd, SOL_ATM, SO_MULTIPOINT, &on, sizeof(on)) ==
	    -1) ||
	    bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return failed(fd);
	return fd;
}

int
atm_svc_listen(const struct atm_addr *local)
{
	int fd;

	if ((fd = svc_socket(local, false)) == -1)
		return -1;
	if (listen(fd, BACKLOG) == -1)
		return failed(fd);
	return fd;
}

int
atm_svc_accept(int fd, struct atm_addr *caller, bool *leaf)
{
	struct sockaddr_atmsvc sa;
	struct atm_qos qos;
	socklen_t len = sizeof(sa);
	int s;

	memset(&sa, 0, sizeof(sa));
	s = accept4(
	    fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (s == -1)
		return -1;
	len = sizeof(qos);
	if (getsockopt(s, SOL_ATM, SO_ATMQOS, &qos, &len) == -1)
		return failed(s);
	atm_address_get(&sa, caller);
	*leaf = qos.txtp.traffic_class == ATM_NONE;
	return s;
}

int
atm_svc_call(const struct atm_addr *local, const struct atm_addr *to, bool leaf)
{
	int fd;

	if ((fd = svc_socket(local, leaf)) == -1)
		return -1;
	if (atm_svc_finish(fd, to) == -1 && errno != EINPROGRESS)
		return failed(fd);
	return fd;
}

/* The kernel takes the result of signalling at the second connect(2). */
int
atm_svc_finish(int fd, const struct atm_addr *to)
{
	struct sockaddr_atmsvc sa;

	if (!atm_address_set(&sa, to)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1 &&
	    errno != EISCONN)
		return -1;
	return 0;
}

/* The system returns 0 if the daemon has ended in the meantime. */
int
atm_party_add(int fd, const struct atm_addr *a)
{
	struct sockaddr_atmsvc sa;
	int ref;

	if (!atm_address_set(&sa, a)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	if ((ref = ioctl(fd, ATM_ADDPARTY, &sa)) == 0) {
		errno = EUNATCH;
		return -1;
	}
	return ref;
}

int
atm_party_drop(int fd, int ref)
{
	return ioctl(fd, ATM_DROPPARTY, &ref);
}

/*
 * The kernel gives the reference as the socket's pending error; its sign has
 * differed between kernels.  When the whole call is over the pending error is
 * an errno instead, and then the socket is hung up already.
 */
int
atm_party_left(int fd)
{
	struct pollfd p = { .fd = fd };
	socklen_t len = sizeof(int);
	int n = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &len) == -1 || n == 0 ||
	    n == INT_MIN)
		return 0;
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0)
		return 0;
	return n < 0 ? -n : n;
}

/*
 * When a party leaves, the kernel wakes up whoever waits for the socket, but
 * the socket has become neither readable nor anything else that poll(2) could
 * report.  It is writable all the time; an edge-triggered wait for that
 * reports every wakeup.
 */
int
atm_party_watch(int fd, int ctl)
{
	struct epoll_event root = { .events = EPOLLOUT | EPOLLET };
	struct epoll_event in = { .events = EPOLLIN };
	int ep;

	if ((ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return -1;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &root) == -1 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, ctl, &in) == -1)
		return failed(ep);
	return ep;
}

void
atm_party_wait(int watch)
{
	struct epoll_event e;

	(void)epoll_wait(watch, &e, 1, PARTY_LOOK);
}

int
atm_pvc_open(int itf, int vpi, int vci)
{
	struct sockaddr_atmpvc sa;
	int fd;

	memset(&sa, 0, sizeof(sa));
	sa.sap_family = AF_ATMPVC;
	sa.sap_addr.itf = (short)itf;
	sa.sap_addr.vpi = (short)vpi;
	sa.sap_addr.vci = vci;
	fd = socket(AF_ATMPVC, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (set_qos(fd, false) == -1 ||
	    connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return failed(fd);
	return fd;
}
