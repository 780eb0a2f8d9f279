/* Keeps what the rings say of one process, and makes stacks of it when the process has ended. */
#include "harness/capture/cpu_profile.h"

#include <string.h>

#include "harness/capture/symbols.h"
#include "harness/capture/unwind.h"

struct kept_thread {
    uint32_t tid;
    char *name; /* NULL: nobody named it */
};

struct cpu_profiler {
    struct cpu_profile_options options;
    struct sampler *sampler;
    struct kernel_symbols *kernel;
    GArray *samples;   /* of struct perf_sample, whose pointers lead into pieces */
    GPtrArray *pieces; /* of gpointer: chains, registers and stacks */
    GArray *mappings;  /* of struct perf_mapping, with paths of their own */
    GArray *threads;   /* of struct kept_thread, in the order in which they were first seen */
    char *program;     /* the process's own name, which threads inherit */
    uint64_t lost;
};

static void mapping_clear(gpointer pointer) {
    g_free((gpointer)(uintptr_t)((struct perf_mapping *)pointer)->path);
}

static void thread_clear(gpointer pointer) {
    g_free(((struct kept_thread *)pointer)->name);
}

/* ---- while the process runs ---- */

/* A sample is copied into one block: chain, registers, and as much stack as there is. */
static void keep_sample(struct cpu_profiler *c, const struct perf_sample *s) {
    struct perf_sample kept = *s;
    size_t chain = s->chain_count * sizeof *s->chain;
    size_t registers = s->registers == NULL ? 0 : PERF_REGISTERS * sizeof *s->registers;
    uint8_t *block = g_malloc(chain + registers + s->stack_bytes + 1);
    memcpy(block, s->chain, chain);
    kept.chain = (const uint64_t *)(const void *)block;
    if (registers > 0) {
        memcpy(block + chain, s->registers, registers);
        kept.registers = (const uint64_t *)(const void *)(block + chain);
    }
    if (s->stack_bytes > 0) {
        memcpy(block + chain + registers, s->stack, s->stack_bytes);
        kept.stack = block + chain + registers;
    }
    g_ptr_array_add(c->pieces, block);
    g_array_append_val(c->samples, kept);
}

static struct kept_thread *thread_of(struct cpu_profiler *c, uint32_t tid) {
    for (guint i = 0; i < c->threads->len; i++) {
        struct kept_thread *t = &g_array_index(c->threads, struct kept_thread, i);
        if (t->tid == tid)
            return t;
    }
    struct kept_thread fresh = {.tid = tid};
    g_array_append_val(c->threads, fresh);
    return &g_array_index(c->threads, struct kept_thread, c->threads->len - 1);
}

static void keep_name(struct cpu_profiler *c, const struct perf_name *n) {
    struct kept_thread *t = thread_of(c, n->tid);
    if (n->pid == n->tid) {
        g_free(c->program);
        c->program = g_strdup(n->name);
        return;
    }
    g_free(t->name);
    t->name = g_strdup(n->name);
}

static void cpu_profiler_record(void *context, const struct perf_record *record) {
    struct cpu_profiler *c = context;
    struct perf_mapping mapping;
    switch (record->kind) {
    case PERF_SAMPLE:
        keep_sample(c, &record->sample);
        break;
    case PERF_MAPPING:
        mapping = record->mapping;
        mapping.path = g_strdup(mapping.path);
        g_array_append_val(c->mappings, mapping);
        break;
    case PERF_NAME:
        keep_name(c, &record->name);
        break;
    case PERF_LOST:
        c->lost += record->lost;
        break;
    case PERF_OTHER:
        break;
    }
}

/* ---- after its end ---- */

static uint32_t thread_number(struct cpu_profiler *c, struct profile *into, uint32_t pid,
                              uint32_t tid) {
    const struct kept_thread *t = thread_of(c, tid);
    char name[32];
    if (pid == tid)
        return profile_thread_add(into, "main");
    if (t->name != NULL && g_strcmp0(t->name, c->program) != 0)
        return profile_thread_add(into, t->name);
    unsigned order = 2;
    for (guint i = 0; i < c->threads->len; i++) {
        uint32_t other = g_array_index(c->threads, struct kept_thread, i).tid;
        order += other != pid && other < tid; /* tids rise, but where they wrap around */
    }
    g_snprintf(name, sizeof name, "thread %u", order);
    return profile_thread_add(into, name);
}

