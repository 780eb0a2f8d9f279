package seed

// create: is a struct cheaper handed back as a value or as a pointer?
//
// The value is written into the caller's frame and copied from there; the pointer outlives the
// frame that made it, so what it points to is allocated. At 80 bytes the struct is the article's,
// at any other size that many bytes of words, copied from a table, one instance of a generic
// function per size, chosen outside the loop.

// BigStruct is the article's: 80 bytes, three pointers.
type BigStruct struct {
	A, B, C int
	D, E, F string
	G, H, I bool
}

// CreateCopy hands a BigStruct back as a value.
//
//go:noinline
func CreateCopy() BigStruct {
	return BigStruct{
		A: 123, B: 456, C: 789,
		D: "ABC", E: "DEF", F: "HIJ",
		G: true, H: true, I: true,
	}
}

// CreatePointer hands a BigStruct back as a pointer: it escapes.
//
//go:noinline
func CreatePointer() *BigStruct {
	return &BigStruct{
		A: 123, B: 456, C: 789,
		D: "ABC", E: "DEF", F: "HIJ",
		G: true, H: true, I: true,
	}
}

// sum is what the checksum takes: from the first, a middle and the last field.
func (b *BigStruct) sum() uint64 {
	sum := uint64(b.A + len(b.E))
	if b.I {
		sum++
	}
	return sum
}

func createCopyBig(ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		big := CreateCopy()
		sum += big.sum()
	}
	return sum
}

func createPointerBig(ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += CreatePointer().sum()
	}
	return sum
}

// words are the structs of other sizes.
type words interface {
	[1]uint64 | [2]uint64 | [4]uint64 | [8]uint64 | [16]uint64 |
		[32]uint64 | [64]uint64 | [128]uint64 | [256]uint64 | [512]uint64
}

// wordsLiteral is what they are made from: word k is 123 + k.
var wordsLiteral = func() (literal [512]uint64) {
	for k := range literal {
		literal[k] = 123 + uint64(k)
	}
	return literal
}()

//go:noinline
func createCopyOf[T words](literal *T) T {
	return *literal
}

//go:noinline
func createPointerOf[T words](literal *T) *T {
	pointer := new(T)
	*pointer = *literal
	return pointer
}

func createCopyWords[T words](literal *T, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		words := createCopyOf(literal)
		sum += words[0] + words[len(words)-1]
	}
	return sum
}

func createPointerWords[T words](literal *T, ops uint64) uint64 {
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		words := createPointerOf(literal)
		sum += (*words)[0] + (*words)[len(*words)-1]
	}
	return sum
}

// createSetup makes the size itself the state.
func createSetup(a *Arguments) any {
	return a.Parameters[0]
}

func createCopyRun(state any, ops uint64) uint64 {
	literal := wordsLiteral[:]
	switch state.(uint64) {
	case 8:
		return createCopyWords((*[1]uint64)(literal), ops)
	case 16:
		return createCopyWords((*[2]uint64)(literal), ops)
	case 32:
		return createCopyWords((*[4]uint64)(literal), ops)
	case 64:
		return createCopyWords((*[8]uint64)(literal), ops)
	case 128:
		return createCopyWords((*[16]uint64)(literal), ops)
	case 256:
		return createCopyWords((*[32]uint64)(literal), ops)
	case 512:
		return createCopyWords((*[64]uint64)(literal), ops)
	case 1024:
		return createCopyWords((*[128]uint64)(literal), ops)
	case 2048:
		return createCopyWords((*[256]uint64)(literal), ops)
	case 4096:
		return createCopyWords((*[512]uint64)(literal), ops)
	default:
		return createCopyBig(ops)
	}
}

func createPointerRun(state any, ops uint64) uint64 {
	literal := wordsLiteral[:]
	switch state.(uint64) {
	case 8:
		return createPointerWords((*[1]uint64)(literal), ops)
	case 16:
		return createPointerWords((*[2]uint64)(literal), ops)
	case 32:
		return createPointerWords((*[4]uint64)(literal), ops)
	case 64:
		return createPointerWords((*[8]uint64)(literal), ops)
	case 128:
		return createPointerWords((*[16]uint64)(literal), ops)
	case 256:
		return createPointerWords((*[32]uint64)(literal), ops)
	case 512:
		return createPointerWords((*[64]uint64)(literal), ops)
	case 1024:
		return createPointerWords((*[128]uint64)(literal), ops)
	case 2048:
		return createPointerWords((*[256]uint64)(literal), ops)
	case 4096:
		return createPointerWords((*[512]uint64)(literal), ops)
	default:
		return createPointerBig(ops)
	}
}

var createParameters = []Parameter{{
	Name:    "bytes",
	Summary: "size of the struct in bytes; 80 is the article's BigStruct",
	Initial: 80, Least: 8, Most: 4096,
	Choices: []uint64{8, 16, 32, 64, 80, 128, 256, 512, 1024, 2048, 4096},
}}

// createOpsOf: small structs most; large ones as many as fill 256 MiB (quick), so that a size sweep
// stays short.
func createOpsOf(most uint64) func([]uint64, Effort) uint64 {
	return func(parameters []uint64, effort Effort) uint64 {
		ops := uint64(256<<20) / parameters[0]
		if ops > most {
			ops = most
		}
		if effort == Full {
			ops *= 10
		}
		return ops
	}
}

var createCopyWorkload = Workload{
	Name:       "create-copy",
	Group:      "create",
	Article:    "CreateCopy",
	Summary:    "a function returns a struct by value",
	Stresses:   "what a copy costs that no allocator ever sees: 0 allocs/op",
	Parameters: createParameters,
	Traits:     Sliceable,
	Ops:        createOpsOf(5000000),
	Setup:      createSetup,
	Run:        createCopyRun,
	Functions:  []string{"CreateCopy"},
}

var createPointerWorkload = Workload{
	Name:       "create-pointer",
	Group:      "create",
	Article:    "CreatePointer",
	Summary:    "a function returns a pointer to a struct it made",
	Stresses:   "one short-lived object per call: 1 alloc/op, 80 B/op",
	Parameters: createParameters,
	Traits:     Sliceable,
	Ops:        createOpsOf(1000000),
	Setup:      createSetup,
	Run:        createPointerRun,
	Functions:  []string{"CreatePointer"},
}
