# heapmark gate: verdicts, exit statuses, and what must never be green.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export HEAPMARK_LIBEXEC=$HEAPMARK_TEST_SOURCE/fake_gate_cells
}

# A gate on the cell program that says its times: nothing here depends on the machine.
fake_gate() { # CANDIDATE [ARGUMENTS]
    local candidate=$1
    shift
    heapmark gate --base fake --candidate "$candidate" --workloads calm --tiers time --budget 1 "$@"
}

ended() { # EXIT-STATUS PATTERN
    [ "$status" -eq "$1" ] || { echo "exit status $status, not $1: $out $err"; return 1; }
    [[ $out == *$2* ]] || { echo "no '$2' in: $out"; return 1; }
}

# ---- verdicts ----

@test "equal sides pass, and what could have been seen stands beside the word" {
    fake_gate fake
    ended 0 'gate: PASS (fake -> fake): 1 PASS'
    [[ $out =~ PASS\ +calm\ bytes=8\ +wall_ns\ .*\ 1\.[0-9]+\ % ]]
}

@test "ten percent more time is a regression, confirmed on fresh blocks" {
    fake_gate fake:slow=10 --dir kept
    ended 1 'REGRESSED  calm bytes=8'
    grep -q ',confirm,ab,' kept/blocks.csv
}

@test "swapped sides are the mirror image" {
    heapmark gate --base fake:slow=10 --candidate fake --workloads calm --tiers time --budget 1
    ended 0 'IMPROVED  calm bytes=8'
}

@test "a wider margin for a cell and metric makes the same change none" {
    fake_gate fake:slow=2
    ended 1 REGRESSED
    fake_gate fake:slow=2 --limit 'calm*:wall_ns=5'
    ended 0 PASS
}

