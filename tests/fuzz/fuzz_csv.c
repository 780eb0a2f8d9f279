/* The CSV reader: what it takes, it writes and reads again as the same; a torn tail is never a row.
 */
#include <string.h>

#include "harness/store/csv.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_seeds[] = {
    ("record,event,domain,value_per_op,time_enabled_ns,time_running_ns,counter_status,reason\n"
     "1,cycles,user,1.5,10,9,ok,\n2,\"a,b\",user+kernel,0.1,1,1,unreliable,\"x\"\"\ny\"\n"),
    "record,reason\r\n1,\"\"\r\n2,\"a\r\nb\"\r\n",
    "record,value_per_op\n1,-1e-300\n2,\n18446744073709551614,3\n",
    "",
    NULL,
};

static void rows_append(GString *out, const struct csv_rows *rows) {
    csv_header_append(out, &counter_type);
    for (guint i = 0; i < rows->rows->len; i++)
        csv_row_append(out, &counter_type, &g_array_index(rows->rows, struct counter_row, i));
}

static void check_again(const GString *text, GStringChunk *chunk) {
    struct csv_rows rows;
    struct error err;
    struct csv_source source = {"again", text->str, text->len};
    GString *second = g_string_new(NULL);
    fuzz_check(csv_read(&rows, &counter_type, &source, chunk, &err), "own text is refused");
    rows_append(second, &rows);
    fuzz_check(g_string_equal(text, second), "own text reads back as another");
    fuzz_check(rows.header_current && rows.torn_bytes == 0, "own text is torn");
    csv_rows_release(&rows);
    g_string_free(second, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct csv_rows rows;
    struct error err = {0};
    struct csv_source source = {"fuzz", (const char *)bytes, length};
    GStringChunk *chunk = g_string_chunk_new(256);
    if (csv_read(&rows, &counter_type, &source, chunk, &err)) {
        GString *text = g_string_new(NULL);
        size_t whole = rows.rows->len == 0 ? rows.header_bytes
                                           : g_array_index(rows.ends, size_t, rows.rows->len - 1);
        fuzz_check(whole + rows.torn_bytes == length, "bytes are neither rows nor torn");
        rows_append(text, &rows);
        check_again(text, chunk);
        g_string_free(text, TRUE);
    } else {
        fuzz_check_refusal(&err);
    }
    csv_rows_release(&rows);
    g_string_chunk_free(chunk);
    return 0;
}
