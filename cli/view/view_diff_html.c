/* SPDX-License-Identifier: MIT */
/*
 * A comparison as one HTML page, for a build's artefacts or a mail: it needs nothing else, sorts and filters where scripts
 * run, and says what its columns mean.
 *
 *   <tr class="slower"><td data-v="KEY TO SORT BY">...</td>...</tr>
 */
#include "view_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model_diff.h"
#include "../base/names.h"
#include "../base/text.h"
#include "view.h"
#include "../output/xml_out.h"

extern const char view_diff_js[], view_diff_css[];

enum { PLOT = 130, PLOT_HEIGHT = 18 }; /* pixels */

struct page {
	const struct model_diff *diff;
	FILE *stream;
	double reach; /* percent at the ends of the plots */
	bool failed;
};

static const struct {
	const char *title, *meaning;
	bool number;
} columns[] = {
	{"Function", "its place is shown under the pointer", false},
	{"Verdict",
	 "slower, faster: a change of at least the least effect that is not chance; same: shown to "
	 "differ by less; inconclusive: neither, and how many more runs a side would probably tell",
	 false},
	{"Change", "from base to head", true},
	{"95 % interval",
	 "what the change is, as far as the runs tell; the band is the least effect", false},
	{"Impact", "the change of the time of a run; the rows add up to the total", true},
	{"By calls", "what of the impact more or fewer calls make", true},
	{"By cost", "what of the impact dearer or cheaper calls make", true},
	{"Base", "median over the runs of the base", true},
	{"Head", "median over the runs of the head", true},
	{"Calls", "a run; with ~ where it varies from run to run", true},
	{"P99", "change of the 99th percentile of the calls, and its interval", true},
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A cell of text that was made for it. */
static void made(struct page *p, const char *attributes, double key, char *text)
{
	if (!text)
		p->failed = true;
	fprintf(p->stream, "<td%s", attributes);
	if (isfinite(key))
		fprintf(p->stream, " data-v=\"%.12g\"", key);
	fputs(">", p->stream);
	xml_out_foreign(p->stream, text ? text : "");
	fputs("</td>", p->stream);
	free(text);
}

static double at(const struct page *p, double percent)
{
	double place = PLOT / 2.0 * (1 + percent / p->reach);

	return fmin(fmax(place, 4), PLOT - 4);
}

/* The interval around the change, between lines for none and the least effect. */
static void plot(const struct page *p, const struct model_change *c)
{
	double least = 100 * p->diff->min_effect, mid = PLOT_HEIGHT / 2.0;
	bool has_interval = !isnan(c->ci_low);

	fprintf(p->stream, "<td class=\"plot\" data-v=\"%.12g\">",
		isnan(c->change) ? 0 : c->change);
	if (isnan(c->change)) {
		fputs("</td>", p->stream);
		return;
	}
	fprintf(p->stream, "<svg width=\"%d\" height=\"%d\" role=\"img\"><title>%+.1f %%", PLOT,
		PLOT_HEIGHT, c->change);
	if (has_interval)
		fprintf(p->stream, ", between %+.1f and %+.1f", c->ci_low, c->ci_high);
	fprintf(p->stream,
		"</title><rect class=\"least\" x=\"%.1f\" width=\"%.1f\" height=\"%d\"/>"
		"<line class=\"none\" x1=\"%.1f\" x2=\"%.1f\" y2=\"%d\"/>",
		at(p, -least), at(p, least) - at(p, -least), PLOT_HEIGHT, at(p, 0), at(p, 0),
		PLOT_HEIGHT);
	if (has_interval)
		fprintf(p->stream,
			"<line class=\"ci\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
			at(p, c->ci_low), at(p, c->ci_high), mid, mid);
	fprintf(p->stream, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/></svg>", at(p, c->change),
		mid);
	if (has_interval)
		fprintf(p->stream, " <span>[%+.1f, %+.1f]</span>", c->ci_low, c->ci_high);
	fputs("</td>", p->stream);
}

static void value(struct page *p, double number)
{
	char out[FORMAT_ROOM];
	bool counts = p->diff->metric == METRIC_CALLS;
	char *text = isnan(number) ? strdup("-")
		     : counts	   ? text_format("%.6g", number)
				   : strdup(format_ns(out, number, true));

	made(p, " class=\"r\"", number, text);
}

static void name_cell(struct page *p, const struct model_diff_function *f, const char *name)
{
	fputs("<td", p->stream);
	if (f) {
		fputs(" title=\"", p->stream);
		xml_out_foreign(p->stream, name);
		if (f->file) {
			fputs("&#10;", p->stream);
			xml_out_foreign(p->stream, f->file);
		}
		if (f->file && f->line > 0)
			fprintf(p->stream, ":%lld", (long long)f->line);
		fputs("\"", p->stream);
	}
	fputs(f ? "><code>" : ">", p->stream);
	xml_out_foreign(p->stream, name);
	fputs(f ? "</code></td>" : "</td>", p->stream);
}

static void impacts(struct page *p, const struct model_diff_function *f)
{
	made(p, " class=\"r\"", f->impact_ns, view_diff_signed_ns(f->impact_ns, true));
	made(p, " class=\"r\"", f->impact_calls, view_diff_signed_ns(f->impact_calls, true));
	made(p, " class=\"r\"", f->impact_cost, view_diff_signed_ns(f->impact_cost, true));
}

static void row(struct page *p, const struct model_diff_function *f, const char *name)
{
	const struct model_tail *p99 = &f->tails[MODEL_P99];
	const struct model_change *c = &f->change;
	bool total = f == &p->diff->total;

	fprintf(p->stream, "<tr class=\"%s\">", model_verdict_name(c->verdict));
	name_cell(p, total ? NULL : f, name);
	made(p, " class=\"verdict\"", NAN, view_diff_verdict(f));
	made(p, " class=\"r\"", c->change, view_diff_change(c->change, NAN, NAN));
	plot(p, c);
	impacts(p, f);
	value(p, c->base);
	value(p, c->head);
	made(p, " class=\"r\"", f->calls_head, view_diff_calls(f));
	made(p, " class=\"r\"", total ? NAN : p99->change,
	     total ? strdup("-") : view_diff_change(p99->change, p99->ci_low, p99->ci_high));
	fputs("</tr>\n", p->stream);
}

/* The functions that are not shown, and all. */
static void foot(struct page *p)
{
	struct model_diff_function others;
	size_t n = model_diff_others(p->diff, &others);

	fputs("</tbody>\n<tfoot>\n", p->stream);
	if (n) {
		fprintf(p->stream, "<tr><td>(%zu other%s)</td><td>-</td>", n, n == 1 ? "" : "s");
		fputs("<td class=\"r\">-</td><td class=\"plot\"></td>", p->stream);
		impacts(p, &others);
		fputs("<td class=\"r\">-</td><td class=\"r\">-</td>", p->stream);
		made(p, " class=\"r\"", NAN, view_diff_calls(&others));
		fputs("<td class=\"r\">-</td>", p->stream);
		fputs("</tr>\n", p->stream);
	}
	row(p, &p->diff->total, "(total)");
	fputs("</tfoot>\n</table></div>\n", p->stream);
}

static void paragraph(struct page *p, const char *class, const char *before, char *text)
{
	if (!text)
		p->failed = true;
	fprintf(p->stream, "<p%s>%s", class, before);
	xml_out_foreign(p->stream, text ? text : "");
	fputs("</p>\n", p->stream);
	free(text);
}

static void notes(struct page *p)
{
	struct text text = {0};
	char *all, *rest, *line;

	view_diff_notes(p->diff, &text);
	all = rest = text_take(&text);
	p->failed |= !all;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			paragraph(p, " class=\"note\"", "Note: ", strdup(line));
	free(all);
}

static void gate(struct page *p)
{
	const struct model_diff *diff = p->diff;

	if (diff->gate == GATE_NONE)
		return;
	fprintf(p->stream, "<p class=\"gate %s\">Gate ", model_gate_name(diff->gate));
	xml_out_foreign(p->stream, model_gate_name(diff->gate));
	fputs(" (", p->stream);
	xml_out_foreign(p->stream, diff->gate_asked);
	fputs(*diff->gate_why ? "): " : ")", p->stream);
	xml_out_foreign(p->stream, diff->gate_why);
	fputs("</p>\n", p->stream);
}

/* How many functions have each verdict, and the whole. */
static void summary(struct page *p)
{
	static const enum model_verdict order[] = {
		VERDICT_SLOWER,	 VERDICT_FASTER, VERDICT_ADDED,	      VERDICT_REMOVED,
		VERDICT_RENAMED, VERDICT_SAME,	 VERDICT_INCONCLUSIVE};
	const struct model_change *total = &p->diff->total.change;

	fputs("<p class=\"summary\">", p->stream);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (p->diff->verdicts[order[i]])
			fprintf(p->stream, "<span class=\"%s\">%zu %s</span> ",
				model_verdict_name(order[i]), p->diff->verdicts[order[i]],
				model_verdict_name(order[i]));
	fprintf(p->stream, "of %zu function%s; the whole: %s", p->diff->matched,
		p->diff->matched == 1 ? "" : "s", model_verdict_name(total->verdict));
	if (!isnan(total->change))
		fprintf(p->stream, " (%+.1f %%)", total->change);
	fputs("</p>\n", p->stream);
}

static void head(struct page *p)
{
	fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
	      p->stream);
	xml_out_foreign(p->stream, p->diff->base.asked);
	fputs(" &#8594; ", p->stream);
	xml_out_foreign(p->stream, p->diff->head.asked);
	fprintf(p->stream, " - hotpath diff</title>\n<style>\n%s</style></head><body>\n<h1>",
		view_diff_css);
	xml_out_foreign(p->stream, p->diff->base.asked);
	fputs(" &#8594; ", p->stream);
	xml_out_foreign(p->stream, p->diff->head.asked);
	fputs("</h1>\n", p->stream);
	summary(p);
	gate(p);
	paragraph(p, "", "Base ", view_diff_side(&p->diff->base));
	paragraph(p, "", "Head ", view_diff_side(&p->diff->head));
	notes(p);
}

