/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsctl init: the first mars.conf and its key, from a few words or from
 * answers to questions.  Everything else has defaults.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "first.h"
#include "log.h"

#define INIT_MAX	16	/* values of one kind */
#define INIT_TEXT	8192	/* octets of a configuration: it has room */
#define INIT_VALUE	64	/* of a value, with its end */
#define INIT_IF		16	/* of an interface's name, as Linux has it */
#define INIT_ANSWER	512
#define INIT_DIR	"/etc/mars"
#define INIT_SPI	257

enum init_word {
	INIT_ADDRESS,
	INIT_NEIGHBOR,
	INIT_PROTOCOL,
	INIT_SERVER,
	INIT_LAN,
	INIT_GROUP,
	INIT_NWORDS
};

struct init {
	const char	*dir;
	struct {
		char	v[INIT_MAX][INIT_VALUE];
		size_t	n;
	} of[INIT_NWORDS];
};

/* --- what a value may be */

static bool
is_address(const char *s)
{
	struct ip_prefix p;

	return strchr(s, '/') == NULL && ip_prefix_parse(&p, s) &&
	    !ip_prefix_multicast(&p);
}

static bool
is_protocol(const char *s)
{
	return strcmp(s, "ipv4") == 0 || strcmp(s, "ipv6") == 0;
}

static bool
is_interface(const char *s)
{
	size_t len = strlen(s), i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("_.-@:", s[i]) == NULL)
			return false;
	return len > 0 && len < INIT_IF;
}

static bool
is_group(const char *s)
{
	struct ip_prefix p;

	return ip_prefix_parse(&p, s) && ip_prefix_multicast(&p);
}

static const struct init_kind {
	const char	*word;
	bool		(*ok)(const char *);
	size_t		 max;
	const char	*is;		/* "write ..." */
	const char	*question;
	const char	*usual;		/* where nothing is said; NULL: none */
} kinds[INIT_NWORDS] = {
	[INIT_ADDRESS] = { "address", is_address, 1,
	    "an IP address of this machine",
	    "IP address of this machine that the others reach", NULL },
	[INIT_SERVER] = { "server", is_address, INIT_MAX,
	    "the IP address of a server",
	    "Addresses of the servers, if they are other machines", NULL },
	[INIT_NEIGHBOR] = { "neighbor", is_address, INIT_MAX,
	    "the IP address of another server",
	    "Addresses of other servers beside this one, if any", NULL },
	[INIT_PROTOCOL] = { "protocol", is_protocol, 2, "ipv4 or ipv6",
	    "Protocols", "ipv4 ipv6" },
	[INIT_LAN] = { "lan", is_interface, INIT_MAX,
	    "the name of an interface",
	    "Interfaces between which and other sites multicast is routed, "
	    "if any", NULL },
	[INIT_GROUP] = { "group", is_group, INIT_MAX,
	    "a prefix of groups, as 239.0.0.0/8",
	    "Groups that may pass", "239.0.0.0/8" },
};

static bool
init_has(const struct init *in, enum init_word w, const char *value)
{
	size_t i;

	for (i = 0; i < in->of[w].n; i++)
		if (strcmp(in->of[w].v[i], value) == 0)
			return true;
	return false;
}

/* Where no protocol was said, it is both. */
static bool
init_speaks(const struct init *in, const char *protocol)
{
	return in->of[INIT_PROTOCOL].n == 0 ||
	    init_has(in, INIT_PROTOCOL, protocol);
}

/* What it is where nothing is said; NULL: nothing.  Groups are of IPv4. */
static const char *
init_usual(const struct init *in, enum init_word w)
{
	return w == INIT_GROUP && !init_speaks(in, "ipv4") ? NULL :
	    kinds[w].usual;
}

/* False: why it can't be, on standard error. */
static bool
init_add(struct init *in, enum init_word w, const char *value)
{
	const struct init_kind *k = &kinds[w];

	if (!k->ok(value) || strlen(value) >= INIT_VALUE) {
		warnx("%s %s: write %s", k->word, value, k->is);
		return false;
	}
	if (init_has(in, w, value)) {
		warnx("%s %s: it is there twice", k->word, value);
		return false;
	}
	if (in->of[w].n == k->max) {
		warnx("%s %s: %zu are enough", k->word, value, k->max);
		return false;
	}
	(void)strlcpy(in->of[w].v[in->of[w].n++], value, INIT_VALUE);
	return true;
}

/* All that a line names, between blanks or commas. */
static bool
init_add_all(struct init *in, enum init_word w, const char *values)
{
	char line[INIT_ANSWER], *at = line, *one;

	(void)strlcpy(line, values, sizeof(line));
	while ((one = strsep(&at, " ,\t\n")) != NULL)
		if (*one != '\0' && !init_add(in, w, one))
			return false;
	return true;
}

/* --- questions and words */

/* Is it to be asked, by what is known so far? */
static bool
init_matters(const struct init *in, enum init_word w)
{
	switch (w) {
	case INIT_NEIGHBOR:
		return in->of[INIT_SERVER].n == 0;
	case INIT_GROUP:
		return in->of[INIT_LAN].n > 0;
	default:
		return true;
	}
}

