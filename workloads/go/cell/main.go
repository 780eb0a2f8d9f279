// Cell-go runs one cell on the real Go runtime: a Go twin of a workload, timed as the cell programs
// in C time theirs, reported in the words of harness/base/wire.h.
//
//	parse -> begin the trace -> warm up, time, count (measure.go) -> report
//
// A cell is measured in a process of its own that does nothing else, so the program writes no file,
// starts no goroutine but the workload's threads, and allocates nothing while the clock runs.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Exit statuses of a cell program.
const (
	cellOK    = 0
	cellNotOK = 1
	cellUsage = 2
)

// errCannot marks what this machine or process cannot do: the cell is unavailable, not wrong.
var errCannot = errors.New("cannot")

const usage = `usage: cell-go --workload=NAME [--parameter=NAME=V] [--setting=NAME=V]
               [--effort=quick|full] [--ops=N] [--threads=N] [--seed=N]
               [--memory-limit=BYTES] [--report-fd=N] [--counter-fds=N,N,...]
               [--trace-fd=N]
       cell-go --describe | --functions
Runs one workload on the Go runtime and reports in lines of text; heapmark does it for you.`

func main() {
	runtime.MemProfileRate = 0 // sites.go may ask for a memory profile; nobody else shall pay for one
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	switch {
	case len(arguments) == 0:
		fmt.Fprintln(os.Stderr, usage)
		return cellUsage
	case len(arguments) == 1 && arguments[0] == "--describe":
		describe(os.Stdout)
		return cellOK
	case len(arguments) == 1 && arguments[0] == "--functions":
		describeFunctions(os.Stdout)
		return cellOK
	}
	return runCell(arguments)
}

func runCell(arguments []string) int {
	o, err := parseOptions(arguments)
	if err != nil {
		return refuse(err)
	}
	w, err := resolveWork(o)
	if err != nil {
		return refuse(err)
	}
	s, err := parseSettings(o.settings)
	if err != nil {
		return refuse(err)
	}
	return measureAndReport(o, w, s)
}

// measureAndReport ends in a report whatever happens, but for the death of the process.
func measureAndReport(o *options, w *work, s *settings) int {
	r := newReport(o.reportFD)
	if err := beginTrace(); err != nil {
		return r.fail(err)
	}
	if err := limitMemory(o.memoryLimit); err != nil {
		return r.fail(err)
	}
	s.apply()
	m, err := measure(w, o)
	if err != nil {
		return r.fail(err)
	}
	if s.forwardTrace {
		fmt.Fprint(os.Stderr, strings.Join(m.cycleLines(), ""))
	}
	r.measurement(o, w, m)
	r.end("ok", "")
	return r.status()
}

func refuse(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return cellUsage
}
