/*
 * Two passes over a pair, base and candidate at the same time, which changes no count:
 *
 *   native      each repeat once, the workload's own operations, under the tracer of system calls:
 *               gives everything but instructions, and how many operations the workload has
 *   simulated   each repeat with N and with 2N operations; what differs is what N operations cost;
 *               again, and the least of each, while the repeats are apart
 *
 * A simulated instruction costs 20 to 50 real ones, so N is half of the workload's operations, 2N
 * all that it does, but no more than SIMULATED_OPS_MAX where slices add up.
 */
#include "harness/run/gate_counts.h"

#include <string.h>
#include <unistd.h>

#include "harness/run/command.h"
#include "harness/run/gate_counts_rows.h"

enum {
    SIMULATED_OPS_MAX = 125 * 1000,
    PADDING_BYTES = 1024, /* at least, so that a side's own words can be made longer */
    PADDING_STEP_BYTES = 1040,
    /* A command's start-up is counted, too, and reads the environment: about 5 instructions a byte.
     */
    PADDING_STEP_BYTES_COMMAND = 48,
    PADDINGS = 64, /* different ones; the kernel takes no word of more than 128 KB */
    FD_LEAST = 16,
};

/* Slopes that differ by more of themselves are measured again. */
#define SLOPES_APART 1e-4

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
        .padding_bytes = c->words_bytes + PADDING_BYTES + pass->repeat % PADDINGS * step,
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
    if (counts_side_is_there(c->sides[0]))
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

/* Repeats until they agree, but no fewer and no more than asked for. *done: how many there are.
   False: the gate ends. */
static bool native_repeat(const struct counts *c, struct counts_runs *runs, unsigned most,
                          unsigned *done, bool *is_ok) {
    unsigned least = MAX(c->request->repeats, (unsigned)GATE_COUNT_REPEATS_LEAST);
    bool ok = *is_ok = true;
    for (*done = 0; *done < most; ++*done) {
        if (*done >= least && counts_are_equal(c, runs, *done))
            break;
        ok = pass_execute(c, &(struct counts_pass){.repeat = *done + 1}, &runs[*done]);
        *is_ok = ok && counts_row_judge(c, &runs[*done]);
        if (!*is_ok)
            break;
    }
    return ok;
}

