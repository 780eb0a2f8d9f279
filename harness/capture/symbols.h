/*
 * Names of addresses: functions and the inlined ones in them, from debug information, the symbol
 * table or exported names (libdw). Debug files of the distribution are found by build-id; nothing
 * is downloaded.
 *
 * Where no symbol covers an address, its function is still one: the unwind table knows where it
 * begins, and it is called MODULE+0xSTART.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_SYMBOLS_H
#define HEAPMARK_HARNESS_CAPTURE_SYMBOLS_H

#include <elfutils/libdwfl.h>

#include "harness/capture/profile.h"

struct kernel_symbols;

/* From a file in the form of /proc/kallsyms. Never NULL: without rights it knows no names. */
struct kernel_symbols *kernel_symbols_new(const char *path);
void kernel_symbols_free(struct kernel_symbols *k);
bool kernel_symbols_known(const struct kernel_symbols *k);
/* "[kernel]" when not known. Borrowed. */
const char *kernel_symbol(const struct kernel_symbols *k, uint64_t address);

/* The location of an address of a module; pc points into the instruction, so a return address comes
   moved back by one. */
uint32_t symbols_location(struct profile *p, Dwfl_Module *module, uint64_t pc);
/* The location of an address that is in no module, and of one in the kernel. */
uint32_t symbols_unknown(struct profile *p, uint64_t pc);
uint32_t symbols_kernel(struct profile *p, const struct kernel_symbols *k, uint64_t pc);

#endif
