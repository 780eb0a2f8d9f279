/* Mutators' memory and their clock of slow paths. */
#include "allocators/goheap/mutator.h"

#include <string.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/mheap.h"
#include "allocators/goheap/os.h"

enum {
    MUTATOR_BYTES = (sizeof(struct mutator) + OS_PAGE_BYTES - 1) / OS_PAGE_BYTES * OS_PAGE_BYTES
};

static struct mutator *free_mutators; /* heap lock */

struct mutator *mutator_new(void) {
    mheap_lock();
    struct mutator *m = free_mutators;
    if (m != NULL)
        free_mutators = m->next_free;
    mheap_unlock();
    if (m != NULL)
        memset(m, 0, sizeof *m);
    else
        m = os_map(MUTATOR_BYTES, OS_MCACHE);
    if (m != NULL)
        mcache_init(&m->cache);
    return m;
}

void mutator_free(struct mutator *m) {
    mheap_lock();
    m->next_free = free_mutators;
    free_mutators = m;
    mheap_unlock();
}

void mutator_check(const struct mutator *m, const char *function) {
    if (m == NULL || m->state != MUTATOR_RUNNING)
        fatal("%s: the mutator is %s", function,
              m == NULL                      ? "NULL"
              : m->state == MUTATOR_DETACHED ? "detached"
                                             : "in a blocked region");
}

void mutator_delay_begin(struct mutator *m) {
    if (m->delay_start_ns == 0)
        m->delay_start_ns = os_now_ns();
}

void mutator_delay_end(struct mutator *m) {
    if (__builtin_expect(m->delay_start_ns == 0, 1))
        return;
    stats_delay_note(os_now_ns() - m->delay_start_ns);
    m->delay_start_ns = 0;
}
