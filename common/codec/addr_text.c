/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Addresses, prefixes and protocols as text: what is printed is what is read.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"

/*
 * Appends to a string of size octets, of which len are used.  Gives the
 * length so far, size at most: what does not fit is cut.
 */
__attribute__((format(printf, 4, 5))) static size_t
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
text_hex_digit(char c)
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
		if ((d = text_hex_digit(*s)) == -1 || n / 2 >= max)
			return -1;
		to[n / 2] = (uint8_t)(to[n / 2] << 4 | d);
		n++;
	}
	return n % 2 != 0 ? -1 : (int)(n / 2);
}

/* A decimal number of at most max, digits only, up to the end of s; or -1. */
static int
text_parse_number(const char *s, int max)
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

/* ADDRESS or ADDRESS%SEL of IP; s is cut at the percent sign. */
static bool
parse_ip_number(struct atm_addr *a, char *s)
{
	uint8_t ip[16];
	char *p;
	int sel = 0;

	if ((p = strchr(s, '%')) != NULL) {
		*p++ = '\0';
		if ((sel = text_parse_number(p, UINT8_MAX)) == -1)
			return false;
	}
	if (inet_pton(AF_INET, s, ip) == 1)
		atm_addr_from_ip(a, false, ip, (uint8_t)sel);
	else if (inet_pton(AF_INET6, s, ip) == 1)
		atm_addr_from_ip(a, true, ip, (uint8_t)sel);
	else
		return false;
	return true;
}

/* One number without a subaddress, into *tl and num, which are zero. */
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
	/* 40 hex digits are an NSAPA; IPv4 has at most 12 digits */
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

int
atm_addr_parse(struct atm_addr *a, const char *s)
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
	if (atm_addr_to_ip(&a, &v6, ip, &sel)) {
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

char *
atm_addr_print(const struct atm_addr *a, char *buf, size_t size)
{
	size_t len;

	len = print_atm_number(a->num_tl, a->num, buf, size, 0);
	if ((a->sub_tl & ATM_TL_LEN) != 0) {
		len = append(buf, size, len, "/");
		print_atm_number(a->sub_tl, a->sub, buf, size, len);
	}
	return buf;
}

/* --- permanent circuits */

bool
atm_pvc_parse(struct atm_pvc *c, const char *s)
{
	/* VCIs below 32 are the network's (ITU-T I.361) */
	static const int min[] = { 0, 0, 32 }, max[] = { 32767, 4095, 65535 };
	char buf[32], *part, *rest = buf;
	int n[3] = { 0 }, i, dots = 0;

	if (strlcpy(buf, s, sizeof(buf)) >= sizeof(buf))
		return false;
	for (i = 0; buf[i] != '\0'; i++)
		dots += buf[i] == '.';
	if (dots != 1 && dots != 2)
		return false;
	for (i = 2 - dots; i < 3 && (part = strsep(&rest, ".")) != NULL; i++)
		if ((n[i] = text_parse_number(part, max[i])) < min[i])
			return false;
	*c = (struct atm_pvc){ .itf = n[0], .vpi = n[1], .vci = n[2] };
	return true;
}

/* --- prefixes of IP addresses */

bool
ip_prefix_parse_address(struct ip_prefix *p, const char *s)
{
	char buf[PADDR_STRLEN], *slash;
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
	if (slash != NULL && (bits = text_parse_number(slash, bits)) == -1)
		return false;
	p->bits = (uint8_t)bits;
	return true;
}

bool
ip_prefix_parse(struct ip_prefix *p, const char *s)
{
	if (!ip_prefix_parse_address(p, s))
		return false;
	ip_prefix_mask(p);
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

char *
paddr_print(const struct paddr *a, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";
	size_t len;

	if (a->len == 0)
		(void)append(buf, size, 0, "-");
	else if (a->len == 4 || a->len == 16) {
		(void)inet_ntop(
		    a->len == 4 ? AF_INET : AF_INET6, a->a, text, sizeof(text));
		(void)append(buf, size, 0, "%s", text);
	} else {
		len = append(buf, size, 0, "0x");
		(void)append_hex(buf, size, len, a->a, a->len);
	}
	return buf;
}

/* --- protocols */

int
mars_pro_parse(struct mars_pro *p, const char *s)
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
		mars_pro_normalise(p);
	} else {
		if (strncmp(s, "0x", 2) != 0 ||
		    parse_hex(type, sizeof(type), s + 2, '\0') != sizeof(type))
			return -1;
		p->type = (uint16_t)(type[0] << 8 | type[1]);
	}
	return 0;
}

char *
mars_pro_print(const struct mars_pro *p, char *buf, size_t size)
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
