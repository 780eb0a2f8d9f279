/*
 * The heap checker: derives every invariant again from first principles and compares.
 */
#ifndef HEAPMARK_GOHEAP_VERIFY_H
#define HEAPMARK_GOHEAP_VERIFY_H

/* Checks the whole heap; aborts with a message on the first violation. The world is stopped and all
   mcaches are flushed. */
void verify_heap(void);

/* The same in builds with HEAPMARK_VERIFY, nothing in others. */
void verify_if_enabled(void);

#endif
