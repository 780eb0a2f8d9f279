# The real Go runtime as a strategy. Without cell-go what needs it is skipped by name.
load helpers

needs_go() {
    [ -x "${HEAPMARK_LIBEXEC:-$(dirname "$HEAPMARK")/../libexec/heapmark}/cell-go" ] ||
        skip "no cell-go: it was built without a Go toolchain"
}

# The values of a column, one a line.
values() { # NAME
    tail -n +2 run/records.csv | cut -d, -f"$(column "$1")"
}

# GOMAXPROCS of every collection that a cell of `heapmark run ARGUMENT...` makes, run by hand.
procs() { # ARGUMENT...
    heapmark run --workloads create-pointer --ops 200000 --dry-run "$@"
    [ "$status" -eq 0 ]
    bash -c "$(sed -n 2p out.txt)" 2>&1 >/dev/null | sed -n 's/^gc .* \([0-9]*\) P.*$/\1/p' | sort -u
}

@test "without its cell program Go is unavailable, and the others are measured" {
    use_fake_cells
    heapmark run --workloads calm --strategies fake,go,go:gogc=50 --repetitions 2 --out run
    [ "$status" -eq 0 ]
    [ "$(statuses)" = 'ok=2 unavailable=2' ]
    grep -q 'cell-go is not here; install Go (package golang-go) and build heapmark again' run/records.csv
}

@test "Go is measured beside malloc, and equal work gives equal checksums" {
    needs_go
    heapmark run --workloads create --strategies malloc,go --repetitions 2 --ops 200000 --out run
    [ "$status" -eq 0 ] || { echo "$err"; return 1; }
    whole_run 8
    [ "$(statuses)" = 'ok=8' ]
    values version | grep -q '^go1\.'
}

@test "every stop of Go has its row, and utilisation follows from them" {
    needs_go
    heapmark run --workloads create-pointer --strategies go --repetitions 1 --ops 500000 --out run
    [ "$status" -eq 0 ]
    [ "$(values gc_cycles)" -gt 0 ]
    [ "$(tail -n +2 run/pauses.csv | wc -l)" -eq "$(values gc_stw_count)" ]
    [ "$(tail -n +2 run/cycles.csv | wc -l)" -eq "$(values gc_cycles)" ]
    for window in 1 10 50; do
        awk -v share="$(values "mmu_${window}ms")" 'BEGIN { exit !(share != "" && share >= 0 && share < 1) }'
    done
}

@test "a cell bound to CPUs has as many Ps, and procs sets another number" {
    needs_go
    first=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
    [ "$(procs --strategies go:gctrace=1 --cpus "$first")" = 1 ]
    [ "$(procs --strategies go:gctrace=1:procs=3)" = 3 ]
}

@test "a Go cell that exhausts its memory is oom, however much it says of it" {
    needs_go
    heapmark run --workloads leak-body,leak-task --effort full --ops 3000000 --strategies go \
        --repetitions 1 --memory-limit 64M --out run
    [ "$status" -eq 1 ]
    [ "$(statuses)" = 'oom=2' ] || { cat run/records.csv; return 1; }
    [ "$(grep -c 'the Go runtime ended the program: fatal error: ' run/records.csv)" -eq 2 ]
}

@test "the limit that every cell gets breaks no ordinary Go cell" {
    needs_go
    heapmark run --workloads binary-trees,large,leak-timer-fixed,stack-growth --strategies go \
        --repetitions 1 --ops 200 --out run
    [ "$status" -eq 0 ]
    [ "$(statuses | grep -c '^ok=')" -eq 1 ]
}

@test "an experiment that no program has built in is unavailable" {
    needs_go
    heapmark run --workloads empty --strategies go:experiment=nosuchthing --repetitions 1 --out run
    [ "$status" -eq 0 ]
    [ "$(statuses)" = 'unavailable=1' ]
    grep -q 'no cell program of go with experiment=nosuchthing is here' run/records.csv
}
