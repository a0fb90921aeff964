/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A topology as a picture: for dot(1), or as SVG with the servers on a circle,
 * where lines between any two of them can be told apart.
 */
#include <inttypes.h>
#include <string.h>

#include "topology.h"

/* green and drawn through is well; all else is dashed, too, for the
 * colour-blind */
#define WELL	"#2b7a3d"
#define ILL	"#b3261e"
#define UNKNOWN	"#777777"

#define BOX_W	130
#define BOX_H	54
#define BOX_GAP	110	/* between two of them, for a label */
#define EDGE_W	110
#define EDGE_H	20
#define EDGE_GAP	3
#define MARGIN	80	/* beside a box, at least */

static const char *
server_color(const struct topology_server *s)
{
	if (strcmp(s->state, "self") == 0 || strcmp(s->state, "alive") == 0)
		return WELL;
	return strcmp(s->state, "-") == 0 ? UNKNOWN : ILL;
}

static bool
is_aligned(const struct topology_adjacency *a)
{
	return strcmp(a->state, "Aligned") == 0;
}

/* The delay, or why there is none: "3.2 ms". */
static void
adjacency_label(const struct topology_adjacency *a, char *buf, size_t size)
{
	if (!is_aligned(a))
		(void)strlcpy(buf, a->state, size);
	else if (a->us == 0)
		buf[0] = '\0';
	else
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 " ms",
		    a->us / 1000, a->us / 100 % 10);
}

/* --- dot */

/* Within quotes of dot(1). */
static void
dot_escaped(FILE *f, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
}

static void
dot_string(FILE *f, const char *s)
{
	putc('"', f);
	dot_escaped(f, s);
	putc('"', f);
}

static void
dot_server(FILE *f, const struct topology_server *s)
{
	putc('\t', f);
	dot_string(f, s->id);
	fputs(" [label=\"", f);
	dot_escaped(f, s->id);
	fputs("\\n", f);
	dot_escaped(f, s->address);
	fputs("\\n", f);
	dot_escaped(f, s->state);
	fprintf(f, ", members %" PRIu64 "\", color=\"%s\"];\n", s->members,
	    server_color(s));
}

static void
dot_edges(const struct topology *t, FILE *f)
{
	const struct topology_server *s;
	const struct topology_edge *e;

	for (e = t->edges; e < t->edges + t->nedges; e++) {
		putc('\t', f);
		dot_string(f, e->name);
		fprintf(f, " [shape=ellipse, color=\"%s\"];\n",
		    e->up ? WELL : ILL);
		for (s = t->servers; s < t->servers + t->nservers; s++) {
			if (strcmp(s->address, e->server) != 0)
				continue;
			putc('\t', f);
			dot_string(f, e->name);
			fputs(" -- ", f);
			dot_string(f, s->id);
			fprintf(f, " [style=%s];\n",
			    e->up ? "solid" : "dashed");
		}
	}
}

void
topology_dot(const struct topology *t, FILE *f)
{
	const struct topology_adjacency *a;
	const struct topology_server *s;
	char label[TOPOLOGY_WORD];

	fputs("graph mars {\n\tlayout=circo;\n\tnode [shape=box];\n", f);
	for (s = t->servers; s < t->servers + t->nservers; s++)
		dot_server(f, s);
	for (a = t->adjacencies; a < t->adjacencies + t->nadjacencies; a++) {
		adjacency_label(a, label, sizeof(label));
		putc('\t', f);
		dot_string(f, t->servers[a->a].id);
		fputs(" -- ", f);
		dot_string(f, t->servers[a->b].id);
		fputs(" [label=", f);
		dot_string(f, label);
		fprintf(f, ", color=\"%s\", style=%s];\n",
		    is_aligned(a) ? WELL : ILL,
		    is_aligned(a) ? "solid" : "dashed");
	}
	dot_edges(t, f);
	fputs("}\n", f);
}

/* --- SVG */

struct topology_point {
	int	x, y;
};

struct topology_plan {
	int	size;		/* of the picture, which is square */
	int	radius;
};

/*
 * sin(k/64 of a turn) * 1000, of a quarter turn: no library of its own for
 * the place of a box.
 */
