/*
 * Tells a timeline of a Go execution trace.
 *
 * Rows, as Go's own viewer has them: the collector's cycles, the stops of the world by reason, the
 * processors (Ps) with the goroutine that runs on each, and the heap's size and goal. And a row for
 * each goroutine that runs the workload, a mutator as C's cell programs have them: when it runs,
 * and in there its assists and sweeps. Assists and sweeps of other goroutines lie on their
 * processor.
 *
 * A mutator's assist that is interrupted (the goroutine waits, or loses its processor) is a slice
 * per piece, as only one that runs costs it time; what it waits for in the meantime has a slice
 * too.
 */
#include <string.h>

#include "harness/capture/go_batches.h"
#include "harness/capture/trace_read.h"

#define TIMED_REGION   "heapmark timed run"
#define STOP_FINISHING "stop: finishing"

enum { RUNNING = 2, PROC_RUNNING = 1, PROC_SYSCALL = 3, NAMES_MAX = 1 << 20 };

#define NO_PROC UINT64_MAX

struct go_thread {
    uint64_t number;
    uint64_t proc;      /* NO_PROC */
    uint64_t goroutine; /* 0: none */
};

/* A goroutine that runs the workload. */
struct go_mutator {
    uint64_t goroutine;
    struct timeline_track *track;
    const struct timeline_name *waits; /* open while it does */
    bool in_assist, in_sweep;
};

struct go_teller {
    struct timeline *timeline;
    GHashTable *threads;  /* M -> struct go_thread * */
    GHashTable *procs;    /* P -> struct timeline_track * */
    GHashTable *mutators; /* goroutine -> struct go_mutator * */
    GHashTable *names;    /* goroutine -> struct timeline_name * */
    struct timeline_track *world, *cycles, *alloc, *goal, *threads_running;
    unsigned running_count;
    const struct timeline_name *cycle, *assist, *sweep, *running, *stop;
};

static guint id_hash(gconstpointer key) {
    return (guint)GPOINTER_TO_SIZE(key) ^ (guint)(GPOINTER_TO_SIZE(key) >> 32);
}

static gpointer id_key(uint64_t id) {
    return GSIZE_TO_POINTER((gsize)id);
}

/* ---- the facts ---- */

struct go_regions {
    struct trace_facts *facts;
    GHashTable *goroutines; /* a thread's goroutine -> uint64_t *: when its region began */
    GHashTable *threads;    /* M -> its goroutine */
    GHashTable *functions;  /* goroutine -> what it begins with, by a stack of it; char * */
    uint64_t events, last_ns, first_ns;
};

static void regions_follow(struct go_regions *r, const struct go_event *e) {
    uint64_t goroutine = e->arguments[0];
    bool is_status = e->kind == GO_EVENT_GO_STATUS || e->kind == GO_EVENT_GO_STATUS_STACK;
    if (e->kind == GO_EVENT_GO_START || e->kind == GO_EVENT_GO_SWITCH ||
        e->kind == GO_EVENT_GO_SWITCH_DESTROY || (is_status && e->arguments[2] == RUNNING))
        g_hash_table_insert(r->threads, id_key(e->thread), id_key(goroutine));
}

/* Of a goroutine that was there before the trace no creation is told: a stack of it, when it waits,
   says what it began with. */
static void regions_name(struct go_regions *r, const struct go_generation *g,
                         const struct go_event *e) {
    gpointer goroutine = g_hash_table_lookup(r->threads, id_key(e->thread));
    if (e->kind == GO_EVENT_GO_DESTROY)
        g_hash_table_remove(r->functions, goroutine);
    if ((e->kind != GO_EVENT_GO_STOP && e->kind != GO_EVENT_GO_BLOCK) || goroutine == NULL ||
        g_hash_table_size(r->functions) >= NAMES_MAX ||
        g_hash_table_contains(r->functions, goroutine))
        return;
    const struct go_stack *stack = go_stack_find(g, e->arguments[1]);
    if (stack != NULL && *go_string(g, stack->root) != '\0')
        g_hash_table_insert(r->functions, goroutine, g_strdup(go_string(g, stack->root)));
}

