/*
 * What machine this is: every fact is a line of a file in /proc or /sys, or a call to the C
 * library.
 *
 * A fact that cannot be had is "unknown", never left out: whoever compares two runs must see what
 * was not known.
 */
#include "harness/measure/machine.h"

#include <glib.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A file's first line without blanks around it, NULL when it cannot be read. */
static char *file_line(const char *path) {
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    return g_strstrip(text);
}

/* The value of "key : value" in a file such as /proc/cpuinfo, NULL when it has none. */
static char *file_value(const char *path, const char *key) {
    char *text = NULL;
    char *value = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && value == NULL; line++) {
        char *colon = strchr(*line, ':');
        if (colon != NULL) {
            *colon = '\0';
            if (strcmp(g_strstrip(*line), key) == 0) {
                value = g_strdup(g_strstrip(colon + 1));
            }
        }
    }
    g_strfreev(lines);
    g_free(text);
    return value;
}

/* The word in brackets of a choice such as "always [madvise] never". */
static char *file_choice(const char *path) {
    char *line = file_line(path);
    if (line == NULL) {
        return NULL;
    }
    const char *open = strchr(line, '[');
    const char *close = open == NULL ? NULL : strchr(open, ']');
    char *word = close == NULL ? NULL : g_strndup(open + 1, (gsize)(close - open - 1));
    g_free(line);
    return word;
}

static char *cpu_model_read(void) {
    char *model = file_value("/proc/cpuinfo", "model name");
    return model != NULL ? model : file_value("/proc/cpuinfo", "CPU part");
}

static char *cpus_online_read(void) {
    return g_strdup_printf("%ld", sysconf(_SC_NPROCESSORS_ONLN));
}

char *cpu_list_text(const unsigned *cpus, size_t count) {
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count;) {
        size_t last = i;
        while (last + 1 < count && cpus[last + 1] == cpus[last] + 1) {
            last++;
        }
        g_string_append_printf(text, "%s%u", text->len > 0 ? "," : "", cpus[i]);
        if (last > i) {
            g_string_append_printf(text, "-%u", cpus[last]);
        }
        i = last + 1;
    }
    return g_string_free(text, FALSE);
}

/* Up to CPU_SETSIZE numbers, ascending; their count. */
static size_t cpus_allowed(unsigned *cpus) {
    cpu_set_t set;
    size_t count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 0;
    }
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus[count++] = cpu;
        }
    }
    return count;
}

static char *cpus_allowed_read(void) {
    unsigned cpus[CPU_SETSIZE];
    size_t count = cpus_allowed(cpus);
    return count == 0 ? NULL : cpu_list_text(cpus, count);
}

unsigned machine_cpus_allowed(void) {
    unsigned cpus[CPU_SETSIZE];
    size_t count = cpus_allowed(cpus);
    return count == 0 ? 1 : (unsigned)count;
}

