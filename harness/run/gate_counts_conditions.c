/* What must be the same for a count to be compared with a stored one. */
#include <gnu/libc-version.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/run/gate_counts.h"
#include "harness/run/instruction_count.h"

static char *instruction_conditions(void) {
    struct instruction_tool tool;
    struct error err;
    if (!instruction_tool_find(&tool, &err))
        return NULL;
    char *text =
        g_strdup_printf("%s, %s, glibc %s", tool.version, tool.processor, gnu_get_libc_version());
    instruction_tool_release(&tool);
    return text;
}

/* The kernel maps file pages in advance, and huge pages, as it is set up. */
static char *fault_conditions(void) {
    struct utsname kernel;
    char *huge = NULL;
    const char *mode = "?";
    if (uname(&kernel) != 0)
        return NULL;
    if (g_file_get_contents("/sys/kernel/mm/transparent_hugepage/enabled", &huge, NULL, NULL)) {
        char *open = strchr(huge, '['), *close = strchr(huge, ']');
        if (open != NULL && close != NULL && open < close) {
            *close = '\0';
            mode = open + 1;
        }
    }
    char *text =
        g_strdup_printf("glibc %s, Linux %s, pages of %ld B, huge pages %s", gnu_get_libc_version(),
                        kernel.release, sysconf(_SC_PAGESIZE), mode);
    g_free(huge);
    return text;
}

char *gate_counts_conditions(const char *metric) {
    if (strcmp(metric, "instructions") == 0)
        return instruction_conditions();
    if (strcmp(metric, "minor_faults") == 0)
        return fault_conditions();
    if (g_str_has_suffix(metric, "_calls"))
        return g_strdup_printf("glibc %s, %ld CPUs", gnu_get_libc_version(),
                               sysconf(_SC_NPROCESSORS_ONLN));
    return g_strdup("");
}
