# heapmark escape: Go's decisions beside what was measured. Without Go: the refusals alone.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    [ -n "$HOME$GOCACHE$XDG_CACHE_HOME" ] || export GOCACHE=$BATS_FILE_TMPDIR/cache
    export GOTOOLCHAIN=local GOPROXY=off
}

libexec() {
    echo "${HEAPMARK_LIBEXEC:-$(dirname "$(dirname "$HEAPMARK")")/libexec/heapmark}"
}

need_go() {
    command -v go >/dev/null || skip "Go is not installed"
    [ -x "$(libexec)/go-functions" ] || skip "heapmark was built without Go"
}

need_twins() {
    need_go
    [ -x "$(libexec)/cell-go" ] || skip "there is no cell-go"
}

# The twins' sources, to be changed.
copy_twins() {
    mkdir share
    cp -rL "$(dirname "$(dirname "$HEAPMARK")")/share/heapmark/go" share/go
    export HEAPMARK_SHARE=$PWD/share
}

# A package with one function that escapes and one that does not, and a benchmark.
make_package() { # DIR
    mkdir -p "$1"
    printf 'module sample\n\ngo 1.19\n' >"$1/go.mod"
    cat >"$1/sample.go" <<'GO'
package sample

//go:noinline
func Up() *int {
	x := 3
	return &x
}

//go:noinline
func Down(p *int) int { return *p }
GO
    cat >"$1/sample_test.go" <<'GO'
package sample

import "testing"

var kept *int

func BenchmarkUp(b *testing.B) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		kept = Up()
	}
}

func BenchmarkDown_local(b *testing.B) {
	for i := 0; i < b.N; i++ {
		x := i
		Down(&x)
	}
}
GO
}

# The workload's lines of the report in out.txt.
block() { # WORKLOAD
    awk -v name="$1" '$1 == name && /^  [^ ]/ { found = 1; print; next }
                      found && /^ ? ? ? ?[^ ]/ && !/^    !/ { exit } found' out.txt
}

@test "the help is as it was agreed" {
    heapmark escape --help
    [ "$status" -eq 0 ]
    diff "$HEAPMARK_TEST_SOURCE/golden/escape.txt" out.txt
}

@test "without Go it cannot be told, and what to do is said" {
    mkdir empty
    status=0
    PATH="$PWD/empty" "$HEAPMARK" escape >out.txt 2>err.txt || status=$?
    out=$(cat out.txt) err=$(cat err.txt)
    refused 4 'Go is not installed here'
    heapmark escape --go ./no-go
    refused 4 'no program ./no-go'
}

@test "what is no directory of a package is refused" {
    heapmark escape nowhere
    refused 2 'nowhere is no directory'
    mkdir empty
    heapmark escape empty
    refused 2 'empty has no Go files'
    echo 'package tests' >empty/only_test.go
    heapmark escape empty
    refused 2 'no Go files but tests'
}

@test "flags that do not go together are refused" {
    mkdir one
    heapmark escape one one
    refused 2 'one directory'
    heapmark escape --bench .
    refused 2 '--bench needs the directory'
    heapmark escape one --benchtime 1s
    refused 2 '--benchtime needs --bench'
    heapmark escape one --workloads stack-it
    refused 2 '--workloads chooses among'
    heapmark escape one --format xml
    refused 2 'text or csv'
    heapmark escape one --ops 100
    refused 2 '--ops is about'
    heapmark escape --ops none
    refused 2 'ops'
}

@test "what is not Go is said" {
    make_package sample
    printf '#!/bin/sh\necho "${SAYS-google says}"\nexit ${STATUS:-0}\n' >not-go && chmod +x not-go
    heapmark escape sample --go ./not-go
    refused 4 'not-go is not Go'
    SAYS='' heapmark escape sample --go ./not-go
    refused 4 'not-go is not Go'
    STATUS=3 heapmark escape sample --go ./not-go
    refused 4 'not-go env: it ended with status 3'
}