static void regions_event(void *context, const struct go_generation *g, const struct go_event *e) {
    struct go_regions *r = context;
    r->events++;
    r->first_ns = MIN(r->first_ns, e->time_ns);
    r->last_ns = MAX(r->last_ns, e->time_ns);
    regions_follow(r, e);
    regions_name(r, g, e);
    bool is_end = e->kind == GO_EVENT_REGION_END;
    if ((e->kind != GO_EVENT_REGION_BEGIN && !is_end) ||
        strcmp(go_string(g, e->arguments[1]), TIMED_REGION) != 0)
        return;
    gpointer goroutine = g_hash_table_lookup(r->threads, id_key(e->thread));
    uint64_t *began = g_hash_table_lookup(r->goroutines, goroutine);
    if (!is_end)
        g_hash_table_insert(r->goroutines, goroutine, g_memdup2(&e->time_ns, sizeof e->time_ns));
    else if (began != NULL && r->facts != NULL)
        trace_facts_add_run(r->facts, *began, e->time_ns);
}

static void regions_init(struct go_regions *r, struct trace_facts *facts) {
    *r = (struct go_regions){.facts = facts,
                             .goroutines = g_hash_table_new_full(id_hash, NULL, NULL, g_free),
                             .threads = g_hash_table_new(id_hash, NULL),
                             .functions = g_hash_table_new_full(id_hash, NULL, NULL, g_free),
                             .first_ns = UINT64_MAX};
}

static void regions_release(struct go_regions *r) {
    g_hash_table_destroy(r->goroutines);
    g_hash_table_destroy(r->threads);
    g_hash_table_destroy(r->functions);
}

/* No thread came to the end of its run: what there is of it counts. */
static void facts_finish_cut(struct trace_facts *facts, const struct go_regions *r) {
    GHashTableIter each;
    gpointer began;
    facts->is_cut = true;
    g_hash_table_iter_init(&each, r->goroutines);
    while (g_hash_table_iter_next(&each, NULL, &began))
        trace_facts_add_run(facts, *(uint64_t *)began, MAX(r->last_ns, *(uint64_t *)began));
    if (facts->runs->len > 0)
        return;
    facts->start_ns = r->events > 0 ? r->first_ns : 0;
    facts->end_ns = r->last_ns;
}

bool go_trace_facts(const char *path, struct trace_facts *facts, struct error *err) {
    struct go_file file;
    struct go_regions regions;
    struct error damage;
    if (!go_file_open(&file, path, err))
        return false;
    regions_init(&regions, facts);
    if (!go_file_tell(&file, regions_event, &regions, &damage))
        facts->note = "some events of Go's trace are not known to heapmark and are left out";
    else
        facts->note =
            "\"" STOP_FINISHING "\" is what Go does in a stop after it read the clock for "
            "PauseTotalNs: in neither sum of stops";
    facts->events = regions.events;
    facts->bytes = file.bytes;
    facts->is_cut = file.is_cut;
    if (facts->runs->len == 0)
        facts_finish_cut(facts, &regions);
    regions_release(&regions);
    go_file_release(&file);
    return true;
}

/* ---- goroutines and their names ---- */

/* What a goroutine is for, by the function that it begins with. */
static enum slice_class goroutine_class(const char *function) {
    if (strcmp(function, "runtime.bgsweep") == 0)
        return SLICE_BGSWEEP;
    if (strcmp(function, "runtime.gcBgMarkWorker") == 0)
        return SLICE_MARK;
    return g_str_has_prefix(function, "runtime.") || g_str_has_prefix(function, "runtime/")
               ? SLICE_OTHER
               : SLICE_RUN;
}

static void goroutine_call(struct go_teller *teller, uint64_t goroutine, const char *function) {
    if (*function == '\0' || g_hash_table_size(teller->names) >= NAMES_MAX)
        return;
    char *text = g_strdup_printf("goroutine %s", function);
    const struct timeline_name *name =
        timeline_name(teller->timeline, text, goroutine_class(function));
    g_hash_table_insert(teller->names, id_key(goroutine), (gpointer)(gsize)name);
    g_free(text);
}

