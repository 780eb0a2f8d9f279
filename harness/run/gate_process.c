/* Blocks of whole processes, by the executor that run uses. */
#include "harness/run/gate_process.h"

#include <math.h>
#include <string.h>

#include "harness/run/executor.h"
#include "harness/run/gate_time_random.h"
#include "harness/run/gate_time_row.h"
#include "harness/run/gate_time_side.h"

#define NS_PER_MS     UINT64_C(1000000)
#define RUN_NS_WANTED (30 * NS_PER_MS)
#define RUN_NS_MOST   (200 * NS_PER_MS) /* to have enough collections */

enum {
    COLLECTIONS_WANTED = 11, /* one more than the 10 that there must be */
    GROWTH_MOST = 20,        /* beyond the workload's own number of operations */
    SIDE_RUNS = 2,
    BLOCK_RUNS = 2 * SIDE_RUNS,
    MEMORY_SLICES = 10 /* a process that shows memory and pauses does the work of so many slices */
};

/* What a block takes of each record. */
static const struct {
    const char *name;
    bool is_time;
    bool may_be_none; /* a run without it has none, and is no failure to measure */
} metrics[] = {{"wall_ns", true, false},
               {"rss_peak_bytes", false, false},
               {"gc_pause_ns_max", false, true},
               {"gc_pause_ns_p99", false, true}};

enum { METRICS = G_N_ELEMENTS(metrics) };

/* Runs of one pair, one after the other. */
struct relay {
    const struct gate_pair *pair;
    const struct gate_block_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
    struct gate_random random;
    struct gate_layout layout;
    struct config config; /* the options' with the operations and counters of these runs */
    struct executor *executor;
    struct observation seen; /* of the last run */
    bool is_failed;          /* the cell has its status */
};

static bool relay_init(struct relay *r, uint64_t operations, struct error *err) {
    r->random = gate_random_of(r->options->seed, r->pair->number, r->request->block);
    r->layout = gate_layout_draw(&r->random);
    r->layout.process.stack_limit_bytes = 0; /* it would be that of every thread's stack, too */
    r->config = *r->options->config;
    r->config.ops = operations;
    r->config.counters = (char *)""; /* opening them is work that nobody looks at */
    r->is_failed = false;
    r->executor =
        executor_process_new(&(struct process_options){.config = &r->config,
                                                       .link_dir = r->options->link_dir,
                                                       .interrupted = r->options->interrupted,
                                                       .layout = &r->layout.process},
                             err);
    if (r->executor == NULL)
        return false;
    observation_init(&r->seen);
    return true;
}

static void relay_release(struct relay *r) {
    observation_release(&r->seen);
    r->executor->release(r->executor);
}

static bool relay_lives(const struct relay *r, bool ok) {
    return ok && !r->is_failed;
}

/* One process of a side; its record is in seen. */
static bool relay_run(struct relay *r, bool is_candidate, struct error *err) {
    bool is_other = is_candidate && !r->request->is_aa;
    struct gate_start start;
    struct gate_start_request request = {
        .cell = is_other ? r->pair->candidate.cell : r->pair->base.cell,
        .link_dir = gate_is_block(r->request) ? r->options->link_dir : NULL,
        .is_copy = is_candidate && r->request->is_aa,
        .is_aa = r->request->is_aa,
        .padding_bytes = r->layout.padding_bytes};
    if (!gate_start_init(&start, &request, err))
        return false;
    observation_clear(&r->seen);
    bool ok = r->executor->execute(r->executor, &start.cell, 1, &r->seen, err);
    gate_start_release(&start);
    const struct record *record = &r->seen.record;
    if (ok && strcmp(record->status, "ok") != 0) {
        gate_cell_fail(r->pair, r->rows, gate_party_of(r->request, is_candidate), record->status,
                       record->reason);
        r->is_failed = true;
    }
    return ok;
}

/* ---- blocks ---- */

static double column_value(const struct record *record, const char *name) {
    const struct field *field = field_find(&record_type, name);
    const char *member = (const char *)record + field->offset;
    uint64_t count = *(const uint64_t *)(const void *)member;
    return count == COUNT_EMPTY || count == 0 ? NAN : (double)count;
}

/* Values of a block's runs by metric, in the order in which they ran. */
struct relay_values {
    double value[METRICS][BLOCK_RUNS];
    bool is_candidate[BLOCK_RUNS];
    char *checksum; /* of the first run */
};

