/* A finding in words: what the table, the Markdown and the plot of a comparison have in common. */
#ifndef HEAPMARK_HARNESS_PRESENT_COMPARE_WORDS_H
#define HEAPMARK_HARNESS_PRESENT_COMPARE_WORDS_H

#include "harness/analyze/compare.h"
#include "harness/present/quantity.h"

/* A value in the metric's unit. */
struct quantity compare_value(const struct compare_metric *metric, double value);

/* "1.034" of a logarithm: three decimals around 1, else three digits. */
struct quantity compare_ratio(double effect);

/* "2.9 %" of a share, without a sign. */
struct quantity compare_percent(double share);

/* The ratio, or "from 0", "to 0", "–". */
struct quantity compare_finding_ratio(const struct compare_finding *f);

/* "[1.012, 1.057]", with " 90 %" when it attains less than 95 %; "exact"; "–". Logarithms. */
char *compare_interval(double low, double high, double coverage);
char *compare_finding_interval(const struct compare_finding *f);

/* "2.9 %", "any" of constant values, "exact", "–" where none could be seen. */
struct quantity compare_finding_visible(const struct compare_finding *f);

/* "slower", "perhaps slower", "same within ±2.1 %", "cannot tell: too noisy", ... Caller frees. */
char *compare_finding_verdict(const struct compare_finding *f, const struct compare_metric *metric);

/* "5, 5" repetitions, or "12 pairs". Caller frees. */
char *compare_finding_count(const struct compare_finding *f);

/* "create-pointer bytes=80 threads=2". Caller frees. */
char *compare_work(const struct compare_cell *cell);

/* A group's name, "(no group)" when it has none. */
const char *compare_group(const char *group);

#endif
