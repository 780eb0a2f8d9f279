/* Reserving arenas and keeping the maps from addresses to arenas and spans. */
#include "allocators/goheap/arena.h"

#include <string.h>

#include "allocators/goheap/os.h"

/* Entries of both tables are pointers. */
enum { ENTRY_BYTES = sizeof(void *), ARENA_TABLE_INITIAL = OS_PAGE_BYTES / ENTRY_BYTES };

/* Where Go puts its first arena: an address that does not look like text, a number or a stack. Only
   a wish: sanitizers have their shadow memory there. */
#define ARENA_FIRST_HINT ((uintptr_t)0xc0 << 32)

/* One entry per possible arena: 32 MB of address space. */
#define ARENA_INDEX_BYTES ((size_t)ENTRY_BYTES << (ARENA_ADDRESS_BITS - ARENA_SHIFT))

struct arena **arenas;
size_t arena_count;
uintptr_t arena_low;
uintptr_t arena_extent;
struct arena **arena_index;

static size_t arena_capacity;         /* entries of arenas[] */
static unsigned char *index_is_ready; /* one per OS page of arena_index */

#define INDEX_PAGES (ARENA_INDEX_BYTES / OS_PAGE_BYTES)

bool arena_init(void) {
    arena_capacity = ARENA_TABLE_INITIAL;
    arenas = os_map(arena_capacity * ENTRY_BYTES, OS_GC);
    index_is_ready = os_map(INDEX_PAGES, OS_GC);
    arena_index = os_reserve_readable(ARENA_INDEX_BYTES);
    if (arenas != NULL && index_is_ready != NULL && arena_index != NULL)
        return true;
    arena_release();
    return false;
}

void arena_release(void) {
    if (arenas != NULL)
        os_unmap(arenas, arena_capacity * ENTRY_BYTES, OS_GC);
    if (index_is_ready != NULL)
        os_unmap(index_is_ready, INDEX_PAGES, OS_GC);
    if (arena_index != NULL)
        os_release(arena_index, ARENA_INDEX_BYTES, 0, OS_GC);
    arenas = NULL;
    index_is_ready = NULL;
    arena_index = NULL;
}

/* Room for count more entries in arenas[]. */
static bool arena_table_grow(size_t count) {
    if (arena_count + count <= arena_capacity)
        return true;
    size_t capacity = arena_capacity;
    while (capacity < arena_count + count)
        capacity *= 2;
    struct arena **larger = os_map(capacity * ENTRY_BYTES, OS_GC);
    if (larger == NULL)
        return false;
    memcpy(larger, arenas, arena_count * ENTRY_BYTES);
    os_unmap(arenas, arena_capacity * ENTRY_BYTES, OS_GC);
    arenas = larger;
    arena_capacity = capacity;
    return true;
}

/* Makes the index writable for count arenas from base on. */
static bool arena_index_commit(uintptr_t base, size_t count) {
    size_t first = (base >> ARENA_SHIFT) * ENTRY_BYTES / OS_PAGE_BYTES;
    size_t last = ((base >> ARENA_SHIFT) + count - 1) * ENTRY_BYTES / OS_PAGE_BYTES;
    for (size_t page = first; page <= last; page++) {
        if (index_is_ready[page])
            continue;
        if (!os_commit((char *)arena_index + page * OS_PAGE_BYTES, OS_PAGE_BYTES, OS_GC))
            return false;
        index_is_ready[page] = 1;
    }
    return true;
}

/* Widens [arena_low, arena_low + arena_extent) to hold [base, end). The extent grows first: a
   reader that sees the new low sees the new extent too, and one that sees only the new extent asks
   the index about addresses outside the arenas, and gets NULL. */
static void arena_bounds_widen(uintptr_t base, uintptr_t end) {
    uintptr_t low = arena_low, high = arena_low + arena_extent;
    if (arena_extent == 0)
        low = base, high = end;
    low = base < low ? base : low;
    high = end > high ? end : high;
    __atomic_store_n(&arena_extent, high - low, __ATOMIC_RELAXED);
    __atomic_store_n(&arena_low, low, __ATOMIC_RELEASE);
}

/* Enters one arena into the maps, its pages all taken (none is committed). */
static void arena_enter(struct arena *arena, uintptr_t base) {
    arena->base = base;
    memset(arena->taken, 0xff, sizeof arena->taken);
    size_t at = arena_count;
    while (at > 0 && arenas[at - 1]->base > base)
        at--;
    memmove(&arenas[at + 1], &arenas[at], (arena_count - at) * ENTRY_BYTES);
    arenas[at] = arena;
    arena_count++;
    __atomic_store_n(&arena_index[base >> ARENA_SHIFT], arena, __ATOMIC_RELEASE);
}

/* Address space for count arenas in a row: behind the last one if that is free. */
static uintptr_t arena_space_reserve(size_t count) {
    uintptr_t hint =
        arena_count > 0 ? arenas[arena_count - 1]->base + ARENA_BYTES : ARENA_FIRST_HINT;
    size_t bytes = count * (size_t)ARENA_BYTES;
    uintptr_t base = (uintptr_t)os_reserve(hint, bytes, ARENA_BYTES);
    if (base != 0 && (base + bytes) >> ARENA_ADDRESS_BITS != 0) {
        os_release((void *)base, bytes, 0, OS_HEAP);
        return 0;
    }
    return base;
}

struct arena *arena_reserve(size_t count) {
    if (count > (size_t)1 << (ARENA_ADDRESS_BITS - ARENA_SHIFT) || !arena_table_grow(count))
        return NULL;
    size_t arena_map_bytes =
        (sizeof(struct arena) + OS_PAGE_BYTES - 1) & ~(size_t)(OS_PAGE_BYTES - 1);
    uintptr_t base = arena_space_reserve(count);
    if (base == 0)
        return NULL;
    char *map = os_map(count * arena_map_bytes, OS_GC);
    if (map == NULL || !arena_index_commit(base, count)) {
        if (map != NULL)
            os_unmap(map, count * arena_map_bytes, OS_GC);
        os_release((void *)base, count * (size_t)ARENA_BYTES, 0, OS_HEAP);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        arena_enter((struct arena *)(map + i * arena_map_bytes), base + i * (size_t)ARENA_BYTES);
    arena_bounds_widen(base, base + count * (size_t)ARENA_BYTES);
    return (struct arena *)map;
}

void arena_spans_set(uintptr_t address, size_t pages, struct mspan *span) {
    for (uintptr_t end = address + pages * PAGE_BYTES; address < end; address += PAGE_BYTES) {
        struct arena *arena = arena_index[address >> ARENA_SHIFT];
        __atomic_store_n(&arena->spans[address >> PAGE_SHIFT & (ARENA_PAGES - 1)], span,
                         __ATOMIC_RELEASE);
    }
}
