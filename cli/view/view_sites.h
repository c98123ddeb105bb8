/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_VIEW_SITES_H
#define HOTPATH_VIEW_SITES_H

struct error;
struct model_sites;
struct view;

/* view_sites: prints in the view's format. */
int view_sites(const struct model_sites *sites, const struct view *view, struct error *error);

#endif /* HOTPATH_VIEW_SITES_H */