static void goroutine_begins_with(struct go_teller *teller, const struct go_generation *g,
                                  uint64_t goroutine, uint64_t stack_id, bool is_new) {
    const struct go_stack *stack = go_stack_find(g, stack_id);
    if (stack != NULL)
        goroutine_call(teller, goroutine, go_string(g, is_new ? stack->leaf : stack->root));
}

static const struct timeline_name *goroutine_name(struct go_teller *teller, uint64_t goroutine) {
    const struct timeline_name *name = g_hash_table_lookup(teller->names, id_key(goroutine));
    return name != NULL ? name : timeline_name(teller->timeline, "goroutine", SLICE_RUN);
}

/* ---- who runs where ---- */

static struct go_thread *teller_thread(struct go_teller *teller, uint64_t number) {
    struct go_thread *thread = g_hash_table_lookup(teller->threads, id_key(number));
    if (thread == NULL) {
        thread = g_new(struct go_thread, 1);
        *thread = (struct go_thread){.number = number, .proc = NO_PROC};
        g_hash_table_insert(teller->threads, id_key(number), thread);
    }
    return thread;
}

/* The row of a processor; NULL for none. */
static struct timeline_track *teller_proc(struct go_teller *teller, uint64_t proc) {
    enum { PROCS_MAX = 1 << 12 };
    struct timeline_track *track = g_hash_table_lookup(teller->procs, id_key(proc));
    if (proc == NO_PROC || track != NULL || g_hash_table_size(teller->procs) >= PROCS_MAX)
        return track;
    char *name = g_strdup_printf("processor %" G_GUINT64_FORMAT, proc);
    track = timeline_track_new(teller->timeline, TRACK_OTHER, name, proc + 1);
    g_hash_table_insert(teller->procs, id_key(proc), track);
    g_free(name);
    return track;
}

static struct go_mutator *mutator_find(const struct go_teller *teller, uint64_t goroutine) {
    return g_hash_table_lookup(teller->mutators, id_key(goroutine));
}

static void mutator_runs(struct go_teller *teller, struct go_mutator *m, uint64_t time_ns) {
    if (m->waits != NULL)
        timeline_end(teller->timeline, m->track, time_ns, m->waits);
    m->waits = NULL;
    timeline_begin(teller->timeline, m->track, time_ns, teller->running);
    if (m->in_assist)
        timeline_begin(teller->timeline, m->track, time_ns, teller->assist);
    if (m->in_sweep)
        timeline_begin(teller->timeline, m->track, time_ns, teller->sweep);
}

/* `reason` is what it waits for; NULL: only for a processor. */
static void mutator_rests(struct go_teller *teller, struct go_mutator *m, uint64_t time_ns,
                          const char *reason) {
    timeline_end(teller->timeline, m->track, time_ns, teller->running);
    if (reason == NULL || *reason == '\0')
        return;
    char *text = g_strdup_printf("waits: %s", reason);
    m->waits = timeline_name(teller->timeline, text,
                             strstr(reason, "assist") != NULL ? SLICE_ASSIST : SLICE_BLOCK);
    timeline_begin(teller->timeline, m->track, time_ns, m->waits);
    g_free(text);
}

static void goroutine_start(struct go_teller *teller, struct go_thread *thread, uint64_t time_ns,
                            uint64_t goroutine) {
    struct timeline_track *proc = teller_proc(teller, thread->proc);
    struct go_mutator *mutator = mutator_find(teller, goroutine);
    thread->goroutine = goroutine;
    if (proc != NULL)
        timeline_begin(teller->timeline, proc, time_ns, goroutine_name(teller, goroutine));
    if (mutator != NULL)
        mutator_runs(teller, mutator, time_ns);
}

/* Its slices end; whether it goes on later, and where, its next start tells. */
static void goroutine_stop(struct go_teller *teller, struct go_thread *thread, uint64_t time_ns,
                           const char *reason) {
    struct timeline_track *proc = teller_proc(teller, thread->proc);
    struct go_mutator *mutator = mutator_find(teller, thread->goroutine);
    if (thread->goroutine == 0)
        return;
    if (proc != NULL && proc->depth > 0)
        timeline_end(teller->timeline, proc, time_ns, proc->open[0].name);
    if (mutator != NULL)
        mutator_rests(teller, mutator, time_ns, reason);
    thread->goroutine = 0;
}

