/* A timed run may be as short as a few milliseconds: where every slice of a workload is alike, it
   is made as long as a second, so that more is sampled than started. */
#include "harness/capture/cell_profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/plan/catalogue.h"

enum {
    PAIRS_MAX = 5,        /* measurements of the overhead */
    PROCESSES_MAX = 1000, /* of one cell, however short */
    SITES_BYTES_MAX = 64 << 20,
};

#define RUN_NS UINT64_C(1000000000)

void cell_profile_init(struct cell_profile *out) {
    *out = (struct cell_profile){.overhead = NAN, .total.bytes = UINT64_MAX};
    profile_init(&out->cpu);
    profile_init(&out->sites);
}

void cell_profile_release(struct cell_profile *out) {
    profile_release(&out->cpu);
    profile_release(&out->sites);
    g_free(out->problem);
    *out = (struct cell_profile){0};
}

struct cell_profiling {
    const struct cell_profile_request *request;
    struct cell_profile *out;
    struct error *err;
    uint64_t sampled_ns;
    double plain[PAIRS_MAX], sampled[PAIRS_MAX];
    bool has_failed; /* a process ended otherwise than ok */
};

/* Runs the cell once; its record's time, 0 when there is none. False: no further process. */
static bool cell_execute(struct cell_profiling *c, struct observation *o) {
    const struct cell_profile_request *r = c->request;
    observation_init(o);
    if (!r->executor->execute(r->executor, r->cell, 1, o, c->err))
        return false;
    const struct record *record = &o->record;
    c->has_failed = record->status == NULL || strcmp(record->status, "ok") != 0;
    if (c->has_failed && c->out->problem == NULL)
        c->out->problem =
            g_strdup_printf("its cell program ended with the status %s: %s", record->status,
                            record->reason == NULL ? "no reason was given" : record->reason);
    return true;
}

static bool plain_run(struct cell_profiling *c, double *cpu_ns) {
    struct observation o;
    *c->request->capture = (struct process_capture){0};
    bool ok = cell_execute(c, &o);
    if (ok && !c->has_failed)
        *cpu_ns = (double)o.record.cpu_ns;
    observation_release(&o);
    return ok;
}

static bool sampled_run(struct cell_profiling *c, double *cpu_ns) {
    struct observation o;
    if (!cpu_profiler_begin(c->request->cpu, c->request->capture, c->err))
        return false;
    bool ok = cell_execute(c, &o);
    const char *failure = cpu_profiler_end(c->request->cpu, &c->out->cpu);
    if (failure != NULL && c->out->problem == NULL)
        c->out->problem = g_strdup(failure);
    c->has_failed |= failure != NULL;
    *c->request->capture = (struct process_capture){0};
    if (ok && !c->has_failed) {
        c->out->repetitions++;
        c->out->cpu.duration_ns += o.record.wall_ns;
        c->out->cpu.cpu_ns += o.record.cpu_ns;
        c->sampled_ns += o.record.wall_ns;
        *cpu_ns = (double)o.record.cpu_ns;
    }
    observation_release(&o);
    return ok;
}

/* ---- how long ---- */

static bool is_sliceable(const struct cell *cell) {
    return (cell->workload->traits & TRAIT_SLICEABLE) != 0;
}

/* The first run, which is thrown away, tells how many operations make a second. */
static bool length_find(struct cell_profiling *c) {
    const struct cell_profile_request *r = c->request;
    struct observation o;
    if (*r->ops != 0 || !is_sliceable(r->cell))
        return true;
    *r->capture = (struct process_capture){0};
    bool ok = cell_execute(c, &o);
    if (ok && !c->has_failed && o.record.wall_ns > 0) {
        double wanted = (double)MIN(RUN_NS, r->duration_ns);
        double ops = (double)o.record.ops / r->cell->threads;
        double factor = MAX(1.0, wanted / (double)o.record.wall_ns);
        *r->ops = (uint64_t)(ops * factor);
    }
    observation_release(&o);
    return ok;
}

static bool is_enough(const struct cell_profiling *c, unsigned done) {
    const struct cell_profile_request *r = c->request;
    if (c->has_failed || done >= PROCESSES_MAX)
        return true;
    return r->repetitions > 0 ? done >= r->repetitions : c->sampled_ns >= r->duration_ns;
}

static void progress_tell(const struct cell_profiling *c, unsigned done) {
    const struct cell_profile_request *r = c->request;
    if (r->progress == NULL)
        return;
    r->progress(r->context, r->repetitions > 0
                                ? (double)done / r->repetitions
                                : (double)c->sampled_ns / (double)MAX(r->duration_ns, 1));
}

