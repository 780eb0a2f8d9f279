#!/usr/bin/env bats
# An installation works by itself: BUILD is the build tree, SOURCE the source tree.

setup_file() {
    export PREFIX=$BATS_FILE_TMPDIR/prefix
    cmake --install "$BUILD" --prefix "$PREFIX" >/dev/null
    # The build tree must not be what answers.
    unset HEAPMARK_LIBEXEC HEAPMARK_SHARE
}

@test "the installed program finds its cell programs" {
    run "$PREFIX/bin/heapmark" list
    [ "$status" -eq 0 ]
    [[ "$output" == *create-pointer* ]]
}

@test "every cell program is installed" {
    diff <(cd "$BUILD/libexec/heapmark" && ls) <(cd "$PREFIX/libexec/heapmark" && ls)
}

@test "the installed escape compiles the installed twins" {
    [ -x "$PREFIX/libexec/heapmark/cell-go" ] || skip "no cell-go: it was built without a Go toolchain"
    command -v go >/dev/null || skip "Go is not installed"
    [ -n "$HOME$GOCACHE$XDG_CACHE_HOME" ] || export GOCACHE=$BATS_FILE_TMPDIR/cache
    chmod -R a-w "$PREFIX/share"
    run "$PREFIX/bin/heapmark" escape --workloads stack-it-2 --ops 1000
    chmod -R u+w "$PREFIX/share"
    [ "$status" -eq 0 ]
    [[ "$output" == *"in $PREFIX/share/heapmark/go/seed"* ]]
    [[ "$output" == *"moved to heap: res"* ]]
}

@test "the installed program runs and plots" {
    cd "$BATS_TEST_TMPDIR"
    run "$PREFIX/bin/heapmark" run --workloads create --strategies malloc,goheap --ops 1000 \
        --repetitions 2 --out run
    [ "$status" -eq 0 ]
    [ "$(grep -c ',ok,' run/records.csv)" -eq 8 ]
    run "$PREFIX/bin/heapmark" plot run
    [ "$status" -eq 0 ]
    [ -n "$(find run/plots -name '*.svg')" ]
}

@test "plots come from the run directory alone" {
    cd "$BATS_TEST_TMPDIR"
    "$PREFIX/bin/heapmark" run --workloads create --strategies malloc,goheap --ops 1000 \
        --repetitions 2 --out here 2>/dev/null
    "$PREFIX/bin/heapmark" plot here
    mkdir elsewhere
    cp here/*.csv here/*.txt elsewhere
    HEAPMARK_LIBEXEC=/nonexistent "$PREFIX/bin/heapmark" plot elsewhere
    for table in here/plots/*.tsv; do
        diff <(grep -v '^#' "$table") <(grep -v '^#' "elsewhere/plots/${table##*/}")
    done
}

@test "a program compiles and links against the installed goheap" {
    cat >"$BATS_TEST_TMPDIR/user.c" <<'C'
#include <heapmark/goheap.h>
int main(void) {
    struct goheap_options options = goheap_options_default();
    if (!goheap_init(&options))
        return 1;
    struct goheap_mutator *m = goheap_attach(__builtin_frame_address(0));
    long *p = goheap_new(m, sizeof *p, 0);
    int status = p == 0 || *p != 0;
    goheap_detach(m);
    return status;
}
C
    lib=$(dirname "$(find "$PREFIX" -name 'libgoheap.so*' | head -1)")
    "${CC:-cc}" -I "$PREFIX/include" -o "$BATS_TEST_TMPDIR/user" "$BATS_TEST_TMPDIR/user.c" \
        -L "$lib" -lgoheap -Wl,-rpath,"$lib"
    "$BATS_TEST_TMPDIR/user"
}
