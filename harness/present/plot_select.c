/* Which cells a plot shows. */
#include <math.h>
#include <string.h>

#include "harness/present/plot_builders.h"

enum { SWEEP_MIN = 4 }; /* more values than this are a sweep */

/* Cells are sorted by work, so a work is where it differs from the cell before. */
static bool is_first_of_work(const struct run_summary *s, guint i) {
    return i == 0 ||
           !cells_same_work(g_ptr_array_index(s->cells, i), g_ptr_array_index(s->cells, i - 1));
}

/* Of the works of one workload with the fewest threads: all, or three of a sweep. */
static void works_choose(GPtrArray *out, const GPtrArray *works) {
    if (works->len <= SWEEP_MIN) {
        for (guint i = 0; i < works->len; i++) {
            g_ptr_array_add(out, g_ptr_array_index(works, i));
        }
        return;
    }
    g_ptr_array_add(out, g_ptr_array_index(works, 0));
    g_ptr_array_add(out, g_ptr_array_index(works, works->len / 2));
    g_ptr_array_add(out, g_ptr_array_index(works, works->len - 1));
}

static uint64_t threads_least(const struct run_summary *s, const char *workload) {
    uint64_t least = UINT64_MAX;
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (strcmp(cell->workload, workload) == 0) {
            least = MIN(least, cell->threads);
        }
    }
    return least;
}

GPtrArray *works_representative(const struct run_summary *s) {
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len;) {
        const struct cell_summary *first = g_ptr_array_index(s->cells, i);
        uint64_t threads = threads_least(s, first->workload);
        GPtrArray *works = g_ptr_array_new();
        for (; i < s->cells->len; i++) {
            struct cell_summary *cell = g_ptr_array_index(s->cells, i);
            if (strcmp(cell->workload, first->workload) != 0) {
                break;
            }
            if (cell->threads == threads && is_first_of_work(s, i)) {
                g_ptr_array_add(works, cell);
            }
        }
        works_choose(chosen, works);
        g_ptr_array_unref(works);
    }
    return chosen;
}

GPtrArray *works_cells(const struct run_summary *s, const GPtrArray *works) {
    GPtrArray *cells = g_ptr_array_new();
    for (guint i = 0; i < s->cells->len; i++) {
        struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        for (guint w = 0; w < works->len; w++) {
            if (cells_same_work(cell, g_ptr_array_index(works, w))) {
                g_ptr_array_add(cells, cell);
                break;
            }
        }
    }
    return cells;
}

bool crossing_find(const double *sizes, const double *a, const double *b, size_t count,
                   double *crossing) {
    size_t last = count; /* the greatest size at which a is cheaper */
    while (last > 0 && a[last - 1] >= b[last - 1]) {
        last--;
    }
    if (last == 0 || last == count) {
        return false;
    }
    double before = log(a[last - 1] / b[last - 1]);
    double after = log(a[last] / b[last]);
    double part = before / (before - after);
    *crossing = exp(log(sizes[last - 1]) + part * log(sizes[last] / sizes[last - 1]));
    return true;
}
