/*
 * A run as Go's benchmark text.
 *
 *   goos: linux
 *   Unit ns/op better=lower
 *   BenchmarkCreatePointer/bytes=80/strategy=goheap-2  1000000  7.5 ns/op  80 B/op  1 allocs/op
 *
 * The format is https://golang.org/design/14313-benchmark-format, units have their metadata as in
 * golang.org/x/perf/benchfmt. What benchstat does by default decides where things stand:
 * - it makes a table per set of "key: value" lines, so nothing that sets one run apart from another
 *   may be such a line: not the run's name, not a version. Those are comments.
 * - columns are files and rows are names, so two runs compare as they are; a part /strategy=NAME
 *   of a name is a key of its own, so `-col /strategy` compares the strategies of one run.
 * - "-N" at the end of a name is GOMAXPROCS, which package testing leaves out when it is 1. Here it
 *   is the number of threads; a name that ends like that by itself gets its "-1".
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/present/export.h"
#include "harness/store/csv.h"

/*
 * A column and its unit. benchstat takes the part "ns" of a unit's name for nanoseconds, "B" and
 * "bytes" for bytes. What is exact is a count over a fixed number of operations, the same in every
 * repetition; one sample of it is enough, and benchstat says when it was not the same. B/op is not:
 * an allocator may hand out a little more or less to several threads (180.96744, 180.96756 seen).
 * Columns that only lead to others (wall_ns, cpu_ns, rss_start_bytes) have none.
 */
struct export_unit {
    const char *column, *unit, *better;
    bool is_exact;
};

static const struct export_unit export_units[] = {
    {"ns_per_op", "ns/op", "lower", false},
    {"cpu_ns_per_op", "cpu-ns/op", "lower", false},
    {"bytes_per_op", "B/op", "lower", false},
    {"allocs_per_op", "allocs/op", "lower", true},
    {"requested_bytes_per_op", "requested-B/op", "lower", true},
    {"retained_bytes_per_op", "retained-B/op", "lower", false},
    {"rss_peak_bytes", "peak-RSS-bytes", "lower", false},
    {"heap_mapped_bytes_peak", "peak-heap-mapped-bytes", "lower", false},
    {"heap_live_bytes_peak", "peak-heap-live-bytes", "lower", false},
    {"rss_drain_100ms_bytes", "drained-100ms-RSS-bytes", "lower", false},
    {"rss_drain_1s_bytes", "drained-1s-RSS-bytes", "lower", false},
    {"gc_cycles", "gc-cycles", "lower", false},
    {"gc_stw_count", "STW-count", "lower", false},
    {"gc_pause_ns_p50", "p50-STW-ns", "lower", false},
    {"gc_pause_ns_p99", "p99-STW-ns", "lower", false},
    {"gc_pause_ns_max", "max-STW-ns", "lower", false},
    {"gc_pause_ns_total", "total-STW-ns", "lower", false},
    {"gc_assist_ns", "gc-assist-ns", "lower", false},
    {"gc_sweep_ns", "gc-sweep-ns", "lower", false},
    {"gc_bgsweep_count", "gc-bgsweep-spans", NULL, false},
    {"gc_cpu_share", "gc-cpu-share", "lower", false},
    {"gc_mutator_share", "gc-mutator-share", "lower", false},
    {"mmu_1ms", "mmu-1ms", "higher", false},
    {"mmu_10ms", "mmu-10ms", "higher", false},
    {"mmu_50ms", "mmu-50ms", "higher", false},
    {"alloc_delay_ns_max", "max-alloc-delay-ns", "lower", false},
    {"latency_ns_p50", "p50-latency-ns", "lower", false},
    {"latency_ns_p99", "p99-latency-ns", "lower", false},
    {"latency_ns_p999", "p99.9-latency-ns", "lower", false},
    {"latency_ns_max", "max-latency-ns", "lower", false},
    {"minor_faults", "minor-faults", "lower", false},
    {"major_faults", "major-faults", "lower", false},
    {"context_switches", "context-switches", "lower", false},
};

/* ---- lines before the benchmarks ---- */

/* Go's name of what `uname -m` says. */
static const char *goarch_of(const char *machine) {
    static const char *const known[][2] = {
        {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"riscv64", "riscv64"}, {"ppc64le", "ppc64le"}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(machine, known[i][0]) == 0)
            return known[i][1];
    }
    return machine;
}

/* "Linux 6.1.0 x86_64" -> goos: linux, goarch: amd64. */
static void platform_append(GString *out, const struct export *e) {
    char *kernel = export_machine_find(e, "kernel");
    char **words = g_strsplit(kernel != NULL ? kernel : "", " ", -1);
    guint count = g_strv_length(words);
    if (count >= 2) {
        char *os = g_ascii_strdown(words[0], -1);
        g_string_append_printf(out, "goos: %s\ngoarch: %s\n", os, goarch_of(words[count - 1]));
        g_free(os);
    }
    g_strfreev(words);
    g_free(kernel);
}

