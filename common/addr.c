/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

/* Comparison is by octets, so that no padding may hide in these. */
_Static_assert(sizeof(struct atm_addr) == 2 + 2 * ATM_NUM_MAX,
    "struct atm_addr is padded");
_Static_assert(sizeof(struct paddr) == 1 + PADDR_MAX, "struct paddr is padded");
_Static_assert(NSAPA_LEN <= ATM_NUM_MAX, "an NSAPA does not fit");

/* The head of an NSAPA that embeds an IP address: AFI and ICP (RFC 4548). */
#define AFI_IANA	0x35
#define ICP_IPV6	0x00
#define ICP_IPV4	0x01
#define EMBED_OFF	3	/* where the IP address starts */

/*
 * Appends to a string of size octets, of which len are used.  Gives the
 * length so far, size at most: what does not fit is cut.
 */
__attribute__((format(printf, 4, 5)))
static size_t
append(char *buf, size_t size, size_t len, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (len >= size)
		return size;
	va_start(ap, fmt);
	n = vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size - len)
		return size;
	return len + (size_t)n;
}

static size_t
append_hex(char *buf, size_t size, size_t len, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		len = append(buf, size, len, "%02x", p[i]);
	return len;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Reads hex digits up to the end of s, skipping every octet that equals
 * skip, into at most max octets.  The number of octets, or -1.
 */
static int
parse_hex(uint8_t *to, size_t max, const char *s, char skip)
{
	size_t n = 0;
	int d;

	for (; *s != '\0'; s++) {
		if (*s == skip)
			continue;
		if ((d = hex_digit(*s)) == -1 || n / 2 >= max)
			return -1;
		to[n / 2] = (uint8_t)(to[n / 2] << 4 | d);
		n++;
	}
	return n % 2 != 0 ? -1 : (int)(n / 2);
}

/* A decimal number of at most max, digits only, up to the end of s; or -1. */
static int
parse_number(const char *s, int max)
{
	int n = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		if ((n = n * 10 + (*s - '0')) > max)
			return -1;
	}
	return n;
}

/* --- ATM addresses */

