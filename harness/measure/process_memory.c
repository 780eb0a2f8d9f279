/* Resident memory and faults of the calling process. */
#include "harness/measure/process_memory.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The line of /proc/self/status that starts with `key`, in KiB, as bytes. */
static uint64_t status_bytes(const char *key) {
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *line = strstr(text, key);
    return line == NULL ? 0 : strtoull(line + strlen(key), NULL, 10) * 1024;
}

uint64_t resident_bytes(void) {
    return status_bytes("\nVmRSS:");
}

uint64_t resident_bytes_peak(void) {
    return status_bytes("\nVmHWM:");
}

static bool is_harness_library(const char *path) {
    static const char *const names[] = {"libbenchmark.so", "libstdc++.so", "libgcc_s.so",
                                        "libm.so"};
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(file, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* A segment that is not writable in the file was never written, so the file has it all. */
static int library_release(struct dl_phdr_info *library, size_t size, void *unused) {
    (void)size, (void)unused;
    if (!is_harness_library(library->dlpi_name))
        return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &library->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        uintptr_t start = (library->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = library->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void resident_harness_release(void) {
    dl_iterate_phdr(library_release, NULL);
}

bool resident_peak_reset(void) {
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, "5", 1) == 1;
    close(fd);
    return done;
}

void process_usage_read(struct process_usage *usage) {
    struct rusage now;
    getrusage(RUSAGE_SELF, &now);
    usage->minor_faults = (uint64_t)now.ru_minflt;
    usage->major_faults = (uint64_t)now.ru_majflt;
    usage->context_switches = (uint64_t)(now.ru_nvcsw + now.ru_nivcsw);
}
