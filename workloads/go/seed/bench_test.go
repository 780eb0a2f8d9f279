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
	ops := uint64(b.N)
	state := w.start(w.initial(), ops)
	b.ResetTimer()
	sink += w.Run(state, ops)
	b.StopTimer()
	w.end(state)
}
