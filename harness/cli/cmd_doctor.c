/*
 * heapmark doctor: what this machine can and cannot measure, with advice.
 *
 * A report, not a test: every line is a finding ("ok", "note" for what makes numbers less sure,
 * "no" for what cannot be measured) and says what to do where something can be done. Only a machine
 * on which nothing can be measured at all is a failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/cli/commands.h"
#include "harness/cli/doctor_rights.h"
#include "harness/measure/counters.h"
#include "harness/measure/machine.h"
#include "harness/plan/library_find.h"
#include "harness/plan/strategy_program.h"
#include "harness/run/discover.h"
#include "harness/run/escape_build.h"

enum finding { FINDING_OK, FINDING_NOTE, FINDING_NO, FINDING_COUNT };

struct doctor {
    unsigned findings[FINDING_COUNT];
};

static void doctor_section(const char *title) {
    printf("\n%s\n", title);
}

/* advice NULL: none is needed. */
static void doctor_say(struct doctor *d, enum finding finding, const char *what, const char *value,
                       const char *advice) {
    static const char *const words[FINDING_COUNT] = {"ok", "note", "no"};
    d->findings[finding]++;
    printf("  %-4s  %s: %s\n", words[finding], what, value);
    if (advice != NULL) {
        printf("        %s\n", advice);
    }
}

/* A fact that needs no judgement. */
static void doctor_fact(struct doctor *d, enum machine_fact fact) {
    char *value = machine_fact_text(fact);
    doctor_say(d, FINDING_OK, machine_key(fact), value, NULL);
    g_free(value);
}

/* A fact that is fine when it starts with one of the good words (separated by "|"). */
static void doctor_judge(struct doctor *d, enum machine_fact fact, const char *good,
                         const char *advice) {
    char *value = machine_fact_text(fact);
    char **words = g_strsplit(good, "|", -1);
    bool fine = false;
    for (char **word = words; *word != NULL && !fine; word++) {
        fine = g_str_has_prefix(value, *word);
    }
    doctor_say(d, fine ? FINDING_OK : FINDING_NOTE, machine_key(fact), value, fine ? NULL : advice);
    g_strfreev(words);
    g_free(value);
}

static void doctor_load(struct doctor *d) {
    double load;
    char *value = machine_fact_text(FACT_LOAD);
    bool busy = getloadavg(&load, 1) == 1 && load > 0.5 * machine_cpus_allowed();
    doctor_say(
        d, busy ? FINDING_NOTE : FINDING_OK, machine_key(FACT_LOAD), value,
        busy ? "other programs take CPU time and spread the results; end them, or ask for more "
               "--repetitions"
             : NULL);
    g_free(value);
}

static void doctor_cpus(struct doctor *d) {
    doctor_section("CPUs");
    doctor_fact(d, FACT_CPU_MODEL);
    char *allowed = machine_fact_text(FACT_CPUS_ALLOWED);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    char *value = g_strdup_printf("%ld online, this process may use %s", online, allowed);
    bool all = machine_cpus_allowed() == (unsigned long)online;
    doctor_say(d, all ? FINDING_OK : FINDING_NOTE, "cpus", value,
               all ? NULL
                   : "an affinity mask or a cpuset leaves some out; --threads above that shares "
                     "CPUs");
    doctor_judge(d, FACT_SMT, "off",
                 "two threads may share a core and slow each other; --cpus with one CPU per core "
                 "avoids it");
    doctor_fact(d, FACT_CACHES);
    doctor_judge(
        d, FACT_GOVERNOR, "performance",
        "the clock frequency may change while measuring; as root: cpupower frequency-set -g "
        "performance (a virtual machine cannot tell: its host decides)");
    doctor_judge(
        d, FACT_TURBO, "off",
        "the first seconds may run faster than the rest; rounds in random order spread that "
        "over all cells");
    doctor_judge(
        d, FACT_HYPERVISOR, "none",
        "another guest may take the CPU at any time; compare strategies within one run, not "
        "runs of different days");
    doctor_load(d);
    g_free(value);
    g_free(allowed);
}

