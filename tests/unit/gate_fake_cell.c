/*
 * A cell program that measures nothing and says what its script says, held open or once: the gate's
 * tests see with it that a block's number is exact and that every end of a side becomes the right
 * status. Its workload is how it behaves, its variable FAKE_NS how long an operation takes.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/wire.h"

#define PERSONALITY_ASK 0xffffffffUL

static FILE *report;
static uint64_t ns_per_op = 10, slices, ops_done, process_cpu_ns;
static uint64_t operations = 1000;
static const char *behaviour = "";
static const char *faulty; /* FAKE_FAULTY: this side misbehaves */

static bool is(const char *name) {
    return strcmp(behaviour, name) == 0 && faulty != NULL;
}

static void say_checksum(uint64_t ops) {
    uint64_t sum = ops * UINT64_C(0x9e3779b97f4a7c15) + (is("wrong-sum") ? 1 : 0);
    fprintf(report, "%016" PRIx64 "\n", sum);
}

/* Only one side may be inside; the other one's file is there if it is. */
static void run_alone(void) {
    const char *lock = getenv("FAKE_LOCK");
    if (lock == NULL)
        return;
    int fd = open(lock, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd < 0) {
        fputs("end wrong the other side runs too\n", report);
        exit(CELL_NOT_OK);
    }
    close(fd);
    usleep(200);
    unlink(lock);
}

static void say_exe(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    const char *libraries = getenv("LD_LIBRARY_PATH");
    fprintf(report, "end crashed exe %s libraries %s\n", path, libraries == NULL ? "-" : libraries);
    exit(CELL_NOT_OK);
}

/* Appends where this process's memory lies to a file, which both sides of a block share. */
static void layout_tell(void) {
    const char *name = getenv("FAKE_LAYOUT"), *padding = getenv("HEAPMARK_PADDING");
    FILE *file = name == NULL ? NULL : fopen(name, "a");
    struct rlimit stack;
    if (file == NULL)
        return;
    getrlimit(RLIMIT_STACK, &stack);
    fprintf(file, "random=%d stack=%" PRIu64 " padding=%zu\n",
            (personality(PERSONALITY_ASK) & ADDR_NO_RANDOMIZE) == 0, (uint64_t)stack.rlim_cur,
            padding == NULL ? 0 : strlen(padding));
    fclose(file);
}

/* What goes wrong in the third slice of a faulty side. */
static void misbehave(void) {
    if (is("crash")) {
        fputs("it hurts here\n", stderr);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (is("hang"))
        for (;;)
            pause();
    if (is("exit"))
        exit(0);
    if (is("garbage"))
        fputs("slice of bread\n", report);
    if (is("no-newline"))
        for (int i = 0; i < 10000; i++)
            fputs("slice", report);
    if (is("oom")) {
        fputs("end oom an allocation of 80 bytes failed\n", report);
        exit(CELL_NOT_OK);
    }
    if (is("tells-exe"))
        say_exe();
}

static void answer_run(uint64_t ops) {
    run_alone();
    if (++slices == 3)
        misbehave();
    uint64_t wall_ns = ops * ns_per_op;
    uint64_t cpu_ns = is("robbed") ? wall_ns / 2 : wall_ns;
    process_cpu_ns += is("helped") ? 2 * cpu_ns : cpu_ns;
    ops_done += ops;
    fprintf(report, "slice %" PRIu64 "\t%" PRIu64 "\t0\t0\t", wall_ns, cpu_ns);
    say_checksum(ops);
}

static int serve(void) {
    char line[64];
    fputs("ready\n", report);
    fflush(report);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "run ", 4) == 0)
            answer_run(strtoull(line + 4, NULL, 10));
        else
            fprintf(report, "state 1\t%" PRIu64 "\t%" PRIu64 "\n", process_cpu_ns,
                    is("collects") ? ops_done / 100000 : 0);
        fflush(report);
    }
    return CELL_OK;
}

/* A whole run, as for the executor. */
static int run_once(void) {
    if (is("crash"))
        abort();
    uint64_t ns = operations * ns_per_op;
    fprintf(report,
            "value ops %" PRIu64 "\nvalue wall_ns %" PRIu64 "\nvalue rss_peak_bytes %" PRIu64
            "\nvalue checksum ",
            operations, ns, ns * 2);
    say_checksum(operations);
    fprintf(report, "pause 1\tmark\t0\t1\t%" PRIu64 "\nend ok\n", ns_per_op * 7);
    return CELL_OK;
}

/* How it was started, without the values that belong to the block. */
static void say_version(int argc, char **argv) {
    int open_fds = 0;
    for (int fd = 0; fd < 256; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    fprintf(report, "value allocator fake\nvalue version fds=%d", open_fds);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--report-fd", 11) != 0)
            fprintf(report, " %s", argv[i]);
    fputc('\n', report);
}

int main(int argc, char **argv) {
    bool is_held = false;
    report = stdout;
    layout_tell();
    faulty = getenv("FAKE_FAULTY");
    if (getenv("FAKE_NS") != NULL)
        ns_per_op = strtoull(getenv("FAKE_NS"), NULL, 10);
    for (int i = 1; i < argc; i++) {
        is_held = is_held || strncmp(argv[i], "--requests-fd=", 14) == 0;
        if (strncmp(argv[i], "--report-fd=", 12) == 0)
            report = fdopen(atoi(argv[i] + 12), "w");
        if (strncmp(argv[i], "--workload=", 11) == 0)
            behaviour = argv[i] + 11;
        if (strncmp(argv[i], "--ops=", 6) == 0)
            operations = strtoull(argv[i] + 6, NULL, 10);
    }
    fputs("heapmark-report 1\n", report);
    if (is("not-loaded")) {
        fputs("end wrong malloc is answered by libc\n", report);
        return CELL_NOT_OK;
    }
    say_version(argc, argv);
    return is_held ? serve() : run_once();
}
