/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../runtime/abi.h"
#include "../base/error.h"
#include "../base/kind.h"
#include "../base/language.h"
#include "../base/text.h"
#include "sites_thin.h"

enum {
	FIELDS = 11,	      /* of the longest record, its letter included */
	MOST_BYTES = 1 << 28, /* of lists, in one file */
};

struct reader {
	const char *path;
	struct model_sites *sites;
	struct error *error;
	size_t bytes_left;
	size_t rule_at;
	bool found, is_lto;
};

/* What libelf says of a file that it cannot make sense of. */
static int bad_file(struct reader *r, const char *what)
{
	char *shown = text_printable(r->path);

	error_set(r->error, ERR_USAGE, "%s: %s", shown ? shown : "", what);
	free(shown);
	return ERR_USAGE;
}

/* grow: room for one more element. */
static void *grow(void *list, size_t n, size_t size)
{
	/* Doubled at each power of two. */
	return n & (n - 1) ? list : realloc(list, (n ? 2 * n : 1) * size);
}

/* next_field: the text up to a tab or the end, without escapes, to be freed; NULL when out of memory. */
static char *next_field(const char **at)
{
	size_t n = strcspn(*at, "\t"), used = 0;
	char *out = malloc(n + 1);

	for (size_t i = 0; out && i < n; i++) {
		char c = (*at)[i];

		if (c == '\\' && i + 1 < n) {
			c = (*at)[++i];
			c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
		}
		out[used++] = c;
	}
	if (out)
		out[used] = '\0';
	*at += n + ((*at)[n] == '\t');
	return out;
}

static int64_t number(const char *text)
{
	return strspn(text, "0123456789") == strlen(text) && strlen(text) < 11 ? atoll(text) : 0;
}

/* take: moves a field; an empty one is NULL. */
static char *take(char **field)
{
	char *text = *field && **field ? *field : NULL;

	if (!text)
		free(*field);
	*field = NULL;
	return text;
}

static int add_site(struct reader *r, char **fields, bool measured)
{
	struct model_sites *all = r->sites;
	struct model_site *more = grow(all->sites, all->n, sizeof(*more)), *s;

	if (!more)
		return error_memory(r->error);
	all->sites = more;
	s = &more[all->n++];
	memset(s, 0, sizeof(*s));
	s->object = all->n_objects - 1;
	s->kind = kind_name((int)number(fields[1]));
	if (measured) {
		s->language = language_name((int)number(fields[2]));
		s->sample = number(fields[3]);
		s->line = number(fields[4]);
		s->file = take(&fields[5]);
		s->name = take(&fields[6]);
		s->mangled = take(&fields[7]);
		s->label = take(&fields[8]);
		s->group = take(&fields[9]);
		s->rule = take(&fields[10]);
		all->measured++;
	} else {
		s->line = number(fields[2]);
		s->file = take(&fields[3]);
		s->name = take(&fields[4]);
		s->rule = take(&fields[5]);
		s->reason = take(&fields[6]);
	}
	return ERR_OK;
}

static bool same(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

static int add_rule(struct reader *r, char **fields, bool used)
{
	struct model_sites *all = r->sites;
	struct model_rule *more;

	/* From where the last one was found: each object has the same rules in the same order. */
	for (size_t i = 0; i < all->n_rules; i++) {
		size_t at = (r->rule_at + i) % all->n_rules;

		if (same(all->rules[at].rule, fields[1]) && same(all->rules[at].file, fields[2])) {
			all->rules[at].used |= used;
			r->rule_at = at;
			return ERR_OK;
		}
	}
	more = grow(all->rules, all->n_rules, sizeof(*more));
	if (!more)
		return error_memory(r->error);
	all->rules = more;
	more += all->n_rules++;
	more->used = used;
	more->rule = take(&fields[1]);
	more->file = take(&fields[2]);
	return ERR_OK;
}

/* add_record: one string of a list; what has another number of fields than we know is skipped. */
static int add_record(struct reader *r, const char *record)
{
	char *fields[FIELDS] = {NULL};
	const char *at = record;
	size_t n = 0;
	int rc = ERR_OK;

	do {
		fields[n] = next_field(&at);
		if (!fields[n++])
			rc = error_memory(r->error);
	} while (!rc && n < FIELDS && at[-1] == '\t');
	if (!rc && n == FIELDS && strcmp(fields[0], "S") == 0)
		rc = add_site(r, fields, true);
	else if (!rc && n == 7 && strcmp(fields[0], "U") == 0)
		rc = add_site(r, fields, false);
	else if (!rc && n == 3 && (strcmp(fields[0], "R") == 0 || strcmp(fields[0], "M") == 0))
		rc = add_rule(r, fields, fields[0][0] == 'M');
	for (size_t i = 0; i < FIELDS; i++)
		free(fields[i]);
	return rc;
}

static int add_object(struct reader *r, const char *member)
{
	struct model_sites *all = r->sites;
	char **more = grow(all->objects, all->n_objects, sizeof(*more));

	if (!more)
		return error_memory(r->error);
	all->objects = more;
	more[all->n_objects] = member ? text_format("%s(%s)", r->path, member) : strdup(r->path);
	return more[all->n_objects++] ? ERR_OK : error_memory(r->error);
}

static int read_list(struct reader *r, const char *bytes, size_t n)
{
	int rc = ERR_OK;

	if (n > r->bytes_left)
		return bad_file(r, "its list of sites is too long to be one");
	r->bytes_left -= n;
	while (n && !rc) {
		size_t length = strnlen(bytes, n);

		if (length == n)
			return bad_file(r, "its list of sites is cut off");
		if (strncmp(bytes, "hotpath ", 8) == 0 && strcmp(bytes, HOTPATH_LIST_VERSION) != 0)
			return bad_file(r, "its list of sites is of another version of hotpath");
		if (length && *bytes != 'h')
			rc = add_record(r, bytes);
		bytes += length + 1;
		n -= length + 1;
	}
	return rc;
}

/* read_elf: all sections of the name; the linker leaves one, `ld -r` with odd scripts may leave more. */
static int read_elf(struct reader *r, Elf *elf, const char *member)
{
	size_t names;
	bool begun = false;
	int rc = ERR_OK;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return bad_file(r, "it has no sections that could be read");
	for (Elf_Scn *scn = NULL; !rc && (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr header;
		const char *name;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			continue;
		r->is_lto |= strncmp(name, ".gnu.lto_", 9) == 0;
		if (strcmp(name, HOTPATH_LIST_SECTION) != 0 || header.sh_type == SHT_NOBITS)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || (data->d_size && !data->d_buf))
			return bad_file(r, "its list of sites lies outside of the file");
		if (!begun)
			rc = add_object(r, member);
		begun = r->found = true;
		if (!rc)
			rc = read_list(r, data->d_buf, data->d_size);
	}
	return rc;
}

static int read_archive(struct reader *r, int fd, Elf *archive)
{
	Elf_Cmd command = ELF_C_READ;
	int rc = ERR_OK;

	while (!rc && command != ELF_C_NULL) {
		Elf *elf = elf_begin(fd, command, archive);
		Elf_Arhdr *header;

		if (!elf)
			break;
		header = elf_getarhdr(elf);
		if (elf_kind(elf) == ELF_K_ELF)
			rc = read_elf(r, elf, header ? header->ar_name : NULL);
		command = elf_next(elf);
		elf_end(elf);
	}
	return rc;
}

/* read_member: of a thin archive; a file of its own, or another archive, all of whose members are listed. */
static int read_member(struct reader *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = ERR_OK;
	Elf *elf;

	if (fd < 0) {
		char *shown = text_printable(path);

		error_set(r->error, ERR_IO, "cannot read %s, a member of the thin archive %s: %s",
			  shown ? shown : "", r->path, strerror(errno));
		free(shown);
		return ERR_IO;
	}
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_AR)
		rc = read_archive(r, fd, elf);
	else if (elf && elf_kind(elf) == ELF_K_ELF)
		rc = read_elf(r, elf, path);
	elf_end(elf);
	close(fd);
	return rc;
}

