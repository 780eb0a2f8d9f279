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

@test "quick fits into 500 processes" {
    heapmark run --dry-run
    [ "$status" -eq 0 ]
    [ "$(sed -n '$s/.*; \([0-9]*\) processes/\1/p' out.txt)" -le 500 ]
}
