package seed

import "testing"

// deeper calls f with a frame more above it, of a size of its own.
//
//go:noinline
func deeper[P padding](f func() uint64) uint64 {
	var pad P
	sum := f()
	pad[sum&7] = 1
	return sum + uint64(pad[(sum+1)&7])
}

func TestAWorkloadHasItsFrameInTheSamePlaceAtAnyDepth(t *testing.T) {
	w := &Workload{Run: framePlace}
	at := func() uint64 { return RunPlaced(w, nil, 0) }
	bare := func() uint64 { return framePlace(nil, 0) }
	depths := []func(func() uint64) uint64{deeper[[8]byte], deeper[[16]byte], deeper[[24]byte]}
	places := make(map[uint64]bool)
	for _, depth := range depths {
		if place := depth(at); place != 0 {
			t.Errorf("a frame at %d", place)
		}
		places[depth(bare)] = true
	}
	if len(places) != len(depths) {
		t.Error("the depths tried do not differ: nothing was tested")
	}
}
