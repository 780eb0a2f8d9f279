/* Carves the heap's own small structures out of 64 KB pieces; free lists by size. */
#include "allocators/goheap/metadata.h"

#include <assert.h>
#include <string.h>

#include "allocators/goheap/os.h"

enum { PIECE_BYTES = 64 * 1024, STEP_BYTES = 64, LIST_COUNT = METADATA_BYTES_MAX / STEP_BYTES + 1 };

/* A free block holds the link to the next one; a piece's first step, the link to the next piece. */
struct link {
    struct link *next;
};

static struct {
    struct link *free[LIST_COUNT]; /* by bytes / STEP_BYTES */
    struct link *pieces;
    uintptr_t carve, carve_end; /* what is left of the newest piece */
    uint64_t used_bytes;
} metadata;

static size_t metadata_round(size_t bytes) {
    assert(bytes > 0 && bytes <= METADATA_BYTES_MAX);
    return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
}

void metadata_reset(void) {
    while (metadata.pieces != NULL) {
        struct link *piece = metadata.pieces;
        metadata.pieces = piece->next;
        os_unmap(piece, PIECE_BYTES, OS_MSPAN);
    }
    memset(&metadata, 0, sizeof metadata);
}

static void *metadata_carve(size_t bytes) {
    if (metadata.carve_end - metadata.carve < bytes) {
        /* What is left over (less than 1 KB of 64) is given up. */
        struct link *piece = os_map(PIECE_BYTES, OS_MSPAN);
        if (piece == NULL)
            return NULL;
        piece->next = metadata.pieces;
        metadata.pieces = piece;
        metadata.carve = (uintptr_t)piece + STEP_BYTES;
        metadata.carve_end = (uintptr_t)piece + PIECE_BYTES;
    }
    void *block = (void *)metadata.carve;
    metadata.carve += bytes;
    return block;
}

void *metadata_new(size_t bytes) {
    bytes = metadata_round(bytes);
    struct link **list = &metadata.free[bytes / STEP_BYTES];
    void *block = *list;
    if (block != NULL) {
        *list = (*list)->next;
        memset(block, 0, bytes);
    } else {
        block = metadata_carve(bytes);
    }
    if (block != NULL)
        metadata.used_bytes += bytes;
    return block;
}

void metadata_free(void *block, size_t bytes) {
    if (block == NULL)
        return;
    bytes = metadata_round(bytes);
    struct link *link = block;
    link->next = metadata.free[bytes / STEP_BYTES];
    metadata.free[bytes / STEP_BYTES] = link;
    metadata.used_bytes -= bytes;
}

uint64_t metadata_used_bytes(void) {
    return metadata.used_bytes;
}
