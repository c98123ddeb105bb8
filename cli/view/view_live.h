/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_VIEW_LIVE_H
#define HOTPATH_VIEW_LIVE_H

struct error;
struct model_live_list;
struct view;

/* view_live: prints the programs that are being recorded, in the view's format. */
int view_live(const struct model_live_list *list, const struct view *view, struct error *error);

#endif /* HOTPATH_VIEW_LIVE_H */
