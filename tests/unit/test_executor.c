/* The real executor against a program that ends in every way there is. */
#include "harness/run/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/run/process.h"

/* One strategy on one workload, built by hand; the workload's name is what the program does. */
struct fixture {
    struct config config;
    struct binding_info binding;
    struct strategy strategy;
    struct workload_info workload;
    struct parameter_info bytes;
    struct cell cell;
    struct observation out;
    struct error err;
    volatile int interrupted;
    char link_dir[64];
};

static void fixture_init(struct fixture *f, const char *behaviour) {
    memset(f, 0, sizeof *f);
    config_init(&f->config);
    f->config.memory_bytes = 1 << 30;
    f->config.counters = g_strdup("task-clock");
    f->bytes = (struct parameter_info){.name = "bytes", .most = 4096};
    f->binding = (struct binding_info){.name = "malloc", .program = FAKE_CELL};
    f->strategy =
        (struct strategy){.name = "mine",
                          .binding = &f->binding,
                          .binding_name = "malloc",
                          .program = FAKE_CELL,
                          .settings = g_array_new(FALSE, FALSE, sizeof(struct setting_value)),
                          .environment = g_array_new(FALSE, FALSE, sizeof(struct setting_value))};
    f->workload =
        (struct workload_info){.name = behaviour, .group = "fake", .parameters = g_ptr_array_new()};
    g_ptr_array_add(f->workload.parameters, &f->bytes);
    f->cell = (struct cell){
        .strategy = &f->strategy, .workload = &f->workload, .parameters = {80}, .threads = 2};
    strcpy(f->link_dir, "/tmp/heapmark-test-XXXXXX");
    assert_non_null(mkdtemp(f->link_dir));
    observation_init(&f->out);
}

static void fixture_release(struct fixture *f) {
    observation_release(&f->out);
    g_ptr_array_free(f->workload.parameters, TRUE);
    g_array_free(f->strategy.settings, TRUE);
    g_array_free(f->strategy.environment, TRUE);
    config_release(&f->config);
    rmdir(f->link_dir);
}

static bool fixture_execute(struct fixture *f) {
    struct process_options options = {
        .config = &f->config, .link_dir = f->link_dir, .interrupted = &f->interrupted};
    struct executor *executor = executor_process_new(&options, &f->err);
    if (executor == NULL)
        return false;
    bool ok = executor->execute(executor, &f->cell, 3, &f->out, &f->err);
    executor->release(executor);
    return ok;
}

static void assert_end(const char *behaviour, const char *status, const char *reason) {
    struct fixture f;
    fixture_init(&f, behaviour);
    f.config.timeout_s = 1;
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, status);
    if (reason == NULL)
        assert_null(f.out.record.reason);
    else
        assert_string_equal(f.out.record.reason, reason);
    fixture_release(&f);
}

static void a_measured_repetition_is_ok_and_knows_whose_it_is(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok");
    f.config.seed = 42;
    assert_true(fixture_execute(&f));
    const struct record *r = &f.out.record;
    assert_string_equal(r->status, "ok");
    assert_null(r->reason);
    assert_string_equal(r->strategy, "mine");
    assert_string_equal(r->binding, "malloc");
    assert_string_equal(r->allocator, "fake");
    assert_string_equal(r->workload, "ok");
    assert_string_equal(r->group, "fake");
    assert_string_equal(r->parameters, "bytes=80");
    assert_null(r->settings);
    assert_null(r->cpus);
    assert_int_equal(r->threads, 2);
    assert_int_equal(r->repetition, 3);
    assert_int_equal(r->seed, 42);
    fixture_release(&f);
}

static void rates_and_pause_percentiles_follow_from_the_report(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok");
    assert_true(fixture_execute(&f));
    const struct record *r = &f.out.record;
    assert_true(r->ns_per_op == 8.0); /* 4000 ns x 2 threads / 1000 */
    assert_true(r->cpu_ns_per_op == 5.0);
    assert_int_equal(r->gc_stw_count, 3); /* the row of one thread is no stop of the world */
    assert_int_equal(r->gc_pause_ns_p50, 20);
    assert_int_equal(r->gc_pause_ns_p99, 30);
    assert_int_equal(r->gc_pause_ns_max, 30);
    assert_int_equal(r->gc_pause_ns_total, 60);
    assert_true(isnan(r->gc_mutator_share)); /* no assists and sweeping were reported */
    assert_int_equal(f.out.pauses->len, 4);
    assert_int_equal(f.out.cycles->len, 1);
    const struct pause_row *pause = &g_array_index(f.out.pauses, struct pause_row, 0);
    assert_string_equal(pause->strategy, "mine");
    assert_string_equal(pause->parameters, "bytes=80");
    assert_int_equal(pause->repetition, 3);
    fixture_release(&f);
}

