/* Run directories: what is written reads back, whatever ended the writing. */
#include "harness/store/store.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/store/columns.h"

/* A fresh directory per test; *state is its path, the run is DIR/run. */
static char *run_dir(void **state) {
    return g_build_filename(*state, "run", NULL);
}

static int directory_setup(void **state) {
    char *dir = g_dir_make_tmp("heapmark-store-XXXXXX", NULL);
    *state = dir;
    return dir == NULL;
}

static void tree_remove(const char *dir) {
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        char *path = g_build_filename(dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            tree_remove(path);
        else
            g_unlink(path);
        g_free(path);
    }
    if (entries != NULL)
        g_dir_close(entries);
    g_rmdir(dir);
}

static int directory_teardown(void **state) {
    tree_remove(*state);
    g_free(*state);
    return 0;
}

static void file_append(const char *dir, const char *file, const char *text) {
    char *path = g_build_filename(dir, file, NULL);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    g_free(path);
}

static char *file_text(const char *dir, const char *file) {
    char *text = NULL;
    char *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_free(path);
    return text;
}

static void file_cut(const char *dir, const char *file, size_t length) {
    char *path = g_build_filename(dir, file, NULL);
    assert_int_equal(truncate(path, (off_t)length), 0);
    g_free(path);
}

/* An observation of two pauses, one cycle, one counter and one sample. */
static void observation_fill(struct observation *o, uint64_t repetition) {
    observation_clear(o);
    o->record.strategy = "goheap";
    o->record.workload = "churn-pointer";
    o->record.parameters = "";
    o->record.threads = 2;
    o->record.repetition = repetition;
    o->record.status = "crashed";
    o->record.reason = "signal 11: \"oh\",\nit said";
    for (uint64_t i = 1; i <= 2; i++) {
        struct pause_row pause;
        row_clear(&pause_type, &pause);
        pause.cycle = 1;
        pause.pause_ns = 100 * i;
        g_array_append_val(o->pauses, pause);
    }
    struct cycle_row cycle;
    row_clear(&cycle_type, &cycle);
    cycle.cycle = 1;
    g_array_append_val(o->cycles, cycle);
    struct counter_row counter;
    row_clear(&counter_type, &counter);
    counter.event = "page-faults";
    g_array_append_val(o->counters, counter);
    struct memory_row memory = {0, 1, 4096};
    g_array_append_val(o->memory, memory);
}

static bool append(struct store *s, uint64_t repetition, struct error *err) {
    struct observation o;
    observation_init(&o);
    observation_fill(&o, repetition);
    bool ok = store_append(s, &o, err);
    observation_release(&o);
    return ok;
}

/* A run of n records, closed. */
static void run_make(const char *dir, uint64_t n) {
    struct error err;
    struct store *s = store_create(dir, NULL, &err);
    assert_non_null(s);
    for (uint64_t i = 1; i <= n; i++)
        assert_true(append(s, i, &err));
    store_free(s);
}

/* Reads dir back, which must hold records 1..n with all their long rows and no others. */
static void assert_reads_back(const char *dir, uint64_t n, bool with_notice) {
    struct run_rows r;
    struct error err;
    if (!run_rows_read(&r, dir, &err))
        fail_msg("%s", err.text);
    assert_int_equal(r.records->len, n);
    for (guint i = 0; i < n; i++) {
        const struct record *record = &g_array_index(r.records, struct record, i);
        assert_int_equal(record->record, i + 1);
        assert_int_equal(record->repetition, i + 1);
        assert_string_equal(record->reason, "signal 11: \"oh\",\nit said");
    }
    assert_int_equal(r.pauses->len, 2 * n);
    assert_int_equal(r.cycles->len, n);
    assert_int_equal(r.counters->len, n);
    assert_int_equal(r.memory->len, n);
    assert_int_equal(r.notice != NULL, with_notice);
    run_rows_release(&r);
}

