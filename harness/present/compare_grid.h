/* Rows of short texts under headings, as aligned text or as a Markdown table. */
#ifndef HEAPMARK_HARNESS_PRESENT_COMPARE_GRID_H
#define HEAPMARK_HARNESS_PRESENT_COMPARE_GRID_H

#include <glib.h>
#include <stdint.h>

enum { GRID_COLUMNS_MOST = 32 };

struct grid {
    unsigned columns;
    uint32_t left;   /* columns that are set left, as bits; the others are right */
    uint32_t hidden; /* columns that are not written, as bits; set it after init */
    GPtrArray *rows; /* of char **, `columns` texts each; the first is the headings */
};

void grid_init(struct grid *g, unsigned columns, uint32_t left);
void grid_release(struct grid *g);

/* Appends a row; takes over the texts (g_free), `columns` of them. NULL is an empty text. */
void grid_row(struct grid *g, char *const *texts);

/* Aligned by characters, two blanks before each column; nothing trails. */
void grid_text(const struct grid *g, GString *out);
/* A table of GitHub's Markdown: bars in texts are escaped. */
void grid_markdown(const struct grid *g, GString *out);

/* Appends text with what Markdown would take for a mark escaped. */
void markdown_append(GString *out, const char *text);

#endif
