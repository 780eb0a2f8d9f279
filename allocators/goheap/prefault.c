/* Getting memory ahead of need. See prefault.h. */
#include "allocators/goheap/prefault.h"

#include "allocators/goheap/mgc.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"
#include "allocators/goheap/page_alloc.h"
#include "allocators/goheap/scavenge.h"
#include "allocators/goheap/trace.h"
#include "allocators/goheap/world.h"

static uintptr_t held;         /* the stretch being prefaulted; 0: none. Heap lock. */
static uint32_t done_sweepgen; /* of the last cycle after which nothing was, or could be, done */

bool prefault_holds(uintptr_t address) {
    return held != 0 && address - held < PAGES_HUGE * PAGE_BYTES;
}

static bool prefault_is_wanted(void) {
    const struct goheap_options *options = &mheap.options;
    bool is_limited =
        options->memlimit != 0 || options->memory_limit != 0 || options->mmap_fails_at != 0;
    return done_sweepgen != mheap_sweepgen() && !is_limited && mgc_phase() == MGC_OFF &&
           world_running() < world_cpus();
}

/* A stretch of free pages without memory. Heap lock held. 0: none. */
static uintptr_t prefault_place(void) {
    uintptr_t address = page_alloc_find_huge_released();
    if (address == 0 && page_alloc_grow(PAGES_HUGE + ARENA_GROW_PAGES))
        address = page_alloc_find_huge_released();
    return address;
}

/* Takes a place off the page allocator, if the heap lacks so much. False also when somebody is
   collecting: then it is for the next time. */
static bool prefault_take(void) {
    if (!world_try_lock_collection())
        return false;
    mheap_lock();
    scavenge_note_cycle();
    held = scavenge_lack() >= PAGES_HUGE ? prefault_place() : 0;
    if (held != 0)
        page_alloc_take(held, PAGES_HUGE);
    bool is_taken = held != 0;
    if (!is_taken)
        done_sweepgen = mheap_sweepgen();
    mheap_unlock();
    world_unlock_collection();
    return is_taken;
}

/* Gives the place back, holding memory or not. */
static void prefault_give(bool has_memory) {
    mheap_lock();
    page_alloc_give(held, PAGES_HUGE, has_memory ? PAGES_IDLE : PAGES_RELEASED);
    held = 0;
    if (trace_wants())
        trace_heap_grown();
    mheap_unlock();
}

void prefault_step(void) {
    bool has_memory = true;
    while (has_memory && prefault_is_wanted() && prefault_take()) {
        has_memory = os_populate((void *)held, PAGES_HUGE * PAGE_BYTES);
        prefault_give(has_memory);
        if (!has_memory)
            done_sweepgen = mheap_sweepgen();
    }
}
