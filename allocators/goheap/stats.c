/* Adding up what was counted, and telling it under the names of Go's MemStats. See stats.h. */
#include "allocators/goheap/stats.h"

#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/metadata.h"
#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/world.h"

static uint64_t delay_ns_max; /* atomic */

void stats_add(struct stats *to, const struct stats *from) {
    for (size_t c = 0; c < SIZE_CLASS_COUNT; c++) {
        to->small_allocs[c] += from->small_allocs[c];
        to->small_frees[c] += from->small_frees[c];
    }
    to->large_allocs += from->large_allocs;
    to->large_alloc_bytes += from->large_alloc_bytes;
    to->large_frees += from->large_frees;
    to->large_free_bytes += from->large_free_bytes;
    to->tiny_allocs += from->tiny_allocs;
    to->sweep_ns += from->sweep_ns;
    to->sweep_count += from->sweep_count;
    to->assist_ns += from->assist_ns;
    to->fresh_bytes += from->fresh_bytes;
}

uint64_t stats_alloc_bytes(const struct stats *s) {
    uint64_t bytes = s->large_alloc_bytes;
    for (size_t c = 1; c < SIZE_CLASS_COUNT; c++)
        bytes += s->small_allocs[c] * size_class_bytes[c];
    return bytes;
}

uint64_t stats_free_bytes(const struct stats *s) {
    uint64_t bytes = s->large_free_bytes;
    for (size_t c = 1; c < SIZE_CLASS_COUNT; c++)
        bytes += s->small_frees[c] * size_class_bytes[c];
    return bytes;
}

void stats_delay_note(uint64_t delay_ns) {
    uint64_t longest = __atomic_load_n(&delay_ns_max, __ATOMIC_RELAXED);
    while (delay_ns > longest &&
           !__atomic_compare_exchange_n(&delay_ns_max, &longest, delay_ns, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
}

void stats_sum(struct stats *out) {
    *out = mheap.stats;
    for (const struct mutator *m = world_mutators(); m != NULL; m = m->next)
        stats_add(out, &m->stats);
}

uint64_t stats_fresh_bytes(void) {
    uint64_t bytes = mheap.stats.fresh_bytes;
    for (const struct mutator *m = world_mutators(); m != NULL; m = m->next)
        bytes += m->stats.fresh_bytes;
    return bytes;
}

/* Objects and bytes. */
static void memstats_count(struct goheap_memstats *out, const struct stats *sum) {
    out->mallocs = sum->large_allocs + sum->tiny_allocs;
    out->frees = sum->large_frees + sum->tiny_allocs;
    for (size_t c = 1; c < SIZE_CLASS_COUNT; c++) {
        out->by_size[c].size = size_class_bytes[c];
        out->by_size[c].mallocs = sum->small_allocs[c];
        out->by_size[c].frees = sum->small_frees[c];
        out->mallocs += sum->small_allocs[c];
        out->frees += sum->small_frees[c];
    }
    out->tiny_allocs = sum->tiny_allocs;
    out->total_alloc = stats_alloc_bytes(sum);
    out->alloc = out->heap_alloc = out->total_alloc - stats_free_bytes(sum);
    out->heap_objects = out->mallocs - out->frees;
}

/* What was got from the operating system, and what for. The lock: the collector's thread may be
   giving pages back. */
static void memstats_memory(struct goheap_memstats *out) {
    mheap_lock();
    out->sys = os_ready_bytes_total();
    out->heap_sys = out->heap_sys_peak = os_ready_bytes(OS_HEAP);
    out->heap_inuse = mheap.pages_in_use * PAGE_BYTES;
    out->heap_idle = out->heap_sys - out->heap_inuse;
    out->heap_released = page_alloc_released() * PAGE_BYTES;
    out->mspan_inuse = metadata_used_bytes();
    out->mcache_inuse = world_mutator_count() * sizeof(struct mutator);
    out->gc_sys = os_ready_bytes(OS_GC);
    out->other_sys = 0;
    mheap_unlock();
}

static void memstats_collector(struct goheap_memstats *out, const struct stats *sum) {
    const struct mgc_totals *gc = mgc_totals();
    out->next_gc = gc->goal_bytes;
    out->num_gc = gc->cycles;
    out->num_forced_gc = gc->forced_cycles;
    out->pause_total_ns = gc->pause_ns;
    out->num_partial_gc = gc->partial_cycles;
    out->stw_count = gc->stops;
    out->sweep_mutator_ns = sum->sweep_ns;
    out->assist_ns = sum->assist_ns;
    out->bgsweep_count = gc->bgsweep_spans;
    out->gc_cpu_ns = gc->stop_ns + gc->background_cpu_ns + sum->assist_ns + sum->sweep_ns;
    out->alloc_delay_ns_max = __atomic_load_n(&delay_ns_max, __ATOMIC_RELAXED);
    uint64_t live = mheap_live();
    out->heap_live_peak = mheap.heap_live_peak > live ? mheap.heap_live_peak : live;
}

static void memstats_read(void *argument) {
    struct goheap_memstats *out = argument;
    memset(out, 0, sizeof *out);
    struct stats sum;
    stats_sum(&sum);
    memstats_count(out, &sum);
    memstats_memory(out);
    memstats_collector(out, &sum);
}

void goheap_read_memstats(struct goheap_mutator *m, struct goheap_memstats *out) {
    if (m != NULL)
        mutator_check(mutator_of(m), "goheap_read_memstats");
    mgc_with_world_stopped(mutator_of(m), memstats_read, out);
}

void goheap_marks_reset(void) {
    __atomic_store_n(&delay_ns_max, 0, __ATOMIC_RELAXED);
    mheap_live_peak_reset();
}
