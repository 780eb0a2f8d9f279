/* Where a shared library is installed. */
#ifndef HEAPMARK_HARNESS_PLAN_LIBRARY_FIND_H
#define HEAPMARK_HARNESS_PLAN_LIBRARY_FIND_H

/* The path of a library by its soname, NULL when it is not installed. Caller frees with g_free. */
char *library_find(const char *soname);

#endif
