package main

// What can be set of the runtime. A setting that is not given changes nothing, so that GOGC and the
// other variables of a strategy's environment count.

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Set by the linker (workloads/go/CMakeLists.txt): the experiment that this program's runtime was
// built with, "" in the plain program; and all that programs were built with, separated by "|".
var experiment, experiments string

// setting is described as in struct allocator_setting (allocators/allocator.h).
type setting struct{ name, values, initial, summary string }

func knownSettings() []setting {
	known := []setting{
		{"gogc", "0..100000|off", "100",
			"per cent of the live heap that may be allocated before the next collection"},
		{"memlimit", "0..9223372036854775807|off", "off",
			"soft limit in bytes of the memory that Go's runtime uses; 0 or off: none"},
		{"procs", "0..1024", "0",
			"GOMAXPROCS; 0: Go's own choice, one per CPU that the process may use"},
		{"gctrace", "0|1", "0", "Go's gctrace lines of the timed run on stderr"},
	}
	if experiments != "" {
		known = append(known, setting{"experiment", "default|" + experiments, "default",
			"GOEXPERIMENT that the runtime was built with"})
	}
	return known
}

// settings is what was chosen.
type settings struct {
	percent      *int   // SetGCPercent
	limit        *int64 // SetMemoryLimit
	procs        int    // GOMAXPROCS; 0: leave it
	forwardTrace bool
}

// admits says whether one alternative of "a|b|LEAST..MOST" admits a value.
func admits(values, value string) bool {
	for _, alternative := range strings.Split(values, "|") {
		least, most, isRange := strings.Cut(alternative, "..")
		if !isRange && alternative == value {
			return true
		}
		if isRange && isWithin(least, most, value) {
			return true
		}
	}
	return false
}

func isWithin(least, most, value string) bool {
	from, _ := strconv.ParseUint(least, 10, 64)
	to, _ := strconv.ParseUint(most, 10, 64)
	number, err := strconv.ParseUint(value, 10, 64)
	return err == nil && number >= from && number <= to
}

func checkSetting(given pair) error {
	for _, s := range knownSettings() {
		if s.name != given.name {
			continue
		}
		if !admits(s.values, given.value) {
			return fmt.Errorf("%s: %s is %s, not \"%s\"", bindingName, s.name, s.values, given.value)
		}
		return nil
	}
	return fmt.Errorf("%s has no setting %s", bindingName, given.name)
}

// take notes a value that checkSetting has admitted.
func (s *settings) take(given pair) error {
	number, _ := strconv.ParseInt(given.value, 10, 64)
	switch given.name {
	case "gogc":
		percent := int(number)
		if given.value == "off" {
			percent = -1
		}
		s.percent = &percent
	case "memlimit":
		if number == 0 {
			number = math.MaxInt64
		}
		s.limit = &number
	case "procs":
		s.procs = int(number)
	case "gctrace":
		s.forwardTrace = number == 1
	case "experiment":
		return checkExperiment(given.value)
	}
	return nil
}

// checkExperiment holds that this is the program that the value selects.
func checkExperiment(value string) error {
	mine := experiment
	if mine == "" {
		mine = "default"
	}
	if value != mine {
		return fmt.Errorf("%s: this program has experiment=%s built in, not %s", bindingName, mine,
			value)
	}
	return nil
}

func parseSettings(given []pair) (*settings, error) {
	s := &settings{}
	for _, p := range given {
		if err := checkSetting(p); err != nil {
			return nil, err
		}
		if err := s.take(p); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *settings) apply() {
	if s.percent != nil {
		debug.SetGCPercent(*s.percent)
	}
	if s.limit != nil {
		debug.SetMemoryLimit(*s.limit)
	}
	if s.procs != 0 {
		runtime.GOMAXPROCS(s.procs)
	}
}
