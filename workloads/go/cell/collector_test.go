package main

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unsafe"
)

// Lines of Go 1.19 and 1.26, and the forms that are rare.
var traced = []tracedLine{
	{"gc 7 @0.050s 16%: 0.19+0.40+0.001 ms clock, 0.38+0.027/0.047/0.068+0.003 ms cpu, " +
		"3->4->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n", 900},
	{"gc 8 @12.345s 2%: 0+14+1.5 ms clock, 0+0/9.5/120+3.0 ms cpu, " +
		"300->412->200 MB, 400 MB goal, 0 MB stacks, 0 MB globals, 8 P (forced)\n", 1000},
	{"gc 9 @0.010s 1% (checking for goroutine leaks): 0.099+1.4+0.003 ms clock, " +
		"0.19+0/0.1/0+0.006 ms cpu, 0->0->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n", 1100},
}

func cyclesOf(t *testing.T, first, last uint32) []*cycle {
	t.Helper()
	cycles, err := parseCycles(traced, first, last)
	if err != nil {
		t.Fatal(err)
	}
	return cycles
}

func TestEveryFormOfALineIsRead(t *testing.T) {
	cycles := cyclesOf(t, 0, 100)
	if len(cycles) != 3 {
		t.Fatalf("%d cycles", len(cycles))
	}
	a, b := cycles[0], cycles[1]
	if a.number != 7 || a.startMB != 3 || a.endMB != 4 || a.markedMB != 0 || a.goalMB != 4 ||
		a.isForced || a.assist.ns != 27000 || a.printedNS != 900 {
		t.Errorf("%+v", a)
	}
	if !b.isForced || b.markedMB != 200 || b.goalMB != 400 || b.mark.ns != 14000000 ||
		b.workers.ns != 9500000 || b.idle.ns != 120000000 {
		t.Errorf("%+v", b)
	}
}

func TestOnlyCyclesOfTheTimedRunCount(t *testing.T) {
	cycles := cyclesOf(t, 7, 8)
	if len(cycles) != 1 || cycles[0].number != 8 {
		t.Errorf("%d cycles", len(cycles))
	}
}

func TestALineThatCannotBeReadMakesTheCellUnavailable(t *testing.T) {
	_, err := parseCycles([]tracedLine{{"gc 1 in words\n", 0}}, 0, 9)
	if !errors.Is(err, errCannot) || !strings.Contains(err.Error(), "gc 1 in words") {
		t.Error(err)
	}
}

func TestACutTimeKnowsItsLastDigit(t *testing.T) {
	for text, want := range map[string]cut{
		"0":     {0, 1000},
		"0.073": {73000, 1000},
		"0.19":  {190000, 10000},
		"1.4":   {1400000, 100000},
		"14":    {14000000, 1000000},
	} {
		if got := parseCut(text); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func stopsOf(printed ...cut) []*stop {
	var stops []*stop
	for _, c := range printed {
		stops = append(stops, &stop{printed: c})
	}
	return stops
}

func TestWhatWasCutIsSharedByTheLastDigit(t *testing.T) {
	stops := stopsOf(cut{190000, 10000}, cut{1000, 1000})
	share(stops, 196500)
	if stops[0].lengthNS != 195000 || stops[1].lengthNS != 1500 {
		t.Error(stops[0].lengthNS, stops[1].lengthNS)
	}
}

func TestStopsAddUpThoughTheClocksDiffer(t *testing.T) {
	stops := stopsOf(cut{3000000, 100000}, cut{1000, 1000})
	share(stops, 2999000)
	sum := stops[0].lengthNS + stops[1].lengthNS
	if sum != 2999000 || stops[0].lengthNS < 0 || stops[1].lengthNS < 0 {
		t.Error(stops[0].lengthNS, stops[1].lengthNS)
	}
}

func TestStopsTooShortToBePrintedHaveALength(t *testing.T) {
	stops := stopsOf(cut{0, 1000}, cut{0, 1000})
	share(stops, 900)
	if stops[0].lengthNS != 450 || stops[1].lengthNS != 450 {
		t.Error(stops[0].lengthNS, stops[1].lengthNS)
	}
}

func TestARestartOfMarkingIsAStopOfItsOwn(t *testing.T) {
	after := &runtime.MemStats{NumGC: 7}
	after.PauseNs[ringIndex(7)] = 250000
	cycles := cyclesOf(t, 6, 7)
	settle(cycles, 250000, after)
	c := cycles[0]
	if len(c.stops) != 3 || c.stops[1].phase != "mark-restart" {
		t.Fatalf("%d stops", len(c.stops))
	}
	if sum := c.stops[0].lengthNS + c.stops[1].lengthNS + c.stops[2].lengthNS; sum != 250000 {
		t.Error(sum)
	}
}

func TestOlderCyclesHaveTheRest(t *testing.T) {
	after := &runtime.MemStats{NumGC: 7 + uint32(pauseRing)}
	after.PauseNs[ringIndex(8)] = 1550000
	after.PauseNs[ringIndex(9)] = 103000
	cycles := cyclesOf(t, 6, 9)
	settle(cycles, 1550000+103000+195000, after)
	var sum int64
	for _, c := range cycles {
		for _, s := range c.stops {
			sum += s.lengthNS
		}
	}
	if older := cycles[0].stops; older[0].lengthNS+older[1].lengthNS != 195000 || sum != 1848000 {
		t.Error(older[0].lengthNS, older[1].lengthNS, sum)
	}
}

func TestStopsLieWithinTheirCycle(t *testing.T) {
	after := &runtime.MemStats{NumGC: 8}
	after.PauseNs[ringIndex(7)], after.PauseEnd[ringIndex(7)] = 196500, 1000000
	after.PauseNs[ringIndex(8)], after.PauseEnd[ringIndex(8)] = 1550000, 20000000
	cycles := cyclesOf(t, 6, 8)
	settle(cycles, 1746500, after)
	place(cycles, clocks{unixNS: 100000}, after)
	a := cycles[0].stops
	if a[1].startNS+a[1].lengthNS != 900000 || a[0].startNS+a[0].lengthNS+405000 != a[1].startNS {
		t.Errorf("%+v %+v", a[0], a[1])
	}
	if cycles[1].startNS != cycles[1].stops[0].startNS {
		t.Errorf("%+v", cycles[1])
	}
}

// runtimePrints is how the runtime writes.
func runtimePrints(pieces ...string) {
	for _, piece := range pieces {
		bytes := []byte(piece)
		keepTrace(stderrFD, unsafe.Pointer(&bytes[0]), int32(len(bytes)))
	}
}

func TestTheHookKeepsWholeLines(t *testing.T) {
	dropTrace()
	runtimePrints("gc ", "7", " @", "0.050", "s\n", "gc ", "8", "\n")
	lines := traceLines()
	if len(lines) != 2 || lines[0].text != "gc 7 @0.050s\n" || lines[1].text != "gc 8\n" {
		t.Errorf("%q", lines)
	}
	if lines[0].printedNS == 0 || lines[1].printedNS < lines[0].printedNS {
		t.Error("without a time")
	}
}

func TestTheHookCountsWhatFindsNoRoom(t *testing.T) {
	dropTrace()
	for i := 0; i < traceLinesMax+3; i++ {
		runtimePrints("gc ", "1", "\n")
	}
	if trace.lost != 3 || len(traceLines()) != traceLinesMax {
		t.Error(trace.lost, len(traceLines()))
	}
	dropTrace()
}
