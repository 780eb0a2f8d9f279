// Package seed holds the Go twins of the C workloads: the same names, parameters, numbers of
// operations, seeds and checksums, in idiomatic Go, one file per group.
//
// Whether something is allocated is for Go's escape analysis to decide: that decision is what a
// twin shows. So a function whose call is the subject carries //go:noinline, as in the articles,
// and nothing forces an allocation that Go would not make.
package seed

// Effort chooses between a short and a long run.
type Effort int

const (
	Quick Effort = iota
	Full
)

// Trait is what a workload needs of a strategy, or what it can do itself; the words are those of
// allocators/traits.def.
type Trait uint

const (
	Reclaims Trait = 1 << iota
	Threads
	Collects
	Sliceable
)

// Parameter is a number that a workload takes.
type Parameter struct {
	Name, Summary string
	Initial       uint64
	Least, Most   uint64   // inclusive
	Choices       []uint64 // when not nil: the only values, ascending
}

// Arguments is what Setup is told.
type Arguments struct {
	Parameters      []uint64 // one value per parameter, in the workload's order
	Seed, Ops       uint64   // Ops: how many this thread will be asked for, in all slices together
	Thread, Threads uint64
}

// Workload is a repeatable stream of heap operations. Its description is word for word that of its
// C twin in workloads/*.c; a test compares them.
type Workload struct {
	Name, Group, Article, Summary, Stresses string
	Parameters                              []Parameter
	Needs, Traits                           Trait

	// Ops is the number of operations per thread, the C twin's.
	Ops func(parameters []uint64, effort Effort) uint64
	// Setup is untimed and makes one thread's state; nil: none.
	Setup func(a *Arguments) any
	// Run is timed and returns the C twin's checksum: the sum of a mix per operation.
	Run func(state any, ops uint64) uint64
	// Teardown is untimed and drops the state; nil: nothing to do.
	Teardown func(state any)

	// Functions are the functions and methods of this package whose escape decisions are this
	// workload's subject, as the compiler names them ("stackIt2", "(*Shape).Area").
	Functions []string
}

// Workloads are all twins, in the order of workloads.def.
func Workloads() []*Workload { return workloads }

// Mix mixes a value into a checksum's term (the finaliser of SplitMix64, Steele et al. 2014).
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// opsOf makes an Ops function of two constants.
func opsOf(quick, full uint64) func([]uint64, Effort) uint64 {
	return func(_ []uint64, effort Effort) uint64 {
		if effort == Full {
			return full
		}
		return quick
	}
}