static void tell_status(struct go_teller *teller, struct go_thread *thread,
                        const struct go_generation *g, const struct go_event *e) {
    if (e->kind == GO_EVENT_GO_STATUS_STACK &&
        g_hash_table_lookup(teller->names, id_key(e->arguments[0])) == NULL)
        goroutine_begins_with(teller, g, e->arguments[0], e->arguments[3], false);
    if (e->arguments[2] == RUNNING && thread->goroutine != e->arguments[0])
        goroutine_start(teller, thread, e->time_ns, e->arguments[0]);
}

/* A thread gets a processor, or gives it up (NO_PROC). */
static void thread_takes(struct go_teller *teller, struct go_thread *thread, uint64_t time_ns,
                         uint64_t proc) {
    bool had = thread->proc != NO_PROC, has = proc != NO_PROC;
    thread->proc = proc;
    if (had == has)
        return;
    teller->running_count = has ? teller->running_count + 1 : teller->running_count - 1;
    timeline_count(teller->timeline, teller->threads_running, time_ns, teller->running_count);
}

/* A processor is taken from a thread that is in a system call: its goroutine's slice ends there. */
static void tell_steal(struct go_teller *teller, const struct go_event *e) {
    struct go_thread *victim = teller_thread(teller, e->arguments[2]);
    if (victim->proc != e->arguments[0])
        return;
    goroutine_stop(teller, victim, e->time_ns, "system call");
    thread_takes(teller, victim, e->time_ns, NO_PROC);
}

/* Scheduling. False: the event is about something else. */
static bool tell_scheduling(struct go_teller *teller, struct go_thread *thread,
                            const struct go_generation *g, const struct go_event *e) {
    switch ((int)e->kind) {
    case GO_EVENT_PROC_START:
        thread_takes(teller, thread, e->time_ns, e->arguments[0]);
        return true;
    case GO_EVENT_PROC_STATUS:
        if (e->arguments[1] == PROC_RUNNING || e->arguments[1] == PROC_SYSCALL)
            thread_takes(teller, thread, e->time_ns, e->arguments[0]);
        return true;
    case GO_EVENT_PROC_STOP:
        goroutine_stop(teller, thread, e->time_ns, NULL);
        thread_takes(teller, thread, e->time_ns, NO_PROC);
        return true;
    case GO_EVENT_PROC_STEAL:
        tell_steal(teller, e);
        return true;
    case GO_EVENT_GO_CREATE:
    case GO_EVENT_GO_CREATE_BLOCKED:
        goroutine_begins_with(teller, g, e->arguments[0], e->arguments[1], true);
        return true;
    case GO_EVENT_GO_STATUS:
    case GO_EVENT_GO_STATUS_STACK:
        tell_status(teller, thread, g, e);
        return true;
    case GO_EVENT_GO_START:
        goroutine_start(teller, thread, e->time_ns, e->arguments[0]);
        return true;
    case GO_EVENT_GO_SWITCH:
    case GO_EVENT_GO_SWITCH_DESTROY:
        goroutine_stop(teller, thread, e->time_ns, NULL);
        goroutine_start(teller, thread, e->time_ns, e->arguments[0]);
        return true;
    case GO_EVENT_GO_DESTROY:
        g_hash_table_remove(teller->names, id_key(thread->goroutine));
        goroutine_stop(teller, thread, e->time_ns, NULL);
        return true;
    case GO_EVENT_GO_STOP:
    case GO_EVENT_GO_SYSCALL_END_BLOCKED:
        goroutine_stop(teller, thread, e->time_ns, NULL);
        return true;
    case GO_EVENT_GO_BLOCK:
        goroutine_stop(teller, thread, e->time_ns, go_string(g, e->arguments[0]));
        return true;
    default:
        return false;
    }
}

/* ---- the collector ---- */