int
atm_cmp(const struct atm_addr *a, const struct atm_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
atm_equal(const struct atm_addr *a, const struct atm_addr *b)
{
	return atm_cmp(a, b) == 0;
}

bool
atm_is_null(const struct atm_addr *a)
{
	return (a->num_tl & ATM_TL_LEN) == 0;
}

bool
atm_same_kind(const struct atm_addr *a, const struct atm_addr *b)
{
	return a->num_tl == b->num_tl && a->sub_tl == b->sub_tl;
}

/* Neither E.164 nor the null address has a selector: 0. */
uint8_t
atm_sel(const struct atm_addr *a)
{
	return a->num_tl == NSAPA_LEN ? a->num[NSAPA_LEN - 1] : 0;
}

void
atm_set_sel(struct atm_addr *a, uint8_t sel)
{
	if (a->num_tl == NSAPA_LEN)
		a->num[NSAPA_LEN - 1] = sel;
}

/* The NSAPA that embeds 4 or 16 octets of IP address (RFC 4548, nvc.md). */
void
atm_from_ip(struct atm_addr *a, bool v6, const uint8_t *ip, uint8_t sel)
{
	memset(a, 0, sizeof(*a));
	a->num_tl = NSAPA_LEN;
	a->num[0] = AFI_IANA;
	a->num[2] = v6 ? ICP_IPV6 : ICP_IPV4;
	memcpy(a->num + EMBED_OFF, ip, v6 ? 16 : 4);
	a->num[NSAPA_LEN - 1] = sel;
}

/* ip takes 16 octets; the unused 12 of an IPv4 address are zero. */
bool
atm_to_ip(const struct atm_addr *a, bool *v6, uint8_t *ip, uint8_t *sel)
{
	static const uint8_t zero[12];

	if (a->num_tl != NSAPA_LEN || a->num[0] != AFI_IANA || a->num[1] != 0)
		return false;
	if (a->num[2] == ICP_IPV4) {
		if (memcmp(a->num + EMBED_OFF + 4, zero, sizeof(zero)) != 0)
			return false;
		*v6 = false;
	} else if (a->num[2] == ICP_IPV6)
		*v6 = true;
	else
		return false;
	memcpy(ip, a->num + EMBED_OFF, 16);
	*sel = a->num[NSAPA_LEN - 1];
	return true;
}

/* ADDRESS or ADDRESS%SEL of IP; s is cut at the percent sign. */
static bool
parse_ip_number(struct atm_addr *a, char *s)
{
	uint8_t ip[16];
	char *p;
	int sel = 0;

	if ((p = strchr(s, '%')) != NULL) {
		*p++ = '\0';
		if ((sel = parse_number(p, UINT8_MAX)) == -1)
			return false;
	}
	if (inet_pton(AF_INET, s, ip) == 1)
		atm_from_ip(a, false, ip, (uint8_t)sel);
	else if (inet_pton(AF_INET6, s, ip) == 1)
		atm_from_ip(a, true, ip, (uint8_t)sel);
	else
		return false;
	return true;
}

/* One number, alone: into tl and num, which are zero. */
static bool
parse_atm_number(uint8_t *tl, uint8_t num[ATM_NUM_MAX], char *s)
{
	struct atm_addr ip;
	size_t len;

	if (s[0] == '+') {
		len = strlen(++s);
		if (len == 0 || len > ATM_NUM_MAX ||
		    strspn(s, "0123456789") != len)
			return false;
		memcpy(num, s, len);
		*tl = (uint8_t)(ATM_TL_E164 | len);
		return true;
	}
	/* at most 12 digits can be IPv4, 40 have to be an NSAPA */
	if (parse_hex(num, NSAPA_LEN, s, '.') == NSAPA_LEN) {
		*tl = NSAPA_LEN;
		return true;
	}
	if (!parse_ip_number(&ip, s))
		return false;
	memcpy(num, ip.num, ATM_NUM_MAX);
	*tl = NSAPA_LEN;
	return true;
}

/* 0, or -1 where s is no address; then *a is null. */
int
atm_parse(struct atm_addr *a, const char *s)
{
	char buf[2 * ATM_STRLEN], *sub;

	memset(a, 0, sizeof(*a));
	if (strlcpy(buf, s, sizeof(buf)) >= sizeof(buf))
		return -1;
	if ((sub = strchr(buf, '/')) != NULL)
		*sub++ = '\0';
	if (!parse_atm_number(&a->num_tl, a->num, buf) ||
	    (sub != NULL && !parse_atm_number(&a->sub_tl, a->sub, sub))) {
		memset(a, 0, sizeof(*a));
		return -1;
	}
	return 0;
}

static size_t
print_atm_number(uint8_t tl, const uint8_t num[ATM_NUM_MAX], char *buf,
    size_t size, size_t len)
{
	struct atm_addr a = { .num_tl = tl };
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16], sel;
	size_t i;
	bool v6;

	if ((tl & ATM_TL_LEN) == 0)
		return append(buf, size, len, "-");
	if (tl & ATM_TL_E164)
		return append(buf, size, len, "+%.*s", tl & ATM_TL_LEN,
		    (const char *)num);
	memcpy(a.num, num, ATM_NUM_MAX);
	if (atm_to_ip(&a, &v6, ip, &sel)) {
		if (inet_ntop(v6 ? AF_INET6 : AF_INET, ip, text,
		    sizeof(text)) != NULL)
			len = append(buf, size, len, "%s", text);
		return sel == 0 ? len : append(buf, size, len, "%%%u", sel);
	}
	/* AFI, then pairs of octets, then SEL */
	len = append_hex(buf, size, len, num, 1);
	for (i = 1; i + 1 < NSAPA_LEN; i += 2) {
		len = append(buf, size, len, ".");
		len = append_hex(buf, size, len, num + i, 2);
	}
	return append(buf, size, len, ".%02x", num[NSAPA_LEN - 1]);
}

/*
 * What atm_parse() reads, in a buffer of ATM_STRLEN octets; "-" is the null
 * address, which it does not.
 */
char *
atm_print(const struct atm_addr *a, char *buf, size_t size)
{
	size_t len;

	len = print_atm_number(a->num_tl, a->num, buf, size, 0);
	if ((a->sub_tl & ATM_TL_LEN) != 0) {
		len = append(buf, size, len, "/");
		print_atm_number(a->sub_tl, a->sub, buf, size, len);
	}
	return buf;
}

/* --- addresses on the wire */

/*
 * A type/length octet as we keep it: without the reserved bit, and without
 * the type where there is no address (5.1.2).
 */
uint8_t
atm_tl_normalise(uint8_t tl)
{
	return (tl & ATM_TL_LEN) == 0 ? 0 : tl & (ATM_TL_E164 | ATM_TL_LEN);
}

