# heapmark trace: a timeline that other programs read, and numbers that agree with the record's.
load helpers

# The number of a cell's stops by the trace, and by its record.
stops_agree() { # CSV CELL
    local trace record
    trace=$(grep "^$2,stops,trace," "$1" | cut -d, -f4)
    record=$(grep "^$2,stops,record," "$1" | cut -d, -f4)
    [ -n "$trace" ] && [ "$trace" = "$record" ] || { echo "$2: $trace stops, record $record"; return 1; }
}

@test "goheap: as many stops as the record's, together as long to the nanosecond" {
    heapmark trace --workloads churn-pointer --strategies goheap --ops 2000000 --pairs 0 --csv --out t
    [ "$status" -eq 0 ]
    stops_agree out.txt "churn-pointer goheap"
    [ "$(grep '^churn-pointer goheap,stops,trace,' out.txt | cut -d, -f4,5)" = \
        "$(grep '^churn-pointer goheap,stops,record,' out.txt | cut -d, -f4,5)" ]
    [ "$(grep '^churn-pointer goheap,stops,trace,' out.txt | cut -d, -f4)" -gt 10 ]
    grep -q '^churn-pointer goheap,stops,longer-each,,,0,' out.txt
}

@test "go: as many stops as the record's" {
    [ -x "${HEAPMARK_LIBEXEC:-$(dirname "$HEAPMARK")/../libexec/heapmark}/cell-go" ] || skip "no cell-go"
    heapmark trace --workloads churn-pointer --strategies go --ops 2000000 --pairs 0 --csv --out t
    if [[ $err == *"Go 1.22 or newer"* ]]; then skip "an old Go"; fi
    [ "$status" -eq 0 ]
    stops_agree out.txt "churn-pointer go"
    grep -q '^churn-pointer go,slice,goroutine runtime.bgsweep,' out.txt
    grep -qE '^churn-pointer go,stops,longer-each,,,-?[0-9]' out.txt
}

@test "go: sums of slices are those of Go's own reader" {
    command -v go >/dev/null || skip "no go"
    heapmark trace --workloads churn-pointer --strategies go --ops 200000 --pairs 0 --csv --keep-raw --out t
    [ "$status" -eq 0 ] || skip "cell-go does not trace here"
    GOTOOLCHAIN=local go tool trace -d=parsed t/churn-pointer-go.raw >parsed.txt 2>/dev/null ||
        skip "this go tool trace prints nothing"
    # between the begin and the end of each stop, of collections alone; that of marking's end ends, as
    # PauseTotalNs has it, when the next goal is known
    awk '/Range(Begin|End) .*stop-the-world \(GC |Metric .*\/gc\/heap\/goal:bytes/ {
            match($0, /Time=[0-9]+/); time = substr($0, RSTART + 5, RLENGTH - 5)
            if ($0 ~ /RangeBegin/) { begun = time; goal = 0 }
            else if ($0 ~ /Metric/) { goal = goal ? goal : time }
            else { total += (goal && /mark termination/ ? goal : time) - begun; count++ } }
        END { printf "%d,%d\n", count, total }' parsed.txt >theirs.txt
    [ -s theirs.txt ]
    unfinished=$(grep ',stops,unfinished,' out.txt | cut -d, -f4)
    ours=$(grep ',stops,trace,' out.txt | cut -d, -f4,5)
    [ "$unfinished" -ne 0 ] || [ "$ours" = "$(cat theirs.txt)" ] ||
        { echo "ours $ours, theirs $(cat theirs.txt)"; return 1; }
}

@test "a malloc's trace has the kernel's events" {
    heapmark trace --workloads churn-pointer --strategies malloc --ops 2000000 --pairs 0 --csv --out t
    [ "$status" -eq 0 ]
    if [[ $err$out == *perf_event_paranoid* ]]; then skip "no perf events here"; fi
    [ "$(grep -c '^churn-pointer malloc,events,recorded,[1-9]' out.txt)" -eq 1 ]
    # no stop, so no millisecond of one
    head -1 t/trace-strip-churn-pointer-malloc.tsv | grep -qE ': (a millisecond|two milliseconds)$'
}

# What an ordinary user meets at kernel.perf_event_paranoid 3 and 4: every event is refused.
@test "without the right to record a malloc's events, what to do is said, and the others are traced" {
    command -v cc >/dev/null || skip "no compiler"
    cat >refused.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
long syscall(long number, long a, long b, long c, long d, long e, long f) {
    long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    if (number != SYS_perf_event_open)
        return next(number, a, b, c, d, e, f);
    errno = EACCES;
    return -1;
}
END
    cc -shared -fPIC -Wno-builtin-declaration-mismatch -o refused.so refused.c
    status=0
    LD_PRELOAD=$PWD/refused.so "$HEAPMARK" trace --workloads churn-pointer --strategies malloc,goheap \
        --ops 200000 --pairs 0 --out t >out.txt 2>err.txt 3>&- || status=$?
    [ "$status" -eq 0 ]
    grep -q 'churn-pointer malloc: no events, as this user may not .* sysctl kernel.perf_event_paranoid=2' err.txt
    [ "$(grep -c 'least utilisation' out.txt)" -eq 1 ]
    grep -q 'stop: mark setup' out.txt
}

