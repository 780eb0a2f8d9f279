/* One cell program's answer to --describe, before it joins the catalogue. Within plan only. */
#ifndef HEAPMARK_HARNESS_PLAN_CATALOGUE_PARSE_H
#define HEAPMARK_HARNESS_PLAN_CATALOGUE_PARSE_H

#include "harness/plan/catalogue.h"

struct description {
    struct binding_info *binding;
    struct variant_info *variant; /* NULL: the binding's plain program */
    GPtrArray *workloads;         /* of struct workload_info * */
    GArray *lines;                /* of unsigned: the line each workload is on */
    GStringChunk *text;           /* borrowed: owns the strings */
};

/* Parses; false (EXIT_CANNOT) when the text is not of this version or damaged, with line. Caller
   releases, also after false; what is moved elsewhere is set to NULL or stolen before. */
bool description_parse(struct description *d, const char *program, const char *described,
                       GStringChunk *text, struct error *err);
void description_release(struct description *d);

void binding_info_free(void *binding);
void workload_info_free(void *workload);

#endif
