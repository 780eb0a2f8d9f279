/*
 * The shadow allocator: objects side by side in one reservation of address space that is never used
 * twice, and a table that names the object of every 16 bytes of it. One lock for everything.
 */
#include "tests/unit/shadow_binding.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { GRANULE = 16, OBJECTS_MOST = 1 << 21 };

static const size_t arena_bytes = (size_t)1 << 32;
/* Of a larger object without pointers only so much is filled and known by address. */
static const size_t watched_most = 1 << 18;

struct object {
    unsigned char *start;
    size_t bytes;
    struct shape shape; /* of an element */
    bool live;
};

static unsigned char *arena;
static size_t arena_used;
static uint32_t *owners; /* by granule: index into objects; 0: none */
static struct object *objects;
static uint32_t objects_used; /* objects[0] is not one */
static unsigned char pattern_now;
static char fault[256];

struct shadow_counts shadow_counts;

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static pthread_mutex_t *lock(void) {
    pthread_mutex_lock(&mutex);
    return &mutex;
}

static void unlock(pthread_mutex_t *const *locked) {
    pthread_mutex_unlock(*locked);
}

/* First in a function: it has the lock until it returns. */
#define LOCKED __attribute__((cleanup(unlock))) pthread_mutex_t *const locked = lock()

static void *reserve(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED) {
        perror("shadow allocator: mmap");
        exit(1);
    }
    return p;
}

__attribute__((format(printf, 1, 2))) static void violation(const char *format, ...) {
    if (fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault, sizeof fault, format, arguments);
    va_end(arguments);
}

const char *shadow_fault(void) {
    return fault;
}

void shadow_begin(unsigned char pattern) {
    if (arena == NULL) {
        arena = reserve(arena_bytes);
        owners = reserve(arena_bytes / GRANULE * sizeof *owners);
        objects = reserve(OBJECTS_MOST * sizeof *objects);
    }
    madvise(arena, arena_used, MADV_DONTNEED);
    madvise(owners, arena_used / GRANULE * sizeof *owners, MADV_DONTNEED);
    arena_used = 0;
    objects_used = 1;
    pattern_now = pattern;
    fault[0] = '\0';
    memset(&shadow_counts, 0, sizeof shadow_counts);
}

static bool is_in_arena(const void *p) {
    return (uintptr_t)p >= (uintptr_t)arena && (uintptr_t)p < (uintptr_t)arena + arena_used;
}

/* The object that p points into, dead or alive; NULL for anything else. */
static struct object *object_find(const void *p) {
    if (!is_in_arena(p))
        return NULL;
    uint32_t owner = owners[(size_t)((const unsigned char *)p - arena) / GRANULE];
    return owner == 0 ? NULL : &objects[owner];
}

/* Whether the shape of the object says that the word at `offset` holds a pointer. */
static bool word_is_pointer(const struct object *object, size_t offset) {
    size_t word = offset % object->shape.bytes / 8;
    return offset % 8 == 0 && word < 64 && (object->shape.pointers >> word & 1) != 0;
}

static size_t watched_bytes(const struct shape *shape, size_t bytes) {
    return shape->pointers != 0 || bytes < watched_most ? bytes : watched_most;
}

void *shadow_new(const struct shape *shape, size_t n, bool zeroed) {
    LOCKED;
    size_t bytes = shape->bytes * n;
    size_t taken = (bytes + GRANULE + GRANULE - 1) / GRANULE * GRANULE; /* a gap after each */
    if (bytes == 0 || taken > arena_bytes - arena_used || objects_used == OBJECTS_MOST)
        return NULL;
    if (shape->pointers != 0 && shape->bytes % 8 != 0)
        violation("a shape of %zu bytes holds pointers", shape->bytes);
    struct object *object = &objects[objects_used];
    *object = (struct object){arena + arena_used, bytes, *shape, true};
    size_t watched = watched_bytes(shape, bytes);
    for (size_t g = arena_used / GRANULE; g * GRANULE < arena_used + watched; g++)
        owners[g] = objects_used;
    objects_used++;
    arena_used += taken;
    if (!zeroed)
        memset(object->start, pattern_now, watched); /* fresh from mmap it is zero */
    shadow_counts.allocs++;
    shadow_counts.requested_bytes += bytes;
    shadow_counts.live++;
    shadow_counts.live_bytes += bytes;
    return object->start;
}

