/* Resident memory and faults of the calling process. */
#include "harness/measure/process_memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
