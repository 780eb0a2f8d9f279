package seed

// interface: a method call that does not know its receiver.
//
// The article counts "calling methods on an interface type" among the things that escape: the call
// is dynamic, the compiler cannot see what the method does with its receiver, so the receiver is
// boxed in the heap. interface-call-direct calls the method on a value in the frame: no allocation.
// interface-call-boxed converts the value to an interface first, a table of methods and a pointer
// to a copy, and calls through the table: one allocation of 16 B and one indirect call.
//
// The rectangle comes from Setup: a literal, newer compilers box once and for all in read-only data,
// as nobody can change what is in an interface.

type rectangle struct {
	width, height uint64
}

type shape interface {
	area() uint64
}

//go:noinline
func (r rectangle) area() uint64 {
	return r.width * r.height
}

// shapeArea sees an interface only: no inlining shows the compiler what is in it.
//
//go:noinline
func shapeArea(s shape) uint64 {
	return s.area()
}

func callDirect(r rectangle) uint64 {
	return r.area()
}

func callBoxed(r rectangle) uint64 {
	return shapeArea(r)
}

func interfaceSetup(*Arguments) any { return &rectangle{3, 4} }

func interfaceCallDirectRun(state any, ops uint64) uint64 {
	r := state.(*rectangle)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += callDirect(*r)
	}
	return sum
}

func interfaceCallBoxedRun(state any, ops uint64) uint64 {
	r := state.(*rectangle)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += callBoxed(*r)
	}
	return sum
}

var interfaceCallDirectWorkload = Workload{
	Name:      "interface-call-direct",
	Group:     "interface",
	Summary:   "a method is called on a struct in the frame",
	Stresses:  "receiver known: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       opsOf(10000000, 100000000),
	Setup:     interfaceSetup,
	Run:       interfaceCallDirectRun,
	Functions: []string{"callDirect", "rectangle.area"},
}

var interfaceCallBoxedWorkload = Workload{
	Name:      "interface-call-boxed",
	Group:     "interface",
	Summary:   "a struct is converted to an interface and its method called",
	Stresses:  "receiver boxed: 1 alloc/op, and an indirect call",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Setup:     interfaceSetup,
	Run:       interfaceCallBoxedRun,
	Functions: []string{"callBoxed", "shapeArea", "rectangle.area"},
}
