/* Callgrind's files: a count, or a refusal; what follows the totals of one part may be another. */
#include <string.h>

#include "harness/run/instruction_count.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_seeds[] = {
    "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 1\ncmd: a\npart: 1\n\n\n"
    "desc: Trigger: Program termination\n\npositions: line\nevents: Ir\nsummary: 0\n\n\n"
    "ob=(1) /a\nfl=(1) a.c\nfn=(1) main\n16 400\n+3 400\ncalls=1 50 \n16 400\n\n"
    "totals: 1200\n",
    "events: Ir Dr Dw\nfn=f\n1 2 3 4\ntotals: 18446744073709551614 3 4\n",
    "events: Ir\ntotals: 5\nevents: Ir\ntotals: 6\n",
    "events: Dr Ir\ntotals: 5\n",
    "totals: 5\n",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct error err = {0};
    uint64_t count = 0, again = 0;
    if (!callgrind_totals_parse((const char *)bytes, length, &count, &err)) {
        fuzz_check_refusal(&err);
        return 0;
    }
    fuzz_check(count != UINT64_MAX, "an empty number is a count");
    fuzz_check(callgrind_totals_parse((const char *)bytes, length, &again, &err) && again == count,
               "the same file counts another number");
    return 0;
}
