# The gate's exact tier on real cell programs, printed by print-counts ($PRINT_COUNTS) without a verdict.
# $CELLS: the build's cell programs; $PLANTED: one that allocates once more in a million operations.
load helpers

# Lines of a metric: "REPEAT OPERATIONS BASE CANDIDATE REASON".
counts_of() { # METRIC
    grep -P "^$1\t" counts.txt | cut -f2-
}

print_counts() {
    "$PRINT_COUNTS" "$@" >counts.txt
}

# Every repeat of a metric has this base and this candidate.
every_repeat() { # METRIC BASE CANDIDATE
    [ -n "$(counts_of "$1")" ] || { echo "no $1: $(cat counts.txt)"; return 1; }
    [ "$(counts_of "$1" | cut -f3,4 | sort -u)" = "$2"$'\t'"$3" ] ||
        { echo "$1: $(counts_of "$1")"; return 1; }
}

@test "one more allocation in a million operations is counted, and nothing else of the work differs" {
    print_counts 2 "$CELLS" malloc "$PLANTED" malloc workloads=create-pointer metrics=1
    [ "$(head -1 counts.txt)" = $'cell\tcreate-pointer\tbytes=80\tok\t-' ]
    every_repeat allocs 1000000 1000001
    every_repeat requested_bytes 80000000 80000080
    every_repeat retained_bytes 0 0
}

@test "allocations and bytes are the same in every repeat, under every allocator that is here" {
    for strategy in malloc jemalloc mimalloc tcmalloc tbbmalloc goheap goheap:gc=stw:worker=off pool; do
        print_counts 5 "$CELLS" "$strategy" "$CELLS" "$strategy" ops=20000 metrics=1 \
            workloads=create-pointer,slice-grow-append,binary-trees
        grep -q $'\tunavailable\t' counts.txt && continue
        for metric in allocs bytes requested_bytes; do
            # cell, then its repeats. A block of tiny objects ends with a collection, and when that is, goheap's own
            # thread and the clock decide: 16 bytes now and then.
            band=0
            [ "$strategy,$metric" != goheap,bytes ] || band=1e-6
            awk -F'\t' -v metric="$metric" -v band="$band" '$1 == "cell" { cell = $2 }
                function beyond(value) { return (value - first)^2 > (band * first)^2 }
                $1 == metric { n++; if (!(cell in seen)) { first = $4; seen[cell] = 1; kinds++ }
                    if ($3 != 20000 || beyond($4) || beyond($5)) bad = 1 }
                END { exit bad || kinds != 3 || n != 15 }' counts.txt ||
                { echo "$strategy $metric: $(cat counts.txt)"; return 1; }
        done
    done
}

@test "what an allocator asks of the kernel in the timed run is told by call" {
    print_counts 2 "$CELLS" 'malloc:GLIBC_TUNABLES="glibc.malloc.mmap_threshold=4096"' "$CELLS" malloc \
        ops=1000 workloads=large param=large.bytes=65536 metrics=2
    if grep -q 'is not permitted here' counts.txt; then
        skip "no ptrace here"
    fi
    every_repeat mmap_calls 1000 0
    every_repeat munmap_calls 1000 0
}

@test "instructions of equal sides are equal to one in ten thousand" {
    for strategy in malloc goheap:gc=stw:worker=off; do
        print_counts 2 "$CELLS" "$strategy" "$CELLS" "$strategy" ops=100000 workloads=create-pointer metrics=8
        if grep -q 'valgrind is not installed\|does not mark' counts.txt; then
            skip "no valgrind here"
        fi
        counts_of instructions | awk '{ for (i = 3; i <= 4; i++) {
                least = least == "" || $i < least ? $i : least; most = $i > most ? $i : most; n++ } }
            END { exit !(n == 4 && least > 20000 && most - least <= least / 10000) }' ||
            { echo "$strategy: $(cat counts.txt)"; return 1; }
    done
}

