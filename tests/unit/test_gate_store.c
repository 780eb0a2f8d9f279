/* A gate's directory: what is written reads back, and what was changed on the way is refused. */
#include "harness/store/gate_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/store/csv.h"
#include "tests/unit/gate_rows_fixture.h"

/* A gate of two cells in DIR/gate; the caller has the path freed. */
struct written {
    char *dir;
    struct gate_rows rows;
    GArray *asked;
};

static void written_init(struct written *w, void **state) {
    const struct gate_line lines[] = {{"base", "malloc"}, {"limit", "a b:wall_ns=3"}};
    struct error err;
    w->dir = g_build_filename(*state, "gate", NULL);
    w->asked = gate_lines_new();
    g_array_append_vals(w->asked, lines, G_N_ELEMENTS(lines));
    gate_rows_init(&w->rows);
    gate_cell_add(&w->rows, "create-pointer", "bytes=80");
    gate_cell_add(&w->rows, "binary-trees, \"deep\"", "depth=16");
    struct gate_store *s = gate_store_create(w->dir, w->asked, "cpu: one\n", &err);
    assert_non_null(s);
    assert_true(gate_store_write(s, &w->rows, &err));
    gate_blocks_add(&w->rows, 1, "wall_ns", 8, (const double[]){0.01, 0.002});
    gate_counts_add(&w->rows, 2, "allocs", 1.5, 1.5);
    assert_true(gate_store_write(s, &w->rows, &err));
    gate_blocks_add(&w->rows, 2, "wall_ns", 8, (const double[]){-0.1 / 3, 0.002});
    assert_true(gate_store_finish(s, &w->rows, &err));
    gate_store_free(s);
}

static void written_release(struct written *w) {
    gate_rows_release(&w->rows);
    g_array_free(w->asked, TRUE);
    g_free(w->dir);
}

static char *rows_csv(const struct row_type *type, const GArray *rows) {
    GString *out = g_string_new(NULL);
    csv_header_append(out, type);
    for (guint i = 0; i < rows->len; i++)
        csv_row_append(out, type, rows->data + i * type->bytes);
    return g_string_free(out, FALSE);
}

static void assert_same_rows(const struct row_type *type, const GArray *a, const GArray *b) {
    char *left = rows_csv(type, a), *right = rows_csv(type, b);
    assert_string_equal(left, right);
    g_free(left);
    g_free(right);
}

/* What reading the directory says: "" when it is taken. */
static char *reading(const char *dir, int *status) {
    struct gate_rows rows;
    struct error err = {.exit_status = EXIT_OK};
    GArray *asked = gate_lines_new();
    gate_rows_init(&rows);
    gate_store_read(&rows, asked, dir, &err);
    gate_rows_release(&rows);
    g_array_free(asked, TRUE);
    *status = err.exit_status;
    return g_strdup(err.text);
}

static void assert_refused(const char *dir, int status, const char *pattern) {
    int seen;
    char *text = reading(dir, &seen);
    if (seen != status || !g_pattern_match_simple(pattern, text))
        fail_msg("%d, not %d like \"%s\": %s", seen, status, pattern, text);
    g_free(text);
}

static char *file_text(const char *dir, const char *file) {
    char *text = NULL, *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_free(path);
    return text;
}

static void file_put(const char *dir, const char *file, const char *text) {
    char *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
}

/* Replaces the first `old` of a file. */
static void file_edit(const char *dir, const char *file, const char *old, const char *new) {
    char *text = file_text(dir, file), *at = strstr(text, old);
    assert_non_null(at);
    *at = '\0';
    char *edited = g_strconcat(text, new, at + strlen(old), NULL);
    file_put(dir, file, edited);
    g_free(edited);
    g_free(text);
}

/* Writes gate.txt's SHA-256 of a file anew, so that only the rows can betray the change. */
static void file_seal(const char *dir, const char *file) {
    char *text = file_text(dir, file), *end = file_text(dir, GATE_FILE);
    char *name = g_strndup(file, strlen(file) - strlen(".csv"));
    char *key = g_strconcat(name, "-sha256: ", NULL);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    char *at = strstr(end, key);
    assert_non_null(at);
    memcpy(at + strlen(key), sum, strlen(sum));
    file_put(dir, GATE_FILE, end);
    g_free(sum);
    g_free(key);
    g_free(name);
    g_free(end);
    g_free(text);
}