static void assert_read_refused(const char *dir, const char *sentence_end) {
    struct run_rows r;
    struct error err;
    assert_false(run_rows_read(&r, dir, &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    if (!g_str_has_suffix(err.text, sentence_end))
        fail_msg("\"%s\" does not end in \"%s\"", err.text, sentence_end);
}

static void what_is_appended_reads_back(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 3);
    assert_reads_back(dir, 3, false);
    struct run_rows r;
    struct error err;
    assert_true(run_rows_read(&r, dir, &err));
    assert_string_equal(g_array_index(r.records, struct record, 0).run, "run");
    const struct pause_row *pause = &g_array_index(r.pauses, struct pause_row, 5);
    assert_int_equal(pause->record, 3);
    assert_string_equal(pause->strategy, "goheap");
    assert_string_equal(pause->workload, "churn-pointer");
    assert_int_equal(pause->threads, 2);
    assert_int_equal(pause->repetition, 3);
    assert_int_equal(pause->pause_ns, 200);
    run_rows_release(&r);
    g_free(dir);
}

static void a_run_without_records_reads_back_empty(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 0);
    assert_reads_back(dir, 0, false);
    g_free(dir);
}

static void assert_create_refused(const char *dir, int status, const char *part) {
    struct error err;
    assert_null(store_create(dir, NULL, &err));
    assert_int_equal(err.exit_status, status);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, part);
}

static void a_directory_of_another_run_or_of_other_files_is_refused(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 1);
    assert_create_refused(dir, EXIT_USAGE, "holds another run; give --resume");
    assert_reads_back(dir, 1, false);
    assert_create_refused(*state, EXIT_USAGE, "holds other files (run, ...)");
    file_append(*state, "file", "x");
    char *file = g_build_filename(*state, "file", NULL);
    assert_create_refused(file, EXIT_USAGE, "cannot create the directory");
    g_free(file);
    assert_create_refused("", EXIT_USAGE, "it is empty");
    assert_create_refused("/proc/nothing/run", EXIT_CANNOT, "cannot create the directory");
    g_free(dir);
}

static void a_directory_without_a_run_is_refused(void **state) {
    struct error err;
    char *notice;
    assert_read_refused(*state, "holds no run: there is no records.csv in it");
    assert_null(store_resume(*state, &notice, &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_non_null(strstr(err.text, "holds no run to resume"));
}

static void two_writers_are_refused(void **state) {
    char *dir = run_dir(state);
    struct error err;
    char *notice;
    struct store *s = store_create(dir, NULL, &err);
    assert_null(store_resume(dir, &notice, &err));
    assert_non_null(strstr(err.text, "another heapmark is writing"));
    store_free(s);
    s = store_resume(dir, &notice, &err);
    assert_non_null(s);
    store_free(s);
    g_free(dir);
}

static void file_remove(const char *dir, const char *file) {
    char *path = g_build_filename(dir, file, NULL);
    assert_int_equal(g_unlink(path), 0);
    g_free(path);
}

/* Copies a run with one file cut to a length. */
static void run_copy(const char *from, const char *to, const char *cut_file, size_t length) {
    static const char *const files[] = {"records.csv", "pauses.csv", "cycles.csv", "counters.csv",
                                        "memory.csv"};
    g_mkdir(to, 0777);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *text = file_text(from, files[i]);
        struct error err;
        assert_true(store_write_text(to, files[i], text, &err));
        g_free(text);
    }
    file_cut(to, cut_file, length);
}

/* A process dies while it writes records.csv: every cut of the last two records, byte by byte,
   reads back as the records before the cut, and a resume completes the run without losing or
   doubling. */
static void a_record_cut_anywhere_is_left_out_and_resumed(void **state) {
    char *dir = run_dir(state);
    char *copy = g_build_filename(*state, "copy", NULL);
    run_make(dir, 1);
    char *text = file_text(dir, "records.csv");
    size_t one = strlen(text);
    g_free(text);
    tree_remove(dir);
    run_make(dir, 3);
    text = file_text(dir, "records.csv");
    size_t three = strlen(text), two = one + (three - one) / 2;
    for (size_t cut = one; cut < three; cut++) {
        run_copy(dir, copy, "records.csv", cut);
        uint64_t whole = cut >= two ? 2 : 1;
        assert_reads_back(copy, whole, true);
        struct error err;
        char *notice;
        struct store *s = store_resume(copy, &notice, &err);
        assert_non_null(s);
        assert_non_null(notice);
        g_free(notice);
        for (uint64_t i = whole + 1; i <= 3; i++)
            assert_true(append(s, i, &err));
        store_free(s);
        assert_reads_back(copy, 3, false);
    }
    g_free(text);
    g_free(copy);
    g_free(dir);
}

/* A process dies while it writes long rows: the record is not there yet. */
static void long_rows_without_a_record_are_left_out_and_cut(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 2);
    char *before = file_text(dir, "pauses.csv");
    file_append(dir, "pauses.csv", "3,goheap,churn-pointer,,2,3,1,\"a\nb\",0,1,2\n3,goh");
    file_append(dir, "memory.csv", "3,1,2\n");
    assert_reads_back(dir, 2, true);
    struct error err;
    char *notice;
    struct store *s = store_resume(dir, &notice, &err);
    assert_non_null(s);
    assert_non_null(strstr(notice, "cut 1 row of pauses.csv without a record, an unfinished last "
                                   "line of pauses.csv (5 bytes), 1 row of memory.csv without"));
    g_free(notice);
    char *after = file_text(dir, "pauses.csv");
    assert_string_equal(after, before);
    assert_true(append(s, 3, &err));
    store_free(s);
    assert_reads_back(dir, 3, false);
    g_free(before);
    g_free(after);
    g_free(dir);
}

