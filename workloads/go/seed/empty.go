package seed

// empty: the floor under every figure, a loop whose body does nothing. (Go's compiler keeps it.)

func emptyRun(_ any, ops uint64) uint64 {
	var done uint64
	for done < ops {
		done++
	}
	return done
}

var emptyWorkload = Workload{
	Name:     "empty",
	Group:    "empty",
	Summary:  "does nothing",
	Stresses: "the harness's own floor: loop, batches and safepoints",
	Traits:   Sliceable,
	Ops:      opsOf(20000000, 200000000),
	Run:      emptyRun,
}
