/*
 * One cell program from fork to its last byte: started in a process group of its own, drained all
 * the time, watched, and ended when it must be.
 *
 * Nothing of it outlives heapmark: the child asks for SIGKILL at its parent's death, and what it
 * started is killed with its group.
 */
#ifndef HEAPMARK_HARNESS_RUN_PROCESS_H
#define HEAPMARK_HARNESS_RUN_PROCESS_H

#include <glib.h>
#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/base/error.h"
#include "harness/measure/counters.h"

enum { CAPTURE_FDS_MAX = 1024 }; /* one per CPU */

/* What watches a cell program from outside while it runs, and what it writes beside its report. */
struct process_capture {
    int trace_fd; /* above 0: the program inherits it, and "--trace-fd=N" is added */
    int sites_fd; /* likewise, "--sites-fd=N" */
    /* Called in the parent when the program's process exists and nothing of the program has run:
       exec waits until it returns. NULL: nothing is called. */
    void (*prepared)(void *context, pid_t pid);
    /* Called in the child between fork and exec, so system calls only, while `prepared` may run in
       the parent: opens descriptors that the program shall switch with its counters
       (--counter-fds), open across exec, at most CAPTURE_FDS_MAX; returns how many. Or NULL. */
    size_t (*in_child)(void *context, int *fds);
    /* Called in the parent every few milliseconds while the program runs, and once after its end.
       NULL: nothing is called. */
    void (*tick)(void *context);
    void *context;
};

/* Where a program's memory shall lie: not at random addresses, which the kernel draws for each
   process anew, but at the same ones in each program that is started with the same layout. */
struct process_layout {
    uint64_t stack_limit_bytes; /* soft limit of the stack, below which mappings lie (the kernel
                                   counts from 128 MB up to five sixths of all
                                   addresses); 0: as it is */
};

struct process_request {
    char *const *arguments;   /* the first is the program's path; ends with NULL */
    char *const *environment; /* NAME=VALUE, ends with NULL */
    bool answers_on_stdout;   /* else "--report-fd=N" is added, and stdout goes nowhere */
    bool joins_errors;        /* what it writes on stderr goes where its stdout goes */
    int input_fd;             /* becomes its standard input; 0: it reads nothing */
    const char *directory;    /* where it starts; NULL: where heapmark is */
    const cpu_set_t *cpus;    /* NULL: not bound */
    const struct counter_set
        *counters; /* opened for the process, "--counter-fds=" is added; or NULL */
    uint64_t timeout_ns;
    const volatile int *interrupted; /* NULL: never */
    GArray *memory; /* of struct memory_row: samples are appended; NULL: none are taken */
    const struct process_capture *capture; /* NULL: nothing watches */
    const struct process_layout *layout;   /* NULL: as the kernel draws it */
};

struct process_result {
    int exec_error;  /* errno when the program could not be started, 0 */
    int wait_status; /* as from waitpid */
    bool timed_out;
    bool interrupted;
    bool is_cut;           /* the report was longer than REPORT_BYTES_MAX; the rest was dropped */
    GString *report;       /* what it reported, or its stdout */
    GString *errors;       /* the last bytes of its stderr */
    GString *errors_first; /* the first bytes of it, at most ERROR_FIRST_BYTES_MAX */
    struct counter_opening *openings; /* one per event of the set; NULL without one */
};

enum {
    REPORT_BYTES_MAX = 64 << 20,
    ERROR_BYTES_MAX = 8 << 10,
    ERROR_FIRST_BYTES_MAX = 4 << 10,
    MEMORY_SAMPLES_MAX = 4096
};

void process_result_init(struct process_result *r);
void process_result_release(struct process_result *r);

/* Runs it to its end. False (EXIT_CANNOT): no process can be made here. */
bool process_run(const struct process_request *request, struct process_result *result,
                 struct error *err);

/* Keeps every second sample, the first one included: with the rate halved too, a long process keeps
   a bounded number of samples over its whole time. */
void samples_thin(GArray *memory);

#endif