static void a_run_that_died_at_its_creation_is_completed(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 0);
    file_cut(dir, "records.csv", 7);
    char *memory = g_build_filename(dir, "memory.csv", NULL);
    g_unlink(memory);
    assert_reads_back(dir, 0, true);
    struct error err;
    char *notice;
    struct store *s = store_resume(dir, &notice, &err);
    assert_non_null(s);
    g_free(notice);
    assert_true(append(s, 1, &err));
    store_free(s);
    assert_reads_back(dir, 1, false);
    g_free(memory);
    g_free(dir);
}

/* Its config is the first thing of a run, and all that --resume needs. */
static void a_run_that_died_with_its_config_alone_is_completed(void **state) {
    char *dir = run_dir(state);
    struct error err;
    char *notice;
    g_mkdir(dir, 0777);
    assert_true(store_write_text(dir, RUN_CONFIG_FILE, "ops: 1\n", &err));
    assert_create_refused(dir, EXIT_USAGE, "holds another run; give --resume");
    struct store *s = store_resume(dir, &notice, &err);
    assert_non_null(s);
    assert_null(notice);
    assert_true(append(s, 1, &err));
    store_free(s);
    assert_reads_back(dir, 1, false);
    file_remove(dir, "records.csv");
    assert_null(store_resume(dir, &notice, &err)); /* its long rows would be cut */
    assert_non_null(strstr(err.text, "holds no run to resume"));
    g_free(dir);
}

static void a_half_written_config_is_no_other_file(void **state) {
    char *dir = run_dir(state);
    g_mkdir(dir, 0777);
    file_append(dir, RUN_CONFIG_FILE ".new", "op");
    run_make(dir, 1);
    assert_reads_back(dir, 1, false);
    g_free(dir);
}

/* A machine that loses its power may keep the record and lose the end of its long rows. */
static void a_torn_long_row_takes_its_record_with_it(void **state) {
    char *dir = run_dir(state);
    struct error err;
    char *notice;
    run_make(dir, 3);
    char *pauses = file_text(dir, "pauses.csv");
    file_cut(dir, "pauses.csv", strlen(pauses) - 5);
    assert_reads_back(dir, 2, true);
    struct store *s = store_resume(dir, &notice, &err);
    assert_non_null(s);
    assert_non_null(strstr(notice, "1 row of records.csv without all its long rows"));
    g_free(notice);
    assert_true(append(s, 3, &err));
    store_free(s);
    assert_reads_back(dir, 3, false);
    file_cut(dir, "pauses.csv", (size_t)(strstr(pauses, "\n2,") - pauses) + 6);
    assert_read_refused(
        dir, "run/pauses.csv:4: a line of record 2 is cut, but records.csv goes on to record 3");
    g_free(pauses);
    g_free(dir);
}

static void an_unknown_status_is_refused(void **state) {
    char *dir = run_dir(state);
    struct error err;
    run_make(dir, 2);
    char *text = file_text(dir, "records.csv");
    char *status = g_strrstr(text, ",crashed,");
    assert_non_null(status);
    status[2] = 'l';
    assert_true(store_write_text(dir, "records.csv", text, &err));
    assert_read_refused(dir, "run/records.csv:4: no status is called \"clashed\"");
    g_free(text);
    g_free(dir);
}

/* What was written before cycles.csv had its column `partial` reads as not known, and is not gone
   on with. */
