/* Goal, trigger and assist ratio. See pacer.h. */
#include "allocators/goheap/pacer.h"

#include <string.h>

enum {
    HEAP_BYTES_LEAST = 4 << 20,        /* goal at GOGC=100 when nothing is live */
    TRIGGER_DISTANCE_LEAST = 64 << 10, /* between what is live and the goal */
    LIMIT_HEADROOM_LEAST = 1 << 20,    /* kept free below the memory limit, */
    LIMIT_HEADROOM_PERCENT = 3,        /* or so much of what it leaves for the heap */
    RELIEF_SHARE = 8,                  /* of what is live, per cycle */
    WORK_LEAST = 1000,                 /* that is still expected, whatever was done */
    PROMOTED_SHARE_MOST = 4,           /* of what the last full cycle found, one part in so many */
    FULL_WAIT_MOST = 31,
    FRESH_SHARE_LEAST = 16,    /* of what is live, that must have been made in fresh spans */
    ROOM_SHARE_LEAST = 4,      /* of what GOGC allows, after a partial cycle */
    SMALL_WORK_MOST = 2 << 10, /* bytes scanned, roots apart, where there is next to nothing */
    SMALL_ROOTS_MOST = 64 << 10,
    SMALL_ROOM_LEAST = 512 << 10, /* allocated between two of them, per mutator */
    SMALL_CYCLES = 16             /* after so many the room is doubled */
};

/* The trigger stays between these shares of the way from live to goal: not so early that
   collections follow each other without a gap, not so late that nothing is left to pace. The upper
   one is Go's; Go's lower one, 45/64, would have our mutators, which allocate some five times as
   fast, assist in every cycle of a program like binary-trees. */
#define TRIGGER_SHARE_LEAST (8.0 / 64)
#define TRIGGER_SHARE_MOST  (61.0 / 64)

/* How far the goal may move out in a cycle that finds more than expected. */
#define GOAL_STRETCH_MOST 1.05

