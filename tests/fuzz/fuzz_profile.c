/* What profiles are read from: allocation sites as text, and the kernel's records as bytes. Neither
   is believed, and what is taken stays inside of what was given. */
#include <string.h>

#include "harness/capture/perf_records.h"
#include "harness/capture/sites.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_seeds[] = {
    "heapmark-sites 1\ntotal 10\t3\t48\nsite 1\t8\t16\nframe f\tf.go\t3\nframe main\t\t0\n"
    "site 2\t16\t32\naddress 1f\nend\n",
    "heapmark-sites 1\ntotal 1\t0\t18446744073709551615\nend\n",
    "\x0a"
    "00000X0"
    "pppptttt"
    "00000001"
    "00000010"
    "00000000"
    "dddddddd"
    "iiiiiiii"
    "gggggggg"
    "rrrrffff"
    "/bin/x00",
    "\x09"
    "000\x02"
    "0H0"
    "iiiiiiii"
    "pppptttt"
    "TTTTTTTT"
    "PPPPPPPP"
    "\x01"
    "0000000"
    "cccccccc"
    "00000000"
    "00000000",
    NULL,
};

static void check_sites(const char *text, size_t length) {
    struct profile p;
    struct sites_total total;
    struct error err = {0};
    profile_init(&p);
    if (!sites_read(&p, &total, "/nowhere/cell-x", text, length, &err))
        fuzz_check_refusal(&err);
    for (guint i = 0; i < p.stacks->len; i++)
        fuzz_check(profile_stack_at(&p, i)->depth > 0, "a stack of nothing");
    profile_release(&p);
}

static void check_inside(const void *at, uint64_t count, const uint8_t *bytes, size_t length) {
    if (count > 0)
        fuzz_check((const uint8_t *)at >= bytes && count <= length &&
                       (const uint8_t *)at + count <= bytes + length,
                   "a pointer that leads out of the record");
}

static void check_records(const uint8_t *bytes, size_t length) {
    struct perf_record r;
    size_t at = 0;
    for (size_t step; (step = perf_record_read(bytes + at, length - at, &r)) > 0; at += step) {
        fuzz_check(step <= length - at, "a record longer than what there is");
        if (r.kind == PERF_SAMPLE) {
            check_inside(r.sample.chain, r.sample.chain_count * 8, bytes, length);
            check_inside(r.sample.stack, r.sample.stack_bytes, bytes, length);
        } else if (r.kind == PERF_MAPPING) {
            check_inside(r.mapping.path, strlen(r.mapping.path) + 1, bytes, length);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    uint64_t aligned[512];
    size_t count = length < sizeof aligned ? length : sizeof aligned;
    memset(aligned, 0, sizeof aligned);
    for (size_t i = 0; i < count; i++) /* seeds are text, and records are full of zeros */
        ((uint8_t *)aligned)[i] = bytes[i] == '0' ? 0 : bytes[i];
    check_records((const uint8_t *)aligned, count);
    check_sites((const char *)bytes, length);
    return 0;
}
