/*
 * Looks a symbol up in a shared library the way the dynamic loader does, without loading it:
 * heapmark must not run an allocator's code in its own process.
 *
 * Steps: ELF header -> program headers -> PT_DYNAMIC -> DT_SYMTAB, DT_STRTAB and a hash table
 * (DT_GNU_HASH, else DT_HASH) -> the symbol. Section headers are not used: the loader needs none,
 * and a stripped library may have none. Every offset comes from the file and is not trusted:
 * everything is read through elf_read, which knows the bounds, and loops are bounded by the file's
 * size. Sources: System V gABI, chapter 5; the GNU hash section as in glibc's dl-lookup.c and
 * binutils.
 */
#include "harness/plan/elf_library.h"

#include <elf.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#else
#define ELF_MACHINE EM_NONE /* not ported: every library is one for another machine */
#endif

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define ELF_ORDER ELFDATA2LSB
#else
#define ELF_ORDER ELFDATA2MSB
#endif

enum { ELF_SEGMENTS_MAX = 256 };

struct elf_image {
    const unsigned char *bytes;
    size_t length;
    Elf64_Ehdr header;
};

/* What the dynamic section says; addresses, 0: absent. */
struct elf_dynamic {
    uint64_t symbols, strings, strings_bytes, hash, gnu_hash;
};

/* Copies `bytes` bytes at a file offset; false outside the file. */
static bool elf_read(const struct elf_image *image, uint64_t offset, void *out, size_t bytes) {
    if (offset > image->length || bytes > image->length - offset)
        return false;
    memcpy(out, image->bytes + offset, bytes);
    return true;
}

static bool segment_read(const struct elf_image *image, unsigned index, Elf64_Phdr *out) {
    return elf_read(image, image->header.e_phoff + (uint64_t)index * sizeof *out, out, sizeof *out);
}

/* Finds the file offset of an address through the PT_LOAD segments. */
static bool address_offset(const struct elf_image *image, uint64_t address, uint64_t *offset) {
    Elf64_Phdr segment;
    for (unsigned i = 0; i < image->header.e_phnum && segment_read(image, i, &segment); i++) {
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
            address - segment.p_vaddr >= segment.p_filesz)
            continue;
        *offset = segment.p_offset + (address - segment.p_vaddr);
        return *offset >= segment.p_offset;
    }
    return false;
}

static bool address_read(const struct elf_image *image, uint64_t address, void *out, size_t bytes) {
    uint64_t offset;
    return address_offset(image, address, &offset) && elf_read(image, offset, out, bytes);
}

static void dynamic_entry_take(struct elf_dynamic *dynamic, const Elf64_Dyn *entry) {
    switch (entry->d_tag) {
    case DT_SYMTAB:
        dynamic->symbols = entry->d_un.d_ptr;
        break;
    case DT_STRTAB:
        dynamic->strings = entry->d_un.d_ptr;
        break;
    case DT_STRSZ:
        dynamic->strings_bytes = entry->d_un.d_val;
        break;
    case DT_HASH:
        dynamic->hash = entry->d_un.d_ptr;
        break;
    case DT_GNU_HASH:
        dynamic->gnu_hash = entry->d_un.d_ptr;
        break;
    default:
        break;
    }
}

static bool dynamic_read(const struct elf_image *image, struct elf_dynamic *dynamic) {
    Elf64_Phdr segment;
    *dynamic = (struct elf_dynamic){0};
    for (unsigned i = 0; i < image->header.e_phnum && segment_read(image, i, &segment); i++) {
        if (segment.p_type != PT_DYNAMIC)
            continue;
        Elf64_Dyn entry;
        for (uint64_t at = 0; at + sizeof entry <= segment.p_filesz; at += sizeof entry) {
            if (!elf_read(image, segment.p_offset + at, &entry, sizeof entry))
                return false;
            if (entry.d_tag == DT_NULL)
                break;
            dynamic_entry_take(dynamic, &entry);
        }
    }
    return dynamic->symbols != 0 && dynamic->strings != 0;
}

