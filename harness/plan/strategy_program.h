/* Which cell program runs a strategy, and what to do when it is not here. */
#ifndef HEAPMARK_HARNESS_PLAN_STRATEGY_PROGRAM_H
#define HEAPMARK_HARNESS_PLAN_STRATEGY_PROGRAM_H

#include "harness/plan/strategy.h"

/* A binding that exists whether or not its cell programs are here. */
struct known_binding {
    const char *name;
    const char *advice;          /* what to do when its plain cell program is not here */
    const char *program_setting; /* its setting whose values are programs of their own, but for the
                                    initial one; NULL: none is */
    const char *program_advice;  /* what to do when one of these is not here */
    bool program_values_vary; /* with what it was built with: a value, or the setting itself, that
                                 is not known is missing on this machine, and no mistake */
};
extern const struct known_binding known_bindings[]; /* ends with a NULL name */

/* By name; NULL when unknown. */
const struct known_binding *known_binding_find(const char *name);

/* Gives a strategy whose binding and settings are known its program, or the reason, kept in `text`,
   why it is unavailable: the value of a setting is built into a program that is not here. Then no
   other program runs in its place, as its numbers would carry a setting that they do not have. */
void strategy_program_select(struct strategy *s, GStringChunk *text);

#endif