static uint64_t pacer_sum(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* bytes * gogc / 100, or UINT64_MAX if that is too much for 64 bits; gogc < 2^63. */
static uint64_t pacer_percent(uint64_t bytes, uint64_t gogc) {
    uint64_t hundreds = bytes / 100, rest = bytes % 100, product;
    if (__builtin_mul_overflow(hundreds, gogc, &product))
        return UINT64_MAX;
    return pacer_sum(product, rest * (gogc / 100) + rest * (gogc % 100) / 100);
}

static uint64_t pacer_goal_of_gogc(const struct pacer *p, uint64_t scalable_bytes) {
    if (p->gogc < 0)
        return UINT64_MAX;
    uint64_t gogc = (uint64_t)p->gogc;
    uint64_t least = pacer_percent(HEAP_BYTES_LEAST, gogc);
    uint64_t goal = pacer_sum(p->marked_bytes, pacer_percent(scalable_bytes, gogc));
    if (p->promoted_bytes > 0 && goal > p->full_goal) {
        uint64_t room = (goal - p->marked_bytes) / ROOM_SHARE_LEAST;
        goal = pacer_sum(p->marked_bytes, room);
        goal = goal < p->full_goal ? p->full_goal : goal;
    }
    return goal < least ? least : goal;
}

/* What the memory limit leaves for the heap. */
static uint64_t pacer_goal_of_limit(const struct pacer *p, uint64_t other_bytes) {
    if (p->memory_limit == 0)
        return UINT64_MAX;
    uint64_t left = p->memory_limit > other_bytes ? p->memory_limit - other_bytes : 0;
    uint64_t headroom = left / 100 * LIMIT_HEADROOM_PERCENT;
    headroom = headroom < LIMIT_HEADROOM_LEAST ? LIMIT_HEADROOM_LEAST : headroom;
    left = left > headroom ? left - headroom : 0;
    return pacer_sum(left > p->marked_bytes ? left : p->marked_bytes, p->relief_bytes);
}

/* A limit too low for what is live would have the collector run all the time. While it takes more
   than half of the CPU time the goal rises above the limit, or above what is live if that is more,
   and it comes back slowly when the collector takes less. */
static void pacer_relieve(struct pacer *p, const struct pacer_cycle *c) {
    if (p->memory_limit == 0)
        return;
    if (c->since_last_ns > 0 && c->cost_ns > c->since_last_ns / 2)
        p->relief_bytes =
            pacer_sum(p->relief_bytes, p->marked_bytes / RELIEF_SHARE + TRIGGER_DISTANCE_LEAST);
    else
        p->relief_bytes -= p->relief_bytes / RELIEF_SHARE;
}

/* Bytes that mutators allocate while `expected_work` is done. */
static double pacer_runway(const struct pacer *p) {
    const struct pacer_kind *k = &p->kinds[p->next_is_partial && p->kinds[1].work != 0];
    double most = 0;
    for (int i = 0; i < PACER_HISTORY; i++)
        most = k->bytes_per_work[i] > most ? k->bytes_per_work[i] : most;
    return most * (double)p->expected_work;
}

static void pacer_trigger_set(struct pacer *p) {
    if (p->goal_bytes == UINT64_MAX) {
        p->trigger_bytes = UINT64_MAX;
        return;
    }
    double gap = (double)(p->goal_bytes - p->marked_bytes);
    double least = gap * TRIGGER_SHARE_LEAST, most = gap * TRIGGER_SHARE_MOST;
    if (gap - HEAP_BYTES_LEAST > most)
        most = gap - HEAP_BYTES_LEAST;
    double distance = gap - pacer_runway(p);
    distance = distance > most ? most : distance < least ? least : distance;
    p->trigger_bytes = p->marked_bytes + (uint64_t)distance;
    if (p->is_small) { /* needs no runway */
        uint64_t early = pacer_sum(p->marked_bytes, p->small_room);
        p->trigger_bytes = early < p->goal_bytes ? early : p->goal_bytes;
    }
}

/* scalable_bytes: what GOGC is a percentage of. */
static void pacer_goal_set(struct pacer *p, uint64_t scalable_bytes, uint64_t other_bytes) {
    uint64_t goal = pacer_goal_of_gogc(p, scalable_bytes);
    uint64_t limit = pacer_goal_of_limit(p, other_bytes);
    goal = goal < limit ? goal : limit;
    uint64_t least = pacer_sum(p->marked_bytes, TRIGGER_DISTANCE_LEAST);
    p->goal_bytes = goal < least ? least : goal;
    if (p->promoted_bytes == 0)
        p->full_goal = p->goal_bytes;
    pacer_trigger_set(p);
}

void pacer_init(struct pacer *p, int64_t gogc, uint64_t memory_limit) {
    memset(p, 0, sizeof *p);
    p->gogc = gogc;
    p->memory_limit = memory_limit;
    pacer_goal_set(p, 0, 0);
}

static uint64_t pacer_expected_work(const struct pacer *p) {
    if (!p->next_is_partial)
        return pacer_sum(p->kinds[0].work, p->promoted_bytes);
    return p->kinds[1].work != 0 ? p->kinds[1].work : p->kinds[0].work / 4;
}

void pacer_start(struct pacer *p, bool is_partial, uint64_t heap_live, uint64_t other_bytes) {
    p->next_is_partial = is_partial;
    p->expected_work = pacer_expected_work(p);
    uint64_t least = pacer_sum(heap_live, TRIGGER_DISTANCE_LEAST);
    uint64_t limit = pacer_goal_of_limit(p, other_bytes);
    limit = limit > least ? limit : least;
    p->goal_bytes = p->goal_bytes < limit ? p->goal_bytes : limit;
    p->live_at_start = heap_live;
}

uint64_t pacer_trigger_least(const struct pacer *p) {
    return pacer_sum(pacer_sum(p->marked_bytes, TRIGGER_DISTANCE_LEAST), p->relief_bytes);
}

double pacer_assist_ratio(const struct pacer *p, uint64_t work, uint64_t heap_live) {
    double expected = (double)p->expected_work;
    double goal = (double)p->goal_bytes;
    if ((double)work > expected) {
        /* All that was live, or young, may have to be scanned. */
        double most = (double)p->live_at_start - (p->next_is_partial ? (double)p->old_bytes : 0);
        most = most > (double)work ? most : (double)work * 1.1;
        double stretch = expected > 0 ? most / expected : GOAL_STRETCH_MOST;
        goal *= stretch < GOAL_STRETCH_MOST ? stretch : GOAL_STRETCH_MOST;
        expected = most;
    }
    double left = expected - (double)work, distance = goal - (double)heap_live;
    left = left < WORK_LEAST ? WORK_LEAST : left;
    return left / (distance < 1 ? 1 : distance);
}

/* What one byte of scan work would have let mutators allocate, had nobody assisted: they would have
   had the time of their assists too, and the work would have taken the background as much longer.
 */
static double pacer_bytes_per_work(const struct pacer_cycle *c) {
    if (c->work == 0)
        return 0;
    double ratio = (double)c->born_bytes / (double)c->work;
    double mutator = (double)c->mutator_ns, assist = (double)c->assist_ns;
    double background = (double)c->background_ns;
    if (assist > 0 && mutator > 0)
        ratio *= (mutator + assist) / mutator;
    if (assist > 0 && background > 0)
        ratio *= (background + assist) / background;
    return ratio;
}

static void pacer_note_work(struct pacer_kind *k, const struct pacer_cycle *c) {
    memmove(&k->bytes_per_work[1], &k->bytes_per_work[0],
            (PACER_HISTORY - 1) * sizeof k->bytes_per_work[0]);
    k->bytes_per_work[0] = pacer_bytes_per_work(c);
    k->work = c->work > 0 ? c->work : 1;
}

/* What is old now, and how much of it no full cycle has looked at. */
static void pacer_note_old(struct pacer *p, const struct pacer_cycle *c) {
    if (c->is_partial) {
        p->promoted_bytes = pacer_sum(p->promoted_bytes, c->found_bytes);
        p->old_bytes = pacer_sum(p->old_bytes, c->found_bytes);
    } else {
        p->promoted_bytes = 0;
        p->old_bytes = p->full_found = c->found_bytes;
    }
}

/* Did most of what was made in fresh spans die before this cycle, and was it enough to tell? Where
   objects are replaced one by one, spans have survivors when they are taken, and few are fresh. */
static bool pacer_dies_young(const struct pacer *p, const struct pacer_cycle *c) {
    return p->partial_least == 0 || (c->fresh_bytes >= p->full_found / FRESH_SHARE_LEAST &&
                                     c->fresh_survived <= c->fresh_bytes / PROMOTED_SHARE_MOST);
}

/* Shall the next cycle be a partial one? Not while the young ones stay. Not if much of what is old
   may be dead; and if a single partial cycle makes it so much, they do not pay in this program: the
   next few are full. */
static bool pacer_choose(struct pacer *p, const struct pacer_cycle *c) {
    uint64_t most = p->full_found / PROMOTED_SHARE_MOST;
    if (!p->may_be_partial || !c->is_remembered || p->old_bytes < p->partial_least)
        return false;
    if (c->is_partial && c->found_bytes > most) {
        p->full_wait = p->full_wait < FULL_WAIT_MOST ? p->full_wait * 2 + 1 : p->full_wait;
        p->full_waited = 0;
        return false;
    }
    if (!c->is_partial && !pacer_dies_young(p, c))
        return false;
    if (p->full_waited < p->full_wait) {
        p->full_waited++;
        return false;
    }
    if (c->is_partial)
        p->full_wait = 0;
    return p->promoted_bytes <= most;
}

/* A heap in which there is next to nothing to mark is collected early, while it is small. Each
   doubling of the room costs the page faults of new memory, and saves half of the cycles to come;
   so it is made when some cycles have shown that there are many to come. */
static void pacer_note_small(struct pacer *p, const struct pacer_cycle *c) {
    p->is_small = c->root_bytes <= SMALL_ROOTS_MOST && c->work <= c->root_bytes + SMALL_WORK_MOST;
    if (!p->is_small)
        return;
    uint64_t least = SMALL_ROOM_LEAST * (c->mutators == 0 ? 1 : c->mutators);
    if (++p->small_cycles % SMALL_CYCLES == 0 && p->small_room < p->goal_bytes)
        p->small_room *= 2;
    p->small_room = p->small_room < least ? least : p->small_room;
}

void pacer_end(struct pacer *p, const struct pacer_cycle *c) {
    pacer_note_work(&p->kinds[c->is_partial], c);
    pacer_note_old(p, c);
    pacer_note_small(p, c);
    p->next_is_partial = pacer_choose(p, c);
    p->expected_work = pacer_expected_work(p);
    p->marked_bytes = pacer_sum(p->old_bytes, c->born_bytes);
    pacer_relieve(p, c);
    pacer_goal_set(p, pacer_sum(p->full_found, c->root_bytes), c->other_bytes);
}