/* May it not be left out? */
static bool
init_needs(enum init_word w, const char *usual)
{
	return w == INIT_ADDRESS || (w == INIT_GROUP && usual == NULL);
}

static void
init_ask(struct init *in, enum init_word w)
{
	const char *usual = init_usual(in, w);
	char line[INIT_ANSWER];

	do {
		in->of[w].n = 0;
		fprintf(stderr, "%s%s%s%s: ", kinds[w].question,
		    usual == NULL ? "" : " [",
		    usual == NULL ? "" : usual,
		    usual == NULL ? "" : "]");
		if (fgets(line, sizeof(line), stdin) == NULL)
			errx(1, "init: there was no answer, and nothing is "
			    "written");
	} while (!init_add_all(in, w, line) ||
	    (in->of[w].n == 0 && init_needs(w, usual)));
}

static void
init_ask_all(struct init *in)
{
	static const enum init_word order[] = { INIT_ADDRESS, INIT_SERVER,
		INIT_NEIGHBOR, INIT_PROTOCOL, INIT_LAN, INIT_GROUP };
	size_t i;

	for (i = 0; i < INIT_NWORDS; i++)
		if (init_matters(in, order[i]))
			init_ask(in, order[i]);
}

static void
init_word(struct init *in, const char *word, const char *value)
{
	size_t w;

	if (strcmp(word, "directory") == 0) {
		if (*value == '\0' || strpbrk(value, "\"\n") != NULL)
			errx(1, "directory: write a path");
		in->dir = value;
		return;
	}
	for (w = 0; w < INIT_NWORDS; w++)
		if (strcmp(word, kinds[w].word) == 0)
			break;
	if (w == INIT_NWORDS)
		errx(1, "init %s: write address, server, neighbor, protocol, "
		    "lan, group or directory, and a value",
		    word);
	if (!init_add(in, (enum init_word)w, value))
		exit(1);
}

static void
init_check(const struct init *in)
{
	if (in->of[INIT_ADDRESS].n == 0)
		errx(1, "init: write address and an IP address of this "
		    "machine, or init alone to be asked");
	if (in->of[INIT_SERVER].n > 0 && in->of[INIT_NEIGHBOR].n > 0)
		errx(1, "init: a neighbor is for a server: write neighbor, if "
		    "this machine is one, or server, if others are");
	if (in->of[INIT_SERVER].n > 0 && in->of[INIT_LAN].n == 0)
		errx(1, "init: where the servers are other machines this one "
		    "is an edge: write lan and an interface, too");
	if (init_has(in, INIT_NEIGHBOR, in->of[INIT_ADDRESS].v[0]))
		errx(1, "init: neighbor %s is this machine itself: write the "
		    "address of another one", in->of[INIT_ADDRESS].v[0]);
}

/* An edge passes groups of its protocols. */
static void
init_check_groups(const struct init *in)
{
	const char *group, *protocol;
	size_t i;

	if (in->of[INIT_LAN].n > 0 && in->of[INIT_GROUP].n == 0)
		errx(1, "init: write group and a prefix of groups of IPv6 "
		    "that may pass");
	for (i = 0; i < in->of[INIT_GROUP].n; i++) {
		group = in->of[INIT_GROUP].v[i];
		protocol = strchr(group, ':') != NULL ? "ipv6" : "ipv4";
		if (!init_speaks(in, protocol))
			errx(1, "init: group %s: write protocol %s, too, or "
			    "another group", group, protocol);
	}
}

/* --- the file */

/* "WORD VALUE", a line for each, with so much before it */
static void
init_put(char *t, const struct init *in, enum init_word w, const char *before)
{
	size_t i;

	for (i = 0; i < in->of[w].n; i++)
		log_append(t, INIT_TEXT, "%s %s\n", before, in->of[w].v[i]);
}

/* Where no IPv4 address says who the server is: any that nobody else has. */
static void
init_put_id(char *t)
{
	uint8_t id[4];

	if (getentropy(id, sizeof(id)) == -1)
		err(1, "no random numbers");
	/* neither 0.0.0.0 nor 255.255.255.255 */
	log_append(t, INIT_TEXT, "\n# a number that no other server has\n"
	    "server-id %d.%d.%d.%d\n", 1 + id[0] % 223, id[1], id[2], id[3]);
}

static void
init_put_server(char *t, const struct init *in)
{
	size_t i;

	if (strchr(in->of[INIT_ADDRESS].v[0], ':') != NULL)
		init_put_id(t);
	log_append(t, INIT_TEXT, "\nlisten on udp %s\n\ncluster \"mars\" {\n",
	    in->of[INIT_ADDRESS].v[0]);
	init_put(t, in, INIT_PROTOCOL, "\tprotocol");
	log_append(t, INIT_TEXT, "\t# who may be a client; without it, "
	    "everybody\n\t# allow from 192.0.2.0/24\n");
	for (i = 0; i < in->of[INIT_NEIGHBOR].n; i++)
		log_append(t, INIT_TEXT,
		    "\tneighbor %s {\n\t\tkey %d\n\t\treplay required\n\t}\n",
		    in->of[INIT_NEIGHBOR].v[i], INIT_SPI);
	log_append(t, INIT_TEXT, "}\n");
}