static void every_end_of_a_process_is_a_status_with_its_reason(void **state) {
    (void)state;
    assert_end("crash", "crashed", "SIGSEGV; it said: first line / it hurts here");
    assert_end("crash-after-report", "crashed", "SIGABRT after its report");
    assert_end("hang", "timeout", "no end after 1 s (--timeout)");
    assert_end("hang-closed", "timeout", "no end after 1 s (--timeout)");
    assert_end("oom", "oom", "an allocation of 80 bytes failed");
    assert_end("wrong", "wrong", "malloc is not what was asked for");
    assert_end("unavailable", "unavailable", "it needs a right that is missing");
    assert_end("garbage", "crashed", "line 3 of the report: unknown key: '  ' (exit status 0)");
    assert_end("silent", "crashed", "exit status 0 without the end of a report");
    assert_end("half", "crashed", "exit status 0 without the end of a report");
    assert_end("killed", "killed",
               "SIGKILL, not from heapmark: the kernel short of memory, or a person");
    assert_end("terminated", "killed", "SIGTERM, not from heapmark");
    assert_end("exit-9", "crashed", "exit status 9 after its report");
    assert_end("usage", "crashed",
               "it refused its command line; it said: fake-cell: unknown workload");
    assert_end("go-oom", "oom",
               "the Go runtime ended the program: fatal error: runtime: cannot allocate memory");
    assert_end("lacks-checksum", "crashed", "its report lacks checksum");
}

static void a_program_that_never_stops_talking_meets_its_time_out(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "hang-talking");
    f.config.timeout_s = 1;
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, "timeout");
    fixture_release(&f);
}

/* Whether a process is there and more than a zombie. */
static bool process_is_alive(int pid) {
    char path[64], *stat = NULL;
    g_snprintf(path, sizeof path, "/proc/%d/stat", pid);
    bool alive = g_file_get_contents(path, &stat, NULL, NULL) && strstr(stat, ") Z") == NULL;
    g_free(stat);
    return alive;
}

/* Death takes a moment; false after seconds. */
static bool process_dies(int pid) {
    for (int tries = 0; tries < 2000; tries++) {
        if (!process_is_alive(pid))
            return true;
        usleep(2000);
    }
    return false;
}

static void what_a_program_leaves_behind_is_ended_with_it(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "leaves-child");
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, "ok");
    assert_true(atoi(f.out.record.version) > 0);
    assert_true(process_dies(atoi(f.out.record.version)));
    fixture_release(&f);
}

/* Memory for what a program says is bounded, however much it says. */
static void only_the_end_of_stderr_is_kept(void **state) {
    (void)state;
    struct process_result result;
    struct error err;
    char *arguments[] = {(char *)FAKE_CELL, (char *)"--workload=huge-stderr", NULL};
    char *environment[] = {NULL};
    process_result_init(&result);
    assert_true(process_run(&(struct process_request){.arguments = arguments,
                                                      .environment = environment,
                                                      .timeout_ns = UINT64_C(20000000000)},
                            &result, &err));
    assert_true(result.errors->len >= 4096 && result.errors->len <= (size_t)2 * ERROR_BYTES_MAX);
    assert_true(g_str_has_suffix(result.errors->str, "the last word\n"));
    process_result_release(&result);
}

static void a_huge_stderr_is_drained_and_its_end_is_kept(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "huge-stderr");
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, "crashed");
    assert_non_null(strstr(f.out.record.reason, "SIGABRT; it said: "));
    assert_non_null(strstr(f.out.record.reason, "/ the last word"));
    assert_true(strlen(f.out.record.reason) < 500);
    fixture_release(&f);
}

static void a_long_report_arrives_whole(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "huge-report");
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, "ok");
    assert_int_equal(f.out.pauses->len, 100000);
    assert_int_equal(f.out.record.gc_pause_ns_max, 99999);
    fixture_release(&f);
}

