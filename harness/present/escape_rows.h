/* What the text and the CSV of an escape report have in common. Within present only. */
#ifndef HEAPMARK_HARNESS_PRESENT_ESCAPE_ROWS_H
#define HEAPMARK_HARNESS_PRESENT_ESCAPE_ROWS_H

#include "harness/analyze/escape_verdict.h"
#include "harness/present/escape_table.h"

/* What the verdict on a workload is made from; a measurement by another toolchain than that of the
   decisions counts as none. */
struct escape_case escape_case_of(const struct escape_report *report,
                                  const struct escape_workload *workload);

/* In which builds it was made, when not in all that could: "without inlining", "go1.19.8 only",
   ...; NULL when there is nothing to say. Caller frees with g_free. */
char *escape_builds_text(const struct escape_report *report,
                         const struct escape_decision *decision);

/* Whether a report that is not of everything shows it: of the twins all decisions but inlined calls
   and closures, of a package what is on the heap in its own code. */
bool escape_is_shown(const struct escape_report *report, const struct escape_decision *decision,
                     const struct escape_function *function);

/* The report of a package as text; caller frees with g_free. */
char *escape_package_text(const struct escape_report *report);

/* Whether it was made in a build of that toolchain with inlining. */
bool escape_is_inlined_build(const struct escape_decision *decision, unsigned toolchain);

#endif
