# Help, and refusals: one sentence that says what, where and what to do.
load helpers

golden() { # FILE
    diff "$HEAPMARK_TEST_SOURCE/golden/$1" out.txt
}

@test "help is on stdout and as it was agreed" {
    heapmark --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    golden help.txt
    heapmark run --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    golden run.txt
    heapmark list --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    golden list.txt
}

@test "without a command the help is on stderr" {
    heapmark
    [ "$status" -eq 2 ]
    [ -z "$out" ]
    diff "$HEAPMARK_TEST_SOURCE/golden/help.txt" err.txt
}

@test "the version is a word and a number" {
    heapmark --version
    [ "$status" -eq 0 ]
    [[ $out =~ ^heapmark\ [0-9]+\.[0-9]+$ ]]
}

@test "a misspelt command, option or flag gets the nearest" {
    heapmark rum
    refused 2 'no command is called "rum"; did you mean run?'
    heapmark --hepl
    refused 2 'no option is called "--hepl"; did you mean --help?'
    heapmark zzzzzz
    refused 2 'heapmark --help lists what there is'
    heapmark run --strategis malloc
    refused 2 'did you mean --strategies?'
    heapmark list workload
    refused 2 'did you mean workloads?'
}

@test "a misspelt workload, strategy, parameter or setting gets the nearest" {
    use_fake_cells
    heapmark run --workloads clam --strategies fake --out run
    refused 2 'calm'
    heapmark run --workloads calm --strategies fkae --out run
    refused 2 'fake'
    heapmark run --workloads calm --strategies fake --param byte=8 --out run
    refused 2 'bytes'
    heapmark run --workloads calm --strategies fake:sun=odd --out run
    refused 2 'sum'
    [ ! -e run ]
}

@test "a value out of range is refused with the range" {
    use_fake_cells
    heapmark run --workloads calm --strategies fake --param bytes=65 --out run
    refused 2 '64'
    heapmark run --workloads calm --strategies fake:sum=prime --out run
    refused 2 'even'
    heapmark run --repetitions 0
    refused 2 'repetitions'
    heapmark run --ops many
    refused 2 'ops'
    heapmark run --timeout -5
    refused 2 'timeout'
    heapmark run --effort some
    refused 2 'quick or full'
    heapmark run --cpus 3-1
    refused 2 '0,2-3'
    heapmark run --memory-limit 12
    refused 2 'memory-limit'
    heapmark run --workloads calm --strategies fake --counters no-such-event-at-all --out run
    refused 2 'no-such-event-at-all'
    heapmark run --workloads calm --strategies fake --out run \
        --counters "$(seq -f 'page-faults:period=%g' -s , 33)"
    refused 2 'more than 32 events'
    [ ! -e run ]
}

@test "a value that is missing and one that is too much are refused" {
    heapmark run --ops
    refused 2 '--ops needs a value'
    heapmark run --dry-run=yes
    refused 2 '--dry-run takes no value'
    heapmark run create
    refused 2 'create'
}

@test "a library that is missing or exports no malloc is refused" {
    use_fake_cells
    heapmark run --workloads calm --strategies mine=./nowhere.so --out run
    refused 2 'nowhere.so'
    echo 'not a library' >text.so
    heapmark run --workloads calm --strategies mine=./text.so --out run
    refused 2 'text.so'
    local libm
    libm=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | awk '/libm\.so\.6/ {print $NF; exit}')
    heapmark run --workloads calm --strategies "mine=$libm" --out run
    refused 2 'malloc'
    [ ! -e run ]
}

@test "two strategies of one name are refused" {
    use_fake_cells
    heapmark run --workloads calm --strategies fake,fake --out run
    refused 2 'fake'
}

@test "a directory that holds another run or other files is refused and left alone" {
    use_fake_cells
    heapmark run --workloads calm --strategies fake --repetitions 1 --out run
    [ "$status" -eq 0 ]
    local before
    before=$(cksum run/*)
    heapmark run --workloads calm --strategies fake --repetitions 1 --out run
    refused 2 'run'
    [ "$(cksum run/*)" = "$before" ]
    mkdir other && echo precious >other/file
    heapmark run --workloads calm --strategies fake --repetitions 1 --out other
    refused 2 'other'
    [ "$(ls other)" = file ]
}

@test "an unreadable config is refused with file, line and column" {
    printf 'workloads: calm\nops: [1\n' >broken.yaml
    heapmark run --config broken.yaml
    refused 2 'broken.yaml'
    [[ $err =~ [0-9] ]]
    printf 'workloads: calm\nopps: 1\n' >misspelt.yaml
    heapmark run --config misspelt.yaml
    refused 2 'misspelt.yaml'
    [[ $err == *2* && $err == *ops* ]]
    heapmark run --config nowhere.yaml
    refused 2 'nowhere.yaml'
}

@test "without cell programs nothing can be measured here" {
    mkdir empty
    HEAPMARK_LIBEXEC=$PWD/empty heapmark run --out run
    refused 4 'no cell programs found in'
    HEAPMARK_LIBEXEC=$PWD/empty heapmark list
    refused 4 'no cell programs found in'
    [ ! -e run ]
}

@test "a cell program that cannot describe itself is left out and said" {
    mkdir cells
    cp "$HEAPMARK_TEST_SOURCE/fake_cells/cell-fake" cells
    printf '#!/bin/sh\necho heapmark-describe 99\n' >cells/cell-other
    chmod +x cells/cell-other
    HEAPMARK_LIBEXEC=$PWD/cells heapmark run --workloads calm --strategies fake --repetitions 1 --out run
    [ "$status" -eq 0 ]
    [[ $err == *cell-other\ is\ left\ out:* ]]
}

@test "a CPU that is not ours is refused" {
    use_fake_cells
    heapmark run --workloads calm --strategies fake --cpus 1023 --out run
    refused 4 'CPU 1023'
    [ ! -e run ]
}

@test "standard output that cannot be written is a failure" {
    [ -e /dev/full ] || skip "no /dev/full"
    local status=0
    "$HEAPMARK" --help >/dev/full 2>err.txt || status=$?
    [ "$status" -eq 4 ]
    grep -q 'standard output cannot be written' err.txt
}
