/* What a cell program says of itself: its binding and its workloads. See wire.h. */
#include <inttypes.h>

#include "harness/base/wire.h"
#include "harness/run/cell.h"
#include "workloads/registry.h"

static const struct {
    uint32_t trait;
    const char *word;
} trait_words[] = {
#define TRAIT(name, word, bit, meaning) {TRAIT_##name, #word},
#include "allocators/traits.def"
#undef TRAIT
};

static void traits_print(FILE *out, uint32_t traits) {
    const char *separator = "";
    for (size_t i = 0; i < sizeof trait_words / sizeof trait_words[0]; i++) {
        if ((traits & trait_words[i].trait) == 0)
            continue;
        fprintf(out, "%s%s", separator, trait_words[i].word);
        separator = " ";
    }
}

static void parameter_describe(FILE *out, const struct workload_parameter *p) {
    fprintf(out, "parameter %s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", p->name, p->summary,
            p->initial, p->least, p->most);
    for (const uint64_t *choice = p->choices; choice != NULL && *choice != 0; choice++)
        fprintf(out, "%s%" PRIu64, choice == p->choices ? "" : ",", *choice);
    fputc('\n', out);
}

static void workload_describe(FILE *out, const struct workload *w) {
    fprintf(out, "workload %s\t%s\t%s\t%s\t%s\t", w->name, w->group, w->article, w->summary,
            w->stresses);
    traits_print(out, w->needs);
    fputc('\t', out);
    traits_print(out, w->traits);
    fputc('\n', out);
    for (const struct workload_parameter *p = w->parameters; p != NULL && p->name != NULL; p++)
        parameter_describe(out, p);
}

void cell_describe(FILE *out) {
    const struct allocator *a = &allocator_binding;
    fprintf(out, "heapmark-describe %d\nbinding %s\nsummary %s\nlink %s\noffers ",
            WIRE_DESCRIBE_VERSION, a->binding, a->summary, a->link);
    traits_print(out, a->offers | TRAIT_HELD | TRAIT_TOTALS);
    fputc('\n', out);
    if (a->variant != NULL)
        fprintf(out, "variant %s\n", a->variant);
    for (const struct allocator_setting *s = a->settings; s != NULL && s->name != NULL; s++)
        fprintf(out, "setting %s\t%s\t%s\t%s\n", s->name, s->values, s->initial, s->summary);
    for (const struct workload *const *w = time_workloads; *w != NULL; w++)
        workload_describe(out, *w);
    fputs("end\n", out);
}
