package seed

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// A leak is a number: what is live after the run and two collections. (Two, because finalizers and
// pools give up their own only in the second.)

// inOwnProcess runs the calling test in a fresh process, where no other test has leaked anything or
// left anything to be used again, and is true there.
func inOwnProcess(t *testing.T) bool {
	t.Helper()
	const told = "HEAPMARK_TEST_OWN_PROCESS"
	if os.Getenv(told) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	child.Env = append(os.Environ(), told+"=1")
	if output, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	return false
}

// leakedLeast is what a leak leaves of an operation, in bytes: more than a runtime's own comings
// and goings, less than the smallest of the leaks.
const leakedLeast = 100

// heapLive are the bytes of the heap that collections leave. Stacks are not among them.
func heapLive() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// retained are the bytes that an operation leaves in the heap while the state is held, floored: the
// runtime may keep a few goroutines of its own for the next time.
func retained(w *Workload, ops uint64) int64 {
	state := w.start(w.initial(), ops)
	before := heapLive()
	sink += w.Run(state, ops)
	after := heapLive()
	runtime.KeepAlive(state)
	w.end(state)
	return (after - before) / int64(ops)
}

func TestLeaksRetainAndTheirTwinsDoNot(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	for _, w := range Workloads() {
		if w.Group != "leak" {
			continue
		}
		if strings.HasSuffix(w.Name, "-fixed") {
			if bytes := retained(w, 50000); bytes > 0 {
				t.Errorf("%s retains %d B/op", w.Name, bytes)
			}
		} else if bytes := retained(w, 2000); bytes < leakedLeast {
			t.Errorf("%s does not leak (%d B/op)", w.Name, bytes)
		}
	}
}

// TestNothingElseRetains: a second run on the same state leaves no more than the first.
func TestNothingElseRetains(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	// The runtime keeps dead goroutines, and its collector's workers come and go. A leaked word in
	// each of 20,000 operations is more than twice that.
	const opsMost, noise = 20000, 64 << 10
	for _, w := range Workloads() {
		if w.Group == "leak" {
			continue
		}
		ops := w.Ops(w.initial(), Quick) / 10
		if ops > opsMost {
			ops = opsMost
		}
		state := w.start(w.initial(), 2*ops)
		sink += w.Run(state, ops)
		before := heapLive()
		sink += w.Run(state, ops)
		if bytes := heapLive() - before; bytes > noise {
			t.Errorf("%s: %d bytes are left of %d operations", w.Name, bytes, ops)
		}
		w.end(state)
	}
}

// runAndDrop leaves nothing of a workload's state with the program.
//
//go:noinline
func runAndDrop(w *Workload, ops uint64) {
	sink += w.Run(w.start(w.initial(), ops), ops)
}

// TestTheRuntimeItselfKeepsTasksAndTimers: no state refers to them any more, and they are still
// there. A version of Go that finds them would take these leaks' point away.
func TestTheRuntimeItselfKeepsTasksAndTimers(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	const ops = 1000
	for _, name := range []string{"leak-task", "leak-timer"} {
		before := heapLive()
		runAndDrop(find(t, name), ops)
		if bytes := (heapLive() - before) / ops; bytes < leakedLeast {
			t.Errorf("%s: collected with its state", name)
		}
	}
	before := heapLive()
	runAndDrop(find(t, "leak-body"), ops)
	if bytes := (heapLive() - before) / ops; bytes >= leakedLeast {
		t.Errorf("leak-body: %d B/op are left of a client that is gone", bytes)
	}
}

func TestACancelledTaskIsGone(t *testing.T) {
	w := find(t, "leak-task-fixed")
	state := w.start(nil, 1000)
	before := runtime.NumGoroutine()
	w.Run(state, 1000)
	// Those that ran last, one on each P, may not have left their function yet.
	if after := runtime.NumGoroutine(); after > before+runtime.GOMAXPROCS(0) {
		t.Errorf("%d goroutines, %d before", after, before)
	}
	w.end(state)
}
