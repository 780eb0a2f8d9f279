/*
 * A gate's directory, written as it is measured and read back whole.
 *
 * cells.csv is small and its rows are filled in as the gate learns (who answered, what became of
 * them), so it is written anew each time; blocks and counts are only ever appended. gate.txt says
 * "measuring" until everything else is there.
 */
#include "harness/store/gate_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/store/csv.h"
#include "harness/store/gate_file.h"
#include "harness/store/run_directory.h"
#include "harness/store/store.h"

static const struct row_type *const file_types[GATE_FILES] = {&gate_cell_type, &gate_block_type,
                                                              &gate_count_type};

struct gate_store {
    char *dir;
    const GArray *asked;
    guint written[GATE_FILES]; /* rows that are in the files */
};

static GArray *rows_of(const struct gate_rows *rows, size_t file) {
    GArray *const arrays[GATE_FILES] = {rows->cells, rows->blocks, rows->counts};
    return arrays[file];
}

/* ---- writing ---- */

static bool end_write(const struct gate_store *s, const struct gate_end *end, struct error *err) {
    char *text = gate_file_format(s->asked, end);
    bool ok = store_write_text(s->dir, GATE_FILE, text, err);
    g_free(text);
    return ok;
}

/* The rows from `first` on as CSV; the header too when first is 0. */
static GString *rows_text(const struct row_type *type, const GArray *rows, guint first) {
    GString *out = g_string_new(NULL);
    if (first == 0)
        csv_header_append(out, type);
    for (guint i = first; i < rows->len; i++)
        csv_row_append(out, type, rows->data + (size_t)i * type->bytes);
    return out;
}

static bool file_append(const struct gate_store *s, const char *file, const GString *text,
                        struct error *err) {
    char *path = g_build_filename(s->dir, file, NULL);
    errno = 0;
    FILE *stream = fopen(path, "ae");
    bool ok = stream != NULL && fwrite(text->str, 1, text->len, stream) == text->len;
    ok = stream != NULL && fclose(stream) == 0 && ok;
    if (!ok)
        error_set(err, EXIT_CANNOT, "cannot write %s: %s", path, g_strerror(errno));
    g_free(path);
    return ok;
}

static bool file_write(struct gate_store *s, size_t file, const GArray *rows, struct error *err) {
    const struct row_type *type = file_types[file];
    bool is_anew = type == &gate_cell_type || s->written[file] == 0;
    if (!is_anew && s->written[file] == rows->len)
        return true;
    GString *text = rows_text(type, rows, is_anew ? 0 : s->written[file]);
    bool ok = is_anew ? store_write_text(s->dir, type->file, text->str, err)
                      : file_append(s, type->file, text, err);
    g_string_free(text, TRUE);
    s->written[file] = ok ? rows->len : s->written[file];
    return ok;
}

bool gate_store_write(struct gate_store *s, const struct gate_rows *rows, struct error *err) {
    bool ok = true;
    for (size_t file = 0; ok && file < GATE_FILES; file++)
        ok = file_write(s, file, rows_of(rows, file), err);
    return ok;
}

static char *file_sum(const struct row_type *type, const GArray *rows) {
    GString *text = rows_text(type, rows, 0);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
    g_string_free(text, TRUE);
    return sum;
}

bool gate_store_finish(struct gate_store *s, const struct gate_rows *rows, struct error *err) {
    struct gate_end end = {.state = "complete"};
    char *sums[GATE_FILES];
    if (!gate_store_write(s, rows, err))
        return false;
    for (size_t i = 0; i < GATE_FILES; i++) {
        end.rows[i] = rows_of(rows, i)->len;
        end.sums[i] = sums[i] = file_sum(file_types[i], rows_of(rows, i));
    }
    bool ok = end_write(s, &end, err);
    for (size_t i = 0; i < GATE_FILES; i++)
        g_free(sums[i]);
    return ok;
}

static bool directory_check_empty(const char *dir, struct error *err) {
    GError *failure = NULL;
    GDir *entries = g_dir_open(dir, 0, &failure);
    if (entries == NULL) {
        error_set(err, EXIT_CANNOT, "cannot read the directory %s: %s", dir, failure->message);
        g_error_free(failure);
        return false;
    }
    const char *first = g_dir_read_name(entries);
    bool ok = first == NULL ||
              error_set(err, EXIT_USAGE, "%s holds other files (%s, ...); give another --dir", dir,
                        first);
    g_dir_close(entries);
    return ok;
}

struct gate_store *gate_store_create(const char *dir, const GArray *asked, const char *machine,
                                     struct error *err) {
    struct gate_rows none;
    struct gate_store *s = g_new0(struct gate_store, 1);
    const struct gate_end measuring = {.state = "measuring"};
    s->dir = g_strdup(dir);
    s->asked = asked;
    gate_rows_init(&none);
    bool ok = run_directory_make(dir, err) && directory_check_empty(dir, err) &&
              end_write(s, &measuring, err) &&
              store_write_text(dir, GATE_MACHINE_FILE, machine, err) &&
              gate_store_write(s, &none, err);
    gate_rows_release(&none);
    if (ok)
        return s;
    gate_store_free(s);
    return NULL;
}

