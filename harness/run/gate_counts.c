/*
 * Two passes over a pair, base and candidate at the same time, which changes no count:
 *
 *   native      each repeat once, the workload's own operations, under the tracer of system calls:
 *               gives everything but instructions, and how many operations the workload has
 *   simulated   each repeat with N and with 2N operations; what differs is what N operations cost
 *
 * A simulated instruction costs 20 to 50 real ones, so N is half of the workload's operations, 2N
 * all that it does, but no more than SIMULATED_OPS_MAX where slices add up.
 */
#include "harness/run/gate_counts.h"

#include <gnu/libc-version.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/run/command.h"
#include "harness/run/gate_counts_run.h"

enum {
    SIMULATED_OPS_MAX = 125 * 1000,
    PADDING_BYTES = 1024, /* at least, so that a side's own words can be made longer */
    PADDING_STEP_BYTES = 1040,
    /* A command's start-up is counted, too, and reads the environment: about 5 instructions a byte.
     */
    PADDING_STEP_BYTES_COMMAND = 48,
    FD_LEAST = 16,
    REASON_BYTES_MAX = 1024,
};

struct counts {
    const struct gate_pair *pair;
    const struct gate_counts_request *request;
    const struct gate_measure_options *options;
    struct gate_rows *rows;
    struct gate_cell_row *row;
    const struct gate_side *sides[GATE_SIDES];
    size_t words_bytes;          /* the greater side's */
    uint64_t memory_limit_bytes; /* one for all processes */
    struct error *err;
};

/* Both sides of one repeat. */
struct counts_runs {
    struct count_run sides[GATE_SIDES];
};

static const char *const side_names[GATE_SIDES] = {"base", "candidate"};

static bool side_is_there(const struct gate_side *side) {
    return side->cell != NULL || side->command != NULL;
}

static void runs_init(struct counts_runs *runs) {
    for (size_t i = 0; i < GATE_SIDES; i++)
        count_run_init(&runs->sides[i]);
}

static void runs_release(struct counts_runs *runs) {
    for (size_t i = 0; i < GATE_SIDES; i++)
        count_run_release(&runs->sides[i]);
}

/* ---- both sides at once ---- */

struct counts_thread {
    struct count_request request;
    struct count_run *out;
    struct error err;
    bool ok;
};

static gpointer counts_thread_main(gpointer data) {
    struct counts_thread *t = data;
    t->ok = count_run_execute(&t->request, t->out, &t->err);
    return NULL;
}

struct counts_pass {
    unsigned repeat; /* from 1 */
    uint64_t operations;
    const struct instruction_tool *tool;
};

static struct count_request pass_request(const struct counts *c, const struct counts_pass *pass,
                                         unsigned place) {
    const bool is_command = c->sides[place]->cell == NULL;
    const size_t step = is_command ? PADDING_STEP_BYTES_COMMAND : PADDING_STEP_BYTES;
    return (struct count_request){
        .side = c->sides[place],
        .options = c->options,
        .place = place,
        .padding_bytes = c->words_bytes + PADDING_BYTES + pass->repeat * step,
        .operations = pass->operations,
        .memory_limit_bytes = pass->tool == NULL ? c->memory_limit_bytes : 0,
        .tool = pass->tool};
}

/* Runs every side that is there, each on a thread of its own: a child dies with the thread that
   forked it, so the thread stays until its child has ended. */
static bool pass_execute(const struct counts *c, const struct counts_pass *pass,
                         struct counts_runs *out) {
    struct counts_thread threads[GATE_SIDES];
    GThread *base = NULL;
    for (unsigned i = 0; i < GATE_SIDES; i++)
        threads[i] = (struct counts_thread){
            .request = pass_request(c, pass, i), .out = &out->sides[i], .ok = true};
    if (side_is_there(c->sides[0]))
        base = g_thread_new("heapmark-base", counts_thread_main, &threads[0]);
    counts_thread_main(&threads[1]);
    if (base != NULL)
        g_thread_join(base);
    for (size_t i = 0; i < GATE_SIDES; i++) {
        if (!threads[i].ok) {
            *c->err = threads[i].err;
            return false;
        }
    }
    return true;
}

/* ---- the cell's row ---- */

static const char *keep(const struct counts *c, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(c->rows->text, text);
}