static char *smt_read(void) {
    char *siblings = file_line("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
    if (siblings == NULL) {
        return NULL;
    }
    bool shared = strpbrk(siblings, ",-") != NULL;
    char *text = shared ? g_strdup_printf("on (CPUs %s share a core)", siblings)
                        : g_strdup("off (one CPU to a core)");
    g_free(siblings);
    return text;
}

/* "L1d 32K, L1i 32K, L2 1024K, L3 32768K" of the first CPU. */
static char *caches_read(void) {
    GString *text = g_string_new(NULL);
    for (unsigned index = 0; index < 8; index++) {
        char *dir = g_strdup_printf("/sys/devices/system/cpu/cpu0/cache/index%u/", index);
        char *level_path = g_strconcat(dir, "level", NULL);
        char *type_path = g_strconcat(dir, "type", NULL);
        char *size_path = g_strconcat(dir, "size", NULL);
        char *level = file_line(level_path);
        char *type = file_line(type_path);
        char *size = file_line(size_path);
        if (level != NULL && type != NULL && size != NULL) {
            const char *letter = *type == 'D' ? "d" : *type == 'I' ? "i" : "";
            g_string_append_printf(text, "%sL%s%s %s", text->len > 0 ? ", " : "", level, letter,
                                   size);
        }
        g_free(level);
        g_free(type);
        g_free(size);
        g_free(level_path);
        g_free(type_path);
        g_free(size_path);
        g_free(dir);
    }
    return g_string_free(text, text->len == 0);
}

static char *memory_total_read(void) {
    return file_value("/proc/meminfo", "MemTotal");
}

static char *memory_available_read(void) {
    return file_value("/proc/meminfo", "MemAvailable");
}

static char *swap_read(void) {
    return file_value("/proc/meminfo", "SwapTotal");
}

static char *kernel_read(void) {
    struct utsname name;
    if (uname(&name) != 0) {
        return NULL;
    }
    return g_strdup_printf("%s %s %s", name.sysname, name.release, name.machine);
}

static char *c_library_read(void) {
    return g_strdup_printf("glibc %s", gnu_get_libc_version());
}

static char *thp_read(void) {
    return file_choice("/sys/kernel/mm/transparent_hugepage/enabled");
}

static char *aslr_read(void) {
    char *line = file_line("/proc/sys/kernel/randomize_va_space");
    if (line == NULL) {
        return NULL;
    }
    const char *meaning = *line == '0' ? "off" : *line == '1' ? "on, brk excepted" : "on";
    char *text = g_strdup_printf("%s (%s)", line, meaning);
    g_free(line);
    return text;
}

static char *governor_read(void) {
    return file_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
}

static char *turbo_read(void) {
    char *no_turbo = file_line("/sys/devices/system/cpu/intel_pstate/no_turbo");
    char *boost = file_line("/sys/devices/system/cpu/cpufreq/boost");
    char *text = NULL;
    if (no_turbo != NULL) {
        text = g_strdup(*no_turbo == '1' ? "off" : "on");
    } else if (boost != NULL) {
        text = g_strdup(*boost == '0' ? "off" : "on");
    }
    g_free(no_turbo);
    g_free(boost);
    return text;
}

static char *clock_source_read(void) {
    return file_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
}

static char *perf_paranoid_read(void) {
    return file_line("/proc/sys/kernel/perf_event_paranoid");
}

/* The flag says that there is one; who it is, its vendor's name in the firmware tables. */
static char *hypervisor_read(void) {
    char *flags = file_value("/proc/cpuinfo", "flags");
    if (flags == NULL) {
        return NULL;
    }
    char **words = g_strsplit(flags, " ", -1);
    bool guest = g_strv_contains((const char *const *)words, "hypervisor");
    g_strfreev(words);
    g_free(flags);
    if (!guest) {
        return g_strdup("none seen");
    }
    char *vendor = file_line("/sys/class/dmi/id/sys_vendor");
    char *text =
        g_strdup_printf("yes%s%s", vendor != NULL ? ", " : "", vendor != NULL ? vendor : "");
    g_free(vendor);
    return text;
}

static char *load_read(void) {
    double load[3];
    if (getloadavg(load, 3) != 3) {
        return NULL;
    }
    return g_strdup_printf("%.2f %.2f %.2f", load[0], load[1], load[2]);
}

static char *version_read(void) {
    return g_strdup(HEAPMARK_VERSION);
}

static char *compiler_read(void) {
    return g_strdup(HEAPMARK_COMPILER);
}

static char *build_read(void) {
    return g_strdup(HEAPMARK_BUILD);
}

static const struct {
    const char *key;
    char *(*read)(void);
} facts[FACT_COUNT] = {
    [FACT_CPU_MODEL] = {"cpu", cpu_model_read},
    [FACT_CPUS_ONLINE] = {"cpus online", cpus_online_read},
    [FACT_CPUS_ALLOWED] = {"cpus allowed", cpus_allowed_read},
    [FACT_SMT] = {"smt", smt_read},
    [FACT_CACHES] = {"caches", caches_read},
    [FACT_MEMORY_TOTAL] = {"memory", memory_total_read},
    [FACT_MEMORY_AVAILABLE] = {"memory available", memory_available_read},
    [FACT_SWAP] = {"swap", swap_read},
    [FACT_KERNEL] = {"kernel", kernel_read},
    [FACT_C_LIBRARY] = {"c library", c_library_read},
    [FACT_THP] = {"transparent huge pages", thp_read},
    [FACT_ASLR] = {"address space randomisation", aslr_read},
    [FACT_GOVERNOR] = {"frequency governor", governor_read},
    [FACT_TURBO] = {"turbo", turbo_read},
    [FACT_CLOCK_SOURCE] = {"clock source", clock_source_read},
    [FACT_PERF_PARANOID] = {"perf_event_paranoid", perf_paranoid_read},
    [FACT_HYPERVISOR] = {"hypervisor", hypervisor_read},
    [FACT_LOAD] = {"load (1, 5, 15 min)", load_read},
    [FACT_VERSION] = {"heapmark", version_read},
    [FACT_COMPILER] = {"compiler", compiler_read},
    [FACT_BUILD] = {"build", build_read},
};

const char *machine_key(enum machine_fact fact) {
    return facts[fact].key;
}

char *machine_fact_text(enum machine_fact fact) {
    char *text = facts[fact].read();
    if (text != NULL && *text == '\0') {
        g_free(text);
        text = NULL;
    }
    return text != NULL ? text : g_strdup("unknown");
}

char *machine_text(void) {
    GString *text = g_string_new(NULL);
    for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
        char *value = machine_fact_text((enum machine_fact)fact);
        g_string_append_printf(text, "%s: %s\n", facts[fact].key, value);
        g_free(value);
    }
    return g_string_free(text, FALSE);
}
