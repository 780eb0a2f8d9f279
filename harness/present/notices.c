/* What is worth saying about a run, and when. */
#include "harness/present/notices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPETITIONS_LEAST = 5, NAMES_SHOWN = 3 };

/* A quarter of the machine at work for others disturbs one thread now and then. */
#define LOAD_PER_CPU_MOST 0.25
#define GAP_TO_GROUP      3.0
#define GAP_TO_VALUE      0.1

static const struct {
    const char *why, *advice;
} notice_texts[NOTICE_KINDS] = {
    [NOTICE_DEBUG_BUILD] = {"assertions and missing optimisation are part of every time",
                            "build with -DCMAKE_BUILD_TYPE=RelWithDebInfo before comparing times"},
    [NOTICE_LEFT_OUT] = {"its strategies cannot be measured",
                         "build everything again, so that heapmark and its cell programs agree"},
    [NOTICE_UNAVAILABLE] = {"they are recorded as unavailable and not compared",
                            "scripts/setup installs every allocator that heapmark knows"},
    [NOTICE_BUSY] = {"other work takes CPU time and cache, and widens the spread",
                     "wait until the machine is idle, or bind to quiet CPUs with --cpus"},
    [NOTICE_GOVERNOR] = {"the clock rate changes while measuring, so times are not comparable",
                         "set it to performance: cpupower frequency-set -g performance"},
    [NOTICE_REPETITIONS] = {"the spread of so few repetitions says little",
                            "use --repetitions 5 or more"},
    [NOTICE_THREADS] = {"threads wait for each other's CPUs, and that is what is measured",
                        "ask for no more --threads than there are CPUs"},
    [NOTICE_COUNTERS] = {"their columns stay empty; the times are not affected",
                         "heapmark doctor tells what can be counted here, and what would help"},
    [NOTICE_BIMODAL] = {"the median is one of two behaviours, and which one is chance",
                        "look at the repetitions in records.csv; more of them tell the two apart"},
};

void notices_init(struct notices *n) {
    n->items = g_array_new(FALSE, FALSE, sizeof(struct notice));
}

void notices_release(struct notices *n) {
    for (guint i = 0; i < n->items->len; i++)
        g_free(g_array_index(n->items, struct notice, i).seen);
    g_array_free(n->items, TRUE);
    n->items = NULL;
}

void notices_add(struct notices *n, enum notice_kind kind, char *seen) {
    struct notice notice = {.kind = kind, .seen = seen};
    if (seen != NULL)
        g_array_append_val(n->items, notice);
}

const char *notice_why(enum notice_kind kind) {
    return notice_texts[kind].why;
}

const char *notice_advice(enum notice_kind kind) {
    return notice_texts[kind].advice;
}

void notices_print(struct notices *n, FILE *stream) {
    for (guint i = 0; i < n->items->len; i++) {
        struct notice *notice = &g_array_index(n->items, struct notice, i);
        fprintf(stream, "notice: %s\n  why it matters: %s\n  what to do: %s\n", notice->seen,
                notice_why(notice->kind), notice_advice(notice->kind));
        g_free(notice->seen);
    }
    g_array_set_size(n->items, 0);
}

char *busy_seen(double load, unsigned cpus) {
    if (!(load > LOAD_PER_CPU_MOST * cpus))
        return NULL;
    return g_strdup_printf("the machine is busy: load %.2f on %u CPU%s", load, cpus,
                           cpus == 1 ? "" : "s");
}

char *governor_seen(const char *governor) {
    if (governor == NULL || strcmp(governor, "performance") == 0)
        return NULL;
    return g_strdup_printf("CPU frequency scaling is on: governor %s", governor);
}

char *repetitions_seen(unsigned repetitions) {
    if (repetitions >= REPETITIONS_LEAST)
        return NULL;
    return g_strdup_printf("%u repetition%s a cell", repetitions, repetitions == 1 ? "" : "s");
}

char *threads_seen(unsigned threads, unsigned cpus) {
    if (threads <= cpus)
        return NULL;
    return g_strdup_printf("%u threads on %u CPU%s", threads, cpus, cpus == 1 ? "" : "s");
}

