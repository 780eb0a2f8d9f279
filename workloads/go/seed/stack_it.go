package seed

// stack-it: when does a local variable leave the stack?
//
// Sharing down typically stays on the stack, sharing up typically escapes to the heap. Here the
// compiler decides: a pointer that outlives its frame moves what it points to, and only that; the
// same function inlined has no frame to outlive; and what is too large for a stack is allocated
// though nothing escapes.

// stackIt hands a copy up.
//
//go:noinline
func stackIt() int {
	y := 2
	return y * 2
}

// stackIt2 hands the address of its local up: res moves to the heap.
//
//go:noinline
func stackIt2() *int {
	y := 2
	res := y * 2
	return &res
}

// stackIt3 is handed an address down: what y points to stays with the caller.
//
//go:noinline
func stackIt3(y *int) int {
	res := *y * 2
	return res
}

// stackIt2Inlined is stackIt2 where the compiler may inline it: res is the caller's, and stays.
func stackIt2Inlined() *int {
	y := 2
	res := y * 2
	return &res
}

// newLocal asks for memory with new, and needs none: the pointer does not leave.
//
//go:noinline
func newLocal() int {
	p := new(int)
	*p += 2
	return *p * 2
}

const (
	largeLocalBytes = 70000
	pageBytes       = 4096
)

// largeLocal keeps its pointer to itself, but 64 KB are the most that new puts on a stack.
//
//go:noinline
func largeLocal() uint64 {
	local := new([largeLocalBytes]byte)
	for i := 0; i < largeLocalBytes; i += pageBytes {
		local[i] = byte(i/pageBytes + 1)
	}
	sum := uint64(local[largeLocalBytes-1])
	for i := 0; i < largeLocalBytes; i += pageBytes {
		sum += uint64(local[i])
	}
	return sum
}

func stackItRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += uint64(stackIt())
	}
	return sum
}

func stackIt2Run(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += uint64(*stackIt2())
	}
	return sum
}

func stackIt3Run(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		y := 2
		sum += uint64(stackIt3(&y))
	}
	return sum
}

func stackIt2InlinedRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += uint64(*stackIt2Inlined())
	}
	return sum
}

func newLocalRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += uint64(newLocal())
	}
	return sum
}

func largeLocalRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += largeLocal()
	}
	return sum
}

// What touches the stack only, and what allocates a word.
var (
	stackOps = opsOf(10000000, 100000000)
	heapOps  = opsOf(1000000, 10000000)
)

var stackItWorkload = Workload{
	Name:      "stack-it",
	Group:     "stack-it",
	Article:   "stackIt",
	Summary:   "a function returns an integer by value",
	Stresses:  "a call and a copy: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       stackOps,
	Run:       stackItRun,
	Functions: []string{"stackIt"},
}

var stackIt2Workload = Workload{
	Name:      "stack-it-2",
	Group:     "stack-it",
	Article:   "stackIt2",
	Summary:   "a function returns the address of its local integer",
	Stresses:  "sharing up escapes: the smallest allocation, 1 alloc/op, 8 B/op",
	Traits:    Sliceable,
	Ops:       heapOps,
	Run:       stackIt2Run,
	Functions: []string{"stackIt2"},
}

var stackIt3Workload = Workload{
	Name:      "stack-it-3",
	Group:     "stack-it",
	Article:   "stackIt3",
	Summary:   "a function is given the address of its caller's integer",
	Stresses:  "sharing down stays on the stack: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       stackOps,
	Run:       stackIt3Run,
	Functions: []string{"stackIt3"},
}

var stackIt2InlinedWorkload = Workload{
	Name:      "stack-it-2-inlined",
	Group:     "stack-it",
	Article:   "stackIt2 without noinline",
	Summary:   "stack-it-2 with the callee inlined into its caller",
	Stresses:  "inlining takes the allocation away: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       stackOps,
	Run:       stackIt2InlinedRun,
	Functions: []string{"stackIt2Inlined", "stackIt2InlinedRun"},
}

var newLocalWorkload = Workload{
	Name:      "new-local",
	Group:     "stack-it",
	Summary:   "new(int) whose pointer does not leave the function",
	Stresses:  "new is no allocation when nothing escapes: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       stackOps,
	Run:       newLocalRun,
	Functions: []string{"newLocal"},
}

var largeLocalWorkload = Workload{
	Name:      "large-local",
	Group:     "stack-it",
	Summary:   "a local of 70,000 zeroed bytes, touched page by page",
	Stresses:  "too large for a stack: 1 alloc/op, 73,728 B/op, and its zeroing",
	Traits:    Sliceable,
	Ops:       opsOf(10000, 100000),
	Run:       largeLocalRun,
	Functions: []string{"largeLocal"},
}
