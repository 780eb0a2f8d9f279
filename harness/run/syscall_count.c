/*
 * The filter answers "trace" with a number for what it saw, so the tracer needs no register of the
 * program and is the same on every processor.
 *
 * Everything between fork and exec, the tracer included, is system calls only (spawn.c); what the
 * tracer finds it leaves in memory that it shares with heapmark.
 */
#include "harness/run/syscall_count.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/cell_mark.h"

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#else
#define AUDIT_ARCH_HERE 0
#endif

/* What the filter tells the tracer: a mark, or SAW_CALL and the kind. */
enum { SAW_MARK = 1, SAW_CALL = 2 };

enum { STATUS_NONE = -1 };

/* What the process's hooks are given. */
struct trace_start {
    struct trace *trace;
    bool is_unlocked;
};

/* In memory shared by heapmark, the tracer and, until its exec, the program. */
struct trace {
    struct syscall_count count;
    bool is_inside;
    bool must_count; /* else only the address space is seen to */
};

/* ---- the program, before its exec ---- */

#define FIELD_AT(field) ((uint32_t)offsetof(struct seccomp_data, field))
#define LOAD(field)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD_AT(field))
#define ANSWER(what)    BPF_STMT(BPF_RET | BPF_K, (what))
/* Goes over the next `lines` when the loaded word is not `value`. */
#define UNLESS(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (lines))
#define COUNTED(number, kind)                                                                      \
    UNLESS(number, 1), ANSWER(SECCOMP_RET_TRACE | (uint32_t)(SAW_CALL + (kind)))

static bool filter_install(void) {
    /* A processor of little endian has an argument's lower half first. */
    static struct sock_filter lines[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0),
        ANSWER(SECCOMP_RET_ALLOW),
        LOAD(nr),
        COUNTED(__NR_mmap, SYSCALL_MMAP),
        COUNTED(__NR_munmap, SYSCALL_MUNMAP),
        COUNTED(__NR_mremap, SYSCALL_MREMAP),
        COUNTED(__NR_madvise, SYSCALL_MADVISE),
        COUNTED(__NR_brk, SYSCALL_BRK),
        UNLESS(__NR_prctl, 3),
        LOAD(args[0]),
        UNLESS(CELL_MARK_PRCTL, 1),
        ANSWER(SECCOMP_RET_TRACE | SAW_MARK),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof lines / sizeof lines[0], .filter = lines};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void trace_refuse(struct trace *trace, const char *what) {
    trace->count.refusal = what;
    trace->count.error_number = errno;
}

/* Waits until the tracer holds it. */
static void program_await(struct trace *trace, int go_fd) {
    char held = 0;
    ssize_t got;
    while ((got = read(go_fd, &held, 1)) < 0 && errno == EINTR)
        ;
    close(go_fd);
    if (got == 1 && held == 'y' && !filter_install())
        trace_refuse(trace, "a seccomp filter");
}

/* ---- the tracer ---- */

static void tracer_saw(struct trace *trace, unsigned long what) {
    if (what == SAW_MARK) {
        trace->count.is_marked |= trace->is_inside;
        trace->is_inside = !trace->is_inside;
        return;
    }
    const unsigned long kind = what - SAW_CALL;
    if (kind >= SYSCALL_KIND_COUNT)
        return; /* another filter's, of a program that has its own */
    trace->count.calls[kind]++;
    if (trace->is_inside)
        trace->count.measured[kind]++;
}

/* The signal to go on with after a stop; 0: none. */
static int tracer_stop(struct trace *trace, pid_t pid, int status) {
    unsigned long what = 0;
    const int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP && ptrace(PTRACE_GETEVENTMSG, pid, NULL, &what) == 0)
        tracer_saw(trace, what);
    return event != 0 ? 0 : WSTOPSIG(status);
}

