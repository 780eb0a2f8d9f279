package seed

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A twin is described in the words of its C workload, read here from the C source, so that
// `heapmark list` and every table say one thing of both.

const cWorkloads = "../../" // workloads/, seen from this package

var (
	cListed      = regexp.MustCompile(`(?m)^WORKLOAD_LINE\((\w+)\)`)
	cWorkload    = regexp.MustCompile(`(?s)\nWORKLOAD\(\w+\) = \{\n(.*?)\n\};`)
	cField       = regexp.MustCompile(`(?s)\.(\w+) =\s*((?:"[^"]*"\s*)+),`)
	cTraits      = regexp.MustCompile(`\.(needs|traits) = ([A-Z_ |]+),`)
	cStringParts = regexp.MustCompile(`"\s*"`)
)

// cDescriptions are the texts of all C workloads by name and field.
func cDescriptions(t *testing.T) map[string]map[string]string {
	t.Helper()
	descriptions := map[string]map[string]string{}
	files, err := fs.Glob(os.DirFS(cWorkloads), "*.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(cWorkloads + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range cWorkload.FindAllStringSubmatch(string(source), -1) {
			fields := map[string]string{}
			for _, field := range cField.FindAllStringSubmatch(body[1], -1) {
				text := cStringParts.ReplaceAllString(strings.TrimSpace(field[2]), "")
				fields[field[1]] = strings.Trim(text, `"`)
			}
			for _, field := range cTraits.FindAllStringSubmatch(body[1], -1) {
				fields[field[1]] = field[2]
			}
			descriptions[fields["name"]] = fields
		}
	}
	return descriptions
}

func cTraitNames(traits Trait) string {
	var names []string
	for _, trait := range []struct {
		bit  Trait
		name string
	}{
		{Reclaims, "TRAIT_RECLAIMS"},
		{Threads, "TRAIT_THREADS"},
		{Collects, "TRAIT_COLLECTS"},
		{Sliceable, "TRAIT_SLICEABLE"},
	} {
		if traits&trait.bit != 0 {
			names = append(names, trait.name)
		}
	}
	return strings.Join(names, " | ")
}

func TestDescriptionsAreTheCTwins(t *testing.T) {
	descriptions := cDescriptions(t)
	if len(descriptions) != len(Workloads()) {
		t.Errorf("%d workloads in C, %d in Go", len(descriptions), len(Workloads()))
	}
	for _, w := range Workloads() {
		c, ok := descriptions[w.Name]
		if !ok {
			t.Errorf("%s has no twin in %s*.c", w.Name, cWorkloads)
			continue
		}
		for field, text := range map[string]string{"group": w.Group, "article": w.Article,
			"summary": w.Summary, "stresses": w.Stresses, "needs": cTraitNames(w.Needs),
			"traits": cTraitNames(w.Traits)} {
			if text != c[field] {
				t.Errorf("%s: %s is %q, in C %q", w.Name, field, text, c[field])
			}
		}
	}
}

func TestTheOrderIsThatOfTheCList(t *testing.T) {
	list, err := os.ReadFile(cWorkloads + "workloads.def")
	if err != nil {
		t.Fatal(err)
	}
	lines := cListed.FindAllStringSubmatch(string(list), -1)
	for i, w := range Workloads() {
		if i >= len(lines) || strings.ReplaceAll(lines[i][1], "_", "-") != w.Name {
			t.Fatalf("%s is number %d, but not in workloads.def", w.Name, i)
		}
	}
}
