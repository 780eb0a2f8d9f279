/* A run read back. */
#include "harness/store/store.h"

#include "harness/store/run_files.h"

/* Takes the rows that count out of a file; an empty array stays behind to be released. */
static GArray *rows_steal(struct run_file *file) {
    GArray *rows = file->csv.rows;
    g_array_set_size(rows, file->rows_kept);
    file->csv.rows = g_array_new(FALSE, FALSE, 1);
    return rows;
}

static char *notice_text(const char *dir, const GString *left_out) {
    if (left_out->len == 0)
        return NULL;
    return g_strdup_printf("%s: left out %s: the run was ended while it wrote "
                           "(heapmark run --resume measures it again)",
                           dir, left_out->str);
}

bool run_rows_read(struct run_rows *r, const char *dir, struct error *err) {
    struct run_files f;
    *r = (struct run_rows){.text = g_string_chunk_new(4096), .dir = g_strdup(dir)};
    bool ok = run_files_load(&f, dir, r->text, err);
    if (ok) {
        r->records = rows_steal(&f.files[0]);
        r->pauses = rows_steal(&f.files[1]);
        r->cycles = rows_steal(&f.files[2]);
        r->counters = rows_steal(&f.files[3]);
        r->memory = rows_steal(&f.files[4]);
        r->notice = notice_text(dir, f.notice);
    }
    run_files_release(&f);
    if (!ok)
        run_rows_release(r);
    return ok;
}

void run_rows_release(struct run_rows *r) {
    GArray *arrays[] = {r->records, r->pauses, r->cycles, r->counters, r->memory};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++) {
        if (arrays[i] != NULL)
            g_array_free(arrays[i], TRUE);
    }
    if (r->text != NULL)
        g_string_chunk_free(r->text);
    g_free(r->dir);
    g_free(r->notice);
    *r = (struct run_rows){0};
}
