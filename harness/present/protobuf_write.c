/* See protobuf_write.h. */
#include "harness/present/protobuf_write.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, LENGTH_BYTES = 4 };

void protobuf_varint(GString *out, uint64_t value) {
    char bytes[10];
    gssize count = 0;
    do {
        bytes[count] = (char)(value & 0x7f);
        value >>= 7;
        if (value != 0)
            bytes[count] = (char)(bytes[count] | 0x80);
        count++;
    } while (value != 0);
    g_string_append_len(out, bytes, count);
}

static void protobuf_tag(GString *out, unsigned field, unsigned wire) {
    protobuf_varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_uint(GString *out, unsigned field, uint64_t value) {
    protobuf_tag(out, field, WIRE_VARINT);
    protobuf_varint(out, value);
}

void protobuf_fixed64(GString *out, unsigned field, uint64_t value) {
    char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(value >> 8 * i);
    protobuf_tag(out, field, WIRE_FIXED64);
    g_string_append_len(out, bytes, sizeof bytes);
}

void protobuf_double(GString *out, unsigned field, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    protobuf_fixed64(out, field, bits);
}

void protobuf_bytes(GString *out, unsigned field, const char *bytes, size_t count) {
    protobuf_tag(out, field, WIRE_LENGTH);
    protobuf_varint(out, count);
    g_string_append_len(out, bytes, (gssize)count);
}

void protobuf_text(GString *out, unsigned field, const char *text) {
    protobuf_bytes(out, field, text, strlen(text));
}

size_t protobuf_open(GString *out, unsigned field) {
    protobuf_tag(out, field, WIRE_LENGTH);
    g_string_append_len(out, "\x80\x80\x80", LENGTH_BYTES - 1);
    g_string_append_c(out, '\0');
    return out->len;
}

void protobuf_close(GString *out, size_t place) {
    size_t count = out->len - place;
    g_assert(count <= PROTOBUF_MESSAGE_MAX);
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        size_t more = i + 1 < LENGTH_BYTES ? 0x80 : 0;
        out->str[place - LENGTH_BYTES + i] = (char)((count >> 7 * i & 0x7f) | more);
    }
}

size_t protobuf_open_short(GString *out, unsigned field) {
    protobuf_tag(out, field, WIRE_LENGTH);
    g_string_append_c(out, '\0');
    return out->len;
}

void protobuf_close_short(GString *out, size_t place) {
    g_assert(out->len - place <= 0x7f);
    out->str[place - 1] = (char)(out->len - place);
}