static void row_fail(const struct counts *c, const char *status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void row_fail(const struct counts *c, const char *status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    c->row->status = keep(c, status);
    c->row->reason = keep(c, reason);
    g_free(reason);
}

static void row_fill_side(const struct counts *c, const struct count_run *run, uint64_t *operations,
                          const char **checksum, const char **allocator) {
    const struct record *r = &run->observation.record;
    if (*operations == COUNT_EMPTY)
        *operations = r->ops;
    if (*checksum == NULL)
        *checksum = keep(c, r->checksum);
    if (*allocator == NULL && r->allocator != NULL) {
        char *name = g_strdup_printf("%s %s", r->allocator, r->version == NULL ? "" : r->version);
        *allocator = keep(c, g_strchomp(name));
        g_free(name);
    }
}

/* What the first native runs say of the cell as a whole; false when it is not ok. */
static bool row_judge(const struct counts *c, const struct counts_runs *runs) {
    for (size_t i = 0; i < GATE_SIDES; i++) {
        const struct count_run *run = &runs->sides[i];
        if (!side_is_there(c->sides[i]) || strcmp(run->status, "ok") == 0)
            continue;
        row_fail(c, run->status, "%s: %s", side_names[i], run->reason == NULL ? "" : run->reason);
        return false;
    }
    const char *base = runs->sides[0].observation.record.checksum;
    const char *candidate = runs->sides[1].observation.record.checksum;
    if (base != NULL && candidate != NULL && strcmp(base, candidate) != 0) {
        row_fail(c, "wrong",
                 "the sides did different work: checksum %s of the base, %s of the candidate", base,
                 candidate);
        return false;
    }
    if (side_is_there(c->sides[0]))
        row_fill_side(c, &runs->sides[0], &c->row->base_operations, &c->row->base_checksum,
                      &c->row->base_allocator);
    row_fill_side(c, &runs->sides[1], &c->row->candidate_operations, &c->row->candidate_checksum,
                  &c->row->candidate_allocator);
    if (c->row->status == NULL)
        c->row->status = keep(c, "ok");
    return true;
}

static struct gate_cell_row *row_find(const struct gate_pair *pair, const struct gate_rows *rows) {
    for (guint i = 0; i < rows->cells->len; i++) {
        struct gate_cell_row *row = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (row->cell == pair->number)
            return row;
    }
    return NULL;
}

/* Skipped and unavailable cells have their status without a process. */
static bool row_can_run(const struct counts *c) {
    if (c->row->status != NULL && strcmp(c->row->status, "ok") != 0)
        return false;
    for (size_t i = 0; i < GATE_SIDES; i++) {
        const struct cell *cell = c->sides[i]->cell;
        if (cell != NULL && cell->skipped != NULL)
            row_fail(c, "skipped", "%s: %s", side_names[i], cell->skipped);
        else if (cell != NULL && cell->unavailable != NULL)
            row_fail(c, "unavailable", "%s: %s", side_names[i], cell->unavailable);
        else
            continue;
        return false;
    }
    return true;
}

/* ---- rows of counts ---- */

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
    unsigned metrics; /* the bit that asks for it */
    double (*count)(const struct count_run *run);
    bool is_of_totals; /* over totals.operations, and not of commands */
};

static const struct counted_metric native_metrics[] = {
    {"allocs", GATE_COUNT_ALLOCATION, run_allocs, true},
    {"bytes", GATE_COUNT_ALLOCATION, run_bytes, true},
    {"requested_bytes", GATE_COUNT_ALLOCATION, run_requested_bytes, true},
    {"retained_bytes", GATE_COUNT_ALLOCATION, run_retained_bytes, true},
    {"mmap_calls", GATE_COUNT_MMAP_CALLS, run_mmap_calls, false},
    {"munmap_calls", GATE_COUNT_MMAP_CALLS, run_munmap_calls, false},
    {"mremap_calls", GATE_COUNT_MMAP_CALLS, run_mremap_calls, false},
    {"madvise_calls", GATE_COUNT_MMAP_CALLS, run_madvise_calls, false},
    {"brk_calls", GATE_COUNT_MMAP_CALLS, run_brk_calls, false},
    {"minor_faults", GATE_COUNT_MINOR_FAULTS, run_minor_faults, false},
};

static const struct counted_metric instructions_metric = {"instructions", GATE_COUNT_INSTRUCTIONS,
                                                          run_instructions, false};

static void rows_add(const struct counts *c, const struct gate_count_row *row) {
    struct gate_count_row added = *row;
    added.cell = c->pair->number;
    added.reason = keep(c, row->reason);
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
    const bool has_base = side_is_there(c->sides[0]);
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
    if (side_is_there(c->sides[0]) && base->is_marked != candidate->is_marked)
        base->is_marked = candidate->is_marked = false;
}

static void rows_add_native(const struct counts *c, const struct counts_runs *runs,
                            unsigned repeats) {
    for (size_t m = 0; m < G_N_ELEMENTS(native_metrics); m++) {
        const struct counted_metric *metric = &native_metrics[m];
        if ((c->request->metrics & metric->metrics) == 0 ||
            (metric->is_of_totals && c->sides[1]->cell == NULL))
            continue;
        for (unsigned i = 0; i < repeats; i++)
            rows_add_count(c, metric, i + 1, &runs[i]);
    }
}

