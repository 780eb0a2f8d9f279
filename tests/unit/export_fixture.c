/* A run in memory that is exported. */
#include "tests/unit/export_fixture.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char machine_text[] = "cpu: AMD EPYC\n"
                                   "cpus online: 2\n"
                                   "caches: L1d 48K, L2 1024K\n"
                                   "kernel: Linux 6.1.0-x x86_64\n"
                                   "frequency governor: powersave\n"
                                   "load (1, 5, 15 min): 1.34 1.28 0\n"
                                   "heapmark: 0.1\n"
                                   "build: Release -O2 -DNDEBUG\n";

/* A directory that holds machine.txt alone. */
static char *directory_new(void) {
    char *dir = g_dir_make_tmp("heapmark-export-XXXXXX", NULL);
    char *path = g_build_filename(dir, "machine.txt", NULL);
    assert_true(g_file_set_contents(path, machine_text, -1, NULL));
    g_free(path);
    return dir;
}

void export_fixture_init(struct export_fixture *f) {
    memset(f, 0, sizeof *f);
    rows_init(&f->rows);
    f->rows.dir = directory_new();
}

struct record *export_fixture_add(struct export_fixture *f, const char *strategy,
                                  const char *workload, const char *parameters) {
    struct record *r = rows_add(&f->rows, strategy, workload, parameters, 7.5);
    r->run = "20260102T030405Z";
    r->cpu_ns_per_op = 0.1;
    r->ops = 1000;
    r->repetition = 1;
    return r;
}

bool export_fixture_export(struct export_fixture *f, const struct export_request *request) {
    summary_build(&f->summary, &f->rows, NULL);
    return export_build(&f->e, &f->summary, request, &f->err);
}

bool export_fixture_export_all(struct export_fixture *f, const struct export_format *format) {
    const struct export_request request = {.format = format};
    return export_fixture_export(f, &request);
}

void export_fixture_release(struct export_fixture *f) {
    char *path = g_build_filename(f->rows.dir, "machine.txt", NULL);
    g_unlink(path);
    g_rmdir(f->rows.dir);
    g_free(path);
    export_release(&f->e);
    summary_release(&f->summary);
    run_rows_release(&f->rows);
}
