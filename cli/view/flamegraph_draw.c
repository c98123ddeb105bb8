/* SPDX-License-Identifier: MIT */
/*
 * The picture: a head of a few lines, and the frames, the first at the bottom.
 *
 * It is complete without a script, for viewers that run none: 1200 wide, names cut to fit.  flamegraph.js then makes it
 * as wide as the window and adds zoom, search and keys; for that each frame has its place in nanoseconds:
 *
 *   <g class="f" data-x="0" data-w="2220" data-d="1"><title>name, place, figures: a line each</title>
 *   <rect x= y= width= height= fill=/><text x= y=>name</text></g>
 */
#include "flamegraph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model_diff.h"
#include "../base/text.h"
#include "view.h"
#include "view_diff.h"
#include "../output/xml_out.h"

extern const char flamegraph_js[], flamegraph_css[];

enum {
	WIDTH = 1200,
	EDGE = 10,
	FRAME = 18, /* height, with the gap */
	LINE = 17,
	TOP = 30,      /* of the first line under the title */
	GONE_NAMED = 5 /* functions that are gone, by name */
};

static const double column = 7.3; /* width of a character in a frame */

struct picture {
	const struct flame *flame;
	const struct flame_words *words;
	const struct view *view;
	double scale;	   /* pixels a nanosecond */
	double most;	   /* largest change of a frame's own time */
	double below, out; /* not drawn: least width, and time in frames that are narrower */
	size_t n_out;
	unsigned depth, lines;
	int height;
};

static double change_of(const struct flame_frame *f)
{
	return f->value[FLAME_HEAD].self_ns - f->value[FLAME_BASE].self_ns;
}

static bool is_drawn(const struct picture *p, const struct flame_frame *f)
{
	return f->width > 0 && f->width >= p->below;
}

/* Adds what fits into a number of columns, cut at its end. */
static void print_cut(FILE *stream, const char *name, double columns)
{
	char *shown = text_printable(name);
	size_t n = shown ? strlen(shown) : 0, at = 0, cut = 0;
	double used = 0;

	while (at < n && used < columns) {
		if (used < columns - 1)
			cut = at;
		at += text_utf8(shown + at, n - at);
		used++;
	}
	if (at < n) {
		shown[cut] = '\0';
		xml_out_text(stream, shown);
		fputs("\xe2\x80\xa6", stream);
	} else if (shown) {
		xml_out_text(stream, shown);
	}
	free(shown);
}

/* Light enough for dark letters, on a page of either kind. */
static void print_hue(FILE *stream, double hue, double saturation, double lightness)
{
	double part[3];

	for (int i = 0; i < 3; i++) {
		double k = fmod((double[]){0, 8, 4}[i] + hue / 30, 12);
		double a = saturation * fmin(lightness, 1 - lightness);

		part[i] = lightness - a * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
	}
	fprintf(stream, "#%02x%02x%02x", (unsigned)(255 * part[0] + 0.5),
		(unsigned)(255 * part[1] + 0.5), (unsigned)(255 * part[2] + 0.5));
}

static unsigned hash(const char *text)
{
	unsigned hash = 2166136261u;

	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash ^ hash >> 15;
}

/* From -1, blue, over 0, grey, to 1, red. */
static void print_change(FILE *stream, double change)
{
	double strength = fmin(1, fabs(change));

	if (isnan(change))
		strength = 0;
	print_hue(stream, change < 0 ? 215 : 5, 0.85 * sqrt(strength),
		  0.86 - 0.2 * fmin(1, strength));
}

static void print_colour(const struct picture *p, const struct flame_frame *f)
{
	const struct flame_function *function;

	if (f == p->flame->frames) {
		fputs("#d4d4d4", p->view->stream);
		return;
	}
	function = &p->flame->functions[f->function];
	if (p->flame->compared)
		print_change(p->view->stream, p->most > 0 ? change_of(f) / p->most : 0);
	else
		print_hue(p->view->stream, hash(function->file) % 360, function->file ? 0.6 : 0,
			  0.66 + hash(function->plain) % 100 / 1000.0);
}

