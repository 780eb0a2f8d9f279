/* What the kernel tells of a malloc's process, from rows made by hand and from a process of ours.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/analyze/trace_summary.h"
#include "harness/capture/kernel_events.h"
#include "tests/unit/trace_fixture.h"

static void tell_file(struct told *told, const char *path, uint64_t start_ns) {
    struct error err;
    trace_facts_init(&told->facts);
    trace_facts_add_run(&told->facts, start_ns, start_ns + 100 * MS);
    assert_true(kernel_events_facts(path, &told->facts, &err));
    told_begin(told);
    assert_true(kernel_events_tell(path, &told->timeline, &err));
    told_end(told);
}

static void tell_rows(struct told *told, const struct kernel_row *rows, size_t count) {
    char *path = fixture_path();
    GString *bytes = g_string_new_len((const char *)rows, (gssize)(count * sizeof *rows));
    fixture_write(path, bytes);
    tell_file(told, path, T0);
    g_string_free(bytes, TRUE);
    unlink(path);
    g_free(path);
}

/* How many instants of that name are in the run. */
static uint64_t count_of(const struct told *told, const char *name) {
    const struct trace_row *row = told_row(told, name);
    return row == NULL ? 0 : row->count;
}

static void a_heap_that_grows_by_brk_is_not_told_as_a_mapping_too(void **state) {
    const struct kernel_row rows[] = {
        {.time_ns = T0 + 1, .kind = KERNEL_BRK, .tid = 7, .value = 0x1000801},
        {.time_ns = T0 + 2, .kind = KERNEL_MAP, .tid = 7, .value = 8192, .extra = 0x1001000},
        {.time_ns = T0 + 3, .kind = KERNEL_BRK, .tid = 7, .value = 0x1000000}, /* shrinks */
        {.time_ns = T0 + 4, .kind = KERNEL_MAP, .tid = 7, .value = 8192, .extra = 0x7000000},
        {.time_ns = T0 + 5, .kind = KERNEL_MAP, .tid = 7, .value = 8192, .extra = 0x1000000},
    };
    struct told told;
    (void)state;
    tell_rows(&told, rows, G_N_ELEMENTS(rows));
    assert_int_equal(count_of(&told, "brk"), 2);
    assert_int_equal(count_of(&told, "mmap"), 2);
    told_release(&told);
}

static void advice_is_told_by_what_it_gives_back(void **state) {
    const struct kernel_row rows[] = {
        {.time_ns = T0 + 1, .kind = KERNEL_ADVISE, .value = 4096, .extra = MADV_DONTNEED},
        {.time_ns = T0 + 2, .kind = KERNEL_ADVISE, .value = 4096, .extra = MADV_FREE},
        {.time_ns = T0 + 3, .kind = KERNEL_ADVISE, .value = 4096, .extra = MADV_FREE},
        {.time_ns = T0 + 4, .kind = KERNEL_ADVISE, .value = 4096, .extra = MADV_SEQUENTIAL},
        {.time_ns = T0 + 5, .kind = KERNEL_UNMAP, .value = 4096},
        {.time_ns = T0 + 6, .kind = KERNEL_REMAP, .value = 8192, .extra = 4096},
    };
    struct told told;
    (void)state;
    tell_rows(&told, rows, G_N_ELEMENTS(rows));
    assert_int_equal(count_of(&told, "madvise dontneed"), 1);
    assert_int_equal(count_of(&told, "madvise free"), 2);
    assert_int_equal(count_of(&told, "madvise"), 1);
    assert_int_equal(count_of(&told, "munmap"), 1);
    assert_int_equal(count_of(&told, "mremap"), 1);
    told_release(&told);
}

