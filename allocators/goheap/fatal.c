/* One line on stderr, then abort(): what goheap does when it cannot go on. */
#include "allocators/goheap/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void fatal(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* dprintf and not stdio: no buffer to allocate, and nothing is lost in abort(). */
    dprintf(STDERR_FILENO, "goheap: %s\n", text);
    abort();
}
