/* SPDX-License-Identifier: MIT */
/*
 * One file without scripts or references, so that a page that shows foreign images shows it too.  Each run is a faint dot, each
 * commit's median a firm one with its interval, the levels between changes are lines, and each change has its size above it.
 */
#include "view_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/format.h"
#include "../output/grid.h"
#include "../model/model_trend.h"
#include "../base/text.h"
#include "../output/xml_out.h"

enum {
	WIDTH = 960,
	HEIGHT = 440,
	LEFT = 84,
	RIGHT = 28,
	TOP = 108,
	BOTTOM = 62,
	TICKS = 7,
	NAMES = 10,  /* commits named below the axis, at most */
	NAME = 76,   /* width of such a name */
	LABEL = 132, /* width of the label of a change */
	LANES = 3,   /* lines of such labels */
};

static const char style[] =
	"<style>\n"
	"text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;"
	"fill:#57606a}\n"
	".title{font-size:16px;font-weight:600;fill:#1f2328}\n"
	".bg{fill:#fff}.grid{stroke:#d8dee4}.axis{stroke:#8c959f}\n"
	".run{fill:#0969da;fill-opacity:.22}.median{fill:#0969da;stroke:#fff}\n"
	".interval{stroke:#0969da;stroke-opacity:.55;stroke-width:1.5}\n"
	".level{stroke:#57606a;stroke-width:2.5;stroke-linecap:round}\n"
	".slower.level{stroke:#cf222e}.faster.level{stroke:#1a7f37}\n"
	".mark{stroke-dasharray:4 4}.slower.mark{stroke:#cf222e}.faster.mark{stroke:#1a7f37}\n"
	"text.slower{fill:#cf222e;font-weight:600}text.faster{fill:#1a7f37;font-weight:600}\n"
	"@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.bg{fill:#0d1117}"
	".grid{stroke:#262c36}.axis{stroke:#656c76}.run{fill:#58a6ff}"
	".median{fill:#58a6ff;stroke:#0d1117}.interval{stroke:#58a6ff}.level{stroke:#9198a1}"
	".slower.level,.slower.mark{stroke:#f85149}.faster.level,.faster.mark{stroke:#3fb950}"
	"text.slower{fill:#f85149}text.faster{fill:#3fb950}}\n"
	"</style>\n";

struct chart {
	const struct model_trend *trend;
	const struct view *view;
	FILE *out;
	double low, high, step;
};

static double x_of(const struct chart *c, double commit)
{
	double room = WIDTH - LEFT - RIGHT;

	return LEFT + room * (commit + 0.5) / (double)c->trend->n;
}

/* What lies beyond the range is drawn at its border. */
static double y_of(const struct chart *c, double value)
{
	double room = HEIGHT - TOP - BOTTOM;
	double up = fmin(fmax((value - c->low) / (c->high - c->low), 0), 1);

	return HEIGHT - BOTTOM - room * up;
}

/* The next of 1, 2, 5, 10, ... */
static double round_step(double step)
{
	double ten = pow(10, floor(log10(step)));
	double digits = step / ten;

	return ten * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
}

/*
 * The range of the medians and their intervals, with some room; single runs may lie beyond it.  At least 4 % from bottom to top:
 * what is less is no picture of anything.
 */
static void find_range(struct chart *c)
{
	double low = INFINITY, high = -INFINITY, room;

	for (size_t i = 0; i < c->trend->n; i++) {
		const struct model_trend_commit *commit = &c->trend->commits[i];

		low = fmin(low, fmin(commit->median, commit->low));
		high = fmax(high, fmax(commit->median, commit->high));
	}
	room = fmax((high - low) * 0.15, (0.04 * (high + low) / 2 - (high - low)) / 2);
	room = room > 0 ? room : 1;
	low = low - room > 0 || low < 0 ? low - room : 0;
	high += room;
	c->step = round_step((high - low) / TICKS);
	c->low = floor(low / c->step) * c->step;
	c->high = ceil(high / c->step) * c->step;
}

