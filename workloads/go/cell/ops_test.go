package main

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"heapmark/seed"
)

// HEAPMARK_OPS is the file in which the C workloads tell their numbers of operations: a line
// "workload parameter-index value quick full" for each value tried, the others at their initial.
func TestOperationsAreThoseOfTheCWorkloads(t *testing.T) {
	file, err := os.Open(os.Getenv("HEAPMARK_OPS"))
	if err != nil {
		t.Skip("HEAPMARK_OPS names no file: ctest runs this test with one")
	}
	defer file.Close()
	compared := make(map[string]bool)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var name string
		var index int
		var value, quick, full uint64
		if _, err := fmt.Sscan(lines.Text(), &name, &index, &value, &quick, &full); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		compareOps(t, name, index, value, [2]uint64{quick, full})
		compared[name] = true
	}
	for _, w := range seed.Workloads() {
		if !compared[w.Name] {
			t.Errorf("the C workloads have no %s", w.Name)
		}
	}
}

func compareOps(t *testing.T, name string, index int, value uint64, want [2]uint64) {
	w := findWorkload(name)
	if w == nil {
		t.Errorf("%s has no twin", name)
		return
	}
	var parameters []uint64
	for _, p := range w.Parameters {
		parameters = append(parameters, p.Initial)
	}
	if len(parameters) > 0 {
		parameters[index] = value
	}
	got := [2]uint64{w.Ops(parameters, seed.Quick), w.Ops(parameters, seed.Full)}
	if got != want {
		t.Errorf("%s, parameter %d = %d: %v operations in Go, %v in C", name, index, value, got, want)
	}
}
