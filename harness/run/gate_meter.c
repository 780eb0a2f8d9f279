/* How the gate really measures: in processes, by the clock of the machine. */
#include "harness/measure/clock.h"
#include "harness/run/gate_schedule.h"

const struct gate_meter gate_meter_processes = {
    .prepare = gate_time_prepare,
    .counts = gate_counts_measure,
    .time_block = gate_time_block,
    .memory_block = gate_memory_block,
    .now_ns = clock_wall_ns,
};
