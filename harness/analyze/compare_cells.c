/*
 * Which cells meet.
 *
 * Equal work is what makes a ratio one: every ok repetition of both sides must have done as many
 * operations, from the same seed, with the same checksum. The names alone do not tell, because a
 * workload may be another one in another version of heapmark.
 */
#include "harness/analyze/compare_cells.h"

#include <stdarg.h>
#include <string.h>

static const char *pool_printf(struct comparison *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *pool_printf(struct comparison *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    const char *kept = g_string_chunk_insert(c->text, text);
    g_free(text);
    return kept;
}

/* ---- sides in words ---- */

/* "in A", or "under malloc". */
static const char *side_phrase(struct comparison *c, const struct compare_cell *cell, bool is_b) {
    if (c->base == NULL)
        return is_b ? "in B" : "in A";
    return pool_printf(c, "under %s", is_b ? cell->strategy : c->base);
}

static bool is_measured(const struct cell_summary *cell) {
    return cell != NULL && cell->records[CELL_STATUS_OK] > 0;
}

static bool has_failed(const struct cell_summary *cell) {
    return cell != NULL && cell_status_is_failure(cell->problem);
}

/* "crashed in B: signal 11" of a side that was not measured. */
static const char *problem_phrase(struct comparison *c, const struct compare_cell *cell,
                                  bool is_b) {
    const struct cell_summary *side = is_b ? cell->b : cell->a;
    const char *where = side_phrase(c, cell, is_b);
    if (side == NULL)
        return pool_printf(c, "not %s", where);
    return pool_printf(c, "%s %s%s%s", cell_status_name(side->problem), where,
                       *side->reason != '\0' ? ": " : "", side->reason);
}

/* ---- equal work ---- */

static const struct record *record_first(const struct cell_summary *cell) {
    return g_ptr_array_index(cell->ok, 0);
}

static bool text_is_same(const char *a, const char *b) {
    return g_strcmp0(a, b) == 0;
}

static bool work_is_same(const struct record *a, const struct record *b) {
    return a->ops == b->ops && a->seed == b->seed && text_is_same(a->checksum, b->checksum);
}

/* How the work of two records differs. */
static const char *work_phrase(struct comparison *c, const struct record *a,
                               const struct record *b) {
    const char *what = a->ops != b->ops ? "operations" : a->seed != b->seed ? "seed" : NULL;
    uint64_t x = a->ops != b->ops ? a->ops : a->seed, y = a->ops != b->ops ? b->ops : b->seed;
    if (what == NULL)
        return pool_printf(c, "checksum: %s against %s", a->checksum != NULL ? a->checksum : "none",
                           b->checksum != NULL ? b->checksum : "none");
    char *from = x == COUNT_EMPTY ? g_strdup("none") : g_strdup_printf("%" G_GUINT64_FORMAT, x);
    char *to = y == COUNT_EMPTY ? g_strdup("none") : g_strdup_printf("%" G_GUINT64_FORMAT, y);
    const char *phrase = pool_printf(c, "%s: %s against %s", what, from, to);
    g_free(from);
    g_free(to);
    return phrase;
}

/* NULL: all repetitions of the cell did what its first one did. */
static const char *side_is_mixed(struct comparison *c, const struct compare_cell *cell, bool is_b) {
    const struct cell_summary *side = is_b ? cell->b : cell->a;
    for (guint i = 1; i < side->ok->len; i++) {
        const struct record *record = g_ptr_array_index(side->ok, i);
        if (!work_is_same(record_first(side), record))
            return pool_printf(c, "its repetitions did different work %s (%s)",
                               side_phrase(c, cell, is_b),
                               work_phrase(c, record_first(side), record));
    }
    return NULL;
}

static const char *work_differs(struct comparison *c, const struct compare_cell *cell) {
    const char *mixed = side_is_mixed(c, cell, false);
    mixed = mixed != NULL ? mixed : side_is_mixed(c, cell, true);
    const struct record *a = record_first(cell->a), *b = record_first(cell->b);
    return mixed != NULL || work_is_same(a, b)
               ? mixed
               : pool_printf(c, "other work, %s", work_phrase(c, a, b));
}

/* ---- fates ---- */

static const char *cpus_of(const struct cell_summary *cell) {
    const char *cpus = record_first(cell)->cpus;
    return cpus != NULL ? cpus : "no CPU";
}

/* What may be compared of a cell that both sides measured. */
static void cell_meet(struct comparison *c, struct compare_cell *cell) {
    cell->reason = work_differs(c, cell);
    cell->fate = cell->reason != NULL ? COMPARE_OTHER : COMPARE_MEETS;
    if (!text_is_same(cpus_of(cell->a), cpus_of(cell->b)))
        cell->times_refused =
            pool_printf(c, "bound to %s %s, to %s %s", cpus_of(cell->a),
                        side_phrase(c, cell, false), cpus_of(cell->b), side_phrase(c, cell, true));
    else if (c->machines != NULL && !c->request->across_machines)
        cell->times_refused = "another machine";
    for (int is_b = 0; is_b < 2; is_b++) {
        const struct cell_summary *side = is_b ? cell->b : cell->a;
        if (side->problem != CELL_STATUS_OK)
            cell->remark =
                pool_printf(c, "%s%s%u of %u repetitions %s", cell->remark ? cell->remark : "",
                            cell->remark ? "; " : "", side->records[side->problem],
                            side->records[side->problem] + side->records[CELL_STATUS_OK],
                            problem_phrase(c, cell, is_b));
    }
}

static void cell_part(struct comparison *c, struct compare_cell *cell) {
    bool a = is_measured(cell->a), b = is_measured(cell->b);
    bool failed = (!a && has_failed(cell->a)) || (!b && has_failed(cell->b));
    cell->fate = failed ? COMPARE_FAILED
                 : a    ? COMPARE_GONE
                 : b    ? COMPARE_APPEARED
                        : COMPARE_NOWHERE;
    const char *of_a = a ? NULL : problem_phrase(c, cell, false);
    const char *of_b = b ? NULL : problem_phrase(c, cell, true);
    if (of_a == NULL || of_b == NULL)
        cell->reason = of_a != NULL ? of_a : of_b;
    else
        cell->reason = pool_printf(c, "%s; %s", of_a, of_b);
}

static void cell_add(struct comparison *c, const struct cell_summary *a,
                     const struct cell_summary *b, unsigned strategy_index) {
    struct compare_cell *cell = g_new0(struct compare_cell, 1);
    cell->a = a;
    cell->b = b;
    cell->named = a != NULL ? a : b;
    cell->strategy_index = strategy_index;
    cell->strategy = g_ptr_array_index(c->strategies, strategy_index);
    if (is_measured(a) && is_measured(b))
        cell_meet(c, cell);
    else
        cell_part(c, cell);
    g_ptr_array_add(c->cells, cell);
}

/* ---- who meets whom ---- */

/* The cell of that work under a strategy (by name), or NULL. */
static const struct cell_summary *cell_find(const struct run_summary *s,
                                            const struct cell_summary *work, const char *strategy) {
    for (guint i = 0; i < s->strategies->len; i++) {
        if (strcmp(g_ptr_array_index(s->strategies, i), strategy) == 0)
            return summary_find(s, work, i);
    }
    return NULL;
}

/* Cells of a summary under a strategy, each with its counterpart; those whose counterpart is there
   are left to the other side when it is its turn. */
static void cells_add(struct comparison *c, GHashTable *workloads, unsigned strategy_index,
                      bool from_b) {
    const struct compare_request *r = c->request;
    const char *name_b = g_ptr_array_index(c->strategies, strategy_index);
    const char *name_a = c->base != NULL ? c->base : name_b;
    const struct run_summary *from = from_b ? r->b.summary : r->a.summary;
    for (guint i = 0; i < from->cells->len; i++) {
        const struct cell_summary *cell = g_ptr_array_index(from->cells, i);
        if (strcmp(cell->strategy, from_b ? name_b : name_a) != 0 ||
            !g_hash_table_contains(workloads, cell->workload))
            continue;
        if (!from_b)
            cell_add(c, cell, cell_find(r->b.summary, cell, name_b), strategy_index);
        else if (cell_find(r->a.summary, cell, name_a) == NULL)
            cell_add(c, NULL, cell, strategy_index);
    }
}

static gint cell_compare(gconstpointer x, gconstpointer y) {
    const struct compare_cell *p = *(struct compare_cell *const *)x;
    const struct compare_cell *q = *(struct compare_cell *const *)y;
    const struct cell_summary *a = p->named, *b = q->named;
    int order = strverscmp(a->group, b->group);
    order = order != 0 ? order : strverscmp(a->workload, b->workload);
    order = order != 0 ? order : strverscmp(a->parameters, b->parameters);
    order = order != 0 ? order : (a->threads > b->threads) - (a->threads < b->threads);
    return order != 0
               ? order
               : (p->strategy_index > q->strategy_index) - (p->strategy_index < q->strategy_index);
}

void compare_cells_build(struct comparison *c, GHashTable *workloads) {
    for (unsigned i = 0; i < c->strategies->len; i++) {
        cells_add(c, workloads, i, false);
        cells_add(c, workloads, i, true);
    }
    g_ptr_array_sort(c->cells, cell_compare);
    for (guint i = 0; i < c->cells->len; i++)
        ((struct compare_cell *)g_ptr_array_index(c->cells, i))->index = i;
}

/* ---- who answered ---- */

static const struct compare_cell *strategy_meeting(const struct comparison *c, unsigned index) {
    for (guint i = 0; i < c->cells->len; i++) {
        const struct compare_cell *cell = g_ptr_array_index(c->cells, i);
        if (cell->strategy_index == index && is_measured(cell->a) && is_measured(cell->b))
            return cell;
    }
    return NULL;
}

void compare_answers_add(struct comparison *c) {
    for (unsigned i = 0; c->base == NULL && i < c->strategies->len; i++) {
        const struct compare_cell *cell = strategy_meeting(c, i);
        if (cell == NULL)
            continue;
        const struct record *a = record_first(cell->a), *b = record_first(cell->b);
        const struct {
            const char *what, *a, *b;
        } facts[] = {{"binding", a->binding, b->binding}, {"allocator", a->allocator, b->allocator},
                     {"version", a->version, b->version}, {"settings", a->settings, b->settings},
                     {"call", a->call, b->call},          {"link", a->link, b->link}};
        for (size_t f = 0; f < G_N_ELEMENTS(facts); f++) {
            if (!text_is_same(facts[f].a, facts[f].b))
                g_ptr_array_add(c->surroundings,
                                g_strdup_printf("%s, %s: %s in A, %s in B", cell->strategy,
                                                facts[f].what, facts[f].a ? facts[f].a : "none",
                                                facts[f].b ? facts[f].b : "none"));
        }
    }
}
