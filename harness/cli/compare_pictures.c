/* Tables first, so that without gnuplot nothing but the drawing is lost. */
#include "harness/cli/compare_pictures.h"

#include <errno.h>
#include <stdio.h>

#include "harness/present/plot_compare.h"
#include "harness/present/plots.h"
#include "harness/run/discover.h"

static bool pages_write(const GPtrArray *pages, const char *dir, struct error *err) {
    bool ok = g_mkdir_with_parents(dir, 0777) == 0 ||
              error_set(err, EXIT_CANNOT, "cannot create %s: %s", dir, g_strerror(errno));
    for (guint i = 0; i < pages->len && ok; i++)
        ok = page_table_write(g_ptr_array_index(pages, i), dir, "heapmark compare", err);
    return ok;
}

static bool pages_draw(const GPtrArray *pages, const char *dir, const char *gnuplot,
                       struct error *err) {
    char *share = share_dir_find();
    char *script_dir = g_build_filename(share != NULL ? share : "", "plot", NULL);
    bool ok = true;
    for (guint i = 0; i < pages->len && ok; i++) {
        const struct page *page = g_ptr_array_index(pages, i);
        ok = page_draw(page, gnuplot, dir, script_dir, err);
        if (ok)
            fprintf(stderr, "heapmark: drawn: %s/%s.{svg,png,tsv}\n", dir, page->name);
    }
    g_free(script_dir);
    g_free(share);
    return ok;
}

static void page_free_pointer(gpointer page) {
    page_free(page);
}

bool compare_draw(const struct comparison *c, const char *dir, struct error *err) {
    GPtrArray *pages = g_ptr_array_new_with_free_func(page_free_pointer);
    char *gnuplot = gnuplot_find();
    plot_compare(c, pages);
    bool ok = pages_write(pages, dir, err);
    if (ok && pages->len == 0)
        fprintf(stderr, "heapmark: nothing to draw: no cell has a ratio other than 1\n");
    else if (ok && gnuplot == NULL)
        ok = error_set(err, EXIT_CANNOT,
                       "gnuplot is not installed, so nothing was drawn; the %u tables are in %s; "
                       "install gnuplot-nox and call compare again",
                       pages->len, dir);
    else if (ok)
        ok = pages_draw(pages, dir, gnuplot, err);
    g_free(gnuplot);
    g_ptr_array_unref(pages);
    return ok;
}