/* The shortest of many readings in a row: what a reading costs when nothing interferes. */
static double clock_cost_ns(void) {
    enum { READINGS = 1000, TRIES = 20 };
    double best = 1e9;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        struct timespec first;
        struct timespec last;
        clock_gettime(CLOCK_MONOTONIC, &first);
        for (int i = 0; i < READINGS; i++) {
            clock_gettime(CLOCK_MONOTONIC, &last);
        }
        double ns =
            (double)(last.tv_sec - first.tv_sec) * 1e9 + (double)(last.tv_nsec - first.tv_nsec);
        best = MIN(best, ns / READINGS);
    }
    return best;
}

static void doctor_clock(struct doctor *d) {
    struct timespec resolution = {0, 0};
    clock_getres(CLOCK_MONOTONIC, &resolution);
    double cost = clock_cost_ns();
    doctor_section("clock");
    doctor_judge(
        d, FACT_CLOCK_SOURCE, "tsc|kvm-clock|arch_sys_counter|hyperv_clocksource",
        "a slow clock source makes pauses look longer; the kernel's log says why it left tsc");
    char *value = g_strdup_printf("resolution %ld ns, a reading costs %.0f ns",
                                  resolution.tv_nsec + resolution.tv_sec * 1000000000L, cost);
    bool slow = cost > 200;
    doctor_say(d, slow ? FINDING_NOTE : FINDING_OK, "CLOCK_MONOTONIC", value,
               slow ? "readings go through the kernel; pauses and slow allocations include that"
                    : NULL);
    g_free(value);
}

static void doctor_limit(struct doctor *d, const char *what, __rlimit_resource_t resource,
                         rlim_t enough) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) {
        return;
    }
    bool unlimited = limit.rlim_cur == RLIM_INFINITY;
    char *value = unlimited ? g_strdup("unlimited")
                            : g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)limit.rlim_cur);
    bool fine = unlimited || limit.rlim_cur >= enough;
    doctor_say(d, fine ? FINDING_OK : FINDING_NOTE, what, value,
               fine ? NULL : "may end a cell as oom or unavailable; raise it with ulimit");
    g_free(value);
}

