/* A shared library that exports malloc; only read by tests, never loaded. */
#include <stddef.h>

void *malloc(size_t bytes);

void *malloc(size_t bytes) {
    return bytes == 0 ? &malloc : NULL;
}
