/* Arithmetic on one repetition: rates, percentiles of pauses, scaled counters. */
#include "harness/run/derive.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/run/mmu.h"

/* A counter that ran less than this share of the wanted time is extrapolated too far. */
#define COUNTER_SHARE_LEAST 0.2

static bool is_known(uint64_t count) {
    return count != COUNT_EMPTY;
}

uint64_t percentile_nearest(const uint64_t *ascending, size_t count, unsigned percent) {
    size_t rank = (count * percent + 99) / 100; /* the ceiling; from 1 */
    return ascending[rank == 0 ? 0 : rank - 1];
}

static void derive_rates(struct record *r) {
    if (!is_known(r->ops) || r->ops == 0)
        return;
    double ops = (double)r->ops;
    if (isnan(r->ns_per_op) && is_known(r->wall_ns))
        r->ns_per_op = (double)r->wall_ns * (double)r->threads / ops;
    if (isnan(r->cpu_ns_per_op) && is_known(r->cpu_ns))
        r->cpu_ns_per_op = (double)r->cpu_ns / ops;
}

static int count_compare(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void fill_when_empty(uint64_t *column, uint64_t value) {
    if (!is_known(*column))
        *column = value;
}

/* Only stops of all mutators are stops of the world; rows of one thread are parts of handshakes. An
   allocator keeps so many stops and counts the rest: of those percentiles would tell the beginning
   only, and stay empty. */
static void derive_pauses(struct observation *o) {
    GArray *stops = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    uint64_t total = 0;
    for (guint i = 0; i < o->pauses->len; i++) {
        const struct pause_row *row = &g_array_index(o->pauses, struct pause_row, i);
        if (row->thread != 0)
            continue;
        g_array_append_val(stops, row->pause_ns);
        total += row->pause_ns;
    }
    bool all_kept = !is_known(o->record.gc_stw_count) || stops->len >= o->record.gc_stw_count;
    if (stops->len > 0 && all_kept) {
        const uint64_t *ascending = (const uint64_t *)(void *)stops->data;
        struct record *r = &o->record;
        g_array_sort(stops, count_compare);
        fill_when_empty(&r->gc_pause_ns_p50, percentile_nearest(ascending, stops->len, 50));
        fill_when_empty(&r->gc_pause_ns_p99, percentile_nearest(ascending, stops->len, 99));
        fill_when_empty(&r->gc_pause_ns_max, ascending[stops->len - 1]);
        fill_when_empty(&r->gc_pause_ns_total, total);
        fill_when_empty(&r->gc_stw_count, stops->len);
    }
    g_array_free(stops, TRUE);
}

/* A stop takes its length from every mutator; assists and sweeping are sums over mutators already.
 */
static void derive_mutator_share(struct record *r) {
    if (!isnan(r->gc_mutator_share) || !is_known(r->gc_pause_ns_total) ||
        !is_known(r->gc_assist_ns) || !is_known(r->gc_sweep_ns) || !is_known(r->wall_ns))
        return;
    double mutators_ns = (double)r->wall_ns * (double)r->threads;
    double lost_ns = (double)r->gc_pause_ns_total * (double)r->threads + (double)r->gc_assist_ns +
                     (double)r->gc_sweep_ns;
    if (mutators_ns > 0)
        r->gc_mutator_share = fmin(lost_ns / mutators_ns, 1.0);
}

/* Whether every stop of the world has its row; false where nothing is known of stops. */
static bool stops_are_all_kept(const struct observation *o) {
    uint64_t kept = 0;
    for (guint i = 0; i < o->pauses->len; i++)
        kept += g_array_index(o->pauses, struct pause_row, i).thread == 0;
    return is_known(o->record.gc_stw_count) && kept >= o->record.gc_stw_count;
}

/* After derive_pauses, which may count the stops. Without a collector there is nothing to tell. */
static void derive_mmu(struct observation *o) {
    static const uint64_t windows_ns[] = {1000000, 10000000, 50000000};
    struct record *r = &o->record;
    double *const columns[] = {&r->mmu_1ms, &r->mmu_10ms, &r->mmu_50ms};
    double shares[G_N_ELEMENTS(windows_ns)];
    if (!is_known(r->wall_ns) || r->wall_ns == 0 || !stops_are_all_kept(o))
        return;
    mmu_compute((const struct pause_row *)(void *)o->pauses->data, o->pauses->len, r->wall_ns,
                windows_ns, G_N_ELEMENTS(windows_ns), shares);
    for (size_t i = 0; i < G_N_ELEMENTS(windows_ns); i++) {
        if (isnan(*columns[i]))
            *columns[i] = shares[i];
    }
}

void derive_columns(struct observation *o) {
    derive_rates(&o->record);
    derive_pauses(o);
    derive_mmu(o);
    derive_mutator_share(&o->record);
}

void derive_pause_keys(struct observation *o) {
    const struct record *r = &o->record;
    for (guint i = 0; i < o->pauses->len; i++) {
        struct pause_row *row = &g_array_index(o->pauses, struct pause_row, i);
        row->strategy = r->strategy;
        row->workload = r->workload;
        row->parameters = r->parameters;
        row->threads = r->threads;
        row->repetition = r->repetition;
    }
}

static const struct counter_reading *reading_find(const GArray *readings, uint64_t index) {
    for (guint i = 0; i < readings->len; i++) {
        const struct counter_reading *r = &g_array_index(readings, struct counter_reading, i);
        if (r->index == index)
            return r;
    }
    return NULL;
}

/* Scales by enabled / running, because the kernel takes turns when events outnumber counters. */
static void counter_fill(struct counter_row *row, const struct counter_reading *reading,
                         uint64_t ops) {
    if (reading == NULL) {
        row->counter_status = "not-counted";
        row->reason = "the cell program could not read it";
        return;
    }
    row->time_enabled_ns = reading->enabled_ns;
    row->time_running_ns = reading->running_ns;
    if (reading->running_ns == 0) {
        row->counter_status = "not-counted";
        row->reason = "it never got a counter; ask for fewer events at once";
        return;
    }
    double share = (double)reading->running_ns / (double)reading->enabled_ns;
    if (is_known(ops) && ops > 0 && reading->enabled_ns > 0)
        row->value_per_op = (double)reading->value / share / (double)ops;
    bool is_reliable = share >= COUNTER_SHARE_LEAST;
    row->counter_status = is_reliable ? "ok" : "unreliable";
    row->reason =
        is_reliable ? NULL : "counted under 20 % of the time; ask for fewer events at once";
}

void derive_counters(struct observation *o, const struct counter_set *set,
                     const struct counter_opening *openings, const GArray *readings) {
    uint64_t opened = 0;
    for (size_t i = 0; i < counters_count(set); i++) {
        struct counter_row row;
        row_clear(&counter_type, &row);
        row.event = g_string_chunk_insert_const(o->text, counters_name(set, i));
        if (openings[i].fd >= 0) {
            row.domain = openings[i].with_kernel ? "user+kernel" : "user";
            counter_fill(&row, reading_find(readings, opened++), o->record.ops);
        } else {
            row.counter_status = "unavailable";
            row.reason = counter_reason(openings[i].error_number);
        }
        g_array_append_val(o->counters, row);
    }
}
