/* Refusals as values. */
#include "harness/base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *err, int exit_status, const char *format, ...) {
    err->exit_status = exit_status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return false;
}
