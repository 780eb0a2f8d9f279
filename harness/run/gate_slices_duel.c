/* Opens two sides on one CPU and asks them by turns. */
#include "harness/run/gate_slices_duel.h"

#include <errno.h>

#include "harness/run/command.h"
#include "harness/run/cpus.h"
#include "harness/run/gate_time_row.h"

#define CHECKSUM "%016" G_GINT64_MODIFIER "x"

/* CPUs that may be used: the config's, else those of heapmark itself. */
static bool duel_cpus(const struct config *config, cpu_set_t *out, struct error *err) {
    if (config->cpus != NULL)
        return cpus_parse(config->cpus, out, err);
    if (sched_getaffinity(0, sizeof *out, out) == 0)
        return true;
    return error_set(err, EXIT_CANNOT, "cannot ask which CPUs may be used: %s", g_strerror(errno));
}

/* One of them, by turns over blocks. */
static bool duel_choose_cpu(struct duel *d, struct error *err) {
    cpu_set_t allowed;
    if (!duel_cpus(d->options->config, &allowed, err))
        return false;
    uint64_t turn = (d->request->block + d->pair->number) % (uint64_t)CPU_COUNT(&allowed);
    CPU_ZERO(&d->cpu);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && turn-- == 0)
            CPU_SET(cpu, &d->cpu);
    }
    return true;
}

bool duel_init(struct duel *d, const struct duel_setting *setting, struct error *err) {
    *d = (struct duel){.pair = setting->pair,
                       .request = setting->request,
                       .options = setting->options,
                       .rows = setting->rows,
                       .memory_limit = memory_limit_bytes(setting->options->config)};
    d->random =
        gate_random_of(setting->options->seed, setting->pair->number, setting->request->block);
    d->layout = gate_layout_draw(&d->random);
    return duel_choose_cpu(d, err);
}

void duel_release(struct duel *d) {
    for (int i = 0; i < 2; i++) {
        if (!d->is_open[i])
            continue;
        slices_side_release(&d->sides[i]);
        gate_start_release(&d->starts[i]);
    }
}

/* A question found no answer. False when that ends the gate. */
static bool duel_lost(struct duel *d, int side, struct error *err) {
    const struct slices_side *s = &d->sides[side];
    d->is_failed = true;
    if (s->is_interrupted)
        return error_set(err, EXIT_INTERRUPTED, "interrupted");
    gate_cell_fail(d->pair, d->rows, gate_party_of(d->request, side == 1), s->outcome.status,
                   s->outcome.reason);
    return true;
}

bool duel_open_side(struct duel *d, int side, uint64_t operations, struct error *err) {
    bool is_candidate = side == 1 && !d->request->is_aa;
    struct gate_start_request start = {
        .cell = is_candidate ? d->pair->candidate.cell : d->pair->base.cell,
        .link_dir = gate_is_block(d->request) ? d->options->link_dir : NULL,
        .is_copy = side == 1 && d->request->is_aa,
        .is_aa = d->request->is_aa,
        .padding_bytes = d->layout.padding_bytes};
    if (!gate_start_init(&d->starts[side], &start, err))
        return false;
    struct slices_side_request request = {.start = &d->starts[side],
                                          .operations = operations,
                                          .memory_limit = d->memory_limit,
                                          .cpus = &d->cpu,
                                          .layout = &d->layout.process,
                                          .is_candidate = side == 1};
    d->is_open[side] = slices_side_start(&d->sides[side], &request, d->options, err);
    if (!d->is_open[side]) {
        gate_start_release(&d->starts[side]);
        return false;
    }
    return slices_side_wait_ready(&d->sides[side]) || duel_lost(d, side, err);
}

bool duel_open(struct duel *d, uint64_t operations, struct error *err) {
    int first = gate_random_coin(&d->random);
    bool ok = duel_open_side(d, first, operations, err);
    if (duel_lives(d, ok))
        ok = duel_open_side(d, 1 - first, operations, err);
    return ok;
}

bool duel_run(struct duel *d, int side, uint64_t operations, struct gate_slice *out,
              struct error *err) {
    if (!slices_side_run(&d->sides[side], operations, out))
        return duel_lost(d, side, err);
    d->checksum[side] += out->checksum;
    return true;
}

bool duel_tell(struct duel *d, int side, struct slices_state *out, struct error *err) {
    return slices_side_tell(&d->sides[side], out) || duel_lost(d, side, err);
}

static void duel_differ(struct duel *d, uint64_t base, uint64_t candidate) {
    char *reason = g_strdup_printf("checksum " CHECKSUM " differs from " CHECKSUM
                                   " of the base for the same work",
                                   candidate, base);
    gate_cell_fail(d->pair, d->rows, gate_party_of(d->request, true), "wrong", reason);
    g_free(reason);
    d->is_failed = true;
}

bool duel_pair(struct duel *d, int first, uint64_t operations, struct gate_slice out[2],
               struct error *err) {
    bool ok = duel_run(d, first, operations, &out[0], err);
    if (duel_lives(d, ok))
        ok = duel_run(d, 1 - first, operations, &out[1], err);
    if (duel_lives(d, ok) && out[0].checksum != out[1].checksum)
        duel_differ(d, out[first].checksum, out[1 - first].checksum);
    return ok;
}
