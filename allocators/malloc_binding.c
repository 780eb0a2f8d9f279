/*
 * The malloc binding, cold half: proves who answers to malloc, and asks that library its version.
 *
 * A preload that fails is silent in glibc, so the cell program looks where malloc, calloc, realloc,
 * free and malloc_usable_size really come from before it measures anything. They must come from the
 * one library that the parent named with --library, or, when it named none, from the C library.
 */
#include "allocators/malloc_binding.h"

#include <dlfcn.h>
#include <elf.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>

/* What the library said of itself, kept from init on. */
static char library_name[PATH_MAX];
static char library_version[128];

/* The versions: each asks the library's own function, by its documented signature; false: not
 * there. */
static bool version_glibc(char *out, size_t size) {
    snprintf(out, size, "%s", gnu_get_libc_version());
    return true;
}

static bool version_jemalloc(char *out, size_t size) {
    int (*control)(const char *, void *, size_t *, void *, size_t) = NULL;
    *(void **)&control = dlsym(RTLD_DEFAULT, "mallctl");
    const char *version = NULL;
    size_t bytes = sizeof version;
    if (control == NULL || control("version", &version, &bytes, NULL, 0) != 0)
        return false;
    snprintf(out, size, "%s", version);
    return true;
}

static bool version_mimalloc(char *out, size_t size) {
    int (*version)(void) = NULL;
    *(void **)&version = dlsym(RTLD_DEFAULT, "mi_version");
    if (version == NULL)
        return false;
    int number = version(); /* major, minor, patch: a digit, a digit, the rest */
    snprintf(out, size, "%d.%d.%d", number / 100, number / 10 % 10, number % 10);
    return true;
}

static bool version_tcmalloc(char *out, size_t size) {
    const char *(*version)(int *, int *, const char **) = NULL;
    *(void **)&version = dlsym(RTLD_DEFAULT, "tc_version");
    if (version == NULL)
        return false;
    int major = 0;
    int minor = 0;
    const char *patch = "";
    version(&major, &minor, &patch);
    snprintf(out, size, "%d.%d%s", major, minor, patch == NULL ? "" : patch);
    return true;
}

static bool version_tbbmalloc(char *out, size_t size) {
    const char *(*version)(void) = NULL;
    *(void **)&version = dlsym(RTLD_DEFAULT, "TBB_runtime_version");
    if (version == NULL)
        return false;
    snprintf(out, size, "%s", version());
    return true;
}

static const struct {
    const char *name, *soname;
    bool (*version)(char *out, size_t size);
} known_libraries[] = {
#define MALLOC_LIBRARY(name, soname, package, version) {#name, soname, version_##version},
#include "allocators/malloc_libraries.def"
#undef MALLOC_LIBRARY
};

/* The build-id of the library loaded at base, as hexadecimal text. */
struct build_id_search {
    ElfW(Addr) base;
    char text[64 + sizeof "build-id "]; /* two digits for each of up to 32 bytes */
};

static bool build_id_note_read(const char *note, const char *end, struct build_id_search *search) {
    while (note + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)(const void *)note;
        const char *name = note + sizeof *header;
        const unsigned char *id = (const unsigned char *)name + ((header->n_namesz + 3) & ~3u);
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
            memcmp(name, "GNU", 4) == 0) {
            char *out = search->text + sprintf(search->text, "build-id ");
            for (unsigned i = 0; i < header->n_descsz && i < 32; i++)
                out += sprintf(out, "%02x", id[i]);
            return true;
        }
        note = (const char *)id + ((header->n_descsz + 3) & ~3u);
    }
    return false;
}

static int build_id_visit(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct build_id_search *search = context;
    if (info->dlpi_addr != search->base)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const char *notes = (const char *)info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_NOTE && build_id_note_read(notes, notes + header->p_memsz, search))
            return 1;
    }
    return 1;
}

/* Where a function resolves to: the real path of its library, and where that is loaded. */
struct provider {
    char path[PATH_MAX];
    ElfW(Addr) base;
};

static bool provider_find(const char *function, struct provider *out) {
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info where;
    if (address == NULL || dladdr(address, &where) == 0)
        return false;
    out->base = (ElfW(Addr))(uintptr_t)where.dli_fbase;
    return realpath(where.dli_fname, out->path) != NULL;
}

