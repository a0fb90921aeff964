/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * `show topology`: servers, who is a neighbor of whom, and edges.  One server
 * knows only its own neighbors, so what several say can be put together: it
 * is said in lines of words, which are read again.
 *
 *	server ID ADDRESS STATE MEMBERS
 *	adjacency ID ID STATE MICROSECONDS
 *	edge NAME ADDRESS SERVER-ADDRESS up|down
 */
#ifndef MARSCTL_TOPOLOGY_H
#define MARSCTL_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TOPOLOGY_WORD		64	/* octets, NUL included */
#define TOPOLOGY_SERVERS	256
#define TOPOLOGY_ADJACENCIES	4096
#define TOPOLOGY_EDGES		1024

struct topology_server {
	char		 id[TOPOLOGY_WORD];
	char		 address[TOPOLOGY_WORD];
	char		 state[TOPOLOGY_WORD];	/* as of show servers */
	uint64_t	 members;
};

struct topology_adjacency {
	size_t		 a, b;		/* servers, a < b */
	char		 state[TOPOLOGY_WORD];	/* the worse of both ends' */
	uint64_t	 us;		/* delay, the longer; 0: not known */
};

struct topology_edge {
	char		 name[TOPOLOGY_WORD];
	char		 address[TOPOLOGY_WORD];
	char		 server[TOPOLOGY_WORD];	/* address */
	bool		 up;
};

struct topology {
	struct topology_server	*servers;
	struct topology_adjacency *adjacencies;
	struct topology_edge	*edges;
	size_t	 nservers, nadjacencies, nedges;
};

/* -1: no memory */
int	topology_init(struct topology *);
void	topology_free(struct topology *);
/*
 * Takes a line, without its newline.  NULL, or what is wrong with it.  What is
 * known already becomes the worse of both.
 */
const char	*topology_line(struct topology *, const char *line);
void	topology_text(const struct topology *, FILE *);
void	topology_dot(const struct topology *, FILE *);
void	topology_svg(const struct topology *, FILE *);

#endif