# Each large block is a mapping of its own, whose pages are given back before it is.
@test "memory that a malloc gives back is in its trace, call by call" {
    command -v cc >/dev/null || skip "no compiler"
    cat >giving.c <<'END'
#define _GNU_SOURCE
#include <sys/mman.h>
extern void *__libc_malloc(unsigned long), *__libc_calloc(unsigned long, unsigned long);
extern void *__libc_realloc(void *, unsigned long), *__libc_memalign(unsigned long, unsigned long);
extern void __libc_free(void *);
void *malloc(unsigned long bytes) {
    unsigned long *at;
    if (bytes < 1 << 20)
        return __libc_malloc(bytes);
    at = mmap(0, bytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    at[510] = 0x6d61726b70616568;
    at[511] = bytes + 4096;
    return at + 512;
}
void free(void *block) {
    unsigned long *at = block;
    if (((unsigned long)block & 4095) != 0 || block == 0 || at[-2] != 0x6d61726b70616568) {
        __libc_free(block);
        return;
    }
    unsigned long bytes = at[-1];
    madvise(at - 512, bytes, MADV_DONTNEED);
    munmap(at - 512, bytes);
}
void *calloc(unsigned long count, unsigned long bytes) { return __libc_calloc(count, bytes); }
void *realloc(void *block, unsigned long bytes) { return __libc_realloc(block, bytes); }
void *aligned_alloc(unsigned long to, unsigned long bytes) { return __libc_memalign(to, bytes); }
END
    cc -shared -fPIC -o libgiving.so giving.c
    heapmark trace --workloads large --param bytes=1048576 --ops 60 --strategies "giving=$PWD/libgiving.so" \
        --pairs 0 --out t
    [ "$status" -eq 0 ] || { echo "$err"; return 1; }
    [[ $out == *"by breakpoints in the C library"* ]] || skip "no breakpoints here, or they came too late"
    cat out.txt
    munmap=$(sed -n 's/^ *munmap  *\([0-9]*\).*/\1/p' out.txt)
    [ "$munmap" -gt 0 ]
    [ "$munmap" = "$(sed -n 's/^ *madvise dontneed  *\([0-9]*\).*/\1/p' out.txt)" ]
}

@test "the JSON has the documented form, its slices nest, its counters are there" {
    command -v python3 >/dev/null || skip "no python3"
    heapmark trace --workloads churn-pointer --strategies goheap --ops 500000 --pairs 0 \
        --format chrome --out t
    [ "$status" -eq 0 ]
    [ ! -e t/trace.perfetto-trace ]
    python3 "$HEAPMARK_TEST_SOURCE/check_chrome_trace" t/trace-1.json >seen.txt
    grep -q '^slices ' seen.txt
    grep -q '^counter churn-pointer goheap: heap-live ' seen.txt
    grep -q '^counter churn-pointer goheap: resident memory (RSS) ' seen.txt
}

@test "Perfetto's own bindings read the trace: slices nest, counters are there" {
    python3 -c 'from perfetto.protos.perfetto.trace import perfetto_trace_pb2' 2>/dev/null ||
        skip "no Python package perfetto with a protobuf that fits it"
    heapmark trace --workloads churn-pointer --strategies goheap --ops 500000 --pairs 0 --out t
    [ "$status" -eq 0 ]
    python3 "$HEAPMARK_TEST_SOURCE/check_perfetto_trace" t/trace.perfetto-trace >seen.txt
    grep -q '^slices ' seen.txt
    grep -q '^counter churn-pointer goheap: heap-goal ' seen.txt
    grep -q '^counter churn-pointer goheap: resident memory (RSS) ' seen.txt
}

@test "the article's five rows stand below the cells, and the strips are drawn" {
    heapmark trace --strategies goheap --ops 500000 --pairs 1 --out t
    [ "$status" -eq 0 ]
    grep -q '^in the timed run  *churn-copy goheap  *churn-pointer goheap$' out.txt
    [ "$(grep -cE '^(goroutines, or slices of mutators|heap events|thread events|bgsweep slices|STW) ' out.txt)" -eq 5 ]
    grep -q 'tracing cost .* % of wall time, .* % of CPU time: median of 1 alternating pair$' out.txt
    [ -s t/trace-strip-churn-pointer-goheap.tsv ]
    if command -v gnuplot >/dev/null; then [ -s t/trace-strip-churn-pointer-goheap.png ]; fi
}

@test "nothing is left of what the cell programs recorded, unless asked for" {
    heapmark trace --workloads churn-copy --strategies goheap,malloc --ops 1000 --pairs 2 --out t
    [ "$(find t -name '*.raw*' | wc -l)" -eq 0 ]
    heapmark trace --workloads churn-copy --strategies goheap --ops 1000 --pairs 0 --keep-raw --out u
    [ -s u/churn-copy-goheap.raw ]
}

@test "Ctrl-C: what was traced is told, and said" {
    "$HEAPMARK" trace --workloads churn-pointer --strategies goheap --ops 2000000000 --pairs 0 --keep-raw \
        --out t >out.txt 2>err.txt 3>&- &
    pid=$!
    for _ in $(seq 1000); do
        if [ "$(cat t/*.raw 2>/dev/null | wc -c)" -gt 200000 ]; then break; fi
        sleep 0.01
    done
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 130 ]
    grep -q 'interrupted; what was traced before is in t' err.txt
    grep -q 'breaks off after .* (it was interrupted)' err.txt
    grep -q 'stop: mark setup' out.txt
    [ -s t/trace.perfetto-trace ]
}

