/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vc_udp.h"

/*
 * Datagrams out, and in, before others have a turn.  Whoever asks for something
 * waits for so many of others' (make bench-flood), and what is taken out of the
 * queue can't be overtaken any more, nor be too late; a turn of its own costs
 * far less.  Each of those in may want one out: copies are to have as many.
 */
#define FLUSH_MAX	16
#define READ_MAX	(FLUSH_MAX / 2)
#define CLOSE_TIME	MTIME_SEC(1)	/* for what waits when a link ends */
#define BUFFER_MAX	(8 << 20)	/* octets; the system has its limit */
#define BUFFER_MIN	(64 << 10)

union vc_udp_address {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/* One datagram for the system; the header is a copy, the SDU is not. */
struct vc_udp_slot {
	union vc_udp_address to;
	struct iovec	 iov[2];
	struct vc_sdu	*sdu;
	uint8_t		 head[NVC_CONTROL_MAX];
	_Alignas(struct cmsghdr) uint8_t tos[CMSG_SPACE(sizeof(int))];
};

struct vc_udp {
	struct nvc	*core;
	struct timers	*timers;
	int		 fd;
	bool		 paused, closing;
	bool		 waits;		/* for room: writable is set */
	bool		 rows;		/* datagrams in a row are to be one */
	bool		 whole;		/* datagrams go out unfragmented */
	struct vc_udp_params params;	/* with the mtu that is in force */
	struct event	 readable, writable;
	struct timer	 end;		/* see link_close() */
	uint32_t	 first, many;	/* out[first..many) are waiting */
	struct mmsghdr	 msgs[FLUSH_MAX];
	struct vc_udp_slot out[FLUSH_MAX];
};

/*
 * Where datagrams arrive.  All links share it, since none is read from while
 * another one is.  It has one octet more than the longest datagram that
 * counts, so that a longer one is noticed.
 */
static uint8_t input[READ_MAX][NVC_DATAGRAM_MAX + 1];

static struct vc_udp *
link_udp(const struct vc_link *l)
{
	return nvc_arg(l);
}

static socklen_t
vc_udp_address_set(union vc_udp_address *a, const struct nvc_dest *d)
{
	memset(a, 0, sizeof(*a));
	if (d->v6) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons(d->port);
		memcpy(&a->in6.sin6_addr, d->ip, 16);
		return sizeof(a->in6);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons(d->port);
	memcpy(&a->in.sin_addr, d->ip, 4);
	return sizeof(a->in);
}

static bool
vc_udp_address_get(const union vc_udp_address *a, struct nvc_dest *d)
{
	memset(d, 0, sizeof(*d));
	if (a->sa.sa_family == AF_INET6) {
		d->v6 = 1;
		d->port = ntohs(a->in6.sin6_port);
		memcpy(d->ip, &a->in6.sin6_addr, 16);
		return true;
	}
	d->port = ntohs(a->in.sin_port);
	memcpy(d->ip, &a->in.sin_addr, 4);
	return a->sa.sa_family == AF_INET;
}

/* --- several datagrams a call, or one where the system has no such call */

#if defined(__linux__) || defined(__OpenBSD__) || defined(__FreeBSD__)
static int
receive_many(int fd, struct mmsghdr *m, unsigned int n)
{
	return (int)recvmmsg(fd, m, n, MSG_DONTWAIT, NULL);
}

static int
send_many(int fd, struct mmsghdr *m, unsigned int n)
{
	return (int)sendmmsg(fd, m, n, MSG_DONTWAIT);
}
#else
static int
receive_many(int fd, struct mmsghdr *m, unsigned int n)
{
	ssize_t len = recvmsg(fd, &m->msg_hdr, MSG_DONTWAIT);

	(void)n;
	m->msg_len = len < 0 ? 0 : (unsigned int)len;
	return len < 0 ? -1 : 1;
}

static int
send_many(int fd, struct mmsghdr *m, unsigned int n)
{
	(void)n;
	return sendmsg(fd, &m->msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
}
#endif

/* --- sizes */

static struct nvc_params
core_params(const struct vc_udp_params *p)
{
	struct nvc_params n = {
		.base_port = p->base_port,
		.enquiry_interval = p->enquiry_interval,
		.max_circuits = p->max_circuits,
		.circuits_per_address = p->circuits_per_address,
		.mtu = p->mtu,
		.enquiry_max = p->enquiry_max,
		.queue_time = p->queue_time,
		.row = p->row,
	};

	return n;
}

/*
 * Asks the system to fragment nothing, or what has to be.  It is asked to
 * where we divide by a size that somebody has named, since what is lost for a
 * fragment that a firewall drops is lost each time.  Not every system can.
 */
static void
vc_udp_keep_whole(struct vc_udp *u, bool whole)
{
#if defined(IP_MTU_DISCOVER) && defined(IPV6_MTU_DISCOVER)
	bool v6 = false;
	uint8_t ip[16], sel;
	int how = whole ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;

	(void)atm_addr_to_ip(&nvc_link(u->core)->local, &v6, ip, &sel);
	if (v6)
		how = whole ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT;
	u->whole = setsockopt(u->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	    v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &how,
	    sizeof(how)) == 0 && whole;
#else
	(void)whole;
	u->whole = false;
#endif
}

/*
 * The next size below that of a datagram, of those that there are (RFC 1191
 * section 7, and those of tunnels); 0: none.
 */
static uint16_t
vc_udp_less(const struct vc_udp_slot *s)
{
	static const uint16_t sizes[] = { 32000, 17914, 9000, 8166, 4352, 2002,
		1492, 1400, 1280, 1006, NVC_MTU_MIN };
	size_t i, len = s->iov[0].iov_len + s->iov[1].iov_len + 8;

	len += s->to.sa.sa_family == AF_INET6 ? 40 : 20;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (sizes[i] < len)
			return sizes[i];
	return 0;
}

/*
 * The system knows that the way to some peer takes less than this datagram.
 * How much it takes is told to sockets that have that peer only.  So the link
 * goes down by one size, as often as it takes, and stays there until it is
 * configured again.
 */
static void
vc_udp_shorten(struct vc_udp *u, const struct vc_udp_slot *s)
{
	uint16_t less = vc_udp_less(s);
	struct nvc_params n;

	if (less == 0 || less >= u->params.mtu)
		return;
	u->params.mtu = less;
	n = core_params(&u->params);
	nvc_set_params(u->core, &n);
}

/*
 * The same where nothing may go in fragments, as the owner of the socket has
 * it: what is too long is lost, and who sends to leaves there is told less from
 * then on.  Others are not concerned.
 */
static void
vc_udp_shorten_path(struct vc_udp *u, const struct vc_udp_slot *s)
{
	uint16_t less = vc_udp_less(s);
	struct nvc_dest d;

	/* each size that is tried costs a packet; below 1492 are tunnels */
	if (less == 1400)
		less = 1280;
	if (less == 0 || !vc_udp_address_get(&s->to, &d))
		return;
	if (!nvc_path_takes(u->core, &d, less))
		vc_udp_shorten(u, s);
}

/* One that is too long goes out in fragments, this time. */
static int
send_fragmented(struct vc_udp *u)
{
	int n, e;

	nvc_dropped(u->core, NVC_DROP_PATH);
	vc_udp_shorten(u, &u->out[u->first]);
	vc_udp_keep_whole(u, false);
	n = send_many(u->fd, u->msgs + u->first, 1);
	e = errno;
	vc_udp_keep_whole(u, true);
	errno = e;
	return n;
}

/* --- out */

static void
sent(struct vc_udp *u, uint32_t n)
{
	while (n-- > 0)
		vc_sdu_free(u->out[u->first++].sdu);
	if (u->first == u->many)
		u->first = u->many = 0;
}

#ifdef UDP_SEGMENT

#define SEGMENTS	64	/* of one message, as the system has it */
#define SEGMENTED_MAX	60000	/* octets of one */

/*
 * Datagrams in a row that go to one place and are of one size, but for the
 * last, which may be shorter: the system takes them as one message, and
 * builds, routes and filters that once (udp(7), UDP_SEGMENT).
 */
struct vc_udp_rows {
	struct mmsghdr	 msgs[FLUSH_MAX];
	uint32_t	 count[FLUSH_MAX];		/* datagrams of each */
	struct iovec	 iov[2 * FLUSH_MAX];
	struct {
		_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(int))
		    + CMSG_SPACE(sizeof(uint16_t))];
	} control[FLUSH_MAX];
};

