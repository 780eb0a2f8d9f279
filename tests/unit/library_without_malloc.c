/* A shared library that uses malloc and so names it, but does not export it; never loaded. */
#include <stdlib.h>

void *nothing_new(size_t bytes);

void *nothing_new(size_t bytes) {
    return malloc(bytes);
}
