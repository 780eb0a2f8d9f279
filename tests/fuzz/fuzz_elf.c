/* The ELF check: an answer for any bytes, and nothing read outside them. */
#include <string.h>

#include "harness/plan/elf_library.h"
#include "tests/fuzz/fuzz.h"

/* Libraries to begin with are given as files. */
const char *const fuzz_seeds[] = {"", "\177ELF\002\001\001", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const char *const symbols[] = {"malloc", "free", ""};
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const char *wrong = elf_exports_check(bytes, length, symbols[i]);
        fuzz_check(wrong == NULL || wrong[0] != '\0', "an answer without a word");
    }
    return 0;
}
