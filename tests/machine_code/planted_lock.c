/* A function with an atomic read-modify-write, for the test that check_no_lock catches it. */
#include <stdatomic.h>

int planted_lock(atomic_int *counter);

int planted_lock(atomic_int *counter) {
    return atomic_fetch_add(counter, 1);
}
