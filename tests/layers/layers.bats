#!/usr/bin/env bats
# The layers of the source tree: SOURCE is the tree.

plant() { # FILE INCLUDED: a tree with one include that may not be
    mkdir -p "$BATS_TEST_TMPDIR"/{allocators,harness,workloads} "$(dirname "$BATS_TEST_TMPDIR/$1")"
    echo "#include \"$2\"" >"$BATS_TEST_TMPDIR/$1"
}

check() {
    run "$SOURCE/tests/layers/check_layers" "$1"
}

@test "no folder includes one above it" {
    check "$SOURCE"
    [ "$status" -eq 0 ]
}

@test "an include of an upper stage is found" {
    plant harness/store/store.c harness/run/rounds.h
    check "$BATS_TEST_TMPDIR"
    [ "$status" -eq 1 ]
    [ "$output" = "harness/store/store.c includes harness/run/rounds.h, which lies above it" ]
}

@test "an allocator that includes a workload is found" {
    plant allocators/x.c workloads/heap.h
    check "$BATS_TEST_TMPDIR"
    [ "$status" -eq 1 ]
}

@test "a workload that includes the harness is found" {
    plant workloads/x.c harness/measure/clock.h
    check "$BATS_TEST_TMPDIR"
    [ "$status" -eq 1 ]
}
