/* A cursor over one record: every field is taken by a function that looks whether it is there. */
#include "harness/capture/perf_records.h"

#include <string.h>

struct cursor {
    const uint8_t *at, *end;
    bool is_short; /* something was not there */
};

static uint64_t cursor_word(struct cursor *c) {
    uint64_t word = 0;
    if ((size_t)(c->end - c->at) < sizeof word) {
        c->is_short = true;
        return 0;
    }
    memcpy(&word, c->at, sizeof word);
    c->at += sizeof word;
    return word;
}

/* Two 32-bit numbers share a word. */
static void cursor_pair(struct cursor *c, uint32_t *first, uint32_t *second) {
    uint64_t word = cursor_word(c);
    uint32_t pair[2];
    memcpy(pair, &word, sizeof pair);
    *first = pair[0];
    *second = pair[1];
}

/* `count` bytes, NULL when they are not there. */
static const void *cursor_skip(struct cursor *c, uint64_t count) {
    const uint8_t *start = c->at;
    if (c->is_short || count > (uint64_t)(c->end - c->at)) {
        c->is_short = true;
        return NULL;
    }
    c->at += count;
    return start;
}

/* Text that ends within the record, NULL when it does not. */
static const char *cursor_text(const struct cursor *c) {
    bool ends = !c->is_short && memchr(c->at, '\0', (size_t)(c->end - c->at)) != NULL;
    return ends ? (const char *)c->at : NULL;
}

static void sample_read_chain(struct cursor *c, struct perf_sample *s) {
    s->chain_count = cursor_word(c);
    if (s->chain_count > (uint64_t)(c->end - c->at) / sizeof *s->chain)
        c->is_short = true;
    s->chain = cursor_skip(c, c->is_short ? 0 : s->chain_count * sizeof *s->chain);
}

static void sample_read_registers(struct cursor *c, struct perf_sample *s) {
    if (PERF_RECORDS_REGISTERS == 0)
        return;
    if (cursor_word(c) != PERF_SAMPLE_REGS_ABI_NONE)
        s->registers = cursor_skip(c, PERF_REGISTERS * sizeof *s->registers);
}

/* The size that was kept free, as many bytes, and how many of them are stack. */
static void sample_read_stack(struct cursor *c, struct perf_sample *s) {
    if (PERF_RECORDS_REGISTERS == 0)
        return;
    uint64_t room = cursor_word(c);
    if (room == 0)
        return;
    s->stack = cursor_skip(c, room);
    uint64_t used = cursor_word(c);
    s->stack_bytes = used < room ? used : room;
}

static bool sample_read(struct cursor *c, uint16_t misc, struct perf_sample *s) {
    *s = (struct perf_sample){.in_kernel = (misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
                                           PERF_RECORD_MISC_KERNEL};
    s->ip = cursor_word(c);
    cursor_pair(c, &s->pid, &s->tid);
    s->time_ns = cursor_word(c);
    s->period = cursor_word(c);
    sample_read_chain(c, s);
    sample_read_registers(c, s);
    sample_read_stack(c, s);
    return !c->is_short;
}

static bool mapping_read(struct cursor *c, uint16_t misc, struct perf_mapping *m) {
    uint32_t tid, major, minor, protection, flags;
    *m = (struct perf_mapping){.is_code = (misc & PERF_RECORD_MISC_MMAP_DATA) == 0};
    cursor_pair(c, &m->pid, &tid);
    m->start = cursor_word(c);
    m->bytes = cursor_word(c);
    m->offset = cursor_word(c);
    cursor_pair(c, &major, &minor);
    cursor_word(c); /* inode */
    cursor_word(c); /* its generation */
    cursor_pair(c, &protection, &flags);
    m->path = cursor_text(c);
    return m->path != NULL;
}

static bool name_read(struct cursor *c, uint16_t misc, struct perf_name *n) {
    *n = (struct perf_name){.is_exec = (misc & PERF_RECORD_MISC_COMM_EXEC) != 0};
    cursor_pair(c, &n->pid, &n->tid);
    n->name = cursor_text(c);
    return n->name != NULL;
}

static bool lost_read(struct cursor *c, uint64_t *lost) {
    cursor_word(c); /* the event's number */
    *lost = cursor_word(c);
    return !c->is_short;
}

size_t perf_record_read(const void *bytes, size_t available, struct perf_record *out) {
    struct perf_event_header header;
    *out = (struct perf_record){.kind = PERF_OTHER};
    if (available < sizeof header)
        return 0;
    memcpy(&header, bytes, sizeof header);
    if (header.size < sizeof header || header.size % 8 != 0 || header.size > available)
        return 0;
    const uint8_t *start = bytes;
    struct cursor c = {.at = start + sizeof header, .end = start + header.size};
    if (header.type == PERF_RECORD_SAMPLE && sample_read(&c, header.misc, &out->sample))
        out->kind = PERF_SAMPLE;
    else if (header.type == PERF_RECORD_MMAP2 && mapping_read(&c, header.misc, &out->mapping))
        out->kind = PERF_MAPPING;
    else if (header.type == PERF_RECORD_COMM && name_read(&c, header.misc, &out->name))
        out->kind = PERF_NAME;
    else if (header.type == PERF_RECORD_LOST && lost_read(&c, &out->lost))
        out->kind = PERF_LOST;
    return header.size;
}
