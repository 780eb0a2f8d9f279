package main

// The report: see harness/base/wire.h. Made in memory and written at once, after all is measured.

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
)

type report struct {
	out    *os.File
	text   bytes.Buffer
	failed bool
}

func newReport(fd int) *report {
	r := &report{out: os.NewFile(uintptr(fd), "report")}
	fmt.Fprintf(&r.text, "heapmark-report 1\n")
	return r
}

func (r *report) value(field string, value any) {
	fmt.Fprintf(&r.text, "value %s %v\n", field, value)
}

// end is the last line; what cannot be written has nobody to be told to.
func (r *report) end(status, reason string) {
	fmt.Fprintf(&r.text, "end %s", status)
	if reason != "" {
		fmt.Fprintf(&r.text, " %s", reason)
	}
	fmt.Fprintln(&r.text)
	_, err := r.out.Write(r.text.Bytes())
	r.failed = r.failed || err != nil || status != "ok"
}

func (r *report) fail(err error) int {
	status := "wrong"
	if errors.Is(err, errCannot) {
		status = "unavailable"
	}
	r.end(status, err.Error())
	return cellNotOK
}

func (r *report) status() int {
	if r.failed {
		return cellNotOK
	}
	return cellOK
}

func (r *report) measurement(o *options, w *work, m *measurement) {
	ops := w.ops * uint64(w.threads)
	r.value("allocator", "go")
	r.value("version", runtime.Version())
	r.value("link", "static")
	r.value("call", "direct")
	r.value("ops", ops)
	r.value("checksum", fmt.Sprintf("%016x", m.checksum))
	r.value("wall_ns", m.wallNS)
	r.value("cpu_ns", m.cpuNS)
	r.memory(m)
	r.value("minor_faults", m.usage.minorFaults)
	r.value("major_faults", m.usage.majorFaults)
	r.value("context_switches", m.usage.contextSwitches)
	r.allocation(m, ops)
	r.collector(m)
	r.stops(m)
	r.cycles(m)
	r.counters(o, m)
}

func (r *report) memory(m *measurement) {
	r.value("rss_start_bytes", m.rssStartBytes)
	if m.rssPeakBytes != 0 {
		r.value("rss_peak_bytes", m.rssPeakBytes)
	}
	// What is mapped for the heap stays mapped: the last reading is the most. (What is idle may have
	// been given back; the resident peak tells.)
	r.value("heap_mapped_bytes_peak", m.after.HeapSys)
	r.value("heap_live_bytes_peak", m.livePeakBytes())
}

// livePeakBytes is the most that was live or not yet known to be dead when a cycle ended marking. Until
// there is a cycle, all that was allocated counts; after one, what is not swept yet would be counted
// too.
func (m *measurement) livePeakBytes() uint64 {
	live := m.kept.HeapAlloc
	if len(m.cycles) == 0 {
		live = m.after.HeapAlloc
	}
	for _, c := range m.cycles {
		if c.endMB<<20 > live {
			live = c.endMB << 20
		}
	}
	return live
}

// allocation reports whole numbers, rounded down as package testing does: what the runtime itself
// allocates now and then shall not make 1.00001 of 1.
func (r *report) allocation(m *measurement, ops uint64) {
	r.value("allocs_per_op", (m.after.Mallocs-m.before.Mallocs)/ops)
	r.value("bytes_per_op", (m.after.TotalAlloc-m.before.TotalAlloc)/ops)
	kept := int64(m.kept.HeapAlloc - m.before.HeapAlloc)
	// A goroutine left behind keeps its stack, which is no part of the heap. Without one, stacks
	// come and go by the span and say nothing.
	if m.goroutines > m.goroutinesBefore {
		kept += int64(m.kept.StackInuse - m.before.StackInuse)
	}
	r.value("retained_bytes_per_op", fmt.Sprintf("%.17g", float64(kept)/float64(ops)))
}

// collector: while the world is stopped one thread works, so a stop counts once as CPU time, however
// many processors Go leaves idle meanwhile. Sweeping Go does not tell apart.
func (r *report) collector(m *measurement) {
	cycles := uint64(m.after.NumGC - m.before.NumGC)
	paused := m.after.PauseTotalNs - m.before.PauseTotalNs
	stops, assistNS, cpuNS := 2*uint64(m.linesLost), int64(0), int64(paused)
	for _, c := range m.cycles {
		stops += uint64(len(c.stops))
		assistNS += c.assist.likely()
		cpuNS += c.markingNS()
	}
	r.value("gc_cycles", cycles)
	r.value("gc_stw_count", stops)
	r.value("gc_pause_ns_total", paused)
	if m.linesLost == 0 {
		r.value("gc_assist_ns", assistNS)
		r.value("gc_cpu_share", fmt.Sprintf("%.6g", float64(cpuNS)/float64(m.cpuNS)))
	}
}

func (r *report) stops(m *measurement) {
	for _, c := range m.cycles {
		for _, s := range c.stops {
			fmt.Fprintf(&r.text, "pause %d\t%s\t0\t%d\t%d\n", c.number-m.before.NumGC, s.phase,
				s.startNS, s.lengthNS)
		}
	}
}

func (r *report) cycles(m *measurement) {
	for _, c := range m.cycles {
		forced := 0
		if c.isForced {
			forced = 1
		}
		fmt.Fprintf(&r.text, "cycle %d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t0\n",
			c.number-m.before.NumGC, c.startNS, c.stops[0].lengthNS+c.mark.likely(),
			c.startMB<<20, c.endMB<<20, c.markedMB<<20, c.goalMB<<20, c.assist.likely(), forced)
	}
}

func (r *report) counters(o *options, m *measurement) {
	for i, fd := range o.counterFDs {
		if fd >= 0 {
			c := m.counters[i]
			fmt.Fprintf(&r.text, "counter %d\t%d\t%d\t%d\n", i, c.value, c.enabledNS, c.runningNS)
		}
	}
}
