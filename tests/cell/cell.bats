#!/usr/bin/env bats
# The cell programs as processes: CELLS is their directory, SPY the counting malloc.

spied() { # WORKLOAD [ARGUMENT...]: the calls of malloc and friends while the clock ran
    LD_PRELOAD=$SPY "$CELLS/cell-malloc" --workload="$1" --library="$SPY" "${@:2}" 2>&1 >/dev/null |
        sed -n 's/^calls inside: //p'
}

value() { # FIELD: from a report on standard input
    sed -n "s/^value $1 //p"
}

@test "the harness allocates nothing between setup and the end of the run" {
    [ "$(spied empty)" = 0 ]
    [ "$(spied empty --threads=2)" = 0 ]
    [ "$(spied create-copy)" = 0 ]
}

@test "the spy sees the workload's own calls and no others" {
    [ "$(spied create-pointer --ops=1000)" = 2000 ]
}

@test "a library that does not answer to malloc is found out" {
    run "$CELLS/cell-malloc" --workload=empty --library="$SPY"
    [ "$status" -eq 1 ]
    [[ "${lines[1]}" == "end wrong malloc is answered by "* ]]
}

@test "a library that answers to malloc but not to malloc_usable_size leaves B/op empty" {
    report=$(LD_PRELOAD=$SPY "$CELLS/cell-malloc" --workload=create-pointer --library="$SPY" --ops=100 2>/dev/null)
    [ "$(value allocs_per_op <<<"$report")" = 1 ]
    [ -z "$(value bytes_per_op <<<"$report")" ]
    [ "$(value requested_bytes_per_op <<<"$report")" = 80 ]
}

@test "memory beyond the limit ends the cell with status oom" {
    run "$CELLS/cell-malloc" --workload=large --parameter=bytes=1048576 --memory-limit=600000
    [ "$status" -eq 1 ]
    [[ "${lines[-1]}" == "end oom an allocation of "* ]]
}

@test "two threads that run out of memory at once make one end" {
    for _ in $(seq 20); do
        run "$CELLS/cell-malloc" --workload=leak-body --threads=2 --effort=full --memory-limit=30000000
        [ "$status" -eq 1 ]
        [ "$(grep -c '^end ' <<<"$output")" -eq 1 ]
        [[ "${lines[-1]}" == "end oom an allocation of "*" bytes failed" ]]
    done
}

@test "bad arguments are refused with one sentence and exit status 2" {
    for argument in --nonsense=1 --workload=nothing --ops=x --threads=0 --parameter=bytes --report-fd=-1; do
        run "$CELLS/cell-malloc" --workload=empty "$argument"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run "$CELLS/cell-malloc" --workload=create-pointer --parameter=bytes=81
    [ "$status" -eq 2 ]
}

@test "a cell program without arguments of ours is an ordinary benchmark program" {
    run "$CELLS/cell-malloc" --benchmark_filter=create-copy --benchmark_format=csv
    [ "$status" -eq 0 ]
    [[ "$output" == *"create-copy/iterations:"* ]]
}

@test "a flag that would change the frozen work is refused" {
    run "$CELLS/cell-malloc" --benchmark_filter=empty --benchmark_min_warmup_time=1
    [ "$status" -eq 2 ]
}

@test "create-copy allocates nothing and create-pointer exactly once, in every binding" {
    for cell in "$CELLS"/cell-*; do
        report=$("$cell" --workload=create-copy --ops=1000)
        [ "$(value allocs_per_op <<<"$report")" = 0 ]
        [ "$(value bytes_per_op <<<"$report")" = 0 ]
        report=$("$cell" --workload=create-pointer --ops=1000)
        [ "$(value allocs_per_op <<<"$report")" = 1 ]
    done
}
