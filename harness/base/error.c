/* Refusals as values. */
#include "harness/base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* The length of the UTF-8 sequence at p, 0 when there is none (Unicode, table 3-7). A zero byte is
   in no range, so the end of the text is never passed. */
static size_t sequence_length(const unsigned char *p) {
    unsigned char least = 0x80, most = 0xbf;
    size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] > 0xf4)
        return 0;
    if (p[0] == 0xe0)
        least = 0xa0;
    if (p[0] == 0xed)
        most = 0x9f;
    if (p[0] == 0xf0)
        least = 0x90;
    if (p[0] == 0xf4)
        most = 0x8f;
    for (size_t i = 1; i < length; i++) {
        if (p[i] < least || p[i] > most)
            return 0;
        least = 0x80;
        most = 0xbf;
    }
    return length;
}

/* Makes one line of UTF-8 of a text that quotes what anybody typed or any file held. */
static void line_clean(char *text) {
    for (unsigned char *p = (unsigned char *)text; *p != '\0';) {
        size_t length = sequence_length(p);
        if (length == 0)
            *p = '?';
        else if (*p < 0x20 || *p == 0x7f)
            *p = ' ';
        p += length == 0 ? 1 : length;
    }
}

bool error_set(struct error *err, int exit_status, const char *format, ...) {
    err->exit_status = exit_status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    line_clean(err->text);
    return false;
}
