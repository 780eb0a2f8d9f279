/* Whether a file is a shared library that this machine's loader would take a symbol from. */
#ifndef HEAPMARK_HARNESS_PLAN_ELF_LIBRARY_H
#define HEAPMARK_HARNESS_PLAN_ELF_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* NULL when `bytes` are a shared library for this machine that defines `symbol` dynamically, else
   why not: a phrase that goes on after the file's name ("exports no malloc"); static text. Reads
   nothing outside the bytes, whatever they are. */
const char *elf_exports_check(const unsigned char *bytes, size_t length, const char *symbol);

/* The same for a file. */
const char *elf_file_exports_check(const char *path, const char *symbol);

#endif
