/*
 * JSON (RFC 8259) written front to back, for files that other tools read.
 *
 * A writer only appends: objects and arrays are opened and closed by the caller in pairs. Text that
 * is not UTF-8 is made so; a number that is none (not known) is left out with its key, because JSON
 * has no word for it that all readers take.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_JSON_WRITE_H
#define HEAPMARK_HARNESS_PRESENT_JSON_WRITE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct json_writer {
    GString *out;
    unsigned depth; /* of what is open */
    bool has_items; /* the innermost open one has */
};

/* key: NULL in an array and for the outermost value. */
void json_open(struct json_writer *w, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json_writer *w, char bracket);                 /* '}' or ']' */
void json_text(struct json_writer *w, const char *key, const char *text);
void json_count(struct json_writer *w, const char *key, uint64_t count); /* COUNT_EMPTY: left out */
void json_real(struct json_writer *w, const char *key, double real);     /* not finite: left out */
void json_bool(struct json_writer *w, const char *key, bool value);

#endif