/* Where an assist or a sweep of the thread's goroutine is shown. */
static struct timeline_track *work_track(struct go_teller *teller, const struct go_thread *thread) {
    struct go_mutator *mutator = mutator_find(teller, thread->goroutine);
    return mutator != NULL ? mutator->track : teller_proc(teller, thread->proc);
}

static void tell_assist(struct go_teller *teller, struct go_thread *thread,
                        const struct go_event *e) {
    struct timeline_track *track = work_track(teller, thread);
    struct go_mutator *mutator = mutator_find(teller, thread->goroutine);
    bool is_begin = e->kind == GO_EVENT_ASSIST_BEGIN;
    if (mutator != NULL)
        mutator->in_assist = is_begin;
    if (track != NULL)
        timeline_tell(teller->timeline,
                      (struct timeline_event){.kind = is_begin ? TIMELINE_BEGIN : TIMELINE_END,
                                              .track = track,
                                              .name = teller->assist,
                                              .time_ns = e->time_ns});
}

static void tell_sweep(struct go_teller *teller, struct go_thread *thread,
                       const struct go_event *e) {
    struct timeline_track *track = work_track(teller, thread);
    struct go_mutator *mutator = mutator_find(teller, thread->goroutine);
    bool is_begin = e->kind == GO_EVENT_SWEEP_BEGIN;
    struct timeline_event event = {.kind = is_begin ? TIMELINE_BEGIN : TIMELINE_END,
                                   .track = track,
                                   .name = teller->sweep,
                                   .time_ns = e->time_ns};
    if (mutator != NULL)
        mutator->in_sweep = is_begin;
    if (!is_begin) {
        event.arguments[0] = (struct timeline_argument){"swept_bytes", e->arguments[0]};
        event.arguments[1] = (struct timeline_argument){"reclaimed_bytes", e->arguments[1]};
        event.argument_count = 2;
    }
    if (track != NULL)
        timeline_tell(teller->timeline, event);
}

static void tell_stop(struct go_teller *teller, const struct go_generation *g,
                      const struct go_event *e) {
    if (e->kind == GO_EVENT_STW_END) {
        if (teller->stop != NULL)
            timeline_end(teller->timeline, teller->world, e->time_ns, teller->stop);
        teller->stop = NULL;
        return;
    }
    char *text = g_strdup_printf("stop: %s", go_string(g, e->arguments[0]));
    teller->stop = timeline_name(teller->timeline, text, SLICE_STOP);
    timeline_begin(teller->timeline, teller->world, e->time_ns, teller->stop);
    g_free(text);
}

/* Go's gcMarkTermination tells the next goal, then reads the clock for PauseTotalNs; until it
   starts the world again, which the trace has in the same range, it settles statistics, stack
   caches and sweeping. Those are a slice of their own, so that the sum of stops is the record's
   (analyze/trace_stops.h has what is left). */
static void tell_goal(struct go_teller *teller, const struct go_event *e) {
    timeline_count(teller->timeline, teller->goal, e->time_ns, (double)e->arguments[0]);
    if (teller->stop == NULL || strstr(teller->stop->text, "mark termination") == NULL)
        return;
    timeline_end(teller->timeline, teller->world, e->time_ns, teller->stop);
    teller->stop = timeline_name(teller->timeline, STOP_FINISHING, SLICE_STOP);
    timeline_begin(teller->timeline, teller->world, e->time_ns, teller->stop);
}

static void tell_cycle(struct go_teller *teller, const struct go_event *e) {
    bool is_open = timeline_is_open(teller->cycles, teller->cycle);
    if (e->kind == GO_EVENT_GC_END)
        timeline_end(teller->timeline, teller->cycles, e->time_ns, teller->cycle);
    else if (!is_open)
        timeline_begin(teller->timeline, teller->cycles, e->time_ns, teller->cycle);
}

