/* Stopping and starting mutators. See world.h. */
#include "allocators/goheap/world.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>

#include "allocators/goheap/fatal.h"
#include "allocators/goheap/goheap.h"
#include "allocators/goheap/mcentral.h"
#include "allocators/goheap/mutator.h"
#include "allocators/goheap/remembered.h"
#include "allocators/goheap/roots.h"
#include "allocators/goheap/trace.h"

/* How often to look before sleeping. A look is a load and a pause of 40 to 65 cycles: a stopped
   mutator looks for some 10 us, about as long as a stop takes; who stops the world three times as
   long, since to be woken takes longer than what most mutators are late. */
enum { LOOKS_WHILE_STOPPED = 1000, LOOKS_FOR_STOPPED = 3000 };

static struct {
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t all_stopped;
    pthread_cond_t started;
    pthread_cond_t collection_over;
    bool collecting;     /* the collection lock */
    bool stop;           /* a stop is wanted or lasts; atomic for those who spin */
    bool stopper_sleeps; /* in all_stopped */
    bool marking;        /* the write barriers are on */
    unsigned cpus;
    size_t sleepers; /* in `started` */
    size_t running;  /* atomic for those who spin */
    size_t count;
    unsigned attached; /* in all, to this day */
    struct mutator *mutators;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .all_stopped = PTHREAD_COND_INITIALIZER,
           .started = PTHREAD_COND_INITIALIZER,
           .collection_over = PTHREAD_COND_INITIALIZER};

void world_init(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
    world.cpus = cpus > 0 ? (unsigned)cpus : 1;
}

unsigned world_cpus(void) {
    return world.cpus;
}

size_t world_running(void) {
    return __atomic_load_n(&world.running, __ATOMIC_RELAXED);
}

static void world_running_add(size_t change) {
    __atomic_store_n(&world.running, world.running + change, __ATOMIC_RELEASE);
}

struct mutator *world_mutators(void) {
    return world.mutators;
}

size_t world_mutator_count(void) {
    return world.count;
}

static bool world_is_stopped(void) {
    return __atomic_load_n(&world.stop, __ATOMIC_ACQUIRE);
}

/* World lock held, and given up meanwhile. */
static void world_wait_while_stopped(bool may_spin) {
    if (world.stop && may_spin && world.cpus > 1) {
        pthread_mutex_unlock(&world.lock);
        for (int look = 0; look < LOOKS_WHILE_STOPPED && world_is_stopped(); look++)
            world_pause();
        pthread_mutex_lock(&world.lock);
    }
    world.sleepers++;
    while (world.stop)
        pthread_cond_wait(&world.started, &world.lock);
    world.sleepers--;
}

/* running -> stopped or blocked. World lock held. */
static void world_leave(struct mutator *m, enum mutator_state state) {
    m->state = state;
    world_running_add((size_t)-1);
    if (world.running == 0 && world.stopper_sleeps)
        pthread_cond_signal(&world.all_stopped);
}

/* ... -> running, as soon as no stop lasts. World lock held. */
static void world_enter(struct mutator *m) {
    world_wait_while_stopped(world.running > 0 || !world.stopper_sleeps);
    m->state = MUTATOR_RUNNING;
    world_running_add(1);
}

void world_attach(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    world_enter(m);
    m->shared.marking = world.marking;
    remembered_attach(m);
    m->next = world.mutators;
    m->previous = NULL;
    if (m->next != NULL)
        m->next->previous = m;
    world.mutators = m;
    m->shard = (uint8_t)(world.attached++ % MCENTRAL_SHARDS);
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
        if (trace_wants())
            trace_stopped_begin();
        world_leave(m, MUTATOR_STOPPED);
        world_enter(m);
        trace_event(EVENT_STOPPED_END, 0, 0, 0);
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
    trace_event(EVENT_BLOCK_BEGIN, 0, EVENT_BLOCK_PROGRAM, 0);
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
    trace_event(EVENT_BLOCK_END, 0, 0, 0);
}

/* Waits for the collection lock as blocked, within a frame that outlives the wait. */
static __attribute__((noinline)) void world_wait_for_collection(struct mutator *m) {
    if (m != NULL) {
        trace_event(EVENT_BLOCK_BEGIN, 0, EVENT_BLOCK_COLLECTION, 0);
        roots_publish(m);
        world_leave(m, MUTATOR_BLOCKED);
    }
    while (world.collecting)
        pthread_cond_wait(&world.collection_over, &world.lock);
    world.collecting = true; /* before m may run: no stop can come in between */
    if (m != NULL) {
        world_enter(m);
        trace_event(EVENT_BLOCK_END, 0, 0, 0);
    }
}

void world_lock_collection(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    if (world.collecting)
        world_wait_for_collection(m);
    world.collecting = true;
    pthread_mutex_unlock(&world.lock);
}

bool world_try_lock_collection(void) {
    pthread_mutex_lock(&world.lock);
    bool was_free = !world.collecting;
    world.collecting = true;
    pthread_mutex_unlock(&world.lock);
    return was_free;
}

void world_unlock_collection(void) {
    pthread_mutex_lock(&world.lock);
    world.collecting = false;
    pthread_cond_signal(&world.collection_over);
    pthread_mutex_unlock(&world.lock);
}

static void world_flags_set(uint32_t wanted) {
    for (struct mutator *m = world.mutators; m != NULL; m = m->next)
        __atomic_store_n(&m->shared.stop_wanted, wanted, __ATOMIC_RELAXED);
}

void world_call_attention(void) {
    pthread_mutex_lock(&world.lock);
    world_flags_set(1);
    pthread_mutex_unlock(&world.lock);
}

/* Until no mutator runs. World lock held. */
static void world_wait_until_stopped(void) {
    if (world.running > 0 && world.running < world.cpus) {
        pthread_mutex_unlock(&world.lock);
        for (int look = 0; look < LOOKS_FOR_STOPPED; look++) {
            if (__atomic_load_n(&world.running, __ATOMIC_ACQUIRE) == 0)
                break;
            world_pause();
        }
        pthread_mutex_lock(&world.lock);
    }
    world.stopper_sleeps = true;
    while (world.running > 0)
        pthread_cond_wait(&world.all_stopped, &world.lock);
    world.stopper_sleeps = false;
}

void world_stop(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    assert(world.collecting && !world.stop);
    __atomic_store_n(&world.stop, true, __ATOMIC_RELEASE);
    world_flags_set(1);
    if (m != NULL)
        world_leave(m, MUTATOR_STOPPED);
    world_wait_until_stopped();
    pthread_mutex_unlock(&world.lock);
}

void world_start(struct mutator *m) {
    pthread_mutex_lock(&world.lock);
    __atomic_store_n(&world.stop, false, __ATOMIC_RELEASE);
    world_flags_set(0);
    if (m != NULL)
        world_enter(m);
    if (world.sleepers > 0)
        pthread_cond_broadcast(&world.started);
    pthread_mutex_unlock(&world.lock);
}

void world_marking_set(bool marking) {
    world.marking = marking;
    for (struct mutator *m = world.mutators; m != NULL; m = m->next) {
        __atomic_store_n(&m->shared.marking, marking, __ATOMIC_RELAXED);
        m->assist_debt = 0;
    }
}
