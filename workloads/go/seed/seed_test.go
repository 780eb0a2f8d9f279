package seed

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// What holds for every twin: its slices add up, its numbers are in range, and what it says of its
// source is true. Tests are named as claims. (allocs_test.go: what it allocates. That it is described
// and computes as its C workload is held in tests/go and tests/checksums, with both at hand.)

// initial is a value for each parameter, least the smallest one.
func (w *Workload) initial() []uint64 {
	values := make([]uint64, len(w.Parameters))
	for i, p := range w.Parameters {
		values[i] = p.Initial
	}
	return values
}

func (w *Workload) least() []uint64 {
	values := make([]uint64, len(w.Parameters))
	for i, p := range w.Parameters {
		values[i] = p.Least
	}
	return values
}

// start is Setup for one thread that will be asked for ops operations.
func (w *Workload) start(parameters []uint64, ops uint64) any {
	if w.Setup == nil {
		return nil
	}
	return w.Setup(&Arguments{Parameters: parameters, Seed: 1, Ops: ops, Threads: 1})
}

func (w *Workload) end(state any) {
	if w.Teardown != nil {
		w.Teardown(state)
	}
}

func (w *Workload) isSliceable() bool { return w.Traits&Sliceable != 0 }

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range Workloads() {
		if w.Name == "" || seen[w.Name] {
			t.Errorf("%q is there twice or has no name", w.Name)
		}
		seen[w.Name] = true
	}
}

func TestSlicesAddUpToTheWhole(t *testing.T) {
	for _, w := range Workloads() {
		if w.isSliceable() {
			checkSlices(t, w, w.initial())
			checkSlices(t, w, w.least())
		}
	}
	checkSlices(t, find(t, "binary-trees"), []uint64{6}) // a slice ends within a round
}

func checkSlices(t *testing.T, w *Workload, parameters []uint64) {
	t.Helper()
	const slices = 4
	ops := fewOps(w, parameters) * slices
	whole := w.start(parameters, ops)
	expected := w.Run(whole, ops)
	w.end(whole)

	var sum uint64
	sliced := w.start(parameters, ops)
	for i := 0; i < slices; i++ {
		sum += w.Run(sliced, ops/slices)
	}
	w.end(sliced)
	if sum != expected {
		t.Errorf("%s %d: %d slices give %016x, the whole %016x", w.Name, parameters, slices, sum,
			expected)
	}
}

// fewOps is how many operations a test asks for: 1000, and less of what takes long.
func fewOps(w *Workload, parameters []uint64) uint64 {
	const least, most = 27, 1000
	switch ops := w.Ops(parameters, Quick) / 50; {
	case ops < least:
		return least
	case ops > most:
		return most
	default:
		return ops
	}
}

func TestParametersAreInRange(t *testing.T) {
	for _, w := range Workloads() {
		for _, p := range w.Parameters {
			if p.Least > p.Initial || p.Initial > p.Most {
				t.Errorf("%s: %s starts at %d, out of %d to %d", w.Name, p.Name, p.Initial, p.Least,
					p.Most)
			}
			if p.Choices != nil && !choicesAreGood(p) {
				t.Errorf("%s: %s has choices that do not ascend from its least to its most or leave "+
					"out its initial value", w.Name, p.Name)
			}
		}
	}
}

func choicesAreGood(p Parameter) bool {
	initial := false
	for i, choice := range p.Choices {
		if i > 0 && choice <= p.Choices[i-1] {
			return false
		}
		initial = initial || choice == p.Initial
	}
	return initial && p.Choices[0] == p.Least && p.Choices[len(p.Choices)-1] == p.Most
}

func TestOperationsAreSomeAtBothEndsOfEveryParameter(t *testing.T) {
	for _, w := range Workloads() {
		for i, p := range w.Parameters {
			for _, value := range []uint64{p.Least, p.Initial, p.Most} {
				parameters := w.initial()
				parameters[i] = value
				quick := w.Ops(parameters, Quick)
				if full := w.Ops(parameters, Full); quick == 0 || full < quick {
					t.Errorf("%s: %s %d gives %d operations, at full effort %d", w.Name, p.Name,
						value, quick, full)
				}
			}
		}
	}
}

func TestTheSeedChangesWhatIsRandom(t *testing.T) {
	for _, name := range []string{"scan-pointers", "scan-noscan", "stack-growth-contiguous",
		"leak-timer-fixed"} {
		w := find(t, name)
		sums := map[uint64]bool{}
		for seed := uint64(1); seed <= 2; seed++ {
			for thread := uint64(0); thread < 2; thread++ {
				state := w.Setup(&Arguments{w.initial(), seed, 10, thread, 2})
				sums[w.Run(state, 10)] = true
				w.end(state)
			}
		}
		if len(sums) != 4 {
			t.Errorf("%s: two seeds of two threads give %d checksums, not 4", name, len(sums))
		}
	}
}

func find(t *testing.T, name string) *Workload {
	t.Helper()
	for _, w := range Workloads() {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("no workload %s", name)
	return nil
}

// TestFunctionsAreInTheSource: `heapmark escape` looks for the decisions of these.
func TestFunctionsAreInTheSource(t *testing.T) {
	functions := parsedFunctions(t)
	for _, w := range Workloads() {
		if len(w.Functions) == 0 && w.Name != "empty" {
			t.Errorf("%s names no function", w.Name)
		}
		for _, name := range w.Functions {
			if !functions[name] {
				t.Errorf("%s names %s, which the package does not define", w.Name, name)
			}
		}
	}
}

// parsedFunctions are the package's functions and methods as the compiler names them.
func parsedFunctions(t *testing.T) map[string]bool {
	t.Helper()
	noTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", noTests, 0)
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	for _, file := range packages["seed"].Files {
		for _, declared := range file.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok {
				functions[compilerName(function)] = true
			}
		}
	}
	return functions
}

func compilerName(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return function.Name.Name
	}
	switch receiver := function.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		return "(*" + receiver.X.(*ast.Ident).Name + ")." + function.Name.Name
	default:
		return receiver.(*ast.Ident).Name + "." + function.Name.Name
	}
}
