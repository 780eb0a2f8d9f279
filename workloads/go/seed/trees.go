package seed

// trees: binary trees, the classic test of a collector (Boehm's GCBench; the Computer Language
// Benchmarks Game).
//
// One tree of `depth` lives through the run; beside it an operation builds, counts and drops a
// short-lived one. They come in rounds: for each depth d = 4, 6, ... up to `depth`, 2^(depth - d)
// trees. At the end of a round the long-lived tree is counted, too. A node is two pointers and
// nothing else, the most a collector can be given to follow per byte.

const (
	treesDepthLeast = 4
	treesRounds     = 16
)

type tree struct {
	left, right *tree
}

type treesState struct {
	longLived *tree
	depth     uint64
	current   uint64 // depth of the next short-lived tree
	left      uint64 // of that depth in this round
}

//go:noinline
func newTree(depth uint64) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{newTree(depth - 1), newTree(depth - 1)}
}

//go:noinline
func (t *tree) count() uint64 {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func (s *treesState) startDepth(depth uint64) {
	s.current = depth
	s.left = 1 << (s.depth - depth)
}

// advance goes on to the next depth or round; its result is the long-lived tree's term where a
// round ends.
func (s *treesState) advance() uint64 {
	s.left--
	if s.left > 0 {
		return 0
	}
	if s.current+2 <= s.depth {
		s.startDepth(s.current + 2)
		return 0
	}
	s.startDepth(treesDepthLeast)
	return Mix(s.longLived.count())
}

func treesSetup(a *Arguments) any {
	s := &treesState{longLived: newTree(a.Parameters[0]), depth: a.Parameters[0]}
	s.startDepth(treesDepthLeast)
	return s
}

func treesRun(state any, ops uint64) uint64 {
	s := state.(*treesState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += Mix(s.current ^ newTree(s.current).count()<<8)
		sum += s.advance()
	}
	return sum
}

func treesOps(parameters []uint64, effort Effort) uint64 {
	var round uint64
	for depth := uint64(treesDepthLeast); depth <= parameters[0]; depth += 2 {
		round += 1 << (parameters[0] - depth)
	}
	if effort == Full {
		return round * treesRounds
	}
	return round
}

var binaryTreesWorkload = Workload{
	Name:     "binary-trees",
	Group:    "trees",
	Summary:  "a short-lived binary tree is built, counted and dropped beside a long-lived one",
	Stresses: "marking a deep heap of small objects that are all pointers",
	Parameters: []Parameter{{
		Name:    "depth",
		Summary: "depth of the long-lived tree and of the largest short-lived one",
		Initial: 16,
		Least:   treesDepthLeast,
		Most:    24,
	}},
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       treesOps,
	Setup:     treesSetup,
	Run:       treesRun,
	Functions: []string{"newTree", "(*tree).count"},
}
