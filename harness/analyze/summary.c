/* Groups records by cell and estimates every numeric column of the ok ones. */
#include "harness/analyze/summary.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[CELL_STATUS_COUNT] = {
    [CELL_STATUS_OK] = "ok",           [CELL_STATUS_SKIPPED] = "skipped",
    [CELL_STATUS_WRONG] = "wrong",     [CELL_STATUS_UNAVAILABLE] = "unavailable",
    [CELL_STATUS_CRASHED] = "crashed", [CELL_STATUS_TIMEOUT] = "timeout",
    [CELL_STATUS_OOM] = "oom",         [CELL_STATUS_KILLED] = "killed",
    [CELL_STATUS_UNKNOWN] = "unknown",
};

const char *cell_status_name(enum cell_status status) {
    return status_names[status];
}

bool cell_status_is_failure(enum cell_status status) {
    return status >= CELL_STATUS_WRONG;
}

static enum cell_status status_of(const char *word) {
    for (int status = 0; word != NULL && status < CELL_STATUS_UNKNOWN; status++) {
        if (strcmp(word, status_names[status]) == 0) {
            return (enum cell_status)status;
        }
    }
    return CELL_STATUS_UNKNOWN;
}

static const char *text_or_empty(const char *text) {
    return text != NULL ? text : "";
}

static struct cell_summary *cell_new(const struct record *r) {
    struct cell_summary *cell = g_new0(struct cell_summary, 1);
    cell->strategy = text_or_empty(r->strategy);
    cell->binding = text_or_empty(r->binding);
    cell->workload = text_or_empty(r->workload);
    cell->group = text_or_empty(r->group);
    cell->parameters = text_or_empty(r->parameters);
    cell->threads = r->threads;
    cell->reason = "";
    cell->ok = g_ptr_array_new();
    return cell;
}

static void cell_free(gpointer pointer) {
    struct cell_summary *cell = pointer;
    g_ptr_array_unref(cell->ok);
    g_free(cell->estimates);
    g_free(cell);
}

static void cell_count(struct cell_summary *cell, const struct record *r) {
    enum cell_status status = status_of(r->status);
    cell->records[status]++;
    if (status > cell->problem) {
        cell->problem = status;
        cell->reason = text_or_empty(r->reason);
    }
}

static double field_value(const struct field *field, const struct record *r) {
    const char *member = (const char *)r + field->offset;
    if (field->kind == FIELD_REAL) {
        return *(const double *)(const void *)member;
    }
    uint64_t count = *(const uint64_t *)(const void *)member;
    return count == COUNT_EMPTY ? NAN : (double)count;
}

static double field_value_of(const struct record *r, const void *context) {
    return field_value(context, r);
}

struct estimate cell_estimate_by(const struct cell_summary *cell,
                                 double (*value)(const struct record *record, const void *context),
                                 const void *context) {
    double *values = g_new(double, cell->ok->len + 1);
    for (guint i = 0; i < cell->ok->len; i++) {
        values[i] = value(g_ptr_array_index(cell->ok, i), context);
    }
    struct estimate e = estimate_of(values, cell->ok->len);
    g_free(values);
    return e;
}

static void cell_estimate_all(struct cell_summary *cell) {
    cell->estimates = g_new0(struct estimate, record_type.field_count);
    for (size_t f = 0; f < record_type.field_count; f++) {
        const struct field *field = &record_type.fields[f];
        if (field->kind != FIELD_TEXT) {
            cell->estimates[f] = cell_estimate_by(cell, field_value_of, field);
        }
    }
}

static void strategies_add(struct run_summary *s, const char *name) {
    for (guint i = 0; i < s->strategies->len; i++) {
        if (strcmp(g_ptr_array_index(s->strategies, i), name) == 0) {
            return;
        }
    }
    g_ptr_array_add(s->strategies, (gpointer)name);
}

/* A strategy of the order that no row has is not of this run's results. */
static void strategies_order(struct run_summary *s, const GPtrArray *order) {
    for (guint i = 0; order != NULL && i < order->len; i++) {
        for (guint row = 0; row < s->rows->records->len; row++) {
            const char *name =
                text_or_empty(g_array_index(s->rows->records, struct record, row).strategy);
            if (strcmp(name, g_ptr_array_index(order, i)) == 0) {
                strategies_add(s, name);
                break;
            }
        }
    }
    for (guint row = 0; row < s->rows->records->len; row++) {
        strategies_add(s,
                       text_or_empty(g_array_index(s->rows->records, struct record, row).strategy));
    }
}

