/* Stopping and starting mutators. See world.h. */
#include "allocators/goheap/world.h"

#include <pthread.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/roots.h"

static struct {
    pthread_mutex_t collection;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t all_stopped;
    pthread_cond_t started;
    bool stop; /* a stop is wanted or lasts */
    size_t running;
    size_t count;
    struct mutator *mutators;
} world = {.collection = PTHREAD_MUTEX_INITIALIZER,
           .lock = PTHREAD_MUTEX_INITIALIZER,
           .all_stopped = PTHREAD_COND_INITIALIZER,
           .started = PTHREAD_COND_INITIALIZER};

struct mutator *world_mutators(void) {
    return world.mutators;
}

size_t world_mutator_count(void) {
    return world.count;
}

static void world_wait_while_stopped(void) {
    while (world.stop)
        pthread_cond_wait(&world.started, &world.lock);
}

/* running -> stopped or blocked. World lock held. */
static void world_leave(struct mutator *m, enum mutator_state state) {
    m->state = state;
    if (--world.running == 0)
        pthread_cond_signal(&world.all_stopped);
}

/* ... -> running, as soon as no stop lasts. World lock held. */
static void world_enter(struct mutator *m) {
    world_wait_while_stopped();
    m->state = MUTATOR_RUNNING;
    world.running++;
}

void world_attach(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    world_enter(m);
    m->next = world.mutators;
    m->previous = NULL;
    if (m->next != NULL)
        m->next->previous = m;
    world.mutators = m;
    world.count++;
    pthread_mutex_unlock(&world.lock);
}

void world_detach(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    /* Running, so no stop can be complete; but one may be waiting for this thread, which from here
       on counts no more. */
    world_leave(m, MUTATOR_DETACHED);
    if (m->next != NULL)
        m->next->previous = m->previous;
    if (m->previous != NULL)
        m->previous->next = m->next;
    else
        world.mutators = m->next;
    world.count--;
    pthread_mutex_unlock(&world.lock);
}

static __attribute__((noinline)) void world_park(struct mutator *m) {
    roots_publish(m);
    pthread_mutex_lock(&world.lock);
    if (world.stop) {
        world_leave(m, MUTATOR_STOPPED);
        world_enter(m);
    }
    pthread_mutex_unlock(&world.lock);
}

void world_poll(struct mutator *m) {
    if (world_wants_stop(m))
        world_park(m);
}

/* The second half of goheap_block, which published the roots of its caller (roots.c). */
void world_block(struct mutator *m) {
    mutator_check(m, "goheap_block");
    pthread_mutex_lock(&world.lock);
    world_leave(m, MUTATOR_BLOCKED);
    pthread_mutex_unlock(&world.lock);
}

void goheap_unblock(struct goheap_mutator *handle) {
    struct mutator *m = mutator_of(handle);
    if (m->state != MUTATOR_BLOCKED)
        fatal("goheap_unblock: the mutator is not blocked");
    pthread_mutex_lock(&world.lock);
    world_enter(m);
    pthread_mutex_unlock(&world.lock);
}

/* Waits for the collection lock as blocked, within a frame that outlives the wait. */
static __attribute__((noinline)) void world_wait_for_collection(struct mutator *m) {
    roots_publish(m);
    world_block(m);
    pthread_mutex_lock(&world.collection);
    goheap_unblock(&m->shared);
}

void world_lock_collection(struct mutator *m) {
    if (pthread_mutex_trylock(&world.collection) == 0)
        return;
    if (m != NULL)
        world_wait_for_collection(m);
    else
        pthread_mutex_lock(&world.collection);
}

void world_unlock_collection(void) {
    pthread_mutex_unlock(&world.collection);
}

static void world_flags_set(uint32_t wanted) {
    for (struct mutator *m = world.mutators; m != NULL; m = m->next)
        __atomic_store_n(&m->shared.stop_wanted, wanted, __ATOMIC_RELAXED);
}

void world_stop(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    world.stop = true;
    world_flags_set(1);
    if (m != NULL)
        world_leave(m, MUTATOR_STOPPED);
    while (world.running > 0)
        pthread_cond_wait(&world.all_stopped, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

void world_start(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    world.stop = false;
    world_flags_set(0);
    if (m != NULL)
        world_enter(m);
    pthread_cond_broadcast(&world.started);
    pthread_mutex_unlock(&world.lock);
}