/* "total 666 ms (30.0 %)", with "base 600 ms, +11.0 %" behind it in a comparison. */
static void print_time(const struct picture *p, const char *what, double head, double base)
{
	char out[FORMAT_ROOM];
	double all = p->flame->all[FLAME_HEAD];

	fprintf(p->view->stream, "%s: %s (%.2f %%)", what, format_ns(out, head, true),
		all > 0 ? 100 * head / all : 0);
	if (!p->flame->compared)
		return;
	fprintf(p->view->stream, "; base %s", format_ns(out, base, true));
	if (base > 0)
		fprintf(p->view->stream, ", %+.1f %%", 100 * (head - base) / base);
	fprintf(p->view->stream, ", %s%s", head > base ? "+" : "",
		format_ns(out, head - base, true));
}

/* What of a frame, or of all, the focus leaves. */
static void print_part(const struct picture *p, const struct flame_frame *f)
{
	char out[FORMAT_ROOM];
	double all = p->flame->all[FLAME_HEAD];

	fprintf(p->view->stream, "of which in the focus: %s (%.2f %%)",
		format_ns(out, f->width, true), all > 0 ? 100 * f->width / all : 0);
}

static void print_calls(const struct picture *p, double head, double base)
{
	fprintf(p->view->stream, "calls: %.*f", head != floor(head) && head < 1000, head);
	if (p->flame->compared)
		fprintf(p->view->stream, "; base %.*f", base != floor(base) && base < 1000, base);
}

/* The figures of a frame, a line each. */
static void print_figures(const struct picture *p, const struct flame_frame *f)
{
	const struct flame_value *head = &f->value[FLAME_HEAD], *base = &f->value[FLAME_BASE];
	const struct flame_function *function = &p->flame->functions[f->function];
	FILE *stream = p->view->stream;

	if (function->file) {
		putc('\n', stream);
		xml_out_foreign(stream, function->file);
		if (function->line > 0)
			fprintf(stream, ":%lld", (long long)function->line);
	}
	putc('\n', stream);
	print_calls(p, head->calls, base->calls);
	putc('\n', stream);
	if (p->flame->inverted) {
		print_time(p, f->depth == 1 ? "self" : "self, of the lowest, when called from here",
			   head->self_ns, base->self_ns);
		return;
	}
	if (f->kept) {
		print_time(p, "total", head->total_ns, base->total_ns);
		putc('\n', stream);
		print_time(p, "self", head->self_ns, base->self_ns);
	} else {
		print_part(p, f);
	}
	/* A call that came back to a frame further down is drawn there, and is in this one's total too. */
	if (f->kept && head->total_ns - f->width > 0.01 * head->total_ns + 1000)
		fprintf(stream, "\nits width is without calls that came back to frames below it");
	if (p->flame->compared && base->calls <= 0)
		fprintf(stream, "\nnot in the base");
}

static void print_root(const struct picture *p)
{
	putc('\n', p->view->stream);
	print_calls(p, p->flame->calls[FLAME_HEAD], p->flame->calls[FLAME_BASE]);
	putc('\n', p->view->stream);
	if (p->flame->focused)
		print_part(p, p->flame->frames);
	else
		print_time(p, "total", p->flame->all[FLAME_HEAD], p->flame->all[FLAME_BASE]);
}

static void print_frame(const struct picture *p, const struct flame_frame *f)
{
	bool root = f == p->flame->frames;
	const char *name = root ? "all" : p->flame->functions[f->function].name;
	FILE *stream = p->view->stream;
	double x = EDGE + f->x * p->scale, width = f->width * p->scale;
	int y = p->height - EDGE - FRAME * (int)(f->depth + 1);

	fprintf(stream, "<g class=\"f%s\" data-x=\"%.15g\" data-w=\"%.15g\" data-d=\"%u\"><title>",
		f->kept || root ? "" : " w", f->x, f->width, f->depth);
	xml_out_foreign(stream, name);
	if (root)
		print_root(p);
	else
		print_figures(p, f);
	fprintf(stream,
		"</title><rect x=\"%.3f\" y=\"%d\" width=\"%.3f\" height=\"%d\" rx=\"2\" fill=\"",
		x, y, width, FRAME - 1);
	print_colour(p, f);
	fputs("\"/>", stream);
	if (width >= 3 * column + 6) {
		fprintf(stream, "<text x=\"%.2f\" y=\"%d\">", x + 4, y + 13);
		print_cut(stream, name, floor((width - 6) / column));
		fputs("</text>", stream);
	}
	fputs("</g>\n", stream);
}

static void begin_line(struct picture *p)
{
	fprintf(p->view->stream, "<text class=\"h\" x=\"%d\" y=\"%d\">", EDGE,
		TOP + LINE * (int)++p->lines);
}