@test "pauses that appear are red, and those that are gone are not green by themselves" {
    fake_gate fake:fault=stops --tiers memory
    ended 1 'REGRESSED  calm bytes=8  gc_pause_ns_max'
    # How many blocks there are, at least 16, the machine's speed decides.
    [[ $out =~ new:\ only\ the\ candidate\ has\ it\ in\ ([0-9]+)\ of\ ([0-9]+)\ blocks,\ and\ again\ in\ fresh\ ones ]]
    [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
    heapmark gate --base fake:fault=stops --candidate fake --workloads calm --tiers memory --budget 1 --dir kept
    ended 3 'gone: only the base has it in '
    heapmark gate --from kept --limit '*:gc_pause*=100'
    ended 0 'IMPROVED  calm bytes=8  gc_pause_ns_max'
}

@test "every fifth block is an A/A block" {
    fake_gate fake --dir kept
    local all aa
    all=$(grep -c ',measure,' kept/blocks.csv)
    aa=$(grep -c ',measure,aa,' kept/blocks.csv)
    [ "$all" -ge 19 ] && [ "$aa" -eq $((all / 5)) ]
}

@test "a rate that is no probability is refused, not judged with" {
    local rule
    for rule in 'rate: 5' 'rate: 1' 'confirm-p: 7' 'confirm-p: 0'; do
        rm -rf made
        "$MAKE_GATE" made 0
        sed -i "s/^${rule%%:*}: .*/$rule/" made/gate.txt
        heapmark gate --from made
        [ "$status" -eq 2 ]
        [[ $err == *"gate.txt:"*"${rule%%:*} cannot be \"${rule#*: }\""* ]]
    done
}

@test "an inconclusive gate ends with 3, unless it may warn or pass" {
    "$MAKE_GATE" made 1.5
    sed -i 's/^blocks-least: 16/blocks-least: 40/' made/gate.txt
    heapmark gate --from made
    ended 3 'gate: INCONCLUSIVE'
    heapmark gate --from made --inconclusive warn
    ended 0 'gate: INCONCLUSIVE'
    [[ $err == *warning* ]]
    heapmark gate --from made --inconclusive ok
    ended 0 'gate: INCONCLUSIVE'
    [ -z "$err" ]
}

# ---- what is kept, and judged again ----

@test "the same data give the same report, byte for byte, in every format" {
    fake_gate fake:slow=10 --dir kept --format text --out a.text --format markdown --out a.markdown \
        --format github --out a.github --format junit --out a.junit --format json --out a.json
    ended 1 ''
    for format in text markdown github junit json; do
        heapmark gate --from kept --format "$format"
        cmp out.txt "a.$format"
        LC_ALL=C.UTF-8 TZ=Asia/Tokyo heapmark gate --from kept --format "$format" --out "b.$format"
        cmp "a.$format" "b.$format"
    done
}

@test "the cells that were asked for are on disk before the first block" {
    fake_gate fake:fault=crash --dir kept
    ended 4 INVALID
    [ "$(wc -l <kept/cells.csv)" -eq 2 ]
    grep -q crashed kept/cells.csv
}

@test "several reports: text and annotations on stdout, files beside them" {
    fake_gate fake:slow=10 --format text --format github --format junit --out gate.xml
    ended 1 'gate: REGRESSED'
    [[ $out == *$'\n::error title=heapmark gate%3A REGRESSED::calm bytes=8, wall_ns'* ]]
    grep -q '<failure ' gate.xml
}

@test "a report that cannot be written is no green gate" {
    fake_gate fake --format json --out missing/dir.json
    ended 4 ''
    [[ $err == *"missing/dir.json: No such file"* ]]
    [ -w /dev/full ] || skip "there is no /dev/full"
    "$MAKE_GATE" made 0
    status=0
    "$HEAPMARK" gate --from made >/dev/full 2>err.txt || status=$?
    [ "$status" -eq 4 ]
}

@test "an interrupted gate keeps its rows, ends with 130, and is not judged" {
    "$HEAPMARK" gate --base fake --candidate fake --workloads calm --tiers time --budget 600 --dir kept \
        >out.txt 2>err.txt 3>&- &
    local gate=$!
    for _ in $(seq 500); do
        [ -e kept/blocks.csv ] && [ "$(wc -l <kept/blocks.csv)" -gt 3 ] && break
        sleep 0.01
    done
    kill -INT "$gate"
    status=0
    wait "$gate" || status=$?
    [ "$status" -eq 130 ]
    [ "$(wc -l <kept/blocks.csv)" -gt 3 ]
    heapmark gate --from kept
    refused 4 'did not come to its end'
}

# ---- what the measured program may do ----

@test "a candidate that breaks is invalid, however it breaks" {
    local fault
    for fault in crash exit checksum constant garbage library zero; do
        fake_gate fake:fault=$fault
        ended 4 'gate: INVALID'
    done
}

@test "a base that breaks is invalid, too" {
    heapmark gate --base fake:fault=crash --candidate fake --workloads calm --tiers time --budget 1
    ended 4 'base: SIGSEGV'
}

@test "a candidate that hangs is ended and invalid" {
    fake_gate fake:fault=hang --timeout 1
    ended 4 'timeout'
}

@test "cell programs that are two builds: what only one of them has is invalid" {
    mkdir one two
    cp "$HEAPMARK_LIBEXEC/cell-fake" one/
    sed 's/for name in calm other/for name in calm/' "$HEAPMARK_LIBEXEC/cell-fake" >two/cell-fake
    chmod +x two/cell-fake
    heapmark gate --base-cells one --candidate-cells two --strategies fake --workloads '*' --tiers time --budget 1
    ended 4 'the candidate has no such cell'
    heapmark gate --base-cells two --candidate-cells one --strategies fake --workloads '*' --tiers time --budget 1
    ended 4 'the base has no such cell'
    heapmark gate --base-cells one --candidate-cells one --strategies fake --workloads '*' --tiers time --budget 1
    ended 0 '2 PASS'
}

@test "two builds with two strategies: each finding tells its strategy, and a limit may" {
    heapmark gate --base-cells "$HEAPMARK_LIBEXEC" --candidate-cells "$HEAPMARK_LIBEXEC" \
        --strategies fake,fake:slow=10 --workloads calm --tiers time --budget 1 --limit 'calm*slow=10:wall_ns=7'
    ended 0 'calm bytes=8, fake  '
    [[ $out == *'calm bytes=8, fake:slow=10  '*' 7.00 % '* ]]
}

# ---- mutants of the files ----

# Writes gate.txt's counts and sums anew, so that only the rows can betray a mutant.
seal() {
    local file
    for file in cells blocks counts; do
        sed -i "s/^$file: .*/$file: $(($(wc -l <"made/$file.csv") - 1))/
            s/^$file-sha256: .*/$file-sha256: $(sha256sum "made/$file.csv" | cut -d' ' -f1)/" made/gate.txt
    done
}

# One mutant of a gate that passes: the change as a shell command in its directory's parent.
mutant() { # NAME COMMAND
    rm -rf made unchanged
    "$MAKE_GATE" made 0
    cp -r made unchanged
    eval "$2"
    ! diff -r made unchanged >/dev/null || { echo "mutant '$1' changes nothing"; return 1; }
    [ "$3" = unsealed ] || seal
    heapmark gate --from made
    mutants=$((mutants + 1))
    [ "$status" -ne 0 ] || { echo "mutant '$1' is green: $out"; return 1; }
    { [ "$status" -le 4 ] && [ -n "$out$err" ]; } || { echo "mutant '$1': $status $err"; return 1; }
}

@test "the gate that the mutants are made of passes" {
    "$MAKE_GATE" made 0
    seal
    heapmark gate --from made
    ended 0 'gate: PASS'
}

@test "no mutant of a gate's rows is green" {
    local mutants=0
    mutant 'a cell is missing' "sed -i '\$d' made/cells.csv"
    mutant 'every cell is missing' "sed -i '2,\$d' made/cells.csv"
    mutant 'a cell has no rows' "sed -i '/^2,/d' made/blocks.csv made/counts.csv"
    mutant 'a cell without time' "sed -i '/^2,wall_ns/d' made/blocks.csv"
    mutant 'a cell twice' "sed -n 3p made/cells.csv | sed 's/^2/3/' >>made/cells.csv"
    mutant 'zero operations' "sed -i '2s/,1000,1000,/,0,0,/' made/cells.csv"
    mutant 'unequal operations' "sed -i '2s/,1000,1000,/,1000,900,/' made/cells.csv"
    mutant 'another checksum' "sed -i '2s/0123456789abcdef/0123456789abcdee/' made/cells.csv"
    mutant 'no checksum' "sed -i '2s/0123456789abcdef//' made/cells.csv"
    mutant 'a crash' "sed -i '2s/,ok,/,crashed,SIGSEGV/' made/cells.csv"
    mutant 'a library that is not loaded' "sed -i '2s/,ok,/,unavailable,no such library/' made/cells.csv"
    mutant 'no status' "sed -i '2s/,ok,/,,/' made/cells.csv"
    mutant 'a status that is none' "sed -i '2s/,ok,/,fine,/' made/cells.csv"
    mutant 'not a number' "sed -i '5s/,8,1004,/,8,nan,/' made/blocks.csv"
    mutant 'an infinite number' "sed -i '5s/,8,1004,/,8,inf,/' made/blocks.csv"
    mutant 'a negative time' "sed -i '5s/,8,1004,/,8,-1004,/' made/blocks.csv"
    mutant 'a base in another unit' "sed -i 's/,8,10\\([0-9][0-9]\\),/,8,1.0\\1,/' made/blocks.csv"
    mutant 'a metric in another unit' "sed -i 's/wall_ns/wall_us/' made/blocks.csv"
    mutant 'a block twice' "sed -n 5p made/blocks.csv >>made/blocks.csv"
    mutant 'a count twice' "sed -n 2p made/counts.csv >>made/counts.csv"
    mutant 'rows of a cell that is not there' "sed -n 5p made/blocks.csv | sed 's/^1/7/' >>made/blocks.csv"
    mutant 'one block' "sed -i '3,21d' made/blocks.csv"
    mutant 'five blocks' "sed -i '7,21d' made/blocks.csv"
    mutant 'fewer blocks than the least' "sed -i '15,21d' made/blocks.csv"
    mutant 'constant blocks' "sed -i 's/^\(1,wall_ns,.*\),8,10.*/\1,8,1000,1000,0,/' made/blocks.csv"
    mutant 'every block void' "sed -i 's/^\(1,wall_ns,.*,8,10[0-9]*,[^,]*\),.*/\1,,disturbed/' made/blocks.csv"
    mutant 'a stage that is none' "sed -i '5s/,measure,/,warm-up,/' made/blocks.csv"
    mutant 'no slices' "sed -i '5s/,8,1004,/,0,1004,/' made/blocks.csv"
    mutant 'a counter that collapsed' "sed -i 's/^\(1,allocs,.*,1000\),1000,/\1,10,/' made/counts.csv"
    mutant 'a counter that grew by one' "sed -i 's/^\(1,allocs,.*,1000\),1000,/\1,1001,/' made/counts.csv"
    mutant 'a count of one side' "sed -i 's/^\(1,allocs,.*,1000\),1000,/\1,,lost/' made/counts.csv"
    mutant 'a negative count' "sed -i '2s/,1000,/,-1000,/2' made/counts.csv"
    mutant 'a count of no operations' "sed -i 's/^\(1,allocs,[0-9]*\),1000,/\1,0,/' made/counts.csv"
    mutant 'an unknown metric' "sed -i 's/mmap_calls/map_calls/' made/counts.csv"
    mutant 'a timed metric among the counts' "sed -i 's/mmap_calls/wall_ns/' made/counts.csv"
    mutant 'an unknown column' "sed -i '1s/log_ratio/ratio/' made/blocks.csv"
    mutant 'no header' "sed -i 1d made/blocks.csv"
    echo "$mutants sealed mutants"
    [ "$mutants" -eq 37 ]
}

@test "no mutant of a gate's files is green" {
    local mutants=0
    mutant 'a missing file' 'rm made/counts.csv' unsealed
    mutant 'an empty file' ': >made/blocks.csv' unsealed
    mutant 'a file cut in a line' "truncate -s -4 made/blocks.csv" unsealed
    mutant 'a file cut at a line' "sed -i '\$d' made/blocks.csv" unsealed
    mutant 'a digit that was changed' "sed -i '5s/1004/1005/' made/blocks.csv" unsealed
    mutant 'sides that were swapped' "sed -i '1s/base,candidate/candidate,base/' made/blocks.csv" unsealed
    mutant 'another version' "sed -i '1s/1/2/' made/gate.txt" unsealed
    mutant 'no version' "sed -i 1d made/gate.txt" unsealed
    mutant 'a gate that did not end' "sed -i 's/complete/measuring/' made/gate.txt" unsealed
    mutant 'gate.txt cut' "sed -i '/^state/,\$d' made/gate.txt" unsealed
    mutant 'gate.txt cut in its sums' "sed -i '\$d' made/gate.txt" unsealed
    mutant 'a rule that is none' "sed -i 's/^rate: .*/rate: much/' made/gate.txt" unsealed
    mutant 'a line that nobody knows' "sed -i '2i colour: blue' made/gate.txt" unsealed
    mutant 'no sides' "sed -i '/^base: /d' made/gate.txt" unsealed
    mutant 'no gate at all' 'rm made/gate.txt' unsealed
    mutant 'a directory that is empty' 'rm made/*' unsealed
    echo "$mutants unsealed mutants"
    [ "$mutants" -eq 16 ]
}

@test "columns that were swapped in a gate that regressed contradict their ratios" {
    "$MAKE_GATE" made 10
    heapmark gate --from made
    ended 1 REGRESSED
    sed -i '1s/base,candidate/candidate,base/' made/blocks.csv
    seal
    heapmark gate --from made
    [ "$status" -ne 0 ]
    [[ $out$err == *swapped* ]] || { echo "$out$err"; return 1; }
}

# ---- the command line ----

@test "sides that do not go together are refused" {
    heapmark gate
    refused 2 'two sides: --base STRATEGY --candidate STRATEGY'
    heapmark gate --base fake
    refused 2 '--candidate is missing'
    heapmark gate --base fake --candidate-cmd true
    refused 2 'different kinds'
    heapmark gate --base-cmd 'unclosed "' --candidate-cmd true
    refused 2 'is no command line'
    heapmark gate --base fake --candidate 'fake,fake:slow=1' --workloads calm
    refused 2 'takes one strategy'
    heapmark gate --base fake --candidate fake --strategies fake
    refused 2 '--strategies is for two builds'
    heapmark gate --base fake --candidate fak --workloads calm
    refused 2 'fake'
}

@test "values that mean nothing are refused" {
    fake_gate fake --margin much
    refused 2 '--margin is a number of percent'
    fake_gate fake --limit calm=3
    refused 2 '--limit is CELL:METRIC=PCT'
    fake_gate fake --limit 'calm:wall_n=3'
    refused 2 'did you mean wall_ns?'
    fake_gate fake --format yaml
    refused 2 '--format is text, markdown, github, junit or json'
    fake_gate fake --out report.txt
    refused 2 'follows the --format'
    fake_gate fake --tiers quick
    refused 2 'exact, memory and time'
    fake_gate fake --inconclusive maybe
    refused 2 'fail, warn or ok'
    fake_gate fake --budget 0
    refused 2 '--budget is a whole number'
    fake_gate fake --calibration missing.csv
    refused 2 'cannot read a calibration'
}

@test "a limit that names nothing of this gate is refused before anything is measured" {
    fake_gate fake --dir kept --limit 'clam:wall_ns=5'
    refused 2 '--limit clam:wall_ns names no cell of this gate; did you mean calm? (there is "calm bytes=8")'
    fake_gate fake --dir kept --limit 'calm*:wall_ns=5' --limit 'calm*:allocs=5'
    refused 2 'of the 1 cell that it names allocs is not measured, as it is of the tier exact'
    fake_gate fake --dir kept --limit '*:gc_pause*=5'
    refused 2 'is of the tier memory'
    [ ! -e kept ]
    heapmark gate baseline --base fake --workloads calm --file missing.csv --limit 'calm:wall_ns=5'
    [ "$status" -eq 2 ]
    "$MAKE_GATE" made 0
    heapmark gate --from made --limit 'small*:gc_pause_ns_max=5'
    ended 0 PASS # it is of the tier of memory, which was measured
    heapmark gate --from made --limit 'smal:allocs=5'
    refused 2 'did you mean small? (there are "create-pointer bytes=80", "small bytes=80")'
    sed -i '/^2,/d' made/counts.csv
    seal
    heapmark gate --from made --limit 'small:allocs=5'
    refused 2 'of the 1 cell that it names allocs is not measured'
}

# The method of a cell of kept/: empty when it is counted only.
method_of() { # WORKLOAD
    head -1 kept/cells.csv | tr ',' '\n' | grep -nx method | cut -d: -f1 >column.txt
    grep "^[0-9]*,$1," kept/cells.csv | cut -d, -f"$(cat column.txt)"
}

@test "one gate times some cells and only counts others" {
    heapmark gate --base fake --candidate fake --workloads calm --exact-workloads '*' --tiers exact,time \
        --budget 1 --dir kept
    ended 0 'gate: PASS'
    [ "$(method_of calm)" = slices ] && [ -z "$(method_of other)" ]
    [ "$(grep -c '^2,' kept/blocks.csv)" -eq 0 ] && [ "$(grep -c '^1,wall_ns' kept/blocks.csv)" -ge 16 ]
    grep -q '^1,allocs,' kept/counts.csv && grep -q '^2,allocs,1,1000,500,500,' kept/counts.csv
    grep -qx 'exact-workloads: \*' kept/gate.txt
    heapmark gate --from kept --format text --out again.txt
    heapmark gate --from kept --limit 'other*:allocs=5'
    ended 0 PASS
    heapmark gate --from kept --limit 'other*:wall_ns=5'
    refused 2 'wall_ns is not measured'
    heapmark gate --base fake --candidate fake --workloads calm --exact-workloads other --tiers exact,time \
        --budget 1 --limit 'other*:wall_ns=5'
    refused 2 'wall_ns is not measured'
}

@test "a cell that is only counted can be red, too, and values may be for it alone" {
    heapmark gate --base fake --candidate fake:fault=more --workloads calm --exact-workloads other \
        --param other.bytes=16,32 --tiers exact,time --budget 1 --dir kept
    ended 1 'REGRESSED  other bytes=32'
    [[ $out == *'501 instead of 500'* ]]
    heapmark gate --base fake --candidate fake:fault=checksum --workloads calm --exact-workloads other \
        --tiers exact,time --budget 1
    ended 4 'different work'
}

@test "exact workloads that do not go with the rest are refused" {
    fake_gate fake --exact-workloads other
    refused 2 '--tiers leaves out exact'
    fake_gate fake --tiers exact --exact-workloads ''
    refused 2 '--exact-workloads is empty'
    fake_gate fake --tiers exact --exact-workloads oter
    refused 2 oter
    heapmark gate --base-cmd true --candidate-cmd true --exact-workloads other
    refused 2 'these sides are commands'
}

@test "--from measures nothing, so it takes no sides and keeps nothing" {
    "$MAKE_GATE" made 0
    heapmark gate --from made --base fake
    refused 2 '--from judges what was measured'
    heapmark gate --from made --dir other
    refused 2 'nothing to keep'
    heapmark gate --from missing
    refused 2 'cannot read a gate'
}

@test "a directory that holds anything is not written over" {
    mkdir kept
    touch kept/mine
    fake_gate fake --dir kept
    [ "$status" -eq 2 ]
    [[ $err == *'holds other files (mine'* ]]
}

# ---- calibrate and selftest ----

@test "calibrate writes noise floors that the gate takes, and refuses them from too few blocks" {
    heapmark gate calibrate --base fake --workloads calm --budget 1 --out floors.csv
    ended 0 'calm bytes=8, wall_ns'
    grep -q 'say nothing sure about 95 % of them; 59 do' floors.csv
    fake_gate fake --calibration floors.csv
    refused 2 'holds no noise floor'
    sed -i '2s/,,[^,]*$/,0.2,/; 2s/,,".*"$/,0.2,/' floors.csv
    fake_gate fake:slow=10 --calibration floors.csv
    ended 0 '20.00 %'
}

@test "a calibration that was cut or doubled is refused" {
    heapmark gate calibrate --base fake --workloads calm --budget 1 --out floors.csv
    cp floors.csv doubled.csv
    sed -n 2p floors.csv >>doubled.csv
    fake_gate fake --calibration doubled.csv
    refused 2 'doubled.csv:4: the same cell and metric are there twice'
    truncate -s -3 floors.csv
    fake_gate fake --calibration floors.csv
    refused 2 'the last line is cut'
    : >floors.csv
    fake_gate fake --calibration floors.csv
    refused 2 'floors.csv is empty'
}

@test "selftest plants a slow-down that the gate sees, and tells fresh decisions from drawn ones" {
    heapmark gate selftest --base fake --workloads calm --budget 8 --draws 5 --dir kept
    ended 0 '6 decisions are fresh'
    [[ $out == *'90 are drawn from '* ]]
    # What an iteration of the planted loop takes is the machine's; ten percent are seen all the same.
    [ "$(grep -cE '^ +10 % .* 1/1 ' out.txt)" -eq 3 ]
    [ "$(grep -cE '^ +0 % .* 0/1 ' out.txt)" -eq 3 ]
    [ "$(wc -l <kept/power.csv)" -eq 37 ]
    [ -s kept/gate-power.tsv ]
    [ "$(grep -c ',measure,ab,' kept/blocks.csv)" -eq 0 ]
}

@test "help of the four commands names their flags" {
    heapmark gate --help
    ended 0 '--from DIR'
    heapmark gate calibrate --help
    ended 0 'usage: heapmark gate calibrate --base STRATEGY'
    heapmark gate baseline --help
    ended 0 'usage: heapmark gate baseline --base STRATEGY'
    heapmark gate selftest --help
    ended 0 'usage: heapmark gate selftest --base STRATEGY'
}

# ---- baselines of counts ----

# A machine that cannot count at all (no ptrace, say) still counts what the cell program reports.
count_malloc() { # [ARGUMENTS]
    unset HEAPMARK_LIBEXEC
    heapmark gate baseline --base malloc --workloads create-pointer --ops 1000 --file counts.csv "$@"
}

@test "exact counts are the same as those of a file that was written before" {
    count_malloc --save
    [ "$status" -eq 0 ]
    cp counts.csv first.csv
    count_malloc
    ended 0 'gate: PASS (baseline -> malloc)'
    count_malloc --save
    cmp <(grep ',allocs,\|,bytes,' counts.csv) <(grep ',allocs,\|,bytes,' first.csv)
}

@test "one allocation more than the baseline has is a regression" {
    count_malloc --save
    [ "$(grep -c ',allocs,1000,1000,1000,' counts.csv)" -eq 1 ]
    sed -i 's/,allocs,1000,1000,1000,/,allocs,1000,999,999,/' counts.csv
    count_malloc
    ended 1 'REGRESSED  create-pointer bytes=80  allocs'
}

@test "a baseline with cells that were not measured is not green" {
    count_malloc --save
    grep ',allocs,' counts.csv | sed 's/create-pointer/create-copy/' >>counts.csv
    count_malloc
    ended 4 ''
    [[ $err == *'of cells that were not measured (create-copy'* ]]
    count_malloc --file missing.csv
    [ "$status" -eq 2 ]
}

# ---- two commands ----

@test "of two commands only the tiers that were asked for are judged" {
    heapmark gate --base-cmd 'true' --candidate-cmd 'sh -c "sleep 0.02"' --tiers exact,memory --budget 1 --dir kept
    [ "$(grep -c ',wall_ns,' kept/blocks.csv)" -eq 0 ]
    [[ $out != *wall_ns* ]]
}

@test "two commands are measured as they are, and one that fails is invalid" {
    heapmark gate --base-cmd 'true' --candidate-cmd 'false' --tiers time --budget 1
    ended 4 'candidate'
}

# ---- CI ----

# A step on GitHub, as far as files and variables go.
ci_step() { # ARGUMENTS: NAME=VALUE ...
    : >output.txt
    : >summary.md
    status=0
    env HEAPMARK="$HEAPMARK" GITHUB_ACTIONS=true GITHUB_OUTPUT="$PWD/output.txt" \
        GITHUB_STEP_SUMMARY="$PWD/summary.md" GATE_WORKLOADS=calm GATE_TIERS=time GATE_BUDGET=1 "$@" \
        "$HEAPMARK_TEST_SOURCE/../../scripts/gate-ci" >out.txt 2>err.txt 3>&- || status=$?
    out=$(cat out.txt)
    err=$(cat err.txt)
}

@test "a CI step leaves its verdict, its summary, its reports and its rows" {
    ci_step GATE_BASE=fake GATE_CANDIDATE=fake:slow=10
    ended 1 '::error title=heapmark gate%3A REGRESSED::'
    [ "$(cat output.txt)" = $'verdict=REGRESSED\nstatus=1' ]
    grep -q '^## heapmark gate: REGRESSED' summary.md
    [ -s gate-report/gate.xml ] && [ -s gate-report/gate.json ] && [ -s gate-report/rows/blocks.csv ]
}

@test "a CI step takes limits line by line, and a refused gate is INVALID" {
    ci_step GATE_BASE=fake GATE_CANDIDATE=fake:slow=2 GATE_LIMITS=$'*:wall_ns=1\ncalm*:wall_ns=5'
    ended 0 'gate: PASS'
    ci_step GATE_BASE=fake GATE_DIR=again GATE_CANDIDATE=fak
    [ "$status" -eq 2 ]
    grep -q '^verdict=INVALID$' output.txt
    [ ! -s summary.md ]
}

@test "a CI step builds both sides from revisions" {
    local root=$HEAPMARK_TEST_SOURCE/../..
    status=0
    "$root/scripts/gate-build" no-such-revision there 2>err.txt || status=$?
    [ "$status" -eq 2 ]
    grep -q 'is no revision here' err.txt
    [ ! -e there ]
}

@test "the scripts of CI are clean for shellcheck" {
    command -v shellcheck >/dev/null || skip "shellcheck is not installed"
    shellcheck "$HEAPMARK_TEST_SOURCE"/../../scripts/gate-{ci,build} "$HEAPMARK_LIBEXEC/cell-fake"
}
