/* What samples are made of: records of the kernel, events that open or don't, allocation sites. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "harness/capture/perf_records.h"
#include "harness/capture/sampler.h"
#include "harness/capture/sites.h"

/* ---- records ---- */

struct record_words {
    struct perf_event_header header;
    uint64_t words[64];
};

static size_t record_make(struct record_words *r, uint32_t type, uint16_t misc,
                          const uint64_t *words, size_t count) {
    size_t bytes = sizeof r->header + count * sizeof *words;
    memset(r, 0, sizeof *r);
    r->header = (struct perf_event_header){.type = type, .misc = misc, .size = (uint16_t)bytes};
    memcpy(r->words, words, count * sizeof *words);
    return bytes;
}

static void a_mapping_is_read_with_its_path(void **state) {
    uint64_t words[10] = {UINT64_C(7) << 32 | 7, 0x1000, 0x2000, 0x3000};
    struct record_words r;
    struct perf_record out;
    (void)state;
    memcpy(&words[8], "/bin/x", 7);
    size_t bytes = record_make(&r, PERF_RECORD_MMAP2, 0, words, 10);
    assert_int_equal(perf_record_read(&r, bytes, &out), bytes);
    assert_int_equal(out.kind, PERF_MAPPING);
    assert_int_equal(out.mapping.start, 0x1000);
    assert_int_equal(out.mapping.offset, 0x3000);
    assert_string_equal(out.mapping.path, "/bin/x");
}

static void a_path_without_an_end_is_no_mapping(void **state) {
    uint64_t words[9] = {0};
    struct record_words r;
    struct perf_record out;
    (void)state;
    memset(&words[8], 'x', 8);
    size_t bytes = record_make(&r, PERF_RECORD_MMAP2, 0, words, 9);
    assert_int_equal(perf_record_read(&r, bytes, &out), bytes);
    assert_int_equal(out.kind, PERF_OTHER);
}

static void a_chain_longer_than_its_record_is_no_sample(void **state) {
    uint64_t words[8] = {0x10, 1, 2, 3, UINT64_C(1) << 61}; /* times 8 is 0 in 64 bits */
    struct record_words r;
    struct perf_record out;
    (void)state;
    size_t bytes = record_make(&r, PERF_RECORD_SAMPLE, 0, words, 8);
    assert_int_equal(perf_record_read(&r, bytes, &out), bytes);
    assert_int_equal(out.kind, PERF_OTHER);
}

static void half_a_record_is_none(void **state) {
    const uint64_t words[2] = {1, 9};
    struct record_words r;
    struct perf_record out;
    (void)state;
    size_t bytes = record_make(&r, PERF_RECORD_LOST, 0, words, 2);
    assert_int_equal(perf_record_read(&r, bytes - 8, &out), 0);
    assert_int_equal(perf_record_read(&r, bytes, &out), bytes);
    assert_int_equal(out.kind, PERF_LOST);
    assert_int_equal(out.lost, 9);
}

/* ---- which event ---- */

static int denied_error; /* what opening an event fails with */
static bool denied_hardware_only, denied_kernel_only;

static int denying_open(struct perf_event_attr *attr, pid_t pid, int cpu) {
    bool denied = denied_hardware_only ? attr->type == PERF_TYPE_HARDWARE
                  : denied_kernel_only ? !attr->exclude_kernel
                                       : true;
    (void)pid, (void)cpu;
    if (!denied)
        return dup(0);
    errno = denied_error;
    return -1;
}

static struct sampler *sampler_under(int error_number, const char *paranoid, struct error *err) {
    char path[] = "/tmp/heapmark-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, paranoid, strlen(paranoid)), strlen(paranoid));
    close(fd);
    denied_error = error_number;
    const struct sampler_system system = {denying_open, path};
    struct sampler *s = sampler_new(
        &(struct sampler_options){.frequency_hz = 100, .stack_bytes = 1024, .system = &system},
        err);
    unlink(path);
    return s;
}

static void without_a_pmu_the_clock_samples_and_says_so(void **state) {
    struct error err;
    (void)state;
    denied_hardware_only = true;
    denied_kernel_only = false;
    struct sampler *s = sampler_under(ENOENT, "2\n", &err);
    assert_non_null(s);
    assert_true(sampler_is_clock(s));
    assert_string_equal(sampler_event(s), "cpu-clock at 100 Hz (no PMU counts cycles here), user "
                                          "and kernel mode");
    assert_null(sampler_notice(s));
    sampler_free(s);
}

static void without_the_kernel_user_mode_is_sampled_and_the_lack_said(void **state) {
    struct error err;
    (void)state;
    denied_hardware_only = false;
    denied_kernel_only = true;
    struct sampler *s = sampler_under(EACCES, "2\n", &err);
    assert_non_null(s);
    assert_non_null(strstr(sampler_event(s), "user mode only"));
    assert_non_null(strstr(sampler_notice(s), "kernel.perf_event_paranoid is 2"));
    sampler_free(s);
}