void gate_store_free(struct gate_store *s) {
    if (s == NULL)
        return;
    g_free(s->dir);
    g_free(s);
}

/* ---- reading ---- */

/* What reading needs at hand. */
struct gate_reader {
    const char *dir;
    struct gate_rows *rows;
    struct gate_end end;
    GArray *lines[GATE_FILES]; /* of size_t */
    struct error *err;
};

/* Reads a whole file; NULL when refused. */
static char *file_read(const struct gate_reader *r, const char *file, gsize *length) {
    char *bytes = NULL;
    GError *failure = NULL;
    char *path = g_build_filename(r->dir, file, NULL);
    if (!g_file_get_contents(path, &bytes, length, &failure)) {
        error_set(r->err, EXIT_USAGE, "cannot read a gate: %s", failure->message);
        g_error_free(failure);
    }
    g_free(path);
    return bytes;
}

static bool text_read(struct gate_reader *r, GArray *asked) {
    gsize length;
    char *bytes = file_read(r, GATE_FILE, &length);
    char *path = g_build_filename(r->dir, GATE_FILE, NULL);
    const struct gate_line file = {path, bytes};
    bool ok = bytes != NULL && gate_file_parse(asked, &r->end, &file, r->rows->text, r->err);
    if (ok && (strlen(bytes) != length || bytes[length - 1] != '\n'))
        ok = error_set(r->err, EXIT_USAGE, "%s is cut in its last line", path);
    g_free(path);
    g_free(bytes);
    return ok;
}

static bool end_check(const struct gate_reader *r) {
    if (g_strcmp0(r->end.state, "complete") != 0)
        return error_set(r->err, EXIT_CANNOT,
                         "%s/" GATE_FILE ": this gate did not come to its end, so its rows cannot "
                         "be judged; measure again",
                         r->dir);
    for (size_t i = 0; i < GATE_FILES; i++) {
        if (r->end.sums[i] == NULL)
            return error_set(r->err, EXIT_USAGE,
                             "%s/" GATE_FILE " is cut: the SHA-256 of %s is missing", r->dir,
                             file_types[i]->file);
    }
    return true;
}

static bool sum_check(const struct gate_reader *r, size_t file, const char *bytes, gsize length) {
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes, (gssize)length);
    bool ok =
        strcmp(sum, r->end.sums[file]) == 0 ||
        error_set(r->err, EXIT_USAGE,
                  "%s/%s is not as the gate wrote it: its SHA-256 is not the one in " GATE_FILE,
                  r->dir, file_types[file]->file);
    g_free(sum);
    return ok;
}

/* What csv_read lets pass as a torn tail is damage here: this gate came to its end. */
static bool whole_check(const struct gate_reader *r, size_t file, const struct csv_rows *csv) {
    const char *name = file_types[file]->file;
    if (csv->header_bytes == 0)
        return error_set(r->err, EXIT_USAGE, "%s/%s is empty", r->dir, name);
    if (csv->torn_bytes != 0)
        return error_set(r->err, EXIT_USAGE, "%s/%s:%u: the last line is cut", r->dir, name,
                         csv->rows->len + 2);
    return csv->rows->len == r->end.rows[file] ||
           error_set(r->err, EXIT_USAGE,
                     "%s/%s:%u: %" G_GUINT64_FORMAT " rows were written, and %u are there", r->dir,
                     name, csv->rows->len + 1, r->end.rows[file], csv->rows->len);
}

/* Takes the rows and their lines out of what was read. */
static void csv_steal(struct gate_reader *r, size_t file, struct csv_rows *csv) {
    GArray *target = rows_of(r->rows, file);
    g_array_append_vals(target, csv->rows->data, csv->rows->len);
    r->lines[file] = csv->lines;
    csv->lines = g_array_new(FALSE, FALSE, sizeof(size_t));
}

static bool csv_file_read(struct gate_reader *r, size_t file) {
    gsize length = 0;
    struct csv_rows csv;
    char *bytes = file_read(r, file_types[file]->file, &length);
    if (bytes == NULL)
        return false;
    char *path = g_build_filename(r->dir, file_types[file]->file, NULL);
    struct csv_source source = {path, bytes, length};
    bool ok = csv_read(&csv, file_types[file], &source, r->rows->text, r->err) &&
              whole_check(r, file, &csv);
    if (ok)
        csv_steal(r, file, &csv);
    csv_rows_release(&csv);
    ok = ok && sum_check(r, file, bytes, length);
    g_free(path);
    g_free(bytes);
    return ok;
}

bool gate_store_read(struct gate_rows *rows, GArray *asked, const char *dir, struct error *err) {
    struct gate_reader r = {.dir = dir, .rows = rows, .err = err};
    bool ok = text_read(&r, asked) && end_check(&r);
    for (size_t i = 0; ok && i < GATE_FILES; i++)
        ok = csv_file_read(&r, i);
    ok = ok && gate_rows_check(rows, r.lines, dir, err);
    for (size_t i = 0; i < GATE_FILES; i++) {
        if (r.lines[i] != NULL)
            g_array_free(r.lines[i], TRUE);
    }
    return ok;
}