static void a_run_without_the_column_partial_reads_as_not_known(void **state) {
    char *dir = run_dir(state);
    struct run_rows rows;
    struct error err;
    run_make(dir, 1);
    assert_true(store_write_text(dir, "cycles.csv",
                                 "record,cycle,start_ns,mark_ns,heap_start_bytes,heap_end_bytes,"
                                 "heap_marked_bytes,goal_bytes,assist_ns,forced\n"
                                 "1,1,10,20,1,2,1,4,0,1\n",
                                 &err));
    assert_true(run_rows_read(&rows, dir, &err));
    assert_int_equal(rows.cycles->len, 1);
    assert_int_equal(g_array_index(rows.cycles, struct cycle_row, 0).forced, 1);
    assert_true(g_array_index(rows.cycles, struct cycle_row, 0).partial == COUNT_EMPTY);
    run_rows_release(&rows);
    char *notice;
    assert_null(store_resume(dir, &notice, &err));
    assert_non_null(strstr(err.text, "run/cycles.csv has the columns of another version"));
    g_free(dir);
}

static void damage_elsewhere_is_refused_with_file_and_line(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 2);
    file_append(dir, "cycles.csv", "2,x,,,,,,,,,\n");
    assert_read_refused(dir, "run/cycles.csv:4: cycle is not a whole number: \"x\"");
    struct error err;
    char *notice;
    assert_null(store_resume(dir, &notice, &err));
    assert_non_null(strstr(err.text, "run/cycles.csv:4: "));
    tree_remove(dir);
    run_make(dir, 2);
    file_append(dir, "memory.csv", "1,2,3\n");
    assert_read_refused(dir, "run/memory.csv:4: the number of the record is lower than the one "
                             "before");
    tree_remove(dir);
    run_make(dir, 2);
    file_append(dir, "memory.csv", ",2,3\n");
    assert_read_refused(dir, "run/memory.csv:4: the number of the record is missing");
    g_free(dir);
}

static void a_record_that_comes_twice_is_refused(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 1);
    char *text = file_text(dir, "records.csv");
    file_append(dir, "records.csv", strchr(text, '\n') + 1);
    assert_read_refused(dir,
                        "run/records.csv:4: record 1 comes after record 1, but numbers must rise");
    g_free(text);
    g_free(dir);
}

static void long_rows_of_a_missing_record_are_refused(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 3);
    char *text = file_text(dir, "records.csv");
    /* Takes record 2 out: from the second row to the third. */
    char *second = strstr(text, "\n2,run") + 1, *third = strstr(text, "\n3,run") + 1;
    memmove(second, third, strlen(third) + 1);
    struct error err;
    assert_true(store_write_text(dir, "records.csv", text, &err));
    assert_read_refused(dir, "run/pauses.csv:4: records.csv has no record 2");
    g_free(text);
    g_free(dir);
}

static void a_run_of_other_columns_is_read_but_not_resumed(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 0);
    struct error err;
    assert_true(store_write_text(dir, "memory.csv", "record,rss_bytes\n", &err));
    assert_reads_back(dir, 0, false);
    char *notice;
    assert_null(store_resume(dir, &notice, &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_non_null(strstr(err.text, "memory.csv has the columns of another version"));
    g_free(dir);
}

/* No space, at every byte: a limit on file sizes fails a write half-way as a full disk does. */
static void a_write_that_fails_half_way_leaves_whole_records(void **state) {
    char *dir = run_dir(state);
    struct error err;
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    run_make(dir, 2);
    char *text = file_text(dir, "records.csv");
    size_t two = strlen(text);
    g_free(text);
    tree_remove(dir);
    struct store *s = store_create(dir, NULL, &err);
    assert_true(append(s, 1, &err));
    text = file_text(dir, "pauses.csv");
    size_t from = strlen(text); /* shorter than records.csv with its long header */
    g_free(text);
    for (size_t limit = from; limit < two; limit++) {
        struct rlimit now = {limit, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
        bool appended = append(s, 2, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_false(appended);
        assert_int_equal(err.exit_status, EXIT_CANNOT);
        assert_reads_back(dir, 1, false);
    }
    assert_true(append(s, 2, &err));
    store_free(s);
    assert_reads_back(dir, 2, false);
    g_free(dir);
}

/* Appends a record of many pauses in a process of its own, which dies of the first byte it writes
   past a limit: SIGXFSZ ends it where kill -9 might. */
static void append_and_die(const char *dir, rlim_t limit) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct observation o;
        struct error err;
        char *notice;
        struct rlimit now = {limit, limit};
        struct store *s = store_resume(dir, &notice, &err);
        observation_init(&o);
        observation_fill(&o, 2);
        struct pause_row pause = g_array_index(o.pauses, struct pause_row, 0);
        while (o.pauses->len < 100)
            g_array_append_val(o.pauses, pause);
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGXFSZ, SIG_DFL);
        setrlimit(RLIMIT_FSIZE, &now);
        store_append(s, &o, &err);
        _exit(0); /* not reached: the pauses do not fit */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXFSZ);
}

