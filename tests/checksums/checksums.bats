#!/usr/bin/env bats
# Every workload under every binding that can run it: CELLS is the cell programs' directory.

# "workload checksum" of every workload whose needs the cell program offers; "workload none" where it
# gives no checksum, which no other program's line is equal to.
checksums() { # CELL [ARGUMENT...]
    local cell=$1 described offers workload needs need checksum
    shift
    described=$("$cell" --describe)
    offers=$(sed -n 's/^offers //p' <<<"$described")
    if [[ $* == *--threads=* && " $offers " != *" threads "* ]]; then
        return
    fi
    # Tabs are blanks to read, which runs of them would lose a field to.
    sed -n 's/^workload //p' <<<"$described" | tr '\t' '|' |
        while IFS='|' read -r workload _ _ _ _ needs _; do
            for need in $needs; do
                [[ " $offers " == *" $need "* ]] || continue 2
            done
            checksum=$("$cell" --workload="$workload" --ops=2000 --seed=7 \
                $(parameter_of "$workload") "$@" 2>/dev/null |
                sed -n 's/^value checksum //p') || true
            echo "$workload ${checksum:-none}"
        done
}

# What malloc computes, worked out once for all tests here.
expected_checksums() { # [ARGUMENT...]
    local file=$BATS_FILE_TMPDIR/malloc$small$*
    [ -e "$file" ] || checksums "$CELLS/cell-malloc" "$@" >"$file"
    cat "$file"
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
    local cell expected found differing
    expected=$(expected_checksums "$@")
    [ -n "$expected" ]
    for cell in "$CELLS"/cell-*; do
        # Go's is held to the same lines one by one below.
        case $cell in */cell-malloc | */cell-go) continue ;; esac
        found=$(checksums "$cell" "$@")
        # One thread is what every program can run.
        [ -n "$found" ] || [ $# -gt 0 ] || return 1
        if differing=$(grep -vxFf <(echo "$expected") <(echo "$found") | grep .); then
            echo "$cell: $differing"
            return 1
        fi
    done
}

# Go's cell program and its workloads, or the test is skipped by name.
needs_go() {
    [ -x "$CELLS/cell-go" ] || skip "no cell-go: it was built without a Go toolchain"
}

workloads() { # CELL
    "$CELLS/$1" --describe | sed -n 's/^workload \([^\t]*\)\t.*/\1/p'
}

@test "one thread: every binding computes what malloc does" {
    compare
}

@test "two threads: every binding computes what malloc does" {
    compare --threads=2
}

@test "every workload has its Go twin, and every twin its workload" {
    needs_go
    [ -n "$(workloads cell-malloc)" ]
    diff <(workloads cell-malloc) <(workloads cell-go)
    diff <(workloads cell-goheap) <(workloads cell-go)
}

@test "every Go twin computes what its workload does, on one thread and on two" {
    needs_go
    diff <(expected_checksums) <(checksums "$CELLS/cell-go")
    diff <(expected_checksums --threads=2) <(checksums "$CELLS/cell-go" --threads=2)
}

# "workload parameter=value checksum" at every choice of a parameter, or at the least value it takes.
checksums_of_parameters() { # CELL
    local key workload='' name least choices value checksum
    "$CELLS/$1" --describe | grep -E '^(workload|parameter) ' | sed 's/ /|/' | tr '\t' '|' |
        while IFS='|' read -r key name _ _ least _ choices; do
            if [ "$key" = workload ]; then
                workload=$name
                continue
            fi
            [ -n "$choices" ] || choices=$least
            for value in ${choices//,/ }; do
                checksum=$("$CELLS/$1" --workload="$workload" --parameter="$name=$value" --ops=100 \
                    --seed=7 2>/dev/null | sed -n 's/^value checksum //p') || true
                echo "$workload $name=$value ${checksum:-none}"
            done
        done
}

@test "every Go twin computes what its workload does, at every value of its parameters" {
    needs_go
    expected=$(checksums_of_parameters cell-malloc)
    grep -q 'create-pointer bytes=4096 [0-9a-f]' <<<"$expected"
    grep -q 'binary-trees depth=[0-9]* [0-9a-f]' <<<"$expected"
    diff <(echo "$expected") <(checksums_of_parameters cell-go)
}

@test "every workload survives goheap's stress mode with the same checksum" {
    small=yes
    expected=$(expected_checksums)
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
    [ "$(expected_checksums)" = "$(checksums "$CELLS/cell-malloc")" ]
}
