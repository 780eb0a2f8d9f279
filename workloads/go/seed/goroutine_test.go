package seed

import "testing"

// What the compiler moves to the heap for Foo: x, the closure, and the channel that it waits on.
func TestFooSharesItsVariableWithItsGoroutine(t *testing.T) {
	if got := Foo(); got != 2 {
		t.Fatalf("Foo() = %d, the goroutine's write is lost", got)
	}
	if allocs := testing.AllocsPerRun(1000, func() { Foo() }); allocs < 3 {
		t.Errorf("Foo: %v allocs/op, want at least 3: x, the closure, the channel", allocs)
	}
}
