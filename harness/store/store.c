/*
 * Writing a run directory.
 *
 * An observation is written as one block per file: its long rows first, then the line in
 * records.csv, which is the commit. Each file's offset of known-good bytes is kept, so a write that
 * fails half-way is cut back to it, and a process that dies half-way leaves a tail that
 * run_files_load recognises.
 *
 * No fsync: what write() has taken survives the death of any process, which is what a run must
 * stand; only a power failure or a kernel crash can lose it, and that costs measuring again.
 * Flushing for every repetition would cost milliseconds and disk traffic right beside the next
 * measurement.
 */
#include "harness/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/run_directory.h"
#include "harness/store/run_files.h"

struct store_file {
    const struct row_type *type;
    int fd;
    off_t good; /* every byte before it is a whole line that counts */
};

struct store {
    char *dir;
    char *run; /* base name of dir */
    struct store_file files[RUN_FILES];
    uint64_t next_record;
    bool dirty; /* bytes after `good` could not be cut yet */
};

static struct store *store_new(const char *dir) {
    struct store *s = g_new0(struct store, 1);
    char *absolute = g_canonicalize_filename(dir, NULL);
    s->dir = g_strdup(dir);
    s->run = g_path_get_basename(absolute);
    g_free(absolute);
    s->next_record = 1;
    for (size_t i = 0; i < RUN_FILES; i++) {
        s->files[i].type = run_file_types[i];
        s->files[i].fd = -1;
    }
    return s;
}

void store_free(struct store *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (s->files[i].fd >= 0)
            close(s->files[i].fd);
    }
    g_free(s->dir);
    g_free(s->run);
    g_free(s);
}

/* Refuses as errno says: the machine cannot, so EXIT_CANNOT. */
static bool cannot(const struct store *s, const struct store_file *file, const char *verb,
                   struct error *err) {
    return error_set(err, EXIT_CANNOT, "cannot %s %s/%s: %s", verb, s->dir, file->type->file,
                     g_strerror(errno));
}

static bool file_write(const struct store *s, struct store_file *file, const GString *block,
                       struct error *err) {
    off_t at = file->good;
    for (size_t done = 0; done < block->len;) {
        ssize_t written = pwrite(file->fd, block->str + done, block->len - done, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return cannot(s, file, "write", err);
        done += (size_t)written;
        at += written;
    }
    return true;
}

/* Cuts every file to what counts. */
static bool store_cut(struct store *s, struct error *err) {
    s->dirty = true;
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (ftruncate(s->files[i].fd, s->files[i].good) != 0)
            return cannot(s, &s->files[i], "cut", err);
    }
    s->dirty = false;
    return true;
}

static bool file_open(const struct store *s, struct store_file *file, int flags,
                      struct error *err) {
    char *path = g_build_filename(s->dir, file->type->file, NULL);
    file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0666);
    g_free(path);
    return file->fd >= 0 || cannot(s, file, "open", err);
}

static void file_remove(const char *dir, const char *file) {
    char *path = g_build_filename(dir, file, NULL);
    unlink(path);
    g_free(path);
}

static bool header_write(const struct store *s, struct store_file *file, struct error *err) {
    GString *header = g_string_new(NULL);
    csv_header_append(header, file->type);
    bool ok = file_write(s, file, header, err);
    if (ok)
        file->good = (off_t)header->len;
    g_string_free(header, TRUE);
    return ok;
}

/* Two writers would double numbers; the lock goes with the process, however it ends. */
static bool store_lock(const struct store *s, struct error *err) {
    if (flock(s->files[0].fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return error_set(err, EXIT_USAGE, "another heapmark is writing to %s; wait for it to end",
                     s->dir);
}

/* records.csv first: whoever creates and locks it is the one that writes. */
static bool files_create(struct store *s, struct error *err) {
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (!file_open(s, &s->files[i], O_EXCL, err))
            return false;
        if (i == 0 && !store_lock(s, err))
            return false;
        if (!header_write(s, &s->files[i], err))
            return false;
    }
    return true;
}

/* Takes away what a creation made, so that the same --out can be given again. */
static void files_remove(const struct store *s, const struct store_text *texts) {
    for (; texts != NULL && texts->file != NULL; texts++)
        file_remove(s->dir, texts->file);
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (s->files[i].fd >= 0)
            file_remove(s->dir, s->files[i].type->file);
    }
}

static bool texts_write(const char *dir, const struct store_text *texts, struct error *err) {
    for (; texts != NULL && texts->file != NULL; texts++) {
        if (!store_write_text(dir, texts->file, texts->text, err))
            return false;
    }
    return true;
}

struct store *store_create(const char *dir, const struct store_text *texts, struct error *err) {
    if (!run_directory_make(dir, err))
        return NULL;
    int claim = run_directory_claim(dir, err);
    if (claim < 0)
        return NULL;
    struct store *s = store_new(dir);
    if (!texts_write(dir, texts, err) || !files_create(s, err)) {
        files_remove(s, texts);
        store_free(s);
        s = NULL;
    }
    close(claim);
    return s;
}

