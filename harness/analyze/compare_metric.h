/*
 * What can be compared: every numeric column of records.csv that says what work cost. Those with a
 * line in the table of compare_metric.c have words and a heading of their own.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_COMPARE_METRIC_H
#define HEAPMARK_HARNESS_ANALYZE_COMPARE_METRIC_H

#include <glib.h>
#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/record.h"

enum compare_unit { COMPARE_PLAIN, COMPARE_COUNT, COMPARE_TIME, COMPARE_MEMORY };

struct compare_metric {
    const char *column;  /* of records.csv */
    const char *heading; /* "ns/op" */
    const char *up,
        *down; /* what B is with a greater and with a smaller value: "slower", "faster" */
    enum compare_unit unit;
    bool is_exact;   /* counts the same work: repetitions agree */
    bool is_initial; /* compared unless metrics are named */
    bool more_is_better;
    const struct field *field;
};

/* The metrics of a list (columns, headings, globs, "all"; NULL: the initial ones), each once, in
   the order of the list, as struct compare_metric by value. NULL with a refusal (EXIT_USAGE) for a
   name that none has. Caller frees with g_array_unref. */
GArray *compare_metrics_choose(const char *list, struct error *err);

/* The value of a metric in a record; NaN when it is not known. */
double compare_metric_value(const struct compare_metric *metric, const struct record *record);

#endif