static const int sines[] = { 0, 98, 195, 290, 383, 471, 556, 634, 707, 773,
	831, 882, 924, 957, 981, 995, 1000 };

/* of thousandths of a turn */
static int
sine(int turn)
{
	int q, at, rest, value;

	turn = (turn % 1000 + 1000) % 1000;
	q = turn / 250;
	at = turn % 250;
	if (q == 1 || q == 3)
		at = 250 - at;
	rest = at * 16 % 250;
	at = at * 16 / 250;
	value = at == 16 ? 1000 :
	    sines[at] + (sines[at + 1] - sines[at]) * rest / 250;
	return q < 2 ? value : -value;
}

/* The nth of so many places on a circle, from the top clockwise. */
static struct topology_point
place(const struct topology_plan *plan, size_t n, size_t of, int radius)
{
	int turn = (int)(n * 1000 / of);

	return (
	    struct topology_point){ plan->size / 2 + radius * sine(turn) / 1000,
	    plan->size / 2 - radius * sine(turn + 250) / 1000 };
}

static void
svg_string(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			/* words that were read could be of any octets */
			putc(*s < 0x20 || *s == 0x7f ? '?' : *s, f);
		}
}

static void
svg_text(FILE *f, int x, int y, int size, const char *color, const char *s)
{
	fprintf(f, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\">", x,
	    y, size, color);
	svg_string(f, s);
	fputs("</text>\n", f);
}

static void
svg_box(FILE *f, struct topology_point at, int w, int h, const char *color)
{
	fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	    "rx=\"5\" fill=\"white\" stroke=\"%s\" stroke-width=\"2\"/>\n",
	    at.x - w / 2, at.y - h / 2, w, h, color);
}

static void
svg_line(FILE *f, struct topology_point a, struct topology_point b, bool well)
{
	fprintf(f, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
	    "stroke=\"%s\" stroke-width=\"%d\"%s/>\n",
	    a.x, a.y, b.x, b.y, well ? WELL : ILL, well ? 1 : 2,
	    well ? "" : " stroke-dasharray=\"7 5\"");
}

/*
 * Labels stand so many hundredths of the line from its first end: the middles
 * of many long lines are at one place, or below the box of a server.
 */
static void
svg_label(FILE *f, struct topology_point a, struct topology_point b,
    const char *label, bool well, int where)
{
	struct topology_point at = { a.x + (b.x - a.x) * where / 100,
		a.y + (b.y - a.y) * where / 100 };
	int w = (int)strlen(label) * 6 + 6;

	if (label[0] == '\0')
		return;
	fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"14\" "
	    "fill=\"white\" fill-opacity=\"0.85\"/>\n",
	    at.x - w / 2, at.y - 10, w);
	svg_text(f, at.x, at.y + 1, 11, well ? WELL : ILL, label);
}

static void
svg_adjacencies(const struct topology *t, const struct topology_plan *plan,
    FILE *f, bool labels)
{
	const struct topology_adjacency *a;
	struct topology_point from, to;
	char label[TOPOLOGY_WORD];
	bool beside;

	for (a = t->adjacencies; a < t->adjacencies + t->nadjacencies; a++) {
		from = place(plan, a->a, t->nservers, plan->radius);
		to = place(plan, a->b, t->nservers, plan->radius);
		adjacency_label(a, label, sizeof(label));
		beside = a->b - a->a == 1 ||
		    a->b - a->a == t->nservers - 1;
		if (labels)
			svg_label(f, from, to, label, is_aligned(a),
			    beside ? 50 : 30);
		else
			svg_line(f, from, to, is_aligned(a));
	}
}

static void
svg_server(const struct topology *t, const struct topology_plan *plan,
    FILE *f, size_t i)
{
	const struct topology_server *s = &t->servers[i];
	struct topology_point at = place(plan, i, t->nservers, plan->radius);
	char text[TOPOLOGY_WORD * 2];

	svg_box(f, at, BOX_W, BOX_H, server_color(s));
	svg_text(f, at.x, at.y - 11, 14, "black", s->id);
	if (strcmp(s->address, s->id) != 0)
		svg_text(f, at.x, at.y + 4, 11, "#444444", s->address);
	snprintf(text, sizeof(text), "%s, members %" PRIu64 "", s->state,
	    s->members);
	svg_text(f, at.x, at.y + 19, 11, server_color(s), text);
}

