package seed

import "testing"

// BenchmarkWorkloads measures each twin as `go test -bench . -benchmem` measures any function: the
// loop is the workload's own Run, so it is the code that the cell program times.
// `-bench 'Workloads/stack-it$'` chooses one.
func BenchmarkWorkloads(b *testing.B) {
	for _, w := range Workloads() {
		b.Run(w.Name, func(b *testing.B) { benchmark(b, w) })
	}
}

// sink keeps a checksum alive.
var sink uint64

func benchmark(b *testing.B, w *Workload) {
	b.ReportAllocs()
	b.StopTimer()
	for left := uint64(b.N); left > 0; {
		ops := benchmarkOps(w, left)
		state := w.start(w.initial(), ops)
		b.StartTimer()
		sink += RunPlaced(w, state, ops)
		b.StopTimer()
		w.end(state)
		left -= ops
	}
}

// benchmarkOps is how many operations one state is asked for: all of them, if it is not a leak. What
// leaks in b.N operations may be more than the machine has, so those take as many at a time as the
// cell program does in a quick run. (From the second time on leak-task finds the runtime's dead
// goroutines, so what it allocates is less than in a fresh process.)
func benchmarkOps(w *Workload, left uint64) uint64 {
	if quick := w.Ops(w.initial(), Quick); !w.isSliceable() && left > quick {
		return quick
	}
	return left
}
