/*
 * What a fuzz target defines and uses. A target is one function under libFuzzer's name; it aborts
 * when a promise is broken.
 */
#ifndef HEAPMARK_TESTS_FUZZ_FUZZ_H
#define HEAPMARK_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Inputs to begin with; ends with NULL. */
extern const char *const fuzz_seeds[];

/* Aborts, with a word on stderr, unless a refusal is a sentence: one line of UTF-8, not empty, with
   the exit status of a refusal. */
void fuzz_check_refusal(const struct error *err);

/* Aborts, with a word on stderr, unless the promise holds. */
void fuzz_check(int promise, const char *word);

#endif