static int real_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, unsigned count) {
    qsort(values, count, sizeof *values, real_compare);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void overhead_fill(struct cell_profiling *c, unsigned pairs) {
    if (pairs == 0)
        return;
    c->out->pairs = pairs;
    c->out->overhead = median_of(c->sampled, pairs) / median_of(c->plain, pairs) - 1.0;
}

/* A run without and one with samples; who comes first changes, so that neither has the warmer
   machine. */
static bool pair_run(struct cell_profiling *c, unsigned number) {
    double *plain = &c->plain[number], *sampled = &c->sampled[number];
    if (number % 2 == 0)
        return plain_run(c, plain) && (c->has_failed || sampled_run(c, sampled));
    return sampled_run(c, sampled) && (c->has_failed || plain_run(c, plain));
}

static bool cpu_run(struct cell_profiling *c) {
    double ignored;
    unsigned done = 0, pairs = 0;
    bool ok = length_find(c);
    while (ok && !is_enough(c, done)) {
        progress_tell(c, done);
        if (done < PAIRS_MAX) {
            ok = pair_run(c, done);
            pairs += ok && !c->has_failed;
        } else {
            ok = sampled_run(c, &ignored);
        }
        done++;
    }
    overhead_fill(c, pairs);
    return ok;
}

/* ---- sites ---- */

/* All that is in the file from its start; caller frees. */
static char *fd_text(int fd, size_t *length) {
    off_t bytes = lseek(fd, 0, SEEK_END);
    size_t room = bytes < 0 ? 0 : MIN((size_t)bytes, (size_t)SITES_BYTES_MAX);
    char *text = g_malloc(room + 1);
    ssize_t got = pread(fd, text, room, 0);
    *length = got < 0 ? 0 : (size_t)got;
    text[*length] = '\0';
    return text;
}

static void sites_take(struct cell_profiling *c, int fd) {
    struct error refused;
    size_t length;
    char *text = fd_text(fd, &length);
    if (!sites_read(&c->out->sites, &c->out->total, c->request->cell->strategy->program, text,
                    length, &refused) &&
        c->out->problem == NULL)
        c->out->problem = g_strdup(refused.text);
    g_free(text);
}

/* A cell program that cannot count all sites exactly has a sibling that can, NAME-sites beside
   cell-NAME: Go's, whose runtime is changed for it. NULL: none is there; caller frees. */
static char *sites_program(const char *program) {
    const char *base = strrchr(program, '/');
    base = base == NULL ? program : base + 1;
    if (!g_str_has_prefix(base, "cell-"))
        return NULL;
    char *path =
        g_strdup_printf("%.*s%s-sites", (int)(base - program), program, base + strlen("cell-"));
    if (access(path, X_OK) == 0)
        return path;
    g_free(path);
    return NULL;
}

/* Runs the cell for its sites. */
static bool sites_execute(struct cell_profiling *c, struct observation *o) {
    const struct cell_profile_request *plain = c->request;
    char *program = sites_program(plain->cell->strategy->program);
    struct strategy strategy = *plain->cell->strategy;
    struct cell cell = *plain->cell;
    struct cell_profile_request request = *plain;
    if (program != NULL) {
        strategy.program = program;
        cell.strategy = &strategy;
        request.cell = &cell;
    }
    c->request = &request;
    bool ok = cell_execute(c, o);
    c->request = plain;
    g_free(program);
    return ok;
}

static bool sites_run(struct cell_profiling *c) {
    struct observation o;
    int fd = memfd_create("heapmark-sites", MFD_CLOEXEC);
    if (fd < 0)
        return error_set(c->err, EXIT_CANNOT, "no file in memory for the allocation sites: %s",
                         strerror(errno));
    *c->request->capture = (struct process_capture){.sites_fd = fd};
    bool ok = sites_execute(c, &o);
    *c->request->capture = (struct process_capture){0};
    if (ok && !c->has_failed) {
        sites_describe(&c->out->sites);
        sites_take(c, fd);
    }
    c->has_failed = false; /* that the sites are missing is a problem, and no reason to stop */
    close(fd);
    observation_release(&o);
    return ok;
}

bool cell_profile_run(const struct cell_profile_request *r, struct cell_profile *out,
                      struct error *err) {
    struct cell_profiling c = {.request = r, .out = out, .err = err};
    const uint64_t ops = *r->ops;
    bool ok = true;
    if (r->wants_sites)
        ok = sites_run(&c);
    if (r->cpu != NULL) {
        cpu_profile_describe(r->cpu, &out->cpu);
        if (ok && !c.has_failed)
            ok = cpu_run(&c);
    }
    *r->ops = ops;
    return ok;
}
