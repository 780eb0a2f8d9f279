/*
 * The table of a run: a block per group, a row per cell that was measured, below it what was not.
 *
 * Columns are as wide as their widest text, counted in characters and not in bytes. A ratio whose
 * two intervals touch is marked with "≈": the run does not show that the two differ.
 */
#include "harness/present/table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/analyze/strategy_order.h"
#include "harness/analyze/summary.h"
#include "harness/present/quantity.h"

enum column {
    COLUMN_WORKLOAD,
    COLUMN_STRATEGY,
    COLUMN_NS,
    COLUMN_SPREAD,
    COLUMN_RATIO,
    COLUMN_CPU,
    COLUMN_BYTES,
    COLUMN_ALLOCS,
    COLUMN_CYCLES,
    COLUMN_PAUSE,
    COLUMN_RSS,
    COLUMN_COUNT
};

static const char *const headings[COLUMN_COUNT] = {
    "workload", "strategy",  "ns/op", "spread",        "× first",  "cpu ns/op",
    "B/op",     "allocs/op", "GCs",   "longest pause", "peak RSS",
};

struct table_row {
    char *texts[COLUMN_COUNT]; /* all NULL: a line of its own, `line` */
    char *line;
};

struct table {
    GArray *rows;                     /* of struct table_row */
    bool touching, partial, no_first; /* which notes are needed */
};

static void table_line(struct table *t, const char *line) {
    struct table_row row = {.line = g_strdup(line)};
    g_array_append_val(t->rows, row);
}

static char *work_text(const struct cell_summary *cell) {
    GString *text = g_string_new(cell->workload);
    if (*cell->parameters != '\0') {
        g_string_append_printf(text, " %s", cell->parameters);
    }
    if (cell->threads != 1) {
        g_string_append_printf(text, " threads=%" G_GUINT64_FORMAT, cell->threads);
    }
    return g_string_free(text, FALSE);
}

static bool cell_is_partial(const struct cell_summary *cell) {
    return cell->problem != CELL_STATUS_OK;
}

static char *ratio_text(struct table *t, const struct cell_summary *cell,
                        const struct cell_summary *first) {
    if (first == NULL || !cell_has(first, "ns_per_op") || !cell_has(cell, "ns_per_op")) {
        t->no_first = true;
        return g_strdup(QUANTITY_NONE);
    }
    const struct estimate *own = cell_estimate(cell, "ns_per_op");
    const struct estimate *other = cell_estimate(first, "ns_per_op");
    double ratio = other->median > 0 ? own->median / other->median : NAN;
    bool differs = cell == first || estimates_differ(own, other);
    t->touching |= !differs;
    return g_strconcat(differs ? "" : "≈", quantity_plain(ratio).text, NULL);
}

/* A row of a cell that has ok records; the workload is named in the first row of its block only. */
static void table_cell(struct table *t, const struct cell_summary *cell,
                       const struct cell_summary *first, bool named) {
    const struct estimate *ns = cell_estimate(cell, "ns_per_op");
    struct table_row row = {.line = NULL};
    t->partial |= cell_is_partial(cell);
    row.texts[COLUMN_WORKLOAD] = named ? work_text(cell) : g_strdup("");
    row.texts[COLUMN_STRATEGY] =
        g_strconcat(cell->strategy, cell_is_partial(cell) ? " !" : "", NULL);
    row.texts[COLUMN_NS] = g_strdup(quantity_plain(ns->median).text);
    row.texts[COLUMN_SPREAD] = g_strdup(quantity_spread(estimate_spread(ns)).text);
    row.texts[COLUMN_RATIO] = ratio_text(t, cell, first);
    row.texts[COLUMN_CPU] =
        g_strdup(quantity_plain(cell_estimate(cell, "cpu_ns_per_op")->median).text);
    row.texts[COLUMN_BYTES] =
        g_strdup(quantity_exact(cell_estimate(cell, "bytes_per_op")->median).text);
    row.texts[COLUMN_ALLOCS] =
        g_strdup(quantity_exact(cell_estimate(cell, "allocs_per_op")->median).text);
    row.texts[COLUMN_CYCLES] =
        g_strdup(quantity_exact(cell_estimate(cell, "gc_cycles")->median).text);
    row.texts[COLUMN_PAUSE] =
        g_strdup(quantity_time(cell_estimate(cell, "gc_pause_ns_max")->most).text);
    row.texts[COLUMN_RSS] =
        g_strdup(quantity_memory(cell_estimate(cell, "rss_peak_bytes")->median).text);
    g_array_append_val(t->rows, row);
}

