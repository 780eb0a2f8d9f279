/* What a profile's stacks were for: allocation, collection, page faults, ... by profile_parts.def.
 */
#ifndef HEAPMARK_HARNESS_ANALYZE_PROFILE_PARTS_H
#define HEAPMARK_HARNESS_ANALYZE_PROFILE_PARTS_H

#include "harness/capture/profile.h"

enum profile_part {
    PROFILE_ALLOCATION,
    PROFILE_COLLECTION,
    PROFILE_FAULTS, /* page faults, in the kernel */
    PROFILE_KERNEL, /* the kernel's other parts */
    PROFILE_WORKLOAD,
    PROFILE_RUNTIME, /* a runtime's scheduler */
    PROFILE_HARNESS,
    PROFILE_OTHER, /* no rule names it */
    PROFILE_PARTS
};

extern const char *const profile_part_names[PROFILE_PARTS];

struct profile_function_sum {
    uint32_t function;
    uint64_t self, total; /* of the second value: as the leaf; anywhere on a stack, once */
};

/* What the rules say of a function. */
struct profile_rule_found {
    enum profile_part part;
    bool is_weak; /* a rule for the whole module: a caller's says more */
};

struct profile_sums {
    uint64_t total;
    uint64_t parts[PROFILE_PARTS];
    GArray *functions; /* of struct profile_function_sum: by self, then total, largest first */
    GArray *rules;     /* of struct profile_rule_found, by the function's number */
};

/* allocator_module: base name of the library that the strategy preloads, all of which is
   allocation; NULL: none. The sums know the profile as it is now. */
void profile_sums_init(struct profile_sums *sums, const struct profile *p,
                       const char *allocator_module);
void profile_sums_release(struct profile_sums *sums);

static inline const struct profile_rule_found *profile_rule_of(const struct profile_sums *sums,
                                                               uint32_t function) {
    return &g_array_index(sums->rules, struct profile_rule_found, function);
}

enum profile_part profile_part(const struct profile *p, const struct profile_sums *sums,
                               uint32_t stack);

/* The functions of a stack, leaf first, without those of the harness at its root; at least one. */
uint32_t profile_functions_inside(const struct profile *p, const struct profile_sums *sums,
                                  uint32_t stack, uint32_t *out, uint32_t most);

#endif
