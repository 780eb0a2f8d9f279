/*
 * The program that runs the conformance tests on one binding.
 *
 *      conformance-NAME [SETTING=VALUE ...]      all tests, the allocator set so
 *      conformance-NAME --exhaust KIND [...]     a child: runs out of memory on purpose
 */
#include "conformance.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct mutator conformance_mutator;
char **conformance_argv;

enum { SETTINGS_MAX = 8, TESTS_MAX = 64 };

static bool allocator_start(char **arguments) {
    static struct setting_value values[SETTINGS_MAX];
    size_t count = 0;
    for (; *arguments != NULL && count < SETTINGS_MAX; arguments++) {
        char *equals = strchr(*arguments, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        values[count++] = (struct setting_value){.name = *arguments, .value = equals + 1};
    }
    struct error err;
    if (allocator_binding.init(values, count, &err))
        return true;
    fprintf(stderr, "%s\n", err.text);
    return false;
}

/* For the main thread. Every test starts as a mutator with nothing live does. */
static int test_begin(void **state) {
    (void)state;
    mem_reset(&conformance_mutator);
    return 0;
}

/* cmocka catches SIGSEGV while a test runs. A collector may need that signal (bdwgc's incremental
   mode learns of stores by it), so every test runs with the handler that init left. A crash then
   ends the program, which says no less. */
static struct sigaction segv_action;

static void test_run(void **state) {
    const struct CMUnitTest *test = *state;
    sigaction(SIGSEGV, &segv_action, NULL);
    void *no_state = NULL;
    test->test_func(&no_state);
}

static size_t tests_add(struct CMUnitTest *all, size_t count, const struct CMUnitTest *tests) {
    for (; tests->test_func != NULL; tests++) {
        all[count++] = (struct CMUnitTest){
            .name = tests->name,
            .test_func = test_run,
            .setup_func = test_begin,
            .initial_state = (void *)tests,
        };
    }
    return count;
}

static NOINLINE int tests_run(void) {
    static struct CMUnitTest all[TESTS_MAX];
    size_t count = tests_add(all, 0, object_tests);
    count = tests_add(all, count, survival_tests);
    count = tests_add(all, count, thread_tests);
    count = tests_add(all, count, memory_tests);
    return _cmocka_run_group_tests(allocator_binding.binding, all, count, NULL, NULL);
}

/* The settings are cut apart in place, so the child gets a copy of the arguments made before. */
static char **arguments_copy(int argc, char **argv) {
    static char *copies[SETTINGS_MAX + 4];
    for (int i = 0; i < argc && i < SETTINGS_MAX + 3; i++)
        copies[i] = strdup(argv[i]);
    return copies;
}

int main(int argc, char **argv) {
    conformance_argv = arguments_copy(argc, argv);
    bool is_child = argc > 2 && strcmp(argv[1], "--exhaust") == 0;
    if (!allocator_start(argv + 1))
        return 1;
    sigaction(SIGSEGV, NULL, &segv_action);
    if (!mem_attach(&conformance_mutator, __builtin_frame_address(0))) {
        fprintf(stderr, "cannot attach\n");
        return 1;
    }
    printf("%s %s\n", allocator_binding.name(), allocator_binding.version());
    int status = is_child ? exhaustion_child(argv[2]) : tests_run();
    mem_detach(&conformance_mutator);
    return status;
}
