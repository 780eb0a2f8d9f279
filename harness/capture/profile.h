/*
 * A profile: stacks with two values each, whatever took them. CPU samples and allocation sites have
 * this one form, so that every format is written once.
 *
 *   function   a name in a module; inlined functions are functions too
 *   location   an address in a module and the functions there, innermost inlined one first
 *   stack      locations, leaf first
 *   entry      a stack on a thread with its two values
 *
 * Everything is interned: equal things have equal numbers, and numbers are dense from 0. Nothing is
 * thread-safe.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_PROFILE_H
#define HEAPMARK_HARNESS_CAPTURE_PROFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROFILE_DEPTH_MAX = 256 }; /* locations of a stack; what lies deeper is cut at the root */

struct profile_function {
    const char *name;   /* never empty */
    const char *module; /* base name of the file; "[kernel]", "[vdso]", "[unknown]" */
    const char *file;   /* of the source, NULL: not known */
    bool is_kernel;
};

struct profile_line {
    uint32_t function;
    unsigned line; /* 0: not known */
};

struct profile_location {
    uint32_t module;
    uint64_t address;           /* as the module's ELF file has it */
    uint32_t first, line_count; /* into lines; at least one */
};

struct profile_module {
    const char *path;
    const char *build_id; /* hexadecimal, "" when it has none */
    bool has_symbols;     /* a full symbol table or debug information, not only exported names */
};

struct profile_stack {
    uint32_t first, depth; /* into frames; leaf first */
    bool is_broken;        /* the walk ended before a thread's first function */
};

struct profile_entry {
    uint32_t stack, thread;
    uint64_t values[2];
};

struct profile_value_type {
    const char *type, *unit; /* pprof's words: "samples" "count", "cpu" "nanoseconds" */
};

struct profile {
    struct profile_value_type types[2]; /* the second is the one shown first */
    char *event;                        /* what made the entries, as people read it */
    uint64_t period;                    /* in the second type's unit; 0: exact, not sampled */
    uint64_t duration_ns;               /* of all timed runs together */
    uint64_t cpu_ns;                    /* likewise, of the process's threads */
    uint64_t lost;                      /* samples that did not reach us */
    GArray *functions;                  /* of struct profile_function */
    GArray *lines;                      /* of struct profile_line */
    GArray *locations;                  /* of struct profile_location */
    GArray *modules;                    /* of struct profile_module */
    GArray *frames;                     /* of uint32_t, locations */
    GArray *stacks;                     /* of struct profile_stack */
    GPtrArray *threads;                 /* of const char *, names */
    GArray *entries;                    /* of struct profile_entry */
    GStringChunk *text;
    GHashTable *index; /* of what is interned: a key of bytes to its number */
};

void profile_init(struct profile *p);
void profile_release(struct profile *p);

uint32_t profile_function_add(struct profile *p, const struct profile_function *function);
uint32_t profile_module_add(struct profile *p, const struct profile_module *module);
uint32_t profile_thread_add(struct profile *p, const char *name);

/* The location of an address when it was added before. */
bool profile_location_find(const struct profile *p, uint32_t module, uint64_t address,
                           uint32_t *out);
/* lines: innermost first, at least one. Gives the old one when the address was added before. */
uint32_t profile_location_add(struct profile *p, uint32_t module, uint64_t address,
                              const struct profile_line *lines, uint32_t count);

/* locations: leaf first; depth at most PROFILE_DEPTH_MAX, the caller cuts. */
uint32_t profile_stack_add(struct profile *p, const uint32_t *locations, uint32_t depth,
                           bool is_broken);

/* Adds the values to the entry of the stack and thread. */
void profile_entry_add(struct profile *p, uint32_t stack, uint32_t thread, uint64_t first,
                       uint64_t second);

/* Sums over all entries. */
uint64_t profile_total(const struct profile *p, unsigned value); /* of all entries */
uint64_t profile_broken(const struct profile *p);                /* entries' first value */

/* The functions of a stack, leaf first and inlined ones apart, into out (room for `most`); returns
   how many; those beyond are left out at the root. */
uint32_t profile_functions(const struct profile *p, uint32_t stack, uint32_t *out, uint32_t most);

static inline const struct profile_function *profile_function_at(const struct profile *p,
                                                                 uint32_t number) {
    return &g_array_index(p->functions, struct profile_function, number);
}
static inline const struct profile_stack *profile_stack_at(const struct profile *p,
                                                           uint32_t number) {
    return &g_array_index(p->stacks, struct profile_stack, number);
}
static inline const struct profile_location *profile_location_at(const struct profile *p,
                                                                 uint32_t number) {
    return &g_array_index(p->locations, struct profile_location, number);
}

#endif