/* The library's name: one heapmark knows, else the file's name up to ".so". */
static void library_name_set(const char *path) {
    const char *file = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    snprintf(library_name, sizeof library_name, "%s", file);
    char *suffix = strstr(library_name, ".so");
    if (suffix != NULL)
        *suffix = '\0';
}

static void library_identify(const char *asked, const struct provider *provider) {
    const char *file = asked == NULL ? NULL : strrchr(asked, '/');
    file = file == NULL ? asked : file + 1;
    library_name_set(provider->path);
    for (size_t i = 0; i < sizeof known_libraries / sizeof known_libraries[0]; i++) {
        const char *soname = known_libraries[i].soname;
        bool same = soname == NULL ? asked == NULL : file != NULL && strcmp(file, soname) == 0;
        if (!same)
            continue;
        snprintf(library_name, sizeof library_name, "%s",
                 soname == NULL ? "glibc" : known_libraries[i].name);
        if (known_libraries[i].version(library_version, sizeof library_version))
            return;
    }
    struct build_id_search search = {.base = provider->base, .text = ""};
    dl_iterate_phdr(build_id_visit, &search);
    snprintf(library_version, sizeof library_version, "%s", search.text);
}

#ifdef HEAPMARK_SANITIZED
/* A sanitizer is its own malloc; then whoever answers is measured. */
static bool providers_check(const char *library, struct error *err) {
    (void)library, (void)err;
    return true;
}
#else
/* The real path of the library the parent expects, or of the C library. */
static bool expected_path(const char *library, char out[PATH_MAX], struct error *err) {
    if (library != NULL) {
        if (realpath(library, out) == NULL)
            return error_set(err, EXIT_CANNOT, "%s, the library to measure, cannot be found",
                             library);
        return true;
    }
    struct provider libc;
    if (!provider_find("gnu_get_libc_version", &libc))
        return error_set(err, EXIT_CANNOT, "the C library cannot be located");
    memcpy(out, libc.path, PATH_MAX);
    return true;
}

static bool provider_check(const char *function, const char *expected, struct error *err) {
    struct provider found;
    if (!provider_find(function, &found))
        return error_set(err, EXIT_FAILED, "%s resolves to no library", function);
    if (strcmp(found.path, expected) != 0)
        return error_set(err, EXIT_FAILED,
                         "%s is answered by %s, not by %s: the preload did not take effect, or "
                         "that library has no %s",
                         function, found.path, expected, function);
    return true;
}

/* All four answered by the one library that is expected. */
static bool providers_check(const char *library, struct error *err) {
    static const char *const needed[] = {"malloc", "calloc", "realloc", "free"};
    char expected[PATH_MAX];
    if (!expected_path(library, expected, err))
        return false;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!provider_check(needed[i], expected, err))
            return false;
    return true;
}
#endif

bool malloc_binding_usable_is_own;

/* settings[] carries "library" (the path the parent preloaded) besides the user's. */
static bool malloc_init(const struct setting_value *values, size_t count, struct error *err) {
    const char *library = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, "library") == 0)
            library = values[i].value;
    struct provider provider;
    if (!provider_find("malloc", &provider))
        return error_set(err, EXIT_FAILED, "malloc resolves to no library");
    if (!providers_check(library, err))
        return false;
    struct provider usable;
    malloc_binding_usable_is_own =
        provider_find("malloc_usable_size", &usable) && strcmp(usable.path, provider.path) == 0;
    library_identify(library, &provider);
    return true;
}

static const char *malloc_name(void) {
    return library_name;
}

static const char *malloc_version(void) {
    return library_version;
}

static const struct allocator_setting malloc_settings[] = {
    {"zero", "memset|calloc", "memset", "how zeroed memory is made: malloc and memset, or calloc"},
    {0},
};

const struct allocator allocator_binding = {
    .binding = "malloc",
#ifdef MALLOC_BINDING_CALLOC
    .variant = "zero=calloc",
#endif
    .settings = malloc_settings,
    .summary = "the C library's malloc, or any library preloaded in its place",
    .link = "shared",
    .offers = TRAIT_RECLAIMS | TRAIT_THREADS,
    .init = malloc_init,
    .name = malloc_name,
    .version = malloc_version,
};
