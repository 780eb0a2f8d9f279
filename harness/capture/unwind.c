/* libdw's view of a process, fed from samples instead of ptrace: one thread, whose registers and
   stack are those of the sample being unwound. */
#include "harness/capture/unwind.h"

#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    VDSO_BYTES_MAX = 64 << 10,
    USER_REGISTERS = 17,
};

struct chain {
    uint32_t locations[PROFILE_DEPTH_MAX];
    uint32_t depth;
    bool is_cut;
};

struct unwinder {
    Dwfl *dwfl;
    pid_t pid;
    bool is_reporting; /* mappings may still come */
    bool is_attached;
    bool is_go;
    const struct perf_sample *sample; /* being unwound */
    struct profile *profile;
    struct chain *chain;
};

/* ---- mappings ---- */

static const Dwfl_Callbacks dwfl_callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

struct unwinder *unwinder_new(pid_t pid) {
    struct unwinder *u = g_new0(struct unwinder, 1);
    unsetenv("DEBUGINFOD_URLS"); /* names are looked up here, not in the network */
    elf_version(EV_CURRENT);
    u->pid = pid;
    u->dwfl = dwfl_begin(&dwfl_callbacks);
    u->is_reporting = u->dwfl != NULL;
    if (u->is_reporting)
        dwfl_report_begin(u->dwfl);
    return u;
}

struct unwinder *unwinder_of_program(const char *path) {
    struct unwinder *u = unwinder_new(getpid());
    const char *slash = strrchr(path, '/');
    if (u->is_reporting)
        dwfl_report_elf(u->dwfl, slash == NULL ? path : slash + 1, path, -1, 0, true);
    return u;
}

void unwinder_free(struct unwinder *u) {
    if (u->dwfl != NULL)
        dwfl_end(u->dwfl);
    g_free(u);
}

/* What is added to the file's addresses where this piece of it is mapped. */
static bool mapping_bias(Elf *elf, const struct perf_mapping *m, uint64_t *out) {
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD ||
            (segment.p_flags & PF_X) == 0)
            continue;
        if (m->offset + m->bytes <= segment.p_offset ||
            m->offset >= segment.p_offset + segment.p_filesz)
            continue;
        *out = m->start - (segment.p_vaddr + m->offset - segment.p_offset);
        return true;
    }
    return false;
}

static bool elf_is_go(Elf *elf) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s)) != NULL;) {
        GElf_Shdr header;
        const char *name =
            gelf_getshdr(s, &header) == NULL ? NULL : elf_strptr(elf, names, header.sh_name);
        if (name != NULL && strcmp(name, ".gopclntab") == 0)
            return true;
    }
    return false;
}

