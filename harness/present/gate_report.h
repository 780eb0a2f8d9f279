/*
 * What a gate found, told to people and to CI systems.
 *
 * Every format is a pure function of the rows, the findings and what was asked: no clock, no
 * locale, no path, so that the same data give the same report, byte for byte. Names come from users
 * and from other people's programs; each format escapes them by its own rules.
 *
 *   text      a table, worst first, and one line that sums up
 *   markdown  for GitHub's step summary (below its 1 MiB): what is not PASS in a table, passes
 * folded github    workflow commands: ::error and ::warning, at most 10 of each, as a step may have
 *   junit     XML: REGRESSED is a failure, INVALID an error, INCONCLUSIVE skipped with its message
 *   json      everything: the rule, the findings, each cell, block and count
 */
#ifndef HEAPMARK_HARNESS_PRESENT_GATE_REPORT_H
#define HEAPMARK_HARNESS_PRESENT_GATE_REPORT_H

#include "harness/analyze/gate.h"

/* What an INCONCLUSIVE gate ends with: exit 3, a warning and 0, or 0. */
enum gate_policy { GATE_INCONCLUSIVE_FAIL, GATE_INCONCLUSIVE_WARN, GATE_INCONCLUSIVE_OK };

struct gate_report {
    const struct gate_rows *rows;
    const struct gate_findings *findings;
    const struct gate_rule *rule;
    enum gate_policy policy;
    const char *base, *candidate; /* the sides as asked */
};

/* A format: its name, and the function that makes it; caller frees the text with g_free. */
struct gate_format {
    const char *name;
    char *(*text)(const struct gate_report *r);
};
extern const struct gate_format gate_formats[]; /* ends with a NULL name */
const struct gate_format *gate_format_find(const char *name);

char *gate_report_text(const struct gate_report *r);
char *gate_report_markdown(const struct gate_report *r);
char *gate_report_github(const struct gate_report *r);
char *gate_report_junit(const struct gate_report *r);
char *gate_report_json(const struct gate_report *r);

/* What GitHub documents: annotations of a kind per step, bytes of a step summary. */
enum { GITHUB_ANNOTATIONS_MAX = 10, GITHUB_SUMMARY_BYTES_MAX = 1 << 20 };

/* ---- what the formats share ---- */

/* A short text, by value. */
struct gate_words {
    char text[96];
};

/* "+0.42 %"; "–" when it is not known. */
struct gate_words gate_percent(double share);
/* "+0.42 % [-0.31, +1.10]"; without a known interval the effect alone. */
struct gate_words gate_effect(const struct gate_finding *f);
/* "1.00 %": a margin or what can be seen; "0" for equality. */
struct gate_words gate_share(double share);
/* What the finding could have seen: a share, or "8 counted" where a share would say nothing. */
struct gate_words gate_visible(const struct gate_finding *f);
/* "wall_ns", or "cell" of a finding about the cell as a whole. */
const char *gate_finding_metric(const struct gate_finding *f);
/* "2 REGRESSED, 1 INCONCLUSIVE, 17 PASS", worst first. Caller frees with g_free. */
char *gate_counts_text(const struct gate_findings *findings);
/* "gate: REGRESSED (malloc -> mine): 2 REGRESSED, 17 PASS". Caller frees with g_free. */
char *gate_headline(const struct gate_report *r);
/* "instructions of 3 cells: valgrind is not installed", a line per metric and reason of what
   neither side can measure here. Caller frees the array (its free function frees the lines). */
GPtrArray *gate_absent_lines(const struct gate_findings *findings);
/* One line of UTF-8 without control characters. Caller frees with g_free. */
char *gate_line_safe(const char *text);

#endif
