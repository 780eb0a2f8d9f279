/* A run in memory that is exported, with a directory for its machine.txt. */
#ifndef HEAPMARK_TESTS_UNIT_EXPORT_FIXTURE_H
#define HEAPMARK_TESTS_UNIT_EXPORT_FIXTURE_H

#include "harness/present/export.h"
#include "tests/unit/rows_fixture.h"

struct export_fixture {
    struct run_rows rows;
    struct run_summary summary;
    struct export e;
    struct error err;
};

void export_fixture_init(struct export_fixture *f);

/* Appends an ok record with the times an entry needs; valid until the next one. */
struct record *export_fixture_add(struct export_fixture *f, const char *strategy,
                                  const char *workload, const char *parameters);

/* Builds the export; false as export_build. To be called once, before the release. */
bool export_fixture_export(struct export_fixture *f, const struct export_request *request);
bool export_fixture_export_all(struct export_fixture *f, const struct export_format *format);

void export_fixture_release(struct export_fixture *f);

#endif