/* The vDSO is no file, but it is the same in every process: a copy of ours. */
static int vdso_open(void) {
    unsigned long at = getauxval(AT_SYSINFO_EHDR);
    int fd = at == 0 ? -1 : memfd_create("vdso", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    Elf64_Ehdr header;
    memcpy(&header, (const void *)at, sizeof header);
    size_t bytes = header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
    if (bytes > VDSO_BYTES_MAX || write(fd, (const void *)at, bytes) != (ssize_t)bytes) {
        close(fd);
        return -1;
    }
    return fd;
}

void unwinder_map(struct unwinder *u, const struct perf_mapping *m) {
    bool is_vdso = strcmp(m->path, "[vdso]") == 0;
    uint64_t bias = 0;
    if (!u->is_reporting || !m->is_code || (m->path[0] != '/' && !is_vdso))
        return;
    int fd = is_vdso ? vdso_open() : open(m->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    bool is_known = elf != NULL && mapping_bias(elf, m, &bias);
    u->is_go |= elf != NULL && elf_is_go(elf);
    elf_end(elf);
    /* libdw closes the descriptor of what it takes */
    if (!is_known || dwfl_addrmodule(u->dwfl, m->start) != NULL ||
        dwfl_report_elf(u->dwfl, is_vdso ? m->path : strrchr(m->path, '/') + 1,
                        is_vdso ? "[vdso]" : m->path, fd, bias, true) == NULL)
        close(fd);
}

/* ---- a sample as a thread that stands still ---- */

static pid_t state_next_thread(Dwfl *dwfl, void *context, void **thread) {
    struct unwinder *u = context;
    (void)dwfl;
    if (*thread != NULL)
        return 0;
    *thread = u;
    return u->pid;
}

static bool state_get_thread(Dwfl *dwfl, pid_t tid, void *context, void **thread) {
    (void)dwfl, (void)tid;
    *thread = context;
    return true;
}

#ifdef __x86_64__
/* Where each of DWARF's registers is in the sample: ax dx cx bx si di bp sp, r8 to r15, ip. */
static const uint8_t sample_register[USER_REGISTERS] = {0,  3,  2,  1,  4,  5,  6,  7, 9,
                                                        10, 11, 12, 13, 14, 15, 16, 8};
enum { SAMPLE_SP = 7, SAMPLE_IP = 8 };
#else
static const uint8_t sample_register[USER_REGISTERS];
enum { SAMPLE_SP = 0, SAMPLE_IP = 0 };
#endif

static bool state_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *out, void *context) {
    const struct unwinder *u = context;
    const struct perf_sample *s = u->sample;
    uint64_t offset = address - s->registers[SAMPLE_SP];
    (void)dwfl;
    if (s->stack_bytes < sizeof *out || offset > s->stack_bytes - sizeof *out)
        return false;
    memcpy(out, s->stack + offset, sizeof *out);
    return true;
}

static bool state_registers(Dwfl_Thread *thread, void *context) {
    const struct unwinder *u = context;
    Dwarf_Word registers[USER_REGISTERS];
    for (size_t i = 0; i < USER_REGISTERS; i++)
        registers[i] = u->sample->registers[sample_register[i]];
    return dwfl_thread_state_registers(thread, 0, USER_REGISTERS, registers);
}

static const Dwfl_Thread_Callbacks state_callbacks = {
    .next_thread = state_next_thread,
    .get_thread = state_get_thread,
    .memory_read = state_read,
    .set_initial_registers = state_registers,
};

static void unwinder_attach(struct unwinder *u) {
    if (!u->is_reporting)
        return;
    u->is_reporting = false;
    dwfl_report_end(u->dwfl, NULL, NULL);
    u->is_attached =
        PERF_REGISTERS > 0 && dwfl_attach_state(u->dwfl, NULL, u->pid, &state_callbacks, u);
}

/* ---- chains ---- */

static bool chain_add(struct chain *c, uint32_t location) {
    if (c->depth == PROFILE_DEPTH_MAX) {
        c->is_cut = true;
        return false;
    }
    c->locations[c->depth++] = location;
    return true;
}

uint32_t unwinder_location(struct unwinder *u, struct profile *p, uint64_t pc) {
    unwinder_attach(u);
    Dwfl_Module *module = u->dwfl == NULL ? NULL : dwfl_addrmodule(u->dwfl, pc);
    return module == NULL ? symbols_unknown(p, pc) : symbols_location(p, module, pc);
}

static int chain_add_frame(Dwfl_Frame *frame, void *context) {
    struct unwinder *u = context;
    Dwarf_Addr pc;
    bool is_activation; /* pc is the instruction itself, not where a call returns to */
    if (!dwfl_frame_pc(frame, &pc, &is_activation))
        return DWARF_CB_ABORT;
    if (pc == 0)
        return DWARF_CB_OK;
    if (u->chain->depth > 0 && dwfl_addrmodule(u->dwfl, pc) == NULL)
        return DWARF_CB_ABORT; /* a made-up address: the table was wrong, or the stack cut */
    uint32_t location = unwinder_location(u, u->profile, is_activation ? pc : pc - 1);
    return chain_add(u->chain, location) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* By unwind tables; false when the walk broke. */
static bool chain_unwind(struct unwinder *u) {
    return dwfl_getthread_frames(u->dwfl, u->pid, chain_add_frame, u) == 0;
}

static bool is_mark(uint64_t ip) {
    return ip >= (uint64_t)PERF_CONTEXT_MAX;
}

/* The kernel's part of the chain that the kernel wrote. */
static void chain_add_kernel(struct unwinder *u, const struct kernel_symbols *kernel) {
    const struct perf_sample *s = u->sample;
    bool inside = false, is_leaf = true;
    for (uint64_t i = 0; i < s->chain_count; i++) {
        if (is_mark(s->chain[i])) {
            inside = s->chain[i] == (uint64_t)PERF_CONTEXT_KERNEL;
        } else if (inside) {
            chain_add(u->chain, symbols_kernel(u->profile, kernel, s->chain[i] - !is_leaf));
            is_leaf = false;
        }
    }
}

static bool function_is_first_of_go(const char *name) {
    static const char *const first[] = {"runtime.goexit",
                                        "runtime.goexit.abi0",
                                        "runtime.mcall",
                                        "runtime.mcall.abi0",
                                        "runtime.mstart",
                                        "runtime.mstart.abi0",
                                        "runtime.rt0_go",
                                        "runtime.rt0_go.abi0",
                                        "_rt0_amd64_linux",
                                        "runtime.mstart0",
                                        "runtime.mstart1",
                                        "runtime.clone",
                                        "runtime.clone.abi0",
                                        "runtime.morestack",
                                        "runtime.sigreturn__sigaction",
                                        NULL};
    return g_strv_contains(first, name);
}

static const char *chain_root_name(const struct unwinder *u) {
    if (u->chain->depth == 0)
        return "";
    const struct profile_location *root =
        profile_location_at(u->profile, u->chain->locations[u->chain->depth - 1]);
    const struct profile_line *line =
        &g_array_index(u->profile->lines, struct profile_line, root->first + root->line_count - 1);
    return profile_function_at(u->profile, line->function)->name;
}

/* By frame pointers, as the kernel followed them; false when it ends elsewhere than a thread does.
 */
static bool chain_follow(struct unwinder *u) {
    const struct perf_sample *s = u->sample;
    bool inside = false, is_leaf = true;
    for (uint64_t i = 0; i < s->chain_count; i++) {
        if (is_mark(s->chain[i])) {
            inside = s->chain[i] == (uint64_t)PERF_CONTEXT_USER;
        } else if (inside && s->chain[i] > 4096) {
            if (!is_leaf && dwfl_addrmodule(u->dwfl, s->chain[i]) == NULL)
                return false; /* not a code address: the register was no frame pointer */
            chain_add(u->chain, unwinder_location(u, u->profile, s->chain[i] - !is_leaf));
            is_leaf = false;
        }
    }
    return u->is_go ? function_is_first_of_go(chain_root_name(u)) : !is_leaf;
}

uint32_t unwinder_stack(struct unwinder *u, struct profile *p, const struct kernel_symbols *kernel,
                        const struct perf_sample *sample) {
    struct chain chain = {.depth = 0};
    unwinder_attach(u);
    u->sample = sample;
    u->profile = p;
    u->chain = &chain;
    chain_add_kernel(u, kernel);
    bool by_table =
        u->is_attached && !u->is_go && sample->registers != NULL && sample->stack_bytes > 0;
    bool is_whole = u->dwfl != NULL && (by_table ? chain_unwind(u) : chain_follow(u));
    if (chain.depth == 0)
        chain_add(&chain, symbols_unknown(p, sample->ip));
    u->chain = NULL; /* which is this call's only */
    return profile_stack_add(p, chain.locations, chain.depth, !is_whole || chain.is_cut);
}
