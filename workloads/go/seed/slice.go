package seed

// slice: what is stored in a slice escapes, and a slice that grows is allocated again and again.
//
// Storing. The article: "storing pointers or values that contain pointers in a slice" makes their
// target escape even when the backing array itself stays on the stack. Here the backing array is
// sliceItems elements in the frame of Run, filled and read over and over:
//
//	slice-store-value               []item    the item is copied       0 allocs/op
//	slice-store-pointer             []*item   the item is allocated    1 alloc/op
//	slice-store-value-with-pointer  []priced  its price is allocated   1 alloc/op
//
// The compiler does not follow what is stored behind a pointer, and an element of a slice is: it
// takes it for stored in the heap. That holds though it says "slice does not escape" of the slice.
//
// Growing. An operation appends integers one by one, slice-grow-append to nothing and
// slice-grow-reserved to a slice made with room for all of them. The loop is the same. append takes
// twice the capacity up to 256 elements, then more slowly towards a factor of 1.25 (Go 1.18), and
// rounds up to a size class: 1, 2, 4 ... 256, 512, 848, 1280, so 12 allocs/op for 1000 elements.
//
// Newer compilers save some of them where they can, and are let: since Go 1.26 the first 32 bytes
// of a slice that append begins are in the frame, which saves the capacities 1, 2 and 4 (9
// allocs/op, and still 1 up to 4 elements, as the result is handed up); since Go 1.25 so are those
// of a make whose length is not known, so that slice-grow-reserved allocates nothing up to 4
// elements. Above, it does allocate, although the compiler says "does not escape".

const sliceItems = 64

type item struct {
	number, price uint64
}

type priced struct {
	number uint64
	price  *uint64
}

// sliceTake takes the next slice to fill, or what is left of it, off *left.
func sliceTake(left *uint64) uint64 {
	n := *left
	if n > sliceItems {
		n = sliceItems
	}
	*left -= n
	return n
}

// Terms of the checksum: numbers are compared with the position where they were stored, so that a
// slice filled in two runs gives what one filled at once does.

// slice-store-value

//go:noinline
func storeValue(slice []item, number uint64) {
	slice[number] = item{number, 7}
}

func sliceStoreValueRun(_ any, ops uint64) uint64 {
	slice := make([]item, sliceItems)
	var sum uint64
	for left := ops; left > 0; {
		n := sliceTake(&left)
		for i := uint64(0); i < n; i++ {
			storeValue(slice, i)
		}
		for i, it := range slice[:n] {
			sum += it.number - uint64(i) + it.price
		}
	}
	return sum
}

// slice-store-pointer

//go:noinline
func storePointer(slice []*item, number uint64) {
	slice[number] = &item{number, 7}
}

func sliceStorePointerRun(_ any, ops uint64) uint64 {
	slice := make([]*item, sliceItems)
	var sum uint64
	for left := ops; left > 0; {
		n := sliceTake(&left)
		for i := uint64(0); i < n; i++ {
			storePointer(slice, i)
		}
		for i, it := range slice[:n] {
			sum += it.number - uint64(i) + it.price
		}
	}
	return sum
}

// slice-store-value-with-pointer

//go:noinline
func storeValueWithPointer(slice []priced, number uint64) {
	price := uint64(7)
	slice[number] = priced{number, &price}
}

func sliceStoreValueWithPointerRun(_ any, ops uint64) uint64 {
	slice := make([]priced, sliceItems)
	var sum uint64
	for left := ops; left > 0; {
		n := sliceTake(&left)
		for i := uint64(0); i < n; i++ {
			storeValueWithPointer(slice, i)
		}
		for i, it := range slice[:n] {
			sum += it.number - uint64(i) + *it.price
		}
	}
	return sum
}

// Growing.

//go:noinline
func appendIntegers(slice []uint64, elements uint64) []uint64 {
	for i := uint64(0); i < elements; i++ {
		slice = append(slice, 3*i)
	}
	return slice
}

func sumIntegers(slice []uint64) uint64 {
	var sum uint64
	for _, element := range slice {
		sum += element
	}
	return sum
}

func growAppend(elements uint64) uint64 {
	return sumIntegers(appendIntegers(nil, elements))
}

func growReserved(elements uint64) uint64 {
	return sumIntegers(appendIntegers(make([]uint64, 0, elements), elements))
}

// The state of both is the number of elements.
func sliceGrowSetup(a *Arguments) any { return a.Parameters[0] }

func sliceGrowAppendRun(state any, ops uint64) uint64 {
	elements := state.(uint64)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += growAppend(elements)
	}
	return sum
}

func sliceGrowReservedRun(state any, ops uint64) uint64 {
	elements := state.(uint64)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += growReserved(elements)
	}
	return sum
}

// 20,000,000 elements (quick), but no more than 100,000 slices.
func sliceGrowOps(parameters []uint64, effort Effort) uint64 {
	fit := 20000000 / parameters[0]
	if fit < 1 {
		fit = 1
	}
	if fit > 100000 {
		fit = 100000
	}
	if effort == Full {
		fit *= 10
	}
	return fit
}

var sliceGrowParameters = []Parameter{{
	Name:    "elements",
	Summary: "integers of 8 bytes appended to a slice",
	Initial: 1000, Least: 1, Most: 10000000,
}}

var sliceStoreValueWorkload = Workload{
	Name:      "slice-store-value",
	Group:     "slice",
	Summary:   "a struct of 16 bytes is stored in a slice on the stack",
	Stresses:  "copied into the backing array: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       opsOf(5000000, 50000000),
	Run:       sliceStoreValueRun,
	Functions: []string{"storeValue", "sliceStoreValueRun"},
}

var sliceStorePointerWorkload = Workload{
	Name:      "slice-store-pointer",
	Group:     "slice",
	Summary:   "a pointer to a struct of 16 bytes is stored in a slice on the stack",
	Stresses:  "what the slice points to escapes: 1 alloc/op, 64 alive",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Run:       sliceStorePointerRun,
	Functions: []string{"storePointer", "sliceStorePointerRun"},
}

var sliceStoreValueWithPointerWorkload = Workload{
	Name:      "slice-store-value-with-pointer",
	Group:     "slice",
	Summary:   "a struct that holds a pointer is stored in a slice on the stack",
	Stresses:  "the struct is copied, but its target escapes: 1 alloc/op of 8 B",
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Run:       sliceStoreValueWithPointerRun,
	Functions: []string{"storeValueWithPointer", "sliceStoreValueWithPointerRun"},
}

var sliceGrowAppendWorkload = Workload{
	Name:       "slice-grow-append",
	Group:      "slice",
	Summary:    "integers are appended to an empty slice, which grows as Go's does",
	Stresses:   "reallocation: 12 allocs/op for 1000 elements, and their copying",
	Parameters: sliceGrowParameters,
	Traits:     Sliceable,
	Ops:        sliceGrowOps,
	Setup:      sliceGrowSetup,
	Run:        sliceGrowAppendRun,
	Functions:  []string{"growAppend", "appendIntegers"},
}

var sliceGrowReservedWorkload = Workload{
	Name:       "slice-grow-reserved",
	Group:      "slice",
	Summary:    "integers are appended to a slice with room for all of them",
	Stresses:   "the same appending when the capacity is known: 1 alloc/op",
	Parameters: sliceGrowParameters,
	Traits:     Sliceable,
	Ops:        sliceGrowOps,
	Setup:      sliceGrowSetup,
	Run:        sliceGrowReservedRun,
	Functions:  []string{"growReserved", "appendIntegers"},
}
