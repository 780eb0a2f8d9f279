/* What is resident: of the harness's own libraries nothing that the file has, too. */
#include "harness/measure/process_memory.h"

#include <dlfcn.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Resident KiB of the mappings of a file that may not be written. */
static uint64_t read_only_kib(const char *file) {
    char *text = NULL;
    assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
    char **lines = g_strsplit(text, "\n", -1);
    uint64_t sum = 0;
    gboolean is_meant = FALSE;
    for (char **line = lines; *line != NULL; line++) {
        if (g_regex_match_simple("^[0-9a-f]+-[0-9a-f]+ ", *line, 0, 0))
            is_meant = strstr(*line, file) != NULL && strstr(*line, " r-xp ") != NULL;
        else if (is_meant && g_str_has_prefix(*line, "Rss:"))
            sum += strtoull(*line + strlen("Rss:"), NULL, 10);
    }
    g_strfreev(lines);
    g_free(text);
    return sum;
}

static void the_runtime_s_code_goes_and_comes_again(void **state) {
    (void)state;
    void *library = dlopen("libm.so.6", RTLD_NOW);
    assert_non_null(library);
    double (*cube_root)(double) = NULL;
    *(void **)&cube_root = dlsym(library, "cbrt");
    assert_non_null(cube_root);
    assert_true(cube_root(27) > 2.9);
    assert_true(read_only_kib("/libm.so.6") > 0);
    resident_harness_release();
    assert_int_equal(read_only_kib("/libm.so.6"), 0);
    assert_true(cube_root(27) > 2.9);
    dlclose(library);
}

static void what_the_program_itself_uses_stays(void **state) {
    (void)state;
    uint64_t libc = read_only_kib("/libc.so.6");
    assert_true(libc > 0);
    resident_harness_release();
    assert_true(read_only_kib("/libc.so.6") >= libc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_runtime_s_code_goes_and_comes_again),
        cmocka_unit_test(what_the_program_itself_uses_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
