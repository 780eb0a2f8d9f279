/*
 * A comparison as text for people, as Markdown, and as CSV.
 *
 * The same comparison gives the same bytes. A table and Markdown have the same rows and sentences;
 * CSV has a row for everything, whatever is asked to be shown.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_COMPARE_REPORT_H
#define HEAPMARK_HARNESS_PRESENT_COMPARE_REPORT_H

#include "harness/analyze/compare.h"

/* Which rows tables list; the others are counted. */
enum compare_show {
    COMPARE_SHOW_UNEQUAL, /* all but the equal ones */
    COMPARE_SHOW_SURE,    /* sure differences */
    COMPARE_SHOW_ALL
};

struct compare_view {
    const struct comparison *comparison;
    enum compare_show show;
};

struct compare_format {
    const char *name;
    char *(*text)(const struct compare_view *view); /* the whole; caller frees with g_free */
};

extern const struct compare_format compare_formats[]; /* ends with a NULL name */

char *compare_table_text(const struct compare_view *view);
char *compare_markdown_text(const struct compare_view *view);
char *compare_csv_text(const struct compare_view *view);

#endif
