# heapmark profile: sites are exact and the same everywhere; samples need the right to take some, and
# nothing here depends on how many there are.
load helpers

libexec() {
    echo "${HEAPMARK_LIBEXEC:-$(dirname "$(dirname "$HEAPMARK")")/libexec/heapmark}"
}

need_cell() {
    [ -x "$(libexec)/cell-$1" ] || skip "there is no cell-$1"
}

# A sampled run, short; skips where the kernel gives no samples.
sample() {
    heapmark profile --repetitions 1 --out out --only cpu "$@"
    [ "$status" -ne 4 ] || skip "no samples here: $err"
    [ "$status" -eq 0 ] || { echo "exit status $status: $err"; return 1; }
}

# OBJECTS BYTES of the line that sums a cell's sites
total() {
    awk '/ in all/ {print $1, $2}' out/profile.txt
}

@test "a value that is none is refused by name" {
    heapmark profile --duration 0
    refused 2 'duration is a whole number from 1'
    heapmark profile --only heap
    refused 2 'only is cpu or allocations, not "heap"'
    heapmark profile --frequency 1000000
    refused 2 'frequency is a whole number from 1 to 10000'
    heapmark profile --workload x
    refused 2 '--workloads'
    heapmark profile --workloads stackit
    refused 2 'stack-it'
}

@test "a directory that cannot be made is refused before anything runs" {
    need_cell malloc
    touch file
    heapmark profile --only allocations --workloads stack-it --strategies malloc --out file/below
    refused 4 'the directory file/below cannot be made'
}

@test "cells of which none can run are refused, and nothing is made" {
    heapmark profile --workloads binary-trees --strategies bump --out out
    refused 4 'no cell can run here: bump does not offer reclaims'
    [ ! -e out ]
}

@test "the sites add up to the record: every object, every byte" {
    need_cell goheap
    heapmark profile --only allocations --workloads create-pointer,stack-it-2 --ops 1000 \
        --strategies malloc,goheap,bump,pool --out out
    [ "$status" -eq 0 ]
    [ "$(grep -c ' in all, as the record has it' out/profile.txt)" -eq 8 ] || { cat out/profile.txt; return 1; }
    [ "$(total | cut -d' ' -f1 | sort -u)" = 1000 ]
}

@test "the sites of a value that stays on the stack are none" {
    need_cell goheap
    heapmark profile --only allocations --workloads stack-it --strategies goheap --out out
    [ "$(total)" = "0 0" ]
}

@test "a recursion has more stacks than there is room, and still no object is lost" {
    need_cell malloc
    heapmark profile --only allocations --workloads binary-trees --strategies malloc --ops 10000 --out out
    grep -q ' in all, as the record has it' out/profile.txt
    # and it is one site still: from its root, though not every way down was kept
    local objects
    objects=$(total | cut -d' ' -f1)
    [ "$objects" -gt 1000000 ]
    grep -q "^ *$objects .* tree_new (recursive) < trees_once < trees_run$" out/profile.txt ||
        { cat out/profile.txt; return 1; }
}

@test "sites have the names of the workload's functions" {
    need_cell malloc
    heapmark profile --only allocations --workloads stack-it-2 --strategies malloc --ops 1000 --out out
    grep -q 'stack_it_address_up' "out/stack-it-2.malloc.allocations.folded"
}

@test "go's sites come from its own memory profile" {
    need_cell go
    heapmark profile --only allocations --workloads create-pointer --strategies go --ops 1000 --out out
    [ "$status" -eq 0 ]
    awk '$1 == 1000 && /heapmark\/seed.CreatePointer/ {found = 1} END {exit !found}' out/profile.txt
}

# A Go object of 8 bytes without pointers shares its block with another.
@test "go's objects that share a block are counted one by one, at their site" {
    [ -x "$(libexec)/go-sites" ] || skip "there is no go-sites"
    heapmark profile --only allocations --workloads slice-store-value-with-pointer --strategies go \
        --ops 1000 --out out
    [ "$status" -eq 0 ]
    awk '$1 == 1000 && $2 == 8000 && /storeValueWithPointer/ {found = 1} END {exit !found}' out/profile.txt
    grep -q ' in all, as the record has it' out/profile.txt
}

@test "where go's runtime counts blocks alone, what is missing is a line of its own" {
    need_cell go
    mkdir cells
    cp "$(libexec)/cell-go" cells/
    export HEAPMARK_LIBEXEC=$PWD/cells
    heapmark profile --only allocations --workloads slice-store-value-with-pointer --strategies go \
        --ops 1000 --out out
    [ "$status" -eq 0 ]
    awk '$1 >= 400 && /\[rest: tiny objects in a block/ {found = 1} END {exit !found}' out/profile.txt
    grep -q ' in all, as the record has it' out/profile.txt
}

