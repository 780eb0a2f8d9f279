/*
 * Protobuf's wire format, written front to back into a GString: varints, fixed 64-bit numbers, and
 * nested messages whose length is filled in when they end.
 *
 * Source: https://protobuf.dev/programming-guides/encoding. A length takes four bytes (a varint may
 * be padded with continuation bits), so that nothing moves when it becomes known.
 */
#ifndef HEAPMARK_HARNESS_PRESENT_PROTOBUF_WRITE_H
#define HEAPMARK_HARNESS_PRESENT_PROTOBUF_WRITE_H

#include <glib.h>
#include <stdint.h>

enum { PROTOBUF_MESSAGE_MAX = (1 << 28) - 1 }; /* what four bytes of length can say */

void protobuf_varint(GString *out, uint64_t value);
void protobuf_uint(GString *out, unsigned field, uint64_t value);
void protobuf_fixed64(GString *out, unsigned field, uint64_t value);
void protobuf_double(GString *out, unsigned field, double value);
void protobuf_bytes(GString *out, unsigned field, const char *bytes, size_t count);
void protobuf_text(GString *out, unsigned field, const char *text);

/* A nested message: open returns a place that close takes. */
size_t protobuf_open(GString *out, unsigned field);
void protobuf_close(GString *out, size_t place);

/* One of at most 127 bytes, which is all that most of an event's are: its length takes one. */
size_t protobuf_open_short(GString *out, unsigned field);
void protobuf_close_short(GString *out, size_t place);

#endif
