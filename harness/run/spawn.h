/*
 * Starts a program with its pipes: fork, what must happen in the child before exec, exec.
 *
 * The child tells over a pipe that closes at exec which counters opened and why exec failed, so
 * when spawn_start returns, the program runs or it is known why not.
 */
#ifndef HEAPMARK_HARNESS_RUN_SPAWN_H
#define HEAPMARK_HARNESS_RUN_SPAWN_H

#include <sys/types.h>

#include "harness/run/process.h"

struct spawned {
    pid_t pid;
    int report_fd; /* read ends, not blocking; the caller closes them */
    int errors_fd;
};

/* Fills result->exec_error and result->openings. A program that could not be started is still a
   process to wait for. False (EXIT_CANNOT): no pipes or no fork. */
bool spawn_start(const struct process_request *request, struct spawned *out,
                 struct process_result *result, struct error *err);

#endif