/* The limits lie past the end of records.csv and inside of pauses.csv: had the record been written
   first, it would be there without its pauses. */
static void a_process_killed_among_long_rows_leaves_no_record(void **state) {
    char *dir = run_dir(state);
    run_make(dir, 1);
    char *text = file_text(dir, "records.csv");
    rlim_t from = strlen(text) + 300;
    g_free(text);
    for (rlim_t limit = from; limit < from + 100; limit += 3) {
        append_and_die(dir, limit);
        assert_reads_back(dir, 1, true);
    }
    struct error err;
    char *notice;
    struct store *s = store_resume(dir, &notice, &err);
    assert_non_null(notice);
    g_free(notice);
    assert_true(append(s, 2, &err));
    store_free(s);
    assert_reads_back(dir, 2, false);
    g_free(dir);
}

/* At whichever byte of whichever file: the directory is as empty as it was. */
static void a_failed_creation_leaves_no_run(void **state) {
    static const struct store_text texts[] = {
        {RUN_CONFIG_FILE, "workloads: calm\n"}, {"machine.txt", "cpu: some\n"}, {NULL, NULL}};
    char *dir = run_dir(state);
    struct error err;
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (rlim_t limit = 0; limit < 40; limit++) {
        struct rlimit now = {limit, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
        struct store *s = store_create(dir, texts, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_null(s);
        assert_int_equal(err.exit_status, EXIT_CANNOT);
        assert_int_equal(g_rmdir(dir), 0); /* nothing is in it */
    }
    run_make(dir, 1);
    assert_reads_back(dir, 1, false);
    g_free(dir);
}

static void text_files_are_written_whole_or_refused(void **state) {
    struct error err;
    assert_true(store_write_text(*state, "machine.txt", "a: b\n", &err));
    char *text = file_text(*state, "machine.txt");
    assert_string_equal(text, "a: b\n");
    g_free(text);
    assert_false(store_write_text("/proc/nothing", "machine.txt", "a", &err));
    assert_int_equal(err.exit_status, EXIT_CANNOT);
}

static void the_documentation_has_every_column(void **state) {
    (void)state;
    char *readme = NULL;
    assert_true(g_file_get_contents(HEAPMARK_COLUMNS_README, &readme, NULL, NULL));
    const char *begin = strstr(readme, "<!-- columns: begin -->\n\n");
    char *end = strstr(readme, "\n<!-- columns: end -->");
    assert_non_null(begin);
    assert_non_null(end);
    *end = '\0';
    char *tables = columns_markdown();
    assert_string_equal(begin + strlen("<!-- columns: begin -->\n\n"), tables);
    g_free(tables);
    g_free(readme);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_appended_reads_back),
        STORE_TEST(a_run_without_records_reads_back_empty),
        STORE_TEST(a_directory_of_another_run_or_of_other_files_is_refused),
        STORE_TEST(a_directory_without_a_run_is_refused),
        STORE_TEST(two_writers_are_refused),
        STORE_TEST(a_record_cut_anywhere_is_left_out_and_resumed),
        STORE_TEST(long_rows_without_a_record_are_left_out_and_cut),
        STORE_TEST(a_run_that_died_at_its_creation_is_completed),
        STORE_TEST(a_run_that_died_with_its_config_alone_is_completed),
        STORE_TEST(a_half_written_config_is_no_other_file),
        STORE_TEST(a_torn_long_row_takes_its_record_with_it),
        STORE_TEST(an_unknown_status_is_refused),
        STORE_TEST(a_run_without_the_column_partial_reads_as_not_known),
        STORE_TEST(damage_elsewhere_is_refused_with_file_and_line),
        STORE_TEST(a_record_that_comes_twice_is_refused),
        STORE_TEST(long_rows_of_a_missing_record_are_refused),
        STORE_TEST(a_run_of_other_columns_is_read_but_not_resumed),
        STORE_TEST(a_write_that_fails_half_way_leaves_whole_records),
        STORE_TEST(a_process_killed_among_long_rows_leaves_no_record),
        STORE_TEST(a_failed_creation_leaves_no_run),
        STORE_TEST(text_files_are_written_whole_or_refused),
        cmocka_unit_test(the_documentation_has_every_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