static size_t
slot_len(const struct vc_udp_slot *s)
{
	return s->iov[0].iov_len + (s->sdu == NULL ? 0 : s->sdu->len);
}

/* How many from this one on make a row. */
static uint32_t
row_count(const struct vc_udp *u, uint32_t first)
{
	const struct vc_udp_slot *a = &u->out[first], *b;
	size_t len = slot_len(a), all = len;
	uint8_t tos = a->sdu == NULL ? 0 : a->sdu->tos;
	uint32_t i;

	for (i = first + 1; i < u->many && i - first < SEGMENTS; i++) {
		b = &u->out[i];
		if (a->sdu == NULL || b->sdu == NULL || b->sdu->tos != tos ||
		    slot_len(b) > len || all + slot_len(b) > SEGMENTED_MAX ||
		    memcmp(&a->to, &b->to, sizeof(a->to)) != 0)
			break;
		all += slot_len(b);
		if (slot_len(b) < len)
			return i + 1 - first;
	}
	return i - first;
}

static void
row_put(struct vc_udp *u, struct vc_udp_rows *r, uint32_t row, uint32_t first,
    uint32_t many)
{
	struct msghdr *h = &r->msgs[row].msg_hdr;
	struct iovec *iov = &r->iov[2 * (first - u->first)];
	uint16_t size = (uint16_t)slot_len(&u->out[first]);
	struct cmsghdr *c;
	uint32_t i;

	r->msgs[row] = u->msgs[first];
	r->count[row] = many;
	if (many == 1)
		return;
	for (i = 0; i < many; i++) {
		iov[2 * i] = u->out[first + i].iov[0];
		iov[2 * i + 1] = u->out[first + i].iov[1];
	}
	h->msg_iov = iov;
	h->msg_iovlen = 2 * many;
	memset(&r->control[row], 0, sizeof(r->control[row]));
	if (h->msg_controllen > 0)
		memcpy(
		    r->control[row].space, h->msg_control, h->msg_controllen);
	c = (struct cmsghdr *)(void *)(r->control[row].space +
	    h->msg_controllen);
	h->msg_control = r->control[row].space;
	h->msg_controllen += CMSG_SPACE(sizeof(size));
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
}

