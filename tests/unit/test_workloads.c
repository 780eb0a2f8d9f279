/*
 * The workloads against their contract, on an allocator that forgives nothing (shadow_binding.h).
 *
 * Both passes are linked in. Operations are few: what is wrong is wrong from the first one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/shadow_binding.h"
#include "workloads/heap.h"
#include "workloads/registry.h"

_Thread_local struct heap_counts heap_counts;

void heap_exhausted(size_t bytes) {
    fprintf(stderr, "the shadow allocator has no %zu bytes left\n", bytes);
    abort();
}

enum { OPS = 210, SLICES = 7, PATTERN = 0xa5 };

struct outcome {
    uint64_t checksum;
    struct shadow_counts before, after; /* the run */
    struct heap_counts counted;
};

static void parameters_initial(const struct workload *w, uint64_t *values) {
    for (const struct workload_parameter *p = w->parameters; p != NULL && p->name != NULL; p++)
        *values++ = p->initial;
}

/* Sets up, runs `slices` times ops operations, tears down; fails on any violation. */
static struct outcome workload_try(const struct workload *w, const uint64_t *parameters,
                                   uint64_t ops, unsigned slices, unsigned char pattern) {
    struct mutator m = {0};
    struct workload_arguments arguments = {parameters, 11, ops * slices, 0, 1};
    struct outcome out = {0};
    shadow_begin(pattern);
    void *state = w->setup == NULL ? NULL : w->setup(&m, &arguments);
    heap_counts = (struct heap_counts){0};
    out.before = shadow_counts;
    for (unsigned i = 0; i < slices; i++)
        out.checksum += w->run(&m, state, ops);
    out.after = shadow_counts;
    out.counted = heap_counts;
    if (w->teardown != NULL)
        w->teardown(&m, state);
    if (shadow_fault()[0] != '\0')
        fail_msg("%s: %s", w->name, shadow_fault());
    if (shadow_counts.live != 0)
        fail_msg("%s leaves %lu objects behind", w->name, (unsigned long)shadow_counts.live);
    return out;
}

static struct outcome workload_try_initial(const struct workload *w, uint64_t ops) {
    uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
    parameters_initial(w, parameters);
    return workload_try(w, parameters, ops, 1, PATTERN);
}

static const struct workload *workload_get(const char *name) {
    for (const struct workload *const *w = time_workloads; *w != NULL; w++)
        if (strcmp((*w)->name, name) == 0)
            return *w;
    fail_msg("no workload %s", name);
    return NULL;
}

static void every_workload_keeps_the_contract(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++)
        workload_try_initial(*w, OPS);
}

static void every_choice_and_the_least_of_every_parameter_works(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
        parameters_initial(*w, parameters);
        const struct workload_parameter *p = (*w)->parameters;
        for (unsigned i = 0; p != NULL && p[i].name != NULL; i++) {
            uint64_t initial = parameters[i];
            parameters[i] = p[i].least;
            workload_try(*w, parameters, OPS, 1, PATTERN);
            for (const uint64_t *choice = p[i].choices; choice != NULL && *choice != 0; choice++) {
                parameters[i] = *choice;
                workload_try(*w, parameters, OPS, 1, PATTERN);
            }
            parameters[i] = initial;
        }
    }
}

static void operations_are_some_at_both_ends_of_every_parameter(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
        parameters_initial(*w, parameters);
        const struct workload_parameter *p = (*w)->parameters;
        for (unsigned i = 0; i == 0 || (p != NULL && p[i].name != NULL); i++)
            for (unsigned end = 0; end < 2; end++) {
                if (p != NULL)
                    parameters[i] = end == 0 ? p[i].least : p[i].most;
                uint64_t quick = (*w)->ops(parameters, EFFORT_QUICK);
                assert_true(quick > 0);
                assert_true((*w)->ops(parameters, EFFORT_FULL) >= quick);
            }
    }
}

static void slices_add_up_to_the_whole(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        if (((*w)->traits & TRAIT_SLICEABLE) == 0)
            continue;
        uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
        parameters_initial(*w, parameters);
        struct outcome whole = workload_try(*w, parameters, OPS, 1, PATTERN);
        struct outcome sliced = workload_try(*w, parameters, OPS / SLICES, SLICES, PATTERN);
        if (whole.checksum != sliced.checksum)
            fail_msg("%s: %d slices give another checksum", (*w)->name, SLICES);
    }
}

static void nothing_is_read_that_was_not_written(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        uint64_t parameters[WORKLOAD_PARAMETERS_MAX];
        parameters_initial(*w, parameters);
        uint64_t one = workload_try(*w, parameters, OPS, 1, 0x5a).checksum;
        uint64_t other = workload_try(*w, parameters, OPS, 1, 0xe7).checksum;
        if (one != other)
            fail_msg("%s: the checksum depends on what fresh memory holds", (*w)->name);
    }
}

