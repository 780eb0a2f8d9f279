/*
 * The CSV files of a run directory, read together.
 *
 * Writing goes in one order (long rows, then their record, numbers rising), and so a process that
 * dies can leave only two things behind: an unfinished last line, and a tail of long rows whose
 * record was never written. Both are recognised here, for readers that leave them out and for a
 * resume that cuts them. Everything else that does not fit was not left by us, and is refused.
 */
#include "harness/store/run_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct row_type *const run_file_types[RUN_FILES] = {
    &record_type, &pause_type, &cycle_type, &counter_type, &memory_type,
};

static uint64_t row_record(const struct run_file *file, guint index) {
    uint64_t number;
    const struct field *key = field_find(file->type, "record");
    memcpy(&number, file->csv.rows->data + index * file->type->bytes + key->offset, sizeof number);
    return number;
}

static size_t row_line(const struct run_file *file, guint index) {
    return g_array_index(file->csv.lines, size_t, index);
}

/* Reads a file's bytes; a file that is not there is NULL and no refusal. */
static bool file_bytes_read(const char *path, char **bytes, gsize *length, struct error *err) {
    struct stat status;
    *bytes = NULL;
    *length = 0;
    if (stat(path, &status) != 0 && errno == ENOENT)
        return true;
    GError *failure = NULL;
    if (g_file_get_contents(path, bytes, length, &failure))
        return true;
    error_set(err, EXIT_USAGE, "cannot read a run: %s", failure->message);
    g_error_free(failure);
    return false;
}

/* The number in front of a torn line; one without its comma may lack digits, so it is not known. */
static uint64_t torn_number(const struct run_file *file, const char *bytes, gsize length) {
    char *end;
    if (file->csv.torn_bytes == 0 || !file->csv.header_current)
        return 0;
    uint64_t number = g_ascii_strtoull(bytes + length - file->csv.torn_bytes, &end, 10);
    return *end == ',' ? number : 0;
}

static bool file_load(struct run_file *file, const char *dir, GStringChunk *text,
                      struct error *err) {
    char *bytes;
    gsize length;
    char *path = g_build_filename(dir, file->type->file, NULL);
    bool ok = file_bytes_read(path, &bytes, &length, err);
    if (ok) {
        file->present = bytes != NULL;
        struct csv_source source = {path, bytes == NULL ? "" : bytes, length};
        ok = csv_read(&file->csv, file->type, &source, text, err);
        file->torn_record = ok ? torn_number(file, source.bytes, length) : 0;
    }
    g_free(bytes);
    g_free(path);
    return ok;
}

/* A status that nobody knows would count as neither measured nor failed. */
static bool status_check(const struct run_file *file, guint index, const char *dir,
                         struct error *err) {
    static const char *const known[] = {"ok",      "skipped", "unavailable", "wrong", "crashed",
                                        "timeout", "oom",     "killed",      NULL};
    const char *status = g_array_index(file->csv.rows, struct record, index).status;
    if (status != NULL && g_strv_contains(known, status))
        return true;
    return error_set(err, EXIT_USAGE, "%s/%s:%zu: no status is called \"%s\"", dir,
                     file->type->file, row_line(file, index), status == NULL ? "" : status);
}

/* Checks that the numbers of records rise, so that none comes twice. Gaps are allowed: who takes
   rows out of a copy by hand loses those rows and nothing else. */
static bool records_check(struct run_files *f, const char *dir, struct error *err) {
    struct run_file *file = &f->files[0];
    for (guint i = 0; i < file->csv.rows->len; i++) {
        uint64_t number = row_record(file, i);
        if (number == COUNT_EMPTY)
            return error_set(err, EXIT_USAGE, "%s/%s:%zu: the number of the record is missing", dir,
                             file->type->file, row_line(file, i));
        if (number <= f->last_record)
            return error_set(err, EXIT_USAGE,
                             "%s/%s:%zu: record %" PRIu64 " comes after record %" PRIu64
                             ", but numbers must rise",
                             dir, file->type->file, row_line(file, i), number, f->last_record);
        if (!status_check(file, i, dir, err))
            return false;
        f->last_record = number;
    }
    file->rows_kept = file->csv.rows->len;
    return true;
}

/* Rows of long files have a line each. */
static size_t torn_line(const struct run_file *file) {
    guint rows = file->csv.rows->len;
    return rows == 0 ? 2 : row_line(file, rows - 1) + 1;
}

