package seed

// scan: what pointers cost a collector.
//
// Go's collector looks into every live object whose type has pointers, and never into one whose
// type has none: those lie in spans of their own, marked noscan. Both twins keep a table of objects
// of 64 bytes and replace one per operation; an object names seven hubs, by pointer in
// scan-pointers and by index in scan-noscan. The program reads the same values either way.

const (
	scanEdges = 7
	scanHubs  = 1024
)

type hub struct {
	value uint64
}

type pointing struct {
	stamp uint64
	edges [scanEdges]*hub
}

type indexing struct {
	stamp uint64
	edges [scanEdges]uint64
}

// hubTable is what both twins' states begin with. A hub is an object of its own, so that an edge by
// pointer leads out of the table.
type hubTable struct {
	random random
	hubs   []*hub
}

type scanPointersState struct {
	hubTable
	table []*pointing
}

type scanNoscanState struct {
	hubTable
	table []*indexing
}

func newHubTable(a *Arguments) hubTable {
	t := hubTable{random: newRandom(a), hubs: make([]*hub, scanHubs)}
	for i := range t.hubs {
		t.hubs[i] = &hub{value: t.random.next()}
	}
	return t
}

// edgeHub is the hub of edge k of an object: its stamp plus k steps of the stamp's own.
func edgeHub(stamp uint64, k int) uint64 {
	return (stamp + uint64(k)*(stamp>>32)) % scanHubs
}

//go:noinline
func newPointing(hubs []*hub, stamp uint64) *pointing {
	object := &pointing{stamp: stamp}
	for k := range object.edges {
		object.edges[k] = hubs[edgeHub(stamp, k)]
	}
	return object
}

//go:noinline
func newIndexing(stamp uint64) *indexing {
	object := &indexing{stamp: stamp}
	for k := range object.edges {
		object.edges[k] = edgeHub(stamp, k)
	}
	return object
}

//go:noinline
func (object *pointing) read() uint64 {
	sum := object.stamp
	for _, edge := range object.edges {
		sum += edge.value
	}
	return Mix(sum)
}

//go:noinline
func (object *indexing) read(hubs []*hub) uint64 {
	sum := object.stamp
	for _, edge := range object.edges {
		sum += hubs[edge].value
	}
	return Mix(sum)
}

func scanPointersSetup(a *Arguments) any {
	s := &scanPointersState{newHubTable(a), make([]*pointing, a.Parameters[0])}
	for i := range s.table {
		s.table[i] = newPointing(s.hubs, s.random.next())
	}
	return s
}

func scanNoscanSetup(a *Arguments) any {
	s := &scanNoscanState{newHubTable(a), make([]*indexing, a.Parameters[0])}
	for i := range s.table {
		s.table[i] = newIndexing(s.random.next())
	}
	return s
}

func scanPointersRun(state any, ops uint64) uint64 {
	s := state.(*scanPointersState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		stamp := s.random.next()
		slot := &s.table[stamp%uint64(len(s.table))]
		sum += (*slot).read()
		*slot = newPointing(s.hubs, stamp)
	}
	return sum
}

func scanNoscanRun(state any, ops uint64) uint64 {
	s := state.(*scanNoscanState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		stamp := s.random.next()
		slot := &s.table[stamp%uint64(len(s.table))]
		sum += (*slot).read(s.hubs)
		*slot = newIndexing(stamp)
	}
	return sum
}

var scanParameters = []Parameter{{
	Name:    "live",
	Summary: "objects of 64 bytes that are alive",
	Initial: 65536,
	Least:   64,
	Most:    16777216,
}}

var scanPointersWorkload = Workload{
	Name:       "scan-pointers",
	Group:      "scan",
	Summary:    "one of many live objects that name others by pointer is replaced",
	Stresses:   "marking: seven pointers in each live object",
	Parameters: scanParameters,
	Needs:      Reclaims,
	Traits:     Sliceable,
	Ops:        opsOf(500000, 5000000),
	Setup:      scanPointersSetup,
	Run:        scanPointersRun,
	Functions:  []string{"newPointing", "(*pointing).read"},
}

var scanNoscanWorkload = Workload{
	Name:       "scan-noscan",
	Group:      "scan",
	Summary:    "one of many live objects that name others by index is replaced",
	Stresses:   "the same heap with nothing to follow in it",
	Parameters: scanParameters,
	Needs:      Reclaims,
	Traits:     Sliceable,
	Ops:        opsOf(500000, 5000000),
	Setup:      scanNoscanSetup,
	Run:        scanNoscanRun,
	Functions:  []string{"newIndexing", "(*indexing).read"},
}