/* Whether symbol number `index` is `name`, defined here, and callable. */
static bool symbol_is(const struct elf_image *image, const struct elf_dynamic *dynamic,
                      uint64_t index, const char *name) {
    Elf64_Sym symbol;
    uint64_t offset;
    size_t bytes = strlen(name) + 1;
    if (!address_read(image, dynamic->symbols + index * sizeof symbol, &symbol, sizeof symbol) ||
        symbol.st_shndx == SHN_UNDEF)
        return false;
    unsigned type = ELF64_ST_TYPE(symbol.st_info), binding = ELF64_ST_BIND(symbol.st_info);
    unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
        (binding != STB_GLOBAL && binding != STB_WEAK && binding != STB_GNU_UNIQUE) ||
        (visibility != STV_DEFAULT && visibility != STV_PROTECTED))
        return false;
    if (symbol.st_name > dynamic->strings_bytes || dynamic->strings_bytes - symbol.st_name < bytes)
        return false;
    return address_offset(image, dynamic->strings + symbol.st_name, &offset) &&
           offset <= image->length && image->length - offset >= bytes &&
           memcmp(image->bytes + offset, name, bytes) == 0;
}

static uint32_t gnu_hash_of(const char *name) {
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

/* GNU hash: {buckets, first symbol, bloom words, shift}, bloom filter, buckets, chains. A chain's
   words are its symbols' hashes; the lowest bit marks the last one. */
static bool gnu_hash_find(const struct elf_image *image, const struct elf_dynamic *dynamic,
                          const char *name) {
    uint32_t table[4], index, link;
    uint32_t hash = gnu_hash_of(name);
    if (!address_read(image, dynamic->gnu_hash, table, sizeof table) || table[0] == 0)
        return false;
    uint64_t buckets = dynamic->gnu_hash + sizeof table + (uint64_t)table[2] * 8;
    uint64_t chains = buckets + (uint64_t)table[0] * 4;
    if (!address_read(image, buckets + (uint64_t)(hash % table[0]) * 4, &index, sizeof index) ||
        index < table[1])
        return false;
    for (;; index++) {
        if (!address_read(image, chains + (uint64_t)(index - table[1]) * 4, &link, sizeof link))
            return false;
        if ((link | 1) == (hash | 1) && symbol_is(image, dynamic, index, name))
            return true;
        if ((link & 1) != 0 || index == UINT32_MAX)
            return false;
    }
}

/* System V hash: {buckets, chains}; there is a chain word per symbol, so their number is enough. */
static bool hash_find(const struct elf_image *image, const struct elf_dynamic *dynamic,
                      const char *name) {
    uint32_t table[2];
    if (!address_read(image, dynamic->hash, table, sizeof table))
        return false;
    uint64_t most = MIN(table[1], image->length / sizeof(Elf64_Sym));
    for (uint64_t i = 0; i < most; i++) {
        if (symbol_is(image, dynamic, i, name))
            return true;
    }
    return false;
}

static const char *header_check(struct elf_image *image) {
    const Elf64_Ehdr *h = &image->header;
    if (!elf_read(image, 0, &image->header, sizeof image->header) ||
        memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return "is not an ELF file";
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELF_ORDER ||
        h->e_machine != ELF_MACHINE)
        return "is for another machine";
    if (h->e_type != ET_DYN)
        return "is not a shared library";
    /* Looking an address up walks the segments; libraries have about ten. */
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum > ELF_SEGMENTS_MAX)
        return "is a damaged ELF file";
    return NULL;
}

const char *elf_exports_check(const unsigned char *bytes, size_t length, const char *symbol) {
    struct elf_image image = {.bytes = bytes, .length = length};
    struct elf_dynamic dynamic;
    const char *wrong = header_check(&image);
    if (wrong != NULL)
        return wrong;
    if (!dynamic_read(&image, &dynamic) || (dynamic.hash == 0 && dynamic.gnu_hash == 0))
        return "has no dynamic symbols, so nothing can be preloaded from it";
    bool found = dynamic.gnu_hash != 0 ? gnu_hash_find(&image, &dynamic, symbol)
                                       : hash_find(&image, &dynamic, symbol);
    if (found)
        return NULL;
    return strcmp(symbol, "malloc") == 0 ? "exports no malloc" : "does not export the symbol";
}

const char *elf_file_exports_check(const char *path, const char *symbol) {
    struct stat status;
    char *bytes;
    gsize length;
    if (stat(path, &status) != 0)
        return "is not there";
    if (!S_ISREG(status.st_mode))
        return "is not a file";
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return "cannot be read";
    const char *wrong = elf_exports_check((const unsigned char *)bytes, length, symbol);
    g_free(bytes);
    return wrong;
}