static void doctor_memory(struct doctor *d) {
    doctor_section("memory");
    doctor_fact(d, FACT_MEMORY_TOTAL);
    char *available = machine_fact_text(FACT_MEMORY_AVAILABLE);
    bool little = g_ascii_strtoull(available, NULL, 10) < 1024ULL * 1024; /* in kB */
    doctor_say(d, little ? FINDING_NOTE : FINDING_OK, machine_key(FACT_MEMORY_AVAILABLE), available,
               little ? "under 1 GiB: large workloads may end as oom" : NULL);
    g_free(available);
    doctor_judge(d, FACT_THP, "madvise|never",
                 "huge pages appear when the kernel finds one, so resident memory and times jump; "
                 "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
    doctor_judge(
        d, FACT_ASLR, "2",
        "every repetition gets the same addresses: the spread then hides what a layout costs");
    doctor_limit(d, "address space limit (bytes)", RLIMIT_AS, (rlim_t)1 << 40);
    doctor_limit(d, "data limit (bytes)", RLIMIT_DATA, (rlim_t)1 << 40);
    doctor_limit(d, "stack limit (bytes)", RLIMIT_STACK, (rlim_t)8 << 20);
    doctor_limit(d, "open files", RLIMIT_NOFILE, 256);
    doctor_limit(d, "processes", RLIMIT_NPROC, 256);
}

static void doctor_counter(struct doctor *d, const char *name,
                           const struct counter_opening *opening) {
    if (opening->fd >= 0) {
        doctor_say(d, FINDING_OK, name,
                   opening->with_kernel ? "counts user and kernel" : "counts user mode only", NULL);
        close(opening->fd);
    } else {
        char *value =
            g_strdup_printf("cannot be opened (%s)", strerrorname_np(opening->error_number));
        doctor_say(d, FINDING_NO, name, value, NULL);
        g_free(value);
    }
}

/* The advice stands once below the events, because most share it. */
static void doctor_counters(struct doctor *d) {
    struct error err;
    doctor_section("counters");
    doctor_fact(d, FACT_PERF_PARANOID);
    struct counter_set *set = counters_new(counters_default, &err);
    if (set == NULL) {
        doctor_say(d, FINDING_NO, "libpfm4", err.text, NULL);
        return;
    }
    size_t count = counters_count(set);
    struct counter_opening *openings = g_new0(struct counter_opening, count);
    const char *reason_last = NULL;
    counters_open(set, openings);
    for (size_t i = 0; i < count; i++) {
        doctor_counter(d, counters_name(set, i), &openings[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const char *reason = counter_reason(openings[i].error_number);
        if (openings[i].fd < 0 && reason != reason_last) {
            printf("        %s: %s\n", strerrorname_np(openings[i].error_number), reason);
            reason_last = reason;
        }
    }
    g_free(openings);
    counters_free(set);
}

static void doctor_tool(struct doctor *d, const char *tool, const char *package,
                        const char *without) {
    char *path = g_find_program_in_path(tool);
    char *advice = g_strdup_printf("%s; apt-get install %s", without, package);
    doctor_say(d, path != NULL ? FINDING_OK : FINDING_NO, tool,
               path != NULL ? path : "not installed", path != NULL ? NULL : advice);
    g_free(advice);
    g_free(path);
}

/* The toolchain: only building and escape need it, a cell program that is built runs without. */
static void doctor_go_toolchain(struct doctor *d) {
    static const char advice[] =
        "without it the strategy go cannot be built; apt-get install golang-go, build again";
    struct go_toolchain go = {.is_sealed = true};
    struct error why;
    char *path = g_find_program_in_path("go");
    bool answers = path != NULL && go_toolchain_find(&go, path, &why);
    char *value = answers ? g_strdup_printf("%s, %s", path, go.version)
                          : g_strdup(path != NULL ? why.text : "not installed");
    doctor_say(d, answers ? FINDING_OK : FINDING_NO, "go", value, answers ? NULL : advice);
    go_toolchain_release(&go);
    g_free(value);
    g_free(path);
}

static void doctor_tools(struct doctor *d) {
    doctor_section("tools");
    doctor_go_toolchain(d);
    doctor_tool(d, "gnuplot", "gnuplot-nox", "without it plot writes tables only");
}

/* Usable, but with something to know: a note. */
static void doctor_rights(struct doctor *d) {
    struct doctor_right rights[DOCTOR_RIGHTS];
    doctor_section("what profile, trace and gate need");
    doctor_rights_try(rights);
    for (int i = 0; i < DOCTOR_RIGHTS; i++) {
        struct doctor_right *r = &rights[i];
        enum finding usable = r->advice == NULL ? FINDING_OK : FINDING_NOTE;
        doctor_say(d, r->is_usable ? usable : FINDING_NO, r->what, r->value, r->advice);
        doctor_right_release(r);
    }
}

static void doctor_mallocs(struct doctor *d) {
    doctor_section("mallocs known by name (any other: alias=./lib.so)");
    for (const struct malloc_library *m = malloc_libraries; m->name != NULL; m++) {
        char *path = m->soname != NULL ? library_find(m->soname) : g_strdup("the C library's own");
        char *advice =
            g_strdup_printf("its cells will be unavailable; apt-get install %s", m->package);
        doctor_say(d, path != NULL ? FINDING_OK : FINDING_NO, m->name,
                   path != NULL ? path : "not installed", path != NULL ? NULL : advice);
        g_free(advice);
        g_free(path);
    }
}

/* A setting that timed code may not branch on is a program of its own. */
static void doctor_variants(struct doctor *d, const struct binding_info *binding) {
    for (guint i = 0; i < binding->variants->len; i++) {
        const struct variant_info *variant = g_ptr_array_index(binding->variants, i);
        char *what = g_path_get_basename(variant->program);
        char *value = g_strdup_printf("%s:%s=%s, %s", binding->name, variant->setting,
                                      variant->value, variant->program);
        doctor_say(d, FINDING_OK, what, value, NULL);
        g_free(value);
        g_free(what);
    }
}

static void doctor_binding(struct doctor *d, const struct catalogue *c, const char *name) {
    const struct binding_info *binding = catalogue_binding_find(c, name);
    char *what = g_strconcat("cell-", name, NULL);
    if (binding != NULL) {
        char *value =
            g_strdup_printf("%u workloads, %s", binding->workloads->len, binding->program);
        doctor_say(d, FINDING_OK, what, value, NULL);
        g_free(value);
        doctor_variants(d, binding);
    } else {
        const struct known_binding *known = known_binding_find(name);
        char *advice = g_strconcat("its strategies will be unavailable; ", known->advice, NULL);
        doctor_say(d, FINDING_NO, what, "not built or not installed", advice);
        g_free(advice);
    }
    g_free(what);
}

/* Whether anything can be measured. */
static bool doctor_cells(struct doctor *d, struct error *err) {
    struct catalogue catalogue;
    char *notice = NULL;
    char *dir = cells_dir_find();
    catalogue_init(&catalogue);
    doctor_section("cell programs");
    bool found = catalogue_discover(&catalogue, dir, &notice, err);
    if (notice != NULL) {
        doctor_say(d, FINDING_NOTE, "left out", notice, NULL);
    }
    for (const struct known_binding *known = known_bindings; known->name != NULL; known++) {
        doctor_binding(d, &catalogue, known->name);
    }
    for (guint i = 0; i < catalogue.bindings->len; i++) {
        const struct binding_info *b = g_ptr_array_index(catalogue.bindings, i);
        if (known_binding_find(b->name) == NULL) {
            doctor_binding(d, &catalogue, b->name);
        }
    }
    catalogue_release(&catalogue);
    g_free(notice);
    g_free(dir);
    return found;
}

static bool doctor_go(struct error *err) {
    struct doctor d = {{0}};
    char *kernel = machine_fact_text(FACT_KERNEL);
    char *library = machine_fact_text(FACT_C_LIBRARY);
    printf("heapmark on %s, %s\n", kernel, library);
    g_free(kernel);
    g_free(library);
    doctor_cpus(&d);
    doctor_clock(&d);
    doctor_memory(&d);
    doctor_counters(&d);
    doctor_rights(&d);
    doctor_tools(&d);
    doctor_mallocs(&d);
    bool able = doctor_cells(&d, err);
    printf("\n%u ok, %u notes, %u that cannot be measured or are missing\n", d.findings[FINDING_OK],
           d.findings[FINDING_NOTE], d.findings[FINDING_NO]);
    return able;
}

static bool doctor_set(void *context, const char *name, const char *value, struct error *err) {
    (void)context, (void)value;
    return error_set(err, EXIT_USAGE, "doctor has no flag --%s", name);
}

static int cmd_doctor(const struct command *self, int argc, char **argv) {
    struct error err;
    bool help = false;
    if (!flags_parse(self, argc, argv, doctor_set, NULL, NULL, &help, &err)) {
        return command_refuse(&err);
    }
    if (help) {
        command_help_print(self);
        return EXIT_OK;
    }
    if (!doctor_go(&err)) {
        fflush(stdout);
        return command_refuse(&err);
    }
    return EXIT_OK;
}

static const struct flag doctor_flags[] = {{NULL, NULL, NULL, NULL}};

const struct command command_doctor = {
    .name = "doctor",
    .usage = "",
    .summary = "Says what this machine can and cannot measure, and what to do about it.",
    .flags = doctor_flags,
    .examples = {"heapmark doctor", "heapmark doctor | grep -v ' ok '"},
    .run = cmd_doctor,
};
