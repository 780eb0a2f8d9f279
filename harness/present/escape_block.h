/* Decisions as lines under a heading, in columns as wide as their widest text. Within present. */
#ifndef HEAPMARK_HARNESS_PRESENT_ESCAPE_BLOCK_H
#define HEAPMARK_HARNESS_PRESENT_ESCAPE_BLOCK_H

#include <glib.h>
#include <stdbool.h>

/* Lines that share their columns: struct escape_block_line. */
GArray *escape_block_new(void);

/* Appends a line: place, decision, and the rest; takes the three texts (g_free). A marked line
   begins with "!". */
void escape_block_add(GArray *block, char *place, char *text, char *rest, bool is_marked);

/* Writes the lines, indented, and empties the block. */
void escape_block_write(GString *out, GArray *block);

#endif
