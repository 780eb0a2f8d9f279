/*
 * How a run directory begins.
 *
 * config.txt comes first, under its name only when it is whole: from then on --resume can do
 * everything that is left, and before it nothing is there to be lost. So there is no moment at
 * which a death leaves a directory that can neither be gone on with nor be begun again.
 *
 * Two processes that are given one directory at one moment would both find it empty, hence the
 * lock, which goes with the process, however it ends.
 */
#include "harness/store/run_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/store/run_files.h"
#include "harness/store/store.h"

#define HALF_WRITTEN ".new" /* of a text file until it is whole */

bool run_directory_make(const char *dir, struct error *err) {
    if (*dir == '\0')
        return error_set(err, EXIT_USAGE, "the run directory needs a name: it is empty");
    if (g_mkdir_with_parents(dir, 0777) == 0)
        return true;
    int status = errno == ENOTDIR || errno == EEXIST ? EXIT_USAGE : EXIT_CANNOT;
    return error_set(err, status, "cannot create the directory %s: %s", dir, g_strerror(errno));
}

static bool file_is_there(const char *dir, const char *file) {
    char *path = g_build_filename(dir, file, NULL);
    bool there = g_file_test(path, G_FILE_TEST_EXISTS);
    g_free(path);
    return there;
}

/* The first entry that is more than what a process left that died while it wrote a text file. */
static const char *directory_first(GDir *entries) {
    const char *name;
    do
        name = g_dir_read_name(entries);
    while (name != NULL && g_str_has_suffix(name, ".txt" HALF_WRITTEN));
    return name;
}

static bool directory_check_empty(const char *dir, struct error *err) {
    GError *failure = NULL;
    GDir *entries = g_dir_open(dir, 0, &failure);
    if (entries == NULL) {
        error_set(err, EXIT_CANNOT, "cannot read the directory %s: %s", dir, failure->message);
        g_error_free(failure);
        return false;
    }
    const char *first = directory_first(entries);
    bool ok = first == NULL;
    if (!ok && (file_is_there(dir, record_type.file) || file_is_there(dir, RUN_CONFIG_FILE)))
        error_set(err, EXIT_USAGE,
                  "%s holds another run; give --resume to go on with it, or another --out", dir);
    else if (!ok)
        error_set(err, EXIT_USAGE, "%s holds other files (%s, ...); give another --out", dir,
                  first);
    g_dir_close(entries);
    return ok;
}

int run_directory_claim(const char *dir, struct error *err) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error_set(err, EXIT_CANNOT, "cannot read the directory %s: %s", dir, g_strerror(errno));
        return -1;
    }
    /* A file system that cannot lock a directory refuses otherwise; then records.csv, which only
       one process can create, has to do. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        error_set(err, EXIT_USAGE, "another heapmark is writing to %s; give another --out", dir);
    else if (directory_check_empty(dir, err))
        return fd;
    close(fd);
    return -1;
}

bool run_directory_is_begun(const char *dir) {
    for (size_t i = 0; i < RUN_FILES; i++) {
        if (file_is_there(dir, run_file_types[i]->file))
            return false;
    }
    return file_is_there(dir, RUN_CONFIG_FILE);
}

/* ---- text files ---- */

static bool text_put(int fd, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(fd, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        left -= (size_t)written;
    }
    return true;
}

/* Writes path by way of `half`. */
static bool text_write(const char *path, const char *half, const char *text) {
    int fd = open(half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool ok = text_put(fd, text);
    int error_number = errno;
    ok = close(fd) == 0 && ok && rename(half, path) == 0;
    if (!ok) {
        error_number = error_number != 0 ? error_number : errno;
        unlink(half);
        errno = error_number;
    }
    return ok;
}

bool store_write_text(const char *dir, const char *file, const char *text, struct error *err) {
    char *path = g_build_filename(dir, file, NULL);
    char *half = g_strconcat(path, HALF_WRITTEN, NULL);
    errno = 0;
    bool ok = text_write(path, half, text) ||
              error_set(err, EXIT_CANNOT, "cannot write %s: %s", path, g_strerror(errno));
    g_free(half);
    g_free(path);
    return ok;
}
