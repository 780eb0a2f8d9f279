/* How a long command is asked to stop. Within cli only. */
#ifndef HEAPMARK_HARNESS_CLI_INTERRUPT_H
#define HEAPMARK_HARNESS_CLI_INTERRUPT_H

/* Set by Ctrl-C, SIGTERM, and SIGHUP unless it is ignored (nohup wants a command to outlive its
   terminal). Those who work look at it, end what they started, and keep what they have. */
extern volatile int command_interrupted;

void command_catch_interrupts(void);

#endif
