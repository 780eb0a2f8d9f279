/*
 * An address is looked up once: locations are interned, and a profile of a minute has some hundreds
 * of them. So nothing here needs to be fast.
 */
#include "harness/capture/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum { INLINED_MAX = 32 };

/* ---- the kernel ---- */

struct kernel_symbol_entry {
    uint64_t address;
    const char *name;
};

struct kernel_symbols {
    GArray *entries; /* of struct kernel_symbol_entry, by address */
    GStringChunk *text;
};

static int kernel_symbol_compare(const void *a, const void *b) {
    const struct kernel_symbol_entry *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/* "ffffffff81000000 T _stext [module]" */
static void kernel_symbols_add(struct kernel_symbols *k, char *line) {
    char *end;
    struct kernel_symbol_entry entry = {.address = strtoull(line, &end, 16)};
    if (entry.address == 0 || end[0] != ' ' || strchr("tTwW", end[1]) == NULL || end[1] == '\0' ||
        end[2] != ' ')
        return;
    char *name = end + 3;
    name[strcspn(name, "\t ")] = '\0';
    entry.name = g_string_chunk_insert_const(k->text, name);
    g_array_append_val(k->entries, entry);
}

struct kernel_symbols *kernel_symbols_new(const char *path) {
    struct kernel_symbols *k = g_new0(struct kernel_symbols, 1);
    char *text = NULL, *next;
    k->entries = g_array_new(FALSE, FALSE, sizeof(struct kernel_symbol_entry));
    k->text = g_string_chunk_new(1 << 16);
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        for (char *line = text; line != NULL; line = next) {
            next = strchr(line, '\n');
            if (next != NULL)
                *next++ = '\0';
            kernel_symbols_add(k, line);
        }
    }
    g_free(text);
    g_array_sort(k->entries, kernel_symbol_compare);
    return k;
}

void kernel_symbols_free(struct kernel_symbols *k) {
    g_array_free(k->entries, TRUE);
    g_string_chunk_free(k->text);
    g_free(k);
}

bool kernel_symbols_known(const struct kernel_symbols *k) {
    return k->entries->len > 0;
}

const char *kernel_symbol(const struct kernel_symbols *k, uint64_t address) {
    guint low = 0, high = k->entries->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(k->entries, struct kernel_symbol_entry, middle).address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? "[kernel]"
                    : g_array_index(k->entries, struct kernel_symbol_entry, low - 1).name;
}

/* ---- one function ---- */

static const char *module_path(Dwfl_Module *module) {
    const char *file = NULL;
    const char *name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &file, NULL);
    return file != NULL && name[0] != '[' ? file : name;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Whether the address lies in a section of stubs (.plt, .plt.sec, .plt.got). */
static bool address_is_stub(Dwfl_Module *module, uint64_t pc) {
    GElf_Addr bias;
    size_t names;
    Elf *elf = dwfl_module_getelf(module, &bias);
    if (elf == NULL || elf_getshdrstrndx(elf, &names) != 0)
        return false;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s)) != NULL;) {
        GElf_Shdr header;
        if (gelf_getshdr(s, &header) == NULL || pc - bias < header.sh_addr ||
            pc - bias >= header.sh_addr + header.sh_size || (header.sh_flags & SHF_ALLOC) == 0)
            continue;
        const char *name = elf_strptr(elf, names, header.sh_name);
        return name != NULL && g_str_has_prefix(name, ".plt");
    }
    return false;
}

/* Where the function around pc begins, as the unwind table has it; pc itself when it has none. */
static uint64_t function_start(Dwfl_Module *module, uint64_t pc) {
    Dwarf_Addr bias, start = pc, end;
    Dwarf_Frame *frame = NULL;
    Dwarf_CFI *cfi = dwfl_module_eh_cfi(module, &bias);
    if (cfi == NULL || dwarf_cfi_addrframe(cfi, pc - bias, &frame) != 0)
        return pc;
    if (dwarf_frame_info(frame, &start, &end, NULL) >= 0)
        start += bias;
    free(frame);
    return start;
}

/* The name of the function that holds pc; caller frees. */
static char *function_name(Dwfl_Module *module, uint64_t pc) {
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL, NULL, NULL);
    const char *base = base_name(module_path(module));
    GElf_Addr bias = 0;
    if (name != NULL && (symbol.st_size == 0 || offset < symbol.st_size))
        return g_strdup(name);
    if (address_is_stub(module, pc))
        return g_strdup_printf("[plt of %s]", base);
    dwfl_module_getelf(module, &bias);
    return g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", base, function_start(module, pc) - bias);
}

/* ---- inlined functions ---- */

/* The unit that holds pc. Some compilers write no table of address ranges: then every unit is
   asked. */
static Dwarf_Die *unit_find(Dwfl_Module *module, uint64_t pc, Dwarf_Addr *bias) {
    Dwarf_Die *unit = dwfl_module_addrdie(module, pc, bias);
    if (unit != NULL)
        return unit;
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL)
        if (dwarf_haspc(unit, pc - *bias) > 0)
            return unit;
    return NULL;
}

