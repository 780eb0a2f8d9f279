/*
 * The report of a cell program, and the end that exhausted memory makes of it.
 *
 * Lines are made on the stack and written at once: heap_exhausted may come from inside a timed
 * region with the heap in any state, so nothing here allocates.
 */
#include "harness/run/cell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/wire.h"
#include "workloads/heap.h"

static int report_fd = -1;
static char report_buffer[1 << 16];
static size_t report_used;

static void report_flush(void) {
    size_t written = 0;
    while (written < report_used) {
        ssize_t n = write(report_fd, report_buffer + written, report_used - written);
        if (n < 0)
            break; /* the parent is gone: nobody to tell */
        written += (size_t)n;
    }
    report_used = 0;
}

static __attribute__((format(printf, 1, 2))) void report_line(const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int made = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t length = made < 0 ? 0 : (size_t)made;
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    if (report_used + length > sizeof report_buffer)
        report_flush();
    memcpy(report_buffer + report_used, line, length);
    report_used += length;
}

void cell_report_begin(int fd) {
    report_fd = fd;
    report_line("heapmark-report %d", WIRE_REPORT_VERSION);
}

void cell_report_end(const char *status, const char *reason) {
    if (reason == NULL)
        report_line("end %s", status);
    else
        report_line("end %s %s", status, reason);
    report_flush();
}

void heap_exhausted(size_t bytes) {
    static atomic_flag reported = ATOMIC_FLAG_INIT;
    char reason[96];
    if (atomic_flag_test_and_set(&reported)) /* another thread is saying it */
        for (;;)
            pause();
    snprintf(reason, sizeof reason, "an allocation of %zu bytes failed", bytes);
    if (report_fd >= 0)
        cell_report_end("oom", reason);
    _exit(CELL_NOT_OK);
}

/* A count, unless it is not known. */
static void value_count(const char *field, uint64_t value) {
    if (value != STAT_UNKNOWN)
        report_line("value %s %" PRIu64, field, value);
}

/* How far a total went during the timed run. */
static void value_growth(const char *field, uint64_t before, uint64_t after) {
    if (before != STAT_UNKNOWN && after != STAT_UNKNOWN)
        value_count(field, after - before);
}

static void value_per_op(const char *field, double total, uint64_t ops) {
    report_line("value %s %.17g", field, total / (double)ops);
}

static void report_allocation(const struct cell_measurement *m) {
    value_per_op("allocs_per_op", (double)m->allocs, m->count_ops);
    value_per_op("requested_bytes_per_op", (double)m->requested_bytes, m->count_ops);
    if (m->handed_out_bytes != STAT_UNKNOWN)
        value_per_op("bytes_per_op", (double)m->handed_out_bytes, m->count_ops);
    if (m->retained_bytes != INT64_MIN)
        value_per_op("retained_bytes_per_op", (double)m->retained_bytes, m->count_ops);
}

/* The totals that the quotients were made of, where they were asked for. */
static void report_counts(const struct cell_measurement *m) {
    report_line("count operations %" PRIu64, m->count_ops);
    report_line("count allocs %" PRIu64, m->allocs);
    report_line("count requested_bytes %" PRIu64, m->requested_bytes);
    if (m->handed_out_bytes != STAT_UNKNOWN)
        report_line("count bytes %" PRIu64, m->handed_out_bytes);
    if (m->retained_bytes != INT64_MIN)
        report_line("count retained_bytes %" PRId64, m->retained_bytes);
}

static void report_collector(const struct cell_measurement *m) {
    const struct allocator_stats *a = &m->before;
    const struct allocator_stats *b = &m->after;
    value_growth("gc_cycles", a->gc_cycles, b->gc_cycles);
    value_growth("gc_stw_count", a->gc_stw_count, b->gc_stw_count);
    value_growth("gc_pause_ns_total", a->gc_pause_ns_total, b->gc_pause_ns_total);
    value_growth("gc_assist_ns", a->gc_assist_ns, b->gc_assist_ns);
    value_growth("gc_sweep_ns", a->gc_sweep_ns, b->gc_sweep_ns);
    value_growth("gc_bgsweep_count", a->gc_bgsweep_count, b->gc_bgsweep_count);
    value_count("alloc_delay_ns_max", b->alloc_delay_ns_max);
    if (b->gc_cpu_ns != STAT_UNKNOWN && m->cpu_ns != 0)
        report_line("value gc_cpu_share %.6g",
                    (double)(b->gc_cpu_ns - a->gc_cpu_ns) / (double)m->cpu_ns);
}

