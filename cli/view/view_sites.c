/* SPDX-License-Identifier: MIT */
#include "view_sites.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../output/json_out.h"
#include "../model/model_sites.h"
#include "../base/text.h"
#include "view.h"

static const char *title(const struct model_site *s)
{
	return s->label ? s->label : s->name ? s->name : "?";
}

static json_t *site_json(const struct model_sites *sites, const struct model_site *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I, s:o, s:o}", "object",
			 json_out_text(sites->objects[s->object]), "name", json_out_text(s->name),
			 "mangled", json_out_text(s->mangled), "label", json_out_text(s->label),
			 "group", json_out_text(s->group), "file", json_out_text(s->file), "line",
			 (json_int_t)s->line, "kind", json_out_text(s->kind), "language",
			 json_out_text(s->language), "sample", (json_int_t)s->sample, "rule",
			 json_out_text(s->rule), "not_measured", json_out_text(s->reason));
}

static int print_json(const struct model_sites *sites, const struct view *view, struct error *error)
{
	json_t *list = json_array(), *rules = json_array();

	for (size_t i = 0; i < sites->n; i++)
		json_array_append_new(list, site_json(sites, &sites->sites[i]));
	for (size_t i = 0; i < sites->n_rules; i++)
		json_array_append_new(rules, json_pack("{s:o, s:o, s:b}", "rule",
						       json_out_text(sites->rules[i].rule), "file",
						       json_out_text(sites->rules[i].file), "dead",
						       !sites->rules[i].used));
	return json_out_print(
		json_pack("{s:i, s:o, s:o}", "schema", 1, "sites", list, "rules", rules), view,
		error);
}

static void add_row(struct grid *grid, const struct model_sites *sites, const struct model_site *s,
		    bool people)
{
	char *name = people && s->kind && strcmp(s->kind, "call") == 0
			     ? text_format("%s [call]", title(s))
			     : strdup(people	? title(s)
				      : s->name ? s->name
						: "");
	char *place = text_format("%s:%lld", s->file ? s->file : "?", (long long)s->line);

	grid->failed |= !name || !place;
	grid_text(grid, GRID_CODE, name);
	grid_text(grid, GRID_CODE, place);
	grid_text(grid, GRID_CODE, s->mangled);
	grid_text(grid, GRID_TEXT, s->label);
	grid_text(grid, GRID_TEXT, s->kind);
	grid_text(grid, GRID_TEXT, s->group);
	grid_integer(grid, GRID_INTEGER, s->sample);
	grid_text(grid, GRID_TEXT, s->rule);
	if (s->reason || !people)
		grid_text(grid, GRID_TEXT, s->reason);
	if (sites->n_objects > 1 || !people)
		grid_text(grid, GRID_CODE, sites->objects[s->object]);
	free(name);
	free(place);
}

/* print_sites: those that are measured, those that are not, or (for programs) all. */
static int print_sites(const struct model_sites *sites, bool measured, const struct view *view,
		       struct error *error)
{
	bool people = view_is_read(view->format);
	struct grid grid = {0};
	bool groups = false, samples = false;
	int rc;

	for (size_t i = 0; i < sites->n; i++) {
		groups |= sites->sites[i].group && !sites->sites[i].reason == measured;
		samples |= sites->sites[i].sample && !sites->sites[i].reason == measured;
	}
	grid_column(&grid, "Function", "name", "s");
	grid_column(&grid, "Place", "place", "s");
	grid_column(&grid, "Mangled", "mangled", "h");
	grid_column(&grid, "Label", "label", "h");
	grid_column(&grid, "Kind", "kind", "h");
	grid_column(&grid, "Group", "group", groups ? "" : "h");
	grid_column(&grid, "One in", "sample", samples ? "r" : "rh");
	grid_column(&grid, "Chosen by", "rule", "s");
	if (!measured || !people)
		grid_column(&grid, "Why not", "not_measured", "s");
	if (sites->n_objects > 1 || !people)
		grid_column(&grid, "Object", "object", "s");
	for (size_t i = 0; i < sites->n; i++)
		if (!people || !sites->sites[i].reason == measured)
			add_row(&grid, sites, &sites->sites[i], people);
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}

static void print_dead(const struct model_sites *sites, const struct view *view)
{
	const char *item = view->format == VIEW_MARKDOWN ? "- " : "  ";
	bool any = false;

	for (size_t i = 0; i < sites->n_rules; i++) {
		const struct model_rule *r = &sites->rules[i];
		const char *base = r->file ? strrchr(r->file, '/') : NULL;
		char *shown;

		if (r->used)
			continue;
		if (!any)
			fputs("\nRules that chose nothing:\n\n", view->stream);
		any = true;
		/* Of a file in another folder the rule's text has the last part only. */
		shown = text_printable(r->rule ? r->rule : "?");
		fprintf(view->stream, "%s%.*s", item, base ? (int)(base + 1 - r->file) : 0,
			base ? r->file : "");
		fprintf(view->stream, "%s\n", shown ? shown : "");
		free(shown);
	}
}

int view_sites(const struct model_sites *sites, const struct view *view, struct error *error)
{
	int rc = ERR_OK;

	if (view_is_json(view->format))
		return print_json(sites, view, error);
	if (view->format == VIEW_CSV)
		return print_sites(sites, true, view, error);
	if (sites->measured)
		rc = print_sites(sites, true, view, error);
	else
		fputs("Nothing is measured.\n", view->stream);
	if (!rc && sites->measured < sites->n) {
		fputs("\nChosen and not measured:\n\n", view->stream);
		rc = print_sites(sites, false, view, error);
	}
	if (!rc)
		print_dead(sites, view);
	return rc;
}