static void table_head(struct page *p)
{
	fprintf(p->stream,
		"<p class=\"tools\"><input type=\"search\" placeholder=\"filter by name or "
		"verdict\" "
		"aria-label=\"filter\" hidden></p>\n<div class=\"wide\"><table>\n<thead><tr>");
	for (int i = 0; i < N_COLUMNS; i++) {
		fprintf(p->stream, "<th%s title=\"", columns[i].number ? " class=\"r\"" : "");
		xml_out_text(p->stream, columns[i].meaning);
		fprintf(p->stream, "\">%s</th>", columns[i].title);
	}
	fputs("</tr></thead>\n<tbody>\n", p->stream);
}

static void explain(struct page *p)
{
	const struct model_diff *diff = p->diff;

	if (diff->matched == 0 && diff->all > 0)
		fprintf(p->stream, "<p>None of the %zu functions matches the focus.</p>\n",
			diff->all);
	else if (diff->n < diff->matched)
		fprintf(p->stream, "<p>%zu of %zu functions; --limit 0 shows all</p>\n", diff->n,
			diff->matched);
	fprintf(p->stream,
		"<details><summary>How to read this</summary>\n<p>Compared is %s, each run "
		"giving one number; the least effect is %g %%.  Times are without what "
		"measuring cost.</p>\n<dl>\n",
		diff->metric == METRIC_SELF ? "the time of its own of each function per call"
					    : model_metric_name(diff->metric),
		100 * diff->min_effect);
	for (int i = 0; i < N_COLUMNS; i++) {
		fprintf(p->stream, "<dt>%s</dt><dd>", columns[i].title);
		xml_out_text(p->stream, columns[i].meaning);
		fputs("</dd>\n", p->stream);
	}
	fprintf(p->stream,
		"</dl></details>\n<script>\n%s</script>\n<p class=\"by\">hotpath %s</p>\n"
		"</body></html>\n",
		view_diff_js, HOTPATH_VERSION);
}

/* The plots reach as far as most intervals: a few that are wider are cut off at the edge. */
static double find_reach(const struct model_diff *diff)
{
	double reach = 4 * 100 * diff->min_effect, most = reach;

	for (size_t i = 0; i < diff->n; i++) {
		const struct model_change *c = &diff->functions[i].change;

		if (!isnan(c->change))
			most = fmax(most, 1.5 * fabs(c->change));
		if (!isnan(c->ci_low))
			most = fmax(most, 1.1 * fmax(fabs(c->ci_low), fabs(c->ci_high)));
	}
	return fmin(most, fmax(reach, 100));
}

int view_diff_html(const struct model_diff *diff, const struct view *view, struct error *error)
{
	struct page p = {.diff = diff, .stream = view->stream, .reach = find_reach(diff)};
	char **names = model_diff_names(diff);

	if (!names)
		return error_memory(error);
	head(&p);
	table_head(&p);
	for (size_t i = 0; i < diff->n; i++)
		row(&p, &diff->functions[i], names[i]);
	foot(&p);
	explain(&p);
	names_free(names, diff->n);
	return p.failed ? error_memory(error) : ERR_OK;
}
