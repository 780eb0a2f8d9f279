package main

// Which call sites allocate in the timed run, for `heapmark profile`: the runtime's own memory profile
// with every allocation in it, before and after. Asked for with --sites-fd; a run that is measured
// has no memory profile at all.
//
// The runtime puts objects below 16 bytes without pointers into blocks and has only the block's first
// one in its profile. go-sites is this program with a runtime that has the others too
// (workloads/go/CMakeLists.txt): their bytes are the block's, so they bring none of their own.

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

const workloadPrefix = "heapmark/seed."

// tinyCounted is not empty where the runtime's profile has every tiny object; the linker sets it.
var tinyCounted string

// rest says what the sites lack of the total: what runs beside the workload is left out, for the
// profile and the runtime's counts are not of one moment.
func rest() string {
	const outside = "what no function of the workload asked for"
	if tinyCounted != "" {
		return outside
	}
	return "tiny objects in a block that counts as one, and " + outside
}

type siteCount struct{ objects, bytes int64 }

type siteStack [32]uintptr

type sites struct {
	fd            int // 0: nobody asked
	before, after map[siteStack]siteCount
}

// newSites has to come before the first allocation of a workload. This program refers to the memory
// profile, and therefore the runtime would sample for one.
func newSites(fd int) *sites {
	if fd > 0 {
		runtime.MemProfileRate = 1
	}
	return &sites{fd: fd}
}

// siteCounts is the profile as of the collection before.
func siteCounts() map[siteStack]siteCount {
	const room = 64 // for sites that come up meanwhile
	count, _ := runtime.MemProfile(nil, true)
	records := make([]runtime.MemProfileRecord, count+room)
	count, ok := runtime.MemProfile(records, true)
	counts := map[siteStack]siteCount{}
	if !ok {
		return counts
	}
	for i := range records[:count] {
		r := &records[i]
		sum := counts[r.Stack0]
		counts[r.Stack0] = siteCount{sum.objects + r.AllocObjects, sum.bytes + r.AllocBytes}
	}
	return counts
}

// begin and end come after a collection, as of which the profile is.
func (s *sites) begin() {
	if s.fd > 0 {
		s.before = siteCounts()
	}
}

func (s *sites) end() {
	if s.fd > 0 {
		s.after = siteCounts()
	}
}

func (stack *siteStack) callers() []uintptr {
	for i, pc := range stack {
		if pc == 0 {
			return stack[:i]
		}
	}
	return stack[:]
}

// siteFrames are the lines of a stack, leaf first; empty when no function of a workload is on it.
func siteFrames(stack siteStack) []string {
	var lines []string
	isWorkload := false
	frames := runtime.CallersFrames(stack.callers())
	for {
		frame, more := frames.Next()
		isWorkload = isWorkload || strings.HasPrefix(frame.Function, workloadPrefix)
		if frame.Function != "" {
			lines = append(lines, fmt.Sprintf("frame %s\t%s\t%d\n", frame.Function, frame.File, frame.Line))
		}
		if !more {
			break
		}
	}
	if !isWorkload {
		return nil
	}
	return lines
}

// write tells the sites in the words of harness/base/wire.h; the runtime knows what was handed out,
// not what was asked for.
func (s *sites) write(m *measurement, ops uint64) {
	if s.fd <= 0 {
		return
	}
	file := os.NewFile(uintptr(s.fd), "sites")
	out := bufio.NewWriter(file)
	fmt.Fprintf(out, "heapmark-sites 1\ntotal %d\t%d\t%d\n", ops,
		m.after.Mallocs-m.before.Mallocs, m.after.TotalAlloc-m.before.TotalAlloc)
	fmt.Fprintf(out, "rest %s\n", rest())
	for stack, count := range s.after {
		was := s.before[stack]
		lines := siteFrames(stack)
		if count.objects == was.objects || lines == nil {
			continue
		}
		bytes := count.bytes - was.bytes
		fmt.Fprintf(out, "site %d\t%d\t%d\n%s", count.objects-was.objects, bytes, bytes,
			strings.Join(lines, ""))
	}
	fmt.Fprintln(out, "end")
	out.Flush()
	file.Close()
}