static void edit_refused(void **state, const char *const edit[3], const char *pattern) {
    struct written w;
    written_init(&w, state);
    file_edit(w.dir, edit[0], edit[1], edit[2]);
    file_seal(w.dir, edit[0]);
    assert_refused(w.dir, EXIT_USAGE, pattern);
    written_release(&w);
}

static void what_is_written_reads_back(void **state) {
    struct written w;
    struct gate_rows rows;
    struct error err;
    written_init(&w, state);
    GArray *asked = gate_lines_new();
    gate_rows_init(&rows);
    if (!gate_store_read(&rows, asked, w.dir, &err))
        fail_msg("%s", err.text);
    assert_same_rows(&gate_cell_type, rows.cells, w.rows.cells);
    assert_same_rows(&gate_block_type, rows.blocks, w.rows.blocks);
    assert_same_rows(&gate_count_type, rows.counts, w.rows.counts);
    assert_int_equal(rows.blocks->len, 20);
    assert_string_equal(gate_line_find(asked, "limit"), "a b:wall_ns=3");
    assert_null(gate_line_find(asked, "state"));
    assert_int_equal(asked->len, 2);
    gate_rows_release(&rows);
    g_array_free(asked, TRUE);
    written_release(&w);
}

static void a_gate_that_did_not_end_is_not_judged(void **state) {
    struct error err;
    struct gate_rows rows;
    char *dir = g_build_filename(*state, "gate", NULL);
    GArray *asked = gate_lines_new();
    struct gate_store *s = gate_store_create(dir, asked, "", &err);
    gate_rows_init(&rows);
    gate_cell_add(&rows, "create-pointer", NULL);
    assert_true(gate_store_write(s, &rows, &err));
    gate_store_free(s);
    assert_refused(dir, EXIT_CANNOT, "*gate.txt: this gate did not come to its end*");
    gate_rows_release(&rows);
    g_array_free(asked, TRUE);
    g_free(dir);
}

static void a_directory_with_other_files_is_refused(void **state) {
    struct written w;
    struct error err;
    written_init(&w, state);
    assert_null(gate_store_create(w.dir, w.asked, "", &err));
    assert_int_equal(err.exit_status, EXIT_USAGE);
    assert_non_null(strstr(err.text, "holds other files"));
    written_release(&w);
}

static void a_changed_digit_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    file_edit(w.dir, "counts.csv", "1.5", "1.6");
    assert_refused(w.dir, EXIT_USAGE, "*/counts.csv is not as the gate wrote it*");
    written_release(&w);
}

static void a_missing_file_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    char *path = g_build_filename(w.dir, "counts.csv", NULL);
    assert_int_equal(remove(path), 0);
    assert_refused(w.dir, EXIT_USAGE, "cannot read a gate: *counts.csv*");
    g_free(path);
    written_release(&w);
}

static void an_empty_file_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    file_put(w.dir, "blocks.csv", "");
    assert_refused(w.dir, EXIT_USAGE, "*/blocks.csv is empty");
    file_put(w.dir, GATE_FILE, "");
    assert_refused(w.dir, EXIT_USAGE, "*/gate.txt is empty");
    written_release(&w);
}

static void a_cut_line_is_refused_with_its_number(void **state) {
    struct written w;
    written_init(&w, state);
    char *text = file_text(w.dir, "blocks.csv");
    text[strlen(text) - 3] = '\0';
    file_put(w.dir, "blocks.csv", text);
    assert_refused(w.dir, EXIT_USAGE, "*/blocks.csv:21: the last line is cut");
    g_free(text);
    written_release(&w);
}

static void a_missing_row_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    char *text = file_text(w.dir, "blocks.csv");
    text[strlen(text) - 1] = '\0';
    strrchr(text, '\n')[1] = '\0';
    file_put(w.dir, "blocks.csv", text);
    file_seal(w.dir, "blocks.csv");
    assert_refused(w.dir, EXIT_USAGE, "*/blocks.csv:20: 20 rows were written, and 19 are there");
    g_free(text);
    written_release(&w);
}

