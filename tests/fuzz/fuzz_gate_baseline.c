/* The reader of stored baselines: what it takes, it writes and reads again as the same bytes. */
#include <string.h>

#include "harness/store/gate_baseline.h"
#include "tests/fuzz/fuzz.h"

#define HEADER                                                                                     \
    "heapmark-gate-baseline 1\n"                                                                   \
    "workload,parameters,threads,strategy,metric,operations,least,most,checksum,allocator,"        \
    "conditions\n"

const char *const fuzz_seeds[] = {
    HEADER "create-pointer,bytes=80,1,malloc,allocs,1000000,1000000,1000000,00ff,glibc 2.36,\n"
           "create-pointer,bytes=80,1,malloc,instructions,125000,20751586,20751590,00ff,glibc "
           "2.36,\"valgrind-3.19.0, GenuineIntel 6/143, glibc 2.36\"\n",
    HEADER "z,,2,\"a,b\",retained_bytes,1,-16,0,,,\na,,1,malloc,minor_faults,7,1,9,,,x\n",
    HEADER,
    "heapmark-gate-baseline 1\nmetric,workload\nallocs,a\n",
    NULL,
};

static char *read_and_write(const char *bytes, size_t length, struct error *err) {
    struct gate_baseline b;
    gate_baseline_init(&b);
    char *text =
        gate_baseline_parse(&b, "fuzz", bytes, length, err) ? gate_baseline_text(&b) : NULL;
    for (guint i = 0; text != NULL && i < b.rows->len; i++) {
        const struct gate_baseline_row *row = &g_array_index(b.rows, struct gate_baseline_row, i);
        fuzz_check(gate_baseline_has_metric(row->metric), "a metric that is no exact counter");
        fuzz_check(row->least <= row->most && row->operations > 0, "a count that is none");
    }
    gate_baseline_release(&b);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct error err = {0};
    char *text = read_and_write((const char *)bytes, length, &err);
    if (text == NULL) {
        fuzz_check_refusal(&err);
        return 0;
    }
    char *again = read_and_write(text, strlen(text), &err);
    fuzz_check(again != NULL && strcmp(text, again) == 0, "own text reads back as another");
    g_free(again);
    g_free(text);
    return 0;
}
