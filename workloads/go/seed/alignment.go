package seed

// alignment: the order of a struct's fields decides how much is allocated.
//
// A field starts at a multiple of its own alignment, and a struct is as large as a multiple of its
// widest field's. The same six fields take 40 bytes when small ones stand between large ones, and
// 24 when they are sorted by size:
//
//	padded  a bool .......  b int64  c bool .......  d int64  e bool ...  f int32   40 B
//	packed  b int64  d int64  f int32  a bool  c bool  e bool .                     24 B
//
// Size classes make it worse: 40 bytes are handed out as 48, so the order of the fields costs half
// the memory. Go never reorders fields by itself.

type padded struct {
	a bool
	b int64
	c bool
	d int64
	e bool
	f int32
}

type packed struct {
	b int64
	d int64
	f int32
	a bool
	c bool
	e bool
}

//go:noinline
func newPadded() *padded {
	return &padded{a: true, b: 1000, c: true, d: 2000, e: true, f: 3000}
}

//go:noinline
func newPacked() *packed {
	return &packed{a: true, b: 1000, c: true, d: 2000, e: true, f: 3000}
}

// oneIf is C's conversion of a bool to a number, which Go has not; it costs no branch.
func oneIf(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func countTrue(a, b, c bool) uint64 {
	return oneIf(a) + oneIf(b) + oneIf(c)
}

func alignmentPaddedRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		p := newPadded()
		sum += uint64(p.b+p.d+int64(p.f)) + countTrue(p.a, p.c, p.e)
	}
	return sum
}

func alignmentPackedRun(_ any, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		p := newPacked()
		sum += uint64(p.b+p.d+int64(p.f)) + countTrue(p.a, p.c, p.e)
	}
	return sum
}

var alignmentPaddedWorkload = Workload{
	Name:      "alignment-padded",
	Group:     "alignment",
	Summary:   "a struct of six fields in an order that needs padding is made in the heap",
	Stresses:  "40 B/op, 48 with Go's size classes",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Run:       alignmentPaddedRun,
	Functions: []string{"newPadded"},
}

var alignmentPackedWorkload = Workload{
	Name:      "alignment-packed",
	Group:     "alignment",
	Summary:   "a struct of the same six fields, the largest first, is made in the heap",
	Stresses:  "24 B/op: the same data in half the memory",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Run:       alignmentPackedRun,
	Functions: []string{"newPacked"},
}
