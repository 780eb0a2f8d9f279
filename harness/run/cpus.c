/* CPU lists, and whether their CPUs are ours to use. */
#include "harness/run/cpus.h"

#include <errno.h>
#include <string.h>

#include "harness/base/text.h"

static bool cpus_add(const char *range, cpu_set_t *out) {
    char **ends = g_strsplit(range, "-", 3);
    guint count = g_strv_length(ends);
    uint64_t first = 0, last = 0;
    bool ok = (count == 1 || count == 2) && count_parse(ends[0], 0, CPU_SETSIZE - 1, &first) &&
              count_parse(ends[count - 1], first, CPU_SETSIZE - 1, &last);
    for (uint64_t cpu = first; ok && cpu <= last; cpu++)
        CPU_SET((size_t)cpu, out);
    g_strfreev(ends);
    return ok;
}

static bool cpus_check(const cpu_set_t *wanted, struct error *err) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return error_set(err, EXIT_CANNOT, "--cpus: cannot ask which CPUs may be used: %s",
                         g_strerror(errno));
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, wanted) && !CPU_ISSET(cpu, &allowed))
            return error_set(err, EXIT_CANNOT, "--cpus: this process may not use CPU %zu", cpu);
    }
    return true;
}

bool cpus_parse(const char *list, cpu_set_t *out, struct error *err) {
    char **ranges = g_strsplit(list, ",", -1);
    bool ok = ranges[0] != NULL;
    CPU_ZERO(out);
    for (char **range = ranges; ok && *range != NULL; range++)
        ok = cpus_add(g_strstrip(*range), out);
    g_strfreev(ranges);
    if (!ok)
        return error_set(err, EXIT_USAGE, "--cpus '%s': a list of CPUs looks like 0,2-3", list);
    return cpus_check(out, err);
}