/* *operations: of the workload, per thread. */
static bool counts_native(const struct counts *c, uint64_t *operations, bool *is_ok) {
    unsigned repeats = MAX(c->request->repeats, (unsigned)GATE_COUNT_REPEATS_LEAST);
    struct counts_runs *runs = g_new0(struct counts_runs, repeats);
    bool ok = true;
    *is_ok = true;
    for (unsigned i = 0; i < repeats; i++)
        runs_init(&runs[i]);
    for (unsigned i = 0; ok && *is_ok && i < repeats; i++) {
        ok = pass_execute(c, &(struct counts_pass){.repeat = i + 1}, &runs[i]);
        if (ok)
            *is_ok = row_judge(c, &runs[i]);
        runs_agree_on_marks(c, &runs[i]);
    }
    if (ok && *is_ok) {
        const struct cell *cell = c->sides[1]->cell;
        *operations = runs[0].sides[1].observation.record.ops / (cell == NULL ? 1 : cell->threads);
        rows_add_native(c, runs, repeats);
    }
    for (unsigned i = 0; i < repeats; i++)
        runs_release(&runs[i]);
    g_free(runs);
    return ok;
}

/* ---- instructions ---- */

static const char *setting_value(const struct strategy *s, const char *name) {
    for (guint i = 0; i < s->settings->len; i++) {
        const struct setting_value *v = &g_array_index(s->settings, struct setting_value, i);
        if (strcmp(v->name, name) == 0)
            return v->value;
    }
    return NULL;
}

static bool goheap_has_worker(const struct strategy *s) {
    const char *gc = setting_value(s, "gc"), *worker = setting_value(s, "worker");
    if (gc != NULL && strcmp(gc, "off") == 0)
        return false;
    return gc == NULL || strcmp(gc, "stw") != 0 || worker == NULL || strcmp(worker, "off") != 0;
}

/* Why a side's instructions are no number of its own; NULL: they are. */
static const char *simulation_refusal(const struct gate_side *side) {
    if (side->cell == NULL)
        return NULL;
    if (side->cell->threads > 1)
        return "instructions are counted of one thread: which of several does what is the "
               "scheduler's choice";
    const struct strategy *s = side->cell->strategy;
    if (strcmp(s->binding_name, "go") == 0)
        return "the Go runtime does its work on threads of its own, and does not mark the timed "
               "run";
    if (strcmp(s->binding_name, "goheap") == 0 && goheap_has_worker(s))
        return "goheap's own thread works when the clock says so: give it gc=stw:worker=off to "
               "count instructions";
    return NULL;
}

static void rows_add_absent(const struct counts *c, const char *reason) {
    rows_add(c, &(struct gate_count_row){.metric = instructions_metric.name,
                                         .repeat = 1,
                                         .operations = COUNT_EMPTY,
                                         .base = NAN,
                                         .candidate = NAN,
                                         .reason = reason});
}

/* What the second run counted more than the first; a run that failed hands on its reason. */
static void run_subtract(struct count_run *out, const struct count_run *less) {
    if (less->instructions == COUNT_EMPTY && out->instructions != COUNT_EMPTY) {
        out->status = g_string_chunk_insert(out->observation.text, less->status);
        out->reason = less->reason == NULL
                          ? NULL
                          : g_string_chunk_insert(out->observation.text, less->reason);
        out->instructions = COUNT_EMPTY;
    }
    if (out->instructions == COUNT_EMPTY)
        return;
    out->instructions -= MIN(out->instructions, less->instructions);
    out->observation.record.ops -= MIN(out->observation.record.ops, less->observation.record.ops);
}

/* One repeat. operations 0: a command, whose instructions are all counted. */
static bool counts_slope(const struct counts *c, struct counts_pass *pass, uint64_t operations) {
    struct counts_runs few, many;
    runs_init(&few);
    runs_init(&many);
    pass->operations = 2 * operations;
    bool ok = pass_execute(c, pass, &many);
    pass->operations = operations;
    if (ok && operations != 0)
        ok = pass_execute(c, pass, &few);
    if (ok && operations != 0) {
        for (size_t i = 0; i < GATE_SIDES; i++)
            if (side_is_there(c->sides[i]))
                run_subtract(&many.sides[i], &few.sides[i]);
    }
    if (ok)
        rows_add_count(c, &instructions_metric, pass->repeat, &many);
    runs_release(&few);
    runs_release(&many);
    return ok;
}

static uint64_t simulated_operations(const struct gate_side *side, uint64_t operations) {
    if (side->cell == NULL)
        return 0;
    bool is_sliceable = (side->cell->workload->traits & TRAIT_SLICEABLE) != 0;
    uint64_t half = MAX(operations / 2, 1);
    return is_sliceable ? MIN(half, (uint64_t)SIMULATED_OPS_MAX) : half;
}

