/* Fills rows of cells.csv and blocks.csv. */
#include "harness/run/gate_time_row.h"

#include <math.h>

struct gate_cell_row *gate_pair_row(const struct gate_pair *pair, struct gate_rows *rows) {
    for (guint i = 0; i < rows->cells->len; i++) {
        struct gate_cell_row *row = &g_array_index(rows->cells, struct gate_cell_row, i);
        if (row->cell == pair->number)
            return row;
    }
    g_assert_not_reached(); /* the set of cells is complete before the first measurement */
}

const char *gate_method_name(enum gate_method method) {
    return method == GATE_METHOD_SLICES ? "slices" : "processes";
}

const char *gate_text(struct gate_rows *rows, const char *text) {
    return text == NULL || *text == '\0' ? NULL : g_string_chunk_insert(rows->text, text);
}

static const char *party_name(enum gate_party party) {
    static const char *const names[] = {"base", "candidate", "copy of the base"};
    return names[party];
}

enum gate_party gate_party_of(const struct gate_block_request *request, bool is_candidate) {
    if (!is_candidate)
        return GATE_PARTY_BASE;
    return request->is_aa ? GATE_PARTY_COPY : GATE_PARTY_CANDIDATE;
}

bool gate_is_block(const struct gate_block_request *request) {
    return request->block != 0;
}

/* Reasons quote what other programs said. */
void gate_cell_fail(const struct gate_pair *pair, struct gate_rows *rows, enum gate_party party,
                    const char *status, const char *reason) {
    struct gate_cell_row *row = gate_pair_row(pair, rows);
    char *sentence =
        g_strdup_printf("%s: %s", party_name(party), reason == NULL ? "no reason given" : reason);
    char *clean = g_utf8_make_valid(sentence, -1);
    for (char *p = clean; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    }
    row->status = gate_text(rows, status);
    row->reason = gate_text(rows, g_strstrip(clean));
    g_free(clean);
    g_free(sentence);
}

void gate_block_append(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_block_values *values, struct gate_rows *rows) {
    struct gate_block_row row = {.cell = pair->number,
                                 .metric = values->metric,
                                 .block = request->block,
                                 .stage = request->stage,
                                 .pair = request->is_aa ? "aa" : "ab",
                                 .first = values->candidate_first ? "candidate" : "base",
                                 .slices = values->slices,
                                 .base = values->base,
                                 .candidate = values->candidate,
                                 .log_ratio = values->log_ratio,
                                 .reason = gate_text(rows, values->reason)};
    g_array_append_val(rows->blocks, row);
}
