/*
 * Prints what the gate's exact tier counts, without a verdict, for tests and for soaks:
 *
 *   print-counts REPEATS BASE-CELLS BASE-STRATEGY CANDIDATE-CELLS CANDIDATE-STRATEGY [NAME=VALUE
 * ...] print-counts REPEATS -- BASE-COMMAND ... -- CANDIDATE-COMMAND ...
 *
 * NAME is one of run's options (workloads, ops, param, threads, ...) or metrics: the sum of enum
 * gate_count_metrics. A line per cell ("cell WORKLOAD PARAMETERS STATUS REASON") and one per count
 * ("METRIC REPEAT OPERATIONS BASE CANDIDATE REASON"), fields by tabs, "-" for none.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/discover.h"
#include "harness/run/gate_counts.h"
#include "harness/run/preload_links.h"

struct printed {
    struct config config;
    struct gate_counts_request request;
    struct gate_measure_options options;
    struct gate_rows rows;
    struct error err;
    struct preload_links links;
};

static int die(const struct error *err) {
    fprintf(stderr, "print-counts: %s\n", err->text);
    return err->exit_status;
}

static const char *text_or_none(const char *text) {
    return text == NULL || *text == '\0' ? "-" : text;
}

static void print_number(double number) {
    if (isnan(number))
        printf("\t-");
    else
        printf("\t%.0f", number);
}

static void print_rows(const struct gate_rows *rows) {
    for (guint i = 0; i < rows->cells->len; i++) {
        const struct gate_cell_row *cell = &g_array_index(rows->cells, struct gate_cell_row, i);
        printf("cell\t%s\t%s\t%s\t%s\n", text_or_none(cell->workload),
               text_or_none(cell->parameters), text_or_none(cell->status),
               text_or_none(cell->reason));
        for (guint j = 0; j < rows->counts->len; j++) {
            const struct gate_count_row *r = &g_array_index(rows->counts, struct gate_count_row, j);
            if (r->cell != cell->cell)
                continue;
            printf("%s\t%d", r->metric, (int)r->repeat);
            print_number(r->operations == COUNT_EMPTY ? NAN : (double)r->operations);
            print_number(r->base);
            print_number(r->candidate);
            printf("\t%s\n", text_or_none(r->reason));
        }
    }
    fflush(stdout);
}

/* One pair, measured and printed. */
static bool pair_print(struct printed *p, struct gate_pair *pair, const char *workload,
                       const char *parameters) {
    struct gate_cell_row row;
    gate_rows_init(&p->rows);
    row_clear(&gate_cell_type, &row);
    row.cell = pair->number = 1;
    row.workload = workload;
    row.parameters = parameters;
    g_array_append_val(p->rows.cells, row);
    bool ok = gate_counts_measure(pair, &p->request, &p->options, &p->rows, &p->err);
    if (ok)
        print_rows(&p->rows);
    gate_rows_release(&p->rows);
    return ok;
}

/* One side's cells: those of one strategy. */
struct printed_side {
    struct config config;
    struct catalogue catalogue;
    struct matrix matrix;
};

static bool side_init(struct printed_side *s, struct printed *p, const char *cells,
                      const char *strategy) {
    char *notice = NULL;
    s->config = p->config;
    s->config.strategies = g_strdup(strategy);
    catalogue_init(&s->catalogue);
    bool ok = catalogue_discover(&s->catalogue, cells, &notice, &p->err) &&
              matrix_build(&s->matrix, &s->config, &s->catalogue, &p->err);
    g_free(notice);
    return ok;
}

static int cells_print(struct printed *p, char **words) {
    struct printed_side base, candidate;
    for (char **word = words + 4; *word != NULL; word++) {
        char *equals = strchr(*word, '=');
        if (equals == NULL)
            return EXIT_USAGE;
        *equals = '\0';
        if (strcmp(*word, "metrics") == 0)
            p->request.metrics = (unsigned)atoi(equals + 1);
        else if (!config_set(&p->config, *word, equals + 1, &p->err))
            return die(&p->err);
    }
    if (!side_init(&base, p, words[0], words[1]) || !side_init(&candidate, p, words[2], words[3]))
        return die(&p->err);
    for (guint i = 0; i < base.matrix.cells->len; i++) {
        const struct cell *cell = &g_array_index(base.matrix.cells, struct cell, i);
        struct gate_pair pair = {.base.cell = cell,
                                 .candidate.cell =
                                     &g_array_index(candidate.matrix.cells, struct cell, i)};
        if (!pair_print(p, &pair, cell->workload->name,
                        cell_parameters_text(cell, base.matrix.text)))
            return die(&p->err);
    }
    return EXIT_OK;
}

static int commands_print(struct printed *p, char **words) {
    char **second = words + 1;
    while (*second != NULL && strcmp(*second, "--") != 0)
        second++;
    if (*second == NULL)
        return EXIT_USAGE;
    *second = NULL;
    struct gate_pair pair = {.base.command = words + 1, .candidate.command = second + 1};
    return pair_print(p, &pair, "commands", NULL) ? EXIT_OK : die(&p->err);
}

int main(int argc, char **argv) {
    struct printed p = {.request = {.metrics = GATE_COUNT_ALL}};
    if (argc < 6) {
        fprintf(stderr, "usage: see the head of tests/cli/print_counts.c\n");
        return EXIT_USAGE;
    }
    config_init(&p.config);
    p.request.repeats = (unsigned)atoi(argv[1]);
    if (!preload_links_dir_make(&p.links, &p.err))
        return die(&p.err);
    p.options = (struct gate_measure_options){.config = &p.config, .link_dir = p.links.dir};
    int status =
        strcmp(argv[2], "--") == 0 ? commands_print(&p, argv + 2) : cells_print(&p, argv + 2);
    preload_links_remove(&p.links);
    return status;
}