/*
 * Is a number of this kind an address?  An NSAPA has 20 octets; a native
 * E.164 number is of digits, which the caller checks with the octets.
 */
bool
atm_tl_usable(uint8_t tl)
{
	if (tl == 0 || tl == NSAPA_LEN)
		return true;
	return (tl & ATM_TL_E164) != 0 && (tl & ATM_TL_LEN) <= ATM_NUM_MAX;
}

/* p holds the octets of one number of that kind. */
bool
atm_number_usable(uint8_t tl, const uint8_t *p)
{
	uint8_t i;

	if (!atm_tl_usable(tl))
		return false;
	if (tl & ATM_TL_E164)
		for (i = 0; i < (tl & ATM_TL_LEN); i++)
			if (p[i] < '0' || p[i] > '9')
				return false;
	return true;
}

/*
 * Reads the octets of one number, of the kind in *tl, which is normalised.
 * False, and a null number, where it can't be used; too few octets are for the
 * reader to tell.
 */
bool
rd_atm_number(struct rd *r, uint8_t *tl, uint8_t num[ATM_NUM_MAX])
{
	const uint8_t *p;
	uint8_t kind = atm_tl_normalise(*tl);

	memset(num, 0, ATM_NUM_MAX);
	*tl = 0;
	if ((p = rd_bytes(r, kind & ATM_TL_LEN)) == NULL)
		return true;
	if (!atm_number_usable(kind, p))
		return false;
	*tl = kind;
	if (kind != 0)
		memcpy(num, p, kind & ATM_TL_LEN);
	return true;
}

/* Reads an address of len octets; false, and null, if that is too long. */
bool
rd_paddr(struct rd *r, uint8_t len, struct paddr *a)
{
	const uint8_t *p = rd_bytes(r, len);

	memset(a, 0, sizeof(*a));
	if (p == NULL)
		return true;
	if (len > PADDR_MAX)
		return false;
	a->len = len;
	if (len != 0)
		memcpy(a->a, p, len);
	return true;
}

/* --- prefixes of IP addresses */

/* The octet of a mask of this many bits, at index i. */
static uint8_t
mask_octet(unsigned int bits, unsigned int i)
{
	if (bits >= 8 * i + 8)
		return 0xff;
	if (bits <= 8 * i)
		return 0;
	return (uint8_t)(0xff00U >> (bits - 8 * i));
}

/* ADDRESS or ADDRESS/BITS; bits of the address behind the mask are cleared. */
bool
ip_prefix_parse(struct ip_prefix *p, const char *s)
{
	char buf[PADDR_STRLEN], *slash;
	unsigned int i;
	int bits;

	memset(p, 0, sizeof(*p));
	if (strlcpy(buf, s, sizeof(buf)) >= sizeof(buf))
		return false;
	if ((slash = strchr(buf, '/')) != NULL)
		*slash++ = '\0';
	if (inet_pton(AF_INET6, buf, p->a) == 1)
		p->v6 = 1;
	else if (inet_pton(AF_INET, buf, p->a) != 1)
		return false;
	bits = p->v6 ? 128 : 32;
	if (slash != NULL && (bits = parse_number(slash, bits)) == -1)
		return false;
	p->bits = (uint8_t)bits;
	for (i = 0; i < sizeof(p->a); i++)
		p->a[i] = (uint8_t)(p->a[i] & mask_octet(p->bits, i));
	return true;
}

/* False for an address that embeds no IP address: no prefix covers it. */
bool
ip_prefix_match(const struct ip_prefix *p, const struct atm_addr *a)
{
	uint8_t ip[16], sel;
	unsigned int i;
	bool v6;

	if (!atm_to_ip(a, &v6, ip, &sel) || v6 != (p->v6 != 0))
		return false;
	for (i = 0; i < sizeof(ip); i++)
		if ((ip[i] & mask_octet(p->bits, i)) != p->a[i])
			return false;
	return true;
}

char *
ip_prefix_print(const struct ip_prefix *p, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->a, text, sizeof(text));
	(void)append(buf, size, 0, "%s/%u", text, p->bits);
	return buf;
}

/* --- protocol addresses */

