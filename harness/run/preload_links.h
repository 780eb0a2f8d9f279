/* The directory of links to libraries whose paths LD_PRELOAD cannot name (preload_path), of one
   command: made when a strategy needs one, and removed with what is in it. */
#ifndef HEAPMARK_HARNESS_RUN_PRELOAD_LINKS_H
#define HEAPMARK_HARNESS_RUN_PRELOAD_LINKS_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"

struct preload_links {
    char dir[64]; /* for struct process_options; "" until it is made */
};

/* Makes the directory when a strategy (struct strategy *) preloads such a library. False
   (EXIT_CANNOT): it cannot be made. `links` begins as zeros. */
bool preload_links_make(struct preload_links *links, const GPtrArray *strategies,
                        struct error *err);

/* Makes it in any case: for those who put other links, and copies, in it. */
bool preload_links_dir_make(struct preload_links *links, struct error *err);

/* Removes the directory, if it was made, and the files in it. */
void preload_links_remove(struct preload_links *links);

#endif
