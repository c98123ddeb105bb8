/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_KIND_H
#define HOTPATH_KIND_H

/* kind_name: "function", "call", "block", "life" for an enum hotpath_kind; NULL when unknown. */
const char *kind_name(int kind);

#endif /* HOTPATH_KIND_H */
