/* The columns of every file as documentation. */
#ifndef HEAPMARK_HARNESS_STORE_COLUMNS_H
#define HEAPMARK_HARNESS_STORE_COLUMNS_H

/* A Markdown table per file, from the lists of columns; caller frees with g_free. */
char *columns_markdown(void);

#endif
