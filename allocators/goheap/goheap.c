/* The heap as a whole, and threads coming and going: goheap_init, goheap_attach, goheap_detach. */
#include "allocators/goheap/goheap.h"

#include <string.h>

#include "allocators/goheap/arena.h"
#include "allocators/goheap/events.h"
#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mark.h"
#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/remembered.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

struct goheap_options goheap_options_default(void) {
    return (struct goheap_options){.gogc = 100, .gc = GOHEAP_GC_CONCURRENT, .generational = true};
}

bool goheap_init(const struct goheap_options *options) {
    if (mheap.is_ready)
        fatal("goheap_init: called twice");
    os_init(options->memory_limit, options->mmap_fails_at);
    if (!mheap_init(options))
        return false;
    if (!events_init()) {
        arena_release();
        return false;
    }
    mark_init();
    remembered_init();
    write_barrier_init();
    world_init();
    mheap.is_ready = mgc_init();
    return mheap.is_ready;
}

struct goheap_mutator *goheap_attach(void *stack_base) {
    if (!mheap.is_ready)
        fatal("goheap_attach: goheap_init was not called, or failed");
    struct mutator *m = mutator_new();
    if (m == NULL)
        return NULL;
    m->stack_base = (uintptr_t)stack_base & ~(uintptr_t)7;
    trace_mutator_init(m);
    world_attach(m);
    trace_mutator_begin(m);
    return &m->shared;
}

void goheap_detach(struct goheap_mutator *handle) {
    struct mutator *m = mutator_of(handle);
    mutator_check(m, "goheap_detach");
    write_barrier_flush(m);
    mcache_flush(m);
    mheap_stats_add(&m->stats);
    memset(&m->stats, 0, sizeof m->stats);
    trace_mutator_end(m);
    world_detach(m);
    mutator_free(m);
}
