# The command line of compare; its statistics, refusals and texts are tested in tests/unit/test_compare*.c.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use_fake_cells
    fake_run before
    fake_run after
}

fake_run() { # DIR
    heapmark run --workloads calm,nap --strategies fake,mine-2=fake:sum=even --repetitions 6 --out "$1"
    [ "$status" -eq 0 ]
}

# Multiplies a column of whole numbers of a run, in the rows of a strategy.
multiply() { # DIR COLUMN STRATEGY FACTOR
    awk -F, -v OFS=, -v column="$2" -v strategy="$3" -v factor="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i }
        NR > 1 && $place["strategy"] == strategy { $place[column] = $place[column] * factor }
        { print }' "$1/records.csv" >changed.csv
    mv changed.csv "$1/records.csv"
}

@test "help is on stdout and as it was agreed" {
    heapmark compare --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    diff "$HEAPMARK_TEST_SOURCE/golden/compare.txt" out.txt
    grep -q 'makes no build red: heapmark gate does' out.txt
}

@test "one or two run directories are asked for" {
    heapmark compare
    refused 2 'compare takes two run directories, or one and its --strategies'
    heapmark compare before after before
    refused 2 'compare takes two run directories'
    heapmark compare before ./before
    refused 2 'before and ./before are one directory; to compare strategies of one run'
    ln -s before link
    heapmark compare before link
    refused 2 'are one directory'
}

@test "a directory that is no run, or a damaged one, is refused" {
    mkdir other && echo precious >other/file
    heapmark compare before other
    refused 2 'other holds no run'
    heapmark compare nowhere before
    refused 2 'nowhere'
    sed -i '3s/fake/"/' after/records.csv
    heapmark compare before after
    refused 2 'records.csv'
}

@test "words that are none of a flag's get the nearest" {
    heapmark compare before after --format markdwn
    refused 2 '--format knows no "markdwn"; did you mean markdown?'
    heapmark compare before after --sort weight
    refused 2 '--sort knows no "weight"; it knows sure, ratio, name'
    heapmark compare before after --show non
    refused 2 '--show knows no "non"'
    heapmark compare before after --margin lots
    refused 2 '--margin is per cent from 0 to 100, not "lots"'
    heapmark compare before after --margin nan
    refused 2 '--margin is per cent'
    heapmark compare before after --metric ns-per-op
    refused 2 'no metric is called "ns-per-op"; did you mean ns_per_op?'
    heapmark compare before after --workloads clam
    refused 2 'no workload "clam" in what is compared; did you mean calm?'
    heapmark compare before after --strategies mine-3
    refused 2 'no strategy "mine-3" in what is compared; did you mean mine-2?'
    heapmark compare before --strategies fake
    refused 2 'one run is compared by two or more of its strategies'
}

@test "what is equal is counted and what is slower is named, and neither fails" {
    heapmark compare before after --metric ns/op
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    grep -qx '  4 cells: 4 equal (4 not listed)' out.txt
    multiply after ns_per_op mine-2 2
    heapmark compare before after --metric ns/op
    [ "$status" -eq 0 ]
    grep -qE '^  calm bytes=8 +mine-2 +4\.00 +8\.00 +6, 6 +2\.000 +\[2\.000, 2\.000\] +any +slower$' out.txt
    [ "$(grep -c ' slower$' out.txt)" -eq 2 ]
    heapmark compare before after --metric ns/op --strategies fake
    grep -qx '  2 cells: 2 equal (2 not listed)' out.txt
    heapmark compare after before --metric ns/op --workloads nap
    [ "$(grep -c ' 0\.500 .* faster$' out.txt)" -eq 1 ]
}

@test "strategies of one run are compared with the first" {
    multiply before ns_per_op mine-2 3
    heapmark compare before --metric ns/op
    [ "$status" -eq 0 ]
    [ "$(head -1 out.txt)" = 'before: mine-2 against fake' ]
    [ "$(grep -c ' 3\.000 .* slower$' out.txt)" -eq 2 ]
    heapmark compare before --metric ns/op --strategies mine-2,fake
    [ "$(head -1 out.txt)" = 'before: fake against mine-2' ]
    [ "$(grep -c ' 0\.333 .* faster$' out.txt)" -eq 2 ]
}

@test "another machine refuses times, not counts, unless it is said" {
    sed -i 's/^cpu: .*/cpu: Another/' after/machine.txt
    heapmark compare before after --metric ns/op
    refused 4 'nothing can be compared; times of another machine (cpu: '
    heapmark compare before after --metric ns/op --across-machines
    [ "$status" -eq 0 ]
    sed -n 3p out.txt | grep -q '^DIFFERENT MACHINES'
    rm after/machine.txt
    heapmark compare before after --metric ns/op
    refused 4 'B has no machine.txt'
}

@test "other work and failed cells are refused by name" {
    multiply after ops mine-2 2
    heapmark compare before after --metric ns/op
    [ "$status" -eq 0 ]
    grep -q '2 refused (other work, operations: 1000 against 2000): calm bytes=8 under mine-2, nap under mine-2$' out.txt
    multiply after ops fake 2
    heapmark compare before after
    refused 4 'nothing can be compared; 4 did other work'
    heapmark run --workloads calm,crash --strategies fake --repetitions 6 --out broken
    heapmark compare before broken --metric ns/op
    [ "$status" -eq 0 ]
    grep -q '3 gone (not in B): ' out.txt
    grep -q '1 failed (not in A; crashed in B: ' out.txt
}

@test "the same data give the same bytes in every format" {
    multiply after ns_per_op fake 1.5
    for format in table csv markdown; do
        heapmark compare before after --format $format
        [ "$status" -eq 0 ]
        cp out.txt first.txt
        heapmark compare before after --format $format --out file.txt
        [ -z "$out" ]
        diff first.txt file.txt
    done
    [ "$(head -1 first.txt)" = '## heapmark compare' ]
    grep -q '^| calm bytes=8 | fake | 4.00 | 6.00 | 6, 6 | 1.500 | ' first.txt
}

@test "csv has a row for everything, whatever is shown" {
    heapmark compare before after --format csv --metric ns_per_op,cpu_ns_per_op --show sure
    [ "$status" -eq 0 ]
    [ "$(grep -c '^cell,' out.txt)" -eq 8 ]
    [ "$(grep -c '^cell,ns_per_op,.*,equal,samples,6,6,4,4,1,1,1,' out.txt)" -eq 4 ]
}

@test "what is no ordinary file is not replaced" {
    heapmark compare before after --out /dev/null
    refused 2 '/dev/null is no ordinary file'
    heapmark compare before after --out nowhere/file.txt
    refused 4 'cannot write nowhere/file.txt'
}

@test "a picture is drawn for each metric and strategy that differ" {
    command -v gnuplot || skip "no gnuplot"
    multiply after ns_per_op mine-2 2
    heapmark compare before after --metric ns/op,cpu_ns_per_op --plot pictures
    [ "$status" -eq 0 ]
    [ "$(echo pictures/*)" = 'pictures/compare-ns-per-op-mine-2.png pictures/compare-ns-per-op-mine-2.svg pictures/compare-ns-per-op-mine-2.tsv' ]
    grep -q '>slower →<' pictures/compare-ns-per-op-mine-2.svg
    heapmark compare before after --strategies fake --plot none
    [ "$status" -eq 0 ]
    [[ $err == *'nothing to draw'* ]]
}
