# Whatever ends a run, its directory is whole as far as it went, and --resume completes it.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use_fake_cells
}

# 2 workloads x 2 strategies x 8 repetitions, and needy once per strategy: 34 rows.
begin() {
    "$HEAPMARK" run --workloads calm,nap,needy --strategies fake,other=fake:sum=even \
        --repetitions 8 --out run >out.txt 2>err.txt 3>&- &
    pid=$!
}

end() {
    status=0
    wait "$pid" || status=$?
}

@test "SIGINT leaves a valid directory and says how to go on" {
    begin
    wait_for_rows 3
    kill -INT "$pid"
    end
    [ "$status" -eq 130 ]
    [ ! -s out.txt ]
    grep -q 'go on with: heapmark run --resume --out run' err.txt
    [ "$(wc -l <run/records.csv)" -lt 35 ]
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    whole_run 34
}

@test "SIGTERM does the same" {
    begin
    wait_for_rows 3
    kill -TERM "$pid"
    end
    [ "$status" -eq 130 ]
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    whole_run 34
}

@test "an interruption ends the cell program that hangs" {
    "$HEAPMARK" run --workloads hang --strategies fake --repetitions 1 --out run >out.txt 2>err.txt 3>&- &
    pid=$!
    local child
    child=$(sleeping_child "$pid")
    kill -INT "$pid"
    end
    [ "$status" -eq 130 ]
    if kill -0 "$child" 2>/dev/null; then
        echo "the cell program is still there"
        return 1
    fi
    [ "$(wc -l <run/records.csv)" -eq 1 ]
}

@test "kill -9 of heapmark takes the cell program with it" {
    "$HEAPMARK" run --workloads hang --strategies fake --repetitions 1 --out run >out.txt 2>err.txt 3>&- &
    pid=$!
    local child
    child=$(sleeping_child "$pid")
    kill -KILL "$pid"
    end
    for _ in $(seq 100); do
        # Dead, if perhaps not reaped: that is for whoever takes orphans in.
        [[ $(awk '/^State:/ {print $2}' "/proc/$child/status" 2>/dev/null) == [SRD] ]] || return 0
        sleep 0.01
    done
    kill -KILL "$child"
    echo "the cell program is still there"
    return 1
}

@test "kill -9 at any moment loses and doubles no row" {
    local try
    for try in 1 2 3 4 5; do
        if [ "$try" -eq 1 ]; then
            begin
        else
            "$HEAPMARK" run --resume --out run >out.txt 2>err.txt 3>&- &
            pid=$!
        fi
        wait_for_rows $((try * 4))
        sleep "0.00$((RANDOM % 10))"
        kill -KILL "$pid" 2>/dev/null || true
        end
        [ "$status" -eq 137 ] || [ "$status" -eq 0 ]
    done
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    whole_run 34
    [ "$(statuses)" = 'ok=32 skipped=2' ]
}

@test "a torn last line is cut, said, and measured again" {
    heapmark run --workloads calm --strategies fake --repetitions 3 --out run
    [ "$status" -eq 0 ]
    truncate -s -20 run/records.csv
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    [[ $err == *records.csv* ]]
    whole_run 3
}

@test "damage anywhere else is refused with file and line, and nothing is changed" {
    heapmark run --workloads calm --strategies fake --repetitions 3 --out run
    sed -i '3s/^2,/two,/' run/records.csv
    local before
    before=$(cksum run/*)
    heapmark run --resume --out run
    refused 2 'records.csv'
    [[ $err == *3* ]]
    [ "$(cksum run/*)" = "$before" ]
}

@test "resuming a whole run measures nothing and prints its table" {
    heapmark run --workloads calm,needy --strategies fake --repetitions 2 --out run
    local first before
    first=$out
    before=$(cksum run/*)
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    [ "$out" = "$first" ]
    [ "$(cksum run/*)" = "$before" ]
}

@test "a run is resumed as it was begun, or not at all" {
    heapmark run --resume
    refused 2 '--resume needs --out'
    mkdir empty
    heapmark run --resume --out empty
    refused 2 'no config.txt'
    heapmark run --workloads calm --strategies fake --repetitions 1 --out run
    heapmark run --resume --out run --ops 5
    refused 2 '--ops cannot be given with --resume'
}

@test "a resumed run that holds failures fails" {
    heapmark run --workloads calm,crash --strategies fake --repetitions 1 --out run
    [ "$status" -eq 1 ]
    heapmark run --resume --out run
    [ "$status" -eq 1 ]
    whole_run 2
}

@test "a run that was ended after its config and before its rows is completed" {
    heapmark run --workloads calm --strategies fake --repetitions 2 --out run
    rm run/*.csv run/machine.txt
    heapmark run --workloads calm --strategies fake --repetitions 2 --out run
    refused 2 'give --resume'
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    [ -s run/machine.txt ]
    whole_run 2
}

@test "nohup's run outlives its terminal" {
    (trap '' HUP && exec "$HEAPMARK" run --workloads nap --strategies fake --repetitions 20 --out run) \
        >out.txt 2>err.txt 3>&- &
    pid=$!
    wait_for_rows 2
    kill -HUP "$pid"
    end
    [ "$status" -eq 0 ]
    whole_run 20
}
