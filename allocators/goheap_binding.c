/* The goheap binding, cold half: settings, statistics and events in the contract's words. */
#include "allocators/goheap_binding.h"

#include <stdlib.h>
#include <string.h>

/* The calling thread's mutator; NULL when it is none. */
static _Thread_local struct goheap_mutator *current;

bool goheap_binding_attach(struct mutator *m, void *stack_base) {
    m->heap = current = goheap_attach(stack_base);
    return m->heap != NULL;
}

void goheap_binding_detach(struct mutator *m) {
    goheap_detach(m->heap);
    m->heap = current = NULL;
}

/* What events were turned into; until events_reset. */
static struct allocator_pause *pauses;
static struct allocator_cycle *cycles;

static const struct allocator_setting settings[] = {
    {"gogc", "0..100000|off", "100",
     "per cent of the live heap that may be allocated before the next collection"},
    {"gc", "concurrent|stw|off", "concurrent",
     "collector: marks beside the program, or with the world stopped, or none"},
    {"memlimit", "0..1000000000000", "0",
     "bytes of memory that the collector tries to stay below; 0: no limit"},
    {"worker", "on|off", "on",
     "the collector's own thread; off, with gc=stw only: the same work every time, to the "
     "instruction"},
    {"generational", "on|off", "on",
     "with gc=concurrent and no memlimit: most collections leave alone what earlier ones found"},
    {"gctrace", "0|1", "0", "a line per collection on stderr, in the format of Go's gctrace=1"},
    {"link", "shared|static", "shared", "how the cell program is linked with goheap"},
    {"stress", "0..1000000", "0", "collect at every n-th refill and poison freed slots; 0: do not"},
    {"checkmark", "0|1", "0", "check each marking against one with the world stopped; slow"},
    {NULL, NULL, NULL, NULL},
};

static enum goheap_gc gc_parse(const char *value) {
    if (strcmp(value, "stw") == 0)
        return GOHEAP_GC_STW;
    return strcmp(value, "off") == 0 ? GOHEAP_GC_OFF : GOHEAP_GC_CONCURRENT;
}

/* The values were checked against the table above. */
static void binding_set(struct goheap_options *options, const struct setting_value *setting) {
    const char *value = setting->value;
    if (strcmp(setting->name, "gogc") == 0)
        options->gogc = strcmp(value, "off") == 0 ? -1 : strtoll(value, NULL, 10);
    else if (strcmp(setting->name, "gc") == 0)
        options->gc = gc_parse(value);
    else if (strcmp(setting->name, "memlimit") == 0)
        options->memlimit = strtoull(value, NULL, 10);
    else if (strcmp(setting->name, "worker") == 0)
        options->no_worker = strcmp(value, "off") == 0;
    else if (strcmp(setting->name, "generational") == 0)
        options->generational = strcmp(value, "on") == 0;
    else if (strcmp(setting->name, "checkmark") == 0)
        options->checkmark = strcmp(value, "1") == 0;
    else if (strcmp(setting->name, "gctrace") == 0)
        options->gctrace = strcmp(value, "1") == 0;
    else if (strcmp(setting->name, "stress") == 0)
        options->stress = strtoull(value, NULL, 10);
}

static bool binding_init(const struct setting_value *values, size_t count, struct error *err) {
    struct goheap_options options = goheap_options_default();
    for (size_t i = 0; i < count; i++)
        binding_set(&options, &values[i]);
    if (options.no_worker && options.gc == GOHEAP_GC_CONCURRENT)
        return error_set(err, EXIT_USAGE, "worker=off: nobody would mark; it needs gc=stw");
    if (!goheap_init(&options))
        return error_set(err, EXIT_CANNOT, "goheap: no memory for the heap's tables");
    return true;
}

static const char *binding_name(void) {
    return "goheap";
}

static const char *binding_version(void) {
    return GOHEAP_VERSION;
}