static void relay_differ(struct relay *r, const char *checksum) {
    char *reason =
        g_strdup_printf("checksum %s differs from %s of another process for the same work",
                        r->seen.record.checksum, checksum);
    gate_cell_fail(r->pair, r->rows, gate_party_of(r->request, true), "wrong", reason);
    g_free(reason);
    r->is_failed = true;
}

static bool relay_take(struct relay *r, struct relay_values *v, int run, struct error *err) {
    bool ok = relay_run(r, v->is_candidate[run], err);
    if (!relay_lives(r, ok))
        return ok;
    for (size_t m = 0; m < METRICS; m++)
        v->value[m][run] = column_value(&r->seen.record, metrics[m].name);
    if (v->checksum == NULL)
        v->checksum = g_strdup(r->seen.record.checksum);
    else if (strcmp(v->checksum, r->seen.record.checksum) != 0)
        relay_differ(r, v->checksum);
    return true;
}

/* A side's runs that have a metric. */
static int side_runs(const struct relay_values *v, size_t metric, bool is_candidate) {
    int count = 0;
    for (int run = 0; run < BLOCK_RUNS; run++)
        count += v->is_candidate[run] == is_candidate && !isnan(v->value[metric][run]);
    return count;
}

/* Mean over a side's runs that have it; of none, 0 where that is a value. */
static double side_mean(const struct relay_values *v, size_t metric, bool is_candidate) {
    double sum = 0;
    int count = side_runs(v, metric, is_candidate);
    for (int run = 0; run < BLOCK_RUNS; run++) {
        if (v->is_candidate[run] == is_candidate && !isnan(v->value[metric][run]))
            sum += v->value[metric][run];
    }
    return count > 0 ? sum / count : metrics[metric].may_be_none ? 0 : NAN;
}

static double relay_log_ratio(const struct relay_values *v, size_t metric) {
    double sum = 0;
    for (int run = 0; run < BLOCK_RUNS; run++)
        sum += (v->is_candidate[run] ? 1 : -1) * log(v->value[metric][run]);
    return sum / SIDE_RUNS;
}

/* A metric that no run has is none of the pair; one that some have makes the block void, with who
   has it. */
static void relay_append_metric(const struct relay *r, const struct relay_values *v, size_t m) {
    int base = side_runs(v, m, false), candidate = side_runs(v, m, true);
    char *reason = base + candidate == BLOCK_RUNS
                       ? NULL
                       : g_strdup_printf("%d of %d processes of the base have it, and %d of %d of "
                                         "the candidate",
                                         base, SIDE_RUNS, candidate, SIDE_RUNS);
    struct gate_block_values values = {.metric = metrics[m].name,
                                       .candidate_first = v->is_candidate[0],
                                       .slices = SIDE_RUNS,
                                       .base = side_mean(v, m, false),
                                       .candidate = side_mean(v, m, true),
                                       .log_ratio = relay_log_ratio(v, m),
                                       .reason = reason};
    if (base + candidate > 0)
        gate_block_append(r->pair, r->request, &values, r->rows);
    g_free(reason);
}

static void relay_append(const struct relay *r, const struct relay_values *v, bool with_time) {
    for (size_t m = 0; m < METRICS; m++) {
        if (with_time || !metrics[m].is_time)
            relay_append_metric(r, v, m);
    }
}

static bool relay_block(struct relay *r, bool with_time, struct error *err) {
    bool candidate_first = gate_random_coin(&r->random);
    struct relay_values v = {
        .is_candidate = {candidate_first, !candidate_first, !candidate_first, candidate_first}};
    bool ok = true;
    for (int run = 0; run < BLOCK_RUNS && relay_lives(r, ok); run++)
        ok = relay_take(r, &v, run, err);
    if (relay_lives(r, ok))
        relay_append(r, &v, with_time);
    g_free(v.checksum);
    return ok;
}

bool gate_process_block(const struct gate_pair *pair, const struct gate_block_request *request,
                        const struct gate_measure_options *options, struct gate_rows *rows,
                        struct error *err) {
    struct relay r = {.pair = pair, .request = request, .options = options, .rows = rows};
    if (!relay_init(&r, pair->operations, err))
        return false;
    bool ok = relay_block(&r, true, err);
    relay_release(&r);
    return ok;
}