@test "the twins show the articles' decisions with their figures" {
    need_twins
    heapmark escape --workloads 'stack-it*,create,employee,goroutine' --ops 20000
    [ "$status" -eq 0 ]
    block stack-it | grep -Eq '^  stack-it +0 +0 +0 +0$'
    block stack-it | grep -q 'the compiler says nothing: all stays on the stack'
    block stack-it-2 | grep -Eq '^  stack-it-2 +1 +8 +1 +8$'
    block stack-it-2 | grep -Eq 'stack_it.go:[0-9]+ +moved to heap: res +sharing up: its address is returned'
    block stack-it-3 | grep -Eq 'y does not escape +sharing down: the pointer stays below'
    block goroutine-capture | grep -Eq 'goroutine.go:[0-9]+ +moved to heap: x +captured by a closure'
    block stack-it-2-inlined | grep -q 'holds only where the call is not inlined'
    block create-pointer | grep -Eq '^  create-pointer +1 +80 +1 +80$'
    block create-pointer | grep -Eq '&BigStruct\{...\} escapes to heap +sharing up: its address is returned'
    block employee-bonus | grep -Eq 'john.bonus escapes to heap +stored in an interface \(boxed\)'
}

@test "nothing contradicts in all the twins" {
    need_twins
    heapmark escape --ops 2000
    [ "$status" -eq 0 ]
    [[ $out == *'0 contradicted'* ]]
    [[ $out != *'the source has no function'* ]]
}

@test "a planted contradiction is found: on the heap, and nothing is allocated" {
    need_twins
    copy_twins
    cat >>share/go/seed/stack_it.go <<'GO'

var planted *int
GO
    sed -i '/^func stackIt() int {/,/^}/ s/\ty := 2/&\n\tplanted = \&y/' share/go/seed/stack_it.go
    heapmark escape --workloads stack-it,stack-it-2 --ops 2000
    [ "$status" -eq 1 ]
    block stack-it | grep -Eq '^    ! stack_it.go:[0-9]+ +moved to heap: y .*CONTRADICTED'
    [ -z "$(block stack-it-2 | grep CONTRADICTED)" ]
    heapmark escape --workloads stack-it --ops 2000 --format csv
    [ "$status" -eq 1 ]
    grep -q '^stack-it,stackIt,stack_it.go,.*,contradicted$' out.txt
}

@test "a planted contradiction is found: not on the heap, and yet it allocates" {
    need_twins
    copy_twins
    sed -i '/^func stackIt2() \*int {/,/^}/ s/return &res/planted = res; return \&planted/' \
        share/go/seed/stack_it.go
    printf '\nvar planted int\n' >>share/go/seed/stack_it.go
    heapmark escape --workloads stack-it-2 --ops 2000
    [ "$status" -eq 1 ]
    block stack-it-2 | grep -q '! CONTRADICTED: nothing of it is on the heap, and yet it allocates'
}

@test "twins that were built by another Go are not compared" {
    need_twins
    cat >other-go <<'SH'
#!/bin/sh
[ "$1" = env ] && { echo go1.0; exit; }
exec go "$@"
SH
    chmod +x other-go
    heapmark escape --workloads stack-it --ops 2000 --go ./other-go
    [ "$status" -eq 0 ]
    [[ $out == *'decisions of go1.0'* && $out == *'nothing is compared'* ]]
}

@test "a package's decisions stand by function, with the benchmarks named after them" {
    need_go
    make_package sample
    heapmark escape sample --bench . --benchtime 100000x
    [ "$status" -eq 0 ]
    grep -Eq '^      sample.go:5  moved to heap: x  sharing up: its address is returned$' out.txt
    grep -qx '      BenchmarkUp: 1 allocs/op, 8 B/op' out.txt
    grep -qx '      BenchmarkDown_local: 0 allocs/op, 0 B/op' out.txt
    [[ $out != *'p does not escape'* ]]
    heapmark escape sample --all
    grep -Eq 'sample.go:10  p does not escape  sharing down: the pointer stays below$' out.txt
}

@test "a package that is built already says the same again" {
    need_go
    make_package sample
    heapmark escape sample --all
    cp out.txt first.txt
    heapmark escape sample --all
    diff first.txt out.txt
}

