#include "harness/store/gate_baseline.h"

#include <math.h>
#include <string.h>

#include "harness/store/csv.h"
#include "harness/store/row_fields.h"

#define FIELD(kind, name, group, meaning) FIELD_ENTRY(gate_baseline_row, kind, name, group, meaning)
static const struct field baseline_fields[] = {
#include "harness/store/gate_baseline_fields.def"
};
#undef FIELD

const struct row_type gate_baseline_type =
    ROW_TYPE("baseline.csv", baseline_fields, gate_baseline_row);

/* Counts are whole numbers that a double holds exactly. */
#define COUNT_REAL_MAX 9007199254740992.0

/* Conditions by metric: to ask for them may start a program. */
struct conditions_known {
    gate_baseline_conditions ask;
    GHashTable *by_metric;
};

static struct conditions_known conditions_begin(gate_baseline_conditions ask) {
    return (struct conditions_known){
        .ask = ask, .by_metric = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
}

static const char *conditions_get(const struct conditions_known *c, const char *metric) {
    if (!g_hash_table_contains(c->by_metric, metric))
        g_hash_table_insert(c->by_metric, g_strdup(metric), c->ask(metric));
    return g_hash_table_lookup(c->by_metric, metric);
}

static const char first_line[] = "heapmark-gate-baseline ";

void gate_baseline_init(struct gate_baseline *b) {
    b->rows = g_array_new(FALSE, FALSE, sizeof(struct gate_baseline_row));
    b->text = g_string_chunk_new(4096);
}

void gate_baseline_release(struct gate_baseline *b) {
    g_array_free(b->rows, TRUE);
    g_string_chunk_free(b->text);
}

bool gate_baseline_has_metric(const char *metric) {
    static const char *const exact[] = {"allocs",         "bytes",         "requested_bytes",
                                        "retained_bytes", "mmap_calls",    "munmap_calls",
                                        "mremap_calls",   "madvise_calls", "brk_calls",
                                        "minor_faults",   "instructions",  NULL};
    return g_strv_contains(exact, metric);
}

/* ---- rows ---- */

static const struct gate_baseline_row *row_at(const struct gate_baseline *b, guint i) {
    return &g_array_index(b->rows, struct gate_baseline_row, i);
}

/* By the keys: workload, parameters, threads, strategy, metric. Empty text comes first. */
static gint row_compare(gconstpointer left, gconstpointer right) {
    const struct gate_baseline_row *a = left, *b = right;
    int order = g_strcmp0(a->workload, b->workload);
    if (order == 0)
        order = g_strcmp0(a->parameters, b->parameters);
    if (order == 0)
        order = (a->threads > b->threads) - (a->threads < b->threads);
    if (order == 0)
        order = g_strcmp0(a->strategy, b->strategy);
    return order != 0 ? order : g_strcmp0(a->metric, b->metric);
}

static struct gate_baseline_row *row_find(const struct gate_baseline *b,
                                          const struct gate_baseline_row *keys) {
    for (guint i = 0; i < b->rows->len; i++) {
        if (row_compare(row_at(b, i), keys) == 0)
            return &g_array_index(b->rows, struct gate_baseline_row, i);
    }
    return NULL;
}

/* The keys of a metric of a cell; text is borrowed. Empty text is no text, as in the file. */
static struct gate_baseline_row row_keys(const struct gate_cell_row *cell, const char *metric) {
    const char *parameters = cell->parameters;
    if (parameters != NULL && *parameters == '\0')
        parameters = NULL;
    return (struct gate_baseline_row){.workload = cell->workload,
                                      .parameters = parameters,
                                      .threads = cell->threads,
                                      .strategy = cell->candidate,
                                      .metric = metric};
}

static const char *keep(struct gate_baseline *b, const char *text) {
    return text == NULL || *text == '\0' ? NULL : g_string_chunk_insert_const(b->text, text);
}

static void row_store(struct gate_baseline *b, const struct gate_baseline_row *row) {
    struct gate_baseline_row *old = row_find(b, row);
    struct gate_baseline_row kept = *row;
    kept.workload = keep(b, row->workload);
    kept.parameters = keep(b, row->parameters);
    kept.strategy = keep(b, row->strategy);
    kept.metric = keep(b, row->metric);
    kept.checksum = keep(b, row->checksum);
    kept.allocator = keep(b, row->allocator);
    kept.conditions = keep(b, row->conditions);
    if (old != NULL)
        *old = kept;
    else
        g_array_append_val(b->rows, kept);
}

/* ---- from what was measured ---- */

/* The candidate's counts of a metric; false when a repeat has none. */
static bool counts_range(const struct gate_rows *rows, uint64_t cell,
                         struct gate_baseline_row *out) {
    bool is_first = true;
    for (guint i = 0; i < rows->counts->len; i++) {
        const struct gate_count_row *r = &g_array_index(rows->counts, struct gate_count_row, i);
        if (r->cell != cell || g_strcmp0(r->metric, out->metric) != 0)
            continue;
        if (isnan(r->candidate) || r->operations == COUNT_EMPTY)
            return false;
        out->operations = r->operations;
        out->least = is_first ? r->candidate : fmin(out->least, r->candidate);
        out->most = is_first ? r->candidate : fmax(out->most, r->candidate);
        is_first = false;
    }
    return !is_first;
}

static void cell_add(struct gate_baseline *b, const struct gate_rows *rows,
                     const struct gate_cell_row *cell, const struct conditions_known *known) {
    for (guint i = 0; i < rows->counts->len; i++) {
        const struct gate_count_row *r = &g_array_index(rows->counts, struct gate_count_row, i);
        if (r->cell != cell->cell || r->repeat != 1 || !gate_baseline_has_metric(r->metric))
            continue;
        struct gate_baseline_row row = row_keys(cell, r->metric);
        if (!counts_range(rows, cell->cell, &row))
            continue;
        row.checksum = cell->candidate_checksum;
        row.allocator = cell->candidate_allocator;
        row.conditions = conditions_get(known, r->metric);
        if (row.conditions != NULL)
            row_store(b, &row);
    }
}

void gate_baseline_add(struct gate_baseline *b, const struct gate_rows *rows,
                       gate_baseline_conditions conditions) {
    struct conditions_known known = conditions_begin(conditions);
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (g_strcmp0(cell->status, "ok") == 0)
            cell_add(b, rows, cell, &known);
    }
    g_hash_table_destroy(known.by_metric);
}

