module heapmark

go 1.19
