package main

// The collector's own account of every cycle, kept while the clock runs.
//
// GODEBUG=gctrace=1 makes Go's runtime print a line per cycle, after the world is started again, in
// every version. It is the only account that tells each stop from the other and has the heap's
// sizes. The line is written in some forty pieces. To a memory file (memfd) that is forty system
// calls: 2.6 % of wall time on one CPU for twenty million 80-byte objects, where keeping the pieces
// in an array costs nothing that could be measured. So the runtime's writes are taken at their
// source: runtime.overrideWrite is the hook that Go keeps for this, its name and type promised to
// outside users (golang/go#67401), and present since before Go 1.19. Everything else that the
// runtime says, the text of a crash above all, goes to stderr unchanged.
//
// GODEBUG is read when a process begins, so the program executes itself once more with it: the same
// process, with its descriptors.

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

const (
	stderrFD       = 2
	traceLinesMax  = 1 << 15
	traceBytesMax  = 4 << 20
	traceLineBytes = 512 // more than a line is ever long

	// The module asks for Go 1.19, and a newer Go then behaves in some things as it did before
	// (https://go.dev/doc/godebug). These are the ones that this program's measurements meet: timers
	// that nobody holds are collected, and GOMAXPROCS heeds the CPU limit of a container. Older
	// versions pass over names they do not know.
	debugBefore = "asynctimerchan=0,containermaxprocs=1,"
	debugAfter  = "gctrace=1"
)

//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

type traceLine struct {
	start, end int   // in trace.text
	printedNS  int64 // CLOCK_MONOTONIC when it began to be printed
}

// trace has one writer at a time: the runtime prints a statement, and a whole line of gctrace, under
// a lock of its own. It is emptied when no cycle can be printing (see measure.go), and may be read
// while one is: a line counts when it is whole.
var trace struct {
	lines  [traceLinesMax]traceLine
	count  int
	text   [traceBytesMax]byte
	used   int
	inLine bool
	isLost bool // this line finds no room
	lost   int  // lines that found none
	now    syscall.Timespec
}

// beginTrace makes the runtime print its lines, and keeps them from here on.
func beginTrace() error {
	before := os.Getenv("GODEBUG")
	if !strings.HasPrefix(before, debugBefore) || !strings.HasSuffix(before, debugAfter) {
		return executeAgain(before)
	}
	overrideWrite = keepTrace
	return nil
}

// executeAgain returns only when it failed. What comes last in GODEBUG wins.
func executeAgain(debug string) error {
	if debug != "" {
		debug += ","
	}
	os.Setenv("GODEBUG", debugBefore+debug+debugAfter)
	program, err := os.Executable()
	if err == nil {
		err = syscall.Exec(program, os.Args, os.Environ())
	}
	return fmt.Errorf("%w execute the program again for GODEBUG=%s: %v", errCannot, debugAfter, err)
}

// keepTrace stands in for the runtime's write. It may be called on any stack, without a processor,
// in a dying process: so it does not grow the stack, allocate, or store a pointer.
//
//go:nosplit
func keepTrace(fd uintptr, p unsafe.Pointer, n int32) int32 {
	if fd == stderrFD && !trace.inLine && beginsLine(p, n) {
		beginLine()
	}
	if fd != stderrFD || !trace.inLine {
		count, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(p), uintptr(n))
		if errno != 0 {
			return -int32(errno)
		}
		return int32(count)
	}
	for i := int32(0); i < n; i++ {
		keepByte(*(*byte)(unsafe.Add(p, i)))
	}
	return n
}

// beginsLine knows a line by its first piece, which nothing else that the runtime prints has.
//
//go:nosplit
func beginsLine(p unsafe.Pointer, n int32) bool {
	return n == 3 && *(*[3]byte)(p) == [3]byte{'g', 'c', ' '}
}

//go:nosplit
func beginLine() {
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic,
		uintptr(unsafe.Pointer(&trace.now)), 0)
	trace.inLine = true
	trace.isLost = trace.count >= traceLinesMax || trace.used > traceBytesMax-traceLineBytes
	if trace.isLost {
		trace.lost++
		return
	}
	line := &trace.lines[trace.count]
	line.start = trace.used
	line.printedNS = trace.now.Sec*1e9 + trace.now.Nsec
}

//go:nosplit
func keepByte(c byte) {
	if !trace.isLost && trace.used < traceBytesMax {
		trace.text[trace.used] = c
		trace.used++
	}
	if c != '\n' {
		return
	}
	trace.inLine = false
	if !trace.isLost && trace.count < traceLinesMax {
		trace.lines[trace.count].end = trace.used
		trace.count++
	}
}

// dropTrace forgets the lines kept so far. No cycle may be printing.
func dropTrace() {
	trace.count, trace.used, trace.lost = 0, 0, 0
}

// tracedLine is a line kept, with its line break.
type tracedLine struct {
	text      string
	printedNS int64
}

// traceLines are the whole lines kept.
func traceLines() []tracedLine {
	lines := make([]tracedLine, trace.count)
	for i := range lines {
		line := trace.lines[i]
		lines[i] = tracedLine{string(trace.text[line.start:line.end]), line.printedNS}
	}
	return lines
}
