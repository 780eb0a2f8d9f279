/* A catalogue as cell programs would describe it. */
#include "tests/unit/plan_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const binding_lines[] = {
    "binding malloc\nsummary the C library's interface\nlink shared\noffers reclaims threads\n"
    "setting zero\traw|calloc\traw\thow memory is zeroed\n",
    "binding goheap\nsummary Go's heap\nlink shared\noffers reclaims threads collects\n"
    "setting gogc\t1..100000|off\t100\theap growth before a collection\n"
    "setting gc\tconcurrent|stw|off\tconcurrent\thow it collects\n",
    "binding bump\nsummary a pointer that moves\nlink inline\noffers \n",
};

/* Name and group of the seed workloads; those with parameters or needs are written out. */
static const char workload_lines[] =
    "workload empty\tempty\t\ts\ts\t\tsliceable\n"
    "workload stack-it\tstack-it\tStackIt\ts\ts\t\tsliceable\n"
    "workload stack-it-2\tstack-it\tStackIt2\ts\ts\t\tsliceable\n"
    "workload create-copy\tcreate\tCreateCopy\ts\ts\t\tsliceable\n"
    "parameter bytes\tsize\t80\t8\t4096\t8,16,32,64,80,128,256,512,1024,2048,4096\n"
    "workload create-pointer\tcreate\tCreatePointer\ts\ts\t\tsliceable\n"
    "parameter bytes\tsize\t80\t8\t4096\t8,16,32,64,80,128,256,512,1024,2048,4096\n"
    "workload churn-copy\tchurn\t\ts\ts\t\tsliceable\n"
    "workload churn-pointer\tchurn\t\ts\ts\t\tsliceable\n"
    "workload slice-store-pointer\tslice\t\ts\ts\t\t\n"
    "workload slice-grow-append\tslice\t\ts\ts\t\tsliceable\n"
    "workload interface-call-boxed\tinterface\t\ts\ts\t\t\n"
    "workload tiny\tsizes\t\ts\ts\t\tsliceable\n"
    "parameter bytes\tsize\t8\t1\t15\t\n"
    "workload small\tsizes\t\ts\ts\t\tsliceable\n"
    "parameter bytes\tsize\t64\t16\t32768\t\n"
    "workload large\tsizes\t\ts\ts\t\tsliceable\n"
    "parameter bytes\tsize\t65536\t32769\t16777216\t\n"
    "workload scan-pointers\tscan\t\ts\ts\treclaims\t\n"
    "workload binary-trees\ttrees\t\ts\ts\treclaims\t\n"
    "parameter depth\tdepth\t16\t4\t30\t\n";

char *fixture_describe(const char *binding) {
    char *first = g_strdup_printf("binding %s\n", binding);
    for (size_t i = 0; i < G_N_ELEMENTS(binding_lines); i++) {
        if (g_str_has_prefix(binding_lines[i], first)) {
            g_free(first);
            return g_strconcat("heapmark-describe 1\n", binding_lines[i], workload_lines, "end\n",
                               NULL);
        }
    }
    fail_msg("the fixture has no binding %s", binding);
    return NULL;
}

void fixture_catalogue_init(struct catalogue *c) {
    static const char *const bindings[] = {"malloc", "goheap", "bump"};
    catalogue_init(c);
    for (size_t i = 0; i < G_N_ELEMENTS(bindings); i++) {
        struct error err;
        char *program = g_strconcat("/cells/cell-", bindings[i], NULL);
        char *described = fixture_describe(bindings[i]);
        if (!catalogue_add(c, program, described, &err))
            fail_msg("%s", err.text);
        g_free(described);
        g_free(program);
    }
}
