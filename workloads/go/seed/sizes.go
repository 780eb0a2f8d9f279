package seed

// sizes: an allocator's three ways, by the size of the object.
//
// The runtime allocates tiny objects (below 16 B, without pointers) several to a block, small ones
// (up to 32 KB) from lists by size class, and large ones as runs of whole pages. One workload for
// each, and the parameter bytes to sweep within it. (Since Go 1.22 the runtime sees room for a
// header of 8 B in every small object: above 32,760 B it already takes pages.)
//
// An object stays alive while the next few are made, so that an allocator cannot hand the same slot
// out for ever. Its first and last byte and one in each page are written when it is made and
// compared when it is given up. Written bytes are the object's position in its batch; what goes
// into the checksum is the difference, so that slices of a run add up.
//
// C leaves the rest of an object as it finds it. Go cannot: make zeroes it, unless its pages come
// fresh from the system. That is part of what is measured.

const (
	sizesAlive      = 64 // tiny and small: at most 2 MB
	sizesAliveLarge = 4  // both are powers of two
	sizesTouch      = 4096
	sizesBatchOps   = 1024
	sizesBatchBytes = 4 << 20
)

// newObject hands the object up, so it is allocated; a slice whose length the compiler does not
// know would be anyhow, from 33 B on.
func newObject(bytes int, position uint64) []byte {
	object := make([]byte, bytes)
	for i := 0; i < len(object); i += sizesTouch {
		object[i] = byte(position)
	}
	object[len(object)-1] = byte(position)
	return object
}

// retireObject returns 1, plus the number of bytes that are not what newObject wrote.
func retireObject(object []byte, position uint64) uint64 {
	sum := uint64(1)
	for i := 0; i < len(object); i += sizesTouch {
		if object[i] != byte(position) {
			sum++
		}
	}
	if object[len(object)-1] != byte(position) {
		sum++
	}
	return sum
}

// sizesBatch makes n objects, of which alive (a power of two, at most sizesAlive) live at a time.
func sizesBatch(bytes int, n, alive uint64) uint64 {
	var objects [sizesAlive][]byte
	var sum uint64
	for i := uint64(0); i < n; i++ {
		slot := &objects[i&(alive-1)]
		if i >= alive {
			sum += retireObject(*slot, i-alive)
		}
		*slot = newObject(bytes, i)
	}
	rest := uint64(0)
	if n > alive {
		rest = n - alive
	}
	for ; rest < n; rest++ {
		sum += retireObject(objects[rest&(alive-1)], rest)
	}
	return sum
}

// sizesBatches cuts a run into the C twin's batches: between two of them nothing is alive.
func sizesBatches(bytes int, ops, batch, alive uint64) uint64 {
	var sum uint64
	for ops > batch {
		sum += sizesBatch(bytes, batch, alive)
		ops -= batch
	}
	return sum + sizesBatch(bytes, ops, alive)
}

// sizesBatchOf is the number of objects in a batch.
func sizesBatchOf(bytes int) uint64 {
	if fit := sizesBatchBytes / bytes; fit < sizesBatchOps {
		return uint64(fit)
	}
	return sizesBatchOps
}

func sizesRun(state any, ops uint64) uint64 {
	bytes := state.(int)
	return sizesBatches(bytes, ops, sizesBatchOf(bytes), sizesAlive)
}

func sizesLargeRun(state any, ops uint64) uint64 {
	bytes := state.(int)
	batch := sizesBatchOf(bytes)
	if batch < 2*sizesAliveLarge {
		batch = 2 * sizesAliveLarge
	}
	return sizesBatches(bytes, ops, batch, sizesAliveLarge)
}

// The state is the size.
func sizesSetup(a *Arguments) any { return int(a.Parameters[0]) }

// A million, or as many as make 512 MiB (quick).
func sizesOps(parameters []uint64, effort Effort) uint64 {
	fit := (512 << 20) / parameters[0]
	if fit > 1000000 {
		fit = 1000000
	}
	if effort == Full {
		fit *= 10
	}
	return fit
}

func sizesParameters(initial, least, most uint64) []Parameter {
	return []Parameter{{
		Name:    "bytes",
		Summary: "size of an object in bytes",
		Initial: initial, Least: least, Most: most,
	}}
}

var tinyWorkload = Workload{
	Name:       "tiny",
	Group:      "sizes",
	Summary:    "an object of less than 16 bytes without pointers; 64 alive",
	Stresses:   "the tiny allocator: several objects to a block",
	Parameters: sizesParameters(8, 1, 15),
	Traits:     Sliceable,
	Ops:        sizesOps,
	Setup:      sizesSetup,
	Run:        sizesRun,
	Functions:  []string{"newObject"},
}

var smallWorkload = Workload{
	Name:       "small",
	Group:      "sizes",
	Summary:    "an object of 16 bytes to 32 KB; 64 alive",
	Stresses:   "size classes and thread caches",
	Parameters: sizesParameters(64, 16, 32768),
	Traits:     Sliceable,
	Ops:        sizesOps,
	Setup:      sizesSetup,
	Run:        sizesRun,
	Functions:  []string{"newObject"},
}

var largeWorkload = Workload{
	Name:       "large",
	Group:      "sizes",
	Summary:    "an object of more than 32 KB, one byte in each page written; 4 alive",
	Stresses:   "the page allocator, and what fresh pages cost",
	Parameters: sizesParameters(65536, 32769, 16777216),
	Traits:     Sliceable,
	Ops:        sizesOps,
	Setup:      sizesSetup,
	Run:        sizesLargeRun,
	Functions:  []string{"newObject"},
}
