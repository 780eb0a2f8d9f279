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

const (
	workloadPrefix = "heapmark/seed."
	sitesMost      = 4096 // told with every call of a function to itself
)

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

func newSites(fd int) *sites {
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

// begin and end come after a collection, as of which the profile is. What is set up before has no
// profile: each object in one is a record in its span, and a heap full of them takes minutes.
func (s *sites) begin() {
	if s.fd > 0 {
		s.before = siteCounts()
		runtime.MemProfileRate = 1
	}
}

func (s *sites) end() {
	if s.fd > 0 {
		runtime.MemProfileRate = 0
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

// siteFrames are the lines of a stack, leaf first, with one of a function's calls to itself if they
// are folded; empty when no function of a workload is on it.
func siteFrames(stack siteStack, isFolded bool) string {
	var lines strings.Builder
	isWorkload, last := false, ""
	frames := runtime.CallersFrames(stack.callers())
	for {
		frame, more := frames.Next()
		isWorkload = isWorkload || strings.HasPrefix(frame.Function, workloadPrefix)
		if frame.Function != "" && !(isFolded && frame.Function == last) {
			fmt.Fprintf(&lines, "frame %s\t%s\t%d\n", frame.Function, frame.File, frame.Line)
		}
		last = frame.Function
		if !more {
			break
		}
	}
	if !isWorkload {
		return ""
	}
	return lines.String()
}

// grown is what every site of the workload has more than before, by its lines.
func (s *sites) grown(isFolded bool) map[string]siteCount {
	counts := map[string]siteCount{}
	for stack, count := range s.after {
		was := s.before[stack]
		if count.objects == was.objects {
			continue
		}
		if lines := siteFrames(stack, isFolded); lines != "" {
			sum := counts[lines]
			counts[lines] = siteCount{sum.objects + count.objects - was.objects,
				sum.bytes + count.bytes - was.bytes}
		}
	}
	return counts
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
	grown := s.grown(false)
	if len(grown) > sitesMost { // a recursion has a stack for each way down
		grown = s.grown(true)
	}
	for lines, count := range grown {
		fmt.Fprintf(out, "site %d\t%d\t%d\n%s", count.objects, count.bytes, count.bytes, lines)
	}
	fmt.Fprintln(out, "end")
	out.Flush()
	file.Close()
}
