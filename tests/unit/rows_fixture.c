/* Rows of a run made in memory. */
#include "tests/unit/rows_fixture.h"

#include <string.h>

void rows_init(struct run_rows *rows) {
    memset(rows, 0, sizeof *rows);
    rows->records = g_array_new(FALSE, FALSE, sizeof(struct record));
    rows->pauses = g_array_new(FALSE, FALSE, sizeof(struct pause_row));
    rows->cycles = g_array_new(FALSE, FALSE, sizeof(struct cycle_row));
    rows->counters = g_array_new(FALSE, FALSE, sizeof(struct counter_row));
    rows->memory = g_array_new(FALSE, FALSE, sizeof(struct memory_row));
    rows->text = g_string_chunk_new(1024);
}

struct record *rows_add(struct run_rows *rows, const char *strategy, const char *workload,
                        const char *parameters, double ns_per_op) {
    struct record r;
    row_clear(&record_type, &r);
    r.record = rows->records->len + 1;
    r.strategy = g_string_chunk_insert(rows->text, strategy);
    r.workload = g_string_chunk_insert(rows->text, workload);
    r.parameters = *parameters == '\0' ? NULL : g_string_chunk_insert(rows->text, parameters);
    r.group = "g";
    r.threads = 1;
    r.status = "ok";
    r.ns_per_op = ns_per_op;
    g_array_append_val(rows->records, r);
    return &g_array_index(rows->records, struct record, rows->records->len - 1);
}

struct record *rows_add_failed(struct run_rows *rows, const char *strategy, const char *workload,
                               const char *status, const char *reason) {
    struct record *r = rows_add(rows, strategy, workload, "", 1);
    r->ns_per_op = 1e9; /* must not count */
    r->status = status;
    r->reason = reason;
    return r;
}

void rows_add_five(struct run_rows *rows, const char *strategy, const char *workload,
                   const char *parameters, double ns) {
    for (int percent = 98; percent <= 102; percent++) {
        rows_add(rows, strategy, workload, parameters, ns * percent / 100);
    }
}