bool gate_process_memory_block(const struct gate_pair *pair,
                               const struct gate_block_request *request,
                               const struct gate_measure_options *options, struct gate_rows *rows,
                               struct error *err) {
    struct relay r = {.pair = pair, .request = request, .options = options, .rows = rows};
    if (!relay_init(&r, pair->operations * MEMORY_SLICES, err))
        return false;
    bool ok = relay_block(&r, false, err);
    relay_release(&r);
    return ok;
}

/* ---- before the first block ---- */

/* Operations per thread, from a record of the workload's own number of them. A workload whose
   slices do not add up (a leak grows) gets no more than these. */
static uint64_t operations_choose(const struct gate_pair *pair, const struct record *record) {
    const struct cell *cell = pair->base.cell;
    double own = (double)record->ops / cell->threads;
    double wall_ns = (double)MAX(record->wall_ns, 1);
    double scale = (double)RUN_NS_WANTED / wall_ns;
    if (record->gc_cycles != COUNT_EMPTY && record->gc_cycles > 0)
        scale = MAX(scale, MIN((double)COLLECTIONS_WANTED / (double)record->gc_cycles,
                               (double)RUN_NS_MOST / wall_ns));
    bool adds_up = (cell->workload->traits & TRAIT_SLICEABLE) != 0;
    scale = MIN(scale, adds_up ? GROWTH_MOST : 1);
    return (uint64_t)MAX(1, own * scale);
}

static const char *record_allocator(const struct record *record, struct gate_rows *rows) {
    char *text = g_strdup_printf("%s %s", record->allocator == NULL ? "?" : record->allocator,
                                 record->version == NULL ? "" : record->version);
    const char *kept = gate_text(rows, g_strchomp(text));
    g_free(text);
    return kept;
}

/* Runs a side once with the operations chosen and fills its columns. */
static bool relay_check(struct relay *r, bool is_candidate, struct error *err) {
    struct gate_cell_row *row = gate_pair_row(r->pair, r->rows);
    bool ok = relay_run(r, is_candidate, err);
    if (!relay_lives(r, ok))
        return ok;
    const struct record *seen = &r->seen.record;
    *(is_candidate ? &row->candidate_operations : &row->base_operations) = seen->ops;
    *(is_candidate ? &row->candidate_checksum : &row->base_checksum) =
        gate_text(r->rows, seen->checksum);
    *(is_candidate ? &row->candidate_allocator : &row->base_allocator) =
        record_allocator(seen, r->rows);
    return true;
}

/* Both did the same, or the cell is wrong. */
static void relay_compare(struct relay *r) {
    struct gate_cell_row *row = gate_pair_row(r->pair, r->rows);
    row->method = gate_method_name(GATE_METHOD_PROCESSES);
    row->status = "ok";
    row->reason = NULL;
    char *reason = NULL;
    if (row->base_operations != row->candidate_operations)
        reason =
            g_strdup_printf("%" G_GUINT64_FORMAT " operations, and the base %" G_GUINT64_FORMAT,
                            row->candidate_operations, row->base_operations);
    else if (strcmp(row->base_checksum, row->candidate_checksum) != 0)
        reason = g_strdup_printf("checksum %s differs from %s of the base for the same work",
                                 row->candidate_checksum, row->base_checksum);
    if (reason != NULL)
        gate_cell_fail(r->pair, r->rows, GATE_PARTY_CANDIDATE, "wrong", reason);
    g_free(reason);
}

static bool relay_choose(struct relay *r, uint64_t *operations, struct error *err) {
    bool ok = relay_run(r, false, err);
    if (relay_lives(r, ok) && *operations == 0)
        *operations = operations_choose(r->pair, &r->seen.record);
    return ok;
}

bool gate_process_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                          struct gate_rows *rows, struct error *err) {
    const struct gate_block_request request = {.stage = "prepare"};
    struct relay r = {.pair = pair, .request = &request, .options = options, .rows = rows};
    uint64_t operations = options->config->ops;
    pair->method = GATE_METHOD_PROCESSES;
    if (!relay_init(&r, operations, err))
        return false;
    bool ok = relay_choose(&r, &operations, err);
    r.config.ops = pair->operations = operations;
    if (relay_lives(&r, ok))
        ok = relay_check(&r, false, err);
    if (relay_lives(&r, ok))
        ok = relay_check(&r, true, err);
    if (relay_lives(&r, ok))
        relay_compare(&r);
    relay_release(&r);
    return ok;
}
