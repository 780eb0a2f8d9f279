# The command line of export, and the tools its files are made for; the files' text is tested to the
# byte in tests/unit/test_export.c.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use_fake_cells
    fake_run run
}

fake_run() { # DIR
    heapmark run --workloads calm,nap --strategies fake,mine-2=fake:sum=even --repetitions 6 --out "$1"
    [ "$status" -eq 0 ]
}

needs_benchstat() {
    benchstat=$(PATH=$PATH:$HOME/go/bin command -v benchstat) || skip "no benchstat"
}

# Debian's libbenchmark-tools, and the libraries of Debian's Python that it wants.
needs_compare() {
    compare=/usr/share/benchmark/compare.py
    [ -e "$compare" ] || skip "no compare.py (libbenchmark-tools)"
    /usr/bin/python3 -c 'import numpy, scipy' 2>/dev/null || skip "no numpy or scipy for compare.py"
}

@test "help is on stdout and as it was agreed" {
    heapmark export --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    diff "$HEAPMARK_TEST_SOURCE/golden/export.txt" out.txt
}

@test "one run directory and a known format are asked for" {
    heapmark export --format go
    refused 2 'export takes one run directory'
    heapmark export run run --format go
    refused 2 'export takes one run directory'
    heapmark export run
    refused 2 'export needs a format: --format go or google-benchmark'
    heapmark export run --format google-benchmrk
    refused 2 'export knows no format "google-benchmrk"; did you mean google-benchmark?'
    heapmark export run --format spreadsheet
    refused 2 'export knows no format "spreadsheet"; it knows go or google-benchmark'
}

@test "a directory that is no run is refused" {
    mkdir other && echo precious >other/file
    heapmark export other --format go
    refused 2 'other'
    heapmark export nowhere --format go
    refused 2 'nowhere'
}

@test "a name that the run does not have gets the nearest" {
    heapmark export run --format go --workloads clam
    refused 2 'the run has no workload "clam"; did you mean calm?'
    heapmark export run --format go --strategies mine-3
    refused 2 'the run has no strategy "mine-3"; did you mean mine-2?'
}

@test "what is chosen is exported, once per ok repetition" {
    heapmark export run --format go --workloads fake --strategies 'm*'
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    [ "$(grep -c '^Benchmark' out.txt)" -eq 6 ]
    [ "$(grep -c '^BenchmarkCalm/bytes=8/strategy=mine-2-1	1000	4 ns/op	5 cpu-ns/op' out.txt)" -eq 6 ]
    heapmark export run --format google-benchmark
    [ "$status" -eq 0 ]
    [ "$(grep -c '"run_type": "iteration"' out.txt)" -eq 24 ]
}

@test "what is not ok is counted on stderr and in the file" {
    heapmark run --workloads calm,crash,needy --strategies fake --repetitions 2 --out mixed
    [ "$status" -eq 1 ]
    heapmark export mixed --format go
    [ "$status" -eq 0 ]
    [[ $err == "heapmark: only ok records are exported; left out: "*"skipped, "*"crashed" ]]
    grep -q '^# not exported: .*crashed$' out.txt
    [ "$(grep -c '^Benchmark' out.txt)" -eq 2 ]
    heapmark export mixed --format google-benchmark --workloads crash
    refused 4 'nothing to export: the selection has no ok record'
}

@test "a file is written whole, or not at all" {
    heapmark export run --format go
    cp out.txt expected.txt
    heapmark export run --format go --out file.txt
    [ "$status" -eq 0 ]
    [ -z "$out" ]
    diff expected.txt file.txt
    echo precious >file.txt
    # No file may have more than 1 KiB, and the export has more.
    (ulimit -f 1 && exec "$HEAPMARK" export run --format google-benchmark --out file.txt) \
        2>full.txt 3>&- || status=$?
    [ "$status" -eq 4 ]
    grep -q '^heapmark: cannot write ./file.txt: ' full.txt
    [ "$(cat file.txt)" = precious ]
    [ "$(echo file.txt*)" = file.txt ]
}

@test "what is no ordinary file is not replaced" {
    ln -s expected.txt link
    heapmark export run --format go --out link
    refused 2 'link is no ordinary file'
    [ -L link ]
    heapmark export run --format go --out /dev/null
    refused 2 '/dev/null is no ordinary file'
    [ -c /dev/null ]
    heapmark export run --format go --out run
    refused 2 'run is no ordinary file'
    heapmark export run --format go --out nowhere/file.txt
    refused 4 'cannot write nowhere/file.txt: No such file or directory'
}

@test "benchstat compares two runs, row by row and without a warning" {
    needs_benchstat
    fake_run other
    heapmark export run --format go --out run.txt
    heapmark export other --format go --out other.txt
    "$benchstat" run.txt other.txt >table.txt 2>warnings.txt
    [ ! -s warnings.txt ] || { cat warnings.txt; return 1; }
    # One table per unit, none for a key that sets the runs apart; both columns in every row.
    [ "$(grep -c '^goos:' table.txt)" -eq 1 ]
    grep -qE '^Calm/bytes=8/strategy=fake +4\.000n ± 0% +4\.000n ± 0%' table.txt
    grep -qE '^Calm/bytes=8/strategy=mine-2-1 +4\.000n ± 0% +4\.000n ± 0%' table.txt
    [ "$(grep -cE 'need >|range from' table.txt)" -eq 0 ]
    # benchstat would have said what it cannot read.
    echo 'BenchmarkCalm many' >>run.txt
    "$benchstat" run.txt other.txt 2>&1 >table.txt | grep -q 'iteration count'
}

@test "benchstat compares the strategies of a run, the first one first" {
    needs_benchstat
    heapmark export run --format go --out run.txt
    "$benchstat" -col /strategy run.txt >table.txt 2>warnings.txt
    [ ! -s warnings.txt ] || { cat warnings.txt; return 1; }
    grep -qE '│ +fake +│ +mine-2 +│' table.txt
}

@test "compare.py compares two runs, and two strategies of a run" {
    needs_compare
    fake_run other
    heapmark export run --format google-benchmark --out run.json
    heapmark export other --format google-benchmark --out other.json
    /usr/bin/python3 "$compare" --no-color benchmarks run.json other.json >table.txt 2>warnings.txt
    [ ! -s warnings.txt ] || { cat warnings.txt; return 1; }
    [ "$(grep -cE '^calm/bytes:8/strategy:fake +[+]0\.0000 +[+]0\.0000 +4 +4 +5 +5$' table.txt)" -eq 6 ]
    /usr/bin/python3 "$compare" --no-color filters run.json strategy:fake strategy:mine-2 \
        >table.txt 2>warnings.txt
    [ ! -s warnings.txt ] || { cat warnings.txt; return 1; }
    [ "$(grep -cE '^calm/bytes:8/\[strategy:fake vs. strategy:mine-2\] +[+]0\.0000' table.txt)" -eq 6 ]
}
