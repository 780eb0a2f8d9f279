/*
 * Size classes: small objects are rounded up to one of 67 sizes, so that all slots of a span are
 * equal. Class 0 stands for large objects (> 32 KB), which have spans of their own.
 *
 * The tables are generated (scripts/generate_size_classes.c, target generate-size-classes); the
 * rule and a readable table stand in size_classes.c. Source: Go, runtime/mksizeclasses.go.
 */
#ifndef HEAPMARK_GOHEAP_SIZE_CLASSES_H
#define HEAPMARK_GOHEAP_SIZE_CLASSES_H

#include <stddef.h>
#include <stdint.h>

enum {
    SIZE_CLASS_COUNT = 68,                   /* with class 0 */
    SPAN_CLASS_COUNT = 2 * SIZE_CLASS_COUNT, /* each with pointers (scan) and without (noscan) */
    SIZE_CLASS_BYTES_MAX = 32768,            /* largest small object */
    SIZE_CLASS_FINE_BYTES_MAX = 1016,        /* up to here classes are looked up in steps of 8 */
    PAGE_SHIFT = 13,
    PAGE_BYTES = 1 << PAGE_SHIFT
};

extern const uint16_t size_class_bytes[SIZE_CLASS_COUNT]; /* size of a slot */
extern const uint8_t size_class_pages[SIZE_CLASS_COUNT];  /* pages of a span */
extern const uint16_t size_class_slots[SIZE_CLASS_COUNT]; /* slots of a span */
/* floor((2^32 - 1) / bytes) + 1: offset * this >> 32 is the slot's index, exactly, for every offset
   in a span. 0 for class 0. */
extern const uint32_t size_class_divide[SIZE_CLASS_COUNT];
extern const uint8_t size_class_fine[129];   /* class of ceil(bytes / 8), up to 1016 bytes */
extern const uint8_t size_class_coarse[249]; /* class of ceil((bytes - 1024) / 128), above */

/* Class of the smallest slot that holds `bytes`, 0 < bytes <= SIZE_CLASS_BYTES_MAX. */
static inline unsigned size_class_of(size_t bytes) {
    if (bytes <= SIZE_CLASS_FINE_BYTES_MAX)
        return size_class_fine[(bytes + 7) / 8];
    return size_class_coarse[(bytes - 1024 + 127) / 128];
}

/* Span class: the size class, and whether its objects are free of pointers. */
static inline unsigned span_class_of(unsigned size_class, int noscan) {
    return size_class << 1 | (unsigned)(noscan != 0);
}

#endif