@test "more instructions an operation are seen" {
    print_counts 2 "$CELLS" malloc "$CELLS" 'malloc:GLIBC_TUNABLES="glibc.malloc.tcache_count=0"' \
        ops=40000 workloads=create-pointer metrics=8
    if grep -q 'valgrind is not installed\|does not mark' counts.txt; then
        skip "no valgrind here"
    fi
    counts_of instructions | awk '$4 < $3 * 1.05 { bad = 1 } END { exit bad || NR != 2 }'
}

@test "goheap with its own thread has no instruction count, and says what to do" {
    print_counts 2 "$CELLS" goheap "$CELLS" goheap ops=1000 workloads=create-pointer metrics=8
    [[ "$(counts_of instructions)" == *'give it gc=stw:worker=off'* ]]
}

@test "worker=off is refused where somebody must mark" {
    print_counts 2 "$CELLS" goheap:worker=off "$CELLS" goheap:worker=off ops=1000 workloads=create-pointer
    [[ "$(head -1 counts.txt)" == *$'\twrong\tbase: worker=off: nobody would mark; it needs gc=stw' ]]
}

@test "commands are counted as a whole" {
    print_counts 2 -- true -- true
    [ "$(counts_of minor_faults | wc -l)" -eq 2 ]
    [ -z "$(counts_of allocs)" ]
    if grep -q 'is not permitted here' counts.txt; then
        skip "no ptrace here"
    fi
    [ "$(counts_of mmap_calls | cut -f3,4 | tr '\t' '\n' | sort -u | wc -l)" -eq 1 ]
}

# A valgrind that says what a run costs: 100 instructions an operation, and some more in the second run of
# each side and number of operations, as an allocator that looks at the clock has.
write_fake_valgrind() {
    mkdir -p bin seen
    cat >bin/valgrind <<'END'
#!/usr/bin/env bash
[ "$1" != --version ] || { echo valgrind-fake; exit; }
while [[ $1 == -* ]]; do
    case $1 in --callgrind-out-file=*) out=${1#*=} ;; esac
    shift
done
for word; do
    case $word in --ops=*) ops=${word#*=} ;; esac
done
seen=$(dirname "$0")/../seen/${out##*/}$ops
echo x >>"$seen"
count=$((ops * 100 + 5000))
[ "$(wc -l <"$seen")" -ne 2 ] || count=$((count + ops))
printf 'version: 1\nevents: Ir\ntotals: %s\n' "$count" >"${out/\%p/$$}"
exec "$@"
END
    chmod +x bin/valgrind
}

@test "instructions that the clock adds are left out: the least of runs that are apart" {
    write_fake_valgrind
    PATH=$PWD/bin:$PATH print_counts 2 "$CELLS" malloc "$CELLS" malloc ops=20000 workloads=create-pointer metrics=8
    every_repeat instructions 1000000 1000000
    [ "$(cat seen/* | wc -l)" -eq 16 ] # twice each: base and candidate, N and 2N, two repeats
}

@test "runs that never agree end, and show that they do not" {
    write_fake_valgrind
    sed -i 's/^\[ "$(wc.*/count=$((count + $(wc -l <"$seen") % 2 * ops))/' bin/valgrind
    PATH=$PWD/bin:$PATH print_counts 2 "$CELLS" malloc "$CELLS" malloc ops=20000 workloads=create-pointer metrics=8
    [ "$(cat seen/* | wc -l)" -eq 32 ] || cat seen/*
    [ "$(counts_of instructions | cut -f3 | sort -u | wc -l)" -eq 2 ]
}

@test "counts of sides that differ are made more often than those that are equal" {
    heapmark_counts() { # CANDIDATE
        "$HEAPMARK" gate --base malloc --candidate "$1" --workloads create-pointer --ops 1000 --tiers exact \
            --dir "$2" >/dev/null 2>&1 3>&- || true
        grep -c '^1,allocs,' "$2/counts.csv"
    }
    [ "$(heapmark_counts malloc same)" -eq 2 ]
    [ "$(heapmark_counts goheap differs)" -eq 6 ]
}