/* As unsigned numbers, most significant octet first; shorter ones first. */
int
paddr_cmp(const struct paddr *a, const struct paddr *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
paddr_equal(const struct paddr *a, const struct paddr *b)
{
	return paddr_cmp(a, b) == 0;
}

/* IPv4, IPv6, or 0x and hex digits.  0, or -1 and *a is null. */
int
paddr_parse(struct paddr *a, const char *s)
{
	int n = -1;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->a) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, s, a->a) == 1)
		n = 16;
	else if (strncmp(s, "0x", 2) == 0) {
		memset(a, 0, sizeof(*a));
		n = parse_hex(a->a, PADDR_MAX, s + 2, '.');
	}
	if (n <= 0) {
		memset(a, 0, sizeof(*a));
		return -1;
	}
	a->len = (uint8_t)n;
	return 0;
}

/* As paddr_parse() reads, in PADDR_STRLEN octets; "-" is the null address. */
char *
paddr_print(const struct paddr *a, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";
	size_t len;

	if (a->len == 0)
		(void)append(buf, size, 0, "-");
	else if (a->len == 4 || a->len == 16) {
		(void)inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->a, text,
		    sizeof(text));
		(void)append(buf, size, 0, "%s", text);
	} else {
		len = append(buf, size, 0, "0x");
		(void)append_hex(buf, size, len, a->a, a->len);
	}
	return buf;
}

bool
paddr_next(struct paddr *a)
{
	struct paddr n = *a;
	size_t i;

	for (i = n.len; i > 0; i--)
		if (++n.a[i - 1] != 0) {
			*a = n;
			return true;
		}
	return false;
}

bool
paddr_prev(struct paddr *a)
{
	struct paddr n = *a;
	size_t i;

	for (i = n.len; i > 0; i--)
		if (n.a[i - 1]-- != 0) {
			*a = n;
			return true;
		}
	return false;
}

/* --- protocols */

int
pro_cmp(const struct mars_pro *a, const struct mars_pro *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return memcmp(a->snap, b->snap, sizeof(a->snap));
}

bool
pro_equal(const struct mars_pro *a, const struct mars_pro *b)
{
	return pro_cmp(a, b) == 0;
}

/*
 * RFC 2022 section 4.3.2: the SNAP part counts only where the type is 0x80.
 * OUI 00-00-00 and an Ethertype (0x0600 and more) there name what the
 * short form names.
 */
void
pro_normalise(struct mars_pro *p)
{
	uint16_t ether = (uint16_t)(p->snap[3] << 8 | p->snap[4]);

	if (p->type == PRO_SNAP) {
		if (p->snap[0] != 0 || p->snap[1] != 0 || p->snap[2] != 0 ||
		    ether < 0x0600)
			return;
		p->type = ether;
	}
	memset(p->snap, 0, sizeof(p->snap));
}

/* False for the long form that names nothing. */
bool
pro_usable(const struct mars_pro *p)
{
	static const uint8_t zero[sizeof(p->snap)];

	return p->type != PRO_SNAP || memcmp(p->snap, zero, sizeof(zero)) != 0;
}

/* ipv4, ipv6, 0xNNNN, or snap: and ten hex digits.  0 or -1. */
int
pro_parse(struct mars_pro *p, const char *s)
{
	uint8_t type[2] = { 0, 0 };

	memset(p, 0, sizeof(*p));
	if (strcmp(s, "ipv4") == 0)
		p->type = PRO_IPV4;
	else if (strcmp(s, "ipv6") == 0)
		p->type = PRO_IPV6;
	else if (strncmp(s, "snap:", 5) == 0) {
		p->type = PRO_SNAP;
		if (parse_hex(p->snap, sizeof(p->snap), s + 5, '-') !=
		    sizeof(p->snap))
			return -1;
		pro_normalise(p);
	} else {
		if (strncmp(s, "0x", 2) != 0 ||
		    parse_hex(type, sizeof(type), s + 2, '\0') != sizeof(type))
			return -1;
		p->type = (uint16_t)(type[0] << 8 | type[1]);
	}
	return 0;
}

char *
pro_print(const struct mars_pro *p, char *buf, size_t size)
{
	size_t len;

	if (p->type == PRO_IPV4)
		(void)append(buf, size, 0, "ipv4");
	else if (p->type == PRO_IPV6)
		(void)append(buf, size, 0, "ipv6");
	else if (p->type == PRO_SNAP) {
		len = append(buf, size, 0, "snap:");
		(void)append_hex(buf, size, len, p->snap, sizeof(p->snap));
	} else
		(void)append(buf, size, 0, "0x%04x", p->type);
	return buf;
}

uint8_t
pro_addrlen(const struct mars_pro *p)
{
	switch (p->type) {
	case PRO_IPV4:
		return 4;
	case PRO_IPV6:
		return 16;
	default:
		return 0;
	}
}
