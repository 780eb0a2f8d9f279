/*
 * What a gate was asked, as lines of gate.txt, and the rule that follows from them.
 *
 * A stored gate is judged again by the rule it was measured under; flags given with --from come
 * after it and win. Numbers are written so that they read back as the same ones: then the report of
 * a stored gate is the one that was printed when it was measured. Within cli only.
 */
#ifndef HEAPMARK_HARNESS_CLI_GATE_ASKED_H
#define HEAPMARK_HARNESS_CLI_GATE_ASKED_H

#include "harness/cli/gate_options.h"
#include "harness/store/gate_store.h"

/* The rule with what it borrows, and what a report says beside it. */
struct gate_judging {
    struct gate_rule rule;
    GArray *limits, *floors; /* of struct gate_limit */
    GStringChunk *text;
    enum gate_policy policy;
    const char *base, *candidate;
};

/* Empty; the rule is the initial one. */
void gate_judging_init(struct gate_judging *j);
void gate_judging_release(struct gate_judging *j);

/* Applies flags over what is there; floors (of struct gate_limit, NULL: none) are added. */
void gate_judging_apply(struct gate_judging *j, const struct gate_options *o, const GArray *floors);

/* Lines of struct gate_line for gate.txt; text goes to `text`. */
void gate_asked_fill(GArray *asked, const struct gate_options *o, const struct gate_judging *j,
                     GStringChunk *text);

/* The judging of gate.txt's lines. Refuses (EXIT_USAGE) a line that is damaged or not known; `name`
   is the file's. */
bool gate_asked_read(struct gate_judging *j, const GArray *asked, const char *name,
                     struct error *err);

#endif
