/* The tracer against a program whose calls are known. */
#include "harness/run/syscall_count.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct traced {
    struct syscall_count count;
    struct process_result result;
};

static struct traced trace_words(char **words) {
    struct traced t;
    struct error err = {0};
    char *environment[] = {NULL};
    struct process_request request = {.arguments = words,
                                      .environment = environment,
                                      .answers_on_stdout = true,
                                      .timeout_ns = UINT64_C(60) * 1000000000};
    process_result_init(&t.result);
    if (!syscall_count_run(&request, &t.result, &t.count, &err))
        fail_msg("%s", err.text);
    return t;
}

static struct traced trace(const char *inside, const char *outside, const char *what) {
    char *words[] = {(char *)(void *)COUNTED_PROGRAM, (char *)(gpointer)inside,
                     (char *)(gpointer)outside, (char *)(gpointer)what, NULL};
    return trace_words(words);
}

static struct syscall_count trace_count(const char *inside, const char *outside, const char *what) {
    struct traced t = trace(inside, outside, what);
    assert_int_equal(t.result.exec_error, 0);
    assert_int_equal(t.result.wait_status, 0);
    process_result_release(&t.result);
    if (t.count.refusal != NULL)
        skip(); /* a container that permits no ptrace */
    return t.count;
}

static uint64_t sum(const uint64_t *counts) {
    uint64_t all = 0;
    for (size_t i = 0; i < SYSCALL_KIND_COUNT; i++)
        all += counts[i];
    return all;
}

/* The program makes the five by turns. */
static void every_kind_of_call_is_told_apart(void **state) {
    (void)state;
    struct syscall_count none = trace_count("0", "0", "");
    struct syscall_count some = trace_count("20", "0", "");
    for (size_t i = 0; i < SYSCALL_KIND_COUNT; i++)
        assert_int_equal(some.measured[i] - none.measured[i], 4);
}

static void every_call_between_the_marks_is_counted(void **state) {
    (void)state;
    struct syscall_count none = trace_count("0", "0", "");
    struct syscall_count some = trace_count("1000", "0", "");
    assert_true(some.is_marked);
    assert_int_equal(sum(some.measured) - sum(none.measured), 1000);
    assert_int_equal(sum(some.calls) - sum(none.calls), 1000);
    struct syscall_count one_more = trace_count("1001", "0", "");
    assert_int_equal(sum(one_more.measured), sum(some.measured) + 1);
}

static void calls_outside_the_marks_are_told_apart(void **state) {
    (void)state;
    struct syscall_count none = trace_count("10", "0", "");
    struct syscall_count outside = trace_count("10", "77", "");
    assert_int_equal(sum(outside.measured), sum(none.measured));
    assert_int_equal(sum(outside.calls) - sum(none.calls), 77);
}

static void a_program_without_marks_is_counted_as_a_whole(void **state) {
    (void)state;
    struct syscall_count none = trace_count("0", "0", "plain");
    struct syscall_count some = trace_count("20", "3", "plain");
    assert_false(some.is_marked);
    assert_int_equal(sum(some.measured), 0);
    assert_int_equal(sum(some.calls) - sum(none.calls), 23);
}

static void the_same_program_counts_the_same_every_time(void **state) {
    (void)state;
    struct syscall_count first = trace_count("100", "5", "");
    for (int i = 0; i < 20; i++) {
        struct syscall_count again = trace_count("100", "5", "");
        assert_int_equal(sum(again.measured), sum(first.measured));
        assert_int_equal(sum(again.calls), sum(first.calls));
    }
}

static void it_ends_as_the_program_does(void **state) {
    (void)state;
    struct traced t = trace("0", "0", "exit");
    assert_true(WIFEXITED(t.result.wait_status));
    assert_int_equal(WEXITSTATUS(t.result.wait_status), 7);
    process_result_release(&t.result);
    t = trace("0", "0", "abort");
    assert_true(WIFSIGNALED(t.result.wait_status));
    assert_int_equal(WTERMSIG(t.result.wait_status), SIGABRT);
    process_result_release(&t.result);
}

static void a_program_that_is_not_there_is_an_exec_error(void **state) {
    (void)state;
    char *words[] = {(char *)(void *)"/nowhere/program", NULL};
    struct traced t = trace_words(words);
    assert_int_equal(t.result.exec_error, 2);
    process_result_release(&t.result);
}

/* As in a container that permits no ptrace. */
static void ptrace_forbid(void) {
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(lines), .filter = lines};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(2);
}

static void without_ptrace_the_program_runs_and_the_reason_is_told(void **state) {
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        ptrace_forbid();
        struct traced t = trace("10", "0", "");
        bool ok = t.result.wait_status == 0 && t.count.refusal != NULL &&
                  strcmp(t.count.refusal, "ptrace") == 0 && t.count.error_number == EPERM &&
                  sum(t.count.calls) == 0;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static gpointer trace_many(gpointer data) {
    struct syscall_count *out = data;
    for (int i = 0; i < 20; i++) {
        struct traced t = trace("50", "0", "");
        out[i] = t.count;
        process_result_release(&t.result);
    }
    return NULL;
}

static void two_threads_may_count_at_once(void **state) {
    (void)state;
    struct syscall_count a[20], b[20];
    GThread *thread = g_thread_new("other", trace_many, a);
    trace_many(b);
    g_thread_join(thread);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(sum(a[i].calls), sum(a[0].calls));
        assert_int_equal(sum(b[i].calls), sum(a[0].calls));
        assert_int_equal(sum(b[i].measured), sum(a[0].measured));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_call_is_told_apart),
        cmocka_unit_test(every_call_between_the_marks_is_counted),
        cmocka_unit_test(calls_outside_the_marks_are_told_apart),
        cmocka_unit_test(a_program_without_marks_is_counted_as_a_whole),
        cmocka_unit_test(the_same_program_counts_the_same_every_time),
        cmocka_unit_test(it_ends_as_the_program_does),
        cmocka_unit_test(a_program_that_is_not_there_is_an_exec_error),
        cmocka_unit_test(without_ptrace_the_program_runs_and_the_reason_is_told),
        cmocka_unit_test(two_threads_may_count_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
