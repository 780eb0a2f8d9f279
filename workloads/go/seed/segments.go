package seed

// segments: the same value in each place a program has for one.
//
// The article's picture of a process: the stack grows and shrinks with calls, the heap is handed
// out and taken back, the data segment holds initialised variables for the whole run, read-only
// data the constants. An operation gets at a BigStruct in one of them and hands its address down to
// the same reader. In the frame the value has to be made each time, in the heap made and allocated;
// data and read-only data were filled before main.

// segmentsData: the linker lays an initialised variable out in the data segment.
var segmentsData = BigStruct{123, 456, 789, "ABC", "DEF", "HIJ", true, true, true}

// segmentsRodata is a constant struct, which the language does not have: the compiler keeps such
// literals in read-only data, but copies them from there and hands no address out. The assembler
// can say where a variable lies: segments_rodata.s. To write to it is to crash.
var segmentsRodata BigStruct

// The state is the value's address: the compiler cannot take for granted what the value is.

func segmentsDataSetup(*Arguments) any { return &segmentsData }

func segmentsRodataSetup(*Arguments) any { return &segmentsRodata }

// segmentsRead reads every field.
//
//go:noinline
func segmentsRead(big *BigStruct) uint64 {
	sum := uint64(big.A + big.B + big.C)
	sum += uint64(len(big.D) + len(big.E) + len(big.F))
	sum += uint64(big.D[0]) + uint64(big.E[0]) + uint64(big.F[0])
	return sum + countTrue(big.G, big.H, big.I)
}

// segmentsStack: the address goes down and comes to its end there, so the value stays in the frame.
func segmentsStack() uint64 {
	big := BigStruct{123, 456, 789, "ABC", "DEF", "HIJ", true, true, true}
	return segmentsRead(&big)
}

// segmentsHeap: the address goes up, so the value is allocated.
//
//go:noinline
func segmentsHeap() *BigStruct {
	return &BigStruct{123, 456, 789, "ABC", "DEF", "HIJ", true, true, true}
}

func segmentsStackRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += segmentsStack()
	}
	return sum
}

func segmentsHeapRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += segmentsRead(segmentsHeap())
	}
	return sum
}

// segmentsLoadedRun is the run of both values that were there before main.
func segmentsLoadedRun(state any, ops uint64) uint64 {
	big := state.(*BigStruct)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += segmentsRead(big)
	}
	return sum
}

var segmentsStackWorkload = Workload{
	Name:      "segments-stack",
	Group:     "segments",
	Summary:   "a BigStruct is made in the frame and read",
	Stresses:  "the stack: made anew, never allocated",
	Traits:    Sliceable,
	Ops:       opsOf(5000000, 50000000),
	Run:       segmentsStackRun,
	Functions: []string{"segmentsStack", "segmentsRead"},
}

var segmentsHeapWorkload = Workload{
	Name:      "segments-heap",
	Group:     "segments",
	Summary:   "a BigStruct is made in the heap and read",
	Stresses:  "the heap: made anew and allocated, 1 alloc/op",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Run:       segmentsHeapRun,
	Functions: []string{"segmentsHeap", "segmentsRead"},
}

var segmentsDataWorkload = Workload{
	Name:      "segments-data",
	Group:     "segments",
	Summary:   "a BigStruct in the data segment is read",
	Stresses:  "initialised data: there since the program started",
	Traits:    Sliceable,
	Ops:       opsOf(5000000, 50000000),
	Setup:     segmentsDataSetup,
	Run:       segmentsLoadedRun,
	Functions: []string{"segmentsRead"},
}

var segmentsRodataWorkload = Workload{
	Name:      "segments-rodata",
	Group:     "segments",
	Summary:   "a BigStruct in read-only data is read",
	Stresses:  "constants: there since the program started, shared by all who run it",
	Traits:    Sliceable,
	Ops:       opsOf(5000000, 50000000),
	Setup:     segmentsRodataSetup,
	Run:       segmentsLoadedRun,
	Functions: []string{"segmentsRead"},
}