@test "the decisions are those of go build -gcflags=-m" {
    need_go
    make_package sample
    (cd sample && go build -gcflags=-m . 2>&1) | grep -v '^#' | sed 's|^\./\([^:]*:[0-9]*\):[0-9]*: |\1 |' |
        sort -u >expected.txt
    [ -s expected.txt ]
    heapmark escape sample --all --format csv
    awk -F, 'NR > 1 && $10 !~ /without/ { print $3 ":" $4 " " $8 }' out.txt | sort -u | diff expected.txt -
}

@test "a package of a GOPATH is found without a module" {
    need_go
    make_package path/src/sample
    rm path/src/sample/go.mod
    GO111MODULE=off GOPATH=$PWD/path heapmark escape path/src/sample
    [ "$status" -eq 0 ]
    grep -q 'moved to heap: x' out.txt
}

@test "a directory may be called as a pattern is, and hold what Go does not read" {
    need_go
    make_package 'sam[p]le *'
    ln -s nowhere 'sam[p]le */.#sample.go' # as an editor leaves it; Go does not read it
    mkdir 'sam[p]le */folder.go'
    heapmark escape 'sam[p]le *'
    [ "$status" -eq 0 ]
    grep -q '^  Up: 1 on the heap' out.txt
}

@test "generated code is told by the file that its //line comment names" {
    need_go
    make_package sample
    printf 'package sample\n\n//line rules.y:12\nfunc parse() *int { y := 1; return &y }\n' >sample/rules.go
    heapmark escape sample
    [ "$status" -eq 0 ]
    grep -qx 'rules.y' out.txt
    grep -qx '  generated code: 1 on the heap, 0 not, 0 leaking' out.txt
    grep -Eqx ' +rules.y:12 +moved to heap: y +sharing up: its address is returned' out.txt
}

@test "the user's environment does not change what is said of the twins" {
    need_twins
    heapmark escape --workloads stack-it-2 --ops 2000
    cp out.txt plain.txt
    GOOS=plan9 GOARCH=386 GOEXPERIMENT=none GOFLAGS=-none GODEBUG=gctrace=1 GOGC=1 \
        heapmark escape --workloads stack-it-2 --ops 2000
    [ "$status" -eq 0 ]
    diff plain.txt out.txt
}

@test "a benchmark that fails is refused with its words" {
    need_go
    make_package sample
    printf '\nfunc BenchmarkLost(b *testing.B) { b.Fatal("no luck") }\n' >>sample/sample_test.go
    heapmark escape sample --bench . --benchtime 1x
    [ "$status" -eq 4 ]
    [ -z "$out" ]
    tail -1 err.txt | grep -q 'cannot run its benchmarks with go.*BenchmarkLost.*no luck'
}

@test "a package that does not compile is refused with the compiler's words" {
    need_go
    make_package sample
    printf 'package sample\n\nfunc broken() int { return "x" }\n' >sample/broken.go
    heapmark escape sample
    [ "$status" -eq 2 ]
    [ -z "$out" ]
    tail -1 err.txt | grep -q 'does not compile with go.*broken.go:3:'
}

@test "a module that is missing is refused, and nothing is fetched" {
    need_go
    make_package sample
    printf 'package sample\n\nimport _ "example.com/nowhere"\n' >sample/import.go
    heapmark escape sample
    [ "$status" -eq 4 ]
    tail -1 err.txt | grep -q 'cannot be built with go.*example.com/nowhere'
}

@test "two packages of the standard library are told, with their benchmarks" {
    need_go
    local source
    source=$(go env GOROOT)/src
    [ -e "$source/container/heap/heap_test.go" ] || skip "the standard library's sources are not here"
    heapmark escape "$source/container/heap" --bench Dup --benchtime 1x
    [ "$status" -eq 0 ]
    grep -Eq 'BenchmarkDup +[0-9.]+ ns/op' out.txt
    heapmark escape "$source/text/tabwriter" --bench 'Code|Table/1x10/' --benchtime 1x
    [ "$status" -eq 0 ]
    grep -Eq '&Writer\{...\} escapes to heap|new\(Writer\) escapes to heap' out.txt
    grep -Eq 'BenchmarkCode +[0-9.]+ ns/op +[0-9]+ allocs/op' out.txt
}
