/* SPDX-License-Identifier: MIT */
/*
 * identifiers FOLDER: the C identifiers in all files below a folder, and the commonest ten.
 *
 * An ordinary program with an ordinary hot loop; nothing in it knows hotpath, but for one
 * attribute, to show that it works beside the rules of hotpath.yaml.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct entry {
	char *name;
	size_t length;
	unsigned long count;
};

struct table {
	struct entry *entries;
	size_t room; /* a power of two */
	size_t used;
};

#if defined(__has_attribute) && __has_attribute(hotpath_measure)
#define MEASURE_AS(label) __attribute__((hotpath_measure(label)))
#else
#define MEASURE_AS(label)
#endif

static void *or_die(void *p)
{
	if (!p) {
		perror("identifiers");
		exit(1);
	}
	return p;
}

static size_t hash_name(const char *name, size_t length)
{
	size_t h = 1469598103934665603u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211u;
	return h;
}

static struct entry *find_entry(struct table *t, const char *name, size_t length)
{
	size_t i = hash_name(name, length) & (t->room - 1);

	while (t->entries[i].name &&
	       (t->entries[i].length != length || memcmp(t->entries[i].name, name, length)))
		i = (i + 1) & (t->room - 1);
	return &t->entries[i];
}

MEASURE_AS("grow the table") static void grow_table(struct table *t)
{
	struct table bigger = {.room = t->room ? 2 * t->room : 1024, .used = t->used};

	bigger.entries = or_die(calloc(bigger.room, sizeof(struct entry)));
	for (size_t i = 0; i < t->room; i++)
		if (t->entries[i].name)
			*find_entry(&bigger, t->entries[i].name, t->entries[i].length) =
				t->entries[i];
	free(t->entries);
	*t = bigger;
}

static void count_name(struct table *t, const char *name, size_t length)
{
	if (2 * t->used >= t->room)
		grow_table(t);
	struct entry *e = find_entry(t, name, length);

	if (!e->name) {
		e->name = or_die(strndup(name, length));
		e->length = length;
		t->used++;
	}
	e->count++;
}

static void scan_text(struct table *t, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t start = i;

		if (!isalpha((unsigned char)text[i]) && text[i] != '_') {
			i++;
			continue;
		}
		while (i < size && (isalnum((unsigned char)text[i]) || text[i] == '_'))
			i++;
		count_name(t, text + start, i - start);
	}
}

static char *read_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	char *text;

	if (!f)
		return NULL;
	text = or_die(malloc(size + 1));
	text[fread(text, 1, size, f)] = 0;
	fclose(f);
	return text;
}

static void scan_file(struct table *t, const char *path, size_t size)
{
	char *text = read_file(path, size);

	if (text)
		scan_text(t, text, strlen(text));
	free(text);
}

static void scan_folder(struct table *t, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char name[4096];
		struct stat st;

		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, d->d_name);
		if (lstat(name, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			scan_folder(t, name);
		else if (S_ISREG(st.st_mode))
			scan_file(t, name, (size_t)st.st_size);
	}
	if (dir)
		closedir(dir);
}

static int by_count(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->name && y->name ? strcmp(x->name, y->name) : 0;
}

static void print_top(struct table *t)
{
	qsort(t->entries, t->room, sizeof(*t->entries), by_count);
	for (size_t i = 0; i < 10 && i < t->used; i++)
		printf("%8lu  %s\n", t->entries[i].count, t->entries[i].name);
}

int main(int argc, char **argv)
{
	struct table t = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: identifiers FOLDER\n");
		return 2;
	}
	scan_folder(&t, argv[1]);
	printf("%zu different identifiers\n", t.used);
	print_top(&t);
	return 0;
}
