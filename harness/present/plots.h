/*
 * The plots: each is one line in the table of plots.c, one function that turns a summary into
 * pages, and one scripts/plot/NAME.gp.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOTS_H
#define HEAPMARK_HARNESS_PRESENT_PLOTS_H

#include <glib.h>
#include <stdbool.h>

#include "harness/analyze/summary.h"
#include "harness/base/error.h"
#include "harness/present/plot_page.h"

struct plot {
    const char *name;    /* also the script's */
    const char *summary; /* what one sees in it */
    /* Appends the pages (struct page *) there are data for. When there are none: why, as a phrase
       that the caller frees with g_free; else NULL. */
    char *(*build)(const struct run_summary *s, GPtrArray *pages);
};

extern const struct plot plots[]; /* ends with a NULL name */

/* The plot of that name, NULL when there is none. */
const struct plot *plot_find(const char *name);

/* Appends the plot's pages, each with a name that no other page has. As struct plot's build. */
char *plot_build(const struct plot *plot, const struct run_summary *s, GPtrArray *pages);

/* Writes the page's table into dir. */
bool page_table_write(const struct page *page, const char *dir, const char *command,
                      struct error *err);

/* Where gnuplot is, NULL when it is not installed. Caller frees with g_free. */
char *gnuplot_find(void);

/* Draws the page as SVG and PNG beside its table in dir. False (EXIT_CANNOT) with gnuplot's words.
 */
bool page_draw(const struct page *page, const char *gnuplot, const char *dir,
               const char *script_dir, struct error *err);

#endif
