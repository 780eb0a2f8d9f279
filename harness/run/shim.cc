// Google Benchmark behind a C interface: the only C++ of the project.
#include "harness/run/shim.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <vector>

namespace {

// The report of a cell goes elsewhere; Google Benchmark's own would be in the way.
class SilentReporter : public benchmark::BenchmarkReporter {
  public:
    bool ReportContext(const Context &) override {
        return true;
    }
    void ReportRuns(const std::vector<Run> &) override {}
};

void run_body(benchmark::State &state, shim_body body, void *context, uint64_t iterations) {
    shim_result result = {0.0, -1.0, -1.0, nullptr};
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(iterations)))
        body(context, static_cast<unsigned>(state.thread_index()), iterations, &result);
    if (result.failure != nullptr) {
        state.SkipWithError(result.failure);
        return;
    }
    state.SetIterationTime(result.seconds);
    if (result.allocs_per_op >= 0)
        state.counters["allocs/op"] =
            benchmark::Counter(result.allocs_per_op, benchmark::Counter::kAvgThreads);
    if (result.bytes_per_op >= 0)
        state.counters["B/op"] =
            benchmark::Counter(result.bytes_per_op, benchmark::Counter::kAvgThreads);
}

} // namespace

void shim_register(const char *name, shim_body body, void *context, uint64_t iterations,
                   unsigned threads) {
    benchmark::RegisterBenchmark(
        name, [=](benchmark::State &state) { run_body(state, body, context, iterations); })
        ->Iterations(static_cast<benchmark::IterationCount>(iterations))
        ->Threads(static_cast<int>(threads))
        ->UseManualTime();
}

bool shim_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (std::strstr(argv[i], "benchmark_min_warmup_time") != nullptr) {
            std::fprintf(stderr,
                         "%s: --benchmark_min_warmup_time would change the frozen amount of "
                         "work; warm-up is a fixed number of operations here\n",
                         argv[0]);
            return false;
        }
    }
    benchmark::Initialize(&argc, argv);
    return !benchmark::ReportUnrecognizedArguments(argc, argv);
}

void shim_run(bool quiet) {
    if (quiet) {
        SilentReporter reporter;
        benchmark::RunSpecifiedBenchmarks(&reporter);
    } else {
        benchmark::RunSpecifiedBenchmarks();
    }
    benchmark::Shutdown();
}