/* ---- writing ---- */

char *gate_baseline_text(const struct gate_baseline *b) {
    GString *out = g_string_new(NULL);
    GArray *sorted = g_array_copy(b->rows);
    g_array_sort(sorted, row_compare);
    g_string_append_printf(out, "%s%d\n", first_line, GATE_BASELINE_VERSION);
    csv_header_append(out, &gate_baseline_type);
    for (guint i = 0; i < sorted->len; i++)
        csv_row_append(out, &gate_baseline_type,
                       &g_array_index(sorted, struct gate_baseline_row, i));
    g_array_free(sorted, TRUE);
    return g_string_free(out, FALSE);
}

bool gate_baseline_write(const struct gate_baseline *b, const char *path, struct error *err) {
    GError *refused = NULL;
    char *text = gate_baseline_text(b);
    bool ok = g_file_set_contents(path, text, -1, &refused);
    g_free(text);
    if (ok)
        return true;
    error_set(err, EXIT_CANNOT, "cannot write the baseline: %s", refused->message);
    g_error_free(refused);
    return false;
}

/* ---- reading ---- */

static bool count_is_whole(double count) {
    return isfinite(count) && floor(count) == count && fabs(count) <= COUNT_REAL_MAX;
}

/* What is wrong with a row, or NULL. */
static const char *row_fault(const struct gate_baseline_row *row) {
    if (row->workload == NULL || row->strategy == NULL || row->metric == NULL ||
        row->threads == COUNT_EMPTY)
        return "workload, threads, strategy and metric must be there";
    if (!gate_baseline_has_metric(row->metric))
        return "only exact counters are stored: a time of another machine or day is no base";
    if (row->operations == COUNT_EMPTY || row->operations == 0)
        return "a count belongs to a number of operations above 0";
    if (!count_is_whole(row->least) || !count_is_whole(row->most) || row->least > row->most)
        return "least and most must be whole numbers, in this order";
    return NULL;
}

