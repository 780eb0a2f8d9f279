package seed

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// The article's tables of Go itself: type sizes, and the order in which a package is initialised.
// tests/unit/test_type_sizes.c has the sizes in C.

var typeSizes = []struct {
	name             string
	bytes, alignment uintptr // of the compiler
	article          [2]uintptr
}{
	{"bool", unsafe.Sizeof(false), unsafe.Alignof(false), [2]uintptr{1, 1}},
	{"uint8", unsafe.Sizeof(uint8(0)), unsafe.Alignof(uint8(0)), [2]uintptr{1, 1}},
	{"int8", unsafe.Sizeof(int8(0)), unsafe.Alignof(int8(0)), [2]uintptr{1, 1}},
	{"uint16", unsafe.Sizeof(uint16(0)), unsafe.Alignof(uint16(0)), [2]uintptr{2, 2}},
	{"int16", unsafe.Sizeof(int16(0)), unsafe.Alignof(int16(0)), [2]uintptr{2, 2}},
	{"uint32", unsafe.Sizeof(uint32(0)), unsafe.Alignof(uint32(0)), [2]uintptr{4, 4}},
	{"int32", unsafe.Sizeof(int32(0)), unsafe.Alignof(int32(0)), [2]uintptr{4, 4}},
	{"float32", unsafe.Sizeof(float32(0)), unsafe.Alignof(float32(0)), [2]uintptr{4, 4}},
	{"uint64", unsafe.Sizeof(uint64(0)), unsafe.Alignof(uint64(0)), [2]uintptr{8, 8}},
	{"int64", unsafe.Sizeof(int64(0)), unsafe.Alignof(int64(0)), [2]uintptr{8, 8}},
	{"int", unsafe.Sizeof(int(0)), unsafe.Alignof(int(0)), [2]uintptr{8, 8}},
	{"uintptr", unsafe.Sizeof(uintptr(0)), unsafe.Alignof(uintptr(0)), [2]uintptr{8, 8}},
	{"float64", unsafe.Sizeof(float64(0)), unsafe.Alignof(float64(0)), [2]uintptr{8, 8}},
	{"pointer", unsafe.Sizeof(new(int)), unsafe.Alignof(new(int)), [2]uintptr{8, 8}},
	{"complex64", unsafe.Sizeof(complex64(0)), unsafe.Alignof(complex64(0)), [2]uintptr{8, 4}},
	{"complex128", unsafe.Sizeof(complex128(0)), unsafe.Alignof(complex128(0)), [2]uintptr{16, 8}},
	{"string", unsafe.Sizeof(""), unsafe.Alignof(""), [2]uintptr{16, 8}},
	{"interface", unsafe.Sizeof(any(nil)), unsafe.Alignof(any(nil)), [2]uintptr{16, 8}},
}

func TestEveryTypeHasTheArticlesSizeAndAlignment(t *testing.T) {
	for _, size := range typeSizes {
		if got := [2]uintptr{size.bytes, size.alignment}; got != size.article {
			t.Errorf("%s: %d bytes and alignment, the article has %d", size.name, got, size.article)
		}
	}
}

func TestBasicTypesTake1To16BytesAlignedTo8AtMost(t *testing.T) {
	for _, size := range typeSizes {
		if size.bytes < 1 || size.bytes > 16 || size.alignment > 8 || size.bytes%size.alignment != 0 {
			t.Errorf("%s: %d bytes aligned to %d", size.name, size.bytes, size.alignment)
		}
	}
}

func TestASliceIsThreeWords(t *testing.T) {
	var slice []byte
	if unsafe.Sizeof(slice) != 24 || unsafe.Alignof(slice) != 8 {
		t.Errorf("%d bytes aligned to %d", unsafe.Sizeof(slice), unsafe.Alignof(slice))
	}
}

// Initialisation: imported packages, then constants, variables and init functions, then main (here:
// the tests). Variables are initialised in the order in which they need each other, so these three
// stand in the wrong one.

var initSteps []string // not initialised itself, so it is there before everything else

var (
	initThird  = initStep("var third", initSecond)
	initSecond = initStep("var second", initFirst)
	initFirst  = initStep("var first", initConstant)
)

const initConstant = 1

func init() { initStep("init, first", initThird) }
func init() { initStep("init, second", initThird) }

// initStep notes a step and, at the first one, what was there before it.
func initStep(name string, previous int) int {
	if len(initSteps) == 0 && io.EOF != nil {
		initSteps = append(initSteps, "import") // a variable of an imported package has its value
	}
	if len(initSteps) == 1 && previous == initConstant {
		initSteps = append(initSteps, "const")
	}
	initSteps = append(initSteps, name)
	return previous + 1
}

func TestAPackageIsInitialisedInTheArticlesOrder(t *testing.T) {
	order := "import; const; var first; var second; var third; init, first; init, second"
	if got := strings.Join(initSteps, "; "); got != order {
		t.Errorf("%s; the article has %s", got, order)
	}
	if got := []int{initFirst, initSecond, initThird}; !reflect.DeepEqual(got, []int{2, 3, 4}) {
		t.Errorf("the variables are %d", got)
	}
}
