/* Which measurement a pair gets. */
#include "harness/run/gate_time.h"

#include <string.h>

#include "harness/run/gate_command.h"
#include "harness/run/gate_process.h"
#include "harness/run/gate_slices.h"
#include "harness/run/gate_time_row.h"

static bool pair_is_commands(const struct gate_pair *pair) {
    return pair->base.cell == NULL;
}

/* Whether a side cannot run at all; then the cell has its status. */
static bool side_is_out(const struct gate_pair *pair, const struct cell *cell,
                        enum gate_party party, struct gate_rows *rows) {
    if (cell->skipped != NULL)
        gate_cell_fail(pair, rows, party, "skipped", cell->skipped);
    else if (cell->unavailable != NULL)
        gate_cell_fail(pair, rows, party, "unavailable", cell->unavailable);
    return cell->skipped != NULL || cell->unavailable != NULL;
}

static bool pair_is_ok(const struct gate_pair *pair, struct gate_rows *rows) {
    const char *status = gate_pair_row(pair, rows)->status;
    return status != NULL && strcmp(status, "ok") == 0;
}

/* Whether an earlier measurement has found that the pair cannot be measured. */
static bool pair_is_lost(const struct gate_pair *pair, struct gate_rows *rows) {
    return gate_pair_row(pair, rows)->status != NULL && !pair_is_ok(pair, rows);
}

/* Short processes may all end before anybody looks for an interruption. */
static bool gate_goes_on(const struct gate_measure_options *options, struct error *err) {
    if (options->interrupted != NULL && *options->interrupted)
        return error_set(err, EXIT_INTERRUPTED, "interrupted");
    return true;
}

bool gate_time_prepare(struct gate_pair *pair, const struct gate_measure_options *options,
                       struct gate_rows *rows, struct error *err) {
    if (!gate_goes_on(options, err))
        return false;
    if (pair_is_lost(pair, rows))
        return true;
    if (pair_is_commands(pair))
        return gate_command_prepare(pair, options, rows, err);
    if (side_is_out(pair, pair->base.cell, GATE_PARTY_BASE, rows) ||
        side_is_out(pair, pair->candidate.cell, GATE_PARTY_CANDIDATE, rows))
        return true;
    bool has_helpers = false;
    if (gate_slices_can(pair)) {
        bool ok = gate_slices_prepare(pair, options, rows, &has_helpers, err);
        if (!ok || !has_helpers)
            return ok;
    }
    return gate_process_prepare(pair, options, rows, err);
}

bool gate_time_block(const struct gate_pair *pair, const struct gate_block_request *request,
                     const struct gate_measure_options *options, struct gate_rows *rows,
                     struct error *err) {
    if (!gate_goes_on(options, err))
        return false;
    if (!pair_is_ok(pair, rows))
        return true;
    if (pair_is_commands(pair))
        return gate_command_block(pair, request, options, rows, err);
    if (pair->method == GATE_METHOD_SLICES)
        return gate_slices_block(pair, request, options, rows, err);
    return gate_process_block(pair, request, options, rows, err);
}

bool gate_memory_block(const struct gate_pair *pair, const struct gate_block_request *request,
                       const struct gate_measure_options *options, struct gate_rows *rows,
                       struct error *err) {
    if (!gate_goes_on(options, err))
        return false;
    if (!pair_is_ok(pair, rows) || pair_is_commands(pair) || pair->method != GATE_METHOD_SLICES)
        return true;
    return gate_process_memory_block(pair, request, options, rows, err);
}
