/* The metrics of the exact tier: where each is in a run, and the rows of counts.csv made of them.
 */
#include "harness/run/gate_counts_rows.h"

#include <math.h>

static double count_real(uint64_t count) {
    return count == COUNT_EMPTY ? NAN : (double)count;
}

static double run_allocs(const struct count_run *run) {
    return count_real(run->totals.allocs);
}

static double run_bytes(const struct count_run *run) {
    return count_real(run->totals.bytes);
}

static double run_requested_bytes(const struct count_run *run) {
    return count_real(run->totals.requested_bytes);
}

static double run_retained_bytes(const struct count_run *run) {
    return run->totals.retained_bytes == INT64_MIN ? NAN : (double)run->totals.retained_bytes;
}

static double run_syscalls(const struct count_run *run, enum syscall_kind kind) {
    const struct syscall_count *s = &run->syscalls;
    if (s->refusal != NULL)
        return NAN;
    return (double)(s->is_marked ? s->measured[kind] : s->calls[kind]);
}

#define RUN_SYSCALLS(name, kind)                                                                   \
    static double name(const struct count_run *run) {                                              \
        return run_syscalls(run, kind);                                                            \
    }
RUN_SYSCALLS(run_mmap_calls, SYSCALL_MMAP)
RUN_SYSCALLS(run_munmap_calls, SYSCALL_MUNMAP)
RUN_SYSCALLS(run_mremap_calls, SYSCALL_MREMAP)
RUN_SYSCALLS(run_madvise_calls, SYSCALL_MADVISE)
RUN_SYSCALLS(run_brk_calls, SYSCALL_BRK)

static double run_minor_faults(const struct count_run *run) {
    return count_real(run->observation.record.minor_faults);
}

static double run_instructions(const struct count_run *run) {
    return count_real(run->instructions);
}

struct counted_metric {
    const char *name;
    double (*count)(const struct count_run *run);
    unsigned metrics;  /* the bit that asks for it */
    bool is_of_totals; /* over totals.operations, and not of commands */
};

static const struct counted_metric native_metrics[] = {
    {"allocs", run_allocs, GATE_COUNT_ALLOCATION, true},
    {"bytes", run_bytes, GATE_COUNT_ALLOCATION, true},
    {"requested_bytes", run_requested_bytes, GATE_COUNT_ALLOCATION, true},
    {"retained_bytes", run_retained_bytes, GATE_COUNT_ALLOCATION, true},
    {"mmap_calls", run_mmap_calls, GATE_COUNT_MMAP_CALLS, false},
    {"munmap_calls", run_munmap_calls, GATE_COUNT_MMAP_CALLS, false},
    {"mremap_calls", run_mremap_calls, GATE_COUNT_MMAP_CALLS, false},
    {"madvise_calls", run_madvise_calls, GATE_COUNT_MMAP_CALLS, false},
    {"brk_calls", run_brk_calls, GATE_COUNT_MMAP_CALLS, false},
    {"minor_faults", run_minor_faults, GATE_COUNT_MINOR_FAULTS, false},
};

static const struct counted_metric instructions_metric = {"instructions", run_instructions,
                                                          GATE_COUNT_INSTRUCTIONS, false};

static void rows_add(const struct counts *c, const struct gate_count_row *row) {
    struct gate_count_row added = *row;
    added.cell = c->pair->number;
    added.reason = row->reason == NULL ? NULL : g_string_chunk_insert(c->rows->text, row->reason);
    g_array_append_val(c->rows->counts, added);
}

/* Why a side has no number of a metric. */
static char *count_reason(const struct counted_metric *metric, const struct count_run *run) {
    if (metric->count == run_instructions)
        return g_strdup_printf("not under valgrind: %s: %s", run->status,
                               run->reason == NULL ? "" : run->reason);
    if (metric->metrics == GATE_COUNT_MMAP_CALLS)
        return g_strdup_printf("%s is not permitted here (%s): allow it in the container, or run "
                               "outside of it",
                               run->syscalls.refusal, g_strerror(run->syscalls.error_number));
    if (metric->is_of_totals && run->totals.operations == COUNT_EMPTY)
        return g_strdup(
            "its cell program reports no totals: its runtime allocates for itself, too");
    return g_strdup("the allocator cannot tell it");
}