static void settings_append(GString *out, const struct export *e) {
    char *cpu = export_machine_find(e, "cpu");
    platform_append(out, e);
    g_string_append(out, "pkg: heapmark\n");
    if (cpu != NULL && *cpu != '\0')
        g_string_append_printf(out, "cpu: %s\n", cpu);
    g_free(cpu);
}

/* A line that begins with "#" is none of the format's kinds, so that readers pass over it. */
static void comment_append(GString *out, const char *name, const char *value) {
    char *line = g_utf8_make_valid(value, -1);
    for (char *p = line; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    }
    g_string_append_printf(out, "# %s: %s\n", name, line);
    g_free(line);
}

/* Which allocator stands behind each strategy: rows come strategy by strategy. */
static void strategies_append(GString *out, const struct export *e) {
    const char *last = NULL;
    for (guint i = 0; i < e->rows->len; i++) {
        const struct export_row *row = &g_array_index(e->rows, struct export_row, i);
        const struct record *r = row->record;
        if (last != NULL && strcmp(row->cell->strategy, last) == 0)
            continue;
        last = row->cell->strategy;
        char *value =
            g_strdup_printf("%s = %s %s%s%s", last, r->allocator != NULL ? r->allocator : "?",
                            r->version != NULL ? r->version : "", r->settings != NULL ? " " : "",
                            r->settings != NULL ? r->settings : "");
        comment_append(out, "strategy", value);
        g_free(value);
    }
}

static double unit_value(const struct export_unit *unit, const struct record *r) {
    const struct field *field = field_find(&record_type, unit->column);
    const char *member = (const char *)r + field->offset;
    uint64_t count;
    double real;
    if (field->kind == FIELD_REAL) {
        memcpy(&real, member, sizeof real);
        return real;
    }
    memcpy(&count, member, sizeof count);
    return count == COUNT_EMPTY ? NAN : (double)count;
}

static bool unit_is_used(const struct export_unit *unit, const struct export *e) {
    for (guint i = 0; i < e->rows->len; i++) {
        if (isfinite(unit_value(unit, g_array_index(e->rows, struct export_row, i).record)))
            return true;
    }
    return false;
}

static void units_append(GString *out, const struct export *e) {
    for (size_t i = 0; i < G_N_ELEMENTS(export_units); i++) {
        const struct export_unit *unit = &export_units[i];
        if (unit->better == NULL || !unit_is_used(unit, e))
            continue;
        g_string_append_printf(out, "Unit %s better=%s%s\n", unit->unit, unit->better,
                               unit->is_exact ? " assume=exact" : "");
    }
}

/* ---- benchmarks ---- */

/* "create-pointer" -> "CreatePointer", as the Go twin is called. */
static void camel_append(GString *out, const char *name) {
    char **words = g_strsplit(name, "-", -1);
    for (char **word = words; *word != NULL; word++) {
        (*word)[0] = g_ascii_toupper((*word)[0]);
        export_name_append(out, *word);
    }
    g_strfreev(words);
}

/* Whether a name ends in what readers take for GOMAXPROCS: a dash and digits. */
static bool name_has_threads(const GString *name) {
    size_t digits = strlen(name->str);
    while (digits > 0 && g_ascii_isdigit(name->str[digits - 1]))
        digits--;
    return digits > 0 && digits < name->len && name->str[digits - 1] == '-';
}

static void benchmark_append(GString *out, const struct export_row *row) {
    GString *name = g_string_new("Benchmark");
    uint64_t threads = row->cell->threads != COUNT_EMPTY ? row->cell->threads : 1;
    camel_append(name, row->cell->workload);
    export_keys_append(name, row->cell, '=');
    if (threads > 1 || name_has_threads(name))
        g_string_append_printf(name, "-%" PRIu64, threads);
    g_string_append_printf(out, "%s\t%" PRIu64, name->str, row->record->ops);
    for (size_t i = 0; i < G_N_ELEMENTS(export_units); i++) {
        double value = unit_value(&export_units[i], row->record);
        if (!isfinite(value))
            continue;
        g_string_append_c(out, '\t');
        csv_real_append(out, value);
        g_string_append_printf(out, " %s", export_units[i].unit);
    }
    g_string_append_c(out, '\n');
    g_string_free(name, TRUE);
}

char *export_go_text(const struct export *e) {
    GString *out = g_string_new(NULL);
    comment_append(out, "run", e->run);
    strategies_append(out, e);
    if (e->left_out != NULL)
        comment_append(out, "not exported", e->left_out);
    settings_append(out, e);
    units_append(out, e);
    for (guint i = 0; i < e->rows->len; i++)
        benchmark_append(out, &g_array_index(e->rows, struct export_row, i));
    return g_string_free(out, FALSE);
}
