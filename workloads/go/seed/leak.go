package seed

import (
	"runtime"
	"sync"
	"time"
)

// leak: what a collector cannot find, because the program still holds it.
//
// The C twins model Go's scheduler, timers and HTTP client; here the first two are the real ones.
//
//	leak-task   a goroutine waits for a message that nobody sends. The runtime's list of all
//	            goroutines keeps it: its g, its closure and where it waits are heap objects and
//	            count as retained. Its stack of 2 KB is kept as well, but Go accounts for stacks
//	            apart from the heap (StackInuse, not HeapAlloc), so who measures a leak by the heap
//	            sees a fifth of it; cell-go adds them. Fixed: it is cancelled and ends
//	leak-timer  a timer with a far deadline is never stopped; the runtime's heap of timers keeps it
//	            and what its function refers to. Fixed: Stop
//	leak-body   a response's body is never closed, so its connection stays in the client's table and
//	            the next request makes a new one. Fixed: Close; the next request takes it
//
// leak-timer is time.AfterFunc because that leaks in every version. The usual example, time.After
// or a NewTimer or NewTicker that is dropped, leaks up to Go 1.22: since 1.23 such a timer is
// collected once nothing refers to its channel (if go.mod asks for 1.23, otherwise GODEBUG
// asynctimerchan=1 keeps the old ways). A timer with a function has to run it, so it is kept.

// leak-task

type scheduler struct {
	started uint64
	frames  chan uint64   // what a task has in its frame, when it is about to wait
	cancel  chan struct{} // ends a waiting task
	running sync.WaitGroup
}

// wait is a task's life.
//
//go:noinline
func (s *scheduler) wait(number uint64) {
	defer s.running.Done()
	first, last := number, number+1
	s.frames <- first + last + number
	<-s.cancel
}

// startTask starts a task, which runs until it waits.
//
//go:noinline
func (s *scheduler) startTask() uint64 {
	number := s.started
	s.started++
	s.running.Add(1)
	go s.wait(number)
	return Mix(<-s.frames)
}

// cancelTask ends the one task that waits. That it is gone and not only told to go is what keeps
// the number of goroutines, and so of stacks, from growing.
//
//go:noinline
func (s *scheduler) cancelTask() {
	s.cancel <- struct{}{}
	s.running.Wait()
}

func leakTaskSetup(*Arguments) any {
	return &scheduler{frames: make(chan uint64), cancel: make(chan struct{})}
}

func leakTaskRun(state any, ops uint64) uint64 {
	s := state.(*scheduler)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += s.startTask()
	}
	return sum
}

func leakTaskFixedRun(state any, ops uint64) uint64 {
	s := state.(*scheduler)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += s.startTask()
		s.cancelTask()
	}
	return sum
}

func leakTaskTeardown(state any) {
	s := state.(*scheduler)
	close(s.cancel)
	s.running.Wait()
}

// leak-timer

// timersStoppedMost is how many stopped timers may wait for their removal.
const timersStoppedMost = 256

// alarm is what a timer's function refers to.
type alarm struct {
	next   *alarm // started before
	timer  *time.Timer
	rang   chan uint64
	when   uint64
	number uint64
}

// alarms remembers all alarms so that teardown can stop them. The timers leak without it: a test
// drops the state and finds them still there.
type alarms struct {
	newest  *alarm
	random  random
	started uint64
}

func (a *alarm) ring() { a.rang <- a.when }

// farAway is a deadline after the run's end, the later the greater `when` is.
func farAway(when uint64) time.Duration { return time.Hour + time.Duration(when/2) }

//go:noinline
func (s *alarms) start() *alarm {
	a := &alarm{
		next:   s.newest,
		rang:   make(chan uint64, 1),
		when:   s.random.next() >> 1,
		number: s.started,
	}
	s.started++
	s.newest = a
	a.timer = time.AfterFunc(farAway(a.when), a.ring)
	return a
}

//go:noinline
func (a *alarm) inspect() uint64 {
	return Mix(a.when + uint64(cap(a.rang)) + a.number)
}

// stopNewest stops the timer of the alarm that was started last.
//
//go:noinline
func (s *alarms) stopNewest() {
	s.newest.timer.Stop()
	s.newest = s.newest.next
}

func leakTimerSetup(a *Arguments) any { return &alarms{random: newRandom(a)} }

func leakTimerRun(state any, ops uint64) uint64 {
	s := state.(*alarms)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += s.start().inspect()
	}
	return sum
}

// leakTimerFixedRun yields now and then, where the C twin has its safepoints: Go removes a stopped
// timer from its heap when the scheduler next looks there, and up to 1.22 the heap's array would
// grow until then.
func leakTimerFixedRun(state any, ops uint64) uint64 {
	s := state.(*alarms)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += s.start().inspect()
		s.stopNewest()
		if i%timersStoppedMost == 0 {
			runtime.Gosched()
		}
	}
	return sum
}

func leakTimerTeardown(state any) {
	for s := state.(*alarms); s.newest != nil; {
		s.stopNewest()
	}
}

// leak-body

const (
	connectionBufferBytes = 4096
	bodyBytes             = 64
)

