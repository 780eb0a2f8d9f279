package seed

// churn: the create pair, twenty million times whatever the effort, as the article ran it under the
// execution tracer, so that the number of collections compares with its 397.

func churnCopyRun(_ any, ops uint64) uint64 { return createCopyBig(ops) }

func churnPointerRun(_ any, ops uint64) uint64 { return createPointerBig(ops) }

var churnOps = opsOf(20000000, 20000000)

var churnCopyWorkload = Workload{
	Name:      "churn-copy",
	Group:     "churn",
	Article:   "20,000,000 x CreateCopy",
	Summary:   "a struct returned by value; 20,000,000 of them",
	Stresses:  "the same stream without an allocator: never collects",
	Traits:    Sliceable,
	Ops:       churnOps,
	Run:       churnCopyRun,
	Functions: []string{"CreateCopy"},
}

var churnPointerWorkload = Workload{
	Name:      "churn-pointer",
	Group:     "churn",
	Article:   "20,000,000 x CreatePointer",
	Summary:   "a struct returned by pointer; 20,000,000 of them",
	Stresses:  "collections, their pauses and CPU time over 1.6 GB of garbage",
	Traits:    Sliceable,
	Ops:       churnOps,
	Run:       churnPointerRun,
	Functions: []string{"CreatePointer"},
}
