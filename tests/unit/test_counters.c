/* Counters: what opens counts, what does not says why. */
#include "harness/measure/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS_MAX = 64 };

static struct counter_set *set_of(const char *list) {
    struct error err = {0};
    struct counter_set *set = counters_new(list, &err);
    if (set == NULL) {
        fail_msg("%s", err.text);
    }
    return set;
}

static void an_unknown_event_is_refused_by_name(void **state) {
    (void)state;
    struct error err = {0};
    assert_null(counters_new("page-faults,no-such-event", &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_non_null(strstr(err.text, "\"no-such-event\""));
}

static void an_empty_name_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    assert_null(counters_new("page-faults,,task-clock", &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
}

static void names_keep_their_order_and_are_counted_once(void **state) {
    (void)state;
    struct counter_set *set = set_of("task-clock, page-faults,task-clock");
    assert_int_equal(counters_count(set), 2);
    assert_string_equal(counters_name(set, 0), "task-clock");
    assert_string_equal(counters_name(set, 1), "page-faults");
    counters_free(set);
}

/* Without a PMU the hardware events must come back closed with a reason, and no descriptor leaked.
 */
static void every_default_event_opens_or_says_why(void **state) {
    (void)state;
    struct counter_set *set = set_of(counters_default);
    struct counter_opening openings[EVENTS_MAX];
    assert_in_range(counters_count(set), 1, EVENTS_MAX);
    counters_open(set, openings);
    for (size_t i = 0; i < counters_count(set); i++) {
        if (openings[i].fd >= 0) {
            assert_int_equal(openings[i].error_number, 0);
            assert_int_equal(close(openings[i].fd), 0);
        } else {
            assert_int_not_equal(openings[i].error_number, 0);
            assert_non_null(counter_reason(openings[i].error_number));
        }
    }
    counters_free(set);
}

/* Touching fresh pages is the one event a test can cause exactly as often as it wants. */
static void page_faults_are_counted_only_while_enabled(void **state) {
    (void)state;
    enum { PAGES = 64, PAGE_BYTES = 4096 };
    struct counter_set *set = set_of("page-faults");
    struct counter_opening opening;
    counters_open(set, &opening);
    counters_free(set);
    if (opening.fd < 0) {
        assert_string_not_equal(counter_reason(opening.error_number), "");
        skip(); /* a sandbox without perf_event_open */
    }
    char *pages = mmap(NULL, (size_t)2 * PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    madvise(pages, (size_t)2 * PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < PAGES; i++) { /* not enabled yet */
        *(volatile char *)(pages + i * PAGE_BYTES) = 1;
    }
    assert_int_equal(ioctl(opening.fd, PERF_EVENT_IOC_ENABLE, 0), 0);
    for (size_t i = PAGES; i < (size_t)2 * PAGES; i++) {
        *(volatile char *)(pages + i * PAGE_BYTES) = 1;
    }
    assert_int_equal(ioctl(opening.fd, PERF_EVENT_IOC_DISABLE, 0), 0);
    uint64_t reading[3] = {0};
    assert_int_equal(read(opening.fd, reading, sizeof reading), sizeof reading);
    assert_in_range(reading[0], PAGES, PAGES + 8);
    assert_true(reading[1] > 0 && reading[2] > 0);
    close(opening.fd);
    munmap(pages, (size_t)2 * PAGES * PAGE_BYTES);
}

static void every_reason_says_what_to_do(void **state) {
    (void)state;
    assert_non_null(strstr(counter_reason(EACCES), "perf_event_paranoid"));
    assert_non_null(strstr(counter_reason(ENOENT), "PMU"));
    assert_non_null(strstr(counter_reason(EMFILE), "ulimit"));
    assert_non_null(strstr(counter_reason(ENOSYS), "perf_event_open"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_event_is_refused_by_name),
        cmocka_unit_test(an_empty_name_is_refused),
        cmocka_unit_test(names_keep_their_order_and_are_counted_once),
        cmocka_unit_test(every_default_event_opens_or_says_why),
        cmocka_unit_test(page_faults_are_counted_only_while_enabled),
        cmocka_unit_test(every_reason_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
