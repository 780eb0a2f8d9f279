/* See trace_record.h. */
#include "harness/capture/trace_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void recorder_prepared(void *context, pid_t pid) {
    struct trace_recorder *r = context;
    r->spawned_ns = monotonic_ns();
    if (r->kernel_path != NULL)
        r->kernel = kernel_events_begin(pid, r->kernel_path, &r->kernel_reason);
}

bool trace_recorder_init(struct trace_recorder *r, struct process_options *options,
                         struct error *err) {
    *r = (struct trace_recorder){.capture = {.prepared = recorder_prepared, .context = r}};
    options->capture = &r->capture;
    r->executor = executor_process_new(options, err);
    return r->executor != NULL;
}

void trace_recorder_release(struct trace_recorder *r) {
    if (r->executor != NULL)
        r->executor->release(r->executor);
    r->executor = NULL;
}

/* Whether its allocator tells what it does; of the others the kernel is asked. */
static bool cell_tells(const struct cell *cell) {
    static const char *const telling[] = {"goheap", "boehm", "go", NULL};
    return g_strv_contains(telling, cell->strategy->binding_name);
}

bool trace_record(struct trace_recorder *r, const struct cell *cell, const char *path,
                  struct observation *out, struct error *err) {
    int fd = -1;
    if (path != NULL) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            return error_set(err, EXIT_CANNOT, "cannot create %s: %s", path, g_strerror(errno));
    }
    r->capture.trace_fd = fd < 0 ? 0 : fd;
    r->kernel_reason = NULL;
    r->kernel_path = path == NULL || cell_tells(cell) ? NULL : g_strconcat(path, ".kernel", NULL);
    bool ok = r->executor->execute(r->executor, cell, 1, out, err);
    if (r->kernel != NULL && !kernel_events_end(r->kernel))
        r->kernel_reason = "the kernel's events could not all be written";
    r->kernel = NULL;
    g_clear_pointer(&r->kernel_path, g_free);
    if (fd >= 0)
        close(fd);
    return ok;
}

enum trace_format trace_format_of(const char *path) {
    char begin[8] = {0};
    FILE *in = fopen(path, "rbe");
    size_t count = in == NULL ? 0 : fread(begin, 1, sizeof begin, in);
    if (in != NULL)
        fclose(in);
    if (count == 0)
        return TRACE_NOTHING;
    return memcmp(begin, "go 1.", strlen("go 1.")) == 0 ? TRACE_GO : TRACE_EVENTS;
}
