package main

// Measures one cell. Each thread is a goroutine, in step with the others:
//
//	warm up   on a state of its own, a fixed share of the operations
//	time      set up; a collection, so that every run begins alike; readings; run, each thread under
//	          its own clock; readings; a collection, to see what is still reachable; tear down
//
// B/op and allocs/op are those of the timed run itself: the runtime counts them whether it is asked
// or not, so there is no counting pass, and they are rounded down as package testing does.
//
// The goroutines are not locked to threads of the system: a locked one pays for a switch of threads
// at every channel operation, which no Go program does. Thread 0 takes the readings, so a cell of one
// thread never waits for another goroutine before it begins.

import (
	"runtime"
	"sync"
	"time"

	"heapmark/seed"
)

const (
	warmUpShare  = 10         // one in ten operations ...
	warmUpOpsMax = 100 * 1000 // ... but no more than these
)

// clocks is one moment on the clocks that the runtime's times are given in.
type clocks struct{ unixNS, monotonicNS int64 }

type threadResult struct {
	start, end time.Time
	checksum   uint64
	_          [64]byte // a cache line of its own
}

// measurement is what was measured, of all threads together.
type measurement struct {
	checksum, wallNS, cpuNS      uint64
	rssStartBytes, rssPeakBytes  uint64 // peak 0: not known
	usage                        usageCounts
	counters                     []counterReading
	before, after, kept          runtime.MemStats // the timed run; then a collection
	goroutinesBefore, goroutines int
	cycles                       []*cycle
	linesLost                    int
}

type cellRun struct {
	work      *work
	tracing   *execTrace
	meeting   meeting
	threads   []threadResult
	process   *process
	sites     *sites
	cpuBefore uint64
	peakKnown bool
	started   time.Time // thread 0's readings of two clocks at once
	startedNS int64     // CLOCK_MONOTONIC
	out       *measurement
}

// meeting is where threads wait for each other, again and again.
type meeting struct {
	lock             sync.Mutex
	all              sync.Cond
	members, waiting int
	round            uint64
}

func (m *meeting) join() {
	if m.members == 1 {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	round := m.round
	m.waiting++
	if m.waiting == m.members {
		m.waiting = 0
		m.round++
		m.all.Broadcast()
	}
	for round == m.round {
		m.all.Wait()
	}
}

func (r *cellRun) newState(thread int, ops uint64) any {
	if r.work.workload.Setup == nil {
		return nil
	}
	return r.work.workload.Setup(&seed.Arguments{
		Parameters: r.work.parameters,
		Seed:       r.work.seed,
		Ops:        ops,
		Thread:     uint64(thread),
		Threads:    uint64(r.work.threads),
	})
}

func (r *cellRun) dropState(state any) {
	if r.work.workload.Teardown != nil {
		r.work.workload.Teardown(state)
	}
}

func (r *cellRun) warmUp(thread int) {
	ops := r.work.ops / warmUpShare
	if ops > warmUpOpsMax {
		ops = warmUpOpsMax
	}
	if ops == 0 {
		return
	}
	state := r.newState(thread, ops)
	r.work.workload.Run(state, ops)
	r.dropState(state)
}

// collect leaves what is reachable: what a pool or a finaliser still holds at the first collection is
// gone after the second.
func collect() {
	runtime.GC()
	runtime.GC()
}

// begin is the last thing before the clocks start: thread 0 runs it, the others wait. After
// ReadMemStats no cycle is printing its line, because both hold the world.
func (r *cellRun) begin() {
	out, p := r.out, r.process
	collect()
	r.sites.begin()
	r.peakKnown = p.resetPeak()
	out.rssStartBytes = p.residentBytes()
	out.goroutinesBefore = runtime.NumGoroutine()
	r.tracing.begin()
	runtime.ReadMemStats(&out.before)
	dropTrace()
	out.usage = p.usage()
	r.started, r.startedNS = time.Now(), int64(p.clockNS(clockMonotonic))
	r.cpuBefore = p.clockNS(clockProcessCPU)
	p.switchCounters(perfEnable)
}

// end is the first thing after the clocks stopped; every thread's state is alive.
func (r *cellRun) end() {
	out, p := r.out, r.process
	p.switchCounters(perfDisable)
	out.cpuNS = p.clockNS(clockProcessCPU) - r.cpuBefore
	out.usage = p.usage().since(out.usage)
	if r.peakKnown {
		out.rssPeakBytes = p.residentBytesPeak()
	}
	runtime.ReadMemStats(&out.after)
	r.tracing.end()
	p.readCounters()
	collect()
	r.sites.end()
	out.goroutines = runtime.NumGoroutine()
	runtime.ReadMemStats(&out.kept)
}

func (r *cellRun) timed(thread int) {
	result := &r.threads[thread]
	state := r.newState(thread, r.work.ops)
	r.meeting.join()
	if thread == 0 {
		r.begin()
	}
	r.meeting.join()
	ended := r.tracing.run()
	result.start = time.Now()
	result.checksum = seed.RunPlaced(r.work.workload, state, r.work.ops)
	result.end = time.Now()
	ended()
	r.meeting.join()
	if thread == 0 {
		r.end()
	}
	r.meeting.join()
	runtime.KeepAlive(state)
	r.dropState(state)
}

func (r *cellRun) runThreads() {
	var done sync.WaitGroup
	done.Add(r.work.threads)
	for thread := 0; thread < r.work.threads; thread++ {
		go func(thread int) {
			defer done.Done()
			r.warmUp(thread)
			r.timed(thread)
		}(thread)
	}
	done.Wait()
}

// finish puts the threads together and returns when the first of them started.
func (r *cellRun) finish() time.Time {
	first, last := r.threads[0].start, r.threads[0].end
	for _, t := range r.threads {
		if t.start.Before(first) {
			first = t.start
		}
		if t.end.After(last) {
			last = t.end
		}
		r.out.checksum += t.checksum
	}
	r.out.wallNS = uint64(last.Sub(first))
	r.out.counters = r.process.readings
	return first
}

// readCycles makes cycles of the lines kept. A cycle that was under way when the run ended is not
// counted, as little as the runtime counts it.
func (r *cellRun) readCycles(start clocks) error {
	var err error
	out := r.out
	out.linesLost = trace.lost
	out.cycles, err = parseCycles(traceLines(), out.before.NumGC, out.after.NumGC)
	settle(out.cycles, int64(out.after.PauseTotalNs-out.before.PauseTotalNs), &out.after)
	place(out.cycles, start, &out.after)
	return err
}

func measure(w *work, o *options) (*measurement, error) {
	r := &cellRun{
		work:    w,
		tracing: newExecTrace(o.traceFD),
		sites:   newSites(o.sitesFD),
		threads: make([]threadResult, w.threads),
		process: openProcess(o.counterFDs),
		out:     &measurement{},
	}
	r.meeting.members = w.threads
	r.meeting.all.L = &r.meeting.lock
	r.runThreads()
	r.tracing.warn()
	first := r.finish()
	err := r.readCycles(clocks{
		unixNS:      first.UnixNano(),
		monotonicNS: r.startedNS + int64(first.Sub(r.started)),
	})
	r.sites.write(r.out, w.ops*uint64(w.threads))
	return r.out, err
}

func (m *measurement) cycleLines() []string {
	lines := make([]string, len(m.cycles))
	for i, c := range m.cycles {
		lines[i] = c.line
	}
	return lines
}
