/*
 * The schedule. What is left out after a resume is decided by the identity of a repetition
 * (strategy, workload, parameters, threads, number), never by its place in the order, so a resumed
 * run is complete even when the machine has learnt or lost a strategy meanwhile.
 *
 * Equal work must give equal checksums. Repetitions are appended as they come, so each is compared
 * with the first ok one of the same work, in this run or in what a resumed run holds already; the
 * reason names that one, because either may be at fault.
 */
#include "harness/run/rounds.h"

#include <string.h>

#include "harness/run/identity.h"
#include "harness/run/order.h"

struct first_sum {
    char *checksum;
    char *strategy;
};

struct schedule {
    const struct rounds *rounds;
    GHashTable *recorded; /* set of char *: repetitions the store holds */
    GHashTable *sums;     /* of struct first_sum * by char * work */
    GStringChunk *text;   /* of parameters */
    size_t *order;
    size_t done, total;
    struct observation observation;
};

/* ---- what the store holds ---- */

static const char *text_or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* `number` is a repetition, or the status of a cell that is recorded once. */
static char *repetition_key(const char *strategy, const char *workload, const char *parameters,
                            uint64_t threads, const char *number) {
    return g_strdup_printf("%s\t%s\t%s\t%" G_GUINT64_FORMAT "\t%s", strategy, workload,
                           text_or_empty(parameters), threads, number);
}

/* Notes the repetition and, for the cells that are recorded once, the status. A repetition that was
   unavailable stays what it is: were it made after all, its row would be there twice. */
static void schedule_note(struct schedule *s, const struct record *r) {
    const char *strategy = text_or_empty(r->strategy), *workload = text_or_empty(r->workload);
    char number[32];
    g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, r->repetition);
    g_hash_table_add(s->recorded,
                     repetition_key(strategy, workload, r->parameters, r->threads, number));
    g_hash_table_add(s->recorded, repetition_key(strategy, workload, r->parameters, r->threads,
                                                 text_or_empty(r->status)));
}

static bool schedule_holds(const struct schedule *s, const struct cell *cell, const char *number) {
    char *key = repetition_key(cell->strategy->name, cell->workload->name,
                               cell_parameters_text(cell, s->text), cell->threads, number);
    bool holds = g_hash_table_contains(s->recorded, key);
    g_free(key);
    return holds;
}

static bool schedule_holds_repetition(const struct schedule *s, const struct cell *cell,
                                      unsigned repetition) {
    char number[16];
    g_snprintf(number, sizeof number, "%u", repetition);
    return schedule_holds(s, cell, number);
}

/* ---- checksums ---- */

static void first_sum_free(void *memory) {
    struct first_sum *sum = memory;
    g_free(sum->checksum);
    g_free(sum->strategy);
    g_free(sum);
}

/* Turns an ok record whose checksum is not that of the first one of the same work into a wrong one.
 */
static void schedule_check_sum(struct schedule *s, struct observation *o) {
    const struct record *r = &o->record;
    if (g_strcmp0(r->status, "ok") != 0 || r->checksum == NULL)
        return;
    char *work = g_strdup_printf(
        "%s\t%s\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT,
        text_or_empty(r->workload), text_or_empty(r->parameters), r->threads, r->seed, r->ops);
    const struct first_sum *first = g_hash_table_lookup(s->sums, work);
    if (first == NULL) {
        struct first_sum *sum = g_new(struct first_sum, 1);
        *sum = (struct first_sum){g_strdup(r->checksum), g_strdup(text_or_empty(r->strategy))};
        g_hash_table_insert(s->sums, work, sum);
        return;
    }
    g_free(work);
    if (strcmp(first->checksum, r->checksum) == 0)
        return;
    char *reason = g_strdup_printf("checksum %s differs from %s of %s for the same work",
                                   r->checksum, first->checksum, first->strategy);
    status_set(o, "wrong", reason);
    g_free(reason);
}

/* ---- the schedule ---- */

