# What the tests of the command line share. $HEAPMARK is the program, $HEAPMARK_TEST_SOURCE its tests.

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# The binding whose workloads end as they are called.
use_fake_cells() {
    export HEAPMARK_LIBEXEC=$HEAPMARK_TEST_SOURCE/fake_cells
}

# Status and standard output and error apart: $status, $out, $err.
heapmark() {
    status=0
    "$HEAPMARK" "$@" >out.txt 2>err.txt 3>&- || status=$?
    out=$(cat out.txt)
    err=$(cat err.txt)
}

# A refusal: one sentence on stderr, nothing on stdout.
refused() { # EXIT-STATUS PATTERN
    [ "$status" -eq "$1" ] || { echo "exit status $status, not $1: $err"; return 1; }
    [ -z "$out" ] || { echo "stdout: $out"; return 1; }
    [ "$(wc -l <err.txt)" -eq 1 ] || { echo "not one line: $err"; return 1; }
    [[ $err == heapmark:\ * ]] || { echo "no heapmark: $err"; return 1; }
    [[ $err == *$2* ]] || { echo "no '$2' in: $err"; return 1; }
}

# Number of a column of records.csv.
column() { # NAME
    head -1 run/records.csv | tr ',' '\n' | grep -nx "$1" | cut -d: -f1
}

# The columns strategy, workload, parameters, repetition of every row. (No value of these tests' runs
# in front of them has a comma.)
repetitions() {
    tail -n +2 run/records.csv |
        cut -d, -f"$(column strategy),$(column workload),$(column parameters),$(column repetition)"
}

statuses() {
    tail -n +2 run/records.csv | cut -d, -f"$(column status)" | sort | uniq -c | awk '{print $2 "=" $1}' |
        paste -sd' '
}

# Every repetition there is, none twice: $1 rows.
whole_run() { # ROWS
    [ "$(repetitions | wc -l)" -eq "$1" ] || { echo "$(repetitions | wc -l) rows, not $1"; return 1; }
    [ "$(repetitions | sort -u | wc -l)" -eq "$1" ] || { echo "a row is doubled"; return 1; }
    [ "$(tail -n +2 run/records.csv | cut -d, -f1 | sort -un | wc -l)" -eq "$1" ] ||
        { echo "a record number is doubled"; return 1; }
}

# Waits until run/records.csv has at least N rows.
wait_for_rows() { # N
    for _ in $(seq 500); do
        if [ -e run/records.csv ] && [ "$(wc -l <run/records.csv)" -gt "$1" ]; then
            return 0
        fi
        sleep 0.01
    done
    echo "no $1 rows: $(cat err.txt)"
    return 1
}

# Waits for the cell program that hangs, and prints its number.
sleeping_child() { # PARENT
    local child
    for _ in $(seq 500); do
        for child in $(cat "/proc/$1/task/$1/children"); do
            if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = sleep ]; then
                echo "$child"
                return 0
            fi
        done
        sleep 0.01
    done
    echo "no cell program hangs" >&2
    return 1
}
