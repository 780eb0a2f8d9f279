package seed

import (
	"runtime/debug"
	"testing"
)

// Tiny objects share blocks of 16 B, small ones take a size class, large ones whole pages of 8 KB.
func TestAnObjectTakesWhatItsSizeClassHas(t *testing.T) {
	// A collection allocates a little for its own sake.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const ops = 1024
	for _, c := range []struct {
		name         string
		asked, taken uint64
	}{
		{"tiny", 1, 1}, // 16 to a block
		{"tiny", 2, 2},
		{"tiny", 7, 8},
		{"tiny", 8, 8},
		{"tiny", 9, 16},
		{"tiny", 15, 16},
		{"small", 16, 16},
		{"small", 17, 24},
		{"small", 100, 112},
		{"small", 1025, 1152},
		{"small", 32768, 32768},
		{"large", 32769, 5 * 8192},
	} {
		total := allocated(find(t, c.name), []uint64{c.asked}, ops)
		if objects, bytes := total.allocs/ops, total.bytes/ops; objects != 1 || bytes != c.taken {
			t.Errorf("%s of %d B: %d allocs/op of %d B/op, not 1 and %d", c.name, c.asked, objects,
				bytes, c.taken)
		}
	}
}
