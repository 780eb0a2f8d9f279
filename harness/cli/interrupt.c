#include "harness/cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

volatile int command_interrupted;

static void interrupt(int number) {
    (void)number;
    command_interrupted = 1;
}

void command_catch_interrupts(void) {
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART}, inherited;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, NULL, &inherited);
    if (inherited.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
