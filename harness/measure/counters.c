/*
 * Counters: libpfm4 turns a name into a perf_event_attr, the kernel alone says whether it counts.
 *
 * An event is opened with the kernel's part first, because page faults and system calls are part of
 * what an allocator costs. An ordinary user may be refused that (perf_event_paranoid 2 is the usual
 * setting); then user mode alone is tried, except for events that only ever happen inside the
 * kernel: those would open and count nothing, and a zero that nobody measured is worse than an
 * empty cell.
 */
#include "harness/measure/counters.h"

#include <errno.h>
#include <glib.h>
#include <linux/perf_event.h>
#include <perfmon/pfmlib_perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct counter_event {
    char *name; /* as asked for */
    struct perf_event_attr attr;
    bool encoded; /* false: libpfm4 knows no such event on this machine */
};

struct counter_set {
    size_t count;
    struct counter_event *events;
};

/* Names of libpfm4's generic perf_events PMU, so that they encode on every machine. */
const char *const counters_default =
    "cycles,instructions,cache-references,cache-misses,branches,branch-misses,dTLB-load-misses,"
    "page-faults,minor-faults,major-faults,context-switches,cpu-migrations,task-clock";

static bool counter_is_default(const char *name) {
    char **names = g_strsplit(counters_default, ",", -1);
    bool found = g_strv_contains((const char *const *)names, name);
    g_strfreev(names);
    return found;
}

/* libpfm4's answer for one name; its PFM_SUCCESS is 0. */
static int counter_encode(const char *name, struct perf_event_attr *attr) {
    pfm_perf_encode_arg_t argument;
    memset(&argument, 0, sizeof argument);
    argument.size = sizeof argument;
    argument.attr = attr;
    memset(attr, 0, sizeof *attr);
    attr->size = sizeof *attr;
    int answer =
        pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT_EXT, &argument);
    attr->disabled = 1;
    attr->inherit = 1;
    attr->read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return answer;
}

static bool counter_add(GArray *events, const char *name, struct error *err) {
    struct counter_event event = {0};
    int answer = counter_encode(name, &event.attr);
    event.encoded = answer == PFM_SUCCESS;
    if (!event.encoded && !counter_is_default(name)) {
        return error_set(err, EXIT_USAGE,
                         "libpfm4 knows no event \"%s\" on this machine (%s); names such as %s "
                         "work everywhere",
                         name, pfm_strerror(answer), "page-faults or instructions");
    }
    event.name = g_strdup(name);
    g_array_append_val(events, event);
    return true;
}

static bool counters_has(const GArray *events, const char *name) {
    for (guint i = 0; i < events->len; i++) {
        if (strcmp(g_array_index(events, struct counter_event, i).name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool counters_add_all(GArray *events, char *const *names, struct error *err) {
    for (; *names != NULL; names++) {
        const char *name = g_strstrip(*names);
        if (*name == '\0') {
            return error_set(err, EXIT_USAGE, "the list of counters has an empty name");
        }
        if (counters_has(events, name)) {
            continue;
        }
        if (events->len == COUNTERS_MAX) {
            return error_set(err, EXIT_USAGE, "counters has more than %d events", COUNTERS_MAX);
        }
        if (!counter_add(events, name, err)) {
            return false;
        }
    }
    return true;
}

struct counter_set *counters_new(const char *list, struct error *err) {
    if (pfm_initialize() != PFM_SUCCESS) {
        error_set(err, EXIT_CANNOT, "libpfm4 could not start, so no event name is known");
        return NULL;
    }
    GArray *events = g_array_new(FALSE, TRUE, sizeof(struct counter_event));
    char **names = g_strsplit(list, ",", -1);
    bool good = counters_add_all(events, names, err);
    g_strfreev(names);
    struct counter_set *set = g_new0(struct counter_set, 1);
    set->count = events->len;
    set->events = (struct counter_event *)(void *)g_array_free(events, FALSE);
    if (!good) {
        counters_free(set);
        return NULL;
    }
    return set;
}

void counters_free(struct counter_set *set) {
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        g_free(set->events[i].name);
    }
    g_free(set->events);
    g_free(set);
}

size_t counters_count(const struct counter_set *set) {
    return set->count;
}

const char *counters_name(const struct counter_set *set, size_t index) {
    return set->events[index].name;
}

static bool attr_is_software(const struct perf_event_attr *attr, uint64_t config) {
    return attr->type == PERF_TYPE_SOFTWARE && attr->config == config;
}

/* Switches and migrations happen in the kernel: without its part they would always count 0. */
static bool attr_needs_kernel(const struct perf_event_attr *attr) {
    return attr_is_software(attr, PERF_COUNT_SW_CONTEXT_SWITCHES) ||
           attr_is_software(attr, PERF_COUNT_SW_CPU_MIGRATIONS);
}

/* The software clocks read the task's time and heed no exclusion. */
static bool attr_counts_all(const struct perf_event_attr *attr) {
    return attr_is_software(attr, PERF_COUNT_SW_TASK_CLOCK) ||
           attr_is_software(attr, PERF_COUNT_SW_CPU_CLOCK);
}

static int attr_open(const struct perf_event_attr *attr) {
    return (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, 0UL);
}

static struct counter_opening event_open(const struct counter_event *event) {
    struct counter_opening opening = {.fd = -1, .error_number = ENOENT};
    if (!event->encoded) {
        return opening;
    }
    struct perf_event_attr attr = event->attr;
    opening.fd = attr_open(&attr);
    opening.error_number = opening.fd < 0 ? errno : 0;
    bool refused = opening.error_number == EACCES || opening.error_number == EPERM;
    if (refused && !attr.exclude_user && !attr_needs_kernel(&attr)) {
        attr.exclude_kernel = 1;
        attr.exclude_hv = 1;
        opening.fd = attr_open(&attr);
        opening.error_number = opening.fd < 0 ? errno : 0;
    }
    opening.with_kernel = opening.fd >= 0 && (!attr.exclude_kernel || attr_counts_all(&attr));
    return opening;
}

void counters_open(const struct counter_set *set, struct counter_opening *openings) {
    for (size_t i = 0; i < set->count; i++) {
        openings[i] = event_open(&set->events[i]);
    }
}

const char *counter_reason(int error_number) {
    switch (error_number) {
    case 0:
        return "opened";
    case ENOENT:
    case ENXIO:
    case ENODEV:
    case EOPNOTSUPP:
        return "no such hardware counter here (a virtual machine without a PMU, usually): measure "
               "on "
               "the bare machine, or have the hypervisor pass the PMU on";
    case EACCES:
    case EPERM:
        return "not allowed: as root set kernel.perf_event_paranoid to 1 or less, or in a "
               "container "
               "allow perf_event_open (CAP_PERFMON, seccomp)";
    case ENOSYS:
        return "this kernel or sandbox has no perf_event_open";
    case EMFILE:
    case ENFILE:
        return "too many open files: raise ulimit -n, or ask for fewer counters";
    case EBUSY:
        return "the PMU is held by another program: end it";
    case EINVAL:
        return "the kernel does not accept this event on this CPU: leave it out of --counters";
    default:
        return "perf_event_open failed for a reason heapmark does not know";
    }
}