// connection is in the client's list of all connections, and when idle also in that of idle ones.
type connection struct {
	next, nextIdle *connection
	received, sent []byte
	number         uint64
	requests       uint64
}

type client struct {
	all, idle             *connection
	connections, requests uint64
}

type response struct {
	connection     *connection
	status, length uint64
}

//go:noinline
func (c *client) open() *connection {
	opened := &connection{
		next:     c.all,
		received: make([]byte, connectionBufferBytes),
		sent:     make([]byte, connectionBufferBytes),
		number:   c.connections,
	}
	c.connections++
	c.all = opened
	return opened
}

func (c *client) take() *connection {
	taken := c.idle
	if taken == nil {
		return c.open()
	}
	c.idle, taken.nextIdle = taken.nextIdle, nil
	return taken
}

// request sends a request and receives the head of its response; the body waits in the buffer.
//
//go:noinline
func (c *client) request() *response {
	used := c.take()
	number := c.requests
	c.requests++
	used.requests++
	used.sent[0] = byte(number)
	for i := range used.received[:bodyBytes] {
		used.received[i] = used.sent[0] + byte(i)
	}
	return &response{connection: used, status: 200, length: bodyBytes}
}

//go:noinline
func (r *response) read() uint64 {
	sum := r.status
	for i, octet := range r.connection.received[:r.length] {
		sum += uint64(octet) * uint64(i+1)
	}
	return Mix(sum)
}

// closeBody lets the connection serve the next request.
func (c *client) closeBody(r *response) {
	r.connection.nextIdle = c.idle
	c.idle = r.connection
}

func leakBodySetup(*Arguments) any { return &client{} }

// One connection is open already, so that no operation has to make it.
func leakBodyFixedSetup(*Arguments) any {
	c := &client{}
	c.idle = c.open()
	return c
}

func leakBodyRun(state any, ops uint64) uint64 {
	c := state.(*client)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sum += c.request().read()
	}
	return sum
}

func leakBodyFixedRun(state any, ops uint64) uint64 {
	c := state.(*client)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		r := c.request()
		sum += r.read()
		c.closeBody(r)
	}
	return sum
}

// The fixed twins hold nothing, so memory does not limit how many operations they do.
var leakFixedOps = opsOf(200000, 2000000)

var leakTaskWorkload = Workload{
	Name:      "leak-task",
	Group:     "leak",
	Summary:   "a task is started and waits for ever",
	Stresses:  "a leak no collector can mend: retained B/op > 0 (task and stack)",
	Needs:     Reclaims,
	Ops:       opsOf(20000, 100000),
	Setup:     leakTaskSetup,
	Run:       leakTaskRun,
	Teardown:  leakTaskTeardown,
	Functions: []string{"(*scheduler).wait", "(*scheduler).startTask"},
}

var leakTaskFixedWorkload = Workload{
	Name:      "leak-task-fixed",
	Group:     "leak",
	Summary:   "a task is started, waits, is cancelled and ends",
	Stresses:  "the same without the leak: retained B/op = 0",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       leakFixedOps,
	Setup:     leakTaskSetup,
	Run:       leakTaskFixedRun,
	Teardown:  leakTaskTeardown,
	Functions: []string{"(*scheduler).wait", "(*scheduler).startTask", "(*scheduler).cancelTask"},
}

var leakTimerWorkload = Workload{
	Name:      "leak-timer",
	Group:     "leak",
	Summary:   "a timer is started and never stopped",
	Stresses:  "a leak no collector can mend: retained B/op > 0 (timer and channel)",
	Needs:     Reclaims,
	Ops:       opsOf(200000, 1000000),
	Setup:     leakTimerSetup,
	Run:       leakTimerRun,
	Teardown:  leakTimerTeardown,
	Functions: []string{"(*alarms).start", "(*alarm).inspect"},
}

var leakTimerFixedWorkload = Workload{
	Name:      "leak-timer-fixed",
	Group:     "leak",
	Summary:   "a timer is started and stopped",
	Stresses:  "the same without the leak: retained B/op = 0",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       leakFixedOps,
	Setup:     leakTimerSetup,
	Run:       leakTimerFixedRun,
	Teardown:  leakTimerTeardown,
	Functions: []string{"(*alarms).start", "(*alarm).inspect", "(*alarms).stopNewest"},
}

var leakBodyWorkload = Workload{
	Name:      "leak-body",
	Group:     "leak",
	Summary:   "a response is read and its body never closed",
	Stresses:  "a leak no collector can mend: retained B/op > 0 (connection and buffers)",
	Needs:     Reclaims,
	Ops:       opsOf(5000, 25000),
	Setup:     leakBodySetup,
	Run:       leakBodyRun,
	Functions: []string{"(*client).open", "(*client).request", "(*response).read"},
}

var leakBodyFixedWorkload = Workload{
	Name:      "leak-body-fixed",
	Group:     "leak",
	Summary:   "a response is read and its body closed",
	Stresses:  "the same without the leak: retained B/op = 0",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       leakFixedOps,
	Setup:     leakBodyFixedSetup,
	Run:       leakBodyFixedRun,
	Functions: []string{"(*client).request", "(*response).read", "(*client).closeBody"},
}