static void print_text(const struct chart *c, double x, double y, const char *attributes,
		       const char *text)
{
	fprintf(c->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	xml_out_text(c->out, text ? text : "");
	fputs("</text>\n", c->out);
}

static void print_scale(const struct chart *c)
{
	size_t lines = (size_t)((c->high - c->low) / c->step + 0.5);

	for (size_t i = 0; i <= lines; i++) {
		double value = c->low + c->step * (double)i;
		char *label = view_trend_value(c->trend, value, &(struct view){.utf8 = true});

		fprintf(c->out,
			"<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			i ? "grid" : "axis", LEFT, WIDTH - RIGHT, y_of(c, value), y_of(c, value));
		print_text(c, LEFT - 10, y_of(c, value) + 4, "text-anchor=\"end\"", label);
		free(label);
	}
}

static void print_names(const struct chart *c)
{
	const struct model_trend *trend = c->trend;
	size_t stride = (trend->n + NAMES - 1) / NAMES;

	/* From the newest on, which is always named. */
	for (size_t i = trend->n; i-- > 0;) {
		const struct model_trend_commit *commit = &trend->commits[i];
		char time[FORMAT_ROOM], *name;
		double x;

		if ((trend->n - 1 - i) % stride)
			continue;
		name = view_trend_commit(trend, commit);
		format_local(time, commit->first_ns);
		time[strcspn(time, " ")] = '\0';
		x = fmin(x_of(c, (double)i), WIDTH - NAME / 2);
		print_text(c, x, HEIGHT - BOTTOM + 20, "text-anchor=\"middle\"", name);
		print_text(c, x, HEIGHT - BOTTOM + 36, "text-anchor=\"middle\"", time);
		free(name);
	}
}

static const char *class_of(const struct model_trend_change *change)
{
	return model_trend_slower(change) ? "slower" : "faster";
}

/* The level from a change to the next one. */
static void print_level(const struct chart *c, size_t from, size_t to, double level,
			const char *class)
{
	fprintf(c->out,
		"<line class=\"%s level\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
		class, x_of(c, (double)from - 0.4), x_of(c, (double)to - 0.6), y_of(c, level),
		y_of(c, level));
}

/* The line of labels on which one touches none of those before it, the lowest first; LANES: there is none. */
static int lane_of(double ends[LANES], double left, double right)
{
	for (int lane = 0; lane < LANES; lane++) {
		if (left < ends[lane])
			continue;
		ends[lane] = right;
		return lane;
	}
	return LANES;
}

/* A change without room for its label still has it for the pointer. */
static void print_change(const struct chart *c, size_t i, double ends[LANES])
{
	const struct model_trend *trend = c->trend;
	const struct model_trend_change *change = &trend->changes[i];
	size_t to = i + 1 < trend->n_changes ? trend->changes[i + 1].at : trend->n;
	double x = x_of(c, (double)change->at - 0.5);
	double middle = fmin(fmax(x, LABEL / 2), WIDTH - LABEL / 2);
	int lane = lane_of(ends, middle - LABEL / 2, middle + LABEL / 2);
	double y = TOP - 8 - 16 * (double)(lane < LANES ? lane : 0);
	char *name = view_trend_commit(trend, &trend->commits[change->at]);
	char *words = name ? text_format("%+.1f %% at %s", change->change, name) : NULL;
	char attributes[64];

	fprintf(c->out,
		"<line class=\"%s mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%d\"><title>",
		class_of(change), x, x, y + 4, HEIGHT - BOTTOM);
	xml_out_text(c->out, words ? words : "");
	fputs("</title></line>\n", c->out);
	print_level(c, change->at, to, change->after, class_of(change));
	snprintf(attributes, sizeof(attributes), "class=\"%s\" text-anchor=\"middle\"",
		 class_of(change));
	if (lane < LANES)
		print_text(c, middle, y, attributes, words);
	free(name);
	free(words);
}

static void print_changes(const struct chart *c)
{
	const struct model_trend *trend = c->trend;
	double ends[LANES] = {0};

	if (trend->n_changes)
		print_level(c, 0, trend->changes[0].at, trend->changes[0].before, "first");
	for (size_t i = 0; i < trend->n_changes; i++)
		print_change(c, i, ends);
}

/* What a browser shows over a commit's point. */
static void print_tip(const struct chart *c, const struct model_trend_commit *commit)
{
	char *name = view_trend_commit(c->trend, commit), time[FORMAT_ROOM];
	char *value = view_trend_value(c->trend, commit->median, &(struct view){.utf8 = true});

	fputs("<title>", c->out);
	xml_out_text(c->out, name ? name : "");
	fprintf(c->out, ", %s: %s, %zu run%s</title>", format_local(time, commit->first_ns),
		value ? value : "", commit->n, commit->n == 1 ? "" : "s");
	free(name);
	free(value);
}

static void print_points(const struct chart *c)
{
	const struct model_trend *trend = c->trend;
	double size = trend->n > 200 ? 2 : trend->n > 80 ? 3 : 4.5;

	for (size_t i = 0; i < trend->n; i++) {
		const struct model_trend_commit *commit = &trend->commits[i];
		double x = x_of(c, (double)i);

		for (size_t r = 0; r < commit->n && commit->n > 1; r++)
			fprintf(c->out,
				"<circle class=\"run\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", x,
				y_of(c, trend->runs[commit->begin + r].value), size * 0.6);
		if (!isnan(commit->low))
			fprintf(c->out,
				"<line class=\"interval\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
				"y2=\"%.1f\"/>\n",
				x, x, y_of(c, commit->low), y_of(c, commit->high));
		fprintf(c->out, "<circle class=\"median\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">", x,
			y_of(c, commit->median), size);
		print_tip(c, commit);
		fputs("</circle>\n", c->out);
	}
}

static void print_title(const struct chart *c)
{
	char *subject = view_trend_subject(c->trend), *source = view_trend_source(c->trend);

	print_text(c, LEFT - 60, 30, "class=\"title\"", subject);
	print_text(c, LEFT - 60, 50, "", source);
	free(subject);
	free(source);
}

void view_trend_svg(const struct model_trend *trend, const struct view *view)
{
	struct chart c = {.trend = trend, .view = view, .out = view->stream};

	find_range(&c);
	fprintf(c.out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 "
		"0 %d "
		"%d\" role=\"img\">\n%s<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, style, WIDTH, HEIGHT);
	print_title(&c);
	print_scale(&c);
	print_names(&c);
	print_changes(&c);
	print_points(&c);
	fputs("</svg>\n", c.out);
}
