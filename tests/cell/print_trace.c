/*
 * print-trace FILE: what an event trace holds, a line per number, for tests.
 *
 * Exits 1, with the promise on stderr, when the trace breaks one.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/cell/trace_totals.h"

static void print(const char *what, const char *of, uint64_t value) {
    printf("%s%s%s %" PRIu64 "\n", what, of[0] != '\0' ? "." : "", of, value);
}

/* A slice's word at its beginning; the arguments at each end. */
static void kind_print(const struct trace_totals *totals, unsigned kind) {
    const struct event_facts *facts = event_facts_find(kind);
    if (facts == NULL)
        return;
    if (facts->shape != EVENT_END)
        print(facts->word, "count", totals->counts[kind]);
    if (facts->shape == EVENT_BEGIN)
        print(facts->word, "ns", totals->slices_ns[kind]);
    for (unsigned i = 0; i < facts->arguments; i++)
        print(facts->word, facts->argument_names[i], totals->sums[kind][i]);
}

int main(int argc, char **argv) {
    static struct trace_totals totals;
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (in == NULL) {
        fprintf(stderr, "usage: print-trace FILE\n");
        return 2;
    }
    trace_totals_read(&totals, in);
    fclose(in);
    if (totals.broken != NULL) {
        fprintf(stderr, "%s: it is not true that %s\n", argv[1], totals.broken);
        return 1;
    }
    for (unsigned kind = 0; kind <= EVENT_KIND_MOST; kind++)
        kind_print(&totals, kind);
    print("events", "", totals.events);
    print("dropped", "", totals.end.dropped);
    print("stops", "", totals.stops[EVENT_STOP_SETUP] + totals.stops[EVENT_STOP_TERMINATION]);
    print("stops_ns", "",
          totals.stops_ns[EVENT_STOP_SETUP] + totals.stops_ns[EVENT_STOP_TERMINATION]);
    print("runs", "", totals.runs);
    print("run_ns", "", totals.run_end_ns - totals.run_start_ns);
    print("run_is_within", "",
          totals.first_ns <= totals.run_start_ns && totals.run_end_ns <= totals.last_ns);
    print("ended", "", totals.has_ended);
    return 0;
}
