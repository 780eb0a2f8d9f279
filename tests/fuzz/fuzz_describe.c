/* The parser of --describe: what it takes is complete, what it refuses leaves the catalogue alone.
 */
#include <string.h>

#include "harness/plan/catalogue.h"
#include "tests/fuzz/fuzz.h"
#include "workloads/workload.h"

#define BINDING(name) "heapmark-describe 1\nbinding " name "\nsummary s\nlink shared\n"

const char *const fuzz_seeds[] = {
    BINDING(
        "x") "offers reclaims threads\nvariant gogc=off\nsetting gogc\t1..100|off\t100\tgrowth\n"
             "workload tiny\tsizes\tTiny\ts\ts\treclaims\tsliceable\n"
             "parameter bytes\tsize\t8\t1\t15\t1,2,8\nend\n",
    BINDING("y") "offers \nworkload tiny\tsizes\t\ts\ts\t\t\nworkload other\tg\t\ts\ts\t\t\nend\n",
    NULL,
};

static const char known[] = BINDING("known") "offers \n"
                                             "workload tiny\tsizes\t\ts\ts\treclaims\tsliceable\n"
                                             "parameter bytes\tsize\t8\t1\t15\t1,2,8\nend\n";

static void check_whole(const struct catalogue *c) {
    const struct binding_info *b = c->bindings->pdata[1];
    fuzz_check(b->name != NULL && b->summary != NULL && b->link != NULL, "half a binding");
    for (guint i = 0; i < b->workloads->len; i++)
        fuzz_check(catalogue_workload_find(c, b->workloads->pdata[i]) != NULL, "a lost workload");
    for (guint i = 0; i < c->workloads->len; i++) {
        const struct workload_info *w = c->workloads->pdata[i];
        fuzz_check(w->name != NULL && w->group != NULL && w->stresses != NULL, "half a workload");
        fuzz_check(w->parameters->len <= WORKLOAD_PARAMETERS_MAX, "too many parameters");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct catalogue c;
    struct error err = {0};
    char *text = g_strndup((const char *)bytes, length);
    catalogue_init(&c);
    fuzz_check(catalogue_add(&c, "known", known, &err), "the known binding is refused");
    if (catalogue_add(&c, "fuzz", text, &err)) {
        check_whole(&c);
    } else {
        fuzz_check_refusal(&err);
        fuzz_check(c.bindings->len == 1 && c.workloads->len == 1, "a refusal that left something");
    }
    catalogue_release(&c);
    g_free(text);
    return 0;
}
