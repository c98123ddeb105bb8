/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_LANGUAGE_H
#define HOTPATH_LANGUAGE_H

/* language_name: "C", "C++", ... for an enum hotpath_language; NULL when unknown. */
const char *language_name(int language);

#endif /* HOTPATH_LANGUAGE_H */
