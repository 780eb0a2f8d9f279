# The command line of plot; what the pictures show is tested by the units of harness/present.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    use_fake_cells
    heapmark run --workloads calm --strategies fake,other=fake:sum=even --repetitions 2 --out run
    [ "$status" -eq 0 ]
}

# A PATH on which gnuplot is not.
without_gnuplot() {
    mkdir -p bare
    PATH=$PWD/bare "$HEAPMARK" "$@" >out.txt 2>err.txt 3>&- || return
}

@test "a misspelt plot gets the nearest, and nothing is written" {
    heapmark plot run --only overviw
    refused 2 'no plot is called "overviw"; did you mean overview?'
    heapmark plot run --only overview,pausen
    refused 2 'did you mean pauses?'
    [ ! -e run/plots ]
}

@test "a directory that is no run is refused" {
    mkdir other && echo precious >other/file
    heapmark plot other
    refused 2 'other'
    heapmark plot nowhere
    refused 2 'nowhere'
    [ "$(ls other)" = file ]
    [ ! -e nowhere ]
}

@test "one run directory is asked for" {
    heapmark plot
    refused 2 'plot takes one run directory'
    heapmark plot run run
    refused 2 'plot takes one run directory'
}

@test "without gnuplot the tables are written and a sentence says what to install" {
    local status=0
    without_gnuplot plot run --only overview,ns-per-op --out pictures || status=$?
    [ "$status" -eq 4 ]
    [ "$(wc -l <err.txt)" -eq 1 ]
    grep -q '^heapmark: gnuplot is not installed, .* the 2 tables are in pictures; install' err.txt
    [ "$(echo pictures/*)" = "pictures/ns-per-op-fake.tsv pictures/overview.tsv" ]
    grep -q '^# .*time per operation' pictures/ns-per-op-*.tsv
    [ "$(grep -cE '^[0-9]' pictures/ns-per-op-*.tsv)" -eq 2 ]
}

@test "a picture is drawn twice beside its table" {
    command -v gnuplot >/dev/null || skip "no gnuplot"
    heapmark plot run --only overview
    [ "$status" -eq 0 ]
    [ "$(cd run/plots && echo *)" = "overview.png overview.svg overview.tsv" ]
}

@test "a disk that is full for the pictures is a failure" {
    command -v gnuplot >/dev/null || skip "no gnuplot"
    # No file may have more than 4 KiB: enough for the table.
    (ulimit -f 4 && exec "$HEAPMARK" plot run --only overview) >out.txt 2>err.txt 3>&- || status=$?
    [ "$status" -eq 4 ]
    grep -q '^heapmark: a picture of run/plots/overview is cut' err.txt
}
