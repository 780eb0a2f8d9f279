package seed

// stack-growth: three ways to give many tasks a stack each. A model, as in C.
//
// Go's own stacks are not what is measured here. The stacks are slices of words in the heap, on
// which frames are pushed and popped by index, so that goheap, malloc and Go's allocator are asked
// for the same things:
//
//	contiguous  2 KB at first, copied to twice the size when a frame does not fit
//	fixed       8 MB, no check
//	segmented   4 KB at a time; a segment is dropped when its first frame returns
//
// One thing is Go's alone: make hands out zeroed words, also of the 8 MB of which hardly anything
// is used. Fresh memory is zero already; memory that is used again has to be cleared.

const (
	frameWords      = 16 // 128 bytes, a small Go frame
	leafCalls       = 32
	depthMost       = 512     // exclusive
	contiguousWords = 256     // 2 KB
	fixedWords      = 1 << 20 // 8 MB
	segmentWords    = 512     // 4 KB
	segmentsMost    = (depthMost+1)*frameWords/segmentWords + 1
)

type growthState struct {
	random random
}

func growthSetup(a *Arguments) any { return &growthState{newRandom(a)} }

// depth is 8 to 511: 8 times a power of two from 1 to 32, plus a remainder below that.
func (s *growthState) depth() uint64 {
	number := s.random.next()
	least := uint64(8) << (number >> 32 % 6)
	return least + number%least
}

// newWords is not inlined: a stack of known size would be placed in Go's own.
//
//go:noinline
func newWords(words int) []uint64 {
	return make([]uint64, words)
}

// A frame's words are written on entry and summed before the return.

func frameEnter(frame []uint64, depth uint64) {
	for i := range frame {
		frame[i] = depth + uint64(i)
	}
}

func frameLeave(frame []uint64) uint64 {
	var sum uint64
	for _, word := range frame {
		sum += word
	}
	return sum
}

// wordStack is a stack in one piece: contiguous or fixed.
type wordStack struct {
	words []uint64
	used  int
}

//go:noinline
func (s *wordStack) double() {
	grown := newWords(2 * len(s.words))
	copy(grown, s.words[:s.used])
	s.words = grown
}

//go:noinline
func (s *wordStack) callChecked(depth uint64) {
	if s.used+frameWords > len(s.words) {
		s.double()
	}
	frameEnter(s.words[s.used:s.used+frameWords], depth)
	s.used += frameWords
}

//go:noinline
func (s *wordStack) call(depth uint64) {
	frameEnter(s.words[s.used:s.used+frameWords], depth)
	s.used += frameWords
}

//go:noinline
func (s *wordStack) leave() uint64 {
	s.used -= frameWords
	return frameLeave(s.words[s.used : s.used+frameWords])
}

func contiguousOnce(depth uint64) uint64 {
	stack := wordStack{words: newWords(contiguousWords)}
	var sum uint64
	for i := uint64(0); i < depth; i++ {
		stack.callChecked(i)
	}
	for i := uint64(0); i < leafCalls; i++ {
		stack.callChecked(i)
		sum += stack.leave()
	}
	for i := uint64(0); i < depth; i++ {
		sum += stack.leave()
	}
	return Mix(sum)
}

func fixedOnce(depth uint64) uint64 {
	stack := wordStack{words: newWords(fixedWords)}
	var sum uint64
	for i := uint64(0); i < depth; i++ {
		stack.call(i)
	}
	for i := uint64(0); i < leafCalls; i++ {
		stack.call(i)
		sum += stack.leave()
	}
	for i := uint64(0); i < depth; i++ {
		sum += stack.leave()
	}
	return Mix(sum)
}

// segmentedStack: used words of segment current are in use, and all of those before it.
type segmentedStack struct {
	current, used int
	segments      [segmentsMost][]uint64
}

//go:noinline
func (s *segmentedStack) addSegment() {
	s.current++
	s.segments[s.current] = newWords(segmentWords)
	s.used = 0
}

//go:noinline
func (s *segmentedStack) dropSegment() {
	s.segments[s.current] = nil
	s.current--
	s.used = segmentWords
}

//go:noinline
func (s *segmentedStack) call(depth uint64) {
	if s.used+frameWords > segmentWords {
		s.addSegment()
	}
	frameEnter(s.segments[s.current][s.used:s.used+frameWords], depth)
	s.used += frameWords
}

//go:noinline
func (s *segmentedStack) leave() uint64 {
	s.used -= frameWords
	sum := frameLeave(s.segments[s.current][s.used : s.used+frameWords])
	if s.used == 0 && s.current > 0 {
		s.dropSegment()
	}
	return sum
}

func segmentedOnce(depth uint64) uint64 {
	stack := segmentedStack{}
	stack.segments[0] = newWords(segmentWords)
	var sum uint64
	for i := uint64(0); i < depth; i++ {
		stack.call(i)
	}
	for i := uint64(0); i < leafCalls; i++ {
		stack.call(i)
		sum += stack.leave()
	}
	for i := uint64(0); i < depth; i++ {
		sum += stack.leave()
	}
	return Mix(sum)
}

func contiguousRun(state any, ops uint64) uint64 {
	s := state.(*growthState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += contiguousOnce(s.depth())
	}
	return sum
}

func fixedRun(state any, ops uint64) uint64 {
	s := state.(*growthState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += fixedOnce(s.depth())
	}
	return sum
}

func segmentedRun(state any, ops uint64) uint64 {
	s := state.(*growthState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += segmentedOnce(s.depth())
	}
	return sum
}

var stackGrowthContiguousWorkload = Workload{
	Name:      "stack-growth-contiguous",
	Group:     "stack-growth",
	Summary:   "a model: a task's stack starts with 2 KB and is copied to twice the size",
	Stresses:  "growth by copying, and large objects now and then",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(10000, 100000),
	Setup:     growthSetup,
	Run:       contiguousRun,
	Functions: []string{"newWords", "contiguousOnce", "(*wordStack).double", "(*wordStack).callChecked"},
}

var stackGrowthFixedWorkload = Workload{
	Name:      "stack-growth-fixed",
	Group:     "stack-growth",
	Summary:   "a model: a task's stack is 8 MB, of which only what is used is touched",
	Stresses:  "very large objects, hardly touched",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(2000, 20000),
	Setup:     growthSetup,
	Run:       fixedRun,
	Functions: []string{"newWords", "fixedOnce", "(*wordStack).call"},
}

var stackGrowthSegmentedWorkload = Workload{
	Name:     "stack-growth-segmented",
	Group:    "stack-growth",
	Summary:  "a model: a task's stack is made of segments of 4 KB that come and go",
	Stresses: "allocation in prologues, and the hot split at a segment's end",
	Needs:    Reclaims,
	Traits:   Sliceable,
	Ops:      opsOf(10000, 100000),
	Setup:    growthSetup,
	Run:      segmentedRun,
	Functions: []string{"newWords", "segmentedOnce", "(*segmentedStack).addSegment",
		"(*segmentedStack).call"},
}
