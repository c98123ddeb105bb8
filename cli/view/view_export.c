/* SPDX-License-Identifier: MIT */
#include "view_export.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../output/json_out.h"
#include "../model/model_tree.h"
#include "../base/text.h"
#include "view.h"

/* Names go into formats of lines, in which some characters mean something. */
static void print_name(FILE *stream, const char *name, const char *forbidden)
{
	for (size_t n = strlen(name); n > 0;) {
		size_t length = text_utf8(name, n);

		if (!length || text_unsafe(name, length) || strchr(forbidden, *name))
			putc('_', stream);
		else
			fwrite(name, 1, length, stream);
		name += length ? length : 1;
		n -= length ? length : 1;
	}
}

static void print_stack(const struct model_tree *tree, int64_t at, FILE *stream)
{
	const struct model_context *c = &tree->contexts[at];

	if (c->parent >= 0) {
		print_stack(tree, c->parent, stream);
		putc(';', stream);
	}
	print_name(stream, tree->functions[c->function].name, ";");
}

int view_export_folded(const struct model_tree *tree, const struct view *view, struct error *error)
{
	(void)error;
	for (size_t i = 0; i < tree->n; i++) {
		if (tree->contexts[i].self_ns <= 0)
			continue;
		print_stack(tree, (int64_t)i, view->stream);
		fprintf(view->stream, " %lld\n", (long long)tree->contexts[i].self_ns);
	}
	return ERR_OK;
}

static json_t *frames_json(const struct model_tree *tree)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < tree->n_functions; i++) {
		const struct model_tree_function *f = &tree->functions[i];
		json_t *frame = json_pack("{s:o}", "name", json_out_text(f->name));

		if (f->file)
			json_object_set_new(frame, "file", json_out_text(f->file));
		if (f->line > 0)
			json_object_set_new(frame, "line", json_integer(f->line));
		json_array_append_new(frames, frame);
	}
	return frames;
}

static json_t *stack_json(const struct model_tree *tree, size_t at)
{
	json_t *stack = json_array();

	for (int64_t i = (int64_t)at; i >= 0; i = tree->contexts[i].parent)
		json_array_insert_new(stack, 0,
				      json_integer((json_int_t)tree->contexts[i].function));
	return stack;
}

int view_export_speedscope(const struct model_tree *tree, const struct view *view,
			   struct error *error)
{
	json_t *samples = json_array(), *weights = json_array(), *profile, *root;
	char *command = text_command(tree->run.argv, tree->run.argc);
	json_int_t end = 0;

	for (size_t i = 0; i < tree->n; i++) {
		if (tree->contexts[i].self_ns <= 0)
			continue;
		json_array_append_new(samples, stack_json(tree, i));
		json_array_append_new(weights, json_integer(tree->contexts[i].self_ns));
		end += tree->contexts[i].self_ns;
	}
	profile = json_pack("{s:s,s:o,s:s,s:i,s:I,s:o,s:o}", "type", "sampled", "name",
			    json_out_text(command && *command ? command : "run"), "unit",
			    "nanoseconds", "startValue", 0, "endValue", end, "samples", samples,
			    "weights", weights);
	root = json_pack("{s:s,s:s,s:s,s:i,s:{s:o},s:[o]}", "$schema",
			 "https://www.speedscope.app/file-format-schema.json", "exporter",
			 "hotpath " HOTPATH_VERSION, "name", "hotpath", "activeProfileIndex", 0,
			 "shared", "frames", frames_json(tree), "profiles", profile);
	free(command);
	return json_out_print(root, view, error);
}

/* Who calls whom, all contexts with the same two functions added up. */
struct edge {
	size_t caller, callee;
	int64_t calls, total_ns;
};

static int by_functions(const void *one, const void *other)
{
	const struct edge *a = one, *b = other;

	if (a->caller != b->caller)
		return a->caller < b->caller ? -1 : 1;
	return (a->callee > b->callee) - (a->callee < b->callee);
}