static void binding_stats(struct allocator_stats *out) {
    struct goheap_memstats s;
    goheap_read_memstats(current, &s);
    *out = (struct allocator_stats){
        .allocs = s.mallocs,
        .allocated_bytes = s.total_alloc,
        .live_bytes = s.alloc,
        .live_bytes_peak = s.heap_live_peak,
        .mapped_bytes = s.heap_sys,
        .mapped_bytes_peak = s.heap_sys_peak,
        .gc_cycles = s.num_gc,
        .gc_stw_count = s.stw_count,
        .gc_pause_ns_total = s.pause_total_ns,
        .gc_cpu_ns = s.gc_cpu_ns,
        .gc_sweep_ns = s.sweep_mutator_ns,
        .gc_assist_ns = s.assist_ns,
        .gc_bgsweep_count = s.bgsweep_count,
        .alloc_delay_ns_max = s.alloc_delay_ns_max,
    };
}

static void binding_collect(void) {
    goheap_collect(current);
}

static size_t binding_pauses(const struct allocator_pause **out, uint64_t *lost) {
    const struct goheap_pause *from;
    size_t count = goheap_pauses(&from, lost);
    free(pauses);
    pauses = calloc(count + 1, sizeof *pauses);
    *out = pauses;
    if (pauses == NULL) {
        *lost += count;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        pauses[i] = (struct allocator_pause){.cycle = from[i].cycle,
                                             .phase = from[i].phase,
                                             .thread = 0,
                                             .start_ns = from[i].start_ns,
                                             .pause_ns = from[i].pause_ns};
    return count;
}

static size_t binding_cycles(const struct allocator_cycle **out, uint64_t *lost) {
    const struct goheap_cycle *from;
    size_t count = goheap_cycles(&from, lost);
    free(cycles);
    cycles = calloc(count + 1, sizeof *cycles);
    *out = cycles;
    if (cycles == NULL) {
        *lost += count;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        cycles[i] = (struct allocator_cycle){.cycle = from[i].cycle,
                                             .start_ns = from[i].start_ns,
                                             .mark_ns = from[i].mark_ns,
                                             .heap_start_bytes = from[i].heap_start_bytes,
                                             .heap_end_bytes = from[i].heap_end_bytes,
                                             .heap_marked_bytes = from[i].heap_marked_bytes,
                                             .goal_bytes = from[i].goal_bytes,
                                             .assist_ns = from[i].assist_ns,
                                             .forced = from[i].forced,
                                             .partial = from[i].partial};
    return count;
}

static void binding_events_reset(void) {
    goheap_events_reset();
    free(pauses);
    free(cycles);
    pauses = NULL;
    cycles = NULL;
}

static bool binding_trace_start(int fd, struct error *err) {
    if (!goheap_trace_start(current, fd))
        return error_set(err, EXIT_CANNOT, "goheap: no memory, or no thread, for the event trace");
    return true;
}

static int binding_trace_stop(struct event_end *totals) {
    struct goheap_trace trace;
    goheap_trace_stop(current, &trace);
    totals->events = trace.events;
    totals->dropped = trace.dropped;
    return trace.write_error;
}

const struct allocator allocator_binding = {
    .binding = "goheap",
    .summary = "Go-style heap: size classes, per-thread caches, mark and sweep",
#ifdef GOHEAP_BINDING_STATIC
    .link = "static",
    .variant = "link=static",
#else
    .link = "shared",
#endif
    .offers = TRAIT_RECLAIMS | TRAIT_THREADS | TRAIT_COLLECTS,
    .settings = settings,
    .init = binding_init,
    .name = binding_name,
    .version = binding_version,
    .stats = binding_stats,
    .marks_reset = goheap_marks_reset,
    .collect = binding_collect,
    .pauses = binding_pauses,
    .cycles = binding_cycles,
    .events_reset = binding_events_reset,
    .trace_start = binding_trace_start,
    .trace_stop = binding_trace_stop,
};
