/* What table and Markdown have in common: the rows and sentences of a comparison, without layout.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_COMPARE_DOCUMENT_H
#define HEAPMARK_HARNESS_PRESENT_COMPARE_DOCUMENT_H

#include "harness/present/compare_grid.h"
#include "harness/present/compare_report.h"

/* A metric. Grids without rows but their headings are not to be shown. */
struct compare_section {
    char *title;       /* "ns/op" */
    char *direction;   /* "B / A above 1: slower" */
    struct grid rows;  /* a row per cell */
    struct grid means; /* a row per geometric mean */
    GPtrArray *lines;  /* of char *: what the rows add up to, what is left out */
};

struct compare_document {
    GPtrArray *heading; /* of char *: who is A and who is B, and what is to be known first */
    GArray *sections;   /* of struct compare_section */
    GPtrArray *refused; /* of char *: cells that are not compared, by reason */
    GPtrArray *differs; /* of char *: what differs around the runs */
    GPtrArray *notices; /* of char *: what the values are worth */
    GPtrArray *legend;  /* of char *: how to read it */
};

void compare_document_build(struct compare_document *d, const struct compare_view *view);
void compare_document_release(struct compare_document *d);

#endif
