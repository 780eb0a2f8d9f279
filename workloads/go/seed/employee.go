package seed

// employee: an ordinary small program, and the allocation nobody wrote.
//
// The article follows this program through the stack, frame by frame. All of it lives in frames but
// for one integer: Fprintln takes interfaces, an interface is a type and a pointer, so the bonus,
// 2500, is boxed: 8 bytes ("john.bonus escapes to heap"). The runtime keeps one table of the
// integers 0...255, so that small ones are not boxed: with salary 500 the bonus is 250, and nothing
// is allocated.
//
// The article prints with Println, to the standard output. Here the line goes nowhere but into the
// checksum, so that no system call is measured.

import "fmt"

const (
	bonusPercentage = 10
	employeeSales   = 5
)

type employee struct {
	name                 string
	salary, sales, bonus int
}

//go:noinline
func bonusPercentageOf(salary int) int {
	return salary * bonusPercentage / 100
}

//go:noinline
func findEmployeeBonus(salary, sales int) int {
	return bonusPercentageOf(salary) * sales
}

// lineSum is where the line is printed to: the bytes written, as a number of base 31.
type lineSum uint64

func (s *lineSum) Write(line []byte) (int, error) {
	sum := *s
	for _, b := range line {
		sum = sum*31 + lineSum(b)
	}
	*s = sum
	return len(line), nil
}

type employeeState struct {
	salary int
	line   lineSum
}

func employeeSetup(a *Arguments) any {
	return &employeeState{salary: int(a.Parameters[0])}
}

// employeeBonus is the article's main.
func employeeBonus(salary int, line *lineSum) {
	john := employee{"John", salary, employeeSales, 0}
	john.bonus = findEmployeeBonus(john.salary, john.sales)
	fmt.Fprintln(line, john.bonus)
}

func employeeBonusRun(state any, ops uint64) uint64 {
	s := state.(*employeeState)
	var sum uint64
	for i := uint64(0); i < ops; i++ {
		s.line = 0
		employeeBonus(s.salary, &s.line)
		sum += uint64(s.line)
	}
	return sum
}

var employeeBonusWorkload = Workload{
	Name:     "employee-bonus",
	Group:    "employee",
	Article:  "Employee",
	Summary:  "an employee's bonus is computed and printed to nowhere",
	Stresses: "a hidden allocation: the printed integer is boxed, 1 alloc/op, 8 B/op",
	Parameters: []Parameter{{
		Name:    "salary",
		Summary: "the employee's salary; up to 519 the bonus is small enough not to be boxed",
		Initial: 5000, Least: 0, Most: 1000000,
	}},
	Traits:    Sliceable,
	Ops:       opsOf(1000000, 10000000),
	Setup:     employeeSetup,
	Run:       employeeBonusRun,
	Functions: []string{"employeeBonus", "findEmployeeBonus", "bonusPercentageOf"},
}
