/* SPDX-License-Identifier: MIT */
/*
 * Foreign text in XML and HTML.
 */
#ifndef HOTPATH_XML_OUT_H
#define HOTPATH_XML_OUT_H

#include <stdio.h>

/*
 * xml_out_text: prints text in which no reader sees markup; also for values between double or single quotes.
 *
 * text     printable (text_printable()); what XML cannot hold at all becomes U+FFFD
 */
void xml_out_text(FILE *stream, const char *text);

/* xml_out_foreign: text_printable() first; what is out of memory is left out. */
void xml_out_foreign(FILE *stream, const char *text);

#endif /* HOTPATH_XML_OUT_H */
