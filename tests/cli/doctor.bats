# What doctor says, whatever the machine: every section, one finding a line, and when it fails.
load helpers

sections='CPUs
clock
memory
counters
what profile, trace and gate need
tools
mallocs known by name (any other: alias=./lib.so)
cell programs'

# Every line of a section is a finding, or advice below one.
only_findings() {
    ! grep -E '^ ' out.txt | grep -qvE '^(  (ok|note|no) +[^ ].*: .+|        [^ ].*)$'
}

@test "doctor reports section by section and succeeds where anything can be measured" {
    heapmark doctor
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    [[ $out == "heapmark on "* ]]
    [ "$(grep -E '^[^ ]' out.txt | sed '1d;$d')" = "$sections" ]
    only_findings
}

@test "doctor's last line counts its findings" {
    heapmark doctor
    local word count=()
    for word in ok note no; do
        count+=("$(grep -cE "^  $word " out.txt)") || true
    done
    [ "$(tail -1 out.txt)" = \
        "${count[0]} ok, ${count[1]} notes, ${count[2]} that cannot be measured or are missing" ]
}

@test "doctor lists the programs of settings that are built in" {
    heapmark doctor
    grep -q '^  ok    cell-malloc: [0-9]* workloads, /' out.txt
    grep -q '^  ok    cell-malloc-calloc: malloc:zero=calloc, /.*/cell-malloc-calloc$' out.txt
    grep -q '^  ok    cell-goheap-static: goheap:link=static, /' out.txt
}

@test "doctor tells whether valgrind is there, and tries it" {
    mkdir tools
    printf '#!/bin/sh\necho valgrind-9.8.7\n' >tools/valgrind
    chmod +x tools/valgrind
    PATH=$PWD/tools:$PATH heapmark doctor
    grep -qx "  ok    instructions counted by valgrind (gate): $PWD/tools/valgrind, valgrind-9.8.7" out.txt
    printf '#!/bin/sh\nexit 1\n' >tools/valgrind
    PATH=$PWD/tools:$PATH heapmark doctor
    grep -q "^  no    instructions counted by valgrind (gate): .*/tools/valgrind --version fails" out.txt
    rm tools/valgrind
    env PATH="$PWD/tools" "$HEAPMARK" doctor >out.txt
    grep -q '^  no    instructions counted by valgrind (gate): .*apt-get install valgrind' out.txt
}

@test "doctor tries what counts system calls and what samples" {
    heapmark doctor
    grep -qE '^  (ok|no)    ?system calls counted by ptrace \(gate\): .*(`true` maps memory [1-9]|refused)' out.txt
    grep -qE '^  (ok|note|no) +CPU samples \(profile\): .*(cpu-clock|cycles|no CPU samples)' out.txt
}

@test "doctor tells the Go toolchain and its version" {
    mkdir tools
    printf '#!/bin/sh\n[ "$*:$GOTOOLCHAIN" = "env GOVERSION:local" ] && echo go9.8.7\n' >tools/go
    chmod +x tools/go
    PATH=$PWD/tools:$PATH heapmark doctor
    grep -qx "  ok    go: $PWD/tools/go, go9.8.7" out.txt
    printf '#!/bin/sh\nexit 1\n' >tools/go
    PATH=$PWD/tools:$PATH heapmark doctor
    grep -qx "  no    go: $PWD/tools/go env: it ended with status 1 and said nothing" out.txt
    rm tools/go
    env PATH="$PWD/tools" "$HEAPMARK" doctor >out.txt
    grep -qx '  no    go: not installed' out.txt
    grep -A1 -x '  no    go: not installed' out.txt | grep -q 'apt-get install golang-go'
}

@test "doctor lists a program that it does not know by name" {
    use_fake_cells
    heapmark doctor
    [ "$status" -eq 0 ]
    grep -q '^  no    cell-malloc: not built or not installed$' out.txt
    grep -A1 '^  no    cell-go: not built or not installed$' out.txt | grep -q golang-go
    grep -q '^  ok    cell-fake: [0-9]* workloads, /' out.txt
}

@test "doctor fails where nothing can be measured, and its report stays whole" {
    mkdir empty
    HEAPMARK_LIBEXEC=$PWD/empty heapmark doctor
    [ "$status" -eq 4 ]
    [[ $err == "heapmark: no cell programs found in $PWD/empty"* ]]
    [ "$(wc -l <err.txt)" -eq 1 ]
    [ "$(grep -E '^[^ ]' out.txt | sed '1d;$d')" = "$sections" ]
    grep -q '^  no    cell-goheap: not built or not installed$' out.txt
}

@test "doctor takes no flag and no operand" {
    heapmark doctor --loud
    refused 2 'doctor has no flag --loud'
    heapmark doctor all
    refused 2 'all'
}