/* A collector would not find what a word hides that says it holds no pointer. */
static void hidden_pointers_check(const struct object *object) {
    size_t watched = watched_bytes(&object->shape, object->bytes);
    for (size_t offset = 0; offset + 8 <= watched; offset += 8) {
        void *word;
        memcpy(&word, object->start + offset, sizeof word);
        const struct object *target = object_find(word);
        if (target != NULL && !word_is_pointer(object, offset))
            violation("an object of %zu bytes hides a pointer at offset %zu", object->bytes,
                      offset);
    }
}

void shadow_delete(void *p, size_t bytes) {
    LOCKED;
    if (p == NULL)
        return;
    struct object *object = object_find(p);
    if (object == NULL || object->start != p || !object->live) {
        violation("%s is given up", object == NULL  ? "what was never allocated"
                                    : !object->live ? "what is gone already"
                                                    : "the middle of an object");
        return;
    }
    if (object->bytes != bytes) {
        violation("%zu bytes are given up as %zu", object->bytes, bytes);
        return;
    }
    hidden_pointers_check(object);
    object->live = false;
    shadow_counts.live--;
    shadow_counts.live_bytes -= object->bytes;
    memset(object->start, pattern_now ^ 0xff, watched_bytes(&object->shape, bytes));
}

void *shadow_resize(void *p, const struct shape *shape, size_t old_n, size_t new_n) {
    LOCKED;
    void *grown = shadow_new(shape, new_n, shape->pointers != 0);
    if (grown == NULL || p == NULL)
        return grown;
    memcpy(grown, p, shape->bytes * (old_n < new_n ? old_n : new_n));
    shadow_delete(p, shape->bytes * old_n);
    return grown;
}

void shadow_store(void *slot, void *value, bool fresh) {
    LOCKED;
    const struct object *object = object_find(slot);
    const char *verb = fresh ? "initialised" : "stored";
    memcpy(slot, &value, sizeof value);
    if (object == NULL || !object->live) {
        violation("a pointer is %s outside of any live object", verb);
        return;
    }
    size_t offset = (size_t)((unsigned char *)slot - object->start);
    if (!word_is_pointer(object, offset))
        violation("a pointer is %s at offset %zu of %zu bytes, where the shape has none", verb,
                  offset, object->bytes);
    const struct object *target = object_find(value);
    if (target != NULL && !target->live)
        violation("a dead object's address is %s", verb);
}

void shadow_copy(void *dst, const void *src, const struct shape *shape, size_t n) {
    LOCKED;
    const struct object *object = object_find(dst);
    memcpy(dst, src, shape->bytes * n);
    if (object == NULL || !object->live) {
        violation("elements are copied to where no live object is");
        return;
    }
    size_t offset = (size_t)((unsigned char *)dst - object->start);
    const struct object element = {.shape = *shape};
    for (size_t i = 0; i < shape->bytes * n; i += 8)
        if (word_is_pointer(&element, i) != word_is_pointer(object, offset + i))
            violation("elements are copied whose pointers are not where the object has its own");
}

void shadow_blocked(const char *function) {
    LOCKED;
    violation("%s is called where the mutator said that it waits, or not", function);
}

void shadow_poll(void) {
    LOCKED;
    shadow_counts.polls++;
}

void shadow_reset(void) {
    LOCKED;
    shadow_counts.resets++;
    if (shadow_counts.live != 0)
        violation("%lu objects are live at a reset", (unsigned long)shadow_counts.live);
}
