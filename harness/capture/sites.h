/*
 * Allocation sites as a cell program writes them (harness/base/wire.h), read into a profile of
 * objects and bytes.
 *
 * The text comes from another process, which may have died in the middle of a line; nothing in it
 * is believed before it is checked.
 */
#ifndef HEAPMARK_HARNESS_CAPTURE_SITES_H
#define HEAPMARK_HARNESS_CAPTURE_SITES_H

#include <stddef.h>

#include "harness/base/error.h"
#include "harness/capture/profile.h"

/* How the entry is called that the program told no site of: the total less the sites, and in words
   what that is. */
#define SITES_REST "[rest: "

struct sites_total {
    uint64_t ops, allocs;
    uint64_t bytes; /* handed out; UINT64_MAX: not known */
};

/* Names the values of an empty profile. */
void sites_describe(struct profile *p);

/* program: path of the executable that addresses are in. Bytes are those handed out; those asked
   for, where only they make the total. Where the program says that sites may lack something, what
   they lack is an entry of its own, SITES_REST. Refuses (EXIT_CANNOT), with the line; what came
   before it is in *p. */
bool sites_read(struct profile *p, struct sites_total *total, const char *program, const char *text,
                size_t length, struct error *err);

#endif
