/* See kernel_calls.h. */
#include "harness/capture/kernel_calls.h"

#include <dlfcn.h>
#include <link.h>
#include <linux/hw_breakpoint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    enum kernel_row_kind kind;
    unsigned value, extra; /* which arguments are kept, from 0 */
} calls[KERNEL_CALLS] = {
    {"munmap", KERNEL_UNMAP, 1, 0},
    {"madvise", KERNEL_ADVISE, 1, 2},
    {"mremap", KERNEL_REMAP, 2, 1},
    {"brk", KERNEL_BRK, 0, 0},
};

enum { ARGUMENTS = 3 };

/* The registers of a call's first three arguments: the mask to ask for them, and where each is
   among those that come, which are in the order of their bits. */
#if defined(__x86_64__)
enum { REGISTERS = 1 << 3 | 1 << 4 | 1 << 5 }; /* rdx, rsi, rdi */
static const unsigned argument_places[ARGUMENTS] = {2, 1, 0};
#elif defined(__aarch64__)
enum { REGISTERS = 1 << 0 | 1 << 1 | 1 << 2 }; /* x0, x1, x2 */
static const unsigned argument_places[ARGUMENTS] = {0, 1, 2};
#else
enum { REGISTERS = 0 };
static const unsigned argument_places[ARGUMENTS] = {0};
#endif

/* ---- the library ---- */

struct code {
    uintptr_t within; /* an address in the library */
    uintptr_t start;  /* of its code, once found */
    uint64_t offset;  /* in the file */
};

/* Of each library that heapmark has mapped: whether it is the one, and where its code begins. */
static int code_find(struct dl_phdr_info *info, size_t size, void *context) {
    struct code *code = context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    for (ElfW(Half) i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0 || code->within < start ||
            code->within >= start + part->p_memsz)
            continue;
        code->start = start & ~(page - 1);
        code->offset = part->p_offset & ~(uint64_t)(page - 1);
        return 1;
    }
    return 0;
}

void kernel_calls_init(struct kernel_calls *c) {
    void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    struct code code = {0};
    Dl_info info;
    bool ok = REGISTERS != 0 && library != NULL;
    *c = (struct kernel_calls){.library = NULL};
    for (unsigned i = 0; ok && i < KERNEL_CALLS; i++) {
        uintptr_t at = (uintptr_t)dlsym(library, calls[i].name);
        code.within = at;
        ok = at != 0 && dl_iterate_phdr(code_find, &code) == 1;
        c->distances[i] = at - code.start;
    }
    /* Its name without symbolic links, as the kernel tells it. */
    if (ok && dladdr((void *)code.within, &info) != 0)
        c->library = realpath(info.dli_fname, NULL);
    c->code_offset = code.offset;
    if (library != NULL)
        dlclose(library);
}

void kernel_calls_release(struct kernel_calls *c) {
    free(c->library);
    c->library = NULL;
}

bool kernel_calls_place(struct kernel_calls *c, const struct kernel_mapping *mapping) {
    if (c->library == NULL || !mapping->is_code || mapping->offset != c->code_offset ||
        strcmp(mapping->path, c->library) != 0)
        return false;
    for (unsigned i = 0; i < KERNEL_CALLS; i++)
        c->addresses[i] = mapping->start + c->distances[i];
    return true;
}

/* ---- the events ---- */

void kernel_calls_attr(const struct kernel_calls *c, unsigned call, struct perf_event_attr *attr) {
    attr->type = PERF_TYPE_BREAKPOINT;
    attr->config = 0;
    attr->bp_type = HW_BREAKPOINT_X;
    attr->bp_addr = c->addresses[call];
    attr->bp_len = sizeof(long);
    attr->exclude_kernel = 1;
    attr->sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_REGS_USER;
    attr->sample_regs_user = REGISTERS;
}

/* A sample is its head, where it was, thread, time, CPU, the kind of registers and these. */
bool kernel_calls_read(const struct kernel_calls *c, const unsigned char *record, size_t bytes,
                       struct kernel_row *row) {
    enum { HEAD = 8, WORDS = 5 + ARGUMENTS };
    uint64_t words[WORDS];
    struct perf_event_header header;
    if (bytes < HEAD + sizeof words)
        return false;
    memcpy(&header, record, sizeof header);
    if (header.type != PERF_RECORD_SAMPLE)
        return false;
    memcpy(words, record + HEAD, sizeof words);
    for (unsigned i = 0; i < KERNEL_CALLS; i++) {
        if (words[0] != c->addresses[i])
            continue;
        const uint64_t *registers = &words[5];
        *row = (struct kernel_row){.kind = (uint8_t)calls[i].kind,
                                   .tid = (uint32_t)(words[1] >> 32),
                                   .time_ns = words[2],
                                   .cpu = (uint16_t)words[3],
                                   .value = registers[argument_places[calls[i].value]],
                                   .extra = registers[argument_places[calls[i].extra]]};
        return true;
    }
    return false;
}
