package seed

// goroutine: a variable that another goroutine captures outlives its frame.
//
//	x := number*5 + 1
//	go func() { ... x ... }()
//
// The goroutine runs at some time after the frame that started it is gone, so what it captured is
// allocated: 1 alloc/op. What the compiler allocates is the closure, 24 B: the code's address, the
// task, and x itself, copied, as nobody changes it afterwards. (If somebody did, x would have to be
// shared: "moved to heap", a second allocation; see Foo.) Nothing else is allocated: the runtime uses dead
// goroutines and their stacks again, and results come back through channels made in Setup.
//
// An operation waits for the goroutine started captureTasks operations before and starts another,
// so that what is waited for has usually run.

const captureTasks = 16

type captureTask struct {
	started uint64 // number of the operation that started it
	result  chan uint64
}

type captureState struct {
	started uint64
	tasks   [captureTasks]captureTask // a ring, all started between two operations
}

//go:noinline
func captureStart(task *captureTask, number uint64) {
	x := number*5 + 1
	task.started = number
	go func() {
		task.result <- Mix(task.started + x)
	}()
}

// Foo is the case where the goroutine writes x and the frame reads it afterwards: the two share it, so
// it is moved to the heap, beside the closure. No workload runs it; `heapmark escape` shows what the
// compiler says of it.
//
//go:noinline
func Foo() int {
	x := 1
	done := make(chan struct{})
	go func() {
		x++
		close(done)
	}()
	<-done
	return x
}

func captureSetup(*Arguments) any {
	s := new(captureState)
	for ; s.started < captureTasks; s.started++ {
		task := &s.tasks[s.started]
		// Room for a result, so that no goroutine waits for its receiver.
		task.result = make(chan uint64, 1)
		captureStart(task, s.started)
	}
	return s
}

func goroutineCaptureRun(state any, ops uint64) uint64 {
	s := state.(*captureState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		task := &s.tasks[s.started%captureTasks]
		sum += <-task.result
		captureStart(task, s.started)
		s.started++
	}
	return sum
}

// captureTeardown leaves no goroutine behind.
func captureTeardown(state any) {
	s := state.(*captureState)
	for i := range s.tasks {
		<-s.tasks[i].result
	}
}

var goroutineCaptureWorkload = Workload{
	Name:      "goroutine-capture",
	Group:     "goroutine",
	Summary:   "a task is started with a captured variable and runs later",
	Stresses:  "the captured variable escapes to another task: 1 alloc/op, and a write barrier",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Setup:     captureSetup,
	Run:       goroutineCaptureRun,
	Teardown:  captureTeardown,
	Functions: []string{"captureStart", "Foo"},
}
