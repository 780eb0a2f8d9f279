/* Rows of cells under each other: a column is as wide as its widest cell, the first one to the
   left, the others to the right. */
#ifndef HEAPMARK_HARNESS_PRESENT_TEXT_GRID_H
#define HEAPMARK_HARNESS_PRESENT_TEXT_GRID_H

#include <glib.h>

enum { TEXT_GRID_COLUMNS_MAX = 64 };

struct text_grid {
    GPtrArray *cells; /* of char * */
    unsigned columns;
    unsigned indent; /* blanks before each row */
};

void text_grid_init(struct text_grid *g, unsigned columns, unsigned indent);
void text_grid_add(struct text_grid *g, const char *text);
/* Appends the rows and frees them. */
void text_grid_finish(struct text_grid *g, GString *out);

#endif
