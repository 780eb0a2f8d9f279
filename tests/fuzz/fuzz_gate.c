/* gate.txt: what is taken is written and taken again as the same; anything else is a refusal. */
#include <string.h>

#include "harness/store/gate_file.h"
#include "tests/fuzz/fuzz.h"

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

const char *const fuzz_seeds[] = {
    ("heapmark-gate: 1\nbase: malloc\ncandidate: mine=./lib.so\nlimit: a:wall_ns=3\n"
     "state: complete\ncells: 2\nblocks: 480\ncounts: 12\ncells-sha256: " SUM
     "\nblocks-sha256: " SUM "\ncounts-sha256: " SUM "\n"),
    "heapmark-gate: 1\nseed: 18446744073709551614\nstate: measuring\n",
    "heapmark-gate: 2\n",
    "",
    NULL,
};

static bool end_is_whole(const struct gate_end *end) {
    return end->state != NULL && end->sums[0] != NULL && end->sums[1] != NULL &&
           end->sums[2] != NULL;
}

static void check_again(const GArray *asked, const struct gate_end *end, GStringChunk *chunk) {
    struct error err;
    struct gate_end second;
    GArray *again = gate_lines_new();
    char *text = gate_file_format(asked, end);
    const struct gate_line file = {"again", text};
    fuzz_check(gate_file_parse(again, &second, &file, chunk, &err), "own text is refused");
    char *twice = gate_file_format(again, &second);
    fuzz_check(strcmp(text, twice) == 0, "own text reads back as another");
    g_free(twice);
    g_free(text);
    g_array_free(again, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct error err = {0};
    struct gate_end end;
    GArray *asked = gate_lines_new();
    GStringChunk *chunk = g_string_chunk_new(256);
    char *text = g_strndup((const char *)bytes, length);
    const struct gate_line file = {"fuzz", text};
    if (!gate_file_parse(asked, &end, &file, chunk, &err))
        fuzz_check_refusal(&err);
    else if (end_is_whole(&end))
        check_again(asked, &end, chunk);
    g_free(text);
    g_string_chunk_free(chunk);
    g_array_free(asked, TRUE);
    return 0;
}
