/* The columns that can be compared, and in which words. */
#include "harness/analyze/compare_metric.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "harness/base/text.h"

/* What people ask for first stands first; a column without a line here is plain "more" or "less".
 */
/* The column's name is the heading where NULL stands. */
#define METRIC(column_, heading_, up_, down_, unit_, ...)                                          \
    { .column = column_, .heading = heading_, .up = up_, .down = down_, .unit = unit_, __VA_ARGS__ }
static const struct compare_metric metrics[] = {
    METRIC("ns_per_op", "ns/op", "slower", "faster", COMPARE_PLAIN, .is_initial = true),
    METRIC("cpu_ns_per_op", "cpu ns/op", "more CPU", "less CPU", COMPARE_PLAIN, .is_initial = true),
    METRIC("bytes_per_op", "B/op", "more", "less", COMPARE_COUNT, .is_exact = true,
           .is_initial = true),
    METRIC("allocs_per_op", "allocs/op", "more", "fewer", COMPARE_COUNT, .is_exact = true,
           .is_initial = true),
    METRIC("rss_peak_bytes", "peak RSS", "more", "less", COMPARE_MEMORY, .is_initial = true),
    METRIC("gc_pause_ns_max", "longest pause", "longer", "shorter", COMPARE_TIME,
           .is_initial = true),
    METRIC("requested_bytes_per_op", NULL, "more", "less", COMPARE_COUNT, .is_exact = true),
    METRIC("retained_bytes_per_op", NULL, "more", "less", COMPARE_COUNT, .is_exact = true),
    METRIC("rss_start_bytes", NULL, "more", "less", COMPARE_MEMORY, .is_exact = false),
    METRIC("heap_mapped_bytes_peak", NULL, "more", "less", COMPARE_MEMORY, .is_exact = false),
    METRIC("heap_live_bytes_peak", NULL, "more", "less", COMPARE_MEMORY, .is_exact = false),
    METRIC("gc_cycles", "GCs", "more", "fewer", COMPARE_COUNT, .is_exact = false),
    METRIC("gc_stw_count", NULL, "more", "fewer", COMPARE_COUNT, .is_exact = false),
    METRIC("wall_ns", NULL, "slower", "faster", COMPARE_TIME, .is_exact = false),
    METRIC("cpu_ns", NULL, "more CPU", "less CPU", COMPARE_TIME, .is_exact = false),
    METRIC("gc_pause_ns_p50", NULL, "longer", "shorter", COMPARE_TIME, .is_exact = false),
    METRIC("gc_pause_ns_p99", NULL, "longer", "shorter", COMPARE_TIME, .is_exact = false),
    METRIC("gc_pause_ns_total", NULL, "longer", "shorter", COMPARE_TIME, .is_exact = false),
    METRIC("gc_assist_ns", NULL, "more", "less", COMPARE_TIME, .is_exact = false),
    METRIC("gc_sweep_ns", NULL, "more", "less", COMPARE_TIME, .is_exact = false),
    METRIC("alloc_delay_ns_max", NULL, "longer", "shorter", COMPARE_TIME, .is_exact = false),
    METRIC("mmu_1ms", NULL, "better", "worse", COMPARE_PLAIN, .more_is_better = true),
    METRIC("mmu_10ms", NULL, "better", "worse", COMPARE_PLAIN, .more_is_better = true),
    METRIC("mmu_50ms", NULL, "better", "worse", COMPARE_PLAIN, .more_is_better = true),
};

/* Who ran, on what and how often is no cost. */
static bool field_is_metric(const struct field *field) {
    return field->kind != FIELD_TEXT && strcmp(field->group, "identity") != 0;
}

static struct compare_metric metric_of(const struct field *field) {
    struct compare_metric metric = {.column = field->name, .up = "more", .down = "less"};
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++) {
        if (strcmp(metrics[i].column, field->name) == 0)
            metric = metrics[i];
    }
    metric.heading = metric.heading != NULL ? metric.heading : field->name;
    metric.field = field;
    return metric;
}

/* Every metric: those of the table in its order, then the other columns in theirs. */
static GArray *metrics_all(void) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct compare_metric));
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++) {
        const struct field *field = field_find(&record_type, metrics[i].column);
        g_assert(field != NULL && field_is_metric(field));
        struct compare_metric metric = metric_of(field);
        g_array_append_val(all, metric);
    }
    for (size_t f = 0; f < record_type.field_count; f++) {
        const struct field *field = &record_type.fields[f];
        bool known = !field_is_metric(field);
        for (size_t i = 0; i < G_N_ELEMENTS(metrics) && !known; i++)
            known = strcmp(metrics[i].column, field->name) == 0;
        if (!known) {
            struct compare_metric metric = metric_of(field);
            g_array_append_val(all, metric);
        }
    }
    return all;
}

static void metrics_add(GArray *chosen, const struct compare_metric *metric) {
    for (guint i = 0; i < chosen->len; i++) {
        if (g_array_index(chosen, struct compare_metric, i).field == metric->field)
            return;
    }
    g_array_append_vals(chosen, metric, 1);
}

static bool metric_matches(const struct compare_metric *metric, const char *pattern) {
    return strcmp(pattern, "all") == 0 || strcmp(pattern, metric->heading) == 0 ||
           fnmatch(pattern, metric->column, 0) == 0;
}

static bool metrics_match(GArray *chosen, const GArray *all, const char *pattern) {
    bool found = false;
    for (guint i = 0; i < all->len; i++) {
        const struct compare_metric *metric = &g_array_index(all, struct compare_metric, i);
        if (metric_matches(metric, pattern)) {
            metrics_add(chosen, metric);
            found = true;
        }
    }
    return found;
}

static bool metric_unknown(const GArray *all, const char *name, struct error *err) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const struct compare_metric *metric = &g_array_index(all, struct compare_metric, i);
        g_ptr_array_add(names, (gpointer)metric->column);
        g_ptr_array_add(names, (gpointer)metric->heading);
    }
    g_ptr_array_add(names, NULL);
    char *advice = nearest_advice(name, (const char *const *)names->pdata);
    error_set(err, EXIT_USAGE, "no metric is called \"%s\"%s", name,
              *advice != '\0' ? advice : "; it is a numeric column of records.csv, or all");
    g_free(advice);
    g_ptr_array_unref(names);
    return false;
}

GArray *compare_metrics_choose(const char *list, struct error *err) {
    GArray *all = metrics_all();
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(struct compare_metric));
    GPtrArray *names = list_split(list != NULL ? list : "", ',');
    bool ok = true;
    for (guint i = 0; list == NULL && i < all->len; i++) {
        const struct compare_metric *metric = &g_array_index(all, struct compare_metric, i);
        if (metric->is_initial)
            metrics_add(chosen, metric);
    }
    for (guint i = 0; list != NULL && i < names->len && ok; i++) {
        const char *name = g_ptr_array_index(names, i);
        ok = metrics_match(chosen, all, name) || metric_unknown(all, name, err);
    }
    g_ptr_array_unref(names);
    g_array_unref(all);
    if (!ok)
        g_clear_pointer(&chosen, g_array_unref);
    return chosen;
}

double compare_metric_value(const struct compare_metric *metric, const struct record *record) {
    const char *member = (const char *)record + metric->field->offset;
    if (metric->field->kind == FIELD_REAL)
        return *(const double *)(const void *)member;
    uint64_t count = *(const uint64_t *)(const void *)member;
    return count == COUNT_EMPTY ? NAN : (double)count;
}
