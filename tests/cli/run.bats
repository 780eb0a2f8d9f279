# What run measures, keeps and says.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use_fake_cells
}

@test "a run leaves every file and prints its table" {
    heapmark run --workloads calm,nap --strategies fake,other=fake:sum=even --repetitions 2 --out run
    [ "$status" -eq 0 ]
    [[ $out == *calm* && $out == *other* ]]
    whole_run 8
    [ "$(statuses)" = 'ok=8' ]
    local file
    for file in config.txt counters.csv cycles.csv machine.txt memory.csv pauses.csv records.csv; do
        [ -s "run/$file" ]
    done
}

@test "every end of a cell is a status, the run goes on, and the exit status tells" {
    heapmark run --workloads calm,crash,hang,oom,killed --strategies fake --timeout 1 \
        --repetitions 1 --out run
    [ "$status" -eq 1 ]
    [ "$(statuses)" = 'crashed=1 killed=1 ok=1 oom=1 timeout=1' ]
    [[ $err == *'crash bytes=8, fake, repetition 1: crashed: SIGSEGV; it said: it hurts here'* ]]
    [[ $out == *'it hurts here'* ]]
}

@test "skipped and unavailable cells are recorded once and are no failure" {
    heapmark run --workloads calm,needy --strategies fake,goheap --repetitions 3 --out run
    [ "$status" -eq 0 ]
    [[ $(statuses) == *'ok=3 '* ]]
    [ "$(repetitions | grep -c '^fake,needy,')" -eq 1 ]
    [ "$(repetitions | grep -c '^goheap,calm,')" -eq 1 ]
    [[ $err == *'notice: goheap: '* ]]
}

@test "a checksum that differs makes the record wrong and the run fail" {
    heapmark run --workloads calm --strategies fake,odd=fake:sum=odd --repetitions 2 --out run
    [ "$status" -eq 1 ]
    [ "$(statuses)" = 'ok=2 wrong=2' ]
    grep -q 'differs from .* for the same work' run/records.csv
}

@test "a cell program that is killed from outside is a record, and the run goes on" {
    "$HEAPMARK" run --workloads hang,calm --strategies fake --repetitions 1 --out run \
        >out.txt 2>err.txt 3>&- &
    local pid=$! child
    child=$(sleeping_child "$pid")
    kill -KILL "$child"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 1 ]
    [ "$(statuses)" = 'killed=1 ok=1' ]
}

@test "a dry run prints the skips and a command per cell that runs, and starts nothing" {
    heapmark run --workloads calm,needy --strategies 'fake,v=fake:sum=odd:FAKE_X="a b"' --dry-run \
        --memory-limit 1G --out run
    [ "$status" -eq 0 ]
    [ ! -e run ]
    [[ $out == *'needy, fake
  skipped: '* ]]
    [[ $out == *'4 cells, 2 of them skipped, 0 unavailable; 10 processes' ]]
    local command
    command=$(grep -A1 '^calm bytes=8, v$' out.txt | tail -1)
    [[ $command == *"FAKE_X='a b' "* ]]
    bash -c "$command" >report.txt
    grep -qx 'value checksum fedcba9876543210' report.txt
    grep -qx 'end ok' report.txt
}

@test "config.txt repeats the run" {
    heapmark run --workloads calm --strategies fake --param bytes=4,8 --repetitions 2 --seed 9 --out run
    [ "$status" -eq 0 ]
    local first
    first=$(repetitions)
    mv run first
    heapmark run --config first/config.txt --out run
    [ "$status" -eq 0 ]
    [ "$(repetitions)" = "$first" ]
    diff first/config.txt run/config.txt
}

@test "a flag wins over the config file" {
    printf 'workloads: calm\nstrategies: fake\nrepetitions: 4\nparam: bytes=4\n' >config.yaml
    heapmark run --repetitions 1 --config config.yaml --param bytes=16,32 --out run
    [ "$status" -eq 0 ]
    whole_run 2
    [ "$(repetitions | cut -d, -f3 | sort | paste -sd' ')" = 'bytes=16 bytes=32' ]
}

@test "without --out the run is under results, by its time" {
    heapmark run --workloads calm --strategies fake --repetitions 1
    [ "$status" -eq 0 ]
    heapmark run --workloads calm --strategies fake --repetitions 1
    [ "$status" -eq 0 ]
    [ "$(find results -name records.csv | wc -l)" -eq 2 ]
    [[ $(ls results | head -1) =~ ^[0-9]{8}T[0-9]{6}Z$ ]]
}

@test "a full disk ends the run with a sentence, and what was measured reads back" {
    # A file may have 8 KiB at most: records.csv or counters.csv reaches it in the middle of the run.
    status=0
    (ulimit -f 8 && exec "$HEAPMARK" run --workloads calm --strategies fake --repetitions 200 \
        --out run) >out.txt 2>err.txt 3>&- || status=$?
    [ "$status" -eq 4 ]
    grep -q 'heapmark run --resume --out run' err.txt
    local before
    before=$(repetitions | wc -l)
    [ "$before" -gt 0 ]
    sed -i 's/^repetitions:.*/repetitions: 60/' run/config.txt
    heapmark run --resume --out run
    [ "$status" -eq 0 ]
    whole_run 60
}

@test "a disk that is full from the beginning leaves nothing, and the same --out serves later" {
    # No file may have a byte; what is said goes through a pipe.
    (ulimit -f 0 && exec "$HEAPMARK" run --workloads calm --strategies fake --repetitions 1 --out run) \
        2>&1 3>&- | cat >err.txt
    [ "${PIPESTATUS[0]}" -eq 4 ]
    grep -q '^heapmark: cannot write run/config.txt: ' err.txt
    [ "$(wc -l <err.txt)" -eq 1 ]
    [ -z "$(ls run)" ]
    heapmark run --workloads calm --strategies fake --repetitions 1 --out run
    [ "$status" -eq 0 ]
    whole_run 1
}

@test "runs of one second get a directory each" {
    local i
    for i in 1 2 3 4; do
        "$HEAPMARK" run --workloads calm --strategies fake --repetitions 1 >"out$i" 2>"err$i" 3>&- &
    done
    wait
    [ "$(find results -name records.csv | wc -l)" -eq 4 ]
    [ "$(cat results/*/records.csv | grep -c ',ok,')" -eq 4 ]
}