static void a_dead_program_leaves_no_half_measurement(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "crash-after-report");
    assert_true(fixture_execute(&f));
    assert_true(f.out.record.wall_ns == COUNT_EMPTY);
    assert_null(f.out.record.checksum);
    assert_int_equal(f.out.pauses->len, 0);
    assert_int_equal(f.out.counters->len, 0);
    assert_string_equal(f.out.record.workload, "crash-after-report");
    assert_int_equal(f.out.record.repetition, 3);
    fixture_release(&f);
}

static void a_program_that_is_not_there_is_unavailable(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok");
    f.strategy.program = "/nonexistent/cell-malloc";
    assert_true(fixture_execute(&f));
    assert_string_equal(f.out.record.status, "unavailable");
    assert_string_equal(f.out.record.reason,
                        "its cell program cannot be started: No such file or directory");
    fixture_release(&f);
}

static void an_interruption_ends_the_program_and_makes_no_record(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "hang");
    f.interrupted = 1;
    assert_false(fixture_execute(&f));
    assert_int_equal(f.err.exit_status, EXIT_INTERRUPTED);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to wait for */
    assert_int_equal(errno, ECHILD);
    fixture_release(&f);
}

static void what_a_program_is_given_is_exactly_what_it_should_have(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "tells");
    int leaked = open("/dev/null", O_RDONLY); /* as a careless library would */
    g_setenv("MALLOC_CONF", "from the shell", TRUE);
    g_setenv("GOGC", "50", TRUE);
    struct setting_value own = {"FAKE_OWN", "yes"};
    g_array_append_val(f.strategy.environment, own);
    f.config.cpus = g_strdup("0");
    assert_true(fixture_execute(&f));
    /* Standard descriptors and the one event that opened everywhere, if it did. */
    const struct counter_row *row = &g_array_index(f.out.counters, struct counter_row, 0);
    int fds = strcmp(row->counter_status, "unavailable") == 0 ? 3 : 4;
    char expected[128];
    g_snprintf(expected, sizeof expected, "own=yes conf=- gogc=- cpus=1 death=%d group=1 fds=%d",
               SIGKILL, fds);
    assert_string_equal(f.out.record.version, expected);
    assert_string_equal(f.out.record.settings, "FAKE_OWN=yes");
    assert_string_equal(f.out.record.cpus, "0");
    g_unsetenv("MALLOC_CONF");
    g_unsetenv("GOGC");
    close(leaked);
    fixture_release(&f);
}

static void arguments_say_the_whole_cell(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "tells-arguments");
    struct setting_value zero = {"zero", "calloc"};
    g_array_append_val(f.strategy.settings, zero);
    f.config.ops = 5000;
    f.config.seed = 7;
    f.config.effort = EFFORT_FULL;
    assert_true(fixture_execute(&f));
    static const char expected[] =
        "--workload=tells-arguments --parameter=bytes=80 --threads=2 --setting=zero=calloc "
        "--effort=full --ops=5000 --seed=7 --memory-limit=1073741824";
    /* --counter-fds follows where the event opened. */
    assert_memory_equal(f.out.record.version, expected, sizeof expected - 1);
    fixture_release(&f);
}

static void a_library_with_spaces_is_preloaded_through_a_link(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "tells-preload");
    char *dir = g_strdup_printf("%s/a b:c", f.link_dir);
    char *library = g_strdup_printf("%s/lib fake.so", dir);
    assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
    assert_true(g_file_set_contents(library, "", 0, NULL)); /* the loader warns and goes on */
    f.strategy.preload = library;
    assert_true(fixture_execute(&f));
    char *expected = g_strdup_printf("%s %s 0", library, library);
    assert_string_equal(f.out.record.status, "ok");
    assert_string_equal(f.out.record.version, expected);
    char *command = g_strdup_printf("rm -r '%s'", f.link_dir);
    assert_int_equal(system(command), 0);
    g_free(command);
    g_free(expected);
    g_free(library);
    g_free(dir);
    fixture_release(&f);
}

static void memory_is_sampled_while_it_runs(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "sleeps");
    assert_true(fixture_execute(&f));
    assert_true(f.out.memory->len >= 2);
    for (guint i = 0; i < f.out.memory->len; i++) {
        const struct memory_row *row = &g_array_index(f.out.memory, struct memory_row, i);
        assert_true(row->rss_bytes > 0 && row->rss_bytes < UINT64_C(1) << 30);
        assert_true(i == 0 || row->time_ns > row[-1].time_ns);
    }
    fixture_release(&f);
}

