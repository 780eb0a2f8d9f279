/* A heap for tests of partial collections. See partial_heap.h. */
#include "partial_heap.h"

#include <string.h>

enum { AGES = 3 }; /* partial collections, after which a card is clean again */

struct old_roots old;

struct goheap_options stressed_options(void) {
    struct goheap_options options = goheap_options_default();
    options.stress = 1;
    options.checkmark = true;
    return options;
}

uint64_t partial_count(struct goheap_mutator *m) {
    static struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats.num_partial_gc;
}

static uint64_t collection_count(struct goheap_mutator *m) {
    static struct goheap_memstats stats;
    goheap_read_memstats(m, &stats);
    return stats.num_gc;
}

NOINLINE bool collect_now(struct goheap_mutator *m) {
    uint64_t partial = partial_count(m), collections = collection_count(m);
    for (int i = 0; collection_count(m) == collections; i++) {
        CHECK(i < 100);
        CHECK(goheap_new(m, 1024, 0) != NULL);
    }
    return partial_count(m) > partial;
}

NOINLINE void all_become_old(struct goheap_mutator *m) {
    int partial = 0;
    for (int i = 0; partial < AGES; i++) {
        CHECK(i < 100);
        partial += collect_once(m);
    }
}

struct goheap_mutator *start_old(const struct goheap_options *options) {
    struct goheap_mutator *m = heap_start(options);
    CHECK(goheap_root(&old, sizeof old));
    old.list = list_build(m, LIVE_NODES);
    return m;
}

struct goheap_mutator *start_stressed(void) {
    struct goheap_options options = stressed_options();
    return start_old(&options);
}

void end_whole(struct goheap_mutator *m) {
    CHECK(list_is_whole(old.list, LIVE_NODES));
    goheap_verify(m);
}

NOINLINE void *victim_make(struct goheap_mutator *m) {
    char *victim = goheap_new(m, VICTIM_BYTES, 0);
    CHECK(victim != NULL);
    return memset(victim, PATTERN, VICTIM_BYTES);
}

/* Into a word of the old holder. Its address is not known before the victim is made, or the
   collection that this may be would find it on the stack, and the holder would be held. */
NOINLINE void victim_store(struct goheap_mutator *m, size_t word) {
    void *victim = victim_make(m);
    goheap_store(m, &old.holder[word], victim);
}

NOINLINE void word_clear(struct goheap_mutator *m, size_t word) {
    goheap_store(m, &old.holder[word], NULL);
}

NOINLINE bool victim_is_whole(void *const *slot) {
    const char *victim = *slot;
    return victim != NULL && victim[0] == PATTERN && victim[VICTIM_BYTES - 1] == PATTERN;
}

NOINLINE bool has_victim(size_t word) {
    return victim_is_whole(&old.holder[word]);
}

NOINLINE void holder_make(struct goheap_mutator *m, const struct shape *s) {
    old.holder = goheap_new_array(m, s->elements, s->bytes, s->pointers);
    CHECK(old.holder != NULL);
}
