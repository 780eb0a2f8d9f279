package main

// What the cell program says of itself: see harness/base/wire.h.

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"heapmark/seed"
)

const (
	bindingName = "go"
	summary     = "Go's own runtime: size classes, concurrent mark and sweep"
	offers      = seed.Reclaims | seed.Threads | seed.Collects
)

// In the order and the words of allocators/traits.def.
var traitWords = []struct {
	trait seed.Trait
	word  string
}{
	{seed.Reclaims, "reclaims"},
	{seed.Threads, "threads"},
	{seed.Collects, "collects"},
	{seed.Sliceable, "sliceable"},
}

func traitText(traits seed.Trait) string {
	var words []string
	for _, t := range traitWords {
		if traits&t.trait != 0 {
			words = append(words, t.word)
		}
	}
	return strings.Join(words, " ")
}

func describeParameter(out io.Writer, p *seed.Parameter) {
	var choices []string
	for _, choice := range p.Choices {
		choices = append(choices, fmt.Sprint(choice))
	}
	fmt.Fprintf(out, "parameter %s\t%s\t%d\t%d\t%d\t%s\n", p.Name, p.Summary, p.Initial, p.Least,
		p.Most, strings.Join(choices, ","))
}

func describeWorkload(out io.Writer, w *seed.Workload) {
	fmt.Fprintf(out, "workload %s\t%s\t%s\t%s\t%s\t%s\t%s\n", w.Name, w.Group, w.Article, w.Summary,
		w.Stresses, traitText(w.Needs), traitText(w.Traits))
	for i := range w.Parameters {
		describeParameter(out, &w.Parameters[i])
	}
}

func describe(to io.Writer) {
	out := bufio.NewWriter(to)
	defer out.Flush()
	fmt.Fprintf(out, "heapmark-describe 1\nbinding %s\nsummary %s\nlink static\noffers %s\n",
		bindingName, summary, traitText(offers))
	if experiment != "" {
		fmt.Fprintf(out, "variant experiment=%s\n", experiment)
	}
	for _, s := range knownSettings() {
		fmt.Fprintf(out, "setting %s\t%s\t%s\t%s\n", s.name, s.values, s.initial, s.summary)
	}
	for _, w := range seed.Workloads() {
		describeWorkload(out, w)
	}
	fmt.Fprintln(out, "end")
}

// describeFunctions says which functions' escape decisions are a workload's subject.
func describeFunctions(to io.Writer) {
	out := bufio.NewWriter(to)
	defer out.Flush()
	for _, w := range seed.Workloads() {
		for _, function := range w.Functions {
			fmt.Fprintf(out, "%s\t%s\n", w.Name, function)
		}
	}
}