/*
 * As send_many() of all that waits, how many datagrams.  Where the system, or
 * the way (IPsec, a smaller MTU), takes no rows it is tried without.
 */
static int
send_rows(struct vc_udp *u)
{
	static struct vc_udp_rows r; /* too much to be zeroed each time */
	uint32_t rows = 0, first, many, done = 0;
	int i, n;

	for (first = u->first; first < u->many; first += many) {
		many = row_count(u, first);
		row_put(u, &r, rows++, first, many);
	}
	n = send_many(u->fd, r.msgs, rows);
	if (n == -1 && r.count[0] > 1 && errno != EAGAIN && errno != EINTR &&
	    errno != EWOULDBLOCK)
		return send_many(u->fd, u->msgs + u->first, r.count[0]);
	for (i = 0; i < n; i++)
		done += r.count[i];
	return n == -1 ? -1 : (int)done;
}

#else

static int
send_rows(struct vc_udp *u)
{
	return send_many(u->fd, u->msgs + u->first, u->many - u->first);
}

#endif

/* Sends what waits in the batch; false: the socket has no room. */
static bool
send_batch(struct vc_udp *u)
{
	int n;

	while (u->first < u->many) {
		n = u->rows ?
		    send_rows(u) :
		    send_many(u->fd, u->msgs + u->first, u->many - u->first);
		if (n < 0 && errno == EMSGSIZE && u->whole)
			n = send_fragmented(u);
		if (n > 0)
			sent(u, (uint32_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return false;
		else if (errno != EINTR) {
			/* no route, or no buffer: lost as in a network */
			if (n < 0 && errno == EMSGSIZE)
				vc_udp_shorten_path(u, &u->out[u->first]);
			nvc_dropped(u->core, NVC_DROP_SEND);
			sent(u, 1);
		}
	}
	return true;
}

/*
 * The TOS of a datagram, as ancillary data: of an SDU that has one of its own.
 */
static void
vc_udp_put_tos(struct vc_udp_slot *s, struct msghdr *h, bool v6, int tos)
{
	struct cmsghdr *c;

	h->msg_control = s->tos;
	h->msg_controllen = sizeof(s->tos);
	c = CMSG_FIRSTHDR(h);
	c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = v6 ? IPV6_TCLASS : IP_TOS;
	c->cmsg_len = CMSG_LEN(sizeof(tos));
	memcpy(CMSG_DATA(c), &tos, sizeof(tos));
}

/* 0 where the socket was not told to say it. */
static uint8_t
vc_udp_get_tos(struct msghdr *h)
{
	struct cmsghdr *c;
	int tos;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		/* Linux says it as one octet, others do as an int */
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
			return *(const uint8_t *)CMSG_DATA(c);
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_TCLASS &&
		    c->cmsg_len >= CMSG_LEN(sizeof(tos))) {
			memcpy(&tos, CMSG_DATA(c), sizeof(tos));
			return (uint8_t)tos;
		}
	}
	return 0;
}