static void the_count_pass_does_and_counts_what_the_time_pass_does(void **unused) {
    (void)unused;
    for (size_t i = 0; time_workloads[i] != NULL; i++) {
        assert_non_null(count_workloads[i]);
        assert_string_equal(time_workloads[i]->name, count_workloads[i]->name);
        struct outcome timed = workload_try_initial(time_workloads[i], OPS);
        struct outcome counted = workload_try_initial(count_workloads[i], OPS);
        assert_true(timed.checksum == counted.checksum);
        assert_true(timed.after.allocs == counted.after.allocs);
        assert_int_equal(timed.counted.allocs, 0);
        assert_int_equal(counted.counted.allocs, counted.after.allocs - counted.before.allocs);
        assert_int_equal(counted.counted.requested_bytes,
                         counted.after.requested_bytes - counted.before.requested_bytes);
    }
}

static void every_workload_reaches_a_safepoint(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        struct outcome out = workload_try_initial(*w, OPS);
        if (out.after.polls == out.before.polls)
            fail_msg("%s has no safepoint", (*w)->name);
    }
}

static void who_keeps_objects_over_a_reset_says_so(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        struct outcome out = workload_try_initial(*w, OPS);
        bool allocates = out.after.allocs != out.before.allocs;
        bool resets = out.after.resets != 0;
        bool reclaims = ((*w)->needs & TRAIT_RECLAIMS) != 0;
        if (allocates && resets == reclaims)
            fail_msg("%s %s", (*w)->name,
                     resets ? "resets and needs a strategy that reclaims"
                            : "neither resets nor needs a strategy that reclaims");
    }
}

/* What an operation allocates: Go's allocs/op, and the bytes asked for. */
static void allocations_per_operation_are_the_articles(void **unused) {
    (void)unused;
    static const struct {
        const char *name;
        uint64_t allocs, bytes;
    } expected[] = {
        {"stack-it", 0, 0},
        {"stack-it-2", 1, 8},
        {"stack-it-3", 0, 0},
        {"stack-it-2-inlined", 0, 0},
        {"new-local", 0, 0},
        {"large-local", 1, 70000},
        {"create-copy", 0, 0},
        {"create-pointer", 1, 80},
        {"churn-copy", 0, 0},
        {"churn-pointer", 1, 80},
        {"employee-bonus", 1, 8},
        {"channel-send-value", 0, 0},
        {"channel-send-pointer", 1, 32},
        {"channel-send-value-with-pointer", 1, 8},
        {"slice-store-value", 0, 0},
        {"slice-store-pointer", 1, 16},
        {"slice-store-value-with-pointer", 1, 8},
        {"slice-grow-append", 12, 24696},
        {"slice-grow-reserved", 1, 8000},
        {"interface-call-direct", 0, 0},
        {"interface-call-boxed", 1, 16},
        {"goroutine-capture", 1, 8},
        {"segments-stack", 0, 0},
        {"segments-heap", 1, 80},
        {"segments-data", 0, 0},
        {"segments-rodata", 0, 0},
        {"alignment-padded", 1, 40},
        {"alignment-packed", 1, 24},
        {"tiny", 1, 8},
        {"small", 1, 64},
        {"large", 1, 65536},
        {"scan-pointers", 1, 64},
        {"scan-noscan", 1, 64},
        {"reuse-naive", 1, 1024},
        {"reuse-pooled", 0, 0},
        {"preallocate-naive", 100, 1600},
        {"preallocate-chunks", 1, 1600},
        {"stack-growth-fixed", 1, 8 << 20},
        {"leak-task", 2, 2176},
        {"leak-task-fixed", 2, 2176},
        {"leak-timer-fixed", 2, 144},
        {"leak-body", 4, 8264},
        {"leak-body-fixed", 1, 24},
        {"linked-list", 1, 16},
        {"graph-mutate", 1, 72},
        {"thread-churn", 2002, 2000 * 16 + 56 + 8},
        {"empty", 0, 0},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct outcome out = workload_try_initial(workload_get(expected[i].name), OPS);
        uint64_t allocs = out.after.allocs - out.before.allocs;
        uint64_t bytes = out.after.requested_bytes - out.before.requested_bytes;
        if (allocs != OPS * expected[i].allocs || bytes != OPS * expected[i].bytes)
            fail_msg("%s: %lu allocations of %lu bytes", expected[i].name, (unsigned long)allocs,
                     (unsigned long)bytes);
    }
}

