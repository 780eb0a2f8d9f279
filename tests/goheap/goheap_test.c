/* The program that runs goheap's tests. An argument chooses by name: goheap-test '*list*'. */
#include "goheap_test.h"

enum { TESTS_MAX = 128 };

static size_t tests_add(struct CMUnitTest *all, size_t count, const struct CMUnitTest *tests) {
    for (; tests->test_func != NULL; tests++)
        all[count++] = *tests;
    return count;
}

int main(int argc, char **argv) {
    static struct CMUnitTest all[TESTS_MAX];
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    size_t count = tests_add(all, 0, allocation_tests);
    count = tests_add(all, count, collection_tests);
    count = tests_add(all, count, root_tests);
    count = tests_add(all, count, fault_tests);
    count = tests_add(all, count, concurrent_tests);
    count = tests_add(all, count, partial_tests);
    count = tests_add(all, count, partial_held_tests);
    count = tests_add(all, count, scavenge_tests);
    count = tests_add(all, count, trace_tests);
    return _cmocka_run_group_tests("goheap", all, count, NULL, NULL);
}
