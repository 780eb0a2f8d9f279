/*
 * employee: an ordinary small program, and the allocation nobody wrote.
 *
 * The article follows this program through the stack, frame by frame:
 *
 *   const BONUS_PERCENTAGE = 10
 *   john := Employee{"John", 5000, 5, 0}
 *   john.bonus = findEmployeeBonus(john.salary, john.sales)
 *   fmt.Println(john.bonus)
 *
 * Everything lives in frames but for one integer: Println takes interfaces, an interface is a type
 * and a pointer, so the bonus, 2500, is boxed: 8 bytes. Go keeps one table of the integers 0...255,
 * so that small ones are not boxed: with salary 500 the bonus is 250, and nothing is allocated. The
 * line is formatted into a buffer in the printing frame and goes nowhere: no system call is
 * measured.
 */
#include "workloads/batch.h"
#include "workloads/series.h"

enum {
    BONUS_PERCENTAGE = 10,
    EMPLOYEE_SALES = 5,
    SMALL_INTEGERS = 256,
    LINE_BYTES = 24, /* 20 digits, a newline, and room */
};

struct employee {
    struct {
        const char *bytes;
        int64_t length;
    } name;
    int64_t salary, sales, bonus;
};

/* Go's interface{}: what it is, and where. */
enum printable_kind { PRINTABLE_INTEGER = 1 };

struct printable {
    uint64_t kind;
    const uint64_t *value;
};

static const uint64_t small_integers[SMALL_INTEGERS] = {SERIES_256(0)};

static const struct shape boxed_shape = {sizeof(uint64_t), 0};

static TIMED_OPAQUE int64_t bonus_percentage_of(int64_t salary) {
    heap_forget(salary);
    return salary * BONUS_PERCENTAGE / 100;
}

static TIMED_OPAQUE int64_t employee_bonus_find(int64_t salary, int64_t sales) {
    int64_t percentage = bonus_percentage_of(salary);
    heap_forget(sales);
    return percentage * sales;
}

/* Converts an integer to an interface. */
TIMED_INLINE struct printable integer_box(struct mutator *m, uint64_t integer) {
    if (integer < SMALL_INTEGERS)
        return (struct printable){PRINTABLE_INTEGER, &small_integers[integer]};
    uint64_t *boxed = heap_new_raw(m, &boxed_shape);
    *boxed = integer;
    return (struct printable){PRINTABLE_INTEGER, boxed};
}

TIMED_INLINE void integer_unbox(struct mutator *m, struct printable printable, uint64_t integer) {
    if (integer >= SMALL_INTEGERS)
        heap_delete(m, (void *)(uintptr_t)printable.value, sizeof *printable.value);
}

/* Prints a line to nowhere. Returns its bytes as a number of base 31. */
static TIMED_OPAQUE uint64_t line_print(struct printable printable) {
    char line[LINE_BYTES];
    size_t start = LINE_BYTES;
    line[--start] = '\n';
    uint64_t rest = printable.kind == PRINTABLE_INTEGER ? *printable.value : 0;
    do {
        line[--start] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    heap_keep(line);
    uint64_t sum = 0;
    for (size_t i = start; i < LINE_BYTES; i++)
        sum = sum * 31 + (unsigned char)line[i];
    return sum;
}

/* The state is the salary + 1 (so that it is not NULL). */
static void *employee_setup(struct mutator *m, const struct workload_arguments *arguments) {
    (void)m;
    return (void *)(uintptr_t)(arguments->parameters[0] + 1);
}

TIMED_INLINE uint64_t employee_bonus_once(struct mutator *m, void *state) {
    int64_t salary = (int64_t)((uintptr_t)state - 1);
    struct employee john = {{"John", 4}, salary, EMPLOYEE_SALES, 0};
    heap_keep(&john);
    john.bonus = employee_bonus_find(john.salary, john.sales);
    const uint64_t bonus = (uint64_t)john.bonus;
    struct printable printable = integer_box(m, bonus);
    uint64_t sum = line_print(printable);
    integer_unbox(m, printable, bonus);
    return sum;
}

BATCH_RUN(employee_bonus_run, employee_bonus_once, sizeof(uint64_t))

static uint64_t employee_ops(const uint64_t *parameters, enum effort effort) {
    (void)parameters;
    return effort == EFFORT_FULL ? 10000000 : 1000000;
}

static const struct workload_parameter employee_parameters[] = {
    {"salary", "the employee's salary; up to 519 the bonus is small enough not to be boxed", 5000,
     0, 1000000, NULL},
    {0},
};

WORKLOAD(employee_bonus) = {
    .name = "employee-bonus",
    .group = "employee",
    .article = "Employee",
    .summary = "an employee's bonus is computed and printed to nowhere",
    .stresses = "a hidden allocation: the printed integer is boxed, 1 alloc/op, 8 B/op",
    .parameters = employee_parameters,
    .traits = TRAIT_SLICEABLE,
    .ops = employee_ops,
    .setup = employee_setup,
    .run = employee_bonus_run,
};