static bool rows_take(struct gate_baseline *b, const struct csv_rows *read, const char *name,
                      struct error *err) {
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *fault = NULL;
    size_t line = 0;
    for (guint i = 0; fault == NULL && i < read->rows->len; i++) {
        const struct gate_baseline_row *row =
            &g_array_index(read->rows, struct gate_baseline_row, i);
        line = g_array_index(read->lines, size_t, i);
        fault = row_fault(row);
        char *key = g_strdup_printf(
            "%s\x1f%s\x1f%" G_GUINT64_FORMAT "\x1f%s\x1f%s", fault == NULL ? row->workload : "",
            row->parameters == NULL ? "" : row->parameters, row->threads,
            fault == NULL ? row->strategy : "", fault == NULL ? row->metric : "");
        if (fault == NULL && !g_hash_table_add(seen, key))
            fault = "this metric of this cell is there already";
        else if (fault != NULL)
            g_free(key);
        if (fault == NULL)
            g_array_append_vals(b->rows, row, 1);
    }
    g_hash_table_destroy(seen);
    /* csv_read counts from its own first line, which is the file's second. */
    return fault == NULL || error_set(err, EXIT_USAGE, "%s, line %zu: %s", name, line + 1, fault);
}

/* Goes over the first line. */
static bool version_check(const char *name, const char **bytes, size_t *length, struct error *err) {
    char *expected = g_strdup_printf("%s%d\n", first_line, GATE_BASELINE_VERSION);
    size_t expected_length = strlen(expected);
    bool ok = *length >= expected_length && memcmp(*bytes, expected, expected_length) == 0;
    g_free(expected);
    if (!ok)
        return error_set(err, EXIT_USAGE,
                         "%s is no baseline of version %d of this heapmark: write it anew with "
                         "gate --write-baseline",
                         name, GATE_BASELINE_VERSION);
    *bytes += expected_length;
    *length -= expected_length;
    return true;
}

bool gate_baseline_parse(struct gate_baseline *b, const char *name, const char *bytes,
                         size_t length, struct error *err) {
    if (!version_check(name, &bytes, &length, err))
        return false;
    struct csv_rows read;
    char *below = g_strdup_printf("%s below its first line", name);
    struct csv_source source = {.name = below, .bytes = bytes, .length = length};
    bool ok = csv_read(&read, &gate_baseline_type, &source, b->text, err);
    g_free(below);
    if (ok && (read.torn_bytes != 0 || read.header_bytes == 0))
        ok = error_set(err, EXIT_USAGE,
                       "%s: the last line is cut short: take the whole file, or write it anew",
                       name);
    ok = ok && rows_take(b, &read, name, err);
    csv_rows_release(&read);
    return ok;
}

bool gate_baseline_read(struct gate_baseline *b, const char *path, struct error *err) {
    GError *refused = NULL;
    char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, &refused)) {
        error_set(err, EXIT_USAGE, "cannot read the baseline: %s", refused->message);
        g_error_free(refused);
        return false;
    }
    bool ok = gate_baseline_parse(b, path, bytes, length, err);
    g_free(bytes);
    return ok;
}

/* ---- as a base ---- */

