#!/usr/bin/env bats
# The event trace of the cell programs: CELLS is their directory, PRINT_TRACE the reader.

setup() {
    cd "$BATS_TEST_TMPDIR"
}

traced() { # CELL ARGUMENT...: the report in ./report, what the trace holds in ./trace
    "$CELLS/$1" "${@:2}" --report-fd=8 --trace-fd=7 7>events 8>report
    "$PRINT_TRACE" events >trace
    [ "$(tail -n 1 report)" = "end ok" ]
}

value() { # FIELD: of the report
    sed -n "s/^value $1 //p" report
}

held() { # NAME: of the trace
    sed -n "s/^$1 //p" trace
}

totals_agree() {
    [ "$(held stops)" = "$(value gc_stw_count)" ]
    [ "$(held stops_ns)" = "$(value gc_pause_ns_total)" ]
    [ "$(held mark-setup.count)" = "$(value gc_cycles)" ]
    [ "$(held run_ns)" = "$(value wall_ns)" ]
    [ "$(held run_is_within)" = 1 ]
    [ "$(held dropped)" = 0 ]
    [ "$(held ended)" = 1 ]
}

@test "the stops of goheap's trace are the record's, to the nanosecond" {
    traced cell-goheap --workload=churn-pointer --ops=2000000
    [ "$(held stops)" -gt 10 ]
    [ "$(held refill.count)" -gt 10 ]
    totals_agree
}

@test "assists and sweeps of goheap's trace are the record's" {
    traced cell-goheap --workload=binary-trees --parameter=depth=14 --threads=2
    totals_agree
    [ "$(held runs)" = 2 ]
    [ "$(held mark.count)" -gt 0 ]
    [ "$(held assist.ns)" = "$(value gc_assist_ns)" ]
    [ "$(held sweep.total_ns)" = "$(value gc_sweep_ns)" ]
    # The collector's thread may sweep on between the last reading and the trace's end.
    [ "$(held background-sweep.spans)" -ge "$(value gc_bgsweep_count)" ]
}

@test "the stops of bdwgc's trace are the record's, incremental or not" {
    [ -x "$CELLS/cell-boehm" ] || skip "no bdwgc"
    for incremental in 0 1; do
        traced cell-boehm --workload=churn-pointer --ops=500000 --setting=incremental=$incremental
        [ "$(held stops)" -gt 2 ]
        totals_agree
    done
}

@test "a binding that tells no events still tells when the threads ran" {
    traced cell-malloc --workload=create-pointer --threads=2
    [ "$(held events)" = 0 ]
    [ "$(held runs)" = 2 ]
    [ "$(held run_ns)" = "$(value wall_ns)" ]
    [ "$(held ended)" = 1 ]
}

@test "a reader that is gone is told, and the cell ends well" {
    "$CELLS/cell-goheap" --workload=churn-pointer --ops=100000 --trace-fd=7 8>&1 7> >(exec <&-) \
        >report 2>errors
    [ "$(tail -n 1 report)" = "end ok" ]
    [ "$(cat errors)" = "the event trace is not whole: Broken pipe" ]
}

@test "a full disk is told, and the cell ends well" {
    "$CELLS/cell-goheap" --workload=churn-pointer --ops=100000 --trace-fd=7 7>/dev/full >report 2>errors
    [ "$(tail -n 1 report)" = "end ok" ]
    [ "$(cat errors)" = "the event trace is not whole: No space left on device" ]
}

@test "what is cut off a trace is missed, and what is left can be read" {
    traced cell-goheap --workload=churn-pointer --ops=500000
    events=$(held events)
    head -c -1 events >cut
    "$PRINT_TRACE" cut >trace
    [ "$(held ended)" = 0 ]
    [ "$(held events)" = "$events" ]
    head -c 1000 events >cut
    "$PRINT_TRACE" cut
    tail -c +2 events >broken
    run "$PRINT_TRACE" broken
    [ "$status" -eq 1 ]
}
