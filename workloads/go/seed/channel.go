package seed

// channel: what is sent to another goroutine cannot stay in the sender's frame.
//
// Nobody knows at compile time which goroutine will receive, or when, so the article counts
// "sending pointers or values that contain pointers to channels" among the things that make their
// target escape:
//
//	channel-send-value               chan order    the order is copied in      0 allocs/op
//	channel-send-pointer             chan *order   the order is allocated      1 alloc/op, 32 B
//	channel-send-value-with-pointer  chan receipt  its amount is allocated     1 alloc/op, 8 B
//
// An operation sends one element and receives the one sent channelLag operations before. One
// goroutine does both, over a buffered channel that is never full and never empty: with a second
// one an operation would be mostly waiting and switching, which is not the subject. The decisions
// are the same, as the compiler cannot know who receives.

const (
	channelSlots = 16
	channelLag   = 8
)

type order struct {
	number, account, amount, fee uint64
}

type receipt struct {
	number, account uint64
	amount          *uint64
}

func orderOf(number uint64) order {
	return order{number, number & 1023, number*7 + 1, 3}
}

func (o *order) sum() uint64 {
	return Mix(o.number + o.account + o.amount + o.fee)
}

// The channels, each with the number of elements ever sent.

type valueChannel struct {
	orders chan order
	sent   uint64
}

type pointerChannel struct {
	orders chan *order
	sent   uint64
}

type receiptChannel struct {
	receipts chan receipt
	sent     uint64
}

// channel-send-value

//go:noinline
func sendValue(orders chan<- order, number uint64) {
	orders <- orderOf(number)
}

//go:noinline
func receiveValue(orders <-chan order) uint64 {
	o := <-orders
	return o.sum()
}

func channelSendValueSetup(*Arguments) any {
	c := &valueChannel{orders: make(chan order, channelSlots)}
	for ; c.sent < channelLag; c.sent++ {
		sendValue(c.orders, c.sent)
	}
	return c
}

func channelSendValueRun(state any, ops uint64) uint64 {
	c := state.(*valueChannel)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sendValue(c.orders, c.sent)
		c.sent++
		sum += receiveValue(c.orders)
	}
	return sum
}

// channel-send-pointer

//go:noinline
func sendPointer(orders chan<- *order, number uint64) {
	o := orderOf(number)
	orders <- &o
}

//go:noinline
func receivePointer(orders <-chan *order) uint64 {
	o := <-orders
	return o.sum()
}

func channelSendPointerSetup(*Arguments) any {
	c := &pointerChannel{orders: make(chan *order, channelSlots)}
	for ; c.sent < channelLag; c.sent++ {
		sendPointer(c.orders, c.sent)
	}
	return c
}

func channelSendPointerRun(state any, ops uint64) uint64 {
	c := state.(*pointerChannel)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sendPointer(c.orders, c.sent)
		c.sent++
		sum += receivePointer(c.orders)
	}
	return sum
}

// channel-send-value-with-pointer

//go:noinline
func sendValueWithPointer(receipts chan<- receipt, number uint64) {
	o := orderOf(number)
	amount := o.amount + o.fee
	receipts <- receipt{o.number, o.account, &amount}
}

//go:noinline
func receiveValueWithPointer(receipts <-chan receipt) uint64 {
	r := <-receipts
	return Mix(r.number + r.account + *r.amount)
}

func channelSendValueWithPointerSetup(*Arguments) any {
	c := &receiptChannel{receipts: make(chan receipt, channelSlots)}
	for ; c.sent < channelLag; c.sent++ {
		sendValueWithPointer(c.receipts, c.sent)
	}
	return c
}

func channelSendValueWithPointerRun(state any, ops uint64) uint64 {
	c := state.(*receiptChannel)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		sendValueWithPointer(c.receipts, c.sent)
		c.sent++
		sum += receiveValueWithPointer(c.receipts)
	}
	return sum
}

var channelSendValueWorkload = Workload{
	Name:      "channel-send-value",
	Group:     "channel",
	Summary:   "a struct of 32 bytes is sent to another task and received",
	Stresses:  "copied in and out: 0 allocs/op",
	Traits:    Sliceable,
	Ops:       opsOf(5000000, 50000000),
	Setup:     channelSendValueSetup,
	Run:       channelSendValueRun,
	Functions: []string{"sendValue", "receiveValue"},
}

var channelSendPointerWorkload = Workload{
	Name:      "channel-send-pointer",
	Group:     "channel",
	Summary:   "a pointer to a struct of 32 bytes is sent to another task and received",
	Stresses:  "what a sent pointer points to escapes: 1 alloc/op, and a write barrier",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Setup:     channelSendPointerSetup,
	Run:       channelSendPointerRun,
	Functions: []string{"sendPointer", "receivePointer"},
}

var channelSendValueWithPointerWorkload = Workload{
	Name:      "channel-send-value-with-pointer",
	Group:     "channel",
	Summary:   "a struct that holds a pointer is sent to another task and received",
	Stresses:  "the struct is copied, but its target escapes: 1 alloc/op, bulk write barrier",
	Needs:     Reclaims,
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Setup:     channelSendValueWithPointerSetup,
	Run:       channelSendValueWithPointerRun,
	Functions: []string{"sendValueWithPointer", "receiveValueWithPointer"},
}