static void another_version_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    file_edit(w.dir, GATE_FILE, "heapmark-gate: 1", "heapmark-gate: 2");
    assert_refused(w.dir, EXIT_USAGE,
                   "*/gate.txt:1: version 2 of a gate's directory is not known*");
    file_edit(w.dir, GATE_FILE, "heapmark-gate: 2", "something: 1");
    assert_refused(w.dir, EXIT_USAGE, "*/gate.txt:1: this is no gate*");
    written_release(&w);
}

static void gate_txt_without_its_sums_is_refused(void **state) {
    struct written w;
    written_init(&w, state);
    char *text = file_text(w.dir, GATE_FILE);
    *strstr(text, "counts-sha256") = '\0';
    file_put(w.dir, GATE_FILE, text);
    assert_refused(w.dir, EXIT_USAGE, "*gate.txt is cut: the SHA-256 of counts.csv is missing");
    *strstr(text, "state") = '\0';
    file_put(w.dir, GATE_FILE, text);
    assert_refused(w.dir, EXIT_CANNOT, "*did not come to its end*");
    g_free(text);
    written_release(&w);
}

static void a_number_that_is_none_is_refused(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", ",1001,", ",nan,"},
                 "*/blocks.csv:2: *base*");
}

static void a_doubled_block_is_refused(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", "1,wall_ns,2,", "1,wall_ns,1,"},
                 "*/blocks.csv:3: the same metric of the same block is there twice");
}

static void a_column_in_another_unit_is_refused(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", ",1001,", ",1,"},
                 "*/blocks.csv:2: log_ratio does not belong to base and candidate");
}

static void a_block_of_no_cell_is_refused(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", "\n2,wall_ns", "\n3,wall_ns"},
                 "*/blocks.csv:12: its cell is not in cells.csv");
}

static void a_doubled_cell_is_refused(void **state) {
    edit_refused(state, (const char *[]){"cells.csv", "\n2,", "\n1,"},
                 "*/cells.csv:3: cells are numbered from 1, each once");
}

/* Bytes that are retained are a difference: whether a count may be negative, its metric says. */
static void a_negative_count_is_read(void **state) {
    struct written w;
    int status;
    written_init(&w, state);
    file_edit(w.dir, "counts.csv", "1.5", "-1.5");
    file_seal(w.dir, "counts.csv");
    char *text = reading(w.dir, &status);
    assert_int_equal(status, EXIT_OK);
    g_free(text);
    written_release(&w);
}

static void a_count_of_no_operations_is_refused(void **state) {
    edit_refused(state, (const char *[]){"counts.csv", ",1000,", ",0,"},
                 "*/counts.csv:2: a count belongs to a number of operations above 0");
}

static void a_negative_time_is_refused(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", ",1001,", ",-1001,"},
                 "*/blocks.csv:2: a block that counts needs base and candidate above 0");
}

static void an_unknown_column_is_refused_by_name(void **state) {
    edit_refused(state, (const char *[]){"blocks.csv", "log_ratio", "ratio"},
                 "*/blocks.csv:1: *ratio*");
}

#define CLAIM(test)                                                                                \
    cmocka_unit_test_setup_teardown(test, gate_directory_setup, gate_directory_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_written_reads_back),
        CLAIM(a_gate_that_did_not_end_is_not_judged),
        CLAIM(a_directory_with_other_files_is_refused),
        CLAIM(a_changed_digit_is_refused),
        CLAIM(a_missing_file_is_refused),
        CLAIM(an_empty_file_is_refused),
        CLAIM(a_cut_line_is_refused_with_its_number),
        CLAIM(a_missing_row_is_refused),
        CLAIM(another_version_is_refused),
        CLAIM(gate_txt_without_its_sums_is_refused),
        CLAIM(a_number_that_is_none_is_refused),
        CLAIM(a_doubled_block_is_refused),
        CLAIM(a_column_in_another_unit_is_refused),
        CLAIM(a_block_of_no_cell_is_refused),
        CLAIM(a_doubled_cell_is_refused),
        CLAIM(a_negative_count_is_read),
        CLAIM(a_count_of_no_operations_is_refused),
        CLAIM(a_negative_time_is_refused),
        CLAIM(an_unknown_column_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
