/*
 * A cell program that measures nothing and behaves as its workload is called: ok, crash, hang, ...
 * The executor's tests see with it that every end of a process becomes the right record.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/base/wire.h"

struct behaviour {
    const char *name;
    void (*act)(void);
};

static int report_fd = STDOUT_FILENO;
static const char *library = "";
static char **arguments;

static void say(const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t n = write(report_fd, text, length);
        if (n <= 0)
            _exit(99);
        text += n;
        length -= (size_t)n;
    }
}

static void say_measured(void) {
    say("heapmark-report 1\nvalue allocator fake\nvalue version 1\nvalue ops 1000\n"
        "value wall_ns 4000\nvalue cpu_ns 5000\nvalue checksum 0123456789abcdef\n");
}

static void act_ok(void) {
    say_measured();
    say("pause 1\tmark\t0\t10\t30\npause 1\tsweep\t0\t50\t10\npause 2\tmark\t0\t90\t20\n"
        "pause 2\tragged\t1\t95\t999\ncycle 1\t10\t40\t1\t2\t1\t4\t0\t0\t0\nend ok\n");
}

/* Whoever did other work has another checksum. */
static void act_other_work(void) {
    say("heapmark-report 1\nvalue ops 1000\nvalue wall_ns 1\nvalue checksum fedcba9876543210\n"
        "end ok\n");
}

/* With the totals that --count-ops asks for. */
static void act_totals(void) {
    say_measured();
    say("value minor_faults 3\ncount operations 500\ncount allocs 1500\ncount bytes 48000\n"
        "count requested_bytes 40000\ncount retained_bytes 0\nend ok\n");
}