static void print_side(struct picture *p, const char *what, const struct model_side *side)
{
	char *words = view_diff_side(side);

	begin_line(p);
	fputs(what, p->view->stream);
	if (words)
		print_cut(p->view->stream, words, 150);
	fprintf(p->view->stream, ", lost %lld</text>\n", (long long)side->lost);
	free(words);
}

static void print_meaning(struct picture *p)
{
	const struct flame *flame = p->flame;
	FILE *stream = p->view->stream;
	char head[FORMAT_ROOM], base[FORMAT_ROOM];

	begin_line(p);
	fputs(flame->inverted
		      ? "Width: time of its own of the function at the bottom; above it, who "
			"called it"
		      : "Width: time in a function and all that it called, which stands above it",
	      stream);
	fprintf(stream, ".  100 %% is %s", format_ns(head, flame->all[FLAME_HEAD], true));
	if (p->words->side[FLAME_HEAD].n > 1)
		fputs(", the mean of a run", stream);
	if (flame->compared)
		fprintf(stream, " in the head; the base took %s (%+.1f %%)",
			format_ns(base, flame->all[FLAME_BASE], true),
			100 * (flame->all[FLAME_HEAD] - flame->all[FLAME_BASE]) /
				fmax(flame->all[FLAME_BASE], 1));
	else
		fputs(".  Colour: source file", stream);
	fputs(".</text>\n", stream);
}

/* A scale, and what its ends are. */
static void print_legend(struct picture *p)
{
	FILE *stream = p->view->stream;
	char out[FORMAT_ROOM];
	int x = 590, y;

	begin_line(p);
	fputs("Colour: change of a frame's own time from base to head.  A picture, no test: "
	      "see hotpath diff.</text>\n",
	      stream);
	y = TOP + LINE * (int)p->lines;
	fprintf(stream,
		"<text class=\"h\" x=\"%d\" y=\"%d\" text-anchor=\"end\">head faster, "
		"\xe2\x88\x92%s"
		"</text>\n",
		x + 180, y, format_ns(out, p->most, true));
	for (int i = -6; i <= 6; i++) {
		fprintf(stream, "<rect x=\"%d\" y=\"%d\" width=\"15\" height=\"12\" fill=\"",
			x + 186 + 15 * (i + 6), y - 10);
		print_change(stream, i / 6.0);
		fputs("\"/>\n", stream);
	}
	fprintf(stream, "<text class=\"h\" x=\"%d\" y=\"%d\">+%s, head slower</text>\n",
		x + 190 + 15 * 13, y, format_ns(out, p->most, true));
}

static void print_gone(struct picture *p)
{
	const struct flame *flame = p->flame;
	FILE *stream = p->view->stream;
	char out[FORMAT_ROOM];

	begin_line(p);
	if (flame->n_gone_stacks == 0) {
		fputs("Nothing of the base is missing here: the head has all its stacks.</text>\n",
		      stream);
		return;
	}
	fprintf(stream,
		"Not to be seen, as the head has no such stack: %s of the base (%.2f %%), in %zu "
		"stack%s",
		format_ns(out, flame->gone_ns, true),
		100 * flame->gone_ns / fmax(flame->all[FLAME_BASE], 1), flame->n_gone_stacks,
		flame->n_gone_stacks == 1 ? "" : "s");
	fputs(flame->n_gone ? ".  No longer called: "
			    : "; their functions are all called elsewhere",
	      stream);
	for (size_t i = 0; i < flame->n_gone && i < GONE_NAMED; i++) {
		fputs(i ? ", " : "", stream);
		print_cut(stream, flame->functions[flame->gone[i].function].name, 40);
		fprintf(stream, " (%s)", format_ns(out, flame->gone[i].self_ns, true));
	}
	if (flame->n_gone > GONE_NAMED)
		fprintf(stream, " and %zu more", flame->n_gone - GONE_NAMED);
	fputs(".</text>\n", stream);
}

static void print_focus(struct picture *p)
{
	FILE *stream = p->view->stream;

	begin_line(p);
	fputs("Only stacks through functions that match ", stream);
	print_cut(stream, p->words->focus, 60);
	fputs("; ", stream);
	print_part(p, p->flame->frames);
	fputs(".  What leads to them is pale.</text>\n", stream);
}