static bool
output(void *arg, const struct nvc_dest *to, const uint8_t *head,
    size_t headlen, struct vc_sdu *sdu)
{
	struct vc_udp *u = arg;
	struct msghdr *h;
	struct vc_udp_slot *s;

	if (u->many == FLUSH_MAX && !send_batch(u))
		return false;
	h = &u->msgs[u->many].msg_hdr;
	s = &u->out[u->many];
	memcpy(s->head, head, headlen);
	s->sdu = sdu == NULL ? NULL : vc_sdu_ref(sdu);
	s->iov[0].iov_base = s->head;
	s->iov[0].iov_len = headlen;
	s->iov[1].iov_base = sdu == NULL ? NULL : sdu->data;
	s->iov[1].iov_len = sdu == NULL ? 0 : sdu->len;
	memset(h, 0, sizeof(*h));
	h->msg_namelen = vc_udp_address_set(&s->to, to);
	h->msg_name = &s->to;
	h->msg_iov = s->iov;
	h->msg_iovlen = sdu == NULL ? 1 : 2;
	if (sdu != NULL && sdu->tos != 0)
		vc_udp_put_tos(s, h, to->v6 != 0, sdu->tos);
	u->many++;
	return true;
}

static void
vc_udp_wait(struct vc_udp *u, bool wait)
{
	if (wait == u->waits)
		return;
	u->waits = wait;
	if (wait)
		event_add(&u->writable, NULL);
	else
		event_del(&u->writable);
}

static void
flush(struct vc_link *l)
{
	struct vc_udp *u = link_udp(l);
	bool all = false, room;

	if (u->closing)
		return;
	if ((room = send_batch(u))) {
		all = nvc_flush(u->core, FLUSH_MAX);
		room = send_batch(u);
	}
	vc_udp_wait(u, !room || !all);
}