static unsigned strategies_index(const struct run_summary *s, const char *name) {
    unsigned index = 0;
    while (strcmp(g_ptr_array_index(s->strategies, index), name) != 0) {
        index++;
    }
    return index;
}

static int cell_compare(gconstpointer x, gconstpointer y) {
    const struct cell_summary *a = *(struct cell_summary *const *)x;
    const struct cell_summary *b = *(struct cell_summary *const *)y;
    int order = strverscmp(a->group, b->group);
    order = order != 0 ? order : strverscmp(a->workload, b->workload);
    order = order != 0 ? order : strverscmp(a->parameters, b->parameters);
    order = order != 0 ? order : (a->threads > b->threads) - (a->threads < b->threads);
    return order != 0
               ? order
               : (a->strategy_index > b->strategy_index) - (a->strategy_index < b->strategy_index);
}

static char *cell_key(const struct record *r) {
    return g_strdup_printf("%s\n%s\n%s\n%" G_GUINT64_FORMAT, text_or_empty(r->strategy),
                           text_or_empty(r->workload), text_or_empty(r->parameters), r->threads);
}

/* cells: text of cell_key -> struct cell_summary *. */
static struct cell_summary *summary_cell_get(struct run_summary *s, GHashTable *cells,
                                             const struct record *r) {
    char *key = cell_key(r);
    struct cell_summary *cell = g_hash_table_lookup(cells, key);
    if (cell != NULL) {
        g_free(key);
        return cell;
    }
    cell = cell_new(r);
    cell->strategy_index = strategies_index(s, cell->strategy);
    g_ptr_array_add(s->cells, cell);
    g_hash_table_insert(cells, key, cell);
    return cell;
}

static void summary_add(struct run_summary *s, GHashTable *cells, struct record *r) {
    struct cell_summary *cell = summary_cell_get(s, cells, r);
    cell_count(cell, r);
    if (status_of(r->status) == CELL_STATUS_OK) {
        g_ptr_array_add(cell->ok, r);
        g_hash_table_insert(s->records, &r->record, r);
    }
}

void summary_build(struct run_summary *s, const struct run_rows *rows, const GPtrArray *order) {
    GHashTable *cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    s->rows = rows;
    s->cells = g_ptr_array_new_with_free_func(cell_free);
    s->strategies = g_ptr_array_new();
    s->records = g_hash_table_new(g_int64_hash, g_int64_equal);
    strategies_order(s, order);
    for (guint i = 0; i < rows->records->len; i++) {
        summary_add(s, cells, &g_array_index(rows->records, struct record, i));
    }
    for (guint i = 0; i < s->cells->len; i++) {
        cell_estimate_all(g_ptr_array_index(s->cells, i));
    }
    g_hash_table_unref(cells);
    g_ptr_array_sort(s->cells, cell_compare);
}

void summary_release(struct run_summary *s) {
    g_ptr_array_unref(s->cells);
    g_ptr_array_unref(s->strategies);
    g_hash_table_unref(s->records);
}

const struct estimate *cell_estimate(const struct cell_summary *cell, const char *column) {
    const struct field *field = field_find(&record_type, column);
    assert(field != NULL && field->kind != FIELD_TEXT);
    return &cell->estimates[field - record_type.fields];
}

bool cell_has(const struct cell_summary *cell, const char *column) {
    return cell_estimate(cell, column)->count > 0;
}

bool cells_same_work(const struct cell_summary *a, const struct cell_summary *b) {
    return strcmp(a->workload, b->workload) == 0 && strcmp(a->parameters, b->parameters) == 0 &&
           a->threads == b->threads;
}

const struct cell_summary *summary_find(const struct run_summary *s,
                                        const struct cell_summary *work, unsigned strategy_index) {
    for (guint i = 0; i < s->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(s->cells, i);
        if (cell->strategy_index == strategy_index && cells_same_work(cell, work)) {
            return cell;
        }
    }
    return NULL;
}

bool cell_parameter(const struct cell_summary *cell, const char *name, double *value) {
    size_t length = strlen(name);
    for (const char *word = cell->parameters; word != NULL;) {
        if (strncmp(word, name, length) == 0 && word[length] == '=') {
            char *end;
            *value = strtod(word + length + 1, &end);
            return end > word + length + 1;
        }
        word = strchr(word, ' ');
        word = word == NULL ? NULL : word + 1;
    }
    return false;
}

const struct record *summary_record_find(const struct run_summary *s, uint64_t number) {
    gint64 key = (gint64)number;
    return g_hash_table_lookup(s->records, &key);
}
