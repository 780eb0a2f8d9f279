package seed

import "unsafe"

// Where a workload's frame lies.
//
// A new goroutine's stack is 2 KB, at either half of a page; what is copied from rodata to the stack
// then has a false dependency on an earlier store at the same place of another page in some processes
// and none in others: 2.54 or 2.75 ns for create-copy. A stack that has grown is aligned to its size,
// so it is grown first, and every process has the same half.
//
// A struct that is copied on the stack is copied in pieces of 16 bytes, and Go aligns a frame to 8:
// how many frames lie above decides whether pieces straddle cache lines. create-copy took 2.54 ns at
// some depths and 3.04 ns at others, the same code. So the cell program and the benchmarks both call
// a workload from here, where its frame begins at the same place in a cache line under either; and
// it stays there when the stack grows, because stacks are aligned to their size.

const cacheLineBytes = 64

// padding makes the caller's frame larger, by 8 bytes a step.
type padding interface {
	[8]byte | [16]byte | [24]byte | [32]byte | [40]byte | [48]byte | [56]byte | [64]byte
}

type runFunction func(state any, ops uint64) uint64

//go:noinline
func callBelow[P padding](run runFunction, state any, ops uint64) uint64 {
	var pad P
	pad[ops&7] = 1 // or it would not be in the frame
	sum := run(state, ops)
	return sum + uint64(pad[(ops+1)&7]) // 0
}

var callsBelow = [...]func(runFunction, any, uint64) uint64{
	callBelow[[8]byte], callBelow[[16]byte], callBelow[[24]byte], callBelow[[32]byte],
	callBelow[[40]byte], callBelow[[48]byte], callBelow[[56]byte], callBelow[[64]byte],
}

// framePlace is where in a cache line a function called in a workload's stead has its frame.
//
//go:noinline
func framePlace(any, uint64) uint64 {
	var local byte
	return uint64(uintptr(unsafe.Pointer(&local))) / 8 * 8 % cacheLineBytes
}

// growStack returns with a stack of at least 16 KB.
//
//go:noinline
func growStack(ops uint64) byte {
	var frame [12000]byte
	frame[ops%2] = 1 // or it would not be in the frame
	return frame[(ops+1)%2]
}

// RunPlaced is w.Run, with the frame in its place.
//
//go:noinline
func RunPlaced(w *Workload, state any, ops uint64) uint64 {
	growStack(ops)
	for _, call := range callsBelow {
		if call(framePlace, nil, 0) == 0 {
			return call(w.Run, state, ops)
		}
	}
	return w.Run(state, ops)
}
