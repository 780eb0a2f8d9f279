#!/usr/bin/env bats
# A cell program held open: CELLS is the programs' directory.

workloads() { # PROGRAM: the sliceable ones that it can run
    "$CELLS/$1" --describe | awk -F'\t' '
        /^offers /   { split(substr($0, 8), words, " "); for (i in words) offered[words[i]] = 1 }
        /^workload / {
            fits = 1
            count = split($6, needs, " ")
            for (i = 1; i <= count; i++) if (!(needs[i] in offered)) fits = 0
            if (fits && $7 ~ /sliceable/) print substr($1, 10)
        }'
}

sum() { # of hexadecimal numbers on standard input, modulo 2^64, as 16 digits
    local total=0 number
    while read -r number; do
        total=$((total + 0x$number))
    done
    printf '%016x\n' "$total"
}

held_sum() { # PROGRAM WORKLOAD REQUESTS [ARGUMENT...]: the sum of its slices' checksums
    printf "$3" | "$CELLS/$1" --workload="$2" --requests-fd=0 "${@:4}" | sed -n 's/^slice .*\t//p' | sum
}

once_sum() { # PROGRAM WORKLOAD OPS [ARGUMENT...]
    "$CELLS/$1" --workload="$2" --ops="$3" "${@:4}" | sed -n 's/^value checksum //p'
}

slices_add_up() { # PROGRAM [ARGUMENT...]
    local workload count=0
    while read -r workload; do
        local several once
        several=$(held_sum "$1" "$workload" 'run 7\nrun 7\nrun 7\n' "${@:2}")
        once=$(once_sum "$1" "$workload" 21 "${@:2}")
        [ "$several" = "$once" ] || echo "$1 $workload: slices $several, once $once"
        [ "$several" = "$once" ]
        count=$((count + 1))
    done < <(workloads "$1")
    [ "$count" -gt 20 ]
}

@test "three slices of n equal one run of 3 n, for every sliceable workload under malloc" {
    slices_add_up cell-malloc
}

@test "three slices of n equal one run of 3 n, for every sliceable workload under goheap" {
    slices_add_up cell-goheap --setting=gc=stw
    slices_add_up cell-goheap
}

@test "slices longer than a batch add up too, and another seed has other sums" {
    [ "$(held_sum cell-malloc small 'run 1500\nrun 1500\n')" = "$(once_sum cell-malloc small 3000)" ]
    [ "$(held_sum cell-malloc graph-mutate 'run 1500\nrun 1500\n' --seed=9)" = "$(once_sum cell-malloc graph-mutate 3000 --seed=9)" ]
    [ "$(held_sum cell-malloc graph-mutate 'run 1500\n' --seed=9)" != "$(held_sum cell-malloc graph-mutate 'run 1500\n')" ]
}

@test "every binding's program says that it can be held open, and who answers before it is ready" {
    for cell in "$CELLS"/cell-*; do
        offers=$("$cell" --describe | sed -n 's/^offers //p')
        [[ " $offers " == *" held "* ]] || [[ "$cell" == *cell-go || "$cell" == *cell-go-* ]]
        [[ " $offers " == *" held "* ]] || continue
        run "$cell" --workload=create-pointer --requests-fd=0 </dev/null
        [ "$status" -eq 0 ]
        [ "${lines[0]}" = "heapmark-report 1" ]
        [[ "${lines[1]}" == "value allocator "* ]]
        [ "${lines[-1]}" = ready ]
    done
}

@test "a slice tells wall and CPU time, faults, preemptions and its checksum; tell counts collections" {
    answers=$(printf 'run 200000\ntell\nrun 200000\ntell\n' |
        "$CELLS/cell-goheap" --workload=create-pointer --requests-fd=0 --setting=gc=stw)
    [ "$(grep -cP '^slice [1-9][0-9]*\t[1-9][0-9]*\t[0-9]+\t[0-9]+\t[0-9a-f]{16}$' <<<"$answers")" -eq 2 ]
    [ "$(grep -cP '^state [1-9][0-9]*\t[1-9][0-9]*\t[1-9][0-9]*$' <<<"$answers")" -eq 2 ]
    mapfile -t collections < <(sed -n 's/^state .*\t//p' <<<"$answers")
    [ "${collections[1]}" -gt "${collections[0]}" ]
    [ "$(printf 'tell\n' | "$CELLS/cell-malloc" --workload=empty --requests-fd=0 | sed -n 's/^state .*\t//p')" = 0 ]
}

@test "the end of the requests is its end, also in the middle of a line" {
    run bash -c 'printf "run 10\nrun 1" | "$0" --workload=empty --requests-fd=0' "$CELLS/cell-malloc"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^slice ' <<<"$output")" -eq 1 ]
    [[ "$output" != *"end "* ]]
}

@test "a request that is none ends it with the reason" {
    for request in 'jump' 'run' 'run 0' 'run -1' 'run 1x' 'run 99999999999999999999' 'RUN 1'; do
        run bash -c 'printf "run 10\n%s\nrun 10\n" "$1" | "$0" --workload=empty --requests-fd=0' "$CELLS/cell-malloc" "$request"
        [ "$status" -eq 1 ]
        [ "${lines[-1]}" = "end wrong \"$request\" is no request" ]
        [ "$(grep -c '^slice ' <<<"$output")" -eq 1 ]
    done
}

@test "what cannot be held open is refused with one sentence and exit status 2" {
    for arguments in "--workload=leak-task" "--workload=empty --threads=2" "--workload=empty --requests-fd=x"; do
        run "$CELLS/cell-malloc" --requests-fd=0 $arguments </dev/null
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "memory that runs out in a slice is reported as oom" {
    run bash -c 'printf "run 10\n" | "$0" --workload=large --parameter=bytes=1048576 --memory-limit=600000 --requests-fd=0' "$CELLS/cell-malloc"
    [ "$status" -eq 1 ]
    [[ "${lines[-1]}" == "end oom an allocation of "* ]]
}
