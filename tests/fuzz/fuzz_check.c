/* What every fuzz target promises. */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_check(int promise, const char *word) {
    if (promise)
        return;
    fprintf(stderr, "fuzz: %s\n", word);
    abort();
}

void fuzz_check_refusal(const struct error *err) {
    fuzz_check(err->exit_status == EXIT_USAGE || err->exit_status == EXIT_CANNOT,
               "a refusal without an exit status");
    fuzz_check(memchr(err->text, '\0', sizeof err->text) != NULL && err->text[0] != '\0',
               "a refusal without a sentence");
    fuzz_check(strchr(err->text, '\n') == NULL, "a refusal of several lines");
    fuzz_check(g_utf8_validate(err->text, -1, NULL), "a refusal that is not UTF-8");
}
