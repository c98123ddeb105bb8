/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mistakes in hotpath.yaml as compiler diagnostics, with file, line, column and a caret.
 *
 * GCC shows source lines of whatever file a line map names, so the YAML file is entered into the
 * maps as an included file would be, for the time of one message.  Its map is then made to look
 * like a main file's, since "In file included from a.c" would be wrong.
 */
#include "plugin.h"

void diag_config(void *, const char *path, unsigned line, unsigned column, const char *message)
{
	const location_t saved = input_location;

	if (!line) {
		error_at(UNKNOWN_LOCATION, "%s: %s", path, message);
		return;
	}

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