/* Events outside the timed run are cut away; cycles are numbered from 1 in it. */
static void report_events(const struct cell_measurement *m) {
    uint64_t first = m->before.gc_cycles == STAT_UNKNOWN ? 0 : m->before.gc_cycles;
    for (size_t i = 0; i < m->pause_count; i++) {
        const struct allocator_pause *p = &m->pauses[i];
        report_line("pause %" PRIu64 "\t%s\t%u\t%" PRIu64 "\t%" PRIu64, p->cycle - first, p->phase,
                    p->thread, p->start_ns > m->start_ns ? p->start_ns - m->start_ns : 0,
                    p->pause_ns);
    }
    for (size_t i = 0; i < m->cycle_count; i++) {
        const struct allocator_cycle *c = &m->cycles[i];
        report_line("cycle %" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                    "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d",
                    c->cycle - first, c->start_ns > m->start_ns ? c->start_ns - m->start_ns : 0,
                    c->mark_ns, c->heap_start_bytes, c->heap_end_bytes, c->heap_marked_bytes,
                    c->goal_bytes, c->assist_ns, c->forced ? 1 : 0, c->partial ? 1 : 0);
    }
}

void cell_report_ready(void) {
    report_line("value allocator %s", allocator_binding.name());
    report_line("value version %s", allocator_binding.version());
    report_line("ready");
    report_flush();
}

void cell_report_slice(const struct cell_slice *s) {
    report_line("slice %" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%016" PRIx64, s->wall_ns,
                s->cpu_ns, s->minor_faults, s->preemptions, s->checksum);
    report_flush();
}

void cell_report_state(uint64_t threads, uint64_t cpu_ns, uint64_t gc_cycles) {
    report_line("state %" PRIu64 "\t%" PRIu64 "\t%" PRIu64, threads, cpu_ns,
                gc_cycles == STAT_UNKNOWN ? 0 : gc_cycles);
    report_flush();
}

static void report_counters(const struct cell_options *o, const struct cell_measurement *m) {
    for (size_t i = 0; i < o->counter_count; i++)
        if (o->counter_fds[i] >= 0)
            report_line("counter %zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, i, m->counters[i].value,
                        m->counters[i].enabled_ns, m->counters[i].running_ns);
}

/* How timed code reaches an allocator that is linked so. */
static const char *call_kind(const char *link) {
    if (strcmp(link, "shared") == 0)
        return "plt";
    return strcmp(link, "static") == 0 ? "direct" : "inline";
}

void cell_report_measurement(const struct cell_options *o, const struct cell_work *work,
                             const struct cell_measurement *m) {
    report_line("value allocator %s", allocator_binding.name());
    report_line("value version %s", allocator_binding.version());
    report_line("value link %s", allocator_binding.link);
    report_line("value call %s", call_kind(allocator_binding.link));
    report_line("value ops %" PRIu64, work->ops * work->threads);
    report_line("value checksum %016" PRIx64, m->checksum);
    value_count("wall_ns", m->wall_ns);
    value_count("cpu_ns", m->cpu_ns);
    value_count("rss_start_bytes", m->rss_start_bytes);
    if (m->rss_peak_bytes != 0)
        value_count("rss_peak_bytes", m->rss_peak_bytes);
    value_count("heap_mapped_bytes_peak", m->after.mapped_bytes_peak);
    value_count("heap_live_bytes_peak", m->after.live_bytes_peak);
    value_count("minor_faults", m->usage.minor_faults);
    value_count("major_faults", m->usage.major_faults);
    value_count("context_switches", m->usage.context_switches);
    report_allocation(m);
    if (o->count_ops != 0)
        report_counts(m);
    report_collector(m);
    report_events(m);
    report_counters(o, m);
}