/* Takes the last record away when one of its long rows is torn; a torn row of an earlier record was
   not left by us. */
static bool records_check_torn(struct run_files *f, const char *dir, struct error *err) {
    struct run_file *records = &f->files[0];
    const uint64_t last = f->last_record;
    for (size_t i = 1; i < RUN_FILES; i++) {
        const struct run_file *file = &f->files[i];
        if (file->torn_record == 0 || file->torn_record > last)
            continue;
        if (file->torn_record < last)
            return error_set(
                err, EXIT_USAGE,
                "%s/%s:%zu: a line of record %" PRIu64 " is cut, but %s goes on to record %" PRIu64,
                dir, file->type->file, torn_line(file), file->torn_record, record_type.file, last);
        records->rows_kept = records->csv.rows->len - 1;
        f->last_record = records->rows_kept == 0 ? 0 : row_record(records, records->rows_kept - 1);
    }
    return true;
}

static int number_compare(const void *key, const void *element) {
    uint64_t a = *(const uint64_t *)key;
    uint64_t b = ((const struct record *)element)->record;
    return a < b ? -1 : a > b;
}

/* By binary search: records_check has seen to the order. */
static bool record_exists(const struct run_files *f, uint64_t number) {
    const GArray *records = f->files[0].csv.rows;
    return records->len > 0 && bsearch(&number, records->data, records->len, sizeof(struct record),
                                       number_compare) != NULL;
}

/* Checks a long file's keys and finds where its rows without a record begin. */
static bool long_rows_check(const struct run_files *f, struct run_file *file, const char *dir,
                            struct error *err) {
    uint64_t before = 0;
    for (guint i = 0; i < file->csv.rows->len; i++) {
        uint64_t number = row_record(file, i);
        if (number == COUNT_EMPTY || number < before)
            return error_set(err, EXIT_USAGE, "%s/%s:%zu: the number of the record is %s", dir,
                             file->type->file, row_line(file, i),
                             number == COUNT_EMPTY ? "missing" : "lower than the one before");
        if (number <= f->last_record && number != before && !record_exists(f, number))
            return error_set(err, EXIT_USAGE, "%s/%s:%zu: %s has no record %" PRIu64, dir,
                             file->type->file, row_line(file, i), record_type.file, number);
        before = number;
        if (number <= f->last_record)
            file->rows_kept = i + 1;
    }
    return true;
}

static void notice_add(GString *notice, const struct run_file *file) {
    const char *separator = notice->len > 0 ? ", " : "";
    guint rows = file->csv.rows->len - file->rows_kept;
    if (rows > 0) {
        g_string_append_printf(notice, "%s%u row%s of %s without %s", separator, rows,
                               rows == 1 ? "" : "s", file->type->file,
                               file->type == &record_type ? "all its long rows" : "a record");
        separator = ", ";
    }
    if (file->csv.torn_bytes > 0)
        g_string_append_printf(notice, "%san unfinished last line of %s (%zu bytes)", separator,
                               file->type->file, file->csv.torn_bytes);
}

static void tail_find(struct run_files *f, struct run_file *file) {
    file->bytes_kept = file->rows_kept == 0
                           ? file->csv.header_bytes
                           : g_array_index(file->csv.ends, size_t, file->rows_kept - 1);
    notice_add(f->notice, file);
}

bool run_files_load(struct run_files *f, const char *dir, GStringChunk *text, struct error *err) {
    *f = (struct run_files){.notice = g_string_new(NULL)};
    for (size_t i = 0; i < RUN_FILES; i++)
        f->files[i].type = run_file_types[i];
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (!file_load(&f->files[i], dir, text, err))
            return false;
        if (i == 0 && !f->files[0].present)
            return error_set(err, EXIT_USAGE, "%s holds no run: there is no %s in it", dir,
                             record_type.file);
    }
    if (!records_check(f, dir, err) || !records_check_torn(f, dir, err))
        return false;
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (i > 0 && !long_rows_check(f, &f->files[i], dir, err))
            return false;
        tail_find(f, &f->files[i]);
    }
    return true;
}

void run_files_release(struct run_files *f) {
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (f->files[i].csv.rows != NULL)
            csv_rows_release(&f->files[i].csv);
    }
    g_string_free(f->notice, TRUE);
}
