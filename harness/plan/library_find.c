/*
 * Where a shared library is installed.
 *
 * Looked up by directory: LD_LIBRARY_PATH, then where Debian and others put libraries. Not dlopen,
 * which would run the allocator's constructors inside heapmark; not the loader's cache, whose
 * format is glibc's own affair. A library elsewhere is named by its path.
 */
#include "harness/plan/library_find.h"

#include <glib.h>

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "unknown-linux-gnu" /* not ported: only the plain directories are there */
#endif

static const char *const usual_directories[] = {"/usr/local/lib/" MULTIARCH,
                                                "/usr/local/lib",
                                                "/lib/" MULTIARCH,
                                                "/usr/lib/" MULTIARCH,
                                                "/lib64",
                                                "/usr/lib64",
                                                "/lib",
                                                "/usr/lib",
                                                NULL};

static char *library_in(const char *const *directories, const char *soname) {
    for (; *directories != NULL; directories++) {
        /* An empty entry means the working directory to the loader; a run must not depend on it. */
        if (!g_path_is_absolute(*directories))
            continue;
        char *path = g_build_filename(*directories, soname, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return path;
        g_free(path);
    }
    return NULL;
}

char *library_find(const char *soname) {
    const char *variable = g_getenv("LD_LIBRARY_PATH");
    char **directories = g_strsplit_set(variable == NULL ? "" : variable, ":;", -1);
    char *path = library_in((const char *const *)directories, soname);
    g_strfreev(directories);
    return path != NULL ? path : library_in(usual_directories, soname);
}
