#!/usr/bin/env bats
# Every workload under every binding that can run it: CELLS is the cell programs' directory.

checksums() { # CELL [ARGUMENT...]: "workload checksum" of every workload the cell can run
    local cell=$1 workload checksum
    shift
    "$cell" --describe | sed -n 's/^workload \([^\t]*\)\t.*/\1/p' | while read -r workload; do
        # shellcheck disable=SC2046 # none or one word
        checksum=$("$cell" --workload="$workload" $(parameter_of "$workload") --ops=2000 --seed=7 "$@" 2>/dev/null |
            sed -n 's/^value checksum //p')
        [ -z "$checksum" ] || echo "$workload $checksum"
    done
}

parameter_of() { # WORKLOAD: in what a mode can bear that collects at every refill
    case $small:$1 in
    yes:linked-list | yes:graph-mutate) echo --parameter=nodes=10000 ;;
    esac
}

setup() {
    small=
}

compare() { # [ARGUMENT...]
    local cell expected
    expected=$(checksums "$CELLS/cell-malloc" "$@")
    [ -n "$expected" ]
    for cell in "$CELLS"/cell-*; do
        [ "$cell" = "$CELLS/cell-malloc" ] && continue
        # What this cell cannot run is absent; what it runs must agree.
        found=$(checksums "$cell" "$@")
        [ -n "$found" ]
        if differing=$(grep -vxFf <(echo "$expected") <(echo "$found")); then
            echo "$cell: $differing"
            return 1
        fi
    done
}

@test "one thread: every binding computes what malloc does" {
    compare
}

@test "two threads: every binding computes what malloc does" {
    compare --threads=2
}

@test "every workload survives goheap's stress mode with the same checksum" {
    small=yes
    expected=$(checksums "$CELLS/cell-malloc")
    stressed=$(checksums "$CELLS/cell-goheap" --setting=stress=1)
    [ -n "$expected" ]
    diff <(echo "$expected") <(echo "$stressed")
}

@test "another seed changes the checksum of a workload that uses it" {
    a=$("$CELLS/cell-malloc" --workload=scan-pointers --ops=100 --seed=1 | grep checksum)
    b=$("$CELLS/cell-malloc" --workload=scan-pointers --ops=100 --seed=2 | grep checksum)
    [ "$a" != "$b" ]
}

@test "a cell gives the same checksum twice" {
    [ "$(checksums "$CELLS/cell-malloc")" = "$(checksums "$CELLS/cell-malloc")" ]
}
