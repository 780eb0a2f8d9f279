/* Two runs in memory that are compared. */
#include "tests/unit/compare_fixture.h"

#include <string.h>

const char *const compare_machine = "cpu: Test CPU\ncpus online: 2\nsmt: off\ncaches: L1d 32K\n"
                                    "memory: 1000000 kB\nhypervisor: yes\nkernel: Linux 6\n";

void compare_fixture_init(struct compare_fixture *f) {
    memset(f, 0, sizeof *f);
    rows_init(&f->rows_a);
    rows_init(&f->rows_b);
    f->request = (struct compare_request){.margin = 0.01, .same = 0.05};
    f->request.a = (struct compare_side){"before", compare_machine, &f->a};
    f->request.b = (struct compare_side){"after", compare_machine, &f->b};
}

struct record *compare_fixture_last(struct run_rows *rows) {
    return &g_array_index(rows->records, struct record, rows->records->len - 1);
}

void compare_fixture_add(struct run_rows *rows, const char *strategy, const char *workload,
                         const double *ns, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct record *r = rows_add(rows, strategy, workload, "", ns[i]);
        r->repetition = i + 1;
        r->ops = 1000;
        r->seed = 1;
        r->checksum = "00000000000000ff";
    }
}

bool compare_fixture_go(struct compare_fixture *f) {
    summary_build(&f->a, &f->rows_a, NULL);
    summary_build(&f->b, &f->rows_b, NULL);
    if (f->request.one_run)
        f->request.b = f->request.a;
    return compare_build(&f->c, &f->request, &f->err);
}

void compare_fixture_release(struct compare_fixture *f) {
    compare_release(&f->c);
    summary_release(&f->a);
    summary_release(&f->b);
    run_rows_release(&f->rows_a);
    run_rows_release(&f->rows_b);
}

const struct compare_block *compare_fixture_block(const struct compare_fixture *f,
                                                  const char *column) {
    for (guint i = 0; i < f->c.blocks->len; i++) {
        const struct compare_block *block = &g_array_index(f->c.blocks, struct compare_block, i);
        if (strcmp(block->metric->column, column) == 0)
            return block;
    }
    return NULL;
}

const struct compare_finding *compare_fixture_find(const struct compare_fixture *f,
                                                   const char *column, const char *workload) {
    const struct compare_block *block = compare_fixture_block(f, column);
    for (guint i = 0; block != NULL && i < block->findings->len; i++) {
        const struct compare_finding *finding =
            &g_array_index(block->findings, struct compare_finding, i);
        if (strcmp(finding->cell->named->workload, workload) == 0)
            return finding;
    }
    return NULL;
}
