/* heapmark-columns: prints the tables of results/README.md, from the lists of columns. */
#include <glib.h>
#include <stdio.h>

#include "harness/store/columns.h"

int main(void) {
    char *text = columns_markdown();
    fputs(text, stdout);
    g_free(text);
    return fflush(stdout) == 0 ? 0 : 1;
}
