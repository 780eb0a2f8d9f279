package seed

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// What an operation allocates, as -benchmem prints it: the figures of the articles and of the
// project's design, at the initial parameters. B/op is by Go's size classes (1600 B take 1792).
//
// They are those of a fresh process. leak-task needs less where goroutines have died before, as in a
// warm-up: the runtime uses them again.

type perOp struct {
	allocs, bytes uint64
}

// anyBytes is for what the runtime allocates for its own sake: a g, a timer, their growing lists.
const anyBytes = ^uint64(0)

var allocations = []struct {
	name string
	perOp
}{
	{"stack-it", perOp{0, 0}},
	{"stack-it-2", perOp{1, 8}},
	{"stack-it-3", perOp{0, 0}},
	{"stack-it-2-inlined", perOp{0, 0}},
	{"new-local", perOp{0, 0}},
	{"large-local", perOp{1, 73728}},
	{"create-copy", perOp{0, 0}},
	{"create-pointer", perOp{1, 80}},
	{"churn-copy", perOp{0, 0}},
	{"churn-pointer", perOp{1, 80}},
	{"employee-bonus", perOp{1, 8}},
	{"channel-send-value", perOp{0, 0}},
	{"channel-send-pointer", perOp{1, 32}},
	{"channel-send-value-with-pointer", perOp{1, 8}},
	{"slice-store-value", perOp{0, 0}},
	{"slice-store-pointer", perOp{1, 16}},
	{"slice-store-value-with-pointer", perOp{1, 8}},
	{"slice-grow-append", perOp{12, 25208}},
	{"slice-grow-reserved", perOp{1, 8192}},
	{"interface-call-direct", perOp{0, 0}},
	{"interface-call-boxed", perOp{1, 16}},
	{"goroutine-capture", perOp{1, 24}}, // the closure that holds the captured 8 bytes
	{"segments-stack", perOp{0, 0}},
	{"segments-heap", perOp{1, 80}},
	{"segments-data", perOp{0, 0}},
	{"segments-rodata", perOp{0, 0}},
	{"alignment-padded", perOp{1, 48}},
	{"alignment-packed", perOp{1, 24}},
	{"tiny", perOp{1, 8}},
	{"small", perOp{1, 64}},
	{"large", perOp{1, 65536}},
	{"scan-pointers", perOp{1, 64}},
	{"scan-noscan", perOp{1, 64}},
	{"reuse-naive", perOp{1, 1024}},
	{"reuse-pooled", perOp{0, 0}},
	{"preallocate-naive", perOp{100, 1600}},
	{"preallocate-chunks", perOp{1, 1792}},
	{"stack-growth-fixed", perOp{1, 8 << 20}},
	{"leak-task", perOp{3, anyBytes}},        // g, closure, and its place in the channel's queue
	{"leak-task-fixed", perOp{1, 24}},        // closure: all else is used again
	{"leak-timer", perOp{4, anyBytes}},       // alarm, channel, timer, and its function
	{"leak-timer-fixed", perOp{4, anyBytes}}, // the same
	{"leak-body", perOp{4, 80 + 2*4096 + 24}},
	{"leak-body-fixed", perOp{1, 24}},
	{"binary-trees", perOp{31, 31 * 16}}, // the first are of depth 4
	{"linked-list", perOp{1, 16}},
	{"graph-mutate", perOp{1, 80}},
	{"thread-churn", perOp{2001, anyBytes}},
	{"empty", perOp{0, 0}},
}

// newer are the figures that a version of Go changed for good: go1.since and newer have these.
var newer = map[string]struct {
	since int
	perOp
}{
	// The array of the first four elements, 32 bytes, is in the frame.
	"slice-grow-append": {26, perOp{9, 25152}},
}

// goMinor is 19 of go1.19.8. What has no number is a toolchain in the making, newer than any.
func goMinor() int {
	var minor int
	if _, err := fmt.Sscanf(runtime.Version(), "go1.%d", &minor); err != nil {
		return math.MaxInt
	}
	return minor
}

// byDepth are the workloads whose operations differ; TestStackGrowthAllocatesWhatItsDepthsAsk has their figures.
var byDepth = map[string]bool{"stack-growth-contiguous": true, "stack-growth-segmented": true}

// allocated measures as testing.AllocsPerRun does, on one P and after a warm-up. The figures are
// those of all ops together.
func allocated(w *Workload, parameters []uint64, ops uint64) perOp {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const warm = 64
	state := w.start(parameters, warm+ops)
	sink += w.Run(state, warm)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sink += w.Run(state, ops)
	runtime.ReadMemStats(&after)
	w.end(state)
	return perOp{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
}

func TestAllocationsPerOperationAreTheArticles(t *testing.T) {
	if !inOwnProcess(t) {
		return
	}
	for _, expected := range allocations {
		if changed, ok := newer[expected.name]; ok && goMinor() >= changed.since {
			expected.perOp = changed.perOp
		}
		w := find(t, expected.name)
		ops := fewOps(w, w.initial())
		total := allocated(w, w.initial(), ops)
		got := perOp{total.allocs / ops, total.bytes / ops}
		if expected.bytes == anyBytes {
			got.bytes = anyBytes
		}
		if got != expected.perOp {
			t.Errorf("%s: %d allocs/op of %d B/op, not %d and %d", w.Name, got.allocs, got.bytes,
				expected.allocs, expected.bytes)
		}
	}
}

func TestEveryWorkloadHasAFigure(t *testing.T) {
	figures := map[string]bool{}
	for _, expected := range allocations {
		figures[expected.name] = true
	}
	for _, w := range Workloads() {
		if !figures[w.Name] && !byDepth[w.Name] {
			t.Errorf("%s: nothing says what it allocates", w.Name)
		}
	}
}

// TestStackGrowthAllocatesWhatItsDepthsAsk: a stack of so many frames, the leaf's included, doubles
// until it has room for them. Segments are filled one after another; if the leaf's frame is the
// first of a segment, each of its calls makes that segment anew.
func TestStackGrowthAllocatesWhatItsDepthsAsk(t *testing.T) {
	const ops, segmentFrames = 200, segmentWords / frameWords
	var doubled, segments uint64
	depths := growthState{newRandom(&Arguments{Seed: 1})}
	for i := 0; i < 64; i++ {
		depths.depth() // the warm-up's
	}
	for i := 0; i < ops; i++ {
		depth := depths.depth()
		doubled++
		for words := uint64(contiguousWords); words < (depth+1)*frameWords; words *= 2 {
			doubled++
		}
		segments += (depth + segmentFrames - 1) / segmentFrames
		if depth%segmentFrames == 0 {
			segments += leafCalls
		}
	}
	for name, expected := range map[string]uint64{"stack-growth-contiguous": doubled,
		"stack-growth-segmented": segments} {
		got := allocated(find(t, name), nil, ops)
		// The runtime itself may allocate a few objects meanwhile.
		if got.allocs < expected || got.allocs > expected+ops/10 {
			t.Errorf("%s: %d allocations, not %d", name, got.allocs, expected)
		}
	}
}
