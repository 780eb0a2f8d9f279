package main

// The command line, and the work it selects. Sentences are those of harness/run/cell_arguments.c.

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"heapmark/seed"
)

const (
	threadsMax  = 1024
	countersMax = 32 + 1024 // counters, and a sampling event per CPU
	opsMax      = 1 << 50
	fdMax       = 1 << 20
)

// pair is NAME=VALUE.
type pair struct{ name, value string }

type options struct {
	workload             string
	parameters, settings []pair
	effort               seed.Effort
	ops                  uint64 // per thread; 0: the workload's own number
	threads              uint64
	seed                 uint64
	memoryLimit          uint64 // bytes; 0: none
	reportFD             int
	traceFD              int   // where the execution trace goes; 0: nowhere
	sitesFD              int   // where allocation sites go; 0: nowhere
	counterFDs           []int // -1: could not be opened
}

func parseNumber(name, text string, least, most uint64) (uint64, error) {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || number < least || number > most {
		return 0, fmt.Errorf("%s takes a whole number from %d to %d, not \"%s\"", name, least, most,
			text)
	}
	return number, nil
}

func parsePair(text string) (pair, error) {
	equals := strings.IndexByte(text, '=')
	if equals <= 0 {
		return pair{}, fmt.Errorf("\"%s\" is not of the form NAME=VALUE", text)
	}
	return pair{text[:equals], text[equals+1:]}, nil
}

func parseEffort(text string) (seed.Effort, error) {
	switch text {
	case "quick":
		return seed.Quick, nil
	case "full":
		return seed.Full, nil
	}
	return 0, fmt.Errorf("--effort is quick or full, not \"%s\"", text)
}

func parseCounters(text string) ([]int, error) {
	var fds []int
	for _, word := range strings.Split(text, ",") {
		fd, err := strconv.Atoi(word)
		if err != nil || fd < -1 || fd > fdMax {
			return nil, fmt.Errorf("--counter-fds takes descriptors, not \"%s\"", word)
		}
		fds = append(fds, fd)
	}
	if len(fds) > countersMax {
		return nil, fmt.Errorf("more than %d counters", countersMax)
	}
	return fds, nil
}

func (o *options) set(name, value string) error {
	var err error
	var p pair
	var number uint64
	switch name {
	case "--workload":
		o.workload = value
	case "--parameter":
		p, err = parsePair(value)
		o.parameters = append(o.parameters, p)
	case "--setting":
		p, err = parsePair(value)
		o.settings = append(o.settings, p)
	case "--effort":
		o.effort, err = parseEffort(value)
	case "--ops":
		o.ops, err = parseNumber(name, value, 1, opsMax)
	case "--seed":
		o.seed, err = parseNumber(name, value, 0, math.MaxUint64)
	case "--threads":
		o.threads, err = parseNumber(name, value, 1, threadsMax)
	case "--memory-limit":
		o.memoryLimit, err = parseNumber(name, value, 1, math.MaxInt64)
	case "--report-fd":
		number, err = parseNumber(name, value, 0, fdMax)
		o.reportFD = int(number)
	case "--trace-fd":
		number, err = parseNumber(name, value, 1, fdMax)
		o.traceFD = int(number)
	case "--sites-fd":
		number, err = parseNumber(name, value, 1, fdMax)
		o.sitesFD = int(number)
	case "--counter-fds":
		o.counterFDs, err = parseCounters(value)
	default:
		err = fmt.Errorf("unknown option %s", name)
	}
	return err
}

func parseOptions(arguments []string) (*options, error) {
	o := &options{threads: 1, seed: 1, reportFD: 1}
	for _, argument := range arguments {
		equals := strings.IndexByte(argument, '=')
		if equals < 0 {
			return nil, fmt.Errorf("%s needs a value, as --name=value", argument)
		}
		if err := o.set(argument[:equals], argument[equals+1:]); err != nil {
			return nil, err
		}
	}
	if o.workload == "" {
		return nil, fmt.Errorf("--workload=NAME is missing")
	}
	return o, nil
}

// work is a workload with its parameters resolved.
type work struct {
	workload   *seed.Workload
	parameters []uint64
	ops        uint64 // per thread
	threads    int
	seed       uint64
}

func findWorkload(name string) *seed.Workload {
	for _, w := range seed.Workloads() {
		if w.Name == name {
			return w
		}
	}
	return nil
}

func hasChoice(choices []uint64, value uint64) bool {
	for _, choice := range choices {
		if choice == value {
			return true
		}
	}
	return len(choices) == 0
}

func (w *work) setParameter(given pair) error {
	for i, p := range w.workload.Parameters {
		if p.Name != given.name {
			continue
		}
		value, err := parseNumber(p.Name, given.value, p.Least, p.Most)
		if err != nil {
			return err
		}
		if !hasChoice(p.Choices, value) {
			return fmt.Errorf("%s of %s cannot be %s", p.Name, w.workload.Name, given.value)
		}
		w.parameters[i] = value
		return nil
	}
	return fmt.Errorf("%s has no parameter \"%s\"", w.workload.Name, given.name)
}

func resolveWork(o *options) (*work, error) {
	w := &work{workload: findWorkload(o.workload), threads: int(o.threads), seed: o.seed}
	if w.workload == nil {
		return nil, fmt.Errorf("no workload is called \"%s\"", o.workload)
	}
	if w.workload.Needs&^offers != 0 {
		return nil, fmt.Errorf("%s needs what %s does not offer", w.workload.Name, bindingName)
	}
	for _, p := range w.workload.Parameters {
		w.parameters = append(w.parameters, p.Initial)
	}
	for _, given := range o.parameters {
		if err := w.setParameter(given); err != nil {
			return nil, err
		}
	}
	w.ops = o.ops
	if w.ops == 0 {
		w.ops = w.workload.Ops(w.parameters, o.effort)
	}
	return w, nil
}