static size_t make_edges(const struct model_tree *tree, struct edge *edges)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < tree->n; i++) {
		const struct model_context *c = &tree->contexts[i];

		if (c->parent >= 0)
			edges[n++] = (struct edge){tree->contexts[c->parent].function, c->function,
						   c->calls, c->total_ns};
	}
	if (n)
		qsort(edges, n, sizeof(*edges), by_functions);
	for (size_t i = 0; i < n; i++) {
		if (kept && by_functions(&edges[kept - 1], &edges[i]) == 0) {
			edges[kept - 1].calls += edges[i].calls;
			edges[kept - 1].total_ns += edges[i].total_ns;
		} else {
			edges[kept++] = edges[i];
		}
	}
	return kept;
}

/* The name follows a number only the first time: some readers take a second one for a contradiction. */
static void print_reference(const struct view *view, const char *what, size_t number,
			    const char *name, bool *named)
{
	fprintf(view->stream, "%s=(%zu)", what, number + 1);
	if (!named[number]) {
		putc(' ', view->stream);
		print_name(view->stream, name, "");
	}
	named[number] = true;
	putc('\n', view->stream);
}

static void print_function(const struct model_tree *tree, size_t at, int64_t self,
			   const struct edge *edges, size_t n_edges, bool *named,
			   const struct view *view)
{
	const struct model_tree_function *f = &tree->functions[at];

	fputs("fl=", view->stream);
	print_name(view->stream, f->file ? f->file : "???", "");
	putc('\n', view->stream);
	print_reference(view, "fn", at, f->name, named);
	fprintf(view->stream, "%lld %lld\n", (long long)f->line, (long long)self);
	for (size_t i = 0; i < n_edges; i++) {
		const struct model_tree_function *callee = &tree->functions[edges[i].callee];

		if (edges[i].caller != at)
			continue;
		fputs("cfl=", view->stream);
		print_name(view->stream, callee->file ? callee->file : "???", "");
		putc('\n', view->stream);
		print_reference(view, "cfn", edges[i].callee, callee->name, named);
		fprintf(view->stream, "calls=%lld %lld\n%lld %lld\n", (long long)edges[i].calls,
			(long long)callee->line, (long long)f->line, (long long)edges[i].total_ns);
	}
	putc('\n', view->stream);
}

int view_export_callgrind(const struct model_tree *tree, const struct view *view,
			  struct error *error)
{
	struct edge *edges = calloc(tree->n + 1, sizeof(*edges));
	int64_t *self = calloc(tree->n_functions + 1, sizeof(*self)), sum = 0;
	bool *named = calloc(tree->n_functions + 1, sizeof(*named));
	char *command = text_command(tree->run.argv, tree->run.argc);
	size_t n;

	if (!edges || !self || !named || !command) {
		free(edges);
		free(named);
		free(self);
		free(command);
		return error_memory(error);
	}
	n = make_edges(tree, edges);
	for (size_t i = 0; i < tree->n; i++) {
		self[tree->contexts[i].function] += tree->contexts[i].self_ns;
		sum += tree->contexts[i].self_ns;
	}
	fprintf(view->stream,
		"# callgrind format\nversion: 1\ncreator: hotpath %s\ncmd: ", HOTPATH_VERSION);
	print_name(view->stream, command, "");
	if (model_estimates(&tree->run))
		fputs("\ndesc: Timing: calls are exact, some times are estimates", view->stream);
	fprintf(view->stream, "\npositions: line\nevents: Nanoseconds\nsummary: %lld\n\n",
		(long long)sum);
	for (size_t i = 0; i < tree->n_functions; i++)
		print_function(tree, i, self[i], edges, n, named, view);
	fprintf(view->stream, "totals: %lld\n", (long long)sum);
	free(edges);
	free(named);
	free(self);
	free(command);
	return ERR_OK;
}