static bool files_reopen(struct store *s, const struct run_files *f, struct error *err) {
    for (size_t i = 0; i < RUN_FILES; i++) {
        const struct run_file *found = &f->files[i];
        if (found->csv.header_bytes > 0 && !found->csv.header_current)
            return error_set(
                err, EXIT_USAGE,
                "%s/%s has the columns of another version; go on with that version, or "
                "give another --out",
                s->dir, found->type->file);
        s->files[i].good = (off_t)found->bytes_kept;
    }
    for (size_t i = 1; i < RUN_FILES; i++) {
        if (!file_open(s, &s->files[i], 0, err))
            return false;
    }
    if (!store_cut(s, err))
        return false;
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (s->files[i].good == 0 && !header_write(s, &s->files[i], err))
            return false;
    }
    return true;
}

/* Opens and locks records.csv before anything is read: a tail that another process is just writing
   is no torn one. It must be there, unless the run was ended before it was made. */
static bool records_open(struct store *s, struct error *err) {
    char *path = g_build_filename(s->dir, record_type.file, NULL);
    bool there = g_file_test(path, G_FILE_TEST_IS_REGULAR);
    g_free(path);
    if (!there && !run_directory_is_begun(s->dir))
        return error_set(err, EXIT_USAGE, "%s holds no run to resume: there is no %s in it", s->dir,
                         record_type.file);
    return file_open(s, &s->files[0], 0, err) && store_lock(s, err);
}

static bool store_reload(struct store *s, char **notice, struct error *err) {
    struct run_files f;
    GStringChunk *text = g_string_chunk_new(4096);
    bool ok = run_files_load(&f, s->dir, text, err) && files_reopen(s, &f, err);
    if (ok) {
        s->next_record = f.last_record + 1;
        if (f.notice->len > 0)
            *notice = g_strdup_printf("%s: cut %s: the run was ended while it wrote; what was cut "
                                      "is measured again",
                                      s->dir, f.notice->str);
    }
    run_files_release(&f);
    g_string_chunk_free(text);
    return ok;
}

struct store *store_resume(const char *dir, char **notice, struct error *err) {
    struct store *s = store_new(dir);
    *notice = NULL;
    if (records_open(s, err) && store_reload(s, notice, err))
        return s;
    store_free(s);
    return NULL;
}

/* Gives record and long rows their number; a pause repeats its record's keys for the plots. */
static void observation_number(const struct store *s, struct observation *o) {
    struct record *record = &o->record;
    record->record = s->next_record;
    record->run = g_string_chunk_insert_const(o->text, s->run);
    for (guint i = 0; i < o->pauses->len; i++) {
        struct pause_row *row = &g_array_index(o->pauses, struct pause_row, i);
        row->record = record->record;
        row->strategy = record->strategy;
        row->workload = record->workload;
        row->parameters = record->parameters;
        row->threads = record->threads;
        row->repetition = record->repetition;
    }
    for (guint i = 0; i < o->cycles->len; i++)
        g_array_index(o->cycles, struct cycle_row, i).record = record->record;
    for (guint i = 0; i < o->counters->len; i++)
        g_array_index(o->counters, struct counter_row, i).record = record->record;
    for (guint i = 0; i < o->memory->len; i++)
        g_array_index(o->memory, struct memory_row, i).record = record->record;
}

static void block_fill(GString *block, const struct row_type *type, const char *rows, guint count) {
    g_string_truncate(block, 0);
    for (guint i = 0; i < count; i++)
        csv_row_append(block, type, rows + i * type->bytes);
}

bool store_append(struct store *s, struct observation *o, struct error *err) {
    if (s->dirty && !store_cut(s, err))
        return false;
    observation_number(s, o);
    const GArray *long_rows[RUN_FILES] = {NULL, o->pauses, o->cycles, o->counters, o->memory};
    off_t ends[RUN_FILES];
    GString *block = g_string_new(NULL);
    bool ok = true;
    for (size_t step = 1; ok && step <= RUN_FILES; step++) {
        size_t i = step % RUN_FILES; /* the long files, then records.csv */
        if (i == 0)
            block_fill(block, &record_type, (const char *)&o->record, 1);
        else
            block_fill(block, run_file_types[i], long_rows[i]->data, long_rows[i]->len);
        ok = file_write(s, &s->files[i], block, err);
        ends[i] = s->files[i].good + (off_t)block->len;
    }
    g_string_free(block, TRUE);
    if (!ok) {
        struct error ignored; /* the first failure is the one to tell */
        store_cut(s, &ignored);
        return false;
    }
    for (size_t i = 0; i < RUN_FILES; i++)
        s->files[i].good = ends[i];
    s->next_record++;
    return true;
}