/* Waking up is all that has to happen: the owner flushes once per turn. */
static void
vc_udp_on_writable(int fd, short what, void *arg)
{
	struct vc_udp *u = arg;

	(void)fd;
	(void)what;
	u->waits = false;
}

/* --- in */

struct vc_udp_batch {
	struct mmsghdr		msgs[READ_MAX];
	struct iovec		iov[READ_MAX];
	union vc_udp_address	from[READ_MAX];
	struct {
		_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(int))];
	} tos[READ_MAX];
};

/* Where the i-th datagram goes; the system has changed what is said of that. */
static void
vc_udp_batch_reset(struct vc_udp_batch *b, int i)
{
	struct msghdr *h = &b->msgs[i].msg_hdr;

	h->msg_namelen = sizeof(b->from[i]);
	h->msg_controllen = sizeof(b->tos[i]);
	h->msg_flags = 0;
}

static void
vc_udp_batch_init(struct vc_udp_batch *b)
{
	struct msghdr *h;
	int i;

	for (i = 0; i < READ_MAX; i++) {
		b->iov[i].iov_base = input[i];
		b->iov[i].iov_len = sizeof(input[i]);
		h = &b->msgs[i].msg_hdr;
		h->msg_iov = &b->iov[i];
		h->msg_iovlen = 1;
		h->msg_name = &b->from[i];
		h->msg_control = &b->tos[i];
		vc_udp_batch_reset(b, i);
	}
}

static void
vc_udp_on_readable(int fd, short what, void *arg)
{
	static struct vc_udp_batch b;	/* as input: of all links */
	struct vc_udp *u = arg;
	struct vc_link *link = nvc_link(u->core);
	struct nvc_dest d;
	int i, n;

	(void)what;
	timers_clock(u->timers);
	if (b.iov[0].iov_base == NULL)
		vc_udp_batch_init(&b);
	n = receive_many(fd, b.msgs, READ_MAX);
	for (i = 0; i < n; i++) {
		link->tos = vc_udp_get_tos(&b.msgs[i].msg_hdr);
		vc_udp_batch_reset(&b, i);
		if (vc_udp_address_get(&b.from[i], &d))
			nvc_input(u->core, &d, input[i], b.msgs[i].msg_len);
	}
	link->tos = 0;
}

static void
udp_pause(struct vc_link *l, bool pause)
{
	struct vc_udp *u = link_udp(l);

	u->paused = pause;
	if (pause)
		event_del(&u->readable);
	else if (!u->closing)
		event_add(&u->readable, NULL);
}

static void
udp_discard(struct vc_link *l)
{
	nvc_discard(link_udp(l)->core);
}

/* --- links */

static uint64_t
link_random(void *arg)
{
	struct vc_udp *u = arg;

	return u->params.random(u->params.random_arg);
}

static const struct nvc_ops ops = { .random = link_random, .output = output };

static void
link_free(void *arg)
{
	struct vc_udp *u = arg;

	timer_clear(u->timers, &u->end);
	sent(u, u->many - u->first);
	if (u->core != NULL)
		nvc_free(u->core);
	close(u->fd);
	free(u);
}

/*
 * What waits goes out as far as the socket takes it, but a link does not
 * take long to end, whatever it has to say to however many.
 */
static void
flush_last(struct vc_udp *u)
{
	mtime_t start;
	bool all;

	timers_clock(u->timers);
	start = u->timers->now;
	do {
		all = nvc_flush(u->core, FLUSH_MAX);
		timers_clock(u->timers);
	} while (send_batch(u) && !all &&
	    mtime_diff(start, u->timers->now) < CLOSE_TIME);
}

/*
 * The peers are told as far as that goes.  A user that closes
 * its link from within one of its functions finds it freed a turn later.
 */
static void
link_close(struct vc_link *l)
{
	struct vc_udp *u = link_udp(l);

	if (u->closing)
		return;
	u->closing = true;
	event_del(&u->readable);
	event_del(&u->writable);
	nvc_release_all(u->core);
	flush_last(u);
	if (nvc_busy(u->core))
		timer_set(u->timers, &u->end, 0);
	else
		link_free(u);
}