static const char *cell_not_run(const struct cell *cell) {
    return cell->skipped != NULL ? cell->skipped : cell->unavailable;
}

static const char *cell_not_run_status(const struct cell *cell) {
    return cell->skipped != NULL ? "skipped" : "unavailable";
}

/* Whether the cell is to be done in this round. One that cannot run is done once, under the first
   number that is free. */
static bool schedule_wants(const struct schedule *s, const struct cell *cell, unsigned repetition) {
    if (schedule_holds_repetition(s, cell, repetition))
        return false;
    return cell_not_run(cell) == NULL || !schedule_holds(s, cell, cell_not_run_status(cell));
}

static const struct cell *schedule_cell(const struct schedule *s, size_t index) {
    return &g_array_index(s->rounds->matrix->cells, struct cell, index);
}

static bool schedule_execute(struct schedule *s, const struct cell *cell, unsigned repetition,
                             struct error *err) {
    const struct rounds *r = s->rounds;
    if (cell_not_run(cell) != NULL) {
        identity_fill(&s->observation, cell, r->config, repetition);
        status_set(&s->observation, cell_not_run_status(cell), cell_not_run(cell));
        return true;
    }
    if (!r->executor->execute(r->executor, cell, repetition, &s->observation, err))
        return false;
    schedule_check_sum(s, &s->observation);
    return true;
}

static bool schedule_do(struct schedule *s, const struct cell *cell, unsigned repetition,
                        struct error *err) {
    const struct rounds_listener *l = &s->rounds->listener;
    if (l->starting != NULL)
        l->starting(l->context, cell, repetition, s->done, s->total);
    observation_clear(&s->observation);
    if (!schedule_execute(s, cell, repetition, err) ||
        !store_append(s->rounds->store, &s->observation, err))
        return false;
    schedule_note(s, &s->observation.record);
    s->done++;
    if (l->finished != NULL)
        l->finished(l->context, &s->observation.record, s->done, s->total);
    return true;
}

static void schedule_init(struct schedule *s, const struct rounds *r) {
    *s = (struct schedule){
        .rounds = r,
        .recorded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, first_sum_free),
        .text = g_string_chunk_new(4096),
        .order = g_new(size_t, r->matrix->cells->len + 1)};
    observation_init(&s->observation);
    for (guint i = 0; r->existing != NULL && i < r->existing->len; i++) {
        const struct record *record = &g_array_index(r->existing, struct record, i);
        schedule_note(s, record);
        schedule_check_sum(s, &(struct observation){.record = *record, .text = s->text});
    }
}

static void schedule_release(struct schedule *s) {
    g_hash_table_destroy(s->recorded);
    g_hash_table_destroy(s->sums);
    g_string_chunk_free(s->text);
    g_free(s->order);
    observation_release(&s->observation);
}

/* How many repetitions this cell still has to give. */
static size_t schedule_count(const struct schedule *s, const struct cell *cell) {
    size_t wanted = 0;
    for (unsigned repetition = 1; repetition <= s->rounds->config->repetitions; repetition++)
        wanted += schedule_wants(s, cell, repetition);
    return cell_not_run(cell) == NULL ? wanted : MIN(wanted, 1);
}

bool rounds_run(const struct rounds *r, struct error *err) {
    struct schedule s;
    size_t count = r->matrix->cells->len;
    bool ok = true;
    schedule_init(&s, r);
    for (size_t i = 0; i < count; i++)
        s.total += schedule_count(&s, schedule_cell(&s, i));
    for (unsigned repetition = 1; ok && repetition <= r->config->repetitions; repetition++) {
        order_shuffle(s.order, count, r->config->seed, repetition);
        for (size_t i = 0; ok && i < count; i++) {
            const struct cell *cell = schedule_cell(&s, s.order[i]);
            if (schedule_wants(&s, cell, repetition))
                ok = schedule_do(&s, cell, repetition, err);
        }
    }
    schedule_release(&s);
    return ok;
}