static bool counts_simulated(const struct counts *c, uint64_t operations) {
    struct instruction_tool tool;
    struct error refused;
    const char *refusal = simulation_refusal(c->sides[1]);
    if (refusal == NULL && side_is_there(c->sides[0]))
        refusal = simulation_refusal(c->sides[0]);
    if (refusal == NULL && !instruction_tool_find(&tool, &refused))
        refusal = refused.text;
    else if (refusal == NULL) {
        struct counts_pass pass = {.repeat = 1, .tool = &tool};
        bool ok = true;
        unsigned repeats = MAX(c->request->repeats, (unsigned)GATE_COUNT_REPEATS_LEAST);
        for (; ok && pass.repeat <= repeats; pass.repeat++)
            ok = counts_slope(c, &pass, simulated_operations(c->sides[1], operations));
        instruction_tool_release(&tool);
        return ok;
    }
    rows_add_absent(c, refusal);
    return true;
}

/* ---- a pair ---- */

/* Takes the low descriptors, so that a process's own has two digits at any time: a number's length
   moves the stack. Caller closes them. */
static GArray *descriptors_take(void) {
    GArray *taken = g_array_new(FALSE, FALSE, sizeof(int));
    int fd;
    while ((fd = dup(STDERR_FILENO)) >= 0) {
        g_array_append_val(taken, fd);
        if (fd >= FD_LEAST)
            break;
    }
    return taken;
}

static void descriptors_give_back(GArray *taken) {
    for (guint i = 0; i < taken->len; i++)
        close(g_array_index(taken, int, i));
    g_array_free(taken, TRUE);
}

static size_t counts_words_bytes(const struct counts *c) {
    size_t most = 0;
    for (unsigned i = 0; i < GATE_SIDES; i++) {
        struct count_request request = {
            .side = c->sides[i], .options = c->options, .place = i, .memory_limit_bytes = 1};
        if (side_is_there(c->sides[i]))
            most = MAX(most, count_run_bytes(&request));
    }
    return most;
}

static bool counts_measure(const struct counts *c) {
    uint64_t operations = 0;
    bool is_ok = false;
    if (!counts_native(c, &operations, &is_ok))
        return false;
    if (!is_ok || (c->request->metrics & GATE_COUNT_INSTRUCTIONS) == 0)
        return true;
    return counts_simulated(c, operations);
}

bool gate_counts_measure(const struct gate_pair *pair, const struct gate_counts_request *request,
                         const struct gate_measure_options *options, struct gate_rows *rows,
                         struct error *err) {
    struct counts c = {.pair = pair,
                       .request = request,
                       .options = options,
                       .rows = rows,
                       .row = row_find(pair, rows),
                       .sides = {&pair->base, &pair->candidate},
                       .memory_limit_bytes = memory_limit_bytes(options->config),
                       .err = err};
    g_assert(c.row != NULL);
    if (!row_can_run(&c))
        return true;
    GArray *taken = descriptors_take();
    c.words_bytes = counts_words_bytes(&c);
    bool ok = counts_measure(&c);
    descriptors_give_back(taken);
    return ok;
}

/* ---- conditions ---- */

static char *instruction_conditions(void) {
    struct instruction_tool tool;
    struct error err;
    if (!instruction_tool_find(&tool, &err))
        return NULL;
    char *text =
        g_strdup_printf("%s, %s, glibc %s", tool.version, tool.processor, gnu_get_libc_version());
    instruction_tool_release(&tool);
    return text;
}

/* The kernel maps file pages in advance, and huge pages, as it is set up. */
static char *fault_conditions(void) {
    struct utsname kernel;
    char *huge = NULL;
    const char *mode = "?";
    if (uname(&kernel) != 0)
        return NULL;
    if (g_file_get_contents("/sys/kernel/mm/transparent_hugepage/enabled", &huge, NULL, NULL)) {
        char *open = strchr(huge, '['), *close = strchr(huge, ']');
        if (open != NULL && close != NULL && open < close) {
            *close = '\0';
            mode = open + 1;
        }
    }
    char *text =
        g_strdup_printf("glibc %s, Linux %s, pages of %ld B, huge pages %s", gnu_get_libc_version(),
                        kernel.release, sysconf(_SC_PAGESIZE), mode);
    g_free(huge);
    return text;
}

char *gate_counts_conditions(const char *metric) {
    if (strcmp(metric, "instructions") == 0)
        return instruction_conditions();
    if (strcmp(metric, "minor_faults") == 0)
        return fault_conditions();
    if (g_str_has_suffix(metric, "_calls"))
        return g_strdup_printf("glibc %s, %ld CPUs", gnu_get_libc_version(),
                               sysconf(_SC_NPROCESSORS_ONLN));
    return g_strdup("");
}