static void whether_calls_are_seen_is_said(void **state) {
    const struct {
        struct kernel_row row;
        const char *says;
    } cases[] = {
        {{.kind = KERNEL_FAULT, .time_ns = T0 - 1}, "are not: no breakpoint stands"},
        {{.kind = KERNEL_CALLS_SEEN, .time_ns = T0 - 1, .value = EOPNOTSUPP}, "allow no breakp"},
        {{.kind = KERNEL_CALLS_SEEN, .time_ns = T0 + 1}, "only since some time after"},
        {{.kind = KERNEL_CALLS_SEEN, .time_ns = T0 - 1}, "by breakpoints in the C library"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct told told;
        tell_rows(&told, &cases[i].row, 1);
        assert_non_null(strstr(told.facts.note, cases[i].says));
        told_release(&told);
    }
}

/* A process that died has told no run: then it is all that the kernel told. */
static void without_a_run_everything_recorded_counts(void **state) {
    const struct kernel_row rows[] = {{.time_ns = T0 + 5, .kind = KERNEL_SWITCH_IN},
                                      {.time_ns = T0 + 6, .kind = KERNEL_CALLS_SEEN},
                                      {.time_ns = T0 + 90, .kind = KERNEL_FAULT}};
    char *path = fixture_path();
    GString *bytes = g_string_new_len((const char *)rows, sizeof rows);
    struct trace_facts facts;
    struct error err;
    (void)state;
    fixture_write(path, bytes);
    trace_facts_init(&facts);
    assert_true(kernel_events_facts(path, &facts, &err));
    assert_int_equal(facts.start_ns, T0 + 5);
    assert_int_equal(facts.end_ns, T0 + 90);
    assert_non_null(strstr(facts.note, "by breakpoints in the C library"));
    trace_facts_release(&facts);
    g_string_free(bytes, TRUE);
    unlink(path);
    g_free(path);
}

/* ---- a process of ours ---- */

enum { CALL_BYTES = 1 << 20, ROUNDS_SEEN = 20 };

/* Waits for heapmark, then becomes this program again, which gives memory back until it is ended.
 */
static _Noreturn void child_run(const char *self, int go_fd) {
    char none;
    if (read(go_fd, &none, 1) == 1)
        execl(self, self, "--give-back", (char *)NULL);
    _exit(9);
}

static int give_back(void) {
    for (;;) {
        void *at =
            mmap(NULL, CALL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED || madvise(at, CALL_BYTES, MADV_DONTNEED) != 0 ||
            munmap(at, CALL_BYTES) != 0)
            return 1;
        usleep(100);
    }
}

/* The rows of the file so far; *seen is the one that says whether calls are, NULL: not yet. */
static GArray *rows_read(const char *path, const struct kernel_row **seen) {
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct kernel_row));
    struct kernel_row row;
    FILE *in = fopen(path, "rbe");
    assert_non_null(in);
    *seen = NULL;
    while (fread(&row, sizeof row, 1, in) == 1)
        g_array_append_val(rows, row);
    for (guint i = 0; i < rows->len && *seen == NULL; i++) {
        if (g_array_index(rows, struct kernel_row, i).kind == KERNEL_CALLS_SEEN)
            *seen = &g_array_index(rows, struct kernel_row, i);
    }
    fclose(in);
    return rows;
}

static unsigned rows_count(const GArray *rows, uint8_t kind) {
    unsigned count = 0;
    for (guint i = 0; i < rows->len; i++)
        count += g_array_index(rows, struct kernel_row, i).kind == kind;
    return count;
}

/* Waits until enough is recorded. False: breakpoints are not allowed here. */
static bool rows_await(const char *path) {
    for (;;) {
        const struct kernel_row *seen;
        GArray *rows = rows_read(path, &seen);
        bool is_refused = seen != NULL && seen->value != 0;
        bool is_enough = seen != NULL && rows_count(rows, KERNEL_ADVISE) > ROUNDS_SEEN;
        g_array_free(rows, TRUE);
        if (is_refused || is_enough)
            return !is_refused;
        usleep(10 * 1000);
    }
}

/* From the first advice on, every round is a mapping, an advice and its end, none of them missing.
   Before it the program is being loaded. */
static void rounds_check(const char *path) {
    const struct kernel_row *seen;
    GArray *rows = rows_read(path, &seen);
    uint8_t before = 0;
    assert_int_equal(rows_count(rows, KERNEL_LOST), 0);
    for (guint i = 0; i < rows->len; i++) {
        const struct kernel_row *row = &g_array_index(rows, struct kernel_row, i);
        if (row->kind == KERNEL_ADVISE) {
            assert_true(before == 0 || before == KERNEL_MAP);
            assert_int_equal(row->value, CALL_BYTES);
            assert_int_equal(row->extra, MADV_DONTNEED);
        } else if (row->kind == KERNEL_UNMAP && before != 0) {
            assert_int_equal(before, KERNEL_ADVISE);
            assert_int_equal(row->value, CALL_BYTES);
        } else if (row->kind == KERNEL_MAP && before != 0) {
            assert_int_equal(before, KERNEL_UNMAP);
        } else {
            continue;
        }
        before = row->kind;
    }
    g_array_free(rows, TRUE);
}

static char *self_path;

static void a_process_s_calls_are_seen_each(void **state) {
    const char *reason;
    char *path = fixture_path();
    int go[2];
    bool can = false;
    (void)state;
    assert_int_equal(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0)
        child_run(self_path, go[0]);
    struct kernel_events *k = kernel_events_begin(pid, path, &reason);
    if (k != NULL) {
        assert_int_equal(write(go[1], "", 1), 1);
        can = rows_await(path);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(k == NULL || kernel_events_end(k));
    if (can)
        rounds_check(path);
    unlink(path);
    g_free(path);
    close(go[0]);
    close(go[1]);
    if (!can)
        skip();
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heap_that_grows_by_brk_is_not_told_as_a_mapping_too),
        cmocka_unit_test(advice_is_told_by_what_it_gives_back),
        cmocka_unit_test(whether_calls_are_seen_is_said),
        cmocka_unit_test(without_a_run_everything_recorded_counts),
        cmocka_unit_test(a_process_s_calls_are_seen_each),
    };
    self_path = argv[0];
    if (argc > 1)
        return give_back();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
