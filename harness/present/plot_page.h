/*
 * One picture to be drawn: a tab-separated table, and what gnuplot is told beside it.
 *
 * The table holds the numbers (and, for people, the names); every text that gnuplot sets is given
 * in quoted strings, never read from the table, because gnuplot's reader mangles quotes and its
 * enhanced mode underscores. So any name a user may give a strategy is safe.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PLOT_PAGE_H
#define HEAPMARK_HARNESS_PRESENT_PLOT_PAGE_H

#include <glib.h>

#include "harness/analyze/summary.h"

/* Where a text stands in its panel; scripts/plot/_marks.gp knows the same numbers. */
enum mark_kind {
    MARK_ROW = 1,     /* left of the panel, at height y: the name of a row */
    MARK_HEADING = 2, /* bold, from the left edge of the page, at height y */
    MARK_VALUE = 3,   /* right of the point x, y */
    MARK_NOTE = 4,    /* right of the panel, at height y */
    MARK_TITLE = 5,   /* above the panel */
    MARK_COLUMN = 6,  /* above the panel at x, slanted */
    MARK_INSIDE = 7,  /* in the middle of x, y, dark */
    MARK_INVERSE = 8, /* in the middle of x, y, light */
    MARK_LEGEND = 9,  /* right of the panel, a strategy's point and a text; x: strategy, y: line */
    MARK_REMARK = 10, /* above the panel, below its title */
    MARK_COLUMN_HEAD = 11 /* right of the panel at its top, above the legend */
};

struct page {
    const char *script; /* scripts/plot/<script>.gp */
    char *name;         /* base name of table and pictures: the script's, and what sets it apart */
    char *title;        /* what is shown, and which end is good */
    char *subtitle;     /* unit, what the middle and the whiskers are */
    char *caption;      /* what is not shown, and why */
    char *columns;      /* names of the table's columns, tab-separated */
    GString *table;     /* rows */
    GString *job;       /* gnuplot assignments */
    GArray *marks;
    unsigned width, height; /* pixels at scale 1 */
};

/* `part` sets the page apart from others of the script; NULL for none. It may be any text. */
struct page *page_new(const char *script, const char *part);
void page_free(struct page *page);

/* Columns separated by tabs; to be called before rows. */
void page_columns(struct page *page, const char *columns);
/* Appends a row: printf's format with \t between columns; text must go through page_text_safe. */
void page_row(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Two empty lines: gnuplot's next index. */
void page_block(struct page *page);

/* Assigns a gnuplot variable. NaN is an undefined value there, too. */
void page_number(struct page *page, const char *name, double value);
void page_string(struct page *page, const char *name, const char *value);
/* Assigns an array, indexed from 1. */
void page_numbers(struct page *page, const char *name, const double *values, size_t count);

void page_strings(struct page *page, const char *name, const GPtrArray *values);

/* A text in panel `panel` (from 1). */
void page_mark(struct page *page, unsigned panel, enum mark_kind kind, double x, double y,
               const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Tells the names, colours, points and dashes of the run's strategies. */
void page_looks(struct page *page, const struct run_summary *s);

/* The caption: how many of these cells (struct cell_summary *) are not shown and why, then a
 * remark. */
void page_caption(struct page *page, const GPtrArray *cells, const char *remark);

/* The table as a file, with its comment lines. Caller frees with g_free. */
char *page_table_text(const struct page *page, const char *command);
/* The whole gnuplot script that draws the page twice (SVG, PNG), run in the folder of the table.
   Caller frees with g_free. */
char *page_job_text(const struct page *page, const char *script_dir);

/* Text without tabs and control characters. Caller frees with g_free. */
char *page_text_safe(const char *text);
/* At most `most` characters, the middle left out. Caller frees with g_free. */
char *text_shorten(const char *text, unsigned most);
/* A gnuplot string literal. Caller frees with g_free. */
char *gnuplot_quote(const char *text);
/* Lower-case letters, digits and single dashes: a part of a file name. Caller frees with g_free. */
char *name_slug(const char *text);

/* How many pixels a text takes, about. */
unsigned text_pixels(const char *text);
unsigned strategies_pixels(const struct run_summary *s); /* the widest name, shortened as drawn */
char *strategy_label(const struct run_summary *s, unsigned strategy_index); /* as drawn */
/* "create-pointer bytes=80", with "2 threads" unless one. Caller frees with g_free. */
char *cell_label(const struct cell_summary *cell);

#endif