static void a_small_bonus_is_not_boxed(void **unused) {
    (void)unused;
    const struct workload *w = workload_get("employee-bonus");
    assert_int_equal(workload_try(w, &(uint64_t){500}, OPS, 1, PATTERN).after.allocs, 0);
    assert_int_equal(workload_try(w, &(uint64_t){519}, OPS, 1, PATTERN).after.allocs, 0);
    assert_int_equal(workload_try(w, &(uint64_t){520}, OPS, 1, PATTERN).after.allocs, OPS);
}

static void leaks_retain_and_their_twins_do_not(void **unused) {
    (void)unused;
    for (const struct workload *const *w = time_workloads; *w != NULL; w++) {
        struct outcome out = workload_try_initial(*w, OPS);
        const char *end = strstr((*w)->name, "-fixed");
        bool leaks = strncmp((*w)->name, "leak-", 5) == 0 && end == NULL;
        if (leaks && out.after.live_bytes < out.before.live_bytes + (uint64_t)OPS * 100)
            fail_msg("%s does not leak", (*w)->name);
        if (!leaks && out.after.live_bytes != out.before.live_bytes)
            fail_msg("%s retains memory", (*w)->name);
    }
}

static void twins_of_a_group_compute_the_same(void **unused) {
    (void)unused;
    static const char *const pairs[][2] = {
        {"stack-it", "stack-it-2"},
        {"stack-it", "stack-it-3"},
        {"stack-it", "stack-it-2-inlined"},
        {"stack-it", "new-local"},
        {"create-copy", "create-pointer"},
        {"create-copy", "churn-copy"},
        {"churn-copy", "churn-pointer"},
        {"channel-send-value", "channel-send-pointer"},
        {"channel-send-value", "channel-send-value-with-pointer"},
        {"slice-store-value", "slice-store-pointer"},
        {"slice-store-value", "slice-store-value-with-pointer"},
        {"slice-grow-append", "slice-grow-reserved"},
        {"interface-call-direct", "interface-call-boxed"},
        {"segments-stack", "segments-heap"},
        {"segments-stack", "segments-data"},
        {"segments-stack", "segments-rodata"},
        {"alignment-padded", "alignment-packed"},
        {"scan-pointers", "scan-noscan"},
        {"reuse-naive", "reuse-pooled"},
        {"preallocate-naive", "preallocate-chunks"},
        {"stack-growth-contiguous", "stack-growth-segmented"},
        {"stack-growth-contiguous", "stack-growth-fixed"},
        {"leak-task", "leak-task-fixed"},
        {"leak-timer", "leak-timer-fixed"},
        {"leak-body", "leak-body-fixed"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (workload_try_initial(workload_get(pairs[i][0]), OPS).checksum !=
            workload_try_initial(workload_get(pairs[i][1]), OPS).checksum)
            fail_msg("%s and %s differ", pairs[i][0], pairs[i][1]);
}

static void names_are_unique_and_groups_stand_together(void **unused) {
    (void)unused;
    for (size_t i = 0; time_workloads[i] != NULL; i++)
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(time_workloads[i]->name, time_workloads[j]->name);
            bool same_group = strcmp(time_workloads[i]->group, time_workloads[j]->group) == 0;
            if (same_group && strcmp(time_workloads[i]->group, time_workloads[i - 1]->group) != 0)
                fail_msg("%s stands apart from its group", time_workloads[i]->name);
        }
}

static void the_churn_is_twenty_million_whatever_the_effort(void **unused) {
    (void)unused;
    assert_int_equal(workload_get("churn-copy")->ops(NULL, EFFORT_QUICK), 20000000);
    assert_int_equal(workload_get("churn-copy")->ops(NULL, EFFORT_FULL), 20000000);
    assert_int_equal(workload_get("churn-pointer")->ops(NULL, EFFORT_QUICK), 20000000);
    assert_int_equal(workload_get("churn-pointer")->ops(NULL, EFFORT_FULL), 20000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_keeps_the_contract),
        cmocka_unit_test(every_choice_and_the_least_of_every_parameter_works),
        cmocka_unit_test(operations_are_some_at_both_ends_of_every_parameter),
        cmocka_unit_test(slices_add_up_to_the_whole),
        cmocka_unit_test(nothing_is_read_that_was_not_written),
        cmocka_unit_test(the_count_pass_does_and_counts_what_the_time_pass_does),
        cmocka_unit_test(every_workload_reaches_a_safepoint),
        cmocka_unit_test(who_keeps_objects_over_a_reset_says_so),
        cmocka_unit_test(allocations_per_operation_are_the_articles),
        cmocka_unit_test(a_small_bonus_is_not_boxed),
        cmocka_unit_test(leaks_retain_and_their_twins_do_not),
        cmocka_unit_test(twins_of_a_group_compute_the_same),
        cmocka_unit_test(names_are_unique_and_groups_stand_together),
        cmocka_unit_test(the_churn_is_twenty_million_whatever_the_effort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