@test "samples are written in every form, with names of workload and runtime" {
    need_cell goheap
    sample --workloads create-pointer --strategies goheap --frequency 5000
    for file in cpu.folded cpu.pb.gz cpu.speedscope.json; do
        [ -s "out/create-pointer_bytes=80.goheap.$file" ]
    done
    [ -s out/flame.html ]
    grep -q 'create_pointer' "out/create-pointer_bytes=80.goheap.cpu.folded"
    grep -q 'goheap_new' "out/create-pointer_bytes=80.goheap.cpu.folded"
    grep -q 'broken call chains: ' out/profile.txt
    grep -q ' Hz' out/flame.html
}

@test "the page asks for nothing from elsewhere" {
    need_cell malloc
    heapmark profile --only allocations --workloads stack-it-2 --strategies malloc --ops 10 --out out
    ! grep -E '(src|href)=|@import|url\(|fetch\(|XMLHttp' out/flame.html
    ! grep -q '@DATA@' out/flame.html
}

# Flat values by function, of pprof and of our table's own numbers (folded leaves), in samples.
@test "go tool pprof reads the profile and agrees with the folded stacks" {
    command -v go >/dev/null || skip "Go is not installed"
    need_cell malloc
    sample --workloads create-pointer --strategies malloc --frequency 5000
    stem=out/create-pointer_bytes=80.malloc.cpu
    PPROF_TMPDIR=$PWD go tool pprof -top -nodecount=1000000 -nodefraction=0 \
        -sample_index=samples "$stem.pb.gz" 2>/dev/null |
        awk 'found && $1 != "0" {name = $6; for (i = 7; i <= NF; i++) name = name " " $i
             sub(/ \((partial-)?inline\)$/, "", name); print name, $1}
             /flat%/ {found = 1}' | sort >pprof.txt
    sed 's/ \([0-9]*\)$/\t\1/' "$stem.folded" |
        awk -F'\t' '{n = split($1, f, ";"); sub(/_\[k\]$/, "", f[n]); sum[f[n]] += $2}
                    END {for (name in sum) print name, sum[name]}' | sort >folded.txt
    [ -s pprof.txt ]
    diff pprof.txt folded.txt
}

@test "pprof agrees with the sites, object by object" {
    command -v go >/dev/null || skip "Go is not installed"
    need_cell malloc
    heapmark profile --only allocations --workloads stack-it-2 --strategies malloc --ops 1000 --out out
    PPROF_TMPDIR=$PWD go tool pprof -top -sample_index=alloc_objects \
        out/stack-it-2.malloc.allocations.pb.gz >pprof.txt 2>/dev/null
    grep -q 'of 1000 total' pprof.txt
    grep -q 'stack_it_address_up' pprof.txt
}

@test "a program without debug symbols is profiled, and what is missing is said" {
    command -v strip >/dev/null || skip "there is no strip"
    need_cell pool
    mkdir cells
    cp "$(libexec)/cell-pool" cells/
    strip cells/cell-pool
    export HEAPMARK_LIBEXEC=$PWD/cells
    heapmark profile --only allocations --workloads stack-it-2 --strategies pool --ops 1000 --out out
    [ "$status" -eq 0 ]
    [ "$(total | cut -d' ' -f1)" = 1000 ]
    grep -q 'cell-pool+0x' out/stack-it-2.pool.allocations.folded
    grep -q 'cell-pool has no debug symbols' out/profile.txt
}

@test "a full disk is said, by file, and what was written before is whole" {
    need_cell malloc
    mkdir full
    mount -t tmpfs -o size=12k none full 2>/dev/null || skip "no tmpfs can be mounted here"
    heapmark profile --only allocations --workloads stack-it-2 --strategies malloc --ops 10 --out full || true
    ls -A full >files.txt
    umount full
    [ "$status" -eq 4 ]
    [[ $err == *"No space left on device"* ]]
    [[ $err == *"the files before it are whole"* ]]
    grep -q 'folded' files.txt
}

@test "Ctrl-C writes what there is" {
    need_cell malloc
    sample --workloads stack-it-2 --strategies malloc --ops 1000
    rm -rf out
    "$HEAPMARK" profile --workloads create-pointer --strategies malloc --duration 600 --out out \
        >out.txt 2>err.txt 3>&- &
    heapmark_pid=$!
    for _ in $(seq 600); do
        pgrep -P "$heapmark_pid" >/dev/null && grep -q . err.txt && break
        sleep 0.05
    done
    sleep 1
    kill -INT "$heapmark_pid"
    status=0
    wait "$heapmark_pid" || status=$?
    [ "$status" -eq 130 ]
    grep -q 'interrupted' err.txt
    [ -s out/flame.html ]
    [ -s out/profile.txt ]
}
