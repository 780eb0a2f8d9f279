package main

// The runtime's execution trace of the timed run, when heapmark asks for it (--trace-fd): who ran
// where, collections, stops by reason, assists, sweeps, the heap's size and goal. It is begun before
// the readings that precede the run and ended after those that follow it, so that every stop that
// the record counts is in it. A region marks each thread's run.
//
// harness/capture/go_trace.c reads it.

import (
	"context"
	"fmt"
	"os"
	runtimetrace "runtime/trace"
)

// timedRegion is looked for by the reader of the trace.
const timedRegion = "heapmark timed run"

// execTrace writes what the runtime hands out to the descriptor; nil: nothing is traced. A write
// that fails ends the writing and not the run: what came before it can be read.
type execTrace struct {
	out *os.File
	err error
}

func newExecTrace(fd int) *execTrace {
	if fd <= 0 {
		return nil
	}
	return &execTrace{out: os.NewFile(uintptr(fd), "trace")}
}

// Write is called by the goroutine that trace.Start begins.
func (t *execTrace) Write(p []byte) (int, error) {
	if t.err == nil {
		_, t.err = t.out.Write(p)
	}
	return len(p), nil
}

func (t *execTrace) begin() {
	if t == nil {
		return
	}
	if err := runtimetrace.Start(t); err != nil {
		t.err = err
	}
}

// end returns when everything is written.
func (t *execTrace) end() {
	if t != nil {
		runtimetrace.Stop()
	}
}

// run marks what this goroutine does until the function it returns is called.
func (t *execTrace) run() func() {
	if t == nil {
		return func() {}
	}
	return runtimetrace.StartRegion(context.Background(), timedRegion).End
}

// warn says on stderr what the trace lacks; heapmark finds that it breaks off.
func (t *execTrace) warn() {
	if t != nil && t.err != nil {
		fmt.Fprintf(os.Stderr, "the execution trace is not whole: %v\n", t.err)
	}
}
