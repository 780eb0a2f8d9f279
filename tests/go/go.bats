#!/usr/bin/env bats
# cell-go as a process: CELLS is the directory of the cell programs.

go_cell() { # WORKLOAD [ARGUMENT...]
    "$CELLS/cell-go" --workload="$1" "${@:2}"
}

value() { # FIELD: from a report on standard input
    sed -n "s/^value $1 //p"
}

# The figures of a workload: "allocs/op B/op".
allocation() {
    local report
    report=$(go_cell "$@")
    echo "$(value allocs_per_op <<<"$report") $(value bytes_per_op <<<"$report")"
}

@test "cycles and stops of a report are those of gctrace and of MemStats in the same process" {
    go_cell churn-pointer --setting=gctrace=1 >"$BATS_TEST_TMPDIR/report" 2>"$BATS_TEST_TMPDIR/trace"
    [ "$(value gc_cycles <"$BATS_TEST_TMPDIR/report")" -gt 256 ] # more than the runtime remembers
    # gctrace cuts times to two digits: each stop lies within its last one. The two clocks of the
    # runtime are read one after the other, so some may differ by more; the sums may not by 2 %.
    run awk -v total="$(value gc_pause_ns_total <"$BATS_TEST_TMPDIR/report")" '
        function step(text) { return text !~ /[.]/ && text != "0" ? 1e6 : 10 ^ (6 - decimals(text)) }
        function decimals(text) { return text == "0" ? 3 : length(text) - index(text, ".") }
        function differs(a, b, most) { return a - b > most || b - a > most }
        FILENAME ~ /trace$/ {
            match($0, /: [0-9.+]+ ms clock/)
            split(substr($0, RSTART + 2, RLENGTH - 11), clock, "+")
            printed[++cycles, "mark-setup"] = clock[1]
            printed[cycles, "mark-termination"] = clock[3]
        }
        $1 == "pause" {
            stops++
            sum += $6
            if ($3 != "mark-restart") {
                text = printed[$2, $3]
                shown += text * 1e6
                steps += step(text)
                outside += differs($6, text * 1e6 + step(text) / 2, step(text) / 2 + 2000)
            }
        }
        $1 == "cycle" { rows++ }
        $2 == "gc_cycles" { told = $3 }
        $2 == "gc_stw_count" { counted = $3 }
        END {
            print cycles, rows, told, counted, stops, sum, total, shown, steps, outside
            exit cycles != rows || rows != told || counted != stops || stops < 2 * rows ||
                 sum != total || differs(total, shown + steps / 2, steps / 2 + total / 50) ||
                 outside > stops / 50
        }' "$BATS_TEST_TMPDIR/trace" "$BATS_TEST_TMPDIR/report"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "stops and cycles lie in the timed run, one after the other" {
    run awk '
        $2 == "wall_ns" { wall = $3 }
        $1 == "cycle" { if ($3 < last || $3 > wall || $8 == 0) wrong++; last = $3; cycles++ }
        END { print cycles, wrong; exit wrong > 0 || cycles < 10 }' <(go_cell create-pointer)
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "every twin is described word for word as its workload" {
    texts() { "$CELLS/$1" --describe | grep '^workload\|^parameter'; }
    [ "$(texts cell-malloc | wc -l)" -gt 48 ]
    diff <(texts cell-malloc) <(texts cell-go)
}

@test "allocs/op and B/op are the articles'" {
    [ "$(allocation stack-it)" = "0 0" ]
    [ "$(allocation stack-it-2)" = "1 8" ]
    [ "$(allocation stack-it-3)" = "0 0" ]
    [ "$(allocation stack-it-2-inlined)" = "0 0" ]
    [ "$(allocation new-local)" = "0 0" ]
    [ "$(allocation large-local)" = "1 73728" ]
    [ "$(allocation create-copy)" = "0 0" ]
    [ "$(allocation create-pointer)" = "1 80" ]
}

@test "a struct of any size is one allocation as a pointer, of its size, and none as a value" {
    # Enough operations that a thread which the runtime starts meanwhile (some 5 KB) is divided away.
    for bytes in 8 16 32 64 128 256 512 1024 2048 4096; do
        [ "$(allocation create-copy --ops=100000 --parameter=bytes=$bytes)" = "0 0" ]
        [ "$(allocation create-pointer --ops=100000 --parameter=bytes=$bytes)" = "1 $bytes" ]
    done
}

@test "the harness allocates nothing while the clock runs" {
    # One operation: what is not the workload's is not divided away. The runtime itself now and then
    # takes 16 bytes after a collection (one process in ten); the harness's would be in every one.
    least() { for _ in 1 2 3 4 5 6 7 8 9 10; do allocation "$@" --ops=1; done | sort -n | head -1; }
    [ "$(least empty)" = "0 0" ]
    [ "$(least create-pointer)" = "1 80" ]
}

@test "a leak is a number, and its cure is none" {
    leaked=$(go_cell leak-body --ops=1000 | value retained_bytes_per_op)
    cured=$(go_cell leak-body-fixed --ops=1000 | value retained_bytes_per_op)
    awk -v leaked="$leaked" -v cured="$cured" 'BEGIN { exit !(leaked > 8000 && cured < 800) }'
}

@test "settings reach the runtime" {
    [ "$(go_cell create-pointer --setting=gogc=off | value gc_cycles)" = 0 ]
    [ "$(go_cell create-pointer --setting=gogc=400 --setting=procs=1 | value gc_cycles)" -gt 0 ]
    [ "$(go_cell create-pointer --setting=gogc=off --setting=memlimit=20000000 | value gc_cycles)" -gt 0 ]
    [ "$(GOGC=off "$CELLS/cell-go" --workload=create-pointer | value gc_cycles)" = 0 ]
}

@test "gctrace lines are shown when asked for, and of the timed run only" {
    [ -z "$(go_cell create-pointer 2>&1 >/dev/null)" ]
    cycles=$(go_cell create-pointer --setting=gctrace=1 2>"$BATS_TEST_TMPDIR/trace" | value gc_cycles)
    [ "$cycles" -gt 0 ]
    [ "$(grep -c '^gc [0-9]* @' "$BATS_TEST_TMPDIR/trace")" -eq "$cycles" ]
}

@test "every experiment is a program of its own, which says so" {
    values=$("$CELLS/cell-go" --describe | sed -n 's/^setting experiment\t\([^\t]*\)\t.*/\1/p')
    [ -n "$values" ] || skip "this toolchain knows no experiment that heapmark asks for"
    for name in ${values//|/ }; do
        [ "$name" = default ] && continue
        cell=$CELLS/cell-go-$name
        "$cell" --describe | grep -qx "variant experiment=$name"
        "$cell" --workload=empty --setting=experiment="$name" | value version | grep -q "X:$name"
        run "$CELLS/cell-go" --workload=empty --setting=experiment="$name"
        [ "$status" -eq 2 ]
    done
}

@test "the text of a fault inside the timed run reaches stderr" {
    "$CELLS/cell-go" --workload=churn-copy --ops=100000000000 >/dev/null \
        2>"$BATS_TEST_TMPDIR/said" 3>&- &
    cell=$!
    # The second image of the process, in which the clock runs, has this in its environment.
    for _ in $(seq 100); do
        grep -q gctrace=1 "/proc/$cell/environ" && break
        sleep 0.05
    done
    sleep 0.5
    kill -ABRT "$cell"
    status=0
    wait "$cell" || status=$?
    [ "$status" -eq 2 ]
    grep -q '^SIGABRT: abort' "$BATS_TEST_TMPDIR/said"
    grep -q 'churnCopyRun' "$BATS_TEST_TMPDIR/said"
}

@test "memory beyond the limit ends the cell, and Go says so on stderr" {
    run "$CELLS/cell-go" --workload=churn-pointer --setting=gogc=off --memory-limit=300000000
    [ "$status" -eq 2 ]
    [[ "$output" =~ "fatal error: "[^$'\n']*(out of|cannot allocate)" memory" ]]
    [[ "$output" != *"end ok"* ]]
}

@test "bad arguments are refused with one sentence and exit status 2" {
    for argument in --nonsense=1 --workload=nothing --ops=x --threads=0 --parameter=bytes \
        --report-fd=-1 --counter-fds=x --setting=gogc=x --setting=nothing=1 --setting=experiment=x; do
        run "$CELLS/cell-go" --workload=empty "$argument"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run "$CELLS/cell-go" --workload=create-pointer --parameter=bytes=81
    [ "$status" -eq 2 ]
}

@test "without arguments there is a usage text" {
    run "$CELLS/cell-go"
    [ "$status" -eq 2 ]
    [[ "${lines[0]}" == "usage: cell-go "* ]]
}

@test "every workload names the functions that are its subject, and they exist" {
    "$CELLS/cell-go" --functions >"$BATS_TEST_TMPDIR/functions"
    grep -qx $'stack-it-2\tstackIt2' "$BATS_TEST_TMPDIR/functions"
    diff <("$CELLS/cell-go" --describe | sed -n 's/^workload \([^\t]*\)\t.*/\1/p' | grep -vx empty) \
        <(cut -f1 "$BATS_TEST_TMPDIR/functions" | uniq)
    cut -f2 "$BATS_TEST_TMPDIR/functions" | sort -u >"$BATS_TEST_TMPDIR/named"
    "$GO_FUNCTIONS" "${BATS_TEST_DIRNAME}/../../workloads/go/seed" | cut -f4 | sort -u \
        >"$BATS_TEST_TMPDIR/there"
    [ -z "$(comm -23 "$BATS_TEST_TMPDIR/named" "$BATS_TEST_TMPDIR/there")" ]
}