static unsigned die_call_line(Dwarf_Die *die) {
    Dwarf_Attribute attribute;
    Dwarf_Word line = 0;
    if (dwarf_attr(die, DW_AT_call_line, &attribute) != NULL)
        dwarf_formudata(&attribute, &line);
    return (unsigned)line;
}

static unsigned address_line(Dwfl_Module *module, uint64_t pc) {
    int line = 0;
    Dwfl_Line *source = dwfl_module_getsrc(module, pc);
    if (source != NULL)
        dwfl_lineinfo(source, NULL, &line, NULL, NULL, NULL);
    return line > 0 ? (unsigned)line : 0;
}

/* Adds a line; *at becomes where the next one out is called from. */
static void line_add(struct profile *p, const struct profile_function *function, unsigned at,
                     struct profile_line *lines, uint32_t *count) {
    lines[*count].function = profile_function_add(p, function);
    lines[*count].line = at;
    ++*count;
}

/* Adds the inlined functions at pc, innermost first; *file becomes that of the function itself, and
   the line returned is where the outermost inlined one is called. */
static unsigned inlined_add(struct profile *p, Dwfl_Module *module, uint64_t pc,
                            struct profile_line *lines, uint32_t *count, const char **file) {
    Dwarf_Addr bias;
    Dwarf_Die *unit = unit_find(module, pc, &bias), *inner = NULL, *scopes = NULL;
    unsigned line = address_line(module, pc);
    int depth = unit == NULL ? 0 : dwarf_getscopes(unit, pc - bias, &inner);
    depth = depth > 0 ? dwarf_getscopes_die(&inner[0], &scopes) : 0;
    for (int i = 0; i < depth && *count < INLINED_MAX; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        if (tag == DW_TAG_subprogram) {
            *file = dwarf_decl_file(&scopes[i]);
            break;
        }
        if (tag != DW_TAG_inlined_subroutine || name == NULL)
            continue;
        line_add(p,
                 &(struct profile_function){.name = name,
                                            .module = base_name(module_path(module)),
                                            .file = dwarf_decl_file(&scopes[i])},
                 line, lines, count);
        line = die_call_line(&scopes[i]);
    }
    free(inner);
    free(scopes);
    return line;
}

/* ---- locations ---- */

static bool module_has_symbols(Dwfl_Module *module) {
    GElf_Addr bias;
    Dwarf_Addr dwarf_bias;
    if (dwfl_module_getdwarf(module, &dwarf_bias) != NULL)
        return true;
    Elf *elf = dwfl_module_getelf(module, &bias);
    for (Elf_Scn *s = NULL; elf != NULL && (s = elf_nextscn(elf, s)) != NULL;) {
        GElf_Shdr header;
        if (gelf_getshdr(s, &header) != NULL && header.sh_type == SHT_SYMTAB)
            return true;
    }
    return false;
}

static uint32_t module_add(struct profile *p, Dwfl_Module *module) {
    const unsigned char *bits = NULL;
    GElf_Addr address;
    int length = dwfl_module_build_id(module, &bits, &address);
    GString *id = g_string_new(NULL);
    for (int i = 0; i < length; i++)
        g_string_append_printf(id, "%02x", bits[i]);
    struct profile_module m = {.path = module_path(module), .build_id = id->str};
    for (guint i = 0; i < p->modules->len; i++) {
        const struct profile_module *old = &g_array_index(p->modules, struct profile_module, i);
        if (strcmp(old->path, m.path) == 0)
            m.has_symbols = old->has_symbols;
    }
    if (!m.has_symbols)
        m.has_symbols = module_has_symbols(module);
    uint32_t number = profile_module_add(p, &m);
    g_string_free(id, TRUE);
    return number;
}

uint32_t symbols_location(struct profile *p, Dwfl_Module *module, uint64_t pc) {
    struct profile_line lines[INLINED_MAX + 1];
    GElf_Addr bias = 0;
    uint32_t count = 0, number, in = module_add(p, module);
    const char *file = NULL;
    dwfl_module_getelf(module, &bias);
    if (profile_location_find(p, in, pc - bias, &number))
        return number;
    unsigned line = inlined_add(p, module, pc, lines, &count, &file);
    char *name = function_name(module, pc);
    line_add(p,
             &(struct profile_function){
                 .name = name, .module = base_name(module_path(module)), .file = file},
             line, lines, &count);
    g_free(name);
    return profile_location_add(p, in, pc - bias, lines, count);
}

static uint32_t location_of(struct profile *p, const struct profile_function *function,
                            uint64_t address) {
    struct profile_line line = {.function = profile_function_add(p, function)};
    uint32_t module = profile_module_add(
        p, &(struct profile_module){.path = function->module, .build_id = "", .has_symbols = true});
    return profile_location_add(p, module, address, &line, 1);
}

uint32_t symbols_unknown(struct profile *p, uint64_t pc) {
    (void)pc; /* one place: nobody can tell two apart */
    return location_of(p, &(struct profile_function){.name = "[unknown]", .module = "[unknown]"},
                       0);
}

uint32_t symbols_kernel(struct profile *p, const struct kernel_symbols *k, uint64_t pc) {
    return location_of(p,
                       &(struct profile_function){
                           .name = kernel_symbol(k, pc), .module = "[kernel]", .is_kernel = true},
                       kernel_symbols_known(k) ? pc : 0);
}