static void teller_event(void *context, const struct go_generation *g, const struct go_event *e) {
    struct go_teller *teller = context;
    struct go_thread *thread = teller_thread(teller, e->thread);
    if (tell_scheduling(teller, thread, g, e))
        return;
    switch ((int)e->kind) {
    case GO_EVENT_STW_BEGIN:
    case GO_EVENT_STW_END:
        tell_stop(teller, g, e);
        break;
    case GO_EVENT_GC_ACTIVE:
    case GO_EVENT_GC_BEGIN:
    case GO_EVENT_GC_END:
        tell_cycle(teller, e);
        break;
    case GO_EVENT_SWEEP_BEGIN:
    case GO_EVENT_SWEEP_END:
        tell_sweep(teller, thread, e);
        break;
    case GO_EVENT_ASSIST_BEGIN:
    case GO_EVENT_ASSIST_END:
        tell_assist(teller, thread, e);
        break;
    case GO_EVENT_HEAP_ALLOC:
        timeline_count(teller->timeline, teller->alloc, e->time_ns, (double)e->arguments[0]);
        break;
    case GO_EVENT_HEAP_GOAL:
        tell_goal(teller, e);
        break;
    default:
        break;
    }
}

/* ---- the whole ---- */

static void goroutines_call(struct go_teller *teller, const struct go_regions *regions) {
    GHashTableIter each;
    gpointer goroutine, function;
    g_hash_table_iter_init(&each, regions->functions);
    while (g_hash_table_iter_next(&each, &goroutine, &function))
        goroutine_call(teller, GPOINTER_TO_SIZE(goroutine), function);
}

static void mutators_make(struct go_teller *teller, const struct go_regions *regions) {
    GHashTableIter each;
    gpointer goroutine;
    g_hash_table_iter_init(&each, regions->goroutines);
    while (g_hash_table_iter_next(&each, &goroutine, NULL)) {
        struct go_mutator *m = g_new0(struct go_mutator, 1);
        m->goroutine = GPOINTER_TO_SIZE(goroutine);
        char *name = g_strdup_printf("mutator goroutine %" G_GUINT64_FORMAT, m->goroutine);
        m->track = timeline_track_new(teller->timeline, TRACK_MUTATOR, name, m->goroutine);
        g_hash_table_insert(teller->mutators, goroutine, m);
        g_free(name);
    }
}

static void teller_init(struct go_teller *teller, struct timeline *t) {
    *teller =
        (struct go_teller){.timeline = t,
                           .threads = g_hash_table_new_full(id_hash, NULL, NULL, g_free),
                           .procs = g_hash_table_new(id_hash, NULL),
                           .mutators = g_hash_table_new_full(id_hash, NULL, NULL, g_free),
                           .names = g_hash_table_new(id_hash, NULL),
                           .world = timeline_track_new(t, TRACK_WORLD, "stops of the world", 0),
                           .cycles = timeline_track_new(t, TRACK_COLLECTOR, "cycles", 0),
                           .alloc = timeline_counter_new(t, "heap-live", true),
                           .goal = timeline_counter_new(t, "heap-goal", true),
                           .threads_running = timeline_counter_new(t, "threads-running", false),
                           .cycle = timeline_name(t, "mark", SLICE_CYCLE),
                           .assist = timeline_name(t, "assist", SLICE_ASSIST),
                           .sweep = timeline_name(t, "sweep", SLICE_SWEEP),
                           .running = timeline_name(t, "running", SLICE_RUN)};
}

static void teller_release(struct go_teller *teller) {
    g_hash_table_destroy(teller->threads);
    g_hash_table_destroy(teller->procs);
    g_hash_table_destroy(teller->mutators);
    g_hash_table_destroy(teller->names);
}

/* Which goroutines run the workload must be known before the first event is told, so the trace is
   walked for their regions first. */
bool go_trace_tell(const char *path, struct timeline *t, struct error *err) {
    struct go_file file;
    struct go_regions regions;
    struct go_teller teller;
    struct error ignored; /* the facts have told of damage */
    if (!go_file_open(&file, path, err))
        return false;
    regions_init(&regions, NULL);
    go_file_tell(&file, regions_event, &regions, &ignored);
    teller_init(&teller, t);
    mutators_make(&teller, &regions);
    goroutines_call(&teller, &regions);
    go_file_tell(&file, teller_event, &teller, &ignored);
    timeline_rate(t, teller.alloc, "allocated bytes per second");
    teller_release(&teller);
    regions_release(&regions);
    go_file_release(&file);
    return true;
}
