/* Bytes and varints (LEB128) of a piece of memory. Within capture only. */
#ifndef HEAPMARK_HARNESS_CAPTURE_GO_VARINT_H
#define HEAPMARK_HARNESS_CAPTURE_GO_VARINT_H

#include <stdbool.h>
#include <stdint.h>

struct go_reader {
    const unsigned char *at, *end;
};

/* -1 at the end. */
static inline int go_byte(struct go_reader *r) {
    return r->at < r->end ? *r->at++ : -1;
}

/* False: it does not end, or is longer than 64 bits. */
static inline bool go_varint(struct go_reader *r, uint64_t *out) {
    *out = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        unsigned char byte = *r->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

#endif