static int value_compare(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Tries every cut that leaves two values on either side. */
bool values_are_bimodal(const double *values, size_t count) {
    if (count < 4)
        return false;
    double *sorted = g_memdup2(values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, value_compare);
    bool found = false;
    for (size_t cut = 2; !found && cut + 2 <= count; cut++) {
        double gap = sorted[cut] - sorted[cut - 1];
        double lower = sorted[cut - 1] - sorted[0], upper = sorted[count - 1] - sorted[cut];
        found =
            gap > GAP_TO_GROUP * fmax(lower, upper) && gap > GAP_TO_VALUE * fabs(sorted[cut - 1]);
    }
    g_free(sorted);
    return found;
}

/* "a, b, c and 4 more"; names are of char *. */
static char *names_join(const GPtrArray *names) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < names->len && i < NAMES_SHOWN; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(names, i));
    if (names->len > NAMES_SHOWN)
        g_string_append_printf(out, " and %u more", names->len - NAMES_SHOWN);
    return g_string_free(out, FALSE);
}

static char *cell_name(const struct record *r) {
    char *threads =
        r->threads > 1 ? g_strdup_printf(" threads=%" G_GUINT64_FORMAT, r->threads) : g_strdup("");
    char *name = g_strdup_printf("%s%s%s%s under %s", r->workload, r->parameters == NULL ? "" : " ",
                                 r->parameters == NULL ? "" : r->parameters, threads, r->strategy);
    g_free(threads);
    return name;
}

static void values_free(void *values) {
    g_array_free(values, TRUE);
}

/* ns_per_op of the ok records, as GArray * by cell name; *order lists the names as first met. */
static GHashTable *times_by_cell(const struct run_rows *rows, GPtrArray *order) {
    GHashTable *cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, values_free);
    for (guint i = 0; i < rows->records->len; i++) {
        const struct record *r = &g_array_index(rows->records, struct record, i);
        if (g_strcmp0(r->status, "ok") != 0 || isnan(r->ns_per_op))
            continue;
        char *name = cell_name(r);
        GArray *values = g_hash_table_lookup(cells, name);
        if (values == NULL) {
            values = g_array_new(FALSE, FALSE, sizeof(double));
            g_hash_table_insert(cells, name, values);
            g_ptr_array_add(order, name);
        } else {
            g_free(name);
        }
        g_array_append_val(values, r->ns_per_op);
    }
    return cells;
}

char *bimodal_seen(const struct run_rows *rows) {
    GPtrArray *order = g_ptr_array_new(), *found = g_ptr_array_new();
    GHashTable *cells = times_by_cell(rows, order);
    for (guint i = 0; i < order->len; i++) {
        const GArray *values = g_hash_table_lookup(cells, g_ptr_array_index(order, i));
        if (values_are_bimodal((const double *)(const void *)values->data, values->len))
            g_ptr_array_add(found, g_ptr_array_index(order, i));
    }
    char *seen = NULL;
    if (found->len > 0) {
        char *names = names_join(found);
        seen = g_strdup_printf("the times fall into two groups: %s", names);
        g_free(names);
    }
    g_hash_table_destroy(cells);
    g_ptr_array_free(order, TRUE);
    g_ptr_array_free(found, TRUE);
    return seen;
}

static bool names_have(const GPtrArray *names, const char *name) {
    for (guint i = 0; i < names->len; i++) {
        if (strcmp(g_ptr_array_index(names, i), name) == 0)
            return true;
    }
    return false;
}

char *counters_seen(const struct run_rows *rows) {
    GPtrArray *found = g_ptr_array_new();
    const char *reason = NULL;
    for (guint i = 0; i < rows->counters->len; i++) {
        const struct counter_row *row = &g_array_index(rows->counters, struct counter_row, i);
        if (row->event == NULL || g_strcmp0(row->counter_status, "ok") == 0 ||
            names_have(found, row->event))
            continue;
        if (reason == NULL)
            reason = row->reason;
        g_ptr_array_add(found, (char *)row->event);
    }
    char *seen = NULL;
    if (found->len > 0) {
        char *names = names_join(found);
        seen = g_strdup_printf("not counted: %s: %s", names,
                               reason == NULL ? "no reason given" : reason);
        g_free(names);
    }
    g_ptr_array_free(found, TRUE);
    return seen;
}
