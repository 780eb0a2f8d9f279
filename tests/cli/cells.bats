# The real cell programs through the real command line, with as few operations as will do.
load helpers

@test "glibc's malloc is measured, and equal work gives equal checksums" {
    heapmark run --workloads create --strategies malloc,again=malloc --repetitions 2 --ops 1000 --out run
    [ "$status" -eq 0 ]
    whole_run 8
    [ "$(statuses)" = 'ok=8' ]
}

@test "what is listed can be run" {
    heapmark list workloads
    [ "$status" -eq 0 ]
    [[ $out == *create-pointer* && $out == *'bytes=80'* ]]
    heapmark list strategies mallocs
    [ "$status" -eq 0 ]
    [[ $out == *malloc* && $out != *create-pointer* ]]
    heapmark list lists
    [[ $out == *quick* ]]
}

@test "a cell of --dry-run measures by hand" {
    heapmark run --workloads create-pointer --strategies malloc --ops 1000 --dry-run
    [ "$status" -eq 0 ]
    bash -c "$(sed -n 2p out.txt)" >report.txt
    grep -qx 'value ops 1000' report.txt
    [ "$(tail -1 report.txt)" = 'end ok' ]
}

@test "quick fits into 625 processes" {
    heapmark run --dry-run
    [ "$status" -eq 0 ]
    [ "$(sed -n '$s/.*; \([0-9]*\) processes/\1/p' out.txt)" -le 625 ]
}

@test "as many counters as may be asked for are told, each in its row" {
    heapmark run --workloads create-copy --strategies malloc --ops 1000 --repetitions 1 --out run \
        --counters "$(seq -f 'page-faults:period=%g' -s , 32)"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^1,page-faults:period=' run/counters.csv)" -eq 32 ]
    [ "$(statuses)" = 'ok=1' ]
}

# Every long row has its record, and every record all of its cycles.
long_rows_fit() {
    local file cycles
    cycles=$(column gc_cycles)
    for file in pauses cycles counters memory; do
        awk -F, 'NR == FNR { if (FNR > 1) is[$1] = 1; next }
                 FNR > 1 && !is[$1] { print FILENAME ": no record " $1; bad = 1 }
                 END { exit bad }' run/records.csv "run/$file.csv" || return 1
    done
    awk -F, -v column="$cycles" 'NR == FNR { if (FNR > 1) found[$1]++; next }
             FNR > 1 && found[$1] + 0 != $column + 0 { print "cycles of record " $1; bad = 1 }
             END { exit bad }' run/cycles.csv run/records.csv
}

# Cell programs that still run.
cells_left() {
    find /proc -maxdepth 2 -name exe -lname "$PWD/cells/*" 2>/dev/null
}

@test "signals at random moments lose nothing, double nothing and leave no cell program" {
    # Cell programs of our own, told from those of other tests by their path.
    local libexec=${HEAPMARK_LIBEXEC:-$(dirname "$HEAPMARK")/../libexec/heapmark}
    mkdir cells
    cp "$libexec/cell-malloc" "$libexec/cell-goheap" cells
    export HEAPMARK_LIBEXEC=$PWD/cells
    local try signal
    for try in $(seq 16); do
        signal=$(echo KILL KILL INT TERM | cut -d' ' -f$((try % 4 + 1)))
        if [ -e run/config.txt ]; then
            "$HEAPMARK" run --resume --out run >out.txt 2>err.txt 3>&- &
        else
            "$HEAPMARK" run --workloads create-pointer,churn-pointer --strategies malloc,goheap \
                --ops 60000 --repetitions 15 --out run >out.txt 2>err.txt 3>&- &
        fi
        sleep "0.$(printf %03d $((RANDOM % 120)))"
        kill -"$signal" $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        [ -z "$(cells_left)" ] || sleep 0.5 # a killed process needs a moment to go
        [ -z "$(cells_left)" ]
    done
    heapmark run --resume --out run
    [ "$status" -eq 0 ] || { echo "$err"; return 1; }
    whole_run 60
    [ "$(statuses)" = 'ok=60' ]
    long_rows_fit
}
