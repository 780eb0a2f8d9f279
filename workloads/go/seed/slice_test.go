package seed

import "testing"

// What four integers take is in the frame: of make since Go 1.25, of append since Go 1.26, where it
// is allocated once when the slice is handed up.
func TestNewerCompilersKeepFourIntegersInTheFrame(t *testing.T) {
	for _, c := range []struct {
		name         string
		grow         func(elements uint64) uint64
		elements     uint64
		since        int
		older, newer float64
	}{
		{"growAppend", growAppend, 4, 26, 3, 1},
		{"growAppend", growAppend, 5, 26, 4, 1},
		{"growAppend", growAppend, 9, 26, 5, 2},
		{"growReserved", growReserved, 4, 25, 1, 0},
		{"growReserved", growReserved, 5, 25, 1, 1},
	} {
		expected := c.older
		if goMinor() >= c.since {
			expected = c.newer
		}
		got := testing.AllocsPerRun(1000, func() { sink += c.grow(c.elements) })
		if got != expected {
			t.Errorf("%s(%d): %v allocs, not %v", c.name, c.elements, got, expected)
		}
	}
}