/* *operations: of the workload, per thread. */
static bool counts_native(const struct counts *c, uint64_t *operations, bool *is_ok) {
    unsigned least = MAX(c->request->repeats, (unsigned)GATE_COUNT_REPEATS_LEAST);
    unsigned most = MAX(c->request->repeats_most, least), done = 0;
    struct counts_runs *runs = g_new0(struct counts_runs, most);
    for (unsigned i = 0; i < most; i++)
        runs_init(&runs[i]);
    bool ok = native_repeat(c, runs, most, &done, is_ok);
    if (ok && *is_ok) {
        const struct cell *cell = c->sides[1]->cell;
        *operations = runs[0].sides[1].observation.record.ops / (cell == NULL ? 1 : cell->threads);
        counts_add_native(c, runs, done);
    }
    for (unsigned i = 0; i < most; i++)
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

/* One repeat: the least that a run of N and of 2N operations took so far. */
struct slope {
    struct counts_runs few, many;
};

/* What more of the clock's time adds is left out. A run that failed is kept as that. */
static void run_keep_least(struct count_run *kept, struct count_run *fresh) {
    bool is_less = fresh->instructions == COUNT_EMPTY || fresh->instructions < kept->instructions;
    if (kept->instructions == COUNT_EMPTY || !is_less)
        return;
    struct count_run other = *kept;
    *kept = *fresh;
    *fresh = other;
}

/* A pass of both sides; beside what is kept, when it `is_again`. */
static bool slope_pass(const struct counts *c, const struct counts_pass *pass, bool is_again,
                       struct counts_runs *kept) {
    struct counts_runs fresh;
    if (!is_again)
        return pass_execute(c, pass, kept);
    runs_init(&fresh);
    bool ok = pass_execute(c, pass, &fresh);
    for (size_t i = 0; ok && i < GATE_SIDES; i++) {
        if (counts_side_is_there(c->sides[i]))
            run_keep_least(&kept->sides[i], &fresh.sides[i]);
    }
    runs_release(&fresh);
    return ok;
}

/* operations 0: a command, whose instructions are all counted. */
static bool slope_measure(const struct counts *c, struct counts_pass pass, bool is_again,
                          struct slope *slope) {
    const uint64_t operations = pass.operations;
    pass.operations = 2 * operations;
    bool ok = slope_pass(c, &pass, is_again, &slope->many);
    pass.operations = operations;
    return ok && (operations == 0 || slope_pass(c, &pass, is_again, &slope->few));
}

/* Whether a side's slopes are near enough to each other, or not there to be compared. */
static bool side_agrees(const struct slope *slopes, unsigned repeats, size_t side) {
    uint64_t least = UINT64_MAX, most = 0;
    for (unsigned i = 0; i < repeats; i++) {
        uint64_t many = slopes[i].many.sides[side].instructions;
        uint64_t few = slopes[i].few.sides[side].instructions;
        if (many == COUNT_EMPTY || few == COUNT_EMPTY || many < few)
            return true;
        least = MIN(least, many - few);
        most = MAX(most, many - few);
    }
    return (double)(most - least) <= SLOPES_APART * (double)least;
}

static bool slopes_agree(const struct counts *c, const struct slope *slopes, unsigned repeats) {
    bool ok = true;
    for (size_t i = 0; ok && i < GATE_SIDES; i++)
        ok = !counts_side_is_there(c->sides[i]) || side_agrees(slopes, repeats, i);
    return ok;
}

static bool slopes_measure(const struct counts *c, struct counts_pass *pass, struct slope *slopes,
                           unsigned repeats) {
    bool ok = true;
    for (int run = 0; ok && run < GATE_SLOPE_RUNS_MOST; run++) {
        for (unsigned i = 0; ok && i < repeats; i++) {
            pass->repeat = i + 1;
            ok = slope_measure(c, *pass, run > 0, &slopes[i]);
        }
        if (pass->operations == 0 || slopes_agree(c, slopes, repeats))
            break;
    }
    return ok;
}

static void slope_add(const struct counts *c, unsigned repeat, struct slope *slope, bool has_few) {
    for (size_t i = 0; has_few && i < GATE_SIDES; i++) {
        if (counts_side_is_there(c->sides[i]))
            run_subtract(&slope->many.sides[i], &slope->few.sides[i]);
    }
    counts_add_instructions(c, repeat, &slope->many);
}

/* pass->operations: N. */
static bool counts_slopes(const struct counts *c, struct counts_pass *pass) {
    unsigned repeats = MAX(c->request->repeats, (unsigned)GATE_COUNT_REPEATS_LEAST);
    struct slope *slopes = g_new0(struct slope, repeats);
    for (unsigned i = 0; i < repeats; i++) {
        runs_init(&slopes[i].few);
        runs_init(&slopes[i].many);
    }
    bool ok = slopes_measure(c, pass, slopes, repeats);
    for (unsigned i = 0; i < repeats; i++) {
        if (ok)
            slope_add(c, i + 1, &slopes[i], pass->operations != 0);
        runs_release(&slopes[i].few);
        runs_release(&slopes[i].many);
    }
    g_free(slopes);
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
    if (refusal == NULL && counts_side_is_there(c->sides[0]))
        refusal = simulation_refusal(c->sides[0]);
    if (refusal == NULL && !instruction_tool_find(&tool, &refused))
        refusal = refused.text;
    else if (refusal == NULL) {
        struct counts_pass pass = {.tool = &tool,
                                   .operations = simulated_operations(c->sides[1], operations)};
        bool ok = counts_slopes(c, &pass);
        instruction_tool_release(&tool);
        return ok;
    }
    counts_add_no_instructions(c, refusal);
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
        if (counts_side_is_there(c->sides[i]))
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
                       .row = counts_row_find(pair, rows),
                       .sides = {&pair->base, &pair->candidate},
                       .memory_limit_bytes = memory_limit_bytes(options->config),
                       .err = err};
    g_assert(c.row != NULL);
    if (!counts_row_can_run(&c))
        return true;
    GArray *taken = descriptors_take();
    c.words_bytes = counts_words_bytes(&c);
    bool ok = counts_measure(&c);
    descriptors_give_back(taken);
    return ok;
}