static void each_refusal_says_why_and_what_to_do(void **state) {
    static const struct {
        int error_number;
        const char *paranoid, *said;
    } cases[] = {
        {EACCES, "3\n",
         "kernel.perf_event_paranoid is 3, which refuses them to everybody but root"},
        {EPERM, "4\n", "kernel.perf_event_paranoid is 4, which refuses them to everybody but root"},
        {EPERM, "2\n", "a container's rules"},
        {ENOSYS, "2\n", "this kernel or sandbox has no perf_event_open"},
    };
    (void)state;
    denied_hardware_only = denied_kernel_only = false;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct error err = {0};
        assert_null(sampler_under(cases[i].error_number, cases[i].paranoid, &err));
        assert_int_equal(err.exit_status, EXIT_CANNOT);
        assert_non_null(strstr(err.text, cases[i].said));
        assert_non_null(strstr(err.text, "--only allocations"));
    }
}

/* ---- sites ---- */

static bool sites_of(struct profile *p, struct sites_total *total, const char *text) {
    struct error err = {0};
    profile_init(p);
    bool ok = sites_read(p, total, "/nowhere/cell-x", text, strlen(text), &err);
    assert_true(ok || err.exit_status == EXIT_CANNOT);
    return ok;
}

static void sites_add_up_to_their_total(void **state) {
    struct profile p;
    struct sites_total total;
    (void)state;
    assert_true(sites_of(&p, &total,
                         "heapmark-sites 1\ntotal 10\t3\t48\nsite 1\t8\t16\nframe f\tf.go\t3\n"
                         "frame main\t\t0\nsite 2\t16\t32\nframe g\tg.go\t4\nend\n"));
    assert_int_equal(total.allocs, 3);
    assert_int_equal(profile_total(&p, 0), 3);
    assert_int_equal(profile_total(&p, 1), 48);
    profile_release(&p);
}

static void bytes_asked_for_count_where_only_they_make_the_total(void **state) {
    struct profile p;
    struct sites_total total;
    (void)state;
    assert_true(sites_of(&p, &total,
                         "heapmark-sites 1\ntotal 2\t2\t16\nsite 2\t16\t32\naddress 10\nend\n"));
    assert_int_equal(profile_total(&p, 1), 16);
    profile_release(&p);
}

static void what_sites_lack_is_an_entry_of_its_own(void **state) {
    struct profile p;
    struct sites_total total;
    (void)state;
    assert_true(sites_of(&p, &total,
                         "heapmark-sites 1\ntotal 10\t9\t80\nrest blocks\nsite 4\t64\t64\n"
                         "frame f\tf.go\t3\nend\n"));
    assert_int_equal(p.entries->len, 2);
    assert_int_equal(profile_total(&p, 0), 9);
    assert_int_equal(profile_total(&p, 1), 80);
    assert_string_equal(profile_function_at(&p, 1)->name, SITES_REST "blocks]");
    profile_release(&p);
}

static void sites_that_exceed_their_total_are_left_to_be_seen(void **state) {
    struct profile p;
    struct sites_total total;
    (void)state;
    assert_true(sites_of(&p, &total,
                         "heapmark-sites 1\ntotal 10\t3\t80\nrest blocks\nsite 4\t64\t64\n"
                         "frame f\tf.go\t3\nend\n"));
    assert_int_equal(p.entries->len, 1);
    assert_int_equal(profile_total(&p, 0), 4);
    profile_release(&p);
}

static void damaged_sites_are_refused_and_what_came_before_stays(void **state) {
    static const char *const damaged[] = {
        "",
        "heapmark-sites 2\nend\n",
        "heapmark-sites 1\nsite 1\t2\nend\n",
        "heapmark-sites 1\naddress 10\nend\n",
        "heapmark-sites 1\nrest \nend\n",
        "heapmark-sites 1\nsite 1\t8\t8\naddress x\nend\n",
        "heapmark-sites 1\nsite 1\t8\t8\nframe f\t\t0\nend\nend\n",
        "heapmark-sites 1\nsite 1\t8\t8\nframe f\t\t0\nsi"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        struct profile p;
        struct sites_total total;
        assert_false(sites_of(&p, &total, damaged[i]));
        profile_release(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_is_read_with_its_path),
        cmocka_unit_test(a_path_without_an_end_is_no_mapping),
        cmocka_unit_test(a_chain_longer_than_its_record_is_no_sample),
        cmocka_unit_test(half_a_record_is_none),
        cmocka_unit_test(without_a_pmu_the_clock_samples_and_says_so),
        cmocka_unit_test(without_the_kernel_user_mode_is_sampled_and_the_lack_said),
        cmocka_unit_test(each_refusal_says_why_and_what_to_do),
        cmocka_unit_test(sites_add_up_to_their_total),
        cmocka_unit_test(bytes_asked_for_count_where_only_they_make_the_total),
        cmocka_unit_test(what_sites_lack_is_an_entry_of_its_own),
        cmocka_unit_test(sites_that_exceed_their_total_are_left_to_be_seen),
        cmocka_unit_test(damaged_sites_are_refused_and_what_came_before_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