static uint64_t count_operations(const struct counted_metric *metric, const struct count_run *run) {
    return metric->is_of_totals ? run->totals.operations : run->observation.record.ops;
}

/* One repeat of a metric. A metric of which no side has a number is told once. */
static void rows_add_count(const struct counts *c, const struct counted_metric *metric,
                           unsigned repeat, const struct counts_runs *runs) {
    const struct count_run *base = &runs->sides[0], *candidate = &runs->sides[1];
    const bool has_base = counts_side_is_there(c->sides[0]);
    struct gate_count_row row = {.metric = metric->name,
                                 .repeat = repeat,
                                 .operations = count_operations(metric, candidate),
                                 .base = has_base ? metric->count(base) : NAN,
                                 .candidate = metric->count(candidate)};
    char *reason = NULL;
    if (isnan(row.candidate))
        reason = count_reason(metric, candidate);
    else if (has_base && isnan(row.base))
        reason = count_reason(metric, base);
    if (isnan(row.base) && isnan(row.candidate) && repeat > 1) {
        g_free(reason);
        return;
    }
    row.reason = reason;
    rows_add(c, &row);
    g_free(reason);
}

/* A number of one kind for both sides: between the marks when both have them. */
static void runs_agree_on_marks(const struct counts *c, struct counts_runs *runs) {
    struct syscall_count *base = &runs->sides[0].syscalls, *candidate = &runs->sides[1].syscalls;
    if (counts_side_is_there(c->sides[0]) && base->is_marked != candidate->is_marked)
        base->is_marked = candidate->is_marked = false;
}

static bool is_asked_for(const struct counts *c, const struct counted_metric *metric) {
    return (c->request->metrics & metric->metrics) != 0 &&
           (!metric->is_of_totals || c->sides[1]->cell != NULL);
}

static bool are_same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static bool metric_is_equal(const struct counts *c, const struct counted_metric *metric,
                            const struct counts_runs *runs, unsigned repeats) {
    double first = metric->count(&runs[0].sides[1]);
    bool ok = true;
    for (unsigned i = 0; ok && i < repeats; i++) {
        ok = are_same(metric->count(&runs[i].sides[1]), first) &&
             (!counts_side_is_there(c->sides[0]) ||
              are_same(metric->count(&runs[i].sides[0]), first));
    }
    return ok;
}

bool counts_are_equal(const struct counts *c, const struct counts_runs *runs, unsigned repeats) {
    bool ok = true;
    for (size_t m = 0; ok && m < G_N_ELEMENTS(native_metrics); m++)
        ok = !is_asked_for(c, &native_metrics[m]) ||
             metric_is_equal(c, &native_metrics[m], runs, repeats);
    return ok;
}

void counts_add_native(const struct counts *c, struct counts_runs *runs, unsigned repeats) {
    for (unsigned i = 0; i < repeats; i++)
        runs_agree_on_marks(c, &runs[i]);
    for (size_t m = 0; m < G_N_ELEMENTS(native_metrics); m++) {
        const struct counted_metric *metric = &native_metrics[m];
        if (!is_asked_for(c, metric))
            continue;
        for (unsigned i = 0; i < repeats; i++)
            rows_add_count(c, metric, i + 1, &runs[i]);
    }
}

void counts_add_instructions(const struct counts *c, unsigned repeat,
                             const struct counts_runs *runs) {
    rows_add_count(c, &instructions_metric, repeat, runs);
}

void counts_add_no_instructions(const struct counts *c, const char *reason) {
    rows_add(c, &(struct gate_count_row){.metric = instructions_metric.name,
                                         .repeat = 1,
                                         .operations = COUNT_EMPTY,
                                         .base = NAN,
                                         .candidate = NAN,
                                         .reason = reason});
}