static void print_estimates(struct picture *p)
{
	begin_line(p);
	fputs("Calls are exact.  Not all of them were timed: some times are estimates.</text>\n",
	      p->view->stream);
}

static void print_left_out(struct picture *p)
{
	char out[FORMAT_ROOM];

	if (p->n_out == 0)
		return;
	begin_line(p);
	fprintf(p->view->stream,
		"%zu frame%s narrower than %g %% %s not drawn: %s (%.2f %%).  --least 0 draws "
		"all.</text>\n",
		p->n_out, p->n_out == 1 ? "" : "s", p->words->least_percent,
		p->n_out == 1 ? "is" : "are", format_ns(out, p->out, true),
		100 * p->out / fmax(p->flame->all[FLAME_HEAD], 1));
}

static void print_title(const struct picture *p)
{
	const struct flame_words *words = p->words;
	FILE *stream = p->view->stream;

	if (words->title) {
		print_cut(stream, words->title, 85);
	} else if (p->flame->compared) {
		print_cut(stream, words->side[FLAME_BASE].asked, 40);
		fputs(" \xe2\x86\x92 ", stream);
		print_cut(stream, words->side[FLAME_HEAD].asked, 40);
	} else {
		const char *command = words->side[FLAME_HEAD].command;

		print_cut(stream, command ? command : words->side[FLAME_HEAD].asked, 85);
	}
}

/* Sums up what the lines above the frames need, and how high all is. */
static void measure(struct picture *p)
{
	const struct flame *flame = p->flame;
	bool compared = flame->compared;

	p->scale = (WIDTH - 2 * EDGE) / fmax(flame->frames->width, 1);
	p->below = p->words->least_percent / 100 * flame->frames->width;
	for (size_t i = 1; i < flame->n; i++) {
		const struct flame_frame *f = &flame->frames[i], *on = &flame->frames[f->parent];

		if (is_drawn(p, f)) {
			p->depth = f->depth > p->depth ? f->depth : p->depth;
		} else if (f->width > 0) {
			p->n_out++;
			/* What stands on a frame that is left out is in its width. */
			p->out += f->parent == 0 || is_drawn(p, on) ? f->width : 0;
		}
		if (f->kept || f->width > 0)
			p->most = fmax(p->most, f->width > 0 ? fabs(change_of(f)) : 0);
	}
	p->height =
		TOP +
		LINE * (2 + 3 * compared + flame->focused + flame->estimates + (p->n_out > 0) + 1) +
		12 + FRAME * (int)(p->depth + 1) + EDGE;
}

static void print_head(struct picture *p)
{
	FILE *stream = p->view->stream;

	fputs("<g class=\"head\">\n<rect class=\"page\" width=\"100%\" height=\"0\"/>\n", stream);
	fprintf(stream, "<text class=\"title\" x=\"%d\" y=\"26\">", EDGE);
	print_title(p);
	fputs("</text>\n", stream);
	if (p->flame->compared)
		print_side(p, "Base ", &p->words->side[FLAME_BASE]);
	print_side(p, p->flame->compared ? "Head " : "", &p->words->side[FLAME_HEAD]);
	print_meaning(p);
	if (p->flame->compared) {
		print_legend(p);
		print_gone(p);
	}
	if (p->flame->focused)
		print_focus(p);
	if (p->flame->estimates)
		print_estimates(p);
	print_left_out(p);
	begin_line(p);
	fputs("</text>\n</g>\n", stream);
}

int flame_draw(const struct flame *flame, const struct flame_words *words, const struct view *view,
	       struct error *error)
{
	struct picture p = {.flame = flame, .words = words, .view = view};
	FILE *stream = view->stream;

	(void)error;
	measure(&p);
	fprintf(stream,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hotpath\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" data-edge=\"%d\" data-frame=\"%d\">\n<title>",
		WIDTH, p.height, WIDTH, p.height, EDGE, FRAME);
	print_title(&p);
	fprintf(stream, "</title>\n<style>%s</style>\n", flamegraph_css);
	fputs("<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n<g class=\"frames\">\n",
	      stream);
	for (size_t i = 0; i < flame->n; i++)
		if (i == 0 || is_drawn(&p, &flame->frames[i]))
			print_frame(&p, &flame->frames[i]);
	fputs("</g>\n", stream);
	print_head(&p);
	fprintf(stream, "<script><![CDATA[\n%s]]></script>\n</svg>\n", flamegraph_js);
	return ERR_OK;
}
