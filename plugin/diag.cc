/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mistakes in hotpath.yaml as compiler diagnostics, with file, line, column and a caret.
 *
 * GCC shows source lines of whatever file a line map names, so the YAML file is entered into the
 * maps as an included file would be, for the time of one message.  Its map is then made to look
 * like a main file's, since "In file included from a.c" would be wrong.
 */
#include "plugin.h"

/* byte_column: GCC counts bytes and YAML characters; both from 1. */
static unsigned byte_column(const char *path, unsigned line, unsigned column)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	ssize_t n = -1;
	unsigned bytes = 1;

	for (unsigned i = 0; file && i < line; i++)
		n = getline(&text, &room, file);
	for (unsigned i = 1; i < column && n > 0 && (ssize_t)bytes <= n; i++)
		for (bytes++; (ssize_t)bytes <= n && (text[bytes - 1] & 0xc0) == 0x80;)
			bytes++;
	if (file)
		fclose(file);
	free(text);
	return n > 0 ? bytes : column;
}

void diag_config(void *, const char *path, unsigned line, unsigned column, const char *message)
{
	const location_t saved = input_location;

	if (!line) {
		error_at(UNKNOWN_LOCATION, "%s: %s", path, message);
		return;
	}

	column = byte_column(path, line, column);
	const line_map_ordinary *map = linemap_check_ordinary(
		const_cast<line_map *>(linemap_add(line_table, LC_ENTER, 0, xstrdup(path), line)));
	linemap_line_start(line_table, line, column + 120);
	location_t where = linemap_position_for_column(line_table, column);
	line_map_ordinary *own = LINEMAPS_LAST_ORDINARY_MAP(line_table);
	const location_t includer = own->included_from;

	own->included_from = 0;
	if (map != own)
		const_cast<line_map_ordinary *>(map)->included_from = 0;
	error_at(where, "%s", message);
	own->included_from = includer;
	linemap_add(line_table, LC_LEAVE, 0, NULL, 0);
	input_location = saved;
}