# Four KiB hold less than a chunk of events, so the recording is cut however the machine is loaded; the
# timeline of what is left of it fits.
@test "a recording that finds no room is said, and is a failure" {
    status=0
    (ulimit -f 4 && "$HEAPMARK" trace --workloads churn-pointer --strategies goheap --ops 2000000 \
        --pairs 0 --out t >out.txt 2>err.txt 3>&-) || status=$?
    [ "$status" -eq 1 ]
    grep -q 'breaks off after' err.txt
}

@test "a picture that finds no room is said, and is a failure" {
    mkdir full
    mount -t tmpfs -o size=64k none full 2>/dev/null || skip "no tmpfs can be mounted here"
    dd if=/dev/zero of=full/rest bs=1k count=32 2>/dev/null
    heapmark trace --workloads churn-copy --strategies goheap --ops 10 --pairs 0 --out full/t || true
    umount full
    [ "$status" -eq 1 ] || [ "$status" -eq 4 ]
    [[ $err == *"No space left on device"* ]]
}

@test "cells of which none can run are refused, and nothing is made" {
    heapmark trace --workloads binary-trees --strategies bump --out t
    refused 4 'no cell can run here: bump does not offer reclaims'
    [ ! -e t ]
}

@test "a directory is made with those above it; no name is none" {
    heapmark trace --workloads churn-copy --strategies goheap --ops 1000 --pairs 0 --out a/b/t
    [ "$status" -eq 0 ]
    [ -s a/b/t/trace.perfetto-trace ]
    heapmark trace --workloads churn-copy --strategies goheap --out ''
    refused 2 'out is empty'
}

@test "a library whose path has a space is preloaded, and no link to it is left" {
    command -v cc >/dev/null || skip "no compiler"
    mkdir "with space" tmp
    cat >mine.c <<'END'
extern void *__libc_malloc(unsigned long), *__libc_calloc(unsigned long, unsigned long);
extern void *__libc_realloc(void *, unsigned long), *__libc_memalign(unsigned long, unsigned long);
extern void __libc_free(void *);
void *malloc(unsigned long bytes) { return __libc_malloc(bytes); }
void *calloc(unsigned long count, unsigned long bytes) { return __libc_calloc(count, bytes); }
void *realloc(void *block, unsigned long bytes) { return __libc_realloc(block, bytes); }
void *aligned_alloc(unsigned long to, unsigned long bytes) { return __libc_memalign(to, bytes); }
void free(void *block) { __libc_free(block); }
END
    cc -shared -fPIC -o "with space/libmine.so" mine.c
    TMPDIR=$PWD/tmp heapmark trace --workloads churn-copy --ops 1000 --pairs 0 --out t \
        --strategies "mine=$PWD/with space/libmine.so"
    [ "$status" -eq 0 ] || { echo "$err"; return 1; }
    [ -z "$(find tmp -mindepth 1)" ]
    [ -z "$(find /tmp -maxdepth 2 -lname "$PWD/*" 2>/dev/null)" ]
}

@test "a wrong word is refused" {
    heapmark trace --format json
    refused 2 'perfetto and chrome'
    heapmark trace --pairs many
    refused 2 'whole number'
    mkdir t
    heapmark trace --workloads churn-copy --strategies goheap --out t
    refused 2 'is there already'
}