static void
init_put_edge(char *t, const struct init *in)
{
	const enum init_word servers =
	    in->of[INIT_SERVER].n > 0 ? INIT_SERVER : INIT_ADDRESS;
	size_t i;

	log_append(t, INIT_TEXT, "\nedge \"mars\" {\n\taddress %s%%16\n",
	    in->of[INIT_ADDRESS].v[0]);
	init_put(t, in, servers, "\tservers");
	init_put(t, in, INIT_PROTOCOL, "\tprotocol");
	init_put(t, in, INIT_GROUP, "\tallow group");
	log_append(t, INIT_TEXT, "\tkey %d\n", INIT_SPI);
	for (i = 0; i < in->of[INIT_LAN].n; i++)
		log_append(t, INIT_TEXT, "\tlan \"%s\"\n",
		    in->of[INIT_LAN].v[i]);
	log_append(t, INIT_TEXT, "}\n");
}

static bool
init_has_key(const struct init *in)
{
	return in->of[INIT_LAN].n > 0 || in->of[INIT_NEIGHBOR].n > 0;
}

static void
init_text(char *t, const struct init *in, const char *key)
{
	*t = '\0';
	log_append(t, INIT_TEXT, "# mars.conf(5), as marsctl init has "
	    "written it\n");
	if (init_has_key(in))
		log_append(t, INIT_TEXT, "\nkey %d {\n\talgorithm hmac-sha256"
		    "\n\tfile \"%s\"\n}\n", INIT_SPI, key);
	if (in->of[INIT_SERVER].n == 0)
		init_put_server(t, in);
	if (in->of[INIT_LAN].n > 0)
		init_put_edge(t, in);
}

/*
 * The directory, made if it is missing: from the root on, since to mars a path
 * begins at its configuration, and to us where we are.
 */
static void
init_directory(const struct init *in, char dir[PATH_MAX])
{
	if (mkdir(in->dir, 0755) == -1 && errno != EEXIST)
		err(1, "%s", in->dir);
	if (*in->dir == '/')
		(void)strlcpy(dir, in->dir, PATH_MAX);
	else if (realpath(in->dir, dir) == NULL)
		err(1, "%s", in->dir);
	if (strpbrk(dir, "\"\n") != NULL)
		errx(1, "directory %s: it has a quote", dir);
}

/* Two files, or none: what can be known of the second is asked first. */
static void
init_write(const struct init *in)
{
	char conf[INIT_ANSWER], key[INIT_ANSWER], secret[MARSCTL_KEY_SIZE];
	char *text = malloc(INIT_TEXT), dir[PATH_MAX];

	if (text == NULL)
		err(1, NULL);
	init_directory(in, dir);
	if ((size_t)snprintf(conf, sizeof(conf), "%s/mars.conf", dir) >=
	    sizeof(conf) ||
	    (size_t)snprintf(key, sizeof(key), "%s/%d.key", dir,
	    INIT_SPI) >= sizeof(key))
		errx(1, "directory %s: too long", dir);
	if (access(conf, F_OK) == 0)
		errx(1, "%s is there already: move it away, or write "
		    "directory and another one",
		    conf);
	init_text(text, in, key);
	if (init_has_key(in) && access(key, F_OK) == -1) {
		marsctl_key_make(secret);
		marsctl_write_new(key, secret);
		explicit_bzero(secret, sizeof(secret));
		printf("%s: a new key; each neighbor, and each edge of the "
		    "same network, needs the same\n", key);
	} else if (init_has_key(in))
		printf("%s: the key that is there is used\n", key);
	marsctl_write_new(conf, text);
	if (in->of[INIT_LAN].n > 0)
		printf("an edge: systemd has to be told to let it use "
		    "interfaces, see mars(7), 2\n");
	printf("%s: see whether it is right, with mars -n; then start mars\n",
	    conf);
	free(text);
}

int
marsctl_init(int argc, char **argv)
{
	struct init in = { .dir = INIT_DIR };
	const char *usual;
	bool asked = true;
	size_t w;
	int i;

	for (i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			errx(1, "init %s: write a value after it", argv[i]);
		init_word(&in, argv[i], argv[i + 1]);
		asked &= strcmp(argv[i], "directory") == 0;
	}
	if (asked)
		init_ask_all(&in);
	init_check(&in);
	for (w = 0; w < INIT_NWORDS; w++)
		if (in.of[w].n == 0 &&
		    (usual = init_usual(&in, (enum init_word)w)) != NULL)
			(void)init_add_all(&in, (enum init_word)w, usual);
	init_check_groups(&in);
	init_write(&in);
	if (fflush(stdout) == EOF)
		err(1, "output");
	return 0;
}
