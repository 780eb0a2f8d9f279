/* Rows that the gate's measurement of time fills: a cell's status, a block's number. */
#ifndef HEAPMARK_HARNESS_RUN_GATE_TIME_ROW_H
#define HEAPMARK_HARNESS_RUN_GATE_TIME_ROW_H

#include "harness/run/gate_time.h"

/* Whose fault. */
enum gate_party {
    GATE_PARTY_BASE,
    GATE_PARTY_CANDIDATE,
    GATE_PARTY_COPY /* of the base, in A/A */
};

/* Sets the cell's status, and its reason with the party in front; made one line of UTF-8. */
void gate_cell_fail(const struct gate_pair *pair, struct gate_rows *rows, enum gate_party party,
                    const char *status, const char *reason);

/* The party that stands in the place of base or candidate. */
enum gate_party gate_party_of(const struct gate_block_request *request, bool is_candidate);

/* False for what prepares a cell: its request has no block's number. */
bool gate_is_block(const struct gate_block_request *request);

/* Keeps text in the pool of the rows; NULL and "" stay NULL. */
const char *gate_text(struct gate_rows *rows, const char *text);

/* What a block measured of one metric. */
struct gate_block_values {
    const char *metric; /* static text */
    bool candidate_first;
    uint64_t slices;
    double base, candidate, log_ratio; /* NaN: not known */
    const char *reason;                /* why it is void, NULL when it is not */
};

void gate_block_append(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_block_values *values, struct gate_rows *rows);

#endif