static int read_thin(struct reader *r, struct thin *thin)
{
	char *before = NULL, *path;
	bool damaged;
	int rc = ERR_OK;

	while (!rc && (path = thin_next(thin, &damaged))) {
		/* Each member of another archive is one of ours. */
		if (!before || strcmp(before, path) != 0)
			rc = read_member(r, path);
		free(before);
		before = path;
	}
	free(before);
	return rc || !damaged ? rc : bad_file(r, "a damaged thin archive");
}

static int read_file(struct reader *r, int fd, Elf *elf, const char **why)
{
	struct thin thin;
	int rc;

	switch (elf_kind(elf)) {
	case ELF_K_ELF:
		rc = read_elf(r, elf, NULL);
		break;
	case ELF_K_AR:
		rc = read_archive(r, fd, elf);
		break;
	default:
		rc = thin_open(&thin, fd, r->path)
			     ? read_thin(r, &thin)
			     : bad_file(r, "no program, library or object file (ELF)");
		thin_release(&thin);
		break;
	}
	if (!rc && !r->found)
		*why = r->is_lto
			       ? "an object of -flto has no code yet; look at what is linked of it"
			       : "it has no list of measured functions: it was not compiled with "
				 "-fplugin=hotpath.so, or nothing in it is measured and no "
				 "hotpath.yaml was found";
	return rc;
}

int sites_read(const char *path, struct model_sites *sites, const char **why, struct error *error)
{
	struct reader r = {.path = path, .sites = sites, .error = error, .bytes_left = MOST_BYTES};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	Elf *elf;

	*why = NULL;
	if (fd < 0)
		return error_set(error, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	rc = elf ? read_file(&r, fd, elf, why)
		 : bad_file(&r, "no program, library or object file (ELF)");
	elf_end(elf);
	close(fd);
	return rc;
}

static int compare_texts(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "");
}

static int by_place(const void *one, const void *other)
{
	const struct model_site *a = one, *b = other;
	int order = (a->object > b->object) - (a->object < b->object);

	if (!order)
		order = compare_texts(a->file, b->file);
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = compare_texts(a->name, b->name);
	if (!order)
		order = compare_texts(a->kind, b->kind);
	if (!order)
		order = compare_texts(a->rule, b->rule);
	if (!order)
		order = compare_texts(a->label, b->label);
	return order ? order : compare_texts(a->reason, b->reason);
}

/* "a.yaml:9" before "a.yaml:10". */
static int by_line(const void *one, const void *other)
{
	const struct model_rule *a = one, *b = other;
	int order = compare_texts(a->file, b->file);

	return order ? order : strverscmp(a->rule ? a->rule : "", b->rule ? b->rule : "");
}

void sites_finish(struct model_sites *sites)
{
	size_t kept = 0;

	if (sites->n)
		qsort(sites->sites, sites->n, sizeof(*sites->sites), by_place);
	for (size_t i = 0; i < sites->n; i++) {
		struct model_site *s = &sites->sites[i];

		if (kept && by_place(&sites->sites[kept - 1], s) == 0) {
			sites->measured -= !s->reason;
			model_site_release(s);
			continue;
		}
		sites->sites[kept++] = *s;
	}
	sites->n = kept;
	if (sites->n_rules)
		qsort(sites->rules, sites->n_rules, sizeof(*sites->rules), by_line);
}