static void table_headings(struct table *t) {
    struct table_row row = {.line = NULL};
    for (unsigned c = 0; c < COLUMN_COUNT; c++) {
        row.texts[c] = g_strdup(headings[c]);
    }
    g_array_append_val(t->rows, row);
}

static bool cell_is_measured(const struct cell_summary *cell) {
    return cell->records[CELL_STATUS_OK] > 0;
}

static void table_cells(struct table *t, const struct run_summary *s) {
    const struct cell_summary *before = NULL;
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (!cell_is_measured(cell)) {
            continue;
        }
        if (before == NULL || strcmp(before->group, cell->group) != 0) {
            table_line(t, "");
            table_line(t, *cell->group != '\0' ? cell->group : "(no group)");
            table_headings(t);
        }
        bool named = before == NULL || !cells_same_work(before, cell);
        table_cell(t, cell, summary_find(s, cell, 0), named);
        before = cell;
    }
}

static glong width_of(const char *text) {
    return g_utf8_strlen(text, -1);
}

/* Names are set left, numbers right; nothing trails. */
static void row_write(GString *out, const struct table_row *row, const glong *widths) {
    if (row->texts[0] == NULL) {
        g_string_append_printf(out, "%s\n", row->line);
        return;
    }
    gsize start = out->len;
    for (unsigned c = 0; c < COLUMN_COUNT; c++) {
        int blanks = (int)(widths[c] - width_of(row->texts[c]));
        if (c <= COLUMN_STRATEGY) {
            g_string_append_printf(out, "  %s%*s", row->texts[c], blanks, "");
        } else {
            g_string_append_printf(out, "  %*s%s", blanks, "", row->texts[c]);
        }
    }
    while (out->len > start && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
}

static void rows_write(GString *out, const struct table *t) {
    glong widths[COLUMN_COUNT] = {0};
    for (guint i = 0; i < t->rows->len; i++) {
        const struct table_row *row = &g_array_index(t->rows, struct table_row, i);
        for (unsigned c = 0; row->texts[0] != NULL && c < COLUMN_COUNT; c++) {
            widths[c] = MAX(widths[c], width_of(row->texts[c]));
        }
    }
    for (guint i = 0; i < t->rows->len; i++) {
        row_write(out, &g_array_index(t->rows, struct table_row, i), widths);
    }
}

static void notes_write(GString *out, const struct table *t, const struct run_summary *s) {
    if (t->rows->len == 0) {
        g_string_append(out, "Nothing was measured.\n");
        return;
    }
    g_string_append_printf(
        out,
        "\nns/op: median; spread: half the interval of the median (5 repetitions: "
        "least to greatest), in per cent of it; × first: ns/op against "
        "%s.\n",
        (const char *)g_ptr_array_index(s->strategies, 0));
    if (t->touching) {
        g_string_append(out,
                        "≈: the intervals of both touch, or fewer than 4 repetitions make none, so "
                        "this run shows no difference; more --repetitions narrow them.\n");
    }
    if (t->partial) {
        g_string_append(out, "!: some repetitions of this cell were not ok, see below.\n");
    }
    if (t->no_first) {
        g_string_append_printf(out, "No × first where %s was not measured.\n",
                               (const char *)g_ptr_array_index(s->strategies, 0));
    }
}

/* Cells with a problem of one status and reason, as one entry. */
struct problem {
    enum cell_status status;
    const char *reason;
    GPtrArray *cells; /* of const struct cell_summary * */
};

static void problem_clear(gpointer pointer) {
    g_ptr_array_unref(((struct problem *)pointer)->cells);
}

static void problems_add(GArray *problems, const struct cell_summary *cell) {
    for (guint i = 0; i < problems->len; i++) {
        struct problem *p = &g_array_index(problems, struct problem, i);
        if (p->status == cell->problem && strcmp(p->reason, cell->reason) == 0) {
            g_ptr_array_add(p->cells, (gpointer)cell);
            return;
        }
    }
    struct problem p = {cell->problem, cell->reason, g_ptr_array_new()};
    g_ptr_array_add(p.cells, (gpointer)cell);
    g_array_append_val(problems, p);
}

static void problem_write(GString *out, const struct problem *p) {
    enum { NAMED_MAX = 3 };
    g_string_append_printf(out, "  %u %s: ", p->cells->len, cell_status_name(p->status));
    for (guint i = 0; i < p->cells->len && i < NAMED_MAX; i++) {
        const struct cell_summary *cell = g_ptr_array_index(p->cells, i);
        char *work = work_text(cell);
        g_string_append_printf(out, "%s%s under %s", i > 0 ? ", " : "", work, cell->strategy);
        if (cell_is_measured(cell)) {
            g_string_append_printf(out, " (%u of %u repetitions)", cell->records[p->status],
                                   cell->records[p->status] + cell->records[CELL_STATUS_OK]);
        }
        g_free(work);
    }
    if (p->cells->len > NAMED_MAX) {
        g_string_append_printf(out, " and %u more", p->cells->len - NAMED_MAX);
    }
    g_string_append_printf(out, ": %s\n", *p->reason != '\0' ? p->reason : "no reason was given");
}

/* Failures first, because they are what must be looked at. */
static void problems_write(GString *out, const struct run_summary *s) {
    GArray *problems = g_array_new(FALSE, FALSE, sizeof(struct problem));
    g_array_set_clear_func(problems, problem_clear);
    unsigned failed = 0;
    unsigned skipped = 0;
    unsigned unavailable = 0;
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        failed += cell_status_is_failure(cell->problem);
        skipped += cell->problem == CELL_STATUS_SKIPPED;
        unavailable += cell->problem == CELL_STATUS_UNAVAILABLE;
        if (cell->problem != CELL_STATUS_OK) {
            problems_add(problems, cell);
        }
    }
    if (problems->len > 0) {
        g_string_append_printf(out, "\nOf %u cells %u failed, %u were skipped, %u unavailable:\n",
                               s->cells->len, failed, skipped, unavailable);
    }
    for (int status = CELL_STATUS_COUNT - 1; status > CELL_STATUS_OK; status--) {
        for (guint i = 0; i < problems->len; i++) {
            const struct problem *p = &g_array_index(problems, struct problem, i);
            if ((int)p->status == status) {
                problem_write(out, p);
            }
        }
    }
    g_array_unref(problems);
}

static void row_clear_texts(gpointer pointer) {
    struct table_row *row = pointer;
    for (unsigned c = 0; c < COLUMN_COUNT; c++) {
        g_free(row->texts[c]);
    }
    g_free(row->line);
}

char *table_text(const struct run_rows *rows) {
    struct run_summary s;
    struct table t = {.rows = g_array_new(FALSE, FALSE, sizeof(struct table_row))};
    g_array_set_clear_func(t.rows, row_clear_texts);
    GPtrArray *order = strategy_order_read(rows->dir);
    summary_build(&s, rows, order);
    table_cells(&t, &s);
    GString *out = g_string_new(NULL);
    rows_write(out, &t);
    notes_write(out, &t, &s);
    problems_write(out, &s);
    g_array_unref(t.rows);
    summary_release(&s);
    g_ptr_array_unref(order);
    return g_string_free(out, FALSE);
}
