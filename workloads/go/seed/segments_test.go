package seed

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// mappingOf returns the permissions ("r--p") and the file of the mapping that an address lies in.
func mappingOf(t *testing.T, address uintptr) (permissions, file string) {
	t.Helper()
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Skipf("this system does not list a process's mappings: %v", err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var start, end uintptr
		line := lines.Text()
		fmt.Sscanf(line, "%x-%x %s", &start, &end, &permissions)
		if start <= address && address < end {
			if slash := strings.IndexByte(line, '/'); slash >= 0 {
				file = line[slash:]
			}
			return permissions, file
		}
	}
	t.Fatalf("no mapping has the address %#x", address)
	return "", ""
}

func TestEachSegmentsValueLiesThere(t *testing.T) {
	for _, c := range []struct {
		name     string
		big      *BigStruct
		writable bool
		inFile   bool // of the executable, and not made by the runtime
	}{
		{"heap", segmentsHeap(), true, false},
		{"data", segmentsDataSetup(nil).(*BigStruct), true, true},
		{"rodata", segmentsRodataSetup(nil).(*BigStruct), false, true},
	} {
		permissions, file := mappingOf(t, uintptr(unsafe.Pointer(c.big)))
		if strings.Contains(permissions, "w") != c.writable || (file != "") != c.inFile {
			t.Errorf("the value of segments-%s lies in a mapping %s of file %q", c.name,
				permissions, file)
		}
		if *c.big != segmentsData {
			t.Errorf("the value of segments-%s is %+v", c.name, *c.big)
		}
	}
}
