/* What all readers share. See trace_read.h. */
#include "harness/capture/trace_read.h"

void trace_facts_init(struct trace_facts *facts) {
    *facts = (struct trace_facts){.runs = g_array_new(FALSE, FALSE, sizeof(struct trace_run)),
                                  .start_ns = UINT64_MAX};
}

void trace_facts_release(struct trace_facts *facts) {
    g_array_free(facts->runs, TRUE);
    facts->runs = NULL;
}

void trace_facts_add_run(struct trace_facts *facts, uint64_t start_ns, uint64_t end_ns) {
    struct trace_run run = {start_ns, end_ns};
    g_array_append_val(facts->runs, run);
    facts->start_ns = MIN(facts->start_ns, start_ns);
    facts->end_ns = MAX(facts->end_ns, end_ns);
}

void trace_runs_tell(struct timeline *t, const struct trace_facts *facts) {
    const struct timeline_name *name = timeline_name(t, TRACE_RUN_NAME, SLICE_OTHER);
    for (guint i = 0; i < facts->runs->len; i++) {
        const struct trace_run *run = &g_array_index(facts->runs, struct trace_run, i);
        char *title = facts->runs->len == 1
                          ? g_strdup(TRACE_RUN_NAME)
                          : g_strdup_printf("%s, thread %u", TRACE_RUN_NAME, i + 1);
        struct timeline_track *track = timeline_track_new(t, TRACK_OTHER, title, 0);
        timeline_begin(t, track, run->start_ns, name);
        timeline_end(t, track, run->end_ns, name);
        g_free(title);
    }
}
