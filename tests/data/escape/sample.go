// Package sample has a decision of each kind; the *.txt beside it are what two compilers said of it.
//
//	go build -gcflags=-m=2 .      -> m2-VERSION.txt
//	go build '-gcflags=-m=2 -l' . -> m2-l-VERSION.txt
//	go-functions .                -> functions.txt
package sample

import (
	"fmt"
	"io"
)

type employee struct {
	name         string
	salary       int
	sales, bonus int
}

type bigStruct struct {
	A, B, C int
	D       string
}

type shape interface{ Area() int }
type square struct{ side int }

func (s square) Area() int { return s.side * s.side }

//go:noinline
func stackIt() int {
	y := 2
	return y * 2
}

//go:noinline
func stackIt2() *int {
	y := 2
	res := y * 2
	return &res
}

//go:noinline
func stackIt3(y *int) int {
	res := *y * 2
	return res
}

//go:noinline
func createPointer() *bigStruct {
	return &bigStruct{A: 123, D: "ABC"}
}

func inlined() *int {
	res := 4
	return &res
}

func caller() int { return *inlined() }

// Foo shares x with a goroutine.
func Foo(done chan int) int {
	x := 1
	go func() {
		x = 2
		done <- 1
	}()
	<-done
	return x
}

func bonus() {
	john := employee{"John", 5000, 5, 0}
	john.bonus = john.salary / 10 * john.sales
	fmt.Fprintln(io.Discard, john.bonus)
}

func send(to chan *int) {
	x := 3
	to <- &x
}

func large() byte {
	local := new([70000]byte)
	return local[3]
}

func unknown(n int) int {
	s := make([]int, n)
	return len(s)
}

func store(s []*int) {
	x := 3
	s[0] = &x
}

func grow(s []*int, x int) []*int { return append(s, &x) }

func box(s square) shape { return s }

func method(s *square) func() int { return s.Area }

func text(b []byte) string { return string(b) }

func cold(n int) int {
	if n < 0 {
		panic(fmt.Sprintf("%d is negative", n))
	}
	return n
}

type list[T any] struct{ head *T }

//go:noinline
func (l *list[T]) Put(v T) { l.head = &v }

func useList() {
	var l list[int]
	l.Put(3)
}

var kept = &bigStruct{A: 3}

func apply(f func(*int), p *int) { f(p) }

// callDown keeps x on its stack only where apply is inlined, so that the compiler sees what f does.
func callDown() int {
	x := 1
	apply(func(p *int) { *p++ }, &x)
	return x
}
