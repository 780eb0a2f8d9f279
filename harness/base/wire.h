/* clang-format off */
/*
 * What a cell program and heapmark say to each other: lines of UTF-8 text, so that a Go program can
 * speak it too. A line is a key, a space, and a value; values that are several fields are separated
 * by tabs. Unknown keys are refused by name.
 *
 * `cell-NAME --describe` prints on stdout:
 *
 *   heapmark-describe 1
 *   binding NAME
 *   summary TEXT
 *   link shared|static|inline
 *   variant NAME=VALUE                    absent in the binding's plain program: the setting that this
 *                                         one has built in; its settings and workloads do not count
 *   offers TRAIT ...                      words of enum trait, separated by spaces; may be empty
 *   setting NAME\tVALUES\tINITIAL\tSUMMARY
 *   workload NAME\tGROUP\tARTICLE\tSUMMARY\tSTRESSES\tNEEDS\tTRAITS   (the last two: words)
 *   parameter NAME\tSUMMARY\tINITIAL\tLEAST\tMOST\tCHOICES            of the workload before;
 *                                         CHOICES separated by commas, may be empty
 *   end
 *
 * `cell-NAME --workload=W ...` runs one cell once:
 *
 *   --workload=NAME        required
 *   --parameter=NAME=V     repeatable
 *   --setting=NAME=V       repeatable; the strategy's settings
 *   --effort=quick|full    (quick)
 *   --ops=N                operations per thread instead of the workload's own number
 *   --count-ops=N|all      operations of the counting pass, per thread (all: as many as are timed), instead of
 *                          a share; and its totals are reported. Only for a cell program that offers "totals"
 *   --threads=N            (1)
 *   --seed=N               (1)
 *   --library=PATH         malloc binding: who must answer; absent: the C library
 *   --memory-limit=BYTES   RLIMIT_DATA; absent: none
 *   --report-fd=N          where the report goes; absent: stdout
 *   --trace-fd=N           where the event trace of the timed run goes (allocators/event_trace.h; cell-go: the
 *                          runtime's execution trace); absent, or 0: nowhere
 *   --requests-fd=N        held open: see below; absent: the cell runs once
 *   --counter-fds=N,N,...  perf events, opened disabled and inherited: enabled around the timed
 * run, disabled after it and read by the cell program
 *
 * and reports, all numbers as seen by the cell program, times in nanoseconds after the start of the
 * timed run:
 *
 *   heapmark-report 1
 *   value FIELD VALUE                     a field of record_fields.def, once; FIELD and VALUE by a
 *                                         space. Of its group "identity" only allocator, version,
 *                                         call, link, ops and checksum: heapmark knows the others
 *   count NAME VALUE                      with --count-ops: totals of the counting pass, whole numbers, over
 *                                         all threads: operations, allocs, bytes, requested_bytes and
 *                                         retained_bytes (which may be negative); absent: not known
 *   pause CYCLE\tPHASE\tTHREAD\tSTART_NS\tPAUSE_NS
 *   cycle CYCLE\tSTART_NS\tMARK_NS\tHEAP_START\tHEAP_END\tHEAP_MARKED\tGOAL\tASSIST_NS\tFORCED\tPARTIAL
 *                                         PARTIAL may be absent, as in cell programs built before it came
 *   counter INDEX\tVALUE\tENABLED_NS\tRUNNING_NS                      INDEX into --counter-fds,
 * from 0 end STATUS [REASON]                   ok, unavailable, wrong, oom or crashed; nothing may
 * follow. An ok report has ops, wall_ns and checksum
 *
 * With --sites-fd=N it also says there, when it is done, which call sites allocated in the count pass:
 *
 *   heapmark-sites 1
 *   total OPS\tALLOCS\tBYTES              of the pass, as the report has them per operation; BYTES
 *                                         2^64 - 1: not known
 *   rest WORDS                            if sites may lack some of the total: what the difference is
 *   site OBJECTS\tREQUESTED\tBYTES        bytes asked for, and handed out; its calls follow, leaf first:
 *   address HEX                           in the program's file, or
 *   frame NAME\tFILE\tLINE                where the program knows names itself; FILE may be empty
 *   end
 *
 * A report without its end line is a process that died: how, its wait status tells.
 */
/*
 * A cell program that offers "held" can be held open: `--requests-fd=N` with a sliceable workload and
 * one thread. It initialises, warms up, sets up, collects, and says
 *
 *   heapmark-report 1
 *   value allocator NAME
 *   value version VERSION
 *   ready
 *
 * Then it waits, in a safe region, for requests, one line each, and answers each with one line:
 *
 *   run OPS                slice WALL_NS\tCPU_NS\tMINOR_FAULTS\tPREEMPTIONS\tCHECKSUM
 *                          of OPS operations after those of all slices before; CPU_NS and
 *                          PREEMPTIONS (involuntary context switches) are the thread's
 *   tell                   state THREADS\tCPU_NS\tGC_CYCLES
 *                          of the process, now and since its start; GC_CYCLES 0 without a collector
 *
 * The end of the requests is its end, with exit status 0 and no end line; anything else that ends it
 * has one, as above.
 */
/* clang-format on */
#ifndef HEAPMARK_HARNESS_BASE_WIRE_H
#define HEAPMARK_HARNESS_BASE_WIRE_H

#define WIRE_DESCRIBE_VERSION 1
#define WIRE_REPORT_VERSION   1
#define WIRE_SITES_VERSION    1

/* Exit statuses of a cell program. */
enum { CELL_OK = 0, CELL_NOT_OK = 1, CELL_USAGE = 2 };

#endif
