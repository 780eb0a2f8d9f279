/* Heading, refusals and legend of a comparison. */
#include "harness/present/compare_notes.h"

#include <stdarg.h>
#include <string.h>

#include "harness/present/compare_words.h"

enum { NAMED_MAX = 6 };

static GPtrArray *lines_new(void) {
    return g_ptr_array_new_with_free_func(g_free);
}

void compare_line_add(GPtrArray *lines, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(lines, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* ---- heading ---- */

static char *names_join(const GPtrArray *names) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(names, i));
    return g_string_free(text, FALSE);
}

GPtrArray *compare_heading(const struct comparison *c) {
    GPtrArray *lines = lines_new();
    if (c->base != NULL) {
        char *others = names_join(c->strategies);
        compare_line_add(lines, "%s: %s against %s", c->request->a.name, others, c->base);
        g_free(others);
        return lines;
    }
    char *only = c->strategies->len == 1
                     ? g_strdup_printf(", %s", (const char *)g_ptr_array_index(c->strategies, 0))
                     : g_strdup("");
    compare_line_add(lines, "A: %s%s", c->request->a.name, only);
    compare_line_add(lines, "B: %s%s", c->request->b.name, only);
    g_free(only);
    if (c->machines != NULL && c->request->across_machines)
        compare_line_add(
            lines,
            "DIFFERENT MACHINES, compared all the same: a ratio of times is as much the "
            "machines' as the programs' (%s)",
            c->machines);
    else if (c->machines != NULL)
        compare_line_add(
            lines,
            "Only exact counts are compared, the machines differ: %s. --across-machines "
            "compares the rest all the same.",
            c->machines);
    return lines;
}

/* ---- refusals ---- */

/* Cells with one reason, as one line. */
struct reason {
    const char *kind, *text;
    GPtrArray *cells; /* of const struct compare_cell * */
};

static void reason_clear(gpointer pointer) {
    g_ptr_array_unref(((struct reason *)pointer)->cells);
}

static void reasons_add(GArray *reasons, const char *kind, const char *text,
                        const struct compare_cell *cell) {
    for (guint i = 0; i < reasons->len; i++) {
        struct reason *r = &g_array_index(reasons, struct reason, i);
        if (strcmp(r->kind, kind) == 0 && strcmp(r->text, text) == 0) {
            g_ptr_array_add(r->cells, (gpointer)cell);
            return;
        }
    }
    struct reason r = {kind, text, g_ptr_array_new()};
    g_ptr_array_add(r.cells, (gpointer)cell);
    g_array_append_val(reasons, r);
}

static void reason_tell(GPtrArray *lines, const struct reason *r) {
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < r->cells->len && i < NAMED_MAX; i++) {
        const struct compare_cell *cell = g_ptr_array_index(r->cells, i);
        char *work = compare_work(cell);
        g_string_append_printf(names, "%s%s under %s", i > 0 ? ", " : "", work, cell->strategy);
        g_free(work);
    }
    if (r->cells->len > NAMED_MAX)
        g_string_append_printf(names, " and %u more", r->cells->len - NAMED_MAX);
    compare_line_add(lines, "%u %s (%s): %s", r->cells->len, r->kind, r->text, names->str);
    g_string_free(names, TRUE);
}

static void reasons_gather(GArray *reasons, const struct comparison *c, enum compare_fate fate,
                           const char *kind) {
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        if (cell->fate == fate)
            reasons_add(reasons, kind, cell->reason, cell);
    }
}

GPtrArray *compare_refused(const struct comparison *c) {
    GPtrArray *lines = lines_new();
    GArray *reasons = g_array_new(FALSE, FALSE, sizeof(struct reason));
    g_array_set_clear_func(reasons, reason_clear);
    reasons_gather(reasons, c, COMPARE_OTHER, "refused");
    reasons_gather(reasons, c, COMPARE_FAILED, "failed");
    reasons_gather(reasons, c, COMPARE_GONE, "gone");
    reasons_gather(reasons, c, COMPARE_APPEARED, "appeared");
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        if (cell->fate == COMPARE_MEETS && cell->times_refused != NULL)
            reasons_add(reasons, "refused but for exact counts", cell->times_refused, cell);
        if (cell->fate == COMPARE_MEETS && cell->remark != NULL)
            reasons_add(reasons, "compared by the rest, marked !", cell->remark, cell);
    }
    for (guint i = 0; i < reasons->len; i++)
        reason_tell(lines, &g_array_index(reasons, struct reason, i));
    g_array_unref(reasons);
    return lines;
}

GPtrArray *compare_differs(const struct comparison *c) {
    GPtrArray *lines = lines_new();
    for (guint i = 0; i < c->surroundings->len; i++)
        compare_line_add(lines, "%s", (const char *)g_ptr_array_index(c->surroundings, i));
    return lines;
}

/* ---- legend ---- */

/* Which of them there are, over all metrics. */
static bool verdict_is_there(const struct comparison *c, enum compare_verdict verdict) {
    for (guint i = 0; i < c->blocks->len; i++) {
        if (g_array_index(c->blocks, struct compare_block, i).counts[verdict] > 0)
            return true;
    }
    return false;
}

static bool is_any_measured(const struct comparison *c) {
    for (guint i = 0; i < c->blocks->len; i++) {
        if (g_array_index(c->blocks, struct compare_block, i).tested > 0)
            return true;
    }
    return false;
}

static void legend_measured(GPtrArray *lines, const struct comparison *c) {
    bool is_perhaps =
        verdict_is_there(c, COMPARE_PERHAPS_UP) || verdict_is_there(c, COMPARE_PERHAPS_DOWN);
    compare_line_add(lines,
                     "could see: the smallest difference that these repetitions would have shown "
                     "in 9 of 10 such comparisons, taken alone.");
    if (is_perhaps)
        compare_line_add(lines,
                         "perhaps: its own interval leaves out 1, but among so many cells that may "
                         "be chance (Benjamini-Hochberg at 5 %%, over the cells of each metric); "
                         "more --repetitions tell.");
    if (verdict_is_there(c, COMPARE_SAME))
        compare_line_add(
            lines, "same: the interval lies within ±%g %%, or holds 1 and lies within ±%g %%.",
            c->request->margin * 100, c->request->same * 100);
    if (verdict_is_there(c, COMPARE_FEW))
        compare_line_add(lines,
                         "too few repetitions: 95 %% takes 4 and 4 at least; what the interval "
                         "attains stands beside it.");
    compare_line_add(
        lines, "geometric mean: its interval adds up those of its cells as independent ones.");
    if (c->base == NULL)
        compare_line_add(lines,
                         "The runs were made one after the other: what changed on the machine in "
                         "between is in the ratios, and in no interval. heapmark gate measures "
                         "both sides at once.");
}

GPtrArray *compare_legend(const struct comparison *c) {
    GPtrArray *lines = lines_new();
    compare_line_add(lines,
                     "ratio: by what factor %s values exceed %s%s%s: the middle of the ratios of "
                     "all repetitions (Hodges-Lehmann); the values themselves are medians.",
                     c->base != NULL ? "the strategy's" : "B's",
                     c->base != NULL ? "those of " : "A's", c->base != NULL ? c->base : "", "");
    if (is_any_measured(c))
        legend_measured(lines, c);
    return lines;
}
