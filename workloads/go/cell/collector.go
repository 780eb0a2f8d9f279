package main

// From the lines of gctrace to cycles and single stops.
//
//	gc N @T s U%: a+b+c ms clock, d+e/f/g+h ms cpu, H0->H1->H2 MB, G MB goal, ... P [(forced)]
//
// a and c are a cycle's two stops, sweep termination (after which marking is set up) and mark
// termination; b is the marking between them; e, f and g are CPU time that mutators (assists),
// workers and otherwise idle processors spent marking. Heap sizes are whole MB, rounded down: when
// the cycle began, when marking ended, found reachable, and the goal.
//
// Times are cut to two digits. What the runtime knows to the nanosecond is both stops of a cycle
// together, for the last 256 cycles, and all stops of the process together. So the digits that were
// cut are given back: a cycle's missing time is shared between its stops in proportion to what each
// may have lost, and what is missing of the older cycles between all of their stops. The rows add up
// to the total that the runtime counted; no row is off by more than its last digit.

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const pauseRing = len(runtime.MemStats{}.PauseNs)

// cut is a time of which only the leading digits are known: from ns up to ns + step.
type cut struct{ ns, stepNS int64 }

// likely is the middle of what it may be. "0" is less than a microsecond, and counts as none.
func (c cut) likely() int64 {
	if c.ns == 0 {
		return 0
	}
	return c.ns + c.stepNS/2
}

// parseCut takes milliseconds with up to three decimals.
func parseCut(text string) cut {
	step := int64(time.Millisecond)
	whole, decimals, _ := strings.Cut(text, ".")
	for range decimals {
		step /= 10
	}
	digits, _ := strconv.ParseInt(whole+decimals, 10, 64)
	if text == "0" {
		step = int64(time.Microsecond)
	}
	return cut{digits * step, step}
}

// stop is one stop of the world. Times after the timed run began.
type stop struct {
	phase    string
	printed  cut
	startNS  int64
	lengthNS int64
}

// cycle is one collection that ended in the timed run.
type cycle struct {
	number                           uint32 // of the process
	stops                            []*stop
	mark                             cut // between the first and the last stop
	assist, workers, idle            cut // CPU time of marking
	startMB, endMB, markedMB, goalMB uint64
	isForced                         bool
	startNS                          int64 // after the timed run began
	printedNS                        int64 // CLOCK_MONOTONIC
	line                             string
}

var traceForm = `^gc (\d+) @[\d.]+s \d+%[^:]*: ([\d.]+)\+([\d.]+)\+([\d.]+) ms clock, ` +
	`[\d.]+\+([\d.]+)/([\d.]+)/([\d.]+)\+[\d.]+ ms cpu, ` +
	`(\d+)->(\d+)->(\d+) MB, (\d+) MB goal,.* \d+ P( \(forced\))?\n$`

// parseCycles takes those lines that belong to cycles numbered above first and up to last.
func parseCycles(lines []tracedLine, first, last uint32) ([]*cycle, error) {
	form := regexp.MustCompile(traceForm)
	var cycles []*cycle
	for _, line := range lines {
		fields := form.FindStringSubmatch(line.text)
		if fields == nil {
			return nil, fmt.Errorf("%w read this line of Go's gctrace: %q", errCannot, line.text)
		}
		c := makeCycle(fields, line)
		if c.number > first && c.number <= last {
			cycles = append(cycles, c)
		}
	}
	return cycles, nil
}

func makeCycle(fields []string, line tracedLine) *cycle {
	number := func(i int) uint64 {
		value, _ := strconv.ParseUint(fields[i], 10, 64)
		return value
	}
	return &cycle{
		number: uint32(number(1)),
		stops: []*stop{
			{phase: "mark-setup", printed: parseCut(fields[2])},
			{phase: "mark-termination", printed: parseCut(fields[4])},
		},
		mark:    parseCut(fields[3]),
		assist:  parseCut(fields[5]),
		workers: parseCut(fields[6]),
		idle:    parseCut(fields[7]),
		startMB: number(8), endMB: number(9), markedMB: number(10), goalMB: number(11),
		isForced:  fields[12] != "",
		printedNS: line.printedNS,
		line:      line.text,
	}
}

// markingNS is the CPU time spent marking, by whomever.
func (c *cycle) markingNS() int64 {
	return c.assist.likely() + c.workers.likely() + c.idle.likely()
}

// share gives stops their lengths, exactNS together.
func share(stops []*stop, exactNS int64) {
	var printed, steps int64
	for _, s := range stops {
		printed += s.printed.ns
		steps += s.printed.stepNS
	}
	missing, left := exactNS-printed, exactNS
	for i, s := range stops {
		s.lengthNS = s.printed.ns + missing*s.printed.stepNS/steps
		if missing < 0 { // the runtime's two clocks differ by what lies between their readings
			s.lengthNS = s.printed.ns * exactNS / printed
		}
		if i == len(stops)-1 {
			s.lengthNS = left
		}
		left -= s.lengthNS
	}
}

// addRestart tells a third stop apart: marking that seemed done and, the world stopped, was not.
// Its time is in the exact sum of the cycle and in no printed one.
func (c *cycle) addRestart(exactNS int64) {
	var most int64
	for _, s := range c.stops {
		most += s.printed.ns + s.printed.stepNS
	}
	const slackNS = 2000 // between two readings of the clock
	if exactNS <= most+slackNS {
		return
	}
	restart := &stop{phase: "mark-restart", printed: cut{exactNS - most, 1}}
	c.stops = []*stop{c.stops[0], restart, c.stops[1]}
}

// settle gives every stop of the run its length. totalNS is what the runtime counted of all of them;
// after holds the exact sums of the last cycles.
func settle(cycles []*cycle, totalNS int64, after *runtime.MemStats) {
	var older []*stop
	for _, c := range cycles {
		if after.NumGC-c.number >= uint32(pauseRing) {
			older = append(older, c.stops...)
			continue
		}
		exact := int64(after.PauseNs[ringIndex(c.number)])
		c.addRestart(exact)
		share(c.stops, exact)
		totalNS -= exact
	}
	if len(older) > 0 {
		share(older, totalNS)
	}
}

func ringIndex(number uint32) uint32 {
	return (number + uint32(pauseRing) - 1) % uint32(pauseRing)
}

// place says when each cycle and stop began, after the start of the timed run. When a cycle ended is
// known exactly for the last 256, of others when its line was printed, some microseconds later.
func place(cycles []*cycle, start clocks, after *runtime.MemStats) {
	for _, c := range cycles {
		at := c.printedNS - start.monotonicNS
		if after.NumGC-c.number < uint32(pauseRing) {
			at = int64(after.PauseEnd[ringIndex(c.number)]) - start.unixNS
		}
		for i := len(c.stops) - 1; i > 0; i-- {
			at = atLeast(at-c.stops[i].lengthNS, 0)
			c.stops[i].startNS = at
		}
		c.startNS = atLeast(at-c.mark.likely()-c.stops[0].lengthNS, 0)
		c.stops[0].startNS = c.startNS
	}
}

func atLeast(value, least int64) int64 {
	if value < least {
		return least
	}
	return value
}
