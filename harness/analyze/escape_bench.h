/* Benchmarks of a Go package, as `go test -bench -benchmem` prints them. */
#ifndef HEAPMARK_HARNESS_ANALYZE_ESCAPE_BENCH_H
#define HEAPMARK_HARNESS_ANALYZE_ESCAPE_BENCH_H

#include <glib.h>
#include <stdbool.h>

struct escape_bench {
    char *name; /* "BenchmarkReplace/short", without the number of CPUs */
    double ns_per_op, bytes_per_op, allocs_per_op; /* NaN: not told */
};

/* An array of struct escape_bench, with its clear function. */
GArray *escape_benches_new(void);

/* Appends the benchmarks among the lines; other lines are passed over. */
void escape_benches_read(GArray *out, const char *output);

/*
 * Whether a benchmark is named after a function: BenchmarkFoo, BenchmarkFoo_bar and
 * BenchmarkFoo/bar after Foo or foo, BenchmarkReader_Read and BenchmarkReaderRead after
 * (*Reader).Read and Reader.Read.
 */
bool escape_bench_exercises(const char *bench, const char *function);

#endif