static void samples_resolve(struct cpu_profiler *c, struct profile *into) {
    if (c->samples->len == 0)
        return;
    const struct perf_sample *first = &g_array_index(c->samples, struct perf_sample, 0);
    struct unwinder *u = unwinder_new((pid_t)first->pid);
    for (guint i = 0; i < c->mappings->len; i++)
        unwinder_map(u, &g_array_index(c->mappings, struct perf_mapping, i));
    for (guint i = 0; i < c->samples->len; i++)
        thread_of(c, g_array_index(c->samples, struct perf_sample, i).tid);
    for (guint i = 0; i < c->samples->len; i++) {
        const struct perf_sample *s = &g_array_index(c->samples, struct perf_sample, i);
        uint32_t stack = unwinder_stack(u, into, c->kernel, s);
        profile_entry_add(into, stack, thread_number(c, into, s->pid, s->tid), 1, s->period);
    }
    unwinder_free(u);
}

static void cpu_profiler_forget(struct cpu_profiler *c) {
    g_array_set_size(c->samples, 0);
    g_ptr_array_set_size(c->pieces, 0);
    g_array_set_size(c->mappings, 0);
    g_array_set_size(c->threads, 0);
    c->lost = 0;
}

bool cpu_profiler_begin(struct cpu_profiler *c, struct process_capture *out, struct error *err) {
    cpu_profiler_forget(c);
    return sampler_begin(c->sampler, out, err);
}

const char *cpu_profiler_end(struct cpu_profiler *c, struct profile *into) {
    const char *failure = sampler_end(c->sampler);
    samples_resolve(c, into);
    into->lost += c->lost;
    cpu_profiler_forget(c);
    return failure;
}

void cpu_profiler_drop(struct cpu_profiler *c) {
    sampler_end(c->sampler);
    cpu_profiler_forget(c);
}

void cpu_profile_describe(const struct cpu_profiler *c, struct profile *p) {
    bool is_clock = sampler_is_clock(c->sampler);
    p->types[0] = (struct profile_value_type){"samples", "count"};
    p->types[1] = is_clock ? (struct profile_value_type){"cpu", "nanoseconds"}
                           : (struct profile_value_type){"cycles", "count"};
    p->period = is_clock ? UINT64_C(1000000000) / c->options.frequency_hz : 1;
    p->event = g_strdup(sampler_event(c->sampler));
}

const struct sampler *cpu_profiler_sampler(const struct cpu_profiler *c) {
    return c->sampler;
}

struct cpu_profiler *cpu_profiler_new(const struct cpu_profile_options *options,
                                      struct error *err) {
    struct cpu_profiler *c = g_new0(struct cpu_profiler, 1);
    c->options = *options;
    c->samples = g_array_new(FALSE, FALSE, sizeof(struct perf_sample));
    c->pieces = g_ptr_array_new_with_free_func(g_free);
    c->mappings = g_array_new(FALSE, FALSE, sizeof(struct perf_mapping));
    g_array_set_clear_func(c->mappings, mapping_clear);
    c->threads = g_array_new(FALSE, FALSE, sizeof(struct kept_thread));
    g_array_set_clear_func(c->threads, thread_clear);
    c->kernel = kernel_symbols_new("/proc/kallsyms");
    c->sampler = sampler_new(&(struct sampler_options){.frequency_hz = options->frequency_hz,
                                                       .stack_bytes = options->stack_bytes,
                                                       .cpus = options->cpus,
                                                       .system = &sampler_system,
                                                       .record = cpu_profiler_record,
                                                       .context = c},
                             err);
    if (c->sampler != NULL)
        return c;
    cpu_profiler_free(c);
    return NULL;
}

void cpu_profiler_free(struct cpu_profiler *c) {
    if (c->sampler != NULL)
        sampler_free(c->sampler);
    kernel_symbols_free(c->kernel);
    g_array_free(c->samples, TRUE);
    g_ptr_array_free(c->pieces, TRUE);
    g_array_free(c->mappings, TRUE);
    g_array_free(c->threads, TRUE);
    g_free(c->program);
    g_free(c);
}
