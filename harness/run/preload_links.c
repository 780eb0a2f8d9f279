/* See preload_links.h. The directory has a name that nobody can have guessed, so no link in it is
   another user's. */
#include "harness/run/preload_links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/plan/strategy.h"
#include "harness/run/command.h"

static bool links_are_needed(const GPtrArray *strategies) {
    for (guint i = 0; i < strategies->len; i++) {
        const struct strategy *s = g_ptr_array_index(strategies, i);
        if (s->preload != NULL && !preload_is_plain(s->preload))
            return true;
    }
    return false;
}

bool preload_links_dir_make(struct preload_links *links, struct error *err) {
    const char *tmp = g_get_tmp_dir();
    bool is_usable = preload_is_plain(tmp) && strlen(tmp) < sizeof links->dir / 2;
    g_snprintf(links->dir, sizeof links->dir, "%s/heapmark-XXXXXX", is_usable ? tmp : "/tmp");
    if (mkdtemp(links->dir) != NULL)
        return true;
    error_set(err, EXIT_CANNOT, "cannot make a directory like %s: %s", links->dir,
              g_strerror(errno));
    links->dir[0] = '\0';
    return false;
}

bool preload_links_make(struct preload_links *links, const GPtrArray *strategies,
                        struct error *err) {
    return !links_are_needed(strategies) || preload_links_dir_make(links, err);
}

void preload_links_remove(struct preload_links *links) {
    GDir *dir = links->dir[0] == '\0' ? NULL : g_dir_open(links->dir, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        char *link = g_build_filename(links->dir, name, NULL);
        unlink(link);
        g_free(link);
    }
    if (dir != NULL) {
        g_dir_close(dir);
        rmdir(links->dir);
    }
    links->dir[0] = '\0';
}