static bool
udp_counter(
    const struct vc_link *l, size_t i, const char **name, uint64_t *value)
{
	return nvc_counter(link_udp(l)->core, i, name, value);
}

static bool
udp_circuit(
    const struct vc_link *l, uint32_t *cursor, struct vc_circuit_info *info)
{
	return nvc_circuit(link_udp(l)->core, cursor, info);
}

static const struct vc_backend backend = {
	.calls_at_once = true,
	.name = "udp",
	.knows_caller = true,
	.call = nvc_call,
	.multi = nvc_multi,
	.multi_add = nvc_multi_add,
	.multi_drop = nvc_multi_drop,
	.release = nvc_release,
	.send = nvc_send,
	.peer = nvc_peer,
	.flush = flush,
	.close = link_close,
	.pause = udp_pause,
	.discard = udp_discard,
	.counter = udp_counter,
	.circuit = udp_circuit,
	.watch = nvc_watch,
	.leaf = nvc_leaf,
	.backlog = nvc_backlog,
	.sdu_max = nvc_sdu_max,
};

void
vc_udp_set_params(struct vc_link *l, const struct vc_udp_params *p)
{
	struct vc_udp *u = link_udp(l);
	struct nvc_params n = core_params(p);

	u->rows = p->row > 1;
	u->params = *p;
	if (p->whole || u->whole)
		vc_udp_keep_whole(u, p->whole);
	nvc_set_params(u->core, &n);
}

struct vc_link *
vc_udp_open(struct event_base *base, struct timers *ts, int fd,
    const struct atm_addr *local, const struct vc_udp_params *p,
    const struct vc_user *user, void *arg)
{
	struct nvc_params n = core_params(p);
	struct vc_udp *u;

	/* a confined child may not open files, nor openssl.cnf */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->timers = ts;
	u->fd = fd;
	u->rows = p->row > 1;
	u->params = *p;
	timer_init(&u->end, link_free, u);
	u->core = nvc_new(&ops, u, ts, &backend, local, &n, user, arg);
	if (u->core == NULL ||
	    event_assign(&u->readable, base, fd, EV_READ | EV_PERSIST,
	    vc_udp_on_readable, u) == -1 ||
	    event_assign(&u->writable, base, fd, EV_WRITE, vc_udp_on_writable,
	    u) == -1 ||
	    event_add(&u->readable, NULL) == -1) {
		if (u->core != NULL)
			nvc_free(u->core);
		free(u);
		return NULL;
	}
	if (p->whole || u->whole)
		vc_udp_keep_whole(u, p->whole);
	return nvc_link(u->core);
}

/*
 * As large as the system allows: half as much each time that it says no, since
 * systems have different ways to tell their limit.
 */
static void
buffer_size(int fd, int which)
{
	int size;

	for (size = BUFFER_MAX; size >= BUFFER_MIN; size /= 2)
		if (setsockopt(fd, SOL_SOCKET, which, &size, sizeof(size)) == 0)
			return;
}

int
vc_udp_socket(const struct atm_addr *local, uint16_t base_port)
{
	struct nvc_dest d = { .v6 = 0 };
	union vc_udp_address a;
	socklen_t len;
	uint8_t sel;
	int fd, on = 1, e;
	bool v6;

	if (!atm_addr_to_ip(local, &v6, d.ip, &sel)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (base_port + sel > UINT16_MAX) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	d.v6 = v6;
	d.port = (uint16_t)(base_port + sel);
	len = vc_udp_address_set(&a, &d);
	fd = socket(
	    a.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (v6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		goto fail;
	buffer_size(fd, SO_RCVBUF);
	buffer_size(fd, SO_SNDBUF);
	if (bind(fd, &a.sa, len) == 0)
		return fd;
fail:
	e = errno;
	close(fd);
	errno = e;
	return -1;
}
