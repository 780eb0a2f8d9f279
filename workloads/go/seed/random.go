package seed

// random is a stream of numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood 2014).
// It is a counter that grows by the golden ratio; a number is its mix.
type random uint64

// newRandom is where a thread's stream begins: threads of one seed get streams of their own.
func newRandom(a *Arguments) random {
	return random(Mix(a.Seed ^ Mix(a.Thread)))
}

func (r *random) next() uint64 {
	number := Mix(uint64(*r))
	*r += 0x9e3779b97f4a7c15
	return number
}
