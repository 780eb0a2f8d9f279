/* Rules are tried per function, and its answer is kept: a profile has far fewer functions than
   stacks. */
#include "harness/analyze/profile_parts.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS_MAX = 4 * PROFILE_DEPTH_MAX };

const char *const profile_part_names[PROFILE_PARTS] = {
    "allocation", "collection", "page faults", "kernel", "workload", "runtime", "harness", "other"};

struct profile_rule {
    enum profile_part part;
    const char *module, *function;
};

static const struct profile_rule profile_rules[] = {
#define PROFILE_RULE(part, module, function) {PROFILE_##part, module, function},
#include "harness/analyze/profile_parts.def"
#undef PROFILE_RULE
};

static bool rule_matches(const struct profile_rule *rule, const struct profile_function *f) {
    if (f->module[0] == '[') /* a name, no pattern */
        return strcmp(rule->module, f->module) == 0 && fnmatch(rule->function, f->name, 0) == 0;
    /* cell-go-EXPERIMENT is the same program by another compiler */
    const char *module = g_str_has_prefix(f->module, "cell-go-") ? "cell-go" : f->module;
    return fnmatch(rule->module, module, 0) == 0 && fnmatch(rule->function, f->name, 0) == 0;
}

static struct profile_rule_found rule_find(const struct profile_function *f) {
    for (size_t i = 0; i < G_N_ELEMENTS(profile_rules); i++)
        if (rule_matches(&profile_rules[i], f))
            return (struct profile_rule_found){profile_rules[i].part,
                                               profile_rules[i].part == PROFILE_ALLOCATION &&
                                                   strcmp(profile_rules[i].function, "*") == 0};
    return (struct profile_rule_found){PROFILE_OTHER, true};
}

/* The kernel's frames are the first of a stack. */
static enum profile_part kernel_part(const struct profile *p, const struct profile_sums *sums,
                                     const uint32_t *functions, uint32_t count) {
    for (uint32_t i = 0; i < count && profile_function_at(p, functions[i])->is_kernel; i++)
        if (profile_rule_of(sums, functions[i])->part == PROFILE_FAULTS)
            return PROFILE_FAULTS;
    return PROFILE_KERNEL;
}

enum profile_part profile_part(const struct profile *p, const struct profile_sums *sums,
                               uint32_t stack) {
    uint32_t functions[FUNCTIONS_MAX];
    uint32_t count = profile_functions(p, stack, functions, FUNCTIONS_MAX);
    if (count > 0 && profile_function_at(p, functions[0])->is_kernel)
        return kernel_part(p, sums, functions, count);
    enum profile_part weak = PROFILE_OTHER;
    const char *module = NULL; /* of the weak rule */
    for (uint32_t i = 0; i < count; i++) {
        const struct profile_rule_found *found = profile_rule_of(sums, functions[i]);
        const char *in = profile_function_at(p, functions[i])->module;
        if (module != NULL && strcmp(module, in) != 0)
            break;
        if (!found->is_weak)
            return found->part;
        if (found->part == PROFILE_OTHER || module != NULL)
            continue;
        weak = found->part;
        module = in;
    }
    return weak;
}

/* Go's scheduler starts the harness's functions, as the C library's start-up does. */
static bool is_outside(const struct profile *p, const struct profile_sums *sums,
                       uint32_t function) {
    const char *name = profile_function_at(p, function)->name;
    return profile_rule_of(sums, function)->part == PROFILE_HARNESS ||
           g_str_has_prefix(name, "runtime.goexit");
}

uint32_t profile_functions_inside(const struct profile *p, const struct profile_sums *sums,
                                  uint32_t stack, uint32_t *out, uint32_t most) {
    uint32_t count = profile_functions(p, stack, out, most);
    while (count > 1 && is_outside(p, sums, out[count - 1]))
        count--;
    return count;
}

/* ---- sums ---- */

static int sum_compare(const void *a, const void *b) {
    const struct profile_function_sum *x = a, *y = b;
    if (x->self != y->self)
        return x->self < y->self ? 1 : -1;
    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return (x->function > y->function) - (x->function < y->function);
}

static void sums_add_functions(struct profile_function_sum *sums, const struct profile *p,
                               const struct profile_entry *entry, uint32_t *seen, uint32_t mark) {
    uint32_t functions[FUNCTIONS_MAX];
    uint32_t count = profile_functions(p, entry->stack, functions, FUNCTIONS_MAX);
    if (count > 0)
        sums[functions[0]].self += entry->values[1];
    for (uint32_t i = 0; i < count; i++) {
        if (seen[functions[i]] == mark) /* it calls itself */
            continue;
        seen[functions[i]] = mark;
        sums[functions[i]].total += entry->values[1];
    }
}

static void sums_apply_rules(struct profile_sums *sums, const struct profile *p,
                             const char *allocator_module) {
    for (guint i = 0; i < p->functions->len; i++) {
        const struct profile_function *f = profile_function_at(p, i);
        bool is_allocator = g_strcmp0(f->module, allocator_module) == 0;
        struct profile_rule_found found =
            is_allocator ? (struct profile_rule_found){PROFILE_ALLOCATION, false} : rule_find(f);
        g_array_append_val(sums->rules, found);
    }
}

void profile_sums_init(struct profile_sums *sums, const struct profile *p,
                       const char *allocator_module) {
    *sums = (struct profile_sums){
        .functions = g_array_new(FALSE, TRUE, sizeof(struct profile_function_sum)),
        .rules = g_array_new(FALSE, TRUE, sizeof(struct profile_rule_found))};
    sums_apply_rules(sums, p, allocator_module);
    g_array_set_size(sums->functions, p->functions->len);
    struct profile_function_sum *of = (struct profile_function_sum *)(void *)sums->functions->data;
    uint32_t *seen = g_new0(uint32_t, p->functions->len + 1);
    for (guint i = 0; i < p->functions->len; i++)
        of[i].function = i;
    for (guint i = 0; i < p->entries->len; i++) {
        const struct profile_entry *entry = &g_array_index(p->entries, struct profile_entry, i);
        sums_add_functions(of, p, entry, seen, i + 1);
        sums->parts[profile_part(p, sums, entry->stack)] += entry->values[1];
        sums->total += entry->values[1];
    }
    g_free(seen);
    g_array_sort(sums->functions, sum_compare);
}

void profile_sums_release(struct profile_sums *sums) {
    g_array_free(sums->functions, TRUE);
    g_array_free(sums->rules, TRUE);
    *sums = (struct profile_sums){0};
}