static void
svg_edge(FILE *f, const struct topology_edge *e, struct topology_point at)
{
	svg_box(f, at, EDGE_W, EDGE_H, e->up ? WELL : ILL);
	svg_text(f, at.x, at.y + 4, 11, e->up ? "black" : ILL, e->name);
}

/* Edges hang off their server, one below the other, outside of the circle. */
static void
svg_edges_of(const struct topology *t, const struct topology_plan *plan,
    FILE *f, size_t i)
{
	struct topology_point at = place(plan, i, t->nservers, plan->radius);
	const struct topology_edge *e;
	int n = 0, down;

	down = at.y >= plan->size / 2 ? 1 : -1;
	for (e = t->edges; e < t->edges + t->nedges; e++) {
		if (strcmp(e->server, t->servers[i].address) != 0)
			continue;
		at.y = place(plan, i, t->nservers, plan->radius).y +
		    down * (BOX_H / 2 + EDGE_H / 2 + EDGE_GAP +
		    n++ * (EDGE_H + EDGE_GAP));
		svg_edge(f, e, at);
	}
}

static bool
has_server(const struct topology *t, const struct topology_edge *e)
{
	const struct topology_server *s;

	for (s = t->servers; s < t->servers + t->nservers; s++)
		if (strcmp(e->server, s->address) == 0)
			return true;
	return false;
}

/* Those of servers that nobody here knows: from the lower left corner up. */
static void
svg_edges_of_none(
    const struct topology *t, const struct topology_plan *plan, FILE *f)
{
	struct topology_point at = { EDGE_GAP + EDGE_W / 2,
		plan->size - EDGE_GAP - EDGE_H / 2 };
	const struct topology_edge *e;

	for (e = t->edges; e < t->edges + t->nedges; e++) {
		if (has_server(t, e))
			continue;
		svg_edge(f, e, at);
		at.y -= EDGE_H + EDGE_GAP;
	}
}

/* The height of the edges of this server, or of those that have none. */
static int
edges_height(const struct topology *t, const struct topology_server *s)
{
	const struct topology_edge *e;
	int n = 0;

	for (e = t->edges; e < t->edges + t->nedges; e++)
		n += s == NULL ? !has_server(t, e) :
		    strcmp(e->server, s->address) == 0;
	return n * (EDGE_H + EDGE_GAP);
}

/* All boxes have room, and there is a gap around them. */
static void
svg_plan(const struct topology *t, struct topology_plan *plan)
{
	const struct topology_server *s;
	int margin = MARGIN, high, none = edges_height(t, NULL);

	plan->radius = (int)t->nservers * (BOX_W + BOX_GAP) / 6;
	if (plan->radius < 180)
		plan->radius = 180;
	for (s = t->servers; s < t->servers + t->nservers; s++) {
		high = edges_height(t, s) - (BOX_W - BOX_H) / 2 + EDGE_GAP;
		if (high > margin)
			margin = high;
	}
	plan->size = 2 * (plan->radius + BOX_W / 2 + margin);
	if (plan->size < none + EDGE_GAP)
		plan->size = none + EDGE_GAP;
}

void
topology_svg(const struct topology *t, FILE *f)
{
	struct topology_plan plan;
	size_t i;

	svg_plan(t, &plan);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	    "font-family=\"sans-serif\" text-anchor=\"middle\">\n"
	    "<title>servers of mars</title>\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	    plan.size, plan.size, plan.size, plan.size);
	svg_adjacencies(t, &plan, f, false);
	svg_adjacencies(t, &plan, f, true);
	for (i = 0; i < t->nservers; i++) {
		svg_edges_of(t, &plan, f, i);
		svg_server(t, &plan, f, i);
	}
	svg_edges_of_none(t, &plan, f);
	fputs("</svg>\n", f);
}