/* Follows the program and all it starts until the program has ended; returns how. */
static int tracer_follow(struct trace *trace, pid_t program) {
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            return STATUS_NONE;
        if (pid > 0 && WIFSTOPPED(status))
            ptrace(PTRACE_CONT, pid, NULL, (void *)(long)tracer_stop(trace, pid, status));
        else if (pid == program)
            return status;
    }
}

/* Ends as the program did; no second core of it. */
static _Noreturn void tracer_end(int status) {
    if (status != STATUS_NONE && WIFSIGNALED(status)) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(WTERMSIG(status), SIG_DFL);
        kill(getpid(), WTERMSIG(status));
    }
    _exit(status != STATUS_NONE && WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

static _Noreturn void tracer_main(struct trace *trace, pid_t program, int go_fd) {
    const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    struct rusage usage = {0};
    bool is_held = ptrace(PTRACE_SEIZE, program, NULL, (void *)options) == 0;
    if (!is_held)
        trace_refuse(trace, "ptrace");
    if (write(go_fd, is_held ? "y" : "n", 1) != 1)
        _exit(127);
    /* The program's pipes are its own, so that their ends are its end. */
    close_range(3, ~0U, 0);
    int status = tracer_follow(trace, program);
    if (getrusage(RUSAGE_CHILDREN, &usage) == 0)
        trace->count.minor_faults = (uint64_t)usage.ru_minflt;
    tracer_end(status);
}

/* ---- both ---- */

/* In what would be the program: it goes on as the tracer, and its child returns to be the program.
 */
static void trace_split(struct trace *trace) {
    int go[2];
    pid_t tracer = getpid();
    if (pipe(go) != 0) {
        trace_refuse(trace, "a pipe");
        return;
    }
    pid_t program = _Fork();
    if (program > 0)
        tracer_main(trace, program, go[1]);
    close(go[1]);
    if (program < 0) {
        close(go[0]);
        trace_refuse(trace, "another process");
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != tracer)
        _exit(127);
    program_await(trace, go[0]);
}

static size_t trace_in_child(void *context, int *fds) {
    struct trace *trace = ((struct trace_start *)context)->trace;
    (void)fds;
    /* A container may forbid it; then the repeats tell whether it mattered. */
    personality(PER_LINUX | ADDR_NO_RANDOMIZE);
    if (trace->must_count)
        trace_split(trace);
    return 0;
}

/* Two programs started at once would each inherit the other's pipes, and wait for each other. */
static GMutex start_lock;

static void trace_prepared(void *context, pid_t pid) {
    (void)pid;
    ((struct trace_start *)context)->is_unlocked = true;
    g_mutex_unlock(&start_lock);
}

static bool trace_start(const struct process_request *request, struct process_result *result,
                        struct trace *trace, struct error *err) {
    struct trace_start start = {.trace = trace};
    struct process_capture capture = {
        .prepared = trace_prepared, .in_child = trace_in_child, .context = &start};
    struct process_request traced = *request;
    traced.capture = &capture;
    g_mutex_lock(&start_lock);
    bool ok = process_run(&traced, result, err);
    if (!start.is_unlocked)
        g_mutex_unlock(&start_lock);
    return ok;
}

static bool trace_run(const struct process_request *request, struct process_result *result,
                      struct syscall_count *out, struct error *err) {
    struct trace *trace =
        mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trace == MAP_FAILED)
        return error_set(err, EXIT_CANNOT, "no memory to count system calls in: %s",
                         g_strerror(errno));
    trace->must_count = out != NULL;
    bool ok = trace_start(request, result, trace, err);
    if (out != NULL)
        *out = trace->count;
    munmap(trace, sizeof *trace);
    return ok;
}

bool syscall_count_run(const struct process_request *request, struct process_result *result,
                       struct syscall_count *out, struct error *err) {
    return trace_run(request, result, out, err);
}

bool syscall_plain_run(const struct process_request *request, struct process_result *result,
                       struct error *err) {
    return trace_run(request, result, NULL, err);
}