static void thinned_samples_span_the_same_time(void **state) {
    (void)state;
    GArray *memory = g_array_new(FALSE, FALSE, sizeof(struct memory_row));
    for (uint64_t i = 0; i < 5; i++) {
        struct memory_row row = {.time_ns = 10 * i, .rss_bytes = i};
        g_array_append_val(memory, row);
    }
    samples_thin(memory);
    assert_int_equal(memory->len, 3);
    for (guint i = 0; i < 3; i++) {
        assert_int_equal(g_array_index(memory, struct memory_row, i).time_ns, 20 * i);
        assert_int_equal(g_array_index(memory, struct memory_row, i).rss_bytes, 2 * i);
    }
    g_array_free(memory, TRUE);
}

static void a_cpu_that_is_not_ours_is_refused(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok");
    f.config.cpus = g_strdup("1023");
    assert_false(fixture_execute(&f));
    assert_string_equal(f.err.text, "--cpus: this process may not use CPU 1023");
    assert_int_equal(f.err.exit_status, EXIT_CANNOT);
    g_free(f.config.cpus);
    f.config.cpus = g_strdup("3-1");
    assert_false(fixture_execute(&f));
    assert_int_equal(f.err.exit_status, EXIT_USAGE);
    fixture_release(&f);
}

/* heapmark dies by SIGKILL while a cell hangs: the cell must die with it. */
static void a_cell_program_dies_with_its_parent(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "hang");
    f.config.timeout_s = 100;
    pid_t parent = fork();
    if (parent == 0) {
        fixture_execute(&f);
        _exit(0);
    }
    /* The cell is there once it is a child of parent's. */
    char path[64], *children = NULL;
    g_snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    int cell = 0;
    for (int tries = 0; cell == 0 && tries < 1000; tries++) {
        if (g_file_get_contents(path, &children, NULL, NULL))
            cell = atoi(children);
        g_free(g_steal_pointer(&children));
        usleep(2000);
    }
    assert_true(cell > 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_true(process_dies(cell));
    fixture_release(&f);
}

static void a_command_can_be_pasted_into_a_shell(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, "ok");
    struct setting_value conf = {"MALLOC_CONF", "a:0,b c"};
    g_array_append_val(f.strategy.environment, conf);
    f.strategy.preload = "/usr/lib/libx.so";
    char *text = cell_command_text(&f.cell, &f.config);
    assert_string_equal(text, "LD_PRELOAD=/usr/lib/libx.so MALLOC_CONF='a:0,b c' " FAKE_CELL
                              " --workload=ok --parameter=bytes=80 --threads=2 "
                              "--library=/usr/lib/libx.so --effort=quick --seed=1 "
                              "--memory-limit=1073741824");
    g_free(text);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measured_repetition_is_ok_and_knows_whose_it_is),
        cmocka_unit_test(rates_and_pause_percentiles_follow_from_the_report),
        cmocka_unit_test(every_end_of_a_process_is_a_status_with_its_reason),
        cmocka_unit_test(a_program_that_never_stops_talking_meets_its_time_out),
        cmocka_unit_test(what_a_program_leaves_behind_is_ended_with_it),
        cmocka_unit_test(only_the_end_of_stderr_is_kept),
        cmocka_unit_test(a_huge_stderr_is_drained_and_its_end_is_kept),
        cmocka_unit_test(a_long_report_arrives_whole),
        cmocka_unit_test(a_dead_program_leaves_no_half_measurement),
        cmocka_unit_test(a_program_that_is_not_there_is_unavailable),
        cmocka_unit_test(an_interruption_ends_the_program_and_makes_no_record),
        cmocka_unit_test(what_a_program_is_given_is_exactly_what_it_should_have),
        cmocka_unit_test(arguments_say_the_whole_cell),
        cmocka_unit_test(a_library_with_spaces_is_preloaded_through_a_link),
        cmocka_unit_test(memory_is_sampled_while_it_runs),
        cmocka_unit_test(thinned_samples_span_the_same_time),
        cmocka_unit_test(a_cpu_that_is_not_ours_is_refused),
        cmocka_unit_test(a_cell_program_dies_with_its_parent),
        cmocka_unit_test(a_command_can_be_pasted_into_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
