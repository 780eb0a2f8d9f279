/*
 * What can be measured here: the bindings whose cell programs are installed, and their workloads.
 *
 * heapmark links no allocator and knows no workload. It asks each cell program (`cell-NAME
 * --describe`), so that adding an allocator or a workload changes nothing here. See
 * harness/base/wire.h for the text they answer with.
 */
#ifndef HEAPMARK_HARNESS_PLAN_CATALOGUE_H
#define HEAPMARK_HARNESS_PLAN_CATALOGUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocators/allocator.h"
#include "harness/base/error.h"

struct setting_info {
    const char *name, *values, *initial, *summary; /* as in struct allocator_setting */
};

struct parameter_info {
    const char *name, *summary;
    uint64_t initial, least, most;
    GArray *choices; /* of uint64_t, empty: any in range */
};

struct workload_info {
    const char *name, *group, *article, *summary, *stresses;
    uint32_t needs, traits; /* enum trait */
    GPtrArray *parameters;  /* of struct parameter_info * */
};

/* A cell program that has a setting built in; strategies that choose the value run it. */
struct variant_info {
    const char *setting, *value;
    const char *program;
};

struct binding_info {
    const char *name, *summary, *link;
    const char *program;  /* absolute path of the plain cell program */
    GPtrArray *variants;  /* of struct variant_info * */
    uint32_t offers;      /* enum trait */
    GPtrArray *settings;  /* of struct setting_info * */
    GPtrArray *workloads; /* of const char *: the names it can run (borrowed from the catalogue) */
};

struct catalogue {
    GPtrArray *bindings;  /* of struct binding_info *, in the order read */
    GPtrArray *workloads; /* of struct workload_info *, in the order of workloads.def, each once */
    GStringChunk *text;
};

void catalogue_init(struct catalogue *c);
void catalogue_release(struct catalogue *c);

/* Adds what the cell program at `program` answered. A workload known already must agree with what
   is known; a variant comes after its binding's plain program. False: the text is not of this
   version or damaged, with line (EXIT_CANNOT). */
bool catalogue_add(struct catalogue *c, const char *program, const char *described,
                   struct error *err);

/* By name; NULL when unknown. */
const struct binding_info *catalogue_binding_find(const struct catalogue *c, const char *name);
const struct workload_info *catalogue_workload_find(const struct catalogue *c, const char *name);

/* The words of traits, joined ("reclaims and threads"); caller frees with g_free. */
char *traits_text(uint32_t traits, const char *joint);

/* Adds the traits of words separated by blanks to *traits; false at a word that is none. */
bool traits_parse(const char *words, uint32_t *traits);

#endif
