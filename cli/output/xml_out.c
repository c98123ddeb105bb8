/* SPDX-License-Identifier: MIT */
#include "xml_out.h"

#include <stdlib.h>
#include <string.h>

#include "../base/text.h"

void xml_out_text(FILE *stream, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", stream);
			break;
		case '<':
			fputs("&lt;", stream);
			break;
		case '>':
			fputs("&gt;", stream);
			break;
		case '"':
			fputs("&quot;", stream);
			break;
		case '\'':
			fputs("&#39;", stream);
			break;
		default:
			/* U+FFFE and U+FFFF: UTF-8, but no characters of XML. */
			if (strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
			    strncmp(text, "\xef\xbf\xbf", 3) == 0) {
				fputs("\xef\xbf\xbd", stream);
				text += 2;
			} else {
				putc(*text, stream);
			}
		}
	}
}

void xml_out_foreign(FILE *stream, const char *text)
{
	char *shown = text_printable(text);

	if (shown)
		xml_out_text(stream, shown);
	free(shown);
}