static void act_crash(void) {
    fputs("first line\n\nit hurts here\n", stderr);
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void act_crash_after_report(void) {
    act_ok();
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
}

static void act_hang(void) {
    for (;;)
        pause();
}

/* In pieces as large as a pipe, faster than anybody reads. */
static void act_hang_talking(void) {
    static char noise[1 << 16];
    memset(noise, '.', sizeof noise);
    for (;;) {
        if (write(STDERR_FILENO, noise, sizeof noise) < 0)
            return;
    }
}

static void act_hang_closed(void) {
    close(report_fd);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    act_hang();
}

static void act_oom(void) {
    say("heapmark-report 1\nend oom an allocation of 80 bytes failed\n");
    _exit(CELL_NOT_OK);
}

static void act_wrong(void) {
    say_measured();
    say("end wrong malloc is not what was asked for\n");
    _exit(CELL_NOT_OK);
}

static void act_unavailable(void) {
    say("heapmark-report 1\nend unavailable it needs a right that is missing\n");
    _exit(CELL_NOT_OK);
}

static void act_garbage(void) {
    say("heapmark-report 1\nvalue wall_ns 1\n\x01\x02 what is this\n");
}

static void act_silent(void) {}

static void act_half(void) {
    say_measured();
    say("value cpu_");
}

static void act_killed(void) {
    kill(getpid(), SIGKILL);
}

static void act_terminated(void) {
    kill(getpid(), SIGTERM);
}

static void act_exit_9(void) {
    act_ok();
    _exit(9);
}

static void act_usage(void) {
    fputs("fake-cell: unknown workload\n", stderr);
    _exit(CELL_USAGE);
}

static void act_lacks_checksum(void) {
    say("heapmark-report 1\nvalue ops 1\nvalue wall_ns 1\nend ok\n");
}

static void act_huge_stderr(void) {
    for (int i = 0; i < 40000; i++)
        fputs("a line of noise that nobody will ever read again, one of very many\n", stderr);
    fputs("the last word\n", stderr);
    abort();
}

/* As the Go runtime does, with the stacks of very many goroutines. */
static void act_go_oom(void) {
    fputs("fatal error: runtime: cannot allocate memory\n\nruntime stack:\n", stderr);
    for (int i = 0; i < 40000; i++)
        fprintf(stderr, "goroutine %d [select (no cases)]:\n", i);
    _exit(2);
}

static void act_huge_report(void) {
    char line[64];
    say_measured();
    for (int i = 0; i < 100000; i++) {
        snprintf(line, sizeof line, "pause 1\tmark\t0\t%d\t%d\n", i, i);
        say(line);
    }
    say("end ok\n");
}

/* Leaves a child behind that holds every descriptor open; its number is the version. */
static void act_leaves_child(void) {
    char line[64];
    pid_t child = fork();
    if (child == 0)
        act_hang();
    snprintf(line, sizeof line, "value version %d\n", (int)child);
    say("heapmark-report 1\nvalue ops 1\nvalue wall_ns 1\nvalue checksum 0123456789abcdef\n");
    say(line);
    say("end ok\n");
}

/* Tells of its surroundings in the version column. */
static void act_tells(void) {
    char line[512];
    cpu_set_t cpus;
    int death_signal = 0, open_fds = 0;
    sched_getaffinity(0, sizeof cpus, &cpus);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    for (int fd = 0; fd < 256; fd++)
        open_fds += fd != report_fd && fcntl(fd, F_GETFD) >= 0;
    const char *own = getenv("FAKE_OWN"), *conf = getenv("MALLOC_CONF"), *gogc = getenv("GOGC");
    snprintf(line, sizeof line,
             "value version own=%s conf=%s gogc=%s cpus=%d death=%d group=%d fds=%d\n",
             own != NULL ? own : "-", conf != NULL ? conf : "-", gogc != NULL ? gogc : "-",
             CPU_COUNT(&cpus), death_signal, getpgrp() == getpid(), open_fds);
    say("heapmark-report 1\nvalue ops 1\nvalue wall_ns 1\nvalue checksum 0123456789abcdef\n");
    say(line);
    say("end ok\n");
}

static void act_tells_arguments(void) {
    say("heapmark-report 1\nvalue ops 1\nvalue wall_ns 1\nvalue checksum 0123456789abcdef\n"
        "value version");
    for (char **argument = arguments + 1; *argument != NULL; argument++) {
        if (strncmp(*argument, "--report-fd", 11) != 0) {
            say(" ");
            say(*argument);
        }
    }
    say("\nend ok\n");
}

/* What was preloaded, and whose library it was asked to expect. */
static void act_tells_preload(void) {
    char line[1024];
    const char *preload = getenv("LD_PRELOAD");
    char real[512] = "-";
    if (preload != NULL && realpath(preload, real) == NULL)
        strcpy(real, "?");
    snprintf(line, sizeof line, "value version %s %s %d\n", real, library,
             preload != NULL && strpbrk(preload, " :") != NULL);
    say("heapmark-report 1\nvalue ops 1\nvalue wall_ns 1\nvalue checksum 0123456789abcdef\n");
    say(line);
    say("end ok\n");
}

/* Lives for some samples of memory. */
static void act_sleeps(void) {
    usleep(150 * 1000);
    act_ok();
}

static const struct behaviour behaviours[] = {
    {"ok", act_ok},
    {"other-work", act_other_work},
    {"totals", act_totals},
    {"crash", act_crash},
    {"crash-after-report", act_crash_after_report},
    {"hang", act_hang},
    {"hang-talking", act_hang_talking},
    {"hang-closed", act_hang_closed},
    {"oom", act_oom},
    {"wrong", act_wrong},
    {"unavailable", act_unavailable},
    {"garbage", act_garbage},
    {"silent", act_silent},
    {"half", act_half},
    {"killed", act_killed},
    {"terminated", act_terminated},
    {"exit-9", act_exit_9},
    {"usage", act_usage},
    {"lacks-checksum", act_lacks_checksum},
    {"huge-stderr", act_huge_stderr},
    {"go-oom", act_go_oom},
    {"huge-report", act_huge_report},
    {"leaves-child", act_leaves_child},
    {"tells", act_tells},
    {"tells-arguments", act_tells_arguments},
    {"tells-preload", act_tells_preload},
    {"sleeps", act_sleeps},
};

int main(int argc, char **argv) {
    const char *name = "";
    arguments = argv;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--workload=", 11) == 0)
            name = argv[i] + 11;
        else if (strncmp(argv[i], "--report-fd=", 12) == 0)
            report_fd = atoi(argv[i] + 12);
        else if (strncmp(argv[i], "--library=", 10) == 0)
            library = argv[i] + 10;
    }
    for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++) {
        if (strcmp(behaviours[i].name, name) == 0) {
            behaviours[i].act();
            return CELL_OK;
        }
    }
    return CELL_USAGE;
}