/* Why a count has no stored one beside it; NULL: it has. Caller frees with g_free. */
static char *row_refusal(const struct gate_baseline_row *stored, const struct gate_count_row *count,
                         const char *here) {
    const char *there = stored == NULL || stored->conditions == NULL ? "" : stored->conditions;
    if (stored == NULL)
        return g_strdup("the baseline has no count of it: write it anew with --write-baseline");
    if (here == NULL || strcmp(here, there) != 0)
        return g_strdup_printf("the baseline was counted under other conditions (%s; here %s)",
                               there, here == NULL ? "it cannot be counted" : here);
    if (stored->operations != count->operations)
        return g_strdup_printf("the baseline counted %" G_GUINT64_FORMAT
                               " operations, this run %" G_GUINT64_FORMAT,
                               stored->operations, count->operations);
    return NULL;
}

static void cell_take(struct gate_cell_row *cell, const struct gate_baseline_row *stored,
                      struct gate_rows *rows) {
    if (cell->base_checksum == NULL && stored->checksum != NULL)
        cell->base_checksum = g_string_chunk_insert_const(rows->text, stored->checksum);
    if (cell->base_allocator == NULL && stored->allocator != NULL)
        cell->base_allocator = g_string_chunk_insert_const(rows->text, stored->allocator);
    cell->base_operations = cell->candidate_operations;
}

static void count_apply(const struct gate_baseline_row *stored, struct gate_count_row *count,
                        const char *refusal, struct gate_rows *rows) {
    if (refusal == NULL) {
        count->base = count->repeat % 2 == 1 ? stored->least : stored->most;
        return;
    }
    count->base = count->candidate = NAN;
    count->reason = g_string_chunk_insert_const(rows->text, refusal);
}

static void cell_apply(const struct gate_baseline *b, struct gate_rows *rows,
                       struct gate_cell_row *cell, const struct conditions_known *known,
                       struct gate_baseline_applied *out) {
    for (guint i = 0; i < rows->counts->len; i++) {
        struct gate_count_row *count = &g_array_index(rows->counts, struct gate_count_row, i);
        /* A count that could not be made is told already. */
        if (count->cell != cell->cell || isnan(count->candidate))
            continue;
        struct gate_baseline_row keys = row_keys(cell, count->metric);
        const struct gate_baseline_row *stored = row_find(b, &keys);
        char *refusal = row_refusal(stored, count, conditions_get(known, count->metric));
        if (count->repeat == 1 && refusal == NULL)
            out->compared++;
        else if (count->repeat == 1)
            out->incomparable++;
        if (stored != NULL)
            cell_take(cell, stored, rows);
        count_apply(stored, count, refusal, rows);
        g_free(refusal);
    }
}

static bool cell_is_measured(const struct gate_rows *rows, const struct gate_baseline_row *stored) {
    for (guint i = 0; i < rows->cells->len; i++) {
        struct gate_baseline_row keys =
            row_keys(&g_array_index(rows->cells, struct gate_cell_row, i), stored->metric);
        if (row_compare(&keys, stored) == 0)
            return true;
    }
    return false;
}

void gate_baseline_apply(const struct gate_baseline *b, struct gate_rows *rows,
                         gate_baseline_conditions conditions, struct gate_baseline_applied *out) {
    struct conditions_known known = conditions_begin(conditions);
    *out = (struct gate_baseline_applied){.compared = 0};
    for (guint i = 0; i < rows->cells->len; i++)
        cell_apply(b, rows, &g_array_index(rows->cells, struct gate_cell_row, i), &known, out);
    g_hash_table_destroy(known.by_metric);
    for (guint i = 0; i < b->rows->len; i++) {
        const struct gate_baseline_row *stored = row_at(b, i);
        if (cell_is_measured(rows, stored))
            continue;
        if (out->unmeasured++ == 0) {
            char *name = g_strdup_printf("%s %s%s%s", stored->workload,
                                         stored->parameters == NULL ? "" : stored->parameters,
                                         stored->parameters == NULL ? "" : " ", stored->strategy);
            out->unmeasured_first = g_string_chunk_insert(rows->text, name);
            g_free(name);
        }
    }
}
