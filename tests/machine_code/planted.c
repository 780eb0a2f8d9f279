/* Timed code with one fault each, for the test that check_timed catches them; never linked. */
#include "tests/machine_code/planted.h"

#define TIMED __attribute__((noinline, section(".text.timed")))

#if PLANTED == 1 /* a call outside the allow-list */
TIMED int planted(int x) {
    return printf("%d\n", x);
}
#elif PLANTED == 2 /* a branch on a mode */
int planted_mode;
TIMED int planted(int x) {
    return planted_mode ? x + 1 : x;
}
#elif PLANTED == 3 /* an indirect call */
TIMED int planted(int (*function)(int)) {
    return function(1) + 1;
}
#elif PLANTED == 4 /* a mode in a variable of this file */
static int planted_hidden;
void planted_set(int mode) {
    planted_hidden = mode;
}
TIMED int planted(int x) {
    return planted_hidden ? x + 1 : x;
}
#else
/* no fault */
TIMED int planted(int x) {
    return x + 1;
}
#endif
