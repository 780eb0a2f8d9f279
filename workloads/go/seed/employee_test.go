package seed

import "testing"

// With salary 519 the bonus is 255, the last one in the runtime's table.
func TestABonusBelow256IsNotBoxed(t *testing.T) {
	for salary, expected := range map[uint64]float64{500: 0, 519: 0, 520: 1, 5000: 1} {
		state := employeeSetup(&Arguments{Parameters: []uint64{salary}})
		got := testing.AllocsPerRun(1000, func() { sink += employeeBonusRun(state, 1) })
		if got != expected {
			t.Errorf("salary %d: %v allocs/op, not %v", salary, got, expected)
		}
	}
}
