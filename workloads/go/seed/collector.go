package seed

// collector: what is hard for a collector that works while the program runs.
//
//	linked-list    a queue of nodes, each reached only through the one before it: nothing that
//	               several markers could share. An operation takes the first and appends one
//	graph-mutate   a graph whose edges are linked anew while it is marked, and whose nodes are
//	               replaced: the work of the write barrier. Four rings go through all nodes: edge k
//	               of a node leads to its successor in ring k, and back edges lead to predecessors.
//	               Ring 0 is never taken apart, so every node stays reachable
//	thread-churn   the C twin starts a thread; here it is a goroutine, with a stack of its own that
//	               the collector has to scan. It builds a list, sends its sum and ends, while the
//	               one that started it builds such a list, too

const (
	graphRings = 4
	graphSteps = 4
)

// linked-list

type queue struct {
	first, last *listNode
	random      random
}

//go:noinline
func (q *queue) append() {
	node := &listNode{value: q.random.next()}
	q.last.next = node
	q.last = node
}

// take clears the link of the node that leaves, as the C twin does.
//
//go:noinline
func (q *queue) take() uint64 {
	node := q.first
	q.first = node.next
	node.next = nil
	return node.value
}

func linkedListSetup(a *Arguments) any {
	q := &queue{random: newRandom(a)}
	q.first = &listNode{value: q.random.next()}
	q.last = q.first
	for i := uint64(1); i < a.Parameters[0]; i++ {
		q.append()
	}
	return q
}

func linkedListRun(state any, ops uint64) uint64 {
	q := state.(*queue)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		q.append()
		sum += Mix(q.take())
	}
	return sum
}

// linkedListOps replaces every node twice in a quick run.
func linkedListOps(parameters []uint64, effort Effort) uint64 {
	nodes := parameters[0]
	if nodes < 1000000 {
		nodes = 1000000
	}
	if effort == Full {
		return nodes * 20
	}
	return nodes * 2
}

// graph-mutate

// v.to[k].from[k] == v == v.from[k].to[k].
type vertex struct {
	to, from [graphRings]*vertex
	value    uint64
}

type graph struct {
	at     *vertex // where the next operation begins
	random random
}

func (v *vertex) link(k uint64, to *vertex) {
	v.to[k] = to
	to.from[k] = v
}

// exchangeEdges: edge k of each of the two leads to where the other's led.
//
//go:noinline
func exchangeEdges(a, b *vertex, k uint64) {
	afterA, afterB := a.to[k], b.to[k]
	a.link(k, afterB)
	b.link(k, afterA)
}

// replace makes a vertex in the place of v, whose neighbours may be v itself.
//
//go:noinline
func (v *vertex) replace(value uint64) *vertex {
	made := &vertex{to: v.to, from: v.from, value: value}
	for k := range made.to {
		if made.to[k] == v {
			made.to[k], made.from[k] = made, made
		}
	}
	for k := range made.to {
		made.to[k].from[k] = made
		made.from[k].to[k] = made
	}
	return made
}

// mutate walks on along edges chosen at random. At each step the vertex reached exchanges an edge
// with the one before; the last one is replaced.
func (g *graph) mutate() uint64 {
	choices := g.random.next()
	at := g.at
	var sum uint64
	for i := uint64(0); i < graphSteps; i++ {
		next := at.to[choices%graphRings]
		exchangeEdges(at, next, 1+(choices>>8)%(graphRings-1))
		sum += Mix(next.value + i)
		at = next
		choices >>= 16
	}
	g.at = at.replace(g.random.next())
	return sum
}

// makeRing puts the vertices into random order (Fisher and Yates) and links them to ring k.
func makeRing(table []*vertex, k uint64, random *random) {
	for i := uint64(len(table)); i > 1; i-- {
		j := random.next() % i
		table[j], table[i-1] = table[i-1], table[j]
	}
	for i, v := range table {
		v.link(k, table[(i+1)%len(table)])
	}
}

func graphMutateSetup(a *Arguments) any {
	g := &graph{random: newRandom(a)}
	table := make([]*vertex, a.Parameters[0])
	for i := range table {
		table[i] = &vertex{value: g.random.next()}
	}
	for k := uint64(0); k < graphRings; k++ {
		makeRing(table, k, &g.random)
	}
	g.at = table[0]
	return g
}

func graphMutateRun(state any, ops uint64) uint64 {
	g := state.(*graph)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += g.mutate()
	}
	return sum
}

// thread-churn

type errands struct {
	random  random
	objects uint64
	sums    chan uint64
}

// listWork builds a list of random values, sums it and drops it.
//
//go:noinline
func listWork(objects uint64, random random) uint64 {
	var list *listNode
	for i := uint64(0); i < objects; i++ {
		list = &listNode{next: list, value: random.next()}
	}
	var sum uint64
	for ; list != nil; list = list.next {
		sum = Mix(sum + list.value)
	}
	return sum
}

// run is a goroutine's life.
//
//go:noinline
func (e *errands) run(stream random) {
	e.sums <- listWork(e.objects, stream)
}

// once starts a goroutine, does as much itself, and waits for it.
//
//go:noinline
func (e *errands) once() uint64 {
	go e.run(random(e.random.next()))
	sum := listWork(e.objects, random(e.random.next()))
	return sum + <-e.sums
}

func threadChurnSetup(a *Arguments) any {
	return &errands{newRandom(a), a.Parameters[0], make(chan uint64)}
}

func threadChurnRun(state any, ops uint64) uint64 {
	e := state.(*errands)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += e.once()
	}
	return sum
}

var linkedListWorkload = Workload{
	Name:     "linked-list",
	Group:    "collector",
	Summary:  "the first node of a long linked list is taken, and one is appended",
	Stresses: "marking as deep as the list is long: no recursion, nothing to share out",
	Parameters: []Parameter{{
		Name:    "nodes",
		Summary: "nodes of 16 bytes in the list",
		Initial: 1000000,
		Least:   1,
		Most:    100000000,
	}},
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       linkedListOps,
	Setup:     linkedListSetup,
	Run:       linkedListRun,
	Functions: []string{"(*queue).append", "(*queue).take"},
}

var graphMutateWorkload = Workload{
	Name:     "graph-mutate",
	Group:    "collector",
	Summary:  "four edges of a live graph are linked anew, and a node is replaced",
	Stresses: "pointer stores while marking: the write barrier",
	Parameters: []Parameter{{
		Name:    "nodes",
		Summary: "nodes of 72 bytes in the graph",
		Initial: 65536,
		Least:   1,
		Most:    16777216,
	}},
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(200000, 2000000),
	Setup:     graphMutateSetup,
	Run:       graphMutateRun,
	Functions: []string{"exchangeEdges", "(*vertex).replace"},
}

var threadChurnWorkload = Workload{
	Name:     "thread-churn",
	Group:    "collector",
	Summary:  "a thread is born, builds a list, leaves its sum and dies, while others go on",
	Stresses: "mutators that come and go during a collection: their caches and stacks",
	Parameters: []Parameter{{
		Name:    "objects",
		Summary: "objects of 16 bytes in a thread's list",
		Initial: 1000,
		Least:   1,
		Most:    100000,
	}},
	Needs:     Reclaims | Threads,
	Traits:    Sliceable,
	Ops:       opsOf(1000, 10000),
	Setup:     threadChurnSetup,
	Run:       threadChurnRun,
	Functions: []string{"listWork", "(*errands).run", "(*errands).once"},
}
