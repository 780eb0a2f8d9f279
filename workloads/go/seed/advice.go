package seed

import "sync"

// advice: the first article's advice, each piece against doing without.
//
// "Reuse what you have allocated": reuse-naive makes a zeroed buffer of 1 KB for a message of 64 B
// and drops it; reuse-pooled takes it from a sync.Pool and puts it back. The C twin's pool is a
// free list that belongs to one thread. A sync.Pool is what the advice means and what a Go program
// would use, and it keeps that meaning: a P finds the buffer it put back in a slot of its own,
// without a lock. (It also empties itself over two collections; here nothing triggers any.)
//
// "Allocate in chunks": preallocate-naive allocates each node of a list, preallocate-chunks one
// slice for all of them, which lives until the last pointer into it is gone.

const (
	messageBufferBytes = 1024
	messageWords       = 8
)

type messageBuffer struct {
	words [messageBufferBytes / 8]uint64
}

// newMessageBuffer hands its buffer up, so it cannot be in its frame.
//
//go:noinline
func newMessageBuffer() *messageBuffer {
	return new(messageBuffer)
}

//go:noinline
func (b *messageBuffer) write() {
	for i := 0; i < messageWords; i++ {
		b.words[i] = 123 + uint64(i)
	}
}

//go:noinline
func (b *messageBuffer) read() uint64 {
	var sum uint64
	for i := 0; i < messageWords; i++ {
		sum += b.words[i]
	}
	return sum
}

func reuseNaiveRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		buffer := newMessageBuffer()
		buffer.write()
		sum += buffer.read()
	}
	return sum
}

func reusePooledSetup(*Arguments) any {
	pool := &sync.Pool{New: func() any { return newMessageBuffer() }}
	pool.Put(newMessageBuffer())
	return pool
}

func reusePooledRun(state any, ops uint64) uint64 {
	pool := state.(*sync.Pool)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		buffer := pool.Get().(*messageBuffer)
		buffer.write()
		sum += buffer.read()
		pool.Put(buffer)
	}
	return sum
}

type listNode struct {
	next  *listNode
	value uint64
}

//go:noinline
func listSum(node *listNode) uint64 {
	var sum uint64
	for ; node != nil; node = node.next {
		sum += node.value
	}
	return sum
}

// listOfNodes is not inlined, nor is its twin, so that each keeps its own decisions. A node is made
// in a loop and outlives its turn, which is enough to escape, although the list never leaves.
//
//go:noinline
func listOfNodes(nodes uint64) uint64 {
	var head *listNode
	for i := uint64(0); i < nodes; i++ {
		head = &listNode{next: head, value: 3*i + 1}
	}
	return listSum(head)
}

// listInChunk's slice escapes, too: the compiler does not know how large it is, and the nodes'
// addresses are stored in it. But it is one allocation for all of them.
//
//go:noinline
func listInChunk(nodes uint64) uint64 {
	chunk := make([]listNode, nodes)
	var head *listNode
	for i := range chunk {
		chunk[i] = listNode{next: head, value: 3*uint64(i) + 1}
		head = &chunk[i]
	}
	return listSum(head)
}

// The state is the number of nodes.
func preallocateSetup(a *Arguments) any { return a.Parameters[0] }

func preallocateNaiveRun(state any, ops uint64) uint64 {
	nodes := state.(uint64)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += listOfNodes(nodes)
	}
	return sum
}

func preallocateChunksRun(state any, ops uint64) uint64 {
	nodes := state.(uint64)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += listInChunk(nodes)
	}
	return sum
}

// preallocateOps makes two million nodes in a quick run.
func preallocateOps(parameters []uint64, effort Effort) uint64 {
	ops := 2000000 / parameters[0]
	if effort == Full {
		ops *= 10
	}
	return ops
}

var preallocateParameters = []Parameter{{
	Name:    "nodes",
	Summary: "nodes of 16 bytes in a list",
	Initial: 100,
	Least:   1,
	Most:    1000000,
}}

var reuseNaiveWorkload = Workload{
	Name:      "reuse-naive",
	Group:     "advice",
	Summary:   "a buffer of 1 KB is made for each message",
	Stresses:  "1 alloc/op and its zeroing",
	Traits:    Sliceable,
	Ops:       opsOf(250000, 2500000),
	Run:       reuseNaiveRun,
	Functions: []string{"newMessageBuffer", "(*messageBuffer).write", "(*messageBuffer).read"},
}

var reusePooledWorkload = Workload{
	Name:      "reuse-pooled",
	Group:     "advice",
	Summary:   "a buffer of 1 KB is taken from a pool for each message and put back",
	Stresses:  "reuse instead of allocation: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       opsOf(2000000, 20000000),
	Setup:     reusePooledSetup,
	Run:       reusePooledRun,
	Functions: []string{"(*messageBuffer).write", "(*messageBuffer).read"},
}

var preallocateNaiveWorkload = Workload{
	Name:       "preallocate-naive",
	Group:      "advice",
	Summary:    "a list is built of nodes that are allocated one by one",
	Stresses:   "many small objects that die together: an alloc/op for each node",
	Parameters: preallocateParameters,
	Traits:     Sliceable,
	Ops:        preallocateOps,
	Setup:      preallocateSetup,
	Run:        preallocateNaiveRun,
	Functions:  []string{"listOfNodes", "listSum"},
}

var preallocateChunksWorkload = Workload{
	Name:       "preallocate-chunks",
	Group:      "advice",
	Summary:    "a list is built of nodes that are allocated all at once",
	Stresses:   "the same list from one chunk: 1 alloc/op",
	Parameters: preallocateParameters,
	Traits:     Sliceable,
	Ops:        preallocateOps,
	Setup:      preallocateSetup,
	Run:        preallocateChunksRun,
	Functions:  []string{"listInChunk", "listSum"},
}
